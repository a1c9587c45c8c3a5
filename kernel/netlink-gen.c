// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/cpg.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/cpg_netlink.h>

/* Common nested types */
const struct nla_policy cpg_address_nl_policy[CPG_A_ADDRESS_PORT + 1] = {
	[CPG_A_ADDRESS_IPV4] = { .type = NLA_U32, },
	[CPG_A_ADDRESS_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[CPG_A_ADDRESS_SCOPE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[CPG_A_ADDRESS_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
};

const struct nla_policy cpg_peer_nl_policy[CPG_A_PEER_VOTES + 1] = {
	[CPG_A_PEER_NODEID] = NLA_POLICY_MIN(NLA_U32, 1),
	[CPG_A_PEER_ADDRESS] = NLA_POLICY_NESTED(cpg_address_nl_policy),
	[CPG_A_PEER_VOTES] = NLA_POLICY_MAX(NLA_U32, CPG_VOTES_MAX),
};

/* Global operation policy for cpg */
const struct nla_policy cpg_nl_policy[CPG_A_LEADER + 1] = {
	[CPG_A_NODEID] = NLA_POLICY_MIN(NLA_U32, 1),
	[CPG_A_CLUSTER] = { .type = NLA_NUL_STRING, .len = CPG_CLUSTER_MAX, },
	[CPG_A_LOCAL] = NLA_POLICY_NESTED(cpg_address_nl_policy),
	[CPG_A_HEARTBEAT] = NLA_POLICY_RANGE(NLA_U32, CPG_HEARTBEAT_MIN, CPG_HEARTBEAT_MAX),
	[CPG_A_SUSPECT] = NLA_POLICY_RANGE(NLA_U32, CPG_SUSPECT_MIN, CPG_SUSPECT_MAX),
	[CPG_A_PEER] = NLA_POLICY_NESTED(cpg_peer_nl_policy),
	[CPG_A_VOTES] = NLA_POLICY_MAX(NLA_U32, CPG_VOTES_MAX),
	[CPG_A_EXPECTED] = NLA_POLICY_RANGE(NLA_U32, 1, CPG_EXPECTED_MAX),
	[CPG_A_PROFILE] = NLA_POLICY_MAX(NLA_U32, 2),
	[CPG_A_LEADER] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* Ops table for cpg */
const struct genl_small_ops cpg_nl_ops[5] = {
	{
		.cmd	= CPG_CMD_NODE_UP,
		.doit	= cpg_nl_node_up_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= CPG_CMD_NODE_DOWN,
		.doit	= cpg_nl_node_down_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= CPG_CMD_NODE_GET,
		.doit	= cpg_nl_node_get_doit,
	},
	{
		.cmd	= CPG_CMD_GROUP_GET,
		.dumpit	= cpg_nl_group_get_dumpit,
	},
	{
		.cmd	= CPG_CMD_LEAD,
		.doit	= cpg_nl_lead_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
};
