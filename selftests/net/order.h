/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The order test's members, over two interfaces: order.c has the messages and
 * what is checked, order_sock.c and order_libcpg.c how they travel.
 */
#ifndef _SELFTESTS_NET_ORDER_H
#define _SELFTESTS_NET_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* What an interface has to offer; negative errno where something fails. */
int order_open(const char *group);

/* To be polled for reading. */
int order_fd(void);

/* 0 if it was taken, -EAGAIN if there is no room just now. */
int order_send(const void *data, size_t len);

/* Calls order_message() and order_members() for what has come. */
int order_dispatch(void);

/* poll() events that tell when order_send() is worth a try; 0 if none do. */
short order_send_events(void);

/* Of order.c: a message in its place in the order. */
void order_message(uint32_t nodeid, uint32_t pid, const void *data,
		   size_t len);

/* Of order.c: the group has @n members now. */
void order_members(size_t n);

#endif /* _SELFTESTS_NET_ORDER_H */
