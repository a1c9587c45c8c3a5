// SPDX-License-Identifier: GPL-2.0
/*
 * Who should be in a view together, of those that gather: nodes of which every
 * pair hears each other.
 *
 * The greatest such set cannot be found in reasonable time.  What matters is
 * that everyone finds the same one from what the nodes tell of each other, and
 * that it is a good one: whoever lacks most is left out, outsiders before the
 * members of a view that has the majority.  Those that are left out choose
 * among themselves in the same way.
 */
#include "engine_priv.h"

static u32 cpg_choose_nodeid(const struct cpg_engine *eng, u32 slot)
{
	return slot == CPG_SLOT_SELF ? eng->cfg.nodeid :
				       eng->peers[slot]->nodeid;
}

/* Is it in a view that has the majority, as far as is known here? */
static bool cpg_choose_is_primary(const struct cpg_engine *eng, u32 slot)
{
	const struct cpg_epoch *ep = eng->epoch;
	u32 votes = 0;
	u32 i;

	if (slot == CPG_SLOT_SELF)
		return 2 * ep->votes > ep->expected;
	for (i = 0; i < eng->n_slots; i++)
		if (cpg_set_has(&eng->peers[slot]->members, i))
			votes += i == CPG_SLOT_SELF ? eng->cfg.votes :
						      eng->peers[i]->votes;
	return 2 * votes > cpg_quorum_expected(eng);
}

/* Does one of those that gather know it to be dead? */
static bool cpg_choose_is_dead(const struct cpg_engine *eng,
			       const struct cpg_set *all, u32 slot)
{
	u32 i;

	if (eng->peers[slot]->accused && eng->peers[slot]->dead)
		return true;
	for (i = 1; i < eng->n_slots; i++)
		if (cpg_set_has(all, i) &&
		    cpg_set_has(&eng->peers[i]->accuses, slot))
			return true;
	return false;
}

static void cpg_choose_candidates(const struct cpg_engine *eng,
				  struct cpg_set *all)
{
	u32 i;

	memset(all, 0, sizeof(*all));
	cpg_set_add(all, CPG_SLOT_SELF);
	for (i = 1; i < eng->n_slots; i++)
		if (cpg_view_is_candidate(eng, eng->peers[i]))
			cpg_set_add(all, i);
}

/*
 * Fills in who hears whom, of the candidates.  A member whose JOIN does not
 * come here, but to others, gets the benefit of the doubt: this node is not in
 * its way.  One that is dead does not: it would be in the way of whoever found
 * that out first.
 */
static void cpg_choose_links(const struct cpg_engine *eng,
			     struct cpg_set *links, struct cpg_set *all)
{
	struct cpg_set hidden = { };
	u32 i, k;

	memset(links, 0, eng->n_slots * sizeof(*links));
	cpg_set_add(&links[CPG_SLOT_SELF], CPG_SLOT_SELF);
	for (i = 1; i < eng->n_slots; i++) {
		if (cpg_set_has(all, i) || !cpg_peer_in_view(eng->peers[i]) ||
		    cpg_choose_is_dead(eng, all, i))
			continue;
		for (k = 1; k < eng->n_slots; k++)
			if (cpg_set_has(all, k) &&
			    cpg_set_has(&eng->peers[k]->hears, i))
				cpg_set_add(&hidden, i);
	}
	for (i = 1; i < eng->n_slots; i++) {
		if (cpg_set_has(&hidden, i))
			links[i] = hidden;
		if (!cpg_set_has(all, i))
			continue;
		cpg_set_add(&links[i], i);
		if (cpg_set_has(&eng->peers[i]->hears, CPG_SLOT_SELF)) {
			cpg_set_add(&links[i], CPG_SLOT_SELF);
			cpg_set_add(&links[CPG_SLOT_SELF], i);
		}
	}
	for (i = 1; i < eng->n_slots; i++)
		for (k = 1; cpg_set_has(all, i) && k < eng->n_slots; k++) {
			if (!cpg_set_has(&eng->peers[i]->hears, k))
				continue;
			if (cpg_set_has(&hidden, k))
				cpg_set_add(&links[k], i);
			else if (!cpg_set_has(all, k) ||
				 !cpg_set_has(&eng->peers[k]->hears, i))
				continue;
			cpg_set_add(&links[i], k);
		}
	all->w[0] |= hidden.w[0];
	all->w[1] |= hidden.w[1];
}

/* Whom to leave out next; CPG_NO_IDX: every pair hears each other. */
static u32 cpg_choose_worst(const struct cpg_engine *eng,
			    const struct cpg_set *links,
			    const struct cpg_set *set,
			    const struct cpg_set *primary)
{
	u32 worst = CPG_NO_IDX, most = 0;
	u32 i;

	for (i = 0; i < eng->n_slots; i++) {
		u32 lacks = cpg_set_lacks(&links[i], set);
		bool stays = cpg_set_has(primary, i);

		if (!cpg_set_has(set, i) || !lacks)
			continue;
		if (worst != CPG_NO_IDX) {
			bool worst_stays = cpg_set_has(primary, worst);

			if (stays != worst_stays ? stays : lacks < most)
				continue;
			if (stays == worst_stays && lacks == most &&
			    cpg_choose_nodeid(eng, i) <
			    cpg_choose_nodeid(eng, worst))
				continue;
		}
		worst = i;
		most = lacks;
	}
	return worst;
}

/* Left out because of another that was, too, later: the lowest of these. */
static u32 cpg_choose_again(const struct cpg_engine *eng,
			    const struct cpg_set *links,
			    const struct cpg_set *left,
			    const struct cpg_set *set)
{
	u32 best = CPG_NO_IDX;
	u32 i;

	for (i = 0; i < eng->n_slots; i++)
		if (cpg_set_has(left, i) && !cpg_set_has(set, i) &&
		    cpg_set_covers(&links[i], set) &&
		    (best == CPG_NO_IDX || cpg_choose_nodeid(eng, i) <
					   cpg_choose_nodeid(eng, best)))
			best = i;
	return best;
}

/*
 * The greatest set that contains this node; @links: room to work, a set for
 * each slot; @left: the candidates.
 */
static void cpg_choose_anew(const struct cpg_engine *eng,
			    struct cpg_set *links, struct cpg_set left,
			    struct cpg_set *set)
{
	struct cpg_set primary = { };
	u32 i;

	cpg_choose_links(eng, links, &left);
	for (i = 0; i < eng->n_slots; i++)
		if (cpg_choose_is_primary(eng, i))
			cpg_set_add(&primary, i);
	for (;;) {
		*set = left;
		for (;;) {
			i = cpg_choose_worst(eng, links, set, &primary);
			if (i == CPG_NO_IDX)
				break;
			cpg_set_del(set, i);
		}
		for (;;) {
			i = cpg_choose_again(eng, links, &left, set);
			if (i == CPG_NO_IDX)
				break;
			cpg_set_add(set, i);
		}
		if (cpg_set_has(set, CPG_SLOT_SELF))
			return;
		left.w[0] &= ~set->w[0];
		left.w[1] &= ~set->w[1];
	}
}

/**
 * cpg_choose() - with whom this node should be in a view
 * @eng: engine, gathering
 * @set: stores the slots, with this node's own
 *
 * Asked after every packet; what was found is good until a node tells
 * something else of the others, or there are other candidates.
 *
 * Return: the node id of the lowest, who proposes.
 */
u32 cpg_choose(struct cpg_engine *eng, struct cpg_set *set)
{
	struct cpg_set all;
	u32 i;

	cpg_choose_candidates(eng, &all);
	if (eng->is_news || !cpg_set_equal(&all, &eng->choice_of)) {
		cpg_choose_anew(eng, eng->links, all, &eng->choice);
		eng->choice_of = all;
		eng->is_news = false;
	}
	*set = eng->choice;
	for (i = 0; i < eng->n_slots - 1; i++)
		if (cpg_set_has(set, eng->by_id[i]->slot))
			return min(eng->cfg.nodeid, eng->by_id[i]->nodeid);
	return eng->cfg.nodeid;
}

/* Would the choice be the same if it were made anew?  Changes nothing. */
bool cpg_choose_is_good(struct cpg_engine *eng)
{
	struct cpg_set all, set;

	cpg_choose_candidates(eng, &all);
	if (eng->is_news || !cpg_set_equal(&all, &eng->choice_of))
		return true;
	cpg_choose_anew(eng, eng->spare, all, &set);
	return cpg_set_equal(&set, &eng->choice);
}
