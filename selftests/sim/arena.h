/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that lives as long as a run: taken in order, given back all at once,
 * and used again by the next run.
 */
#ifndef _SIM_ARENA_H
#define _SIM_ARENA_H

#include "env.h"

struct sim_chunk;

/**
 * struct sim_arena - where a run's records are
 * @first: chunks, oldest first
 * @cur: the one that is being filled
 * @used: bytes used of it
 */
struct sim_arena {
	struct sim_chunk	*first;
	struct sim_chunk	*cur;
	size_t			used;
};

void *sim_arena_alloc(struct sim_arena *arena, size_t size);
void sim_arena_reset(struct sim_arena *arena);
void sim_arena_exit(struct sim_arena *arena);

/**
 * sim_arena_grow() - make room in an array
 * @arena: where the array is
 * @array: the array, or NULL
 * @max: elements that it has room for; updated
 * @need: elements that it must have room for
 * @size: of an element
 *
 * Return: the array, new elements zeroed.
 */
void *sim_arena_grow(struct sim_arena *arena, void *array, u32 *max, u32 need,
		     size_t size);

#endif /* _SIM_ARENA_H */
