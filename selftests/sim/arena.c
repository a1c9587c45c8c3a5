// SPDX-License-Identifier: GPL-2.0
/* See arena.h. */
#include "arena.h"

enum {
	CHUNK_BYTES = 256 * 1024,
};

struct sim_chunk {
	struct sim_chunk	*next;
	size_t			size;
	u64			data[];
};

static struct sim_chunk *chunk_alloc(size_t size)
{
	struct sim_chunk *c;

	size = max_t(size_t, size, CHUNK_BYTES);
	c = malloc(sizeof(*c) + size);
	if (!c)
		abort();
	c->next = NULL;
	c->size = size;
	return c;
}

/**
 * sim_arena_alloc() - zeroed memory until the end of the run
 * @arena: where
 * @size: bytes
 *
 * Return: the memory; does not fail.
 */
void *sim_arena_alloc(struct sim_arena *arena, size_t size)
{
	struct sim_chunk *next;
	void *p;

	size = ALIGN(size, (size_t)16);
	if (!arena->first) {
		arena->first = chunk_alloc(size);
		arena->cur = arena->first;
		arena->used = 0;
	}
	while (arena->cur->size - arena->used < size) {
		next = arena->cur->next;
		if (!next || next->size < size) {
			next = chunk_alloc(size);
			next->next = arena->cur->next;
			arena->cur->next = next;
		}
		arena->cur = next;
		arena->used = 0;
	}
	p = (u8 *)arena->cur->data + arena->used;
	arena->used += size;
	return memset(p, 0, size);
}

/* Give everything back; the memory is kept for the next run. */
void sim_arena_reset(struct sim_arena *arena)
{
	arena->cur = arena->first;
	arena->used = 0;
}

/* Give everything back, to the system. */
void sim_arena_exit(struct sim_arena *arena)
{
	struct sim_chunk *c;

	while ((c = arena->first)) {
		arena->first = c->next;
		free(c);
	}
	arena->cur = NULL;
}

void *sim_arena_grow(struct sim_arena *arena, void *array, u32 *max, u32 need,
		     size_t size)
{
	u32 n = *max ? *max : 8;
	void *p;

	if (need <= *max)
		return array;
	while (n < need)
		n *= 2;
	p = sim_arena_alloc(arena, n * size);
	if (*max)
		memcpy(p, array, *max * size);
	*max = n;
	return p;
}
