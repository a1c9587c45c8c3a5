// SPDX-License-Identifier: GPL-2.0
/* event.c: who owns what of a message, and what a lack of memory does. */
#include "event.h"
#include "ktap.h"

static const char *left_behind(void)
{
	if (!cpg_user_mem.live)
		return NULL;
	return ktap_fail("%llu allocations are left behind",
			 (unsigned long long)cpg_user_mem.live);
}

static const char *test_slices(void)
{
	struct cpg_buf *buf = cpg_env_buf_alloc(NULL, 10);
	struct cpg_event *ev = cpg_event_alloc_msg(NULL, 3);
	u32 i;

	for (i = 0; i < 3; i++)
		cpg_event_add_slice(ev, buf, i, i + 1);
	if (ev->nslices != 3 || ev->len != 6)
		return ktap_fail("%u slices, %u bytes", ev->nslices, ev->len);
	if (cpg_event_slices(ev)[2].off != 2 ||
	    cpg_event_slices(ev)[2].buf != buf)
		return "the third slice";
	cpg_buf_put(buf);
	if (cpg_user_mem.live != 2)
		return "the message does not hold its buffer";
	cpg_event_put(cpg_event_get(ev));
	cpg_event_put(ev);
	return left_behind();
}

static const char *test_empty(void)
{
	struct cpg_event *ev = cpg_event_alloc_msg(NULL, 0);

	if (ev->kind != CPG_EVENT_MSG || ev->len || ev->nslices)
		return "a message without slices is not empty";
	cpg_event_put(ev);
	return left_behind();
}

static const char *test_body(void)
{
	struct cpg_event *ev;
	struct cpg_view *view;

	ev = cpg_event_alloc_body(NULL, CPG_EVENT_VIEW,
				  struct_size(view, nodes, 5));
	view = cpg_event_view(ev);
	if (ev->kind != CPG_EVENT_VIEW || view->n_nodes || view->nodes[4])
		return "the body is not zeroed";
	cpg_event_put(ev);
	return left_behind();
}

static const char *test_nomem(void)
{
	struct cpg_user_env env = { .fail_in = 1 };

	if (cpg_event_alloc_msg(&env, 3))
		return "a message without memory";
	env.fail_in = 1;
	if (cpg_event_alloc_body(&env, CPG_EVENT_CONFCHG, 100))
		return "a change without memory";
	return left_behind();
}

#define TEST(name)	{ #name, test_##name }

static const struct ktap_test tests[] = {
	TEST(slices), TEST(empty), TEST(body), TEST(nomem),
};

int main(int argc, char **argv)
{
	return ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
