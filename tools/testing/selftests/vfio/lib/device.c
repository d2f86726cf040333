// SPDX-License-Identifier: GPL-2.0-only
#include "device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sysfs.h"

const char *dev_path_lacks(const struct vfio_location *loc, enum dev_path path)
{
	if (path == DEV_PATH_DEFAULT)
		path = dev_default_path(loc);
	if (loc->socket[0])
		return path == DEV_PATH_CONTAINER ?
			"vfio-user has one path only" : NULL;
	if (path == DEV_PATH_CONTAINER) {
		if (!loc->group[0])
			return "no group of the device (CONFIG_VFIO_GROUP)";
		if (!sysfs_exists("/dev/vfio/vfio"))
			return "no /dev/vfio/vfio (CONFIG_VFIO_CONTAINER)";
		return NULL;
	}
	if (!loc->cdev[0])
		return "no cdev of the device (CONFIG_VFIO_DEVICE_CDEV)";
	if (!sysfs_exists("/dev/iommu"))
		return "no /dev/iommu (CONFIG_IOMMUFD)";
	return NULL;
}

enum dev_path dev_default_path(const struct vfio_location *loc)
{
	const char *wish = getenv("VFIO_TEST_IOMMU");

	if (loc->socket[0])
		return DEV_PATH_IOMMUFD;
	if (wish && !strcmp(wish, "container"))
		return DEV_PATH_CONTAINER;
	if (wish && !strcmp(wish, "iommufd"))
		return DEV_PATH_IOMMUFD;
	return dev_path_lacks(loc, DEV_PATH_IOMMUFD) ?
		DEV_PATH_CONTAINER : DEV_PATH_IOMMUFD;
}

static void dev_init(struct vfio_dev *dev, const struct vfio_location *loc)
{
	memset(dev, 0, sizeof(*dev));
	dev->fd = -1;
	dev->group_fd = -1;
	dev->iommu_fd = -1;
	dev->sock = -1;
	dev->loc = *loc;
}

int dev_open(struct vfio_dev *dev, const struct vfio_location *loc,
	     enum dev_path path)
{
	dev_init(dev, loc);

	if (path == DEV_PATH_DEFAULT)
		path = dev_default_path(loc);
	if (dev_path_lacks(loc, path))
		return -ENODEV;
	if (loc->socket[0])
		dev->ops = &vfio_user_dev_ops;
	else if (path == DEV_PATH_CONTAINER)
		dev->ops = &container_dev_ops;
	else
		dev->ops = &iommufd_dev_ops;
	return dev->ops->open(dev);
}

int dev_open_second(struct vfio_dev *dev, struct vfio_dev *second)
{
	dev_init(second, &dev->loc);
	second->ops = dev->ops;
	if (!dev->ops->open_second)
		return -EOPNOTSUPP;
	return dev->ops->open_second(dev, second);
}

void dev_close(struct vfio_dev *dev)
{
	if (dev->ops)
		dev->ops->close(dev);
	dev->ops = NULL;
}

int dev_get_info(struct vfio_dev *dev, struct vfio_device_info *info)
{
	return dev->ops->get_info(dev, info);
}

int dev_get_region_info(struct vfio_dev *dev, struct vfio_region_info *info)
{
	return dev->ops->get_region_info(dev, info);
}

int dev_get_irq_info(struct vfio_dev *dev, struct vfio_irq_info *info)
{
	return dev->ops->get_irq_info(dev, info);
}

int dev_set_irqs(struct vfio_dev *dev, struct vfio_irq_set *set)
{
	return dev->ops->set_irqs(dev, set);
}

int dev_reset(struct vfio_dev *dev)
{
	return dev->ops->reset(dev);
}

int dev_feature(struct vfio_dev *dev, struct vfio_device_feature *feature)
{
	return dev->ops->feature(dev, feature);
}

ssize_t dev_read(struct vfio_dev *dev, unsigned int index, void *buf,
		 size_t count, __u64 offset)
{
	return dev->ops->region_read(dev, index, buf, count, offset);
}

ssize_t dev_write(struct vfio_dev *dev, unsigned int index, const void *buf,
		  size_t count, __u64 offset)
{
	return dev->ops->region_write(dev, index, buf, count, offset);
}

void *dev_mmap(struct vfio_dev *dev, unsigned int index, __u64 offset,
	       size_t size, int prot)
{
	return dev->ops->region_mmap(dev, index, offset, size, prot);
}

int dev_dma_map(struct vfio_dev *dev, __u64 iova, void *vaddr, __u64 size,
		__u32 flags)
{
	if (!dev->ops->dma_map)
		return -EOPNOTSUPP;
	return dev->ops->dma_map(dev, iova, vaddr, size, flags);
}

int dev_dma_unmap(struct vfio_dev *dev, __u64 iova, __u64 size)
{
	return dev->ops->dma_unmap(dev, iova, size);
}

void *dev_dma_alloc(struct vfio_dev *dev, __u64 iova, __u64 size, __u32 flags)
{
	int fd = memfd_create("vfio-test", MFD_CLOEXEC);
	void *mem = MAP_FAILED;
	int ret = -ENOMEM;

	if (fd < 0)
		return NULL;
	if (!ftruncate(fd, size))
		mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   0);
	if (mem != MAP_FAILED && dev->ops->dma_map_file)
		ret = dev->ops->dma_map_file(dev, iova, fd, size, flags);
	else if (mem != MAP_FAILED)
		ret = dev_dma_map(dev, iova, mem, size, flags);
	close(fd);
	if (!ret)
		return mem;
	if (mem != MAP_FAILED)
		munmap(mem, size);
	errno = -ret;
	return NULL;
}

void dev_dma_free(struct vfio_dev *dev, __u64 iova, __u64 size, void *mem)
{
	if (!mem)
		return;
	/* a test may have unmapped it, or closed the device */
	if (dev->ops)
		dev_dma_unmap(dev, iova, size);
	munmap(mem, size);
}

static int dirty(struct vfio_dev *dev, __u32 action, __u64 iova, __u64 size,
		 __u64 *bitmap)
{
	if (!dev->ops->dirty)
		return -EOPNOTSUPP;
	return dev->ops->dirty(dev, action, iova, size, bitmap);
}

int dev_dirty_start(struct vfio_dev *dev)
{
	return dirty(dev, VFIO_IOMMU_DIRTY_PAGES_FLAG_START, 0, 0, NULL);
}

int dev_dirty_stop(struct vfio_dev *dev)
{
	return dirty(dev, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP, 0, 0, NULL);
}

int dev_dirty_get(struct vfio_dev *dev, __u64 iova, __u64 size, __u64 *bitmap)
{
	return dirty(dev, VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP, iova, size,
		     bitmap);
}

const struct vfio_region_info *dev_region(struct vfio_dev *dev,
					  unsigned int index)
{
	struct vfio_region_info *info;

	if (index >= DEV_MAX_REGIONS)
		return NULL;
	info = &dev->region[index];
	if (!info->argsz) {
		info->argsz = sizeof(*info);
		info->index = index;
		if (dev_get_region_info(dev, info)) {
			info->argsz = 0;
			return NULL;
		}
	}
	return info;
}
