// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer of the whole engine.  Three engines talk to each other; the input
 * says what happens next, and which bytes of a packet change on its way, or
 * are made up altogether.  A peer that lies can break the order of messages.
 * It must not break memory, nor what an engine holds about itself, and it
 * must not leave memory behind.
 */
#include "engine.h"
#include "env_mem.h"
#include "fuzz.h"
#include "wire.h"

enum {
	FUZZ_NODES = 3,
	FUZZ_QUEUE = 64,
	FUZZ_PROCS = 4,
	FUZZ_STEPS = 2000,
	FUZZ_PATCHES = 8,
	FUZZ_CLUSTER = 1,
};

struct fuzz_node;

struct fuzz_proc {
	struct fuzz_node	*node;
	struct cpg_proc		*eng;
	bool			broken;
	bool			held;
	u64			slow_since;
};

struct fuzz_node {
	struct cpg_engine	*eng;
	struct cpg_user_env	env;
	struct cpg_buf		*queue[FUZZ_QUEUE];
	u32			n_queue;
	struct fuzz_proc	procs[FUZZ_PROCS];
	bool			stopped;
};

struct fuzz_input {
	const u8	*p;
	size_t		left;
};

static struct fuzz_node nodes[FUZZ_NODES];
static u64 now;

static u32 take(struct fuzz_input *in, u32 n)
{
	u32 v = 0;

	while (n-- && in->left) {
		v = v << 8 | *in->p++;
		in->left--;
	}
	return v;
}

static void node_queue(struct fuzz_node *node, struct cpg_buf *buf)
{
	if (node->n_queue == FUZZ_QUEUE)
		cpg_buf_put(buf);
	else
		node->queue[node->n_queue++] = buf;
}

static struct cpg_buf *buf_new(u32 len)
{
	struct cpg_buf *buf = cpg_env_buf_alloc(NULL, len);

	if (!buf)
		abort();
	return buf;
}

static void op_xmit(void *ctx, const u32 *nodeids, u32 n,
		    const struct cpg_frame *frame)
{
	struct cpg_buf *buf;
	u32 i;

	(void)ctx;
	for (i = 0; i < n; i++) {
		if (!nodeids[i] || nodeids[i] > FUZZ_NODES)
			continue;
		buf = buf_new(frame->hdr_len + frame->len);
		memcpy(buf->data, frame->hdr, frame->hdr_len);
		if (frame->len)
			memcpy(buf->data + frame->hdr_len,
			       frame->body->data + frame->off, frame->len);
		node_queue(&nodes[nodeids[i] - 1], buf);
	}
}

static void op_reply(void *ctx, const struct cpg_frame *frame)
{
	(void)ctx;
	(void)frame;
}

static void op_deliver(void *ctx, void *const *owners, u32 n,
		       struct cpg_event *ev)
{
	u32 i;

	(void)ctx;
	for (i = 0; i < n; i++) {
		struct fuzz_proc *proc = owners[i];

		if (!proc->eng)
			abort();
		if (!ev)
			proc->broken = true;
	}
	if (ev && ev->kind == CPG_EVENT_MSG && ev->len > CPG_MSG_MAX)
		abort();
}

static void op_sent(void *ctx, void *owner, u32 len)
{
	(void)ctx;
	(void)owner;
	(void)len;
}

static void op_held(void *ctx, void *owner, bool held)
{
	struct fuzz_proc *proc = owner;

	(void)ctx;
	if (!proc->eng || proc->held == held)
		abort();
	proc->held = held;
}

static u64 op_slow_until(void *ctx, void *owner)
{
	struct fuzz_proc *proc = owner;

	(void)ctx;
	return proc->slow_since + CPG_NSEC_PER_MSEC;
}

static void op_slow(void *ctx, void *owner)
{
	struct fuzz_proc *proc = owner;

	(void)ctx;
	proc->broken = true;
}

static void op_left(void *ctx, void *owner)
{
	struct fuzz_proc *proc = owner;

	(void)ctx;
	proc->eng = NULL;
}

static void op_view(void *ctx, struct cpg_event *ev)
{
	(void)ctx;
	(void)ev;
}

static void op_nodeid_used(void *ctx, bool refused)
{
	(void)ctx;
	(void)refused;
}

static void op_stopped(void *ctx)
{
	struct fuzz_node *node = ctx;

	node->stopped = true;
}

static const struct cpg_engine_ops ops = {
	.xmit = op_xmit,
	.reply = op_reply,
	.deliver = op_deliver,
	.sent = op_sent,
	.held = op_held,
	.slow_until = op_slow_until,
	.slow = op_slow,
	.left = op_left,
	.view = op_view,
	.nodeid_used = op_nodeid_used,
	.stopped = op_stopped,
};

static void node_start(struct fuzz_node *node, u32 nodeid)
{
	struct cpg_engine_config cfg = {
		.nodeid = nodeid, .incarnation = nodeid,
		.cluster_id = FUZZ_CLUSTER, .view_seq = nodeid,
	};
	u32 i;

	memset(node, 0, sizeof(*node));
	cpg_engine_config_init(&cfg);
	node->eng = cpg_engine_create(&cfg, &ops, node, &node->env, now);
	if (IS_ERR(node->eng))
		abort();
	for (i = 1; i <= FUZZ_NODES; i++)
		if (i != nodeid)
			cpg_engine_peer_add(node->eng, now, i);
}

static void node_end(struct fuzz_node *node)
{
	u32 i;

	for (i = 0; i < FUZZ_PROCS; i++)
		if (node->procs[i].eng)
			cpg_engine_detach(node->eng, now, node->procs[i].eng);
	cpg_engine_destroy(node->eng);
}

static void node_forget(struct fuzz_node *node)
{
	while (node->n_queue)
		cpg_buf_put(node->queue[--node->n_queue]);
}

static void node_check(struct fuzz_node *node)
{
	const char *why = cpg_engine_check(node->eng);
	struct fuzz_proc *proc;
	u32 i;

	if (why) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	for (i = 0; i < FUZZ_PROCS; i++) {
		proc = &node->procs[i];
		if (proc->eng && proc->broken) {
			cpg_engine_detach(node->eng, now, proc->eng);
			proc->eng = NULL;
		}
	}
}

static void fuzz_fix(struct cpg_buf *buf)
{
	struct cpg_wire_hdr *hdr = (void *)buf->data;

	if (buf->len < sizeof(*hdr))
		return;
	hdr->magic = cpu_to_le32(CPG_WIRE_MAGIC);
	hdr->version = CPG_WIRE_VERSION;
	hdr->len = cpu_to_le16(buf->len);
	hdr->cluster_id = cpu_to_le32(FUZZ_CLUSTER);
	hdr->key_id = 0;
}

/*
 * The first packet that waits, or another; perhaps with some bytes changed, and
 * perhaps not the last of its batch.
 */
static void step_rcv(struct fuzz_node *node, struct fuzz_input *in, u32 op)
{
	u32 at = op & 0x40 ? take(in, 1) % FUZZ_QUEUE : 0;
	u32 n = op & 0x80 ? take(in, 1) % FUZZ_PATCHES : 0;
	struct cpg_buf *buf;

	if (at >= node->n_queue)
		return;
	buf = node->queue[at];
	memmove(&node->queue[at], &node->queue[at + 1],
		(--node->n_queue - at) * sizeof(buf));
	while (n--)
		buf->data[take(in, 2) % buf->len] = take(in, 1);
	if (op & 0x80)
		fuzz_fix(buf);
	cpg_engine_rcv(node->eng, now, buf, 0);
	if (!(op & 0x20))
		cpg_engine_flush(node->eng, now);
	cpg_buf_put(buf);
}

/* A packet that nobody sent. */
static void step_forge(struct fuzz_node *node, struct fuzz_input *in)
{
	u32 len = sizeof(struct cpg_wire_hdr) + take(in, 1) * 2;
	struct cpg_buf *buf = buf_new(len);
	struct cpg_wire_hdr *hdr = (void *)buf->data;
	struct cpg_status st;
	u32 i, src = take(in, 1);

	cpg_engine_status(node->eng, &st);
	memset(buf->data, 0, len);
	hdr->type = take(in, 1);
	hdr->src = cpu_to_le32(1 + src % FUZZ_NODES);
	hdr->incarnation = cpu_to_le64(1 + src % FUZZ_NODES + (src >> 7));
	hdr->view_seq = cpu_to_le64(st.view_seq + (src >> 4 & 3) - 1);
	hdr->view_rep = cpu_to_le32(st.view_rep + (src >> 6 & 1));
	for (i = sizeof(*hdr); i < len; i++)
		buf->data[i] = take(in, 1);
	fuzz_fix(buf);
	cpg_engine_rcv(node->eng, now, buf, 0);
	cpg_engine_flush(node->eng, now);
	cpg_buf_put(buf);
}

static void step_timers(struct fuzz_input *in)
{
	u64 next = U64_MAX;
	u32 i;

	for (i = 0; i < FUZZ_NODES; i++)
		next = min(next, cpg_engine_deadline(nodes[i].eng));
	now += take(in, 1) * CPG_NSEC_PER_USEC;
	if (next != U64_MAX)
		now = max(now, next);
	for (i = 0; i < FUZZ_NODES; i++)
		if (cpg_engine_deadline(nodes[i].eng) <= now) {
			cpg_engine_timer(nodes[i].eng, now);
			node_check(&nodes[i]);
		}
}

static void step_join(struct fuzz_node *node, struct fuzz_proc *proc, u32 pid)
{
	struct cpg_group group = { .name_len = 1, .name = { 'g' } };
	struct cpg_proc *eng;

	/* The join may be delivered before the call returns. */
	proc->broken = false;
	proc->held = false;
	proc->eng = (struct cpg_proc *)proc;
	eng = cpg_engine_join(node->eng, now, proc, &group, pid);
	proc->eng = IS_ERR(eng) ? NULL : eng;
}

static void step_send(struct fuzz_node *node, struct fuzz_proc *proc, u32 arg)
{
	u32 len = arg < 250 ? arg : arg * 100;
	struct cpg_event *ev = cpg_event_alloc_msg(NULL, 1);
	struct cpg_buf *buf = buf_new(len);

	memset(buf->data, arg, len);
	ev->service = arg & 3;
	cpg_event_add_slice(ev, buf, 0, len);
	cpg_engine_send(node->eng, now, proc->eng, ev,
			arg & 4 ? CPG_NSEC_PER_MSEC : 0);
	if (arg & 8)
		cpg_engine_wait(node->eng, now, CPG_NSEC_PER_MSEC);
	cpg_event_put(ev);
	cpg_buf_put(buf);
}

static void step_proc(struct fuzz_node *node, u32 arg)
{
	struct fuzz_proc *proc = &node->procs[arg % FUZZ_PROCS];
	struct cpg_proc *eng = proc->eng;

	if (!eng) {
		step_join(node, proc, 100 + arg % FUZZ_PROCS);
	} else if (arg < 0x40) {
		cpg_engine_leave(node->eng, now, eng);
	} else if (arg < 0x60) {
		proc->eng = NULL;
		cpg_engine_detach(node->eng, now, eng);
	} else if (arg < 0x70) {
		proc->slow_since = now;
		cpg_engine_hold(node->eng, now, eng, arg & 8);
	} else {
		step_send(node, proc, arg);
	}
}

static void step(struct fuzz_input *in)
{
	u32 op = take(in, 1);
	struct fuzz_node *node = &nodes[op % FUZZ_NODES];

	switch (op >> 2 & 7) {
	case 0:
	case 1:
	case 2:
	case 3:
		step_rcv(node, in, op);
		break;
	case 4:
		step_timers(in);
		break;
	case 5:
		step_proc(node, take(in, 1));
		break;
	case 6:
		step_forge(node, in);
		break;
	case 7:
		if (op & 0x80)
			node->env.fail_in = 1 + take(in, 1);
		else if (op == 0x7c)
			cpg_engine_stop(node->eng, now);
		else if (op & 0x40)
			cpg_engine_lead(node->eng, now, take(in, 1) & 3);
		else if (op & 0x20)
			cpg_engine_push(node->eng, now);
		else
			cpg_engine_flush(node->eng, now);
		break;
	}
	node_check(node);
}

static bool is_settled(void)
{
	struct cpg_status st;
	u32 i;

	for (i = 0; i < FUZZ_NODES; i++) {
		cpg_engine_status(nodes[i].eng, &st);
		if (st.n_nodes != FUZZ_NODES)
			return false;
	}
	return true;
}

/* All packets arrive and all timers fire, until the three are in one view. */
static void settle(void)
{
	struct fuzz_input none = {};
	u32 i, k;

	for (k = 0; k < FUZZ_STEPS && !is_settled(); k++) {
		for (i = 0; i < FUZZ_NODES; i++)
			while (nodes[i].n_queue)
				step_rcv(&nodes[i], &none, 0);
		step_timers(&none);
	}
}

int fuzz_one(const u8 *data, size_t size)
{
	struct fuzz_input in = { .p = data, .left = size };
	u32 i;

	now = CPG_NSEC_PER_SEC;
	for (i = 0; i < FUZZ_NODES; i++)
		node_start(&nodes[i], i + 1);
	if (take(&in, 1) & 1)
		settle();
	for (i = 0; i < FUZZ_STEPS && in.left; i++)
		step(&in);
	for (i = 0; i < FUZZ_NODES; i++)
		node_end(&nodes[i]);
	for (i = 0; i < FUZZ_NODES; i++)
		node_forget(&nodes[i]);
	if (cpg_user_mem.live) {
		fprintf(stderr, "memory is left behind\n");
		abort();
	}
	return 0;
}
