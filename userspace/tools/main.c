// SPDX-License-Identifier: GPL-2.0
/*
 * cpg - configure closed process groups and show what they are like.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "nl.h"
#include "show.h"
#include "up.h"
#include "util.h"

static const char main_usage[] =
	"Usage: cpg up id N local ADDR [port P] [cluster NAME] [profile NAME]\n"
	"              [heartbeat MS] [suspect MS] [votes N] [expected N]\n"
	"              [peer ID ADDR [votes N]]...\n"
	"              [--wait S | --no-wait]\n"
	"       cpg up --conf FILE [--nodeid N] [profile NAME] [heartbeat MS]\n"
	"              [suspect MS] [--wait S | --no-wait]\n"
	"       cpg down\n"
	"       cpg lead ID\n"
	"       cpg show [-j] [node | view | peers | groups | counters]\n"
	"       cpg --help | --version\n";

static int main_bad_usage(const char *what, const char *word)
{
	fprintf(stderr, "cpg: %s%s%s%s\n%s", what, word ? " \"" : "",
		word ? word : "", word ? "\"" : "", main_usage);
	return EXIT_USAGE;
}

static int main_failed(const struct nl *nl)
{
	fprintf(stderr, "cpg: %s\n", nl_error(nl));
	return EXIT_FAILED;
}

static int main_up(struct nl *nl, int argc, char **argv)
{
	struct up_args *args = malloc(sizeof(*args));
	int status;

	if (!args) {
		fprintf(stderr, "cpg: %s\n", strerror(errno));
		return EXIT_FAILED;
	}

	status = up_parse(args, argc, argv);
	if (status == EXIT_USAGE)
		fputs(main_usage, stderr);
	if (status == EXIT_OK)
		status = up_run(nl, args);
	free(args);
	return status;
}

static int main_down(struct nl *nl, int argc, char **argv)
{
	if (argc)
		return main_bad_usage("\"down\" is not followed by",
				      argv[0]);
	if (nl_node_down(nl))
		return main_failed(nl);
	return EXIT_OK;
}

static int main_lead(struct nl *nl, int argc, char **argv)
{
	__u32 nodeid;

	if (!argc)
		return main_bad_usage("something is missing after",
				      "lead");
	if (conf_number(argv[0], 1, UINT32_MAX, &nodeid))
		return main_bad_usage("the node that is to lead has an id, not",
				      argv[0]);
	if (argc > 1)
		return main_bad_usage("a leader is not followed by", argv[1]);
	if (nl_lead(nl, nodeid))
		return main_failed(nl);
	return EXIT_OK;
}

/* The section of that name, 0 if there is none. */
static unsigned int main_show_what(const char *word)
{
	static const struct {
		const char	*name;
		unsigned int	what;
	} sections[] = {
		{ "node",	SHOW_NODE },
		{ "view",	SHOW_VIEW },
		{ "peers",	SHOW_PEERS },
		{ "groups",	SHOW_GROUPS },
		{ "counters",	SHOW_COUNTERS },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sections); i++)
		if (!strcmp(word, sections[i].name))
			return sections[i].what;
	return 0;
}

static int main_print(struct nl *nl, unsigned int what, bool json)
{
	struct nl_node *node = malloc(sizeof(*node));
	struct nl_groups groups = {};
	int status = EXIT_OK;

	if (!node) {
		fprintf(stderr, "cpg: %s\n", strerror(errno));
		return EXIT_FAILED;
	}

	if (nl_node_get(nl, node) ||
	    (what & SHOW_GROUPS && nl_group_get(nl, &groups)))
		status = main_failed(nl);
	else if (json)
		show_json(stdout, what, node, &groups);
	else
		show_text(stdout, what, node, &groups);
	nl_groups_free(&groups);
	free(node);
	return status;
}

static int main_show(struct nl *nl, int argc, char **argv, bool json)
{
	unsigned int what = 0;
	unsigned int more;

	for (; argc; argc--, argv++) {
		if (!strcmp(argv[0], "-j") || !strcmp(argv[0], "--json")) {
			json = true;
			continue;
		}
		more = main_show_what(argv[0]);
		if (!more)
			return main_bad_usage("there is no section",
					      argv[0]);
		what |= more;
	}

	if (!what)
		what = SHOW_NODE | SHOW_VIEW | SHOW_PEERS | SHOW_GROUPS |
		       (json ? SHOW_COUNTERS : 0);
	return main_print(nl, what, json);
}

static int main_command(struct nl *nl, int argc, char **argv)
{
	bool json = false;

	if (argc && (!strcmp(argv[0], "-j") || !strcmp(argv[0], "--json"))) {
		json = true;
		argc--;
		argv++;
	}
	if (!argc)
		return main_bad_usage("there is no command", NULL);
	if (!strcmp(argv[0], "show"))
		return main_show(nl, argc - 1, argv + 1, json);
	if (json)
		return main_bad_usage("-j belongs to \"show\", not to",
				      argv[0]);
	if (!strcmp(argv[0], "up"))
		return main_up(nl, argc - 1, argv + 1);
	if (!strcmp(argv[0], "down"))
		return main_down(nl, argc - 1, argv + 1);
	if (!strcmp(argv[0], "lead"))
		return main_lead(nl, argc - 1, argv + 1);
	return main_bad_usage("there is no command", argv[0]);
}

int main(int argc, char **argv)
{
	struct nl *nl;
	int status;

	if (argc == 2 && (!strcmp(argv[1], "--help") ||
			  !strcmp(argv[1], "-h"))) {
		fputs(main_usage, stdout);
		return EXIT_OK;
	}
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("cpg 0.1");
		return EXIT_OK;
	}

	nl = nl_create();
	if (!nl) {
		fprintf(stderr, "cpg: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	status = main_command(nl, argc - 1, argv + 1);
	nl_destroy(nl);

	if (fflush(stdout)) {
		fprintf(stderr, "cpg: %s\n", strerror(errno));
		status = EXIT_FAILED;
	}
	return status;
}
