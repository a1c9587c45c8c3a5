// SPDX-License-Identifier: GPL-2.0
/*
 * A namespace's node: owns the engine, gives it its input, and carries out
 * what it answers.
 *
 * Packets that arrive wait in the backlog.  Whoever holds the lock works for
 * everybody, and takes them in before the lock opens.
 * What the engine sends is collected under the lock and sent without it, by
 * one CPU at a time, so that packets leave in the order in which they were
 * made.  Each such burst is bounded; what is left over is done by the timer.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "cpg_priv.h"
#include "engine/wire.h"
#include "trace.h"

enum {
	CPG_BACKLOG_BURST = 64,		/* packets between two looks around */
	CPG_TX_BURST = 512,		/* packets sent for others */
};

/* What a packet carries besides a message that travels alone in it. */
static u32 cpg_node_max_atomic(u32 mtu)
{
	return mtu - sizeof(struct cpg_wire_hdr) -
	       sizeof(struct cpg_wire_data) -
	       2 * sizeof(struct cpg_wire_rec) -
	       sizeof(struct cpg_wire_order) - sizeof(struct cpg_wire_run);
}

/* --- what the engine does to the world; all of it under node->lock --- */

static struct cpg_tx *cpg_tx_add(struct cpg_node *node, u32 n,
				 const struct cpg_frame *frame)
{
	u32 hdr_len = frame->hdr_len;
	struct cpg_tx *tx;
	u8 *front = NULL;
	size_t size;

	/* Of cpg_buf_push(), too. */
	lockdep_assert_held(&node->lock);
	size = struct_size(tx, nodeids, n);
	tx = kmalloc(size + hdr_len, GFP_ATOMIC | __GFP_NOWARN);
	if (!tx) {
		CPG_INC_STATS(node, CPG_MIB_TXNOMEM);
		return NULL;
	}
	tx->body = NULL;
	tx->data = NULL;
	tx->len = frame->len;
	tx->hdr = (u8 *)tx + size;
	tx->hdr_len = hdr_len;
	tx->n = n;
	if (frame->len) {
		tx->body = cpg_buf_get(frame->body);
		tx->data = frame->body->data + frame->off;
		front = cpg_buf_push(frame->body, frame->off, hdr_len);
	}
	if (front) {
		tx->data = front;
		tx->len += hdr_len;
		tx->hdr_len = 0;
	}
	memcpy(front ?: tx->hdr, frame->hdr, hdr_len);
	list_add_tail(&tx->list, &node->tx);
	return tx;
}

static void cpg_node_op_xmit(void *ctx, const u32 *nodeids, u32 n,
			     const struct cpg_frame *frame)
{
	struct cpg_node *node = ctx;
	struct cpg_tx *tx;

	if (!n)
		return;
	tx = cpg_tx_add(node, n, frame);
	if (tx)
		memcpy(tx->nodeids, nodeids, n * sizeof(*nodeids));
}

static void cpg_node_op_reply(void *ctx, const struct cpg_frame *frame)
{
	struct cpg_node *node = ctx;
	struct cpg_tx *tx;

	if (WARN_ON_ONCE(!node->rx))
		return;
	tx = cpg_tx_add(node, 0, frame);
	if (tx)
		cpg_bearer_source(node->rx, &tx->to);
}

static void cpg_node_op_deliver(void *ctx, void *const *owners, u32 n,
				struct cpg_event *ev)
{
	cpg_sk_deliver_all(ctx, owners, n, ev);
}

static void cpg_node_op_sent(void *ctx, void *owner, u32 len)
{
	cpg_sk_sent(owner, len);
}

/* The process is gone from the engine; @state is what the socket is now. */
static void cpg_node_sk_unhook(struct cpg_node *node, struct cpg_sock *cs,
			       enum cpg_sk_state state)
{
	cs->proc = NULL;
	cs->want_view = false;
	WRITE_ONCE(cs->held, false);
	WRITE_ONCE(cs->slow, false);
	list_del_init(&cs->slow_list);
	list_del_init(&cs->evict_list);
	if (cs->state != CPG_SK_DEAD)
		WRITE_ONCE(cs->state, state);
	WRITE_ONCE(cs->sk.sk_wmem_queued, 0);
	node->n_joined--;
	sock_put(&cs->sk);
}

static void cpg_node_op_held(void *ctx, void *owner, bool held)
{
	cpg_sk_held(owner, held);
}

static u64 cpg_node_op_slow_until(void *ctx, void *owner)
{
	struct cpg_node *node = ctx;
	struct cpg_sock *cs = owner;
	u64 ms = READ_ONCE(cpg_node_net(node)->slow_timeout);

	if (READ_ONCE(cs->noevict))
		return U64_MAX;
	return atomic64_read(&cs->read_at) + ms * NSEC_PER_MSEC;
}

static void cpg_node_op_slow(void *ctx, void *owner)
{
	cpg_sk_evict(ctx, owner);
}

static void cpg_node_op_left(void *ctx, void *owner)
{
	struct cpg_node *node = ctx;
	struct cpg_sock *cs = owner;

	/* If nobody asked for it, the node is going. */
	if (cs->state != CPG_SK_LEAVING)
		cpg_sk_hup(cs, ENETDOWN);
	cpg_node_sk_unhook(node, cs, CPG_SK_IDLE);
}

static void cpg_node_view_tell(struct cpg_node *node)
{
	struct cpg_sock *cs;

	list_for_each_entry(cs, &node->socks, node_list)
		if (READ_ONCE(cs->recvview) & CPG_RECVVIEW_CHANGES)
			cpg_sk_deliver(node, cs, node->view);
}

/*
 * Those that need a majority may send from now on, or not any more: then who
 * waits for room has to be told.
 */
static void cpg_node_quorum(struct cpg_node *node, bool quorate)
{
	struct cpg_sock *cs;

	if (quorate == node->quorate)
		return;
	WRITE_ONCE(node->quorate, quorate);
	list_for_each_entry(cs, &node->socks, node_list)
		if (cs->group.flags & CPG_JOIN_F_QUORUM)
			cs->sk.sk_write_space(&cs->sk);
}

static void cpg_node_op_view(void *ctx, struct cpg_event *ev)
{
	struct cpg_node *node = ctx;

	if (node->view)
		cpg_event_put(node->view);
	node->view = cpg_event_get(ev);
	node->view_seq = cpg_event_view(ev)->seq;
	cpg_node_quorum(node, cpg_event_view(ev)->flags & CPG_VIEW_F_QUORATE);
	if (node->quiet)
		return;
	trace_cpg_quorate(cpg_node_net(node)->net, cpg_event_view(ev));
	cpg_node_view_tell(node);
}

static void cpg_node_op_nodeid_used(void *ctx, bool refused)
{
	struct cpg_node *node = ctx;

	trace_cpg_nodeid_used(cpg_node_net(node)->net, refused);
	if (!refused || node->refused)
		return;
	node->refused = true;
	pr_warn("this node's id is used by another live node: it is out\n");
}

static void cpg_node_op_stopped(void *ctx)
{
	struct cpg_node *node = ctx;

	complete_all(&node->stopped);
}

static void cpg_node_op_trace(void *ctx, const struct cpg_trace *t)
{
	struct cpg_node *node = ctx;

	if (!node->quiet)
		cpg_trace_step(cpg_node_net(node)->net, t);
}

static const struct cpg_engine_ops cpg_node_ops = {
	.xmit		= cpg_node_op_xmit,
	.reply		= cpg_node_op_reply,
	.deliver	= cpg_node_op_deliver,
	.sent		= cpg_node_op_sent,
	.held		= cpg_node_op_held,
	.slow_until	= cpg_node_op_slow_until,
	.slow		= cpg_node_op_slow,
	.left		= cpg_node_op_left,
	.view		= cpg_node_op_view,
	.nodeid_used	= cpg_node_op_nodeid_used,
	.stopped	= cpg_node_op_stopped,
	.trace		= cpg_node_op_trace,
};

/* --- transmission --- */

static void cpg_tx_free(struct cpg_tx *tx)
{
	list_del(&tx->list);
	if (tx->body)
		cpg_buf_put(tx->body);
	kfree(tx);
}

static void cpg_tx_purge(struct list_head *list)
{
	struct cpg_tx *tx, *next;

	list_for_each_entry_safe(tx, next, list, list)
		cpg_tx_free(tx);
}

/* Send what is in the queue; returns the number of packets. */
static int cpg_node_tx_once(struct cpg_node *node)
{
	struct cpg_bearer *bearer;
	LIST_HEAD(list);
	int n = 0;

	spin_lock(&node->txq_lock);
	list_splice_init(&node->txq, &list);
	spin_unlock(&node->txq_lock);

	rcu_read_lock();
	bearer = rcu_dereference(node->bearer);
	while (!list_empty(&list)) {
		u32 sent = bearer ? cpg_bearer_xmit(bearer, &list) : 1;

		for (n += sent; sent; sent--)
			cpg_tx_free(list_first_entry(&list, struct cpg_tx,
						     list));
	}
	rcu_read_unlock();
	return n;
}

static void cpg_node_hand_over(struct cpg_node *node)
{
	if (READ_ONCE(node->dead))
		return;
	CPG_INC_STATS(node, CPG_MIB_HANDOVER);
	hrtimer_start(&node->timer, 0, HRTIMER_MODE_ABS_SOFT);
}

/*
 * Bottom halves are disabled: who has the busy bit must not be preempted, or
 * the node's heartbeats would wait for it.
 */
static void cpg_node_tx(struct cpg_node *node)
{
	int n = 0;

	while (!list_empty_careful(&node->txq)) {
		if (n > CPG_TX_BURST) {
			cpg_node_hand_over(node);
			return;
		}
		/* Who is sending looks again before it goes. */
		if (test_and_set_bit(0, &node->tx_busy))
			return;
		n += cpg_node_tx_once(node);
		clear_bit_unlock(0, &node->tx_busy);
		/* Pairs with test_and_set_bit() of who added to the queue. */
		smp_mb__after_atomic();
	}
}

/* --- the lock --- */

static int cpg_node_drain(struct cpg_node *node)
{
	struct sk_buff *skb;
	int n = 0;

	while (n < CPG_BACKLOG_BURST && (skb = cpg_rx_take(node)))
		n += cpg_rx_handle(node, skb);
	return n;
}

static void cpg_node_sk_detach(struct cpg_node *node, struct cpg_sock *cs)
{
	struct cpg_proc *proc = cs->proc;

	if (!cs->hup)
		trace_cpg_gone(cpg_node_net(node)->net, cs->no);
	cpg_node_sk_unhook(node, cs, CPG_SK_IDLE);
	cpg_engine_detach(node->eng, ktime_get_ns(), proc);
}

/* Everybody out: the node is going. */
static void cpg_node_hup_all(struct cpg_node *node)
{
	struct cpg_sock *cs;

	/* Nobody sees the others go. */
	list_for_each_entry(cs, &node->socks, node_list)
		if (cs->proc)
			cpg_sk_hup(cs, ENETDOWN);
	list_for_each_entry(cs, &node->socks, node_list)
		if (cs->proc)
			cpg_node_sk_detach(node, cs);
}

static void cpg_node_evict(struct cpg_node *node)
{
	struct cpg_sock *cs;

	if (node->refused && node->n_joined)
		cpg_node_hup_all(node);
	while (!list_empty(&node->evict)) {
		cs = list_first_entry(&node->evict, struct cpg_sock,
				      evict_list);
		cpg_node_sk_detach(node, cs);
	}
}

/* More waits for this one than should: its group has to wait, too. */
static void cpg_node_sk_slow(struct cpg_node *node, struct cpg_sock *cs)
{
	if (!cs->proc || cs->hup)
		return;
	atomic64_set(&cs->read_at, ktime_get_ns());
	WRITE_ONCE(cs->slow, true);
	/* Pairs with cpg_sk_consume(): it sees the flag, or we the room. */
	smp_mb();
	if (cpg_sk_has_room(cs)) {
		WRITE_ONCE(cs->slow, false);
		return;
	}
	CPG_INC_STATS(node, CPG_MIB_HOLDS);
	cpg_engine_hold(node->eng, ktime_get_ns(), cs->proc, true);
}

static void cpg_node_hold(struct cpg_node *node)
{
	struct cpg_sock *cs;

	while (!list_empty(&node->slow)) {
		cs = list_first_entry(&node->slow, struct cpg_sock, slow_list);
		list_del_init(&cs->slow_list);
		cpg_node_sk_slow(node, cs);
	}
}

static void cpg_node_wake(struct cpg_node *node)
{
	struct cpg_sock *cs;

	while (!list_empty(&node->wake)) {
		cs = list_first_entry(&node->wake, struct cpg_sock, wake_list);
		list_del_init(&cs->wake_list);
		cs->sk.sk_data_ready(&cs->sk);
	}
}

/* A timer that is due too early finds nothing to do and is set again. */
static void cpg_node_timer_set(struct cpg_node *node)
{
	u64 at = node->eng ? cpg_engine_deadline(node->eng) : U64_MAX;

	if (node->dead || at >= KTIME_MAX || at >= node->timer_at)
		return;
	node->timer_at = at;
	hrtimer_start(&node->timer, ns_to_ktime(at), HRTIMER_MODE_ABS_SOFT);
}

/* All that is left to be done before the lock opens. */
static void cpg_node_settle(struct cpg_node *node)
{
	lockdep_assert_held(&node->lock);
	do {
		cpg_node_drain(node);
		cpg_node_evict(node);
		cpg_node_hold(node);
		if (node->eng)
			cpg_engine_flush(node->eng, ktime_get_ns());
	} while (!list_empty(&node->evict) || !list_empty(&node->slow));
	cpg_node_wake(node);
	cpg_node_timer_set(node);

	if (list_empty(&node->tx))
		return;
	spin_lock(&node->txq_lock);
	list_splice_tail_init(&node->tx, &node->txq);
	spin_unlock(&node->txq_lock);
}

static void __cpg_node_unlock(struct cpg_node *node)
	__releases(&node->lock)
{
	cpg_node_settle(node);
	spin_unlock(&node->lock);
	cpg_node_tx(node);

	/* Pairs with cpg_rx_poll(): it gets the lock, or we see the packet. */
	smp_mb();
	if (!skb_queue_empty_lockless(&node->backlog))
		cpg_rx_schedule(node);
}

/**
 * cpg_node_lock() - take a node
 * @node: node; cpg_node_unlock() gives it back
 */
void cpg_node_lock(struct cpg_node *node)
	__acquires(&node->lock)
{
	local_bh_disable();
	spin_lock(&node->lock);
}

/**
 * cpg_node_unlock() - give a node back
 * @node: node
 *
 * Does what has come of what was done to the engine, and sends.
 */
void cpg_node_unlock(struct cpg_node *node)
	__releases(&node->lock)
{
	__cpg_node_unlock(node);
	local_bh_enable();
}

/**
 * cpg_node_poll() - handle packets that arrived
 * @node: node
 *
 * If the lock is taken, its holder does that, or asks for another look.
 *
 * Softirq, RCU read lock held.
 *
 * Return: how many.
 */
int cpg_node_poll(struct cpg_node *node)
{
	int n;

	if (!spin_trylock(&node->lock))
		return 0;
	n = cpg_node_drain(node);
	if (n)
		CPG_INC_STATS(node, CPG_MIB_RXPOLLS);
	__cpg_node_unlock(node);
	return n;
}

/**
 * cpg_node_unreachable() - another node is said not to be there
 * @node: node
 * @bearer: by which it was said; of no interest if it is not the present one
 * @nodeid: the other
 *
 * Softirq, RCU read lock held.
 */
void cpg_node_unreachable(struct cpg_node *node,
			  const struct cpg_bearer *bearer, u32 nodeid)
{
	cpg_node_lock(node);
	if (rcu_access_pointer(node->bearer) == bearer) {
		CPG_INC_STATS(node, CPG_MIB_UNREACHABLE);
		cpg_engine_unreachable(node->eng, ktime_get_ns(), nodeid);
	}
	cpg_node_unlock(node);
}

/* Looks at everything, so not after every packet. */
static void cpg_node_check(struct cpg_node *node)
{
	const char *why;

	if (!IS_ENABLED(CONFIG_CPG_DEBUG) || !node->eng)
		return;
	why = cpg_engine_check(node->eng);
	WARN_ONCE(why, "%s\n", why);
}

static enum hrtimer_restart cpg_node_timer(struct hrtimer *timer)
{
	struct cpg_node *node = container_of(timer, struct cpg_node, timer);
	u64 now;

	cpg_node_lock(node);
	node->timer_at = U64_MAX;
	/* Who has sent something is not accused of silence. */
	cpg_node_drain(node);
	now = ktime_get_ns();
	if (node->eng && cpg_engine_deadline(node->eng) <= now)
		cpg_engine_timer(node->eng, now);
	cpg_node_check(node);
	cpg_node_unlock(node);
	return HRTIMER_NORESTART;
}

/* --- the engine --- */

/* Gives a new engine its peers; 0 or why it cannot have them. */
static int cpg_node_peers_add(struct cpg_engine *eng,
			      const struct cpg_node_conf *conf)
{
	int err = 0;
	u32 i;

	for (i = 0; conf && !err && i < conf->n_peers; i++)
		err = cpg_engine_peer_add(eng, ktime_get_ns(),
					  conf->peers[i].nodeid);
	return err;
}

static struct cpg_engine *
cpg_node_engine_create(struct cpg_node *node,
		       const struct cpg_engine_config *cfg,
		       const struct cpg_node_conf *conf)
{
	struct cpg_engine *eng;
	int err;

	eng = cpg_engine_create(cfg, &cpg_node_ops, node, node,
				ktime_get_ns());
	if (IS_ERR(eng))
		return eng;
	err = cpg_node_peers_add(eng, conf);
	if (err) {
		cpg_engine_destroy(eng);
		return ERR_PTR(err);
	}
	return eng;
}

/* An engine took its place; its first view is not news to anybody else. */
static void cpg_node_trace_start(struct cpg_node *node,
				 const struct cpg_engine_config *cfg,
				 bool is_alone)
{
	const struct net *net = cpg_node_net(node)->net;
	struct cpg_view *view = cpg_event_view(node->view);
	struct cpg_trace t = {
		.kind = CPG_TRACE_VIEW,
		.view_seq = view->seq,
		.view_rep = view->rep,
		.n_nodes = view->n_nodes,
		.nodes = view->nodes,
	};

	trace_cpg_start(net, cfg, is_alone);
	cpg_trace_step(net, &t);
	trace_cpg_quorate(net, view);
}

/**
 * cpg_node_engine_replace() - put another engine in the place of the present
 * @node: node, locked
 * @cfg: of the new one; its view_seq is set here
 * @conf: its peers, or NULL
 * @old: stores the engine that was there, which the caller destroys after the
 *	unlock
 *
 * Return: 0; -EBUSY if processes are joined; otherwise why there is no engine.
 * Then nothing has changed.
 */
int cpg_node_engine_replace(struct cpg_node *node,
			    const struct cpg_engine_config *cfg,
			    const struct cpg_node_conf *conf,
			    struct cpg_engine **old)
{
	struct cpg_engine_config c = *cfg;
	struct cpg_event *view = node->view;
	bool quorate = node->quorate;
	struct cpg_engine *eng;

	lockdep_assert_held(&node->lock);
	if (node->n_joined)
		return -EBUSY;

	/* Milliseconds of real time grow across restarts, too. */
	c.view_seq = max_t(u64, node->view_seq + 1,
			   div_u64(ktime_get_real_ns(), NSEC_PER_MSEC));
	node->view = NULL;
	node->quiet = true;
	eng = cpg_node_engine_create(node, &c, conf);
	node->quiet = false;
	if (IS_ERR(eng)) {
		swap(node->view, view);
		WRITE_ONCE(node->quorate, quorate);
		if (view)
			cpg_event_put(view);
		return PTR_ERR(eng);
	}

	if (view)
		cpg_event_put(view);
	*old = node->eng;
	node->eng = eng;
	node->refused = false;
	node->max_atomic = cpg_node_max_atomic(c.mtu);
	node->budget = c.budget;
	if (*old)
		trace_cpg_end(cpg_node_net(node)->net);
	cpg_node_trace_start(node, &c, !conf || !conf->n_peers);
	cpg_node_view_tell(node);
	return 0;
}

/**
 * cpg_node_engine_need() - make sure that there is an engine
 * @node: node, locked
 *
 * Return: 0, or why there is none.
 */
int cpg_node_engine_need(struct cpg_node *node)
{
	struct cpg_engine_config cfg;
	struct cpg_engine *old;

	if (node->eng)
		return 0;
	cpg_node_conf_default(node, &cfg);
	return cpg_node_engine_replace(node, &cfg, NULL, &old);
}

/**
 * cpg_node_engine_drop() - take the engine away
 * @node: node, locked
 * @old: stores the engine, which the caller destroys after the unlock
 *
 * Joined processes see a hang-up.
 */
void cpg_node_engine_drop(struct cpg_node *node, struct cpg_engine **old)
{
	lockdep_assert_held(&node->lock);
	cpg_node_hup_all(node);
	if (node->eng)
		trace_cpg_end(cpg_node_net(node)->net);
	*old = node->eng;
	node->eng = NULL;
}

/* --- sockets --- */

/**
 * cpg_node_sk_add() - a new socket
 * @node: node
 * @cs: socket
 *
 * Return: 0, or why the node is not there.
 */
int cpg_node_sk_add(struct cpg_node *node, struct cpg_sock *cs)
{
	int err;

	cpg_node_lock(node);
	err = cpg_node_engine_need(node);
	if (!err)
		list_add_tail(&cs->node_list, &node->socks);
	cpg_node_unlock(node);
	return err;
}

/**
 * cpg_node_sk_del() - a socket goes
 * @node: node
 * @cs: socket; nothing of the node touches it afterwards
 */
void cpg_node_sk_del(struct cpg_node *node, struct cpg_sock *cs)
{
	cpg_node_lock(node);
	list_del_init(&cs->node_list);
	list_del_init(&cs->wake_list);
	list_del_init(&cs->slow_list);
	if (cs->proc)
		cpg_node_sk_detach(node, cs);
	cpg_node_unlock(node);
}

/**
 * cpg_node_sk_shutdown() - a socket is to be out of its group for good
 * @node: node
 * @cs: socket; what it has received stays in its queue
 */
void cpg_node_sk_shutdown(struct cpg_node *node, struct cpg_sock *cs)
{
	cpg_node_lock(node);
	cpg_sk_hup(cs, ESHUTDOWN);
	if (cs->proc)
		cpg_node_sk_detach(node, cs);
	cpg_node_unlock(node);
}

/**
 * cpg_node_sk_join() - a socket wants into a group
 * @node: node
 * @cs: socket
 * @group: checked
 * @pid: of the process
 *
 * Return: 0; -EEXIST (is in a group, or the process is in this one), -EAGAIN,
 * -ENOMEM, -ENETDOWN, -ECONNRESET, -ESHUTDOWN.
 */
int cpg_node_sk_join(struct cpg_node *node, struct cpg_sock *cs,
		     const struct cpg_group *group, u32 pid)
{
	struct cpg_proc *proc;
	int err;

	cpg_node_lock(node);
	err = cs->hup ? -cs->hup : 0;
	if (!err && cs->state != CPG_SK_IDLE)
		err = -EEXIST;
	if (!err)
		err = cpg_node_engine_need(node);
	if (err)
		goto out_unlock;

	/* The first event may be delivered before the engine returns. */
	sock_hold(&cs->sk);
	node->n_joined++;
	cs->group = *group;
	cs->pid = pid;
	cs->want_view = READ_ONCE(cs->recvview) & CPG_RECVVIEW_INITIAL;
	cs->no = ++node->n_joins;
	WRITE_ONCE(cs->state, CPG_SK_JOINED);
	trace_cpg_join(sock_net(&cs->sk), cs->no, pid, group);
	proc = cpg_engine_join(node->eng, ktime_get_ns(), cs, group, pid);
	if (IS_ERR(proc)) {
		err = PTR_ERR(proc);
		trace_cpg_refused(sock_net(&cs->sk), cs->no);
		cpg_node_sk_unhook(node, cs, CPG_SK_IDLE);
		goto out_unlock;
	}
	cs->proc = proc;
	if (cs->hup)
		list_move_tail(&cs->evict_list, &node->evict);
out_unlock:
	cpg_node_unlock(node);
	return err;
}

/**
 * cpg_node_sk_leave() - a socket wants out of its group
 * @node: node
 * @cs: socket
 *
 * Return: 0, -ENOTCONN, -ENOMEM.
 */
int cpg_node_sk_leave(struct cpg_node *node, struct cpg_sock *cs)
{
	int err = -ENOTCONN;

	cpg_node_lock(node);
	if (cs->state != CPG_SK_JOINED)
		goto out_unlock;

	/* The leave may be delivered before the engine returns. */
	WRITE_ONCE(cs->state, CPG_SK_LEAVING);
	trace_cpg_leave(sock_net(&cs->sk), cs->no, true);
	err = cpg_engine_leave(node->eng, ktime_get_ns(), cs->proc);
	if (!err) {
		cs->sk.sk_state_change(&cs->sk);
		goto out_unlock;
	}
	trace_cpg_leave(sock_net(&cs->sk), cs->no, false);
	if (cs->state == CPG_SK_LEAVING)
		WRITE_ONCE(cs->state, CPG_SK_JOINED);
out_unlock:
	cpg_node_unlock(node);
	return err;
}

/**
 * cpg_node_push() - send what waits for company, if anything does
 * @node: node
 */
void cpg_node_push(struct cpg_node *node)
{
	if (!READ_ONCE(node->packing))
		return;
	cpg_node_lock(node);
	WRITE_ONCE(node->packing, false);
	if (node->eng)
		cpg_engine_push(node->eng, ktime_get_ns());
	cpg_node_unlock(node);
}

/**
 * cpg_node_sk_send() - a message to the group of a socket
 * @node: node
 * @cs: socket
 * @ev: message
 * @start: ktime: when sendmsg() was called
 * @more: another one follows at once
 *
 * Return: 0; -EAGAIN if cpg_sk_writable() says no; -ENOTCONN,
 * -EPIPE, -EHOSTUNREACH, -ENOMEM, -ENETDOWN.
 */
int cpg_node_sk_send(struct cpg_node *node, struct cpg_sock *cs,
		     struct cpg_event *ev, u64 start, bool more)
{
	int charge = ev->len + CPG_SND_OVERHEAD;
	struct sock *sk = &cs->sk;
	bool is_burst;
	u64 wait = 0;
	int err;

	cpg_node_lock(node);
	err = cpg_sk_send_err(cs);
	if (!err && !cpg_sk_writable(sk))
		err = -EAGAIN;
	if (err)
		goto out_unlock;

	/* It may be in order before the engine returns. */
	WRITE_ONCE(sk->sk_wmem_queued, sk->sk_wmem_queued + charge);
	wait = cpg_send_wait_for(node, start, more);
	err = cpg_engine_send(node->eng, ktime_get_ns(), cs->proc, ev, wait);
	if (err)
		WRITE_ONCE(sk->sk_wmem_queued, sk->sk_wmem_queued - charge);
	else
		WRITE_ONCE(node->packing, wait);
	/* However long the rest of the batch takes. */
	if (!err && more)
		cpg_engine_wait(node->eng, ktime_get_ns(), wait);
out_unlock:
	is_burst = wait && !list_empty(&node->tx);
	cpg_node_unlock(node);
	if (!err && !wait)
		WRITE_ONCE(node->send_took, ktime_get_ns() - start);
	else if (is_burst)
		WRITE_ONCE(node->burst_took, ktime_get_ns() - start);
	return err;
}

/**
 * cpg_node_sk_has_read() - a socket has room again
 * @node: node
 * @cs: socket, which was slow
 */
void cpg_node_sk_has_read(struct cpg_node *node, struct cpg_sock *cs)
{
	cpg_node_lock(node);
	if (cs->slow && cpg_sk_has_room(cs)) {
		WRITE_ONCE(cs->slow, false);
		cpg_engine_hold(node->eng, ktime_get_ns(), cs->proc, false);
	}
	cpg_node_unlock(node);
}

/**
 * cpg_node_sk_noevict() - CPGSO_NOEVICT was set, or not any more
 * @node: node
 * @cs: socket; if it is slow, its time is another
 */
void cpg_node_sk_noevict(struct cpg_node *node, struct cpg_sock *cs)
{
	cpg_node_lock(node);
	if (cs->slow)
		cpg_engine_hold(node->eng, ktime_get_ns(), cs->proc, true);
	cpg_node_unlock(node);
}

/* --- life --- */

/**
 * cpg_node_init() - the node of a new namespace
 * @node: zeroed
 *
 * Its engine is made when something needs it.
 */
void cpg_node_init(struct cpg_node *node)
{
	spin_lock_init(&node->lock);
	spin_lock_init(&node->txq_lock);
	INIT_LIST_HEAD(&node->socks);
	INIT_LIST_HEAD(&node->wake);
	INIT_LIST_HEAD(&node->slow);
	INIT_LIST_HEAD(&node->evict);
	INIT_LIST_HEAD(&node->tx);
	INIT_LIST_HEAD(&node->txq);
	INIT_LIST_HEAD(&node->rx_list);
	skb_queue_head_init(&node->backlog);
	init_completion(&node->stopped);
	node->timer_at = U64_MAX;
	hrtimer_init(&node->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_SOFT);
	node->timer.function = cpg_node_timer;
}

/**
 * cpg_node_exit() - the namespace goes
 * @node: has neither sockets nor a bearer any more
 */
void cpg_node_exit(struct cpg_node *node)
{
	struct cpg_engine *eng;

	WARN_ON_ONCE(!list_empty(&node->socks));

	cpg_node_lock(node);
	WRITE_ONCE(node->dead, true);
	cpg_node_engine_drop(node, &eng);
	cpg_node_unlock(node);

	/* The bearer is gone: only the timer itself could start it. */
	hrtimer_cancel(&node->timer);
	skb_queue_purge(&node->backlog);
	cpg_tx_purge(&node->txq);
	if (eng)
		cpg_engine_destroy(eng);
	if (node->view)
		cpg_event_put(node->view);
	cpg_env_drain(node);
}
