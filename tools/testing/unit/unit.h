/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test program of many cases, each in a process of its own.
 *
 * A case fails by returning from one of the EXPECTs below, by an assertion or
 * a sanitizer's finding anywhere, by a leak, or by taking too long. Whatever
 * it does, the next case starts from the same state. Results are KTAP.
 */
#ifndef _UNIT_H
#define _UNIT_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct unit_case - one thing that is tested
 * @name: its name
 * @run: returns if it passed
 */
struct unit_case {
	const char *name;
	void (*run)(void);
};

#define UNIT_CASE(function)	{ .name = #function, .run = function }

/**
 * struct unit_suite - cases about one subject
 * @name: the subject
 * @cases: the cases, the last has a NULL name
 */
struct unit_suite {
	const char *name;
	const struct unit_case *cases;
};

/* The case has failed. */
void __noreturn __printf(3, 4)
unit_fail(const char *file, int line, const char *fmt, ...);

/* The case cannot be run here. */
void __noreturn unit_skip(const char *reason);

/* Where a long case is; printed if it fails. */
void __printf(1, 2) unit_context(const char *fmt, ...);

#define EXPECT(condition) do {						\
	if (!(condition))						\
		unit_fail(__FILE__, __LINE__, "not so: %s",		\
			  #condition);					\
} while (0)

/* Both are converted to u64, so -EINVAL and the like compare as expected. */
#define EXPECT_EQ(got, want) do {					\
	u64 __got = (got);						\
	u64 __want = (want);						\
									\
	if (__got != __want)						\
		unit_fail(__FILE__, __LINE__,				\
			  "%s: got %lld (0x%llx), want %lld (0x%llx)",	\
			  #got, __got, __got, __want, __want);		\
} while (0)

#define EXPECT_STREQ(got, want)						\
	unit_expect_streq(__FILE__, __LINE__, #got, got, want)

void unit_expect_streq(const char *file, int line, const char *what,
		       const char *got, const char *want);

/*
 * @statement ends the program with abort(), after a message that contains
 * @text. It runs in a process of its own.
 */
#define EXPECT_ABORT(statement, text) do {				\
	if (unit_abort_begin()) {					\
		statement;						\
		unit_abort_missed();					\
	}								\
	unit_abort_end(__FILE__, __LINE__, #statement, text);		\
} while (0)

bool unit_abort_begin(void);
void __noreturn unit_abort_missed(void);
void unit_abort_end(const char *file, int line, const char *what,
		    const char *text);

#endif /* _UNIT_H */
