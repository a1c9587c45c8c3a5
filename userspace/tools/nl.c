// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to the kernel and what it answers: messages of libmnl, the
 * sentence in which the kernel refuses, and attributes into structs.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "nl.h"
#include "util.h"

enum {
	NL_BUFFER_SIZE = 65536,	/* the kernel fills at most half of it */
	NL_DUMP_TRIES = 10,	/* of a dump that was disturbed by a change */
	NL_ERROR_MAX = 256,
};

/**
 * struct nl - a netlink socket
 * @sock: libmnl's socket
 * @family: number of the family, 0 as long as it is not known
 * @seq: of the last request
 * @error: sentence about the last call that failed
 * @intr: the last dump was disturbed by a change
 * @buf: requests and answers
 */
struct nl {
	struct mnl_socket	*sock;
	__u16		family;
	__u32		seq;
	char			error[NL_ERROR_MAX];
	bool			intr;
	char			buf[NL_BUFFER_SIZE];
};

static __printf(2, 3)
void nl_set_error(struct nl *nl, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(nl->error, sizeof(nl->error), fmt, ap);
	va_end(ap);
}

const char *nl_error(const struct nl *nl)
{
	return nl->error;
}

struct nl *nl_create(void)
{
	return calloc(1, sizeof(struct nl));
}

void nl_destroy(struct nl *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	free(nl);
}

static struct nlmsghdr *nl_request(struct nl *nl, __u16 family, __u8 cmd,
				   __u8 version, __u16 flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(nl->buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = ++nl->seq;

	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

static int nl_extack_attr(const struct nlattr *attr, void *data)
{
	const char **msg = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
		*msg = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/*
 * An acknowledgment, or the end of a dump: both begin with an error number,
 * in the first the header of the request follows, then there are attributes.
 */
static int nl_ack(struct nl *nl, const struct nlmsghdr *nlh, size_t attrs)
{
	const char *msg = NULL;
	int err;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(err)) {
		nl_set_error(nl, "the kernel's answer is too short");
		return -EBADMSG;
	}
	memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	if (err >= 0)
		return 0;

	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS &&
	    mnl_nlmsg_get_payload_len(nlh) >= attrs)
		mnl_attr_parse(nlh, attrs, nl_extack_attr, &msg);
	nl_set_error(nl, "%s", msg ? msg : strerror(-err));
	/* It goes behind "cpg: "; but leave abbreviations */
	if (!isupper((unsigned char)nl->error[1]))
		nl->error[0] = tolower((unsigned char)nl->error[0]);
	return err;
}

/* Return: 1 if @nlh was the last message, 0 if not, or a negative errno. */
static int nl_handle(struct nl *nl, const struct nlmsghdr *nlh, mnl_cb_t cb,
		     void *data)
{
	int err;

	if (nlh->nlmsg_seq != nl->seq)
		return 0;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		nl->intr = true;

	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
		err = nl_ack(nl, nlh, sizeof(struct nlmsgerr));
		return err ? err : 1;
	case NLMSG_DONE:
		err = nl_ack(nl, nlh, sizeof(int));
		return err ? err : 1;
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		return 0;
	}
	if (cb && cb(nlh, data) == MNL_CB_ERROR) {
		nl_set_error(nl, "the kernel's answer cannot be understood");
		return -EBADMSG;
	}
	return 0;
}

static int nl_receive(struct nl *nl, mnl_cb_t cb, void *data)
{
	const struct nlmsghdr *nlh;
	ssize_t got;
	int err, len;

	do {
		got = mnl_socket_recvfrom(nl->sock, nl->buf, sizeof(nl->buf));
		if (got < 0) {
			err = -errno;
			nl_set_error(nl, "netlink: %s", strerror(errno));
			return err;
		}
		err = 0;
		len = got;
		nlh = (const struct nlmsghdr *)nl->buf;
		while (!err && mnl_nlmsg_ok(nlh, len)) {
			err = nl_handle(nl, nlh, cb, data);
			nlh = mnl_nlmsg_next(nlh, &len);
		}
	} while (!err);
	return err < 0 ? err : 0;
}

static int nl_call(struct nl *nl, const struct nlmsghdr *nlh, mnl_cb_t cb,
		   void *data)
{
	int err;

	nl->intr = false;
	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0) {
		err = -errno;
		nl_set_error(nl, "netlink: %s", strerror(errno));
		return err;
	}
	return nl_receive(nl, cb, data);
}

static int nl_family_attr(const struct nlattr *attr, void *data)
{
	__u16 *family = data;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
	    !mnl_attr_validate(attr, MNL_TYPE_U16))
		*family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int nl_family_msg(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), nl_family_attr,
			      data);
}

static int nl_open(struct nl *nl)
{
	struct nlmsghdr *nlh;
	int err, one = 1;

	if (nl->family)
		return 0;

	if (!nl->sock)
		nl->sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID)) {
		err = -errno;
		nl_set_error(nl, "netlink: %s", strerror(errno));
		return err;
	}
	/* Not without these, but with poorer errors */
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &one, sizeof(one));

	/* The kernel loads the module for this, if it finds it */
	nlh = nl_request(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, CPG_GENL_NAME);
	err = nl_call(nl, nlh, nl_family_msg, &nl->family);
	if (err == -ENOENT)
		nl_set_error(nl, "the cpg module is not loaded");
	return err;
}

static int nl_cpg_request(struct nl *nl, __u8 cmd, __u16 flags,
			  struct nlmsghdr **nlh)
{
	int err;

	err = nl_open(nl);
	if (err)
		return err;

	*nlh = nl_request(nl, nl->family, cmd, CPG_GENL_VERSION, flags);
	return 0;
}

static void nl_put_address(struct nlmsghdr *nlh, __u16 type,
			   const struct sockaddr_storage *addr)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)addr;
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	if (addr->ss_family == AF_INET) {
		mnl_attr_put_u32(nlh, CPG_A_ADDRESS_IPV4, sin->sin_addr.s_addr);
		mnl_attr_put_u16(nlh, CPG_A_ADDRESS_PORT, ntohs(sin->sin_port));
	} else {
		mnl_attr_put(nlh, CPG_A_ADDRESS_IPV6, sizeof(sin6->sin6_addr),
			     &sin6->sin6_addr);
		if (sin6->sin6_scope_id)
			mnl_attr_put_u32(nlh, CPG_A_ADDRESS_SCOPE_ID,
					 sin6->sin6_scope_id);
		mnl_attr_put_u16(nlh, CPG_A_ADDRESS_PORT,
				 ntohs(sin6->sin6_port));
	}
	mnl_attr_nest_end(nlh, nest);
}

int nl_node_up(struct nl *nl, const struct nl_conf *conf)
{
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	unsigned int i;
	int err;

	err = nl_cpg_request(nl, CPG_CMD_NODE_UP, 0, &nlh);
	if (err)
		return err;

	mnl_attr_put_u32(nlh, CPG_A_NODEID, conf->nodeid);
	mnl_attr_put_strz(nlh, CPG_A_CLUSTER, conf->cluster);
	nl_put_address(nlh, CPG_A_LOCAL, &conf->local);
	mnl_attr_put_u32(nlh, CPG_A_PROFILE, conf->profile);
	if (conf->heartbeat)
		mnl_attr_put_u32(nlh, CPG_A_HEARTBEAT, conf->heartbeat);
	if (conf->suspect)
		mnl_attr_put_u32(nlh, CPG_A_SUSPECT, conf->suspect);
	mnl_attr_put_u32(nlh, CPG_A_VOTES, conf->votes);
	if (conf->expected)
		mnl_attr_put_u32(nlh, CPG_A_EXPECTED, conf->expected);
	for (i = 0; i < conf->n_peers; i++) {
		nest = mnl_attr_nest_start(nlh, CPG_A_PEER);
		mnl_attr_put_u32(nlh, CPG_A_PEER_NODEID, conf->peers[i].nodeid);
		nl_put_address(nlh, CPG_A_PEER_ADDRESS, &conf->peers[i].addr);
		mnl_attr_put_u32(nlh, CPG_A_PEER_VOTES, conf->peers[i].votes);
		mnl_attr_nest_end(nlh, nest);
	}
	return nl_call(nl, nlh, NULL, NULL);
}

int nl_node_down(struct nl *nl)
{
	struct nlmsghdr *nlh;
	int err;

	err = nl_cpg_request(nl, CPG_CMD_NODE_DOWN, 0, &nlh);
	if (err)
		return err;

	return nl_call(nl, nlh, NULL, NULL);
}

int nl_lead(struct nl *nl, __u32 nodeid)
{
	struct nlmsghdr *nlh;
	int err;

	err = nl_cpg_request(nl, CPG_CMD_LEAD, 0, &nlh);
	if (err)
		return err;

	mnl_attr_put_u32(nlh, CPG_A_LEADER, nodeid);
	return nl_call(nl, nlh, NULL, NULL);
}

/* An integer of any size that netlink has, 0 if it is none of these. */
static __u64 nl_uint(const struct nlattr *attr)
{
	switch (mnl_attr_get_payload_len(attr)) {
	case sizeof(__u16):
		return mnl_attr_get_u16(attr);
	case sizeof(__u32):
		return mnl_attr_get_u32(attr);
	case sizeof(__u64):
		return mnl_attr_get_u64(attr);
	}
	return 0;
}

static void nl_get_string(const struct nlattr *attr, char *text, size_t size)
{
	size_t len = strnlen(mnl_attr_get_payload(attr),
			     mnl_attr_get_payload_len(attr));

	if (len > size - 1)
		len = size - 1;
	memcpy(text, mnl_attr_get_payload(attr), len);
	text[len] = '\0';
}

static int nl_address_attr(const struct nlattr *attr, void *data)
{
	struct sockaddr_in6 *sin6 = data;
	struct sockaddr_in *sin = data;

	switch (mnl_attr_get_type(attr)) {
	case CPG_A_ADDRESS_IPV4:
		sin->sin_family = AF_INET;
		sin->sin_addr.s_addr = nl_uint(attr);
		break;
	case CPG_A_ADDRESS_IPV6:
		if (mnl_attr_get_payload_len(attr) != sizeof(sin6->sin6_addr))
			return MNL_CB_ERROR;
		sin6->sin6_family = AF_INET6;
		memcpy(&sin6->sin6_addr, mnl_attr_get_payload(attr),
		       sizeof(sin6->sin6_addr));
		break;
	case CPG_A_ADDRESS_SCOPE_ID:
		sin6->sin6_scope_id = nl_uint(attr);
		break;
	case CPG_A_ADDRESS_PORT:
		/* In the same place in both */
		sin->sin_port = htons(nl_uint(attr));
		break;
	}
	return MNL_CB_OK;
}

static int nl_view_attr(const struct nlattr *attr, void *data)
{
	struct nl_view *view = data;

	switch (mnl_attr_get_type(attr)) {
	case CPG_A_VIEW_SEQ:
		view->seq = nl_uint(attr);
		break;
	case CPG_A_VIEW_REP:
		view->rep = nl_uint(attr);
		break;
	case CPG_A_VIEW_LEADER:
		view->leader = nl_uint(attr);
		break;
	case CPG_A_VIEW_QUORATE:
		view->quorate = true;
		break;
	case CPG_A_VIEW_NODE:
		if (view->n_nodes < CPG_NODES_MAX)
			view->nodes[view->n_nodes++] = nl_uint(attr);
		break;
	case CPG_A_VIEW_DELIVERED:
		view->delivered = nl_uint(attr);
		break;
	case CPG_A_VIEW_STABLE:
		view->stable = nl_uint(attr);
		break;
	case CPG_A_VIEW_VOTES:
		view->votes = nl_uint(attr);
		break;
	case CPG_A_VIEW_EXPECTED:
		view->expected = nl_uint(attr);
		break;
	}
	return MNL_CB_OK;
}

static int nl_peer_attr(const struct nlattr *attr, void *data)
{
	struct nl_peer *peer = data;

	switch (mnl_attr_get_type(attr)) {
	case CPG_A_PEER_STATUS_NODEID:
		peer->nodeid = nl_uint(attr);
		break;
	case CPG_A_PEER_STATUS_ADDRESS:
		return mnl_attr_parse_nested(attr, nl_address_attr,
					     &peer->addr);
	case CPG_A_PEER_STATUS_INCARNATION:
		peer->incarnation = nl_uint(attr);
		break;
	case CPG_A_PEER_STATUS_IN_VIEW:
		peer->in_view = true;
		break;
	case CPG_A_PEER_STATUS_ALIVE:
		peer->alive = true;
		break;
	case CPG_A_PEER_STATUS_NODEID_USED:
		peer->nodeid_used = true;
		break;
	case CPG_A_PEER_STATUS_AGE:
		peer->heard = true;
		peer->age = nl_uint(attr);
		break;
	case CPG_A_PEER_STATUS_SILENCE:
		peer->silence = nl_uint(attr);
		break;
	}
	return MNL_CB_OK;
}

static int nl_counter_attr(const struct nlattr *attr, void *data)
{
	struct nl_counters *counters = data;
	unsigned int i = counters->n;

	switch (mnl_attr_get_type(attr)) {
	case CPG_A_COUNTER_NAME:
		nl_get_string(attr, counters->list[i].name,
			      sizeof(counters->list[i].name));
		break;
	case CPG_A_COUNTER_VALUE:
		counters->list[i].value = nl_uint(attr);
		break;
	}
	return MNL_CB_OK;
}

static int nl_counter(const struct nlattr *attr, struct nl_counters *counters)
{
	if (counters->n == NL_COUNTERS_MAX)
		return MNL_CB_OK;
	if (mnl_attr_parse_nested(attr, nl_counter_attr, counters) < 0)
		return MNL_CB_ERROR;
	counters->n++;
	return MNL_CB_OK;
}

static int nl_node_attr(const struct nlattr *attr, void *data)
{
	struct nl_node *node = data;

	switch (mnl_attr_get_type(attr)) {
	case CPG_A_NODEID:
		node->nodeid = nl_uint(attr);
		break;
	case CPG_A_CLUSTER:
		nl_get_string(attr, node->cluster, sizeof(node->cluster));
		break;
	case CPG_A_LOCAL:
		return mnl_attr_parse_nested(attr, nl_address_attr,
					     &node->local);
	case CPG_A_CONFIGURED:
		node->configured = true;
		break;
	case CPG_A_PROFILE:
		node->profile = nl_uint(attr);
		break;
	case CPG_A_STATE:
		node->state = nl_uint(attr);
		break;
	case CPG_A_NODEID_USED:
		node->nodeid_used = true;
		break;
	case CPG_A_INCARNATION:
		node->incarnation = nl_uint(attr);
		break;
	case CPG_A_VIEW:
		return mnl_attr_parse_nested(attr, nl_view_attr, &node->view);
	case CPG_A_PEER_STATUS:
		if (node->n_peers == CPG_NODES_MAX)
			return MNL_CB_ERROR;
		return mnl_attr_parse_nested(attr, nl_peer_attr,
					     &node->peers[node->n_peers++]);
	case CPG_A_CREDIT:
		node->credit = nl_uint(attr);
		break;
	case CPG_A_IN_FLIGHT:
		node->in_flight = nl_uint(attr);
		break;
	case CPG_A_QUEUED:
		node->queued = nl_uint(attr);
		break;
	case CPG_A_COUNTER:
		return nl_counter(attr, &node->counters);
	case CPG_A_DROP:
		return nl_counter(attr, &node->drops);
	}
	return MNL_CB_OK;
}

static int nl_node_msg(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), nl_node_attr,
			      data);
}

int nl_node_get(struct nl *nl, struct nl_node *node)
{
	struct nlmsghdr *nlh;
	int err;

	memset(node, 0, sizeof(*node));
	err = nl_cpg_request(nl, CPG_CMD_NODE_GET, 0, &nlh);
	if (err)
		return err;

	return nl_call(nl, nlh, nl_node_msg, node);
}

static int nl_member_attr(const struct nlattr *attr, void *data)
{
	struct nl_member *member = data;

	switch (mnl_attr_get_type(attr)) {
	case CPG_A_MEMBER_NODEID:
		member->nodeid = nl_uint(attr);
		break;
	case CPG_A_MEMBER_PID:
		member->pid = nl_uint(attr);
		break;
	case CPG_A_MEMBER_PORT:
		member->port = nl_uint(attr);
		break;
	}
	return MNL_CB_OK;
}

/* Room for one element more, in steps that double; NULL without memory. */
static void *nl_grow(void *list, size_t n, size_t size)
{
	if (n & (n - 1))
		return list;
	return reallocarray(list, n ? 2 * n : 1, size);
}

static int nl_group_attr(const struct nlattr *attr, void *data)
{
	struct nl_group *group = data;
	struct nl_member *members;

	switch (mnl_attr_get_type(attr)) {
	case CPG_A_GROUP_NAME:
		if (mnl_attr_get_payload_len(attr) > sizeof(group->name))
			return MNL_CB_ERROR;
		group->name_len = mnl_attr_get_payload_len(attr);
		memcpy(group->name, mnl_attr_get_payload(attr),
		       group->name_len);
		break;
	case CPG_A_GROUP_MEMBER:
		members = nl_grow(group->members, group->n_members,
				  sizeof(*members));
		if (!members)
			return MNL_CB_ERROR;
		group->members = members;
		memset(&members[group->n_members], 0, sizeof(*members));
		return mnl_attr_parse_nested(attr, nl_member_attr,
					     &members[group->n_members++]);
	}
	return MNL_CB_OK;
}

/* Takes over the members of @part; 0 or -1. */
static int nl_group_append(struct nl_group *group, const struct nl_group *part)
{
	size_t n = group->n_members + part->n_members;
	struct nl_member *members;

	members = reallocarray(group->members, n, sizeof(*members));
	if (!members && n)
		return -1;

	if (part->n_members)
		memcpy(members + group->n_members, part->members,
		       part->n_members * sizeof(*members));
	free(part->members);
	group->members = members;
	group->n_members = n;
	return 0;
}

/* Takes over @part; 0 or -1.  The parts of a group come in a row. */
static int nl_groups_add(struct nl_groups *groups, const struct nl_group *part)
{
	struct nl_group *list, *last;

	if (groups->n) {
		last = &groups->list[groups->n - 1];
		if (last->name_len == part->name_len &&
		    !memcmp(last->name, part->name, part->name_len))
			return nl_group_append(last, part);
	}

	list = nl_grow(groups->list, groups->n, sizeof(*list));
	if (!list)
		return -1;
	groups->list = list;
	list[groups->n++] = *part;
	return 0;
}

static int nl_groups_attr(const struct nlattr *attr, void *data)
{
	struct nl_groups *groups = data;
	struct nl_group part = {};

	if (mnl_attr_get_type(attr) != CPG_A_GROUP)
		return MNL_CB_OK;

	if (mnl_attr_parse_nested(attr, nl_group_attr, &part) < 0 ||
	    nl_groups_add(groups, &part)) {
		free(part.members);
		return MNL_CB_ERROR;
	}
	return MNL_CB_OK;
}

static int nl_groups_msg(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), nl_groups_attr,
			      data);
}

int nl_group_get(struct nl *nl, struct nl_groups *groups)
{
	struct nlmsghdr *nlh;
	int err, tries = 0;

	memset(groups, 0, sizeof(*groups));
	do {
		nl_groups_free(groups);
		err = nl_cpg_request(nl, CPG_CMD_GROUP_GET, NLM_F_DUMP, &nlh);
		if (err)
			return err;
		err = nl_call(nl, nlh, nl_groups_msg, groups);
	} while (!err && nl->intr && ++tries < NL_DUMP_TRIES);

	if (!err && nl->intr) {
		nl_set_error(nl, "the groups change too fast to be read");
		err = -EAGAIN;
	}
	if (err)
		nl_groups_free(groups);
	return err;
}

void nl_groups_free(struct nl_groups *groups)
{
	size_t i;

	for (i = 0; i < groups->n; i++)
		free(groups->list[i].members);
	free(groups->list);
	memset(groups, 0, sizeof(*groups));
}
