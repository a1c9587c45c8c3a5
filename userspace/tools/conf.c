// SPDX-License-Identifier: GPL-2.0
/*
 * corosync.conf: sections "name {" to "}", with a "key: value" or another
 * section on each line.  Lines that begin with # are comments.  As corosync
 * does, this reads over sections and keys that it does not know.
 *
 * corosync also reads over lines that are none of these, and over what stands
 * behind a brace.  Here that is an error: most likely something was meant.
 */
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>

#include "conf.h"
#include "util.h"

enum {
	CONF_DEPTH_MAX = 16,	/* sections in sections */
	CONF_LINE_MAX = 511,	/* bytes in a line, corosync's limit */
	CONF_QUOTE_MAX = 48,	/* bytes of the file in an error */
	CONF_WHAT_MAX = 128,	/* bytes of what was expected in an error */
};

enum conf_section {
	CONF_TOP,
	CONF_TOTEM,
	CONF_INTERFACE,
	CONF_NODELIST,
	CONF_NODE,
	CONF_QUORUM,
	CONF_OTHER,
};

/**
 * struct conf_parser - where the parser is
 * @conf: what is being filled in
 * @name: of the file
 * @error: result, if parsing fails
 * @line: number of the present line
 * @depth: sections around it
 * @section: these sections, [0] is the file
 * @opened: the lines in which they began
 * @link: of the present totem.interface
 * @link_port: of the present totem.interface, 0 if it has none
 */
struct conf_parser {
	struct conf		*conf;
	const char		*name;
	char			*error;
	unsigned int		line;
	unsigned int		depth;
	enum conf_section	section[CONF_DEPTH_MAX + 1];
	unsigned int		opened[CONF_DEPTH_MAX + 1];
	__u32		link;
	__u32		link_port;
};

static const struct {
	enum conf_section	parent;
	const char		*name;
	enum conf_section	section;
} conf_sections[] = {
	{ CONF_TOP,		"totem",	CONF_TOTEM },
	{ CONF_TOP,		"nodelist",	CONF_NODELIST },
	{ CONF_TOP,		"quorum",	CONF_QUORUM },
	{ CONF_TOTEM,		"interface",	CONF_INTERFACE },
	{ CONF_NODELIST,	"node",		CONF_NODE },
};

static const char *const conf_ip_versions[] = {
	[CONF_IPV6_4]	= "ipv6-4",
	[CONF_IPV4_6]	= "ipv4-6",
	[CONF_IPV4]	= "ipv4",
	[CONF_IPV6]	= "ipv6",
};

/* Fails with an error about @line; always -1. */
static __printf(4, 5)
int conf_fail(const char *name, unsigned int line, char *error,
	      const char *fmt, ...)
{
	va_list ap;
	int len;

	len = snprintf(error, CONF_ERROR_MAX, "%.256s:%u: ", name, line);
	va_start(ap, fmt);
	vsnprintf(error + len, CONF_ERROR_MAX - len, fmt, ap);
	va_end(ap);
	return -1;
}

/* Something from the file, fit to be printed. */
struct conf_quote {
	char text[CONF_QUOTE_MAX + sizeof("\"...\"")];
};

static struct conf_quote conf_quote(const char *text)
{
	size_t i, len = strnlen(text, CONF_QUOTE_MAX);
	struct conf_quote quote = {};
	char *out = quote.text;

	*out++ = '"';
	for (i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			*out++ = '?';
		else
			*out++ = text[i];
	}
	sprintf(out, "%s\"", strlen(text) > len ? "..." : "");
	return quote;
}

/* Fails with an error about the present line; always -1. */
static __printf(3, 4)
int conf_expected(struct conf_parser *p, const char *found,
		  const char *fmt, ...)
{
	char expected[CONF_WHAT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(expected, sizeof(expected), fmt, ap);
	va_end(ap);
	return conf_fail(p->name, p->line, p->error, "expected %s, found %s",
			 expected, conf_quote(found).text);
}

int conf_number(const char *text, __u32 min, __u32 max, __u32 *value)
{
	unsigned long long number;
	char *end;

	/* strtoull() takes blanks and signs */
	if (*text < '0' || *text > '9')
		return -1;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || number < min || number > max)
		return -1;

	*value = number;
	return 0;
}

static bool conf_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts blanks off both ends of a string. */
static char *conf_trim(char *text)
{
	size_t len;

	while (conf_is_blank(*text))
		text++;
	len = strlen(text);
	while (len && conf_is_blank(text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

static int conf_totem_key(struct conf_parser *p, const char *key,
			  const char *value)
{
	struct conf *conf = p->conf;
	unsigned int i;
	__u32 port;

	if (!strcmp(key, "cluster_name")) {
		if (strlen(value) > CPG_CLUSTER_MAX)
			return conf_expected(p, value,
					     "a cluster_name of at most %d bytes",
					     CPG_CLUSTER_MAX);
		memcpy(conf->cluster, value, strlen(value) + 1);
	} else if (!strcmp(key, "ip_version")) {
		for (i = 0; i < ARRAY_SIZE(conf_ip_versions); i++)
			if (!strcmp(value, conf_ip_versions[i]))
				break;
		if (i == ARRAY_SIZE(conf_ip_versions))
			return conf_expected(p, value,
					     "ipv4, ipv6, ipv4-6 or ipv6-4");
		conf->ip_version = i;
	} else if (!strcmp(key, "mcastport")) {
		if (conf_number(value, 1, UINT16_MAX, &port))
			return conf_expected(p, value,
					     "a port from 1 to 65535");
		conf->port = port;
	} else if ((!strcmp(key, "secauth") && strcmp(value, "off")) ||
		   (!strcmp(key, "crypto_cipher") && strcmp(value, "none")) ||
		   (!strcmp(key, "crypto_hash") && strcmp(value, "none"))) {
		conf->crypto_line = p->line;
	}
	return 0;
}

static int conf_interface_key(struct conf_parser *p, const char *key,
			      const char *value)
{
	if (!strcmp(key, "linknumber") || !strcmp(key, "ringnumber")) {
		if (conf_number(value, 0, 7, &p->link))
			return conf_expected(p, value, "a %s from 0 to 7", key);
	} else if (!strcmp(key, "mcastport")) {
		if (conf_number(value, 1, UINT16_MAX, &p->link_port))
			return conf_expected(p, value,
					     "a port from 1 to 65535");
	}
	return 0;
}

static int conf_node_key(struct conf_parser *p, const char *key,
			 const char *value)
{
	struct conf_node *node = &p->conf->nodes[p->conf->n_nodes];
	const struct conf_node *other;

	if (!strcmp(key, "nodeid")) {
		if (conf_number(value, 1, UINT32_MAX, &node->nodeid))
			return conf_expected(p, value,
					     "a node id from 1 to 4294967295");
		for (other = p->conf->nodes; other < node; other++)
			if (other->nodeid == node->nodeid)
				return conf_expected(p, value,
						     "a node id other than that in line %u",
						     other->nodeid_line);
		node->nodeid_line = p->line;
	} else if (!strcmp(key, "ring0_addr")) {
		if (strlen(value) > CONF_ADDR_MAX)
			return conf_expected(p, value,
					     "an address of at most %d bytes",
					     CONF_ADDR_MAX);
		memcpy(node->ring0_addr, value, strlen(value) + 1);
		node->addr_line = p->line;
	} else if (!strcmp(key, "quorum_votes")) {
		if (conf_number(value, 0, CPG_VOTES_MAX, &node->votes))
			return conf_expected(p, value, "votes from 0 to %d",
					     CPG_VOTES_MAX);
	}
	return 0;
}

static int conf_quorum_key(struct conf_parser *p, const char *key,
			   const char *value)
{
	if (!strcmp(key, "expected_votes") &&
	    conf_number(value, 1, CPG_EXPECTED_MAX, &p->conf->expected))
		return conf_expected(p, value, "votes from 1 to %d",
				     CPG_EXPECTED_MAX);
	return 0;
}

static bool conf_key_is_known(enum conf_section section, const char *key)
{
	static const struct {
		enum conf_section	section;
		const char		*key;
	} keys[] = {
		{ CONF_TOTEM,		"cluster_name" },
		{ CONF_TOTEM,		"ip_version" },
		{ CONF_TOTEM,		"mcastport" },
		{ CONF_INTERFACE,	"linknumber" },
		{ CONF_INTERFACE,	"mcastport" },
		{ CONF_INTERFACE,	"ringnumber" },
		{ CONF_NODE,		"nodeid" },
		{ CONF_NODE,		"quorum_votes" },
		{ CONF_NODE,		"ring0_addr" },
		{ CONF_QUORUM,		"expected_votes" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].section == section && !strcmp(keys[i].key, key))
			return true;
	return false;
}

static int conf_key(struct conf_parser *p, char *line, char *colon)
{
	enum conf_section section = p->section[p->depth];
	const char *key, *value;

	*colon = '\0';
	key = conf_trim(line);
	value = conf_trim(colon + 1);
	if (!*key)
		return conf_expected(p, ":", "a key before the colon");
	if (!*value && conf_key_is_known(section, key))
		return conf_fail(p->name, p->line, p->error,
				 "expected a value of %s, found the end of the line",
				 key);

	switch (section) {
	case CONF_TOTEM:
		return conf_totem_key(p, key, value);
	case CONF_INTERFACE:
		return conf_interface_key(p, key, value);
	case CONF_NODE:
		return conf_node_key(p, key, value);
	case CONF_QUORUM:
		return conf_quorum_key(p, key, value);
	case CONF_TOP:
	case CONF_NODELIST:
	case CONF_OTHER:
		break;
	}
	return 0;
}

/* Nothing but a comment may follow a brace. */
static int conf_line_ends(struct conf_parser *p, char *rest, char brace)
{
	rest = conf_trim(rest);
	if (*rest && *rest != '#')
		return conf_expected(p, rest, "the end of the line after %c",
				     brace);
	return 0;
}

static int conf_section_begin(struct conf_parser *p, char *line, char *brace)
{
	enum conf_section section = CONF_OTHER;
	unsigned int i;
	char *colon;

	if (conf_line_ends(p, brace + 1, '{'))
		return -1;
	*brace = '\0';
	line = conf_trim(line);
	/* corosync takes "name: {", too */
	colon = strchr(line, ':');
	if (colon && !colon[1]) {
		*colon = '\0';
		line = conf_trim(line);
	}
	if (!*line)
		return conf_expected(p, "{", "the name of a section");
	if (strchr(line, ':'))
		return conf_expected(p, line, "the name of a section before {");
	if (p->depth == CONF_DEPTH_MAX)
		return conf_expected(p, line, "at most %d sections in sections",
				     CONF_DEPTH_MAX);

	for (i = 0; i < ARRAY_SIZE(conf_sections); i++)
		if (conf_sections[i].parent == p->section[p->depth] &&
		    !strcmp(conf_sections[i].name, line))
			section = conf_sections[i].section;
	if (section == CONF_NODE && p->conf->n_nodes == CPG_NODES_MAX)
		return conf_expected(p, line, "at most %d nodes",
				     CPG_NODES_MAX);
	if (section == CONF_NODE)
		p->conf->nodes[p->conf->n_nodes].votes = 1;

	p->depth++;
	p->section[p->depth] = section;
	p->opened[p->depth] = p->line;
	p->link = 0;
	p->link_port = 0;
	return 0;
}

static int conf_section_end(struct conf_parser *p, char *line)
{
	struct conf *conf = p->conf;
	struct conf_node *node;

	if (!p->depth)
		return conf_expected(p, line, "a section");
	if (conf_line_ends(p, line + 1, '}'))
		return -1;

	if (p->section[p->depth] == CONF_INTERFACE) {
		if (!p->link && p->link_port)
			conf->port = p->link_port;
	} else if (p->section[p->depth] == CONF_NODE) {
		node = &conf->nodes[conf->n_nodes];
		if (!node->nodeid)
			return conf_expected(p, line,
					     "nodeid in the node of line %u",
					     p->opened[p->depth]);
		if (!*node->ring0_addr)
			return conf_expected(p, line,
					     "ring0_addr in the node of line %u",
					     p->opened[p->depth]);
		conf->n_nodes++;
	}
	p->depth--;
	return 0;
}

static int conf_line(struct conf_parser *p, char *line)
{
	char *pos;

	line = conf_trim(line);
	if (!*line || *line == '#')
		return 0;

	/* In this order, as corosync does */
	pos = strchr(line, '{');
	if (pos)
		return conf_section_begin(p, line, pos);
	pos = strchr(line, ':');
	if (pos)
		return conf_key(p, line, pos);
	if (*line == '}')
		return conf_section_end(p, line);
	return conf_expected(p, line, "\"key: value\", \"section {\" or \"}\"");
}

static int conf_end(struct conf_parser *p)
{
	if (!p->line)
		p->line = 1;
	if (p->depth)
		return conf_fail(p->name, p->line, p->error,
				 "expected } for the section of line %u, found the end of the file",
				 p->opened[p->depth]);
	if (!p->conf->n_nodes)
		return conf_fail(p->name, p->line, p->error,
				 "expected a nodelist with nodes, found the end of the file");
	return 0;
}

int conf_parse(struct conf *conf, const char *name, const char *text,
	       size_t len, char error[CONF_ERROR_MAX])
{
	struct conf_parser p = { .conf = conf, .name = name, .error = error };
	char line[CONF_LINE_MAX + 1];
	const char *end;
	size_t n;

	memset(conf, 0, sizeof(*conf));
	conf->port = CPG_PORT_DEFAULT;
	*error = '\0';

	while (len) {
		p.line++;
		end = memchr(text, '\n', len);
		n = end ? (size_t)(end - text) : len;
		if (n > CONF_LINE_MAX)
			return conf_fail(name, p.line, error,
					 "expected at most %d bytes in the line, found %zu",
					 CONF_LINE_MAX, n);
		if (memchr(text, '\0', n))
			return conf_fail(name, p.line, error,
					 "expected text, found a NUL byte");
		memcpy(line, text, n);
		line[n] = '\0';
		if (conf_line(&p, line))
			return -1;

		n += end ? 1 : 0;
		text += n;
		len -= n;
	}
	return conf_end(&p);
}

int conf_host(const char *host, int family, __u16 port,
	      struct sockaddr_storage *addr)
{
	struct addrinfo hints = {
		.ai_family = family,
		.ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *list;
	char service[8];
	int err;

	snprintf(service, sizeof(service), "%u", port);
	err = getaddrinfo(host, service, &hints, &list);
	if (err)
		return err;

	memset(addr, 0, sizeof(*addr));
	memcpy(addr, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	return 0;
}

/* Return: the number of nodes until one has no address of this family. */
static unsigned int conf_resolve_family(struct conf *conf, int family)
{
	unsigned int i;

	for (i = 0; i < conf->n_nodes; i++)
		if (conf_host(conf->nodes[i].ring0_addr, family, conf->port,
			      &conf->nodes[i].addr))
			break;
	return i;
}

static int conf_same_address(const struct conf *conf, const char *name,
			     char *error)
{
	const struct conf_node *a, *b;

	for (a = conf->nodes; a < conf->nodes + conf->n_nodes; a++) {
		for (b = conf->nodes; b < a; b++)
			if (!memcmp(&a->addr, &b->addr, sizeof(a->addr)))
				break;
		if (b < a)
			return conf_fail(name, a->addr_line, error,
					 "expected an address other than that in line %u, found %s",
					 b->addr_line,
					 conf_quote(a->ring0_addr).text);
	}
	return 0;
}

int conf_resolve(struct conf *conf, const char *name,
		 char error[CONF_ERROR_MAX])
{
	static const int families[][2] = {
		[CONF_IPV6_4]	= { AF_INET6, AF_INET },
		[CONF_IPV4_6]	= { AF_INET, AF_INET6 },
		[CONF_IPV4]	= { AF_INET, AF_UNSPEC },
		[CONF_IPV6]	= { AF_INET6, AF_UNSPEC },
	};
	const int *family = families[conf->ip_version];
	int i, best = AF_UNSPEC;
	unsigned int n, max = 0;

	*error = '\0';
	for (i = 0; i < 2 && family[i] != AF_UNSPEC; i++) {
		n = conf_resolve_family(conf, family[i]);
		if (n == conf->n_nodes)
			return conf_same_address(conf, name, error);
		if (!i || n > max)
			best = family[i];
		if (n > max)
			max = n;
	}
	/* The families fail at the first node: then it has nothing of any */
	return conf_fail(name, conf->nodes[max].addr_line, error,
			 "expected %s or the name of a host, found %s",
			 !max && i == 2 ? "an address" :
			 best == AF_INET ? "an IPv4 address" :
					   "an IPv6 address",
			 conf_quote(conf->nodes[max].ring0_addr).text);
}
