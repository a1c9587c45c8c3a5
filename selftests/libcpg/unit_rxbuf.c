// SPDX-License-Identifier: GPL-2.0
/* Events that need more room than there is at first. */

#include "kselftest_harness.h"

#include <corosync/cpg.h>

#include "stub.h"

enum {
	MEMBER = 16,			/* bytes of one in a list */
	MEMBERS_MAX = (16 << 20) / MEMBER,
};

static int n_changes, n_messages;

static void deliver(cpg_handle_t handle, const struct cpg_name *name,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	(void)handle;
	(void)name;
	(void)nodeid;
	(void)pid;
	n_messages += len == 5 && !memcmp(msg, "hello", len);
}

static void confchg(cpg_handle_t handle, const struct cpg_name *name,
		    const struct cpg_address *members, size_t n_members,
		    const struct cpg_address *left, size_t n_left,
		    const struct cpg_address *joined, size_t n_joined)
{
	(void)handle;
	(void)name;
	(void)members;
	(void)left;
	(void)joined;
	if (n_members == 1 && !n_left && n_joined == 1)
		n_changes++;
}

FIXTURE(rxbuf)
{
	cpg_handle_t handle;
};

FIXTURE_SETUP(rxbuf)
{
	cpg_callbacks_t callbacks = {
		.cpg_deliver_fn = deliver,
		.cpg_confchg_fn = confchg,
	};
	struct cpg_name name = { .length = 1, .value = "g" };

	ASSERT_EQ(CS_OK, cpg_initialize(&self->handle, &callbacks));
	ASSERT_EQ(CS_OK, cpg_join(self->handle, &name));
}

FIXTURE_TEARDOWN(rxbuf)
{
	cpg_finalize(self->handle);
}

TEST_F(rxbuf, more_members_than_expected)
{
	stub_control_least(100000 * MEMBER);
	EXPECT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	EXPECT_EQ(1, n_changes);
}

/* What comes beside a message is not written over it. */
TEST_F(rxbuf, message_with_ancillary_data)
{
	struct iovec iov = { .iov_base = "hello", .iov_len = 5 };

	ASSERT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	ASSERT_EQ(CS_OK, cpg_mcast_joined(self->handle, CPG_TYPE_AGREED, &iov,
					  1));
	EXPECT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	EXPECT_EQ(1, n_messages);
}

/* Nothing is lost: with the room, it comes. */
TEST_F(rxbuf, more_members_than_there_can_be)
{
	stub_control_least((MEMBERS_MAX + 1) * MEMBER);
	EXPECT_EQ(CS_ERR_NO_MEMORY,
		  cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	EXPECT_EQ(0, n_changes);
	stub_control_least(0);
	EXPECT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	EXPECT_EQ(1, n_changes);
}

TEST_HARNESS_MAIN
