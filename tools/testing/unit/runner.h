/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a case's process tells the runner by its exit status.
 */
#ifndef _UNIT_RUNNER_H
#define _UNIT_RUNNER_H

enum case_status {
	CASE_PASSED = 0,
	CASE_FAILED = 1,
	CASE_SKIPPED = 4,	/* as KSFT_SKIP */
};

#endif /* _UNIT_RUNNER_H */
