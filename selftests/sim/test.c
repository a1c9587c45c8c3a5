// SPDX-License-Identifier: GPL-2.0
/* See test.h. */
#include "test.h"

struct sim *s;
struct sim_proc *procs[TEST_NODES_MAX];
static bool running;

void test_begin(const struct sim_cfg *cfg)
{
	if (!s)
		s = sim_create();
	if (running)
		sim_end(s, false);
	running = true;
	memset(procs, 0, sizeof(procs));
	sim_begin(s, cfg);
	s->cfg.record = true;
}

void test_exit(void)
{
	if (running)
		sim_end(s, false);
	running = false;
	if (s)
		sim_destroy(s);
}

void test_nodes(u32 n)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.n_nodes = n;
	test_begin(&cfg);
	for (i = 0; i < n; i++)
		sim_node_start(&s->nodes[i]);
	CHECK_TRUE(sim_settle(s, SIM_SEC));
}

void test_procs(u32 n)
{
	u32 i;

	test_nodes(n);
	for (i = 0; i < n && !sim_failed(s); i++) {
		procs[i] = sim_join(&s->nodes[i], 1, 0, NULL);
		sim_run(s, 20 * SIM_MSEC);
	}
	test_mark();
}

void test_mark(void)
{
	u32 i;

	for (i = 0; i < TEST_NODES_MAX; i++)
		if (procs[i])
			procs[i]->text_len = 0;
}

static const char *test_result(void)
{
	running = false;
	if (!sim_failed(s))
		return NULL;
	sim_log_print(s, 40);
	return ktap_fail("%s: %s", orc_prop_names[s->orc.prop], s->orc.text);
}

/*
 * Nodes that are told of by beacons only take longer in the lan profile than
 * the bound, which is one for detection.
 */
const char *test_end(void)
{
	sim_settle(s, SIM_SEC + (s->cfg.damp << CPG_DAMP_SHIFT_MAX));
	sim_end(s, true);
	return test_result();
}

const char *test_end_now(void)
{
	sim_end(s, false);
	return test_result();
}

void test_true(bool is, int line, const char *what)
{
	if (is && !sim_failed(s))
		return;
	sim_log_print(s, 40);
	ktap_ok(ktap_fail("line %d: %s; %s: %s", line, what,
			  orc_prop_names[s->orc.prop], s->orc.text));
}

void test_text(u32 i, const char *text)
{
	const char *got = procs[i]->text_len ? procs[i]->text : "";

	test_true(true, 0, "");
	if (strcmp(got, text))
		ktap_ok(ktap_fail("process %u received \"%s\", not \"%s\"",
				  procs[i]->pid, got, text));
}

void test_any(u32 i, const char *const *texts, u32 n)
{
	const char *got = procs[i]->text_len ? procs[i]->text : "";
	u32 k;

	for (k = 0; k + 1 < n; k++)
		if (!strcmp(got, texts[k]))
			return;
	test_text(i, texts[k]);
}

struct sim_node *test_node(u32 nodeid)
{
	u32 i;

	for (i = 0; i < s->cfg.n_nodes; i++)
		if (s->nodes[i].nodeid == nodeid && s->nodes[i].eng)
			return &s->nodes[i];
	return NULL;
}

u32 test_leader(void)
{
	struct cpg_status st;

	cpg_engine_status(s->nodes[0].eng, &st);
	return st.leader;
}
