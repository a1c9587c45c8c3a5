// SPDX-License-Identifier: GPL-2.0
/* AF_CPG's engines on the nodes of a fabric. */
#include "bench.h"

enum {
	CPG_START_MAX = 20,	/* seconds until they must be in one view */
};

struct cpg_node {
	struct fab_node		*node;
	struct cpg_engine	*eng;
	struct cpg_proc		*proc;
	u32			n_view;
};

/* What a message carries. */
struct cpg_stamp {
	u64	t;
	u32	from;
	u32	pad;
};

static struct cpg_node *cn_of(const struct fab_node *node)
{
	return node->proto;
}

static void op_xmit(void *ctx, const u32 *nodeids, u32 n,
		    const struct cpg_frame *frame)
{
	struct cpg_node *cn = ctx;
	u32 slots[FAB_NODES_MAX];
	struct cpg_buf *buf;
	u32 i;

	buf = cpg_env_buf_alloc(NULL, frame->hdr_len + frame->len);
	if (!buf)
		abort();
	memcpy(buf->data, frame->hdr, frame->hdr_len);
	if (frame->len)
		memcpy(buf->data + frame->hdr_len,
		       frame->body->data + frame->off, frame->len);
	for (i = 0; i < n; i++)
		slots[i] = nodeids[i] - 1;
	fab_xmit(cn->node, slots, n, buf);
	cpg_buf_put(buf);
}

static void op_reply(void *ctx, const struct cpg_frame *frame)
{
	(void)ctx;
	(void)frame;
	abort();
}

static void op_deliver(void *ctx, void *const *owners, u32 n,
		       struct cpg_event *ev)
{
	struct cpg_node *cn = ctx;
	const struct cpg_slice *sl;
	struct cpg_stamp stamp;

	(void)owners;
	if (!ev)
		abort();
	if (ev->kind != CPG_EVENT_MSG)
		return;
	sl = cpg_event_slices(ev);
	if (sl->len < sizeof(stamp))
		abort();
	memcpy(&stamp, sl->buf->data + sl->off, sizeof(stamp));
	while (n--)
		bench_deliver(cn->node, stamp.from, stamp.t);
}

static void op_sent(void *ctx, void *owner, u32 len)
{
	struct cpg_node *cn = ctx;

	(void)owner;
	bench_sent(cn->node, len);
}

static void op_left(void *ctx, void *owner)
{
	(void)ctx;
	(void)owner;
}

static void op_view(void *ctx, struct cpg_event *ev)
{
	struct cpg_node *cn = ctx;

	cn->n_view = cpg_event_view(ev)->n_nodes;
}

static void op_nodeid_used(void *ctx, bool refused)
{
	(void)ctx;
	(void)refused;
	abort();
}

static void op_stopped(void *ctx)
{
	(void)ctx;
}

/* Everyone reads at once. */
static void op_held(void *ctx, void *owner, bool held)
{
	(void)ctx;
	(void)owner;
	(void)held;
	abort();
}

static const struct cpg_engine_ops cpg_node_ops = {
	.xmit = op_xmit,
	.reply = op_reply,
	.deliver = op_deliver,
	.sent = op_sent,
	.held = op_held,
	.left = op_left,
	.view = op_view,
	.nodeid_used = op_nodeid_used,
	.stopped = op_stopped,
};

static void cpg_fab_rcv(struct fab_node *node, struct cpg_buf *buf)
{
	cpg_engine_rcv(cn_of(node)->eng, node->cpu, buf, 0);
}

static void cpg_fab_flush(struct fab_node *node)
{
	cpg_engine_flush(cn_of(node)->eng, node->cpu);
}

static void cpg_fab_timer(struct fab_node *node)
{
	cpg_engine_timer(cn_of(node)->eng, node->cpu);
}

static u64 cpg_fab_deadline(struct fab_node *node)
{
	return cpg_engine_deadline(cn_of(node)->eng);
}

static void cpg_fab_submit(struct fab_node *node, u64 t)
{
	struct bench *b = bench_of(node);
	struct cpg_node *cn = cn_of(node);
	struct cpg_stamp stamp = { .t = t, .from = node->slot };
	struct cpg_event *ev = cpg_event_alloc_msg(NULL, 1);
	struct cpg_buf *buf = cpg_env_buf_alloc(NULL, b->cfg.size);

	if (!ev || !buf)
		abort();
	memset(buf->data, 0, buf->len);
	memcpy(buf->data, &stamp, sizeof(stamp));
	ev->service = CPG_SVC_AGREED;
	cpg_event_add_slice(ev, buf, 0, buf->len);
	cpg_buf_put(buf);
	if (cpg_engine_send(cn->eng, node->cpu, cn->proc, ev, 0))
		abort();
	cpg_event_put(ev);
}

static bool cpg_in_one_view(const struct bench *b)
{
	u32 n = b->cfg.fab.n_nodes;
	struct cpg_status st;
	u32 i;

	for (i = 0; i < n; i++) {
		cpg_engine_status(cn_of(&b->fab->node[i])->eng, &st);
		if (st.n_nodes != n || st.state != CPG_STATE_OPERATIONAL)
			return false;
	}
	return true;
}

static void cpg_create(struct bench *b, struct fab_node *node)
{
	struct cpg_node *cn = calloc(1, sizeof(*cn));
	struct cpg_engine_config cfg = {
		.nodeid = node->slot + 1,
		.incarnation = sim_mix(b->cfg.seed + node->slot) | 1,
		.cluster_id = 1,
	};
	u32 i;

	if (!cn)
		abort();
	cpg_engine_config_init(&cfg);
	cfg.mtu = b->cfg.mtu;
	cfg.budget = b->cfg.budget;
	cfg.is_mesh = !b->cfg.fab.multicast;
	node->proto = cn;
	cn->node = node;
	cn->eng = cpg_engine_create(&cfg, &cpg_node_ops, cn, NULL,
				    b->fab->now);
	if (IS_ERR(cn->eng))
		abort();
	for (i = 0; i < b->cfg.fab.n_nodes; i++)
		if (i != node->slot &&
		    cpg_engine_peer_add(cn->eng, b->fab->now, i + 1))
			abort();
	fab_arm(node);
}

static void cpg_start(struct bench *b)
{
	struct cpg_group group = { .name_len = 5, .name = "bench" };
	u32 n = b->cfg.fab.n_nodes;
	u64 end;
	u32 i;

	b->fab->now = CPG_NSEC_PER_SEC;
	end = b->fab->now + CPG_START_MAX * CPG_NSEC_PER_SEC;
	for (i = 0; i < n; i++)
		cpg_create(b, &b->fab->node[i]);
	while (!cpg_in_one_view(b)) {
		if (b->fab->now > end) {
			fprintf(stderr, "no view of all after %d s\n",
				CPG_START_MAX);
			abort();
		}
		fab_run_to(b->fab, b->fab->now + 10 * CPG_NSEC_PER_MSEC);
	}
	for (i = 0; i < n; i++) {
		struct fab_node *node = &b->fab->node[i];
		struct cpg_node *cn = cn_of(node);

		fab_enter(node, 0);
		cn->proc = cpg_engine_join(cn->eng, node->cpu, cn, &group,
					   100 + i);
		if (IS_ERR(cn->proc))
			abort();
		fab_arm(node);
	}
	fab_run_to(b->fab, b->fab->now + 100 * CPG_NSEC_PER_MSEC);
}

static void cpg_stop(struct bench *b)
{
	u32 i;

	for (i = 0; i < b->cfg.fab.n_nodes; i++) {
		struct cpg_node *cn = cn_of(&b->fab->node[i]);

		cpg_engine_destroy(cn->eng);
		free(cn);
	}
}

static void cpg_stat(struct bench *b, u32 slot, struct bench_stat *out)
{
	struct cpg_status st;

	cpg_engine_status(cn_of(&b->fab->node[slot])->eng, &st);
	*out = (struct bench_stat){
		.naks = st.counters[CPG_CNT_NAKS_SENT],
		.repairs = st.counters[CPG_CNT_REPAIRS_SENT],
		.budget = st.budget,
		.credit = st.credit,
		.in_flight = st.in_flight,
	};
}

const struct bench_ops bench_cpg = {
	.fab = {
		.rcv = cpg_fab_rcv,
		.flush = cpg_fab_flush,
		.timer = cpg_fab_timer,
		.deadline = cpg_fab_deadline,
		.submit = cpg_fab_submit,
	},
	.start = cpg_start,
	.stop = cpg_stop,
	.stat = cpg_stat,
};
