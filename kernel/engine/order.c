// SPDX-License-Identifier: GPL-2.0
/*
 * The total order of a view: the leader gives packets their place, everyone
 * delivers them in it, and what all nodes hold is let go.
 *
 * The order is not kept beside the streams.  The leader's stream is the log:
 * its ORDER records name runs of packets, and cursors walk through them; from
 * one stream into another where the lead changes hands (lead.c).  The first
 * finds out what this node holds, which is what it acknowledges; the
 * second delivers, and stops at SAFE that not everyone holds; the third lets
 * go of what is stable and delivered.
 */
#include "engine_priv.h"

/* This node holds the order, and everything in it, up to here. */
u64 cpg_order_ack(const struct cpg_epoch *ep)
{
	return ep->held.gseq - 1;
}

const struct cpg_wire_run *cpg_order_run(const struct cpg_pkt *pkt, u32 run)
{
	const u8 *p = pkt->buf->data + pkt->off + pkt->body.runs_off;

	return (const struct cpg_wire_run *)p + run;
}

/* A packet of the log is done with: on to the one that follows it. */
static void cpg_order_step(struct cpg_cursor *cur, const struct cpg_pkt *pkt)
{
	if (pkt->body.is_lead) {
		cur->leader = pkt->body.lead;
		cur->oseq = pkt->body.lead_oseq;
	}
	cur->oseq++;
	cur->run = 0;
	cur->off = 0;
}

static bool cpg_order_is_wrong(const struct cpg_cursor *cur,
			       const struct cpg_pkt *pkt)
{
	return !cur->run && !cur->off && !cur->rec_off &&
	       pkt->body.gseq != cur->gseq;
}

/* May the log go on where this packet says?  Only behind what has a place. */
static bool cpg_order_may_turn(const struct cpg_epoch *ep,
			       const struct cpg_pkt *pkt)
{
	const struct cpg_body *body = &pkt->body;

	return !body->is_lead ||
	       (pkt->oseq == ep->node[ep->held.leader]->stream.placed &&
		body->lead_oseq == ep->node[body->lead]->stream.placed);
}

/**
 * cpg_order_log() - the packet of the log in which the next run is
 * @ep: the view
 * @cur: steps over packets whose runs are done; places are counted by the
 *	caller
 *
 * Return: the packet, or NULL: it is not here, or not what has to be here.
 */
const struct cpg_pkt *cpg_order_log(const struct cpg_epoch *ep,
				    struct cpg_cursor *cur)
{
	for (;;) {
		const struct cpg_pkt *pkt;

		pkt = cpg_stream_get(&ep->node[cur->leader]->stream, cur->oseq);
		if (!pkt)
			return NULL;
		if (cur->run < pkt->body.nruns)
			return cpg_order_is_wrong(cur, pkt) ? NULL : pkt;
		cpg_order_step(cur, pkt);
	}
}

/* A packet of a run: is it here? */
static enum cpg_order_at cpg_order_at_run(const struct cpg_epoch *ep,
					  u32 origin, u64 num, u32 *idx,
					  u64 *oseq)
{
	*idx = origin;
	*oseq = num;
	return cpg_stream_get(&ep->node[origin]->stream, num) ?
	       CPG_ORDER_PKT : CPG_ORDER_GONE;
}

/**
 * cpg_order_peek() - what comes next
 * @ep: the view
 * @cur: steps over packets of the leader whose runs are done
 * @idx: stores the origin's place in the view
 * @oseq: stores the packet's number
 *
 * Return: enum cpg_order_at.
 */
enum cpg_order_at cpg_order_peek(struct cpg_epoch *ep, struct cpg_cursor *cur,
				 u32 *idx, u64 *oseq)
{
	const struct cpg_wire_run *run;
	const struct cpg_pkt *pkt;

	if (cur->off)
		return cpg_order_at_run(ep, cur->origin,
					cur->first + cur->off, idx, oseq);
	for (;;) {
		struct cpg_stream *log = &ep->node[cur->leader]->stream;

		pkt = cpg_stream_get(log, cur->oseq);
		if (!pkt)
			return CPG_ORDER_END;
		if (cur->run < pkt->body.nruns)
			break;
		if (cur == &ep->held && !cpg_order_may_turn(ep, pkt))
			return CPG_ORDER_WRONG;
		if (cur == &ep->rel)
			log->walked = cur->oseq;
		cpg_order_step(cur, pkt);
	}
	if (cpg_order_is_wrong(cur, pkt) ||
	    (cur == &ep->held && !cur->run && pkt->body.pos != cur->pos))
		return CPG_ORDER_WRONG;
	run = cpg_order_run(pkt, cur->run);
	return cpg_order_at_run(ep, le16_to_cpu(run->origin),
				le64_to_cpu(run->oseq), idx, oseq);
}

/* Pass the packet that cpg_order_peek() found. */
void cpg_order_advance(struct cpg_epoch *ep, struct cpg_cursor *cur)
{
	if (!cur->off) {
		const struct cpg_stream *log = &ep->node[cur->leader]->stream;
		const struct cpg_wire_run *run;

		run = cpg_order_run(cpg_stream_get(log, cur->oseq), cur->run);
		cur->first = le64_to_cpu(run->oseq);
		cur->origin = le16_to_cpu(run->origin);
		cur->count = le16_to_cpu(run->count);
	}
	cur->gseq++;
	cur->rec_off = 0;
	if (++cur->off < cur->count)
		return;
	cur->run++;
	cur->off = 0;
}

/*
 * Leader's duty: what an origin sends gets its place in the order of sending.
 * Does @oseq come next, if the last one was @after?
 */
bool cpg_order_follows(const struct cpg_stream *stream, u64 after, u64 oseq)
{
	u64 i;

	if (oseq <= after)
		return false;
	for (i = max(after + 1, stream->base); i < oseq; i++) {
		const struct cpg_pkt *pkt = cpg_stream_get(stream, i);

		if (!pkt || pkt->body.is_data)
			return false;
	}
	return true;
}

/**
 * cpg_order_hold() - go on with what this node holds, by one packet
 * @ep: the view
 * @idx: stores the origin's place in the view
 * @oseq: stores the packet's number
 *
 * Return: CPG_ORDER_PKT, or why there is no going on.
 */
enum cpg_order_at cpg_order_hold(struct cpg_epoch *ep, u32 *idx, u64 *oseq)
{
	enum cpg_order_at at = cpg_order_peek(ep, &ep->held, idx, oseq);
	const struct cpg_pkt *pkt;
	struct cpg_stream *stream;

	if (at != CPG_ORDER_PKT)
		return at;
	stream = &ep->node[*idx]->stream;
	if (!cpg_order_follows(stream, stream->placed, *oseq))
		return CPG_ORDER_WRONG;
	pkt = cpg_stream_get(stream, *oseq);
	if (pkt->body.service == CPG_SVC_SAFE)
		ep->safe = ep->held.gseq;
	stream->placed = *oseq;
	ep->held.pos += pkt->body.nmsgs;
	cpg_order_advance(ep, &ep->held);
	return CPG_ORDER_PKT;
}

/* The leader has just been told what this node holds. */
void cpg_order_acked(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;

	ep->unacked = 0;
	ep->acked_at = eng->now;
	ep->acked = cpg_order_ack(ep);
	eng->ack_at = CPG_NEVER;
	/* SAFE waits for the answer; that, or this, can get lost. */
	if (ep->safe > ep->stable)
		cpg_engine_arm(eng, &eng->ack_at,
			       cpg_engine_rto(eng, ep->ack_tries));
}

static void cpg_order_ack_send(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;

	ep->told_at = eng->now;
	cpg_order_acked(eng);
	cpg_peer_send_status(eng, &ep->node[ep->leader]->nodeid, 1, false);
}

static void cpg_order_announce(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;

	ep->told_at = eng->now;
	cpg_order_sent(eng);
	cpg_peer_send_status(eng, ep->others, ep->n - 1, false);
}

/* This node has just told everyone what it holds and what is stable. */
void cpg_order_sent(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;

	ep->unacked = 0;
	ep->acked_at = eng->now;
	ep->announced = ep->stable;
	eng->ack_at = CPG_NEVER;
	eng->announce_at = CPG_NEVER;
}

/*
 * The end of a batch: what is news for those who wait for SAFE goes out now.
 * Under load every batch has such news, and is not worth a packet.
 */
void cpg_order_hurry(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	bool is_leader = cpg_lead_is_me(ep);
	u64 told = is_leader ? ep->announced : ep->acked;
	u64 *timer = is_leader ? &eng->announce_at : &eng->ack_at;
	u64 at = ep->told_at + ep->n * CPG_HURRY_GAP;

	if (ep->frozen || ep->n == 1 || ep->safe <= told ||
	    (is_leader ? ep->stable : cpg_order_ack(ep)) <= told)
		return;
	if (eng->now < at)
		cpg_engine_arm(eng, timer, min(*timer, at) - eng->now);
	else if (is_leader)
		cpg_order_announce(eng);
	else
		cpg_order_ack_send(eng);
}

/* Who says again what it said before has not heard what is stable. */
void cpg_order_remind(struct cpg_engine *eng, const struct cpg_vnode *from,
		      u64 ack, u64 stable)
{
	struct cpg_epoch *ep = eng->epoch;

	if (cpg_lead_is_me(ep) && ack == from->stream.ack &&
	    stable < ep->announced)
		cpg_peer_send_status(eng, &from->nodeid, 1, false);
}

static void cpg_order_progress(struct cpg_engine *eng, u32 len)
{
	struct cpg_epoch *ep = eng->epoch;
	u64 wait;

	if (cpg_lead_is_me(ep))
		return;
	ep->unacked += len;
	wait = cpg_flow_ack_delay(eng);
	if (!wait)
		cpg_order_ack_send(eng);
	else if (eng->ack_at > eng->now + wait)
		cpg_engine_arm(eng, &eng->ack_at, wait);
}

/**
 * cpg_order_deliver() - deliver what this node holds
 * @eng: engine
 * @safe: SAFE only up to this place
 *
 * Return: 0, or -ENOMEM: call again to go on.
 */
int cpg_order_deliver(struct cpg_engine *eng, u64 safe)
{
	struct cpg_epoch *ep = eng->epoch;
	struct cpg_cursor *cur = &ep->cur;
	u32 idx;
	u64 oseq;

	/* Looked for first: what the cursor has passed is let go of. */
	while (cpg_order_peek(ep, cur, &idx, &oseq) == CPG_ORDER_PKT &&
	       cur->gseq < ep->held.gseq) {
		struct cpg_pkt *pkt;

		pkt = cpg_stream_get(&ep->node[idx]->stream, oseq);
		if (pkt->body.service == CPG_SVC_SAFE && cur->gseq > safe)
			return 0;
		if (cpg_deliver_pkt(eng, idx, pkt, &cur->pos, &cur->rec_off))
			return -ENOMEM;
		cpg_order_advance(ep, cur);
	}
	return 0;
}

/*
 * The order goes on, but not here: somebody was named to go on with it, in a
 * packet that is missing.
 */
static void cpg_order_missed(struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;

	if (ep->known >= ep->held.gseq && !cpg_lead_is_me(ep))
		cpg_stream_announce(eng, ep->leader, ep->held.oseq);
}

/* Find out what has come into order. */
static void cpg_order_hold_all(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;

	for (;;) {
		const struct cpg_pkt *pkt;
		enum cpg_order_at at;
		u32 idx;
		u64 oseq;

		at = cpg_order_hold(ep, &idx, &oseq);
		if (ep->held.leader != ep->leader)
			cpg_lead_turn(eng);
		switch (at) {
		case CPG_ORDER_PKT:
			break;
		case CPG_ORDER_GONE:
			cpg_stream_announce(eng, idx, oseq);
			return;
		case CPG_ORDER_WRONG:
			cpg_view_gather(eng);
			return;
		case CPG_ORDER_END:
			cpg_order_missed(eng);
			return;
		}
		pkt = cpg_stream_get(&ep->node[idx]->stream, oseq);
		cpg_order_progress(eng, pkt->len);
		if (idx == ep->me)
			cpg_send_progress(eng);
	}
}

/* What of a stream is needed neither for itself nor for the order in it. */
static void cpg_order_let_go(struct cpg_engine *eng, u32 idx)
{
	struct cpg_stream *stream = &eng->epoch->node[idx]->stream;
	const struct cpg_pkt *pkt;

	while ((pkt = cpg_stream_get(stream, stream->base)) &&
	       (!pkt->body.nruns || pkt->oseq <= stream->walked) &&
	       (!pkt->body.is_data || pkt->oseq <= stream->freed))
		cpg_stream_release(eng, idx, pkt->oseq);
}

/* Let go of what is stable and delivered. */
void cpg_order_release(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	u64 end = min(ep->stable + 1, ep->cur.gseq);
	u32 idx;
	u64 oseq;

	for (;;) {
		u32 leader = ep->rel.leader;
		enum cpg_order_at at;
		const struct cpg_pkt *pkt;
		struct cpg_stream *stream;

		at = cpg_order_peek(ep, &ep->rel, &idx, &oseq);
		cpg_order_let_go(eng, leader);
		if (at == CPG_ORDER_END || at == CPG_ORDER_WRONG ||
		    ep->rel.gseq >= end)
			return;
		cpg_order_advance(ep, &ep->rel);
		stream = &ep->node[idx]->stream;
		if (cpg_lead_is_me(ep)) {
			pkt = cpg_stream_get(stream, oseq);
			ep->unacked += pkt ? pkt->len : 0;
		}
		stream->freed = oseq;
		/* What its node said of the order is behind, or no order. */
		if (idx != ep->rel.leader)
			stream->walked = max(stream->walked, oseq);
		cpg_order_let_go(eng, idx);
	}
}

/* All nodes hold the order up to here: nobody will ask for it again. */
void cpg_order_set_stable(struct cpg_engine *eng, u64 stable)
{
	struct cpg_epoch *ep = eng->epoch;

	stable = min(stable, cpg_order_ack(ep));
	if (stable <= ep->stable)
		return;
	ep->stable = stable;
	ep->ack_tries = 0;
	if (!cpg_lead_is_me(ep) || ep->n == 1)
		return;
	eng->probe_tries = 0;
	eng->probe_at = CPG_NEVER;
	if (ep->stable < ep->gseq - 1)
		cpg_engine_arm(eng, &eng->probe_at, cpg_engine_rto(eng, 0));
}

/* Leader: has more become stable than the others know? */
static void cpg_order_spread(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	u64 wait;

	if (!cpg_lead_is_me(ep) || ep->n == 1 ||
	    ep->stable <= ep->announced)
		return;
	wait = cpg_flow_ack_delay(eng);
	if (!wait)
		cpg_order_announce(eng);
	else if (eng->announce_at > eng->now + wait)
		cpg_engine_arm(eng, &eng->announce_at, wait);
}

/*
 * Leader: what do all nodes hold?  Looks at none of them: that was done when
 * the last of those at the lower end moved on.
 */
static void cpg_order_restable(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;

	if (!cpg_lead_is_me(ep))
		return;
	if (ep->n == 1)
		cpg_order_set_stable(eng, cpg_order_ack(ep));
	else
		cpg_order_set_stable(eng, min(ep->low, cpg_order_ack(ep)));
}

static void cpg_order_find_low(struct cpg_epoch *ep)
{
	u32 i;

	ep->low = U64_MAX;
	for (i = 0; i < ep->n; i++) {
		u64 ack = ep->node[i]->stream.ack;

		if (i == ep->me || ack > ep->low)
			continue;
		if (ack < ep->low)
			ep->n_low = 0;
		ep->low = ack;
		ep->n_low++;
	}
}

static void cpg_order_note_ack(struct cpg_epoch *ep, struct cpg_vnode *from,
			       u64 ack)
{
	u64 old = from->stream.ack;

	if (ack <= old)
		return;
	from->stream.ack = ack;
	if (old == ep->low && !--ep->n_low)
		cpg_order_find_low(ep);
}

/* Go on with the order as far as that is possible now. */
void cpg_order_go(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;

	if (ep->frozen)
		return;
	cpg_order_hold_all(eng);
	cpg_order_restable(eng);
	if (cpg_order_deliver(eng, ep->stable))
		cpg_engine_arm(eng, &eng->nomem_at, CPG_NOMEM_DELAY);
	cpg_order_release(eng);
	cpg_order_spread(eng);
}

void cpg_order_ack_rcv(struct cpg_engine *eng, struct cpg_vnode *from, u64 ack,
		       u64 stable, const struct cpg_wire_flow *flow,
		       bool leads)
{
	struct cpg_epoch *ep = eng->epoch;
	bool is_leader = from == ep->node[ep->leader];

	cpg_order_note_ack(ep, from, ack);
	cpg_flow_rcv(eng, from, flow, leads);
	cpg_order_set_stable(eng, stable);
	if (!is_leader)
		return;
	if (stable < cpg_order_ack(ep) && eng->ack_at == CPG_NEVER)
		cpg_engine_arm(eng, &eng->ack_at, CPG_ACK_DELAY);
}

u32 cpg_order_rec_size(u32 n_runs)
{
	return sizeof(struct cpg_wire_rec) + sizeof(struct cpg_wire_order) +
	       n_runs * sizeof(struct cpg_wire_run);
}

/* Write the record for all runs that wait, at @p. */
u32 cpg_order_rec_fill(struct cpg_epoch *ep, u8 *p)
{
	u32 size = cpg_order_rec_size(ep->n_runs);
	struct cpg_wire_rec rec = {
		.type = CPG_REC_ORDER,
		.len = cpu_to_le16(size - sizeof(rec)),
	};
	struct cpg_wire_order order = {
		.gseq = cpu_to_le64(ep->runs_gseq),
		.pos = cpu_to_le64(ep->runs_pos),
	};

	memcpy(p, &rec, sizeof(rec));
	memcpy(p + sizeof(rec), &order, sizeof(order));
	memcpy(p + sizeof(rec) + sizeof(order), ep->runs,
	       ep->n_runs * sizeof(ep->runs[0]));
	ep->n_runs = 0;
	return size;
}

/* So many runs fit into a packet. */
static u32 cpg_order_runs_max(const struct cpg_engine *eng)
{
	u32 room = eng->cfg.mtu - CPG_DATA_HDR - cpg_order_rec_size(0);

	return min_t(u32, room / sizeof(struct cpg_wire_run),
		     CPG_ORDER_RUNS_MAX);
}

/*
 * Leader: give a packet its place.  @is_apart: in a run of its own, for which
 * there is room already.  False if no more runs fit just now.
 */
bool cpg_order_append(struct cpg_engine *eng, u32 idx, u64 oseq, u32 nmsgs,
		      bool is_apart)
{
	struct cpg_epoch *ep = eng->epoch;
	struct cpg_wire_run *run = NULL;

	if (ep->n_runs)
		run = &ep->runs[ep->n_runs - 1];
	if (run && !is_apart && le16_to_cpu(run->origin) == idx &&
	    le64_to_cpu(run->oseq) + le16_to_cpu(run->count) == oseq &&
	    le16_to_cpu(run->count) < CPG_STREAM_WINDOW) {
		run->count = cpu_to_le16(le16_to_cpu(run->count) + 1);
		run->nmsgs = cpu_to_le32(le32_to_cpu(run->nmsgs) + nmsgs);
	} else {
		if (ep->n_runs == cpg_order_runs_max(eng))
			return false;
		if (!ep->n_runs) {
			ep->runs_gseq = ep->gseq;
			ep->runs_pos = ep->pos;
		}
		ep->runs[ep->n_runs++] = (struct cpg_wire_run) {
			.oseq = cpu_to_le64(oseq),
			.origin = cpu_to_le16(idx),
			.count = cpu_to_le16(1),
			.nmsgs = cpu_to_le32(nmsgs),
		};
	}
	ep->gseq++;
	ep->pos += nmsgs;
	ep->node[idx]->n_ordered++;
	return true;
}

/* Send the runs that wait in a packet of their own. */
static bool cpg_order_send(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	struct cpg_stream *log = &ep->node[ep->me]->stream;
	struct cpg_body body = {
		.nruns = ep->n_runs,
		.runs_off = cpg_order_rec_size(0),
		.gseq = ep->runs_gseq,
		.gseq_end = ep->gseq,
		.pos = ep->runs_pos,
	};
	u32 size = cpg_order_rec_size(ep->n_runs);
	struct cpg_buf *buf;
	enum cpg_drop drop;

	if (log->next >= log->base + CPG_STREAM_WINDOW)
		return false;
	buf = cpg_env_buf_alloc(eng->env, size);
	if (!buf)
		goto nomem;
	drop = cpg_stream_add(eng, ep->me, log->next, buf, 0, size, &body);
	if (drop) {
		cpg_buf_put(buf);
		goto nomem;
	}
	cpg_order_rec_fill(ep, buf->data);
	cpg_buf_put(buf);
	eng->counters[CPG_CNT_ORDERS_SENT]++;
	cpg_order_sent(eng);
	cpg_stream_xmit(eng, ep->me, cpg_stream_get(log, log->next - 1),
			ep->others, ep->n - 1);
	if (eng->probe_at == CPG_NEVER)
		cpg_engine_arm(eng, &eng->probe_at, cpg_engine_rto(eng, 0));
	return true;
nomem:
	cpg_engine_arm(eng, &eng->nomem_at, CPG_NOMEM_DELAY);
	return false;
}

/* Leader: give a place to what has come of one node.  False: not to all. */
bool cpg_order_take(struct cpg_engine *eng, u32 idx)
{
	struct cpg_vnode *node = eng->epoch->node[idx];
	struct cpg_stream *stream = &node->stream;

	while (stream->ordered + 1 < stream->next) {
		u64 oseq = stream->ordered + 1;
		const struct cpg_pkt *pkt = cpg_stream_get(stream, oseq);

		if (!pkt || !pkt->body.is_data) {
			stream->ordered = oseq;
		} else if (cpg_order_append(eng, idx, oseq, pkt->body.nmsgs,
					    false)) {
			stream->ordered = oseq;
			if (idx != eng->epoch->me)
				cpg_flow_ordered(eng, node, pkt->len);
		} else if (!cpg_order_send(eng)) {
			return false;
		}
	}
	cpg_set_del(&eng->epoch->ready, idx);
	return true;
}

/* Leader: give a place to all that has come, and tell everyone.  Was it any? */
bool cpg_order_flush(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	bool is_any = false;
	u32 i;

	if (!cpg_lead_is_me(ep) || ep->frozen)
		return false;
	for (i = 0; i < ARRAY_SIZE(ep->ready.w); i++)
		while (ep->ready.w[i]) {
			is_any = true;
			if (!cpg_order_take(eng, 64 * i +
					    __ffs64(ep->ready.w[i])))
				return true;
		}
	if (!ep->n_runs)
		return is_any;
	cpg_order_send(eng);
	return true;
}

/*
 * Leader: remind those that are behind; whoever handed over, the next leader,
 * until that one knows.
 */
static void cpg_order_probe(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	bool is_behind = false;
	u64 end;
	u32 i;

	eng->probe_at = CPG_NEVER;
	if (ep->frozen || ep->n == 1)
		return;
	end = cpg_lead_is_me(ep) ? ep->gseq - 1 : ep->turned;
	for (i = 0; i < ep->n; i++) {
		if (i == ep->me || ep->node[i]->stream.ack >= end ||
		    (!cpg_lead_is_me(ep) && i != ep->leader))
			continue;
		is_behind = true;
		cpg_lead_remind(eng, i);
		cpg_peer_send_status(eng, &ep->node[i]->nodeid, 1, false);
	}
	if (!is_behind)
		return;
	cpg_engine_arm(eng, &eng->probe_at,
		       cpg_engine_rto(eng, ++eng->probe_tries));
}

/* The view is about to end: nothing is said in it any more. */
static void cpg_order_quiet(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	u32 i;

	eng->ack_at = CPG_NEVER;
	eng->announce_at = CPG_NEVER;
	eng->probe_at = CPG_NEVER;
	for (i = 0; i < ep->n; i++)
		ep->node[i]->stream.nak_at = CPG_NEVER;
}

void cpg_order_timer(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	u32 i;

	if (eng->nomem_at <= eng->now)
		eng->nomem_at = CPG_NEVER;
	if (ep->frozen) {
		cpg_order_quiet(eng);
		return;
	}
	if (eng->ack_at <= eng->now) {
		ep->ack_tries++;
		cpg_order_ack_send(eng);
	}
	if (eng->announce_at <= eng->now)
		cpg_order_announce(eng);
	if (eng->probe_at <= eng->now)
		cpg_order_probe(eng);
	for (i = 0; i < ep->n; i++)
		if (ep->node[i]->stream.nak_at <= eng->now)
			cpg_stream_nak_send(eng, i);
}
