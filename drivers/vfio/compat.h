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
#include <linux/hrtimer.h>
#include <linux/slab.h>
#include <linux/vfio.h>

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

#endif /* _VFIOKIT_COMPAT_H */
