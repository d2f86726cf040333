// SPDX-License-Identifier: GPL-2.0-only
/*
 * Group and container. /dev/vfio/vfio is type1, or iommufd's imitation of it
 * where the kernel has CONFIG_IOMMUFD_VFIO_CONTAINER; a user cannot tell.
 */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
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
};
