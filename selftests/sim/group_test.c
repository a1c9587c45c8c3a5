// SPDX-License-Identifier: GPL-2.0
/* Scenarios of groups that may not always send: without a majority. */
#include "test.h"

enum {
	GROUP = 1,
};

/* As test_procs(), and the processes need a majority. */
static void quorum_procs(u32 n)
{
	u32 i;

	test_nodes(n);
	for (i = 0; i < n && !sim_failed(s); i++) {
		procs[i] = sim_join_as(&s->nodes[i], GROUP, CPG_JOIN_F_QUORUM,
				       0, NULL);
		sim_run(s, 20 * SIM_MSEC);
	}
	test_mark();
}

/* Long enough for a cut to be noticed, and for a view after it. */
static void notice(void)
{
	sim_run(s, 3 * s->cfg.suspect);
}

/* One that was put out again and again is taken back some seconds later. */
static void heal(void)
{
	sim_heal(s);
	CHECK_TRUE(sim_settle(s, 10 * SIM_SEC));
	sim_run(s, 20 * SIM_MSEC);
}

static bool is_quorate(u32 slot)
{
	struct cpg_status st;

	cpg_engine_status(s->nodes[slot].eng, &st);
	return st.quorate;
}

static const char *test_refuse(void)
{
	quorum_procs(3);
	sim_split(s, 4);
	notice();
	CHECK_TRUE(is_quorate(0) && is_quorate(1) && !is_quorate(2));
	CHECK_TRUE(!sim_send(procs[0], CPG_SVC_AGREED, 1));
	CHECK_TRUE(sim_send(procs[2], CPG_SVC_AGREED, 2) == -EHOSTUNREACH);
	heal();
	CHECK_TRUE(!sim_send(procs[2], CPG_SVC_AGREED, 3));
	sim_run(s, 5 * SIM_MSEC);
	test_text(2,
		  "{3.103}-1.101:3,2.102:3 V3 {1.101,2.102,3.103}+1.101:4,2.102:4 V1,2,3 m3.103/3 ");
	return test_end();
}

/* What was accepted waits; others of its node and its group do not. */
static const char *test_wait(void)
{
	struct cpg_status st;
	struct sim_proc *free;

	quorum_procs(3);
	free = sim_join(&s->nodes[2], GROUP, 0, NULL);
	sim_run(s, 20 * SIM_MSEC);
	test_mark();
	sim_split(s, 4);
	CHECK_TRUE(!sim_send(procs[2], CPG_SVC_AGREED, 7));
	CHECK_TRUE(!sim_send(free, CPG_SVC_AGREED, 1));
	CHECK_TRUE(!sim_send(procs[2], CPG_SVC_AGREED, 100000));
	notice();
	CHECK_TRUE(!sim_send(free, CPG_SVC_AGREED, 2));
	sim_run(s, 5 * SIM_MSEC);
	test_text(2, "{3.103,3.104}-1.101:3,2.102:3 V3 m3.104/1 m3.104/2 ");
	cpg_engine_status(s->nodes[2].eng, &st);
	CHECK_TRUE(st.parked == 100007 && st.queued == st.parked);
	test_mark();
	heal();
	test_text(2,
		  "{1.101,2.102,3.103,3.104}+1.101:4,2.102:4 V1,2,3 m3.103/7 m3.103/100000 ");
	return test_end();
}

/*
 * A message that waited has an older serial number than others of its node,
 * which a node without a majority has delivered: it is not one of the past.
 */
static const char *test_overtaken(void)
{
	struct sim_proc *free;

	quorum_procs(5);
	free = sim_join(&s->nodes[4], GROUP, 0, NULL);
	sim_run(s, 20 * SIM_MSEC);
	sim_split(s, 0x18);
	CHECK_TRUE(!sim_send(procs[4], CPG_SVC_AGREED, 7));
	CHECK_TRUE(!sim_send(free, CPG_SVC_AGREED, 1));
	notice();
	CHECK_TRUE(!sim_send(free, CPG_SVC_AGREED, 2));
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(procs[3]->n_msgs == 2);
	heal();
	CHECK_TRUE(procs[3]->n_msgs == 3 && procs[0]->n_msgs == 1);
	return test_end();
}

static const char *leave_waits(bool detach, const char *text)
{
	quorum_procs(3);
	sim_split(s, 4);
	CHECK_TRUE(!sim_send(procs[2], CPG_SVC_AGREED, 7));
	notice();
	if (detach)
		sim_detach(procs[2]);
	else
		CHECK_TRUE(!sim_leave(procs[2]));
	sim_run(s, SIM_SEC);
	test_mark();
	heal();
	test_text(0, text);
	return test_end();
}

/* All that was accepted comes before the leave, whenever that is. */
static const char *test_leave(void)
{
	return leave_waits(false,
			   "{1.101,2.102,3.103}+3.103:4 V1,2,3 m3.103/7 {1.101,2.102}-3.103:2 ");
}

static const char *test_detach(void)
{
	return leave_waits(true,
			   "{1.101,2.102,3.103}+3.103:4 V1,2,3 m3.103/7 {1.101,2.102}-3.103:5 ");
}

/* Who has nothing that waits goes at once. */
static const char *test_leave_at_once(void)
{
	quorum_procs(3);
	sim_split(s, 4);
	notice();
	CHECK_TRUE(!sim_leave(procs[2]));
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(!procs[2]->eng);
	heal();
	return test_end();
}

/* The join was not in order either: it comes first. */
static const char *test_join(void)
{
	quorum_procs(3);
	sim_split(s, 4);
	procs[3] = sim_join_as(&s->nodes[2], GROUP, CPG_JOIN_F_QUORUM, 0,
			       NULL);
	CHECK_TRUE(!sim_send(procs[3], CPG_SVC_AGREED, 7));
	notice();
	test_text(3, "V3 {3.103,3.104}+3.104:1 ");
	heal();
	test_text(3,
		  "V3 {3.103,3.104}+3.104:1 {1.101,2.102,3.103,3.104}+1.101:4,2.102:4 V1,2,3 m3.104/7 ");
	return test_end();
}

/* Majorities come and go while things wait. */
static const char *test_again(void)
{
	u32 i;

	quorum_procs(5);
	for (i = 1; i <= 4; i++) {
		sim_split(s, 0x18);
		CHECK_TRUE(!sim_send(procs[4], CPG_SVC_AGREED, i));
		notice();
		sim_node_crash(&s->nodes[3]);
		notice();
		CHECK_TRUE(is_quorate(0) && !is_quorate(4));
		sim_node_start(&s->nodes[3]);
		heal();
		CHECK_TRUE(procs[4]->n_msgs == i && procs[0]->n_msgs == i);
	}
	return test_end();
}

/* A node that stops does not wait for ever for a majority. */
static const char *test_stop(void)
{
	quorum_procs(3);
	sim_split(s, 4);
	CHECK_TRUE(!sim_send(procs[2], CPG_SVC_AGREED, 7));
	notice();
	sim_node_stop(&s->nodes[2]);
	sim_run(s, SIM_SEC / 2);
	CHECK_TRUE(s->nodes[2].eng);
	sim_run(s, SIM_SEC);
	CHECK_TRUE(!s->nodes[2].eng);
	sim_heal(s);
	return test_end();
}

static void weighted(u32 n, const u32 *votes, u32 expected)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.n_nodes = n;
	cfg.votes = votes;
	cfg.expected = expected;
	test_begin(&cfg);
	for (i = 0; i < n; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
}

/* The votes count, not the nodes; half of them is not a majority. */
static const char *test_weights(void)
{
	static const u32 votes[] = { 3, 1, 1, 0, 1 };
	static const struct {
		u64	side;
		bool	has;
		bool	other_has;
	} splits[] = {
		{ 0x01, false, false }, { 0x1e, false, false },
		{ 0x03, true, false }, { 0x09, false, false },
		{ 0x1c, false, true },
	};
	u32 i, k, slot;

	for (i = 0; i < ARRAY_SIZE(splits); i++) {
		weighted(5, votes, 0);
		sim_split(s, splits[i].side);
		notice();
		for (k = 0; k < 2; k++) {
			slot = __builtin_ctz(k ? ~splits[i].side :
						 splits[i].side);
			CHECK_TRUE(is_quorate(slot) ==
				   (k ? splits[i].other_has : splits[i].has));
		}
		heal();
		for (k = 0; k < 5; k++)
			CHECK_TRUE(is_quorate(k));
	}
	return test_end();
}

/* Nodes that are not there yet count. */
static const char *test_expected(void)
{
	struct cpg_status st;

	weighted(2, NULL, 3);
	CHECK_TRUE(is_quorate(0) && is_quorate(1));
	weighted(2, NULL, 4);
	CHECK_TRUE(!is_quorate(0) && !is_quorate(1));
	cpg_engine_status(s->nodes[0].eng, &st);
	CHECK_TRUE(st.votes == 2 && st.expected == 4);
	return test_end();
}

/* Nodes that do not agree on it take the greatest of what they expect. */
static const char *test_expected_differs(void)
{
	static const u32 most[] = { 3, 5, 4 };
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.expected = 5;
	test_begin(&cfg);
	for (i = 0; i < 3; i++) {
		s->cfg.expected = most[i];
		sim_node_start(&s->nodes[i]);
	}
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	for (i = 0; i < 3; i++)
		CHECK_TRUE(is_quorate(i));
	sim_node_crash(&s->nodes[2]);
	notice();
	CHECK_TRUE(!is_quorate(0) && !is_quorate(1));
	return test_end();
}

/* To the microsecond. */
static bool until(u32 slot, enum cpg_state state)
{
	u64 end = s->now + SIM_SEC;
	struct cpg_status st;

	do {
		sim_run(s, SIM_USEC);
		cpg_engine_status(s->nodes[slot].eng, &st);
	} while (st.state != state && s->now < end);
	return s->now < end;
}

/*
 * A join that a view without a majority did not come to order, and a message
 * behind it that such a view could not take: the join is first.
 */
static const char *test_join_waits(void)
{
	/* Not a join, but whatever else there is in that view. */
	enum { SMALL = 136 };
	struct sim_proc *late;

	quorum_procs(5);
	sim_split(s, 0x18);
	late = sim_join_as(&s->nodes[4], GROUP, CPG_JOIN_F_QUORUM, 0, NULL);
	CHECK_TRUE(late && !sim_send(late, CPG_SVC_AGREED, 9));
	CHECK_TRUE(until(4, CPG_STATE_RECOVER));
	sim_heal(s);
	sim_hole(s, 4, 3, SMALL);
	CHECK_TRUE(until(4, CPG_STATE_OPERATIONAL));
	CHECK_TRUE(s->nodes[4].n_view == 2 && !is_quorate(4));
	CHECK_TRUE(until(4, CPG_STATE_GATHER));
	CHECK_TRUE(late->text_len && !strcmp(late->text, "V4,5 "));
	sim_hole(s, 4, 3, 0);
	heal();
	CHECK_TRUE(is_quorate(4) && late->n_msgs == 1);
	return test_end();
}

static const struct ktap_test tests[] = {
	TEST(refuse), TEST(wait), TEST(join_waits), TEST(overtaken),
	TEST(leave), TEST(detach), TEST(leave_at_once), TEST(join),
	TEST(again), TEST(stop), TEST(weights), TEST(expected),
	TEST(expected_differs),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
