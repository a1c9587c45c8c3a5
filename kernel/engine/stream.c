// SPDX-License-Identifier: GPL-2.0
/*
 * Streams: the packets of each origin of a view, kept until every node has
 * them, and the repair of those that got lost.  The leader's stream is one of
 * them; that it carries the order makes no difference here.
 */
#include "engine_priv.h"

enum {
	CPG_NAK_PACKETS_MAX = 64,	/* packets asked for at once */
	CPG_REPAIR_PACKETS_MAX = 128,	/* packets sent for one NAK */
	CPG_REPAIR_UNICAST_MAX = 2,	/* the next one to ask is not alone */
};

/* Who misses a packet asks for it once in this time. */
#define CPG_REPAIR_GAP	(200 * CPG_NSEC_PER_USEC)

void cpg_stream_init(struct cpg_stream *stream)
{
	stream->base = 1;
	stream->next = 1;
	stream->early[CPG_SVC_UNORDERED] = 1;
	stream->early[CPG_SVC_FIFO] = 1;
	stream->nak_at = CPG_NEVER;
}

/* Nothing is held beyond what was heard of; most streams hold little. */
void cpg_stream_exit(struct cpg_stream *stream)
{
	u64 end = min(stream->high + 1, stream->base + CPG_STREAM_WINDOW);
	u64 oseq;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(stream->partial); i++)
		cpg_stream_drop_partial(&stream->partial[i]);
	for (oseq = stream->base; oseq < end; oseq++)
		if (cpg_stream_get(stream, oseq))
			cpg_buf_put(cpg_stream_get(stream, oseq)->buf);
	for (i = 0; i < ARRAY_SIZE(stream->pkts); i++)
		cpg_env_free(stream->pkts[i]);
}

/* How long to wait for what may only be late. */
static u64 cpg_stream_patience(const struct cpg_engine *eng)
{
	u64 wait = max(eng->rtt / 2, CPG_NAK_DELAY_MIN);

	return min(wait, CPG_NAK_DELAY_MAX);
}

/* Something up to @high exists: what is missing of it will be asked for. */
void cpg_stream_announce(struct cpg_engine *eng, u32 idx, u64 high)
{
	struct cpg_stream *stream = &eng->epoch->node[idx]->stream;

	if (high > stream->high)
		stream->high = high;
	if (stream->high >= stream->next && stream->nak_at == CPG_NEVER &&
	    !eng->epoch->frozen)
		cpg_engine_arm(eng, &stream->nak_at, cpg_stream_patience(eng));
}

static void cpg_stream_advance(struct cpg_stream *stream)
{
	u64 next = stream->next;

	while (cpg_stream_get(stream, stream->next))
		stream->next++;
	if (stream->next != next)
		stream->nak_tries = 0;
	if (stream->next > stream->high)
		stream->nak_at = CPG_NEVER;
}

bool cpg_stream_wants(const struct cpg_stream *stream, u64 oseq)
{
	u32 slot = cpg_stream_slot(oseq);

	return stream->wanted[slot / 64] >> (slot % 64) & 1;
}

/* Recovery: a packet that somebody else holds has to come here. */
void cpg_stream_want(struct cpg_stream *stream, u64 oseq)
{
	u32 slot = cpg_stream_slot(oseq);

	stream->wanted[slot / 64] |= 1ULL << (slot % 64);
	stream->n_wanted++;
}

void cpg_stream_unwant_all(struct cpg_stream *stream)
{
	memset(stream->wanted, 0, sizeof(stream->wanted));
	stream->n_wanted = 0;
}

static void cpg_stream_unwant(struct cpg_stream *stream, u64 oseq)
{
	u32 slot = cpg_stream_slot(oseq);

	stream->wanted[slot / 64] &= ~(1ULL << (slot % 64));
	stream->n_wanted--;
}

/* Room for a packet that is not held; NULL: no memory. */
static struct cpg_pkt *cpg_stream_push(struct cpg_engine *eng,
				       struct cpg_stream *stream, u64 oseq)
{
	u32 slot = cpg_stream_slot(oseq);
	struct cpg_pkts *pkts = stream->pkts[slot / CPG_PKTS];

	if (!pkts) {
		pkts = cpg_env_alloc(eng->env, sizeof(*pkts));
		if (!pkts)
			return NULL;
		stream->pkts[slot / CPG_PKTS] = pkts;
	}
	pkts->n++;
	stream->n_held++;
	stream->ring[slot] = &pkts->pkt[slot % CPG_PKTS];
	return stream->ring[slot];
}

/* The first packet of the window goes, and its memory with the last of it. */
static void cpg_stream_pop(struct cpg_stream *stream)
{
	u32 slot = cpg_stream_slot(stream->base++);
	struct cpg_pkts *pkts = stream->pkts[slot / CPG_PKTS];

	cpg_buf_put(stream->ring[slot]->buf);
	stream->ring[slot] = NULL;
	stream->n_held--;
	/* The last numbers of the window may be where the first ones were. */
	if (--pkts->n || stream->base % CPG_PKTS)
		return;
	cpg_env_free(pkts);
	stream->pkts[slot / CPG_PKTS] = NULL;
}

/**
 * cpg_stream_add() - keep a packet
 * @eng: engine
 * @idx: place of the origin in the view
 * @oseq: its number
 * @buf: holds its records; a reference is taken
 * @off: of the records in @buf
 * @len: bytes of records
 * @body: of the records
 *
 * Return: CPG_DROP_NONE, or why it was not kept.
 */
enum cpg_drop cpg_stream_add(struct cpg_engine *eng, u32 idx, u64 oseq,
			     struct cpg_buf *buf, u32 off, u32 len,
			     const struct cpg_body *body)
{
	struct cpg_stream *stream = &eng->epoch->node[idx]->stream;
	struct cpg_pkt *pkt;

	if (oseq < stream->next || cpg_stream_get(stream, oseq))
		return CPG_DROP_DUPLICATE;
	if (oseq >= stream->base + CPG_STREAM_WINDOW)
		return CPG_DROP_WINDOW;
	if (eng->epoch->frozen && !cpg_stream_wants(stream, oseq))
		return CPG_DROP_STALE;
	pkt = cpg_stream_push(eng, stream, oseq);
	if (!pkt)
		return CPG_DROP_NOMEM;
	pkt->buf = cpg_buf_get(buf);
	pkt->off = off;
	pkt->len = len;
	pkt->oseq = oseq;
	pkt->body = *body;
	pkt->taken = 0;
	pkt->repaired = 0;
	pkt->n_asked = 0;
	if (body->is_data && body->service <= CPG_SVC_FIFO)
		stream->has_early = true;
	if (eng->epoch->frozen)
		cpg_stream_unwant(stream, oseq);
	if (oseq > stream->high)
		stream->high = oseq;
	cpg_stream_advance(stream);
	if (cpg_lead_is_me(eng->epoch) && idx != eng->epoch->me &&
	    stream->ordered + 1 < stream->next)
		cpg_set_add(&eng->epoch->ready, idx);
	cpg_stream_announce(eng, idx, stream->high);
	return CPG_DROP_NONE;
}

/* Let go of a packet that every node has; called in order. */
void cpg_stream_release(struct cpg_engine *eng, u32 idx, u64 oseq)
{
	struct cpg_epoch *ep = eng->epoch;
	struct cpg_stream *stream = &ep->node[idx]->stream;
	struct cpg_pkt *pkt = cpg_stream_get(stream, oseq);

	if (!pkt || oseq != stream->base)
		return;
	if (idx == ep->me && pkt->body.is_data)
		cpg_flow_released(eng, pkt->len);
	cpg_stream_pop(stream);
}

/* Send a packet, for the first time or as a repair. */
void cpg_stream_xmit(struct cpg_engine *eng, u32 idx, const struct cpg_pkt *pkt,
		     const u32 *nodeids, u32 n)
{
	struct cpg_epoch *ep = eng->epoch;
	struct cpg_wire_data data = {
		.oseq = cpu_to_le64(pkt->oseq),
		.ack = cpu_to_le64(cpg_order_ack(ep)),
		.stable = cpu_to_le64(ep->stable),
		.origin = cpu_to_le16(idx),
	};

	if (cpg_lead_is_me(ep))
		data.flags = cpu_to_le16(CPG_WIRE_F_LEADS);
	cpg_flow_fill(eng, &data.flow);
	cpg_engine_xmit(eng, nodeids, n, CPG_WIRE_DATA, &ep->id, &data,
			sizeof(data), pkt->buf, pkt->off, pkt->len);
}

/*
 * What got an order exists.  All of a run is asked for at once: the last
 * packets of a burst are those that get lost, and nothing after them tells.
 */
static void cpg_stream_announce_runs(struct cpg_engine *eng, u32 leader,
				     u64 oseq)
{
	struct cpg_epoch *ep = eng->epoch;
	const struct cpg_pkt *pkt;
	u32 i;

	pkt = cpg_stream_get(&ep->node[leader]->stream, oseq);
	ep->known = max(ep->known, pkt->body.gseq_end - 1);
	for (i = 0; i < pkt->body.nruns; i++) {
		const struct cpg_wire_run *run = cpg_order_run(pkt, i);
		u32 idx = le16_to_cpu(run->origin);

		if (idx != ep->me)
			cpg_stream_announce(eng, idx, le64_to_cpu(run->oseq) +
					    le16_to_cpu(run->count) - 1);
	}
}

/*
 * An order of somebody who does not lead, as far as is known here: he may have
 * been named in what is still missing.  Then the place that he gives is behind
 * all that is held.
 */
static bool cpg_stream_may_order(const struct cpg_epoch *ep, u32 idx, u64 oseq,
				 u64 gseq)
{
	const struct cpg_stream *stream = &ep->node[idx]->stream;

	return idx == ep->leader || oseq < stream->next ||
	       cpg_stream_get(stream, oseq) ||
	       (!cpg_lead_is_me(ep) && gseq > ep->held.gseq);
}

/**
 * cpg_stream_rcv() - a DATA packet of the present view arrived
 * @eng: engine
 * @from: who sent this copy
 * @buf: holds it
 * @off: of struct cpg_wire_data in @buf
 * @len: bytes from there
 *
 * Return: CPG_DROP_NONE, or why it was dropped.
 */
enum cpg_drop cpg_stream_rcv(struct cpg_engine *eng, struct cpg_vnode *from,
			     struct cpg_buf *buf, u32 off, u32 len)
{
	const struct cpg_wire_data *data = (const void *)(buf->data + off);
	struct cpg_epoch *ep = eng->epoch;
	u32 idx = le16_to_cpu(data->origin);
	u64 oseq = le64_to_cpu(data->oseq);
	struct cpg_body body;
	enum cpg_drop drop;

	if (idx >= ep->n || idx == ep->me || !oseq)
		return CPG_DROP_RECORD;
	off += sizeof(*data);
	len -= sizeof(*data);
	if (!cpg_wire_body_check(buf->data + off, len, idx, ep->n, &body) ||
	    (body.nruns && !cpg_stream_may_order(ep, idx, oseq, body.gseq)))
		return CPG_DROP_RECORD;
	if (!ep->frozen)
		cpg_order_ack_rcv(eng, from, le64_to_cpu(data->ack),
				  le64_to_cpu(data->stable), &data->flow,
				  le16_to_cpu(data->flags) & CPG_WIRE_F_LEADS);
	drop = cpg_stream_add(eng, idx, oseq, buf, off, len, &body);
	if (!drop && eng->attempt)
		eng->attempt->progress = eng->now;
	if (!drop && body.nruns && !ep->frozen)
		cpg_stream_announce_runs(eng, idx, oseq);
	if (!drop && !ep->frozen)
		cpg_deliver_early(eng, idx, oseq);
	if (drop == CPG_DROP_WINDOW && !ep->frozen)
		cpg_stream_announce(eng, idx, ep->node[idx]->stream.base +
					      CPG_STREAM_WINDOW - 1);
	return drop;
}

void cpg_stream_nak_xmit(struct cpg_engine *eng, u32 nodeid,
			 const struct cpg_wire_range *ranges, u32 n)
{
	eng->counters[CPG_CNT_NAKS_SENT]++;
	cpg_engine_xmit(eng, &nodeid, 1, CPG_WIRE_NAK, &eng->epoch->id, ranges,
			n * sizeof(*ranges), NULL, 0, 0);
}

/*
 * Whom to ask: the origin, then the leader, then one after the other, so that
 * no dead path is asked for ever.
 */
static u32 cpg_stream_nak_target(const struct cpg_epoch *ep, u32 idx, u32 tries)
{
	u32 target = idx;

	if (tries == 1)
		target = ep->leader;
	else if (tries > 1)
		target = (idx + tries - 1) % ep->n;
	if (target == ep->me)
		target = (target + 1) % ep->n;
	return target;
}

/* Ask for what is missing of one stream. */
void cpg_stream_nak_send(struct cpg_engine *eng, u32 idx)
{
	struct cpg_epoch *ep = eng->epoch;
	struct cpg_stream *stream = &ep->node[idx]->stream;
	struct cpg_wire_range ranges[CPG_NAK_RANGES_MAX];
	u64 end = min(stream->high + 1, stream->base + CPG_STREAM_WINDOW);
	u32 n = 0, count = 0, target;
	u64 oseq, first = 0;

	for (oseq = stream->next; oseq < end; oseq++) {
		if (cpg_stream_get(stream, oseq)) {
			first = 0;
			continue;
		}
		if (!first) {
			if (n == CPG_NAK_RANGES_MAX)
				break;
			first = oseq;
			ranges[n++] = (struct cpg_wire_range) {
				.oseq = cpu_to_le64(oseq),
				.origin = cpu_to_le16(idx),
			};
		}
		ranges[n - 1].count = cpu_to_le16((u16)(oseq - first + 1));
		if (++count == CPG_NAK_PACKETS_MAX)
			break;
	}
	stream->nak_at = CPG_NEVER;
	if (!n)
		return;
	if (!stream->nak_tries)
		cpg_flow_missed(eng, count);
	target = cpg_stream_nak_target(ep, idx, stream->nak_tries);
	cpg_stream_nak_xmit(eng, ep->node[target]->nodeid, ranges, n);
	cpg_engine_arm(eng, &stream->nak_at,
		       cpg_engine_rto(eng, stream->nak_tries++));
}

/*
 * To the first who ask, alone.  If there are more, the packet got lost on the
 * way to all, and what is sent to all now serves those that did not ask yet.
 */
static bool cpg_stream_repair_pkt(struct cpg_engine *eng, struct cpg_vnode *to,
				  u32 idx, struct cpg_pkt *pkt)
{
	const struct cpg_epoch *ep = eng->epoch;

	if (!pkt->repaired || eng->now - pkt->repaired >= CPG_REPAIR_GAP) {
		pkt->repaired = eng->now;
		pkt->n_asked = 0;
	}
	if (pkt->n_asked > CPG_REPAIR_UNICAST_MAX)
		return false;
	if (pkt->n_asked++ < CPG_REPAIR_UNICAST_MAX)
		cpg_stream_xmit(eng, idx, pkt, &to->nodeid, 1);
	else
		cpg_stream_xmit(eng, idx, pkt, ep->others, ep->n - 1);
	eng->counters[CPG_CNT_REPAIRS_SENT]++;
	return true;
}

static u32 cpg_stream_repair(struct cpg_engine *eng, struct cpg_vnode *to,
			     const struct cpg_wire_range *range, u32 budget)
{
	struct cpg_epoch *ep = eng->epoch;
	u32 idx = le16_to_cpu(range->origin);
	u32 count = min_t(u32, le16_to_cpu(range->count), CPG_STREAM_WINDOW);
	u32 i, done = 0;

	if (idx >= ep->n)
		return 0;
	for (i = 0; i < count && done < budget; i++) {
		struct cpg_pkt *pkt;

		pkt = cpg_stream_get(&ep->node[idx]->stream,
				     le64_to_cpu(range->oseq) + i);
		if (pkt && cpg_stream_repair_pkt(eng, to, idx, pkt))
			done++;
	}
	return done;
}

/* Somebody misses packets: send what is here of them. */
void cpg_stream_nak_rcv(struct cpg_engine *eng, struct cpg_vnode *from,
			const struct cpg_wire_range *ranges, u32 n)
{
	u32 i, budget = CPG_REPAIR_PACKETS_MAX;

	eng->counters[CPG_CNT_NAKS_RCVD]++;
	for (i = 0; i < n && budget; i++)
		budget -= cpg_stream_repair(eng, from, &ranges[i], budget);
}
