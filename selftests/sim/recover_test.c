// SPDX-License-Identifier: GPL-2.0
/*
 * Scenarios of the end of a view in which a message is missing: its place is
 * known, and whoever held it is gone.  What is behind it is delivered if its
 * sender comes along, or did so once; else it might follow from what is lost.
 */
#include "test.h"

/* Slots.  The lowest node leads; so the lost message comes first in a batch. */
enum {
	LEADER,
	LOST,		/* sends what is lost */
	WITNESS,	/* has it, and is gone, too */
	FIRST,		/* these go on, without it */
	SECOND,
	THIRD,
	NODES,
};

#define BIT(slot)	(1ULL << (slot))

/* The time of so many packets one after the other. */
static u64 hops(u32 n)
{
	return n * (s->cfg.link.delay + s->cfg.link.jitter + s->cfg.rx_delay);
}

/* From now on, nobody of those that go on gets anything from LOST. */
static void begin(u64 seed)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.n_nodes = NODES;
	cfg.seed = seed;
	test_begin(&cfg);
	for (i = 0; i < NODES; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	for (i = 0; i < NODES; i++)
		procs[i] = sim_join(&s->nodes[i], 1, 0, NULL);
	sim_run(s, 20 * SIM_MSEC);
	CHECK_TRUE(test_leader() == s->nodes[LEADER].nodeid);
	for (i = FIRST; i < NODES; i++)
		sim_cut(s, LOST, i, true);
	test_mark();
}

static void crash_some(void)
{
	u32 i;

	for (i = LEADER; i < FIRST; i++)
		sim_node_crash(&s->nodes[i]);
}

static u32 n_msgs(u32 slot)
{
	return procs[slot]->n_msgs;
}

/* An answer to the lost message is lost with it. */
static const char *test_causal(void)
{
	u32 i;

	begin(1);
	sim_send(procs[LOST], CPG_SVC_AGREED, 10);
	sim_run(s, hops(2) + SIM_USEC);
	CHECK_TRUE(n_msgs(WITNESS) == 1);
	sim_send(procs[WITNESS], CPG_SVC_AGREED, 11);
	sim_run(s, hops(2) + SIM_USEC);
	CHECK_TRUE(n_msgs(LEADER) == 2);
	crash_some();
	sim_run(s, 4 * s->cfg.suspect);
	for (i = FIRST; i < NODES; i++)
		CHECK_TRUE(!n_msgs(i));
	return test_end();
}

/*
 * What those that go on sent is delivered, at the places that it had for the
 * others.  Sent at once, it comes into one record of the order or several.
 */
static const char *test_places(void)
{
	const char *why = NULL;
	u64 seed;
	u32 i;

	for (seed = 1; seed <= 20 && !why; seed++) {
		begin(seed);
		for (i = LOST; i < NODES; i++)
			if (i != WITNESS)
				sim_send(procs[i], CPG_SVC_AGREED, 10 * i);
		sim_run(s, hops(2) + SIM_USEC);
		CHECK_TRUE(n_msgs(LEADER) == 4);
		crash_some();
		sim_run(s, 4 * s->cfg.suspect);
		for (i = FIRST; i < NODES; i++)
			CHECK_TRUE(n_msgs(i) == 3);
		why = test_end();
	}
	return why;
}

/* To the microsecond: it does not take long. */
static bool until_recover(u32 slot, u64 max)
{
	u64 end = s->now + max;
	struct cpg_status st;

	do {
		sim_run(s, SIM_USEC);
		cpg_engine_status(s->nodes[slot].eng, &st);
	} while (st.state != CPG_STATE_RECOVER && s->now < end);
	return st.state == CPG_STATE_RECOVER;
}

/*
 * FIRST ends the view, with what SECOND sent; THIRD was to do so, too, and is
 * cut off just then.  It does it alone.  Stores whether that was the moment.
 */
static const char *promise(u64 delay, bool *hit)
{
	begin(1);
	sim_send(procs[LOST], CPG_SVC_AGREED, 10);
	sim_run(s, hops(2) + SIM_USEC);
	sim_send(procs[SECOND], CPG_SVC_SAFE, 12);
	sim_run(s, hops(2) + SIM_USEC);
	crash_some();
	CHECK_TRUE(until_recover(FIRST, 4 * s->cfg.suspect));
	sim_run(s, delay);
	sim_split(s, BIT(THIRD));
	sim_run(s, SIM_MSEC);
	*hit = n_msgs(FIRST) == 1 && !n_msgs(THIRD);
	sim_run(s, 8 * s->cfg.suspect);
	sim_heal(s);
	/* The oracle knows what SAFE means. */
	return test_end();
}

static const char *test_promise(void)
{
	const char *why = NULL;
	bool hit, any = false;
	u64 delay;

	for (delay = 0; delay < hops(4) && !why; delay += 3 * SIM_USEC) {
		why = promise(delay, &hit);
		any |= hit;
	}
	if (why)
		return why;
	CHECK_TRUE(any);
	return NULL;
}

/*
 * Two are in a view; one of them sleeps while the other goes into a view with
 * a third, which is as large.  When it wakes up, it comes from elsewhere.
 */
static const char *test_elsewhere(void)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	test_begin(&cfg);
	for (i = 0; i < 2; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	for (i = 0; i < 2; i++)
		procs[i] = sim_join(&s->nodes[i], 1, 0, NULL);
	for (i = 0; i < 20; i++)
		sim_send(procs[i % 2], CPG_SVC_AGREED, 8);
	sim_run(s, 20 * SIM_MSEC);
	/* What would have told it that it is alone is lost. */
	for (i = 1; i < 3; i++)
		sim_cut(s, i, 0, true);
	sim_node_pause(&s->nodes[0], 10 * cfg.suspect);
	sim_run(s, 2 * cfg.suspect);
	sim_node_start(&s->nodes[2]);
	sim_run(s, 8 * cfg.suspect);
	sim_heal(s);
	CHECK_TRUE(s->nodes[1].n_view == 2 && s->nodes[2].n_view == 2 &&
		   s->nodes[0].n_view == 2);
	return test_end();
}

static const struct ktap_test tests[] = {
	TEST(causal), TEST(places), TEST(promise), TEST(elsewhere),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
