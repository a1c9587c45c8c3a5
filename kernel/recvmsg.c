// SPDX-License-Identifier: GPL-2.0
/*
 * Events: from the engine into the queue of a socket, and from there to user
 * space.
 *
 * A queue is a list of blocks, each with room for some events; an entry holds
 * a reference to an event, which other sockets may hold, too.  What the event
 * takes of the memory counts against the receive buffer of each.  Who delivers
 * owns the end of the queue, and who reads its head: they need no lock between
 * them.  The last block stays, so that who reads at once costs no allocation.
 *
 * A socket whose buffer is full holds the senders of its group back, until half
 * of it is free again.  What was accepted by then and comes nevertheless is
 * taken, up to a bound.
 */
#include <linux/mempool.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "cpg_priv.h"
#include "trace.h"

enum {
	/* Events in a block: 256 bytes. */
	CPG_RECV_BLOCK = 15,
	/* Blocks for when there is no memory: a lost event ends a socket. */
	CPG_RECV_RESERVE = 64,
};

/**
 * struct cpg_recv - an event in the queue of a socket
 * @ev: the event, of which a reference is held
 * @size: what the socket is charged
 */
struct cpg_recv {
	struct cpg_event	*ev;
	u32			size;
};

/**
 * struct cpg_recv_block - a part of the queue of a socket
 * @next: the next part; good if there is an event in that
 * @recv: events, in their order
 */
struct cpg_recv_block {
	struct cpg_recv_block	*next;
	struct cpg_recv		recv[CPG_RECV_BLOCK];
};

static mempool_t *cpg_recv_pool;

/**
 * cpg_recv_init() - get ready to deliver
 *
 * Return: 0 or -ENOMEM.
 */
int cpg_recv_init(void)
{
	size_t size = sizeof(struct cpg_recv_block);

	cpg_recv_pool = mempool_create_kmalloc_pool(CPG_RECV_RESERVE, size);
	return cpg_recv_pool ? 0 : -ENOMEM;
}

/**
 * cpg_recv_exit() - undo cpg_recv_init(); there are no sockets any more
 */
void cpg_recv_exit(void)
{
	mempool_destroy(cpg_recv_pool);
}

static u32 cpg_event_truesize(struct cpg_event *ev)
{
	u32 size = sizeof(struct cpg_recv) + sizeof(*ev);
	u32 i;

	if (ev->kind != CPG_EVENT_MSG)
		return size + ev->len;
	for (i = 0; i < ev->nslices; i++) {
		const struct cpg_slice *slice = &cpg_event_slices(ev)[i];

		size += sizeof(*slice) +
			cpg_buf_truesize(slice->buf, slice->len);
	}
	return size;
}

/*
 * How much a queue may hold: on top of a full buffer, what may still come when
 * senders are held back.  That is in flight, and in their send buffers.
 */
static u32 cpg_sk_rcvbuf_max(const struct cpg_sock *cs)
{
	const struct cpg_net *cn = cpg_pernet(sock_net(&cs->sk));
	u64 max = cn->node.budget + (u64)cs->n_members * READ_ONCE(cn->sndbuf);

	max = READ_ONCE(cs->sk.sk_rcvbuf) + CPG_RCV_OVERHEAD * max;
	return min_t(u64, max, INT_MAX);
}

/**
 * cpg_sk_has_room() - is so much free that senders need not be held back
 * @cs: socket
 *
 * Return: true if it is.
 */
bool cpg_sk_has_room(const struct cpg_sock *cs)
{
	return atomic_read(&cs->sk.sk_rmem_alloc) <=
	       READ_ONCE(cs->sk.sk_rcvbuf) / 2;
}

/* Room at the end of the queue, or NULL.  It is not in the queue yet. */
static struct cpg_recv *cpg_sk_recv_new(struct cpg_sock *cs)
{
	struct cpg_recv_block *block = cs->recv_tail;

	if (!block || cs->recv_in == CPG_RECV_BLOCK) {
		block = mempool_alloc(cpg_recv_pool, GFP_ATOMIC | __GFP_NOWARN);
		if (!block)
			return NULL;
		if (cs->recv_tail)
			cs->recv_tail->next = block;
		else
			cs->recv_head = block;
		cs->recv_tail = block;
		cs->recv_in = 0;
	}
	return &block->recv[cs->recv_in++];
}

/*
 * An event larger than the whole receive buffer fits if the queue is empty:
 * who reads at once holds nobody back.
 */
static int cpg_sk_queue(struct cpg_node *node, struct cpg_sock *cs,
			struct cpg_event *ev)
{
	u32 size = cpg_event_truesize(ev);
	struct sock *sk = &cs->sk;
	struct cpg_recv *recv;
	u32 used;

	used = atomic_read(&sk->sk_rmem_alloc);
	if (used && used + size > READ_ONCE(sk->sk_rcvbuf)) {
		if (used + size > cpg_sk_rcvbuf_max(cs))
			return -ENOBUFS;
		if (!cs->slow)
			list_move_tail(&cs->slow_list, &node->slow);
	}
	recv = cpg_sk_recv_new(cs);
	if (!recv)
		return -ENOMEM;

	recv->ev = cpg_event_get(ev);
	recv->size = size;
	atomic_add(size, &sk->sk_rmem_alloc);
	/* Pairs with cpg_sk_peek(): it sees what is in the block. */
	smp_store_release(&cs->n_in, cs->n_in + 1);
	CPG_INC_STATS(node, CPG_MIB_EVENTS);
	return 0;
}

/* The head of the queue, or NULL. */
static struct cpg_recv *cpg_sk_peek(struct cpg_sock *cs)
{
	struct cpg_recv_block *block;

	lockdep_assert_held(&cs->recv_lock);

	/* Pairs with cpg_sk_queue(). */
	if (smp_load_acquire(&cs->n_in) == cs->n_out)
		return NULL;
	if (cs->recv_out == CPG_RECV_BLOCK) {
		block = cs->recv_head;
		cs->recv_head = block->next;
		cs->recv_out = 0;
		mempool_free(block, cpg_recv_pool);
	}
	return &cs->recv_head->recv[cs->recv_out];
}

static void cpg_sk_consume(struct cpg_sock *cs, struct cpg_recv *recv)
{
	struct cpg_node *node = cpg_sk_node(&cs->sk);

	lockdep_assert_held(&cs->recv_lock);

	cs->recv_out++;
	/* Pairs with cpg_sk_n_recvq(). */
	smp_store_release(&cs->n_out, cs->n_out + 1);
	cpg_event_put(recv->ev);
	/* A full barrier, which pairs with cpg_node_sk_slow(). */
	atomic_sub_return(recv->size, &cs->sk.sk_rmem_alloc);

	if (!READ_ONCE(cs->slow))
		return;
	atomic64_set(&cs->read_at, ktime_get_ns());
	if (cpg_sk_has_room(cs))
		cpg_node_sk_has_read(node, cs);
}

/**
 * cpg_sk_purge() - drop all events
 * @cs: socket that nobody reads from, or delivers to, any more
 *
 * May sleep.
 */
void cpg_sk_purge(struct cpg_sock *cs)
{
	struct cpg_recv *recv;

	mutex_lock(&cs->recv_lock);
	while ((recv = cpg_sk_peek(cs)))
		cpg_sk_consume(cs, recv);
	if (cs->recv_head)
		mempool_free(cs->recv_head, cpg_recv_pool);
	cs->recv_head = NULL;
	cs->recv_tail = NULL;
	mutex_unlock(&cs->recv_lock);
}

/**
 * cpg_sk_evict() - put a socket out of its group
 * @node: node; node->lock is held
 * @cs: socket
 *
 * Never a gap: who misses one event gets no other, and an error.
 */
void cpg_sk_evict(struct cpg_node *node, struct cpg_sock *cs)
{
	lockdep_assert_held(&node->lock);
	CPG_INC_STATS(node, CPG_MIB_EVICTED);
	cpg_sk_hup(cs, ECONNRESET);
	if (cs->proc)
		list_move_tail(&cs->evict_list, &node->evict);
}

static void cpg_sk_trace_event(struct cpg_sock *cs, struct cpg_event *ev)
{
	if (ev->kind == CPG_EVENT_MSG)
		trace_cpg_msg(sock_net(&cs->sk), cs->no, ev);
	else if (ev->kind == CPG_EVENT_CONFCHG)
		trace_cpg_chg(sock_net(&cs->sk), cs->no, &ev->seq,
			      cpg_event_confchg(ev));
}

/* Waits anybody for an event?  Who begins to, later, looks into the queue. */
static bool cpg_sk_is_awaited(const struct cpg_sock *cs)
{
	return sock_flag(&cs->sk, SOCK_FASYNC) ||
	       skwq_has_sleeper(rcu_dereference_bh(cs->sk.sk_wq));
}

/**
 * cpg_sk_deliver() - put an event into the queue of a socket
 * @node: node; node->lock is held
 * @cs: socket
 * @ev: event, of which a reference is taken, or NULL if one is missing
 *
 * A group may have a thousand members here: all that is done for each counts.
 */
void cpg_sk_deliver(struct cpg_node *node, struct cpg_sock *cs,
		    struct cpg_event *ev)
{
	lockdep_assert_held(&node->lock);
	if (cs->hup)
		return;
	if (!ev || cpg_sk_queue(node, cs, ev)) {
		cpg_sk_evict(node, cs);
		return;
	}
	cpg_sk_trace_event(cs, ev);
	if (ev->kind == CPG_EVENT_CONFCHG)
		cs->n_members = cpg_event_confchg(ev)->n_members;
	if (cs->want_view && ev->kind == CPG_EVENT_CONFCHG) {
		cs->want_view = false;
		cpg_sk_deliver(node, cs, node->view);
	}
	if (list_empty(&cs->wake_list) && cpg_sk_is_awaited(cs))
		list_add_tail(&cs->wake_list, &node->wake);
}

static bool cpg_sk_readable(const struct cpg_sock *cs)
{
	return cpg_sk_n_recvq(cs) || READ_ONCE(cs->hup);
}

/* Called without recv_lock: others may read what they find meanwhile. */
static int cpg_sk_wait_readable(struct sock *sk, long *timeo)
{
	long ret;

	cpg_node_push(cpg_sk_node(sk));
	if (cpg_sk_readable(cpg_sk(sk)))
		return 0;
	if (!*timeo)
		return -EAGAIN;
	ret = wait_event_interruptible_timeout(*sk_sleep(sk),
					       cpg_sk_readable(cpg_sk(sk)),
					       *timeo);
	if (ret < 0)
		return sock_intr_errno(*timeo);
	*timeo = ret;
	return ret ? 0 : -EAGAIN;
}

/*
 * The head of the queue, which stays there; only who holds recv_lock
 * removes it.  Returns with recv_lock held if there is one; NULL at the end of
 * a socket that was shut down.
 */
static struct cpg_recv *cpg_sk_head(struct sock *sk, int flags)
{
	long timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	struct cpg_sock *cs = cpg_sk(sk);
	struct cpg_recv *recv;
	int err;

	for (;;) {
		/* Nothing is queued after this is set, so read it first. */
		int hup = smp_load_acquire(&cs->hup);

		mutex_lock(&cs->recv_lock);
		recv = cpg_sk_peek(cs);
		if (recv)
			return recv;
		mutex_unlock(&cs->recv_lock);
		if (hup)
			return hup == ESHUTDOWN ? NULL : ERR_PTR(-hup);
		err = cpg_sk_wait_readable(sk, &timeo);
		if (err)
			return ERR_PTR(err);
	}
}

static int cpg_event_cmsg_type(const struct cpg_event *ev)
{
	return ev->kind == CPG_EVENT_VIEW ? SCM_CPG_VIEW : SCM_CPG_CONFCHG;
}

/* Is there room for all of the event? */
static bool cpg_event_fits(const struct cpg_event *ev, bool seq,
			   const struct msghdr *msg, size_t size)
{
	bool is_msg = ev->kind == CPG_EVENT_MSG;
	size_t control = 0;

	if (is_msg && ev->len > size)
		return false;
	if (!is_msg)
		control += CMSG_LEN(ev->len);
	if (seq)
		control = CMSG_ALIGN(control) + CMSG_LEN(sizeof(ev->seq));
	return !control ||
	       (msg->msg_control && msg->msg_controllen >= control);
}

static int cpg_event_copy_msg(struct cpg_event *ev, struct msghdr *msg,
			      size_t size)
{
	DECLARE_SOCKADDR(struct sockaddr_cpg *, addr, msg->msg_name);
	const struct cpg_slice *slice = cpg_event_slices(ev);
	const struct cpg_slice *end = slice + ev->nslices;
	size_t todo = min_t(size_t, size, ev->len);

	for (; slice < end && todo; slice++) {
		size_t n = min_t(size_t, todo, slice->len);

		if (copy_to_iter(slice->buf->data + slice->off, n,
				 &msg->msg_iter) != n)
			return -EFAULT;
		todo -= n;
	}

	if (addr) {
		*addr = (struct sockaddr_cpg) {
			.scpg_family	= AF_CPG,
			.scpg_nodeid	= ev->sender.nodeid,
			.scpg_pid	= ev->sender.pid,
			.scpg_port	= ev->sender.port,
		};
		msg->msg_namelen = sizeof(*addr);
	}
	msg->msg_flags |= MSG_EOR;
	if (ev->len > size)
		msg->msg_flags |= MSG_TRUNC;
	return min_t(size_t, size, ev->len);
}

static int cpg_event_copy(struct cpg_event *ev, bool seq, struct msghdr *msg,
			  size_t size)
{
	int copied = 0;
	int err;

	msg->msg_namelen = 0;
	if (ev->kind == CPG_EVENT_MSG)
		copied = cpg_event_copy_msg(ev, msg, size);
	else
		copied = put_cmsg(msg, SOL_CPG, cpg_event_cmsg_type(ev),
				  ev->len, ev->body);
	if (copied < 0 || !seq)
		return copied;
	err = put_cmsg(msg, SOL_CPG, SCM_CPG_SEQ, sizeof(ev->seq), &ev->seq);
	return err ?: copied;
}

/**
 * cpg_recvmsg() - take the next event
 * @sock: socket
 * @msg: where to; the event is not lost if this cannot be written to
 * @size: bytes in @msg's iovec
 * @flags: MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC
 *
 * Return: bytes of payload, or a negative errno; when the socket is dead and
 * the last event was read, why it is, every time: 0 and no address after
 * shutdown().
 */
int cpg_recvmsg(struct socket *sock, struct msghdr *msg, size_t size,
		int flags)
{
	struct sock *sk = sock->sk;
	struct cpg_sock *cs = cpg_sk(sk);
	bool seq = READ_ONCE(cs->recvseq);
	struct cpg_recv *recv;
	struct cpg_event *ev;
	int ret;

	if (flags & (MSG_OOB | MSG_ERRQUEUE))
		return -EOPNOTSUPP;

	recv = cpg_sk_head(sk, flags);
	if (IS_ERR(recv))
		return PTR_ERR(recv);
	if (!recv) {
		msg->msg_namelen = 0;
		return 0;
	}

	ev = recv->ev;
	if (READ_ONCE(cs->notrunc) && !cpg_event_fits(ev, seq, msg, size))
		ret = -EMSGSIZE;
	else
		ret = cpg_event_copy(ev, seq, msg, size);
	if (ret >= 0 && (flags & MSG_TRUNC) && ev->kind == CPG_EVENT_MSG)
		ret = ev->len;
	if (ret >= 0 && !(flags & MSG_PEEK))
		cpg_sk_consume(cs, recv);
	mutex_unlock(&cs->recv_lock);
	return ret;
}

/**
 * cpg_sk_peek_len() - size of the next event's payload
 * @sk: socket
 *
 * May sleep.
 *
 * Return: bytes; 0 if the queue is empty or its head is not a message.
 */
int cpg_sk_peek_len(struct sock *sk)
{
	struct cpg_sock *cs = cpg_sk(sk);
	struct cpg_recv *recv;
	int len = 0;

	mutex_lock(&cs->recv_lock);
	recv = cpg_sk_peek(cs);
	if (recv && recv->ev->kind == CPG_EVENT_MSG)
		len = recv->ev->len;
	mutex_unlock(&cs->recv_lock);
	return len;
}
