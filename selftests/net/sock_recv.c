// SPDX-License-Identifier: GPL-2.0
/* recvmsg(): what an event looks like, and buffers that are too small. */
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>

#include "kselftest_harness.h"

#include "cpg_test.h"

FIXTURE(recv)
{
	int			fd;
	__u32			nodeid;
	struct cpg_test_event	ev;
};

FIXTURE_SETUP(recv)
{
	ASSERT_EQ(0, cpg_test_unshare());
	self->fd = cpg_test_socket();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, cpg_test_get(self->fd, CPGSO_NODEID, &self->nodeid));
	ASSERT_EQ(0, cpg_test_join(self->fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
}

FIXTURE_TEARDOWN(recv)
{
	close(self->fd);
}

static int recv_small(int fd, size_t data_len, size_t control_len, int *flags)
{
	char control[1024] __attribute__((aligned(8)));
	char data[64];
	struct iovec iov = { .iov_base = data, .iov_len = data_len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = control_len,
	};
	ssize_t ret = recvmsg(fd, &msg, *flags | MSG_DONTWAIT);

	*flags = msg.msg_flags;
	return ret < 0 ? -errno : (int)ret;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

TEST_F(recv, message)
{
	ASSERT_EQ(5, cpg_test_send(self->fd, "hello", 5, 0));
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	ASSERT_EQ(CPG_TEST_MSG, self->ev.kind);
	EXPECT_EQ(5, self->ev.len);
	EXPECT_EQ(0, memcmp("hello", self->ev.data, 5));
	EXPECT_EQ(sizeof(struct sockaddr_cpg), self->ev.from_len);
	EXPECT_EQ(AF_CPG, self->ev.from.scpg_family);
	EXPECT_EQ(0, self->ev.from.__scpg_pad);
	EXPECT_EQ(self->nodeid, self->ev.from.scpg_nodeid);
	EXPECT_EQ(getpid(), self->ev.from.scpg_pid);
	EXPECT_FALSE(self->ev.has_seq);
	EXPECT_EQ(0, self->ev.flags & (MSG_TRUNC | MSG_CTRUNC));
}

TEST_F(recv, nothing_there)
{
	EXPECT_EQ(-EAGAIN, cpg_test_recv(self->fd, &self->ev, MSG_DONTWAIT));
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLIN, 0));
}

TEST_F(recv, peek)
{
	int i;

	ASSERT_EQ(1, cpg_test_send(self->fd, "a", 1, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "b", 1, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, MSG_PEEK));
		ASSERT_EQ(1, self->ev.len);
		EXPECT_EQ('a', self->ev.data[0]);
		EXPECT_EQ(getpid(), self->ev.from.scpg_pid);
	}
	ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, 0));
	EXPECT_EQ('a', self->ev.data[0]);
	ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, 0));
	EXPECT_EQ('b', self->ev.data[0]);
	EXPECT_EQ(-EAGAIN, cpg_test_recv(self->fd, &self->ev, MSG_DONTWAIT));
}

TEST_F(recv, peek_at_a_change)
{
	int fd = cpg_test_socket();

	ASSERT_EQ(0, cpg_test_join(fd, "other"));
	ASSERT_EQ(0, cpg_test_recv(fd, &self->ev, MSG_PEEK));
	EXPECT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	ASSERT_EQ(0, cpg_test_recv(fd, &self->ev, 0));
	ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	EXPECT_EQ(1, self->ev.chg->n_members);
	EXPECT_EQ(-EAGAIN, cpg_test_recv(fd, &self->ev, MSG_DONTWAIT));
	close(fd);
}

TEST_F(recv, truncated)
{
	int flags = 0;

	ASSERT_EQ(5, cpg_test_send(self->fd, "hello", 5, 0));
	EXPECT_EQ(3, recv_small(self->fd, 3, 0, &flags));
	EXPECT_EQ(MSG_TRUNC, flags & MSG_TRUNC);
	flags = 0;
	EXPECT_EQ(-EAGAIN, recv_small(self->fd, 3, 0, &flags));
}

TEST_F(recv, real_length_by_flag)
{
	int flags = MSG_TRUNC | MSG_PEEK;

	ASSERT_EQ(5, cpg_test_send(self->fd, "hello", 5, 0));
	EXPECT_EQ(5, recv_small(self->fd, 3, 0, &flags));
	EXPECT_EQ(MSG_TRUNC, flags & MSG_TRUNC);
	flags = MSG_TRUNC;
	EXPECT_EQ(5, recv_small(self->fd, 0, 0, &flags));
}

TEST_F(recv, control_truncated)
{
	int fd = cpg_test_socket();
	int flags = 0;

	ASSERT_EQ(0, cpg_test_join(fd, "other"));
	EXPECT_EQ(0, recv_small(fd, 8, CMSG_LEN(8), &flags));
	EXPECT_EQ(MSG_CTRUNC, flags & MSG_CTRUNC);
	flags = 0;
	EXPECT_EQ(-EAGAIN, recv_small(fd, 8, CMSG_LEN(8), &flags));
	close(fd);
}

TEST_F(recv, notrunc_keeps_a_message)
{
	int flags = 0;

	ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_NOTRUNC, 1));
	ASSERT_EQ(5, cpg_test_send(self->fd, "hello", 5, 0));
	EXPECT_EQ(-EMSGSIZE, recv_small(self->fd, 3, 0, &flags));
	flags = 0;
	EXPECT_EQ(-EMSGSIZE, recv_small(self->fd, 0, 0, &flags));
	EXPECT_EQ(POLLIN, cpg_test_poll(self->fd, POLLIN, 0));
	ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, 0));
	EXPECT_EQ(5, self->ev.len);
	EXPECT_EQ(0, memcmp("hello", self->ev.data, 5));
}

TEST_F(recv, notrunc_keeps_a_change)
{
	int fd = cpg_test_socket();
	int flags = 0;

	ASSERT_EQ(0, cpg_test_set(fd, CPGSO_NOTRUNC, 1));
	ASSERT_EQ(0, cpg_test_join(fd, "other"));
	EXPECT_EQ(-EMSGSIZE, recv_small(fd, 8, 0, &flags));
	flags = 0;
	EXPECT_EQ(-EMSGSIZE, recv_small(fd, 8, CMSG_LEN(16), &flags));
	ASSERT_EQ(0, cpg_test_recv(fd, &self->ev, 0));
	ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	EXPECT_EQ(1, self->ev.chg->n_joined);
	EXPECT_EQ(-EAGAIN, cpg_test_recv(fd, &self->ev, MSG_DONTWAIT));
	close(fd);
}

/* With CPGSO_RECVSEQ the position counts as part of the event. */
TEST_F(recv, notrunc_keeps_the_position)
{
	int flags = 0;

	ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_NOTRUNC, 1));
	ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_RECVSEQ, 1));
	ASSERT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));
	EXPECT_EQ(-EMSGSIZE, recv_small(self->fd, 8, 8, &flags));
	ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, 0));
	EXPECT_TRUE(self->ev.has_seq);
}

TEST_F(recv, seq_is_contiguous)
{
	__u64 view_seq, seq;
	int fd, i;

	ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_RECVSEQ, 1));
	ASSERT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	ASSERT_TRUE(self->ev.has_seq);
	EXPECT_LT(0, self->ev.seq.seq);
	EXPECT_EQ(self->nodeid, self->ev.seq.view_rep);
	seq = self->ev.seq.seq;
	view_seq = self->ev.seq.view_seq;
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));
		ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
		ASSERT_TRUE(self->ev.has_seq);
		ASSERT_EQ(++seq, self->ev.seq.seq);
		ASSERT_EQ(view_seq, self->ev.seq.view_seq);
	}
	/* A change of the group has a place of its own between messages. */
	fd = cpg_test_socket();
	ASSERT_LT(0, cpg_test_join_as(fd, "group"));
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	ASSERT_TRUE(self->ev.has_seq);
	EXPECT_EQ(++seq, self->ev.seq.seq);
	close(fd);
}

/* Positions are those of the order; who does not wait for it has none. */
TEST_F(recv, seq_of_each_guarantee)
{
	__u64 seq = 0;
	__u32 svc;

	ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_RECVSEQ, 1));
	for (svc = CPG_SVC_UNORDERED; svc <= CPG_SVC_SAFE; svc++) {
		ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_GUARANTEE, svc));
		ASSERT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));
		ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
		ASSERT_TRUE(self->ev.has_seq);
		if (svc <= CPG_SVC_FIFO) {
			EXPECT_EQ(0, self->ev.seq.seq);
			continue;
		}
		EXPECT_LT(seq, self->ev.seq.seq);
		seq = self->ev.seq.seq;
	}
}

/* Two members see the same positions. */
TEST_F(recv, seq_is_the_same_for_all)
{
	struct cpg_seq mine;
	int fd = cpg_test_socket();
	int i;

	ASSERT_LT(0, cpg_test_join_as(fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(fd));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_RECVSEQ, 1));
	ASSERT_EQ(0, cpg_test_set(fd, CPGSO_RECVSEQ, 1));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(1, cpg_test_send(i % 3 ? fd : self->fd, "x", 1, 0));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
		ASSERT_TRUE(self->ev.has_seq);
		mine = self->ev.seq;
		ASSERT_EQ(0, cpg_test_next(fd, &self->ev));
		ASSERT_TRUE(self->ev.has_seq);
		ASSERT_EQ(0, memcmp(&mine, &self->ev.seq, sizeof(mine)));
	}
	close(fd);
}

TEST_F(recv, view_after_own_join)
{
	int fd = cpg_test_socket();
	const struct cpg_view *view = NULL;
	int views = 0, changes = 0;

	ASSERT_EQ(0, cpg_test_set(fd, CPGSO_RECVVIEW, CPG_RECVVIEW_CHANGES |
				  CPG_RECVVIEW_INITIAL));
	ASSERT_EQ(0, cpg_test_join(fd, "other"));
	while (views + changes < 2) {
		ASSERT_EQ(0, cpg_test_next(fd, &self->ev));
		changes += self->ev.kind == CPG_TEST_CONFCHG;
		if (self->ev.kind != CPG_TEST_VIEW)
			continue;
		views++;
		view = self->ev.view;
		ASSERT_EQ(1, view->n_nodes);
		EXPECT_EQ(self->nodeid, view->nodes[0]);
		EXPECT_EQ(self->nodeid, view->rep);
		EXPECT_EQ(self->nodeid, view->leader);
		EXPECT_EQ(CPG_VIEW_F_QUORATE, view->flags);
		EXPECT_LT(0, view->seq);
	}
	EXPECT_EQ(1, views);
	EXPECT_EQ(1, changes);
	EXPECT_TRUE(cpg_test_is_quiet(fd));
	close(fd);
}

TEST_F(recv, no_view_unless_asked)
{
	int fd = cpg_test_socket();

	ASSERT_EQ(0, cpg_test_join(fd, "other"));
	ASSERT_EQ(0, cpg_test_next(fd, &self->ev));
	EXPECT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	EXPECT_TRUE(cpg_test_is_quiet(fd));
	close(fd);
}

TEST_F(recv, timeout)
{
	struct timeval tv = { .tv_usec = 200000 };
	long long start;

	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
				sizeof(tv)));
	start = now_ms();
	EXPECT_EQ(-EAGAIN, cpg_test_recv(self->fd, &self->ev, 0));
	/* A guest's ticks can be behind its clock, and catch up. */
	EXPECT_LE(100, now_ms() - start);
}

TEST_F(recv, blocked_reader_wakes)
{
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		usleep(100000);
		_exit(cpg_test_send(self->fd, "x", 1, 0) != 1);
	}
	ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, 0));
	EXPECT_EQ(1, self->ev.len);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(recv, recvmmsg)
{
	char data[10][4];
	struct iovec iov[10];
	struct mmsghdr msgs[10] = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(msgs); i++) {
		iov[i].iov_base = data[i];
		iov[i].iov_len = sizeof(data[i]);
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	for (i = 0; i < 7; i++)
		ASSERT_EQ(1, cpg_test_send(self->fd, &"0123456"[i], 1, 0));
	ASSERT_EQ(7, recvmmsg(self->fd, msgs, ARRAY_SIZE(msgs), MSG_DONTWAIT,
			      NULL));
	for (i = 0; i < 7; i++) {
		EXPECT_EQ(1, msgs[i].msg_len);
		EXPECT_EQ("0123456"[i], data[i][0]);
	}
}

/*
 * However many wait, and wherever it runs empty: all come, in their order, and
 * it is known how many bytes the next one has.
 */
TEST_F(recv, long_queue)
{
	enum { MOST = 70 };
	unsigned char sent = 0, received = 0;
	int i, n, len;

	for (n = 1; n <= MOST; n++) {
		for (i = 0; i < n; i++, sent++)
			ASSERT_EQ(1, cpg_test_send(self->fd, &sent, 1, 0));
		/* One stays, every second time. */
		for (i = n % 2; i < n; i++, received++) {
			ASSERT_EQ(0, ioctl(self->fd, FIONREAD, &len));
			ASSERT_EQ(1, len);
			ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, 0));
			ASSERT_EQ(received, (unsigned char)self->ev.data[0]);
		}
	}
	while (received != sent) {
		ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, 0));
		ASSERT_EQ(received++, (unsigned char)self->ev.data[0]);
	}
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLIN, 0));
	EXPECT_EQ(-EAGAIN, cpg_test_recv(self->fd, &self->ev, MSG_DONTWAIT));
	ASSERT_EQ(0, ioctl(self->fd, FIONREAD, &len));
	EXPECT_EQ(0, len);
}

TEST_F(recv, bad_memory)
{
	struct iovec iov = { .iov_base = (void *)8, .iov_len = 8 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	ASSERT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));
	EXPECT_EQ(-1, recvmsg(self->fd, &msg, MSG_DONTWAIT));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(recv, out_of_band)
{
	EXPECT_EQ(-EOPNOTSUPP, cpg_test_recv(self->fd, &self->ev, MSG_OOB));
}

/* After its own leave a socket gets no message of the group. */
TEST_F(recv, nothing_after_leave)
{
	int fd = cpg_test_socket();

	ASSERT_LT(0, cpg_test_join_as(fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(fd));
	ASSERT_EQ(0, cpg_test_leave(fd));
	ASSERT_EQ(0, cpg_test_settle(fd));
	ASSERT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));
	EXPECT_TRUE(cpg_test_is_quiet(fd));
	close(fd);
}

TEST_HARNESS_MAIN
