// SPDX-License-Identifier: GPL-2.0
/* poll() and epoll: when a socket is readable, writable, hung up. */
#include <poll.h>
#include <sys/epoll.h>

#include "kselftest_harness.h"

#include "cpg_test.h"

FIXTURE(poll)
{
	int			fd;
	struct cpg_test_event	ev;
};

FIXTURE_SETUP(poll)
{
	ASSERT_EQ(0, cpg_test_unshare());
	self->fd = cpg_test_socket();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, cpg_test_join(self->fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
}

FIXTURE_TEARDOWN(poll)
{
	close(self->fd);
}

TEST_F(poll, level_triggered)
{
	EXPECT_EQ(POLLOUT, cpg_test_poll(self->fd, POLLIN | POLLOUT, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "a", 1, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "b", 1, 0));
	EXPECT_EQ(POLLIN, cpg_test_poll(self->fd, POLLIN, 0));
	EXPECT_EQ(POLLIN, cpg_test_poll(self->fd, POLLIN, 0));
	ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, MSG_DONTWAIT));
	EXPECT_EQ(POLLIN, cpg_test_poll(self->fd, POLLIN, 0));
	ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, MSG_DONTWAIT));
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLIN, 0));
}

TEST_F(poll, event_without_payload)
{
	ASSERT_EQ(0, cpg_test_send(self->fd, "", 0, 0));
	EXPECT_EQ(POLLIN, cpg_test_poll(self->fd, POLLIN, 0));
	ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, MSG_DONTWAIT));
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLIN, 0));
}

TEST_F(poll, normal_and_band_names)
{
	ASSERT_EQ(1, cpg_test_send(self->fd, "a", 1, 0));
	EXPECT_EQ(POLLIN | POLLRDNORM,
		  cpg_test_poll(self->fd, POLLIN | POLLRDNORM | POLLPRI, 0));
}

TEST_F(poll, epoll_edge)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(0);

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &event));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "a", 1, 0));
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "b", 1, 0));
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
	EXPECT_EQ(EPOLLIN, event.events & EPOLLIN);
	close(ep);
}

TEST_F(poll, sleeper_wakes)
{
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		usleep(100000);
		_exit(cpg_test_send(self->fd, "x", 1, 0) != 1);
	}
	EXPECT_EQ(POLLIN, cpg_test_poll(self->fd, POLLIN, CPG_TEST_WAIT_MS));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* A socket outside any group has nothing to read and is not hung up. */
TEST_F(poll, not_joined)
{
	int fd = cpg_test_socket();

	EXPECT_EQ(0, cpg_test_poll(fd, POLLIN, 0) & (POLLIN | POLLHUP));
	close(fd);
}

TEST_HARNESS_MAIN
