// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: any bytes as a corosync.conf.
 */
#include <stdlib.h>
#include <string.h>

#include "../../userspace/tools/conf.h"

int conf_fuzz(const __u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

int conf_fuzz(const __u8 *data, size_t size)
{
	char error[CONF_ERROR_MAX];
	static struct conf conf;
	int err;

	err = conf_parse(&conf, "corosync.conf", (const char *)data, size,
			 error);
	/* Either nodes or a reason, never both */
	if (err ? !*error : *error || !conf.n_nodes)
		abort();
	return 0;
}
