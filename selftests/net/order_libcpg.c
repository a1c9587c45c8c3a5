// SPDX-License-Identifier: GPL-2.0
/* The order test's member on libcpg, as any program of corosync's. */
#include <errno.h>
#include <stdlib.h>

#include <corosync/cpg.h>

#include "order.h"

static cpg_handle_t order_handle;

static void deliver(cpg_handle_t handle, const struct cpg_name *group,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	(void)handle;
	(void)group;
	order_message(nodeid, pid, msg, len);
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
	order_members(n_members);
}

static int result(cs_error_t error)
{
	switch (error) {
	case CS_OK:
		return 0;
	case CS_ERR_TRY_AGAIN:
		return -EAGAIN;
	case CS_ERR_ACCESS:
		return -EACCES;
	default:
		return -EIO;
	}
}

int order_open(const char *group)
{
	cpg_callbacks_t callbacks = {
		.cpg_deliver_fn = deliver,
		.cpg_confchg_fn = confchg,
	};
	struct cpg_name name = { 0 };
	unsigned int nodeid = 0;
	int ret;

	while (group[name.length] && name.length < sizeof(name.value)) {
		name.value[name.length] = group[name.length];
		name.length++;
	}
	ret = result(cpg_initialize(&order_handle, &callbacks));
	if (!ret)
		ret = result(cpg_local_get(order_handle, &nodeid));
	if (!ret)
		ret = result(cpg_join(order_handle, &name));
	return ret ? ret : (int)nodeid;
}

int order_fd(void)
{
	int fd = -1;

	cpg_fd_get(order_handle, &fd);
	return fd;
}

int order_send(const void *data, size_t len)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };

	return result(cpg_mcast_joined(order_handle, CPG_TYPE_AGREED, &iov,
				       1));
}

short order_send_events(void)
{
	return 0;
}

int order_dispatch(void)
{
	return result(cpg_dispatch(order_handle, CS_DISPATCH_ALL));
}
