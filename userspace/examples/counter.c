// SPDX-License-Identifier: GPL-2.0
/*
 * A replicated number, on a bare AF_CPG socket:	counter GROUP
 *
 * A line N on standard input sends N operations "x * a + b", 0 prints the
 * number: equal numbers mean equal order.  When others join, members tell it,
 * and who has done less takes it over, and does again what has come since.
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/cpg.h>

struct message { __u64 done, a, b; };	/* done: 0, or how many made b */
static struct message base, ops = { .a = 1 };	/* to the last change, since */

static void handle_message(struct sockaddr_cpg *from, struct message *m)
{
	if (m->done > base.done)
		base = *m;
	if (m->done)
		return;
	ops = (struct message){ ops.done + 1, ops.a * m->a,
				ops.b * m->a + m->b };
	printf("%u/%u: x * %llu + %llu\n", from->scpg_nodeid, from->scpg_pid,
	       m->a, m->b);
}

static void handle_change(int fd, struct cpg_confchg *chg)
{
	__u32 i, n_old = chg->n_members + chg->n_left;
	const struct cpg_member *m = chg->entries;

	for (i = 0; i < n_old + chg->n_joined; i++, m++)
		printf("%s%s %u/%u%s", i ? "" : "members", m->reason ? "," : "",
		       m->nodeid, m->pid, !m->reason ? "" :
		       i < n_old ? " left" : " joined");
	printf("\n");
	base.b = ops.a * base.b + ops.b;
	base.done += ops.done;
	ops = (struct message){ .a = 1 };
	if (chg->n_joined && base.done)
		send(fd, &base, sizeof(base), 0);
}

static void handle_event(int fd)
{
	static char control[65536] __attribute__((aligned(8)));
	struct sockaddr_cpg from = { 0 };
	struct message m;
	struct iovec iov = { &m, sizeof(m) };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t len = recvmsg(fd, &msg, 0);

	if (len < 0 || msg.msg_flags & MSG_CTRUNC)
		err(1, "recvmsg");
	else if (CMSG_FIRSTHDR(&msg))
		handle_change(fd, (void *)CMSG_DATA(CMSG_FIRSTHDR(&msg)));
	else if (len == sizeof(m))
		handle_message(&from, &m);
}

int main(int argc, char **argv)
{
	struct cpg_group group = { .name_len = argc > 1 ? strlen(argv[1]) : 0 };
	int todo = 0, fd = socket(AF_CPG, SOCK_SEQPACKET, 0);
	char line[32];

	if (group.name_len <= CPG_GROUP_NAME_MAX)
		memcpy(group.name, argv[1], group.name_len);
	if (setsockopt(fd, SOL_CPG, CPGSO_JOIN, &group, sizeof(group)))
		err(1, "join");
	setbuf(stdin, NULL);
	setlinebuf(stdout);
	for (;;) {
		struct message m = { 0, 3 + random() % 99 * 2, getpid() };
		struct pollfd fds[2] = { { STDIN_FILENO, POLLIN, 0 },
				{ fd, todo ? POLLIN | POLLOUT : POLLIN, 0 } };

		poll(fds, 2, -1);
		if (fds[1].revents & ~POLLOUT)
			handle_event(fd);
		if (fds[0].revents && !fgets(line, sizeof(line), stdin))
			return 0;
		if (fds[0].revents && !atoi(line))
			printf("after %llu operations %016llx\n", base.done +
			       ops.done, ops.a * base.b + ops.b);
		todo += fds[0].revents ? atoi(line) : 0;
		if (todo && send(fd, &m, sizeof(m), MSG_DONTWAIT) > 0)
			todo--;
	}
}
