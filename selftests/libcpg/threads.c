// SPDX-License-Identifier: GPL-2.0
/*
 * threads [SECONDS]: one handle, used by many threads at once: SENDERS of them
 * send, one dispatches, ASKERS ask the handle this and that and open others.
 * Nothing may be lost, doubled, out of its sender's order, or refused but for
 * want of room.  In the end the handle is finalized under the dispatching
 * thread, which is to return.  Prints KTAP.
 */
#include <corosync/cpg.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SENDERS = 16,
	ASKERS = 2,
	SECONDS = 1,
	DRAIN_SECONDS = 60,	/* for the last message; times CPG_SPEED */
	TEXT_MAX = 2000,	/* bytes of a message behind its head */
	ROOM_MS = 10,
};

struct head {
	uint32_t	thread;
	uint32_t	number;
};

static const struct cpg_name group = { .length = 7, .value = "threads" };
static cpg_handle_t handle;
static atomic_bool is_stopped;
static uint32_t sent[SENDERS];		/* written by its thread */
static uint32_t received[SENDERS];	/* under @lock, as what follows */
static uint64_t n_received;
static unsigned int n_joined, n_bad;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static atomic_uint n_errors;

static size_t text_len(uint32_t number)
{
	return number * 7919 % TEXT_MAX;
}

static void deliver(cpg_handle_t h, const struct cpg_name *name,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	struct head head = { .thread = SENDERS };
	const unsigned char *text = msg;

	(void)h;
	(void)name;
	(void)nodeid;
	(void)pid;
	if (len >= sizeof(head))
		memcpy(&head, msg, sizeof(head));
	pthread_mutex_lock(&lock);
	if (head.thread >= SENDERS ||
	    len != sizeof(head) + text_len(head.number) ||
	    head.number != received[head.thread] ||
	    (len > sizeof(head) && text[len - 1] != head.thread))
		n_bad++;
	if (head.thread < SENDERS)
		received[head.thread]++;
	n_received++;
	pthread_cond_signal(&news);
	pthread_mutex_unlock(&lock);
}

static void confchg(cpg_handle_t h, const struct cpg_name *name,
		    const struct cpg_address *members, size_t n_members,
		    const struct cpg_address *left, size_t n_left,
		    const struct cpg_address *joined, size_t joins)
{
	(void)h;
	(void)name;
	(void)members;
	(void)n_members;
	(void)left;
	(void)n_left;
	(void)joined;
	pthread_mutex_lock(&lock);
	n_joined += joins;
	pthread_mutex_unlock(&lock);
}

static void failed(const char *what, cs_error_t error)
{
	printf("# %s: %d\n", what, error);
	atomic_fetch_add(&n_errors, 1);
}

static void expect(const char *what, cs_error_t error, cs_error_t expected)
{
	if (error != expected)
		failed(what, error);
}

/* There is no room: until there may be. */
static void wait_for_room(void)
{
	struct pollfd pfd = { .events = POLLOUT };

	expect("fd_get", cpg_fd_get(handle, &pfd.fd), CS_OK);
	poll(&pfd, 1, ROOM_MS);
	sched_yield();
}

static void *send_many(void *arg)
{
	uint32_t thread = (uint32_t *)arg - sent;
	unsigned char text[TEXT_MAX];
	struct head head = { .thread = thread };
	struct iovec iov[] = {
		{ .iov_base = &head, .iov_len = sizeof(head) },
		{ .iov_base = text },
	};
	cs_error_t error = CS_OK;

	memset(text, (int)thread, sizeof(text));
	/* One at least, on a machine that has no time for it until then. */
	while (!atomic_load(&is_stopped) || !head.number) {
		iov[1].iov_len = text_len(head.number);
		error = cpg_mcast_joined(handle, CPG_TYPE_AGREED, iov, 2);
		if (error == CS_OK)
			head.number++;
		else if (error == CS_ERR_TRY_AGAIN)
			wait_for_room();
		else
			break;
	}
	if (error != CS_OK && error != CS_ERR_TRY_AGAIN)
		failed("mcast_joined", error);
	sent[thread] = head.number;
	return NULL;
}

static void *dispatch(void *arg)
{
	(void)arg;
	expect("dispatch", cpg_dispatch(handle, CS_DISPATCH_BLOCKING),
	       CS_ERR_BAD_HANDLE);
	return NULL;
}

static void *ask(void *arg)
{
	cpg_flow_control_state_t state;
	cpg_handle_t other;
	void *context;
	uint32_t size;

	while (!atomic_load(&is_stopped)) {
		expect("context_set", cpg_context_set(handle, arg), CS_OK);
		expect("context_get", cpg_context_get(handle, &context),
		       CS_OK);
		expect("max_atomic_msgsize_get",
		       cpg_max_atomic_msgsize_get(handle, &size), CS_OK);
		expect("flow_control_state_get",
		       cpg_flow_control_state_get(handle, &state), CS_OK);
		expect("join again", cpg_join(handle, &group), CS_ERR_EXIST);
		expect("initialize", cpg_initialize(&other, NULL), CS_OK);
		expect("dispatch of another",
		       cpg_dispatch(other, CS_DISPATCH_ALL), CS_OK);
		expect("finalize of another", cpg_finalize(other), CS_OK);
	}
	return NULL;
}

static bool wait_until_received(uint64_t n)
{
	const char *speed = getenv("CPG_SPEED");
	struct timespec end;
	bool is_all;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += DRAIN_SECONDS * (speed ? atol(speed) : 1);
	pthread_mutex_lock(&lock);
	while (n_received < n && !err)
		err = pthread_cond_timedwait(&news, &lock, &end);
	is_all = n_received == n && n_joined == 1;
	pthread_mutex_unlock(&lock);
	return is_all;
}

static bool run(unsigned int seconds)
{
	struct timespec end;
	pthread_t sender[SENDERS], asker[ASKERS], dispatcher;
	uint64_t n = 0;
	bool is_all;
	int i;

	pthread_create(&dispatcher, NULL, dispatch, NULL);
	for (i = 0; i < ASKERS; i++)
		pthread_create(&asker[i], NULL, ask, NULL);
	for (i = 0; i < SENDERS; i++)
		pthread_create(&sender[i], NULL, send_many, &sent[i]);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
	atomic_store(&is_stopped, true);
	for (i = 0; i < SENDERS; i++) {
		pthread_join(sender[i], NULL);
		n += sent[i];
	}
	for (i = 0; i < ASKERS; i++)
		pthread_join(asker[i], NULL);
	is_all = wait_until_received(n);
	expect("finalize", cpg_finalize(handle), CS_OK);
	pthread_join(dispatcher, NULL);
	printf("# sent %llu, received %llu, of these %u wrong, %u errors\n",
	       (unsigned long long)n, (unsigned long long)n_received, n_bad,
	       atomic_load(&n_errors));
	for (i = 0; i < SENDERS; i++) {
		if (received[i] != sent[i])
			printf("# thread %d sent %u, received %u\n", i,
			       sent[i], received[i]);
		is_all = is_all && sent[i] && received[i] == sent[i];
	}
	return is_all && !n_bad && !atomic_load(&n_errors);
}

int main(int argc, char **argv)
{
	cpg_callbacks_t callbacks = {
		.cpg_deliver_fn = deliver,
		.cpg_confchg_fn = confchg,
	};
	unsigned int seconds = argc > 1 ? atol(argv[1]) : SECONDS;
	bool is_good;

	printf("TAP version 13\n1..1\n");
	expect("initialize", cpg_initialize(&handle, &callbacks), CS_OK);
	expect("join", cpg_join(handle, &group), CS_OK);
	is_good = !atomic_load(&n_errors) && run(seconds);
	printf("%sok 1 %d threads send on one handle, one dispatches: no loss, no error\n",
	       is_good ? "" : "not ", SENDERS);
	return !is_good;
}
