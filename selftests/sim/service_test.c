// SPDX-License-Identifier: GPL-2.0
/* Scenarios of the guarantees: when a message may come, and when it must. */
#include "test.h"

/* The longest time of so many packets one after the other. */
static u64 hops(u32 n)
{
	return n * (s->cfg.link.delay + s->cfg.link.jitter +
		    s->cfg.rx_delay);
}

/* SAFE needs the order, an ACK, and the news: two hops more. */
static const char *test_latency_safe(void)
{
	u32 i, k;

	test_procs(3);
	for (i = 0; i < 3 && !sim_failed(s); i++) {
		test_mark();
		sim_send(procs[i], CPG_SVC_SAFE, 10);
		sim_run(s, hops(4) + SIM_USEC);
		for (k = 0; k < 3; k++)
			CHECK_TRUE(procs[k]->text_len);
		sim_run(s, SIM_MSEC);
	}
	return test_end();
}

/* One node holds it, and cannot say so: nobody is given it before it can. */
static const char *test_safe_ack_lost(void)
{
	u32 i, leader, mute;

	test_procs(3);
	leader = test_leader() - 1;
	mute = (leader + 1) % 3;
	sim_cut(s, mute, leader, true);
	sim_send(procs[leader], CPG_SVC_SAFE, 5);
	sim_send(procs[leader], CPG_SVC_AGREED, 6);
	sim_run(s, s->cfg.suspect / 3);
	for (i = 0; i < 3; i++)
		test_text(i, "");
	sim_heal(s);
	sim_run(s, s->cfg.suspect / 3);
	for (i = 0; i < 3; i++)
		CHECK_TRUE(procs[i]->n_msgs == 2);
	return test_end();
}

/* One node does not hear that all hold it: it asks. */
static const char *test_safe_news_lost(void)
{
	u32 leader, deaf;

	test_procs(3);
	leader = test_leader() - 1;
	deaf = (leader + 1) % 3;
	sim_send(procs[leader], CPG_SVC_SAFE, 5);
	sim_run(s, hops(1));
	sim_cut(s, leader, deaf, true);
	sim_run(s, hops(2));
	CHECK_TRUE(procs[leader]->n_msgs == 1);
	CHECK_TRUE(!procs[deaf]->n_msgs);
	sim_heal(s);
	sim_run(s, s->cfg.heartbeat / 2);
	CHECK_TRUE(procs[deaf]->n_msgs == 1);
	return test_end();
}

/*
 * Two of three hold it: when they go on without the third, they are given it
 * after the transitional configuration, as the oracle sees to.
 */
static const char *test_safe_split(void)
{
	test_procs(3);
	sim_split(s, test_leader() == 3 ? 1 : 4);
	sim_send(procs[test_leader() == 3 ? 2 : 0], CPG_SVC_SAFE, 5);
	sim_send(procs[1], CPG_SVC_AGREED, 6);
	sim_run(s, s->cfg.suspect / 2);
	CHECK_TRUE(!procs[0]->n_msgs && !procs[1]->n_msgs &&
		   !procs[2]->n_msgs);
	sim_run(s, 2 * s->cfg.suspect);
	CHECK_TRUE(procs[1]->n_msgs == 2);
	sim_heal(s);
	return test_end();
}

/* Whoever dies, at any moment of a SAFE message's way. */
static const char *crash_safe(u32 slot)
{
	const char *why;
	u64 delay;
	u32 i;

	for (delay = 0; delay < 240 * SIM_USEC; delay += 5 * SIM_USEC) {
		test_procs(3);
		for (i = 0; i < 3; i++) {
			sim_send(procs[i], CPG_SVC_SAFE, 10000);
			sim_send(procs[i], CPG_SVC_AGREED, 10);
			sim_send(procs[i], CPG_SVC_SAFE, 10);
		}
		sim_run(s, delay);
		sim_node_crash(&s->nodes[slot]);
		why = test_end();
		if (why)
			return why;
	}
	return NULL;
}

static const char *test_safe_crash(void)
{
	const char *why = NULL;
	u32 i;

	for (i = 0; i < 3 && !why; i++)
		why = crash_safe(i);
	return why;
}

static const struct ktap_test tests[] = {
	TEST(latency_safe), TEST(safe_ack_lost), TEST(safe_news_lost),
	TEST(safe_split), TEST(safe_crash),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
