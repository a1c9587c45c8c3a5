// SPDX-License-Identifier: GPL-2.0
/*
 * Failure detection: who watches whom, how long a silence may be, and what is
 * done before a node is put out for it.
 *
 * A node is suspect when it was silent for longer than its heartbeats' past
 * explains.  It is asked itself then, and three others are asked whether they
 * hear it.  Only if nobody does it is known to be dead; if somebody does, the
 * link to it is at fault, and it gets as much time again.  A node that has
 * reason to doubt itself, because its timers are late, puts nobody out alone.
 *
 * Not everyone sends everyone its heartbeats, so that what an idle cluster
 * sends does not grow with the square of its size: a node sends them to the
 * leader and to the next few in the view, and to all others in turn.
 */
#include "engine_priv.h"

enum {
	CPG_WATCH_FEW = 2,	/* successors that watch, in a view of up to */
	CPG_WATCH_SMALL = 32,	/* so many; about a root of it in larger ones */
	CPG_PROBE_OTHERS = 3,	/* are asked about a suspect */
	CPG_PROBE_TRIES = 4,	/* in the time that they have to answer */
	CPG_SILENCE_MAX = 2,	/* times what is configured */
	CPG_SILENCE_TAKE = 4,	/* heartbeats until another may take its id */
	CPG_SILENCE_MIN = 2,	/* heartbeats, of one said to be unreachable */
	CPG_DOUBT_MAX = 2,	/* times what is configured */
	CPG_STAT_SHIFT = 4,	/* a sixteenth of each new sample counts */
	CPG_SIGMAS = 6,
	CPG_DAMP_FROM = 2,	/* put out once is no flapping */
};

#define CPG_DAMP_MEMORY		(60 * CPG_NSEC_PER_SEC)

static u64 cpg_detect_sqrt(u64 x)
{
	u64 root = 0, bit = 1ULL << 62;

	while (bit > x)
		bit >>= 2;
	for (; bit; bit >>= 2) {
		if (x >= root + bit) {
			x -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return root;
}

/* So many successors, besides the leader, get each heartbeat. */
static u32 cpg_detect_reach(u32 n)
{
	u32 reach = CPG_WATCH_FEW;

	if (n <= CPG_WATCH_SMALL)
		return reach;
	while (reach * reach < n)
		reach++;
	return reach;
}

/* Not everyone may know yet who leads, and send that one its heartbeats. */
static bool cpg_detect_is_turning(const struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;

	return ep->turned && eng->now < ep->turned_at + 2 * eng->cfg.suspect;
}

/*
 * In a new view, outside of any, and when the lead changed hands, everyone
 * hears everyone: some may still be waiting for the others.
 */
static bool cpg_detect_is_settled(const struct cpg_engine *eng)
{
	return eng->state == CPG_STATE_OPERATIONAL &&
	       !cpg_detect_is_turning(eng) &&
	       eng->now >= eng->epoch->since + 2 * eng->cfg.suspect;
}

static u32 cpg_detect_distance(const struct cpg_epoch *ep, u32 from, u32 to)
{
	return to >= from ? to - from : to + ep->n - from;
}

/*
 * Does one get each heartbeat of another?  The leader does, and is not one of
 * the successors: so it is always three, where there are as many.
 */
static bool cpg_detect_watches(const struct cpg_epoch *ep, u32 idx, u32 of)
{
	u32 leader = cpg_detect_distance(ep, of, ep->leader);
	u32 far = cpg_detect_distance(ep, of, idx);

	if (leader && leader < far)
		far--;
	return idx == ep->leader || far <= cpg_detect_reach(ep->n);
}

/* One heartbeat of how many of a member comes here, at least? */
static u32 cpg_detect_period(const struct cpg_engine *eng,
			     const struct cpg_peer *peer)
{
	const struct cpg_epoch *ep = eng->epoch;
	u32 reach = cpg_detect_reach(ep->n);

	/* These do, whoever leads. */
	if (eng->state != CPG_STATE_OPERATIONAL ||
	    cpg_detect_distance(ep, peer->idx, ep->me) <= reach)
		return 1;
	if (cpg_detect_is_turning(eng))
		return ep->n - 1;
	if (cpg_detect_watches(ep, ep->me, peer->idx))
		return 1;
	if (peer->idx != ep->leader)
		return ep->n - 1;
	return ep->n <= CPG_WATCH_SMALL ? 1 : reach;
}

/**
 * cpg_detect_targets() - to whom the next heartbeat goes
 * @eng: engine
 * @nodeids: stores their node ids; room for CPG_NODES_MAX
 *
 * Return: how many.
 */
u32 cpg_detect_targets(struct cpg_engine *eng, u32 *nodeids)
{
	struct cpg_epoch *ep = eng->epoch;
	u32 reach = cpg_detect_reach(ep->n);
	bool is_leader = cpg_lead_is_me(ep);
	bool to_all = !cpg_detect_is_settled(eng) ||
		      (is_leader && ep->n <= CPG_WATCH_SMALL);
	/* Of these it is one's turn. */
	u32 n_rest = ep->n - 1 - min(reach + !is_leader, ep->n - 1);
	u32 beat = ep->beats++;
	u32 i, n = 0, rest = 0;

	for (i = 1; i < ep->n; i++) {
		u32 idx = (ep->me + i) % ep->n;
		bool is_due = true;

		if (!cpg_detect_watches(ep, idx, ep->me))
			is_due = rest++ == beat % n_rest ||
				 (is_leader && i % reach == beat % reach);
		if (to_all || is_due)
			nodeids[n++] = ep->node[idx]->nodeid;
	}
	return n;
}

/* How long a node may be silent that sends all its heartbeats here. */
u64 cpg_detect_silence(const struct cpg_engine *eng,
		       const struct cpg_peer *peer)
{
	u64 most = CPG_SILENCE_MAX * eng->cfg.suspect;
	u64 usual;

	if (peer->unreachable)
		return CPG_SILENCE_MIN * eng->cfg.heartbeat;
	usual = (peer->gap_mean + CPG_SIGMAS * peer->gap_sigma) *
		CPG_NSEC_PER_USEC;
	usual = max(usual, eng->cfg.suspect);
	return min(usual, most);
}

/* How long it may be silent to this node. */
u64 cpg_detect_window(const struct cpg_engine *eng,
		      const struct cpg_peer *peer)
{
	if (!cpg_peer_in_view(peer))
		return max(eng->cfg.suspect,
			   CPG_PEER_BEACONS * eng->cfg.beacon);
	return cpg_detect_silence(eng, peer) * cpg_detect_period(eng, peer);
}

/* May another incarnation take over the id of this member? */
bool cpg_detect_is_quiet(const struct cpg_engine *eng,
			 const struct cpg_peer *peer)
{
	return eng->now >= peer->heard + CPG_SILENCE_TAKE * eng->cfg.heartbeat *
					 cpg_detect_period(eng, peer);
}

/* A node that comes and goes has to be there for a while before it is seen. */
bool cpg_detect_is_damped(const struct cpg_engine *eng,
			  const struct cpg_peer *peer)
{
	u32 shift = min_t(u32, peer->n_out, CPG_DAMP_SHIFT_MAX);

	return !cpg_peer_in_view(peer) && peer->n_out >= CPG_DAMP_FROM &&
	       eng->now < peer->out_at + CPG_DAMP_MEMORY &&
	       eng->now < peer->steady + (eng->cfg.damp << shift);
}

/* Outside it may be silent for longer; but not if it was put out for that. */
void cpg_detect_put_out(struct cpg_engine *eng, struct cpg_peer *peer)
{
	if (eng->now >= peer->heard + cpg_detect_silence(eng, peer))
		peer->accused = true;
	if (eng->now >= peer->out_at + CPG_DAMP_MEMORY)
		peer->n_out = 0;
	peer->n_out++;
	peer->out_at = eng->now;
	peer->steady = eng->now;
}

/* What was known of its heartbeats, and held against it, counts no more. */
void cpg_detect_restart(struct cpg_engine *eng, struct cpg_peer *peer)
{
	peer->heard = eng->now;
	peer->beat = 0;
	peer->gap_mean = 0;
	peer->gap_var = 0;
	peer->gap_sigma = 0;
	peer->probe_since = 0;
	peer->unreachable = false;
	peer->accused = false;
	peer->dead = false;
}

/* Not heard for long, or never: it is told of this node soon. */
void cpg_detect_meet(struct cpg_engine *eng, struct cpg_peer *peer)
{
	u64 soon = eng->now + eng->cfg.join_repeat;

	peer->steady = eng->now;
	if (eng->beacon_at > soon)
		cpg_engine_arm(eng, &eng->beacon_at, eng->cfg.join_repeat);
	if (eng->heartbeat_at > soon)
		cpg_engine_arm(eng, &eng->heartbeat_at, eng->cfg.join_repeat);
}

/* A packet of it came. */
void cpg_detect_heard(struct cpg_engine *eng, struct cpg_peer *peer)
{
	if (!cpg_peer_in_view(peer) &&
	    (peer->accused ||
	     eng->now >= peer->heard + cpg_detect_window(eng, peer)))
		cpg_detect_meet(eng, peer);
	peer->heard = eng->now;
	eng->is_news |= peer->accused;
	if (peer->probe_since)
		eng->counters[CPG_CNT_CLEARED]++;
	peer->probe_since = 0;
	peer->unreachable = false;
	peer->accused = false;
	peer->dead = false;
}

/* A heartbeat of a member came: how regular are they? */
void cpg_detect_beat(struct cpg_engine *eng, struct cpg_peer *peer)
{
	u64 most = CPG_SILENCE_MAX * eng->cfg.suspect;
	u64 last = peer->beat;
	s64 gap, diff;

	peer->beat = eng->now;
	if (!last || cpg_detect_period(eng, peer) > 1)
		return;
	gap = div_u64(min(eng->now - last, most), CPG_NSEC_PER_USEC);
	if (!peer->gap_mean)
		peer->gap_mean = gap;
	diff = gap - (s64)peer->gap_mean;
	peer->gap_mean += diff / (1 << CPG_STAT_SHIFT);
	peer->gap_var -= peer->gap_var >> CPG_STAT_SHIFT;
	peer->gap_var += (u64)(diff * diff) >> CPG_STAT_SHIFT;
	peer->gap_sigma = cpg_detect_sqrt(peer->gap_var);
}

void cpg_engine_doubt(struct cpg_engine *eng, u64 now)
{
	eng->doubt_until = now + eng->cfg.suspect;
}

/*
 * This node's own clockwork was late: it cannot blame others for as much time
 * as it did not listen itself.
 */
void cpg_detect_late(struct cpg_engine *eng, u64 now)
{
	u64 late = now > eng->deadline ? now - eng->deadline : 0;
	u32 i;

	if (late < eng->cfg.heartbeat)
		return;
	cpg_engine_doubt(eng, now);
	cpg_lead_late(eng);
	for (i = 1; i < eng->n_slots; i++) {
		struct cpg_peer *peer = eng->peers[i];

		if (peer->heard)
			peer->heard = min(peer->heard + late, now);
		if (peer->rival)
			peer->rival_since = min(peer->rival_since + late, now);
		if (peer->probe_since)
			peer->probe_since = min(peer->probe_since + late, now);
	}
	if (eng->attempt)
		eng->attempt->progress = now;
}

static void cpg_detect_xmit(struct cpg_engine *eng, u32 nodeid,
			    enum cpg_probe_step step, u32 asker,
			    const struct cpg_peer *suspect)
{
	struct cpg_wire_probe probe = {
		.asker = cpu_to_le32(asker),
		.suspect = cpu_to_le32(suspect ? suspect->nodeid :
						 eng->cfg.nodeid),
		.incarnation = cpu_to_le64(suspect ? suspect->incarnation :
						     eng->cfg.incarnation),
		.step = step,
	};
	u64 age;

	if (step == CPG_PROBE_TELL) {
		age = min_t(u64, eng->now - suspect->heard,
			    U32_MAX * CPG_NSEC_PER_USEC);
		probe.age = cpu_to_le32(div_u64(age, CPG_NSEC_PER_USEC));
		probe.silent = age >= cpg_detect_silence(eng, suspect);
	}
	eng->counters[CPG_CNT_PROBES_SENT]++;
	cpg_engine_xmit(eng, &nodeid, 1, CPG_WIRE_PROBE, &eng->epoch->id,
			&probe, sizeof(probe), NULL, 0, 0);
}

static bool cpg_detect_ask(struct cpg_engine *eng, u32 idx,
			   const struct cpg_peer *suspect)
{
	const struct cpg_vnode *vn = eng->epoch->node[idx];

	if (!vn->peer || vn->peer == suspect || !cpg_peer_in_view(vn->peer) ||
	    vn->peer->probe_since)
		return false;
	cpg_detect_xmit(eng, vn->nodeid, CPG_PROBE_ASK, eng->cfg.nodeid,
			suspect);
	return true;
}

/* Ask it, and those that it sends its heartbeats to. */
static void cpg_detect_probe(struct cpg_engine *eng, struct cpg_peer *peer)
{
	const struct cpg_epoch *ep = eng->epoch;
	u64 wait = eng->cfg.corroborate;
	u32 i, n;

	if (eng->now < peer->probe_since + wait)
		wait = wait / CPG_PROBE_TRIES + 1;
	cpg_engine_arm(eng, &peer->probe_at, wait);
	cpg_detect_xmit(eng, peer->nodeid, CPG_PROBE_PING, eng->cfg.nodeid,
			peer);
	n = cpg_detect_ask(eng, ep->leader, peer);
	for (i = 1; i < ep->n && n < CPG_PROBE_OTHERS; i++) {
		u32 idx = (peer->idx + i) % ep->n;

		if (idx != ep->leader)
			n += cpg_detect_ask(eng, idx, peer);
	}
}

static void cpg_detect_suspect(struct cpg_engine *eng, struct cpg_peer *peer)
{
	struct cpg_trace trace = {
		.kind = CPG_TRACE_SUSPECT,
		.origin = peer->nodeid,
	};

	eng->counters[CPG_CNT_SUSPECTS]++;
	cpg_engine_trace(eng, &trace);
	peer->probe_since = eng->now;
	peer->vouched = 0;
	peer->denied = false;
	cpg_detect_probe(eng, peer);
}

void cpg_engine_unreachable(struct cpg_engine *eng, u64 now, u32 nodeid)
{
	struct cpg_peer *peer = cpg_peer_find(eng, nodeid);

	eng->now = now;
	if (!peer || !cpg_peer_in_view(peer) || peer->unreachable ||
	    eng->state != CPG_STATE_OPERATIONAL)
		return;
	peer->unreachable = true;
	eng->has_run = true;
	if (!peer->probe_since)
		cpg_detect_suspect(eng, peer);
}

void cpg_detect_probe_rcv(struct cpg_engine *eng, struct cpg_peer *peer,
			  const struct cpg_wire_hdr *hdr)
{
	const struct cpg_wire_probe *probe = (const void *)(hdr + 1);
	u64 incarnation = le64_to_cpu(probe->incarnation);
	u32 nodeid = le32_to_cpu(probe->suspect);
	u32 asker = le32_to_cpu(probe->asker);
	struct cpg_peer *suspect;
	u64 age;

	if (probe->step == CPG_PROBE_PING) {
		if (nodeid == eng->cfg.nodeid &&
		    incarnation == eng->cfg.incarnation)
			cpg_detect_xmit(eng, peer->nodeid, CPG_PROBE_PONG,
					asker, NULL);
		return;
	}
	suspect = cpg_peer_find(eng, nodeid);
	if (!suspect || suspect->incarnation != incarnation)
		return;
	switch (probe->step) {
	case CPG_PROBE_ASK:
		cpg_detect_xmit(eng, peer->nodeid, CPG_PROBE_TELL, asker,
				suspect);
		cpg_detect_xmit(eng, nodeid, CPG_PROBE_PING, peer->nodeid,
				suspect);
		break;
	case CPG_PROBE_PONG:
		if (suspect == peer && cpg_peer_find(eng, asker))
			cpg_detect_xmit(eng, asker, CPG_PROBE_TELL, asker,
					suspect);
		break;
	case CPG_PROBE_TELL:
		if (asker != eng->cfg.nodeid || !suspect->probe_since)
			break;
		age = CPG_NSEC_PER_USEC * le32_to_cpu(probe->age);
		age = min(age, eng->now);
		suspect->denied |= probe->silent;
		suspect->vouched = max(suspect->vouched, eng->now - age);
		break;
	}
}

/* Has everything been done before this suspect is put out? */
static bool cpg_detect_is_out(const struct cpg_engine *eng,
			      struct cpg_peer *peer)
{
	u64 silence = cpg_detect_silence(eng, peer);
	u64 expires = cpg_peer_expires(eng, peer);

	if (eng->now < peer->probe_since + eng->cfg.corroborate ||
	    eng->now < expires)
		return false;
	peer->dead = eng->now >= peer->vouched + silence;
	if (!peer->dead)
		return eng->now >= expires + silence;
	return eng->now >= eng->doubt_until || peer->denied ||
	       eng->now >= peer->probe_since +
			   CPG_DOUBT_MAX * eng->cfg.suspect;
}

void cpg_detect_timer(struct cpg_engine *eng)
{
	bool gather = false;
	u32 i;

	if (eng->state != CPG_STATE_OPERATIONAL)
		return;
	for (i = 1; i < eng->n_slots; i++) {
		struct cpg_peer *peer = eng->peers[i];

		if (!cpg_peer_in_view(peer))
			continue;
		if (peer->probe_since && peer->probe_at <= eng->now)
			cpg_detect_probe(eng, peer);
		else if (!peer->probe_since && !cpg_peer_is_alive(eng, peer))
			cpg_detect_suspect(eng, peer);
		if (!peer->probe_since || !cpg_detect_is_out(eng, peer))
			continue;
		peer->accused = true;
		gather = true;
	}
	if (gather)
		cpg_view_gather(eng);
}

/* When the silence of a member will tell something. */
u64 cpg_detect_deadline(const struct cpg_engine *eng)
{
	u64 deadline = CPG_NEVER;
	u32 i;

	if (eng->state != CPG_STATE_OPERATIONAL)
		return deadline;
	for (i = 1; i < eng->n_slots; i++) {
		const struct cpg_peer *peer = eng->peers[i];

		if (!cpg_peer_in_view(peer))
			continue;
		deadline = min(deadline, peer->probe_since ? peer->probe_at :
			       cpg_peer_expires(eng, peer));
	}
	return deadline;
}
