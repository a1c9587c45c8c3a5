// SPDX-License-Identifier: GPL-2.0
/* socket(): types, permission, and the calls that the family refuses. */
#include <fcntl.h>
#include <grp.h>

#include "kselftest_harness.h"

#include "cpg_test.h"

static int try_socket(int type, int protocol)
{
	int fd = socket(AF_CPG, type, protocol);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* What socket() says to a process with these ids. */
static int try_as(uid_t uid, gid_t gid)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
		    setresuid(uid, uid, uid))
			_exit(255);
		_exit(-try_socket(SOCK_SEQPACKET, 0));
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

FIXTURE(create)
{
};

FIXTURE_SETUP(create)
{
	ASSERT_EQ(0, cpg_test_unshare());
}

FIXTURE_TEARDOWN(create)
{
}

TEST_F(create, seqpacket)
{
	EXPECT_EQ(0, try_socket(SOCK_SEQPACKET, 0));
}

TEST_F(create, other_types_refused)
{
	static const int types[] = {
		SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(-ESOCKTNOSUPPORT, try_socket(types[i], 0));
}

TEST_F(create, protocol_refused)
{
	EXPECT_EQ(-EPROTONOSUPPORT, try_socket(SOCK_SEQPACKET, 1));
}

TEST_F(create, flags)
{
	int fd = socket(AF_CPG, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
			0);

	ASSERT_LE(0, fd);
	EXPECT_NE(0, fcntl(fd, F_GETFL) & O_NONBLOCK);
	EXPECT_NE(0, fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

TEST_F(create, permission)
{
	EXPECT_EQ(0, try_as(0, 0));
	EXPECT_EQ(0, try_as(65534, 0));
	EXPECT_EQ(0, try_as(0, 65534));
	EXPECT_EQ(-EACCES, try_as(65534, 65534));
}

TEST_F(create, domain_and_type)
{
	int fd = cpg_test_socket();
	socklen_t len = sizeof(int);
	int value;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &len));
	EXPECT_EQ(AF_CPG, value);
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len));
	EXPECT_EQ(SOCK_SEQPACKET, value);
	close(fd);
}

TEST_F(create, peercred_is_root)
{
	struct ucred cred = { .pid = 1, .uid = 77, .gid = 77 };
	socklen_t len = sizeof(cred);
	int fd = cpg_test_socket();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len));
	EXPECT_EQ(12, len);
	EXPECT_EQ(0, cred.uid);
	EXPECT_EQ(0, cred.gid);
	close(fd);
}

TEST_F(create, calls_without_meaning)
{
	struct sockaddr_cpg addr = { .scpg_family = AF_CPG };
	socklen_t len = sizeof(addr);
	int fd = cpg_test_socket();
	int pair[2];

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, bind(fd, (struct sockaddr *)&addr, len));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&addr, len));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, listen(fd, 1));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, accept(fd, NULL, NULL));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, socketpair(AF_CPG, SOCK_SEQPACKET, 0, pair));
	EXPECT_EQ(EOPNOTSUPP, errno);
	close(fd);
}

/* Many sockets, none joined, closed in another order. */
TEST_F(create, many)
{
	int fds[200];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = cpg_test_socket();
		ASSERT_LE(0, fds[i]);
	}
	for (i = 0; i < ARRAY_SIZE(fds); i += 2)
		close(fds[i]);
	for (i = 1; i < ARRAY_SIZE(fds); i += 2)
		close(fds[i]);
}

TEST_HARNESS_MAIN
