// SPDX-License-Identifier: GPL-2.0
/* Leaving, where a socket is put out of its group at that very moment. */

#include "kselftest_harness.h"

#include <corosync/cpg.h>

#include "stub.h"

FIXTURE(leave)
{
	cpg_handle_t handle;
	struct cpg_name name;
};

FIXTURE_SETUP(leave)
{
	self->name = (struct cpg_name){ .length = 1, .value = "g" };
	ASSERT_EQ(CS_OK, cpg_initialize(&self->handle, NULL));
	ASSERT_EQ(CS_OK, cpg_join(self->handle, &self->name));
}

FIXTURE_TEARDOWN(leave)
{
	cpg_finalize(self->handle);
}

TEST_F(leave, is_done)
{
	EXPECT_EQ(CS_OK, cpg_leave(self->handle, &self->name));
	EXPECT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ALL));
	EXPECT_EQ(CS_OK, cpg_join(self->handle, &self->name));
}

/* The handle is dead, and is not said to have left in good order. */
TEST_F(leave, evicted_between_check_and_call)
{
	stub_evict_at_leave();
	EXPECT_EQ(CS_ERR_LIBRARY, cpg_leave(self->handle, &self->name));
	EXPECT_EQ(CS_ERR_LIBRARY, cpg_leave(self->handle, &self->name));
	EXPECT_EQ(CS_ERR_LIBRARY, cpg_finalize(self->handle));
}

TEST_HARNESS_MAIN
