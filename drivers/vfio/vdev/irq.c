// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Interrupts: from a model's interrupt condition to the user's eventfds.
 *
 * A model says one thing: its interrupt condition holds, or not. With INTx in
 * use that is a level: the user is signalled, INTx is masked at once
 * (automask), and unmasking it while the condition still holds signals again.
 * With MSI it is one message for each rise of the condition. A message that
 * may not be sent yet is owed, and sent when it may, if the condition still
 * holds then. A model may also send messages that stand for themselves; these
 * wait until they can be sent, or until the guest turns to another kind of
 * interrupt.
 *
 * ERR and REQ are messages to the user and not to the guest, in any mode: of a
 * device that has failed, and of a host that wants it back.
 *
 * VFIO_DEVICE_SET_IRQS answers as vfio-pci does, but for two things. ERR is
 * there without PCI Express too, since QEMU warns at every start about a device
 * without it. And while INTx or a message is bound to nothing it waits: vfio-pci
 * takes it for delivered.
 *
 * Everything here is protected by the device lock, and users are signalled
 * under it: whoever an eventfd wakes either only schedules work or takes no
 * lock of ours.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/log2.h>
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

static bool intx_disabled(const struct vdev *vdev)
{
	return vdev_command(vdev) & PCI_COMMAND_INTX_DISABLE;
}

static void signal_vector(struct vdev *vdev, unsigned int vector)
{
	struct vdev_trigger *trigger = vdev->irqs.trigger[vector];

	if (trigger)
		vdev->front->trigger_signal(trigger);
}

static void intx_update(struct vdev *vdev)
{
	struct vdev_irqs *irqs = &vdev->irqs;

	if (!irqs->asserted || irqs->intx_masked || !irqs->trigger[0] ||
	    intx_disabled(vdev) || !vdev_powered(vdev))
		return;
	irqs->intx_masked = true;
	signal_vector(vdev, 0);
}

/* A model with both counts the vectors of the larger. */
static unsigned int vdev_nr_messages(const struct vdev_model *model)
{
	return max_t(unsigned int, model->msi_vectors, model->msix.vectors);
}

static bool message_mode(const struct vdev *vdev)
{
	return vdev->irqs.mode == VDEV_IRQ_MSI ||
	       vdev->irqs.mode == VDEV_IRQ_MSIX;
}

/*
 * Where message @vector goes. With fewer MSI vectors than it has, a function
 * changes as many low bits of the message as it was given (PCI 6.8.1.6).
 */
static unsigned int message_slot(const struct vdev *vdev, unsigned int vector)
{
	if (vdev->irqs.mode == VDEV_IRQ_MSI)
		return vector & (rounddown_pow_of_two(vdev->irqs.nr) - 1);
	return vector;
}

/*
 * Send message @vector if it can be sent now. A message is a memory write: PCI
 * 6.8.3 wants COMMAND.MASTER, PM 5.4.1 D0.
 */
static bool send_message(struct vdev *vdev, unsigned int vector)
{
	unsigned int slot = message_slot(vdev, vector);
	struct vdev_irqs *irqs = &vdev->irqs;

	if (slot >= irqs->nr || !irqs->trigger[slot] || !vdev_masters(vdev))
		return false;
	vdev->front->trigger_signal(irqs->trigger[slot]);
	return true;
}

/*
 * Messages that wait. Whatever lets a message go calls this, so what waits
 * cannot be sent at any other time.
 */
static void messages_update(struct vdev *vdev)
{
	struct vdev_irqs *irqs = &vdev->irqs;
	unsigned int nr = vdev_nr_messages(vdev->model);
	unsigned int vector;

	if (!irqs->any_pending || !vdev_masters(vdev))
		return;
	irqs->any_pending = false;
	/* vector 0 is pending once, whatever for */
	if (irqs->owed && send_message(vdev, 0)) {
		irqs->owed = false;
		__clear_bit(0, irqs->pending);
	}
	for_each_set_bit(vector, irqs->pending, nr)
		if (send_message(vdev, vector))
			__clear_bit(vector, irqs->pending);
		else
			irqs->any_pending = true;
	irqs->any_pending |= irqs->owed;
}

/* Deliver what can be delivered now. */
void vdev_irq_update(struct vdev *vdev)
{
	if (vdev->irqs.mode == VDEV_IRQ_INTX)
		intx_update(vdev);
	else if (message_mode(vdev))
		messages_update(vdev);
}

/**
 * vdev_irq() - tell whether the device wants to interrupt
 * @vdev: the device
 * @asserted: its interrupt condition holds
 *
 * Call it whenever the condition may have changed. How the interrupt reaches
 * the user, and when, is not the model's business.
 *
 * Context: device lock held.
 */
void vdev_irq(struct vdev *vdev, bool asserted)
{
	struct vdev_irqs *irqs = &vdev->irqs;

	lockdep_assert_held(&vdev->lock);
	if (irqs->asserted == asserted)
		return;
	irqs->asserted = asserted;
	vdev_config_set_intx_status(vdev, asserted);
	if (message_mode(vdev)) {
		irqs->owed = asserted && !send_message(vdev, 0);
		irqs->any_pending |= irqs->owed;
	} else if (irqs->mode == VDEV_IRQ_INTX) {
		intx_update(vdev);
	}
}
EXPORT_SYMBOL_GPL(vdev_irq);

/**
 * vdev_msi() - send a message, if messages are in use
 * @vdev: the device
 * @vector: which of the device's MSI or MSI-X vectors
 *
 * A message that cannot be sent yet (COMMAND.MASTER, D0, a vector bound to
 * nothing) is pending, and sent once when it can. Disabling the interrupts and
 * enabling the same kind again, as a VMM does for more vectors, loses none.
 *
 * Context: device lock held.
 *
 * Return: false if neither MSI nor MSI-X is in use, or the device has no such
 * vector in it: a model that has an interrupt pin then uses vdev_irq().
 */
bool vdev_msi(struct vdev *vdev, unsigned int vector)
{
	lockdep_assert_held(&vdev->lock);
	if (!message_mode(vdev) ||
	    vector >= vdev_irq_count(vdev, vdev->irqs.mode))
		return false;
	if (!send_message(vdev, vector)) {
		__set_bit(vector, vdev->irqs.pending);
		vdev->irqs.any_pending = true;
	}
	return true;
}
EXPORT_SYMBOL_GPL(vdev_msi);

/**
 * vdev_intx_unmask() - the user is ready for the next INTx
 * @vdev: the device
 *
 * Context: process context; takes the device lock.
 */
void vdev_intx_unmask(struct vdev *vdev)
{
	mutex_lock(&vdev->lock);
	if (vdev->irqs.mode == VDEV_IRQ_INTX) {
		vdev->irqs.intx_masked = false;
		intx_update(vdev);
	}
	mutex_unlock(&vdev->lock);
}
EXPORT_SYMBOL_GPL(vdev_intx_unmask);

/* As in vfio-pci, the guest's enabling of INTx unmasks it. */
void vdev_intx_disable_cleared(struct vdev *vdev)
{
	vdev->irqs.intx_masked = false;
}

/**
 * vdev_irq_count() - how many interrupts an index has
 * @vdev: the device
 * @index: VFIO_PCI_*_IRQ_INDEX
 *
 * Return: a count; 0 for an index the device lacks. Constant for a device; no
 * lock needed.
 */
unsigned int vdev_irq_count(const struct vdev *vdev, unsigned int index)
{
	switch (index) {
	case VDEV_IRQ_INTX:
		return vdev->model->intx ? 1 : 0;
	case VDEV_IRQ_MSI:
		return vdev->model->msi_vectors;
	case VDEV_IRQ_MSIX:
		return vdev->model->msix.vectors;
	case VDEV_IRQ_ERR:
	case VDEV_IRQ_REQ:
		return 1;
	default:
		return 0;
	}
}
EXPORT_SYMBOL_GPL(vdev_irq_count);

static void irqs_disable(struct vdev *vdev)
{
	struct vdev_irqs *irqs = &vdev->irqs;
	unsigned int i;

	irqs->mode = VDEV_IRQ_NONE;
	irqs->owed = false;
	for (i = 0; i < irqs->nr; i++)
		if (irqs->trigger[i])
			vdev->front->trigger_put(irqs->trigger[i]);
	kvfree(irqs->trigger);
	irqs->trigger = NULL;
	irqs->nr = 0;
	irqs->intx_masked = false;
}

/* Messages are of one kind, and lost when the guest turns to another. */
static void set_pending_mode(struct vdev *vdev, unsigned int mode)
{
	struct vdev_irqs *irqs = &vdev->irqs;

	if (irqs->pending && irqs->pending_mode != mode)
		bitmap_zero(irqs->pending, vdev_nr_messages(vdev->model));
	irqs->pending_mode = mode;
}

static int irqs_enable(struct vdev *vdev, unsigned int mode, unsigned int nr)
{
	struct vdev_irqs *irqs = &vdev->irqs;

	irqs->trigger = kvcalloc(nr, sizeof(*irqs->trigger),
				 GFP_KERNEL_ACCOUNT);
	if (!irqs->trigger)
		return -ENOMEM;
	irqs->nr = nr;
	irqs->mode = mode;
	irqs->intx_masked = false;
	set_pending_mode(vdev, mode);
	irqs->owed = irqs->asserted && mode != VDEV_IRQ_INTX;
	irqs->any_pending |= irqs->owed;
	return 0;
}

/*
 * Have @slot signal @fd from now on, or nothing if that is negative. If @fd is
 * no good the old binding stays.
 */
static int bind_trigger(struct vdev *vdev, struct vdev_trigger **slot, s32 fd)
{
	struct vdev_trigger *trigger = NULL;

	if (fd >= 0) {
		trigger = vdev->front->trigger_get(vdev, fd);
		if (IS_ERR(trigger))
			return PTR_ERR(trigger);
	}
	if (*slot)
		vdev->front->trigger_put(*slot);
	*slot = trigger;
	return 0;
}

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
	if (wants_loopback(req, 0))
		vdev->irqs.intx_masked = true;
	return 0;
}

static int intx_bind(struct vdev *vdev, s32 fd)
{
	bool fresh = vdev->irqs.mode == VDEV_IRQ_NONE;
	int ret;

	if (fresh) {
		ret = irqs_enable(vdev, VDEV_IRQ_INTX, 1);
		if (ret)
			return ret;
	}
	ret = bind_trigger(vdev, &vdev->irqs.trigger[0], fd);
	if (ret && fresh)
		irqs_disable(vdev);
	vdev_irq_update(vdev);
	return ret;
}

static int intx_trigger(struct vdev *vdev, const struct irq_request *req)
{
	unsigned int mode = vdev->irqs.mode;

	if (mode == VDEV_IRQ_INTX && !req->count &&
	    req->data_type == VFIO_IRQ_SET_DATA_NONE) {
		irqs_disable(vdev);
		return 0;
	}
	if ((mode != VDEV_IRQ_INTX && mode != VDEV_IRQ_NONE) || req->start ||
	    req->count != 1)
		return -EINVAL;
	if (req->data_type == VFIO_IRQ_SET_DATA_EVENTFD)
		return intx_bind(vdev, req->fds[0]);
	if (mode != VDEV_IRQ_INTX)
		return -EINVAL;
	if (wants_loopback(req, 0) && !intx_disabled(vdev))
		signal_vector(vdev, 0);
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
		bind_trigger(vdev, &irqs->trigger[vector], -1);
		ret = bind_trigger(vdev, &irqs->trigger[vector], req->fds[i]);
		if (ret)
			goto unbind;
	}
	return 0;

unbind:
	while (i--)
		bind_trigger(vdev, &irqs->trigger[req->start + i], -1);
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
		ret = irqs_enable(vdev, req->index, nr_to_enable(vdev, req));
		if (ret)
			return ret;
	}
	ret = msi_bind_vectors(vdev, req);
	if (ret && fresh)
		irqs_disable(vdev);
	vdev_irq_update(vdev);
	return ret;
}

static int msi_trigger(struct vdev *vdev, const struct irq_request *req)
{
	unsigned int mode = vdev->irqs.mode;
	unsigned int i;

	if (mode == req->index && !req->count &&
	    req->data_type == VFIO_IRQ_SET_DATA_NONE) {
		irqs_disable(vdev);
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
			signal_vector(vdev, req->start + i);
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
		return bind_trigger(vdev, slot, -1);
	if (!req->count)
		return -EINVAL;
	if (req->data_type == VFIO_IRQ_SET_DATA_EVENTFD)
		return req->fds[0] < -1 ? -EINVAL :
					  bind_trigger(vdev, slot, req->fds[0]);
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

/**
 * vdev_error() - tell the user that the device has failed
 * @vdev: the device
 *
 * For what a physical device would report as an uncorrectable error (PCIe
 * 6.2.2.2): its state cannot be trusted any more. QEMU stops the guest. What
 * the device does until it is reset is the model's business.
 *
 * Context: device lock held.
 *
 * Return: whether there is a user who listens (%VDEV_IRQ_ERR).
 */
bool vdev_error(struct vdev *vdev)
{
	lockdep_assert_held(&vdev->lock);
	if (!vdev->irqs.err)
		return false;
	vdev->front->trigger_signal(vdev->irqs.err);
	return true;
}
EXPORT_SYMBOL_GPL(vdev_error);

/**
 * vdev_request() - ask the user to let go of the device
 * @vdev: the device
 *
 * Context: process context; takes the device lock.
 *
 * Return: whether there is a user who listens (%VDEV_IRQ_REQ).
 */
bool vdev_request(struct vdev *vdev)
{
	bool listens;

	mutex_lock(&vdev->lock);
	listens = vdev->irqs.req;
	if (listens)
		vdev->front->trigger_signal(vdev->irqs.req);
	mutex_unlock(&vdev->lock);
	return listens;
}
EXPORT_SYMBOL_GPL(vdev_request);

int vdev_irqs_init(struct vdev *vdev)
{
	unsigned int nr = vdev_nr_messages(vdev->model);

	vdev->irqs.mode = VDEV_IRQ_NONE;
	vdev->irqs.pending_mode = VDEV_IRQ_NONE;
	if (nr) {
		vdev->irqs.pending = bitmap_zalloc(nr, GFP_KERNEL_ACCOUNT);
		if (!vdev->irqs.pending)
			return -ENOMEM;
	}
	if (vdev->model->msix.vectors) {
		vdev->irqs.table = kvcalloc(vdev->model->msix.vectors,
					    PCI_MSIX_ENTRY_SIZE,
					    GFP_KERNEL_ACCOUNT);
		if (!vdev->irqs.table)
			return -ENOMEM;
	}
	return 0;
}

void vdev_irqs_free(struct vdev *vdev)
{
	kvfree(vdev->irqs.table);
	bitmap_free(vdev->irqs.pending);
}

/* The function's part of it: nothing is raised, nothing is owed. */
void vdev_irqs_reset(struct vdev *vdev)
{
	unsigned int nr = vdev_nr_messages(vdev->model);

	vdev_irq(vdev, false);
	if (nr)
		bitmap_zero(vdev->irqs.pending, nr);
	vdev->irqs.pending_mode = vdev->irqs.mode;
	vdev->irqs.any_pending = false;
	if (vdev->irqs.table)
		vdev_msix_reset(vdev);
}

/* Nobody uses the device any more: deliver to nobody. */
void vdev_irqs_release(struct vdev *vdev)
{
	irqs_disable(vdev);
	bind_trigger(vdev, &vdev->irqs.err, -1);
	bind_trigger(vdev, &vdev->irqs.req, -1);
}
