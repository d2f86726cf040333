// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device memory in the kernel: how it is accessed, by the device and through
 * mappings.
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
#include <linux/nospec.h>

#include "../compat.h"
#include "vdev_front.h"

#define REGION_PGOFF_SHIFT	(VDEV_REGION_SHIFT - PAGE_SHIFT)

/* What is mapped at once, if it exists: 16 pages, as of files. */
#define AROUND_MASK		15UL

static struct vdev_memory *to_memory(struct vdev *vdev)
{
	struct vdev_vfio *front = vdev->front_data;

	return &front->memory;
}

/*
 * A page where a BAR has none; NULL if there is no memory. Who touches it pays
 * for it; a kernel thread (a job, DMA into device memory) does so for the user,
 * and is charged to nobody by itself.
 */
static struct page *make_page(struct vdev_memory *memory, struct xarray *pages,
			      unsigned long index)
{
	if (!(current->flags & PF_KTHREAD))
		return vdev_memory_add_page(pages, index);
	return vdev_memory_add_charged(memory, pages, index);
}

/*
 * @to or @from is a page that others may access by a mapping: to them, and to
 * us, one access of a device is one access, aligned as it is.
 */
static void copy_once(void *to, const void *from, size_t len)
{
	switch (len) {
	case 1:
		WRITE_ONCE(*(u8 *)to, READ_ONCE(*(const u8 *)from));
		break;
	case 2:
		WRITE_ONCE(*(u16 *)to, READ_ONCE(*(const u16 *)from));
		break;
	case 4:
		WRITE_ONCE(*(u32 *)to, READ_ONCE(*(const u32 *)from));
		break;
	case 8:
		WRITE_ONCE(*(u64 *)to, READ_ONCE(*(const u64 *)from));
		break;
	default:
		memcpy(to, from, len);
	}
}

static void copy_page_part(struct page *page, unsigned int start, void *buf,
			   size_t len, bool write)
{
	bool aligned = !((start | (unsigned long)buf) & (len - 1));
	void *base = kmap_local_page(page);
	void *to = write ? base + start : buf;
	const void *from = write ? buf : base + start;

	if (aligned)
		copy_once(to, from, len);
	else
		memcpy(to, from, len);
	kunmap_local(base);
}

/* Reading what was never written must not make a page. */
static int copy_at(struct vdev_memory *memory, struct xarray *pages, u64 offset,
		   void *buf, size_t len, bool write)
{
	unsigned long index = offset >> PAGE_SHIFT;
	struct page *page = vdev_memory_page(pages, index);

	if (!page && !write) {
		memset(buf, 0, len);
		return 0;
	}
	if (!page)
		page = make_page(memory, pages, index);
	if (!page)
		return -ENOMEM;
	if (write)
		vdev_memory_mark(memory, pages, index);
	copy_page_part(page, offset_in_page(offset), buf, len, write);
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
		ret = copy_at(memory, &memory->pages[bar], offset, buf, chunk,
			      write);
	}
	mutex_unlock(&memory->lock);
	return ret;
}

void vdev_memory_decode(struct vdev *vdev, bool enabled)
{
	struct vdev_memory *memory = to_memory(vdev);

	mutex_lock(&memory->lock);
	if (memory->decoding && !enabled)
		vdev_memory_unmap_all(memory);
	memory->decoding = enabled;
	mutex_unlock(&memory->lock);
}

void vdev_memory_clear(struct vdev *vdev)
{
	struct vdev_memory *memory = to_memory(vdev);
	unsigned int bar;

	mutex_lock(&memory->lock);
	vdev_memory_unmap_all(memory);
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if (memory->tracking)
			vdev_memory_clear_tracked(memory, bar);
		else
			vdev_memory_free_pages(&memory->pages[bar]);
	}
	mutex_unlock(&memory->lock);
}

/* Mappings */

static struct xarray *pages_at(struct vdev_memory *memory, pgoff_t pgoff)
{
	return &memory->pages[pgoff >> REGION_PGOFF_SHIFT];
}

static unsigned long index_of(pgoff_t pgoff)
{
	return pgoff & (BIT(REGION_PGOFF_SHIFT) - 1);
}

/*
 * Map @page, which is at @pgoff of the device file, into the VMA of a fault.
 *
 * Not with the protection that the VMA has: because of our pfn_mkwrite that is
 * read-only, and a page that is not tracked would fault twice.
 */
static vm_fault_t insert(struct vm_fault *vmf, struct vdev_memory *memory,
			 struct page *page, pgoff_t pgoff, bool write)
{
	unsigned long address = vmf->address +
				((pgoff - vmf->pgoff) << PAGE_SHIFT);
	unsigned long flags = vmf->vma->vm_flags;

	if (write)
		vdev_memory_mark(memory, pages_at(memory, pgoff),
				 index_of(pgoff));
	else if (memory->tracking)
		flags &= ~VM_SHARED;
	return vmf_insert_pfn_prot(vmf->vma, address, page_to_pfn(page),
				   vm_get_page_prot(flags));
}

static bool is_write(const struct vm_fault *vmf)
{
	return vmf->flags & FAULT_FLAG_WRITE;
}

/*
 * Map the page that a fault wants, and those that exist of @first to @last: who
 * touches one again, after all mappings went, will touch others. 0 if there is
 * no page yet; those around it are then being touched one by one too.
 */
static vm_fault_t map_existing(struct vm_fault *vmf, struct vdev_memory *memory,
			       pgoff_t first, pgoff_t last)
{
	struct xarray *pages = pages_at(memory, vmf->pgoff);
	unsigned long wanted = index_of(vmf->pgoff);
	struct page *page = vdev_memory_page(pages, wanted);
	unsigned long index;
	vm_fault_t ret;

	if (!page)
		return 0;
	ret = insert(vmf, memory, page, vmf->pgoff, is_write(vmf));
	if (ret != VM_FAULT_NOPAGE)
		return ret;
	xa_for_each_range(pages, index, page, index_of(first), index_of(last))
		if (index != wanted && !xa_is_value(page) &&
		    insert(vmf, memory, page, vmf->pgoff + index - wanted,
			   false) != VM_FAULT_NOPAGE)
			break;
	return ret;
}

static vm_fault_t map_new(struct vm_fault *vmf, struct vdev_memory *memory)
{
	struct page *page = make_page(memory, pages_at(memory, vmf->pgoff),
				      index_of(vmf->pgoff));

	if (!page)
		return VM_FAULT_OOM;
	return insert(vmf, memory, page, vmf->pgoff, is_write(vmf));
}

static vm_fault_t vdev_memory_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct vdev_memory *memory = vma->vm_private_data;
	pgoff_t last = vma->vm_pgoff + vma_pages(vma) - 1;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	mutex_lock(&memory->lock);
	if (memory->decoding)
		ret = map_existing(vmf, memory,
				   max(vmf->pgoff & ~AROUND_MASK,
				       vma->vm_pgoff),
				   min(vmf->pgoff | AROUND_MASK, last));
	if (!ret)
		ret = map_new(vmf, memory);
	mutex_unlock(&memory->lock);
	return ret;
}

/*
 * The same for a read, where it can be done without sleeping; 0: it cannot.
 * That there is this operation also tells newer kernels that faults can be
 * answered without the lock of the whole address space.
 */
static vm_fault_t vdev_memory_map_pages(struct vm_fault *vmf, pgoff_t first,
					pgoff_t last)
{
	struct vdev_memory *memory = vmf->vma->vm_private_data;
	vm_fault_t ret = 0;

	/* inserting would allocate a page table */
	if (pmd_none(*vmf->pmd) || !mutex_trylock(&memory->lock))
		return 0;
	if (memory->decoding)
		ret = map_existing(vmf, memory, first, last);
	mutex_unlock(&memory->lock);
	return ret;
}

/*
 * The first write to a page that was mapped read-only for tracking.
 *
 * The page is made writable here, under the lock. Left to the caller, it would
 * be once the lock is gone, if it is mapped as before; and it may have been
 * taken as dirty meanwhile and mapped read-only again, which looks the same:
 * what is written then would never be told.
 */
static vm_fault_t vdev_memory_mkwrite(struct vm_fault *vmf)
{
	struct vdev_memory *memory = vmf->vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_NOPAGE;
	struct page *page = NULL;

	mutex_lock(&memory->lock);
	if (memory->decoding)
		page = vdev_memory_page(pages_at(memory, vmf->pgoff),
					index_of(vmf->pgoff));
	/* if it is gone, the write faults again */
	if (page) {
		unmap_mapping_range(memory->mapping,
				    (loff_t)vmf->pgoff << PAGE_SHIFT,
				    PAGE_SIZE, true);
		ret = insert(vmf, memory, page, vmf->pgoff, true);
	}
	mutex_unlock(&memory->lock);
	return ret;
}

static const struct vm_operations_struct vdev_memory_vm_ops = {
	.fault		= vdev_memory_fault,
	.map_pages	= vdev_memory_map_pages,
	.pfn_mkwrite	= vdev_memory_mkwrite,
};

static bool mappable(const struct vdev *vdev, unsigned long region, u64 start,
		     u64 size)
{
	const struct vdev_area *area;

	if (region >= PCI_STD_NUM_BARS)
		return false;
	region = array_index_nospec(region, PCI_STD_NUM_BARS);
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
	u64 start = (u64)index_of(vma->vm_pgoff) << PAGE_SHIFT;

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
