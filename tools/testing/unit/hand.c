// SPDX-License-Identifier: GPL-2.0-only
/*
 * One state of the lamps, by hand. See hand.h. The numbers stand here as the
 * documentation has them, not as constants of the code under test.
 */
#include <linux/array_size.h>
#include <string.h>

#include "hand.h"

enum { U8 = 1, U16, U32, U64, BOOL, BYTES };

static const char note[2][12] = { "", "of brass\n" };

static void fill_lamp(struct lamp *lamp, unsigned int nr)
{
	unsigned int i;

	lamp->on = !nr;
	lamp->level = 100 - nr;
	lamp->angle = 359 - nr;
	lamp->hours = 0x01020304 + nr;
	lamp->serial = 0x1122334455667788ULL + nr;
	for (i = 0; i < 7; i++)
		lamp->key[i] = 0xf0 + i;
	for (i = 0; i < 3; i++)
		lamp->steps[i] = 0xff00 + i;
	lamp->nr_queue = nr ? 5 : 2;
	for (i = 0; i < lamp->nr_queue; i++)
		lamp->queue[i] = 0x7fff - i;
	lamp->note_length = strlen(note[nr]);
	memcpy(lamp->note, note[nr], lamp->note_length);
	lamp->switches[2] = true;
	for (i = 0; i < 3; i++) {
		lamp->rays[i].colour = 3 * i;
		lamp->rays[i].length = 1U << (31 - i);
	}
	lamp->dimmer = 9;
}

void hand_fill(struct vmig_image *image)
{
	struct lamp_meter *meter = vmig_state(image, &lamp_meter_section, 0);

	fill_lamp(vmig_state(image, &lamp_section, 0), 0);
	fill_lamp(vmig_state(image, &lamp_section, 1), 1);
	meter->watts = ~0ULL;
	meter->peak[1] = 60;
}

void hand_begin(struct forge *forge)
{
	forge_header(forge, 1, 0);
	forge_record(forge, 1, 0);
	forge_text(forge, 1, "vfiokit/lamp-2");
	forge_text(forge, 2, "v4");
	forge_text(forge, 3, "lamps=2\nsocket=E27\n");
	forge_field(forge, 4, U64, 0);
	forge_number(forge, 8, 2);
	forge_number(forge, 8, 0x4000);
	forge_number(forge, 8, 5);
	forge_number(forge, 8, 0x30000);
	forge_field_end(forge);
	forge_record_end(forge);
}

struct hand_schema {
	u16 id;
	u8 type;
	u8 flags;
	u32 count;
	const char *name;
};

static void hand_schema(struct forge *forge, u16 section, u16 version,
			u16 instances, const char *name,
			const struct hand_schema *fields, u16 nr)
{
	forge_record(forge, 2, 1);
	forge_number(forge, 2, section);
	forge_number(forge, 2, version);
	forge_number(forge, 2, instances);
	forge_number(forge, 2, nr);
	forge_number(forge, 1, strlen(name));
	forge_bytes(forge, name, strlen(name));
	for (; nr--; fields++) {
		forge_number(forge, 2, fields->id);
		forge_number(forge, 1, fields->type);
		forge_number(forge, 1, fields->flags);
		forge_number(forge, 4, fields->count);
		forge_number(forge, 1, strlen(fields->name));
		forge_bytes(forge, fields->name, strlen(fields->name));
	}
	forge_record_end(forge);
}

void hand_schemas(struct forge *forge)
{
	static const struct hand_schema lamp[] = {
		{ 1, BOOL, 0, 1, "on" }, { 2, U8, 0, 1, "level" },
		{ 3, U16, 0, 1, "angle" }, { 4, U32, 0, 1, "hours" },
		{ 5, U64, 0, 1, "serial" }, { 6, BYTES, 0, 7, "key" },
		{ 7, U16, 0, 3, "steps" }, { 8, U16, 0, 5, "queue" },
		{ 9, BYTES, 0, 40, "note" }, { 10, BOOL, 0, 4, "switches" },
		{ 11, U8, 0, 3, "rays.colour" },
		{ 12, U32, 0, 3, "rays.length" },
		{ 300, U8, 1, 1, "dimmer" },
	};
	static const struct hand_schema meter[] = {
		{ 1, U64, 0, 1, "watts" }, { 2, U32, 0, 2, "peak" },
	};

	hand_schema(forge, 1, 4, 2, "lamp", lamp, ARRAY_SIZE(lamp));
	hand_schema(forge, 0x1234, 1, 1, "meter", meter, ARRAY_SIZE(meter));
}

static void hand_section_begin(struct forge *forge, u16 section, u16 version,
			       u16 instance)
{
	forge_record(forge, 3, 0);
	forge_number(forge, 2, section);
	forge_number(forge, 2, version);
	forge_number(forge, 2, instance);
	forge_number(forge, 2, 0);
}

void hand_lamp_begin(struct forge *forge, u16 version, u16 instance)
{
	hand_section_begin(forge, 1, version, instance);
}

/* The bytes of a field that is an array. */
static void lamp_elements(struct forge *forge, u16 nr, u16 id)
{
	unsigned int i;

	for (i = 0; id == 6 && i < 7; i++)
		forge_number(forge, 1, 0xf0 + i);
	for (i = 0; id == 7 && i < 3; i++)
		forge_number(forge, 2, 0xff00 + i);
	for (i = 0; id == 8 && i < (nr ? 5 : 2); i++)
		forge_number(forge, 2, 0x7fff - i);
	if (id == 9)
		forge_bytes(forge, note[nr], strlen(note[nr]));
	if (id == 10)
		forge_bytes(forge, "\0\0\1\0", 4);
	if (id == 11)
		forge_bytes(forge, "\0\3\6", 3);
	for (i = 0; id == 12 && i < 3; i++)
		forge_number(forge, 4, 1U << (31 - i));
}

void hand_lamp_field(struct forge *forge, u16 nr, u16 id)
{
	static const u8 types[] = {
		[6] = BYTES, U16, U16, BYTES, BOOL, U8, U32,
	};

	switch (id) {
	case 1:
		forge_value(forge, 1, BOOL, !nr);
		return;
	case 2:
		forge_value(forge, 2, U8, 100 - nr);
		return;
	case 3:
		forge_value(forge, 3, U16, 359 - nr);
		return;
	case 4:
		forge_value(forge, 4, U32, 0x01020304 + nr);
		return;
	case 5:
		forge_value(forge, 5, U64, 0x1122334455667788ULL + nr);
		return;
	case 300:
		forge_field(forge, 300, U8, 1);
		forge_number(forge, 1, 9);
		break;
	default:
		forge_field(forge, id, types[id], 0);
		lamp_elements(forge, nr, id);
	}
	forge_field_end(forge);
}

void hand_lamp_without(struct forge *forge, u16 nr, u16 id)
{
	unsigned int i;

	hand_lamp_begin(forge, 4, nr);
	for (i = 1; i <= 12; i++)
		if (i != id)
			hand_lamp_field(forge, nr, i);
	if (id != 300)
		hand_lamp_field(forge, nr, 300);
	forge_record_end(forge);
}

void hand_lamp(struct forge *forge, u16 instance)
{
	hand_lamp_without(forge, instance, 0);
}

void hand_meter(struct forge *forge)
{
	hand_section_begin(forge, 0x1234, 1, 0);
	forge_value(forge, 1, U64, ~0ULL);
	forge_field(forge, 2, U32, 0);
	forge_number(forge, 4, 0);
	forge_number(forge, 4, 60);
	forge_field_end(forge);
	forge_record_end(forge);
}

void hand_sections(struct forge *forge)
{
	hand_lamp(forge, 0);
	hand_lamp(forge, 1);
	hand_meter(forge);
}

static void memory_begin(struct forge *forge, u16 area, u16 flags, u32 length,
			 u64 offset)
{
	forge_record(forge, 4, 0);
	forge_number(forge, 2, area);
	forge_number(forge, 2, flags);
	forge_number(forge, 4, length);
	forge_number(forge, 8, offset);
}

void hand_page(struct forge *forge, u16 area, u64 offset, u8 fill)
{
	u8 page[4096];

	memset(page, fill, sizeof(page));
	memory_begin(forge, area, 0, sizeof(page), offset);
	forge_bytes(forge, page, sizeof(page));
	forge_record_end(forge);
}

void hand_zero(struct forge *forge, u16 area, u64 offset, u32 length)
{
	memory_begin(forge, area, 1, length, offset);
	forge_record_end(forge);
}
