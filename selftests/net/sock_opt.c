// SPDX-License-Identifier: GPL-2.0
/* setsockopt() and getsockopt(): values, lengths, hostile arguments. */
#include <limits.h>
#include <netinet/in.h>

#include "kselftest_harness.h"

#include "cpg_test.h"

FIXTURE(opt)
{
	int	fd;
	char	buf[65536];
};

FIXTURE_SETUP(opt)
{
	ASSERT_EQ(0, cpg_test_unshare());
	self->fd = cpg_test_socket();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, cpg_test_join(self->fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
}

FIXTURE_TEARDOWN(opt)
{
	close(self->fd);
}

static int get_raw(int fd, int option, void *value, socklen_t *len)
{
	return getsockopt(fd, SOL_CPG, option, value, len) ? -errno : 0;
}

static int set_raw(int fd, int option, const void *value, socklen_t len)
{
	return setsockopt(fd, SOL_CPG, option, value, len) ? -errno : 0;
}

TEST_F(opt, integers)
{
	static const struct {
		int	option;
		__u32	good;
		__u32	bad;
	} cases[] = {
		{ CPGSO_GUARANTEE, CPG_SVC_FIFO, CPG_SVC_SAFE + 1 },
		{ CPGSO_RECVSEQ, 1, 2 },
		{ CPGSO_NOTRUNC, 1, 2 },
		{ CPGSO_NOEVICT, 1, 2 },
		{ CPGSO_RECVBATCH, 1, 2 },
		{ CPGSO_RECVVIEW, CPG_RECVVIEW_CHANGES, 1U << 2 },
	};
	__u32 value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int option = cases[i].option;

		EXPECT_EQ(0, cpg_test_set(self->fd, option, cases[i].good));
		EXPECT_EQ(-EINVAL,
			  cpg_test_set(self->fd, option, cases[i].bad));
		EXPECT_EQ(-EINVAL, cpg_test_set(self->fd, option, ~0U));
		EXPECT_EQ(0, cpg_test_get(self->fd, option, &value));
		EXPECT_EQ(cases[i].good, value);
		value = 1;
		EXPECT_EQ(-EINVAL, set_raw(self->fd, option, &value, 0));
		EXPECT_EQ(-EINVAL, set_raw(self->fd, option, &value, 3));
		EXPECT_EQ(-EFAULT, set_raw(self->fd, option, NULL, 4));
	}
}

TEST_F(opt, nodeid_and_sizes)
{
	__u32 value;

	EXPECT_EQ(0, cpg_test_get(self->fd, CPGSO_NODEID, &value));
	EXPECT_NE(0, value);
	EXPECT_EQ(0, cpg_test_get(self->fd, CPGSO_MAXATOMIC, &value));
	EXPECT_LT(0, value);
	EXPECT_GE(CPG_MSG_MAX, value);
}

/* As large as libcpg's users are promised. */
TEST_F(opt, buffers)
{
	socklen_t len = sizeof(int);
	int value;

	ASSERT_EQ(0, getsockopt(self->fd, SOL_SOCKET, SO_RCVBUF, &value,
				&len));
	EXPECT_EQ(64 << 20, value);
	ASSERT_EQ(0, getsockopt(self->fd, SOL_SOCKET, SO_SNDBUF, &value,
				&len));
	EXPECT_EQ(2 << 20, value);
}

TEST_F(opt, unknown)
{
	static const int options[] = { 0, 9, 15, 22, 1000, -1, INT_MAX };
	socklen_t len;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		len = sizeof(self->buf);
		EXPECT_EQ(-ENOPROTOOPT,
			  get_raw(self->fd, options[i], self->buf, &len));
		EXPECT_EQ(-ENOPROTOOPT,
			  set_raw(self->fd, options[i], self->buf, 4));
	}
}

TEST_F(opt, wrong_direction)
{
	socklen_t len = sizeof(self->buf);
	int option;

	EXPECT_EQ(-ENOPROTOOPT,
		  get_raw(self->fd, CPGSO_JOIN, self->buf, &len));
	EXPECT_EQ(-ENOPROTOOPT,
		  get_raw(self->fd, CPGSO_LEAVE, self->buf, &len));
	for (option = CPGSO_NODEID; option <= CPGSO_VIEW; option++)
		EXPECT_EQ(-ENOPROTOOPT,
			  set_raw(self->fd, option, self->buf, 4));
}

TEST_F(opt, other_level)
{
	socklen_t len = 4;

	EXPECT_EQ(-1, getsockopt(self->fd, IPPROTO_TCP, CPGSO_NODEID,
				 self->buf, &len));
	EXPECT_EQ(ENOPROTOOPT, errno);
	EXPECT_EQ(-1, setsockopt(self->fd, IPPROTO_TCP, CPGSO_RECVSEQ,
				 self->buf, 4));
	EXPECT_EQ(ENOPROTOOPT, errno);
}

TEST_F(opt, bad_memory)
{
	socklen_t len;
	int option;

	for (option = CPGSO_GUARANTEE; option <= CPGSO_VIEW; option++) {
		if (option > CPGSO_RECVVIEW && option < CPGSO_NODEID)
			continue;
		len = sizeof(self->buf);
		EXPECT_EQ(-EFAULT, get_raw(self->fd, option, (void *)8, &len));
		EXPECT_EQ(-EFAULT, get_raw(self->fd, option, self->buf,
					   (void *)8));
		len = -1;
		EXPECT_EQ(-EINVAL, get_raw(self->fd, option, self->buf, &len));
	}
}

TEST_F(opt, members)
{
	struct cpg_members *m = (struct cpg_members *)self->buf;
	int fd = cpg_test_socket();
	socklen_t need = sizeof(*m) + 2 * sizeof(struct cpg_member);
	socklen_t len;
	int pid;

	pid = cpg_test_join_as(fd, "group");
	ASSERT_LT(0, pid);
	cpg_test_group(&m->group, "group");
	len = sizeof(self->buf);
	ASSERT_EQ(0, get_raw(self->fd, CPGSO_MEMBERS, m, &len));
	EXPECT_EQ(need, len);
	ASSERT_EQ(2, m->n_members);
	EXPECT_EQ(m->members[0].nodeid, m->members[1].nodeid);
	EXPECT_LT(m->members[0].pid, m->members[1].pid);
	EXPECT_EQ(getpid() + pid, m->members[0].pid + m->members[1].pid);
	EXPECT_NE(m->members[0].port, m->members[1].port);
	EXPECT_EQ(0, m->members[0].reason);
	EXPECT_EQ(0, m->members[1].reason);

	/* One byte too few: the length that is needed. */
	len = need - 1;
	EXPECT_EQ(-ENOBUFS, get_raw(self->fd, CPGSO_MEMBERS, m, &len));
	EXPECT_EQ(need, len);
	len = need;
	EXPECT_EQ(0, get_raw(self->fd, CPGSO_MEMBERS, m, &len));
	len = sizeof(m->group) - 1;
	EXPECT_EQ(-EINVAL, get_raw(self->fd, CPGSO_MEMBERS, m, &len));

	cpg_test_group(&m->group, "unknown");
	len = sizeof(self->buf);
	EXPECT_EQ(0, get_raw(self->fd, CPGSO_MEMBERS, m, &len));
	EXPECT_EQ(0, m->n_members);
	EXPECT_EQ(sizeof(*m), len);

	m->group.name_len = CPG_GROUP_NAME_MAX + 1;
	len = sizeof(self->buf);
	EXPECT_EQ(-ENAMETOOLONG, get_raw(self->fd, CPGSO_MEMBERS, m, &len));
	close(fd);
}

TEST_F(opt, groups)
{
	struct cpg_groups *g = (struct cpg_groups *)self->buf;
	int others[3];
	__u32 i, found = 0;
	socklen_t len, need;
	char *at;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		char name[] = { 'a' + i, 0 };

		others[i] = cpg_test_socket();
		ASSERT_EQ(0, cpg_test_join(others[i], name));
	}
	len = sizeof(self->buf);
	ASSERT_EQ(0, get_raw(self->fd, CPGSO_GROUPS, g, &len));
	ASSERT_EQ(4, g->n_groups);
	at = (char *)g->data;
	for (i = 0; i < g->n_groups; i++) {
		struct cpg_members *m = (struct cpg_members *)at;

		ASSERT_EQ(1, m->n_members);
		EXPECT_EQ(getpid(), m->members[0].pid);
		found += m->group.name_len;
		at += sizeof(*m) + sizeof(struct cpg_member);
	}
	EXPECT_EQ(strlen("group") + 3, found);
	EXPECT_EQ(at - (char *)g, len);

	need = len;
	len = need - 1;
	EXPECT_EQ(-ENOBUFS, get_raw(self->fd, CPGSO_GROUPS, g, &len));
	EXPECT_EQ(need, len);
	len = 0;
	EXPECT_EQ(-ENOBUFS, get_raw(self->fd, CPGSO_GROUPS, g, &len));
	EXPECT_EQ(need, len);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		close(others[i]);
}

TEST_F(opt, view)
{
	struct cpg_view *view = (struct cpg_view *)self->buf;
	socklen_t need = sizeof(*view) + sizeof(__u32);
	socklen_t len = sizeof(self->buf);
	__u32 nodeid;

	ASSERT_EQ(0, cpg_test_get(self->fd, CPGSO_NODEID, &nodeid));
	ASSERT_EQ(0, get_raw(self->fd, CPGSO_VIEW, view, &len));
	EXPECT_EQ(need, len);
	ASSERT_EQ(1, view->n_nodes);
	EXPECT_EQ(nodeid, view->nodes[0]);
	EXPECT_EQ(nodeid, view->rep);
	EXPECT_EQ(nodeid, view->leader);
	EXPECT_EQ(CPG_VIEW_F_QUORATE, view->flags);
	len = need - 1;
	EXPECT_EQ(-ENOBUFS, get_raw(self->fd, CPGSO_VIEW, view, &len));
	EXPECT_EQ(need, len);
}

TEST_F(opt, flow)
{
	struct cpg_flow flow;
	socklen_t len = sizeof(flow);

	ASSERT_EQ(0, get_raw(self->fd, CPGSO_FLOW, &flow, &len));
	EXPECT_EQ(sizeof(flow), len);
	EXPECT_EQ(0, flow.blocked);
	EXPECT_EQ(0, flow.queued);
	EXPECT_LT(0, flow.credit);
}

/* Every option, every length, random contents: errors, and no more. */
TEST_F(opt, hostile)
{
	int rounds = 20000 / cpg_test_speed();
	unsigned int seed = 1;
	int fd = cpg_test_socket();
	socklen_t len;
	int i, k;

	for (i = 0; i < rounds; i++) {
		int option = rand_r(&seed) % 24;

		len = rand_r(&seed) % 200;
		for (k = 0; k < (int)len; k++)
			self->buf[k] = rand_r(&seed) % 3 ? 0 : rand_r(&seed);
		if (rand_r(&seed) % 2)
			set_raw(fd, option, self->buf, len);
		else
			get_raw(fd, option, self->buf, &len);
	}
	close(fd);
	/* The node still works. */
	EXPECT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));
	EXPECT_EQ(1, recv(self->fd, self->buf, 8, 0));
}

TEST_HARNESS_MAIN
