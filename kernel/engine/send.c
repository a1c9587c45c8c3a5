// SPDX-License-Identifier: GPL-2.0
/*
 * The way of this node's messages into its stream: packed while they wait, cut
 * when they are too large, and held until they were delivered here, so that
 * what a view change catches on the way can be sent again in the next view.
 */
#include "engine_priv.h"

enum {
	/* Packets of its stream that a leader keeps free for ORDER. */
	CPG_SEND_RESERVE = 64,
	/* Packets repeated to the leader at once. */
	CPG_SEND_REPEAT_MAX = 4,
	/*
	 * So many full packets, and what waits for company has enough: no
	 * more travel as one.
	 */
	CPG_SEND_BURST = 16,
	/* For so many it is better to wait until the window is wider. */
	CPG_SEND_DEFER = 16,
};

/* What will go into the next packet. */
struct cpg_send_plan {
	u32	bytes;		/* of all records */
	u32	n_whole;	/* messages that end in it */
	u32	part;		/* bytes of one that does not; 0: none */
	bool	is_full;	/* nothing more fits, or may go along */
	bool	is_begun;	/* part of the first message has gone */
	u8	service;	/* of all of them */
};

/* Nothing of it was sent. */
static void cpg_send_rewind(struct cpg_txmsg *tx)
{
	tx->sent = 0;
	tx->slice = 0;
	tx->slice_off = 0;
	tx->last = 0;
}

/* Takes the message from the caller, who embeds or allocated it. */
void cpg_send_queue(struct cpg_engine *eng, struct cpg_txmsg *tx)
{
	cpg_send_rewind(tx);
	tx->is_queued = true;
	/* A leave comes after all that was accepted. */
	if (tx->proc->is_parked) {
		eng->n_parked += tx->len;
		list_add_tail(&tx->link, &eng->parked);
		return;
	}
	if (tx->rec_type != CPG_REC_MSG)
		eng->pack_at = CPG_NEVER;
	eng->queued += tx->len;
	list_add_tail(&tx->link, &eng->sendq);
}

/*
 * As cpg_send_queue(), before all that waits; even between two parts of a
 * message, so not for what has to be put together itself.
 */
void cpg_send_queue_first(struct cpg_engine *eng, struct cpg_txmsg *tx)
{
	cpg_send_rewind(tx);
	tx->is_queued = true;
	eng->pack_at = CPG_NEVER;
	eng->queued += tx->len;
	list_add(&tx->link, &eng->sendq);
}

static bool cpg_send_is_enough(const struct cpg_engine *eng)
{
	return eng->queued >= CPG_SEND_BURST * eng->cfg.mtu;
}

/*
 * A message was queued: it may wait for others, and those before it with it,
 * or it may not.  What waits is sent when its time is over, or when there is
 * enough of it; then what does not fill a burst goes on waiting.  Behind what
 * the window stops, it waits for that.
 */
void cpg_send_wait(struct cpg_engine *eng, u64 wait)
{
	if (!wait || eng->epoch->n == 1)
		eng->pack_at = CPG_NEVER;
	else if (list_is_singular(&eng->sendq) ||
		 (eng->pack_at != CPG_NEVER && cpg_send_is_enough(eng)))
		cpg_engine_arm(eng, &eng->pack_at, wait);
}

void cpg_engine_wait(struct cpg_engine *eng, u64 now, u64 wait)
{
	eng->now = now;
	if (eng->pack_at != CPG_NEVER)
		cpg_engine_arm(eng, &eng->pack_at, wait);
}

void cpg_engine_push(struct cpg_engine *eng, u64 now)
{
	eng->pack_at = CPG_NEVER;
	cpg_engine_run(eng, now);
}

static void cpg_send_plan(struct cpg_engine *eng, u32 room,
			  struct cpg_send_plan *plan)
{
	struct cpg_txmsg *tx;

	memset(plan, 0, sizeof(*plan));
	tx = list_first_entry(&eng->sendq, struct cpg_txmsg, link);
	plan->service = tx->service;
	plan->is_begun = tx->sent;
	list_for_each_entry(tx, &eng->sendq, link) {
		u32 rest = tx->len - tx->sent;
		u32 need = sizeof(struct cpg_wire_rec) + rest;

		if (tx->service != plan->service) {
			plan->is_full = true;
			return;
		}
		if (need <= room) {
			plan->bytes += need;
			plan->n_whole++;
			room -= need;
			plan->is_full = room < sizeof(struct cpg_wire_rec);
			continue;
		}
		if (tx->rec_type == CPG_REC_MSG &&
		    room >= sizeof(struct cpg_wire_rec) + CPG_FRAG_MIN) {
			plan->part = room - sizeof(struct cpg_wire_rec);
			plan->bytes += room;
		}
		plan->is_full = true;
		return;
	}
}

static void cpg_send_copy_msg(struct cpg_txmsg *tx, u8 *p, u32 len)
{
	while (len) {
		const struct cpg_slice *slice;
		const u8 *from;
		u32 part;

		slice = &cpg_event_slices(tx->ev)[tx->slice];
		from = slice->buf->data + slice->off + tx->slice_off;
		part = min(len, slice->len - tx->slice_off);
		if (p != from)
			memcpy(p, from, part);
		p += part;
		len -= part;
		tx->slice_off += part;
		if (tx->slice_off == slice->len) {
			tx->slice++;
			tx->slice_off = 0;
		}
	}
}

static void cpg_send_copy_join(const struct cpg_txmsg *tx, u8 *p)
{
	const struct cpg_proc *proc = tx->proc;
	const struct cpg_group *name = &proc->grp->name;
	struct cpg_wire_proc wire = {
		.port = cpu_to_le32(proc->who.port),
		.pid = cpu_to_le32(proc->who.pid),
		.flags = cpu_to_le32(proc->flags),
		.name_len = cpu_to_le32(name->name_len),
	};

	memcpy(p, &wire, sizeof(wire));
	memcpy(p + sizeof(wire), name->name, name->name_len);
}

/* One record of @len bytes, and its header, at @p. */
static u32 cpg_send_fill_rec(struct cpg_txmsg *tx, u8 *p, u32 len)
{
	struct cpg_wire_rec rec = {
		.type = tx->rec_type,
		.len = cpu_to_le16(len),
		.port = cpu_to_le32(tx->port),
	};

	if (tx->rec_type == CPG_REC_MSG) {
		rec.total = cpu_to_le32(tx->len);
		rec.serial = cpu_to_le64(tx->serial);
		rec.flags = tx->ev->service << CPG_REC_SERVICE_SHIFT;
		if (tx->proc->flags & CPG_JOIN_F_QUORUM)
			rec.flags |= CPG_REC_F_QUORUM;
		if (tx->service == CPG_SVC_UNORDERED)
			rec.flags |= CPG_REC_F_EARLY;
		if (!tx->sent)
			rec.flags |= CPG_REC_F_FIRST;
		if (tx->sent + len == tx->len)
			rec.flags |= CPG_REC_F_LAST;
		cpg_send_copy_msg(tx, p + sizeof(rec), len);
	} else if (tx->rec_type == CPG_REC_JOIN) {
		cpg_send_copy_join(tx, p + sizeof(rec));
	} else {
		p[sizeof(rec)] = tx->reason;
	}
	memcpy(p, &rec, sizeof(rec));
	tx->sent += len;
	return sizeof(rec) + len;
}

/*
 * What is UNORDERED is delivered here as soon as it is sent, all else in the
 * order in which it is sent: the first of its list is delivered next.
 */
static struct list_head *cpg_send_list(struct cpg_engine *eng, u8 service)
{
	return service == CPG_SVC_UNORDERED ? &eng->unordered : &eng->flight;
}

static void cpg_send_fill(struct cpg_engine *eng, u8 *p, u64 oseq,
			  const struct cpg_send_plan *plan)
{
	struct cpg_txmsg *tx;
	u32 i;

	for (i = 0; i < plan->n_whole; i++) {
		tx = list_first_entry(&eng->sendq, struct cpg_txmsg, link);
		p += cpg_send_fill_rec(tx, p, tx->len - tx->sent);
		tx->last = oseq;
		eng->queued -= tx->len;
		list_del(&tx->link);
		list_add_tail(&tx->link, cpg_send_list(eng, tx->service));
	}
	if (!plan->part)
		return;
	tx = list_first_entry(&eng->sendq, struct cpg_txmsg, link);
	cpg_send_fill_rec(tx, p, plan->part);
}

static void cpg_send_arm(struct cpg_engine *eng, u64 oseq)
{
	struct cpg_epoch *ep = eng->epoch;

	if (cpg_lead_is_me(ep)) {
		cpg_order_sent(eng);
		if (eng->probe_at == CPG_NEVER && ep->n > 1)
			cpg_engine_arm(eng, &eng->probe_at,
				       cpg_engine_rto(eng, 0));
		return;
	}
	cpg_order_acked(eng);
	if (eng->own_at == CPG_NEVER)
		cpg_engine_arm(eng, &eng->own_at, cpg_engine_rto(eng, 0));
	if (!eng->rtt_oseq) {
		eng->rtt_oseq = oseq;
		eng->rtt_sent = eng->now;
	}
}

/*
 * A message that is alone in its packet makes up the packet where it is, if
 * there is room in front of it and it was not in a packet before.
 */
static struct cpg_buf *cpg_send_buf_own(struct cpg_engine *eng,
					const struct cpg_send_plan *plan,
					u32 order)
{
	u32 front = order + sizeof(struct cpg_wire_rec);
	struct cpg_slice *slice;
	struct cpg_txmsg *tx;

	tx = list_first_entry(&eng->sendq, struct cpg_txmsg, link);
	if (plan->n_whole != 1 || plan->part || tx->sent || !tx->len ||
	    tx->rec_type != CPG_REC_MSG)
		return NULL;
	slice = cpg_event_slices(tx->ev);
	if (slice->off || slice->len != tx->len ||
	    !cpg_buf_grow(slice->buf, front))
		return NULL;
	slice->off = front;
	return cpg_buf_get(slice->buf);
}

static struct cpg_buf *cpg_send_buf(struct cpg_engine *eng,
				    const struct cpg_send_plan *plan, u32 order)
{
	return cpg_send_buf_own(eng, plan, order) ?:
	       cpg_env_buf_alloc(eng->env, order + plan->bytes);
}

/* Build and send one packet as planned.  False: no memory. */
static bool cpg_send_packet(struct cpg_engine *eng,
			    const struct cpg_send_plan *plan, u32 order)
{
	struct cpg_epoch *ep = eng->epoch;
	struct cpg_stream *stream = &ep->node[ep->me]->stream;
	u32 size = order + plan->bytes;
	u64 oseq = stream->next;
	struct cpg_body body = {
		.nmsgs = plan->n_whole,
		.is_data = true,
		.service = plan->service,
	};
	struct cpg_buf *buf;
	enum cpg_drop drop;

	if (order) {
		body.nruns = ep->n_runs + 1;
		body.runs_off = cpg_order_rec_size(0);
		body.gseq = ep->n_runs ? ep->runs_gseq : ep->gseq;
		body.gseq_end = ep->gseq + 1;
		body.pos = ep->n_runs ? ep->runs_pos : ep->pos;
	}
	buf = cpg_send_buf(eng, plan, order);
	if (!buf)
		return false;
	drop = cpg_stream_add(eng, ep->me, oseq, buf, 0, size, &body);
	if (drop) {
		cpg_buf_put(buf);
		return false;
	}
	if (order) {
		cpg_order_append(eng, ep->me, oseq, body.nmsgs, true);
		cpg_order_rec_fill(ep, buf->data);
		stream->ordered = oseq;
	}
	cpg_send_fill(eng, buf->data + order, oseq, plan);
	cpg_buf_put(buf);
	cpg_flow_sent(eng, oseq, size);
	cpg_send_arm(eng, oseq);
	cpg_stream_xmit(eng, ep->me, cpg_stream_get(stream, oseq), ep->others,
			ep->n - 1);
	cpg_deliver_early(eng, ep->me, oseq);
	return true;
}

/* There is something to send and a number for it. */
static bool cpg_send_has_number(const struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	const struct cpg_stream *stream = &ep->node[ep->me]->stream;

	return eng->state == CPG_STATE_OPERATIONAL && !ep->frozen &&
	       !list_empty(&eng->sendq) &&
	       stream->next < stream->base + CPG_STREAM_WINDOW -
			      CPG_SEND_RESERVE;
}

/* And it does not wait for company. */
bool cpg_send_is_open(const struct cpg_engine *eng)
{
	return cpg_send_has_number(eng) &&
	       (eng->pack_at == CPG_NEVER || cpg_send_is_enough(eng));
}

/* Of a burst, @n packets were sent: does the rest, if any, wait? */
static bool cpg_send_is_over(const struct cpg_engine *eng, u32 n,
			     const struct cpg_send_plan *next)
{
	if (n && n % CPG_SEND_BURST == 0 && !cpg_send_is_enough(eng))
		return true;
	return !next->is_full && !next->is_begun;
}

/* Send what the window lets through.  True if anything went. */
bool cpg_send_kick(struct cpg_engine *eng)
{
	bool is_burst = eng->pack_at != CPG_NEVER;
	struct cpg_epoch *ep = eng->epoch;
	u32 n = 0;

	if (!cpg_send_is_open(eng) ||
	    cpg_flow_defers(eng, CPG_SEND_DEFER * eng->cfg.mtu))
		return false;
	while (cpg_send_has_number(eng)) {
		struct cpg_send_plan plan;
		u32 order = 0;

		if (cpg_lead_is_me(ep)) {
			if (ep->n_runs > CPG_SEND_RUNS_MAX)
				cpg_order_flush(eng);
			if (ep->n_runs > CPG_SEND_RUNS_MAX)
				break;
			order = cpg_order_rec_size(ep->n_runs + 1);
		}
		cpg_send_plan(eng, eng->cfg.mtu - CPG_DATA_HDR - order, &plan);
		if (is_burst && cpg_send_is_over(eng, n, &plan))
			return n;
		if (!cpg_flow_admits(eng, order + plan.bytes, plan.service,
				     plan.is_full))
			break;
		if (!cpg_send_packet(eng, &plan, order)) {
			cpg_engine_arm(eng, &eng->nomem_at, CPG_NOMEM_DELAY);
			break;
		}
		n++;
	}
	eng->pack_at = CPG_NEVER;
	return n;
}

/* The message that is delivered next of those that are wholly in packets. */
struct cpg_txmsg *cpg_send_first(struct cpg_engine *eng, u8 service)
{
	struct cpg_txmsg *tx;

	tx = list_first_entry_or_null(cpg_send_list(eng, service),
				      struct cpg_txmsg, link);
	return tx && tx->rec_type == CPG_REC_MSG ? tx : NULL;
}

/* It was delivered here: nothing will be needed of it any more. */
void cpg_send_done(struct cpg_engine *eng, struct cpg_txmsg *tx)
{
	struct cpg_proc *proc = tx->proc;

	list_del_init(&tx->link);
	tx->is_queued = false;
	if (tx->rec_type != CPG_REC_MSG)
		return;
	if (proc->owner)
		eng->ops->sent(eng->ctx, proc->owner, tx->len);
	cpg_event_put(tx->ev);
	cpg_env_free(tx);
}

static void cpg_send_rtt(struct cpg_engine *eng, u64 sample)
{
	eng->rtt = eng->rtt - eng->rtt / 8 + sample / 8;
}

/* The order of a packet of this node is known. */
void cpg_send_progress(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	const struct cpg_stream *stream = &ep->node[ep->me]->stream;

	if (cpg_lead_is_me(ep))
		return;
	if (eng->rtt_oseq && stream->placed >= eng->rtt_oseq) {
		if (!eng->own_tries)
			cpg_send_rtt(eng, eng->now - eng->rtt_sent);
		eng->rtt_oseq = 0;
	}
	eng->own_tries = 0;
	eng->own_at = CPG_NEVER;
	if (stream->placed + 1 < stream->next)
		cpg_engine_arm(eng, &eng->own_at, cpg_engine_rto(eng, 0));
}

/* No order covers what was sent: perhaps the leader does not have it. */
static void cpg_send_repeat(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	const struct cpg_stream *stream = &ep->node[ep->me]->stream;
	u64 oseq = stream->placed + 1;
	u32 n;

	if (eng->own_at > eng->now)
		return;
	eng->own_at = CPG_NEVER;
	if (ep->frozen || cpg_lead_is_me(ep))
		return;
	for (n = 0; n < CPG_SEND_REPEAT_MAX && oseq < stream->next; n++) {
		const struct cpg_pkt *pkt = cpg_stream_get(stream, oseq++);

		if (!pkt)
			break;
		eng->counters[CPG_CNT_REPAIRS_SENT]++;
		cpg_stream_xmit(eng, ep->me, pkt,
				&ep->node[ep->leader]->nodeid, 1);
	}
	if (!n)
		return;
	/* And it may not know of what follows. */
	cpg_peer_send_status(eng, &ep->node[ep->leader]->nodeid, 1, false);
	cpg_engine_arm(eng, &eng->own_at,
		       cpg_engine_rto(eng, ++eng->own_tries));
}

void cpg_send_timer(struct cpg_engine *eng)
{
	if (eng->pack_at <= eng->now)
		eng->pack_at = CPG_NEVER;
	cpg_send_repeat(eng);
}

/* What the old view did not deliver comes first in the next one. */
void cpg_send_requeue(struct cpg_engine *eng)
{
	struct cpg_txmsg *tx;

	list_for_each_entry(tx, &eng->flight, link) {
		eng->counters[CPG_CNT_REQUEUED]++;
		eng->queued += tx->len;
	}
	list_splice_init(&eng->flight, &eng->sendq);
	list_for_each_entry(tx, &eng->sendq, link)
		cpg_send_rewind(tx);
	eng->pack_at = CPG_NEVER;
	eng->own_at = CPG_NEVER;
	eng->own_tries = 0;
	eng->rtt_oseq = 0;
}

static void cpg_send_drop(struct list_head *list)
{
	struct cpg_txmsg *tx, *next;

	list_for_each_entry_safe(tx, next, list, link) {
		list_del_init(&tx->link);
		tx->is_queued = false;
		if (tx->rec_type != CPG_REC_MSG)
			continue;
		cpg_event_put(tx->ev);
		cpg_env_free(tx);
	}
}

void cpg_send_exit(struct cpg_engine *eng)
{
	cpg_send_drop(&eng->flight);
	cpg_send_drop(&eng->sendq);
	cpg_send_drop(&eng->parked);
	eng->queued = 0;
	eng->n_parked = 0;
}
