// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "uring.h"

static size_t uring_br_size(void)
{
	return URING_BUFS * sizeof(struct io_uring_buf);
}

static void uring_provide(struct uring *u, unsigned short id)
{
	io_uring_buf_ring_add(u->br, u->mem + id * u->size, u->size, id,
			      io_uring_buf_ring_mask(URING_BUFS), 0);
	io_uring_buf_ring_advance(u->br, 1);
}

static int uring_init_bufs(struct uring *u, int bufs)
{
	struct io_uring_buf_reg reg = { .ring_entries = URING_BUFS };
	int err;
	int i;

	u->br = mmap(NULL, uring_br_size(), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (u->br == MAP_FAILED)
		return -errno;
	reg.ring_addr = (__u64)(uintptr_t)u->br;
	err = io_uring_register_buf_ring(&u->ring, &reg, 0);
	if (err)
		goto err_unmap;
	u->mem = calloc(URING_BUFS, u->size);
	if (!u->mem) {
		err = -ENOMEM;
		goto err_unmap;
	}
	io_uring_buf_ring_init(u->br);
	for (i = 0; i < bufs; i++)
		uring_provide(u, i);
	return 0;

err_unmap:
	munmap(u->br, uring_br_size());
	return err;
}

int uring_init(struct uring *u, size_t payload, int bufs, unsigned int flags)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE | flags,
		.cq_entries = 4 * URING_ENTRIES,
	};
	int err;

	memset(u, 0, sizeof(*u));
	u->size = (URING_HEAD + payload + 7) & ~(size_t)7;
	u->msg.msg_namelen = sizeof(struct sockaddr_cpg);
	u->msg.msg_controllen = URING_CONTROL;
	err = io_uring_queue_init_params(URING_ENTRIES, &u->ring, &params);
	if (err)
		return err;
	err = uring_init_bufs(u, bufs);
	if (err)
		io_uring_queue_exit(&u->ring);
	return err;
}

void uring_exit(struct uring *u)
{
	io_uring_queue_exit(&u->ring);
	munmap(u->br, uring_br_size());
	free(u->mem);
}

struct io_uring_sqe *uring_sqe(struct uring *u, __u64 data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

	/* Nothing here queues as many as there is room for. */
	if (!sqe)
		abort();
	memset(sqe, 0, sizeof(*sqe));
	sqe->user_data = data;
	return sqe;
}

int uring_arm(struct uring *u, int fd, __u64 data)
{
	struct io_uring_sqe *sqe = uring_sqe(u, 0);
	int ret;

	io_uring_prep_recvmsg_multishot(sqe, fd, &u->msg, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->user_data = data;
	ret = io_uring_submit(&u->ring);
	return ret < 0 ? ret : 0;
}

void uring_recycle(struct uring *u, struct io_uring_cqe *cqe)
{
	if (cqe->flags & IORING_CQE_F_BUFFER)
		uring_provide(u, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
	io_uring_cqe_seen(&u->ring, cqe);
}

struct io_uring_recvmsg_out *uring_out(struct uring *u,
				       const struct io_uring_cqe *cqe)
{
	unsigned int id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;

	if (cqe->res < 0 || !(cqe->flags & IORING_CQE_F_BUFFER))
		return NULL;
	return io_uring_recvmsg_validate(u->mem + id * u->size, cqe->res,
					 &u->msg);
}
