// SPDX-License-Identifier: GPL-2.0
/*
 * A member of a group that a shell script steers: it prints every event, a
 * line each, and does what it reads from its standard input.  With -q it sends
 * with a majority only.
 *
 *	send TEXT	multicast TEXT
 *	burst N [SIZE]	multicast N messages, as fast as they go, short ones
 *			or of SIZE bytes
 *	batch N		multicast N short messages, many with each system call
 *	fill LENGTH	multicast without waiting, until there is no room
 *	writable	say whether poll() finds the socket writable
 *	sndbuf BYTES	SO_SNDBUF
 *	sndtimeo MS	SO_SNDTIMEO
 *	waitout		say so when poll() finds the socket writable
 *	rcvbuf BYTES	SO_RCVBUF
 *	noevict		CPGSO_NOEVICT
 *	deaf		do not read any more, unless the socket is hung up
 *	hear		read again
 *	leave		leave the group
 *	quit		close and exit
 *
 * A line begins with the time in milliseconds since the epoch.  Members are
 * printed as nodeid/pid, a list with a comma behind each.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "cpg_test.h"

enum {
	BATCH = 50,
};

static bool deaf;

static const char *const reason_names[] = {
	[CPG_CHG_NONE] = "NONE",
	[CPG_CHG_JOIN] = "JOIN",
	[CPG_CHG_LEAVE] = "LEAVE",
	[CPG_CHG_NODEDOWN] = "NODEDOWN",
	[CPG_CHG_NODEUP] = "NODEUP",
	[CPG_CHG_PROCDOWN] = "PROCDOWN",
};

static void print_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	printf("%lld ", ts.tv_sec * 1000LL + ts.tv_nsec / 1000000);
}

static void print_list(const char *name, const struct cpg_member *m, __u32 n)
{
	printf(" %s=", name);
	for (; n; n--, m++) {
		printf("%u/%u", m->nodeid, m->pid);
		if (m->reason < sizeof(reason_names) / sizeof(*reason_names) &&
		    m->reason)
			printf(":%s", reason_names[m->reason]);
		putchar(',');
	}
}

static void print_event(const struct cpg_test_event *ev)
{
	const struct cpg_confchg *chg = ev->chg;
	__u32 i;

	print_time();
	switch (ev->kind) {
	case CPG_TEST_MSG:
		printf("msg %u/%u %.*s", ev->from.scpg_nodeid,
		       ev->from.scpg_pid, (int)ev->len, ev->data);
		break;
	case CPG_TEST_CONFCHG:
		printf("conf");
		print_list("members", chg->entries, chg->n_members);
		print_list("left", cpg_test_left(chg), chg->n_left);
		print_list("joined", cpg_test_joined(chg), chg->n_joined);
		break;
	case CPG_TEST_VIEW:
		printf("view %llu.%u %squorate nodes=",
		       (unsigned long long)ev->view->seq, ev->view->rep,
		       ev->view->flags & CPG_VIEW_F_QUORATE ? "" : "not-");
		for (i = 0; i < ev->view->n_nodes; i++)
			printf("%u,", ev->view->nodes[i]);
		break;
	default:
		printf("nothing");
	}
	putchar('\n');
}

static void print_result(const char *what, int ret)
{
	print_time();
	printf("%s %s\n", what, ret < 0 ? strerrorname_np(-ret) : "ok");
}

/* Of @size bytes, or as many as the text has. */
static int send_many(int fd, int n, int size)
{
	static char text[CPG_MSG_MAX];
	int i, len, ret;

	memset(text, '.', sizeof(text));
	for (i = 0; i < n; i++) {
		len = sprintf(text, "message-%d", i);
		text[len] = '.';
		ret = cpg_test_send(fd, text, size > len ? size : len, 0);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static void do_send(int fd, const char *text)
{
	print_result("send", cpg_test_send(fd, text, strlen(text), 0));
}

static void do_burst(int fd, const char *arg)
{
	char *size;
	int n = strtol(arg, &size, 10);

	print_result("burst", send_many(fd, n, atoi(size)));
}

static int send_batches(int fd, int n)
{
	struct mmsghdr msgs[BATCH] = { };
	struct iovec iov[BATCH];
	char text[BATCH][32];
	int i, k, len, ret;

	for (i = 0; i < n; i += ret) {
		len = n - i < BATCH ? n - i : BATCH;
		for (k = 0; k < len; k++) {
			iov[k].iov_base = text[k];
			iov[k].iov_len = sprintf(text[k], "message-%d", i + k);
			msgs[k].msg_hdr.msg_iov = &iov[k];
			msgs[k].msg_hdr.msg_iovlen = 1;
		}
		ret = sendmmsg(fd, msgs, len, 0);
		if (ret < 0)
			return -errno;
	}
	return 0;
}

static void do_batch(int fd, const char *arg)
{
	print_result("batch", send_batches(fd, atoi(arg)));
}

static void do_fill(int fd, const char *arg)
{
	static char text[CPG_MSG_MAX] = "fill-";
	int len = atoi(arg), n = 0, ret;

	memset(text + 5, 'x', len - 5);
	do {
		ret = cpg_test_send(fd, text, len, MSG_DONTWAIT);
	} while (ret == len && ++n);
	print_time();
	printf("fill %d %s\n", n, strerrorname_np(-ret));
}

static void do_writable(int fd, const char *arg)
{
	(void)arg;
	print_time();
	printf("writable %s\n", cpg_test_poll(fd, POLLOUT, 0) ? "yes" : "no");
}

/* Reads no event meanwhile. */
static void do_waitout(int fd, const char *arg)
{
	(void)arg;
	cpg_test_poll(fd, POLLOUT, CPG_TEST_WAIT_MS * 4);
	do_writable(fd, arg);
}

static void do_sndbuf(int fd, const char *arg)
{
	int size = atoi(arg);

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static void do_rcvbuf(int fd, const char *arg)
{
	int size = atoi(arg);

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static void do_noevict(int fd, const char *arg)
{
	(void)arg;
	print_result("noevict", cpg_test_set(fd, CPGSO_NOEVICT, 1));
}

static void do_deaf(int fd, const char *arg)
{
	(void)fd;
	(void)arg;
	deaf = true;
	print_result("deaf", 0);
}

static void do_hear(int fd, const char *arg)
{
	(void)fd;
	(void)arg;
	deaf = false;
}

static void do_sndtimeo(int fd, const char *arg)
{
	int ms = atoi(arg);
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

static void do_leave(int fd, const char *arg)
{
	(void)arg;
	print_result("leave", cpg_test_leave(fd));
}

static const struct {
	const char	*name;
	void		(*run)(int fd, const char *arg);
} commands[] = {
	{ "send", do_send },
	{ "burst", do_burst },
	{ "batch", do_batch },
	{ "fill", do_fill },
	{ "writable", do_writable },
	{ "waitout", do_waitout },
	{ "sndbuf", do_sndbuf },
	{ "rcvbuf", do_rcvbuf },
	{ "noevict", do_noevict },
	{ "deaf", do_deaf },
	{ "hear", do_hear },
	{ "sndtimeo", do_sndtimeo },
	{ "leave", do_leave },
};

/* False when there is nothing more to do. */
static bool do_command(int fd, char *line)
{
	char *arg = line + strcspn(line, " ");
	size_t i;

	if (*arg)
		*arg++ = 0;
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(line, commands[i].name))
			commands[i].run(fd, arg);
	return strcmp(line, "quit");
}

static bool read_commands(int fd)
{
	static char buf[4096];
	static size_t have;
	ssize_t len;
	char *end;

	len = read(STDIN_FILENO, buf + have, sizeof(buf) - have);
	if (len <= 0)
		return false;
	have += len;
	while ((end = memchr(buf, '\n', have))) {
		*end++ = 0;
		if (!do_command(fd, buf))
			return false;
		have -= end - buf;
		memmove(buf, end, have);
	}
	return have < sizeof(buf);
}

static int run(int fd)
{
	static struct cpg_test_event ev;
	struct pollfd pfds[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	int ret;

	for (;;) {
		pfds[0].events = deaf ? 0 : POLLIN;
		if (poll(pfds, 2, -1) < 0)
			return -errno;
		if (pfds[0].revents) {
			ret = cpg_test_recv(fd, &ev, MSG_DONTWAIT);
			if (ret && ret != -EAGAIN)
				return ret;
			if (!ret)
				print_event(&ev);
		}
		if (pfds[1].revents && !read_commands(fd))
			return 0;
	}
}

static int join(int fd, const char *name, __u32 flags)
{
	struct cpg_group group;

	cpg_test_group(&group, name);
	group.flags = flags;
	if (setsockopt(fd, SOL_CPG, CPGSO_JOIN, &group, sizeof(group)))
		return -errno;
	return 0;
}

int main(int argc, char **argv)
{
	__u32 nodeid, flags = 0;
	int fd, ret;

	if (argc == 3 && !strcmp(argv[1], "-q")) {
		flags = CPG_JOIN_F_QUORUM;
		argv++;
		argc--;
	}
	if (argc != 2) {
		fprintf(stderr, "usage: cpg_member [-q] GROUP\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	fd = cpg_test_socket();
	if (fd < 0) {
		print_result("socket", fd);
		return 1;
	}
	ret = cpg_test_set(fd, CPGSO_RECVVIEW,
			   CPG_RECVVIEW_CHANGES | CPG_RECVVIEW_INITIAL);
	if (!ret)
		ret = cpg_test_get(fd, CPGSO_NODEID, &nodeid);
	if (!ret)
		ret = join(fd, argv[1], flags);
	if (ret) {
		print_result("join", ret);
		return 1;
	}
	print_time();
	printf("node %u pid %d\n", nodeid, getpid());
	ret = run(fd);
	print_result("end", ret);
	return ret ? 1 : 0;
}
