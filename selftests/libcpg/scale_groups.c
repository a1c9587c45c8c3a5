// SPDX-License-Identifier: GPL-2.0
/*
 * scale_groups N NODES: a socket in each of N groups, on one of NODES nodes
 * that all do the same.  Then this node loses others and finds them again: of
 * each change each group is told once.  Prints "joined", "parted" and "healed".
 * It has no library between: a buffer each would be most of the memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cpg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scale.h"

enum {
	WAIT_MS = 60000,	/* times CPG_SPEED */
	BATCH = 256,
	CONTROL = 4096,
	ROUNDS = 5,		/* to see how long it takes to join */
};

static uint32_t *members;	/* of each group, as told last */
static uint32_t n_nodes;
static int n_groups, poller;

static int wait_ms(void)
{
	const char *speed = getenv("CPG_SPEED");

	return WAIT_MS * (speed ? atoi(speed) : 1);
}

/* Return: 0, -EAGAIN, or what is wrong. */
static int take(const int *fds, int i, struct cpg_confchg *chg)
{
	char control[CONTROL] __attribute__((aligned(8)));
	struct msghdr msg = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;

	if (recvmsg(fds[i], &msg, MSG_DONTWAIT) < 0)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_CPG_CONFCHG)
		return -EPROTO;
	memcpy(chg, CMSG_DATA(cmsg), sizeof(*chg));
	members[i] = chg->n_members;
	return 0;
}

static bool joins(int *fds, int i, const char *prefix)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
	struct cpg_confchg chg = { .n_joined = 0 };
	struct cpg_group group = { .flags = 0 };
	int err;

	group.name_len = snprintf((char *)group.name, sizeof(group.name),
				  "%s-%d", prefix, i);
	fds[i] = socket(AF_CPG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fds[i] < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, fds[i], &ev) ||
	    setsockopt(fds[i], SOL_CPG, CPGSO_JOIN, &group, sizeof(group)))
		return false;
	do {
		err = take(fds, i, &chg);
		if (err == -EAGAIN && epoll_wait(poller, &ev, 1,
						 wait_ms()) <= 0)
			return false;
	} while (err == -EAGAIN);
	return !err && chg.n_joined == 1;
}

/* A change of one group; true if it is one that this phase may bring. */
static bool is_right(const struct cpg_confchg *chg, uint32_t want)
{
	if (!want)
		return chg->n_left && !chg->n_joined &&
		       chg->n_members + chg->n_left == n_nodes;
	return !chg->n_left && chg->n_joined;
}

/*
 * Until each group has @want members; 0: until each has fewer than all.  Prints
 * how long it was from the first event to the last.
 */
static bool reach(const int *fds, const char *what, uint32_t want,
		  bool is_once)
{
	struct epoll_event ev[BATCH];
	uint64_t start = 0, end;
	int i, n, done = 0, n_events = 0;
	struct cpg_confchg chg;

	for (i = 0; i < n_groups; i++)
		done += want ? members[i] == want : members[i] < n_nodes;
	while (done < n_groups) {
		n = epoll_wait(poller, ev, BATCH, wait_ms());
		if (n <= 0)
			return false;
		if (!start)
			start = scale_now();
		for (i = 0; i < n; i++) {
			if (take(fds, ev[i].data.u32, &chg) ||
			    !is_right(&chg, want))
				return false;
			n_events++;
			done += want ? chg.n_members == want : 1;
		}
	}
	end = scale_now();
	printf("%s: %d events, %.1f ms from the first to the last\n", what,
	       n_events, start ? (end - start) / 1e6 : 0);
	return !is_once || n_events == n_groups;
}

static bool join_all(int *fds, const char *prefix, uint64_t *ns)
{
	uint64_t start;
	int i;

	for (i = 0; i < n_groups; i++) {
		start = scale_now();
		if (!joins(fds, i, prefix)) {
			printf("# group %d was not joined\n", i);
			return false;
		}
		ns[i] = scale_now() - start;
	}
	return true;
}

/*
 * The machine may have become slower meanwhile: then once more, with other
 * groups beside those that are there.
 */
static bool is_flat(uint64_t *ns)
{
	uint32_t *others = calloc(n_groups, sizeof(*others));
	int *fds = calloc(n_groups, sizeof(*fds));
	uint32_t *first = members;
	char prefix[CPG_GROUP_NAME_MAX];
	bool is_joined;
	int round, i;

	for (round = 1; !scale_is_flat("a group is joined", ns, n_groups);
	     round++) {
		snprintf(prefix, sizeof(prefix), "again-%d-%d", (int)getpid(),
			 round);
		if (round == ROUNDS || !fds || !others)
			return false;
		/* These have one member each, those of before what they had. */
		members = others;
		is_joined = join_all(fds, prefix, ns);
		members = first;
		if (!is_joined)
			return false;
		for (i = 0; i < n_groups; i++)
			close(fds[i]);
	}
	free(fds);
	free(others);
	return true;
}

static bool run(int *fds, uint64_t *ns)
{
	if (!join_all(fds, "group", ns))
		return false;
	if (!is_flat(ns))
		return false;
	printf("joins\n");
	return reach(fds, "joined", n_nodes, false) &&
	       reach(fds, "parted", 0, true) &&
	       reach(fds, "healed", n_nodes, true);
}

int main(int argc, char **argv)
{
	uint64_t *ns;
	int *fds;

	if (argc != 3 || atoi(argv[1]) < 2 * SCALE_EDGE)
		return 2;
	n_groups = atoi(argv[1]);
	n_nodes = atoi(argv[2]);
	setvbuf(stdout, NULL, _IONBF, 0);
	fds = calloc(n_groups, sizeof(*fds));
	members = calloc(n_groups, sizeof(*members));
	ns = calloc(n_groups, sizeof(*ns));
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (!fds || !members || !ns || poller < 0 || scale_files(2 * n_groups))
		return 2;
	return !run(fds, ns);
}
