// SPDX-License-Identifier: GPL-2.0
/*
 * Sends packets with one fault to a node:
 *
 *	raw_packet ADDRESS PORT FAULT [COUNT]
 *
 * It waits for a good packet to that port to come by on the wire, changes what
 * FAULT says, and sends it COUNT times (default 1) from a socket of its own.
 * The offsets are those of Documentation/protocol.rst, written down a second
 * time on purpose: a change of the wire format must be noticed here.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	OFF_MAGIC = 0,
	OFF_VERSION = 4,
	OFF_TYPE = 5,
	OFF_LEN = 8,
	OFF_KEY_ID = 10,
	OFF_CLUSTER_ID = 12,
	OFF_SRC = 16,
	OFF_INCARNATION = 32,
	HDR_LEN = 64,
	OFF_STATUS_N_HEARD = HDR_LEN + 34,
	TYPE_STATUS = 2,
	UNKNOWN_NODE = 4242,
	PACKET_MAX = 65507,
	WAIT_S = 60,
};

static unsigned char packet[PACKET_MAX];
static size_t packet_len;

static void put16(size_t off, uint16_t value)
{
	value = htole16(value);
	memcpy(packet + off, &value, sizeof(value));
}

static void put32(size_t off, uint32_t value)
{
	value = htole32(value);
	memcpy(packet + off, &value, sizeof(value));
}

static void short_header(void)
{
	packet_len = HDR_LEN - 1;
}

static void short_byte(void)
{
	packet_len = 1;
}

static void empty(void)
{
	packet_len = 0;
}

static void magic(void)
{
	packet[OFF_MAGIC] ^= 0xff;
}

static void version(void)
{
	packet[OFF_VERSION] += 1;
}

/* The header says more than there is. */
static void truncated(void)
{
	packet_len -= 1;
}

/* There is more than the header says. */
static void trailing(void)
{
	packet[packet_len++] = 0;
}

static void oversized(void)
{
	memset(packet + packet_len, 0, sizeof(packet) - packet_len);
	packet_len = sizeof(packet);
	put16(OFF_LEN, packet_len);
}

static void cluster(void)
{
	packet[OFF_CLUSTER_ID] ^= 0xff;
}

static void key(void)
{
	put16(OFF_KEY_ID, 7);
}

static void type(void)
{
	packet[OFF_TYPE] = 200;
}

static void record(void)
{
	put16(OFF_STATUS_N_HEARD, 0xffff);
}

static void node(void)
{
	put32(OFF_SRC, UNKNOWN_NODE);
}

/* Random bytes of a random length, none of it an accident. */
static void noise(void)
{
	static unsigned int seed = 1;
	size_t i;

	packet_len = rand_r(&seed) % 2000;
	for (i = 0; i < packet_len; i++)
		packet[i] = rand_r(&seed);
}

/* A good header with noise behind it, of every type. */
static void body_noise(void)
{
	static unsigned int seed = 2;
	size_t i;

	packet_len = HDR_LEN + rand_r(&seed) % 1300;
	put16(OFF_LEN, packet_len);
	packet[OFF_TYPE] = 1 + rand_r(&seed) % 12;
	for (i = HDR_LEN; i < packet_len; i++)
		packet[i] = rand_r(&seed) % 4 ? 0 : rand_r(&seed);
}

static const struct {
	const char	*name;
	void		(*apply)(void);
} faults[] = {
	{ "empty", empty },
	{ "byte", short_byte },
	{ "short", short_header },
	{ "magic", magic },
	{ "version", version },
	{ "truncated", truncated },
	{ "trailing", trailing },
	{ "oversized", oversized },
	{ "cluster", cluster },
	{ "key", key },
	{ "type", type },
	{ "record", record },
	{ "node", node },
	{ "noise", noise },
	{ "body", body_noise },
};

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "raw_packet: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Is this IPv4 packet a STATUS to the port?  Then keep what is in it. */
static bool take(const unsigned char *p, size_t len, uint16_t port)
{
	struct iphdr ip;
	struct udphdr udp;
	size_t off;

	if (len < sizeof(ip))
		return false;
	memcpy(&ip, p, sizeof(ip));
	off = ip.ihl * 4;
	if (ip.version != 4 || ip.protocol != IPPROTO_UDP ||
	    ip.frag_off & htons(0x3fff) || len < off + sizeof(udp) + HDR_LEN)
		return false;
	memcpy(&udp, p + off, sizeof(udp));
	if (udp.dest != htons(port) ||
	    p[off + sizeof(udp) + OFF_TYPE] != TYPE_STATUS)
		return false;
	packet_len = ntohs(udp.len) - sizeof(udp);
	if (len < off + sizeof(udp) + packet_len)
		return false;
	memcpy(packet, p + off + sizeof(udp), packet_len);
	return true;
}

static void capture(uint16_t port)
{
	static unsigned char buf[PACKET_MAX];
	time_t end = time(NULL) + WAIT_S;
	struct pollfd pfd = { .events = POLLIN };
	ssize_t len = 0;

	pfd.fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
	if (pfd.fd < 0)
		die("packet socket");
	do {
		if (time(NULL) > end) {
			errno = ETIMEDOUT;
			die("no packet to imitate");
		}
		poll(&pfd, 1, 1000);
		len = recv(pfd.fd, buf, sizeof(buf), MSG_DONTWAIT);
	} while (len <= 0 || !take(buf, len, port));
	close(pfd.fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	unsigned char good[PACKET_MAX];
	size_t i, good_len;
	int fd, count;

	if (argc < 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr,
			"usage: raw_packet ADDRESS PORT FAULT [COUNT]\n");
		return 2;
	}
	to.sin_port = htons(atoi(argv[2]));
	for (i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		if (!strcmp(argv[3], faults[i].name))
			break;
	if (i == sizeof(faults) / sizeof(*faults)) {
		fprintf(stderr, "raw_packet: no fault '%s'\n", argv[3]);
		return 2;
	}
	capture(atoi(argv[2]));
	good_len = packet_len;
	memcpy(good, packet, good_len);

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		die("socket");
	for (count = argc > 4 ? atoi(argv[4]) : 1; count > 0; count--) {
		packet_len = good_len;
		memcpy(packet, good, good_len);
		faults[i].apply();
		if (sendto(fd, packet, packet_len, 0, (struct sockaddr *)&to,
			   sizeof(to)) != (ssize_t)packet_len)
			die("send");
	}
	return 0;
}
