// SPDX-License-Identifier: GPL-2.0
/*
 * Events: from the engine into the queue of a socket, and from there to user
 * space.
 *
 * A queue is a list of blocks, each with room for some events; an entry is a
 * reference to an event, which other sockets may hold, too.  What the event
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
	/* Blocks for when there is no memory: a lost event ends a socket. */
	CPG_RECV_RESERVE = 64,
	/* Events that are freed together. */
	CPG_RECV_TAKEN = 32,
	/* Bytes of a message that are written word by word. */
	CPG_RECORD_PUT_MAX = 256,
};

/**
 * struct cpg_recv_block - a part of the queue of a socket
 * @next: the next part; good if there is an event in that
 * @ev: events, in their order; of each a reference is held
 */
struct cpg_recv_block {
	struct cpg_recv_block	*next;
	struct cpg_event	*ev[CPG_RECV_BLOCK];
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
	u32 size = sizeof(ev) + sizeof(*ev);
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
	u64 max = READ_ONCE(cn->sndbuf);

	if (cs->proc)
		max *= cpg_engine_group_size(cs->proc);
	max += cn->node.budget;
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

/* A block for what comes next; false: no memory. */
static bool cpg_sk_recv_grow(struct cpg_sock *cs)
{
	struct cpg_recv_block *block;

	block = mempool_alloc(cpg_recv_pool, GFP_ATOMIC | __GFP_NOWARN);
	if (!block)
		return false;
	if (cs->recv_tail)
		cs->recv_tail->next = block;
	else
		cs->recv_head = block;
	cs->recv_tail = block;
	cs->recv_in = 0;
	return true;
}

/*
 * The buffer is full: may this be taken all the same?  An event larger than
 * the whole buffer fits if the queue is empty: who reads at once holds nobody
 * back.
 */
static noinline bool cpg_sk_may_exceed(struct cpg_node *node,
				       struct cpg_sock *cs, u32 used, u32 size)
{
	if (!used)
		return true;
	if (used + size > cpg_sk_rcvbuf_max(cs))
		return false;
	if (!cs->slow)
		list_move_tail(&cs->slow_list, &node->slow);
	return true;
}

/* Takes over a reference; false if there is no room. */
static bool cpg_sk_queue(struct cpg_node *node, struct cpg_sock *cs,
			 struct cpg_event *ev, u32 size)
{
	struct sock *sk = &cs->sk;
	u32 used;

	used = atomic_read(&sk->sk_rmem_alloc);
	if (unlikely(used + size > READ_ONCE(sk->sk_rcvbuf)) &&
	    !cpg_sk_may_exceed(node, cs, used, size))
		return false;
	if (unlikely(cs->recv_in == CPG_RECV_BLOCK) && !cpg_sk_recv_grow(cs))
		return false;

	cs->recv_tail->ev[cs->recv_in++] = ev;
	atomic_add(size, &sk->sk_rmem_alloc);
	/* Pairs with cpg_sk_peek(): it sees what is in the block. */
	smp_wmb();
	/* Pairs with who waits: it sees the event, or we see it waiting. */
	smp_store_mb(cs->n_in, cs->n_in + 1);
	return true;
}

/* The head of the queue, or NULL. */
static struct cpg_event *cpg_sk_peek(struct cpg_sock *cs)
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
	return cs->recv_head->ev[cs->recv_out];
}

/* The head leaves the queue; its reference becomes the caller's. */
static void cpg_sk_take_off(struct cpg_sock *cs)
{
	lockdep_assert_held(&cs->recv_lock);

	cs->recv_out++;
	/* Pairs with cpg_sk_n_recvq(). */
	smp_store_release(&cs->n_out, cs->n_out + 1);
}

/* So much was taken off the queue. */
static void cpg_sk_uncharge(struct cpg_sock *cs, u32 size)
{
	/* A full barrier, which pairs with cpg_node_sk_slow(). */
	atomic_sub_return(size, &cs->sk.sk_rmem_alloc);

	if (!READ_ONCE(cs->slow))
		return;
	atomic64_set(&cs->read_at, ktime_get_ns());
	if (cpg_sk_has_room(cs))
		cpg_node_sk_has_read(cpg_sk_node(&cs->sk), cs);
}

static void cpg_sk_consume(struct cpg_sock *cs, struct cpg_event *ev)
{
	u32 size = ev->charge;

	cpg_sk_take_off(cs);
	cpg_event_put(ev);
	cpg_sk_uncharge(cs, size);
}

/**
 * cpg_sk_purge() - drop all events
 * @cs: socket that nobody reads from, or delivers to, any more
 *
 * May sleep.
 */
void cpg_sk_purge(struct cpg_sock *cs)
{
	struct cpg_event *ev;

	mutex_lock(&cs->recv_lock);
	while ((ev = cpg_sk_peek(cs)))
		cpg_sk_consume(cs, ev);
	if (cs->recv_head)
		mempool_free(cs->recv_head, cpg_recv_pool);
	cs->recv_head = NULL;
	cs->recv_tail = NULL;
	cs->recv_in = CPG_RECV_BLOCK;
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
	if (sock_flag(&cs->sk, SOCK_FASYNC))
		return true;
	/* Behind the barrier of cpg_sk_queue(). */
	return waitqueue_active(&rcu_dereference_bh(cs->sk.sk_wq)->wait);
}

/* Return: true if the socket took over a reference. */
static bool cpg_sk_take(struct cpg_node *node, struct cpg_sock *cs,
			struct cpg_event *ev, u32 size)
{
	if (unlikely(cs->hup))
		return false;
	if (unlikely(!cpg_sk_queue(node, cs, ev, size))) {
		cpg_sk_evict(node, cs);
		return false;
	}
	if (trace_cpg_msg_enabled() || trace_cpg_chg_enabled())
		cpg_sk_trace_event(cs, ev);
	if (unlikely(cs->want_view) && ev->kind == CPG_EVENT_CONFCHG) {
		cs->want_view = false;
		cpg_sk_deliver(node, cs, node->view);
	}
	if (cpg_sk_is_awaited(cs) && list_empty(&cs->wake_list))
		list_add_tail(&cs->wake_list, &node->wake);
	return true;
}

static void cpg_sk_deliver_lost(struct cpg_node *node, void *const *socks,
				u32 n)
{
	for (; n; n--, socks++) {
		struct cpg_sock *cs = *socks;

		if (!cs->hup)
			cpg_sk_evict(node, cs);
	}
}

/**
 * cpg_sk_deliver_all() - put an event into the queues of sockets
 * @node: node; node->lock is held
 * @socks: struct cpg_sock of each
 * @n: their number
 * @ev: event, of which references are taken, or NULL if one is missing
 *
 * A group may have a thousand members here: all that is done for each counts.
 */
void cpg_sk_deliver_all(struct cpg_node *node, void *const *socks, u32 n,
			struct cpg_event *ev)
{
	u32 i, size, n_missed = 0;

	lockdep_assert_held(&node->lock);
	if (!ev) {
		cpg_sk_deliver_lost(node, socks, n);
		return;
	}
	if (!ev->charge)
		ev->charge = cpg_event_truesize(ev);
	size = ev->charge;
	/* One for each; who was first may have read it before the last has. */
	cpg_event_get_many(ev, n);
	for (i = 0; i < n; i++)
		n_missed += !cpg_sk_take(node, socks[i], ev, size);
	CPG_ADD_STATS(node, CPG_MIB_EVENTS, n - n_missed);
	while (n_missed--)
		cpg_event_put(ev);
}

/**
 * cpg_sk_deliver() - put an event into the queue of a socket
 * @node: node; node->lock is held
 * @cs: socket
 * @ev: event, of which a reference is taken, or NULL if one is missing
 */
void cpg_sk_deliver(struct cpg_node *node, struct cpg_sock *cs,
		    struct cpg_event *ev)
{
	void *sock = cs;

	cpg_sk_deliver_all(node, &sock, 1, ev);
}

/* No event is in the hands of who reads. */
static void cpg_sk_told(struct cpg_sock *cs)
{
	mutex_lock(&cs->recv_lock);
	WRITE_ONCE(cs->in_hand, false);
	mutex_unlock(&cs->recv_lock);
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
static struct cpg_event *cpg_sk_head(struct sock *sk, int flags)
{
	long timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	struct cpg_sock *cs = cpg_sk(sk);
	struct cpg_event *ev;
	int err;

	for (;;) {
		/* Nothing is queued after this is set, so read it first. */
		int hup = smp_load_acquire(&cs->hup);

		mutex_lock(&cs->recv_lock);
		ev = cpg_sk_peek(cs);
		if (ev)
			return ev;
		WRITE_ONCE(cs->in_hand, false);
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

static struct sockaddr_cpg cpg_event_from(const struct cpg_event *ev)
{
	return (struct sockaddr_cpg){
		.scpg_family	= AF_CPG,
		.scpg_nodeid	= ev->sender.nodeid,
		.scpg_pid	= ev->sender.pid,
		.scpg_port	= ev->sender.port,
	};
}

static int cpg_event_copy_payload(struct cpg_event *ev, struct iov_iter *to,
				  size_t len)
{
	const struct cpg_slice *slice = cpg_event_slices(ev);

	for (; len; slice++) {
		size_t n = min_t(size_t, len, slice->len);

		if (copy_to_iter(slice->buf->data + slice->off, n, to) != n)
			return -EFAULT;
		len -= n;
	}
	return 0;
}

static int cpg_event_copy_msg(struct cpg_event *ev, struct msghdr *msg,
			      size_t size)
{
	DECLARE_SOCKADDR(struct sockaddr_cpg *, addr, msg->msg_name);
	size_t len = min_t(size_t, size, ev->len);
	int err;

	err = cpg_event_copy_payload(ev, &msg->msg_iter, len);
	if (err)
		return err;
	if (addr) {
		*addr = cpg_event_from(ev);
		msg->msg_namelen = sizeof(*addr);
	}
	msg->msg_flags |= MSG_EOR;
	if (ev->len > size)
		msg->msg_flags |= MSG_TRUNC;
	return len;
}

/*
 * What put_cmsg() does, which copies word by word: too slow for the list of a
 * thousand members.
 */
static int cpg_event_put_cmsg(const struct cpg_event *ev, struct msghdr *msg)
{
	struct cmsghdr __user *cm = msg->msg_control_user;
	struct cmsghdr hdr = {
		.cmsg_len	= CMSG_LEN(ev->len),
		.cmsg_level	= SOL_CPG,
		.cmsg_type	= cpg_event_cmsg_type(ev),
	};
	size_t space = CMSG_SPACE(ev->len);

	if (!msg->msg_control_is_user || msg->msg_flags & MSG_CMSG_COMPAT ||
	    !cm || msg->msg_controllen < hdr.cmsg_len)
		return put_cmsg(msg, hdr.cmsg_level, hdr.cmsg_type, ev->len,
				(void *)ev->body);
	if (copy_to_user(cm, &hdr, sizeof(hdr)) ||
	    copy_to_user(CMSG_USER_DATA(cm), ev->body, ev->len))
		return -EFAULT;
	space = min_t(size_t, space, msg->msg_controllen);
	msg->msg_control_user += space;
	msg->msg_controllen -= space;
	return 0;
}

static int cpg_event_copy(struct cpg_event *ev, bool seq, struct msghdr *msg,
			  size_t size)
{
	int copied = 0;
	int err;

	if (ev->kind == CPG_EVENT_MSG)
		copied = cpg_event_copy_msg(ev, msg, size);
	else
		copied = cpg_event_put_cmsg(ev, msg);
	if (copied < 0 || !seq)
		return copied;
	err = put_cmsg(msg, SOL_CPG, SCM_CPG_SEQ, sizeof(ev->seq), &ev->seq);
	return err ?: copied;
}

/* One event.  Return: bytes of payload, or a negative errno. */
static int cpg_recv_one(struct cpg_sock *cs, struct cpg_event *ev,
			struct msghdr *msg, size_t size, int flags)
{
	bool seq = READ_ONCE(cs->recvseq);
	int ret;

	if (READ_ONCE(cs->notrunc) && !cpg_event_fits(ev, seq, msg, size))
		return -EMSGSIZE;
	ret = cpg_event_copy(ev, seq, msg, size);
	if (ret < 0)
		return ret;
	if (flags & MSG_TRUNC && ev->kind == CPG_EVENT_MSG)
		ret = ev->len;
	if (!(flags & MSG_PEEK)) {
		WRITE_ONCE(cs->in_hand, false);
		cpg_sk_consume(cs, ev);
	}
	return ret;
}

static size_t cpg_record_len(const struct cpg_event *ev)
{
	return sizeof(struct cpg_record) + ev->len;
}

/*
 * The record of a message into a single buffer, with a short payload, word by
 * word, as filldir64() does it: to copy a few words costs much more for what is
 * looked at before.
 *
 * Return: bytes, with or without payload; 0 if it is not that, or cannot be
 * written.
 */
static size_t cpg_record_put(struct cpg_event *ev, const struct iov_iter *to,
			     size_t off)
{
	const struct cpg_slice *slice = cpg_event_slices(ev);
	size_t len = sizeof(struct cpg_record);
	struct cpg_record __user *rec;

	if (!iter_is_ubuf(to) || ev->kind != CPG_EVENT_MSG)
		return 0;
	if (ev->nslices == 1 && ev->len <= CPG_RECORD_PUT_MAX)
		len += ev->len;
	rec = to->ubuf + to->iov_offset + off;
	if (!user_write_access_begin(rec, len))
		return 0;
	unsafe_put_user(cpg_record_len(ev), &rec->len, efault);
	unsafe_put_user(0, &rec->type, efault);
	unsafe_put_user(AF_CPG, &rec->from.scpg_family, efault);
	unsafe_put_user(0, &rec->from.__scpg_pad, efault);
	unsafe_put_user(ev->sender.nodeid, &rec->from.scpg_nodeid, efault);
	unsafe_put_user(ev->sender.pid, &rec->from.scpg_pid, efault);
	unsafe_put_user(ev->sender.port, &rec->from.scpg_port, efault);
	unsafe_put_user(ev->seq.view_seq, &rec->seq.view_seq, efault);
	unsafe_put_user(ev->seq.view_rep, &rec->seq.view_rep, efault);
	unsafe_put_user(0, &rec->seq.__pad, efault);
	unsafe_put_user(ev->seq.seq, &rec->seq.seq, efault);
	if (len > sizeof(*rec))
		unsafe_copy_to_user((char __user *)(rec + 1),
				    (const char *)slice->buf->data + slice->off,
				    ev->len, efault);
	user_write_access_end();
	return len;

efault:
	user_write_access_end();
	return 0;
}

static int cpg_record_copy(struct cpg_event *ev, struct iov_iter *to)
{
	struct cpg_record rec = {
		.len	= cpg_record_len(ev),
		.seq	= ev->seq,
	};

	if (ev->kind == CPG_EVENT_MSG)
		rec.from = cpg_event_from(ev);
	else
		rec.type = cpg_event_cmsg_type(ev);
	if (copy_to_iter(&rec, sizeof(rec), to) != sizeof(rec))
		return -EFAULT;
	if (ev->kind == CPG_EVENT_MSG)
		return cpg_event_copy_payload(ev, to, ev->len);
	return copy_to_iter(ev->body, ev->len, to) == ev->len ? 0 : -EFAULT;
}

/*
 * An event, @begin bytes into a buffer of which @to has left the first @done.
 */
static int cpg_record_write(struct cpg_event *ev, struct iov_iter *to,
			    size_t begin, size_t *done)
{
	size_t len = cpg_record_len(ev);
	size_t n = cpg_record_put(ev, to, begin - *done);

	if (n == len)
		return 0;
	iov_iter_advance(to, begin + n - *done);
	*done = begin + len;
	return n ? cpg_event_copy_payload(ev, to, ev->len) :
		   cpg_record_copy(ev, to);
}

/**
 * struct cpg_taken - events that left a queue and were not freed
 * @n: how many
 * @size: what the socket is charged for them
 * @ev: which
 */
struct cpg_taken {
	u32			n;
	u32			size;
	struct cpg_event	*ev[CPG_RECV_TAKEN];
};

static void cpg_taken_put(struct cpg_sock *cs, struct cpg_taken *taken)
{
	cpg_event_put_bulk(taken->ev, taken->n);
	cpg_sk_uncharge(cs, taken->size);
	taken->n = 0;
	taken->size = 0;
}

static void cpg_taken_add(struct cpg_sock *cs, struct cpg_taken *taken,
			  struct cpg_event *ev)
{
	cpg_sk_take_off(cs);
	taken->size += ev->charge;
	taken->ev[taken->n++] = ev;
	if (taken->n == CPG_RECV_TAKEN)
		cpg_taken_put(cs, taken);
}

/*
 * As many events as there is room for.  Who gets several tells them one by
 * one, and whoever polls has to see meanwhile that there are some: so the
 * socket stays readable until more is asked for.
 *
 * Return: bytes, or a negative errno if there is no room for the first one.
 */
static int cpg_recv_records(struct cpg_sock *cs, struct cpg_event *ev,
			    struct iov_iter *to, int flags)
{
	size_t room = min_t(size_t, iov_iter_count(to), INT_MAX);
	size_t done = 0, end = 0;
	struct cpg_taken taken;
	int err = 0;

	taken.n = 0;
	taken.size = 0;
	do {
		size_t begin = ALIGN(end, CPG_RECORD_ALIGN);

		if (begin + cpg_record_len(ev) > room) {
			err = -EMSGSIZE;
			break;
		}
		err = cpg_record_write(ev, to, begin, &done);
		if (err)
			break;
		end = begin + cpg_record_len(ev);
		if (flags & MSG_PEEK)
			break;
		/* Before the event is gone: see cpg_sk_has_events(). */
		WRITE_ONCE(cs->in_hand, begin > 0);
		cpg_taken_add(cs, &taken, ev);
		ev = cpg_sk_peek(cs);
	} while (ev);
	if (taken.n)
		cpg_taken_put(cs, &taken);
	if (end > done)
		iov_iter_advance(to, end - done);
	return end ?: err;
}

/**
 * cpg_recvmsg() - take the next event, or several
 * @sock: socket
 * @msg: where to; no event is lost if this cannot be written to
 * @size: bytes in @msg's iovec; with CPGSO_RECVBATCH 0: take nothing, and all
 *	that was taken was told
 * @flags: MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC
 *
 * Return: bytes of payload, or of records, or a negative errno; when the socket
 * is dead and the last event was read, why it is, every time: 0 and no address
 * after shutdown().
 */
int cpg_recvmsg(struct socket *sock, struct msghdr *msg, size_t size,
		int flags)
{
	struct sock *sk = sock->sk;
	struct cpg_sock *cs = cpg_sk(sk);
	struct cpg_event *ev;
	int ret;

	if (flags & (MSG_OOB | MSG_ERRQUEUE))
		return -EOPNOTSUPP;
	msg->msg_namelen = 0;
	if (READ_ONCE(cs->recvbatch) && !size) {
		cpg_sk_told(cs);
		return 0;
	}

	ev = cpg_sk_head(sk, flags);
	if (IS_ERR_OR_NULL(ev))
		return PTR_ERR(ev);
	if (READ_ONCE(cs->recvbatch))
		ret = cpg_recv_records(cs, ev, &msg->msg_iter, flags);
	else
		ret = cpg_recv_one(cs, ev, msg, size, flags);
	mutex_unlock(&cs->recv_lock);
	return ret;
}

/**
 * cpg_sk_peek_len() - how much room the next event takes
 * @sk: socket
 *
 * May sleep.
 *
 * Return: bytes; 0 if the queue is empty.  Without CPGSO_RECVBATCH only payload
 * counts, which an event that is not a message has none of.
 */
int cpg_sk_peek_len(struct sock *sk)
{
	struct cpg_sock *cs = cpg_sk(sk);
	struct cpg_event *ev;
	int len = 0;

	mutex_lock(&cs->recv_lock);
	ev = cpg_sk_peek(cs);
	if (ev && READ_ONCE(cs->recvbatch))
		len = cpg_record_len(ev);
	else if (ev && ev->kind == CPG_EVENT_MSG)
		len = ev->len;
	mutex_unlock(&cs->recv_lock);
	return len;
}
