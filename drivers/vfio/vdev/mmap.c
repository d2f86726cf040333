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
#include <linux/bitmap.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

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

static void unmap_all(struct vdev_memory *memory)
{
	lockdep_assert_held(&memory->lock);
	if (memory->mapping)
		unmap_mapping_range(memory->mapping, 0,
				    (loff_t)PCI_STD_NUM_BARS <<
				    VDEV_REGION_SHIFT, true);
}

/*
 * The page of a BAR at @index, or NULL. What was cleared while writes were
 * tracked has a value there instead, for the mark to hang on.
 */
static struct page *find_page(struct xarray *pages, unsigned long index)
{
	void *entry = xa_load(pages, index);

	return xa_is_value(entry) ? NULL : entry;
}

static struct page *add_page(struct xarray *pages, unsigned long index)
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

/*
 * A page where a BAR has none; NULL if there is no memory. Who touches it pays
 * for it; a kernel thread (a job, DMA into device memory) does so for the user,
 * and is charged to nobody by itself.
 */
static struct page *make_page(struct vdev_memory *memory, struct xarray *pages,
			      unsigned long index)
{
	struct mem_cgroup *before;
	struct page *page;

	if (!(current->flags & PF_KTHREAD))
		return add_page(pages, index);
	before = set_active_memcg(memory->payer);
	page = add_page(pages, index);
	set_active_memcg(before);
	return page;
}

static void mark_dirty(struct vdev_memory *memory, struct xarray *pages,
		       unsigned long index)
{
	if (memory->tracking)
		xa_set_mark(pages, index, VDEV_MEMORY_DIRTY);
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
	struct page *page = find_page(pages, index);

	if (!page && !write) {
		memset(buf, 0, len);
		return 0;
	}
	if (!page)
		page = make_page(memory, pages, index);
	if (!page)
		return -ENOMEM;
	if (write)
		mark_dirty(memory, pages, index);
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
		unmap_all(memory);
	memory->decoding = enabled;
	mutex_unlock(&memory->lock);
}

static void free_pages_of(struct xarray *pages)
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

/* As that, but a page that goes counts as written: with zeroes. */
static void clear_tracked(struct xarray *pages)
{
	unsigned long index;
	void *entry;

	xa_for_each(pages, index, entry) {
		cond_resched();
		if (xa_is_value(entry))
			continue;
		/* where an entry is there is room for another */
		xa_store(pages, index, xa_mk_value(0), GFP_KERNEL_ACCOUNT);
		xa_set_mark(pages, index, VDEV_MEMORY_DIRTY);
		__free_page(entry);
	}
}

void vdev_memory_clear(struct vdev *vdev)
{
	struct vdev_memory *memory = to_memory(vdev);
	unsigned int bar;

	mutex_lock(&memory->lock);
	unmap_all(memory);
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if (memory->tracking)
			clear_tracked(&memory->pages[bar]);
		else
			free_pages_of(&memory->pages[bar]);
	}
	mutex_unlock(&memory->lock);
}

/* A value that was there for its mark goes with that. */
static void forget_dirty_page(struct xarray *pages, unsigned long index,
			      void *entry)
{
	if (xa_is_value(entry))
		xa_erase(pages, index);
	else
		xa_clear_mark(pages, index, VDEV_MEMORY_DIRTY);
}

static void forget_dirty(struct xarray *pages)
{
	unsigned long index;
	void *entry;

	xa_for_each_marked(pages, index, entry, VDEV_MEMORY_DIRTY)
		forget_dirty_page(pages, index, entry);
}

/**
 * vdev_memory_track() - start or stop telling written pages from others
 * @front: the device
 * @on: whether to
 *
 * When it starts no page is dirty. Mappings go, so that the next write of
 * each page is seen: by a user's mapping, by write(), or by the model.
 *
 * Context: process context; takes the memory lock.
 */
void vdev_memory_track(struct vdev_vfio *front, bool on)
{
	struct vdev_memory *memory = &front->memory;
	unsigned int bar;

	mutex_lock(&memory->lock);
	if (!on && !memory->tracking)
		goto unlock;
	memory->tracking = on;
	unmap_all(memory);
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		forget_dirty(&memory->pages[bar]);
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
	struct xarray *pages = &memory->pages[bar];
	unsigned long last = first + nr - 1;
	unsigned long index = first;
	bool any = false;
	void *entry;

	bitmap_zero(dirty, nr);
	mutex_lock(&memory->lock);
	entry = xa_find(pages, &index, last, VDEV_MEMORY_DIRTY);
	while (entry) {
		__set_bit(index - first, dirty);
		forget_dirty_page(pages, index, entry);
		any = true;
		entry = xa_find_after(pages, &index, last, VDEV_MEMORY_DIRTY);
	}
	if (any)
		unmap_mapping_range(memory->mapping,
				    ((loff_t)bar << VDEV_REGION_SHIFT) +
				    ((loff_t)first << PAGE_SHIFT),
				    (loff_t)nr << PAGE_SHIFT, true);
	mutex_unlock(&memory->lock);
	return any;
}
EXPORT_SYMBOL_GPL(vdev_memory_take_dirty);

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
		mark_dirty(memory, pages_at(memory, pgoff), index_of(pgoff));
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
	struct page *page = find_page(pages, wanted);
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
		page = find_page(pages_at(memory, vmf->pgoff),
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
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		xa_init_flags(&memory->pages[bar], XA_FLAGS_ACCOUNT);
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
	unsigned int bar;

	/* what a model wrote when it was reset for the last time */
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		free_pages_of(&memory->pages[bar]);
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
	mem_cgroup_put(front->memory.payer);
	front->memory.payer = NULL;
}
