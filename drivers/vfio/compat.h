/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels this builds against, and nothing else.
 *
 * The HAVE_* macros come from compat.mk. Code is written for the newest
 * kernel; what is here gives an older one the same shape.
 */
#ifndef _VFIOKIT_COMPAT_H
#define _VFIOKIT_COMPAT_H

#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>

#ifndef kzalloc_obj
#define kzalloc_obj(obj, gfp)	kzalloc(sizeof(obj), gfp)
#endif

static inline void compat_eventfd_signal(struct eventfd_ctx *ctx)
{
#ifdef HAVE_EVENTFD_SIGNAL_COUNT
	eventfd_signal(ctx, 1);
#else
	eventfd_signal(ctx);
#endif
}

/* Work that may take long, on whatever processor has time for it. */
static inline void compat_queue_unbound(struct work_struct *work)
{
#ifdef HAVE_SYSTEM_DFL_WQ
	queue_work(system_dfl_wq, work);
#else
	queue_work(system_unbound_wq, work);
#endif
}

static inline void
compat_hrtimer_setup(struct hrtimer *timer,
		     enum hrtimer_restart (*function)(struct hrtimer *),
		     clockid_t clock, enum hrtimer_mode mode)
{
#ifdef HAVE_HRTIMER_SETUP
	hrtimer_setup(timer, function, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = function;
#endif
}

/* Members of struct vfio_device_ops for a device without a real IOMMU. */
#ifdef HAVE_VFIO_IOMMUFD
#define COMPAT_VFIO_IOMMUFD_ATTACH					\
	.bind_iommufd	= vfio_iommufd_emulated_bind,			\
	.unbind_iommufd	= vfio_iommufd_emulated_unbind,			\
	.attach_ioas	= vfio_iommufd_emulated_attach_ioas,
#else
#define COMPAT_VFIO_IOMMUFD_ATTACH
#endif

#ifdef HAVE_VFIO_IOMMUFD_DETACH
#define COMPAT_VFIO_IOMMUFD_EMULATED_OPS COMPAT_VFIO_IOMMUFD_ATTACH	\
	.detach_ioas	= vfio_iommufd_emulated_detach_ioas,
#else
#define COMPAT_VFIO_IOMMUFD_EMULATED_OPS COMPAT_VFIO_IOMMUFD_ATTACH
#endif

/*
 * Newer cores answer VFIO_DEVICE_GET_REGION_INFO themselves and ask the driver
 * for the contents; older ones leave the whole ioctl to the driver.
 */
#ifdef HAVE_VFIO_REGION_INFO_CAPS
#define COMPAT_VFIO_REGION_INFO_OP(fn)	.get_region_info_caps = (fn),
#else
#define COMPAT_VFIO_REGION_INFO_OP(fn)
#endif

typedef int (*compat_region_info_fn)(struct vfio_device *vfio,
				     struct vfio_region_info *info,
				     struct vfio_info_cap *caps);
long compat_get_region_info(struct vfio_device *vfio, void __user *arg,
			    compat_region_info_fn fill);

/* Names of the migration uAPI that older headers lack. */
#define COMPAT_VFIO_STATE_PRE_COPY	6
#define COMPAT_VFIO_STATE_PRE_COPY_P2P	7
#define COMPAT_VFIO_FEATURE_PRECOPY_V2	12

#ifndef VFIO_DEVICE_FEATURE_MIG_DATA_SIZE
#define VFIO_DEVICE_FEATURE_MIG_DATA_SIZE	9
struct vfio_device_feature_mig_data_size {
	__aligned_u64 stop_copy_length;
};
#endif

#ifndef VFIO_MIG_GET_PRECOPY_INFO
#define VFIO_MIG_GET_PRECOPY_INFO	_IO(VFIO_TYPE, VFIO_BASE + 21)
#define VFIO_MIGRATION_PRE_COPY		BIT(2)
struct vfio_precopy_info {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 initial_bytes;
	__aligned_u64 dirty_bytes;
};
#endif

#ifndef VFIO_PRECOPY_INFO_REINIT
#define VFIO_PRECOPY_INFO_REINIT	BIT(0)
#endif

/* Older cores ask for no size: the feature is the driver's to answer. */
#ifdef HAVE_VFIO_MIG_DATA_SIZE
#define COMPAT_VFIO_DATA_SIZE_OP(fn)	.migration_get_data_size = (fn),
#else
#define COMPAT_VFIO_DATA_SIZE_OP(fn)
#endif

/* Does the core know that the user knows VFIO_PRECOPY_INFO_REINIT? */
static inline bool compat_vfio_precopy_v2(const struct vfio_device *vfio)
{
#ifdef HAVE_VFIO_PRECOPY_V2
	return READ_ONCE(vfio->precopy_info_v2);
#else
	return false;
#endif
}

/* Later versions of iova_bitmap are there only for those who have iommufd. */
static inline bool compat_iova_bitmap_works(void)
{
#ifdef HAVE_IOVA_BITMAP_IN_IOMMUFD
	return IS_ENABLED(CONFIG_IOMMUFD_DRIVER);
#else
	return true;
#endif
}

#ifdef HAVE_IMPORT_NS_STRING
#define COMPAT_IMPORT_NS_IOMMUFD	MODULE_IMPORT_NS("IOMMUFD")
#else
#define COMPAT_IMPORT_NS_IOMMUFD	MODULE_IMPORT_NS(IOMMUFD)
#endif

#ifdef HAVE_ASSIGN_STR_SOURCE
#define compat_assign_str(dst, src)	__assign_str(dst, src)
#else
#define compat_assign_str(dst, ...)	__assign_str(dst)
#endif

/*
 * The mapping through which every mapping of a device's file is found. Newer
 * cores give each device an inode; in older ones all files of the kind share
 * one, so each device gets a mapping of ours, which its file takes on when it
 * is first mapped.
 */
#ifdef HAVE_VFIO_DEVICE_INODE
static inline struct address_space *
compat_vfio_get_mapping(struct vfio_device *vfio)
{
	return vfio->inode->i_mapping;
}

static inline void compat_vfio_put_mapping(struct address_space *mapping)
{
}

static inline void compat_vfio_set_mapping(struct file *file,
					   struct address_space *mapping)
{
}
#else
struct address_space *compat_vfio_get_mapping(struct vfio_device *vfio);
void compat_vfio_put_mapping(struct address_space *mapping);
void compat_vfio_set_mapping(struct file *file, struct address_space *mapping);
#endif

static inline void compat_vm_flags_set(struct vm_area_struct *vma,
				       unsigned long flags)
{
#ifdef HAVE_VM_FLAGS_SET
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

#endif /* _VFIOKIT_COMPAT_H */
