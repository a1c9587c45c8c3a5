// SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause)
/* Handles and their sockets: from cpg_initialize() to cpg_finalize(). */

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "inst.h"

static struct cpg_table cpg_insts = CPG_TABLE_INIT;

static struct cpg_inst *cpg_inst_of(struct cpg_object *obj)
{
	/* @obj is the first field, and NULL stays NULL. */
	return (struct cpg_inst *)(void *)obj;
}

struct cpg_inst *cpg_inst_lookup(cpg_handle_t handle)
{
	return cpg_inst_of(cpg_table_lookup(&cpg_insts, handle));
}

void cpg_inst_put(struct cpg_inst *inst)
{
	cpg_object_put(&inst->obj);
}

bool cpg_call_begin(struct cpg_call *call, cpg_handle_t handle)
{
	call->cancel = cpg_cancel_disable();
	call->inst = cpg_inst_lookup(handle);
	if (!call->inst)
		cpg_cancel_restore(call->cancel);
	return call->inst;
}

void cpg_call_end(struct cpg_call *call)
{
	cpg_inst_put(call->inst);
	cpg_cancel_restore(call->cancel);
}

bool cpg_inst_is_hung_up(const struct cpg_inst *inst)
{
	struct pollfd pfd = { .fd = inst->fd };

	return poll(&pfd, 1, 0) > 0 &&
	       (pfd.revents & (POLLHUP | POLLERR | POLLNVAL));
}

cs_error_t cpg_inst_check(const struct cpg_inst *inst)
{
	if (atomic_load(&inst->is_dead))
		return CS_ERR_BAD_HANDLE;
	if (cpg_inst_is_hung_up(inst))
		return CS_ERR_LIBRARY;
	return CS_OK;
}

cs_error_t cpg_inst_error(const struct cpg_inst *inst, int err)
{
	cs_error_t error = cpg_inst_check(inst);

	return error == CS_OK ? cpg_errno_to_cs(err) : error;
}

static void cpg_inst_release(struct cpg_object *obj)
{
	struct cpg_inst *inst = cpg_inst_of(obj);
	int cancel = cpg_cancel_disable();

	close(inst->fd);
	if (inst->wake_fd >= 0)
		close(inst->wake_fd);
	cpg_assembler_exit(&inst->assembler);
	cpg_rxbuf_put(inst->rx);
	pthread_mutex_destroy(&inst->lock);
	pthread_mutex_destroy(&inst->send_lock);
	free(inst);
	cpg_cancel_restore(cancel);
}

static struct cpg_inst *cpg_inst_create(void *context)
{
	struct cpg_inst *inst;

	inst = calloc(1, sizeof(*inst));
	if (!inst)
		return NULL;

	cpg_object_init(&inst->obj, cpg_inst_release);
	inst->fd = -1;
	inst->wake_fd = -1;
	inst->owner = getpid();
	atomic_init(&inst->context, (uintptr_t)context);
	pthread_mutex_init(&inst->lock, NULL);
	pthread_mutex_init(&inst->send_lock, NULL);
	return inst;
}

static int cpg_inst_set_u32(struct cpg_inst *inst, int option, uint32_t val)
{
	return setsockopt(inst->fd, SOL_CPG, option, &val, sizeof(val));
}

static int cpg_inst_set_view(struct cpg_inst *inst)
{
	uint32_t view = CPG_RECVVIEW_CHANGES;

	if (!inst->model.cpg_totem_confchg_fn)
		return 0;
	if (inst->model.flags & CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF)
		view |= CPG_RECVVIEW_INITIAL;
	return cpg_inst_set_u32(inst, CPGSO_RECVVIEW, view);
}

/* Without the module there is no such family. */
static cs_error_t cpg_inst_open(struct cpg_inst *inst,
				const cpg_model_v1_data_t *model)
{
	const int type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;

	inst->fd = socket(AF_CPG, type, 0);
	if (inst->fd < 0)
		return cpg_errno_to_cs(errno);

	if (model)
		inst->model = *model;
	if (inst->model.flags & ~CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF)
		return CS_ERR_INVALID_PARAM;

	if (cpg_inst_set_u32(inst, CPGSO_RECVBATCH, 1) ||
	    cpg_inst_set_view(inst))
		return cpg_errno_to_cs(errno);
	return CS_OK;
}

static cs_error_t cpg_inst_start(cpg_handle_t *handle,
				 const cpg_model_v1_data_t *model,
				 void *context)
{
	struct cpg_inst *inst = cpg_inst_create(context);
	cs_error_t error;

	if (!inst)
		return CS_ERR_NO_MEMORY;

	error = cpg_inst_open(inst, model);
	if (error == CS_OK && cpg_table_add(&cpg_insts, &inst->obj,
					    &inst->handle))
		error = CS_ERR_NO_MEMORY;
	if (error == CS_OK)
		*handle = inst->handle;
	else
		cpg_inst_put(inst);
	return error;
}

cs_error_t cpg_model_initialize(cpg_handle_t *handle, cpg_model_t model,
				cpg_model_data_t *model_data, void *context)
{
	const void *data = model_data;
	cs_error_t error;
	int cancel;

	if (model != CPG_MODEL_V1 || !handle)
		return CS_ERR_INVALID_PARAM;

	cancel = cpg_cancel_disable();
	error = cpg_inst_start(handle, data, context);
	cpg_cancel_restore(cancel);
	return error;
}

cs_error_t cpg_initialize(cpg_handle_t *handle, cpg_callbacks_t *callbacks)
{
	cpg_model_v1_data_t model = { .model = CPG_MODEL_V1 };

	if (callbacks) {
		model.cpg_deliver_fn = callbacks->cpg_deliver_fn;
		model.cpg_confchg_fn = callbacks->cpg_confchg_fn;
	}
	return cpg_model_initialize(handle, CPG_MODEL_V1,
				    (cpg_model_data_t *)(void *)&model, NULL);
}

/*
 * The socket is closed when the last call that uses it returns.  The
 * membership ends now, and calls that wait return.  A child of fork() that
 * does not want its copy leaves its parent's membership alone.
 */
static void cpg_inst_stop(struct cpg_inst *inst)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&inst->lock);
	atomic_store(&inst->is_dead, true);
	if (inst->wake_fd >= 0 && inst->owner == getpid() &&
	    write(inst->wake_fd, &one, sizeof(one)) < 0)
		abort();
	pthread_mutex_unlock(&inst->lock);

	if (inst->owner == getpid())
		shutdown(inst->fd, SHUT_RDWR);
}

cs_error_t cpg_finalize(cpg_handle_t handle)
{
	cs_error_t error = CS_ERR_BAD_HANDLE;
	struct cpg_inst *inst;
	int cancel;

	cancel = cpg_cancel_disable();
	inst = cpg_inst_of(cpg_table_del(&cpg_insts, handle));
	if (inst) {
		error = cpg_inst_check(inst);
		cpg_inst_stop(inst);
		cpg_iter_del_all(handle);
		cpg_inst_put(inst);
	}
	cpg_cancel_restore(cancel);
	return error;
}

cs_error_t cpg_fd_get(cpg_handle_t handle, int *fd)
{
	struct cpg_call call;

	if (!fd)
		return CS_ERR_INVALID_PARAM;
	if (!cpg_call_begin(&call, handle))
		return CS_ERR_BAD_HANDLE;

	*fd = call.inst->fd;
	cpg_call_end(&call);
	return CS_OK;
}

cs_error_t cpg_max_atomic_msgsize_get(cpg_handle_t handle, uint32_t *size)
{
	struct cpg_call call;

	if (!size)
		return CS_ERR_INVALID_PARAM;
	if (!cpg_call_begin(&call, handle))
		return CS_ERR_BAD_HANDLE;

	*size = CPG_MSG_MAX;
	cpg_call_end(&call);
	return CS_OK;
}

cs_error_t cpg_context_get(cpg_handle_t handle, void **context)
{
	struct cpg_call call;

	if (!context)
		return CS_ERR_INVALID_PARAM;
	if (!cpg_call_begin(&call, handle))
		return CS_ERR_BAD_HANDLE;

	*context = (void *)atomic_load(&call.inst->context);
	cpg_call_end(&call);
	return CS_OK;
}

cs_error_t cpg_context_set(cpg_handle_t handle, void *context)
{
	struct cpg_call call;

	if (!cpg_call_begin(&call, handle))
		return CS_ERR_BAD_HANDLE;

	atomic_store(&call.inst->context, (uintptr_t)context);
	cpg_call_end(&call);
	return CS_OK;
}

/* corosync's library says this always. */
cs_error_t
cpg_flow_control_state_get(cpg_handle_t handle,
			   cpg_flow_control_state_t *flow_control_enabled)
{
	struct cpg_call call;

	if (!flow_control_enabled)
		return CS_ERR_INVALID_PARAM;
	if (!cpg_call_begin(&call, handle))
		return CS_ERR_BAD_HANDLE;

	*flow_control_enabled = CPG_FLOW_CONTROL_DISABLED;
	cpg_call_end(&call);
	return CS_OK;
}
