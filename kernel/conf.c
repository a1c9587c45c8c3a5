// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration and status of a namespace's node: what conf.h declares.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cpg_priv.h"
#include "trace.h"

/**
 * cpg_cluster_hash() - what stands for a cluster's name in packets
 * @name: name
 *
 * Return: FNV-1a, the same number on every machine.
 */
u32 cpg_cluster_hash(const char *name)
{
	u32 hash = 2166136261U;

	for (; *name; name++)
		hash = (hash ^ (u8)*name) * 16777619U;
	return hash;
}

static u64 cpg_random_nonzero(void)
{
	u64 r;

	do {
		r = get_random_u64();
	} while (!r);
	return r;
}

static void cpg_node_conf_engine(struct cpg_engine_config *cfg, u32 nodeid,
				 const char *cluster)
{
	memset(cfg, 0, sizeof(*cfg));
	cpg_engine_config_init(cfg);
	cfg->nodeid = nodeid;
	cfg->incarnation = cpg_random_nonzero();
	cfg->cluster_id = cpg_cluster_hash(cluster);
	cfg->seed = get_random_u64();
}

/**
 * cpg_node_conf_default() - the node of a namespace without configuration
 * @node: node
 * @cfg: filled in, but for the view
 */
void cpg_node_conf_default(struct cpg_node *node,
			   struct cpg_engine_config *cfg)
{
	cpg_node_conf_engine(cfg, CPG_NODEID_DEFAULT, "");
}

static void cpg_node_conf_cluster(const struct cpg_node_conf *conf, u32 mtu,
				  struct cpg_engine_config *cfg)
{
	cpg_node_conf_engine(cfg, conf->nodeid, conf->cluster);
	cfg->mtu = mtu;
	cfg->votes = conf->votes;
	cfg->expected = conf->expected;
	cpg_engine_config_profile(cfg, conf->profile);
	if (conf->heartbeat)
		cfg->heartbeat = conf->heartbeat * CPG_NSEC_PER_MSEC;
	if (conf->suspect)
		cfg->suspect = conf->suspect * CPG_NSEC_PER_MSEC;
}

/* Put engine and bearer in the place of the one-node engine. */
static int cpg_node_start(struct cpg_net *cn, const struct cpg_node_conf *conf,
			  struct netlink_ext_ack *extack)
{
	struct cpg_node *node = &cn->node;
	struct cpg_engine *old = NULL;
	struct cpg_engine_config cfg;
	struct cpg_bearer *bearer;
	int err;

	bearer = cpg_bearer_create(cn->net, node, conf, extack);
	if (IS_ERR(bearer))
		return PTR_ERR(bearer);
	cpg_node_conf_cluster(conf, cpg_bearer_mtu(bearer), &cfg);
	reinit_completion(&node->stopped);

	cpg_node_lock(node);
	err = cpg_node_engine_replace(node, &cfg, conf, &old);
	if (!err)
		rcu_assign_pointer(node->bearer, bearer);
	cpg_node_unlock(node);

	if (err) {
		if (err == -EBUSY)
			NL_SET_ERR_MSG(extack, "Processes are in groups");
		cpg_bearer_destroy(bearer);
		return err;
	}
	if (old)
		cpg_engine_destroy(old);
	return 0;
}

/* see conf.h */
int cpg_node_up(struct net *net, const struct cpg_node_conf *conf,
		struct netlink_ext_ack *extack)
{
	struct cpg_net *cn = cpg_pernet(net);
	struct cpg_node_conf *copy;
	int err = -EBUSY;

	mutex_lock(&cn->conf_mutex);
	if (cn->conf) {
		NL_SET_ERR_MSG(extack, "The node is up already");
		goto out_unlock;
	}
	err = -ENOMEM;
	copy = kvmalloc(struct_size(conf, peers, conf->n_peers), GFP_KERNEL);
	if (!copy)
		goto out_unlock;
	memcpy(copy, conf, struct_size(conf, peers, conf->n_peers));
	err = cpg_node_start(cn, copy, extack);
	if (err)
		kvfree(copy);
	else
		cn->conf = copy;
out_unlock:
	mutex_unlock(&cn->conf_mutex);
	return err;
}

/**
 * cpg_node_leave() - begin to say good-bye
 * @node: node; does nothing if it is not up
 */
void cpg_node_leave(struct cpg_node *node)
{
	cpg_node_lock(node);
	if (rcu_access_pointer(node->bearer)) {
		trace_cpg_stop(cpg_node_net(node)->net);
		cpg_engine_stop(node->eng, ktime_get_ns());
	}
	cpg_node_unlock(node);
}

/**
 * cpg_node_leave_wait() - until it is said
 * @node: cpg_node_leave() was called for it
 * @until: and no longer; in jiffies
 */
void cpg_node_leave_wait(struct cpg_node *node, unsigned long until)
{
	long left = until - jiffies;

	if (rcu_access_pointer(node->bearer))
		wait_for_completion_timeout(&node->stopped, max(left, 0L));
}

/* Say good-bye, take engine and bearer away. */
static void cpg_node_stop(struct cpg_net *cn)
{
	struct cpg_node *node = &cn->node;
	struct cpg_bearer *bearer;
	struct cpg_engine *eng;

	cpg_node_leave(node);
	cpg_node_leave_wait(node, jiffies + CPG_LEAVE_MAX);

	cpg_node_lock(node);
	bearer = rcu_dereference_protected(node->bearer,
					   lockdep_is_held(&node->lock));
	rcu_assign_pointer(node->bearer, NULL);
	cpg_node_engine_drop(node, &eng);
	cpg_node_unlock(node);

	cpg_bearer_destroy(bearer);
	cpg_engine_destroy(eng);
	kvfree(cn->conf);
	cn->conf = NULL;
}

/* see conf.h */
int cpg_node_down(struct net *net, struct netlink_ext_ack *extack)
{
	struct cpg_net *cn = cpg_pernet(net);
	struct cpg_node *node = &cn->node;
	int err = 0;

	mutex_lock(&cn->conf_mutex);
	if (!cn->conf) {
		NL_SET_ERR_MSG(extack, "The node is not up");
		err = -ENOENT;
		goto out_unlock;
	}
	cpg_node_stop(cn);

	/* Without memory it is made when something needs it. */
	cpg_node_lock(node);
	cpg_node_engine_need(node);
	cpg_node_unlock(node);
out_unlock:
	mutex_unlock(&cn->conf_mutex);
	return err;
}

static void cpg_node_lead_refused(int err, struct netlink_ext_ack *extack)
{
	switch (err) {
	case -EALREADY:
		NL_SET_ERR_MSG(extack, "That node leads already");
		break;
	case -ENOENT:
		NL_SET_ERR_MSG(extack, "That node is not in the view");
		break;
	case -EREMOTE:
		NL_SET_ERR_MSG(extack,
			       "Only the node that leads can hand over");
		break;
	case -EHOSTUNREACH:
		NL_SET_ERR_MSG(extack, "That node does not answer just now");
		break;
	case -EBUSY:
		NL_SET_ERR_MSG(extack, "The view is about to change");
		break;
	default:
		NL_SET_ERR_MSG(extack, "Too much is under way, try again");
	}
}

/* see conf.h */
int cpg_node_lead(struct net *net, u32 nodeid, struct netlink_ext_ack *extack)
{
	struct cpg_net *cn = cpg_pernet(net);
	struct cpg_node *node = &cn->node;
	int err;

	mutex_lock(&cn->conf_mutex);
	if (!cn->conf) {
		NL_SET_ERR_MSG(extack, "The node is not up");
		err = -ENOENT;
		goto out_unlock;
	}
	cpg_node_lock(node);
	err = cpg_engine_lead(node->eng, ktime_get_ns(), nodeid);
	cpg_node_unlock(node);
	if (err)
		cpg_node_lead_refused(err, extack);
out_unlock:
	mutex_unlock(&cn->conf_mutex);
	return err;
}

/**
 * cpg_node_quiesce() - the namespace goes
 * @cn: namespace
 *
 * Leaves the cluster while there still are devices to say so by.
 */
void cpg_node_quiesce(struct cpg_net *cn)
{
	mutex_lock(&cn->conf_mutex);
	if (cn->conf)
		cpg_node_stop(cn);
	mutex_unlock(&cn->conf_mutex);
}

static void cpg_node_info_engine(struct cpg_node *node,
				 struct cpg_node_info *info)
{
	struct cpg_view *view;
	u64 now = ktime_get_ns();
	u32 i;

	cpg_engine_status(node->eng, &info->status);
	if (node->view) {
		view = cpg_event_view(node->view);
		info->status.n_nodes = min_t(u32, view->n_nodes,
					     CPG_NODES_MAX);
		memcpy(info->view, view->nodes,
		       info->status.n_nodes * sizeof(u32));
	}
	for (i = 0; i < CPG_NODES_MAX; i++) {
		struct cpg_peer_status *st = &info->peers[i].status;

		if (!cpg_engine_peer_status(node->eng, now, i, st))
			break;
		if (st->heard)
			info->peers[i].age_ms = div_u64(now - st->heard,
							NSEC_PER_MSEC);
		info->peers[i].silence_ms = div_u64(st->silence, NSEC_PER_MSEC);
	}
	info->n_peers = i;
}

static void cpg_node_info_conf(const struct cpg_node_conf *conf,
			       struct cpg_node_info *info)
{
	u32 i, j;

	info->configured = true;
	strscpy(info->cluster, conf->cluster, sizeof(info->cluster));
	info->port = conf->port;
	info->local = conf->local;
	info->profile = conf->profile;
	for (i = 0; i < info->n_peers; i++)
		for (j = 0; j < conf->n_peers; j++)
			if (conf->peers[j].nodeid ==
			    info->peers[i].status.nodeid)
				info->peers[i].addr = conf->peers[j].addr;
}

/**
 * cpg_node_info_get() - what the node is and does
 * @net: network namespace
 *
 * Return: a snapshot, to be freed with kvfree(), or ERR_PTR(-ENOMEM).
 */
struct cpg_node_info *cpg_node_info_get(struct net *net)
{
	struct cpg_net *cn = cpg_pernet(net);
	struct cpg_node *node = &cn->node;
	struct cpg_node_info *info;
	u32 i;
	int err;

	info = kvzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return ERR_PTR(-ENOMEM);

	mutex_lock(&cn->conf_mutex);
	cpg_node_lock(node);
	err = cpg_node_engine_need(node);
	if (!err)
		cpg_node_info_engine(node, info);
	cpg_node_unlock(node);
	if (!err && cn->conf)
		cpg_node_info_conf(cn->conf, info);
	mutex_unlock(&cn->conf_mutex);

	if (err) {
		kvfree(info);
		return ERR_PTR(err);
	}
	for (i = 0; i < __CPG_DROP_NR; i++)
		info->drops[i] = cpg_mib_read(cn->mib, CPG_MIB_DROP + i);
	return info;
}

/* Writes struct cpg_groups, as far as there is room. */
struct cpg_groups_writer {
	struct cpg_groups	*groups;
	size_t			room;
	size_t			len;
	u32			n_groups;
};

static int cpg_groups_add(void *arg, const struct cpg_group *group,
			  const struct cpg_member *members, u32 n_members)
{
	struct cpg_groups_writer *w = arg;
	struct cpg_members *list;
	size_t size;

	size = struct_size(list, members, n_members);
	if (w->len + size <= w->room) {
		list = (struct cpg_members *)((u8 *)w->groups + w->len);
		list->group = *group;
		list->n_members = n_members;
		memcpy(list->members, members, n_members * sizeof(*members));
	}
	w->len += size;
	w->n_groups++;
	return 0;
}

static int cpg_groups_write(struct cpg_node *node, struct cpg_groups_writer *w)
{
	int err;

	w->len = sizeof(*w->groups);
	w->n_groups = 0;
	cpg_node_lock(node);
	err = cpg_node_engine_need(node);
	if (!err)
		cpg_engine_walk_groups(node->eng, cpg_groups_add, w);
	cpg_node_unlock(node);
	return err;
}

/**
 * cpg_node_groups_get() - all groups with their members
 * @net: network namespace
 * @len: stores the length
 *
 * Return: what CPGSO_GROUPS gives, to be freed with kvfree(), or
 * ERR_PTR(-ENOMEM).
 */
struct cpg_groups *cpg_node_groups_get(struct net *net, size_t *len)
{
	struct cpg_node *node = &cpg_pernet(net)->node;
	struct cpg_groups_writer w = { .len = PAGE_SIZE };
	int err;

	/* As long as there are more than there was room for. */
	do {
		kvfree(w.groups);
		w.room = w.len;
		w.groups = kvzalloc(w.room, GFP_KERNEL);
		if (!w.groups)
			return ERR_PTR(-ENOMEM);
		err = cpg_groups_write(node, &w);
	} while (!err && w.len > w.room);

	if (err) {
		kvfree(w.groups);
		return ERR_PTR(err);
	}
	w.groups->n_groups = w.n_groups;
	*len = w.len;
	return w.groups;
}
