// SPDX-License-Identifier: GPL-2.0
/*
 * Scenarios of loss: what is lost is noticed and had again long before the next
 * heartbeat says so, and from whoever has it.
 */
#include "test.h"

enum {
	LEADER,
	ONE,
	OTHER,
	PHASES = 5,	/* parts of a heartbeat: no heartbeat in some */
};

static void begin(u32 phase)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	sim_cfg_profile(&cfg, CPG_PROFILE_DEFAULT);
	test_begin(&cfg);
	for (i = 0; i < cfg.n_nodes; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	for (i = 0; i < cfg.n_nodes; i++)
		procs[i] = sim_join(&s->nodes[i], 1, 0, NULL);
	sim_run(s, 2 * cfg.suspect + phase * cfg.heartbeat / PHASES);
	CHECK_TRUE(test_leader() == s->nodes[LEADER].nodeid);
	CHECK_TRUE(sim_drained(s));
}

static bool all_have(u32 n)
{
	u32 i;

	for (i = 0; i < s->cfg.n_nodes; i++)
		if (procs[i]->n_msgs != n)
			return false;
	return true;
}

/* Nobody but the leader lacks it, and the leader does not know of it. */
static const char *own_lost(u32 phase)
{
	begin(phase);
	sim_cut(s, ONE, LEADER, true);
	sim_send(procs[ONE], CPG_SVC_AGREED, 8);
	sim_run(s, SIM_USEC);
	sim_heal(s);
	sim_run(s, 10 * SIM_MSEC);
	CHECK_TRUE(all_have(1));
	return test_end();
}

/* All have it, and one cannot say so. */
static const char *ack_lost(u32 phase)
{
	begin(phase);
	sim_cut(s, ONE, LEADER, true);
	sim_send(procs[LEADER], CPG_SVC_AGREED, 8);
	sim_run(s, 5 * SIM_MSEC);
	sim_heal(s);
	CHECK_TRUE(all_have(1) && !sim_drained(s));
	sim_run(s, 15 * SIM_MSEC);
	CHECK_TRUE(sim_drained(s));
	return test_end();
}

/* Its sender cannot reach one, who has to ask somebody else. */
static const char *path_cut(u32 phase)
{
	begin(phase);
	sim_cut(s, ONE, OTHER, true);
	sim_send(procs[ONE], CPG_SVC_AGREED, 8);
	sim_run(s, 20 * SIM_MSEC);
	CHECK_TRUE(all_have(1));
	sim_heal(s);
	return test_end();
}

static const char *phases(const char *(*fn)(u32 phase))
{
	const char *why = NULL;
	u32 i;

	for (i = 0; i < PHASES && !why; i++)
		why = fn(i);
	return why;
}

static const char *test_own_lost(void)
{
	return phases(own_lost);
}

static const char *test_ack_lost(void)
{
	return phases(ack_lost);
}

static const char *test_path_cut(void)
{
	return phases(path_cut);
}

static const struct ktap_test tests[] = {
	TEST(own_lost), TEST(ack_lost), TEST(path_cut),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
