// SPDX-License-Identifier: GPL-2.0
/*
 * Scenarios with so many processes that what is told of them at the
 * installation of a view takes hundreds of packets.
 */
#include "test.h"
#include "wire.h"

enum {
	NODES = 4,
	HALF = 3,		/* the first two nodes, as bits */
	PROCS = 2000,		/* on all nodes together */
	GROUPS = 50,		/* most processes are in one of these */
	BIG = 200,		/* and so many in this one */
	BIG_GROUP = 1,
	FULL_GROUPS = 180,	/* for as many processes as a node takes */
	CHECK = 256,		/* calls; a look at all invariants takes long */
};

/* Nothing is recorded: each is told of so many. */
static void begin(u32 mtu)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.n_nodes = NODES;
	cfg.mtu = mtu;
	cfg.check_every = CHECK;
	test_begin(&cfg);
	s->cfg.record = false;
	for (i = 0; i < NODES; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
}

/* Two views of two nodes each. */
static void halve(void)
{
	sim_split(s, HALF);
	sim_run(s, 2 * SIM_SEC);
	CHECK_TRUE(s->nodes[0].n_view == NODES / 2 &&
		   s->nodes[2].n_view == NODES / 2);
}

/* Of process @i.  The names of these groups are as long as may be. */
static u32 group_of(u32 i)
{
	return i < BIG ? BIG_GROUP : 4 * (1 + i / NODES % GROUPS);
}

static u32 node_of(u32 i)
{
	return i % NODES;
}

/* All join.  Each group has as many on each node. */
static void join_all(void)
{
	u32 i;

	for (i = 0; i < PROCS; i++)
		CHECK_TRUE(sim_join(&s->nodes[node_of(i)], group_of(i), 0,
				    NULL));
}

/* The members of a group, as a node knows them. */
static u32 n_members(u32 slot, u32 group)
{
	struct cpg_group name;

	sim_group_name(group, &name);
	return cpg_engine_members(s->nodes[slot].eng, &name, NULL, 0);
}

/* Each node says that @n nodes' processes are members. */
static void check_members(u32 n)
{
	u32 i, k;

	for (i = 0; i < NODES; i++) {
		CHECK_TRUE(n_members(i, BIG_GROUP) == BIG / NODES * n);
		for (k = 1; k <= GROUPS; k++)
			CHECK_TRUE(n_members(i, 4 * k) ==
				   (PROCS - BIG) / GROUPS / NODES * n);
	}
}

static bool is_in(enum cpg_state state)
{
	struct cpg_status st;
	u32 i;

	for (i = 0; i < NODES; i++) {
		cpg_engine_status(s->nodes[i].eng, &st);
		if (st.state == state)
			return true;
	}
	return false;
}

/* All join when the first node is in this state on the way to a view of all. */
static const char *join_in(enum cpg_state state)
{
	u64 end;

	begin(CPG_MTU_DEFAULT);
	halve();
	sim_heal(s);
	for (end = s->now + SIM_SEC; !is_in(state) && s->now < end;)
		CHECK_TRUE(sim_run(s, SIM_USEC));
	CHECK_TRUE(is_in(state));
	join_all();
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	sim_run(s, SIM_SEC);
	check_members(NODES);
	return test_end();
}

static const char *test_gather(void)
{
	return join_in(CPG_STATE_GATHER);
}

static const char *test_commit(void)
{
	return join_in(CPG_STATE_COMMIT);
}

static const char *test_recover(void)
{
	return join_in(CPG_STATE_RECOVER);
}

/* Two halves are put together, with packets so long, and parted again. */
static const char *merge(u32 mtu, u32 loss)
{
	struct sim_link link;

	begin(mtu);
	halve();
	join_all();
	sim_run(s, SIM_SEC);
	check_members(NODES / 2);
	sim_heal(s);
	link = *sim_link(s, 0, 1);
	link.loss = loss;
	sim_links_set(s, &link);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	check_members(NODES);
	sim_heal(s);
	halve();
	check_members(NODES / 2);
	sim_heal(s);
	return test_end();
}

static const char *test_merge(void)
{
	return merge(CPG_MTU_DEFAULT, 0);
}

/* The smallest packets: what is told of all takes hundreds. */
static const char *test_merge_lossy(void)
{
	return merge(CPG_MTU_MIN, 50000);
}

/* As many as a node takes, all in groups with long names. */
static u32 fill(u32 slot)
{
	u32 n = 0;
	int err;

	while (sim_join(&s->nodes[slot], 4 * (1 + n % FULL_GROUPS), 0, &err))
		n++;
	CHECK_TRUE(err == -ENOSPC);
	return n;
}

/*
 * However many want to join, views can be made: those of all nodes fit into one
 * INSTALL.  Who leaves makes room.
 */
static const char *test_full(void)
{
	struct sim_proc *proc;
	int err;
	u32 n;

	begin(CPG_MTU_DEFAULT);
	n = fill(0);
	CHECK_TRUE(n > CPG_BLOB_MAX / 8 / 160 && n < CPG_BLOB_MAX / 8 / 128);
	CHECK_TRUE(fill(1) == n && fill(2) == n && fill(3) == n);
	sim_run(s, SIM_SEC);
	CHECK_TRUE(n_members(3, 4) == NODES * ((n - 1) / FULL_GROUPS + 1));
	halve();
	sim_heal(s);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	CHECK_TRUE(n_members(3, 4) == NODES * ((n - 1) / FULL_GROUPS + 1));
	proc = list_first_entry(&s->nodes[0].procs, struct sim_proc, entry);
	CHECK_TRUE(!sim_leave(proc));
	sim_run(s, SIM_MSEC);
	CHECK_TRUE(sim_join(&s->nodes[0], 4, 0, &err));
	CHECK_TRUE(!sim_join(&s->nodes[0], 4, 0, &err) && err == -ENOSPC);
	return test_end();
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		TEST(gather), TEST(commit), TEST(recover), TEST(merge),
		TEST(merge_lossy), TEST(full),
	};
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
