// SPDX-License-Identifier: GPL-2.0
/* The order test's member on a bare socket. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "cpg_test.h"
#include "order.h"

/* Also built with CPG_SVC_SAFE. */
#ifndef ORDER_GUARANTEE
#define ORDER_GUARANTEE	CPG_SVC_AGREED
#endif

static int order_socket;

int order_open(const char *group)
{
	__u32 nodeid;
	int ret;

	order_socket = cpg_test_socket();
	if (order_socket < 0)
		return order_socket;
	ret = cpg_test_set(order_socket, CPGSO_NOTRUNC, 1);
	if (!ret)
		ret = cpg_test_set(order_socket, CPGSO_RECVSEQ, 1);
	if (!ret)
		ret = cpg_test_set(order_socket, CPGSO_GUARANTEE,
				   ORDER_GUARANTEE);
	if (!ret)
		ret = cpg_test_get(order_socket, CPGSO_NODEID, &nodeid);
	if (!ret)
		ret = cpg_test_join(order_socket, group);
	return ret ? ret : (int)nodeid;
}

int order_fd(void)
{
	return order_socket;
}

int order_send(const void *data, size_t len)
{
	ssize_t ret = cpg_test_send(order_socket, data, len, MSG_DONTWAIT);

	return ret < 0 ? ret : 0;
}

short order_send_events(void)
{
	return POLLOUT;
}

/* Positions must rise: by one, in a group that has the view for itself. */
static int check_position(const struct cpg_seq *seq)
{
	static struct cpg_seq last;

	if (seq->view_seq < last.view_seq)
		return -EBADMSG;
	if (seq->view_seq == last.view_seq && seq->seq <= last.seq && seq->seq)
		return -EBADMSG;
	last = *seq;
	return 0;
}

static int handle_event(struct msghdr *msg, const void *data, size_t len)
{
	const struct sockaddr_cpg *from = msg->msg_name;
	const struct cpg_confchg *chg;
	struct cmsghdr *hdr;
	struct cpg_seq seq;

	for (hdr = CMSG_FIRSTHDR(msg); hdr; hdr = CMSG_NXTHDR(msg, hdr)) {
		if (hdr->cmsg_type == SCM_CPG_CONFCHG) {
			chg = (const struct cpg_confchg *)CMSG_DATA(hdr);
			order_members(chg->n_members);
		} else if (hdr->cmsg_type == SCM_CPG_SEQ) {
			seq = *(const struct cpg_seq *)CMSG_DATA(hdr);
			if (check_position(&seq))
				return -EBADMSG;
		}
	}
	if (msg->msg_namelen)
		order_message(from->scpg_nodeid, from->scpg_pid, data, len);
	return 0;
}

int order_dispatch(void)
{
	static char control[CPG_TEST_CONTROL] __attribute__((aligned(8)));
	static char data[CPG_MSG_MAX];
	struct sockaddr_cpg from;
	ssize_t len;
	int ret;

	for (;;) {
		struct iovec iov = {
			.iov_base = data,
			.iov_len = sizeof(data),
		};
		struct msghdr msg = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};

		len = recvmsg(order_socket, &msg, MSG_DONTWAIT);
		if (len < 0)
			return errno == EAGAIN ? 0 : -errno;
		ret = handle_event(&msg, data, len);
		if (ret)
			return ret;
	}
}
