// SPDX-License-Identifier: GPL-2.0
/*
 * A chat, on a bare AF_CPG socket:	chat_socket GROUP
 *
 * As chat.c, which is the same on libcpg, and talks to it.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/cpg.h>

static const char *const reasons[] = {
	[CPG_CHG_JOIN] = "joined",
	[CPG_CHG_LEAVE] = "left",
	[CPG_CHG_NODEDOWN] = "is cut off, or its machine is down",
	[CPG_CHG_NODEUP] = "is connected again",
	[CPG_CHG_PROCDOWN] = "ended",
};

static void print_change(const struct cpg_confchg *chg)
{
	const struct cpg_member *m = chg->entries + chg->n_members;
	__u32 i;

	for (i = 0; i < chg->n_left + chg->n_joined; i++)
		printf("* %u/%u %s\n", m[i].nodeid, m[i].pid,
		       reasons[m[i].reason]);
	printf("* in the group:");
	for (m = chg->entries, i = 0; i < chg->n_members; i++)
		printf(" %u/%u", m[i].nodeid, m[i].pid);
	printf("\n");
}

/* The next event: a message has a sender, a change ancillary data. */
static void hear(int fd)
{
	static char control[65536] __attribute__((aligned(8)));
	struct sockaddr_cpg from = { 0 };
	char text[4096];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(fd, &msg, 0);

	if (len < 0 || msg.msg_flags & MSG_CTRUNC)
		err(1, "recvmsg");
	if (CMSG_FIRSTHDR(&msg))
		print_change((void *)CMSG_DATA(CMSG_FIRSTHDR(&msg)));
	else if (msg.msg_namelen)
		printf("<%u/%u> %.*s\n", from.scpg_nodeid, from.scpg_pid,
		       (int)len, text);
}

/* The call waits while there is no room. */
static void say(int fd)
{
	char line[1024];

	if (!fgets(line, sizeof(line), stdin))
		exit(0);
	if (send(fd, line, strcspn(line, "\n"), 0) < 0)
		err(1, "send");
}

int main(int argc, char **argv)
{
	struct cpg_group group = { .name_len = argc > 1 ? strlen(argv[1]) : 0 };
	struct epoll_event ev = { .events = EPOLLIN };
	int fd, epfd = epoll_create1(0);

	if (argc != 2 || group.name_len > CPG_GROUP_NAME_MAX)
		errx(2, "usage: chat_socket GROUP");
	memcpy(group.name, argv[1], group.name_len);
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	fd = socket(AF_CPG, SOCK_SEQPACKET, 0);
	if (setsockopt(fd, SOL_CPG, CPGSO_JOIN, &group, sizeof(group)))
		err(1, "join");
	epoll_ctl(epfd, EPOLL_CTL_ADD, STDIN_FILENO, &ev);
	ev.data.fd = fd;
	epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev);
	while (epoll_wait(epfd, &ev, 1, -1) == 1)
		ev.data.fd == fd ? hear(fd) : say(fd);
	return 1;
}
