/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints.  @net is the inode number of the network namespace, which
 * stands for the node.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM cpg

#if !defined(_CPG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _CPG_TRACE_H

#include <linux/tracepoint.h>
#include <net/net_namespace.h>

#include "engine/engine.h"

const char *cpg_trace_drop_name(u32 drop);
const char *cpg_trace_state_name(u32 state);
void cpg_trace_step(const struct net *net, const struct cpg_trace *t);

TRACE_EVENT(cpg_drop,
	TP_PROTO(const struct net *net, enum cpg_drop drop, u32 len),
	TP_ARGS(net, drop, len),
	TP_STRUCT__entry(
		__field(u32, net)
		__field(u32, drop)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->net = net->ns.inum;
		__entry->drop = drop;
		__entry->len = len;
	),
	TP_printk("net=%u reason=%s len=%u", __entry->net,
		  cpg_trace_drop_name(__entry->drop), __entry->len)
);

TRACE_EVENT(cpg_nodeid_used,
	TP_PROTO(const struct net *net, bool refused),
	TP_ARGS(net, refused),
	TP_STRUCT__entry(
		__field(u32, net)
		__field(bool, refused)
	),
	TP_fast_assign(
		__entry->net = net->ns.inum;
		__entry->refused = refused;
	),
	TP_printk("net=%u refused=%u", __entry->net, __entry->refused)
);

/* A step of the engine at a place in the order. */
DECLARE_EVENT_CLASS(cpg_step,
	TP_PROTO(const struct net *net, const struct cpg_trace *t),
	TP_ARGS(net, t),
	TP_STRUCT__entry(
		__field(u64, view_seq)
		__field(u64, pos)
		__field(u64, serial)
		__field(u32, net)
		__field(u32, view_rep)
		__field(u32, origin)
		__field(u32, port)
		__field(s64, len)
	),
	TP_fast_assign(
		__entry->view_seq = t->view_seq;
		__entry->pos = t->pos;
		__entry->serial = t->serial;
		__entry->net = net->ns.inum;
		__entry->view_rep = t->view_rep;
		__entry->origin = t->origin;
		__entry->port = t->port;
		__entry->len = t->ev ? (s64)t->ev->len : -1;
	),
	TP_printk("net=%u view=%llu.%u pos=%llu origin=%u port=%u serial=%llu len=%lld",
		  __entry->net, __entry->view_seq, __entry->view_rep,
		  __entry->pos, __entry->origin, __entry->port, __entry->serial,
		  __entry->len)
);

DEFINE_EVENT(cpg_step, cpg_accept,
	TP_PROTO(const struct net *net, const struct cpg_trace *t),
	TP_ARGS(net, t)
);

DEFINE_EVENT(cpg_step, cpg_deliver,
	TP_PROTO(const struct net *net, const struct cpg_trace *t),
	TP_ARGS(net, t)
);

DEFINE_EVENT(cpg_step, cpg_place,
	TP_PROTO(const struct net *net, const struct cpg_trace *t),
	TP_ARGS(net, t)
);

DEFINE_EVENT(cpg_step, cpg_suspect,
	TP_PROTO(const struct net *net, const struct cpg_trace *t),
	TP_ARGS(net, t)
);

/* A set of nodes. */
DECLARE_EVENT_CLASS(cpg_nodes,
	TP_PROTO(const struct net *net, const struct cpg_trace *t),
	TP_ARGS(net, t),
	TP_STRUCT__entry(
		__field(u64, view_seq)
		__field(u32, net)
		__field(u32, view_rep)
		__field(u32, n_nodes)
		__dynamic_array(u32, nodes, t->n_nodes)
	),
	TP_fast_assign(
		__entry->view_seq = t->view_seq;
		__entry->net = net->ns.inum;
		__entry->view_rep = t->view_rep;
		__entry->n_nodes = t->n_nodes;
		memcpy(__get_dynamic_array(nodes), t->nodes,
		       t->n_nodes * sizeof(u32));
	),
	TP_printk("net=%u view=%llu.%u n=%u nodes=%s", __entry->net,
		  __entry->view_seq, __entry->view_rep, __entry->n_nodes,
		  __print_array(__get_dynamic_array(nodes),
				__entry->n_nodes, sizeof(u32)))
);

DEFINE_EVENT(cpg_nodes, cpg_trans,
	TP_PROTO(const struct net *net, const struct cpg_trace *t),
	TP_ARGS(net, t)
);

DEFINE_EVENT(cpg_nodes, cpg_view,
	TP_PROTO(const struct net *net, const struct cpg_trace *t),
	TP_ARGS(net, t)
);

TRACE_EVENT(cpg_state,
	TP_PROTO(const struct net *net, const struct cpg_trace *t),
	TP_ARGS(net, t),
	TP_STRUCT__entry(
		__field(u32, net)
		__field(u32, state)
	),
	TP_fast_assign(
		__entry->net = net->ns.inum;
		__entry->state = t->value;
	),
	TP_printk("net=%u state=%s", __entry->net,
		  cpg_trace_state_name(__entry->state))
);

#endif /* _CPG_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
