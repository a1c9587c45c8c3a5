/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events: what a member of a group receives.
 *
 * An event is built once and shared, by reference, by all local members that
 * receive it, by the send queue of the node that sent it, and by whoever reads
 * it from a socket later.  It is immutable once it has been delivered.
 */
#ifndef _CPG_ENGINE_EVENT_H
#define _CPG_ENGINE_EVENT_H

#include "env.h"

enum cpg_event_kind {
	CPG_EVENT_MSG,		/* body: struct cpg_slice[nslices] */
	CPG_EVENT_CONFCHG,	/* body: struct cpg_confchg */
	CPG_EVENT_VIEW,		/* body: struct cpg_view */
	__CPG_EVENT_NR
};

/**
 * struct cpg_slice - a part of a message
 * @buf: where the bytes are; the slice holds a reference
 * @off: of the first byte in the buffer's data
 * @len: number of bytes, may be 0
 */
struct cpg_slice {
	struct cpg_buf	*buf;
	u32		off;
	u32		len;
};

/**
 * struct cpg_event - a message, a change of a group, or a view
 * @ref: number of owners
 * @kind: enum cpg_event_kind
 * @service: CPG_EVENT_MSG: CPG_SVC_*
 * @nslices: CPG_EVENT_MSG: slices in use
 * @max_slices: CPG_EVENT_MSG: slices that there is room for
 * @len: CPG_EVENT_MSG: bytes of payload; otherwise bytes of @body
 * @sender: CPG_EVENT_MSG: who sent it, reason 0
 * @seq: its position, set before delivery; 0 of FIFO and UNORDERED messages
 * @charge: for who delivers it: what each is charged that holds it
 * @body: see enum cpg_event_kind
 */
struct cpg_event {
	cpg_ref_t		ref;
	u8			kind;
	u8			service;
	u16			nslices;
	u16			max_slices;
	u32			len;
	struct cpg_member	sender;
	struct cpg_seq		seq;
	u32			charge;
	u64			body[];
};

/* Of a message in one piece, as most are. */
#define CPG_EVENT_MSG_SIZE \
	(sizeof(struct cpg_event) + sizeof(struct cpg_slice))

static inline struct cpg_slice *cpg_event_slices(struct cpg_event *ev)
{
	return (struct cpg_slice *)ev->body;
}

static inline struct cpg_confchg *cpg_event_confchg(struct cpg_event *ev)
{
	return (struct cpg_confchg *)ev->body;
}

static inline struct cpg_view *cpg_event_view(struct cpg_event *ev)
{
	return (struct cpg_view *)ev->body;
}

/**
 * cpg_event_alloc_msg() - a message without payload yet
 * @env: as in cpg_env_alloc()
 * @max_slices: how many slices will be added at most
 *
 * Return: the event with one reference, or NULL.
 */
struct cpg_event *cpg_event_alloc_msg(void *env, u32 max_slices);

/**
 * cpg_event_add_slice() - append to a message
 * @ev: a message with room for one more slice
 * @buf: where the bytes are; a reference is taken
 * @off: of the first byte in @buf
 * @len: number of bytes
 */
static inline void cpg_event_add_slice(struct cpg_event *ev,
				       struct cpg_buf *buf, u32 off, u32 len)
{
	struct cpg_slice *slice = &cpg_event_slices(ev)[ev->nslices];

	if (CPG_BROKEN(ev->nslices >= ev->max_slices))
		return;
	slice->buf = cpg_buf_get(buf);
	slice->off = off;
	slice->len = len;
	ev->nslices++;
	ev->len += len;
}

/**
 * cpg_event_alloc_body() - an event that is not a message
 * @env: as in cpg_env_alloc()
 * @kind: enum cpg_event_kind
 * @len: bytes of body, zeroed
 *
 * Return: the event with one reference, or NULL.
 */
struct cpg_event *cpg_event_alloc_body(void *env, enum cpg_event_kind kind,
				       u32 len);

static inline struct cpg_event *cpg_event_get(struct cpg_event *ev)
{
	cpg_ref_inc(&ev->ref);
	return ev;
}

static inline void cpg_event_get_many(struct cpg_event *ev, u32 n)
{
	cpg_ref_add(&ev->ref, n);
}

/* Drops a reference; any context, no lock needed. */
void cpg_event_put(struct cpg_event *ev);

/* Drops a reference to each of @n events, and changes the array. */
void cpg_event_put_bulk(struct cpg_event **evs, u32 n);

#endif /* _CPG_ENGINE_EVENT_H */
