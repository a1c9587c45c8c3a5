// SPDX-License-Identifier: GPL-2.0
/* sendmsg(): sizes, guarantees, control messages, errors. */
#include <poll.h>
#include <sys/uio.h>

#include "kselftest_harness.h"

#include "cpg_test.h"

FIXTURE(send)
{
	int			fd;
	struct cpg_test_event	ev;
};

FIXTURE_SETUP(send)
{
	ASSERT_EQ(0, cpg_test_unshare());
	self->fd = cpg_test_socket();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, cpg_test_join(self->fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
}

FIXTURE_TEARDOWN(send)
{
	close(self->fd);
}

static void expect_msg(struct __test_metadata *_metadata,
		       int fd, const char *text)
{
	static struct cpg_test_event ev;

	ASSERT_EQ(0, cpg_test_next(fd, &ev));
	ASSERT_EQ(CPG_TEST_MSG, ev.kind);
	ASSERT_EQ(strlen(text), ev.len);
	EXPECT_EQ(0, memcmp(text, ev.data, ev.len));
}

static void expect_quiet(struct __test_metadata *_metadata, int fd)
{
	EXPECT_TRUE(cpg_test_is_quiet(fd));
}

TEST_F(send, not_joined)
{
	int fd = cpg_test_socket();

	EXPECT_EQ(-ENOTCONN, cpg_test_send(fd, "x", 1, 0));
	EXPECT_EQ(-ENOTCONN, cpg_test_send(fd, "x", 1, MSG_DONTWAIT));
	close(fd);
}

/* Legal at once: delivered after the own join. */
TEST_F(send, right_after_join)
{
	int fd = cpg_test_socket();

	ASSERT_EQ(0, cpg_test_join(fd, "other"));
	ASSERT_EQ(1, cpg_test_send(fd, "x", 1, 0));
	ASSERT_EQ(0, cpg_test_next(fd, &self->ev));
	EXPECT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	ASSERT_EQ(0, cpg_test_next(fd, &self->ev));
	EXPECT_EQ(CPG_TEST_MSG, self->ev.kind);
	close(fd);
}

TEST_F(send, empty)
{
	struct msghdr msg = { 0 };

	EXPECT_EQ(0, cpg_test_send(self->fd, "", 0, 0));
	EXPECT_EQ(0, sendmsg(self->fd, &msg, 0));
	expect_msg(_metadata, self->fd, "");
	expect_msg(_metadata, self->fd, "");
	expect_quiet(_metadata, self->fd);
}

TEST_F(send, sizes)
{
	static const size_t sizes[] = {
		1, 2, 3, 100, 1400, 1452, 1453, 4095, 4096, 4097, 65535,
		65536, 65537, 100000, 1000000, CPG_MSG_MAX - 1, CPG_MSG_MAX,
	};
	char *out = malloc(CPG_MSG_MAX);
	char *in = malloc(CPG_MSG_MAX + 1);
	size_t i, k;

	ASSERT_NE(NULL, out);
	ASSERT_NE(NULL, in);
	for (k = 0; k < CPG_MSG_MAX; k++)
		out[k] = k ^ k >> 8 ^ k >> 16;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ((ssize_t)sizes[i],
			  cpg_test_send(self->fd, out, sizes[i], 0));
		ASSERT_EQ(POLLIN, cpg_test_poll(self->fd, POLLIN,
						CPG_TEST_WAIT_MS));
		ASSERT_EQ((ssize_t)sizes[i],
			  recv(self->fd, in, CPG_MSG_MAX + 1, 0));
		ASSERT_EQ(0, memcmp(out, in, sizes[i]));
	}
	free(out);
	free(in);
}

TEST_F(send, too_large)
{
	char *out = calloc(1, CPG_MSG_MAX + 1);
	struct iovec iov[2] = {
		{ .iov_base = out, .iov_len = CPG_MSG_MAX },
		{ .iov_base = out, .iov_len = 1 },
	};

	ASSERT_NE(NULL, out);
	EXPECT_EQ(-EMSGSIZE, cpg_test_send(self->fd, out, CPG_MSG_MAX + 1, 0));
	EXPECT_EQ(-1, writev(self->fd, iov, 2));
	EXPECT_EQ(EMSGSIZE, errno);
	EXPECT_EQ(-EMSGSIZE, cpg_test_send(self->fd, out, 0x7ffff000, 0));
	expect_quiet(_metadata, self->fd);
	free(out);
}

TEST_F(send, iovec_is_one_message)
{
	struct iovec iov[1024];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(iov); i++) {
		iov[i].iov_base = &"abcdefgh"[i % 8];
		iov[i].iov_len = i % 2;
	}
	ASSERT_EQ(512, writev(self->fd, iov, ARRAY_SIZE(iov)));
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	ASSERT_EQ(512, self->ev.len);
	EXPECT_EQ(0, memcmp("bdfhbdfh", self->ev.data, 8));
	expect_quiet(_metadata, self->fd);
}

TEST_F(send, guarantee_cmsg)
{
	__u32 svc;

	for (svc = CPG_SVC_UNORDERED; svc <= CPG_SVC_SAFE; svc++) {
		ASSERT_EQ(1, cpg_test_send_cmsg(self->fd, "x", 1, SOL_CPG,
						SCM_CPG_GUARANTEE, &svc,
						sizeof(svc)));
		expect_msg(_metadata, self->fd, "x");
	}
	EXPECT_EQ(-EINVAL, cpg_test_send_cmsg(self->fd, "x", 1, SOL_CPG,
					      SCM_CPG_GUARANTEE, &svc,
					      sizeof(svc)));
	svc = CPG_SVC_AGREED;
	EXPECT_EQ(-EINVAL, cpg_test_send_cmsg(self->fd, "x", 1, SOL_CPG,
					      SCM_CPG_GUARANTEE, &svc, 2));
	EXPECT_EQ(-EINVAL, cpg_test_send_cmsg(self->fd, "x", 1, SOL_CPG,
					      SCM_CPG_GUARANTEE, &svc, 0));
	expect_quiet(_metadata, self->fd);
}

TEST_F(send, unknown_cmsg)
{
	__u32 value = 0;

	EXPECT_EQ(-EINVAL, cpg_test_send_cmsg(self->fd, "x", 1, SOL_CPG,
					      SCM_CPG_CONFCHG, &value,
					      sizeof(value)));
	EXPECT_EQ(-EINVAL, cpg_test_send_cmsg(self->fd, "x", 1, SOL_CPG, 999,
					      &value, sizeof(value)));
	EXPECT_EQ(-EINVAL, cpg_test_send_cmsg(self->fd, "x", 1, SOL_SOCKET,
					      SCM_RIGHTS, &value,
					      sizeof(value)));
	expect_quiet(_metadata, self->fd);
}

TEST_F(send, guarantee_option)
{
	__u32 value;

	ASSERT_EQ(0, cpg_test_get(self->fd, CPGSO_GUARANTEE, &value));
	EXPECT_EQ(CPG_SVC_AGREED, value);
	ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_GUARANTEE, CPG_SVC_FIFO));
	ASSERT_EQ(0, cpg_test_get(self->fd, CPGSO_GUARANTEE, &value));
	EXPECT_EQ(CPG_SVC_FIFO, value);
	ASSERT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));
	expect_msg(_metadata, self->fd, "x");
	EXPECT_EQ(-EINVAL, cpg_test_set(self->fd, CPGSO_GUARANTEE, 4));
	ASSERT_EQ(0, cpg_test_get(self->fd, CPGSO_GUARANTEE, &value));
	EXPECT_EQ(CPG_SVC_FIFO, value);
	ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_GUARANTEE, CPG_SVC_SAFE));
	ASSERT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));
	expect_msg(_metadata, self->fd, "x");
}

TEST_F(send, address)
{
	struct sockaddr_cpg addr = { .scpg_family = AF_CPG };

	EXPECT_EQ(-1, sendto(self->fd, "x", 1, 0, (struct sockaddr *)&addr,
			     sizeof(addr)));
	EXPECT_EQ(EISCONN, errno);
	expect_quiet(_metadata, self->fd);
}

TEST_F(send, bad_memory)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_EQ(0, munmap(page + 4096, 4096));
	EXPECT_EQ(-EFAULT, cpg_test_send(self->fd, (void *)8, 1, 0));
	EXPECT_EQ(-EFAULT, cpg_test_send(self->fd, page, 4097, 0));
	EXPECT_EQ(-EFAULT, cpg_test_send(self->fd, page, CPG_MSG_MAX, 0));
	expect_quiet(_metadata, self->fd);
	EXPECT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));
	expect_msg(_metadata, self->fd, "x");
}

TEST_F(send, flags)
{
	EXPECT_EQ(-EOPNOTSUPP, cpg_test_send(self->fd, "x", 1, MSG_OOB));
	EXPECT_EQ(1, cpg_test_send(self->fd, "x", 1, MSG_DONTWAIT));
	EXPECT_EQ(1, cpg_test_send(self->fd, "x", 1, MSG_NOSIGNAL));
	expect_msg(_metadata, self->fd, "x");
	expect_msg(_metadata, self->fd, "x");
}

TEST_F(send, write)
{
	ASSERT_EQ(3, write(self->fd, "abc", 3));
	ASSERT_EQ(2, read(self->fd, self->ev.data, 2));
	expect_quiet(_metadata, self->fd);
}

TEST_F(send, sendmmsg)
{
	struct iovec iov = { .iov_base = "abc", .iov_len = 3 };
	struct mmsghdr msgs[10] = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(msgs); i++) {
		msgs[i].msg_hdr.msg_iov = &iov;
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	ASSERT_EQ(10, sendmmsg(self->fd, msgs, ARRAY_SIZE(msgs), 0));
	for (i = 0; i < ARRAY_SIZE(msgs); i++)
		expect_msg(_metadata, self->fd, "abc");
}

/* FIFO from one sender, none lost, own messages once. */
TEST_F(send, many_in_order)
{
	int n = 20000 / cpg_test_speed();
	int sent = 0, rcvd = 0, value;

	while (rcvd < n) {
		while (sent < n && sent - rcvd < 100) {
			ASSERT_EQ(sizeof(sent),
				  cpg_test_send(self->fd, &sent, sizeof(sent),
						0));
			sent++;
		}
		ASSERT_EQ(sizeof(value),
			  recv(self->fd, &value, sizeof(value), 0));
		ASSERT_EQ(rcvd, value);
		rcvd++;
	}
	expect_quiet(_metadata, self->fd);
}

TEST_HARNESS_MAIN
