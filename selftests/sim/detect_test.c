// SPDX-License-Identifier: GPL-2.0
/* Scenarios of failure detection: who is put out, when, and by whose word. */
#include "calm.h"
#include "test.h"

enum {
	SMALL = 5,		/* nodes of a small cluster */
	LARGE = 64,		/* above, invariants are looked at rarely */
};

static void up(const struct sim_cfg *cfg)
{
	u32 i;

	test_begin(cfg);
	for (i = 0; i < cfg->n_nodes; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, 2 * SIM_SEC));
	/* Until everyone sends its heartbeats to some only. */
	sim_run(s, 3 * cfg->suspect);
	CHECK_TRUE(sim_settled(s));
}

static void up_lan(u32 n)
{
	struct sim_cfg cfg;

	sim_cfg_init(&cfg);
	cfg.n_nodes = n;
	up(&cfg);
}

static struct cpg_status status(u32 slot)
{
	struct cpg_status st;

	cpg_engine_status(s->nodes[slot].eng, &st);
	return st;
}

static u64 views(void)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < s->cfg.n_nodes; i++)
		if (s->nodes[i].eng)
			n += s->nodes[i].n_views;
	return n;
}

/* Packets that are sent in one time between heartbeats, by all. */
static u32 idle_packets(u32 n, enum cpg_profile profile)
{
	struct sim_cfg cfg;
	u64 sent = 0;
	u32 i;

	sim_cfg_init(&cfg);
	sim_cfg_profile(&cfg, profile);
	cfg.n_nodes = n;
	cfg.check_every = 0;
	up(&cfg);
	sim_run(s, SIM_SEC);
	for (i = 0; i < n; i++)
		sent -= status(i).counters[CPG_CNT_PACKETS_SENT];
	sim_run(s, SIM_SEC);
	for (i = 0; i < n; i++)
		sent += status(i).counters[CPG_CNT_PACKETS_SENT];
	return sent / n;
}

/* An idle node wakes up to send a heartbeat, or to hear one. */
static const char *test_idle_calls(void)
{
	struct sim_cfg cfg;
	u64 calls, packets;

	sim_cfg_init(&cfg);
	sim_cfg_profile(&cfg, CPG_PROFILE_DEFAULT);
	cfg.n_nodes = 3;
	up(&cfg);
	sim_run(s, SIM_SEC);
	calls = s->n_calls;
	packets = status(0).counters[CPG_CNT_PACKETS_SENT];
	sim_run(s, SIM_SEC);
	calls = s->n_calls - calls;
	packets = status(0).counters[CPG_CNT_PACKETS_SENT] - packets;
	printf("# 3 nodes: %llu calls a second, %llu packets of one node\n",
	       (unsigned long long)calls, (unsigned long long)packets);
	/* Each packet goes to one node; a timer sends two. */
	CHECK_TRUE(calls <= 3 * (packets + packets / 2));
	return test_end_now();
}

/* What an idle node sends does not grow as the cluster does. */
static const char *test_idle(void)
{
	static const struct {
		u32	n;
		u32	max;	/* packets in a second, in the mean */
	} sizes[] = {
		{ 3, 42 }, { 8, 90 }, { 32, 100 }, { 64, 220 }, { 128, 300 },
	};
	u32 i, sent;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		sent = idle_packets(sizes[i].n, CPG_PROFILE_DEFAULT);
		printf("# %u nodes: %u packets a second each\n", sizes[i].n,
		       sent);
		CHECK_TRUE(sent <= sizes[i].max);
	}
	return test_end_now();
}

static const char *die(u32 n, u32 slot, enum cpg_profile profile, u64 phase,
		       u64 bound)
{
	struct sim_cfg cfg;

	sim_cfg_init(&cfg);
	sim_cfg_profile(&cfg, profile);
	cfg.n_nodes = n;
	cfg.check_every = n > LARGE ? 1024 : 16;
	up(&cfg);
	sim_run(s, phase);
	CHECK_TRUE(sim_bound(s) == bound);
	orc_calm(&s->orc, bound);
	sim_node_crash(&s->nodes[slot]);
	sim_run(s, bound + 1);
	CHECK_TRUE(sim_settled(s));
	return test_end();
}

/* Every node of a small cluster, some of a large one, at several moments. */
static const char *die_all(u32 n, enum cpg_profile profile, u64 bound)
{
	struct cpg_engine_config cfg = { };
	const char *why = NULL;
	u32 step = n > SMALL ? n / 2 : 1;
	u32 slot, i;

	cpg_engine_config_profile(&cfg, profile);
	for (slot = 0; slot < n && !why; slot += step)
		for (i = 0; i < (n > SMALL ? 1 : 3) && !why; i++)
			why = die(n, slot, profile, i * cfg.heartbeat / 3,
				  bound);
	return why;
}

static const char *die_profile(enum cpg_profile profile, u64 bound)
{
	static const u32 sizes[] = { 2, 3, 5, 12, 40 };
	const char *why = NULL;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes) && !why; i++)
		why = die_all(sizes[i], profile, bound);
	return why;
}

/*
 * One hears the leader at odd times and is the last to believe that it is dead.
 * Whoever knows already does not leave for a view of its own.
 */
static const char *test_dead_odd(void)
{
	struct sim_cfg cfg;

	sim_cfg_init(&cfg);
	sim_cfg_profile(&cfg, CPG_PROFILE_DEFAULT);
	up(&cfg);
	sim_link(s, 0, 1)->jitter = 180 * SIM_MSEC;
	sim_run(s, 5 * SIM_SEC);
	/* Odd times earn it as much again. */
	orc_calm(&s->orc, 2 * sim_bound(s));
	sim_node_crash(&s->nodes[0]);
	sim_run(s, 2 * sim_bound(s) + 1);
	CHECK_TRUE(sim_settled(s));
	return test_end();
}

static const char *test_dead_lan(void)
{
	return die_profile(CPG_PROFILE_LAN, 50 * SIM_MSEC);
}

/* As many as there can be: all of them gather in that time. */
static const char *test_dead_largest(void)
{
	return die(CPG_NODES_MAX, 0, CPG_PROFILE_LAN, 0, 50 * SIM_MSEC);
}

static const char *test_dead_default(void)
{
	return die_profile(CPG_PROFILE_DEFAULT, 300 * SIM_MSEC);
}

/* Nobody is put out in some minutes of loss and pauses, in both profiles. */
static const char *test_calm(void)
{
	u64 seed;

	for (seed = 1; seed <= 4; seed++) {
		struct sim_cfg cfg;

		sim_cfg_init(&cfg);
		test_begin(&cfg);
		calm_run(s, seed, 1);
		CHECK_TRUE(!sim_failed(s));
	}
	return NULL;
}

/*
 * Cut links between nodes as given, let it settle, see that it has and stays
 * so, and that views are as expected: the lowest node id of each node's view,
 * in order.  Where no part has a majority, more than one outcome can be right:
 * @reps has all of them, with a bar between.
 */
static const char *mesh(u32 n, const char *const *cuts, const char *reps)
{
	char seen[SIM_NODES_MAX + 1] = "";
	struct cpg_status st;
	u64 n_views, n_seen = 0;
	u32 i;

	up_lan(n);
	for (i = 0; cuts[i]; i++) {
		u32 a = cuts[i][0] - '1', b = cuts[i][2] - '1';

		sim_cut(s, a, b, true);
		if (cuts[i][1] == '-')
			sim_cut(s, b, a, true);
	}
	/* The slowest find is a link that nobody's heartbeats need. */
	sim_run(s, 3 * n * s->cfg.suspect);
	n_views = views();
	sim_run(s, 10 * SIM_SEC);
	CHECK_TRUE(views() == n_views);
	for (i = 0; i < n; i++) {
		st = status(i);
		CHECK_TRUE(st.state == CPG_STATE_OPERATIONAL);
		seen[i] = (char)('0' + st.view_rep);
		n_seen += st.view_rep == 1 + i ? st.n_nodes : 0;
	}
	CHECK_TRUE(n_seen == n);
	CHECK_TRUE(strstr(reps, seen));
	/* All links within a view work. */
	for (i = 0; cuts[i]; i++)
		CHECK_TRUE(seen[cuts[i][0] - '1'] != seen[cuts[i][2] - '1']);
	sim_heal(s);
	return test_end();
}

#define MESH(name, n, reps, ...)					\
static const char *test_##name(void)					\
{									\
	static const char *const cuts[] = { __VA_ARGS__, NULL };	\
									\
	return mesh(n, cuts, reps);					\
}

/* a-b: cut; a>b: b does not hear a. */
MESH(chain3, 3, "113", "1-3")
MESH(oneway3, 3, "113", "1>3")
MESH(oneway3_back, 3, "113", "3>1")
MESH(oneway2, 2, "12", "2>1")
MESH(oneway2_back, 2, "12", "1>2")
MESH(link5, 5, "11115", "2-5")
MESH(link5_oneway, 5, "11115", "5>2")
MESH(link8_unwatched, 8, "11111118", "8>4")
MESH(link8_unwatched_back, 8, "11111118", "4>8")
/* The majority stays, whoever is the lowest. */
MESH(hub5, 5, "12222", "1-3", "1-4", "1-5")
MESH(hub5_oneway, 5, "12222", "1>3", "4>1", "1>5")
MESH(chain5, 5, "11335|11344|12244", "1-3", "1-4", "1-5", "2-4", "2-5", "3-5")
MESH(bar6, 6, "111444", "1-4", "1-5", "1-6", "2-4", "2-5", "2-6", "3-5", "3-6")
MESH(star4, 4, "1134", "1-3", "1-4", "3-4", "2>3")
MESH(deaf5, 5, "11115", "1>5", "2>5", "3>5", "4>5")
MESH(mute5, 5, "11115", "5>1", "5>2", "5>3", "5>4")

/* A link that loses all for a time below that of two detections is no loss. */
static const char *test_link_short(void)
{
	u64 n_views;

	up_lan(3);
	n_views = views();
	sim_cut(s, 0, 2, true);
	sim_cut(s, 2, 0, true);
	sim_run(s, s->cfg.suspect + s->cfg.suspect / 2);
	sim_heal(s);
	sim_run(s, SIM_SEC);
	CHECK_TRUE(views() == n_views);
	CHECK_TRUE(status(0).counters[CPG_CNT_CLEARED]);
	return test_end();
}

/*
 * The node that misses a dead one first is not the one to go: the other, which
 * still waits for it, is only late.
 */
static const char *test_first_to_know(void)
{
	u64 n_views;

	up_lan(3);
	/* Node 1 expects node 2 to be late. */
	sim_link(s, 1, 0)->loss = 300000;
	sim_run(s, 100 * s->cfg.heartbeat);
	sim_link(s, 1, 0)->loss = 0;
	CHECK_TRUE(sim_settled(s));
	sim_node_crash(&s->nodes[1]);
	n_views = views();
	sim_run(s, 4 * s->cfg.suspect);
	CHECK_TRUE(status(0).n_nodes == 2 && status(2).n_nodes == 2);
	CHECK_TRUE(views() == n_views + 2);
	sim_heal(s);
	return test_end();
}

/* Stands still so often that it is expected to: its deadline grew. */
static const char *pause_often(bool often, bool *is_out)
{
	u32 i;

	up_lan(3);
	for (i = 0; often && i < 60; i++) {
		sim_node_pause(&s->nodes[2], s->cfg.suspect * 2 / 3);
		sim_run(s, 50 * SIM_MSEC);
	}
	CHECK_TRUE(sim_settled(s));
	sim_node_pause(&s->nodes[2], s->cfg.suspect + 20 * SIM_MSEC);
	sim_run(s, s->cfg.suspect + 19 * SIM_MSEC);
	*is_out = status(0).n_nodes == 2;
	return test_end();
}

static const char *test_adaptive(void)
{
	bool is_out = false;
	const char *why;

	why = pause_often(false, &is_out);
	CHECK_TRUE(is_out);
	if (!why)
		why = pause_often(true, &is_out);
	CHECK_TRUE(!is_out);
	return why;
}

/* Who doubts itself waits for another's word; not for ever. */
static const char *test_doubt(void)
{
	up_lan(3);
	cpg_engine_doubt(s->nodes[2].eng, s->now);
	sim_split(s, 4);
	sim_run(s, 50 * SIM_MSEC);
	CHECK_TRUE(status(0).n_nodes == 2);
	sim_run(s, s->cfg.suspect);
	sim_heal(s);
	CHECK_TRUE(sim_converge(s, sim_limit(s)));
	up_lan(3);
	sim_split(s, 4);
	for (; s->nodes[2].n_view == 3 && !sim_failed(s); sim_run(s, SIM_MSEC))
		cpg_engine_doubt(s->nodes[2].eng, s->now);
	return test_end_now();
}

/* With a witness, doubt changes nothing. */
static const char *test_doubt_witness(void)
{
	up_lan(3);
	cpg_engine_doubt(s->nodes[0].eng, s->now);
	cpg_engine_doubt(s->nodes[1].eng, s->now);
	orc_calm(&s->orc, sim_bound(s));
	sim_node_crash(&s->nodes[2]);
	sim_run(s, sim_bound(s) + 1);
	return test_end();
}

/* Alone with a doubt, the view stays as it is for a while. */
static const char *test_doubt_alone(void)
{
	u64 start;

	up_lan(2);
	sim_node_crash(&s->nodes[1]);
	start = s->now;
	sim_run(s, s->cfg.suspect - s->cfg.heartbeat - SIM_MSEC);
	cpg_engine_doubt(s->nodes[0].eng, s->now);
	sim_run(s, s->cfg.suspect - SIM_MSEC);
	CHECK_TRUE(status(0).n_nodes == 2);
	CHECK_TRUE(sim_run_until(s, sim_settled, 3 * s->cfg.suspect));
	CHECK_TRUE(s->now - start > 50 * SIM_MSEC);
	return test_end();
}

static u64 unreachable(bool tell)
{
	struct sim_cfg cfg;
	u64 start;
	u32 i;

	sim_cfg_init(&cfg);
	sim_cfg_profile(&cfg, CPG_PROFILE_DEFAULT);
	cfg.n_nodes = 4;
	up(&cfg);
	sim_node_crash(&s->nodes[3]);
	start = s->now;
	for (i = 0; tell && i < 3; i++) {
		cpg_engine_unreachable(s->nodes[i].eng, s->now, 4);
		sim_node_called(&s->nodes[i]);
	}
	CHECK_TRUE(sim_run_until(s, sim_settled, SIM_SEC));
	return s->now - start;
}

static const char *test_unreachable(void)
{
	u64 told = unreachable(true);
	u64 silent = unreachable(false);

	printf("# out after %llu ms, or %llu\n",
	       (unsigned long long)(told / SIM_MSEC),
	       (unsigned long long)(silent / SIM_MSEC));
	CHECK_TRUE(told <= 130 * SIM_MSEC && silent > 200 * SIM_MSEC);
	return test_end();
}

/* It may be a lie: nothing comes of it, also if the node is busy. */
static const char *test_unreachable_lie(void)
{
	u32 i, k;

	up_lan(4);
	orc_calm(&s->orc, sim_bound(s));
	for (k = 0; k < 50; k++) {
		if (k % 5 == 0)
			sim_node_pause(&s->nodes[3], s->cfg.heartbeat / 2);
		for (i = 0; i < 3; i++) {
			cpg_engine_unreachable(s->nodes[i].eng, s->now, 4);
			sim_node_called(&s->nodes[i]);
		}
		cpg_engine_unreachable(s->nodes[0].eng, s->now, 77);
		sim_run(s, 3 * SIM_MSEC);
	}
	return test_end();
}

/* How long after the end of the @k th break does the third node come back? */
static u64 flap_time(u32 k)
{
	u64 start, last = 0;

	up_lan(3);
	while (k--) {
		sim_split(s, 4);
		sim_run(s, SIM_SEC);
		CHECK_TRUE(status(0).n_nodes == 2);
		sim_heal(s);
		start = s->now;
		CHECK_TRUE(sim_run_until(s, sim_settled, 20 * SIM_SEC));
		last = s->now - start;
	}
	return last;
}

static const char *test_flap(void)
{
	u64 t[5];
	u32 k;

	for (k = 1; k < 5; k++) {
		t[k] = flap_time(k);
		printf("# back after %llu ms\n",
		       (unsigned long long)(t[k] / SIM_MSEC));
		CHECK_TRUE(k == 1 ? t[k] < 150 * SIM_MSEC :
			   t[k] >= (100 * SIM_MSEC << k) &&
			   t[k] < (100 * SIM_MSEC << k) + 250 * SIM_MSEC);
	}
	/* A minute later all is forgotten; and there is a limit. */
	sim_run(s, 61 * SIM_SEC);
	sim_split(s, 4);
	sim_run(s, SIM_SEC);
	sim_heal(s);
	CHECK_TRUE(sim_run_until(s, sim_settled, 150 * SIM_MSEC));
	CHECK_TRUE(flap_time(9) < (100 * SIM_MSEC << 6) + 250 * SIM_MSEC);
	return test_end();
}

/*
 * One stands still for almost as long as is allowed, and then hears nothing for
 * a little longer: it was late itself, so it blames nobody.
 */
static const char *test_stall(void)
{
	u64 suspect, heartbeat;
	u32 i, k;
	u64 n;

	for (i = 0; i < 8; i++) {
		up_lan(3);
		suspect = s->cfg.suspect;
		heartbeat = s->cfg.heartbeat;
		sim_run(s, i * heartbeat / 8);
		n = views();
		for (k = 0; k < 3; k += 2)
			sim_cut(s, k, 1, true);
		sim_node_pause(&s->nodes[1], suspect - heartbeat - SIM_MSEC);
		sim_run(s, suspect + 3 * SIM_MSEC);
		sim_heal(s);
		sim_run(s, 4 * suspect);
		CHECK_TRUE(views() == n);
	}
	return test_end();
}

/*
 * The leader is one of the next two of the last nodes of a view.  Two of their
 * heartbeats get lost on the way to it and to the other one, and then they are
 * not scheduled: three hear each of their heartbeats, so one can vouch.
 */
static const char *test_third_witness(void)
{
	u32 slot, phase, views;

	for (slot = 3; slot < 5; slot++) {
		test_nodes(5);
		sim_run(s, SIM_SEC);
		CHECK_TRUE(test_leader() == s->nodes[0].nodeid);
		views = status(0).counters[CPG_CNT_VIEWS];
		for (phase = 0; phase < 20; phase++) {
			u32 other = (slot + 1) % 5 ? (slot + 1) % 5 : 1;

			sim_run(s, SIM_SEC + phase * 5 * SIM_MSEC);
			sim_cut(s, slot, 0, true);
			sim_cut(s, slot, other, true);
			sim_run(s, 2 * s->cfg.heartbeat);
			sim_cut(s, slot, 0, false);
			sim_cut(s, slot, other, false);
			sim_node_pause(&s->nodes[slot], s->cfg.suspect +
				       s->cfg.corroborate -
				       2 * s->cfg.heartbeat);
		}
		sim_run(s, SIM_SEC);
		CHECK_TRUE(status(0).counters[CPG_CNT_VIEWS] == views);
	}
	return test_end();
}

/*
 * Who hears a node for the first time says so at once: a node that starts need
 * not wait for the next beacon of the others.
 */
static const char *test_meet(void)
{
	u32 profile, phase;

	for (profile = 0; profile < 2; profile++) {
		struct sim_cfg cfg;

		sim_cfg_init(&cfg);
		sim_cfg_profile(&cfg, profile ? CPG_PROFILE_LAN :
						CPG_PROFILE_DEFAULT);
		for (phase = 0; phase < 20; phase++) {
			test_begin(&cfg);
			sim_node_start(&s->nodes[0]);
			sim_node_start(&s->nodes[2]);
			sim_run(s, SIM_SEC + phase * cfg.beacon / 20);
			CHECK_TRUE(sim_settled(s));
			sim_node_start(&s->nodes[1]);
			sim_run(s, cfg.beacon / 2);
			CHECK_TRUE(sim_settled(s));
			CHECK_TRUE(status(1).n_nodes == 3);
		}
	}
	return test_end();
}

static const struct ktap_test tests[] = {
	TEST(idle), TEST(idle_calls), TEST(dead_lan), TEST(dead_largest),
	TEST(dead_default), TEST(dead_odd),
	TEST(calm), TEST(chain3), TEST(oneway3), TEST(oneway3_back),
	TEST(oneway2), TEST(oneway2_back), TEST(link5), TEST(link5_oneway),
	TEST(link8_unwatched), TEST(link8_unwatched_back), TEST(hub5),
	TEST(hub5_oneway), TEST(chain5), TEST(bar6), TEST(star4),
	TEST(deaf5), TEST(mute5), TEST(first_to_know), TEST(link_short),
	TEST(adaptive), TEST(third_witness),
	TEST(doubt), TEST(doubt_witness), TEST(doubt_alone), TEST(stall),
	TEST(unreachable), TEST(unreachable_lie), TEST(flap),
	TEST(meet),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
