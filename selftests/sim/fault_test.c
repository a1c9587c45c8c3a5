// SPDX-License-Identifier: GPL-2.0
/* Scenarios: what links and clocks do to a cluster. */
#include "test.h"

/* A narrow link: all comes, in the time that it takes, and nobody is put out */
static const char *test_rate(void)
{
	u32 i;

	test_procs(3);
	sim_rate(s, 0, 1, 1000, 100000);
	for (i = 0; i < 50; i++)
		CHECK_TRUE(!sim_send(procs[0], CPG_SVC_AGREED, 1000));
	sim_run(s, 40 * SIM_MSEC);
	CHECK_TRUE(procs[1]->n_msgs < 50);
	sim_run(s, 60 * SIM_MSEC);
	for (i = 0; i < 3; i++)
		CHECK_TRUE(procs[i]->n_msgs == 50);
	CHECK_TRUE(s->nodes[1].n_views == 2);
	return test_end();
}

/* What the queue of a narrow link has no room for is sent again. */
static const char *test_rate_full(void)
{
	u32 i;

	test_procs(3);
	sim_rate(s, 0, 1, 1000, 5000);
	for (i = 0; i < 50; i++)
		CHECK_TRUE(!sim_send(procs[0], CPG_SVC_AGREED, 1000));
	CHECK_TRUE(sim_drain(s, 2 * SIM_SEC));
	CHECK_TRUE(procs[1]->n_msgs == 50);
	sim_heal(s);
	return test_end();
}

/* Heartbeats get through and long packets do not: then they do again. */
static const char *test_hole(void)
{
	u32 i;

	test_procs(3);
	for (i = 1; i < 3; i++)
		sim_hole(s, 0, i, 600);
	CHECK_TRUE(!sim_send(procs[0], CPG_SVC_AGREED, 5000));
	CHECK_TRUE(!sim_send(procs[1], CPG_SVC_AGREED, 5));
	sim_run(s, 10 * s->cfg.suspect);
	CHECK_TRUE(!procs[2]->n_msgs || strstr(procs[2]->text, "m2.102/5"));
	sim_heal(s);
	CHECK_TRUE(sim_drain(s, SIM_SEC));
	for (i = 0; i < 3; i++)
		CHECK_TRUE(procs[i]->n_msgs == 2);
	return test_end();
}

/* A clock that leaps costs a view at most. */
static const char *test_clock_leap(void)
{
	const char *why;
	u64 leap;
	u32 i, k;

	for (leap = SIM_MSEC; leap < 86400 * SIM_SEC; leap *= 30) {
		test_procs(3);
		for (i = 0; i < 3; i++) {
			CHECK_TRUE(!sim_send(procs[i], CPG_SVC_AGREED, 9));
			sim_node_clock(&s->nodes[i], leap);
			sim_run(s, 2 * SIM_SEC);
			CHECK_TRUE(sim_settled(s));
		}
		for (k = 0; k < 3; k++)
			CHECK_TRUE(procs[k]->n_msgs == 3);
		why = test_end();
		if (why)
			return why;
	}
	return NULL;
}

enum {
	STORM = 60,	/* processes of a node */
};

/* Processes come, send, and go in every way, all at once. */
static const char *test_storm(void)
{
	struct sim_proc *proc;
	u32 i, k;

	test_procs(3);
	for (k = 0; k < STORM; k++)
		for (i = 0; i < 3; i++) {
			proc = sim_join(&s->nodes[i], 1, 0, NULL);
			CHECK_TRUE(proc);
			CHECK_TRUE(!sim_send(proc, CPG_SVC_AGREED, 8));
			if (k % 3 == 0)
				CHECK_TRUE(!sim_leave(proc));
			if (proc->eng && k % 3 < 2)
				sim_detach(proc);
		}
	sim_run(s, SIM_SEC);
	for (i = 0; i < 3; i++) {
		CHECK_TRUE(procs[i]->n_msgs == 3 * STORM);
		CHECK_TRUE(procs[i]->orc->n_members == STORM + 3);
	}
	return test_end();
}

/* Numbers of gatherings and ports come to their end, and begin again. */
static const char *test_wrap(void)
{
	struct sim_proc *proc;
	struct sim_cfg cfg;
	u32 i, k;

	sim_cfg_init(&cfg);
	cfg.first_no = U32_MAX - 4;
	cfg.damp = 0;
	test_begin(&cfg);
	for (i = 0; i < 3; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	for (k = 0; k < 12; k++) {
		for (i = 0; i < 3; i++) {
			proc = sim_join(&s->nodes[i], 1, 0, NULL);
			CHECK_TRUE(!sim_send(proc, CPG_SVC_AGREED, 8));
		}
		sim_split(s, 1 << k % 3);
		sim_run(s, 4 * s->cfg.suspect);
		CHECK_TRUE(!sim_settled(s));
		sim_heal(s);
		CHECK_TRUE(sim_settle(s, SIM_SEC));
	}
	CHECK_TRUE(s->nodes[0].n_views > 24);
	return test_end();
}

static struct cpg_status status(u32 i)
{
	struct cpg_status st;

	cpg_engine_status(s->nodes[i].eng, &st);
	return st;
}

/*
 * Two that do not hear each other propose a view of one number to a third.  It
 * goes with one of them; the other does not wait for it.
 */
static const char *test_proposals(void)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.n_nodes = 4;
	sim_cfg_profile(&cfg, CPG_PROFILE_DEFAULT);
	test_begin(&cfg);
	sim_cut(s, 0, 1, true);
	sim_cut(s, 1, 0, true);
	for (i = 1; i < 4; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	sim_node_start(&s->nodes[0]);
	sim_run(s, SIM_SEC);
	CHECK_TRUE(s->nodes[2].n_view == 3 && s->nodes[0].n_view == 1);
	sim_node_crash(&s->nodes[3]);
	/* A beacon tells it, and then it gathers for a while. */
	CHECK_TRUE(sim_run(s, sim_bound(s) + s->cfg.beacon +
			      2 * s->cfg.suspect));
	CHECK_TRUE(s->nodes[1].n_view == 2 && s->nodes[2].n_view == 2);
	for (i = 0; i < 3; i++)
		CHECK_TRUE(status(i).state == CPG_STATE_OPERATIONAL);
	sim_heal(s);
	CHECK_TRUE(sim_converge(s, sim_limit(s)));
	return test_end();
}

/* Packets of all nodes get their places at once: in packets that fit. */
static const char *test_mtu_order(void)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.n_nodes = 40;
	cfg.mtu = CPG_MTU_MIN;
	cfg.rx_delay = SIM_MSEC;
	cfg.rx_batch = 1000;
	test_begin(&cfg);
	for (i = 0; i < 40; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	for (i = 0; i < 3; i++)
		procs[i] = sim_join(&s->nodes[i], 1, 0, NULL);
	for (i = 3; i < 40; i++)
		sim_join(&s->nodes[i], 1, 0, NULL);
	CHECK_TRUE(sim_drain(s, SIM_SEC));
	CHECK_TRUE(procs[0]->orc->n_members == 40);
	return test_end();
}

static const struct ktap_test tests[] = {
	TEST(rate), TEST(rate_full), TEST(hole), TEST(clock_leap), TEST(storm),
	TEST(wrap), TEST(proposals), TEST(mtu_order),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
