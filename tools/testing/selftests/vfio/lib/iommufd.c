// SPDX-License-Identifier: GPL-2.0-only
/* Device cdev bound to an iommufd and attached to an IOAS of its own. */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/iommufd.h>

static int iommufd_bind_attach(struct vfio_dev *dev)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
	};
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	bind.iommufd = dev->iommu_fd;
	if (ioctl(dev->fd, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		return -errno;
	if (ioctl(dev->iommu_fd, IOMMU_IOAS_ALLOC, &alloc))
		return -errno;
	dev->ioas_id = alloc.out_ioas_id;
	attach.pt_id = dev->ioas_id;
	if (ioctl(dev->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		return -errno;
	return 0;
}

static int iommufd_open(struct vfio_dev *dev)
{
	int ret = 0;

	dev->iommu_fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (dev->iommu_fd < 0)
		return -errno;
	dev->fd = open(dev->loc.cdev, O_RDWR | O_CLOEXEC);
	if (dev->fd < 0)
		ret = -errno;
	if (!ret)
		ret = iommufd_bind_attach(dev);
	if (ret)
		file_close(dev);
	return ret;
}

static int iommufd_dma_map(struct vfio_dev *dev, __u64 iova, void *vaddr,
			   __u64 size, __u32 flags)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA,
		.ioas_id = dev->ioas_id,
		.user_va = (uintptr_t)vaddr,
		.length = size,
		.iova = iova,
	};

	if (flags & VFIO_DMA_MAP_FLAG_READ)
		map.flags |= IOMMU_IOAS_MAP_READABLE;
	if (flags & VFIO_DMA_MAP_FLAG_WRITE)
		map.flags |= IOMMU_IOAS_MAP_WRITEABLE;
	return ioctl(dev->iommu_fd, IOMMU_IOAS_MAP, &map) ? -errno : 0;
}

static int iommufd_dma_unmap(struct vfio_dev *dev, __u64 iova, __u64 size)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = dev->ioas_id,
		.iova = iova,
		.length = size,
	};

	return ioctl(dev->iommu_fd, IOMMU_IOAS_UNMAP, &unmap) ? -errno : 0;
}

const struct vfio_dev_ops iommufd_dev_ops = {
	.name = "iommufd",
	.open = iommufd_open,
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
	.dma_map = iommufd_dma_map,
	.dma_unmap = iommufd_dma_unmap,
};
