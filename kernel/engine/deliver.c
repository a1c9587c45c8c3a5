// SPDX-License-Identifier: GPL-2.0
/*
 * What packets hold, handed to those whom it is for: messages, put together
 * of their parts, and joins and leaves.  Who calls decides when.
 */
#include "engine_priv.h"

static int cpg_deliver_grow(struct cpg_engine *eng, struct cpg_stream *stream)
{
	struct cpg_event *old = stream->partial;
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
	stream->partial = ev;
	return 0;
}

/* A part of a message of another node, in its place. */
static int cpg_deliver_collect(struct cpg_engine *eng, struct cpg_vnode *node,
			       const struct cpg_pkt *pkt,
			       const struct cpg_rec *rec)
{
	struct cpg_stream *stream = &node->stream;
	bool is_whole = rec->flags & CPG_REC_F_LAST;

	if (rec->flags & CPG_REC_F_FIRST) {
		struct cpg_event *ev;

		ev = cpg_event_alloc_msg(eng->env, is_whole ? 1 :
					 rec->total / 1024 + 8);
		if (!ev)
			return -ENOMEM;
		cpg_stream_drop_partial(stream);
		ev->service = (rec->flags & CPG_REC_SERVICE_MASK) >>
			      CPG_REC_SERVICE_SHIFT;
		ev->sender.nodeid = node->nodeid;
		ev->sender.port = rec->port;
		stream->partial = ev;
		stream->partial_port = rec->port;
		stream->partial_len = rec->total;
	}
	if (!stream->partial || stream->partial_port != rec->port)
		return 0;
	if (stream->partial->nslices == stream->partial->max_slices &&
	    cpg_deliver_grow(eng, stream))
		return -ENOMEM;
	cpg_event_add_slice(stream->partial, pkt->buf,
			    (u32)(rec->data - pkt->buf->data), rec->len);
	if (stream->partial->len > stream->partial_len)
		cpg_stream_drop_partial(stream);
	return 0;
}

static void cpg_deliver_trace(struct cpg_engine *eng, u32 nodeid, u32 port,
			      u64 pos, struct cpg_event *ev, bool again)
{
	struct cpg_trace trace = {
		.kind = CPG_TRACE_DELIVER,
		.value = again,
		.pos = pos,
		.origin = nodeid,
		.port = port,
		.ev = ev,
	};

	eng->counters[CPG_CNT_MSGS_DELIVERED]++;
	cpg_engine_trace(eng, &trace);
}

static void cpg_deliver_msg(struct cpg_engine *eng, struct cpg_vnode *node,
			    const struct cpg_rec *rec, u64 pos)
{
	struct cpg_stream *stream = &node->stream;
	u64 *serial = &node->serial[rec->flags & CPG_REC_F_QUORUM ?
				    CPG_SERIAL_QUORUM : CPG_SERIAL_ANY];
	struct cpg_event *ev = stream->partial;
	struct cpg_txmsg *tx = NULL;
	bool again = false;

	/*
	 * The origin may not know that this node delivered it: it was cut off
	 * from the leader that gave it a place, and sent it again.
	 */
	if (node->peer) {
		again = rec->serial <= *serial;
		*serial = max(*serial, rec->serial);
		if (node->peer->incarnation == node->incarnation)
			memcpy(node->peer->serial, node->serial,
			       sizeof(node->serial));
	}
	if (!node->peer) {
		tx = cpg_send_first(eng, CPG_REC_MSG);
		ev = tx ? tx->ev : NULL;
	} else if (ev && (stream->partial_port != rec->port ||
			  ev->len != stream->partial_len)) {
		ev = NULL;
	}
	if (ev && !again)
		cpg_group_deliver_msg(eng, node->nodeid, rec->port, ev, pos);
	cpg_deliver_trace(eng, node->nodeid, rec->port, pos, ev, again);
	if (tx)
		cpg_send_done(eng, tx);
	else
		cpg_stream_drop_partial(stream);
}

static int cpg_deliver_rec(struct cpg_engine *eng, struct cpg_vnode *node,
			   const struct cpg_pkt *pkt,
			   const struct cpg_rec *rec, u64 pos)
{
	int err = 0;

	switch (rec->type) {
	case CPG_REC_MSG:
		if (node->peer)
			err = cpg_deliver_collect(eng, node, pkt, rec);
		if (!err && rec->flags & CPG_REC_F_LAST)
			cpg_deliver_msg(eng, node, rec, pos);
		return err;
	case CPG_REC_JOIN:
		err = cpg_group_deliver_join(eng, node->nodeid, rec, pos);
		break;
	case CPG_REC_LEAVE:
		err = cpg_group_deliver_leave(eng, node->nodeid, rec->port,
					      rec->data[0], pos);
		break;
	default:
		return 0;
	}
	if (!err)
		cpg_deliver_trace(eng, node->nodeid, rec->port, pos, NULL,
				  false);
	return err;
}

/**
 * cpg_deliver_pkt() - all messages that end in a packet
 * @eng: engine
 * @idx: its origin's place in the view
 * @pkt: the packet
 * @pos: position of the first; moved on
 * @rec_off: where to begin in the packet; moved on
 *
 * Return: 0, or -ENOMEM: call again to go on.
 */
int cpg_deliver_pkt(struct cpg_engine *eng, u32 idx, const struct cpg_pkt *pkt,
		    u64 *pos, u32 *rec_off)
{
	struct cpg_vnode *node = eng->epoch->node[idx];
	const u8 *p = pkt->buf->data + pkt->off;
	struct cpg_rec rec;
	u32 off = *rec_off;

	while (off < pkt->len && cpg_wire_rec_next(p, pkt->len, &off, &rec)) {
		if (rec.type != CPG_REC_ORDER) {
			int err = cpg_deliver_rec(eng, node, pkt, &rec, *pos);

			if (err)
				return err;
			if (rec.type != CPG_REC_MSG ||
			    rec.flags & CPG_REC_F_LAST)
				++*pos;
		}
		*rec_off = off;
	}
	node->stream.delivered = pkt->oseq;
	return 0;
}
