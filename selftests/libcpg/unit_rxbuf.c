// SPDX-License-Identifier: GPL-2.0
/* Events that are received together, and those that need much room. */

#include "kselftest_harness.h"

#include <corosync/cpg.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stub.h"

enum {
	LARGE = 2 << 20,		/* bytes that an event needs */
};

static int n_changes, n_messages, n_nested;

static void deliver(cpg_handle_t handle, const struct cpg_name *name,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	struct iovec iov = { .iov_base = "hello", .iov_len = 5 };

	(void)name;
	(void)nodeid;
	(void)pid;
	if (n_nested-- > 0) {
		cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1);
		cpg_dispatch(handle, CS_DISPATCH_ONE);
	}
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

static bool is_readable(cpg_handle_t handle)
{
	struct pollfd pfd = { .events = POLLIN };

	return cpg_fd_get(handle, &pfd.fd) == CS_OK && poll(&pfd, 1, 0) == 1;
}

static cs_error_t say_hello(cpg_handle_t handle)
{
	struct iovec iov = { .iov_base = "hello", .iov_len = 5 };

	return cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1);
}

TEST_F(rxbuf, more_room_than_expected)
{
	stub_room_least(LARGE);
	EXPECT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	EXPECT_EQ(1, n_changes);
}

/* Nothing is lost: with the room, it comes. */
TEST_F(rxbuf, more_room_than_there_is)
{
	stub_room_least(LARGE);
	stub_memory_most(LARGE / 2);
	EXPECT_EQ(CS_ERR_NO_MEMORY,
		  cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	EXPECT_EQ(0, n_changes);
	stub_memory_most(SIZE_MAX);
	EXPECT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	EXPECT_EQ(1, n_changes);
}

/* Received together, told one by one, and readable up to the last. */
TEST_F(rxbuf, one_after_the_other)
{
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(CS_OK, say_hello(self->handle));
	EXPECT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	EXPECT_EQ(1, n_changes);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(i, n_messages);
		EXPECT_TRUE(is_readable(self->handle));
		EXPECT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	}
	EXPECT_EQ(3, n_messages);
	EXPECT_FALSE(is_readable(self->handle));
	EXPECT_EQ(CS_ERR_TRY_AGAIN,
		  cpg_dispatch(self->handle, CS_DISPATCH_ONE_NONBLOCKING));
}

/* What a callback dispatches itself does not write over what it was given. */
TEST_F(rxbuf, within_a_callback)
{
	ASSERT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	ASSERT_EQ(CS_OK, say_hello(self->handle));
	ASSERT_EQ(CS_OK, say_hello(self->handle));
	n_nested = 2;
	EXPECT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ALL));
	EXPECT_EQ(4, n_messages);
	EXPECT_FALSE(is_readable(self->handle));
}

/* Its parent tells what it has received. */
TEST_F(rxbuf, child)
{
	int status;
	pid_t pid;

	ASSERT_EQ(CS_OK, say_hello(self->handle));
	ASSERT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(cpg_dispatch(self->handle, CS_DISPATCH_ALL) != CS_OK ||
		      n_messages);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(CS_OK, cpg_dispatch(self->handle, CS_DISPATCH_ONE));
	EXPECT_EQ(1, n_messages);
}

TEST_HARNESS_MAIN
