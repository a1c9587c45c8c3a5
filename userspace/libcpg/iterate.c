// SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause)
/*
 * Iterations: a list of groups and members, made when the iteration begins,
 * which later changes do not touch.
 */

#include <stdlib.h>
#include <string.h>

#include "inst.h"

/**
 * struct cpg_iter - what an iteration handle stands for
 * @obj: reference count
 * @parent: the handle it was made with, and ends with
 * @lock: covers @next
 * @next: the item to come
 * @n: number of @items
 * @items: immutable
 */
struct cpg_iter {
	struct cpg_object	obj;
	cpg_handle_t		parent;
	pthread_mutex_t		lock;
	size_t			next;
	size_t			n;
	struct cpg_iteration_description_t *items;
};

/**
 * struct cpg_iter_list - the items while they are collected
 * @items: the items
 * @n: number of @items
 * @room: items there is room for
 * @is_name_only: one item for a group, not one for a member
 */
struct cpg_iter_list {
	struct cpg_iteration_description_t *items;
	size_t	n;
	size_t	room;
	bool	is_name_only;
};

static struct cpg_table cpg_iters = CPG_TABLE_INIT;

static struct cpg_iter *cpg_iter_of(struct cpg_object *obj)
{
	/* @obj is the first field, and NULL stays NULL. */
	return (struct cpg_iter *)(void *)obj;
}

static void cpg_iter_release(struct cpg_object *obj)
{
	struct cpg_iter *iter = cpg_iter_of(obj);

	pthread_mutex_destroy(&iter->lock);
	free(iter->items);
	free(iter);
}

static int cpg_iter_match(struct cpg_object *obj, const void *arg)
{
	return cpg_iter_of(obj)->parent == *(const cpg_handle_t *)arg;
}

void cpg_iter_del_all(cpg_handle_t parent)
{
	struct cpg_object *obj;

	while ((obj = cpg_table_del_match(&cpg_iters, cpg_iter_match,
					  &parent)))
		cpg_object_put(obj);
}

static cs_error_t cpg_iter_list_add(struct cpg_iter_list *list,
				    const struct cpg_name *name,
				    uint32_t nodeid, uint32_t pid)
{
	struct cpg_iteration_description_t *items = list->items;
	size_t room = list->room;

	if (list->n == room) {
		room = room ? 2 * room : 64;
		items = reallocarray(items, room, sizeof(*items));
		if (!items)
			return CS_ERR_NO_MEMORY;
		list->items = items;
		list->room = room;
	}
	items[list->n++] = (struct cpg_iteration_description_t){
		.group = *name,
		.nodeid = nodeid,
		.pid = pid,
	};
	return CS_OK;
}

static cs_error_t cpg_iter_list_add_group(struct cpg_iter_list *list,
					  const struct cpg_members *group,
					  const struct cpg_member *members)
{
	cs_error_t error = CS_OK;
	struct cpg_name name;
	uint32_t i;

	cpg_name_init(&name, &group->group);
	if (list->is_name_only)
		return cpg_iter_list_add(list, &name, 0, 0);

	for (i = 0; i < group->n_members && error == CS_OK; i++)
		error = cpg_iter_list_add(list, &name, members[i].nodeid,
					  members[i].pid);
	return error;
}

/* Every length in the answer is checked before it is used. */
static cs_error_t cpg_iter_list_parse(struct cpg_iter_list *list,
				      const struct cpg_groups *groups,
				      size_t len)
{
	const uint8_t *end = (const uint8_t *)groups + len;
	const uint8_t *pos = groups->data;
	const struct cpg_members *group;
	cs_error_t error = CS_OK;
	uint32_t i;

	for (i = 0; i < groups->n_groups && error == CS_OK; i++) {
		group = (const void *)pos;
		if ((size_t)(end - pos) < sizeof(*group) ||
		    (size_t)(end - pos - sizeof(*group)) /
		    sizeof(struct cpg_member) < group->n_members)
			return CS_ERR_LIBRARY;

		pos += sizeof(*group);
		error = cpg_iter_list_add_group(list, group, (const void *)pos);
		pos += group->n_members * sizeof(struct cpg_member);
	}
	return error;
}

static cs_error_t cpg_iter_list_all(struct cpg_iter_list *list,
				    const struct cpg_inst *inst)
{
	cs_error_t error;
	size_t len;
	void *buf;

	error = cpg_inst_query(inst, CPGSO_GROUPS, NULL, &buf, &len);
	if (error != CS_OK)
		return error;

	if (len < sizeof(struct cpg_groups))
		error = CS_ERR_LIBRARY;
	else
		error = cpg_iter_list_parse(list, buf, len);
	free(buf);
	return error;
}

static cs_error_t cpg_iter_list_one(struct cpg_iter_list *list,
				    const struct cpg_inst *inst,
				    const struct cpg_name *name)
{
	struct cpg_members *members;
	cs_error_t error;

	error = cpg_inst_members(inst, name, &members);
	if (error != CS_OK)
		return error;

	error = cpg_iter_list_add_group(list, members, members->members);
	free(members);
	return error;
}

/* Takes the items of @list. */
static cs_error_t cpg_iter_create(cpg_handle_t parent,
				  struct cpg_iter_list *list,
				  cpg_iteration_handle_t *handle)
{
	struct cpg_iter *iter = calloc(1, sizeof(*iter));

	if (!iter)
		return CS_ERR_NO_MEMORY;

	cpg_object_init(&iter->obj, cpg_iter_release);
	pthread_mutex_init(&iter->lock, NULL);
	iter->parent = parent;
	iter->items = list->items;
	iter->n = list->n;
	list->items = NULL;
	if (cpg_table_add(&cpg_iters, &iter->obj, handle)) {
		cpg_object_put(&iter->obj);
		return CS_ERR_NO_MEMORY;
	}
	return CS_OK;
}

static cs_error_t cpg_iter_start(const struct cpg_inst *inst,
				 const struct cpg_name *name,
				 struct cpg_iter_list *list,
				 cpg_iteration_handle_t *handle)
{
	cs_error_t error;

	error = cpg_inst_check(inst);
	if (error != CS_OK)
		return error;

	if (name)
		error = cpg_iter_list_one(list, inst, name);
	else
		error = cpg_iter_list_all(list, inst);
	if (error == CS_OK)
		error = cpg_iter_create(inst->handle, list, handle);

	/* It may have been finalized before it was found in the table. */
	if (error == CS_OK && atomic_load(&inst->is_dead)) {
		cpg_iteration_finalize(*handle);
		error = CS_ERR_BAD_HANDLE;
	}
	return error;
}

static bool cpg_iter_is_valid(cpg_iteration_type_t type,
			      const struct cpg_name *group)
{
	switch (type) {
	case CPG_ITERATION_ONE_GROUP:
		return group;
	case CPG_ITERATION_NAME_ONLY:
	case CPG_ITERATION_ALL:
		return !group;
	default:
		return false;
	}
}

cs_error_t
cpg_iteration_initialize(cpg_handle_t handle,
			 cpg_iteration_type_t iteration_type,
			 const struct cpg_name *group,
			 cpg_iteration_handle_t *cpg_iteration_handle)
{
	struct cpg_iter_list list = {
		.is_name_only = iteration_type == CPG_ITERATION_NAME_ONLY,
	};
	struct cpg_call call;
	cs_error_t error;

	if (group && group->length > CPG_MAX_NAME_LENGTH)
		return CS_ERR_NAME_TOO_LONG;
	if (!cpg_iteration_handle || !cpg_iter_is_valid(iteration_type, group))
		return CS_ERR_INVALID_PARAM;
	if (!cpg_call_begin(&call, handle))
		return CS_ERR_BAD_HANDLE;

	error = cpg_iter_start(call.inst, group, &list, cpg_iteration_handle);
	free(list.items);
	cpg_call_end(&call);
	return error;
}

/* After the end it begins again, as corosync's does. */
cs_error_t cpg_iteration_next(cpg_iteration_handle_t handle,
			      struct cpg_iteration_description_t *description)
{
	cs_error_t error = CS_OK;
	struct cpg_iter *iter;

	if (!description)
		return CS_ERR_INVALID_PARAM;
	iter = cpg_iter_of(cpg_table_lookup(&cpg_iters, handle));
	if (!iter)
		return CS_ERR_BAD_HANDLE;

	pthread_mutex_lock(&iter->lock);
	if (iter->next < iter->n) {
		*description = iter->items[iter->next++];
	} else {
		iter->next = 0;
		error = CS_ERR_NO_SECTIONS;
	}
	pthread_mutex_unlock(&iter->lock);
	cpg_object_put(&iter->obj);
	return error;
}

cs_error_t cpg_iteration_finalize(cpg_iteration_handle_t handle)
{
	struct cpg_object *obj = cpg_table_del(&cpg_iters, handle);

	if (!obj)
		return CS_ERR_BAD_HANDLE;
	cpg_object_put(obj);
	return CS_OK;
}
