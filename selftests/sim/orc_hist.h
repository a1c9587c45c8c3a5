/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Histories made up by hand: of two nodes, in the words of the tests of the
 * oracle.
 */
#ifndef _SIM_ORC_HIST_H
#define _SIM_ORC_HIST_H

#include "oracle.h"

enum {
	LEN = 8,	/* of all messages here */
};

extern struct sim_arena arena;
extern struct orc orc;
extern const u32 both[2];

/* Two nodes, each with a process in one group, in a view of both. */
struct pair {
	struct orc_life	*life[2];
	struct orc_proc	*proc[2];
	struct orc_id	id;
};

struct orc *reset(void);
const char *expect(enum orc_prop prop);
struct orc_id id_of(u64 seq, u32 rep);
struct orc_what msg_of(u32 origin, u8 svc, u64 hash);
void alone(struct pair *p, u32 i);
void go(struct pair *p, u32 i, struct orc_id from, struct orc_id to,
	const u32 *trans, u32 n_trans, const u32 *nodes, u32 n);
void together(struct pair *p);
void give_chg(struct pair *p, u32 i, u64 pos, u32 members, u32 who,
	      u32 reason);
void change(struct pair *p, u32 i, u64 pos, u32 origin);
void members(struct pair *p);
void sent(struct pair *p, u32 i, u8 svc, u64 hash);
void deliver(struct pair *p, u32 i, u64 pos, u32 origin, u8 svc,
	     u64 hash);
void give(struct pair *p, u32 i, u64 pos, u32 origin, u8 svc, u64 hash);
void both_get(struct pair *p, u64 pos, u32 origin, u64 hash);
void part(struct pair *p, u32 i);
void renew(struct pair *p, u32 i);

#endif /* _SIM_ORC_HIST_H */
