// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device memory in the kernel: which pages were written.
 *
 * A written page is marked where the set of pages has it. The memory lock makes
 * finding one, forgetting that it was written and taking what it holds one step
 * to everybody else: who writes it after that faults first, or waits.
 */
#include <linux/bitmap.h>
#include <linux/highmem.h>
#include <linux/mm.h>

#include "vdev_front.h"

/* A page is being written. */
void vdev_memory_mark(struct vdev_memory *memory, struct xarray *pages,
		      unsigned long index)
{
	lockdep_assert_held(&memory->lock);
	if (!memory->tracking || xa_get_mark(pages, index, VDEV_MEMORY_DIRTY))
		return;
	xa_set_mark(pages, index, VDEV_MEMORY_DIRTY);
	if (!memory->nr_dirty++)
		vdev_migrate_written(container_of(memory, struct vdev_vfio,
						  memory));
}

/* All pages count as written; that which is no page does not. */
void vdev_memory_mark_all(struct vdev_memory *memory)
{
	unsigned long index;
	unsigned int bar;
	void *entry;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		xa_for_each(&memory->pages[bar], index, entry) {
			vdev_memory_mark(memory, &memory->pages[bar], index);
			cond_resched();
		}
}

/* The pages of a BAR go, and count as written: with zeroes. */
void vdev_memory_clear_tracked(struct vdev_memory *memory, unsigned int bar)
{
	struct xarray *pages = &memory->pages[bar];
	unsigned long index;
	void *entry;

	xa_for_each(pages, index, entry) {
		cond_resched();
		if (xa_is_value(entry))
			continue;
		/* where an entry is there is room for another */
		xa_store(pages, index, xa_mk_value(0), GFP_KERNEL_ACCOUNT);
		vdev_memory_mark(memory, pages, index);
		__free_page(entry);
	}
}

/* A value that was there for its mark goes with that. */
static void forget(struct vdev_memory *memory, struct xarray *pages,
		   unsigned long index, void *entry)
{
	if (xa_is_value(entry))
		xa_erase(pages, index);
	else
		xa_clear_mark(pages, index, VDEV_MEMORY_DIRTY);
	memory->nr_dirty--;
}

static void forget_all(struct vdev_memory *memory)
{
	unsigned long index;
	unsigned int bar;
	void *entry;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		xa_for_each_marked(&memory->pages[bar], index, entry,
				   VDEV_MEMORY_DIRTY)
			forget(memory, &memory->pages[bar], index, entry);
}

static void unmap(struct vdev_memory *memory, unsigned int bar,
		  unsigned long first, unsigned long nr)
{
	unmap_mapping_range(memory->mapping,
			    ((loff_t)bar << VDEV_REGION_SHIFT) +
			    ((loff_t)first << PAGE_SHIFT),
			    (loff_t)nr << PAGE_SHIFT, true);
}

/**
 * vdev_memory_track() - start or stop telling written pages from others
 * @front: the device
 * @on: whether to
 * @all: when it starts, all pages that there are count as written; otherwise
 *	none does
 *
 * Mappings go, so that the next write of each page is seen: by a user's mapping,
 * by write(), or by the model.
 *
 * Context: process context; takes the memory lock.
 */
void vdev_memory_track(struct vdev_vfio *front, bool on, bool all)
{
	struct vdev_memory *memory = &front->memory;

	mutex_lock(&memory->lock);
	if (!on && !memory->tracking)
		goto unlock;
	memory->tracking = on;
	vdev_memory_unmap_all(memory);
	forget_all(memory);
	if (on && all)
		vdev_memory_mark_all(memory);
unlock:
	mutex_unlock(&memory->lock);
}
EXPORT_SYMBOL_GPL(vdev_memory_track);

/**
 * vdev_memory_take_dirty() - which pages were written since this was last asked
 * @front: the device, whose writes are tracked
 * @bar: number of a memory BAR
 * @first: number of a page in it
 * @nr: how many pages, at least 1
 * @dirty: @nr bits, set for pages that were written, else cleared
 *
 * Written means since tracking began, if nobody asked before. A page that a
 * reset cleared was written with zeroes.
 *
 * Context: process context; takes the memory lock.
 *
 * Return: whether any of them was.
 */
bool vdev_memory_take_dirty(struct vdev_vfio *front, unsigned int bar,
			    unsigned long first, unsigned long nr,
			    unsigned long *dirty)
{
	struct vdev_memory *memory = &front->memory;
	unsigned long last = first + nr - 1;
	unsigned long index = first;
	struct xarray *pages;
	bool any = false;
	void *entry;

	bitmap_zero(dirty, nr);
	mutex_lock(&memory->lock);
	pages = &memory->pages[bar];
	entry = xa_find(pages, &index, last, VDEV_MEMORY_DIRTY);
	while (entry) {
		__set_bit(index - first, dirty);
		forget(memory, pages, index, entry);
		any = true;
		entry = xa_find_after(pages, &index, last, VDEV_MEMORY_DIRTY);
	}
	if (any)
		unmap(memory, bar, first, nr);
	mutex_unlock(&memory->lock);
	return any;
}
EXPORT_SYMBOL_GPL(vdev_memory_take_dirty);

/**
 * vdev_memory_nr_written() - how many pages vdev_memory_take() finds
 * @front: the device
 *
 * Context: process context; takes the memory lock.
 *
 * Return: a count.
 */
u64 vdev_memory_nr_written(struct vdev_vfio *front)
{
	struct vdev_memory *memory = &front->memory;
	u64 nr;

	mutex_lock(&memory->lock);
	nr = memory->nr_dirty;
	mutex_unlock(&memory->lock);
	return nr;
}

/**
 * vdev_memory_take() - what a page holds that was written
 * @front: the device, whose writes are tracked
 * @bar: number of a memory BAR
 * @offset: bytes from the start of the BAR, where to look from; set to where
 *	the page is that was found
 * @end: where to look no further
 * @data: what it holds, of the page size
 *
 * From now on it does not count as written.
 *
 * Context: process context; takes the memory lock.
 *
 * Return: whether there was one.
 */
bool vdev_memory_take(struct vdev_vfio *front, unsigned int bar, u64 *offset,
		      u64 end, void *data)
{
	struct vdev_memory *memory = &front->memory;
	unsigned long last = (end >> PAGE_SHIFT) - 1;
	unsigned long index = *offset >> PAGE_SHIFT;
	struct xarray *pages;
	void *entry = NULL;

	mutex_lock(&memory->lock);
	pages = &memory->pages[bar];
	if (index <= last)
		entry = xa_find(pages, &index, last, VDEV_MEMORY_DIRTY);
	if (!entry)
		goto unlock;
	unmap(memory, bar, index, 1);
	if (xa_is_value(entry))
		memset(data, 0, PAGE_SIZE);
	else
		memcpy_from_page(data, entry, 0, PAGE_SIZE);
	forget(memory, pages, index, entry);
	*offset = (u64)index << PAGE_SHIFT;
unlock:
	mutex_unlock(&memory->lock);
	return entry;
}
