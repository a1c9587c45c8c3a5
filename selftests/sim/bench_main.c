// SPDX-License-Identifier: GPL-2.0
/* cpg-bench-sim: throughput, latency and cost under virtual time. */
#include <getopt.h>

#include "bench.h"

enum {
	STALL_EVERY = 25 * CPG_NSEC_PER_MSEC,
};

static u32 n_tests;
static bool failed;

static void test(const char *name, bool ok, const struct bench_sum *sum)
{
	printf("%sok %u %s\n", ok ? "" : "not ", ++n_tests, name);
	printf("# %.2f Gb/s, mean %.1f us, Jain %.3f, worst %.2f ms\n",
	       sum->goodput / 1e9, sum->mean / 1e3, sum->jain,
	       (double)sum->worst / 1e6);
	failed |= !ok;
}

static bool is_fair(const struct bench_sum *sum)
{
	return sum->jain > 0.95 && sum->worst < 10 * CPG_NSEC_PER_MSEC;
}

/*
 * A node that does nothing for 5 of each 25 ms: by how much that changes the
 * others' p99.  With a ring, to see that it does.
 */
static double stall_costs(u32 n, enum bench_proto proto, u64 load,
			  struct bench_sum *sum)
{
	struct bench_cfg cfg;
	double p99;

	bench_cfg_init(&cfg, n);
	cfg.proto = proto;
	cfg.load = load;
	cfg.bystander = true;
	cfg.time = 4 * STALL_EVERY;
	bench_run(&cfg, sum);
	p99 = sum->p99;
	cfg.stall = 5 * CPG_NSEC_PER_MSEC;
	cfg.stall_every = STALL_EVERY;
	bench_run(&cfg, sum);
	printf("# p99 %.1f us, with stalls %.1f us\n", p99 / 1e3,
	       sum->p99 / 1e3);
	return sum->p99 / p99;
}

static void run_stalls(void)
{
	static const u64 loads[] = { 50000000, 500000000, 1000000000 };
	struct bench_sum sum;
	double costs;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(loads); i++) {
		costs = stall_costs(8, BENCH_CPG, loads[i], &sum);
		test("bystander_of_8", costs < 1.2, &sum);
	}
	costs = stall_costs(32, BENCH_CPG, loads[1], &sum);
	test("bystander_of_32", costs < 1.2, &sum);
	costs = stall_costs(8, BENCH_RING, loads[1], &sum);
	test("bystander_in_ring", costs > 10, &sum);
}

/* Loose ends of what Documentation/flow-control.rst says, in short runs. */
static int run_tests(void)
{
	static const u32 budgets[] = { 2, 64, 65536 };
	struct bench_sum sum;
	struct bench_cfg cfg;
	u32 i;

	puts("TAP version 13\n1..15");
	bench_cfg_init(&cfg, 8);
	bench_run(&cfg, &sum);
	test("all_of_8", sum.goodput > 8e9 && is_fair(&sum), &sum);
	cfg.senders = BENCH_ONE;
	bench_run(&cfg, &sum);
	test("one_of_8", sum.goodput > 8e9, &sum);
	cfg.senders = BENCH_ALL;
	cfg.load = 4500000000;
	bench_run(&cfg, &sum);
	test("half_load", sum.goodput > 4.3e9 && sum.mean < 40e3, &sum);
	cfg.load = 20000000000;
	bench_run(&cfg, &sum);
	test("overload", sum.goodput > 8e9 && is_fair(&sum), &sum);
	for (i = 0; i < ARRAY_SIZE(budgets); i++) {
		bench_cfg_init(&cfg, 8);
		cfg.budget = budgets[i] << 10;
		bench_run(&cfg, &sum);
		test("budget", sum.goodput > 1e9 && is_fair(&sum), &sum);
	}
	/* A queue that the budget does not fit in. */
	bench_cfg_init(&cfg, 8);
	cfg.fab.port_bytes = 128 << 10;
	bench_run(&cfg, &sum);
	test("small_queue", sum.goodput > 4e9 && is_fair(&sum), &sum);
	bench_cfg_init(&cfg, 64);
	cfg.time /= 2;
	bench_run(&cfg, &sum);
	test("all_of_64", sum.goodput > 6e9 && is_fair(&sum), &sum);
	/* One that does not hold what all of them answer at a time. */
	cfg.fab.port_bytes = 32 << 10;
	bench_run(&cfg, &sum);
	test("short_queue_of_64", sum.goodput > 5e8 && sum.jain > 0.9, &sum);
	run_stalls();
	return failed;
}

static void help(FILE *f)
{
	fputs("usage: cpg-bench-sim [options]\n"
	      "  --nodes N          nodes\n"
	      "  --senders WHO      all, leader, one, half or none\n"
	      "  --bystander        the last does not send, nor is it measured\n"
	      "  --stall MS         and does nothing for so long in each 25 ms\n"
	      "  --load GBPS        offered by all together; 0: as much as goes\n"
	      "  --size BYTES       of a message\n"
	      "  --budget KIB       bytes in flight in the view\n"
	      "  --port KIB         queue of an output port of the switch\n"
	      "  --warm MS          before it is measured\n"
	      "  --time MS          that it is measured\n"
	      "  --unicast          one copy for each destination\n"
	      "  --ring             a token ring\n"
	      "  --visit N          ring: messages of one in one round\n"
	      "  --window N         ring: messages of all in one round\n"
	      "  --series FILE      what happened in each millisecond\n"
	      "or one of these, for Documentation/flow-control.rst\n"
	      "  --goals --windows --latency --cost\n"
	      "or\n"
	      "  --test             a short run that reports as a test\n", f);
}

enum {
	OPT_NODES = 1, OPT_SENDERS, OPT_LOAD, OPT_SIZE, OPT_BUDGET, OPT_PORT,
	OPT_WARM, OPT_TIME, OPT_UNICAST, OPT_RING, OPT_VISIT, OPT_WINDOW,
	OPT_BYSTANDER, OPT_STALL, OPT_SERIES, OPT_GOALS, OPT_WINDOWS,
	OPT_LATENCY, OPT_COST, OPT_TEST,
	OPT_HELP,
};

static const struct option options[] = {
	{ "nodes", required_argument, NULL, OPT_NODES },
	{ "senders", required_argument, NULL, OPT_SENDERS },
	{ "bystander", no_argument, NULL, OPT_BYSTANDER },
	{ "stall", required_argument, NULL, OPT_STALL },
	{ "load", required_argument, NULL, OPT_LOAD },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "budget", required_argument, NULL, OPT_BUDGET },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "warm", required_argument, NULL, OPT_WARM },
	{ "time", required_argument, NULL, OPT_TIME },
	{ "unicast", no_argument, NULL, OPT_UNICAST },
	{ "ring", no_argument, NULL, OPT_RING },
	{ "visit", required_argument, NULL, OPT_VISIT },
	{ "window", required_argument, NULL, OPT_WINDOW },
	{ "series", required_argument, NULL, OPT_SERIES },
	{ "goals", no_argument, NULL, OPT_GOALS },
	{ "windows", no_argument, NULL, OPT_WINDOWS },
	{ "latency", no_argument, NULL, OPT_LATENCY },
	{ "cost", no_argument, NULL, OPT_COST },
	{ "test", no_argument, NULL, OPT_TEST },
	{ "help", no_argument, NULL, OPT_HELP },
	{}
};

static bool parse_senders(const char *arg, struct bench_cfg *cfg)
{
	static const char *const names[] = {
		[BENCH_ALL] = "all", [BENCH_LEADER] = "leader",
		[BENCH_ONE] = "one", [BENCH_HALF] = "half",
		[BENCH_NONE] = "none",
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(arg, names[i])) {
			cfg->senders = i;
			return true;
		}
	}
	return false;
}

static bool parse_series(const char *arg, struct bench_cfg *cfg)
{
	cfg->series = fopen(arg, "w");
	cfg->step = CPG_NSEC_PER_MSEC;
	return cfg->series;
}

static bool parse_one(int opt, struct bench_cfg *cfg)
{
	double x = optarg ? strtod(optarg, NULL) : 0;

	switch (opt) {
	case OPT_NODES:
		cfg->fab.n_nodes = (u32)x;
		cfg->window = (u32)x * cfg->visit;
		return x >= 2 && x <= FAB_NODES_MAX;
	case OPT_SENDERS:
		return parse_senders(optarg, cfg);
	case OPT_BYSTANDER:
		return cfg->bystander = true;
	case OPT_STALL:
		cfg->bystander = true;
		cfg->stall = (u32)(x * 1e6);
		cfg->stall_every = STALL_EVERY;
		return x > 0 && x < 25;
	case OPT_LOAD:
		cfg->load = (u64)(x * 1e9);
		return x >= 0;
	case OPT_SIZE:
		cfg->size = (u32)x;
		return x >= 24 && x <= CPG_MSG_MAX;
	case OPT_BUDGET:
		cfg->budget = (u32)(x * 1024);
		return x >= 2 && x < 4e6;
	case OPT_PORT:
		cfg->fab.port_bytes = (u32)(x * 1024);
		return x >= 2 && x < 4e6;
	case OPT_WARM:
		cfg->warm = (u64)(x * 1e6);
		return x >= 0;
	case OPT_TIME:
		cfg->time = (u64)(x * 1e6);
		return x > 0;
	case OPT_UNICAST:
		cfg->fab.multicast = false;
		return true;
	case OPT_RING:
		cfg->proto = BENCH_RING;
		return true;
	case OPT_VISIT:
		cfg->visit = (u32)x;
		return x >= 1;
	case OPT_WINDOW:
		cfg->window = (u32)x;
		return x >= 1;
	case OPT_SERIES:
		return parse_series(optarg, cfg);
	default:
		return false;
	}
}

static bool run_table(int opt)
{
	switch (opt) {
	case OPT_GOALS:
		bench_goals();
		return true;
	case OPT_WINDOWS:
		bench_windows();
		return true;
	case OPT_LATENCY:
		bench_latency();
		return true;
	case OPT_COST:
		bench_cost();
		return true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	struct bench_cfg cfg;
	struct bench_sum sum;
	int opt;

	bench_cfg_init(&cfg, 8);
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == OPT_HELP) {
			help(stdout);
			return 0;
		}
		if (opt == OPT_TEST)
			return run_tests();
		if (run_table(opt))
			return 0;
		if (!parse_one(opt, &cfg)) {
			help(stderr);
			return 2;
		}
	}
	bench_head();
	bench_run(&cfg, &sum);
	bench_row(&cfg, &sum);
	if (cfg.series)
		fclose(cfg.series);
	return 0;
}
