// SPDX-License-Identifier: GPL-2.0
/* Handles that remember their events, in this and in other processes. */

#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

int client_speed(void)
{
	const char *speed = getenv("CPG_SPEED");

	return speed && atoi(speed) > 0 ? atoi(speed) : 1;
}

int client_quiet_ms(void)
{
	int ms = CLIENT_QUIET_MS * client_speed();

	return ms < CLIENT_QUIET_MAX_MS ? ms : CLIENT_QUIET_MAX_MS;
}

int client_unshare(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, err;

	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		return -errno;
	err = ioctl(fd, SIOCSIFFLAGS, &ifr) ? -errno : 0;
	close(fd);
	return err;
}

int client_node(void)
{
	const char *limit = getenv("CPG_NODE_LIMIT");

	if (!limit)
		return client_unshare();
	alarm(atoi(limit));
	return 0;
}

struct cpg_name client_name(const char *text)
{
	struct cpg_name name = { .length = strlen(text) };

	memcpy(name.value, text, name.length);
	return name;
}

/* Eight bytes at a time: messages are large and guests are slow. */
uint64_t client_sum(const void *data, size_t len)
{
	const uint8_t *pos = data;
	uint64_t sum = len;
	uint64_t word;

	while (len) {
		size_t n = len < sizeof(word) ? len : sizeof(word);

		word = 0;
		memcpy(&word, pos, n);
		sum = (sum ^ word) * 1099511628211ULL;
		sum ^= sum >> 32;
		pos += n;
		len -= n;
	}
	return sum;
}

static void *msg_create(size_t len, unsigned int seed)
{
	uint64_t x = seed * 2654435761U + 1;
	uint8_t *data = malloc(len ? len : 1);
	uint8_t *pos = data;

	if (!data)
		abort();
	while (len) {
		size_t n = len < sizeof(x) ? len : sizeof(x);

		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		memcpy(pos, &x, n);
		pos += n;
		len -= n;
	}
	return data;
}

/* --- events ------------------------------------------------------------- */

static struct client *client_of(cpg_handle_t handle)
{
	void *context = NULL;

	if (cpg_context_get(handle, &context) != CS_OK || !context)
		abort();
	return context;
}

static struct ev *client_event(struct client *c, enum ev_kind kind,
			       cpg_handle_t handle)
{
	c->n_events++;
	memset(&c->last, 0, sizeof(c->last));
	c->last.kind = kind;
	c->last.handle = handle;
	return &c->last;
}

static void client_hook(struct client *c)
{
	if (c->hook)
		c->hook(c);
}

static void on_deliver(cpg_handle_t handle, const struct cpg_name *group,
		       uint32_t nodeid, uint32_t pid, void *msg, size_t len)
{
	struct client *c = client_of(handle);
	struct ev *ev = client_event(c, EV_MSG, handle);

	ev->group = *group;
	ev->nodeid = nodeid;
	ev->pid = pid;
	ev->len = len;
	ev->misaligned = (uintptr_t)msg & 7;
	ev->sum = client_sum(msg, len);
	memcpy(ev->data, msg, len < CLIENT_DATA ? len : CLIENT_DATA);
	memset(msg, 0xdb, len);		/* it is ours */
	client_hook(c);
}

static void list_copy(struct cpg_address *to, const struct cpg_address *from,
		      size_t n)
{
	memcpy(to, from, (n < CLIENT_LIST ? n : CLIENT_LIST) * sizeof(*to));
}

static void on_confchg(cpg_handle_t handle, const struct cpg_name *group,
		       const struct cpg_address *members, size_t n_members,
		       const struct cpg_address *left, size_t n_left,
		       const struct cpg_address *joined, size_t n_joined)
{
	struct client *c = client_of(handle);
	struct ev *ev = client_event(c, EV_CONF, handle);

	ev->group = *group;
	ev->n_members = n_members;
	ev->n_left = n_left;
	ev->n_joined = n_joined;
	ev->null_list = !members || !left || !joined;
	list_copy(ev->members, members, n_members);
	list_copy(ev->left, left, n_left);
	list_copy(ev->joined, joined, n_joined);
	client_hook(c);
}

static void on_totem(cpg_handle_t handle, struct cpg_ring_id ring, uint32_t n,
		     const uint32_t *nodes)
{
	struct client *c = client_of(handle);
	struct ev *ev = client_event(c, EV_TOTEM, handle);

	ev->ring = ring;
	ev->n_members = n;
	memcpy(ev->nodes, nodes, (n < CLIENT_LIST ? n : CLIENT_LIST) *
	       sizeof(*nodes));
	client_hook(c);
}

bool ev_is_msg(const struct ev *ev, size_t len, unsigned int seed)
{
	void *data;
	bool is;

	if (!ev || ev->kind != EV_MSG || ev->len != len || ev->misaligned)
		return false;
	data = msg_create(len, seed);
	is = ev->sum == client_sum(data, len);
	free(data);
	return is;
}

bool ev_is_conf(const struct ev *ev, size_t n_members, size_t n_left,
		size_t n_joined)
{
	return ev && ev->kind == EV_CONF && ev->n_members == n_members &&
	       ev->n_left == n_left && ev->n_joined == n_joined &&
	       !ev->null_list;
}

bool ev_list_has(const struct cpg_address *list, size_t n, pid_t pid,
		 cpg_reason_t reason)
{
	for (; n; n--, list++)
		if (list->pid == (uint32_t)pid && list->reason == reason)
			return true;
	return false;
}

/* --- the own handle ----------------------------------------------------- */

cs_error_t client_open_flags(struct client *c, unsigned int flags)
{
	cpg_model_v1_data_t model = {
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = on_deliver,
		.cpg_confchg_fn = on_confchg,
		.cpg_totem_confchg_fn = flags ? on_totem : NULL,
		.flags = flags,
	};

	memset(c, 0, sizeof(*c));
	return cpg_model_initialize(&c->handle, CPG_MODEL_V1,
				    (cpg_model_data_t *)(void *)&model, c);
}

cs_error_t client_open(struct client *c)
{
	return client_open_flags(c, 0);
}

cs_error_t client_join(struct client *c, const char *group)
{
	struct cpg_name name = client_name(group);

	return cpg_join(c->handle, &name);
}

cs_error_t client_leave(struct client *c, const char *group)
{
	struct cpg_name name = client_name(group);

	return cpg_leave(c->handle, &name);
}

cs_error_t client_send(struct client *c, size_t len, unsigned int seed)
{
	struct iovec iov = { .iov_len = len };
	cs_error_t error;

	iov.iov_base = msg_create(len, seed);
	error = cpg_mcast_joined(c->handle, CPG_TYPE_AGREED, &iov, 1);
	free(iov.iov_base);
	return error;
}

cs_error_t client_send_all(struct client *c, size_t len, unsigned int seed)
{
	cs_error_t error;

	while ((error = client_send(c, len, seed)) == CS_ERR_TRY_AGAIN)
		usleep(1000);
	return error;
}

static bool client_wait(struct client *c, int ms)
{
	struct pollfd pfd = { .events = POLLIN };

	return cpg_fd_get(c->handle, &pfd.fd) == CS_OK &&
	       poll(&pfd, 1, ms) > 0;
}

const struct ev *client_next(struct client *c)
{
	unsigned int before = c->n_events;

	while (c->n_events == before)
		if (!client_wait(c, CLIENT_WAIT_MS * client_speed()) ||
		    cpg_dispatch(c->handle, CS_DISPATCH_ONE) != CS_OK)
			return NULL;
	return &c->last;
}

const struct ev *client_next_of(struct client *c, enum ev_kind kind)
{
	const struct ev *ev;

	do {
		ev = client_next(c);
	} while (ev && ev->kind != kind);
	return ev;
}

const struct ev *client_joined(struct client *c, const char *group)
{
	return client_join(c, group) == CS_OK ? client_next_of(c, EV_CONF) :
						NULL;
}

bool client_is_quiet(struct client *c)
{
	unsigned int before = c->n_events;

	while (client_wait(c, client_quiet_ms()) && c->n_events == before)
		if (cpg_dispatch(c->handle, CS_DISPATCH_ALL) != CS_OK)
			return false;
	return c->n_events == before;
}

/* --- other processes ---------------------------------------------------- */

enum peer_op {
	PEER_JOIN,
	PEER_LEAVE,
	PEER_FINALIZE,
	PEER_SEND,
	PEER_TRY,
	PEER_SEND_AND_EXIT,
	PEER_NEXT,
	PEER_QUIET,
};

struct peer_request {
	enum peer_op	op;
	char		group[CPG_MAX_NAME_LENGTH];
	size_t		len;
	unsigned int	seed;
};

struct peer_reply {
	cs_error_t	error;
	bool		is;
	struct ev	ev;
};

static void peer_do(struct client *c, const struct peer_request *req,
		    struct peer_reply *reply)
{
	const struct ev *ev;

	switch (req->op) {
	case PEER_JOIN:
		reply->error = client_join(c, req->group);
		break;
	case PEER_LEAVE:
		reply->error = client_leave(c, req->group);
		break;
	case PEER_FINALIZE:
		reply->error = cpg_finalize(c->handle);
		break;
	case PEER_SEND:
		reply->error = client_send_all(c, req->len, req->seed);
		break;
	case PEER_TRY:
		reply->error = client_send(c, req->len, req->seed);
		break;
	case PEER_SEND_AND_EXIT:
		_exit(client_send(c, req->len, req->seed) != CS_OK);
	case PEER_NEXT:
		ev = client_next(c);
		if (ev)
			reply->ev = *ev;
		break;
	case PEER_QUIET:
		reply->is = client_is_quiet(c);
		break;
	}
}

/* Ends with the process that it serves. */
static void peer_main(int fd)
{
	struct peer_request req;
	struct client c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (client_open(&c) != CS_OK)
		_exit(1);
	for (;;) {
		struct peer_reply reply = { 0 };

		if (read(fd, &req, sizeof(req)) != sizeof(req))
			_exit(0);
		peer_do(&c, &req, &reply);
		if (write(fd, &reply, sizeof(reply)) != sizeof(reply))
			_exit(0);
	}
}

int peer_start(struct peer *p)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	p->pid = fork();
	if (p->pid < 0)
		return -errno;
	if (!p->pid) {
		close(fds[0]);
		peer_main(fds[1]);
	}
	close(fds[1]);
	p->fd = fds[0];
	return 0;
}

static struct peer_reply peer_call(const struct peer *p,
				   struct peer_request req, const char *group)
{
	struct peer_reply reply = { 0 };

	if (group)
		memcpy(req.group, group, strlen(group) + 1);
	if (write(p->fd, &req, sizeof(req)) != sizeof(req) ||
	    read(p->fd, &reply, sizeof(reply)) != sizeof(reply))
		memset(&reply, 0, sizeof(reply));
	return reply;
}

cs_error_t peer_join(const struct peer *p, const char *group)
{
	return peer_call(p, (struct peer_request){ .op = PEER_JOIN },
			 group).error;
}

cs_error_t peer_leave(const struct peer *p, const char *group)
{
	return peer_call(p, (struct peer_request){ .op = PEER_LEAVE },
			 group).error;
}

cs_error_t peer_finalize(const struct peer *p)
{
	return peer_call(p, (struct peer_request){ .op = PEER_FINALIZE },
			 NULL).error;
}

static cs_error_t peer_call_send(const struct peer *p, enum peer_op op,
				 size_t len, unsigned int seed)
{
	struct peer_request req = {
		.op = op,
		.len = len,
		.seed = seed,
	};

	return peer_call(p, req, NULL).error;
}

cs_error_t peer_send(const struct peer *p, size_t len, unsigned int seed)
{
	return peer_call_send(p, PEER_SEND, len, seed);
}

cs_error_t peer_try(const struct peer *p, size_t len, unsigned int seed)
{
	return peer_call_send(p, PEER_TRY, len, seed);
}

void peer_send_and_exit(const struct peer *p, size_t len, unsigned int seed)
{
	peer_call_send(p, PEER_SEND_AND_EXIT, len, seed);
}

struct ev peer_next(const struct peer *p)
{
	return peer_call(p, (struct peer_request){ .op = PEER_NEXT },
			 NULL).ev;
}

bool peer_is_quiet(const struct peer *p)
{
	return peer_call(p, (struct peer_request){ .op = PEER_QUIET },
			 NULL).is;
}

void peer_kill(struct peer *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->fd);
}
