// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream there and back: what was saved is what is loaded, of the lamps and
 * of devices made up at random.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "../../../drivers/vfio/vmig/crc32c.h"
#include "../../../drivers/vfio/vmig/field.h"
#include "hear.h"
#include "kernel_hooks.h"
#include "lamp.h"
#include "random.h"
#include "suites.h"
#include "unit.h"

#define TRIPS			200
#define DEVICES			200
#define MOST_SECTIONS		6U
#define MOST_FIELDS		12U

static void the_checksum_is_crc32c(void)
{
	u8 bytes[32] = {};

	EXPECT_EQ(vmig_crc32c(0, "123456789", 9), 0xe3069283);
	EXPECT_EQ(vmig_crc32c(vmig_crc32c(0, "1234", 4), "56789", 5),
		  0xe3069283);
	EXPECT_EQ(vmig_crc32c(0, "", 0), 0);
	/* RFC 3720, B.4 */
	EXPECT_EQ(vmig_crc32c(0, bytes, sizeof(bytes)), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	EXPECT_EQ(vmig_crc32c(0, bytes, sizeof(bytes)), 0x62a8ab43);
}

static void put_lamp(struct vmig_writer *writer, const struct vmig_image *image,
		     const struct lamp_memory *memory)
{
	EXPECT_EQ(vmig_put_setup(writer), 0);
	EXPECT_EQ(vmig_put_memory(writer, LAMP_FRAME, 0, memory->frame,
				  LAMP_FRAME_SIZE), 0);
	EXPECT_EQ(vmig_put_memory(writer, LAMP_STORE, 0, memory->store,
				  LAMP_STORE_SIZE), 0);
	EXPECT_EQ(vmig_put_sections(writer, image), 0);
	EXPECT_EQ(vmig_put_end(writer), 0);
}

static void one_trip(u32 most)
{
	struct lamp_memory *memory = calloc(1, sizeof(*memory));
	struct vmig_image *image = vmig_image_alloc(&lamp_desc);
	static struct hearing hearing;
	struct vmig_writer writer;

	random_image(image, &lamp_desc);
	lamp_random_memory(memory);
	vmig_writer_init(&writer, &lamp_desc);
	put_lamp(&writer, image, memory);
	hear_begin(&hearing);
	hear_pieces(&hearing, writer.buf, writer.len, most);
	EXPECT_STREQ(vmig_reader_reason(hearing.reader), "");
	EXPECT_EQ(vmig_reader_finish(hearing.reader), 0);
	expect_same_image(&lamp_desc, vmig_reader_image(hearing.reader), image);
	EXPECT(!memcmp(hearing.memory.frame, memory->frame, LAMP_FRAME_SIZE));
	EXPECT(!memcmp(hearing.memory.store, memory->store, LAMP_STORE_SIZE));

	hear_end(&hearing);
	vmig_writer_destroy(&writer);
	vmig_image_free(image);
	free(memory);
}

static void any_state_of_the_lamp(void)
{
	unsigned int i;

	for (i = 0; i < TRIPS; i++)
		one_trip(i % 2 ? 50 : 500000);
}

/* A device of any tables that pass. */
struct device {
	struct vmig_desc desc;
	const struct vmig_section *sections[MOST_SECTIONS];
	struct vmig_section section[MOST_SECTIONS];
	struct vmig_field fields[MOST_SECTIONS][MOST_FIELDS];
};

static const char *random_name(void)
{
	static const char * const names[] = { "a", "gauge", "the third wheel" };

	return names[random_below(ARRAY_SIZE(names))];
}

/* Behind what is at @end, which is moved behind it. */
static u32 place(u32 *end, u32 size, u32 align)
{
	u32 offset = (*end + random_below(20) + align - 1) / align * align;

	*end = offset + size;
	return offset;
}

static void random_field(struct vmig_field *field, u16 id, u32 *end)
{
	u32 size;

	*field = (struct vmig_field){
		.id = id,
		.type = 1 + random_below(6),
		.flags = random_below(2),
		.count = random_one_in(3) ? 1 + random_below(3000) : 1,
		.used = VMIG_ALL,
		.name = random_name(),
	};
	size = vmig_element_size(field->type);
	field->stride = size * (random_one_in(3) ? 1 + random_below(5) : 1);
	if (field->type != VMIG_BYTES && random_one_in(3))
		field->max = 1 + random_below(vmig_element_max(field) >>
					      (size == 8 ? 40 : 0));
	field->offset = place(end, field->stride * (field->count - 1) + size,
			      size);
	if (random_one_in(3))
		field->used = place(end, sizeof(u32), sizeof(u32));
}

/* In an order that is not the one in memory. */
static void shuffle(struct vmig_field *fields, unsigned int nr)
{
	struct vmig_field swapped;
	unsigned int other;

	while (nr--) {
		other = random_below(nr + 1);
		swapped = fields[nr];
		fields[nr] = fields[other];
		fields[other] = swapped;
	}
}

static void random_section(struct vmig_section *section,
			   struct vmig_field *fields, u16 id)
{
	u16 field_id = random_below(1000);
	u32 end = 0;
	unsigned int i;

	*section = (struct vmig_section){
		.id = id,
		.version = 1 + random_below(0xffff),
		.min_version = 1,
		.instances = random_one_in(3) ? 1 + random_below(20) : 1,
		.name = random_name(),
		.fields = fields,
		.nr_fields = 1 + random_below(MOST_FIELDS),
	};
	for (i = 0; i < section->nr_fields; i++) {
		random_field(&fields[i], field_id, &end);
		field_id += 1 + random_below(5000);
	}
	/* arrays of the struct are aligned as it is */
	section->size = (end + random_below(9) + 7) & ~7U;
	shuffle(fields, section->nr_fields);
}

static void random_device(struct device *device)
{
	unsigned int i;

	device->desc = (struct vmig_desc){
		.model = random_name(),
		.version = random_name(),
		.sections = device->sections,
		.nr_sections = random_below(MOST_SECTIONS + 1),
	};
	for (i = 0; i < device->desc.nr_sections; i++) {
		device->sections[i] = &device->section[i];
		random_section(&device->section[i], device->fields[i],
			       7 * i + random_below(7));
	}
}

static void push(struct vmig_reader *reader, const struct vmig_writer *writer)
{
	size_t at, part;

	for (at = 0; at < writer->len; at += part) {
		part = 1 + random_below(random_one_in(2) ? 20 : 100000);
		if (part > writer->len - at)
			part = writer->len - at;
		vmig_reader_push(reader, writer->buf + at, part);
	}
	EXPECT_STREQ(vmig_reader_reason(reader), "");
	EXPECT_EQ(vmig_reader_finish(reader), 0);
}

static void put(struct vmig_writer *writer, const struct vmig_desc *desc,
		const struct vmig_image *image)
{
	vmig_writer_init(writer, desc);
	EXPECT_EQ(vmig_put_setup(writer), 0);
	EXPECT_EQ(vmig_put_sections(writer, image), 0);
	EXPECT_EQ(vmig_put_end(writer), 0);
}

static void any_device(void)
{
	struct device *device = calloc(1, sizeof(*device));
	struct vmig_writer writer, again;
	struct vmig_reader *reader;
	struct vmig_image *image;
	struct vmig_sink sink = {};
	unsigned int i;

	for (i = 0; i < DEVICES; i++) {
		unit_context("device %u", i);
		random_device(device);
		EXPECT_EQ(vmig_check_desc(&device->desc), 0);
		image = vmig_image_alloc(&device->desc);
		random_image(image, &device->desc);
		put(&writer, &device->desc, image);
		reader = vmig_reader_alloc(&device->desc, &sink);
		push(reader, &writer);
		expect_same_image(&device->desc, vmig_reader_image(reader),
				  image);
		/* and saving that comes to the same bytes */
		put(&again, &device->desc, vmig_reader_image(reader));
		EXPECT_EQ(again.len, writer.len);
		EXPECT(!memcmp(again.buf, writer.buf, writer.len));
		vmig_reader_free(reader);
		vmig_image_free(image);
		vmig_writer_destroy(&again);
		vmig_writer_destroy(&writer);
	}
	free(device);
}

/* The same with @nth allocation missing; true if there was none left. */
static bool trip_without(unsigned int nth, const struct vmig_writer *writer)
{
	struct lamp_memory *memory = calloc(1, sizeof(*memory));
	struct vmig_sink sink = lamp_sink(memory);
	struct vmig_reader *reader;
	int ret = -ENOMEM;
	bool fired;

	failslab_arm(nth);
	reader = vmig_reader_alloc(&lamp_desc, &sink);
	if (reader) {
		ret = vmig_reader_push(reader, writer->buf, writer->len);
		EXPECT_EQ(vmig_reader_finish(reader), ret);
		EXPECT_EQ(!vmig_reader_image(reader), !!ret);
	}
	fired = failslab_fired();
	failslab_arm(0);
	EXPECT_EQ(ret, fired ? -ENOMEM : 0);
	vmig_reader_free(reader);
	free(memory);
	return !fired;
}

/* Each time another allocation fails; nothing is left behind. */
static void a_reader_without_memory(void)
{
	struct vmig_image *image = vmig_image_alloc(&lamp_desc);
	struct vmig_writer writer;
	unsigned int nth = 1;
	static u8 page[4096] = { 1 };

	vmig_writer_init(&writer, &lamp_desc);
	EXPECT_EQ(vmig_put_setup(&writer), 0);
	EXPECT_EQ(vmig_put_memory(&writer, LAMP_FRAME, 0, page, 4096), 0);
	EXPECT_EQ(vmig_put_sections(&writer, image), 0);
	EXPECT_EQ(vmig_put_end(&writer), 0);
	while (!trip_without(nth, &writer))
		nth++;
	/* reader, image, two payloads */
	EXPECT_EQ(nth, 1 + 1 + 2 + 1);
	vmig_writer_destroy(&writer);
	vmig_image_free(image);
	vmig_reader_free(NULL);
}

static const struct unit_case cases[] = {
	UNIT_CASE(the_checksum_is_crc32c),
	UNIT_CASE(any_state_of_the_lamp),
	UNIT_CASE(any_device),
	UNIT_CASE(a_reader_without_memory),
	{ }
};

const struct unit_suite vmig_trip_suite = { "vmig_trip", cases };
