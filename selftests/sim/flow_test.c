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

/*
 * Messages that wait for company.  Node 2 sends, which does not lead.
 */
enum {
	LEN = 64,
	/* Longer than anything here takes, and shorter than a heartbeat. */
	WAIT = 5 * SIM_MSEC,
};

static u64 pack_packets(u32 i)
{
	struct cpg_status st;

	cpg_engine_status(s->nodes[i].eng, &st);
	return st.counters[CPG_CNT_PACKETS_SENT];
}

static void pack_send(u32 i, u32 n, u32 len, u64 wait)
{
	while (n--)
		CHECK_TRUE(!sim_send_wait(procs[i], CPG_SVC_AGREED, len, wait));
}

static void pack_begin(void)
{
	test_procs(3);
	CHECK_TRUE(test_leader() != s->nodes[1].nodeid);
	sim_run(s, 100 * SIM_MSEC);
	CHECK_TRUE(sim_drained(s));
}

/* All that waits goes in one packet, when the time of the first is over. */
static const char *test_pack_time(void)
{
	u32 before;
	u64 packets;

	pack_begin();
	before = procs[0]->n_msgs;
	packets = pack_packets(1);
	pack_send(1, 10, LEN, WAIT);
	CHECK_TRUE(pack_packets(1) == packets);
	sim_run(s, WAIT - SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == before);
	sim_run(s, 2 * SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == before + 10);
	/* To each of the others one, and perhaps an acknowledgment. */
	CHECK_TRUE(pack_packets(1) - packets <= 2 + 1);
	return test_end();
}

/* Not the time of the last: who goes on sending makes nobody wait longer. */
static const char *test_pack_first(void)
{
	u32 before;
	u32 i;

	pack_begin();
	before = procs[0]->n_msgs;
	for (i = 0; i < 4; i++) {
		pack_send(1, 1, LEN, WAIT);
		sim_run(s, WAIT / 4 + SIM_USEC);
	}
	sim_run(s, SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == before + 4);
	return test_end();
}

/* Unless who sends is sure of the next, and says so each time. */
static const char *test_pack_batch(void)
{
	u32 before;
	u64 packets;
	u32 i;

	pack_begin();
	before = procs[0]->n_msgs;
	packets = pack_packets(1);
	sim_wait(&s->nodes[1], WAIT);
	for (i = 0; i < 4; i++) {
		pack_send(1, 1, LEN, WAIT);
		sim_wait(&s->nodes[1], WAIT);
		sim_run(s, WAIT - SIM_MSEC);
	}
	CHECK_TRUE(procs[0]->n_msgs == before);
	sim_run(s, 2 * SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == before + 4);
	/* And a heartbeat. */
	CHECK_TRUE(pack_packets(1) - packets <= 2 + 2 + 1);
	return test_end();
}

static const char *test_pack_push(void)
{
	u32 before;

	pack_begin();
	before = procs[0]->n_msgs;
	pack_send(1, 3, LEN, WAIT);
	sim_push(&s->nodes[1]);
	sim_run(s, SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == before + 3);
	return test_end();
}

/* One that does not wait takes those before it along. */
static const char *test_pack_hurry(void)
{
	u32 before;
	u64 packets;

	pack_begin();
	before = procs[0]->n_msgs;
	packets = pack_packets(1);
	pack_send(1, 3, LEN, WAIT);
	pack_send(1, 1, LEN, 0);
	CHECK_TRUE(pack_packets(1) - packets == 2);
	sim_run(s, SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == before + 4);
	return test_end();
}

/* Enough for a burst of packets does not wait. */
static const char *test_pack_burst(void)
{
	u32 before;

	pack_begin();
	before = procs[0]->n_msgs;
	pack_send(1, 400, LEN, WAIT);
	sim_run(s, SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs >= before + 200);
	sim_run(s, WAIT);
	CHECK_TRUE(procs[0]->n_msgs == before + 400);
	return test_end();
}

/* What does not fill a burst has no part in that, and waits from then on. */
static const char *test_pack_full(void)
{
	enum {
		/* One of them fills a packet, so many are enough. */
		FULL = 1300,
		N = 18,
		/* And so many go together. */
		BURST = 16,
	};
	u32 before;
	u64 packets;

	pack_begin();
	before = procs[0]->n_msgs;
	packets = pack_packets(1);
	pack_send(1, N - 1, FULL, WAIT);
	CHECK_TRUE(pack_packets(1) == packets);
	sim_run(s, WAIT / 2);
	pack_send(1, 1, FULL, WAIT);
	CHECK_TRUE(pack_packets(1) == packets + 2 * BURST);
	sim_run(s, WAIT - SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == before + BURST);
	sim_run(s, 2 * SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == before + N);
	return test_end();
}

/* But the end of a message that was begun goes with it. */
static const char *test_pack_large(void)
{
	u32 before;

	pack_begin();
	before = procs[0]->n_msgs;
	pack_send(1, 1, 100000, WAIT);
	sim_run(s, SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == before + 1);
	return test_end();
}

/*
 * Those that do not wait: the first four packets go at once, the others when
 * they are full, or an order comes back, which is soon.
 */
static const char *test_pack_order(void)
{
	u32 before;
	u64 packets;

	pack_begin();
	before = procs[0]->n_msgs;
	packets = pack_packets(1);
	pack_send(1, 100, LEN, 0);
	/* At least 14 in a packet; each goes to two nodes. */
	CHECK_TRUE(pack_packets(1) - packets > 2 * 4);
	sim_run(s, SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == before + 100);
	CHECK_TRUE(pack_packets(1) - packets <= 2 * (4 + 7) + 1);
	return test_end();
}

/* A leave does not wait, and what was sent before comes before. */
static const char *test_pack_leave(void)
{
	u32 before;

	pack_begin();
	before = procs[0]->n_msgs;
	pack_send(1, 3, LEN, WAIT);
	sim_leave(procs[1]);
	procs[1] = NULL;
	sim_run(s, SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == before + 3);
	return test_end();
}

/* What waits when the view changes is sent in the next one, at once. */
static const char *test_pack_view(void)
{
	u32 before;

	pack_begin();
	before = procs[2]->n_msgs;
	pack_send(1, 3, LEN, SIM_SEC);
	sim_node_crash(&s->nodes[0]);
	sim_run(s, s->cfg.suspect + 100 * SIM_MSEC);
	CHECK_TRUE(procs[2]->n_msgs == before + 3);
	return test_end();
}

/* A node that stops does not keep what waits. */
static const char *test_pack_stop(void)
{
	u32 before;

	pack_begin();
	before = procs[0]->n_msgs;
	pack_send(1, 3, LEN, SIM_SEC);
	sim_node_stop(&s->nodes[1]);
	sim_run(s, 10 * SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == before + 3);
	return test_end();
}

static const struct ktap_test tests[] = {
	TEST(one), TEST(fair), TEST(pace), TEST(loss), TEST(churn),
	TEST(pack_time), TEST(pack_first), TEST(pack_batch), TEST(pack_push),
	TEST(pack_hurry),
	TEST(pack_burst), TEST(pack_full), TEST(pack_large), TEST(pack_order),
	TEST(pack_leave), TEST(pack_view), TEST(pack_stop),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
