// SPDX-License-Identifier: GPL-2.0
/*
 * See timeline.h: the picture.  Where nothing happens for long, time is
 * pressed together and a dashed line says so.
 */
#include "rng.h"
#include "timeline.h"

#define U(x)	((unsigned long long)(x))

enum {
	LEFT = 90,		/* names of lanes */
	RIGHT = 20,
	WIDTH = 1500,		/* of the lanes */
	TOP = 96,		/* title, network, scale */
	LANE = 64,		/* from lane to lane */
	BAND = 26,		/* height of a band */
	IDLE_PARTS = 60,	/* longest idle time shown: the 60th part */
	LINES_MAX = 4000,	/* messages: with more nothing is to be seen */
	LABEL = 74,		/* width of a band's label */
	NET_ROWS = 3,
};

/* A place on the scale. */
struct mark {
	u64	t;
	double	x;
};

struct svg {
	const struct timeline	*tl;
	const struct sim	*s;
	FILE			*f;
	struct mark		*marks;
	u32			n_marks;
};

static u32 lane_of(const struct svg *g, const struct sim_rec *r)
{
	return r->node - g->s->cfg.nodeid;
}

/* Node ids can be long: here the first is 1. */
static u32 short_id(const struct svg *g, u64 nodeid)
{
	return nodeid - g->s->cfg.nodeid + 1;
}

static double lane_y(u32 lane)
{
	return TOP + 14 + lane * LANE;
}

/* Times of all that is shown, with no gap wider than its share. */
static void scale_make(struct svg *g)
{
	const struct timeline *tl = g->tl;
	u64 busy = 0, gap, idle;
	double sum = 0;
	u32 i;

	for (i = 1; i < tl->n; i++)
		busy += min_t(u64, tl->rec[i].t - tl->rec[i - 1].t,
			      10 * SIM_MSEC);
	idle = busy / IDLE_PARTS + 1;
	g->marks = calloc(tl->n + 1, sizeof(*g->marks));
	if (!g->marks)
		abort();
	for (i = 0; i < tl->n; i++) {
		gap = i ? tl->rec[i].t - tl->rec[i - 1].t : 0;
		sum += (double)min(gap, idle);
		g->marks[i] = (struct mark){ tl->rec[i].t, sum };
	}
	g->n_marks = tl->n;
	for (i = 0; i < tl->n; i++)
		g->marks[i].x = LEFT + g->marks[i].x * WIDTH / (sum + 1);
}

static double x_of(const struct svg *g, const struct sim_rec *r)
{
	return g->marks[r - g->tl->rec].x;
}

static void svg_scale(const struct svg *g)
{
	double bottom = lane_y(g->s->cfg.n_nodes);
	const struct mark *m;
	double last = 0;
	u32 i;

	for (i = 1; i < g->n_marks; i++) {
		m = &g->marks[i];
		if (m->t - m[-1].t > 10 * SIM_MSEC)
			fprintf(g->f,
				"<path class='idle' d='M%.1f %d V%.1f'><title>%.1f ms of nothing</title></path>\n",
				(m->x + m[-1].x) / 2, TOP, bottom,
				(double)(m->t - m[-1].t) / 1e6);
		if (m->x - last < 70)
			continue;
		last = m->x;
		fprintf(g->f,
			"<path class='tick' d='M%.1f %d V%.1f'/><text class='time' x='%.1f' y='%d'>%.1f</text>\n",
			m->x, TOP, bottom, m->x, TOP - 4,
			(double)(m->t - g->s->cfg.start) / 1e6);
	}
}

static const char *band_colour(const u64 *view)
{
	static const char *const colours[] = {
		"#a9cce8", "#f7c59f", "#b8dfa8", "#e3b7d6", "#f2e394",
		"#a8dcd1", "#cbb8e8", "#f4b3ae", "#c9d6a3", "#b5c4d8",
		"#e8cfa6", "#9fd0b5", "#d9c0c9", "#bfe0ef", "#dede9a",
	};

	return colours[sim_hash2(view[0], view[1]) % ARRAY_SIZE(colours)];
}

/* A node in a view. */
static void svg_band(const struct svg *g, u32 lane, const struct sim_rec *view,
		     double x2)
{
	double x = x_of(g, view);

	fprintf(g->f,
		"<rect class='band' x='%.1f' y='%.1f' width='%.1f' height='%d' fill='%s'><title>view %llu.%llu, %llu nodes</title></rect>\n",
		x, lane_y(lane), max(x2 - x, 0.5), BAND,
		band_colour(view->a), U(view->a[0]),
		U(view->a[1]), U(view->a[2]));
	if (x2 - x > LABEL)
		fprintf(g->f,
			"<text class='label' x='%.1f' y='%.1f'>%llu.%u (%llu)</text>\n",
			x + 4, lane_y(lane) + 17, U(view->a[0]),
			short_id(g, view->a[1]), U(view->a[2]));
}

/* From one thing to another, above the band: it is not at work. */
static void svg_span(const struct svg *g, u32 lane, const char *class,
		     const struct sim_rec *from, double x2)
{
	double x = x_of(g, from);

	fprintf(g->f,
		"<rect class='%s' x='%.1f' y='%.1f' width='%.1f' height='5'/>\n",
		class, x, lane_y(lane) + (*class == 'p' ? 0 : BAND - 5),
		max(x2 - x, 0.8));
}

static bool is_end(u32 kind)
{
	return kind == SIM_LOG_CRASH || kind == SIM_LOG_STOPPED;
}

/* Does one thing last until this one? */
static bool is_over(u32 kind, u32 next)
{
	if (is_end(next))
		return true;
	return next == (kind == SIM_LOG_PAUSE ? SIM_LOG_RESUME : kind);
}

/* Is a node at work? */
static bool is_away(const struct sim_rec *r)
{
	return r->kind == SIM_LOG_STATE && r->a[0] != CPG_STATE_OPERATIONAL &&
	       r->a[0] < CPG_STATE_STOPPING;
}

static double over_x(const struct svg *g, const struct sim_rec *from)
{
	const struct sim_rec *end = g->tl->rec + g->tl->n;
	const struct sim_rec *r;

	for (r = from + 1; r < end; r++)
		if (r->node == from->node && is_over(from->kind, r->kind))
			return x_of(g, r);
	return LEFT + WIDTH;
}

static void svg_lanes(const struct svg *g)
{
	const struct sim_rec *end = g->tl->rec + g->tl->n;
	const struct sim_rec *r;

	for (r = g->tl->rec; r < end; r++)
		if (r->node && r->kind == SIM_LOG_VIEW)
			svg_band(g, lane_of(g, r), r, over_x(g, r));
	for (r = g->tl->rec; r < end; r++)
		if (r->kind == SIM_LOG_PAUSE || is_away(r))
			svg_span(g, lane_of(g, r), r->kind == SIM_LOG_PAUSE ?
				 "pause" : "away", r, over_x(g, r));
}

/* What is marked on a lane: letter, class, and where from the band's top. */
static const struct {
	const char	*text;
	const char	*class;
	int		dy;
} signs[__SIM_LOG_NR] = {
	[SIM_LOG_START]		= { "\xe2\x96\xb2", "up", -3 },
	[SIM_LOG_CRASH]		= { "\xe2\x9c\x96", "bad", 19 },
	[SIM_LOG_STOP]		= { "\xe2\x96\xbc", "bad", -3 },
	[SIM_LOG_PAUSE]		= { "II", "bad", -3 },
	[SIM_LOG_CLOCK]		= { "clock", "bad", -3 },
	[SIM_LOG_NOMEM]		= { "mem", "bad", -3 },
	[SIM_LOG_SUSPECT]	= { "?", "doubt", -3 },
	[SIM_LOG_JOIN]		= { "+", "group", BAND + 12 },
	[SIM_LOG_LEAVE]		= { "\xe2\x88\x92", "group", BAND + 12 },
	[SIM_LOG_DETACH]	= { "\xc3\x97", "group", BAND + 12 },
	[SIM_LOG_EVICT]		= { "!", "bad", BAND + 12 },
	[SIM_LOG_CHG]		= { "\xc2\xb7", "chg", BAND + 20 },
};

static void svg_signs(const struct svg *g)
{
	const struct sim_rec *r;

	for (r = g->tl->rec; r < g->tl->rec + g->tl->n; r++) {
		if (!r->node || !signs[r->kind].text)
			continue;
		fprintf(g->f,
			"<text class='%s' x='%.1f' y='%.1f'>%s",
			signs[r->kind].class, x_of(g, r),
			lane_y(lane_of(g, r)) + signs[r->kind].dy,
			signs[r->kind].text);
		if (r->kind == SIM_LOG_SUSPECT)
			fprintf(g->f, "%u", short_id(g, r->a[0]));
		fprintf(g->f, "<title>%.3f ms: %s %llu</title></text>\n",
			(double)(r->t - g->s->cfg.start) / 1e6,
			signs[r->kind].class, U(r->a[0]));
	}
}

static void net_text(const struct sim_rec *r, char *buf, size_t size)
{
	const u64 *a = r->a;

	switch (r->kind) {
	case SIM_LOG_CUT:
		snprintf(buf, size, "cut %llu\xe2\x86\x92%llu", U(a[0]),
			 U(a[1]));
		break;
	case SIM_LOG_MEND:
		snprintf(buf, size, "mend %llu\xe2\x86\x92%llu", U(a[0]),
			 U(a[1]));
		break;
	case SIM_LOG_HEAL:
		snprintf(buf, size, "all mended");
		break;
	case SIM_LOG_RATE:
		snprintf(buf, size, a[2] ? "rate %llu B/ms" : "no rate limit",
			 U(a[2]));
		break;
	case SIM_LOG_MTU:
		snprintf(buf, size, a[2] ? "mtu %llu" : "no hole", U(a[2]));
		break;
	default:
		snprintf(buf, size, a[0] || a[1] || a[2] ?
			 "loss %llu%%, dup %llu%%, reorder %llu%%" : "no loss",
			 U(a[0] / 10000), U(a[1] / 10000), U(a[2] / 10000));
		break;
	}
}

/* Faults of the network; those at the same time as one. */
static void svg_net(const struct svg *g)
{
	double free_at[NET_ROWS] = {};
	const struct sim_rec *r, *end = g->tl->rec + g->tl->n;
	char text[64];
	double x;
	u32 n, row;

	for (r = g->tl->rec; r < end; r += n) {
		n = 1;
		if (r->node)
			continue;
		while (r + n < end && r[n].t == r->t && r[n].kind == r->kind)
			n++;
		net_text(r, text, sizeof(text));
		x = x_of(g, r);
		for (row = 0; row < NET_ROWS - 1 && x < free_at[row]; row++)
			;
		free_at[row] = x + 7 * strlen(text) + 30;
		fprintf(g->f,
			"<path class='net' d='M%.1f %u V%.1f'/><text class='nettext' x='%.1f' y='%u'>%s",
			x, 34 + 13 * row, lane_y(g->s->cfg.n_nodes), x + 2,
			42 + 13 * row, text);
		if (n > 1)
			fprintf(g->f, " \xc3\x97%u", n);
		fprintf(g->f, "</text>\n");
	}
}

static const struct sim_rec *send_find(const struct svg *g,
				       const struct sim_rec *r)
{
	const struct sim_rec *from = r;

	while (from-- > g->tl->rec)
		if (from->kind == SIM_LOG_SEND && from->a[4] == r->a[4] &&
		    from->node == r->a[1])
			return from;
	return NULL;
}

static void svg_messages(const struct svg *g)
{
	const struct sim_rec *r, *from;
	u32 n = 0;

	for (r = g->tl->rec; r < g->tl->rec + g->tl->n; r++)
		n += r->kind == SIM_LOG_DELIVER;
	for (r = g->tl->rec; r < g->tl->rec + g->tl->n && n <= LINES_MAX; r++) {
		if (r->kind != SIM_LOG_DELIVER)
			continue;
		from = send_find(g, r);
		if (!from)
			continue;
		fprintf(g->f,
			"<path class='msg' d='M%.1f %.1f L%.1f %.1f'><title>%llu bytes, position %llu</title></path>\n",
			x_of(g, from), lane_y(lane_of(g, from)) + BAND / 2,
			x_of(g, r), lane_y(lane_of(g, r)) + BAND / 2,
			U(r->a[3]), U(r->a[0]));
	}
}

static const char *const styles[] = {
	".time{font-size:10px;fill:#666;text-anchor:middle}",
	".tick{stroke:#e4e4e4}",
	".idle{stroke:#999;stroke-dasharray:2 4}",
	".band{stroke:#777;stroke-width:.5}",
	".label{font-size:11px;fill:#222}",
	".away{fill:#444;opacity:.75}",
	".pause{fill:#c33}",
	".up{font-size:11px;fill:#282;text-anchor:middle}",
	".bad{font-size:12px;fill:#c00;text-anchor:middle;font-weight:bold}",
	".doubt{font-size:10px;fill:#c60;text-anchor:middle}",
	".group{font-size:13px;fill:#04a;text-anchor:middle}",
	".chg{font-size:14px;fill:#04a;text-anchor:middle}",
	".net{stroke:#c77;stroke-width:.8;opacity:.55}",
	".nettext{font-size:10px;fill:#900}",
	".msg{stroke:#246;stroke-width:.7;opacity:.35;fill:none}",
	".name{font-size:13px;fill:#222}",
	".title{font-size:14px;fill:#222}",
	".legend{font-size:11px;fill:#555}",
};

static void svg_head(const struct svg *g)
{
	u32 n = g->s->cfg.n_nodes;
	double height = lane_y(n) + 30;
	u32 i;

	fprintf(g->f,
		"<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%.0f' font-family='sans-serif'>\n",
		LEFT + WIDTH + RIGHT, height);
	fputs("<rect width='100%' height='100%' fill='#fff'/>\n<style>\n",
	      g->f);
	for (i = 0; i < ARRAY_SIZE(styles); i++)
		fprintf(g->f, "%s\n", styles[i]);
	fputs("</style>\n", g->f);
	fprintf(g->f,
		"<text class='title' x='8' y='20'>seed %llu, %u nodes from id %u%s%s: %s</text>\n",
		U(g->s->cfg.seed), n, g->s->cfg.nodeid,
		sim_failed(g->s) ? ", which breaks " : "",
		sim_failed(g->s) ? orc_prop_names[g->s->orc.prop] : "",
		sim_failed(g->s) ? "at the end of the picture" : "all is well");
	fprintf(g->f,
		"<text class='legend' x='8' y='%.0f'>milliseconds; bands: views, number.representative (nodes); dark: gathering to recovery; red bar: paused; ?n: suspects n; + \xe2\x88\x92 \xc3\x97: a process joins, leaves, ends; \xc2\xb7: told of a change; dashed: nothing for a while</text>\n",
		height - 8);
	for (i = 0; i < n; i++)
		fprintf(g->f,
			"<text class='name' x='8' y='%.1f'>node %u</text>\n",
			lane_y(i) + 18, i + 1);
}

/**
 * timeline_svg() - a picture
 * @tl: what happened
 * @s: simulator
 * @f: where to
 */
void timeline_svg(const struct timeline *tl, const struct sim *s, FILE *f)
{
	struct svg g = { .tl = tl, .s = s, .f = f };

	scale_make(&g);
	svg_head(&g);
	svg_scale(&g);
	svg_lanes(&g);
	svg_net(&g);
	svg_messages(&g);
	svg_signs(&g);
	fputs("</svg>\n", f);
	free(g.marks);
}
