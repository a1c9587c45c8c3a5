// SPDX-License-Identifier: GPL-2.0
/*
 * See shrink.h.  Every trial is a process: the engine may abort in it, or
 * hang.  The steps are cut into pieces, each is left out in turn, and what is
 * not needed stays out; then the pieces are halved.
 */
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "shrink.h"

enum {
	TRIAL_SECONDS = 10,	/* CPU time: a trial that takes more hangs */
	SHORT_LEN = 8,		/* a message that long is told from others */
};

static struct shrink_verdict *verdict_get(void)
{
	static struct shrink_verdict *v;

	if (!v)
		v = mmap(NULL, sizeof(*v), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (v == MAP_FAILED)
		abort();
	memset(v, 0, sizeof(*v));
	return v;
}

/* Does not return. */
static void trial(struct sim_script *sc, struct sim *s, shrink_fn fn, void *arg,
		  struct shrink_verdict *v)
{
	struct itimerval limit = { .it_value.tv_sec = TRIAL_SECONDS };

	/* What is told of a death is told by who looks for it. */
	signal(SIGABRT, SIG_DFL);
	signal(SIGPROF, SIG_DFL);
	if (!freopen("/dev/null", "w", stderr))
		abort();
	setitimer(ITIMER_PROF, &limit, NULL);
	fn(sc, s, arg);
	v->prop = s->orc.prop;
	memcpy(v->text, s->orc.text, sizeof(v->text));
	_exit(0);
}

/**
 * shrink_try() - a run in a process of its own
 * @sc: script
 * @s: simulator
 * @fn: runs it
 * @arg: for @fn
 * @v: stores what came of it
 */
void shrink_try(struct sim_script *sc, struct sim *s, shrink_fn fn, void *arg,
		struct shrink_verdict *v)
{
	struct shrink_verdict *shared = verdict_get();
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		abort();
	if (!pid)
		trial(sc, s, fn, arg, shared);
	if (waitpid(pid, &status, 0) != pid)
		abort();
	*v = *shared;
	if (!WIFSIGNALED(status))
		return;
	v->died = true;
	v->prop = ORC_ENGINE;
	snprintf(v->text, sizeof(v->text), "%s",
		 WTERMSIG(status) == SIGPROF ? "hangs" : "aborted");
}

/**
 * struct shrink - shrinking under way
 * @sc: the shortest so far
 * @cut: the one that is tried
 * @s: simulator
 * @fn: runs a script
 * @arg: for @fn
 * @v: what has to come of it
 * @n: trials so far
 */
struct shrink {
	struct sim_script	*sc;
	struct sim_script	*cut;
	struct sim		*s;
	shrink_fn		fn;
	void			*arg;
	struct shrink_verdict	*v;
	u32			n;
};

/* Is what @sh->cut holds as good? */
static bool still_broken(struct shrink *sh)
{
	struct shrink_verdict v;

	sh->n++;
	shrink_try(sh->cut, sh->s, sh->fn, sh->arg, &v);
	if (v.prop != sh->v->prop || v.died != sh->v->died)
		return false;
	*sh->v = v;
	sh->sc->n = sh->cut->n;
	memcpy(sh->sc->op, sh->cut->op, sh->cut->n * sizeof(*sh->cut->op));
	return true;
}

static void cut_begin(struct shrink *sh)
{
	sh->cut->cfg = sh->sc->cfg;
	sh->cut->n = 0;
	sh->cut->n_procs = sh->sc->n_procs;
}

/* The end of faults stays: a cluster need not be well before. */
static bool op_stays(const struct sim_op *op)
{
	return op->kind == SIM_OP_HEAL || op->kind == SIM_OP_END;
}

/* All but @n steps from @first on; false if that leaves out nothing. */
static bool cut_out(struct shrink *sh, u32 first, u32 n)
{
	const struct sim_script *sc = sh->sc;
	u32 i;

	cut_begin(sh);
	for (i = 0; i < sc->n; i++)
		if (i < first || i >= first + n || op_stays(&sc->op[i]))
			sh->cut->op[sh->cut->n++] = sc->op[i];
	return sh->cut->n < sc->n;
}

static bool shrink_pass(struct shrink *sh, u32 n)
{
	bool done = false;
	u32 first = 0;

	while (first < sh->sc->n) {
		if (cut_out(sh, first, n) && still_broken(sh))
			done = true;
		else
			first += n;
	}
	return done;
}

/* Short messages are easier to look at. */
static void shrink_messages(struct shrink *sh)
{
	struct sim_op *op;
	u32 i;

	for (i = 0; i < sh->sc->n; i++) {
		op = &sh->sc->op[i];
		if (op->kind != SIM_OP_SEND || op->a[2] <= SHORT_LEN)
			continue;
		cut_out(sh, 0, 0);
		sh->cut->op[i].a[2] = SHORT_LEN;
		still_broken(sh);
	}
}

/**
 * shrink_run() - make a script shorter
 * @sc: a script that breaks something; becomes the shorter one
 * @s: simulator
 * @fn: runs it
 * @arg: for @fn
 * @v: what it breaks; at the end, how the shorter one does
 *
 * Return: how many scripts were tried.
 */
u32 shrink_run(struct sim_script *sc, struct sim *s, shrink_fn fn, void *arg,
	       struct shrink_verdict *v)
{
	struct shrink sh = {
		.sc = sc, .cut = sim_script_create(false), .s = s, .fn = fn,
		.arg = arg, .v = v,
	};
	u32 n;

	for (n = max_t(u32, sc->n / 2, 1); n > 1; n /= 2)
		shrink_pass(&sh, n);
	while (shrink_pass(&sh, 1))
		;
	shrink_messages(&sh);
	return sh.n;
}
