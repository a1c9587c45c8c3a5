// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle on views: their ids and members, who goes along from one to the
 * next, and that those who do have the same messages.
 */
#include "oracle.h"
#include "rng.h"
#include "trace.h"

#define U(x)	((unsigned long long)(x))

/**
 * orc_trans() - a node delivered a transitional configuration
 * @o: oracle
 * @life: the node
 * @id: the view that ends
 * @nodes: node ids, ascending
 * @n: their number
 */
void orc_trans(struct orc *o, struct orc_life *life, struct orc_id id,
	       const u32 *nodes, u32 n)
{
	struct orc_stay *stay = orc_stay(life);
	u32 i;

	if (o->trace)
		trace_nodes(life, "trans", id, nodes, n);
	orc_due_check(o, life);
	if (!stay || stay->trans || stay->view->id.seq != id.seq ||
	    stay->view->id.rep != id.rep) {
		orc_fail(o, ORC_TRANS,
			 "node %u: transitional set of view %llu.%u, out of place",
			 life->nodeid, U(id.seq), id.rep);
		return;
	}
	if (!orc_in(nodes, n, life->nodeid))
		orc_fail(o, ORC_TRANS, "node %u is not in its own set",
			 life->nodeid);
	for (i = 0; i < n; i++)
		if (orc_view_idx(stay->view, nodes[i]) < 0)
			orc_fail(o, ORC_TRANS,
				 "node %u: %u comes along and was not there",
				 life->nodeid, nodes[i]);
	stay->trans = true;
	stay->cut = stay->last;
	stay->cut_early = stay->early;
	stay->n_trans = n;
	stay->trans_nodes = sim_arena_alloc(o->arena, n * sizeof(*nodes));
	memcpy(stay->trans_nodes, nodes, n * sizeof(*nodes));
}

static void view_check_new(struct orc *o, struct orc_life *life,
			   struct orc_id id, const u32 *nodes, u32 n)
{
	u32 i;

	if (!n || n > ORC_NODES_MAX || nodes[0] != id.rep) {
		orc_fail(o, ORC_SAME_VIEW,
			 "view %llu.%u is not called by its lowest member",
			 U(id.seq), id.rep);
		return;
	}
	for (i = 1; i < n; i++)
		if (nodes[i] <= nodes[i - 1])
			orc_fail(o, ORC_SAME_VIEW,
				 "members of view %llu.%u are not ascending",
				 U(id.seq), id.rep);
	if (!orc_in(nodes, n, life->nodeid))
		orc_fail(o, ORC_VIEW_ORDER, "node %u is not in its own view",
			 life->nodeid);
}

static void view_votes(const struct orc *o, struct orc_view *view)
{
	u32 votes, expected;
	u32 i;

	for (i = 0; i < view->n; i++) {
		orc_votes_of(o, view->nodes[i], &votes, &expected);
		view->votes += votes;
		view->expected = max(view->expected, expected);
	}
}

static struct orc_view *view_get(struct orc *o, struct orc_life *life,
				 struct orc_id id, const u32 *nodes, u32 n)
{
	struct orc_view *view = orc_view_find(o, id);
	u32 hash = sim_hash2(id.seq, id.rep) % ORC_HASH;

	if (view) {
		if (view->n != n ||
		    memcmp(view->nodes, nodes, n * sizeof(*nodes)))
			orc_fail(o, ORC_SAME_VIEW,
				 "node %u: view %llu.%u has other members than elsewhere",
				 life->nodeid, U(id.seq), id.rep);
		return view;
	}
	view = sim_arena_alloc(o->arena, sizeof(*view));
	view->id = id;
	view->n = n;
	view->quorate = -1;
	memcpy(view->nodes, nodes, n * sizeof(*nodes));
	view_votes(o, view);
	view->next = o->views[hash];
	o->views[hash] = view;
	return view;
}

static void trans_check_new(struct orc *o, struct orc_life *life,
			    const struct orc_stay *old,
			    const struct orc_view *view)
{
	u32 i;

	if (!old->trans)
		orc_fail(o, ORC_TRANS,
			 "node %u: view %llu.%u without a transitional set",
			 life->nodeid, U(view->id.seq), view->id.rep);
	for (i = 0; i < old->n_trans; i++)
		if (orc_view_idx(view, old->trans_nodes[i]) < 0)
			orc_fail(o, ORC_TRANS,
				 "node %u: %u was to come along to view %llu.%u and is not in it",
				 life->nodeid, old->trans_nodes[i],
				 U(view->id.seq), view->id.rep);
}

/**
 * orc_stay_has() - did a node deliver what is at a position of a view?
 * @stay: its time in the view
 * @pos: the position
 *
 * Return: it did.
 */
bool orc_stay_has(const struct orc_stay *stay, u64 pos)
{
	u32 i;

	for (i = 0; i < stay->n_holes; i++)
		if (stay->holes[i] == pos)
			return false;
	return pos <= stay->last;
}

/* Two nodes went the same way: same transitional set, cut and messages. */
static void compare_same(struct orc *o, const struct orc_life *a,
			 const struct orc_stay *as, const struct orc_life *b,
			 const struct orc_stay *bs)
{
	u64 pos;

	if (as->n_trans != bs->n_trans ||
	    memcmp(as->trans_nodes, bs->trans_nodes,
		   as->n_trans * sizeof(*as->trans_nodes)) ||
	    !orc_in(as->trans_nodes, as->n_trans, b->nodeid))
		orc_fail(o, ORC_TRANS,
			 "nodes %u and %u go from view %llu.%u to %llu.%u in different sets",
			 a->nodeid, b->nodeid, U(as->view->id.seq),
			 as->view->id.rep, U(as->to->id.seq), as->to->id.rep);
	for (pos = 1; pos <= max_t(u64, as->last, bs->last); pos++) {
		if (as->sum == bs->sum)
			break;
		if (orc_stay_has(as, pos) == orc_stay_has(bs, pos))
			continue;
		orc_fail(o, ORC_VSYNC,
			 "view %llu.%u to %llu.%u: only one of nodes %u and %u has position %llu (they have up to %llu and %llu)",
			 U(as->view->id.seq), as->view->id.rep,
			 U(as->to->id.seq), as->to->id.rep, a->nodeid,
			 b->nodeid, U(pos), U(as->last), U(bs->last));
	}
	if (as->sum != bs->sum || as->early != bs->early)
		orc_fail(o, ORC_VSYNC, "nodes %u and %u differ in view %llu.%u",
			 a->nodeid, b->nodeid, U(as->view->id.seq),
			 as->view->id.rep);
	if (as->cut != bs->cut)
		orc_fail(o, ORC_CUT,
			 "view %llu.%u: nodes %u and %u have the transitional set after %llu and %llu",
			 U(as->view->id.seq), as->view->id.rep, a->nodeid,
			 b->nodeid, U(as->cut), U(bs->cut));
	if (as->cut_early != bs->cut_early)
		orc_fail(o, ORC_CUT,
			 "view %llu.%u: nodes %u and %u were delivered other messages without a position before the transitional set",
			 U(as->view->id.seq), as->view->id.rep, a->nodeid,
			 b->nodeid);
}

/* The stay before the one in @view; NULL if it was the first. */
static struct orc_stay *stay_before(const struct orc_life *life,
				    const struct orc_view *view)
{
	u32 i;

	for (i = life->n_stays; i-- > 1;)
		if (life->stays[i]->view == view)
			return life->stays[i - 1];
	return NULL;
}

static void compare_all(struct orc *o, const struct orc_life *a,
			const struct orc_stay *as, const struct orc_view *view)
{
	const struct orc_life *b;
	const struct orc_stay *bs;
	u32 i;

	for (i = 0; i < view->n; i++) {
		b = view->lives[i];
		if (!b || b == a)
			continue;
		bs = stay_before(b, view);
		if (as && bs && as->view == bs->view) {
			compare_same(o, a, as, b, bs);
			continue;
		}
		if ((as && orc_in(as->trans_nodes, as->n_trans, b->nodeid)) ||
		    (bs && orc_in(bs->trans_nodes, bs->n_trans, a->nodeid)))
			orc_fail(o, ORC_TRANS,
				 "nodes %u and %u come to view %llu.%u from different views, yet together",
				 a->nodeid, b->nodeid, U(view->id.seq),
				 view->id.rep);
	}
}

/**
 * orc_view() - a node installed a view
 * @o: oracle
 * @life: the node
 * @id: the view's id
 * @nodes: node ids, ascending
 * @n: their number
 */
void orc_view(struct orc *o, struct orc_life *life, struct orc_id id,
	      const u32 *nodes, u32 n)
{
	struct orc_stay *old = orc_stay(life);
	struct orc_view *view;
	struct orc_stay *stay;
	int idx;

	if (o->trace)
		trace_nodes(life, "view", id, nodes, n);
	orc_due_check(o, life);
	view_check_new(o, life, id, nodes, n);
	if (old && id.seq <= old->view->id.seq)
		orc_fail(o, ORC_VIEW_ORDER,
			 "node %u installs view %llu.%u after %llu.%u",
			 life->nodeid, U(id.seq), id.rep,
			 U(old->view->id.seq), old->view->id.rep);
	if (o->prop)
		return;
	view = view_get(o, life, id, nodes, n);
	if (old)
		trans_check_new(o, life, old, view);
	if (o->prop)
		return;
	idx = orc_view_idx(view, life->nodeid);
	if (view->lives[idx]) {
		orc_fail(o, ORC_VIEW_ORDER,
			 "view %llu.%u is used by two lives of node %u",
			 U(id.seq), id.rep, life->nodeid);
		return;
	}
	view->lives[idx] = life;
	stay = sim_arena_alloc(o->arena, sizeof(*stay));
	stay->view = view;
	life->stays = sim_arena_grow(o->arena, life->stays, &life->max_stays,
				     life->n_stays + 1, sizeof(stay));
	life->stays[life->n_stays++] = stay;
	if (old) {
		stay->from = old->view;
		old->to = view;
		orc_calm_view(o, life, old->view, view);
	}
	compare_all(o, life, old, view);
}

/**
 * orc_majority() - does a view hold a majority?
 * @view: the view
 *
 * Return: whether its nodes have more than half of the votes, or nobody
 * counts.
 */
bool orc_majority(const struct orc_view *view)
{
	return !view->expected || 2 * view->votes > view->expected;
}

static bool views_meet(const struct orc_view *a, const struct orc_view *b)
{
	u32 i;

	for (i = 0; i < a->n; i++)
		if (orc_view_idx(b, a->nodes[i]) >= 0)
			return true;
	return false;
}

/**
 * orc_quorate() - a node was told whether its view holds a majority
 * @o: oracle
 * @life: the node
 * @id: the view
 * @quorate: what it was told
 */
void orc_quorate(struct orc *o, struct orc_life *life, struct orc_id id,
		 bool quorate)
{
	struct orc_view *view = orc_view_find(o, id);
	struct orc_view *other;
	u32 i;

	if (o->trace)
		trace_quorate(life, id, quorate);
	if (!view || !view->expected)
		return;
	if (quorate != orc_majority(view))
		orc_fail(o, ORC_PRIMARY,
			 "node %u: view %llu.%u of %u of %u votes is %squorate",
			 life->nodeid, U(id.seq), id.rep, view->votes,
			 view->expected,
			 quorate ? "" : "not ");
	view->quorate = quorate;
	for (i = 0; quorate && i < ORC_HASH; i++)
		for (other = o->views[i]; other; other = other->next)
			if (other != view && other->quorate == 1 &&
			    (other->id.seq == id.seq ||
			     !views_meet(view, other)))
				orc_fail(o, ORC_PRIMARY,
					 "views %llu.%u and %llu.%u both have the majority",
					 U(id.seq), id.rep, U(other->id.seq),
					 other->id.rep);
}
