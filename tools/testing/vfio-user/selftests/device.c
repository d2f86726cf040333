// SPDX-License-Identifier: GPL-2.0-only
/*
 * lib/device.h over a vfio-user socket. The name of the model is where that of
 * a device of the kernel is, the socket is where that has its IOMMU context;
 * it has no device file.
 *
 * There is one path to such a device. It stands in the place of iommufd, since
 * like that it gives no second file.
 */
#include "lib/device.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "servers.h"
#include "wire.h"

#define MAX_FDS 16

struct access {
	__u64 offset;
	__u32 region;
	__u32 count;
};

static int sock_of(struct vfio_dev *dev)
{
	return dev->iommu_fd;
}

/*
 * A structure with an argsz, there and back. What the device does not know is
 * left as it is.
 */
static int ask(struct vfio_dev *dev, enum wire_command command, void *info,
	       size_t size)
{
	ssize_t ret = wire_call(sock_of(dev), command, info, size, NULL, 0,
				NULL, 0, info, size);

	return ret < 0 ? ret : 0;
}

int dev_get_info(struct vfio_dev *dev, struct vfio_device_info *info)
{
	return ask(dev, WIRE_GET_INFO, info,
		   offsetof(struct vfio_device_info, num_irqs) + 4);
}

int dev_get_region_info(struct vfio_dev *dev, struct vfio_region_info *info)
{
	return ask(dev, WIRE_GET_REGION_INFO, info, sizeof(*info));
}

int dev_get_irq_info(struct vfio_dev *dev, struct vfio_irq_info *info)
{
	return ask(dev, WIRE_GET_IRQ_INFO, info, sizeof(*info));
}

int dev_reset(struct vfio_dev *dev)
{
	ssize_t ret = wire_call(sock_of(dev), WIRE_RESET, NULL, 0, NULL, 0,
				NULL, 0, NULL, 0);

	return ret < 0 ? ret : 0;
}

int dev_feature(struct vfio_dev *dev, struct vfio_device_feature *feature)
{
	return ask(dev, WIRE_FEATURE, feature, sizeof(*feature));
}

/* The protocol has the descriptors beside the message: all, or none for -1. */
static int set_eventfds(struct vfio_dev *dev, struct vfio_irq_set *set,
			size_t data_size)
{
	struct vfio_irq_set head = *set;
	int fds[MAX_FDS];
	unsigned int nr = 0;
	ssize_t ret;

	/* data that is missing cannot be missing there */
	if (data_size / sizeof(__s32) < set->count)
		return -EINVAL;
	if (set->count && set->count <= MAX_FDS) {
		memcpy(fds, set->data, set->count * sizeof(*fds));
		nr = fds[0] < 0 ? 0 : set->count;
		/* ERR and REQ tell -2 from -1, which can be said to a file */
		if (set->index >= VFIO_PCI_ERR_IRQ_INDEX && fds[0] < -1)
			return -EINVAL;
	}
	head.argsz = sizeof(head);
	ret = wire_call(sock_of(dev), WIRE_SET_IRQS, &head, sizeof(head),
			NULL, 0, fds, nr, NULL, 0);
	return ret < 0 ? ret : 0;
}

int dev_set_irqs(struct vfio_dev *dev, struct vfio_irq_set *set)
{
	struct vfio_irq_set head = *set;
	size_t data_size = 0;
	ssize_t ret;

	if (set->argsz > sizeof(head))
		data_size = set->argsz - sizeof(head);
	if ((set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) ==
	    VFIO_IRQ_SET_DATA_EVENTFD && set->argsz >= sizeof(head))
		return set_eventfds(dev, set, data_size);
	/* as much as there is room for in the message, and is needed */
	if (!(set->flags & VFIO_IRQ_SET_DATA_BOOL))
		data_size = 0;
	else if (data_size > set->count)
		data_size = set->count;
	if (data_size > 4)
		data_size = 4;
	if (set->argsz >= sizeof(head))
		head.argsz = sizeof(head) + data_size;
	ret = wire_call(sock_of(dev), WIRE_SET_IRQS, &head, sizeof(head),
			set->data, data_size, NULL, 0, NULL, 0);
	return ret < 0 ? ret : 0;
}

static __u32 cut_count(size_t count)
{
	return count < WIRE_MAX_DATA ? count : WIRE_MAX_DATA;
}

ssize_t dev_read(struct vfio_dev *dev, unsigned int index, void *buf,
		 size_t count, __u64 offset)
{
	struct access access = { offset, index, cut_count(count) };
	char reply[sizeof(access) + 4096];
	ssize_t ret;

	/* as pread() does */
	if (count > LONG_MAX / 2)
		return -EFAULT;
	ret = wire_call(sock_of(dev), WIRE_REGION_READ, &access, sizeof(access),
			NULL, 0, NULL, 0, reply, sizeof(reply));
	if (ret < 0)
		return ret;
	memcpy(&access, reply, sizeof(access));
	if (access.offset != offset || access.region != index ||
	    access.count != ret - sizeof(access) || access.count > count)
		return -EPROTO;
	memcpy(buf, reply + sizeof(access), access.count);
	return access.count;
}

ssize_t dev_write(struct vfio_dev *dev, unsigned int index, const void *buf,
		  size_t count, __u64 offset)
{
	struct access access = { offset, index, cut_count(count) };
	ssize_t ret;

	/* as pwrite() does */
	if (count > LONG_MAX / 2)
		return -EFAULT;
	ret = wire_call(sock_of(dev), WIRE_REGION_WRITE, &access,
			sizeof(access), buf, access.count, NULL, 0,
			&access, sizeof(access));
	if (ret < 0)
		return ret;
	if (ret != sizeof(access) || access.offset != offset ||
	    access.region != index || access.count > count)
		return -EPROTO;
	return access.count;
}

enum dev_path dev_default_path(const struct vfio_location *loc)
{
	return DEV_PATH_IOMMUFD;
}

const char *dev_path_lacks(const struct vfio_location *loc, enum dev_path path)
{
	return path == DEV_PATH_CONTAINER ? "vfio-user has one path only" : NULL;
}

int dev_open(struct vfio_dev *dev, const struct vfio_location *loc,
	     enum dev_path path)
{
	memset(dev, 0, sizeof(*dev));
	dev->fd = -1;
	dev->group_fd = -1;
	dev->loc = *loc;
	dev->iommu_fd = wire_connect(server_path(loc->name));
	return dev->iommu_fd < 0 ? dev->iommu_fd : 0;
}

int dev_open_second(struct vfio_dev *dev, struct vfio_dev *second)
{
	return -EOPNOTSUPP;
}

void dev_close(struct vfio_dev *dev)
{
	if (dev->iommu_fd > 0)
		close(dev->iommu_fd);
	dev->iommu_fd = -1;
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
