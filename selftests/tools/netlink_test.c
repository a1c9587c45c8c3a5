// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family, message by message: each bad request gets its
 * errno and its sentence, and an offset that is in the request.  Needs root and
 * the module; runs in a network namespace of its own.
 */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <libmnl/libmnl.h>
#include <linux/cpg.h>
#include <linux/cpg_netlink.h>
#include <linux/genetlink.h>

#include "../../userspace/tools/util.h"

enum {
	KSFT_SKIP = 4,
	ATTRS_MAX = 16,
	BUF_SIZE = 65536,
	GROUPS = 400,
};

/* An attribute, with those in it if it is a nest; type 0 ends a list. */
struct attr {
	__u16			type;
	__u16			len;
	const void		*data;
	const struct attr	*in;
};

#define NEST(t, ...)							\
	{ .type = (t), .in = (const struct attr[]){ __VA_ARGS__, {} } }
#define BYTES(t, b, l)	{ .type = (t), .len = (l), .data = (b) }
#define STRING(t, s)	BYTES(t, s, sizeof(s))
#define FLAG(t)		BYTES(t, "", 0)
#define U32(t, v)	BYTES(t, (&(__u32){ v }), 4)
#define U16(t, v)	BYTES(t, (&(__u16){ v }), 2)
#define IPV4(a, b, c, d)						\
	BYTES(CPG_A_ADDRESS_IPV4, ((__u8[]){ a, b, c, d }), 4)
#define IPV6(...)							\
	BYTES(CPG_A_ADDRESS_IPV6, (&(struct in6_addr){ { { __VA_ARGS__ } } }), \
	      16)

#define ID(v)		U32(CPG_A_NODEID, v)
#define LOCAL(...)	NEST(CPG_A_LOCAL, __VA_ARGS__)
#define LOOPBACK	LOCAL(IPV4(127, 0, 0, 1))
#define PEER(i, ...)							\
	NEST(CPG_A_PEER, U32(CPG_A_PEER_NODEID, i),			\
	     NEST(CPG_A_PEER_ADDRESS, __VA_ARGS__))

static const char name65[] =
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

static const struct request {
	const char	*name;
	__u8		cmd;
	__u16		flags;
	struct attr	attrs[ATTRS_MAX];
	int		err;
	const char	*msg;
} requests[] = {
	{
		"no node id", CPG_CMD_NODE_UP, 0, { LOOPBACK },
		-EINVAL, "The node has no node id",
	},
	{
		"no local address", CPG_CMD_NODE_UP, 0, { ID(1) },
		-EINVAL, "The node has no local address",
	},
	{
		"node id 0", CPG_CMD_NODE_UP, 0, { ID(0), LOOPBACK },
		-ERANGE, "integer out of range",
	},
	{
		"a node id of two bytes", CPG_CMD_NODE_UP, 0,
		{ U16(CPG_A_NODEID, 1), LOOPBACK },
		-EINVAL, "invalid attribute length",
	},
	{
		"an empty address", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOCAL(U16(CPG_A_ADDRESS_PORT, 1)) },
		-EINVAL, "An address is one of IPv4 and IPv6",
	},
	{
		"an address of both families", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOCAL(IPV4(127, 0, 0, 1), IPV6(0xfd)) },
		-EINVAL, "An address is one of IPv4 and IPv6",
	},
	{
		"an address that is not nested", CPG_CMD_NODE_UP, 0,
		{ ID(1), BYTES(CPG_A_LOCAL, "\x7f\0\0\1", 4) },
		-EINVAL, "NLA_F_NESTED is missing",
	},
	{
		"port 0", CPG_CMD_NODE_UP, 0,
		{ ID(1),
		  LOCAL(IPV4(127, 0, 0, 1), U16(CPG_A_ADDRESS_PORT, 0)) },
		-ERANGE, "integer out of range",
	},
	{
		"IPv4 any", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOCAL(IPV4(0, 0, 0, 0)) },
		-EINVAL, "This is not the address of a host",
	},
	{
		"IPv4 multicast", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOCAL(IPV4(239, 0, 0, 1)) },
		-EINVAL, "This is not the address of a host",
	},
	{
		"IPv4 broadcast", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOCAL(IPV4(255, 255, 255, 255)) },
		-EINVAL, "This is not the address of a host",
	},
	{
		"IPv4 with a scope", CPG_CMD_NODE_UP, 0,
		{ ID(1),
		  LOCAL(IPV4(127, 0, 0, 1), U32(CPG_A_ADDRESS_SCOPE_ID, 1)) },
		-EINVAL, "An IPv4 address has no scope id",
	},
	{
		"IPv6 any", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOCAL(IPV6(0)) },
		-EINVAL, "This is not the address of a host",
	},
	{
		"IPv6 multicast", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOCAL(IPV6(0xff, 2)) },
		-EINVAL, "This is not the address of a host",
	},
	{
		"IPv4 mapped", CPG_CMD_NODE_UP, 0,
		{ ID(1),
		  LOCAL(IPV6(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255,
			     127, 0, 0, 1)) },
		-EINVAL, "This is not the address of a host",
	},
	{
		"IPv6 too short", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOCAL(BYTES(CPG_A_ADDRESS_IPV6, "\xfd\0\0\1", 4)) },
		-ERANGE, NULL,
	},
	{
		"link-local without scope", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOCAL(IPV6(0xfe, 0x80)) },
		-EINVAL, "A link-local address needs a scope id",
	},
	{
		"IPv6 with a scope", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOCAL(IPV6(0xfd), U32(CPG_A_ADDRESS_SCOPE_ID, 1)) },
		-EINVAL, "Only a link-local address has a scope id",
	},
	{
		"a peer without id", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK,
		  NEST(CPG_A_PEER,
		       NEST(CPG_A_PEER_ADDRESS, IPV4(127, 0, 0, 2))) },
		-EINVAL, "A peer has no node id",
	},
	{
		"a peer without address", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK,
		  NEST(CPG_A_PEER, U32(CPG_A_PEER_NODEID, 2)) },
		-EINVAL, "A peer has no address",
	},
	{
		"a peer with the own id", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, PEER(1, IPV4(127, 0, 0, 2)) },
		-EINVAL, "A peer has this node's id",
	},
	{
		"a peer with the own address", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, PEER(2, IPV4(127, 0, 0, 1)) },
		-EINVAL, "A peer has this node's address",
	},
	{
		"two peers with one id", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, PEER(2, IPV4(127, 0, 0, 2)),
		  PEER(2, IPV4(127, 0, 0, 3)) },
		-EINVAL, "Two peers have the same node id",
	},
	{
		"two peers with one address", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, PEER(2, IPV4(127, 0, 0, 2)),
		  PEER(3, IPV4(127, 0, 0, 2)) },
		-EINVAL, "Two peers have the same address",
	},
	{
		"a peer of another family", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK,
		  PEER(2, IPV6(0xfd)) },
		-EINVAL,
		"This node and a peer have addresses of different families",
	},
	{
		"a name with a NUL in it", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, STRING(CPG_A_CLUSTER, "a\0b") },
		-EINVAL, "The name of the cluster contains a NUL byte",
	},
	{
		"a name without a NUL at its end", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, BYTES(CPG_A_CLUSTER, "a", 1) },
		-EINVAL, NULL,
	},
	{
		"a name that is too long", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK,
		  BYTES(CPG_A_CLUSTER, name65, sizeof(name65)) },
		-EINVAL, NULL,
	},
	{
		"a heartbeat too short", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK,
		  U32(CPG_A_HEARTBEAT, CPG_HEARTBEAT_MIN - 1) },
		-ERANGE, "integer out of range",
	},
	{
		"a suspect time too long", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, U32(CPG_A_SUSPECT, CPG_SUSPECT_MAX + 1) },
		-ERANGE, "integer out of range",
	},
	{
		"a profile that there is not", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, U32(CPG_A_PROFILE, CPG_TIMING_MAX + 1) },
		-ERANGE, "integer out of range",
	},
	{
		"a suspect time below two heartbeats of the profile",
		CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, U32(CPG_A_PROFILE, CPG_TIMING_CLOUD),
		  U32(CPG_A_SUSPECT, 499) },
		-EINVAL,
		"The suspect time must be at least twice the heartbeat",
	},
	{
		"a suspect time below two heartbeats", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, U32(CPG_A_HEARTBEAT, 100),
		  U32(CPG_A_SUSPECT, 199) },
		-EINVAL,
		"The suspect time must be at least twice the heartbeat",
	},
	{
		"a heartbeat above half the default suspect time",
		CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, U32(CPG_A_HEARTBEAT, CPG_HEARTBEAT_MAX) },
		-EINVAL,
		"The suspect time must be at least twice the heartbeat",
	},
	{
		"too many votes", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, U32(CPG_A_VOTES, CPG_VOTES_MAX + 1) },
		-ERANGE, "integer out of range",
	},
	{
		"no votes are expected", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, U32(CPG_A_EXPECTED, 0) },
		-ERANGE, "integer out of range",
	},
	{
		"nobody has a vote", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, U32(CPG_A_VOTES, 0),
		  U32(CPG_A_EXPECTED, 3) },
		-EINVAL, "No node has a vote",
	},
	{
		"too few votes are expected", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, U32(CPG_A_VOTES, 2), U32(CPG_A_EXPECTED, 2),
		  PEER(2, IPV4(127, 0, 0, 2)) },
		-EINVAL,
		"The expected votes are fewer than those of the nodes",
	},
	{
		"an attribute of replies", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, U32(CPG_A_STATE, 1) },
		-EINVAL, "Unsupported attribute",
	},
	{
		"an attribute that nobody knows", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOOPBACK, U32(CPG_A_MAX + 1, 1) },
		-EINVAL, "Unknown attribute type",
	},
	{
		"an address that is nobody's", CPG_CMD_NODE_UP, 0,
		{ ID(1), LOCAL(IPV4(192, 0, 2, 1)) },
		-EADDRNOTAVAIL, NULL,
	},
	{
		"down without up", CPG_CMD_NODE_DOWN, 0, {},
		-ENOENT, NULL,
	},
	{
		"down with an attribute", CPG_CMD_NODE_DOWN, 0, { ID(1) },
		-EINVAL, "This operation has no attributes",
	},
	{
		"get with an attribute", CPG_CMD_NODE_GET, 0, { ID(1) },
		-EINVAL, "This operation has no attributes",
	},
	{
		"groups with an attribute", CPG_CMD_GROUP_GET, NLM_F_DUMP,
		{ ID(1) },
		-EINVAL, "This operation has no attributes",
	},
	{
		"one group", CPG_CMD_GROUP_GET, 0, {},
		-EOPNOTSUPP, NULL,
	},
	{
		"all nodes", CPG_CMD_NODE_GET, NLM_F_DUMP, {},
		-EOPNOTSUPP, NULL,
	},
	{ "get", CPG_CMD_NODE_GET, 0, {}, 0, NULL },
	{ "groups", CPG_CMD_GROUP_GET, NLM_F_DUMP, {}, 0, NULL },
	{ "up", CPG_CMD_NODE_UP, 0, { ID(1), LOOPBACK }, 0, NULL },
	{ "up again", CPG_CMD_NODE_UP, 0, { ID(1), LOOPBACK }, -EBUSY, NULL },
	{ "get of a node that is up", CPG_CMD_NODE_GET, 0, {}, 0, NULL },
	{ "down", CPG_CMD_NODE_DOWN, 0, {}, 0, NULL },
	{
		"up with everything", CPG_CMD_NODE_UP, 0,
		{ ID(0xffffffff),
		  LOCAL(IPV4(127, 0, 0, 1), U16(CPG_A_ADDRESS_PORT, 65535)),
		  BYTES(CPG_A_CLUSTER, name65 + 1, sizeof(name65) - 1),
		  U32(CPG_A_HEARTBEAT, CPG_HEARTBEAT_MIN),
		  U32(CPG_A_SUSPECT, CPG_SUSPECT_MIN),
		  U32(CPG_A_VOTES, CPG_VOTES_MAX),
		  U32(CPG_A_EXPECTED, CPG_EXPECTED_MAX),
		  PEER(2, IPV4(127, 0, 0, 2)), PEER(1, IPV4(127, 0, 0, 3)) },
		0, NULL,
	},
	{
		"lead, and nobody", CPG_CMD_LEAD, 0, {},
		-EINVAL, "It is not said which node is to lead",
	},
	{
		"lead, and node 0", CPG_CMD_LEAD, 0, { U32(CPG_A_LEADER, 0) },
		-ERANGE, "integer out of range",
	},
	{
		"lead with a node id", CPG_CMD_LEAD, 0,
		{ ID(1), U32(CPG_A_LEADER, 2) },
		-EINVAL, "This operation has no such attribute",
	},
	{
		"lead, by the one that does", CPG_CMD_LEAD, 0,
		{ U32(CPG_A_LEADER, 0xffffffff) },
		-EALREADY, "That node leads already",
	},
	{
		"lead, by one that is not there", CPG_CMD_LEAD, 0,
		{ U32(CPG_A_LEADER, 99) },
		-ENOENT, "That node is not in the view",
	},
	{ "down again", CPG_CMD_NODE_DOWN, 0, {}, 0, NULL },
	{
		"lead without a node", CPG_CMD_LEAD, 0,
		{ U32(CPG_A_LEADER, 1) },
		-ENOENT, "The node is not up",
	},
};

static struct mnl_socket *sock;
static __u16 family;
static char buf[BUF_SIZE];
static char extack[256];
static __u32 extack_offs;
static unsigned int n_results, n_failed;
static unsigned int n_groups[3];	/* in a dump: groups, names, members */

static __printf(3, 4)
void result(bool ok, const char *name, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %u %s\n", ok ? "" : "not ", ++n_results, name);
	if (ok)
		return;
	n_failed++;
	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static struct nlmsghdr *request(__u16 type, __u8 cmd, __u16 flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = CPG_GENL_VERSION;
	return nlh;
}

static void put(struct nlmsghdr *nlh, const struct attr *attr)
{
	struct nlattr *nest;

	for (; attr->type; attr++) {
		if (attr->in) {
			nest = mnl_attr_nest_start(nlh, attr->type);
			put(nlh, attr->in);
			mnl_attr_nest_end(nlh, nest);
		} else {
			mnl_attr_put(nlh, attr->type, attr->len, attr->data);
		}
	}
}

static int extack_attr(const struct nlattr *attr, void *data)
{
	(void)data;
	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
		snprintf(extack, sizeof(extack), "%s", mnl_attr_get_str(attr));
	else if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS)
		extack_offs = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int family_attr(const struct nlattr *attr, void *data)
{
	(void)data;
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int group_name(const struct nlattr *attr, void *data)
{
	unsigned int *n = data;

	if (mnl_attr_get_type(attr) == CPG_A_GROUP_NAME &&
	    mnl_attr_get_payload_len(attr) == CPG_GROUP_NAME_MAX)
		n[1]++;
	else if (mnl_attr_get_type(attr) == CPG_A_GROUP_MEMBER)
		n[2]++;
	return MNL_CB_OK;
}

static int group_attr(const struct nlattr *attr, void *data)
{
	unsigned int *n = data;

	if (mnl_attr_get_type(attr) != CPG_A_GROUP)
		return MNL_CB_OK;
	n[0]++;
	return mnl_attr_parse_nested(attr, group_name, data);
}

/* 1: go on; otherwise what the kernel says, 0 or a negative errno. */
static int handle(const struct nlmsghdr *nlh)
{
	int err;

	if (nlh->nlmsg_type == GENL_ID_CTRL)
		mnl_attr_parse(nlh, sizeof(struct genlmsghdr), family_attr,
			       NULL);
	if (nlh->nlmsg_type == family)
		mnl_attr_parse(nlh, sizeof(struct genlmsghdr), group_attr,
			       n_groups);
	if (nlh->nlmsg_type != NLMSG_ERROR && nlh->nlmsg_type != NLMSG_DONE)
		return 1;

	memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(nlh, nlh->nlmsg_type == NLMSG_ERROR ?
				    sizeof(struct nlmsgerr) : sizeof(err),
			       extack_attr, NULL);
	return err > 0 ? 0 : err;
}

static int call(const struct nlmsghdr *nlh)
{
	const struct nlmsghdr *reply;
	int len, err = 1;

	extack[0] = '\0';
	extack_offs = 0;
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (err == 1) {
		len = mnl_socket_recvfrom(sock, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		for (reply = (struct nlmsghdr *)buf;
		     err == 1 && mnl_nlmsg_ok(reply, len);
		     reply = mnl_nlmsg_next(reply, &len))
			err = handle(reply);
	}
	return err;
}

static void test_request(const struct request *r)
{
	struct nlmsghdr *nlh = request(family, r->cmd, r->flags);
	unsigned int len;
	int err;

	put(nlh, r->attrs);
	len = nlh->nlmsg_len;
	err = call(nlh);
	result(err == r->err && (!r->msg || !strcmp(extack, r->msg)) &&
	       extack_offs < len, r->name, "%s, \"%s\", at %u of %u",
	       strerror(-err), extack, extack_offs, len);
}

static int up_with_peers(unsigned int n)
{
	struct nlmsghdr *nlh = request(family, CPG_CMD_NODE_UP, 0);
	struct nlattr *peer, *addr;
	unsigned int i;

	put(nlh, (struct attr[]){ ID(200), LOOPBACK, {} });
	for (i = 1; i <= n; i++) {
		peer = mnl_attr_nest_start(nlh, CPG_A_PEER);
		mnl_attr_put_u32(nlh, CPG_A_PEER_NODEID, i);
		addr = mnl_attr_nest_start(nlh, CPG_A_PEER_ADDRESS);
		mnl_attr_put_u32(nlh, CPG_A_ADDRESS_IPV4,
				 htonl(0xc0000200 + i));
		mnl_attr_nest_end(nlh, addr);
		mnl_attr_nest_end(nlh, peer);
	}
	return call(nlh);
}

/* The most peers are taken, and listed; one more is not. */
static void test_many_peers(void)
{
	int err;

	err = up_with_peers(CPG_NODES_MAX);
	result(err == -EINVAL &&
	       !strcmp(extack, "A cluster has at most 128 nodes"),
	       "128 peers", "%s, \"%s\"", strerror(-err), extack);
	err = up_with_peers(CPG_NODES_MAX - 1);
	result(!err, "127 peers", "%s, \"%s\"", strerror(-err), extack);
	err = call(request(family, CPG_CMD_NODE_GET, 0));
	result(!err, "get of 127 peers", "%s", strerror(-err));
	err = call(request(family, CPG_CMD_NODE_DOWN, 0));
	result(!err, "down of 127 peers", "%s", strerror(-err));
}

/* A dump of more groups than one message has room for. */
static void test_many_groups(void)
{
	struct cpg_group group = { .name_len = CPG_GROUP_NAME_MAX };
	int fds[GROUPS], i, err = 0;

	for (i = 0; i < GROUPS; i++) {
		memset(group.name, 'x', sizeof(group.name));
		memcpy(group.name, &i, sizeof(i));
		fds[i] = socket(AF_CPG, SOCK_SEQPACKET, 0);
		if (fds[i] < 0 || setsockopt(fds[i], SOL_CPG, CPGSO_JOIN,
					     &group, sizeof(group)))
			err = -errno;
	}
	result(!err, "joins", "%s", strerror(-err));

	memset(n_groups, 0, sizeof(n_groups));
	err = call(request(family, CPG_CMD_GROUP_GET, NLM_F_DUMP));
	result(!err && n_groups[0] == GROUPS && n_groups[1] == GROUPS &&
	       n_groups[2] == GROUPS, "many groups",
	       "%s, %u groups, %u names, %u members", strerror(-err),
	       n_groups[0], n_groups[1], n_groups[2]);

	err = up_with_peers(1);
	result(err == -EBUSY, "up with processes in groups", "%s",
	       strerror(-err));
	for (i = 0; i < GROUPS; i++)
		close(fds[i]);
}

/* Anybody may look, only an administrator may configure. */
static int as_nobody(void)
{
	struct nlmsghdr *nlh;
	int up, down, get;

	if (setgid(65534) || setuid(65534))
		return 1;
	nlh = request(family, CPG_CMD_NODE_UP, 0);
	put(nlh, (struct attr[]){ ID(1), LOOPBACK, {} });
	up = call(nlh);
	down = call(request(family, CPG_CMD_NODE_DOWN, 0));
	get = call(request(family, CPG_CMD_NODE_GET, 0));
	return up != -EPERM || down != -EPERM || get;
}

static void test_nobody(void)
{
	int status = 1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(as_nobody());
	waitpid(pid, &status, 0);
	result(!status, "without privileges", "status %d", status);
}

static int lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int err = ioctl(fd, SIOCSIFFLAGS, &ifr);

	close(fd);
	return err;
}

static int skip(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	return getenv("CPG_EXPECT_ALL") ? 1 : KSFT_SKIP;
}

int main(void)
{
	struct nlmsghdr *nlh;
	int one = 1;
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("KTAP version 1");
	if (unshare(CLONE_NEWNET) || lo_up())
		return skip("needs root");
	sock = mnl_socket_open(NETLINK_GENERIC);
	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID))
		return skip("no generic netlink");
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, &one, sizeof(one));
	nlh = request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, CPG_GENL_NAME);
	if (call(nlh) || !family)
		return skip("the module is not loaded");

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		test_request(&requests[i]);
	test_many_peers();
	test_many_groups();
	test_nobody();
	printf("1..%u\n", n_results);
	return n_failed ? 1 : 0;
}
