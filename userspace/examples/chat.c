// SPDX-License-Identifier: GPL-2.0
/*
 * A chat, on libcpg:	chat GROUP
 *
 * What you type goes to all who are in the group, and everybody sees
 * everything in the same order: what was said, who came, who left, and why.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	size_t i;

	print_changes(left, n_left);
	print_changes(joined, n_joined);
	printf("* in the group:");
	for (i = 0; i < n_members; i++)
		printf(" %u/%u", members[i].nodeid, members[i].pid);
	printf("\n");
}

static void check(const char *what, cs_error_t error)
{
	if (error == CS_OK)
		return;
	fprintf(stderr, "chat: %s: error %d\n", what, error);
	exit(1);
}

/* False at the end of input. */
static int say(cpg_handle_t handle)
{
	char line[1024];
	struct iovec iov = { .iov_base = line };
	cs_error_t error;

	if (!fgets(line, sizeof(line), stdin))
		return 0;
	iov.iov_len = strcspn(line, "\n");
	do {
		error = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1);
	} while (error == CS_ERR_TRY_AGAIN && !usleep(1000));
	check("cpg_mcast_joined", error);
	return 1;
}

int main(int argc, char **argv)
{
	cpg_callbacks_t callbacks = { deliver, confchg };
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
				 { .events = POLLIN } };
	struct cpg_name group = { 0 };
	cpg_handle_t handle;

	if (argc != 2 || strlen(argv[1]) > CPG_MAX_NAME_LENGTH)
		return 2;
	group.length = strlen(argv[1]);
	memcpy(group.value, argv[1], group.length);
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	check("cpg_initialize", cpg_initialize(&handle, &callbacks));
	check("cpg_fd_get", cpg_fd_get(handle, &fds[1].fd));
	check("cpg_join", cpg_join(handle, &group));
	do {
		poll(fds, 2, -1);
		if (fds[1].revents)
			check("cpg_dispatch",
			      cpg_dispatch(handle, CS_DISPATCH_ALL));
	} while (!fds[0].revents || say(handle));
	return cpg_finalize(handle) != CS_OK;
}
