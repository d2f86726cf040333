// SPDX-License-Identifier: GPL-2.0-only
/* Access through a VFIO device file, the same for container and iommufd. */
#include "device.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int file_ioctl(struct vfio_dev *dev, unsigned long cmd, void *arg)
{
	int ret = ioctl(dev->fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

int file_get_info(struct vfio_dev *dev, struct vfio_device_info *info)
{
	return file_ioctl(dev, VFIO_DEVICE_GET_INFO, info);
}

int file_get_region_info(struct vfio_dev *dev, struct vfio_region_info *info)
{
	return file_ioctl(dev, VFIO_DEVICE_GET_REGION_INFO, info);
}

int file_get_irq_info(struct vfio_dev *dev, struct vfio_irq_info *info)
{
	return file_ioctl(dev, VFIO_DEVICE_GET_IRQ_INFO, info);
}

int file_set_irqs(struct vfio_dev *dev, struct vfio_irq_set *set)
{
	return file_ioctl(dev, VFIO_DEVICE_SET_IRQS, set);
}

int file_reset(struct vfio_dev *dev)
{
	return file_ioctl(dev, VFIO_DEVICE_RESET, NULL);
}

int file_feature(struct vfio_dev *dev, struct vfio_device_feature *feature)
{
	return file_ioctl(dev, VFIO_DEVICE_FEATURE, feature);
}

ssize_t file_region_read(struct vfio_dev *dev, unsigned int index, void *buf,
			 size_t count, __u64 offset)
{
	const struct vfio_region_info *info = dev_region(dev, index);
	ssize_t ret;

	if (!info)
		return -ENODEV;
	ret = pread(dev->fd, buf, count, info->offset + offset);
	return ret < 0 ? -errno : ret;
}

ssize_t file_region_write(struct vfio_dev *dev, unsigned int index,
			  const void *buf, size_t count, __u64 offset)
{
	const struct vfio_region_info *info = dev_region(dev, index);
	ssize_t ret;

	if (!info)
		return -ENODEV;
	ret = pwrite(dev->fd, buf, count, info->offset + offset);
	return ret < 0 ? -errno : ret;
}

void *file_region_mmap(struct vfio_dev *dev, unsigned int index, __u64 offset,
		       size_t size, int prot)
{
	const struct vfio_region_info *info = dev_region(dev, index);

	if (!info) {
		errno = ENODEV;
		return MAP_FAILED;
	}
	return mmap(NULL, size, prot, MAP_SHARED, dev->fd,
		    info->offset + offset);
}

void file_close(struct vfio_dev *dev)
{
	/* The device first: it must never outlive its IOMMU context. */
	if (dev->fd >= 0)
		close(dev->fd);
	if (dev->group_fd >= 0)
		close(dev->group_fd);
	if (dev->iommu_fd >= 0)
		close(dev->iommu_fd);
	dev->fd = -1;
	dev->group_fd = -1;
	dev->iommu_fd = -1;
}
