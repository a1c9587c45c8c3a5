// SPDX-License-Identifier: GPL-2.0
/* The oracle's records: lives, processes, messages that were accepted. */
#include <stdarg.h>

#include "oracle.h"
#include "rng.h"
#include "trace.h"

const char *const orc_prop_names[__ORC_NR] = {
	[ORC_OK]		= "ok",
	[ORC_INTEGRITY]		= "integrity",
	[ORC_VIEW_ORDER]	= "view-order",
	[ORC_SAME_VIEW]		= "same-view",
	[ORC_TRANS]		= "transitional-set",
	[ORC_SELF]		= "self-delivery",
	[ORC_VSYNC]		= "virtual-synchrony",
	[ORC_FIFO]		= "fifo",
	[ORC_CAUSAL]		= "causal",
	[ORC_AGREED]		= "agreed",
	[ORC_SAFE]		= "safe",
	[ORC_CUT]		= "cut",
	[ORC_PRIMARY]		= "primary",
	[ORC_MERGE]		= "merge",
	[ORC_STABLE]		= "stable-view",
	[ORC_EXCLUSION]		= "exclusion",
	[ORC_GROUPS]		= "groups",
	[ORC_CLOSED]		= "closed",
	[ORC_FLOW]		= "flow-control",
	[ORC_ENGINE]		= "engine",
	[ORC_MEMORY]		= "memory",
};

/**
 * orc_init() - an oracle that has seen nothing yet
 * @o: oracle
 * @arena: where its records go
 * @expected: votes of all nodes that are configured
 */
void orc_init(struct orc *o, struct sim_arena *arena, u32 expected)
{
	memset(o, 0, sizeof(*o));
	o->arena = arena;
	o->expected = expected;
}

/**
 * orc_votes() - the votes of a node, in views that come
 * @o: oracle
 * @nodeid: its id
 * @votes: its votes; one, unless this is called
 * @expected: what it expects of the whole cluster
 */
void orc_votes(struct orc *o, u32 nodeid, u32 votes, u32 expected)
{
	u32 i;

	for (i = 0; i < o->n_votes; i++)
		if (o->votes[i].nodeid == nodeid)
			break;
	o->votes = sim_arena_grow(o->arena, o->votes, &o->max_votes, i + 1,
				  sizeof(*o->votes));
	o->n_votes = max(o->n_votes, i + 1);
	o->votes[i].nodeid = nodeid;
	o->votes[i].votes = votes;
	o->votes[i].expected = expected;
}

/**
 * orc_votes_of() - what orc_votes() said of a node
 * @o: oracle
 * @nodeid: its id
 * @votes: stores its votes
 * @expected: stores what it expects
 */
void orc_votes_of(const struct orc *o, u32 nodeid, u32 *votes, u32 *expected)
{
	u32 i;

	*votes = 1;
	*expected = o->expected;
	for (i = 0; i < o->n_votes; i++)
		if (o->votes[i].nodeid == nodeid) {
			*votes = o->votes[i].votes;
			*expected = o->votes[i].expected;
		}
}

void orc_fail(struct orc *o, enum orc_prop prop, const char *fmt, ...)
{
	va_list ap;

	if (o->prop)
		return;
	o->prop = prop;
	va_start(ap, fmt);
	vsnprintf(o->text, sizeof(o->text), fmt, ap);
	va_end(ap);
}

/**
 * orc_start() - a node started
 * @o: oracle
 * @nodeid: its id
 *
 * Return: its life.
 */
struct orc_life *orc_start(struct orc *o, u32 nodeid)
{
	struct orc_life *life = sim_arena_alloc(o->arena, sizeof(*life));

	o->lives = sim_arena_grow(o->arena, o->lives, &o->max_lives,
				  o->n_lives + 1, sizeof(life));
	life->orc = o;
	life->idx = o->n_lives;
	life->nodeid = nodeid;
	INIT_LIST_HEAD(&life->procs);
	INIT_LIST_HEAD(&life->active);
	o->lives[o->n_lives++] = life;
	if (o->trace)
		trace_start(life);
	return life;
}

/**
 * orc_stopping() - a node was asked to stop
 * @life: its life
 */
void orc_stopping(struct orc_life *life)
{
	life->stopping = true;
	if (life->orc->trace)
		trace_stop(life);
}

/**
 * orc_end() - a node is no more
 * @o: oracle
 * @life: its life
 * @end: how it ended
 */
void orc_end(struct orc *o, struct orc_life *life, enum orc_end end)
{
	if (o->trace)
		trace_end(life);
	if (life->end)
		orc_fail(o, ORC_ENGINE, "node %u ended twice", life->nodeid);
	life->end = end;
	life->ended = o->now;
}

/**
 * orc_join() - a process asked to be a member
 * @o: oracle
 * @life: its node
 * @pid: its pid
 * @group: number of the group
 * @quorum: it may send with a majority only
 *
 * Return: the process.
 */
struct orc_proc *orc_join(struct orc *o, struct orc_life *life, u32 pid,
			  u32 group, bool quorum)
{
	struct orc_proc *proc = sim_arena_alloc(o->arena, sizeof(*proc));

	o->procs = sim_arena_grow(o->arena, o->procs, &o->max_procs,
				  o->n_procs + 1, sizeof(proc));
	proc->idx = o->n_procs;
	proc->life = life;
	proc->pid = pid;
	proc->group = group;
	proc->quorum = quorum;
	list_add_tail(&proc->entry, &life->procs);
	INIT_LIST_HEAD(&proc->active);
	o->procs[o->n_procs++] = proc;
	if (o->trace)
		trace_join(proc);
	return proc;
}

/**
 * orc_refused() - the join was refused
 * @proc: no member, ever
 */
void orc_refused(struct orc_proc *proc)
{
	if (proc->life->orc->trace)
		trace_proc(proc, "refused");
	list_del_init(&proc->entry);
	list_del_init(&proc->active);
	if (proc->life->found == proc)
		proc->life->found = NULL;
	proc->pid = 0;
	proc->gone = true;
}

/**
 * orc_leave() - a process asked to leave
 * @proc: the process
 * @leaving: false: the wish was refused
 */
void orc_leave(struct orc_proc *proc, bool leaving)
{
	proc->leaving = leaving;
	if (proc->life->orc->trace)
		trace_leave(proc);
}

/**
 * orc_gone() - a process ended, or was told that events were lost
 * @proc: the process; it receives no more
 */
void orc_gone(struct orc_proc *proc)
{
	proc->gone = true;
	list_del_init(&proc->active);
	if (proc->life->orc->trace)
		trace_proc(proc, "gone");
}

/* Is there a majority, if it needs one? */
static bool may_send(const struct orc_proc *proc)
{
	const struct orc_stay *stay = orc_stay(proc->life);

	return !proc->quorum || (stay && orc_majority(stay->view));
}

/**
 * orc_sent() - a message was accepted
 * @o: oracle
 * @proc: from this process
 * @svc: CPG_SVC_*
 * @len: bytes
 * @hash: of the contents
 * @serial: what its node calls it; greater than any before
 */
void orc_sent(struct orc *o, struct orc_proc *proc, u8 svc, u32 len, u64 hash,
	      u64 serial)
{
	struct orc_stay *stay = orc_stay(proc->life);
	struct orc_sent *sent;

	if (o->trace)
		trace_accept(proc, svc, len, hash, serial);
	if (!may_send(proc))
		orc_fail(o, ORC_PRIMARY,
			 "process %u/%u sends without a majority",
			 proc->life->nodeid, proc->pid);
	proc->sent = sim_arena_grow(o->arena, proc->sent, &proc->max_sent,
				    proc->n_sent + 1, sizeof(*sent));
	sent = &proc->sent[proc->n_sent++];
	sent->hash = hash;
	sent->len = len;
	sent->svc = svc;
	sent->serial = serial;
	if (stay) {
		sent->known_in = stay->view;
		sent->known = stay->last;
	}
}

/**
 * orc_unsent() - a message was not accepted
 * @o: oracle
 * @proc: it is from this process
 * @err: why
 */
void orc_unsent(struct orc *o, struct orc_proc *proc, int err)
{
	if (err == -EHOSTUNREACH && may_send(proc))
		orc_fail(o, ORC_FLOW,
			 "process %u/%u may not send, and has a majority",
			 proc->life->nodeid, proc->pid);
}

/**
 * orc_proc_find() - the process that has a port
 * @life: its node
 * @port: the port
 *
 * Return: the process, or NULL.
 */
struct orc_proc *orc_proc_find(struct orc_life *life, u32 port)
{
	struct orc_proc *last = life->found;
	struct orc_proc *proc;

	/* One process has it, and sends several messages, as a rule. */
	if (last && port && last->port == port)
		return last;
	list_for_each_entry(proc, &life->procs, entry)
		if (proc->port == port) {
			life->found = proc;
			return proc;
		}
	return NULL;
}

/**
 * orc_view_find() - a view
 * @o: oracle
 * @id: its id
 *
 * Return: the view, or NULL.
 */
struct orc_view *orc_view_find(struct orc *o, struct orc_id id)
{
	struct orc_view *view = o->views[sim_hash2(id.seq, id.rep) % ORC_HASH];

	while (view && (view->id.seq != id.seq || view->id.rep != id.rep))
		view = view->next;
	return view;
}

/**
 * orc_stay() - where a node is now
 * @life: the node
 *
 * Return: its stay in its present view, or NULL before the first.
 */
struct orc_stay *orc_stay(struct orc_life *life)
{
	return life->n_stays ? life->stays[life->n_stays - 1] : NULL;
}

/**
 * orc_in() - is a node in a list
 * @nodes: node ids
 * @n: their number
 * @nodeid: the node
 *
 * Return: it is.
 */
bool orc_in(const u32 *nodes, u32 n, u32 nodeid)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (nodes[i] == nodeid)
			return true;
	return false;
}

/**
 * orc_view_idx() - a member's place in a view
 * @view: the view
 * @nodeid: the member
 *
 * Return: its index, or -1.
 */
int orc_view_idx(const struct orc_view *view, u32 nodeid)
{
	u32 i;

	for (i = 0; i < view->n; i++)
		if (view->nodes[i] == nodeid)
			return i;
	return -1;
}
