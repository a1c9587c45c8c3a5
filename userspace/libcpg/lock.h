/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause) */
/*
 * A mutex that is taken for each message.  Most programs have one thread, which
 * needs none; while it is held, no callback runs that could begin another.
 */
#ifndef LIBCPG_LOCK_H
#define LIBCPG_LOCK_H

#include <features.h>
#include <pthread.h>
#include <stdbool.h>

#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 32)
#include <sys/single_threaded.h>
#define CPG_IS_SINGLE_THREADED	__libc_single_threaded
#endif
#endif
#ifndef CPG_IS_SINGLE_THREADED
#define CPG_IS_SINGLE_THREADED	0
#endif

/* Return: for cpg_unlock(), whether it was taken. */
static inline bool cpg_lock(pthread_mutex_t *lock)
{
	if (CPG_IS_SINGLE_THREADED)
		return false;
	pthread_mutex_lock(lock);
	return true;
}

static inline void cpg_unlock(pthread_mutex_t *lock, bool is_locked)
{
	if (is_locked)
		pthread_mutex_unlock(lock);
}

#endif /* LIBCPG_LOCK_H */
