// SPDX-License-Identifier: GPL-2.0
/* CPGSO_RECVBATCH: several events with one call. */
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "cpg_test.h"

enum {
	ROOM = 4096,
	RECORD = sizeof(struct cpg_record),
};

FIXTURE(batch)
{
	int	fd;
	__u32	nodeid;
	char	buf[ROOM] __attribute__((aligned(CPG_RECORD_ALIGN)));
};

FIXTURE_SETUP(batch)
{
	ASSERT_EQ(0, cpg_test_unshare());
	self->fd = cpg_test_socket();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, cpg_test_get(self->fd, CPGSO_NODEID, &self->nodeid));
	ASSERT_EQ(0, cpg_test_join(self->fd, "group"));
	ASSERT_EQ(0, cpg_test_settle(self->fd));
	ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_RECVBATCH, 1));
	memset(self->buf, 0xaa, sizeof(self->buf));
}

FIXTURE_TEARDOWN(batch)
{
	close(self->fd);
}

static int batch(int fd, void *buf, size_t room, int flags)
{
	ssize_t ret = recv(fd, buf, room, flags | MSG_DONTWAIT);

	return ret < 0 ? -errno : (int)ret;
}

/* Where the record after this one would be. */
static const struct cpg_record *after(const struct cpg_record *rec)
{
	const char *end = (const char *)rec + rec->len;
	size_t odd = rec->len % CPG_RECORD_ALIGN;

	return (const void *)(odd ? end + CPG_RECORD_ALIGN - odd : end);
}

static bool is_msg(const struct cpg_record *rec, const char *text)
{
	return !rec->type && rec->len == RECORD + strlen(text) &&
	       !memcmp(rec + 1, text, strlen(text));
}

TEST_F(batch, messages)
{
	const struct cpg_record *rec = (void *)self->buf;
	const char *end;
	__u64 seq;

	ASSERT_EQ(5, cpg_test_send(self->fd, "hello", 5, 0));
	ASSERT_EQ(0, cpg_test_send(self->fd, NULL, 0, 0));
	ASSERT_EQ(16, cpg_test_send(self->fd, "0123456789abcdef", 16, 0));

	ASSERT_EQ(64 + RECORD + RECORD + 16,
		  batch(self->fd, self->buf, ROOM, 0));
	EXPECT_TRUE(is_msg(rec, "hello"));
	EXPECT_EQ(AF_CPG, rec->from.scpg_family);
	EXPECT_EQ(0, rec->from.__scpg_pad);
	EXPECT_EQ(self->nodeid, rec->from.scpg_nodeid);
	EXPECT_EQ(getpid(), rec->from.scpg_pid);
	EXPECT_NE(0, rec->seq.view_seq);
	EXPECT_EQ(self->nodeid, rec->seq.view_rep);
	seq = rec->seq.seq;

	/* Between two records nothing is written. */
	end = (const char *)rec + rec->len;
	for (rec = after(rec); end < (const char *)rec; end++)
		EXPECT_EQ((char)0xaa, *end);
	EXPECT_TRUE(is_msg(rec, ""));
	EXPECT_EQ(seq + 1, rec->seq.seq);
	rec = after(rec);
	EXPECT_TRUE(is_msg(rec, "0123456789abcdef"));
	EXPECT_EQ(seq + 2, rec->seq.seq);
	EXPECT_EQ(-EAGAIN, batch(self->fd, self->buf, ROOM, 0));
}

TEST_F(batch, changes_and_views)
{
	const struct cpg_record *rec = (void *)self->buf;
	const struct sockaddr_cpg nobody = { 0 };
	const struct cpg_confchg *chg;
	const struct cpg_view *view;
	int fd = cpg_test_socket();

	ASSERT_EQ(0, cpg_test_set(fd, CPGSO_RECVBATCH, 1));
	ASSERT_EQ(0, cpg_test_set(fd, CPGSO_RECVVIEW, CPG_RECVVIEW_CHANGES |
				  CPG_RECVVIEW_INITIAL));
	ASSERT_EQ(0, cpg_test_join(fd, "other"));
	ASSERT_EQ(1, cpg_test_send(fd, "x", 1, 0));
	ASSERT_LT(0, batch(fd, self->buf, ROOM, 0));

	chg = (const void *)(rec + 1);
	ASSERT_EQ(SCM_CPG_CONFCHG, rec->type);
	ASSERT_EQ(1, chg->n_members);
	ASSERT_EQ(1, chg->n_joined);
	EXPECT_EQ(RECORD + sizeof(*chg) + 2 * sizeof(chg->entries[0]),
		  rec->len);
	EXPECT_EQ(getpid(), chg->entries[0].pid);
	EXPECT_EQ(CPG_CHG_JOIN, chg->entries[1].reason);
	EXPECT_EQ(0, memcmp(&nobody, &rec->from, sizeof(nobody)));

	rec = after(rec);
	view = (const void *)(rec + 1);
	ASSERT_EQ(SCM_CPG_VIEW, rec->type);
	ASSERT_EQ(1, view->n_nodes);
	EXPECT_EQ(RECORD + sizeof(*view) + sizeof(view->nodes[0]), rec->len);
	EXPECT_EQ(self->nodeid, view->nodes[0]);
	EXPECT_TRUE(is_msg(after(rec), "x"));
	close(fd);
}

/* What there is no room for stays, and FIONREAD tells how much it takes. */
TEST_F(batch, room)
{
	const struct cpg_record *rec = (void *)self->buf;
	int len;

	ASSERT_EQ(8, cpg_test_send(self->fd, "12345678", 8, 0));
	ASSERT_EQ(8, cpg_test_send(self->fd, "abcdefgh", 8, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));

	EXPECT_EQ(-EMSGSIZE, batch(self->fd, self->buf, 1, 0));
	EXPECT_EQ(-EMSGSIZE, batch(self->fd, self->buf, RECORD, 0));
	EXPECT_EQ(-EMSGSIZE, batch(self->fd, self->buf, RECORD + 7, 0));
	ASSERT_EQ(0, ioctl(self->fd, FIONREAD, &len));
	EXPECT_EQ(RECORD + 8, len);

	ASSERT_EQ(RECORD + 8, batch(self->fd, self->buf, len, 0));
	EXPECT_TRUE(is_msg(rec, "12345678"));
	/* The second one's end would be one byte too far. */
	ASSERT_EQ(RECORD + 8,
		  batch(self->fd, self->buf, RECORD + 16 + RECORD, 0));
	EXPECT_TRUE(is_msg(rec, "abcdefgh"));
	ASSERT_EQ(RECORD + 1, batch(self->fd, self->buf, ROOM, 0));
	EXPECT_TRUE(is_msg(rec, "x"));
	ASSERT_EQ(0, ioctl(self->fd, FIONREAD, &len));
	EXPECT_EQ(0, len);
}

/* As long as the last of several was not asked beyond, there is something. */
TEST_F(batch, readable_until_more_is_asked_for)
{
	ASSERT_EQ(1, cpg_test_send(self->fd, "a", 1, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "b", 1, 0));
	ASSERT_EQ(64 + RECORD + 1, batch(self->fd, self->buf, ROOM, 0));
	EXPECT_EQ(POLLIN, cpg_test_poll(self->fd, POLLIN, 0));
	EXPECT_EQ(-EAGAIN, batch(self->fd, self->buf, ROOM, 0));
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLIN, 0));
}

TEST_F(batch, readable_until_told)
{
	ASSERT_EQ(1, cpg_test_send(self->fd, "a", 1, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "b", 1, 0));
	ASSERT_EQ(64 + RECORD + 1, batch(self->fd, self->buf, ROOM, 0));
	EXPECT_EQ(0, batch(self->fd, NULL, 0, 0));
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLIN, 0));

	/* This takes nothing, and does not hide what is there. */
	ASSERT_EQ(1, cpg_test_send(self->fd, "c", 1, 0));
	EXPECT_EQ(0, batch(self->fd, NULL, 0, 0));
	EXPECT_EQ(POLLIN, cpg_test_poll(self->fd, POLLIN, 0));
	ASSERT_EQ(RECORD + 1, batch(self->fd, self->buf, ROOM, 0));
}

/* One is told at once. */
TEST_F(batch, not_readable_with_one)
{
	ASSERT_EQ(1, cpg_test_send(self->fd, "a", 1, 0));
	ASSERT_EQ(RECORD + 1, batch(self->fd, self->buf, ROOM, 0));
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLIN, 0));

	/* And so is one after several. */
	ASSERT_EQ(1, cpg_test_send(self->fd, "b", 1, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "c", 1, 0));
	ASSERT_EQ(64 + RECORD + 1, batch(self->fd, self->buf, ROOM, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "d", 1, 0));
	ASSERT_EQ(RECORD + 1, batch(self->fd, self->buf, ROOM, 0));
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLIN, 0));
}

TEST_F(batch, switched_off)
{
	struct cpg_test_event ev;

	ASSERT_EQ(1, cpg_test_send(self->fd, "a", 1, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "b", 1, 0));
	ASSERT_EQ(64 + RECORD + 1, batch(self->fd, self->buf, ROOM, 0));
	ASSERT_EQ(0, cpg_test_set(self->fd, CPGSO_RECVBATCH, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "c", 1, 0));
	ASSERT_EQ(0, cpg_test_recv(self->fd, &ev, 0));
	EXPECT_EQ(CPG_TEST_MSG, ev.kind);
	EXPECT_EQ(1, ev.len);
	EXPECT_EQ(0, cpg_test_poll(self->fd, POLLIN, 0));
	EXPECT_EQ(-EAGAIN, cpg_test_recv(self->fd, &ev, MSG_DONTWAIT));
}

TEST_F(batch, peek)
{
	ASSERT_EQ(1, cpg_test_send(self->fd, "a", 1, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "b", 1, 0));
	EXPECT_EQ(RECORD + 1, batch(self->fd, self->buf, ROOM, MSG_PEEK));
	EXPECT_EQ(64 + RECORD + 1, batch(self->fd, self->buf, ROOM, 0));
}

/* What cannot be written is not lost, what was written not given twice. */
TEST_F(batch, bad_memory)
{
	long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct cpg_record *rec = (void *)self->buf;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, mprotect(map + page, page, PROT_NONE));
	ASSERT_EQ(1, cpg_test_send(self->fd, "a", 1, 0));
	ASSERT_EQ(32, cpg_test_send(self->fd, "0123456789abcdef0123456789ABCDEF",
				    32, 0));
	EXPECT_EQ(-EFAULT, batch(self->fd, map + page, page, 0));
	EXPECT_EQ(-EFAULT, batch(self->fd, map + page - RECORD, page, 0));
	EXPECT_EQ(POLLIN, cpg_test_poll(self->fd, POLLIN, 0));

	/* Half of the second one's payload would be beyond. */
	EXPECT_EQ(RECORD + 1,
		  batch(self->fd, map + page - 64 - RECORD - 16, page, 0));
	ASSERT_EQ(RECORD + 32, batch(self->fd, self->buf, ROOM, 0));
	EXPECT_TRUE(is_msg(rec, "0123456789abcdef0123456789ABCDEF"));
	munmap(map, 2 * page);
}

/* It is made of several parts. */
TEST_F(batch, large)
{
	const size_t room = RECORD + CPG_MSG_MAX;
	unsigned char *in = malloc(room);
	unsigned char *out = malloc(room);
	size_t i;

	ASSERT_TRUE(in && out);
	for (i = 0; i < CPG_MSG_MAX; i++)
		out[i] = i * 2654435761U >> 24;
	ASSERT_EQ(CPG_MSG_MAX, cpg_test_send(self->fd, out, CPG_MSG_MAX, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "x", 1, 0));
	EXPECT_EQ(room, recv(self->fd, in, room, 0));
	EXPECT_EQ(0, memcmp(out, in + RECORD, CPG_MSG_MAX));
	EXPECT_EQ(RECORD + 1, batch(self->fd, self->buf, ROOM, 0));
	free(in);
	free(out);
}

TEST_F(batch, end)
{
	ASSERT_EQ(1, cpg_test_send(self->fd, "a", 1, 0));
	ASSERT_EQ(1, cpg_test_send(self->fd, "b", 1, 0));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	EXPECT_EQ(64 + RECORD + 1, batch(self->fd, self->buf, ROOM, 0));
	EXPECT_EQ(0, batch(self->fd, self->buf, ROOM, 0));
}

TEST_HARNESS_MAIN
