// SPDX-License-Identifier: GPL-2.0
/*
 * Scenarios of slow processes: who is held back by whom, until when, and who
 * is put out.
 */
#include "test.h"

enum {
	GROUP = 1,
	OTHER = 2,
	LEN = 1000,
	ENOUGH = 50,		/* messages of LEN, more than may be left */
};

/* On each node a process in another group, beside that of procs[]. */
static struct sim_proc *others[TEST_NODES_MAX];

static void hold_join(u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		sim_node_start(&s->nodes[i]);
		procs[i] = sim_join(&s->nodes[i], GROUP, 0, NULL);
		others[i] = sim_join(&s->nodes[i], OTHER, 0, NULL);
	}
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	sim_run(s, 20 * SIM_MSEC);
	test_mark();
}

static void hold_begin(u32 n)
{
	struct sim_cfg cfg;

	sim_cfg_init(&cfg);
	cfg.n_nodes = n;
	cfg.check_every = 1;
	test_begin(&cfg);
	memset(others, 0, sizeof(others));
	hold_join(n);
}

/* One process sends until it may not. */
static void fill(struct sim_proc *proc)
{
	u32 i;

	for (i = 0; i < ENOUGH && !proc->held; i++) {
		sim_send(proc, CPG_SVC_AGREED, LEN);
		sim_run(s, SIM_MSEC);
	}
	CHECK_TRUE(proc->held);
	CHECK_TRUE(sim_send(proc, CPG_SVC_AGREED, 1) == -EAGAIN);
	sim_run(s, 5 * SIM_MSEC);
}

/* Which processes of procs[] are held back, as bits. */
static u32 held(void)
{
	u32 i, set = 0;

	for (i = 0; i < TEST_NODES_MAX; i++)
		if (procs[i] && procs[i]->eng && procs[i]->held)
			set |= 1 << i;
	return set;
}

/* Processes of the other group may do as they like. */
static void others_go_on(u32 n)
{
	u32 i, k, before[TEST_NODES_MAX];

	for (i = 0; i < n; i++)
		before[i] = others[i]->n_msgs;
	for (i = 0; i < n; i++)
		CHECK_TRUE(!sim_send(others[i], CPG_SVC_AGREED, LEN));
	sim_run(s, 5 * SIM_MSEC);
	for (k = 0; k < n; k++)
		CHECK_TRUE(others[k]->n_msgs == before[k] + n);
}

static const char *hold_end(void)
{
	u32 i;

	for (i = 0; i < TEST_NODES_MAX; i++)
		if (procs[i] && procs[i]->eng)
			sim_lazy(procs[i], SIM_LAZY_NOT);
	return test_end();
}

/* All nodes hold back the group, and no other; until there is room again. */
static const char *test_in_time(void)
{
	u32 k;

	for (k = 0; k < 3; k++) {
		hold_begin(3);
		sim_lazy(procs[k], SIM_LAZY);
		fill(procs[0]);
		CHECK_TRUE(held() == 7);
		others_go_on(3);
		sim_read(procs[k], procs[k]->unread - SIM_RCV_LOW - 1);
		sim_run(s, 5 * SIM_MSEC);
		CHECK_TRUE(held() == 7);
		sim_read(procs[k], 1);
		sim_run(s, 5 * SIM_MSEC);
		CHECK_TRUE(!held());
		CHECK_TRUE(!sim_send(procs[0], CPG_SVC_AGREED, LEN));
		sim_run(s, 5 * SIM_MSEC);
		CHECK_TRUE(procs[k]->n_msgs == procs[(k + 1) % 3]->n_msgs);
		CHECK_TRUE(!s->n_slow);
		if (hold_end())
			return ktap_fail("leader or not: %u", k);
	}
	return NULL;
}

/* Who does not read is out when its time is over, and the others go on. */
static const char *test_too_slow(void)
{
	u64 since;
	u32 n;

	hold_begin(3);
	sim_lazy(procs[2], SIM_LAZY);
	since = s->now;
	fill(procs[0]);
	n = procs[0]->n_msgs;
	CHECK_TRUE(n >= SIM_RCV_HIGH / (LEN + SIM_RCV_OVERHEAD));
	CHECK_TRUE(n < ENOUGH);
	sim_run_to(s, since + s->cfg.slow - SIM_MSEC);
	CHECK_TRUE(held() == 7 && procs[2]->eng);
	test_mark();
	sim_run_to(s, s->now + 60 * SIM_MSEC);
	CHECK_TRUE(!held() && !procs[2]->eng && s->n_slow == 1);
	test_text(0, "{1.101,2.103}-3.105:5 ");
	test_text(1, "{1.101,2.103}-3.105:5 ");
	others_go_on(3);
	CHECK_TRUE(!sim_send(procs[1], CPG_SVC_AGREED, 7));
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == n + 1);
	return hold_end();
}

/* A little now and then is enough to stay. */
static const char *test_trickle(void)
{
	u32 i;

	hold_begin(3);
	sim_lazy(procs[1], SIM_LAZY);
	fill(procs[0]);
	for (i = 0; i < 20; i++) {
		sim_run(s, s->cfg.slow / 2);
		sim_read(procs[1], 1);
	}
	CHECK_TRUE(held() == 7 && !s->n_slow);
	sim_run(s, s->cfg.slow + 50 * SIM_MSEC);
	CHECK_TRUE(!held() && s->n_slow == 1);
	return hold_end();
}

/* For as long as it takes; not any more when it is asked for. */
static const char *test_patient(void)
{
	hold_begin(3);
	sim_lazy(procs[2], SIM_LAZY_PATIENT);
	fill(procs[0]);
	sim_run(s, 10 * SIM_SEC);
	CHECK_TRUE(held() == 7 && !s->n_slow);
	others_go_on(3);
	sim_read(procs[2], U64_MAX);
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(!held());
	fill(procs[1]);
	sim_run(s, SIM_SEC);
	sim_lazy(procs[2], SIM_LAZY);
	sim_run(s, 60 * SIM_MSEC);
	CHECK_TRUE(!held() && s->n_slow == 1);
	return hold_end();
}

/* The node of the slow one dies. */
static const char *test_crash(void)
{
	u32 k;

	for (k = 0; k < 3; k++) {
		hold_begin(3);
		sim_lazy(procs[k], SIM_LAZY_PATIENT);
		fill(procs[(k + 1) % 3]);
		sim_node_crash(&s->nodes[k]);
		CHECK_TRUE(held() == (7 & ~(1U << k)));
		sim_run(s, sim_bound(s) + 10 * SIM_MSEC);
		CHECK_TRUE(!held());
		CHECK_TRUE(!sim_send(procs[(k + 1) % 3], CPG_SVC_AGREED, 1));
		procs[k] = NULL;
		if (hold_end())
			return ktap_fail("node %u", k);
	}
	return NULL;
}

static const char *goes(void (*go)(struct sim_proc *proc))
{
	hold_begin(3);
	sim_lazy(procs[2], SIM_LAZY_PATIENT);
	fill(procs[0]);
	go(procs[2]);
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(!held() && !procs[2]->eng);
	CHECK_TRUE(!sim_send(procs[0], CPG_SVC_AGREED, 1));
	return hold_end();
}

static void do_leave(struct sim_proc *proc)
{
	sim_leave(proc);
}

static void do_stop(struct sim_proc *proc)
{
	sim_node_stop(proc->node);
}

static const char *test_leave(void)
{
	return goes(do_leave);
}

static const char *test_detach(void)
{
	return goes(sim_detach);
}

static const char *test_stop(void)
{
	return goes(do_stop);
}

/* The last one that is slow decides. */
static const char *test_two(void)
{
	hold_begin(4);
	sim_lazy(procs[1], SIM_LAZY_PATIENT);
	sim_lazy(procs[2], SIM_LAZY);
	fill(procs[0]);
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(procs[1]->slow && procs[2]->slow);
	sim_read(procs[1], U64_MAX);
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(held() == 15);
	sim_run(s, s->cfg.slow + 50 * SIM_MSEC);
	CHECK_TRUE(!held() && !procs[2]->eng && procs[1]->eng);
	return hold_end();
}

/* Each side has a holder, and both together have two. */
static const char *test_merge(void)
{
	hold_begin(4);
	sim_split(s, 3);
	sim_run(s, 3 * s->cfg.suspect);
	sim_lazy(procs[1], SIM_LAZY_PATIENT);
	fill(procs[0]);
	CHECK_TRUE(held() == 3);
	sim_lazy(procs[3], SIM_LAZY_PATIENT);
	fill(procs[2]);
	CHECK_TRUE(held() == 15);
	sim_heal(s);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	sim_read(procs[1], U64_MAX);
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(held() == 15);
	sim_read(procs[3], U64_MAX);
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(!held());
	return hold_end();
}

/* A holder goes with its side, and comes back as one; or not as one. */
static const char *test_split(void)
{
	bool reads;

	for (reads = false; ; reads = true) {
		hold_begin(4);
		sim_lazy(procs[3], SIM_LAZY_PATIENT);
		fill(procs[0]);
		sim_split(s, 3);
		sim_run(s, 3 * s->cfg.suspect);
		CHECK_TRUE(held() == 12);
		CHECK_TRUE(!sim_send(procs[0], CPG_SVC_AGREED, 1));
		if (reads)
			sim_read(procs[3], U64_MAX);
		sim_heal(s);
		CHECK_TRUE(sim_settle(s, SIM_SEC));
		CHECK_TRUE(held() == (reads ? 0 : 15));
		if (hold_end())
			return ktap_fail("reads: %u", reads);
		if (reads)
			return NULL;
	}
}

/* The view changes while a hold, or its end, is on its way. */
static const char *test_on_its_way(void)
{
	u32 k;

	for (k = 0; k < 40; k++) {
		hold_begin(3);
		sim_lazy(procs[2], SIM_LAZY_PATIENT);
		if (k & 1)
			fill(procs[2]);
		sim_run(s, k * 7 * SIM_USEC);
		sim_split(s, 4);
		if (k & 1) {
			sim_read(procs[2], U64_MAX);
		} else {
			while (!procs[2]->slow)
				sim_send(procs[2], CPG_SVC_UNORDERED, LEN);
		}
		sim_run(s, 3 * s->cfg.suspect);
		CHECK_TRUE(held() == (k & 1 ? 0 : 4));
		sim_heal(s);
		CHECK_TRUE(sim_settle(s, SIM_SEC));
		sim_run(s, 5 * SIM_MSEC);
		CHECK_TRUE(held() == (k & 1 ? 0 : 7));
		if (hold_end())
			return ktap_fail("round %u", k);
	}
	return NULL;
}

/* It reads before it is known that it does not, and the other way round. */
static const char *test_wavers(void)
{
	u32 k;

	for (k = 0; k < 3; k++) {
		hold_begin(3);
		sim_lazy(procs[k], SIM_LAZY_PATIENT);
		while (!procs[k]->slow)
			sim_send(procs[k], CPG_SVC_UNORDERED, LEN);
		sim_read(procs[k], U64_MAX);
		sim_run(s, 5 * SIM_MSEC);
		CHECK_TRUE(!held());
		fill(procs[k]);
		sim_read(procs[k], U64_MAX);
		procs[k]->unread = SIM_RCV_HIGH + 1;
		CHECK_TRUE(sim_hold(procs[k]->node));
		sim_run(s, 5 * SIM_MSEC);
		CHECK_TRUE(held() == 7);
		if (hold_end())
			return ktap_fail("node %u", k);
	}
	return NULL;
}

/* Packets get lost; what they carry does not. */
static const char *test_loss(void)
{
	struct sim_link link;
	u32 i;

	hold_begin(4);
	link = s->cfg.link;
	link.loss = 300000;
	sim_links_set(s, &link);
	sim_lazy(procs[3], SIM_LAZY_PATIENT);
	for (i = 0; i < 10; i++) {
		while (!procs[3]->slow) {
			sim_send(procs[i % 3], CPG_SVC_AGREED, LEN);
			sim_run(s, 5 * SIM_MSEC);
		}
		sim_run(s, SIM_SEC);
		CHECK_TRUE(held() == 15);
		sim_read(procs[3], U64_MAX);
		sim_run(s, SIM_SEC);
		CHECK_TRUE(!held());
	}
	sim_links_set(s, &s->cfg.link);
	return hold_end();
}

/* Who joins a group that is held back is, too, from the start. */
static const char *test_join(void)
{
	hold_begin(3);
	sim_lazy(procs[2], SIM_LAZY_PATIENT);
	fill(procs[0]);
	procs[3] = sim_join(&s->nodes[1], GROUP, 0, NULL);
	CHECK_TRUE(held() == 15);
	CHECK_TRUE(sim_send(procs[3], CPG_SVC_AGREED, 1) == -EAGAIN);
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(held() == 15);
	sim_read(procs[2], U64_MAX);
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(!held());
	CHECK_TRUE(!sim_send(procs[3], CPG_SVC_AGREED, 1));
	return hold_end();
}

/* A node that was not scheduled does not blame its processes for it. */
static const char *test_pause(void)
{
	hold_begin(3);
	sim_lazy(procs[2], SIM_LAZY);
	fill(procs[0]);
	sim_node_pause(&s->nodes[2], SIM_SEC);
	sim_run(s, SIM_SEC + s->cfg.slow / 2);
	CHECK_TRUE(procs[2]->eng && !s->n_slow);
	sim_run(s, s->cfg.slow);
	CHECK_TRUE(!procs[2]->eng && s->n_slow == 1);
	return hold_end();
}

/* Its leave waits for a majority.  The hold does not. */
static const char *test_parked(void)
{
	struct sim_proc *slow;

	hold_begin(3);
	slow = sim_join_as(&s->nodes[2], GROUP, CPG_JOIN_F_QUORUM, 0, NULL);
	sim_lazy(slow, SIM_LAZY_PATIENT);
	sim_run(s, 5 * SIM_MSEC);
	sim_split(s, 4);
	CHECK_TRUE(!sim_send(slow, CPG_SVC_AGREED, 7));
	sim_run(s, 3 * s->cfg.suspect);
	fill(procs[2]);
	CHECK_TRUE(held() == 4);
	sim_detach(slow);
	sim_run(s, 5 * SIM_MSEC);
	CHECK_TRUE(!held());
	sim_heal(s);
	return hold_end();
}

/* A hold goes between the parts of a message, and does not tear it. */
static const char *test_between(void)
{
	u8 svc;

	for (svc = CPG_SVC_UNORDERED; svc <= CPG_SVC_SAFE; svc++) {
		hold_begin(3);
		sim_lazy(procs[2], SIM_LAZY_PATIENT);
		CHECK_TRUE(!sim_send(others[2], svc, CPG_MSG_MAX));
		while (!procs[2]->slow) {
			sim_send(procs[0], CPG_SVC_UNORDERED, LEN);
			sim_run(s, 20 * SIM_USEC);
		}
		CHECK_TRUE(others[2]->queued);
		while (!procs[0]->held)
			sim_run(s, 20 * SIM_USEC);
		CHECK_TRUE(others[2]->queued);
		sim_run(s, SIM_SEC);
		CHECK_TRUE(others[0]->n_msgs == 1 && others[1]->n_msgs == 1);
		if (hold_end())
			return ktap_fail("service %u", svc);
	}
	return NULL;
}

/* Nobody had memory when it mattered. */
static const char *test_nomem(void)
{
	hold_begin(3);
	sim_lazy(procs[2], SIM_LAZY_PATIENT);
	fill(procs[0]);
	sim_node_nomem(&s->nodes[2], U32_MAX);
	sim_read(procs[2], U64_MAX);
	sim_run(s, 20 * SIM_MSEC);
	sim_node_nomem(&s->nodes[2], 0);
	sim_run(s, 20 * SIM_MSEC);
	CHECK_TRUE(!held());
	return hold_end();
}

static const struct ktap_test tests[] = {
	TEST(in_time), TEST(too_slow), TEST(trickle), TEST(patient),
	TEST(crash), TEST(leave), TEST(detach), TEST(stop), TEST(two),
	TEST(merge), TEST(split), TEST(on_its_way), TEST(wavers), TEST(loss),
	TEST(join), TEST(pause), TEST(parked), TEST(between), TEST(nomem),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
