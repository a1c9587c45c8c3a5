// SPDX-License-Identifier: GPL-2.0
/*
 * The socket family: from socket() to close(), and poll().
 */
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/sockios.h>
#include <linux/uaccess.h>
#include <asm/ioctls.h>

#include "cpg_priv.h"
#include "trace.h"

/*
 * Who may open a socket: root, the root group, and the groups that sysctl
 * net.cpg.gid_range allows, all of them as the namespace sees them.
 */
static bool cpg_may_open(const struct cpg_net *cn)
{
	struct user_namespace *user_ns = cn->net->user_ns;
	uid_t uid = from_kuid(user_ns, current_euid());
	gid_t gid = from_kgid(user_ns, current_egid());

	if (uid_eq(current_euid(), GLOBAL_ROOT_UID) || !uid || !gid)
		return true;
	if (gid == (gid_t)-1)
		return false;
	return gid >= READ_ONCE(cn->gid_range[0]) &&
	       gid <= READ_ONCE(cn->gid_range[1]);
}

/**
 * cpg_sk_hup() - no more events after those in the queue
 * @cs: socket; node->lock is held, and it is in the namespace's list
 * @err: why, a positive errno
 */
void cpg_sk_hup(struct cpg_sock *cs, int err)
{
	struct sock *sk = &cs->sk;

	if (cs->hup)
		return;
	if (cs->state == CPG_SK_JOINED || cs->state == CPG_SK_LEAVING)
		trace_cpg_gone(sock_net(sk), cs->no);
	/* Pairs with cpg_sk_head(): the queue is complete by now. */
	smp_store_release(&cs->hup, err);
	WRITE_ONCE(cs->state, CPG_SK_DEAD);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	sk->sk_state_change(sk);
	/* Who asked for it does not see an error. */
	if (err == ESHUTDOWN)
		return;
	WRITE_ONCE(sk->sk_err, err);
	sk_error_report(sk);
}

static __poll_t cpg_poll(struct file *file, struct socket *sock,
			 poll_table *wait)
{
	struct sock *sk = sock->sk;
	struct cpg_sock *cs = cpg_sk(sk);
	__poll_t mask = 0;

	sock_poll_wait(file, sock, wait);

	if (!cpg_sk_n_recvq(cs))
		cpg_node_push(cpg_sk_node(sk));
	if (cpg_sk_has_events(cs))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(cs->hup))
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLHUP;
	if (READ_ONCE(sk->sk_err))
		mask |= EPOLLERR;
	if (cpg_sk_write_poll(sk))
		mask |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	return mask;
}

static int cpg_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct sock *sk = sock->sk;
	int val;

	switch (cmd) {
	case SIOCINQ:
		val = cpg_sk_peek_len(sk);
		break;
	case SIOCOUTQ:
		val = READ_ONCE(sk->sk_wmem_queued);
		break;
	default:
		return -ENOIOCTLCMD;
	}
	return put_user(val, (int __user *)arg);
}

/* A member both sends and receives, so there is no half of this. */
static int cpg_shutdown(struct socket *sock, int how)
{
	struct sock *sk = sock->sk;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	if (how != SHUT_RDWR)
		return -EOPNOTSUPP;
	cpg_node_sk_shutdown(cpg_sk_node(sk), cpg_sk(sk));
	return 0;
}

static int cpg_release(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (!sk)
		return 0;

	cpg_node_sk_del(cpg_sk_node(sk), cpg_sk(sk));
	sock_orphan(sk);
	sock->sk = NULL;
	cpg_sk_purge(cpg_sk(sk));
	sock_put(sk);
	return 0;
}

static const struct proto_ops cpg_ops = {
	.family		= PF_CPG,
	.owner		= THIS_MODULE,
	.release	= cpg_release,
	.bind		= sock_no_bind,
	.connect	= sock_no_connect,
	.socketpair	= sock_no_socketpair,
	.accept		= sock_no_accept,
	.getname	= sock_no_getname,
	.poll		= cpg_poll,
	.ioctl		= cpg_ioctl,
	.listen		= sock_no_listen,
	.shutdown	= cpg_shutdown,
	.setsockopt	= cpg_setsockopt,
	.getsockopt	= cpg_getsockopt,
	.sendmsg	= cpg_sendmsg,
	.recvmsg	= cpg_recvmsg,
	.mmap		= sock_no_mmap,
};

struct proto cpg_proto = {
	.name		= "CPG",
	.owner		= THIS_MODULE,
	.obj_size	= sizeof(struct cpg_sock),
};

static void cpg_sk_destruct(struct sock *sk)
{
	WARN_ON_ONCE(atomic_read(&sk->sk_rmem_alloc));
}

static void cpg_sk_init(struct cpg_net *cn, struct socket *sock,
			struct sock *sk)
{
	struct cpg_sock *cs = cpg_sk(sk);

	sock->ops = &cpg_ops;
	sock_init_data(sock, sk);
	sk->sk_destruct = cpg_sk_destruct;
	sk->sk_sndbuf = READ_ONCE(cn->sndbuf);
	sk->sk_rcvbuf = READ_ONCE(cn->rcvbuf);
	sk->sk_peer_cred = get_cred(cn->cred);

	INIT_LIST_HEAD(&cs->node_list);
	INIT_LIST_HEAD(&cs->wake_list);
	INIT_LIST_HEAD(&cs->slow_list);
	INIT_LIST_HEAD(&cs->evict_list);
	cs->recv_in = CPG_RECV_BLOCK;
	mutex_init(&cs->recv_lock);
	cs->guarantee = CPG_SVC_AGREED;
}

static int cpg_create(struct net *net, struct socket *sock, int protocol,
		      int kern)
{
	struct cpg_net *cn = cpg_pernet(net);
	struct sock *sk;
	int err;

	if (sock->type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	if (protocol)
		return -EPROTONOSUPPORT;
	if (!kern && !cpg_may_open(cn))
		return -EACCES;

	sk = sk_alloc(net, PF_CPG, GFP_KERNEL, &cpg_proto, kern);
	if (!sk)
		return -ENOMEM;
	cpg_sk_init(cn, sock, sk);

	err = cpg_node_sk_add(&cn->node, cpg_sk(sk));
	if (err) {
		sock_orphan(sk);
		sock->sk = NULL;
		sock_put(sk);
	}
	return err;
}

const struct net_proto_family cpg_family = {
	.family	= PF_CPG,
	.create	= cpg_create,
	.owner	= THIS_MODULE,
};
