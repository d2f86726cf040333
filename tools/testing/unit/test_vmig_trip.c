// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream there and back: what was saved is what is loaded.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "../../../drivers/vfio/vmig/crc32c.h"
#include "lamp.h"
#include "random.h"
#include "suites.h"
#include "unit.h"

#define TRIPS			300

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
	EXPECT_EQ(vmig_writer_pending(writer), vmig_setup_bytes(&lamp_desc));
	EXPECT_EQ(vmig_put_memory(writer, LAMP_FRAME, 0, memory->frame,
				  LAMP_FRAME_SIZE), 0);
	EXPECT_EQ(vmig_put_memory(writer, LAMP_STORE, 0, memory->store,
				  LAMP_STORE_SIZE), 0);
	EXPECT_EQ(vmig_put_sections(writer, image), 0);
	EXPECT_EQ(vmig_put_end(writer), 0);
}

static void push_in_pieces(struct vmig_reader *reader, const u8 *data,
			   size_t len, u32 most)
{
	size_t part;

	while (len) {
		part = 1 + random_below(most);
		if (part > len)
			part = len;
		EXPECT_EQ(vmig_reader_push(reader, data, part), 0);
		data += part;
		len -= part;
	}
}

static void one_trip(u32 most)
{
	struct lamp_memory *memory = calloc(1, sizeof(*memory));
	struct lamp_memory *staged = calloc(1, sizeof(*staged));
	struct vmig_image *image = vmig_image_alloc(&lamp_desc);
	struct vmig_sink sink = lamp_sink(staged);
	struct vmig_reader *reader = vmig_reader_alloc(&lamp_desc, &sink);
	struct vmig_writer writer;

	random_image(image, &lamp_desc);
	lamp_random_memory(memory);
	vmig_writer_init(&writer, &lamp_desc);
	put_lamp(&writer, image, memory);
	push_in_pieces(reader, writer.buf, writer.len, most);
	EXPECT_STREQ(vmig_reader_reason(reader), "");
	EXPECT_EQ(vmig_reader_finish(reader), 0);
	expect_same_image(&lamp_desc, vmig_reader_image(reader), image);
	EXPECT(!memcmp(staged->frame, memory->frame, LAMP_FRAME_SIZE));
	EXPECT(!memcmp(staged->store, memory->store, LAMP_STORE_SIZE));

	vmig_writer_destroy(&writer);
	vmig_reader_free(reader);
	vmig_image_free(image);
	free(staged);
	free(memory);
}

static void any_state_of_the_lamp(void)
{
	unsigned int i;

	for (i = 0; i < TRIPS; i++)
		one_trip(i % 2 ? 50 : 500000);
}

static const struct unit_case cases[] = {
	UNIT_CASE(the_checksum_is_crc32c),
	UNIT_CASE(any_state_of_the_lamp),
	{ }
};

const struct unit_suite vmig_trip_suite = { "vmig_trip", cases };
