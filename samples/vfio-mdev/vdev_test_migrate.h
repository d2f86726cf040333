/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules of migration, for the operations that break the other rules.
 */
#ifndef _VDEV_TEST_MIGRATE_H
#define _VDEV_TEST_MIGRATE_H

#include <linux/vfio.h>

struct vdev_vfio;

void vdev_test_break_migration(struct vdev_vfio *front);
void vdev_test_mend_migration(struct vdev_vfio *front);
void vdev_test_after_reset(struct vdev_vfio *front);
int vdev_test_migration_feature(struct vdev_vfio *front,
				const struct vfio_device_ops *intact,
				u32 flags, void __user *arg, size_t argsz);

#endif /* _VDEV_TEST_MIGRATE_H */
