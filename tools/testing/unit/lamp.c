// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that has one of everything. See lamp.h.
 */
#include <linux/array_size.h>
#include <string.h>

#include "../../../drivers/vfio/vmig/field.h"
#include "lamp.h"
#include "random.h"
#include "unit.h"

static const struct vmig_field lamp_fields[] = {
	VMIG_FIELD(1, struct lamp, on),
	VMIG_FIELD(2, struct lamp, level, .max = 100),
	VMIG_FIELD(3, struct lamp, angle, .max = 359),
	VMIG_FIELD(4, struct lamp, hours),
	VMIG_FIELD(5, struct lamp, serial),
	VMIG_BLOB(6, struct lamp, key),
	VMIG_ARRAY(7, struct lamp, steps),
	VMIG_USED(8, struct lamp, queue, nr_queue, .max = 0x7fff),
	VMIG_BLOB_USED(9, struct lamp, note, note_length),
	VMIG_ARRAY(10, struct lamp, switches),
	VMIG_COLUMN(11, struct lamp, rays, colour),
	VMIG_COLUMN(12, struct lamp, rays, length),
	VMIG_FIELD(300, struct lamp, dimmer,
		   .flags = VMIG_OPTIONAL | VMIG_DEFAULT, .fallback = 7),
};

const struct vmig_section lamp_section = {
	.id = 1,
	.version = 4,
	.min_version = 2,
	.instances = 2,
	.name = "lamp",
	.size = sizeof(struct lamp),
	.fields = lamp_fields,
	.nr_fields = ARRAY_SIZE(lamp_fields),
};

static const struct vmig_field meter_fields[] = {
	VMIG_FIELD(1, struct lamp_meter, watts),
	VMIG_ARRAY(2, struct lamp_meter, peak),
};

const struct vmig_section lamp_meter_section = {
	.id = 0x1234,
	.version = 1,
	.min_version = 1,
	.instances = 1,
	.name = "meter",
	.size = sizeof(struct lamp_meter),
	.fields = meter_fields,
	.nr_fields = ARRAY_SIZE(meter_fields),
};

static const struct vmig_section * const lamp_sections[] = {
	&lamp_section, &lamp_meter_section,
};

static const struct vmig_area lamp_areas[] = {
	{ LAMP_FRAME, LAMP_FRAME_SIZE, "frame" },
	{ LAMP_STORE, LAMP_STORE_SIZE, "store" },
};

static const char * const lamp_parameters[] = {
	"lamps=2", "socket=E27", NULL
};

const struct vmig_desc lamp_desc = {
	.model = "vfiokit/lamp-2",
	.version = "v4",
	.parameters = lamp_parameters,
	.sections = lamp_sections,
	.nr_sections = ARRAY_SIZE(lamp_sections),
	.areas = lamp_areas,
	.nr_areas = ARRAY_SIZE(lamp_areas),
};

static int stage(void *context, const struct vmig_area *area, u64 offset,
		 const void *pages, u64 length)
{
	struct lamp_memory *memory = context;
	bool frame = area->id == LAMP_FRAME;
	u8 *to = frame ? memory->frame : memory->store;

	EXPECT(area == &lamp_areas[!frame]);
	EXPECT(length && offset <= area->size &&
	       length <= area->size - offset);
	EXPECT(!((offset | length) % 4096));
	if (memory->error)
		return memory->error;
	memory->stagings++;
	if (pages)
		memcpy(to + offset, pages, length);
	else
		memset(to + offset, 0, length);
	return 0;
}

static void unstage(void *context)
{
	struct lamp_memory *memory = context;

	memset(memory->frame, 0, sizeof(memory->frame));
	memset(memory->store, 0, sizeof(memory->store));
	memory->unstagings++;
}

struct vmig_sink lamp_sink(struct lamp_memory *memory)
{
	/* clearing it takes longer than reading many a stream */
	if (memory->stagings)
		memset(memory, 0, sizeof(*memory));
	memory->unstagings = 0;
	memory->error = 0;
	return (struct vmig_sink){ stage, unstage, memory };
}

static void random_field(const struct vmig_field *field, void *state)
{
	u64 max = vmig_element_max(field);
	u32 used = field->count;
	u64 value;
	u32 i;

	if (field->used != VMIG_ALL)
		used = random_below(field->count + 1);
	vmig_set_used(field, state, used);
	for (i = 0; i < used; i++) {
		value = random_value() & (max | max >> 1);
		vmig_set_element(field, state, i, value > max ? max : value);
	}
}

void random_image(struct vmig_image *image, const struct vmig_desc *desc)
{
	const struct vmig_section *section;
	unsigned int i, nr, field;

	for (i = 0; i < desc->nr_sections; i++) {
		section = desc->sections[i];
		for (nr = 0; nr < section->instances; nr++)
			for (field = 0; field < section->nr_fields; field++)
				random_field(&section->fields[field],
					     vmig_state(image, section, nr));
	}
}

void lamp_random_memory(struct lamp_memory *memory)
{
	u8 *bytes = memory->frame;
	u32 i;

	/* frame and store are one after the other */
	for (i = 0; i < LAMP_FRAME_SIZE + LAMP_STORE_SIZE; i += 4096)
		if (random_one_in(2))
			bytes[i + random_below(4096)] = random_u64() | 1;
}

static void expect_same_field(const struct vmig_section *section,
			      unsigned int instance,
			      const struct vmig_field *field, const void *got,
			      const void *want)
{
	u32 i;

	unit_context("section %u instance %u field %u", section->id, instance,
		     field->id);
	EXPECT_EQ(vmig_used(field, got), vmig_used(field, want));
	for (i = 0; i < vmig_used(field, want); i++)
		EXPECT_EQ(vmig_element(field, got, i),
			  vmig_element(field, want, i));
}

void expect_same_image(const struct vmig_desc *desc,
		       const struct vmig_image *got,
		       const struct vmig_image *want)
{
	const struct vmig_section *section;
	unsigned int i, nr, field;

	for (i = 0; i < desc->nr_sections; i++) {
		section = desc->sections[i];
		for (nr = 0; nr < section->instances; nr++)
			for (field = 0; field < section->nr_fields; field++)
				expect_same_field(section, nr,
						  &section->fields[field],
						  vmig_state(got, section, nr),
						  vmig_state(want, section, nr));
	}
	unit_context("elsewhere");
}
