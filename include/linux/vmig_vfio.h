/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmig behind a VFIO device file: what a VFIO driver embeds and calls.
 *
 * A driver's calls, in the order of a device's life:
 *
 *	vmig_vfio_init()	before the device is registered with VFIO
 *	vmig_vfio_expose()	once it is registered
 *	vmig_vfio_open()	in &vfio_device_ops.open_device
 *	vmig_vfio_reset_done()	after each reset, of whatever kind
 *	vmig_vfio_close()	in &vfio_device_ops.close_device
 *	vmig_vfio_hide()	before it is unregistered
 *	vmig_vfio_destroy()	when it is unregistered
 */
#ifndef _LINUX_VMIG_VFIO_H
#define _LINUX_VMIG_VFIO_H

#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>
#include <linux/vfio.h>
#include <linux/vmig.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

/*
 * For vmig_vfio_init(), beside VFIO_MIGRATION_STOP_COPY and so on: the driver
 * tells of every write to the user's memory by vmig_vfio_dirty(), or the device
 * does none. DMA logging is offered where the kernel can report it.
 */
#define VMIG_VFIO_LOG		BIT_ULL(32)

struct vmig_vfio_file;

/**
 * struct vmig_vfio_range - IOVAs that are logged
 * @first: the first
 * @last: the last
 */
struct vmig_vfio_range {
	unsigned long first;
	unsigned long last;
};

/**
 * struct vmig_vfio_log - which pages the device wrote by DMA
 * @reporting: keeps a start or stop apart from a report; held while the user's
 *	memory is touched, outside @lock
 * @lock: protects all of it; a leaf, never held while the user's memory is
 *	touched
 * @ranges: what is logged, ascending, not adjacent; NULL unless it is
 * @nr_ranges: how many
 * @page_shift: log2 of the bytes a bit stands for
 * @chunks: bitmaps of 4096 bytes, by the number of their first bit / 32768
 * @all: some page could not be noted: all count as written
 */
struct vmig_vfio_log {
	struct mutex reporting;	/* see above */
	struct mutex lock;	/* likewise */
	struct vmig_vfio_range *ranges;
	unsigned int nr_ranges;
	unsigned int page_shift;
	struct xarray chunks;
	bool all;
};

/**
 * struct vmig_vfio - a device that migrates behind a VFIO device file
 * @vmig: the engine's; hooks get a pointer to it
 * @vfio: the device
 * @mig_ops: what the VFIO core calls; it leads back here
 * @reset_work: carries a reset out if nobody else does
 * @precopy_v2: the user knows of VFIO_PRECOPY_INFO_REINIT; under the state lock.
 *	Where the core knows the feature, it keeps this itself
 * @wait_lock: protects @file
 * @file: whose readers wait for more, or NULL
 * @log: DMA logging
 * @state_attr: "state"
 * @last_error_attr: "last_error"
 * @fault_attr: "fault"
 * @attrs: these
 * @group: as directory "migration"
 *
 * All of it is the engine's.
 */
struct vmig_vfio {
	struct vmig vmig;
	struct vfio_device *vfio;
	struct vfio_migration_ops mig_ops;
	struct work_struct reset_work;
	bool precopy_v2;
	spinlock_t wait_lock;	/* protects file */
	struct vmig_vfio_file *file;
	struct vmig_vfio_log log;
	struct device_attribute state_attr;
	struct device_attribute last_error_attr;
	struct device_attribute fault_attr;
	struct attribute *attrs[4];
	struct attribute_group group;
};

/* The device that a hook is called for. */
static inline struct vmig_vfio *to_vmig_vfio(struct vmig *vmig)
{
	return container_of(vmig, struct vmig_vfio, vmig);
}

int vmig_vfio_init(struct vmig_vfio *mig, struct vfio_device *vfio,
		   const struct vmig_ops *ops, const struct vmig_desc *desc,
		   u64 flags);
void vmig_vfio_destroy(struct vmig_vfio *mig);
int vmig_vfio_expose(struct vmig_vfio *mig);
void vmig_vfio_hide(struct vmig_vfio *mig);
void vmig_vfio_open(struct vmig_vfio *mig);
void vmig_vfio_close(struct vmig_vfio *mig);
void vmig_vfio_reset_done(struct vmig_vfio *mig);
void vmig_vfio_reset_wait(struct vmig_vfio *mig);
void vmig_vfio_written(struct vmig_vfio *mig);
void vmig_vfio_dirty(struct vmig_vfio *mig, u64 iova, u64 length);
int vmig_vfio_device_feature(struct vfio_device *vfio, u32 flags,
			     void __user *arg, size_t argsz);

#endif /* _LINUX_VMIG_VFIO_H */
