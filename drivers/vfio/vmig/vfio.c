// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that migrates behind a VFIO device file.
 */
#include <linux/module.h>
#include <linux/vmig_vfio.h>

int vmig_vfio_init(struct vmig_vfio *mig, struct vfio_device *vfio,
		   const struct vmig_ops *ops, const struct vmig_desc *desc,
		   u64 flags)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(vmig_vfio_init);

void vmig_vfio_destroy(struct vmig_vfio *mig)
{
}
EXPORT_SYMBOL_GPL(vmig_vfio_destroy);

int vmig_vfio_expose(struct vmig_vfio *mig)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(vmig_vfio_expose);

void vmig_vfio_hide(struct vmig_vfio *mig)
{
}
EXPORT_SYMBOL_GPL(vmig_vfio_hide);

void vmig_vfio_open(struct vmig_vfio *mig)
{
}
EXPORT_SYMBOL_GPL(vmig_vfio_open);

void vmig_vfio_close(struct vmig_vfio *mig)
{
}
EXPORT_SYMBOL_GPL(vmig_vfio_close);

void vmig_vfio_reset_done(struct vmig_vfio *mig)
{
}
EXPORT_SYMBOL_GPL(vmig_vfio_reset_done);

void vmig_vfio_reset_wait(struct vmig_vfio *mig)
{
}
EXPORT_SYMBOL_GPL(vmig_vfio_reset_wait);

void vmig_vfio_written(struct vmig_vfio *mig)
{
}
EXPORT_SYMBOL_GPL(vmig_vfio_written);

void vmig_vfio_dirty(struct vmig_vfio *mig, u64 iova, u64 length)
{
}
EXPORT_SYMBOL_GPL(vmig_vfio_dirty);

int vmig_vfio_device_feature(struct vfio_device *vfio, u32 flags,
			     void __user *arg, size_t argsz)
{
	return -ENOTTY;
}
EXPORT_SYMBOL_GPL(vmig_vfio_device_feature);

int vmig_fail(struct vmig *vmig, int error, const char *format, ...)
{
	return error;
}
EXPORT_SYMBOL_GPL(vmig_fail);

void vmig_broken(struct vmig *vmig)
{
}
EXPORT_SYMBOL_GPL(vmig_broken);

void vmig_restart(struct vmig *vmig)
{
}
EXPORT_SYMBOL_GPL(vmig_restart);

MODULE_DESCRIPTION("Live migration for VFIO drivers");
MODULE_LICENSE("GPL");
MODULE_AUTHOR("vfiokit developers");
