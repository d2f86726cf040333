// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Are a driver's tables something that can be written and read?
 *
 * Asked once, before anything else uses them, so that no other file has to.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "field.h"
#include "sizes.h"
#include "stream.h"

#define NAME_MAX_LENGTH		255

/* Of the C structs of all sections: more is a mistake. */
#define STAGED_MAX		(64 << 20)

static bool printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static bool name_valid(const char *name)
{
	return name && *name && strlen(name) <= NAME_MAX_LENGTH &&
	       printable(name);
}

static bool parameters_valid(const struct vmig_desc *desc)
{
	const char * const *parameter = desc->parameters;
	const char *equals;

	for (; parameter && *parameter; parameter++) {
		equals = strchr(*parameter, '=');
		if (!equals || equals == *parameter || !printable(*parameter))
			return false;
	}
	return true;
}

static const char *areas_fault(const struct vmig_desc *desc)
{
	const struct vmig_area *area = desc->areas;
	unsigned int i;

	if (desc->nr_areas && !area)
		return "has no areas where it counts some";
	for (i = 0; i < desc->nr_areas; i++) {
		if (i && area[i].id <= area[i - 1].id)
			return "has areas whose ids do not ascend";
		if (!name_valid(area[i].name))
			return "has an area without a valid name";
		if (!area[i].size || area[i].size % VFIO_MIG_PAGE)
			return "has an area which is not whole pages";
	}
	return NULL;
}

static const char *desc_fault(const struct vmig_desc *desc)
{
	const char *fault;

	if (!name_valid(desc->version))
		return "has no valid version";
	if (!parameters_valid(desc))
		return "has a parameter which is no \"name=value\"";
	fault = areas_fault(desc);
	if (fault)
		return fault;
	if (vmig_identity_payload(desc) > VFIO_MIG_MAX_IDENTITY)
		return "has an identity which is too long";
	if (desc->nr_sections && !desc->sections)
		return "has no sections where it counts some";
	return NULL;
}

/* The @nr_th of the device's sections: there, and not there before? */
static const char *section_id_fault(const struct vmig_desc *desc,
				    unsigned int nr)
{
	unsigned int i;

	if (!desc->sections[nr])
		return "is not there";
	for (i = 0; i < nr; i++)
		if (desc->sections[i]->id == desc->sections[nr]->id)
			return "has the id of another one";
	return NULL;
}

static const char *section_fault(const struct vmig_section *section)
{
	if (!name_valid(section->name))
		return "has no valid name";
	if (!section->min_version || section->min_version > section->version)
		return "reads no version, or not its own";
	if (!section->instances)
		return "has no instances";
	if (!section->size ||
	    (u64)section->size * section->instances > STAGED_MAX)
		return "has a C struct of an impossible size";
	if (!section->nr_fields || section->nr_fields > U16_MAX ||
	    !section->fields)
		return "has no fields, or too many";
	return NULL;
}

/* Valid only with the names of all fields. */
static const char *section_length_fault(const struct vmig_section *section)
{
	if (vmig_section_payload(section) > VFIO_MIG_MAX_PAYLOAD)
		return "is too long for a record";
	if (vmig_schema_payload(section) > VFIO_MIG_MAX_PAYLOAD)
		return "has a schema which is too long for a record";
	return NULL;
}

static bool field_id_valid(const struct vmig_section *section, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (section->fields[i].id == section->fields[nr].id)
			return false;
	return true;
}

/* What is aligned in the first instance is so in those that follow it. */
static bool aligned_in_all(const struct vmig_section *section, u32 alignment)
{
	return section->instances == 1 || !(section->size % alignment);
}

static bool placement_valid(const struct vmig_section *section,
			    const struct vmig_field *field)
{
	u32 size = vmig_element_size(field->type);

	if (field->offset % size || field->stride % size ||
	    field->stride < size || !field->count ||
	    !aligned_in_all(section, size))
		return false;
	return (u64)field->offset + (u64)field->stride * (field->count - 1) +
	       size <= section->size;
}

static bool used_valid(const struct vmig_section *section,
		       const struct vmig_field *field)
{
	if (field->used == VMIG_ALL)
		return true;
	return !(field->used % sizeof(u32)) &&
	       aligned_in_all(section, sizeof(u32)) &&
	       (u64)field->used + sizeof(u32) <= section->size;
}

static const char *values_fault(const struct vmig_field *field)
{
	struct vmig_field any = { .type = field->type };

	if (field->max > vmig_element_max(&any))
		return "has a maximum beyond its type";
	if (field->type == VMIG_BYTES && field->max)
		return "has a maximum, but no numbers";
	if (!field->fallback)
		return NULL;
	if (!(field->flags & VMIG_DEFAULT) || field->used != VMIG_ALL)
		return "has a fallback which nothing falls back to";
	if (field->fallback > vmig_element_max(field))
		return "has a fallback beyond its maximum";
	return NULL;
}

static const char *field_fault(const struct vmig_section *section,
			       unsigned int nr)
{
	const struct vmig_field *field = &section->fields[nr];

	if (!name_valid(field->name))
		return "has no valid name";
	if (!field_id_valid(section, nr))
		return "has the id of another one";
	if (!vmig_element_size(field->type))
		return "has no valid type";
	if (field->flags & ~(VMIG_OPTIONAL | VMIG_DEFAULT))
		return "has unknown flags";
	if (!placement_valid(section, field))
		return "has elements which are misaligned or outside";
	if (!used_valid(section, field))
		return "counts its elements outside or misaligned";
	return values_fault(field);
}

static bool claim(u8 *taken, u32 offset, u32 size)
{
	while (size--)
		if (taken[offset + size]++)
			return false;
	return true;
}

static bool claim_field(u8 *taken, const struct vmig_field *field)
{
	u32 i;

	for (i = 0; i < field->count; i++)
		if (!claim(taken, field->offset + field->stride * i,
			   vmig_element_size(field->type)))
			return false;
	return field->used == VMIG_ALL ||
	       claim(taken, field->used, sizeof(u32));
}

/* Two fields at one place are the same line twice, and half changed. */
static int check_overlaps(const struct vmig_desc *desc,
			  const struct vmig_section *section)
{
	int ret = 0;
	u8 *taken;
	unsigned int i;

	taken = kvcalloc(section->size, 1, GFP_KERNEL);
	if (!taken)
		return -ENOMEM;
	for (i = 0; i < section->nr_fields && !ret; i++) {
		if (claim_field(taken, &section->fields[i]))
			continue;
		pr_err("vmig: %s: section %u: field %u is where another one is\n",
		       desc->model, section->id, section->fields[i].id);
		ret = -EINVAL;
	}
	kvfree(taken);
	return ret;
}

static int check_section(const struct vmig_desc *desc, unsigned int nr)
{
	const struct vmig_section *section = desc->sections[nr];
	const char *fault;
	unsigned int i;

	fault = section_id_fault(desc, nr);
	if (fault) {
		pr_err("vmig: %s: section at %u %s\n", desc->model, nr, fault);
		return -EINVAL;
	}
	fault = section_fault(section);
	for (i = 0; !fault && i < section->nr_fields; i++) {
		fault = field_fault(section, i);
		if (!fault)
			continue;
		pr_err("vmig: %s: section %u: field %u %s\n", desc->model,
		       section->id, section->fields[i].id, fault);
		return -EINVAL;
	}
	if (!fault)
		fault = section_length_fault(section);
	if (fault) {
		pr_err("vmig: %s: section %u %s\n", desc->model, section->id,
		       fault);
		return -EINVAL;
	}
	return check_overlaps(desc, section);
}

/**
 * vmig_check_desc() - can a device of these tables be migrated?
 * @desc: the tables
 *
 * Return: 0; -EINVAL after a message that names the table and its fault;
 * -ENOMEM.
 */
int vmig_check_desc(const struct vmig_desc *desc)
{
	const char *fault;
	unsigned int i;
	u64 staged = 0;
	int ret = 0;

	if (!name_valid(desc->model)) {
		pr_err("vmig: a device without a valid model\n");
		return -EINVAL;
	}
	fault = desc_fault(desc);
	if (fault) {
		pr_err("vmig: %s %s\n", desc->model, fault);
		return -EINVAL;
	}
	for (i = 0; i < desc->nr_sections && !ret; i++) {
		ret = check_section(desc, i);
		if (!ret)
			staged += (u64)desc->sections[i]->size *
				  desc->sections[i]->instances;
		if (staged > STAGED_MAX) {
			pr_err("vmig: %s has sections which are too large together\n",
			       desc->model);
			return -EINVAL;
		}
	}
	return ret;
}
EXPORT_SYMBOL_GPL(vmig_check_desc);
