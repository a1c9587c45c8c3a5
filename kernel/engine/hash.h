/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hash of bytes that come in pieces, by which the contents of a message are
 * known again in traces.  Not for anything that an enemy may choose.
 */
#ifndef _CPG_ENGINE_HASH_H
#define _CPG_ENGINE_HASH_H

#include "env.h"

struct cpg_event;

enum {
	CPG_HASH_LANES = 4,	/* words that are hashed side by side */
	CPG_HASH_BLOCK = 8 * CPG_HASH_LANES,
};

/**
 * struct cpg_hash - a hash under way; does not depend on how bytes are cut
 * @h: of the full blocks so far
 * @len: bytes so far
 * @part: the bytes of the block that is not full yet
 */
struct cpg_hash {
	u64	h[CPG_HASH_LANES];
	u64	len;
	u8	part[CPG_HASH_BLOCK];
};

void cpg_hash_add(struct cpg_hash *hash, const void *data, size_t len);
u64 cpg_hash_end(const struct cpg_hash *hash);
u64 cpg_hash_event(struct cpg_event *ev);

#endif /* _CPG_ENGINE_HASH_H */
