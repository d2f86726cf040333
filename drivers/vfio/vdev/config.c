// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Configuration space.
 *
 * Three arrays say all there is to say about a byte: what it reads as, which
 * of its bits a write sets, and which of them writing 1 clears. They are laid
 * out from the model's declaration at reset. Only the few registers with a
 * side effect are known by name.
 *
 * Section numbers are those of the PCI Local Bus Specification 3.0 ("PCI") and
 * the PCI Bus Power Management Interface Specification 1.2 ("PM").
 */
#include <linux/string.h>

#include "vdev_private.h"

#define VDEV_CAP_START		0x40
#define VDEV_CAP_ALIGN		16

/* PCI 6.2.3: the error bits, whoever sets them, are cleared by writing 1 */
#define VDEV_STATUS_W1C		(PCI_STATUS_PARITY |			\
				 PCI_STATUS_SIG_TARGET_ABORT |		\
				 PCI_STATUS_REC_TARGET_ABORT |		\
				 PCI_STATUS_REC_MASTER_ABORT |		\
				 PCI_STATUS_SIG_SYSTEM_ERROR |		\
				 PCI_STATUS_DETECTED_PARITY)

static void put(u8 *bytes, unsigned int offset, unsigned int width, u32 value)
{
	while (width--) {
		bytes[offset++] = value;
		value >>= 8;
	}
}

static void lay_out_command(struct vdev *vdev)
{
	u16 writable = PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
		       PCI_COMMAND_SERR;
	int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		if (vdev->model->bars[i].type == VDEV_BAR_IO)
			writable |= PCI_COMMAND_IO;
		else if (vdev->model->bars[i].type == VDEV_BAR_MEM)
			writable |= PCI_COMMAND_MEMORY;
	}
	if (vdev->model->intx)
		writable |= PCI_COMMAND_INTX_DISABLE;

	put(vdev->config_write, PCI_COMMAND, 2, writable);
	put(vdev->config, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	put(vdev->config_w1c, PCI_STATUS, 2, VDEV_STATUS_W1C);
}

/*
 * PCI 6.2.5.1: software sizes a BAR by writing ones and reading back, so the
 * address bits below the size are hardwired to zero.
 */
static void lay_out_bars(struct vdev *vdev)
{
	int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		const struct vdev_bar *bar = &vdev->model->bars[i];
		unsigned int offset = PCI_BASE_ADDRESS_0 + 4 * i;

		if (bar->type == VDEV_BAR_NONE)
			continue;
		if (bar->type == VDEV_BAR_IO)
			put(vdev->config, offset, 4, PCI_BASE_ADDRESS_SPACE_IO);
		put(vdev->config_write, offset, 4, ~(bar->size - 1));
	}
}

static void lay_out_header(struct vdev *vdev)
{
	const struct vdev_model *model = vdev->model;

	put(vdev->config, PCI_VENDOR_ID, 2, model->vendor);
	put(vdev->config, PCI_DEVICE_ID, 2, model->device);
	lay_out_command(vdev);
	put(vdev->config, PCI_CLASS_REVISION, 4,
	    model->class << 8 | model->revision);
	put(vdev->config_write, PCI_CACHE_LINE_SIZE, 1, 0xff);
	lay_out_bars(vdev);
	put(vdev->config, PCI_SUBSYSTEM_VENDOR_ID, 2, model->subsystem_vendor);
	put(vdev->config, PCI_SUBSYSTEM_ID, 2, model->subsystem);
	if (model->intx) {
		put(vdev->config_write, PCI_INTERRUPT_LINE, 1, 0xff);
		put(vdev->config, PCI_INTERRUPT_PIN, 1, 1);
	}
}

/*
 * Append a capability of @size bytes to the chain whose last link is the byte
 * at *@link; both move on. Return the capability's offset.
 */
static unsigned int add_capability(struct vdev *vdev, unsigned int *link,
				   unsigned int *end, u8 id, unsigned int size)
{
	unsigned int offset = *end;

	vdev->config[*link] = offset;
	vdev->config[offset + PCI_CAP_LIST_ID] = id;
	*link = offset + PCI_CAP_LIST_NEXT;
	*end = round_up(offset + size, VDEV_CAP_ALIGN);
	return offset;
}

/*
 * D0 and D3hot, no PME. No_Soft_Reset (PM 3.2.4): a return from D3hot keeps
 * the state, so a hypervisor does not take that for a way to reset us.
 */
static void lay_out_pm(struct vdev *vdev)
{
	put(vdev->config, vdev->pm_cap + PCI_PM_PMC, 2, 3);
	put(vdev->config, vdev->pm_cap + PCI_PM_CTRL, 2,
	    PCI_PM_CTRL_NO_SOFT_RESET);
	put(vdev->config_write, vdev->pm_cap + PCI_PM_CTRL, 2,
	    PCI_PM_CTRL_STATE_MASK);
}

static void lay_out_msi(struct vdev *vdev)
{
	put(vdev->config, vdev->msi_cap + PCI_MSI_FLAGS, 2,
	    PCI_MSI_FLAGS_64BIT);
	put(vdev->config_write, vdev->msi_cap + PCI_MSI_FLAGS, 2,
	    PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	put(vdev->config_write, vdev->msi_cap + PCI_MSI_ADDRESS_LO, 4, ~3U);
	put(vdev->config_write, vdev->msi_cap + PCI_MSI_ADDRESS_HI, 4, ~0U);
	put(vdev->config_write, vdev->msi_cap + PCI_MSI_DATA_64, 2, 0xffff);
}

/* Configuration space as it is after power-on. */
void vdev_config_reset(struct vdev *vdev)
{
	unsigned int link = PCI_CAPABILITY_LIST;
	unsigned int end = VDEV_CAP_START;

	memset(vdev->config, 0, sizeof(vdev->config));
	memset(vdev->config_write, 0, sizeof(vdev->config_write));
	memset(vdev->config_w1c, 0, sizeof(vdev->config_w1c));

	lay_out_header(vdev);
	vdev->pm_cap = add_capability(vdev, &link, &end, PCI_CAP_ID_PM,
				      PCI_PM_SIZEOF);
	lay_out_pm(vdev);
	if (vdev->model->msi_vectors) {
		vdev->msi_cap = add_capability(vdev, &link, &end,
					       PCI_CAP_ID_MSI,
					       PCI_MSI_DATA_64 + 2);
		lay_out_msi(vdev);
	}
}

/* PCI 6.2.3: the bit follows the interrupt condition, not its delivery. */
void vdev_config_set_intx_status(struct vdev *vdev, bool asserted)
{
	if (!vdev->model->intx)
		return;
	if (asserted)
		vdev->config[PCI_STATUS] |= PCI_STATUS_INTERRUPT;
	else
		vdev->config[PCI_STATUS] &= ~PCI_STATUS_INTERRUPT;
}

static void write_byte(struct vdev *vdev, unsigned int offset, u8 value)
{
	u8 writable = vdev->config_write[offset];
	u8 byte = vdev->config[offset];

	byte = (byte & ~writable) | (value & writable);
	byte &= ~(value & vdev->config_w1c[offset]);
	vdev->config[offset] = byte;
}

/*
 * PM 3.2.4: a write that asks for a state the function does not have completes
 * normally and changes nothing.
 */
static void keep_power_state(struct vdev *vdev, u8 before)
{
	u8 *pmcsr = &vdev->config[vdev->pm_cap + PCI_PM_CTRL];
	u8 state = *pmcsr & PCI_PM_CTRL_STATE_MASK;

	if (state == 1 || state == 2)
		*pmcsr = (*pmcsr & ~PCI_PM_CTRL_STATE_MASK) |
			 (before & PCI_PM_CTRL_STATE_MASK);
}

/* Write @width bytes (1, 2 or 4, naturally aligned) that lie inside. */
void vdev_config_write(struct vdev *vdev, unsigned int offset,
		       unsigned int width, u32 value)
{
	u8 pmcsr = vdev->config[vdev->pm_cap + PCI_PM_CTRL];
	u16 command = vdev_command(vdev);
	unsigned int i;

	lockdep_assert_held(&vdev->lock);

	for (i = 0; i < width; i++)
		write_byte(vdev, offset + i, value >> (8 * i));

	keep_power_state(vdev, pmcsr);
	if (command & ~vdev_command(vdev) & PCI_COMMAND_INTX_DISABLE)
		vdev_intx_disable_cleared(vdev);
	/* whatever gate just opened, an interrupt may be waiting behind it */
	vdev_irq_update(vdev);
}
