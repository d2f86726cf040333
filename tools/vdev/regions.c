// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Regions: information and accesses. Answers are those that a VFIO device
 * file gives: beyond the end of a region there is nothing, and an access
 * across it is cut short.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <linux/vfio.h>
#include <string.h>

#include "commands.h"
#include "server_private.h"

static_assert(VDEV_REGION_CONFIG == VFIO_PCI_CONFIG_REGION_INDEX, "as VFIO");
static_assert((int)VDEV_NUM_REGIONS == VFIO_PCI_NUM_REGIONS, "as VFIO");

int handle_get_region_info(struct client *client,
			   const struct message *message, struct reply *reply)
{
	struct vfio_region_info info;

	memcpy(&info, message->body, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VDEV_NUM_REGIONS)
		return -EINVAL;
	info.argsz = sizeof(info);
	info.size = vdev_region_size(client->server->vdev, info.index);
	info.offset = (u64)info.index << VDEV_REGION_SHIFT;
	info.flags = info.size ? VFIO_REGION_INFO_FLAG_READ |
				 VFIO_REGION_INFO_FLAG_WRITE : 0;
	info.cap_offset = 0;
	reply_add(reply, &info, sizeof(info));
	return 0;
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

static void write_region(struct vdev *vdev,
			 const struct vfio_user_region_access *access,
			 const u8 *data)
{
	u32 offset = access->offset;
	u32 left = access->count;

	while (left) {
		unsigned int width = access_width(access->region, offset, left);
		unsigned int i;
		u64 value = 0;

		for (i = 0; i < width; i++)
			value |= (u64)*data++ << (8 * i);
		vdev_write(vdev, access->region, offset, width, value);
		offset += width;
		left -= width;
	}
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
	write_region(vdev, &access, message->body + sizeof(access));
	reply_add(reply, &access, sizeof(access));
	return 0;
}

static int write_one(struct vdev *vdev, struct vfio_user_write_one *one)
{
	int ret;

	if (one->access.count > sizeof(one->data))
		return -EINVAL;
	ret = locate(vdev, &one->access);
	if (ret)
		return ret;
	write_region(vdev, &one->access, one->data);
	return 0;
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
