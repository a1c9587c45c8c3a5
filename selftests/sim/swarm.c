// SPDX-License-Identifier: GPL-2.0
/* See swarm.h. */
#include "swarm.h"

enum {
	SWARM_BYTES_MAX = 6 << 20,	/* in all messages of a run */
	SWARM_PROCS_MAX = 4,		/* of a node, at a time */
	SWARM_GONE_MAX = 16,		/* pids that may come back */
};

struct swarm {
	struct sim		*s;
	const struct swarm_opt	*opt;
	struct sim_rng		rng;
	struct sim_call		act;
	struct sim_call		fault;
	u32			faults;
	u32			n_groups;
	u32			n_left;
	u64			gap;
	u64			fault_gap;
	u64			bytes;
	bool			services;
	bool			large;
	bool			quorum;
	bool			over;
	u32			votes[SIM_NODES_MAX];
	struct sim_link		link;
	u32			gone[SWARM_GONE_MAX];
	u32			n_gone;
};

/* A fault that ends by itself. */
struct undo {
	struct sim_call		call;
	struct swarm		*w;
	u32			a;
	u32			b;
};

static u64 pick(struct swarm *w, u64 lo, u64 hi)
{
	return sim_rng_range(&w->rng, lo, hi);
}

/* As pick(), but as many small numbers as large ones: each size is as likely */
static u64 pick_log(struct swarm *w, u64 lo, u64 hi)
{
	u32 sizes = 1;

	while (lo << sizes < hi)
		sizes++;
	lo <<= pick(w, 0, sizes - 1);
	hi = min(hi, 2 * lo);
	return pick(w, min(lo, hi), hi);
}

static void undo_at(struct swarm *w, u64 t, void (*fn)(struct sim *, void *),
		    u32 a, u32 b)
{
	struct undo *u = sim_arena_alloc(&w->s->arena, sizeof(*u));

	u->w = w;
	u->a = a;
	u->b = b;
	u->call.fn = fn;
	u->call.arg = u;
	sim_call_at(w->s, &u->call, t);
}

static struct sim_node *pick_node(struct swarm *w)
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

static struct sim_proc *pick_proc(struct swarm *w, struct sim_node *node)
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

static void act_join(struct swarm *w, struct sim_node *node)
{
	struct sim_proc *proc;
	u32 pid = 0;
	u32 n = 0;

	list_for_each_entry(proc, &node->procs, entry)
		n++;
	if (n >= SWARM_PROCS_MAX)
		return;
	if (w->n_gone && pick(w, 0, 3) == 0)
		pid = w->gone[pick(w, 0, w->n_gone - 1)];
	sim_join_as(node, pick(w, 0, w->n_groups - 1),
		    w->quorum && pick(w, 0, 1) ? CPG_JOIN_F_QUORUM : 0, pid,
		    NULL);
}

static void act_part(struct swarm *w, struct sim_proc *proc)
{
	if (pick(w, 0, 1) && !proc->leaving) {
		sim_leave(proc);
		if (pick(w, 0, 1) || !proc->eng)
			return;
	}
	w->gone[w->n_gone % SWARM_GONE_MAX] = proc->pid;
	if (w->n_gone < SWARM_GONE_MAX)
		w->n_gone++;
	sim_detach(proc);
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

static void act_send(struct swarm *w, struct sim_proc *proc)
{
	u32 n = pick_log(w, 1, 16);
	u32 len;
	u8 svc;

	while (n-- && proc->eng && !proc->leaving) {
		len = pick_len(w);
		if (w->bytes + len > SWARM_BYTES_MAX)
			len %= 100;
		w->bytes += len;
		svc = CPG_SVC_AGREED;
		if (w->services)
			svc = pick(w, 0, CPG_SVC_SAFE);
		if (sim_send(proc, svc, len))
			break;
	}
}

static void swarm_act(struct sim *s, void *arg)
{
	struct swarm *w = arg;
	struct sim_node *node = pick_node(w);
	struct sim_proc *proc = node ? pick_proc(w, node) : NULL;
	u32 p = pick(w, 0, 99);

	if (!proc && node)
		act_join(w, node);
	else if (node && p < 4)
		act_join(w, node);
	else if (node && p < 7)
		act_part(w, proc);
	else if (node)
		act_send(w, proc);
	if (--w->n_left)
		sim_call_at(s, &w->act, s->now + (pick(w, 0, 2) ?
			    pick(w, 1, 3 * w->gap) : pick_log(w, 1, w->gap)));
	else
		w->over = true;
}

static void undo_start(struct sim *s, void *arg)
{
	struct undo *u = arg;

	if (!s->nodes[u->a].eng)
		sim_node_start(&s->nodes[u->a]);
}

static void undo_cut(struct sim *s, void *arg)
{
	struct undo *u = arg;

	sim_cut(s, u->a, u->b, false);
}

static void undo_split(struct sim *s, void *arg)
{
	(void)arg;
	sim_heal(s);
}

static void undo_nomem(struct sim *s, void *arg)
{
	struct undo *u = arg;

	s->nodes[u->a].env.fail = 0;
}

static void undo_loss(struct sim *s, void *arg)
{
	struct undo *u = arg;

	sim_links_set(s, &u->w->link);
}

static void fault_loss(struct swarm *w, u64 end)
{
	struct sim_link link = w->link;

	if (pick(w, 0, 3))
		link.loss = pick_log(w, 1000, 300000);
	if (pick(w, 0, 1))
		link.dup = pick_log(w, 1000, 200000);
	if (pick(w, 0, 1))
		link.reorder = pick_log(w, 1000, 300000);
	if (pick(w, 0, 3) == 0)
		link.delay *= pick(w, 2, 10);
	if (pick(w, 0, 1))
		link.jitter += pick_log(w, 1000, link.delay);
	sim_links_set(w->s, &link);
	undo_at(w, end, undo_loss, 0, 0);
}

static void fault_cut(struct swarm *w, u32 kind, u64 end)
{
	struct sim *s = w->s;
	u32 n = s->cfg.n_nodes;
	u32 a = pick(w, 0, n - 1);
	u32 b = (a + pick(w, 1, n - 1)) % n;

	if (kind == SWARM_SPLIT) {
		sim_split(s, sim_rng_u64(&w->rng));
		undo_at(w, end, undo_split, 0, 0);
		return;
	}
	sim_cut(s, a, b, true);
	undo_at(w, end, undo_cut, a, b);
	if (kind == SWARM_PAIR) {
		sim_cut(s, b, a, true);
		undo_at(w, end, undo_cut, b, a);
	}
}

/* Some node, or the one that orders. */
static struct sim_node *pick_victim(struct swarm *w)
{
	struct sim_node *node = pick_node(w);
	struct cpg_status st;
	u32 slot;

	if (!node || pick(w, 0, 2))
		return node;
	cpg_engine_status(node->eng, &st);
	slot = (pick(w, 0, 1) ? st.leader : st.view_rep) - w->s->cfg.nodeid;
	if (slot >= w->s->cfg.n_nodes || !w->s->nodes[slot].eng ||
	    w->s->nodes[slot].paused || w->s->nodes[slot].stopping)
		return node;
	return &w->s->nodes[slot];
}

static void fault_node(struct swarm *w, u32 kind, u64 len, u64 end)
{
	struct sim_node *node = pick_victim(w);

	if (!node)
		return;
	switch (kind) {
	case SWARM_CRASH:
		sim_node_crash(node);
		undo_at(w, end, undo_start, node->slot, 0);
		break;
	case SWARM_STOP:
		sim_node_stop(node);
		undo_at(w, end, undo_start, node->slot, 0);
		break;
	case SWARM_PAUSE:
		sim_node_pause(node, len);
		break;
	case SWARM_NOMEM:
		node->env.fail = pick_log(w, 1 << 20, 1 << 29);
		sim_log(w->s, node->nodeid, SIM_LOG_NOMEM,
			node->env.fail * 1000000ULL >> 32, 0, 0, 0, 0);
		undo_at(w, end, undo_nomem, node->slot, 0);
		break;
	}
}

/* Something goes wrong, now. */
static void fault_now(struct sim *s, void *arg)
{
	struct swarm *w = ((struct undo *)arg)->w;
	u64 suspect = s->cfg.suspect;
	u64 len = pick_log(w, suspect / 64, 4 * suspect);
	u32 kind;

	s->n_faults++;
	do {
		kind = 1 << pick(w, 0, 7);
	} while (!(kind & w->faults));
	if (kind == SWARM_LOSS)
		fault_loss(w, s->now + len);
	else if (kind & (SWARM_SPLIT | SWARM_ONEWAY | SWARM_PAIR))
		fault_cut(w, kind, s->now + len);
	else
		fault_node(w, kind, len, s->now + len);
}

/* Everyone is busy when it happens. */
static void fault_traffic(struct swarm *w)
{
	struct sim_proc *proc;
	struct sim_node *node;
	u32 i;

	for (i = 0; i < w->s->cfg.n_nodes; i++) {
		node = pick_node(w);
		proc = node ? pick_proc(w, node) : NULL;
		if (proc)
			act_send(w, proc);
		if (w->s->orc.prop)
			return;
	}
}

/*
 * Time for a fault: with messages on their way, and perhaps with another one
 * in what follows from it.
 */
static void swarm_fault(struct sim *s, void *arg)
{
	struct swarm *w = arg;
	u64 hop = s->cfg.link.delay + s->cfg.link.jitter + s->cfg.rx_delay;
	u32 n = 1;
	u64 t = s->now;

	if (w->over)
		return;
	if (pick(w, 0, 2))
		fault_traffic(w);
	if (pick(w, 0, 2) == 0)
		n = pick(w, 2, 3);
	while (n--) {
		t += pick(w, 0, 1) ? pick(w, 0, 4 * hop) : 0;
		undo_at(w, t, fault_now, 0, 0);
		if (pick(w, 0, 1))
			t += pick(w, 0, 2) ? pick(w, 0, 2 * s->cfg.suspect) :
			     s->cfg.suspect + pick(w, 0, 20 * hop);
	}
	sim_call_at(s, &w->fault, s->now + pick(w, 1, 2 * w->fault_gap));
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
	static const u32 ids[] = { 1, 1, 1000, 0x7ffffff0, 0xffffff00 };

	sim_cfg_init(cfg);
	cfg->n_nodes = w->opt->n_nodes;
	if (!cfg->n_nodes)
		cfg->n_nodes = pick(w, 0, 9) ? pick(w, 2, 5) : pick(w, 6, 9);
	cfg->nodeid = ids[pick(w, 0, ARRAY_SIZE(ids) - 1)];
	cfg->start = starts[pick(w, 0, ARRAY_SIZE(starts) - 1)];
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
		w->n_left = pick(w, 20, 300);
	time = suspect * pick(w, 2, 24);
	w->gap = time / w->n_left;
	w->fault_gap = time / pick(w, 1, 12);
	w->services = !w->opt->agreed;
	w->large = pick(w, 0, 7) == 0;
	w->quorum = pick(w, 0, 1);
	w->faults = w->opt->faults;
	if (w->faults & SWARM_RANDOM)
		w->faults = pick(w, 0, 9) ? pick(w, 0, SWARM_ALL) : 0;
	if (w->s->cfg.n_nodes < 2)
		w->faults &= ~(SWARM_SPLIT | SWARM_ONEWAY | SWARM_PAIR);
	if (w->opt->loss_set)
		w->link.loss = w->opt->loss * 10000;
}

static void swarm_start(struct swarm *w)
{
	struct sim *s = w->s;
	u32 i;

	sim_links_set(s, &w->link);
	for (i = 0; i < s->cfg.n_nodes; i++)
		undo_at(w, s->now + pick_log(w, 1000, 4 * s->cfg.suspect),
			undo_start, i, 0);
	w->act.fn = swarm_act;
	w->act.arg = w;
	sim_call_at(s, &w->act, s->now + pick_log(w, 1000, s->cfg.suspect));
	w->fault.fn = swarm_fault;
	w->fault.arg = w;
	if (w->faults)
		sim_call_at(s, &w->fault, s->now + pick(w, 1, w->fault_gap));
}

/* Would there be a majority without this node, and the rest up? */
static bool heal_spare(const struct swarm *w, const struct sim_node *node)
{
	const struct sim_cfg *cfg = &w->s->cfg;
	u32 votes = 0;
	u32 i;

	for (i = 0; i < cfg->n_nodes; i++)
		if (i != node->slot)
			votes += cfg->votes ? cfg->votes[i] : 1;
	return 2 * votes > cfg->expected;
}

/* Faults are over: everything works, whoever was switched off may come back */
static void swarm_heal(struct swarm *w)
{
	struct sim *s = w->s;
	struct sim_node *spare = NULL;
	u32 n_up = 0;
	u32 i;

	w->link.loss = 0;
	w->link.dup = 0;
	w->link.reorder = 0;
	/* What is under way ends in its time. */
	sim_run(s, 4 * s->cfg.suspect + SIM_SEC);
	sim_links_set(s, &w->link);
	sim_heal(s);
	for (i = 0; i < s->cfg.n_nodes; i++) {
		s->nodes[i].env.fail = 0;
		n_up += !!s->nodes[i].eng;
	}
	for (i = 0; i < s->cfg.n_nodes; i++)
		if (!s->nodes[i].eng && !sim_failed(s))
			sim_node_start(&s->nodes[i]);
		else if (n_up > 1 && pick(w, 0, 9) == 0)
			spare = &s->nodes[i];
	/* Who waits for a majority would wait for ever. */
	if (spare && !sim_failed(s) && (!w->quorum || heal_spare(w, spare)))
		sim_node_crash(spare);
}

/**
 * swarm_run() - a run
 * @s: simulator; says afterwards what came of it
 * @seed: decides all that @opt leaves open
 * @opt: what is asked for
 */
void swarm_run(struct sim *s, u64 seed, const struct swarm_opt *opt)
{
	struct swarm w = { .s = s, .opt = opt };
	struct sim_cfg cfg;

	sim_rng_seed(&w.rng, sim_mix(seed));
	plan_cfg(&w, &cfg);
	cfg.seed = seed;
	sim_begin(s, &cfg);
	plan_work(&w);
	swarm_start(&w);
	while (!w.over && sim_run(s, SIM_MSEC))
		;
	if (!sim_failed(s))
		swarm_heal(&w);
	sim_end(s, true);
}
