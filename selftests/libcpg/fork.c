// SPDX-License-Identifier: GPL-2.0
/* Children of a process that has a handle. */

#include "kselftest_harness.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

FIXTURE(fork)
{
	struct peer p;
	struct client a;
};

FIXTURE_SETUP(fork)
{
	ASSERT_EQ(0, client_node());
	ASSERT_EQ(0, peer_start(&self->p));
	ASSERT_EQ(CS_OK, client_open(&self->a));
	ASSERT_TRUE(ev_is_conf(client_joined(&self->a, "group"), 1, 0, 1));
	ASSERT_EQ(CS_OK, peer_join(&self->p, "group"));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 2, 0, 1));
	peer_next(&self->p);
}

FIXTURE_TEARDOWN(fork)
{
	cpg_finalize(self->a.handle);
	peer_kill(&self->p);
}

static void expect_undisturbed(struct __test_metadata *_metadata,
			       struct _test_data_fork *self, pid_t child)
{
	struct ev ev;
	int status;

	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(peer_is_quiet(&self->p));
	ASSERT_EQ(CS_OK, client_send(&self->a, 10, 1));
	EXPECT_TRUE(ev_is_msg(client_next(&self->a), 10, 1));
	ev = peer_next(&self->p);
	EXPECT_TRUE(ev_is_msg(&ev, 10, 1));
	EXPECT_EQ(getpid(), (pid_t)ev.pid);
}

TEST_F(fork, c77_child_exits)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	expect_undisturbed(_metadata, self, child);
}

TEST_F(fork, c77_child_closes)
{
	pid_t child = fork();
	int fd;

	if (!child) {
		if (cpg_fd_get(self->a.handle, &fd) != CS_OK || close(fd))
			_exit(1);
		_exit(0);
	}
	expect_undisturbed(_metadata, self, child);
}

TEST_F(fork, c77_child_runs_another_program)
{
	pid_t child = fork();

	if (!child) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	expect_undisturbed(_metadata, self, child);
}

TEST_F(fork, child_finalizes)
{
	pid_t child = fork();

	if (!child)
		_exit(cpg_finalize(self->a.handle) != CS_OK);
	expect_undisturbed(_metadata, self, child);
}

/* It sends as its parent. */
TEST_F(fork, child_sends)
{
	pid_t child = fork();
	struct ev ev;

	if (!child)
		_exit(client_send(&self->a, 10, 5) != CS_OK);
	ev = peer_next(&self->p);
	EXPECT_TRUE(ev_is_msg(&ev, 10, 5));
	EXPECT_EQ(getpid(), (pid_t)ev.pid);
	EXPECT_TRUE(ev_is_msg(client_next(&self->a), 10, 5));
	expect_undisturbed(_metadata, self, child);
}

/* What its parent has received, its parent tells, whatever the child asks. */
TEST_F(fork, child_dispatches)
{
	pid_t child;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(CS_OK, client_send(&self->a, 10, i));
	ASSERT_EQ(CS_OK, cpg_dispatch(self->a.handle, CS_DISPATCH_ONE));
	child = fork();
	if (!child)
		_exit(cpg_dispatch(self->a.handle, CS_DISPATCH_ALL) != CS_OK);
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	for (i = 1; i < 3; i++)
		ASSERT_EQ(CS_OK, cpg_dispatch(self->a.handle,
					      CS_DISPATCH_ONE_NONBLOCKING));
	EXPECT_EQ(CS_ERR_TRY_AGAIN,
		  cpg_dispatch(self->a.handle, CS_DISPATCH_ONE_NONBLOCKING));
}

TEST_HARNESS_MAIN
