// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Regions, and the one bounded way into a device.
 *
 * A front has checked that an access lies inside its region and is naturally
 * aligned. From here on the question is whether the function answers, and who
 * in it: MSI-X structures, device memory, or the model's registers.
 */
#include <linux/errno.h>
#include <linux/log2.h>

#include "access.h"

/* PCI 6.2.5.2 leaves the smallest ROM open; 2 KiB is what real ones have. */
#define ROM_SIZE_MIN		2048

static u64 rom_size(const struct vdev_model *model)
{
	u32 size = model->rom.size;

	return size ? roundup_pow_of_two(max_t(u32, size, ROM_SIZE_MIN)) : 0;
}

/* What about the regions never changes, once &vdev.config_size is known. */
void vdev_regions_init(struct vdev *vdev)
{
	const struct vdev_model *model = vdev->model;
	int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		vdev->region_size[i] = model->bars[i].size;
		vdev->max_width[i] = model->bars[i].max_width;
		if (model->bars[i].memory ||
		    (model->msix.vectors && model->msix.bar == i))
			vdev->mixed_bars |= BIT(i);
	}
	vdev->region_size[VDEV_REGION_ROM] = rom_size(model);
	vdev->region_size[VDEV_REGION_CONFIG] = vdev->config_size;
}

bool vdev_memory_decodes(const struct vdev *vdev)
{
	return (vdev_command(vdev) & PCI_COMMAND_MEMORY) && vdev_powered(vdev);
}

static bool decodes(const struct vdev *vdev, const struct vdev_bar *bar)
{
	u16 enable = bar->type == VDEV_BAR_IO ? PCI_COMMAND_IO :
						PCI_COMMAND_MEMORY;

	return (vdev_command(vdev) & enable) && vdev_powered(vdev);
}

void vdev_bars_update(struct vdev *vdev)
{
	int i;

	vdev->direct_bars = 0;
	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		if (decodes(vdev, &vdev->model->bars[i]))
			vdev->direct_bars |= BIT(i);
	vdev->direct_bars &= ~vdev->mixed_bars;
}

/* Accesses wider than the model takes. */

u64 vdev_read_split(struct vdev *vdev, unsigned int index, u64 offset,
		    unsigned int width)
{
	unsigned int step = vdev->max_width[index];
	const struct vdev_ops *ops = vdev->ops;
	unsigned int done;
	u64 value = 0;

	for (done = 0; done < width; done += step)
		value |= (ops->read(vdev, index, offset + done, step) &
			  vdev_ones(step)) << (8 * done);
	return value;
}

void vdev_write_split(struct vdev *vdev, unsigned int index, u64 offset,
		      unsigned int width, u64 value)
{
	unsigned int step = vdev->max_width[index];
	const struct vdev_ops *ops = vdev->ops;
	unsigned int done;

	for (done = 0; done < width; done += step)
		ops->write(vdev, index, offset + done, step,
			   (value >> (8 * done)) & vdev_ones(step));
}

/*
 * Accesses that the core has a say in. If nobody answers, a read is terminated
 * by the bridge and gives ones.
 */

u64 vdev_read_checked(struct vdev *vdev, unsigned int index, u64 offset,
		      unsigned int width)
{
	if (!decodes(vdev, &vdev->model->bars[index]))
		return vdev_ones(width);
	if (vdev_msix_owns(vdev, index, offset))
		return vdev_msix_read(vdev, offset, width);
	if (vdev_mem_owns(vdev, index, offset))
		return vdev_mem_load(vdev, index, offset, width);
	return vdev_read_register(vdev, index, offset, width);
}

int vdev_write_checked(struct vdev *vdev, unsigned int index, u64 offset,
		       unsigned int width, u64 value)
{
	if (!decodes(vdev, &vdev->model->bars[index]))
		return 0;
	if (vdev_mem_owns(vdev, index, offset))
		return vdev_mem_store(vdev, index, offset, width, value);
	if (vdev_msix_owns(vdev, index, offset))
		vdev_msix_write(vdev, offset, width, value);
	else
		vdev_write_register(vdev, index, offset, width, value);
	return 0;
}

/*
 * The ROM is read whether or not its BAR and COMMAND.MEM enable it: a VMM
 * takes a copy for the guest before any of that, and vfio-pci enables the ROM
 * for it.
 */
u64 vdev_read_rom(const struct vdev *vdev, u64 offset, unsigned int width)
{
	const struct vdev_blob *rom = &vdev->model->rom;
	const u8 *data = rom->data;
	u64 value = 0;

	while (width--)
		value = value << 8 | (offset + width < rom->size ?
				      data[offset + width] : 0);
	return value;
}

/* A write to a region that is no BAR. */
int vdev_write_other(struct vdev *vdev, unsigned int region, u64 offset,
		     unsigned int width, u64 value)
{
	bool resetting, silenced;

	if (region != VDEV_REGION_CONFIG)
		return -EINVAL;
	mutex_lock(&vdev->lock);
	silenced = vdev_masters(vdev);
	vdev_config_write(vdev, offset, width, value);
	silenced &= !vdev_masters(vdev);
	resetting = vdev->resetting;
	vdev->resetting = false;
	mutex_unlock(&vdev->lock);
	/*
	 * PCIe 2.4.1: the completion of this does not pass what the function
	 * wrote before, so software takes its memory back after it.
	 */
	if (resetting)
		vdev_reset(vdev);
	else if (silenced && vdev->front->jobs_apart)
		vdev_jobs_wait(vdev);
	return 0;
}

/**
 * vdev_read() - one read access to a device
 * @vdev: the device
 * @region: BAR 0 to 5, %VDEV_REGION_ROM or %VDEV_REGION_CONFIG;
 *	vdev_region_size() is not 0
 * @offset: bytes from the start of the region, a multiple of @width
 * @width: 1, 2, 4 or 8 bytes that lie inside the region; at most 4 in
 *	configuration space
 *
 * Context: takes the device lock; may sleep.
 *
 * Return: the value, in the low @width bytes; ignore the others.
 */
u64 vdev_read(struct vdev *vdev, unsigned int region, u64 offset,
	      unsigned int width)
{
	return vdev_access_read(vdev, region, offset, width);
}
EXPORT_SYMBOL_GPL(vdev_read);

/**
 * vdev_write() - one write access to a device
 * @vdev: the device
 * @region: as vdev_read()
 * @offset: as vdev_read()
 * @width: as vdev_read()
 * @value: bits above @width bytes are ignored
 *
 * Context: takes the device lock; may sleep. Where it asks for a function
 * level reset, or takes away COMMAND.MASTER or D0, this waits for the device's
 * jobs.
 *
 * Return: 0, also where nobody takes the write; -ENOMEM if there is no room
 * for it in device memory; -EINVAL for %VDEV_REGION_ROM, which is read only.
 */
int vdev_write(struct vdev *vdev, unsigned int region, u64 offset,
	       unsigned int width, u64 value)
{
	return vdev_access_write(vdev, region, offset, width, value);
}
EXPORT_SYMBOL_GPL(vdev_write);
