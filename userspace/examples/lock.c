// SPDX-License-Identifier: GPL-2.0
/*
 * A lock for the whole cluster:	lock NAME COMMAND [ARGUMENT...]
 *
 * Runs the command while no other "lock NAME" does, on any node.  Who joins
 * the group NAME asks for the lock, and has it when all who were there before
 * are gone: no message is needed.  The command keeps the socket open, too, so
 * the lock is free when both processes are gone, however they end.
 *
 * Who is cut off from the majority ends, and the command with it.  Both sides
 * notice soon, not at the same moment: fence what must never be done twice.
 */
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/cpg.h>

static struct cpg_member ahead[4096];		/* who was there before */
static __u32 n_ahead;
static int is_joined, is_quorate;

/* The first change is the own join.  Who comes later is behind. */
static void handle_change(const struct cpg_confchg *chg)
{
	const struct cpg_member *m = chg->entries + chg->n_members;
	__u32 i, j;

	for (i = 0; !is_joined && i < chg->n_members; i++)
		ahead[n_ahead++] = chg->entries[i];
	for (i = 0; i < chg->n_left + !is_joined; i++, m++) {
		for (j = 0; j < n_ahead; j++)
			if (m->nodeid == ahead[j].nodeid &&
			    m->port == ahead[j].port)
				ahead[j] = ahead[--n_ahead];
		/* The view that follows tells which side has the majority. */
		if (m->reason == CPG_CHG_NODEDOWN)
			is_quorate = 0;
	}
	is_joined = 1;
	warnx("%u ahead", n_ahead);
}

static void handle_view(const struct cpg_view *view)
{
	is_quorate = view->flags & CPG_VIEW_F_QUORATE;
	if (!is_quorate)
		errx(1, "no majority");
}

static void handle_event(int fd)
{
	static char control[65536] __attribute__((aligned(8)));
	struct msghdr msg = { .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = (struct cmsghdr *)control;

	if (recvmsg(fd, &msg, 0) < 0 || msg.msg_flags & MSG_CTRUNC)
		err(1, "recvmsg");
	if (msg.msg_controllen && cmsg->cmsg_type == SCM_CPG_CONFCHG)
		handle_change((void *)CMSG_DATA(cmsg));
	if (msg.msg_controllen && cmsg->cmsg_type == SCM_CPG_VIEW)
		handle_view((void *)CMSG_DATA(cmsg));
}

int main(int argc, char **argv)
{
	struct cpg_group group = { .name_len = argc > 1 ? strlen(argv[1]) : 0 };
	__u32 views = CPG_RECVVIEW_CHANGES | CPG_RECVVIEW_INITIAL;
	int status, fd = socket(AF_CPG, SOCK_SEQPACKET, 0);
	struct pollfd fds[2] = { { fd, POLLIN, 0 }, { -1, POLLIN, 0 } };
	pid_t pid;

	if (argc < 3 || group.name_len > CPG_GROUP_NAME_MAX)
		errx(2, "usage: lock NAME COMMAND [ARGUMENT...]");
	memcpy(group.name, argv[1], group.name_len);
	if (setsockopt(fd, SOL_CPG, CPGSO_RECVVIEW, &views, sizeof(views)) ||
	    setsockopt(fd, SOL_CPG, CPGSO_JOIN, &group, sizeof(group)))
		err(1, "join");
	while (!is_joined || !is_quorate || n_ahead)
		handle_event(fd);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	fds[1].fd = syscall(SYS_pidfd_open, pid, 0);
	while (poll(fds, 2, -1) > 0 && !fds[1].revents)
		handle_event(fd);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
