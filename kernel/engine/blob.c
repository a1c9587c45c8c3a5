// SPDX-License-Identifier: GPL-2.0
/*
 * Things of the membership protocol that may not fit in a packet: cut into
 * chunks, repeated as a whole until the next step shows that they arrived.  A
 * receiver keeps what came, so that under loss every repetition brings it
 * nearer to the end.  Many chunks go in bursts: in a queue that is too short
 * for all of them the last ones would be lost, and each time the same ones.
 */
#include "engine_priv.h"

enum {
	CPG_BLOB_BURST = 128,	/* chunks */
};

void cpg_blob_reset(struct cpg_blob *blob)
{
	cpg_env_free(blob->data);
	memset(blob, 0, sizeof(*blob));
}

/* Room for @len bytes and, behind them, a mark for each possible chunk. */
int cpg_blob_alloc(struct cpg_engine *eng, struct cpg_blob *blob, u32 type,
		   u32 len)
{
	u32 marks = DIV_ROUND_UP(len, CPG_FRAG_MIN) + 1;
	u8 *data;

	if (len > CPG_BLOB_MAX)
		return -EMSGSIZE;
	data = cpg_env_alloc(eng->env, len + marks);
	if (!data)
		return -ENOMEM;
	cpg_blob_reset(blob);
	blob->type = type;
	blob->data = data;
	blob->len = len;
	blob->have = data + len;
	return 0;
}

bool cpg_blob_is_whole(const struct cpg_blob *blob, u32 type)
{
	return blob->type == type && !blob->missing;
}

/*
 * Takes a chunk, already checked for its own consistency.  The blob is
 * complete when its type is right and nothing is missing.
 */
enum cpg_drop cpg_blob_rcv(struct cpg_engine *eng, struct cpg_blob *blob,
			   u32 type, const struct cpg_wire_chunk *chunk,
			   u32 len)
{
	u32 total = le32_to_cpu(chunk->total);
	u32 size = le16_to_cpu(chunk->size);
	u32 idx = le16_to_cpu(chunk->idx);

	if (blob->type != type) {
		if (cpg_blob_alloc(eng, blob, type, total))
			return CPG_DROP_NOMEM;
		blob->size = size;
		blob->missing = total ? DIV_ROUND_UP(total, size) : 1;
	}
	if (blob->len != total || blob->size != size)
		return CPG_DROP_RECORD;
	if (blob->have[idx])
		return CPG_DROP_DUPLICATE;
	memcpy(blob->data + (size_t)idx * size, chunk + 1, len);
	blob->have[idx] = 1;
	blob->missing--;
	return CPG_DROP_NONE;
}

static bool cpg_blob_xmit_chunk(struct cpg_engine *eng,
				const struct cpg_blob *blob,
				const struct cpg_vid *vid, const u32 *nodeids,
				u32 n, u32 size)
{
	u32 off = blob->next * size;
	u32 part = min(size, blob->len - off);
	struct cpg_wire_chunk chunk = {
		.total = cpu_to_le32(blob->len),
		.size = cpu_to_le16(size),
		.idx = cpu_to_le16(blob->next),
	};
	struct cpg_buf *buf = cpg_env_buf_alloc(eng->env, part);

	if (!buf)
		return false;
	memcpy(buf->data, blob->data + off, part);
	cpg_engine_xmit(eng, nodeids, n, blob->type, vid, &chunk, sizeof(chunk),
			buf, 0, part);
	cpg_buf_put(buf);
	return true;
}

/**
 * cpg_blob_xmit() - send some chunks, from where the last call stopped
 * @eng: engine
 * @blob: of type 0: nothing
 * @vid: the view that it is for
 * @nodeids: where to
 * @n: number of @nodeids
 *
 * Return: the last one has gone.
 */
bool cpg_blob_xmit(struct cpg_engine *eng, struct cpg_blob *blob,
		   const struct cpg_vid *vid, const u32 *nodeids, u32 n)
{
	u32 size = eng->cfg.mtu - sizeof(struct cpg_wire_hdr) -
		   sizeof(struct cpg_wire_chunk);
	u32 chunks = max_t(u32, DIV_ROUND_UP(blob->len, size), 1);
	u32 i;

	for (i = 0; n && i < CPG_BLOB_BURST && blob->next < chunks; i++) {
		if (!cpg_blob_xmit_chunk(eng, blob, vid, nodeids, n, size))
			break;
		blob->next++;
	}
	if (n && i == CPG_BLOB_BURST && blob->next < chunks)
		return false;
	blob->next = 0;
	return true;
}
