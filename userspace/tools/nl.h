/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The operations of the generic netlink family cpg, as functions.
 */
#ifndef _CPG_TOOLS_NL_H
#define _CPG_TOOLS_NL_H

#include <stdbool.h>
#include <sys/socket.h>

#include <linux/cpg.h>
#include <linux/cpg_netlink.h>
#include <linux/types.h>

enum {
	NL_COUNTERS_MAX = 64,
	NL_COUNTER_NAME_MAX = 31,	/* bytes, without the NUL */
};

struct nl;

/**
 * struct nl_conf - a configuration for nl_node_up()
 * @cluster: name
 * @nodeid: of this node
 * @profile: CPG_TIMING_*
 * @heartbeat: milliseconds, 0 for the profile's
 * @suspect: milliseconds, 0 for the profile's
 * @votes: of this node
 * @expected: votes of the whole cluster, 0 for the sum of the nodes'
 * @local: own address and port
 * @n_peers: number of @peers
 * @peers: id, votes, address and port of each other node
 */
struct nl_conf {
	char			cluster[CPG_CLUSTER_MAX + 1];
	__u32		nodeid;
	__u32		profile;
	__u32		heartbeat;
	__u32		suspect;
	__u32		votes;
	__u32		expected;
	struct sockaddr_storage	local;
	unsigned int		n_peers;
	struct {
		__u32		nodeid;
		__u32		votes;
		struct sockaddr_storage	addr;
	} peers[CPG_NODES_MAX - 1];
};

struct nl_peer {
	__u32		nodeid;
	struct sockaddr_storage	addr;
	__u64		incarnation;
	__u64		age;
	__u64		silence;
	bool			heard;
	bool			in_view;
	bool			alive;
	bool			nodeid_used;
};

struct nl_view {
	__u64		seq;
	__u32		rep;
	__u32		leader;
	bool			quorate;
	__u32		votes;
	__u32		expected;
	__u64		delivered;
	__u64		stable;
	unsigned int		n_nodes;
	__u32		nodes[CPG_NODES_MAX];
};

struct nl_counters {
	unsigned int		n;
	struct {
		char		name[NL_COUNTER_NAME_MAX + 1];
		__u64	value;
	} list[NL_COUNTERS_MAX];
};

/* What nl_node_get() tells; cpg.yaml says what it means. */
struct nl_node {
	__u32		nodeid;
	bool			configured;
	char			cluster[CPG_CLUSTER_MAX + 1];
	struct sockaddr_storage	local;
	__u32		profile;
	__u32		state;
	bool			nodeid_used;
	__u64		incarnation;
	__u32		credit;
	__u32		in_flight;
	__u64		queued;
	struct nl_view		view;
	unsigned int		n_peers;
	struct nl_peer		peers[CPG_NODES_MAX];
	struct nl_counters	counters;
	struct nl_counters	drops;
};

struct nl_member {
	__u32		nodeid;
	__u32		pid;
	__u32		port;
};

struct nl_group {
	unsigned int		name_len;
	__u8			name[CPG_GROUP_NAME_MAX];
	size_t			n_members;
	struct nl_member	*members;
};

struct nl_groups {
	size_t			n;
	struct nl_group		*list;
};

/* NULL if there is no memory.  Calls fail if the kernel has no such family. */
struct nl *nl_create(void);
void nl_destroy(struct nl *nl);

/* A sentence about the last call that failed. */
const char *nl_error(const struct nl *nl);

/* All of these return 0 or a negative errno. */
int nl_node_up(struct nl *nl, const struct nl_conf *conf);
int nl_node_down(struct nl *nl);
int nl_lead(struct nl *nl, __u32 nodeid);
int nl_node_get(struct nl *nl, struct nl_node *node);
int nl_group_get(struct nl *nl, struct nl_groups *groups);

void nl_groups_free(struct nl_groups *groups);

#endif /* _CPG_TOOLS_NL_H */
