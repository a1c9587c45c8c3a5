// SPDX-License-Identifier: GPL-2.0
/*
 * invariant.c: an engine in good order is said to be, and whatever is broken
 * in it is found, and called by its name.
 */
#include "lone.h"

static const char *bad;

/* While @lvalue is @val, the engine says @text. */
#define BREAK(lvalue, val, text) do { \
	__typeof__(lvalue) *__at = &(lvalue), __was = *__at; \
	*__at = (val); \
	says(__LINE__, text); \
	*__at = __was; \
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

/* It leads a view of two; a process is a member; it sent what is not stable. */
static struct cpg_epoch *create(void)
{
	struct cpg_proc *proc;

	bad = NULL;
	lone_create();
	lone_view(9, true);
	proc = lone_join("g", 100);
	lone_send(proc, CPG_SVC_SAFE, 3);
	lone_send(proc, CPG_SVC_SAFE, 3);
	if (cpg_engine_check(eng))
		bad = "it is broken from the start";
	return eng->epoch;
}

static const char *test_stream(void)
{
	struct cpg_epoch *ep = create();
	struct cpg_stream *st = &ep->node[0]->stream;
	struct cpg_pkt *pkt = cpg_stream_get(st, 1);

	BREAK(st->base, st->next + 1,
	      "a stream lets go of what it does not hold");
	BREAK(st->next, st->base + CPG_STREAM_WINDOW + 1,
	      "a stream holds more than its window");
	BREAK(st->placed, st->next, "a packet is in order that is not held");
	BREAK(st->delivered, st->placed + 1,
	      "a packet was delivered that is not in order");
	BREAK(st->base, 2, "a packet is in the wrong place");
	BREAK(st->high, 1, "a packet is in the wrong place");
	BREAK(pkt->oseq, 2, "a packet is in the wrong place");
	BREAK(pkt->oseq, 1 + CPG_STREAM_WINDOW,
	      "a packet is in the wrong place");
	BREAK(st->n_wanted, 1, "the number of wanted packets is wrong");
	return lone_destroy(bad);
}

static const char *test_epoch(void)
{
	struct cpg_epoch *ep = create();

	BREAK(ep->me, 2, "this node or the leader is not in the view");
	BREAK(ep->leader, 2, "this node or the leader is not in the view");
	BREAK(ep->me, 1, "this node's place is another's");
	BREAK(ep->stable, 100, "something is stable that is not here");
	BREAK(ep->cur.gseq, 100, "a place was passed before its time");
	BREAK(ep->rel.gseq, 100, "a place was passed before its time");
	BREAK(ep->node[1]->nodeid, LONE_NODEID,
	      "the view is not in ascending order");
	return lone_destroy(bad);
}

static const char *test_leader(void)
{
	struct cpg_epoch *ep = create();

	BREAK(ep->node[1]->stream.next, 2, "packets that came are forgotten");
	BREAK(ep->flow.n_wanting, 1,
	      "the number of nodes that want more is wrong");
	BREAK(ep->low, 1, "what all others hold is wrong");
	return lone_destroy(bad);
}

static const char *test_flow(void)
{
	struct cpg_epoch *ep = create();

	BREAK(ep->in_flight, 1, "the number of bytes in flight is wrong");
	BREAK(ep->flow.credit, 0, "a node has less than its even part");
	return lone_destroy(bad);
}

static const char *test_send(void)
{
	struct cpg_txmsg *tx;

	create();
	tx = list_last_entry(&eng->flight, struct cpg_txmsg, link);
	BREAK(eng->unordered, eng->flight,
	      "an unordered message was sent and not delivered");
	BREAK(tx->sent, 1, "a message in flight was not sent");
	BREAK(tx->last, 0, "messages in flight are not in order");
	BREAK(eng->queued, 1, "the number of queued bytes is wrong");
	BREAK(eng->n_parked, 1, "the number of parked bytes is wrong");
	return lone_destroy(bad);
}

static const char *test_parked(void)
{
	struct cpg_proc *proc;
	struct cpg_txmsg *tx;

	create();
	tx = list_last_entry(&eng->flight, struct cpg_txmsg, link);
	proc = tx->proc;
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
	return lone_destroy(bad);
}

/* Who may send does, if nothing of it is on its way. */
static const char *test_idle(void)
{
	bad = NULL;
	lone_create();
	eng->epoch->frozen = true;
	lone_join("g", 100);
	eng->epoch->frozen = false;
	says(__LINE__, "a sender is held back by nothing");
	BREAK(eng->nomem_at, now, "all is well");
	eng->epoch->frozen = true;
	return lone_destroy(bad);
}

static const char *test_groups(void)
{
	struct cpg_proc *proc;
	struct cpg_grp *grp;

	create();
	proc = list_first_entry(&eng->locals, struct cpg_proc, local_link);
	grp = proc->grp;
	BREAK(proc->is_member, false, "a stranger is in a group");
	BREAK(proc->grp, NULL, "a stranger is in a group");
	BREAK(grp->n_members, 2, "a group is miscounted");
	BREAK(grp->refs, 0, "a group is miscounted");
	BREAK(grp->n_marked, 1, "a mark was left on a group");
	return lone_destroy(bad);
}

static const char *test_state(void)
{
	static const enum cpg_state states[] = {
		CPG_STATE_COMMIT, CPG_STATE_RECOVER,
	};
	u32 i;

	create();
	for (i = 0; i < ARRAY_SIZE(states); i++)
		BREAK(eng->state, states[i],
		      "a proposed view and the state do not go together");
	return lone_destroy(bad);
}

/* While it gathers, to look at it changes nothing that it goes by. */
static const char *test_look(void)
{
	static struct cpg_engine was;
	enum cpg_state state;
	struct cpg_set set;

	create();
	state = eng->state;
	eng->state = CPG_STATE_GATHER;
	cpg_choose(eng, &set);
	/* A choice made anew would not have this. */
	cpg_set_add(&eng->links[CPG_SLOT_SELF], CPG_NODES_MAX - 1);
	was = *eng;
	if (cpg_engine_check(eng))
		bad = "it is broken while it gathers";
	memcpy(was.spare, eng->spare, sizeof(was.spare));
	if (memcmp(&was, eng, sizeof(was)))
		bad = "it is another after being looked at";
	BREAK(eng->choice.w[0], 0,
	      "whom to be in a view with is not known");
	eng->state = state;
	return lone_destroy(bad);
}

static const struct ktap_test tests[] = {
	TEST(stream), TEST(epoch), TEST(leader), TEST(flow), TEST(send),
	TEST(parked), TEST(idle), TEST(groups), TEST(state), TEST(look),
};

int main(int argc, char **argv)
{
	return ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
