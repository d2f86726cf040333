// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The sections of a device, staged: a C struct for each instance, apart from the
 * device's own.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "field.h"
#include "stream.h"

/* Of what each section's instances are aligned to. */
#define ALIGNMENT	sizeof(u64)

/**
 * struct vmig_image - the sections of a device
 * @desc: what of
 * @size: bytes that follow @states
 * @states: for each of &vmig_desc.sections its instances, one after the other,
 *	which follow
 */
struct vmig_image {
	const struct vmig_desc *desc;
	size_t size;
	void *states[];
};

static size_t size_of(const struct vmig_section *section)
{
	return round_up((size_t)section->instances * section->size, ALIGNMENT);
}

/* Where the states begin. */
static void *start_of(struct vmig_image *image)
{
	return image->states + image->desc->nr_sections;
}

/**
 * vmig_image_alloc() - room for the sections of a device
 * @desc: one that vmig_check_desc() accepted; outlives the image
 *
 * Return: an image that is all zero, for vmig_image_free(); or NULL.
 */
struct vmig_image *vmig_image_alloc(const struct vmig_desc *desc)
{
	size_t states = desc->nr_sections * sizeof(void *);
	struct vmig_image *image;
	unsigned int i;
	size_t size = 0;
	void *at;

	for (i = 0; i < desc->nr_sections; i++)
		size += size_of(desc->sections[i]);
	image = kvcalloc(1, sizeof(*image) + states + size, GFP_KERNEL_ACCOUNT);
	if (!image)
		return NULL;
	image->desc = desc;
	image->size = size;
	at = start_of(image);
	for (i = 0; i < desc->nr_sections; i++) {
		image->states[i] = at;
		at += size_of(desc->sections[i]);
	}
	return image;
}

/**
 * vmig_image_free() - give back an image
 * @image: the image, or NULL
 */
void vmig_image_free(struct vmig_image *image)
{
	kvfree(image);
}

/**
 * vmig_image_clear() - make an image all zero, as it was at first
 * @image: the image
 */
void vmig_image_clear(struct vmig_image *image)
{
	memset(start_of(image), 0, image->size);
}

/**
 * vmig_state() - the staged state of a section
 * @image: what vmig_ops.save fills, or vmig_ops.load_commit takes
 * @section: one of &vmig_desc.sections
 * @instance: which one of it, from 0
 *
 * Return: the section's C struct; or NULL if the device has no such section or
 * instance.
 */
void *vmig_state(const struct vmig_image *image,
		 const struct vmig_section *section, unsigned int instance)
{
	unsigned int i;

	for (i = 0; i < image->desc->nr_sections; i++)
		if (image->desc->sections[i] == section &&
		    instance < section->instances)
			return image->states[i] +
			       (size_t)section->size * instance;
	return NULL;
}
EXPORT_SYMBOL_GPL(vmig_state);

static void copy_field(const struct vmig_field *field, void *to,
		       const void *from)
{
	u32 used = min(vmig_used(field, from), field->count);
	u32 i = 0;

	if (vmig_is_plain(field)) {
		memcpy(to + field->offset, from + field->offset, used);
		i = used;
	}
	for (; i < used; i++)
		vmig_set_element(field, to, i, vmig_element(field, from, i));
	for (; i < field->count; i++)
		vmig_set_element(field, to, i, 0);
	vmig_set_used(field, to, vmig_used(field, from));
}

/**
 * vmig_copy_fields() - copy what migrates, and nothing else
 * @section: whose fields
 * @to: a C struct of the section; elements not in use become 0
 * @from: another one
 *
 * The members which tell how many elements are in use are copied as they are.
 */
void vmig_copy_fields(const struct vmig_section *section, void *to,
		      const void *from)
{
	unsigned int i;

	for (i = 0; i < section->nr_fields; i++)
		copy_field(&section->fields[i], to, from);
}
EXPORT_SYMBOL_GPL(vmig_copy_fields);
