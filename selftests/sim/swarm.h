/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs that nobody thought of: what the cluster is, what its processes do and
 * what goes wrong all come from the seed.  Each run leaves out some kinds of
 * fault altogether, so that the others are not hidden by them.
 */
#ifndef _SIM_SWARM_H
#define _SIM_SWARM_H

#include "sim.h"

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
	SWARM_ALL	= (1 << 8) - 1,
	SWARM_RANDOM	= 1 << 30,	/* a subset */
};

/**
 * struct swarm_opt - what is asked of a run; 0: the seed decides
 * @n_nodes: nodes
 * @n_events: what processes do, in number
 * @loss: percent of packets lost
 * @loss_set: @loss counts
 * @faults: enum swarm_fault, or SWARM_RANDOM
 * @agreed: only AGREED messages
 * @check_every: as in struct sim_cfg
 * @verbose: print what happens
 */
struct swarm_opt {
	u32	n_nodes;
	u32	n_events;
	u32	loss;
	bool	loss_set;
	u32	faults;
	bool	agreed;
	u32	check_every;
	bool	verbose;
};

void swarm_run(struct sim *s, u64 seed, const struct swarm_opt *opt);

#endif /* _SIM_SWARM_H */
