// SPDX-License-Identifier: GPL-2.0
/* What a message contains. */
#include "rng.h"

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
