// SPDX-License-Identifier: GPL-2.0
/*
 * Processes, played as the kernel plays them: what they may have queued is
 * counted, an event that is lost ends them.
 */
#include "hash.h"
#include "sim.h"

/**
 * sim_group_name() - the name of a group
 * @group: its number; some names differ only in their length
 * @name: filled in
 */
void sim_group_name(u32 group, struct cpg_group *name)
{
	memset(name, 0, sizeof(*name));
	switch (group % 4) {
	case 0:
		name->name_len = CPG_GROUP_NAME_MAX;
		break;
	case 1:
		name->name_len = 1;
		break;
	case 2:
		name->name_len = 2;
		break;
	}
	if (name->name_len)
		name->name[0] = 'A' + group / 4;
}

/* The hash of a message that is said to have been accepted as @serial. */
static u64 event_hash(struct sim_node *node, struct cpg_event *ev, u32 origin,
		      u64 serial)
{
	const struct cpg_slice *sl = cpg_event_slices(ev);
	u32 len = 0;
	u32 i;

	if (node->hash_ev == ev)
		return node->hash;
	for (i = 0; i < ev->nslices; i++)
		len += sl[i].len;
	if (len != ev->len)
		orc_fail(&node->s->orc, ORC_INTEGRITY,
			 "node %u: a message of %u bytes has %u",
			 node->nodeid, ev->len, len);
	node->hash_ev = ev;
	if (len == ev->len)
		node->hash = sim_said_hash(node->s, origin, serial, ev);
	else
		node->hash = cpg_hash_event(ev);
	return node->hash;
}

static void op_xmit(void *ctx, const u32 *nodeids, u32 n,
		    const struct cpg_frame *frame)
{
	struct sim_node *node = ctx;

	if (!node->dead)
		sim_net_xmit(node, nodeids, n, frame);
}

static void op_reply(void *ctx, const struct cpg_frame *frame)
{
	struct sim_node *node = ctx;

	if (!node->dead)
		sim_net_reply(node, frame);
}

static void due_msg(struct sim_proc *proc, struct cpg_event *ev)
{
	struct sim_node *node = proc->node;

	proc->n_msgs++;
	sim_log(node->s, node->nodeid, SIM_LOG_MSG, proc->pid,
		ev->sender.nodeid, ev->sender.pid, ev->len, ev->seq.seq);
	orc_event_msg(&node->s->orc, proc->orc, &ev->seq, &ev->sender,
		      ev->service, ev->len, event_hash(node, ev, 0, 0));
	if (node->s->cfg.record)
		sim_text_msg(proc, ev);
}

static void due_chg(struct sim_proc *proc, struct cpg_event *ev)
{
	const struct cpg_confchg *chg = cpg_event_confchg(ev);
	struct sim_node *node = proc->node;

	sim_log(node->s, node->nodeid, SIM_LOG_CHG, proc->pid, chg->n_members,
		chg->n_left, chg->n_joined, ev->seq.seq);
	orc_event_chg(&node->s->orc, proc->orc, &ev->seq, chg);
	if (node->s->cfg.record)
		sim_text_chg(proc, chg);
}

/* Let the oracle see what processes were given. */
void __sim_due_show(struct sim_node *node)
{
	struct sim_due *due;
	u32 i;

	for (i = 0; i < node->n_due; i++) {
		due = &node->due[i];
		if (due->ev->kind == CPG_EVENT_MSG)
			due_msg(due->proc, due->ev);
		else if (due->ev->kind == CPG_EVENT_CONFCHG)
			due_chg(due->proc, due->ev);
		cpg_event_put(due->ev);
	}
	/* Several processes are given the same one; from here on it may go. */
	node->hash_ev = NULL;
	node->n_due = 0;
}

/* Nobody will see it: the node is down. */
void sim_due_drop(struct sim_node *node)
{
	while (node->n_due)
		cpg_event_put(node->due[--node->n_due].ev);
}

/**
 * sim_proc_break() - a process is out
 * @proc: the process; its engine is told after this call of it
 */
void sim_proc_break(struct sim_proc *proc)
{
	sim_due_show(proc->node);
	proc->broken = true;
	proc->node->n_broken++;
	orc_gone(proc->orc);
}

static void deliver_lost(struct sim_node *node, struct sim_proc *proc)
{
	sim_log(node->s, node->nodeid, SIM_LOG_EVICT, proc->pid, 0, 0, 0, 0);
	if (!node->env.n_failed)
		orc_fail(&node->s->orc, ORC_ENGINE,
			 "node %u: an event is lost without a reason",
			 node->nodeid);
	sim_proc_break(proc);
}

static void deliver(struct sim_node *node, struct sim_proc *proc,
		    struct cpg_event *ev)
{
	if (node->dead)
		return;
	if (!proc->eng) {
		orc_fail(&node->s->orc, ORC_ENGINE,
			 "node %u: an event for pid %u, which is gone",
			 node->nodeid, proc->pid);
		return;
	}
	if (!ev && !proc->broken)
		deliver_lost(node, proc);
	if (proc->broken)
		return;
	node->due = sim_arena_grow(&node->s->arena, node->due, &node->max_due,
				   node->n_due + 1, sizeof(*node->due));
	node->due[node->n_due++] = (struct sim_due){
		.proc = proc, .ev = cpg_event_get(ev),
	};
	sim_lazy_due(proc, ev);
}

static void op_deliver(void *ctx, void *const *owners, u32 n,
		       struct cpg_event *ev)
{
	u32 i;

	for (i = 0; i < n; i++)
		deliver(ctx, owners[i], ev);
}

static void op_sent(void *ctx, void *owner, u32 len)
{
	struct sim_node *node = ctx;
	struct sim_proc *proc = owner;

	if (node->dead)
		return;
	if (!proc->eng || proc->queued < len)
		orc_fail(&node->s->orc, ORC_FLOW,
			 "node %u: %u bytes of pid %u are sent, of %llu",
			 node->nodeid, len, proc->pid,
			 (unsigned long long)proc->queued);
	proc->queued -= len;
}

static void op_left(void *ctx, void *owner)
{
	struct sim_node *node = ctx;
	struct sim_proc *proc = owner;

	if (node->dead)
		return;
	sim_log(node->s, node->nodeid, SIM_LOG_LEFT, proc->pid, 0, 0, 0, 0);
	if (!proc->eng || (!proc->leaving && !node->stopping))
		orc_fail(&node->s->orc, ORC_GROUPS,
			 "node %u: pid %u left without asking", node->nodeid,
			 proc->pid);
	if (proc->queued)
		orc_fail(&node->s->orc, ORC_FLOW,
			 "node %u: pid %u left with %llu bytes unsent",
			 node->nodeid, proc->pid,
			 (unsigned long long)proc->queued);
	proc->eng = NULL;
	list_del_init(&proc->entry);
}

static void op_view(void *ctx, struct cpg_event *ev)
{
	const struct cpg_view *view = cpg_event_view(ev);
	struct sim_node *node = ctx;
	struct sim_proc *proc;
	struct orc_id id = { .seq = view->seq, .rep = view->rep };

	if (node->dead)
		return;
	if (id.seq != node->view.seq || id.rep != node->view.rep)
		orc_fail(&node->s->orc, ORC_ENGINE,
			 "node %u: the view event is of another view",
			 node->nodeid);
	orc_quorate(&node->s->orc, node->life, id,
		    view->flags & CPG_VIEW_F_QUORATE);
	sim_due_show(node);
	if (!node->s->cfg.record)
		return;
	list_for_each_entry(proc, &node->procs, entry)
		sim_text_view(proc, view);
}

static void op_nodeid_used(void *ctx, bool refused)
{
	struct sim_node *node = ctx;

	sim_log(node->s, node->nodeid, SIM_LOG_USED, refused, 0, 0, 0, 0);
	if (!refused || node->refused)
		return;
	node->refused = true;
	orc_end(&node->s->orc, node->life, ORC_STOPPED);
}

static void op_stopped(void *ctx)
{
	struct sim_node *node = ctx;

	sim_log(node->s, node->nodeid, SIM_LOG_STOPPED, 0, 0, 0, 0, 0);
	if (!node->stopping || node->stopped)
		orc_fail(&node->s->orc, ORC_ENGINE, "node %u stopped %s",
			 node->nodeid, node->stopped ? "twice" : "by itself");
	node->stopped = true;
}

static void trace_deliver(struct sim_node *node, const struct cpg_trace *tr)
{
	struct orc_id id = { .seq = tr->view_seq, .rep = tr->view_rep };
	struct orc_what what = { .origin = tr->origin, .port = tr->port };
	struct cpg_event *ev = tr->ev;

	/* What is of another place was traced before. */
	if (node->n_due && node->due[0].ev->seq.seq != tr->pos)
		sim_due_show(node);
	if (ev) {
		what.is_msg = true;
		what.again = tr->value;
		what.svc = ev->service;
		what.len = ev->len;
		what.serial = tr->serial;
		what.hash = event_hash(node, ev, tr->origin, tr->serial);
	}
	sim_log(node->s, node->nodeid, ev ? SIM_LOG_DELIVER : SIM_LOG_CHANGE,
		tr->pos, tr->origin, tr->port, what.len, what.hash);
	orc_deliver(&node->s->orc, node->life, id, tr->pos, &what);
	sim_due_show(node);
	node->hash_ev = NULL;
}

static void trace_place(struct sim_node *node, const struct cpg_trace *tr)
{
	struct orc_id id = { .seq = tr->view_seq, .rep = tr->view_rep };

	sim_due_show(node);
	sim_log(node->s, node->nodeid, SIM_LOG_PLACE, tr->pos, tr->origin,
		tr->port, tr->serial, 0);
	orc_place(&node->s->orc, node->life, id, tr->pos, tr->origin, tr->port,
		  tr->serial);
}

static void trace_nodes(struct sim_node *node, const struct cpg_trace *tr)
{
	struct orc_id id = { .seq = tr->view_seq, .rep = tr->view_rep };
	bool is_view = tr->kind == CPG_TRACE_VIEW;

	sim_due_show(node);
	sim_log(node->s, node->nodeid, is_view ? SIM_LOG_VIEW : SIM_LOG_TRANS,
		id.seq, id.rep, tr->n_nodes, tr->n_nodes ? tr->nodes[0] : 0,
		tr->n_nodes ? tr->nodes[tr->n_nodes - 1] : 0);
	if (!is_view) {
		orc_trans(&node->s->orc, node->life, id, tr->nodes,
			  tr->n_nodes);
		return;
	}
	orc_view(&node->s->orc, node->life, id, tr->nodes, tr->n_nodes);
	node->view = id;
	node->max_seq = max(node->max_seq, id.seq);
	node->n_view = tr->n_nodes;
	node->n_views++;
}

static void trace_accepted(struct sim_node *node, const struct cpg_trace *tr)
{
	u64 hash = event_hash(node, tr->ev, 0, 0);
	struct sim_proc *proc = tr->owner;

	proc->orc->port = tr->port;
	orc_sent(&node->s->orc, proc->orc, tr->ev->service, tr->ev->len, hash,
		 tr->serial);
	sim_said_add(node->s, node->nodeid, tr->serial, tr->ev, hash);
	node->hash_ev = NULL;
}

static void op_trace(void *ctx, const struct cpg_trace *tr)
{
	struct sim_node *node = ctx;

	if (node->dead)
		return;
	switch (tr->kind) {
	case CPG_TRACE_ACCEPT:
		trace_accepted(node, tr);
		break;
	case CPG_TRACE_DELIVER:
		trace_deliver(node, tr);
		break;
	case CPG_TRACE_PLACE:
		trace_place(node, tr);
		break;
	case CPG_TRACE_TRANS:
	case CPG_TRACE_VIEW:
		trace_nodes(node, tr);
		break;
	case CPG_TRACE_STATE:
		sim_log(node->s, node->nodeid, SIM_LOG_STATE, tr->value, 0, 0,
			0, 0);
		break;
	case CPG_TRACE_SUSPECT:
		sim_log(node->s, node->nodeid, SIM_LOG_SUSPECT, tr->origin, 0,
			0, 0, 0);
		break;
	case CPG_TRACE_LEAD:
		sim_log(node->s, node->nodeid, SIM_LOG_LEAD, tr->origin,
			tr->pos, 0, 0, 0);
		node->s->n_leads++;
		break;
	default:
		break;
	}
}

const struct cpg_engine_ops sim_ops = {
	.xmit = op_xmit,
	.reply = op_reply,
	.deliver = op_deliver,
	.sent = op_sent,
	.held = sim_lazy_op_held,
	.slow_until = sim_lazy_op_slow_until,
	.slow = sim_lazy_op_slow,
	.left = op_left,
	.view = op_view,
	.nodeid_used = op_nodeid_used,
	.stopped = op_stopped,
	.trace = op_trace,
};

/**
 * sim_join_as() - a process wants into a group
 * @node: its node
 * @group: number of the group
 * @flags: CPG_JOIN_F_*
 * @pid: its pid, or 0 for a new one
 * @err: stores 0 or why it failed; may be NULL
 *
 * Return: the process, or NULL.
 */
struct sim_proc *sim_join_as(struct sim_node *node, u32 group, u32 flags,
			     u32 pid, int *err)
{
	struct sim *s = node->s;
	struct cpg_group name;
	struct sim_proc *proc;
	struct cpg_proc *eng;

	proc = sim_arena_alloc(&s->arena, sizeof(*proc));
	proc->node = node;
	proc->group = group;
	proc->pid = pid ? pid : s->next_pid++;
	sim_group_name(group, &name);
	name.flags = flags;
	/* It may be delivered its join before this call returns. */
	proc->orc = orc_join(&s->orc, node->life, proc->pid, group,
			     flags & CPG_JOIN_F_QUORUM);
	proc->eng = (struct cpg_proc *)proc;
	list_add_tail(&proc->entry, &node->procs);
	eng = cpg_engine_join(node->eng, sim_node_now(node), proc, &name,
			      proc->pid);
	sim_log(s, node->nodeid, SIM_LOG_JOIN, proc->pid, group,
		IS_ERR(eng) ? PTR_ERR(eng) : 0, 0, 0);
	if (err)
		*err = IS_ERR(eng) ? PTR_ERR(eng) : 0;
	proc->eng = IS_ERR(eng) ? NULL : eng;
	if (IS_ERR(eng)) {
		orc_refused(proc->orc);
		list_del_init(&proc->entry);
	}
	sim_node_called(node);
	return proc->eng ? proc : NULL;
}

/* As sim_join_as(), without flags. */
struct sim_proc *sim_join(struct sim_node *node, u32 group, u32 pid, int *err)
{
	return sim_join_as(node, group, 0, pid, err);
}

/**
 * sim_leave() - a process wants out
 * @proc: the process
 *
 * Return: 0, or what the engine says.
 */
int sim_leave(struct sim_proc *proc)
{
	struct sim_node *node = proc->node;
	bool was = proc->leaving;
	int err;

	/* It may be out before this call returns. */
	proc->leaving = true;
	orc_leave(proc->orc, true);
	err = cpg_engine_leave(node->eng, sim_node_now(node), proc->eng);
	if (err && !was) {
		proc->leaving = false;
		orc_leave(proc->orc, false);
	}
	sim_log(node->s, node->nodeid, SIM_LOG_LEAVE, proc->pid, err, 0, 0, 0);
	sim_node_called(node);
	return err;
}

/**
 * sim_detach() - a process is gone
 * @proc: the process
 */
void sim_detach(struct sim_proc *proc)
{
	struct sim_node *node = proc->node;
	struct cpg_proc *eng = proc->eng;

	sim_log(node->s, node->nodeid, SIM_LOG_DETACH, proc->pid, 0, 0, 0, 0);
	orc_gone(proc->orc);
	list_del_init(&proc->entry);
	proc->eng = NULL;
	cpg_engine_detach(node->eng, sim_node_now(node), eng);
	sim_node_called(node);
}

static struct cpg_event *send_event(struct sim *s, u8 svc, u32 len, u64 *hash)
{
	struct cpg_event *ev = cpg_event_alloc_msg(NULL, 2);
	struct cpg_buf *buf = cpg_env_buf_alloc(NULL, len);
	struct cpg_hash h = {};
	u32 cut = sim_rng_below(&s->rng, len + 1);

	if (!ev || !buf)
		abort();
	sim_fill(buf->data, len, s->n_msgs++ ^ s->cfg.seed);
	cpg_hash_add(&h, buf->data, len);
	*hash = cpg_hash_end(&h);
	ev->service = svc;
	cpg_event_add_slice(ev, buf, 0, cut);
	if (cut < len)
		cpg_event_add_slice(ev, buf, cut, len - cut);
	cpg_buf_put(buf);
	return ev;
}

/**
 * sim_send_wait() - a process sends a message, and will send more
 * @proc: the process
 * @svc: CPG_SVC_*
 * @len: bytes
 * @wait: ns that the message may wait for those
 *
 * Return: 0, -EAGAIN if too much is queued, or what the engine says.
 */
int sim_send_wait(struct sim_proc *proc, u8 svc, u32 len, u64 wait)
{
	struct sim_node *node = proc->node;
	struct sim *s = node->s;
	struct cpg_event *ev;
	bool held;
	u64 hash;
	int err;

	if (proc->queued && proc->queued + len > SIM_SNDBUF)
		return -EAGAIN;
	ev = send_event(s, svc, len, &hash);
	/* What is accepted is what was hashed just now. */
	node->hash_ev = ev;
	node->hash = hash;
	/* It may be delivered before this call returns. */
	proc->queued += len;
	held = proc->held;
	err = cpg_engine_send(node->eng, sim_node_now(node), proc->eng, ev,
			      wait);
	cpg_event_put(ev);
	if (err) {
		proc->queued -= len;
		orc_unsent(&s->orc, proc->orc, err);
	}
	if (held ? !err : err == -EAGAIN)
		orc_fail(&s->orc, ORC_FLOW, "node %u: pid %u %s: %d",
			 node->nodeid, proc->pid, held ?
			 "sends to a group that is held back" :
			 "may not send", err);
	sim_log(s, node->nodeid, SIM_LOG_SEND, proc->pid, svc, len, err, hash);
	sim_node_called(node);
	return err;
}

/* As sim_send_wait(); the message does not wait. */
int sim_send(struct sim_proc *proc, u8 svc, u32 len)
{
	return sim_send_wait(proc, svc, len, 0);
}

/* What waits on @node for others does so for @wait ns from now. */
void sim_wait(struct sim_node *node, u64 wait)
{
	if (node->paused)
		return;
	cpg_engine_wait(node->eng, sim_node_now(node), wait);
	sim_node_called(node);
}

/* What waits for company at a node is sent. */
void sim_push(struct sim_node *node)
{
	if (node->paused)
		return;
	sim_log(node->s, node->nodeid, SIM_LOG_PUSH, 0, 0, 0, 0, 0);
	cpg_engine_push(node->eng, sim_node_now(node));
	sim_node_called(node);
}
