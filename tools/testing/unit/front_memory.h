/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory that a front keeps: the device's, in its BARs, and the user's,
 * which jobs reach by DMA.
 */
#ifndef _UNIT_FRONT_MEMORY_H
#define _UNIT_FRONT_MEMORY_H

#include <linux/list.h>
#include <linux/types.h>

struct front;
struct vdev;

#define PAGE		4096U

/**
 * struct device_memory - device memory, and how the core uses it
 * @pages: pages that were written
 * @exhausted: no page is made any more
 * @broken: nothing can be read any more
 * @decoding: what the core said last
 * @decode_calls: how often it said so
 * @clears: how often it had everything cleared
 * @copies: how often it copied
 */
struct device_memory {
	struct list_head pages;
	bool exhausted;
	bool broken;
	bool decoding;
	unsigned int decode_calls;
	unsigned int clears;
	unsigned int copies;
};

void device_memory_init(struct front *front);
void device_memory_free(struct front *front);

/* The first page at or after *@offset, to which that is set; NULL: none */
const u8 *device_memory_next(struct front *front, unsigned int bar, u64 *offset,
			     u64 end);
/* A page that is @data. */
void device_memory_put(struct front *front, unsigned int bar, u64 offset,
		       const u8 *data);
/* Two fronts have each other's pages. */
void device_memory_swap(struct front *front, struct front *other);

/* What a user sees who mapped it; false where an access would get SIGBUS. */
bool mapped_load(struct front *front, unsigned int bar, u64 offset, u8 *byte);
bool mapped_store(struct front *front, unsigned int bar, u64 offset, u8 byte);

/**
 * struct user_page - what an IOVA is mapped to
 * @iova: where
 * @readable: the device may read it
 * @writable: the device may write it
 * @dirty: the device is known to have written it
 * @data: what is there
 */
struct user_page {
	u64 iova;
	bool readable;
	bool writable;
	bool dirty;
	u8 data[PAGE];
};

/* What the core asks a front to copy at most, and does not cross. */
#define DMA_CHUNK	0x10000
#define USER_PAGES	20

/**
 * struct user_memory - the user's memory
 * @page: what is mapped
 * @nr_pages: how many
 * @accesses: how often the core asked for a piece of it
 * @on_dma: a test's own idea of what happens just before an access, or NULL
 */
struct user_memory {
	struct user_page page[USER_PAGES];
	unsigned int nr_pages;
	unsigned int accesses;
	void (*on_dma)(struct front *front);
};

/* Map a page, filled with @fill. */
struct user_page *user_map(struct front *front, u64 iova, u8 fill);

/* Services of the front */
int fake_dma(struct vdev *vdev, u64 iova, void *buf, size_t len, bool write);
int fake_mem_copy(struct vdev *vdev, unsigned int bar, u64 offset, void *buf,
		  size_t len, bool write);
void fake_mem_decode(struct vdev *vdev, bool enabled);
void fake_mem_clear(struct vdev *vdev);

#endif /* _UNIT_FRONT_MEMORY_H */
