// SPDX-License-Identifier: GPL-2.0
/*
 * Checks on what comes off the wire.  Stateless; nothing here knows a view.
 */
#include "wire.h"

const char *const cpg_drop_names[__CPG_DROP_NR] = {
	[CPG_DROP_NONE]		= "none",
	[CPG_DROP_SHORT]	= "short",
	[CPG_DROP_MAGIC]	= "magic",
	[CPG_DROP_VERSION]	= "version",
	[CPG_DROP_LENGTH]	= "length",
	[CPG_DROP_CLUSTER]	= "cluster",
	[CPG_DROP_KEY]		= "key",
	[CPG_DROP_TYPE]		= "type",
	[CPG_DROP_RECORD]	= "record",
	[CPG_DROP_NODE]		= "node",
	[CPG_DROP_NODEID_USED]	= "nodeid-used",
	[CPG_DROP_STALE]	= "stale",
	[CPG_DROP_FOREIGN]	= "foreign",
	[CPG_DROP_DUPLICATE]	= "duplicate",
	[CPG_DROP_WINDOW]	= "window",
	[CPG_DROP_NOMEM]	= "nomem",
	[CPG_DROP_STOPPED]	= "stopped",
};

/* The fixed part behind the header and the size of what repeats after it. */
static const struct {
	u16	fixed;
	u16	each;
} cpg_wire_sizes[__CPG_WIRE_NR] = {
	[CPG_WIRE_DATA]		= { sizeof(struct cpg_wire_data), 1 },
	[CPG_WIRE_STATUS]	= { sizeof(struct cpg_wire_status),
				    sizeof(struct cpg_wire_heard) },
	[CPG_WIRE_NAK]		= { 0, sizeof(struct cpg_wire_range) },
	[CPG_WIRE_JOIN]		= { sizeof(struct cpg_wire_join),
				    sizeof(struct cpg_wire_heard) },
	[CPG_WIRE_COMMIT1]	= { sizeof(struct cpg_wire_chunk), 1 },
	[CPG_WIRE_COMMIT1_ACK]	= { sizeof(struct cpg_wire_chunk), 1 },
	[CPG_WIRE_COMMIT2]	= { sizeof(struct cpg_wire_chunk), 1 },
	[CPG_WIRE_RECOVERED]	= { sizeof(struct cpg_wire_chunk), 1 },
	[CPG_WIRE_INSTALL]	= { sizeof(struct cpg_wire_chunk), 1 },
	[CPG_WIRE_INSTALL_ACK]	= { 0, 0 },
	[CPG_WIRE_LEAVE]	= { 0, 0 },
	[CPG_WIRE_NODEID_USED]	= { sizeof(struct cpg_wire_used), 0 },
	[CPG_WIRE_PROBE]	= { sizeof(struct cpg_wire_probe), 0 },
};

static bool cpg_wire_check_counts(const u8 *p, u32 type, u32 len)
{
	const struct cpg_wire_status *st = (const void *)p;
	const struct cpg_wire_probe *probe = (const void *)p;
	const struct cpg_wire_join *join = (const void *)p;
	u32 n_heard = len / sizeof(struct cpg_wire_heard);

	if (type == CPG_WIRE_STATUS)
		return n_heard == le16_to_cpu(st->n_heard) &&
		       n_heard <= CPG_NODES_MAX &&
		       st->state < __CPG_STATE_NR;
	if (type == CPG_WIRE_JOIN)
		return n_heard == le16_to_cpu(join->n_heard) &&
		       n_heard <= CPG_NODES_MAX &&
		       le64_to_cpu(join->max_seq) <= CPG_VIEW_SEQ_MAX &&
		       le32_to_cpu(join->votes) <= CPG_NODE_VOTES_MAX &&
		       le32_to_cpu(join->expected) <= CPG_EXPECTED_VOTES_MAX;
	if (type == CPG_WIRE_PROBE)
		return probe->step && probe->step < __CPG_PROBE_NR &&
		       probe->asker && probe->suspect;
	if (type == CPG_WIRE_NAK)
		return len / sizeof(struct cpg_wire_range) <=
		       CPG_NAK_RANGES_MAX;
	return true;
}

static bool cpg_wire_check_chunk(const u8 *p, u32 type, u32 len)
{
	const struct cpg_wire_chunk *chunk = (const void *)p;
	u32 total, size, idx, n;

	if (type < CPG_WIRE_COMMIT1 || type > CPG_WIRE_INSTALL)
		return true;
	total = le32_to_cpu(chunk->total);
	size = le16_to_cpu(chunk->size);
	idx = le16_to_cpu(chunk->idx);
	if (total > CPG_BLOB_MAX || size < CPG_FRAG_MIN)
		return false;
	n = total ? DIV_ROUND_UP(total, size) : 1;
	if (idx >= n)
		return false;
	return len == (idx + 1 < n ? size : total - idx * size);
}

enum cpg_drop cpg_wire_check(const u8 *p, u32 len, u32 cluster_id)
{
	const struct cpg_wire_hdr *hdr = (const void *)p;
	u32 type, rest;

	if (len < sizeof(*hdr))
		return CPG_DROP_SHORT;
	if (le32_to_cpu(hdr->magic) != CPG_WIRE_MAGIC)
		return CPG_DROP_MAGIC;
	if (hdr->version != CPG_WIRE_VERSION)
		return CPG_DROP_VERSION;
	if (le16_to_cpu(hdr->len) != len)
		return CPG_DROP_LENGTH;
	if (le32_to_cpu(hdr->cluster_id) != cluster_id)
		return CPG_DROP_CLUSTER;
	if (hdr->key_id)
		return CPG_DROP_KEY;
	type = hdr->type;
	if (!type || type >= __CPG_WIRE_NR)
		return CPG_DROP_TYPE;
	if (!hdr->src || !hdr->incarnation)
		return CPG_DROP_NODE;
	if (le64_to_cpu(hdr->view_seq) > CPG_VIEW_SEQ_MAX)
		return CPG_DROP_RECORD;

	p += sizeof(*hdr);
	rest = len - sizeof(*hdr);
	if (rest < cpg_wire_sizes[type].fixed)
		return CPG_DROP_RECORD;
	rest -= cpg_wire_sizes[type].fixed;
	if (cpg_wire_sizes[type].each ? rest % cpg_wire_sizes[type].each : rest)
		return CPG_DROP_RECORD;
	if (!cpg_wire_check_counts(p, type, rest) ||
	    !cpg_wire_check_chunk(p, type, rest))
		return CPG_DROP_RECORD;
	return CPG_DROP_NONE;
}

static bool cpg_wire_check_order(const struct cpg_rec *rec, u32 n_nodes,
				 struct cpg_body *body)
{
	const struct cpg_wire_order *order = (const void *)rec->data;
	const struct cpg_wire_run *run = (const void *)(order + 1);
	u32 i, n;

	if (rec->len < sizeof(*order))
		return false;
	n = (rec->len - sizeof(*order)) / sizeof(*run);
	if (!n || n > CPG_ORDER_RUNS_MAX ||
	    rec->len != sizeof(*order) + n * sizeof(*run))
		return false;
	body->nruns = n;
	body->gseq = le64_to_cpu(order->gseq);
	body->gseq_end = body->gseq;
	body->pos = le64_to_cpu(order->pos);
	if (!body->gseq || !body->pos)
		return false;
	for (i = 0; i < n; i++) {
		u32 count = le16_to_cpu(run[i].count);

		if (le16_to_cpu(run[i].origin) >= n_nodes || !count ||
		    count > CPG_STREAM_WINDOW || !run[i].oseq)
			return false;
		body->gseq_end += count;
	}
	return true;
}

/* The last record: whoever leads no more has nothing to say about the order. */
static bool cpg_wire_check_lead(const struct cpg_rec *rec, u32 origin,
				u32 n_nodes, struct cpg_body *body)
{
	const struct cpg_wire_lead *lead = (const void *)rec->data;

	if (rec->len != sizeof(*lead) || !body->nruns || body->is_data)
		return false;
	body->is_lead = true;
	body->is_asked = le16_to_cpu(lead->flags) & CPG_LEAD_F_ASKED;
	body->lead = le16_to_cpu(lead->next);
	body->lead_oseq = le64_to_cpu(lead->oseq);
	return body->lead < n_nodes && body->lead != origin;
}

static bool cpg_wire_check_msg(const struct cpg_rec *rec)
{
	bool first = rec->flags & CPG_REC_F_FIRST;
	bool last = rec->flags & CPG_REC_F_LAST;

	if (rec->total > CPG_MSG_MAX || rec->len > rec->total)
		return false;
	if (first && last)
		return rec->len == rec->total;
	if (last)
		return true;
	return rec->len >= CPG_FRAG_MIN && rec->len < rec->total;
}

static bool cpg_wire_check_proc(const struct cpg_rec *rec)
{
	struct cpg_group group;
	u32 off = 0, port, pid;

	return cpg_wire_proc_next(rec->data, rec->len, &off, &port, &pid,
				  &group) &&
	       off == rec->len && port == rec->port;
}

static bool cpg_wire_body_add(struct cpg_body *body, u32 service, u32 nmsgs)
{
	if (body->is_data && body->service != service)
		return false;
	body->is_data = true;
	body->service = service;
	body->nmsgs += nmsgs;
	return true;
}

/* What is UNORDERED has to stay behind its process's join nevertheless. */
static u32 cpg_wire_rec_service(const struct cpg_rec *rec)
{
	u32 service = (rec->flags & CPG_REC_SERVICE_MASK) >>
		      CPG_REC_SERVICE_SHIFT;

	if (service == CPG_SVC_UNORDERED && !(rec->flags & CPG_REC_F_EARLY))
		return CPG_SVC_FIFO;
	return service;
}

static bool cpg_wire_check_rec(const struct cpg_rec *rec, u32 origin,
			       u32 n_nodes, struct cpg_body *body)
{
	if (body->is_lead)
		return false;
	switch (rec->type) {
	case CPG_REC_ORDER:
		return !body->nruns && !body->is_data &&
		       cpg_wire_check_order(rec, n_nodes, body);
	case CPG_REC_MSG:
		if (~rec->flags & (CPG_REC_F_FIRST | CPG_REC_F_LAST))
			body->has_part = true;
		return cpg_wire_check_msg(rec) &&
		       cpg_wire_body_add(body, cpg_wire_rec_service(rec),
					 !!(rec->flags & CPG_REC_F_LAST));
	case CPG_REC_JOIN:
		return cpg_wire_check_proc(rec) &&
		       cpg_wire_body_add(body, CPG_SVC_AGREED, 1);
	case CPG_REC_LEAVE:
		return rec->len == 1 && (rec->data[0] == CPG_CHG_LEAVE ||
					 rec->data[0] == CPG_CHG_PROCDOWN) &&
		       cpg_wire_body_add(body, CPG_SVC_AGREED, 1);
	case CPG_REC_HOLD:
		return rec->len == 1 && rec->data[0] <= 1 &&
		       cpg_wire_body_add(body, CPG_SVC_AGREED, 1);
	case CPG_REC_LEAD:
		return cpg_wire_check_lead(rec, origin, n_nodes, body) &&
		       cpg_wire_body_add(body, CPG_SVC_AGREED, 0);
	default:
		return false;
	}
}

bool cpg_wire_body_check(const u8 *p, u32 len, u32 origin, u32 n_nodes,
			 struct cpg_body *body)
{
	struct cpg_rec rec;
	u32 off = 0;

	memset(body, 0, sizeof(*body));
	while (off < len) {
		if (!cpg_wire_rec_next(p, len, &off, &rec) ||
		    !cpg_wire_check_rec(&rec, origin, n_nodes, body))
			return false;
		if (rec.type == CPG_REC_ORDER)
			body->runs_off = (u32)(rec.data - p) +
					 sizeof(struct cpg_wire_order);
	}
	return body->is_data || body->nruns;
}

bool cpg_wire_proc_next(const u8 *p, u32 len, u32 *off, u32 *port, u32 *pid,
			struct cpg_group *group)
{
	const struct cpg_wire_proc *proc = (const void *)(p + *off);
	u32 name_len;

	if (len - *off < sizeof(*proc))
		return false;
	name_len = le32_to_cpu(proc->name_len);
	if (name_len > CPG_GROUP_NAME_MAX ||
	    name_len > len - *off - sizeof(*proc) || !proc->port)
		return false;
	*port = le32_to_cpu(proc->port);
	*pid = le32_to_cpu(proc->pid);
	memset(group, 0, sizeof(*group));
	group->flags = le32_to_cpu(proc->flags);
	group->name_len = name_len;
	memcpy(group->name, proc + 1, name_len);
	*off += sizeof(*proc) + name_len;
	return true;
}

bool cpg_wire_procs_check(const u8 *p, u32 len)
{
	struct cpg_group group;
	u32 off = 0, port, pid;

	while (off < len)
		if (!cpg_wire_proc_next(p, len, &off, &port, &pid, &group))
			return false;
	return true;
}

bool cpg_wire_hold_check(const u8 *p, u32 len)
{
	const struct cpg_wire_hold *hold = (const void *)p;
	u32 i, n, off = sizeof(*hold);

	if (len < off)
		return false;
	n = le32_to_cpu(hold->n_nodes);
	if (n > CPG_NODES_MAX)
		return false;
	for (i = 0; i < n; i++) {
		const struct cpg_wire_held *held = (const void *)(p + off);
		u32 words;

		if (len - off < sizeof(*held))
			return false;
		words = le32_to_cpu(held->n_words);
		off += sizeof(*held);
		if (words > CPG_HELD_WORDS_MAX ||
		    len - off < words * sizeof(struct cpg_wire_word))
			return false;
		off += words * sizeof(struct cpg_wire_word);
	}
	return off == len;
}

const struct cpg_wire_held *cpg_wire_held_first(const u8 *p)
{
	return (const void *)(p + sizeof(struct cpg_wire_hold));
}

const struct cpg_wire_held *
cpg_wire_held_next(const struct cpg_wire_held *held)
{
	const struct cpg_wire_word *word = (const void *)(held + 1);

	return (const void *)(word + le32_to_cpu(held->n_words));
}

bool cpg_wire_held_has(const struct cpg_wire_held *held, u64 oseq)
{
	const struct cpg_wire_word *word = (const void *)(held + 1);
	u64 off = oseq - le64_to_cpu(held->next);

	if (oseq < le64_to_cpu(held->next))
		return true;
	if (off / 64 >= le32_to_cpu(held->n_words))
		return false;
	return le64_to_cpu(word[off / 64].bits) >> (off % 64) & 1;
}

bool cpg_wire_part_next(const u8 *p, u32 len, u32 *off, const u8 **part,
			u32 *part_len)
{
	__le32 part_size;

	if (len - *off < sizeof(part_size))
		return false;
	memcpy(&part_size, p + *off, sizeof(part_size));
	*part_len = le32_to_cpu(part_size);
	if (len - *off - sizeof(part_size) < *part_len)
		return false;
	*part = p + *off + sizeof(part_size);
	*off += sizeof(part_size) + *part_len;
	return true;
}
