// SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause)
/* The table of handles.  Slots are reused, handles are not. */

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "handle.h"
#include "lock.h"

enum cpg_table_limit {
	CPG_TABLE_FIRST = 16,		/* slots of the first allocation */
	CPG_TABLE_MAX = 1 << 24,	/* slots at most */
};

void cpg_object_init(struct cpg_object *obj,
		     void (*release)(struct cpg_object *obj))
{
	atomic_init(&obj->refs, 1);
	obj->release = release;
}

void cpg_object_put(struct cpg_object *obj)
{
	if (atomic_fetch_sub(&obj->refs, 1) == 1)
		obj->release(obj);
}

/* Early in boot there may be no randomness: then the clock must do. */
static uint32_t cpg_table_check(void)
{
	struct timespec now;
	uint32_t check;

	if (getrandom(&check, sizeof(check), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(check)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		check = (uint32_t)now.tv_nsec * 2654435761U;
	}
	return check ? check : 1;
}

static int cpg_table_grow(struct cpg_table *table)
{
	uint32_t n = table->n_slots ? table->n_slots * 2 : CPG_TABLE_FIRST;
	struct cpg_slot *slots;
	uint32_t i;

	if (n > CPG_TABLE_MAX)
		return -ENOMEM;

	slots = realloc(table->slots, n * sizeof(*slots));
	if (!slots)
		return -ENOMEM;

	for (i = table->n_slots; i < n; i++)
		slots[i] = (struct cpg_slot){ 0 };
	table->slots = slots;
	table->n_slots = n;
	return 0;
}

static int cpg_table_add_locked(struct cpg_table *table,
				struct cpg_object *obj, uint64_t *handle)
{
	uint32_t i;
	int err;

	for (i = 0; i < table->n_slots; i++)
		if (!table->slots[i].obj)
			break;

	if (i == table->n_slots) {
		err = cpg_table_grow(table);
		if (err)
			return err;
	}

	table->slots[i].obj = obj;
	table->slots[i].check = cpg_table_check();
	*handle = (uint64_t)table->slots[i].check << 32 | i;
	return 0;
}

int cpg_table_add(struct cpg_table *table, struct cpg_object *obj,
		  uint64_t *handle)
{
	int err;

	pthread_mutex_lock(&table->lock);
	err = cpg_table_add_locked(table, obj, handle);
	pthread_mutex_unlock(&table->lock);
	return err;
}

/* A free slot has check 0, which no handle has. */
static struct cpg_slot *cpg_table_slot(struct cpg_table *table,
				       uint64_t handle)
{
	uint32_t check = handle >> 32;
	uint32_t i = (uint32_t)handle;

	if (!check || i >= table->n_slots || table->slots[i].check != check)
		return NULL;
	return &table->slots[i];
}

static struct cpg_object *cpg_slot_clear(struct cpg_slot *slot)
{
	struct cpg_object *obj = slot->obj;

	*slot = (struct cpg_slot){ 0 };
	return obj;
}

struct cpg_object *cpg_table_lookup(struct cpg_table *table, uint64_t handle)
{
	struct cpg_object *obj = NULL;
	bool is_locked = cpg_lock(&table->lock);
	struct cpg_slot *slot;

	slot = cpg_table_slot(table, handle);
	if (slot) {
		obj = slot->obj;
		atomic_fetch_add(&obj->refs, 1);
	}
	cpg_unlock(&table->lock, is_locked);
	return obj;
}

struct cpg_object *cpg_table_del(struct cpg_table *table, uint64_t handle)
{
	struct cpg_object *obj = NULL;
	struct cpg_slot *slot;

	pthread_mutex_lock(&table->lock);
	slot = cpg_table_slot(table, handle);
	if (slot)
		obj = cpg_slot_clear(slot);
	pthread_mutex_unlock(&table->lock);
	return obj;
}

struct cpg_object *
cpg_table_del_match(struct cpg_table *table,
		    int (*match)(struct cpg_object *obj, const void *arg),
		    const void *arg)
{
	struct cpg_object *obj = NULL;
	uint32_t i;

	pthread_mutex_lock(&table->lock);
	for (i = 0; i < table->n_slots && !obj; i++)
		if (table->slots[i].obj && match(table->slots[i].obj, arg))
			obj = cpg_slot_clear(&table->slots[i]);
	pthread_mutex_unlock(&table->lock);
	return obj;
}
