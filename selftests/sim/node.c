// SPDX-License-Identifier: GPL-2.0
/* Nodes: when their engines are called, and how they start and end. */
#include "sim.h"
#include "wire.h"

enum {
	NODE_SPIN_MAX = 1000,	/* timer calls without time going on */
};

/**
 * sim_node_init() - a node that is not started yet
 * @s: simulator
 * @node: node
 * @slot: its address
 */
void sim_node_init(struct sim *s, struct sim_node *node, u32 slot)
{
	memset(node, 0, sizeof(*node));
	node->s = s;
	node->slot = slot;
	node->nodeid = s->cfg.nodeid + slot;
	node->timer.kind = SIM_EV_TIMER;
	node->rx.kind = SIM_EV_RX;
	node->resume.kind = SIM_EV_RESUME;
	node->rx_from = -1;
	node->env.rng = sim_mix(s->cfg.seed + slot);
	INIT_LIST_HEAD(&node->procs);
}

static void node_fill(const struct sim_node *node,
		      struct cpg_engine_config *cfg)
{
	const struct sim_cfg *c = &node->s->cfg;
	struct sim *s = node->s;

	cpg_engine_config_init(cfg);
	cfg->nodeid = node->nodeid;
	cfg->incarnation = sim_rng_u64(&s->rng) | 1;
	cfg->cluster_id = 0x51c1;
	cfg->votes = c->votes ? c->votes[node->slot] : 1;
	cfg->expected = c->expected;
	/* The kernel takes it from the clock. */
	cfg->view_seq = max(node->max_seq + 1, (s->now - c->start) / SIM_USEC);
	cfg->seed = sim_rng_u64(&s->rng);
	if (c->mtu)
		cfg->mtu = c->mtu;
	if (c->first_no)
		cfg->first_no = c->first_no;
	if (c->heartbeat)
		cfg->heartbeat = c->heartbeat;
	if (c->suspect)
		cfg->suspect = c->suspect;
	if (c->corroborate)
		cfg->corroborate = c->corroborate;
	cfg->damp = c->damp;
	if (c->join_repeat)
		cfg->join_repeat = c->join_repeat;
	if (c->beacon)
		cfg->beacon = c->beacon;
	if (c->budget)
		cfg->budget = c->budget;
}

/**
 * sim_node_start() - switch a node on
 * @node: a node that is down
 *
 * Return: whether it is up now; it can fail for lack of memory.
 */
bool sim_node_start(struct sim_node *node)
{
	struct cpg_engine_config cfg;
	struct sim *s = node->s;
	struct cpg_engine *eng;
	u32 i;

	node_fill(node, &cfg);
	node->stopping = false;
	node->stopped = false;
	node->refused = false;
	node->paused = false;
	node->dead = false;
	node->n_views = 0;
	node->life = orc_start(&s->orc, node->nodeid);
	sim_log(s, node->nodeid, SIM_LOG_START, cfg.view_seq, 0, 0, 0, 0);
	eng = cpg_engine_create(&cfg, &sim_ops, node, &node->env,
				sim_node_now(node));
	if (IS_ERR(eng)) {
		orc_end(&s->orc, node->life, ORC_STOPPED);
		if (PTR_ERR(eng) != -ENOMEM)
			orc_fail(&s->orc, ORC_ENGINE, "node %u: create: %ld",
				 node->nodeid, PTR_ERR(eng));
		return false;
	}
	node->eng = eng;
	for (i = 0; i < s->cfg.n_nodes; i++)
		if (s->nodes[i].nodeid != node->nodeid)
			while (cpg_engine_peer_add(eng, sim_node_now(node),
						   s->nodes[i].nodeid) ==
			       -ENOMEM)
				;
	sim_node_called(node);
	return true;
}

/* The node is no more: nobody hears of it. */
static void node_down(struct sim_node *node, enum orc_end end)
{
	struct cpg_engine *eng = node->eng;
	struct sim *s = node->s;
	struct cpg_status st;
	struct sim_proc *proc;

	cpg_engine_status(eng, &st);
	s->n_views += st.counters[CPG_CNT_VIEWS];
	s->n_requeued += st.counters[CPG_CNT_REQUEUED];
	s->n_repairs += st.counters[CPG_CNT_REPAIRS_SENT];
	if (!node->refused)
		orc_end(&s->orc, node->life, end);
	node->eng = NULL;
	node->dead = true;
	sim_due_drop(node);
	list_for_each_entry(proc, &node->procs, entry) {
		if (proc->eng)
			cpg_engine_detach(eng, sim_node_now(node), proc->eng);
		proc->eng = NULL;
	}
	INIT_LIST_HEAD(&node->procs);
	cpg_engine_destroy(eng);
	sim_heap_del(&s->heap, &node->timer);
	sim_heap_del(&s->heap, &node->rx);
	sim_heap_del(&s->heap, &node->resume);
	sim_net_forget(node);
	node->paused = false;
}

/**
 * sim_node_crash() - switch a node off
 * @node: a node that is up
 */
void sim_node_crash(struct sim_node *node)
{
	sim_log(node->s, node->nodeid, SIM_LOG_CRASH, 0, 0, 0, 0, 0);
	node_down(node, ORC_CRASHED);
}

/**
 * sim_node_stop() - take a node down in good order
 * @node: a node that is up
 */
void sim_node_stop(struct sim_node *node)
{
	if (node->stopping)
		return;
	sim_log(node->s, node->nodeid, SIM_LOG_STOP, 0, 0, 0, 0, 0);
	node->stopping = true;
	orc_stopping(node->life);
	cpg_engine_stop(node->eng, sim_node_now(node));
	sim_node_called(node);
}

/**
 * sim_node_pause() - a node is not scheduled for a while
 * @node: a node that is up
 * @time: so long
 */
void sim_node_pause(struct sim_node *node, u64 time)
{
	struct sim *s = node->s;

	if (node->paused)
		return;
	sim_log(s, node->nodeid, SIM_LOG_PAUSE, time / SIM_USEC, 0, 0, 0, 0);
	node->paused = true;
	sim_heap_del(&s->heap, &node->timer);
	sim_heap_del(&s->heap, &node->rx);
	sim_heap_set(&s->heap, &node->resume, s->now + time);
}

static void node_arm(struct sim_node *node)
{
	u64 t = cpg_engine_deadline(node->eng);
	struct sim *s = node->s;

	if (t == U64_MAX) {
		sim_heap_del(&s->heap, &node->timer);
		return;
	}
	t = max(t, sim_node_now(node)) - node->skew;
	if (node->timer.pos && node->timer.t >= t &&
	    node->timer.t <= t + s->cfg.late)
		return;
	sim_heap_set(&s->heap, &node->timer,
		     t + sim_rng_below(&s->rng, s->cfg.late + 1));
}

/**
 * sim_node_lead() - a node is asked to let another lead
 * @node: a node that is up
 * @nodeid: the other
 *
 * Return: as cpg_engine_lead(), or -EBUSY if it is not scheduled.
 */
int sim_node_lead(struct sim_node *node, u32 nodeid)
{
	int err = -EBUSY;

	if (!node->paused)
		err = cpg_engine_lead(node->eng, sim_node_now(node), nodeid);
	sim_log(node->s, node->nodeid, SIM_LOG_HAND, nodeid, -err, 0, 0, 0);
	if (!node->paused)
		sim_node_called(node);
	return err;
}

/**
 * sim_node_clock() - a node's clock leaps forward
 * @node: a node that is up
 * @leap: so far
 */
void sim_node_clock(struct sim_node *node, u64 leap)
{
	sim_log(node->s, node->nodeid, SIM_LOG_CLOCK, leap / SIM_USEC, 0, 0, 0,
		0);
	node->skew += leap;
	if (!node->paused)
		node_arm(node);
}

/**
 * sim_node_nomem() - a node's allocations fail at times
 * @node: node
 * @fail: so many of 2^32
 */
void sim_node_nomem(struct sim_node *node, u32 fail)
{
	sim_log(node->s, node->nodeid, SIM_LOG_NOMEM,
		fail * 1000000ULL >> 32, 0, 0, 0, 0);
	node->env.fail = fail;
}

static void node_evict(struct sim_node *node)
{
	struct sim_proc *proc, *tmp;

	node->n_broken = 0;
	list_for_each_entry_safe(proc, tmp, &node->procs, entry)
		if (proc->broken && proc->eng)
			sim_detach(proc);
}

/**
 * sim_node_called() - a call of a node's engine is over
 * @node: the node
 */
void sim_node_called(struct sim_node *node)
{
	struct sim *s = node->s;
	const char *why;

	s->n_calls++;
	sim_due_show(node);
	node->hash_ev = NULL;
	if (s->cfg.check_every && s->n_calls % s->cfg.check_every == 0) {
		why = cpg_engine_check(node->eng);
		if (why)
			orc_fail(&s->orc, ORC_ENGINE, "node %u: %s",
				 node->nodeid, why);
	}
	if (node->n_broken) {
		node_evict(node);
		return;
	}
	if (node->stopped)
		node_down(node, ORC_STOPPED);
	else if (sim_hold(node))
		return;
	else if (!node->paused)
		node_arm(node);
}

static void node_rcv(struct sim_node *node, struct sim_pkt *pkt)
{
	struct sim *s = node->s;
	enum cpg_drop drop;

	node->rx_from = pkt->from;
	drop = cpg_engine_rcv(node->eng, sim_node_now(node), pkt->buf, 0);
	node->rx_from = -1;
	sim_log(s, node->nodeid, SIM_LOG_RCV,
		((struct cpg_wire_hdr *)pkt->buf->data)->type, pkt->from, drop,
		0, 0);
	s->n_packets++;
	sim_net_free(s, pkt);
}

/**
 * sim_node_rx() - a node handles some of the packets that wait
 * @node: the node
 */
void sim_node_rx(struct sim_node *node)
{
	struct sim *s = node->s;
	u32 n = sim_rng_range(&s->rng, 1, s->cfg.rx_batch);
	struct sim_pkt *pkt;

	while (n-- && !node->stopped && (pkt = sim_net_take(node)))
		node_rcv(node, pkt);
	cpg_engine_flush(node->eng, sim_node_now(node));
	if (node->rx_first)
		sim_heap_set(&s->heap, &node->rx, s->now +
			     sim_rng_below(&s->rng, s->cfg.rx_delay + 1));
	sim_node_called(node);
}

/**
 * sim_node_timer() - a node's timer fires
 * @node: the node; packets that wait are handled before
 */
void sim_node_timer(struct sim_node *node)
{
	struct sim *s = node->s;
	u64 due = cpg_engine_deadline(node->eng);
	struct sim_pkt *pkt;

	if (node->rx_first) {
		while (!node->stopped && (pkt = sim_net_take(node)))
			node_rcv(node, pkt);
		cpg_engine_flush(node->eng, sim_node_now(node));
	}
	sim_log(s, node->nodeid, SIM_LOG_TIMER, sim_node_now(node) - due, 0, 0,
		0, 0);
	if (!node->stopped)
		cpg_engine_timer(node->eng, sim_node_now(node));
	if (cpg_engine_deadline(node->eng) > sim_node_now(node))
		node->same_t = 0;
	else if (++node->same_t > NODE_SPIN_MAX)
		orc_fail(&s->orc, ORC_ENGINE, "node %u: the timer spins",
			 node->nodeid);
	sim_node_called(node);
}

/**
 * sim_node_resume() - a node is scheduled again
 * @node: the node
 */
void sim_node_resume(struct sim_node *node)
{
	struct sim *s = node->s;

	sim_log(s, node->nodeid, SIM_LOG_RESUME, node->rx_n, 0, 0, 0, 0);
	node->paused = false;
	if (node->rx_first)
		sim_heap_set(&s->heap, &node->rx, s->now);
	node_arm(node);
}
