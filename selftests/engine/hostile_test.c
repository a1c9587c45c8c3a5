// SPDX-License-Identifier: GPL-2.0
/*
 * A member that lies: each packet here is well-formed, as wire.c sees it, and
 * says what cannot be.  It is refused, or costs a view; never more.
 */
#include "lone.h"

enum {
	PEER = 1,	/* the other node; lower, so its views are proposed */
	OTHER = 9,	/* or higher: this node proposes */
	NOWHERE = 500,	/* a packet that PEER never sends */
	SEQ = 1000,	/* greater than that of any view before */
};

/* A DATA packet that is made up of records. */
static struct {
	struct cpg_wire_data	data;
	u8			rec[1000];
} __packed pkt;
static u32 pkt_len;

static void data_begin(u64 oseq, u32 origin)
{
	memset(&pkt, 0, sizeof(pkt));
	pkt.data.oseq = cpu_to_le64(oseq);
	pkt.data.origin = cpu_to_le16(origin);
	pkt_len = sizeof(pkt.data);
}

static void data_add(const void *p, u32 len)
{
	memcpy((u8 *)&pkt + pkt_len, p, len);
	pkt_len += len;
}

static void data_rec(u8 type, u8 flags, u32 port, u32 total, u64 serial,
		     const void *p, u32 len)
{
	struct cpg_wire_rec rec = {
		.type = type,
		.flags = flags,
		.len = cpu_to_le16(len),
		.port = cpu_to_le32(port),
		.total = cpu_to_le32(total),
		.serial = cpu_to_le64(serial),
	};

	data_add(&rec, sizeof(rec));
	data_add(p, len);
}

/* A part of a message of 600 bytes. */
static void data_part(u8 flags, u8 service, u32 port, u32 len)
{
	static const u8 bytes[600];

	data_rec(CPG_REC_MSG, flags | service << CPG_REC_SERVICE_SHIFT, port,
		 sizeof(bytes), 1, bytes, len);
}

static void data_order(u64 gseq, u64 pos, u32 origin, u64 oseq, u32 count,
		       u32 nmsgs)
{
	struct {
		struct cpg_wire_order	order;
		struct cpg_wire_run	run;
	} __packed p = {
		.order.gseq = cpu_to_le64(gseq),
		.order.pos = cpu_to_le64(pos),
		.run.oseq = cpu_to_le64(oseq),
		.run.origin = cpu_to_le16(origin),
		.run.count = cpu_to_le16(count),
		.run.nmsgs = cpu_to_le32(nmsgs),
	};

	data_rec(CPG_REC_ORDER, 0, 0, 0, 0, &p, sizeof(p));
}

static void data_join(u32 port)
{
	struct {
		struct cpg_wire_proc	proc;
		u8			name;
	} __packed p = {
		.proc.port = cpu_to_le32(port),
		.proc.pid = cpu_to_le32(1),
		.proc.name_len = cpu_to_le32(1),
		.name = 'g',
	};

	data_rec(CPG_REC_JOIN, 0, port, 0, 0, &p, sizeof(p));
}

static enum cpg_drop data_rcv(u32 src)
{
	return lone_rcv(src, &eng->epoch->id, CPG_WIRE_DATA, &pkt, pkt_len);
}

/* It is not the last of its batch. */
static enum cpg_drop data_take(u32 src)
{
	return lone_take(src, &eng->epoch->id, CPG_WIRE_DATA, &pkt, pkt_len);
}

/* Begin: PEER leads a view of two, and this node has a process. */
static struct cpg_proc *led(void)
{
	lone_create();
	lone_view(PEER, false);
	return lone_join("g", 100);
}

static const char *test_data(void)
{
	const char *why = NULL;

	led();
	data_begin(1, 2);
	data_order(1, 1, 0, 1, 1, 0);
	if (data_rcv(PEER) != CPG_DROP_RECORD)
		why = "a stream of no member";
	data_begin(1, 1);
	data_part(CPG_REC_F_FIRST, CPG_SVC_AGREED, 1, 300);
	if (data_rcv(PEER) != CPG_DROP_RECORD)
		why = "a packet of this node's own stream";
	data_begin(0, 0);
	data_order(1, 1, 0, 1, 1, 0);
	if (data_rcv(PEER) != CPG_DROP_RECORD)
		why = "packet 0";
	data_begin(1, 0);
	data_order(1, 1, 2, 1, 1, 0);
	if (data_rcv(PEER) != CPG_DROP_RECORD)
		why = "an order of what no member sent";
	data_begin(1 + CPG_STREAM_WINDOW, 0);
	data_order(1, 1, 0, 1, 1, 0);
	if (data_rcv(PEER) != CPG_DROP_WINDOW)
		why = "a packet behind the window";
	return lone_destroy(why);
}

/* What is asked for need not be there. */
static const char *test_nak(void)
{
	struct cpg_wire_range range[] = {
		{ .oseq = cpu_to_le64(1), .origin = cpu_to_le16(2),
		  .count = cpu_to_le16(1) },
		{ .oseq = cpu_to_le64(U64_MAX), .origin = cpu_to_le16(0),
		  .count = cpu_to_le16(0xffff) },
		{ .oseq = cpu_to_le64(1), .origin = cpu_to_le16(1),
		  .count = cpu_to_le16(0xffff) },
	};
	const char *why = NULL;
	u32 sent;

	led();
	sent = calls.xmit[CPG_WIRE_DATA];
	if (!sent || lone_rcv(PEER, &eng->epoch->id, CPG_WIRE_NAK, range,
			      sizeof(range)))
		why = "a NAK";
	if (calls.xmit[CPG_WIRE_DATA] != 2 * sent)
		why = "what is there is sent again, once";
	return lone_destroy(why);
}

/* The leader contradicts itself: there must be another view. */
static const char *test_order(void)
{
	static const struct {
		u64	gseq;
		u64	pos;
		u64	oseq;
	} wrong[] = {
		{ 2, 1, 1 },	/* leaves out a place */
		{ 1, 2, 1 },	/* leaves out a position */
		{ 1, 1, 2 },	/* leaves out a packet with data */
	};
	const char *why = NULL;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(wrong) && !why; i++) {
		led();
		if (i == 2)
			lone_send(lone_join("h", 1), CPG_SVC_AGREED, 3);
		data_begin(1, 0);
		data_order(wrong[i].gseq, wrong[i].pos, 1, wrong[i].oseq, 1, 1);
		if (data_rcv(PEER) || lone_status().state != CPG_STATE_GATHER)
			why = ktap_fail("order %u is taken", i);
		why = lone_destroy(why);
	}
	return why;
}

/* A place twice. */
static const char *test_order_again(void)
{
	const char *why = NULL;

	led();
	data_begin(1, 0);
	data_order(1, 1, 1, 1, 1, 1);
	if (data_rcv(PEER) || lone_status().state != CPG_STATE_OPERATIONAL)
		why = "what is right is refused";
	data_begin(2, 0);
	data_order(2, 2, 1, 1, 1, 1);
	if (data_rcv(PEER) || lone_status().state != CPG_STATE_GATHER)
		why = "a packet is given a place twice";
	return lone_destroy(why);
}

/* PEER's packet @oseq, whose place that is, too: a message of 3 bytes. */
static void message(u64 oseq, u64 stable)
{
	data_begin(oseq, 0);
	pkt.data.ack = cpu_to_le64(oseq);
	pkt.data.stable = cpu_to_le64(stable);
	data_order(oseq, oseq, 0, oseq, 1, 1);
	data_rec(CPG_REC_MSG, CPG_REC_F_FIRST | CPG_REC_F_LAST |
		 CPG_SVC_AGREED << CPG_REC_SERVICE_SHIFT, 1, 3, oseq, "abc", 3);
}

static enum cpg_drop message_rcv(u64 oseq, u64 stable)
{
	message(oseq, stable);
	return data_rcv(PEER);
}

/* What a packet brings waits for its batch, not for more than sixteen. */
static const char *test_batch(void)
{
	const char *why = NULL;
	u64 i;

	led();
	for (i = 1; i < 16; i++) {
		message(i, 0);
		if (data_take(PEER) || lone_status().delivered)
			why = "delivered before the end of the batch";
	}
	message(16, 0);
	if (data_take(PEER) || lone_status().delivered != 16)
		why = "sixteen wait";
	message(17, 0);
	if (data_take(PEER) || lone_status().delivered != 16)
		why = "delivered before the end of the next";
	cpg_engine_flush(eng, now);
	if (lone_status().delivered != 17)
		why = "not delivered at the end of the batch";
	return lone_destroy(why);
}

/* As led(), with so many bytes for both nodes in flight. */
static struct cpg_proc *led_with(u32 budget)
{
	struct cpg_engine_config cfg;

	lone_config(&cfg);
	cfg.budget = budget;
	lone_create_with(&cfg);
	lone_view(PEER, false);
	return lone_join("g", 100);
}

/* Of a node that may send no more. */
static u64 delivered_of_batch(u32 budget)
{
	struct cpg_proc *proc = led_with(budget);

	while (!lone_status().queued)
		lone_send(proc, CPG_SVC_AGREED, 60000);
	message(1, 0);
	return data_take(PEER) ? U64_MAX : lone_status().delivered;
}

/*
 * Packets that become stable one by one, of a window of which an eighth is less
 * than sixteen packets: what they let go goes in bursts all the same.
 */
static const char *test_bursts(void)
{
	struct cpg_proc *proc = led_with(128 << 10);
	u32 sent, total = 0, bursts = 0, i;
	const char *why = NULL;

	for (i = 0; i < 200; i++)
		lone_send(proc, CPG_SVC_AGREED, 1300);
	for (i = 1; i < 30; i++) {
		sent = calls.xmit[CPG_WIRE_DATA];
		data_begin(i, 0);
		pkt.data.stable = cpu_to_le64(i - 1);
		data_order(i, i, 1, i, 1, 1);
		if (data_rcv(PEER))
			why = "an order";
		sent = calls.xmit[CPG_WIRE_DATA] - sent;
		bursts += !!sent;
		total += sent;
	}
	if (total < 20 || total / bursts < 4)
		why = "they trickle";
	return lone_destroy(why);
}

/*
 * Who has something to send finds out at once whether it may, where a few
 * packets are much of its window.
 */
static const char *test_batch_sending(void)
{
	const char *why = NULL;

	if (delivered_of_batch(64 << 10) != 1)
		return lone_destroy("what it would let go waits");
	why = lone_destroy(NULL);
	if (why)
		return why;
	if (delivered_of_batch(1 << 20) != 0)
		why = "it does not wait, with a window of 512 KiB";
	return lone_destroy(why);
}

/* So many parts of the window of PEER's stream have memory. */
static u32 window_parts(void)
{
	const struct cpg_stream *stream = &eng->epoch->node[0]->stream;
	u32 i, n = 0;

	for (i = 0; i < ARRAY_SIZE(stream->pkts); i++)
		n += !!stream->pkts[i];
	return n;
}

/* The last packet of the window comes first, beside where the first will be. */
static const char *test_window(void)
{
	const char *why = NULL;
	u64 i;

	led();
	if (message_rcv(CPG_STREAM_WINDOW, 0) || window_parts() != 1)
		why = "the last of the window";
	for (i = 1; i < CPG_STREAM_WINDOW; i++)
		if (message_rcv(i, 0))
			why = "a packet of the window";
	if (lone_status().delivered != CPG_STREAM_WINDOW ||
	    window_parts() != CPG_STREAM_WINDOW / CPG_PKTS)
		why = "a full window";
	if (message_rcv(CPG_STREAM_WINDOW + 1, 0) != CPG_DROP_WINDOW)
		why = "a packet behind the window";
	if (message_rcv(1, CPG_STREAM_WINDOW) != CPG_DROP_DUPLICATE)
		why = "a packet twice";
	for (i = 1; i <= CPG_PKTS; i++)
		if (message_rcv(CPG_STREAM_WINDOW + i, CPG_STREAM_WINDOW + i))
			why = "a packet after all was let go";
	if (lone_status().delivered != CPG_STREAM_WINDOW + CPG_PKTS ||
	    window_parts() != 1)
		why = "memory of what was let go";
	return lone_destroy(why);
}

/* Begin: this node leads; what comes is given its place at once. */
static void leads(void)
{
	lone_create();
	lone_view(OTHER, true);
	lone_join("g", 100);
	data_begin(1, 1);
	data_join(7);
}

/* Of parts that do not make a message, nobody is given one. */
static const char *test_parts(void)
{
	static const struct {
		u32	first;		/* bytes; 0: none */
		u32	port;
		u32	last;
		u32	msgs;
	} parts[] = {
		{ 300, 7, 300, 1 },	/* right */
		{ 0, 7, 300, 0 },	/* begins in the middle */
		{ 256, 7, 300, 0 },	/* too short */
		{ 400, 7, 400, 0 },	/* too long */
		{ 300, 8, 300, 0 },	/* begins with another process */
	};
	const char *why = NULL;
	u32 i, oseq;

	for (i = 0; i < ARRAY_SIZE(parts) && !why; i++) {
		leads();
		why = data_rcv(OTHER) ? "a join" : NULL;
		oseq = 2;
		if (parts[i].first) {
			data_begin(oseq++, 1);
			data_part(CPG_REC_F_FIRST, CPG_SVC_FIFO, parts[i].port,
				  parts[i].first);
			data_rcv(OTHER);
		}
		data_begin(oseq, 1);
		data_part(CPG_REC_F_LAST, CPG_SVC_FIFO, 7, parts[i].last);
		data_rcv(OTHER);
		if (calls.msgs != parts[i].msgs)
			why = ktap_fail("parts %u: %u messages", i, calls.msgs);
		why = lone_destroy(why);
	}
	return why;
}

/* Processes that are there already, or are not there. */
static const char *test_procs(void)
{
	static const u8 reason = CPG_CHG_LEAVE;
	const char *why = NULL;

	leads();
	data_join(7);
	data_rec(CPG_REC_LEAVE, 0, 8, 0, 0, &reason, 1);
	why = data_rcv(OTHER) ? "joins and leaves" : NULL;
	data_begin(2, 1);
	data_rec(CPG_REC_MSG, CPG_REC_F_FIRST | CPG_REC_F_LAST |
		 CPG_SVC_AGREED << CPG_REC_SERVICE_SHIFT, 8, 1, 1, &reason, 1);
	if (data_rcv(OTHER) || calls.msgs)
		why = "a message of no process";
	return lone_destroy(why);
}

/* A proposed view, as PEER may put it. */
struct offer {
	struct cpg_wire_chunk	chunk;
	struct cpg_wire_commit	commit;
	struct cpg_wire_member	member[3];
} __packed;

/* One that is right. */
static void offer_fill(struct offer *o, u32 n)
{
	*o = (struct offer) {
		.commit = {
			.leader = cpu_to_le32(PEER),
			.n_members = cpu_to_le32(n),
			.expected = cpu_to_le32(2),
		},
		.member = {
			{ .nodeid = cpu_to_le32(PEER),
			  .join_no = cpu_to_le32(1),
			  .incarnation = cpu_to_le64(PEER),
			  .votes = cpu_to_le32(1) },
			{ .nodeid = cpu_to_le32(LONE_NODEID),
			  .join_no = cpu_to_le32(eng->join_no),
			  .incarnation = cpu_to_le64(LONE_INCARNATION),
			  .votes = cpu_to_le32(1) },
		},
	};
}

static enum cpg_drop chunk_rcv(u32 src, const struct cpg_vid *id, u32 type,
			       struct cpg_wire_chunk *chunk, u32 len)
{
	chunk->total = cpu_to_le32(len);
	chunk->size = cpu_to_le16(1024);
	return lone_rcv(src, id, type, chunk, sizeof(*chunk) + len);
}

static enum cpg_drop offer_rcv(struct offer *o, u64 seq)
{
	struct cpg_vid id = { .seq = seq, .rep = PEER };
	u32 n = le32_to_cpu(o->commit.n_members);

	return chunk_rcv(PEER, &id, CPG_WIRE_COMMIT1, &o->chunk,
			 sizeof(o->commit) + n * sizeof(o->member[0]));
}

/* Begin: this node and PEER gather. */
static const char *gathers(void)
{
	lone_create();
	if (cpg_engine_peer_add(eng, now, PEER) || lone_rcv_join(PEER, 1) ||
	    lone_status().state != CPG_STATE_GATHER)
		return "it does not gather";
	return NULL;
}

/* What @i is wrong with an offer; false: that was all. */
static bool offer_break(struct offer *o, u32 i)
{
	switch (i) {
	case 0:
		o->commit.expected = 0;
		return true;
	case 1:
		o->commit.expected = cpu_to_le32(CPG_EXPECTED_VOTES_MAX + 1);
		return true;
	case 2:
		o->commit.leader = cpu_to_le32(OTHER);
		return true;
	case 3:
		swap(o->member[0], o->member[1]);
		return true;
	case 4:
		o->member[0].votes = cpu_to_le32(CPG_NODE_VOTES_MAX + 1);
		return true;
	case 5:
		o->member[0].incarnation = cpu_to_le64(2);
		return true;
	case 6:
		o->member[1].incarnation = cpu_to_le64(2);
		return true;
	case 7:
		o->member[1].join_no = cpu_to_le32(0);
		return true;
	case 8:
		o->member[1].votes = 0;
		return true;
	case 9:		/* without this node */
		o->member[1].nodeid = cpu_to_le32(OTHER);
		return true;
	case 10:	/* PEER is not the lowest */
		o->member[0] = o->member[1];
		o->commit.n_members = cpu_to_le32(1);
		o->commit.leader = cpu_to_le32(LONE_NODEID);
		return true;
	default:
		return false;
	}
}

static const char *test_offers(void)
{
	const char *why = gathers();
	struct offer o;
	u32 i;

	for (i = 0; !why; i++) {
		offer_fill(&o, 2);
		if (!offer_break(&o, i))
			break;
		if (offer_rcv(&o, SEQ + i) != CPG_DROP_STALE)
			why = ktap_fail("offer %u is taken", i);
	}
	offer_fill(&o, 2);
	if (!why && (offer_rcv(&o, SEQ + i) ||
		     lone_status().state != CPG_STATE_COMMIT))
		why = "the right one is refused";
	if (!why && (offer_rcv(&o, SEQ + i) != CPG_DROP_STALE ||
		     calls.xmit[CPG_WIRE_COMMIT1_ACK] != 1))
		why = "the right one is taken twice";
	return lone_destroy(why);
}

static const char *test_offer_sizes(void)
{
	struct cpg_vid id = { .seq = SEQ, .rep = PEER };
	const char *why = gathers();
	struct offer o;

	offer_fill(&o, 2);
	if (chunk_rcv(PEER, &id, CPG_WIRE_COMMIT1, &o.chunk, 4) !=
	    CPG_DROP_RECORD)
		why = "half an offer";
	id.seq++;
	if (chunk_rcv(PEER, &id, CPG_WIRE_COMMIT1, &o.chunk,
		      sizeof(o.commit) + sizeof(o.member)) != CPG_DROP_RECORD)
		why = "more members than are said";
	id.seq++;
	o.commit.n_members = cpu_to_le32(CPG_NODES_MAX + 1);
	if (chunk_rcv(PEER, &id, CPG_WIRE_COMMIT1, &o.chunk,
		      sizeof(o.commit) + 2 * sizeof(o.member[0])) !=
	    CPG_DROP_RECORD)
		why = "more members than there can be";
	offer_fill(&o, 2);
	if (offer_rcv(&o, SEQ) != CPG_DROP_STALE)
		why = "an older offer than the last";
	id = (struct cpg_vid) { .seq = SEQ, .rep = LONE_NODEID };
	if (chunk_rcv(PEER, &id, CPG_WIRE_COMMIT1, &o.chunk,
		      sizeof(o.commit)) != CPG_DROP_STALE)
		why = "an offer of a view of another's";
	return lone_destroy(why);
}

/* The first part says how much there will be; no more than can be needed. */
static const char *test_offer_chunks(void)
{
	struct cpg_vid id = { .seq = SEQ, .rep = PEER };
	const char *why = gathers();
	struct {
		struct cpg_wire_chunk	chunk;
		u8			byte[600];
	} __packed p = { .chunk.size = cpu_to_le16(512) };

	p.chunk.total = cpu_to_le32(CPG_BLOB_MAX);
	if (lone_rcv(PEER, &id, CPG_WIRE_COMMIT1, &p, 8 + 512) !=
	    CPG_DROP_RECORD)
		why = "an endless offer";
	p.chunk.total = cpu_to_le32(1000);
	if (lone_rcv(PEER, &id, CPG_WIRE_COMMIT1, &p, 8 + 512) ||
	    lone_rcv(PEER, &id, CPG_WIRE_COMMIT1, &p, 8 + 512) !=
	    CPG_DROP_DUPLICATE)
		why = "the first part, twice";
	p.chunk.total = cpu_to_le32(1001);
	if (lone_rcv(PEER, &id, CPG_WIRE_COMMIT1, &p, 8 + 512) !=
	    CPG_DROP_RECORD)
		why = "parts of different things";
	p.chunk.size = cpu_to_le16(500);
	p.chunk.total = cpu_to_le32(1000);
	if (lone_rcv(PEER, &id, CPG_WIRE_COMMIT1, &p, 8 + 500) !=
	    CPG_DROP_RECORD)
		why = "parts of different sizes";
	return lone_destroy(why);
}

/* It has agreed to a view of PEER, which goes on with nonsense. */
static const char *test_table(void)
{
	struct cpg_vid id = { .seq = SEQ, .rep = PEER };
	const char *why = gathers();
	struct {
		struct cpg_wire_chunk	chunk;
		__le32			len;
		u8			part[60];
	} __packed p = { };
	struct offer o;

	offer_fill(&o, 2);
	if (!why && offer_rcv(&o, SEQ))
		why = "an offer";
	if (chunk_rcv(PEER, &id, CPG_WIRE_COMMIT1_ACK, &p.chunk, 4) !=
	    CPG_DROP_STALE)
		why = "what only a representative gets";
	if (chunk_rcv(PEER, &id, CPG_WIRE_INSTALL, &p.chunk, 4) !=
	    CPG_DROP_STALE)
		why = "the last step first";
	if (chunk_rcv(PEER, &id, CPG_WIRE_COMMIT2, &p.chunk, 4) !=
	    CPG_DROP_RECORD)
		why = "one part, of nothing";
	p.len = cpu_to_le32(sizeof(p.part) + 1);
	if (chunk_rcv(PEER, &id, CPG_WIRE_COMMIT2, &p.chunk,
		      4 + sizeof(p.part)) != CPG_DROP_RECORD)
		why = "a part that goes on behind the end";
	return lone_destroy(why);
}

/* This node proposes a view with OTHER, which answers with nonsense. */
static const char *test_answers(void)
{
	struct {
		struct cpg_wire_chunk	chunk;
		u8			part[20];
	} __packed p = { };
	const char *why = NULL;
	struct cpg_vid id;

	lone_create();
	if (cpg_engine_peer_add(eng, now, OTHER) || lone_rcv_join(OTHER, 1) ||
	    lone_status().state != CPG_STATE_COMMIT)
		return lone_destroy("it proposes no view");
	id = eng->attempt->id;
	if (chunk_rcv(OTHER, &id, CPG_WIRE_RECOVERED, &p.chunk, 0) !=
	    CPG_DROP_STALE)
		why = "the second answer first";
	if (chunk_rcv(OTHER, &id, CPG_WIRE_COMMIT1_ACK, &p.chunk,
		      sizeof(p.part)) != CPG_DROP_RECORD)
		why = "an answer that is too short";
	if (chunk_rcv(OTHER, &id, CPG_WIRE_COMMIT2, &p.chunk, 0) !=
	    CPG_DROP_STALE)
		why = "what only a member gets";
	if (lone_rcv(OTHER, &id, CPG_WIRE_INSTALL_ACK, NULL, 0) !=
	    CPG_DROP_STALE)
		why = "an answer to what was not said";
	return lone_destroy(why);
}

/* What a node holds of a view of this node alone. */
struct hold {
	struct cpg_wire_chunk	chunk;
	struct cpg_wire_hold	hold;
	struct cpg_wire_held	held;
} __packed;

/* Its processes: the same one, twice. */
struct procs {
	struct cpg_wire_chunk	chunk;
	struct {
		struct cpg_wire_proc	proc;
		u8			name;
	} __packed p[2];
} __packed;

/*
 * OTHER comes with this node from a view that it never was in, and brings a
 * process along that is there twice.  It counts as new, and so once.
 */
static const char *test_newcomer(void)
{
	struct hold hold = { .held.next = cpu_to_le64(1) };
	struct cpg_group group = { .name_len = 1, .name = "g" };
	struct cpg_member members[3];
	struct procs procs = { };
	const char *why = NULL;
	struct cpg_vid id;
	u32 i;

	lone_create();
	lone_join("g", 100);
	if (cpg_engine_peer_add(eng, now, OTHER) || lone_rcv_join(OTHER, 1) ||
	    lone_status().state != CPG_STATE_COMMIT)
		return lone_destroy("it proposes no view");
	id = eng->attempt->id;
	hold.hold.view_seq = cpu_to_le64(eng->epoch->id.seq);
	hold.hold.view_rep = cpu_to_le32(eng->epoch->id.rep);
	hold.hold.n_nodes = cpu_to_le32(1);
	for (i = 0; i < ARRAY_SIZE(procs.p); i++) {
		procs.p[i].proc.port = cpu_to_le32(7);
		procs.p[i].proc.pid = cpu_to_le32(1);
		procs.p[i].proc.name_len = cpu_to_le32(1);
		procs.p[i].name = 'g';
	}
	if (chunk_rcv(OTHER, &id, CPG_WIRE_COMMIT1_ACK, &hold.chunk,
		      sizeof(hold) - sizeof(hold.chunk)) ||
	    chunk_rcv(OTHER, &id, CPG_WIRE_RECOVERED, &procs.chunk,
		      sizeof(procs) - sizeof(procs.chunk)))
		why = "what it holds, and its processes";
	if (!why && lone_status().n_nodes != 2)
		why = "it is not in the view";
	if (!why && cpg_engine_members(eng, &group, members, 3) != 2)
		why = "its process is not there, or is twice";
	return lone_destroy(why);
}

/* PEER gives a place to what it does not send, and to what follows that. */
static void order_late(u64 gseq, u32 origin, const u64 *oseq, u32 n)
{
	u32 i;

	data_begin(gseq, 0);
	data_order(gseq, gseq, 0, NOWHERE, 1, 1);
	data_rcv(PEER);
	for (i = 1; i <= n; i++) {
		data_begin(gseq + i, 0);
		data_order(gseq + i, gseq + i, origin, oseq[i - 1], 1, 1);
		data_rcv(PEER);
	}
}

/*
 * Behind the gap, the places of this node's packets are wrong.  What cannot be
 * is not delivered there, but in the next view: once, and in order.
 */
static const char *test_late(void)
{
	static const struct {
		u64	oseq[2];
		u64	left;		/* to the next view */
	} late[] = {
		{ { 2, 3 }, 0 },	/* right */
		{ { 2, 2 }, 1 },	/* one twice */
		{ { 1, 2 }, 1 },	/* one with a place before the gap */
		{ { 3, 2 }, 1 },	/* one after the other */
		{ { 3, 3 }, 2 },	/* one is left out */
		{ { 4, 2 }, 1 },	/* one that was not sent */
	};
	const char *why = NULL;
	struct cpg_proc *proc;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(late) && !why; i++) {
		lone_create();
		lone_view(PEER, false);
		proc = lone_join("g", 100);
		data_begin(1, 0);
		data_order(1, 1, 1, 1, 1, 1);
		data_rcv(PEER);
		lone_send(proc, CPG_SVC_AGREED, 2);
		lone_send(proc, CPG_SVC_AGREED, 3);
		order_late(2, 1, late[i].oseq, 2);
		if (calls.msgs || lone_status().state != CPG_STATE_OPERATIONAL)
			why = "what is behind the gap does not wait";
		lone_rcv(PEER, &eng->epoch->id, CPG_WIRE_LEAVE, NULL, 0);
		if (!why && (lone_status().n_nodes != 1 || calls.msgs != 2 ||
			     calls.last != 3 ||
			     lone_status().counters[CPG_CNT_REQUEUED] !=
			     late[i].left))
			why = ktap_fail("places %u: %u messages, %llu again", i,
					calls.msgs, (unsigned long long)
					lone_status().counters
					[CPG_CNT_REQUEUED]);
		why = lone_destroy(why);
	}
	return why;
}

/* What OTHER holds of a view of three, of which its own stream is the last. */
struct holds {
	struct cpg_wire_chunk	chunk;
	struct cpg_wire_hold	hold;
	struct cpg_wire_held	held[3];
	struct cpg_wire_word	own;
} __packed;

static enum cpg_drop holds_rcv(u64 next, u64 bits)
{
	struct cpg_vid id = eng->attempt->id;
	struct holds holds = {
		.hold.view_seq = cpu_to_le64(eng->epoch->id.seq),
		.hold.view_rep = cpu_to_le32(eng->epoch->id.rep),
		.hold.n_nodes = cpu_to_le32(3),
		.held[0].next = cpu_to_le64(1),
		.held[1].next = cpu_to_le64(1),
		.held[2].next = cpu_to_le64(next),
		.held[2].n_words = cpu_to_le32(1),
		.own.bits = cpu_to_le64(bits),
	};

	return chunk_rcv(OTHER, &id, CPG_WIRE_COMMIT1_ACK, &holds.chunk,
			 sizeof(holds) - sizeof(holds.chunk));
}

/* A message of OTHER; a byte. */
static enum cpg_drop other_sends(u64 oseq)
{
	static const u8 byte;

	data_begin(oseq, 2);
	data_rec(CPG_REC_MSG, CPG_REC_F_FIRST | CPG_REC_F_LAST |
		 CPG_SVC_AGREED << CPG_REC_SERVICE_SHIFT, 7, 1, oseq, &byte, 1);
	return data_rcv(OTHER);
}

/*
 * OTHER comes along from the view, and says that it does not hold what it sent
 * itself.  What it sent after that is behind a gap: nobody is given it.
 */
static const char *test_late_lie(void)
{
	static const u32 others[] = { PEER, OTHER };
	struct cpg_group group = { .name_len = 1, .name = "g" };
	struct cpg_member members[3];
	struct cpg_wire_chunk chunk = { };
	const u64 oseq = 3;
	const char *why = NULL;

	lone_create();
	lone_view_of(others, 2, 0);
	lone_join("g", 100);
	data_begin(1, 2);
	data_join(7);
	data_rcv(OTHER);
	data_begin(1, 0);
	data_order(1, 1, 1, 1, 1, 1);
	data_rcv(PEER);
	data_begin(2, 0);
	data_order(2, 2, 2, 1, 1, 1);
	data_rcv(PEER);
	if (cpg_engine_members(eng, &group, members, 3) != 2)
		return lone_destroy("their processes are not there");
	other_sends(oseq);
	order_late(3, 2, &oseq, 1);
	lone_rcv(PEER, &eng->epoch->id, CPG_WIRE_LEAVE, NULL, 0);
	if (lone_rcv_join(OTHER, 1) ||
	    lone_status().state != CPG_STATE_COMMIT)
		return lone_destroy("it proposes no view");
	if (holds_rcv(2, 1 << 1) ||
	    lone_status().state != CPG_STATE_RECOVER)
		why = "what OTHER holds";
	else if (chunk_rcv(OTHER, &eng->attempt->id, CPG_WIRE_RECOVERED,
			   &chunk, 0) || lone_status().n_nodes != 2)
		why = "they do not come to a view";
	else if (calls.msgs)
		why = "what follows the unknown is delivered";
	return lone_destroy(why);
}

static const struct ktap_test tests[] = {
	TEST(data), TEST(nak), TEST(order), TEST(order_again), TEST(batch),
	TEST(batch_sending), TEST(bursts), TEST(window), TEST(parts),
	TEST(procs),
	TEST(offers), TEST(offer_sizes), TEST(offer_chunks), TEST(table),
	TEST(answers), TEST(newcomer), TEST(late), TEST(late_lie),
};

int main(int argc, char **argv)
{
	return ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
