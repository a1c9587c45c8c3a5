// SPDX-License-Identifier: GPL-2.0
/* Scenarios of flow control: who may have how much in flight, and how long. */
#include "test.h"

static void flow_begin(u32 n, u32 budget)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.n_nodes = n;
	cfg.budget = budget;
	test_begin(&cfg);
	for (i = 0; i < n; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	for (i = 0; i < n; i++)
		procs[i] = sim_join(&s->nodes[i], 1, 0, NULL);
	sim_run(s, 100 * SIM_MSEC);
	CHECK_TRUE(sim_drained(s));
}

static struct cpg_status flow_status(u32 i)
{
	struct cpg_status st;

	cpg_engine_status(s->nodes[i].eng, &st);
	return st;
}

/*
 * Who sends alone gets half of the budget on top of its part; here its three
 * copies of everything are the limit.
 */
static const char *test_one(void)
{
	struct cpg_status st;
	u32 i, k, peak;

	for (i = 0; i < 4; i++) {
		flow_begin(4, 256 << 10);
		peak = 0;
		for (k = 0; k < 500; k++)
			sim_send(procs[i], CPG_SVC_AGREED, 4000);
		for (k = 0; k < 200; k++) {
			sim_run(s, 50 * SIM_USEC);
			st = flow_status(i);
			CHECK_TRUE(st.in_flight <= (256 << 10) / 3);
			peak = max(peak, st.in_flight);
		}
		CHECK_TRUE(peak > 80 << 10);
		CHECK_TRUE(sim_drain(s, SIM_SEC));
		CHECK_TRUE(flow_status(i).credit == 32 << 10);
	}
	return test_end();
}

/* Those who send all the time get the same, the leader too. */
static const char *test_fair(void)
{
	u64 delivered[4], least = U64_MAX, most = 0;
	u32 i, k;

	flow_begin(4, 128 << 10);
	for (k = 0; k < 1000; k++)
		for (i = 0; i < 4; i++)
			sim_send(procs[i], CPG_SVC_AGREED, 4000);
	for (i = 0; i < 4; i++)
		delivered[i] = procs[i]->queued;
	sim_run(s, 4 * SIM_MSEC);
	for (i = 0; i < 4; i++) {
		delivered[i] -= procs[i]->queued;
		least = min(least, delivered[i]);
		most = max(most, delivered[i]);
	}
	CHECK_TRUE(procs[0]->queued);
	CHECK_TRUE(least * 4 > most * 3);
	return test_end();
}

/* A view never waits for a timer while somebody has something to send. */
static const char *test_pace(void)
{
	static const u32 budgets[] = { CPG_MTU_DEFAULT, 16 << 10, 1 << 20 };
	u32 i, k;
	u64 t;

	for (i = 0; i < ARRAY_SIZE(budgets); i++) {
		for (k = 0; k < 3; k++) {
			flow_begin(3, budgets[i]);
			t = s->now;
			sim_send(procs[k], CPG_SVC_AGREED, CPG_MSG_MAX);
			CHECK_TRUE(sim_drain(s, SIM_SEC));
			/* 784 packets: 500 us each if each waited for 2 ms. */
			CHECK_TRUE(s->now - t < 784 * 250 * SIM_USEC);
		}
	}
	return test_end();
}

/* Loss halves the budget, quiet brings it back. */
static const char *test_loss(void)
{
	u32 least[4] = { U32_MAX, U32_MAX, U32_MAX, U32_MAX };
	struct sim_link link;
	u32 i, k;

	flow_begin(4, 512 << 10);
	link = s->cfg.link;
	link.loss = 200000;
	sim_links_set(s, &link);
	for (k = 0; k < 500; k++)
		for (i = 0; i < 4; i++)
			sim_send(procs[i], CPG_SVC_AGREED, 1000);
	for (k = 0; k < 50; k++) {
		sim_run(s, SIM_MSEC);
		for (i = 0; i < 4; i++)
			least[i] = min(least[i], flow_status(i).budget);
	}
	for (i = 0; i < 4; i++)
		CHECK_TRUE(least[i] < 300 << 10);
	sim_links_set(s, &s->cfg.link);
	CHECK_TRUE(sim_drain(s, SIM_SEC));
	sim_run(s, SIM_SEC);
	for (i = 0; i < 4; i++)
		CHECK_TRUE(flow_status(i).budget == 512 << 10);
	return test_end();
}

/* Whatever happens to nodes that send: what they had is not lost. */
static const char *test_churn(void)
{
	u32 i, k, round;

	flow_begin(4, 128 << 10);
	for (round = 0; round < 12; round++) {
		for (k = 0; k < 100; k++)
			for (i = 0; i < 4; i++)
				if (procs[i])
					sim_send(procs[i], CPG_SVC_AGREED,
						 4000);
		sim_run(s, round * 300 * SIM_USEC);
		k = round % 4;
		if (round % 3) {
			sim_split(s, 1 << k);
			sim_run(s, 3 * s->cfg.suspect);
			sim_heal(s);
		} else {
			sim_node_crash(&s->nodes[k]);
			sim_node_start(&s->nodes[k]);
			procs[k] = sim_join(&s->nodes[k], 1, 0, NULL);
		}
		CHECK_TRUE(sim_run(s, 3 * s->cfg.suspect));
		CHECK_TRUE(sim_settle(s, 10 * SIM_SEC));
		CHECK_TRUE(sim_drain(s, SIM_SEC));
		for (i = 0; i < 4; i++)
			CHECK_TRUE(flow_status(i).credit == 16 << 10);
	}
	return test_end();
}

static const struct ktap_test tests[] = {
	TEST(one), TEST(fair), TEST(pace), TEST(loss), TEST(churn),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
