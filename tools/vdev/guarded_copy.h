/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Copying from and to mapped files of somebody who may cut them short at any
 * time. What is mapped beyond the end of a file raises SIGBUS.
 */
#ifndef VDEV_GUARDED_COPY_H
#define VDEV_GUARDED_COPY_H

#include <stddef.h>

/* Before the first copy. 0 or a negative errno. */
int guarded_copy_prepare(void);

/*
 * 0, or -EFAULT if some of it is not there. An aligned number of 2, 4 or 8 bytes
 * is copied at once.
 */
int guarded_copy(void *to, const void *from, size_t size);

#endif /* VDEV_GUARDED_COPY_H */
