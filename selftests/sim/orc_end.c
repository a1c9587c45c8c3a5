// SPDX-License-Identifier: GPL-2.0
/* The oracle at the end of a history: what should have happened by then. */
#include "oracle.h"
#include "trace.h"

#define U(x)	((unsigned long long)(x))

/* Messages left out in a transitional configuration: none of those who stay */
static void end_holes(struct orc *o, const struct orc_life *life,
		      const struct orc_stay *stay)
{
	const struct orc_pos *p;
	u32 i;

	for (i = 0; i < stay->n_holes; i++) {
		if (stay->holes[i] > stay->view->n_pos)
			continue;
		p = &stay->view->pos[stay->holes[i] - 1];
		if (p->known && orc_in(stay->trans_nodes, stay->n_trans,
				       p->what.origin))
			orc_fail(o, ORC_AGREED,
				 "node %u left out position %llu of view %llu.%u, from node %u, which went with it",
				 life->nodeid, U(stay->holes[i]),
				 U(stay->view->id.seq), stay->view->id.rep,
				 p->what.origin);
	}
}

/* Those who came along from a view had installed it. */
static void end_trans(struct orc *o, const struct orc_life *life,
		      const struct orc_stay *stay)
{
	u32 i;
	int idx;

	for (i = 0; stay->to && i < stay->n_trans; i++) {
		idx = orc_view_idx(stay->view, stay->trans_nodes[i]);
		if (!stay->view->lives[idx])
			orc_fail(o, ORC_SAME_VIEW,
				 "node %u: %u comes along from view %llu.%u, and never was in it",
				 life->nodeid, stay->trans_nodes[i],
				 U(stay->view->id.seq), stay->view->id.rep);
	}
}

static bool is_safe(const struct orc_view *view, u64 pos)
{
	const struct orc_what *what = &view->pos[pos - 1].what;

	return what->is_msg && what->svc == CPG_SVC_SAFE;
}

/* The time of a node in a view, unless it never came to the view's end. */
static const struct orc_stay *stay_ended(const struct orc_view *view,
					 u32 nodeid, bool quiet)
{
	const struct orc_life *life = view->lives[orc_view_idx(view, nodeid)];
	const struct orc_stay *stay;
	u32 k;

	if (!life)
		return NULL;
	for (k = life->n_stays; life->stays[k - 1]->view != view; k--)
		;
	stay = life->stays[k - 1];
	return stay->to || (!life->end && quiet) ? stay : NULL;
}

/*
 * What was delivered as SAFE after the transitional configuration, all of the
 * set deliver, wherever they go, unless they fail.
 */
static void end_safe_trans(struct orc *o, const struct orc_life *life,
			   const struct orc_stay *stay, bool quiet)
{
	const struct orc_stay *other;
	u64 pos;
	u32 i;

	for (pos = stay->cut + 1; stay->trans && pos <= stay->last; pos++) {
		if (!orc_stay_has(stay, pos) || !is_safe(stay->view, pos))
			continue;
		for (i = 0; i < stay->n_trans; i++) {
			other = stay_ended(stay->view, stay->trans_nodes[i],
					   quiet);
			if (other && !orc_stay_has(other, pos))
				orc_fail(o, ORC_SAFE,
					 "node %u delivered %llu of view %llu.%u as safe, node %u of its set did not",
					 life->nodeid, U(pos),
					 U(stay->view->id.seq),
					 stay->view->id.rep,
					 stay->trans_nodes[i]);
		}
	}
}

static bool node_crashed(const struct orc *o, u32 nodeid)
{
	u32 i;

	for (i = 0; i < o->n_lives; i++)
		if (o->lives[i]->nodeid == nodeid && o->lives[i]->end)
			return true;
	return false;
}

static void end_safe(struct orc *o, const struct orc_view *view, bool quiet)
{
	const struct orc_stay *stay;
	u32 i;

	for (i = 0; view->safe && i < view->n; i++) {
		if (!view->lives[i]) {
			if (!node_crashed(o, view->nodes[i]))
				orc_fail(o, ORC_SAFE,
					 "%llu was safe in view %llu.%u, which node %u never installed",
					 U(view->safe), U(view->id.seq),
					 view->id.rep, view->nodes[i]);
			continue;
		}
		stay = stay_ended(view, view->nodes[i], quiet);
		if (!stay)
			continue;
		if (stay->last < view->safe ||
		    (stay->n_holes && stay->holes[0] <= view->safe))
			orc_fail(o, ORC_SAFE,
				 "%llu was safe in view %llu.%u, node %u does not have it",
				 U(view->safe), U(view->id.seq), view->id.rep,
				 view->nodes[i]);
	}
}

/* All that are up are in one view, have the same, and got what they sent. */
static void end_quiet_nodes(struct orc *o)
{
	const struct orc_stay *first = NULL;
	const struct orc_life *life;
	struct orc_stay *stay;
	u32 n_up = 0;
	u32 i;

	for (i = 0; i < o->n_lives; i++) {
		life = o->lives[i];
		if (life->end)
			continue;
		n_up++;
		stay = life->stays[life->n_stays - 1];
		if (!first)
			first = stay;
		if (stay->view != first->view)
			orc_fail(o, ORC_MERGE,
				 "node %u is in view %llu.%u, others in %llu.%u",
				 life->nodeid, U(stay->view->id.seq),
				 stay->view->id.rep, U(first->view->id.seq),
				 first->view->id.rep);
		if (stay->last != first->last || stay->n_holes ||
		    stay->sum != first->sum || stay->early != first->early)
			orc_fail(o, ORC_STABLE,
				 "node %u has %llu positions of view %llu.%u, others %llu",
				 life->nodeid, U(stay->last),
				 U(stay->view->id.seq), stay->view->id.rep,
				 U(first->last));
	}
	if (first && first->view->n != n_up)
		orc_fail(o, ORC_EXCLUSION,
			 "view %llu.%u has %u nodes, %u are up",
			 U(first->view->id.seq), first->view->id.rep,
			 first->view->n, n_up);
}

static void end_self(struct orc *o, const struct orc_proc *proc)
{
	const struct orc_life *life = proc->life;
	u32 n = orc_had_n(life, proc);

	if (n != proc->n_sent)
		orc_fail(o, ORC_SELF,
			 "process %u/%u sent %u messages, its node delivered %u",
			 life->nodeid, proc->pid, proc->n_sent, n);
}

static bool proc_stays(const struct orc_proc *proc)
{
	return !proc->life->end && !proc->gone && !proc->leaving;
}

/* Are the members that it knows those that there are? */
static void end_members(struct orc *o, const struct orc_proc *proc)
{
	const struct orc_proc *other;
	const struct cpg_member *m;
	u32 n = 0;
	u32 i, k;

	for (i = 0; i < o->n_procs; i++) {
		other = o->procs[i];
		if (!proc_stays(other) || other->group != proc->group)
			continue;
		n++;
		for (k = 0; k < proc->n_members; k++) {
			m = &proc->members[k];
			if (m->nodeid == other->life->nodeid &&
			    m->pid == other->pid && m->port == other->port)
				break;
		}
		if (k == proc->n_members)
			orc_fail(o, ORC_GROUPS,
				 "process %u/%u does not know member %u/%u",
				 proc->life->nodeid, proc->pid,
				 other->life->nodeid, other->pid);
	}
	if (n != proc->n_members)
		orc_fail(o, ORC_GROUPS,
			 "process %u/%u knows %u members, there are %u",
			 proc->life->nodeid, proc->pid, proc->n_members, n);
}

static void end_quiet_procs(struct orc *o)
{
	const struct orc_proc *proc;
	u32 i;

	for (i = 0; i < o->n_procs; i++) {
		proc = o->procs[i];
		if (proc->life->end)
			continue;
		end_self(o, proc);
		if (proc->gone)
			continue;
		if (proc->leaving ? !proc->is_out : !proc->is_member)
			orc_fail(o, ORC_GROUPS,
				 "process %u/%u never received its own %s",
				 proc->life->nodeid, proc->pid,
				 proc->leaving ? "leave" : "join");
		if (!proc->leaving)
			end_members(o, proc);
	}
}

/**
 * orc_finish() - the history is over
 * @o: oracle
 * @quiet: all faults are over, and there was time to settle
 */
void orc_finish(struct orc *o, bool quiet)
{
	const struct orc_view *view;
	struct orc_life *life;
	u32 i, k;

	if (o->trace && quiet)
		trace_quiet(o);
	for (i = 0; i < o->n_lives; i++) {
		life = o->lives[i];
		if (!life->end)
			orc_due_check(o, life);
		for (k = 0; k < life->n_stays; k++) {
			end_holes(o, life, life->stays[k]);
			end_trans(o, life, life->stays[k]);
			end_safe_trans(o, life, life->stays[k], quiet);
		}
	}
	for (i = 0; i < ORC_HASH; i++)
		for (view = o->views[i]; view; view = view->next)
			end_safe(o, view, quiet);
	if (!quiet || o->prop)
		return;
	end_quiet_nodes(o);
	end_quiet_procs(o);
}
