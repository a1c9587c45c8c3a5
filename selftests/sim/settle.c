// SPDX-License-Identifier: GPL-2.0
/*
 * The end of faults: connected nodes come to one view, all that was accepted
 * is delivered, then nothing happens any more.
 */
#include "sim.h"

static bool node_counts(const struct sim_node *node)
{
	return node->eng && !node->refused && !node->stopping;
}

static u32 count_up(struct sim *s)
{
	u32 n = 0;
	u32 i;

	for (i = 0; i < s->cfg.n_nodes; i++)
		n += node_counts(&s->nodes[i]);
	return n;
}

/**
 * sim_settled() - are all nodes that are up in one view?
 * @s: simulator
 *
 * Return: they are, and it is open.
 */
bool sim_settled(struct sim *s)
{
	const struct sim_node *first = NULL;
	const struct sim_node *node;
	struct cpg_status st;
	u32 n = count_up(s);
	u32 i;

	for (i = 0; i < s->cfg.n_nodes; i++) {
		node = &s->nodes[i];
		if (node->stopping && node->eng)
			return false;
		if (!node_counts(node))
			continue;
		cpg_engine_status(node->eng, &st);
		if (node->paused || node->n_view != n ||
		    st.state != CPG_STATE_OPERATIONAL)
			return false;
		if (!first)
			first = node;
		if (node->view.seq != first->view.seq ||
		    node->view.rep != first->view.rep)
			return false;
	}
	return true;
}

/* Nobody has more than its even part, or asks for it. */
static bool node_even(const struct sim_node *node, const struct cpg_status *st)
{
	u32 even = max(st->budget / (2 * st->n_nodes), node->s->cfg.mtu);

	return st->credit == even && !st->n_wanting;
}

static bool node_drained(const struct sim_node *node, u64 *delivered)
{
	const struct sim_proc *proc;
	struct cpg_status st;

	cpg_engine_status(node->eng, &st);
	/* What waits for a majority may wait for ever. */
	if (st.queued != st.parked || st.in_flight || !node_even(node, &st))
		return false;
	if (*delivered == U64_MAX)
		*delivered = st.delivered;
	if (*delivered != st.delivered)
		return false;
	/* Nobody is lazy any more, so nobody is held back. */
	list_for_each_entry(proc, &node->procs, entry)
		if (proc->held ||
		    ((proc->queued || proc->leaving) &&
		     (st.quorate || !proc->orc->quorum)))
			return false;
	return true;
}

/**
 * sim_drained() - is all that was accepted delivered everywhere?
 * @s: simulator, settled
 *
 * Return: it is, every node knows, and all credits are back.
 */
bool sim_drained(struct sim *s)
{
	u64 delivered = U64_MAX;
	u32 i;

	for (i = 0; i < s->cfg.n_nodes; i++)
		if (node_counts(&s->nodes[i]) &&
		    !node_drained(&s->nodes[i], &delivered))
			return false;
	return true;
}

static void settle_text(struct sim *s, char *buf, size_t size)
{
	const struct sim_node *node;
	struct cpg_status st;
	size_t len = 0;
	u32 i;

	buf[0] = '\0';
	for (i = 0; i < s->cfg.n_nodes && len < size; i++) {
		node = &s->nodes[i];
		if (!node->eng)
			continue;
		cpg_engine_status(node->eng, &st);
		len += snprintf(buf + len, size - len,
				" %u: %s %llu.%u/%u d%llu s%llu f%u/%u w%u q%llu;",
				node->nodeid, cpg_state_names[st.state],
				(unsigned long long)st.view_seq, st.view_rep,
				st.n_nodes, (unsigned long long)st.delivered,
				(unsigned long long)st.stable, st.in_flight,
				st.credit, st.n_wanting,
				(unsigned long long)st.queued);
	}
}

static void settle_fail(struct sim *s, u64 max)
{
	char text[ORC_TEXT_MAX];

	settle_text(s, text, sizeof(text));
	orc_fail(&s->orc, ORC_MERGE, "no common view after %llu ms:%s",
		 (unsigned long long)(max / SIM_MSEC), text);
}

/**
 * sim_settle() - wait until all nodes are in one view
 * @s: simulator
 * @max: it is an error if it takes longer
 *
 * Return: they are.
 */
bool sim_settle(struct sim *s, u64 max)
{
	u64 start = s->now;

	if (sim_run_until(s, sim_settled, max)) {
		s->settle_time = max(s->settle_time, s->now - start);
		return true;
	}
	settle_fail(s, max);
	return false;
}

/**
 * sim_bound() - in what time a node that dies is out of the view, if links are
 * good
 * @s: simulator
 *
 * Return: 50 ms in the lan profile, 300 ms in the default one.
 */
u64 sim_bound(const struct sim *s)
{
	return s->cfg.suspect + s->cfg.corroborate +
	       (s->cfg.suspect < 50 * SIM_MSEC ? 13 : 40) * SIM_MSEC;
}

/**
 * sim_limit() - how long it may take to come to one view
 * @s: simulator
 *
 * Return: twice the time of detection, and 50 ms for the rest.
 */
u64 sim_limit(const struct sim *s)
{
	return 2 * (s->cfg.suspect + s->cfg.corroborate) + 50 * SIM_MSEC;
}

/* Does a node wait because another came and went too often? */
static bool settle_damped(struct sim *s)
{
	struct cpg_peer_status st;
	u32 i, k, slot;

	for (i = 0; s->cfg.damp && i < s->cfg.n_nodes; i++) {
		if (!node_counts(&s->nodes[i]))
			continue;
		for (k = 0; cpg_engine_peer_status(s->nodes[i].eng, s->now, k,
						   &st); k++) {
			slot = st.nodeid - s->cfg.nodeid;
			if (st.damped && slot < s->cfg.n_nodes &&
			    node_counts(&s->nodes[slot]))
				return true;
		}
	}
	return false;
}

/**
 * sim_converge() - the last fault was just now: wait until all nodes are in
 * one view for good
 * @s: simulator
 * @max: it is an error if they are not, so long after that or after the last
 *	node has waited for having come and gone too often
 *
 * Return: they are.
 */
bool sim_converge(struct sim *s, u64 max)
{
	u64 since = s->now;
	u64 limit = since + (s->cfg.damp << CPG_DAMP_SHIFT_MAX);
	u64 last = since;

	while (s->now < since + max && sim_run(s, SIM_MSEC)) {
		if (sim_settled(s))
			continue;
		last = s->now;
		if (s->now <= limit && settle_damped(s))
			since = s->now;
	}
	if (sim_failed(s))
		return false;
	s->settle_time = max(s->settle_time, last - since);
	if (!sim_settled(s))
		settle_fail(s, max);
	return !sim_failed(s);
}

/**
 * sim_drain() - wait until all is delivered
 * @s: simulator, settled
 * @max: it is an error if it takes longer
 *
 * Return: it is.
 */
bool sim_drain(struct sim *s, u64 max)
{
	char text[ORC_TEXT_MAX];

	if (sim_run_until(s, sim_drained, max))
		return true;
	settle_text(s, text, sizeof(text));
	orc_fail(&s->orc, ORC_FLOW, "not all delivered after %llu ms:%s",
		 (unsigned long long)(max / SIM_MSEC), text);
	return false;
}

/* The engine's answer to who is in a group is that of the events. */
static void check_members(struct sim *s, const struct sim_node *node)
{
	struct cpg_member members[64];
	const struct sim_proc *proc;
	struct cpg_group name;
	u32 n;

	list_for_each_entry(proc, &node->procs, entry) {
		sim_group_name(proc->group, &name);
		n = cpg_engine_members(node->eng, &name, members,
				       ARRAY_SIZE(members));
		if (n != proc->orc->n_members ||
		    memcmp(members, proc->orc->members,
			   min_t(u32, n, ARRAY_SIZE(members)) *
			   sizeof(*members)))
			orc_fail(&s->orc, ORC_GROUPS,
				 "node %u: the engine counts %u members in group %u, pid %u %u",
				 node->nodeid, n, proc->group, proc->pid,
				 proc->orc->n_members);
	}
}

/**
 * sim_quiet() - see that the cluster comes to rest, and stays there
 * @s: simulator, no more faults
 *
 * Return: it does.
 */
bool sim_quiet(struct sim *s)
{
	u32 i;

	if (sim_failed(s) || !sim_converge(s, sim_limit(s)))
		return false;
	orc_calm(&s->orc, sim_bound(s));
	if (!sim_drain(s, 30 * SIM_SEC) ||
	    !sim_run(s, 2 * s->cfg.suspect + s->cfg.beacon))
		return false;
	if (!sim_drained(s))
		orc_fail(&s->orc, ORC_FLOW, "a view does not stay drained");
	for (i = 0; i < s->cfg.n_nodes; i++)
		if (node_counts(&s->nodes[i]))
			check_members(s, &s->nodes[i]);
	return !sim_failed(s);
}
