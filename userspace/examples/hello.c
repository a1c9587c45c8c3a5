// SPDX-License-Identifier: GPL-2.0
/*
 * The least there is: join, say hello, read it back.	hello
 *
 * A namespace without configuration is a cluster of one node, so this needs
 * nothing but the module.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/cpg.h>

int main(void)
{
	struct cpg_group group = { .name_len = 5, .name = "hello" };
	struct sockaddr_cpg from;
	socklen_t from_len;
	char text[64];
	ssize_t len;
	int fd;

	fd = socket(AF_CPG, SOCK_SEQPACKET, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_CPG, CPGSO_JOIN, &group, sizeof(group)) ||
	    send(fd, "hello, world", 12, 0) < 0) {
		perror("hello");
		return 1;
	}
	/* Changes of the group, the own join first, have no sender. */
	do {
		from_len = sizeof(from);
		len = recvfrom(fd, text, sizeof(text), 0,
			       (struct sockaddr *)&from, &from_len);
		if (len >= 0 && !from_len)
			printf("the group has changed\n");
	} while (len >= 0 && !from_len);
	printf("node %u, process %u: %.*s\n", from.scpg_nodeid, from.scpg_pid,
	       (int)len, text);
	close(fd);
	return len != 12;
}
