// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is written, byte by byte; and what is not written at all.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "hand.h"
#include "kernel_hooks.h"
#include "suites.h"
#include "unit.h"

#define PAGE	4096U

static struct vmig_image *known_image(void)
{
	struct vmig_image *image = vmig_image_alloc(&lamp_desc);

	EXPECT(image);
	hand_fill(image);
	return image;
}

static struct vmig_writer begin(void)
{
	struct vmig_writer writer;

	vmig_writer_init(&writer, &lamp_desc);
	EXPECT_EQ(vmig_writer_pending(&writer), 0);
	EXPECT_EQ(vmig_put_setup(&writer), 0);
	return writer;
}

/* As begin(), where only what comes later is looked at. */
static struct vmig_writer begin_taken(struct forge *want)
{
	struct vmig_writer writer = begin();

	memset(want, 0, sizeof(*want));
	writer.taken = writer.len;
	return writer;
}

/* What is pending is what was forged; both come to their end. */
static void expect_written(struct vmig_writer *writer, struct forge *want)
{
	size_t i;

	EXPECT_EQ(vmig_writer_pending(writer), want->len);
	for (i = 0; i < want->len; i++)
		if (writer->buf[writer->taken + i] != want->data[i])
			unit_fail(__FILE__, __LINE__,
				  "byte %zu is 0x%02x, not 0x%02x", i,
				  writer->buf[writer->taken + i],
				  want->data[i]);
	vmig_writer_destroy(writer);
	EXPECT_EQ(vmig_writer_pending(writer), 0);
	forge_free(want);
}

static void a_whole_stream(void)
{
	struct vmig_image *image = known_image();
	struct vmig_writer writer = begin();
	struct forge want = {};
	u8 pages[2 * PAGE] = {};

	memset(pages, 'x', PAGE);
	EXPECT_EQ(vmig_put_memory(&writer, LAMP_STORE, 0x3000, pages,
				  2 * PAGE), 0);
	EXPECT_EQ(vmig_put_restart(&writer), 0);
	EXPECT_EQ(vmig_put_memory(&writer, LAMP_FRAME, 0, NULL, 0x4000), 0);
	EXPECT_EQ(vmig_put_sections(&writer, image), 0);
	EXPECT_EQ(vmig_put_end(&writer), 0);

	hand_begin(&want);
	hand_schemas(&want);
	EXPECT_EQ(vmig_setup_bytes(&lamp_desc), want.len);
	hand_page(&want, LAMP_STORE, 0x3000, 'x');
	hand_zero(&want, LAMP_STORE, 0x4000, PAGE);
	forge_empty(&want, 5, 0);
	hand_zero(&want, LAMP_FRAME, 0, 0x4000);
	hand_sections(&want);
	forge_end(&want);
	EXPECT_EQ(writer.records, want.records);
	EXPECT_EQ(writer.bytes, want.len);
	expect_written(&writer, &want);
	vmig_image_free(image);
}

static void a_device_of_nothing(void)
{
	static const struct vmig_desc nothing = {
		.model = "nothing", .version = "1",
	};
	struct vmig_image *image = vmig_image_alloc(&nothing);
	struct vmig_writer writer;
	struct forge want = {};

	EXPECT_EQ(vmig_check_desc(&nothing), 0);
	EXPECT_EQ(vmig_sections_bytes(&nothing), 0);
	vmig_writer_init(&writer, &nothing);
	EXPECT_EQ(vmig_put_setup(&writer), 0);
	EXPECT_EQ(vmig_put_sections(&writer, image), 0);
	EXPECT_EQ(vmig_put_end(&writer), 0);
	forge_header(&want, 1, 0);
	forge_record(&want, 1, 0);
	forge_text(&want, 1, "nothing");
	forge_text(&want, 2, "1");
	forge_record_end(&want);
	EXPECT_EQ(vmig_setup_bytes(&nothing), want.len);
	forge_end(&want);
	expect_written(&writer, &want);
	vmig_image_free(image);
}

/* Runs of pages: at most 64 KiB a record, and whatever is zero is a marker. */
static void memory_in_runs(void)
{
	struct forge want;
	struct vmig_writer writer = begin_taken(&want);
	u8 *pages = calloc(24, PAGE);
	unsigned int i;

	for (i = 0; i < 24; i++)
		if (i != 2 && i != 3)
			pages[i * PAGE + 170 * i] = 1;
	EXPECT_EQ(vmig_put_memory(&writer, 5, 0x10000, pages, 24 * PAGE), 0);
	for (i = 0; i < 24; i++) {
		if (!i || i == 4 || i == 20) {
			u32 length = (i == 4 ? 16 : i ? 4 : 2) * PAGE;

			forge_record(&want, 4, 0);
			forge_number(&want, 2, 5);
			forge_number(&want, 2, 0);
			forge_number(&want, 4, length);
			forge_number(&want, 8, 0x10000 + i * PAGE);
			forge_bytes(&want, pages + i * PAGE, length);
			forge_record_end(&want);
		}
		if (i == 2)
			hand_zero(&want, 5, 0x12000, 2 * PAGE);
	}
	expect_written(&writer, &want);
	free(pages);
}

static void zeroes_beyond_a_number_of_32_bits(void)
{
	struct forge want;
	struct vmig_writer writer = begin_taken(&want);

	EXPECT_EQ(vmig_put_memory(&writer, 5, PAGE, NULL,
				  0x80000000ULL + PAGE), 0);
	hand_zero(&want, 5, PAGE, 0x40000000);
	hand_zero(&want, 5, 0x40000000 + PAGE, 0x40000000);
	hand_zero(&want, 5, 0x80000000ULL + PAGE, PAGE);
	expect_written(&writer, &want);
}

/* Whoever takes a byte now and then gets the same bytes. */
static void taken_in_any_pieces(void)
{
	static u8 page[PAGE];
	struct vmig_image *image = known_image();
	struct vmig_writer writer = begin();
	struct forge want = {}, got = {};
	unsigned int i;

	hand_begin(&want);
	hand_schemas(&want);
	memset(page, 7, PAGE);
	for (i = 0; i < 300; i++) {
		size_t part = i % 3 ? i : 16 * i;

		if (part > vmig_writer_pending(&writer))
			part = vmig_writer_pending(&writer);
		forge_bytes(&got, writer.buf + writer.taken, part);
		writer.taken += part;
		if (i % 3) {
			EXPECT_EQ(vmig_put_sections(&writer, image), 0);
			hand_sections(&want);
		} else {
			EXPECT_EQ(vmig_put_memory(&writer, 2, 0, page, PAGE),
				  0);
			hand_page(&want, 2, 0, 7);
		}
	}
	EXPECT_EQ(vmig_put_end(&writer), 0);
	forge_end(&want);
	forge_bytes(&got, writer.buf + writer.taken,
		    vmig_writer_pending(&writer));
	EXPECT_EQ(got.len, want.len);
	EXPECT(!memcmp(got.data, want.data, want.len));
	vmig_writer_destroy(&writer);
	vmig_image_free(image);
	forge_free(&got);
	forge_free(&want);
}

/* Its size stays that of what is pending at most. */
static void the_buffer_is_used_again(void)
{
	struct vmig_writer writer = begin();
	static u8 page[PAGE] = { 1 };
	unsigned int i;
	size_t size;

	EXPECT_EQ(vmig_put_memory(&writer, 2, 0, page, PAGE), 0);
	size = writer.size;
	for (i = 0; i < 1000; i++) {
		writer.taken = writer.len;
		EXPECT_EQ(vmig_put_memory(&writer, 2, 0, page, PAGE), 0);
		EXPECT_EQ(vmig_writer_pending(&writer), VMIG_PAGE_BYTES);
	}
	EXPECT_EQ(writer.size, size);
	vmig_writer_destroy(&writer);
}

static void expect_not_put(struct vmig_image *image, bool put)
{
	struct forge none;
	struct vmig_writer writer = begin_taken(&none);

	EXPECT_EQ(vmig_put_sections(&writer, image), put ? 0 : -EINVAL);
	if (!put)
		expect_written(&writer, &none);
	vmig_writer_destroy(&writer);
}

/* A destination would refuse it, when it is too late. */
static void states_the_table_does_not_allow(void)
{
	struct vmig_image *image = known_image();
	struct lamp *lamp = vmig_state(image, &lamp_section, 1);

	expect_not_put(image, true);
	lamp->level = 101;
	expect_not_put(image, false);
	lamp->level = 100;
	lamp->angle = 360;
	expect_not_put(image, false);
	lamp->angle = 0;
	lamp->nr_queue = 6;
	expect_not_put(image, false);
	lamp->nr_queue = 5;
	lamp->queue[4] = 0x8000;
	expect_not_put(image, false);
	lamp->nr_queue = 4;
	expect_not_put(image, true);
	lamp->note_length = 41;
	expect_not_put(image, false);
	lamp->note_length = 40;
	expect_not_put(image, true);
	vmig_image_free(image);
}

static int put_something(struct vmig_writer *writer, unsigned int what,
			 const struct vmig_image *image)
{
	static u8 pages[16 * PAGE] = { 1 };

	switch (what) {
	case 0:
		return vmig_put_setup(writer);
	case 1:
		return vmig_put_memory(writer, 2, 0, pages, sizeof(pages));
	case 2:
		return vmig_put_memory(writer, 2, 0, NULL, PAGE);
	case 3:
		return vmig_put_sections(writer, image);
	case 4:
		return vmig_put_restart(writer);
	default:
		return vmig_put_end(writer);
	}
}

static void nothing_without_memory(void)
{
	struct vmig_image *image = known_image();
	struct vmig_writer writer;
	unsigned int what;

	for (what = 0; what < 6; what++) {
		vmig_writer_init(&writer, &lamp_desc);
		failslab_arm(1);
		EXPECT_EQ(put_something(&writer, what, image), -ENOMEM);
		EXPECT(failslab_fired());
		EXPECT_EQ(vmig_writer_pending(&writer), 0);
		EXPECT_EQ(writer.bytes, 0);
		EXPECT_EQ(writer.records, 0);
		EXPECT_EQ(put_something(&writer, what, image), 0);
		EXPECT_EQ(vmig_writer_pending(&writer), writer.bytes);
		vmig_writer_destroy(&writer);
	}
	vmig_image_free(image);
}

static void sections_come_to_what_was_said(void)
{
	struct vmig_image *image = known_image();
	struct forge none;
	struct vmig_writer writer = begin_taken(&none);
	unsigned int nr;

	for (nr = 0; nr < 2; nr++) {
		struct lamp *lamp = vmig_state(image, &lamp_section, nr);

		lamp->nr_queue = ARRAY_SIZE(lamp->queue);
		lamp->note_length = ARRAY_SIZE(lamp->note);
	}
	EXPECT_EQ(vmig_put_sections(&writer, image), 0);
	EXPECT_EQ(vmig_writer_pending(&writer), vmig_sections_bytes(&lamp_desc));
	writer.taken = writer.len;
	EXPECT_EQ(vmig_put_end(&writer), 0);
	EXPECT_EQ(vmig_writer_pending(&writer), VMIG_END_BYTES);
	vmig_writer_destroy(&writer);
	vmig_image_free(image);
}

static const struct unit_case cases[] = {
	UNIT_CASE(a_whole_stream),
	UNIT_CASE(a_device_of_nothing),
	UNIT_CASE(memory_in_runs),
	UNIT_CASE(zeroes_beyond_a_number_of_32_bits),
	UNIT_CASE(taken_in_any_pieces),
	UNIT_CASE(the_buffer_is_used_again),
	UNIT_CASE(states_the_table_does_not_allow),
	UNIT_CASE(nothing_without_memory),
	UNIT_CASE(sections_come_to_what_was_said),
	{ }
};

const struct unit_suite vmig_write_suite = { "vmig_write", cases };
