/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kernel fronts share: a device behind a VFIO device file.
 */
#ifndef _VDEV_FRONT_H
#define _VDEV_FRONT_H

#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/vdev.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>

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
 */
struct vdev_vfio {
	struct vfio_device vfio;
	struct vdev *vdev;
	struct mutex irq_gate;	/* serialises SET_IRQS and close */
	struct virqfd *unmask;
	struct hrtimer alarm;
	struct work_struct alarm_work;
};

struct vdev_vfio *vdev_vfio_create(struct device *dev,
				   const struct vdev_family *family,
				   const struct vdev_model *model);
void vdev_vfio_destroy(struct vdev_vfio *front);

#endif /* _VDEV_FRONT_H */
