// SPDX-License-Identifier: GPL-2.0
/*
 * Who leads, within a view: the lead goes from one node to another by a record
 * in the order itself, and no other packet is delayed or lost for it.
 *
 * The old leader gives all that it has its place, then a packet of its own that
 * names the next one, and from then on no more.  Whoever holds the order up to
 * there knows that the log goes on in the next leader's stream, behind the last
 * packet of that stream that has its place.  The next leader begins when it
 * holds all up to there itself; what it, or anybody, sent in the meantime waits
 * for that.
 *
 * Both see to it that it is known: the old one until the next one holds it, the
 * next one until all do.  Should one of them be gone by then, a view change
 * ends the matter as it ends everything: the record is a packet like others,
 * and is recovered, or not, like others.
 *
 * A leader hands over when it is told to, when its own timers are often late,
 * and when another node sends nearly all messages, which need not travel twice
 * then.
 */
#include "engine_priv.h"

enum {
	CPG_LEAD_WHILE = 32,	/* heartbeats; the least time to lead */
	CPG_LEAD_LATE = 3,	/* so often late, and one is unwell */
	CPG_LEAD_LATE_MAX = 6,	/* more is not held against it */
	CPG_LEAD_COUNT = 8,	/* heartbeats in which packets are counted */
	CPG_LEAD_COUNT_MIN = 64,	/* fewer packets tell nothing */
	CPG_LEAD_HOT = 4,	/* so often in a row the same node */
	CPG_LEAD_KEEP = 4,	/* leads for so many times the least time */
	CPG_LEAD_DAMP_MAX = 5,	/* doublings of that */
};

static void cpg_lead_count_start(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	u32 i;

	for (i = 0; i < ep->n; i++)
		ep->node[i]->n_ordered = 0;
	ep->counted = eng->now;
}

/* This node leads from here on. */
static void cpg_lead_begin(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	u32 i;

	ep->gseq = ep->held.gseq;
	ep->pos = ep->held.pos;
	ep->n_runs = 0;
	ep->n_hot = 0;
	cpg_lead_count_start(eng);
	memset(&ep->ready, 0, sizeof(ep->ready));
	for (i = 0; i < ep->n; i++) {
		struct cpg_stream *stream = &ep->node[i]->stream;

		stream->ordered = stream->placed;
		if (stream->ordered + 1 < stream->next)
			cpg_set_add(&ep->ready, i);
	}
	/* Its own come before what it will send with their place in them. */
	cpg_order_take(eng, ep->me);
}

/* Another one leads: it has to hear of all that only the old one did. */
static void cpg_lead_follow(struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	const struct cpg_stream *own = &ep->node[ep->me]->stream;

	/* Before the new leader has to ask. */
	cpg_engine_arm(eng, &eng->ack_at, CPG_ACK_DELAY / 2);
	if (own->placed + 1 < own->next)
		cpg_engine_arm(eng, &eng->own_at, cpg_engine_rto(eng, 0));
}

static bool cpg_lead_was_asked(const struct cpg_epoch *ep)
{
	const struct cpg_pkt *pkt;

	pkt = cpg_stream_get(&ep->node[ep->turned_by]->stream, ep->turned_oseq);
	return pkt && pkt->body.is_asked;
}

/**
 * cpg_lead_turn() - the log goes on in another stream
 * @eng: engine, which holds the order up to there
 */
void cpg_lead_turn(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	struct cpg_trace trace = {
		.kind = CPG_TRACE_LEAD,
		.pos = ep->held.pos,
	};

	ep->turned_by = ep->leader;
	ep->turned_oseq = ep->node[ep->leader]->stream.placed;
	ep->turned = ep->held.gseq - 1;
	ep->turned_at = eng->now;
	ep->leader = ep->held.leader;
	ep->is_asked = cpg_lead_was_asked(ep);
	ep->n_unasked += !ep->is_asked;
	ep->acked = ep->stable;
	ep->announced = 0;
	ep->unacked = 0;
	ep->acked_at = eng->now;
	ep->ack_tries = 0;
	eng->probe_tries = 0;
	eng->own_tries = 0;
	eng->rtt_oseq = 0;
	eng->ack_at = CPG_NEVER;
	eng->announce_at = CPG_NEVER;
	eng->probe_at = CPG_NEVER;
	eng->own_at = CPG_NEVER;
	cpg_flow_turn(eng);
	if (cpg_lead_is_me(ep))
		cpg_lead_begin(eng);
	else
		cpg_lead_follow(eng);
	if (cpg_lead_is_me(ep) || ep->turned_by == ep->me)
		cpg_engine_arm(eng, &eng->probe_at, cpg_engine_rto(eng, 0));
	eng->counters[CPG_CNT_LEADS]++;
	trace.origin = ep->node[ep->leader]->nodeid;
	cpg_engine_trace(eng, &trace);
}

/* A node does not hold the order up to where the lead changed hands. */
void cpg_lead_remind(struct cpg_engine *eng, u32 idx)
{
	const struct cpg_epoch *ep = eng->epoch;
	const struct cpg_vnode *node = ep->node[idx];
	const struct cpg_pkt *pkt;

	if (node->stream.ack >= ep->turned || idx == ep->turned_by)
		return;
	pkt = cpg_stream_get(&ep->node[ep->turned_by]->stream, ep->turned_oseq);
	if (!pkt)
		return;
	eng->counters[CPG_CNT_REPAIRS_SENT]++;
	cpg_stream_xmit(eng, ep->turned_by, pkt, &node->nodeid, 1);
}

static void cpg_lead_fill(u8 *p, const struct cpg_body *body)
{
	struct cpg_wire_lead lead = {
		.oseq = cpu_to_le64(body->lead_oseq),
		.next = cpu_to_le16(body->lead),
		.flags = cpu_to_le16(body->is_asked ? CPG_LEAD_F_ASKED : 0),
	};
	struct cpg_wire_rec rec = {
		.type = CPG_REC_LEAD,
		.len = cpu_to_le16(sizeof(lead)),
	};

	memcpy(p, &rec, sizeof(rec));
	memcpy(p + sizeof(rec), &lead, sizeof(lead));
}

/* The last word of this node as leader.  False: not now. */
static bool cpg_lead_send(struct cpg_engine *eng, u32 next, bool is_asked)
{
	u32 order = cpg_order_rec_size(1);
	u32 size = order + sizeof(struct cpg_wire_rec) +
		   sizeof(struct cpg_wire_lead);
	struct cpg_epoch *ep = eng->epoch;
	struct cpg_stream *own = &ep->node[ep->me]->stream;
	u64 oseq = own->next;
	struct cpg_body body = {
		.is_data = true,
		.service = CPG_SVC_AGREED,
		.nruns = 1,
		.runs_off = cpg_order_rec_size(0),
		.gseq = ep->gseq,
		.gseq_end = ep->gseq + 1,
		.pos = ep->pos,
		.is_lead = true,
		.is_asked = is_asked,
		.lead = next,
		.lead_oseq = ep->node[next]->stream.placed,
	};
	struct cpg_buf *buf;
	enum cpg_drop drop;

	buf = cpg_env_buf_alloc(eng->env, size);
	if (!buf)
		return false;
	drop = cpg_stream_add(eng, ep->me, oseq, buf, 0, size, &body);
	if (!drop) {
		cpg_order_append(eng, ep->me, oseq, 0, true);
		cpg_order_rec_fill(ep, buf->data);
		cpg_lead_fill(buf->data + order, &body);
		own->ordered = oseq;
	}
	cpg_buf_put(buf);
	if (drop)
		return false;
	cpg_flow_sent(eng, oseq, size);
	cpg_stream_xmit(eng, ep->me, cpg_stream_get(own, oseq), ep->others,
			ep->n - 1);
	return true;
}

static int cpg_lead_hand_over(struct cpg_engine *eng, u32 next, bool is_asked)
{
	struct cpg_epoch *ep = eng->epoch;

	/* All that waits here has its place first. */
	cpg_order_flush(eng);
	cpg_order_go(eng);
	if (ep->n_runs || ep->ready.w[0] || ep->ready.w[1] ||
	    ep->held.gseq != ep->gseq || !cpg_lead_send(eng, next, is_asked))
		return -EAGAIN;
	return 0;
}

static bool cpg_lead_is_able(const struct cpg_engine *eng,
			     const struct cpg_peer *peer)
{
	return cpg_peer_in_view(peer) && cpg_peer_is_alive(eng, peer) &&
	       !peer->probe_since;
}

int cpg_engine_lead(struct cpg_engine *eng, u64 now, u32 nodeid)
{
	struct cpg_epoch *ep = eng->epoch;
	const struct cpg_peer *peer = cpg_peer_find(eng, nodeid);
	int err;

	eng->now = now;
	if (eng->state != CPG_STATE_OPERATIONAL || ep->frozen ||
	    eng->stop_at != CPG_NEVER)
		return -EBUSY;
	if (nodeid == ep->node[ep->leader]->nodeid)
		return -EALREADY;
	if (nodeid != eng->cfg.nodeid && (!peer || !cpg_peer_in_view(peer)))
		return -ENOENT;
	if (!cpg_lead_is_me(ep))
		return -EREMOTE;
	if (!cpg_lead_is_able(eng, peer))
		return -EHOSTUNREACH;
	err = cpg_lead_hand_over(eng, peer->idx, true);
	cpg_engine_run(eng, now);
	return err;
}

static u64 cpg_lead_while(const struct cpg_engine *eng)
{
	return CPG_LEAD_WHILE * eng->cfg.heartbeat;
}

/*
 * A timer of this node was late by a heartbeat or more.  Once is no reason to
 * let another lead.
 */
void cpg_lead_late(struct cpg_engine *eng)
{
	eng->n_late = min_t(u32, eng->n_late + 1, CPG_LEAD_LATE_MAX);
	if (eng->n_late >= CPG_LEAD_LATE)
		eng->is_unwell = true;
}

/* One late timer is forgiven in each while; well again when all are. */
static void cpg_lead_forgive(struct cpg_engine *eng)
{
	if (eng->now < eng->late_since + cpg_lead_while(eng))
		return;
	eng->late_since = eng->now;
	if (eng->n_late)
		eng->n_late--;
	if (!eng->n_late)
		eng->is_unwell = false;
}

/* The next one in the view that is well; CPG_NO_IDX: there is none. */
static u32 cpg_lead_next(const struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	u32 i;

	for (i = 1; i < ep->n; i++) {
		u32 idx = (ep->me + i) % ep->n;
		const struct cpg_peer *peer = ep->node[idx]->peer;

		if (cpg_lead_is_able(eng, peer) && !peer->is_unwell)
			return idx;
	}
	return CPG_NO_IDX;
}

/* The node that sent three quarters of what was ordered; or CPG_NO_IDX. */
static u32 cpg_lead_find_hot(const struct cpg_epoch *ep)
{
	u32 i, hot = 0;
	u64 sum = 0;

	for (i = 0; i < ep->n; i++) {
		sum += ep->node[i]->n_ordered;
		if (ep->node[i]->n_ordered > ep->node[hot]->n_ordered)
			hot = i;
	}
	if (sum < CPG_LEAD_COUNT_MIN ||
	    4ULL * ep->node[hot]->n_ordered < 3 * sum)
		return CPG_NO_IDX;
	return hot;
}

static void cpg_lead_count(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	u32 hot;

	if (eng->now < ep->counted + CPG_LEAD_COUNT * eng->cfg.heartbeat)
		return;
	hot = cpg_lead_find_hot(ep);
	ep->n_hot = hot == ep->hot ? ep->n_hot + 1 : 1;
	ep->hot = hot;
	cpg_lead_count_start(eng);
}

/*
 * So long the present one leads, unless told otherwise: twice as long each time
 * that it went by itself in this view.  Where all are late now and then, or one
 * after the other sends, it would never come to rest.
 */
static u64 cpg_lead_until(const struct cpg_engine *eng, u32 times)
{
	const struct cpg_epoch *ep = eng->epoch;
	u32 shift = min_t(u32, ep->n_unasked, CPG_LEAD_DAMP_MAX);

	return max(ep->since, ep->turned_at) +
	       times * (cpg_lead_while(eng) << shift);
}

/*
 * Somebody else sends nearly everything, and has for some time.  If it has
 * more than it may send, its messages wait in its queue anyway, and to lead
 * would only cost it time.
 */
static u32 cpg_lead_hot(const struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	const struct cpg_peer *peer;

	if (ep->is_asked || ep->hot == CPG_NO_IDX || ep->hot == ep->me ||
	    ep->n_hot < CPG_LEAD_HOT ||
	    eng->now < cpg_lead_until(eng, CPG_LEAD_KEEP))
		return CPG_NO_IDX;
	peer = ep->node[ep->hot]->peer;
	if (!cpg_lead_is_able(eng, peer) || peer->is_unwell ||
	    ep->node[ep->hot]->is_full)
		return CPG_NO_IDX;
	return ep->hot;
}

/* Would it be better if another led?  Not more often than once in a while. */
void cpg_lead_timer(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	u32 next;

	cpg_lead_forgive(eng);
	if (!cpg_lead_is_me(ep) || ep->n == 1 || ep->frozen ||
	    eng->state != CPG_STATE_OPERATIONAL || eng->stop_at != CPG_NEVER)
		return;
	cpg_lead_count(eng);
	if (eng->now < cpg_lead_until(eng, 1))
		return;
	next = eng->is_unwell ? cpg_lead_next(eng) : cpg_lead_hot(eng);
	if (next != CPG_NO_IDX)
		cpg_lead_hand_over(eng, next, false);
}
