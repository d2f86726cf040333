// SPDX-License-Identifier: GPL-2.0-only
/*
 * See front_memory.h.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <stdlib.h>
#include <string.h>

#include "front.h"
#include "unit.h"

struct device_page {
	struct list_head entry;
	unsigned int bar;
	u64 offset;
	u8 data[PAGE];
};

/* Device memory */

void device_memory_init(struct front *front)
{
	INIT_LIST_HEAD(&front->memory.pages);
}

void device_memory_free(struct front *front)
{
	struct device_page *page, *next;

	list_for_each_entry_safe(page, next, &front->memory.pages, entry)
		free(page);
	INIT_LIST_HEAD(&front->memory.pages);
}

static struct device_page *find_page(struct front *front, unsigned int bar,
				     u64 offset)
{
	struct device_page *page;

	list_for_each_entry(page, &front->memory.pages, entry)
		if (page->bar == bar && page->offset == (offset & -(u64)PAGE))
			return page;
	return NULL;
}

static struct device_page *make_page(struct front *front, unsigned int bar,
				     u64 offset)
{
	struct device_page *page = find_page(front, bar, offset);

	if (page || front->memory.exhausted)
		return page;
	page = calloc(1, sizeof(*page));
	EXPECT(page);
	page->bar = bar;
	page->offset = offset & -(u64)PAGE;
	list_add_tail(&page->entry, &front->memory.pages);
	return page;
}

const u8 *device_memory_next(struct front *front, unsigned int bar, u64 *offset,
			     u64 end)
{
	struct device_page *page, *first = NULL;

	list_for_each_entry(page, &front->memory.pages, entry)
		if (page->bar == bar && page->offset >= *offset &&
		    page->offset < end &&
		    (!first || page->offset < first->offset))
			first = page;
	if (!first)
		return NULL;
	*offset = first->offset;
	return first->data;
}

void device_memory_put(struct front *front, unsigned int bar, u64 offset,
		       const u8 *data)
{
	memcpy(make_page(front, bar, offset)->data, data, PAGE);
}

static void move_pages(struct list_head *from, struct list_head *to)
{
	struct device_page *page, *next;

	list_for_each_entry_safe(page, next, from, entry) {
		list_del_init(&page->entry);
		list_add_tail(&page->entry, to);
	}
}

void device_memory_swap(struct front *front, struct front *other)
{
	LIST_HEAD(pages);

	move_pages(&front->memory.pages, &pages);
	move_pages(&other->memory.pages, &front->memory.pages);
	move_pages(&pages, &other->memory.pages);
}

/* Is that in one area, as the core has promised? */
static bool in_an_area(struct vdev *vdev, unsigned int bar, u64 first,
		       u64 last)
{
	const struct vdev_area *area = vdev->model->bars[bar].memory;

	EXPECT(area);
	for (; area->size; area++)
		if (area->offset <= first && first <= last &&
		    last <= area->offset + area->size - 1)
			return true;
	return false;
}

static int copy_in_page(struct front *front, unsigned int bar, u64 offset,
			u8 *buf, size_t len, bool write)
{
	struct device_page *page;

	if (write) {
		page = make_page(front, bar, offset);
		if (!page)
			return -ENOMEM;
		memcpy(page->data + offset % PAGE, buf, len);
		return 0;
	}
	page = find_page(front, bar, offset);
	if (page)
		memcpy(buf, page->data + offset % PAGE, len);
	else
		memset(buf, 0, len);
	return 0;
}

int fake_mem_copy(struct vdev *vdev, unsigned int bar, u64 offset, void *buf,
		  size_t len, bool write)
{
	struct front *front = vdev->front_data;
	u8 *bytes = buf;
	size_t chunk;
	int ret = 0;

	lockdep_assert_held(&vdev->lock);
	EXPECT(bar < PCI_STD_NUM_BARS);
	if (len)
		EXPECT(in_an_area(vdev, bar, offset, offset + len - 1));
	front->memory.copies++;
	if (front->memory.broken)
		return -ENOMEM;
	for (; len && !ret; len -= chunk, offset += chunk, bytes += chunk) {
		chunk = min(len, (size_t)(PAGE - offset % PAGE));
		ret = copy_in_page(front, bar, offset, bytes, chunk, write);
	}
	return ret;
}

void fake_mem_decode(struct vdev *vdev, bool enabled)
{
	struct front *front = vdev->front_data;

	lockdep_assert_held(&vdev->lock);
	front->memory.decoding = enabled;
	front->memory.decode_calls++;
}

void fake_mem_clear(struct vdev *vdev)
{
	struct front *front = vdev->front_data;

	lockdep_assert_held(&vdev->lock);
	/* or a mapping would see memory go piece by piece */
	EXPECT(!front->memory.decoding);
	front->memory.clears++;
	device_memory_free(front);
}

bool mapped_load(struct front *front, unsigned int bar, u64 offset, u8 *byte)
{
	EXPECT(in_an_area(front->vdev, bar, offset, offset));
	if (!front->memory.decoding)
		return false;
	copy_in_page(front, bar, offset, byte, 1, false);
	return true;
}

bool mapped_store(struct front *front, unsigned int bar, u64 offset, u8 byte)
{
	EXPECT(in_an_area(front->vdev, bar, offset, offset));
	if (!front->memory.decoding)
		return false;
	copy_in_page(front, bar, offset, &byte, 1, true);
	return true;
}

/* The user's memory */

struct user_page *user_map(struct front *front, u64 iova, u8 fill)
{
	struct user_memory *user = &front->user;
	struct user_page *page;

	EXPECT(user->nr_pages < USER_PAGES);
	EXPECT(iova % PAGE == 0);
	page = &user->page[user->nr_pages++];
	page->iova = iova;
	page->readable = true;
	page->writable = true;
	memset(page->data, fill, PAGE);
	return page;
}

static struct user_page *find_user_page(struct front *front, u64 iova,
					bool write)
{
	struct user_memory *user = &front->user;
	unsigned int i;

	for (i = 0; i < user->nr_pages; i++) {
		struct user_page *page = &user->page[i];

		if (page->iova == (iova & -(u64)PAGE))
			return (write ? page->writable : page->readable) ?
			       page : NULL;
	}
	return NULL;
}

/* How many of @len bytes were copied. */
static size_t copy_user(struct front *front, u64 iova, u8 *buf, size_t len,
			bool write)
{
	struct user_page *page;
	size_t done, part;

	for (done = 0; done < len; done += part, iova += part, buf += part) {
		page = find_user_page(front, iova, write);
		if (!page)
			break;
		part = min(len - done, (size_t)(PAGE - iova % PAGE));
		if (write)
			memcpy(page->data + iova % PAGE, buf, part);
		else
			memcpy(buf, page->data + iova % PAGE, part);
	}
	return done;
}

/* As vfio_dma_rw(): what fails is written up to there, but nothing is dirty. */
int fake_dma(struct vdev *vdev, u64 iova, void *buf, size_t len, bool write)
{
	struct front *front = vdev->front_data;
	size_t done, at;

	/* it sleeps, and takes locks that a fault of the user's may hold */
	lockdep_assert_not_held(&vdev->lock);
	lockdep_assert_held(&vdev->job_gate);
	EXPECT(len && len <= DMA_CHUNK - iova % DMA_CHUNK);
	front->user.accesses++;
	if (front->user.on_dma)
		front->user.on_dma(front);
	done = copy_user(front, iova, buf, len, write);
	if (done < len) {
		if (!write)
			memset((u8 *)buf + done, 0, len - done);
		return -EFAULT;
	}
	for (at = 0; write && at < len; at += PAGE - (iova + at) % PAGE)
		find_user_page(front, iova + at, true)->dirty = true;
	return 0;
}
