// SPDX-License-Identifier: GPL-2.0
/*
 * A replicated number, on a bare AF_CPG socket:	counter GROUP
 *
 * Each line N on standard input sends N operations "x * a + b".  Their order
 * matters: members with the same number have applied them in the same order.
 * When others join, the members tell their number.  Who has done fewer
 * operations takes it over, and does again on top of it what has come since:
 * so two halves of a cluster that meet again agree, too.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/cpg.h>

struct message {
	__u64 done;	/* 0: an operation; or how many made the number b */
	__u64 a, b;
};

static __u64 base, base_done;		/* at the last change of members */
static __u64 a = 1, b, since;		/* the operations since then, in one */

static void handle_message(const struct sockaddr_cpg *from,
			   const struct message *m)
{
	if (m->done > base_done) {
		base = m->b;
		base_done = m->done;
	} else if (!m->done) {
		a *= m->a;
		b = b * m->a + m->b;
		since++;
		printf("%u/%u: x * %llu + %llu\n", from->scpg_nodeid,
		       from->scpg_pid, m->a, m->b);
	}
}

static void handle_change(int fd, const struct cpg_confchg *chg)
{
	const struct cpg_member *m = chg->entries;
	struct message state = { base_done + since, 0, a * base + b };
	__u32 i;

	printf("members");
	for (i = 0; i < chg->n_members; i++, m++)
		printf(" %u/%u", m->nodeid, m->pid);
	for (i = 0; i < chg->n_left + chg->n_joined; i++, m++)
		printf(", %u/%u %s", m->nodeid, m->pid,
		       i < chg->n_left ? "left" : "joined");
	printf("\n");
	base = state.b;
	base_done = state.done;
	a = 1;
	b = 0;
	since = 0;
	if (chg->n_joined && base_done)
		send(fd, &state, sizeof(state), 0);
}

static void handle_event(int fd)
{
	static char control[65536] __attribute__((aligned(8)));
	struct sockaddr_cpg from;
	struct message m;
	struct iovec iov = { &m, sizeof(m) };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(fd, &msg, 0);

	if (len < 0) {
		perror("counter");
		exit(1);
	}
	if (CMSG_FIRSTHDR(&msg))
		handle_change(fd, (void *)CMSG_DATA(CMSG_FIRSTHDR(&msg)));
	else if (len == sizeof(m))
		handle_message(&from, &m);
}

int main(int argc, char **argv)
{
	struct cpg_group group = { .name_len = argc > 1 ? strlen(argv[1]) : 0 };
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	struct message m = { 0 };
	unsigned int todo = 0;
	char line[32];

	srandom(getpid());
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && group.name_len <= CPG_GROUP_NAME_MAX)
		memcpy(group.name, argv[1], group.name_len);
	fds[1].fd = socket(AF_CPG, SOCK_SEQPACKET, 0);
	if (setsockopt(fds[1].fd, SOL_CPG, CPGSO_JOIN, &group, sizeof(group))) {
		perror("counter");
		return 1;
	}
	for (;;) {
		fds[1].events = todo ? POLLIN | POLLOUT : POLLIN;
		poll(fds, 2, -1);
		if (fds[1].revents & POLLIN)
			handle_event(fds[1].fd);
		if (fds[0].revents && !fgets(line, sizeof(line), stdin))
			return 0;
		if (fds[0].revents)
			todo += atoi(line);
		if (fds[0].revents && !atoi(line))
			printf("after %llu operations %016llx\n",
			       base_done + since, a * base + b);
		if (fds[1].revents & POLLOUT && todo) {
			m.a = 3 + 2 * (random() % 1000);
			m.b = random() % 1000;
			if (send(fds[1].fd, &m, sizeof(m), MSG_DONTWAIT) > 0)
				todo--;
		}
	}
}
