/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The models that are linked into the program. Their module_vdev() enters
 * them before main().
 */
#ifndef VDEV_REGISTRY_H
#define VDEV_REGISTRY_H

#include <linux/vdev.h>

/*
 * Find a model by the name users know, "mtty-2"; NULL stands for the only one
 * there is. 0, or -ENOENT or -EINVAL after a message.
 */
int registry_find(const char *type, const struct vdev_family **family,
		  const struct vdev_model **model);

/* List all of them and their parameters on standard output. */
void registry_list(void);

#endif /* VDEV_REGISTRY_H */
