// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink: the operations of Documentation/netlink/specs/cpg.yaml.
 *
 * This file owns what makes a configuration a valid one, beyond the ranges
 * that the generated policies check, and the form in which status is told.
 * What a configuration does is behind conf.h.
 *
 * Every refusal says in a sentence what is wrong, and points at the attribute.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/jhash.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/netlink.h>

#include "compat.h"
#include "conf.h"
#include "netlink-gen.h"

enum {
	CPG_NL_NAME_MAX = 32,	/* bytes in the name of a counter */
};

/**
 * struct cpg_nl_dump - where a dump of groups goes on, in netlink_callback ctx
 * @group: index of the group
 * @member: index of the next member in it
 *
 * There is nothing to be freed when a reader goes away, so each call takes the
 * groups anew.  Should they have changed, the reader is told: the sequence
 * number of the dump is a hash of them.
 */
struct cpg_nl_dump {
	u32	group;
	u32	member;
};

static struct genl_family cpg_nl_family;

static const u32 cpg_nl_states[__CPG_STATE_NR] = {
	[CPG_STATE_OPERATIONAL]	= CPG_NODE_STATE_OPERATIONAL,
	[CPG_STATE_GATHER]	= CPG_NODE_STATE_GATHER,
	[CPG_STATE_COMMIT]	= CPG_NODE_STATE_COMMIT,
	[CPG_STATE_RECOVER]	= CPG_NODE_STATE_RECOVER,
	[CPG_STATE_STOPPING]	= CPG_NODE_STATE_STOPPING,
	[CPG_STATE_STOPPED]	= CPG_NODE_STATE_STOPPED,
};

static const enum cpg_profile cpg_nl_profiles[] = {
	[CPG_TIMING_DEFAULT]	= CPG_PROFILE_DEFAULT,
	[CPG_TIMING_LAN]	= CPG_PROFILE_LAN,
	[CPG_TIMING_CLOUD]	= CPG_PROFILE_CLOUD,
};

static const u32 cpg_nl_timings[__CPG_PROFILE_NR] = {
	[CPG_PROFILE_DEFAULT]	= CPG_TIMING_DEFAULT,
	[CPG_PROFILE_LAN]	= CPG_TIMING_LAN,
	[CPG_PROFILE_CLOUD]	= CPG_TIMING_CLOUD,
};

static int cpg_nl_addr4_get(struct nlattr **tb, struct sockaddr_storage *ss,
			    struct netlink_ext_ack *extack)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;
	__be32 addr = nla_get_in_addr(tb[CPG_A_ADDRESS_IPV4]);

	if (ipv4_is_multicast(addr) || ipv4_is_lbcast(addr) ||
	    ipv4_is_zeronet(addr)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CPG_A_ADDRESS_IPV4],
				    "This is not the address of a host");
		return -EINVAL;
	}
	if (tb[CPG_A_ADDRESS_SCOPE_ID]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CPG_A_ADDRESS_SCOPE_ID],
				    "An IPv4 address has no scope id");
		return -EINVAL;
	}

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = addr;
	return 0;
}

static int cpg_nl_addr6_get(struct nlattr **tb, struct sockaddr_storage *ss,
			    struct netlink_ext_ack *extack)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;
	struct in6_addr addr = nla_get_in6_addr(tb[CPG_A_ADDRESS_IPV6]);
	int type = ipv6_addr_type(&addr);
	u32 scope = 0;

	if (!(type & IPV6_ADDR_UNICAST)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CPG_A_ADDRESS_IPV6],
				    "This is not the address of a host");
		return -EINVAL;
	}
	if (tb[CPG_A_ADDRESS_SCOPE_ID])
		scope = nla_get_u32(tb[CPG_A_ADDRESS_SCOPE_ID]);
	if (scope && !(type & IPV6_ADDR_LINKLOCAL)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CPG_A_ADDRESS_SCOPE_ID],
				    "Only a link-local address has a scope id");
		return -EINVAL;
	}
	if (!scope && (type & IPV6_ADDR_LINKLOCAL)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CPG_A_ADDRESS_IPV6],
				    "A link-local address needs a scope id");
		return -EINVAL;
	}

	sin6->sin6_family = AF_INET6;
	sin6->sin6_addr = addr;
	sin6->sin6_scope_id = scope;
	return 0;
}

/* sin_port and sin6_port are in the same place. */
static void cpg_nl_port_set(struct sockaddr_storage *ss, u16 port)
{
	BUILD_BUG_ON(offsetof(struct sockaddr_in, sin_port) !=
		     offsetof(struct sockaddr_in6, sin6_port));

	((struct sockaddr_in *)ss)->sin_port = htons(port);
}

static u16 cpg_nl_port(const struct sockaddr_storage *ss)
{
	return ntohs(((const struct sockaddr_in *)ss)->sin_port);
}

/* @ss is zero, so that two addresses can be compared with memcmp(). */
static int cpg_nl_address_get(const struct nlattr *attr, u16 port,
			      struct sockaddr_storage *ss,
			      struct netlink_ext_ack *extack)
{
	struct nlattr *tb[CPG_A_ADDRESS_PORT + 1];
	int err;

	err = nla_parse_nested(tb, CPG_A_ADDRESS_PORT, attr,
			       cpg_address_nl_policy, extack);
	if (err)
		return err;

	if (!tb[CPG_A_ADDRESS_IPV4] == !tb[CPG_A_ADDRESS_IPV6]) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "An address is one of IPv4 and IPv6");
		return -EINVAL;
	}
	if (tb[CPG_A_ADDRESS_IPV4])
		err = cpg_nl_addr4_get(tb, ss, extack);
	else
		err = cpg_nl_addr6_get(tb, ss, extack);
	if (err)
		return err;

	if (tb[CPG_A_ADDRESS_PORT])
		port = nla_get_u16(tb[CPG_A_ADDRESS_PORT]);
	cpg_nl_port_set(ss, port);
	return 0;
}

static u32 cpg_nl_votes(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 1;
}

/* @peer against the node itself and the peers before it. */
static int cpg_nl_peer_check(const struct cpg_node_conf *conf,
			     const struct cpg_peer_conf *peer,
			     struct nlattr **tb, struct netlink_ext_ack *extack)
{
	const struct cpg_peer_conf *other;

	if (peer->nodeid == conf->nodeid) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CPG_A_PEER_NODEID],
				    "A peer has this node's id");
		return -EINVAL;
	}
	if (peer->addr.ss_family != conf->local.ss_family) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CPG_A_PEER_ADDRESS],
				    "This node and a peer have addresses of different families");
		return -EINVAL;
	}
	if (!memcmp(&peer->addr, &conf->local, sizeof(peer->addr))) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CPG_A_PEER_ADDRESS],
				    "A peer has this node's address");
		return -EINVAL;
	}

	for (other = conf->peers; other < peer; other++) {
		if (peer->nodeid == other->nodeid) {
			NL_SET_ERR_MSG_ATTR(extack, tb[CPG_A_PEER_NODEID],
					    "Two peers have the same node id");
			return -EINVAL;
		}
		if (!memcmp(&peer->addr, &other->addr, sizeof(peer->addr))) {
			NL_SET_ERR_MSG_ATTR(extack, tb[CPG_A_PEER_ADDRESS],
					    "Two peers have the same address");
			return -EINVAL;
		}
	}
	return 0;
}

static int cpg_nl_peer_get(const struct nlattr *attr,
			   struct cpg_node_conf *conf,
			   struct netlink_ext_ack *extack)
{
	struct cpg_peer_conf *peer = &conf->peers[conf->n_peers];
	struct nlattr *tb[CPG_A_PEER_VOTES + 1];
	int err;

	err = nla_parse_nested(tb, CPG_A_PEER_VOTES, attr, cpg_peer_nl_policy,
			       extack);
	if (err)
		return err;

	if (NL_REQ_ATTR_CHECK(extack, attr, tb, CPG_A_PEER_NODEID)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "A peer has no node id");
		return -EINVAL;
	}
	if (NL_REQ_ATTR_CHECK(extack, attr, tb, CPG_A_PEER_ADDRESS)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "A peer has no address");
		return -EINVAL;
	}

	peer->nodeid = nla_get_u32(tb[CPG_A_PEER_NODEID]);
	peer->votes = cpg_nl_votes(tb[CPG_A_PEER_VOTES]);
	err = cpg_nl_address_get(tb[CPG_A_PEER_ADDRESS], conf->port,
				 &peer->addr, extack);
	if (err)
		return err;

	err = cpg_nl_peer_check(conf, peer, tb, extack);
	if (err)
		return err;

	conf->n_peers++;
	return 0;
}

static int cpg_nl_cluster_get(struct genl_info *info,
			      struct cpg_node_conf *conf)
{
	struct nlattr *attr = info->attrs[CPG_A_CLUSTER];

	BUILD_BUG_ON(CPG_CLUSTER_MAX != CPG_CLUSTER_NAME_MAX);

	if (!attr)
		return 0;

	/* The policy knows that there is a NUL, not that it is the last byte */
	nla_strscpy(conf->cluster, attr, sizeof(conf->cluster));
	if (strlen(conf->cluster) + 1 != nla_len(attr)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "The name of the cluster contains a NUL byte");
		return -EINVAL;
	}
	return 0;
}

static int cpg_nl_timing_get(struct genl_info *info,
			     struct cpg_node_conf *conf)
{
	struct nlattr *heartbeat = info->attrs[CPG_A_HEARTBEAT];
	struct nlattr *suspect = info->attrs[CPG_A_SUSPECT];
	struct nlattr *profile = info->attrs[CPG_A_PROFILE];
	struct cpg_engine_config cfg = {};

	if (heartbeat)
		conf->heartbeat = nla_get_u32(heartbeat);
	if (suspect)
		conf->suspect = nla_get_u32(suspect);

	if (profile)
		conf->profile = cpg_nl_profiles[nla_get_u32(profile)];

	cpg_engine_config_profile(&cfg, conf->profile);
	if (heartbeat)
		cfg.heartbeat = conf->heartbeat * CPG_NSEC_PER_MSEC;
	if (suspect)
		cfg.suspect = conf->suspect * CPG_NSEC_PER_MSEC;
	if (cfg.suspect < 2 * cfg.heartbeat) {
		NL_SET_ERR_MSG_ATTR(info->extack, suspect ?: heartbeat,
				    "The suspect time must be at least twice the heartbeat");
		return -EINVAL;
	}
	return 0;
}

/* After the peers: a majority is one of all of them. */
static int cpg_nl_quorum_get(struct genl_info *info,
			     struct cpg_node_conf *conf)
{
	struct nlattr *expected = info->attrs[CPG_A_EXPECTED];
	u32 i, sum;

	BUILD_BUG_ON(CPG_VOTES_MAX != CPG_NODE_VOTES_MAX);
	BUILD_BUG_ON(CPG_EXPECTED_MAX != CPG_EXPECTED_VOTES_MAX);

	conf->votes = cpg_nl_votes(info->attrs[CPG_A_VOTES]);
	sum = conf->votes;
	for (i = 0; i < conf->n_peers; i++)
		sum += conf->peers[i].votes;
	if (!sum) {
		GENL_SET_ERR_MSG(info, "No node has a vote");
		return -EINVAL;
	}
	conf->expected = expected ? nla_get_u32(expected) : sum;
	if (conf->expected < sum) {
		NL_SET_ERR_MSG_ATTR(info->extack, expected,
				    "The expected votes are fewer than those of the nodes");
		return -EINVAL;
	}
	return 0;
}

static int cpg_nl_conf_get(struct genl_info *info, struct cpg_node_conf *conf)
{
	struct nlattr *attr;
	int err, rem;

	if (GENL_REQ_ATTR_CHECK(info, CPG_A_NODEID)) {
		GENL_SET_ERR_MSG(info, "The node has no node id");
		return -EINVAL;
	}
	if (GENL_REQ_ATTR_CHECK(info, CPG_A_LOCAL)) {
		GENL_SET_ERR_MSG(info, "The node has no local address");
		return -EINVAL;
	}

	conf->nodeid = nla_get_u32(info->attrs[CPG_A_NODEID]);
	err = cpg_nl_address_get(info->attrs[CPG_A_LOCAL], CPG_PORT_DEFAULT,
				 &conf->local, info->extack);
	if (err)
		return err;
	conf->port = cpg_nl_port(&conf->local);

	err = cpg_nl_cluster_get(info, conf);
	if (err)
		return err;

	err = cpg_nl_timing_get(info, conf);
	if (err)
		return err;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != CPG_A_PEER)
			continue;
		err = cpg_nl_peer_get(attr, conf, info->extack);
		if (err)
			return err;
	}
	return cpg_nl_quorum_get(info, conf);
}

/* Return: the number of peers, or -EINVAL. */
static int cpg_nl_n_peers(struct genl_info *info)
{
	struct nlattr *attr;
	int n = 0, rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != CPG_A_PEER)
			continue;
		if (++n < CPG_NODES_MAX)
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "A cluster has at most 128 nodes");
		return -EINVAL;
	}
	BUILD_BUG_ON(CPG_NODES_MAX != 128);
	return n;
}

int cpg_nl_node_up_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct cpg_node_conf *conf;
	int err, n;

	n = cpg_nl_n_peers(info);
	if (n < 0)
		return n;

	conf = kvzalloc(struct_size(conf, peers, n), GFP_KERNEL);
	if (!conf) {
		GENL_SET_ERR_MSG(info, "There is not enough memory");
		return -ENOMEM;
	}

	err = cpg_nl_conf_get(info, conf);
	if (!err)
		err = cpg_node_up(genl_info_net(info), conf, info->extack);
	kvfree(conf);
	return err;
}

/* The policy is the same for all operations, most of them have no attributes */
static int cpg_nl_no_attrs(const struct nlmsghdr *nlh,
			   struct netlink_ext_ack *extack)
{
	if (!nlmsg_attrlen(nlh, GENL_HDRLEN))
		return 0;

	NL_SET_ERR_MSG_ATTR(extack, nlmsg_attrdata(nlh, GENL_HDRLEN),
			    "This operation has no attributes");
	return -EINVAL;
}

int cpg_nl_node_down_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	err = cpg_nl_no_attrs(info->nlhdr, info->extack);
	if (err)
		return err;

	return cpg_node_down(genl_info_net(info), info->extack);
}

static int cpg_nl_address_put(struct sk_buff *msg, int type,
			      const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)ss;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)ss;
	struct nlattr *nest;

	nest = nla_nest_start(msg, type);
	if (!nest)
		return -EMSGSIZE;

	if (ss->ss_family == AF_INET) {
		if (nla_put_in_addr(msg, CPG_A_ADDRESS_IPV4,
				    sin->sin_addr.s_addr))
			return -EMSGSIZE;
	} else {
		if (nla_put_in6_addr(msg, CPG_A_ADDRESS_IPV6,
				     &sin6->sin6_addr))
			return -EMSGSIZE;
		if (sin6->sin6_scope_id &&
		    nla_put_u32(msg, CPG_A_ADDRESS_SCOPE_ID,
				sin6->sin6_scope_id))
			return -EMSGSIZE;
	}
	if (nla_put_u16(msg, CPG_A_ADDRESS_PORT, cpg_nl_port(ss)))
		return -EMSGSIZE;

	nla_nest_end(msg, nest);
	return 0;
}

static int cpg_nl_view_put(struct sk_buff *msg,
			   const struct cpg_node_info *node)
{
	const struct cpg_status *st = &node->status;
	struct nlattr *nest;
	u32 i;

	nest = nla_nest_start(msg, CPG_A_VIEW);
	if (!nest)
		return -EMSGSIZE;

	if (nla_put_uint(msg, CPG_A_VIEW_SEQ, st->view_seq) ||
	    nla_put_u32(msg, CPG_A_VIEW_REP, st->view_rep) ||
	    nla_put_u32(msg, CPG_A_VIEW_LEADER, st->leader) ||
	    (st->quorate && nla_put_flag(msg, CPG_A_VIEW_QUORATE)) ||
	    nla_put_uint(msg, CPG_A_VIEW_DELIVERED, st->delivered) ||
	    nla_put_uint(msg, CPG_A_VIEW_STABLE, st->stable) ||
	    nla_put_u32(msg, CPG_A_VIEW_VOTES, st->votes) ||
	    nla_put_u32(msg, CPG_A_VIEW_EXPECTED, st->expected))
		return -EMSGSIZE;
	for (i = 0; i < st->n_nodes; i++)
		if (nla_put_u32(msg, CPG_A_VIEW_NODE, node->view[i]))
			return -EMSGSIZE;

	nla_nest_end(msg, nest);
	return 0;
}

static int cpg_nl_peer_put(struct sk_buff *msg,
			   const struct cpg_node_info *node, u32 i)
{
	const struct cpg_peer_status *st = &node->peers[i].status;
	struct nlattr *nest;

	nest = nla_nest_start(msg, CPG_A_PEER_STATUS);
	if (!nest)
		return -EMSGSIZE;

	if (nla_put_u32(msg, CPG_A_PEER_STATUS_NODEID, st->nodeid) ||
	    cpg_nl_address_put(msg, CPG_A_PEER_STATUS_ADDRESS,
			       &node->peers[i].addr) ||
	    (st->in_view && nla_put_flag(msg, CPG_A_PEER_STATUS_IN_VIEW)) ||
	    (st->alive && nla_put_flag(msg, CPG_A_PEER_STATUS_ALIVE)) ||
	    (st->nodeid_used &&
	     nla_put_flag(msg, CPG_A_PEER_STATUS_NODEID_USED)))
		return -EMSGSIZE;
	if (st->incarnation &&
	    (nla_put_uint(msg, CPG_A_PEER_STATUS_INCARNATION,
			  st->incarnation) ||
	     nla_put_uint(msg, CPG_A_PEER_STATUS_AGE, node->peers[i].age_ms) ||
	     nla_put_uint(msg, CPG_A_PEER_STATUS_SILENCE,
			  node->peers[i].silence_ms)))
		return -EMSGSIZE;

	nla_nest_end(msg, nest);
	return 0;
}

static int cpg_nl_counter_put(struct sk_buff *msg, int type, const char *name,
			      u64 value)
{
	struct nlattr *nest;

	nest = nla_nest_start(msg, type);
	if (!nest)
		return -EMSGSIZE;

	if (nla_put_string(msg, CPG_A_COUNTER_NAME, name) ||
	    nla_put_uint(msg, CPG_A_COUNTER_VALUE, value))
		return -EMSGSIZE;

	nla_nest_end(msg, nest);
	return 0;
}

static int cpg_nl_counters_put(struct sk_buff *msg,
			       const struct cpg_node_info *node)
{
	int i;

	for (i = 0; i < __CPG_CNT_NR; i++)
		if (cpg_nl_counter_put(msg, CPG_A_COUNTER, cpg_counter_names[i],
				       node->status.counters[i]))
			return -EMSGSIZE;
	for (i = CPG_DROP_NONE + 1; i < __CPG_DROP_NR; i++)
		if (cpg_nl_counter_put(msg, CPG_A_DROP, cpg_drop_names[i],
				       node->drops[i]))
			return -EMSGSIZE;
	return 0;
}

static int cpg_nl_status_put(struct sk_buff *msg, const struct cpg_status *st)
{
	if (nla_put_u32(msg, CPG_A_NODEID, st->nodeid) ||
	    nla_put_u32(msg, CPG_A_STATE, cpg_nl_states[st->state]) ||
	    (st->nodeid_used && nla_put_flag(msg, CPG_A_NODEID_USED)) ||
	    nla_put_uint(msg, CPG_A_INCARNATION, st->incarnation) ||
	    nla_put_u32(msg, CPG_A_CREDIT, st->credit) ||
	    nla_put_u32(msg, CPG_A_IN_FLIGHT, st->in_flight) ||
	    nla_put_uint(msg, CPG_A_QUEUED, st->queued))
		return -EMSGSIZE;
	return 0;
}

static int cpg_nl_node_put(struct sk_buff *msg,
			   const struct cpg_node_info *node)
{
	u32 i;

	if (cpg_nl_status_put(msg, &node->status) ||
	    cpg_nl_view_put(msg, node) ||
	    cpg_nl_counters_put(msg, node))
		return -EMSGSIZE;
	if (!node->configured)
		return 0;

	if (nla_put_flag(msg, CPG_A_CONFIGURED) ||
	    nla_put_string(msg, CPG_A_CLUSTER, node->cluster) ||
	    nla_put_u32(msg, CPG_A_PROFILE, cpg_nl_timings[node->profile]) ||
	    cpg_nl_address_put(msg, CPG_A_LOCAL, &node->local))
		return -EMSGSIZE;
	for (i = 0; i < node->n_peers; i++)
		if (cpg_nl_peer_put(msg, node, i))
			return -EMSGSIZE;
	return 0;
}

/* Large enough for cpg_nl_node_put(). */
static size_t cpg_nl_node_size(const struct cpg_node_info *node)
{
	size_t address = nla_total_size(0) +
			 nla_total_size(sizeof(struct in6_addr)) +
			 nla_total_size(sizeof(u32)) +
			 nla_total_size(sizeof(u16));
	size_t peer = nla_total_size(0) +
		      nla_total_size(sizeof(u32)) +
		      address +
		      2 * nla_total_size(sizeof(u64)) +
		      3 * nla_total_size(0);
	size_t counter = nla_total_size(0) +
			 nla_total_size(CPG_NL_NAME_MAX) +
			 nla_total_size(sizeof(u64));
	size_t view = nla_total_size(0) +
		      3 * nla_total_size(sizeof(u64)) +
		      4 * nla_total_size(sizeof(u32)) +
		      nla_total_size(0);
	size_t status = 5 * nla_total_size(sizeof(u32)) +
			2 * nla_total_size(sizeof(u64)) +
			2 * nla_total_size(0) +
			nla_total_size(CPG_CLUSTER_NAME_MAX + 1) +
			address;

	return status + view +
	       node->status.n_nodes * nla_total_size(sizeof(u32)) +
	       (__CPG_CNT_NR + __CPG_DROP_NR) * counter +
	       node->n_peers * peer;
}

static struct sk_buff *cpg_nl_node_msg(struct genl_info *info,
				       const struct cpg_node_info *node)
{
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(cpg_nl_node_size(node), GFP_KERNEL);
	if (!msg)
		return ERR_PTR(-ENOMEM);

	hdr = genlmsg_put_reply(msg, info, &cpg_nl_family, 0,
				CPG_CMD_NODE_GET);
	if (WARN_ON_ONCE(!hdr || cpg_nl_node_put(msg, node))) {
		nlmsg_free(msg);
		return ERR_PTR(-EMSGSIZE);
	}

	genlmsg_end(msg, hdr);
	return msg;
}

int cpg_nl_node_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct cpg_node_info *node;
	struct sk_buff *msg;
	int err;

	err = cpg_nl_no_attrs(info->nlhdr, info->extack);
	if (err)
		return err;

	node = cpg_node_info_get(genl_info_net(info));
	if (IS_ERR(node)) {
		GENL_SET_ERR_MSG(info, "There is not enough memory");
		return PTR_ERR(node);
	}

	msg = cpg_nl_node_msg(info, node);
	kvfree(node);
	if (IS_ERR(msg)) {
		GENL_SET_ERR_MSG(info, "There is not enough memory");
		return PTR_ERR(msg);
	}
	return genlmsg_reply(msg, info);
}

int cpg_nl_lead_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) == CPG_A_LEADER)
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "This operation has no such attribute");
		return -EINVAL;
	}
	if (!info->attrs[CPG_A_LEADER]) {
		GENL_SET_ERR_MSG(info, "It is not said which node is to lead");
		return -EINVAL;
	}
	return cpg_node_lead(genl_info_net(info),
			     nla_get_u32(info->attrs[CPG_A_LEADER]),
			     info->extack);
}

static int cpg_nl_member_put(struct sk_buff *skb, const struct cpg_member *m)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, CPG_A_GROUP_MEMBER);
	if (!nest)
		return -EMSGSIZE;

	if (nla_put_u32(skb, CPG_A_MEMBER_NODEID, m->nodeid) ||
	    nla_put_u32(skb, CPG_A_MEMBER_PID, m->pid) ||
	    nla_put_u32(skb, CPG_A_MEMBER_PORT, m->port)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}

	nla_nest_end(skb, nest);
	return 0;
}

/*
 * One message with the members of @list from dump->member on, as many as there
 * is room for.
 *
 * Return: 0 if these were all, or -EMSGSIZE.
 */
static int cpg_nl_group_put(struct sk_buff *skb, struct netlink_callback *cb,
			    const struct cpg_members *list)
{
	struct cpg_nl_dump *dump = (void *)cb->ctx;
	u32 i = dump->member;
	struct nlattr *nest;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &cpg_nl_family, NLM_F_MULTI, CPG_CMD_GROUP_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);

	nest = nla_nest_start(skb, CPG_A_GROUP);
	if (!nest || nla_put(skb, CPG_A_GROUP_NAME, list->group.name_len,
			     list->group.name))
		goto err_cancel;
	for (; i < list->n_members; i++)
		if (cpg_nl_member_put(skb, &list->members[i]))
			break;
	if (i == dump->member && i < list->n_members)
		goto err_cancel;

	dump->member = i;
	nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	return i < list->n_members ? -EMSGSIZE : 0;

err_cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

int cpg_nl_group_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cpg_nl_dump *dump = (void *)cb->ctx;
	const struct cpg_members *list;
	struct cpg_groups *groups;
	const u8 *pos;
	size_t len;
	int err;
	u32 i;

	err = cpg_nl_no_attrs(cb->nlh, cb->extack);
	if (err)
		return err;

	groups = cpg_node_groups_get(sock_net(cb->skb->sk), &len);
	if (IS_ERR(groups))
		return PTR_ERR(groups);

	/* 0 would mean that the dump has no sequence number */
	cb->seq = jhash(groups, len, 0) | 1;
	pos = groups->data;
	for (i = 0; i < groups->n_groups; i++) {
		list = (const struct cpg_members *)pos;
		pos += struct_size(list, members, list->n_members);
		if (i < dump->group)
			continue;
		if (cpg_nl_group_put(skb, cb, list))
			break;
		dump->group = i + 1;
		dump->member = 0;
	}
	kvfree(groups);
	return skb->len;
}

static struct genl_family cpg_nl_family __ro_after_init = {
	.name		= CPG_GENL_NAME,
	.version	= CPG_GENL_VERSION,
	.maxattr	= ARRAY_SIZE(cpg_nl_policy) - 1,
	.policy		= cpg_nl_policy,
	.netnsok	= true,
	.parallel_ops	= true,	/* a node has its own lock, and takes time */
	.module		= THIS_MODULE,
	.small_ops	= cpg_nl_ops,
	.n_small_ops	= ARRAY_SIZE(cpg_nl_ops),
};

/**
 * cpg_nl_init() - register the generic netlink family
 *
 * Return: 0 or a negative errno.
 */
int __init cpg_nl_init(void)
{
	BUILD_BUG_ON(sizeof(struct cpg_nl_dump) >
		     sizeof_field(struct netlink_callback, ctx));

	return genl_register_family(&cpg_nl_family);
}

/**
 * cpg_nl_exit() - unregister it; no operation runs when this returns
 */
void cpg_nl_exit(void)
{
	genl_unregister_family(&cpg_nl_family);
}

MODULE_ALIAS_GENL_FAMILY(CPG_GENL_NAME);
