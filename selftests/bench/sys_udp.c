// SPDX-License-Identifier: GPL-2.0
/*
 * Bare UDP: a datagram to each node, the own one last, with no order, no
 * repair and no flow control: the floor.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "bench.h"

enum {
	UDP_PORT = 7000,
	UDP_LEN_MAX = 65507,
	UDP_BUFFER = 4 << 20,
	UDP_EVENTS = 256,
};

static int udp_socket;
static unsigned int udp_self, udp_n;

static struct sockaddr_in udp_address(unsigned int node)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(UDP_PORT),
		.sin_addr.s_addr = htonl(0x0a090001 + node),
	};
}

static int udp_join(unsigned int self, unsigned int n, bool safe)
{
	struct sockaddr_in addr = udp_address(self);
	int size = UDP_BUFFER;

	if (safe)
		return -EOPNOTSUPP;
	udp_self = self;
	udp_n = n;
	udp_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (udp_socket < 0 ||
	    setsockopt(udp_socket, SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)) ||
	    bind(udp_socket, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	bench_members(n);
	return 0;
}

static int udp_fd(void)
{
	return udp_socket;
}

static int udp_send(const void *data, size_t len)
{
	struct sockaddr_in addr;
	unsigned int i;

	for (i = 1; i <= udp_n; i++) {
		addr = udp_address((udp_self + i) % udp_n);
		/* The first decides: what is lost later is lost. */
		if (sendto(udp_socket, data, len, MSG_DONTWAIT,
			   (struct sockaddr *)&addr, sizeof(addr)) < 0 &&
		    i == 1)
			return -errno;
	}
	return 0;
}

static int udp_dispatch(void)
{
	static char data[UDP_LEN_MAX];
	ssize_t len;
	int i;

	for (i = 0; i < UDP_EVENTS; i++) {
		len = recv(udp_socket, data, sizeof(data), MSG_DONTWAIT);
		if (len < 0)
			return errno == EAGAIN ? 0 : -errno;
		bench_deliver(data, len);
	}
	return 0;
}

const struct bench_system bench_udp = {
	.name = "udp",
	.len_max = UDP_LEN_MAX,
	.send_events = POLLOUT,
	.join = udp_join,
	.fd = udp_fd,
	.send = udp_send,
	.dispatch = udp_dispatch,
};
