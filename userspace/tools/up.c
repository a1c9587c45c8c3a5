// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <netinet/in.h>

#include "conf.h"
#include "show.h"
#include "up.h"
#include "util.h"

enum {
	UP_WAIT_DEFAULT = 1,	/* seconds */
	UP_WAIT_MAX = 3600,
	UP_POLL = 20,		/* milliseconds */
	UP_FILE_MAX = 1 << 20,	/* bytes of a configuration */
};

/* What the words of "cpg up" are made of, before addresses are looked up. */
struct up_words {
	const char	*local;
	const char	*port;
	const char	*cluster;
	const char	*peers[CPG_NODES_MAX - 1];
};

static __printf(2, 3)
int up_fail(int status, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "cpg: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	return status;
}

static int up_number(const char *word, const char *text, __u32 min, __u32 max,
		     __u32 *value)
{
	if (conf_number(text, min, max, value))
		return up_fail(EXIT_USAGE,
			       "%s is a number from %u to %u, not \"%s\"",
			       word, min, max, text);
	return EXIT_OK;
}

/* @votes: NULL if there is nothing about them. */
static int up_parse_peer(struct nl_conf *conf, struct up_words *words,
			 const char *id, const char *host, const char *votes)
{
	unsigned int n = conf->n_peers;
	int err;

	if (n == ARRAY_SIZE(words->peers))
		return up_fail(EXIT_USAGE, "a cluster has at most %d nodes",
			       CPG_NODES_MAX);
	words->peers[n] = host;
	conf->n_peers++;
	conf->peers[n].votes = 1;
	err = up_number("the node id of a peer", id, 1, UINT32_MAX,
			&conf->peers[n].nodeid);
	if (!err && votes)
		err = up_number("votes", votes, 0, CPG_VOTES_MAX,
				&conf->peers[n].votes);
	return err;
}

static int up_parse_option(struct up_args *args, const char *word,
			   const char *value)
{
	if (!strcmp(word, "--conf"))
		args->file = value;
	else if (!strcmp(word, "--nodeid"))
		return up_number(word, value, 1, UINT32_MAX, &args->nodeid);
	else if (!strcmp(word, "--wait"))
		return up_number(word, value, 0, UP_WAIT_MAX, &args->wait);
	else
		return up_fail(EXIT_USAGE, "\"%s\" is not understood", word);
	return EXIT_OK;
}

static int up_profile(const char *value, __u32 *profile)
{
	__u32 i;

	for (i = 0; i <= CPG_TIMING_MAX; i++)
		if (!strcmp(value, show_profiles[i])) {
			*profile = i;
			return EXIT_OK;
		}
	return up_fail(EXIT_USAGE,
		       "profile is default, lan or cloud, not \"%s\"", value);
}

static int up_parse_setting(struct nl_conf *conf, struct up_words *words,
			    const char *word, const char *value)
{
	if (!strcmp(word, "local"))
		words->local = value;
	else if (!strcmp(word, "port"))
		words->port = value;
	else if (!strcmp(word, "cluster"))
		words->cluster = value;
	else if (!strcmp(word, "id"))
		return up_number(word, value, 1, UINT32_MAX, &conf->nodeid);
	else if (!strcmp(word, "profile"))
		return up_profile(value, &conf->profile);
	else if (!strcmp(word, "heartbeat"))
		return up_number(word, value, CPG_HEARTBEAT_MIN,
				 CPG_HEARTBEAT_MAX, &conf->heartbeat);
	else if (!strcmp(word, "suspect"))
		return up_number(word, value, CPG_SUSPECT_MIN,
				 CPG_SUSPECT_MAX, &conf->suspect);
	else if (!strcmp(word, "votes"))
		return up_number(word, value, 0, CPG_VOTES_MAX, &conf->votes);
	else if (!strcmp(word, "expected"))
		return up_number(word, value, 1, CPG_EXPECTED_MAX,
				 &conf->expected);
	else
		return up_fail(EXIT_USAGE, "\"%s\" is not understood", word);
	return EXIT_OK;
}

/* Reads one word and what belongs to it; the number of words, 0 on error. */
static int up_parse_word(struct up_args *args, struct up_words *words,
			 int argc, char **argv)
{
	bool is_peer = !strcmp(argv[0], "peer");
	int err, n = is_peer ? 3 : 2;

	if (!strcmp(argv[0], "--no-wait")) {
		args->wait = 0;
		return 1;
	}
	if (is_peer && argc > n && !strcmp(argv[n], "votes"))
		n += 2;
	if (argc < n) {
		up_fail(EXIT_USAGE, "something is missing after \"%s\"",
			argv[argc - 1]);
		return 0;
	}

	if (is_peer)
		err = up_parse_peer(&args->conf, words, argv[1], argv[2],
				    n > 3 ? argv[4] : NULL);
	else if (!strncmp(argv[0], "--", 2))
		err = up_parse_option(args, argv[0], argv[1]);
	else
		err = up_parse_setting(&args->conf, words, argv[0], argv[1]);
	return err ? 0 : n;
}

static int up_host(const char *host, int family, __u16 port,
		   struct sockaddr_storage *addr)
{
	int err = conf_host(host, family, port, addr);

	if (err)
		return up_fail(EXIT_FAILED, "%s: %s", host, gai_strerror(err));
	return EXIT_OK;
}

/* A configuration from words alone. */
static int up_parse_conf(struct nl_conf *conf, const struct up_words *words)
{
	__u32 port = CPG_PORT_DEFAULT;
	unsigned int i;
	int err;

	if (!conf->nodeid || !words->local)
		return up_fail(EXIT_USAGE,
			       "a node needs its id and its local address");
	if (words->cluster) {
		if (strlen(words->cluster) > CPG_CLUSTER_MAX)
			return up_fail(EXIT_USAGE,
				       "the name of a cluster has at most %d bytes",
				       CPG_CLUSTER_MAX);
		memcpy(conf->cluster, words->cluster,
		       strlen(words->cluster) + 1);
	}
	if (words->port) {
		err = up_number("port", words->port, 1, UINT16_MAX, &port);
		if (err)
			return err;
	}

	err = up_host(words->local, AF_UNSPEC, port, &conf->local);
	for (i = 0; !err && i < conf->n_peers; i++)
		err = up_host(words->peers[i], conf->local.ss_family, port,
			      &conf->peers[i].addr);
	return err;
}

int up_parse(struct up_args *args, int argc, char **argv)
{
	struct up_words words = {};
	int n;

	memset(args, 0, sizeof(*args));
	args->wait = UP_WAIT_DEFAULT;
	args->conf.votes = 1;
	while (argc) {
		n = up_parse_word(args, &words, argc, argv);
		if (!n)
			return EXIT_USAGE;
		argc -= n;
		argv += n;
	}

	if (!args->file && args->nodeid)
		return up_fail(EXIT_USAGE, "--nodeid belongs to --conf");
	if (!args->file)
		return up_parse_conf(&args->conf, &words);
	if (args->conf.nodeid || args->conf.n_peers || words.local ||
	    words.port || words.cluster || args->conf.votes != 1 ||
	    args->conf.expected)
		return up_fail(EXIT_USAGE,
			       "with --conf, nodes, port, cluster and votes are in the file");
	return EXIT_OK;
}

/* The contents of a file, to be freed; NULL after an error message. */
static char *up_read(const char *name, size_t *len)
{
	FILE *file = fopen(name, "re");
	char *text = malloc(UP_FILE_MAX + 1);
	int err = 0;

	if (!file || !text) {
		err = errno;
	} else {
		*len = fread(text, 1, UP_FILE_MAX + 1, file);
		if (ferror(file))
			err = errno;
		else if (*len > UP_FILE_MAX)
			err = EFBIG;
	}
	if (file)
		fclose(file);
	if (!err)
		return text;

	free(text);
	up_fail(EXIT_FAILED, "%s: %s", name, strerror(err));
	return NULL;
}

static bool up_addr_equal(const struct sockaddr *local,
			  const struct sockaddr_storage *addr)
{
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)local;
	const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)local;
	const struct sockaddr_in *b4 = (const struct sockaddr_in *)addr;

	if (!local || local->sa_family != addr->ss_family)
		return false;
	if (local->sa_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) &&
	       (!b6->sin6_scope_id || a6->sin6_scope_id == b6->sin6_scope_id);
}

static const struct conf_node *up_local_node(const struct conf *conf,
					     const struct ifaddrs *ifs)
{
	const struct conf_node *node;
	const struct ifaddrs *i;

	for (node = conf->nodes; node < conf->nodes + conf->n_nodes; node++)
		for (i = ifs; i; i = i->ifa_next)
			if (up_addr_equal(i->ifa_addr, &node->addr))
				return node;
	return NULL;
}

/* Which node of the file is this?  NULL after an error message. */
static const struct conf_node *up_this_node(const struct up_args *args,
					    const struct conf *conf)
{
	const struct conf_node *node;
	struct ifaddrs *ifs;

	if (args->nodeid) {
		for (node = conf->nodes; node < conf->nodes + conf->n_nodes;
		     node++)
			if (node->nodeid == args->nodeid)
				return node;
		up_fail(EXIT_FAILED, "%s: there is no node with nodeid %u",
			args->file, args->nodeid);
		return NULL;
	}

	if (getifaddrs(&ifs)) {
		up_fail(EXIT_FAILED, "addresses of this node: %s",
			strerror(errno));
		return NULL;
	}
	node = up_local_node(conf, ifs);
	freeifaddrs(ifs);
	if (!node)
		up_fail(EXIT_FAILED,
			"%s: no ring0_addr is an address of this node, and there is no --nodeid",
			args->file);
	return node;
}

static int up_take_conf(struct up_args *args, const struct conf *file)
{
	const struct conf_node *this = up_this_node(args, file);
	struct nl_conf *conf = &args->conf;
	const struct conf_node *node;

	if (!this)
		return EXIT_FAILED;
	if (file->crypto_line)
		fprintf(stderr,
			"%s:%u: warning: encryption is not supported, packets go in clear\n",
			args->file, file->crypto_line);

	memcpy(conf->cluster, file->cluster, sizeof(conf->cluster));
	conf->nodeid = this->nodeid;
	conf->local = this->addr;
	conf->votes = this->votes;
	conf->expected = file->expected;
	for (node = file->nodes; node < file->nodes + file->n_nodes; node++) {
		if (node == this)
			continue;
		conf->peers[conf->n_peers].nodeid = node->nodeid;
		conf->peers[conf->n_peers].votes = node->votes;
		conf->peers[conf->n_peers].addr = node->addr;
		conf->n_peers++;
	}
	return EXIT_OK;
}

static int up_read_conf(struct up_args *args)
{
	char error[CONF_ERROR_MAX];
	struct conf *file;
	size_t len = 0;
	char *text;
	int err;

	text = up_read(args->file, &len);
	if (!text)
		return EXIT_FAILED;
	file = malloc(sizeof(*file));
	if (!file) {
		free(text);
		return up_fail(EXIT_FAILED, "%s", strerror(errno));
	}

	if (conf_parse(file, args->file, text, len, error) ||
	    conf_resolve(file, args->file, error)) {
		fprintf(stderr, "%s\n", error);
		err = EXIT_FAILED;
	} else {
		err = up_take_conf(args, file);
	}
	free(file);
	free(text);
	return err;
}

static int up_nodeid_used(struct nl *nl, const struct nl_node *node)
{
	/* This is the one that was refused, it can do nothing more */
	if (node->state == CPG_NODE_STATE_STOPPED)
		nl_node_down(nl);
	return up_fail(EXIT_FAILED, "node id %u is used by another live node",
		       node->nodeid);
}

static void up_print(const struct nl_node *node, __u32 wait)
{
	unsigned int i;

	if (node->view.n_nodes < 2 && node->n_peers && wait) {
		printf("node %u is up, no other node answers yet\n",
		       node->nodeid);
		return;
	}
	printf("node %u is up, nodes in view %llu:", node->nodeid,
	       node->view.seq);
	for (i = 0; i < node->view.n_nodes; i++)
		printf(" %u", node->view.nodes[i]);
	putchar('\n');
}

/* Other nodes answer within a few heartbeats, or are not there. */
static int up_wait(struct nl *nl, __u32 wait, unsigned int n_peers)
{
	struct timespec pause = { .tv_nsec = UP_POLL * 1000000L };
	unsigned long polls = wait * 1000UL / UP_POLL;
	struct nl_node *node = malloc(sizeof(*node));
	int err;

	if (!node)
		return up_fail(EXIT_FAILED, "%s", strerror(errno));

	do {
		err = nl_node_get(nl, node);
		if (err || node->nodeid_used || node->view.n_nodes > 1 ||
		    !n_peers || !polls)
			break;
		nanosleep(&pause, NULL);
	} while (polls--);

	if (err)
		err = up_fail(EXIT_FAILED, "%s", nl_error(nl));
	else if (node->nodeid_used)
		err = up_nodeid_used(nl, node);
	else
		up_print(node, wait);
	free(node);
	return err;
}

int up_run(struct nl *nl, struct up_args *args)
{
	int err;

	if (args->file) {
		err = up_read_conf(args);
		if (err)
			return err;
	}
	if (nl_node_up(nl, &args->conf))
		return up_fail(EXIT_FAILED, "%s", nl_error(nl));
	return up_wait(nl, args->wait, args->conf.n_peers);
}
