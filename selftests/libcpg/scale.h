/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs of scale.sh share: times of the first and of the last. */
#ifndef SELFTESTS_LIBCPG_SCALE_H
#define SELFTESTS_LIBCPG_SCALE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum {
	SCALE_EDGE = 10,	/* of so many, the quickest counts, */
	SCALE_PART = 5,		/* or of this part of all, if it is more */
	SCALE_RATIO = 3,	/* the last may take so many times as long */
};

static inline uint64_t scale_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* What a step costs is in the quickest, too; others waited for a processor. */
static inline uint64_t scale_least(const uint64_t *ns, int n)
{
	uint64_t least = ns[0];
	int i;

	for (i = 1; i < n; i++)
		if (ns[i] < least)
			least = ns[i];
	return least;
}

/*
 * Each of @n steps tells all that came before: did the last take at most so
 * much longer than the first, which had nobody to tell?
 */
static inline bool scale_is_bounded(const char *what, const uint64_t *ns, int n)
{
	uint64_t first = scale_least(ns, SCALE_EDGE);
	uint64_t middle = scale_least(ns + n / 2 - SCALE_EDGE, SCALE_EDGE);
	uint64_t last = scale_least(ns + n - SCALE_EDGE, SCALE_EDGE);

	printf("# %s: the first %.1f us, in the middle %.1f us, the last of %d %.1f us, %.2f and %.2f times as long\n",
	       what, first / 1e3, middle / 1e3, n, last / 1e3,
	       (double)last / first, (double)last / middle);
	return last <= SCALE_RATIO * first;
}

/* Did the last of @n take about as long as the first? */
static inline bool scale_is_flat(const char *what, const uint64_t *ns, int n)
{
	int edge = n / SCALE_PART > SCALE_EDGE ? n / SCALE_PART : SCALE_EDGE;
	uint64_t first = scale_least(ns, edge);
	uint64_t last = scale_least(ns + n - edge, edge);

	printf("# %s: the first %.1f us, the last of %d %.1f us, %.2f times as long\n",
	       what, first / 1e3, n, last / 1e3, (double)last / first);
	return last <= SCALE_RATIO * first;
}

/* As many descriptors as this takes. */
static inline int scale_files(int n)
{
	struct rlimit limit = { .rlim_cur = n + 64, .rlim_max = n + 64 };

	return setrlimit(RLIMIT_NOFILE, &limit);
}

#endif /* SELFTESTS_LIBCPG_SCALE_H */
