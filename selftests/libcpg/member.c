// SPDX-License-Identifier: GPL-2.0
/*
 * member GROUP: a member of a group, on libcpg, that a shell script steers as
 * it does selftests/net/cpg_member: it prints every event, a line each, and
 * does what it reads from its standard input:
 *
 *	send TEXT	multicast TEXT
 *	large LENGTH	multicast so many bytes
 *	fill LENGTH	multicast so many bytes until there is no room, at
 *			most FILL_MAX times; prints how often it went
 *	join GROUP	join a group
 *	leave GROUP	leave the group
 *	absent PID GROUP until the group has no such member of this node
 *	finalize	and do nothing more but open
 *	open		a new handle
 *	quit		finalize and exit
 *
 * It does not join the group "-", and has a NUL for a "+" at the end.  Its name
 * differs from that of the others so that it can stand beside them; its output
 * does not.
 */
#include <corosync/cpg.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TEXT_MAX = 100,		/* a longer message is printed as its length */
	TRIES = 1000,
	FILL_MAX = 2000,
};

static const char *const reason_names[] = {
	"", ":JOIN", ":LEAVE", ":NODEDOWN", ":NODEUP", ":PROCDOWN",
};

static cpg_handle_t handle;
static unsigned int nodeid;

static void print_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	printf("%lld ", now.tv_sec * 1000LL + now.tv_nsec / 1000000);
}

static void print_list(const char *name, const struct cpg_address *list,
		       size_t n)
{
	printf(" %s=", name);
	for (; n; n--, list++)
		printf("%u/%u%s,", list->nodeid, list->pid,
		       list->reason < 6 ? reason_names[list->reason] : "?");
}

static bool is_pattern(const unsigned char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (data[i] != (unsigned char)(i >> 8 ^ i))
			return false;
	return true;
}

static void deliver(cpg_handle_t h, const struct cpg_name *group,
		    uint32_t node, uint32_t pid, void *msg, size_t len)
{
	(void)h;
	(void)group;
	print_time();
	if (len <= TEXT_MAX)
		printf("msg %u/%u %.*s\n", node, pid, (int)len,
		       (char *)msg);
	else
		printf("msg %u/%u %zu bytes, %s\n", node, pid, len,
		       is_pattern(msg, len) ? "whole" : "damaged");
}

static void confchg(cpg_handle_t h, const struct cpg_name *group,
		    const struct cpg_address *members, size_t n_members,
		    const struct cpg_address *left, size_t n_left,
		    const struct cpg_address *joined, size_t n_joined)
{
	(void)h;
	(void)group;
	print_time();
	printf("conf");
	print_list("members", members, n_members);
	print_list("left", left, n_left);
	print_list("joined", joined, n_joined);
	putchar('\n');
}

static void totem(cpg_handle_t h, struct cpg_ring_id ring, uint32_t n,
		  const uint32_t *nodes)
{
	uint32_t i;

	(void)h;
	print_time();
	printf("view %llu.%u nodes=", (unsigned long long)ring.seq,
	       ring.nodeid);
	for (i = 0; i < n; i++)
		printf("%u,", nodes[i]);
	putchar('\n');
}

static cs_error_t print_result(const char *what, cs_error_t error)
{
	print_time();
	printf("%s %d\n", what, error);
	return error;
}

/* Whether to try again: the service may be busy with a change of the view. */
static bool is_busy(cs_error_t error, int *tries)
{
	if (error != CS_ERR_TRY_AGAIN || ++*tries == TRIES)
		return false;
	usleep(10000);
	return true;
}

static cs_error_t mcast(void *data, size_t len)
{
	struct iovec iov = { .iov_base = data, .iov_len = len };
	cs_error_t error;
	int tries = 0;

	do {
		error = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1);
	} while (is_busy(error, &tries));
	return error;
}

static void do_send(const char *arg)
{
	print_result("send", mcast((char *)arg, strlen(arg)));
}

static void do_large(const char *arg)
{
	size_t i, len = strtoul(arg, NULL, 10);
	unsigned char *data = malloc(len);

	for (i = 0; i < len; i++)
		data[i] = i >> 8 ^ i;
	print_result("large", mcast(data, len));
	free(data);
}

static void do_fill(const char *arg)
{
	unsigned char *data = calloc(1, strtoul(arg, NULL, 10));
	struct iovec iov = { .iov_base = data };
	cs_error_t error = CS_OK;
	int n;

	iov.iov_len = strtoul(arg, NULL, 10);
	for (n = 0; n < FILL_MAX; n++) {
		error = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1);
		if (error != CS_OK)
			break;
	}
	print_time();
	printf("fill %d %d\n", n, error);
	free(data);
}

/* A name that ends with "+" has a NUL in place of it. */
static struct cpg_name name_of(const char *arg)
{
	struct cpg_name name = { .length = strlen(arg) };

	memcpy(name.value, arg, name.length);
	if (name.length && arg[name.length - 1] == '+')
		name.value[name.length - 1] = '\0';
	return name;
}

static void do_join(const char *arg)
{
	struct cpg_name name = name_of(arg);
	cs_error_t error;
	int tries = 0;

	do {
		error = cpg_join(handle, &name);
	} while (is_busy(error, &tries));
	print_result("join", error);
}

static void do_leave(const char *arg)
{
	struct cpg_name name = name_of(arg);
	cs_error_t error;
	int tries = 0;

	do {
		error = cpg_leave(handle, &name);
	} while (is_busy(error, &tries));
	print_result("leave", error);
}

static bool is_member(const struct cpg_name *name, unsigned int pid)
{
	struct cpg_address list[CPG_MEMBERS_MAX];
	int n = 0;

	if (cpg_membership_get(handle, (struct cpg_name *)name, list, &n) !=
	    CS_OK)
		return true;
	while (n--)
		if (list[n].nodeid == nodeid && list[n].pid == pid)
			return true;
	return false;
}

static void do_absent(const char *arg)
{
	unsigned int pid = strtoul(arg, (char **)&arg, 10);
	struct cpg_name name = name_of(arg + 1);
	int tries = 0;

	while (is_member(&name, pid) && ++tries < TRIES)
		usleep(10000);
	if (tries < TRIES)
		print_result("absent", pid);
}

static void do_finalize(const char *arg)
{
	(void)arg;
	print_result("finalize", cpg_finalize(handle));
	handle = 0;
}

static cs_error_t initialize(void)
{
	cpg_model_v1_data_t model = {
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = deliver,
		.cpg_confchg_fn = confchg,
		.cpg_totem_confchg_fn = totem,
		.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
	};
	cs_error_t error;
	int tries = 0;

	do {
		error = cpg_model_initialize(&handle, CPG_MODEL_V1,
					     (cpg_model_data_t *)(void *)&model,
					     NULL);
	} while (is_busy(error, &tries));
	return error;
}

static void do_open(const char *arg)
{
	(void)arg;
	print_result("open", initialize());
}

static const struct {
	const char	*name;
	void		(*run)(const char *arg);
} commands[] = {
	{ "send", do_send },
	{ "large", do_large },
	{ "fill", do_fill },
	{ "join", do_join },
	{ "leave", do_leave },
	{ "absent", do_absent },
	{ "finalize", do_finalize },
	{ "open", do_open },
};

/* False when there is nothing more to do. */
static bool do_command(char *line)
{
	char *arg = line + strcspn(line, " ");
	size_t i;

	if (*arg)
		*arg++ = '\0';
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(line, commands[i].name))
			commands[i].run(arg);
	return strcmp(line, "quit");
}

/* One read() is one or more whole lines: they come from echo. */
static bool read_commands(void)
{
	char buf[1024], *line, *next;
	ssize_t len;

	len = read(STDIN_FILENO, buf, sizeof(buf) - 1);
	if (len <= 0)
		return false;
	buf[len] = '\0';
	for (line = buf; (next = strchr(line, '\n')); line = next) {
		*next++ = '\0';
		if (!do_command(line))
			return false;
	}
	return true;
}

static cs_error_t run(void)
{
	struct pollfd pfds[2] = {
		{ .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	cs_error_t error = CS_OK;

	while (error == CS_OK) {
		pfds[0].fd = -1;
		if (handle)
			error = cpg_fd_get(handle, &pfds[0].fd);
		if (error != CS_OK)
			break;
		if (poll(pfds, 2, -1) < 0)
			return CS_ERR_LIBRARY;
		if (pfds[0].revents)
			error = cpg_dispatch(handle, CS_DISPATCH_ALL);
		if (pfds[1].revents && !read_commands())
			break;
	}
	return error;
}

int main(int argc, char **argv)
{
	cs_error_t error;

	if (argc != 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	error = initialize();
	if (error == CS_OK)
		error = cpg_local_get(handle, &nodeid);
	if (error != CS_OK)
		return print_result("initialize", error);
	if (strcmp(argv[1], "-"))
		do_join(argv[1]);
	print_time();
	printf("node %u pid %d\n", nodeid, getpid());
	error = print_result("end", run());
	cpg_finalize(handle);
	return error != CS_OK;
}
