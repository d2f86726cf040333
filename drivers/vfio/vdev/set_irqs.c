// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * VFIO_DEVICE_SET_IRQS: what the user has interrupts bound to.
 *
 * It answers as vfio-pci does, but for two things. ERR is there without PCI
 * Express too, since QEMU warns at every start about a device without it. And
 * while INTx or a message is bound to nothing it waits: vfio-pci takes it for
 * delivered.
 */
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vfio.h>		/* the numbers of the uAPI, nothing else */

#include "vdev_private.h"

/* What VFIO_DEVICE_SET_IRQS asks for; @data_type tells @bools from @fds. */
struct irq_request {
	u32 data_type;
	unsigned int index;
	unsigned int start;
	unsigned int count;
	const u8 *bools;
	const s32 *fds;
};

static bool wants_loopback(const struct irq_request *req, unsigned int i)
{
	return req->data_type == VFIO_IRQ_SET_DATA_NONE || req->bools[i];
}

static int intx_mask(struct vdev *vdev, const struct irq_request *req)
{
	if (vdev->irqs.mode != VDEV_IRQ_INTX || req->start || req->count != 1)
		return -EINVAL;
	if (req->data_type == VFIO_IRQ_SET_DATA_EVENTFD)
		return -ENOTTY;
	if (wants_loopback(req, 0)) {
		vdev->irqs.intx_masked = true;
		vdev->irqs.intx_automasked = false;
	}
	return 0;
}

static int intx_bind(struct vdev *vdev, s32 fd)
{
	bool fresh = vdev->irqs.mode == VDEV_IRQ_NONE;
	int ret;

	if (fresh) {
		ret = vdev_irqs_enable(vdev, VDEV_IRQ_INTX, 1);
		if (ret)
			return ret;
	}
	ret = vdev_bind_trigger(vdev, &vdev->irqs.trigger[0], fd);
	if (ret && fresh)
		vdev_irqs_disable(vdev);
	vdev_irq_update(vdev);
	return ret;
}

static int intx_trigger(struct vdev *vdev, const struct irq_request *req)
{
	unsigned int mode = vdev->irqs.mode;

	if (mode == VDEV_IRQ_INTX && !req->count &&
	    req->data_type == VFIO_IRQ_SET_DATA_NONE) {
		vdev_irqs_disable(vdev);
		return 0;
	}
	if ((mode != VDEV_IRQ_INTX && mode != VDEV_IRQ_NONE) || req->start ||
	    req->count != 1)
		return -EINVAL;
	if (req->data_type == VFIO_IRQ_SET_DATA_EVENTFD)
		return intx_bind(vdev, req->fds[0]);
	if (mode != VDEV_IRQ_INTX)
		return -EINVAL;
	if (wants_loopback(req, 0) && !vdev_intx_disabled(vdev))
		vdev_signal_vector(vdev, 0);
	return 0;
}

/*
 * Bind @count vectors. As in vfio-pci, a vector lets go of its old eventfd
 * before the new one is looked at, and when one cannot be bound all before it
 * are unbound too.
 */
static int msi_bind_vectors(struct vdev *vdev, const struct irq_request *req)
{
	struct vdev_irqs *irqs = &vdev->irqs;
	unsigned int i;
	int ret;

	for (i = 0; i < req->count; i++) {
		unsigned int vector = req->start + i;

		if (vector >= irqs->nr) {
			ret = -EINVAL;
			goto unbind;
		}
		vdev_bind_trigger(vdev, &irqs->trigger[vector], -1);
		ret = vdev_bind_trigger(vdev, &irqs->trigger[vector], req->fds[i]);
		if (ret)
			goto unbind;
	}
	return 0;

unbind:
	while (i--)
		vdev_bind_trigger(vdev, &irqs->trigger[req->start + i], -1);
	return ret;
}

/*
 * MSI has the vectors it was enabled with, as VFIO_IRQ_INFO_NORESIZE says;
 * those of MSI-X come and go.
 */
static unsigned int nr_to_enable(const struct vdev *vdev,
				 const struct irq_request *req)
{
	if (req->index == VDEV_IRQ_MSIX)
		return vdev->model->msix.vectors;
	return req->start + req->count;
}

/**
 * vdev_msi_extend() - have MSI with more vectors than it was enabled with
 * @vdev: the device
 * @start: first vector of a request to bind some
 * @count: how many
 *
 * For a front whose protocol brings one user's request in parts: a part that
 * goes on where the one before ended makes the set larger, before it is handed
 * to vdev_set_irqs(). Any other changes nothing.
 *
 * Context: process context; takes the device lock.
 *
 * Return: 0 or -ENOMEM.
 */
int vdev_msi_extend(struct vdev *vdev, unsigned int start, unsigned int count)
{
	struct vdev_irqs *irqs = &vdev->irqs;
	struct vdev_trigger **trigger;
	int ret = 0;

	mutex_lock(&vdev->lock);
	if (irqs->mode != VDEV_IRQ_MSI || start != irqs->nr || !count)
		goto out;
	ret = -ENOMEM;
	trigger = kvcalloc(start + count, sizeof(*trigger), GFP_KERNEL_ACCOUNT);
	if (!trigger)
		goto out;
	memcpy(trigger, irqs->trigger, start * sizeof(*trigger));
	kvfree(irqs->trigger);
	irqs->trigger = trigger;
	irqs->nr = start + count;
	ret = 0;
out:
	mutex_unlock(&vdev->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(vdev_msi_extend);

static int msi_bind(struct vdev *vdev, const struct irq_request *req)
{
	bool fresh = vdev->irqs.mode == VDEV_IRQ_NONE;
	int ret;

	if (fresh) {
		/* what pci_alloc_irq_vectors(1, 0) answers vfio-pci */
		if (!req->count)
			return -ERANGE;
		ret = vdev_irqs_enable(vdev, req->index, nr_to_enable(vdev, req));
		if (ret)
			return ret;
	}
	ret = msi_bind_vectors(vdev, req);
	if (ret && fresh)
		vdev_irqs_disable(vdev);
	vdev_irq_update(vdev);
	return ret;
}

static int msi_trigger(struct vdev *vdev, const struct irq_request *req)
{
	unsigned int mode = vdev->irqs.mode;
	unsigned int i;

	if (mode == req->index && !req->count &&
	    req->data_type == VFIO_IRQ_SET_DATA_NONE) {
		vdev_irqs_disable(vdev);
		return 0;
	}
	if (mode != req->index && mode != VDEV_IRQ_NONE)
		return -EINVAL;
	if (req->data_type == VFIO_IRQ_SET_DATA_EVENTFD)
		return msi_bind(vdev, req);
	if (mode != req->index)
		return -EINVAL;
	for (i = 0; i < req->count; i++)
		if (req->start + i < vdev->irqs.nr && wants_loopback(req, i))
			vdev_signal_vector(vdev, req->start + i);
	return 0;
}

/* ERR and REQ */
static int single_trigger(struct vdev *vdev, struct vdev_trigger **slot,
			  const struct irq_request *req)
{
	bool none = req->data_type == VFIO_IRQ_SET_DATA_NONE;

	if (none && !*slot)
		return -EINVAL;
	if (none && !req->count)
		return vdev_bind_trigger(vdev, slot, -1);
	if (!req->count)
		return -EINVAL;
	if (req->data_type == VFIO_IRQ_SET_DATA_EVENTFD)
		return req->fds[0] < -1 ? -EINVAL :
					  vdev_bind_trigger(vdev, slot, req->fds[0]);
	if (wants_loopback(req, 0) && *slot)
		vdev->front->trigger_signal(*slot);
	return 0;
}

static int set_irqs_locked(struct vdev *vdev, u32 action,
			   const struct irq_request *req)
{
	switch (req->index) {
	case VDEV_IRQ_INTX:
		if (action == VFIO_IRQ_SET_ACTION_MASK)
			return intx_mask(vdev, req);
		if (action == VFIO_IRQ_SET_ACTION_TRIGGER)
			return intx_trigger(vdev, req);
		break;
	case VDEV_IRQ_MSI:
	case VDEV_IRQ_MSIX:
		if (action == VFIO_IRQ_SET_ACTION_TRIGGER)
			return msi_trigger(vdev, req);
		break;
	case VDEV_IRQ_ERR:
		if (action == VFIO_IRQ_SET_ACTION_TRIGGER)
			return single_trigger(vdev, &vdev->irqs.err, req);
		break;
	case VDEV_IRQ_REQ:
		if (action == VFIO_IRQ_SET_ACTION_TRIGGER)
			return single_trigger(vdev, &vdev->irqs.req, req);
		break;
	}
	return -ENOTTY;
}

/*
 * Unmasking leaves the device lock to the front: taking an unmask eventfd away
 * waits for a call of vdev_intx_unmask() that may be under way.
 */
static int intx_unmask(struct vdev *vdev, const struct irq_request *req)
{
	bool intx;

	mutex_lock(&vdev->lock);
	intx = vdev->irqs.mode == VDEV_IRQ_INTX;
	mutex_unlock(&vdev->lock);

	if (!intx || req->start || req->count != 1)
		return -EINVAL;
	if (req->data_type == VFIO_IRQ_SET_DATA_EVENTFD)
		return vdev->front->unmask_bind(vdev, max(req->fds[0], -1));
	if (wants_loopback(req, 0))
		vdev_intx_unmask(vdev);
	return 0;
}

static void drop_unmask(struct vdev *vdev)
{
	bool intx;

	mutex_lock(&vdev->lock);
	intx = vdev->irqs.mode == VDEV_IRQ_INTX;
	mutex_unlock(&vdev->lock);
	if (!intx)
		vdev->front->unmask_bind(vdev, -1);
}

/**
 * vdev_set_irqs() - VFIO_DEVICE_SET_IRQS
 * @vdev: the device
 * @flags: one VFIO_IRQ_SET_DATA_* and one VFIO_IRQ_SET_ACTION_*
 * @index: VFIO_PCI_*_IRQ_INDEX
 * @start: first interrupt of the index
 * @count: how many
 * @data: @count bytes (DATA_BOOL) or s32 (DATA_EVENTFD), else ignored
 *
 * The front has checked that @start and @start + @count lie inside the index
 * (vdev_irq_count()), that exactly one data type is set and that @data holds
 * enough.
 *
 * Context: process context; takes the device lock. The caller serialises calls
 * for one device.
 *
 * Return: 0 or a negative errno; after an error a fresh set-up is undone.
 */
int vdev_set_irqs(struct vdev *vdev, u32 flags, unsigned int index,
		  unsigned int start, unsigned int count, const void *data)
{
	u32 action = flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	struct irq_request req = {
		.data_type = flags & VFIO_IRQ_SET_DATA_TYPE_MASK,
		.index = index,
		.start = start,
		.count = count,
		.bools = data,
		.fds = data,
	};
	int ret;

	if (index == VDEV_IRQ_INTX && action == VFIO_IRQ_SET_ACTION_UNMASK)
		return intx_unmask(vdev, &req);

	mutex_lock(&vdev->lock);
	ret = set_irqs_locked(vdev, action, &req);
	mutex_unlock(&vdev->lock);

	if (index == VDEV_IRQ_INTX && action == VFIO_IRQ_SET_ACTION_TRIGGER)
		drop_unmask(vdev);
	return ret;
}
EXPORT_SYMBOL_GPL(vdev_set_irqs);
