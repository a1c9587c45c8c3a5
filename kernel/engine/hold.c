// SPDX-License-Identifier: GPL-2.0
/*
 * Slow processes: one that can take no more holds the senders of its group
 * back, on every node, until it can again, or its owner puts it out.
 *
 * That it does is a record in the order, like a join: so every node of a view
 * has the same holders, and a lost packet changes nothing.  With a node that
 * comes, its processes come as holders or not.  A holder that goes, for
 * whatever reason, holds no more.  What was accepted before is still sent.
 */
#include "engine_priv.h"

/* All processes of this node that may send to a group, members yet or not. */
static void cpg_hold_tell(struct cpg_engine *eng, const struct cpg_grp *grp,
			  bool held)
{
	struct cpg_proc *proc;

	list_for_each_entry(proc, &grp->mine, mine_link)
		if (proc->owner)
			eng->ops->held(eng->ctx, proc->owner, held);
}

/* A process of this node joins. */
void cpg_hold_init(struct cpg_engine *eng, struct cpg_proc *proc)
{
	cpg_group_tx_init(proc, &proc->tx_hold, CPG_REC_HOLD, 1);
	if (proc->grp->n_holders)
		eng->ops->held(eng->ctx, proc->owner, true);
}

/* A member holds its group back from now on, or not any more. */
void cpg_hold_set(struct cpg_engine *eng, struct cpg_proc *proc, bool holds)
{
	struct cpg_grp *grp = proc->grp;
	bool was_held = grp->n_holders;

	if (proc->is_holder == holds)
		return;
	proc->is_holder = holds;
	if (holds)
		grp->n_holders++;
	else
		grp->n_holders--;
	if (was_held != !!grp->n_holders)
		cpg_hold_tell(eng, grp, holds);
}

/*
 * Put in order what the owner asks for, unless that is so or under way.  It
 * goes before the data that waits, of which the receiver cannot take much more,
 * and before the leave, if that is not in a packet yet.
 */
void cpg_hold_ask(struct cpg_engine *eng, struct cpg_proc *proc)
{
	if (proc->tx_hold.is_queued || proc->is_slow == proc->is_holder ||
	    !proc->is_member || proc->tx_leave.last)
		return;
	proc->tx_hold.reason = proc->is_slow;
	cpg_send_queue_first(eng, &proc->tx_hold);
}

static void cpg_hold_want(struct cpg_engine *eng, struct cpg_proc *proc,
			  bool hold)
{
	proc->is_slow = hold;
	if (!hold)
		list_del_init(&proc->slow_link);
	else if (list_empty(&proc->slow_link))
		list_add_tail(&proc->slow_link, &eng->slows);
	cpg_hold_ask(eng, proc);
}

/* The process is gone; its leave may have to wait. */
void cpg_hold_end(struct cpg_engine *eng, struct cpg_proc *proc)
{
	cpg_hold_want(eng, proc, false);
}

/* A record in its place. */
void cpg_hold_deliver(struct cpg_engine *eng, u32 nodeid, u32 port, bool holds)
{
	struct cpg_proc *proc = cpg_group_proc_find(eng, nodeid, port);

	if (!proc || !proc->is_member)
		return;
	cpg_hold_set(eng, proc, holds);
	if (!proc->is_local)
		return;
	cpg_send_done(eng, &proc->tx_hold);
	/* The owner may have changed its mind meanwhile. */
	cpg_hold_ask(eng, proc);
}

/* Will it be a holder when the old view has ended, up to @cut? */
bool cpg_hold_after(const struct cpg_proc *proc, u64 cut)
{
	const struct cpg_txmsg *hold = &proc->tx_hold;

	if (hold->is_queued && hold->last && hold->last <= cut)
		return hold->reason;
	return proc->is_holder;
}

static u64 cpg_hold_due(const struct cpg_proc *proc)
{
	if (proc->slow_until >= CPG_NEVER - proc->slow_late)
		return CPG_NEVER;
	return proc->slow_until + proc->slow_late;
}

/* It has read meanwhile, or may take more time. */
static void cpg_hold_arm(struct cpg_engine *eng, struct cpg_proc *proc)
{
	u64 until = eng->ops->slow_until(eng->ctx, proc->owner);

	if (until != proc->slow_until)
		proc->slow_late = 0;
	proc->slow_until = until;
	eng->deadline = min(eng->deadline, cpg_hold_due(proc));
}

void cpg_engine_hold(struct cpg_engine *eng, u64 now, struct cpg_proc *proc,
		     bool hold)
{
	eng->now = now;
	cpg_hold_want(eng, proc, hold);
	if (hold)
		cpg_hold_arm(eng, proc);
	cpg_engine_run(eng, now);
}

/* This node was not scheduled, so neither were its processes. */
void cpg_hold_late(struct cpg_engine *eng, u64 now)
{
	u64 late = now > eng->deadline ? now - eng->deadline : 0;
	struct cpg_proc *proc;

	if (late < eng->cfg.heartbeat)
		return;
	list_for_each_entry(proc, &eng->slows, slow_link)
		proc->slow_late += late;
}

void cpg_hold_timer(struct cpg_engine *eng)
{
	struct cpg_proc *proc;

	list_for_each_entry(proc, &eng->slows, slow_link) {
		if (cpg_hold_due(proc) > eng->now)
			continue;
		cpg_hold_arm(eng, proc);
		if (cpg_hold_due(proc) > eng->now)
			continue;
		proc->slow_until = CPG_NEVER;
		eng->ops->slow(eng->ctx, proc->owner);
	}
}

u64 cpg_hold_deadline(const struct cpg_engine *eng)
{
	const struct cpg_proc *proc;
	u64 deadline = CPG_NEVER;

	list_for_each_entry(proc, &eng->slows, slow_link)
		deadline = min(deadline, cpg_hold_due(proc));
	return deadline;
}
