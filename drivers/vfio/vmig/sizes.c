// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * How long records are. See sizes.h.
 *
 * And that the layouts are those which the documentation promises, whatever the
 * compiler would like to align.
 */
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "field.h"
#include "sizes.h"
#include "stream.h"

static_assert(sizeof(struct vfio_mig_header) == 16);
static_assert(offsetof(struct vfio_mig_header, major) == 8);
static_assert(offsetof(struct vfio_mig_header, minor) == 10);
static_assert(offsetof(struct vfio_mig_header, crc) == 12);

static_assert(sizeof(struct vfio_mig_record) == 8);
static_assert(offsetof(struct vfio_mig_record, flags) == 2);
static_assert(offsetof(struct vfio_mig_record, length) == 4);

static_assert(sizeof(struct vfio_mig_field) == 8);
static_assert(offsetof(struct vfio_mig_field, type) == 2);
static_assert(offsetof(struct vfio_mig_field, flags) == 3);
static_assert(offsetof(struct vfio_mig_field, length) == 4);

static_assert(sizeof(struct vfio_mig_section) == 8);
static_assert(offsetof(struct vfio_mig_section, version) == 2);
static_assert(offsetof(struct vfio_mig_section, instance) == 4);
static_assert(offsetof(struct vfio_mig_section, reserved) == 6);

static_assert(sizeof(struct vfio_mig_schema) == 9);
static_assert(offsetof(struct vfio_mig_schema, version) == 2);
static_assert(offsetof(struct vfio_mig_schema, instances) == 4);
static_assert(offsetof(struct vfio_mig_schema, fields) == 6);
static_assert(offsetof(struct vfio_mig_schema, name_length) == 8);

static_assert(sizeof(struct vfio_mig_schema_field) == 9);
static_assert(offsetof(struct vfio_mig_schema_field, type) == 2);
static_assert(offsetof(struct vfio_mig_schema_field, flags) == 3);
static_assert(offsetof(struct vfio_mig_schema_field, count) == 4);
static_assert(offsetof(struct vfio_mig_schema_field, name_length) == 8);

static_assert(sizeof(struct vfio_mig_memory) == 16);
static_assert(offsetof(struct vfio_mig_memory, flags) == 2);
static_assert(offsetof(struct vfio_mig_memory, length) == 4);
static_assert(offsetof(struct vfio_mig_memory, offset) == 8);

static_assert(sizeof(struct vfio_mig_end) == 20);
static_assert(offsetof(struct vfio_mig_end, bytes) == 8);
static_assert(offsetof(struct vfio_mig_end, crc) == 16);

static_assert((int)VMIG_U8 == VFIO_MIG_U8);
static_assert((int)VMIG_U16 == VFIO_MIG_U16);
static_assert((int)VMIG_U32 == VFIO_MIG_U32);
static_assert((int)VMIG_U64 == VFIO_MIG_U64);
static_assert((int)VMIG_BOOL == VFIO_MIG_BOOL);
static_assert((int)VMIG_BYTES == VFIO_MIG_BYTES);
static_assert(VMIG_OPTIONAL == VFIO_MIG_OPTIONAL);

static_assert(VMIG_END_BYTES ==
	      VMIG_RECORD_BYTES + sizeof(struct vfio_mig_end));
static_assert(VMIG_PAGE_BYTES ==
	      VMIG_RECORD_BYTES + sizeof(struct vfio_mig_memory) +
	      VFIO_MIG_PAGE);

u64 vmig_parameters_length(const struct vmig_desc *desc)
{
	const char * const *parameter = desc->parameters;
	u64 length = 0;

	for (; parameter && *parameter; parameter++)
		length += strlen(*parameter) + 1;
	return length;
}

u64 vmig_identity_payload(const struct vmig_desc *desc)
{
	u64 parameters = vmig_parameters_length(desc);
	u64 payload;

	payload = sizeof(struct vfio_mig_field) + strlen(desc->model) +
		  sizeof(struct vfio_mig_field) + strlen(desc->version);
	if (parameters)
		payload += sizeof(struct vfio_mig_field) + parameters;
	if (desc->nr_areas)
		payload += sizeof(struct vfio_mig_field) +
			   (u64)desc->nr_areas * 2 * sizeof(__le64);
	return payload;
}

u64 vmig_schema_payload(const struct vmig_section *section)
{
	u64 payload = sizeof(struct vfio_mig_schema) + strlen(section->name);
	unsigned int i;

	for (i = 0; i < section->nr_fields; i++)
		payload += sizeof(struct vfio_mig_schema_field) +
			   strlen(section->fields[i].name);
	return payload;
}

u64 vmig_section_payload(const struct vmig_section *section)
{
	u64 payload = sizeof(struct vfio_mig_section);
	unsigned int i;

	for (i = 0; i < section->nr_fields; i++)
		payload += sizeof(struct vfio_mig_field) +
			   (u64)section->fields[i].count *
			   vmig_element_size(section->fields[i].type);
	return payload;
}

/**
 * vmig_setup_bytes() - how much vmig_put_setup() puts
 * @desc: of which device
 *
 * Return: bytes, exactly.
 */
u64 vmig_setup_bytes(const struct vmig_desc *desc)
{
	u64 bytes = sizeof(struct vfio_mig_header) + VMIG_RECORD_BYTES +
		    vmig_identity_payload(desc);
	unsigned int i;

	for (i = 0; i < desc->nr_sections; i++)
		bytes += VMIG_RECORD_BYTES +
			 vmig_schema_payload(desc->sections[i]);
	return bytes;
}

/**
 * vmig_sections_bytes() - how much vmig_put_sections() puts
 * @desc: of which device
 *
 * Return: bytes if all elements there is room for are in use.
 */
u64 vmig_sections_bytes(const struct vmig_desc *desc)
{
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < desc->nr_sections; i++)
		bytes += desc->sections[i]->instances *
			 (VMIG_RECORD_BYTES +
			  vmig_section_payload(desc->sections[i]));
	return bytes;
}
