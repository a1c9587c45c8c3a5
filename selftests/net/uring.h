/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An io_uring with a ring of provided buffers, for recvmsg multishot on an
 * AF_CPG socket.  Functions return a negative errno where they fail.
 */
#ifndef _SELFTESTS_NET_URING_H
#define _SELFTESTS_NET_URING_H

#include <liburing.h>
#include <sys/socket.h>

#include <linux/cpg.h>

enum {
	URING_ENTRIES = 64,	/* requests; completions: four times */
	URING_BUFS = 64,	/* provided at most; a power of 2 */
	URING_CONTROL = 1024,	/* bytes for ancillary data in each */
	URING_HEAD = sizeof(struct io_uring_recvmsg_out) +
		     sizeof(struct sockaddr_cpg) + URING_CONTROL,
};

/**
 * struct uring - see above
 * @ring: liburing's
 * @br: the ring of buffers
 * @mem: the buffers
 * @size: bytes of one: URING_HEAD, and the payload
 * @msg: what a buffer is made of; the kernel reads it when a request is armed
 */
struct uring {
	struct io_uring			ring;
	struct io_uring_buf_ring	*br;
	char				*mem;
	size_t				size;
	struct msghdr			msg;
};

/*
 * @payload: bytes of a buffer's payload; @bufs: so many are provided; @flags:
 * IORING_SETUP_*.
 */
int uring_init(struct uring *u, size_t payload, int bufs, unsigned int flags);

/* Ends what is in flight. */
void uring_exit(struct uring *u);

struct io_uring_sqe *uring_sqe(struct uring *u, __u64 data);

/* Submits a recvmsg multishot of @fd, whose completions have @data. */
int uring_arm(struct uring *u, int fd, __u64 data);

/* Gives a completion's buffer back, and the completion. */
void uring_recycle(struct uring *u, struct io_uring_cqe *cqe);

/* What a completion with a buffer brought, or NULL. */
struct io_uring_recvmsg_out *uring_out(struct uring *u,
				       const struct io_uring_cqe *cqe);

#endif /* _SELFTESTS_NET_URING_H */
