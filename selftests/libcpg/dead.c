// SPDX-License-Identifier: GPL-2.0
/*
 * Handles whose socket is dead: the process was evicted because it did not
 * dispatch, or its node has gone.
 */

#include "kselftest_harness.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

enum {
	SMALL = 8192,		/* SO_RCVBUF of who does not dispatch */
	MANY = 200,		/* messages, more than fit */
	SLOW_MS = 400,		/* net.cpg.slow_timeout, times CPG_SPEED */
	SPEED_MAX = 5,		/* which need not be more for that */
	NODE = 7,
};

#define TOOL	"../../userspace/tools/cpg"

/* Of this process's namespace. */
static int set_slow_timeout(int ms)
{
	char line[80];

	snprintf(line, sizeof(line),
		 "echo %d > /proc/sys/net/cpg/slow_timeout", ms);
	return system(line);
}

/* The cpg command, in this process's namespace. */
static int node(const char *words)
{
	char line[100];

	snprintf(line, sizeof(line), TOOL " %s > /dev/null", words);
	return system(line);
}

FIXTURE(dead)
{
	struct peer p;
	struct client a;
	int fd;
};

FIXTURE_SETUP(dead)
{
	int size = SMALL;

	ASSERT_EQ(0, client_unshare());
	ASSERT_EQ(0, node("up id 7 local 127.0.0.1"));
	ASSERT_EQ(0, peer_start(&self->p));
	ASSERT_EQ(CS_OK, client_open(&self->a));
	ASSERT_EQ(CS_OK, cpg_fd_get(self->a.handle, &self->fd));
	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_RCVBUF, &size,
				sizeof(size)));
	ASSERT_TRUE(ev_is_conf(client_joined(&self->a, "group"), 1, 0, 1));
	ASSERT_EQ(CS_OK, peer_join(&self->p, "group"));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 2, 0, 1));
	ASSERT_EQ(2, peer_next(&self->p).n_members);
}

FIXTURE_TEARDOWN(dead)
{
	cpg_finalize(self->a.handle);
	peer_kill(&self->p);
}

/* What asks the kernel fails; what does not, works. */
static void expect_dead(struct __test_metadata *_metadata,
			struct _test_data_dead *self)
{
	struct cpg_name name = client_name("group");
	struct cpg_address list[CPG_MEMBERS_MAX];
	struct pollfd pfd = { .fd = self->fd, .events = POLLIN };
	cpg_flow_control_state_t flow;
	unsigned int id, before = self->a.n_events;
	cpg_handle_t h = self->a.handle;
	cpg_iteration_handle_t iter;
	void *context;
	uint32_t size;
	int fd, n;

	ASSERT_EQ(1, poll(&pfd, 1, CLIENT_WAIT_MS * client_speed()));
	EXPECT_EQ(POLLIN | POLLHUP, pfd.revents & (POLLIN | POLLHUP));

	EXPECT_EQ(CS_ERR_LIBRARY, cpg_dispatch(h, CS_DISPATCH_ONE));
	EXPECT_EQ(CS_ERR_LIBRARY, cpg_dispatch(h, CS_DISPATCH_ALL));
	EXPECT_EQ(CS_ERR_LIBRARY, cpg_dispatch(h, CS_DISPATCH_BLOCKING));
	EXPECT_EQ(CS_ERR_LIBRARY,
		  cpg_dispatch(h, CS_DISPATCH_ONE_NONBLOCKING));
	EXPECT_EQ(before, self->a.n_events);
	EXPECT_EQ(CS_ERR_LIBRARY, client_join(&self->a, "group"));
	EXPECT_EQ(CS_ERR_LIBRARY, client_leave(&self->a, "group"));
	EXPECT_EQ(CS_ERR_LIBRARY, client_send(&self->a, 10, 1));
	EXPECT_EQ(CS_ERR_LIBRARY, client_send(&self->a, 2000000, 1));
	EXPECT_EQ(CS_ERR_LIBRARY, cpg_membership_get(h, &name, list, &n));
	EXPECT_EQ(CS_ERR_LIBRARY, cpg_local_get(h, &id));
	EXPECT_EQ(CS_ERR_LIBRARY,
		  cpg_iteration_initialize(h, CPG_ITERATION_ALL, NULL, &iter));

	EXPECT_EQ(CS_OK, cpg_fd_get(h, &fd));
	EXPECT_EQ(self->fd, fd);
	EXPECT_EQ(CS_OK, cpg_context_get(h, &context));
	EXPECT_EQ(CS_OK, cpg_context_set(h, &self->a));
	EXPECT_EQ(CS_OK, cpg_max_atomic_msgsize_get(h, &size));
	EXPECT_EQ(CS_OK, cpg_flow_control_state_get(h, &flow));

	EXPECT_EQ(CS_ERR_LIBRARY, cpg_finalize(h));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_finalize(h));
}

/* The peer sends, and dispatches, until it is held back; how many messages. */
static int fill(struct __test_metadata *_metadata, const struct peer *p)
{
	cs_error_t error;
	struct ev ev;
	int i;

	for (i = 0; i < MANY; i++) {
		error = peer_try(p, 1000, i);
		if (error == CS_ERR_TRY_AGAIN)
			break;
		ASSERT_EQ(CS_OK, error);
		ev = peer_next(p);
		ASSERT_TRUE(ev_is_msg(&ev, 1000, i));
	}
	EXPECT_LT(0, i);
	EXPECT_GT(MANY, i);
	return i;
}

/* Who dispatches in time is not dead, and loses nothing. */
TEST_F(dead, c50_c51_in_time)
{
	struct ev ev;
	int i, n;

	ASSERT_EQ(0, set_slow_timeout(86400000));
	n = fill(_metadata, &self->p);
	for (i = 0; i < n; i++)
		ASSERT_TRUE(ev_is_msg(client_next(&self->a), 1000, i));
	ASSERT_EQ(CS_OK, peer_try(&self->p, 1000, n));
	ev = peer_next(&self->p);
	EXPECT_TRUE(ev_is_msg(&ev, 1000, n));
	EXPECT_TRUE(ev_is_msg(client_next(&self->a), 1000, n));
}

TEST_F(dead, c51_evicted)
{
	int speed = client_speed();
	struct ev ev;

	if (speed > SPEED_MAX)
		speed = SPEED_MAX;
	ASSERT_EQ(0, set_slow_timeout(SLOW_MS * speed));
	fill(_metadata, &self->p);
	ev = peer_next(&self->p);
	EXPECT_TRUE(ev_is_conf(&ev, 1, 1, 0));
	EXPECT_TRUE(ev_list_has(ev.left, 1, getpid(), CPG_REASON_PROCDOWN));
	expect_dead(_metadata, self);
}

TEST_F(dead, c76_node_down)
{
	struct client b;

	/* What is queued by then is lost. */
	ASSERT_EQ(CS_OK, client_send(&self->a, 10, 1));
	ASSERT_EQ(0, node("down"));
	expect_dead(_metadata, self);

	/* A new handle is a new start. */
	ASSERT_EQ(CS_OK, client_open(&b));
	EXPECT_TRUE(ev_is_conf(client_joined(&b, "group"), 1, 0, 1));
	EXPECT_EQ(CS_OK, cpg_finalize(b.handle));
}

static void *blocking_main(void *arg)
{
	struct client *c = arg;

	c->hook_error = cpg_dispatch(c->handle, CS_DISPATCH_BLOCKING);
	return NULL;
}

TEST_F(dead, c76_node_down_while_waiting)
{
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, blocking_main, &self->a));
	usleep(1000 * client_quiet_ms());
	ASSERT_EQ(0, node("down"));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(CS_ERR_LIBRARY, self->a.hook_error);
	expect_dead(_metadata, self);
}

TEST_F(dead, c17_configured_node)
{
	struct ev ev;
	unsigned int id = 0;

	EXPECT_EQ(CS_OK, cpg_local_get(self->a.handle, &id));
	EXPECT_EQ(NODE, id);
	ASSERT_EQ(CS_OK, client_send(&self->a, 10, 1));
	ev = peer_next(&self->p);
	EXPECT_EQ(NODE, ev.nodeid);
}

TEST_HARNESS_MAIN
