/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A long time in which nothing is wrong that a cluster should not bear: packets
 * get lost, nodes stand still for less than the time of detection.  Nobody may
 * be put out.
 */
#ifndef _SIM_CALM_H
#define _SIM_CALM_H

#include "sim.h"

void calm_run(struct sim *s, u64 seed, u32 minutes);

#endif /* _SIM_CALM_H */
