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

/* FIFO and UNORDERED need one hop, and come back at once. */
static const char *test_latency_early(void)
{
	u32 i, k;

	test_procs(3);
	for (i = 0; i < 6 && !sim_failed(s); i++) {
		test_mark();
		sim_send(procs[i % 3], i / 3, 10);
		CHECK_TRUE(procs[i % 3]->text_len);
		sim_run(s, hops(1) + SIM_USEC);
		for (k = 0; k < 3; k++)
			CHECK_TRUE(procs[k]->text_len);
		sim_run(s, SIM_MSEC);
	}
	return test_end();
}

/* What the leader cannot order: UNORDERED overtakes it, FIFO waits. */
static const char *test_early_overtakes(void)
{
	u32 leader, from, other;

	test_procs(3);
	leader = test_leader() - 1;
	from = (leader + 1) % 3;
	other = (leader + 2) % 3;
	sim_cut(s, from, leader, true);
	sim_send(procs[from], CPG_SVC_AGREED, 1000);
	sim_send(procs[from], CPG_SVC_FIFO, 1001);
	sim_send(procs[from], CPG_SVC_UNORDERED, 1002);
	sim_run(s, hops(1));
	CHECK_TRUE(procs[from]->n_msgs == 1 && procs[other]->n_msgs == 1);
	CHECK_TRUE(!strncmp(strchr(procs[other]->text, '/'), "/1002 ", 6));
	sim_heal(s);
	return test_end();
}

/* A gap holds up FIFO, and UNORDERED only if it is in the message itself. */
static const char *test_early_gap(void)
{
	u32 from, to;

	test_procs(3);
	from = test_leader() % 3;
	to = (from + 1) % 3;
	sim_cut(s, from, to, true);
	sim_send(procs[from], CPG_SVC_FIFO, 1000);
	sim_heal(s);
	sim_send(procs[from], CPG_SVC_FIFO, 1001);
	sim_send(procs[from], CPG_SVC_UNORDERED, 1002);
	sim_send(procs[from], CPG_SVC_UNORDERED, 5000);
	sim_run(s, hops(1));
	CHECK_TRUE(procs[to]->n_msgs == 1);
	sim_run(s, SIM_MSEC + hops(2));
	CHECK_TRUE(procs[to]->n_msgs == 4);
	return test_end();
}

/* Nothing of a process comes before its join. */
static const char *test_early_join(void)
{
	static const u8 svcs[] = { CPG_SVC_UNORDERED, CPG_SVC_FIFO };
	struct sim_proc *proc;
	char text[64];
	u32 i, from;

	for (i = 0; i < 2; i++) {
		test_procs(3);
		from = test_leader() % 3;
		proc = sim_join(&s->nodes[from], 1, 200, NULL);
		sim_send(proc, svcs[i], 4000);
		sim_run(s, hops(1));
		test_text(from, "");
		sim_run(s, SIM_MSEC);
		snprintf(text, sizeof(text), "+%u.200:1 m%u.200/4000 ",
			 from + 1, from + 1);
		CHECK_TRUE(strstr(procs[0]->text, text));
		CHECK_TRUE(!test_end());
	}
	return NULL;
}

/* The joins are in order, but not known to be so everywhere. */
static const char *test_early_join_late(void)
{
	struct sim_proc *proc;
	u32 leader, from, late;

	test_procs(3);
	leader = test_leader() - 1;
	from = (leader + 1) % 3;
	late = (leader + 2) % 3;
	sim_cut(s, leader, late, true);
	proc = sim_join(&s->nodes[from], 1, 200, NULL);
	sim_run(s, hops(2));
	sim_send(proc, CPG_SVC_UNORDERED, 10);
	CHECK_TRUE(procs[from]->n_msgs == 1);
	sim_run(s, hops(1));
	test_text(late, "");
	sim_heal(s);
	CHECK_TRUE(sim_drain(s, s->cfg.suspect));
	CHECK_TRUE(procs[late]->n_msgs == 1);
	return test_end();
}

/*
 * The leader puts an AGREED message in order, which lets a FIFO one behind it
 * go, and is cut off before its sender knows: that sends both again, and the
 * old leader takes neither twice.
 */
static const char *test_fifo_again(void)
{
	u32 leader, from;

	test_procs(3);
	leader = test_leader() - 1;
	from = (leader + 1) % 3;
	sim_cut(s, leader, from, true);
	sim_cut(s, leader, (leader + 2) % 3, true);
	sim_send(procs[from], CPG_SVC_AGREED, 1000);
	sim_send(procs[from], CPG_SVC_FIFO, 1001);
	sim_run(s, hops(2));
	CHECK_TRUE(procs[leader]->n_msgs == 2 && !procs[from]->n_msgs);
	sim_split(s, 1U << leader);
	sim_run(s, 4 * s->cfg.suspect);
	CHECK_TRUE(procs[from]->n_msgs == 2);
	sim_heal(s);
	CHECK_TRUE(sim_settle(s, SIM_SEC) && sim_drain(s, SIM_SEC));
	CHECK_TRUE(procs[leader]->n_msgs == 2);
	return test_end();
}

/*
 * As before, but all come to the next view together at once, so that what is
 * sent again meets a node that has it.
 */
static const char *test_fifo_again_meets(void)
{
	const char *why;
	u32 leader, from;
	u64 delay;

	for (delay = 0; delay < 60 * SIM_MSEC; delay += 970 * SIM_USEC) {
		test_procs(3);
		leader = test_leader() - 1;
		from = (leader + 1) % 3;
		sim_cut(s, leader, from, true);
		sim_cut(s, leader, (leader + 2) % 3, true);
		sim_send(procs[from], CPG_SVC_AGREED, 1000);
		sim_send(procs[from], CPG_SVC_FIFO, 1001);
		sim_send(procs[from], CPG_SVC_UNORDERED, 1002);
		sim_run(s, s->cfg.suspect + delay);
		sim_heal(s);
		why = test_end();
		if (why)
			return why;
	}
	return NULL;
}

/*
 * Sent before the join of its process is known to be in order, an UNORDERED
 * message can be sent again, as FIFO can.  The join is known then.
 */
static const char *test_unordered_again(void)
{
	struct sim_proc *proc;
	const char *why;
	u32 leader, from;
	u64 delay;

	for (delay = 0; delay < 60 * SIM_MSEC; delay += 6970 * SIM_USEC) {
		test_procs(3);
		leader = test_leader() - 1;
		from = (leader + 1) % 3;
		proc = sim_join(&s->nodes[from], 1, 200, NULL);
		sim_run(s, hops(1));
		sim_send(proc, CPG_SVC_AGREED, 1000);
		sim_send(proc, CPG_SVC_UNORDERED, 1001);
		sim_cut(s, leader, from, true);
		sim_cut(s, leader, (leader + 2) % 3, true);
		sim_run(s, hops(1));
		CHECK_TRUE(procs[leader]->n_msgs == 2 && !proc->n_msgs);
		sim_node_crash(&s->nodes[(leader + 2) % 3]);
		sim_node_pause(&s->nodes[from], s->cfg.suspect + delay);
		sim_run(s, s->cfg.suspect + delay);
		sim_heal(s);
		why = test_end();
		if (why)
			return why;
	}
	return NULL;
}

/* Whoever dies, at any moment of the way of messages of every service. */
static const char *crash_mixed(u32 slot)
{
	const char *why;
	u64 delay;
	u32 i, k;

	for (delay = 0; delay < 200 * SIM_USEC; delay += 5 * SIM_USEC) {
		test_procs(3);
		for (i = 0; i < 3; i++)
			for (k = 0; k < 8; k++)
				sim_send(procs[i], (k + i) % 4,
					 k < 4 ? 5000 : 10);
		sim_run(s, delay);
		sim_node_crash(&s->nodes[slot]);
		why = test_end();
		if (why)
			return why;
	}
	return NULL;
}

static const char *test_mixed_crash(void)
{
	const char *why = NULL;
	u32 i;

	for (i = 0; i < 3 && !why; i++)
		why = crash_mixed(i);
	return why;
}

/* The sender has it at once, and with whom it was cut off does not matter. */
static const char *test_early_alone(void)
{
	u32 i, from;

	test_procs(3);
	from = test_leader() % 3;
	sim_split(s, 1U << from);
	sim_send(procs[from], CPG_SVC_FIFO, 5000);
	sim_send(procs[from], CPG_SVC_UNORDERED, 5000);
	CHECK_TRUE(procs[from]->n_msgs == 2);
	sim_run(s, 4 * s->cfg.suspect);
	sim_heal(s);
	CHECK_TRUE(sim_settle(s, SIM_SEC) && sim_drain(s, SIM_SEC));
	for (i = 0; i < 3; i++)
		CHECK_TRUE(procs[i]->n_msgs == (i == from ? 2 : 0));
	return test_end();
}

/* A view ends when only some parts were sent: all are sent in the next one. */
static const char *parts_cut(u8 svc)
{
	struct sim_cfg cfg;
	u32 i, from;

	sim_cfg_init(&cfg);
	cfg.budget = 64 << 10;
	test_begin(&cfg);
	for (i = 0; i < 3; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
	for (i = 0; i < 3; i++)
		procs[i] = sim_join(&s->nodes[i], 1, 0, NULL);
	sim_run(s, 50 * SIM_MSEC);
	from = test_leader() % 3;
	sim_send(procs[from], svc, 60000);
	sim_run(s, hops(1));
	sim_node_crash(&s->nodes[3 - from - (test_leader() - 1)]);
	sim_cut(s, from, test_leader() - 1, true);
	sim_cut(s, test_leader() - 1, from, true);
	CHECK_TRUE(!procs[from]->n_msgs);
	sim_run(s, 2 * s->cfg.suspect / 3);
	sim_heal(s);
	CHECK_TRUE(sim_drain(s, SIM_SEC));
	for (i = 0; i < 3; i++)
		if (s->nodes[i].eng)
			CHECK_TRUE(procs[i]->n_msgs == 1);
	return test_end();
}

static const char *test_parts_cut(void)
{
	const char *why = NULL;
	u8 svc;

	for (svc = CPG_SVC_UNORDERED; svc <= CPG_SVC_SAFE && !why; svc++)
		why = parts_cut(svc);
	return why;
}

static const struct ktap_test tests[] = {
	TEST(latency_early), TEST(early_overtakes), TEST(early_gap),
	TEST(early_join), TEST(early_join_late), TEST(fifo_again),
	TEST(fifo_again_meets), TEST(early_alone), TEST(parts_cut),
	TEST(unordered_again), TEST(mixed_crash),
	TEST(latency_safe), TEST(safe_ack_lost), TEST(safe_news_lost),
	TEST(safe_split), TEST(safe_crash),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
