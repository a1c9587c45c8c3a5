/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The queue of what is going to happen: a heap that knows where each event is,
 * so that a timer can be moved.  Events of the same time come out in the order
 * in which they were put in, or took their turn.
 */
#ifndef _SIM_HEAP_H
#define _SIM_HEAP_H

#include "env.h"

/**
 * struct sim_ev - something that is going to happen
 * @t: when
 * @pos: place in the heap from 1; 0 if it is not in it, or cannot be moved
 * @kind: the owner's
 */
struct sim_ev {
	u64	t;
	u32	pos;
	u32	kind;
};

/**
 * struct sim_entry - an event in the queue
 * @t: when; here too, so that events are not looked at to compare them
 * @order: decides between equal times
 * @ev: the event
 * @pos: where its place is kept
 */
struct sim_entry {
	u64		t;
	u64		order;
	struct sim_ev	*ev;
	u32		*pos;
};

/**
 * struct sim_heap - a queue of events
 * @entry: the events, each not after its four children
 * @n: number of entries
 * @max: room
 * @is_open: the first entry is free: the first event was taken out, and most
 *	of those that are put another one in at once
 * @order: of the next event
 */
struct sim_heap {
	struct sim_entry	*entry;
	u32			n;
	u32			max;
	bool			is_open;
	u64			order;
};

/* Put @ev in; it stays until it is the first, and need not know its place. */
void sim_heap_add(struct sim_heap *heap, struct sim_ev *ev, u64 t);
/* As if that had been done when sim_heap_turn() gave @order. */
void sim_heap_add_turn(struct sim_heap *heap, struct sim_ev *ev, u64 t,
		       u64 order);
/* Put @ev in, or move it, to time @t. */
void sim_heap_set(struct sim_heap *heap, struct sim_ev *ev, u64 t);
void sim_heap_del(struct sim_heap *heap, struct sim_ev *ev);
/* What is first; NULL if there is nothing. */
struct sim_ev *sim_heap_first(struct sim_heap *heap);
/* Take it out. */
struct sim_ev *sim_heap_pop(struct sim_heap *heap);
void sim_heap_exit(struct sim_heap *heap);

static inline u64 sim_heap_turn(struct sim_heap *heap)
{
	return heap->order++;
}

#endif /* _SIM_HEAP_H */
