// SPDX-License-Identifier: GPL-2.0
/*
 * A trace of a run is right, read back it still is, and with one line altered
 * it is not: the oracle says what is broken then.
 */
#include "test.h"
#include "trace.h"

static char *trace;
static size_t trace_len;

/* Everything happens that a trace can tell of. */
static void run_all(void)
{
	u32 i;

	test_procs(3);
	for (i = 0; i < 3; i++)
		sim_send(procs[i], CPG_SVC_AGREED, 100 + i);
	sim_run(s, 10 * SIM_MSEC);
	orc_calm(&s->orc, sim_bound(s));
	sim_run(s, 10 * SIM_MSEC);
	orc_calm(&s->orc, 0);
	sim_split(s, 4);
	sim_run(s, 4 * s->cfg.suspect);
	sim_send(procs[2], CPG_SVC_AGREED, 50);
	sim_heal(s);
	sim_run(s, SIM_SEC);
	sim_send(procs[1], CPG_SVC_SAFE, 40);
	sim_leave(procs[0]);
	sim_run(s, 10 * SIM_MSEC);
	sim_detach(procs[1]);
	sim_run(s, 10 * SIM_MSEC);
	sim_node_stop(&s->nodes[0]);
}

/* A node dies, and nothing else is wrong. */
static void run_death(void)
{
	test_nodes(3);
	orc_calm(&s->orc, sim_bound(s));
	sim_node_crash(&s->nodes[2]);
	sim_run(s, SIM_SEC);
}

static const char *make_trace(void (*run)(void))
{
	const char *why;

	free(trace);
	if (!s)
		s = sim_create();
	s->trace = open_memstream(&trace, &trace_len);
	run();
	why = test_end();
	fclose(s->trace);
	s->trace = NULL;
	return why;
}

/**
 * struct edit - what is done to one line
 * @event: the line's
 * @nth: which of those, from the first; negative: from the last
 * @from: what is replaced; NULL: the line is left out
 * @to: by what
 * @prop: what is broken then; ORC_OK: the trace is refused
 */
struct edit {
	const char	*event;
	int		nth;
	const char	*from;
	const char	*to;
	enum orc_prop	prop;
};

static bool is_event(const char *line, const char *event)
{
	const char *p = strstr(line, ": cpg_");

	return p && !strncmp(p + 6, event, strlen(event)) &&
	       p[6 + strlen(event)] == ':';
}

static int count(const char *event)
{
	const char *line;
	int n = 0;

	for (line = trace; *line; line = strchr(line, '\n') + 1)
		n += is_event(line, event);
	return n;
}

static bool line_edit(char *buf, size_t size, const char *line, int len,
		      const struct edit *e)
{
	const char *at = e->from ? strstr(line, e->from) : line;
	int skip = e->from ? (int)strlen(e->from) : len;

	if (!at || at >= line + len)
		return false;
	snprintf(buf, size, "%.*s%s%.*s", (int)(at - line), line,
		 e->from ? e->to : "", (int)(line + len - at) - skip,
		 at + skip);
	return true;
}

/* Read the trace, edited; what the oracle says. */
static const char *read_trace(struct orc *o, const struct edit *e, bool *ok)
{
	int nth = e ? e->nth < 0 ? count(e->event) + e->nth : e->nth : 0;
	struct trace_reader *r = trace_reader_create(o);
	const char *line, *next;
	char buf[4096];

	*ok = true;
	for (line = trace; *line && *ok && !o->prop; line = next) {
		next = strchr(line, '\n') + 1;
		snprintf(buf, sizeof(buf), "%.*s", (int)(next - line), line);
		if (e && is_event(line, e->event) && nth-- == 0 &&
		    !line_edit(buf, sizeof(buf), line, next - line, e))
			return ktap_fail("nothing to edit in %s", buf);
		*ok = trace_reader_line(r, buf);
	}
	if (*ok && !o->prop)
		trace_reader_finish(r);
	return e && nth >= 0 ? ktap_fail("there is no such line") : NULL;
}

static const char *try_edit(void (*run)(void), const struct edit *e)
{
	struct sim_arena arena = {};
	const char *why = make_trace(run);
	struct orc orc;
	bool ok = true;

	orc_init(&orc, &arena, 0);
	if (!why)
		why = read_trace(&orc, e, &ok);
	if (!why && ok != (!e || e->prop))
		why = ktap_fail("the trace is %s", ok ? "read" : "refused");
	if (!why && orc.prop != (e ? e->prop : ORC_OK))
		why = ktap_fail("%s: %s", orc_prop_names[orc.prop], orc.text);
	sim_arena_exit(&arena);
	return why;
}

static const char *test_unaltered(void)
{
	const char *why = try_edit(run_all, NULL);

	return why ? why : try_edit(run_death, NULL);
}

#define EDIT_OF(run, test, ...)					\
static const char *test_##test(void)				\
{								\
	static const struct edit e = { __VA_ARGS__ };		\
								\
	return try_edit(run, &e);				\
}

#define EDIT(test, ...)	EDIT_OF(run_all, test, __VA_ARGS__)

EDIT(not_accepted, "accept", 0, NULL, NULL, ORC_INTEGRITY)
EDIT(other_contents, "accept", 1, "hash=", "hash=f", ORC_INTEGRITY)
EDIT(deliver_changed, "deliver", -1, "port=", "port=7", ORC_AGREED)
EDIT(deliver_missing, "deliver", 4, NULL, NULL, ORC_AGREED)
EDIT(deliver_late, "deliver", 2, "pos=", "pos=9", ORC_AGREED)
EDIT(msg_missing, "msg", 0, NULL, NULL, ORC_GROUPS)
EDIT(msg_changed, "msg", 2, "len=", "len=1", ORC_INTEGRITY)
EDIT(view_again, "view", 4, "view=", "view=1.1 not=", ORC_VIEW_ORDER)
EDIT(view_unlike, "view", -1, "{0x2,", "{", ORC_SAME_VIEW)
EDIT(trans_missing, "trans", 0, NULL, NULL, ORC_TRANS)
EDIT(trans_unlike, "trans", -1, "{0x2,0x3}", "{0x2}", ORC_TRANS)
EDIT(quorate, "quorate", 0, "quorate=0", "quorate=1", ORC_PRIMARY)
EDIT(reason, "chg", -1, "0x5}", "0x2}", ORC_GROUPS)
EDIT(not_gone, "gone", 0, NULL, NULL, ORC_GROUPS)
EDIT(not_asked, "leave", 0, NULL, NULL, ORC_GROUPS)
EDIT(other_group, "join", 1, "group=01", "group=02", ORC_GROUPS)
EDIT(still_up, "end", 0, NULL, NULL, ORC_MERGE)
EDIT(votes, "start", 0, "votes=1", "votes=2", ORC_PRIMARY)
EDIT(expected, "start", -1, "expected=3", "expected=4", ORC_PRIMARY)
EDIT(majority, "join", 2, "quorum=0", "quorum=1", ORC_PRIMARY)
EDIT(put_out, "calm", 1, NULL, NULL, ORC_EXCLUSION)
EDIT_OF(run_death, dead, "calm", 0, "bound=", "bound=1 not=", ORC_EXCLUSION)
EDIT(lost, "view", 0, "net", "[LOST 3 EVENTS] net", ORC_OK)
EDIT(garbled, "deliver", 3, "pos=", "pos=x", ORC_OK)
EDIT(unknown, "deliver", 3, "deliver", "delivers", ORC_OK)

static const struct ktap_test tests[] = {
	TEST(unaltered), TEST(not_accepted), TEST(other_contents),
	TEST(deliver_changed), TEST(deliver_missing), TEST(deliver_late),
	TEST(msg_missing), TEST(msg_changed), TEST(view_again),
	TEST(view_unlike), TEST(trans_missing), TEST(trans_unlike),
	TEST(quorate), TEST(reason), TEST(not_gone), TEST(not_asked),
	TEST(other_group), TEST(still_up), TEST(votes), TEST(expected),
	TEST(majority), TEST(put_out), TEST(dead), TEST(lost),
	TEST(garbled), TEST(unknown),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	free(trace);
	return bad;
}
