// SPDX-License-Identifier: GPL-2.0
/*
 * scale_handles N: N handles in one process, each in a group of its own: open,
 * join, the news of it, one message on each, which comes back there and nowhere
 * else, finalize.
 */
#include <corosync/cpg.h>
#include <poll.h>
#include <string.h>

#include "scale.h"

enum {
	WAIT_MS = 60000,	/* times CPG_SPEED */
};

struct one {
	cpg_handle_t	handle;
	int		n_changes;
	int		n_messages;
	bool		is_wrong;
};

static void deliver(cpg_handle_t h, const struct cpg_name *name,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	struct one *one;
	void *context;

	(void)name;
	(void)nodeid;
	(void)pid;
	cpg_context_get(h, &context);
	one = context;
	one->n_messages++;
	if (h != one->handle || len != sizeof(h) || memcmp(msg, &h, len))
		one->is_wrong = true;
}

static void confchg(cpg_handle_t h, const struct cpg_name *name,
		    const struct cpg_address *members, size_t n_members,
		    const struct cpg_address *left, size_t n_left,
		    const struct cpg_address *joined, size_t n_joined)
{
	struct one *one;
	void *context;

	(void)name;
	(void)members;
	(void)left;
	(void)joined;
	cpg_context_get(h, &context);
	one = context;
	one->n_changes++;
	if (n_members != 1 || n_left || n_joined != 1)
		one->is_wrong = true;
}

/* Until an event has come. */
static bool next(struct one *one)
{
	const char *speed = getenv("CPG_SPEED");
	struct pollfd pfd = { .events = POLLIN };

	return cpg_fd_get(one->handle, &pfd.fd) == CS_OK &&
	       poll(&pfd, 1, WAIT_MS * (speed ? atoi(speed) : 1)) > 0 &&
	       cpg_dispatch(one->handle, CS_DISPATCH_ONE) == CS_OK;
}

static bool opens(struct one *one, int i)
{
	cpg_model_v1_data_t model = {
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = deliver,
		.cpg_confchg_fn = confchg,
	};
	struct cpg_name name = { .length = 0 };

	name.length = snprintf(name.value, sizeof(name.value), "handle-%d", i);
	return cpg_model_initialize(&one->handle, CPG_MODEL_V1,
				    (cpg_model_data_t *)(void *)&model,
				    one) == CS_OK &&
	       cpg_join(one->handle, &name) == CS_OK && next(one) &&
	       one->n_changes == 1;
}

static bool sends(struct one *one)
{
	struct iovec iov = {
		.iov_base = &one->handle,
		.iov_len = sizeof(one->handle),
	};

	return cpg_mcast_joined(one->handle, CPG_TYPE_AGREED, &iov,
				1) == CS_OK;
}

static bool run(struct one *ones, uint64_t *ns, int n)
{
	uint64_t start;
	int i;

	for (i = 0; i < n; i++) {
		start = scale_now();
		if (!opens(&ones[i], i)) {
			printf("# number %d did not join\n", i);
			return false;
		}
		ns[i] = scale_now() - start;
	}
	for (i = 0; i < n; i++)
		if (!sends(&ones[i]))
			return false;
	for (i = 0; i < n; i++)
		if (!next(&ones[i]) || ones[i].n_messages != 1 ||
		    ones[i].n_changes != 1 || ones[i].is_wrong)
			return false;
	if (!scale_is_flat("a handle opens and joins", ns, n))
		return false;
	for (i = 0; i < n; i++) {
		start = scale_now();
		if (cpg_finalize(ones[i].handle) != CS_OK)
			return false;
		ns[i] = scale_now() - start;
	}
	return scale_is_flat("a handle is finalized", ns, n);
}

int main(int argc, char **argv)
{
	int n = argc == 2 ? atoi(argv[1]) : 0;
	struct one *ones;
	uint64_t *ns;
	bool is_good;

	if (n < 2 * SCALE_EDGE || scale_files(n))
		return 2;
	ones = calloc(n, sizeof(*ones));
	ns = calloc(n, sizeof(*ns));
	is_good = ones && ns && run(ones, ns, n);
	free(ones);
	free(ns);
	return !is_good;
}
