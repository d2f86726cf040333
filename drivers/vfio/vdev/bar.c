// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Regions, and the one bounded way into a device.
 *
 * A front has checked that an access lies inside its region and is naturally
 * aligned. From here on the question is whether the function answers, and who
 * in it: MSI-X structures, device memory, or the model's registers.
 */
#include <linux/log2.h>

#include "vdev_private.h"

/* PCI 6.2.5.2 leaves the smallest ROM open; 2 KiB is what real ones have. */
#define ROM_SIZE_MIN		2048

/**
 * vdev_rom_size() - how large the expansion ROM is
 * @vdev: the device
 *
 * Return: bytes, a power of two; 0 if there is none.
 */
u64 vdev_rom_size(const struct vdev *vdev)
{
	u32 size = vdev->model->rom.size;

	return size ? roundup_pow_of_two(max_t(u32, size, ROM_SIZE_MIN)) : 0;
}
EXPORT_SYMBOL_GPL(vdev_rom_size);

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

/*
 * Accesses that are not simply one of the model's. Out of line, or else every
 * access would save the registers that these need.
 */

static noinline u64 read_split(struct vdev *vdev, unsigned int index,
			       u64 offset, unsigned int width)
{
	unsigned int step = vdev->model->bars[index].max_width;
	const struct vdev_ops *ops = vdev->family->ops;
	unsigned int done;
	u64 value = 0;

	for (done = 0; done < width; done += step)
		value |= (ops->read(vdev, index, offset + done, step) &
			  vdev_ones(step)) << (8 * done);
	return value;
}

static noinline void write_split(struct vdev *vdev, unsigned int index,
				 u64 offset, unsigned int width, u64 value)
{
	unsigned int step = vdev->model->bars[index].max_width;
	const struct vdev_ops *ops = vdev->family->ops;
	unsigned int done;

	for (done = 0; done < width; done += step)
		ops->write(vdev, index, offset + done, step,
			   (value >> (8 * done)) & vdev_ones(step));
}

/* Is it in a part of the BAR that is the core's? Then *@value is what is read. */
static noinline bool core_read(struct vdev *vdev, unsigned int index,
			       u64 offset, unsigned int width, u64 *value)
{
	if (vdev_msix_owns(vdev, index, offset))
		*value = vdev_msix_read(vdev, offset, width);
	else if (vdev_mem_owns(vdev, index, offset))
		*value = vdev_mem_load(vdev, index, offset, width);
	else
		return false;
	return true;
}

static noinline bool core_write(struct vdev *vdev, unsigned int index,
				u64 offset, unsigned int width, u64 value)
{
	if (vdev_msix_owns(vdev, index, offset))
		vdev_msix_write(vdev, offset, width, value);
	else if (vdev_mem_owns(vdev, index, offset))
		vdev_mem_store(vdev, index, offset, width, value);
	else
		return false;
	return true;
}

/* Nobody answers: the read is terminated by the bridge and gives ones. */
static u64 bar_read(struct vdev *vdev, unsigned int index, u64 offset,
		    unsigned int width)
{
	const struct vdev_bar *bar = &vdev->model->bars[index];
	u64 value;

	if (!decodes(vdev, bar))
		return vdev_ones(width);
	if ((vdev->mixed_bars & BIT(index)) &&
	    core_read(vdev, index, offset, width, &value))
		return value;
	if (width > bar->max_width)
		return read_split(vdev, index, offset, width);
	return vdev->family->ops->read(vdev, index, offset, width);
}

static void bar_write(struct vdev *vdev, unsigned int index, u64 offset,
		      unsigned int width, u64 value)
{
	const struct vdev_bar *bar = &vdev->model->bars[index];

	if (!decodes(vdev, bar))
		return;
	if ((vdev->mixed_bars & BIT(index)) &&
	    core_write(vdev, index, offset, width, value))
		return;
	if (width > bar->max_width)
		write_split(vdev, index, offset, width, value);
	else
		vdev->family->ops->write(vdev, index, offset, width,
					 value & vdev_ones(width));
}

/*
 * The ROM is read whether or not its BAR and COMMAND.MEM enable it: a VMM
 * takes a copy for the guest before any of that, and vfio-pci enables the ROM
 * for it.
 */
static u64 rom_read(const struct vdev *vdev, u64 offset, unsigned int width)
{
	const struct vdev_blob *rom = &vdev->model->rom;
	const u8 *data = rom->data;
	u64 value = 0;

	while (width--)
		value = value << 8 | (offset + width < rom->size ?
				      data[offset + width] : 0);
	return value;
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
	u64 value;

	mutex_lock(&vdev->lock);
	if (region == VDEV_REGION_CONFIG)
		value = vdev_config_read(vdev, offset, width);
	else if (unlikely(region == VDEV_REGION_ROM))
		value = rom_read(vdev, offset, width);
	else
		value = bar_read(vdev, region, offset, width);
	mutex_unlock(&vdev->lock);
	return value;
}
EXPORT_SYMBOL_GPL(vdev_read);

/**
 * vdev_write() - one write access to a device
 * @vdev: the device
 * @region: as vdev_read(); writes to %VDEV_REGION_ROM are dropped
 * @offset: as vdev_read()
 * @width: as vdev_read()
 * @value: bits above @width bytes are ignored
 *
 * Context: takes the device lock; may sleep. Where it asks for a function
 * level reset this waits for the device's jobs.
 */
void vdev_write(struct vdev *vdev, unsigned int region, u64 offset,
		unsigned int width, u64 value)
{
	bool resetting;

	mutex_lock(&vdev->lock);
	if (region == VDEV_REGION_CONFIG)
		vdev_config_write(vdev, offset, width, value);
	else if (likely(region != VDEV_REGION_ROM))
		bar_write(vdev, region, offset, width, value);
	resetting = vdev->resetting;
	vdev->resetting = false;
	mutex_unlock(&vdev->lock);

	if (unlikely(resetting))
		vdev_reset(vdev);
}
EXPORT_SYMBOL_GPL(vdev_write);
