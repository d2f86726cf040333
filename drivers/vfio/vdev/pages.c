// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device memory in the kernel: its pages. There are two sets of them: those the
 * device has, and those it will have when a state that is being loaded is
 * complete.
 */
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "../compat.h"
#include "vdev_front.h"

/*
 * The page of a BAR at @index, or NULL. What was cleared while writes were
 * tracked has a value there instead, for the mark to hang on.
 */
struct page *vdev_memory_page(struct xarray *pages, unsigned long index)
{
	void *entry = xa_load(pages, index);

	return xa_is_value(entry) ? NULL : entry;
}

/* A page where there is none; NULL if there is no memory. */
struct page *vdev_memory_add_page(struct xarray *pages, unsigned long index)
{
	struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);

	if (!page)
		return NULL;
	if (xa_err(xa_store(pages, index, page, GFP_KERNEL_ACCOUNT))) {
		__free_page(page);
		return NULL;
	}
	return page;
}

/* As that, and who opened the device pays for it. */
struct page *vdev_memory_add_charged(struct vdev_memory *memory,
				     struct xarray *pages, unsigned long index)
{
	struct mem_cgroup *before = set_active_memcg(memory->payer);
	struct page *page = vdev_memory_add_page(pages, index);

	set_active_memcg(before);
	return page;
}

void vdev_memory_free_pages(struct xarray *pages)
{
	unsigned long index;
	void *entry;

	xa_for_each(pages, index, entry) {
		if (!xa_is_value(entry))
			__free_page(entry);
		cond_resched();
	}
	xa_destroy(pages);
}

static void free_set(struct xarray *set)
{
	unsigned int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		vdev_memory_free_pages(&set[bar]);
}

void vdev_memory_unmap_all(struct vdev_memory *memory)
{
	lockdep_assert_held(&memory->lock);
	if (memory->mapping)
		unmap_mapping_range(memory->mapping, 0,
				    (loff_t)PCI_STD_NUM_BARS <<
				    VDEV_REGION_SHIFT, true);
}

/* A state that is being loaded */

static int stage_page(struct vdev_memory *memory, struct xarray *staged,
		      unsigned long index, const void *data)
{
	struct page *page = vdev_memory_page(staged, index);

	if (!page)
		page = vdev_memory_add_charged(memory, staged, index);
	if (!page)
		return -ENOMEM;
	memcpy_to_page(page, 0, data, PAGE_SIZE);
	return 0;
}

static void unstage_page(struct xarray *staged, unsigned long index)
{
	struct page *page = xa_erase(staged, index);

	if (page)
		__free_page(page);
}

/**
 * vdev_memory_stage() - what device memory will be
 * @front: the device
 * @bar: number of a memory BAR
 * @offset: bytes from the start of the BAR, a multiple of the page size
 * @data: what will be there, or NULL for zeroes
 * @length: bytes, a multiple of the page size; the range lies in one area
 *
 * The device does not have it before vdev_memory_commit(), and what is not
 * staged by then becomes zero.
 *
 * Context: process context; takes the memory lock.
 *
 * Return: 0 or -ENOMEM.
 */
int vdev_memory_stage(struct vdev_vfio *front, unsigned int bar, u64 offset,
		      const void *data, u64 length)
{
	struct vdev_memory *memory = &front->memory;
	unsigned long first = offset >> PAGE_SHIFT;
	unsigned long nr = length >> PAGE_SHIFT;
	unsigned long i;
	int ret = 0;

	mutex_lock(&memory->lock);
	for (i = 0; i < nr && !ret; i++) {
		if (data)
			ret = stage_page(memory, &memory->staged[bar],
					 first + i, data + (i << PAGE_SHIFT));
		else
			unstage_page(&memory->staged[bar], first + i);
		cond_resched();
	}
	mutex_unlock(&memory->lock);
	return ret;
}

/**
 * vdev_memory_unstage() - forget all that was staged
 * @front: the device
 *
 * Context: process context; takes the memory lock.
 */
void vdev_memory_unstage(struct vdev_vfio *front)
{
	struct vdev_memory *memory = &front->memory;

	mutex_lock(&memory->lock);
	free_set(memory->staged);
	mutex_unlock(&memory->lock);
}

/**
 * vdev_memory_commit() - device memory becomes what was staged
 * @front: the device
 *
 * Context: process context; takes the memory lock; allocates nothing.
 */
void vdev_memory_commit(struct vdev_vfio *front)
{
	struct vdev_memory *memory = &front->memory;

	mutex_lock(&memory->lock);
	vdev_memory_unmap_all(memory);
	swap(memory->pages, memory->staged);
	memory->nr_dirty = 0;
	if (memory->tracking)
		vdev_memory_mark_all(memory);
	free_set(memory->staged);
	mutex_unlock(&memory->lock);
}

/* Life */

/**
 * vdev_memory_init() - a device without memory so far
 * @front: the device
 *
 * Return: 0 or a negative errno.
 */
int vdev_memory_init(struct vdev_vfio *front)
{
	struct vdev_memory *memory = &front->memory;
	unsigned int bar;

	mutex_init(&memory->lock);
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		xa_init_flags(&memory->sets[0][bar], XA_FLAGS_ACCOUNT);
		xa_init_flags(&memory->sets[1][bar], XA_FLAGS_ACCOUNT);
	}
	memory->pages = memory->sets[0];
	memory->staged = memory->sets[1];
	memory->mapping = compat_vfio_get_mapping(&front->vfio);
	return PTR_ERR_OR_ZERO(memory->mapping);
}

/**
 * vdev_memory_destroy() - take back vdev_memory_init()
 * @front: the device, which nobody has open
 */
void vdev_memory_destroy(struct vdev_vfio *front)
{
	struct vdev_memory *memory = &front->memory;

	/* what a model wrote when it was reset for the last time */
	free_set(memory->pages);
	compat_vfio_put_mapping(memory->mapping);
	mutex_destroy(&memory->lock);
}

/**
 * vdev_memory_open() - a user begins to use the device
 * @front: the device
 *
 * Context: the user's process, before anything can make a page.
 */
void vdev_memory_open(struct vdev_vfio *front)
{
	front->memory.payer = get_mem_cgroup_from_mm(current->mm);
}

/**
 * vdev_memory_close() - the user has gone
 * @front: the device, of which no job runs any more
 */
void vdev_memory_close(struct vdev_vfio *front)
{
	vdev_memory_unstage(front);
	mem_cgroup_put(front->memory.payer);
	front->memory.payer = NULL;
}
