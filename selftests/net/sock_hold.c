// SPDX-License-Identifier: GPL-2.0
/*
 * A member whose receive buffer is full holds the senders of its group back,
 * until it has read half of it.  sock_evict.c has what becomes of it if it
 * does not read.
 */
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "kselftest_harness.h"

#include "cpg_test.h"

enum {
	SMALL = 8192,		/* SO_RCVBUF of the slow member */
	PAYLOAD = 1000,
	MANY = 200,		/* more messages than SMALL holds */
	LARGE = 60000,		/* more than SMALL holds, in one message */
	CHURN = 200000,		/* more changes than any bound lets wait */
	TIMEOUT_MS = 3000,	/* to see that somebody is not put out */
};

FIXTURE(hold)
{
	int			fd;	/* sends and reads */
	int			slow;	/* reads when a test says so */
	int			sent;	/* messages sent */
	int			got;	/* messages that @slow read */
	struct cpg_test_event	ev;
};

/* A member with a small buffer, in another process's name. */
static int join_slow(const char *name)
{
	int fd = cpg_test_socket();
	int size = SMALL;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) ||
	    cpg_test_join_as(fd, name) <= 0 || cpg_test_settle(fd))
		return -1;
	return fd;
}

FIXTURE_SETUP(hold)
{
	ASSERT_EQ(0, cpg_test_unshare());
	ASSERT_EQ(0, cpg_test_sysctl("slow_timeout", "86400000"));
	self->fd = cpg_test_socket();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, cpg_test_join(self->fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	self->slow = join_slow("group");
	ASSERT_LE(0, self->slow);
	ASSERT_EQ(0, cpg_test_settle(self->fd));
}

FIXTURE_TEARDOWN(hold)
{
	close(self->slow);
	close(self->fd);
}

static ssize_t send_number(int fd, int n, int flags)
{
	char payload[PAYLOAD] = { 0 };

	memcpy(payload, &n, sizeof(n));
	return cpg_test_send(fd, payload, sizeof(payload), flags);
}

/* The next event of a member is this message. */
static void expect_number(struct __test_metadata *_metadata, int fd, int n)
{
	static struct cpg_test_event ev;

	ASSERT_EQ(0, cpg_test_next(fd, &ev));
	ASSERT_EQ(CPG_TEST_MSG, ev.kind);
	ASSERT_EQ(PAYLOAD, ev.len);
	ASSERT_EQ(0, memcmp(&n, ev.data, sizeof(n)));
}

static bool is_blocked(int fd)
{
	struct cpg_flow flow;
	socklen_t len = sizeof(flow);

	return !getsockopt(fd, SOL_CPG, CPGSO_FLOW, &flow, &len) &&
	       flow.blocked;
}

/* Sends, and reads what it sent, until it is held back. */
static void fill(struct __test_metadata *_metadata,
		 struct _test_data_hold *self)
{
	ssize_t ret;
	int n;

	for (n = 0; n < MANY; n++) {
		ret = send_number(self->fd, self->sent, MSG_DONTWAIT);
		if (ret == -EAGAIN)
			break;
		ASSERT_EQ(PAYLOAD, ret);
		expect_number(_metadata, self->fd, self->sent++);
	}
	ASSERT_LT(0, n);
	ASSERT_GT(MANY, n);
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLOUT, 0));
	EXPECT_TRUE(is_blocked(self->fd));
}

static void read_one(struct __test_metadata *_metadata,
		     struct _test_data_hold *self)
{
	expect_number(_metadata, self->slow, self->got++);
}

static void read_all(struct __test_metadata *_metadata,
		     struct _test_data_hold *self)
{
	while (self->got < self->sent)
		read_one(_metadata, self);
}

static bool is_writable(int fd)
{
	return cpg_test_poll(fd, POLLOUT, CPG_TEST_WAIT_MS) == POLLOUT;
}

/* Half of the buffer has to be free before it goes on; nothing is lost. */
TEST_F(hold, until_half_is_read)
{
	int round, n;

	for (round = 0; round < 3; round++) {
		fill(_metadata, self);
		EXPECT_EQ(0, cpg_test_poll(self->slow, 0, 0));
		for (n = 0; cpg_test_poll(self->fd, POLLOUT, 0) == 0; n++)
			read_one(_metadata, self);
		EXPECT_LT(1, n);
		EXPECT_FALSE(is_blocked(self->fd));
		/* Some is left. */
		EXPECT_EQ(POLLIN, cpg_test_poll(self->slow, POLLIN, 0));
	}
	read_all(_metadata, self);
	EXPECT_TRUE(cpg_test_is_quiet(self->slow));
	EXPECT_EQ(2, cpg_test_members(self->fd, "group"));
}

static pid_t fork_sender(int fd)
{
	pid_t pid = fork();

	if (!pid)
		_exit(send_number(fd, 0, 0) != PAYLOAD);
	return pid;
}

TEST_F(hold, sender_sleeps_and_wakes)
{
	int status;
	pid_t pid;

	fill(_metadata, self);
	pid = fork_sender(self->fd);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(cpg_test_is_quiet(self->fd));
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	read_all(_metadata, self);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(hold, poll_wakes)
{
	struct pollfd pfd = { .fd = self->fd, .events = POLLOUT };
	int status;
	pid_t pid;

	fill(_metadata, self);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(poll(&pfd, 1, -1) != 1 || pfd.revents != POLLOUT);
	EXPECT_TRUE(cpg_test_is_quiet(self->fd));
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	read_all(_metadata, self);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000L + ts.tv_nsec / 1000000;
}

TEST_F(hold, sndtimeo)
{
	struct timeval tv = { .tv_usec = 200000 };
	long before;

	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_SNDTIMEO, &tv,
				sizeof(tv)));
	fill(_metadata, self);
	before = now_ms();
	EXPECT_EQ(-EAGAIN, send_number(self->fd, 0, 0));
	EXPECT_LE(190, now_ms() - before);
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST_F(hold, signal_interrupts)
{
	struct itimerval timer = {
		.it_value.tv_usec = 100000,
		.it_interval.tv_usec = 100000,
	};
	struct sigaction action = { .sa_handler = on_alarm };

	fill(_metadata, self);
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	EXPECT_EQ(-EINTR, send_number(self->fd, 0, 0));
	timer = (struct itimerval){};
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
}

TEST_F(hold, other_groups_go_on)
{
	int fd = cpg_test_socket();
	int i;

	ASSERT_EQ(0, cpg_test_join(fd, "other"));
	ASSERT_EQ(0, cpg_test_settle(fd));
	fill(_metadata, self);
	EXPECT_EQ(POLLOUT, cpg_test_poll(fd, POLLOUT, 0));
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(PAYLOAD, send_number(fd, i, MSG_DONTWAIT));
		expect_number(_metadata, fd, i);
	}
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLOUT, 0));
	close(fd);
}

/* Who comes to a group that is held back is, too. */
TEST_F(hold, who_joins)
{
	int fd = cpg_test_socket();

	fill(_metadata, self);
	ASSERT_LT(0, cpg_test_join_as(fd, "group"));
	EXPECT_EQ(0, cpg_test_poll(fd, POLLOUT, 0));
	EXPECT_EQ(-EAGAIN, send_number(fd, 0, MSG_DONTWAIT));
	read_all(_metadata, self);
	EXPECT_TRUE(is_writable(fd));
	close(fd);
}

TEST_F(hold, ends_with_leave)
{
	fill(_metadata, self);
	ASSERT_EQ(0, cpg_test_leave(self->slow));
	EXPECT_TRUE(is_writable(self->fd));
	/* Its own leave is behind what it did not read. */
	read_all(_metadata, self);
	ASSERT_EQ(0, cpg_test_next(self->slow, &self->ev));
	EXPECT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
}

TEST_F(hold, ends_with_close)
{
	fill(_metadata, self);
	close(self->slow);
	EXPECT_TRUE(is_writable(self->fd));
	self->slow = -1;
}

TEST_F(hold, ends_with_shutdown)
{
	fill(_metadata, self);
	ASSERT_EQ(0, shutdown(self->slow, SHUT_RDWR));
	EXPECT_TRUE(is_writable(self->fd));
	read_all(_metadata, self);
}

TEST_F(hold, two_are_slow)
{
	int other = join_slow("group");

	ASSERT_LE(0, other);
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	ASSERT_EQ(0, cpg_test_settle(self->slow));
	fill(_metadata, self);
	read_all(_metadata, self);
	/* The other one has no room yet. */
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLOUT, 0));
	close(other);
	EXPECT_TRUE(is_writable(self->fd));
}

/* One that is not held by itself has its own socket to look after. */
TEST_F(hold, slow_one_may_not_send)
{
	fill(_metadata, self);
	EXPECT_EQ(0, cpg_test_poll(self->slow, POLLOUT, 0));
	EXPECT_EQ(-EAGAIN, send_number(self->slow, 0, MSG_DONTWAIT));
}

/* A message that does not fit is taken if nothing else waits. */
TEST_F(hold, large_message_alone)
{
	static char big[LARGE];

	ASSERT_EQ(LARGE, cpg_test_send(self->fd, big, LARGE, 0));
	EXPECT_EQ(POLLOUT, cpg_test_poll(self->fd, POLLOUT, 0));
	ASSERT_EQ(LARGE, recv(self->slow, big, LARGE, 0));
	EXPECT_EQ(POLLOUT, cpg_test_poll(self->fd, POLLOUT, 0));
}

static int timeout_set(int ms)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", ms);
	return cpg_test_sysctl("slow_timeout", text);
}

/* Nothing comes of it for so long. */
static bool stays_in(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd };

	return !poll(&pfd, 1, ms);
}

/* Not before its time, and the sender that waits goes on. */
TEST_F(hold, put_out_in_time)
{
	int ms = 200 * cpg_test_patience();
	long before;

	ASSERT_EQ(0, timeout_set(ms));
	before = now_ms();
	fill(_metadata, self);
	ASSERT_EQ(PAYLOAD, send_number(self->fd, self->sent, 0));
	EXPECT_LE(ms, now_ms() - before + 1);
	EXPECT_EQ(POLLHUP, cpg_test_poll(self->slow, 0, 0) & POLLHUP);
	EXPECT_EQ(1, cpg_test_members(self->fd, "group"));
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	EXPECT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	expect_number(_metadata, self->fd, self->sent);
	/* No gap: all that was sent before, and an error. */
	read_all(_metadata, self);
	EXPECT_EQ(-ECONNRESET, cpg_test_recv(self->slow, &self->ev, 0));
}

/* Without any time, as soon as the buffer is full. */
TEST_F(hold, no_time)
{
	int n;

	ASSERT_EQ(0, timeout_set(0));
	for (n = 0; n < MANY && !cpg_test_poll(self->slow, 0, 0); n++)
		ASSERT_EQ(PAYLOAD, send_number(self->fd, n, 0));
	EXPECT_GT(MANY, n);
}

/* One message now and then is a sign of life. */
TEST_F(hold, a_little_is_enough)
{
	int i;

	ASSERT_EQ(0, timeout_set(TIMEOUT_MS));
	/* More than three messages are more than half of it. */
	fill(_metadata, self);
	for (i = 0; i < 4; i++) {
		ASSERT_TRUE(stays_in(self->slow, TIMEOUT_MS / 3));
		read_one(_metadata, self);
	}
	EXPECT_EQ(2, cpg_test_members(self->fd, "group"));
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLOUT, 0));
	EXPECT_EQ(POLLHUP, cpg_test_poll(self->slow, 0, 2 * TIMEOUT_MS) &
			   POLLHUP);
}

/* As long as it takes; until that is not wanted any more. */
TEST_F(hold, noevict)
{
	ASSERT_EQ(0, timeout_set(50));
	ASSERT_EQ(0, cpg_test_set(self->slow, CPGSO_NOEVICT, 1));
	fill(_metadata, self);
	EXPECT_TRUE(stays_in(self->slow, 300));
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLOUT, 0));
	EXPECT_EQ(2, cpg_test_members(self->fd, "group"));
	read_all(_metadata, self);
	fill(_metadata, self);
	ASSERT_EQ(0, cpg_test_set(self->slow, CPGSO_NOEVICT, 0));
	EXPECT_EQ(POLLHUP, cpg_test_poll(self->slow, 0, CPG_TEST_WAIT_MS) &
			   POLLHUP);
	EXPECT_TRUE(is_writable(self->fd));
}

/* The other way round: while it is slow. */
TEST_F(hold, noevict_late)
{
	int ms = 300 * cpg_test_patience();

	ASSERT_EQ(0, timeout_set(ms));
	fill(_metadata, self);
	ASSERT_EQ(0, cpg_test_set(self->slow, CPGSO_NOEVICT, 1));
	EXPECT_TRUE(stays_in(self->slow, 2 * ms));
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLOUT, 0));
}

/*
 * Changes of the group are not held back.  They are taken beyond SO_RCVBUF, but
 * not without end, whatever the socket wants.
 */
TEST_F(hold, bound)
{
	int n, fd, ret;

	ASSERT_EQ(0, cpg_test_sysctl("sndbuf", "4096"));
	ASSERT_EQ(0, cpg_test_set(self->slow, CPGSO_NOEVICT, 1));
	fill(_metadata, self);
	close(self->fd);
	for (n = 0; n < CHURN && !cpg_test_poll(self->slow, 0, 0); n++) {
		fd = cpg_test_socket();
		ASSERT_LE(0, fd);
		ret = cpg_test_join(fd, "group");
		ASSERT_EQ(0, ret);
		close(fd);
	}
	EXPECT_LT(1000, n);
	EXPECT_GT(CHURN, n);
	self->fd = -1;
	read_all(_metadata, self);
	do {
		ret = cpg_test_recv(self->slow, &self->ev, MSG_DONTWAIT);
	} while (!ret && self->ev.kind == CPG_TEST_CONFCHG);
	EXPECT_EQ(-ECONNRESET, ret);
}

TEST_F(hold, sysctl)
{
	EXPECT_EQ(-EINVAL, cpg_test_sysctl("slow_timeout", "-1"));
	EXPECT_EQ(-EINVAL, cpg_test_sysctl("slow_timeout", "86400001"));
	EXPECT_EQ(-EINVAL, cpg_test_sysctl("slow_timeout", "soon"));
	EXPECT_EQ(0, cpg_test_sysctl("slow_timeout", "1"));
}

TEST_HARNESS_MAIN
