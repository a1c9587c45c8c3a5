// SPDX-License-Identifier: GPL-2.0
/*
 * Installation of a view: the one step in which the old view ends, processes
 * go and come with their nodes, and the new view begins.
 *
 * Once a node has the INSTALL there is no way back: should memory be short,
 * it goes on where it stopped.  What cannot be interrupted needs no memory.
 */
#include "engine_priv.h"

/* Will this process of this node be a member when the old view has ended? */
static bool cpg_install_stays(const struct cpg_proc *proc, u64 cut)
{
	const struct cpg_txmsg *join = &proc->tx_join;
	const struct cpg_txmsg *leave = &proc->tx_leave;

	if (!proc->is_member && (!join->last || join->last > cut))
		return false;
	return !leave->last || leave->last > cut;
}

/**
 * cpg_install_procs() - this node's processes, for RECOVERED
 * @eng: engine, holding all that will be delivered in the old view
 * @blob: becomes the RECOVERED
 *
 * Return: 0 or -ENOMEM.
 */
int cpg_install_procs(struct cpg_engine *eng, struct cpg_blob *blob)
{
	u64 cut = cpg_recover_own_cut(eng);
	struct cpg_proc *proc;
	u32 len = 0;
	u8 *p;

	list_for_each_entry(proc, &eng->locals, local_link)
		if (cpg_install_stays(proc, cut))
			len += cpg_group_wire_len(&proc->grp->name);
	if (cpg_blob_alloc(eng, blob, CPG_WIRE_RECOVERED, len))
		return -ENOMEM;
	p = blob->data;
	list_for_each_entry(proc, &eng->locals, local_link) {
		const struct cpg_group *name = &proc->grp->name;
		struct cpg_wire_proc wire = {
			.port = cpu_to_le32(proc->who.port),
			.pid = cpu_to_le32(proc->who.pid),
			.flags = cpu_to_le32(proc->flags),
			.name_len = cpu_to_le32(name->name_len),
		};

		if (!cpg_install_stays(proc, cut))
			continue;
		if (cpg_hold_after(proc, cut))
			wire.flags |= cpu_to_le32(CPG_PROC_F_HOLDS);
		memcpy(p, &wire, sizeof(wire));
		memcpy(p + sizeof(wire), name->name, name->name_len);
		p += sizeof(wire) + name->name_len;
	}
	return 0;
}

static bool cpg_install_is_new(const struct cpg_attempt *att,
			       const struct cpg_candidate *cand)
{
	return cand->peer && (cand->old_idx == CPG_NO_IDX ||
			      !cpg_set_has(&att->together, cand->old_idx));
}

static void cpg_install_drop_procs(struct cpg_attempt *att)
{
	struct cpg_proc *proc, *next;

	list_for_each_entry_safe(proc, next, &att->procs, local_link)
		cpg_group_proc_destroy(proc);
}

static int cpg_install_read_procs(struct cpg_engine *eng,
				  const struct cpg_candidate *cand,
				  const u8 *part, u32 len)
{
	struct cpg_group group;
	u32 off = 0, port, pid;

	while (cpg_wire_proc_next(part, len, &off, &port, &pid, &group)) {
		struct cpg_proc *proc;

		proc = cpg_group_proc_create(eng, cand->nodeid, port, pid,
					     &group);
		if (!proc)
			return -ENOMEM;
		list_add_tail(&proc->local_link, &eng->attempt->procs);
	}
	return 0;
}

/* Make ready the processes of those nodes that come from elsewhere. */
static int cpg_install_prepare(struct cpg_engine *eng)
{
	struct cpg_attempt *att = eng->attempt;
	u32 i, off = 0, len;
	const u8 *part;

	if (att->is_trans || !list_empty(&att->procs))
		return 0;
	for (i = 0; i < att->n; i++) {
		cpg_wire_part_next(att->final.data, att->final.len, &off, &part,
				   &len);
		if (!cpg_install_is_new(att, &att->member[i]))
			continue;
		if (cpg_install_read_procs(eng, &att->member[i], part, len)) {
			cpg_install_drop_procs(att);
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * cpg_install_run() - install the view that is proposed
 * @eng: engine
 *
 * Return: 0, or -ENOMEM: call again to go on.
 */
int cpg_install_run(struct cpg_engine *eng)
{
	struct cpg_attempt *att = eng->attempt;
	struct cpg_epoch *old = eng->epoch;
	u32 gone[CPG_NODES_MAX];
	u32 i, n = 0;

	if (cpg_install_prepare(eng) || cpg_recover_deliver(eng))
		return -ENOMEM;
	for (i = 0; i < old->n; i++)
		if (!cpg_set_has(&att->together, i))
			gone[n++] = old->node[i]->nodeid;
	cpg_send_requeue(eng);
	cpg_view_install(eng, att->epoch);
	att->epoch = NULL;
	cpg_quorum_sort(eng);
	cpg_engine_set_state(eng, CPG_STATE_OPERATIONAL);
	cpg_group_nodes_down(eng, gone, n);
	cpg_group_procs_up(eng, &att->procs);
	cpg_view_tell(eng);
	cpg_view_epoch_destroy(old);
	return 0;
}
