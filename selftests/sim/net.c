// SPDX-License-Identifier: GPL-2.0
/* The network: packets are late, lost, doubled, overtaken, or cut off. */
#include "sim.h"
#include "wire.h"

enum {
	NET_HASH_BYTES = 192,	/* of a packet, in the log */
};

/**
 * sim_link() - one direction between two nodes
 * @s: simulator
 * @from: slot of the sender
 * @to: slot of the receiver
 *
 * Return: the link.
 */
struct sim_link *sim_link(struct sim *s, u32 from, u32 to)
{
	return &s->links[from * s->cfg.n_nodes + to];
}

/**
 * sim_links_set() - what all links are like from now on
 * @s: simulator
 * @link: like this; what is cut stays so
 */
void sim_links_set(struct sim *s, const struct sim_link *link)
{
	u32 n = s->cfg.n_nodes * s->cfg.n_nodes;
	struct sim_link *l;
	u32 i;

	for (i = 0; i < n; i++) {
		l = &s->links[i];
		l->delay = link->delay;
		l->jitter = link->jitter;
		l->loss = link->loss;
		l->dup = link->dup;
		l->reorder = link->reorder;
	}
	sim_log(s, 0, SIM_LOG_LOSS, link->loss, link->dup, link->reorder,
		link->delay / SIM_USEC, link->jitter / SIM_USEC);
}

/**
 * sim_cut() - let nothing through in one direction, or mend it
 * @s: simulator
 * @from: slot of the sender
 * @to: slot of the receiver
 * @cut: cut or mend
 */
void sim_cut(struct sim *s, u32 from, u32 to, bool cut)
{
	struct sim_link *link = sim_link(s, from, to);

	if (link->cut == cut)
		return;
	link->cut = cut;
	sim_log(s, 0, cut ? SIM_LOG_CUT : SIM_LOG_MEND, from, to, 0, 0, 0);
}

static bool slot_in(u64 slots, u32 i)
{
	return slots >> i % 64 & 1;
}

/**
 * sim_split() - part the nodes in two
 * @s: simulator
 * @side: slots of one side, as bits; above 64 they begin again.  Links within
 *	a side are mended.
 */
void sim_split(struct sim *s, u64 side)
{
	u32 i, k;

	for (i = 0; i < s->cfg.n_nodes; i++)
		for (k = 0; k < s->cfg.n_nodes; k++)
			sim_cut(s, i, k, slot_in(side, i) != slot_in(side, k));
}

/**
 * sim_part() - some nodes and others do not hear each other any more
 * @s: simulator
 * @some: slots, as bits; above 64 they begin again
 * @others: slots, as bits; who is in neither hears all
 */
void sim_part(struct sim *s, u64 some, u64 others)
{
	u32 i, k;

	for (i = 0; i < s->cfg.n_nodes; i++)
		for (k = 0; k < s->cfg.n_nodes; k++)
			if (i != k && slot_in(some, i) && slot_in(others, k)) {
				sim_cut(s, i, k, true);
				sim_cut(s, k, i, true);
			}
}

/**
 * sim_rate() - limit what gets through in one direction
 * @s: simulator
 * @from: slot of the sender
 * @to: slot of the receiver
 * @rate: bytes in a millisecond, 0: no limit
 * @queue: bytes that wait at most, what is above is lost
 */
void sim_rate(struct sim *s, u32 from, u32 to, u32 rate, u32 queue)
{
	struct sim_link *link = sim_link(s, from, to);

	link->rate = rate;
	link->queue = queue;
	link->busy = 0;
	sim_log(s, 0, SIM_LOG_RATE, from, to, rate, queue, 0);
}

/**
 * sim_hole() - let long packets vanish in one direction
 * @s: simulator
 * @from: slot of the sender
 * @to: slot of the receiver
 * @mtu: of the packets that do not, 0: none vanish
 */
void sim_hole(struct sim *s, u32 from, u32 to, u32 mtu)
{
	sim_link(s, from, to)->mtu = mtu;
	sim_log(s, 0, SIM_LOG_MTU, from, to, mtu, 0, 0);
}

/* Mend all links. */
void sim_heal(struct sim *s)
{
	struct sim_link *link = s->links;
	u32 i;

	for (i = 0; i < s->cfg.n_nodes * s->cfg.n_nodes; i++, link++) {
		link->cut = false;
		link->rate = 0;
		link->mtu = 0;
	}
	sim_log(s, 0, SIM_LOG_HEAL, 0, 0, 0, 0, 0);
}

static struct sim_pkt *pkt_get(struct sim *s)
{
	struct sim_pkt *pkt = s->free;

	if (!pkt)
		return sim_arena_alloc(&s->arena, sizeof(*pkt));
	s->free = pkt->next;
	return pkt;
}

void sim_net_free(struct sim *s, struct sim_pkt *pkt)
{
	cpg_buf_put(pkt->buf);
	pkt->buf = NULL;
	pkt->next = s->free;
	s->free = pkt;
}

/* When a packet has left a link that is limited; 0: there is no room for it. */
static u64 link_turn(struct sim *s, struct sim_link *link, u32 len)
{
	u64 start = max(s->now, link->busy);

	if ((start - s->now) / SIM_USEC * link->rate / 1000 + len > link->queue)
		return 0;
	link->busy = start + len * SIM_MSEC / link->rate;
	return link->busy;
}

/* A packet that does not overtake the others of its link. */
static void link_queue(struct sim *s, struct sim_link *link,
		       struct sim_pkt *pkt, u64 t)
{
	pkt->next = NULL;
	if (!link->first_pkt) {
		link->first_pkt = pkt;
		sim_heap_add(&s->heap, &pkt->ev, t);
	} else {
		link->last_pkt->next = pkt;
		pkt->ev.t = t;
		pkt->turn = sim_heap_turn(&s->heap);
	}
	link->last_pkt = pkt;
	link->last = t;
}

/**
 * sim_net_off() - a packet is at the end of its link
 * @s: simulator
 * @pkt: the packet
 *
 * Another one comes behind it, perhaps.
 */
void sim_net_off(struct sim *s, struct sim_pkt *pkt)
{
	struct sim_link *link = sim_link(s, pkt->from, pkt->to);

	if (link->first_pkt != pkt)
		return;
	pkt = pkt->next;
	link->first_pkt = pkt;
	if (pkt)
		sim_heap_add_turn(&s->heap, &pkt->ev, pkt->ev.t, pkt->turn);
}

static void link_xmit(struct sim *s, struct sim_link *link, u32 from, u32 to,
		      struct cpg_buf *buf)
{
	u64 t = link->rate ? link_turn(s, link, buf->len) : s->now;
	struct sim_pkt *pkt;

	if (link->rate && !t)
		return;
	pkt = pkt_get(s);
	t += link->delay + sim_rng_below(&s->rng, link->jitter + 1);
	pkt->ev.kind = SIM_EV_PKT;
	pkt->from = from;
	pkt->to = to;
	pkt->buf = cpg_buf_get(buf);
	if (sim_rng_ppm(&s->rng, link->reorder)) {
		t += sim_rng_below(&s->rng, 4 * (link->delay + link->jitter));
		sim_heap_add(&s->heap, &pkt->ev, t);
	} else {
		link_queue(s, link, pkt, max(t, link->last));
	}
}

static u32 buf_type(const struct cpg_buf *buf)
{
	const struct cpg_wire_hdr *hdr = (const void *)buf->data;

	return buf->len < sizeof(*hdr) ? 0 : hdr->type;
}

static void slot_xmit(struct sim_node *node, u32 to, struct cpg_buf *buf,
		      u64 hash)
{
	struct sim *s = node->s;
	struct sim_link *link = sim_link(s, node->slot, to);
	u32 type = buf_type(buf);

	sim_log(s, node->nodeid, SIM_LOG_XMIT, type, s->nodes[to].nodeid,
		buf->len, hash, 0);
	if (link->cut || (link->mtu && buf->len > link->mtu) ||
	    sim_rng_ppm(&s->rng, link->loss)) {
		sim_log(s, node->nodeid, SIM_LOG_LOST, type,
			s->nodes[to].nodeid, 0, 0, 0);
		return;
	}
	link_xmit(s, link, node->slot, to, buf);
	if (sim_rng_ppm(&s->rng, link->dup))
		link_xmit(s, link, node->slot, to, buf);
}

static u64 net_word(const u8 *p)
{
	u64 w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Both halves of a product: each bit of it depends on all of @a and @b. */
static u64 net_mix(u64 a, u64 b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (u64)m ^ (u64)(m >> 64);
}

/* The last words overlap with others; a packet is longer than its header. */
static u64 net_hash(const u8 *p, u32 len)
{
	const u8 *last = p + len - 4 * sizeof(u64);
	u64 a = len, b = 0x9fb21c651e98df25ULL;

	BUILD_BUG_ON(sizeof(struct cpg_wire_hdr) < 4 * sizeof(u64));
	for (;;) {
		a = net_mix(net_word(p) ^ 0xa0761d6478bd642fULL,
			    net_word(p + 8) ^ a);
		b = net_mix(net_word(p + 16) ^ 0xe7037ed1a0b428dbULL,
			    net_word(p + 24) ^ b);
		if (p == last)
			return net_mix(a ^ 0x8ebc6af09c88c6e3ULL, b);
		p += 4 * sizeof(u64);
		p = min(p, last);
	}
}

static struct cpg_buf *frame_buf(struct sim_node *node,
				 const struct cpg_frame *frame, u64 *hash)
{
	struct cpg_buf *buf;

	if (frame->hdr_len + frame->len > node->s->cfg.mtu)
		orc_fail(&node->s->orc, ORC_ENGINE,
			 "node %u sends %u bytes in one packet", node->nodeid,
			 frame->hdr_len + frame->len);
	buf = cpg_env_buf_alloc(NULL, frame->hdr_len + frame->len);
	if (!buf)
		abort();
	memcpy(buf->data, frame->hdr, frame->hdr_len);
	if (frame->len)
		memcpy(buf->data + frame->hdr_len,
		       frame->body->data + frame->off, frame->len);
	/* The rest is payload, and will be looked at when it is delivered. */
	*hash = net_hash(buf->data, min_t(u32, buf->len, NET_HASH_BYTES));
	return buf;
}

/* The slot of a node id, as seen by a node that is not there itself. */
static int net_slot(const struct sim_node *node, u32 nodeid)
{
	struct sim *s = node->s;
	u32 slot = nodeid - s->cfg.nodeid;
	u32 i;

	if (slot < s->cfg.n_nodes && slot != node->slot &&
	    s->nodes[slot].nodeid == nodeid)
		return slot;
	for (i = 0; i < s->cfg.n_nodes; i++)
		if (i != node->slot && s->nodes[i].nodeid == nodeid)
			return i;
	return -1;
}

/**
 * sim_net_xmit() - struct cpg_engine_ops xmit
 * @node: the sender
 * @nodeids: the receivers
 * @n: their number
 * @frame: the packet
 */
void sim_net_xmit(struct sim_node *node, const u32 *nodeids, u32 n,
		  const struct cpg_frame *frame)
{
	struct cpg_buf *buf;
	u64 hash;
	u32 i;
	int slot;

	buf = frame_buf(node, frame, &hash);
	for (i = 0; i < n; i++) {
		slot = net_slot(node, nodeids[i]);
		if (slot < 0 || nodeids[i] == node->nodeid)
			orc_fail(&node->s->orc, ORC_ENGINE,
				 "node %u sends to node %u", node->nodeid,
				 nodeids[i]);
		else
			slot_xmit(node, slot, buf, hash);
	}
	cpg_buf_put(buf);
}

/**
 * sim_net_reply() - struct cpg_engine_ops reply
 * @node: the sender
 * @frame: the packet
 */
void sim_net_reply(struct sim_node *node, const struct cpg_frame *frame)
{
	struct cpg_buf *buf;
	u64 hash;

	if (node->rx_from < 0) {
		orc_fail(&node->s->orc, ORC_ENGINE,
			 "node %u replies to nothing", node->nodeid);
		return;
	}
	buf = frame_buf(node, frame, &hash);
	slot_xmit(node, node->rx_from, buf, hash);
	cpg_buf_put(buf);
}

/**
 * sim_net_arrive() - a packet is there
 * @s: simulator
 * @pkt: the packet; waits at its receiver or is lost
 */
void sim_net_arrive(struct sim *s, struct sim_pkt *pkt)
{
	struct sim_node *node = &s->nodes[pkt->to];

	sim_net_off(s, pkt);
	if (!node->eng || node->rx_n == SIM_RX_MAX) {
		sim_net_free(s, pkt);
		return;
	}
	pkt->next = NULL;
	if (node->rx_first)
		node->rx_last->next = pkt;
	else
		node->rx_first = pkt;
	node->rx_last = pkt;
	node->rx_n++;
	if (!node->paused && !node->rx.pos)
		sim_heap_set(&s->heap, &node->rx, s->now +
			     sim_rng_below(&s->rng, s->cfg.rx_delay + 1));
}

/**
 * sim_net_take() - the next packet that waits
 * @node: its receiver
 *
 * Return: the packet, or NULL.
 */
struct sim_pkt *sim_net_take(struct sim_node *node)
{
	struct sim_pkt *pkt = node->rx_first;

	if (!pkt)
		return NULL;
	node->rx_first = pkt->next;
	node->rx_n--;
	return pkt;
}

/**
 * sim_net_forget() - what waits for a node is lost
 * @node: the node
 */
void sim_net_forget(struct sim_node *node)
{
	struct sim_pkt *pkt;

	while ((pkt = sim_net_take(node)))
		sim_net_free(node->s, pkt);
}
