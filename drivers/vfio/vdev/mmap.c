// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device memory in the kernel: pages that userspace maps.
 *
 * A page comes into being when somebody touches it and goes at reset. It is
 * shown by page frame number, so no mapping holds a reference on it, and
 * before it goes it is taken out of every mapping. The same way, all mappings
 * go whenever the BAR stops decoding; the next access faults, and gets SIGBUS
 * until it decodes again.
 *
 * While writes are tracked, pages are mapped read-only until written.
 */
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../compat.h"
#include "vdev_front.h"

#define REGION_PGOFF_SHIFT	(VDEV_REGION_SHIFT - PAGE_SHIFT)

static struct vdev_memory *to_memory(struct vdev *vdev)
{
	struct vdev_vfio *front = vdev->front_data;

	return &front->memory;
}

/* Key of a page, and of its mapping in the device file. */
static unsigned long page_key(unsigned int bar, u64 offset)
{
	return ((unsigned long)bar << REGION_PGOFF_SHIFT) +
	       (offset >> PAGE_SHIFT);
}

static void unmap_all(struct vdev_memory *memory)
{
	lockdep_assert_held(&memory->lock);
	if (memory->mapping)
		unmap_mapping_range(memory->mapping, 0,
				    (loff_t)PCI_STD_NUM_BARS <<
				    VDEV_REGION_SHIFT, true);
}

/* The page at @key, made if there is none; NULL if there is no memory. */
static struct page *get_page_at(struct vdev_memory *memory, unsigned long key)
{
	struct page *page;

	lockdep_assert_held(&memory->lock);
	page = xa_load(&memory->pages, key);
	if (page)
		return page;
	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!page)
		return NULL;
	if (xa_err(xa_store(&memory->pages, key, page, GFP_KERNEL_ACCOUNT))) {
		__free_page(page);
		return NULL;
	}
	return page;
}

static void mark_dirty(struct vdev_memory *memory, unsigned long key)
{
	if (memory->tracking)
		xa_set_mark(&memory->pages, key, VDEV_MEMORY_DIRTY);
}

static void copy_page_part(struct page *page, unsigned int start, void *buf,
			   size_t len, bool write)
{
	void *base = kmap_local_page(page);

	if (write)
		memcpy(base + start, buf, len);
	else
		memcpy(buf, base + start, len);
	kunmap_local(base);
}

/* Reading what was never written must not make a page. */
static int copy_at(struct vdev_memory *memory, unsigned long key,
		   unsigned int start, void *buf, size_t len, bool write)
{
	struct page *page;

	if (!write) {
		page = xa_load(&memory->pages, key);
		if (!page) {
			memset(buf, 0, len);
			return 0;
		}
	} else {
		page = get_page_at(memory, key);
		if (!page)
			return -ENOMEM;
		mark_dirty(memory, key);
	}
	copy_page_part(page, start, buf, len, write);
	return 0;
}

int vdev_memory_copy(struct vdev *vdev, unsigned int bar, u64 offset,
		     void *buf, size_t len, bool write)
{
	struct vdev_memory *memory = to_memory(vdev);
	size_t chunk;
	int ret = 0;

	mutex_lock(&memory->lock);
	for (; len && !ret; len -= chunk, offset += chunk, buf += chunk) {
		chunk = min_t(size_t, len, PAGE_SIZE - offset_in_page(offset));
		ret = copy_at(memory, page_key(bar, offset),
			      offset_in_page(offset), buf, chunk, write);
	}
	mutex_unlock(&memory->lock);
	return ret;
}

void vdev_memory_decode(struct vdev *vdev, bool enabled)
{
	struct vdev_memory *memory = to_memory(vdev);

	mutex_lock(&memory->lock);
	if (memory->decoding && !enabled)
		unmap_all(memory);
	memory->decoding = enabled;
	mutex_unlock(&memory->lock);
}

void vdev_memory_clear(struct vdev *vdev)
{
	struct vdev_memory *memory = to_memory(vdev);
	unsigned long key;
	struct page *page;

	mutex_lock(&memory->lock);
	unmap_all(memory);
	xa_for_each(&memory->pages, key, page)
		__free_page(page);
	xa_destroy(&memory->pages);
	mutex_unlock(&memory->lock);
}

/**
 * vdev_memory_track() - start or stop telling written pages from others
 * @front: the device
 * @on: whether to
 *
 * When it starts no page is dirty. Mappings go, so that the next write of
 * each page is seen.
 *
 * Context: process context; takes the memory lock.
 */
void vdev_memory_track(struct vdev_vfio *front, bool on)
{
	struct vdev_memory *memory = &front->memory;
	unsigned long key;
	struct page *page;

	mutex_lock(&memory->lock);
	memory->tracking = on;
	unmap_all(memory);
	xa_for_each_marked(&memory->pages, key, page, VDEV_MEMORY_DIRTY)
		xa_clear_mark(&memory->pages, key, VDEV_MEMORY_DIRTY);
	mutex_unlock(&memory->lock);
}

/* Mappings */

static vm_fault_t insert(struct vm_fault *vmf, struct vdev_memory *memory,
			 unsigned long key)
{
	struct vm_area_struct *vma = vmf->vma;
	bool write = vmf->flags & FAULT_FLAG_WRITE;
	pgprot_t prot = vma->vm_page_prot;
	struct page *page;

	if (!memory->decoding)
		return VM_FAULT_SIGBUS;
	page = get_page_at(memory, key);
	if (!page)
		return VM_FAULT_OOM;
	if (write)
		mark_dirty(memory, key);
	else if (memory->tracking)
		prot = vm_get_page_prot(vma->vm_flags & ~VM_SHARED);
	return vmf_insert_pfn_prot(vma, vmf->address, page_to_pfn(page), prot);
}

static vm_fault_t vdev_memory_fault(struct vm_fault *vmf)
{
	struct vdev_memory *memory = vmf->vma->vm_private_data;
	vm_fault_t ret;

	mutex_lock(&memory->lock);
	ret = insert(vmf, memory, vmf->pgoff);
	mutex_unlock(&memory->lock);
	return ret;
}

/* The first write to a page that was mapped read-only for tracking. */
static vm_fault_t vdev_memory_mkwrite(struct vm_fault *vmf)
{
	struct vdev_memory *memory = vmf->vma->vm_private_data;
	vm_fault_t ret = 0;

	mutex_lock(&memory->lock);
	if (!memory->decoding || !xa_load(&memory->pages, vmf->pgoff))
		ret = VM_FAULT_NOPAGE;	/* gone meanwhile: fault again */
	else
		mark_dirty(memory, vmf->pgoff);
	mutex_unlock(&memory->lock);
	return ret;
}

static const struct vm_operations_struct vdev_memory_vm_ops = {
	.fault		= vdev_memory_fault,
	.pfn_mkwrite	= vdev_memory_mkwrite,
};

static bool mappable(const struct vdev *vdev, unsigned long region, u64 start,
		     u64 size)
{
	const struct vdev_area *area;

	if (region >= PCI_STD_NUM_BARS)
		return false;
	for (area = vdev->model->bars[region].memory; area && area->size;
	     area++)
		if (start >= area->offset && size <= area->size &&
		    start - area->offset <= area->size - size)
			return true;
	return false;
}

/**
 * vdev_memory_mmap() - map device memory
 * @vfio: the device
 * @vma: shared, and inside one of the areas of a BAR
 *
 * Return: 0, or -EINVAL for any other mapping.
 */
int vdev_memory_mmap(struct vfio_device *vfio, struct vm_area_struct *vma)
{
	struct vdev_vfio *front = container_of(vfio, struct vdev_vfio, vfio);
	unsigned long region = vma->vm_pgoff >> REGION_PGOFF_SHIFT;
	u64 start = (u64)(vma->vm_pgoff & (BIT(REGION_PGOFF_SHIFT) - 1)) <<
		    PAGE_SHIFT;

	if (!(vma->vm_flags & VM_SHARED) ||
	    !mappable(front->vdev, region, start, vma->vm_end - vma->vm_start))
		return -EINVAL;

	compat_vfio_set_mapping(vma->vm_file, front->memory.mapping);
	compat_vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND |
				 VM_DONTDUMP);
	vma->vm_private_data = &front->memory;
	vma->vm_ops = &vdev_memory_vm_ops;
	return 0;
}

/**
 * vdev_memory_init() - a device without memory so far
 * @front: the device
 *
 * Return: 0 or a negative errno.
 */
int vdev_memory_init(struct vdev_vfio *front)
{
	struct vdev_memory *memory = &front->memory;

	mutex_init(&memory->lock);
	xa_init_flags(&memory->pages, XA_FLAGS_ACCOUNT);
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

	compat_vfio_put_mapping(memory->mapping);
	xa_destroy(&memory->pages);
	mutex_destroy(&memory->lock);
}
