// SPDX-License-Identifier: GPL-2.0
/*
 * A chat, on libcpg:	chat GROUP
 *
 * What you type goes to all who are in the group, and everybody sees
 * everything in the same order: what was said, who came, who left, and why.
 * chat_socket.c and chat.py do without the library, and talk to this one.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <corosync/cpg.h>

static const char *const reasons[] = {
	[CPG_REASON_JOIN] = "joined",
	[CPG_REASON_LEAVE] = "left",
	[CPG_REASON_NODEDOWN] = "is cut off, or its machine is down",
	[CPG_REASON_NODEUP] = "is connected again",
	[CPG_REASON_PROCDOWN] = "ended",
};

static void deliver(cpg_handle_t handle, const struct cpg_name *group,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	printf("<%u/%u> %.*s\n", nodeid, pid, (int)len, (char *)msg);
}

static void print_changes(const struct cpg_address *list, size_t n)
{
	for (; n; n--, list++)
		printf("* %u/%u %s\n", list->nodeid, list->pid,
		       reasons[list->reason]);
}

static void confchg(cpg_handle_t handle, const struct cpg_name *group,
		    const struct cpg_address *members, size_t n_members,
		    const struct cpg_address *left, size_t n_left,
		    const struct cpg_address *joined, size_t n_joined)
{
	print_changes(left, n_left);
	print_changes(joined, n_joined);
	printf("* in the group:");
	for (; n_members; n_members--, members++)
		printf(" %u/%u", members->nodeid, members->pid);
	printf("\n");
}

static void check(const char *what, cs_error_t error)
{
	if (error != CS_OK)
		errx(1, "%s: error %d", what, error);
}

static void say(cpg_handle_t handle)
{
	char line[1024];
	struct iovec iov = { .iov_base = line };
	cs_error_t error;

	if (!fgets(line, sizeof(line), stdin))
		exit(cpg_finalize(handle) != CS_OK);
	iov.iov_len = strcspn(line, "\n");
	while ((error = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1)) ==
	       CS_ERR_TRY_AGAIN)
		usleep(1000);
	check("cpg_mcast_joined", error);
}

int main(int argc, char **argv)
{
	struct epoll_event ev = { .events = EPOLLIN };
	cpg_callbacks_t callbacks = { deliver, confchg };
	struct cpg_name group = { .length = argc > 1 ? strlen(argv[1]) : 0 };
	int fd, epfd = epoll_create1(0);
	cpg_handle_t handle;

	if (argc != 2 || group.length > CPG_MAX_NAME_LENGTH)
		errx(2, "usage: chat GROUP");
	memcpy(group.value, argv[1], group.length);
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	check("cpg_initialize", cpg_initialize(&handle, &callbacks));
	check("cpg_join", cpg_join(handle, &group));
	epoll_ctl(epfd, EPOLL_CTL_ADD, STDIN_FILENO, &ev);
	check("cpg_fd_get", cpg_fd_get(handle, &fd));
	ev.data.fd = fd;
	epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev);
	while (epoll_wait(epfd, &ev, 1, -1) == 1)
		if (ev.data.fd == fd)
			check("cpg_dispatch",
			      cpg_dispatch(handle, CS_DISPATCH_ALL));
		else
			say(handle);
	return 1;
}
