// SPDX-License-Identifier: GPL-2.0
/* See fabric.h. */
#include "fabric.h"

enum fab_ev_kind {
	FAB_EV_NIC,
	FAB_EV_PORT,
	FAB_EV_CPU,
	FAB_EV_TIMER,
	FAB_EV_CALL,
};

void fab_cfg_init(struct fab_cfg *cfg)
{
	*cfg = (struct fab_cfg){
		.multicast = true,
		.byte_ps = 800,
		.prop = 1000,
		.port_bytes = 512 << 10,
		.nic_bytes = 1000 * 1514,
		.ring = 1024,
		.batch = 64,
		.irq = 2000,
		.rx = 1000,
		.rx_byte_ps = 20,
		.tx = 700,
		.tx_byte_ps = 50,
		.submit = 300,
		.deliver = 100,
		.timer = 500,
	};
}

static void *zalloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		abort();
	return p;
}

struct fab *fab_create(const struct fab_cfg *cfg, const struct fab_ops *ops)
{
	struct fab *fab = zalloc(sizeof(*fab));
	u32 i;

	fab->cfg = *cfg;
	fab->ops = ops;
	for (i = 0; i < cfg->n_nodes; i++) {
		struct fab_node *node = &fab->node[i];

		node->fab = fab;
		node->slot = i;
		node->submit_t = zalloc(FAB_SUBMIT_MAX * sizeof(u64));
		node->nic_ev.kind = FAB_EV_NIC;
		node->port_ev.kind = FAB_EV_PORT;
		node->cpu_ev.kind = FAB_EV_CPU;
		node->timer_ev.kind = FAB_EV_TIMER;
	}
	return fab;
}

static struct fab_pkt *pkt_get(struct fab *fab, struct cpg_buf *buf, u32 wire)
{
	struct fab_pkt *pkt = fab->free;

	if (pkt)
		fab->free = pkt->next;
	else
		pkt = zalloc(sizeof(*pkt));
	pkt->next = NULL;
	pkt->buf = cpg_buf_get(buf);
	pkt->wire = wire;
	return pkt;
}

static void pkt_put(struct fab *fab, struct fab_pkt *pkt)
{
	cpg_buf_put(pkt->buf);
	pkt->next = fab->free;
	fab->free = pkt;
}

static void queue_add(struct fab_queue *q, struct fab_pkt *pkt)
{
	if (q->n++)
		q->last->next = pkt;
	else
		q->first = pkt;
	q->last = pkt;
}

static struct fab_pkt *queue_take(struct fab_queue *q)
{
	struct fab_pkt *pkt = q->first;

	q->first = pkt->next;
	pkt->next = NULL;
	q->n--;
	return pkt;
}

static void queue_drop(struct fab *fab, struct fab_queue *q)
{
	while (q->n)
		pkt_put(fab, queue_take(q));
}

void fab_destroy(struct fab *fab)
{
	struct fab_pkt *pkt;
	u32 i;

	for (i = 0; i < fab->cfg.n_nodes; i++) {
		queue_drop(fab, &fab->node[i].nic);
		queue_drop(fab, &fab->node[i].port);
		queue_drop(fab, &fab->node[i].ring);
		free(fab->node[i].submit_t);
	}
	while ((pkt = fab->free)) {
		fab->free = pkt->next;
		free(pkt);
	}
	sim_heap_exit(&fab->heap);
	free(fab);
}

void fab_call_at(struct fab *fab, struct fab_call *call, u64 t)
{
	call->ev.kind = FAB_EV_CALL;
	sim_heap_set(&fab->heap, &call->ev, t);
}

static void cpu_wake(struct fab_node *node, u32 delay)
{
	struct fab *fab = node->fab;

	if (!node->cpu_ev.pos)
		sim_heap_set(&fab->heap, &node->cpu_ev,
			     max(node->cpu, fab->now + delay));
}

void fab_arm(struct fab_node *node)
{
	struct fab *fab = node->fab;
	u64 t = fab->ops->deadline(node);

	if (t == U64_MAX)
		sim_heap_del(&fab->heap, &node->timer_ev);
	else if (!node->timer_ev.pos || node->timer_ev.t != t)
		sim_heap_set(&fab->heap, &node->timer_ev,
			     max(t, fab->now));
}

bool fab_submit(struct fab_node *node)
{
	if (node->n_submit == FAB_SUBMIT_MAX)
		return false;
	node->submit_t[node->n_submit++] = node->fab->now;
	cpu_wake(node, 0);
	return true;
}

void fab_enter(struct fab_node *node, u32 ns)
{
	node->cpu = max(node->cpu, node->fab->now) + ns;
	node->count.busy += ns;
}

void fab_stall(struct fab_node *node, u32 ns)
{
	struct fab *fab = node->fab;

	node->cpu = max(node->cpu, fab->now) + ns;
	if (node->cpu_ev.pos)
		sim_heap_set(&fab->heap, &node->cpu_ev, node->cpu);
}

void fab_deliver(struct fab_node *node)
{
	fab_enter(node, node->fab->cfg.deliver);
}

/* Bytes that wait where the last one leaves at @free, in picoseconds. */
static u64 backlog(const struct fab *fab, u64 free_ps, u64 t)
{
	return free_ps > t * 1000 ?
	       (free_ps - t * 1000) / fab->cfg.byte_ps : 0;
}

static void nic_xmit(struct fab_node *node, const u32 *slots, u32 n,
		     struct cpg_buf *buf)
{
	struct fab *fab = node->fab;
	u32 wire = max_t(u32, buf->len + FAB_OVERHEAD, FAB_FRAME_MIN);
	struct fab_pkt *pkt;
	u32 i;

	fab_enter(node, fab->cfg.tx + buf->len * fab->cfg.tx_byte_ps / 1000);
	node->count.tx_frames++;
	node->count.tx_packets += n;
	node->count.tx_bytes += (u64)n * (buf->len + 28);
	if (backlog(fab, node->nic_free, node->cpu) + wire >
	    fab->cfg.nic_bytes) {
		node->count.drop_nic++;
		return;
	}
	pkt = pkt_get(fab, buf, wire);
	memset(pkt->to, 0, sizeof(pkt->to));
	for (i = 0; i < n; i++)
		pkt->to[slots[i] / 64] |= 1ULL << (slots[i] % 64);
	node->nic_free = max(node->nic_free, node->cpu * 1000) +
			 (u64)wire * fab->cfg.byte_ps;
	pkt->t = node->nic_free / 1000 + fab->cfg.prop;
	queue_add(&node->nic, pkt);
	if (!node->nic_ev.pos)
		sim_heap_set(&fab->heap, &node->nic_ev, pkt->t);
}

void fab_xmit(struct fab_node *node, const u32 *slots, u32 n,
	      struct cpg_buf *buf)
{
	u32 i;

	if (node->fab->cfg.multicast) {
		nic_xmit(node, slots, n, buf);
		return;
	}
	for (i = 0; i < n; i++)
		nic_xmit(node, &slots[i], 1, buf);
}

static void port_xmit(struct fab_node *to, const struct fab_pkt *pkt)
{
	struct fab *fab = to->fab;
	struct fab_pkt *copy;

	if (backlog(fab, to->port_free, fab->now) + pkt->wire >
	    fab->cfg.port_bytes) {
		to->count.drop_port++;
		return;
	}
	copy = pkt_get(fab, pkt->buf, pkt->wire);
	to->port_free = max(to->port_free, fab->now * 1000) +
			(u64)pkt->wire * fab->cfg.byte_ps;
	copy->t = to->port_free / 1000 + fab->cfg.prop;
	queue_add(&to->port, copy);
	if (!to->port_ev.pos)
		sim_heap_set(&fab->heap, &to->port_ev, copy->t);
}

/* The first frame on the way from @node has reached the switch. */
static void switch_rcv(struct fab_node *node)
{
	struct fab_pkt *pkt = queue_take(&node->nic);
	struct fab *fab = node->fab;
	u32 i;

	if (node->nic.n)
		sim_heap_set(&fab->heap, &node->nic_ev, node->nic.first->t);
	for (i = 0; i < ARRAY_SIZE(pkt->to); i++) {
		u64 to;

		for (to = pkt->to[i]; to; to &= to - 1)
			port_xmit(&fab->node[i * 64 + __builtin_ctzll(to)],
				  pkt);
	}
	pkt_put(fab, pkt);
}

static void ring_rcv(struct fab_node *node)
{
	struct fab_pkt *pkt = queue_take(&node->port);
	struct fab *fab = node->fab;

	if (node->port.n)
		sim_heap_set(&fab->heap, &node->port_ev, node->port.first->t);
	if (node->ring.n >= fab->cfg.ring) {
		node->count.drop_ring++;
		pkt_put(fab, pkt);
		return;
	}
	queue_add(&node->ring, pkt);
	cpu_wake(node, fab->cfg.irq);
}

static void cpu_rcv(struct fab_node *node)
{
	struct fab_pkt *pkt = queue_take(&node->ring);
	struct fab *fab = node->fab;

	fab_enter(node, fab->cfg.rx +
			pkt->buf->len * fab->cfg.rx_byte_ps / 1000);
	node->count.rx_packets++;
	fab->ops->rcv(node, pkt->buf);
	pkt_put(fab, pkt);
	node->handled++;
}

static void cpu_submit(struct fab_node *node)
{
	struct fab *fab = node->fab;
	u64 t = node->submit_t[0];

	memmove(node->submit_t, node->submit_t + 1,
		--node->n_submit * sizeof(*node->submit_t));
	fab_enter(node, fab->cfg.submit);
	fab->ops->submit(node, t);
}

/* The next thing that is to do; false: there is none. */
static bool cpu_step(struct fab_node *node)
{
	struct fab *fab = node->fab;

	if (node->handled && (!node->ring.n ||
			      node->handled >= fab->cfg.batch)) {
		node->turns = node->handled;
		node->handled = 0;
		fab->ops->flush(node);
	} else if (node->has_timer) {
		node->has_timer = false;
		fab_enter(node, fab->cfg.timer);
		fab->ops->timer(node);
	} else if (node->n_submit && (node->turns || !node->ring.n)) {
		node->turns -= !!node->turns;
		cpu_submit(node);
	} else if (node->ring.n) {
		node->turns = 0;
		cpu_rcv(node);
	} else {
		return false;
	}
	return true;
}

/* Work until there is none, or something happens in the meantime. */
static void cpu_run(struct fab_node *node)
{
	struct fab *fab = node->fab;
	struct sim_ev *ev;

	node->cpu = max(node->cpu, fab->now);
	do {
		if (!cpu_step(node)) {
			fab_arm(node);
			return;
		}
		ev = sim_heap_first(&fab->heap);
	} while (!ev || ev->t > node->cpu);
	fab_arm(node);
	cpu_wake(node, 0);
}

static void fab_step(struct fab *fab, struct sim_ev *ev)
{
	struct fab_node *node;
	struct fab_call *call;

	switch (ev->kind) {
	case FAB_EV_NIC:
		switch_rcv(container_of(ev, struct fab_node, nic_ev));
		break;
	case FAB_EV_PORT:
		ring_rcv(container_of(ev, struct fab_node, port_ev));
		break;
	case FAB_EV_CPU:
		cpu_run(container_of(ev, struct fab_node, cpu_ev));
		break;
	case FAB_EV_TIMER:
		node = container_of(ev, struct fab_node, timer_ev);
		node->has_timer = true;
		cpu_wake(node, 0);
		break;
	case FAB_EV_CALL:
		call = container_of(ev, struct fab_call, ev);
		call->fn(fab, call->arg);
		break;
	}
}

void fab_run_to(struct fab *fab, u64 t)
{
	struct sim_ev *ev;

	while ((ev = sim_heap_first(&fab->heap)) && ev->t <= t) {
		fab->now = ev->t;
		sim_heap_del(&fab->heap, ev);
		fab_step(fab, ev);
	}
	fab->now = t;
}
