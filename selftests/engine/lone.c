// SPDX-License-Identifier: GPL-2.0
/* See lone.h. */
#include "lone.h"

struct lone_calls calls;
struct cpg_user_env env;
struct cpg_engine *eng;
u64 now;

static void op_xmit(void *ctx, const u32 *nodeids, u32 n,
		    const struct cpg_frame *frame)
{
	const struct cpg_wire_hdr *hdr = frame->hdr;

	(void)ctx;
	(void)nodeids;
	calls.xmit[hdr->type] += n;
}

static void op_reply(void *ctx, const struct cpg_frame *frame)
{
	(void)ctx;
	(void)frame;
	calls.reply++;
}

static void op_deliver(void *ctx, void *const *owners, u32 n,
		       struct cpg_event *ev)
{
	(void)ctx;
	(void)owners;
	if (!ev || ev->kind != CPG_EVENT_MSG)
		return;
	calls.msgs += n;
	calls.last = ev->len;
}

static void op_sent(void *ctx, void *owner, u32 len)
{
	(void)ctx;
	(void)owner;
	(void)len;
}

static void op_left(void *ctx, void *owner)
{
	(void)ctx;
	(void)owner;
	calls.left++;
}

static void op_view(void *ctx, struct cpg_event *ev)
{
	(void)ctx;
	(void)ev;
}

static void op_nodeid_used(void *ctx, bool refused)
{
	(void)ctx;
	calls.used++;
	calls.refused += refused;
}

static void op_stopped(void *ctx)
{
	(void)ctx;
	calls.stopped++;
}

const struct cpg_engine_ops lone_ops = {
	.xmit = op_xmit,
	.reply = op_reply,
	.deliver = op_deliver,
	.sent = op_sent,
	.left = op_left,
	.view = op_view,
	.nodeid_used = op_nodeid_used,
	.stopped = op_stopped,
};

void lone_config(struct cpg_engine_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->nodeid = LONE_NODEID;
	cfg->incarnation = LONE_INCARNATION;
	cfg->cluster_id = LONE_CLUSTER;
	cpg_engine_config_init(cfg);
}

void lone_create_with(const struct cpg_engine_config *cfg)
{
	memset(&calls, 0, sizeof(calls));
	memset(&env, 0, sizeof(env));
	now = CPG_NSEC_PER_SEC;
	eng = cpg_engine_create(cfg, &lone_ops, NULL, &env, now);
	if (IS_ERR(eng))
		abort();
	now += CPG_NSEC_PER_MSEC;
}

void lone_create(void)
{
	struct cpg_engine_config cfg;

	lone_config(&cfg);
	lone_create_with(&cfg);
}

const char *lone_destroy(const char *why)
{
	struct cpg_proc *proc, *next;

	if (!why)
		why = cpg_engine_check(eng);
	list_for_each_entry_safe(proc, next, &eng->locals, local_link)
		if (proc->owner)
			cpg_engine_detach(eng, now, proc);
	cpg_engine_destroy(eng);
	if (!why && cpg_user_mem.live)
		why = ktap_fail("%llu allocations are left behind",
				(unsigned long long)cpg_user_mem.live);
	return why;
}

struct cpg_proc *lone_join(const char *group, u32 pid)
{
	struct cpg_group name = { .name_len = strlen(group) };

	memcpy(name.name, group, name.name_len);
	return cpg_engine_join(eng, now, &calls, &name, pid);
}

int lone_send(struct cpg_proc *proc, u8 service, u32 len)
{
	struct cpg_event *ev = cpg_event_alloc_msg(NULL, 1);
	struct cpg_buf *buf = cpg_env_buf_alloc(NULL, len);
	int err;

	memset(buf->data, 0, len);
	cpg_event_add_slice(ev, buf, 0, len);
	cpg_buf_put(buf);
	ev->service = service;
	err = cpg_engine_send(eng, now, proc, ev, 0);
	cpg_event_put(ev);
	return err;
}

static enum cpg_drop lone_take_as(u32 src, u64 incarnation,
				  const struct cpg_vid *id, u32 type,
				  const void *p, u32 len)
{
	struct cpg_wire_hdr hdr = {
		.magic = cpu_to_le32(CPG_WIRE_MAGIC),
		.version = CPG_WIRE_VERSION,
		.type = type,
		.len = cpu_to_le16(sizeof(hdr) + len),
		.cluster_id = cpu_to_le32(LONE_CLUSTER),
		.src = cpu_to_le32(src),
		.view_rep = cpu_to_le32(id ? id->rep : src),
		.view_seq = cpu_to_le64(id ? id->seq : 1),
		.incarnation = cpu_to_le64(incarnation),
	};
	struct cpg_buf *buf = cpg_env_buf_alloc(NULL, sizeof(hdr) + len);
	enum cpg_drop drop;

	memcpy(buf->data, &hdr, sizeof(hdr));
	if (len)
		memcpy(buf->data + sizeof(hdr), p, len);
	drop = cpg_engine_rcv(eng, now, buf, 0);
	cpg_buf_put(buf);
	return drop;
}

enum cpg_drop lone_take(u32 src, const struct cpg_vid *id, u32 type,
			const void *p, u32 len)
{
	return lone_take_as(src, src, id, type, p, len);
}

enum cpg_drop lone_rcv_as(u32 src, u64 incarnation, const struct cpg_vid *id,
			  u32 type, const void *p, u32 len)
{
	enum cpg_drop drop = lone_take_as(src, incarnation, id, type, p, len);

	cpg_engine_flush(eng, now);
	return drop;
}

enum cpg_drop lone_rcv(u32 src, const struct cpg_vid *id, u32 type,
		       const void *p, u32 len)
{
	return lone_rcv_as(src, src, id, type, p, len);
}

enum cpg_drop lone_rcv_join(u32 src, u32 no)
{
	struct {
		struct cpg_wire_join	join;
		struct cpg_wire_heard	heard;
	} __packed p = {
		.join = {
			.no = cpu_to_le32(no),
			.votes = cpu_to_le32(1),
			.expected = cpu_to_le32(2),
			.n_heard = cpu_to_le16(1),
			.flags = cpu_to_le16(CPG_WIRE_JOIN_F_COMPLETE),
		},
		.heard = {
			.nodeid = cpu_to_le32(LONE_NODEID),
			.life = cpu_to_le32(LONE_INCARNATION <<
					    CPG_HEARD_LIFE_SHIFT |
					    CPG_HEARD_F_ALIVE),
		},
	};

	return lone_rcv(src, NULL, CPG_WIRE_JOIN, &p, sizeof(p));
}

void lone_view_of(const u32 *others, u32 n, u32 leader)
{
	struct cpg_vid id = { .seq = 10 };
	struct cpg_epoch *ep = cpg_view_epoch_create(eng, &id, n + 1);
	u32 i, idx = 0;

	for (i = 0; i < n; i++) {
		struct cpg_vnode *vn;

		if (cpg_engine_peer_add(eng, now, others[i]))
			abort();
		eng->peers[i + 1]->incarnation = others[i];
		ep->me += others[i] < LONE_NODEID;
		idx = i + (others[i] > LONE_NODEID);
		vn = ep->node[idx];
		vn->nodeid = others[i];
		vn->incarnation = others[i];
		vn->peer = eng->peers[i + 1];
	}
	ep->node[ep->me]->nodeid = LONE_NODEID;
	ep->id.rep = ep->node[0]->nodeid;
	ep->leader = leader;
	ep->votes = n + 1;
	cpg_view_epoch_destroy(eng->epoch);
	cpg_view_install(eng, ep);
}

void lone_view(u32 other, bool leads)
{
	bool is_second = other < LONE_NODEID;

	lone_view_of(&other, 1, leads ? is_second : !is_second);
}

struct cpg_status lone_status(void)
{
	struct cpg_status st;

	cpg_engine_status(eng, &st);
	return st;
}
