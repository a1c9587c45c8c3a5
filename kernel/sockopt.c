// SPDX-License-Identifier: GPL-2.0
/*
 * setsockopt() and getsockopt() at level SOL_CPG.
 */
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sockptr.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "cpg_priv.h"

static int cpg_group_check(const struct cpg_group *group)
{
	if (group->flags & ~CPG_JOIN_F_QUORUM)
		return -EINVAL;
	if (group->name_len > CPG_GROUP_NAME_MAX)
		return -ENAMETOOLONG;
	if (memchr_inv(group->name + group->name_len, 0,
		       CPG_GROUP_NAME_MAX - group->name_len))
		return -EINVAL;
	return 0;
}

static int cpg_sk_join(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	struct cpg_group group;
	int err;

	if (optlen != sizeof(group))
		return -EINVAL;
	if (copy_from_sockptr(&group, optval, sizeof(group)))
		return -EFAULT;
	err = cpg_group_check(&group);
	if (err)
		return err;
	return cpg_node_sk_join(cpg_sk_node(sk), cpg_sk(sk), &group,
				task_tgid_vnr(current));
}

static int cpg_sk_leave(struct sock *sk, unsigned int optlen)
{
	if (optlen && optlen != sizeof(struct cpg_group))
		return -EINVAL;
	return cpg_node_sk_leave(cpg_sk_node(sk), cpg_sk(sk));
}

static int cpg_sk_set_guarantee(struct cpg_sock *cs, u32 val)
{
	if (val > CPG_SVC_SAFE)
		return -EINVAL;
	WRITE_ONCE(cs->guarantee, val);
	return 0;
}

static int cpg_sk_set_recvview(struct cpg_sock *cs, u32 val)
{
	if (val & ~(CPG_RECVVIEW_CHANGES | CPG_RECVVIEW_INITIAL))
		return -EINVAL;
	WRITE_ONCE(cs->recvview, val);
	return 0;
}

static int cpg_sk_set_bool(bool *opt, u32 val)
{
	if (val > 1)
		return -EINVAL;
	WRITE_ONCE(*opt, val);
	return 0;
}

static int cpg_sk_set_noevict(struct cpg_sock *cs, u32 val)
{
	int err = cpg_sk_set_bool(&cs->noevict, val);

	if (!err)
		cpg_node_sk_noevict(cpg_sk_node(&cs->sk), cs);
	return err;
}

static int cpg_sk_set_u32(struct cpg_sock *cs, int optname, sockptr_t optval,
			  unsigned int optlen)
{
	u32 val;

	if (optlen != sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;

	switch (optname) {
	case CPGSO_GUARANTEE:
		return cpg_sk_set_guarantee(cs, val);
	case CPGSO_RECVSEQ:
		return cpg_sk_set_bool(&cs->recvseq, val);
	case CPGSO_NOTRUNC:
		return cpg_sk_set_bool(&cs->notrunc, val);
	case CPGSO_RECVBATCH:
		return cpg_sk_set_bool(&cs->recvbatch, val);
	case CPGSO_NOEVICT:
		return cpg_sk_set_noevict(cs, val);
	default:
		return cpg_sk_set_recvview(cs, val);
	}
}

/**
 * cpg_setsockopt() - set an option, join, leave
 * @sock: socket
 * @level: SOL_CPG
 * @optname: CPGSO_*
 * @optval: value
 * @optlen: its length
 *
 * Return: 0 or a negative errno.
 */
int cpg_setsockopt(struct socket *sock, int level, int optname,
		   sockptr_t optval, unsigned int optlen)
{
	struct sock *sk = sock->sk;
	int err;

	if (level != SOL_CPG)
		return -ENOPROTOOPT;

	lock_sock(sk);
	switch (optname) {
	case CPGSO_JOIN:
		err = cpg_sk_join(sk, optval, optlen);
		break;
	case CPGSO_LEAVE:
		err = cpg_sk_leave(sk, optlen);
		break;
	case CPGSO_GUARANTEE:
	case CPGSO_RECVSEQ:
	case CPGSO_NOTRUNC:
	case CPGSO_RECVVIEW:
	case CPGSO_NOEVICT:
	case CPGSO_RECVBATCH:
		err = cpg_sk_set_u32(cpg_sk(sk), optname, optval, optlen);
		break;
	default:
		err = -ENOPROTOOPT;
	}
	release_sock(sk);
	return err;
}

/* Stores a value that must fit as a whole. */
static int cpg_put_opt(char __user *optval, int __user *optlen, int room,
		       const void *val, int len)
{
	if (put_user(len, optlen))
		return -EFAULT;
	if (room < len)
		return -ENOBUFS;
	return copy_to_user(optval, val, len) ? -EFAULT : 0;
}

static int cpg_put_u32(char __user *optval, int __user *optlen, int room,
		       u32 val)
{
	if (room < (int)sizeof(val))
		return -EINVAL;
	return cpg_put_opt(optval, optlen, room, &val, sizeof(val));
}

static int cpg_sk_status(struct sock *sk, struct cpg_status *st)
{
	struct cpg_node *node = cpg_sk_node(sk);
	int err;

	cpg_node_lock(node);
	err = cpg_node_engine_need(node);
	if (!err)
		cpg_engine_status(node->eng, st);
	cpg_node_unlock(node);
	return err;
}

static int cpg_sk_get_nodeid(struct sock *sk, u32 *val)
{
	struct cpg_status st;
	int err = cpg_sk_status(sk, &st);

	if (!err)
		*val = st.nodeid;
	return err;
}

static int cpg_sk_get_maxatomic(struct sock *sk, u32 *val)
{
	struct cpg_node *node = cpg_sk_node(sk);

	cpg_node_lock(node);
	*val = node->max_atomic;
	cpg_node_unlock(node);
	return 0;
}

static int cpg_sk_get_u32(struct sock *sk, int optname, char __user *optval,
			  int __user *optlen, int room)
{
	struct cpg_sock *cs = cpg_sk(sk);
	u32 val = 0;
	int err = 0;

	switch (optname) {
	case CPGSO_GUARANTEE:
		val = READ_ONCE(cs->guarantee);
		break;
	case CPGSO_RECVSEQ:
		val = READ_ONCE(cs->recvseq);
		break;
	case CPGSO_NOTRUNC:
		val = READ_ONCE(cs->notrunc);
		break;
	case CPGSO_RECVVIEW:
		val = READ_ONCE(cs->recvview);
		break;
	case CPGSO_NOEVICT:
		val = READ_ONCE(cs->noevict);
		break;
	case CPGSO_RECVBATCH:
		val = READ_ONCE(cs->recvbatch);
		break;
	case CPGSO_NODEID:
		err = cpg_sk_get_nodeid(sk, &val);
		break;
	default:
		err = cpg_sk_get_maxatomic(sk, &val);
	}
	return err ?: cpg_put_u32(optval, optlen, room, val);
}

static int cpg_sk_get_flow(struct sock *sk, char __user *optval,
			   int __user *optlen, int room)
{
	struct cpg_flow flow = {};
	struct cpg_status st;
	int err;

	err = cpg_sk_status(sk, &st);
	if (err)
		return err;
	flow.blocked = !cpg_sk_writable(sk);
	flow.queued = READ_ONCE(sk->sk_wmem_queued);
	flow.credit = st.credit;
	flow.in_flight = st.in_flight;
	return cpg_put_opt(optval, optlen, room, &flow, sizeof(flow));
}

static int cpg_sk_get_view(struct sock *sk, char __user *optval,
			   int __user *optlen, int room)
{
	struct cpg_node *node = cpg_sk_node(sk);
	struct cpg_event *ev = NULL;
	int err;

	cpg_node_lock(node);
	err = cpg_node_engine_need(node);
	if (!err && node->view)
		ev = cpg_event_get(node->view);
	cpg_node_unlock(node);
	if (err)
		return err;
	if (!ev)
		return -ENOMEM;
	err = cpg_put_opt(optval, optlen, room, ev->body, ev->len);
	cpg_event_put(ev);
	return err;
}

/* All members of a group, with as much room as they take. */
static struct cpg_members *cpg_members_get(struct cpg_node *node,
					   const struct cpg_group *group)
{
	struct cpg_members *list;
	u32 room = 0, n = 16;
	int err;

	do {
		room = n;
		list = kvzalloc(struct_size(list, members, room), GFP_KERNEL);
		if (!list)
			return ERR_PTR(-ENOMEM);
		cpg_node_lock(node);
		err = cpg_node_engine_need(node);
		if (!err)
			n = cpg_engine_members(node->eng, group, list->members,
					       room);
		cpg_node_unlock(node);
		if (!err && n <= room)
			break;
		kvfree(list);
	} while (!err);
	if (err)
		return ERR_PTR(err);

	list->group = *group;
	list->n_members = n;
	return list;
}

static int cpg_sk_get_members(struct sock *sk, char __user *optval,
			      int __user *optlen, int room)
{
	struct cpg_members *list;
	struct cpg_group group;
	int err;

	if (room < (int)sizeof(group))
		return -EINVAL;
	if (copy_from_user(&group, optval, sizeof(group)))
		return -EFAULT;
	if (group.flags)
		return -EINVAL;
	err = cpg_group_check(&group);
	if (err)
		return err;

	list = cpg_members_get(cpg_sk_node(sk), &group);
	if (IS_ERR(list))
		return PTR_ERR(list);
	err = cpg_put_opt(optval, optlen, room, list,
			  struct_size(list, members, list->n_members));
	kvfree(list);
	return err;
}

static int cpg_sk_get_groups(struct sock *sk, char __user *optval,
			     int __user *optlen, int room)
{
	struct cpg_groups *groups;
	size_t len;
	int err;

	groups = cpg_node_groups_get(sock_net(sk), &len);
	if (IS_ERR(groups))
		return PTR_ERR(groups);
	err = cpg_put_opt(optval, optlen, room, groups, len);
	kvfree(groups);
	return err;
}

/**
 * cpg_getsockopt() - read an option, or what the node knows
 * @sock: socket
 * @level: SOL_CPG
 * @optname: CPGSO_*
 * @optval: where to; CPGSO_MEMBERS reads the group from there
 * @optlen: room, then the length
 *
 * Return: 0 or a negative errno.
 */
int cpg_getsockopt(struct socket *sock, int level, int optname,
		   char __user *optval, int __user *optlen)
{
	struct sock *sk = sock->sk;
	int room;

	if (level != SOL_CPG)
		return -ENOPROTOOPT;
	if (get_user(room, optlen))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;

	switch (optname) {
	case CPGSO_GUARANTEE:
	case CPGSO_RECVSEQ:
	case CPGSO_NOTRUNC:
	case CPGSO_RECVVIEW:
	case CPGSO_NOEVICT:
	case CPGSO_RECVBATCH:
	case CPGSO_NODEID:
	case CPGSO_MAXATOMIC:
		return cpg_sk_get_u32(sk, optname, optval, optlen, room);
	case CPGSO_MEMBERS:
		return cpg_sk_get_members(sk, optval, optlen, room);
	case CPGSO_GROUPS:
		return cpg_sk_get_groups(sk, optval, optlen, room);
	case CPGSO_FLOW:
		return cpg_sk_get_flow(sk, optval, optlen, room);
	case CPGSO_VIEW:
		return cpg_sk_get_view(sk, optval, optlen, room);
	default:
		return -ENOPROTOOPT;
	}
}
