/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO_DEVICE_SET_IRQS, for vector 0 of an index unless it is said otherwise;
 * every call 0 or -errno.
 */
#ifndef VFIO_SELFTEST_IRQ_H
#define VFIO_SELFTEST_IRQ_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>
#include <linux/vfio.h>

#include "device.h"

/* Largest payload of irq_set_raw(): all eventfds that MSI-X can have. */
#define IRQ_DATA_MAX (2048 * 4)

/* The bare ioctl; argsz covers the header and @len bytes of @data. */
int irq_set_raw(struct vfio_dev *dev, __u32 flags, __u32 index, __u32 start,
		__u32 count, const void *data, size_t len);

/* @action is one of VFIO_IRQ_SET_ACTION_*. */
int irq_none(struct vfio_dev *dev, __u32 index, __u32 action);
int irq_bool(struct vfio_dev *dev, __u32 index, __u32 action, bool val);
int irq_eventfd(struct vfio_dev *dev, __u32 index, __u32 action, int fd);

/* Ways in which tests use them most. */
int irq_bind(struct vfio_dev *dev, __u32 index, int fd);
int irq_bind_vector(struct vfio_dev *dev, __u32 index, __u32 vector, int fd);
int irq_disable(struct vfio_dev *dev, __u32 index);
int irq_mask(struct vfio_dev *dev);
int irq_unmask(struct vfio_dev *dev);

#endif
