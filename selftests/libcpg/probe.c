// SPDX-License-Identifier: GPL-2.0
/*
 * probe absent|present: does libcpg work?  It must say so within 100 ms, times
 * CPG_SPEED.
 */
#include <corosync/cpg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LIMIT_MS = 100,
};

/* Return: milliseconds, or -1 if it is not as expected. */
static long attempt(cs_error_t expected)
{
	cs_error_t error;
	cpg_handle_t h;
	uint64_t start;
	long ms;

	start = cs_timestamp_get();
	error = cpg_initialize(&h, NULL);
	ms = (cs_timestamp_get() - start) / CS_TIME_NS_IN_MSEC;
	printf("# cpg_initialize: %d after %ld ms\n", error, ms);
	if (error == CS_OK && cpg_finalize(h) != CS_OK)
		return -1;
	return error == expected ? ms : -1;
}

int main(int argc, char **argv)
{
	const char *speed = getenv("CPG_SPEED");
	cs_error_t expected = CS_OK;
	long ms;

	if (argc == 2 && !strcmp(argv[1], "absent"))
		expected = CS_ERR_LIBRARY;

	ms = attempt(expected);
	return ms < 0 || ms > LIMIT_MS * (speed ? atol(speed) : 1);
}
