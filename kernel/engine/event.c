// SPDX-License-Identifier: GPL-2.0
/*
 * Life of an event; event.h says what one is.
 */
#include "event.h"

struct cpg_event *cpg_event_alloc_msg(void *env, u32 max_slices)
{
	struct cpg_event *ev;

	if (max_slices == 1)
		ev = cpg_env_alloc_event(env);
	else
		ev = cpg_env_alloc(env, sizeof(*ev) +
					max_slices * sizeof(struct cpg_slice));
	if (!ev)
		return NULL;
	*ev = (struct cpg_event){
		.kind		= CPG_EVENT_MSG,
		.max_slices	= max_slices,
	};
	cpg_ref_set(&ev->ref, 1);
	return ev;
}

struct cpg_event *cpg_event_alloc_body(void *env, enum cpg_event_kind kind,
				       u32 len)
{
	struct cpg_event *ev;

	ev = cpg_env_alloc(env, sizeof(*ev) + len);
	if (!ev)
		return NULL;
	cpg_ref_set(&ev->ref, 1);
	ev->kind = kind;
	ev->len = len;
	return ev;
}

/* Return: true if it was the last reference, and the event is to be freed. */
static bool cpg_event_drop(struct cpg_event *ev)
{
	u32 i;

	if (!cpg_ref_dec_and_test(&ev->ref))
		return false;
	for (i = 0; i < ev->nslices; i++)
		cpg_buf_put(cpg_event_slices(ev)[i].buf);
	return true;
}

void cpg_event_put(struct cpg_event *ev)
{
	if (cpg_event_drop(ev))
		cpg_env_free(ev);
}

void cpg_event_put_bulk(struct cpg_event **evs, u32 n)
{
	u32 i, n_free = 0;

	for (i = 0; i < n; i++)
		if (cpg_event_drop(evs[i]))
			evs[n_free++] = evs[i];
	if (n_free)
		cpg_env_free_bulk((void **)evs, n_free);
}
