// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that do not read at once, and hold their groups back when too much
 * waits for them, as the kernel's sockets do.
 */
#include "sim.h"

/**
 * sim_lazy_op_held() - struct cpg_engine_ops held
 * @ctx: node
 * @owner: process
 * @held: its group is held back from now on, or not
 */
void sim_lazy_op_held(void *ctx, void *owner, bool held)
{
	struct sim_node *node = ctx;
	struct sim_proc *proc = owner;
	struct sim *s = node->s;

	if (node->dead)
		return;
	sim_log(s, node->nodeid, SIM_LOG_HELD, proc->pid, held, 0, 0, 0);
	if (!proc->eng || proc->held == held)
		orc_fail(&s->orc, ORC_FLOW,
			 "node %u: pid %u, %s, is told twice that it is held: %u",
			 node->nodeid, proc->pid,
			 proc->eng ? "a process" : "gone", held);
	if (held && !(s->slow_groups >> proc->group % 64 & 1))
		orc_fail(&s->orc, ORC_FLOW,
			 "node %u: pid %u is held back by nobody in its group",
			 node->nodeid, proc->pid);
	proc->held = held;
}

/**
 * sim_lazy_op_slow_until() - struct cpg_engine_ops slow_until
 * @ctx: node
 * @owner: process
 *
 * Return: when it has to be put out, as its node's clock tells the time.
 */
u64 sim_lazy_op_slow_until(void *ctx, void *owner)
{
	struct sim_node *node = ctx;
	struct sim_proc *proc = owner;

	if (proc->lazy == SIM_LAZY_PATIENT)
		return U64_MAX;
	return proc->read_at + node->s->cfg.slow;
}

/**
 * sim_lazy_op_slow() - struct cpg_engine_ops slow
 * @ctx: node
 * @owner: process
 */
void sim_lazy_op_slow(void *ctx, void *owner)
{
	struct sim_node *node = ctx;
	struct sim_proc *proc = owner;
	struct sim *s = node->s;

	if (node->dead || proc->broken)
		return;
	sim_log(s, node->nodeid, SIM_LOG_SLOW, proc->pid, 0, 0, 0, 0);
	s->n_slow++;
	if (proc->slow && sim_node_now(node) >=
			  sim_lazy_op_slow_until(node, proc))
		sim_proc_break(proc);
	else
		orc_fail(&s->orc, ORC_FLOW,
			 "node %u: pid %u is put out, and it reads",
			 node->nodeid, proc->pid);
}

/**
 * sim_lazy_due() - a process was given an event
 * @proc: the process
 * @ev: the event
 */
void sim_lazy_due(struct sim_proc *proc, const struct cpg_event *ev)
{
	if (proc->lazy)
		proc->unread += ev->len + SIM_RCV_OVERHEAD;
}

static void lazy_hold(struct sim_proc *proc, bool hold)
{
	struct sim_node *node = proc->node;
	struct sim *s = node->s;

	sim_log(s, node->nodeid, SIM_LOG_HOLD, proc->pid, hold, proc->unread, 0,
		0);
	proc->slow = hold;
	if (hold) {
		s->n_holds++;
		s->slow_groups |= 1ULL << proc->group % 64;
	}
	cpg_engine_hold(node->eng, sim_node_now(node), proc->eng, hold);
	sim_node_called(node);
}

/**
 * sim_hold() - look for a process that has more to read than it should
 * @node: its node
 *
 * Return: there was one, and the node's engine knows now.
 */
bool sim_hold(struct sim_node *node)
{
	struct sim_proc *proc;

	list_for_each_entry(proc, &node->procs, entry) {
		if (!proc->eng || proc->broken || proc->slow ||
		    proc->unread <= SIM_RCV_HIGH)
			continue;
		proc->read_at = sim_node_now(node);
		lazy_hold(proc, true);
		return true;
	}
	return false;
}

/**
 * sim_read() - a lazy process reads
 * @proc: the process
 * @len: as many bytes, at most
 */
void sim_read(struct sim_proc *proc, u64 len)
{
	proc->unread -= min(len, proc->unread);
	proc->read_at = sim_node_now(proc->node);
	if (proc->slow && proc->unread <= SIM_RCV_LOW)
		lazy_hold(proc, false);
}

/**
 * sim_lazy() - a process changes its ways
 * @proc: the process
 * @lazy: how it reads from now on
 */
void sim_lazy(struct sim_proc *proc, enum sim_lazy lazy)
{
	sim_log(proc->node->s, proc->node->nodeid, SIM_LOG_LAZY, proc->pid,
		lazy, 0, 0, 0);
	proc->lazy = lazy;
	if (!lazy)
		sim_read(proc, U64_MAX);
	else if (proc->slow)
		lazy_hold(proc, true);
}

/**
 * sim_wake() - from now on all processes read at once
 * @node: their node
 */
void sim_wake(struct sim_node *node)
{
	struct sim_proc *proc;

again:
	list_for_each_entry(proc, &node->procs, entry) {
		if (!proc->lazy || !proc->eng)
			continue;
		sim_lazy(proc, SIM_LAZY_NOT);
		/* Others may be gone by now. */
		goto again;
	}
}
