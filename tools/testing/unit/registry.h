/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The families linked into this program. Their module_vdev() enters them
 * before main().
 */
#ifndef _UNIT_REGISTRY_H
#define _UNIT_REGISTRY_H

#include <linux/vdev.h>

/**
 * vdev_find_model() - find a model by the name users know
 * @type: "mtty-2"
 * @family: set to the model's family
 *
 * Return: the model, or NULL.
 */
const struct vdev_model *vdev_find_model(const char *type,
					 const struct vdev_family **family);

#endif /* _UNIT_REGISTRY_H */
