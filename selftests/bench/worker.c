// SPDX-License-Identifier: GPL-2.0
/* The process of a node: sends as it is told, and notes what is delivered. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum {
	/* Where nothing tells when there is room again. */
	WORKER_RETRY_NSEC = 200000,
	WORKER_AGAIN_USEC = 10000,
};

static struct bench *worker_bench;
static struct bench_node *worker_node;
static unsigned int worker_self;
static char worker_data[BENCH_LEN_MAX];

int64_t bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* Only this process writes these counters. */
static void count(atomic_ullong *counter)
{
	atomic_store_explicit(counter,
			      atomic_load_explicit(counter,
						   memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

void bench_deliver(const void *data, size_t len)
{
	struct bench_node *node = worker_node;
	struct bench_head head;
	uint32_t n;

	if (len < sizeof(head))
		return;
	memcpy(&head, data, sizeof(head));
	if (head.kind == BENCH_ONE) {
		node->arrived_at = bench_now();
		sem_post(&worker_bench->arrivals);
		return;
	}
	count(&node->delivered);
	n = node->n_samples;
	if (head.kind == BENCH_PACED && n < BENCH_SAMPLES_MAX) {
		node->samples[n] = bench_now() - head.sent;
		node->n_samples = n + 1;
	}
}

void bench_members(size_t n)
{
	worker_node->members_at = bench_now();
	worker_node->members = n;
	worker_node->changes++;
}

static void __attribute__((noreturn)) fail(const char *what, int error)
{
	fprintf(stderr, "node %u: %s: %s\n", worker_self + 1, what,
		strerror(-error));
	worker_node->pid = error;
	exit(1);
}

static bool send_one(int kind, int64_t due)
{
	struct bench_head head = {
		.kind = kind,
		.from = worker_self,
		.sent = due,
	};
	int ret;

	memcpy(worker_data, &head, sizeof(head));
	ret = worker_bench->system->send(worker_data, worker_node->len);
	if (ret == -EAGAIN) {
		count(&worker_node->again);
		return false;
	}
	if (ret)
		fail("send", ret);
	count(&worker_node->sent);
	return true;
}

/**
 * struct worker_state - between two turns
 * @order: what is being done
 * @due: when the next paced message is
 * @blocked: there was no room
 */
struct worker_state {
	int	order;
	int64_t	due;
	bool	blocked;
};

static void do_more(int order)
{
	unsigned int i;
	int ret;

	for (i = 0; i < worker_node->n_more; i++) {
		do {
			ret = worker_bench->system->more(order, i);
		} while (ret == -EAGAIN && !usleep(WORKER_AGAIN_USEC));
		if (ret)
			fail("handle", ret);
	}
	worker_node->arrived_at = bench_now();
	sem_post(&worker_bench->arrivals);
}

static void take_order(struct worker_state *state)
{
	uint64_t value;

	if (read(worker_node->wake, &value, sizeof(value)) < 0)
		return;
	state->order = worker_node->order;
	state->due = bench_now();
	if (state->order >= BENCH_ONE)
		worker_node->sent_at = state->due;
	if (state->order >= BENCH_OPEN && state->order <= BENCH_CLOSE) {
		do_more(state->order);
		state->order = BENCH_IDLE;
	}
}

static void do_sends(struct worker_state *state)
{
	int i;

	state->blocked = false;
	for (i = 0; i < BENCH_BATCH && !state->blocked; i++) {
		if (state->order == BENCH_PACED && state->due > bench_now())
			return;
		if (!send_one(state->order, state->due)) {
			state->blocked = true;
		} else if (state->order == BENCH_ONE) {
			state->order = BENCH_IDLE;
			return;
		}
		if (!state->blocked)
			state->due += worker_node->interval;
	}
}

/* How long a turn may wait for events: for ever, NULL. */
static struct timespec *patience(const struct worker_state *state,
				 struct timespec *ts)
{
	int64_t wait = 0;

	if (state->order == BENCH_IDLE)
		return NULL;
	if (state->blocked) {
		if (worker_bench->system->send_events)
			return NULL;
		wait = WORKER_RETRY_NSEC;
	} else if (state->order == BENCH_PACED) {
		wait = state->due - bench_now();
	}
	if (wait < 0)
		wait = 0;
	*ts = (struct timespec) { wait / NSEC_PER_SEC, wait % NSEC_PER_SEC };
	return ts;
}

void bench_worker(struct bench *bench, unsigned int self)
{
	const struct bench_system *sys = bench->system;
	struct worker_state state = { .order = BENCH_IDLE };
	struct pollfd fds[2];
	struct timespec ts;
	int ret;

	worker_bench = bench;
	worker_node = &bench->nodes[self];
	worker_self = self;
	do {
		ret = sys->join(self, bench->n, bench->safe);
	} while (ret == -EAGAIN && !usleep(WORKER_AGAIN_USEC));
	if (ret)
		fail("join", ret);
	fds[0].fd = sys->fd();
	fds[1].fd = worker_node->wake;
	fds[1].events = POLLIN;
	while (state.order != BENCH_QUIT) {
		fds[0].events = POLLIN;
		if (state.blocked)
			fds[0].events |= sys->send_events;
		if (ppoll(fds, 2, patience(&state, &ts), NULL) < 0)
			fail("poll", -errno);
		if (fds[1].revents)
			take_order(&state);
		if (fds[0].revents & ~POLLOUT) {
			ret = sys->dispatch();
			if (ret && ret != -EAGAIN)
				fail("dispatch", ret);
		}
		if (state.order != BENCH_IDLE && state.order != BENCH_QUIT)
			do_sends(&state);
		else
			state.blocked = false;
	}
	exit(0);
}
