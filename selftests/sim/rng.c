// SPDX-License-Identifier: GPL-2.0
/* What a message contains, and the hash that knows it again. */
#include "rng.h"

static u64 hash_word(u64 h, u64 w)
{
	h = (h ^ w) * 0x9fb21c651e98df25ULL;
	return h ^ (h >> 32);
}

static void hash_block(u64 *h, const u8 *p)
{
	u64 w[SIM_HASH_LANES];
	u32 i;

	memcpy(w, p, sizeof(w));
	for (i = 0; i < SIM_HASH_LANES; i++)
		h[i] = hash_word(h[i] + i, w[i]);
}

/**
 * sim_hash_add() - take in some bytes
 * @hash: zeroed before the first call
 * @data: bytes
 * @len: their number
 */
void sim_hash_add(struct sim_hash *hash, const void *data, size_t len)
{
	u32 fill = hash->len % SIM_HASH_BLOCK;
	const u8 *p = data;
	size_t n;

	if (!len)
		return;
	hash->len += len;
	if (fill) {
		n = min_t(size_t, len, SIM_HASH_BLOCK - fill);
		memcpy(hash->part + fill, p, n);
		if (fill + n < SIM_HASH_BLOCK)
			return;
		hash_block(hash->h, hash->part);
		p += n;
		len -= n;
	}
	for (; len >= SIM_HASH_BLOCK; len -= SIM_HASH_BLOCK) {
		hash_block(hash->h, p);
		p += SIM_HASH_BLOCK;
	}
	memcpy(hash->part, p, len);
}

/**
 * sim_hash_end() - the hash of what was taken in
 * @hash: may be continued afterwards
 *
 * Return: the hash.
 */
u64 sim_hash_end(const struct sim_hash *hash)
{
	u8 part[SIM_HASH_BLOCK] = {};
	u64 res = hash->len;
	u64 h[SIM_HASH_LANES];
	u32 i;

	memcpy(h, hash->h, sizeof(h));
	memcpy(part, hash->part, hash->len % SIM_HASH_BLOCK);
	hash_block(h, part);
	for (i = 0; i < SIM_HASH_LANES; i++)
		res = hash_word(res, h[i]);
	return res;
}

/**
 * sim_fill() - the contents of a message
 * @data: where
 * @len: bytes
 * @id: of the message; contents of eight bytes and more differ for each
 */
void sim_fill(u8 *data, size_t len, u64 id)
{
	u64 w = sim_mix(id);

	for (; len >= 8; len -= 8, data += 8) {
		memcpy(data, &w, 8);
		w = w * 0x5851f42d4c957f2dULL + 0x14057b7ef767814fULL;
	}
	memcpy(data, &w, len);
}
