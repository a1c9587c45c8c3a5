// SPDX-License-Identifier: GPL-2.0
/* The oracle on process groups: what each process receives. */
#include "oracle.h"
#include "rng.h"
#include "trace.h"

#define U(x)	((unsigned long long)(x))

static int member_cmp(const struct cpg_member *a, const struct cpg_member *b)
{
	if (a->nodeid != b->nodeid)
		return a->nodeid < b->nodeid ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return 0;
}

static bool member_in(const struct cpg_member *list, u32 n,
		      const struct cpg_member *m)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (!member_cmp(&list[i], m))
			return true;
	return false;
}

static u64 member_hash(const struct cpg_member *list, u32 n)
{
	u64 h = n + 1;
	u32 i;

	for (i = 0; i < n; i++) {
		h = sim_hash2(h, list[i].nodeid);
		h = sim_hash2(h, (u64)list[i].pid << 32 | list[i].port);
	}
	return h;
}

static bool member_is(const struct cpg_member *m, const struct orc_proc *proc)
{
	return m->nodeid == proc->life->nodeid && m->pid == proc->pid &&
	       (!proc->port || m->port == proc->port);
}

/* A node delivered a message: its members of the group must be given it. */
void orc_due(struct orc *o, struct orc_life *life, u32 group)
{
	struct orc_proc *proc;

	(void)o;
	list_for_each_entry(proc, &life->active, active)
		if (proc->group == group)
			proc->due++;
}

/* Nothing that was due so far is still missing. */
void orc_due_check(struct orc *o, struct orc_life *life)
{
	struct orc_proc *proc;

	list_for_each_entry(proc, &life->active, active)
		if (proc->due != proc->got)
			orc_fail(o, ORC_GROUPS,
				 "process %u/%u was given %llu messages of %llu",
				 life->nodeid, proc->pid, U(proc->got),
				 U(proc->due));
}

/* All that enter a view with a group have the same members for it. */
static void group_check_start(struct orc *o, struct orc_proc *proc,
			      struct orc_view *view)
{
	u64 hash = member_hash(proc->members, proc->n_members);
	u32 i;

	for (i = 0; i < view->n_groups; i++) {
		if (view->groups[i].group != proc->group)
			continue;
		if (view->groups[i].hash != hash)
			orc_fail(o, ORC_GROUPS,
				 "process %u/%u starts view %llu.%u with other members than elsewhere (%u)",
				 proc->life->nodeid, proc->pid,
				 U(view->id.seq), view->id.rep,
				 proc->n_members);
		return;
	}
	view->groups = sim_arena_grow(o->arena, view->groups,
				      &view->max_groups, view->n_groups + 1,
				      sizeof(*view->groups));
	view->groups[view->n_groups].group = proc->group;
	view->groups[view->n_groups++].hash = hash;
}

static void event_view(struct orc_proc *proc, struct orc_id id)
{
	if (id.seq == proc->view.seq && id.rep == proc->view.rep)
		return;
	proc->view = id;
	proc->seq = 0;
	proc->came = false;
	proc->talked = false;
	proc->fresh = proc->is_member;
}

/* What does not wait for its position comes as soon as its node has it. */
static const struct orc_stay *event_early(struct orc *o, struct orc_proc *proc,
					  const struct cpg_seq *seq)
{
	struct orc_id id = { .seq = seq->view_seq, .rep = seq->view_rep };
	struct orc_stay *stay = orc_stay(proc->life);

	if (seq->seq || !stay || stay->view->id.seq != id.seq ||
	    stay->view->id.rep != id.rep) {
		orc_fail(o, ORC_AGREED,
			 "process %u/%u: a message that needs no position is at %llu.%u:%llu",
			 proc->life->nodeid, proc->pid, U(id.seq), id.rep,
			 U(seq->seq));
		return NULL;
	}
	event_view(proc, id);
	proc->talked = true;
	return stay;
}

/* Positions grow; the node is in that view. */
static struct orc_view *event_place(struct orc *o, struct orc_proc *proc,
				    const struct cpg_seq *seq)
{
	struct orc_id id = { .seq = seq->view_seq, .rep = seq->view_rep };
	bool same = id.seq == proc->view.seq && id.rep == proc->view.rep;
	struct orc_stay *stay = orc_stay(proc->life);
	struct orc_view *view = orc_view_find(o, id);

	if (id.seq < proc->view.seq ||
	    (same && (seq->seq ? seq->seq <= proc->seq :
			       proc->seq || proc->talked)))
		orc_fail(o, ORC_AGREED,
			 "process %u/%u: event %llu.%u:%llu after %llu.%u:%llu",
			 proc->life->nodeid, proc->pid, U(id.seq), id.rep,
			 U(seq->seq), U(proc->view.seq), proc->view.rep,
			 U(proc->seq));
	if (seq->seq && (!view || !stay || stay->view != view ||
			 stay->last != seq->seq))
		orc_fail(o, ORC_AGREED,
			 "process %u/%u: event %llu.%u:%llu, and its node is elsewhere",
			 proc->life->nodeid, proc->pid, U(id.seq), id.rep,
			 U(seq->seq));
	event_view(proc, id);
	proc->seq = seq->seq;
	if (seq->seq && proc->fresh && view) {
		proc->fresh = false;
		group_check_start(o, proc, view);
	}
	return view;
}

/**
 * orc_event_msg() - a process received a message
 * @o: oracle
 * @proc: the process
 * @seq: the position that it was told
 * @sender: the sender that it was told
 * @svc: CPG_SVC_*
 * @len: bytes
 * @hash: of the contents
 */
void orc_event_msg(struct orc *o, struct orc_proc *proc,
		   const struct cpg_seq *seq, const struct cpg_member *sender,
		   u8 svc, u32 len, u64 hash)
{
	const struct orc_what *what = NULL;
	const struct orc_stay *stay;
	struct orc_proc *from;
	struct orc_view *view;
	int idx;

	if (o->trace)
		trace_msg(proc, seq, sender, svc, len, hash);
	if (proc->gone || o->prop)
		return;
	if (!proc->is_member)
		orc_fail(o, ORC_GROUPS,
			 "process %u/%u, not a member, receives a message",
			 proc->life->nodeid, proc->pid);
	if (svc <= CPG_SVC_FIFO) {
		stay = event_early(o, proc, seq);
		view = stay ? stay->view : NULL;
		what = stay ? &stay->early_last : NULL;
	} else {
		view = event_place(o, proc, seq);
		if (!o->prop && seq->seq)
			what = &view->pos[seq->seq - 1].what;
	}
	if (o->prop)
		return;
	if (!what || !what->is_msg || what->origin != sender->nodeid ||
	    what->port != sender->port || what->svc != svc ||
	    what->len != len || what->hash != hash || sender->reason) {
		orc_fail(o, ORC_INTEGRITY,
			 "process %u/%u receives at %llu what its node did not deliver there",
			 proc->life->nodeid, proc->pid, U(seq->seq));
		return;
	}
	idx = orc_view_idx(view, sender->nodeid);
	from = orc_proc_find(view->lives[idx], sender->port);
	if (from->group != proc->group || from->pid != sender->pid)
		orc_fail(o, ORC_CLOSED,
			 "process %u/%u of group %u receives from group %u",
			 proc->life->nodeid, proc->pid, proc->group,
			 from->group);
	if (!member_in(proc->members, proc->n_members, sender))
		orc_fail(o, ORC_GROUPS,
			 "process %u/%u receives from %u/%u, no member for it",
			 proc->life->nodeid, proc->pid, sender->nodeid,
			 sender->pid);
	proc->got++;
}

static void chg_check_lists(struct orc *o, const struct orc_proc *proc,
			    const struct cpg_confchg *chg)
{
	const struct cpg_member *m = chg->entries;
	u32 starts[] = { 0, chg->n_members, chg->n_members + chg->n_left };
	u32 n = starts[2] + chg->n_joined;
	u32 i;

	for (i = 1; i < n; i++)
		if (i != starts[1] && i != starts[2] &&
		    member_cmp(&m[i - 1], &m[i]) >= 0)
			orc_fail(o, ORC_GROUPS,
				 "process %u/%u: a list is not ascending",
				 proc->life->nodeid, proc->pid);
	for (i = 0; i < chg->n_members; i++)
		if (m[i].reason != CPG_CHG_NONE)
			orc_fail(o, ORC_GROUPS,
				 "process %u/%u: a member with a reason",
				 proc->life->nodeid, proc->pid);
	if (!!chg->n_left == !!chg->n_joined)
		orc_fail(o, ORC_GROUPS,
			 "process %u/%u: %u went and %u came in one event",
			 proc->life->nodeid, proc->pid, chg->n_left,
			 chg->n_joined);
}

/* The new list is the old one less those that went and with those that came */
static void chg_check_fold(struct orc *o, const struct orc_proc *proc,
			   const struct cpg_confchg *chg)
{
	const struct cpg_member *left = chg->entries + chg->n_members;
	const struct cpg_member *joined = left + chg->n_left;
	u32 i;

	for (i = 0; i < chg->n_left; i++)
		if (!member_in(proc->members, proc->n_members, &left[i]) ||
		    member_in(chg->entries, chg->n_members, &left[i]))
			orc_fail(o, ORC_GROUPS,
				 "process %u/%u: %u/%u goes, and was not there or stays",
				 proc->life->nodeid, proc->pid,
				 left[i].nodeid, left[i].pid);
	for (i = 0; i < chg->n_joined; i++)
		if (member_in(proc->members, proc->n_members, &joined[i]) ||
		    !member_in(chg->entries, chg->n_members, &joined[i]))
			orc_fail(o, ORC_GROUPS,
				 "process %u/%u: %u/%u comes, and was there or is not",
				 proc->life->nodeid, proc->pid,
				 joined[i].nodeid, joined[i].pid);
	for (i = 0; i < proc->n_members; i++)
		if (!member_in(chg->entries, chg->n_members,
			       &proc->members[i]) &&
		    !member_in(left, chg->n_left, &proc->members[i]))
			orc_fail(o, ORC_GROUPS,
				 "process %u/%u: %u/%u is missing, and did not go",
				 proc->life->nodeid, proc->pid,
				 proc->members[i].nodeid,
				 proc->members[i].pid);
	if (chg->n_members != proc->n_members - chg->n_left + chg->n_joined)
		orc_fail(o, ORC_GROUPS,
			 "process %u/%u: members are not the sum of the events",
			 proc->life->nodeid, proc->pid);
}

/* The process that an ordered change names. */
static struct orc_proc *chg_proc(struct orc *o, const struct orc_view *view,
				 const struct cpg_member *m, u32 group)
{
	int idx = orc_view_idx(view, m->nodeid);
	struct orc_life *life = idx < 0 ? NULL : view->lives[idx];
	struct orc_proc *proc;

	if (!life) {
		orc_fail(o, ORC_GROUPS,
			 "a change of a process of node %u, not in the view",
			 m->nodeid);
		return NULL;
	}
	proc = orc_proc_find(life, m->port);
	if (proc && proc->pid == m->pid && proc->group == group)
		return proc;
	orc_fail(o, ORC_GROUPS, "a change of a process %u/%u that never joined",
		 m->nodeid, m->pid);
	return NULL;
}

static bool reason_right(const struct cpg_member *m,
			 const struct orc_proc *proc, bool joined)
{
	switch (m->reason) {
	case CPG_CHG_JOIN:
		return joined;
	case CPG_CHG_LEAVE:
		return !joined && proc->leaving;
	case CPG_CHG_PROCDOWN:
		return !joined && !proc->leaving &&
		       (proc->gone || proc->life->stopping);
	default:
		return false;
	}
}

/* A change at a position: one process, for the reason that it had. */
static void chg_ordered(struct orc *o, struct orc_proc *proc,
			struct orc_view *view, u64 pos,
			const struct cpg_confchg *chg)
{
	const struct cpg_member *m = chg->entries + chg->n_members;
	const struct orc_stay *stay = orc_stay(proc->life);
	struct orc_pos *p = &view->pos[pos - 1];
	struct orc_proc *who;
	u64 hash;

	if (chg->n_left + chg->n_joined != 1 || p->what.is_msg ||
	    p->what.origin != m->nodeid || p->what.port != m->port) {
		orc_fail(o, ORC_GROUPS,
			 "process %u/%u: the change at %llu is not what its node delivered",
			 proc->life->nodeid, proc->pid, U(pos));
		return;
	}
	hash = sim_hash2(member_hash(chg->entries, chg->n_members),
			 member_hash(m, 1) + m->reason);
	/* Behind a hole, members that came in it are not known. */
	if (stay->n_holes)
		hash = p->chg;
	if (p->chg && p->chg != hash)
		orc_fail(o, ORC_GROUPS,
			 "process %u/%u: the change at %llu is another than elsewhere",
			 proc->life->nodeid, proc->pid, U(pos));
	p->chg = hash;
	who = chg_proc(o, view, m, proc->group);
	if (who && !reason_right(m, who, chg->n_joined))
		orc_fail(o, ORC_GROUPS,
			 "process %u/%u: %u/%u %s with reason %u",
			 proc->life->nodeid, proc->pid, m->nodeid, m->pid,
			 chg->n_joined ? "comes" : "goes", m->reason);
}

/* A change that came with a view: nodes went, then nodes came. */
static void chg_view(struct orc *o, struct orc_proc *proc,
		     const struct orc_view *view,
		     const struct cpg_confchg *chg)
{
	const struct orc_stay *stay = orc_stay(proc->life);
	const struct cpg_member *m = chg->entries + chg->n_members;
	u32 n = chg->n_left + chg->n_joined;
	u32 reason = chg->n_joined ? CPG_CHG_NODEUP : CPG_CHG_NODEDOWN;
	u32 i;

	if (view && stay->view == view)
		stay = proc->life->stays[proc->life->n_stays - 2];
	for (i = 0; i < n; i++)
		if (m[i].reason != reason || !stay->trans ||
		    orc_in(stay->trans_nodes, stay->n_trans, m[i].nodeid))
			orc_fail(o, ORC_GROUPS,
				 "process %u/%u: %u/%u %s with the view for reason %u",
				 proc->life->nodeid, proc->pid, m[i].nodeid,
				 m[i].pid, chg->n_joined ? "comes" : "goes",
				 m[i].reason);
	for (i = 0; view && i < chg->n_members; i++)
		if (chg->n_joined &&
		    orc_view_idx(view, chg->entries[i].nodeid) < 0)
			orc_fail(o, ORC_GROUPS,
				 "process %u/%u: %u/%u is a member, its node is not",
				 proc->life->nodeid, proc->pid,
				 chg->entries[i].nodeid, chg->entries[i].pid);
	if (chg->n_left && proc->came)
		orc_fail(o, ORC_GROUPS,
			 "process %u/%u: nodes go after others came",
			 proc->life->nodeid, proc->pid);
	if (chg->n_joined)
		proc->came = true;
}

static void chg_first(struct orc *o, struct orc_proc *proc,
		      const struct cpg_seq *seq, const struct cpg_confchg *chg)
{
	const struct cpg_member *m = chg->entries + chg->n_members;

	if (proc->is_out || !seq->seq || chg->n_left || chg->n_joined != 1 ||
	    !member_is(m, proc) || m->reason != CPG_CHG_JOIN ||
	    !member_in(chg->entries, chg->n_members, m)) {
		orc_fail(o, ORC_GROUPS,
			 "process %u/%u: a change that is not its own join %s",
			 proc->life->nodeid, proc->pid,
			 proc->is_out ? "after its leave" : "comes first");
		return;
	}
	if (!proc->port)
		proc->port = m->port;
	proc->is_member = true;
	list_move_tail(&proc->active, &proc->life->active);
	proc->due = 0;
	proc->got = 0;
	proc->fresh = false;
}

/**
 * orc_event_chg() - a process received a change of its group
 * @o: oracle
 * @proc: the process
 * @seq: the position that it was told
 * @chg: the change
 */
void orc_event_chg(struct orc *o, struct orc_proc *proc,
		   const struct cpg_seq *seq, const struct cpg_confchg *chg)
{
	const struct cpg_member *m = chg->entries + chg->n_members;
	struct orc_view *view;
	bool first = !proc->is_member;

	if (o->trace)
		trace_chg(proc, seq, chg);
	if (proc->gone || o->prop)
		return;
	view = event_place(o, proc, seq);
	chg_check_lists(o, proc, chg);
	if (!o->prop && seq->seq)
		chg_ordered(o, proc, view, seq->seq, chg);
	if (!o->prop && first)
		chg_first(o, proc, seq, chg);
	else if (!o->prop)
		chg_check_fold(o, proc, chg);
	if (!o->prop && !seq->seq)
		chg_view(o, proc, view, chg);
	if (o->prop)
		return;
	proc->members = sim_arena_grow(o->arena, proc->members,
				       &proc->max_members, chg->n_members,
				       sizeof(*m));
	if (chg->n_members)
		memcpy(proc->members, chg->entries,
		       chg->n_members * sizeof(*m));
	proc->n_members = chg->n_members;
	if (chg->n_left && seq->seq && member_is(m, proc)) {
		proc->is_member = false;
		list_del_init(&proc->active);
		proc->is_out = true;
	}
}
