// SPDX-License-Identifier: GPL-2.0
/* See orc_hist.h. */
#include "ktap.h"
#include "orc_hist.h"

struct sim_arena arena;
struct orc orc;

const u32 both[] = { 1, 2 };

struct orc *reset(void)
{
	sim_arena_reset(&arena);
	orc_init(&orc, &arena, 2);
	return &orc;
}

const char *expect(enum orc_prop prop)
{
	if (orc.prop == prop)
		return NULL;
	return ktap_fail("%s instead of %s: %s", orc_prop_names[orc.prop],
			 orc_prop_names[prop], orc.text);
}

struct orc_id id_of(u64 seq, u32 rep)
{
	return (struct orc_id){ .seq = seq, .rep = rep };
}

struct orc_what msg_of(u32 origin, u8 svc, u64 hash)
{
	return (struct orc_what){
		.origin = origin, .port = 1, .is_msg = true, .svc = svc,
		.len = LEN, .hash = hash, .serial = hash,
	};
}

/* Node i + 1 is alone in view 1.(i + 1), with nothing delivered. */
void alone(struct pair *p, u32 i)
{
	u32 nodeid = i + 1;

	p->life[i] = orc_start(&orc, nodeid);
	orc_view(&orc, p->life[i], id_of(1, nodeid), &nodeid, 1);
	orc_quorate(&orc, p->life[i], id_of(1, nodeid), false);
}

void go(struct pair *p, u32 i, struct orc_id from, struct orc_id to,
	const u32 *trans, u32 n_trans, const u32 *nodes, u32 n)
{
	orc_trans(&orc, p->life[i], from, trans, n_trans);
	orc_view(&orc, p->life[i], to, nodes, n);
}

void together(struct pair *p)
{
	u32 i;

	reset();
	p->id = id_of(2, 1);
	for (i = 0; i < 2; i++)
		alone(p, i);
	for (i = 0; i < 2; i++)
		go(p, i, id_of(1, i + 1), p->id, &both[i], 1, both, 2);
}

enum {
	CHG_MEMBERS = 8,
};

/* Room for a change of a few processes. */
union chg_buf {
	struct cpg_confchg	chg;
	u8			room[sizeof(struct cpg_confchg) +
				     CHG_MEMBERS * sizeof(struct cpg_member)];
};

static struct cpg_member member(u32 nodeid, u32 reason)
{
	return (struct cpg_member){
		.nodeid = nodeid, .pid = 100 + nodeid, .port = 1,
		.reason = reason,
	};
}

/* Members as bits, and one that left or joined. */
static void chg_fill(union chg_buf *b, u32 members, u32 who, u32 reason)
{
	bool joined = reason == CPG_CHG_JOIN || reason == CPG_CHG_NODEUP;
	struct cpg_member *m = b->chg.entries;
	u32 n = 0;
	u32 i;

	memset(b, 0, sizeof(*b));
	for (i = 1; i < CHG_MEMBERS; i++)
		if (members >> i & 1)
			m[n++] = member(i, CPG_CHG_NONE);
	b->chg.n_members = n;
	m[n] = member(who, reason);
	b->chg.n_joined = joined;
	b->chg.n_left = !joined;
}

static struct cpg_seq seq_of(struct orc_id id, u64 pos)
{
	return (struct cpg_seq){
		.view_seq = id.seq, .view_rep = id.rep, .seq = pos,
	};
}

void give_chg(struct pair *p, u32 i, u64 pos, u32 members, u32 who,
	      u32 reason)
{
	struct cpg_seq seq = seq_of(p->id, pos);
	union chg_buf b;

	chg_fill(&b, members, who, reason);
	orc_event_chg(&orc, p->proc[i], &seq, &b.chg);
}

void change(struct pair *p, u32 i, u64 pos, u32 origin)
{
	struct orc_what what = { .origin = origin, .port = 1 };

	orc_deliver(&orc, p->life[i], p->id, pos, &what);
}

/* In view 2.1, at positions 1 and 2, both processes join. */
void members(struct pair *p)
{
	u32 i;

	together(p);
	for (i = 0; i < 2; i++)
		p->proc[i] = orc_join(&orc, p->life[i], 101 + i, 7,
				      false);
	for (i = 0; i < 2; i++) {
		change(p, i, 1, 1);
		if (i == 0)
			give_chg(p, 0, 1, 1 << 1, 1, CPG_CHG_JOIN);
		change(p, i, 2, 2);
		if (i == 0)
			give_chg(p, 0, 2, 1 << 1 | 1 << 2, 2, CPG_CHG_JOIN);
		else
			give_chg(p, 1, 2, 1 << 1 | 1 << 2, 2, CPG_CHG_JOIN);
	}
}

void sent(struct pair *p, u32 i, u8 svc, u64 hash)
{
	p->proc[i]->port = 1;
	orc_sent(&orc, p->proc[i], svc, LEN, hash, hash);
}

void deliver(struct pair *p, u32 i, u64 pos, u32 origin, u8 svc,
	     u64 hash)
{
	struct orc_what what = msg_of(origin, svc, hash);

	orc_deliver(&orc, p->life[i], p->id, pos, &what);
}

void give(struct pair *p, u32 i, u64 pos, u32 origin, u8 svc, u64 hash)
{
	struct cpg_member from = member(origin, CPG_CHG_NONE);
	struct cpg_seq seq = seq_of(p->id, pos);

	orc_event_msg(&orc, p->proc[i], &seq, &from, svc, LEN, hash);
}

void both_get(struct pair *p, u64 pos, u32 origin, u64 hash)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		deliver(p, i, pos, origin, CPG_SVC_AGREED, hash);
		give(p, i, pos, origin, CPG_SVC_AGREED, hash);
	}
}

/* From view 2.1, node i goes on alone. */
void part(struct pair *p, u32 i)
{
	u32 nodeid = i + 1;

	go(p, i, p->id, id_of(3, nodeid), &nodeid, 1, &nodeid, 1);
}

/* From view 2.1, node i goes on to view 3.1 with the other. */
void renew(struct pair *p, u32 i)
{
	go(p, i, p->id, id_of(3, 1), both, 2, both, 2);
}
