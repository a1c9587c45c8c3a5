// SPDX-License-Identifier: GPL-2.0
/* See bench.h. */
#include <math.h>

#include "bench.h"

void bench_cfg_init(struct bench_cfg *cfg, u32 n)
{
	*cfg = (struct bench_cfg){
		.size = 1350,
		.sndbuf = 2 << 20,
		.budget = 1 << 20,
		.mtu = 1500 - 28,
		.visit = 100,
		.warm = 10 * CPG_NSEC_PER_MSEC,
		.time = 20 * CPG_NSEC_PER_MSEC,
		.seed = 1,
	};
	fab_cfg_init(&cfg->fab);
	cfg->fab.n_nodes = n;
	cfg->window = n * cfg->visit;
}

/* Classes of equal width within each power of two. */
static u32 lat_class(u64 ns)
{
	u32 log = 0;

	if (ns < 2 * BENCH_LAT_SUB)
		return ns;
	while (ns >> log >= 2 * BENCH_LAT_SUB)
		log++;
	return min_t(u32, log * BENCH_LAT_SUB + (ns >> log),
		     BENCH_LAT_CLASSES - 1);
}

/* The upper end of a class. */
static double lat_of(u32 class)
{
	u32 log = class / BENCH_LAT_SUB;

	if (log < 2)
		return class;
	return ldexp(class % BENCH_LAT_SUB + BENCH_LAT_SUB + 1, log - 1);
}

static double lat_quantile(const struct bench *b, double q)
{
	double n = 0;
	u32 i;

	for (i = 0; i < BENCH_LAT_CLASSES; i++) {
		n += b->n_lat[i];
		if (n > q * b->n_lats)
			break;
	}
	return lat_of(i);
}

/* After so many messages each, all nodes have the same order. */
static void check_order(struct bench *b, const struct bench_app *app)
{
	u32 at = app->n_rcvd / BENCH_CHECK_EVERY;

	if (app->n_rcvd % BENCH_CHECK_EVERY || at >= BENCH_CHECKS_MAX)
		return;
	if (at < b->n_chain) {
		b->differs |= b->chain[at] != app->chain;
		return;
	}
	b->chain[at] = app->chain;
	b->n_chain = at + 1;
}

static bool is_bystander(const struct bench_cfg *cfg, u32 slot)
{
	return cfg->bystander && slot == cfg->fab.n_nodes - 1;
}

static void bystander_stall(struct fab *fab, void *arg)
{
	struct bench *b = arg;

	fab_stall(&fab->node[b->cfg.fab.n_nodes - 1], b->cfg.stall);
	fab_call_at(fab, &b->stall, fab->now + b->cfg.stall_every);
}

void bench_deliver(struct fab_node *node, u32 from, u64 t)
{
	struct bench *b = bench_of(node);
	struct bench_app *app = &b->app[node->slot];

	fab_deliver(node);
	app->n_rcvd++;
	app->chain = sim_hash2(app->chain ^ from, t);
	check_order(b, app);
	if (from == node->slot) {
		app->n_self++;
		if (b->is_on && node->cpu > app->self_t)
			app->worst = max(app->worst, node->cpu - app->self_t);
		app->self_t = node->cpu;
	}
	if (!b->is_on || is_bystander(&b->cfg, node->slot))
		return;
	b->n_lat[lat_class(node->cpu - t)]++;
	b->lat_sum += node->cpu - t;
	b->n_lats++;
}

static bool app_submit(struct bench *b, u32 slot)
{
	struct bench_app *app = &b->app[slot];

	if (app->queued + b->cfg.size > b->cfg.sndbuf ||
	    !fab_submit(&b->fab->node[slot]))
		return false;
	app->queued += b->cfg.size;
	app->n_sent++;
	return true;
}

void bench_sent(struct fab_node *node, u32 len)
{
	struct bench *b = bench_of(node);

	b->app[node->slot].queued -= len;
	if (b->app[node->slot].is_sender && !b->cfg.load)
		app_submit(b, node->slot);
}

/* Poisson arrivals; what finds its buffer full is refused. */
static void app_arrive(struct fab *fab, void *arg)
{
	struct bench_app *app = arg;
	struct bench *b = app->b;
	double u = (sim_rng_u64(&b->rng) >> 11) / (double)(1ULL << 53);

	app_submit(b, app - b->app);
	fab_call_at(fab, &app->call, fab->now - log(1 - u) * app->gap);
}

static bool is_sender(const struct bench_cfg *cfg, u32 slot)
{
	if (is_bystander(cfg, slot))
		return false;
	switch (cfg->senders) {
	case BENCH_ALL:
		return true;
	case BENCH_LEADER:
		return !slot;
	case BENCH_ONE:
		return slot == cfg->fab.n_nodes / 2;
	case BENCH_HALF:
		return slot % 2;
	default:
		return false;
	}
}

static void apps_start(struct bench *b)
{
	u32 i, n_senders = 0;

	for (i = 0; i < b->cfg.fab.n_nodes; i++)
		n_senders += is_sender(&b->cfg, i);
	for (i = 0; i < b->cfg.fab.n_nodes; i++) {
		struct bench_app *app = &b->app[i];

		app->is_sender = is_sender(&b->cfg, i);
		app->self_t = b->fab->now;
		if (!app->is_sender)
			continue;
		if (!b->cfg.load) {
			while (app_submit(b, i))
				;
			continue;
		}
		app->gap = 8e9 * b->cfg.size * n_senders / b->cfg.load;
		app->b = b;
		app->call.fn = app_arrive;
		app->call.arg = app;
		fab_call_at(b->fab, &app->call, b->fab->now +
			    sim_rng_below(&b->rng, 2 * app->gap));
	}
}

/* A line of the series: time, goodput since the last, credits, losses. */
static void series_line(struct bench *b, u64 start, u64 *last)
{
	u64 rcvd = 0, drops = 0, naks = 0, budget = 0, flight = 0;
	struct bench_stat st;
	u32 i, n = b->cfg.fab.n_nodes;

	for (i = 0; i < n; i++) {
		b->ops->stat(b, i, &st);
		rcvd += b->app[i].n_rcvd;
		drops += b->fab->node[i].count.drop_port;
		naks += st.naks;
		budget = i ? budget : st.budget;
		flight += st.in_flight;
	}
	fprintf(b->cfg.series, "%.3f,%.3f,%llu,%llu,%llu,%llu\n",
		(b->fab->now - start) / 1e6,
		8.0 * b->cfg.size * (rcvd - *last) / n / b->cfg.step,
		(unsigned long long)budget, (unsigned long long)flight,
		(unsigned long long)drops, (unsigned long long)naks);
	*last = rcvd;
}

static void run_for(struct bench *b, u64 time)
{
	u64 start = b->fab->now, last = 0;
	u32 i;

	if (!b->cfg.series) {
		fab_run_to(b->fab, start + time);
		return;
	}
	fputs("ms,gbps,budget,in_flight,drops,naks\n", b->cfg.series);
	for (i = 0; i < b->cfg.fab.n_nodes; i++)
		last += b->app[i].n_rcvd;
	while (b->fab->now < start + time) {
		fab_run_to(b->fab, b->fab->now + b->cfg.step);
		series_line(b, start, &last);
	}
}

/* Sums over all nodes, to be subtracted from those at the end. */
struct totals {
	struct fab_count	count;
	struct bench_stat	stat;
	u64			rcvd;
	u64			self[FAB_NODES_MAX];
	u64			busy[FAB_NODES_MAX];
};

static void totals_take(struct bench *b, struct totals *tot)
{
	u32 i;

	memset(tot, 0, sizeof(*tot));
	for (i = 0; i < b->cfg.fab.n_nodes; i++) {
		const struct fab_count *c = &b->fab->node[i].count;
		struct bench_stat st;

		b->ops->stat(b, i, &st);
		tot->stat.naks += st.naks;
		tot->stat.repairs += st.repairs;
		tot->count.tx_frames += c->tx_frames;
		tot->count.tx_packets += c->tx_packets;
		tot->count.tx_bytes += c->tx_bytes;
		tot->count.drop_nic += c->drop_nic;
		tot->count.drop_port += c->drop_port;
		tot->count.drop_ring += c->drop_ring;
		tot->rcvd += b->app[i].n_rcvd;
		tot->self[i] = b->app[i].n_self;
		tot->busy[i] = c->busy;
	}
}

static double jain(const struct bench *b, const struct totals *from,
		   const struct totals *to, u64 *worst)
{
	double sum = 0, squares = 0;
	u32 i, n = 0;

	*worst = 0;
	for (i = 0; i < b->cfg.fab.n_nodes; i++) {
		double x = to->self[i] - from->self[i];
		const struct bench_app *app = &b->app[i];

		if (!app->is_sender)
			continue;
		n++;
		sum += x;
		squares += x * x;
		*worst = max(*worst, app->worst);
		if (app->queued && app->self_t < b->fab->now)
			*worst = max(*worst, b->fab->now - app->self_t);
	}
	return squares > 0 ? sum * sum / (n * squares) : 0;
}

static void sum_up(const struct bench *b, const struct totals *from,
		   const struct totals *to, struct bench_sum *sum)
{
	u32 i, n = b->cfg.fab.n_nodes;
	double msgs = (double)(to->rcvd - from->rcvd) / n;
	double each = msgs > 0 ? msgs : 1;

	*sum = (struct bench_sum){
		.goodput = 8e9 * b->cfg.size * msgs / b->cfg.time,
		.mean = b->n_lats ? b->lat_sum / b->n_lats : 0,
		.p50 = lat_quantile(b, 0.5),
		.p99 = lat_quantile(b, 0.99),
		.naks = to->stat.naks - from->stat.naks,
		.repairs = to->stat.repairs - from->stat.repairs,
		.drops = to->count.drop_nic - from->count.drop_nic +
			 to->count.drop_port - from->count.drop_port +
			 to->count.drop_ring - from->count.drop_ring,
		.msgs = msgs,
		.total_packets = to->count.tx_packets - from->count.tx_packets,
		.total_bytes = to->count.tx_bytes - from->count.tx_bytes,
	};
	sum->jain = jain(b, from, to, &sum->worst);
	sum->packets = sum->total_packets / each;
	sum->bytes = sum->total_bytes / each;
	sum->frames = (to->count.tx_frames - from->count.tx_frames) / each;
	for (i = 0; i < n; i++)
		sum->cpu = fmax(sum->cpu, (double)(to->busy[i] -
						   from->busy[i]) /
					  b->cfg.time);
}

/**
 * bench_run() - measure
 * @cfg: what
 * @sum: stores what came out
 *
 * Aborts if two nodes do not deliver in the same order.
 */
void bench_run(const struct bench_cfg *cfg, struct bench_sum *sum)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct totals *tot = calloc(2, sizeof(*tot));

	if (!b || !tot)
		abort();
	b->cfg = *cfg;
	b->ops = cfg->proto == BENCH_CPG ? &bench_cpg : &bench_ring;
	sim_rng_seed(&b->rng, cfg->seed);
	b->fab = fab_create(&cfg->fab, &b->ops->fab);
	b->fab->priv = b;
	b->ops->start(b);
	apps_start(b);
	if (cfg->stall) {
		b->stall.fn = bystander_stall;
		b->stall.arg = b;
		fab_call_at(b->fab, &b->stall, b->fab->now);
	}
	fab_run_to(b->fab, b->fab->now + cfg->warm);
	b->is_on = true;
	totals_take(b, &tot[0]);
	run_for(b, cfg->time);
	totals_take(b, &tot[1]);
	sum_up(b, &tot[0], &tot[1], sum);
	if (b->differs) {
		fprintf(stderr, "the order differs\n");
		abort();
	}
	b->ops->stop(b);
	fab_destroy(b->fab);
	free(tot);
	free(b);
}
