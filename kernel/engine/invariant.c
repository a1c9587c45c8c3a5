// SPDX-License-Identifier: GPL-2.0
/*
 * What must hold between any two calls of the engine.  Looks at everything, so
 * it is for tests and for debugging.
 */
#include "engine_priv.h"

/* All packets of a stream are where they are looked for. */
static bool cpg_invariant_ring(const struct cpg_stream *stream)
{
	u64 end = min(stream->high + 1, stream->base + CPG_STREAM_WINDOW);
	u32 found = 0;
	u64 oseq;

	for (oseq = stream->base; oseq < end; oseq++)
		found += !!cpg_stream_get(stream, oseq);
	return found == stream->n_held;
}

static const char *cpg_invariant_stream(const struct cpg_epoch *ep, u32 idx)
{
	const struct cpg_stream *stream = &ep->node[idx]->stream;
	u32 i, wanted = 0;

	if (stream->base > stream->next)
		return "a stream lets go of what it does not hold";
	if (stream->next > stream->base + CPG_STREAM_WINDOW)
		return "a stream holds more than its window";
	if (stream->placed >= stream->next && !ep->frozen)
		return "a packet is in order that is not held";
	if (stream->delivered > stream->placed && !ep->frozen)
		return "a packet was delivered that is not in order";
	if (!cpg_invariant_ring(stream))
		return "a packet is in the wrong place";
	for (i = 0; i < ARRAY_SIZE(stream->wanted); i++)
		if (stream->wanted[i])
			wanted += hweight64(stream->wanted[i]);
	if (wanted != stream->n_wanted)
		return "the number of wanted packets is wrong";
	return NULL;
}

static const char *cpg_invariant_epoch(const struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	const char *why;
	u32 i;

	if (ep->me >= ep->n || ep->leader >= ep->n)
		return "this node or the leader is not in the view";
	if (ep->node[ep->me]->nodeid != eng->cfg.nodeid)
		return "this node's place is another's";
	if (ep->stable > cpg_order_ack(ep))
		return "something is stable that is not here";
	if (ep->leader != ep->held.leader && !ep->frozen)
		return "another one leads than the order says";
	if (ep->cur.gseq > ep->held.gseq || ep->rel.gseq > ep->cur.gseq)
		return "a place was passed before its time";
	for (i = 0; i < ep->n; i++) {
		if (i && ep->node[i]->nodeid <= ep->node[i - 1]->nodeid)
			return "the view is not in ascending order";
		why = cpg_invariant_stream(ep, i);
		if (why)
			return why;
	}
	return NULL;
}

/* What the leader counts, counted anew. */
static const char *cpg_invariant_leader(const struct cpg_epoch *ep)
{
	u32 i;
	u64 low = U64_MAX;

	for (i = 0; i < ep->n; i++) {
		const struct cpg_stream *stream = &ep->node[i]->stream;

		if (i == ep->me)
			continue;
		low = min(low, stream->ack);
		if (stream->ordered + 1 < stream->next && !ep->frozen &&
		    !cpg_set_has(&ep->ready, i))
			return "packets that came are forgotten";
	}
	if (ep->n > 1 && low != ep->low)
		return "what all others hold is wrong";
	return NULL;
}

static const char *cpg_invariant_flow(const struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	const struct cpg_stream *own = &ep->node[ep->me]->stream;
	u64 end = min(own->high + 1, own->base + CPG_STREAM_WINDOW);
	u32 i, in_flight = 0, n_wanting = 0;
	u64 oseq;

	for (oseq = own->base; oseq < end; oseq++) {
		const struct cpg_pkt *pkt = cpg_stream_get(own, oseq);

		if (pkt && pkt->body.is_data)
			in_flight += pkt->len + CPG_FLOW_OVERHEAD;
	}
	if (in_flight != ep->in_flight)
		return "the number of bytes in flight is wrong";
	if (cpg_flow_limit(eng) < ep->flow.credit || !ep->flow.credit)
		return "a node has less than its even part";
	if (!in_flight && cpg_send_is_open(eng) && eng->nomem_at == CPG_NEVER)
		return "a sender is held back by nothing";
	for (i = 0; i < ep->n; i++)
		n_wanting += ep->node[i]->wants;
	if (n_wanting != ep->flow.n_wanting)
		return "the number of nodes that want more is wrong";
	return cpg_lead_is_me(ep) ? cpg_invariant_leader(ep) : NULL;
}

static const char *cpg_invariant_send(const struct cpg_engine *eng)
{
	const struct cpg_txmsg *tx;
	u64 queued = 0, parked = 0, last = 0;

	if (!list_empty(&eng->unordered))
		return "an unordered message was sent and not delivered";
	list_for_each_entry(tx, &eng->flight, link) {
		if (tx->sent != tx->len)
			return "a message in flight was not sent";
		if (tx->last < last)
			return "messages in flight are not in order";
		last = tx->last;
	}
	list_for_each_entry(tx, &eng->sendq, link)
		queued += tx->len;
	if (queued != eng->queued)
		return "the number of queued bytes is wrong";
	list_for_each_entry(tx, &eng->parked, link) {
		parked += tx->len;
		if (!tx->proc->is_parked)
			return "a process does not know of what is parked";
	}
	if (parked != eng->n_parked)
		return "the number of parked bytes is wrong";
	if (parked && cpg_quorum_is_held(eng))
		return "something waits for a majority that is there";
	return NULL;
}

/* What the local members were told last is what the members are. */
static bool cpg_invariant_told(const struct cpg_grp *grp)
{
	const struct cpg_confchg *chg;
	u32 i;

	if (!grp->told)
		return true;
	chg = cpg_event_confchg(grp->told);
	if (!grp->n_owners || chg->n_members != grp->n_members)
		return false;
	for (i = 0; i < grp->n_members; i++)
		if (memcmp(&chg->entries[i], &grp->members[i]->who,
			   sizeof(chg->entries[i])))
			return false;
	return true;
}

static const char *cpg_invariant_group(const struct cpg_grp *grp)
{
	u32 i, n_holders = 0, n_owners = 0;

	if (grp->n_members > grp->refs || grp->refs > grp->max_members)
		return "a group is miscounted";
	for (i = 0; i < grp->n_members; i++) {
		const struct cpg_proc *proc = grp->members[i];

		if (!proc->is_member || proc->grp != grp)
			return "a stranger is in a group";
		if (i && !cpg_group_is_before(&grp->members[i - 1]->who,
					      &proc->who))
			return "a group is not in order";
		n_holders += proc->is_holder;
		n_owners += !!proc->owner;
	}
	if (n_owners != grp->n_owners)
		return "a group has other owners than its members";
	if (!cpg_invariant_told(grp))
		return "a group is not what was told of it";
	if (n_holders != grp->n_holders)
		return "a group is held back by nobody";
	if (grp->n_marked)
		return "a mark was left on a group";
	return NULL;
}

static const char *cpg_invariant_groups(const struct cpg_engine *eng)
{
	const struct cpg_grp *grp;
	const char *why;
	u32 i;

	for (i = 0; i < CPG_HASH_SIZE; i++) {
		list_for_each_entry(grp, &eng->groups[i], link) {
			why = cpg_invariant_group(grp);
			if (why)
				return why;
		}
	}
	return NULL;
}

/* What owners ask for is in order, or under way. */
static const char *cpg_invariant_local(const struct cpg_engine *eng)
{
	const struct cpg_proc *proc;
	u32 len = 0;

	list_for_each_entry(proc, &eng->locals, local_link)
		len += cpg_group_wire_len(&proc->grp->name);
	if (len != eng->own_len)
		return "the length of the own processes is wrong";
	list_for_each_entry(proc, &eng->locals, local_link) {
		if (proc->is_slow == list_empty(&proc->slow_link))
			return "a slow process is not watched";
		if (!proc->is_member || proc->tx_hold.is_queued ||
		    (proc->is_leaving && !proc->is_parked))
			continue;
		if (proc->is_holder != proc->is_slow)
			return "a process does not hold as it should";
	}
	return NULL;
}

const char *cpg_engine_check(struct cpg_engine *eng)
{
	const char *why = cpg_invariant_epoch(eng);

	if (!why)
		why = cpg_invariant_send(eng);
	if (!why)
		why = cpg_invariant_flow(eng);
	if (!why)
		why = cpg_invariant_groups(eng);
	if (!why && eng->state == CPG_STATE_GATHER && !cpg_choose_is_good(eng))
		why = "whom to be in a view with is not known";
	if (!why)
		why = cpg_invariant_local(eng);
	if (!why && eng->state != CPG_STATE_STOPPED &&
	    (eng->state == CPG_STATE_COMMIT ||
	     eng->state == CPG_STATE_RECOVER) != !!eng->attempt)
		why = "a proposed view and the state do not go together";
	return why;
}
