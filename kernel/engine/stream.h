/* SPDX-License-Identifier: GPL-2.0 */
/* The packets of one origin in a view, as they are kept. */
#ifndef _CPG_ENGINE_STREAM_H
#define _CPG_ENGINE_STREAM_H

#include "event.h"
#include "wire.h"

enum {
	CPG_PKTS = 16,		/* packets of a stream that share memory */
};

/**
 * struct cpg_pkt - a packet of a stream
 * @buf: holds the records; a reference
 * @off: of the first record in @buf
 * @len: bytes of records
 * @oseq: its number
 * @body: what the records amount to
 * @taken: FIFO and UNORDERED: bytes of records that were delivered
 * @repaired: when it was first sent again, of late
 * @n_asked: how often since
 */
struct cpg_pkt {
	struct cpg_buf	*buf;
	u32		off;
	u32		len;
	u64		oseq;
	struct cpg_body	body;
	u32		taken;
	u64		repaired;
	u32		n_asked;
};

/**
 * struct cpg_pkts - memory for successive packets of a stream
 * @n: so many of them are held
 * @pkt: they
 */
struct cpg_pkts {
	u32		n;
	struct cpg_pkt	pkt[CPG_PKTS];
};

/**
 * struct cpg_partial - a message of which not all parts were delivered
 * @ev: what there is of it, or NULL
 * @port: its process
 * @len: its length
 */
struct cpg_partial {
	struct cpg_event	*ev;
	u32			port;
	u32			len;
};

/**
 * struct cpg_stream - the packets of one origin in a view
 * @ring: packets held, by number modulo CPG_STREAM_WINDOW
 * @pkts: where they are, CPG_PKTS of @ring each; NULL: none of them is held
 * @n_held: how many those are
 * @base: all before this one are stable and let go
 * @next: all before this one are held, or were; the origin's next number
 * @high: greatest number known to exist
 * @ordered: leader: all up to here were given their place
 * @placed: all up to here have their place, and are held up to it
 * @delivered: all up to here were delivered in their place
 * @walked: what those up to here say of the order is not needed any more
 * @freed: nor are those up to here themselves
 * @ack: this node holds the order up to here
 * @wanted: recovery: numbers that must still come, like @ring
 * @n_wanted: how many those are
 * @has_early: there was a packet of UNORDERED or of FIFO messages
 * @early: of these packets, all before these numbers were delivered
 * @partial: by service
 * @nak_at: when to ask for what is missing
 * @nak_tries: how often that was done without an answer
 */
struct cpg_stream {
	struct cpg_pkt		*ring[CPG_STREAM_WINDOW];
	struct cpg_pkts		*pkts[CPG_STREAM_WINDOW / CPG_PKTS];
	u32			n_held;
	u64			base;
	u64			next;
	u64			high;
	u64			ordered;
	u64			placed;
	u64			delivered;
	u64			walked;
	u64			freed;
	u64			ack;
	u64			wanted[CPG_STREAM_WINDOW / 64];
	u32			n_wanted;
	bool			has_early;
	u64			early[CPG_SVC_FIFO + 1];
	struct cpg_partial	partial[CPG_SVC_SAFE + 1];
	u64			nak_at;
	u32			nak_tries;
};

/* Both are asked for dozens of times in the life of a packet. */
static inline u32 cpg_stream_slot(u64 oseq)
{
	return oseq & (CPG_STREAM_WINDOW - 1);
}

static inline struct cpg_pkt *cpg_stream_get(const struct cpg_stream *stream,
					     u64 oseq)
{
	struct cpg_pkt *pkt = stream->ring[cpg_stream_slot(oseq)];

	return pkt && pkt->oseq == oseq ? pkt : NULL;
}

static inline void cpg_stream_drop_partial(struct cpg_partial *partial)
{
	if (partial->ev)
		cpg_event_put(partial->ev);
	partial->ev = NULL;
}

#endif /* _CPG_ENGINE_STREAM_H */
