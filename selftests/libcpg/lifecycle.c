// SPDX-License-Identifier: GPL-2.0
/*
 * lifecycle [ROUNDS]: how long a handle takes from beginning to end:
 * initialize, join, the news of it, leave, finalize.  Each round has a group of
 * its own, so that none waits for the end of the one before.  The median is
 * printed.
 */
#include <corosync/cpg.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	ROUNDS = 200,
	WAIT_MS = 10000,	/* times CPG_SPEED */
};

static bool has_joined;

static void confchg(cpg_handle_t h, const struct cpg_name *name,
		    const struct cpg_address *members, size_t n_members,
		    const struct cpg_address *left, size_t n_left,
		    const struct cpg_address *joined, size_t n_joined)
{
	(void)h;
	(void)name;
	(void)members;
	(void)left;
	(void)joined;
	has_joined = n_members == 1 && !n_left && n_joined == 1;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static bool told(cpg_handle_t h)
{
	const char *speed = getenv("CPG_SPEED");
	struct pollfd pfd = { .events = POLLIN };

	has_joined = false;
	return cpg_fd_get(h, &pfd.fd) == CS_OK &&
	       poll(&pfd, 1, WAIT_MS * (speed ? atoi(speed) : 1)) > 0 &&
	       cpg_dispatch(h, CS_DISPATCH_ONE) == CS_OK && has_joined;
}

/* Corosync may still be busy with what was before. */
static cs_error_t join(cpg_handle_t h, const struct cpg_name *name)
{
	cs_error_t error;

	do {
		error = cpg_join(h, name);
	} while (error == CS_ERR_TRY_AGAIN);
	return error;
}

static bool live(int i)
{
	cpg_callbacks_t callbacks = { .cpg_confchg_fn = confchg };
	struct cpg_name name = { .length = 0 };
	cpg_handle_t h;

	name.length = snprintf(name.value, sizeof(name.value), "life-%d", i);
	return cpg_initialize(&h, &callbacks) == CS_OK &&
	       join(h, &name) == CS_OK && told(h) &&
	       cpg_leave(h, &name) == CS_OK && cpg_finalize(h) == CS_OK;
}

static int cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : ROUNDS;
	uint64_t *ns = calloc(n, sizeof(*ns));
	uint64_t start;
	int i;

	if (!ns)
		return 1;
	for (i = 0; i < n; i++) {
		start = now_ns();
		if (!live(i)) {
			printf("# round %d failed\n", i);
			free(ns);
			return 1;
		}
		ns[i] = now_ns() - start;
	}
	qsort(ns, n, sizeof(*ns), cmp);
	printf("# lifecycle: %.1f us, median of %d\n", ns[n / 2] / 1e3, n);
	free(ns);
	return 0;
}
