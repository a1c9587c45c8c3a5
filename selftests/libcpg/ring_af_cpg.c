// SPDX-License-Identifier: GPL-2.0
/*
 * Of a node of ours: an AF_CPG socket in no group, which is told of each view
 * and whether it is a majority, and the netlink family.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../userspace/tools/nl.h"
#include "../net/cpg_test.h"
#include "ring.h"

const bool source_skips;

static void (*source_told)(const struct ring *ring);
static struct nl *nl;
static int sock;
static __u64 seq_at_first;

static struct ring to_ring(const struct cpg_view *view)
{
	struct ring ring = {
		.seq = view->seq,
		.rep = view->rep,
		.quorate = view->flags & CPG_VIEW_F_QUORATE,
	};

	for (; ring.n_nodes < view->n_nodes && ring.n_nodes < RING_NODES_MAX;
	     ring.n_nodes++)
		ring.nodes[ring.n_nodes] = view->nodes[ring.n_nodes];
	return ring;
}

static int tell_of_present(void)
{
	union {
		struct cpg_view	view;
		char		room[sizeof(struct cpg_view) +
				     CPG_NODES_MAX * sizeof(__u32)];
	} present;
	socklen_t len = sizeof(present);
	struct ring ring;

	if (getsockopt(sock, SOL_CPG, CPGSO_VIEW, &present, &len))
		return -1;
	ring = to_ring(&present.view);
	seq_at_first = ring.seq;
	source_told(&ring);
	return 0;
}

int source_open(void (*told)(const struct ring *ring))
{
	source_told = told;
	nl = nl_create();
	sock = cpg_test_socket();
	if (!nl || sock < 0 ||
	    cpg_test_set(sock, CPGSO_RECVVIEW, CPG_RECVVIEW_CHANGES) ||
	    tell_of_present())
		return -1;
	return sock;
}

int source_read(void)
{
	static struct cpg_test_event ev;
	struct ring ring;
	int ret;

	while (!(ret = cpg_test_recv(sock, &ev, MSG_DONTWAIT))) {
		if (ev.kind != CPG_TEST_VIEW)
			return -1;
		ring = to_ring(ev.view);
		/* One that came before the first was asked for. */
		if (ring.seq > seq_at_first)
			source_told(&ring);
	}
	return ret == -EAGAIN ? 0 : -1;
}

bool source_confirms(const struct ring *ring)
{
	static struct nl_node node;

	return !nl_node_get(nl, &node) && node.view.seq == ring->seq &&
	       node.view.rep == ring->rep &&
	       node.view.quorate == ring->quorate;
}

int source_ids(uint32_t ids[RING_IDS])
{
	static struct nl_node node;

	if (nl_node_get(nl, &node) ||
	    cpg_test_get(sock, CPGSO_NODEID, &ids[1]))
		return -1;
	ids[0] = node.nodeid;
	return 0;
}
