/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * AF_CPG: closed process groups as a socket family.
 *
 * A process opens socket(AF_CPG, SOCK_SEQPACKET, 0), joins one named group,
 * sends with sendmsg() and receives events with recvmsg(): messages, and as
 * ancillary data the changes of the group and of the cluster.  Every member
 * of a group receives the same events in the same order.
 *
 * Documentation/networking/af_cpg.rst describes each call.
 *
 * __extension__ marks what C++ has not, arrays without a size.
 */
#ifndef _UAPI_LINUX_CPG_H
#define _UAPI_LINUX_CPG_H

#include <linux/const.h>
#include <linux/socket.h>
#include <linux/types.h>

/*
 * No number is assigned to an out-of-tree family.  25 was AF_WANPIPE, which
 * has had no code behind it since Linux 3.10.
 */
#define AF_CPG			25
#define PF_CPG			AF_CPG

#define SOL_CPG			300

/* Sizes in bytes, unless said otherwise. */
#define CPG_GROUP_NAME_MAX	128
#define CPG_MSG_MAX		1047552	/* the largest message sendmsg() takes */
#define CPG_NODES_MAX		128	/* nodes in a view */
#define CPG_PORT_DEFAULT	5405	/* UDP, corosync's mcastport */

/**
 * struct sockaddr_cpg - a process in a cluster
 * @scpg_family: AF_CPG
 * @__scpg_pad: 0
 * @scpg_nodeid: the node it runs on
 * @scpg_pid: its process id, in its own pid namespace
 * @scpg_port: tells sockets of one node apart; never reused while the node is
 *	up
 *
 * recvmsg() stores the sender of a message in msg_name, and stores nothing
 * (msg_namelen 0) for an event that is not a message.
 */
struct sockaddr_cpg {
	__kernel_sa_family_t	scpg_family;
	__u16			__scpg_pad;
	__u32			scpg_nodeid;
	__u32			scpg_pid;
	__u32			scpg_port;
};

/* Socket options, level SOL_CPG. */
#define CPGSO_JOIN		1	/* set: struct cpg_group */
#define CPGSO_LEAVE		2	/* set: no value, or struct cpg_group, which is ignored */
#define CPGSO_GUARANTEE		3	/* set, get: __u32 CPG_SVC_*, default of the socket */
#define CPGSO_RECVSEQ		4	/* set, get: __u32 0 or 1: SCM_CPG_SEQ with every event */
#define CPGSO_NOTRUNC		5	/* set, get: __u32 0 or 1: EMSGSIZE instead of truncation */
#define CPGSO_RECVVIEW		6	/* set, get: __u32 CPG_RECVVIEW_*: SCM_CPG_VIEW events */
#define CPGSO_NOEVICT		7	/* set, get: __u32 0 or 1: hold the group back for ever */
#define CPGSO_RECVBATCH		8	/* set, get: __u32 0 or 1: struct cpg_record, several */
#define CPGSO_NODEID		16	/* get: __u32, this node */
#define CPGSO_MEMBERS		17	/* get: struct cpg_members */
#define CPGSO_GROUPS		18	/* get: struct cpg_groups */
#define CPGSO_FLOW		19	/* get: struct cpg_flow */
#define CPGSO_MAXATOMIC		20	/* get: __u32, largest message that travels in one packet */
#define CPGSO_VIEW		21	/* get: struct cpg_view, the present one */

/* CPGSO_RECVVIEW */
#define CPG_RECVVIEW_CHANGES	(1U << 0)	/* an event for every new view */
#define CPG_RECVVIEW_INITIAL	(1U << 1)	/* and one after the own join */

/* Delivery guarantees. */
#define CPG_SVC_UNORDERED	0	/* on arrival */
#define CPG_SVC_FIFO		1	/* in the order of the sender */
#define CPG_SVC_AGREED		2	/* in the total order, the default */
#define CPG_SVC_SAFE		3	/* and when every node has it */

/* struct cpg_group flags */
#define CPG_JOIN_F_QUORUM	(1U << 0)	/* sends with a majority only */

/**
 * struct cpg_group - names a group
 * @flags: CPG_JOIN_F_*; 0 where no join is asked for
 * @name_len: bytes of @name that count, 0 to CPG_GROUP_NAME_MAX; two names are
 *	equal if their lengths and these bytes are
 * @name: any bytes, zero beyond @name_len
 */
struct cpg_group {
	__u32	flags;
	__u32	name_len;
	__u8	name[CPG_GROUP_NAME_MAX];
};

/* struct cpg_member reason: why a process is in a list of joined or left. */
#define CPG_CHG_NONE		0	/* it is simply a member */
#define CPG_CHG_JOIN		1	/* it joined */
#define CPG_CHG_LEAVE		2	/* it left */
#define CPG_CHG_NODEDOWN	3	/* its node is gone */
#define CPG_CHG_NODEUP		4	/* its node came, the process with it */
#define CPG_CHG_PROCDOWN	5	/* it ended or closed without a leave */

/**
 * struct cpg_member - a process in a list
 * @nodeid: its node
 * @pid: its process id, in its own pid namespace
 * @port: its socket on that node
 * @reason: CPG_CHG_*
 */
struct cpg_member {
	__u32	nodeid;
	__u32	pid;
	__u32	port;
	__u32	reason;
};

/* Control messages, level SOL_CPG. */
#define SCM_CPG_GUARANTEE	1	/* sendmsg: __u32 CPG_SVC_* */
#define SCM_CPG_CONFCHG		2	/* recvmsg: struct cpg_confchg */
#define SCM_CPG_VIEW		3	/* recvmsg: struct cpg_view */
#define SCM_CPG_SEQ		4	/* recvmsg: struct cpg_seq */

/**
 * struct cpg_confchg - the group of this socket changed
 * @n_members: number of members after the change
 * @n_left: number of processes that left; not together with @n_joined
 * @n_joined: number of processes that came
 * @__pad: 0
 * @entries: the members, then those that left, then those that came, each list
 *	in ascending order of (nodeid, pid, port)
 */
__extension__ struct cpg_confchg {
	__u32			n_members;
	__u32			n_left;
	__u32			n_joined;
	__u32			__pad;
	struct cpg_member	entries[];
};

/* struct cpg_view flags */
#define CPG_VIEW_F_QUORATE	(1U << 0)	/* holds a majority of the votes */

/**
 * struct cpg_view - the nodes of the cluster
 * @seq: with @rep the id of the view; strictly increasing at each node
 * @rep: the lowest node id of the view
 * @leader: node id of the sequencer as the view begins; another can follow it
 * @flags: CPG_VIEW_F_*
 * @n_nodes: number of @nodes
 * @nodes: node ids, ascending
 */
__extension__ struct cpg_view {
	__u64	seq;
	__u32	rep;
	__u32	leader;
	__u32	flags;
	__u32	n_nodes;
	__u32	nodes[];
};

/**
 * struct cpg_seq - the position of an event in the total order
 * @view_seq: the view in which the event was ordered
 * @view_rep: the view's @rep
 * @__pad: 0
 * @seq: place of the event in that view, from 1; FIFO and UNORDERED messages,
 *	a view event and the configuration changes that come with it have 0
 */
struct cpg_seq {
	__u64	view_seq;
	__u32	view_rep;
	__u32	__pad;
	__u64	seq;
};

/**
 * struct cpg_record - an event, as recvmsg() stores it with CPGSO_RECVBATCH
 * @len: bytes of this structure and of what follows it; the next record begins
 *	at the next multiple of CPG_RECORD_ALIGN
 * @type: 0 for a message, whose payload follows; SCM_CPG_CONFCHG or
 *	SCM_CPG_VIEW, and the structure of that control message follows
 * @from: the sender of a message; all 0 if it is none
 * @seq: the position
 */
struct cpg_record {
	__u32			len;
	__u32			type;
	struct sockaddr_cpg	from;
	struct cpg_seq		seq;
};

#define CPG_RECORD_ALIGN	16	/* bytes; so the payload is aligned, too */

/**
 * struct cpg_members - CPGSO_MEMBERS
 * @group: in: the group that is asked for
 * @n_members: out: number of @members
 * @__pad: 0
 * @members: out: in ascending order of (nodeid, pid, port), reason 0
 *
 * A buffer that is too short for the list gives ENOBUFS and stores the length
 * that is needed in optlen.  An unknown group has no members.
 */
__extension__ struct cpg_members {
	struct cpg_group	group;
	__u32			n_members;
	__u32			__pad;
	struct cpg_member	members[];
};

/**
 * struct cpg_groups - CPGSO_GROUPS: every group with its members
 * @n_groups: out: number of struct cpg_members that follow
 * @__pad: 0
 * @data: one struct cpg_members after the other, each followed by its members
 *
 * ENOBUFS as with struct cpg_members.
 */
__extension__ struct cpg_groups {
	__u32	n_groups;
	__u32	__pad;
	__u8	data[];
};

/**
 * struct cpg_flow - CPGSO_FLOW: flow control
 * @blocked: 1 if sendmsg() would block now: too much is @queued, or the group is
 *	held back
 * @queued: bytes accepted from this socket and not yet delivered
 * @credit: bytes this node may have in flight
 * @in_flight: bytes this node has in flight
 */
struct cpg_flow {
	__u32	blocked;
	__u32	queued;
	__u32	credit;
	__u32	in_flight;
};

#endif /* _UAPI_LINUX_CPG_H */
