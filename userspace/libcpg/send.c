// SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause)
/* Sending: small messages in one call, large ones in fragments. */

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "inst.h"

enum cpg_send_limit {
	CPG_SEND_IOV_MAX = 1024,	/* entries that sendmsg() takes */
	CPG_SEND_WAIT_MS = 1000,	/* for room for one fragment */
	CPG_SEND_PAUSE_NS = 1000000,	/* when there was not room enough */
};

/* With send(), the kernel has less to copy. */
static ssize_t cpg_send_vec(int fd, const struct iovec *iov, size_t n)
{
	const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	struct msghdr msg;

	if (n == 1)
		return send(fd, iov->iov_base, iov->iov_len, flags);
	msg = (struct msghdr){
		.msg_iov = (struct iovec *)iov,
		.msg_iovlen = n,
	};
	return sendmsg(fd, &msg, flags);
}

static int cpg_send_one(const struct cpg_inst *inst, const struct iovec *iov,
			size_t n)
{
	ssize_t ret;

	do {
		ret = cpg_send_vec(inst->fd, iov, n);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

/* corosync drops what one who is not a member sends, and says nothing. */
static cs_error_t cpg_send_small(const struct cpg_inst *inst,
				 const struct iovec *iov, size_t n)
{
	int err = cpg_send_one(inst, iov, n);

	if (!err)
		return CS_OK;
	return err == -ENOTCONN ? cpg_inst_check(inst) :
				  cpg_inst_error(inst, -err);
}

/**
 * struct cpg_large - a large message being sent
 * @inst: whose
 * @cursor: what is left of it
 * @total: its length
 * @offset: bytes that were sent
 * @confchgs: of @inst, when the first fragment was sent
 * @members: of the group, when the first fragment was sent, or NULL
 * @vec: a fragment's entries
 */
struct cpg_large {
	struct cpg_inst		*inst;
	struct cpg_frag_cursor	cursor;
	size_t			total;
	size_t			offset;
	uint32_t		confchgs;
	struct cpg_members	*members;
	struct iovec		*vec;
};

static uint64_t cpg_send_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Waits until there may be room, or it is @deadline.  The socket may be
 * writable with room for less than a fragment: @is_retry says that this was
 * so, and that it would not help to ask again at once.
 */
static int cpg_large_wait(const struct cpg_inst *inst, uint64_t deadline,
			  bool is_retry)
{
	const struct timespec pause = { .tv_nsec = CPG_SEND_PAUSE_NS };
	struct pollfd pfd = { .fd = inst->fd, .events = POLLOUT };
	uint64_t now = cpg_send_clock_ms();

	if (now >= deadline)
		return -EAGAIN;
	if (is_retry)
		nanosleep(&pause, NULL);
	if (poll(&pfd, 1, (int)(deadline - now)) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

static int cpg_large_send_vec(struct cpg_large *msg, size_t n)
{
	uint64_t deadline = cpg_send_clock_ms() + CPG_SEND_WAIT_MS;
	bool is_retry = false;
	int err;

	for (;;) {
		err = cpg_send_one(msg->inst, msg->vec, n);
		if (err != -EAGAIN && err != -ENOBUFS)
			return err;
		err = cpg_large_wait(msg->inst, deadline, is_retry);
		if (err)
			return err;
		is_retry = true;
	}
}

static cs_error_t cpg_large_send_next(struct cpg_large *msg)
{
	struct cpg_frag_hdr hdr;
	cs_error_t error;
	size_t len;
	size_t n;
	int err;

	cpg_frag_hdr_init(&hdr, msg->total, msg->offset, msg->inst->frag_id);
	msg->vec[0].iov_base = &hdr;
	msg->vec[0].iov_len = sizeof(hdr);
	n = cpg_frag_slice(&msg->cursor, CPG_FRAG_PAYLOAD_MAX, msg->vec + 1,
			   &len);
	err = cpg_large_send_vec(msg, n + 1);
	if (err == -ENOTCONN) {
		error = cpg_inst_check(msg->inst);
		return error == CS_OK ? CS_ERR_NOT_EXIST : error;
	}
	if (err)
		return cpg_inst_error(msg->inst, -err);

	msg->offset += len;
	return CS_OK;
}

/* The members at this moment; NULL if the handle is in no group. */
static cs_error_t cpg_large_members(const struct cpg_large *msg,
				    struct cpg_members **members)
{
	struct cpg_inst *inst = msg->inst;
	enum cpg_inst_state state;
	struct cpg_name name;

	pthread_mutex_lock(&inst->lock);
	state = inst->state;
	name = inst->group;
	pthread_mutex_unlock(&inst->lock);

	*members = NULL;
	if (state == CPG_INST_UNJOINED)
		return CS_OK;
	return cpg_inst_members(inst, &name, members);
}

static uint32_t cpg_large_confchgs(const struct cpg_large *msg)
{
	uint32_t confchgs;

	pthread_mutex_lock(&msg->inst->lock);
	confchgs = msg->inst->confchgs;
	pthread_mutex_unlock(&msg->inst->lock);
	return confchgs;
}

static bool cpg_members_equal(const struct cpg_members *a,
			      const struct cpg_members *b)
{
	if (!a || !b)
		return a == b;
	return a->n_members == b->n_members &&
	       !memcmp(a->members, b->members,
		       a->n_members * sizeof(a->members[0]));
}

/*
 * Who joins between the first fragment and the last gets nothing, while the
 * others deliver the message after that join.  So the message must not be
 * finished once the group has changed, whether the change was dispatched or
 * is still queued.
 */
static cs_error_t cpg_large_check(const struct cpg_large *msg)
{
	struct cpg_members *members;
	cs_error_t error;

	if (cpg_large_confchgs(msg) != msg->confchgs)
		return CS_ERR_INTERRUPT;

	error = cpg_large_members(msg, &members);
	if (error != CS_OK)
		return error;
	if (!cpg_members_equal(members, msg->members))
		error = CS_ERR_INTERRUPT;
	free(members);
	return error;
}

static cs_error_t cpg_large_send(struct cpg_large *msg)
{
	cs_error_t error;

	msg->inst->frag_id++;
	msg->confchgs = cpg_large_confchgs(msg);
	error = cpg_large_members(msg, &msg->members);
	if (error == CS_OK)
		error = cpg_large_send_next(msg);

	while (error == CS_OK && msg->offset < msg->total) {
		error = cpg_large_check(msg);
		if (error == CS_OK)
			error = cpg_large_send_next(msg);
	}
	free(msg->members);
	return error;
}

static cs_error_t cpg_send_large(struct cpg_inst *inst,
				 const struct iovec *iov, size_t n,
				 size_t total)
{
	struct cpg_large msg = {
		.inst = inst,
		.cursor = { .iov = iov, .n = n },
		.total = total,
	};
	cs_error_t error;

	msg.vec = calloc(n + 1, sizeof(*msg.vec));
	if (!msg.vec)
		return CS_ERR_NO_MEMORY;

	pthread_mutex_lock(&inst->send_lock);
	error = cpg_large_send(&msg);
	pthread_mutex_unlock(&inst->send_lock);
	free(msg.vec);
	return error;
}

static cs_error_t cpg_send(struct cpg_inst *inst, const struct iovec *iov,
			   size_t n, size_t total)
{
	if (total > CPG_FRAG_TOTAL_MAX)
		return CS_ERR_TOO_BIG;
	if (total > CPG_MSG_MAX || cpg_frag_is_magic(iov, n))
		return cpg_send_large(inst, iov, n, total);
	return cpg_send_small(inst, iov, n);
}

/* More entries than sendmsg() takes, one of them kept for a header. */
static cs_error_t cpg_send_flat(struct cpg_inst *inst,
				const struct iovec *iov, size_t n,
				size_t total)
{
	struct iovec flat = { .iov_len = total };
	cs_error_t error;
	size_t done = 0;
	size_t i;

	flat.iov_base = malloc(total ? total : 1);
	if (!flat.iov_base)
		return CS_ERR_NO_MEMORY;

	for (i = 0; i < n; i++) {
		if (!iov[i].iov_len)
			continue;
		memcpy((char *)flat.iov_base + done, iov[i].iov_base,
		       iov[i].iov_len);
		done += iov[i].iov_len;
	}
	error = cpg_send(inst, &flat, 1, total);
	free(flat.iov_base);
	return error;
}

/* Return: false if there is no such length. */
static bool cpg_send_length(const struct iovec *iov, size_t n, size_t *total)
{
	size_t i;

	*total = 0;
	for (i = 0; i < n; i++)
		if (__builtin_add_overflow(*total, iov[i].iov_len, total))
			return false;
	return true;
}

/* Whatever the guarantee, corosync sends in agreed order, as the socket. */
cs_error_t cpg_mcast_joined(cpg_handle_t handle, cpg_guarantee_t guarantee,
			    const struct iovec *iovec, unsigned int iov_len)
{
	struct cpg_call call;
	cs_error_t error;
	size_t total;

	(void)guarantee;
	if (!cpg_call_begin(&call, handle))
		return CS_ERR_BAD_HANDLE;

	if (!iovec && iov_len)
		error = CS_ERR_INVALID_PARAM;
	else if (!cpg_send_length(iovec, iov_len, &total))
		error = CS_ERR_TOO_BIG;
	else if (iov_len >= CPG_SEND_IOV_MAX)
		error = cpg_send_flat(call.inst, iovec, iov_len, total);
	else
		error = cpg_send(call.inst, iovec, iov_len, total);
	cpg_call_end(&call);
	return error;
}

/*
 * A copy into the kernel is needed in any case, so a buffer is memory as any
 * other.  Like corosync since 2026, these two do not look at the handle.
 */
cs_error_t cpg_zcb_alloc(cpg_handle_t handle, size_t size, void **buffer)
{
	void *buf;

	(void)handle;
	if (!buffer)
		return CS_ERR_INVALID_PARAM;
	buf = malloc(size ? size : 1);
	if (!buf)
		return CS_ERR_NO_MEMORY;

	*buffer = buf;
	return CS_OK;
}

cs_error_t cpg_zcb_free(cpg_handle_t handle, void *buffer)
{
	(void)handle;
	free(buffer);
	return CS_OK;
}

cs_error_t cpg_zcb_mcast_joined(cpg_handle_t handle,
				cpg_guarantee_t guarantee,
				void *msg, size_t msg_len)
{
	const struct iovec iov = { .iov_base = msg, .iov_len = msg_len };

	return cpg_mcast_joined(handle, guarantee, &iov, 1);
}
