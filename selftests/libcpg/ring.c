// SPDX-License-Identifier: GPL-2.0
/*
 * ring: what CPG tells of rings, by its totem callback, beside what the quorum
 * of the node tells.  A member of the group "ring" that prints, a line each:
 *
 *	ids N N N	the node's number: of cpg_local_get(), of source_ids()
 *	totem RING	CPG told of it
 *	quorum RING	the quorum told of it
 *	same RING	both told of it last, and source_confirms()
 *	skipped RING	only CPG told of it, as source_skips allows
 *	differ RING	of it the other has told at this place; ring exits
 *	end ERROR	there is no node any more; so it does
 *
 * From the first "same" on each tells of the same rings, one by one, with the
 * same nodes; nothing is said of who is first.
 */
#include <corosync/cpg.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ring.h"

enum {
	TRIES = 1000,
	AHEAD_MAX = 16,
};

/**
 * struct side - one of the two that tell of rings
 * @name: of it
 * @other: the other one
 * @last: ring that it told last
 * @ahead: rings of which the other has not told yet
 * @n_ahead: number of @ahead
 */
struct side {
	const char	*name;
	struct side	*other;
	struct ring	last;
	struct ring	ahead[AHEAD_MAX];
	unsigned int	n_ahead;
};

static struct side quorum;
static struct side totem = { .name = "totem", .other = &quorum };
static struct side quorum = { .name = "quorum", .other = &totem };
static bool begun;

static void print_ring(const char *what, const struct ring *ring,
		       const char *quorate)
{
	struct timespec now;
	uint32_t i;

	clock_gettime(CLOCK_REALTIME, &now);
	printf("%lld ", now.tv_sec * 1000LL + now.tv_nsec / 1000000);
	printf("%s %llu.%u%s nodes=", what, (unsigned long long)ring->seq,
	       ring->rep, quorate);
	for (i = 0; i < ring->n_nodes; i++)
		printf("%u,", ring->nodes[i]);
	putchar('\n');
}

static const char *quorate_word(const struct ring *ring)
{
	return ring->quorate ? " quorate" : " not-quorate";
}

static bool same_nodes(const struct ring *a, const struct ring *b)
{
	return a->n_nodes == b->n_nodes &&
	       !memcmp(a->nodes, b->nodes, a->n_nodes * sizeof(*a->nodes));
}

static void differ(const struct ring *ring)
{
	print_ring("differ", ring, "");
	exit(1);
}

static void ahead_pop(struct side *side)
{
	side->n_ahead--;
	memmove(&side->ahead[0], &side->ahead[1],
		side->n_ahead * sizeof(side->ahead[0]));
}

/* Numbers grow: the quorum will not tell of these any more. */
static void skip_older(const struct ring *ring)
{
	while (totem.n_ahead && totem.ahead[0].seq < ring->seq) {
		print_ring("skipped", &totem.ahead[0], "");
		ahead_pop(&totem);
	}
}

/* The quorum tells of a ring again when it has become another majority. */
static void side_told(struct side *side, const struct ring *ring)
{
	struct side *other = side->other;
	bool again = ring_is(ring, &side->last);

	side->last = *ring;
	print_ring(side->name, ring,
		   side == &quorum ? quorate_word(ring) : "");
	if (!begun || again)
		return;
	if (side == &quorum && source_skips)
		skip_older(ring);
	if (other->n_ahead) {
		if (!ring_is(ring, &other->ahead[0]) ||
		    !same_nodes(ring, &other->ahead[0]))
			differ(&other->ahead[0]);
		ahead_pop(other);
		return;
	}
	if (side->n_ahead == AHEAD_MAX)
		differ(ring);
	side->ahead[side->n_ahead++] = *ring;
}

/* After everything that was there to be read. */
static void settle(void)
{
	static struct ring said;

	if (!ring_is(&totem.last, &quorum.last) ||
	    !same_nodes(&totem.last, &quorum.last) ||
	    totem.n_ahead || quorum.n_ahead)
		return;
	begun = true;
	if ((ring_is(&said, &quorum.last) &&
	     said.quorate == quorum.last.quorate) ||
	    !source_confirms(&quorum.last))
		return;
	said = quorum.last;
	print_ring("same", &said, quorate_word(&said));
}

static void quorum_told(const struct ring *ring)
{
	side_told(&quorum, ring);
}

static void totem_told(cpg_handle_t handle, struct cpg_ring_id id, uint32_t n,
		       const uint32_t *nodes)
{
	struct ring ring = { .seq = id.seq, .rep = id.nodeid };

	(void)handle;
	for (; ring.n_nodes < n && ring.n_nodes < RING_NODES_MAX;
	     ring.n_nodes++)
		ring.nodes[ring.n_nodes] = nodes[ring.n_nodes];
	side_told(&totem, &ring);
}

/* What is sent to the group is no matter of ours, nor who is in it. */
static void deliver(cpg_handle_t handle, const struct cpg_name *group,
		    uint32_t node, uint32_t pid, void *msg, size_t len)
{
	(void)handle;
	(void)group;
	(void)node;
	(void)pid;
	(void)msg;
	(void)len;
}

static void confchg(cpg_handle_t handle, const struct cpg_name *group,
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

static cs_error_t initialize(cpg_handle_t *handle)
{
	cpg_model_v1_data_t model = {
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = deliver,
		.cpg_confchg_fn = confchg,
		.cpg_totem_confchg_fn = totem_told,
		.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
	};

	return cpg_model_initialize(handle, CPG_MODEL_V1,
				    (cpg_model_data_t *)(void *)&model, NULL);
}

static cs_error_t join(cpg_handle_t *handle)
{
	static const struct cpg_name group = { .length = 4, .value = "ring" };

	return cpg_join(*handle, &group);
}

/* The service may be busy with a change of the ring. */
static cs_error_t insist(cs_error_t (*call)(cpg_handle_t *handle),
			 cpg_handle_t *handle)
{
	cs_error_t error;
	int tries = 0;

	while ((error = call(handle)) == CS_ERR_TRY_AGAIN && ++tries < TRIES)
		usleep(10000);
	return error;
}

static int print_ids(cpg_handle_t handle)
{
	uint32_t ids[RING_IDS];
	unsigned int nodeid;

	if (cpg_local_get(handle, &nodeid) != CS_OK || source_ids(ids))
		return -1;
	printf("0 ids %u %u %u\n", nodeid, ids[0], ids[1]);
	return 0;
}

static cs_error_t run(cpg_handle_t handle, int quorum_fd)
{
	struct pollfd pfds[2] = {
		{ .events = POLLIN },
		{ .fd = quorum_fd, .events = POLLIN },
	};
	cs_error_t error = cpg_fd_get(handle, &pfds[0].fd);

	while (error == CS_OK) {
		if (poll(pfds, 2, -1) < 0)
			return CS_ERR_LIBRARY;
		if (pfds[0].revents)
			error = cpg_dispatch(handle, CS_DISPATCH_ALL);
		if (pfds[1].revents && source_read())
			return CS_ERR_LIBRARY;
		settle();
	}
	return error;
}

int main(void)
{
	cpg_handle_t handle;
	cs_error_t error;
	int fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	error = insist(initialize, &handle);
	if (error != CS_OK) {
		printf("0 initialize %d\n", error);
		return 1;
	}
	fd = source_open(quorum_told);
	if (fd < 0 || print_ids(handle)) {
		puts("0 no quorum");
		return 1;
	}
	error = insist(join, &handle);
	if (error == CS_OK)
		error = run(handle, fd);
	printf("0 end %d\n", error);
	return 1;
}
