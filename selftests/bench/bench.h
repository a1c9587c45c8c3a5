/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The benchmark program: one process a node, each in its network namespace,
 * and one that steers them and measures.  A system under test is a table of
 * operations; all else is the same for every system.
 *
 * Processes share memory: counters and times of arrival.  One guest has one
 * CLOCK_MONOTONIC, so times of different nodes can be compared.
 */
#ifndef _SELFTESTS_BENCH_BENCH_H
#define _SELFTESTS_BENCH_BENCH_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	BENCH_NODES_MAX = 8,
	BENCH_LEN_MAX = 1 << 20,
	BENCH_SAMPLES_MAX = 1 << 16,	/* of one node */
	BENCH_BATCH = 64,	/* sends before events are looked at */
	BENCH_MORE_MAX = 1000,	/* handles of one node */
};

#define NSEC_PER_SEC	1000000000LL
#define NSEC_PER_MSEC	1000000LL

/* What a node is told to do. */
enum bench_order {
	BENCH_IDLE,	/* read only */
	BENCH_ONE,	/* one message, of which the arrival is noted */
	BENCH_FLOOD,	/* as many as it takes */
	BENCH_PACED,	/* one each interval; how long each took is noted */
	BENCH_OPEN,	/* more handles */
	BENCH_JOIN,	/* each of those joins a group of its own */
	BENCH_CLOSE,	/* those handles, and is last of these three */
	BENCH_QUIT,
};

/**
 * struct bench_head - what every message begins with
 * @kind: enum bench_order
 * @from: index of the node
 * @sent: when it was, or was due
 */
struct bench_head {
	uint32_t	kind;
	uint32_t	from;
	int64_t		sent;
};

/**
 * struct bench_node - what a node and the one who steers share
 * @order: enum bench_order
 * @len: bytes of a message
 * @interval: of BENCH_PACED, in nanoseconds
 * @n_more: how many handles are opened, joined, closed
 * @wake: an eventfd: there is a new order
 * @pid: the process, negative after a failure
 * @pad: what the node writes is on lines of its own
 * @sent: messages accepted
 * @delivered: messages that came back, of all nodes
 * @again: times that there was no room
 * @members: of the group, as it was told last
 * @members_at: when
 * @changes: how often
 * @sent_at: when the one message was, or work on handles began
 * @arrived_at: and when it came, or that was done
 * @n_samples: of @samples
 * @samples: latencies of BENCH_PACED
 */
struct bench_node {
	atomic_int		order;
	uint32_t		len;
	int64_t			interval;
	uint32_t		n_more;
	int			wake;
	atomic_int		pid;
	char			pad[64];
	atomic_ullong		sent;
	atomic_ullong		delivered;
	atomic_ullong		again;
	atomic_uint		members;
	atomic_llong		members_at;
	atomic_uint		changes;
	atomic_llong		sent_at;
	atomic_llong		arrived_at;
	atomic_uint		n_samples;
	int64_t			samples[BENCH_SAMPLES_MAX];
};

/**
 * struct bench - all that is shared
 * @system: under test
 * @safe: wait for stability, where the system has that
 * @n: number of nodes
 * @arrivals: one post for each arrival of a BENCH_ONE, and one when work on
 *	handles is done
 * @nodes: by index; node ids are one higher
 */
struct bench {
	const struct bench_system	*system;
	bool				safe;
	unsigned int			n;
	sem_t				arrivals;
	struct bench_node		nodes[BENCH_NODES_MAX];
};

/**
 * struct bench_system - a system under test
 * @name: in results
 * @len_max: of a message
 * @is_group: all arrive, and members are told who is there
 * @send_events: what to poll for when there was no room; 0 if nothing tells
 * @join: open and join the group; node @self of @n
 * @fd: to poll for events
 * @send: 0, -EAGAIN or another error
 * @dispatch: handle all events that are there: bench_deliver(),
 *	bench_members()
 * @more: take handle @i of some more a step further, BENCH_OPEN to BENCH_CLOSE;
 *	after BENCH_JOIN it was told that it is a member.  NULL if it cannot
 *
 * Called in the process of one node.  Return 0 or a negative errno.
 */
struct bench_system {
	const char	*name;
	size_t		len_max;
	bool		is_group;
	short		send_events;
	int		(*join)(unsigned int self, unsigned int n, bool safe);
	int		(*fd)(void);
	int		(*send)(const void *data, size_t len);
	int		(*dispatch)(void);
	int		(*more)(int order, unsigned int i);
};

extern const struct bench_system bench_libcpg;
extern const struct bench_system bench_sock;
extern const struct bench_system bench_tipc;
extern const struct bench_system bench_udp;

/* Called by dispatch(). */
void bench_deliver(const void *data, size_t len);
void bench_members(size_t n);

/* What run -P of ../qemu looks for; nothing else sees them. */
static inline void bench_mark_begin(void)
{
#ifdef __x86_64__
	asm volatile("nopl 0x43504730(%%rax)" ::: "memory");
#endif
}

static inline void bench_mark_end(void)
{
#ifdef __x86_64__
	asm volatile("nopl 0x43504731(%%rax)" ::: "memory");
#endif
}

int64_t bench_now(void);

/* worker.c: the process of a node; does not return. */
void bench_worker(struct bench *bench, unsigned int self)
	__attribute__((noreturn));

/* control.c: steers nodes. */
void bench_start(struct bench *bench, const char *spaces);
void bench_tell(struct bench *bench, unsigned int node, int order);
bool bench_wait_members(struct bench *bench, unsigned int n,
			unsigned int except, int64_t timeout);
bool bench_settle(struct bench *bench);
void bench_stop(struct bench *bench);
void bench_die(const char *what) __attribute__((noreturn));

/* usage.c: what the guest has used so far. */
struct bench_usage {
	int64_t		when;
	uint64_t	busy;		/* CPU time of all CPUs, nanoseconds */
	uint64_t	switches;
	uint64_t	packets;	/* all that nodes sent */
	uint64_t	bytes;
};

void bench_usage_get(struct bench_usage *usage);
int64_t bench_memory_used(void);

/* The measures: each prints its results, a line of JSON each. */
void bench_latency(struct bench *bench, unsigned int from, size_t len,
		   unsigned int count, int64_t time);
void bench_flood(struct bench *bench, unsigned int senders, size_t len,
		 int64_t time);
void bench_paced(struct bench *bench, unsigned int senders, size_t len,
		 double rate, int64_t time);
void bench_idle(struct bench *bench, int64_t time);
void bench_clock(void);
void bench_process_death(struct bench *bench, unsigned int node);
void bench_node_death(struct bench *bench, unsigned int node);
void bench_partition(struct bench *bench, unsigned int node);
void bench_handles(struct bench *bench, unsigned int n);

#endif /* _SELFTESTS_BENCH_BENCH_H */
