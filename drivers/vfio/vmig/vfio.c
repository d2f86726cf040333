// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that migrates behind a VFIO device file: what the VFIO core asks.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "../compat.h"
#include "front.h"
#include "trace.h"

static_assert(VMIG_CAN_STOP_COPY == VFIO_MIGRATION_STOP_COPY);
static_assert(VMIG_CAN_P2P == VFIO_MIGRATION_P2P);
static_assert(VMIG_CAN_PRE_COPY == VFIO_MIGRATION_PRE_COPY);
static_assert((int)VMIG_ERROR == VFIO_DEVICE_STATE_ERROR);
static_assert((int)VMIG_STOP == VFIO_DEVICE_STATE_STOP);
static_assert((int)VMIG_RUNNING == VFIO_DEVICE_STATE_RUNNING);
static_assert((int)VMIG_STOP_COPY == VFIO_DEVICE_STATE_STOP_COPY);
static_assert((int)VMIG_RESUMING == VFIO_DEVICE_STATE_RESUMING);
static_assert((int)VMIG_RUNNING_P2P == VFIO_DEVICE_STATE_RUNNING_P2P);
static_assert((int)VMIG_PRE_COPY == COMPAT_VFIO_STATE_PRE_COPY);
static_assert((int)VMIG_PRE_COPY_P2P == COMPAT_VFIO_STATE_PRE_COPY_P2P);

/* What the engine asks of its front */

static void kick(struct vmig *vmig)
{
	compat_queue_unbound(&to_vmig_vfio(vmig)->reset_work);
}

static void reset_work(struct work_struct *work)
{
	struct vmig_vfio *mig = container_of(work, struct vmig_vfio,
					     reset_work);

	vmig_reset_wait(&mig->vmig);
}

static bool precopy_v2(struct vmig *vmig)
{
	struct vmig_vfio *mig = to_vmig_vfio(vmig);

	return compat_vfio_precopy_v2(mig->vfio) || mig->precopy_v2;
}

static void trace_arc(struct vmig *vmig, enum vmig_state from,
		      enum vmig_state to, int ret)
{
	trace_vmig_arc(dev_name(to_vmig_vfio(vmig)->vfio->dev), from, to, ret);
}

static void trace_reason(struct vmig *vmig, int error, const char *reason)
{
	trace_vmig_reason(dev_name(to_vmig_vfio(vmig)->vfio->dev), error,
			  reason);
}

static const struct vmig_front vmig_vfio_front = {
	.extra		= sizeof(struct vmig_vfio_file),
	.attach		= vmig_vfio_attach,
	.detach		= vmig_vfio_detach,
	.ended		= vmig_vfio_ended,
	.news		= vmig_vfio_news,
	.kick		= kick,
	.precopy_v2	= precopy_v2,
	.trace_arc	= trace_arc,
	.trace_reason	= trace_reason,
};

/* What the VFIO core asks */

static struct file *set_state(struct vfio_device *vfio,
			      enum vfio_device_mig_state state)
{
	struct vmig_vfio *mig = vfio_to_vmig(vfio);
	struct vmig_session *session;
	struct file *file;
	int ret;

	ret = vmig_set_state(&mig->vmig, state, &session);
	if (ret)
		return ERR_PTR(ret);
	if (!session)
		return NULL;
	/*
	 * If there is no descriptor left for it, the core drops the file; the
	 * session then goes on without one, until an arc or a reset ends it.
	 */
	file = session_file(session)->file;
	vmig_session_put(session);
	return file;
}

static int get_state(struct vfio_device *vfio,
		     enum vfio_device_mig_state *state)
{
	*state = (enum vfio_device_mig_state)
		 vmig_get_state(&vfio_to_vmig(vfio)->vmig);
	return 0;
}

static int __maybe_unused get_data_size(struct vfio_device *vfio,
					unsigned long *length)
{
	*length = min_t(u64, vmig_data_size(&vfio_to_vmig(vfio)->vmig),
			LONG_MAX - 1);
	return 0;
}

static const struct vfio_migration_ops vmig_vfio_mig_ops = {
	.migration_set_state	= set_state,
	.migration_get_state	= get_state,
	COMPAT_VFIO_DATA_SIZE_OP(get_data_size)
};

/* Features that the core of an older kernel hands to the driver */

static int feature_data_size(struct vmig_vfio *mig, u32 flags,
			     void __user *arg, size_t argsz)
{
	struct vfio_device_feature_mig_data_size size = { };
	int ret;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET,
				 sizeof(size));
	if (ret != 1)
		return ret;
	size.stop_copy_length = vmig_data_size(&mig->vmig);
	return copy_to_user(arg, &size, sizeof(size)) ? -EFAULT : 0;
}

static int feature_precopy_v2(struct vmig_vfio *mig, u32 flags, size_t argsz)
{
	int ret;

	if (!(mig->vmig.flags & VMIG_CAN_PRE_COPY))
		return -ENOTTY;
	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_SET, 0);
	if (ret != 1)
		return ret;
	vmig_lock(&mig->vmig);
	mig->precopy_v2 = true;
	vmig_unlock(&mig->vmig);
	return 0;
}

/**
 * vmig_vfio_device_feature() - features of migration
 * @vfio: the device; of any driver, migrating or not
 * @flags: as handed to &vfio_device_ops.device_feature
 * @arg: likewise
 * @argsz: likewise
 *
 * What the core of a newer kernel does by itself is done here on older ones. A
 * driver calls this first, and goes on to its own features on -ENOTTY.
 *
 * Return: 0; -ENOTTY for a feature of something else; or a negative errno.
 */
int vmig_vfio_device_feature(struct vfio_device *vfio, u32 flags,
			     void __user *arg, size_t argsz)
{
	if (!vfio->mig_ops || vfio->mig_ops->migration_set_state != set_state)
		return -ENOTTY;
	switch (flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_MIG_DATA_SIZE:
		return feature_data_size(vfio_to_vmig(vfio), flags, arg, argsz);
	case COMPAT_VFIO_FEATURE_PRECOPY_V2:
		return feature_precopy_v2(vfio_to_vmig(vfio), flags, argsz);
	default:
		return -ENOTTY;
	}
}
EXPORT_SYMBOL_GPL(vmig_vfio_device_feature);

/* Life */

/**
 * vmig_vfio_init() - make a VFIO device one that migrates
 * @mig: what vmig_vfio_destroy() ends; lives as long as @vfio
 * @vfio: the device, not registered yet
 * @ops: the driver's hooks
 * @desc: what the device is
 * @flags: %VFIO_MIGRATION_STOP_COPY, and if the device can %VFIO_MIGRATION_P2P,
 *	%VFIO_MIGRATION_PRE_COPY, %VMIG_VFIO_LOG
 *
 * Sets &vfio_device.mig_ops, &vfio_device.migration_flags and where it is offered
 * &vfio_device.log_ops. From here on a reset may come, even if the device has
 * never been open.
 *
 * Return: 0; -EINVAL for flags, hooks or tables that cannot be; -ENOMEM.
 */
int vmig_vfio_init(struct vmig_vfio *mig, struct vfio_device *vfio,
		   const struct vmig_ops *ops, const struct vmig_desc *desc,
		   u64 flags)
{
	u64 can = flags & ~VMIG_VFIO_LOG;
	int ret;

	if (can > U32_MAX)
		return -EINVAL;
	ret = vmig_init(&mig->vmig, ops, desc, can, &vmig_vfio_front);
	if (ret)
		return ret;
	mig->vfio = vfio;
	mig->mig_ops = vmig_vfio_mig_ops;
	mig->precopy_v2 = false;
	mig->file = NULL;
	spin_lock_init(&mig->wait_lock);
	INIT_WORK(&mig->reset_work, reset_work);
	vfio->migration_flags = can;
	vfio->mig_ops = &mig->mig_ops;
	vmig_vfio_log_init(mig, flags & VMIG_VFIO_LOG);
	return 0;
}
EXPORT_SYMBOL_GPL(vmig_vfio_init);

/**
 * vmig_vfio_destroy() - the end of what vmig_vfio_init() began
 * @mig: the device, not registered any more; no reset is told of any more
 *
 * Data files that are still open are harmless, and need neither the device nor
 * its driver.
 */
void vmig_vfio_destroy(struct vmig_vfio *mig)
{
	mig->vfio->mig_ops = NULL;
	mig->vfio->log_ops = NULL;
	mig->vfio->migration_flags = 0;
	cancel_work_sync(&mig->reset_work);
	vmig_vfio_log_destroy(mig);
	vmig_destroy(&mig->vmig);
}
EXPORT_SYMBOL_GPL(vmig_vfio_destroy);

/**
 * vmig_vfio_open() - somebody starts to use the device
 * @mig: the device, as after a reset
 *
 * It is in %VMIG_RUNNING.
 *
 * Context: process context, no lock held that a hook takes.
 */
void vmig_vfio_open(struct vmig_vfio *mig)
{
	vmig_open(&mig->vmig);
}
EXPORT_SYMBOL_GPL(vmig_vfio_open);

/**
 * vmig_vfio_close() - the last user is gone
 * @mig: the device
 *
 * The data transfer and DMA logging are over. No hook for starting the device
 * again is called before vmig_vfio_open().
 *
 * Context: process context, no lock held that a hook takes.
 */
void vmig_vfio_close(struct vmig_vfio *mig)
{
	vmig_close(&mig->vmig);
	vmig_lock(&mig->vmig);
	mig->precopy_v2 = false;
	vmig_unlock(&mig->vmig);
	vmig_vfio_log_end(mig);
}
EXPORT_SYMBOL_GPL(vmig_vfio_close);

/**
 * vmig_vfio_reset_done() - the device was reset
 * @mig: the device
 *
 * To be called after each reset that the user can see, whoever asked for it and
 * how: VFIO_DEVICE_RESET, a function level reset, the bus. A data transfer is
 * over at once; whatever is asked about migration from here on finds the device
 * in %VMIG_RUNNING.
 *
 * The hooks &vmig_ops.run and &vmig_ops.unquiesce are called where the reset
 * found the device stopped or quiescent; if it has ended that already, there is
 * nothing left for them to do. They are called soon, by whoever takes the state
 * lock, a worker of the engine if need be; DMA logging is not affected.
 *
 * Context: any, with any lock held.
 */
void vmig_vfio_reset_done(struct vmig_vfio *mig)
{
	vmig_reset_done(&mig->vmig);
}
EXPORT_SYMBOL_GPL(vmig_vfio_reset_done);

/**
 * vmig_vfio_reset_wait() - wait until the engine has dealt with a reset
 * @mig: the device
 *
 * For a driver that answers VFIO_DEVICE_RESET itself: the device runs before the
 * ioctl returns.
 *
 * Context: process context, no lock held that a hook takes.
 */
void vmig_vfio_reset_wait(struct vmig_vfio *mig)
{
	vmig_reset_wait(&mig->vmig);
}
EXPORT_SYMBOL_GPL(vmig_vfio_reset_wait);

/**
 * vmig_vfio_written() - memory that was not to be sent now is
 * @mig: the device
 *
 * Wakes who polls for more in PRE_COPY.
 *
 * Context: any.
 */
void vmig_vfio_written(struct vmig_vfio *mig)
{
	vmig_vfio_news(&mig->vmig);
}
EXPORT_SYMBOL_GPL(vmig_vfio_written);

COMPAT_IMPORT_NS_IOMMUFD;
MODULE_DESCRIPTION("Live migration for VFIO drivers");
MODULE_LICENSE("GPL");
MODULE_AUTHOR("vfiokit developers");
