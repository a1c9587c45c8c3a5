// SPDX-License-Identifier: GPL-2.0
/*
 * The engine's entry points: they take an input, hand it to the part that it
 * is for, and let the rest follow from it.
 */
#include "engine_priv.h"

enum {
	/* Packets that are taken in before anything follows from them. */
	CPG_TAKE_MAX = 16,
	/* Packets of the window of who has something to send, for that. */
	CPG_TAKE_WINDOW = 2 * CPG_TAKE_MAX,
};

const char *const cpg_state_names[__CPG_STATE_NR] = {
	[CPG_STATE_OPERATIONAL]	= "operational",
	[CPG_STATE_GATHER]	= "gather",
	[CPG_STATE_COMMIT]	= "commit",
	[CPG_STATE_RECOVER]	= "recover",
	[CPG_STATE_STOPPING]	= "stopping",
	[CPG_STATE_STOPPED]	= "stopped",
};

const char *const cpg_counter_names[__CPG_CNT_NR] = {
	[CPG_CNT_PACKETS_SENT]		= "packets-sent",
	[CPG_CNT_PACKETS_RCVD]		= "packets-received",
	[CPG_CNT_MSGS_SENT]		= "messages-sent",
	[CPG_CNT_MSGS_DELIVERED]	= "messages-delivered",
	[CPG_CNT_ORDERS_SENT]		= "orders-sent",
	[CPG_CNT_NAKS_SENT]		= "naks-sent",
	[CPG_CNT_NAKS_RCVD]		= "naks-received",
	[CPG_CNT_REPAIRS_SENT]		= "repairs-sent",
	[CPG_CNT_VIEWS]			= "views",
	[CPG_CNT_GATHERS]		= "gathers",
	[CPG_CNT_SUSPECTS]		= "suspects",
	[CPG_CNT_PROBES_SENT]		= "probes-sent",
	[CPG_CNT_CLEARED]		= "suspects-cleared",
	[CPG_CNT_REQUEUED]		= "requeued",
	[CPG_CNT_LEADS]			= "leads",
};

void cpg_engine_arm(struct cpg_engine *eng, u64 *timer, u64 delay)
{
	*timer = eng->now + delay;
	eng->deadline = min(eng->deadline, *timer);
}

void cpg_engine_set_state(struct cpg_engine *eng, enum cpg_state state)
{
	struct cpg_trace trace = {
		.kind = CPG_TRACE_STATE,
		.value = state,
	};

	eng->state = state;
	cpg_engine_trace(eng, &trace);
}

void cpg_engine_trace(struct cpg_engine *eng, struct cpg_trace *trace)
{
	if (!eng->ops->trace)
		return;
	trace->view_seq = eng->epoch->id.seq;
	trace->view_rep = eng->epoch->id.rep;
	eng->ops->trace(eng->ctx, trace);
}

/* How long to wait for an answer, the @tries'th time. */
u64 cpg_engine_rto(const struct cpg_engine *eng, u32 tries)
{
	u64 rto = max(4 * eng->rtt, CPG_RTO_MIN);
	u32 shift = min(tries, 8U);

	rto = min(rto, CPG_RTO_MAX);
	return min(rto << shift, CPG_RTO_MAX);
}

/* About @delay: what many are going to do should not be at the same time. */
u64 cpg_engine_spread(struct cpg_engine *eng, u64 delay)
{
	/* Knuth's MMIX: only the upper bits are of use. */
	eng->rng = eng->rng * 6364136223846793005ULL + 1442695040888963407ULL;
	delay = min_t(u64, delay, U32_MAX);
	return delay / 2 + ((eng->rng >> 32) * delay >> 32);
}

static void cpg_engine_hdr_fill(const struct cpg_engine *eng,
				struct cpg_wire_hdr *hdr,
				enum cpg_wire_type type,
				const struct cpg_vid *vid, u32 len)
{
	memset(hdr, 0, sizeof(*hdr));
	hdr->magic = cpu_to_le32(CPG_WIRE_MAGIC);
	hdr->version = CPG_WIRE_VERSION;
	hdr->type = type;
	hdr->src_idx = cpu_to_le16(eng->epoch->me);
	hdr->len = cpu_to_le16(len);
	hdr->cluster_id = cpu_to_le32(eng->cfg.cluster_id);
	hdr->src = cpu_to_le32(eng->cfg.nodeid);
	hdr->view_rep = cpu_to_le32(vid->rep);
	hdr->view_seq = cpu_to_le64(vid->seq);
	hdr->incarnation = cpu_to_le64(eng->cfg.incarnation);
}

/**
 * cpg_engine_xmit() - send a packet
 * @eng: engine
 * @nodeids: to whom
 * @n: how many
 * @type: of packet
 * @vid: the view it belongs to
 * @fixed: what follows the header, copied; at most a full NAK
 * @fixed_len: bytes
 * @body: NULL, or what follows that
 * @off: of the first byte in @body
 * @len: bytes of @body
 */
void cpg_engine_xmit(struct cpg_engine *eng, const u32 *nodeids, u32 n,
		     enum cpg_wire_type type, const struct cpg_vid *vid,
		     const void *fixed, u32 fixed_len, struct cpg_buf *body,
		     u32 off, u32 len)
{
	u8 hdr[sizeof(struct cpg_wire_hdr) +
	       CPG_NAK_RANGES_MAX * sizeof(struct cpg_wire_range)];
	struct cpg_frame frame = {
		.hdr = hdr,
		.hdr_len = sizeof(struct cpg_wire_hdr) + fixed_len,
		.body = body,
		.off = off,
		.len = len,
	};

	if (!n || eng->state == CPG_STATE_STOPPED)
		return;
	cpg_engine_hdr_fill(eng, (void *)hdr, type, vid, frame.hdr_len + len);
	if (fixed_len)
		memcpy(hdr + sizeof(struct cpg_wire_hdr), fixed, fixed_len);
	eng->counters[CPG_CNT_PACKETS_SENT] += n;
	eng->ops->xmit(eng->ctx, nodeids, n, &frame);
}

void cpg_engine_reply(struct cpg_engine *eng, enum cpg_wire_type type,
		      const void *fixed, u32 fixed_len)
{
	u8 hdr[sizeof(struct cpg_wire_hdr) + sizeof(struct cpg_wire_used)];
	struct cpg_frame frame = {
		.hdr = hdr,
		.hdr_len = sizeof(struct cpg_wire_hdr) + fixed_len,
	};

	cpg_engine_hdr_fill(eng, (void *)hdr, type, &eng->epoch->id,
			    frame.hdr_len);
	memcpy(hdr + sizeof(struct cpg_wire_hdr), fixed, fixed_len);
	eng->counters[CPG_CNT_PACKETS_SENT]++;
	eng->ops->reply(eng->ctx, &frame);
}

const char *const cpg_profile_names[__CPG_PROFILE_NR] = {
	[CPG_PROFILE_DEFAULT]	= "default",
	[CPG_PROFILE_LAN]	= "lan",
	[CPG_PROFILE_CLOUD]	= "cloud",
};

void cpg_engine_config_profile(struct cpg_engine_config *cfg,
			       enum cpg_profile profile)
{
	static const struct {
		u32	heartbeat;
		u32	suspect;
		u32	corroborate;
		u32	join_repeat;
	} ms[__CPG_PROFILE_NR] = {
		[CPG_PROFILE_DEFAULT]	= { 50, 250, 10, 5 },
		[CPG_PROFILE_LAN]	= { 10, 35, 2, 2 },
		[CPG_PROFILE_CLOUD]	= { 250, 3000, 100, 50 },
	};

	cfg->heartbeat = ms[profile].heartbeat * CPG_NSEC_PER_MSEC;
	cfg->suspect = ms[profile].suspect * CPG_NSEC_PER_MSEC;
	cfg->corroborate = ms[profile].corroborate * CPG_NSEC_PER_MSEC;
	cfg->join_repeat = ms[profile].join_repeat * CPG_NSEC_PER_MSEC;
}

void cpg_engine_config_init(struct cpg_engine_config *cfg)
{
	cfg->seed = cfg->incarnation;
	cfg->mtu = CPG_MTU_DEFAULT;
	cpg_engine_config_profile(cfg, CPG_PROFILE_DEFAULT);
	cfg->beacon = 100 * CPG_NSEC_PER_MSEC;
	cfg->damp = 100 * CPG_NSEC_PER_MSEC;
	cfg->budget = 1 << 20;
	cfg->is_mesh = true;
	cfg->votes = 1;
	cfg->expected = 0;
	cfg->first_no = 1;
}

static bool cpg_engine_config_ok(const struct cpg_engine_config *cfg)
{
	return cfg->nodeid && cfg->incarnation && cfg->first_no &&
	       cfg->mtu >= CPG_MTU_MIN && cfg->mtu <= CPG_MTU_MAX &&
	       cfg->heartbeat && cfg->join_repeat &&
	       cfg->beacon && cfg->corroborate &&
	       cfg->suspect >= 2 * cfg->heartbeat && cfg->budget >= cfg->mtu &&
	       cfg->votes <= CPG_NODE_VOTES_MAX &&
	       cfg->expected <= CPG_EXPECTED_VOTES_MAX;
}

static int cpg_engine_first_view(struct cpg_engine *eng)
{
	struct cpg_vid id = {
		.seq = eng->cfg.view_seq + 1,
		.rep = eng->cfg.nodeid,
	};
	struct cpg_epoch *ep = cpg_view_epoch_create(eng, &id, 1);

	if (!ep)
		return -ENOMEM;
	ep->node[0]->nodeid = eng->cfg.nodeid;
	ep->node[0]->incarnation = eng->cfg.incarnation;
	ep->votes = eng->cfg.votes;
	ep->expected = cpg_quorum_expected(eng);
	eng->promised = id.seq;
	cpg_view_install(eng, ep);
	cpg_view_tell(eng);
	return 0;
}

struct cpg_engine *cpg_engine_create(const struct cpg_engine_config *cfg,
				     const struct cpg_engine_ops *ops,
				     void *ctx, void *env, u64 now)
{
	struct cpg_engine *eng;

	if (!cpg_engine_config_ok(cfg))
		return ERR_PTR(-EINVAL);
	eng = cpg_env_alloc(env, sizeof(*eng));
	if (!eng)
		return ERR_PTR(-ENOMEM);
	eng->cfg = *cfg;
	eng->rng = cfg->seed;
	eng->ops = ops;
	eng->ctx = ctx;
	eng->env = env;
	eng->now = now;
	eng->start = now;
	eng->deadline = CPG_NEVER;
	eng->n_slots = 1;
	eng->rtt = CPG_NSEC_PER_MSEC;
	INIT_LIST_HEAD(&eng->sendq);
	INIT_LIST_HEAD(&eng->flight);
	INIT_LIST_HEAD(&eng->parked);
	INIT_LIST_HEAD(&eng->unordered);
	cpg_group_init(eng);
	eng->join_no = eng->cfg.first_no - 1;
	eng->join_at = CPG_NEVER;
	eng->pack_at = CPG_NEVER;
	eng->own_at = CPG_NEVER;
	eng->nomem_at = CPG_NEVER;
	eng->stop_at = CPG_NEVER;
	eng->has_run = true;
	cpg_engine_arm(eng, &eng->beacon_at, 0);
	if (cpg_engine_first_view(eng)) {
		cpg_env_free(eng);
		return ERR_PTR(-ENOMEM);
	}
	return eng;
}

void cpg_engine_destroy(struct cpg_engine *eng)
{
	u32 i;

	cpg_commit_abort(eng);
	cpg_send_exit(eng);
	cpg_view_epoch_destroy(eng->epoch);
	cpg_group_exit(eng);
	for (i = 1; i < eng->n_slots; i++) {
		cpg_blob_reset(&eng->peers[i]->offer);
		cpg_env_free(eng->peers[i]);
	}
	cpg_env_free(eng);
}

/* All local processes are gone, and the others know: say good-bye. */
static void cpg_engine_try_stop(struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	bool is_idle = list_empty(&eng->sendq) && list_empty(&eng->flight) &&
		       list_empty(&eng->parked) && !ep->in_flight &&
		       eng->state == CPG_STATE_OPERATIONAL;
	u32 i;

	if (eng->state == CPG_STATE_STOPPED ||
	    (!is_idle && eng->now < eng->stop_at))
		return;
	for (i = 0; i < 2; i++)
		cpg_engine_xmit(eng, ep->others, ep->n - 1, CPG_WIRE_LEAVE,
				&ep->id, NULL, 0, NULL, 0, 0);
	cpg_engine_set_state(eng, CPG_STATE_STOPPED);
	eng->ops->stopped(eng->ctx);
}

/*
 * Everything that can go on without new input does.  Called at the end of
 * every entry point.
 */
void cpg_engine_run(struct cpg_engine *eng, u64 now)
{
	eng->now = now;
	eng->has_run = true;
	eng->n_taken = 0;
	if (eng->state == CPG_STATE_STOPPED)
		return;
	if (eng->state == CPG_STATE_GATHER)
		cpg_view_settle(eng);
	if (eng->attempt)
		cpg_commit_run(eng);
	do {
		cpg_order_go(eng);
	} while (cpg_send_kick(eng));
	if (eng->stop_at != CPG_NEVER)
		cpg_engine_try_stop(eng);
}

void cpg_engine_flush(struct cpg_engine *eng, u64 now)
{
	if (eng->state == CPG_STATE_STOPPED || !eng->has_run)
		return;
	if (eng->n_taken)
		cpg_engine_run(eng, now);
	eng->now = now;
	if (cpg_order_flush(eng))
		cpg_engine_run(eng, now);
	cpg_order_hurry(eng);
	eng->has_run = false;
}

static enum cpg_drop cpg_engine_rcv_view(struct cpg_engine *eng,
					 struct cpg_peer *peer,
					 const struct cpg_wire_hdr *hdr,
					 struct cpg_buf *buf, u32 off, u32 len)
{
	struct cpg_vid vid = {
		.seq = le64_to_cpu(hdr->view_seq),
		.rep = le32_to_cpu(hdr->view_rep),
	};
	struct cpg_vnode *from;

	if (!cpg_peer_in_view(peer) || !cpg_vid_equal(&vid, &eng->epoch->id))
		return CPG_DROP_FOREIGN;
	from = eng->epoch->node[peer->idx];
	if (hdr->type == CPG_WIRE_DATA)
		return cpg_stream_rcv(eng, from, buf, off, len);
	cpg_stream_nak_rcv(eng, from, (const void *)(hdr + 1),
			   len / sizeof(struct cpg_wire_range));
	return CPG_DROP_NONE;
}

static enum cpg_drop cpg_engine_dispatch(struct cpg_engine *eng,
					 struct cpg_buf *buf, u32 off)
{
	const struct cpg_wire_hdr *hdr = (const void *)(buf->data + off);
	u32 len = buf->len - off - sizeof(*hdr);
	struct cpg_peer *peer;
	enum cpg_drop drop;

	if (hdr->type == CPG_WIRE_NODEID_USED) {
		cpg_peer_used_rcv(eng, hdr);
		return CPG_DROP_NONE;
	}
	drop = cpg_peer_admit(eng, hdr, &peer);
	if (drop)
		return drop;
	switch (hdr->type) {
	case CPG_WIRE_DATA:
	case CPG_WIRE_NAK:
		return cpg_engine_rcv_view(eng, peer, hdr, buf,
					   off + sizeof(*hdr), len);
	case CPG_WIRE_STATUS:
		cpg_peer_status_rcv(eng, peer, hdr);
		return CPG_DROP_NONE;
	case CPG_WIRE_JOIN:
		cpg_view_join_rcv(eng, peer, hdr);
		return CPG_DROP_NONE;
	case CPG_WIRE_PROBE:
		cpg_detect_probe_rcv(eng, peer, hdr);
		return CPG_DROP_NONE;
	case CPG_WIRE_LEAVE:
		cpg_view_leave_rcv(eng, peer);
		return CPG_DROP_NONE;
	case CPG_WIRE_INSTALL_ACK:
		return cpg_commit_rcv(eng, peer, hdr, 0);
	default:
		return cpg_commit_rcv(eng, peer, hdr,
				      len - sizeof(struct cpg_wire_chunk));
	}
}

/*
 * May what follows from a packet wait for the end of the batch?  For all of
 * them it is hardly more work than for one.  But where views change, the next
 * packet may be of the view that begins with this one; and who waits for room
 * to send takes it at once, or the others would be ahead, if a few packets make
 * a difference to its window.
 */
static bool cpg_engine_takes_more(const struct cpg_engine *eng)
{
	return eng->state == CPG_STATE_OPERATIONAL && !eng->attempt &&
	       eng->n_taken < CPG_TAKE_MAX &&
	       (list_empty(&eng->sendq) ||
		cpg_flow_limit(eng) >= CPG_TAKE_WINDOW * eng->cfg.mtu);
}

enum cpg_drop cpg_engine_rcv(struct cpg_engine *eng, u64 now,
			     struct cpg_buf *buf, u32 off)
{
	enum cpg_drop drop;

	eng->now = now;
	if (off > buf->len)
		return CPG_DROP_SHORT;
	drop = cpg_wire_check(buf->data + off, buf->len - off,
			      eng->cfg.cluster_id);
	if (drop)
		return drop;
	if (eng->state == CPG_STATE_STOPPED)
		return CPG_DROP_STOPPED;
	eng->counters[CPG_CNT_PACKETS_RCVD]++;
	drop = cpg_engine_dispatch(eng, buf, off);
	eng->n_taken++;
	eng->has_run = true;
	if (!cpg_engine_takes_more(eng))
		cpg_engine_run(eng, now);
	return drop;
}

u64 cpg_engine_deadline(const struct cpg_engine *eng)
{
	return eng->state == CPG_STATE_STOPPED ? CPG_NEVER : eng->deadline;
}

static u64 cpg_engine_next_deadline(const struct cpg_engine *eng)
{
	const struct cpg_epoch *ep = eng->epoch;
	const u64 timers[] = {
		eng->heartbeat_at, eng->beacon_at, eng->join_at, eng->ack_at,
		eng->announce_at, eng->pack_at, eng->own_at, eng->probe_at,
		eng->nomem_at, eng->stop_at, cpg_commit_deadline(eng),
		cpg_hold_deadline(eng), cpg_view_deadline(eng),
		cpg_detect_deadline(eng),
	};
	u64 deadline = CPG_NEVER;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(timers); i++)
		deadline = min(deadline, timers[i]);
	for (i = 0; i < ep->n; i++)
		deadline = min(deadline, ep->node[i]->stream.nak_at);
	return deadline;
}

void cpg_engine_timer(struct cpg_engine *eng, u64 now)
{
	if (eng->state == CPG_STATE_STOPPED)
		return;
	cpg_hold_late(eng, now);
	cpg_detect_late(eng, now);
	eng->now = now;
	eng->deadline = CPG_NEVER;
	cpg_view_timer(eng);
	cpg_detect_timer(eng);
	cpg_commit_timer(eng);
	cpg_order_timer(eng);
	cpg_send_timer(eng);
	cpg_hold_timer(eng);
	cpg_lead_timer(eng);
	cpg_order_flush(eng);
	cpg_engine_run(eng, now);
	if (eng->state != CPG_STATE_STOPPED)
		eng->deadline = cpg_engine_next_deadline(eng);
}

void cpg_engine_stop(struct cpg_engine *eng, u64 now)
{
	eng->now = now;
	if (eng->stop_at != CPG_NEVER)
		return;
	if (eng->state == CPG_STATE_STOPPED) {
		eng->ops->stopped(eng->ctx);
		return;
	}
	cpg_group_stop(eng);
	cpg_engine_arm(eng, &eng->stop_at, CPG_STOP_TIME);
	cpg_engine_run(eng, now);
}

void cpg_engine_status(const struct cpg_engine *eng, struct cpg_status *st)
{
	const struct cpg_epoch *ep = eng->epoch;

	*st = (struct cpg_status) {
		.state = eng->state,
		.nodeid = eng->cfg.nodeid,
		.incarnation = eng->cfg.incarnation,
		.view_seq = ep->id.seq,
		.view_rep = ep->id.rep,
		.leader = ep->node[ep->leader]->nodeid,
		.n_nodes = ep->n,
		.votes = ep->votes,
		.expected = ep->expected,
		.quorate = cpg_event_view(ep->view)->flags & CPG_VIEW_F_QUORATE,
		.nodeid_used = eng->nodeid_used,
		.stable = ep->stable,
		.delivered = ep->cur.gseq - 1,
		.budget = ep->flow.budget,
		.credit = cpg_flow_limit(eng),
		.n_wanting = cpg_lead_is_me(ep) ? ep->flow.n_wanting : 0,
		.in_flight = ep->in_flight,
		.queued = eng->queued + eng->n_parked,
		.parked = eng->n_parked,
	};
	if (eng->stop_at != CPG_NEVER && eng->state != CPG_STATE_STOPPED)
		st->state = CPG_STATE_STOPPING;
	memcpy(st->counters, eng->counters, sizeof(st->counters));
}

struct cpg_event *cpg_engine_view_get(struct cpg_engine *eng)
{
	return cpg_event_get(eng->epoch->view);
}
