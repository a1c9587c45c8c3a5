// SPDX-License-Identifier: GPL-2.0
/* See heap.h. */
#include "heap.h"

enum {
	HEAP_WAYS = 4,		/* children of an entry */
};

/* Where entries go that need not know their place. */
static u32 no_pos;

/* Without a jump: nobody can foresee which way it would go. */
static bool entry_before(const struct sim_entry *a, const struct sim_entry *b)
{
	unsigned __int128 ta = a->t, tb = b->t;

	return (ta << 64 | a->order) < (tb << 64 | b->order);
}

static void heap_put(struct sim_heap *heap, const struct sim_entry *e, u32 i)
{
	heap->entry[i] = *e;
	*e->pos = i + 1;
}

/* Put an entry where @i is free, or above it. */
static void heap_up(struct sim_heap *heap, const struct sim_entry *e, u32 i)
{
	while (i) {
		u32 up = (i - 1) / HEAP_WAYS;

		if (!entry_before(e, &heap->entry[up]))
			break;
		heap_put(heap, &heap->entry[up], i);
		i = up;
	}
	heap_put(heap, e, i);
}

/* The first of the children that begin at @k; there is one. */
static u32 heap_first_child(const struct sim_heap *heap, u32 k)
{
	const struct sim_entry *e = &heap->entry[k];
	u32 left, right, first = 0, i;

	if (k + HEAP_WAYS <= heap->n) {
		/* Two comparisons that do not wait for each other. */
		left = entry_before(&e[1], &e[0]);
		right = 2 + entry_before(&e[3], &e[2]);
		return k + (entry_before(&e[right], &e[left]) ? right : left);
	}
	for (i = 1; k + i < heap->n; i++)
		first = entry_before(&e[i], &e[first]) ? i : first;
	return k + first;
}

/* Put an entry where @i is free, or below it. */
static void heap_down(struct sim_heap *heap, const struct sim_entry *e, u32 i)
{
	for (;;) {
		u32 k = i * HEAP_WAYS + 1;

		if (k >= heap->n)
			break;
		k = heap_first_child(heap, k);
		if (!entry_before(&heap->entry[k], e))
			break;
		heap_put(heap, &heap->entry[k], i);
		i = k;
	}
	heap_put(heap, e, i);
}

static void heap_fill(struct sim_heap *heap, const struct sim_entry *e, u32 i)
{
	if (i && entry_before(e, &heap->entry[(i - 1) / HEAP_WAYS]))
		heap_up(heap, e, i);
	else
		heap_down(heap, e, i);
}

/* Let the last entry take the place of the first, which is free. */
static void heap_close(struct sim_heap *heap)
{
	heap->is_open = false;
	if (--heap->n)
		heap_down(heap, &heap->entry[heap->n], 0);
}

static void heap_add(struct sim_heap *heap, const struct sim_entry *e)
{
	if (heap->is_open) {
		heap->is_open = false;
		heap_down(heap, e, 0);
		return;
	}
	if (heap->n >= heap->max) {
		heap->max = heap->max ? heap->max * 2 : 256;
		heap->entry = realloc(heap->entry,
				      heap->max * sizeof(*heap->entry));
		if (!heap->entry)
			abort();
	}
	heap_up(heap, e, heap->n++);
}

void sim_heap_add(struct sim_heap *heap, struct sim_ev *ev, u64 t)
{
	sim_heap_add_turn(heap, ev, t, sim_heap_turn(heap));
}

void sim_heap_add_turn(struct sim_heap *heap, struct sim_ev *ev, u64 t,
		       u64 order)
{
	struct sim_entry e = {
		.t = t, .order = order, .ev = ev, .pos = &no_pos,
	};

	ev->t = t;
	heap_add(heap, &e);
}

void sim_heap_set(struct sim_heap *heap, struct sim_ev *ev, u64 t)
{
	struct sim_entry e = {
		.t = t, .order = sim_heap_turn(heap), .ev = ev,
		.pos = &ev->pos,
	};

	ev->t = t;
	if (!ev->pos) {
		heap_add(heap, &e);
		return;
	}
	if (heap->is_open)
		heap_close(heap);
	heap_fill(heap, &e, ev->pos - 1);
}

void sim_heap_del(struct sim_heap *heap, struct sim_ev *ev)
{
	struct sim_entry last;
	u32 i;

	if (!ev->pos)
		return;
	if (heap->is_open)
		heap_close(heap);
	i = ev->pos - 1;
	ev->pos = 0;
	last = heap->entry[--heap->n];
	if (i < heap->n)
		heap_fill(heap, &last, i);
}

struct sim_ev *sim_heap_first(struct sim_heap *heap)
{
	if (heap->is_open)
		heap_close(heap);
	return heap->n ? heap->entry[0].ev : NULL;
}

struct sim_ev *sim_heap_pop(struct sim_heap *heap)
{
	struct sim_ev *ev = sim_heap_first(heap);

	if (ev) {
		*heap->entry[0].pos = 0;
		heap->is_open = true;
	}
	return ev;
}

void sim_heap_exit(struct sim_heap *heap)
{
	free(heap->entry);
	memset(heap, 0, sizeof(*heap));
}
