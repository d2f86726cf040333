/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Sentences for people, on standard error: what is wrong, with what value, and
 * what to do.
 */
#ifndef VDEV_REPORT_H
#define VDEV_REPORT_H

#include <errno.h>
#include <linux/printk.h>

#define report(fmt, ...) \
	pr_err("%s: " fmt "\n", program_invocation_short_name, ##__VA_ARGS__)

#endif /* VDEV_REPORT_H */
