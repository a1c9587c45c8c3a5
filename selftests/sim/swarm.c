// SPDX-License-Identifier: GPL-2.0
/* See swarm.h. */
#include "swarm.h"

enum {
	SWARM_BYTES_MAX = 1 << 20,	/* in all messages of a run */
	SWARM_BYTES_LARGE = 6 << 20,	/* the same with large messages */
	SWARM_PROCS_MAX = 4,		/* of a node, at a time */
	SWARM_ACT = 5,			/* events of an act, on average */
};

#define pick		swarm_pick
#define pick_log	swarm_pick_log

/* A number, @lo to @hi. */
u64 swarm_pick(struct swarm *w, u64 lo, u64 hi)
{
	return sim_rng_range(&w->rng, lo, hi);
}

/* As many small numbers as large ones: each size is as likely. */
u64 swarm_pick_log(struct swarm *w, u64 lo, u64 hi)
{
	u32 sizes = 1;

	while (lo << sizes < hi)
		sizes++;
	lo <<= pick(w, 0, sizes - 1);
	hi = min(hi, 2 * lo);
	return pick(w, min(lo, hi), hi);
}

/* As pick(): runs without lazy processes are as if these did not exist. */
static u64 pick_lazy(struct swarm *w, u64 lo, u64 hi)
{
	return sim_rng_range(&w->lazy_rng, lo, hi);
}

static void do_op(struct swarm *w, enum sim_op_kind kind, u64 a, u64 b, u64 c,
		  u64 d)
{
	sim_script_do(w->sc, w->s, kind, a, b, c, d, 0);
}

/* What all links are like from now on. */
void swarm_links(struct swarm *w, const struct sim_link *link)
{
	sim_script_do(w->sc, w->s, SIM_OP_LINKS, link->loss, link->dup,
		      link->reorder, link->delay, link->jitter);
}

/* Something that is done later; links become healthy again. */
struct later {
	struct sim_call		call;
	struct swarm		*w;
	enum sim_op_kind	kind;
	u64			a[3];
};

static void later_now(struct sim *s, void *arg)
{
	struct later *l = arg;

	if (l->kind == SIM_OP_LINKS)
		swarm_links(l->w, &l->w->link);
	else if (l->kind != SIM_OP_START || !s->nodes[l->a[0]].eng)
		do_op(l->w, l->kind, l->a[0], l->a[1], l->a[2], 0);
}

void swarm_later(struct swarm *w, u64 t, enum sim_op_kind kind, u64 a, u64 b,
		 u64 c)
{
	struct later *l = sim_arena_alloc(&w->s->arena, sizeof(*l));

	l->w = w;
	l->kind = kind;
	l->a[0] = a;
	l->a[1] = b;
	l->a[2] = c;
	l->call.fn = later_now;
	l->call.arg = l;
	sim_call_at(w->s, &l->call, t);
}

/* A node that is well, or NULL. */
struct sim_node *swarm_pick_node(struct swarm *w)
{
	struct sim *s = w->s;
	u32 first = pick(w, 0, s->cfg.n_nodes - 1);
	struct sim_node *node;
	u32 i;

	for (i = 0; i < s->cfg.n_nodes; i++) {
		node = &s->nodes[(first + i) % s->cfg.n_nodes];
		if (node->eng && !node->paused && !node->stopping)
			return node;
	}
	return NULL;
}

/* One of its processes, or NULL. */
struct sim_proc *swarm_pick_proc(struct swarm *w, struct sim_node *node)
{
	struct sim_proc *proc;
	u32 n = 0;

	list_for_each_entry(proc, &node->procs, entry)
		n++;
	n = pick(w, 0, n);
	list_for_each_entry(proc, &node->procs, entry)
		if (n-- <= 1)
			return proc;
	return NULL;
}

static void act_counts(struct swarm *w)
{
	if (w->n_left)
		w->n_left--;
}

/* A process joins, unless the node has @max. */
void swarm_join(struct swarm *w, struct sim_node *node, u32 max)
{
	struct sim_proc *proc;
	u32 flags = 0;
	u32 pid = 0;
	u32 n = 0;

	list_for_each_entry(proc, &node->procs, entry)
		n++;
	act_counts(w);
	if (n >= max)
		return;
	if (w->n_gone && pick(w, 0, 3) == 0)
		pid = w->gone[pick(w, 0, min_t(u32, w->n_gone,
					       SWARM_GONE_MAX) - 1)];
	if (!pid)
		pid = w->s->next_pid++;
	if (w->quorum && pick(w, 0, 1))
		flags = CPG_JOIN_F_QUORUM;
	sim_script_do(w->sc, w->s, SIM_OP_JOIN, w->next_proc++, node->slot,
		      pick(w, 0, w->n_groups - 1), pid, flags);
	if (w->lazy && pick_lazy(w, 0, 1))
		do_op(w, SIM_OP_LAZY, w->next_proc - 1,
		      pick_lazy(w, 0, 3) ? SIM_LAZY : SIM_LAZY_PATIENT, 0, 0);
}

/* A process leaves, ends, or both. */
void swarm_part(struct swarm *w, struct sim_proc *proc)
{
	act_counts(w);
	if (pick(w, 0, 1) && !proc->leaving) {
		do_op(w, SIM_OP_LEAVE, proc->no, 0, 0, 0);
		if (pick(w, 0, 1) || !proc->eng)
			return;
	}
	w->gone[w->n_gone++ % SWARM_GONE_MAX] = proc->pid;
	do_op(w, SIM_OP_DETACH, proc->no, 0, 0, 0);
}

static u32 pick_len(struct swarm *w)
{
	u32 p = pick(w, 0, 999);
	u32 max = w->large ? CPG_MSG_MAX : 100000;

	if (p < 50)
		return 0;
	if (p < 150)
		return pick(w, 1, 7);
	if (p < 750)
		return pick(w, 8, 200);
	if (p < 970)
		return pick(w, 201, 4000);
	if (p < 996)
		return pick(w, 4001, 65536);
	return pick(w, 0, 3) ? pick(w, 65537, max) : max;
}

/* How long a message may wait for the next. */
static u64 pick_wait(struct swarm *w)
{
	if (!w->packs || !sim_rng_below(&w->pack_rng, 4))
		return 0;
	return sim_rng_range(&w->pack_rng, 1, SIM_MSEC);
}

/* A process sends some messages. */
void swarm_send(struct swarm *w, struct sim_proc *proc)
{
	u64 max_bytes = w->large ? SWARM_BYTES_LARGE : SWARM_BYTES_MAX;
	u32 n = pick_log(w, 1, 16);
	u32 len;
	u8 svc;

	while (n-- && proc->eng && !proc->leaving && !sim_failed(w->s)) {
		len = pick_len(w);
		if (w->bytes + len > max_bytes)
			len %= 100;
		w->bytes += len;
		svc = CPG_SVC_AGREED;
		if (w->services)
			svc = pick(w, 0, CPG_SVC_SAFE);
		act_counts(w);
		do_op(w, SIM_OP_SEND, proc->no, svc, len, pick_wait(w));
	}
}

/* One of the lazy ones reads, a little or all; nobody sees to all of them. */
static void swarm_read(struct sim *s, void *arg)
{
	struct swarm *w = arg;
	struct sim_proc *proc;

	proc = sim_script_proc(w->sc, w->next_proc ?
			       pick_lazy(w, 0, w->next_proc - 1) : 0);
	if (proc && proc->lazy && !proc->node->paused)
		do_op(w, SIM_OP_READ, proc->no, pick_lazy(w, 0, 2) ?
		      pick_lazy(w, 0, 2 * SIM_RCV_HIGH) : U64_MAX, 0, 0);
	if (!w->over)
		sim_call_at(s, &w->read, s->now +
			    pick_lazy(w, 1, s->cfg.slow / 2));
}

static void swarm_act(struct sim *s, void *arg)
{
	struct swarm *w = arg;
	struct sim_node *node = swarm_pick_node(w);
	struct sim_proc *proc = node ? swarm_pick_proc(w, node) : NULL;
	u32 p = pick(w, 0, 99);
	u32 n_left = w->n_left;

	if (!proc && node)
		swarm_join(w, node, SWARM_PROCS_MAX);
	else if (node && p < 4)
		swarm_join(w, node, SWARM_PROCS_MAX);
	else if (node && p < 7)
		swarm_part(w, proc);
	else if (node)
		swarm_send(w, proc);
	if (node && w->packs && !sim_rng_below(&w->pack_rng, 4))
		do_op(w, SIM_OP_PUSH, node->slot, 0, 0, 0);
	/* Nobody may be up any more, or able to send. */
	if (w->n_left == n_left)
		act_counts(w);
	if (w->n_left)
		sim_call_at(s, &w->act, s->now + (pick(w, 0, 2) ?
			    pick(w, 1, 3 * w->gap) : pick_log(w, 1, w->gap)));
	else
		w->over = true;
}

/* Not all nodes count the same, and some may be missing for good. */
static void plan_votes(struct swarm *w, struct sim_cfg *cfg)
{
	u32 sum = 0;
	u32 i;

	if (pick(w, 0, 2))
		return;
	for (i = 0; i < cfg->n_nodes; i++) {
		w->votes[i] = pick(w, 0, 3);
		sum += w->votes[i];
	}
	if (!sum) {
		w->votes[0] = 1;
		sum = 1;
	}
	cfg->votes = w->votes;
	cfg->expected = sum + (sum > 1 && pick(w, 0, 1));
}

static void plan_cfg(struct swarm *w, struct sim_cfg *cfg)
{
	static const u32 mtus[] = { 1452, 1452, 1452, 548, 9000, 65507 };
	static const u64 starts[] = { 0, 1, 1ULL << 40, 1ULL << 62 };
	static const u32 firsts[] = { 0, 0, 0x7ffffff8, 0xfffffff8 };
	static const u32 ids[] = { 1, 1, 1000, 0x7ffffff0, 0xffffff00 };

	sim_cfg_init(cfg);
	cfg->n_nodes = w->opt->n_nodes;
	if (!cfg->n_nodes)
		cfg->n_nodes = pick(w, 0, 9) ? pick(w, 2, 5) : pick(w, 6, 9);
	else if (cfg->n_nodes < w->opt->max_nodes)
		cfg->n_nodes = pick(w, cfg->n_nodes, w->opt->max_nodes);
	cfg->nodeid = ids[pick(w, 0, ARRAY_SIZE(ids) - 1)];
	cfg->start = starts[pick(w, 0, ARRAY_SIZE(starts) - 1)];
	cfg->first_no = firsts[pick(w, 0, ARRAY_SIZE(firsts) - 1)];
	if (pick(w, 0, 3) == 0)
		sim_cfg_profile(cfg, CPG_PROFILE_DEFAULT);
	if (pick(w, 0, 3))
		cfg->damp = 0;
	plan_votes(w, cfg);
	cfg->mtu = mtus[pick(w, 0, ARRAY_SIZE(mtus) - 1)];
	if (pick(w, 0, 3) == 0)
		cfg->budget = pick_log(w, 64 << 10, 4 << 20);
	cfg->link.delay = pick_log(w, 5 * SIM_USEC, cfg->suspect / 20);
	cfg->link.jitter = pick_log(w, 1000, cfg->link.delay);
	cfg->rx_delay = pick_log(w, 1000, 100 * SIM_USEC);
	cfg->rx_batch = pick_log(w, 1, 64);
	cfg->late = pick_log(w, 1000, SIM_MSEC);
	cfg->check_every = w->opt->check_every;
	cfg->verbose = w->opt->verbose;
}

/* The workload lasts for a while; so many faults fall into that time. */
static void plan_work(struct swarm *w)
{
	u64 suspect = w->s->cfg.suspect;
	u64 time;

	w->link = w->s->cfg.link;
	w->n_groups = pick(w, 1, 4);
	w->n_left = w->opt->n_events;
	if (!w->n_left)
		w->n_left = pick(w, 100, 1500);
	time = suspect * pick(w, 2, 24);
	w->gap = SWARM_ACT * time / w->n_left;
	w->fault_gap = time / pick(w, 1, 12);
	w->services = !w->opt->agreed;
	w->large = pick(w, 0, 7) == 0;
	w->quorum = pick(w, 0, 1);
	w->lazy = pick_lazy(w, 0, 2) == 0;
	w->packs = sim_rng_below(&w->pack_rng, 3) == 0;
	w->faults = w->opt->faults;
	if (w->faults & SWARM_RANDOM)
		w->faults = pick(w, 0, 9) ? pick(w, 0, SWARM_DRAWN) : 0;
	if ((w->opt->faults & SWARM_RANDOM) &&
	    sim_rng_below(&w->lead_rng, 3) == 0)
		w->faults |= SWARM_LEAD;
	if (w->s->cfg.n_nodes < 2)
		w->faults &= ~(SWARM_SPLIT | SWARM_ONEWAY | SWARM_PAIR |
			       SWARM_CHAIN);
	if (w->opt->loss_set)
		w->link.loss = w->opt->loss * 10000;
}

static void swarm_start(struct swarm *w)
{
	struct sim *s = w->s;
	u32 i;

	swarm_links(w, &w->link);
	for (i = 0; i < s->cfg.n_nodes; i++)
		swarm_later(w, s->now + pick_log(w, 1000, 4 * s->cfg.suspect),
			    SIM_OP_START, i, 0, 0);
	w->act.fn = swarm_act;
	w->act.arg = w;
	sim_call_at(s, &w->act, s->now + pick_log(w, 1000, s->cfg.suspect));
	w->fault.fn = swarm_fault;
	w->fault.arg = w;
	if (w->faults & SWARM_DRAWN)
		sim_call_at(s, &w->fault, s->now + pick(w, 1, w->fault_gap));
	w->read.fn = swarm_read;
	w->read.arg = w;
	if (w->lazy)
		sim_call_at(s, &w->read, s->now + s->cfg.suspect);
	if (w->faults & SWARM_LEAD)
		swarm_lead_start(w);
}

/* What is under way at the end of the work ends in its time. */
static u64 rest_time(const struct sim_cfg *cfg)
{
	return 4 * cfg->suspect + SIM_SEC;
}

/* Would there be a majority without this node, and the rest up? */
static bool heal_spare(const struct swarm *w, u32 slot)
{
	const struct sim_cfg *cfg = &w->s->cfg;
	u32 votes = 0;
	u32 i;

	for (i = 0; i < cfg->n_nodes; i++)
		if (i != slot)
			votes += cfg->votes ? cfg->votes[i] : 1;
	return 2 * votes > cfg->expected;
}

/* Faults are over: everything works, whoever was switched off may come back */
static void swarm_heal(struct swarm *w)
{
	struct sim *s = w->s;
	u32 spare = s->cfg.n_nodes;
	u32 n_up = 0;
	u32 i;

	w->link.loss = 0;
	w->link.dup = 0;
	w->link.reorder = 0;
	sim_run(s, rest_time(&s->cfg));
	swarm_links(w, &w->link);
	do_op(w, SIM_OP_HEAL, 0, 0, 0, 0);
	/* So may who was taken for a second one of its id, and stopped. */
	for (i = 0; i < s->cfg.n_nodes; i++)
		if (s->nodes[i].eng && s->nodes[i].refused)
			do_op(w, SIM_OP_CRASH, i, 0, 0, 0);
	for (i = 0; i < s->cfg.n_nodes; i++)
		n_up += !!s->nodes[i].eng;
	/* A node whose good-bye got lost has to be forgotten first. */
	if (n_up < s->cfg.n_nodes)
		sim_run(s, 4 * s->cfg.beacon);
	for (i = 0; i < s->cfg.n_nodes; i++)
		if (!s->nodes[i].eng)
			do_op(w, SIM_OP_START, i, 0, 0, 0);
		else if (n_up > 1 && pick(w, 0, 9) == 0)
			spare = i;
	/* Who waits for a majority would wait for ever. */
	if (spare < s->cfg.n_nodes && (!w->quorum || heal_spare(w, spare)))
		do_op(w, SIM_OP_CRASH, spare, 0, 0, 0);
	do_op(w, SIM_OP_END, 0, 0, 0, 0);
}

/**
 * swarm_heal_add() - give a run that broke off an end
 * @sc: its steps so far
 */
void swarm_heal_add(struct sim_script *sc)
{
	const struct sim_cfg *cfg = &sc->cfg;
	u64 t = cfg->start;
	u32 i;

	if (sc->n && sc->op[sc->n - 1].kind == SIM_OP_END)
		return;
	for (i = 0; i < sc->n; i++)
		t = max(t, sc->op[i].t);
	t += rest_time(cfg);
	sim_script_add(sc, t, SIM_OP_LINKS, 0, 0, 0, cfg->link.delay,
		       cfg->link.jitter);
	sim_script_add(sc, t, SIM_OP_HEAL, 0, 0, 0, 0, 0);
	for (i = 0; i < cfg->n_nodes; i++)
		sim_script_add(sc, t, SIM_OP_START, i, 0, 0, 0, 0);
	sim_script_add(sc, t, SIM_OP_END, 0, 0, 0, 0, 0);
}

/**
 * swarm_run() - a run
 * @s: simulator; says afterwards what came of it
 * @sc: says what was done
 * @seed: decides all that @opt leaves open
 * @opt: what is asked for
 */
void swarm_run(struct sim *s, struct sim_script *sc, u64 seed,
	       const struct swarm_opt *opt)
{
	struct swarm w = { .s = s, .sc = sc, .opt = opt };
	struct sim_cfg cfg;

	sim_rng_seed(&w.rng, sim_mix(seed));
	sim_rng_seed(&w.lazy_rng, sim_mix(seed ^ 0x1a2));
	sim_rng_seed(&w.pack_rng, sim_mix(seed ^ 0x9ac));
	sim_rng_seed(&w.lead_rng, sim_mix(~seed));
	plan_cfg(&w, &cfg);
	cfg.seed = seed;
	cfg.slow = pick_lazy(&w, 1, 10) * cfg.suspect / 2;
	sc->n = 0;
	sc->n_procs = 0;
	sim_script_begin(sc, s, &cfg);
	plan_work(&w);
	swarm_start(&w);
	while (!w.over && sim_run(s, SIM_MSEC))
		;
	if (!sim_failed(s))
		swarm_heal(&w);
	sim_end(s, true);
}
