// SPDX-License-Identifier: GPL-2.0
/*
 * What packets hold, handed to those whom it is for: messages, put together
 * of their parts, joins, leaves and holds.
 *
 * The order decides when AGREED and SAFE are delivered.  FIFO and UNORDERED
 * packets are delivered as soon as they may; when the order comes to their
 * place, it passes over them.
 */
#include "engine_priv.h"

static int cpg_deliver_grow(struct cpg_engine *eng, struct cpg_partial *partial)
{
	struct cpg_event *old = partial->ev;
	struct cpg_event *ev;

	ev = cpg_event_alloc_msg(eng->env, 2 * old->max_slices);
	if (!ev)
		return -ENOMEM;
	memcpy(cpg_event_slices(ev), cpg_event_slices(old),
	       old->nslices * sizeof(struct cpg_slice));
	ev->nslices = old->nslices;
	ev->len = old->len;
	ev->service = old->service;
	ev->sender = old->sender;
	old->nslices = 0;
	cpg_event_put(old);
	partial->ev = ev;
	return 0;
}

static struct cpg_event *cpg_deliver_alloc(struct cpg_engine *eng,
					   const struct cpg_vnode *node,
					   const struct cpg_rec *rec,
					   u32 max_slices)
{
	struct cpg_event *ev = cpg_event_alloc_msg(eng->env, max_slices);

	if (!ev)
		return NULL;
	ev->service = (rec->flags & CPG_REC_SERVICE_MASK) >>
		      CPG_REC_SERVICE_SHIFT;
	ev->sender.nodeid = node->nodeid;
	ev->sender.port = rec->port;
	return ev;
}

/* A part of a message of another node. */
static int cpg_deliver_collect(struct cpg_engine *eng,
			       const struct cpg_vnode *node,
			       const struct cpg_pkt *pkt,
			       const struct cpg_rec *rec,
			       struct cpg_partial *partial)
{
	if (rec->flags & CPG_REC_F_FIRST) {
		struct cpg_event *ev = cpg_deliver_alloc(eng, node, rec,
							 rec->total / 1024 + 8);

		if (!ev)
			return -ENOMEM;
		cpg_stream_drop_partial(partial);
		partial->ev = ev;
		partial->port = rec->port;
		partial->len = rec->total;
	}
	if (!partial->ev || partial->port != rec->port)
		return 0;
	if (partial->ev->nslices == partial->ev->max_slices &&
	    cpg_deliver_grow(eng, partial))
		return -ENOMEM;
	cpg_event_add_slice(partial->ev, pkt->buf,
			    (u32)(rec->data - pkt->buf->data), rec->len);
	if (partial->ev->len > partial->len)
		cpg_stream_drop_partial(partial);
	return 0;
}

static noinline void cpg_deliver_trace(struct cpg_engine *eng, u32 nodeid,
				       const struct cpg_rec *rec, u64 pos,
				       struct cpg_event *ev, bool again)
{
	struct cpg_trace trace = {
		.kind = CPG_TRACE_DELIVER,
		.value = again,
		.pos = pos,
		.origin = nodeid,
		.port = rec->port,
		.serial = rec->serial,
		.ev = ev,
	};

	cpg_engine_trace(eng, &trace);
}

/*
 * The origin may not know that this node delivered a message: it was cut off
 * from the leader that gave it, or what is before it, a place, and sent it
 * again.  What is UNORDERED the origin delivered when it sent it.
 */
static bool cpg_deliver_is_again(struct cpg_vnode *node, u8 service,
				 const struct cpg_rec *rec)
{
	u64 *serial = &node->serial[rec->flags & CPG_REC_F_QUORUM ?
				    CPG_SERIAL_QUORUM : CPG_SERIAL_ANY];
	bool again = rec->serial <= *serial;

	if (!node->peer || service == CPG_SVC_UNORDERED)
		return false;
	*serial = max(*serial, rec->serial);
	if (node->peer->incarnation == node->incarnation)
		memcpy(node->peer->serial, node->serial, sizeof(node->serial));
	return again;
}

/* @ev is NULL if there is nothing to deliver. */
static void cpg_deliver_event(struct cpg_engine *eng, struct cpg_vnode *node,
			      u8 service, const struct cpg_rec *rec,
			      struct cpg_event *ev, u64 pos)
{
	bool again = cpg_deliver_is_again(node, service, rec);

	if (ev && !again)
		cpg_group_deliver_msg(eng, node->nodeid, rec->port, ev, pos);
	eng->counters[CPG_CNT_MSGS_DELIVERED]++;
	if (cpg_env_traces_deliver())
		cpg_deliver_trace(eng, node->nodeid, rec, pos, ev, again);
}

static void cpg_deliver_own(struct cpg_engine *eng, struct cpg_vnode *node,
			    u8 service, const struct cpg_rec *rec, u64 pos)
{
	struct cpg_txmsg *tx = cpg_send_first(eng, service);

	cpg_deliver_event(eng, node, service, rec, tx ? tx->ev : NULL, pos);
	if (tx)
		cpg_send_done(eng, tx);
}

/* A message of another node that is in one piece. */
static int cpg_deliver_whole(struct cpg_engine *eng, struct cpg_vnode *node,
			     const struct cpg_pkt *pkt,
			     const struct cpg_rec *rec, u64 pos)
{
	struct cpg_event *ev = cpg_deliver_alloc(eng, node, rec, 1);

	if (!ev)
		return -ENOMEM;
	cpg_event_add_slice(ev, pkt->buf, (u32)(rec->data - pkt->buf->data),
			    rec->len);
	cpg_deliver_event(eng, node, pkt->body.service, rec,
			  rec->len == rec->total ? ev : NULL, pos);
	cpg_event_put(ev);
	return 0;
}

static int cpg_deliver_part(struct cpg_engine *eng, struct cpg_vnode *node,
			    const struct cpg_pkt *pkt,
			    const struct cpg_rec *rec, u64 pos)
{
	u8 service = pkt->body.service;
	/* It can come between two parts of another. */
	struct cpg_partial *partial = &node->stream.partial[service];
	struct cpg_event *ev;

	if (cpg_deliver_collect(eng, node, pkt, rec, partial))
		return -ENOMEM;
	if (!(rec->flags & CPG_REC_F_LAST))
		return 0;
	ev = partial->ev;
	if (ev && (partial->port != rec->port || ev->len != partial->len))
		ev = NULL;
	cpg_deliver_event(eng, node, service, rec, ev, pos);
	cpg_stream_drop_partial(partial);
	return 0;
}

static int cpg_deliver_msg(struct cpg_engine *eng, struct cpg_vnode *node,
			   const struct cpg_pkt *pkt,
			   const struct cpg_rec *rec, u64 pos)
{
	const u8 whole_flags = CPG_REC_F_FIRST | CPG_REC_F_LAST;

	if (!node->peer) {
		if (rec->flags & CPG_REC_F_LAST)
			cpg_deliver_own(eng, node, pkt->body.service, rec, pos);
		return 0;
	}
	if ((rec->flags & whole_flags) == whole_flags)
		return cpg_deliver_whole(eng, node, pkt, rec, pos);
	return cpg_deliver_part(eng, node, pkt, rec, pos);
}

static int cpg_deliver_rec(struct cpg_engine *eng, struct cpg_vnode *node,
			   const struct cpg_pkt *pkt,
			   const struct cpg_rec *rec, u64 pos)
{
	int err = 0;

	switch (rec->type) {
	case CPG_REC_MSG:
		return cpg_deliver_msg(eng, node, pkt, rec, pos);
	case CPG_REC_JOIN:
		err = cpg_group_deliver_join(eng, node->nodeid, rec, pos);
		break;
	case CPG_REC_LEAVE:
		err = cpg_group_deliver_leave(eng, node->nodeid, rec->port,
					      rec->data[0], pos);
		break;
	case CPG_REC_HOLD:
		cpg_hold_deliver(eng, node->nodeid, rec->port, rec->data[0]);
		break;
	default:
		return 0;
	}
	if (!err)
		cpg_deliver_trace(eng, node->nodeid, rec, pos, NULL, false);
	return err;
}

/* All messages that end in a FIFO or UNORDERED packet, once. */
static int cpg_deliver_take(struct cpg_engine *eng, u32 idx,
			    struct cpg_pkt *pkt)
{
	const u8 *p = pkt->buf->data + pkt->off;
	struct cpg_rec rec;
	u32 off = pkt->taken;

	while (off < pkt->len && cpg_wire_rec_next(p, pkt->len, &off, &rec)) {
		if (cpg_deliver_rec(eng, eng->epoch->node[idx], pkt, &rec, 0))
			return -ENOMEM;
		pkt->taken = off;
	}
	return 0;
}

/*
 * Are the joins of all that send in an UNORDERED packet in order, here too?
 * FIFO packets are behind them anyway.
 */
static bool cpg_deliver_is_known(const struct cpg_engine *eng, u32 idx,
				 const struct cpg_pkt *pkt)
{
	const u8 *p = pkt->buf->data + pkt->off;
	u32 nodeid = eng->epoch->node[idx]->nodeid;
	struct cpg_rec rec;
	u32 off = 0;

	while (off < pkt->len && cpg_wire_rec_next(p, pkt->len, &off, &rec)) {
		const struct cpg_proc *proc;

		if (rec.type != CPG_REC_MSG)
			continue;
		proc = cpg_group_proc_find(eng, nodeid, rec.port);
		if (!proc || !proc->is_member)
			return false;
	}
	return true;
}

/*
 * Deliver the packets of a service that may be delivered, up to the first gap
 * in the stream.  FIFO stops at what has to be delivered in its place before,
 * UNORDERED at a join that is not in order.  The place of those up to @placed
 * has come: they wait for nothing.
 */
static int cpg_deliver_walk(struct cpg_engine *eng, u32 idx, u8 service,
			    u64 placed)
{
	struct cpg_stream *stream = &eng->epoch->node[idx]->stream;
	u64 *next = &stream->early[service];

	if (!stream->has_early)
		return 0;
	/* What was let go was delivered. */
	*next = max(*next, stream->base);
	for (; *next < stream->next; ++*next) {
		struct cpg_pkt *pkt = cpg_stream_get(stream, *next);

		if (!pkt || !pkt->body.is_data)
			continue;
		if (pkt->body.service != service) {
			if (service == CPG_SVC_FIFO &&
			    pkt->body.service > CPG_SVC_FIFO &&
			    *next > stream->delivered)
				return 0;
			continue;
		}
		if (service == CPG_SVC_UNORDERED && *next > placed &&
		    !cpg_deliver_is_known(eng, idx, pkt))
			return 0;
		if (cpg_deliver_take(eng, idx, pkt))
			return -ENOMEM;
	}
	return 0;
}

/* An UNORDERED packet waits for no other, but for the parts of its messages. */
static int cpg_deliver_lone(struct cpg_engine *eng, u32 idx,
			    struct cpg_pkt *pkt)
{
	if (!pkt->body.is_data || pkt->body.has_part ||
	    pkt->body.service != CPG_SVC_UNORDERED ||
	    !cpg_deliver_is_known(eng, idx, pkt))
		return 0;
	return cpg_deliver_take(eng, idx, pkt);
}

/**
 * cpg_deliver_early() - a packet came: deliver what waited for nothing else
 * @eng: engine
 * @idx: its origin's place in the view
 * @oseq: its number
 *
 * What there is no memory for is delivered when its place comes.
 */
void cpg_deliver_early(struct cpg_engine *eng, u32 idx, u64 oseq)
{
	struct cpg_stream *stream = &eng->epoch->node[idx]->stream;

	if (!stream->has_early)
		return;
	cpg_deliver_lone(eng, idx, cpg_stream_get(stream, oseq));
	cpg_deliver_walk(eng, idx, CPG_SVC_UNORDERED, 0);
	cpg_deliver_walk(eng, idx, CPG_SVC_FIFO, 0);
}

/**
 * cpg_deliver_flush() - deliver all that need not wait for the order
 * @eng: engine, holding all that those hold that go together
 *
 * Whatever one of these delivered early, it held.
 *
 * Return: 0, or -ENOMEM: call again to go on.
 */
int cpg_deliver_flush(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	u32 idx;

	for (idx = 0; idx < ep->n; idx++) {
		struct cpg_stream *stream = &ep->node[idx]->stream;
		u64 end = min(stream->high + 1,
			      stream->base + CPG_STREAM_WINDOW);
		u64 oseq;

		for (oseq = stream->base; oseq < end; oseq++) {
			struct cpg_pkt *pkt = cpg_stream_get(stream, oseq);

			if (pkt && cpg_deliver_lone(eng, idx, pkt))
				return -ENOMEM;
		}
		if (cpg_deliver_walk(eng, idx, CPG_SVC_UNORDERED, 0) ||
		    cpg_deliver_walk(eng, idx, CPG_SVC_FIFO, 0))
			return -ENOMEM;
	}
	return 0;
}

/* The order comes to a FIFO or UNORDERED packet. */
static int cpg_deliver_pass(struct cpg_engine *eng, u32 idx,
			    struct cpg_pkt *pkt, u64 *pos)
{
	const u8 *p = pkt->buf->data + pkt->off;
	struct cpg_trace trace = {
		.kind = CPG_TRACE_PLACE,
		.origin = eng->epoch->node[idx]->nodeid,
	};
	struct cpg_rec rec;
	u32 off = 0;

	cpg_deliver_walk(eng, idx, pkt->body.service, pkt->oseq);
	if (pkt->taken < pkt->len)
		return -ENOMEM;
	while (off < pkt->len && cpg_wire_rec_next(p, pkt->len, &off, &rec)) {
		if (rec.type != CPG_REC_MSG || !(rec.flags & CPG_REC_F_LAST))
			continue;
		trace.pos = (*pos)++;
		trace.port = rec.port;
		trace.serial = rec.serial;
		cpg_engine_trace(eng, &trace);
	}
	return 0;
}

static int cpg_deliver_placed(struct cpg_engine *eng, u32 idx,
			      const struct cpg_pkt *pkt, u64 *pos, u32 *rec_off)
{
	const u8 *p = pkt->buf->data + pkt->off;
	struct cpg_rec rec;
	u32 off = *rec_off;

	while (off < pkt->len && cpg_wire_rec_next(p, pkt->len, &off, &rec)) {
		if (rec.type != CPG_REC_ORDER && rec.type != CPG_REC_LEAD) {
			if (cpg_deliver_rec(eng, eng->epoch->node[idx], pkt,
					    &rec, *pos))
				return -ENOMEM;
			if (rec.type != CPG_REC_MSG ||
			    rec.flags & CPG_REC_F_LAST)
				++*pos;
		}
		*rec_off = off;
	}
	return 0;
}

/**
 * cpg_deliver_pkt() - all messages that end in a packet whose place has come
 * @eng: engine
 * @idx: its origin's place in the view
 * @pkt: the packet
 * @pos: position of the first; moved on
 * @rec_off: where to begin in the packet; moved on
 *
 * Return: 0, or -ENOMEM: call again to go on.
 */
int cpg_deliver_pkt(struct cpg_engine *eng, u32 idx, struct cpg_pkt *pkt,
		    u64 *pos, u32 *rec_off)
{
	struct cpg_stream *stream = &eng->epoch->node[idx]->stream;
	int err;

	if (pkt->body.service <= CPG_SVC_FIFO)
		err = cpg_deliver_pass(eng, idx, pkt, pos);
	else
		err = cpg_deliver_placed(eng, idx, pkt, pos, rec_off);
	if (err)
		return err;
	stream->delivered = pkt->oseq;
	if (!stream->has_early)
		return 0;
	/* Something may have waited for it. */
	cpg_deliver_walk(eng, idx, CPG_SVC_UNORDERED, 0);
	cpg_deliver_walk(eng, idx, CPG_SVC_FIFO, 0);
	return 0;
}
