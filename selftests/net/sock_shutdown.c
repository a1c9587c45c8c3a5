// SPDX-License-Identifier: GPL-2.0
/* shutdown(): the end of a membership, without closing the socket. */
#include <poll.h>

#include "kselftest_harness.h"

#include "cpg_test.h"

/* An observer, and a member that is shut down. */
FIXTURE(shutdown)
{
	int			fd;
	int			other;
	int			pid;	/* of @other */
	struct cpg_test_event	ev;
};

FIXTURE_SETUP(shutdown)
{
	ASSERT_EQ(0, cpg_test_unshare());
	self->fd = cpg_test_socket();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, cpg_test_join(self->fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	self->other = cpg_test_socket();
	self->pid = cpg_test_join_as(self->other, "group");
	ASSERT_LT(0, self->pid);
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	ASSERT_EQ(0, cpg_test_settle(self->other));
}

FIXTURE_TEARDOWN(shutdown)
{
	close(self->other);
	close(self->fd);
}

static int shut(int fd, int how)
{
	return shutdown(fd, how) ? -errno : 0;
}

/* The end of the queue: no payload, no address, no ancillary data. */
static void expect_end(struct __test_metadata *_metadata, int fd)
{
	static struct cpg_test_event ev;

	ASSERT_EQ(0, cpg_test_recv(fd, &ev, MSG_DONTWAIT));
	EXPECT_EQ(CPG_TEST_NONE, ev.kind);
	EXPECT_EQ(0, ev.len);
	EXPECT_EQ(0, ev.from_len);
}

TEST_F(shutdown, others_see_procdown)
{
	ASSERT_EQ(4, cpg_test_send(self->other, "last", 4, 0));
	ASSERT_EQ(0, shut(self->other, SHUT_RDWR));
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	ASSERT_EQ(CPG_TEST_MSG, self->ev.kind);
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	ASSERT_EQ(1, self->ev.chg->n_left);
	EXPECT_EQ(self->pid, cpg_test_left(self->ev.chg)->pid);
	EXPECT_EQ(CPG_CHG_PROCDOWN, cpg_test_left(self->ev.chg)->reason);
}

TEST_F(shutdown, what_was_received_stays)
{
	ASSERT_EQ(4, cpg_test_send(self->fd, "last", 4, 0));
	ASSERT_EQ(0, shut(self->other, SHUT_RDWR));
	EXPECT_EQ(POLLIN | POLLHUP,
		  cpg_test_poll(self->other, POLLIN | POLLOUT, 0));
	ASSERT_EQ(0, cpg_test_recv(self->other, &self->ev, MSG_DONTWAIT));
	ASSERT_EQ(CPG_TEST_MSG, self->ev.kind);
	EXPECT_EQ(4, self->ev.len);
	expect_end(_metadata, self->other);
	expect_end(_metadata, self->other);
	EXPECT_EQ(POLLIN | POLLHUP, cpg_test_poll(self->other, POLLIN, 0));
}

TEST_F(shutdown, nothing_comes_after)
{
	ASSERT_EQ(0, shut(self->other, SHUT_RDWR));
	ASSERT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	expect_end(_metadata, self->other);
}

TEST_F(shutdown, calls_afterwards)
{
	int err = 1;
	socklen_t len = sizeof(err);

	ASSERT_EQ(0, shut(self->other, SHUT_RDWR));
	EXPECT_EQ(0, shut(self->other, SHUT_RDWR));
	EXPECT_EQ(-EPIPE, cpg_test_send(self->other, "x", 1, 0));
	EXPECT_EQ(-ENOTCONN, cpg_test_leave(self->other));
	EXPECT_EQ(-ESHUTDOWN, cpg_test_join(self->other, "group"));
	ASSERT_EQ(0, getsockopt(self->other, SOL_SOCKET, SO_ERROR, &err,
				&len));
	EXPECT_EQ(0, err);
}

/* It hangs up for ever, so also for who never was in a group. */
TEST_F(shutdown, without_a_group)
{
	int fd = cpg_test_socket();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, shut(fd, SHUT_RDWR));
	expect_end(_metadata, fd);
	EXPECT_EQ(-ESHUTDOWN, cpg_test_join(fd, "group"));
	close(fd);
}

TEST_F(shutdown, sleeper_wakes)
{
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		static struct cpg_test_event ev;

		_exit(cpg_test_recv(self->other, &ev, 0) ||
		      ev.kind != CPG_TEST_NONE);
	}
	usleep(100000);
	ASSERT_EQ(0, shut(self->other, SHUT_RDWR));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(shutdown, only_both_directions)
{
	EXPECT_EQ(-EOPNOTSUPP, shut(self->other, SHUT_RD));
	EXPECT_EQ(-EOPNOTSUPP, shut(self->other, SHUT_WR));
	EXPECT_EQ(-EINVAL, shut(self->other, 3));
	EXPECT_EQ(1, cpg_test_send(self->other, "x", 1, 0));
	EXPECT_EQ(2, cpg_test_members(self->fd, "group"));
}

TEST_HARNESS_MAIN
