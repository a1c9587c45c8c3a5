/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause) */
/*
 * Messages too large for one piece.
 *
 * The socket takes messages of up to CPG_MSG_MAX bytes.  The library sends
 * them as they are: what it sends, and what any other user of the socket
 * sends, look the same.  A larger message goes out as fragments, which are
 * messages of their own, each beginning with struct cpg_frag_hdr; the
 * receiving library puts them together.
 *
 * A header is recognized by its magic number.  A message of the program that
 * happens to begin with the magic number is sent as a message of one or two
 * fragments, so that every message arrives as it was sent.
 *
 * A sender's fragments come in order.  A receiver that joined in between has
 * missed the first and ignores the others; a first fragment, or the end of the
 * sender's membership, makes it forget what it has of an earlier message.
 */
#ifndef LIBCPG_FRAG_H
#define LIBCPG_FRAG_H

#include <linux/cpg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define CPG_FRAG_MAGIC_LEN	16
#define CPG_FRAG_MAGIC_FIRST	0xc9	/* its first byte */

/**
 * struct cpg_frag_hdr - in front of a fragment; little-endian
 * @magic: tells a fragment from other messages
 * @total: bytes of the whole message
 * @offset: of the fragment in the message
 * @id: tells the sender's large messages apart
 * @zero: 0
 */
struct cpg_frag_hdr {
	uint8_t		magic[CPG_FRAG_MAGIC_LEN];
	uint32_t	total;
	uint32_t	offset;
	uint32_t	id;
	uint32_t	zero;
};

#define CPG_FRAG_PAYLOAD_MAX	(CPG_MSG_MAX - sizeof(struct cpg_frag_hdr))

/* The largest message: its length must fit into the header. */
#define CPG_FRAG_TOTAL_MAX	UINT32_MAX

/* The first byte tells of nearly all messages that they are no fragments. */
static inline bool cpg_frag_is_likely(const void *data, size_t len)
{
	return len > sizeof(struct cpg_frag_hdr) &&
	       *(const uint8_t *)data == CPG_FRAG_MAGIC_FIRST;
}

void cpg_frag_hdr_init(struct cpg_frag_hdr *hdr, uint32_t total,
		       uint32_t offset, uint32_t id);

/**
 * cpg_frag_is_magic() - does a message begin with the magic number
 * @iov: the message
 * @n: entries of @iov
 */
bool cpg_frag_is_magic(const struct iovec *iov, size_t n);

/**
 * struct cpg_frag_cursor - where in a message the next fragment begins
 * @iov: the entry
 * @n: entries from there to the end
 * @skip: bytes of the first entry that are done
 */
struct cpg_frag_cursor {
	const struct iovec	*iov;
	size_t			n;
	size_t			skip;
};

/**
 * cpg_frag_slice() - the next bytes of a message
 * @cursor: is advanced
 * @max: number of bytes wanted
 * @out: room for as many entries as the cursor has left
 * @len: where to store the number of bytes, less than @max only at the end
 *
 * Return: number of entries of @out in use.
 */
size_t cpg_frag_slice(struct cpg_frag_cursor *cursor, size_t max,
		      struct iovec *out, size_t *len);

struct cpg_assembly;

/**
 * struct cpg_assembler - the large messages on their way to one handle
 * @head: one for each sender that has begun one
 */
struct cpg_assembler {
	struct cpg_assembly	*head;
};

/**
 * struct cpg_payload - a message for the program
 * @data: its bytes
 * @len: how many
 * @owned: to be freed afterwards, or NULL
 * @is_held: there is no message yet, the fragment is held
 */
struct cpg_payload {
	void	*data;
	size_t	len;
	void	*owned;
	bool	is_held;
};

/**
 * cpg_assembler_rcv() - take a message from the socket
 * @asmb: the handle's
 * @from: its sender
 * @data: the message, aligned to 8 bytes
 * @len: its length
 * @out: what to hand to the program
 *
 * What claims to be a fragment and cannot be one is an ordinary message: no
 * library sent it.
 *
 * Return: 0, or -ENOMEM: the large message is lost.
 */
int cpg_assembler_rcv(struct cpg_assembler *asmb,
		      const struct sockaddr_cpg *from, void *data, size_t len,
		      struct cpg_payload *out);

/* Forgets what there is of @who's message. */
void cpg_assembler_drop(struct cpg_assembler *asmb,
			const struct cpg_member *who);

void cpg_assembler_exit(struct cpg_assembler *asmb);

#endif /* LIBCPG_FRAG_H */
