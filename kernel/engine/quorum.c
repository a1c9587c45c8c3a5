// SPDX-License-Identifier: GPL-2.0
/*
 * Majorities: whether a view has one, and what processes that joined with
 * CPG_JOIN_F_QUORUM may do without.
 *
 * Every node tells its own votes and how many it expects of the whole cluster
 * in JOIN; what the representative makes of it travels in COMMIT1.  So all
 * members of a view count the same, whatever each of them was configured to
 * expect, and nobody counts less than it expects itself.
 *
 * What such a process had been promised when the majority was lost is parked.
 * It waits in its order, its process's leave behind it, and nothing of other
 * processes waits with it.
 */
#include "engine_priv.h"

/* Votes that this node expects of the whole cluster. */
u32 cpg_quorum_expected(const struct cpg_engine *eng)
{
	return eng->cfg.expected ? eng->cfg.expected : eng->n_slots;
}

/* Has the present view more than half of the votes? */
bool cpg_quorum_is_held(const struct cpg_engine *eng)
{
	return 2 * eng->epoch->votes > eng->epoch->expected;
}

bool cpg_quorum_may_send(const struct cpg_engine *eng,
			 const struct cpg_proc *proc)
{
	return !(proc->flags & CPG_JOIN_F_QUORUM) || cpg_quorum_is_held(eng);
}

static bool cpg_quorum_waits(const struct cpg_txmsg *tx)
{
	if (tx->rec_type == CPG_REC_MSG)
		return tx->proc->flags & CPG_JOIN_F_QUORUM;
	return tx->rec_type == CPG_REC_LEAVE && tx->proc->is_parked;
}

static void cpg_quorum_park(struct cpg_engine *eng)
{
	struct cpg_txmsg *tx, *next;

	list_for_each_entry_safe(tx, next, &eng->sendq, link) {
		if (!cpg_quorum_waits(tx))
			continue;
		tx->proc->is_parked = true;
		eng->queued -= tx->len;
		eng->n_parked += tx->len;
		list_move_tail(&tx->link, &eng->parked);
		/* It was to end the hold, too. */
		if (tx->rec_type == CPG_REC_LEAVE)
			cpg_hold_ask(eng, tx->proc);
	}
}

/*
 * Behind what is queued: a join of one of these processes may be there, and
 * else nothing of them.
 */
static void cpg_quorum_unpark(struct cpg_engine *eng)
{
	struct cpg_txmsg *tx;

	list_for_each_entry(tx, &eng->parked, link)
		tx->proc->is_parked = false;
	list_splice_tail_init(&eng->parked, &eng->sendq);
	eng->queued += eng->n_parked;
	eng->n_parked = 0;
}

/* A view was installed: what may be sent in it, and what has to wait? */
void cpg_quorum_sort(struct cpg_engine *eng)
{
	if (cpg_quorum_is_held(eng))
		cpg_quorum_unpark(eng);
	else
		cpg_quorum_park(eng);
}
