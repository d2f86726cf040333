/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * One access to a device, inline.
 *
 * bar.c makes vdev_read() and vdev_write() of it, for every front. To one in
 * the same module the call, and the registers it saves, would be a good part of
 * what a small access costs.
 */
#ifndef _VDEV_ACCESS_H
#define _VDEV_ACCESS_H

#include "vdev_private.h"

/* What is not simply one access of the model's; in bar.c. */
u64 vdev_read_split(struct vdev *vdev, unsigned int index, u64 offset,
		    unsigned int width);
void vdev_write_split(struct vdev *vdev, unsigned int index, u64 offset,
		      unsigned int width, u64 value);
u64 vdev_read_checked(struct vdev *vdev, unsigned int index, u64 offset,
		      unsigned int width);
int vdev_write_checked(struct vdev *vdev, unsigned int index, u64 offset,
		       unsigned int width, u64 value);
u64 vdev_read_rom(const struct vdev *vdev, u64 offset, unsigned int width);
/* Without the device lock. */
int vdev_write_other(struct vdev *vdev, unsigned int region, u64 offset,
		     unsigned int width, u64 value);

static __always_inline u64
vdev_read_register(struct vdev *vdev, unsigned int index, u64 offset,
		   unsigned int width)
{
	if (unlikely(width > vdev->max_width[index]))
		return vdev_read_split(vdev, index, offset, width);
	return vdev->ops->read(vdev, index, offset, width);
}

static __always_inline void
vdev_write_register(struct vdev *vdev, unsigned int index, u64 offset,
		    unsigned int width, u64 value)
{
	if (unlikely(width > vdev->max_width[index]))
		vdev_write_split(vdev, index, offset, width, value);
	else
		vdev->ops->write(vdev, index, offset, width,
				 value & vdev_ones(width));
}

static __always_inline u64
vdev_read_bar(struct vdev *vdev, unsigned int index, u64 offset,
	      unsigned int width)
{
	if (unlikely(!(vdev->direct_bars & BIT(index))))
		return vdev_read_checked(vdev, index, offset, width);
	return vdev_read_register(vdev, index, offset, width);
}

static __always_inline int
vdev_write_bar(struct vdev *vdev, unsigned int index, u64 offset,
	       unsigned int width, u64 value)
{
	if (unlikely(!(vdev->direct_bars & BIT(index))))
		return vdev_write_checked(vdev, index, offset, width, value);
	vdev_write_register(vdev, index, offset, width, value);
	return 0;
}

/* As vdev_read() */
static __always_inline u64
vdev_access_read(struct vdev *vdev, unsigned int region, u64 offset,
		 unsigned int width)
{
	u64 value;

	mutex_lock(&vdev->lock);
	if (likely(region < PCI_STD_NUM_BARS))
		value = vdev_read_bar(vdev, region, offset, width);
	else if (region == VDEV_REGION_CONFIG)
		value = vdev_config_read(vdev, offset, width);
	else
		value = vdev_read_rom(vdev, offset, width);
	mutex_unlock(&vdev->lock);
	return value;
}

/* As vdev_write() */
static __always_inline int
vdev_access_write(struct vdev *vdev, unsigned int region, u64 offset,
		  unsigned int width, u64 value)
{
	int ret;

	if (unlikely(region >= PCI_STD_NUM_BARS))
		return vdev_write_other(vdev, region, offset, width, value);
	mutex_lock(&vdev->lock);
	ret = vdev_write_bar(vdev, region, offset, width, value);
	mutex_unlock(&vdev->lock);
	return ret;
}

#endif /* _VDEV_ACCESS_H */
