// SPDX-License-Identifier: GPL-2.0
/* The simulator's clock: what is due happens, one thing after the other. */
#include "sim.h"

/**
 * sim_cfg_init() - a small and healthy cluster
 * @cfg: filled in
 */
void sim_cfg_init(struct sim_cfg *cfg)
{
	*cfg = (struct sim_cfg){
		.seed = 1,
		.n_nodes = 3,
		.nodeid = 1,
		.start = SIM_SEC,
		.beacon = 100 * SIM_MSEC,
		.damp = 100 * SIM_MSEC,
		.mtu = CPG_MTU_DEFAULT,
		.slow = 200 * SIM_MSEC,
		.link = { .delay = 20 * SIM_USEC, .jitter = 10 * SIM_USEC },
		.rx_delay = 5 * SIM_USEC,
		.rx_batch = 16,
		.late = 20 * SIM_USEC,
		.check_every = 1,
	};
	sim_cfg_profile(cfg, CPG_PROFILE_LAN);
}

/**
 * sim_cfg_profile() - set the times of a profile
 * @cfg: changed
 * @profile: which
 */
void sim_cfg_profile(struct sim_cfg *cfg, enum cpg_profile profile)
{
	struct cpg_engine_config eng = { };

	cpg_engine_config_profile(&eng, profile);
	cfg->heartbeat = eng.heartbeat;
	cfg->suspect = eng.suspect;
	cfg->corroborate = eng.corroborate;
	cfg->join_repeat = eng.join_repeat;
}

/**
 * sim_create() - a simulator, to be used for many runs
 *
 * Return: the simulator; does not fail.
 */
struct sim *sim_create(void)
{
	struct sim *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	sim_log_keep(s, 0);
	return s;
}

/* Frees a simulator between runs. */
void sim_destroy(struct sim *s)
{
	sim_arena_exit(&s->arena);
	sim_heap_exit(&s->heap);
	free(s->log.rec);
	free(s);
}

static void begin_votes(struct sim *s)
{
	struct sim_cfg *cfg = &s->cfg;
	u32 sum = cfg->votes ? 0 : cfg->n_nodes;
	u32 i;

	for (i = 0; cfg->votes && i < cfg->n_nodes; i++)
		sum += cfg->votes[i];
	if (!cfg->expected)
		cfg->expected = sum;
	orc_init(&s->orc, &s->arena, cfg->expected);
	for (i = 0; cfg->votes && i < cfg->n_nodes; i++)
		orc_votes(&s->orc, cfg->nodeid + i, cfg->votes[i],
			  cfg->expected);
}

/**
 * sim_begin() - begin a run
 * @s: simulator
 * @cfg: what it is; copied
 *
 * No node is up yet.
 */
void sim_begin(struct sim *s, const struct sim_cfg *cfg)
{
	u32 n = cfg->n_nodes;
	u32 i;

	s->cfg = *cfg;
	s->now = cfg->start;
	sim_rng_seed(&s->rng, cfg->seed);
	sim_arena_reset(&s->arena);
	begin_votes(s);
	s->orc.trace = s->trace;
	s->orc.now = s->now;
	s->log.n = 0;
	s->log.hash = 0;
	s->log.verbose = cfg->verbose;
	s->free = NULL;
	/* From the start again: most runs use little of it. */
	s->said_end = ALIGN(s->said_end, (u64)SIM_SAID_BYTES);
	s->n_calls = 0;
	s->n_packets = 0;
	s->n_events = 0;
	s->n_msgs = 0;
	s->n_faults = 0;
	s->n_views = 0;
	s->n_requeued = 0;
	s->n_leads = 0;
	s->n_repairs = 0;
	s->n_holds = 0;
	s->n_slow = 0;
	s->slow_groups = 0;
	s->settle_time = 0;
	s->next_pid = 101;
	s->nodes = sim_arena_alloc(&s->arena, n * sizeof(*s->nodes));
	s->links = sim_arena_alloc(&s->arena, n * n * sizeof(*s->links));
	for (i = 0; i < n; i++)
		sim_node_init(s, &s->nodes[i], i);
	sim_links_set(s, &cfg->link);
}

/**
 * sim_end() - the run is over
 * @s: simulator
 * @quiet: faults are over; the cluster has to settle, then all must be well
 *
 * Takes all nodes down and frees what belongs to the run.
 */
void sim_end(struct sim *s, bool quiet)
{
	struct sim_pkt *pkt;
	struct sim_ev *ev;
	u32 i;

	quiet = quiet && sim_quiet(s);
	if (!sim_failed(s))
		orc_finish(&s->orc, quiet);
	/* What follows is no part of the run. */
	s->log.tap = NULL;
	for (i = 0; i < s->cfg.n_nodes; i++)
		if (s->nodes[i].eng)
			sim_node_crash(&s->nodes[i]);
	while ((ev = sim_heap_pop(&s->heap))) {
		if (ev->kind != SIM_EV_PKT)
			continue;
		pkt = container_of(ev, struct sim_pkt, ev);
		sim_net_off(s, pkt);
		sim_net_free(s, pkt);
	}
	if (cpg_user_mem.live)
		orc_fail(&s->orc, ORC_MEMORY,
			 "%llu allocations of %llu bytes are left behind",
			 (unsigned long long)cpg_user_mem.live,
			 (unsigned long long)cpg_user_mem.bytes);
	cpg_user_mem.live = 0;
	cpg_user_mem.bytes = 0;
}

static void sim_step(struct sim *s, struct sim_ev *ev)
{
	struct sim_call *call;

	s->n_events++;
	switch (ev->kind) {
	case SIM_EV_PKT:
		sim_net_arrive(s, container_of(ev, struct sim_pkt, ev));
		break;
	case SIM_EV_RX:
		sim_node_rx(container_of(ev, struct sim_node, rx));
		break;
	case SIM_EV_TIMER:
		sim_node_timer(container_of(ev, struct sim_node, timer));
		break;
	case SIM_EV_RESUME:
		sim_node_resume(container_of(ev, struct sim_node, resume));
		break;
	case SIM_EV_CALL:
		call = container_of(ev, struct sim_call, ev);
		call->fn(s, call->arg);
		break;
	}
}

/**
 * sim_run_to() - let time go on
 * @s: simulator
 * @t: to this time
 *
 * Return: false if a property was broken on the way.
 */
bool sim_run_to(struct sim *s, u64 t)
{
	struct sim_ev *ev;

	while (!sim_failed(s)) {
		ev = sim_heap_first(&s->heap);
		if (!ev || ev->t > t)
			break;
		s->now = ev->t;
		s->orc.now = s->now;
		sim_heap_pop(&s->heap);
		sim_step(s, ev);
	}
	if (!sim_failed(s))
		s->now = t;
	s->orc.now = s->now;
	orc_calm_check(&s->orc);
	return !sim_failed(s);
}

/* As sim_run_to(), for some @time. */
bool sim_run(struct sim *s, u64 time)
{
	return sim_run_to(s, s->now + time);
}

/**
 * sim_run_until() - let time go on until something is so
 * @s: simulator
 * @done: is it so?
 * @max: longest time
 *
 * Return: it is.
 */
bool sim_run_until(struct sim *s, bool (*done)(struct sim *s), u64 max)
{
	u64 end = s->now + max;

	while (s->now < end && !sim_failed(s)) {
		if (done(s))
			return true;
		sim_run(s, SIM_MSEC);
	}
	return !sim_failed(s) && done(s);
}

/**
 * sim_call_at() - have a function called
 * @s: simulator
 * @call: what; must stay valid
 * @t: when
 */
void sim_call_at(struct sim *s, struct sim_call *call, u64 t)
{
	call->ev.kind = SIM_EV_CALL;
	sim_heap_set(&s->heap, &call->ev, t);
}
