/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The vfio-user protocol as it is on the wire, versions 0.0 to 0.2: see
 * docs/interop/vfio-user.rst in QEMU's source.
 *
 * Numbers are in the byte order of the host. What <linux/vfio.h> defines has
 * its form; only what is peculiar to the protocol is here. A message may lie
 * at any address, so structures are copied out of it.
 */
#ifndef VDEV_PROTOCOL_H
#define VDEV_PROTOCOL_H

#include <assert.h>
#include <linux/types.h>

#define VFIO_USER_MAJOR		0
#define VFIO_USER_MINOR		2

enum vfio_user_command {
	VFIO_USER_VERSION		= 1,
	VFIO_USER_DMA_MAP		= 2,
	VFIO_USER_DMA_UNMAP		= 3,
	VFIO_USER_DEVICE_GET_INFO	= 4,
	VFIO_USER_DEVICE_GET_REGION_INFO = 5,
	VFIO_USER_DEVICE_GET_IRQ_INFO	= 7,
	VFIO_USER_DEVICE_SET_IRQS	= 8,
	VFIO_USER_REGION_READ		= 9,
	VFIO_USER_REGION_WRITE		= 10,
	VFIO_USER_DMA_READ		= 11,	/* server to client */
	VFIO_USER_DMA_WRITE		= 12,	/* server to client */
	VFIO_USER_DEVICE_RESET		= 13,
	VFIO_USER_REGION_WRITE_MULTI	= 15,
	VFIO_USER_DEVICE_FEATURE	= 16,
	VFIO_USER_COMMANDS
};

/**
 * struct vfio_user_header - what every message starts with
 * @id: the sender's own; a reply has that of the command
 * @command: what it is about
 * @size: of the message in bytes, this header included
 * @flags: VFIO_USER_TYPE_*, VFIO_USER_NO_REPLY, VFIO_USER_ERROR
 * @error: errno of a reply with VFIO_USER_ERROR
 */
struct vfio_user_header {
	u16 id;
	u16 command;
	u32 size;
	u32 flags;
	u32 error;
};

#define VFIO_USER_TYPE_MASK	0xfU
#define VFIO_USER_TYPE_COMMAND	0x0U
#define VFIO_USER_TYPE_REPLY	0x1U
#define VFIO_USER_NO_REPLY	0x10U
#define VFIO_USER_ERROR		0x20U

/**
 * struct vfio_user_version - VERSION, both ways
 * @major: of the protocol
 * @minor: of the protocol
 *
 * Then capabilities in JSON, with a NUL at the end, or nothing.
 */
struct vfio_user_version {
	u16 major;
	u16 minor;
};

/**
 * struct vfio_user_dma_map - DMA_MAP
 * @argsz: size of this structure
 * @flags: VFIO_USER_DMA_*
 * @offset: where the memory starts in the file that comes with the message
 * @address: where the device finds it
 * @size: bytes
 */
struct vfio_user_dma_map {
	u32 argsz;
	u32 flags;
	u64 offset;
	u64 address;
	u64 size;
};

#define VFIO_USER_DMA_READABLE	0x1U
#define VFIO_USER_DMA_WRITEABLE	0x2U
#define VFIO_USER_DMA_MMAP	0x4U
#define VFIO_USER_DMA_FILE_IO	0x8U

/**
 * struct vfio_user_dma_unmap - DMA_UNMAP, both ways
 * @argsz: room for the reply
 * @flags: VFIO_DMA_UNMAP_FLAG_ALL
 * @address: as it was mapped
 * @size: as it was mapped
 */
struct vfio_user_dma_unmap {
	u32 argsz;
	u32 flags;
	u64 address;
	u64 size;
};

/**
 * struct vfio_user_device_info - DEVICE_GET_INFO, both ways
 * @argsz: room for the reply, and its size in the reply
 * @flags: VFIO_DEVICE_FLAGS_*
 * @num_regions: how many regions there are
 * @num_irqs: how many kinds of interrupts there are
 */
struct vfio_user_device_info {
	u32 argsz;
	u32 flags;
	u32 num_regions;
	u32 num_irqs;
};

/**
 * struct vfio_user_region_access - REGION_READ and REGION_WRITE, both ways
 * @offset: in the region
 * @region: index of the region
 * @count: bytes; they follow in a write command and in the reply to a read
 */
struct vfio_user_region_access {
	u64 offset;
	u32 region;
	u32 count;
};

/**
 * struct vfio_user_write_one - element of REGION_WRITE_MULTI, after their count
 * @access: where, and how many of @data
 * @data: what
 */
struct vfio_user_write_one {
	struct vfio_user_region_access access;
	u8 data[8];
};

/**
 * struct vfio_user_dma_access - DMA_READ and DMA_WRITE, both ways
 * @address: as the device knows it
 * @count: bytes; they follow in a write command and in the reply to a read
 */
struct vfio_user_dma_access {
	u64 address;
	u64 count;
};

static_assert(sizeof(struct vfio_user_header) == 16, "no padding");
static_assert(sizeof(struct vfio_user_dma_map) == 32, "no padding");
static_assert(sizeof(struct vfio_user_dma_unmap) == 24, "no padding");
static_assert(sizeof(struct vfio_user_region_access) == 16, "no padding");
static_assert(sizeof(struct vfio_user_write_one) == 24, "no padding");
static_assert(sizeof(struct vfio_user_dma_access) == 16, "no padding");

/*
 * What we tell the client about us. The sizes are the protocol's defaults, so
 * that a client which ignores capabilities keeps to them too.
 */
#define MAX_MSG_FDS		16
#define MAX_DATA_XFER_SIZE	(1024 * 1024)
#define MAX_DMA_MAPS		65535
#define DMA_PAGE_SIZE		4096

/* The longest message either side sends: a write as large as may be. */
#define MAX_BODY_SIZE		(sizeof(struct vfio_user_region_access) + \
				 MAX_DATA_XFER_SIZE)
#define MAX_MESSAGE_SIZE	(sizeof(struct vfio_user_header) + \
				 MAX_BODY_SIZE)

#endif /* VDEV_PROTOCOL_H */
