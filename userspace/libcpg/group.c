// SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause)
/* Joining and leaving. */

#include <sys/socket.h>

#include "inst.h"

/*
 * A handle that has left may join again once its program was told that it
 * left: until then events of the old group may be queued, and the group's
 * name is needed for them.
 */
static cs_error_t cpg_inst_join_locked(struct cpg_inst *inst,
				       const struct cpg_name *name)
{
	struct cpg_group group;
	cs_error_t error;

	error = cpg_inst_check(inst);
	if (error != CS_OK)
		return error;
	if (inst->state != CPG_INST_UNJOINED)
		return CS_ERR_EXIST;

	cpg_group_init(&group, name);
	if (setsockopt(inst->fd, SOL_CPG, CPGSO_JOIN, &group, sizeof(group)))
		return errno == EISCONN ? CS_ERR_EXIST :
					  cpg_inst_error(inst, errno);

	cpg_name_init(&inst->group, &group);
	inst->joins++;
	inst->is_self_known = false;
	inst->state = CPG_INST_JOINED;
	return CS_OK;
}

cs_error_t cpg_join(cpg_handle_t handle, const struct cpg_name *group)
{
	struct cpg_call call;
	cs_error_t error;

	if (!group)
		return CS_ERR_INVALID_PARAM;
	if (group->length > CPG_MAX_NAME_LENGTH)
		return CS_ERR_NAME_TOO_LONG;
	if (!cpg_call_begin(&call, handle))
		return CS_ERR_BAD_HANDLE;

	pthread_mutex_lock(&call.inst->lock);
	error = cpg_inst_join_locked(call.inst, group);
	pthread_mutex_unlock(&call.inst->lock);
	cpg_call_end(&call);
	return error;
}

/* In no group: it never was, or was put out since it was looked at. */
static cs_error_t cpg_inst_leave_error(const struct cpg_inst *inst, int err)
{
	cs_error_t error = cpg_inst_check(inst);

	if (error != CS_OK)
		return error;
	return err == ENOTCONN ? CS_ERR_NOT_EXIST : cpg_errno_to_cs(err);
}

static cs_error_t cpg_inst_leave_locked(struct cpg_inst *inst)
{
	cs_error_t error;

	error = cpg_inst_check(inst);
	if (error != CS_OK)
		return error;
	if (setsockopt(inst->fd, SOL_CPG, CPGSO_LEAVE, NULL, 0))
		return cpg_inst_leave_error(inst, errno);

	inst->state = CPG_INST_LEAVING;
	return CS_OK;
}

/* A handle is in one group at most, which is the one it leaves. */
cs_error_t cpg_leave(cpg_handle_t handle, const struct cpg_name *group)
{
	struct cpg_call call;
	cs_error_t error;

	if (!group)
		return CS_ERR_INVALID_PARAM;
	if (group->length > CPG_MAX_NAME_LENGTH)
		return CS_ERR_NAME_TOO_LONG;
	if (!cpg_call_begin(&call, handle))
		return CS_ERR_BAD_HANDLE;

	pthread_mutex_lock(&call.inst->lock);
	error = cpg_inst_leave_locked(call.inst);
	pthread_mutex_unlock(&call.inst->lock);
	cpg_call_end(&call);
	return error;
}
