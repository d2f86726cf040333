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
 * While the device is stopped nobody is signalled: what would be, is when it
 * runs again. Whatever the user binds, unbinds and binds again meanwhile, as a
 * VMM does on both ends of a migration, is no doing of the guest's: it neither
 * adds nor loses an interrupt.
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

#include "vdev_private.h"

bool vdev_intx_disabled(const struct vdev *vdev)
{
	return vdev_command(vdev) & PCI_COMMAND_INTX_DISABLE;
}

void vdev_signal_vector(struct vdev *vdev, unsigned int vector)
{
	struct vdev_trigger *trigger = vdev->irqs.trigger[vector];

	if (trigger)
		vdev->front->trigger_signal(trigger);
}

static void intx_update(struct vdev *vdev)
{
	struct vdev_irqs *irqs = &vdev->irqs;

	if (!irqs->asserted || irqs->intx_masked || vdev->stopped ||
	    !irqs->trigger[0] || vdev_intx_disabled(vdev) ||
	    !vdev_powered(vdev))
		return;
	irqs->intx_masked = true;
	irqs->intx_automasked = true;
	vdev_signal_vector(vdev, 0);
}

unsigned int vdev_nr_messages(const struct vdev_model *model)
{
	return max_t(unsigned int, model->msi_vectors, model->msix.vectors);
}

static bool is_message(unsigned int kind)
{
	return kind == VDEV_IRQ_MSI || kind == VDEV_IRQ_MSIX;
}

/*
 * How the function interrupts, to the guest's knowledge. While it is stopped
 * the mode may be anything the user is just passing through.
 */
static unsigned int irq_kind(const struct vdev *vdev)
{
	return vdev->stopped ? vdev->irqs.pending_mode : vdev->irqs.mode;
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
	struct vdev_irqs *irqs = &vdev->irqs;
	unsigned int slot;

	if (vdev->stopped)
		return false;
	slot = message_slot(vdev, vector);
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

	if (!irqs->any_pending || vdev->stopped || !vdev_masters(vdev))
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
	else if (is_message(vdev->irqs.mode))
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
	unsigned int kind = irq_kind(vdev);

	lockdep_assert_held(&vdev->lock);
	if (irqs->asserted == asserted)
		return;
	irqs->asserted = asserted;
	vdev_config_set_intx_status(vdev, asserted);
	if (is_message(kind)) {
		irqs->owed = asserted && !send_message(vdev, 0);
		irqs->any_pending |= irqs->owed;
	} else if (kind == VDEV_IRQ_INTX) {
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
	unsigned int kind = irq_kind(vdev);

	lockdep_assert_held(&vdev->lock);
	if (!is_message(kind) || vector >= vdev_irq_count(vdev, kind))
		return false;
	if (!send_message(vdev, vector)) {
		__set_bit(vector, vdev->irqs.pending);
		vdev->irqs.any_pending = true;
	}
	return true;
}
EXPORT_SYMBOL_GPL(vdev_msi);

static void unmask(struct vdev *vdev)
{
	vdev->irqs.intx_masked = false;
	vdev->irqs.intx_automasked = false;
}

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
		unmask(vdev);
		intx_update(vdev);
	}
	mutex_unlock(&vdev->lock);
}
EXPORT_SYMBOL_GPL(vdev_intx_unmask);

/* As in vfio-pci, the guest's enabling of INTx unmasks it. */
void vdev_intx_disable_cleared(struct vdev *vdev)
{
	unmask(vdev);
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

void vdev_irqs_disable(struct vdev *vdev)
{
	struct vdev_irqs *irqs = &vdev->irqs;
	unsigned int i;

	irqs->mode = VDEV_IRQ_NONE;
	if (!vdev->stopped)
		irqs->owed = false;
	for (i = 0; i < irqs->nr; i++)
		if (irqs->trigger[i])
			vdev->front->trigger_put(irqs->trigger[i]);
	kvfree(irqs->trigger);
	irqs->trigger = NULL;
	irqs->nr = 0;
	unmask(vdev);
}

/*
 * The guest uses interrupts of the current mode from now on: messages are of
 * one kind, and lost when it turns to another.
 */
static void take_mode(struct vdev *vdev)
{
	struct vdev_irqs *irqs = &vdev->irqs;

	if (irqs->pending && irqs->pending_mode != irqs->mode)
		bitmap_zero(irqs->pending, vdev_nr_messages(vdev->model));
	irqs->pending_mode = irqs->mode;
	irqs->owed = irqs->asserted && irqs->mode != VDEV_IRQ_INTX;
	irqs->any_pending |= irqs->owed;
}

int vdev_irqs_enable(struct vdev *vdev, unsigned int mode, unsigned int nr)
{
	struct vdev_irqs *irqs = &vdev->irqs;

	irqs->trigger = kvcalloc(nr, sizeof(*irqs->trigger),
				 GFP_KERNEL_ACCOUNT);
	if (!irqs->trigger)
		return -ENOMEM;
	irqs->nr = nr;
	irqs->mode = mode;
	unmask(vdev);
	if (!vdev->stopped)
		take_mode(vdev);
	return 0;
}

/*
 * The device runs again. An asserted level is signalled, also if it was before:
 * who restored a guest, or went on with one after all, may have lost it.
 */
void vdev_irqs_run(struct vdev *vdev)
{
	struct vdev_irqs *irqs = &vdev->irqs;

	if (irqs->mode == VDEV_IRQ_NONE)
		irqs->owed = false;
	else if (irqs->mode != irqs->pending_mode)
		take_mode(vdev);
	if (irqs->intx_automasked)
		unmask(vdev);
	vdev_irq_update(vdev);
}

/*
 * Have @slot signal @fd from now on, or nothing if that is negative. If @fd is
 * no good the old binding stays.
 */
int vdev_bind_trigger(struct vdev *vdev, struct vdev_trigger **slot, s32 fd)
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
	vdev->irqs.owed = false;
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
	vdev_irqs_disable(vdev);
	vdev_bind_trigger(vdev, &vdev->irqs.err, -1);
	vdev_bind_trigger(vdev, &vdev->irqs.req, -1);
}
