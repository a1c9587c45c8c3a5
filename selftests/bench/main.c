// SPDX-License-Identifier: GPL-2.0
/*
 * cpg-bench SYSTEM NODES SPACES MEASURE...: measure one system on a cluster
 * that is up.  SPACES is how the names of the nodes' network namespaces begin;
 * 1, 2, ... and, of the bridge, "sw" follow.  One line of JSON for each
 * measure, of these:
 *
 *	latency:FROM,LENGTH,COUNT	on an idle cluster, from this node
 *	flood:SENDERS,LENGTH,MS		as much as it takes
 *	paced:SENDERS,LENGTH,RATE,MS	as many a second, of all senders
 *	idle:MS				with members that do nothing
 *	node-death:NODE			its link is cut, and comes back
 *	partition:NODE			this one and those above are cut off
 *					from those below, and come back
 *	handles:COUNT			so many more of one process, each in a
 *					group of its own: memory, and joins
 *	process-death:NODE		the last one: it does not come back
 *
 * SYSTEM is libcpg, sock, sock-safe, tipc or udp.  "cpg-bench clock" tells how
 * fast the machine is.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "bench.h"

enum {
	MAIN_JOIN_SEC = 60,
	MAIN_LATENCY_SEC = 5,
	MAIN_ARGS = 4,
	/* A handle has some. */
	MAIN_FILES = 8 * BENCH_MORE_MAX,
};

static const struct bench_system *const systems[] = {
	&bench_libcpg,
	&bench_sock,
	&bench_tipc,
	&bench_udp,
};

static void wrong_usage(void)
{
	bench_die("usage: cpg-bench SYSTEM NODES SPACES MEASURE...");
}

static const struct bench_system *find_system(const char *name, bool *safe)
{
	size_t i, len = strcspn(name, "-");

	*safe = !strcmp(name + len, "-safe");
	if (name[len] && !*safe)
		return NULL;
	for (i = 0; i < sizeof(systems) / sizeof(*systems); i++)
		if (strlen(systems[i]->name) == len &&
		    !memcmp(systems[i]->name, name, len))
			return systems[i];
	return NULL;
}

static void run_latency(struct bench *bench, const double *arg)
{
	bench_latency(bench, arg[0] - 1, arg[1], arg[2],
		      MAIN_LATENCY_SEC * NSEC_PER_SEC);
}

static void run_flood(struct bench *bench, const double *arg)
{
	bench_flood(bench, arg[0], arg[1], arg[2] * NSEC_PER_MSEC);
}

static void run_paced(struct bench *bench, const double *arg)
{
	bench_paced(bench, arg[0], arg[1], arg[2], arg[3] * NSEC_PER_MSEC);
}

static void run_idle(struct bench *bench, const double *arg)
{
	bench_idle(bench, arg[0] * NSEC_PER_MSEC);
}

static void run_node_death(struct bench *bench, const double *arg)
{
	bench_node_death(bench, arg[0] - 1);
}

static void run_partition(struct bench *bench, const double *arg)
{
	if (arg[0] < 2)
		wrong_usage();
	bench_partition(bench, arg[0] - 1);
}

static void run_handles(struct bench *bench, const double *arg)
{
	if (arg[0] < 1 || arg[0] > BENCH_MORE_MAX)
		wrong_usage();
	bench_handles(bench, arg[0]);
}

static void run_process_death(struct bench *bench, const double *arg)
{
	bench_process_death(bench, arg[0] - 1);
}

/*
 * @nodes and @len: which argument is a number of nodes, or bytes; or -1.
 * @is_change: only where there are members.
 */
static const struct measure {
	const char	*name;
	int		n_args;
	int		nodes;
	int		len;
	bool		is_change;
	void		(*run)(struct bench *bench, const double *arg);
} measures[] = {
	{ "latency", 3, 0, 1, false, run_latency },
	{ "flood", 3, 0, 1, false, run_flood },
	{ "paced", 4, 0, 1, false, run_paced },
	{ "idle", 1, -1, -1, false, run_idle },
	{ "node-death", 1, 0, -1, true, run_node_death },
	{ "partition", 1, 0, -1, true, run_partition },
	{ "handles", 1, -1, -1, true, run_handles },
	{ "process-death", 1, 0, -1, true, run_process_death },
};

static const struct measure *find_measure(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(measures) / sizeof(*measures); i++)
		if (strlen(measures[i].name) == len &&
		    !memcmp(measures[i].name, name, len))
			return &measures[i];
	return NULL;
}

/* What one system cannot do is no failure. */
static bool can_do(const struct bench *bench, const struct measure *measure,
		   const double *arg)
{
	if (measure->is_change && !bench->system->is_group)
		return false;
	if (measure->run == run_handles && !bench->system->more)
		return false;
	return measure->len < 0 ||
	       arg[measure->len] <= bench->system->len_max;
}

static bool are_valid(const struct bench *bench, const struct measure *measure,
		      const double *arg)
{
	if (measure->nodes >= 0 && (arg[measure->nodes] < 1 ||
				    arg[measure->nodes] > bench->n))
		return false;
	return measure->len < 0 ||
	       (arg[measure->len] >= sizeof(struct bench_head) &&
		arg[measure->len] <= BENCH_LEN_MAX);
}

static void run_measure(struct bench *bench, const char *text)
{
	size_t len = strcspn(text, ":");
	const struct measure *measure = find_measure(text, len);
	double arg[MAIN_ARGS] = { 0 };
	int n;

	n = sscanf(text + len, ":%lf,%lf,%lf,%lf", arg, arg + 1, arg + 2,
		   arg + 3);
	if (!measure || n != measure->n_args ||
	    !are_valid(bench, measure, arg)) {
		wrong_usage();
		return;
	}
	if (!can_do(bench, measure, arg))
		return;
	if (!bench_wait_members(bench, bench->n, bench->n,
				MAIN_JOIN_SEC * NSEC_PER_SEC))
		bench_die("the nodes do not meet");
	measure->run(bench, arg);
}

int main(int argc, char **argv)
{
	const struct rlimit files = { MAIN_FILES, MAIN_FILES };
	struct bench *bench;
	int i;

	if (argc == 2 && !strcmp(argv[1], "clock")) {
		bench_clock();
		return 0;
	}
	if (argc < 5)
		wrong_usage();
	bench = mmap(NULL, sizeof(*bench), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (bench == MAP_FAILED)
		bench_die("no memory");
	bench->system = find_system(argv[1], &bench->safe);
	bench->n = atoi(argv[2]);
	if (!bench->system || bench->n < 1 || bench->n > BENCH_NODES_MAX)
		wrong_usage();
	setrlimit(RLIMIT_NOFILE, &files);
	bench_start(bench, argv[3]);
	for (i = 4; i < argc; i++)
		run_measure(bench, argv[i]);
	bench_stop(bench);
	return 0;
}
