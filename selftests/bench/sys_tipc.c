// SPDX-License-Identifier: GPL-2.0
/* TIPC's communication groups: in order of each sender, and no further. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/tipc.h>

#include "bench.h"

enum {
	TIPC_GROUP = 4711,
	TIPC_EVENTS = 256,
};

static int tipc_socket;
static size_t tipc_members;

static int tipc_join(unsigned int self, unsigned int n, bool safe)
{
	struct tipc_group_req req = {
		.type = TIPC_GROUP,
		.instance = self,
		.scope = TIPC_CLUSTER_SCOPE,
		.flags = TIPC_GROUP_LOOPBACK | TIPC_GROUP_MEMBER_EVTS,
	};

	(void)n;
	if (safe)
		return -EOPNOTSUPP;
	tipc_socket = socket(AF_TIPC, SOCK_RDM | SOCK_CLOEXEC, 0);
	if (tipc_socket < 0 ||
	    setsockopt(tipc_socket, SOL_TIPC, TIPC_GROUP_JOIN, &req,
		       sizeof(req)))
		return -errno;
	return 0;
}

static int tipc_fd(void)
{
	return tipc_socket;
}

static int tipc_send(const void *data, size_t len)
{
	return send(tipc_socket, data, len, MSG_DONTWAIT) < 0 ? -errno : 0;
}

static int tipc_dispatch(void)
{
	static char data[TIPC_MAX_USER_MSG_SIZE];
	ssize_t len;
	int i;

	for (i = 0; i < TIPC_EVENTS; i++) {
		struct iovec iov = { data, sizeof(data) };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

		len = recvmsg(tipc_socket, &msg, MSG_DONTWAIT);
		if (len < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (!(msg.msg_flags & MSG_OOB)) {
			bench_deliver(data, len);
			continue;
		}
		tipc_members += msg.msg_flags & MSG_EOR ? -1 : 1;
		bench_members(tipc_members);
	}
	return 0;
}

const struct bench_system bench_tipc = {
	.name = "tipc",
	.len_max = TIPC_MAX_USER_MSG_SIZE,
	.is_group = true,
	.send_events = POLLOUT,
	.join = tipc_join,
	.fd = tipc_fd,
	.send = tipc_send,
	.dispatch = tipc_dispatch,
};
