// SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause)
/* Cutting large messages and putting them together; see frag.h. */

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frag.h"

/**
 * struct cpg_assembly - a large message, as far as it has come
 * @next: in the assembler's list
 * @from: its sender
 * @total: bytes of the whole message
 * @id: the sender's number of it
 * @have: bytes that are there, from the beginning
 * @room: bytes allocated
 * @buf: the bytes
 *
 * @room follows @have and not @total, so that a sender cannot make its
 * receivers allocate more than twice what it has sent.
 */
struct cpg_assembly {
	struct cpg_assembly	*next;
	struct cpg_member	from;
	uint32_t		total;
	uint32_t		id;
	size_t			have;
	size_t			room;
	uint8_t			*buf;
};

static const uint8_t cpg_frag_magic[CPG_FRAG_MAGIC_LEN] = {
	CPG_FRAG_MAGIC_FIRST, 0x86, 0x46, 0xef, 0x17, 0xbf, 0x16, 0x57,
	0x42, 0xf5, 0x22, 0x58, 0x58, 0xbb, 0x32, 0x40,
};

void cpg_frag_hdr_init(struct cpg_frag_hdr *hdr, uint32_t total,
		       uint32_t offset, uint32_t id)
{
	memcpy(hdr->magic, cpg_frag_magic, sizeof(hdr->magic));
	hdr->total = htole32(total);
	hdr->offset = htole32(offset);
	hdr->id = htole32(id);
	hdr->zero = 0;
}

bool cpg_frag_is_magic(const struct iovec *iov, size_t n)
{
	size_t done = 0;
	size_t part;

	/* The first byte tells of nearly all that they do not. */
	if (n && iov->iov_len &&
	    *(const uint8_t *)iov->iov_base != CPG_FRAG_MAGIC_FIRST)
		return false;

	for (; n && done < CPG_FRAG_MAGIC_LEN; iov++, n--) {
		part = CPG_FRAG_MAGIC_LEN - done;
		if (part > iov->iov_len)
			part = iov->iov_len;
		if (part && memcmp(iov->iov_base, cpg_frag_magic + done, part))
			return false;
		done += part;
	}
	return done == CPG_FRAG_MAGIC_LEN;
}

size_t cpg_frag_slice(struct cpg_frag_cursor *cursor, size_t max,
		      struct iovec *out, size_t *len)
{
	size_t used = 0;
	size_t part;

	*len = 0;
	while (cursor->n && *len < max) {
		part = cursor->iov->iov_len - cursor->skip;
		if (part > max - *len)
			part = max - *len;
		if (part) {
			out[used].iov_base =
				(char *)cursor->iov->iov_base + cursor->skip;
			out[used++].iov_len = part;
		}
		*len += part;
		cursor->skip += part;
		if (cursor->skip == cursor->iov->iov_len) {
			cursor->iov++;
			cursor->n--;
			cursor->skip = 0;
		}
	}
	return used;
}

/* Makes *@hdr the header in the byte order of this machine. */
static bool cpg_frag_hdr_parse(const void *data, size_t len,
			       struct cpg_frag_hdr *hdr)
{
	size_t payload;

	if (len <= sizeof(*hdr) ||
	    memcmp(data, cpg_frag_magic, sizeof(cpg_frag_magic)))
		return false;

	memcpy(hdr, data, sizeof(*hdr));
	hdr->total = le32toh(hdr->total);
	hdr->offset = le32toh(hdr->offset);
	hdr->id = le32toh(hdr->id);
	payload = len - sizeof(*hdr);
	return !hdr->zero && hdr->offset < hdr->total &&
	       payload <= hdr->total - hdr->offset;
}

/* The link that points to the sender's assembly, or the last one. */
static struct cpg_assembly **
cpg_assembly_link(struct cpg_assembler *asmb, const struct cpg_member *from)
{
	struct cpg_assembly **link;

	for (link = &asmb->head; *link; link = &(*link)->next)
		if ((*link)->from.nodeid == from->nodeid &&
		    (*link)->from.pid == from->pid &&
		    (*link)->from.port == from->port)
			break;
	return link;
}

static void cpg_assembly_destroy(struct cpg_assembly **link)
{
	struct cpg_assembly *msg = *link;

	*link = msg->next;
	free(msg->buf);
	free(msg);
}

static struct cpg_assembly *
cpg_assembly_create(struct cpg_assembly **link, const struct cpg_member *from,
		    const struct cpg_frag_hdr *hdr)
{
	struct cpg_assembly *msg;

	msg = calloc(1, sizeof(*msg));
	if (!msg)
		return NULL;

	msg->next = *link;
	msg->from = *from;
	msg->total = hdr->total;
	msg->id = hdr->id;
	*link = msg;
	return msg;
}

static int cpg_assembly_append(struct cpg_assembly *msg, const void *data,
			       size_t len)
{
	size_t room = msg->room;
	uint8_t *buf;

	if (room < msg->have + len) {
		room = 2 * room > msg->have + len ? 2 * room : msg->have + len;
		if (room > msg->total)
			room = msg->total;
		buf = realloc(msg->buf, room);
		if (!buf)
			return -ENOMEM;
		msg->buf = buf;
		msg->room = room;
	}
	memcpy(msg->buf + msg->have, data, len);
	msg->have += len;
	return 0;
}

/* Hands the buffer over to @out. */
static void cpg_assembly_finish(struct cpg_assembly **link,
				struct cpg_payload *out)
{
	struct cpg_assembly *msg = *link;

	*out = (struct cpg_payload){
		.data = msg->buf,
		.len = msg->total,
		.owned = msg->buf,
	};
	msg->buf = NULL;
	cpg_assembly_destroy(link);
}

/* The message that the fragment belongs to: begun with the first one. */
static struct cpg_assembly **
cpg_assembler_find(struct cpg_assembler *asmb, const struct cpg_member *from,
		   const struct cpg_frag_hdr *hdr)
{
	struct cpg_assembly **link = cpg_assembly_link(asmb, from);
	struct cpg_assembly *msg = *link;

	if (msg && msg->id == hdr->id && msg->total == hdr->total &&
	    msg->have == hdr->offset)
		return link;
	if (msg)
		cpg_assembly_destroy(link);
	return NULL;
}

static int cpg_assembler_add(struct cpg_assembler *asmb,
			     const struct cpg_member *from,
			     const struct cpg_frag_hdr *hdr,
			     const void *data, size_t len,
			     struct cpg_payload *out)
{
	struct cpg_assembly **link;

	out->is_held = true;
	if (!hdr->offset) {
		cpg_assembler_drop(asmb, from);
		link = &asmb->head;
		if (!cpg_assembly_create(link, from, hdr))
			return -ENOMEM;
	} else {
		link = cpg_assembler_find(asmb, from, hdr);
		if (!link)
			return 0;
	}

	if (cpg_assembly_append(*link, data, len)) {
		cpg_assembly_destroy(link);
		return -ENOMEM;
	}
	if ((*link)->have == (*link)->total)
		cpg_assembly_finish(link, out);
	return 0;
}

int cpg_assembler_rcv(struct cpg_assembler *asmb,
		      const struct sockaddr_cpg *from, void *data, size_t len,
		      struct cpg_payload *out)
{
	struct cpg_member who = {
		.nodeid = from->scpg_nodeid,
		.pid = from->scpg_pid,
		.port = from->scpg_port,
	};
	struct cpg_frag_hdr hdr;

	*out = (struct cpg_payload){ .data = data, .len = len };
	if (!cpg_frag_hdr_parse(data, len, &hdr))
		return 0;

	return cpg_assembler_add(asmb, &who, &hdr, (char *)data + sizeof(hdr),
				 len - sizeof(hdr), out);
}

void cpg_assembler_drop(struct cpg_assembler *asmb,
			const struct cpg_member *who)
{
	struct cpg_assembly **link = cpg_assembly_link(asmb, who);

	if (*link)
		cpg_assembly_destroy(link);
}

void cpg_assembler_exit(struct cpg_assembler *asmb)
{
	while (asmb->head)
		cpg_assembly_destroy(&asmb->head);
}
