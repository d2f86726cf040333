/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the files of a VFIO device are, worked out from one word of the user. */
#ifndef VFIO_SELFTEST_LOCATE_H
#define VFIO_SELFTEST_LOCATE_H

#include <limits.h>

struct vfio_location {
	char sysfs[PATH_MAX];	/* device directory, empty when not known */
	char name[128];		/* what VFIO_GROUP_GET_DEVICE_FD is asked for */
	char group[64];		/* /dev/vfio/N, empty without a group */
	char cdev[64];		/* /dev/vfio/devices/vfioN, empty without a cdev */
	char socket[108];	/* of a vfio-user server, empty without one */
};

/*
 * Forms of @spec:
 *	83b8f4f2-509f-382f-3c1e-e6bfe0fa1001	mdev
 *	0000:00:06.0				PCI function bound to vfio-pci
 *						or a variant driver
 *	/sys/...				device directory
 *	/dev/vfio/devices/vfio3			cdev
 *	/dev/vfio/7:NAME			group, and the name of the device in it
 *	/any/path				socket of a vfio-user server
 *
 * Returns 0, -EINVAL if @spec has none of the forms, -ENODEV if there is no
 * such device.
 */
int vfio_locate(struct vfio_location *loc, const char *spec);

#endif
