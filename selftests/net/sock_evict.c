// SPDX-License-Identifier: GPL-2.0
/*
 * A member that does not read is put out of its group when its receive buffer
 * is full and its time is over.  It delays no other group, and loses nothing
 * without being told.  sock_hold.c has what comes before.
 */
#include <poll.h>

#include "kselftest_harness.h"

#include "cpg_test.h"

enum {
	SMALL = 8192,		/* SO_RCVBUF of the slow member */
	PAYLOAD = 1000,
	MANY = 200,		/* more messages than SMALL holds */
	SLOW_MS = 400,		/* net.cpg.slow_timeout, with patience */
};

FIXTURE(evict)
{
	int			fd;	/* sends and reads */
	int			slow;	/* does not read */
	int			slow_pid;
	struct cpg_test_event	ev;
};

FIXTURE_SETUP(evict)
{
	int size = SMALL;
	char ms[16];

	ASSERT_EQ(0, cpg_test_unshare());
	snprintf(ms, sizeof(ms), "%d", SLOW_MS * cpg_test_patience());
	ASSERT_EQ(0, cpg_test_sysctl("slow_timeout", ms));
	self->fd = cpg_test_socket();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, cpg_test_join(self->fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	self->slow = cpg_test_socket();
	ASSERT_EQ(0, setsockopt(self->slow, SOL_SOCKET, SO_RCVBUF, &size,
				sizeof(size)));
	self->slow_pid = cpg_test_join_as(self->slow, "group");
	ASSERT_LT(0, self->slow_pid);
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	ASSERT_EQ(0, cpg_test_settle(self->slow));
}

FIXTURE_TEARDOWN(evict)
{
	close(self->slow);
	close(self->fd);
}

static ssize_t send_number(int fd, int n)
{
	char payload[PAYLOAD] = { 0 };

	memcpy(payload, &n, sizeof(n));
	return cpg_test_send(fd, payload, sizeof(payload), MSG_DONTWAIT);
}

/* The next event of a member is this message. */
static void expect_number(struct __test_metadata *_metadata,
			  int fd, int n)
{
	static struct cpg_test_event ev;

	ASSERT_EQ(0, cpg_test_next(fd, &ev));
	ASSERT_EQ(CPG_TEST_MSG, ev.kind);
	ASSERT_EQ(PAYLOAD, ev.len);
	ASSERT_EQ(0, memcmp(&n, ev.data, sizeof(n)));
}

/* Sends until the slow one is out; the others lose nothing meanwhile. */
static void put_slow_out(struct __test_metadata *_metadata, int fd)
{
	ssize_t ret;
	int i;

	for (i = 0; i < MANY; i++) {
		ret = send_number(fd, i);
		if (ret == -EAGAIN)
			break;
		ASSERT_EQ(PAYLOAD, ret);
		expect_number(_metadata, fd, i);
	}
	ASSERT_LT(0, i);
	ASSERT_GT(MANY, i);
	/* What comes next is that it is out. */
	ASSERT_EQ(POLLIN, cpg_test_poll(fd, POLLIN, CPG_TEST_WAIT_MS));
	ASSERT_EQ(1, cpg_test_members(fd, "group"));
}

TEST_F(evict, others_see_procdown)
{
	const struct cpg_confchg *chg;

	put_slow_out(_metadata, self->fd);
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	chg = self->ev.chg;
	EXPECT_EQ(1, chg->n_members);
	ASSERT_EQ(1, chg->n_left);
	EXPECT_EQ(self->slow_pid, cpg_test_left(chg)->pid);
	EXPECT_EQ(CPG_CHG_PROCDOWN, cpg_test_left(chg)->reason);
	EXPECT_TRUE(cpg_test_is_quiet(self->fd));
}

TEST_F(evict, itself_sees_a_hangup_and_no_gap)
{
	int value, n, ret;
	__u32 on = 1;

	ASSERT_EQ(0, cpg_test_set(self->slow, CPGSO_NOTRUNC, on));
	EXPECT_EQ(0, cpg_test_poll(self->slow, 0, 0));
	put_slow_out(_metadata, self->fd);
	EXPECT_EQ(POLLHUP, cpg_test_poll(self->slow, 0, 0) & POLLHUP);
	for (n = 0; ; n++) {
		ret = cpg_test_recv(self->slow, &self->ev, MSG_DONTWAIT);
		if (ret)
			break;
		ASSERT_EQ(CPG_TEST_MSG, self->ev.kind);
		memcpy(&value, self->ev.data, sizeof(value));
		ASSERT_EQ(n, value);
	}
	EXPECT_LT(0, n);
	EXPECT_EQ(-ECONNRESET, ret);
	/* And so it stays, for calls that would wait, too. */
	EXPECT_EQ(-ECONNRESET, cpg_test_recv(self->slow, &self->ev, 0));
	EXPECT_EQ(-EPIPE, send_number(self->slow, 0));
	EXPECT_EQ(POLLHUP, cpg_test_poll(self->slow, 0, 0) & POLLHUP);
}

/* A reader that waits is woken by the hang-up. */
TEST_F(evict, sleeper_wakes)
{
	struct pollfd pfd = { .fd = self->slow };
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(poll(&pfd, 1, 20000) != 1 || !(pfd.revents & POLLHUP));
	put_slow_out(_metadata, self->fd);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(evict, who_reads_stays)
{
	int i;

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(PAYLOAD, send_number(self->fd, i));
		expect_number(_metadata, self->fd, i);
		expect_number(_metadata, self->slow, i);
	}
	EXPECT_EQ(2, cpg_test_members(self->fd, "group"));
}

/* One event is always taken, however large. */
TEST_F(evict, large_message_fits_an_empty_buffer)
{
	char *big = calloc(1, CPG_MSG_MAX);

	ASSERT_NE(NULL, big);
	ASSERT_EQ(CPG_MSG_MAX, cpg_test_send(self->fd, big, CPG_MSG_MAX, 0));
	ASSERT_EQ(CPG_MSG_MAX, recv(self->slow, big, CPG_MSG_MAX, 0));
	EXPECT_EQ(2, cpg_test_members(self->fd, "group"));
	free(big);
}

TEST_F(evict, other_groups_go_on)
{
	int fd = cpg_test_socket();
	int i;

	ASSERT_EQ(0, cpg_test_join(fd, "other"));
	ASSERT_EQ(0, cpg_test_settle(fd));
	put_slow_out(_metadata, self->fd);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(PAYLOAD, send_number(fd, i));
		expect_number(_metadata, fd, i);
	}
	close(fd);
}

/* Within the default buffer a member that sleeps loses nothing. */
TEST_F(evict, sleeps_within_the_bound)
{
	int n = 20000 / cpg_test_speed();
	int fd = cpg_test_socket();
	int i;

	close(self->slow);
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	ASSERT_LT(0, cpg_test_join_as(fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(fd));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(PAYLOAD, send_number(self->fd, i));
		expect_number(_metadata, self->fd, i);
	}
	for (i = 0; i < n; i++)
		expect_number(_metadata, fd, i);
	close(fd);
}

TEST_HARNESS_MAIN
