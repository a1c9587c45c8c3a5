// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle on order: what nodes deliver, whether or not a process of theirs
 * is in the group.
 *
 * AGREED and SAFE messages are delivered at their position.  FIFO and UNORDERED
 * ones are delivered without one, and have it when the order passes over them.
 */
#include "oracle.h"
#include "rng.h"
#include "trace.h"

enum {
	ORC_GAP_MAX = 1 << 20,	/* positions left out at once: nonsense */
};

static bool what_same(const struct orc_what *a, const struct orc_what *b)
{
	if (a->origin != b->origin || a->port != b->port ||
	    a->is_msg != b->is_msg)
		return false;
	return !a->is_msg || (a->svc == b->svc && a->len == b->len &&
			      a->hash == b->hash && a->serial == b->serial);
}

static u64 what_hash(const struct orc_what *what)
{
	u64 h = sim_hash2(what->origin, what->port);

	if (what->is_msg)
		h = sim_hash2(h, what->hash + what->len + what->serial);
	return h;
}

/* Has the sender's own node delivered it in an earlier view than @view? */
static bool sent_before(const struct orc_sent *sent,
			const struct orc_view *view)
{
	return sent->home && sent->home->id.seq < view->id.seq;
}

/* Which of its process's messages has this name, perhaps @k?  n_sent: none. */
static u32 sent_find(const struct orc_proc *proc, u64 serial, u32 k)
{
	u32 lo = 0, hi = proc->n_sent;

	if (k < hi && proc->sent[k].serial == serial)
		return k;
	while (lo < hi) {
		k = lo + (hi - lo) / 2;
		if (proc->sent[k].serial < serial)
			lo = k + 1;
		else
			hi = k;
	}
	if (lo < proc->n_sent && proc->sent[lo].serial != serial)
		return proc->n_sent;
	return lo;
}

static struct orc_had *had_get(struct orc *o, struct orc_life *life,
			       const struct orc_proc *proc)
{
	struct orc_had *had;

	life->had = sim_arena_grow(o->arena, life->had, &life->max_had,
				   proc->idx + 1, sizeof(*had));
	had = &life->had[proc->idx];
	had->got = sim_arena_grow(o->arena, had->got, &had->max_got,
				  proc->n_sent, sizeof(*had->got));
	return had;
}

/**
 * orc_had_n() - how many messages of a process a node was delivered
 * @life: the node
 * @proc: the process
 *
 * Return: their number.
 */
u32 orc_had_n(const struct orc_life *life, const struct orc_proc *proc)
{
	return proc->idx < life->max_had ? life->had[proc->idx].n : 0;
}

/* It was delivered here before, as its node says. */
static void match_again(struct orc *o, const struct orc_life *life,
			const struct orc_had *had,
			const struct orc_proc *proc, u32 k)
{
	if (!had->got[k])
		orc_fail(o, ORC_INTEGRITY,
			 "node %u takes message %u of %u/%u for one that it has had",
			 life->nodeid, k, proc->life->nodeid, proc->pid);
}

/* FIFO and stronger: what was sent before was delivered before. */
static void match_fifo(struct orc *o, const struct orc_life *life,
		       const struct orc_view *view, struct orc_had *had,
		       const struct orc_proc *proc, u32 k)
{
	bool own = proc->life == life;
	u32 i;

	if (k < had->next)
		orc_fail(o, ORC_FIFO,
			 "node %u delivers message %u of %u/%u after a later one",
			 life->nodeid, k, proc->life->nodeid, proc->pid);
	for (i = had->next; i < k; i++) {
		if (proc->sent[i].svc == CPG_SVC_UNORDERED || had->got[i] ||
		    (!own && sent_before(&proc->sent[i], view)))
			continue;
		orc_fail(o, ORC_FIFO,
			 "node %u delivers message %u of %u/%u without message %u",
			 life->nodeid, k, proc->life->nodeid, proc->pid, i);
		return;
	}
	had->next = k + 1;
}

/*
 * AGREED and stronger: what its sender had been delivered in the order is
 * before it in the order.
 */
static void match_causal(struct orc *o, const struct orc_life *life,
			 const struct orc_stay *stay,
			 const struct orc_sent *sent, u64 pos)
{
	u64 without = stay->n_holes ? stay->holes[0] : pos;

	if (sent->known_in != stay->view || without > sent->known)
		return;
	orc_fail(o, ORC_CAUSAL,
		 "node %u delivers a message at %llu whose sender knew position %llu, without position %llu",
		 life->nodeid, (unsigned long long)pos,
		 (unsigned long long)sent->known, (unsigned long long)without);
}

/* May this message of this process come now? */
static void match_msg(struct orc *o, struct orc_life *life,
		      struct orc_stay *stay, struct orc_proc *proc, u64 pos,
		      const struct orc_what *what)
{
	struct orc_had *had = had_get(o, life, proc);
	u32 k = sent_find(proc, what->serial, had->next);
	struct orc_sent *sent = &proc->sent[k];

	if (k == proc->n_sent || sent->hash != what->hash ||
	    sent->len != what->len || sent->svc != what->svc) {
		orc_fail(o, ORC_INTEGRITY,
			 "node %u delivers %u bytes of %u/%u that were never sent",
			 life->nodeid, what->len, what->origin, proc->pid);
		return;
	}
	if (what->again) {
		match_again(o, life, had, proc, k);
		return;
	}
	if (had->got[k] || sent_before(sent, stay->view)) {
		orc_fail(o, ORC_INTEGRITY,
			 "node %u delivers message %u of %u/%u again",
			 life->nodeid, k, what->origin, proc->pid);
		return;
	}
	if (what->svc >= CPG_SVC_FIFO)
		match_fifo(o, life, stay->view, had, proc, k);
	if (what->svc >= CPG_SVC_AGREED)
		match_causal(o, life, stay, sent, pos);
	if (proc->life == life)
		sent->home = stay->view;
	had->got[k] = true;
	had->n++;
}

/* The process with @port at a node in the view, or NULL. */
static struct orc_proc *stay_proc(const struct orc_stay *stay, u32 idx,
				  u32 port)
{
	struct orc_life *life = stay->view->lives[idx];

	return life ? orc_proc_find(life, port) : NULL;
}

static void deliver_msg(struct orc *o, struct orc_life *life,
			struct orc_stay *stay, u32 idx, u64 pos,
			const struct orc_what *what)
{
	struct orc_proc *proc = stay_proc(stay, idx, what->port);

	if (!proc) {
		orc_fail(o, ORC_INTEGRITY,
			 "node %u delivers a message of no process of node %u (port %u)",
			 life->nodeid, what->origin, what->port);
		return;
	}
	if (proc->quorum && !orc_majority(stay->view)) {
		orc_fail(o, ORC_PRIMARY,
			 "node %u delivers a message of %u/%u, which needs a majority, in view %llu.%u",
			 life->nodeid, what->origin, proc->pid,
			 (unsigned long long)stay->view->id.seq,
			 stay->view->id.rep);
		return;
	}
	match_msg(o, life, stay, proc, pos, what);
	if (what->again)
		return;
	if (what->svc == CPG_SVC_SAFE && !stay->trans)
		stay->view->safe = max_t(u64, stay->view->safe, pos);
	orc_due(o, life, proc->group);
}

/* The joins of a node are put in order as they were asked for. */
static void deliver_change(struct orc_stay *stay, u32 idx,
			   const struct orc_what *what)
{
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

/* The place of @origin in the view, which is the present one; or -1. */
static int deliver_here(struct orc *o, const struct orc_life *life,
			const struct orc_stay *stay, struct orc_id id,
			u32 origin)
{
	int idx = -1;

	if (stay && stay->view->id.seq == id.seq &&
	    stay->view->id.rep == id.rep)
		idx = orc_view_idx(stay->view, origin);
	if (idx >= 0)
		return idx;
	orc_fail(o, ORC_INTEGRITY,
		 "node %u delivers for view %llu.%u, or from node %u, which it is not in a view with",
		 life->nodeid, (unsigned long long)id.seq, id.rep, origin);
	return -1;
}

/* The order goes on to @pos; false: it may not. */
static bool deliver_next(struct orc *o, struct orc_life *life,
			 struct orc_stay *stay, u64 pos,
			 const struct orc_what *what)
{
	if (pos <= stay->last) {
		orc_fail(o, ORC_AGREED,
			 "node %u delivers position %llu after %llu",
			 life->nodeid, (unsigned long long)pos,
			 (unsigned long long)stay->last);
		return false;
	}
	deliver_holes(o, life, stay, pos);
	if (o->prop)
		return false;
	deliver_pos(o, life, stay->view, pos, what);
	stay->last = pos;
	stay->sum = sim_hash2(stay->sum + pos, what_hash(what));
	return true;
}

/**
 * orc_deliver() - a node delivered something
 * @o: oracle
 * @life: the node
 * @id: view in which it was ordered
 * @pos: position; 0: it did not wait for one
 * @what: what it is
 */
void orc_deliver(struct orc *o, struct orc_life *life, struct orc_id id,
		 u64 pos, const struct orc_what *what)
{
	bool is_early = what->is_msg && what->svc <= CPG_SVC_FIFO;
	struct orc_stay *stay = orc_stay(life);
	int idx;

	if (o->trace)
		trace_deliver(life, id, pos, what);
	orc_due_check(o, life);
	idx = deliver_here(o, life, stay, id, what->origin);
	if (idx < 0)
		return;
	if (is_early != !pos) {
		orc_fail(o, ORC_AGREED,
			 "node %u delivers service %u at position %llu",
			 life->nodeid, what->svc, (unsigned long long)pos);
		return;
	}
	if (is_early) {
		stay->early += sim_hash2(1, what_hash(what));
		stay->early_last = *what;
	} else if (!deliver_next(o, life, stay, pos, what)) {
		return;
	}
	if (what->is_msg)
		deliver_msg(o, life, stay, idx, pos, what);
	else
		deliver_change(stay, idx, what);
}

/**
 * orc_place() - the order passed over what was delivered without a position
 * @o: oracle
 * @life: the node
 * @id: view
 * @pos: its position
 * @origin: node that sent it
 * @port: process that sent it
 * @serial: which of its messages
 */
void orc_place(struct orc *o, struct orc_life *life, struct orc_id id, u64 pos,
	       u32 origin, u32 port, u64 serial)
{
	struct orc_stay *stay = orc_stay(life);
	struct orc_what what = {
		.origin = origin, .port = port, .is_msg = true,
		.serial = serial,
	};
	struct orc_proc *proc;
	int idx;
	u32 k;

	if (o->trace)
		trace_place(life, id, pos, origin, port, serial);
	orc_due_check(o, life);
	idx = deliver_here(o, life, stay, id, origin);
	if (idx < 0)
		return;
	proc = stay_proc(stay, idx, port);
	k = proc ? sent_find(proc, serial, 0) : 0;
	if (!proc || k == proc->n_sent || !had_get(o, life, proc)->got[k] ||
	    proc->sent[k].svc > CPG_SVC_FIFO) {
		orc_fail(o, ORC_AGREED,
			 "node %u passes over a message of %u/%u at %llu that it did not deliver",
			 life->nodeid, origin, port, (unsigned long long)pos);
		return;
	}
	what.svc = proc->sent[k].svc;
	what.len = proc->sent[k].len;
	what.hash = proc->sent[k].hash;
	deliver_next(o, life, stay, pos, &what);
}
