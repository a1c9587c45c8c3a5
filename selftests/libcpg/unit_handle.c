// SPDX-License-Identifier: GPL-2.0
/* The library's table of handles, alone. */

#include "kselftest_harness.h"

#include "../../userspace/libcpg/handle.h"

enum {
	MANY = 1000,
	THREADS = 4,
	ROUNDS = 20000,
};

struct thing {
	struct cpg_object	obj;
	int			*released;
	int			number;
};

static void thing_release(struct cpg_object *obj)
{
	struct thing *thing = (struct thing *)(void *)obj;

	__atomic_add_fetch(thing->released, 1, __ATOMIC_SEQ_CST);
	free(thing);
}

static struct thing *thing_create(int *released, int number)
{
	struct thing *thing = calloc(1, sizeof(*thing));

	if (!thing)
		abort();
	cpg_object_init(&thing->obj, thing_release);
	thing->released = released;
	thing->number = number;
	return thing;
}

FIXTURE(handle)
{
	struct cpg_table table;
	int released;
};

FIXTURE_SETUP(handle)
{
	self->table = (struct cpg_table)CPG_TABLE_INIT;
	self->released = 0;
}

FIXTURE_TEARDOWN(handle)
{
	free(self->table.slots);
}

static uint64_t add(struct cpg_table *table, int *released, int number)
{
	uint64_t handle = 0;

	if (cpg_table_add(table, &thing_create(released, number)->obj,
			  &handle))
		abort();
	return handle;
}

TEST_F(handle, c02_never_0)
{
	uint64_t handle = add(&self->table, &self->released, 1);

	EXPECT_NE(0, handle);
	EXPECT_NE(0, handle >> 32);
	EXPECT_EQ(NULL, cpg_table_lookup(&self->table, 0));
	EXPECT_EQ(NULL, cpg_table_lookup(&self->table, (uint32_t)handle));
	EXPECT_EQ(NULL, cpg_table_del(&self->table, 0));
	cpg_object_put(cpg_table_del(&self->table, handle));
	EXPECT_EQ(1, self->released);
}

TEST_F(handle, c07_stale_and_wrong)
{
	uint64_t handle = add(&self->table, &self->released, 1);
	uint64_t next;

	EXPECT_EQ(NULL, cpg_table_lookup(&self->table, handle + 1));
	EXPECT_EQ(NULL, cpg_table_lookup(&self->table, handle ^ 1ULL << 40));
	EXPECT_EQ(NULL, cpg_table_lookup(&self->table, ~0ULL));

	cpg_object_put(cpg_table_del(&self->table, handle));
	next = add(&self->table, &self->released, 2);
	EXPECT_EQ((uint32_t)handle, (uint32_t)next);
	EXPECT_NE(handle, next);
	EXPECT_EQ(NULL, cpg_table_lookup(&self->table, handle));
	EXPECT_EQ(NULL, cpg_table_del(&self->table, handle));
	cpg_object_put(cpg_table_del(&self->table, next));
}

TEST_F(handle, released_by_the_last_user)
{
	uint64_t handle = add(&self->table, &self->released, 1);
	struct cpg_object *obj = cpg_table_lookup(&self->table, handle);

	ASSERT_NE(NULL, obj);
	cpg_object_put(cpg_table_del(&self->table, handle));
	EXPECT_EQ(0, self->released);
	cpg_object_put(obj);
	EXPECT_EQ(1, self->released);
}

static int is_odd(struct cpg_object *obj, const void *arg)
{
	(void)arg;
	return ((struct thing *)(void *)obj)->number & 1;
}

TEST_F(handle, many)
{
	uint64_t handle[MANY];
	struct cpg_object *obj;
	int i;

	for (i = 0; i < MANY; i++)
		handle[i] = add(&self->table, &self->released, i);
	for (i = 0; i < MANY; i++) {
		obj = cpg_table_lookup(&self->table, handle[i]);
		ASSERT_NE(NULL, obj);
		ASSERT_EQ(i, ((struct thing *)(void *)obj)->number);
		cpg_object_put(obj);
	}

	while ((obj = cpg_table_del_match(&self->table, is_odd, NULL)))
		cpg_object_put(obj);
	EXPECT_EQ(MANY / 2, self->released);
	for (i = 0; i < MANY; i++) {
		obj = cpg_table_del(&self->table, handle[i]);
		ASSERT_EQ(i & 1, !obj);
		if (obj)
			cpg_object_put(obj);
	}
	EXPECT_EQ(MANY, self->released);
}

struct race {
	struct cpg_table	*table;
	int			*released;
	uint64_t		shared;
};

/* All threads fight for one handle and make their own. */
static void *race_thread(void *arg)
{
	struct race *race = arg;
	struct cpg_object *obj;
	uint64_t own;
	long i;

	for (i = 0; i < ROUNDS; i++) {
		obj = cpg_table_lookup(race->table, race->shared);
		own = add(race->table, race->released, i);
		if (obj)
			cpg_object_put(obj);
		obj = cpg_table_del(race->table, own);
		if (!obj)
			return race;
		cpg_object_put(obj);
		if (i == ROUNDS / 2) {
			obj = cpg_table_del(race->table, race->shared);
			if (obj)
				cpg_object_put(obj);
		}
	}
	return NULL;
}

TEST_F(handle, threads)
{
	struct race race = {
		.table = &self->table,
		.released = &self->released,
		.shared = add(&self->table, &self->released, 0),
	};
	pthread_t thread[THREADS];
	void *bad;
	int i;

	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, race_thread,
					    &race));
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &bad);
		EXPECT_EQ(NULL, bad);
	}
	EXPECT_EQ(THREADS * ROUNDS + 1, self->released);
}

TEST_HARNESS_MAIN
