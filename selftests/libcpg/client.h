/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests share: a handle that remembers its events, and other
 * processes that do the same when they are told to.
 */
#ifndef SELFTESTS_LIBCPG_CLIENT_H
#define SELFTESTS_LIBCPG_CLIENT_H

#include <corosync/cpg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * The kernel's harness, included before, gives a test 30 seconds.  What waits
 * for something has a limit of its own, and machines are slow.
 */
#ifdef TEST_TIMEOUT_DEFAULT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	1200
#endif

enum client_limit {
	CLIENT_WAIT_MS = 10000,		/* for an event; times CPG_SPEED */
	CLIENT_QUIET_MS = 50,		/* for none to come; times CPG_SPEED */
	CLIENT_QUIET_MAX_MS = 1000,	/* but no longer than this */
	CLIENT_LIST = 8,		/* entries of a list that are kept */
	CLIENT_DATA = 128,		/* bytes of a message that are kept */
};

enum ev_kind {
	EV_NONE,
	EV_MSG,
	EV_CONF,
	EV_TOTEM,
};

/**
 * struct ev - an event, as a callback was told
 * @kind: enum ev_kind; what is of another kind is 0
 * @handle: the callback's handle
 * @group: the callback's group
 * @nodeid: EV_MSG: sender
 * @pid: EV_MSG: sender
 * @len: EV_MSG: length
 * @misaligned: EV_MSG: the address is not a multiple of 8
 * @sum: EV_MSG: client_sum() of the message
 * @data: EV_MSG: its first bytes
 * @n_members: EV_CONF, EV_TOTEM
 * @n_left: EV_CONF
 * @n_joined: EV_CONF
 * @null_list: EV_CONF: a list was NULL
 * @members: EV_CONF
 * @left: EV_CONF
 * @joined: EV_CONF
 * @ring: EV_TOTEM
 * @nodes: EV_TOTEM
 */
struct ev {
	enum ev_kind		kind;
	cpg_handle_t		handle;
	struct cpg_name		group;
	uint32_t		nodeid;
	uint32_t		pid;
	size_t			len;
	bool			misaligned;
	uint64_t		sum;
	char			data[CLIENT_DATA];
	size_t			n_members;
	size_t			n_left;
	size_t			n_joined;
	bool			null_list;
	struct cpg_address	members[CLIENT_LIST];
	struct cpg_address	left[CLIENT_LIST];
	struct cpg_address	joined[CLIENT_LIST];
	struct cpg_ring_id	ring;
	uint32_t		nodes[CLIENT_LIST];
};

/**
 * struct client - a handle
 * @handle: the handle
 * @n_events: callbacks called so far
 * @last: what the last of them was told
 * @hook: called in each callback, or NULL
 * @hook_arg: for the test
 * @hook_error: for the test
 */
struct client {
	cpg_handle_t	handle;
	unsigned int	n_events;
	struct ev	last;
	void		(*hook)(struct client *c);
	void		*hook_arg;
	cs_error_t	hook_error;
};

int client_speed(void);

/* How long nothing must happen to be sure that it does not. */
int client_quiet_ms(void);

/* A network namespace of one's own: a node. */
int client_unshare(void);

/*
 * The same, but where the caller has put this process on a node and says so
 * with CPG_NODE_LIMIT: for how many seconds a test may run there.
 */
int client_node(void);

struct cpg_name client_name(const char *text);

uint64_t client_sum(const void *data, size_t len);

cs_error_t client_open(struct client *c);
cs_error_t client_open_flags(struct client *c, unsigned int flags);
cs_error_t client_join(struct client *c, const char *group);
cs_error_t client_leave(struct client *c, const char *group);

/* @len bytes, made from @seed. */
cs_error_t client_send(struct client *c, size_t len, unsigned int seed);

/* As client_send(), again as long as there is no room. */
cs_error_t client_send_all(struct client *c, size_t len, unsigned int seed);

/* Dispatches until a callback was called; NULL if nothing comes. */
const struct ev *client_next(struct client *c);

/* The next event that is of this kind; others are forgotten. */
const struct ev *client_next_of(struct client *c, enum ev_kind kind);

/* client_join(), and the event that tells of it; NULL if it does not come. */
const struct ev *client_joined(struct client *c, const char *group);

/* No callback is called for some time. */
bool client_is_quiet(struct client *c);

/* Is it the message client_send() makes of these? */
bool ev_is_msg(const struct ev *ev, size_t len, unsigned int seed);

/* Does it have lists of these lengths? */
bool ev_is_conf(const struct ev *ev, size_t n_members, size_t n_left,
		size_t n_joined);

bool ev_list_has(const struct cpg_address *list, size_t n, pid_t pid,
		 cpg_reason_t reason);

/**
 * struct peer - another process with a handle
 * @pid: of it
 * @fd: to it
 */
struct peer {
	pid_t	pid;
	int	fd;
};

/*
 * Starts a process with an open handle.  It inherits the handles of this one,
 * and keeps their sockets open: start it before there are any.
 */
int peer_start(struct peer *p);

cs_error_t peer_join(const struct peer *p, const char *group);
cs_error_t peer_leave(const struct peer *p, const char *group);
cs_error_t peer_finalize(const struct peer *p);
cs_error_t peer_send(const struct peer *p, size_t len, unsigned int seed);

/* As peer_send(), once. */
cs_error_t peer_try(const struct peer *p, size_t len, unsigned int seed);

/* Sends and ends at once, without another word. */
void peer_send_and_exit(const struct peer *p, size_t len, unsigned int seed);

/* client_next() in the peer; kind EV_NONE if nothing comes. */
struct ev peer_next(const struct peer *p);

/* client_is_quiet() in the peer. */
bool peer_is_quiet(const struct peer *p);

/* SIGKILL, and waits. */
void peer_kill(struct peer *p);

#endif /* SELFTESTS_LIBCPG_CLIENT_H */
