// SPDX-License-Identifier: GPL-2.0
/*
 * A stub is one end of a pair of sockets; what is written to the other end,
 * which only this file knows, is what can be received.
 */
#include <errno.h>
#include <linux/cpg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stub.h"

enum {
	STUB_FD_MAX = 1024,
	STUB_IOV_MAX = 8,
};

/* Goes before each event; @n of a message is 0. */
struct stub_event {
	__u32			n;
	__u32			chg[sizeof(struct cpg_confchg) / sizeof(__u32)];
	struct cpg_member	who[2];
};

static atomic_int others[STUB_FD_MAX];	/* 0: not a stub */
static atomic_bool evict_at_leave;
static atomic_size_t control_least;

void stub_evict_at_leave(void)
{
	atomic_store(&evict_at_leave, true);
}

void stub_control_least(size_t bytes)
{
	atomic_store(&control_least, bytes);
}

static int other_of(int fd)
{
	return fd >= 0 && fd < STUB_FD_MAX ? atomic_load(&others[fd]) : 0;
}

int __wrap_socket(int domain, int type, int protocol)
{
	int fds[2];

	if (domain != AF_CPG)
		return __real_socket(domain, type, protocol);
	if (socketpair(AF_UNIX, type, 0, fds))
		return -1;
	if (fds[0] >= STUB_FD_MAX) {
		__real_close(fds[0]);
		__real_close(fds[1]);
		errno = EMFILE;
		return -1;
	}
	atomic_store(&others[fds[0]], fds[1]);
	return fds[0];
}

int __wrap_close(int fd)
{
	int other = other_of(fd);

	if (other) {
		atomic_store(&others[fd], 0);
		__real_close(other);
	}
	return __real_close(fd);
}

static int stub_change(int other, bool is_join)
{
	struct stub_event ev = { .n = is_join ? 2 : 1 };
	const struct cpg_confchg chg = {
		.n_members = is_join,
		.n_left = !is_join,
		.n_joined = is_join,
	};
	__u32 i;

	memcpy(ev.chg, &chg, sizeof(ev.chg));
	for (i = 0; i < ev.n; i++) {
		ev.who[i].nodeid = STUB_NODEID;
		ev.who[i].pid = STUB_PID;
		ev.who[i].port = 1;
	}
	ev.who[ev.n - 1].reason = is_join ? CPG_CHG_JOIN : CPG_CHG_LEAVE;
	return send(other, &ev, sizeof(ev), MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int __wrap_setsockopt(int fd, int level, int option, const void *val,
		      socklen_t len)
{
	int other = other_of(fd);

	if (!other || level != SOL_CPG)
		return __real_setsockopt(fd, level, option, val, len);
	if (option == CPGSO_LEAVE && atomic_load(&evict_at_leave)) {
		shutdown(other, SHUT_RDWR);
		errno = ENOTCONN;
		return -1;
	}
	if (option == CPGSO_JOIN || option == CPGSO_LEAVE)
		return stub_change(other, option == CPGSO_JOIN);
	return 0;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct stub_event ev = { .n = 0 };
	struct iovec iov[1 + STUB_IOV_MAX] = {
		{ .iov_base = &ev, .iov_len = sizeof(ev) },
	};
	struct msghdr whole = { .msg_iov = iov };
	int other = other_of(fd);
	ssize_t ret;

	if (!other)
		return __real_sendmsg(fd, msg, flags);
	if (msg->msg_iovlen > STUB_IOV_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	memcpy(iov + 1, msg->msg_iov, msg->msg_iovlen * sizeof(*iov));
	whole.msg_iovlen = 1 + msg->msg_iovlen;
	ret = __real_sendmsg(other, &whole, flags);
	return ret < 0 ? ret : ret - (ssize_t)sizeof(ev);
}

static void stub_put_change(struct msghdr *msg, const struct stub_event *ev)
{
	size_t len = sizeof(ev->chg) + ev->n * sizeof(ev->who[0]);
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);

	cmsg->cmsg_level = SOL_CPG;
	cmsg->cmsg_type = SCM_CPG_CONFCHG;
	cmsg->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cmsg), ev->chg, sizeof(ev->chg));
	memcpy(CMSG_DATA(cmsg) + sizeof(ev->chg), ev->who,
	       ev->n * sizeof(ev->who[0]));
	msg->msg_namelen = 0;
	msg->msg_controllen = CMSG_SPACE(len);
}

static void stub_put_sender(struct msghdr *msg)
{
	const struct sockaddr_cpg from = {
		.scpg_family = AF_CPG,
		.scpg_nodeid = STUB_NODEID,
		.scpg_pid = STUB_PID,
		.scpg_port = 1,
	};

	const struct cpg_seq seq = { .seq = 1 };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);

	memcpy(msg->msg_name, &from, sizeof(from));
	msg->msg_namelen = sizeof(from);
	/* As if the program had set CPGSO_RECVSEQ. */
	cmsg->cmsg_level = SOL_CPG;
	cmsg->cmsg_type = SCM_CPG_SEQ;
	cmsg->cmsg_len = CMSG_LEN(sizeof(seq));
	memcpy(CMSG_DATA(cmsg), &seq, sizeof(seq));
	msg->msg_controllen = CMSG_SPACE(sizeof(seq));
}

/* The library gives one buffer, and room for a name and ancillary data. */
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct stub_event ev;
	struct iovec iov[2] = {
		{ .iov_base = &ev, .iov_len = sizeof(ev) },
		msg->msg_iov[0],
	};
	struct msghdr whole = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t ret;

	if (!other_of(fd))
		return __real_recvmsg(fd, msg, flags);
	if (msg->msg_controllen < atomic_load(&control_least)) {
		errno = EMSGSIZE;
		return -1;
	}
	ret = __real_recvmsg(fd, &whole, flags);
	if (ret <= 0)
		return ret;
	if (ev.n)
		stub_put_change(msg, &ev);
	else
		stub_put_sender(msg);
	return ret - (ssize_t)sizeof(ev);
}
