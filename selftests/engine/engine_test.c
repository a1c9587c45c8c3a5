// SPDX-License-Identifier: GPL-2.0
/*
 * An engine by itself: what it refuses, what it answers when it is stopped, and
 * what it tells of itself.  All that needs others is the simulator's.
 */
#include "hash.h"
#include "lone.h"

enum {
	NODEID = LONE_NODEID,
	INCARNATION = LONE_INCARNATION,
	PID = 100,
};

static enum cpg_drop rcv_used(u32 nodeid, u64 incarnation, u64 uptime)
{
	struct cpg_wire_used used = {
		.nodeid = cpu_to_le32(nodeid),
		.incarnation = cpu_to_le64(incarnation),
		.uptime = cpu_to_le64(uptime),
	};

	return lone_rcv(1, NULL, CPG_WIRE_NODEID_USED, &used, sizeof(used));
}

#define FIELD(name, val) \
	{ offsetof(struct cpg_engine_config, name), val }

static bool is_refused(const struct cpg_engine_config *cfg)
{
	return cpg_engine_create(cfg, &lone_ops, NULL, NULL, now) ==
	       ERR_PTR(-EINVAL);
}

static const char *test_config(void)
{
	static const struct {
		u32	off;
		u32	val;
	} bad[] = {
		FIELD(nodeid, 0), FIELD(first_no, 0), FIELD(budget, 1),
		FIELD(mtu, CPG_MTU_MIN - 1), FIELD(mtu, CPG_MTU_MAX + 1),
		FIELD(votes, CPG_NODE_VOTES_MAX + 1),
		FIELD(expected, CPG_EXPECTED_VOTES_MAX + 1),
	}, bad64[] = {
		FIELD(incarnation, 0), FIELD(heartbeat, 0), FIELD(suspect, 1),
		FIELD(join_repeat, 0), FIELD(beacon, 0), FIELD(corroborate, 0),
	};
	struct cpg_engine_config cfg;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		lone_config(&cfg);
		memcpy((u8 *)&cfg + bad[i].off, &bad[i].val, sizeof(u32));
		if (!is_refused(&cfg))
			return ktap_fail("configuration %u is taken", i);
	}
	for (i = 0; i < ARRAY_SIZE(bad64); i++) {
		u64 val = bad64[i].val;

		lone_config(&cfg);
		memcpy((u8 *)&cfg + bad64[i].off, &val, sizeof(val));
		if (!is_refused(&cfg))
			return ktap_fail("configuration %u is taken", i);
	}
	lone_create();
	return lone_destroy(NULL);
}

static const char *test_peers(void)
{
	struct cpg_peer_status st;
	const char *why = NULL;
	u32 i;

	lone_create();
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
	return lone_destroy(why);
}

static const char *test_strangers(void)
{
	const char *why = NULL;
	struct cpg_buf *buf;

	lone_create();
	if (lone_rcv(9, NULL, CPG_WIRE_LEAVE, NULL, 0) != CPG_DROP_NODE)
		why = "a node that is not configured";
	if (lone_rcv_as(NODEID, INCARNATION, NULL, CPG_WIRE_LEAVE, NULL, 0) !=
	    CPG_DROP_DUPLICATE || calls.reply)
		why = "an own packet";
	buf = cpg_env_buf_alloc(NULL, 1);
	if (cpg_engine_rcv(eng, now, buf, 2) != CPG_DROP_SHORT)
		why = "a packet behind its end";
	cpg_buf_put(buf);
	return lone_destroy(why);
}

/* Somebody has this node's id: it is told so each time, who is here once. */
static const char *test_rival(void)
{
	const char *why = NULL;
	u32 i;

	lone_create();
	for (i = 0; i < 2; i++)
		if (lone_rcv(NODEID, NULL, CPG_WIRE_LEAVE, NULL, 0) !=
		    CPG_DROP_NODEID_USED)
			why = "a packet of a node with the same id";
	if (calls.reply != 2 || calls.used != 1 || calls.refused)
		why = "who is told, and how often";
	return lone_destroy(why);
}

static const char *test_used(void)
{
	const char *why = NULL;

	lone_create();
	rcv_used(9, 9, U64_MAX);
	if (calls.used)
		why = "another's id is used twice";
	rcv_used(NODEID, INCARNATION, U64_MAX);
	rcv_used(NODEID, INCARNATION, U64_MAX);
	rcv_used(NODEID, 9, 0);
	if (calls.used != 1 || calls.refused ||
	    lone_status().state == CPG_STATE_STOPPED)
		why = "this node is the one that stays";
	rcv_used(NODEID, 9, U64_MAX);
	if (calls.refused != 1 || lone_status().state != CPG_STATE_STOPPED)
		why = "this node is the one that goes";
	return lone_destroy(why);
}

/* Refused, it does nothing any more. */
static const char *test_refused(void)
{
	const char *why = NULL;
	struct cpg_proc *proc;

	lone_create();
	proc = lone_join("g", PID);
	rcv_used(NODEID, 9, U64_MAX);
	if (lone_rcv(9, NULL, CPG_WIRE_LEAVE, NULL, 0) != CPG_DROP_STOPPED)
		why = "it takes a packet";
	if (cpg_engine_deadline(eng) != U64_MAX)
		why = "it waits for something";
	now += CPG_NSEC_PER_SEC;
	cpg_engine_timer(eng, now);
	cpg_engine_flush(eng, now);
	if (PTR_ERR(lone_join("h", PID)) != -ENETDOWN ||
	    lone_send(proc, CPG_SVC_AGREED, 0) != -ENETDOWN)
		why = "processes go on";
	cpg_engine_detach(eng, now, proc);
	cpg_engine_stop(eng, now);
	if (calls.stopped != 1)
		why = "it does not stop at once";
	return lone_destroy(why);
}

/* It looks for a view when it is to stop: that takes a while. */
static const char *begin_stop(struct cpg_proc *proc)
{
	if (cpg_engine_peer_add(eng, now, 1) || lone_rcv_join(1, 1) ||
	    lone_status().state != CPG_STATE_GATHER)
		return "it does not gather";
	cpg_engine_stop(eng, now);
	cpg_engine_stop(eng, now);
	if (lone_status().state != CPG_STATE_STOPPING || calls.stopped)
		return "it is not stopping";
	if (PTR_ERR(lone_join("h", PID)) != -ENETDOWN ||
	    lone_send(proc, CPG_SVC_AGREED, 0) != -ENETDOWN)
		return "processes go on";
	return NULL;
}

static const char *test_stop(void)
{
	const char *why;

	lone_create();
	why = begin_stop(lone_join("g", PID));
	while (!why && !calls.stopped && now < 10 * CPG_NSEC_PER_SEC) {
		now = cpg_engine_deadline(eng);
		cpg_engine_timer(eng, now);
	}
	if (!why && (calls.stopped != 1 || calls.left != 1))
		why = "it does not stop, or its process does not go";
	return lone_destroy(why);
}

static const char *test_stop_refused(void)
{
	const char *why;

	lone_create();
	why = begin_stop(lone_join("g", PID));
	rcv_used(NODEID, 9, U64_MAX);
	if (!why && (calls.stopped != 1 || calls.refused != 1))
		why = "it does not stop";
	return lone_destroy(why);
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
	struct cpg_group group = { .name_len = 1, .name = "g" };
	struct cpg_group none = { .name_len = 2, .name = "gg" };
	struct cpg_member members[2] = {};
	struct cpg_proc *procs[3];
	const char *why = NULL;
	u32 i, count = 0;

	lone_create();
	procs[0] = lone_join("g", PID + 1);
	procs[1] = lone_join("g", PID);
	procs[2] = lone_join("h", PID);
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
	return lone_destroy(why);
}

static const char *test_view_get(void)
{
	const char *why = NULL;
	struct cpg_event *ev;

	lone_create();
	ev = cpg_engine_view_get(eng);
	if (cpg_event_view(ev)->n_nodes != 1 ||
	    cpg_event_view(ev)->nodes[0] != NODEID)
		why = "a view of one";
	cpg_event_put(ev);
	return lone_destroy(why);
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

/* Is the last packet that was sent made of this buffer, with its bytes? */
static bool is_packet(const struct cpg_buf *buf)
{
	const struct cpg_epoch *ep = eng->epoch;
	const struct cpg_stream *stream = &ep->node[ep->me]->stream;
	const struct cpg_pkt *pkt = cpg_stream_get(stream, stream->next - 1);
	u8 bytes[600];

	memset(bytes, 0x5a, sizeof(bytes));
	return pkt && pkt->buf == buf && pkt->len > sizeof(bytes) &&
	       !memcmp(pkt->buf->data + pkt->off + pkt->len - sizeof(bytes),
		       bytes, sizeof(bytes));
}

/* A message that is alone in its packet is not copied, if there is room. */
static const char *test_in_place(void)
{
	const char *why = NULL;
	struct cpg_proc *proc;
	u32 i;

	lone_create();
	lone_view(9, true);
	proc = lone_join("g", PID);
	for (i = 0; i < 2; i++) {
		struct cpg_buf *buf = cpg_env_buf_alloc(NULL, 600);
		struct cpg_event *ev = cpg_event_alloc_msg(NULL, 1);

		memset(buf->data, 0x5a, buf->len);
		if (i)
			buf->room = 0;
		cpg_event_add_slice(ev, buf, 0, buf->len);
		if (cpg_engine_send(eng, now, proc, ev, 0) ||
		    is_packet(buf) != !i)
			why = i ? "without room" : "with room";
		cpg_event_put(ev);
		cpg_buf_put(buf);
	}
	return lone_destroy(why);
}

static const struct ktap_test tests[] = {
	TEST(config), TEST(peers), TEST(strangers), TEST(rival), TEST(used),
	TEST(refused), TEST(stop), TEST(stop_refused), TEST(groups),
	TEST(view_get), TEST(hash), TEST(in_place),
};

int main(int argc, char **argv)
{
	return ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
