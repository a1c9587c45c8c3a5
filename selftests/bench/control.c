// SPDX-License-Identifier: GPL-2.0
/* Starts the processes of the nodes, and tells them what to do. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum {
	CONTROL_STEP_USEC = 2000,
	CONTROL_QUIET_MSEC = 50,
	/* What has not come after such a silence does not come. */
	CONTROL_LOST_MSEC = 5000,
};

void bench_die(const char *what)
{
	fprintf(stderr, "cpg-bench: %s\n", what);
	exit(1);
}

static void enter(const char *spaces, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s%s", spaces, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		bench_die(path);
	close(fd);
}

/* Processes, each in its namespace; this one goes to that of the bridge. */
void bench_start(struct bench *bench, const char *spaces)
{
	struct bench_node *node;
	unsigned int i;
	char name[16];
	pid_t pid;

	if (sem_init(&bench->arrivals, 1, 0))
		bench_die("sem_init");
	for (i = 0; i < bench->n; i++) {
		node = &bench->nodes[i];
		node->wake = eventfd(0, EFD_NONBLOCK);
		snprintf(name, sizeof(name), "%u", i + 1);
		pid = fork();
		if (pid < 0)
			bench_die("fork");
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			enter(spaces, name);
			bench_worker(bench, i);
		}
		node->pid = pid;
	}
	enter(spaces, "sw");
}

void bench_tell(struct bench *bench, unsigned int node, int order)
{
	const uint64_t one = 1;

	bench->nodes[node].order = order;
	if (write(bench->nodes[node].wake, &one, sizeof(one)) < 0)
		bench_die("eventfd");
}

static bool members_are(struct bench *bench, unsigned int n,
			unsigned int except)
{
	unsigned int i;

	for (i = 0; i < bench->n; i++) {
		if (bench->nodes[i].pid < 0)
			bench_die("a node failed");
		if (i != except && bench->nodes[i].members != n)
			return false;
	}
	return true;
}

/* Wait until all nodes, but for one, know of @n members. */
bool bench_wait_members(struct bench *bench, unsigned int n,
			unsigned int except, int64_t timeout)
{
	int64_t end = bench_now() + timeout;

	while (!members_are(bench, n, except)) {
		if (bench_now() > end)
			return false;
		usleep(CONTROL_STEP_USEC);
	}
	return true;
}

static bool all_delivered(struct bench *bench)
{
	uint64_t sent = 0;
	unsigned int i;

	for (i = 0; i < bench->n; i++)
		sent += bench->nodes[i].sent;
	for (i = 0; i < bench->n; i++)
		if (bench->nodes[i].delivered != sent)
			return false;
	return true;
}

static uint64_t progress(struct bench *bench)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < bench->n; i++)
		sum += bench->nodes[i].sent + bench->nodes[i].delivered;
	return sum;
}

/*
 * Nobody sends any more, and no message is on its way; false if some never
 * came.  Counters begin anew.
 */
bool bench_settle(struct bench *bench)
{
	int64_t since = bench_now(), now = since;
	uint64_t last = 0, next;
	unsigned int i;
	bool all;

	for (i = 0; i < bench->n; i++)
		bench_tell(bench, i, BENCH_IDLE);
	do {
		usleep(CONTROL_STEP_USEC);
		now = bench_now();
		next = progress(bench);
		if (next != last)
			since = now;
		last = next;
		all = !bench->system->is_group || all_delivered(bench);
	} while (now - since < (all ? CONTROL_QUIET_MSEC :
				CONTROL_LOST_MSEC) * NSEC_PER_MSEC);
	for (i = 0; i < bench->n; i++) {
		bench->nodes[i].sent = 0;
		bench->nodes[i].delivered = 0;
	}
	return all;
}

void bench_stop(struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < bench->n; i++)
		if (bench->nodes[i].pid > 0)
			kill(bench->nodes[i].pid, SIGKILL);
	while (wait(NULL) > 0)
		;
}
