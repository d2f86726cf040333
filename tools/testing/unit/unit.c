// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a case fails. See unit.h.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner.h"
#include "unit.h"

static char context[256];

void unit_context(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
}

/* _exit(): what a failed case leaves behind is not worth a leak report */
void unit_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	printf("# %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	if (context[0])
		printf("# at: %s\n", context);
	fflush(stdout);
	_exit(CASE_FAILED);
}

void unit_skip(const char *reason)
{
	printf("# skipped: %s\n", reason);
	fflush(stdout);
	_exit(CASE_SKIPPED);
}

void unit_expect_streq(const char *file, int line, const char *what,
		       const char *got, const char *want)
{
	if (!got || strcmp(got, want))
		unit_fail(file, line, "%s: got \"%s\", want \"%s\"", what,
			  got ? got : "(null)", want);
}

static pid_t abort_child;
static int abort_output;

bool unit_abort_begin(void)
{
	int ends[2];

	fflush(stdout);
	if (pipe(ends))
		unit_fail(__FILE__, __LINE__, "no pipe");
	abort_child = fork();
	if (abort_child < 0)
		unit_fail(__FILE__, __LINE__, "no process");
	if (!abort_child) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		return true;
	}
	close(ends[1]);
	abort_output = ends[0];
	return false;
}

void unit_abort_missed(void)
{
	_exit(0);
}

void unit_abort_end(const char *file, int line, const char *what,
		    const char *text)
{
	char output[4096];
	size_t length = 0;
	ssize_t got;
	int status;

	do {
		got = read(abort_output, output + length,
			   sizeof(output) - 1 - length);
		if (got > 0)
			length += got;
	} while (got > 0);
	output[length] = '\0';
	close(abort_output);
	waitpid(abort_child, &status, 0);

	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
		unit_fail(file, line, "%s: did not abort: %s", what, output);
	if (!strstr(output, text))
		unit_fail(file, line, "%s: aborted without \"%s\": %s", what,
			  text, output);
}
