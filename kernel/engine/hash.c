// SPDX-License-Identifier: GPL-2.0
/* See hash.h. */
#include "event.h"
#include "hash.h"

static u64 cpg_hash_word(u64 h, u64 w)
{
	h = (h ^ w) * 0x9fb21c651e98df25ULL;
	return h ^ (h >> 32);
}

static u64 cpg_hash_load(const u8 *p)
{
	u64 w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Lanes stay in registers from one block to the next. */
static void cpg_hash_blocks(u64 *h, const u8 *p, size_t n)
{
	u64 a = h[0], b = h[1], c = h[2], d = h[3];

	for (; n; n--, p += CPG_HASH_BLOCK) {
		a = cpg_hash_word(a, cpg_hash_load(p));
		b = cpg_hash_word(b + 1, cpg_hash_load(p + 8));
		c = cpg_hash_word(c + 2, cpg_hash_load(p + 16));
		d = cpg_hash_word(d + 3, cpg_hash_load(p + 24));
	}
	h[0] = a;
	h[1] = b;
	h[2] = c;
	h[3] = d;
}

/**
 * cpg_hash_add() - take in some bytes
 * @hash: zeroed before the first call
 * @data: bytes
 * @len: their number
 */
void cpg_hash_add(struct cpg_hash *hash, const void *data, size_t len)
{
	u32 fill = hash->len % CPG_HASH_BLOCK;
	const u8 *p = data;
	size_t n;

	if (!len)
		return;
	hash->len += len;
	if (fill) {
		n = min_t(size_t, len, CPG_HASH_BLOCK - fill);
		memcpy(hash->part + fill, p, n);
		if (fill + n < CPG_HASH_BLOCK)
			return;
		cpg_hash_blocks(hash->h, hash->part, 1);
		p += n;
		len -= n;
	}
	n = len / CPG_HASH_BLOCK;
	cpg_hash_blocks(hash->h, p, n);
	p += n * CPG_HASH_BLOCK;
	memcpy(hash->part, p, len % CPG_HASH_BLOCK);
}

/**
 * cpg_hash_end() - the hash of what was taken in
 * @hash: may be continued afterwards
 *
 * Return: the hash.
 */
u64 cpg_hash_end(const struct cpg_hash *hash)
{
	u8 part[CPG_HASH_BLOCK] = {};
	u64 res = hash->len;
	u64 h[CPG_HASH_LANES];
	u32 i;

	memcpy(h, hash->h, sizeof(h));
	memcpy(part, hash->part, hash->len % CPG_HASH_BLOCK);
	cpg_hash_blocks(h, part, 1);
	for (i = 0; i < CPG_HASH_LANES; i++)
		res = cpg_hash_word(res, h[i]);
	return res;
}

/**
 * cpg_hash_event() - the hash of what a message contains
 * @ev: a message
 *
 * Return: the hash.
 */
u64 cpg_hash_event(struct cpg_event *ev)
{
	const struct cpg_slice *sl = cpg_event_slices(ev);
	struct cpg_hash hash = {};
	u32 i;

	for (i = 0; i < ev->nslices; i++)
		cpg_hash_add(&hash, sl[i].buf->data + sl[i].off, sl[i].len);
	return cpg_hash_end(&hash);
}
