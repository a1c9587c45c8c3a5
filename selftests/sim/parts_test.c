// SPDX-License-Identifier: GPL-2.0
/*
 * Scenarios with so many nodes, and packets so small, that what a node thinks
 * of all others does not fit into one.  "parts-test large" is those that take
 * minutes.
 */
#include "test.h"

/* More than are told of in the smallest packet, and than in two of these. */
enum {
	SOME = 60,
	MANY = CPG_NODES_MAX,
};

static u32 nodes;

static void begin(u32 n)
{
	struct sim_cfg cfg;
	u32 i;

	nodes = n;
	sim_cfg_init(&cfg);
	cfg.n_nodes = n;
	cfg.mtu = CPG_MTU_MIN;
	test_begin(&cfg);
	for (i = 0; i < n; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, 2 * SIM_SEC));
}

/* All nodes at once, or not at all: nobody is left out for a while. */
static const char *form(u32 n)
{
	u32 i;

	begin(n);
	for (i = 0; i < n; i++)
		CHECK_TRUE(s->nodes[i].n_view == n);
	return test_end();
}

static const char *test_form(void)
{
	return form(SOME);
}

static const char *test_form_many(void)
{
	return form(MANY);
}

static u32 count_views(void)
{
	u32 i, n = 0;

	for (i = 0; i < nodes; i++)
		n += s->nodes[i].n_views;
	return n;
}

/*
 * The first node and the last do not hear each other: one of them is left out,
 * and then nothing changes any more.
 */
static const char *not_transitive(u32 n)
{
	u32 i, views;

	begin(n);
	sim_cut(s, 0, n - 1, true);
	sim_cut(s, n - 1, 0, true);
	sim_run(s, SIM_SEC);
	views = count_views();
	for (i = 1; i < n - 1; i++)
		CHECK_TRUE(s->nodes[i].n_view == n - 1);
	CHECK_TRUE(s->nodes[0].n_view + s->nodes[n - 1].n_view == n);
	sim_run(s, SIM_SEC);
	CHECK_TRUE(!sim_failed(s));
	CHECK_TRUE(views == count_views());
	return test_end_now();
}

static const char *test_not_transitive(void)
{
	return not_transitive(SOME);
}

static const char *test_not_transitive_many(void)
{
	return not_transitive(MANY);
}

/* Two halves, of which each is too large for a packet, come together. */
static const char *test_merge(void)
{
	u32 i, k;

	begin(MANY);
	for (i = 0; i < nodes; i++)
		for (k = 0; k < nodes; k++)
			sim_cut(s, i, k, i % 2 != k % 2);
	sim_run(s, SIM_SEC);
	for (i = 0; i < nodes; i++)
		CHECK_TRUE(s->nodes[i].n_view == nodes / 2);
	sim_heal(s);
	return test_end();
}

/* The parts are lost, doubled and overtake each other. */
static const char *test_lossy(void)
{
	struct sim_link link;
	u32 i;

	begin(SOME);
	link = s->cfg.link;
	link.loss = 100000;
	link.dup = 100000;
	link.reorder = 100000;
	sim_links_set(s, &link);
	sim_node_crash(&s->nodes[nodes - 1]);
	sim_run(s, 2 * SIM_SEC);
	for (i = 0; i < nodes - 1; i++)
		CHECK_TRUE(s->nodes[i].n_view == nodes - 1);
	sim_heal(s);
	return test_end();
}

static const struct ktap_test tests[] = {
	TEST(form), TEST(not_transitive),
};

static const struct ktap_test large[] = {
	TEST(form_many), TEST(not_transitive_many), TEST(merge), TEST(lossy),
};

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	int bad;

	if (name && !strcmp(name, "large"))
		bad = ktap_run(large, ARRAY_SIZE(large), NULL);
	else
		bad = ktap_run(tests, ARRAY_SIZE(tests), name);
	test_exit();
	return bad;
}
