// SPDX-License-Identifier: GPL-2.0
/*
 * uring_bench [ROUNDS [SIZE]]: what a message costs, by system calls and by
 * io_uring, in a group of one node, in a namespace of its own; as root, with
 * the module loaded.
 *
 * burst: one process sends BURST messages and then reads them.
 * stream: another process sends, this one waits and reads.
 * send: as burst, with other ways to send; what is read by recvmmsg().
 *
 * Each round runs every way once, so that a machine that gets slower or faster
 * does it to all.  Printed are, of nanoseconds a message, the least of all
 * rounds and its ratio to the first way's, and the quartiles of the ratio to
 * the first way of the same round.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cpg_test.h"
#include "uring.h"

enum {
	BURST = 60,		/* messages, not more than requests of a ring */
	BURSTS = 10,		/* of a round */
	ROUNDS_MAX = 1000,
	WAYS_MAX = 8,
	BYTES_MAX = 65536,
	BATCH = 32768,		/* bytes, the library's buffer */
};

struct bench {
	int		fd;
	size_t		size;	/* of a message */
	char		*data;	/* room for BURST messages, and for BATCH */
	int		sent;	/* messages, the number each begins with */
	int		got;
	struct uring	u;	/* of the way that runs, if it has one */
	bool		armed;
};

struct way {
	const char	*name;
	void		(*send)(struct bench *b);	/* NULL: a stream */
	void		(*recv)(struct bench *b, int n);
	unsigned int	ring;	/* IORING_SETUP_*; 0: none */
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* All ways get the same, in the same order. */
static void take(struct bench *b, const void *data, size_t len)
{
	int n;

	memcpy(&n, data, sizeof(n));
	if (len != b->size || n != b->got++) {
		fprintf(stderr, "message %d instead of %d\n", n, b->got - 1);
		exit(1);
	}
}

static char *number(struct bench *b, int i)
{
	char *data = b->data + i * b->size;

	memcpy(data, &b->sent, sizeof(b->sent));
	b->sent++;
	return data;
}

static void send_one_by_one(struct bench *b)
{
	int i;

	for (i = 0; i < BURST; i++)
		if (send(b->fd, number(b, i), b->size, 0) < 0)
			die("send");
}

static void send_mmsg(struct bench *b)
{
	struct mmsghdr msgs[BURST] = { 0 };
	struct iovec iov[BURST];
	int i;

	for (i = 0; i < BURST; i++) {
		iov[i] = (struct iovec){ number(b, i), b->size };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	if (sendmmsg(b->fd, msgs, BURST, 0) != BURST)
		die("sendmmsg");
}

static void send_uring(struct bench *b)
{
	struct io_uring_cqe *cqe;
	int i;

	for (i = 0; i < BURST; i++)
		io_uring_prep_send(uring_sqe(&b->u, 0), b->fd, number(b, i),
				   b->size, 0);
	if (io_uring_submit_and_wait(&b->u.ring, BURST) != BURST)
		die("io_uring_submit_and_wait");
	for (i = 0; i < BURST; i++) {
		if (io_uring_peek_cqe(&b->u.ring, &cqe) ||
		    cqe->res != (int)b->size)
			die("io_uring send");
		io_uring_cqe_seen(&b->u.ring, cqe);
	}
}

static void msg_init(struct msghdr *msg, struct sockaddr_cpg *from,
		     struct iovec *iov, char *control)
{
	*msg = (struct msghdr){
		.msg_name = from,
		.msg_namelen = sizeof(*from),
		.msg_iov = iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = URING_CONTROL,
	};
}

static bool recv_one(struct bench *b, int flags)
{
	static char control[URING_CONTROL];
	struct iovec iov = { b->data, b->size };
	struct sockaddr_cpg from;
	struct msghdr msg;
	ssize_t len;

	msg_init(&msg, &from, &iov, control);
	len = recvmsg(b->fd, &msg, flags);
	if (len < 0 && errno != EAGAIN)
		die("recvmsg");
	if (len >= 0)
		take(b, b->data, len);
	return len >= 0;
}

/* As the library does it: it tells when the last of several is told. */
static void recv_batch(struct bench *b, int n)
{
	struct pollfd pfd = { .fd = b->fd, .events = POLLIN };
	size_t step = sizeof(struct cpg_record) + b->size;
	const struct cpg_record *rec;
	ssize_t len, pos;

	step = (step + CPG_RECORD_ALIGN - 1) / CPG_RECORD_ALIGN *
	       CPG_RECORD_ALIGN;
	while (n) {
		if (!poll(&pfd, 1, 0) && poll(&pfd, 1, -1) < 0)
			die("poll");
		len = recv(b->fd, b->data, BATCH + b->size, MSG_DONTWAIT);
		if (len < 0)
			die("recv");
		for (pos = 0; pos < len; pos += step, n--) {
			rec = (const void *)(b->data + pos);
			if (pos && pos + (ssize_t)step >= len)
				recv(b->fd, NULL, 0, MSG_DONTWAIT);
			take(b, rec + 1, rec->len - sizeof(*rec));
		}
	}
}

static void recv_poll(struct bench *b, int n)
{
	struct pollfd pfd = { .fd = b->fd, .events = POLLIN };

	while (n) {
		if (!poll(&pfd, 1, 0) && poll(&pfd, 1, -1) < 0)
			die("poll");
		n -= recv_one(b, MSG_DONTWAIT);
	}
}

static void recv_recvmsg(struct bench *b, int n)
{
	while (n--)
		recv_one(b, 0);
}

static void recv_mmsg(struct bench *b, int n)
{
	static char control[BURST][URING_CONTROL];
	static struct sockaddr_cpg from[BURST];
	struct mmsghdr msgs[BURST];
	struct iovec iov[BURST];
	int ret;
	int i;

	for (; n; n -= ret) {
		for (i = 0; i < BURST; i++) {
			iov[i] = (struct iovec){ b->data + i * b->size,
						 b->size };
			msg_init(&msgs[i].msg_hdr, &from[i], &iov[i],
				 control[i]);
		}
		ret = recvmmsg(b->fd, msgs, n < BURST ? n : BURST,
			       MSG_WAITFORONE, NULL);
		if (ret < 0)
			die("recvmmsg");
		for (i = 0; i < ret; i++)
			take(b, iov[i].iov_base, msgs[i].msg_len);
	}
}

static void recv_cqe(struct bench *b, struct io_uring_cqe *cqe, int *n)
{
	struct io_uring_recvmsg_out *out = uring_out(&b->u, cqe);

	b->armed = cqe->flags & IORING_CQE_F_MORE;
	if (out) {
		take(b, io_uring_recvmsg_payload(out, &b->u.msg),
		     out->payloadlen);
		--*n;
	} else if (cqe->res != -ENOBUFS) {
		errno = -cqe->res;
		die("recvmsg multishot");
	}
	uring_recycle(&b->u, cqe);
}

static void recv_multishot(struct bench *b, int n)
{
	struct io_uring_cqe *cqe;
	int err;

	while (n) {
		if (!b->armed) {
			err = uring_arm(&b->u, b->fd, 0);
			if (err)
				die("uring_arm");
			b->armed = true;
		}
		err = io_uring_wait_cqe(&b->u.ring, &cqe);
		if (err && err != -EINTR)
			die("io_uring_wait_cqe");
		if (!err)
			recv_cqe(b, cqe, &n);
	}
}

#define COOP	IORING_SETUP_COOP_TASKRUN
#define DEFER	(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

static const struct way bursts[] = {
	{ "burst poll+recvmsg", send_one_by_one, recv_poll, 0 },
	{ "burst batch", send_one_by_one, recv_batch, 0 },
	{ "burst recvmsg", send_one_by_one, recv_recvmsg, 0 },
	{ "burst recvmmsg", send_one_by_one, recv_mmsg, 0 },
	{ "burst multishot coop", send_one_by_one, recv_multishot, COOP },
	{ "burst multishot defer", send_one_by_one, recv_multishot, DEFER },
	{ 0 }
};

static const struct way streams[] = {
	{ "stream poll+recvmsg", NULL, recv_poll, 0 },
	{ "stream batch", NULL, recv_batch, 0 },
	{ "stream recvmsg", NULL, recv_recvmsg, 0 },
	{ "stream recvmmsg", NULL, recv_mmsg, 0 },
	{ "stream multishot coop", NULL, recv_multishot, COOP },
	{ "stream multishot defer", NULL, recv_multishot, DEFER },
	{ 0 }
};

static const struct way sends[] = {
	{ "send send", send_one_by_one, recv_mmsg, 0 },
	{ "send sendmmsg", send_mmsg, recv_mmsg, 0 },
	{ "send io_uring coop", send_uring, recv_mmsg, COOP },
	{ "send io_uring defer", send_uring, recv_mmsg, DEFER },
	{ 0 }
};

static void run_stream(const struct way *way, struct bench *b)
{
	int status;
	pid_t pid;
	int i;

	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		for (i = 0; i < BURSTS; i++)
			send_one_by_one(b);
		_exit(0);
	}
	way->recv(b, BURSTS * BURST);
	if (waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "the sender failed\n");
		exit(1);
	}
	b->sent = b->got;
}

static unsigned long long run_way(const struct way *way, struct bench *b)
{
	unsigned long long start;
	int i;

	b->armed = false;
	if (cpg_test_set(b->fd, CPGSO_RECVBATCH, way->recv == recv_batch))
		die("CPGSO_RECVBATCH");
	if (way->ring && uring_init(&b->u, b->size, URING_BUFS, way->ring))
		die("uring_init");
	start = now_ns();
	if (!way->send)
		run_stream(way, b);
	for (i = 0; i < BURSTS && way->send; i++) {
		way->send(b);
		way->recv(b, BURST);
	}
	start = now_ns() - start;
	if (way->ring)
		uring_exit(&b->u);
	return start;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_way(const char *name, size_t size, double first,
		      double *ns, double *ratio, int n)
{
	printf("%-22s %5zu %8.0f %6.2f %6.2f %6.2f %6.2f\n", name, size,
	       ns[0], ns[0] / first, ratio[n / 4], ratio[n / 2],
	       ratio[3 * n / 4]);
}

static void run(const struct way *ways, struct bench *b, int rounds)
{
	static double ns[WAYS_MAX][ROUNDS_MAX];
	static double ratio[WAYS_MAX][ROUNDS_MAX];
	int round;
	int i;

	for (round = 0; round < rounds; round++)
		for (i = 0; ways[i].name; i++) {
			ns[i][round] = (double)run_way(&ways[i], b) /
				       (BURSTS * BURST);
			ratio[i][round] = ns[i][round] / ns[0][round];
		}
	for (i = 0; ways[i].name; i++) {
		qsort(ns[i], rounds, sizeof(ns[i][0]), compare);
		qsort(ratio[i], rounds, sizeof(ratio[i][0]), compare);
	}
	for (i = 0; ways[i].name; i++)
		print_way(ways[i].name, b->size, ns[0][0], ns[i], ratio[i],
			  rounds);
}

int main(int argc, char **argv)
{
	struct bench b = { .size = argc > 2 ? atoi(argv[2]) : 64 };
	int rounds = argc > 1 ? atoi(argv[1]) : 61;

	if (rounds < 1 || rounds > ROUNDS_MAX || b.size < sizeof(int) ||
	    b.size > BYTES_MAX) {
		fprintf(stderr, "usage: uring_bench [ROUNDS [SIZE]]\n");
		return 2;
	}
	b.data = malloc(BATCH + BURST * b.size);
	if (!b.data || cpg_test_unshare())
		die("unshare");
	b.fd = cpg_test_socket();
	if (b.fd < 0 || cpg_test_join(b.fd, "group") || cpg_test_settle(b.fd))
		die("join");
	printf("%-22s %5s %8s %6s %6s %6s %6s\n", "way", "bytes", "least",
	       "ratio", "25%", "50%", "75%");
	run(bursts, &b, rounds);
	run(streams, &b, rounds);
	run(sends, &b, rounds);
	return 0;
}
