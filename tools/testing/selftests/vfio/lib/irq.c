// SPDX-License-Identifier: GPL-2.0-only
#include "irq.h"

#include <string.h>

#include "must.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX

int irq_set_raw(struct vfio_dev *dev, __u32 flags, __u32 index, __u32 start,
		__u32 count, const void *data, size_t len)
{
	__u64 buf[(sizeof(struct vfio_irq_set) + IRQ_DATA_MAX) / 8 + 1];
	struct vfio_irq_set *set = (void *)buf;

	must(len <= IRQ_DATA_MAX, "%zu bytes of irq data", len);
	set->argsz = sizeof(*set) + len;
	set->flags = flags;
	set->index = index;
	set->start = start;
	set->count = count;
	if (len)
		memcpy(set->data, data, len);
	return dev_set_irqs(dev, set);
}

int irq_none(struct vfio_dev *dev, __u32 index, __u32 action)
{
	return irq_set_raw(dev, VFIO_IRQ_SET_DATA_NONE | action, index, 0, 1,
			   NULL, 0);
}

int irq_bool(struct vfio_dev *dev, __u32 index, __u32 action, bool val)
{
	__u8 byte = val;

	return irq_set_raw(dev, VFIO_IRQ_SET_DATA_BOOL | action, index, 0, 1,
			   &byte, sizeof(byte));
}

int irq_eventfd(struct vfio_dev *dev, __u32 index, __u32 action, int fd)
{
	__s32 data = fd;

	return irq_set_raw(dev, VFIO_IRQ_SET_DATA_EVENTFD | action, index, 0, 1,
			   &data, sizeof(data));
}

int irq_bind(struct vfio_dev *dev, __u32 index, int fd)
{
	return irq_eventfd(dev, index, VFIO_IRQ_SET_ACTION_TRIGGER, fd);
}

int irq_bind_vector(struct vfio_dev *dev, __u32 index, __u32 vector, int fd)
{
	__s32 data = fd;

	return irq_set_raw(dev, VFIO_IRQ_SET_DATA_EVENTFD |
			   VFIO_IRQ_SET_ACTION_TRIGGER, index, vector, 1, &data,
			   sizeof(data));
}

int irq_disable(struct vfio_dev *dev, __u32 index)
{
	return irq_set_raw(dev, VFIO_IRQ_SET_DATA_NONE |
			   VFIO_IRQ_SET_ACTION_TRIGGER, index, 0, 0, NULL, 0);
}

int irq_mask(struct vfio_dev *dev)
{
	return irq_none(dev, INTX, VFIO_IRQ_SET_ACTION_MASK);
}

int irq_unmask(struct vfio_dev *dev)
{
	return irq_none(dev, INTX, VFIO_IRQ_SET_ACTION_UNMASK);
}
