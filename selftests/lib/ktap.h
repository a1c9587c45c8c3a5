/* SPDX-License-Identifier: GPL-2.0 */
/* Tests in a table, reported in KTAP. */
#ifndef _CPG_KTAP_H
#define _CPG_KTAP_H

#include "env_mem.h"

/**
 * struct ktap_test - a test
 * @name: words_with_underscores
 * @fn: returns NULL, or what is wrong
 */
struct ktap_test {
	const char	*name;
	const char	*(*fn)(void);
};

/* Say in words what is wrong; they are valid until the next call. */
const char *__printf(1, 2) ktap_fail(const char *fmt, ...);

/* Give up the present test with @why, if there is one. */
void ktap_ok(const char *why);

/* Run a table; @only: NULL, or part of a name.  For main(): 0 if all passed. */
int ktap_run(const struct ktap_test *tests, u32 n, const char *only);

#endif /* _CPG_KTAP_H */
