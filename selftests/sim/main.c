// SPDX-License-Identifier: GPL-2.0
/*
 * cpg-sim: run seeds, on several cores, and tell which of them break what.
 */
#include <getopt.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "calm.h"
#include "shrink.h"
#include "swarm.h"
#include "timeline.h"

#ifndef SIM_COMMIT
#define SIM_COMMIT "unknown"
#endif

#define U(x)	((unsigned long long)(x))

enum {
	JOBS_MAX = 64,
	TAIL = 60,	/* log entries that are shown of a failure */
	RUN_SECONDS = 60,	/* CPU time: a run that takes more hangs */
};

/**
 * struct job - what a worker tells its parent
 * @seed: that it is at
 * @runs: runs done
 * @failed: of those
 * @packets: handled in all runs
 * @faults: in all runs
 * @views: installed in all runs
 * @msgs: sent in all runs
 * @requeued: messages sent again in all runs
 * @leads: times that a node came to know of another leader, in all runs
 * @repairs: packets sent again in all runs
 * @holds: times that a process held its group back
 * @slow: processes that were put out for it
 * @settle: longest time until all were in one view, at the end of a run
 */
struct job {
	u64	seed;
	u64	runs;
	u64	failed;
	u64	packets;
	u64	faults;
	u64	views;
	u64	msgs;
	u64	requeued;
	u64	leads;
	u64	repairs;
	u64	holds;
	u64	slow;
	u64	settle;
};

struct opts {
	struct swarm_opt	swarm;
	u64			first;
	u64			last;
	u32			jobs;
	u32			tail;
	u32			seconds;
	bool			twice;
	bool			hash;
	bool			ktap;
	bool			go_on;
	u32			calm;
	bool			shrink;
	const char		*script;
	const char		*trace;
	const char		*timeline;
};

static struct sim *the_sim;
static struct sim_script *the_script;
static u64 the_seed;
static double the_start;

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "abort_on_error=1";
}

const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:abort_on_error=1";
}

static FILE *file_open(const char *name)
{
	FILE *f = fopen(name, "w");

	if (!f) {
		perror(name);
		exit(2);
	}
	return f;
}

static void run_tell(const struct opts *o, const char *prop, const char *text)
{
	printf("# seed=%llu commit=%s\n# %s: %s\n", U(the_seed),
	       SIM_COMMIT, prop, text);
	if (!o->swarm.verbose)
		sim_log_print(the_sim, o->tail);
	fflush(stdout);
}

static const struct opts *the_opts;

/* An assertion of the engine, or a sanitizer: tell where, then die of it. */
static void on_abort(int sig)
{
	signal(sig, SIG_DFL);
	run_tell(the_opts, "engine", sig == SIGPROF ? "hangs" : "aborted");
	raise(sig);
}

static void run_once(const struct opts *o, u64 seed)
{
	if (o->script)
		sim_script_run(the_script, the_sim);
	else if (o->calm)
		calm_run(the_sim, seed, o->calm);
	else
		swarm_run(the_sim, the_script, seed, &o->swarm);
}

static bool run_seed(const struct opts *o, u64 seed, struct job *job)
{
	struct itimerval limit = { .it_value.tv_sec = RUN_SECONDS };
	struct sim *s = the_sim;
	u64 hash;

	the_seed = seed;
	setitimer(ITIMER_PROF, &limit, NULL);
	run_once(o, seed);
	hash = s->log.hash;
	if (!sim_failed(s) && o->twice) {
		run_once(o, seed);
		if (!sim_failed(s) && hash != s->log.hash)
			orc_fail(&s->orc, ORC_ENGINE,
				 "two runs of one seed differ");
	}
	if (o->hash)
		printf("%llu %016llx\n", U(seed), U(s->log.hash));
	job->runs++;
	job->packets += s->n_packets;
	job->faults += s->n_faults;
	job->views += s->n_views;
	job->msgs += s->n_msgs;
	job->requeued += s->n_requeued;
	job->leads += s->n_leads;
	job->repairs += s->n_repairs;
	job->holds += s->n_holds;
	job->slow += s->n_slow;
	job->settle = max(job->settle, s->settle_time);
	if (!sim_failed(s))
		return true;
	job->failed++;
	run_tell(o, orc_prop_names[s->orc.prop], s->orc.text);
	return false;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double cpu_of(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* CPU time of all jobs, which have ended: others may be busy here, too. */
static double cpu_seconds(void)
{
	return cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
}

/* Every @o->jobs th seed, from @seed on. */
static void work(const struct opts *o, u64 seed, struct job *job)
{
	for (; seed <= o->last; seed += o->jobs) {
		if (o->seconds && seconds() > the_start + o->seconds)
			break;
		job->seed = seed;
		if (!run_seed(o, seed, job) && !o->go_on)
			break;
	}
	job->seed = 0;
	fflush(stdout);
}

static pid_t job_fork(const struct opts *o, u64 seed, struct job *job)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	work(o, seed, job);
	exit(0);
}

/* A worker that died is counted, and replaced if there is more to do. */
static bool job_again(const struct opts *o, int status, struct job *job,
		      pid_t *pid)
{
	u64 seed = job->seed;

	if (WIFEXITED(status) && !WEXITSTATUS(status) && !seed)
		return false;
	job->failed++;
	job->runs++;
	printf("# seed=%llu commit=%s\n# engine: died, status %d\n",
	       U(seed), SIM_COMMIT, status);
	if (!o->go_on || seed + o->jobs > o->last)
		return false;
	*pid = job_fork(o, seed + o->jobs, job);
	return true;
}

static void run_all(const struct opts *o, struct job *jobs)
{
	pid_t pids[JOBS_MAX];
	u32 left = o->jobs;
	int status;
	pid_t pid;
	u32 i;

	for (i = 0; i < o->jobs; i++)
		pids[i] = job_fork(o, o->first + i, &jobs[i]);
	while (left) {
		pid = wait(&status);
		for (i = 0; i < o->jobs; i++)
			if (pids[i] == pid &&
			    !job_again(o, status, &jobs[i], &pids[i]))
				left--;
	}
}

static void shrink_seed(struct sim_script *sc, struct sim *s, void *arg)
{
	const struct opts *o = arg;

	swarm_run(s, sc, o->first, &o->swarm);
}

static void shrink_script(struct sim_script *sc, struct sim *s, void *arg)
{
	(void)arg;
	sim_script_run(sc, s);
}

static void shrink_tell(const struct sim_script *sc,
			const struct shrink_verdict *v)
{
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "seed-%llu.script", U(sc->cfg.seed));
	f = file_open(name);
	fprintf(f, "# %s: %s\n", orc_prop_names[v->prop], v->text);
	sim_script_write(sc, f);
	fclose(f);
	sim_script_write(sc, stdout);
	printf("# %s: %s\n# again: cpg-sim --script %s\n",
	       orc_prop_names[v->prop], v->text, name);
}

/* Return: false if there was nothing to shrink. */
static bool run_shrink(struct opts *o)
{
	struct sim_script *sc = the_script;
	struct shrink_verdict v, again;
	u32 n = 0;

	if (!o->script) {
		sc = sim_script_create(true);
		shrink_try(sc, the_sim, shrink_seed, o, &v);
		swarm_heal_add(sc);
	} else {
		shrink_try(sc, the_sim, shrink_script, NULL, &v);
	}
	if (!v.prop) {
		printf("# nothing is broken\n");
		return false;
	}
	shrink_try(sc, the_sim, shrink_script, NULL, &again);
	if (again.prop != v.prop || again.died != v.died) {
		printf("# %s: %s; as a script: %s\n", orc_prop_names[v.prop],
		       v.text, orc_prop_names[again.prop]);
		return false;
	}
	printf("# %u steps\n", sc->n);
	n = shrink_run(sc, the_sim, shrink_script, NULL, &v);
	printf("# %u trials, %u steps are left\n", n, sc->n);
	shrink_tell(sc, &v);
	return true;
}

static void script_open(const char *name)
{
	FILE *f = fopen(name, "r");
	const char *why = f ? sim_script_read(the_script, f) : "cannot be read";

	if (f)
		fclose(f);
	if (!why)
		return;
	fprintf(stderr, "%s: %s\n", name, why);
	exit(2);
}

static void timeline_write(struct timeline *tl, const char *name)
{
	size_t len = strlen(name);
	FILE *f = file_open(name);

	if (len > 4 && !strcmp(name + len - 4, ".svg"))
		timeline_svg(tl, the_sim, f);
	else
		timeline_text(tl, the_sim, f);
	fclose(f);
	timeline_exit(tl);
}

static bool run_opts(const struct opts *o)
{
	struct job *jobs, sum = {};
	double t;
	u32 i;

	jobs = mmap(NULL, JOBS_MAX * sizeof(*jobs), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (jobs == MAP_FAILED)
		abort();
	if (o->first == o->last)
		work(o, o->first, jobs);
	else
		run_all(o, jobs);
	for (i = 0; i < o->jobs; i++) {
		sum.runs += jobs[i].runs;
		sum.failed += jobs[i].failed;
		sum.packets += jobs[i].packets;
		sum.faults += jobs[i].faults;
		sum.views += jobs[i].views;
		sum.msgs += jobs[i].msgs;
		sum.requeued += jobs[i].requeued;
		sum.leads += jobs[i].leads;
		sum.repairs += jobs[i].repairs;
		sum.holds += jobs[i].holds;
		sum.slow += jobs[i].slow;
		sum.settle = max(sum.settle, jobs[i].settle);
	}
	t = seconds() - the_start;
	if (o->ktap)
		printf("%sok 1 swarm\n", sum.failed ? "not " : "");
	printf("# %llu runs, %llu failed, %.1f s, %.0f runs/s, %.0f/CPU s\n",
	       U(sum.runs), U(sum.failed), t, (double)sum.runs / t,
	       (double)sum.runs / cpu_seconds());
	printf("# %llu faults, %llu views, %llu messages, %llu of them again\n",
	       U(sum.faults), U(sum.views), U(sum.msgs), U(sum.requeued));
	printf("# %llu packets, %llu sent again, %llu other leaders\n",
	       U(sum.packets), U(sum.repairs), U(sum.leads));
	printf("# %llu times a group held back, %llu processes too slow\n",
	       U(sum.holds), U(sum.slow));
	printf("# in one view within %llu ms\n", U(sum.settle / SIM_MSEC));
	munmap(jobs, JOBS_MAX * sizeof(*jobs));
	return !sum.failed;
}

static void help(FILE *f)
{
	fputs("usage: cpg-sim [options]\n"
	      "  --seed N         run one seed\n"
	      "  --seeds A..B     run all from A to B\n"
	      "  --seconds N      begin no run later than that\n"
	      "  --jobs N         on so many cores; default: all\n"
	      "  --nodes N        nodes, or A..B: the seed decides, as below\n"
	      "  --events N       joins, leaves and messages in all\n"
	      "  --loss P         percent of packets lost\n"
	      "  --faults LIST    with commas, of loss split oneway pair crash\n"
	      "                   stop pause nomem rate mtu clock restart chain\n"
	      "                   storm none all\n"
	      "  --agreed         AGREED messages only\n"
	      "  --check-every N  look at invariants each N calls; 0: never\n"
	      "  --calm N         N minutes of 5 percent loss and short pauses\n"
	      "  --verbose        tell what happens\n"
	      "  --tail N         tell the last N things before a failure\n"
	      "  --twice          run each seed twice: must be the same\n"
	      "  --hash           print the hash of each run\n"
	      "  --go-on          do not stop at the first failure\n"
	      "  --shrink         one seed or script that fails: find a short\n"
	      "                   script that fails, too\n"
	      "  --script FILE    run a script\n"
	      "  --timeline FILE  one seed or script: what happened, as a\n"
	      "                   picture if FILE ends in .svg, else as text\n"
	      "  --trace FILE     one seed: write a trace for cpg-oracle\n"
	      "  --ktap           report as a test\n", f);
}

static bool parse_faults(char *list, u32 *faults)
{
	char *name;
	u32 i;

	*faults = 0;
	for (name = strtok(list, ","); name; name = strtok(NULL, ",")) {
		for (i = 0; i < SWARM_NR; i++)
			if (!strcmp(name, swarm_fault_names[i]))
				break;
		if (i < SWARM_NR)
			*faults |= 1U << i;
		else if (!strcmp(name, "all"))
			*faults |= SWARM_ALL;
		else if (strcmp(name, "none"))
			return false;
	}
	return true;
}

static bool parse_range(const char *arg, u64 *first, u64 *last)
{
	char *end;

	*first = strtoull(arg, &end, 0);
	if (strncmp(end, "..", 2))
		return false;
	*last = strtoull(end + 2, &end, 0);
	return !*end && *first <= *last;
}

/* One number, or two of which the seed decides. */
static bool parse_nodes(const char *arg, struct swarm_opt *opt)
{
	u64 first, last;

	if (!parse_range(arg, &first, &last)) {
		first = strtoull(arg, NULL, 0);
		last = first;
	}
	opt->n_nodes = first;
	opt->max_nodes = last;
	return last <= SIM_NODES_MAX;
}

enum {
	OPT_SEED = 1, OPT_SEEDS, OPT_SECONDS, OPT_JOBS, OPT_NODES, OPT_EVENTS,
	OPT_LOSS,
	OPT_FAULTS, OPT_AGREED, OPT_CHECK, OPT_VERBOSE, OPT_TAIL,
	OPT_TWICE, OPT_HASH, OPT_GO_ON, OPT_KTAP, OPT_CALM, OPT_TRACE,
	OPT_SHRINK, OPT_SCRIPT, OPT_TIMELINE, OPT_HELP,
};

static const struct option options[] = {
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "seeds", required_argument, NULL, OPT_SEEDS },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "jobs", required_argument, NULL, OPT_JOBS },
	{ "nodes", required_argument, NULL, OPT_NODES },
	{ "events", required_argument, NULL, OPT_EVENTS },
	{ "loss", required_argument, NULL, OPT_LOSS },
	{ "faults", required_argument, NULL, OPT_FAULTS },
	{ "agreed", no_argument, NULL, OPT_AGREED },
	{ "calm", required_argument, NULL, OPT_CALM },
	{ "check-every", required_argument, NULL, OPT_CHECK },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "tail", required_argument, NULL, OPT_TAIL },
	{ "twice", no_argument, NULL, OPT_TWICE },
	{ "hash", no_argument, NULL, OPT_HASH },
	{ "go-on", no_argument, NULL, OPT_GO_ON },
	{ "ktap", no_argument, NULL, OPT_KTAP },
	{ "shrink", no_argument, NULL, OPT_SHRINK },
	{ "script", required_argument, NULL, OPT_SCRIPT },
	{ "timeline", required_argument, NULL, OPT_TIMELINE },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "help", no_argument, NULL, OPT_HELP },
	{}
};

static bool parse_one(int opt, struct opts *o)
{
	switch (opt) {
	case OPT_SEED:
		o->first = strtoull(optarg, NULL, 0);
		o->last = o->first;
		return true;
	case OPT_SEEDS:
		return parse_range(optarg, &o->first, &o->last);
	case OPT_SECONDS:
		o->seconds = strtoul(optarg, NULL, 0);
		return o->seconds;
	case OPT_JOBS:
		o->jobs = strtoul(optarg, NULL, 0);
		return o->jobs && o->jobs <= JOBS_MAX;
	case OPT_NODES:
		return parse_nodes(optarg, &o->swarm);
	case OPT_EVENTS:
		o->swarm.n_events = strtoul(optarg, NULL, 0);
		return true;
	case OPT_LOSS:
		o->swarm.loss = strtoul(optarg, NULL, 0);
		o->swarm.loss_set = true;
		return o->swarm.loss <= 100;
	case OPT_FAULTS:
		return parse_faults(optarg, &o->swarm.faults);
	case OPT_CHECK:
		o->swarm.check_every = strtoul(optarg, NULL, 0);
		return true;
	case OPT_CALM:
		o->calm = strtoul(optarg, NULL, 0);
		return o->calm;
	case OPT_TAIL:
		o->tail = strtoul(optarg, NULL, 0);
		return true;
	case OPT_SHRINK:
		return o->shrink = true;
	case OPT_SCRIPT:
		o->script = optarg;
		return true;
	case OPT_TIMELINE:
		o->timeline = optarg;
		return true;
	case OPT_TRACE:
		o->trace = optarg;
		return true;
	case OPT_AGREED:
		return o->swarm.agreed = true;
	case OPT_VERBOSE:
		return o->swarm.verbose = true;
	case OPT_TWICE:
		return o->twice = true;
	case OPT_HASH:
		return o->hash = true;
	case OPT_GO_ON:
		return o->go_on = true;
	case OPT_KTAP:
		return o->ktap = true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	struct opts o = {
		.first = 1, .last = 100, .tail = TAIL,
		.swarm = { .faults = SWARM_RANDOM, .check_every = 1 },
	};
	struct timeline timeline;
	bool ok;
	int opt;

	o.jobs = min_t(long, sysconf(_SC_NPROCESSORS_ONLN), JOBS_MAX);
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == OPT_HELP) {
			help(stdout);
			return 0;
		}
		if (!parse_one(opt, &o)) {
			help(stderr);
			return 2;
		}
	}
	if (o.script)
		o.first = o.last;
	if (((o.trace || o.shrink || o.timeline) && o.first != o.last) ||
	    (o.shrink && o.calm)) {
		help(stderr);
		return 2;
	}
	if (o.ktap)
		puts("TAP version 13\n1..1");
	the_opts = &o;
	the_start = seconds();
	the_sim = sim_create();
	sim_log_keep(the_sim, o.tail);
	the_script = sim_script_create(false);
	if (o.trace)
		the_sim->trace = file_open(o.trace);
	signal(SIGABRT, on_abort);
	signal(SIGPROF, on_abort);
	if (o.script) {
		script_open(o.script);
		the_script->cfg.verbose = o.swarm.verbose;
		the_script->cfg.check_every = o.swarm.check_every;
		o.first = the_script->cfg.seed;
		o.last = o.first;
	}
	if (o.timeline)
		timeline_begin(&timeline, the_sim);
	ok = o.shrink ? run_shrink(&o) : run_opts(&o);
	if (o.timeline)
		timeline_write(&timeline, o.timeline);
	if (the_sim->trace)
		fclose(the_sim->trace);
	sim_destroy(the_sim);
	return ok ? 0 : 1;
}
