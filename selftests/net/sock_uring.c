// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring on a socket: recvmsg multishot into provided buffers, send and
 * sendmsg, poll multishot; what ends them, and that no event is lost then.
 *
 * An event without payload, as a change of the group is one, ends a recvmsg
 * multishot: that is io_uring's rule, and to arm it again is normal.
 */
#include <poll.h>
#include <signal.h>

#include "kselftest_harness.h"

#include "cpg_test.h"
#include "uring.h"

enum {
	PAYLOAD = 256,		/* bytes in a provided buffer */
	BUFS = 8,		/* provided */
	MANY = 1000,		/* messages, many times the buffers */
	SMALL = 8192,		/* SO_RCVBUF of a member that is soon full */
	RECV = 1,		/* user_data of requests */
	POLL = 200,
	CANCEL = 300,
};

FIXTURE(uring)
{
	int			fd;
	struct uring		u;
	struct io_uring_cqe	*cqe;
	struct cpg_test_event	ev;
};

FIXTURE_SETUP(uring)
{
	ASSERT_EQ(0, cpg_test_unshare());
	self->fd = cpg_test_socket();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, cpg_test_join(self->fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	ASSERT_EQ(0, uring_init(&self->u, PAYLOAD, BUFS, 0));
}

FIXTURE_TEARDOWN(uring)
{
	uring_exit(&self->u);
	close(self->fd);
}

/* The next completion; the limit is only to fail rather than hang. */
static int next_cqe(struct _test_data_uring *self)
{
	struct __kernel_timespec ts = {
		.tv_sec = (long long)CPG_TEST_WAIT_MS * cpg_test_speed() / 1000,
	};

	return io_uring_wait_cqe_timeout(&self->u.ring, &self->cqe, &ts);
}

/* No completion now, with all that the task had to do done. */
static bool has_no_cqe(struct _test_data_uring *self)
{
	io_uring_get_events(&self->u.ring);
	return io_uring_peek_cqe(&self->u.ring, &self->cqe) == -EAGAIN;
}

static void seen(struct _test_data_uring *self)
{
	uring_recycle(&self->u, self->cqe);
}

/* A completion with this message, and whether the request goes on. */
static void expect_msg(struct __test_metadata *_metadata,
		       struct _test_data_uring *self, const char *text,
		       bool more)
{
	struct io_uring_recvmsg_out *out;
	struct sockaddr_cpg *from;
	size_t len = strlen(text);

	ASSERT_EQ(0, next_cqe(self));
	ASSERT_EQ(RECV, self->cqe->user_data);
	ASSERT_LE(0, self->cqe->res);
	EXPECT_EQ(more, !!(self->cqe->flags & IORING_CQE_F_MORE));
	out = uring_out(&self->u, self->cqe);
	ASSERT_NE(NULL, out);
	ASSERT_EQ(len, out->payloadlen);
	EXPECT_EQ(0, memcmp(text, io_uring_recvmsg_payload(out, &self->u.msg),
			    len));
	EXPECT_EQ(0, out->controllen);
	ASSERT_EQ(sizeof(*from), out->namelen);
	from = io_uring_recvmsg_name(out);
	EXPECT_EQ(AF_CPG, from->scpg_family);
	EXPECT_EQ(getpid(), from->scpg_pid);
	seen(self);
}

/* A completion of this request with this result, which is its last. */
static void expect_end(struct __test_metadata *_metadata,
		       struct _test_data_uring *self, __u64 data, int res)
{
	ASSERT_EQ(0, next_cqe(self));
	EXPECT_EQ(data, self->cqe->user_data);
	EXPECT_EQ(res, self->cqe->res);
	EXPECT_EQ(0, self->cqe->flags & IORING_CQE_F_MORE);
	seen(self);
}

static void send_text(struct __test_metadata *_metadata, int fd,
		      const char *text)
{
	ssize_t len = strlen(text);

	ASSERT_EQ(len, cpg_test_send(fd, text, len, 0));
}

TEST_F(uring, recv_what_comes)
{
	ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
	EXPECT_TRUE(has_no_cqe(self));
	send_text(_metadata, self->fd, "one");
	expect_msg(_metadata, self, "one", true);
	send_text(_metadata, self->fd, "two");
	send_text(_metadata, self->fd, "three");
	expect_msg(_metadata, self, "two", true);
	expect_msg(_metadata, self, "three", true);
	EXPECT_TRUE(has_no_cqe(self));
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLIN, 0));
}

TEST_F(uring, recv_what_is_there)
{
	send_text(_metadata, self->fd, "one");
	send_text(_metadata, self->fd, "two");
	ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
	expect_msg(_metadata, self, "one", true);
	expect_msg(_metadata, self, "two", true);
}

TEST_F(uring, recv_a_change)
{
	struct io_uring_recvmsg_out *out;
	struct cpg_confchg *chg;
	struct cmsghdr *cmsg;
	int fd = cpg_test_socket();

	ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
	ASSERT_LT(0, cpg_test_join_as(fd, "group"));
	send_text(_metadata, self->fd, "after");

	ASSERT_EQ(0, next_cqe(self));
	EXPECT_EQ(0, self->cqe->flags & IORING_CQE_F_MORE);
	out = uring_out(&self->u, self->cqe);
	ASSERT_NE(NULL, out);
	EXPECT_EQ(0, out->payloadlen);
	EXPECT_EQ(0, out->namelen);
	cmsg = io_uring_recvmsg_cmsg_firsthdr(out, &self->u.msg);
	ASSERT_NE(NULL, cmsg);
	EXPECT_EQ(SOL_CPG, cmsg->cmsg_level);
	ASSERT_EQ(SCM_CPG_CONFCHG, cmsg->cmsg_type);
	chg = (void *)CMSG_DATA(cmsg);
	EXPECT_EQ(2, chg->n_members);
	EXPECT_EQ(1, chg->n_joined);
	seen(self);

	ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
	expect_msg(_metadata, self, "after", true);
	close(fd);
}

TEST_F(uring, recv_an_empty_message)
{
	ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
	send_text(_metadata, self->fd, "");
	send_text(_metadata, self->fd, "after");
	expect_msg(_metadata, self, "", false);
	ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
	expect_msg(_metadata, self, "after", true);
}

/* What finds no buffer stays in the socket. */
TEST_F(uring, recv_without_buffers)
{
	struct io_uring_cqe *held[BUFS];
	char text[2] = "0";
	int i;

	for (i = 0; i < BUFS + 2; i++, text[0]++)
		send_text(_metadata, self->fd, text);
	ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
	ASSERT_EQ(BUFS + 1, io_uring_cq_ready(&self->u.ring));
	ASSERT_EQ(BUFS, io_uring_peek_batch_cqe(&self->u.ring, held, BUFS));
	for (i = 0; i < BUFS; i++)
		ASSERT_LT(0, held[i]->res);
	for (i = 0; i < BUFS; i++)
		uring_recycle(&self->u, held[i]);
	expect_end(_metadata, self, RECV, -ENOBUFS);
	EXPECT_EQ(POLLIN, cpg_test_poll(self->fd, POLLIN, 0));

	ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
	text[0] = '0' + BUFS;
	expect_msg(_metadata, self, text, true);
	text[0]++;
	expect_msg(_metadata, self, text, true);
}

/* Not a byte of it is lost: a larger buffer gets all. */
TEST_F(uring, recv_what_does_not_fit)
{
	char large[PAYLOAD * 2] = { 'x' };

	ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_NOTRUNC, 1));
	ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
	ASSERT_EQ(sizeof(large), cpg_test_send(self->fd, large, sizeof(large),
					       0));
	expect_end(_metadata, self, RECV, -EMSGSIZE);
	ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, MSG_DONTWAIT));
	EXPECT_EQ(sizeof(large), self->ev.len);
	EXPECT_EQ(0, memcmp(large, self->ev.data, sizeof(large)));
}

/* Messages through few buffers: each once, in order. */
TEST_F(uring, recv_many)
{
	struct io_uring_recvmsg_out *out;
	bool armed = false;
	const void *data;
	int sent = 0;
	int got = 0;

	while (got < MANY) {
		for (; sent < MANY && sent < got + 2 * BUFS; sent++)
			ASSERT_EQ(sizeof(sent), cpg_test_send(self->fd, &sent,
							      sizeof(sent), 0));
		if (!armed)
			ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
		ASSERT_EQ(0, next_cqe(self));
		armed = self->cqe->flags & IORING_CQE_F_MORE;
		out = uring_out(&self->u, self->cqe);
		if (!out) {
			ASSERT_EQ(-ENOBUFS, self->cqe->res);
			seen(self);
			continue;
		}
		ASSERT_EQ(sizeof(got), out->payloadlen);
		data = io_uring_recvmsg_payload(out, &self->u.msg);
		ASSERT_EQ(0, memcmp(&got, data, sizeof(got)));
		seen(self);
		got++;
	}
	EXPECT_EQ(-EAGAIN, cpg_test_recv(self->fd, &self->ev, MSG_DONTWAIT));
}

TEST_F(uring, send_in_order)
{
	struct msghdr msg[BUFS / 2];
	struct iovec iov[BUFS / 2];
	char text[BUFS + 1] = "abcdefgh";
	char expected[2] = { 0 };
	int i;

	for (i = 0; i < BUFS / 2; i++) {
		io_uring_prep_send(uring_sqe(&self->u, 0), self->fd,
				   &text[2 * i], 1, 0);
		iov[i] = (struct iovec){ &text[2 * i + 1], 1 };
		msg[i] = (struct msghdr){ .msg_iov = &iov[i],
					  .msg_iovlen = 1 };
		io_uring_prep_sendmsg(uring_sqe(&self->u, 0), self->fd,
				      &msg[i], 0);
	}
	ASSERT_EQ(BUFS, io_uring_submit(&self->u.ring));
	for (i = 0; i < BUFS; i++)
		expect_end(_metadata, self, 0, 1);
	ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
	for (i = 0; i < BUFS; i++) {
		expected[0] = text[i];
		expect_msg(_metadata, self, expected, true);
	}
}

/* The guarantee goes with the message; a value that is none is refused. */
TEST_F(uring, sendmsg_with_guarantee)
{
	char control[CMSG_SPACE(sizeof(__u32))] __attribute__((aligned(8)));
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_LEN(sizeof(__u32)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	__u32 svc;

	ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_RECVSEQ, 1));
	cmsg->cmsg_level = SOL_CPG;
	cmsg->cmsg_type = SCM_CPG_GUARANTEE;
	cmsg->cmsg_len = CMSG_LEN(sizeof(svc));
	for (svc = CPG_SVC_UNORDERED; svc <= CPG_SVC_SAFE + 1; svc++) {
		memcpy(CMSG_DATA(cmsg), &svc, sizeof(svc));
		io_uring_prep_sendmsg(uring_sqe(&self->u, 0), self->fd, &msg,
				      0);
		ASSERT_EQ(1, io_uring_submit(&self->u.ring));
		if (svc > CPG_SVC_SAFE) {
			expect_end(_metadata, self, 0, -EINVAL);
			break;
		}
		expect_end(_metadata, self, 0, 1);
		ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
		ASSERT_TRUE(self->ev.has_seq);
		EXPECT_EQ(svc > CPG_SVC_FIFO, self->ev.seq.seq > 0);
	}
}

TEST_F(uring, send_outside_a_group)
{
	int fd = cpg_test_socket();

	io_uring_prep_send(uring_sqe(&self->u, 0), fd, "x", 1, 0);
	ASSERT_EQ(1, io_uring_submit(&self->u.ring));
	expect_end(_metadata, self, 0, -ENOTCONN);
	close(fd);
}

/* Held back, a request waits for room and blocks nobody. */
TEST_F(uring, send_waits_for_room)
{
	char payload[PAYLOAD] = { 0 };
	int fd = cpg_test_socket();
	int size = SMALL;
	int sent = 0;

	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
				sizeof(size)));
	ASSERT_LT(0, cpg_test_join_as(fd, "group"));
	while (cpg_test_send(self->fd, payload, PAYLOAD, MSG_DONTWAIT) > 0)
		ASSERT_GT(MANY, ++sent);
	io_uring_prep_send(uring_sqe(&self->u, 0), self->fd, payload, PAYLOAD,
			   0);
	ASSERT_EQ(1, io_uring_submit(&self->u.ring));
	EXPECT_TRUE(has_no_cqe(self));

	ASSERT_EQ(0, cpg_test_next(fd, &self->ev));
	while (sent--)
		ASSERT_EQ(0, cpg_test_next(fd, &self->ev));
	expect_end(_metadata, self, 0, PAYLOAD);
	ASSERT_EQ(0, cpg_test_next(fd, &self->ev));
	EXPECT_EQ(PAYLOAD, self->ev.len);
	close(fd);
}

TEST_F(uring, poll_multishot)
{
	struct io_uring_sqe *sqe = uring_sqe(&self->u, 0);
	int i;

	io_uring_prep_poll_multishot(sqe, self->fd, POLLIN);
	sqe->user_data = POLL;
	ASSERT_EQ(1, io_uring_submit(&self->u.ring));
	EXPECT_TRUE(has_no_cqe(self));
	for (i = 0; i < 3; i++) {
		send_text(_metadata, self->fd, "x");
		ASSERT_EQ(0, next_cqe(self));
		EXPECT_EQ(POLL, self->cqe->user_data);
		EXPECT_EQ(POLLIN, self->cqe->res & POLLIN);
		EXPECT_EQ(IORING_CQE_F_MORE,
			  self->cqe->flags & IORING_CQE_F_MORE);
		seen(self);
		ASSERT_EQ(0, cpg_test_recv(self->fd, &self->ev, MSG_DONTWAIT));
		EXPECT_TRUE(has_no_cqe(self));
	}
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_EQ(0, next_cqe(self));
	EXPECT_EQ(POLLIN | POLLHUP, self->cqe->res & (POLLIN | POLLHUP));
	seen(self);
}

/* And what comes afterwards is for recvmsg(). */
TEST_F(uring, cancel)
{
	struct io_uring_sqe *sqe;
	int ends = 0;
	int i;

	ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
	sqe = uring_sqe(&self->u, 0);
	io_uring_prep_cancel64(sqe, RECV, 0);
	sqe->user_data = CANCEL;
	ASSERT_EQ(1, io_uring_submit(&self->u.ring));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, next_cqe(self));
		EXPECT_EQ(self->cqe->user_data == CANCEL ? 0 : -ECANCELED,
			  self->cqe->res);
		ends += self->cqe->user_data;
		seen(self);
	}
	EXPECT_EQ(RECV + CANCEL, ends);
	send_text(_metadata, self->fd, "x");
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	EXPECT_EQ(1, self->ev.len);
	EXPECT_TRUE(has_no_cqe(self));
}

/* The end of the events is a result of 0 without an address. */
TEST_F(uring, shutdown_in_flight)
{
	struct io_uring_recvmsg_out *out;

	ASSERT_EQ(0, uring_arm(&self->u, self->fd, RECV));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_EQ(0, next_cqe(self));
	EXPECT_EQ(0, self->cqe->flags & IORING_CQE_F_MORE);
	out = uring_out(&self->u, self->cqe);
	ASSERT_NE(NULL, out);
	EXPECT_EQ(0, out->payloadlen);
	EXPECT_EQ(0, out->namelen);
	EXPECT_EQ(0, out->controllen);
	seen(self);
}

/* The other member's next event: one that left, for this reason. */
static void expect_left(struct __test_metadata *_metadata,
			struct _test_data_uring *self, __u32 reason)
{
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	ASSERT_EQ(1, self->ev.chg->n_left);
	EXPECT_EQ(reason, cpg_test_left(self->ev.chg)->reason);
}

/* A request keeps a closed socket, and so the membership, until it ends. */
TEST_F(uring, close_in_flight)
{
	struct io_uring_sqe *sqe;
	int fd = cpg_test_socket();

	ASSERT_LT(0, cpg_test_join_as(fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(fd));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	ASSERT_EQ(0, uring_arm(&self->u, fd, RECV));
	close(fd);
	EXPECT_TRUE(cpg_test_is_quiet(self->fd));

	sqe = uring_sqe(&self->u, 0);
	io_uring_prep_cancel64(sqe, RECV, 0);
	sqe->user_data = CANCEL;
	ASSERT_EQ(1, io_uring_submit(&self->u.ring));
	ASSERT_EQ(0, next_cqe(self));
	seen(self);
	ASSERT_EQ(0, next_cqe(self));
	seen(self);
	expect_left(_metadata, self, CPG_CHG_PROCDOWN);
}

TEST_F(uring, ring_goes_first)
{
	int fd = cpg_test_socket();
	struct uring u;

	ASSERT_LT(0, cpg_test_join_as(fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(fd));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	ASSERT_EQ(0, uring_init(&u, PAYLOAD, BUFS, 0));
	ASSERT_EQ(0, uring_arm(&u, fd, RECV));
	uring_exit(&u);
	close(fd);
	expect_left(_metadata, self, CPG_CHG_PROCDOWN);
}

static void child_waits(void)
{
	int fd = cpg_test_socket();
	struct io_uring_sqe *sqe;
	struct uring u;

	if (cpg_test_join(fd, "group") || cpg_test_settle(fd) ||
	    uring_init(&u, PAYLOAD, BUFS, 0) || uring_arm(&u, fd, RECV))
		_exit(1);
	sqe = uring_sqe(&u, 0);
	io_uring_prep_poll_multishot(sqe, fd, POLLIN);
	if (io_uring_submit(&u.ring) != 1 ||
	    cpg_test_send(fd, "ready", 5, 0) != 5)
		_exit(1);
	for (;;)
		pause();
}

/* A process that dies with requests in flight is gone like any other. */
TEST_F(uring, killed_in_flight)
{
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		child_waits();
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	ASSERT_EQ(CPG_TEST_CONFCHG, self->ev.kind);
	ASSERT_EQ(0, cpg_test_next(self->fd, &self->ev));
	ASSERT_EQ(CPG_TEST_MSG, self->ev.kind);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	expect_left(_metadata, self, CPG_CHG_PROCDOWN);
}

TEST_HARNESS_MAIN
