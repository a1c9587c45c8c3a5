// SPDX-License-Identifier: GPL-2.0
/* Short forms of the calls on an AF_CPG socket; see cpg_test.h. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cpg_test.h"

static int cpg_test_result(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

int cpg_test_speed(void)
{
	const char *text = getenv("CPG_SPEED");
	int speed = text ? atoi(text) : 1;

	return speed > 0 ? speed : 1;
}

int cpg_test_patience(void)
{
	int speed = cpg_test_speed();

	return speed < 5 ? speed : 5;
}

int cpg_test_unshare(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, ret;

	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ret = cpg_test_result(ioctl(fd, SIOCSIFFLAGS, &ifr));
	close(fd);
	return ret;
}

int cpg_test_sysctl(const char *name, const char *value)
{
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/sys/net/cpg/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = cpg_test_result(write(fd, value, strlen(value)));
	close(fd);
	return ret < 0 ? ret : 0;
}

int cpg_test_socket(void)
{
	return cpg_test_result(socket(AF_CPG, SOCK_SEQPACKET | SOCK_CLOEXEC,
				      0));
}

void cpg_test_group(struct cpg_group *group, const char *name)
{
	memset(group, 0, sizeof(*group));
	group->name_len = strlen(name);
	memcpy(group->name, name, group->name_len);
}

int cpg_test_join(int fd, const char *name)
{
	struct cpg_group group;

	cpg_test_group(&group, name);
	return cpg_test_result(setsockopt(fd, SOL_CPG, CPGSO_JOIN, &group,
					  sizeof(group)));
}

int cpg_test_join_as(int fd, const char *name)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(-cpg_test_join(fd, name));
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return WEXITSTATUS(status) ? -WEXITSTATUS(status) : pid;
}

int cpg_test_leave(int fd)
{
	return cpg_test_result(setsockopt(fd, SOL_CPG, CPGSO_LEAVE, NULL, 0));
}

int cpg_test_set(int fd, int option, __u32 value)
{
	return cpg_test_result(setsockopt(fd, SOL_CPG, option, &value,
					  sizeof(value)));
}

int cpg_test_get(int fd, int option, __u32 *value)
{
	socklen_t len = sizeof(*value);

	if (getsockopt(fd, SOL_CPG, option, value, &len))
		return -errno;
	return len == sizeof(*value) ? 0 : -EBADMSG;
}

int cpg_test_members(int fd, const char *name)
{
	char buf[sizeof(struct cpg_members) + 64 * sizeof(struct cpg_member)];
	struct cpg_members *members = (struct cpg_members *)buf;
	socklen_t len = sizeof(buf);

	cpg_test_group(&members->group, name);
	if (getsockopt(fd, SOL_CPG, CPGSO_MEMBERS, members, &len))
		return -errno;
	return members->n_members;
}

ssize_t cpg_test_send(int fd, const void *data, size_t len, int flags)
{
	return cpg_test_result(send(fd, data, len, flags));
}

ssize_t cpg_test_send_cmsg(int fd, const void *data, size_t len, int level,
			   int type, const void *cmsg, size_t cmsg_len)
{
	char control[CMSG_SPACE(64)] __attribute__((aligned(8))) = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(cmsg_len),
	};
	struct cmsghdr *hdr = CMSG_FIRSTHDR(&msg);

	hdr->cmsg_level = level;
	hdr->cmsg_type = type;
	hdr->cmsg_len = CMSG_LEN(cmsg_len);
	memcpy(CMSG_DATA(hdr), cmsg, cmsg_len);
	return cpg_test_result(sendmsg(fd, &msg, 0));
}

static void cpg_test_cmsg(struct cpg_test_event *ev,
			  const struct cmsghdr *hdr)
{
	if (hdr->cmsg_level != SOL_CPG)
		return;
	switch (hdr->cmsg_type) {
	case SCM_CPG_CONFCHG:
		ev->chg = (const struct cpg_confchg *)CMSG_DATA(hdr);
		ev->kind = CPG_TEST_CONFCHG;
		break;
	case SCM_CPG_VIEW:
		ev->view = (const struct cpg_view *)CMSG_DATA(hdr);
		ev->kind = CPG_TEST_VIEW;
		break;
	case SCM_CPG_SEQ:
		memcpy(&ev->seq, CMSG_DATA(hdr), sizeof(ev->seq));
		ev->has_seq = true;
		break;
	}
}

int cpg_test_recv(int fd, struct cpg_test_event *ev, int flags)
{
	struct iovec iov = {
		.iov_base = ev->data,
		.iov_len = sizeof(ev->data),
	};
	struct msghdr msg = {
		.msg_name = &ev->from,
		.msg_namelen = sizeof(ev->from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = ev->control,
		.msg_controllen = sizeof(ev->control),
	};
	struct cmsghdr *hdr;
	ssize_t len;

	len = recvmsg(fd, &msg, flags);
	if (len < 0)
		return -errno;
	ev->kind = CPG_TEST_NONE;
	ev->len = len;
	ev->flags = msg.msg_flags;
	ev->from_len = msg.msg_namelen;
	ev->has_seq = false;
	ev->chg = NULL;
	ev->view = NULL;
	for (hdr = CMSG_FIRSTHDR(&msg); hdr; hdr = CMSG_NXTHDR(&msg, hdr))
		cpg_test_cmsg(ev, hdr);
	if (ev->kind == CPG_TEST_NONE && ev->from_len)
		ev->kind = CPG_TEST_MSG;
	return 0;
}

static int test_poll(int fd, short events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int ret;

	ret = cpg_test_result(poll(&pfd, 1, ms));
	return ret > 0 ? pfd.revents : ret;
}

int cpg_test_poll(int fd, short events, int ms)
{
	return test_poll(fd, events, ms * cpg_test_speed());
}

bool cpg_test_is_quiet(int fd)
{
	int ms = CPG_TEST_QUIET_MS * cpg_test_speed();

	if (ms > CPG_TEST_QUIET_MAX_MS)
		ms = CPG_TEST_QUIET_MAX_MS;
	return !test_poll(fd, POLLIN, ms);
}

int cpg_test_next(int fd, struct cpg_test_event *ev)
{
	int ret;

	ret = cpg_test_poll(fd, POLLIN, CPG_TEST_WAIT_MS);
	if (ret <= 0)
		return ret ? ret : -ETIMEDOUT;
	return cpg_test_recv(fd, ev, MSG_DONTWAIT);
}

int cpg_test_settle(int fd)
{
	static struct cpg_test_event ev;
	int ret;

	do {
		ret = cpg_test_next(fd, &ev);
		if (ret)
			return ret;
	} while (ev.kind != CPG_TEST_CONFCHG);
	while (!ret)
		ret = cpg_test_recv(fd, &ev, MSG_DONTWAIT);
	return ret == -EAGAIN ? 0 : ret;
}
