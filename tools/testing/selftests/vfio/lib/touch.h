/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads from and stores to memory that may answer with SIGBUS, as device memory
 * does while its BAR is not decoded. For any number of threads, and after
 * fork().
 */
#ifndef VFIO_SELFTEST_TOUCH_H
#define VFIO_SELFTEST_TOUCH_H

#include <stdbool.h>

#include <linux/types.h>

/* Whether there was an answer. What got SIGBUS has had no effect. */
bool touch_load(const void *addr, __u32 *val);
bool touch_store(void *addr, __u32 val);

#endif
