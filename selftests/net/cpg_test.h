/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the socket tests share: short forms of the calls on an AF_CPG socket.
 * Each returns a negative errno where the system call fails, so that a test
 * states the expected error in one line.
 */
#ifndef _SELFTESTS_NET_CPG_TEST_H
#define _SELFTESTS_NET_CPG_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linux/cpg.h>

/*
 * The kernel's harness, included before, gives a test 30 seconds.  What waits
 * for something has a limit of its own, and machines are slow.
 */
#ifdef TEST_TIMEOUT_DEFAULT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	1200
#endif

enum cpg_test_kind {
	CPG_TEST_NONE,		/* a record without any of the below */
	CPG_TEST_MSG,
	CPG_TEST_CONFCHG,
	CPG_TEST_VIEW,
};

enum {
	CPG_TEST_WAIT_MS = 5000,	/* times CPG_SPEED */
	CPG_TEST_QUIET_MS = 50,		/* times CPG_SPEED */
	CPG_TEST_QUIET_MAX_MS = 1000,	/* but no longer than this */
	CPG_TEST_CONTROL = 16384,
};

/**
 * struct cpg_test_event - what one recvmsg() gave
 * @kind: enum cpg_test_kind
 * @flags: msg_flags
 * @len: what recvmsg() returned: payload bytes
 * @from: msg_name
 * @from_len: msg_namelen
 * @has_seq: a SCM_CPG_SEQ came with it
 * @seq: its contents
 * @chg: SCM_CPG_CONFCHG or NULL
 * @view: SCM_CPG_VIEW or NULL
 * @data: the payload
 * @control: where @chg and @view point to
 */
struct cpg_test_event {
	enum cpg_test_kind		kind;
	int				flags;
	ssize_t				len;
	struct sockaddr_cpg		from;
	socklen_t			from_len;
	bool				has_seq;
	struct cpg_seq			seq;
	const struct cpg_confchg	*chg;
	const struct cpg_view		*view;
	char				data[4096];
	char control[CPG_TEST_CONTROL] __attribute__((aligned(8)));
};

/* CPG_SPEED: how many times slower than User-Mode Linux this machine is. */
int cpg_test_speed(void);

/* The same for times that only have to pass, which need not grow as much. */
int cpg_test_patience(void);

/* A network namespace of this process alone, loopback up. */
int cpg_test_unshare(void);

/* Writes a file of /proc/sys/net/cpg/ of this namespace; 0 or -errno. */
int cpg_test_sysctl(const char *name, const char *value);

int cpg_test_socket(void);
void cpg_test_group(struct cpg_group *group, const char *name);
int cpg_test_join(int fd, const char *name);

/*
 * Joins in the name of another process, which is gone when this returns its
 * pid: the socket is what counts.  A pid is in a group once.
 */
int cpg_test_join_as(int fd, const char *name);
int cpg_test_leave(int fd);

int cpg_test_set(int fd, int option, __u32 value);
int cpg_test_get(int fd, int option, __u32 *value);

/* Number of members of a group as this namespace's node knows it. */
int cpg_test_members(int fd, const char *name);

ssize_t cpg_test_send(int fd, const void *data, size_t len, int flags);
ssize_t cpg_test_send_cmsg(int fd, const void *data, size_t len, int level,
			   int type, const void *cmsg, size_t cmsg_len);

/* One recvmsg(), without waiting unless flags lack MSG_DONTWAIT. */
int cpg_test_recv(int fd, struct cpg_test_event *ev, int flags);

/* Waits up to CPG_TEST_WAIT_MS for an event; -ETIMEDOUT. */
int cpg_test_next(int fd, struct cpg_test_event *ev);

/* poll() for at most @ms milliseconds, scaled; revents, 0 or -errno. */
int cpg_test_poll(int fd, short events, int ms);

/* Nothing comes to be read for some time. */
bool cpg_test_is_quiet(int fd);

/* Waits until the own join is delivered and everything else is read. */
int cpg_test_settle(int fd);

static inline const struct cpg_member *
cpg_test_left(const struct cpg_confchg *chg)
{
	return chg->entries + chg->n_members;
}

static inline const struct cpg_member *
cpg_test_joined(const struct cpg_confchg *chg)
{
	return chg->entries + chg->n_members + chg->n_left;
}

#endif /* _SELFTESTS_NET_CPG_TEST_H */
