// SPDX-License-Identifier: GPL-2.0
/*
 * One of several members that send at once:
 *
 *	order_member [-n MESSAGES] [-m MEMBERS] [-t SECONDS] GROUP
 *
 * It waits until the group has MEMBERS members, sends MESSAGES messages and
 * reads until all messages of all members are here.  Length and contents of a
 * message follow from the sender and from its number, so each is checked: in
 * the sender's order, once, unchanged.  Then it prints one line,
 *
 *	messages N bytes N hash H
 *
 * with a hash over (sender, contents) in the order of delivery, for the caller
 * to compare with that of the other members.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/cpg.h>

#include "order.h"

enum {
	MEMBERS_MAX = 64,
	SMALL_MAX = 256,	/* 90 % of the messages are up to this long */
	MEDIUM_MAX = 4096,	/* 9 % */
	LARGE_MAX = 65536,	/* 0.9 %; the rest up to CPG_MSG_MAX */
	BATCH = 16,		/* messages sent before it reads again */
	GRACE_MS = 1,		/* a full window is tried again after this */
};

static struct {
	uint32_t	nodeid;
	uint32_t	pid;
	unsigned int	received;
} senders[MEMBERS_MAX];

static unsigned int n_messages = 5000, n_members = 3, timeout_s = 60;
static unsigned int n_senders, sent;
static unsigned long long total, bytes;
static uint64_t hash = 0xcbf29ce484222325;
static bool everybody_here;
static char pattern[2 * CPG_MSG_MAX];

__attribute__((noreturn, format(printf, 1, 2)))
static void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("failed: ");
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	exit(1);
}

static unsigned long long all_messages(void)
{
	return (unsigned long long)n_messages * n_members;
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccd;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53;
	return x ^ x >> 33;
}

static uint64_t message_seed(uint32_t nodeid, unsigned int number)
{
	return mix((uint64_t)nodeid << 32 | number);
}

/* From 1 byte to CPG_MSG_MAX; every member sends one of each extreme. */
static size_t message_len(uint64_t seed, unsigned int number)
{
	uint64_t part = mix(seed + 1);
	unsigned int kind = seed % 1000;

	if (number == 0)
		return 1;
	if (number == 1)
		return CPG_MSG_MAX;
	if (kind < 900)
		return 1 + part % SMALL_MAX;
	if (kind < 990)
		return 1 + part % MEDIUM_MAX;
	if (kind < 999)
		return 1 + part % LARGE_MAX;
	return 1 + part % CPG_MSG_MAX;
}

/* A message is a stretch of the pattern; where it begins is its contents. */
static const char *message_data(uint64_t seed)
{
	return pattern + mix(seed + 2) % CPG_MSG_MAX;
}

static void fill_pattern(void)
{
	uint64_t x = 1;
	size_t i;

	for (i = 0; i < sizeof(pattern); i += sizeof(x)) {
		x = mix(x + i);
		memcpy(pattern + i, &x, sizeof(x));
	}
}

static void hash_bytes(const void *data, size_t len)
{
	const unsigned char *p = data;

	for (; len; len--)
		hash = (hash ^ *p++) * 0x100000001b3;
}

static unsigned int sender_index(uint32_t nodeid, uint32_t pid)
{
	unsigned int i;

	for (i = 0; i < n_senders; i++)
		if (senders[i].nodeid == nodeid && senders[i].pid == pid)
			return i;
	if (n_senders == n_members)
		fail("a message from a process too many, %u/%u", nodeid, pid);
	senders[i].nodeid = nodeid;
	senders[i].pid = pid;
	return n_senders++;
}

void order_message(uint32_t nodeid, uint32_t pid, const void *data, size_t len)
{
	unsigned int i = sender_index(nodeid, pid);
	unsigned int number = senders[i].received++;
	uint64_t seed = message_seed(nodeid, number);

	if (number >= n_messages)
		fail("message %u of node %u was never sent", number, nodeid);
	if (len != message_len(seed, number))
		fail("message %u of node %u is %zu bytes, not %zu", number,
		     nodeid, len, message_len(seed, number));
	if (memcmp(data, message_data(seed), len))
		fail("message %u of node %u has other contents", number,
		     nodeid);
	hash_bytes(&nodeid, sizeof(nodeid));
	hash_bytes(data, len);
	total++;
	bytes += len;
}

void order_members(size_t n)
{
	if (n >= n_members)
		everybody_here = true;
	else if (everybody_here && total < all_messages())
		fail("only %zu members are left", n);
}

/* False when there was no room for the next one. */
static bool send_some(uint32_t nodeid)
{
	uint64_t seed;
	int i, ret;

	for (i = 0; i < BATCH && sent < n_messages; i++) {
		seed = message_seed(nodeid, sent);
		ret = order_send(message_data(seed), message_len(seed, sent));
		if (ret == -EAGAIN)
			return false;
		if (ret)
			fail("send: %s", strerror(-ret));
		sent++;
	}
	return true;
}

static void dispatch(void)
{
	int ret = order_dispatch();

	if (ret)
		fail("receive: %s", strerror(-ret));
}

static void run(uint32_t nodeid)
{
	unsigned long long all = all_messages();
	struct pollfd pfd = { .fd = order_fd() };
	time_t last = time(NULL);
	unsigned long long before;
	bool full, sending;
	int timeout;

	while (total < all) {
		before = total + sent;
		sending = everybody_here && sent < n_messages;
		full = sending && !send_some(nodeid);
		pfd.events = POLLIN;
		timeout = 1000;
		if (full && order_send_events())
			pfd.events |= order_send_events();
		else if (full)
			timeout = GRACE_MS;
		else if (sending)
			timeout = 0;
		if (poll(&pfd, 1, timeout) < 0 && errno != EINTR)
			fail("poll: %s", strerror(errno));
		dispatch();
		if (total + sent != before)
			last = time(NULL);
		else if (time(NULL) - last > timeout_s)
			fail("stuck: sent %u, received %llu of %llu", sent,
			     total, all);
	}
	/* One too many would come now. */
	poll(&pfd, 1, 100);
	dispatch();
	if (total != all)
		fail("received %llu of %llu", total, all);
}

int main(int argc, char **argv)
{
	int opt, nodeid;

	while ((opt = getopt(argc, argv, "n:m:t:")) != -1) {
		if (opt == 'n')
			n_messages = strtoul(optarg, NULL, 0);
		else if (opt == 'm')
			n_members = strtoul(optarg, NULL, 0);
		else if (opt == 't')
			timeout_s = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	if (optind != argc - 1 || n_members > MEMBERS_MAX) {
		fprintf(stderr,
			"usage: %s [-n MESSAGES] [-m MEMBERS] [-t SECONDS] GROUP\n",
			argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	fill_pattern();
	nodeid = order_open(argv[optind]);
	if (nodeid < 0)
		fail("join: %s", strerror(-nodeid));
	run(nodeid);
	printf("messages %llu bytes %llu hash %016llx\n", total, bytes,
	       (unsigned long long)hash);
	return 0;
}
