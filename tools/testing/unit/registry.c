// SPDX-License-Identifier: GPL-2.0-only
/*
 * vdev_register(), which each front has in its own way: here it remembers.
 */
#include <linux/errno.h>
#include <linux/list.h>
#include <stdlib.h>
#include <string.h>

#include "registry.h"

struct registered {
	const struct vdev_family *family;
	struct list_head entry;
};

static LIST_HEAD(families);

int vdev_register(const struct vdev_family *family)
{
	struct registered *registered;
	int ret;

	ret = vdev_check_family(family);
	if (ret)
		return ret;
	registered = malloc(sizeof(*registered));
	if (!registered)
		return -ENOMEM;
	registered->family = family;
	list_add_tail(&registered->entry, &families);
	return 0;
}

void vdev_unregister(const struct vdev_family *family)
{
	struct registered *registered;

	list_for_each_entry(registered, &families, entry) {
		if (registered->family != family)
			continue;
		list_del(&registered->entry);
		free(registered);
		return;
	}
}

const struct vdev_model *vdev_find_model(const char *type,
					 const struct vdev_family **family)
{
	struct registered *registered;
	unsigned int i;

	list_for_each_entry(registered, &families, entry) {
		const struct vdev_family *candidate = registered->family;
		size_t length = strlen(candidate->name);

		if (strncmp(type, candidate->name, length) ||
		    type[length] != '-')
			continue;
		for (i = 0; i < candidate->nr_models; i++) {
			if (strcmp(type + length + 1,
				   candidate->models[i].name))
				continue;
			*family = candidate;
			return &candidate->models[i];
		}
	}
	return NULL;
}
