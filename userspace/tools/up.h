/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpg up: configurations from words and from files, and the wait for others.
 */
#ifndef _CPG_TOOLS_UP_H
#define _CPG_TOOLS_UP_H

#include "nl.h"

/* What a command returns to the shell. */
enum {
	EXIT_OK,
	EXIT_FAILED,
	EXIT_USAGE,
};

/**
 * struct up_args - what follows "cpg up"
 * @conf: what words configure
 * @file: corosync's configuration, or NULL
 * @nodeid: of this node in @file, 0 to look for a local address
 * @wait: seconds to wait for another node
 */
struct up_args {
	struct nl_conf	conf;
	const char	*file;
	__u32		nodeid;
	__u32		wait;
};

/* Reads the words; EXIT_*, after an error message if it is not EXIT_OK. */
int up_parse(struct up_args *args, int argc, char **argv);

int up_run(struct nl *nl, struct up_args *args);

#endif /* _CPG_TOOLS_UP_H */
