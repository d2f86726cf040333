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

#include <linux/vfio.h>
#include <linux/vmig.h>

struct vmig_vfio;

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
void vmig_vfio_dirty(struct vmig_vfio *mig, u64 iova, u64 length);
int vmig_vfio_device_feature(struct vfio_device *vfio, u32 flags,
			     void __user *arg, size_t argsz);

#endif /* _LINUX_VMIG_VFIO_H */
