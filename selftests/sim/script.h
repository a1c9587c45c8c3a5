/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run as a list of what is done to a cluster, and when: faults, and what
 * processes do.  Whoever makes a run up as it goes does so through here, so
 * that the run can be written down, had again without some of it, and kept.
 */
#ifndef _SIM_SCRIPT_H
#define _SIM_SCRIPT_H

#include <stdio.h>

#include "sim.h"

/* What can be done.  The comments name the arguments; slots are addresses. */
enum sim_op_kind {
	SIM_OP_START,		/* slot */
	SIM_OP_CRASH,		/* slot */
	SIM_OP_STOP,		/* slot */
	SIM_OP_PAUSE,		/* slot, nanoseconds */
	SIM_OP_CLOCK,		/* slot, nanoseconds that the clock leaps */
	SIM_OP_LEAD,		/* slot, slot of who is to lead */
	SIM_OP_PUSH,		/* slot */
	SIM_OP_NOMEM,		/* slot, allocations that fail, of 2^32 */
	SIM_OP_LINKS,		/* loss, dup, reorder, delay, jitter of all */
	SIM_OP_CUT,		/* from slot, to slot */
	SIM_OP_MEND,		/* from slot, to slot */
	SIM_OP_SPLIT,		/* slots of one side, as bits */
	SIM_OP_PART,		/* slots, slots, as bits: cut between them */
	SIM_OP_RATE,		/* from slot, to slot, bytes per ms, queue */
	SIM_OP_MTU,		/* from slot, to slot, largest packet */
	SIM_OP_MEND_ALL,	/* no cuts, limits or holes any more */
	SIM_OP_HEAL,		/* as that, memory is there again, all read */
	SIM_OP_JOIN,		/* process, slot, group, pid, flags */
	SIM_OP_LEAVE,		/* process */
	SIM_OP_DETACH,		/* process */
	SIM_OP_SEND,		/* process, service, bytes, wait */
	SIM_OP_LAZY,		/* process, enum sim_lazy */
	SIM_OP_READ,		/* process, bytes */
	SIM_OP_END,		/* the cluster has to come to rest */
	__SIM_OP_NR
};

enum {
	SIM_OP_ARGS = 5,
	SIM_OP_MAX = 1 << 20,	/* steps of a script */
};

/**
 * struct sim_op - a step
 * @t: when
 * @kind: enum sim_op_kind
 * @a: arguments
 */
struct sim_op {
	u64	t;
	u32	kind;
	u64	a[SIM_OP_ARGS];
};

/**
 * struct sim_script - a list of steps
 * @cfg: what the cluster is
 * @votes: where its votes are
 * @n: steps
 * @n_procs: processes that ever joined; they are numbered from 0
 * @op: the steps, by time
 * @procs: by number; NULL: never joined, or not in this run
 * @max_procs: room in @procs
 */
struct sim_script {
	struct sim_cfg	cfg;
	u32		votes[SIM_NODES_MAX];
	u32		n;
	u32		n_procs;
	struct sim_op	*op;
	struct sim_proc	**procs;
	u32		max_procs;
};

/*
 * An empty script, never freed.  @shared: what a process that is forked later
 * writes is seen here.
 */
struct sim_script *sim_script_create(bool shared);

/* A run begins; processes of the last one are forgotten. */
void sim_script_begin(struct sim_script *sc, struct sim *s,
		      const struct sim_cfg *cfg);

/* Take a step now, and write it down. */
void sim_script_do(struct sim_script *sc, struct sim *s, enum sim_op_kind kind,
		   u64 a, u64 b, u64 c, u64 d, u64 e);

/* Write down a step that is not taken. */
void sim_script_add(struct sim_script *sc, u64 t, enum sim_op_kind kind, u64 a,
		    u64 b, u64 c, u64 d, u64 e);

/* The process with that number, if it can still do something. */
struct sim_proc *sim_script_proc(const struct sim_script *sc, u64 no);

/* The whole run. */
void sim_script_run(struct sim_script *sc, struct sim *s);

void sim_script_write(const struct sim_script *sc, FILE *f);

/* NULL, or what is wrong with the file. */
const char *sim_script_read(struct sim_script *sc, FILE *f);

#endif /* _SIM_SCRIPT_H */
