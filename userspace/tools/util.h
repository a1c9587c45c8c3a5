/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Words of the kernel that the C library lacks.
 */
#ifndef _CPG_TOOLS_UTIL_H
#define _CPG_TOOLS_UTIL_H

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* In two steps: checkpatch.pl asks for the macro in its own definition. */
#define __printf_check(a, b)	format(printf, a, b)
#define __printf(a, b)		__attribute__((__printf_check(a, b)))

#endif /* _CPG_TOOLS_UTIL_H */
