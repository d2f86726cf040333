// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Configuration space.
 *
 * Three arrays say all there is to say about a byte: what it reads as, which
 * of its bits a write sets, and which of them writing 1 clears. layout.c lays
 * them out at reset. Only the few registers with a side effect are known by
 * name here.
 *
 * Section numbers are those of the PCI Local Bus Specification 3.0 ("PCI") and
 * the PCI Bus Power Management Interface Specification 1.2 ("PM").
 */
#include <linux/string.h>

#include "vdev_private.h"

/* Legacy and PCI Express configuration space; in bytes. */
#define VDEV_CONFIG_SIZE_PCI	256
#define VDEV_CONFIG_SIZE_PCIE	4096

unsigned int vdev_config_size(const struct vdev_model *model)
{
	return model->pcie ? VDEV_CONFIG_SIZE_PCIE : VDEV_CONFIG_SIZE_PCI;
}

/* Configuration space as it is after power-on. */
void vdev_config_reset(struct vdev *vdev)
{
	memset(vdev->config, 0, vdev->config_size);
	memset(vdev->config_write, 0, vdev->config_size);
	memset(vdev->config_w1c, 0, vdev->config_size);

	vdev_lay_out_header(vdev);
	vdev_lay_out_caps(vdev);
	vdev_bars_update(vdev);
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

/*
 * PCI Express 2.2 7.8.4: the bit initiates a reset and reads as zero. It is
 * done after the access, since jobs have to be waited for.
 */
static bool asks_for_flr(const struct vdev *vdev, unsigned int offset,
			 unsigned int width, u32 value)
{
	unsigned int high_byte = vdev->pcie_cap + PCI_EXP_DEVCTL + 1;

	return vdev->pcie_cap && high_byte >= offset &&
	       high_byte < offset + width &&
	       (value >> (8 * (high_byte - offset)) & 0xff &
		PCI_EXP_DEVCTL_BCR_FLR >> 8);
}

/* Write @width bytes (1, 2 or 4, naturally aligned) that lie inside. */
void vdev_config_write(struct vdev *vdev, unsigned int offset,
		       unsigned int width, u32 value)
{
	u8 pmcsr = vdev->config[vdev->pm_cap + PCI_PM_CTRL];
	bool decoded = vdev_memory_decodes(vdev);
	u16 command = vdev_command(vdev);
	unsigned int i;

	lockdep_assert_held(&vdev->lock);

	for (i = 0; i < width; i++)
		write_byte(vdev, offset + i, value >> (8 * i));

	keep_power_state(vdev, pmcsr);
	if (command != vdev_command(vdev) ||
	    pmcsr != vdev->config[vdev->pm_cap + PCI_PM_CTRL])
		vdev_bars_update(vdev);
	if (command & ~vdev_command(vdev) & PCI_COMMAND_INTX_DISABLE)
		vdev_intx_disable_cleared(vdev);
	if (decoded != vdev_memory_decodes(vdev) &&
	    vdev_has_memory(vdev->model))
		vdev->front->mem_decode(vdev, !decoded);
	if (asks_for_flr(vdev, offset, width, value))
		vdev->resetting = true;
	/* whatever gate just opened, an interrupt may be waiting behind it */
	vdev_irq_update(vdev);
}
