// SPDX-License-Identifier: GPL-2.0
/*
 * scale_members N NAMESPACE...: N processes, on the nodes of these namespaces
 * in turn, join one group, one after the other.  Each but the one that joins
 * leaves its events where they are until all are in; then it reads them.  Every
 * one must have been told of the same joins in the same order, and of the
 * same N members in the end.  If the last seem to take long, others do the same
 * once more: what a step costs is in each round, what else ran is not.
 */
#include <corosync/cpg.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scale.h"

enum {
	WAIT_MS = 60000,	/* times CPG_SPEED */
	ROUNDS = 5,		/* at most */
};

struct child {
	pid_t		pid;
	int		to;		/* write: its turn */
	uint32_t	nodeid;
	uint64_t	ns;		/* from its join to the news of it */
	bool		is_good;
};

static struct cpg_name group;		/* another in each round */
static struct child *children;		/* shared by all processes */
static struct cpg_address *everybody;	/* shared, in their order */
static int n_children, n_spaces;
static int news[2];			/* children write a byte */

/* Of this process. */
static int self, n_seen;
static uint64_t seen_at;	/* the own join */
static bool is_wrong;

static int wait_ms(void)
{
	const char *speed = getenv("CPG_SPEED");

	return WAIT_MS * (speed ? atoi(speed) : 1);
}

static bool is_same(const struct cpg_address *a, const struct cpg_address *b)
{
	return a->nodeid == b->nodeid && a->pid == b->pid;
}

static int address_cmp(const void *a, const void *b)
{
	const struct cpg_address *x = a, *y = b;

	if (x->nodeid != y->nodeid)
		return x->nodeid < y->nodeid ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* The list is everybody, but for those whose turn has not come. */
static bool is_list(const struct cpg_address *list, size_t n)
{
	size_t i;
	int k = 0;

	for (i = 0; i < n; i++, k++) {
		while (k < n_children && !is_same(&list[i], &everybody[k]))
			k++;
		if (k == n_children || list[i].reason)
			return false;
	}
	return true;
}

static void confchg(cpg_handle_t h, const struct cpg_name *name,
		    const struct cpg_address *members, size_t n_members,
		    const struct cpg_address *left, size_t n_left,
		    const struct cpg_address *joined, size_t n_joined)
{
	int who = self + n_seen++;

	if (!seen_at)
		seen_at = scale_now();
	(void)h;
	(void)name;
	(void)left;
	if (who >= n_children || n_left || n_joined != 1 ||
	    n_members != (size_t)who + 1 || !is_list(members, n_members) ||
	    joined[0].reason != CPG_REASON_JOIN ||
	    joined[0].pid != (uint32_t)children[who].pid ||
	    joined[0].nodeid != children[who].nodeid)
		is_wrong = true;
}

/* Until so many changes were seen. */
static bool see(cpg_handle_t h, int n)
{
	struct pollfd pfd = { .events = POLLIN };

	if (cpg_fd_get(h, &pfd.fd) != CS_OK)
		return false;
	while (n_seen < n && !is_wrong)
		if (poll(&pfd, 1, wait_ms()) <= 0 ||
		    cpg_dispatch(h, CS_DISPATCH_ONE) != CS_OK)
			return false;
	return !is_wrong;
}

static bool my_turn(int from)
{
	char c;

	return read(from, &c, 1) == 1;
}

static void done(bool is_good)
{
	char c = is_good;

	if (write(news[1], &c, 1) != 1)
		_exit(1);
}

static void child_run(int from, const char *space)
{
	cpg_callbacks_t callbacks = { .cpg_confchg_fn = confchg };
	struct child *me = &children[self];
	cpg_handle_t h;
	uint64_t start;
	bool is_good;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = open(space, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) ||
	    cpg_initialize(&h, &callbacks) != CS_OK ||
	    cpg_local_get(h, &me->nodeid) != CS_OK) {
		done(false);
		_exit(1);
	}
	close(fd);
	done(true);
	if (!my_turn(from))
		_exit(1);
	start = scale_now();
	is_good = cpg_join(h, &group) == CS_OK && see(h, 1);
	me->ns = seen_at - start;
	done(is_good);
	if (!my_turn(from))
		_exit(1);
	me->is_good = see(h, n_children - self);
	done(me->is_good);
	/* Stays a member until all have seen all. */
	my_turn(from);
	_exit(0);
}

static bool child_start(int i, char **spaces)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return false;
	self = i;
	pid = fork();
	if (!pid) {
		close(fds[1]);
		child_run(fds[0], spaces[i % n_spaces]);
	}
	close(fds[0]);
	children[i].to = fds[1];
	children[i].pid = pid;
	return pid > 0;
}

/* One child has done what it was told. */
static bool hear(void)
{
	struct pollfd pfd = { .fd = news[0], .events = POLLIN };
	char c = 0;

	return poll(&pfd, 1, wait_ms()) > 0 && read(news[0], &c, 1) == 1 && c;
}

static bool tell(int i)
{
	return write(children[i].to, "", 1) == 1;
}

static bool start_all(char **spaces)
{
	int i;

	for (i = 0; i < n_children; i++)
		if (!child_start(i, spaces)) {
			perror("# a process");
			return false;
		}
	for (i = 0; i < n_children; i++)
		if (!hear()) {
			printf("# %d of %d processes have a handle\n", i,
			       n_children);
			return false;
		}
	for (i = 0; i < n_children; i++)
		everybody[i] = (struct cpg_address){
			.nodeid = children[i].nodeid,
			.pid = children[i].pid,
		};
	qsort(everybody, n_children, sizeof(*everybody), address_cmp);
	return true;
}

static bool join_all(void)
{
	int i;

	for (i = 0; i < n_children; i++)
		if (!tell(i) || !hear()) {
			printf("# number %d did not join\n", i);
			return false;
		}
	return true;
}

static bool read_all(void)
{
	uint64_t start = scale_now();
	int i, n_good = 0;

	for (i = 0; i < n_children; i++)
		if (!tell(i))
			return false;
	for (i = 0; i < n_children; i++)
		n_good += hear();
	printf("# %d of %d saw the same joins and the same list, %.1f ms\n",
	       n_good, n_children, (scale_now() - start) / 1e6);
	return n_good == n_children;
}

/* So many processes join, tell of it, and end. */
static bool round_of(char **spaces)
{
	bool is_good;
	int i;

	memset(children, 0, n_children * sizeof(*children));
	is_good = start_all(spaces) && join_all() && read_all();
	for (i = 0; i < n_children && children[i].pid > 0; i++) {
		close(children[i].to);
		kill(children[i].pid, SIGKILL);
	}
	while (wait(NULL) > 0)
		;
	return is_good;
}

static bool run(char **spaces, uint64_t *ns)
{
	int i, k;

	for (k = 0; k < ROUNDS; k++) {
		group.length = snprintf(group.value, sizeof(group.value),
					"scale-%d", k);
		if (!round_of(spaces))
			return false;
		for (i = 0; i < n_children; i++)
			if (!k || children[i].ns < ns[i])
				ns[i] = children[i].ns;
		if (scale_is_bounded("a member joins", ns, n_children))
			return true;
	}
	return false;
}

static void *shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int main(int argc, char **argv)
{
	uint64_t *ns;

	if (argc < 3 || atoi(argv[1]) < 2 * SCALE_EDGE)
		return 2;
	n_children = atoi(argv[1]);
	n_spaces = argc - 2;
	children = shared(n_children * sizeof(*children));
	everybody = shared(n_children * sizeof(*everybody));
	ns = calloc(n_children, sizeof(*ns));
	if (!children || !everybody || !ns || scale_files(n_children) ||
	    pipe(news))
		return 2;
	setvbuf(stdout, NULL, _IONBF, 0);
	return !run(argv + 2, ns);
}
