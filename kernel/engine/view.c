// SPDX-License-Identifier: GPL-2.0
/*
 * Views: what a view is made of, when to look for another, and who will be in
 * it.
 *
 * A node that misses a member, or hears of nodes with which a larger view
 * could be formed, gathers: it tells everyone whom it hears.  As soon as all
 * that are alive have done the same, the lowest of a set in which every pair
 * hears each other proposes that set; commit.c does the rest.  Nodes that do
 * not hear each other are never proposed together, and a view is never left
 * for a node that not all of it can hear, so that a network where not everyone
 * reaches everyone settles too.
 */
#include "engine_priv.h"

/* In multiples of the time of suspicion. */
enum {
	CPG_GATHER_PATIENCE = 2,	/* for those that are alive */
	CPG_LEAVE_PATIENCE = 2,		/* for packets of one that left */
};

void cpg_view_epoch_destroy(struct cpg_epoch *ep)
{
	u32 i;

	for (i = 0; i < ep->n; i++) {
		if (!ep->node[i])
			continue;
		cpg_stream_exit(&ep->node[i]->stream);
		cpg_env_free(ep->node[i]);
	}
	if (ep->view)
		cpg_event_put(ep->view);
	cpg_env_free(ep);
}

/* All memory that a view of @n nodes needs to begin; NULL: there is none. */
struct cpg_epoch *cpg_view_epoch_create(struct cpg_engine *eng,
					const struct cpg_vid *id, u32 n)
{
	struct cpg_view *view = NULL;
	struct cpg_epoch *ep;
	u32 i;

	ep = cpg_env_alloc(eng->env, struct_size(ep, node, n));
	if (!ep)
		return NULL;
	ep->id = *id;
	ep->n = n;
	ep->cur = (struct cpg_cursor) { .oseq = 1, .gseq = 1, .pos = 1 };
	ep->held = ep->cur;
	ep->rel = ep->cur;
	ep->n_low = n - 1;
	ep->gseq = 1;
	ep->pos = 1;
	for (i = 0; i < n; i++) {
		ep->node[i] = cpg_env_alloc(eng->env, sizeof(*ep->node[i]));
		if (!ep->node[i])
			goto err_destroy;
		cpg_stream_init(&ep->node[i]->stream);
	}
	ep->view = cpg_event_alloc_body(eng->env, CPG_EVENT_VIEW,
					struct_size(view, nodes, n));
	if (!ep->view)
		goto err_destroy;
	return ep;

err_destroy:
	cpg_view_epoch_destroy(ep);
	return NULL;
}

static void cpg_view_describe(struct cpg_engine *eng)
{
	struct cpg_epoch *ep = eng->epoch;
	struct cpg_view *view = cpg_event_view(ep->view);
	u32 i;

	view->seq = ep->id.seq;
	view->rep = ep->id.rep;
	view->leader = ep->node[ep->leader]->nodeid;
	view->n_nodes = ep->n;
	if (cpg_quorum_is_held(eng))
		view->flags |= CPG_VIEW_F_QUORATE;
	for (i = 0; i < ep->n; i++)
		view->nodes[i] = ep->node[i]->nodeid;
	ep->view->seq.view_seq = ep->id.seq;
	ep->view->seq.view_rep = ep->id.rep;
}

static bool cpg_view_has(const struct cpg_epoch *ep,
			 const struct cpg_peer *peer)
{
	u32 i;

	for (i = 0; i < ep->n; i++)
		if (ep->node[i]->peer == peer)
			return true;
	return false;
}

/* Somebody is not in the view. */
static void cpg_view_seek(struct cpg_engine *eng)
{
	if (eng->beacon_at == CPG_NEVER)
		cpg_engine_arm(eng, &eng->beacon_at, eng->cfg.beacon);
}

/* The view begins.  Nobody is told yet. */
void cpg_view_install(struct cpg_engine *eng, struct cpg_epoch *ep)
{
	u32 i, n = 0;

	for (i = 1; i < eng->n_slots; i++)
		if (cpg_peer_in_view(eng->peers[i]) &&
		    !cpg_view_has(ep, eng->peers[i]))
			cpg_detect_put_out(eng, eng->peers[i]);
	eng->epoch = ep;
	ep->since = eng->now;
	ep->held.leader = ep->leader;
	ep->cur.leader = ep->leader;
	ep->rel.leader = ep->leader;
	cpg_flow_start(eng);
	eng->probe_tries = 0;
	eng->ack_at = CPG_NEVER;
	eng->announce_at = CPG_NEVER;
	eng->probe_at = CPG_NEVER;
	for (i = 1; i < eng->n_slots; i++) {
		eng->peers[i]->idx = CPG_NO_IDX;
		eng->peers[i]->join_valid = false;
	}
	for (i = 0; i < ep->n; i++) {
		struct cpg_peer *peer = ep->node[i]->peer;

		cpg_set_add(&ep->slots, peer ? peer->slot : CPG_SLOT_SELF);
		if (!peer)
			continue;
		ep->others[n++] = peer->nodeid;
		if (peer->incarnation == ep->node[i]->incarnation)
			memcpy(ep->node[i]->serial, peer->serial,
			       sizeof(peer->serial));
		peer->idx = i;
		cpg_detect_restart(eng, peer);
	}
	cpg_view_describe(eng);
	eng->max_seq = max(eng->max_seq, ep->id.seq);
	eng->counters[CPG_CNT_VIEWS]++;
	cpg_engine_arm(eng, &eng->heartbeat_at, 0);
	if (n + 1 < eng->n_slots)
		cpg_engine_arm(eng, &eng->beacon_at, eng->cfg.join_repeat);
}

void cpg_view_tell(struct cpg_engine *eng)
{
	struct cpg_view *view = cpg_event_view(eng->epoch->view);
	struct cpg_trace trace = {
		.kind = CPG_TRACE_VIEW,
		.n_nodes = view->n_nodes,
		.nodes = view->nodes,
	};

	cpg_engine_trace(eng, &trace);
	eng->ops->view(eng->ctx, eng->epoch->view);
}

static void cpg_view_join_xmit(struct cpg_engine *eng, const u32 *nodeids,
			       u32 n)
{
	struct cpg_wire_join join = {
		.max_seq = cpu_to_le64(eng->max_seq),
		.no = cpu_to_le32(eng->join_no),
		.votes = cpu_to_le32(eng->cfg.votes),
		.expected = cpu_to_le32(cpg_quorum_expected(eng)),
	};

	if (eng->gather_complete)
		join.flags = cpu_to_le16(CPG_WIRE_JOIN_F_COMPLETE);
	cpg_peer_heard_xmit(eng, nodeids, n, CPG_WIRE_JOIN, &join,
			    sizeof(join),
			    offsetof(struct cpg_wire_join, n_heard));
}

static void cpg_view_join_send(struct cpg_engine *eng)
{
	u32 nodeids[CPG_NODES_MAX];
	u32 i;

	cpg_engine_arm(eng, &eng->join_at, eng->join_wait);
	eng->join_wait = min(2 * eng->join_wait, eng->cfg.heartbeat);
	for (i = 1; i < eng->n_slots; i++)
		nodeids[i - 1] = eng->peers[i]->nodeid;
	if (eng->n_slots > 1)
		cpg_view_join_xmit(eng, nodeids, eng->n_slots - 1);
}

/*
 * A node of the proposed view still gathers, with the number that the proposal
 * is made of.  It may miss the JOIN of this node, which gathers no more, and
 * cannot agree without it.
 */
static void cpg_view_join_answer(struct cpg_engine *eng,
				 const struct cpg_peer *peer)
{
	if (eng->now >= eng->attempt->progress + eng->cfg.join_repeat)
		cpg_view_join_xmit(eng, &peer->nodeid, 1);
}

static void cpg_view_gather_as(struct cpg_engine *eng, u32 join_no)
{
	if (eng->state == CPG_STATE_STOPPED)
		return;
	if (eng->attempt && eng->attempt->is_installing) {
		eng->gather_again = true;
		return;
	}
	cpg_commit_abort(eng);
	eng->counters[CPG_CNT_GATHERS]++;
	eng->join_no = join_no ? join_no : 1;
	eng->gather_start = eng->now;
	eng->gather_complete = false;
	eng->join_wait = eng->cfg.join_repeat;
	eng->is_news = true;
	cpg_engine_set_state(eng, CPG_STATE_GATHER);
	cpg_view_join_send(eng);
}

/* Leave off whatever goes on, and look for a view. */
void cpg_view_gather(struct cpg_engine *eng)
{
	cpg_view_gather_as(eng, eng->join_no + 1);
}

/*
 * The representative of a proposed view has begun to gather again.  A node
 * that has only agreed so far goes with it in the same gathering: a new number
 * would make the representative begin once more.  One that has said RECOVERED
 * takes a new number, since the view may have been installed.
 */
static void cpg_view_follow(struct cpg_engine *eng)
{
	bool is_new = eng->state == CPG_STATE_RECOVER;

	cpg_view_gather_as(eng, eng->join_no + is_new);
}

/*
 * Can all of the present view hear this node, and does it hear all?  The leader
 * knows: it gets all heartbeats.
 */
static bool cpg_view_may_merge(const struct cpg_engine *eng,
			       const struct cpg_peer *peer)
{
	const struct cpg_epoch *ep = eng->epoch;
	u32 i;

	if (!cpg_lead_is_me(ep) || !cpg_peer_is_alive(eng, peer) ||
	    !cpg_set_covers(&peer->hears, &ep->slots))
		return false;
	for (i = 0; i < ep->n; i++)
		if (ep->node[i]->peer &&
		    !cpg_set_has(&ep->node[i]->peer->hears, peer->slot))
			return false;
	return true;
}

void cpg_view_join_rcv(struct cpg_engine *eng, struct cpg_peer *peer,
		       const struct cpg_wire_hdr *hdr)
{
	const struct cpg_wire_join *join = (const void *)(hdr + 1);
	u32 no = le32_to_cpu(join->no);
	struct cpg_candidate *cand;
	struct cpg_vnode *node;

	if (cpg_join_after(peer->join_no, no) ||
	    !cpg_peer_heard_read(eng, peer, (const void *)(join + 1),
				 le16_to_cpu(join->n_heard)))
		return;
	peer->join_no = no;
	peer->join_max_seq = le64_to_cpu(join->max_seq);
	eng->is_news |= peer->votes != le32_to_cpu(join->votes);
	peer->votes = le32_to_cpu(join->votes);
	peer->expected = le32_to_cpu(join->expected);
	peer->join_complete = le16_to_cpu(join->flags) &
			      CPG_WIRE_JOIN_F_COMPLETE;
	peer->vid.seq = le64_to_cpu(hdr->view_seq);
	peer->vid.rep = le32_to_cpu(hdr->view_rep);
	peer->state = CPG_STATE_GATHER;
	eng->max_seq = max(eng->max_seq, peer->join_max_seq);

	switch (eng->state) {
	case CPG_STATE_OPERATIONAL:
		if (cpg_peer_in_view(peer)) {
			node = eng->epoch->node[peer->idx];
			if (!cpg_join_after(no, node->join_no))
				return;
		} else if (!cpg_view_may_merge(eng, peer)) {
			break;
		}
		peer->join_valid = true;
		cpg_view_gather(eng);
		break;
	case CPG_STATE_COMMIT:
	case CPG_STATE_RECOVER:
		cand = cpg_commit_find(eng->attempt, peer);
		if (cand && !cpg_join_after(no, cand->join_no)) {
			cpg_view_join_answer(eng, peer);
			return;
		}
		peer->join_valid = true;
		if (!cand)
			break;
		if (eng->attempt->id.rep == eng->cfg.nodeid)
			cpg_view_gather(eng);
		else if (eng->attempt->id.rep == peer->nodeid)
			cpg_view_follow(eng);
		break;
	default:
		/* One more to tell the others of. */
		if (!peer->join_valid)
			eng->gather_complete = false;
		peer->join_valid = true;
		break;
	}
}

static bool cpg_view_hears_all_of(const struct cpg_engine *eng,
				  const struct cpg_peer *peer)
{
	u32 i, n = 0;

	for (i = 1; i < eng->n_slots; i++) {
		if (!cpg_set_has(&peer->members, i))
			continue;
		if (!cpg_peer_is_alive(eng, eng->peers[i]) ||
		    !cpg_set_covers(&eng->peers[i]->hears, &eng->epoch->slots))
			return false;
		n++;
	}
	return n + cpg_set_has(&peer->members, CPG_SLOT_SELF) ==
	       peer->n_members;
}

/*
 * This node is in a view, and was to be in another one: will it never agree to
 * that, or has it given that up?  The representative knows from which view it
 * was to come.
 */
static bool cpg_view_has_left(const struct cpg_engine *eng,
			      const struct cpg_peer *peer)
{
	struct cpg_attempt *att = eng->attempt;
	const struct cpg_candidate *cand = cpg_commit_find(att, peer);

	if (!cand || cpg_vid_equal(&peer->vid, &att->id))
		return false;
	if (att->id.rep == eng->cfg.nodeid)
		return peer->vid.seq > cand->view_seq;
	return peer->vid.seq > att->id.seq;
}

/* A node is in another view than this one: has it moved on, or can we merge? */
void cpg_view_status_rcv(struct cpg_engine *eng, struct cpg_peer *peer)
{
	if (peer->state != CPG_STATE_OPERATIONAL)
		return;
	if (eng->attempt && cpg_view_has_left(eng, peer)) {
		cpg_view_gather(eng);
		return;
	}
	if (eng->state != CPG_STATE_OPERATIONAL)
		return;
	if (cpg_peer_in_view(peer)) {
		if (peer->vid.seq > eng->epoch->id.seq)
			cpg_view_gather(eng);
		return;
	}
	if (cpg_view_may_merge(eng, peer) && cpg_view_hears_all_of(eng, peer))
		cpg_view_gather(eng);
}

/* It is gone, or restarted: what it was in the view is no more. */
void cpg_view_peer_lost(struct cpg_engine *eng, struct cpg_peer *peer)
{
	bool was_in_view = cpg_peer_in_view(peer);

	peer->idx = CPG_NO_IDX;
	peer->join_valid = false;
	eng->is_news = true;
	cpg_view_seek(eng);
	if (eng->state == CPG_STATE_OPERATIONAL ? was_in_view :
	    eng->attempt && cpg_commit_find(eng->attempt, peer))
		cpg_view_gather(eng);
}

/*
 * It said good-bye.  What it sent before may still arrive; if it goes on after
 * that, it was not its own good-bye.
 */
void cpg_view_leave_rcv(struct cpg_engine *eng, struct cpg_peer *peer)
{
	peer->left = peer->incarnation;
	peer->left_until = eng->now +
			   CPG_LEAVE_PATIENCE * eng->cfg.suspect;
	peer->heard = 0;
	cpg_view_peer_lost(eng, peer);
}

/* Is it gathering, and heard? */
bool cpg_view_is_candidate(const struct cpg_engine *eng,
			   const struct cpg_peer *peer)
{
	return peer->join_valid && cpg_peer_is_alive(eng, peer);
}

static bool cpg_view_is_patient(const struct cpg_engine *eng)
{
	return eng->now < eng->gather_start +
			  CPG_GATHER_PATIENCE * eng->cfg.suspect;
}

/*
 * Is the JOIN of this node still to come?  A member that is not heard here may
 * be heard elsewhere.  One outside comes if it and the candidates hear each
 * other.
 */
static bool cpg_view_is_expected(const struct cpg_engine *eng,
				 const struct cpg_peer *peer)
{
	bool in_view = cpg_peer_in_view(peer), is_vouched = false;
	u32 i;

	if (peer->join_valid || peer->accused)
		return false;
	for (i = 1; i < eng->n_slots; i++) {
		const struct cpg_peer *other = eng->peers[i];
		bool hears = cpg_set_has(&other->hears, peer->slot);

		if (!cpg_view_is_candidate(eng, other))
			continue;
		if (cpg_set_has(&other->accuses, peer->slot))
			return false;
		if (!in_view && ((!hears && other->join_complete) ||
				 !cpg_set_has(&peer->hears, i)))
			return false;
		is_vouched |= hears;
	}
	if (in_view && is_vouched &&
	    eng->now < eng->gather_start + eng->cfg.suspect)
		return true;
	return cpg_peer_is_alive(eng, peer) &&
	       (in_view || cpg_set_has(&peer->hears, CPG_SLOT_SELF));
}

/* Has everyone who is to come said who is there?  Then say so, too. */
static bool cpg_view_is_complete(struct cpg_engine *eng)
{
	u32 i;

	for (i = 1; i < eng->n_slots; i++)
		if (cpg_view_is_expected(eng, eng->peers[i]))
			return false;
	if (!eng->gather_complete) {
		eng->gather_complete = true;
		cpg_view_join_send(eng);
	}
	for (i = 1; i < eng->n_slots; i++)
		if (cpg_view_is_candidate(eng, eng->peers[i]) &&
		    !eng->peers[i]->join_complete)
			return false;
	return true;
}

/*
 * Gathering: has everyone answered?  Then propose a view, if it is on this
 * node to do so.
 */
void cpg_view_settle(struct cpg_engine *eng)
{
	u64 max_seq = eng->max_seq;
	struct cpg_set set;
	u32 i;

	if (!cpg_view_is_complete(eng) && cpg_view_is_patient(eng))
		return;
	if (cpg_choose(eng, &set) != eng->cfg.nodeid)
		return;
	for (i = 1; i < eng->n_slots; i++)
		if (cpg_set_has(&set, i))
			max_seq = max(max_seq, eng->peers[i]->join_max_seq);
	cpg_commit_propose(eng, &set, max_seq);
}

/*
 * Somebody proposes a view.  If this node would not be in one with it, others
 * know better or will soon; but not for ever.
 */
bool cpg_view_agrees(struct cpg_engine *eng, u32 rep)
{
	struct cpg_set set;

	return !cpg_view_is_patient(eng) || cpg_choose(eng, &set) == rep;
}

void cpg_view_timer(struct cpg_engine *eng)
{
	if (eng->heartbeat_at <= eng->now)
		cpg_peer_heartbeat(eng);
	if (eng->beacon_at <= eng->now)
		cpg_peer_beacon(eng);
	if (eng->join_at <= eng->now) {
		eng->join_at = CPG_NEVER;
		if (eng->state == CPG_STATE_GATHER)
			cpg_view_join_send(eng);
	}
}

/* When silence will tell something: of everyone who is waited for. */
u64 cpg_view_deadline(const struct cpg_engine *eng)
{
	u64 deadline = CPG_NEVER;
	u32 i;

	if (eng->state != CPG_STATE_GATHER)
		return deadline;
	if (cpg_view_is_patient(eng))
		deadline = eng->gather_start +
			   CPG_GATHER_PATIENCE * eng->cfg.suspect;
	for (i = 1; i < eng->n_slots; i++) {
		u64 expires = cpg_peer_expires(eng, eng->peers[i]);

		if (expires > eng->now)
			deadline = min(deadline, expires);
	}
	return deadline;
}
