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
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
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
static atomic_bool in_hand[STUB_FD_MAX];
static atomic_bool evict_at_leave;
static atomic_size_t room_least;
static atomic_size_t memory_most = SIZE_MAX;

void stub_evict_at_leave(void)
{
	atomic_store(&evict_at_leave, true);
}

void stub_room_least(size_t bytes)
{
	atomic_store(&room_least, bytes);
}

void stub_memory_most(size_t bytes)
{
	atomic_store(&memory_most, bytes);
}

void *__wrap_malloc(size_t size)
{
	if (size <= atomic_load(&memory_most))
		return __real_malloc(size);
	errno = ENOMEM;
	return NULL;
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
	atomic_store(&in_hand[fds[0]], false);
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

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	const struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (!other_of(fd))
		return __real_send(fd, buf, len, flags);
	return __wrap_sendmsg(fd, &msg, flags);
}

/* A socket of which several events were received at once is readable. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	bool is_readable;
	int ready;

	is_readable = other_of(fds[0].fd) && fds[0].events & POLLIN &&
		      atomic_load(&in_hand[fds[0].fd]);
	ready = __real_poll(fds, n, is_readable ? 0 : timeout);
	if (ready < 0 || !is_readable)
		return ready;
	ready += !fds[0].revents;
	fds[0].revents |= POLLIN;
	return ready;
}

/* Bytes of the next event's record; 0 at the end, -1: there is none. */
static ssize_t stub_next_len(int fd)
{
	struct stub_event ev;
	ssize_t ret;

	ret = __real_recv(fd, &ev, sizeof(ev),
			  MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC);
	if (ret <= 0)
		return ret;
	ret += (ssize_t)sizeof(struct cpg_record) - (ssize_t)sizeof(ev);
	if (ev.n)
		ret += sizeof(ev.chg) + ev.n * sizeof(ev.who[0]);
	return ret;
}

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	int least = atomic_load(&room_least);
	int len;

	if (!other_of(fd) || request != FIONREAD)
		return __real_ioctl(fd, request, arg);
	len = stub_next_len(fd);
	if (len < 0)
		len = 0;
	*(int *)arg = len && len < least ? least : len;
	return 0;
}

static int stub_take(int fd, struct cpg_record *rec, size_t len)
{
	struct stub_event ev = { .n = 0 };
	struct iovec iov[2] = {
		{ .iov_base = &ev, .iov_len = sizeof(ev) },
		{ .iov_base = rec + 1, .iov_len = len - sizeof(*rec) },
	};
	struct msghdr whole = { .msg_iov = iov, .msg_iovlen = 2 };
	char *body = (char *)(rec + 1);

	if (recvmsg(fd, &whole, MSG_DONTWAIT) < 0)
		return -1;
	*rec = (struct cpg_record){ .len = len, .seq.seq = 1 };
	if (ev.n) {
		rec->type = SCM_CPG_CONFCHG;
		memcpy(body, ev.chg, sizeof(ev.chg));
		memcpy(body + sizeof(ev.chg), ev.who,
		       ev.n * sizeof(ev.who[0]));
		return 0;
	}
	rec->from = (struct sockaddr_cpg){
		.scpg_family = AF_CPG,
		.scpg_nodeid = STUB_NODEID,
		.scpg_pid = STUB_PID,
		.scpg_port = 1,
	};
	return 0;
}

/* As with CPGSO_RECVBATCH, which the library sets. */
ssize_t __wrap_recv(int fd, void *buf, size_t room, int flags)
{
	size_t begin, end = 0;
	ssize_t len;

	if (!other_of(fd))
		return __real_recv(fd, buf, room, flags);
	atomic_store(&in_hand[fd], false);
	while (room) {
		len = stub_next_len(fd);
		if (len <= 0)
			return end ? (ssize_t)end : len;
		begin = (end + CPG_RECORD_ALIGN - 1) / CPG_RECORD_ALIGN *
			CPG_RECORD_ALIGN;
		if (begin + len > room || room < atomic_load(&room_least)) {
			errno = EMSGSIZE;
			return end ? (ssize_t)end : -1;
		}
		if (stub_take(fd, (void *)((char *)buf + begin), len))
			return -1;
		end = begin + len;
		atomic_store(&in_hand[fd], begin > 0);
	}
	return 0;
}
