/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kernel fronts share: a device behind a VFIO device file.
 */
#ifndef _VDEV_FRONT_H
#define _VDEV_FRONT_H

#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/vdev.h>
#include <linux/vfio.h>
#include <linux/vmig_vfio.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

/* A page of device memory was written while writes were tracked. */
#define VDEV_MEMORY_DIRTY	XA_MARK_0

/**
 * struct vdev_memory - the device memory of a device
 * @lock: protects all of it. A leaf: page faults take it inside the mmap lock
 * @sets: what @pages and @staged lead to
 * @pages: pages that were touched, of each BAR, by their place in it; a value
 *	where there was one that was cleared while writes were tracked
 * @staged: pages of a state that is being loaded
 * @mapping: through which all mappings of the device file are found
 * @payer: charged for pages that a kernel thread makes: whoever opened the
 *	device, or NULL
 * @decoding: faults are answered
 * @tracking: written pages are marked %VDEV_MEMORY_DIRTY
 * @nr_dirty: how many are
 */
struct vdev_memory {
	struct mutex lock;	/* see above */
	struct xarray sets[2][PCI_STD_NUM_BARS];
	struct xarray *pages;
	struct xarray *staged;
	struct address_space *mapping;
	struct mem_cgroup *payer;
	bool decoding;
	bool tracking;
	u64 nr_dirty;
};

/**
 * struct vdev_vfio - a device model behind a VFIO device file
 * @vfio: what the VFIO core knows of it; its memory is the core's
 * @vdev: the model's device
 * @irq_gate: serialises VFIO_DEVICE_SET_IRQS and the last close. Outside
 *	&vdev.lock, because taking away @unmask waits for vdev_intx_unmask()
 * @unmask: the eventfd that unmasks INTx, or NULL; under @irq_gate here, and
 *	under a lock of virqfd's own where the eventfd is closed meanwhile
 * @alarm: the device's one alarm
 * @alarm_work: brings it to process context
 * @job_work: runs the device's jobs, where the user's memory can be reached
 * @memory: device memory
 * @migrates: the device can migrate, and @mig is in use
 * @mig: its migration
 */
struct vdev_vfio {
	struct vfio_device vfio;
	struct vdev *vdev;
	struct mutex irq_gate;	/* serialises SET_IRQS and close */
	struct virqfd *unmask;
	struct hrtimer alarm;
	struct work_struct alarm_work;
	struct work_struct job_work;
	struct vdev_memory memory;
	bool migrates;
	struct vmig_vfio mig;
};

struct vdev_vfio *vdev_vfio_create(struct device *dev,
				   const struct vdev_family *family,
				   const struct vdev_model *model);
void vdev_vfio_destroy(struct vdev_vfio *front);

/* mmap.c */
int vdev_memory_copy(struct vdev *vdev, unsigned int bar, u64 offset,
		     void *buf, size_t len, bool write);
void vdev_memory_decode(struct vdev *vdev, bool enabled);
void vdev_memory_clear(struct vdev *vdev);
int vdev_memory_mmap(struct vfio_device *vfio, struct vm_area_struct *vma);

/* pages.c; those with a &struct vdev_memory want its lock held */
int vdev_memory_init(struct vdev_vfio *front);
void vdev_memory_destroy(struct vdev_vfio *front);
void vdev_memory_open(struct vdev_vfio *front);
void vdev_memory_close(struct vdev_vfio *front);
int vdev_memory_stage(struct vdev_vfio *front, unsigned int bar, u64 offset,
		      const void *data, u64 length);
void vdev_memory_unstage(struct vdev_vfio *front);
void vdev_memory_commit(struct vdev_vfio *front);
struct page *vdev_memory_page(struct xarray *pages, unsigned long index);
struct page *vdev_memory_add_page(struct xarray *pages, unsigned long index);
struct page *vdev_memory_add_charged(struct vdev_memory *memory,
				     struct xarray *pages, unsigned long index);
void vdev_memory_free_pages(struct xarray *pages);
void vdev_memory_unmap_all(struct vdev_memory *memory);

/* track.c; those with a &struct vdev_memory want its lock held */
void vdev_memory_track(struct vdev_vfio *front, bool on, bool all);
bool vdev_memory_take_dirty(struct vdev_vfio *front, unsigned int bar,
			    unsigned long first, unsigned long nr,
			    unsigned long *dirty);
u64 vdev_memory_nr_written(struct vdev_vfio *front);
bool vdev_memory_take(struct vdev_vfio *front, unsigned int bar, u64 *offset,
		      u64 end, void *data);
void vdev_memory_mark(struct vdev_memory *memory, struct xarray *pages,
		      unsigned long index);
void vdev_memory_mark_all(struct vdev_memory *memory);
void vdev_memory_clear_tracked(struct vdev_memory *memory, unsigned int bar);

/* migrate.c */
int vdev_migrate_init(struct vdev_vfio *front);
void vdev_migrate_destroy(struct vdev_vfio *front);
int vdev_migrate_expose(struct vdev_vfio *front);
void vdev_migrate_hide(struct vdev_vfio *front);
void vdev_migrate_open(struct vdev_vfio *front);
void vdev_migrate_close(struct vdev_vfio *front);
void vdev_migrate_was_reset(struct vdev *vdev);
void vdev_migrate_written(struct vdev_vfio *front);
void vdev_migrate_dirty(struct vdev_vfio *front, u64 iova, u64 length);
int vdev_migrate_feature(struct vfio_device *vfio, u32 flags, void __user *arg,
			 size_t argsz);

#endif /* _VDEV_FRONT_H */
