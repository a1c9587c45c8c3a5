// SPDX-License-Identifier: GPL-2.0
/*
 * tsc_khz: how fast this machine's TSC is, in kHz.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

static double ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* Both at a time, or as good as. */
static double read_both(unsigned long long *tsc)
{
	double before, after;

	do {
		before = ns();
		*tsc = __rdtsc();
		after = ns();
	} while (after - before > 5000);
	return before;
}

int main(void)
{
	unsigned long long from, to;
	double took = -read_both(&from);

	usleep(200000);
	took += read_both(&to);
	printf("%.0f\n", (to - from) * 1e6 / took);
	return 0;
}
