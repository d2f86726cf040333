// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Device memory: the parts of memory BARs that users may map.
 *
 * The front keeps the pages, since it is what shows them to userspace. Reads
 * and writes of the region, the model's own and mappings all see the same
 * bytes.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "vdev_private.h"

bool vdev_has_memory(const struct vdev_model *model)
{
	int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		if (model->bars[i].memory)
			return true;
	return false;
}

static const struct vdev_area *find_area(const struct vdev *vdev,
					 unsigned int bar, u64 offset)
{
	const struct vdev_area *area = vdev->model->bars[bar].memory;

	for (; area && area->size; area++)
		if (offset >= area->offset &&
		    offset - area->offset < area->size)
			return area;
	return NULL;
}

bool vdev_mem_owns(const struct vdev *vdev, unsigned int bar, u64 offset)
{
	return find_area(vdev, bar, offset);
}

/* A read that finds no memory gives ones, as of an address nobody has. */
u64 vdev_mem_load(struct vdev *vdev, unsigned int bar, u64 offset,
		  unsigned int width)
{
	__le64 value = 0;

	if (vdev->front->mem_copy(vdev, bar, offset, &value, width, false))
		return vdev_ones(width);
	return le64_to_cpu(value);
}

int vdev_mem_store(struct vdev *vdev, unsigned int bar, u64 offset,
		   unsigned int width, u64 value)
{
	__le64 le = cpu_to_le64(value);

	return vdev->front->mem_copy(vdev, bar, offset, &le, width, true);
}

static int mem_copy(struct vdev *vdev, unsigned int bar, u64 offset, void *buf,
		    size_t len, bool write)
{
	const struct vdev_area *area;

	lockdep_assert_held(&vdev->lock);
	if (bar >= PCI_STD_NUM_BARS)
		return -EINVAL;
	area = find_area(vdev, bar, offset);
	if (!area || len > area->offset + area->size - offset)
		return -EINVAL;
	return vdev->front->mem_copy(vdev, bar, offset, buf, len, write);
}

/**
 * vdev_mem_read() - read device memory
 * @vdev: the device
 * @bar: number of a memory BAR
 * @offset: bytes from the start of the BAR
 * @buf: what is read, as it was written
 * @len: bytes; the range lies in one area of &vdev_bar.memory
 *
 * The model's own way: it does not depend on the BAR being decoded.
 *
 * Context: device lock held.
 *
 * Return: 0, -EINVAL for a range outside of device memory, -ENOMEM.
 */
int vdev_mem_read(struct vdev *vdev, unsigned int bar, u64 offset, void *buf,
		  size_t len)
{
	return mem_copy(vdev, bar, offset, buf, len, false);
}
EXPORT_SYMBOL_GPL(vdev_mem_read);

/**
 * vdev_mem_write() - write device memory
 * @vdev: the device
 * @bar: as vdev_mem_read()
 * @offset: as vdev_mem_read()
 * @buf: what to write
 * @len: as vdev_mem_read()
 *
 * Context: device lock held.
 *
 * Return: as vdev_mem_read().
 */
int vdev_mem_write(struct vdev *vdev, unsigned int bar, u64 offset,
		   const void *buf, size_t len)
{
	return mem_copy(vdev, bar, offset, (void *)buf, len, true);
}
EXPORT_SYMBOL_GPL(vdev_mem_write);
