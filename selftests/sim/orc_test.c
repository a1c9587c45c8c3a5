// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle on trial: histories made up by hand, one that is right and one
 * for each way to be wrong, which it must call by its name.
 */
#include "ktap.h"
#include "orc_hist.h"

static const char *test_right(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	sent(&p, 0, CPG_SVC_SAFE, 12);
	sent(&p, 1, CPG_SVC_AGREED, 21);
	both_get(&p, 3, 1, 11);
	both_get(&p, 4, 2, 21);
	deliver(&p, 0, 5, 1, CPG_SVC_SAFE, 12);
	give(&p, 0, 5, 1, CPG_SVC_SAFE, 12);
	deliver(&p, 1, 5, 1, CPG_SVC_SAFE, 12);
	give(&p, 1, 5, 1, CPG_SVC_SAFE, 12);
	orc_quorate(&orc, p.life[0], p.id, true);
	orc_finish(&orc, true);
	return expect(ORC_OK);
}

static const char *test_right_part(void)
{
	struct pair p;

	members(&p);
	sent(&p, 1, CPG_SVC_AGREED, 21);
	deliver(&p, 0, 3, 2, CPG_SVC_AGREED, 21);
	give(&p, 0, 3, 2, CPG_SVC_AGREED, 21);
	part(&p, 0);
	part(&p, 1);
	p.id = id_of(3, 2);
	give_chg(&p, 1, 0, 1 << 2, 1, CPG_CHG_NODEDOWN);
	deliver(&p, 1, 1, 2, CPG_SVC_AGREED, 21);
	give(&p, 1, 1, 2, CPG_SVC_AGREED, 21);
	orc_finish(&orc, false);
	return expect(ORC_OK);
}

static const char *test_integrity_unsent(void)
{
	struct pair p;

	members(&p);
	deliver(&p, 0, 3, 1, CPG_SVC_AGREED, 99);
	return expect(ORC_INTEGRITY);
}

static const char *test_integrity_twice(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	both_get(&p, 3, 1, 11);
	deliver(&p, 0, 4, 1, CPG_SVC_AGREED, 11);
	return expect(ORC_INTEGRITY);
}

static const char *test_integrity_later_view(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	deliver(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	give(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	part(&p, 0);
	part(&p, 1);
	go(&p, 0, id_of(3, 1), id_of(4, 1), &both[0], 1, both, 2);
	go(&p, 1, id_of(3, 2), id_of(4, 1), &both[1], 1, both, 2);
	p.id = id_of(4, 1);
	deliver(&p, 1, 1, 1, CPG_SVC_AGREED, 11);
	return expect(ORC_INTEGRITY);
}

/* As before, but its node knows: then nobody is given it. */
static const char *test_again(void)
{
	struct orc_what what = msg_of(1, CPG_SVC_AGREED, 11);
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	deliver(&p, 1, 3, 1, CPG_SVC_AGREED, 11);
	give(&p, 1, 3, 1, CPG_SVC_AGREED, 11);
	part(&p, 0);
	part(&p, 1);
	go(&p, 0, id_of(3, 1), id_of(4, 1), &both[0], 1, both, 2);
	go(&p, 1, id_of(3, 2), id_of(4, 1), &both[1], 1, both, 2);
	p.id = id_of(4, 1);
	deliver(&p, 0, 1, 1, CPG_SVC_AGREED, 11);
	give(&p, 0, 1, 1, CPG_SVC_AGREED, 11);
	what.again = true;
	orc_deliver(&orc, p.life[1], p.id, 1, &what);
	orc_finish(&orc, false);
	return expect(ORC_OK);
}

static const char *test_integrity_again(void)
{
	struct orc_what what = msg_of(1, CPG_SVC_AGREED, 11);
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	what.again = true;
	orc_deliver(&orc, p.life[1], p.id, 3, &what);
	return expect(ORC_INTEGRITY);
}

static const char *test_integrity_process(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	deliver(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	give(&p, 0, 3, 1, CPG_SVC_AGREED, 12);
	return expect(ORC_INTEGRITY);
}

static const char *test_view_order(void)
{
	struct pair p;

	together(&p);
	go(&p, 0, p.id, id_of(2, 1), both, 1, both, 1);
	return expect(ORC_VIEW_ORDER);
}

static const char *test_view_order_self(void)
{
	struct pair p;

	together(&p);
	go(&p, 0, p.id, id_of(3, 2), both, 1, &both[1], 1);
	return expect(ORC_VIEW_ORDER);
}

static const char *test_view_order_lives(void)
{
	struct pair p;

	together(&p);
	orc_end(&orc, p.life[1], ORC_CRASHED);
	p.life[1] = orc_start(&orc, 2);
	orc_view(&orc, p.life[1], p.id, both, 2);
	return expect(ORC_VIEW_ORDER);
}

static const char *test_same_view(void)
{
	static const u32 three[] = { 1, 2, 3 };
	struct pair p;

	together(&p);
	renew(&p, 0);
	go(&p, 1, p.id, id_of(3, 1), both, 2, three, 3);
	return expect(ORC_SAME_VIEW);
}

static const char *test_same_view_never(void)
{
	struct pair p;

	reset();
	alone(&p, 0);
	go(&p, 0, id_of(1, 1), id_of(2, 1), both, 1, both, 2);
	go(&p, 0, id_of(2, 1), id_of(3, 1), both, 2, both, 2);
	orc_finish(&orc, false);
	return expect(ORC_SAME_VIEW);
}

static const char *test_trans_missing(void)
{
	struct pair p;

	together(&p);
	orc_view(&orc, p.life[0], id_of(3, 1), both, 2);
	return expect(ORC_TRANS);
}

static const char *test_trans_stranger(void)
{
	struct pair p;

	together(&p);
	part(&p, 0);
	part(&p, 1);
	go(&p, 0, id_of(3, 1), id_of(4, 1), both, 2, both, 2);
	return expect(ORC_TRANS);
}

static const char *test_trans_gone(void)
{
	struct pair p;

	together(&p);
	go(&p, 0, p.id, id_of(3, 1), both, 2, both, 1);
	return expect(ORC_TRANS);
}

static const char *test_trans_differs(void)
{
	struct pair p;

	together(&p);
	renew(&p, 0);
	go(&p, 1, p.id, id_of(3, 1), &both[1], 1, both, 2);
	return expect(ORC_TRANS);
}

static const char *test_trans_other_way(void)
{
	struct pair p;

	together(&p);
	part(&p, 1);
	go(&p, 0, p.id, id_of(4, 1), both, 2, both, 2);
	go(&p, 1, id_of(3, 2), id_of(4, 1), &both[1], 1, both, 2);
	return expect(ORC_TRANS);
}

static const char *test_self(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	orc_finish(&orc, true);
	return expect(ORC_SELF);
}

static const char *test_vsync(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	deliver(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	give(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	renew(&p, 0);
	renew(&p, 1);
	return expect(ORC_VSYNC);
}

static const char *test_fifo(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	sent(&p, 0, CPG_SVC_AGREED, 12);
	deliver(&p, 1, 3, 1, CPG_SVC_AGREED, 12);
	return expect(ORC_FIFO);
}

static const char *test_causal(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	deliver(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	deliver(&p, 1, 3, 1, CPG_SVC_AGREED, 11);
	give(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	give(&p, 1, 3, 1, CPG_SVC_AGREED, 11);
	sent(&p, 0, CPG_SVC_AGREED, 12);
	sent(&p, 0, CPG_SVC_AGREED, 13);
	sent(&p, 1, CPG_SVC_AGREED, 21);
	both_get(&p, 4, 2, 21);
	deliver(&p, 0, 5, 1, CPG_SVC_AGREED, 12);
	give(&p, 0, 5, 1, CPG_SVC_AGREED, 12);
	sent(&p, 0, CPG_SVC_AGREED, 14);
	orc_trans(&orc, p.life[1], p.id, &both[1], 1);
	orc.procs[0]->sent[1].home = orc_view_find(&orc, id_of(1, 1));
	orc.procs[0]->sent[2].home = orc_view_find(&orc, id_of(1, 1));
	deliver(&p, 1, 6, 1, CPG_SVC_AGREED, 14);
	return expect(ORC_CAUSAL);
}

/* Both early and in either order, then passed over. */
static void both_early(struct pair *p)
{
	members(p);
	sent(p, 0, CPG_SVC_FIFO, 11);
	sent(p, 1, CPG_SVC_UNORDERED, 21);
	deliver(p, 0, 0, 1, CPG_SVC_FIFO, 11);
	give(p, 0, 0, 1, CPG_SVC_FIFO, 11);
	deliver(p, 0, 0, 2, CPG_SVC_UNORDERED, 21);
	give(p, 0, 0, 2, CPG_SVC_UNORDERED, 21);
	deliver(p, 1, 0, 2, CPG_SVC_UNORDERED, 21);
	give(p, 1, 0, 2, CPG_SVC_UNORDERED, 21);
	deliver(p, 1, 0, 1, CPG_SVC_FIFO, 11);
	give(p, 1, 0, 1, CPG_SVC_FIFO, 11);
}

static void place(struct pair *p, u32 i, u64 pos, u32 origin, u64 serial)
{
	orc_place(&orc, p->life[i], p->id, pos, origin, 1, serial);
}

static const char *test_right_early(void)
{
	struct pair p;
	u32 i;

	both_early(&p);
	for (i = 0; i < 2; i++) {
		place(&p, i, 3, 2, 21);
		place(&p, i, 4, 1, 11);
		renew(&p, i);
	}
	orc_finish(&orc, true);
	return expect(ORC_OK);
}

static const char *test_integrity_early_twice(void)
{
	struct pair p;

	both_early(&p);
	deliver(&p, 0, 0, 2, CPG_SVC_UNORDERED, 21);
	return expect(ORC_INTEGRITY);
}

/* What its sender had early in another view is not sent again. */
static const char *test_integrity_early_later_view(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_UNORDERED, 11);
	deliver(&p, 0, 0, 1, CPG_SVC_UNORDERED, 11);
	give(&p, 0, 0, 1, CPG_SVC_UNORDERED, 11);
	part(&p, 0);
	part(&p, 1);
	go(&p, 0, id_of(3, 1), id_of(4, 1), &both[0], 1, both, 2);
	go(&p, 1, id_of(3, 2), id_of(4, 1), &both[1], 1, both, 2);
	p.id = id_of(4, 1);
	deliver(&p, 1, 0, 1, CPG_SVC_UNORDERED, 11);
	return expect(ORC_INTEGRITY);
}

static const char *test_fifo_early(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	sent(&p, 0, CPG_SVC_FIFO, 12);
	deliver(&p, 1, 0, 1, CPG_SVC_FIFO, 12);
	return expect(ORC_FIFO);
}

static const char *test_fifo_back(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_FIFO, 11);
	sent(&p, 0, CPG_SVC_FIFO, 12);
	orc.procs[0]->sent[0].home = orc_view_find(&orc, id_of(1, 1));
	deliver(&p, 1, 0, 1, CPG_SVC_FIFO, 12);
	give(&p, 1, 0, 1, CPG_SVC_FIFO, 12);
	orc.procs[0]->sent[0].home = NULL;
	deliver(&p, 1, 0, 1, CPG_SVC_FIFO, 11);
	return expect(ORC_FIFO);
}

/* UNORDERED neither waits nor is waited for. */
static const char *test_fifo_unordered(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	sent(&p, 0, CPG_SVC_UNORDERED, 12);
	sent(&p, 0, CPG_SVC_UNORDERED, 13);
	sent(&p, 0, CPG_SVC_AGREED, 14);
	deliver(&p, 1, 0, 1, CPG_SVC_UNORDERED, 13);
	give(&p, 1, 0, 1, CPG_SVC_UNORDERED, 13);
	deliver(&p, 1, 3, 1, CPG_SVC_AGREED, 11);
	give(&p, 1, 3, 1, CPG_SVC_AGREED, 11);
	deliver(&p, 1, 4, 1, CPG_SVC_AGREED, 14);
	give(&p, 1, 4, 1, CPG_SVC_AGREED, 14);
	deliver(&p, 1, 0, 1, CPG_SVC_UNORDERED, 12);
	give(&p, 1, 0, 1, CPG_SVC_UNORDERED, 12);
	return expect(ORC_OK);
}

/* Its sender had been delivered what stands there. */
static const char *test_causal_position(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	sent(&p, 0, CPG_SVC_FIFO, 12);
	deliver(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	give(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	sent(&p, 1, CPG_SVC_AGREED, 21);
	orc.procs[1]->sent[0].known_in = orc_view_find(&orc, p.id);
	orc.procs[1]->sent[0].known = 4;
	deliver(&p, 0, 4, 2, CPG_SVC_AGREED, 21);
	return expect(ORC_CAUSAL);
}

static const char *test_agreed_early(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	deliver(&p, 0, 0, 1, CPG_SVC_AGREED, 11);
	return expect(ORC_AGREED);
}

static const char *test_agreed_place_two(void)
{
	struct pair p;

	both_early(&p);
	place(&p, 0, 3, 2, 21);
	place(&p, 1, 3, 1, 11);
	return expect(ORC_AGREED);
}

static const char *test_agreed_place_never(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_FIFO, 11);
	place(&p, 1, 3, 1, 11);
	return expect(ORC_AGREED);
}

static const char *test_vsync_early(void)
{
	struct pair p;
	u32 i;

	members(&p);
	sent(&p, 0, CPG_SVC_UNORDERED, 11);
	deliver(&p, 0, 0, 1, CPG_SVC_UNORDERED, 11);
	give(&p, 0, 0, 1, CPG_SVC_UNORDERED, 11);
	for (i = 0; i < 2; i++)
		renew(&p, i);
	return expect(ORC_VSYNC);
}

static const char *test_cut_early(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_FIFO, 11);
	deliver(&p, 0, 0, 1, CPG_SVC_FIFO, 11);
	give(&p, 0, 0, 1, CPG_SVC_FIFO, 11);
	renew(&p, 0);
	orc_trans(&orc, p.life[1], p.id, both, 2);
	deliver(&p, 1, 0, 1, CPG_SVC_FIFO, 11);
	give(&p, 1, 0, 1, CPG_SVC_FIFO, 11);
	orc_view(&orc, p.life[1], id_of(3, 1), both, 2);
	return expect(ORC_CUT);
}

static const char *test_stable_early(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_FIFO, 11);
	deliver(&p, 0, 0, 1, CPG_SVC_FIFO, 11);
	give(&p, 0, 0, 1, CPG_SVC_FIFO, 11);
	orc_finish(&orc, true);
	return expect(ORC_STABLE);
}

static const char *test_groups_early(void)
{
	struct pair p;

	members(&p);
	orc_leave(p.proc[1], true);
	change(&p, 0, 3, 2);
	give_chg(&p, 0, 3, 1 << 1, 2, CPG_CHG_LEAVE);
	sent(&p, 1, CPG_SVC_UNORDERED, 21);
	deliver(&p, 0, 0, 2, CPG_SVC_UNORDERED, 21);
	give(&p, 0, 0, 2, CPG_SVC_UNORDERED, 21);
	return expect(ORC_GROUPS);
}

static const char *test_agreed(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	sent(&p, 1, CPG_SVC_AGREED, 21);
	deliver(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	deliver(&p, 1, 3, 2, CPG_SVC_AGREED, 21);
	return expect(ORC_AGREED);
}

static const char *test_agreed_back(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	deliver(&p, 0, 2, 1, CPG_SVC_AGREED, 11);
	return expect(ORC_AGREED);
}

static const char *test_agreed_hole(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	deliver(&p, 0, 4, 1, CPG_SVC_AGREED, 11);
	return expect(ORC_AGREED);
}

/* A position of one who stays is left out. */
static const char *test_agreed_hole_trans(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	sent(&p, 1, CPG_SVC_AGREED, 21);
	deliver(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	give(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	orc_end(&orc, p.life[0], ORC_CRASHED);
	orc_trans(&orc, p.life[1], p.id, both, 2);
	deliver(&p, 1, 4, 2, CPG_SVC_AGREED, 21);
	give(&p, 1, 4, 2, CPG_SVC_AGREED, 21);
	orc_view(&orc, p.life[1], id_of(3, 1), both, 2);
	orc_finish(&orc, false);
	return expect(ORC_AGREED);
}

static const char *test_safe(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_SAFE, 11);
	deliver(&p, 0, 3, 1, CPG_SVC_SAFE, 11);
	give(&p, 0, 3, 1, CPG_SVC_SAFE, 11);
	part(&p, 0);
	part(&p, 1);
	orc_finish(&orc, false);
	return expect(ORC_SAFE);
}

/* Delivered after a transitional configuration of @n, who both go on alone. */
static void safe_trans(u32 n)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_SAFE, 11);
	orc_trans(&orc, p.life[0], p.id, both, n);
	deliver(&p, 0, 3, 1, CPG_SVC_SAFE, 11);
	give(&p, 0, 3, 1, CPG_SVC_SAFE, 11);
	orc_view(&orc, p.life[0], id_of(3, 1), both, n);
	part(&p, 1);
	orc_finish(&orc, false);
}

/* It promises nothing of those who are not in the set, */
static const char *test_safe_trans(void)
{
	safe_trans(1);
	return expect(ORC_OK);
}

/* and that those in it deliver it, wherever they go. */
static const char *test_safe_trans_set(void)
{
	safe_trans(2);
	return expect(ORC_SAFE);
}

static const char *test_cut(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	deliver(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	give(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	renew(&p, 0);
	orc_trans(&orc, p.life[1], p.id, both, 2);
	deliver(&p, 1, 3, 1, CPG_SVC_AGREED, 11);
	give(&p, 1, 3, 1, CPG_SVC_AGREED, 11);
	orc_view(&orc, p.life[1], id_of(3, 1), both, 2);
	return expect(ORC_CUT);
}

static const char *test_primary(void)
{
	struct pair p;

	together(&p);
	part(&p, 0);
	orc_quorate(&orc, p.life[0], id_of(3, 1), true);
	return expect(ORC_PRIMARY);
}

static const char *test_primary_two(void)
{
	struct pair p;

	together(&p);
	orc.expected = 1;
	part(&p, 0);
	part(&p, 1);
	orc_quorate(&orc, p.life[0], id_of(3, 1), true);
	orc_quorate(&orc, p.life[1], id_of(3, 2), true);
	return expect(ORC_PRIMARY);
}

/* The first is alone with two votes of three, then the other with one. */
static const char *test_primary_votes(void)
{
	struct pair p;

	together(&p);
	orc.expected = 3;
	orc_votes(&orc, 1, 2, 3);
	part(&p, 0);
	part(&p, 1);
	orc_quorate(&orc, p.life[0], id_of(3, 1), true);
	orc_quorate(&orc, p.life[1], id_of(3, 2), false);
	return expect(ORC_OK);
}

/* Majorities of different times have a node in common. */
static const char *test_primary_apart(void)
{
	const u32 second = 2;
	struct pair p;

	together(&p);
	orc.expected = 1;
	part(&p, 0);
	go(&p, 1, p.id, id_of(4, 2), &second, 1, &second, 1);
	orc_quorate(&orc, p.life[0], id_of(3, 1), true);
	orc_quorate(&orc, p.life[1], id_of(4, 2), true);
	return expect(ORC_PRIMARY);
}

static const char *test_primary_accept(void)
{
	struct pair p;

	members(&p);
	p.proc[0]->quorum = true;
	sent(&p, 0, CPG_SVC_AGREED, 11);
	if (orc.prop)
		return expect(ORC_OK);
	part(&p, 0);
	sent(&p, 0, CPG_SVC_AGREED, 12);
	return expect(ORC_PRIMARY);
}

static const char *test_primary_refuse(void)
{
	struct pair p;

	members(&p);
	p.proc[0]->quorum = true;
	orc_unsent(&orc, p.proc[0], -EHOSTUNREACH);
	return expect(ORC_FLOW);
}

static const char *test_primary_order(void)
{
	struct orc_what what = msg_of(1, CPG_SVC_AGREED, 11);
	struct pair p;

	members(&p);
	p.proc[0]->quorum = true;
	sent(&p, 0, CPG_SVC_AGREED, 11);
	part(&p, 0);
	orc_deliver(&orc, p.life[0], id_of(3, 1), 1, &what);
	return expect(ORC_PRIMARY);
}

static const char *test_merge(void)
{
	struct pair p;

	together(&p);
	part(&p, 0);
	part(&p, 1);
	orc_finish(&orc, true);
	return expect(ORC_MERGE);
}

static const char *test_stable(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	deliver(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	give(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	orc_finish(&orc, true);
	return expect(ORC_STABLE);
}

static const char *test_exclusion(void)
{
	struct pair p;

	together(&p);
	orc_end(&orc, p.life[1], ORC_CRASHED);
	orc_finish(&orc, true);
	return expect(ORC_EXCLUSION);
}

/* The other is well, and nothing was wrong. */
static const char *test_exclusion_well(void)
{
	struct pair p;

	together(&p);
	orc_calm(&orc, 100);
	part(&p, 0);
	return expect(ORC_EXCLUSION);
}

static const char *test_exclusion_again(void)
{
	struct pair p;

	together(&p);
	orc_calm(&orc, 100);
	go(&p, 0, p.id, id_of(3, 1), both, 2, both, 2);
	return expect(ORC_EXCLUSION);
}

/* The other died, and is put out neither too early nor too late. */
static const char *test_exclusion_dead(void)
{
	struct pair p;

	together(&p);
	orc_calm(&orc, 100);
	orc.now = 10;
	orc_end(&orc, p.life[1], ORC_CRASHED);
	orc.now = 110;
	orc_calm_check(&orc);
	part(&p, 0);
	orc.now = 200;
	orc_calm_check(&orc);
	return expect(ORC_OK);
}

static const char *test_exclusion_late(void)
{
	struct pair p;

	together(&p);
	orc_calm(&orc, 100);
	orc.now = 10;
	orc_end(&orc, p.life[1], ORC_CRASHED);
	orc.now = 111;
	orc_calm_check(&orc);
	return expect(ORC_EXCLUSION);
}

static const char *test_groups_first(void)
{
	struct pair p;

	together(&p);
	p.proc[0] = orc_join(&orc, p.life[0], 101, 7, false);
	p.proc[1] = orc_join(&orc, p.life[1], 102, 7, false);
	change(&p, 0, 1, 2);
	give_chg(&p, 0, 1, 1 << 2, 2, CPG_CHG_JOIN);
	return expect(ORC_GROUPS);
}

static const char *test_groups_fold(void)
{
	struct pair p;

	members(&p);
	orc_leave(p.proc[1], true);
	change(&p, 0, 3, 2);
	give_chg(&p, 0, 3, 1 << 1 | 1 << 2, 2, CPG_CHG_LEAVE);
	return expect(ORC_GROUPS);
}

static const char *test_groups_reason(void)
{
	struct pair p;

	members(&p);
	orc_leave(p.proc[1], true);
	change(&p, 0, 3, 2);
	give_chg(&p, 0, 3, 1 << 1, 2, CPG_CHG_PROCDOWN);
	return expect(ORC_GROUPS);
}

static const char *test_groups_nodedown(void)
{
	struct pair p;

	members(&p);
	renew(&p, 0);
	p.id = id_of(3, 1);
	give_chg(&p, 0, 0, 1 << 1, 2, CPG_CHG_NODEDOWN);
	return expect(ORC_GROUPS);
}

static const char *test_groups_lost(void)
{
	struct pair p;

	members(&p);
	sent(&p, 0, CPG_SVC_AGREED, 11);
	deliver(&p, 0, 3, 1, CPG_SVC_AGREED, 11);
	part(&p, 0);
	return expect(ORC_GROUPS);
}

static const char *test_groups_ghost(void)
{
	struct pair p;

	members(&p);
	orc_gone(p.proc[1]);
	orc_finish(&orc, true);
	return expect(ORC_GROUPS);
}

static const char *test_groups_after_leave(void)
{
	struct pair p;

	members(&p);
	orc_leave(p.proc[0], true);
	change(&p, 0, 3, 1);
	give_chg(&p, 0, 3, 1 << 2, 1, CPG_CHG_LEAVE);
	sent(&p, 1, CPG_SVC_AGREED, 21);
	deliver(&p, 0, 4, 2, CPG_SVC_AGREED, 21);
	give(&p, 0, 4, 2, CPG_SVC_AGREED, 21);
	return expect(ORC_GROUPS);
}

static const char *test_closed(void)
{
	struct pair p;

	members(&p);
	p.proc[1]->group = 8;
	sent(&p, 1, CPG_SVC_AGREED, 21);
	deliver(&p, 0, 3, 2, CPG_SVC_AGREED, 21);
	give(&p, 0, 3, 2, CPG_SVC_AGREED, 21);
	return expect(ORC_CLOSED);
}

#define TEST(name)	{ #name, test_##name }

static const struct ktap_test tests[] = {
	TEST(right), TEST(right_part), TEST(integrity_unsent),
	TEST(integrity_twice), TEST(integrity_later_view),
	TEST(again), TEST(integrity_again),
	TEST(integrity_process), TEST(view_order), TEST(view_order_self),
	TEST(view_order_lives), TEST(same_view), TEST(same_view_never),
	TEST(trans_missing), TEST(trans_stranger), TEST(trans_gone),
	TEST(trans_differs), TEST(trans_other_way), TEST(self), TEST(vsync),
	TEST(fifo), TEST(causal), TEST(agreed), TEST(agreed_back),
	TEST(agreed_hole), TEST(agreed_hole_trans), TEST(safe),
	TEST(safe_trans), TEST(safe_trans_set), TEST(cut), TEST(primary),
	TEST(primary_two),
	TEST(primary_votes), TEST(primary_apart), TEST(primary_accept),
	TEST(primary_refuse), TEST(primary_order),
	TEST(merge), TEST(stable), TEST(exclusion), TEST(exclusion_well),
	TEST(exclusion_again), TEST(exclusion_dead), TEST(exclusion_late),
	TEST(groups_first),
	TEST(groups_fold), TEST(groups_reason), TEST(groups_nodedown),
	TEST(groups_lost), TEST(groups_ghost), TEST(groups_after_leave),
	TEST(closed), TEST(right_early), TEST(integrity_early_twice),
	TEST(integrity_early_later_view), TEST(fifo_early), TEST(fifo_back),
	TEST(fifo_unordered), TEST(causal_position), TEST(agreed_early),
	TEST(agreed_place_two), TEST(agreed_place_never), TEST(vsync_early),
	TEST(cut_early), TEST(stable_early), TEST(groups_early),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	sim_arena_exit(&arena);
	return bad;
}
