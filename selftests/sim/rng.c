// SPDX-License-Identifier: GPL-2.0
/* What a message contains. */
#include "rng.h"

/* Four words side by side, each the fourth after the last. */
#define FILL_MUL	0x5851f42d4c957f2dULL
#define FILL_ADD	0x14057b7ef767814fULL
#define FILL_MUL2	(FILL_MUL * FILL_MUL)
#define FILL_MUL4	(FILL_MUL2 * FILL_MUL2)
#define FILL_ADD4	(FILL_ADD * (1 + FILL_MUL) * (1 + FILL_MUL2))

enum {
	FILL_WORDS = 4,
};

/**
 * sim_fill() - the contents of a message
 * @data: where
 * @len: bytes
 * @id: of the message; contents of eight bytes and more differ for each
 */
void sim_fill(u8 *data, size_t len, u64 id)
{
	u64 w[FILL_WORDS];
	u32 i;

	w[0] = sim_mix(id);
	for (i = 1; i < FILL_WORDS; i++)
		w[i] = w[i - 1] * FILL_MUL + FILL_ADD;
	for (; len > sizeof(w); len -= sizeof(w), data += sizeof(w)) {
		for (i = 0; i < FILL_WORDS; i++) {
			memcpy(data + i * sizeof(w[i]), &w[i], sizeof(w[i]));
			w[i] = w[i] * FILL_MUL4 + FILL_ADD4;
		}
	}
	memcpy(data, w, len);
}
