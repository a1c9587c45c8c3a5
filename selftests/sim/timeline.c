// SPDX-License-Identifier: GPL-2.0
/* See timeline.h: what is taken down, and the text form. */
#include "timeline.h"

#define U(x)	((unsigned long long)(x))

enum {
	COLUMN = 18,	/* characters of a node's column */
};

static bool is_shown(u32 kind)
{
	switch (kind) {
	case SIM_LOG_XMIT:
	case SIM_LOG_LOST:
	case SIM_LOG_RCV:
	case SIM_LOG_TIMER:
	case SIM_LOG_MSG:
		return false;
	default:
		return true;
	}
}

static void take_down(void *arg, const struct sim_rec *r)
{
	struct timeline *tl = arg;

	if (!is_shown(r->kind))
		return;
	if (tl->n == tl->max) {
		tl->max = tl->max ? 2 * tl->max : 4096;
		tl->rec = realloc(tl->rec, tl->max * sizeof(*tl->rec));
		if (!tl->rec)
			abort();
	}
	tl->rec[tl->n++] = *r;
}

void timeline_begin(struct timeline *tl, struct sim *s)
{
	memset(tl, 0, sizeof(*tl));
	s->log.tap = take_down;
	s->log.tap_arg = tl;
}

void timeline_exit(struct timeline *tl)
{
	free(tl->rec);
}

static void text_of(char *buf, size_t size, const struct sim_rec *r)
{
	const u64 *a = r->a;

	switch (r->kind) {
	case SIM_LOG_START:
		snprintf(buf, size, "START");
		break;
	case SIM_LOG_CRASH:
		snprintf(buf, size, "CRASH");
		break;
	case SIM_LOG_STOP:
		snprintf(buf, size, "stop");
		break;
	case SIM_LOG_STOPPED:
		snprintf(buf, size, "STOPPED");
		break;
	case SIM_LOG_PAUSE:
		snprintf(buf, size, "PAUSE %llu ms", U(a[0] / 1000));
		break;
	case SIM_LOG_RESUME:
		snprintf(buf, size, "resume");
		break;
	case SIM_LOG_CLOCK:
		snprintf(buf, size, "CLOCK +%llu ms", U(a[0] / 1000));
		break;
	case SIM_LOG_NOMEM:
		snprintf(buf, size, "NOMEM %llu %%", U(a[0] / 10000));
		break;
	case SIM_LOG_JOIN:
		snprintf(buf, size, "%llu joins g%llu", U(a[0]), U(a[1]));
		break;
	case SIM_LOG_LEAVE:
		snprintf(buf, size, "%llu leaves", U(a[0]));
		break;
	case SIM_LOG_DETACH:
		snprintf(buf, size, "%llu ends", U(a[0]));
		break;
	case SIM_LOG_SEND:
		snprintf(buf, size, "%llu sends %llu B", U(a[0]), U(a[2]));
		break;
	case SIM_LOG_DELIVER:
		snprintf(buf, size, "#%llu from %llu", U(a[0]), U(a[1]));
		break;
	case SIM_LOG_VIEW:
		snprintf(buf, size, "VIEW %llu.%llu n%llu", U(a[0]), U(a[1]),
			 U(a[2]));
		break;
	case SIM_LOG_TRANS:
		snprintf(buf, size, "trans n%llu", U(a[2]));
		break;
	case SIM_LOG_STATE:
		snprintf(buf, size, "(%s)", cpg_state_names[a[0]]);
		break;
	case SIM_LOG_SUSPECT:
		snprintf(buf, size, "suspects %llu", U(a[0]));
		break;
	case SIM_LOG_CHG:
		snprintf(buf, size, "%llu: %llu -%llu +%llu", U(a[0]), U(a[1]),
			 U(a[2]), U(a[3]));
		break;
	default:
		*buf = '\0';
		break;
	}
}

static void text_net(const struct sim_rec *r, FILE *f)
{
	const u64 *a = r->a;

	switch (r->kind) {
	case SIM_LOG_CUT:
	case SIM_LOG_MEND:
		fprintf(f, "--- %s slot %llu to %llu\n",
			r->kind == SIM_LOG_CUT ? "cut" : "mended", U(a[0]),
			U(a[1]));
		break;
	case SIM_LOG_RATE:
	case SIM_LOG_MTU:
		fprintf(f, "--- %s %llu, slot %llu to %llu\n",
			r->kind == SIM_LOG_RATE ? "bytes/ms" : "mtu",
			U(a[2]), U(a[0]), U(a[1]));
		break;
	case SIM_LOG_HEAL:
		fprintf(f, "--- all links mended\n");
		break;
	default:
		fprintf(f, "--- loss %llu %%, delay %llu us\n",
			U(a[0] / 10000), U(a[3]));
		break;
	}
}

/**
 * timeline_text() - a line for each thing, a column for each node
 * @tl: what happened
 * @s: simulator
 * @f: where to
 */
void timeline_text(const struct timeline *tl, const struct sim *s, FILE *f)
{
	const struct sim_rec *r;
	char text[64];
	u32 i, col;

	fprintf(f, "%11s ", "ms");
	for (i = 0; i < s->cfg.n_nodes; i++)
		fprintf(f, " %-*u", COLUMN, s->cfg.nodeid + i);
	fputc('\n', f);
	for (r = tl->rec; r < tl->rec + tl->n; r++) {
		fprintf(f, "%11.3f ", (double)(r->t - s->cfg.start) / 1e6);
		if (!r->node) {
			text_net(r, f);
			continue;
		}
		text_of(text, sizeof(text), r);
		col = r->node - s->cfg.nodeid;
		for (i = 0; i < col && i < s->cfg.n_nodes; i++)
			fprintf(f, "|%*s", COLUMN, "");
		fprintf(f, "|%s\n", text);
	}
}
