// SPDX-License-Identifier: GPL-2.0
/*
 * cpg-oracle FILE...: does what was traced have the properties that it must?
 *
 * The files are merged by the times of their lines, so they have to be of one
 * clock; of lines at the same time those of the file named first are first.
 * "-" is the standard input.  Exit status 0: it has; 1: it has not; 2: nothing
 * can be said.
 */
#include <errno.h>

#include "trace.h"

struct input {
	const char	*name;
	FILE		*f;
	char		*line;
	size_t		size;
	u64		no;
	u64		t;
	bool		is_there;
};

/* The next line; one without a time goes with the one before it. */
static void input_next(struct input *in)
{
	in->is_there = getline(&in->line, &in->size, in->f) > 0;
	in->no++;
	if (in->is_there)
		trace_time(in->line, &in->t);
}

static struct input *input_first(struct input *in, int n)
{
	struct input *first = NULL;
	int i;

	for (i = 0; i < n; i++)
		if (in[i].is_there && (!first || in[i].t < first->t))
			first = &in[i];
	return first;
}

static bool input_open(struct input *in, const char *name)
{
	in->name = name;
	in->f = strcmp(name, "-") ? fopen(name, "r") : stdin;
	if (!in->f) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		return false;
	}
	input_next(in);
	return true;
}

static int check(struct orc *o, struct input *inputs, int n)
{
	struct trace_reader *r = trace_reader_create(o);
	struct input *in;

	while (!o->prop && (in = input_first(inputs, n))) {
		if (!trace_reader_line(r, in->line)) {
			printf("%s:%llu: lines are lost, or not understood: %s",
			       in->name, (unsigned long long)in->no, in->line);
			return 2;
		}
		if (o->prop)
			printf("%s:%llu: %s", in->name,
			       (unsigned long long)in->no, in->line);
		input_next(in);
	}
	if (!o->prop)
		trace_reader_finish(r);
	if (o->prop) {
		printf("%s: %s\n", orc_prop_names[o->prop], o->text);
		return 1;
	}
	if (!trace_reader_lines(r)) {
		printf("nothing was traced\n");
		return 2;
	}
	printf("ok: %llu lines, %u lives, %u processes\n",
	       (unsigned long long)trace_reader_lines(r), o->n_lives,
	       o->n_procs);
	return 0;
}

int main(int argc, char **argv)
{
	struct sim_arena arena = {};
	struct input *inputs;
	struct orc orc;
	int i;

	if (argc < 2) {
		fprintf(stderr, "usage: cpg-oracle FILE...\n");
		return 2;
	}
	inputs = calloc(argc, sizeof(*inputs));
	if (!inputs)
		return 2;
	for (i = 1; i < argc; i++)
		if (!input_open(&inputs[i - 1], argv[i]))
			return 2;
	orc_init(&orc, &arena, 0);
	return check(&orc, inputs, argc - 1);
}
