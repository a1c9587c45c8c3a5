// SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause)
/*
 * Receiving: an event is taken, and the program is told, before the next is
 * looked at.  The descriptor stays readable as long as there is anything to
 * dispatch.
 *
 * A callback may dispatch, on the same handle too, finalize the handle, be
 * cancelled, or throw: what a call of cpg_dispatch() holds is in its frame,
 * which is given back however the call ends.
 */

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "inst.h"
#include "lock.h"

enum cpg_dispatch_limit {
	CPG_RX_WAIT_MS = 100,		/* between looks, if nothing wakes */
};

/**
 * struct cpg_frame - a call of cpg_dispatch()
 * @inst: with a reference
 * @rx: where the event is, with a reference, or NULL
 * @rec: the event, in @rx
 * @group: the group the event is of
 * @joins: of the handle, when that was copied
 * @msg: the message
 * @chg: the change of the group, in @rx, or NULL
 * @view: the view, in @rx, or NULL
 * @is_draining: the last look found an event, and so did all since
 */
struct cpg_frame {
	struct cpg_inst			*inst;
	struct cpg_rxbuf		*rx;
	struct cpg_record		*rec;
	struct cpg_name			group;
	uint32_t			joins;
	struct cpg_payload		msg;
	struct cpg_confchg		*chg;
	struct cpg_view			*view;
	bool				is_draining;
};

static bool cpg_confchg_is_valid(const struct cpg_confchg *chg, size_t len)
{
	size_t n = (size_t)chg->n_members + chg->n_left + chg->n_joined;

	return (len - sizeof(*chg)) / sizeof(chg->entries[0]) >= n;
}

static bool cpg_view_is_valid(const struct cpg_view *view, size_t len)
{
	return (len - sizeof(*view)) / sizeof(view->nodes[0]) >= view->n_nodes;
}

/* Finds what the event is.  Return: false if it makes no sense. */
static bool cpg_frame_parse(struct cpg_frame *frame)
{
	size_t len = frame->rec->len - sizeof(*frame->rec);
	void *data = frame->rec + 1;

	frame->chg = NULL;
	frame->view = NULL;
	switch (frame->rec->type) {
	case 0:
		return true;
	case SCM_CPG_CONFCHG:
		frame->chg = data;
		return len >= sizeof(*frame->chg) &&
		       cpg_confchg_is_valid(data, len);
	case SCM_CPG_VIEW:
		frame->view = data;
		return len >= sizeof(*frame->view) &&
		       cpg_view_is_valid(data, len);
	default:
		return false;
	}
}

static bool cpg_member_equal(const struct cpg_member *a,
			     const struct cpg_member *b)
{
	return a->nodeid == b->nodeid && a->pid == b->pid &&
	       a->port == b->port;
}

/*
 * Draws the conclusions for the handle.  The first change after a join is
 * that join.
 */
static void cpg_inst_confchg_locked(struct cpg_inst *inst,
				    const struct cpg_confchg *chg)
{
	const struct cpg_member *left = chg->entries + chg->n_members;
	const struct cpg_member *joined = left + chg->n_left;
	uint32_t i;

	inst->confchgs++;
	if (!inst->is_self_known && chg->n_joined) {
		inst->self = joined[0];
		inst->is_self_known = true;
	}
	for (i = 0; i < chg->n_left; i++) {
		cpg_assembler_drop(&inst->assembler, &left[i]);
		if (inst->is_self_known &&
		    cpg_member_equal(&left[i], &inst->self)) {
			cpg_assembler_exit(&inst->assembler);
			inst->state = CPG_INST_UNJOINED;
		}
	}
}

static cs_error_t cpg_frame_msg_locked(struct cpg_frame *frame)
{
	struct cpg_record *rec = frame->rec;
	size_t len = rec->len - sizeof(*rec);
	struct cpg_inst *inst = frame->inst;

	/* Nobody wants it: do not put large ones together. */
	if (!inst->model.cpg_deliver_fn) {
		frame->msg = (struct cpg_payload){ .is_held = true };
		return CS_OK;
	}
	if (!cpg_frag_is_likely(rec + 1, len)) {
		frame->msg = (struct cpg_payload){ .data = rec + 1,
						   .len = len };
		return CS_OK;
	}
	if (cpg_assembler_rcv(&inst->assembler, &rec->from, rec + 1, len,
			      &frame->msg))
		return CS_ERR_NO_MEMORY;
	return CS_OK;
}

static cs_error_t cpg_frame_rcv_error(const struct cpg_inst *inst, int err)
{
	int cancel = cpg_cancel_disable();
	cs_error_t error = cpg_inst_error(inst, err);

	cpg_cancel_restore(cancel);
	return error;
}

/* Cancellation is disabled only where it could happen: mostly it cannot. */
static cs_error_t cpg_frame_rcv_locked(struct cpg_frame *frame)
{
	struct cpg_inst *inst = frame->inst;

	cpg_rxbuf_put(frame->rx);
	frame->rx = cpg_rxbuf_take(&inst->rx, inst->fd, &frame->rec);
	if (!frame->rx && errno == EAGAIN)
		return CS_ERR_TRY_AGAIN;
	if (!frame->rx)
		return cpg_frame_rcv_error(inst, errno);

	if (!cpg_frame_parse(frame))
		return CS_ERR_LIBRARY;
	if (frame->joins != inst->joins) {
		frame->group = inst->group;
		frame->joins = inst->joins;
	}
	if (frame->chg)
		cpg_inst_confchg_locked(inst, frame->chg);
	else if (!frame->view)
		return cpg_frame_msg_locked(frame);
	return CS_OK;
}

static cs_error_t cpg_frame_rcv(struct cpg_frame *frame)
{
	bool is_locked = cpg_lock(&frame->inst->lock);
	cs_error_t error = cpg_frame_rcv_locked(frame);

	cpg_unlock(&frame->inst->lock, is_locked);
	return error;
}

/* Return: CS_ERR_TRY_AGAIN if there is no event. */
static cs_error_t cpg_inst_poll(const struct cpg_inst *inst, int wake_fd,
				int timeout)
{
	struct pollfd pfd[] = {
		{ .fd = inst->fd, .events = POLLIN },
		{ .fd = wake_fd, .events = POLLIN },
	};
	int ret;

	do {
		ret = poll(pfd, 2, timeout);
	} while (ret < 0 && errno == EINTR);

	if (atomic_load(&inst->is_dead))
		return CS_ERR_BAD_HANDLE;
	if (ret < 0)
		return cpg_errno_to_cs(errno);
	if (pfd[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		return CS_ERR_LIBRARY;
	return pfd[0].revents ? CS_OK : CS_ERR_TRY_AGAIN;
}

/*
 * Most programs wait in poll() themselves, so this descriptor is opened when
 * it is first needed.  Return: -1 if there is none.
 */
static int cpg_inst_wake_fd(struct cpg_inst *inst)
{
	int cancel = cpg_cancel_disable();
	int fd = -1;

	pthread_mutex_lock(&inst->lock);
	if (!atomic_load(&inst->is_dead)) {
		if (inst->wake_fd < 0)
			inst->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		fd = inst->wake_fd;
	}
	pthread_mutex_unlock(&inst->lock);
	cpg_cancel_restore(cancel);
	return fd;
}

/* Events were received and not told. */
static bool cpg_inst_has_events(struct cpg_inst *inst)
{
	int cancel = cpg_cancel_disable();
	bool has_events;

	pthread_mutex_lock(&inst->lock);
	has_events = inst->rx && inst->rx->pos < inst->rx->len;
	pthread_mutex_unlock(&inst->lock);
	cpg_cancel_restore(cancel);
	return has_events;
}

/*
 * The socket is readable while there are events in hand, unless another process
 * that shares it, as a child does, has asked it for more.
 */
static cs_error_t cpg_frame_wait(struct cpg_frame *frame, bool do_wait)
{
	struct cpg_inst *inst = frame->inst;
	cs_error_t error;
	int wake_fd;

	error = cpg_inst_poll(inst, -1, 0);
	if (error == CS_ERR_TRY_AGAIN && cpg_inst_has_events(inst))
		return CS_OK;
	while (error == CS_ERR_TRY_AGAIN && do_wait) {
		wake_fd = cpg_inst_wake_fd(inst);
		error = cpg_inst_poll(inst, wake_fd,
				      wake_fd < 0 ? CPG_RX_WAIT_MS : -1);
	}
	return error;
}

/*
 * Looks once whether there is an event, and whether the socket is dead, in
 * which case what is queued is lost; then takes events until there is none.
 * Another thread may be quicker to take one.
 */
static cs_error_t cpg_frame_next(struct cpg_frame *frame, bool do_wait)
{
	const struct cpg_inst *inst = frame->inst;
	cs_error_t error = CS_OK;

	do {
		if (!frame->is_draining)
			error = cpg_frame_wait(frame, do_wait);
		if (error == CS_OK)
			error = cpg_frame_rcv(frame);
		if (atomic_load(&inst->is_dead))
			return CS_ERR_BAD_HANDLE;
		frame->is_draining = error == CS_OK;
	} while (error == CS_ERR_TRY_AGAIN && do_wait);
	return error;
}

/*
 * Makes the entries, in place, what the program knows: both begin at the same
 * address, both entries with nodeid and pid, and the program's are smaller.
 */
static struct cpg_address *cpg_confchg_convert(struct cpg_confchg *chg)
{
	uint32_t n = chg->n_members + chg->n_left + chg->n_joined;
	char *base = (char *)chg->entries;
	const char *from = base;
	char *to = base;

	for (; n; n--) {
		memmove(to, from, offsetof(struct cpg_member, port));
		memmove(to + offsetof(struct cpg_address, reason),
			from + offsetof(struct cpg_member, reason),
			sizeof(chg->entries[0].reason));
		from += sizeof(struct cpg_member);
		to += sizeof(struct cpg_address);
	}
	return (struct cpg_address *)(void *)base;
}

static void cpg_frame_deliver_confchg(struct cpg_frame *frame)
{
	struct cpg_inst *inst = frame->inst;
	struct cpg_confchg *chg = frame->chg;
	struct cpg_address *members;
	struct cpg_address *joined;
	struct cpg_address *left;

	if (!inst->model.cpg_confchg_fn)
		return;

	members = cpg_confchg_convert(chg);
	left = members + chg->n_members;
	joined = left + chg->n_left;
	inst->model.cpg_confchg_fn(inst->handle, &frame->group,
				   members, chg->n_members,
				   left, chg->n_left,
				   joined, chg->n_joined);
}

static void cpg_frame_deliver_view(struct cpg_frame *frame)
{
	const struct cpg_view *view = frame->view;
	struct cpg_inst *inst = frame->inst;
	struct cpg_ring_id ring = { .nodeid = view->rep, .seq = view->seq };

	if (inst->model.cpg_totem_confchg_fn)
		inst->model.cpg_totem_confchg_fn(inst->handle, ring,
						 view->n_nodes, view->nodes);
}

static void cpg_frame_deliver_msg(struct cpg_frame *frame)
{
	struct cpg_inst *inst = frame->inst;

	if (!frame->msg.is_held)
		inst->model.cpg_deliver_fn(inst->handle, &frame->group,
					   frame->rec->from.scpg_nodeid,
					   frame->rec->from.scpg_pid,
					   frame->msg.data, frame->msg.len);
	free(frame->msg.owned);
	frame->msg.owned = NULL;
}

/* An event that the program has no callback for is an event all the same. */
static void cpg_frame_deliver(struct cpg_frame *frame)
{
	if (frame->chg)
		cpg_frame_deliver_confchg(frame);
	else if (frame->view)
		cpg_frame_deliver_view(frame);
	else
		cpg_frame_deliver_msg(frame);
}

static cs_error_t cpg_frame_run(struct cpg_frame *frame,
				cs_dispatch_flags_t flags)
{
	bool do_wait = flags != CS_DISPATCH_ALL &&
		       flags != CS_DISPATCH_ONE_NONBLOCKING;
	bool is_one = flags == CS_DISPATCH_ONE ||
		      flags == CS_DISPATCH_ONE_NONBLOCKING;
	cs_error_t error;

	do {
		error = cpg_frame_next(frame, do_wait);
		if (error == CS_ERR_TRY_AGAIN && flags == CS_DISPATCH_ALL)
			return CS_OK;
		if (error != CS_OK)
			return error;

		cpg_frame_deliver(frame);
		if (atomic_load(&frame->inst->is_dead))
			return CS_ERR_BAD_HANDLE;
	} while (!is_one);
	return CS_OK;
}

/* What a parent has received and not told, it will tell itself. */
static void cpg_frame_init(struct cpg_frame *frame, struct cpg_inst *inst)
{
	*frame = (struct cpg_frame){ .inst = inst };

	pthread_mutex_lock(&inst->lock);
	frame->group = inst->group;
	frame->joins = inst->joins;
	if (inst->rx && inst->rx->pos < inst->rx->len &&
	    inst->owner != getpid())
		cpg_rxbuf_drop(inst->rx);
	pthread_mutex_unlock(&inst->lock);
}

static void cpg_frame_exit(void *arg)
{
	struct cpg_frame *frame = arg;
	struct cpg_inst *inst = frame->inst;

	free(frame->msg.owned);
	pthread_mutex_lock(&inst->lock);
	cpg_rxbuf_put(frame->rx);
	pthread_mutex_unlock(&inst->lock);
	cpg_inst_put(inst);
}

cs_error_t cpg_dispatch(cpg_handle_t handle,
			cs_dispatch_flags_t dispatch_types)
{
	struct cpg_frame frame;
	struct cpg_inst *inst;
	cs_error_t error;

	inst = cpg_inst_lookup(handle);
	if (!inst)
		return CS_ERR_BAD_HANDLE;

	cpg_frame_init(&frame, inst);
	pthread_cleanup_push(cpg_frame_exit, &frame);
	error = cpg_frame_run(&frame, dispatch_types);
	pthread_cleanup_pop(1);
	return error;
}
