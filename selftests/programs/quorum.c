// SPDX-License-Identifier: GPL-2.0
/*
 * quorum.c: what a program takes for corosync's libquorum, on an AF_CPG
 * socket: it is told of the views of our node and whether they have the
 * majority.  For a program that compares the number of a view that it has from
 * libcpg with that of libquorum, as dlm_controld does: corosync's quorum
 * service has numbers of its own.  One handle, model V1, which is all that
 * dlm_controld wants.
 */
#include <corosync/quorum.h>
#include <errno.h>
#include <linux/cpg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HANDLE = 1,
};

union view {
	struct cpg_view head;
	char space[sizeof(struct cpg_view) + CPG_NODES_MAX * sizeof(__u32)];
};

static struct {
	quorum_model_v1_data_t	model;
	const void		*context;
	int			sock;
	int			present;	/* eventfd: view to be told */
	int			both;
	union view		view;		/* told last */
} the = { .sock = -1, .present = -1, .both = -1 };

/* The first list without those of the second. */
static uint32_t without(const struct cpg_view *a, const struct cpg_view *b,
			uint32_t *list)
{
	uint32_t i, j, n = 0;

	for (i = 0; i < a->n_nodes; i++) {
		for (j = 0; j < b->n_nodes; j++)
			if (a->nodes[i] == b->nodes[j])
				break;
		if (j == b->n_nodes)
			list[n++] = a->nodes[i];
	}
	return n;
}

static void tell(const union view *view)
{
	struct quorum_ring_id ring = {
		.nodeid = view->head.rep,
		.seq = view->head.seq,
	};
	const struct cpg_view *now = &view->head, *before = &the.view.head;
	uint32_t joined[CPG_NODES_MAX], left[CPG_NODES_MAX];
	uint32_t n_joined, n_left;

	n_joined = without(now, before, joined);
	n_left = without(before, now, left);
	if (the.model.nodelist_notify_fn)
		the.model.nodelist_notify_fn(HANDLE, ring, now->n_nodes,
					     now->nodes, n_joined, joined,
					     n_left, left);
	if (the.model.quorum_notify_fn)
		the.model.quorum_notify_fn(HANDLE,
					   now->flags & CPG_VIEW_F_QUORATE,
					   ring, now->n_nodes, now->nodes);
	the.view = *view;
}

static bool get_view(union view *view)
{
	socklen_t len = sizeof(*view);

	return !getsockopt(the.sock, SOL_CPG, CPGSO_VIEW, view, &len);
}

/* False when there is no event any more. */
static bool next_view(union view *view, bool *is_view)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(union view))];
	} control;
	struct msghdr msg = {
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;

	if (recvmsg(the.sock, &msg, MSG_DONTWAIT) < 0)
		return false;
	*is_view = false;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_CPG || c->cmsg_type != SCM_CPG_VIEW)
			continue;
		memcpy(view, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
		*is_view = true;
	}
	return true;
}

static bool add(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return fd >= 0 && !epoll_ctl(the.both, EPOLL_CTL_ADD, fd, &event);
}

cs_error_t quorum_model_initialize(quorum_handle_t *handle,
				   quorum_model_t model,
				   quorum_model_data_t *data,
				   uint32_t *type, void *context)
{
	if (model != QUORUM_MODEL_V1 || the.both >= 0)
		return CS_ERR_INVALID_PARAM;
	the.both = epoll_create1(EPOLL_CLOEXEC);
	the.sock = socket(AF_CPG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	the.present = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!add(the.sock) || !add(the.present))
		return CS_ERR_LIBRARY;
	memcpy(&the.model, data, sizeof(the.model));
	the.context = context;
	*handle = HANDLE;
	*type = QUORUM_SET;
	return CS_OK;
}

cs_error_t quorum_finalize(quorum_handle_t handle)
{
	(void)handle;
	close(the.sock);
	close(the.present);
	close(the.both);
	the.both = -1;
	return CS_OK;
}

cs_error_t quorum_fd_get(quorum_handle_t handle, int *fd)
{
	(void)handle;
	*fd = the.both;
	return CS_OK;
}

cs_error_t quorum_trackstart(quorum_handle_t handle, unsigned int flags)
{
	__u32 changes = CPG_RECVVIEW_CHANGES;
	uint64_t one = 1;

	(void)handle;
	(void)flags;
	if (setsockopt(the.sock, SOL_CPG, CPGSO_RECVVIEW, &changes,
		       sizeof(changes)) ||
	    write(the.present, &one, sizeof(one)) < 0)
		return CS_ERR_LIBRARY;
	return CS_OK;
}

cs_error_t quorum_trackstop(quorum_handle_t handle)
{
	__u32 none = 0;

	(void)handle;
	setsockopt(the.sock, SOL_CPG, CPGSO_RECVVIEW, &none, sizeof(none));
	return CS_OK;
}

/* The present view may be told of as an event, too: not twice. */
cs_error_t quorum_dispatch(quorum_handle_t handle, cs_dispatch_flags_t flags)
{
	union view view;
	uint64_t count;
	bool is_view;

	(void)handle;
	(void)flags;
	if (read(the.present, &count, sizeof(count)) > 0 && get_view(&view))
		tell(&view);
	while (next_view(&view, &is_view))
		if (is_view && view.head.seq > the.view.head.seq)
			tell(&view);
	return errno == EAGAIN ? CS_OK : CS_ERR_LIBRARY;
}
