// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle in times when nothing is wrong, or nothing but that nodes die:
 * nobody else is put out, and whoever is dead is, in time.
 */
#include "oracle.h"
#include "trace.h"

#define U(x)	((unsigned long long)(x))

/**
 * orc_calm() - a time without faults begins: all that are up hear each other
 * @o: oracle
 * @bound: a node that dies must be out of all views so long after; 0: the time
 *	is over
 */
void orc_calm(struct orc *o, u64 bound)
{
	if (o->trace)
		trace_calm(o, bound);
	o->calm = bound;
	o->calm_from = o->now;
}

/* Was it alive and well at the present time, or a moment ago? */
static bool life_is_well(const struct orc_life *life)
{
	return life && !life->end && !life->stopping;
}

/**
 * orc_calm_view() - a node goes from one view to the next
 * @o: oracle
 * @life: the node
 * @old: the view that it was in
 * @view: the view that it installs
 */
void orc_calm_view(struct orc *o, const struct orc_life *life,
		   const struct orc_view *old, const struct orc_view *view)
{
	bool came = false, gone = false;
	u32 i;

	if (!o->calm)
		return;
	for (i = 0; i < view->n; i++)
		came |= orc_view_idx(old, view->nodes[i]) < 0;
	for (i = 0; i < old->n; i++) {
		gone |= !life_is_well(old->lives[i]);
		if (orc_view_idx(view, old->nodes[i]) < 0 &&
		    life_is_well(old->lives[i]))
			orc_fail(o, ORC_EXCLUSION,
				 "node %u puts out node %u, which is well",
				 life->nodeid, old->nodes[i]);
	}
	if (!came && !gone)
		orc_fail(o, ORC_EXCLUSION,
			 "node %u goes from view %llu.%u to %llu.%u in a healthy cluster",
			 life->nodeid, U(old->id.seq), old->id.rep,
			 U(view->id.seq), view->id.rep);
}

/**
 * orc_calm_check() - are those that died long enough ago out of all views?
 * @o: oracle
 */
void orc_calm_check(struct orc *o)
{
	const struct orc_life *dead;
	const struct orc_stay *stay;
	u32 i, k;

	for (i = 0; o->calm && i < o->n_lives; i++) {
		stay = orc_stay(o->lives[i]);
		if (o->lives[i]->end || !stay)
			continue;
		for (k = 0; k < stay->view->n; k++) {
			dead = stay->view->lives[k];
			if (dead && dead->end && dead->ended >= o->calm_from &&
			    o->now > dead->ended + o->calm)
				orc_fail(o, ORC_EXCLUSION,
					 "node %u died %llu us ago and is in the view of node %u",
					 dead->nodeid,
					 U((o->now - dead->ended) / 1000),
					 o->lives[i]->nodeid);
		}
	}
}
