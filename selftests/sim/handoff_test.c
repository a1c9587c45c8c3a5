// SPDX-License-Identifier: GPL-2.0
/*
 * Scenarios of the lead changing hands within a view: that nothing is lost or
 * late for it, whoever fails in the middle of it, and that it changes hands by
 * itself when it should, and then stays.
 */
#include "test.h"

static u32 n_nodes;
static u64 n_views;

static struct cpg_status status(u32 i)
{
	struct cpg_status st;

	cpg_engine_status(s->nodes[i].eng, &st);
	return st;
}

static u64 views(void)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < n_nodes; i++)
		n += s->nodes[i].n_views;
	return n;
}

static u64 counted(enum cpg_counter what)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < n_nodes; i++)
		n += status(i).counters[what];
	return n;
}

static void procs_up(const struct sim_cfg *cfg)
{
	u32 i;

	n_nodes = cfg->n_nodes;
	test_begin(cfg);
	for (i = 0; i < n_nodes; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, 2 * SIM_SEC));
	for (i = 0; i < n_nodes && i < TEST_NODES_MAX; i++)
		procs[i] = sim_join(&s->nodes[i], 1, 0, NULL);
	/* Until everyone sends its heartbeats to some only. */
	sim_run(s, 3 * s->cfg.suspect);
	CHECK_TRUE(sim_drained(s));
	test_mark();
	n_views = views();
}

static void up(u32 n)
{
	struct sim_cfg cfg;

	sim_cfg_init(&cfg);
	cfg.n_nodes = n;
	procs_up(&cfg);
}

static u32 leader(void)
{
	return test_leader() - s->cfg.nodeid;
}

static u32 other(u32 i)
{
	return (leader() + i) % n_nodes;
}

static void hand(u32 to)
{
	CHECK_TRUE(!sim_node_lead(&s->nodes[leader()], s->nodes[to].nodeid));
}

/* All agree on who leads. */
static bool leads(u32 who)
{
	u32 i;

	for (i = 0; i < n_nodes; i++)
		if (s->nodes[i].eng &&
		    status(i).leader != s->nodes[who].nodeid)
			return false;
	return true;
}

/* The view is the one that it was, nobody was suspect, and all is told. */
static const char *test_calm(void)
{
	CHECK_TRUE(sim_drain(s, SIM_SEC));
	CHECK_TRUE(views() == n_views);
	CHECK_TRUE(!counted(CPG_CNT_SUSPECTS));
	return test_end();
}

static void send_all(u32 rounds, u32 len)
{
	u32 i, k;

	for (k = 0; k < rounds; k++)
		for (i = 0; i < n_nodes; i++)
			sim_send(procs[i], (k + i) % (CPG_SVC_SAFE + 1), len);
}

/* With nothing to order: all know soon, and the view stays for long. */
static const char *test_idle(void)
{
	static const u32 sizes[] = { 2, 3, 8, 40 };
	const char *why;
	u32 i, to;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		up(sizes[i]);
		to = other(sizes[i] / 2);
		hand(to);
		sim_run(s, 5 * SIM_MSEC);
		CHECK_TRUE(leads(to));
		sim_run(s, 20 * s->cfg.suspect);
		CHECK_TRUE(leads(to));
		why = test_calm();
		if (why)
			return why;
	}
	return NULL;
}

/* Who asks for what cannot be is told so, and nothing happens. */
static const char *test_refused(void)
{
	u32 from, to;

	up(3);
	from = leader();
	to = other(1);
	CHECK_TRUE(sim_node_lead(&s->nodes[from], s->nodes[from].nodeid) ==
		   -EALREADY);
	CHECK_TRUE(sim_node_lead(&s->nodes[from], 99) == -ENOENT);
	CHECK_TRUE(sim_node_lead(&s->nodes[to], s->nodes[to].nodeid) ==
		   -EREMOTE);
	CHECK_TRUE(sim_node_lead(&s->nodes[to], 99) == -ENOENT);
	sim_node_stop(&s->nodes[from]);
	CHECK_TRUE(sim_node_lead(&s->nodes[from], s->nodes[to].nodeid) ==
		   -EBUSY);
	CHECK_TRUE(leads(from));
	return test_end();
}

/* Each hands over in turn while all send, in all services. */
static const char *test_load(void)
{
	u32 i, k, to;

	up(4);
	for (i = 0; i < 40; i++) {
		send_all(5, 1 + 300 * i);
		sim_run(s, i * 10 * SIM_USEC);
		to = other(1 + i % 3);
		hand(to);
		send_all(2, 100);
		sim_run(s, 3 * SIM_MSEC);
		CHECK_TRUE(leads(to));
	}
	CHECK_TRUE(sim_drain(s, SIM_SEC));
	for (k = 0; k < 4; k++)
		CHECK_TRUE(procs[k]->n_msgs == 40 * 7 * 4);
	return test_calm();
}

/* What is ordered next is not later than it was: it waits for no timer. */
static const char *test_prompt(void)
{
	u32 from, to;

	up(3);
	to = other(1);
	from = other(2);
	hand(to);
	sim_send(procs[from], CPG_SVC_AGREED, 5);
	sim_run(s, 500 * SIM_USEC);
	CHECK_TRUE(procs[0]->n_msgs == 1 && procs[1]->n_msgs == 1 &&
		   procs[2]->n_msgs == 1);
	sim_send(procs[from], CPG_SVC_SAFE, 5);
	sim_run(s, 2 * SIM_MSEC);
	CHECK_TRUE(procs[0]->n_msgs == 2 && procs[1]->n_msgs == 2 &&
		   procs[2]->n_msgs == 2);
	return test_calm();
}

/* The record is lost on its way to the next leader, to another, or to all. */
static const char *test_lost(void)
{
	const char *why = NULL;
	u32 i, from, to, mask;

	for (i = 0; i < 6 && !why; i++) {
		up(4);
		from = leader();
		to = other(1);
		mask = (i % 3) + 1;
		if (mask & 1)
			sim_cut(s, from, to, true);
		if (mask & 2)
			sim_cut(s, from, other(2), true);
		if (i >= 3)
			send_all(3, 2000);
		hand(to);
		sim_run(s, 10 * SIM_USEC);
		sim_heal(s);
		sim_run(s, 60 * SIM_MSEC);
		CHECK_TRUE(leads(to));
		why = test_calm();
	}
	return why;
}

/*
 * One cannot hear the old leader for a while.  It learns of the new one by what
 * that orders, and gets what it missed from others.
 */
static const char *test_deaf(void)
{
	u32 from, to, deaf;

	up(4);
	from = leader();
	to = other(1);
	deaf = other(2);
	sim_cut(s, from, deaf, true);
	hand(to);
	sim_send(procs[to], CPG_SVC_AGREED, 5);
	sim_run(s, 20 * SIM_MSEC);
	CHECK_TRUE(status(deaf).leader == s->nodes[to].nodeid);
	CHECK_TRUE(procs[deaf]->n_msgs == 1);
	sim_heal(s);
	return test_calm();
}

/* @who fails, so long after the lead went to @to; the others go on. */
static const char *die(u32 who, bool crash, u64 after, bool load)
{
	u32 from, to;

	up(4);
	from = leader();
	to = other(1);
	if (load)
		send_all(10, 3000);
	sim_run(s, 50 * SIM_USEC);
	hand(to);
	if (load)
		send_all(10, 300);
	sim_run(s, after);
	who = who ? to : from;
	if (crash)
		sim_node_crash(&s->nodes[who]);
	else
		sim_split(s, 1ULL << who);
	sim_run(s, 6 * s->cfg.suspect);
	if (crash)
		sim_node_start(&s->nodes[who]);
	else
		sim_heal(s);
	CHECK_TRUE(sim_settle(s, 5 * SIM_SEC));
	CHECK_TRUE(sim_drain(s, SIM_SEC));
	CHECK_TRUE(views() > n_views);
	return test_end();
}

static const char *die_always(u32 who, bool crash)
{
	static const u64 times[] = { 0, 20, 60, 150, 400, 1000, 5000, 30000 };
	const char *why = NULL;
	u32 i;

	for (i = 0; i < 2 * ARRAY_SIZE(times) && !why; i++)
		why = die(who, crash, times[i / 2] * SIM_USEC, i % 2);
	return why;
}

static const char *test_old_dies(void)
{
	return die_always(0, true);
}

static const char *test_new_dies(void)
{
	return die_always(1, true);
}

static const char *test_old_alone(void)
{
	return die_always(0, false);
}

static const char *test_new_alone(void)
{
	return die_always(1, false);
}

/* The old leader dies when nobody, or only some, heard its last word. */
static const char *test_last_word(void)
{
	const char *why = NULL;
	u32 i, from, to;

	for (i = 0; i < 8 && !why; i++) {
		up(4);
		from = leader();
		to = other(1);
		send_all(3, 1000);
		sim_run(s, 30 * SIM_USEC);
		if (i & 1)
			sim_cut(s, from, to, true);
		if (i & 2)
			sim_cut(s, from, other(2), true);
		if (i & 4)
			sim_cut(s, from, other(3), true);
		hand(to);
		sim_run(s, 150 * SIM_USEC);
		sim_node_crash(&s->nodes[from]);
		sim_run(s, 6 * s->cfg.suspect);
		sim_heal(s);
		sim_node_start(&s->nodes[from]);
		CHECK_TRUE(sim_settle(s, 5 * SIM_SEC));
		CHECK_TRUE(sim_drain(s, SIM_SEC));
		why = test_end();
	}
	return why;
}

/* A chain: each hands on as soon as it leads, faster than others can follow. */
static const char *test_chain(void)
{
	struct sim_link link;
	u32 i, k, at, to, n = 0;

	up(5);
	link = s->cfg.link;
	link.loss = 100000;
	sim_links_set(s, &link);
	for (i = 0; i < 20000 && n < 100; i++) {
		if (i % 8 == 0)
			sim_send(procs[i / 8 % 5], CPG_SVC_AGREED, 200);
		for (k = 0; k < 5; k++) {
			at = status(k).leader - s->cfg.nodeid;
			to = s->nodes[(k + 2) % 5].nodeid;
			if (at == k && !sim_node_lead(&s->nodes[k], to))
				n++;
		}
		sim_run(s, 100 * SIM_USEC);
	}
	sim_links_set(s, &s->cfg.link);
	CHECK_TRUE(n == 100);
	sim_run(s, 200 * SIM_MSEC);
	CHECK_TRUE(leads(leader()));
	return test_calm();
}

/* A member fails just after: its watchers find it as soon as ever. */
static const char *test_detect(void)
{
	u32 dead, to;

	up(8);
	to = other(1);
	dead = other(5);
	hand(to);
	sim_run(s, SIM_MSEC);
	sim_node_crash(&s->nodes[dead]);
	sim_run(s, 4 * s->cfg.suspect);
	CHECK_TRUE(status(to).n_nodes == 7);
	sim_node_start(&s->nodes[dead]);
	return test_end();
}

/* The lead is not given to one that is not heard. */
static const char *test_suspect(void)
{
	u32 dead, from;

	up(3);
	from = leader();
	dead = other(1);
	sim_node_pause(&s->nodes[dead], 3 * s->cfg.suspect);
	while (!status(from).counters[CPG_CNT_SUSPECTS])
		CHECK_TRUE(sim_run(s, SIM_MSEC));
	if (status(from).state == CPG_STATE_OPERATIONAL &&
	    status(from).n_nodes == 3)
		CHECK_TRUE(sim_node_lead(&s->nodes[from],
					 s->nodes[dead].nodeid) ==
			   -EHOSTUNREACH);
	return test_end();
}

/* Timers of @who fire late, again and again, while nobody finds it dead. */
static void stall(u32 who, u32 times)
{
	while (times--) {
		sim_node_pause(&s->nodes[who], 2 * s->cfg.heartbeat);
		sim_run(s, 4 * s->cfg.heartbeat);
	}
}

/* A leader that is often late lets another lead; once, and that stays. */
static const char *test_late(void)
{
	u32 from;

	up(4);
	from = leader();
	sim_run(s, 40 * s->cfg.heartbeat);
	stall(from, 1);
	sim_run(s, 40 * s->cfg.heartbeat);
	CHECK_TRUE(leads(from));
	stall(from, 6);
	CHECK_TRUE(!leads(from) && leads(leader()));
	CHECK_TRUE(views() == n_views);
	stall(from, 20);
	CHECK_TRUE(counted(CPG_CNT_LEADS) == 4);
	sim_run(s, 400 * s->cfg.heartbeat);
	CHECK_TRUE(counted(CPG_CNT_LEADS) == 4);
	return test_end();
}

/* All are late, one after the other: it comes to rest. */
static const char *test_late_in_turn(void)
{
	u32 k, half;

	up(3);
	for (k = 0; k < 60; k++)
		stall(leader(), 5);
	half = counted(CPG_CNT_LEADS) / 3;
	CHECK_TRUE(half >= 1 && half <= 6);
	for (k = 0; k < 60; k++)
		stall(leader(), 5);
	CHECK_TRUE(counted(CPG_CNT_LEADS) / 3 <= half + 2);
	return test_end();
}

/* Nobody gets the lead who is late himself; if all are, it stays. */
static const char *test_all_late(void)
{
	u32 from, i, k;

	up(3);
	from = leader();
	sim_run(s, 40 * s->cfg.heartbeat);
	for (k = 0; k < 12; k++) {
		for (i = 0; i < 3; i++)
			if (i != from || k > 5)
				sim_node_pause(&s->nodes[i],
					       2 * s->cfg.heartbeat);
		sim_run(s, 6 * s->cfg.heartbeat);
	}
	CHECK_TRUE(leads(from));
	return test_end();
}

/* @who sends a message in each millisecond, and is delivered it how late? */
static u64 latency(u32 who, u64 time)
{
	u64 sum = 0, n = 0, t, end = s->now + time;
	u32 had;

	while (s->now < end) {
		had = procs[who]->n_msgs;
		sim_send(procs[who], CPG_SVC_AGREED, 100);
		t = s->now;
		while (procs[who]->n_msgs == had)
			sim_run(s, SIM_USEC);
		sum += s->now - t;
		n++;
		sim_run(s, SIM_MSEC);
	}
	return sum / n;
}

/* Who sends nearly all gets the lead, and its messages are sooner there. */
static const char *test_hot(void)
{
	u64 before, after;
	u32 hot;

	up(4);
	hot = other(2);
	before = latency(hot, 20 * SIM_MSEC);
	CHECK_TRUE(!leads(hot));
	latency(hot, 200 * s->cfg.heartbeat);
	CHECK_TRUE(leads(hot));
	after = latency(hot, 20 * SIM_MSEC);
	printf("# AGREED of one sender: %llu us, as leader %llu us\n",
	       (unsigned long long)before / SIM_USEC,
	       (unsigned long long)after / SIM_USEC);
	CHECK_TRUE(after < before / 2);
	latency(hot, 200 * s->cfg.heartbeat);
	CHECK_TRUE(counted(CPG_CNT_LEADS) == 4);
	return test_calm();
}

/* Who has always more than it may send gets its share, but not the lead. */
static const char *test_full(void)
{
	struct sim_cfg cfg;
	u32 hot, k;

	sim_cfg_init(&cfg);
	cfg.n_nodes = 3;
	cfg.budget = 64 << 10;
	cfg.link.delay = 2 * SIM_MSEC;
	procs_up(&cfg);
	hot = other(1);
	for (k = 0; k < 200; k++) {
		while (procs[hot]->queued < 512 << 10)
			sim_send(procs[hot], CPG_SVC_AGREED, 1000);
		sim_run(s, s->cfg.heartbeat);
	}
	CHECK_TRUE(procs[hot]->n_msgs > 64 * 200 / 8);
	CHECK_TRUE(!counted(CPG_CNT_LEADS));
	return test_calm();
}

/* An operator's word holds, whoever sends. */
static const char *test_asked(void)
{
	u32 hot, to;

	up(4);
	hot = other(2);
	to = other(1);
	hand(to);
	latency(hot, 400 * s->cfg.heartbeat);
	CHECK_TRUE(leads(to));
	return test_calm();
}

/* Two send much: neither gets it; one after the other: not often. */
static const char *test_two(void)
{
	u32 a, b, k;
	u64 t;

	up(4);
	a = other(1);
	b = other(2);
	for (k = 0; k < 400; k++) {
		sim_send(procs[a], CPG_SVC_AGREED, 100);
		sim_send(procs[b], CPG_SVC_AGREED, 100);
		sim_run(s, s->cfg.heartbeat / 8);
	}
	CHECK_TRUE(!counted(CPG_CNT_LEADS));
	t = s->now;
	for (k = 0; k < 40; k++)
		latency(k % 2 ? a : b, 20 * s->cfg.heartbeat);
	CHECK_TRUE(s->now - t > 5 * 128 * s->cfg.heartbeat);
	CHECK_TRUE(counted(CPG_CNT_LEADS) / 4 <= 3);
	return test_calm();
}

static const struct ktap_test tests[] = {
	TEST(idle), TEST(refused), TEST(load), TEST(prompt), TEST(lost),
	TEST(deaf), TEST(old_dies), TEST(new_dies), TEST(old_alone),
	TEST(new_alone), TEST(last_word), TEST(chain), TEST(detect),
	TEST(suspect), TEST(late),
	TEST(late_in_turn), TEST(all_late), TEST(hot), TEST(full),
	TEST(asked), TEST(two),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
