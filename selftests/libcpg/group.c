// SPDX-License-Identifier: GPL-2.0
/* Joining and leaving: what the calls return and who is told what. */

#include "kselftest_harness.h"

#include <limits.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

enum {
	DOWN_MS = 100,		/* until a dead process is noticed */
	MESSAGES = 50,
	TRIES = 5,
};

FIXTURE(group)
{
	struct peer p;
	struct client a;
};

FIXTURE_SETUP(group)
{
	ASSERT_EQ(0, client_node());
	ASSERT_EQ(0, peer_start(&self->p));
	ASSERT_EQ(CS_OK, client_open(&self->a));
}

FIXTURE_TEARDOWN(group)
{
	cpg_finalize(self->a.handle);
	peer_kill(&self->p);
}

/* This process and then the peer are in the group, and both know. */
static void both_join(struct __test_metadata *_metadata,
		      struct _test_data_group *self)
{
	const struct ev *mine;
	struct ev theirs;

	while (client_join(&self->a, "group") == CS_ERR_TRY_AGAIN)
		usleep(1000);
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 1, 0, 1));
	ASSERT_EQ(CS_OK, peer_join(&self->p, "group"));
	mine = client_next(&self->a);
	ASSERT_TRUE(ev_is_conf(mine, 2, 0, 1));
	theirs = peer_next(&self->p);
	ASSERT_TRUE(ev_is_conf(&theirs, 2, 0, 1));
}

/* The next event says that the peer has gone. */
static void expect_gone(struct __test_metadata *_metadata,
			struct _test_data_group *self, cpg_reason_t reason)
{
	const struct ev *ev = client_next(&self->a);

	ASSERT_TRUE(ev_is_conf(ev, 1, 1, 0));
	EXPECT_TRUE(ev_list_has(ev->members, 1, getpid(), 0));
	EXPECT_TRUE(ev_list_has(ev->left, 1, self->p.pid, reason));
}

static void name_of_length(struct cpg_name *name, uint32_t length)
{
	uint32_t i;

	*name = (struct cpg_name){ .length = length };
	for (i = 0; i < length; i++)
		name->value[i] = i * 7;
}

/* A handle joins @name and sends there; what it is told is of group @want. */
static void expect_name(struct __test_metadata *_metadata,
			const struct cpg_name *name,
			const struct cpg_name *want)
{
	const struct ev *ev;
	struct client c;

	ASSERT_EQ(CS_OK, client_open(&c));
	ASSERT_EQ(CS_OK, cpg_join(c.handle, name));
	ev = client_next(&c);
	ASSERT_TRUE(ev_is_conf(ev, 1, 0, 1));
	EXPECT_EQ(0, memcmp(want, &ev->group, sizeof(*want)));
	ASSERT_EQ(CS_OK, client_send(&c, 10, 1));
	ev = client_next(&c);
	ASSERT_TRUE(ev_is_msg(ev, 10, 1));
	EXPECT_EQ(0, memcmp(want, &ev->group, sizeof(*want)));
	ASSERT_EQ(CS_OK, cpg_leave(c.handle, name));
	ASSERT_TRUE(ev_is_conf(client_next(&c), 0, 1, 0));
	ASSERT_EQ(CS_OK, cpg_finalize(c.handle));
}

static const uint32_t lengths[] = { 0, 1, 127, 128 };

TEST_F(group, c19_names)
{
	struct cpg_name name;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		name_of_length(&name, lengths[i]);
		expect_name(_metadata, &name, &name);
	}
}

/* Programs print names as strings. */
TEST_F(group, what_is_behind_a_name_is_0)
{
	struct cpg_name name, dirty;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		name_of_length(&name, lengths[i]);
		dirty = name;
		memset(dirty.value + dirty.length, 'x', 128 - dirty.length);
		expect_name(_metadata, &dirty, &name);
	}
}

TEST_F(group, names_differ_by_length)
{
	struct cpg_name without = { .length = 1, .value = "X" };
	struct cpg_name with = { .length = 2, .value = "X" };
	struct client b;

	ASSERT_EQ(CS_OK, client_open(&b));
	ASSERT_EQ(CS_OK, cpg_join(self->a.handle, &without));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 1, 0, 1));
	ASSERT_EQ(CS_OK, cpg_join(b.handle, &with));
	ASSERT_TRUE(ev_is_conf(client_next(&b), 1, 0, 1));
	EXPECT_TRUE(client_is_quiet(&self->a));
	EXPECT_EQ(CS_OK, cpg_finalize(b.handle));
}

TEST_F(group, c20_first_event_is_the_own_join)
{
	const struct ev *ev;
	unsigned int id;

	ASSERT_EQ(CS_OK, cpg_local_get(self->a.handle, &id));
	ev = client_joined(&self->a, "group");
	ASSERT_TRUE(ev_is_conf(ev, 1, 0, 1));
	EXPECT_EQ(self->a.handle, ev->handle);
	EXPECT_EQ(id, ev->members[0].nodeid);
	EXPECT_TRUE(ev_list_has(ev->members, 1, getpid(),
				CPG_REASON_UNDEFINED));
	EXPECT_EQ(id, ev->joined[0].nodeid);
	EXPECT_TRUE(ev_list_has(ev->joined, 1, getpid(), CPG_REASON_JOIN));
}

TEST_F(group, c22_join_twice)
{
	ASSERT_EQ(CS_OK, client_join(&self->a, "group"));
	EXPECT_EQ(CS_ERR_EXIST, client_join(&self->a, "group"));
	EXPECT_EQ(CS_ERR_EXIST, client_join(&self->a, "other"));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 1, 0, 1));
	EXPECT_EQ(CS_ERR_EXIST, client_join(&self->a, "group"));
	EXPECT_EQ(CS_ERR_EXIST, client_join(&self->a, "other"));
	EXPECT_TRUE(client_is_quiet(&self->a));
}

TEST_F(group, c23_same_process_twice)
{
	struct client b;

	ASSERT_EQ(CS_OK, client_open(&b));
	ASSERT_TRUE(ev_is_conf(client_joined(&self->a, "group"), 1, 0, 1));
	EXPECT_EQ(CS_ERR_EXIST, client_join(&b, "group"));
	EXPECT_TRUE(ev_is_conf(client_joined(&b, "other"), 1, 0, 1));
	EXPECT_TRUE(client_is_quiet(&self->a));
	EXPECT_EQ(CS_OK, cpg_finalize(b.handle));
}

/* The others are told at once, not when the callback returns. */
static void hook_finalize(struct client *c)
{
	struct _test_data_group *self = c->hook_arg;
	struct ev ev;

	c->hook = NULL;
	c->hook_error = cpg_finalize(c->handle);
	ev = peer_next(&self->p);
	if (!ev_is_conf(&ev, 1, 1, 0) ||
	    !ev_list_has(ev.left, 1, getpid(), CPG_REASON_PROCDOWN))
		c->hook_error = CS_ERR_FAILED_OPERATION;
}

TEST_F(group, finalize_in_callback)
{
	both_join(_metadata, self);
	ASSERT_EQ(CS_OK, peer_send(&self->p, 3, 1));
	ASSERT_EQ(EV_MSG, peer_next(&self->p).kind);
	self->a.hook = hook_finalize;
	self->a.hook_arg = self;
	EXPECT_EQ(CS_ERR_BAD_HANDLE,
		  cpg_dispatch(self->a.handle, CS_DISPATCH_BLOCKING));
	EXPECT_EQ(CS_OK, self->a.hook_error);
}

TEST_F(group, c24_finalize_and_join_again)
{
	struct client b;
	cs_error_t error;
	int i;

	ASSERT_TRUE(ev_is_conf(client_joined(&self->a, "group"), 1, 0, 1));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(CS_OK, cpg_finalize(self->a.handle));
		ASSERT_EQ(CS_OK, client_open(&b));
		while ((error = client_join(&b, "group")) == CS_ERR_TRY_AGAIN)
			usleep(1000);
		ASSERT_EQ(CS_OK, error);
		ASSERT_TRUE(ev_is_conf(client_next(&b), 1, 0, 1));
		ASSERT_EQ(CS_OK, cpg_finalize(b.handle));

		ASSERT_EQ(CS_OK, client_open(&self->a));
		while ((error = client_join(&self->a, "group")) ==
		       CS_ERR_TRY_AGAIN)
			usleep(1000);
		ASSERT_EQ(CS_OK, error);
		ASSERT_TRUE(ev_is_conf(client_next(&self->a), 1, 0, 1));
	}
}

TEST_F(group, c25_two_processes)
{
	const struct ev *mine;
	struct ev theirs;
	unsigned int i;

	both_join(_metadata, self);
	EXPECT_TRUE(ev_list_has(self->a.last.joined, 1, self->p.pid,
				CPG_REASON_JOIN));
	EXPECT_TRUE(ev_list_has(self->a.last.members, 2, getpid(), 0));
	for (i = 0; i < MESSAGES; i++) {
		ASSERT_EQ(CS_OK, client_send(&self->a, i, i));
		ASSERT_EQ(CS_OK, peer_send(&self->p, i, i));
	}
	for (i = 0; i < 2 * MESSAGES; i++) {
		mine = client_next(&self->a);
		theirs = peer_next(&self->p);
		ASSERT_NE(NULL, mine);
		ASSERT_EQ(EV_MSG, mine->kind);
		ASSERT_EQ(mine->pid, theirs.pid);
		ASSERT_EQ(mine->len, theirs.len);
		ASSERT_EQ(mine->sum, theirs.sum);
	}
}

TEST_F(group, c26_leave_without_being_in)
{
	EXPECT_EQ(CS_ERR_NOT_EXIST, client_leave(&self->a, "group"));
	ASSERT_TRUE(ev_is_conf(client_joined(&self->a, "group"), 1, 0, 1));
	EXPECT_EQ(CS_OK, client_leave(&self->a, "group"));
	EXPECT_EQ(CS_ERR_NOT_EXIST, client_leave(&self->a, "group"));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 0, 1, 0));
	EXPECT_EQ(CS_ERR_NOT_EXIST, client_leave(&self->a, "group"));
}

TEST_F(group, c26_leave_at_once)
{
	ASSERT_EQ(CS_OK, client_join(&self->a, "group"));
	EXPECT_EQ(CS_OK, client_leave(&self->a, "group"));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 1, 0, 1));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 0, 1, 0));
}

TEST_F(group, c27_leave)
{
	struct ev ev;

	both_join(_metadata, self);
	EXPECT_EQ(CS_OK, peer_leave(&self->p, "group"));
	expect_gone(_metadata, self, CPG_REASON_LEAVE);
	ev = peer_next(&self->p);
	EXPECT_TRUE(ev_is_conf(&ev, 1, 1, 0));
	EXPECT_TRUE(ev_list_has(ev.members, 1, getpid(), 0));
	EXPECT_TRUE(ev_list_has(ev.left, 1, self->p.pid, CPG_REASON_LEAVE));
}

TEST_F(group, c28_last_one_leaves)
{
	const struct ev *ev;

	ASSERT_TRUE(ev_is_conf(client_joined(&self->a, "group"), 1, 0, 1));
	EXPECT_EQ(CS_OK, client_leave(&self->a, "group"));
	ev = client_next(&self->a);
	ASSERT_TRUE(ev_is_conf(ev, 0, 1, 0));
	EXPECT_TRUE(ev_list_has(ev->left, 1, getpid(), CPG_REASON_LEAVE));
}

TEST_F(group, c30_nothing_after_the_own_leave)
{
	both_join(_metadata, self);
	ASSERT_EQ(CS_OK, client_leave(&self->a, "group"));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 1, 1, 0));
	ASSERT_EQ(CS_OK, peer_send(&self->p, 10, 1));
	ASSERT_EQ(CS_OK, peer_leave(&self->p, "group"));
	EXPECT_TRUE(client_is_quiet(&self->a));
}

TEST_F(group, c31_join_after_leave)
{
	static const char *const names[] = { "group", "group", "other" };
	const struct ev *ev;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ev = client_joined(&self->a, names[i]);
		ASSERT_TRUE(ev_is_conf(ev, 1, 0, 1));
		EXPECT_EQ(0, strcmp(names[i], ev->group.value));
		ASSERT_EQ(CS_OK, client_send(&self->a, 10, i));
		EXPECT_TRUE(ev_is_msg(client_next(&self->a), 10, i));
		ASSERT_EQ(CS_OK, client_leave(&self->a, names[i]));
		/* Not before the program has been told that it left. */
		EXPECT_EQ(CS_ERR_EXIST, client_join(&self->a, names[i]));
		ev = client_next(&self->a);
		ASSERT_TRUE(ev_is_conf(ev, 0, 1, 0));
		EXPECT_EQ(0, strcmp(names[i], ev->group.value));
	}
}

TEST_F(group, c32_leave_ignores_the_name)
{
	both_join(_metadata, self);
	EXPECT_EQ(CS_OK, peer_leave(&self->p, "another"));
	expect_gone(_metadata, self, CPG_REASON_LEAVE);
}

TEST_F(group, c33_finalize_without_leave)
{
	both_join(_metadata, self);
	EXPECT_EQ(CS_OK, peer_finalize(&self->p));
	expect_gone(_metadata, self, CPG_REASON_PROCDOWN);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

/* A machine may be busy, but not every time. */
TEST_F(group, c34_killed)
{
	long start, took, best = LONG_MAX;
	int i;

	for (i = 0; i < TRIES; i++) {
		both_join(_metadata, self);
		start = now_ms();
		ASSERT_EQ(0, kill(self->p.pid, SIGKILL));
		expect_gone(_metadata, self, CPG_REASON_PROCDOWN);
		took = now_ms() - start;
		best = took < best ? took : best;

		ASSERT_EQ(CS_OK, cpg_finalize(self->a.handle));
		peer_kill(&self->p);
		ASSERT_EQ(0, peer_start(&self->p));
		ASSERT_EQ(CS_OK, client_open(&self->a));
	}
	EXPECT_LT(best, DOWN_MS * client_speed());
}

TEST_F(group, c35_leave_and_finalize)
{
	both_join(_metadata, self);
	EXPECT_EQ(CS_OK, peer_leave(&self->p, "group"));
	EXPECT_EQ(CS_OK, peer_finalize(&self->p));
	expect_gone(_metadata, self, CPG_REASON_LEAVE);
	EXPECT_TRUE(client_is_quiet(&self->a));
}

TEST_F(group, join_and_finalize_at_once)
{
	const struct ev *ev;

	ASSERT_TRUE(ev_is_conf(client_joined(&self->a, "group"), 1, 0, 1));
	ASSERT_EQ(CS_OK, peer_join(&self->p, "group"));
	ASSERT_EQ(CS_OK, peer_finalize(&self->p));
	ev = client_next(&self->a);
	ASSERT_TRUE(ev_is_conf(ev, 2, 0, 1));
	EXPECT_TRUE(ev_list_has(ev->joined, 1, self->p.pid, CPG_REASON_JOIN));
	expect_gone(_metadata, self, CPG_REASON_PROCDOWN);
}

TEST_F(group, c36_message_then_finalize)
{
	unsigned int i;

	both_join(_metadata, self);
	for (i = 0; i < MESSAGES; i++)
		ASSERT_EQ(CS_OK, peer_send(&self->p, 1000, i));
	EXPECT_EQ(CS_OK, peer_finalize(&self->p));
	for (i = 0; i < MESSAGES; i++)
		ASSERT_TRUE(ev_is_msg(client_next(&self->a), 1000, i));
	expect_gone(_metadata, self, CPG_REASON_PROCDOWN);
}

TEST_F(group, c37_message_then_exit)
{
	both_join(_metadata, self);
	peer_send_and_exit(&self->p, 1000, 1);
	EXPECT_TRUE(ev_is_msg(client_next(&self->a), 1000, 1));
	expect_gone(_metadata, self, CPG_REASON_PROCDOWN);
}

TEST_F(group, c57_ascending_order)
{
	enum { PEERS = 4 };
	struct peer p[PEERS];
	const struct ev *ev;
	size_t i;

	ASSERT_EQ(CS_OK, cpg_finalize(self->a.handle));
	for (i = 0; i < PEERS; i++)
		ASSERT_EQ(0, peer_start(&p[i]));
	for (i = PEERS; i--;)
		ASSERT_EQ(CS_OK, peer_join(&p[i], "group"));
	ASSERT_EQ(CS_OK, client_open(&self->a));
	ev = client_joined(&self->a, "group");
	ASSERT_TRUE(ev_is_conf(ev, PEERS + 1, 0, 1));
	for (i = 1; i < ev->n_members; i++)
		EXPECT_LT(ev->members[i - 1].pid, ev->members[i].pid);
	for (i = 0; i < PEERS; i++)
		peer_kill(&p[i]);
}

TEST_HARNESS_MAIN
