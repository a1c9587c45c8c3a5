// SPDX-License-Identifier: GPL-2.0
/* Scenarios: one thing at a time goes wrong, and what follows is known. */
#include "test.h"

/* Longest time from a fault to the next view. */
static u64 detect_time(void)
{
	return s->cfg.suspect + 2 * s->cfg.heartbeat + 20 * SIM_MSEC;
}

static u32 want_view;

static bool all_in_view(struct sim *sim)
{
	struct cpg_status st;
	u32 i;

	for (i = 0; i < sim->cfg.n_nodes; i++) {
		if (!(want_view >> i & 1))
			continue;
		cpg_engine_status(sim->nodes[i].eng, &st);
		if (st.n_nodes != (u32)__builtin_popcount(want_view) ||
		    st.state != CPG_STATE_OPERATIONAL)
			return false;
	}
	return true;
}

/* The nodes in @slots, bits, come to a view of theirs in time. */
static bool view_in_time(u32 slots, u64 max)
{
	want_view = slots;
	return sim_run_until(s, all_in_view, max);
}

static const char *test_one_node(void)
{
	test_procs(1);
	sim_send(procs[0], CPG_SVC_AGREED, 8);
	sim_send(procs[0], CPG_SVC_SAFE, 0);
	sim_send(procs[0], CPG_SVC_FIFO, CPG_MSG_MAX);
	sim_run(s, 10 * SIM_MSEC);
	test_text(0, "m1.101/8 m1.101/0 m1.101/1047552 ");
	return test_end();
}

static const char *test_form_view(void)
{
	test_nodes(3);
	CHECK_TRUE(view_in_time(7, 0));
	return test_end();
}

static const char *test_form_view_large(void)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.n_nodes = 40;
	test_begin(&cfg);
	for (i = 0; i < cfg.n_nodes; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, 2 * SIM_SEC));
	return test_end();
}

static const char *test_messages(void)
{
	u32 i;

	test_procs(3);
	for (i = 0; i < 3 && !sim_failed(s); i++) {
		sim_send(procs[i], CPG_SVC_AGREED, i);
		sim_run(s, 5 * SIM_MSEC);
	}
	for (i = 0; i < 3; i++)
		test_text(i, "m1.101/0 m2.102/1 m3.103/2 ");
	return test_end();
}

/* An idle message needs two hops, and waits for no timer. */
static const char *test_latency(void)
{
	u32 i, k;

	test_procs(3);
	for (i = 0; i < 3 && !sim_failed(s); i++) {
		test_mark();
		sim_send(procs[i], CPG_SVC_AGREED, 10);
		sim_run(s, 2 * (s->cfg.link.delay + s->cfg.link.jitter +
				s->cfg.rx_delay) + SIM_USEC);
		for (k = 0; k < 3; k++)
			CHECK_TRUE(procs[k]->text_len);
	}
	return test_end();
}

static const char *crash_one(u32 nodeid)
{
	static const char *const texts[] = {
		"{2.102,3.103}-1.101:3 V2,3 ",
		"{1.101,3.103}-2.102:3 V1,3 ",
		"{1.101,2.102}-3.103:3 V1,2 ",
	};
	u32 slot = nodeid - 1;
	u32 i;

	sim_node_crash(&s->nodes[slot]);
	CHECK_TRUE(view_in_time(7 & ~(1U << slot), detect_time()));
	for (i = 0; i < 3; i++)
		if (i != slot)
			test_text(i, texts[slot]);
	return test_end();
}

static const char *test_crash_leader(void)
{
	test_procs(3);
	return crash_one(test_leader());
}

static const char *test_crash_first(void)
{
	test_procs(3);
	return crash_one(1);
}

static const char *test_crash_follower(void)
{
	test_procs(3);
	return crash_one(test_leader() == 2 ? 3 : 2);
}

static const char *test_restart_at_once(void)
{
	u32 i;

	test_procs(3);
	sim_node_crash(&s->nodes[2]);
	sim_run(s, 3 * SIM_MSEC);
	sim_node_start(&s->nodes[2]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	sim_run(s, s->cfg.suspect);
	for (i = 0; i < 2; i++)
		CHECK_TRUE(strstr(procs[i]->text,
				  "{1.101,2.102}-3.103:3 V1,2") ==
			   procs[i]->text);
	return test_end();
}

static const char *test_restart_leader(void)
{
	u32 leader;

	test_procs(3);
	leader = test_leader();
	sim_send(procs[0], CPG_SVC_AGREED, 8);
	sim_send(procs[1], CPG_SVC_AGREED, 9);
	sim_node_crash(test_node(leader));
	sim_node_start(&s->nodes[leader - 1]);
	return test_end();
}

static const char *test_split(void)
{
	test_procs(3);
	sim_split(s, 4);
	CHECK_TRUE(view_in_time(3, detect_time()));
	CHECK_TRUE(view_in_time(4, SIM_MSEC));
	test_text(0, "{1.101,2.102}-3.103:3 V1,2 ");
	test_text(1, "{1.101,2.102}-3.103:3 V1,2 ");
	test_text(2, "{3.103}-1.101:3,2.102:3 V3 ");
	test_mark();
	sim_send(procs[0], CPG_SVC_AGREED, 5);
	sim_send(procs[2], CPG_SVC_AGREED, 6);
	sim_run(s, 100 * SIM_MSEC);
	test_text(0, "m1.101/5 ");
	test_text(1, "m1.101/5 ");
	test_text(2, "m3.103/6 ");
	test_mark();
	sim_heal(s);
	CHECK_TRUE(sim_settle(s, 4 * s->cfg.beacon));
	test_text(0, "{1.101,2.102,3.103}+3.103:4 V1,2,3 ");
	test_text(1, "{1.101,2.102,3.103}+3.103:4 V1,2,3 ");
	test_text(2, "{1.101,2.102,3.103}+1.101:4,2.102:4 V1,2,3 ");
	return test_end();
}

/* Sent while cut off, before anybody knows: delivered, once, to the sender. */
static const char *test_split_send(void)
{
	test_procs(3);
	sim_split(s, 4);
	sim_send(procs[2], CPG_SVC_AGREED, 6);
	sim_send(procs[0], CPG_SVC_AGREED, 5);
	CHECK_TRUE(view_in_time(3, detect_time()));
	CHECK_TRUE(view_in_time(4, SIM_MSEC));
	sim_run(s, 20 * SIM_MSEC);
	CHECK_TRUE(procs[2]->n_msgs == 1);
	CHECK_TRUE(procs[0]->n_msgs == 1 && procs[1]->n_msgs == 1);
	sim_heal(s);
	CHECK_TRUE(sim_settle(s, 4 * s->cfg.beacon));
	sim_run(s, 100 * SIM_MSEC);
	CHECK_TRUE(procs[2]->n_msgs == 1);
	return test_end();
}

/* Those that were cut off see the others go before they see them come. */
static const char *test_pause(void)
{
	static const char *const went_and_came[] = {
		"{1.101,2.102}-3.103:3 V1,2 {1.101,2.102,3.103}+3.103:4 V1,2,3 ",
	};
	static const char *const were_away[] = {
		"{3.103}-1.101:3,2.102:3 V3 {1.101,2.102,3.103}+1.101:4,2.102:4 V1,2,3 ",
		"{3.103}-1.101:3,2.102:3 {1.101,2.102,3.103}+1.101:4,2.102:4 V1,2,3 ",
	};

	test_procs(3);
	sim_node_pause(&s->nodes[2], 5 * s->cfg.suspect);
	sim_run(s, 5 * s->cfg.suspect - SIM_MSEC);
	test_text(0, "{1.101,2.102}-3.103:3 V1,2 ");
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	sim_run(s, 10 * SIM_MSEC);
	test_text(1, went_and_came[0]);
	test_any(2, were_away, ARRAY_SIZE(were_away));
	return test_end();
}

/* A short pause is nobody's business. */
static const char *test_pause_short(void)
{
	test_procs(3);
	sim_node_pause(&s->nodes[1], s->cfg.suspect / 2);
	sim_run(s, 4 * s->cfg.suspect);
	test_text(0, "");
	test_text(1, "");
	return test_end();
}

static const char *test_leave(void)
{
	test_procs(3);
	sim_send(procs[1], CPG_SVC_AGREED, 3);
	CHECK_TRUE(!sim_leave(procs[1]));
	sim_run(s, 5 * SIM_MSEC);
	test_text(0, "m2.102/3 {1.101,3.103}-2.102:2 ");
	test_text(1, "m2.102/3 {1.101,3.103}-2.102:2 ");
	test_text(2, "m2.102/3 {1.101,3.103}-2.102:2 ");
	CHECK_TRUE(!procs[1]->eng);
	return test_end();
}

static const char *test_leave_last(void)
{
	test_procs(1);
	CHECK_TRUE(!sim_leave(procs[0]));
	sim_run(s, 5 * SIM_MSEC);
	test_text(0, "{}-1.101:2 ");
	return test_end();
}

static const char *test_leave_twice(void)
{
	test_procs(2);
	sim_split(s, 1);
	CHECK_TRUE(!sim_leave(procs[1]));
	CHECK_TRUE(sim_leave(procs[1]) == -ENOTCONN);
	CHECK_TRUE(sim_send(procs[1], CPG_SVC_AGREED, 1) == -ENOTCONN);
	sim_heal(s);
	return test_end();
}

static const char *test_detach(void)
{
	test_procs(2);
	sim_send(procs[1], CPG_SVC_AGREED, 3);
	sim_detach(procs[1]);
	sim_run(s, 5 * SIM_MSEC);
	test_text(0, "m2.102/3 {1.101}-2.102:5 ");
	return test_end();
}

static const char *test_leave_detach(void)
{
	test_procs(2);
	CHECK_TRUE(!sim_leave(procs[1]));
	if (procs[1]->eng)
		sim_detach(procs[1]);
	sim_run(s, 5 * SIM_MSEC);
	test_text(0, "{1.101}-2.102:2 ");
	return test_end();
}

static const char *test_join_detach(void)
{
	static const char *const text[] = {
		"{1.101,2.102,2.103}+2.103:1 {1.101,2.102}-2.103:5 ",
	};
	struct sim_proc *proc;

	test_procs(2);
	proc = sim_join(&s->nodes[1], 1, 0, NULL);
	sim_detach(proc);
	sim_run(s, 5 * SIM_MSEC);
	test_text(0, text[0]);
	return test_end();
}

static const char *test_join_send(void)
{
	test_procs(2);
	procs[2] = sim_join(&s->nodes[1], 1, 0, NULL);
	sim_send(procs[2], CPG_SVC_AGREED, 4);
	sim_run(s, 5 * SIM_MSEC);
	test_text(2, "{1.101,2.102,2.103}+2.103:1 m2.103/4 ");
	test_text(0, "{1.101,2.102,2.103}+2.103:1 m2.103/4 ");
	return test_end();
}

static const char *test_join_errors(void)
{
	struct sim_proc *again;
	int err;

	test_procs(2);
	sim_join(&s->nodes[0], 1, 101, &err);
	CHECK_TRUE(err == -EEXIST);
	CHECK_TRUE(sim_join(&s->nodes[0], 2, 101, &err));
	/* The same pid on another node is another process. */
	CHECK_TRUE(sim_join(&s->nodes[1], 1, 101, &err));
	sim_run(s, 5 * SIM_MSEC);
	sim_split(s, 2);
	sim_detach(procs[1]);
	again = sim_join(&s->nodes[1], 1, 102, &err);
	CHECK_TRUE(!again && err == -EAGAIN);
	sim_heal(s);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	sim_run(s, 20 * SIM_MSEC);
	CHECK_TRUE(sim_join(&s->nodes[1], 1, 102, &err));
	return test_end();
}

/* Groups whose names differ in length only are different groups. */
static const char *test_group_names(void)
{
	struct sim_proc *other;

	test_procs(2);
	other = sim_join(&s->nodes[1], 2, 0, NULL);
	sim_send(other, CPG_SVC_AGREED, 4);
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(other->n_msgs == 1);
	test_text(0, "");
	return test_end();
}

static const char *test_stop(void)
{
	static const char *const down[] = {
		"m3.103/2 {1.101,2.102,3.104}-3.103:5 {1.101,2.102}-3.104:5 V1,2 ",
		"m3.103/2 {1.101,2.102,3.103}-3.104:5 {1.101,2.102}-3.103:5 V1,2 ",
	};
	u32 i;

	test_procs(3);
	sim_join(&s->nodes[2], 1, 0, NULL);
	sim_run(s, 10 * SIM_MSEC);
	test_mark();
	sim_send(procs[2], CPG_SVC_AGREED, 2);
	sim_node_stop(&s->nodes[2]);
	CHECK_TRUE(view_in_time(3, 10 * SIM_MSEC));
	for (i = 0; i < 2; i++)
		test_any(i, down, ARRAY_SIZE(down));
	CHECK_TRUE(!s->nodes[2].eng);
	return test_end();
}

static const char *test_stop_leader(void)
{
	test_procs(3);
	sim_node_stop(test_node(test_leader()));
	sim_run(s, 10 * SIM_MSEC);
	return test_end();
}

static const char *test_stop_all(void)
{
	u32 i;

	test_procs(3);
	for (i = 0; i < 3; i++)
		sim_node_stop(&s->nodes[i]);
	sim_run(s, 2 * SIM_SEC);
	for (i = 0; i < 3; i++)
		CHECK_TRUE(!s->nodes[i].eng);
	return test_end();
}

/* A fourth node comes with the id of the third. */
static const char *test_nodeid_used(void)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.n_nodes = 4;
	test_begin(&cfg);
	s->orc.expected = 3;
	s->nodes[3].nodeid = 3;
	s->nodes[3].max_seq = 1ULL << 40;
	for (i = 0; i < 3; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(view_in_time(7, SIM_SEC));
	sim_run(s, SIM_SEC);
	sim_node_start(&s->nodes[3]);
	sim_run(s, SIM_SEC);
	CHECK_TRUE(!sim_failed(s));
	CHECK_TRUE(s->nodes[3].refused);
	for (i = 0; i < 3; i++)
		CHECK_TRUE(!s->nodes[i].refused && s->nodes[i].n_view == 3);
	return test_end();
}

static const char *test_large_loss(void)
{
	struct sim_link link;
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.heartbeat = 50 * SIM_MSEC;
	cfg.suspect = 1000 * SIM_MSEC;
	test_begin(&cfg);
	for (i = 0; i < 3; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	for (i = 0; i < 3; i++)
		procs[i] = sim_join(&s->nodes[i], 1, 0, NULL);
	sim_run(s, 100 * SIM_MSEC);
	link = cfg.link;
	link.loss = 300000;
	sim_links_set(s, &link);
	for (i = 0; i < 3; i++)
		CHECK_TRUE(!sim_send(procs[i], CPG_SVC_AGREED, CPG_MSG_MAX));
	CHECK_TRUE(sim_drain(s, 60 * SIM_SEC));
	for (i = 0; i < 3; i++)
		CHECK_TRUE(procs[i]->n_msgs == 3);
	sim_links_set(s, &cfg.link);
	return test_end();
}

static const char *clock_at(u64 start)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.start = start;
	test_begin(&cfg);
	for (i = 0; i < 3; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	for (i = 0; i < 3; i++)
		procs[i] = sim_join(&s->nodes[i], 1, 0, NULL);
	sim_send(procs[2], CPG_SVC_AGREED, 100000);
	sim_run(s, 100 * SIM_MSEC);
	sim_node_crash(&s->nodes[0]);
	return test_end();
}

static const char *test_clock(void)
{
	static const u64 starts[] = { 0, 1, (1ULL << 32) - SIM_MSEC,
				      (1ULL << 63) - SIM_SEC };
	const char *why = NULL;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(starts) && !why; i++)
		why = clock_at(starts[i]);
	return why;
}

/* Whenever the joiner dies, nothing of it remains. */
static const char *test_join_and_die(void)
{
	struct sim_proc *proc;
	const char *why;
	u64 delay;

	for (delay = 0; delay < 130 * SIM_MSEC; delay += 530 * SIM_USEC) {
		test_procs(2);
		sim_node_crash(&s->nodes[1]);
		sim_run(s, 3 * s->cfg.suspect);
		test_mark();
		sim_node_start(&s->nodes[1]);
		proc = sim_join(&s->nodes[1], 1, 0, NULL);
		sim_send(proc, CPG_SVC_AGREED, 10);
		sim_run(s, delay);
		sim_node_crash(&s->nodes[1]);
		why = test_end();
		if (why)
			return why;
	}
	return NULL;
}

static const char *test_flood(void)
{
	struct sim_cfg cfg;
	u32 i, k;

	sim_cfg_init(&cfg);
	cfg.n_nodes = 4;
	cfg.budget = 64 << 10;
	test_begin(&cfg);
	for (i = 0; i < 4; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	for (i = 0; i < 4; i++)
		procs[i] = sim_join(&s->nodes[i], 1, 0, NULL);
	sim_run(s, 50 * SIM_MSEC);
	for (k = 0; k < 200; k++)
		for (i = 0; i < 4; i++)
			CHECK_TRUE(!sim_send(procs[i], CPG_SVC_AGREED, 4000));
	CHECK_TRUE(sim_drain(s, 10 * SIM_SEC));
	for (i = 0; i < 4; i++)
		CHECK_TRUE(procs[i]->n_msgs == 800);
	return test_end();
}

static u32 count_views(void)
{
	u32 n = 0;
	u32 i;

	for (i = 0; i < s->cfg.n_nodes; i++)
		n += s->nodes[i].n_views;
	return n;
}

/* 1 and 3 do not hear each other: 2 is with one of them, and stays there. */
static const char *test_not_transitive(void)
{
	struct cpg_status st;
	u32 n;

	test_procs(3);
	sim_cut(s, 0, 2, true);
	sim_cut(s, 2, 0, true);
	sim_run(s, 3 * SIM_SEC);
	n = count_views();
	sim_run(s, 5 * SIM_SEC);
	CHECK_TRUE(!sim_failed(s));
	CHECK_TRUE(n == count_views());
	cpg_engine_status(s->nodes[1].eng, &st);
	CHECK_TRUE(st.n_nodes == 2 && st.state == CPG_STATE_OPERATIONAL);
	sim_heal(s);
	return test_end();
}

/* Who is heard and hears not is as good as cut off. */
static const char *test_one_way(void)
{
	u32 n;

	test_procs(3);
	sim_cut(s, 0, 2, true);
	sim_run(s, 3 * SIM_SEC);
	n = count_views();
	sim_run(s, 5 * SIM_SEC);
	CHECK_TRUE(!sim_failed(s));
	CHECK_TRUE(n == count_views());
	sim_heal(s);
	return test_end();
}

/* Three sides come together at once. */
static const char *test_merge_three(void)
{
	u32 i, k;

	test_procs(6);
	for (i = 0; i < 6; i++)
		for (k = 0; k < 6; k++)
			sim_cut(s, i, k, i / 2 != k / 2);
	sim_run(s, SIM_SEC);
	for (i = 0; i < 6; i++)
		sim_send(procs[i], CPG_SVC_AGREED, 8);
	sim_heal(s);
	return test_end();
}

/* Two sides come together while a node of one dies. */
static const char *test_merge_and_die(void)
{
	const char *why;
	u64 delay;

	for (delay = 0; delay < 120 * SIM_MSEC; delay += 970 * SIM_USEC) {
		test_procs(4);
		sim_split(s, 3);
		sim_run(s, 4 * s->cfg.suspect);
		sim_send(procs[0], CPG_SVC_AGREED, 8);
		sim_send(procs[3], CPG_SVC_AGREED, 9);
		sim_heal(s);
		sim_run(s, delay);
		sim_node_crash(&s->nodes[2]);
		why = test_end();
		if (why)
			return why;
	}
	return NULL;
}

/* The leader dies at any moment of a message's way. */
static const char *test_crash_in_flight(void)
{
	const char *why;
	u64 delay;
	u32 i;

	for (delay = 0; delay < 200 * SIM_USEC; delay += 3 * SIM_USEC) {
		test_procs(3);
		for (i = 0; i < 3; i++) {
			sim_send(procs[i], CPG_SVC_AGREED, 10000);
			sim_send(procs[i], CPG_SVC_AGREED, 10);
		}
		sim_run(s, delay);
		sim_node_crash(test_node(test_leader()));
		why = test_end();
		if (why)
			return why;
	}
	return NULL;
}

static const struct ktap_test tests[] = {
	TEST(one_node), TEST(form_view), TEST(form_view_large), TEST(messages),
	TEST(latency), TEST(crash_leader), TEST(crash_first),
	TEST(crash_follower), TEST(restart_at_once), TEST(restart_leader),
	TEST(split), TEST(split_send), TEST(pause), TEST(pause_short),
	TEST(leave), TEST(leave_last), TEST(leave_twice), TEST(detach),
	TEST(leave_detach), TEST(join_detach), TEST(join_send),
	TEST(join_errors), TEST(group_names), TEST(stop), TEST(stop_leader),
	TEST(stop_all), TEST(nodeid_used), TEST(large_loss), TEST(clock),
	TEST(join_and_die), TEST(flood), TEST(not_transitive), TEST(one_way),
	TEST(merge_three), TEST(merge_and_die), TEST(crash_in_flight),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
