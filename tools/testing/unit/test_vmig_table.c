// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables that a driver got wrong: one line is changed in one that is right, and
 * the message names it.
 */
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/vmig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../drivers/vfio/vmig/stream.h"
#include "kernel_hooks.h"
#include "lamp.h"
#include "suites.h"
#include "unit.h"

struct clock {
	u32 nr_alarms;
	u16 alarms[4];
	u64 time;
	bool runs;
	u8 zone[8];
	u32 spare;
};

enum { ALARMS, TIME, RUNS, ZONE, SPARE, NR_FIELDS };

/* A device whose tables can be changed. */
static struct vmig_field fields[] = {
	[ALARMS] = VMIG_USED(1, struct clock, alarms, nr_alarms),
	[TIME] = VMIG_FIELD(2, struct clock, time),
	[RUNS] = VMIG_FIELD(3, struct clock, runs),
	[ZONE] = VMIG_BLOB(4, struct clock, zone),
	[SPARE] = VMIG_FIELD(0xffff, struct clock, spare,
			     .flags = VMIG_OPTIONAL | VMIG_DEFAULT,
			     .fallback = 60, .max = 60),
};

static struct vmig_section clock_section = {
	.id = 9,
	.version = 3,
	.min_version = 1,
	.instances = 2,
	.name = "clock",
	.size = sizeof(struct clock),
	.fields = fields,
	.nr_fields = NR_FIELDS,
};

static struct vmig_section second_section;
static const struct vmig_section *sections[] = {
	&clock_section, &second_section
};

static struct vmig_area areas[] = {
	{ 0, 0x1000, "face" }, { 1, 0x2000, "back" },
};

static const char *parameters[3] = { "hands=3", "glass=", NULL };

static struct vmig_desc desc = {
	.model = "clock",
	.version = "v3",
	.parameters = parameters,
	.sections = sections,
	.nr_sections = ARRAY_SIZE(sections),
	.areas = areas,
	.nr_areas = ARRAY_SIZE(areas),
};

static void begin(void)
{
	second_section = clock_section;
	second_section.id = 10;
	EXPECT_EQ(vmig_check_desc(&desc), 0);
	EXPECT_STREQ(printk_taken(), "");
}

static void expect_fault(const char *message)
{
	EXPECT_EQ(vmig_check_desc(&desc), -EINVAL);
	EXPECT_STREQ(printk_taken(), message);
}

/* With the value that @what has as long as it takes. */
#define FAULT(what, value, message) do {				\
	__auto_type __what = &(what);					\
	__typeof__(*__what) __was = *__what;				\
									\
	*__what = (value);						\
	expect_fault("vmig: " message "\n");				\
	*__what = __was;						\
} while (0)

#define FINE(what, value) do {						\
	__auto_type __what = &(what);					\
	__typeof__(*__what) __was = *__what;				\
									\
	*__what = (value);						\
	EXPECT_EQ(vmig_check_desc(&desc), 0);				\
	*__what = __was;						\
} while (0)

/* A text of @length, which is not freed. */
static const char *long_text(unsigned int length)
{
	static char text[70000];

	memset(text, 'n', length);
	text[length] = '\0';
	return text;
}

static void the_device(void)
{
	begin();
	FAULT(desc.model, NULL, "a device without a valid model");
	FAULT(desc.model, "", "a device without a valid model");
	FAULT(desc.model, "a\nb", "a device without a valid model");
	FAULT(desc.model, long_text(256), "a device without a valid model");
	FINE(desc.model, long_text(255));
	FAULT(desc.version, NULL, "clock has no valid version");
	FAULT(desc.version, "", "clock has no valid version");
	FAULT(desc.version, "v\x7f", "clock has no valid version");
	FAULT(desc.sections, NULL,
	      "clock has no sections where it counts some");
	FINE(desc.nr_sections, 0);
}

static void parameters_of_a_device(void)
{
	begin();
	FAULT(parameters[1], "glass",
	      "clock has a parameter which is no \"name=value\"");
	FAULT(parameters[1], "=red",
	      "clock has a parameter which is no \"name=value\"");
	FAULT(parameters[1], "",
	      "clock has a parameter which is no \"name=value\"");
	FAULT(parameters[1], "a=b\nc=d",
	      "clock has a parameter which is no \"name=value\"");
	FINE(parameters[1], "a=b=c d");
	FINE(parameters[0], NULL);
	FINE(desc.parameters, NULL);
}

static void an_identity_too_long(void)
{
	static char parameter[65536 + 100];

	begin();
	memset(parameter, '=', sizeof(parameter) - 1);
	parameter[0] = 'a';
	FAULT(parameters[0], parameter,
	      "clock has an identity which is too long");
	/* header of a field four times, and what stands in begin()'s */
	parameter[65536 - 4 * 8 - strlen("clockv3glass=\n") - 32 - 1] = '\0';
	FINE(parameters[0], parameter);
	parameter[strlen(parameter)] = '=';
	parameter[65536 - 4 * 8 - strlen("clockv3glass=\n") - 32] = '\0';
	FAULT(parameters[0], parameter,
	      "clock has an identity which is too long");
}

static void areas_of_a_device(void)
{
	begin();
	FAULT(desc.areas, NULL, "clock has no areas where it counts some");
	FAULT(areas[1].id, 0, "clock has areas whose ids do not ascend");
	FAULT(areas[0].id, 7, "clock has areas whose ids do not ascend");
	FAULT(areas[1].name, NULL, "clock has an area without a valid name");
	FAULT(areas[1].name, "", "clock has an area without a valid name");
	FAULT(areas[0].size, 0, "clock has an area which is not whole pages");
	FAULT(areas[0].size, 0x1001,
	      "clock has an area which is not whole pages");
	FINE(areas[0].size, U64_MAX - 4095);
	FINE(desc.nr_areas, 0);
}

static void sections_of_a_device(void)
{
	begin();
	FAULT(sections[1], NULL, "clock: section at 1 is not there");
	FAULT(second_section.id, 9,
	      "clock: section at 1 has the id of another one");
	FAULT(second_section.name, NULL,
	      "clock: section 10 has no valid name");
	FAULT(second_section.name, long_text(256),
	      "clock: section 10 has no valid name");
	FAULT(clock_section.min_version, 4,
	      "clock: section 9 reads no version, or not its own");
	FAULT(clock_section.min_version, 0,
	      "clock: section 9 reads no version, or not its own");
	FINE(clock_section.min_version, 3);
	FAULT(clock_section.instances, 0, "clock: section 9 has no instances");
	FINE(clock_section.instances, U16_MAX);
	FAULT(clock_section.size, 0,
	      "clock: section 9 has a C struct of an impossible size");
	FAULT(clock_section.size, (32 << 20) + 8,
	      "clock: section 9 has a C struct of an impossible size");
	FAULT(clock_section.size, U32_MAX,
	      "clock: section 9 has a C struct of an impossible size");
	FINE(clock_section.size, (16 << 20));
	/* with the other section's two */
	FAULT(clock_section.size, 32 << 20,
	      "clock has sections which are too large together");
	FINE(clock_section.size, (32 << 20) - sizeof(struct clock));
	FAULT(clock_section.fields, NULL,
	      "clock: section 9 has no fields, or too many");
	FAULT(clock_section.nr_fields, 0,
	      "clock: section 9 has no fields, or too many");
	FAULT(clock_section.nr_fields, 0x10000,
	      "clock: section 9 has no fields, or too many");
}

static void names_ids_and_types_of_fields(void)
{
	begin();
	FAULT(fields[RUNS].name, NULL,
	      "clock: section 9: field 3 has no valid name");
	FAULT(fields[RUNS].name, "r\xc3\xbcn",
	      "clock: section 9: field 3 has no valid name");
	FAULT(fields[ZONE].id, 2,
	      "clock: section 9: field 2 has the id of another one");
	FAULT(fields[TIME].type, 0,
	      "clock: section 9: field 2 has no valid type");
	FAULT(fields[TIME].type, 7,
	      "clock: section 9: field 2 has no valid type");
	FAULT(fields[TIME].flags, 4,
	      "clock: section 9: field 2 has unknown flags");
}

#define OUTSIDE	"clock: section 9: field 2 has elements which are misaligned or outside"
#define COUNTS	"clock: section 9: field 1 counts its elements outside or misaligned"

static void places_of_fields(void)
{
	begin();
	FAULT(fields[TIME].offset, sizeof(struct clock), OUTSIDE);
	FAULT(fields[TIME].offset, U32_MAX - 7, OUTSIDE);
	FAULT(fields[TIME].offset, 4, OUTSIDE);
	FAULT(fields[TIME].stride, 4, OUTSIDE);
	FAULT(fields[TIME].stride, 12, OUTSIDE);
	FAULT(fields[TIME].stride, 0, OUTSIDE);
	FAULT(clock_section.size, sizeof(struct clock) + 4, OUTSIDE);
	FAULT(clock_section.size, sizeof(struct clock) + 2, COUNTS);
	clock_section.instances = 1;
	FINE(clock_section.size, sizeof(struct clock) + 1);
	clock_section.instances = 2;
	FAULT(fields[TIME].count, 0, OUTSIDE);
	FAULT(fields[TIME].count, 6, OUTSIDE);
	FAULT(fields[TIME].count, U32_MAX, OUTSIDE);
	FINE(fields[TIME].stride, U32_MAX - 7);
	FAULT(fields[ALARMS].used, 1, COUNTS);
	FAULT(fields[ALARMS].used, sizeof(struct clock), COUNTS);
	FAULT(fields[ALARMS].used, U32_MAX - 3, COUNTS);
}

static void fields_at_one_place(void)
{
	begin();
	FAULT(fields[ZONE].offset, offsetof(struct clock, runs),
	      "clock: section 9: field 4 is where another one is");
	FAULT(fields[ALARMS].used, offsetof(struct clock, alarms),
	      "clock: section 9: field 1 is where another one is");
	FAULT(fields[ALARMS].used, offsetof(struct clock, spare),
	      "clock: section 9: field 65535 is where another one is");
	FAULT(fields[SPARE].offset, offsetof(struct clock, nr_alarms),
	      "clock: section 9: field 65535 is where another one is");
	FAULT(fields[TIME].count, 2,
	      "clock: section 9: field 3 is where another one is");
}

static void values_of_fields(void)
{
	begin();
	FAULT(fields[ALARMS].max, 0x10000,
	      "clock: section 9: field 1 has a maximum beyond its type");
	FINE(fields[ALARMS].max, 0xffff);
	FAULT(fields[RUNS].max, 2,
	      "clock: section 9: field 3 has a maximum beyond its type");
	FINE(fields[TIME].max, U64_MAX);
	FAULT(fields[ZONE].max, 7,
	      "clock: section 9: field 4 has a maximum, but no numbers");
	FAULT(fields[TIME].fallback, 1,
	      "clock: section 9: field 2 has a fallback which nothing falls back to");
	FAULT(fields[SPARE].fallback, 61,
	      "clock: section 9: field 65535 has a fallback beyond its maximum");
	FINE(fields[ALARMS].flags, VMIG_DEFAULT);
	fields[ALARMS].fallback = 1;
	FAULT(fields[ALARMS].flags, VMIG_DEFAULT,
	      "clock: section 9: field 1 has a fallback which nothing falls back to");
}

/* As much as fits into a record, and a byte more. */
static void sections_too_long(void)
{
	static struct vmig_field plain[] = { {
		.id = 1, .type = VMIG_U8, .stride = 1, .used = VMIG_ALL,
		.name = "plain", .count = (1 << 20) - 16,
	} };

	begin();
	desc.nr_sections = 1;
	clock_section.fields = plain;
	clock_section.nr_fields = 1;
	clock_section.size = 1 << 20;
	EXPECT_EQ(vmig_check_desc(&desc), 0);
	FAULT(plain[0].count, (1 << 20) - 15,
	      "clock: section 9 is too long for a record");
	clock_section.instances = 64;
	EXPECT_EQ(vmig_check_desc(&desc), 0);
	FAULT(clock_section.instances, 65,
	      "clock: section 9 has a C struct of an impossible size");
}

static void a_schema_too_long(void)
{
	const unsigned int nr = 4096;
	struct vmig_field *many = calloc(nr, sizeof(*many));
	unsigned int i;

	begin();
	for (i = 0; i < nr; i++)
		many[i] = (struct vmig_field){
			.id = i, .type = VMIG_U8, .stride = 1, .count = 1,
			.offset = i, .used = VMIG_ALL, .name = long_text(255),
		};
	desc.nr_sections = 1;
	clock_section.fields = many;
	clock_section.nr_fields = nr;
	clock_section.size = nr;
	expect_fault("vmig: clock: section 9 has a schema which is too long for a record\n");
	clock_section.nr_fields = 3900;
	EXPECT_EQ(vmig_check_desc(&desc), 0);
	free(many);
}

static void without_memory(void)
{
	begin();
	failslab_arm(1);
	EXPECT_EQ(vmig_check_desc(&desc), -ENOMEM);
	EXPECT(failslab_fired());
	EXPECT_EQ(vmig_check_desc(&desc), 0);
}

/* What the macros make of a member. */
static void what_macros_declare(void)
{
	static const struct vmig_field got[] = {
		VMIG_COLUMN(8, struct lamp, rays, length),
		VMIG_BLOB_USED(9, struct lamp, note, note_length,
			       .flags = VMIG_OPTIONAL),
	};

	EXPECT_EQ(got[0].id, 8);
	EXPECT_EQ(got[0].type, VMIG_U32);
	EXPECT_EQ(got[0].flags, 0);
	EXPECT_EQ(got[0].offset, offsetof(struct lamp, rays[0].length));
	EXPECT_EQ(got[0].stride, sizeof(struct lamp_ray));
	EXPECT_EQ(got[0].count, 3);
	EXPECT_EQ(got[0].used, VMIG_ALL);
	EXPECT_EQ(got[0].max, 0);
	EXPECT_EQ(got[0].fallback, 0);
	EXPECT_STREQ(got[0].name, "rays.length");
	EXPECT_EQ(got[1].type, VMIG_BYTES);
	EXPECT_EQ(got[1].flags, VMIG_OPTIONAL);
	EXPECT_EQ(got[1].stride, 1);
	EXPECT_EQ(got[1].count, 40);
	EXPECT_EQ(got[1].used, offsetof(struct lamp, note_length));
	EXPECT_EQ(vmig_check_desc(&lamp_desc), 0);
}

static void images(void)
{
	struct clock *clock[2] = {};
	struct vmig_image *image;
	unsigned int i;

	begin();
	image = vmig_image_alloc(&desc);
	for (i = 0; i < 2; i++) {
		clock[i] = vmig_state(image, &clock_section, i);
		EXPECT(clock[i]);
		EXPECT_EQ(clock[i]->time, 0);
		EXPECT_EQ(clock[i]->spare, 0);
	}
	EXPECT(clock[1] == clock[0] + 1);
	EXPECT(vmig_state(image, &second_section, 0) != clock[0]);
	EXPECT(!vmig_state(image, &clock_section, 2));
	EXPECT(!vmig_state(image, &lamp_section, 0));
	vmig_image_free(image);
	vmig_image_free(NULL);
}

static void images_without_memory(void)
{
	struct vmig_image *image;

	begin();
	failslab_arm(1);
	EXPECT(!vmig_image_alloc(&desc));
	EXPECT(failslab_fired());
	failslab_arm(2);
	image = vmig_image_alloc(&desc);
	EXPECT(image);
	EXPECT(!failslab_fired());
	vmig_image_free(image);
}

static void copies(void)
{
	struct lamp from, to;

	memset(&from, 0xff, sizeof(from));
	memset(&to, 0x55, sizeof(to));
	from.on = true;
	memset(from.switches, 1, sizeof(from.switches));
	from.nr_queue = 3;
	from.note_length = 41;		/* a driver's mistake, and stays one */
	vmig_copy_fields(&lamp_section, &to, &from);
	EXPECT(to.on);
	EXPECT_EQ(to.serial, U64_MAX);
	EXPECT_EQ(to.nr_queue, 3);
	EXPECT_EQ(to.queue[2], 0xffff);
	EXPECT_EQ(to.queue[3], 0);
	EXPECT_EQ(to.queue[4], 0);
	EXPECT_EQ(to.note_length, 41);
	EXPECT_EQ(to.note[39], 0xff);
	EXPECT_EQ(to.rays[2].length, 0xffffffff);
	/* what is no field stays as it was */
	EXPECT_EQ((unsigned long)to.socket, 0x5555555555555555ULL);
}

static const struct unit_case cases[] = {
	UNIT_CASE(the_device),
	UNIT_CASE(parameters_of_a_device),
	UNIT_CASE(an_identity_too_long),
	UNIT_CASE(areas_of_a_device),
	UNIT_CASE(sections_of_a_device),
	UNIT_CASE(names_ids_and_types_of_fields),
	UNIT_CASE(places_of_fields),
	UNIT_CASE(fields_at_one_place),
	UNIT_CASE(values_of_fields),
	UNIT_CASE(sections_too_long),
	UNIT_CASE(a_schema_too_long),
	UNIT_CASE(without_memory),
	UNIT_CASE(what_macros_declare),
	UNIT_CASE(images),
	UNIT_CASE(images_without_memory),
	UNIT_CASE(copies),
	{ }
};

const struct unit_suite vmig_table_suite = { "vmig_table", cases };
