// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for the engine and for messages.
 *
 * A buffer is either a page fragment that starts with its struct cpg_buf, so
 * that packets which carry a part of it only take a reference to the page; or
 * a packet that has been received, with its struct cpg_buf in the skb's
 * control block.
 */
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "cpg_priv.h"

enum {
	CPG_BUF_HEAD = ALIGN(sizeof(struct cpg_buf), 16),
	/* Up to here buffers share pages. */
	CPG_BUF_FRAG_MAX = 4096 - CPG_BUF_HEAD,
};

/* @env is the node; NULL from a caller that may sleep. */
void *cpg_env_alloc(void *env, size_t size)
{
	gfp_t gfp = env ? GFP_ATOMIC : GFP_KERNEL_ACCOUNT;

	return kzalloc(size, gfp | __GFP_NOWARN);
}

void cpg_env_free(const void *ptr)
{
	kfree(ptr);
}

static struct cpg_buf *cpg_buf_init(void *mem, u32 len)
{
	struct cpg_buf *buf = mem;

	cpg_ref_set(&buf->ref, 1);
	buf->len = len;
	buf->data = mem + CPG_BUF_HEAD;
	buf->priv = NULL;
	return buf;
}

static struct cpg_buf *cpg_buf_alloc(u32 len, gfp_t gfp)
{
	struct page *page;

	page = alloc_pages(gfp | __GFP_COMP | __GFP_NOWARN,
			   get_order(CPG_BUF_HEAD + len));
	return page ? cpg_buf_init(page_address(page), len) : NULL;
}

static struct cpg_buf *cpg_buf_alloc_frag(u32 len)
{
	void *mem = netdev_alloc_frag(CPG_BUF_HEAD + len);

	return mem ? cpg_buf_init(mem, len) : NULL;
}

struct cpg_buf *cpg_env_buf_alloc(void *env, u32 len)
{
	if (len <= CPG_BUF_FRAG_MAX)
		return cpg_buf_alloc_frag(len);
	return cpg_buf_alloc(len, GFP_ATOMIC);
}

/**
 * cpg_buf_alloc_wait() - a buffer for a part of a message from user space
 * @len: bytes, at most CPG_BUF_MAX
 *
 * May sleep.  Pages that are not shared are charged to the memory cgroup.
 *
 * Return: a buffer with one reference, or NULL.
 */
struct cpg_buf *cpg_buf_alloc_wait(u32 len)
{
	struct cpg_buf *buf = NULL;

	BUILD_BUG_ON(CPG_BUF_HEAD + CPG_BUF_MAX != 32768);

	if (len <= CPG_BUF_FRAG_MAX)
		buf = cpg_buf_alloc_frag(len);
	if (!buf)
		buf = cpg_buf_alloc(len, GFP_KERNEL_ACCOUNT);
	return buf;
}

/**
 * cpg_buf_wrap() - make a buffer of a packet
 * @skb: linear, from skb->data on; consumed with the last reference
 *
 * Return: the buffer, with one reference.
 */
struct cpg_buf *cpg_buf_wrap(struct sk_buff *skb)
{
	struct cpg_buf *buf = (struct cpg_buf *)skb->cb;

	BUILD_BUG_ON(sizeof(*buf) > sizeof(skb->cb));

	cpg_ref_set(&buf->ref, 1);
	buf->len = skb->len;
	buf->data = skb->data;
	buf->priv = skb;
	return buf;
}

/**
 * cpg_buf_is_page() - may a packet share this buffer's page
 * @buf: buffer
 *
 * Return: true if the data lies in pages that are counted by their own.
 */
bool cpg_buf_is_page(const struct cpg_buf *buf)
{
	return !buf->priv;
}

void cpg_env_buf_free(struct cpg_buf *buf)
{
	if (buf->priv)
		consume_skb(buf->priv);
	else
		skb_free_frag(buf);
}
