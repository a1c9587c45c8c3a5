// SPDX-License-Identifier: GPL-2.0
/*
 * Process groups: which process is a member of what, and who is told.
 *
 * Joins and leaves arrive here in the total order, and those that come with a
 * view from its installation; so the table is the same on every node of a
 * view.  Only processes of this node have an owner that hears of it.
 */
#include "engine_priv.h"

enum {
	CPG_GROUP_FIRST = 4,	/* members that there is room for at first */
	/* No node's processes take more than this part of an INSTALL. */
	CPG_GROUP_PARTS = 8,
};

static u32 cpg_group_hash(const struct cpg_group *name)
{
	u32 i, hash = 2166136261u;

	for (i = 0; i < name->name_len; i++)
		hash = (hash ^ name->name[i]) * 16777619;
	return (hash ^ hash >> 16) & (CPG_HASH_SIZE - 1);
}

static u32 cpg_group_proc_hash(u32 nodeid, u32 port)
{
	return (nodeid * 31 + port) & (CPG_HASH_SIZE - 1);
}

void cpg_group_init(struct cpg_engine *eng)
{
	u32 i;

	for (i = 0; i < CPG_HASH_SIZE; i++) {
		INIT_LIST_HEAD(&eng->groups[i]);
		INIT_LIST_HEAD(&eng->procs[i]);
	}
	INIT_LIST_HEAD(&eng->locals);
	INIT_LIST_HEAD(&eng->slows);
	eng->next_port = eng->cfg.first_no;
}

static struct cpg_grp *cpg_group_find(const struct cpg_engine *eng,
				      const struct cpg_group *name)
{
	const struct list_head *head = &eng->groups[cpg_group_hash(name)];
	struct cpg_grp *grp;

	list_for_each_entry(grp, head, link)
		if (grp->name.name_len == name->name_len &&
		    !memcmp(grp->name.name, name->name, name->name_len))
			return grp;
	return NULL;
}

static struct cpg_grp *cpg_group_create(struct cpg_engine *eng,
					const struct cpg_group *name)
{
	struct cpg_grp *grp = cpg_env_alloc(eng->env, sizeof(*grp));

	if (!grp)
		return NULL;
	grp->name.name_len = name->name_len;
	memcpy(grp->name.name, name->name, name->name_len);
	INIT_LIST_HEAD(&grp->mine);
	list_add_tail(&grp->link, &eng->groups[cpg_group_hash(name)]);
	return grp;
}

/* Room for one more that refers to the group. */
static int cpg_group_grow(struct cpg_engine *eng, struct cpg_grp *grp)
{
	struct cpg_proc **members;
	void **owners;
	u32 max;

	if (grp->refs < grp->max_members)
		return 0;
	max = grp->max_members ? 2 * grp->max_members : CPG_GROUP_FIRST;
	members = cpg_env_alloc(eng->env, max * (sizeof(struct cpg_proc *) +
						 sizeof(void *)));
	if (!members)
		return -ENOMEM;
	owners = (void **)(members + max);
	if (grp->n_members)
		memcpy(members, grp->members,
		       grp->n_members * sizeof(struct cpg_proc *));
	if (grp->n_owners)
		memcpy(owners, grp->owners, grp->n_owners * sizeof(void *));
	cpg_env_free(grp->members);
	grp->members = members;
	grp->owners = owners;
	grp->max_members = max;
	return 0;
}

/* What was told of the members is not so any more, or nobody is here. */
static void cpg_group_told_drop(struct cpg_grp *grp)
{
	if (grp->told)
		cpg_event_put(grp->told);
	grp->told = NULL;
}

/* Takes over a reference; @ev may be NULL. */
static void cpg_group_told_set(struct cpg_grp *grp, struct cpg_event *ev)
{
	cpg_group_told_drop(grp);
	grp->told = ev;
}

static void cpg_group_destroy(struct cpg_grp *grp)
{
	cpg_group_told_drop(grp);
	list_del(&grp->link);
	cpg_env_free(grp->members);
	cpg_env_free(grp);
}

static struct cpg_grp *cpg_group_get(struct cpg_engine *eng,
				     const struct cpg_group *name)
{
	struct cpg_grp *grp = cpg_group_find(eng, name);

	if (!grp)
		grp = cpg_group_create(eng, name);
	if (!grp)
		return NULL;
	if (cpg_group_grow(eng, grp)) {
		if (!grp->refs)
			cpg_group_destroy(grp);
		return NULL;
	}
	grp->refs++;
	return grp;
}

static void cpg_group_put(struct cpg_grp *grp)
{
	if (!--grp->refs)
		cpg_group_destroy(grp);
}

struct cpg_proc *cpg_group_proc_find(const struct cpg_engine *eng, u32 nodeid,
				     u32 port)
{
	const struct list_head *head;
	struct cpg_proc *proc;

	head = &eng->procs[cpg_group_proc_hash(nodeid, port)];
	list_for_each_entry(proc, head, hash_link)
		if (proc->who.nodeid == nodeid && proc->who.port == port)
			return proc;
	return NULL;
}

/* A process that is not a member yet.  NULL: no memory. */
struct cpg_proc *cpg_group_proc_create(struct cpg_engine *eng, u32 nodeid,
				       u32 port, u32 pid,
				       const struct cpg_group *group)
{
	struct cpg_proc *proc;

	proc = cpg_env_alloc(eng->env, sizeof(*proc));
	if (!proc)
		return NULL;
	proc->grp = cpg_group_get(eng, group);
	if (!proc->grp) {
		cpg_env_free(proc);
		return NULL;
	}
	proc->who.nodeid = nodeid;
	proc->who.port = port;
	proc->who.pid = pid;
	proc->flags = group->flags;
	INIT_LIST_HEAD(&proc->hash_link);
	INIT_LIST_HEAD(&proc->local_link);
	INIT_LIST_HEAD(&proc->mine_link);
	INIT_LIST_HEAD(&proc->slow_link);
	return proc;
}

static void cpg_group_proc_hash_add(struct cpg_engine *eng,
				    struct cpg_proc *proc)
{
	u32 hash = cpg_group_proc_hash(proc->who.nodeid, proc->who.port);

	list_add_tail(&proc->hash_link, &eng->procs[hash]);
}

bool cpg_group_is_before(const struct cpg_member *a, const struct cpg_member *b)
{
	if (a->nodeid != b->nodeid)
		return a->nodeid < b->nodeid;
	if (a->pid != b->pid)
		return a->pid < b->pid;
	return a->port < b->port;
}

/* How many members come before this one. */
static u32 cpg_group_place(const struct cpg_grp *grp,
			   const struct cpg_member *who)
{
	u32 low = 0, high = grp->n_members;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (cpg_group_is_before(&grp->members[mid]->who, who))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void cpg_group_member_put(struct cpg_proc *proc, u32 place)
{
	struct cpg_grp *grp = proc->grp;
	struct cpg_proc **at = grp->members + place;

	cpg_group_told_drop(grp);
	memmove(at + 1, at, (grp->n_members - place) * sizeof(*at));
	*at = proc;
	grp->n_members++;
	proc->is_member = true;
	if (proc->owner)
		grp->owners[grp->n_owners++] = proc->owner;
}

static void cpg_group_member_del(struct cpg_proc *proc)
{
	struct cpg_grp *grp = proc->grp;
	u32 place = cpg_group_place(grp, &proc->who);
	struct cpg_proc **at = grp->members + place;

	cpg_group_told_drop(grp);
	grp->n_members--;
	memmove(at, at + 1, (grp->n_members - place) * sizeof(*at));
	proc->is_member = false;
}

/* Its owner is told of nothing any more. */
static void cpg_group_owner_del(struct cpg_proc *proc)
{
	struct cpg_grp *grp = proc->grp;
	u32 i;

	if (!proc->owner)
		return;
	for (i = 0; i < grp->n_owners && grp->owners[i] != proc->owner; i++)
		;
	if (i < grp->n_owners) {
		grp->n_owners--;
		memmove(grp->owners + i, grp->owners + i + 1,
			(grp->n_owners - i) * sizeof(void *));
	}
	if (!grp->n_owners)
		cpg_group_told_drop(grp);
	proc->owner = NULL;
}

void cpg_group_proc_destroy(struct cpg_proc *proc)
{
	cpg_group_owner_del(proc);
	if (proc->is_member)
		cpg_group_member_del(proc);
	list_del(&proc->hash_link);
	list_del(&proc->local_link);
	list_del(&proc->mine_link);
	list_del(&proc->slow_link);
	cpg_group_put(proc->grp);
	cpg_env_free(proc);
}

void cpg_group_exit(struct cpg_engine *eng)
{
	struct cpg_proc *proc, *next;
	u32 i;

	for (i = 0; i < CPG_HASH_SIZE; i++)
		list_for_each_entry_safe(proc, next, &eng->procs[i], hash_link)
			cpg_group_proc_destroy(proc);
}

static struct cpg_event *cpg_group_event_alloc(struct cpg_engine *eng,
					       u32 n_members, u32 n_left,
					       u32 n_joined)
{
	struct cpg_confchg *chg = NULL;
	struct cpg_event *ev;

	ev = cpg_event_alloc_body(eng->env, CPG_EVENT_CONFCHG,
				  struct_size(chg, entries, n_members + n_left +
					      n_joined));
	if (!ev)
		return NULL;
	chg = cpg_event_confchg(ev);
	chg->n_members = n_members;
	chg->n_left = n_left;
	chg->n_joined = n_joined;
	return ev;
}

/* So many members from a place on; returns where the list goes on. */
static struct cpg_member *cpg_group_list(const struct cpg_grp *grp,
					 struct cpg_member *to, u32 place,
					 u32 n)
{
	u32 i;

	if (grp->told) {
		memcpy(to, cpg_event_confchg(grp->told)->entries + place,
		       n * sizeof(*to));
		return to + n;
	}
	for (i = 0; i < n; i++)
		*to++ = grp->members[place + i]->who;
	return to;
}

static struct cpg_member *cpg_group_list_all(const struct cpg_grp *grp,
					     struct cpg_event *ev)
{
	return cpg_group_list(grp, cpg_event_confchg(ev)->entries, 0,
			      grp->n_members);
}

/* A process that is going to be a member, at this place. */
static struct cpg_event *cpg_group_event_join(struct cpg_engine *eng,
					      const struct cpg_proc *proc,
					      u32 place)
{
	const struct cpg_grp *grp = proc->grp;
	struct cpg_member *to;
	struct cpg_event *ev;

	ev = cpg_group_event_alloc(eng, grp->n_members + 1, 0, 1);
	if (!ev)
		return NULL;
	to = cpg_group_list(grp, cpg_event_confchg(ev)->entries, 0, place);
	*to++ = proc->who;
	to = cpg_group_list(grp, to, place, grp->n_members - place);
	*to = proc->who;
	to->reason = CPG_CHG_JOIN;
	return ev;
}

/* A member that is going to be none any more. */
static struct cpg_event *cpg_group_event_leave(struct cpg_engine *eng,
					       const struct cpg_proc *proc,
					       u32 reason)
{
	const struct cpg_grp *grp = proc->grp;
	u32 place = cpg_group_place(grp, &proc->who);
	struct cpg_member *to;
	struct cpg_event *ev;

	ev = cpg_group_event_alloc(eng, grp->n_members - 1, 1, 0);
	if (!ev)
		return NULL;
	to = cpg_group_list(grp, cpg_event_confchg(ev)->entries, 0, place);
	to = cpg_group_list(grp, to, place + 1, grp->n_members - place - 1);
	*to = proc->who;
	to->reason = reason;
	return ev;
}

static void cpg_group_tell(struct cpg_engine *eng, struct cpg_grp *grp,
			   struct cpg_event *ev, u64 pos)
{
	if (ev) {
		ev->seq.view_seq = eng->epoch->id.seq;
		ev->seq.view_rep = eng->epoch->id.rep;
		ev->seq.seq = pos;
	}
	if (grp->n_owners)
		eng->ops->deliver(eng->ctx, grp->owners, grp->n_owners, ev);
}

/* A message in its place: to the local members of its sender's group. */
void cpg_group_deliver_msg(struct cpg_engine *eng, u32 nodeid, u32 port,
			   struct cpg_event *ev, u64 pos)
{
	struct cpg_proc *proc = cpg_group_proc_find(eng, nodeid, port);

	if (!proc || !proc->is_member)
		return;
	ev->sender = proc->who;
	cpg_group_tell(eng, proc->grp, ev, pos);
}

int cpg_group_deliver_join(struct cpg_engine *eng, u32 nodeid,
			   const struct cpg_rec *rec, u64 pos)
{
	struct cpg_proc *proc = cpg_group_proc_find(eng, nodeid, rec->port);
	struct cpg_event *ev = NULL;
	struct cpg_group group;
	u32 off = 0, port, pid, place;
	bool is_new = !proc;

	if (proc && proc->is_member)
		return 0;
	if (!cpg_wire_proc_next(rec->data, rec->len, &off, &port, &pid, &group))
		return 0;
	if (is_new)
		proc = cpg_group_proc_create(eng, nodeid, port, pid, &group);
	if (!proc)
		return -ENOMEM;
	place = cpg_group_place(proc->grp, &proc->who);
	if (proc->owner || proc->grp->n_owners) {
		ev = cpg_group_event_join(eng, proc, place);
		if (!ev) {
			if (is_new)
				cpg_group_proc_destroy(proc);
			return -ENOMEM;
		}
	}
	if (is_new)
		cpg_group_proc_hash_add(eng, proc);
	cpg_group_member_put(proc, place);
	cpg_group_tell(eng, proc->grp, ev, pos);
	cpg_group_told_set(proc->grp, ev);
	if (proc->is_local) {
		cpg_send_done(eng, &proc->tx_join);
		cpg_hold_ask(eng, proc);
	}
	return 0;
}

int cpg_group_deliver_leave(struct cpg_engine *eng, u32 nodeid, u32 port,
			    u32 reason, u64 pos)
{
	struct cpg_proc *proc = cpg_group_proc_find(eng, nodeid, port);
	struct cpg_event *ev = NULL;
	struct cpg_grp *grp;

	if (!proc || !proc->is_member)
		return 0;
	grp = proc->grp;
	if (grp->n_owners) {
		ev = cpg_group_event_leave(eng, proc, reason);
		if (!ev)
			return -ENOMEM;
		cpg_group_tell(eng, grp, ev, pos);
	}
	/* After its leave nobody is told anything any more. */
	cpg_hold_set(eng, proc, false);
	if (proc->is_local) {
		eng->own_len -= cpg_group_wire_len(&grp->name);
		cpg_send_done(eng, &proc->tx_leave);
		if (proc->owner)
			eng->ops->left(eng->ctx, proc->owner);
	}
	cpg_group_member_del(proc);
	cpg_group_told_set(grp, ev);
	cpg_group_proc_destroy(proc);
	return 0;
}

/* Moves the marked members, which are of other nodes, to a list. */
static void cpg_group_part(struct cpg_engine *eng, struct cpg_grp *grp,
			   struct list_head *gone)
{
	u32 i, n = 0;

	cpg_group_told_drop(grp);
	for (i = 0; i < grp->n_members; i++) {
		struct cpg_proc *proc = grp->members[i];

		if (!proc->is_marked) {
			grp->members[n++] = proc;
			continue;
		}
		cpg_hold_set(eng, proc, false);
		proc->is_member = false;
		list_add_tail(&proc->local_link, gone);
	}
	grp->n_members = n;
}

/* The marked members go, in one event. */
static void cpg_group_tell_down(struct cpg_engine *eng, struct cpg_grp *grp)
{
	struct cpg_event *ev = NULL;
	struct cpg_proc *proc, *next;
	struct cpg_member *left;
	LIST_HEAD(gone);

	cpg_group_part(eng, grp, &gone);
	if (grp->n_owners) {
		ev = cpg_group_event_alloc(eng, grp->n_members, grp->n_marked,
					   0);
		if (ev) {
			left = cpg_group_list_all(grp, ev);
			list_for_each_entry(proc, &gone, local_link) {
				*left = proc->who;
				left++->reason = CPG_CHG_NODEDOWN;
			}
		}
		cpg_group_tell(eng, grp, ev, 0);
		cpg_group_told_set(grp, ev);
	}
	grp->n_marked = 0;
	list_for_each_entry_safe(proc, next, &gone, local_link)
		cpg_group_proc_destroy(proc);
}

/* All processes of these nodes are gone, with their nodes. */
void cpg_group_nodes_down(struct cpg_engine *eng, const u32 *nodeids, u32 n)
{
	struct cpg_grp *grp, *next;
	struct cpg_proc *proc;
	u32 i, j;

	if (!n)
		return;
	for (i = 0; i < CPG_HASH_SIZE; i++)
		list_for_each_entry(proc, &eng->procs[i], hash_link)
			for (j = 0; j < n; j++)
				if (proc->who.nodeid == nodeids[j]) {
					proc->is_marked = true;
					proc->grp->n_marked++;
				}
	for (i = 0; i < CPG_HASH_SIZE; i++)
		list_for_each_entry_safe(grp, next, &eng->groups[i], link)
			if (grp->n_marked)
				cpg_group_tell_down(eng, grp);
}

static int cpg_group_cmp(const void *a, const void *b)
{
	const struct cpg_proc *x = *(struct cpg_proc *const *)a;
	const struct cpg_proc *y = *(struct cpg_proc *const *)b;

	return cpg_group_is_before(&x->who, &y->who) ? -1 : 1;
}

/* The marked members came, and stand behind the others; in one event. */
static void cpg_group_tell_up(struct cpg_engine *eng, struct cpg_grp *grp)
{
	struct cpg_event *ev = NULL;
	struct cpg_member *joined = NULL;
	u32 i;

	sort(grp->members, grp->n_members, sizeof(struct cpg_proc *),
	     cpg_group_cmp, NULL);
	if (grp->n_owners)
		ev = cpg_group_event_alloc(eng, grp->n_members, 0,
					   grp->n_marked);
	if (ev)
		joined = cpg_group_list_all(grp, ev);
	for (i = 0; i < grp->n_members; i++) {
		struct cpg_proc *proc = grp->members[i];

		if (!proc->is_marked)
			continue;
		proc->is_marked = false;
		if (ev) {
			*joined = proc->who;
			joined++->reason = CPG_CHG_NODEUP;
		}
	}
	grp->n_marked = 0;
	cpg_group_tell(eng, grp, ev, 0);
	cpg_group_told_set(grp, ev);
}

/*
 * These processes, not members yet and linked by local_link, came with their
 * nodes.  Those that are members already are dropped.
 */
void cpg_group_procs_up(struct cpg_engine *eng, struct list_head *procs)
{
	struct cpg_proc *proc, *next;
	struct cpg_grp *grp;
	u32 i;

	list_for_each_entry_safe(proc, next, procs, local_link) {
		list_del_init(&proc->local_link);
		if (cpg_group_proc_find(eng, proc->who.nodeid,
					proc->who.port)) {
			cpg_group_proc_destroy(proc);
			continue;
		}
		cpg_group_proc_hash_add(eng, proc);
		cpg_group_member_put(proc, proc->grp->n_members);
		cpg_hold_set(eng, proc, proc->flags & CPG_PROC_F_HOLDS);
		proc->flags &= ~CPG_PROC_F_HOLDS;
		proc->is_marked = true;
		proc->grp->n_marked++;
	}
	for (i = 0; i < CPG_HASH_SIZE; i++)
		list_for_each_entry(grp, &eng->groups[i], link)
			if (grp->n_marked)
				cpg_group_tell_up(eng, grp);
}

static void cpg_group_leave(struct cpg_engine *eng, struct cpg_proc *proc,
			    u32 reason)
{
	proc->is_leaving = true;
	proc->tx_leave.reason = reason;
	cpg_send_queue(eng, &proc->tx_leave);
}

/* This node leaves: so do its processes. */
void cpg_group_stop(struct cpg_engine *eng)
{
	struct cpg_proc *proc;

	list_for_each_entry(proc, &eng->locals, local_link)
		if (!proc->is_leaving)
			cpg_group_leave(eng, proc, CPG_CHG_PROCDOWN);
}

/*
 * Nodes tell each other of their processes when a view is made, and of all in
 * one INSTALL: without a bound there could be no view any more.
 */
static bool cpg_group_has_room(const struct cpg_engine *eng, u32 len)
{
	u32 part = CPG_BLOB_MAX / max_t(u32, eng->epoch->n, CPG_GROUP_PARTS);

	return eng->own_len + len + sizeof(__le32) <= part;
}

static int cpg_group_may_join(const struct cpg_engine *eng,
			      const struct cpg_group *group, u32 pid)
{
	struct cpg_grp *grp = cpg_group_find(eng, group);
	struct cpg_proc *proc;

	if (grp)
		list_for_each_entry(proc, &grp->mine, mine_link)
			if (proc->who.pid == pid)
				return proc->is_leaving ? -EAGAIN : -EEXIST;
	return cpg_group_has_room(eng, cpg_group_wire_len(group)) ? 0 : -ENOSPC;
}

void cpg_group_tx_init(struct cpg_proc *proc, struct cpg_txmsg *tx, u8 rec_type,
		       u32 len)
{
	INIT_LIST_HEAD(&tx->link);
	tx->rec_type = rec_type;
	tx->port = proc->who.port;
	tx->proc = proc;
	tx->service = CPG_SVC_AGREED;
	tx->len = len;
}

/* Ports go round; 0 is none, and who joined long ago may still be there. */
static u32 cpg_group_port_next(struct cpg_engine *eng)
{
	u32 port;

	do {
		port = eng->next_port++;
	} while (!port || cpg_group_proc_find(eng, eng->cfg.nodeid, port));
	return port;
}

struct cpg_proc *cpg_engine_join(struct cpg_engine *eng, u64 now, void *owner,
				 const struct cpg_group *group, u32 pid)
{
	struct cpg_proc *proc;
	int err;

	if (eng->state == CPG_STATE_STOPPED || eng->stop_at != CPG_NEVER)
		return ERR_PTR(-ENETDOWN);
	err = cpg_group_may_join(eng, group, pid);
	if (err)
		return ERR_PTR(err);
	proc = cpg_group_proc_create(eng, eng->cfg.nodeid,
				     cpg_group_port_next(eng), pid, group);
	if (!proc)
		return ERR_PTR(-ENOMEM);
	proc->owner = owner;
	proc->is_local = true;
	eng->own_len += cpg_group_wire_len(group);
	cpg_group_proc_hash_add(eng, proc);
	list_add_tail(&proc->local_link, &eng->locals);
	list_add_tail(&proc->mine_link, &proc->grp->mine);
	cpg_group_tx_init(proc, &proc->tx_join, CPG_REC_JOIN,
			  cpg_group_wire_len(group));
	cpg_group_tx_init(proc, &proc->tx_leave, CPG_REC_LEAVE, 1);
	cpg_hold_init(eng, proc);
	cpg_send_queue(eng, &proc->tx_join);
	cpg_engine_run(eng, now);
	return proc;
}

int cpg_engine_leave(struct cpg_engine *eng, u64 now, struct cpg_proc *proc)
{
	if (proc->is_leaving)
		return -ENOTCONN;
	cpg_group_leave(eng, proc, CPG_CHG_LEAVE);
	cpg_engine_run(eng, now);
	return 0;
}

void cpg_engine_detach(struct cpg_engine *eng, u64 now, struct cpg_proc *proc)
{
	cpg_group_owner_del(proc);
	cpg_hold_end(eng, proc);
	if (!proc->is_leaving)
		cpg_group_leave(eng, proc, CPG_CHG_PROCDOWN);
	cpg_engine_run(eng, now);
}

int cpg_engine_send(struct cpg_engine *eng, u64 now, struct cpg_proc *proc,
		    struct cpg_event *ev, u64 wait)
{
	struct cpg_trace trace = {
		.kind = CPG_TRACE_ACCEPT,
		.origin = proc->who.nodeid,
		.port = proc->who.port,
		.serial = eng->serial + 1,
		.owner = proc->owner,
		.ev = ev,
	};
	struct cpg_txmsg *tx;

	if (eng->state == CPG_STATE_STOPPED || eng->stop_at != CPG_NEVER)
		return -ENETDOWN;
	if (proc->is_leaving)
		return -ENOTCONN;
	if (!cpg_quorum_may_send(eng, proc))
		return -EHOSTUNREACH;
	if (proc->grp->n_holders)
		return -EAGAIN;
	tx = cpg_env_alloc(eng->env, sizeof(*tx));
	if (!tx)
		return -ENOMEM;
	cpg_group_tx_init(proc, tx, CPG_REC_MSG, ev->len);
	tx->ev = cpg_event_get(ev);
	tx->serial = ++eng->serial;
	/* Behind the join of its process, however often it is sent. */
	tx->service = ev->service;
	if (ev->service == CPG_SVC_UNORDERED && !proc->is_member)
		tx->service = CPG_SVC_FIFO;
	ev->sender = proc->who;
	eng->counters[CPG_CNT_MSGS_SENT]++;
	if (cpg_env_traces_accept())
		cpg_engine_trace(eng, &trace);
	cpg_send_queue(eng, tx);
	eng->now = now;
	cpg_send_wait(eng, wait);
	/* If it only waits, nothing else can go on either. */
	if (cpg_send_is_open(eng))
		cpg_engine_run(eng, now);
	return 0;
}

u32 cpg_engine_members(const struct cpg_engine *eng,
		       const struct cpg_group *group,
		       struct cpg_member *members, u32 max)
{
	struct cpg_grp *grp = cpg_group_find(eng, group);
	u32 i;

	if (!grp)
		return 0;
	for (i = 0; i < min(max, grp->n_members); i++)
		members[i] = grp->members[i]->who;
	return grp->n_members;
}

u32 cpg_engine_group_size(const struct cpg_proc *proc)
{
	return proc->grp->n_members;
}

static int cpg_group_call(const struct cpg_engine *eng,
			  const struct cpg_grp *grp, cpg_group_fn fn, void *arg)
{
	struct cpg_member *members;
	u32 i;
	int ret;

	members = cpg_env_alloc(eng->env, grp->n_members * sizeof(*members));
	if (!members)
		return -ENOMEM;
	for (i = 0; i < grp->n_members; i++)
		members[i] = grp->members[i]->who;
	ret = fn(arg, &grp->name, members, grp->n_members);
	cpg_env_free(members);
	return ret;
}

int cpg_engine_walk_groups(const struct cpg_engine *eng, cpg_group_fn fn,
			   void *arg)
{
	struct cpg_grp *grp;
	u32 i;

	for (i = 0; i < CPG_HASH_SIZE; i++) {
		list_for_each_entry(grp, &eng->groups[i], link) {
			int ret;

			if (!grp->n_members)
				continue;
			ret = cpg_group_call(eng, grp, fn, arg);
			if (ret)
				return ret;
		}
	}
	return 0;
}
