/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI config space through the config region. A failed access ends the test:
 * for tests of the access itself there is dev_read() and dev_write().
 */
#ifndef VFIO_SELFTEST_CONFIG_SPACE_H
#define VFIO_SELFTEST_CONFIG_SPACE_H

#include <linux/pci_regs.h>
#include <linux/types.h>

#include "device.h"

#define CONFIG_SIZE 256

__u8 config_read8(struct vfio_dev *dev, unsigned int where);
__u16 config_read16(struct vfio_dev *dev, unsigned int where);
__u32 config_read32(struct vfio_dev *dev, unsigned int where);
void config_write8(struct vfio_dev *dev, unsigned int where, __u8 val);
void config_write16(struct vfio_dev *dev, unsigned int where, __u16 val);
void config_write32(struct vfio_dev *dev, unsigned int where, __u32 val);

/* All of it at once; buf[CONFIG_SIZE]. */
void config_snapshot(struct vfio_dev *dev, __u8 *buf);

/* Offset of a capability, 0 if the device has none of that id. */
unsigned int config_find_cap(struct vfio_dev *dev, __u8 id);

/* Read, change, write. */
void config_command(struct vfio_dev *dev, __u16 clear, __u16 set);

/* Writes PMCSR.PowerState; 0 is D0, 3 is D3hot. */
void config_power_state(struct vfio_dev *dev, unsigned int state);

/* Function level reset, by the PCI Express capability. */
void config_flr(struct vfio_dev *dev);

#endif
