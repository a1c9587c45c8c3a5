/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause) */
/*
 * Handles: 64-bit numbers that stand for objects.  The low half is a slot of
 * a table, the high half a random number that is not 0, so that a handle is
 * never 0 and one that was finalized stays invalid when its slot is used
 * again.
 */
#ifndef LIBCPG_HANDLE_H
#define LIBCPG_HANDLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct cpg_object - the head of what a handle stands for
 * @refs: the table's reference and one of each call that uses the object
 * @release: frees the object; called with the last reference gone, no lock
 *	held
 *
 * cpg_table_del() makes the object unreachable.  It is freed by whoever drops
 * the last reference after that, in any thread.
 */
struct cpg_object {
	atomic_uint	refs;
	void		(*release)(struct cpg_object *obj);
};

struct cpg_slot {
	struct cpg_object	*obj;
	uint32_t		check;
};

/**
 * struct cpg_table - a table of handles
 * @lock: covers the other fields and the slots; a leaf
 * @slots: the slots, or NULL
 * @n_slots: number of @slots
 */
struct cpg_table {
	pthread_mutex_t	lock;
	struct cpg_slot	*slots;
	uint32_t	n_slots;
};

#define CPG_TABLE_INIT	{ .lock = PTHREAD_MUTEX_INITIALIZER }

/**
 * cpg_table_add() - give an object a handle
 * @table: where
 * @obj: initialized; the caller's reference becomes the table's
 * @handle: where to store the handle
 *
 * Return: 0, or -ENOMEM.
 */
int cpg_table_add(struct cpg_table *table, struct cpg_object *obj,
		  uint64_t *handle);

/**
 * cpg_table_lookup() - the object a handle stands for
 * @table: where
 * @handle: any number
 *
 * Return: the object with a new reference, or NULL.
 */
struct cpg_object *cpg_table_lookup(struct cpg_table *table, uint64_t handle);

/**
 * cpg_table_del() - make a handle invalid
 * @table: where
 * @handle: any number
 *
 * Return: the object with the table's reference, or NULL.
 */
struct cpg_object *cpg_table_del(struct cpg_table *table, uint64_t handle);

/**
 * cpg_table_del_match() - make the first handle invalid that matches
 * @table: where
 * @match: tells; called with the table locked
 * @arg: for @match
 *
 * Return: the object with the table's reference, or NULL if none matches.
 */
struct cpg_object *
cpg_table_del_match(struct cpg_table *table,
		    int (*match)(struct cpg_object *obj, const void *arg),
		    const void *arg);

void cpg_object_init(struct cpg_object *obj,
		     void (*release)(struct cpg_object *obj));

void cpg_object_put(struct cpg_object *obj);

#endif /* LIBCPG_HANDLE_H */
