// SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause)
/* Receiving many events with one system call; see rxbuf.h. */

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "cancel.h"
#include "rxbuf.h"

enum {
	CPG_RX_FIRST = 32 << 10,	/* bytes at first */
};

void cpg_rxbuf_put(struct cpg_rxbuf *rx)
{
	if (rx && !--rx->refs)
		free(rx);
}

void cpg_rxbuf_drop(struct cpg_rxbuf *rx)
{
	rx->pos = rx->len;
}

static size_t cpg_record_space(size_t len)
{
	return (len + CPG_RECORD_ALIGN - 1) / CPG_RECORD_ALIGN *
	       CPG_RECORD_ALIGN;
}

static struct cpg_record *cpg_rxbuf_at(struct cpg_rxbuf *rx, size_t pos)
{
	return (struct cpg_record *)(void *)((char *)rx->data + pos);
}

/* There is nothing in the old one that was not taken. */
static int cpg_rxbuf_replace(struct cpg_rxbuf **rxp, size_t size)
{
	struct cpg_rxbuf *rx;

	size = cpg_record_space(size);
	rx = malloc(sizeof(*rx) + size);
	if (!rx)
		return -1;
	*rx = (struct cpg_rxbuf){ .refs = 1, .size = size };
	cpg_rxbuf_put(*rxp);
	*rxp = rx;
	return 0;
}

/* The first event did not fit; another process may have taken it since. */
static int cpg_rxbuf_grow(struct cpg_rxbuf **rxp, int fd)
{
	int len;

	if (ioctl(fd, FIONREAD, &len))
		return -1;
	if (len <= 0 || (size_t)len <= (*rxp)->size)
		return 0;
	return cpg_rxbuf_replace(rxp, len);
}

static ssize_t cpg_rxbuf_recv(int fd, void *data, size_t size)
{
	int cancel = cpg_cancel_disable();
	ssize_t len;

	do {
		len = recv(fd, data, size, MSG_DONTWAIT);
	} while (len < 0 && errno == EINTR);
	cpg_cancel_restore(cancel);
	return len;
}

static int cpg_rxbuf_fill(struct cpg_rxbuf **rxp, int fd)
{
	struct cpg_rxbuf *rx = *rxp;
	ssize_t len;

	if (!rx || rx->refs > 1) {
		if (cpg_rxbuf_replace(rxp, rx ? rx->size : CPG_RX_FIRST))
			return -1;
	}
	for (;;) {
		rx = *rxp;
		len = cpg_rxbuf_recv(fd, rx->data, rx->size);
		if (len >= 0)
			break;
		if (errno != EMSGSIZE || cpg_rxbuf_grow(rxp, fd))
			return -1;
	}
	rx->pos = 0;
	rx->len = len;
	rx->is_readable = len && rx->data->len < (size_t)len;
	if (!len) {
		errno = ENODATA;
		return -1;
	}
	return 0;
}

struct cpg_rxbuf *cpg_rxbuf_take(struct cpg_rxbuf **rxp, int fd,
				 struct cpg_record **rec)
{
	struct cpg_rxbuf *rx = *rxp;
	size_t left;

	if (!rx || rx->pos >= rx->len) {
		if (cpg_rxbuf_fill(rxp, fd))
			return NULL;
		rx = *rxp;
	}

	left = rx->len - rx->pos;
	*rec = cpg_rxbuf_at(rx, rx->pos);
	if (left < sizeof(**rec) || (*rec)->len < sizeof(**rec) ||
	    (*rec)->len > left) {
		cpg_rxbuf_drop(rx);
		errno = EPROTO;
		return NULL;
	}
	rx->pos += cpg_record_space((*rec)->len);
	if (rx->is_readable && rx->pos >= rx->len)
		cpg_rxbuf_recv(fd, NULL, 0);
	rx->refs++;
	return rx;
}
