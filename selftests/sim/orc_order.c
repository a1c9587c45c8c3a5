// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle on order: what nodes deliver, whether or not a process of theirs
 * is in the group.
 *
 * A message is known by its place in what its process sent.  Contents of less
 * than eight bytes are not unique; there the first place that can be meant is
 * taken, which never makes a history look worse than it is.
 */
#include "oracle.h"
#include "rng.h"

enum {
	ORC_GAP_MAX = 1 << 20,	/* positions left out at once: nonsense */
};

static bool what_same(const struct orc_what *a, const struct orc_what *b)
{
	if (a->origin != b->origin || a->port != b->port ||
	    a->is_msg != b->is_msg)
		return false;
	return !a->is_msg || (a->svc == b->svc && a->len == b->len &&
			      a->hash == b->hash);
}

static u64 what_hash(const struct orc_what *what)
{
	u64 h = sim_hash2(what->origin, what->port);

	if (what->is_msg)
		h = sim_hash2(h, what->hash + what->len);
	return h;
}

/* Has the sender's own node delivered it in an earlier view than @view? */
static bool sent_before(const struct orc_sent *sent,
			const struct orc_view *view)
{
	return sent->home && sent->home->id.seq < view->id.seq;
}

static bool sent_is(const struct orc_sent *sent, const struct orc_what *what)
{
	return sent->hash == what->hash && sent->len == what->len &&
	       sent->svc == what->svc;
}

static void match_none(struct orc *o, struct orc_life *life,
		       const struct orc_proc *proc,
		       const struct orc_what *what, u32 next)
{
	u32 k;

	for (k = 0; k < proc->n_sent; k++) {
		if (!sent_is(&proc->sent[k], what))
			continue;
		orc_fail(o, ORC_INTEGRITY,
			 "node %u delivers message %u of %u/%u again (expected %u)",
			 life->nodeid, k, what->origin, proc->pid, next);
		return;
	}
	orc_fail(o, ORC_INTEGRITY,
		 "node %u delivers %u bytes of %u/%u that were never sent (expected message %u)",
		 life->nodeid, what->len, what->origin, proc->pid, next);
}

/* It was delivered here before, as its node says. */
static void match_again(struct orc *o, struct orc_life *life,
			const struct orc_proc *proc,
			const struct orc_what *what)
{
	u32 k;

	for (k = 0; proc->idx < life->max_next && k < life->next[proc->idx];
	     k++)
		if (sent_is(&proc->sent[k], what))
			return;
	orc_fail(o, ORC_INTEGRITY,
		 "node %u takes a message of %u/%u for one that it has had",
		 life->nodeid, what->origin, proc->pid);
}

static void match_skip(struct orc *o, struct orc_life *life,
		       const struct orc_view *view,
		       const struct orc_proc *proc, u32 next, u32 k)
{
	bool own = proc->life == life;

	for (; next < k; next++) {
		if (!own && sent_before(&proc->sent[next], view))
			continue;
		orc_fail(o, ORC_FIFO,
			 "node %u delivers message %u of %u/%u without message %u",
			 life->nodeid, k, proc->life->nodeid, proc->pid, next);
		return;
	}
}

static void match_causal(struct orc *o, struct orc_life *life,
			 struct orc_stay *stay, const struct orc_sent *sent,
			 const struct orc_what *what)
{
	if (sent->known_in != stay->view || !stay->n_holes ||
	    stay->holes[0] > sent->known)
		return;
	orc_fail(o, ORC_CAUSAL,
		 "node %u delivers a message of node %u, which knew position %llu, without position %llu",
		 life->nodeid, what->origin, (unsigned long long)sent->known,
		 (unsigned long long)stay->holes[0]);
}

/* Which of its process's messages is it, and may it come now? */
static void match_msg(struct orc *o, struct orc_life *life,
		      struct orc_stay *stay, struct orc_proc *proc,
		      const struct orc_what *what)
{
	u32 next, k;

	life->next = sim_arena_grow(o->arena, life->next, &life->max_next,
				    proc->idx + 1, sizeof(*life->next));
	next = life->next[proc->idx];
	for (k = next; k < proc->n_sent; k++)
		if (sent_is(&proc->sent[k], what) &&
		    !sent_before(&proc->sent[k], stay->view))
			break;
	if (k == proc->n_sent) {
		match_none(o, life, proc, what, next);
		return;
	}
	match_skip(o, life, stay->view, proc, next, k);
	match_causal(o, life, stay, &proc->sent[k], what);
	if (proc->life == life)
		proc->sent[k].home = stay->view;
	life->next[proc->idx] = k + 1;
}

static void deliver_msg(struct orc *o, struct orc_life *life,
			struct orc_stay *stay, u64 pos,
			const struct orc_what *what)
{
	int idx = orc_view_idx(stay->view, what->origin);
	struct orc_life *origin = stay->view->lives[idx];
	struct orc_proc *proc;

	proc = origin ? orc_proc_find(origin, what->port) : NULL;
	if (!proc) {
		orc_fail(o, ORC_INTEGRITY,
			 "node %u delivers a message of no process of node %u (port %u)",
			 life->nodeid, what->origin, what->port);
		return;
	}
	if (proc->quorum && o->expected && !orc_majority(o, stay->view)) {
		orc_fail(o, ORC_PRIMARY,
			 "node %u delivers a message of %u/%u, which needs a majority, in view %llu.%u",
			 life->nodeid, what->origin, proc->pid,
			 (unsigned long long)stay->view->id.seq,
			 stay->view->id.rep);
		return;
	}
	if (what->again) {
		match_again(o, life, proc, what);
		return;
	}
	match_msg(o, life, stay, proc, what);
	if (what->svc == CPG_SVC_SAFE && !stay->trans)
		stay->view->safe = max_t(u64, stay->view->safe, pos);
	orc_due(o, life, proc->group);
}

/* The joins of a node are put in order as they were asked for. */
static void deliver_change(struct orc_stay *stay, const struct orc_what *what)
{
	int idx = orc_view_idx(stay->view, what->origin);
	struct orc_life *origin = stay->view->lives[idx];
	struct orc_proc *proc;

	if (!origin || orc_proc_find(origin, what->port))
		return;
	proc = orc_proc_find(origin, 0);
	if (proc)
		proc->port = what->port;
}

static void deliver_holes(struct orc *o, struct orc_life *life,
			  struct orc_stay *stay, u64 pos)
{
	u64 h;

	if (pos == stay->last + 1)
		return;
	if (!stay->trans || pos - stay->last > ORC_GAP_MAX) {
		orc_fail(o, ORC_AGREED,
			 "node %u delivers position %llu after %llu of view %llu.%u",
			 life->nodeid, (unsigned long long)pos,
			 (unsigned long long)stay->last,
			 (unsigned long long)stay->view->id.seq,
			 stay->view->id.rep);
		return;
	}
	for (h = stay->last + 1; h < pos; h++) {
		stay->holes = sim_arena_grow(o->arena, stay->holes,
					     &stay->max_holes,
					     stay->n_holes + 1, sizeof(h));
		stay->holes[stay->n_holes++] = h;
	}
}

static void deliver_pos(struct orc *o, struct orc_life *life,
			struct orc_view *view, u64 pos,
			const struct orc_what *what)
{
	struct orc_pos *p;

	view->pos = sim_arena_grow(o->arena, view->pos, &view->max_pos, pos,
				   sizeof(*p));
	view->n_pos = max_t(u32, view->n_pos, pos);
	p = &view->pos[pos - 1];
	if (!p->known) {
		p->known = true;
		p->what = *what;
		return;
	}
	if (!what_same(&p->what, what))
		orc_fail(o, ORC_AGREED,
			 "position %llu of view %llu.%u: node %u has %s of %u/%u (%u bytes), another node %s of %u/%u (%u bytes)",
			 (unsigned long long)pos,
			 (unsigned long long)view->id.seq, view->id.rep,
			 life->nodeid, what->is_msg ? "message" : "change",
			 what->origin, what->port, what->len,
			 p->what.is_msg ? "message" : "change",
			 p->what.origin, p->what.port, p->what.len);
}

/**
 * orc_deliver() - a node delivered something in order
 * @o: oracle
 * @life: the node
 * @id: view in which it was ordered
 * @pos: position
 * @what: what it is
 */
void orc_deliver(struct orc *o, struct orc_life *life, struct orc_id id,
		 u64 pos, const struct orc_what *what)
{
	struct orc_stay *stay = orc_stay(life);

	orc_due_check(o, life);
	if (!stay || stay->view->id.seq != id.seq ||
	    stay->view->id.rep != id.rep ||
	    orc_view_idx(stay->view, what->origin) < 0) {
		orc_fail(o, ORC_INTEGRITY,
			 "node %u delivers for view %llu.%u, or from node %u, which it is not in a view with",
			 life->nodeid, (unsigned long long)id.seq, id.rep,
			 what->origin);
		return;
	}
	if (pos <= stay->last) {
		orc_fail(o, ORC_AGREED,
			 "node %u delivers position %llu after %llu",
			 life->nodeid, (unsigned long long)pos,
			 (unsigned long long)stay->last);
		return;
	}
	deliver_holes(o, life, stay, pos);
	if (o->prop)
		return;
	deliver_pos(o, life, stay->view, pos, what);
	stay->last = pos;
	stay->sum = sim_hash2(stay->sum + pos, what_hash(what));
	if (what->is_msg)
		deliver_msg(o, life, stay, pos, what);
	else
		deliver_change(stay, what);
}
