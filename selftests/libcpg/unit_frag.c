// SPDX-License-Identifier: GPL-2.0
/* Cutting large messages and putting them together, without a socket. */

#include "kselftest_harness.h"

#include "../../userspace/libcpg/frag.h"

enum {
	HDR = sizeof(struct cpg_frag_hdr),
	ROUNDS = 3000,
	MSG_LEN = 5000,
	SENDERS = 3,
};

static const struct sockaddr_cpg alice = {
	.scpg_family = AF_CPG,
	.scpg_nodeid = 1,
	.scpg_pid = 100,
	.scpg_port = 7,
};

FIXTURE(frag)
{
	struct cpg_assembler asmb;
	struct cpg_payload out;
	uint8_t *buf;
};

FIXTURE_SETUP(frag)
{
	memset(self, 0, sizeof(*self));
	self->buf = calloc(1, HDR + MSG_LEN);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(frag)
{
	free(self->out.owned);
	free(self->buf);
	cpg_assembler_exit(&self->asmb);
}

/* Hands one fragment with payload bytes of value @fill to the assembler. */
static int rcv(struct _test_data_frag *self, const struct sockaddr_cpg *from,
	       uint32_t total, uint32_t offset, uint32_t id, size_t len,
	       int fill)
{
	cpg_frag_hdr_init((void *)self->buf, total, offset, id);
	memset(self->buf + HDR, fill, len);
	free(self->out.owned);
	return cpg_assembler_rcv(&self->asmb, from, self->buf, HDR + len,
				 &self->out);
}

TEST_F(frag, plain_message_is_untouched)
{
	EXPECT_EQ(0, cpg_assembler_rcv(&self->asmb, &alice, self->buf, 100,
				       &self->out));
	EXPECT_EQ(self->buf, self->out.data);
	EXPECT_EQ(100, self->out.len);
	EXPECT_EQ(NULL, self->out.owned);
	EXPECT_FALSE(self->out.is_held);

	EXPECT_EQ(0, cpg_assembler_rcv(&self->asmb, &alice, self->buf, 0,
				       &self->out));
	EXPECT_EQ(0, self->out.len);
	EXPECT_FALSE(self->out.is_held);
}

TEST_F(frag, header_layout)
{
	static const uint8_t numbers[] = {
		0x04, 0x03, 0x02, 0x01, 0x44, 0x33, 0x22, 0x11,
		0x0d, 0x0c, 0x0b, 0x0a, 0, 0, 0, 0,
	};
	struct cpg_frag_hdr hdr;

	cpg_frag_hdr_init(&hdr, 0x01020304, 0x11223344, 0x0a0b0c0d);
	EXPECT_EQ(32, sizeof(hdr));
	EXPECT_EQ(0, memcmp((uint8_t *)&hdr + 16, numbers, sizeof(numbers)));
}

TEST_F(frag, in_two_parts)
{
	const uint8_t *data;

	ASSERT_EQ(0, rcv(self, &alice, 300, 0, 1, 200, 'a'));
	EXPECT_TRUE(self->out.is_held);
	ASSERT_EQ(0, rcv(self, &alice, 300, 200, 1, 100, 'b'));
	ASSERT_FALSE(self->out.is_held);
	ASSERT_EQ(300, self->out.len);
	data = self->out.data;
	EXPECT_EQ(0, (uintptr_t)data % 8);
	EXPECT_EQ('a', data[0]);
	EXPECT_EQ('a', data[199]);
	EXPECT_EQ('b', data[200]);
	EXPECT_EQ('b', data[299]);
	EXPECT_EQ(NULL, self->asmb.head);
}

TEST_F(frag, in_one_part)
{
	ASSERT_EQ(0, rcv(self, &alice, 16, 0, 1, 16, 'a'));
	EXPECT_FALSE(self->out.is_held);
	EXPECT_EQ(16, self->out.len);
	EXPECT_EQ(NULL, self->asmb.head);
}

TEST_F(frag, first_one_missed)
{
	ASSERT_EQ(0, rcv(self, &alice, 300, 100, 1, 100, 'a'));
	EXPECT_TRUE(self->out.is_held);
	ASSERT_EQ(0, rcv(self, &alice, 300, 200, 1, 100, 'a'));
	EXPECT_TRUE(self->out.is_held);
	EXPECT_EQ(NULL, self->asmb.head);
}

TEST_F(frag, c48_interrupted_then_next)
{
	ASSERT_EQ(0, rcv(self, &alice, 300, 0, 1, 200, 'a'));
	ASSERT_EQ(0, rcv(self, &alice, 300, 0, 2, 200, 'b'));
	ASSERT_EQ(0, rcv(self, &alice, 300, 200, 2, 100, 'b'));
	ASSERT_FALSE(self->out.is_held);
	EXPECT_EQ(300, self->out.len);
	EXPECT_EQ('b', *(uint8_t *)self->out.data);
}

TEST_F(frag, not_what_was_to_come)
{
	static const struct {
		uint32_t total, offset, id;
	} wrong[] = {
		{ 300, 201, 1 }, { 300, 199, 1 }, { 300, 200, 2 },
		{ 301, 200, 1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		ASSERT_EQ(0, rcv(self, &alice, 300, 0, 1, 200, 'a'));
		ASSERT_EQ(0, rcv(self, &alice, wrong[i].total, wrong[i].offset,
				 wrong[i].id, 50, 'a'));
		EXPECT_TRUE(self->out.is_held);
		EXPECT_EQ(NULL, self->asmb.head);
	}
}

TEST_F(frag, sender_leaves)
{
	const struct cpg_member who = { .nodeid = 1, .pid = 100, .port = 7 };
	const struct cpg_member other = { .nodeid = 1, .pid = 100, .port = 8 };

	ASSERT_EQ(0, rcv(self, &alice, 300, 0, 1, 200, 'a'));
	cpg_assembler_drop(&self->asmb, &other);
	EXPECT_NE(NULL, self->asmb.head);
	cpg_assembler_drop(&self->asmb, &who);
	EXPECT_EQ(NULL, self->asmb.head);
	ASSERT_EQ(0, rcv(self, &alice, 300, 200, 1, 100, 'a'));
	EXPECT_TRUE(self->out.is_held);
}

/* Without libcpg's sender there is no rule that magic means a fragment. */
TEST_F(frag, nonsense_is_a_plain_message)
{
	struct cpg_frag_hdr *hdr = (void *)self->buf;

	EXPECT_EQ(0, rcv(self, &alice, 10, 0, 1, 0, 0));	/* no payload */
	EXPECT_EQ(self->buf, self->out.data);
	EXPECT_EQ(0, rcv(self, &alice, 10, 0, 1, 11, 0));	/* too much */
	EXPECT_EQ(self->buf, self->out.data);
	EXPECT_EQ(0, rcv(self, &alice, 10, 10, 1, 1, 0));	/* beyond */
	EXPECT_EQ(self->buf, self->out.data);
	EXPECT_EQ(0, rcv(self, &alice, 10, UINT32_MAX, 1, 11, 0));
	EXPECT_EQ(self->buf, self->out.data);

	cpg_frag_hdr_init(hdr, 10, 0, 1);
	hdr->zero = 1;
	EXPECT_EQ(0, cpg_assembler_rcv(&self->asmb, &alice, hdr, HDR + 5,
				       &self->out));
	EXPECT_EQ(hdr, self->out.data);
	hdr->zero = 0;
	hdr->magic[15] ^= 1;
	EXPECT_EQ(0, cpg_assembler_rcv(&self->asmb, &alice, hdr, HDR + 5,
				       &self->out));
	EXPECT_EQ(hdr, self->out.data);
	EXPECT_EQ(0, cpg_assembler_rcv(&self->asmb, &alice, hdr, HDR - 1,
				       &self->out));
	EXPECT_EQ(hdr, self->out.data);
}

/* Who announces 4 GiB and sends 1 byte costs as much as who sends 1 byte. */
TEST_F(frag, length_is_not_believed)
{
	struct sockaddr_cpg from = alice;

	for (from.scpg_port = 1; from.scpg_port < 2000; from.scpg_port++)
		ASSERT_EQ(0, rcv(self, &from, UINT32_MAX, 0, 1, 1, 'a'));
	EXPECT_TRUE(self->out.is_held);
}

TEST_F(frag, magic_in_pieces)
{
	struct cpg_frag_hdr hdr;
	struct iovec iov[4];
	size_t a, b;

	cpg_frag_hdr_init(&hdr, 1, 0, 1);
	for (a = 0; a <= 16; a++) {
		for (b = a; b <= 16; b++) {
			iov[0] = (struct iovec){ hdr.magic, a };
			iov[1] = (struct iovec){ NULL, 0 };
			iov[2] = (struct iovec){ hdr.magic + a, b - a };
			iov[3] = (struct iovec){ hdr.magic + b, 16 - b };
			EXPECT_TRUE(cpg_frag_is_magic(iov, 4));
			EXPECT_EQ(b == 16, cpg_frag_is_magic(iov, 3));
		}
	}
	EXPECT_FALSE(cpg_frag_is_magic(NULL, 0));
	iov[0] = (struct iovec){ &hdr, 32 };
	EXPECT_TRUE(cpg_frag_is_magic(iov, 1));
	hdr.magic[15]++;
	EXPECT_FALSE(cpg_frag_is_magic(iov, 1));
}

/* Cuts a message, in an iovec of random entries, at random places. */
struct sender {
	struct sockaddr_cpg	addr;
	uint8_t			msg[MSG_LEN];
	size_t			len;
	size_t			sent;
	uint32_t		id;
	struct iovec		iov[MSG_LEN + 1];
	struct cpg_frag_cursor	cursor;
};

static void sender_begin(struct sender *s)
{
	size_t part, off = 0, n = 0;
	size_t i;

	s->len = 1 + rand() % MSG_LEN;
	s->sent = 0;
	s->id++;
	for (i = 0; i < s->len; i++)
		s->msg[i] = rand();
	while (off < s->len && n < MSG_LEN) {
		part = rand() % 4 ? (size_t)rand() % (s->len - off + 1) : 0;
		s->iov[n++] = (struct iovec){ s->msg + off, part };
		off += part;
	}
	s->iov[n++] = (struct iovec){ s->msg + off, s->len - off };
	s->cursor = (struct cpg_frag_cursor){ .iov = s->iov, .n = n };
}

static size_t sender_next(struct sender *s, uint8_t *buf)
{
	struct iovec out[MSG_LEN + 1];
	size_t len, n, i;

	cpg_frag_hdr_init((void *)buf, s->len, s->sent, s->id);
	n = cpg_frag_slice(&s->cursor, 1 + rand() % s->len, out, &len);
	s->sent += len;
	for (i = 0, buf += HDR; i < n; buf += out[i++].iov_len)
		memcpy(buf, out[i].iov_base, out[i].iov_len);
	return HDR + len;
}

TEST_F(frag, random_cuts_of_interleaved_senders)
{
	struct sender *s, *senders = calloc(SENDERS, sizeof(*senders));
	int done = 0, i;
	size_t len;

	srand(1);
	for (i = 0; i < SENDERS; i++) {
		senders[i].addr = alice;
		senders[i].addr.scpg_port = i;
		sender_begin(&senders[i]);
	}
	for (i = 0; i < ROUNDS; i++) {
		s = &senders[rand() % SENDERS];
		len = sender_next(s, self->buf);
		ASSERT_EQ(0, cpg_assembler_rcv(&self->asmb, &s->addr,
					       self->buf, len, &self->out));
		ASSERT_EQ(s->sent < s->len, self->out.is_held);
		if (!self->out.is_held) {
			ASSERT_EQ(s->len, self->out.len);
			ASSERT_EQ(0, memcmp(s->msg, self->out.data, s->len));
			free(self->out.owned);
			self->out.owned = NULL;
			done++;
		}
		if (!self->out.is_held || rand() % 20 == 0)
			sender_begin(s);
	}
	EXPECT_GT(done, ROUNDS / 10);
	free(senders);
}

TEST_HARNESS_MAIN
