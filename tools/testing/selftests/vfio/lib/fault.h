/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Systematic fault injection: the first, the second, ... allocation or user
 * copy that a step makes fails, until the step gets through without
 * (Documentation/fault-injection/fault-injection.rst, /proc/self/.../fail-nth).
 *
 *	struct fault fault = { 0 };
 *
 *	while (fault_arm(&fault)) {
 *		ret = step();
 *		injected = fault_disarm(&fault);
 *		...
 *	}
 */
#ifndef VFIO_SELFTEST_FAULT_H
#define VFIO_SELFTEST_FAULT_H

#include <stdbool.h>

struct fault {
	unsigned int nth;
	bool done;
};

/* NULL, or why this kernel cannot inject faults. */
const char *fault_prepare(void);

/*
 * Injects no faults under @function of the kernel, for one whose own error
 * handling is not what is tested; NULL ends it. False if this kernel cannot.
 */
bool fault_spare(const char *function);

/* Injects faults only under the code of a loaded module; NULL ends it. */
bool fault_only_under(const char *module);

/* False after the first step that ran without a fault. */
bool fault_arm(struct fault *fault);

/* True if a fault was injected since fault_arm(). */
bool fault_disarm(struct fault *fault);

/* Whether @err is what a user may be told of a fault. */
bool fault_error_is_clean(int err);

#endif
