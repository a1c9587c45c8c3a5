/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What ring.c asks a node besides CPG: of its quorum and of its number.  One
 * file for each implementation.
 */
#ifndef SELFTESTS_LIBCPG_RING_H
#define SELFTESTS_LIBCPG_RING_H

#include <stdbool.h>
#include <stdint.h>

enum {
	RING_NODES_MAX = 128,
	RING_IDS = 2,
};

/**
 * struct ring - a numbered set of nodes
 * @seq: its number
 * @rep: its lowest node id, which is part of the number
 * @quorate: it holds a majority; not told by CPG
 * @n_nodes: number of @nodes
 * @nodes: node ids, ascending
 */
struct ring {
	uint64_t	seq;
	uint32_t	rep;
	bool		quorate;
	uint32_t	n_nodes;
	uint32_t	nodes[RING_NODES_MAX];
};

static inline bool ring_is(const struct ring *a, const struct ring *b)
{
	return a->seq == b->seq && a->rep == b->rep;
}

/* The quorum may be silent of a ring if the next one comes soon. */
extern const bool source_skips;

/*
 * Has @told called for the present ring and for each that follows.  Returns a
 * descriptor to poll, or -1.
 */
int source_open(void (*told)(const struct ring *ring));

/* Calls it for what is there to be read; -1 if there is no node any more. */
int source_read(void);

/* Another part of the node has this ring at present, and as quorate. */
bool source_confirms(const struct ring *ring);

/* Numbers that others than CPG say the node has; 0 or -1. */
int source_ids(uint32_t ids[RING_IDS]);

#endif /* SELFTESTS_LIBCPG_RING_H */
