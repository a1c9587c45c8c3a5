/* SPDX-License-Identifier: GPL-2.0 */
/* Flow control: what it remembers of a view, and what others ask of it. */
#ifndef _CPG_ENGINE_FLOW_H
#define _CPG_ENGINE_FLOW_H

#include "wire.h"

struct cpg_engine;
struct cpg_vnode;

/**
 * struct cpg_flowctl - flow control in a view
 * @budget: bytes that all nodes together may have in flight
 * @credit: a node's even part of one half of that
 * @extra: for each node that wants more, its part of the other half
 * @ack_bytes: so many delivered, and they have to be acknowledged
 * @n_wanting: how many want more; the leader splits by that
 * @ahead: leader: bytes by which it was faster than the others that want more,
 *	times their number
 * @asked: number of the own packet that first said that this node wants more,
 *	0: it does not
 * @missed: packets that this node asked for in NAKs while it did not lead
 * @burst: leader: packets that anybody missed, of late
 * @cut: leader: when the budget was last halved
 * @grown: leader: when it last grew
 */
struct cpg_flowctl {
	u32	budget;
	u32	credit;
	u32	extra;
	u32	ack_bytes;
	u32	n_wanting;
	s64	ahead;
	u64	asked;
	u32	missed;
	u32	burst;
	u64	cut;
	u64	grown;
};

void cpg_flow_start(struct cpg_engine *eng);
void cpg_flow_fill(struct cpg_engine *eng, struct cpg_wire_flow *wire);
void cpg_flow_rcv(struct cpg_engine *eng, struct cpg_vnode *from,
		  const struct cpg_wire_flow *wire, bool leads);
void cpg_flow_turn(struct cpg_engine *eng);
u32 cpg_flow_limit(const struct cpg_engine *eng);
bool cpg_flow_defers(const struct cpg_engine *eng, u32 burst);
bool cpg_flow_admits(const struct cpg_engine *eng, u32 len, u8 service,
		     bool is_full);
void cpg_flow_sent(struct cpg_engine *eng, u64 oseq, u32 len);
void cpg_flow_ordered(struct cpg_engine *eng, const struct cpg_vnode *node,
		      u32 len);
void cpg_flow_released(struct cpg_engine *eng, u32 len);
void cpg_flow_missed(struct cpg_engine *eng, u32 n);
u64 cpg_flow_ack_delay(const struct cpg_engine *eng);

#endif /* _CPG_ENGINE_FLOW_H */
