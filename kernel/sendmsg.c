// SPDX-License-Identifier: GPL-2.0
/*
 * Messages: from user space into the engine.
 *
 * The payload is copied once, before the node is locked.  A socket may have
 * accepted and not yet put in order what fits its send buffer; a message is
 * accepted if there is any room, so the last one may overshoot.  There is none
 * while the group is held back.
 */
#include <linux/sched.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "cpg_priv.h"

static bool cpg_sk_is_cut_off(const struct cpg_sock *cs)
{
	return READ_ONCE(cs->group.flags) & CPG_JOIN_F_QUORUM &&
	       !READ_ONCE(cpg_sk_node(&cs->sk)->quorate);
}

/**
 * cpg_sk_send_err() - may this socket send
 * @cs: socket
 *
 * Return: 0, or what sendmsg() says to who is not a member, or has no majority
 * and needs one.
 */
int cpg_sk_send_err(const struct cpg_sock *cs)
{
	switch (READ_ONCE(cs->state)) {
	case CPG_SK_JOINED:
		return cpg_sk_is_cut_off(cs) ? -EHOSTUNREACH : 0;
	case CPG_SK_DEAD:
		return READ_ONCE(cs->hup) == ENETDOWN ? -ENETDOWN : -EPIPE;
	default:
		return -ENOTCONN;
	}
}

/**
 * cpg_sk_writable() - is there room in the send buffer
 * @sk: socket
 *
 * Return: true if there is, and the group is not held back.
 */
bool cpg_sk_writable(const struct sock *sk)
{
	return !READ_ONCE(cpg_sk(sk)->held) &&
	       READ_ONCE(sk->sk_wmem_queued) < READ_ONCE(sk->sk_sndbuf);
}

/* As cpg_sk_writable(); if not, cpg_sk_sent() or cpg_sk_held() will wake. */
static bool cpg_sk_writable_or_wake(struct sock *sk)
{
	if (cpg_sk_writable(sk))
		return true;
	WRITE_ONCE(cpg_sk(sk)->nospace, 1);
	/* Pairs with those: they see the flag, or we the room. */
	smp_mb();
	return cpg_sk_writable(sk);
}

/**
 * cpg_sk_write_poll() - may sendmsg() be called now
 * @sk: socket
 *
 * Return: true if it would not block, and will not fail.
 */
bool cpg_sk_write_poll(struct sock *sk)
{
	return !cpg_sk_send_err(cpg_sk(sk)) && cpg_sk_writable_or_wake(sk);
}

/**
 * cpg_sk_sent() - a message has been put in order
 * @cs: its sender; node->lock is held
 * @len: its length
 */
void cpg_sk_sent(struct cpg_sock *cs, u32 len)
{
	struct sock *sk = &cs->sk;

	WRITE_ONCE(sk->sk_wmem_queued,
		   sk->sk_wmem_queued - (int)(len + CPG_SND_OVERHEAD));
	/* Pairs with cpg_sk_writable_or_wake(). */
	smp_mb();
	/* Wake for more than one message. */
	if (READ_ONCE(cs->nospace) &&
	    sk->sk_wmem_queued <= READ_ONCE(sk->sk_sndbuf) / 2) {
		WRITE_ONCE(cs->nospace, 0);
		sk->sk_write_space(sk);
	}
}

/**
 * cpg_sk_held() - the group is held back from now on, or not any more
 * @cs: socket; node->lock is held
 * @held: it is
 */
void cpg_sk_held(struct cpg_sock *cs, bool held)
{
	lockdep_assert_held(&cpg_sk_node(&cs->sk)->lock);
	WRITE_ONCE(cs->held, held);
	/* Pairs with cpg_sk_writable_or_wake(). */
	smp_mb();
	if (!held && READ_ONCE(cs->nospace)) {
		WRITE_ONCE(cs->nospace, 0);
		cs->sk.sk_write_space(&cs->sk);
	}
}

static int cpg_sk_wait_writable(struct sock *sk, long *timeo)
{
	struct cpg_sock *cs = cpg_sk(sk);
	long ret;

	cpg_node_push(cpg_sk_node(sk));
	if (!*timeo)
		return cpg_sk_writable_or_wake(sk) ? 0 : -EAGAIN;
	ret = wait_event_interruptible_timeout(*sk_sleep(sk),
					       cpg_sk_send_err(cs) ||
					       cpg_sk_writable_or_wake(sk),
					       *timeo);
	if (ret < 0)
		return sock_intr_errno(*timeo);
	*timeo = ret;
	return ret ? 0 : -EAGAIN;
}

static int cpg_sk_wait_send(struct sock *sk, long *timeo)
{
	int err = cpg_sk_send_err(cpg_sk(sk));

	if (err || cpg_sk_writable(sk))
		return err;
	return cpg_sk_wait_writable(sk, timeo) ?:
	       cpg_sk_send_err(cpg_sk(sk));
}

enum {
	CPG_HOT_MIN = 4,		/* messages on the heels of others */
	CPG_HOT_MAX = 8,		/* so many are remembered */
	CPG_HOT_WAIT = 32,		/* for so many of them one waits */
};

/* But no longer than this, nor for the next message of a sendmmsg(). */
#define CPG_HOT_WAIT_MAX	(5 * NSEC_PER_MSEC)

/*
 * How long ago was the last message sent?  What passed while others had the CPU
 * does not count; then it is said to be as long as can be called hot.
 */
static u64 cpg_send_gap(const struct cpg_node *node, u64 start, u64 took)
{
	s64 gap = start - node->send_start;

	if (node->sender == current->pid &&
	    node->sender_slept == current->nvcsw &&
	    node->sender_preempted != current->nivcsw)
		gap = min_t(u64, gap, 2 * took);
	/* Several may be in sendmsg() at a time. */
	return max_t(s64, gap, 1);
}

/**
 * cpg_send_wait_for() - how long may a message wait for company?
 * @node: node; node->lock is held
 * @start: ktime: when sendmsg() was called
 * @more: another one follows at once
 *
 * Processes that are back as soon as a message could have been sent are likely
 * to be back again: machines are not alike, so times are only compared.  Once
 * is an exception; to have waited in vain is none.  Who looks for events and
 * finds none is not coming back with more messages, and ends the wait.
 * Whoever sends a burst is not back before that is done, which takes long where
 * its CPU does what a network would: what the burst left behind waits so much
 * longer, and once more for the others that ran late by it.
 *
 * Return: nanoseconds; 0: it does not wait.
 */
u64 cpg_send_wait_for(struct cpg_node *node, u64 start, bool more)
{
	u64 took = READ_ONCE(node->send_took);
	u64 gap = cpg_send_gap(node, start, took);

	lockdep_assert_held(&node->lock);
	if (gap > 2 * took || (node->send_wait && gap > node->send_wait))
		node->n_hot /= 2;
	else if (node->n_hot < CPG_HOT_MAX)
		node->n_hot++;
	node->send_start = start;
	node->sender = current->pid;
	node->sender_slept = current->nvcsw;
	node->sender_preempted = current->nivcsw;
	if (more)
		node->send_wait = CPG_HOT_WAIT_MAX;
	else if (node->n_hot < CPG_HOT_MIN)
		node->send_wait = 0;
	else
		node->send_wait = min_t(u64, gap * CPG_HOT_WAIT +
					     2 * READ_ONCE(node->burst_took),
					CPG_HOT_WAIT_MAX);
	return node->send_wait;
}

static int cpg_cmsg_guarantee(struct msghdr *msg, u8 *guarantee)
{
	struct cmsghdr *cmsg;
	u32 val;

	for_each_cmsghdr(cmsg, msg) {
		if (!CMSG_OK(msg, cmsg))
			return -EINVAL;
		if (cmsg->cmsg_level != SOL_CPG ||
		    cmsg->cmsg_type != SCM_CPG_GUARANTEE ||
		    cmsg->cmsg_len != CMSG_LEN(sizeof(val)))
			return -EINVAL;
		memcpy(&val, CMSG_DATA(cmsg), sizeof(val));
		if (val > CPG_SVC_SAFE)
			return -EINVAL;
		*guarantee = val;
	}
	return 0;
}

static int cpg_event_add_iter(struct cpg_event *ev, struct iov_iter *iter,
			      u32 len)
{
	struct cpg_buf *buf = cpg_buf_alloc_wait(len);
	int err = 0;

	if (!buf)
		return -ENOMEM;
	if (copy_from_iter_full(buf->data, len, iter))
		cpg_event_add_slice(ev, buf, 0, len);
	else
		err = -EFAULT;
	cpg_buf_put(buf);
	return err;
}

static struct cpg_event *cpg_event_from_iter(struct iov_iter *iter, size_t len)
{
	struct cpg_event *ev;
	int err;

	ev = cpg_event_alloc_msg(NULL, DIV_ROUND_UP(len, CPG_BUF_MAX));
	if (!ev)
		return ERR_PTR(-ENOMEM);
	while (len) {
		u32 n = min_t(size_t, len, CPG_BUF_MAX);

		err = cpg_event_add_iter(ev, iter, n);
		if (err) {
			cpg_event_put(ev);
			return ERR_PTR(err);
		}
		len -= n;
	}
	return ev;
}

static int cpg_sk_send(struct sock *sk, struct cpg_event *ev, u64 start,
		       bool more, long *timeo)
{
	int err;

	/* Others may have taken the room in the meantime. */
	do {
		err = cpg_node_sk_send(cpg_sk_node(sk), cpg_sk(sk), ev,
				       start, more);
		if (err != -EAGAIN)
			return err;
		err = cpg_sk_wait_send(sk, timeo);
	} while (!err);
	return err;
}

enum {
	/* The others would promise what is not done. */
	CPG_SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR | MSG_WAITALL |
			 MSG_BATCH | MSG_CMSG_COMPAT,
};

/**
 * cpg_sendmsg() - multicast a message to the group of the socket
 * @sock: socket
 * @msg: payload, and maybe a guarantee
 * @len: bytes of payload
 *
 * Return: @len if the message will be delivered, otherwise a negative errno.
 */
int cpg_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct sock *sk = sock->sk;
	u8 guarantee = READ_ONCE(cpg_sk(sk)->guarantee);
	u64 start = ktime_get_ns();
	struct cpg_event *ev;
	long timeo;
	int err;

	if (msg->msg_flags & ~CPG_SEND_FLAGS)
		return -EOPNOTSUPP;
	if (msg->msg_namelen)
		return -EISCONN;
	err = cpg_cmsg_guarantee(msg, &guarantee);
	if (err)
		return err;
	if (len > CPG_MSG_MAX)
		return -EMSGSIZE;

	timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	err = cpg_sk_wait_send(sk, &timeo);
	if (err)
		return err;
	ev = cpg_event_from_iter(&msg->msg_iter, len);
	if (IS_ERR(ev))
		return PTR_ERR(ev);
	ev->service = guarantee;
	err = cpg_sk_send(sk, ev, start, msg->msg_flags & MSG_BATCH, &timeo);
	cpg_event_put(ev);
	return err ?: len;
}
