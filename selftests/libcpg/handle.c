// SPDX-License-Identifier: GPL-2.0
/* Handles, and what can be asked of them without a group. */

#include "kselftest_harness.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <linux/cpg.h>

#include "client.h"

enum {
	HANDLES = 100,
	ROUNDS = 10000,		/* for each of them, divided by CPG_SPEED */
	LEAKS = 100,
	NOBODY = 65534,
};

FIXTURE(handle)
{
	struct client a;
	struct cpg_name name;
};

FIXTURE_SETUP(handle)
{
	ASSERT_EQ(0, client_node());
	self->name = client_name("group");
	ASSERT_EQ(CS_OK, client_open(&self->a));
}

FIXTURE_TEARDOWN(handle)
{
	cpg_finalize(self->a.handle);
}

/* The lowest free descriptor: the same before and after, if none leaks. */
static int next_fd(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

TEST_F(handle, c02_no_callbacks)
{
	cpg_callbacks_t none = { 0 };
	cpg_handle_t h = 0;

	EXPECT_EQ(CS_OK, cpg_initialize(&h, NULL));
	EXPECT_NE(0, h);
	EXPECT_EQ(CS_OK, cpg_finalize(h));
	EXPECT_EQ(CS_OK, cpg_initialize(&h, &none));
	EXPECT_EQ(CS_OK, cpg_join(h, &self->name));
	EXPECT_EQ(CS_OK, cpg_dispatch(h, CS_DISPATCH_ONE));
	EXPECT_EQ(CS_OK, cpg_finalize(h));
}

TEST_F(handle, c03_unknown_model)
{
	cpg_model_v1_data_t model = { .model = CPG_MODEL_V1 };
	cpg_handle_t h = 42;

	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_model_initialize(&h, 2, (void *)&model, NULL));
	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_model_initialize(&h, 0, (void *)&model, NULL));
	EXPECT_EQ(42, h);

	/* The copy in the data is not looked at. */
	model.model = 99;
	EXPECT_EQ(CS_OK, cpg_model_initialize(&h, CPG_MODEL_V1, (void *)&model,
					      NULL));
	EXPECT_EQ(CS_OK, cpg_finalize(h));
}

TEST_F(handle, c04_unknown_flag)
{
	cpg_model_v1_data_t model = { .model = CPG_MODEL_V1, .flags = 2 };
	cpg_handle_t h;

	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_model_initialize(&h, CPG_MODEL_V1, (void *)&model,
				       NULL));
}

TEST_F(handle, c04_unknown_flag_leaks_no_descriptor)
{
	cpg_model_v1_data_t model = { .model = CPG_MODEL_V1, .flags = 2 };
	int before = next_fd();
	cpg_handle_t h;
	int i;

	for (i = 0; i < LEAKS; i++)
		ASSERT_EQ(CS_ERR_INVALID_PARAM,
			  cpg_model_initialize(&h, CPG_MODEL_V1,
					       (void *)&model, NULL));
	EXPECT_EQ(before, next_fd());
}

TEST_F(handle, c05_no_model_data)
{
	void *context = NULL;
	cpg_handle_t h;

	ASSERT_EQ(CS_OK, cpg_model_initialize(&h, CPG_MODEL_V1, NULL, self));
	EXPECT_EQ(CS_OK, cpg_context_get(h, &context));
	EXPECT_EQ(self, context);
	EXPECT_EQ(CS_OK, cpg_finalize(h));
}

TEST_F(handle, c06_no_privilege)
{
	cpg_handle_t h = 42;

	ASSERT_EQ(0, setegid(NOBODY));
	ASSERT_EQ(0, seteuid(NOBODY));
	EXPECT_EQ(CS_ERR_ACCESS, cpg_initialize(&h, NULL));
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, setegid(0));
}

TEST_F(handle, refused_handle_is_not_stored)
{
	cpg_handle_t h = 42;

	ASSERT_EQ(0, setegid(NOBODY));
	ASSERT_EQ(0, seteuid(NOBODY));
	EXPECT_EQ(CS_ERR_ACCESS, cpg_initialize(&h, NULL));
	EXPECT_EQ(42, h);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, setegid(0));
}

TEST_F(handle, group_root_will_do)
{
	cpg_handle_t h;

	ASSERT_EQ(0, seteuid(NOBODY));
	EXPECT_EQ(CS_OK, cpg_initialize(&h, NULL));
	EXPECT_EQ(CS_OK, cpg_finalize(h));
	ASSERT_EQ(0, seteuid(0));
}

static void expect_bad(struct __test_metadata *_metadata, cpg_handle_t h)
{
	struct cpg_name name = client_name("group");
	struct cpg_iteration_description_t item = { .pid = 42 };
	struct cpg_address list[CPG_MEMBERS_MAX] = { { .pid = 42 } };
	cpg_flow_control_state_t flow = 42;
	cpg_iteration_handle_t iter = 42;
	int fd = 42, entries = 42;
	void *context = &name;
	uint32_t size = 42;
	unsigned int id = 42;

	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_finalize(h));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_fd_get(h, &fd));
	EXPECT_EQ(42, fd);
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_max_atomic_msgsize_get(h, &size));
	EXPECT_EQ(42, size);
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_context_get(h, &context));
	EXPECT_EQ(&name, context);
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_context_set(h, NULL));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_dispatch(h, CS_DISPATCH_ALL));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_dispatch(h, CS_DISPATCH_BLOCKING));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_join(h, &name));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_leave(h, &name));
	EXPECT_EQ(CS_ERR_BAD_HANDLE,
		  cpg_mcast_joined(h, CPG_TYPE_AGREED, NULL, 0));
	EXPECT_EQ(CS_ERR_BAD_HANDLE,
		  cpg_membership_get(h, &name, list, &entries));
	EXPECT_EQ(42, entries);
	EXPECT_EQ(42, list[0].pid);
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_local_get(h, &id));
	EXPECT_EQ(42, id);
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_flow_control_state_get(h, &flow));
	EXPECT_EQ(42, flow);
	EXPECT_EQ(CS_ERR_BAD_HANDLE,
		  cpg_iteration_initialize(h, CPG_ITERATION_ALL, NULL, &iter));
	EXPECT_EQ(42, iter);
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_iteration_next(h, &item));
	EXPECT_EQ(42, item.pid);
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_iteration_finalize(h));
	EXPECT_EQ(CS_ERR_BAD_HANDLE,
		  cpg_zcb_mcast_joined(h, CPG_TYPE_AGREED, &name, 1));
}

TEST_F(handle, c07_bad_handle)
{
	cpg_handle_t h = self->a.handle;

	expect_bad(_metadata, 0);
	expect_bad(_metadata, 0x123456789abcdef0ULL);
	expect_bad(_metadata, (uint32_t)h);
	expect_bad(_metadata, h ^ 1ULL << 63);
	ASSERT_EQ(CS_OK, cpg_finalize(h));
	expect_bad(_metadata, h);
}

TEST_F(handle, c08_finalize_twice)
{
	int before = next_fd();
	cpg_handle_t h;

	ASSERT_EQ(CS_OK, cpg_initialize(&h, NULL));
	EXPECT_EQ(CS_OK, cpg_finalize(h));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_finalize(h));
	EXPECT_EQ(before, next_fd());
}

TEST_F(handle, c09_descriptor)
{
	int fd, again, other;
	struct client b;

	ASSERT_EQ(CS_OK, cpg_fd_get(self->a.handle, &fd));
	ASSERT_EQ(CS_OK, cpg_fd_get(self->a.handle, &again));
	EXPECT_EQ(fd, again);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_TRUE(fcntl(fd, F_GETFL) & O_NONBLOCK);

	ASSERT_EQ(CS_OK, client_open(&b));
	ASSERT_EQ(CS_OK, cpg_fd_get(b.handle, &other));
	EXPECT_NE(fd, other);
	EXPECT_EQ(CS_OK, cpg_finalize(b.handle));
}

TEST_F(handle, c10_peercred)
{
	struct ucred cred = { .pid = -1, .uid = -1, .gid = -1 };
	socklen_t len = sizeof(cred);
	int fd;

	ASSERT_EQ(CS_OK, cpg_fd_get(self->a.handle, &fd));
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len));
	EXPECT_EQ(12, len);
	EXPECT_EQ(0, cred.uid);
	EXPECT_EQ(0, cred.gid);
}

TEST_F(handle, c14_max_atomic_msgsize)
{
	uint32_t size = 0;

	EXPECT_EQ(CS_OK, cpg_max_atomic_msgsize_get(self->a.handle, &size));
	EXPECT_EQ(1047552, size);
}

TEST_F(handle, c15_context)
{
	int rounds = ROUNDS / client_speed();
	cpg_handle_t h[HANDLES];
	void *context;
	long i, n;

	for (i = 0; i < HANDLES; i++) {
		ASSERT_EQ(CS_OK, cpg_initialize(&h[i], NULL));
		ASSERT_EQ(CS_OK, cpg_context_get(h[i], &context));
		ASSERT_EQ(NULL, context);
	}
	for (n = 0; n < rounds; n++) {
		for (i = 0; i < HANDLES; i++) {
			if (n) {
				ASSERT_EQ(CS_OK, cpg_context_get(h[i],
								 &context));
				ASSERT_EQ((void *)(n - 1 + i), context);
			}
			ASSERT_EQ(CS_OK, cpg_context_set(h[i],
							 (void *)(n + i)));
		}
	}
	for (i = 0; i < HANDLES; i++)
		ASSERT_EQ(CS_OK, cpg_finalize(h[i]));
}

TEST_F(handle, c16_flow_control_state)
{
	cpg_flow_control_state_t state = CPG_FLOW_CONTROL_ENABLED;

	EXPECT_EQ(CS_OK, cpg_flow_control_state_get(self->a.handle, &state));
	EXPECT_EQ(CPG_FLOW_CONTROL_DISABLED, state);
}

TEST_F(handle, local_get_is_the_node_of_the_socket)
{
	socklen_t len = sizeof(uint32_t);
	unsigned int id = 0;
	uint32_t nodeid;
	int fd;

	ASSERT_EQ(CS_OK, cpg_fd_get(self->a.handle, &fd));
	ASSERT_EQ(0, getsockopt(fd, SOL_CPG, CPGSO_NODEID, &nodeid, &len));
	EXPECT_EQ(CS_OK, cpg_local_get(self->a.handle, &id));
	EXPECT_EQ(nodeid, id);
	EXPECT_NE(0, id);
}

TEST_F(handle, c18_name_too_long)
{
	struct cpg_address list[CPG_MEMBERS_MAX];
	int n;

	self->name.length = 129;
	EXPECT_EQ(CS_ERR_NAME_TOO_LONG, cpg_join(self->a.handle, &self->name));
	EXPECT_EQ(CS_ERR_NAME_TOO_LONG, cpg_leave(self->a.handle, &self->name));

	/* The length is looked at first, even of a bad handle. */
	EXPECT_EQ(CS_ERR_NAME_TOO_LONG, cpg_join(1, &self->name));
	EXPECT_EQ(CS_ERR_NAME_TOO_LONG, cpg_leave(1, &self->name));
	EXPECT_EQ(CS_ERR_NAME_TOO_LONG,
		  cpg_membership_get(1, &self->name, list, &n));
	EXPECT_EQ(CS_ERR_NAME_TOO_LONG,
		  cpg_membership_get(1, &self->name, NULL, &n));
	EXPECT_EQ(CS_ERR_NAME_TOO_LONG,
		  cpg_iteration_initialize(1, 99, &self->name, NULL));
	self->name.length = UINT32_MAX;
	EXPECT_EQ(CS_ERR_NAME_TOO_LONG, cpg_join(1, &self->name));
}

/* Looked at after the length of a name and before the handle. */
TEST_F(handle, null_pointers)
{
	cpg_handle_t h = self->a.handle;
	int n;

	EXPECT_EQ(CS_ERR_INVALID_PARAM, cpg_initialize(NULL, NULL));
	EXPECT_EQ(CS_ERR_INVALID_PARAM, cpg_fd_get(h, NULL));
	EXPECT_EQ(CS_ERR_INVALID_PARAM, cpg_max_atomic_msgsize_get(h, NULL));
	EXPECT_EQ(CS_ERR_INVALID_PARAM, cpg_join(1, NULL));
	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_membership_get(1, &self->name, NULL, &n));
}

TEST_F(handle, many_at_once)
{
	cpg_handle_t h[HANDLES];
	int i, j;

	for (i = 0; i < HANDLES; i++)
		ASSERT_EQ(CS_OK, cpg_initialize(&h[i], NULL));
	for (i = 0; i < HANDLES; i++)
		for (j = 0; j < i; j++)
			ASSERT_NE(h[i], h[j]);
	for (i = 0; i < HANDLES; i++)
		ASSERT_EQ(CS_OK, cpg_finalize(h[i]));
}

TEST_HARNESS_MAIN
