// SPDX-License-Identifier: GPL-2.0-only
/*
 * What older kernels lack, where it takes more than a line.
 */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../compat.h"

static int copy_caps(void __user *arg, struct vfio_region_info *info,
		     struct vfio_info_cap *caps)
{
	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	if (info->argsz < sizeof(*info) + caps->size) {
		info->argsz = sizeof(*info) + caps->size;
		return 0;
	}
	vfio_info_cap_shift(caps, sizeof(*info));
	info->cap_offset = sizeof(*info);
	return copy_to_user(arg + sizeof(*info), caps->buf, caps->size) ?
	       -EFAULT : 0;
}

/**
 * compat_get_region_info() - VFIO_DEVICE_GET_REGION_INFO where the core leaves
 *	it to the driver
 * @vfio: the device
 * @arg: the user's structure
 * @fill: what newer cores call as get_region_info_caps
 *
 * Return: 0 or a negative errno, for the user.
 */
long compat_get_region_info(struct vfio_device *vfio, void __user *arg,
			    compat_region_info_fn fill)
{
	const size_t minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info info;
	struct vfio_info_cap caps = { };
	int ret;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	ret = fill(vfio, &info, &caps);
	if (!ret && caps.size)
		ret = copy_caps(arg, &info, &caps);
	if (!ret && copy_to_user(arg, &info, minsz))
		ret = -EFAULT;
	kfree(caps.buf);
	return ret;
}

#ifndef HAVE_VFIO_DEVICE_INODE
static struct vfsmount *mapping_mount;
static int mapping_mount_users;

static int mapping_fs_init(struct fs_context *fc)
{
	return init_pseudo(fc, 0x76646576 /* "vdev" */) ? 0 : -ENOMEM;
}

static struct file_system_type mapping_fs = {
	.name			= "vdev",
	.owner			= THIS_MODULE,
	.init_fs_context	= mapping_fs_init,
	.kill_sb		= kill_anon_super,
};

/*
 * mmap() counts itself as a writer of the mapping it finds, and takes that back
 * from the one it leaves behind; below 0 it would refuse to map. Two processes
 * that share a file and map it for the first time at once do so too: that must
 * not add up.
 */
#define WRITERS_SPARE		(INT_MAX / 2)

struct address_space *compat_vfio_get_mapping(struct vfio_device *vfio)
{
	struct inode *inode;
	int ret;

	ret = simple_pin_fs(&mapping_fs, &mapping_mount, &mapping_mount_users);
	if (ret)
		return ERR_PTR(ret);
	inode = alloc_anon_inode(mapping_mount->mnt_sb);
	if (IS_ERR(inode)) {
		simple_release_fs(&mapping_mount, &mapping_mount_users);
		return ERR_CAST(inode);
	}
	atomic_set(&inode->i_mapping->i_mmap_writable, WRITERS_SPARE);
	return inode->i_mapping;
}

void compat_vfio_put_mapping(struct address_space *mapping)
{
	iput(mapping->host);
	simple_release_fs(&mapping_mount, &mapping_mount_users);
}

void compat_vfio_set_mapping(struct file *file, struct address_space *mapping)
{
	if (file->f_mapping == mapping)
		return;
	mapping_unmap_writable(file->f_mapping);
	mapping_allow_writable(mapping);
	file->f_mapping = mapping;
}
#endif
