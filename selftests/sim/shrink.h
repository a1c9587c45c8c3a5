/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shrinking: of a run that breaks a property, find a short one that breaks
 * the same.
 */
#ifndef _SIM_SHRINK_H
#define _SIM_SHRINK_H

#include "script.h"

/**
 * struct shrink_verdict - what came of a run
 * @prop: the property that was broken
 * @died: the process did not survive it; then @prop is ORC_ENGINE
 * @text: how
 */
struct shrink_verdict {
	enum orc_prop	prop;
	bool		died;
	char		text[ORC_TEXT_MAX];
};

/* Runs a script, in a process of its own, and leaves the verdict in @s. */
typedef void (*shrink_fn)(struct sim_script *sc, struct sim *s, void *arg);

void shrink_try(struct sim_script *sc, struct sim *s, shrink_fn fn, void *arg,
		struct shrink_verdict *v);
u32 shrink_run(struct sim_script *sc, struct sim *s, shrink_fn fn, void *arg,
	       struct shrink_verdict *v);

#endif /* _SIM_SHRINK_H */
