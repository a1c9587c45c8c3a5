// SPDX-License-Identifier: GPL-2.0
/* cpg_dispatch(): how long it waits, what it runs, what callbacks may do. */

#include "kselftest_harness.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <time.h>

#include "client.h"

enum {
	FEW = 6,		/* events, one in the callback of the other */
	MANY = 20,
};

FIXTURE(dispatch)
{
	struct client a;
	int fd;
};

FIXTURE_SETUP(dispatch)
{
	ASSERT_EQ(0, client_node());
	ASSERT_EQ(CS_OK, client_open(&self->a));
	ASSERT_EQ(CS_OK, cpg_fd_get(self->a.handle, &self->fd));
	ASSERT_TRUE(ev_is_conf(client_joined(&self->a, "group"), 1, 0, 1));
}

FIXTURE_TEARDOWN(dispatch)
{
	cpg_finalize(self->a.handle);
}

static int is_readable(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, ms * client_speed()) == 1 &&
	       pfd.revents == POLLIN;
}

static void sleep_ms(int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000,
			       .tv_nsec = ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts))
		;
}

/* Sends and waits until all of it is in the queue. */
static bool queue_up(struct client *c, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (client_send(c, 10, i) != CS_OK)
			return false;
	/* One node: what is sent is in order at once, or soon. */
	sleep_ms(client_quiet_ms());
	return true;
}

TEST_F(dispatch, c11_nothing_queued)
{
	struct pollfd pfd = { .fd = self->fd, .events = POLLIN };
	cpg_handle_t h = self->a.handle;

	EXPECT_EQ(0, poll(&pfd, 1, 0));
	EXPECT_EQ(CS_OK, cpg_dispatch(h, CS_DISPATCH_ALL));
	EXPECT_EQ(CS_ERR_TRY_AGAIN,
		  cpg_dispatch(h, CS_DISPATCH_ONE_NONBLOCKING));
}

TEST_F(dispatch, c12_level_triggered)
{
	cpg_handle_t h = self->a.handle;
	int i;

	ASSERT_TRUE(queue_up(&self->a, 3));
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(is_readable(self->fd, CLIENT_WAIT_MS));
		EXPECT_TRUE(is_readable(self->fd, 0));
		EXPECT_EQ(CS_OK, cpg_dispatch(h, CS_DISPATCH_ONE));
		EXPECT_EQ(2U + i, self->a.n_events);
	}
	EXPECT_FALSE(is_readable(self->fd, 0));
}

TEST_F(dispatch, c12_answers_do_not_make_it_readable)
{
	struct cpg_name name = client_name("group");
	struct cpg_address list[CPG_MEMBERS_MAX];
	unsigned int id;
	int n;

	EXPECT_EQ(CS_OK, cpg_local_get(self->a.handle, &id));
	EXPECT_EQ(CS_OK, cpg_membership_get(self->a.handle, &name, list, &n));
	EXPECT_FALSE(is_readable(self->fd, 0));
}

TEST_F(dispatch, flags)
{
	cpg_handle_t h = self->a.handle;

	ASSERT_TRUE(queue_up(&self->a, 4));
	EXPECT_EQ(CS_OK, cpg_dispatch(h, CS_DISPATCH_ONE_NONBLOCKING));
	EXPECT_EQ(2, self->a.n_events);
	EXPECT_EQ(CS_OK, cpg_dispatch(h, CS_DISPATCH_ONE));
	EXPECT_EQ(3, self->a.n_events);
	EXPECT_EQ(CS_OK, cpg_dispatch(h, CS_DISPATCH_ALL));
	EXPECT_EQ(5, self->a.n_events);
}

static atomic_int n_alarms;

static void on_alarm(int sig)
{
	(void)sig;
	n_alarms++;
}

static void alarm_every(long ms)
{
	const struct sigaction act = { .sa_handler = on_alarm };
	const struct itimerval it = {
		.it_value = { .tv_usec = ms * 1000 },
		.it_interval = { .tv_usec = ms * 1000 },
	};

	sigaction(SIGALRM, &act, NULL);		/* no SA_RESTART */
	setitimer(ITIMER_REAL, &it, NULL);
}

static void *send_later(void *arg)
{
	sigset_t set;

	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sleep_ms(4 * client_quiet_ms());
	return client_send(arg, 10, 1) == CS_OK ? NULL : arg;
}

TEST_F(dispatch, c13_one_waits_signals_do_not_matter)
{
	pthread_t thread;
	void *bad;

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_later, &self->a));
	alarm_every(20);
	EXPECT_EQ(CS_OK, cpg_dispatch(self->a.handle, CS_DISPATCH_ONE));
	alarm_every(0);
	EXPECT_EQ(2, self->a.n_events);
	EXPECT_GT(atomic_load(&n_alarms), 1);
	pthread_join(thread, &bad);
	EXPECT_EQ(NULL, bad);
}

/* --- callbacks that call ------------------------------------------------ */

static void hook_finalize(struct client *c)
{
	c->hook_error = cpg_finalize(c->handle);
	c->hook = NULL;
}

static void expect_finalized(struct __test_metadata *_metadata,
			     struct client *c, cs_dispatch_flags_t flags)
{
	ASSERT_TRUE(queue_up(c, 3));
	c->hook = hook_finalize;
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_dispatch(c->handle, flags));
	EXPECT_EQ(CS_OK, c->hook_error);
	EXPECT_EQ(2, c->n_events);
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_dispatch(c->handle, flags));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_finalize(c->handle));
}

TEST_F(dispatch, c53_finalize_in_one)
{
	expect_finalized(_metadata, &self->a, CS_DISPATCH_ONE);
}

TEST_F(dispatch, c53_finalize_in_all)
{
	expect_finalized(_metadata, &self->a, CS_DISPATCH_ALL);
}

TEST_F(dispatch, c53_finalize_in_blocking)
{
	expect_finalized(_metadata, &self->a, CS_DISPATCH_BLOCKING);
}

TEST_F(dispatch, c53_finalize_in_one_nonblocking)
{
	expect_finalized(_metadata, &self->a, CS_DISPATCH_ONE_NONBLOCKING);
}

TEST_F(dispatch, other_flags_are_blocking)
{
	expect_finalized(_metadata, &self->a, 0);
}

struct nested {
	int		n;
	int		max;
	unsigned int	seed[MANY];
	bool		is_in_order;
};

/* The outer event is still what it was when the inner ones are done. */
static void hook_dispatch(struct client *c)
{
	struct nested *nested = c->hook_arg;
	struct ev ev = c->last;
	unsigned int seed = nested->n++;

	nested->is_in_order &= ev_is_msg(&ev, 10, seed);
	if (seed % 3 == 0)
		c->hook_error = cpg_dispatch(c->handle, CS_DISPATCH_ALL);
	else if (seed % 3 == 1 && nested->n < nested->max)
		c->hook_error = cpg_dispatch(c->handle, CS_DISPATCH_ONE);
}

static void expect_nested(struct __test_metadata *_metadata, struct client *c,
			  struct nested *nested)
{
	ASSERT_TRUE(queue_up(c, nested->max));
	c->hook = hook_dispatch;
	c->hook_arg = nested;
	EXPECT_EQ(CS_OK, cpg_dispatch(c->handle, CS_DISPATCH_ALL));
	EXPECT_EQ(nested->max, nested->n);
	EXPECT_TRUE(nested->is_in_order);
	EXPECT_EQ(CS_OK, c->hook_error);
}

TEST_F(dispatch, c54_dispatch_in_a_callback)
{
	struct nested nested = { .max = FEW, .is_in_order = true };

	expect_nested(_metadata, &self->a, &nested);
}

/* Corosync's takes a megabyte of stack for each. */
TEST_F(dispatch, dispatch_deep_in_callbacks)
{
	struct nested nested = { .max = MANY, .is_in_order = true };

	expect_nested(_metadata, &self->a, &nested);
}

struct calls {
	cs_error_t	send, members, local, leave, flow, again;
	int		n_members;
	unsigned int	id;
};

static void hook_calls(struct client *c)
{
	struct cpg_name name = client_name("group");
	struct cpg_address list[CPG_MEMBERS_MAX];
	struct calls *calls = c->hook_arg;
	cpg_flow_control_state_t flow;

	c->hook = NULL;
	calls->send = client_send(c, 10, 2);
	calls->members = cpg_membership_get(c->handle, &name, list,
					    &calls->n_members);
	calls->local = cpg_local_get(c->handle, &calls->id);
	calls->flow = cpg_flow_control_state_get(c->handle, &flow);
	calls->leave = client_leave(c, "group");
	calls->again = client_join(c, "group");
}

TEST_F(dispatch, c55_calls_in_a_callback)
{
	struct calls calls = { 0 };

	ASSERT_EQ(CS_OK, client_send(&self->a, 10, 1));
	self->a.hook = hook_calls;
	self->a.hook_arg = &calls;
	EXPECT_TRUE(ev_is_msg(client_next(&self->a), 10, 1));
	EXPECT_EQ(CS_OK, calls.send);
	EXPECT_EQ(CS_OK, calls.members);
	EXPECT_EQ(1, calls.n_members);
	EXPECT_EQ(CS_OK, calls.local);
	EXPECT_NE(0, calls.id);
	EXPECT_EQ(CS_OK, calls.flow);
	EXPECT_EQ(CS_OK, calls.leave);
	EXPECT_EQ(CS_ERR_EXIST, calls.again);
	EXPECT_TRUE(ev_is_msg(client_next(&self->a), 10, 2));
	EXPECT_TRUE(ev_is_conf(client_next(&self->a), 0, 1, 0));
}

static void hook_join(struct client *c)
{
	c->hook = NULL;
	c->hook_error = client_join(c, "another");
}

TEST_F(dispatch, c31_join_in_the_callback_of_the_leave)
{
	const struct ev *ev;

	ASSERT_EQ(CS_OK, client_leave(&self->a, "group"));
	self->a.hook = hook_join;
	ev = client_next(&self->a);
	ASSERT_TRUE(ev_is_conf(ev, 0, 1, 0));
	EXPECT_EQ(5, ev->group.length);
	EXPECT_EQ(CS_OK, self->a.hook_error);
	ev = client_next(&self->a);
	ASSERT_TRUE(ev_is_conf(ev, 1, 0, 1));
	EXPECT_EQ(0, strcmp("another", ev->group.value));
}

/* --- threads ------------------------------------------------------------ */

struct dispatcher {
	struct client		*c;
	cs_dispatch_flags_t	flags;
	cs_error_t		error;
};

static void *dispatcher_main(void *arg)
{
	struct dispatcher *d = arg;

	d->error = cpg_dispatch(d->c->handle, d->flags);
	return NULL;
}

static void expect_woken(struct __test_metadata *_metadata, struct client *c,
			 cs_dispatch_flags_t flags)
{
	struct dispatcher d = { .c = c, .flags = flags };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, dispatcher_main, &d));
	sleep_ms(client_quiet_ms());
	EXPECT_EQ(CS_OK, cpg_finalize(c->handle));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, d.error);
}

TEST_F(dispatch, finalize_wakes_blocking)
{
	expect_woken(_metadata, &self->a, CS_DISPATCH_BLOCKING);
}

TEST_F(dispatch, finalize_wakes_one)
{
	expect_woken(_metadata, &self->a, CS_DISPATCH_ONE);
}

/* AddressSanitizer takes the unwinding of a cancelled thread for an error. */
#ifndef __SANITIZE_ADDRESS__

/* As fence_virtd does. */
TEST_F(dispatch, cancelled_then_leave_and_finalize)
{
	struct dispatcher d = { .c = &self->a, .flags = CS_DISPATCH_BLOCKING };
	struct client b;
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, dispatcher_main, &d));
	sleep_ms(client_quiet_ms());
	ASSERT_EQ(0, pthread_cancel(thread));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_EQ(CS_OK, client_leave(&self->a, "group"));
	EXPECT_EQ(CS_OK, cpg_finalize(self->a.handle));

	/* The socket is closed: the group is empty. */
	ASSERT_EQ(CS_OK, client_open(&b));
	while (client_join(&b, "group") == CS_ERR_TRY_AGAIN)
		sleep_ms(1);
	EXPECT_TRUE(ev_is_conf(client_next(&b), 1, 0, 1));
	EXPECT_EQ(CS_OK, cpg_finalize(b.handle));
}

static void *cancel_main(void *arg)
{
	struct client *c = arg;

	c->hook_error = cpg_dispatch(c->handle, CS_DISPATCH_BLOCKING);
	return NULL;
}

static void hook_testcancel(struct client *c)
{
	(void)c;
	for (;;)
		pause();
}

TEST_F(dispatch, cancelled_in_a_callback)
{
	pthread_t thread;

	ASSERT_EQ(CS_OK, client_send(&self->a, 10, 1));
	self->a.hook = hook_testcancel;
	ASSERT_EQ(0, pthread_create(&thread, NULL, cancel_main, &self->a));
	sleep_ms(client_quiet_ms());
	ASSERT_EQ(0, pthread_cancel(thread));
	ASSERT_EQ(0, pthread_join(thread, NULL));

	self->a.hook = NULL;
	ASSERT_EQ(CS_OK, client_send(&self->a, 10, 2));
	EXPECT_TRUE(ev_is_msg(client_next(&self->a), 10, 2));
	EXPECT_EQ(CS_OK, cpg_finalize(self->a.handle));
}

#endif /* __SANITIZE_ADDRESS__ */

TEST_F(dispatch, c70_initial_totem_conf)
{
	const unsigned int flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF;
	const struct ev *ev;
	struct client b;
	unsigned int id;

	ASSERT_EQ(CS_OK, client_open_flags(&b, flags));
	EXPECT_TRUE(client_is_quiet(&b));
	ASSERT_EQ(CS_OK, client_join(&b, "other"));
	ev = client_next_of(&b, EV_TOTEM);
	ASSERT_NE(NULL, ev);
	ASSERT_EQ(CS_OK, cpg_local_get(b.handle, &id));
	EXPECT_LE(1, ev->n_members);
	EXPECT_EQ(id, ev->nodes[0]);
	EXPECT_EQ(id, ev->ring.nodeid);
	while (b.n_events < 2)
		ASSERT_NE(NULL, client_next(&b));
	EXPECT_TRUE(client_is_quiet(&b));
	EXPECT_EQ(CS_OK, cpg_finalize(b.handle));
}

TEST_HARNESS_MAIN
