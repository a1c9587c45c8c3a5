/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs that nobody thought of: what the cluster is, what its processes do and
 * what goes wrong all come from the seed.  Each run leaves out some kinds of
 * fault altogether, so that the others are not hidden by them.
 */
#ifndef _SIM_SWARM_H
#define _SIM_SWARM_H

#include "script.h"

/* Kinds of faults, as bits. */
enum swarm_fault {
	SWARM_LOSS	= 1 << 0,	/* also doubled, overtaking */
	SWARM_SPLIT	= 1 << 1,	/* two sides */
	SWARM_ONEWAY	= 1 << 2,	/* one direction of a link */
	SWARM_PAIR	= 1 << 3,	/* one link, both directions */
	SWARM_CRASH	= 1 << 4,
	SWARM_STOP	= 1 << 5,
	SWARM_PAUSE	= 1 << 6,
	SWARM_NOMEM	= 1 << 7,
	SWARM_RATE	= 1 << 8,	/* narrow links, packets queue */
	SWARM_MTU	= 1 << 9,	/* long packets vanish */
	SWARM_CLOCK	= 1 << 10,	/* a clock leaps forward */
	SWARM_RESTART	= 1 << 11,	/* back before anybody noticed */
	SWARM_CHAIN	= 1 << 12,	/* A hears B, B hears C, A not C */
	SWARM_STORM	= 1 << 13,	/* many processes come and go */
	SWARM_LEAD	= 1 << 14,	/* others are told to lead */
	SWARM_NR	= 15,
	SWARM_ALL	= (1 << SWARM_NR) - 1,
	SWARM_DRAWN_NR	= 14,		/* the others, which are drawn first */
	SWARM_DRAWN	= (1 << SWARM_DRAWN_NR) - 1,
	SWARM_RANDOM	= 1 << 30,	/* a subset */
};

/* Names of faults for --faults, by bit. */
extern const char *const swarm_fault_names[SWARM_NR];

/**
 * struct swarm_opt - what is asked of a run; 0: the seed decides
 * @n_nodes: nodes
 * @max_nodes: the seed decides, from @n_nodes to this
 * @n_events: joins, leaves and messages of processes
 * @loss: percent of packets lost
 * @loss_set: @loss counts
 * @faults: enum swarm_fault, or SWARM_RANDOM
 * @agreed: only AGREED messages
 * @check_every: as in struct sim_cfg
 * @verbose: print what happens
 */
struct swarm_opt {
	u32	n_nodes;
	u32	max_nodes;
	u32	n_events;
	u32	loss;
	bool	loss_set;
	u32	faults;
	bool	agreed;
	u32	check_every;
	bool	verbose;
};

enum {
	SWARM_GONE_MAX = 16,		/* pids that may come back */
};

/**
 * struct swarm - a run that is being made up
 * @s: simulator
 * @sc: what is done
 * @opt: what is asked for
 * @rng: what decides
 * @lead_rng: what decides who leads: without that, a run is what it was
 *	before there were such
 * @act: the next thing that processes do
 * @fault: the next fault
 * @read: the next time that a lazy process reads
 * @lazy_rng: what decides about lazy processes
 * @pack_rng: what decides about messages that wait for company
 * @lead: the next time that another leads
 * @faults: kinds of faults of this run
 * @n_groups: groups of this run
 * @n_left: joins, leaves and messages still to come
 * @next_proc: number of the next process
 * @gap: time between two acts
 * @fault_gap: time between two faults
 * @lead_gap: time between two leaders
 * @bytes: in messages so far
 * @services: all services are used
 * @large: the largest messages are
 * @quorum: some processes need a majority
 * @lazy: some processes do not read at once
 * @packs: messages wait for company
 * @over: nothing is done any more
 * @votes: of each node, if they do not all have one
 * @link: what links are like without faults
 * @gone: pids of processes that went
 * @n_gone: their number, or more
 */
struct swarm {
	struct sim		*s;
	struct sim_script	*sc;
	const struct swarm_opt	*opt;
	struct sim_rng		rng;
	struct sim_rng		lead_rng;
	struct sim_call		act;
	struct sim_call		fault;
	struct sim_call		read;
	struct sim_rng		lazy_rng;
	struct sim_rng		pack_rng;
	struct sim_call		lead;
	u32			faults;
	u32			n_groups;
	u32			n_left;
	u32			next_proc;
	u64			gap;
	u64			fault_gap;
	u64			lead_gap;
	u64			bytes;
	bool			services;
	bool			large;
	bool			quorum;
	bool			lazy;
	bool			packs;
	bool			over;
	u32			votes[SIM_NODES_MAX];
	struct sim_link		link;
	u32			gone[SWARM_GONE_MAX];
	u32			n_gone;
};

/* swarm.c */
void swarm_run(struct sim *s, struct sim_script *sc, u64 seed,
	       const struct swarm_opt *opt);
void swarm_heal_add(struct sim_script *sc);
u64 swarm_pick(struct swarm *w, u64 lo, u64 hi);
u64 swarm_pick_log(struct swarm *w, u64 lo, u64 hi);
struct sim_node *swarm_pick_node(struct swarm *w);
struct sim_proc *swarm_pick_proc(struct swarm *w, struct sim_node *node);
void swarm_links(struct swarm *w, const struct sim_link *link);
void swarm_later(struct swarm *w, u64 t, enum sim_op_kind kind, u64 a, u64 b,
		 u64 c);
void swarm_join(struct swarm *w, struct sim_node *node, u32 max);
void swarm_part(struct swarm *w, struct sim_proc *proc);
void swarm_send(struct swarm *w, struct sim_proc *proc);

/* fault.c */
void swarm_fault(struct sim *s, void *arg);
void swarm_lead_start(struct swarm *w);

#endif /* _SIM_SWARM_H */
