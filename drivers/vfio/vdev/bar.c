// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Register BARs, and the one bounded way into a device.
 *
 * A front has checked that an access lies inside its region and is naturally
 * aligned. From here on the only question is whether the function answers.
 */
#include "vdev_private.h"

static bool decodes(const struct vdev *vdev, const struct vdev_bar *bar)
{
	return (vdev_command(vdev) & bar->type) && vdev_powered(vdev);
}

static u64 ones(unsigned int width)
{
	return U64_MAX >> (64 - 8 * width);
}

/*
 * Accesses wider than the model's handlers see. Out of line, or else every
 * access would save the registers that these need.
 */

static noinline u64 bar_read_split(struct vdev *vdev, unsigned int index,
				   u32 offset, unsigned int width)
{
	unsigned int step = vdev->model->bars[index].max_width;
	const struct vdev_ops *ops = vdev->family->ops;
	unsigned int done;
	u64 value = 0;

	for (done = 0; done < width; done += step)
		value |= (ops->read(vdev, index, offset + done, step) &
			  ones(step)) << (8 * done);
	return value;
}

static noinline void bar_write_split(struct vdev *vdev, unsigned int index,
				     u32 offset, unsigned int width, u64 value)
{
	unsigned int step = vdev->model->bars[index].max_width;
	const struct vdev_ops *ops = vdev->family->ops;
	unsigned int done;

	for (done = 0; done < width; done += step)
		ops->write(vdev, index, offset + done, step,
			   (value >> (8 * done)) & ones(step));
}

/* Nobody answers: the read is terminated by the bridge and gives ones. */
static u64 bar_read(struct vdev *vdev, unsigned int index, u32 offset,
		    unsigned int width)
{
	const struct vdev_bar *bar = &vdev->model->bars[index];

	if (!decodes(vdev, bar))
		return ones(width);
	if (width > bar->max_width)
		return bar_read_split(vdev, index, offset, width);
	return vdev->family->ops->read(vdev, index, offset, width);
}

static void bar_write(struct vdev *vdev, unsigned int index, u32 offset,
		      unsigned int width, u64 value)
{
	const struct vdev_bar *bar = &vdev->model->bars[index];

	if (!decodes(vdev, bar))
		return;
	if (width > bar->max_width)
		bar_write_split(vdev, index, offset, width, value);
	else
		vdev->family->ops->write(vdev, index, offset, width,
					 value & ones(width));
}

/**
 * vdev_read() - one read access to a device
 * @vdev: the device
 * @region: BAR 0 to 5 or %VDEV_REGION_CONFIG; vdev_region_size() is not 0
 * @offset: bytes from the start of the region, a multiple of @width
 * @width: 1, 2, 4 or 8 bytes that lie inside the region; at most 4 in
 *	configuration space
 *
 * Context: takes the device lock; may sleep.
 *
 * Return: the value, in the low @width bytes; ignore the others.
 */
u64 vdev_read(struct vdev *vdev, unsigned int region, u32 offset,
	      unsigned int width)
{
	u64 value;

	mutex_lock(&vdev->lock);
	if (region == VDEV_REGION_CONFIG)
		value = vdev_config_read(vdev, offset, width);
	else
		value = bar_read(vdev, region, offset, width);
	mutex_unlock(&vdev->lock);
	return value;
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
 * Context: takes the device lock; may sleep.
 */
void vdev_write(struct vdev *vdev, unsigned int region, u32 offset,
		unsigned int width, u64 value)
{
	mutex_lock(&vdev->lock);
	if (region == VDEV_REGION_CONFIG)
		vdev_config_write(vdev, offset, width, value);
	else
		bar_write(vdev, region, offset, width, value);
	mutex_unlock(&vdev->lock);
}
EXPORT_SYMBOL_GPL(vdev_write);
