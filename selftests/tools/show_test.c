// SPDX-License-Identifier: GPL-2.0
/*
 * Prints what "cpg show" would, as text and as JSON, of nodes that are made up.
 * show.sh compares that with show.expected.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include "../../userspace/tools/show.h"

typedef void (*show_fn)(FILE *out, unsigned int what,
			const struct nl_node *node,
			const struct nl_groups *groups);

static void print(const char *name, show_fn show, unsigned int what,
		  const struct nl_node *node, const struct nl_groups *groups)
{
	printf("# %s\n", name);
	show(stdout, what, node, groups);
}

static void addr4(struct sockaddr_storage *ss, const char *text, __u16 port)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;

	sin->sin_family = AF_INET;
	sin->sin_port = htons(port);
	inet_pton(AF_INET, text, &sin->sin_addr);
}

static void addr6(struct sockaddr_storage *ss, const char *text, __u16 port)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	inet_pton(AF_INET6, text, &sin6->sin6_addr);
}

static void print_node(struct nl_node *node)
{
	memset(node, 0, sizeof(*node));
	node->nodeid = 1;
	node->incarnation = 0xfedcba9876543210;
	print("a node without configuration", show_text, SHOW_NODE, node, NULL);
	print("the same in JSON", show_json, SHOW_NODE, node, NULL);

	node->configured = true;
	memcpy(node->cluster, "a\"b", sizeof("a\"b"));
	addr4(&node->local, "10.0.0.1", 5405);
	node->profile = CPG_TIMING_CLOUD;
	node->state = CPG_NODE_STATE_STOPPED;
	node->nodeid_used = true;
	node->queued = 1ULL << 40;
	print("a node that was refused", show_text, SHOW_NODE, node, NULL);
	print("the same in JSON", show_json, SHOW_NODE, node, NULL);

	node->state = CPG_NODE_STATE_GATHER;
	print("a node whose id is used", show_text, SHOW_NODE, node, NULL);
	node->state = 1000;
	node->profile = CPG_TIMING_MAX + 1;
	node->nodeid_used = false;
	print("a state and a profile of a later kernel", show_text, SHOW_NODE,
	      node, NULL);
}

static void print_view(struct nl_node *node)
{
	memset(node, 0, sizeof(*node));
	node->view = (struct nl_view){
		.seq = 1ULL << 32, .rep = 1, .leader = 3, .delivered = 5,
		.stable = 4, .votes = 1, .expected = 3, .n_nodes = 2,
		.nodes = { 1, 3 },
	};
	print("a view", show_text, SHOW_VIEW, node, NULL);
	node->view.quorate = true;
	print("a view in JSON", show_json, SHOW_VIEW, node, NULL);
}

static void print_peers(struct nl_node *node)
{
	memset(node, 0, sizeof(*node));
	node->n_peers = 3;
	node->peers[0] = (struct nl_peer){
		.nodeid = 2, .in_view = true, .alive = true, .heard = true,
		.age = 12, .silence = 260, .incarnation = 1,
	};
	addr6(&node->peers[0].addr, "fd00::2", 5405);
	node->peers[1] = (struct nl_peer){ .nodeid = 3 };
	addr6(&node->peers[1].addr, "fd00::3", 5406);
	node->peers[2] = (struct nl_peer){
		.nodeid = 4, .heard = true, .age = 3000,
		.silence = 310, .nodeid_used = true,
	};
	addr6(&node->peers[2].addr, "fd00::4", 5405);
	print("peers", show_text, SHOW_PEERS, node, NULL);

	node->n_peers = 2;
	print("peers in JSON", show_json, SHOW_PEERS, node, NULL);
}

static void print_groups(void)
{
	struct nl_member members[] = { { 1, 100, 1 }, { 2, 100, 7 } };
	struct nl_group list[] = {
		{ .name_len = 5, .name = "alpha", .n_members = 2,
		  .members = members },
		{ .name_len = 8, .name = "\0\x1f\"\\\x7f\xc3\xbc~",
		  .n_members = 1, .members = members },
		{ .name_len = 0 },
	};
	struct nl_groups groups = { .n = 3, .list = list };

	print("groups", show_text, SHOW_GROUPS, NULL, &groups);
	print("groups in JSON", show_json, SHOW_GROUPS, NULL, &groups);
	groups.n = 0;
	print("no groups in JSON", show_json, SHOW_GROUPS, NULL, &groups);
}

static void print_counters(struct nl_node *node)
{
	memset(node, 0, sizeof(*node));
	node->counters.n = 1;
	sprintf(node->counters.list[0].name, "views");
	node->counters.list[0].value = 3;
	node->drops.n = 2;
	sprintf(node->drops.list[0].name, "short");
	sprintf(node->drops.list[1].name, "magic");
	node->drops.list[1].value = 1ULL << 60;
	print("counters", show_text, SHOW_COUNTERS, node, NULL);
	print("counters in JSON", show_json, SHOW_COUNTERS, node, NULL);
}

int main(void)
{
	struct nl_node *node = malloc(sizeof(*node));

	print_node(node);
	print_view(node);
	print_peers(node);
	print_groups();
	print_counters(node);
	free(node);
	return 0;
}
