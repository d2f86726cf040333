// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration of a device behind a VFIO device file: what the engine asks of it.
 */
#include <linux/vmig_vfio.h>

#include "vdev_front.h"

#define REASON_SIZE		100

static struct vdev_vfio *front_of(struct vmig *vmig)
{
	return container_of(to_vmig_vfio(vmig), struct vdev_vfio, mig);
}

/* How much of the device moves */

static int migrate_quiesce(struct vmig *vmig)
{
	vdev_quiesce(front_of(vmig)->vdev);
	return 0;
}

static int migrate_unquiesce(struct vmig *vmig)
{
	vdev_unquiesce(front_of(vmig)->vdev);
	return 0;
}

static int migrate_stop(struct vmig *vmig)
{
	vdev_stop(front_of(vmig)->vdev);
	return 0;
}

static int migrate_run(struct vmig *vmig)
{
	vdev_run(front_of(vmig)->vdev);
	return 0;
}

/* State */

static int migrate_save(struct vmig *vmig, struct vmig_image *image)
{
	vdev_state_save(front_of(vmig)->vdev, image);
	return 0;
}

static int migrate_load_check(struct vmig *vmig, const struct vmig_image *image)
{
	char reason[REASON_SIZE];
	int ret;

	ret = vdev_state_check(front_of(vmig)->vdev, image, reason,
			       sizeof(reason));
	return ret ? vmig_fail(vmig, ret, "%s", reason) : 0;
}

static void migrate_load_commit(struct vmig *vmig,
				const struct vmig_image *image)
{
	struct vdev_vfio *front = front_of(vmig);

	vdev_memory_commit(front);
	vdev_state_load(front->vdev, image);
}

/* Memory */

static int migrate_track(struct vmig *vmig, bool on)
{
	vdev_memory_track(front_of(vmig), on, true);
	return 0;
}

static u64 migrate_written(struct vmig *vmig)
{
	return vdev_memory_nr_written(front_of(vmig));
}

static int migrate_take(struct vmig *vmig, const struct vmig_area *area,
			u64 *offset, void *page)
{
	struct vdev_vfio *front = front_of(vmig);
	unsigned int bar;
	u64 start = vdev_state_area(front->vdev, area, &bar);
	u64 at = start + *offset;

	if (!vdev_memory_take(front, bar, &at, start + area->size, page))
		return 0;
	*offset = at - start;
	return 1;
}

static int migrate_stage(struct vmig *vmig, const struct vmig_area *area,
			 u64 offset, const void *pages, u64 length)
{
	struct vdev_vfio *front = front_of(vmig);
	unsigned int bar;
	u64 start = vdev_state_area(front->vdev, area, &bar);

	return vdev_memory_stage(front, bar, start + offset, pages, length);
}

static void migrate_unstage(struct vmig *vmig)
{
	vdev_memory_unstage(front_of(vmig));
}

static const struct vmig_memory_ops migrate_memory_ops = {
	.track		= migrate_track,
	.written	= migrate_written,
	.take		= migrate_take,
	.stage		= migrate_stage,
	.unstage	= migrate_unstage,
};

static const struct vmig_ops migrate_ops = {
	.quiesce	= migrate_quiesce,
	.unquiesce	= migrate_unquiesce,
	.stop		= migrate_stop,
	.run		= migrate_run,
	.save		= migrate_save,
	.load_check	= migrate_load_check,
	.load_commit	= migrate_load_commit,
	.memory		= &migrate_memory_ops,
};

/* Life */

/**
 * vdev_migrate_init() - have a device migrate, if its model can
 * @front: the device, not registered with VFIO yet
 *
 * Return: 0 or a negative errno.
 */
int vdev_migrate_init(struct vdev_vfio *front)
{
	const struct vmig_desc *desc = vdev_state_desc(front->vdev);
	int ret;

	/* the stream has pages of a size of its own */
	if (!desc || (desc->nr_areas && PAGE_SIZE != VDEV_MEM_ALIGN))
		return 0;
	ret = vmig_vfio_init(&front->mig, &front->vfio, &migrate_ops, desc,
			     VMIG_CAN_STOP_COPY | VMIG_CAN_P2P |
			     VMIG_CAN_PRE_COPY | VMIG_VFIO_LOG);
	front->migrates = !ret;
	return ret;
}

/**
 * vdev_migrate_destroy() - take back vdev_migrate_init()
 * @front: the device, not registered with VFIO any more
 */
void vdev_migrate_destroy(struct vdev_vfio *front)
{
	if (front->migrates)
		vmig_vfio_destroy(&front->mig);
}

/**
 * vdev_migrate_expose() - the device has been registered with VFIO
 * @front: the device
 *
 * Return: 0 or a negative errno.
 */
int vdev_migrate_expose(struct vdev_vfio *front)
{
	return front->migrates ? vmig_vfio_expose(&front->mig) : 0;
}

/**
 * vdev_migrate_hide() - take back vdev_migrate_expose()
 * @front: the device, still registered
 */
void vdev_migrate_hide(struct vdev_vfio *front)
{
	if (front->migrates)
		vmig_vfio_hide(&front->mig);
}

/**
 * vdev_migrate_open() - somebody uses the device
 * @front: the device, after vdev_open()
 */
void vdev_migrate_open(struct vdev_vfio *front)
{
	if (front->migrates)
		vmig_vfio_open(&front->mig);
}

/**
 * vdev_migrate_close() - the last user goes
 * @front: the device, before vdev_close()
 */
void vdev_migrate_close(struct vdev_vfio *front)
{
	if (front->migrates)
		vmig_vfio_close(&front->mig);
}

/* &vdev_front_ops.was_reset */
void vdev_migrate_was_reset(struct vdev *vdev)
{
	struct vdev_vfio *front = vdev->front_data;

	if (!front->migrates)
		return;
	vmig_vfio_reset_done(&front->mig);
	vmig_vfio_reset_wait(&front->mig);
}

/**
 * vdev_migrate_written() - a page of device memory counts as written
 * @front: the device
 *
 * Context: memory lock held.
 */
void vdev_migrate_written(struct vdev_vfio *front)
{
	if (front->migrates)
		vmig_vfio_written(&front->mig);
}

/**
 * vdev_migrate_dirty() - the device has written the user's memory
 * @front: the device
 * @iova: where
 * @length: bytes
 */
void vdev_migrate_dirty(struct vdev_vfio *front, u64 iova, u64 length)
{
	if (front->migrates)
		vmig_vfio_dirty(&front->mig, iova, length);
}

/* &vfio_device_ops.device_feature */
int vdev_migrate_feature(struct vfio_device *vfio, u32 flags, void __user *arg,
			 size_t argsz)
{
	struct vdev_vfio *front = container_of(vfio, struct vdev_vfio, vfio);

	if (!front->migrates)
		return -ENOTTY;
	return vmig_vfio_device_feature(vfio, flags, arg, argsz);
}
