/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that the engine uses and does not bring itself.
 *
 * The engine is the same code in the kernel, in the simulator and in the
 * fuzzers.  This is the only file of it that knows where it runs: it includes
 * what the place has and adds what it lacks under the kernel's names.
 *
 * Memory comes from here.  cpg_env_alloc() and cpg_env_buf_alloc() may be
 * called with the engine's lock held, so they do not sleep, and they may fail:
 * the engine takes that as a lost packet or tries again later.  @env is what
 * the engine was created with; a simulator makes one engine's allocations fail
 * by it.  Freeing needs no engine: a message can outlive the one it came from.
 */
#ifndef _CPG_ENGINE_ENV_H
#define _CPG_ENGINE_ENV_H

#ifdef __KERNEL__

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/refcount.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/tracepoint-defs.h>
#include <linux/types.h>
#include <uapi/linux/cpg.h>

/*
 * A state that must not be.  Expands to an expression: true if it is there
 * nevertheless, so that the caller can back out.
 */
#define CPG_BROKEN(cond)	WARN_ON_ONCE(cond)

DECLARE_TRACEPOINT(cpg_accept);
DECLARE_TRACEPOINT(cpg_deliver);

/* Does anybody want to know that a message is accepted, or delivered? */
static inline bool cpg_env_traces_accept(void)
{
	return tracepoint_enabled(cpg_accept);
}

static inline bool cpg_env_traces_deliver(void)
{
	return tracepoint_enabled(cpg_deliver);
}

typedef refcount_t cpg_ref_t;

static inline void cpg_ref_set(cpg_ref_t *ref, int n)
{
	refcount_set(ref, n);
}

static inline void cpg_ref_inc(cpg_ref_t *ref)
{
	refcount_inc(ref);
}

static inline void cpg_ref_add(cpg_ref_t *ref, int n)
{
	refcount_add(n, ref);
}

static inline bool cpg_ref_dec_and_test(cpg_ref_t *ref)
{
	return refcount_dec_and_test(ref);
}

#else
#include "env_user.h"
#endif /* __KERNEL__ */

#define CPG_NSEC_PER_USEC	1000ULL
#define CPG_NSEC_PER_MSEC	1000000ULL
#define CPG_NSEC_PER_SEC	1000000000ULL

/**
 * struct cpg_buf - a run of bytes that several owners share
 * @ref: number of owners; cpg_env_buf_free() runs when it comes to 0
 * @len: bytes at @data
 * @room: bytes in front of them that nobody has written; once the buffer is an
 *	engine's, under that engine's lock
 * @data: the bytes; written only by who allocated the buffer, before it is
 *	shared.  It moves only while one event is the buffer's only user
 * @priv: the environment's: what @data belongs to
 */
struct cpg_buf {
	cpg_ref_t	ref;
	u32		len;
	u32		room;
	u8		*data;
	void		*priv;
};

/* Zeroed memory, or NULL.  @size may be some 100 KiB. */
void *cpg_env_alloc(void *env, size_t size);
void cpg_env_free(const void *ptr);

/* The same for the event of a message in one piece, but not zeroed. */
void *cpg_env_alloc_event(void *env);
void cpg_env_free_bulk(void **ptrs, u32 n);

/* A buffer of @len bytes with one reference, not zeroed, or NULL. */
struct cpg_buf *cpg_env_buf_alloc(void *env, u32 len);
void cpg_env_buf_free(struct cpg_buf *buf);

static inline struct cpg_buf *cpg_buf_get(struct cpg_buf *buf)
{
	cpg_ref_inc(&buf->ref);
	return buf;
}

static inline void cpg_buf_put(struct cpg_buf *buf)
{
	if (cpg_ref_dec_and_test(&buf->ref))
		cpg_env_buf_free(buf);
}

/*
 * Begin @len bytes further in front, which moves what others know the place of;
 * false: there is no room.
 */
static inline bool cpg_buf_grow(struct cpg_buf *buf, u32 len)
{
	if (len > buf->room)
		return false;
	buf->room -= len;
	buf->len += len;
	buf->data -= len;
	return true;
}

#endif /* _CPG_ENGINE_ENV_H */
