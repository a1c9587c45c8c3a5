/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run to look at: a lane for each node, views as bands of colour, messages
 * as lines, faults marked.  As SVG, or as text with a column for each node.
 */
#ifndef _SIM_TIMELINE_H
#define _SIM_TIMELINE_H

#include <stdio.h>

#include "sim.h"

/**
 * struct timeline - what happened in a run
 * @rec: all that is shown of it
 * @n: how much that is
 * @max: room in @rec
 */
struct timeline {
	struct sim_rec	*rec;
	u32		n;
	u32		max;
};

/* From now on @tl takes down what happens in @s. */
void timeline_begin(struct timeline *tl, struct sim *s);
void timeline_exit(struct timeline *tl);

/* timeline.c and timeline_svg.c; after the run */
void timeline_text(const struct timeline *tl, const struct sim *s, FILE *f);
void timeline_svg(const struct timeline *tl, const struct sim *s, FILE *f);

#endif /* _SIM_TIMELINE_H */
