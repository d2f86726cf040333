// SPDX-License-Identifier: GPL-2.0-only
#include "config_space.h"

#include <endian.h>

#include "must.h"

static void config_in(struct vfio_dev *dev, unsigned int where, void *buf,
		      unsigned int len)
{
	ssize_t ret = dev_read(dev, VFIO_PCI_CONFIG_REGION_INDEX, buf, len,
			       where);

	must(ret == (ssize_t)len, "config read of %u at 0x%x: %zd", len, where,
	     ret);
}

static void config_out(struct vfio_dev *dev, unsigned int where,
		       const void *buf, unsigned int len)
{
	ssize_t ret = dev_write(dev, VFIO_PCI_CONFIG_REGION_INDEX, buf, len,
				where);

	must(ret == (ssize_t)len, "config write of %u at 0x%x: %zd", len, where,
	     ret);
}

__u8 config_read8(struct vfio_dev *dev, unsigned int where)
{
	__u8 val;

	config_in(dev, where, &val, sizeof(val));
	return val;
}

__u16 config_read16(struct vfio_dev *dev, unsigned int where)
{
	__u16 val;

	config_in(dev, where, &val, sizeof(val));
	return le16toh(val);
}

__u32 config_read32(struct vfio_dev *dev, unsigned int where)
{
	__u32 val;

	config_in(dev, where, &val, sizeof(val));
	return le32toh(val);
}

void config_write8(struct vfio_dev *dev, unsigned int where, __u8 val)
{
	config_out(dev, where, &val, sizeof(val));
}

void config_write16(struct vfio_dev *dev, unsigned int where, __u16 val)
{
	val = htole16(val);
	config_out(dev, where, &val, sizeof(val));
}

void config_write32(struct vfio_dev *dev, unsigned int where, __u32 val)
{
	val = htole32(val);
	config_out(dev, where, &val, sizeof(val));
}

void config_snapshot(struct vfio_dev *dev, __u8 *buf)
{
	config_in(dev, 0, buf, CONFIG_SIZE);
}

unsigned int config_find_cap(struct vfio_dev *dev, __u8 id)
{
	unsigned int pos, left = (CONFIG_SIZE - 0x40) / 4;

	if (!(config_read16(dev, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	pos = config_read8(dev, PCI_CAPABILITY_LIST) & ~3U;
	/* A list with a loop in it must not hang the test */
	while (pos >= 0x40 && left--) {
		if (config_read8(dev, pos + PCI_CAP_LIST_ID) == id)
			return pos;
		pos = config_read8(dev, pos + PCI_CAP_LIST_NEXT) & ~3U;
	}
	return 0;
}

void config_command(struct vfio_dev *dev, __u16 clear, __u16 set)
{
	__u16 val = config_read16(dev, PCI_COMMAND);

	config_write16(dev, PCI_COMMAND, (val & ~clear) | set);
}

void config_power_state(struct vfio_dev *dev, unsigned int state)
{
	unsigned int pm = config_find_cap(dev, PCI_CAP_ID_PM);

	must(pm, "no power management capability");
	config_write16(dev, pm + PCI_PM_CTRL, state);
}

void config_flr(struct vfio_dev *dev)
{
	unsigned int cap = config_find_cap(dev, PCI_CAP_ID_EXP);
	__u16 control;

	must(cap, "no PCI Express capability");
	control = config_read16(dev, cap + PCI_EXP_DEVCTL);
	config_write16(dev, cap + PCI_EXP_DEVCTL,
		       control | PCI_EXP_DEVCTL_BCR_FLR);
}
