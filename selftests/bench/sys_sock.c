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
	/* Bytes that are taken at once; one that is larger comes alone. */
	SOCK_BATCH = 65536,
	/* So often, if others send faster than this process is scheduled. */
	SOCK_BATCHES = 16,
};

static int cpg_socket;

static int sock_join(unsigned int self, unsigned int n, bool safe)
{
	struct cpg_group group = { .name_len = 5, .name = "bench" };
	__u32 guarantee = safe ? CPG_SVC_SAFE : CPG_SVC_AGREED;
	__u32 on = 1;

	(void)self;
	(void)n;
	cpg_socket = socket(AF_CPG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (cpg_socket < 0 ||
	    setsockopt(cpg_socket, SOL_CPG, CPGSO_GUARANTEE, &guarantee,
		       sizeof(guarantee)) ||
	    setsockopt(cpg_socket, SOL_CPG, CPGSO_RECVBATCH, &on,
		       sizeof(on)) ||
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

static size_t sock_space(size_t len)
{
	return (len + CPG_RECORD_ALIGN - 1) / CPG_RECORD_ALIGN *
	       CPG_RECORD_ALIGN;
}

static void sock_tell(const struct cpg_record *rec)
{
	const void *body = rec + 1;

	if (!rec->type)
		bench_deliver(body, rec->len - sizeof(*rec));
	else if (rec->type == SCM_CPG_CONFCHG)
		bench_members(((const struct cpg_confchg *)body)->n_members);
}

static int sock_dispatch(void)
{
	static char data[sizeof(struct cpg_record) + BENCH_LEN_MAX]
		__attribute__((aligned(CPG_RECORD_ALIGN)));
	const struct cpg_record *rec;
	ssize_t len, pos;
	int i;

	for (i = 0; i < SOCK_BATCHES; i++) {
		len = recv(cpg_socket, data, SOCK_BATCH, MSG_DONTWAIT);
		if (len < 0 && errno == EMSGSIZE)
			len = recv(cpg_socket, data, sizeof(data),
				   MSG_DONTWAIT);
		if (len < 0)
			return errno == EAGAIN ? 0 : -errno;
		for (pos = 0; pos < len; pos += sock_space(rec->len)) {
			rec = (const void *)(data + pos);
			sock_tell(rec);
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
