// SPDX-License-Identifier: GPL-2.0
/* Of a node of corosync's: its services quorum, votequorum and cfg. */

#include <corosync/cfg.h>
#include <corosync/quorum.h>
#include <corosync/votequorum.h>
#include <stddef.h>
#include <unistd.h>

#include "ring.h"

enum {
	TRIES = 1000,
};

/*
 * A change of the ring goes from service to service, CPG before the quorum.
 * One that the next one interrupts is told by CPG only.
 */
const bool source_skips = true;

static void (*source_told)(const struct ring *ring);
static quorum_handle_t handle;
static struct ring nodelist;

static struct ring to_ring(struct quorum_ring_id id, uint32_t n,
			   const uint32_t *nodes)
{
	struct ring ring = { .seq = id.seq, .rep = id.nodeid };

	for (; ring.n_nodes < n && ring.n_nodes < RING_NODES_MAX;
	     ring.n_nodes++)
		ring.nodes[ring.n_nodes] = nodes[ring.n_nodes];
	return ring;
}

static void on_quorum(quorum_handle_t h, uint32_t quorate,
		      struct quorum_ring_id id, uint32_t n,
		      const uint32_t *nodes)
{
	struct ring ring = to_ring(id, n, nodes);

	(void)h;
	ring.quorate = quorate;
	source_told(&ring);
}

static void on_nodelist(quorum_handle_t h, struct quorum_ring_id id,
			uint32_t n, const uint32_t *nodes, uint32_t n_joined,
			const uint32_t *joined, uint32_t n_left,
			const uint32_t *left)
{
	(void)h;
	(void)n_joined;
	(void)joined;
	(void)n_left;
	(void)left;
	nodelist = to_ring(id, n, nodes);
}

static cs_error_t initialize(void)
{
	static quorum_model_v1_data_t model = {
		.model = QUORUM_MODEL_V1,
		.quorum_notify_fn = on_quorum,
		.nodelist_notify_fn = on_nodelist,
	};
	uint32_t type;

	return quorum_model_initialize(&handle, QUORUM_MODEL_V1,
				       (quorum_model_data_t *)(void *)&model,
				       &type, NULL);
}

static cs_error_t track(void)
{
	return quorum_trackstart(handle, CS_TRACK_CURRENT | CS_TRACK_CHANGES);
}

/* The service may be busy with a change of the ring. */
static cs_error_t insist(cs_error_t (*call)(void))
{
	cs_error_t error;
	int tries = 0;

	while ((error = call()) == CS_ERR_TRY_AGAIN && ++tries < TRIES)
		usleep(10000);
	return error;
}

int source_open(void (*told)(const struct ring *ring))
{
	int fd;

	source_told = told;
	if (insist(initialize) != CS_OK || insist(track) != CS_OK ||
	    quorum_fd_get(handle, &fd) != CS_OK)
		return -1;
	return fd;
}

int source_read(void)
{
	return quorum_dispatch(handle, CS_DISPATCH_ALL) == CS_OK ? 0 : -1;
}

bool source_confirms(const struct ring *ring)
{
	int quorate;

	return ring_is(ring, &nodelist) &&
	       quorum_getquorate(handle, &quorate) == CS_OK &&
	       ring->quorate == (quorate != 0);
}

static uint32_t ids_asked[RING_IDS];

static cs_error_t ask_votequorum(void)
{
	struct votequorum_info info = { 0 };
	votequorum_handle_t votequorum;
	cs_error_t error = votequorum_initialize(&votequorum, NULL);

	if (error != CS_OK)
		return error;
	error = votequorum_getinfo(votequorum, 0, &info);
	votequorum_finalize(votequorum);
	ids_asked[0] = info.node_id;
	return error;
}

static cs_error_t ask_cfg(void)
{
	corosync_cfg_handle_t cfg;
	cs_error_t error = corosync_cfg_initialize(&cfg, NULL);

	if (error != CS_OK)
		return error;
	error = corosync_cfg_local_get(cfg, &ids_asked[1]);
	corosync_cfg_finalize(cfg);
	return error;
}

int source_ids(uint32_t ids[RING_IDS])
{
	if (insist(ask_votequorum) != CS_OK || insist(ask_cfg) != CS_OK)
		return -1;
	ids[0] = ids_asked[0];
	ids[1] = ids_asked[1];
	return 0;
}
