/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For steps that a test takes for granted: a failure there is no finding of
 * that test, yet going on would only produce misleading ones.
 */
#ifndef VFIO_SELFTEST_MUST_H
#define VFIO_SELFTEST_MUST_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kselftest.h"

/*
 * abort() is what the harness takes for a failed assertion. The mdev of an
 * aborted test stays behind; its UUID says that it is ours (see subject.h).
 */
#define must(cond, fmt, ...)						\
	((cond) ? (void)0 : must_fail(__FILE__, __LINE__, fmt, ##__VA_ARGS__))

static inline __noreturn __printf(3, 4) void
must_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "# %s:%d: ", file, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

#endif
