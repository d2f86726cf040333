// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device behind a vfio-user socket. It has no device file, and no IOMMU
 * context: what that would map, the server is told of.
 *
 * There is one path to such a device. It stands in the place of iommufd, since
 * like that it gives no second file.
 */
#include "device.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest.h"
#include "wire.h"

/* What MSI-X has at most */
#define MAX_IRQS	2048

#define DMA_READABLE	0x1
#define DMA_WRITEABLE	0x2

struct access {
	__u64 offset;
	__u32 region;
	__u32 count;
};

struct dma_map {
	__u32 argsz;
	__u32 flags;
	__u64 offset;
	__u64 address;
	__u64 size;
};

struct dma_unmap {
	__u32 argsz;
	__u32 flags;
	__u64 address;
	__u64 size;
};

/* A command without data whose reply is of no interest. */
static int tell(struct vfio_dev *dev, enum wire_command command,
		const void *head, size_t size)
{
	ssize_t ret = wire_call(dev->sock, command, head, size, NULL, 0, NULL,
				0, NULL, 0);

	return ret < 0 ? ret : 0;
}

/*
 * A structure with an argsz, there and back. What the device does not know is
 * left as it is.
 */
static int ask(struct vfio_dev *dev, enum wire_command command, void *info,
	       size_t size)
{
	ssize_t ret = wire_call(dev->sock, command, info, size, NULL, 0, NULL,
				0, info, size);

	return ret < 0 ? ret : 0;
}

static int user_get_info(struct vfio_dev *dev, struct vfio_device_info *info)
{
	return ask(dev, WIRE_GET_INFO, info,
		   offsetof(struct vfio_device_info, num_irqs) + 4);
}

static int user_get_irq_info(struct vfio_dev *dev, struct vfio_irq_info *info)
{
	return ask(dev, WIRE_GET_IRQ_INFO, info, sizeof(*info));
}

static int user_feature(struct vfio_dev *dev,
			struct vfio_device_feature *feature)
{
	return ask(dev, WIRE_FEATURE, feature, sizeof(*feature));
}

static int user_reset(struct vfio_dev *dev)
{
	return tell(dev, WIRE_RESET, NULL, 0);
}

/* Capabilities follow in the reply, and a file to map comes with it. */
static int get_region(struct vfio_dev *dev, struct vfio_region_info *info,
		      int *fd)
{
	__u32 room = info->argsz < sizeof(*info) ? sizeof(*info) : info->argsz;
	ssize_t ret = wire_call_for_fd(dev->sock, WIRE_GET_REGION_INFO, info,
				       sizeof(*info), info, room, fd);

	return ret < 0 ? ret : 0;
}

static int user_get_region_info(struct vfio_dev *dev,
				struct vfio_region_info *info)
{
	int fd, ret = get_region(dev, info, &fd);

	if (fd >= 0)
		close(fd);
	return ret;
}

/* Interrupts */

/*
 * The protocol has the descriptors beside the message: all of a message's
 * interrupts have one, or none has. So many of @fds go into one message.
 */
static unsigned int nr_together(const struct vfio_dev *dev, const __s32 *fds,
				unsigned int nr)
{
	bool unbind = fds[0] < 0;
	unsigned int i;

	for (i = 1; i < nr && i < dev->max_fds; i++) {
		bool also = fds[i] < 0;

		if (also != unbind)
			break;
	}
	return i;
}

static int bind_some(struct vfio_dev *dev, struct vfio_irq_set *head,
		     const __s32 *fds)
{
	unsigned int nr = head->count && fds[0] >= 0 ? head->count : 0;
	ssize_t ret;

	ret = wire_call(dev->sock, WIRE_SET_IRQS, head, sizeof(*head), NULL, 0,
			fds, nr, NULL, 0);
	return ret < 0 ? ret : 0;
}

static int set_eventfds(struct vfio_dev *dev, struct vfio_irq_set *set,
			size_t data_size)
{
	struct vfio_irq_set head = *set;
	const __s32 *fds = (const __s32 *)set->data;
	unsigned int left = set->count;
	int ret = 0;

	/* data that is missing cannot be missing there */
	if (data_size / sizeof(*fds) < set->count)
		return -EINVAL;
	/* ERR and REQ tell -2 from -1, which can be said to a file */
	if (set->count && set->index >= VFIO_PCI_ERR_IRQ_INDEX && fds[0] < -1)
		return -EINVAL;
	head.argsz = sizeof(head);
	do {
		head.count = left ? nr_together(dev, fds, left) : 0;
		ret = bind_some(dev, &head, fds);
		left -= head.count;
		fds += head.count;
		head.start += head.count;
	} while (left && !ret);
	return ret;
}

static int user_set_irqs(struct vfio_dev *dev, struct vfio_irq_set *set)
{
	struct vfio_irq_set head = *set;
	size_t data_size = 0;
	ssize_t ret;

	if (set->argsz > sizeof(head))
		data_size = set->argsz - sizeof(head);
	if ((set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) ==
	    VFIO_IRQ_SET_DATA_EVENTFD && set->argsz >= sizeof(head))
		return set_eventfds(dev, set, data_size);
	/* as much as is needed, of what a test that lies may not have */
	if (!(set->flags & VFIO_IRQ_SET_DATA_BOOL))
		data_size = 0;
	else if (data_size > set->count)
		data_size = set->count;
	if (data_size > MAX_IRQS)
		data_size = MAX_IRQS;
	if (set->argsz >= sizeof(head))
		head.argsz = sizeof(head) + data_size;
	ret = wire_call(dev->sock, WIRE_SET_IRQS, &head, sizeof(head),
			set->data, data_size, NULL, 0, NULL, 0);
	return ret < 0 ? ret : 0;
}

/* Regions */

static __u32 cut_count(size_t count)
{
	return count < WIRE_MAX_DATA ? count : WIRE_MAX_DATA;
}

static ssize_t read_part(struct vfio_dev *dev, unsigned int index, void *buf,
			 size_t count, __u64 offset)
{
	static __thread char reply[sizeof(struct access) + WIRE_MAX_DATA];
	struct access access = { offset, index, cut_count(count) };
	ssize_t ret;

	ret = wire_call(dev->sock, WIRE_REGION_READ, &access, sizeof(access),
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

static ssize_t write_part(struct vfio_dev *dev, unsigned int index,
			  const void *buf, size_t count, __u64 offset)
{
	struct access access = { offset, index, cut_count(count) };
	ssize_t ret;

	ret = wire_call(dev->sock, WIRE_REGION_WRITE, &access, sizeof(access),
			buf, access.count, NULL, 0, &access, sizeof(access));
	if (ret < 0)
		return ret;
	if (ret != sizeof(access) || access.offset != offset ||
	    access.region != index || access.count > count)
		return -EPROTO;
	return access.count;
}

/* A message has room for so much; a file for more, so go on. */
static ssize_t transfer(struct vfio_dev *dev, unsigned int index, char *to,
			const char *from, size_t count, __u64 offset)
{
	ssize_t done = 0, part;

	/* as pread() and pwrite() do */
	if (count > LONG_MAX / 2)
		return -EFAULT;
	do {
		part = to ? read_part(dev, index, to + done, count - done,
				      offset + done) :
			    write_part(dev, index, from + done, count - done,
				       offset + done);
		if (part < 0)
			return done ? done : part;
		done += part;
	} while (part == WIRE_MAX_DATA && (size_t)done < count);
	return done;
}

static ssize_t user_region_read(struct vfio_dev *dev, unsigned int index,
				void *buf, size_t count, __u64 offset)
{
	return transfer(dev, index, buf, NULL, count, offset);
}

static ssize_t user_region_write(struct vfio_dev *dev, unsigned int index,
				 const void *buf, size_t count, __u64 offset)
{
	return transfer(dev, index, NULL, buf, count, offset);
}

/* The server gives a file away; what of it may be mapped is ours to heed. */
static void *user_region_mmap(struct vfio_dev *dev, unsigned int index,
			      __u64 offset, size_t size, int prot)
{
	struct {
		struct vfio_region_info info;
		char capabilities[4096];
	} region = { .info.argsz = sizeof(region), .info.index = index };
	void *mem;
	int fd, ret;

	ret = get_region(dev, &region.info, &fd);
	if (ret || fd < 0) {
		errno = ret ? -ret : EINVAL;
		return MAP_FAILED;
	}
	mem = mmap(NULL, size, prot, MAP_SHARED, fd,
		   region.info.offset + offset);
	close(fd);
	return mem;
}

/* DMA */

static __u32 dma_flags(__u32 flags)
{
	return (flags & VFIO_DMA_MAP_FLAG_READ ? DMA_READABLE : 0) |
	       (flags & VFIO_DMA_MAP_FLAG_WRITE ? DMA_WRITEABLE : 0);
}

/* No memory without a file: the server would ask for it, and nobody answers. */
static int user_dma_map_file(struct vfio_dev *dev, __u64 iova, int fd,
			     __u64 size, __u32 flags)
{
	const struct dma_map map = {
		.argsz = sizeof(map),
		.flags = dma_flags(flags),
		.address = iova,
		.size = size,
	};
	ssize_t ret = wire_call(dev->sock, WIRE_DMA_MAP, &map, sizeof(map),
				NULL, 0, &fd, 1, NULL, 0);

	return ret < 0 ? ret : 0;
}

static int user_dma_unmap(struct vfio_dev *dev, __u64 iova, __u64 size)
{
	const struct dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.address = iova,
		.size = size,
	};

	return tell(dev, WIRE_DMA_UNMAP, &unmap, sizeof(unmap));
}

static int user_open(struct vfio_dev *dev)
{
	dev->sock = wire_connect(dev->loc.socket, &dev->max_fds);
	return dev->sock < 0 ? dev->sock : 0;
}

static void user_close(struct vfio_dev *dev)
{
	if (dev->sock >= 0)
		close(dev->sock);
	dev->sock = -1;
}

const struct vfio_dev_ops vfio_user_dev_ops = {
	.name = "vfio-user",
	.open = user_open,
	.close = user_close,
	.get_info = user_get_info,
	.get_region_info = user_get_region_info,
	.get_irq_info = user_get_irq_info,
	.set_irqs = user_set_irqs,
	.reset = user_reset,
	.feature = user_feature,
	.region_read = user_region_read,
	.region_write = user_region_write,
	.region_mmap = user_region_mmap,
	.dma_map_file = user_dma_map_file,
	.dma_unmap = user_dma_unmap,
};
