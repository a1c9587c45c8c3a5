/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prints the status of the node, as text or as JSON.
 */
#ifndef _CPG_TOOLS_SHOW_H
#define _CPG_TOOLS_SHOW_H

#include <stdio.h>

#include "nl.h"

/* What to print. */
enum {
	SHOW_NODE	= 1 << 0,
	SHOW_VIEW	= 1 << 1,
	SHOW_PEERS	= 1 << 2,
	SHOW_GROUPS	= 1 << 3,
	SHOW_COUNTERS	= 1 << 4,
};

/* Names of CPG_TIMING_*, indexed by them. */
extern const char *const show_profiles[CPG_TIMING_MAX + 1];

void show_text(FILE *out, unsigned int what, const struct nl_node *node,
	       const struct nl_groups *groups);
void show_json(FILE *out, unsigned int what, const struct nl_node *node,
	       const struct nl_groups *groups);

#endif /* _CPG_TOOLS_SHOW_H */
