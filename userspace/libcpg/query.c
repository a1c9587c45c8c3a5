// SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause)
/* Questions to the socket about groups and nodes. */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "inst.h"

enum cpg_query_limit {
	CPG_QUERY_FIRST = 4096,		/* bytes asked for at first */
	CPG_QUERY_MAX = 1 << 28,	/* bytes at most */
};

void cpg_group_init(struct cpg_group *group, const struct cpg_name *name)
{
	*group = (struct cpg_group){ .name_len = name->length };
	memcpy(group->name, name->value, name->length);
}

void cpg_name_init(struct cpg_name *name, const struct cpg_group *group)
{
	*name = (struct cpg_name){ .length = group->name_len };
	if (name->length > CPG_MAX_NAME_LENGTH)
		name->length = CPG_MAX_NAME_LENGTH;
	memcpy(name->value, group->name, name->length);
}

/*
 * One attempt with a buffer of *@size bytes, which says afterwards how much
 * there is, or would have been.
 */
static int cpg_inst_query_once(const struct cpg_inst *inst, int option,
			       const struct cpg_group *group, void **res,
			       socklen_t *size)
{
	void *buf = calloc(1, *size);
	int err;

	if (!buf)
		return -ENOMEM;
	if (group)
		memcpy(buf, group, sizeof(*group));

	if (getsockopt(inst->fd, SOL_CPG, option, buf, size)) {
		err = -errno;
		free(buf);
		return err;
	}
	*res = buf;
	return 0;
}

/* The list may grow between two attempts, so each asks for more. */
cs_error_t cpg_inst_query(const struct cpg_inst *inst, int option,
			  const struct cpg_group *group, void **res,
			  size_t *len)
{
	socklen_t room = CPG_QUERY_FIRST;
	socklen_t size;
	int err;

	for (;;) {
		size = room;
		err = cpg_inst_query_once(inst, option, group, res, &size);
		if (err != -ENOBUFS)
			break;
		room *= 2;
		if (room < size)
			room = size;
		if (room > CPG_QUERY_MAX)
			return CS_ERR_NO_MEMORY;
	}
	if (err)
		return cpg_inst_error(inst, -err);

	*len = size;
	return CS_OK;
}

cs_error_t cpg_inst_members(const struct cpg_inst *inst,
			    const struct cpg_name *name,
			    struct cpg_members **res)
{
	struct cpg_group group;
	cs_error_t error;
	size_t len;
	void *buf;

	cpg_group_init(&group, name);
	error = cpg_inst_query(inst, CPGSO_MEMBERS, &group, &buf, &len);
	if (error != CS_OK)
		return error;

	*res = buf;
	if (len < sizeof(**res) ||
	    (len - sizeof(**res)) / sizeof((*res)->members[0]) <
	    (*res)->n_members) {
		free(buf);
		return CS_ERR_LIBRARY;
	}
	return CS_OK;
}

/*
 * The room the program has is not known: what corosync's header promises must
 * do, and what is beyond it is left out.
 */
static void cpg_members_copy(const struct cpg_members *members,
			     struct cpg_address *list, int *entries)
{
	uint32_t n = members->n_members;
	uint32_t i;

	if (n > CPG_MEMBERS_MAX)
		n = CPG_MEMBERS_MAX;
	for (i = 0; i < n; i++)
		list[i] = (struct cpg_address){
			.nodeid = members->members[i].nodeid,
			.pid = members->members[i].pid,
			.reason = CPG_REASON_UNDEFINED,
		};
	*entries = n;
}

cs_error_t cpg_membership_get(cpg_handle_t handle,
			      struct cpg_name *group_name,
			      struct cpg_address *member_list,
			      int *member_list_entries)
{
	struct cpg_members *members;
	struct cpg_call call;
	cs_error_t error;

	if (group_name && group_name->length > CPG_MAX_NAME_LENGTH)
		return CS_ERR_NAME_TOO_LONG;
	if (!group_name || !member_list || !member_list_entries)
		return CS_ERR_INVALID_PARAM;
	if (!cpg_call_begin(&call, handle))
		return CS_ERR_BAD_HANDLE;

	error = cpg_inst_check(call.inst);
	if (error == CS_OK)
		error = cpg_inst_members(call.inst, group_name, &members);
	if (error == CS_OK) {
		cpg_members_copy(members, member_list, member_list_entries);
		free(members);
	}
	cpg_call_end(&call);
	return error;
}

cs_error_t cpg_local_get(cpg_handle_t handle, unsigned int *local_nodeid)
{
	struct cpg_call call;
	cs_error_t error;
	socklen_t len;
	uint32_t id;

	if (!local_nodeid)
		return CS_ERR_INVALID_PARAM;
	if (!cpg_call_begin(&call, handle))
		return CS_ERR_BAD_HANDLE;

	len = sizeof(id);
	error = cpg_inst_check(call.inst);
	if (error == CS_OK && getsockopt(call.inst->fd, SOL_CPG, CPGSO_NODEID,
					 &id, &len))
		error = cpg_inst_error(call.inst, errno);
	if (error == CS_OK)
		*local_nodeid = id;
	cpg_call_end(&call);
	return error;
}
