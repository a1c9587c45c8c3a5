/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What netlink asks of a namespace's node: configuration in, status out.
 * All of it may sleep.
 */
#ifndef _CPG_CONF_H
#define _CPG_CONF_H

#include <linux/socket.h>
#include <linux/types.h>
#include <uapi/linux/cpg.h>

#include "engine/engine.h"

struct net;
struct netlink_ext_ack;

enum {
	CPG_CLUSTER_NAME_MAX = 64,	/* bytes, without the terminating NUL */
};

/**
 * struct cpg_peer_conf - where another node is
 * @nodeid: its id
 * @votes: its votes
 * @addr: IPv4 or IPv6 address; a port of 0 stands for the cluster's
 */
struct cpg_peer_conf {
	u32			nodeid;
	u32			votes;
	struct sockaddr_storage	addr;
};

/**
 * struct cpg_node_conf - a node's configuration
 * @cluster: name of the cluster, NUL-terminated
 * @nodeid: this node's id, not 0
 * @port: UDP port, host byte order
 * @local: address to bind to
 * @profile: times where no other is given
 * @heartbeat: milliseconds, 0 for the profile's
 * @suspect: milliseconds, 0 for the profile's
 * @votes: of this node
 * @expected: votes that the cluster is meant to have, not fewer than those of
 *	all nodes named here
 * @n_peers: number of @peers, at most CPG_NODES_MAX - 1
 * @peers: the other nodes; same address family as @local
 */
struct cpg_node_conf {
	char			cluster[CPG_CLUSTER_NAME_MAX + 1];
	u32			nodeid;
	u16			port;
	struct sockaddr_storage	local;
	enum cpg_profile	profile;
	u32			heartbeat;
	u32			suspect;
	u32			votes;
	u32			expected;
	u32			n_peers;
	struct cpg_peer_conf	peers[];
};

/**
 * cpg_node_up() - make the namespace's node a member of a cluster
 * @net: network namespace
 * @conf: copied; already checked for ranges and duplicates
 * @extack: says in a sentence what is wrong
 *
 * Replaces the node that a namespace without configuration has.
 *
 * Return: 0, -EBUSY (it is up already, or processes are joined),
 * -EADDRNOTAVAIL, -EADDRINUSE, -ENOMEM, ...
 */
int cpg_node_up(struct net *net, const struct cpg_node_conf *conf,
		struct netlink_ext_ack *extack);

/**
 * cpg_node_down() - leave the cluster
 * @net: network namespace
 * @extack: says in a sentence what is wrong
 *
 * Joined processes see a hang-up, other nodes see them go down.  The namespace
 * is a one-node cluster again.
 *
 * Return: 0, -ENOENT (not up).
 */
int cpg_node_down(struct net *net, struct netlink_ext_ack *extack);

/**
 * cpg_node_lead() - have another node lead the view
 * @net: network namespace
 * @nodeid: the other node
 * @extack: says in a sentence what is wrong
 *
 * Return: 0, or as cpg_engine_lead(); -ENOENT also if the node is not up.
 */
int cpg_node_lead(struct net *net, u32 nodeid, struct netlink_ext_ack *extack);

/**
 * struct cpg_node_info - a snapshot for cpg_node_info_get()
 * @configured: cpg_node_up() was called
 * @cluster: name; empty if not @configured
 * @port: UDP port
 * @local: own address
 * @profile: times where no other was given
 * @status: of the engine
 * @view: nodes of the present view, ascending; @status.n_nodes of them
 * @drops: packets dropped, indexed by enum cpg_drop
 * @n_peers: number of @peers
 * @peers: configured peers, ascending by node id
 */
struct cpg_node_info {
	bool			configured;
	char			cluster[CPG_CLUSTER_NAME_MAX + 1];
	u16			port;
	struct sockaddr_storage	local;
	enum cpg_profile	profile;
	struct cpg_status	status;
	u32			view[CPG_NODES_MAX];
	u64			drops[__CPG_DROP_NR];
	u32			n_peers;
	struct {
		struct cpg_peer_status	status;
		struct sockaddr_storage	addr;
		u64			age_ms;	/* since it was heard */
		u64			silence_ms;	/* until it is out */
	} peers[CPG_NODES_MAX];
};

/* kvzalloc()ed snapshot, to be freed with kvfree(); ERR_PTR(-ENOMEM). */
struct cpg_node_info *cpg_node_info_get(struct net *net);

/**
 * cpg_node_groups_get() - all groups with their members
 * @net: network namespace
 * @len: stores the length
 *
 * Return: kvmalloc()ed struct cpg_groups as CPGSO_GROUPS gives it, to be freed
 * with kvfree(), or ERR_PTR(-ENOMEM).
 */
struct cpg_groups *cpg_node_groups_get(struct net *net, size_t *len);

/* Register, unregister the generic netlink family; netlink.c. */
int cpg_nl_init(void);
void cpg_nl_exit(void);

#endif /* _CPG_CONF_H */
