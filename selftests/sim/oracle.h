/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The oracle: what must hold on every history of a cluster.
 *
 * It is told what happened, node by node, in the order in which it happened,
 * and says which property was broken first, and how.  It knows nothing of the
 * engine: histories can come from the simulator, from real machines or from a
 * test that makes one up.
 *
 * A node is known here by its life: a node that crashed and came back is
 * another one.
 */
#ifndef _SIM_ORACLE_H
#define _SIM_ORACLE_H

#include <stdio.h>

#include "env.h"
#include "env_mem.h"
#include "arena.h"

/* The properties that a history must have. */
enum orc_prop {
	ORC_OK,
	ORC_INTEGRITY,		/* delivered once, as it was sent */
	ORC_VIEW_ORDER,		/* views grow; a node is in its own views */
	ORC_SAME_VIEW,		/* one id, one list of members */
	ORC_TRANS,		/* who comes along from one view to the next */
	ORC_SELF,		/* a sender gets what it sent */
	ORC_VSYNC,		/* same views, same messages between them */
	ORC_FIFO,		/* in the order of the sender */
	ORC_CAUSAL,		/* after what its sender knew */
	ORC_AGREED,		/* a position has one message */
	ORC_SAFE,		/* safe means everyone has it */
	ORC_CUT,		/* one place for the transitional set */
	ORC_PRIMARY,		/* one majority at a time */
	ORC_MERGE,		/* connected nodes come to one view */
	ORC_STABLE,		/* quiet members have the same messages */
	ORC_EXCLUSION,		/* no one is put out without a reason */
	ORC_GROUPS,		/* members are what the events say */
	ORC_CLOSED,		/* messages stay in their group */
	ORC_FLOW,		/* nobody is held back for ever */
	ORC_ENGINE,		/* the engine's own invariants, its interface */
	ORC_MEMORY,		/* all memory is given back */
	__ORC_NR
};

extern const char *const orc_prop_names[__ORC_NR];

enum {
	ORC_NODES_MAX = CPG_NODES_MAX,
	ORC_TEXT_MAX = 400,
};

/* struct orc_life how it ended */
enum orc_end {
	ORC_UP,
	ORC_STOPPED,		/* in good order */
	ORC_CRASHED,
};

/**
 * struct orc_id - the id of a view
 * @seq: number
 * @rep: node id of its representative
 */
struct orc_id {
	u64	seq;
	u32	rep;
};

/**
 * struct orc_what - what was delivered
 * @port: of the process that sent it
 * @origin: its node
 * @is_msg: a message; otherwise a join or a leave
 * @again: this node delivered it in an earlier view; its sender, elsewhere
 *	then, had to send it again, and nobody here is given it
 * @svc: CPG_SVC_*
 * @len: bytes
 * @hash: of the contents
 * @serial: what its node called it when it accepted it; grows
 */
struct orc_what {
	u32	origin;
	u32	port;
	bool	is_msg;
	bool	again;
	u8	svc;
	u32	len;
	u64	hash;
	u64	serial;
};

struct orc_life;

/**
 * struct orc_pos - what is known of a place in the order of a view
 * @what: what is there
 * @known: somebody delivered it
 * @chg: hash of the change of the group that belongs there; 0 if none is known
 */
struct orc_pos {
	struct orc_what	what;
	bool		known;
	u64		chg;
};

/**
 * struct orc_view - a view that somebody installed
 * @next: in the same hash chain
 * @id: id
 * @n: members
 * @votes: their votes
 * @expected: votes that they expect of the whole cluster
 * @nodes: their node ids, ascending
 * @lives: which life of each was in the view; NULL if none was seen yet
 * @pos: what is known of each position, from 1 at index 0
 * @n_pos: positions up to the greatest known one
 * @max_pos: room in @pos
 * @safe: greatest position that somebody delivered as SAFE in the view itself
 * @quorate: 1 or 0 as somebody was told; -1 if nobody was yet
 * @groups: members of each group at the start of the view, as hashes
 * @n_groups: number of @groups
 * @max_groups: room in @groups
 */
struct orc_view {
	struct orc_view		*next;
	struct orc_id		id;
	u32			n;
	u32			votes;
	u32			expected;
	u32			nodes[ORC_NODES_MAX];
	struct orc_life		*lives[ORC_NODES_MAX];
	struct orc_pos		*pos;
	u32			n_pos;
	u32			max_pos;
	u64			safe;
	int			quorate;
	struct {
		u32	group;
		u64	hash;
	}			*groups;
	u32			n_groups;
	u32			max_groups;
};

/**
 * struct orc_stay - the time of a life in a view
 * @view: the view
 * @from: the view before it, or NULL
 * @to: the view after it, or NULL
 * @last: greatest position delivered
 * @holes: positions below @last that were not
 * @n_holes: number of @holes
 * @max_holes: room in @holes
 * @sum: hash over all that was delivered, with positions
 * @early: hash over what was delivered without waiting for its position, in
 *	whatever order
 * @early_last: the last of that
 * @trans: the transitional configuration has been delivered
 * @cut: @last at that point
 * @cut_early: @early at that point
 * @n_trans: nodes of the transitional set
 * @trans_nodes: their node ids, ascending
 */
struct orc_stay {
	struct orc_view	*view;
	struct orc_view	*from;
	struct orc_view	*to;
	u64		last;
	u64		*holes;
	u32		n_holes;
	u32		max_holes;
	u64		sum;
	u64		early;
	struct orc_what	early_last;
	bool		trans;
	u64		cut;
	u64		cut_early;
	u32		n_trans;
	u32		*trans_nodes;
};

/**
 * struct orc_had - what a node was delivered of a process
 * @next: FIFO and stronger: what is before this was delivered, or never will be
 * @n: messages that were delivered
 * @got: indexed by message: it was delivered
 * @max_got: room in @got
 */
struct orc_had {
	u32	next;
	u32	n;
	bool	*got;
	u32	max_got;
};

/**
 * struct orc_life - a node, from start to end
 * @orc: the oracle
 * @idx: number of this life in the run
 * @nodeid: its node id
 * @end: enum orc_end
 * @ended: when
 * @stopping: it was asked to stop
 * @stays: the views it was in
 * @n_stays: their number; the last is the present one
 * @max_stays: room in @stays
 * @had: indexed by process
 * @max_had: room in @had
 * @procs: processes that are or were here
 * @active: those that are members and have not ended
 * @found: the one that was looked for last, or NULL
 */
struct orc_life {
	struct orc		*orc;
	u32			idx;
	u32			nodeid;
	enum orc_end		end;
	u64			ended;
	bool			stopping;
	struct orc_stay		**stays;
	u32			n_stays;
	u32			max_stays;
	struct orc_had		*had;
	u32			max_had;
	struct list_head	procs;
	struct list_head	active;
	struct orc_proc		*found;
};

/**
 * struct orc_sent - a message that was accepted
 * @hash: of its contents
 * @len: bytes
 * @svc: CPG_SVC_*
 * @serial: what its node calls it
 * @known_in: view that its sender was in
 * @known: what the sender had delivered of that view
 * @home: view in which its own node delivered it, or NULL
 */
struct orc_sent {
	u64			hash;
	u32			len;
	u8			svc;
	u64			serial;
	struct orc_view		*known_in;
	u64			known;
	struct orc_view		*home;
};

/**
 * struct orc_proc - a process, from its join
 * @entry: in its node's list
 * @active: in its node's list of members, if it is one and has not ended
 * @idx: number in the run
 * @life: its node
 * @pid: its pid
 * @port: 0 until it is known
 * @group: number of its group
 * @leaving: it asked to leave
 * @gone: it is detached, or it was evicted for lack of memory
 * @quorum: it may send with a majority only
 * @is_member: it was delivered its own join and not yet its leave
 * @is_out: it was delivered its own leave
 * @sent: messages that were accepted from it
 * @n_sent: their number
 * @max_sent: room in @sent
 * @members: what it knows as its group's members
 * @n_members: their number
 * @max_members: room in @members
 * @due: messages that its node delivered to the group since it is a member
 * @got: messages that it was given
 * @view: view of its last event
 * @seq: position of its last event
 * @came: processes came in this change of view; then no one may go any more
 * @fresh: nothing but the change of view was received in this view with a
 *	position
 * @talked: a message without a position was received in this view
 */
struct orc_proc {
	struct list_head	entry;
	struct list_head	active;
	u32			idx;
	struct orc_life		*life;
	u32			pid;
	u32			port;
	u32			group;
	bool			leaving;
	bool			gone;
	bool			quorum;
	bool			is_member;
	bool			is_out;
	struct orc_sent		*sent;
	u32			n_sent;
	u32			max_sent;
	struct cpg_member	*members;
	u32			n_members;
	u32			max_members;
	u64			due;
	u64			got;
	struct orc_id		view;
	u64			seq;
	bool			came;
	bool			fresh;
	bool			talked;
};

enum {
	ORC_HASH = 256,
};

/**
 * struct orc - an oracle
 * @arena: where all of it is
 * @prop: the property that was broken first
 * @text: how
 * @expected: votes of all nodes that are configured; 0: majorities are not
 *	looked at
 * @votes: what orc_votes() said
 * @n_votes: their number
 * @max_votes: room in @votes
 * @now: time; kept by who tells the history
 * @trace: where to write what it is told, or NULL
 * @calm: see orc_calm(); 0: something is wrong
 * @calm_from: since when it is not
 * @lives: all lives
 * @n_lives: their number
 * @max_lives: room in @lives
 * @procs: all processes
 * @n_procs: their number
 * @max_procs: room in @procs
 * @views: by hash of the id
 */
struct orc {
	struct sim_arena	*arena;
	enum orc_prop		prop;
	char			text[ORC_TEXT_MAX];
	u32			expected;
	struct {
		u32	nodeid;
		u32	votes;
		u32	expected;
	}			*votes;
	u32			n_votes;
	u32			max_votes;
	u64			now;
	FILE			*trace;
	u64			calm;
	u64			calm_from;
	struct orc_life		**lives;
	u32			n_lives;
	u32			max_lives;
	struct orc_proc		**procs;
	u32			n_procs;
	u32			max_procs;
	struct orc_view		*views[ORC_HASH];
};

void orc_init(struct orc *o, struct sim_arena *arena, u32 expected);
void orc_votes(struct orc *o, u32 nodeid, u32 votes, u32 expected);

/* Only the first failure is kept.  Cold: the calls are out of the way. */
void __printf(3, 4) __attribute__((cold))
orc_fail(struct orc *o, enum orc_prop prop, const char *fmt, ...);

/* oracle.c: lives and processes */
struct orc_life *orc_start(struct orc *o, u32 nodeid);
void orc_stopping(struct orc_life *life);
void orc_end(struct orc *o, struct orc_life *life, enum orc_end end);
struct orc_proc *orc_join(struct orc *o, struct orc_life *life, u32 pid,
			  u32 group, bool quorum);
void orc_refused(struct orc_proc *proc);
void orc_leave(struct orc_proc *proc, bool leaving);
void orc_gone(struct orc_proc *proc);
void orc_sent(struct orc *o, struct orc_proc *proc, u8 svc, u32 len, u64 hash,
	      u64 serial);
void orc_unsent(struct orc *o, struct orc_proc *proc, int err);
struct orc_proc *orc_proc_find(struct orc_life *life, u32 port);
struct orc_view *orc_view_find(struct orc *o, struct orc_id id);
struct orc_stay *orc_stay(struct orc_life *life);
void orc_votes_of(const struct orc *o, u32 nodeid, u32 *votes, u32 *expected);
bool orc_in(const u32 *nodes, u32 n, u32 nodeid);
int orc_view_idx(const struct orc_view *view, u32 nodeid);

/* orc_order.c: what nodes deliver */
void orc_deliver(struct orc *o, struct orc_life *life, struct orc_id id,
		 u64 pos, const struct orc_what *what);
void orc_place(struct orc *o, struct orc_life *life, struct orc_id id, u64 pos,
	       u32 origin, u32 port, u64 serial);
u32 orc_had_n(const struct orc_life *life, const struct orc_proc *proc);

/* orc_view.c: views and transitional sets */
void orc_trans(struct orc *o, struct orc_life *life, struct orc_id id,
	       const u32 *nodes, u32 n);
void orc_view(struct orc *o, struct orc_life *life, struct orc_id id,
	      const u32 *nodes, u32 n);
bool orc_stay_has(const struct orc_stay *stay, u64 pos);
bool orc_majority(const struct orc_view *view);
void orc_quorate(struct orc *o, struct orc_life *life, struct orc_id id,
		 bool quorate);

/* orc_group.c: what processes receive */
void orc_event_msg(struct orc *o, struct orc_proc *proc,
		   const struct cpg_seq *seq, const struct cpg_member *sender,
		   u8 svc, u32 len, u64 hash);
void orc_event_chg(struct orc *o, struct orc_proc *proc,
		   const struct cpg_seq *seq, const struct cpg_confchg *chg);
void orc_due(struct orc *o, struct orc_life *life, u32 group);
void orc_due_check(struct orc *o, struct orc_life *life);

/* orc_calm.c: when nothing is wrong */
void orc_calm(struct orc *o, u64 bound);
void orc_calm_view(struct orc *o, const struct orc_life *life,
		   const struct orc_view *old, const struct orc_view *view);
void orc_calm_check(struct orc *o);

/* orc_end.c: at the end of a history; @quiet: faults are over since long */
void orc_finish(struct orc *o, bool quiet);

#endif /* _SIM_ORACLE_H */
