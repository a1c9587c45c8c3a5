// SPDX-License-Identifier: GPL-2.0
/*
 * Flow control: how much each node may have on its way that is not stable.
 *
 * A view has a budget of bytes in flight.  One half is every node's for ever,
 * in even parts: whoever begins to send does not wait.  The other half belongs
 * to the nodes that want more, in even parts too.  The leader counts these and
 * repeats the budget and the part in every header that it sends.  Both are
 * limits, not increments, and nothing of them outlives the view: no loss and
 * no change of view can make a credit disappear.
 *
 * A node says in its own headers how much it would like to have in flight, and
 * counts as wanting more when that is half of its even part: it should not have
 * to stop while it asks.  It uses the larger limit as soon as a packet of its
 * that said so is in order, for then the leader has counted it.
 *
 * What is missed by many at once was lost in a queue that overflowed.  The
 * leader then halves the budget, and lets it grow again step by step.
 */
#include "engine_priv.h"

enum {
	/* A view begins with no more than this, whatever is configured. */
	CPG_FLOW_BUDGET_START = 1 << 20,
	CPG_FLOW_BUDGET_MAX = 1 << 30,
	/* And never has less than this, if so much is configured. */
	CPG_FLOW_BUDGET_MIN = 64 << 10,
	/* Packets that a view grows by, each time. */
	CPG_FLOW_GROW = 4,
	/* Times are shifted by this: no division; a millisecond, about. */
	CPG_FLOW_GROW_SHIFT = 20,
	CPG_FLOW_GROW_STEPS_MAX = 1 << 10,
	/* Packets, times nodes, that many miss when a queue overflows. */
	CPG_FLOW_BURST = 2,
	CPG_FLOW_BURST_MIN = 8,
	/* So many acknowledgments make a budget. */
	CPG_FLOW_ACKS = 8,
	/* Packets that are not full, without an order. */
	CPG_FLOW_UNPLACED_MAX = 4,
	/* No more than this part of the window is left unused. */
	CPG_FLOW_DEFER = 8,
	/* By this part of the budget the leader may be ahead of the others. */
	CPG_FLOW_AHEAD = 8,
};

/* Not again within this time: what was lost before the cut is still missed. */
#define CPG_FLOW_CUT_GAP	(10 * CPG_NSEC_PER_MSEC)

/* So long from one acknowledgment to the next, for each node of the view. */
#define CPG_FLOW_ACK_GAP	(3 * CPG_NSEC_PER_USEC)

static u32 cpg_flow_demand(const struct cpg_engine *eng)
{
	return min_t(u64, eng->epoch->in_flight + eng->queued, U32_MAX);
}

/*
 * Where each copy is sent by itself, all of them wait in one interface: there
 * too they must not be more than the budget.
 */
static u32 cpg_flow_bound(const struct cpg_engine *eng, u32 bytes)
{
	u32 copies = eng->epoch->n - 1;

	if (!eng->cfg.is_mesh || copies < 2)
		return bytes;
	return min(bytes, max_t(u32, eng->epoch->flow.budget / copies,
				eng->cfg.mtu));
}

/*
 * So many acknowledgments make a budget; more, if those who send have not the
 * whole of it because of their interfaces.
 */
static void cpg_flow_set_extra(struct cpg_engine *eng, u32 extra)
{
	struct cpg_flowctl *flow = &eng->epoch->flow;

	flow->extra = extra;
	flow->ack_bytes = flow->budget / CPG_FLOW_ACKS;
	if (extra)
		flow->ack_bytes = div_u64((u64)flow->ack_bytes *
					  cpg_flow_bound(eng, extra), extra);
}

static void cpg_flow_set_budget(struct cpg_engine *eng, u32 budget)
{
	struct cpg_epoch *ep = eng->epoch;

	ep->flow.budget = budget;
	ep->flow.credit = max_t(u32, budget / (2 * ep->n), eng->cfg.mtu);
}

static void cpg_flow_share(struct cpg_engine *eng)
{
	struct cpg_flowctl *flow = &eng->epoch->flow;

	cpg_flow_set_extra(eng, flow->budget /
				(2 * max_t(u32, flow->n_wanting, 1)));
}

/* The view begins. */
void cpg_flow_start(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;

	cpg_flow_set_budget(eng, min_t(u32, eng->cfg.budget,
				       CPG_FLOW_BUDGET_START));
	cpg_flow_share(eng);
	ep->flow.grown = eng->now;
	ep->acked_at = eng->now;
}

/* What this node may have in flight. */
u32 cpg_flow_limit(const struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	const struct cpg_flowctl *flow = &ep->flow;

	if (!flow->asked ||
	    flow->ahead > (s64)(flow->budget / CPG_FLOW_AHEAD) ||
	    ep->node[ep->me]->stream.placed < flow->asked)
		return flow->credit;
	return cpg_flow_bound(eng, flow->credit + flow->extra);
}

static bool cpg_flow_wants(const struct cpg_epoch *ep, u32 demand)
{
	return demand > ep->flow.credit / 2;
}

/*
 * Another one wants more, or does not any longer.  All count: whoever is handed
 * the lead has to go on with it.
 */
static void cpg_flow_count(struct cpg_engine *eng, struct cpg_vnode *node,
			   bool wants)
{
	struct cpg_flowctl *flow = &eng->epoch->flow;

	if (node->wants == wants)
		return;
	node->wants = wants;
	flow->n_wanting += wants ? 1 : -1;
	if (!cpg_lead_is_me(eng->epoch))
		return;
	flow->ahead = 0;
	cpg_flow_share(eng);
}

/* The lead has changed hands.  The budget and each one's part stay. */
void cpg_flow_turn(struct cpg_engine *eng)
{
	struct cpg_flowctl *flow = &eng->epoch->flow;

	flow->ahead = 0;
	flow->burst = 0;
	flow->cut = eng->now;
	flow->grown = eng->now;
	if (cpg_lead_is_me(eng->epoch))
		cpg_flow_share(eng);
}

static void cpg_flow_race(struct cpg_engine *eng, s64 bytes)
{
	struct cpg_flowctl *flow = &eng->epoch->flow;
	s64 ahead = flow->ahead + bytes;

	ahead = min_t(s64, ahead, flow->budget);
	flow->ahead = max_t(s64, ahead, -(s64)flow->budget);
}

/*
 * Leader: a packet of another node gets its place.  What the leader sends
 * itself does not wait for that, so the same limit would let more of it pass:
 * once well ahead, it has to do with its even part until the others have caught
 * up.
 */
void cpg_flow_ordered(struct cpg_engine *eng, const struct cpg_vnode *node,
		      u32 len)
{
	if (node->wants && eng->epoch->flow.asked)
		cpg_flow_race(eng, -(s64)len);
}

/*
 * Does this node want more than its even part?  Said in the packet that goes
 * next; @oseq: its number.
 */
static void cpg_flow_ask(struct cpg_engine *eng, u64 oseq)
{
	struct cpg_epoch *ep = eng->epoch;
	bool wants = cpg_flow_wants(ep, cpg_flow_demand(eng));

	if (!wants)
		ep->flow.asked = 0;
	else if (!ep->flow.asked)
		ep->flow.asked = oseq;
	cpg_flow_count(eng, ep->node[ep->me], wants);
}

/*
 * Would a packet that is not full be delivered hardly later if it waited for
 * company?  It costs as much as a full one.  So it is with much in flight, and
 * with some that the leader has not come to; what waits for no order would be
 * delivered later.
 */
static bool cpg_flow_packs(const struct cpg_engine *eng, u8 service)
{
	const struct cpg_epoch *ep = eng->epoch;
	const struct cpg_stream *stream = &ep->node[ep->me]->stream;

	if (ep->in_flight > ep->flow.budget / (CPG_FLOW_ACKS / 2))
		return true;
	return service >= CPG_SVC_AGREED && !cpg_lead_is_me(ep) &&
	       stream->next > stream->placed + CPG_FLOW_UNPLACED_MAX;
}

/**
 * cpg_flow_admits() - may a packet be sent now?
 * @eng: engine
 * @len: bytes of records
 * @service: of them
 * @is_full: no more would fit into it
 *
 * Return: it may.
 */
bool cpg_flow_admits(const struct cpg_engine *eng, u32 len, u8 service,
		     bool is_full)
{
	const struct cpg_epoch *ep = eng->epoch;

	if (!ep->in_flight)
		return true;
	if (!is_full && cpg_flow_packs(eng, service))
		return false;
	return ep->in_flight + len + CPG_FLOW_OVERHEAD <= cpg_flow_limit(eng);
}

/**
 * cpg_flow_defers() - is it better to wait until the window is wider?
 * @eng: engine
 * @burst: bytes that are cheaper to send together
 *
 * Else each acknowledgment, which opens the window a little, would let a packet
 * or two go, and so would the order of these, for ever: small bursts never grow
 * again.  Of a small window, a burst is only a part; two packets are the least
 * that is one.  There is something in flight, so the window will open.
 *
 * Return: it is.
 */
bool cpg_flow_defers(const struct cpg_engine *eng, u32 burst)
{
	u32 in_flight = eng->epoch->in_flight;
	u32 limit = cpg_flow_limit(eng);

	burst = min(burst, limit / CPG_FLOW_DEFER);
	return in_flight && eng->queued > burst && burst >= 2 * eng->cfg.mtu &&
	       in_flight + burst > limit;
}

void cpg_flow_sent(struct cpg_engine *eng, u64 oseq, u32 len)
{
	struct cpg_epoch *ep = eng->epoch;

	ep->in_flight += len + CPG_FLOW_OVERHEAD;
	cpg_flow_ask(eng, oseq);
	if (cpg_lead_is_me(ep) && ep->flow.asked)
		cpg_flow_race(eng, (s64)len * (ep->flow.n_wanting - 1));
}

void cpg_flow_released(struct cpg_engine *eng, u32 len)
{
	struct cpg_epoch *ep = eng->epoch;

	ep->in_flight -= len + CPG_FLOW_OVERHEAD;
	if (!ep->flow.asked || cpg_flow_wants(ep, cpg_flow_demand(eng)))
		return;
	/* Others can have it, if the leader knows. */
	cpg_flow_ask(eng, 0);
	if (!cpg_lead_is_me(ep) && eng->ack_at == CPG_NEVER)
		cpg_engine_arm(eng, &eng->ack_at, CPG_ACK_DELAY);
}

static void cpg_flow_cut(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	u32 least = max_t(u32, CPG_FLOW_BUDGET_MIN, 2 * ep->n * eng->cfg.mtu);

	least = min(least, eng->cfg.budget);
	ep->flow.burst = 0;
	ep->flow.cut = eng->now;
	cpg_flow_set_budget(eng, max_t(u32, ep->flow.budget / 2, least));
	cpg_flow_share(eng);
}

static void cpg_flow_grow(struct cpg_engine *eng)
{
	struct cpg_flowctl *flow = &eng->epoch->flow;
	u64 steps = (eng->now - flow->grown) >> CPG_FLOW_GROW_SHIFT;
	u64 budget;

	if (!steps)
		return;
	flow->grown = eng->now;
	flow->burst = 0;
	if (flow->budget == eng->cfg.budget)
		return;
	steps = min_t(u64, steps, CPG_FLOW_GROW_STEPS_MAX);
	budget = flow->budget + steps * CPG_FLOW_GROW * eng->cfg.mtu;
	cpg_flow_set_budget(eng, min_t(u64, budget, eng->cfg.budget));
	cpg_flow_share(eng);
}

/* Leader: somebody misses packets. */
static void cpg_flow_loss(struct cpg_engine *eng, u32 n)
{
	struct cpg_epoch *ep = eng->epoch;

	ep->flow.burst += n;
	if (ep->flow.burst >= max_t(u32, CPG_FLOW_BURST * ep->n,
				    CPG_FLOW_BURST_MIN) &&
	    eng->now - ep->flow.cut >= CPG_FLOW_CUT_GAP)
		cpg_flow_cut(eng);
}

/* This node asks for so many packets. */
void cpg_flow_missed(struct cpg_engine *eng, u32 n)
{
	if (cpg_lead_is_me(eng->epoch))
		cpg_flow_loss(eng, n);
	else
		eng->epoch->flow.missed += n;
}

/* What a header says of flow control. */
void cpg_flow_fill(struct cpg_engine *eng, struct cpg_wire_flow *wire)
{
	const struct cpg_epoch *ep = eng->epoch;

	if (cpg_lead_is_me(ep)) {
		cpg_flow_grow(eng);
		wire->bytes = cpu_to_le32(ep->flow.budget);
		wire->more = cpu_to_le32(ep->flow.extra);
	} else {
		wire->bytes = cpu_to_le32(cpg_flow_demand(eng));
		wire->more = cpu_to_le32(ep->flow.missed);
	}
}

/* @leads: the header is that of a leader, which may not be one any more. */
void cpg_flow_rcv(struct cpg_engine *eng, struct cpg_vnode *from,
		  const struct cpg_wire_flow *wire, bool leads)
{
	struct cpg_epoch *ep = eng->epoch;
	u32 bytes = min_t(u32, le32_to_cpu(wire->bytes), CPG_FLOW_BUDGET_MAX);
	u32 more = le32_to_cpu(wire->more);

	if (!leads) {
		cpg_flow_count(eng, from, cpg_flow_wants(ep, bytes));
		from->is_full = bytes > ep->flow.credit + ep->flow.extra;
		/* An older header may come later. */
		if (more - from->missed > U32_MAX / 2)
			return;
		if (cpg_lead_is_me(ep))
			cpg_flow_loss(eng, more - from->missed);
		from->missed = more;
	} else if (from == ep->node[ep->leader]) {
		if (bytes == ep->flow.budget && more == ep->flow.extra)
			return;
		cpg_flow_set_budget(eng, bytes);
		cpg_flow_set_extra(eng, min(more, bytes));
	}
}

/**
 * cpg_flow_ack_delay() - how long may what was delivered go unacknowledged?
 * @eng: engine; of the leader: how long may be kept what became stable?
 *
 * Senders have to know before the budget is used up.  But each acknowledgment
 * is a packet for the leader to handle, and there are as many of them as nodes.
 *
 * Return: nanoseconds; 0: no longer.
 */
u64 cpg_flow_ack_delay(const struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	u64 next = ep->acked_at + ep->n * CPG_FLOW_ACK_GAP;

	if (ep->unacked < ep->flow.ack_bytes)
		return CPG_ACK_DELAY;
	if (cpg_lead_is_me(ep))
		return 0;
	return eng->now < next ? next - eng->now : 0;
}
