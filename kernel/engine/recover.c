// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery: the nodes that go together from one view into the next come to
 * hold the same packets of the old one, and deliver the same of them.
 *
 * What a node holds is frozen when it says so in COMMIT1_ACK.  From the table
 * of all these, everyone computes the same union, fetches what it lacks of it
 * and takes nothing else.  What can be delivered then follows from the union
 * alone.
 */
#include "engine_priv.h"

enum {
	CPG_RECOVER_PACKETS_MAX = 128,	/* asked of one node at once */
};

/**
 * struct cpg_recover_nak - a NAK that is being put together
 * @to: for whom it is
 * @n: ranges in it
 * @ranges: what is asked for
 */
struct cpg_recover_nak {
	const struct cpg_candidate	*to;
	u32				n;
	struct cpg_wire_range		ranges[CPG_NAK_RANGES_MAX];
};

/* How many words tell what is held behind the gap of a stream. */
static u32 cpg_recover_n_words(const struct cpg_stream *stream)
{
	u64 oseq = min(stream->high, stream->base + CPG_STREAM_WINDOW - 1);

	for (; oseq > stream->next; oseq--)
		if (cpg_stream_get(stream, oseq))
			return (u32)(oseq - stream->next) / 64 + 1;
	return 0;
}

static void cpg_recover_words_fill(const struct cpg_stream *stream,
				   struct cpg_wire_word *word, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		u64 oseq = stream->next + 64 * i;
		u64 bits = 0;
		u32 bit;

		for (bit = 0; bit < 64; bit++)
			if (cpg_stream_get(stream, oseq + bit))
				bits |= 1ULL << bit;
		word[i].bits = cpu_to_le64(bits);
	}
}

/**
 * cpg_recover_hold() - say what this node holds of its view, and freeze it
 * @eng: engine
 * @blob: becomes the COMMIT1_ACK
 *
 * Return: 0 or -ENOMEM.
 */
int cpg_recover_hold(struct cpg_engine *eng, struct cpg_blob *blob)
{
	struct cpg_epoch *ep = eng->epoch;
	struct cpg_wire_hold *hold;
	u32 i, len = sizeof(*hold);
	u8 *p;

	ep->frozen = true;
	for (i = 0; i < ep->n; i++) {
		cpg_stream_unwant_all(&ep->node[i]->stream);
		len += sizeof(struct cpg_wire_held) +
		       cpg_recover_n_words(&ep->node[i]->stream) *
		       sizeof(struct cpg_wire_word);
	}
	if (cpg_blob_alloc(eng, blob, CPG_WIRE_COMMIT1_ACK, len))
		return -ENOMEM;
	hold = (void *)blob->data;
	hold->view_seq = cpu_to_le64(ep->id.seq);
	hold->view_rep = cpu_to_le32(ep->id.rep);
	hold->stable = cpu_to_le64(ep->stable);
	hold->n_nodes = cpu_to_le32(ep->n);
	for (i = 0; i < ARRAY_SIZE(hold->obliged); i++)
		hold->obliged[i] = cpu_to_le64(ep->obliged.w[i]);
	p = (u8 *)(hold + 1);
	for (i = 0; i < ep->n; i++) {
		const struct cpg_stream *stream = &ep->node[i]->stream;
		struct cpg_wire_held *held = (void *)p;
		u32 n = cpg_recover_n_words(stream);

		held->next = cpu_to_le64(stream->next);
		held->n_words = cpu_to_le32(n);
		cpg_recover_words_fill(stream, (void *)(held + 1), n);
		p += sizeof(*held) + n * sizeof(struct cpg_wire_word);
	}
	return 0;
}

/* Finds out who comes along from the old view. */
static void cpg_recover_together(struct cpg_engine *eng)
{
	struct cpg_attempt *att = eng->attempt;
	struct cpg_epoch *ep = eng->epoch;
	u64 stable = 0;
	u32 i, j, off = 0, len;

	for (i = 0; i < att->n; i++) {
		struct cpg_candidate *cand = &att->member[i];
		const struct cpg_wire_hold *hold;

		cpg_wire_part_next(att->table.data, att->table.len, &off,
				   &cand->hold, &len);
		hold = (const void *)cand->hold;
		cand->old_idx = cand->peer ? cand->peer->idx : ep->me;
		if (cand->old_idx == CPG_NO_IDX)
			continue;
		if (le64_to_cpu(hold->view_seq) != ep->id.seq ||
		    le32_to_cpu(hold->view_rep) != ep->id.rep ||
		    le32_to_cpu(hold->n_nodes) != ep->n) {
			cand->old_idx = CPG_NO_IDX;
			continue;
		}
		cpg_set_add(&att->together, cand->old_idx);
		for (j = 0; j < ARRAY_SIZE(hold->obliged); j++)
			att->obliged.w[j] |= le64_to_cpu(hold->obliged[j]);
		stable = max(stable, le64_to_cpu(hold->stable));
	}
	for (j = 0; j < ARRAY_SIZE(att->obliged.w); j++)
		att->obliged.w[j] |= att->together.w[j];
	cpg_order_set_stable(eng, stable);
}

/* All that one of the others holds of a stream, and this node does not. */
static void cpg_recover_want(struct cpg_stream *stream,
			     const struct cpg_wire_held *held)
{
	u64 end = min(le64_to_cpu(held->next) +
		      64 * le32_to_cpu(held->n_words),
		      stream->base + CPG_STREAM_WINDOW);
	u64 oseq;

	for (oseq = stream->next; oseq < end; oseq++)
		if (!cpg_stream_get(stream, oseq) &&
		    !cpg_stream_wants(stream, oseq) &&
		    cpg_wire_held_has(held, oseq))
			cpg_stream_want(stream, oseq);
}

/* What the members hold of the first stream, or of the next one. */
static void cpg_recover_next(struct cpg_attempt *att, u32 idx)
{
	u32 i;

	for (i = 0; i < att->n; i++) {
		struct cpg_candidate *cand = &att->member[i];

		if (cand->old_idx == CPG_NO_IDX)
			continue;
		cand->held = idx ? cpg_wire_held_next(cand->held) :
				   cpg_wire_held_first(cand->hold);
	}
}

/**
 * cpg_recover_start() - the table is here: find out what to fetch, and begin
 * @eng: engine
 *
 * What is stable for any of those that go together is delivered and let go,
 * so that the window has room for all that they hold.
 *
 * Return: 0, or -ENOMEM: call again.
 */
int cpg_recover_start(struct cpg_engine *eng)
{
	struct cpg_attempt *att = eng->attempt;
	struct cpg_epoch *ep = eng->epoch;
	u32 i, j;

	if (att->is_started)
		return 0;
	cpg_recover_together(eng);
	if (cpg_order_deliver(eng, ep->stable))
		return -ENOMEM;
	cpg_order_release(eng);
	for (i = 0; i < ep->n; i++) {
		struct cpg_stream *stream = &ep->node[i]->stream;

		cpg_recover_next(att, i);
		for (j = 0; j < att->n; j++)
			if (att->member[j].old_idx != CPG_NO_IDX)
				cpg_recover_want(stream, att->member[j].held);
	}
	att->is_started = true;
	att->nak_tries = 0;
	cpg_recover_nak(eng);
	return 0;
}

bool cpg_recover_is_done(const struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	u32 i;

	for (i = 0; i < ep->n; i++)
		if (ep->node[i]->stream.n_wanted)
			return false;
	return true;
}

/* From here on this node delivers what it now holds, with whomever it goes. */
void cpg_recover_promise(struct cpg_engine *eng)
{
	eng->epoch->obliged = eng->attempt->obliged;
	eng->attempt->nak_at = CPG_NEVER;
}

/* Of those that hold a packet, another one at each attempt. */
static struct cpg_candidate *
cpg_recover_holder(const struct cpg_engine *eng, u64 oseq)
{
	struct cpg_attempt *att = eng->attempt;
	u32 i, pass, n = 0, skip = 0;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < att->n; i++) {
			struct cpg_candidate *cand = &att->member[i];

			if (!cand->peer || cand->old_idx == CPG_NO_IDX ||
			    !cpg_wire_held_has(cand->held, oseq))
				continue;
			if (pass ? !skip-- : !att->nak_tries)
				return cand;
			n++;
		}
		if (!n)
			return NULL;
		skip = att->nak_tries % n;
	}
	return NULL;
}

static void cpg_recover_nak_xmit(struct cpg_engine *eng,
				 struct cpg_recover_nak *nak)
{
	if (nak->n)
		cpg_stream_nak_xmit(eng, nak->to->nodeid, nak->ranges, nak->n);
	nak->n = 0;
}

/* One packet more to ask for; goes with those before if it can. */
static void cpg_recover_nak_add(struct cpg_engine *eng,
				struct cpg_recover_nak *nak, u32 idx, u64 oseq)
{
	struct cpg_candidate *cand = cpg_recover_holder(eng, oseq);
	struct cpg_wire_range *last;

	if (!cand || cand->n_asked == CPG_RECOVER_PACKETS_MAX)
		return;
	cand->n_asked++;
	last = nak->n ? &nak->ranges[nak->n - 1] : NULL;
	if (last && nak->to == cand && le16_to_cpu(last->origin) == idx &&
	    le64_to_cpu(last->oseq) + le16_to_cpu(last->count) == oseq) {
		last->count = cpu_to_le16(le16_to_cpu(last->count) + 1);
		return;
	}
	if (nak->to != cand || nak->n == CPG_NAK_RANGES_MAX)
		cpg_recover_nak_xmit(eng, nak);
	nak->to = cand;
	nak->ranges[nak->n++] = (struct cpg_wire_range) {
		.oseq = cpu_to_le64(oseq),
		.origin = cpu_to_le16(idx),
		.count = cpu_to_le16(1),
	};
}

static void cpg_recover_nak_stream(struct cpg_engine *eng,
				   struct cpg_recover_nak *nak, u32 idx)
{
	const struct cpg_stream *stream = &eng->epoch->node[idx]->stream;
	u64 oseq, end = stream->base + CPG_STREAM_WINDOW;
	u32 left = stream->n_wanted;

	for (oseq = stream->next; left && oseq < end; oseq++) {
		if (!cpg_stream_wants(stream, oseq))
			continue;
		cpg_recover_nak_add(eng, nak, idx, oseq);
		left--;
	}
}

/* Ask those that hold it for what is missing. */
void cpg_recover_nak(struct cpg_engine *eng)
{
	struct cpg_attempt *att = eng->attempt;
	struct cpg_recover_nak nak = { };
	u32 i;

	att->nak_at = CPG_NEVER;
	if (cpg_recover_is_done(eng))
		return;
	for (i = 0; i < att->n; i++)
		att->member[i].n_asked = 0;
	for (i = 0; i < eng->epoch->n; i++) {
		cpg_recover_next(att, i);
		cpg_recover_nak_stream(eng, &nak, i);
	}
	cpg_recover_nak_xmit(eng, &nak);
	cpg_engine_arm(eng, &att->nak_at,
		       cpg_engine_rto(eng, att->nak_tries++));
}

/* From where on the order is looked at run by run. */
static struct cpg_cursor cpg_recover_cursor(const struct cpg_epoch *ep)
{
	struct cpg_cursor cur = ep->cur;

	cur.gseq -= cur.off;
	return cur;
}

/*
 * The number of this node's last packet that will be delivered in the old
 * view: all that an order known to those that go together covers.
 */
u64 cpg_recover_own_cut(const struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	const struct cpg_stream *own = &ep->node[ep->me]->stream;
	struct cpg_cursor cur = cpg_recover_cursor(ep);
	u64 cut = own->delivered;
	const struct cpg_pkt *pkt;

	/* Of what was ordered in a gap, nobody knows what it was. */
	while ((pkt = cpg_order_log(ep, &cur))) {
		const struct cpg_wire_run *run = cpg_order_run(pkt, cur.run++);
		u64 first = le64_to_cpu(run->oseq);
		u64 last = first + le16_to_cpu(run->count) - 1;

		cur.gseq += le16_to_cpu(run->count);
		if (le16_to_cpu(run->origin) == ep->me && last > cut &&
		    cpg_order_follows(own, cut, max(first, cut + 1)))
			cut = min(last, own->next - 1);
	}
	return cut;
}

static void cpg_recover_trans(struct cpg_engine *eng)
{
	struct cpg_attempt *att = eng->attempt;
	struct cpg_epoch *ep = eng->epoch;
	u32 nodes[CPG_NODES_MAX];
	struct cpg_trace trace = {
		.kind = CPG_TRACE_TRANS,
		.nodes = nodes,
	};
	u32 i;

	for (i = 0; i < ep->n; i++)
		if (cpg_set_has(&att->together, i))
			nodes[trace.n_nodes++] = ep->node[i]->nodeid;
	cpg_engine_trace(eng, &trace);
	att->is_trans = true;
}

/* Position of the first message of a run. */
static u64 cpg_recover_run_pos(const struct cpg_pkt *pkt, u32 run)
{
	u64 pos = pkt->body.pos;
	u32 i;

	for (i = 0; i < run; i++)
		pos += le32_to_cpu(cpg_order_run(pkt, i)->nmsgs);
	return pos;
}

/* Was everything that @oseq's origin sent before it delivered? */
static bool cpg_recover_follows(const struct cpg_stream *stream, u64 oseq)
{
	u64 i;

	if (oseq <= stream->delivered)
		return false;
	for (i = max(stream->delivered + 1, stream->base); i < oseq; i++) {
		const struct cpg_pkt *pkt = cpg_stream_get(stream, i);

		if (!pkt || (pkt->body.is_data && pkt->taken < pkt->len &&
			     pkt->body.service != CPG_SVC_UNORDERED))
			return false;
	}
	return true;
}

/*
 * One run after the gap: as many of its packets as were promised and follow
 * those delivered before.
 */
static int cpg_recover_late_run(struct cpg_engine *eng,
				const struct cpg_pkt *log)
{
	struct cpg_attempt *att = eng->attempt;
	struct cpg_cursor *late = &att->late;
	const struct cpg_wire_run *run = cpg_order_run(log, late->run);
	u32 idx = le16_to_cpu(run->origin);
	struct cpg_stream *stream = &eng->epoch->node[idx]->stream;

	if (!late->off && !late->rec_off)
		late->pos = cpg_recover_run_pos(log, late->run);
	for (; late->off < le16_to_cpu(run->count); late->off++) {
		u64 oseq = le64_to_cpu(run->oseq) + late->off;
		struct cpg_pkt *pkt = cpg_stream_get(stream, oseq);

		if (!cpg_set_has(&att->obliged, idx) || !pkt ||
		    !cpg_recover_follows(stream, oseq))
			return 0;
		if (cpg_deliver_pkt(eng, idx, pkt, &late->pos, &late->rec_off))
			return -ENOMEM;
		late->rec_off = 0;
	}
	return 0;
}

static int cpg_recover_late(struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	struct cpg_cursor *late = &eng->attempt->late;
	const struct cpg_pkt *pkt;

	if (!late->oseq)
		*late = cpg_recover_cursor(ep);
	while ((pkt = cpg_order_log(ep, late))) {
		if (cpg_recover_late_run(eng, pkt))
			return -ENOMEM;
		late->gseq += le16_to_cpu(cpg_order_run(pkt, late->run)->count);
		late->run++;
		late->off = 0;
		late->rec_off = 0;
	}
	return 0;
}

/**
 * cpg_recover_deliver() - end the old view
 * @eng: engine
 *
 * Up to the first gap, or to the first SAFE that perhaps not all of the view
 * hold, it ends as if nothing had happened; so does what need not wait for the
 * order, whoever of those that go together may have delivered it already.  The
 * rest is delivered among these.
 *
 * Return: 0, or -ENOMEM: call again to go on.
 */
int cpg_recover_deliver(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	u32 idx;
	u64 oseq;

	while (cpg_order_hold(ep, &idx, &oseq) == CPG_ORDER_PKT)
		;
	if (!eng->attempt->is_trans) {
		if (cpg_order_deliver(eng, ep->stable) ||
		    cpg_deliver_flush(eng))
			return -ENOMEM;
		cpg_recover_trans(eng);
	}
	if (cpg_order_deliver(eng, CPG_NEVER) || cpg_recover_late(eng))
		return -ENOMEM;
	return cpg_deliver_flush(eng);
}
