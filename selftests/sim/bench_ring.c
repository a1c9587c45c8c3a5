// SPDX-License-Identifier: GPL-2.0
/*
 * The baseline: a token ring with Totem's rules (Amir et al., ACM TOCS 1995;
 * corosync's totemsrp), without its membership.
 *
 * The token goes round.  Who holds it first repeats what the token's list asks
 * for, then multicasts messages of its own, numbered on from the token's seq:
 * at most @visit of them, and no more in one round of all nodes than @window
 * (the fcc of the token counts those).  A message is delivered when all before
 * it are (AGREED).  The token's aru is the number up to which all nodes hold
 * everything; what is missing here up to the token's seq goes into its list.
 * The sender of a token repeats it until it sees that it was received.
 *
 * Costs are those of the fabric, headers are as long as AF_CPG's.  Nothing is
 * held back against the ring: the token never rests, so an idle message waits
 * half a round on average and no timer.
 */
#include "bench.h"

enum {
	RING_SLOTS = 32768,	/* messages kept; a power of two */
	RING_RTR_MAX = 30,	/* corosync's RETRANSMIT_ENTRIES_MAX */
	RING_HDR = 96 + 20,	/* of a message: as AF_CPG's */
};

#define RING_REPEAT	(2 * CPG_NSEC_PER_MSEC)

enum {
	RING_MSG = 1,
	RING_TOKEN,
};

struct ring_msg {
	u32	type;
	u32	from;
	u64	seq;
	u64	t;
};

struct ring_token {
	u32	type;
	u32	aru_from;	/* who set the aru; 0: nobody, else slot + 1 */
	u64	no;		/* counts its hops */
	u64	seq;
	u64	aru;
	u32	fcc;
	u32	n_rtr;
	u64	rtr[RING_RTR_MAX];
	u8	pad[64 - 8];	/* what AF_CPG has in front of each packet */
};

/* A message that waits for the token. */
struct ring_wait {
	struct ring_wait	*next;
	u64			t;
};

struct ring_node {
	struct fab_node		*node;
	u32			slots[FAB_NODES_MAX];
	u32			next;		/* in the ring */
	struct cpg_buf		*kept[RING_SLOTS];
	u64			aru;		/* delivered up to here */
	u64			freed;		/* all up to here are let go */
	u64			token_no;
	u64			last_aru;	/* of the token before */
	u32			fcc;		/* this node's part in it */
	struct cpg_buf		*token;		/* as sent, to be repeated */
	u64			repeat_at;
	struct ring_wait	*first;
	struct ring_wait	**end;
	struct ring_wait	*free;
	u64			naks;
	u64			repairs;
};

static struct ring_node *rn_of(const struct fab_node *node)
{
	return node->proto;
}

static struct cpg_buf *ring_get(const struct ring_node *rn, u64 seq)
{
	struct cpg_buf *buf = rn->kept[seq & (RING_SLOTS - 1)];

	return buf && ((struct ring_msg *)buf->data)->seq == seq ? buf : NULL;
}

static void ring_keep(struct ring_node *rn, u64 seq, struct cpg_buf *buf)
{
	if (seq <= rn->freed || ring_get(rn, seq))
		return;
	if (seq > rn->freed + RING_SLOTS)
		abort();
	rn->kept[seq & (RING_SLOTS - 1)] = cpg_buf_get(buf);
	while ((buf = ring_get(rn, rn->aru + 1))) {
		const struct ring_msg *msg = (const void *)buf->data;

		rn->aru++;
		bench_deliver(rn->node, msg->from, msg->t);
		if (msg->from == rn->node->slot)
			bench_sent(rn->node, bench_of(rn->node)->cfg.size);
	}
}

static void ring_release(struct ring_node *rn, u64 seq)
{
	for (; rn->freed < min(seq, rn->aru); rn->freed++) {
		struct cpg_buf **slot;

		slot = &rn->kept[(rn->freed + 1) & (RING_SLOTS - 1)];
		cpg_buf_put(*slot);
		*slot = NULL;
	}
}

static void ring_mcast(struct ring_node *rn, struct cpg_buf *buf)
{
	fab_xmit(rn->node, rn->slots, rn->node->fab->cfg.n_nodes - 1, buf);
}

static void ring_send_one(struct ring_node *rn, u64 seq)
{
	u32 size = bench_of(rn->node)->cfg.size + RING_HDR;
	struct ring_wait *wait = rn->first;
	struct ring_msg msg = {
		.type = RING_MSG,
		.from = rn->node->slot,
		.seq = seq,
		.t = wait->t,
	};
	struct cpg_buf *buf;

	rn->first = wait->next;
	if (!rn->first)
		rn->end = &rn->first;
	wait->next = rn->free;
	rn->free = wait;
	buf = cpg_env_buf_alloc(NULL, size);
	if (!buf)
		abort();
	memset(buf->data, 0, buf->len);
	memcpy(buf->data, &msg, sizeof(msg));
	ring_mcast(rn, buf);
	ring_keep(rn, seq, buf);
	cpg_buf_put(buf);
}

/* What the list asks for and this node has.  Returns how many were sent. */
static u32 ring_repair(struct ring_node *rn, struct ring_token *tok)
{
	u32 i, n = 0, left = 0;

	for (i = 0; i < tok->n_rtr; i++) {
		struct cpg_buf *buf = ring_get(rn, tok->rtr[i]);

		if (!buf) {
			tok->rtr[left++] = tok->rtr[i];
			continue;
		}
		ring_mcast(rn, buf);
		n++;
	}
	tok->n_rtr = left;
	rn->repairs += n;
	return n;
}

static void ring_ask(struct ring_node *rn, struct ring_token *tok)
{
	u64 seq;
	u32 i;

	for (seq = rn->aru + 1; seq <= tok->seq; seq++) {
		if (tok->n_rtr == RING_RTR_MAX)
			return;
		if (ring_get(rn, seq))
			continue;
		for (i = 0; i < tok->n_rtr; i++)
			if (tok->rtr[i] == seq)
				break;
		if (i < tok->n_rtr)
			continue;
		tok->rtr[tok->n_rtr++] = seq;
		rn->naks++;
	}
}

static void ring_aru(struct ring_node *rn, struct ring_token *tok)
{
	u32 me = rn->node->slot + 1;

	if (rn->aru >= tok->aru && tok->aru_from && tok->aru_from != me)
		return;
	tok->aru = rn->aru;
	tok->aru_from = rn->aru == tok->seq ? 0 : me;
}

static void ring_token_send(struct ring_node *rn)
{
	fab_xmit(rn->node, &rn->next, 1, rn->token);
	rn->repeat_at = rn->node->cpu + RING_REPEAT;
}

static void ring_token_rcv(struct ring_node *rn, const struct ring_token *in)
{
	const struct bench_cfg *cfg = &bench_of(rn->node)->cfg;
	struct ring_token *tok;
	u32 room, n;

	if (in->no <= rn->token_no)
		return;
	if (rn->token)
		cpg_buf_put(rn->token);
	rn->token = cpg_env_buf_alloc(NULL, sizeof(*tok));
	if (!rn->token)
		abort();
	tok = (void *)rn->token->data;
	*tok = *in;
	n = ring_repair(rn, tok);
	room = tok->fcc + n < cfg->window ? cfg->window - tok->fcc - n : 0;
	room = min(room, cfg->visit);
	for (; room && rn->first; room--, n++)
		ring_send_one(rn, ++tok->seq);
	tok->fcc = tok->fcc - rn->fcc + n;
	rn->fcc = n;
	ring_aru(rn, tok);
	ring_ask(rn, tok);
	/* Held by all in two rounds: nobody will ask for it again. */
	ring_release(rn, min(tok->aru, rn->last_aru));
	rn->last_aru = tok->aru;
	rn->token_no = ++tok->no;
	/* The list is as long as it is. */
	rn->token->len = sizeof(*tok) - (RING_RTR_MAX - tok->n_rtr) * 8;
	ring_token_send(rn);
}

static void ring_rcv(struct fab_node *node, struct cpg_buf *buf)
{
	const struct ring_msg *msg = (const void *)buf->data;
	struct ring_node *rn = rn_of(node);

	if (msg->type == RING_TOKEN) {
		ring_token_rcv(rn, (const void *)buf->data);
		return;
	}
	if (rn->token && msg->seq >
	    ((struct ring_token *)rn->token->data)->seq)
		rn->repeat_at = U64_MAX;
	ring_keep(rn, msg->seq, buf);
}

static void ring_flush(struct fab_node *node)
{
	(void)node;
}

static void ring_timer(struct fab_node *node)
{
	struct ring_node *rn = rn_of(node);

	if (rn->repeat_at <= node->cpu)
		ring_token_send(rn);
}

static u64 ring_deadline(struct fab_node *node)
{
	return rn_of(node)->repeat_at;
}

static void ring_submit(struct fab_node *node, u64 t)
{
	struct ring_node *rn = rn_of(node);
	struct ring_wait *wait = rn->free;

	if (wait)
		rn->free = wait->next;
	else
		wait = malloc(sizeof(*wait));
	if (!wait)
		abort();
	wait->t = t;
	wait->next = NULL;
	*rn->end = wait;
	rn->end = &wait->next;
}

static void ring_start(struct bench *b)
{
	struct ring_token tok = { .type = RING_TOKEN, .no = 1 };
	u32 i, k, n = b->cfg.fab.n_nodes;

	for (i = 0; i < n; i++) {
		struct ring_node *rn = calloc(1, sizeof(*rn));

		if (!rn)
			abort();
		rn->node = &b->fab->node[i];
		rn->node->proto = rn;
		rn->next = (i + 1) % n;
		rn->end = &rn->first;
		rn->repeat_at = U64_MAX;
		for (k = 0; k < n - 1; k++)
			rn->slots[k] = (i + 1 + k) % n;
	}
	fab_enter(&b->fab->node[0], 0);
	ring_token_rcv(rn_of(&b->fab->node[0]), &tok);
	fab_run_to(b->fab, b->fab->now + CPG_NSEC_PER_MSEC);
}

static void ring_waits_free(struct ring_wait *wait)
{
	while (wait) {
		struct ring_wait *next = wait->next;

		free(wait);
		wait = next;
	}
}

static void ring_stop(struct bench *b)
{
	u32 i, k;

	for (i = 0; i < b->cfg.fab.n_nodes; i++) {
		struct ring_node *rn = rn_of(&b->fab->node[i]);

		for (k = 0; k < RING_SLOTS; k++)
			if (rn->kept[k])
				cpg_buf_put(rn->kept[k]);
		if (rn->token)
			cpg_buf_put(rn->token);
		ring_waits_free(rn->first);
		ring_waits_free(rn->free);
		free(rn);
	}
}

static void ring_stat(struct bench *b, u32 slot, struct bench_stat *out)
{
	const struct ring_node *rn = rn_of(&b->fab->node[slot]);

	*out = (struct bench_stat){ .naks = rn->naks, .repairs = rn->repairs };
}

const struct bench_ops bench_ring = {
	.fab = {
		.rcv = ring_rcv,
		.flush = ring_flush,
		.timer = ring_timer,
		.deadline = ring_deadline,
		.submit = ring_submit,
	},
	.start = ring_start,
	.stop = ring_stop,
	.stat = ring_stat,
};
