// SPDX-License-Identifier: GPL-2.0
/* The measures.  Each prints a line of JSON. */
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum {
	MEASURE_SAMPLES_MAX = BENCH_NODES_MAX * BENCH_SAMPLES_MAX,
	MEASURE_STEP_USEC = 10000,
	/* Deliveries at each node that make a rate worth telling. */
	MEASURE_DELIVERIES = 30,
	/* A window grows until there are as many, but no longer than this. */
	MEASURE_WINDOW_MAX = 15,
	MEASURE_ARRIVAL_SEC = 10,
	MEASURE_DEATH_SEC = 60,
	MEASURE_HANDLES_SEC = 60,
	/* Others have heard of it, what was freed late is free. */
	MEASURE_REST_USEC = 200000,
	MEASURE_CLOCKS = 50,
	MEASURE_CLOCK_STEPS = 1000000,
	/* Messages of the latency measure are this far apart, and up to half
	 * as much again, so that they meet timers at any phase.
	 */
	MEASURE_GAP_USEC = 2000,
};

#define MEASURE_BRIDGE	"br0"
#define MEASURE_BRIDGE2	"br1"

static int64_t samples[MEASURE_SAMPLES_MAX];

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Quantiles of @samples, in microseconds. */
static void print_samples(const char *name, int64_t *values, size_t n)
{
	static const struct {
		const char	*name;
		double		share;
	} quantiles[] = {
		{ "min", 0 }, { "p50", 0.5 }, { "p99", 0.99 },
		{ "p999", 0.999 }, { "max", 1 },
	};
	double sum = 0;
	size_t i;

	if (!n)
		return;
	qsort(values, n, sizeof(*values), compare);
	for (i = 0; i < n; i++)
		sum += values[i];
	printf(",\"%s\":{\"n\":%zu,\"mean\":%.1f", name, n, sum / n / 1e3);
	for (i = 0; i < sizeof(quantiles) / sizeof(*quantiles); i++)
		printf(",\"%s\":%.1f", quantiles[i].name,
		       values[(size_t)(quantiles[i].share * (n - 1) + 0.5)] /
		       1e3);
	printf("}");
}

static void print_begin(struct bench *bench, const char *measure)
{
	printf("{\"measure\":\"%s\",\"nodes\":%u", measure, bench->n);
}

static void print_end(void)
{
	printf("}\n");
	fflush(stdout);
}

static bool wait_arrivals(struct bench *bench, unsigned int n, int seconds)
{
	struct timespec end;
	unsigned int i;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += seconds;
	for (i = 0; i < n; i++)
		while (sem_timedwait(&bench->arrivals, &end))
			if (errno != EINTR)
				return false;
	return true;
}

/* One at a time, on an idle cluster. */
void bench_latency(struct bench *bench, unsigned int from, size_t len,
		   unsigned int count, int64_t time)
{
	static int64_t own[BENCH_SAMPLES_MAX], all[BENCH_SAMPLES_MAX];
	struct bench_node *node = &bench->nodes[from];
	int64_t end = bench_now() + time, last;
	unsigned int i, n;

	node->len = len;
	for (n = 0; n < count && (n < MEASURE_DELIVERIES ||
				  bench_now() < end); n++) {
		bench_mark_begin();
		bench_tell(bench, from, BENCH_ONE);
		if (!wait_arrivals(bench, bench->n, MEASURE_ARRIVAL_SEC))
			bench_die("a message did not arrive");
		bench_mark_end();
		last = 0;
		for (i = 0; i < bench->n; i++)
			if (bench->nodes[i].arrived_at > last)
				last = bench->nodes[i].arrived_at;
		own[n] = node->arrived_at - node->sent_at;
		all[n] = last - node->sent_at;
		usleep(MEASURE_GAP_USEC + rand() % (MEASURE_GAP_USEC / 2));
	}
	/* These are not among those that are counted. */
	node->sent = 0;
	print_begin(bench, "latency");
	printf(",\"from\":%u,\"len\":%zu", from + 1, len);
	print_samples("own", own, n);
	print_samples("all", all, n);
	print_end();
}

static uint64_t least_delivered(struct bench *bench)
{
	uint64_t least = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < bench->n; i++)
		if (bench->nodes[i].delivered < least)
			least = bench->nodes[i].delivered;
	return least;
}

/* Delivered at all nodes together. */
static uint64_t delivered(struct bench *bench)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < bench->n; i++)
		sum += bench->nodes[i].delivered;
	return sum;
}

static uint32_t changes(struct bench *bench)
{
	uint32_t sum = 0;
	unsigned int i;

	for (i = 0; i < bench->n; i++)
		sum += bench->nodes[i].changes;
	return sum;
}

/* Until @time has passed and enough was delivered. */
static void wait_window(struct bench *bench, int64_t time)
{
	int64_t start = bench_now(), now;
	uint64_t least = least_delivered(bench) + MEASURE_DELIVERIES;

	do {
		usleep(MEASURE_STEP_USEC);
		now = bench_now() - start;
	} while (now < time || (least_delivered(bench) < least &&
				now < MEASURE_WINDOW_MAX * NSEC_PER_SEC));
}

/*
 * What happened between two looks: messages a second are those that a node
 * delivered, on average; what they cost is for one delivery at one node, but
 * packets, which are for a message.
 */
static void print_window(struct bench *bench, const struct bench_usage *a,
			 const struct bench_usage *b, uint64_t n)
{
	double seconds = (b->when - a->when) / 1e9;
	double messages = (double)n / bench->n;

	printf(",\"seconds\":%.3f,\"rate\":%.2f", seconds, messages / seconds);
	printf(",\"busy\":%.4f", (b->busy - a->busy) / 1e9 / seconds);
	if (!n)
		return;
	printf(",\"cpu_us\":%.2f,\"switches\":%.3f",
	       (b->busy - a->busy) / 1e3 / n,
	       (double)(b->switches - a->switches) / n);
	printf(",\"packets\":%.3f,\"wire_bytes\":%.1f",
	       (b->packets - a->packets) / messages,
	       (b->bytes - a->bytes) / messages);
}

/*
 * @senders nodes send as they are told, for a while before this looks.  The
 * first to send are those with the highest numbers, for the lowest leads.
 */
static void run_load(struct bench *bench, const char *measure, int order,
		     unsigned int senders, size_t len, double rate,
		     int64_t time)
{
	struct bench_usage a, b;
	uint64_t before, n;
	unsigned int i, from;

	for (i = 0; i < senders; i++) {
		from = bench->n - 1 - i;
		bench->nodes[from].len = len;
		bench->nodes[from].interval = rate ?
			(int64_t)(NSEC_PER_SEC * senders / rate) : 0;
		bench_tell(bench, from, order);
	}
	wait_window(bench, time / 4);
	for (i = 0; i < bench->n; i++)
		bench->nodes[i].n_samples = 0;
	before = delivered(bench);
	bench_usage_get(&a);
	bench_mark_begin();
	wait_window(bench, time);
	bench_mark_end();
	n = delivered(bench) - before;
	bench_usage_get(&b);
	print_begin(bench, measure);
	printf(",\"senders\":%u,\"len\":%zu", senders, len);
	if (rate)
		printf(",\"offered\":%.1f", rate);
	print_window(bench, &a, &b, n);
}

static void finish_load(struct bench *bench, uint32_t changed)
{
	printf(",\"settled\":%s", bench_settle(bench) ? "true" : "false");
	printf(",\"changes\":%u", changes(bench) - changed);
	print_end();
}

void bench_flood(struct bench *bench, unsigned int senders, size_t len,
		 int64_t time)
{
	uint32_t changed = changes(bench);

	run_load(bench, "flood", BENCH_FLOOD, senders, len, 0, time);
	finish_load(bench, changed);
}

void bench_paced(struct bench *bench, unsigned int senders, size_t len,
		 double rate, int64_t time)
{
	uint32_t changed = changes(bench);
	unsigned int i, k;
	size_t n = 0;

	run_load(bench, "paced", BENCH_PACED, senders, len, rate, time);
	for (i = 0; i < bench->n; i++)
		for (k = 0; k < bench->nodes[i].n_samples; k++)
			samples[n++] = bench->nodes[i].samples[k];
	print_samples("each", samples, n);
	finish_load(bench, changed);
}

/*
 * How fast the machine is at this moment: the time that a fixed piece of work
 * takes, before anything else runs.
 */
void bench_clock(void)
{
	uint32_t value = 1;
	int64_t start;
	int i, k;

	for (i = 0; i < MEASURE_CLOCKS; i++) {
		start = bench_now();
		for (k = 0; k < MEASURE_CLOCK_STEPS; k++)
			value = value * 1664525 + 1013904223;
		samples[i] = bench_now() - start;
	}
	/* The value is printed, or there would be no need to work. */
	printf("{\"measure\":\"clock\",\"value\":%u", value);
	print_samples("work", samples, MEASURE_CLOCKS);
	print_end();
}

void bench_idle(struct bench *bench, int64_t time)
{
	struct bench_usage a, b;

	bench_usage_get(&a);
	bench_mark_begin();
	usleep(time / 1000);
	bench_mark_end();
	bench_usage_get(&b);
	print_begin(bench, "idle");
	print_window(bench, &a, &b, 0);
	printf(",\"packets_s\":%.1f,\"switches_s\":%.1f",
	       (b.packets - a.packets) * 1e9 / (b.when - a.when),
	       (b.switches - a.switches) * 1e9 / (b.when - a.when));
	print_end();
}

/* When the last of the nodes, but for one, was told of it. */
static int64_t told_at(struct bench *bench, unsigned int except)
{
	int64_t last = 0;
	unsigned int i;

	for (i = 0; i < bench->n; i++)
		if (i != except && bench->nodes[i].members_at > last)
			last = bench->nodes[i].members_at;
	return last;
}

static void print_change(struct bench *bench, const char *what,
			 unsigned int node, int64_t start, unsigned int except)
{
	print_begin(bench, what);
	printf(",\"node\":%u,\"ms\":%.3f", node + 1,
	       (told_at(bench, except) - start) / 1e6);
	print_end();
}

static void set_link(unsigned int node, bool up)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = { 0 };

	snprintf(req.ifr_name, sizeof(req.ifr_name), "p%u", node + 1);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &req))
		bench_die("no link");
	if (up)
		req.ifr_flags |= IFF_UP;
	else
		req.ifr_flags &= ~IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &req))
		bench_die("the link does not change");
	close(fd);
}

/* Of a node that is there until its link is cut, and comes back. */
void bench_node_death(struct bench *bench, unsigned int node)
{
	int64_t start = bench_now(), end;

	set_link(node, false);
	if (!bench_wait_members(bench, bench->n - 1, node,
				MEASURE_DEATH_SEC * NSEC_PER_SEC))
		bench_die("nobody missed the node");
	print_change(bench, "node-death", node, start, node);
	/* It has to know that it is alone, or there is no merge. */
	end = bench_now() + MEASURE_DEATH_SEC * NSEC_PER_SEC;
	while (bench->nodes[node].members != 1) {
		if (bench_now() > end)
			bench_die("a lone node missed nobody");
		usleep(MEASURE_STEP_USEC);
	}
	start = bench_now();
	set_link(node, true);
	if (!bench_wait_members(bench, bench->n, bench->n,
				MEASURE_DEATH_SEC * NSEC_PER_SEC))
		bench_die("the node did not come back");
	print_change(bench, "merge", node, start, bench->n);
}

/* From one bridge to another: nobody's carrier goes. */
static void move_ports(struct bench *bench, unsigned int first,
		       const char *from, const char *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = { 0 };
	unsigned int i;
	char name[16];

	for (i = first; i < bench->n; i++) {
		snprintf(name, sizeof(name), "p%u", i + 1);
		req.ifr_ifindex = if_nametoindex(name);
		snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", from);
		if (ioctl(fd, SIOCBRDELIF, &req))
			bench_die("the bridge does not let go");
		snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", to);
		if (ioctl(fd, SIOCBRADDIF, &req))
			bench_die("the bridge does not take");
	}
	close(fd);
}

static void second_bridge(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = { .ifr_name = MEASURE_BRIDGE2 };

	if (fd < 0 || (ioctl(fd, SIOCBRADDBR, MEASURE_BRIDGE2) &&
		       errno != EEXIST))
		bench_die("no second bridge");
	req.ifr_flags = IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &req))
		bench_die("the second bridge does not come up");
	close(fd);
}

static bool sides_are_told(struct bench *bench, unsigned int first)
{
	unsigned int i;

	for (i = 0; i < bench->n; i++)
		if (bench->nodes[i].members !=
		    (i < first ? first : bench->n - first))
			return false;
	return true;
}

void bench_partition(struct bench *bench, unsigned int first)
{
	int64_t start, end;

	second_bridge();
	start = bench_now();
	end = start + MEASURE_DEATH_SEC * NSEC_PER_SEC;
	move_ports(bench, first, MEASURE_BRIDGE, MEASURE_BRIDGE2);
	while (!sides_are_told(bench, first)) {
		if (bench_now() > end)
			bench_die("nobody missed the other side");
		usleep(MEASURE_STEP_USEC);
	}
	print_change(bench, "partition", first, start, bench->n);
	start = bench_now();
	move_ports(bench, first, MEASURE_BRIDGE2, MEASURE_BRIDGE);
	if (!bench_wait_members(bench, bench->n, bench->n,
				MEASURE_DEATH_SEC * NSEC_PER_SEC))
		bench_die("the sides did not meet");
	print_change(bench, "heal", first, start, bench->n);
}

/* A step of each of the handles: memory that the guest took, and time. */
static int64_t step_handles(struct bench *bench, unsigned int node, int order,
			    int64_t *time)
{
	int64_t before = bench_memory_used();

	bench_tell(bench, node, order);
	if (!wait_arrivals(bench, 1, MEASURE_HANDLES_SEC))
		bench_die("a handle is stuck");
	*time = bench->nodes[node].arrived_at - bench->nodes[node].sent_at;
	usleep(MEASURE_REST_USEC);
	return bench_memory_used() - before;
}

/*
 * Of the last node, which does not lead.  One is opened and closed before, for
 * what is there once for all of them; more would leave memory to use again.
 */
void bench_handles(struct bench *bench, unsigned int n)
{
	int64_t time, memory;
	unsigned int node = bench->n - 1;

	bench->nodes[node].n_more = 1;
	step_handles(bench, node, BENCH_OPEN, &time);
	step_handles(bench, node, BENCH_CLOSE, &time);
	bench->nodes[node].n_more = n;
	memory = step_handles(bench, node, BENCH_OPEN, &time);
	print_begin(bench, "handles");
	printf(",\"count\":%u,\"handle_kb\":%.2f,\"opens_s\":%.1f", n,
	       memory / 1024.0 / n, n * 1e9 / time);
	memory = step_handles(bench, node, BENCH_JOIN, &time);
	printf(",\"group_kb\":%.2f,\"joins_s\":%.1f", memory / 1024.0 / n,
	       n * 1e9 / time);
	print_end();
	step_handles(bench, node, BENCH_CLOSE, &time);
}

/* The last measure: the process does not come back. */
void bench_process_death(struct bench *bench, unsigned int node)
{
	int64_t start = bench_now();

	kill(bench->nodes[node].pid, SIGKILL);
	if (!bench_wait_members(bench, bench->n - 1, node,
				MEASURE_DEATH_SEC * NSEC_PER_SEC))
		bench_die("nobody missed the process");
	print_change(bench, "process-death", node, start, node);
}
