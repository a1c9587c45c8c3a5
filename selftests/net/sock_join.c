// SPDX-License-Identifier: GPL-2.0
/* CPGSO_JOIN, CPGSO_LEAVE, close(), exit: who is told what, and errors. */
#include <poll.h>
#include <signal.h>

#include "kselftest_harness.h"

#include "cpg_test.h"

/* A group of one observer; the tests let others come and go. */
FIXTURE(join)
{
	int			fd;
	struct cpg_test_event	ev;
};

FIXTURE_SETUP(join)
{
	ASSERT_EQ(0, cpg_test_unshare());
	self->fd = cpg_test_socket();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, cpg_test_join(self->fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
}

FIXTURE_TEARDOWN(join)
{
	close(self->fd);
}

/* The next event is that @pid left the observer alone, for @reason. */
static void expect_left(struct __test_metadata *_metadata, int fd, __u32 pid,
			__u32 reason)
{
	static struct cpg_test_event ev;

	ASSERT_EQ(0, cpg_test_next(fd, &ev));
	ASSERT_EQ(CPG_TEST_CONFCHG, ev.kind);
	ASSERT_EQ(1, ev.chg->n_members);
	ASSERT_EQ(1, ev.chg->n_left);
	EXPECT_EQ(0, ev.chg->n_joined);
	EXPECT_EQ(getpid(), ev.chg->entries[0].pid);
	EXPECT_EQ(pid, cpg_test_left(ev.chg)->pid);
	EXPECT_EQ(reason, cpg_test_left(ev.chg)->reason);
}

static void expect_joined(struct __test_metadata *_metadata, int fd, __u32 pid)
{
	static struct cpg_test_event ev;

	ASSERT_EQ(0, cpg_test_next(fd, &ev));
	ASSERT_EQ(CPG_TEST_CONFCHG, ev.kind);
	ASSERT_EQ(2, ev.chg->n_members);
	EXPECT_EQ(0, ev.chg->n_left);
	ASSERT_EQ(1, ev.chg->n_joined);
	EXPECT_EQ(pid, cpg_test_joined(ev.chg)->pid);
	EXPECT_EQ(CPG_CHG_JOIN, cpg_test_joined(ev.chg)->reason);
}

static void expect_quiet(struct __test_metadata *_metadata, int fd)
{
	EXPECT_TRUE(cpg_test_is_quiet(fd));
}

static int join_raw(int fd, const struct cpg_group *group, socklen_t len)
{
	return setsockopt(fd, SOL_CPG, CPGSO_JOIN, group, len) ? -errno : 0;
}

TEST_F(join, first_event_is_own_join)
{
	const struct cpg_confchg *chg;
	int fd = cpg_test_socket();
	__u32 nodeid;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cpg_test_get(fd, CPGSO_NODEID, &nodeid));
	EXPECT_NE(0, nodeid);
	ASSERT_EQ(0, cpg_test_join(fd, "alone"));
	ASSERT_EQ(0, cpg_test_next(fd, &self->ev));
	ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	EXPECT_EQ(0, self->ev.len);
	EXPECT_EQ(0, self->ev.from_len);
	chg = self->ev.chg;
	ASSERT_EQ(1, chg->n_members);
	EXPECT_EQ(0, chg->n_left);
	ASSERT_EQ(1, chg->n_joined);
	EXPECT_EQ(0, chg->__pad);
	EXPECT_EQ(nodeid, chg->entries[0].nodeid);
	EXPECT_EQ(getpid(), chg->entries[0].pid);
	EXPECT_EQ(CPG_CHG_NONE, chg->entries[0].reason);
	EXPECT_EQ(getpid(), cpg_test_joined(chg)->pid);
	EXPECT_EQ(chg->entries[0].port, cpg_test_joined(chg)->port);
	EXPECT_EQ(CPG_CHG_JOIN, cpg_test_joined(chg)->reason);
	expect_quiet(_metadata, fd);
	close(fd);
}

TEST_F(join, both_are_told)
{
	const struct cpg_confchg *chg;
	int fd = cpg_test_socket();
	int pid;

	pid = cpg_test_join_as(fd, "group");
	ASSERT_LT(0, pid);
	expect_joined(_metadata, self->fd, pid);
	ASSERT_EQ(0, cpg_test_next(fd, &self->ev));
	ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	chg = self->ev.chg;
	ASSERT_EQ(2, chg->n_members);
	ASSERT_EQ(1, chg->n_joined);
	EXPECT_LT(chg->entries[0].pid, chg->entries[1].pid);
	EXPECT_EQ(pid, cpg_test_joined(chg)->pid);
	EXPECT_EQ(2, cpg_test_members(fd, "group"));
	close(fd);
}

TEST_F(join, name_lengths)
{
	struct cpg_group group;
	int fd;

	fd = cpg_test_socket();
	memset(&group, 0, sizeof(group));
	EXPECT_EQ(0, join_raw(fd, &group, sizeof(group)));
	close(fd);

	fd = cpg_test_socket();
	group.name_len = CPG_GROUP_NAME_MAX;
	memset(group.name, 0xff, sizeof(group.name));
	EXPECT_EQ(0, join_raw(fd, &group, sizeof(group)));
	close(fd);

	fd = cpg_test_socket();
	group.name_len = CPG_GROUP_NAME_MAX + 1;
	EXPECT_EQ(-ENAMETOOLONG, join_raw(fd, &group, sizeof(group)));
	group.name_len = 0xffffffff;
	EXPECT_EQ(-ENAMETOOLONG, join_raw(fd, &group, sizeof(group)));
	close(fd);
}

TEST_F(join, bad_arguments)
{
	struct cpg_group group;
	int fd = cpg_test_socket();
	socklen_t len;

	cpg_test_group(&group, "other");
	for (len = 0; len < sizeof(group); len += 4)
		EXPECT_EQ(-EINVAL, join_raw(fd, &group, len));
	EXPECT_EQ(-EINVAL, join_raw(fd, &group, 0x7fffffff));
	EXPECT_EQ(-EINVAL, join_raw(fd, &group, -1));
	EXPECT_EQ(-EFAULT, join_raw(fd, (void *)8, sizeof(group)));
	EXPECT_EQ(-EFAULT, join_raw(fd, NULL, sizeof(group)));
	group.flags = ~CPG_JOIN_F_QUORUM;
	EXPECT_EQ(-EINVAL, join_raw(fd, &group, sizeof(group)));
	group.flags = 0;
	group.name[CPG_GROUP_NAME_MAX - 1] = 1;
	EXPECT_EQ(-EINVAL, join_raw(fd, &group, sizeof(group)));
	EXPECT_EQ(0, cpg_test_members(fd, "other"));
	close(fd);
}

/* A node of its own is the majority; quorum.sh has others. */
TEST_F(join, quorum_flag)
{
	struct cpg_group group;
	int fd = cpg_test_socket();

	cpg_test_group(&group, "quorum");
	group.flags = CPG_JOIN_F_QUORUM;
	EXPECT_EQ(0, join_raw(fd, &group, sizeof(group)));
	ASSERT_EQ(0, cpg_test_settle(fd));
	EXPECT_EQ(1, cpg_test_members(fd, "quorum"));
	EXPECT_EQ(POLLOUT, cpg_test_poll(fd, POLLOUT, 0));
	EXPECT_EQ(1, cpg_test_send(fd, "x", 1, 0));
	ASSERT_EQ(0, cpg_test_next(fd, &self->ev));
	EXPECT_EQ(CPG_TEST_MSG, self->ev.kind);
	close(fd);
}

TEST_F(join, twice)
{
	int fd = cpg_test_socket();

	EXPECT_EQ(-EEXIST, cpg_test_join(self->fd, "group"));
	EXPECT_EQ(-EEXIST, cpg_test_join(self->fd, "other"));
	/* The same process through another socket. */
	EXPECT_EQ(-EEXIST, cpg_test_join(fd, "group"));
	EXPECT_EQ(0, cpg_test_join(fd, "other"));
	EXPECT_EQ(1, cpg_test_members(fd, "group"));
	EXPECT_EQ(1, cpg_test_members(fd, "other"));
	expect_quiet(_metadata, self->fd);
	close(fd);
}

TEST_F(join, names_with_nul_differ)
{
	struct cpg_group group;
	int fd = cpg_test_socket();

	cpg_test_group(&group, "group");
	group.name_len++;
	ASSERT_EQ(0, join_raw(fd, &group, sizeof(group)));
	ASSERT_EQ(0, cpg_test_settle(fd));
	EXPECT_EQ(1, cpg_test_send(fd, "x", 1, 0));
	expect_quiet(_metadata, self->fd);
	close(fd);
	expect_quiet(_metadata, self->fd);
}

TEST_F(join, leave_errors)
{
	int fd = cpg_test_socket();

	EXPECT_EQ(-ENOTCONN, cpg_test_leave(fd));
	close(fd);
	EXPECT_EQ(0, cpg_test_leave(self->fd));
	EXPECT_EQ(-ENOTCONN, cpg_test_leave(self->fd));
}

TEST_F(join, leave_is_told_to_both)
{
	const struct cpg_confchg *chg;
	int fd = cpg_test_socket();
	int pid;

	pid = cpg_test_join_as(fd, "group");
	ASSERT_LT(0, pid);
	expect_joined(_metadata, self->fd, pid);
	ASSERT_EQ(0, cpg_test_settle(fd));
	ASSERT_EQ(0, cpg_test_leave(fd));
	expect_left(_metadata, self->fd, pid, CPG_CHG_LEAVE);
	ASSERT_EQ(0, cpg_test_next(fd, &self->ev));
	ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	chg = self->ev.chg;
	EXPECT_EQ(1, chg->n_members);
	ASSERT_EQ(1, chg->n_left);
	EXPECT_EQ(pid, cpg_test_left(chg)->pid);
	EXPECT_EQ(CPG_CHG_LEAVE, cpg_test_left(chg)->reason);
	EXPECT_EQ(-ENOTCONN, cpg_test_send(fd, "x", 1, 0));
	close(fd);
	expect_quiet(_metadata, self->fd);
}

TEST_F(join, last_leave_has_no_members)
{
	ASSERT_EQ(0, cpg_test_leave(self->fd));
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	EXPECT_EQ(0, self->ev.chg->n_members);
	EXPECT_EQ(1, self->ev.chg->n_left);
	EXPECT_EQ(0, cpg_test_members(self->fd, "group"));
	expect_quiet(_metadata, self->fd);
}

/* The group in a leave is documented as ignored. */
TEST_F(join, leave_ignores_the_name)
{
	struct cpg_group group;

	cpg_test_group(&group, "another");
	ASSERT_EQ(0, setsockopt(self->fd, SOL_CPG, CPGSO_LEAVE, &group,
				sizeof(group)));
	EXPECT_EQ(0, cpg_test_members(self->fd, "group"));
}

TEST_F(join, again_after_leave)
{
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, cpg_test_leave(self->fd));
		ASSERT_EQ(0, cpg_test_settle(self->fd));
		ASSERT_EQ(0, cpg_test_join(self->fd, i % 2 ? "group" : "odd"));
		ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
		ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
		ASSERT_EQ(1, self->ev.chg->n_joined);
	}
}

TEST_F(join, close_is_procdown)
{
	int fd = cpg_test_socket();
	int pid;

	pid = cpg_test_join_as(fd, "group");
	ASSERT_LT(0, pid);
	expect_joined(_metadata, self->fd, pid);
	close(fd);
	expect_left(_metadata, self->fd, pid, CPG_CHG_PROCDOWN);
	expect_quiet(_metadata, self->fd);
}

TEST_F(join, leave_then_close_is_leave_only)
{
	int fd = cpg_test_socket();
	int pid;

	pid = cpg_test_join_as(fd, "group");
	ASSERT_LT(0, pid);
	expect_joined(_metadata, self->fd, pid);
	ASSERT_EQ(0, cpg_test_leave(fd));
	close(fd);
	expect_left(_metadata, self->fd, pid, CPG_CHG_LEAVE);
	expect_quiet(_metadata, self->fd);
}

TEST_F(join, close_and_join_again)
{
	int fd = cpg_test_socket();
	int deadline = 1000;
	int ret;

	ASSERT_EQ(0, cpg_test_join(fd, "again"));
	close(fd);
	fd = cpg_test_socket();
	do {
		ret = cpg_test_join(fd, "again");
	} while (ret == -EAGAIN && --deadline);
	EXPECT_EQ(0, ret);
	close(fd);
}

TEST_F(join, kill_is_procdown)
{
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = cpg_test_socket();

		if (fd < 0 || cpg_test_join(fd, "group"))
			_exit(1);
		for (;;)
			pause();
	}
	expect_joined(_metadata, self->fd, pid);
	kill(pid, SIGKILL);
	expect_left(_metadata, self->fd, pid, CPG_CHG_PROCDOWN);
	waitpid(pid, &status, 0);
}

TEST_F(join, message_then_exit)
{
	int status, i;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = cpg_test_socket();

		if (fd < 0 || cpg_test_join(fd, "group"))
			_exit(1);
		for (i = 0; i < 10; i++)
			if (cpg_test_send(fd, &i, sizeof(i), 0) < 0)
				_exit(2);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	expect_joined(_metadata, self->fd, pid);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
		ASSERT_EQ(CPG_TEST_MSG, self->ev.kind);
		EXPECT_EQ(pid, self->ev.from.scpg_pid);
		EXPECT_EQ(0, memcmp(self->ev.data, &i, sizeof(i)));
	}
	expect_left(_metadata, self->fd, pid, CPG_CHG_PROCDOWN);
}

/* The socket is the member: it stays while anybody holds it. */
TEST_F(join, fork_keeps_the_membership)
{
	int fd = cpg_test_socket();
	int ends[2], joiner, status;
	pid_t holder;
	char c;

	ASSERT_EQ(0, pipe(ends));
	joiner = cpg_test_join_as(fd, "group");
	ASSERT_LT(0, joiner);
	expect_joined(_metadata, self->fd, joiner);
	holder = fork();
	ASSERT_LE(0, holder);
	if (!holder) {
		close(ends[1]);
		/* As its holder this process sends for the member. */
		_exit(cpg_test_send(fd, "child", 5, 0) != 5 ||
		      read(ends[0], &c, 1) != 0);
	}
	close(ends[0]);
	close(fd);
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	ASSERT_EQ(CPG_TEST_MSG, self->ev.kind);
	EXPECT_EQ(joiner, self->ev.from.scpg_pid);
	expect_quiet(_metadata, self->fd);
	close(ends[1]);
	ASSERT_EQ(holder, waitpid(holder, &status, 0));
	EXPECT_EQ(0, status);
	expect_left(_metadata, self->fd, joiner, CPG_CHG_PROCDOWN);
}

/* As many members as there is room for in one answer, then none. */
TEST_F(join, many_members)
{
	enum { N = 60 };
	int fds[N], i;

	for (i = 0; i < N; i++) {
		fds[i] = cpg_test_socket();
		ASSERT_LE(0, fds[i]);
		ASSERT_LT(0, cpg_test_join_as(fds[i], "group"));
		ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
		ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
		ASSERT_EQ(i + 2, self->ev.chg->n_members);
	}
	EXPECT_EQ(N + 1, cpg_test_members(self->fd, "group"));
	for (i = 0; i < N; i++)
		close(fds[i]);
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
		ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
		ASSERT_EQ(N - i, self->ev.chg->n_members);
	}
}

TEST_HARNESS_MAIN
