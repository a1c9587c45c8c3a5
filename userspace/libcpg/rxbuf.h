/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause) */
/*
 * Events from the socket, as many at a time as there are and fit.  The program
 * is told one after the other, and the socket, which stays readable while there
 * are any left, that the last one is being told.
 */
#ifndef LIBCPG_RXBUF_H
#define LIBCPG_RXBUF_H

#include <linux/cpg.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct cpg_rxbuf - a buffer with events
 * @refs: who has it: the instance that it is filled for, and calls whose
 *	event is in it.  All of this is under the instance's lock, but for the
 *	bytes of an event, which are of who took it
 * @size: bytes of @data
 * @len: bytes received
 * @pos: where the next event begins; those before were taken
 * @is_readable: the socket is to be told when the last event is taken
 * @data: struct cpg_record, one after the other
 */
struct cpg_rxbuf {
	unsigned int		refs;
	size_t			size;
	size_t			len;
	size_t			pos;
	bool			is_readable;
	struct cpg_record	data[]
		__attribute__((aligned(CPG_RECORD_ALIGN)));
};

/**
 * cpg_rxbuf_take() - the next event
 * @rxp: the instance's buffer or NULL; replaced by another if it is too small,
 *	or the event that somebody took of it is still being told
 * @fd: the socket
 * @rec: where to store the event; good until cpg_rxbuf_put()
 *
 * Does not wait.
 *
 * Return: the buffer that it is in, with a reference; or NULL and errno, EAGAIN
 * if there is no event, ENODATA at the end of a socket that was shut down,
 * EPROTO if what was received makes no sense.
 */
struct cpg_rxbuf *cpg_rxbuf_take(struct cpg_rxbuf **rxp, int fd,
				 struct cpg_record **rec);

/* Drops a reference. */
void cpg_rxbuf_put(struct cpg_rxbuf *rx);

/* Forgets what was not taken. */
void cpg_rxbuf_drop(struct cpg_rxbuf *rx);

#endif /* LIBCPG_RXBUF_H */
