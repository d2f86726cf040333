// SPDX-License-Identifier: GPL-2.0-only
/*
 * Group and container. /dev/vfio/vfio is type1, or iommufd's imitation of it
 * where the kernel has CONFIG_IOMMUFD_VFIO_CONTAINER; a user cannot tell.
 */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest.h"

static int container_set_iommu(int container)
{
	static const int types[] = {
		VFIO_TYPE1v2_IOMMU, VFIO_TYPE1_IOMMU, VFIO_NOIOMMU_IOMMU,
	};
	unsigned int i;

	if (ioctl(container, VFIO_GET_API_VERSION) != VFIO_API_VERSION)
		return -EPROTO;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if (ioctl(container, VFIO_CHECK_EXTENSION, types[i]) <= 0)
			continue;
		return ioctl(container, VFIO_SET_IOMMU, types[i]) ? -errno : 0;
	}
	return -EOPNOTSUPP;
}

static int container_connect(struct vfio_dev *dev)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	dev->iommu_fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (dev->iommu_fd < 0)
		return -errno;
	dev->group_fd = open(dev->loc.group, O_RDWR | O_CLOEXEC);
	if (dev->group_fd < 0)
		return -errno;
	if (ioctl(dev->group_fd, VFIO_GROUP_GET_STATUS, &status))
		return -errno;
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return -EPERM;
	if (ioctl(dev->group_fd, VFIO_GROUP_SET_CONTAINER, &dev->iommu_fd))
		return -errno;
	return container_set_iommu(dev->iommu_fd);
}

static int container_open(struct vfio_dev *dev)
{
	int ret = container_connect(dev);

	if (!ret) {
		dev->fd = ioctl(dev->group_fd, VFIO_GROUP_GET_DEVICE_FD,
				dev->loc.name);
		if (dev->fd < 0)
			ret = -errno;
	}
	if (ret)
		file_close(dev);
	return ret;
}

static int container_open_second(struct vfio_dev *dev, struct vfio_dev *second)
{
	second->fd = ioctl(dev->group_fd, VFIO_GROUP_GET_DEVICE_FD,
			   dev->loc.name);
	return second->fd < 0 ? -errno : 0;
}

static int container_dma_map(struct vfio_dev *dev, __u64 iova, void *vaddr,
			     __u64 size, __u32 flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.vaddr = (uintptr_t)vaddr,
		.iova = iova,
		.size = size,
	};

	return ioctl(dev->iommu_fd, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

static int container_dma_unmap(struct vfio_dev *dev, __u64 iova, __u64 size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};

	if (ioctl(dev->iommu_fd, VFIO_IOMMU_UNMAP_DMA, &unmap))
		return -errno;
	/* type1 takes nothing for an answer too */
	return unmap.size == size ? 0 : -ENOENT;
}

static int container_dirty(struct vfio_dev *dev, __u32 action, __u64 iova,
			   __u64 size, __u64 *bitmap)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap dirty;
		struct vfio_iommu_type1_dirty_bitmap_get range;
	} arg = {
		.dirty.argsz = sizeof(arg),
		.dirty.flags = action,
		.range.iova = iova,
		.range.size = size,
		.range.bitmap.pgsize = DEV_DIRTY_PAGE,
		.range.bitmap.size =
			(size / DEV_DIRTY_PAGE + 63) / 64 * sizeof(*bitmap),
		.range.bitmap.data = bitmap,
	};

	if (!ioctl(dev->iommu_fd, VFIO_IOMMU_DIRTY_PAGES, &arg))
		return 0;
	/* iommufd's imitation of a container has none */
	return errno == ENOTTY ? -EOPNOTSUPP : -errno;
}

const struct vfio_dev_ops container_dev_ops = {
	.name = "container",
	.open = container_open,
	.open_second = container_open_second,
	.close = file_close,
	.get_info = file_get_info,
	.get_region_info = file_get_region_info,
	.get_irq_info = file_get_irq_info,
	.set_irqs = file_set_irqs,
	.reset = file_reset,
	.feature = file_feature,
	.region_read = file_region_read,
	.region_write = file_region_write,
	.region_mmap = file_region_mmap,
	.dma_map = container_dma_map,
	.dma_unmap = container_dma_unmap,
	.dirty = container_dirty,
};
