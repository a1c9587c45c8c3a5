// SPDX-License-Identifier: GPL-2.0
/*
 * A program as others write them: compiled with the headers of Debian's
 * libcpg-dev and linked to Debian's libcpg.  It joins a group, says what it is
 * told until its own message has come back, and keeps the group until its
 * standard input ends.
 */
#include <corosync/cpg.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_done;

static void deliver(cpg_handle_t handle, const struct cpg_name *group,
		    uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	char *text = msg;

	(void)handle;
	text[len - 1] = '\0';
	printf("%s: message from %u/%s: %s\n", group->value, nodeid,
	       pid == (uint32_t)getpid() ? "me" : "other", text);
	is_done = !strcmp(text, "hello");
}

static void confchg(cpg_handle_t handle, const struct cpg_name *group,
		    const struct cpg_address *members, size_t n_members,
		    const struct cpg_address *left, size_t n_left,
		    const struct cpg_address *joined, size_t n_joined)
{
	(void)handle;
	(void)left;
	printf("%s: %zu members, %zu left, %zu joined, %s\n", group->value,
	       n_members, n_left, n_joined,
	       n_joined && n_members && members[0].pid == joined[0].pid ?
	       "me" : "other");
}

static void totem(cpg_handle_t handle, struct cpg_ring_id ring, uint32_t n,
		  const uint32_t *nodes)
{
	(void)handle;
	(void)nodes;
	printf("ring of %u, %s, %u nodes\n", ring.nodeid,
	       ring.seq ? "numbered" : "not numbered", n);
}

static int check(cs_error_t error, const char *what)
{
	if (error != CS_OK)
		printf("%s: %s\n", what, cs_strerror(error));
	return error != CS_OK;
}

static int run(cpg_handle_t h, const struct cpg_name *name)
{
	char text[] = "hello\n";
	struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) - 1 };
	struct pollfd pfd = { .events = POLLIN };

	if (check(cpg_fd_get(h, &pfd.fd), "fd_get") ||
	    check(cpg_join(h, name), "join") ||
	    check(cpg_mcast_joined(h, CPG_TYPE_AGREED, &iov, 1), "mcast"))
		return 1;
	while (!is_done)
		if (poll(&pfd, 1, -1) == 1 &&
		    check(cpg_dispatch(h, CS_DISPATCH_ALL), "dispatch"))
			return 1;
	fflush(stdout);
	while (read(0, text, 1) > 0)
		;
	return check(cpg_leave(h, name), "leave") ||
	       check(cpg_dispatch(h, CS_DISPATCH_ONE), "dispatch") ||
	       check(cpg_finalize(h), "finalize");
}

int main(void)
{
	cpg_model_v1_data_t model = {
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = deliver,
		.cpg_confchg_fn = confchg,
		.cpg_totem_confchg_fn = totem,
		.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
	};
	struct cpg_name name = { .length = 7, .value = "foreign" };
	cpg_handle_t h;

	if (check(cpg_model_initialize(&h, CPG_MODEL_V1,
				       (cpg_model_data_t *)&model, NULL),
		  "initialize"))
		return 1;
	return run(h, &name);
}
