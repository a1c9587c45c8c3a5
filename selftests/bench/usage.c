// SPDX-License-Identifier: GPL-2.0
/* What the guest has used: CPU time, context switches, packets, memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/*
 * Time that was not idle: the kernel counts idle time exactly, and all other
 * kinds by whom a tick finds.
 */
static uint64_t busy_time(const char *line, int64_t now)
{
	unsigned long long field[5] = { 0 };
	uint64_t idle;

	if (sscanf(line, "cpu %llu %llu %llu %llu %llu", &field[0], &field[1],
		   &field[2], &field[3], &field[4]) != 5)
		bench_die("/proc/stat");
	idle = (field[3] + field[4]) * (NSEC_PER_SEC / sysconf(_SC_CLK_TCK));
	return now * sysconf(_SC_NPROCESSORS_ONLN) - idle;
}

static FILE *open_proc(const char *name)
{
	FILE *file = fopen(name, "re");

	if (!file)
		bench_die(name);
	return file;
}

static void read_stat(struct bench_usage *usage)
{
	FILE *file = open_proc("/proc/stat");
	unsigned long long value;
	char line[8192];

	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "cpu ", 4))
			usage->busy = busy_time(line, usage->when);
		else if (sscanf(line, "ctxt %llu", &value) == 1)
			usage->switches = value;
	}
	fclose(file);
}

/* The bridge receives on p1, p2, ... what the nodes send. */
static void read_links(struct bench_usage *usage)
{
	FILE *file = open_proc("/proc/thread-self/net/dev");
	unsigned long long bytes, packets;
	unsigned int node;
	char line[512];

	usage->packets = 0;
	usage->bytes = 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " p%u: %llu %llu", &node, &bytes,
			   &packets) == 3) {
			usage->packets += packets;
			usage->bytes += bytes;
		}
	}
	fclose(file);
}

/* Memory that files in the page cache do not hold, in bytes. */
int64_t bench_memory_used(void)
{
	static const struct {
		const char	*name;
		int		sign;
	} parts[] = {
		{ "MemTotal:", 1 }, { "MemFree:", -1 }, { "Buffers:", -1 },
		{ "Cached:", -1 }, { "Shmem:", 1 },
	};
	FILE *file = open_proc("/proc/meminfo");
	char line[128], name[32];
	long long value;
	int64_t sum = 0;
	size_t i;

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%31s %lld", name, &value) != 2)
			continue;
		for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
			if (!strcmp(name, parts[i].name))
				sum += parts[i].sign * value * 1024;
	}
	fclose(file);
	return sum;
}

void bench_usage_get(struct bench_usage *usage)
{
	usage->when = bench_now();
	read_stat(usage);
	read_links(usage);
}
