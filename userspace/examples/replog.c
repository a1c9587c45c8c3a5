// SPDX-License-Identifier: GPL-2.0
/*
 * A replicated log:	replog GROUP FILE
 *
 * What you type becomes a line of FILE at every member, with its position in
 * the total order.  When others join, all tell what they have, and put what
 * they lack at its position: so all files become equal, whoever was cut off.
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/cpg.h>

static char *lines[1 << 20];	/* "=" and a line of the file each */
static size_t n_lines;
static FILE *file;

/* All positions have the same length, so text is in order as they are. */
static void add(const char *line)
{
	size_t i = n_lines;
	long tail = 0;

	for (; i && strcmp(lines[i - 1], line) > 0; i--)
		tail += strlen(lines[i - 1] + 1);
	if (i && !strcmp(lines[i - 1], line))
		return;
	if (n_lines == sizeof(lines) / sizeof(*lines))
		errx(1, "the log is full");
	memmove(lines + i + 1, lines + i, (n_lines++ - i) * sizeof(*lines));
	lines[i] = strdup(line);
	if (file)
		fseek(file, -tail, SEEK_END);
	for (; file && i < n_lines; i++)
		fputs(lines[i] + 1, file);
	fflush(file);
}

static void handle_event(int fd)
{
	static char control[65536] __attribute__((aligned(8)));
	char text[1024] = "", line[1024];
	struct sockaddr_cpg from = { 0 };
	struct iovec iov = { text, sizeof(text) - 1 };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cpg_confchg *chg = (void *)CMSG_DATA((struct cmsghdr *)control);
	struct cpg_seq *seq = (void *)chg;
	size_t i;

	if (recvmsg(fd, &msg, 0) < 0 || msg.msg_flags & MSG_CTRUNC)
		err(1, "recvmsg");
	if (!msg.msg_namelen) {
		printf("%u members, %zu lines\n", chg->n_members, n_lines);
		for (i = 0; chg->n_joined && i < n_lines; i++)
			send(fd, lines[i], strlen(lines[i]), 0);
		return;
	}
	snprintf(line, sizeof(line), "=%016llx.%08x.%016llx %u/%u %.900s",
		 seq->view_seq, seq->view_rep, seq->seq, from.scpg_nodeid,
		 from.scpg_pid, text + 1);
	add(*text == '=' ? text : line);
}

int main(int argc, char **argv)
{
	struct cpg_group group = { .name_len = argc > 1 ? strlen(argv[1]) : 0 };
	int on = 1, fd = socket(AF_CPG, SOCK_SEQPACKET, 0);
	struct pollfd fds[2] = { { 0, POLLIN, 0 }, { fd, POLLIN, 0 } };
	char text[1024] = "=";
	FILE *old;

	if (argc != 3 || group.name_len > CPG_GROUP_NAME_MAX)
		errx(2, "usage: replog GROUP FILE");
	memcpy(group.name, argv[1], group.name_len);
	old = fopen(argv[2], "r");
	while (old && fgets(text + 1, sizeof(text) - 1, old))
		add(text);
	file = fopen(argv[2], old ? "r+" : "w");
	if (!file || setsockopt(fd, SOL_CPG, CPGSO_RECVSEQ, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_CPG, CPGSO_JOIN, &group, sizeof(group)))
		err(1, "%s", argv[2]);
	setbuf(stdin, NULL);
	setlinebuf(stdout);
	*text = '+';
	while (poll(fds, 2, -1) > 0) {
		if (fds[1].revents)
			handle_event(fd);
		if (fds[0].revents && !fgets(text + 1, 512, stdin))
			return 0;
		memcpy(text + strcspn(text, "\n"), "\n", 2);
		if (fds[0].revents)
			send(fd, text, strlen(text), 0);
	}
}
