// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The models that are linked into the program. See registry.h.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry.h"
#include "report.h"

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

/* Is @type the name of model @model of @family? */
static bool is_type(const struct vdev_family *family,
		    const struct vdev_model *model, const char *type)
{
	size_t length = strlen(family->name);

	return !strncmp(type, family->name, length) && type[length] == '-' &&
	       !strcmp(type + length + 1, model->name);
}

/* How many models are of a type, or of any if that is NULL; the last one. */
static unsigned int find_all(const char *type, const struct vdev_family **family,
			     const struct vdev_model **model)
{
	struct registered *registered;
	unsigned int i, found = 0;

	list_for_each_entry(registered, &families, entry) {
		const struct vdev_family *candidate = registered->family;

		for (i = 0; i < candidate->nr_models; i++) {
			if (type && !is_type(candidate, &candidate->models[i],
					     type))
				continue;
			*family = candidate;
			*model = &candidate->models[i];
			found++;
		}
	}
	return found;
}

int registry_find(const char *type, const struct vdev_family **family,
		  const struct vdev_model **model)
{
	unsigned int found = find_all(type, family, model);

	if (found == 1)
		return 0;
	if (!found) {
		report("there is no model \"%s\"; --list shows which there are",
		       type ? type : "");
		return -ENOENT;
	}
	report("there are %u models; --model chooses one, --list shows them",
	       found);
	return -EINVAL;
}

static void list_params(const struct vdev_param *param)
{
	unsigned int i;

	for (; param && param->name; param++) {
		printf("\t--set %s=", param->name);
		for (i = 0; param->values[i]; i++)
			printf("%s%s", i ? "|" : "", param->values[i]);
		putchar('\n');
	}
}

void registry_list(void)
{
	struct registered *registered;
	unsigned int i;

	list_for_each_entry(registered, &families, entry) {
		const struct vdev_family *family = registered->family;

		for (i = 0; i < family->nr_models; i++) {
			printf("%s-%s\t%s\n", family->name,
			       family->models[i].name,
			       family->models[i].description);
			list_params(family->params);
		}
	}
}
