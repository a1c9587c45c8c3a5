// SPDX-License-Identifier: GPL-2.0
/* What goes wrong in a run that the seed makes up, and when it ends. */
#include "swarm.h"

#define pick		swarm_pick
#define pick_log	swarm_pick_log

enum {
	STORM_PROCS_MAX = 24,	/* of a node, in a storm */
	STORM_ACTS_MAX = 32,	/* of a node, at once */
	HOLE_MIN = 100,		/* packets that get through any hole */
};

const char *const swarm_fault_names[SWARM_NR] = {
	"loss", "split", "oneway", "pair", "crash", "stop", "pause", "nomem",
	"rate", "mtu", "clock", "restart", "chain", "storm", "lead",
};

static void fault_do(struct swarm *w, enum sim_op_kind kind, u64 a, u64 b,
		     u64 c, u64 d)
{
	sim_script_do(w->sc, w->s, kind, a, b, c, d, 0);
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
	swarm_links(w, &link);
	swarm_later(w, end, SIM_OP_LINKS, 0, 0, 0);
}

/* Three sides; the middle one hears both others. */
static void fault_chain(struct swarm *w, u64 end)
{
	u64 some = sim_rng_u64(&w->rng);
	u64 middle = sim_rng_u64(&w->rng);

	fault_do(w, SIM_OP_PART, some & ~middle, ~some & ~middle, 0, 0);
	swarm_later(w, end, SIM_OP_MEND_ALL, 0, 0, 0);
}

static void fault_cut(struct swarm *w, u32 kind, u64 end)
{
	u32 n = w->s->cfg.n_nodes;
	u32 a = pick(w, 0, n - 1);
	u32 b = (a + pick(w, 1, n - 1)) % n;

	switch (kind) {
	case SWARM_SPLIT:
		fault_do(w, SIM_OP_SPLIT, sim_rng_u64(&w->rng), 0, 0, 0);
		swarm_later(w, end, SIM_OP_MEND_ALL, 0, 0, 0);
		return;
	case SWARM_CHAIN:
		fault_chain(w, end);
		return;
	case SWARM_PAIR:
		fault_do(w, SIM_OP_CUT, b, a, 0, 0);
		swarm_later(w, end, SIM_OP_MEND, b, a, 0);
		break;
	}
	fault_do(w, SIM_OP_CUT, a, b, 0, 0);
	swarm_later(w, end, SIM_OP_MEND, a, b, 0);
}

/* One direction of a link, or all that a node sends. */
static void fault_narrow(struct swarm *w, u32 kind, u64 end)
{
	enum sim_op_kind op = kind == SWARM_RATE ? SIM_OP_RATE : SIM_OP_MTU;
	u32 n = w->s->cfg.n_nodes;
	u32 from = pick(w, 0, n - 1);
	u32 only = pick(w, 0, n - 1);
	bool all = pick(w, 0, 1);
	u32 queue = 0;
	u32 val;
	u32 i;

	if (kind == SWARM_RATE) {
		val = pick_log(w, 50, 20000);
		queue = pick_log(w, 2000, 2000 + 2 * val *
				 (w->s->cfg.suspect / SIM_MSEC));
	} else {
		val = pick_log(w, HOLE_MIN, w->s->cfg.mtu);
	}
	for (i = 0; i < n; i++) {
		if (i == from || (!all && i != only))
			continue;
		fault_do(w, op, from, i, val, queue);
		swarm_later(w, end, op, from, i, 0);
	}
}

/* Some node, or the one that orders. */
static struct sim_node *pick_victim(struct swarm *w)
{
	struct sim_node *node = swarm_pick_node(w);
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

static u64 pick_leap(struct swarm *w)
{
	u64 suspect = w->s->cfg.suspect;

	if (pick(w, 0, 3) == 0)
		return pick_log(w, suspect, 3600 * SIM_SEC);
	return pick_log(w, suspect / 64, 4 * suspect);
}

static void fault_node(struct swarm *w, u32 kind, u64 len)
{
	struct sim_node *node = pick_victim(w);
	u64 end = w->s->now + len;

	if (!node)
		return;
	if (kind == SWARM_RESTART)
		end = w->s->now + pick(w, 0, w->s->cfg.suspect / 2);
	switch (kind) {
	case SWARM_RESTART:
	case SWARM_CRASH:
		fault_do(w, SIM_OP_CRASH, node->slot, 0, 0, 0);
		swarm_later(w, end, SIM_OP_START, node->slot, 0, 0);
		break;
	case SWARM_STOP:
		fault_do(w, SIM_OP_STOP, node->slot, 0, 0, 0);
		swarm_later(w, end, SIM_OP_START, node->slot, 0, 0);
		break;
	case SWARM_PAUSE:
		fault_do(w, SIM_OP_PAUSE, node->slot, len, 0, 0);
		break;
	case SWARM_CLOCK:
		fault_do(w, SIM_OP_CLOCK, node->slot, pick_leap(w), 0, 0);
		break;
	case SWARM_NOMEM:
		fault_do(w, SIM_OP_NOMEM, node->slot,
			 pick_log(w, 1 << 20, 1 << 29), 0, 0);
		swarm_later(w, end, SIM_OP_NOMEM, node->slot, 0, 0);
		break;
	}
}

/* On some nodes, processes come, send and go, all at once. */
static void fault_storm(struct swarm *w)
{
	u32 nodes = pick(w, 1, 3);
	struct sim_node *node;
	struct sim_proc *proc;
	u32 n;

	while (nodes-- && (node = swarm_pick_node(w))) {
		n = pick(w, 4, STORM_ACTS_MAX);
		while (n-- && node->eng && !sim_failed(w->s)) {
			proc = swarm_pick_proc(w, node);
			switch (proc ? pick(w, 0, 6) : 0) {
			case 0:
			case 1:
			case 2:
				swarm_join(w, node, STORM_PROCS_MAX);
				break;
			case 3:
			case 4:
			case 5:
				swarm_part(w, proc);
				break;
			default:
				swarm_send(w, proc);
				break;
			}
		}
	}
}

/* Something goes wrong, now. */
static void fault_now(struct swarm *w)
{
	u64 suspect = w->s->cfg.suspect;
	u64 len = pick_log(w, suspect / 64, 4 * suspect);
	u64 end = w->s->now + len;
	u32 kind;

	w->s->n_faults++;
	do {
		kind = 1 << pick(w, 0, SWARM_DRAWN_NR - 1);
	} while (!(kind & w->faults));
	if (kind == SWARM_LOSS)
		fault_loss(w, end);
	else if (kind & (SWARM_SPLIT | SWARM_ONEWAY | SWARM_PAIR | SWARM_CHAIN))
		fault_cut(w, kind, end);
	else if (kind & (SWARM_RATE | SWARM_MTU))
		fault_narrow(w, kind, end);
	else if (kind == SWARM_STORM)
		fault_storm(w);
	else
		fault_node(w, kind, len);
}

/* A fault that is to come. */
struct fault {
	struct sim_call	call;
	struct swarm	*w;
};

static void fault_call(struct sim *s, void *arg)
{
	(void)s;
	fault_now(((struct fault *)arg)->w);
}

static void fault_at(struct swarm *w, u64 t)
{
	struct fault *f = sim_arena_alloc(&w->s->arena, sizeof(*f));

	f->w = w;
	f->call.fn = fault_call;
	f->call.arg = f;
	sim_call_at(w->s, &f->call, t);
}

/* Everyone is busy when it happens. */
static void fault_traffic(struct swarm *w)
{
	struct sim_proc *proc;
	struct sim_node *node;
	u32 i;

	for (i = 0; i < w->s->cfg.n_nodes && !sim_failed(w->s); i++) {
		node = swarm_pick_node(w);
		proc = node ? swarm_pick_proc(w, node) : NULL;
		if (proc)
			swarm_send(w, proc);
	}
}

/**
 * swarm_fault() - time for a fault
 * @s: simulator
 * @arg: struct swarm
 *
 * With messages on their way, and perhaps with another fault in what follows
 * from it.
 */
void swarm_fault(struct sim *s, void *arg)
{
	struct swarm *w = arg;
	u64 hop = s->cfg.link.delay + s->cfg.link.jitter + s->cfg.rx_delay;
	u64 t = s->now;
	u32 n = 1;

	if (w->over)
		return;
	if (pick(w, 0, 2))
		fault_traffic(w);
	if (pick(w, 0, 2) == 0)
		n = pick(w, 2, 3);
	while (n--) {
		t += pick(w, 0, 1) ? pick(w, 0, 4 * hop) : 0;
		fault_at(w, t);
		if (pick(w, 0, 1))
			t += pick(w, 0, 2) ? pick(w, 0, 2 * s->cfg.suspect) :
			     s->cfg.suspect + pick(w, 0, 20 * hop);
	}
	sim_call_at(s, &w->fault, s->now + pick(w, 1, 2 * w->fault_gap));
}

static struct sim_node *lead_node(struct swarm *w, u32 nodeid)
{
	u32 slot = nodeid - w->s->cfg.nodeid;

	if (slot >= w->s->cfg.n_nodes || !w->s->nodes[slot].eng)
		return NULL;
	return &w->s->nodes[slot];
}

/* Some node, or any leader that a node believes in, is told to hand over. */
static void lead_now(struct swarm *w)
{
	u32 n = w->s->cfg.n_nodes;
	struct sim_node *node = &w->s->nodes[sim_rng_below(&w->lead_rng, n)];
	u32 to = sim_rng_below(&w->lead_rng, n);
	struct cpg_status st;

	if (!node->eng)
		return;
	cpg_engine_status(node->eng, &st);
	node = lead_node(w, st.leader);
	if (node)
		fault_do(w, SIM_OP_LEAD, node->slot, to, 0, 0);
}

static void lead_call(struct sim *s, void *arg)
{
	struct swarm *w = arg;
	u64 gap = w->lead_gap;

	if (w->over)
		return;
	lead_now(w);
	/* Now and then one follows another before that is known everywhere. */
	if (!sim_rng_below(&w->lead_rng, 3))
		gap = 8 * s->cfg.link.delay;
	sim_call_at(s, &w->lead, s->now + sim_rng_range(&w->lead_rng, 1, gap));
}

/**
 * swarm_lead_start() - the lead changes hands in this run
 * @w: run
 */
void swarm_lead_start(struct swarm *w)
{
	w->lead_gap = w->fault_gap >> sim_rng_below(&w->lead_rng, 5);
	w->lead.fn = lead_call;
	w->lead.arg = w;
	sim_call_at(w->s, &w->lead,
		    w->s->now + sim_rng_range(&w->lead_rng, 1, w->fault_gap));
}
