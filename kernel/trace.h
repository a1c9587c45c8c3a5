/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints.  @net is the inode number of the network namespace, which
 * stands for the node, @proc is which join of that namespace it is about.
 * What they print is read by selftests/sim/cpg-oracle and described in
 * Documentation/trace.rst.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM cpg

#if !defined(_CPG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _CPG_TRACE_H

#include <linux/tracepoint.h>
#include <net/net_namespace.h>

#include "engine/engine.h"
#include "engine/hash.h"

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

/* A node; one that is configured without others is alone. */
TRACE_EVENT(cpg_start,
	TP_PROTO(const struct net *net, const struct cpg_engine_config *cfg,
		 bool alone),
	TP_ARGS(net, cfg, alone),
	TP_STRUCT__entry(
		__field(u32, net)
		__field(u32, nodeid)
		__field(u32, votes)
		__field(u32, expected)
		__field(bool, alone)
	),
	TP_fast_assign(
		__entry->net = net->ns.inum;
		__entry->nodeid = cfg->nodeid;
		__entry->votes = cfg->votes;
		__entry->expected = cfg->expected;
		__entry->alone = alone;
	),
	TP_printk("net=%u node=%u alone=%u votes=%u expected=%u",
		  __entry->net, __entry->nodeid, __entry->alone,
		  __entry->votes, __entry->expected)
);

/* Something about a node as a whole. */
DECLARE_EVENT_CLASS(cpg_node,
	TP_PROTO(const struct net *net),
	TP_ARGS(net),
	TP_STRUCT__entry(
		__field(u32, net)
	),
	TP_fast_assign(
		__entry->net = net->ns.inum;
	),
	TP_printk("net=%u", __entry->net)
);

DEFINE_EVENT(cpg_node, cpg_stop,
	TP_PROTO(const struct net *net),
	TP_ARGS(net)
);

DEFINE_EVENT(cpg_node, cpg_end,
	TP_PROTO(const struct net *net),
	TP_ARGS(net)
);

TRACE_EVENT(cpg_join,
	TP_PROTO(const struct net *net, u32 proc, u32 pid,
		 const struct cpg_group *group),
	TP_ARGS(net, proc, pid, group),
	TP_STRUCT__entry(
		__field(u32, net)
		__field(u32, proc)
		__field(u32, pid)
		__field(u32, len)
		__field(bool, quorum)
		__dynamic_array(u8, group, group->name_len)
	),
	TP_fast_assign(
		__entry->net = net->ns.inum;
		__entry->proc = proc;
		__entry->pid = pid;
		__entry->len = group->name_len;
		__entry->quorum = group->flags & CPG_JOIN_F_QUORUM;
		memcpy(__get_dynamic_array(group), group->name,
		       group->name_len);
	),
	TP_printk("net=%u proc=%u pid=%u quorum=%u group=%s", __entry->net,
		  __entry->proc, __entry->pid, __entry->quorum,
		  __print_hex_str(__get_dynamic_array(group), __entry->len))
);

TRACE_EVENT(cpg_leave,
	TP_PROTO(const struct net *net, u32 proc, bool asked),
	TP_ARGS(net, proc, asked),
	TP_STRUCT__entry(
		__field(u32, net)
		__field(u32, proc)
		__field(bool, asked)
	),
	TP_fast_assign(
		__entry->net = net->ns.inum;
		__entry->proc = proc;
		__entry->asked = asked;
	),
	TP_printk("net=%u proc=%u asked=%u", __entry->net, __entry->proc,
		  __entry->asked)
);

/* Something about a process. */
DECLARE_EVENT_CLASS(cpg_proc,
	TP_PROTO(const struct net *net, u32 proc),
	TP_ARGS(net, proc),
	TP_STRUCT__entry(
		__field(u32, net)
		__field(u32, proc)
	),
	TP_fast_assign(
		__entry->net = net->ns.inum;
		__entry->proc = proc;
	),
	TP_printk("net=%u proc=%u", __entry->net, __entry->proc)
);

/* Its join was refused. */
DEFINE_EVENT(cpg_proc, cpg_refused,
	TP_PROTO(const struct net *net, u32 proc),
	TP_ARGS(net, proc)
);

/* It is closed, or was put out: it receives no more. */
DEFINE_EVENT(cpg_proc, cpg_gone,
	TP_PROTO(const struct net *net, u32 proc),
	TP_ARGS(net, proc)
);

TRACE_EVENT(cpg_accept,
	TP_PROTO(const struct net *net, u32 proc, const struct cpg_trace *t),
	TP_ARGS(net, proc, t),
	TP_STRUCT__entry(
		__field(u64, hash)
		__field(u64, serial)
		__field(u32, net)
		__field(u32, proc)
		__field(u32, port)
		__field(u32, service)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->hash = cpg_hash_event(t->ev);
		__entry->serial = t->serial;
		__entry->net = net->ns.inum;
		__entry->proc = proc;
		__entry->port = t->port;
		__entry->service = t->ev->service;
		__entry->len = t->ev->len;
	),
	TP_printk("net=%u proc=%u port=%u serial=%llu service=%u len=%u hash=%llx",
		  __entry->net, __entry->proc, __entry->port, __entry->serial,
		  __entry->service, __entry->len, __entry->hash)
);

/* A message, a join or a leave, in its place; processes are told or not. */
TRACE_EVENT(cpg_deliver,
	TP_PROTO(const struct net *net, const struct cpg_trace *t),
	TP_ARGS(net, t),
	TP_STRUCT__entry(
		__field(u64, view_seq)
		__field(u64, pos)
		__field(u64, serial)
		__field(u64, hash)
		__field(u32, net)
		__field(u32, view_rep)
		__field(u32, origin)
		__field(u32, port)
		__field(u32, service)
		__field(u32, len)
		__field(bool, message)
		__field(bool, again)
	),
	TP_fast_assign(
		__entry->view_seq = t->view_seq;
		__entry->pos = t->pos;
		__entry->serial = t->serial;
		__entry->hash = t->ev ? cpg_hash_event(t->ev) : 0;
		__entry->net = net->ns.inum;
		__entry->view_rep = t->view_rep;
		__entry->origin = t->origin;
		__entry->port = t->port;
		__entry->service = t->ev ? t->ev->service : 0;
		__entry->len = t->ev ? t->ev->len : 0;
		__entry->message = t->ev;
		__entry->again = t->value;
	),
	TP_printk("net=%u view=%llu.%u pos=%llu origin=%u port=%u serial=%llu message=%u again=%u service=%u len=%u hash=%llx",
		  __entry->net, __entry->view_seq, __entry->view_rep,
		  __entry->pos, __entry->origin, __entry->port,
		  __entry->serial, __entry->message, __entry->again,
		  __entry->service, __entry->len, __entry->hash)
);

/* The order passed over what was delivered without a position. */
TRACE_EVENT(cpg_place,
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
	),
	TP_fast_assign(
		__entry->view_seq = t->view_seq;
		__entry->pos = t->pos;
		__entry->serial = t->serial;
		__entry->net = net->ns.inum;
		__entry->view_rep = t->view_rep;
		__entry->origin = t->origin;
		__entry->port = t->port;
	),
	TP_printk("net=%u view=%llu.%u pos=%llu origin=%u port=%u serial=%llu",
		  __entry->net, __entry->view_seq, __entry->view_rep,
		  __entry->pos, __entry->origin, __entry->port,
		  __entry->serial)
);

TRACE_EVENT(cpg_suspect,
	TP_PROTO(const struct net *net, const struct cpg_trace *t),
	TP_ARGS(net, t),
	TP_STRUCT__entry(
		__field(u32, net)
		__field(u32, origin)
	),
	TP_fast_assign(
		__entry->net = net->ns.inum;
		__entry->origin = t->origin;
	),
	TP_printk("net=%u origin=%u", __entry->net, __entry->origin)
);

/* Another node of the view leads. */
TRACE_EVENT(cpg_lead,
	TP_PROTO(const struct net *net, const struct cpg_trace *t),
	TP_ARGS(net, t),
	TP_STRUCT__entry(
		__field(u64, view_seq)
		__field(u64, pos)
		__field(u32, net)
		__field(u32, view_rep)
		__field(u32, origin)
	),
	TP_fast_assign(
		__entry->view_seq = t->view_seq;
		__entry->pos = t->pos;
		__entry->net = net->ns.inum;
		__entry->view_rep = t->view_rep;
		__entry->origin = t->origin;
	),
	TP_printk("net=%u view=%llu.%u pos=%llu origin=%u", __entry->net,
		  __entry->view_seq, __entry->view_rep, __entry->pos,
		  __entry->origin)
);

/* A process was given a message. */
TRACE_EVENT(cpg_msg,
	TP_PROTO(const struct net *net, u32 proc, struct cpg_event *ev),
	TP_ARGS(net, proc, ev),
	TP_STRUCT__entry(
		__field(u64, view_seq)
		__field(u64, pos)
		__field(u64, hash)
		__field(u32, net)
		__field(u32, proc)
		__field(u32, view_rep)
		__field(u32, origin)
		__field(u32, pid)
		__field(u32, port)
		__field(u32, service)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->view_seq = ev->seq.view_seq;
		__entry->pos = ev->seq.seq;
		__entry->hash = cpg_hash_event(ev);
		__entry->net = net->ns.inum;
		__entry->proc = proc;
		__entry->view_rep = ev->seq.view_rep;
		__entry->origin = ev->sender.nodeid;
		__entry->pid = ev->sender.pid;
		__entry->port = ev->sender.port;
		__entry->service = ev->service;
		__entry->len = ev->len;
	),
	TP_printk("net=%u proc=%u view=%llu.%u pos=%llu origin=%u pid=%u port=%u service=%u len=%u hash=%llx",
		  __entry->net, __entry->proc, __entry->view_seq,
		  __entry->view_rep, __entry->pos, __entry->origin,
		  __entry->pid, __entry->port, __entry->service,
		  __entry->len, __entry->hash)
);

/* A process was given a change of its group: members, who left, who joined. */
TRACE_EVENT(cpg_chg,
	TP_PROTO(const struct net *net, u32 proc, const struct cpg_seq *seq,
		 const struct cpg_confchg *chg),
	TP_ARGS(net, proc, seq, chg),
	TP_STRUCT__entry(
		__field(u64, view_seq)
		__field(u64, pos)
		__field(u32, net)
		__field(u32, proc)
		__field(u32, view_rep)
		__field(u32, members)
		__field(u32, left)
		__field(u32, joined)
		__dynamic_array(u32, list, (chg->n_members + chg->n_left +
					    chg->n_joined) *
					   sizeof(struct cpg_member) /
					   sizeof(u32))
	),
	TP_fast_assign(
		__entry->view_seq = seq->view_seq;
		__entry->pos = seq->seq;
		__entry->net = net->ns.inum;
		__entry->proc = proc;
		__entry->view_rep = seq->view_rep;
		__entry->members = chg->n_members;
		__entry->left = chg->n_left;
		__entry->joined = chg->n_joined;
		memcpy(__get_dynamic_array(list), chg->entries,
		       __get_dynamic_array_len(list));
	),
	TP_printk("net=%u proc=%u view=%llu.%u pos=%llu members=%u left=%u joined=%u list=%s",
		  __entry->net, __entry->proc, __entry->view_seq,
		  __entry->view_rep, __entry->pos, __entry->members,
		  __entry->left, __entry->joined,
		  __print_array(__get_dynamic_array(list),
				__get_dynamic_array_len(list) / sizeof(u32),
				sizeof(u32)))
);

TRACE_EVENT(cpg_quorate,
	TP_PROTO(const struct net *net, const struct cpg_view *view),
	TP_ARGS(net, view),
	TP_STRUCT__entry(
		__field(u64, view_seq)
		__field(u32, net)
		__field(u32, view_rep)
		__field(bool, quorate)
	),
	TP_fast_assign(
		__entry->view_seq = view->seq;
		__entry->net = net->ns.inum;
		__entry->view_rep = view->rep;
		__entry->quorate = view->flags & CPG_VIEW_F_QUORATE;
	),
	TP_printk("net=%u view=%llu.%u quorate=%u", __entry->net,
		  __entry->view_seq, __entry->view_rep, __entry->quorate)
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
	TP_printk("net=%u view=%llu.%u nodes=%s", __entry->net,
		  __entry->view_seq, __entry->view_rep,
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
