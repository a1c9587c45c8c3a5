/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sets of nodes.
 */
#ifndef _CPG_ENGINE_SET_H
#define _CPG_ENGINE_SET_H

#include "env.h"

/* A set of nodes: of slots in the peer table, or of places in a view. */
struct cpg_set {
	u64	w[CPG_NODES_MAX / 64];
};

static inline void cpg_set_add(struct cpg_set *set, u32 i)
{
	set->w[i / 64] |= 1ULL << (i % 64);
}

static inline void cpg_set_del(struct cpg_set *set, u32 i)
{
	set->w[i / 64] &= ~(1ULL << (i % 64));
}

/* How many are in one set and not in the other. */
static inline u32 cpg_set_lacks(const struct cpg_set *set,
				const struct cpg_set *sub)
{
	return hweight64(sub->w[0] & ~set->w[0]) +
	       hweight64(sub->w[1] & ~set->w[1]);
}

static inline bool cpg_set_has(const struct cpg_set *set, u32 i)
{
	return set->w[i / 64] >> (i % 64) & 1;
}

static inline bool cpg_set_covers(const struct cpg_set *set,
				  const struct cpg_set *sub)
{
	return !(sub->w[0] & ~set->w[0]) && !(sub->w[1] & ~set->w[1]);
}

static inline bool cpg_set_equal(const struct cpg_set *a,
				 const struct cpg_set *b)
{
	return a->w[0] == b->w[0] && a->w[1] == b->w[1];
}

#endif
