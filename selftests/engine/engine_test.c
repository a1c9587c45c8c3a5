// SPDX-License-Identifier: GPL-2.0
/*
 * An engine by itself: what it refuses, what it answers when it is stopped, and
 * what it tells of itself.  All that needs others is the simulator's.
 */
#include "engine.h"
#include "hash.h"
#include "ktap.h"
#include "wire.h"

enum {
	CLUSTER = 0xc1,
	NODEID = 5,
	INCARNATION = 7,
	PID = 100,
};

/* What was called, and how often. */
static struct {
	u32	xmit;
	u32	reply;
	u32	used;
	u32	refused;
	u32	stopped;
	u32	msgs;
	u32	left;
} n;

static struct cpg_user_env env;
static u64 now;

static void op_xmit(void *ctx, const u32 *nodeids, u32 n_nodes,
		    const struct cpg_frame *frame)
{
	(void)ctx;
	(void)nodeids;
	(void)n_nodes;
	(void)frame;
	n.xmit++;
}

static void op_reply(void *ctx, const struct cpg_frame *frame)
{
	(void)ctx;
	(void)frame;
	n.reply++;
}

static void op_deliver(void *ctx, void *owner, struct cpg_event *ev)
{
	(void)ctx;
	(void)owner;
	n.msgs += ev && ev->kind == CPG_EVENT_MSG;
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
	n.left++;
}

static void op_view(void *ctx, struct cpg_event *ev)
{
	(void)ctx;
	(void)ev;
}

static void op_nodeid_used(void *ctx, bool refused)
{
	(void)ctx;
	n.used++;
	n.refused += refused;
}

static void op_stopped(void *ctx)
{
	(void)ctx;
	n.stopped++;
}

static const struct cpg_engine_ops ops = {
	.xmit = op_xmit,
	.reply = op_reply,
	.deliver = op_deliver,
	.sent = op_sent,
	.left = op_left,
	.view = op_view,
	.nodeid_used = op_nodeid_used,
	.stopped = op_stopped,
};

static void config(struct cpg_engine_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->nodeid = NODEID;
	cfg->incarnation = INCARNATION;
	cfg->cluster_id = CLUSTER;
	cpg_engine_config_init(cfg);
}

static struct cpg_engine *create(void)
{
	struct cpg_engine_config cfg;
	struct cpg_engine *eng;

	memset(&n, 0, sizeof(n));
	memset(&env, 0, sizeof(env));
	now = CPG_NSEC_PER_SEC;
	config(&cfg);
	eng = cpg_engine_create(&cfg, &ops, NULL, &env, now);
	if (IS_ERR(eng))
		abort();
	now += CPG_NSEC_PER_MSEC;
	return eng;
}

static const char *destroy(struct cpg_engine *eng, const char *why)
{
	if (!why)
		why = cpg_engine_check(eng);
	cpg_engine_destroy(eng);
	if (!why && cpg_user_mem.live)
		why = ktap_fail("%llu allocations are left behind",
				(unsigned long long)cpg_user_mem.live);
	return why;
}

static struct cpg_group group_of(const char *name)
{
	struct cpg_group group = { .name_len = strlen(name) };

	memcpy(group.name, name, group.name_len);
	return group;
}

static struct cpg_proc *join(struct cpg_engine *eng, const char *name, u32 pid)
{
	struct cpg_group group = group_of(name);

	return cpg_engine_join(eng, now, &n, &group, pid);
}

static int send(struct cpg_engine *eng, struct cpg_proc *proc)
{
	struct cpg_event *ev = cpg_event_alloc_msg(NULL, 0);
	int err;

	ev->service = CPG_SVC_AGREED;
	err = cpg_engine_send(eng, now, proc, ev);
	cpg_event_put(ev);
	return err;
}

/* A packet of node @src, with @len bytes behind the header. */
static enum cpg_drop rcv(struct cpg_engine *eng, u32 src, u64 incarnation,
			 u32 type, const void *p, u32 len)
{
	struct cpg_wire_hdr hdr = {
		.magic = cpu_to_le32(CPG_WIRE_MAGIC),
		.version = CPG_WIRE_VERSION,
		.type = type,
		.len = cpu_to_le16(sizeof(hdr) + len),
		.cluster_id = cpu_to_le32(CLUSTER),
		.src = cpu_to_le32(src),
		.view_rep = cpu_to_le32(src),
		.view_seq = cpu_to_le64(1),
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

static enum cpg_drop rcv_used(struct cpg_engine *eng, u32 nodeid,
			      u64 incarnation, u64 uptime)
{
	struct cpg_wire_used used = {
		.nodeid = cpu_to_le32(nodeid),
		.incarnation = cpu_to_le64(incarnation),
		.uptime = cpu_to_le64(uptime),
	};

	return rcv(eng, 1, 1, CPG_WIRE_NODEID_USED, &used, sizeof(used));
}

/* Node 1 looks for a view, and hears this node: so this one looks, too. */
static enum cpg_drop rcv_join(struct cpg_engine *eng)
{
	struct {
		struct cpg_wire_join	join;
		struct cpg_wire_heard	heard;
	} __packed p = {
		.join = {
			.no = cpu_to_le32(1),
			.votes = cpu_to_le32(1),
			.expected = cpu_to_le32(2),
			.n_heard = cpu_to_le16(1),
		},
		.heard = {
			.nodeid = cpu_to_le32(NODEID),
			.life = cpu_to_le32(INCARNATION << CPG_HEARD_LIFE_SHIFT |
					    CPG_HEARD_F_ALIVE),
		},
	};

	return rcv(eng, 1, 1, CPG_WIRE_JOIN, &p, sizeof(p));
}

static struct cpg_status status(const struct cpg_engine *eng)
{
	struct cpg_status st;

	cpg_engine_status(eng, &st);
	return st;
}

#define FIELD(name, val) \
	{ #name, offsetof(struct cpg_engine_config, name), \
	  sizeof(((struct cpg_engine_config *)NULL)->name), val }

static const char *test_config(void)
{
	static const struct {
		const char	*name;
		u32		off;
		u32		size;
		u64		val;
	} bad[] = {
		FIELD(nodeid, 0), FIELD(incarnation, 0), FIELD(first_no, 0),
		FIELD(mtu, CPG_MTU_MIN - 1), FIELD(mtu, CPG_MTU_MAX + 1),
		FIELD(heartbeat, 0), FIELD(join_repeat, 0), FIELD(beacon, 0),
		FIELD(corroborate, 0), FIELD(suspect, 1), FIELD(budget, 1),
		FIELD(votes, CPG_NODE_VOTES_MAX + 1),
		FIELD(expected, CPG_EXPECTED_VOTES_MAX + 1),
	};
	struct cpg_engine_config cfg;
	struct cpg_engine *eng;
	u32 i, val;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		config(&cfg);
		val = bad[i].val;
		memcpy((u8 *)&cfg + bad[i].off, bad[i].size == sizeof(u64) ?
		       (void *)&bad[i].val : (void *)&val, bad[i].size);
		eng = cpg_engine_create(&cfg, &ops, NULL, NULL, now);
		if (!IS_ERR(eng) || PTR_ERR(eng) != -EINVAL)
			return ktap_fail("%s %llu is taken", bad[i].name,
					 (unsigned long long)bad[i].val);
	}
	return destroy(create(), NULL);
}

static const char *test_peers(void)
{
	struct cpg_engine *eng = create();
	struct cpg_peer_status st;
	const char *why = NULL;
	u32 i;

	if (cpg_engine_peer_add(eng, now, 0) != -EINVAL ||
	    cpg_engine_peer_add(eng, now, NODEID) != -EINVAL)
		why = "a node that cannot be";
	env.fail_in = 1;
	if (cpg_engine_peer_add(eng, now, 1000) != -ENOMEM)
		why = "a node without memory";
	/* Last first: they are told of in the order of their ids. */
	for (i = CPG_NODES_MAX - 1; i; i--)
		if (cpg_engine_peer_add(eng, now, 1000 + i))
			why = "not all nodes fit";
	if (cpg_engine_peer_add(eng, now, 1001) != -EEXIST ||
	    cpg_engine_peer_add(eng, now, 2000) != -ENOSPC)
		why = "a node too many";
	for (i = 0; cpg_engine_peer_status(eng, now, i, &st); i++)
		if (st.nodeid != 1001 + i || st.in_view || st.alive || st.heard)
			why = "what is told of a node";
	if (i != CPG_NODES_MAX - 1)
		why = "not all nodes are told of";
	return destroy(eng, why);
}

static const char *test_strangers(void)
{
	struct cpg_engine *eng = create();
	const char *why = NULL;
	struct cpg_buf *buf;

	if (rcv(eng, 9, 1, CPG_WIRE_LEAVE, NULL, 0) != CPG_DROP_NODE)
		why = "a node that is not configured";
	if (rcv(eng, NODEID, INCARNATION, CPG_WIRE_LEAVE, NULL, 0) !=
	    CPG_DROP_DUPLICATE || n.reply)
		why = "an own packet";
	buf = cpg_env_buf_alloc(NULL, 1);
	if (cpg_engine_rcv(eng, now, buf, 2) != CPG_DROP_SHORT)
		why = "a packet behind its end";
	cpg_buf_put(buf);
	return destroy(eng, why);
}

/* Somebody has this node's id: it is told so each time, who is here once. */
static const char *test_rival(void)
{
	struct cpg_engine *eng = create();
	const char *why = NULL;
	u32 i;

	for (i = 0; i < 2; i++)
		if (rcv(eng, NODEID, 9, CPG_WIRE_LEAVE, NULL, 0) !=
		    CPG_DROP_NODEID_USED)
			why = "a packet of a node with the same id";
	if (n.reply != 2 || n.used != 1 || n.refused)
		why = "who is told, and how often";
	return destroy(eng, why);
}

static const char *test_used(void)
{
	struct cpg_engine *eng = create();
	const char *why = NULL;

	rcv_used(eng, 9, 9, U64_MAX);
	if (n.used)
		why = "another's id is used twice";
	rcv_used(eng, NODEID, INCARNATION, U64_MAX);
	rcv_used(eng, NODEID, INCARNATION, U64_MAX);
	rcv_used(eng, NODEID, 9, 0);
	if (n.used != 1 || n.refused || status(eng).state == CPG_STATE_STOPPED)
		why = "this node is the one that stays";
	rcv_used(eng, NODEID, 9, U64_MAX);
	if (n.refused != 1 || status(eng).state != CPG_STATE_STOPPED)
		why = "this node is the one that goes";
	return destroy(eng, why);
}

/* Refused, it does nothing any more. */
static const char *test_refused(void)
{
	struct cpg_engine *eng = create();
	struct cpg_proc *proc = join(eng, "g", PID);
	const char *why = NULL;

	rcv_used(eng, NODEID, 9, U64_MAX);
	if (rcv(eng, 9, 1, CPG_WIRE_LEAVE, NULL, 0) != CPG_DROP_STOPPED)
		why = "it takes a packet";
	if (cpg_engine_deadline(eng) != U64_MAX)
		why = "it waits for something";
	now += CPG_NSEC_PER_SEC;
	cpg_engine_timer(eng, now);
	cpg_engine_flush(eng, now);
	if (!IS_ERR(join(eng, "h", PID)) || send(eng, proc) != -ENETDOWN)
		why = "processes go on";
	cpg_engine_detach(eng, now, proc);
	cpg_engine_stop(eng, now);
	if (n.stopped != 1 || n.xmit)
		why = "it does not stop at once";
	return destroy(eng, why);
}

/* It looks for a view when it is to stop: that takes a while. */
static const char *stopping(struct cpg_engine *eng, struct cpg_proc *proc)
{
	if (cpg_engine_peer_add(eng, now, 1) || rcv_join(eng) ||
	    status(eng).state != CPG_STATE_GATHER)
		return "it does not gather";
	cpg_engine_stop(eng, now);
	cpg_engine_stop(eng, now);
	if (status(eng).state != CPG_STATE_STOPPING || n.stopped)
		return "it is not stopping";
	if (PTR_ERR(join(eng, "h", PID)) != -ENETDOWN ||
	    send(eng, proc) != -ENETDOWN)
		return "processes go on";
	return NULL;
}

static const char *test_stop(void)
{
	struct cpg_engine *eng = create();
	const char *why = stopping(eng, join(eng, "g", PID));

	while (!why && !n.stopped && now < 10 * CPG_NSEC_PER_SEC) {
		now = cpg_engine_deadline(eng);
		cpg_engine_timer(eng, now);
	}
	if (!why && (n.stopped != 1 || n.left != 1))
		why = "it does not stop, or its process does not go";
	return destroy(eng, why);
}

static const char *test_stop_refused(void)
{
	struct cpg_engine *eng = create();
	struct cpg_proc *proc = join(eng, "g", PID);
	const char *why = stopping(eng, proc);

	rcv_used(eng, NODEID, 9, U64_MAX);
	if (!why && (n.stopped != 1 || n.refused != 1))
		why = "it does not stop";
	cpg_engine_detach(eng, now, proc);
	return destroy(eng, why);
}

static int count_group(void *arg, const struct cpg_group *group,
		       const struct cpg_member *members, u32 n_members)
{
	u32 *count = arg;

	(*count)++;
	if (group->name_len != 1 || members[0].nodeid != NODEID)
		return -EINVAL;
	return group->name[0] == 'g' && n_members == 2 ? 1 : 0;
}

static const char *test_groups(void)
{
	struct cpg_group group = group_of("g"), none = group_of("gg");
	struct cpg_engine *eng = create();
	struct cpg_proc *procs[3] = {
		join(eng, "g", PID + 1), join(eng, "g", PID),
		join(eng, "h", PID),
	};
	struct cpg_member members[2] = {};
	const char *why = NULL;
	u32 i, count = 0;

	if (cpg_engine_members(eng, &none, members, 2))
		why = "members of a group that is not there";
	if (cpg_engine_members(eng, &group, members, 1) != 2 ||
	    members[0].pid != PID || members[1].pid)
		why = "more members than there is room for";
	if (cpg_engine_walk_groups(eng, count_group, &count) != 1 || !count)
		why = "the callback does not end it";
	env.fail_in = 1;
	if (cpg_engine_walk_groups(eng, count_group, &count) != -ENOMEM)
		why = "groups without memory";
	cpg_engine_detach(eng, now, procs[0]);
	count = 0;
	if (cpg_engine_walk_groups(eng, count_group, &count) || count != 2)
		why = "not all groups are told of";
	for (i = 1; i < ARRAY_SIZE(procs); i++)
		cpg_engine_detach(eng, now, procs[i]);
	count = 0;
	if (cpg_engine_walk_groups(eng, count_group, &count) || count)
		why = "a group without members";
	return destroy(eng, why);
}

static const char *test_view_get(void)
{
	struct cpg_engine *eng = create();
	struct cpg_event *ev = cpg_engine_view_get(eng);
	const char *why = NULL;

	if (cpg_event_view(ev)->n_nodes != 1 ||
	    cpg_event_view(ev)->nodes[0] != NODEID)
		why = "a view of one";
	cpg_event_put(ev);
	return destroy(eng, why);
}

/* However a message is cut, its contents have one hash. */
static const char *test_hash(void)
{
	struct cpg_buf *buf = cpg_env_buf_alloc(NULL, 200);
	u64 hash[2];
	u32 i;

	memset(buf->data, 0x5a, buf->len);
	for (i = 0; i < 2; i++) {
		struct cpg_event *ev = cpg_event_alloc_msg(NULL, 2);

		cpg_event_add_slice(ev, buf, 0, i ? 77 : 200);
		if (i)
			cpg_event_add_slice(ev, buf, 77, 123);
		hash[i] = cpg_hash_event(ev);
		cpg_event_put(ev);
	}
	cpg_buf_put(buf);
	return hash[0] == hash[1] ? NULL : "two hashes";
}

#define TEST(name)	{ #name, test_##name }

static const struct ktap_test tests[] = {
	TEST(config), TEST(peers), TEST(strangers), TEST(rival), TEST(used),
	TEST(refused), TEST(stop), TEST(stop_refused), TEST(groups),
	TEST(view_get), TEST(hash),
};

int main(int argc, char **argv)
{
	return ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
