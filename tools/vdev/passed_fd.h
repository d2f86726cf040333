/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * File descriptors that a client passes to us.
 */
#ifndef VDEV_PASSED_FD_H
#define VDEV_PASSED_FD_H

#include <linux/types.h>

/* Kinds that the protocol has a use for: eventfds, and files with memory. */
bool is_eventfd(int fd);
bool is_file(int fd);

#endif /* VDEV_PASSED_FD_H */
