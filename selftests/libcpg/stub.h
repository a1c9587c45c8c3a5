/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A socket of AF_CPG without a kernel module, for a library that is built into
 * the test: linked with STUB_WRAP of the Makefile, its system calls come here.
 * What a handle sends is what it receives next, after its own join, up to its
 * own leave; a stub's node has nobody else.
 */
#ifndef SELFTESTS_LIBCPG_STUB_H
#define SELFTESTS_LIBCPG_STUB_H

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>

enum {
	STUB_NODEID = 1,
	STUB_PID = 42,
};

/*
 * From now on a socket is evicted at the moment it is told to leave: after the
 * library has looked whether it is hung up, before the call is done.
 */
void stub_evict_at_leave(void);

/* From now on an event needs so much room, at least. */
void stub_room_least(size_t bytes);

/* From now on nothing larger is allocated. */
void stub_memory_most(size_t bytes);

/* The linker's: what is called, and what it stands for. */
int __real_socket(int domain, int type, int protocol);
int __real_close(int fd);
int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __real_ioctl(int fd, unsigned long request, void *arg);
int __real_setsockopt(int fd, int level, int option, const void *val,
		      socklen_t len);
ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
void *__real_malloc(size_t size);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_close(int fd);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_ioctl(int fd, unsigned long request, void *arg);
int __wrap_setsockopt(int fd, int level, int option, const void *val,
		      socklen_t len);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
void *__wrap_malloc(size_t size);

#endif /* SELFTESTS_LIBCPG_STUB_H */
