/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_SELFTEST_CLOCK_H
#define VFIO_SELFTEST_CLOCK_H

#include <time.h>

#include <linux/types.h>

#define MS_NS 1000000ULL

/* Monotonic nanoseconds. */
static inline __u64 clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

#endif
