// SPDX-License-Identifier: GPL-2.0
/*
 * What cannot be tested from user space: buffers, and sockets to which the
 * engine says unusual things.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/overflow.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/net_namespace.h>

#include "../cpg_priv.h"

/* --- the number that stands for a cluster's name --- */

struct cpg_hash_case {
	const char	*name;
	u32		hash;
};

static const struct cpg_hash_case cpg_hash_cases[] = {
	{ "", 0x811c9dc5 },
	{ "a", 0xe40c292c },
	{ "foobar", 0xbf9cf968 },
	{ "\xff", 0x7a0b824e },
};

static void cpg_hash_desc(const struct cpg_hash_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%zu bytes, %08x",
		 strlen(c->name), c->hash);
}

KUNIT_ARRAY_PARAM(cpg_hash, cpg_hash_cases, cpg_hash_desc);

static void cpg_hash_test(struct kunit *test)
{
	const struct cpg_hash_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, cpg_cluster_hash(c->name), c->hash);
}

/* --- buffers --- */

static const u32 cpg_buf_sizes[] = {
	0, 1, 479, 480, 481, 3823, 3824, 3825, 16384, CPG_BUF_MAX
};

enum {
	CPG_TEST_BUF_SMALL = 480,	/* up to here there are no pages */
	CPG_TEST_BUF_FRAG = 3824,	/* and up to here they are shared */
	CPG_TEST_HEADER = 100,
};

static void cpg_buf_desc(const u32 *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(cpg_buf, cpg_buf_sizes, cpg_buf_desc);

/* A packet that shares the page keeps it when the buffer is gone. */
static void cpg_buf_share(struct kunit *test, struct cpg_buf *buf, u32 size)
{
	struct page *page;
	u8 *data;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, buf->len, size);
	KUNIT_EXPECT_EQ(test, (unsigned long)buf->data % 16, 0);
	KUNIT_EXPECT_EQ(test, cpg_buf_is_page(buf), size > CPG_TEST_BUF_SMALL);
	KUNIT_EXPECT_GE(test, cpg_buf_truesize(buf, size), size);
	memset(buf->data, 0x5a, size);
	if (!cpg_buf_is_page(buf)) {
		cpg_buf_put(buf);
		return;
	}

	data = buf->data;
	page = virt_to_head_page(data);
	KUNIT_EXPECT_NULL(test, cpg_buf_push(buf, 1, CPG_TEST_HEADER));
	if (size <= CPG_TEST_BUF_FRAG) {
		KUNIT_EXPECT_NULL(test, cpg_buf_push(buf, 0, PAGE_SIZE));
		KUNIT_EXPECT_PTR_EQ(test, data - CPG_TEST_HEADER,
				    cpg_buf_push(buf, 0, CPG_TEST_HEADER));
		memset(data - CPG_TEST_HEADER, 0xa5, CPG_TEST_HEADER);
		KUNIT_EXPECT_EQ(test, buf->len, size);
		KUNIT_EXPECT_TRUE(test, cpg_buf_is_page(buf));
	}
	/* Others may be looking at the first one. */
	KUNIT_EXPECT_NULL(test, cpg_buf_push(buf, 0, CPG_TEST_HEADER));
	get_page(page);
	cpg_buf_put(buf);
	KUNIT_EXPECT_NULL(test, memchr_inv(data, 0x5a, size));
	put_page(page);
}

static void cpg_buf_test(struct kunit *test)
{
	u32 size = *(const u32 *)test->param_value;

	cpg_buf_share(test, cpg_env_buf_alloc(NULL, size), size);
	cpg_buf_share(test, cpg_buf_alloc_wait(size), size);
}

static void cpg_buf_wrap_test(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);
	struct cpg_buf *buf;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, "0123456789", 10);
	skb_pull(skb, 4);
	skb_get(skb);

	KUNIT_EXPECT_EQ(test, cpg_buf_wrap_max(skb), 1);
	buf = cpg_buf_wrap(skb);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_FALSE(test, cpg_buf_is_page(buf));
	KUNIT_EXPECT_EQ(test, buf->len, 6);
	KUNIT_EXPECT_EQ(test, memcmp(buf->data, "456789", 6), 0);
	cpg_buf_put(cpg_buf_get(buf));
	KUNIT_EXPECT_TRUE(test, skb_shared(skb));
	cpg_buf_put(buf);
	KUNIT_EXPECT_FALSE(test, skb_shared(skb));
	kfree_skb(skb);
}

static void cpg_test_add_frag(struct sk_buff *skb, const char *text)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);

	memcpy(page_address(page), text, strlen(text));
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 0, strlen(text),
			PAGE_SIZE);
}

static void cpg_test_buf(struct kunit *test, struct cpg_buf *buf,
			 const char *text)
{
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, buf->len, strlen(text));
	KUNIT_EXPECT_EQ(test, memcmp(buf->data, text, strlen(text)), 0);
	KUNIT_EXPECT_GE(test, cpg_buf_truesize(buf, buf->len), buf->len);
}

/* What is in one piece is not copied. */
static void cpg_buf_wrap_frag_test(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(0, GFP_KERNEL);
	struct cpg_buf *buf;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	cpg_test_add_frag(skb, "012345");
	buf = cpg_buf_wrap(skb);
	cpg_test_buf(test, buf, "012345");
	KUNIT_EXPECT_PTR_EQ(test, buf->data,
			    (u8 *)skb_frag_address(skb_shinfo(skb)->frags));
	cpg_buf_put(buf);

	skb = alloc_skb(64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, "01", 2);
	cpg_test_add_frag(skb, "2345");
	buf = cpg_buf_wrap(skb);
	cpg_test_buf(test, buf, "012345");
	cpg_buf_put(buf);
}

/* Packets in the head, in a page, in two pages, and a short one at the end. */
static void cpg_batch_test(struct kunit *test)
{
	static const char *const texts[] = {
		"abcd", "efgh", "ijkl", "mnop", "qr"
	};
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);
	struct cpg_buf *bufs[ARRAY_SIZE(texts)];
	struct cpg_batch *batch;
	u8 *page;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, "abcd", 4);
	cpg_test_add_frag(skb, "efghijklmn");
	cpg_test_add_frag(skb, "opqr");
	skb_shinfo(skb)->gso_size = 4;
	page = skb_frag_address(skb_shinfo(skb)->frags);
	skb_get(skb);

	KUNIT_EXPECT_EQ(test, cpg_buf_wrap_max(skb), ARRAY_SIZE(texts));
	batch = cpg_batch_create(skb);
	KUNIT_ASSERT_NOT_NULL(test, batch);
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		bufs[i] = cpg_batch_next(batch);
	KUNIT_EXPECT_NULL(test, cpg_batch_next(batch));
	cpg_batch_put(batch);
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		cpg_test_buf(test, bufs[i], texts[i]);
	KUNIT_EXPECT_PTR_EQ(test, bufs[0]->data, skb->data);
	KUNIT_EXPECT_PTR_EQ(test, bufs[1]->data, page);
	KUNIT_EXPECT_PTR_EQ(test, bufs[2]->data, page + 4);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		KUNIT_EXPECT_TRUE(test, skb_shared(skb));
		cpg_buf_put(bufs[i]);
	}
	KUNIT_EXPECT_FALSE(test, skb_shared(skb));
	kfree_skb(skb);
}

/* --- sockets --- */

static struct socket *cpg_test_join(struct kunit *test, const char *name,
				    u32 view)
{
	struct cpg_group group = {};
	struct socket *sock;
	int err;

	group.name_len = strlen(name);
	memcpy(group.name, name, group.name_len);
	err = sock_create_kern(&init_net, PF_CPG, SOCK_SEQPACKET, 0, &sock);
	KUNIT_ASSERT_EQ(test, err, 0);
	err = cpg_setsockopt(sock, SOL_CPG, CPGSO_RECVVIEW,
			     KERNEL_SOCKPTR(&view), sizeof(view));
	KUNIT_EXPECT_EQ(test, err, 0);
	err = cpg_setsockopt(sock, SOL_CPG, CPGSO_JOIN,
			     KERNEL_SOCKPTR(&group), sizeof(group));
	KUNIT_EXPECT_EQ(test, err, 0);
	return sock;
}

static int cpg_test_send(struct socket *sock, const void *data, size_t len)
{
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };

	return kernel_sendmsg(sock, &msg, &vec, 1, len);
}

/* The payload, or @type of the control message, or a negative errno. */
static int cpg_test_recv(struct socket *sock, void *data, size_t len)
{
	union {
		struct cmsghdr	cmsg;
		u8		room[512];
	} control = {};
	struct kvec vec = { .iov_base = data, .iov_len = len };
	struct msghdr msg = {
		.msg_control	= &control,
		.msg_controllen	= sizeof(control),
	};
	int ret;

	ret = kernel_recvmsg(sock, &msg, &vec, 1, len, MSG_DONTWAIT);
	if (ret || msg.msg_controllen == sizeof(control))
		return ret;
	return control.cmsg.cmsg_level == SOL_CPG ? control.cmsg.cmsg_type :
						    -EBADMSG;
}

static void cpg_sock_message_test(struct kunit *test)
{
	struct socket *sock = cpg_test_join(test, "kunit message", 0);
	char data[8];

	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), SCM_CPG_CONFCHG);
	KUNIT_EXPECT_EQ(test, cpg_test_send(sock, "hello", 5), 5);
	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), 5);
	KUNIT_EXPECT_EQ(test, memcmp(data, "hello", 5), 0);
	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), -EAGAIN);
	sock_release(sock);
}

/* No memory for an event: what was before comes, then an error. */
static void cpg_sock_missing_test(struct kunit *test)
{
	struct socket *sock = cpg_test_join(test, "kunit missing", 0);
	struct cpg_node *node = cpg_sk_node(sock->sk);
	struct cpg_sock *cs = cpg_sk(sock->sk);
	char data[8];
	int i;

	KUNIT_EXPECT_EQ(test, cpg_test_send(sock, "before", 6), 6);
	cpg_node_lock(node);
	cpg_sk_deliver(node, cs, NULL);
	cpg_node_unlock(node);
	KUNIT_EXPECT_NULL(test, cs->proc);
	KUNIT_EXPECT_EQ(test, cpg_test_send(sock, "after", 5), -EPIPE);

	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), SCM_CPG_CONFCHG);
	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), 6);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8),
				-ECONNRESET);
	sock_release(sock);
}

/* Views that come to a buffer that is full. */
static void cpg_sock_view_test(struct kunit *test)
{
	struct socket *sock = cpg_test_join(test, "kunit view",
					    CPG_RECVVIEW_INITIAL);
	struct cpg_node *node = cpg_sk_node(sock->sk);
	struct cpg_sock *cs = cpg_sk(sock->sk);
	struct cpg_net *cn = cpg_node_net(node);
	int sndbuf = 0;
	u32 budget = 0;
	char data[8];

	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), SCM_CPG_CONFCHG);
	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), SCM_CPG_VIEW);

	/* An event fits an empty buffer of any size, a second is too much. */
	cs->sk.sk_rcvbuf = 1;
	cpg_node_lock(node);
	cpg_sk_deliver(node, cs, node->view);
	cpg_node_unlock(node);
	KUNIT_EXPECT_FALSE(test, cs->slow);
	cpg_node_lock(node);
	cpg_sk_deliver(node, cs, node->view);
	cpg_node_unlock(node);
	KUNIT_EXPECT_TRUE(test, cs->slow);
	KUNIT_EXPECT_EQ(test, cs->hup, 0);

	/* And nothing at all where nothing can be on its way. */
	cpg_node_lock(node);
	swap(node->budget, budget);
	swap(cn->sndbuf, sndbuf);
	cpg_sk_deliver(node, cs, node->view);
	swap(cn->sndbuf, sndbuf);
	swap(node->budget, budget);
	cpg_node_unlock(node);
	KUNIT_EXPECT_EQ(test, cs->hup, ECONNRESET);
	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), SCM_CPG_VIEW);
	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), SCM_CPG_VIEW);
	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), -ECONNRESET);
	sock_release(sock);
}

/* Whatever the engine is asked, it gives back what was accepted. */
static void cpg_sock_charge_test(struct kunit *test)
{
	struct socket *sock = cpg_test_join(test, "kunit charge", 0);
	struct sock *sk = sock->sk;
	char data[8];

	KUNIT_EXPECT_EQ(test, sk->sk_wmem_queued, 0);
	KUNIT_EXPECT_EQ(test, cpg_test_send(sock, "x", 1), 1);
	KUNIT_EXPECT_EQ(test, sk->sk_wmem_queued, 0);

	/* No room: nothing is accepted, and there is somebody to wake. */
	sk->sk_wmem_queued = sk->sk_sndbuf;
	KUNIT_EXPECT_EQ(test, cpg_test_send(sock, "y", 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, cpg_sk(sk)->nospace, 1);
	sk->sk_wmem_queued = sk->sk_sndbuf - 1;
	KUNIT_EXPECT_EQ(test, cpg_test_send(sock, "z", 1), 1);
	sk->sk_wmem_queued = 0;

	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), SCM_CPG_CONFCHG);
	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), 1);
	KUNIT_EXPECT_EQ(test, data[0], 'x');
	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), 1);
	KUNIT_EXPECT_EQ(test, data[0], 'z');
	KUNIT_EXPECT_EQ(test, atomic_read(&sk->sk_rmem_alloc), 0);
	sock_release(sock);
}

/* --- the machine goes down --- */

/* The node is out, in the time that it may take, and who is joined is told. */
static void cpg_leave_test(struct kunit *test)
{
	struct cpg_node_conf *conf;
	struct cpg_node_info *info;
	struct socket *sock;
	unsigned long start;
	char data[8];

	conf = kunit_kzalloc(test, struct_size(conf, peers, 1), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, conf);
	conf->nodeid = 1;
	conf->port = 5405;
	conf->local.ss_family = AF_INET;
	conf->votes = 1;
	conf->expected = 1;
	conf->n_peers = 1;
	conf->peers[0].nodeid = 2;
	conf->peers[0].addr.ss_family = AF_INET;
	KUNIT_ASSERT_EQ(test, cpg_node_up(&init_net, conf, NULL), 0);
	sock = cpg_test_join(test, "kunit leave", 0);
	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), SCM_CPG_CONFCHG);

	start = jiffies;
	cpg_netns_leave();
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + CPG_LEAVE_MAX));
	/* In a view of one the process sees itself go before that. */
	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), SCM_CPG_CONFCHG);
	KUNIT_EXPECT_EQ(test, cpg_test_recv(sock, data, 8), -ENETDOWN);
	info = cpg_node_info_get(&init_net);
	KUNIT_EXPECT_FALSE(test, IS_ERR(info));
	if (!IS_ERR(info)) {
		KUNIT_EXPECT_EQ(test, info->status.state, CPG_STATE_STOPPED);
		kvfree(info);
	}
	/* Somebody may be quick enough to ask for it once more. */
	KUNIT_EXPECT_EQ(test, cpg_node_down(&init_net, NULL), 0);
	sock_release(sock);
}

static struct kunit_case cpg_cases[] = {
	KUNIT_CASE_PARAM(cpg_hash_test, cpg_hash_gen_params),
	KUNIT_CASE_PARAM(cpg_buf_test, cpg_buf_gen_params),
	KUNIT_CASE(cpg_buf_wrap_test),
	KUNIT_CASE(cpg_buf_wrap_frag_test),
	KUNIT_CASE(cpg_batch_test),
	KUNIT_CASE(cpg_sock_message_test),
	KUNIT_CASE(cpg_sock_missing_test),
	KUNIT_CASE(cpg_sock_view_test),
	KUNIT_CASE(cpg_sock_charge_test),
	KUNIT_CASE(cpg_leave_test),
	{}
};

static struct kunit_suite cpg_suite = {
	.name		= "cpg",
	.test_cases	= cpg_cases,
};

kunit_test_suite(cpg_suite);
