/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/cpg.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_CPG_GEN_H
#define _LINUX_CPG_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/cpg_netlink.h>

/* Common nested types */
extern const struct nla_policy cpg_address_nl_policy[CPG_A_ADDRESS_PORT + 1];
extern const struct nla_policy cpg_peer_nl_policy[CPG_A_PEER_VOTES + 1];

/* Global operation policy for cpg */
extern const struct nla_policy cpg_nl_policy[CPG_A_LEADER + 1];

/* Ops table for cpg */
extern const struct genl_small_ops cpg_nl_ops[5];

int cpg_nl_node_up_doit(struct sk_buff *skb, struct genl_info *info);
int cpg_nl_node_down_doit(struct sk_buff *skb, struct genl_info *info);
int cpg_nl_node_get_doit(struct sk_buff *skb, struct genl_info *info);
int cpg_nl_group_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int cpg_nl_lead_doit(struct sk_buff *skb, struct genl_info *info);

#endif /* _LINUX_CPG_GEN_H */
