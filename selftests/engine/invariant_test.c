// SPDX-License-Identifier: GPL-2.0
/*
 * invariant.c: an engine in good order is said to be, and whatever is broken
 * in it is found, and called by its name.
 */
#include "engine_priv.h"
#include "ktap.h"

enum {
	NODEID = 5,
	OTHER = 9,
};

static struct cpg_engine *eng;
static const char *bad;

/* While @lvalue is @val, the engine says @text. */
#define BREAK(lvalue, val, text) do { \
	__typeof__(lvalue) __was = (lvalue); \
	(lvalue) = (val); \
	says(__LINE__, text); \
	(lvalue) = __was; \
} while (0)

static void says(int line, const char *text)
{
	const char *why = cpg_engine_check(eng);

	if (!why)
		why = "all is well";
	if (!bad && strcmp(why, text))
		bad = ktap_fail("line %d: \"%s\", not \"%s\"", line, why,
				text);
}

static void op_xmit(void *ctx, const u32 *nodeids, u32 n,
		    const struct cpg_frame *frame)
{
	(void)ctx;
	(void)nodeids;
	(void)n;
	(void)frame;
}

static void op_deliver(void *ctx, void *owner, struct cpg_event *ev)
{
	(void)ctx;
	(void)owner;
	(void)ev;
}

static void op_sent(void *ctx, void *owner, u32 len)
{
	(void)ctx;
	(void)owner;
	(void)len;
}

static void op_view(void *ctx, struct cpg_event *ev)
{
	(void)ctx;
	(void)ev;
}

static const struct cpg_engine_ops ops = {
	.xmit = op_xmit,
	.deliver = op_deliver,
	.sent = op_sent,
	.view = op_view,
};

static struct cpg_proc *join(u32 pid)
{
	struct cpg_group group = { .name_len = 1, .name = "g" };

	return cpg_engine_join(eng, eng->now, &eng, &group, pid);
}

static void send(struct cpg_proc *proc, u8 service)
{
	struct cpg_event *ev = cpg_event_alloc_msg(NULL, 1);
	struct cpg_buf *buf = cpg_env_buf_alloc(NULL, 3);

	memset(buf->data, 0, buf->len);
	cpg_event_add_slice(ev, buf, 0, buf->len);
	cpg_buf_put(buf);
	ev->service = service;
	cpg_engine_send(eng, eng->now, proc, ev);
	cpg_event_put(ev);
}

/* In a view of this node, which leads it, and another that says nothing. */
static void view_of_two(void)
{
	struct cpg_vid id = { .seq = 10, .rep = NODEID };
	struct cpg_epoch *ep = cpg_view_epoch_create(eng, &id, 2);

	ep->node[0]->nodeid = NODEID;
	ep->node[1]->nodeid = OTHER;
	ep->node[1]->peer = eng->peers[1];
	ep->votes = 2;
	cpg_view_epoch_destroy(eng->epoch);
	cpg_view_install(eng, ep);
}

/* A process is a member; it sent what is not stable. */
static struct cpg_proc *create(void)
{
	struct cpg_engine_config cfg = { .nodeid = NODEID, .incarnation = 7 };
	struct cpg_proc *proc;

	bad = NULL;
	cpg_engine_config_init(&cfg);
	eng = cpg_engine_create(&cfg, &ops, NULL, NULL, CPG_NSEC_PER_SEC);
	if (IS_ERR(eng) || cpg_engine_peer_add(eng, eng->now, OTHER))
		abort();
	view_of_two();
	proc = join(100);
	send(proc, CPG_SVC_SAFE);
	send(proc, CPG_SVC_SAFE);
	if (cpg_engine_check(eng))
		bad = "it is broken from the start";
	return proc;
}

static const char *destroy(struct cpg_proc *proc)
{
	if (!bad)
		bad = cpg_engine_check(eng);
	cpg_engine_detach(eng, eng->now, proc);
	cpg_engine_destroy(eng);
	if (!bad && cpg_user_mem.live)
		bad = "memory is left behind";
	return bad;
}

static const char *test_stream(void)
{
	struct cpg_proc *proc = create();
	struct cpg_stream *st = &eng->epoch->node[0]->stream;
	struct cpg_pkt *pkt = cpg_stream_get(st, 1);

	BREAK(st->base, st->next + 1,
	      "a stream lets go of what it does not hold");
	BREAK(st->next, st->base + CPG_STREAM_WINDOW + 1,
	      "a stream holds more than its window");
	BREAK(st->placed, st->next, "a packet is in order that is not held");
	BREAK(st->delivered, st->placed + 1,
	      "a packet was delivered that is not in order");
	BREAK(st->base, 2, "a packet is in the wrong place");
	BREAK(pkt->oseq, 2, "a packet is in the wrong place");
	BREAK(pkt->oseq, 1 + CPG_STREAM_WINDOW,
	      "a packet is in the wrong place");
	BREAK(st->n_wanted, 1, "the number of wanted packets is wrong");
	return destroy(proc);
}

static const char *test_epoch(void)
{
	struct cpg_proc *proc = create();
	struct cpg_epoch *ep = eng->epoch;

	BREAK(ep->me, 2, "this node or the leader is not in the view");
	BREAK(ep->leader, 2, "this node or the leader is not in the view");
	BREAK(ep->me, 1, "this node's place is another's");
	BREAK(ep->stable, 100, "something is stable that is not here");
	BREAK(ep->cur.gseq, 100, "a place was passed before its time");
	BREAK(ep->rel.gseq, 100, "a place was passed before its time");
	BREAK(ep->node[1]->nodeid, NODEID,
	      "the view is not in ascending order");
	return destroy(proc);
}

static const char *test_leader(void)
{
	struct cpg_proc *proc = create();
	struct cpg_epoch *ep = eng->epoch;

	BREAK(ep->node[1]->stream.next, 2, "packets that came are forgotten");
	BREAK(ep->flow.n_wanting, 1,
	      "the number of nodes that want more is wrong");
	BREAK(ep->low, 1, "what all others hold is wrong");
	return destroy(proc);
}

static const char *test_flow(void)
{
	struct cpg_proc *proc = create();
	struct cpg_epoch *ep = eng->epoch;

	BREAK(ep->in_flight, 1, "the number of bytes in flight is wrong");
	BREAK(ep->flow.credit, 0, "a node has less than its even part");
	return destroy(proc);
}

static const char *test_send(void)
{
	struct cpg_proc *proc = create();
	struct cpg_txmsg *tx;

	tx = list_last_entry(&eng->flight, struct cpg_txmsg, link);
	BREAK(eng->unordered, eng->flight,
	      "an unordered message was sent and not delivered");
	BREAK(tx->sent, 1, "a message in flight was not sent");
	BREAK(tx->last, 0, "messages in flight are not in order");
	BREAK(eng->queued, 1, "the number of queued bytes is wrong");
	BREAK(eng->n_parked, 1, "the number of parked bytes is wrong");
	return destroy(proc);
}

static const char *test_parked(void)
{
	struct cpg_proc *proc = create();
	struct cpg_txmsg *tx;

	tx = list_last_entry(&eng->flight, struct cpg_txmsg, link);
	list_del(&tx->link);
	list_add(&tx->link, &eng->parked);
	says(__LINE__, "a process does not know of what is parked");
	proc->is_parked = true;
	says(__LINE__, "the number of parked bytes is wrong");
	eng->n_parked = tx->len;
	says(__LINE__, "something waits for a majority that is there");
	proc->is_parked = false;
	eng->n_parked = 0;
	list_del(&tx->link);
	list_add_tail(&tx->link, &eng->flight);
	return destroy(proc);
}

/* Who may send does, if nothing of it is on its way. */
static const char *test_idle(void)
{
	struct cpg_proc *proc = create();
	struct cpg_group group = { .name_len = 1, .name = "h" };
	struct cpg_engine_config cfg = eng->cfg;
	struct cpg_engine *first = eng;
	struct cpg_proc *other;

	eng = cpg_engine_create(&cfg, &ops, NULL, NULL, first->now);
	eng->epoch->frozen = true;
	other = cpg_engine_join(eng, eng->now, NULL, &group, 1);
	eng->epoch->frozen = false;
	says(__LINE__, "a sender is held back by nothing");
	BREAK(eng->nomem_at, eng->now, "all is well");
	cpg_engine_detach(eng, eng->now, other);
	cpg_engine_destroy(eng);
	eng = first;
	return destroy(proc);
}

static const char *test_groups(void)
{
	struct cpg_proc *proc = create();
	struct cpg_grp *grp = proc->grp;

	BREAK(proc->is_member, false, "a stranger is in a group");
	BREAK(proc->grp, NULL, "a stranger is in a group");
	BREAK(grp->n_members, 2, "a group is miscounted");
	BREAK(grp->refs, 0, "a group is miscounted");
	BREAK(grp->n_marked, 1, "a mark was left on a group");
	return destroy(proc);
}

static const char *test_state(void)
{
	struct cpg_proc *proc = create();
	static const enum cpg_state states[] = {
		CPG_STATE_COMMIT, CPG_STATE_RECOVER,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(states); i++)
		BREAK(eng->state, states[i],
		      "a proposed view and the state do not go together");
	return destroy(proc);
}

#define TEST(name)	{ #name, test_##name }

static const struct ktap_test tests[] = {
	TEST(stream), TEST(epoch), TEST(leader), TEST(flow), TEST(send),
	TEST(parked), TEST(idle), TEST(groups), TEST(state),
};

int main(int argc, char **argv)
{
	return ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
