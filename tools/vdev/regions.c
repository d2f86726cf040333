// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Regions: information and accesses. Answers are those that a VFIO device
 * file gives: beyond the end of a region there is nothing, and an access
 * across it is cut short.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <linux/vfio.h>
#include <string.h>

#include "commands.h"
#include "memory.h"
#include "server_private.h"

static_assert(VDEV_REGION_CONFIG == VFIO_PCI_CONFIG_REGION_INDEX, "as VFIO");
static_assert((int)VDEV_NUM_REGIONS == VFIO_PCI_NUM_REGIONS, "as VFIO");

/* What of a region clients may map. */
static const struct vdev_area *memory_of(const struct vdev *vdev,
					 unsigned int region)
{
	const struct vdev_server *server = vdev->front_data;

	if (region >= PCI_STD_NUM_BARS || server->no_mmap)
		return NULL;
	return vdev->model->bars[region].memory;
}

/* How many areas can be mapped, where that is not all of the BAR; or else 0. */
static unsigned int nr_sparse_areas(const struct vdev *vdev,
				    unsigned int region)
{
	const struct vdev_area *area = memory_of(vdev, region);
	unsigned int nr;

	if (!area || (!area->offset &&
		      area->size == vdev_region_size(vdev, region)))
		return 0;
	for (nr = 0; area->size; area++)
		nr++;
	return nr;
}

static size_t sparse_size(unsigned int nr)
{
	struct vfio_region_info_cap_sparse_mmap *sparse;

	return nr ? sizeof(*sparse) + nr * sizeof(sparse->areas[0]) : 0;
}

static void add_sparse(struct reply *reply, const struct vdev_area *area,
		       unsigned int nr)
{
	const struct vfio_region_info_cap_sparse_mmap sparse = {
		.header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP,
		.header.version = 1,
		.nr_areas = nr,
	};

	reply_add(reply, &sparse, sizeof(sparse));
	for (; nr--; area++) {
		const struct vfio_region_sparse_mmap_area sparse_area = {
			.offset = area->offset,
			.size = area->size,
		};

		reply_add(reply, &sparse_area, sizeof(sparse_area));
	}
}

/* A descriptor for the client of the file that has the region's memory. */
static int add_memory(struct reply *reply, struct vdev *vdev,
		      unsigned int region)
{
	int fd = memory_file(vdev, region);

	if (fd < 0)
		return fd;
	reply->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return reply->fd < 0 ? -errno : 0;
}

/*
 * Where memory is, the place of the region in its file: that has no other, so
 * it starts at 0. Where there is none it is the place in a device file.
 */
static void describe_region(const struct vdev *vdev,
			    struct vfio_region_info *info)
{
	info->size = vdev_region_size(vdev, info->index);
	info->offset = (u64)info->index << VDEV_REGION_SHIFT;
	info->flags = info->size ? VFIO_REGION_INFO_FLAG_READ : 0;
	info->cap_offset = 0;
	if (info->size && info->index != VDEV_REGION_ROM)
		info->flags |= VFIO_REGION_INFO_FLAG_WRITE;
	if (memory_of(vdev, info->index)) {
		info->offset = 0;
		info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	}
}

/*
 * A client that has room for a part only is told how much it takes, and gets
 * capabilities and file descriptor when it asks again. Then too it is told
 * where the capabilities are in the whole, other than by a device file: QEMU
 * takes nothing else for an answer.
 */
int handle_get_region_info(struct client *client,
			   const struct message *message, struct reply *reply)
{
	struct vdev *vdev = client->server->vdev;
	struct vfio_region_info info;
	unsigned int nr_areas;
	bool whole;

	memcpy(&info, message->body, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VDEV_NUM_REGIONS)
		return -EINVAL;
	describe_region(vdev, &info);
	nr_areas = nr_sparse_areas(vdev, info.index);
	whole = info.argsz >= sizeof(info) + sparse_size(nr_areas);
	info.argsz = sizeof(info) + sparse_size(nr_areas);
	if (nr_areas) {
		info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		info.cap_offset = sizeof(info);
	}
	reply_add(reply, &info, sizeof(info));
	if (!whole)
		return 0;
	if (nr_areas)
		add_sparse(reply, memory_of(vdev, info.index), nr_areas);
	return info.flags & VFIO_REGION_INFO_FLAG_MMAP ?
	       add_memory(reply, vdev, info.index) : 0;
}

/* Cut an access off at the end of its region. 0 or -EINVAL. */
static int locate(const struct vdev *vdev,
		  struct vfio_user_region_access *access)
{
	u32 size;

	if (access->region >= VDEV_NUM_REGIONS ||
	    access->count > MAX_DATA_XFER_SIZE)
		return -EINVAL;
	size = vdev_region_size(vdev, access->region);
	if (access->offset >= size)
		return -EINVAL;
	access->count = min_t(u64, access->count, size - access->offset);
	return 0;
}

/* The widest naturally aligned access at @offset that takes at most @left. */
static unsigned int access_width(unsigned int region, u32 offset, u32 left)
{
	unsigned int width = region == VDEV_REGION_CONFIG ? 4 : 8;

	while (width > left || (offset & (width - 1)))
		width >>= 1;
	return width;
}

static void read_region(struct vdev *vdev,
			const struct vfio_user_region_access *access, u8 *data)
{
	u32 offset = access->offset;
	u32 left = access->count;

	while (left) {
		unsigned int width = access_width(access->region, offset, left);
		u64 value = vdev_read(vdev, access->region, offset, width);
		unsigned int i;

		for (i = 0; i < width; i++)
			*data++ = value >> (8 * i);
		offset += width;
		left -= width;
	}
}

static int write_region(struct vdev *vdev,
			const struct vfio_user_region_access *access,
			const u8 *data)
{
	u32 offset = access->offset;
	u32 left = access->count;
	int ret = 0;

	while (left && !ret) {
		unsigned int width = access_width(access->region, offset, left);
		unsigned int i;
		u64 value = 0;

		for (i = 0; i < width; i++)
			value |= (u64)*data++ << (8 * i);
		ret = vdev_write(vdev, access->region, offset, width, value);
		offset += width;
		left -= width;
	}
	return ret;
}

int handle_region_read(struct client *client, const struct message *message,
		       struct reply *reply)
{
	struct vdev *vdev = client->server->vdev;
	struct vfio_user_region_access access;
	int ret;

	memcpy(&access, message->body, sizeof(access));
	ret = locate(vdev, &access);
	if (ret)
		return ret;
	reply_add(reply, &access, sizeof(access));
	read_region(vdev, &access, reply->body + reply->size);
	reply->size += access.count;
	return 0;
}

int handle_region_write(struct client *client, const struct message *message,
			struct reply *reply)
{
	struct vdev *vdev = client->server->vdev;
	struct vfio_user_region_access access;
	int ret;

	memcpy(&access, message->body, sizeof(access));
	if (access.count != message->size - sizeof(access))
		return -EINVAL;
	ret = locate(vdev, &access);
	if (ret)
		return ret;
	ret = write_region(vdev, &access, message->body + sizeof(access));
	reply_add(reply, &access, sizeof(access));
	return ret;
}

static int write_one(struct vdev *vdev, struct vfio_user_write_one *one)
{
	int ret;

	if (one->access.count > sizeof(one->data))
		return -EINVAL;
	ret = locate(vdev, &one->access);
	if (ret)
		return ret;
	return write_region(vdev, &one->access, one->data);
}

/* Ends with the first write that fails. If that is the very first, so fail. */
int handle_region_write_multi(struct client *client,
			      const struct message *message,
			      struct reply *reply)
{
	const u8 *next = message->body + sizeof(u64);
	size_t size = message->size - sizeof(u64);
	struct vfio_user_write_one one;
	u64 count, done;
	int ret = 0;

	memcpy(&count, message->body, sizeof(count));
	if (size % sizeof(one) || count != size / sizeof(one))
		return -EINVAL;
	for (done = 0; done < count; done++) {
		memcpy(&one, next, sizeof(one));
		next += sizeof(one);
		ret = write_one(client->server->vdev, &one);
		if (ret)
			break;
	}
	if (ret && !done)
		return ret;
	reply_add(reply, &done, sizeof(done));
	return 0;
}
