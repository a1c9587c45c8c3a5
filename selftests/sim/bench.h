/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measuring a protocol in the network of fabric.h: how much it puts in order,
 * how long that takes, what it costs.
 *
 * Each message carries the time at which its process wanted to send it.
 * Latency is from then to each delivery, at every node.
 */
#ifndef _SIM_BENCH_H
#define _SIM_BENCH_H

#include "engine.h"

#include "fabric.h"

enum {
	BENCH_LAT_SUB = 32,		/* classes within a power of two */
	BENCH_LAT_CLASSES = 40 * BENCH_LAT_SUB,
	BENCH_CHECK_EVERY = 1024,	/* messages between two checks */
	BENCH_CHECKS_MAX = 4096,
};

enum bench_proto {
	BENCH_CPG,
	BENCH_RING,
};

/* Who sends. */
enum bench_senders {
	BENCH_ALL,
	BENCH_LEADER,	/* the node that orders, alone */
	BENCH_ONE,	/* another, alone */
	BENCH_HALF,	/* every second one */
	BENCH_NONE,
};

/**
 * struct bench_cfg - a run
 * @fab: the network
 * @proto: the protocol
 * @senders: who sends
 * @bystander: the last node does not send, nor is it measured
 * @stall: it does nothing for so many nanoseconds
 * @stall_every: in each of so many
 * @size: bytes of a message
 * @load: offered by all together, bits per second; 0: as much as goes
 * @sndbuf: bytes that a process may have on their way
 * @budget: see struct cpg_engine_config
 * @mtu: see struct cpg_engine_config
 * @window: ring: messages of all in one round
 * @visit: ring: messages of one in one round
 * @warm: nanoseconds until it is measured
 * @time: nanoseconds that it is measured
 * @seed: of the arrivals
 * @series: NULL, or a line for each @step
 * @step: nanoseconds
 */
struct bench_cfg {
	struct fab_cfg		fab;
	enum bench_proto	proto;
	enum bench_senders	senders;
	bool			bystander;
	u32			stall;
	u32			stall_every;
	u32			size;
	u64			load;
	u32			sndbuf;
	u32			budget;
	u32			mtu;
	u32			window;
	u32			visit;
	u64			warm;
	u64			time;
	u64			seed;
	FILE			*series;
	u64			step;
};

/**
 * struct bench_sum - what came out
 * @goodput: payload in order, at a node, bits per second
 * @mean: latency, nanoseconds
 * @p50: half of all are not later
 * @p99: nor 99 of a hundred
 * @jain: fairness among the senders: 1 is equal, 1/n is one only
 * @worst: longest time in which a sender that wanted to put nothing in order
 * @packets: copies on the wire for each message
 * @bytes: as above
 * @frames: sends for each message
 * @naks: sent
 * @repairs: packets sent again
 * @drops: frames that found a queue full
 * @msgs: in order
 * @cpu: how busy the busiest node was, 0 to 1
 * @total_packets: on the wire
 * @total_bytes: as above
 */
struct bench_sum {
	double	goodput;
	double	mean;
	double	p50;
	double	p99;
	double	jain;
	u64	worst;
	double	packets;
	double	bytes;
	double	frames;
	u64	naks;
	u64	repairs;
	u64	drops;
	u64	msgs;
	double	cpu;
	u64	total_packets;
	u64	total_bytes;
};

/* What the measured protocol counts itself, since it began. */
struct bench_stat {
	u64	naks;
	u64	repairs;
	u64	budget;
	u64	credit;
	u64	in_flight;
};

struct bench;

/**
 * struct bench_ops - a protocol
 * @fab: its calls
 * @start: all nodes are up and can send when it returns
 * @stop: frees them
 * @stat: of one node
 */
struct bench_ops {
	struct fab_ops	fab;
	void		(*start)(struct bench *b);
	void		(*stop)(struct bench *b);
	void		(*stat)(struct bench *b, u32 slot,
				struct bench_stat *st);
};

extern const struct bench_ops bench_cpg;
extern const struct bench_ops bench_ring;

/* A process, one on each node. */
struct bench_app {
	struct bench	*b;
	struct fab_call	call;
	double		gap;		/* mean nanoseconds to the next */
	bool		is_sender;
	u64		queued;		/* bytes accepted, not in order yet */
	u64		n_sent;
	u64		n_self;		/* own messages in order */
	u64		self_t;		/* when the last of these was */
	u64		worst;
	u64		n_rcvd;
	u64		chain;		/* hash of all that was delivered */
};

/**
 * struct bench - a run
 * @cfg: what is measured
 * @ops: the protocol
 * @fab: the network
 * @rng: of the arrivals
 * @stall: the bystander's next
 * @app: processes
 * @is_on: messages count
 * @n_lat: messages delivered, by class of latency
 * @lat_sum: of all latencies
 * @n_lats: their number
 * @chain: hash of the order after each so many messages
 * @n_chain: how many of these are known
 * @differs: two nodes have another order
 */
struct bench {
	struct bench_cfg	cfg;
	const struct bench_ops	*ops;
	struct fab		*fab;
	struct sim_rng		rng;
	struct fab_call		stall;
	struct bench_app	app[FAB_NODES_MAX];
	bool			is_on;
	u64			n_lat[BENCH_LAT_CLASSES];
	double			lat_sum;
	u64			n_lats;
	u64			chain[BENCH_CHECKS_MAX];
	u32			n_chain;
	bool			differs;
};

/* Fills in a run of @n nodes that all send as much as they can. */
void bench_cfg_init(struct bench_cfg *cfg, u32 n);
void bench_run(const struct bench_cfg *cfg, struct bench_sum *sum);

static inline struct bench *bench_of(const struct fab_node *node)
{
	return node->fab->priv;
}

/* bench_table.c: what Documentation/flow-control.rst shows */
void bench_head(void);
void bench_row(const struct bench_cfg *cfg, const struct bench_sum *sum);
void bench_goals(void);
void bench_windows(void);
void bench_latency(void);
void bench_cost(void);

/* From the protocol: a message was put in order at this node. */
void bench_deliver(struct fab_node *node, u32 from, u64 t);

/* And one of the node's own left the queue. */
void bench_sent(struct fab_node *node, u32 len);

#endif /* _SIM_BENCH_H */
