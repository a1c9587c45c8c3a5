/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The queue of what is going to happen: a binary heap whose entries know
 * their place, so that a timer can be moved.  Entries of the same time come
 * out in the order in which they were put in.
 */
#ifndef _SIM_HEAP_H
#define _SIM_HEAP_H

#include "env.h"

/**
 * struct sim_ev - something that is going to happen
 * @t: when
 * @order: decides between equal times
 * @pos: place in the heap from 1; 0 if it is not in it
 * @kind: the owner's
 */
struct sim_ev {
	u64	t;
	u64	order;
	u32	pos;
	u32	kind;
};

/**
 * struct sim_heap - a queue of events
 * @ev: the events; @ev[0] is not used
 * @n: number of events
 * @max: room
 * @order: of the next event
 */
struct sim_heap {
	struct sim_ev	**ev;
	u32		n;
	u32		max;
	u64		order;
};

/* Put @ev in, or move it, to time @t. */
void sim_heap_set(struct sim_heap *heap, struct sim_ev *ev, u64 t);
void sim_heap_del(struct sim_heap *heap, struct sim_ev *ev);
void sim_heap_exit(struct sim_heap *heap);

static inline struct sim_ev *sim_heap_first(const struct sim_heap *heap)
{
	return heap->n ? heap->ev[1] : NULL;
}

#endif /* _SIM_HEAP_H */
