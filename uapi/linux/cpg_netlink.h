/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/cpg.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_CPG_NETLINK_H
#define _UAPI_LINUX_CPG_NETLINK_H

#define CPG_GENL_NAME		"cpg"
#define CPG_GENL_VERSION	1

#define CPG_CLUSTER_MAX		64
#define CPG_HEARTBEAT_MIN	5
#define CPG_HEARTBEAT_MAX	10000
#define CPG_SUSPECT_MIN		10
#define CPG_SUSPECT_MAX		30000
#define CPG_VOTES_MAX		255
#define CPG_EXPECTED_MAX	32640

/**
 * enum cpg_timing - Times that go together.
 * @CPG_TIMING_DEFAULT: A heartbeat every 50 ms, suspect after 250 ms.
 * @CPG_TIMING_LAN: A heartbeat every 10 ms, suspect after 35 ms: one switch,
 *   nodes that are never busy.
 * @CPG_TIMING_CLOUD: A heartbeat every 250 ms, suspect after 3 s: virtual
 *   machines that stand still at times.
 */
enum cpg_timing {
	CPG_TIMING_DEFAULT,
	CPG_TIMING_LAN,
	CPG_TIMING_CLOUD,

	/* private: */
	__CPG_TIMING_MAX,
	CPG_TIMING_MAX = (__CPG_TIMING_MAX - 1)
};

/**
 * enum cpg_node_state - What a node does just now.
 * @CPG_NODE_STATE_OPERATIONAL: It is in a view, messages are ordered.
 * @CPG_NODE_STATE_GATHER: It looks for the nodes that are there.
 * @CPG_NODE_STATE_COMMIT: It agreed to a new view, the old one is frozen.
 * @CPG_NODE_STATE_RECOVER: It fetches what other nodes hold of the old view.
 * @CPG_NODE_STATE_STOPPING: It says good-bye.
 * @CPG_NODE_STATE_STOPPED: It is out, or its node id is somebody else's.
 */
enum cpg_node_state {
	CPG_NODE_STATE_OPERATIONAL,
	CPG_NODE_STATE_GATHER,
	CPG_NODE_STATE_COMMIT,
	CPG_NODE_STATE_RECOVER,
	CPG_NODE_STATE_STOPPING,
	CPG_NODE_STATE_STOPPED,

	/* private: */
	__CPG_NODE_STATE_MAX,
	CPG_NODE_STATE_MAX = (__CPG_NODE_STATE_MAX - 1)
};

enum {
	CPG_A_NODEID = 1,
	CPG_A_CLUSTER,
	CPG_A_LOCAL,
	CPG_A_HEARTBEAT,
	CPG_A_SUSPECT,
	CPG_A_PEER,
	CPG_A_CONFIGURED,
	CPG_A_STATE,
	CPG_A_NODEID_USED,
	CPG_A_INCARNATION,
	CPG_A_VIEW,
	CPG_A_PEER_STATUS,
	CPG_A_CREDIT,
	CPG_A_IN_FLIGHT,
	CPG_A_QUEUED,
	CPG_A_COUNTER,
	CPG_A_DROP,
	CPG_A_GROUP,
	CPG_A_VOTES,
	CPG_A_EXPECTED,
	CPG_A_PROFILE,
	CPG_A_LEADER,

	__CPG_A_MAX,
	CPG_A_MAX = (__CPG_A_MAX - 1)
};

enum {
	CPG_A_ADDRESS_IPV4 = 1,
	CPG_A_ADDRESS_IPV6,
	CPG_A_ADDRESS_SCOPE_ID,
	CPG_A_ADDRESS_PORT,

	__CPG_A_ADDRESS_MAX,
	CPG_A_ADDRESS_MAX = (__CPG_A_ADDRESS_MAX - 1)
};

enum {
	CPG_A_PEER_NODEID = 1,
	CPG_A_PEER_ADDRESS,
	CPG_A_PEER_VOTES,

	__CPG_A_PEER_MAX,
	CPG_A_PEER_MAX = (__CPG_A_PEER_MAX - 1)
};

enum {
	CPG_A_VIEW_SEQ = 1,
	CPG_A_VIEW_REP,
	CPG_A_VIEW_LEADER,
	CPG_A_VIEW_QUORATE,
	CPG_A_VIEW_NODE,
	CPG_A_VIEW_DELIVERED,
	CPG_A_VIEW_STABLE,
	CPG_A_VIEW_VOTES,
	CPG_A_VIEW_EXPECTED,

	__CPG_A_VIEW_MAX,
	CPG_A_VIEW_MAX = (__CPG_A_VIEW_MAX - 1)
};

enum {
	CPG_A_PEER_STATUS_NODEID = 1,
	CPG_A_PEER_STATUS_ADDRESS,
	CPG_A_PEER_STATUS_INCARNATION,
	CPG_A_PEER_STATUS_IN_VIEW,
	CPG_A_PEER_STATUS_ALIVE,
	CPG_A_PEER_STATUS_NODEID_USED,
	CPG_A_PEER_STATUS_AGE,
	CPG_A_PEER_STATUS_SILENCE,

	__CPG_A_PEER_STATUS_MAX,
	CPG_A_PEER_STATUS_MAX = (__CPG_A_PEER_STATUS_MAX - 1)
};

enum {
	CPG_A_COUNTER_NAME = 1,
	CPG_A_COUNTER_VALUE,

	__CPG_A_COUNTER_MAX,
	CPG_A_COUNTER_MAX = (__CPG_A_COUNTER_MAX - 1)
};

enum {
	CPG_A_GROUP_NAME = 1,
	CPG_A_GROUP_MEMBER,

	__CPG_A_GROUP_MAX,
	CPG_A_GROUP_MAX = (__CPG_A_GROUP_MAX - 1)
};

enum {
	CPG_A_MEMBER_NODEID = 1,
	CPG_A_MEMBER_PID,
	CPG_A_MEMBER_PORT,

	__CPG_A_MEMBER_MAX,
	CPG_A_MEMBER_MAX = (__CPG_A_MEMBER_MAX - 1)
};

enum {
	CPG_CMD_NODE_UP = 1,
	CPG_CMD_NODE_DOWN,
	CPG_CMD_NODE_GET,
	CPG_CMD_GROUP_GET,
	CPG_CMD_LEAD,

	__CPG_CMD_MAX,
	CPG_CMD_MAX = (__CPG_CMD_MAX - 1)
};

#endif /* _UAPI_LINUX_CPG_NETLINK_H */
