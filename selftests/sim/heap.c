// SPDX-License-Identifier: GPL-2.0
/* See heap.h. */
#include "heap.h"

static bool ev_before(const struct sim_ev *a, const struct sim_ev *b)
{
	return a->t != b->t ? a->t < b->t : a->order < b->order;
}

static void heap_put(struct sim_heap *heap, struct sim_ev *ev, u32 pos)
{
	heap->ev[pos] = ev;
	ev->pos = pos;
}

static void heap_up(struct sim_heap *heap, struct sim_ev *ev)
{
	u32 pos = ev->pos;

	while (pos > 1 && ev_before(ev, heap->ev[pos / 2])) {
		heap_put(heap, heap->ev[pos / 2], pos);
		pos /= 2;
	}
	heap_put(heap, ev, pos);
}

static void heap_down(struct sim_heap *heap, struct sim_ev *ev)
{
	u32 pos = ev->pos;
	u32 child;

	while ((child = 2 * pos) <= heap->n) {
		if (child < heap->n &&
		    ev_before(heap->ev[child + 1], heap->ev[child]))
			child++;
		if (!ev_before(heap->ev[child], ev))
			break;
		heap_put(heap, heap->ev[child], pos);
		pos = child;
	}
	heap_put(heap, ev, pos);
}

void sim_heap_set(struct sim_heap *heap, struct sim_ev *ev, u64 t)
{
	ev->t = t;
	ev->order = heap->order++;
	if (!ev->pos) {
		if (heap->n + 1 >= heap->max) {
			heap->max = heap->max ? heap->max * 2 : 256;
			heap->ev = realloc(heap->ev,
					   heap->max * sizeof(*heap->ev));
			if (!heap->ev)
				abort();
		}
		heap_put(heap, ev, ++heap->n);
	}
	heap_up(heap, ev);
	heap_down(heap, ev);
}

void sim_heap_del(struct sim_heap *heap, struct sim_ev *ev)
{
	struct sim_ev *last;
	u32 pos = ev->pos;

	if (!pos)
		return;
	last = heap->ev[heap->n--];
	ev->pos = 0;
	if (last == ev)
		return;
	heap_put(heap, last, pos);
	heap_up(heap, last);
	heap_down(heap, last);
}

void sim_heap_exit(struct sim_heap *heap)
{
	free(heap->ev);
	memset(heap, 0, sizeof(*heap));
}
