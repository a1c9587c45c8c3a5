/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's environment in user space: memory that can be made to fail,
 * engine by engine, and that is counted, so that what a run leaves behind is
 * found at its end.
 */
#ifndef _CPG_ENV_MEM_H
#define _CPG_ENV_MEM_H

#include "env.h"

/* As in the kernel: arguments are checked against the format. */
#define __printf_check(a, b)	__format__(__printf__, a, b)
#define __printf(a, b)		__attribute__((__printf_check(a, b)))

/**
 * struct cpg_user_env - what an engine is given as its environment
 * @rng: state of the pseudo-random numbers that decide what fails
 * @fail: one of 2^32 allocations fails that many times; 0 is never
 * @fail_in: counts down to one allocation that fails; 0 is off
 * @fail_more: and so many after it
 * @n_asked: allocations that were asked for
 * @n_failed: allocations that failed
 */
struct cpg_user_env {
	u64	rng;
	u32	fail;
	u64	fail_in;
	u32	fail_more;
	u64	n_asked;
	u64	n_failed;
};

/**
 * struct cpg_user_mem - what is allocated at present, in this process
 * @live: allocations
 * @bytes: bytes in them
 * @total: allocations ever made
 */
struct cpg_user_mem {
	u64	live;
	u64	bytes;
	u64	total;
};

extern struct cpg_user_mem cpg_user_mem;

#endif /* _CPG_ENV_MEM_H */
