// SPDX-License-Identifier: GPL-2.0
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>

#include "json.h"
#include "show.h"
#include "util.h"

/* An address as text, without and with its port. */
struct show_addr {
	char		host[NI_MAXHOST];
	char		both[NI_MAXHOST + sizeof("[]:65535")];
	unsigned int	port;
};

static const char *show_state(__u32 state)
{
	static const char *const names[] = {
		[CPG_NODE_STATE_OPERATIONAL]	= "operational",
		[CPG_NODE_STATE_GATHER]		= "gather",
		[CPG_NODE_STATE_COMMIT]		= "commit",
		[CPG_NODE_STATE_RECOVER]	= "recover",
		[CPG_NODE_STATE_STOPPING]	= "stopping",
		[CPG_NODE_STATE_STOPPED]	= "stopped",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

const char *const show_profiles[CPG_TIMING_MAX + 1] = {
	[CPG_TIMING_DEFAULT]	= "default",
	[CPG_TIMING_LAN]	= "lan",
	[CPG_TIMING_CLOUD]	= "cloud",
};

static const char *show_profile(__u32 profile)
{
	return profile <= CPG_TIMING_MAX ? show_profiles[profile] : "unknown";
}

static struct show_addr show_addr(const struct sockaddr_storage *ss)
{
	socklen_t len = ss->ss_family == AF_INET ? sizeof(struct sockaddr_in) :
						   sizeof(struct sockaddr_in6);
	struct show_addr addr = { .host = "unknown", .both = "unknown" };
	char port[NI_MAXSERV];

	if (getnameinfo((const struct sockaddr *)ss, len, addr.host,
			sizeof(addr.host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		return addr;

	addr.port = strtoul(port, NULL, 10);
	snprintf(addr.both, sizeof(addr.both),
		 ss->ss_family == AF_INET ? "%s:%u" : "[%s]:%u", addr.host,
		 addr.port);
	return addr;
}

/* In quotes; what is not printable as \xNN. */
static void show_quoted(FILE *out, const __u8 *bytes, size_t len)
{
	size_t i;

	putc('"', out);
	for (i = 0; i < len; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			fprintf(out, "\\%c", bytes[i]);
		else if (bytes[i] >= ' ' && bytes[i] <= '~')
			putc(bytes[i], out);
		else
			fprintf(out, "\\x%02x", bytes[i]);
	}
	putc('"', out);
}

static void show_node(FILE *out, const struct nl_node *node)
{
	fprintf(out, "node %u, %s", node->nodeid, show_state(node->state));
	if (node->configured) {
		fprintf(out, ", cluster ");
		show_quoted(out, (const __u8 *)node->cluster,
			    strlen(node->cluster));
		fprintf(out, ", local %s, profile %s",
			show_addr(&node->local).both,
			show_profile(node->profile));
	} else {
		fprintf(out, ", not configured");
	}
	putc('\n', out);

	if (node->nodeid_used)
		fprintf(out, "  node id %u is used by another live node%s\n",
			node->nodeid,
			node->state == CPG_NODE_STATE_STOPPED ?
				": this one was refused" : "");
}

static void show_view(FILE *out, const struct nl_view *view)
{
	unsigned int i;

	fprintf(out, "view %llu of node %u, leader %u, %s with %u of %u votes, nodes",
		view->seq, view->rep, view->leader,
		view->quorate ? "quorate" : "not quorate", view->votes,
		view->expected);
	for (i = 0; i < view->n_nodes; i++)
		fprintf(out, " %u", view->nodes[i]);
	putc('\n', out);
}

static void show_peers(FILE *out, const struct nl_node *node)
{
	const struct nl_peer *peer;

	for (peer = node->peers; peer < node->peers + node->n_peers; peer++) {
		fprintf(out, "peer %u at %s, %s, ", peer->nodeid,
			show_addr(&peer->addr).both,
			peer->in_view ? "in the view" : "not in the view");
		if (peer->heard)
			fprintf(out, "%sheard %llu ms ago of at most %llu\n",
				peer->alive ? "" : "dead, ", peer->age,
				peer->silence);
		else
			fprintf(out, "never heard\n");
		if (peer->nodeid_used)
			fprintf(out, "  node id %u is used by two live nodes\n",
				peer->nodeid);
	}
}

static void show_groups(FILE *out, const struct nl_groups *groups)
{
	const struct nl_group *group;
	const struct nl_member *m;

	for (group = groups->list; group < groups->list + groups->n; group++) {
		fprintf(out, "group ");
		show_quoted(out, group->name, group->name_len);
		fprintf(out, ", %zu member%s\n", group->n_members,
			group->n_members == 1 ? "" : "s");
		for (m = group->members;
		     m < group->members + group->n_members; m++)
			fprintf(out, "  node %u pid %u port %u\n", m->nodeid,
				m->pid, m->port);
	}
}

static void show_counters(FILE *out, const char *title,
			  const struct nl_counters *counters)
{
	unsigned int i;

	fprintf(out, "%s\n", title);
	for (i = 0; i < counters->n; i++)
		fprintf(out, "  %-24s %llu\n", counters->list[i].name,
			counters->list[i].value);
}

void show_text(FILE *out, unsigned int what, const struct nl_node *node,
	       const struct nl_groups *groups)
{
	if (what & SHOW_NODE)
		show_node(out, node);
	if (what & SHOW_VIEW)
		show_view(out, &node->view);
	if (what & SHOW_PEERS)
		show_peers(out, node);
	if (what & SHOW_GROUPS)
		show_groups(out, groups);
	if (what & SHOW_COUNTERS) {
		show_counters(out, "counters", &node->counters);
		show_counters(out, "dropped packets", &node->drops);
	}
}

static void json_addr(struct json *j, const struct sockaddr_storage *ss)
{
	struct show_addr addr = show_addr(ss);

	json_string(j, "address", addr.host);
	json_uint(j, "port", addr.port);
}

/* Readers of JSON keep 53 bits of a number: incarnations are strings. */
static void json_incarnation(struct json *j, __u64 incarnation)
{
	char text[sizeof("0123456789abcdef")];

	snprintf(text, sizeof(text), "%016llx", incarnation);
	json_string(j, "incarnation", text);
}

static void json_node(struct json *j, const struct nl_node *node)
{
	json_open(j, "node", '{');
	json_uint(j, "nodeid", node->nodeid);
	json_bool(j, "configured", node->configured);
	if (node->configured) {
		json_string(j, "cluster", node->cluster);
		json_addr(j, &node->local);
		json_string(j, "profile", show_profile(node->profile));
	}
	json_string(j, "state", show_state(node->state));
	json_bool(j, "nodeid_used", node->nodeid_used);
	json_incarnation(j, node->incarnation);
	json_uint(j, "credit", node->credit);
	json_uint(j, "in_flight", node->in_flight);
	json_uint(j, "queued", node->queued);
	json_close(j, '}');
}

static void json_view(struct json *j, const struct nl_view *view)
{
	unsigned int i;

	json_open(j, "view", '{');
	json_uint(j, "seq", view->seq);
	json_uint(j, "rep", view->rep);
	json_uint(j, "leader", view->leader);
	json_bool(j, "quorate", view->quorate);
	json_uint(j, "votes", view->votes);
	json_uint(j, "expected", view->expected);
	json_open(j, "nodes", '[');
	for (i = 0; i < view->n_nodes; i++)
		json_uint(j, NULL, view->nodes[i]);
	json_close(j, ']');
	json_uint(j, "delivered", view->delivered);
	json_uint(j, "stable", view->stable);
	json_close(j, '}');
}

static void json_peers(struct json *j, const struct nl_node *node)
{
	const struct nl_peer *peer;

	json_open(j, "peers", '[');
	for (peer = node->peers; peer < node->peers + node->n_peers; peer++) {
		json_open(j, NULL, '{');
		json_uint(j, "nodeid", peer->nodeid);
		json_addr(j, &peer->addr);
		json_bool(j, "in_view", peer->in_view);
		json_bool(j, "alive", peer->alive);
		json_bool(j, "nodeid_used", peer->nodeid_used);
		if (peer->heard) {
			json_incarnation(j, peer->incarnation);
			json_uint(j, "age_ms", peer->age);
			json_uint(j, "silence_ms", peer->silence);
		}
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_groups(struct json *j, const struct nl_groups *groups)
{
	const struct nl_group *group;
	const struct nl_member *m;

	json_open(j, "groups", '[');
	for (group = groups->list; group < groups->list + groups->n; group++) {
		json_open(j, NULL, '{');
		json_bytes(j, "name", group->name, group->name_len);
		json_open(j, "members", '[');
		for (m = group->members;
		     m < group->members + group->n_members; m++) {
			json_open(j, NULL, '{');
			json_uint(j, "nodeid", m->nodeid);
			json_uint(j, "pid", m->pid);
			json_uint(j, "port", m->port);
			json_close(j, '}');
		}
		json_close(j, ']');
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_counters(struct json *j, const char *key,
			  const struct nl_counters *counters)
{
	unsigned int i;

	json_open(j, key, '{');
	for (i = 0; i < counters->n; i++)
		json_uint(j, counters->list[i].name, counters->list[i].value);
	json_close(j, '}');
}

void show_json(FILE *out, unsigned int what, const struct nl_node *node,
	       const struct nl_groups *groups)
{
	struct json j = { .out = out };

	json_open(&j, NULL, '{');
	if (what & SHOW_NODE)
		json_node(&j, node);
	if (what & SHOW_VIEW)
		json_view(&j, &node->view);
	if (what & SHOW_PEERS)
		json_peers(&j, node);
	if (what & SHOW_GROUPS)
		json_groups(&j, groups);
	if (what & SHOW_COUNTERS) {
		json_counters(&j, "counters", &node->counters);
		json_counters(&j, "drops", &node->drops);
	}
	json_close(&j, '}');
	putc('\n', out);
}
