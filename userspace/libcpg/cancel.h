/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause) */
/* A call must be able to keep its promises: no cancellation in the middle. */
#ifndef LIBCPG_CANCEL_H
#define LIBCPG_CANCEL_H

#include <pthread.h>

static inline int cpg_cancel_disable(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	return state;
}

static inline void cpg_cancel_restore(int state)
{
	pthread_setcancelstate(state, NULL);
}

#endif /* LIBCPG_CANCEL_H */
