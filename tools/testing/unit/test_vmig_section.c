// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections: what of them is refused, with the record's last byte; and what a
 * stream may leave out, add, or have in another order.
 */
#include <linux/array_size.h>
#include <stdlib.h>
#include <string.h>

#include "hand.h"
#include "hear.h"
#include "suites.h"
#include "unit.h"

#define LAMP_0	"section 1 (lamp) instance 0: "
#define LAMP_1	"section 1 (lamp) instance 1: "

static void section(struct forge *f, u16 flags, u16 id, u16 version,
		    u16 instance, u16 reserved)
{
	forge_record(f, 3, flags);
	forge_number(f, 2, id);
	forge_number(f, 2, version);
	forge_number(f, 2, instance);
	forge_number(f, 2, reserved);
}

static void not_of_this_device(void)
{
	struct forge f = {};

	hand_begin(&f);
	section(&f, 0, 2, 4, 0, 0);
	forge_record_end(&f);
	expect_refused(&f, "section 2, which is unknown and not optional");
	hand_begin(&f);
	section(&f, 1, 1, 4, 2, 0);
	forge_record_end(&f);
	expect_refused(&f, "section 1 (lamp) instance 2: there are 2 instances of it");
	hand_begin(&f);
	section(&f, 0, 1, 4, 0xffff, 0);
	forge_record_end(&f);
	expect_refused(&f, "section 1 (lamp) instance 65535: there are 2 instances of it");
	hand_begin(&f);
	section(&f, 0, 1, 4, 1, 1);
	forge_record_end(&f);
	expect_refused(&f, LAMP_1 "what is reserved is 1, not 0");
}

static void versions(void)
{
	static const u16 wrong[] = { 0, 1, 5, 0x400, 0xffff };
	struct forge f = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		hand_begin(&f);
		section(&f, 0, 1, wrong[i], 1, 0);
		forge_record_end(&f);
		expect_refused(&f, LAMP_1 "it is of version %u, and 2 to 4 are read here",
			       wrong[i]);
	}
	for (i = 2; i <= 4; i++) {
		hand_begin(&f);
		hand_lamp(&f, 0);
		f.data[f.start + 10] = i;
		f.len -= 4;
		f.records--;
		f.crc = 0;
		forge_record_end(&f);
		hand_lamp(&f, 0);
		expect_refused(&f, LAMP_0 "it is there twice");
	}
}

static void once_too_often(void)
{
	struct forge f = {};

	hand_begin(&f);
	hand_sections(&f);
	hand_lamp(&f, 1);
	expect_refused(&f, LAMP_1 "it is there twice");
	hand_begin(&f);
	hand_sections(&f);
	hand_meter(&f);
	expect_refused(&f, "section 4660 (meter) instance 0: it is there twice");
	hand_begin(&f);
	hand_lamp_begin(&f, 4, 0);
	hand_lamp_field(&f, 0, 1);
	hand_lamp_field(&f, 0, 2);
	hand_lamp_field(&f, 0, 1);
	forge_record_end(&f);
	expect_refused(&f, LAMP_0 "field 1 (on): it is there twice");
}

static void lacking_a_field(void)
{
	static const char * const names[] = {
		NULL, "on", "level", "angle", "hours", "serial", "key",
		"steps", "queue", "note", "switches", "rays.colour",
		"rays.length",
	};
	struct forge f = {};
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(names); i++) {
		hand_begin(&f);
		hand_lamp_without(&f, 1, i);
		expect_refused(&f, LAMP_1 "it lacks field %u (%s)", i,
			       names[i]);
	}
	hand_begin(&f);
	section(&f, 0, 1, 4, 0, 0);
	forge_record_end(&f);
	expect_refused(&f, LAMP_0 "it lacks field 1 (on)");
}

/* One field, and the record. */
static void refuse_field(u16 id, u8 type, const void *data, u32 length,
			 const char *reason)
{
	struct forge f = {};

	hand_begin(&f);
	hand_lamp_begin(&f, 4, 1);
	forge_field(&f, id, type, 0);
	forge_bytes(&f, data, length);
	forge_field_end(&f);
	forge_record_end(&f);
	expect_refused(&f, LAMP_1 "%s", reason);
}

static void other_types(void)
{
	refuse_field(1, 1, "\1", 1, "field 1 (on): it is of type 1, not 5");
	refuse_field(2, 5, "\1", 1, "field 2 (level): it is of type 5, not 1");
	refuse_field(6, 1, "1234567", 7,
		     "field 6 (key): it is of type 1, not 6");
	refuse_field(4, 4, "12345678", 8,
		     "field 4 (hours): it is of type 4, not 3");
	refuse_field(4, 0, "", 0, "field 4 (hours): it is of type 0, not 3");
	refuse_field(4, 0xff, "", 0,
		     "field 4 (hours): it is of type 255, not 3");
}

static void other_counts(void)
{
	refuse_field(1, 5, "", 0, "field 1 (on): it has 0 elements, not 1");
	refuse_field(1, 5, "\1\1", 2, "field 1 (on): it has 2 elements, not 1");
	refuse_field(7, 2, "\1\1\1\1", 4,
		     "field 7 (steps): it has 2 elements, not 3");
	refuse_field(7, 2, "\1\1\1\1\1\1\1\1", 8,
		     "field 7 (steps): it has 4 elements, not 3");
	refuse_field(8, 2, "123456789012", 12,
		     "field 8 (queue): it has 6 elements, at most 5");
	refuse_field(9, 6, "12345678901234567890123456789012345678901", 41,
		     "field 9 (note): it has 41 elements, at most 40");
	refuse_field(7, 2, "\1\1\1\1\1", 5,
		     "field 7 (steps): 5 bytes are no elements of 2 bytes");
	refuse_field(5, 4, "1234567", 7,
		     "field 5 (serial): 7 bytes are no elements of 8 bytes");
}

static void values_beyond(void)
{
	refuse_field(1, 5, "\2", 1,
		     "field 1 (on): element 0 is 2, at most 1 is allowed");
	refuse_field(1, 5, "\xff", 1,
		     "field 1 (on): element 0 is 255, at most 1 is allowed");
	refuse_field(10, 5, "\0\1\1\2", 4,
		     "field 10 (switches): element 3 is 2, at most 1 is allowed");
	refuse_field(2, 1, "e", 1,
		     "field 2 (level): element 0 is 101, at most 100 is allowed");
	refuse_field(3, 2, "\x68\1", 2,
		     "field 3 (angle): element 0 is 360, at most 359 is allowed");
	refuse_field(8, 2, "\1\1\0\x80", 4,
		     "field 8 (queue): element 1 is 32768, at most 32767 is allowed");
}

static void broken_fields(void)
{
	struct forge f = {};

	refuse_field(13, 1, "", 0,
		     "it has field 13, which is unknown and not optional");
	refuse_field(0, 1, "", 0,
		     "it has field 0, which is unknown and not optional");
	hand_begin(&f);
	hand_lamp_begin(&f, 4, 1);
	forge_field_head(&f, 9, 6, 0, 20);
	forge_bytes(&f, "", 1);
	forge_record_end(&f);
	expect_refused(&f, LAMP_1 "field 9 of 20 bytes where 1 are left");
	hand_begin(&f);
	hand_lamp_begin(&f, 4, 1);
	forge_field_head(&f, 9, 6, 0, 0xfffffff8);
	forge_record_end(&f);
	expect_refused(&f, LAMP_1 "field 9 of 4294967288 bytes where 0 are left");
	hand_begin(&f);
	hand_lamp_begin(&f, 4, 1);
	forge_field_head(&f, 9, 6, 0x81, 0);
	forge_record_end(&f);
	expect_refused(&f, LAMP_1 "field 9 with unknown flags 0x81");
	hand_begin(&f);
	hand_lamp_begin(&f, 4, 1);
	forge_bytes(&f, "x", 1);
	forge_record_end(&f);
	expect_refused(&f, LAMP_1 "1 bytes where a field should begin");
}

/* All of the stream, and what it comes to. The stream is freed. */
static const struct vmig_image *accept(struct forge *f)
{
	forge_end(f);
	return vmig_reader_image(expect_accepted(f)->reader);
}

static void expect_by_hand(const struct vmig_image *got)
{
	struct vmig_image *want = vmig_image_alloc(&lamp_desc);

	hand_fill(want);
	expect_same_image(&lamp_desc, got, want);
	vmig_image_free(want);
}

static void the_state_by_hand(void)
{
	struct forge f = {};

	hand_begin(&f);
	hand_schemas(&f);
	hand_sections(&f);
	expect_by_hand(accept(&f));
	/* schemas are for people */
	hand_begin(&f);
	hand_sections(&f);
	expect_by_hand(accept(&f));
}

static void sections_in_any_order(void)
{
	struct forge f = {};

	hand_begin(&f);
	hand_lamp(&f, 1);
	hand_meter(&f);
	hand_page(&f, 2, 0, 1);
	hand_lamp(&f, 0);
	expect_by_hand(accept(&f));
}

static void fields_in_any_order(void)
{
	struct forge f = {};
	unsigned int i;

	hand_begin(&f);
	hand_meter(&f);
	hand_lamp(&f, 1);
	hand_lamp_begin(&f, 4, 0);
	hand_lamp_field(&f, 0, 300);
	for (i = 12; i; i--)
		hand_lamp_field(&f, 0, i);
	forge_record_end(&f);
	expect_by_hand(accept(&f));
}

static void a_fallback(void)
{
	const struct vmig_image *image;
	struct forge f = {};
	struct lamp *lamp;

	hand_begin(&f);
	hand_lamp_without(&f, 0, 300);
	hand_lamp(&f, 1);
	hand_meter(&f);
	image = accept(&f);
	lamp = vmig_state(image, &lamp_section, 0);
	EXPECT_EQ(lamp->dimmer, 7);
	lamp->dimmer = 9;
	expect_by_hand(image);
}

static void what_is_optional(void)
{
	struct forge f = {};
	unsigned int i;

	/* with the minor in which it might come up */
	forge_header(&f, 1, 0xffff);
	forge_record(&f, 1, 1);
	forge_text(&f, 1, "vfiokit/lamp-2");
	forge_text(&f, 2, "v4");
	forge_text(&f, 3, "lamps=2\nsocket=E27\n");
	forge_field(&f, 4, 4, 0);
	forge_bytes(&f, "\2\0\0\0\0\0\0\0\0\x40\0\0\0\0\0\0", 16);
	forge_bytes(&f, "\5\0\0\0\0\0\0\0\0\0\3\0\0\0\0\0", 16);
	forge_field_end(&f);
	forge_record_end(&f);

	forge_record(&f, 77, 1);
	forge_bytes(&f, "anything", 8);
	forge_record_end(&f);
	forge_empty(&f, 0xfffe, 1);
	/* a schema that is none */
	forge_record(&f, 2, 1);
	forge_bytes(&f, "\xff\xff\xff", 3);
	forge_record_end(&f);
	section(&f, 1, 99, 0, 0xffff, 7);
	forge_bytes(&f, "whatever", 8);
	forge_record_end(&f);
	section(&f, 1, 99, 0, 0xffff, 7);
	forge_record_end(&f);

	hand_lamp(&f, 0);
	hand_meter(&f);
	section(&f, 1, 1, 4, 1, 0);
	for (i = 1; i <= 12; i++) {
		forge_field(&f, 200 + i, i, 1);
		forge_bytes(&f, "whatever it is", i);
		forge_field_end(&f);
		hand_lamp_field(&f, 1, i);
	}
	forge_field(&f, 201, 1, 1);
	forge_field_end(&f);
	hand_lamp_field(&f, 1, 300);
	forge_record_end(&f);
	expect_by_hand(accept(&f));
}

static void nothing_in_use(void)
{
	const struct vmig_image *image;
	struct forge f = {};
	struct lamp *lamp;
	unsigned int i;

	hand_begin(&f);
	hand_lamp(&f, 1);
	hand_meter(&f);
	hand_lamp_begin(&f, 4, 0);
	for (i = 1; i <= 12; i++)
		if (i != 8)
			hand_lamp_field(&f, 0, i);
	forge_field(&f, 8, 2, 0);
	forge_field_end(&f);
	forge_record_end(&f);
	image = accept(&f);
	lamp = vmig_state(image, &lamp_section, 0);
	EXPECT_EQ(lamp->nr_queue, 0);
	EXPECT_EQ(lamp->note_length, 0);
}

static void memory_holds_the_last(void)
{
	struct hearing *hearing;
	struct forge f = {};
	unsigned int i;

	hand_begin(&f);
	hand_page(&f, 5, 0x2f000, 3);
	hand_page(&f, 5, 0x1000, 4);
	hand_page(&f, 2, 0x1000, 5);
	hand_sections(&f);
	hand_zero(&f, 5, 0x1000, 0x2000);
	hand_page(&f, 2, 0x1000, 6);
	forge_end(&f);
	hearing = expect_accepted(&f);
	for (i = 0; i < LAMP_STORE_SIZE; i++)
		EXPECT_EQ(hearing->memory.store[i], i < 0x2f000 ? 0 : 3);
	for (i = 0; i < LAMP_FRAME_SIZE; i++)
		EXPECT_EQ(hearing->memory.frame[i], i / 4096 == 1 ? 6 : 0);
	EXPECT_EQ(hearing->memory.stagings, 5);
	EXPECT_EQ(hearing->memory.unstagings, 0);
}

static void a_restart(void)
{
	const struct vmig_image *image;
	struct hearing *hearing;
	struct forge f = {};
	struct lamp *lamp;
	unsigned int i;

	hand_begin(&f);
	forge_empty(&f, 5, 0);
	hand_page(&f, 5, 0x1000, 4);
	/* what else would stay */
	hand_lamp_begin(&f, 4, 0);
	for (i = 1; i <= 12; i++)
		hand_lamp_field(&f, 1, i);
	hand_lamp_field(&f, 1, 300);
	forge_record_end(&f);
	hand_lamp(&f, 1);
	forge_empty(&f, 5, 0);
	hand_page(&f, 2, 0, 1);
	hand_sections(&f);
	forge_end(&f);
	hearing = expect_accepted(&f);
	EXPECT_EQ(hearing->memory.unstagings, 2);
	for (i = 0; i < LAMP_STORE_SIZE; i++)
		EXPECT_EQ(hearing->memory.store[i], 0);
	EXPECT_EQ(hearing->memory.frame[0], 1);
	image = vmig_reader_image(hearing->reader);
	expect_by_hand(image);
	/* five were in use, and two are */
	lamp = vmig_state(image, &lamp_section, 0);
	EXPECT_EQ(lamp->queue[4], 0);
}

static const struct unit_case cases[] = {
	UNIT_CASE(not_of_this_device),
	UNIT_CASE(versions),
	UNIT_CASE(once_too_often),
	UNIT_CASE(lacking_a_field),
	UNIT_CASE(other_types),
	UNIT_CASE(other_counts),
	UNIT_CASE(values_beyond),
	UNIT_CASE(broken_fields),
	UNIT_CASE(the_state_by_hand),
	UNIT_CASE(sections_in_any_order),
	UNIT_CASE(fields_in_any_order),
	UNIT_CASE(a_fallback),
	UNIT_CASE(what_is_optional),
	UNIT_CASE(nothing_in_use),
	UNIT_CASE(memory_holds_the_last),
	UNIT_CASE(a_restart),
	{ }
};

const struct unit_suite vmig_section_suite = { "vmig_section", cases };
