// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that arrived wait in their nodes until their CPU has taken in all of
 * a batch, or its share of it; then each node handles what it has got at once:
 * one order, one acknowledgment and one wake-up for all of them.
 *
 * That is what NAPI does.  Each CPU has an instance of ours, which belongs to
 * no device: it is polled after the one that brought the packets, in the same
 * softirq.
 */
#include <linux/netdevice.h>
#include <linux/percpu.h>

#include "cpg_priv.h"
#include "engine/wire.h"
#include "trace.h"

enum {
	CPG_BACKLOG_MAX = 4096,		/* packets that wait in a node */
};

/**
 * struct cpg_rxq - the nodes of a CPU that have packets to handle
 * @napi: polls them
 * @lock: covers @nodes; a leaf, others than the CPU only take nodes off
 * @nodes: cpg_node rx_list
 */
struct cpg_rxq {
	struct napi_struct	napi;
	spinlock_t		lock;		/* nodes */
	struct list_head	nodes;
};

static DEFINE_PER_CPU(struct cpg_rxq, cpg_rxqs);

/* No device: an instance has to have one. */
static struct net_device cpg_rx_dev;

static void cpg_rxq_add(struct cpg_rxq *rxq, struct cpg_node *node)
{
	spin_lock(&rxq->lock);
	if (!READ_ONCE(node->rx_off)) {
		WRITE_ONCE(node->rxq, rxq);
		list_add_tail(&node->rx_list, &rxq->nodes);
	}
	spin_unlock(&rxq->lock);
}

static struct cpg_node *cpg_rxq_take(struct cpg_rxq *rxq)
{
	struct cpg_node *node;

	spin_lock(&rxq->lock);
	node = list_first_entry_or_null(&rxq->nodes, struct cpg_node, rx_list);
	if (node)
		list_del_init(&node->rx_list);
	spin_unlock(&rxq->lock);
	return node;
}

/**
 * cpg_rx_schedule() - a node has packets to handle
 * @node: node
 *
 * Bottom halves are disabled.  They are handled when this CPU next runs its
 * softirqs, or goes on with them.
 */
void cpg_rx_schedule(struct cpg_node *node)
{
	struct cpg_rxq *rxq = this_cpu_ptr(&cpg_rxqs);

	if (test_and_set_bit(0, &node->rx_pending))
		return;
	cpg_rxq_add(rxq, node);
	napi_schedule(&rxq->napi);
}

/**
 * cpg_rx() - something arrived
 * @node: node
 * @skb: skb->data is at the first byte of the first packet; consumed
 * @n: packets in it
 *
 * Softirq, RCU read lock held.
 */
void cpg_rx(struct cpg_node *node, struct sk_buff *skb, u32 n)
{
	struct sk_buff_head *backlog = &node->backlog;

	if (READ_ONCE(node->n_backlog) >= CPG_BACKLOG_MAX) {
		CPG_ADD_STATS(node, CPG_MIB_RXFULL, n);
		kfree_skb(skb);
		return;
	}
	spin_lock(&backlog->lock);
	__skb_queue_tail(backlog, skb);
	WRITE_ONCE(node->n_backlog, node->n_backlog + n);
	spin_unlock(&backlog->lock);
	cpg_rx_schedule(node);
}

/**
 * cpg_rx_take() - the first of what arrived
 * @node: node
 *
 * Bottom halves are disabled.
 *
 * Return: as handed to cpg_rx(), or NULL.
 */
struct sk_buff *cpg_rx_take(struct cpg_node *node)
{
	struct sk_buff_head *backlog = &node->backlog;
	struct sk_buff *skb;

	if (skb_queue_empty_lockless(backlog))
		return NULL;
	spin_lock(&backlog->lock);
	skb = __skb_dequeue(backlog);
	if (skb)
		WRITE_ONCE(node->n_backlog,
			   node->n_backlog - cpg_buf_wrap_max(skb));
	spin_unlock(&backlog->lock);
	return skb;
}

static void cpg_rx_buf(struct cpg_node *node, u64 now, struct cpg_buf *buf)
{
	enum cpg_drop drop;

	drop = cpg_engine_rcv(node->eng, now, buf, 0);
	if (drop) {
		CPG_INC_STATS(node, CPG_MIB_DROP + drop);
		trace_cpg_drop(cpg_node_net(node)->net, drop, buf->len);
	}
	cpg_buf_put(buf);
}

static void cpg_rx_one(struct cpg_node *node, struct sk_buff *skb)
{
	struct cpg_buf *buf = cpg_buf_wrap(skb);

	if (buf)
		cpg_rx_buf(node, ktime_get_ns(), buf);
	else
		CPG_INC_STATS(node, CPG_MIB_RXNOMEM);
}

static void cpg_rx_batch(struct cpg_node *node, struct sk_buff *skb)
{
	u32 n = cpg_buf_wrap_max(skb);
	u64 now = ktime_get_ns();
	struct cpg_batch *batch;
	struct cpg_buf *buf;

	/* Bounds their number, too. */
	if (skb_shinfo(skb)->gso_size < sizeof(struct cpg_wire_hdr)) {
		CPG_ADD_STATS(node, CPG_MIB_DROP + CPG_DROP_SHORT, n);
		kfree_skb(skb);
		return;
	}
	batch = cpg_batch_create(skb);
	if (!batch) {
		CPG_ADD_STATS(node, CPG_MIB_RXNOMEM, n);
		return;
	}
	for (; n && (buf = cpg_batch_next(batch)); n--)
		cpg_rx_buf(node, now, buf);
	CPG_ADD_STATS(node, CPG_MIB_RXNOMEM, n);
	cpg_batch_put(batch);
}

/**
 * cpg_rx_handle() - give the engine what arrived
 * @node: node; its lock is held
 * @skb: as cpg_rx_take() returned it; consumed
 *
 * Return: how many packets it was.
 */
int cpg_rx_handle(struct cpg_node *node, struct sk_buff *skb)
{
	int n = cpg_buf_wrap_max(skb);

	lockdep_assert_held(&node->lock);
	if (!node->eng) {
		CPG_ADD_STATS(node, CPG_MIB_RXNONODE, n);
		kfree_skb(skb);
		return n;
	}
	node->rx = skb;
	if (skb_is_gso(skb))
		cpg_rx_batch(node, skb);
	else
		cpg_rx_one(node, skb);
	node->rx = NULL;
	return n;
}

static int cpg_rx_poll(struct napi_struct *napi, int budget)
{
	struct cpg_rxq *rxq = container_of(napi, struct cpg_rxq, napi);
	struct cpg_node *node;
	int done = 0;

	while (done < budget && (node = cpg_rxq_take(rxq))) {
		clear_bit(0, &node->rx_pending);
		/* What is not seen in the backlog needs another look. */
		smp_mb__after_atomic();
		done += cpg_node_poll(node);
	}
	if (done < budget) {
		napi_complete_done(napi, done);
		return done;
	}
	return budget;
}

/**
 * cpg_rx_stop() - handle no packets of a node any more
 * @node: node; nothing arrives for it
 *
 * A grace period later no CPU knows the node.
 */
void cpg_rx_stop(struct cpg_node *node)
{
	struct cpg_rxq *rxq;
	int cpu;

	WRITE_ONCE(node->rx_off, true);
	for_each_possible_cpu(cpu) {
		rxq = per_cpu_ptr(&cpg_rxqs, cpu);
		spin_lock_bh(&rxq->lock);
		if (READ_ONCE(node->rxq) == rxq)
			list_del_init(&node->rx_list);
		spin_unlock_bh(&rxq->lock);
	}
}

/**
 * cpg_rx_init() - get ready to receive
 */
void cpg_rx_init(void)
{
	struct cpg_rxq *rxq;
	int cpu;

	init_dummy_netdev(&cpg_rx_dev);
	for_each_possible_cpu(cpu) {
		rxq = per_cpu_ptr(&cpg_rxqs, cpu);
		spin_lock_init(&rxq->lock);
		INIT_LIST_HEAD(&rxq->nodes);
		netif_napi_add_tx(&cpg_rx_dev, &rxq->napi, cpg_rx_poll);
		napi_enable(&rxq->napi);
	}
}

/**
 * cpg_rx_exit() - undo cpg_rx_init(); there are no nodes any more
 */
void cpg_rx_exit(void)
{
	struct cpg_rxq *rxq;
	int cpu;

	for_each_possible_cpu(cpu) {
		rxq = per_cpu_ptr(&cpg_rxqs, cpu);
		napi_disable(&rxq->napi);
		netif_napi_del(&rxq->napi);
	}
}
