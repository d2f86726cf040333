/* SPDX-License-Identifier: GPL-2.0-only */
/* One memory cgroup of the unified hierarchy. */
#ifndef VFIO_SELFTEST_CGROUP_H
#define VFIO_SELFTEST_CGROUP_H

#include <linux/types.h>

/* Its directory; or NULL, and @why tells what is missing. */
const char *cgroup_make(const char **why);
void cgroup_remove(const char *group);

/* Moves the calling process into it. */
void cgroup_enter(const char *group);

/* memory.current, in bytes. */
__u64 cgroup_memory(const char *group);

#endif
