// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What a device is to the migration engine: a name, the parameters the user
 * chose, the sections of its state and the areas of its memory.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "vdev_private.h"

/* As which version of themselves all models behave. */
#define VERSION			"v1"
#define MODEL_PREFIX		"vfiokit/"

#define AREA_NAME_SIZE		16	/* "bar5.15" */

/**
 * struct vdev_description - what the engine knows of a device
 * @desc: what it is given
 * @model: &vmig_desc.model
 * @parameters: &vmig_desc.parameters, buffers of @parameter_size bytes
 * @parameter_size: enough for each value of each parameter
 * @core: the core's sections
 * @sections: &vmig_desc.sections: the core's, then the model's
 * @areas: &vmig_desc.areas
 * @area_names: their names
 */
struct vdev_description {
	struct vmig_desc desc;
	char *model;
	char *parameters[VDEV_MAX_PARAMS + 1];
	size_t parameter_size;
	struct vdev_core_section core[VDEV_NR_CORE];
	const struct vmig_section **sections;
	struct vmig_area *areas;
	char (*area_names)[AREA_NAME_SIZE];
};

/**
 * vdev_state_desc() - what a device is to the migration engine
 * @vdev: the device
 *
 * Return: a description that changes only while the device is not open; NULL if
 * the model says nothing of its state: its devices cannot migrate.
 */
const struct vmig_desc *vdev_state_desc(const struct vdev *vdev)
{
	return vdev->description ? &vdev->description->desc : NULL;
}
EXPORT_SYMBOL_GPL(vdev_state_desc);

/* Parameters */

static unsigned int nr_params(const struct vdev_family *family)
{
	unsigned int nr = 0;

	while (family->params && family->params[nr].name)
		nr++;
	return nr;
}

/* Bytes of the longest "name=value" of all parameters, with its NUL. */
static size_t longest_parameter(const struct vdev_family *family)
{
	const struct vdev_param *param = family->params;
	const char * const *value;
	size_t longest = 0;

	for (; param && param->name; param++)
		for (value = param->values; *value; value++)
			longest = max(longest, strlen(param->name) + 1 +
					       strlen(*value) + 1);
	return longest;
}

/* The words that are chosen. While the device is open they do not change. */
void vdev_describe_params(struct vdev *vdev)
{
	struct vdev_description *description = vdev->description;
	const struct vdev_param *params = vdev->family->params;
	unsigned int i;

	for (i = 0; description && description->parameters[i]; i++)
		snprintf(description->parameters[i],
			 description->parameter_size, "%s=%s", params[i].name,
			 params[i].values[vdev->params[i]]);
}

static int describe_params(struct vdev *vdev,
			   struct vdev_description *description)
{
	unsigned int i;

	description->parameter_size = longest_parameter(vdev->family);
	for (i = 0; i < nr_params(vdev->family); i++) {
		description->parameters[i] =
			kzalloc(description->parameter_size,
				GFP_KERNEL_ACCOUNT);
		if (!description->parameters[i])
			return -ENOMEM;
	}
	description->desc.parameters =
		(const char * const *)description->parameters;
	return 0;
}

/* Model, sections, areas */

static int describe_model(struct vdev *vdev,
			  struct vdev_description *description)
{
	const char *family = vdev->family->name;
	const char *model = vdev->model->name;
	size_t size = sizeof(MODEL_PREFIX) + strlen(family) + 1 +
		      strlen(model);

	description->model = kzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!description->model)
		return -ENOMEM;
	snprintf(description->model, size, MODEL_PREFIX "%s-%s", family, model);
	description->desc.model = description->model;
	description->desc.version = VERSION;
	return 0;
}

static int describe_sections(struct vdev *vdev,
			     struct vdev_description *description)
{
	const struct vdev_state *state = vdev->model->state;
	unsigned int i, nr = 0;

	while (state[nr].section)
		nr++;
	description->sections = kcalloc(VDEV_NR_CORE + nr,
					sizeof(*description->sections),
					GFP_KERNEL_ACCOUNT);
	if (!description->sections)
		return -ENOMEM;
	description->desc.sections = description->sections;

	nr = 0;
	for (i = 0; i < VDEV_NR_CORE; i++)
		if (vdev_core_section(vdev, i, &description->core[i]))
			description->sections[nr++] =
				&description->core[i].section;
	for (; state->section; state++)
		description->sections[nr++] = state->section;
	description->desc.nr_sections = nr;
	return 0;
}

void *vdev_core_state(const struct vdev *vdev, const struct vmig_image *image,
		      unsigned int nr)
{
	return vmig_state(image, &vdev->description->core[nr].section, 0);
}

static unsigned int nr_areas(const struct vdev_bar *bar)
{
	unsigned int nr = 0;

	while (bar->memory && bar->memory[nr].size)
		nr++;
	return nr;
}

static void describe_bar(struct vdev_description *description,
			 const struct vdev_bar *bar, unsigned int index)
{
	struct vmig_area *area;
	unsigned int i, nr;

	for (i = 0; i < nr_areas(bar); i++) {
		nr = description->desc.nr_areas++;
		area = &description->areas[nr];
		snprintf(description->area_names[nr], AREA_NAME_SIZE,
			 "bar%u.%u", index, i);
		area->id = index * VDEV_MAX_AREAS + i;
		area->size = bar->memory[i].size;
		area->name = description->area_names[nr];
	}
}

static int describe_areas(struct vdev *vdev,
			  struct vdev_description *description)
{
	const struct vdev_bar *bars = vdev->model->bars;
	unsigned int i, nr = 0;

	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		nr += nr_areas(&bars[i]);
	if (!nr)
		return 0;
	description->areas = kcalloc(nr, sizeof(*description->areas),
				     GFP_KERNEL_ACCOUNT);
	description->area_names = kcalloc(nr, AREA_NAME_SIZE,
					  GFP_KERNEL_ACCOUNT);
	if (!description->areas || !description->area_names)
		return -ENOMEM;
	description->desc.areas = description->areas;
	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		describe_bar(description, &bars[i], i);
	return 0;
}

/**
 * vdev_state_area() - where an area of memory is in the device
 * @vdev: the device
 * @area: one of &vmig_desc.areas
 * @bar: set to the BAR
 *
 * Return: &vdev_area.offset of it.
 */
u64 vdev_state_area(const struct vdev *vdev, const struct vmig_area *area,
		    unsigned int *bar)
{
	*bar = area->id / VDEV_MAX_AREAS;
	return vdev->model->bars[*bar].memory[area->id % VDEV_MAX_AREAS].offset;
}

/* All of it */

void vdev_description_free(struct vdev_description *description)
{
	unsigned int i;

	if (!description)
		return;
	kfree(description->area_names);
	kfree(description->areas);
	kfree(description->sections);
	for (i = 0; i < VDEV_MAX_PARAMS; i++)
		kfree(description->parameters[i]);
	kfree(description->model);
	kfree(description);
}

static unsigned int length_of(const struct list_head *list)
{
	const struct list_head *entry;
	unsigned int nr = 0;

	for (entry = list->next; entry != list; entry = entry->next)
		nr++;
	return nr;
}

/*
 * Called when the model has made its timers and jobs known, and configuration
 * space is laid out.
 */
int vdev_describe(struct vdev *vdev)
{
	struct vdev_description *description;
	int ret;

	if (!vdev->model->state)
		return 0;
	if (length_of(&vdev->timers) > VDEV_MAX_STATE_TIMERS ||
	    length_of(&vdev->known_jobs) > VDEV_MAX_STATE_JOBS)
		return -EINVAL;
	description = kcalloc(1, sizeof(*description), GFP_KERNEL_ACCOUNT);
	if (!description)
		return -ENOMEM;
	ret = describe_model(vdev, description);
	if (!ret)
		ret = describe_params(vdev, description);
	if (!ret)
		ret = describe_sections(vdev, description);
	if (!ret)
		ret = describe_areas(vdev, description);
	if (ret) {
		vdev_description_free(description);
		return ret;
	}
	vdev->description = description;
	vdev_describe_params(vdev);
	return 0;
}
