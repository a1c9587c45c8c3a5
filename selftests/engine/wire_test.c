// SPDX-License-Identifier: GPL-2.0
/*
 * wire.c: what is checked, and that nothing behind the end of a packet is
 * looked at.  Every packet is in memory of just its own size, where
 * AddressSanitizer sees the first byte that is read too far.
 */
#include "ktap.h"
#include "wire.h"

enum {
	CLUSTER = 0xc1,
	HDR = sizeof(struct cpg_wire_hdr),
	REC = sizeof(struct cpg_wire_rec),
	PKT_MAX = 4096,
};

#define HDR_AT(field)	offsetof(struct cpg_wire_hdr, field)
#define AT(s, field)	(HDR + offsetof(struct s, field))

static const u32 fixed_sizes[__CPG_WIRE_NR] = {
	[CPG_WIRE_DATA]		= sizeof(struct cpg_wire_data),
	[CPG_WIRE_STATUS]	= sizeof(struct cpg_wire_status),
	[CPG_WIRE_JOIN]		= sizeof(struct cpg_wire_join),
	[CPG_WIRE_COMMIT1]	= sizeof(struct cpg_wire_chunk),
	[CPG_WIRE_COMMIT1_ACK]	= sizeof(struct cpg_wire_chunk),
	[CPG_WIRE_COMMIT2]	= sizeof(struct cpg_wire_chunk),
	[CPG_WIRE_RECOVERED]	= sizeof(struct cpg_wire_chunk),
	[CPG_WIRE_INSTALL]	= sizeof(struct cpg_wire_chunk),
	[CPG_WIRE_NODEID_USED]	= sizeof(struct cpg_wire_used),
	[CPG_WIRE_PROBE]	= sizeof(struct cpg_wire_probe),
};

/* A copy of @len bytes with nothing behind it. */
static u8 *tight(const u8 *p, u32 len)
{
	u8 *copy = calloc(1, len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, p, len);
	return copy;
}

static void hdr_fill(u8 *p, u32 type, u32 len)
{
	struct cpg_wire_hdr hdr = {
		.magic = cpu_to_le32(CPG_WIRE_MAGIC),
		.version = CPG_WIRE_VERSION,
		.type = type,
		.len = cpu_to_le16(len),
		.cluster_id = cpu_to_le32(CLUSTER),
		.src = cpu_to_le32(1),
		.incarnation = cpu_to_le64(7),
	};

	memcpy(p, &hdr, sizeof(hdr));
}

/* A packet that is right, with @each bytes behind what is fixed. */
static u32 pkt_fill(u8 *p, u32 type, u32 each)
{
	struct cpg_wire_chunk chunk = {
		.total = cpu_to_le32(each),
		.size = cpu_to_le16(1024),
	};
	struct cpg_wire_status st = {
		.n_heard = cpu_to_le16(each / sizeof(struct cpg_wire_heard)),
	};
	struct cpg_wire_probe probe = {
		.asker = cpu_to_le32(1),
		.suspect = cpu_to_le32(2),
		.step = CPG_PROBE_ASK,
	};
	struct cpg_wire_join join = {
		.n_heard = cpu_to_le16(each / sizeof(struct cpg_wire_heard)),
	};
	u32 len = HDR + fixed_sizes[type] + each;

	memset(p, 0, PKT_MAX);
	hdr_fill(p, type, len);
	if (type == CPG_WIRE_STATUS)
		memcpy(p + HDR, &st, sizeof(st));
	else if (type == CPG_WIRE_JOIN)
		memcpy(p + HDR, &join, sizeof(join));
	else if (type == CPG_WIRE_PROBE)
		memcpy(p + HDR, &probe, sizeof(probe));
	else if (type >= CPG_WIRE_COMMIT1 && type <= CPG_WIRE_INSTALL)
		memcpy(p + HDR, &chunk, sizeof(chunk));
	return len;
}

static enum cpg_drop check(const u8 *p, u32 len)
{
	u8 *copy = tight(p, len);
	enum cpg_drop drop = cpg_wire_check(copy, len, CLUSTER);

	free(copy);
	return drop;
}

static const char *test_names(void)
{
	u32 i;

	for (i = 0; i < __CPG_DROP_NR; i++)
		if (!cpg_drop_names[i])
			return ktap_fail("drop reason %u has no name", i);
	return NULL;
}

static const char *test_every_type(void)
{
	enum cpg_drop drop;
	u8 p[PKT_MAX];
	u32 type, len;

	for (type = 1; type < __CPG_WIRE_NR; type++) {
		len = pkt_fill(p, type, 0);
		drop = check(p, len);
		if (drop)
			return ktap_fail("type %u: %s", type,
					 cpg_drop_names[drop]);
	}
	return NULL;
}

/* Cut anywhere, with a length that says so or not: dropped. */
static const char *test_cut(void)
{
	u8 p[PKT_MAX];
	u32 type, len, cut;

	for (type = 1; type < __CPG_WIRE_NR; type++) {
		len = pkt_fill(p, type, 0);
		for (cut = 0; cut < len; cut++) {
			if (!check(p, cut))
				return ktap_fail("type %u, %u of %u bytes",
						 type, cut, len);
			if (cut < HDR)
				continue;
			hdr_fill(p, type, cut);
			if (!check(p, cut))
				return ktap_fail("type %u, says %u of %u bytes",
						 type, cut, len);
			hdr_fill(p, type, len);
		}
	}
	return NULL;
}

/**
 * struct patch - a packet with one thing wrong
 * @name: what
 * @type: of packet
 * @each: bytes behind what is fixed
 * @at: offset of the first byte that is changed
 * @size: bytes that are changed
 * @value: to this
 * @want: what comes of it
 */
struct patch {
	const char	*name;
	u32		type;
	u32		each;
	u32		at;
	u32		size;
	u64		value;
	enum cpg_drop	want;
};

static const struct patch patches[] = {
	{ "magic", CPG_WIRE_LEAVE, 0, HDR_AT(magic), 4, 0x41475043,
	  CPG_DROP_MAGIC },
	{ "version 0", CPG_WIRE_LEAVE, 0, HDR_AT(version), 1, 0,
	  CPG_DROP_VERSION },
	{ "version 2", CPG_WIRE_LEAVE, 0, HDR_AT(version), 1, 2,
	  CPG_DROP_VERSION },
	{ "shorter", CPG_WIRE_LEAVE, 0, HDR_AT(len), 2, HDR - 1,
	  CPG_DROP_LENGTH },
	{ "longer", CPG_WIRE_LEAVE, 0, HDR_AT(len), 2, HDR + 1,
	  CPG_DROP_LENGTH },
	{ "cluster", CPG_WIRE_LEAVE, 0, HDR_AT(cluster_id), 4, CLUSTER + 1,
	  CPG_DROP_CLUSTER },
	{ "key", CPG_WIRE_LEAVE, 0, HDR_AT(key_id), 2, 1, CPG_DROP_KEY },
	{ "type 0", CPG_WIRE_LEAVE, 0, HDR_AT(type), 1, 0, CPG_DROP_TYPE },
	{ "type unknown", CPG_WIRE_LEAVE, 0, HDR_AT(type), 1, __CPG_WIRE_NR,
	  CPG_DROP_TYPE },
	{ "type 255", CPG_WIRE_LEAVE, 0, HDR_AT(type), 1, 255, CPG_DROP_TYPE },
	{ "no source", CPG_WIRE_LEAVE, 0, HDR_AT(src), 4, 0, CPG_DROP_NODE },
	{ "no incarnation", CPG_WIRE_LEAVE, 0, HDR_AT(incarnation), 8, 0,
	  CPG_DROP_NODE },
	{ "the last view", CPG_WIRE_LEAVE, 0, HDR_AT(view_seq), 8,
	  CPG_VIEW_SEQ_MAX, CPG_DROP_NONE },
	{ "a view behind it", CPG_WIRE_LEAVE, 0, HDR_AT(view_seq), 8,
	  CPG_VIEW_SEQ_MAX + 1, CPG_DROP_RECORD },
	{ "a view that wraps", CPG_WIRE_COMMIT1, 0, HDR_AT(view_seq), 8,
	  U64_MAX, CPG_DROP_RECORD },
	{ "join knows the last view", CPG_WIRE_JOIN, 0,
	  AT(cpg_wire_join, max_seq), 8, CPG_VIEW_SEQ_MAX, CPG_DROP_NONE },
	{ "join knows one behind it", CPG_WIRE_JOIN, 0,
	  AT(cpg_wire_join, max_seq), 8, CPG_VIEW_SEQ_MAX + 1,
	  CPG_DROP_RECORD },
	{ "good-bye", CPG_WIRE_LEAVE, 0, HDR_AT(src), 4, 9, CPG_DROP_NONE },
	{ "status of 2", CPG_WIRE_STATUS,
	  2 * sizeof(struct cpg_wire_heard), HDR_AT(src), 4, 9,
	  CPG_DROP_NONE },
	{ "status counts 1 of 2", CPG_WIRE_STATUS,
	  2 * sizeof(struct cpg_wire_heard), AT(cpg_wire_status, n_heard), 2,
	  1, CPG_DROP_RECORD },
	{ "status counts 3 of 2", CPG_WIRE_STATUS,
	  2 * sizeof(struct cpg_wire_heard), AT(cpg_wire_status, n_heard), 2,
	  3, CPG_DROP_RECORD },
	{ "status with half an entry", CPG_WIRE_STATUS,
	  sizeof(struct cpg_wire_heard) / 2, HDR_AT(src), 4, 9,
	  CPG_DROP_RECORD },
	{ "status of no state", CPG_WIRE_STATUS, 0, AT(cpg_wire_status, state),
	  1, __CPG_STATE_NR, CPG_DROP_RECORD },
	{ "status of too many", CPG_WIRE_STATUS,
	  (CPG_NODES_MAX + 1) * sizeof(struct cpg_wire_heard), HDR_AT(src), 4,
	  9, CPG_DROP_RECORD },
	{ "join counts 2^16 - 1", CPG_WIRE_JOIN, 0,
	  AT(cpg_wire_join, n_heard), 2, 0xffff, CPG_DROP_RECORD },
	{ "join with all votes", CPG_WIRE_JOIN, 0, AT(cpg_wire_join, votes), 4,
	  CPG_NODE_VOTES_MAX, CPG_DROP_NONE },
	{ "join with too many votes", CPG_WIRE_JOIN, 0,
	  AT(cpg_wire_join, votes), 4, CPG_NODE_VOTES_MAX + 1,
	  CPG_DROP_RECORD },
	{ "join expects too many votes", CPG_WIRE_JOIN, 0,
	  AT(cpg_wire_join, expected), 4, CPG_EXPECTED_VOTES_MAX + 1,
	  CPG_DROP_RECORD },
	{ "join of too many", CPG_WIRE_JOIN,
	  (CPG_NODES_MAX + 1) * sizeof(struct cpg_wire_heard), HDR_AT(src), 4,
	  9, CPG_DROP_RECORD },
	{ "probe", CPG_WIRE_PROBE, 0, HDR_AT(src), 4, 9, CPG_DROP_NONE },
	{ "probe of the last kind", CPG_WIRE_PROBE, 0,
	  AT(cpg_wire_probe, step), 1, __CPG_PROBE_NR - 1, CPG_DROP_NONE },
	{ "probe of no kind", CPG_WIRE_PROBE, 0, AT(cpg_wire_probe, step), 1,
	  0, CPG_DROP_RECORD },
	{ "probe of an unknown kind", CPG_WIRE_PROBE, 0,
	  AT(cpg_wire_probe, step), 1, __CPG_PROBE_NR, CPG_DROP_RECORD },
	{ "probe for nobody", CPG_WIRE_PROBE, 0, AT(cpg_wire_probe, asker), 4,
	  0, CPG_DROP_RECORD },
	{ "probe of nobody", CPG_WIRE_PROBE, 0, AT(cpg_wire_probe, suspect), 4,
	  0, CPG_DROP_RECORD },
	{ "probe with a rest", CPG_WIRE_PROBE, 1, HDR_AT(src), 4, 9,
	  CPG_DROP_RECORD },
	{ "nak of all", CPG_WIRE_NAK,
	  CPG_NAK_RANGES_MAX * sizeof(struct cpg_wire_range), HDR_AT(src), 4,
	  9, CPG_DROP_NONE },
	{ "nak of too many", CPG_WIRE_NAK,
	  (CPG_NAK_RANGES_MAX + 1) * sizeof(struct cpg_wire_range),
	  HDR_AT(src), 4, 9, CPG_DROP_RECORD },
	{ "nak with a rest", CPG_WIRE_NAK,
	  sizeof(struct cpg_wire_range) + 1, HDR_AT(src), 4, 9,
	  CPG_DROP_RECORD },
	{ "install-ack with a rest", CPG_WIRE_INSTALL_ACK, 1, HDR_AT(src), 4,
	  9, CPG_DROP_RECORD },
	{ "chunk", CPG_WIRE_COMMIT2, 1000, HDR_AT(src), 4, 9, CPG_DROP_NONE },
	{ "chunk of more", CPG_WIRE_COMMIT2, 1000, AT(cpg_wire_chunk, total),
	  4, 1001, CPG_DROP_RECORD },
	{ "chunk of less", CPG_WIRE_COMMIT2, 1000, AT(cpg_wire_chunk, total),
	  4, 999, CPG_DROP_RECORD },
	{ "chunk too many", CPG_WIRE_COMMIT2, 1000, AT(cpg_wire_chunk, idx), 2,
	  1, CPG_DROP_RECORD },
	{ "chunk of nothing", CPG_WIRE_COMMIT2, 1000, AT(cpg_wire_chunk, size),
	  2, 0, CPG_DROP_RECORD },
	{ "chunk too small", CPG_WIRE_COMMIT2, 1000, AT(cpg_wire_chunk, size),
	  2, CPG_FRAG_MIN - 1, CPG_DROP_RECORD },
	{ "chunk of too much", CPG_WIRE_COMMIT2, 1000,
	  AT(cpg_wire_chunk, total), 4, CPG_BLOB_MAX + 1, CPG_DROP_RECORD },
	{ "chunk of 2^32 - 1", CPG_WIRE_INSTALL, 1000,
	  AT(cpg_wire_chunk, total), 4, U32_MAX, CPG_DROP_RECORD },
};

static const char *test_patches(void)
{
	const struct patch *c;
	enum cpg_drop drop;
	u8 p[PKT_MAX];
	__le64 value;
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(patches); i++) {
		c = &patches[i];
		len = pkt_fill(p, c->type, c->each);
		value = cpu_to_le64(c->value);
		memcpy(p + c->at, &value, c->size);
		drop = check(p, len);
		if (drop != c->want)
			return ktap_fail("%s: %s instead of %s", c->name,
					 cpg_drop_names[drop],
					 cpg_drop_names[c->want]);
	}
	return NULL;
}

/**
 * struct rec_case - records of a DATA packet
 * @name: what is tried
 * @n: records
 * @recs: type, flags, bytes, total; ORDER: bytes are runs; HOLD: total is what
 *	it says
 * @ok: they are well-formed
 * @nmsgs: so many messages end in them
 */
struct rec_case {
	const char	*name;
	u32		n;
	struct {
		u8	type;
		u8	flags;
		u32	len;
		u32	total;
	}		recs[3];
	bool		ok;
	u32		nmsgs;
};

enum {
	FIRST = CPG_REC_F_FIRST,
	LAST = CPG_REC_F_LAST,
	WHOLE = FIRST | LAST,
	BIG = CPG_FRAG_MIN + 1,
	LEAD = sizeof(struct cpg_wire_lead),
	ORIGIN = 1,		/* who sends all of these */
	NODES = 3,
};

#define SVC(name)	(CPG_SVC_##name << CPG_REC_SERVICE_SHIFT)

static const struct rec_case rec_cases[] = {
	{ "nothing", 0, {}, false, 0 },
	{ "a message", 1, { { CPG_REC_MSG, WHOLE, 5, 5 } }, true, 1 },
	{ "an empty one", 1, { { CPG_REC_MSG, WHOLE, 0, 0 } }, true,
	  1 },
	{ "three", 3, { { CPG_REC_MSG, WHOLE, 0, 0 },
			       { CPG_REC_MSG, WHOLE, 9, 9 },
			       { CPG_REC_MSG, WHOLE, 1, 1 } }, true, 3 },
	{ "whole, but not all", 1, { { CPG_REC_MSG, WHOLE, 5, 6 } },
	  false, 0 },
	{ "more than all", 1, { { CPG_REC_MSG, LAST, 7, 6 } }, false,
	  0 },
	{ "first part", 1, { { CPG_REC_MSG, FIRST, BIG, 9999 } }, true,
	  0 },
	{ "first part, too small", 1,
	  { { CPG_REC_MSG, FIRST, CPG_FRAG_MIN - 1, 9999 } }, false, 0 },
	{ "part in between", 1, { { CPG_REC_MSG, 0, BIG, 9999 } }, true,
	  0 },
	{ "last part, then one", 2,
	  { { CPG_REC_MSG, LAST, 1, 9999 }, { CPG_REC_MSG, WHOLE, 3, 3 } },
	  true, 2 },
	{ "largest", 1, { { CPG_REC_MSG, FIRST, BIG, CPG_MSG_MAX } },
	  true, 0 },
	{ "too large", 1,
	  { { CPG_REC_MSG, FIRST, BIG, CPG_MSG_MAX + 1 } }, false, 0 },
	{ "order", 1, { { CPG_REC_ORDER, 0, 2, 0 } }, true, 0 },
	{ "order, then a message", 2,
	  { { CPG_REC_ORDER, 0, 1, 0 }, { CPG_REC_MSG, WHOLE, 5, 5 } }, true,
	  1 },
	{ "order of nothing", 1, { { CPG_REC_ORDER, 0, 0, 0 } }, false,
	  0 },
	{ "order of too much", 1,
	  { { CPG_REC_ORDER, 0, CPG_ORDER_RUNS_MAX + 1, 0 } }, false, 0 },
	{ "order behind a message", 2,
	  { { CPG_REC_MSG, WHOLE, 5, 5 }, { CPG_REC_ORDER, 0, 1, 0 } }, false,
	  0 },
	{ "order twice", 2,
	  { { CPG_REC_ORDER, 0, 1, 0 }, { CPG_REC_ORDER, 0, 1, 0 } }, false,
	  0 },
	{ "lead", 2,
	  { { CPG_REC_ORDER, 0, 1, 0 }, { CPG_REC_LEAD, 0, LEAD, 0 } }, true,
	  0 },
	{ "hold", 1, { { CPG_REC_HOLD, 0, 1, 1 } }, true, 1 },
	{ "hold no more", 1, { { CPG_REC_HOLD, 0, 1, 0 } }, true, 1 },
	{ "hold of a sort", 1, { { CPG_REC_HOLD, 0, 1, 2 } }, false,
	  0 },
	{ "hold without a word", 1, { { CPG_REC_HOLD, 0, 0, 0 } },
	  false, 0 },
	{ "hold with two", 1, { { CPG_REC_HOLD, 0, 2, 0 } }, false,
	  0 },
	{ "a hold behind SAFE", 2,
	  { { CPG_REC_MSG, WHOLE | SVC(SAFE), 3, 3 },
	    { CPG_REC_HOLD, 0, 1, 0 } }, false, 0 },
	{ "lead without order", 1, { { CPG_REC_LEAD, 0, LEAD, 0 } }, false,
	  0 },
	{ "lead that is short", 2,
	  { { CPG_REC_ORDER, 0, 1, 0 }, { CPG_REC_LEAD, 0, LEAD - 1, 0 } },
	  false, 0 },
	{ "lead that is long", 2,
	  { { CPG_REC_ORDER, 0, 1, 0 }, { CPG_REC_LEAD, 0, LEAD + 1, 0 } },
	  false, 0 },
	{ "lead twice", 3,
	  { { CPG_REC_ORDER, 0, 1, 0 }, { CPG_REC_LEAD, 0, LEAD, 0 },
	    { CPG_REC_LEAD, 0, LEAD, 0 } }, false, 0 },
	{ "lead, then a message", 3,
	  { { CPG_REC_ORDER, 0, 1, 0 }, { CPG_REC_LEAD, 0, LEAD, 0 },
	    { CPG_REC_MSG, WHOLE | SVC(AGREED), 3, 3 } }, false, 0 },
	{ "lead behind a message", 3,
	  { { CPG_REC_ORDER, 0, 1, 0 },
	    { CPG_REC_MSG, WHOLE | SVC(AGREED), 3, 3 },
	    { CPG_REC_LEAD, 0, LEAD, 0 } }, false, 0 },
	{ "leave", 1, { { CPG_REC_LEAVE, 0, 1, 0 } }, true, 1 },
	{ "leave without reason", 1, { { CPG_REC_LEAVE, 0, 0, 0 } },
	  false, 0 },
	{ "leave with two", 1, { { CPG_REC_LEAVE, 0, 2, 0 } }, false,
	  0 },
	{ "a leave is AGREED", 2,
	  { { CPG_REC_LEAVE, 0, 1, 0 },
	    { CPG_REC_MSG, WHOLE | SVC(AGREED), 3, 3 } }, true, 2 },
	{ "a leave behind SAFE", 2,
	  { { CPG_REC_MSG, WHOLE | SVC(SAFE), 3, 3 },
	    { CPG_REC_LEAVE, 0, 1, 0 } }, false, 0 },
	{ "UNORDERED behind its join", 2,
	  { { CPG_REC_MSG, WHOLE | CPG_REC_F_EARLY, 3, 3 },
	    { CPG_REC_MSG, WHOLE | CPG_REC_F_EARLY, 4, 4 } }, true, 2 },
	{ "UNORDERED that is FIFO", 2,
	  { { CPG_REC_MSG, WHOLE, 3, 3 },
	    { CPG_REC_MSG, WHOLE | SVC(FIFO), 3, 3 } }, true, 2 },
	{ "UNORDERED and FIFO", 2,
	  { { CPG_REC_MSG, WHOLE | CPG_REC_F_EARLY, 3, 3 },
	    { CPG_REC_MSG, WHOLE | SVC(FIFO), 3, 3 } }, false, 0 },
	{ "two services", 2,
	  { { CPG_REC_MSG, WHOLE | SVC(AGREED), 3, 3 },
	    { CPG_REC_MSG, WHOLE | SVC(SAFE), 3, 3 } }, false, 0 },
	{ "unknown", 1, { { 9, 0, 1, 0 } }, false, 0 },
	{ "type 0", 1, { { 0, 0, 1, 0 } }, false, 0 },
};

static u32 order_fill(u8 *p, u32 n_runs, u32 origin)
{
	struct cpg_wire_order order = {
		.gseq = cpu_to_le64(1), .pos = cpu_to_le64(1),
	};
	struct cpg_wire_run run = {
		.oseq = cpu_to_le64(1), .origin = cpu_to_le16(origin),
		.count = cpu_to_le16(2),
	};
	u32 i;

	memcpy(p, &order, sizeof(order));
	for (i = 0; i < n_runs; i++)
		memcpy(p + sizeof(order) + i * sizeof(run), &run, sizeof(run));
	return sizeof(order) + n_runs * sizeof(run);
}

static void lead_fill(u8 *p, u32 len, u32 next)
{
	struct cpg_wire_lead lead = {
		.oseq = cpu_to_le64(9), .next = cpu_to_le16(next),
	};

	memset(p, 0, len);
	memcpy(p, &lead, min_t(u32, len, sizeof(lead)));
}

static u32 rec_fill(u8 *p, u8 type, u8 flags, u32 len, u32 total)
{
	struct cpg_wire_rec rec = {
		.type = type, .flags = flags, .port = cpu_to_le32(1),
		.total = cpu_to_le32(total),
	};

	if (type == CPG_REC_ORDER)
		len = order_fill(p + REC, len, 0);
	else if (type == CPG_REC_LEAD)
		lead_fill(p + REC, len, 2);
	else
		memset(p + REC, type == CPG_REC_HOLD ? total : CPG_CHG_LEAVE,
		       len);
	rec.len = cpu_to_le16(len);
	memcpy(p, &rec, sizeof(rec));
	return REC + len;
}

static bool body_check(const u8 *p, u32 len, struct cpg_body *body)
{
	u8 *copy = tight(p, len);
	bool ok = cpg_wire_body_check(copy, len, ORIGIN, NODES, body);

	free(copy);
	return ok;
}

static u32 case_fill(u8 *p, const struct rec_case *c)
{
	u32 i, len = 0;

	for (i = 0; i < c->n; i++)
		len += rec_fill(p + len, c->recs[i].type, c->recs[i].flags,
				c->recs[i].len, c->recs[i].total);
	return len;
}

static const char *test_records(void)
{
	const struct rec_case *c;
	struct cpg_body body;
	u8 p[PKT_MAX];
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(rec_cases); i++) {
		c = &rec_cases[i];
		len = case_fill(p, c);
		if (body_check(p, len, &body) != c->ok)
			return ktap_fail("%s: is %staken", c->name,
					 c->ok ? "not " : "");
		if (c->ok && body.nmsgs != c->nmsgs)
			return ktap_fail("%s: %u messages", c->name,
					 body.nmsgs);
	}
	return NULL;
}

/* Cut anywhere but between two records: not well-formed. */
static const char *test_records_cut(void)
{
	const struct rec_case *c;
	struct cpg_body body;
	u8 p[PKT_MAX];
	u32 i, len, cut;

	for (i = 0; i < ARRAY_SIZE(rec_cases); i++) {
		c = &rec_cases[i];
		len = case_fill(p, c);
		if (!c->ok || c->n != 1)
			continue;
		for (cut = 0; cut < len; cut++)
			if (body_check(p, cut, &body))
				return ktap_fail("%s: %u of %u bytes", c->name,
						 cut, len);
	}
	return NULL;
}

static const char *test_order(void)
{
	struct cpg_wire_run *run;
	struct cpg_body body;
	u8 p[PKT_MAX];
	u32 len;

	len = rec_fill(p, CPG_REC_ORDER, 0, 3, 0);
	if (!body_check(p, len, &body) || body.nruns != 3 ||
	    body.gseq != 1 || body.gseq_end != 7 || body.is_data)
		return ktap_fail("three runs of two: %u, %llu to %llu",
				 body.nruns, (unsigned long long)body.gseq,
				 (unsigned long long)body.gseq_end);
	run = (void *)(p + body.runs_off);
	run[2].origin = cpu_to_le16(3);
	if (body_check(p, len, &body))
		return "a run of a node that is not in the view";
	run[2].origin = cpu_to_le16(2);
	run[1].count = 0;
	if (body_check(p, len, &body))
		return "a run of nothing";
	run[1].count = cpu_to_le16(1);
	run[0].oseq = 0;
	if (body_check(p, len, &body))
		return "a run from packet 0";
	return NULL;
}

/* Whoever leads next is another node of the view. */
static const char *test_lead(void)
{
	struct cpg_body body;
	u8 p[PKT_MAX];
	u32 next, len;
	bool ok;

	for (next = 0; next <= 0xffff; next++) {
		len = rec_fill(p, CPG_REC_ORDER, 0, 1, 0);
		len += rec_fill(p + len, CPG_REC_LEAD, 0, LEAD, 0);
		lead_fill(p + len - LEAD, LEAD, next);
		ok = body_check(p, len, &body);
		if (ok != (next < NODES && next != ORIGIN))
			return ktap_fail("%u is %staken", next, ok ? "" : "not ");
		if (ok && (!body.is_lead || body.lead != next ||
			   body.lead_oseq != 9 || !body.is_data))
			return ktap_fail("%u is not understood", next);
	}
	return NULL;
}

static u32 proc_fill(u8 *p, u32 port, u32 name_len)
{
	struct cpg_wire_proc proc = {
		.port = cpu_to_le32(port), .pid = cpu_to_le32(77),
		.name_len = cpu_to_le32(name_len),
	};

	memcpy(p, &proc, sizeof(proc));
	memset(p + sizeof(proc), 'x', min_t(u32, name_len, 200));
	return sizeof(proc) + name_len;
}

static bool procs_check(const u8 *p, u32 len)
{
	u8 *copy = tight(p, len);
	bool ok = cpg_wire_procs_check(copy, len);

	free(copy);
	return ok;
}

static const char *test_procs(void)
{
	struct cpg_group group;
	u32 off = 0, port, pid;
	u8 p[PKT_MAX];
	u32 one, len;

	one = proc_fill(p, 5, CPG_GROUP_NAME_MAX);
	len = one + proc_fill(p + one, 6, 0);
	if (!procs_check(p, 0) || !procs_check(p, one) || !procs_check(p, len))
		return "none, one or two processes";
	if (!cpg_wire_proc_next(p, len, &off, &port, &pid, &group) ||
	    port != 5 || pid != 77 || group.name_len != CPG_GROUP_NAME_MAX ||
	    group.name[127] != 'x' || off != one)
		return "the first process";
	if (!cpg_wire_proc_next(p, len, &off, &port, &pid, &group) ||
	    port != 6 || group.name_len || group.name[0])
		return "the second process";
	if (cpg_wire_proc_next(p, len, &off, &port, &pid, &group))
		return "a third process";
	for (len--; len > one; len--)
		if (procs_check(p, len))
			return ktap_fail("cut to %u bytes", len);
	len = proc_fill(p, 5, CPG_GROUP_NAME_MAX + 1);
	if (procs_check(p, len))
		return "a name that is too long";
	len = proc_fill(p, 0, 3);
	if (procs_check(p, len))
		return "port 0";
	proc_fill(p, 5, U32_MAX);
	if (procs_check(p, sizeof(struct cpg_wire_proc) + 10))
		return "a name of 2^32 - 1 bytes";
	return NULL;
}

/* Node i holds all before 10, and of each 64 from there the i-th and last. */
static u32 hold_fill(u8 *p, u32 n_nodes, u32 n_words)
{
	struct cpg_wire_hold hold = { .n_nodes = cpu_to_le32(n_nodes) };
	struct cpg_wire_held held = {
		.next = cpu_to_le64(10), .n_words = cpu_to_le32(n_words),
	};
	struct cpg_wire_word word;
	u32 i, k, len = sizeof(hold);

	memcpy(p, &hold, sizeof(hold));
	for (i = 0; i < n_nodes && len < PKT_MAX / 2; i++) {
		memcpy(p + len, &held, sizeof(held));
		len += sizeof(held);
		word.bits = cpu_to_le64(1ULL << i % 64 | 1ULL << 63);
		for (k = 0; k < n_words && k <= CPG_HELD_WORDS_MAX; k++) {
			memcpy(p + len, &word, sizeof(word));
			len += sizeof(word);
		}
	}
	return len;
}

static bool hold_check(const u8 *p, u32 len)
{
	u8 *copy = tight(p, len);
	bool ok = cpg_wire_hold_check(copy, len);

	free(copy);
	return ok;
}

static const char *test_hold(void)
{
	static const struct {
		u64	oseq;
		bool	has;
	} has[] = {
		{ 1, true }, { 9, true }, { 10, false }, { 11, true },
		{ 12, false }, { 72, false }, { 73, true }, { 74, false },
		{ 75, true }, { 137, true }, { 138, false }, { 139, false },
		{ U64_MAX, false },
	};
	const struct cpg_wire_held *held;
	u8 p[PKT_MAX];
	u32 i, len;

	len = hold_fill(p, 3, 2);
	if (!hold_check(p, len))
		return "three nodes, two words each";
	held = cpg_wire_held_next(cpg_wire_held_first(p));
	for (i = 0; i < ARRAY_SIZE(has); i++)
		if (cpg_wire_held_has(held, has[i].oseq) != has[i].has)
			return ktap_fail("packet %llu of node 1",
					 (unsigned long long)has[i].oseq);
	for (i = 0; i < len; i++)
		if (hold_check(p, i))
			return ktap_fail("%u of %u bytes", i, len);
	if (hold_check(p, len + 1))
		return "a byte too many";
	len = hold_fill(p, 1, CPG_HELD_WORDS_MAX + 1);
	if (hold_check(p, len))
		return "too many words";
	hold_fill(p, U32_MAX, 0);
	if (hold_check(p, 200))
		return "2^32 - 1 nodes";
	hold_fill(p, 1, U32_MAX);
	if (hold_check(p, 200))
		return "2^32 - 1 words";
	return NULL;
}

static const char *test_parts(void)
{
	static const u8 data[] = {
		2, 0, 0, 0, 'a', 'b', 0, 0, 0, 0, 9, 0, 0, 0, 'c',
		0xff, 0xff, 0xff, 0xff,
	};
	u8 *p = tight(data, sizeof(data));
	const char *why = NULL;
	const u8 *part;
	u32 off = 0, n;

	if (!cpg_wire_part_next(p, sizeof(data), &off, &part, &n) || n != 2 ||
	    memcmp(part, "ab", 2))
		why = "the first part";
	else if (!cpg_wire_part_next(p, sizeof(data), &off, &part, &n) || n)
		why = "the second part";
	else if (cpg_wire_part_next(p, sizeof(data), &off, &part, &n))
		why = "a part that is longer than what is there";
	off = sizeof(data) - 4;
	if (cpg_wire_part_next(p, sizeof(data), &off, &part, &n))
		why = "a part of 2^32 - 1 bytes";
	off = sizeof(data) - 3;
	if (cpg_wire_part_next(p, sizeof(data), &off, &part, &n))
		why = "a part without a length";
	free(p);
	return why;
}

#define TEST(name)	{ #name, test_##name }

static const struct ktap_test tests[] = {
	TEST(names), TEST(every_type), TEST(cut), TEST(patches),
	TEST(records), TEST(records_cut), TEST(order), TEST(lead),
	TEST(procs),
	TEST(hold), TEST(parts),
};

int main(int argc, char **argv)
{
	return ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
