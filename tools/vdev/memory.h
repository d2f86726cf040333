/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Device memory: the parts of memory BARs that clients may map.
 */
#ifndef VDEV_MEMORY_H
#define VDEV_MEMORY_H

#include <linux/vdev.h>

struct vdev_server;

/* Before the device exists: none of it has been touched. */
void memory_init(struct vdev_server *server);

/*
 * The file that has the memory of a BAR; it is as large as the BAR. It belongs
 * to the server. Or a negative errno.
 */
int memory_file(struct vdev *vdev, unsigned int bar);

/* The client is gone, and what it has mapped is nobody else's. */
void memory_drop(struct vdev_server *server);

/* Services of the front, see &struct vdev_front_ops. */
int memory_copy(struct vdev *vdev, unsigned int bar, u64 offset, void *buf,
		size_t len, bool write);
void memory_decode(struct vdev *vdev, bool enabled);
void memory_clear(struct vdev *vdev);

#endif /* VDEV_MEMORY_H */
