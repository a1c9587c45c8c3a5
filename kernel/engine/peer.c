// SPDX-License-Identifier: GPL-2.0
/*
 * The other nodes, one by one: which life of them is the present one, when
 * they were heard, whom they hear, and the heartbeats and beacons by which
 * they know the same of this node.
 */
#include "engine_priv.h"

enum {
	/* Entries about nodes in a part: those of the smallest packet, less
	 * two bounds.
	 */
	CPG_HEARD_PART_MIN = (CPG_MTU_MIN - sizeof(struct cpg_wire_hdr) -
			      sizeof(struct cpg_wire_status)) /
			     sizeof(struct cpg_wire_heard) - 2,
	CPG_HEARD_PARTS_MAX = DIV_ROUND_UP(CPG_NODES_MAX, CPG_HEARD_PART_MIN),
};

/* Where a node is, or would be, among all peers by node id. */
static u32 cpg_peer_rank(const struct cpg_engine *eng, u32 nodeid)
{
	u32 lo = 0, hi = eng->n_slots - 1;

	while (lo < hi) {
		u32 i = lo + (hi - lo) / 2;

		if (eng->by_id[i]->nodeid < nodeid)
			lo = i + 1;
		else
			hi = i;
	}
	return lo;
}

struct cpg_peer *cpg_peer_find(const struct cpg_engine *eng, u32 nodeid)
{
	u32 i = cpg_peer_rank(eng, nodeid);

	if (i < eng->n_slots - 1 && eng->by_id[i]->nodeid == nodeid)
		return eng->by_id[i];
	return NULL;
}

int cpg_engine_peer_add(struct cpg_engine *eng, u64 now, u32 nodeid)
{
	struct cpg_peer *peer;
	u32 i;

	if (!nodeid || nodeid == eng->cfg.nodeid)
		return -EINVAL;
	if (cpg_peer_find(eng, nodeid))
		return -EEXIST;
	if (eng->n_slots == CPG_NODES_MAX)
		return -ENOSPC;
	peer = cpg_env_alloc(eng->env, sizeof(*peer));
	if (!peer)
		return -ENOMEM;
	peer->nodeid = nodeid;
	peer->slot = eng->n_slots;
	peer->idx = CPG_NO_IDX;
	for (i = eng->n_slots - 1; i && eng->by_id[i - 1]->nodeid > nodeid; i--)
		eng->by_id[i] = eng->by_id[i - 1];
	eng->by_id[i] = peer;
	eng->peers[eng->n_slots++] = peer;
	eng->is_news = true;
	eng->now = now;
	cpg_engine_arm(eng, &eng->beacon_at, 0);
	return 0;
}

bool cpg_peer_in_view(const struct cpg_peer *peer)
{
	return peer->idx != CPG_NO_IDX;
}

/* Until when it counts as alive if nothing more comes. */
u64 cpg_peer_expires(const struct cpg_engine *eng, const struct cpg_peer *peer)
{
	if (!peer->heard || (peer->accused && !cpg_peer_in_view(peer)) ||
	    cpg_detect_is_damped(eng, peer))
		return 0;
	return peer->heard + cpg_detect_window(eng, peer);
}

bool cpg_peer_is_alive(const struct cpg_engine *eng,
		       const struct cpg_peer *peer)
{
	return eng->now < cpg_peer_expires(eng, peer);
}

static void cpg_peer_adopt(struct cpg_engine *eng, struct cpg_peer *peer,
			   u64 incarnation)
{
	bool was_in_view = cpg_peer_in_view(peer);

	if (was_in_view)
		cpg_detect_put_out(eng, peer);
	peer->incarnation = incarnation;
	cpg_detect_restart(eng, peer);
	cpg_detect_meet(eng, peer);
	peer->rival = 0;
	peer->nodeid_used = false;
	peer->is_unwell = false;
	peer->state = CPG_STATE_OPERATIONAL;
	peer->join_valid = false;
	peer->join_no = 0;
	peer->n_members = 0;
	peer->told = 0;
	memset(&peer->serial, 0, sizeof(peer->serial));
	memset(&peer->vid, 0, sizeof(peer->vid));
	memset(&peer->hears, 0, sizeof(peer->hears));
	memset(&peer->accuses, 0, sizeof(peer->accuses));
	memset(&peer->members, 0, sizeof(peer->members));
	eng->is_news = true;
	if (was_in_view)
		cpg_view_peer_lost(eng, peer);
}

/* Two live nodes have one id: tell the one that came later, and the other. */
static void cpg_peer_conflict(struct cpg_engine *eng, struct cpg_peer *peer)
{
	struct cpg_wire_used used = {
		.nodeid = cpu_to_le32(peer->nodeid),
		.incarnation = cpu_to_le64(peer->incarnation),
		.uptime = cpu_to_le64(U64_MAX),
	};

	cpg_engine_reply(eng, CPG_WIRE_NODEID_USED, &used, sizeof(used));
	if (peer->nodeid_used)
		return;
	peer->nodeid_used = true;
	cpg_engine_xmit(eng, &peer->nodeid, 1, CPG_WIRE_NODEID_USED,
			&eng->epoch->id, &used, sizeof(used), NULL, 0, 0);
}

/*
 * Another incarnation than the one that is known.  A node that restarted is
 * silent under its old one; if the old one is still heard some time after the
 * new one came up, there are two.
 */
static enum cpg_drop cpg_peer_rival(struct cpg_engine *eng,
				    struct cpg_peer *peer, u64 incarnation)
{
	if (!cpg_peer_is_alive(eng, peer) ||
	    (cpg_peer_in_view(peer) && cpg_detect_is_quiet(eng, peer))) {
		cpg_peer_adopt(eng, peer, incarnation);
		return CPG_DROP_NONE;
	}
	if (peer->rival != incarnation) {
		peer->rival = incarnation;
		peer->rival_since = eng->now;
	}
	if (peer->heard <= peer->rival_since + eng->cfg.suspect)
		return CPG_DROP_STALE;
	cpg_peer_conflict(eng, peer);
	return CPG_DROP_NODEID_USED;
}

static enum cpg_drop cpg_peer_own_id(struct cpg_engine *eng,
				     const struct cpg_wire_hdr *hdr)
{
	struct cpg_wire_used used = {
		.nodeid = cpu_to_le32(eng->cfg.nodeid),
		.incarnation = cpu_to_le64(eng->cfg.incarnation),
		.uptime = cpu_to_le64(eng->now - eng->start),
	};

	if (le64_to_cpu(hdr->incarnation) == eng->cfg.incarnation)
		return CPG_DROP_DUPLICATE;
	cpg_engine_reply(eng, CPG_WIRE_NODEID_USED, &used, sizeof(used));
	if (!eng->nodeid_used)
		eng->ops->nodeid_used(eng->ctx, false);
	eng->nodeid_used = true;
	return CPG_DROP_NODEID_USED;
}

/* Most packets come from the view, and say from where in it. */
static struct cpg_peer *cpg_peer_from(const struct cpg_engine *eng,
				      const struct cpg_wire_hdr *hdr,
				      u32 nodeid)
{
	const struct cpg_epoch *ep = eng->epoch;
	u32 idx = le16_to_cpu(hdr->src_idx);

	if (idx < ep->n && ep->node[idx]->nodeid == nodeid)
		return ep->node[idx]->peer;
	return cpg_peer_find(eng, nodeid);
}

/**
 * cpg_peer_admit() - whose packet is it?
 * @eng: engine
 * @hdr: a header that was checked
 * @peer: stores the node
 *
 * Return: CPG_DROP_NONE, or why its packet is not to be used.
 */
enum cpg_drop cpg_peer_admit(struct cpg_engine *eng,
			     const struct cpg_wire_hdr *hdr,
			     struct cpg_peer **peer)
{
	u64 incarnation = le64_to_cpu(hdr->incarnation);
	u32 nodeid = le32_to_cpu(hdr->src);

	if (nodeid == eng->cfg.nodeid)
		return cpg_peer_own_id(eng, hdr);
	*peer = cpg_peer_from(eng, hdr, nodeid);
	if (!*peer)
		return CPG_DROP_NODE;
	if ((*peer)->left == incarnation && eng->now < (*peer)->left_until)
		return CPG_DROP_STALE;
	if ((*peer)->incarnation != incarnation)
		return cpg_peer_rival(eng, *peer, incarnation);
	cpg_detect_heard(eng, *peer);
	return CPG_DROP_NONE;
}

/* Somebody says that this node's id is used twice. */
void cpg_peer_used_rcv(struct cpg_engine *eng, const struct cpg_wire_hdr *hdr)
{
	const struct cpg_wire_used *used = (const void *)(hdr + 1);
	bool refused;

	if (le32_to_cpu(used->nodeid) != eng->cfg.nodeid)
		return;
	refused = le64_to_cpu(used->incarnation) != eng->cfg.incarnation &&
		  le64_to_cpu(used->uptime) > eng->now - eng->start;
	if (eng->nodeid_used && !refused)
		return;
	eng->nodeid_used = true;
	if (refused)
		cpg_engine_set_state(eng, CPG_STATE_STOPPED);
	if (refused && eng->stop_at != CPG_NEVER)
		eng->ops->stopped(eng->ctx);
	eng->ops->nodeid_used(eng->ctx, refused);
}

static u32 cpg_peer_life(u64 incarnation)
{
	return (u32)incarnation << CPG_HEARD_LIFE_SHIFT;
}

/* What this node thinks of the others, by node id; room for CPG_NODES_MAX. */
static u32 cpg_peer_heard_fill(const struct cpg_engine *eng,
			       struct cpg_wire_heard *heard)
{
	u32 i, n = 0;

	for (i = 0; i < eng->n_slots - 1; i++) {
		const struct cpg_peer *peer = eng->by_id[i];
		u32 flags = 0;

		if (cpg_peer_is_alive(eng, peer))
			flags |= CPG_HEARD_F_ALIVE;
		if (cpg_peer_in_view(peer))
			flags |= CPG_HEARD_F_MEMBER;
		if (peer->accused && peer->dead)
			flags |= CPG_HEARD_F_ACCUSED;
		if (!flags)
			continue;
		heard[n++] = (struct cpg_wire_heard) {
			.nodeid = cpu_to_le32(peer->nodeid),
			.life = cpu_to_le32(cpg_peer_life(peer->incarnation) |
					    flags),
		};
	}
	return n;
}

/* Where a part of that begins or ends: behind this node. */
static struct cpg_wire_heard cpg_peer_bound(const struct cpg_engine *eng,
					    const struct cpg_wire_heard *heard)
{
	return (struct cpg_wire_heard) {
		.nodeid = heard->nodeid,
		.life = cpu_to_le32(eng->epoch->n << CPG_HEARD_LIFE_SHIFT),
	};
}

/**
 * cpg_peer_heard_xmit() - tell others what this node thinks of all
 * @eng: engine
 * @nodeids: whom to tell
 * @n: how many
 * @type: STATUS or JOIN
 * @fixed: what stands before it in the packet
 * @len: bytes
 * @n_at: where in @fixed the entries are counted
 *
 * What does not fit into one packet goes in several.  Each says which nodes it
 * is about, so that it is worth something if the others are lost.
 */
void cpg_peer_heard_xmit(struct cpg_engine *eng, const u32 *nodeids, u32 n,
			 enum cpg_wire_type type, void *fixed, u32 len,
			 u32 n_at)
{
	u32 room = (eng->cfg.mtu - sizeof(struct cpg_wire_hdr) - len) /
		   sizeof(struct cpg_wire_heard);
	struct cpg_wire_heard *heard, *part;
	u32 all, some, at = 0;
	struct cpg_buf *buf;

	BUILD_BUG_ON(sizeof(struct cpg_wire_join) >
		     sizeof(struct cpg_wire_status));
	buf = cpg_env_buf_alloc(eng->env, sizeof(*heard) * 2 *
				(CPG_NODES_MAX + CPG_HEARD_PARTS_MAX));
	if (!buf)
		return;
	heard = (void *)buf->data;
	all = cpg_peer_heard_fill(eng, heard);
	some = all > room ? room - 2 : all;
	part = all > room ? heard + all : heard;
	do {
		u32 k = 0;
		__le16 n_heard;

		if (at)
			part[k++] = cpg_peer_bound(eng, &heard[at - 1]);
		some = min(some, all - at);
		if (part != heard)
			memcpy(part + k, heard + at, some * sizeof(*heard));
		k += some;
		at += some;
		if (at < all)
			part[k++] = cpg_peer_bound(eng, &heard[at - 1]);
		n_heard = cpu_to_le16(k);
		memcpy((u8 *)fixed + n_at, &n_heard, sizeof(n_heard));
		cpg_engine_xmit(eng, nodeids, n, type, &eng->epoch->id, fixed,
				len, buf, (u8 *)part - buf->data,
				k * sizeof(*heard));
		part += k;
	} while (at < all);
	cpg_buf_put(buf);
}

/* @rank: where to look first, and then for the next; names come in order. */
static u32 cpg_peer_slot(const struct cpg_engine *eng, u32 nodeid, u32 life,
			 u32 *rank)
{
	const struct cpg_peer *peer;

	if (nodeid == eng->cfg.nodeid)
		return cpg_peer_life(eng->cfg.incarnation) == life ?
		       CPG_SLOT_SELF : CPG_NO_IDX;
	if (*rank >= eng->n_slots - 1 || eng->by_id[*rank]->nodeid != nodeid)
		*rank = cpg_peer_rank(eng, nodeid);
	if (*rank >= eng->n_slots - 1 || eng->by_id[*rank]->nodeid != nodeid)
		return CPG_NO_IDX;
	peer = eng->by_id[(*rank)++];
	return cpg_peer_life(peer->incarnation) == life ? peer->slot :
							  CPG_NO_IDX;
}

static u32 cpg_peer_heard_flags(const struct cpg_wire_heard *heard)
{
	return le32_to_cpu(heard->life) & ((1 << CPG_HEARD_LIFE_SHIFT) - 1);
}

static void cpg_peer_heard_forget_some(const struct cpg_engine *eng,
				       struct cpg_peer *peer, u32 from, u32 to)
{
	u32 i;

	for (i = 0; i < eng->n_slots; i++) {
		u32 nodeid = i == CPG_SLOT_SELF ? eng->cfg.nodeid :
						  eng->peers[i]->nodeid;

		if (nodeid <= from || nodeid > to)
			continue;
		cpg_set_del(&peer->hears, i);
		cpg_set_del(&peer->accuses, i);
		cpg_set_del(&peer->members, i);
	}
}

/* What it thought of the nodes behind @from, up to @to, and of itself. */
static void cpg_peer_heard_forget(const struct cpg_engine *eng,
				  struct cpg_peer *peer, u32 from, u32 to)
{
	if (from || to != U32_MAX) {
		cpg_peer_heard_forget_some(eng, peer, from, to);
	} else {
		memset(&peer->hears, 0, sizeof(peer->hears));
		memset(&peer->accuses, 0, sizeof(peer->accuses));
		memset(&peer->members, 0, sizeof(peer->members));
	}
	cpg_set_add(&peer->hears, peer->slot);
	cpg_set_add(&peer->members, peer->slot);
}

/* Forgets what the packet says anew.  Was it the last part, and none lost? */
static bool cpg_peer_heard_told(struct cpg_engine *eng, struct cpg_peer *peer,
				const struct cpg_wire_heard *heard, u32 n)
{
	u32 from = 0, to = U32_MAX;

	if (n && !cpg_peer_heard_flags(heard))
		from = le32_to_cpu(heard->nodeid);
	if (n && !cpg_peer_heard_flags(&heard[n - 1]))
		to = le32_to_cpu(heard[n - 1].nodeid);
	cpg_peer_heard_forget(eng, peer, from, to);
	if (from && from != peer->told)
		return false;
	peer->told = to;
	return to == U32_MAX;
}

/**
 * cpg_peer_heard_read() - what another thinks of the others
 * @eng: engine
 * @peer: the other
 * @heard: from its packet
 * @n: entries
 *
 * Return: that is now all of it; there is not more to come.
 */
bool cpg_peer_heard_read(struct cpg_engine *eng, struct cpg_peer *peer,
			 const struct cpg_wire_heard *heard, u32 n)
{
	struct cpg_set hears = peer->hears, accuses = peer->accuses;
	struct cpg_set members = peer->members;
	bool is_whole = cpg_peer_heard_told(eng, peer, heard, n);
	u32 i, rank = 0, n_members = 0, n_named = 1;

	for (i = 0; i < n; i++) {
		u32 flags = cpg_peer_heard_flags(&heard[i]);
		u32 life = le32_to_cpu(heard[i].life) - flags;
		u32 slot = cpg_peer_slot(eng, le32_to_cpu(heard[i].nodeid),
					 life, &rank);

		/* The bound of a part counts all of the view. */
		if (!flags)
			n_members = life >> CPG_HEARD_LIFE_SHIFT;
		n_named += !!(flags & CPG_HEARD_F_MEMBER);
		if (slot == CPG_NO_IDX)
			continue;
		if (flags & CPG_HEARD_F_MEMBER)
			cpg_set_add(&peer->members, slot);
		if (flags & CPG_HEARD_F_ALIVE)
			cpg_set_add(&peer->hears, slot);
		if (flags & CPG_HEARD_F_ACCUSED)
			cpg_set_add(&peer->accuses, slot);
	}
	peer->n_members = n_members ? n_members : n_named;
	if (!cpg_set_equal(&hears, &peer->hears) ||
	    !cpg_set_equal(&accuses, &peer->accuses) ||
	    !cpg_set_equal(&members, &peer->members))
		eng->is_news = true;
	return is_whole;
}

/**
 * cpg_peer_send_status() - heartbeat, acknowledgment or beacon
 * @eng: engine
 * @nodeids: to whom
 * @n: how many
 * @is_full: with what this node thinks of the others
 */
void cpg_peer_send_status(struct cpg_engine *eng, const u32 *nodeids, u32 n,
			  bool is_full)
{
	const struct cpg_epoch *ep = eng->epoch;
	struct cpg_wire_status st = {
		.high = cpu_to_le64(ep->node[ep->me]->stream.next - 1),
		.ack = cpu_to_le64(cpg_order_ack(ep)),
		.stable = cpu_to_le64(ep->stable),
		.state = eng->state,
	};

	if (!n)
		return;
	if (cpg_lead_is_me(ep))
		st.flags |= CPG_WIRE_F_LEADS;
	if (eng->is_unwell)
		st.flags |= CPG_WIRE_F_UNWELL;
	cpg_flow_fill(eng, &st.flow);
	if (is_full)
		cpg_peer_heard_xmit(eng, nodeids, n, CPG_WIRE_STATUS, &st,
				    sizeof(st),
				    offsetof(struct cpg_wire_status, n_heard));
	else
		cpg_engine_xmit(eng, nodeids, n, CPG_WIRE_STATUS, &ep->id, &st,
				sizeof(st), NULL, 0, 0);
}

void cpg_peer_heartbeat(struct cpg_engine *eng)
{
	u32 nodeids[CPG_NODES_MAX];
	u32 n = cpg_detect_targets(eng, nodeids);

	cpg_engine_arm(eng, &eng->heartbeat_at, eng->cfg.heartbeat);
	cpg_peer_send_status(eng, nodeids, n, true);
}

/*
 * To the nodes that are not in the view, so that views find each other.  Where
 * there are none, cpg_view_seek() begins them again.
 */
void cpg_peer_beacon(struct cpg_engine *eng)
{
	u32 nodeids[CPG_NODES_MAX];
	u32 i, n = 0;

	for (i = 1; i < eng->n_slots; i++)
		if (!cpg_peer_in_view(eng->peers[i]))
			nodeids[n++] = eng->peers[i]->nodeid;
	eng->beacon_at = CPG_NEVER;
	if (!n)
		return;
	cpg_engine_arm(eng, &eng->beacon_at, eng->cfg.beacon);
	cpg_peer_send_status(eng, nodeids, n, true);
}

void cpg_peer_status_rcv(struct cpg_engine *eng, struct cpg_peer *peer,
			 const struct cpg_wire_hdr *hdr)
{
	const struct cpg_wire_status *st = (const void *)(hdr + 1);
	struct cpg_epoch *ep = eng->epoch;
	struct cpg_vid vid = {
		.seq = le64_to_cpu(hdr->view_seq),
		.rep = le32_to_cpu(hdr->view_rep),
	};
	bool is_whole = false;
	u32 idx = peer->idx;

	peer->state = st->state;
	peer->is_unwell = st->flags & CPG_WIRE_F_UNWELL;
	peer->vid = vid;
	eng->max_seq = max(eng->max_seq, vid.seq);
	if (st->state != CPG_STATE_GATHER)
		peer->join_valid = false;
	if (st->n_heard)
		is_whole = cpg_peer_heard_read(eng, peer,
					       (const void *)(st + 1),
					       le16_to_cpu(st->n_heard));
	if (idx == CPG_NO_IDX || !cpg_vid_equal(&vid, &ep->id)) {
		if (is_whole)
			cpg_view_status_rcv(eng, peer);
		return;
	}
	if (is_whole)
		cpg_detect_beat(eng, peer);
	if (ep->frozen)
		return;
	cpg_order_remind(eng, ep->node[idx], le64_to_cpu(st->ack),
			 le64_to_cpu(st->stable));
	cpg_order_ack_rcv(eng, ep->node[idx], le64_to_cpu(st->ack),
			  le64_to_cpu(st->stable), &st->flow,
			  st->flags & CPG_WIRE_F_LEADS);
	cpg_stream_announce(eng, idx, le64_to_cpu(st->high));
}

bool cpg_engine_peer_status(const struct cpg_engine *eng, u64 now, u32 i,
			    struct cpg_peer_status *st)
{
	const struct cpg_peer *peer;

	if (i >= eng->n_slots - 1)
		return false;
	peer = eng->by_id[i];
	*st = (struct cpg_peer_status) {
		.nodeid = peer->nodeid,
		.incarnation = peer->incarnation,
		.in_view = cpg_peer_in_view(peer),
		.alive = now < cpg_peer_expires(eng, peer) &&
			 !peer->probe_since,
		.damped = cpg_detect_is_damped(eng, peer),
		.nodeid_used = peer->nodeid_used,
		.heard = peer->heard,
		.silence = cpg_detect_silence(eng, peer) +
			   eng->cfg.corroborate,
	};
	return true;
}
