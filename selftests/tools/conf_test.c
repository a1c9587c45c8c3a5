// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of corosync.conf: what it takes from good files, and the line and
 * the sentence that it gives for each kind of bad one.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/tools/conf.h"
#include "../../userspace/tools/util.h"

#define NODES							\
	"nodelist {\n"						\
	"  node {\n"						\
	"    ring0_addr: 10.0.0.1\n"				\
	"    nodeid: 1\n"					\
	"  }\n"							\
	"  node {\n"						\
	"    ring0_addr: 10.0.0.2\n"				\
	"    nodeid: 2\n"					\
	"  }\n"							\
	"}\n"
#define NODE(addr, id)						\
	"node {\n ring0_addr: " addr "\n nodeid: " id "\n}\n"
static const struct good {
	const char	*name;
	const char	*text;
	const char	*cluster;
	unsigned int	port;
	unsigned int	n_nodes;
	unsigned int	crypto_line;
} goods[] = {
	{
		"Debian's file",
		"# Please read the corosync.conf.5 manual page\n"
		"system {\n"
		"\t# This is required to use transport=knet in an unprivileged\n"
		"\tallow_knet_handle_fallback: yes\n"
		"}\n"
		"\n"
		"totem {\n"
		"\tversion: 2\n"
		"\tcluster_name: debian\n"
		"\tcrypto_cipher: none\n"
		"\tcrypto_hash: none\n"
		"}\n"
		"logging {\n"
		"\tto_logfile: yes\n"
		"\tlogfile: /var/log/corosync/corosync.log\n"
		"\tlogger_subsys {\n"
		"\t\tsubsys: QUORUM\n"
		"\t\tdebug: off\n"
		"\t}\n"
		"}\n"
		"quorum {\n"
		"\tprovider: corosync_votequorum\n"
		"}\n"
		NODES,
		"debian", 5405, 2, 0,
	},
	{ "the least", NODES, "", 5405, 2, 0 },
	{
		"port of link 0",
		"totem {\ninterface {\nlinknumber: 0\nmcastport: 6000\n}\n"
		"interface {\nmcastport: 7000\nlinknumber: 1\n}\n}\n" NODES,
		"", 6000, 2, 0,
	},
	{
		"port of ring 0 without a number",
		"totem {\ninterface {\nmcastport: 6001\n}\n}\n" NODES,
		"", 6001, 2, 0,
	},
	{ "port of totem", "totem {\nmcastport: 1\n}\n" NODES, "", 1, 2, 0 },
	{
		"the last value counts",
		"totem {\ncluster_name: a\ncluster_name: b\n}\n"
		"totem {\nmcastport: 65535\n}\n" NODES,
		"b", 65535, 2, 0,
	},
	{
		"blanks and line ends",
		"\t totem\t{ # here\r\n cluster_name \t:\t a b \r\n } # and here\n"
		"  # NODES\r\n\r\n" NODES,
		"a b", 5405, 2, 0,
	},
	{
		"no line end at the end",
		"nodelist {\n" NODE("10.0.0.1", "1") "}",
		"", 5405, 1, 0,
	},
	{
		"a colon before a brace",
		"totem: {\ncluster_name: c\n}\n" NODES,
		"c", 5405, 2, 0,
	},
	{
		"known names in other places",
		"totem {\nnodelist {\nnode {\n}\n}\n}\nnode {\nnodeid: x\n}\n"
		"cluster_name: top\nnodeid: 7\nlogging {\nmcastport: 0\n}\n"
		NODES,
		"", 5405, 2, 0,
	},
	{
		"values that are not looked at",
		"a:\nb: c: d\ntotem {\ntoken:\n}\n" NODES,
		"", 5405, 2, 0,
	},
	{
		"encryption",
		"totem {\nsecauth: off\ncrypto_cipher: aes256\n}\n" NODES,
		"", 5405, 2, 3,
	},
	{
		"the largest node id",
		"nodelist {\n" NODE("a", "4294967295") NODE("b", "1") "}\n",
		"", 5405, 2, 0,
	},
	{
		"many nodes",
		"nodelist {\n" NODE("a", "1") NODE("b", "2") NODE("c", "3")
		NODE("d", "4") NODE("e", "5") NODE("f", "6") "}\n"
		"nodelist {\n" NODE("g", "7") "}\n",
		"", 5405, 7, 0,
	},
};

static const struct bad {
	const char	*name;
	const char	*text;
	const char	*error;
} bads[] = {
	{
		"an empty file", "",
		"f:1: expected a nodelist with nodes, found the end of the file",
	},
	{
		"no nodelist", "totem {\n}\n",
		"f:2: expected a nodelist with nodes, found the end of the file",
	},
	{
		"no nodes", "nodelist {\n}",
		"f:2: expected a nodelist with nodes, found the end of the file",
	},
	{
		"no closing brace", "totem {\nversion: 2\n\n" NODES,
		"f:13: expected } for the section of line 1, found the end of the file",
	},
	{
		"no closing brace of a node",
		"nodelist {\nnode {\nnodeid: 1\n}\n",
		"f:4: expected ring0_addr in the node of line 2, found \"}\"",
	},
	{
		"a closing brace too many", NODES "}\n",
		"f:11: expected a section, found \"}\"",
	},
	{
		"two closing braces", "totem {\n}}\n" NODES,
		"f:2: expected the end of the line after }, found \"}\"",
	},
	{
		"a word after an opening brace",
		"totem { version: 2\n}\n" NODES,
		"f:1: expected the end of the line after {, found \"version: 2\"",
	},
	{
		"a word after a closing brace", "totem {\n} quorum\n" NODES,
		"f:2: expected the end of the line after }, found \"quorum\"",
	},
	{
		"an opening brace alone", "\n{\n}\n" NODES,
		"f:2: expected the name of a section, found \"{\"",
	},
	{
		"a key before a brace", "a: b {\n}\n" NODES,
		"f:1: expected the name of a section before {, found \"a: b\"",
	},
	{
		"a key without colon", "totem {\nversion 2\n}\n" NODES,
		"f:2: expected \"key: value\", \"section {\" or \"}\", found \"version 2\"",
	},
	{
		"an equals sign", "totem {\ncluster_name=a\n}\n" NODES,
		"f:2: expected \"key: value\", \"section {\" or \"}\", found \"cluster_name=a\"",
	},
	{
		"no key", "totem {\n : 2\n}\n" NODES,
		"f:2: expected a key before the colon, found \":\"",
	},
	{
		"no value", "totem {\ncluster_name:\n}\n" NODES,
		"f:2: expected a value of cluster_name, found the end of the line",
	},
	{
		"no node id",
		"nodelist {\nnode {\nring0_addr: 10.0.0.1\n}\n}\n",
		"f:4: expected nodeid in the node of line 2, found \"}\"",
	},
	{
		"a node id twice",
		"nodelist {\n" NODE("a", "1") NODE("b", "2") NODE("c", "1")
		"}\n",
		"f:12: expected a node id other than that in line 4, found \"1\"",
	},
	{
		"too many votes of a node",
		"nodelist {\nnode {\nquorum_votes: 256\n}\n}\n",
		"f:3: expected votes from 0 to 255, found \"256\"",
	},
	{
		"no votes expected", "quorum {\nexpected_votes: 0\n}\n" NODES,
		"f:2: expected votes from 1 to 32640, found \"0\"",
	},
	{
		"no value of votes",
		"nodelist {\nnode {\nquorum_votes:\n}\n}\n",
		"f:3: expected a value of quorum_votes, found the end of the line",
	},
	{
		"a node id of 0", "nodelist {\nnode {\nnodeid: 0\n}\n}\n",
		"f:3: expected a node id from 1 to 4294967295, found \"0\"",
	},
	{
		"a negative node id", "nodelist {\nnode {\nnodeid: -1\n}\n}\n",
		"f:3: expected a node id from 1 to 4294967295, found \"-1\"",
	},
	{
		"a node id too large",
		"nodelist {\nnode {\nnodeid: 4294967296\n}\n}\n",
		"f:3: expected a node id from 1 to 4294967295, found \"4294967296\"",
	},
	{
		"a node id far too large",
		"nodelist {\nnode {\nnodeid: 99999999999999999999999\n}\n}\n",
		"f:3: expected a node id from 1 to 4294967295, found \"99999999999999999999999\"",
	},
	{
		"a node id that is a word",
		"nodelist {\nnode {\nnodeid: one\n}\n}\n",
		"f:3: expected a node id from 1 to 4294967295, found \"one\"",
	},
	{
		"a node id and more", "nodelist {\nnode {\nnodeid: 1 }\n}\n",
		"f:3: expected a node id from 1 to 4294967295, found \"1 }\"",
	},
	{
		"a port of 0",
		"totem {\ninterface {\nmcastport: 0\n}\n}\n" NODES,
		"f:3: expected a port from 1 to 65535, found \"0\"",
	},
	{
		"a port too large", "totem {\nmcastport: 65536\n}\n" NODES,
		"f:2: expected a port from 1 to 65535, found \"65536\"",
	},
	{
		"a bad port of another link",
		"totem {\ninterface {\nlinknumber: 1\nmcastport: x\n}\n}\n"
		NODES,
		"f:4: expected a port from 1 to 65535, found \"x\"",
	},
	{
		"a link too high",
		"totem {\ninterface {\nlinknumber: 8\n}\n}\n" NODES,
		"f:3: expected a linknumber from 0 to 7, found \"8\"",
	},
	{
		"an unknown ip_version", "totem {\nip_version: 6\n}\n" NODES,
		"f:2: expected ipv4, ipv6, ipv4-6 or ipv6-4, found \"6\"",
	},
	{
		"bytes that are not printable", "\n\x01\x1b[2J\x7f\n" NODES,
		"f:2: expected \"key: value\", \"section {\" or \"}\", found \"??[2J?\"",
	},
};

static const struct addr {
	const char	*name;
	const char	*ip_version;
	const char	*addr[2];
	const char	*found[2];
	const char	*error;
} addrs[] = {
	{
		"IPv4", "ipv6-4",
		{ "10.0.0.1", "10.0.0.2" }, { "10.0.0.1", "10.0.0.2" }, NULL,
	},
	{
		"IPv6", "ipv6-4",
		{ "fd00::1", "fd00::2" }, { "fd00::1", "fd00::2" }, NULL,
	},
	{
		"a name", "ipv4",
		{ "localhost", "10.0.0.2" }, { "127.0.0.1", "10.0.0.2" }, NULL,
	},
	{
		"mixed", "ipv6-4",
		{ "10.0.0.1", "fd00::2" }, {},
		"f:10: expected an IPv4 address or the name of a host, found \"fd00::2\"",
	},
	{
		"mixed the other way", "ipv4-6",
		{ "fd00::1", "10.0.0.2" }, {},
		"f:10: expected an IPv6 address or the name of a host, found \"10.0.0.2\"",
	},
	{
		"IPv6 where IPv4 is asked for", "ipv4",
		{ "fd00::1", "10.0.0.2" }, {},
		"f:6: expected an IPv4 address or the name of a host, found \"fd00::1\"",
	},
	{
		"IPv4 where IPv6 is asked for", "ipv6",
		{ "fd00::1", "10.0.0.2" }, {},
		"f:10: expected an IPv6 address or the name of a host, found \"10.0.0.2\"",
	},
	{
		"not an address", "ipv6-4",
		{ "10.0.0.256", "10.0.0.2" }, {},
		"f:6: expected an address or the name of a host, found \"10.0.0.256\"",
	},
	{
		"an address twice", "ipv6-4",
		{ "10.0.0.1", "10.0.0.1" }, {},
		"f:10: expected an address other than that in line 6, found \"10.0.0.1\"",
	},
};

static unsigned int n_results, n_failed;

static void result(int ok, const char *name, const char *why)
{
	printf("%sok %u %s\n", ok ? "" : "not ", ++n_results, name);
	if (!ok) {
		n_failed++;
		printf("# %s\n", why);
	}
}

/* In memory of its own size, so that a step beyond it is seen. */
static int parse(struct conf *conf, const char *text, size_t len,
		 char error[CONF_ERROR_MAX])
{
	char *copy = malloc(len ? len : 1);
	int err;

	memcpy(copy, text, len);
	err = conf_parse(conf, "f", copy, len, error);
	free(copy);
	return err;
}

static void test_good(const struct good *good, struct conf *conf)
{
	char error[CONF_ERROR_MAX];
	int ok;

	ok = !parse(conf, good->text, strlen(good->text), error) &&
	     !strcmp(conf->cluster, good->cluster) &&
	     conf->port == good->port && conf->n_nodes == good->n_nodes &&
	     conf->crypto_line == good->crypto_line;
	result(ok, good->name, *error ? error : "wrong values");
}

static void test_bad(const struct bad *bad, struct conf *conf)
{
	char error[CONF_ERROR_MAX];
	int ok;

	ok = parse(conf, bad->text, strlen(bad->text), error) == -1 &&
	     !strcmp(error, bad->error);
	result(ok, bad->name, error);
}

static void test_addr(const struct addr *addr, struct conf *conf)
{
	char text[512], host[NI_MAXHOST], error[CONF_ERROR_MAX];
	unsigned int i;
	int err, ok;

	snprintf(text, sizeof(text),
		 "totem {\nip_version: %s\n}\n"
		 "nodelist {\nnode {\nring0_addr: %s\nnodeid: 1\n}\n"
		 "node {\nring0_addr: %s\nnodeid: 2\n}\n}\n",
		 addr->ip_version, addr->addr[0], addr->addr[1]);
	if (parse(conf, text, strlen(text), error)) {
		result(0, addr->name, error);
		return;
	}

	err = conf_resolve(conf, "f", error);
	ok = addr->error ? err && !strcmp(error, addr->error) : !err;
	for (i = 0; ok && !addr->error && i < 2; i++)
		ok = !getnameinfo((struct sockaddr *)&conf->nodes[i].addr,
				  sizeof(conf->nodes[i].addr), host,
				  sizeof(host), NULL, 0, NI_NUMERICHOST) &&
		     !strcmp(host, addr->found[i]);
	result(ok, addr->name, *error ? error : "wrong address");
}

static void test_nul(struct conf *conf)
{
	static const char text[] = "totem {\n\0}\n";
	char error[CONF_ERROR_MAX];
	int err = parse(conf, text, sizeof(text) - 1, error);

	result(err && !strcmp(error, "f:2: expected text, found a NUL byte"),
	       "a NUL byte", error);
}

/* @before, @n times @part, @after: good, or @error. */
static void test_many(struct conf *conf, const char *name, const char *before,
		      const char *part, unsigned int n, const char *after,
		      const char *error)
{
	size_t size = strlen(before) + n * strlen(part) + strlen(after);
	char *text = malloc(size + 1), *pos = text;
	char found[CONF_ERROR_MAX];
	int err;

	pos += sprintf(pos, "%s", before);
	while (n--)
		pos += sprintf(pos, "%s", part);
	sprintf(pos, "%s", after);
	err = parse(conf, text, size, found);
	free(text);
	result(error ? err && !strcmp(found, error) : !err, name, found);
}

static void test_bounds(struct conf *conf)
{
	test_many(conf, "a long name of a cluster",
		  "totem {\ncluster_name:", "x", 64, "\n}\n" NODES, NULL);
	test_many(conf, "a name of a cluster too long",
		  "totem {\ncluster_name:", "x", 65, "\n}\n" NODES,
		  "f:2: expected a cluster_name of at most 64 bytes, found \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"");
	test_many(conf, "a long address",
		  "nodelist {\nnode {\nnodeid: 1\nring0_addr:", "x", 255,
		  "\n}\n}\n", NULL);
	test_many(conf, "an address too long",
		  "nodelist {\nnode {\nring0_addr:", "x", 256, "\n}\n}\n",
		  "f:3: expected an address of at most 255 bytes, found \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"");
	test_many(conf, "a long line", NODES, "#", 511, "\n", NULL);
	test_many(conf, "a line too long", NODES, "#", 512, "\n",
		  "f:11: expected at most 511 bytes in the line, found 512");
	test_many(conf, "a last line too long", NODES, "#", 513, "",
		  "f:11: expected at most 511 bytes in the line, found 513");
	test_many(conf, "deep sections", "", "a {\n", 16,
		  "}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n" NODES,
		  NULL);
	test_many(conf, "sections too deep", "", "a {\n", 17, "",
		  "f:17: expected at most 16 sections in sections, found \"a\"");
}

static void test_nodes(struct conf *conf, unsigned int n, const char *error)
{
	size_t size = 1 << 16, len;
	char found[CONF_ERROR_MAX];
	char *text = malloc(size);
	unsigned int i;
	int err;

	len = snprintf(text, size, "nodelist {\n");
	for (i = 1; i <= n; i++)
		len += snprintf(text + len, size - len, NODE("n%u", "%u"), i,
				i);
	len += snprintf(text + len, size - len, "}\n");
	err = parse(conf, text, len, found);
	free(text);
	result(error ? err && !strcmp(found, error) : !err,
	       error ? "a node too many" : "the most nodes", found);
}

static void test_votes(struct conf *conf)
{
	static const char text[] =
		"quorum {\nprovider: corosync_votequorum\n"
		"expected_votes: 5\n}\n"
		"nodelist {\n" NODE("a", "1")
		"node {\nring0_addr: b\nnodeid: 2\nquorum_votes: 3\n}\n"
		"node {\nring0_addr: c\nquorum_votes: 0\nnodeid: 3\n}\n}\n";
	char found[CONF_ERROR_MAX];
	int err;

	err = parse(conf, text, sizeof(text) - 1, found);
	result(!err && conf->expected == 5 && conf->nodes[0].votes == 1 &&
	       conf->nodes[1].votes == 3 && !conf->nodes[2].votes, "votes",
	       found);
	err = parse(conf, NODES, sizeof(NODES) - 1, found);
	result(!err && !conf->expected && conf->nodes[1].votes == 1,
	       "votes by default", found);
}

int main(void)
{
	struct conf *conf = malloc(sizeof(*conf));
	unsigned int i;

	puts("KTAP version 1");
	for (i = 0; i < ARRAY_SIZE(goods); i++)
		test_good(&goods[i], conf);
	for (i = 0; i < ARRAY_SIZE(bads); i++)
		test_bad(&bads[i], conf);
	for (i = 0; i < ARRAY_SIZE(addrs); i++)
		test_addr(&addrs[i], conf);
	test_nul(conf);
	test_votes(conf);
	test_bounds(conf);
	test_nodes(conf, CPG_NODES_MAX, NULL);
	test_nodes(conf, CPG_NODES_MAX + 1,
		   "f:514: expected at most 128 nodes, found \"node\"");
	free(conf);
	printf("1..%u\n", n_results);
	return n_failed ? 1 : 0;
}
