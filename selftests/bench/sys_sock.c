// SPDX-License-Identifier: GPL-2.0
/* AF_CPG, the bare socket. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/cpg.h>

#include "bench.h"

enum {
	SOCK_CONTROL = 16384,
	/* Room for what others send while this process is not scheduled. */
	SOCK_EVENTS = 256,
};

static int cpg_socket;

static int sock_join(unsigned int self, unsigned int n, bool safe)
{
	struct cpg_group group = { .name_len = 5, .name = "bench" };
	__u32 guarantee = safe ? CPG_SVC_SAFE : CPG_SVC_AGREED;

	(void)self;
	(void)n;
	cpg_socket = socket(AF_CPG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (cpg_socket < 0 ||
	    setsockopt(cpg_socket, SOL_CPG, CPGSO_GUARANTEE, &guarantee,
		       sizeof(guarantee)) ||
	    setsockopt(cpg_socket, SOL_CPG, CPGSO_JOIN, &group,
		       sizeof(group)))
		return -errno;
	return 0;
}

/* To the first news of the group: that this is a member. */
static int more_join(int fd, unsigned int i)
{
	struct cpg_group group = { 0 };
	char data[1];

	group.name_len = snprintf((char *)group.name, sizeof(group.name),
				  "more%u", i);
	if (setsockopt(fd, SOL_CPG, CPGSO_JOIN, &group, sizeof(group)) ||
	    recv(fd, data, sizeof(data), 0) < 0)
		return -errno;
	return 0;
}

static int sock_more(int order, unsigned int i)
{
	static int fds[BENCH_MORE_MAX];

	switch (order) {
	case BENCH_OPEN:
		fds[i] = socket(AF_CPG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
		return fds[i] < 0 ? -errno : 0;
	case BENCH_JOIN:
		return more_join(fds[i], i);
	default:
		return close(fds[i]) ? -errno : 0;
	}
}

static int sock_fd(void)
{
	return cpg_socket;
}

static int sock_send(const void *data, size_t len)
{
	return send(cpg_socket, data, len, MSG_DONTWAIT) < 0 ? -errno : 0;
}

static int sock_dispatch(void)
{
	static char control[SOCK_CONTROL] __attribute__((aligned(8)));
	static char data[BENCH_LEN_MAX];
	const struct cpg_confchg *chg;
	struct cmsghdr *hdr;
	ssize_t len;
	int i;

	for (i = 0; i < SOCK_EVENTS; i++) {
		struct iovec iov = { data, sizeof(data) };
		struct msghdr msg = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};

		len = recvmsg(cpg_socket, &msg, MSG_DONTWAIT);
		if (len < 0)
			return errno == EAGAIN ? 0 : -errno;
		hdr = CMSG_FIRSTHDR(&msg);
		if (!hdr) {
			bench_deliver(data, len);
		} else if (hdr->cmsg_type == SCM_CPG_CONFCHG) {
			chg = (const struct cpg_confchg *)CMSG_DATA(hdr);
			bench_members(chg->n_members);
		}
	}
	return 0;
}

const struct bench_system bench_sock = {
	.name = "sock",
	.len_max = CPG_MSG_MAX,
	.is_group = true,
	.send_events = POLLOUT,
	.join = sock_join,
	.fd = sock_fd,
	.send = sock_send,
	.dispatch = sock_dispatch,
	.more = sock_more,
};
