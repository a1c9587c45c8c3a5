// SPDX-License-Identifier: GPL-2.0
/* Sending: small messages, large ones, and those that are not accepted. */

#include "kselftest_harness.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/cpg.h>

#include "client.h"

enum {
	ATOMIC = 1047552,
	THREADS = 4,
	ENTRIES = 1500,
};

FIXTURE(send)
{
	struct peer p;
	struct client a;
};

FIXTURE_SETUP(send)
{
	ASSERT_EQ(0, client_node());
	ASSERT_EQ(0, peer_start(&self->p));
	ASSERT_EQ(CS_OK, client_open(&self->a));
	ASSERT_TRUE(ev_is_conf(client_joined(&self->a, "group"), 1, 0, 1));
}

FIXTURE_TEARDOWN(send)
{
	cpg_finalize(self->a.handle);
	peer_kill(&self->p);
}

/* What is accepted next is the next thing that is delivered. */
static bool is_alive(struct client *c)
{
	return client_send(c, 20, 99) == CS_OK &&
	       ev_is_msg(client_next(c), 20, 99);
}

TEST_F(send, c29_after_leave)
{
	ASSERT_EQ(CS_OK, peer_join(&self->p, "group"));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 2, 0, 1));
	ASSERT_EQ(CS_OK, client_leave(&self->a, "group"));
	EXPECT_EQ(CS_OK, client_send(&self->a, 10, 1));
	EXPECT_EQ(CS_ERR_NOT_EXIST, client_send(&self->a, 2000000, 1));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 1, 1, 0));
	EXPECT_EQ(CS_OK, client_send(&self->a, 10, 1));
	EXPECT_TRUE(client_is_quiet(&self->a));
	EXPECT_EQ(2, peer_next(&self->p).n_members);
	EXPECT_EQ(1, peer_next(&self->p).n_left);
	EXPECT_TRUE(peer_is_quiet(&self->p));
}

TEST_F(send, c38_without_waiting_for_the_join)
{
	struct client b;

	ASSERT_EQ(CS_OK, client_open(&b));
	ASSERT_EQ(CS_OK, client_join(&b, "other"));
	ASSERT_EQ(CS_OK, client_send(&b, 10, 1));
	EXPECT_TRUE(ev_is_conf(client_next(&b), 1, 0, 1));
	EXPECT_TRUE(ev_is_msg(client_next(&b), 10, 1));
	EXPECT_EQ(CS_OK, cpg_finalize(b.handle));
}

TEST_F(send, c41_own_message_once)
{
	const struct ev *ev;
	unsigned int id;

	ASSERT_EQ(CS_OK, cpg_local_get(self->a.handle, &id));
	ASSERT_EQ(CS_OK, client_send(&self->a, 10, 1));
	ev = client_next(&self->a);
	EXPECT_TRUE(ev_is_msg(ev, 10, 1));
	EXPECT_EQ(id, ev->nodeid);
	EXPECT_EQ(getpid(), (pid_t)ev->pid);
	EXPECT_EQ(0, strcmp("group", ev->group.value));
	EXPECT_TRUE(client_is_quiet(&self->a));
}

TEST_F(send, c42_nothing)
{
	struct iovec iov[3] = { { NULL, 0 }, { NULL, 0 }, { "", 0 } };
	cpg_handle_t h = self->a.handle;
	int i;

	EXPECT_EQ(CS_OK, cpg_mcast_joined(h, CPG_TYPE_AGREED, NULL, 0));
	EXPECT_EQ(CS_OK, cpg_mcast_joined(h, CPG_TYPE_AGREED, iov, 0));
	EXPECT_EQ(CS_OK, cpg_mcast_joined(h, CPG_TYPE_AGREED, iov, 3));
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(ev_is_msg(client_next(&self->a), 0, 0));
}

TEST_F(send, null_entries)
{
	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_mcast_joined(self->a.handle, CPG_TYPE_AGREED, NULL, 1));
}

/* @n entries of different lengths, some of them empty. */
static void expect_entries(struct __test_metadata *_metadata, struct client *c,
			   unsigned int n, size_t part)
{
	struct iovec *iov = calloc(n, sizeof(*iov));
	uint8_t *data = malloc(n * (part + 7));
	const struct ev *ev;
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		iov[i].iov_len = i % 3 ? part + i % 7 : 0;
		iov[i].iov_base = data + len;
		memset(data + len, i, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	while (cpg_mcast_joined(c->handle, CPG_TYPE_AGREED, iov, n) ==
	       CS_ERR_TRY_AGAIN)
		usleep(1000);
	ev = client_next(c);
	ASSERT_NE(NULL, ev);
	EXPECT_EQ(len, ev->len);
	EXPECT_EQ(client_sum(data, len), ev->sum);
	free(data);
	free(iov);
}

TEST_F(send, c43_entries)
{
	expect_entries(_metadata, &self->a, 1, 3);
	expect_entries(_metadata, &self->a, 63, 3);
}

TEST_F(send, c43_more_entries)
{
	expect_entries(_metadata, &self->a, 64, 3);
	expect_entries(_metadata, &self->a, 1023, 3);
	expect_entries(_metadata, &self->a, 1024, 3);
	expect_entries(_metadata, &self->a, 1025, 3);
	expect_entries(_metadata, &self->a, ENTRIES, 3);
}

TEST_F(send, c43_entries_of_a_large_message)
{
	expect_entries(_metadata, &self->a, 5, 800000);
	expect_entries(_metadata, &self->a, 1023, 3000);
	expect_entries(_metadata, &self->a, ENTRIES, 2000);
}

TEST_F(send, c44_guarantees)
{
	static const int guarantee[] = { 0, 1, 2, 3, 99, 0, 3 };
	struct iovec iov = { .iov_len = 1 };
	char byte;
	size_t i;

	iov.iov_base = &byte;
	for (i = 0; i < ARRAY_SIZE(guarantee); i++) {
		byte = i;
		EXPECT_EQ(CS_OK, cpg_mcast_joined(self->a.handle, guarantee[i],
						  &iov, 1));
	}
	for (i = 0; i < ARRAY_SIZE(guarantee); i++) {
		const struct ev *ev = client_next(&self->a);

		ASSERT_NE(NULL, ev);
		EXPECT_EQ(1, ev->len);
		EXPECT_EQ((char)i, ev->data[0]);
	}
}

TEST_F(send, c45_c46_not_joined)
{
	struct client b;

	ASSERT_EQ(CS_OK, client_open(&b));
	EXPECT_EQ(CS_OK, client_send(&b, 10, 1));
	EXPECT_EQ(CS_OK, client_send(&b, ATOMIC, 1));
	EXPECT_EQ(CS_ERR_NOT_EXIST, client_send(&b, ATOMIC + 1, 1));
	EXPECT_EQ(CS_ERR_NOT_EXIST, client_send(&b, 2000000, 1));
	EXPECT_TRUE(client_is_quiet(&b));
	EXPECT_TRUE(client_is_quiet(&self->a));
	EXPECT_EQ(CS_OK, cpg_finalize(b.handle));
}

static void expect_whole(struct __test_metadata *_metadata, struct client *c,
			 size_t len)
{
	ASSERT_EQ(CS_OK, client_send_all(c, len, len));
	EXPECT_TRUE(ev_is_msg(client_next(c), len, len));
	EXPECT_TRUE(is_alive(c));
}

TEST_F(send, c47_1047552_bytes)
{
	expect_whole(_metadata, &self->a, ATOMIC);
}

TEST_F(send, c47_1047553_bytes)
{
	expect_whole(_metadata, &self->a, ATOMIC + 1);
}

TEST_F(send, c47_20971520_bytes)
{
	expect_whole(_metadata, &self->a, 20971520);
}

TEST_F(send, c47_at_another_process)
{
	struct ev ev;

	ASSERT_EQ(CS_OK, peer_join(&self->p, "group"));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 2, 0, 1));
	ASSERT_EQ(CS_OK, client_send_all(&self->a, 5000000, 1));
	ev = peer_next(&self->p);
	ASSERT_TRUE(ev_is_conf(&ev, 2, 0, 1));
	ev = peer_next(&self->p);
	EXPECT_TRUE(ev_is_msg(&ev, 5000000, 1));
	EXPECT_EQ(getpid(), (pid_t)ev.pid);
}

/* Who does not dispatch delays nobody, and loses nothing. */
TEST_F(send, c51_c52_slow_member)
{
	int n = client_speed() > 10 ? 200 : 2000;
	struct ev ev;
	int i;

	ASSERT_EQ(CS_OK, peer_join(&self->p, "group"));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 2, 0, 1));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(CS_OK, client_send(&self->a, 1000, i));
		ASSERT_TRUE(ev_is_msg(client_next(&self->a), 1000, i));
	}
	ev = peer_next(&self->p);
	ASSERT_TRUE(ev_is_conf(&ev, 2, 0, 1));
	for (i = 0; i < n; i++) {
		ev = peer_next(&self->p);
		ASSERT_TRUE(ev_is_msg(&ev, 1000, i));
	}
	EXPECT_TRUE(peer_is_quiet(&self->p));
}

/* --- changes of the group between the fragments -------------------------- */

struct big {
	struct client	*c;
	size_t		len;
	cs_error_t	error;
};

static void *big_main(void *arg)
{
	struct big *big = arg;

	big->error = client_send(big->c, big->len, 7);
	return NULL;
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

/* What is delivered up to the marker: only whole messages, @n of them. */
static void expect_only_whole(struct __test_metadata *_metadata,
			      const struct big *big, int n)
{
	const size_t marker = 1100000;
	const struct ev *ev;

	ASSERT_EQ(CS_OK, client_send_all(big->c, marker, 8));
	do {
		ev = client_next_of(big->c, EV_MSG);
		ASSERT_NE(NULL, ev);
		if (ev->len != marker) {
			EXPECT_TRUE(ev_is_msg(ev, big->len, 7));
			n--;
		}
	} while (ev->len != marker);
	EXPECT_TRUE(ev_is_msg(ev, marker, 8));
	EXPECT_EQ(0, n);
}

/* Tries until a join falls between two fragments. */
TEST_F(send, c48_group_changes_meanwhile)
{
	enum { TRIES = 20 };
	struct big big = { .c = &self->a, .len = 10 << 20 };
	struct peer p[TRIES];
	const struct ev *ev;
	pthread_t thread;
	long took;
	int i;

	ASSERT_EQ(CS_OK, cpg_finalize(self->a.handle));
	for (i = 1; i < TRIES; i++)
		ASSERT_EQ(0, peer_start(&p[i]));
	ASSERT_EQ(CS_OK, client_open(&self->a));
	while (client_join(&self->a, "group") == CS_ERR_TRY_AGAIN)
		usleep(1000);
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 1, 0, 1));
	took = now_us();
	big_main(&big);
	took = now_us() - took;
	expect_only_whole(_metadata, &big, big.error == CS_OK);

	for (i = 1; i < TRIES && big.error != CS_ERR_INTERRUPT; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, big_main, &big));
		usleep(took * i / TRIES);
		ASSERT_EQ(CS_OK, peer_join(&p[i], "group"));
		ASSERT_EQ(0, pthread_join(thread, NULL));
		ASSERT_TRUE(big.error == CS_OK ||
			    big.error == CS_ERR_TRY_AGAIN ||
			    big.error == CS_ERR_INTERRUPT);
		expect_only_whole(_metadata, &big, big.error == CS_OK);
		ASSERT_EQ(CS_OK, peer_finalize(&p[i]));
		do {
			ev = client_next_of(&self->a, EV_CONF);
			ASSERT_NE(NULL, ev);
		} while (!ev->n_left);
	}
	EXPECT_EQ(CS_ERR_INTERRUPT, big.error);
	for (i = 1; i < TRIES; i++)
		peer_kill(&p[i]);
}

TEST_F(send, c48_change_is_queued_but_not_dispatched)
{
	struct ev ev;

	/* The peer's join is in the queue before the first fragment. */
	ASSERT_EQ(CS_OK, peer_join(&self->p, "group"));
	ev = peer_next(&self->p);
	ASSERT_TRUE(ev_is_conf(&ev, 2, 0, 1));
	ASSERT_EQ(CS_OK, client_send_all(&self->a, 3000000, 1));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 2, 0, 1));
	EXPECT_TRUE(ev_is_msg(client_next(&self->a), 3000000, 1));
}

TEST_F(send, c49_no_deliver_fn)
{
	struct cpg_name name = client_name("other");
	struct iovec iov = { .iov_len = 2000000 };
	cpg_handle_t h;
	int fd, i;

	ASSERT_EQ(CS_OK, cpg_initialize(&h, NULL));
	ASSERT_EQ(CS_OK, cpg_join(h, &name));
	iov.iov_base = calloc(1, iov.iov_len);
	ASSERT_EQ(CS_OK, cpg_mcast_joined(h, CPG_TYPE_AGREED, &iov, 1));
	/* The join and two fragments. */
	for (i = 0; i < 3; i++)
		EXPECT_EQ(CS_OK, cpg_dispatch(h, CS_DISPATCH_ONE));
	EXPECT_EQ(CS_ERR_TRY_AGAIN,
		  cpg_dispatch(h, CS_DISPATCH_ONE_NONBLOCKING));
	EXPECT_EQ(CS_OK, cpg_fd_get(h, &fd));
	free(iov.iov_base);
	EXPECT_EQ(CS_OK, cpg_finalize(h));
}

/* --- the library and the socket ------------------------------------------ */

static const uint8_t magic[16] = {
	0xc9, 0x86, 0x46, 0xef, 0x17, 0xbf, 0x16, 0x57,
	0x42, 0xf5, 0x22, 0x58, 0x58, 0xbb, 0x32, 0x40,
};

/* What begins like a fragment arrives as it was sent. */
TEST_F(send, magic_number_in_a_message)
{
	static const size_t lengths[] = {
		15, 16, 31, 32, 33, 100, ATOMIC - 32, ATOMIC - 31, ATOMIC,
		ATOMIC + 1,
	};
	struct iovec iov[2];
	const struct ev *ev;
	uint8_t *data;
	size_t i;

	data = calloc(1, ATOMIC + 1);
	ASSERT_NE(NULL, data);
	/* And goes on like the header of one of which more is to come. */
	memcpy(data, magic, sizeof(magic));
	data[18] = 0xff;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		iov[0] = (struct iovec){ data, 7 };
		iov[1] = (struct iovec){ data + 7, lengths[i] - 7 };
		ASSERT_EQ(CS_OK, cpg_mcast_joined(self->a.handle,
						  CPG_TYPE_AGREED, iov, 2));
		ev = client_next(&self->a);
		ASSERT_NE(NULL, ev);
		EXPECT_EQ(EV_MSG, ev->kind);
		EXPECT_EQ(lengths[i], ev->len);
		EXPECT_EQ(0, memcmp(ev->data, data,
				    lengths[i] < CLIENT_DATA ? lengths[i] :
							       CLIENT_DATA));
	}
	free(data);
}

/* In one group, the library and a bare socket see the same bytes. */
TEST_F(send, bare_socket)
{
	struct cpg_group group = { .name_len = 5, .name = "group" };
	struct pollfd pfd = { .events = POLLIN };
	char buf[64], ctl[256];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	const struct ev *ev;
	int fds[2];
	pid_t pid;

	/* A pid is in a group once. */
	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	if (!pid) {
		pfd.fd = socket(AF_CPG, SOCK_SEQPACKET, 0);
		if (setsockopt(pfd.fd, SOL_CPG, CPGSO_JOIN, &group,
			       sizeof(group)))
			_exit(1);
		msg.msg_control = ctl;
		msg.msg_controllen = sizeof(ctl);
		if (recvmsg(pfd.fd, &msg, 0) != 0)
			_exit(2);
		if (send(pfd.fd, "to libcpg", 9, 0) != 9 ||
		    recv(pfd.fd, buf, sizeof(buf), 0) != 9 ||
		    memcmp(buf, "to libcpg", 9))
			_exit(3);
		if (recv(pfd.fd, buf, sizeof(buf), 0) != 11 ||
		    memcmp(buf, "from libcpg", 11))
			_exit(4);
		_exit(0);
	}
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 2, 0, 1));
	ev = client_next(&self->a);
	ASSERT_NE(NULL, ev);
	EXPECT_EQ(9, ev->len);
	EXPECT_EQ(0, memcmp(ev->data, "to libcpg", 9));
	EXPECT_EQ(pid, (pid_t)ev->pid);
	iov = (struct iovec){ "from libcpg", 11 };
	ASSERT_EQ(CS_OK, cpg_mcast_joined(self->a.handle, CPG_TYPE_AGREED,
					  &iov, 1));
	ev = client_next(&self->a);
	ASSERT_NE(NULL, ev);
	EXPECT_EQ(11, ev->len);
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 1, 1, 0));
	close(fds[0]);
	close(fds[1]);
}

TEST_F(send, c74_zero_copy)
{
	const struct ev *ev;
	void *buf = NULL;

	ASSERT_EQ(CS_OK, cpg_zcb_alloc(self->a.handle, 1000, &buf));
	ASSERT_NE(NULL, buf);
	memset(buf, 'a', 1000);
	EXPECT_EQ(CS_OK, cpg_zcb_mcast_joined(self->a.handle, CPG_TYPE_AGREED,
					      buf, 1000));
	memset(buf, 'b', 1000);
	EXPECT_EQ(CS_OK, cpg_zcb_mcast_joined(self->a.handle, CPG_TYPE_AGREED,
					      buf, 500));
	EXPECT_EQ(CS_OK, cpg_zcb_free(self->a.handle, buf));
	ev = client_next(&self->a);
	ASSERT_NE(NULL, ev);
	EXPECT_EQ(1000, ev->len);
	EXPECT_EQ('a', ev->data[0]);
	ev = client_next(&self->a);
	ASSERT_NE(NULL, ev);
	EXPECT_EQ(500, ev->len);
	EXPECT_EQ('b', ev->data[0]);
}

TEST_F(send, c75_zero_copy_of_1_mib)
{
	const struct ev *ev;
	void *buf = NULL;

	ASSERT_EQ(CS_OK, cpg_zcb_alloc(self->a.handle, 1 << 20, &buf));
	memset(buf, 'a', 1 << 20);
	EXPECT_EQ(CS_OK, cpg_zcb_mcast_joined(self->a.handle, CPG_TYPE_AGREED,
					      buf, 1 << 20));
	EXPECT_EQ(CS_OK, cpg_zcb_free(self->a.handle, buf));
	ev = client_next(&self->a);
	ASSERT_NE(NULL, ev);
	EXPECT_EQ(1 << 20, ev->len);
	EXPECT_TRUE(is_alive(&self->a));
}

/* --- threads -------------------------------------------------------------- */

struct sender {
	struct client	*c;
	int		n;
	int		number;
	cs_error_t	error;
};

/* A message says who sent it, and how manieth it is; every 16th is large. */
static void *sender_main(void *arg)
{
	struct sender *s = arg;
	struct iovec iov[2];
	uint32_t head[2];
	void *pad = calloc(1, 1200000);
	int i;

	head[0] = s->number;
	for (i = 0; i < s->n; i++) {
		head[1] = i;
		iov[0] = (struct iovec){ head, sizeof(head) };
		iov[1] = (struct iovec){ pad, i % 16 ? 100 : 1200000 };
		do {
			s->error = cpg_mcast_joined(s->c->handle,
						    CPG_TYPE_AGREED, iov, 2);
			if (s->error == CS_ERR_TRY_AGAIN)
				usleep(1000);
		} while (s->error == CS_ERR_TRY_AGAIN);
		if (s->error != CS_OK)
			break;
	}
	free(pad);
	return NULL;
}

TEST_F(send, c80_threads)
{
	int n = client_speed() > 10 ? 32 : 64;
	struct sender s[THREADS];
	uint32_t next[THREADS] = { 0 }, head[2];
	pthread_t thread[THREADS];
	const struct ev *ev;
	int i;

	for (i = 0; i < THREADS; i++) {
		s[i] = (struct sender){ .c = &self->a, .n = n, .number = i };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, sender_main,
					    &s[i]));
	}
	for (i = 0; i < THREADS * n; i++) {
		ev = client_next_of(&self->a, EV_MSG);
		ASSERT_NE(NULL, ev);
		memcpy(head, ev->data, sizeof(head));
		ASSERT_GT(THREADS, head[0]);
		ASSERT_EQ(next[head[0]]++, head[1]);
		ASSERT_EQ(8 + (head[1] % 16 ? 100 : 1200000), ev->len);
	}
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
		EXPECT_EQ(CS_OK, s[i].error);
	}
	EXPECT_TRUE(client_is_quiet(&self->a));
}

TEST_HARNESS_MAIN
