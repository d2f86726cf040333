// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Reading sections: a record for each instance, a field for each line of its
 * table.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "field.h"
#include "read.h"

int vmig_take_field(struct vmig_reader *reader, u32 *at,
		    struct vmig_taken *taken)
{
	u32 left = reader->length - *at;
	struct vfio_mig_field field;

	if (!left)
		return 0;
	if (left < sizeof(field))
		return vmig_refuse(reader, -EINVAL,
				   "%u bytes where a field should begin", left);
	memcpy(&field, reader->payload + *at, sizeof(field));
	left -= sizeof(field);
	*at += sizeof(field);
	taken->id = le16_to_cpu(field.id);
	taken->type = field.type;
	taken->flags = field.flags;
	taken->length = le32_to_cpu(field.length);
	taken->data = reader->payload + *at;
	if (taken->flags & ~VFIO_MIG_OPTIONAL)
		return vmig_refuse(reader, -EINVAL,
				   "field %u with unknown flags 0x%x",
				   taken->id, taken->flags);
	if (taken->length > left)
		return vmig_refuse(reader, -EINVAL,
				   "field %u of %u bytes where %u are left",
				   taken->id, taken->length, left);
	*at += taken->length;
	return 1;
}

unsigned int vmig_nr_present(const struct vmig_desc *desc)
{
	unsigned int nr = 0;
	unsigned int i;

	for (i = 0; i < desc->nr_sections; i++)
		nr += desc->sections[i]->instances;
	return nr;
}

int vmig_all_present(struct vmig_reader *reader)
{
	const struct vmig_desc *desc = reader->desc;
	const u8 *present = reader->present;
	unsigned int i, nr;

	for (i = 0; i < desc->nr_sections; i++)
		for (nr = 0; nr < desc->sections[i]->instances; nr++) {
			if (*present++)
				continue;
			return vmig_refuse(reader, -EINVAL,
					   "the stream lacks section %u (%.24s) instance %u",
					   desc->sections[i]->id,
					   desc->sections[i]->name, nr);
		}
	return 0;
}

/* The section of that id, and where its instances are in @present; or NULL. */
static const struct vmig_section *find_section(struct vmig_reader *reader,
					       u16 id, u8 **present)
{
	const struct vmig_desc *desc = reader->desc;
	unsigned int i;

	*present = reader->present;
	for (i = 0; i < desc->nr_sections; i++) {
		if (desc->sections[i]->id == id)
			return desc->sections[i];
		*present += desc->sections[i]->instances;
	}
	return NULL;
}

static int take_elements(struct vmig_reader *reader,
			 const struct vmig_taken *taken, void *state)
{
	const struct vmig_field *field = reader->field;
	u32 size = vmig_element_size(field->type);
	u64 max = vmig_element_max(field);
	u32 nr = taken->length / size;
	u64 value;
	u32 i;

	if (vmig_is_plain(field)) {
		memcpy(state + field->offset, taken->data, nr);
		return 0;
	}
	for (i = 0; i < nr; i++) {
		value = vmig_stream_element(taken->data + i * size, size);
		if (value > max)
			return vmig_refuse(reader, -EINVAL,
					   "element %u is %llu, at most %llu is allowed",
					   i, value, max);
		vmig_set_element(field, state, i, value);
	}
	return 0;
}

static int take_known(struct vmig_reader *reader,
		      const struct vmig_taken *taken, void *state)
{
	const struct vmig_field *field = reader->field;
	u8 *seen = &reader->seen[field - reader->section->fields];
	u32 size = vmig_element_size(field->type);
	u32 nr;

	if (*seen)
		return vmig_refuse(reader, -EINVAL, "it is there twice");
	*seen = true;
	if (taken->type != field->type)
		return vmig_refuse(reader, -EINVAL,
				   "it is of type %u, not %u", taken->type,
				   field->type);
	if (taken->length % size)
		return vmig_refuse(reader, -EINVAL,
				   "%u bytes are no elements of %u bytes",
				   taken->length, size);
	nr = taken->length / size;
	if (nr > field->count || (field->used == VMIG_ALL && nr < field->count))
		return vmig_refuse(reader, -EINVAL,
				   "it has %u elements, %s%u", nr,
				   field->used == VMIG_ALL ? "not " :
				   "at most ", field->count);
	vmig_set_used(field, state, nr);
	return take_elements(reader, taken, state);
}

static const struct vmig_field *find_field(const struct vmig_section *section,
					   u16 id)
{
	unsigned int i;

	for (i = 0; i < section->nr_fields; i++)
		if (section->fields[i].id == id)
			return &section->fields[i];
	return NULL;
}

static int take_fields(struct vmig_reader *reader, void *state)
{
	u32 at = sizeof(struct vfio_mig_section);
	struct vmig_taken taken;
	int ret;

	while ((ret = vmig_take_field(reader, &at, &taken)) > 0) {
		reader->field = find_field(reader->section, taken.id);
		if (reader->field)
			ret = take_known(reader, &taken, state);
		else if (!(taken.flags & VFIO_MIG_OPTIONAL))
			ret = vmig_refuse(reader, -EINVAL,
					  "it has field %u, which is unknown and not optional",
					  taken.id);
		reader->field = NULL;
		if (ret < 0)
			return ret;
	}
	return ret;
}

/* What the section's table has, and the record has not. */
static int add_defaults(struct vmig_reader *reader, void *state)
{
	const struct vmig_field *field = reader->section->fields;
	unsigned int i;
	u32 nr;

	for (i = 0; i < reader->section->nr_fields; i++, field++) {
		if (reader->seen[i])
			continue;
		if (!(field->flags & VMIG_DEFAULT))
			return vmig_refuse(reader, -EINVAL,
					   "it lacks field %u (%.24s)",
					   field->id, field->name);
		for (nr = 0; nr < field->count; nr++)
			vmig_set_element(field, state, nr, field->fallback);
	}
	return 0;
}

/* Is it one of this device, of a version that is read, and not there yet? */
static int check_section(struct vmig_reader *reader, u16 version, u16 reserved,
			 const u8 *present)
{
	const struct vmig_section *section = reader->section;

	if (reader->instance >= section->instances)
		return vmig_refuse(reader, -EINVAL,
				   "there are %u instances of it",
				   section->instances);
	if (present[reader->instance])
		return vmig_refuse(reader, -EINVAL, "it is there twice");
	if (version > section->version || version < section->min_version)
		return vmig_refuse(reader, -EINVAL,
				   "it is of version %u, and %u to %u are read here",
				   version, section->min_version,
				   section->version);
	if (reserved)
		return vmig_refuse(reader, -EINVAL,
				   "what is reserved is %u, not 0", reserved);
	return 0;
}

int vmig_take_section(struct vmig_reader *reader)
{
	struct vfio_mig_section head;
	u8 *present;
	void *state;
	int ret;

	memcpy(&head, reader->payload, sizeof(head));
	reader->section = find_section(reader, le16_to_cpu(head.id), &present);
	if (!reader->section) {
		if (reader->flags & VFIO_MIG_OPTIONAL)
			return 0;
		return vmig_refuse(reader, -EINVAL,
				   "section %u, which is unknown and not optional",
				   le16_to_cpu(head.id));
	}
	reader->instance = le16_to_cpu(head.instance);
	ret = check_section(reader, le16_to_cpu(head.version),
			    le16_to_cpu(head.reserved), present);
	if (!ret) {
		present[reader->instance] = true;
		state = vmig_state(reader->image, reader->section,
				   reader->instance);
		memset(reader->seen, 0, reader->section->nr_fields);
		ret = take_fields(reader, state);
		if (!ret)
			ret = add_defaults(reader, state);
	}
	reader->section = NULL;
	return ret;
}
