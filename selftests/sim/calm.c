// SPDX-License-Identifier: GPL-2.0
/* See calm.h. */
#include "calm.h"

enum {
	CALM_NODES = 5,
	CALM_LOSS = 50000,	/* in a million */
};

/*
 * A node may have sent its last heartbeat just as long ago as it has to, and
 * that may be lost to all: it is silent for as long as detection takes at most.
 */
static void calm_pause(struct sim *s, void *arg)
{
	u64 most = s->cfg.suspect + s->cfg.corroborate - 2 * s->cfg.heartbeat;
	u32 slot = sim_rng_below(&s->rng, s->cfg.n_nodes);

	if (!s->nodes[slot].paused)
		sim_node_pause(&s->nodes[slot],
			       sim_rng_below(&s->rng, most));
	sim_call_at(s, arg, s->now + sim_rng_below(&s->rng, 2 * SIM_SEC));
}

/**
 * calm_run() - a run
 * @s: simulator; says afterwards what came of it
 * @seed: even ones use the lan profile, odd ones the default
 * @minutes: virtual time
 */
void calm_run(struct sim *s, u64 seed, u32 minutes)
{
	struct sim_call pause = { .fn = calm_pause, .arg = &pause };
	struct sim_link link;
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.seed = seed;
	cfg.n_nodes = CALM_NODES;
	cfg.check_every = 1024;
	if (seed & 1)
		sim_cfg_profile(&cfg, CPG_PROFILE_DEFAULT);
	sim_begin(s, &cfg);
	for (i = 0; i < cfg.n_nodes; i++)
		sim_node_start(&s->nodes[i]);
	if (!sim_settle(s, SIM_SEC))
		goto out_end;
	link = cfg.link;
	link.loss = CALM_LOSS;
	sim_links_set(s, &link);
	orc_calm(&s->orc, sim_bound(s));
	sim_call_at(s, &pause, s->now + SIM_SEC);
	sim_run(s, minutes * 60 * SIM_SEC);
	sim_heap_del(&s->heap, &pause.ev);
out_end:
	sim_end(s, false);
}
