// SPDX-License-Identifier: GPL-2.0
/*
 * splat: do wrong on request, so that the runner can be seen to notice.
 *
 * Each file in /sys/kernel/debug/splat is one kind of wrong, done by a write
 * to it.
 */

#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static DEFINE_MUTEX(splat_a);
static DEFINE_MUTEX(splat_b);
static DEFINE_SPINLOCK(splat_lock);
static struct dentry *splat_dir;

/* Written by nobody: the compiler must not know what they are. */
static volatile int splat_index = 5;
static volatile unsigned char splat_sink;

static void splat_none(void)
{
}

static void splat_warn(void)
{
	WARN(1, "splat: a warning\n");
}

static void splat_uaf(void)
{
	volatile unsigned char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	kfree((void *)p);
	splat_sink = p[8];
}

static void splat_oob(void)
{
	volatile unsigned char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	splat_sink = p[64 + splat_index];
	kfree((void *)p);
}

static void splat_abba(void)
{
	mutex_lock(&splat_a);
	mutex_lock(&splat_b);
	mutex_unlock(&splat_b);
	mutex_unlock(&splat_a);

	mutex_lock(&splat_b);
	mutex_lock(&splat_a);
	mutex_unlock(&splat_a);
	mutex_unlock(&splat_b);
}

static void splat_atomic(void)
{
	spin_lock(&splat_lock);
	msleep(20);
	spin_unlock(&splat_lock);
}

static void splat_ubsan(void)
{
	static volatile int array[4];

	splat_sink = array[splat_index & 7];
}

static void splat_leak(void)
{
	splat_sink = !!kmalloc(128, GFP_KERNEL);
}

static void splat_hang(void)
{
	DECLARE_COMPLETION_ONSTACK(never);

	wait_for_completion(&never);
}

static void splat_null(void)
{
	splat_sink = *(volatile unsigned char *)(8L * (splat_index - 4));
}

static const struct {
	const char *name;
	void (*run)(void);
} splat_kinds[] = {
	{ "none", splat_none },
	{ "warn", splat_warn },
	{ "uaf", splat_uaf },
	{ "oob", splat_oob },
	{ "abba", splat_abba },
	{ "atomic", splat_atomic },
	{ "ubsan", splat_ubsan },
	{ "leak", splat_leak },
	{ "hang", splat_hang },
	{ "null", splat_null },
};

static ssize_t splat_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	splat_kinds[(long)file_inode(file)->i_private].run();
	return count;
}

static const struct file_operations splat_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = splat_write,
};

static int __init splat_init(void)
{
	long i;

	splat_dir = debugfs_create_dir("splat", NULL);
	if (IS_ERR(splat_dir))
		return PTR_ERR(splat_dir);
	for (i = 0; i < ARRAY_SIZE(splat_kinds); i++)
		debugfs_create_file(splat_kinds[i].name, 0200, splat_dir,
				    (void *)i, &splat_fops);
	return 0;
}

static void __exit splat_exit(void)
{
	debugfs_remove(splat_dir);
}

module_init(splat_init);
module_exit(splat_exit);

MODULE_DESCRIPTION("Does wrong on request, to test the test runner");
MODULE_LICENSE("GPL");
