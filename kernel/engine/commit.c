// SPDX-License-Identifier: GPL-2.0
/*
 * Commit: a star around the representative by which a proposed view becomes
 * the view of all its members, or of none that stays.
 *
 *	representative			member
 *	COMMIT1 (id, members)	->	agrees, freezes its old view
 *				<-	COMMIT1_ACK (what it holds)
 *	COMMIT2 (all of these)	->	fetches what it lacks
 *				<-	RECOVERED (its processes)
 *	INSTALL (all of these)	->	installs
 *				<-	INSTALL_ACK
 *
 * Each side repeats its part until the other's next one comes.  Whoever misses
 * something for too long gathers again; what was fetched is kept.
 */
#include "engine_priv.h"

enum {
	/* Bytes of the largest COMMIT1. */
	CPG_COMMIT_OFFER_MAX = sizeof(struct cpg_wire_commit) +
			       CPG_NODES_MAX * sizeof(struct cpg_wire_member),
};

/* From one burst of chunks to the next. */
#define CPG_BURST_GAP	CPG_NSEC_PER_MSEC

/* In multiples of the time of suspicion. */
enum {
	CPG_COMMIT_PATIENCE = 4,	/* for agreement */
	CPG_RECOVER_PATIENCE = 20,	/* for recovery, by who is alive */
};

static void cpg_commit_destroy(struct cpg_attempt *att)
{
	struct cpg_proc *proc, *next;
	u32 i;

	list_for_each_entry_safe(proc, next, &att->procs, local_link)
		cpg_group_proc_destroy(proc);
	for (i = 0; i < att->n; i++)
		cpg_blob_reset(&att->member[i].in);
	cpg_blob_reset(&att->in);
	cpg_blob_reset(&att->up);
	cpg_blob_reset(&att->down);
	cpg_blob_reset(&att->table);
	cpg_blob_reset(&att->final);
	if (att->epoch)
		cpg_view_epoch_destroy(att->epoch);
	cpg_env_free(att);
}

/* Forget a proposal, and one that was installed but not everywhere. */
void cpg_commit_abort(struct cpg_engine *eng)
{
	if (eng->attempt)
		cpg_commit_destroy(eng->attempt);
	if (eng->installed)
		cpg_commit_destroy(eng->installed);
	eng->attempt = NULL;
	eng->installed = NULL;
}

struct cpg_candidate *cpg_commit_find(struct cpg_attempt *att,
				      const struct cpg_peer *peer)
{
	u32 i;

	for (i = 0; i < att->n; i++)
		if (att->member[i].peer == peer)
			return &att->member[i];
	return NULL;
}

static bool cpg_commit_is_rep(const struct cpg_engine *eng,
			      const struct cpg_attempt *att)
{
	return att->id.rep == eng->cfg.nodeid;
}

static struct cpg_attempt *cpg_commit_create(struct cpg_engine *eng,
					     const struct cpg_vid *id, u32 n)
{
	struct cpg_attempt *att;

	att = cpg_env_alloc(eng->env, struct_size(att, member, n));
	if (!att)
		return NULL;
	INIT_LIST_HEAD(&att->procs);
	att->epoch = cpg_view_epoch_create(eng, id, n);
	if (!att->epoch) {
		cpg_commit_destroy(att);
		return NULL;
	}
	att->id = *id;
	att->n = n;
	att->progress = eng->now;
	att->repeat = eng->cfg.join_repeat;
	att->repeat_at = CPG_NEVER;
	att->nak_at = CPG_NEVER;
	return att;
}

static void cpg_commit_epoch_fill(struct cpg_attempt *att)
{
	struct cpg_epoch *ep = att->epoch;
	u32 i;

	ep->me = att->me;
	ep->leader = att->leader;
	ep->expected = att->expected;
	for (i = 0; i < att->n; i++) {
		ep->votes += att->member[i].votes;
		ep->node[i]->nodeid = att->member[i].nodeid;
		ep->node[i]->join_no = att->member[i].join_no;
		ep->node[i]->incarnation = att->member[i].incarnation;
		ep->node[i]->peer = att->member[i].peer;
	}
}

static void cpg_commit_send(struct cpg_engine *eng, struct cpg_attempt *att)
{
	struct cpg_blob *blob = &att->up;
	u32 nodeids[CPG_NODES_MAX];
	u32 i, n = 0;

	if (cpg_commit_is_rep(eng, att)) {
		blob = att->step == CPG_WIRE_COMMIT1_ACK ? &att->down :
		       att->step == CPG_WIRE_RECOVERED ? &att->table :
		       &att->final;
		for (i = 0; i < att->n; i++)
			if (att->member[i].peer && !att->member[i].done)
				nodeids[n++] = att->member[i].nodeid;
	} else if (blob->type) {
		nodeids[n++] = att->id.rep;
	}
	if (!cpg_blob_xmit(eng, blob, &att->id, nodeids, n)) {
		cpg_engine_arm(eng, &att->repeat_at, CPG_BURST_GAP);
		return;
	}
	cpg_engine_arm(eng, &att->repeat_at,
		       cpg_engine_spread(eng, att->repeat));
	att->repeat = min(2 * att->repeat, eng->cfg.heartbeat);
}

static void cpg_commit_send_first(struct cpg_engine *eng,
				  struct cpg_attempt *att)
{
	att->repeat = eng->cfg.join_repeat;
	cpg_commit_send(eng, att);
}

/* All members' last words, one after the other. */
static int cpg_commit_join_parts(struct cpg_engine *eng, struct cpg_blob *blob,
				 u32 type)
{
	struct cpg_attempt *att = eng->attempt;
	u32 i, len = 0;
	u8 *p;

	for (i = 0; i < att->n; i++)
		len += sizeof(__le32) + att->member[i].in.len;
	if (cpg_blob_alloc(eng, blob, type, len))
		return -ENOMEM;
	p = blob->data;
	for (i = 0; i < att->n; i++) {
		const struct cpg_blob *in = &att->member[i].in;
		__le32 size = cpu_to_le32(in->len);

		memcpy(p, &size, sizeof(size));
		memcpy(p + sizeof(size), in->data, in->len);
		p += sizeof(size) + in->len;
	}
	return 0;
}

static int cpg_commit_offer_fill(struct cpg_engine *eng,
				 struct cpg_attempt *att)
{
	struct cpg_wire_commit *commit;
	struct cpg_wire_member *wire;
	u32 i, len = sizeof(*commit) + att->n * sizeof(*wire);

	if (cpg_blob_alloc(eng, &att->down, CPG_WIRE_COMMIT1, len))
		return -ENOMEM;
	commit = (void *)att->down.data;
	commit->leader = cpu_to_le32(att->member[att->leader].nodeid);
	commit->n_members = cpu_to_le32(att->n);
	commit->expected = cpu_to_le32(att->expected);
	wire = (void *)(commit + 1);
	for (i = 0; i < att->n; i++)
		wire[i] = (struct cpg_wire_member) {
			.nodeid = cpu_to_le32(att->member[i].nodeid),
			.join_no = cpu_to_le32(att->member[i].join_no),
			.incarnation =
				cpu_to_le64(att->member[i].incarnation),
			.votes = cpu_to_le32(att->member[i].votes),
		};
	return 0;
}

static void cpg_commit_member_set(struct cpg_engine *eng,
				  struct cpg_candidate *cand,
				  struct cpg_peer *peer)
{
	cand->peer = peer;
	cand->nodeid = peer ? peer->nodeid : eng->cfg.nodeid;
	cand->join_no = peer ? peer->join_no : eng->join_no;
	cand->incarnation = peer ? peer->incarnation : eng->cfg.incarnation;
	cand->votes = peer ? peer->votes : eng->cfg.votes;
	cand->view_seq = peer ? peer->vid.seq : eng->epoch->id.seq;
}

/* The members in ascending order; this node is the lowest. */
static void cpg_commit_members_fill(struct cpg_engine *eng,
				    struct cpg_attempt *att,
				    const struct cpg_set *slots)
{
	const struct cpg_epoch *ep = eng->epoch;
	u32 i, j, n = 1;

	cpg_commit_member_set(eng, &att->member[0], NULL);
	for (i = 1; i < eng->n_slots; i++) {
		if (!cpg_set_has(slots, i))
			continue;
		for (j = n++; att->member[j - 1].nodeid >
			      eng->peers[i]->nodeid; j--)
			att->member[j] = att->member[j - 1];
		cpg_commit_member_set(eng, &att->member[j], eng->peers[i]);
	}
	for (i = 0; i < n; i++) {
		const struct cpg_peer *peer = att->member[i].peer;

		if ((peer ? peer->idx : ep->me) == ep->leader)
			att->leader = i;
		att->expected = max(att->expected, peer ? peer->expected :
				    cpg_quorum_expected(eng));
	}
}

/**
 * cpg_commit_propose() - begin a view
 * @eng: engine; this node is the lowest of those that are to be in it
 * @slots: who is to be in it
 * @max_seq: the greatest view seq that any of them knows
 *
 * Without memory nothing happens; the gathering goes on and comes here again.
 */
void cpg_commit_propose(struct cpg_engine *eng, const struct cpg_set *slots,
			u64 max_seq)
{
	struct cpg_vid id = { .seq = max_seq + 1, .rep = eng->cfg.nodeid };
	struct cpg_attempt *att;
	u32 i, n = 0;

	for (i = 0; i < eng->n_slots; i++)
		n += cpg_set_has(slots, i);
	att = cpg_commit_create(eng, &id, n);
	if (!att)
		return;
	cpg_commit_members_fill(eng, att, slots);
	cpg_commit_epoch_fill(att);
	if (cpg_commit_offer_fill(eng, att) ||
	    cpg_recover_hold(eng, &att->member[0].in)) {
		cpg_commit_destroy(att);
		return;
	}
	att->member[0].done = true;
	att->step = CPG_WIRE_COMMIT1_ACK;
	eng->attempt = att;
	eng->max_seq = id.seq;
	eng->promised = id.seq;
	cpg_engine_set_state(eng, CPG_STATE_COMMIT);
	cpg_commit_send_first(eng, att);
}

/* Takes the members from a COMMIT1; false: not one to agree to. */
static bool cpg_commit_offer_read(struct cpg_engine *eng,
				  struct cpg_attempt *att,
				  const struct cpg_blob *offer)
{
	const struct cpg_wire_commit *commit = (const void *)offer->data;
	const struct cpg_wire_member *wire = (const void *)(commit + 1);
	bool has_me = false, has_leader = false;
	u32 i;

	att->expected = le32_to_cpu(commit->expected);
	if (att->expected < cpg_quorum_expected(eng) ||
	    att->expected > CPG_EXPECTED_VOTES_MAX)
		return false;
	for (i = 0; i < att->n; i++) {
		struct cpg_candidate *cand = &att->member[i];

		cand->nodeid = le32_to_cpu(wire[i].nodeid);
		cand->join_no = le32_to_cpu(wire[i].join_no);
		cand->incarnation = le64_to_cpu(wire[i].incarnation);
		cand->votes = le32_to_cpu(wire[i].votes);
		if ((i && cand->nodeid <= cand[-1].nodeid) ||
		    cand->votes > CPG_NODE_VOTES_MAX)
			return false;
		if (cand->nodeid == le32_to_cpu(commit->leader)) {
			att->leader = i;
			has_leader = true;
		}
		if (cand->nodeid == eng->cfg.nodeid) {
			if (cand->incarnation != eng->cfg.incarnation ||
			    cand->join_no != eng->join_no ||
			    cand->votes != eng->cfg.votes)
				return false;
			att->me = i;
			has_me = true;
			continue;
		}
		cand->peer = cpg_peer_find(eng, cand->nodeid);
		if (!cand->peer || !cpg_peer_is_alive(eng, cand->peer) ||
		    cand->peer->incarnation != cand->incarnation)
			return false;
	}
	return has_me && has_leader && att->member[0].nodeid == att->id.rep;
}

static u32 cpg_commit_offer_n(const struct cpg_blob *offer)
{
	const struct cpg_wire_commit *commit = (const void *)offer->data;
	u32 n;

	if (offer->len < sizeof(*commit))
		return 0;
	n = le32_to_cpu(commit->n_members);
	if (n > CPG_NODES_MAX || offer->len != sizeof(*commit) +
	    n * sizeof(struct cpg_wire_member))
		return 0;
	return n;
}

static enum cpg_drop cpg_commit_agree(struct cpg_engine *eng,
				      struct cpg_peer *peer,
				      const struct cpg_vid *id)
{
	u32 n = cpg_commit_offer_n(&peer->offer);
	struct cpg_attempt *att;

	if (!n)
		return CPG_DROP_RECORD;
	att = cpg_commit_create(eng, id, n);
	if (!att)
		return CPG_DROP_NOMEM;
	if (!cpg_commit_offer_read(eng, att, &peer->offer)) {
		cpg_commit_destroy(att);
		return CPG_DROP_STALE;
	}
	if (cpg_recover_hold(eng, &att->up)) {
		cpg_commit_destroy(att);
		return CPG_DROP_NOMEM;
	}
	cpg_commit_abort(eng);
	cpg_commit_epoch_fill(att);
	att->step = CPG_WIRE_COMMIT2;
	eng->attempt = att;
	eng->max_seq = max(eng->max_seq, id->seq);
	eng->promised = id->seq;
	cpg_engine_set_state(eng, CPG_STATE_COMMIT);
	cpg_commit_send_first(eng, att);
	return CPG_DROP_NONE;
}

/*
 * Two propose at once, each with the other: neither would get all answers, and
 * both would wait.  The one with the higher node id begins anew, and makes the
 * other do so.
 */
static bool cpg_commit_gives_way(const struct cpg_engine *eng,
				 const struct cpg_attempt *att,
				 const struct cpg_vid *id)
{
	return cpg_commit_is_rep(eng, att) &&
	       att->step == CPG_WIRE_COMMIT1_ACK && id->rep < att->id.rep;
}

static enum cpg_drop cpg_commit_offer_rcv(struct cpg_engine *eng,
					  struct cpg_peer *peer,
					  const struct cpg_vid *id,
					  const struct cpg_wire_chunk *chunk,
					  u32 len)
{
	const struct cpg_attempt *att = eng->attempt;
	enum cpg_drop drop;

	if (eng->state == CPG_STATE_OPERATIONAL ||
	    eng->state == CPG_STATE_STOPPED || id->rep != peer->nodeid)
		return CPG_DROP_STALE;
	if (att && cpg_commit_gives_way(eng, att, id)) {
		cpg_view_gather(eng);
		return CPG_DROP_STALE;
	}
	if (id->seq <= eng->promised || id->seq <= eng->epoch->id.seq)
		return CPG_DROP_STALE;
	if (att && (att->is_installing || att->id.rep != id->rep))
		return CPG_DROP_STALE;
	if (!att && !cpg_view_agrees(eng, id->rep))
		return CPG_DROP_STALE;
	if (le32_to_cpu(chunk->total) > CPG_COMMIT_OFFER_MAX)
		return CPG_DROP_RECORD;
	if (!cpg_vid_equal(&peer->offer_id, id)) {
		if (id->seq < peer->offer_id.seq)
			return CPG_DROP_STALE;
		cpg_blob_reset(&peer->offer);
		peer->offer_id = *id;
	}
	drop = cpg_blob_rcv(eng, &peer->offer, CPG_WIRE_COMMIT1, chunk, len);
	if (!cpg_blob_is_whole(&peer->offer, CPG_WIRE_COMMIT1))
		return drop;
	return cpg_commit_agree(eng, peer, id);
}

static bool cpg_commit_part_check(u32 type, const u8 *p, u32 len)
{
	if (type == CPG_WIRE_COMMIT1_ACK || type == CPG_WIRE_COMMIT2)
		return cpg_wire_hold_check(p, len);
	return cpg_wire_procs_check(p, len);
}

static bool cpg_commit_parts_check(const struct cpg_blob *blob, u32 n)
{
	u32 i, off = 0, len;
	const u8 *part;

	for (i = 0; i < n; i++)
		if (!cpg_wire_part_next(blob->data, blob->len, &off, &part,
					&len) ||
		    !cpg_commit_part_check(blob->type, part, len))
			return false;
	return off == blob->len;
}

/* Representative: what a member says. */
static enum cpg_drop cpg_commit_up_rcv(struct cpg_engine *eng,
				       struct cpg_peer *peer, u32 type,
				       const struct cpg_wire_chunk *chunk,
				       u32 len)
{
	struct cpg_attempt *att = eng->attempt;
	struct cpg_candidate *cand = cpg_commit_find(att, peer);
	enum cpg_drop drop;

	if (!cand || att->step != type || att->is_installing)
		return CPG_DROP_STALE;
	if (cand->done)
		return CPG_DROP_DUPLICATE;
	drop = cpg_blob_rcv(eng, &cand->in, type, chunk, len);
	if (drop)
		return drop;
	att->progress = eng->now;
	if (!cpg_blob_is_whole(&cand->in, type))
		return CPG_DROP_NONE;
	if (!cpg_commit_part_check(type, cand->in.data, cand->in.len)) {
		cpg_blob_reset(&cand->in);
		return CPG_DROP_RECORD;
	}
	cand->done = true;
	return CPG_DROP_NONE;
}

/* Member: what the representative says. */
static enum cpg_drop cpg_commit_down_rcv(struct cpg_engine *eng, u32 type,
					 const struct cpg_wire_chunk *chunk,
					 u32 len)
{
	struct cpg_attempt *att = eng->attempt;
	enum cpg_drop drop;

	if (att->step != type || att->is_installing)
		return CPG_DROP_STALE;
	drop = cpg_blob_rcv(eng, &att->in, type, chunk, len);
	if (drop)
		return drop;
	att->progress = eng->now;
	if (!cpg_blob_is_whole(&att->in, type))
		return CPG_DROP_NONE;
	if (!cpg_commit_parts_check(&att->in, att->n)) {
		cpg_blob_reset(&att->in);
		return CPG_DROP_RECORD;
	}
	if (type == CPG_WIRE_COMMIT2) {
		swap(att->table, att->in);
		cpg_blob_reset(&att->up);
		att->step = CPG_WIRE_INSTALL;
		cpg_engine_set_state(eng, CPG_STATE_RECOVER);
	} else {
		swap(att->final, att->in);
		att->is_installing = true;
	}
	return CPG_DROP_NONE;
}

static void cpg_commit_install_ack_send(struct cpg_engine *eng,
					const struct cpg_vid *id)
{
	cpg_engine_xmit(eng, &id->rep, 1, CPG_WIRE_INSTALL_ACK, id, NULL, 0,
			NULL, 0, 0);
}

static void cpg_commit_install_ack_rcv(struct cpg_engine *eng,
				       const struct cpg_peer *peer)
{
	struct cpg_attempt *att = eng->installed;
	struct cpg_candidate *cand = cpg_commit_find(att, peer);
	u32 i;

	if (cand)
		cand->done = true;
	for (i = 0; i < att->n; i++)
		if (!att->member[i].done)
			return;
	cpg_commit_destroy(att);
	eng->installed = NULL;
}

/**
 * cpg_commit_rcv() - COMMIT1 to INSTALL_ACK
 * @eng: engine
 * @peer: from whom
 * @hdr: the packet, checked
 * @len: bytes of the chunk
 *
 * Return: CPG_DROP_NONE, or why it was dropped.
 */
enum cpg_drop cpg_commit_rcv(struct cpg_engine *eng, struct cpg_peer *peer,
			     const struct cpg_wire_hdr *hdr, u32 len)
{
	const struct cpg_wire_chunk *chunk = (const void *)(hdr + 1);
	struct cpg_attempt *att = eng->attempt;
	struct cpg_vid id = {
		.seq = le64_to_cpu(hdr->view_seq),
		.rep = le32_to_cpu(hdr->view_rep),
	};

	if (hdr->type == CPG_WIRE_COMMIT1)
		return cpg_commit_offer_rcv(eng, peer, &id, chunk, len);
	if (hdr->type == CPG_WIRE_INSTALL_ACK) {
		if (!eng->installed || !cpg_vid_equal(&eng->installed->id, &id))
			return CPG_DROP_STALE;
		cpg_commit_install_ack_rcv(eng, peer);
		return CPG_DROP_NONE;
	}
	if (hdr->type == CPG_WIRE_INSTALL && !att &&
	    cpg_vid_equal(&eng->epoch->id, &id)) {
		cpg_commit_install_ack_send(eng, &id);
		return CPG_DROP_DUPLICATE;
	}
	if (!att || !cpg_vid_equal(&att->id, &id))
		return CPG_DROP_STALE;
	if (hdr->type == CPG_WIRE_COMMIT1_ACK ||
	    hdr->type == CPG_WIRE_RECOVERED)
		return cpg_commit_is_rep(eng, att) ?
		       cpg_commit_up_rcv(eng, peer, hdr->type, chunk, len) :
		       CPG_DROP_STALE;
	if (cpg_commit_is_rep(eng, att) || peer->nodeid != id.rep)
		return CPG_DROP_STALE;
	return cpg_commit_down_rcv(eng, hdr->type, chunk, len);
}

static bool cpg_commit_all_done(const struct cpg_attempt *att)
{
	u32 i;

	for (i = 0; i < att->n; i++)
		if (!att->member[i].done)
			return false;
	return true;
}

static void cpg_commit_next(struct cpg_attempt *att, u32 step)
{
	u32 i;

	att->step = step;
	for (i = 0; i < att->n; i++) {
		att->member[i].done = false;
		cpg_blob_reset(&att->member[i].in);
	}
}

/* This node holds what anybody held, and says so. */
static int cpg_commit_recovered(struct cpg_engine *eng)
{
	struct cpg_attempt *att = eng->attempt;
	bool is_rep = cpg_commit_is_rep(eng, att);
	struct cpg_candidate *me = &att->member[att->me];

	if (is_rep ? me->done : att->up.type == CPG_WIRE_RECOVERED)
		return 0;
	if (cpg_recover_start(eng))
		return -ENOMEM;
	if (!cpg_recover_is_done(eng))
		return -EAGAIN;
	if (cpg_install_procs(eng, is_rep ? &me->in : &att->up))
		return -ENOMEM;
	cpg_recover_promise(eng);
	me->done = true;
	if (!is_rep)
		cpg_commit_send_first(eng, att);
	return 0;
}

/* The view is installed here; the representative sees to the others. */
static void cpg_commit_finish(struct cpg_engine *eng)
{
	struct cpg_attempt *att = eng->attempt;

	eng->attempt = NULL;
	if (cpg_commit_is_rep(eng, att) && att->n > 1) {
		eng->installed = att;
		cpg_commit_next(att, CPG_WIRE_INSTALL_ACK);
		att->member[att->me].done = true;
		cpg_commit_send_first(eng, att);
	} else {
		if (att->n > 1)
			cpg_commit_install_ack_send(eng, &att->id);
		cpg_commit_destroy(att);
	}
	if (!eng->gather_again)
		return;
	eng->gather_again = false;
	cpg_view_gather(eng);
}

static void cpg_commit_run_rep(struct cpg_engine *eng)
{
	struct cpg_attempt *att = eng->attempt;

	if (att->step == CPG_WIRE_COMMIT1_ACK && cpg_commit_all_done(att)) {
		if (cpg_commit_join_parts(eng, &att->table, CPG_WIRE_COMMIT2))
			goto nomem;
		cpg_commit_next(att, CPG_WIRE_RECOVERED);
		cpg_engine_set_state(eng, CPG_STATE_RECOVER);
		cpg_commit_send_first(eng, att);
	}
	if (att->step != CPG_WIRE_RECOVERED || att->is_installing)
		return;
	if (cpg_commit_recovered(eng) == -ENOMEM)
		goto nomem;
	if (!cpg_commit_all_done(att))
		return;
	if (cpg_commit_join_parts(eng, &att->final, CPG_WIRE_INSTALL))
		goto nomem;
	att->is_installing = true;
	return;
nomem:
	cpg_engine_arm(eng, &eng->nomem_at, CPG_NOMEM_DELAY);
}

/* Go on with the proposed view as far as that is possible now. */
void cpg_commit_run(struct cpg_engine *eng)
{
	struct cpg_attempt *att = eng->attempt;

	if (cpg_commit_is_rep(eng, att))
		cpg_commit_run_rep(eng);
	else if (att->step == CPG_WIRE_INSTALL && !att->is_installing &&
		 cpg_commit_recovered(eng) == -ENOMEM)
		cpg_engine_arm(eng, &eng->nomem_at, CPG_NOMEM_DELAY);
	if (!att->is_installing)
		return;
	if (cpg_install_run(eng)) {
		cpg_engine_arm(eng, &eng->nomem_at, CPG_NOMEM_DELAY);
		return;
	}
	cpg_commit_finish(eng);
}

static u64 cpg_commit_patience(const struct cpg_engine *eng)
{
	u32 times = eng->state == CPG_STATE_COMMIT ? CPG_COMMIT_PATIENCE :
						     CPG_RECOVER_PATIENCE;

	return times * eng->cfg.suspect;
}

static bool cpg_commit_is_lost(const struct cpg_engine *eng)
{
	const struct cpg_attempt *att = eng->attempt;
	u32 i;

	if (eng->now >= att->progress + cpg_commit_patience(eng))
		return true;
	for (i = 0; i < att->n; i++)
		if (att->member[i].peer &&
		    !cpg_peer_is_alive(eng, att->member[i].peer))
			return true;
	return false;
}

void cpg_commit_timer(struct cpg_engine *eng)
{
	struct cpg_attempt *att = eng->installed;

	if (att && att->repeat_at <= eng->now)
		cpg_commit_send(eng, att);
	att = eng->attempt;
	if (!att || att->is_installing)
		return;
	if (cpg_commit_is_lost(eng)) {
		cpg_view_gather(eng);
		return;
	}
	if (att->repeat_at <= eng->now)
		cpg_commit_send(eng, att);
	if (att->nak_at <= eng->now)
		cpg_recover_nak(eng);
}

u64 cpg_commit_deadline(const struct cpg_engine *eng)
{
	const struct cpg_attempt *att = eng->attempt;
	u64 deadline = CPG_NEVER;
	u32 i;

	if (eng->installed)
		deadline = eng->installed->repeat_at;
	if (!att || att->is_installing)
		return deadline;
	deadline = min(deadline, att->repeat_at);
	deadline = min(deadline, att->nak_at);
	deadline = min(deadline, att->progress + cpg_commit_patience(eng));
	for (i = 0; i < att->n; i++) {
		const struct cpg_peer *peer = att->member[i].peer;

		if (peer)
			deadline = min(deadline, cpg_peer_expires(eng, peer));
	}
	return deadline;
}
