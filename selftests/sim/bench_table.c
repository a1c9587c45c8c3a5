// SPDX-License-Identifier: GPL-2.0
/* The tables of Documentation/flow-control.rst. */
#include "bench.h"

#define U(x)	((unsigned long long)(x))

static const char *const proto_names[] = { "cpg", "ring" };
static const char *const sender_names[] = {
	[BENCH_ALL] = "all",
	[BENCH_LEADER] = "leader",
	[BENCH_ONE] = "one",
	[BENCH_HALF] = "half",
	[BENCH_NONE] = "none",
};

void bench_head(void)
{
	puts("proto nodes net       senders budget offered ordered    mean     p50     p99  jain  worst   pkts   bytes   cpu   naks  drops");
	puts("                               KiB    Gb/s    Gb/s      us      us      us           ms   /msg    /msg     %");
}

void bench_row(const struct bench_cfg *cfg, const struct bench_sum *sum)
{
	printf("%-5s %5u %-9s %-7s %6u %7.2f %7.2f %7.1f %7.1f %7.1f %5.3f %6.2f %6.2f %7.0f %5.1f %6llu %6llu\n",
	       proto_names[cfg->proto], cfg->fab.n_nodes,
	       cfg->fab.multicast ? "multicast" : "unicast",
	       sender_names[cfg->senders], cfg->budget >> 10,
	       (double)cfg->load / 1e9, sum->goodput / 1e9, sum->mean / 1e3,
	       sum->p50 / 1e3, sum->p99 / 1e3, sum->jain,
	       (double)sum->worst / 1e6, sum->packets, sum->bytes,
	       100 * sum->cpu, U(sum->naks), U(sum->drops));
	fflush(stdout);
}

static void run_row(const struct bench_cfg *cfg)
{
	struct bench_sum sum;

	bench_run(cfg, &sum);
	bench_row(cfg, &sum);
}

/* Who sends, to how many, over what: as much as goes, and half of that. */
void bench_goals(void)
{
	static const struct {
		u32			n;
		enum bench_senders	senders;
		u64			load;
	} rows[] = {
		{ 8, BENCH_ALL, 0 }, { 64, BENCH_ALL, 0 },
		{ 8, BENCH_ONE, 0 }, { 8, BENCH_LEADER, 0 },
		{ 64, BENCH_ONE, 0 }, { 64, BENCH_LEADER, 0 },
		{ 8, BENCH_HALF, 0 }, { 64, BENCH_HALF, 0 },
		{ 8, BENCH_ALL, 4500000000 }, { 64, BENCH_ALL, 3900000000 },
		{ 8, BENCH_ONE, 4300000000 }, { 8, BENCH_ALL, 20000000000 },
		{ 64, BENCH_ALL, 20000000000 },
	};
	struct bench_cfg cfg;
	u32 i, proto, net;

	bench_head();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (net = 0; net < 3; net++) {
			proto = net == 2 ? BENCH_RING : BENCH_CPG;
			if (proto == BENCH_RING &&
			    rows[i].senders == BENCH_LEADER)
				continue;
			bench_cfg_init(&cfg, rows[i].n);
			cfg.proto = proto;
			cfg.fab.multicast = net != 1;
			cfg.senders = rows[i].senders;
			cfg.load = rows[i].load;
			run_row(&cfg);
		}
	}
}

/* Any setting of the budget, and any queue in the switch. */
void bench_windows(void)
{
	static const u32 budgets[] = { 2, 16, 64, 256, 512, 1024, 2048, 4096,
				       65536 };
	static const u32 ports[] = { 32, 64, 128, 256, 512, 1024, 4096 };
	static const u32 nodes[] = { 8, 64 };
	struct bench_cfg cfg;
	u32 i, k;

	bench_head();
	for (k = 0; k < ARRAY_SIZE(nodes); k++) {
		for (i = 0; i < ARRAY_SIZE(budgets); i++) {
			bench_cfg_init(&cfg, nodes[k]);
			cfg.budget = budgets[i] << 10;
			run_row(&cfg);
		}
	}
	for (k = 0; k < ARRAY_SIZE(nodes); k++) {
		for (i = 0; i < ARRAY_SIZE(ports); i++) {
			bench_cfg_init(&cfg, nodes[k]);
			cfg.fab.port_bytes = ports[i] << 10;
			printf("port queue %u KiB: ", ports[i]);
			run_row(&cfg);
		}
	}
}

/* Latency against load, as comma separated values. */
void bench_latency(void)
{
	static const u32 loads[] = { 100, 500, 1000, 2000, 3000, 4000, 5000,
				     6000, 6500, 7000, 7500, 8000, 8500, 9000,
				     10000 };
	static const u32 nodes[] = { 8, 64 };
	struct bench_sum sum;
	struct bench_cfg cfg;
	u32 i, k, proto;

	puts("proto,nodes,offered,ordered,mean,p50,p99");
	for (k = 0; k < ARRAY_SIZE(nodes); k++) {
		for (proto = BENCH_CPG; proto <= BENCH_RING; proto++) {
			for (i = 0; i < ARRAY_SIZE(loads); i++) {
				bench_cfg_init(&cfg, nodes[k]);
				cfg.proto = proto;
				cfg.load = loads[i] * 1000000ULL;
				bench_run(&cfg, &sum);
				printf("%s,%u,%.1f,%.2f,%.1f,%.1f,%.1f\n",
				       proto_names[proto], nodes[k],
				       loads[i] / 1e3, sum.goodput / 1e9,
				       sum.mean / 1e3, sum.p50 / 1e3,
				       sum.p99 / 1e3);
				fflush(stdout);
			}
		}
	}
}

/*
 * Totem's rules as corosync has them: an idle ring's representative keeps the
 * token for 180 ms (token hold), then it goes round once.  A message goes to
 * all, and two rounds of the token tell everyone that all have it.
 */
enum {
	TOTEM_TOKEN = 70 + 28,		/* bytes, with IP and UDP header */
	TOTEM_HOLD_MS = 180,
	TOTEM_ROUNDS = 2,
};

static void cost_row(u32 n)
{
	struct bench_sum idle, lone, full, ring;
	struct bench_cfg cfg;
	double msgs;

	bench_cfg_init(&cfg, n);
	cfg.fab.multicast = false;
	cfg.time = CPG_NSEC_PER_SEC;
	cfg.warm = 100 * CPG_NSEC_PER_MSEC;
	cfg.senders = BENCH_NONE;
	bench_run(&cfg, &idle);
	cfg.senders = BENCH_ONE;
	cfg.size = 100;
	cfg.load = 100 * 8 * cfg.size;
	bench_run(&cfg, &lone);
	msgs = lone.msgs ? (double)lone.msgs : 1;
	bench_cfg_init(&cfg, n);
	cfg.fab.multicast = false;
	bench_run(&cfg, &full);
	/* Its visits are tuned for multicast; the copies are the same. */
	cfg.fab.multicast = true;
	cfg.proto = BENCH_RING;
	bench_run(&cfg, &ring);
	printf("%5u  %9.0f %9.0f  %5.1f %6.0f  %6.1f %7.0f  %6u %7u  %6.1f %7.0f  %6.1f %7.0f\n",
	       n, (double)idle.total_packets / n, (double)idle.total_bytes / n,
	       1000.0 / TOTEM_HOLD_MS, 1000.0 / TOTEM_HOLD_MS * TOTEM_TOKEN,
	       ((double)lone.total_packets - (double)idle.total_packets) / msgs,
	       ((double)lone.total_bytes - (double)idle.total_bytes) / msgs,
	       n - 1 + TOTEM_ROUNDS * n,
	       (n - 1) * (100 + 116 + 28) + TOTEM_ROUNDS * n * TOTEM_TOKEN,
	       full.packets, full.bytes, ring.packets, ring.bytes);
	fflush(stdout);
}

/* Packets and bytes: each idle second, each lone message, each of many. */
void bench_cost(void)
{
	static const u32 nodes[] = { 3, 8, 32, 64, 128 };
	u32 i;

	puts("       a node, an idle second               a lone message of 100 bytes         a message of 1350 of many");
	puts("       AF_CPG               Totem           AF_CPG          Totem           AF_CPG          Totem");
	puts("nodes    packets     bytes  pkts   bytes    pkts   bytes    pkts   bytes    pkts   bytes    pkts   bytes");
	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		cost_row(nodes[i]);
}
