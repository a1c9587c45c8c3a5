/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads what AF_CPG needs from a configuration file of corosync.
 */
#ifndef _CPG_TOOLS_CONF_H
#define _CPG_TOOLS_CONF_H

#include <stddef.h>
#include <sys/socket.h>

#include <linux/cpg.h>
#include <linux/cpg_netlink.h>
#include <linux/types.h>

enum {
	CONF_ADDR_MAX = 255,	/* bytes in a host name or an address */
	CONF_ERROR_MAX = 1024,	/* bytes in an error, with its NUL */
};

/* totem.ip_version: which address of a host that has both is taken. */
enum conf_ip_version {
	CONF_IPV6_4,		/* IPv6 if possible, corosync's default */
	CONF_IPV4_6,
	CONF_IPV4,
	CONF_IPV6,
};

/**
 * struct conf_node - nodelist.node
 * @nodeid: its id
 * @nodeid_line: where it stands
 * @ring0_addr: address or host name
 * @addr_line: where it stands
 * @votes: quorum_votes, 1 if there are none
 * @addr: set by conf_resolve(), with the port
 */
struct conf_node {
	__u32		nodeid;
	unsigned int		nodeid_line;
	char			ring0_addr[CONF_ADDR_MAX + 1];
	unsigned int		addr_line;
	__u32		votes;
	struct sockaddr_storage	addr;
};

/**
 * struct conf - a configuration
 * @cluster: totem.cluster_name, may be empty
 * @port: mcastport of link 0
 * @ip_version: totem.ip_version
 * @expected: quorum.expected_votes, 0 if there are none
 * @crypto_line: where encryption is asked for, 0 if it is not
 * @n_nodes: number of @nodes
 * @nodes: in the order of the file
 */
struct conf {
	char			cluster[CPG_CLUSTER_MAX + 1];
	__u16		port;
	enum conf_ip_version	ip_version;
	__u32		expected;
	unsigned int		crypto_line;
	unsigned int		n_nodes;
	struct conf_node	nodes[CPG_NODES_MAX];
};

/**
 * conf_parse() - read a configuration
 * @conf: result
 * @name: of the file, for @error
 * @text: the contents of the file
 * @len: bytes of @text
 * @error: stores "name:line: expected this, found that"
 *
 * Return: 0 or -1.
 */
int conf_parse(struct conf *conf, const char *name, const char *text,
	       size_t len, char error[CONF_ERROR_MAX]);

/**
 * conf_resolve() - look the nodes' addresses up
 * @conf: configuration
 * @name: of the file, for @error
 * @error: as in conf_parse()
 *
 * All nodes get addresses of one family.
 *
 * Return: 0 or -1.
 */
int conf_resolve(struct conf *conf, const char *name,
		 char error[CONF_ERROR_MAX]);

/**
 * conf_host() - the address of a host
 * @host: address or host name
 * @family: AF_INET, AF_INET6 or AF_UNSPEC
 * @port: goes into @addr
 * @addr: result
 *
 * Return: 0 or an EAI_* error of getaddrinfo().
 */
int conf_host(const char *host, int family, __u16 port,
	      struct sockaddr_storage *addr);

/* A decimal number in [@min, @max] and nothing else; 0 or -1. */
int conf_number(const char *text, __u32 min, __u32 max, __u32 *value);

#endif /* _CPG_TOOLS_CONF_H */
