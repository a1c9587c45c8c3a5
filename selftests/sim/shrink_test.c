// SPDX-License-Identifier: GPL-2.0
/*
 * Scripts: a run that is written down and read is the same run; one that
 * breaks something is shrunk to what breaks it.
 */
#include "ktap.h"
#include "shrink.h"
#include "swarm.h"

enum {
	AGAIN_SEEDS = 10,
};

static struct sim *s;
static struct sim_script *sc;

static const struct swarm_opt opt = {
	.n_nodes = 3, .n_events = 300, .faults = SWARM_ALL,
	.check_every = 16,
};

static void record(u64 seed)
{
	swarm_run(s, sc, seed, &opt);
}

static const char *again(u64 seed)
{
	struct sim_script *copy = sim_script_create(false);
	FILE *f = tmpfile();
	const char *why;
	u64 msgs;

	record(seed);
	msgs = s->n_msgs;
	sim_script_write(sc, f);
	rewind(f);
	why = sim_script_read(copy, f);
	fclose(f);
	if (why)
		return ktap_fail("cannot be read: %s", why);
	if (copy->n != sc->n ||
	    memcmp(copy->op, sc->op, sc->n * sizeof(*sc->op)) ||
	    !copy->cfg.votes != !sc->cfg.votes ||
	    (sc->cfg.votes && memcmp(copy->votes, sc->votes,
				     opt.n_nodes * sizeof(*sc->votes))))
		return ktap_fail("what was read is not what was written");
	sim_script_run(copy, s);
	if (sim_failed(s))
		return ktap_fail("%s", s->orc.text);
	if (s->n_msgs != msgs)
		return ktap_fail("%llu messages, not %llu",
				 (unsigned long long)s->n_msgs,
				 (unsigned long long)msgs);
	return NULL;
}

/* Nodes have different votes in some runs, not in others. */
static const char *test_again(void)
{
	const char *why = NULL;
	u32 n_votes = 0;
	u32 i;

	for (i = 1; !why && i <= AGAIN_SEEDS; i++) {
		why = again(i);
		n_votes += !!sc->cfg.votes;
	}
	if (!why && (!n_votes || n_votes == AGAIN_SEEDS))
		return ktap_fail("%u seeds have votes", n_votes);
	return why;
}

static const char *test_unreadable(void)
{
	static const char *const texts[] = {
		"", "cfg nodes 3\n", "0 start\n", "0 start 3\n", "0 jump 1\n",
		"x start 1\n", "votes 0 256\n", "votes 128 1\n", "votes 1\n",
		"0 start 1 1\n", "0 send 0 0 9999999\n",
	};
	FILE *f;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		f = tmpfile();
		fputs(texts[i], f);
		rewind(f);
		if (!sim_script_read(sc, f))
			return ktap_fail("read: %s", texts[i]);
		fclose(f);
	}
	return NULL;
}

/* As if it were wrong to restart a node of which a process was killed. */
static void odd_run(struct sim_script *script, struct sim *sim, void *arg)
{
	u32 kills = 0;
	u32 i;

	(void)arg;
	sim_begin(sim, &script->cfg);
	for (i = 0; i < script->n; i++) {
		kills += script->op[i].kind == SIM_OP_DETACH;
		if (kills >= 2 && script->op[i].kind == SIM_OP_CRASH)
			orc_fail(&sim->orc, ORC_GROUPS, "%u kills", kills);
	}
	sim_end(sim, false);
}

static const char *test_shrink(void)
{
	struct shrink_verdict v;
	u64 seed = 1;
	u32 i, n[__SIM_OP_NR] = {};

	do {
		record(seed++);
		shrink_try(sc, s, odd_run, NULL, &v);
	} while (v.prop != ORC_GROUPS);
	shrink_run(sc, s, odd_run, NULL, &v);
	for (i = 0; i < sc->n; i++)
		n[sc->op[i].kind]++;
	if (v.prop != ORC_GROUPS || n[SIM_OP_DETACH] != 2 ||
	    n[SIM_OP_CRASH] != 1 || n[SIM_OP_END] != 1 || sc->n != 5)
		return ktap_fail("%u steps are left: %s", sc->n, v.text);
	return NULL;
}

static void abort_run(struct sim_script *script, struct sim *sim, void *arg)
{
	u32 i;

	(void)sim;
	(void)arg;
	for (i = 0; i < script->n; i++)
		if (script->op[i].kind == SIM_OP_JOIN)
			abort();
}

static const char *test_shrink_abort(void)
{
	struct shrink_verdict v;

	record(3);
	shrink_try(sc, s, abort_run, NULL, &v);
	if (!v.died || v.prop != ORC_ENGINE)
		return ktap_fail("it survives");
	shrink_run(sc, s, abort_run, NULL, &v);
	if (!v.died || sc->n != 3)
		return ktap_fail("%u steps are left", sc->n);
	return NULL;
}

#define TEST(name)	{ #name, test_##name }

static const struct ktap_test tests[] = {
	TEST(again), TEST(unreadable), TEST(shrink), TEST(shrink_abort),
};

int main(int argc, char **argv)
{
	int bad;

	s = sim_create();
	sc = sim_script_create(false);
	bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
	sim_destroy(s);
	return bad;
}
