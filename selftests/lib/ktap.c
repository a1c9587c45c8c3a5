// SPDX-License-Identifier: GPL-2.0
/* See ktap.h. */
#include <setjmp.h>
#include <stdarg.h>

#include "ktap.h"

static char text[4096];
static jmp_buf out;

const char *ktap_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return text;
}

void ktap_ok(const char *why)
{
	if (!why)
		return;
	if (why != text)
		ktap_fail("%s", why);
	longjmp(out, 1);
}

static const char *ktap_one(const struct ktap_test *test)
{
	return setjmp(out) ? text : test->fn();
}

int ktap_run(const struct ktap_test *tests, u32 n, const char *only)
{
	const char *why;
	int bad = 0;
	u32 i;

	printf("TAP version 13\n1..%u\n", n);
	for (i = 0; i < n; i++) {
		if (only && !strstr(tests[i].name, only)) {
			printf("ok %u %s # SKIP not asked for\n", i + 1,
			       tests[i].name);
			continue;
		}
		why = ktap_one(&tests[i]);
		if (why)
			printf("# %s: %s\n", tests[i].name, why);
		printf("%sok %u %s\n", why ? "not " : "", i + 1,
		       tests[i].name);
		fflush(stdout);
		bad |= !!why;
	}
	return bad;
}
