// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer of wire.c: whatever passes a check can be walked.  The first byte
 * says what the rest is taken for.
 */
#include "fuzz.h"
#include "wire.h"

enum {
	FUZZ_CLUSTER = 1,
	FUZZ_NODES = 4,
};

static void fuzz_packet(u8 *p, u32 len)
{
	struct cpg_wire_hdr *hdr = (void *)p;

	if (len < sizeof(*hdr))
		return;
	hdr->magic = cpu_to_le32(CPG_WIRE_MAGIC);
	hdr->version = CPG_WIRE_VERSION;
	hdr->len = cpu_to_le16(len);
	hdr->cluster_id = cpu_to_le32(FUZZ_CLUSTER);
	hdr->key_id = 0;
	cpg_wire_check(p, len, FUZZ_CLUSTER);
}

static void fuzz_body(const u8 *p, u32 len, u32 origin)
{
	const struct cpg_wire_run *run;
	struct cpg_body body;
	struct cpg_rec rec;
	u32 off = 0;
	u32 n = 0;
	u32 i;

	if (!cpg_wire_body_check(p, len, origin, FUZZ_NODES, &body))
		return;
	run = (const void *)(p + body.runs_off);
	for (i = 0; i < body.nruns; i++)
		if (le16_to_cpu(run[i].origin) >= FUZZ_NODES || !run[i].count)
			abort();
	if (body.is_lead && (body.lead >= FUZZ_NODES || body.lead == origin))
		abort();
	while (off < len) {
		if (!cpg_wire_rec_next(p, len, &off, &rec))
			abort();
		if (rec.len && rec.data + rec.len > p + len)
			abort();
		if (rec.type == CPG_REC_MSG)
			n += !!(rec.flags & CPG_REC_F_LAST);
		else
			n += rec.type != CPG_REC_ORDER &&
			     rec.type != CPG_REC_LEAD;
	}
	if (n != body.nmsgs)
		abort();
}

static void fuzz_hold(const u8 *p, u32 len)
{
	const struct cpg_wire_hold *hold = (const void *)p;
	const struct cpg_wire_held *held;
	u32 i;

	if (!cpg_wire_hold_check(p, len))
		return;
	held = cpg_wire_held_first(p);
	for (i = 0; i < le32_to_cpu(hold->n_nodes); i++) {
		cpg_wire_held_has(held, U64_MAX - i);
		held = cpg_wire_held_next(held);
	}
}

static void fuzz_lists(const u8 *p, u32 len)
{
	struct cpg_group group;
	const u8 *part;
	u32 port, pid, n;
	u32 off = 0;

	if (cpg_wire_procs_check(p, len))
		while (off < len)
			if (!cpg_wire_proc_next(p, len, &off, &port, &pid,
						&group))
				abort();
	off = 0;
	while (cpg_wire_part_next(p, len, &off, &part, &n))
		if (part + n > p + len || off > len)
			abort();
}

int fuzz_one(const u8 *data, size_t size)
{
	u8 *p;

	if (!size || size > 65536)
		return 0;
	/* Nothing behind the last byte. */
	p = malloc(size > 1 ? size - 1 : 1);
	if (!p)
		abort();
	memcpy(p, data + 1, size - 1);
	switch (data[0] & 3) {
	case 0:
		fuzz_packet(p, size - 1);
		break;
	case 1:
		fuzz_body(p, size - 1, data[0] >> 2 & 1);
		break;
	case 2:
		fuzz_hold(p, size - 1);
		break;
	case 3:
		fuzz_lists(p, size - 1);
		break;
	}
	free(p);
	return 0;
}
