/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers for property tests. The seed is printed, and taken from
 * VFIO_TEST_SEED when a failure is to be repeated.
 */
#ifndef VFIO_SELFTEST_RANDOM_H
#define VFIO_SELFTEST_RANDOM_H

#include <linux/types.h>

void random_seed(void);
__u32 random_u32(void);
/* Less than @end. */
__u32 random_below(__u32 end);
/* Mostly the values at which masks go wrong: 0, all ones, single bits. */
__u32 random_register_value(void);

#endif
