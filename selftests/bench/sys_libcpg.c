// SPDX-License-Identifier: GPL-2.0
/* libcpg, this project's or corosync's, as LD_LIBRARY_PATH has it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <corosync/cpg.h>

#include "bench.h"

static cpg_handle_t libcpg_handle;

static void deliver(cpg_handle_t handle, const struct cpg_name *group,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	(void)handle;
	(void)group;
	(void)nodeid;
	(void)pid;
	bench_deliver(msg, len);
}

static void confchg(cpg_handle_t handle, const struct cpg_name *group,
		    const struct cpg_address *members, size_t n_members,
		    const struct cpg_address *left, size_t n_left,
		    const struct cpg_address *joined, size_t n_joined)
{
	(void)handle;
	(void)group;
	(void)members;
	(void)left;
	(void)n_left;
	(void)joined;
	(void)n_joined;
	bench_members(n_members);
}

static int result(cs_error_t error)
{
	switch (error) {
	case CS_OK:
		return 0;
	case CS_ERR_TRY_AGAIN:
		return -EAGAIN;
	default:
		return -EIO;
	}
}

static int libcpg_join(unsigned int self, unsigned int n, bool safe)
{
	cpg_callbacks_t callbacks = {
		.cpg_deliver_fn = deliver,
		.cpg_confchg_fn = confchg,
	};
	struct cpg_name name = { .length = 5, .value = "bench" };
	int ret;

	(void)self;
	(void)n;
	if (safe)
		return -EOPNOTSUPP;
	ret = result(cpg_initialize(&libcpg_handle, &callbacks));
	return ret ? ret : result(cpg_join(libcpg_handle, &name));
}

static void more_deliver(cpg_handle_t handle, const struct cpg_name *group,
			 uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	(void)handle;
	(void)group;
	(void)nodeid;
	(void)pid;
	(void)msg;
	(void)len;
}

static void more_confchg(cpg_handle_t handle, const struct cpg_name *group,
			 const struct cpg_address *members, size_t n_members,
			 const struct cpg_address *left, size_t n_left,
			 const struct cpg_address *joined, size_t n_joined)
{
	(void)handle;
	(void)group;
	(void)members;
	(void)n_members;
	(void)left;
	(void)n_left;
	(void)joined;
	(void)n_joined;
}

/* To the first news of the group: that this is a member. */
static int more_join(cpg_handle_t handle, unsigned int i)
{
	struct cpg_name name;
	int ret;

	name.length = snprintf(name.value, sizeof(name.value), "more%u", i);
	ret = result(cpg_join(handle, &name));
	return ret ? ret : result(cpg_dispatch(handle, CS_DISPATCH_ONE));
}

static int libcpg_more(int order, unsigned int i)
{
	static cpg_handle_t handles[BENCH_MORE_MAX];
	static cpg_callbacks_t callbacks = {
		.cpg_deliver_fn = more_deliver,
		.cpg_confchg_fn = more_confchg,
	};

	switch (order) {
	case BENCH_OPEN:
		return result(cpg_initialize(&handles[i], &callbacks));
	case BENCH_JOIN:
		return more_join(handles[i], i);
	default:
		return result(cpg_finalize(handles[i]));
	}
}

static int libcpg_fd(void)
{
	int fd = -1;

	cpg_fd_get(libcpg_handle, &fd);
	return fd;
}

static int libcpg_send(const void *data, size_t len)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };

	return result(cpg_mcast_joined(libcpg_handle, CPG_TYPE_AGREED, &iov,
				       1));
}

static int libcpg_dispatch(void)
{
	return result(cpg_dispatch(libcpg_handle, CS_DISPATCH_ALL));
}

const struct bench_system bench_libcpg = {
	.name = "libcpg",
	.len_max = BENCH_LEN_MAX,
	.is_group = true,
	.join = libcpg_join,
	.fd = libcpg_fd,
	.send = libcpg_send,
	.dispatch = libcpg_dispatch,
	.more = libcpg_more,
};
