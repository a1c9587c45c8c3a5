/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An engine by itself, for tests that say what all others do: each packet that
 * comes to it is made by hand.
 */
#ifndef _ENGINE_LONE_H
#define _ENGINE_LONE_H

#include "engine_priv.h"
#include "ktap.h"

enum {
	LONE_NODEID = 5,
	LONE_INCARNATION = 7,
	LONE_CLUSTER = 0xc1,
};

/**
 * struct lone_calls - what the engine called, and how often
 * @xmit: packets sent, by type
 * @reply: packets sent back
 * @used: told that the id is used twice
 * @refused: told that this is the one to go
 * @stopped: told that it is stopped
 * @msgs: messages delivered
 * @last: bytes of the last of them
 * @left: processes that are out
 */
struct lone_calls {
	u32	xmit[__CPG_WIRE_NR];
	u32	reply;
	u32	used;
	u32	refused;
	u32	stopped;
	u32	msgs;
	u32	last;
	u32	left;
};

extern const struct cpg_engine_ops lone_ops;
extern struct lone_calls calls;
extern struct cpg_user_env env;
extern struct cpg_engine *eng;
extern u64 now;

void lone_config(struct cpg_engine_config *cfg);

/* Begin: @eng is a new engine; no other node is configured. */
void lone_create(void);
void lone_create_with(const struct cpg_engine_config *cfg);

/* End; NULL, or @why, or what else is wrong with it. */
const char *lone_destroy(const char *why);

struct cpg_proc *lone_join(const char *group, u32 pid);
int lone_send(struct cpg_proc *proc, u8 service, u32 len);

/* A packet came: of node @src, whose incarnation is its id, in view @id. */
enum cpg_drop lone_rcv(u32 src, const struct cpg_vid *id, u32 type,
		       const void *p, u32 len);

/* The same, and it is not the last of its batch. */
enum cpg_drop lone_take(u32 src, const struct cpg_vid *id, u32 type,
			const void *p, u32 len);

/* As lone_rcv(), of whichever life of that node. */
enum cpg_drop lone_rcv_as(u32 src, u64 incarnation, const struct cpg_vid *id,
			  u32 type, const void *p, u32 len);

/* Node @src looks for a view, for the @no th time, and hears this node. */
enum cpg_drop lone_rcv_join(u32 src, u32 no);

/*
 * The view is one of this node and @others, @n in the order of their ids;
 * @leader: place in the view.
 */
void lone_view_of(const u32 *others, u32 n, u32 leader);

/* The view is one of this node and @other, whichever of them leads it. */
void lone_view(u32 other, bool leads);

struct cpg_status lone_status(void);

#define TEST(name)	{ #name, test_##name }

#endif /* _ENGINE_LONE_H */
