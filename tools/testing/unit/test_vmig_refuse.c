// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the reader refuses, at which byte, and what it says: the stream's frame,
 * and records without fields. Each stream ends with the byte at which it is
 * to be refused.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <string.h>

#include "../../../drivers/vfio/vmig/crc32c.h"
#include "hand.h"
#include "hear.h"
#include "kernel_hooks.h"
#include "suites.h"
#include "unit.h"

static void no_stream_at_all(void)
{
	struct forge f = {};

	forge_bytes(&f, "GET / HTTP/1.1\r\n", 16);
	expect_refused(&f, "this is no migration stream, it begins with other bytes");
	/* as text, on its way through a mailer */
	forge_bytes(&f, "\x09VFM\r\n\x1a\n\1\0\0\0\0\0\0\0", 16);
	expect_refused(&f, "this is no migration stream, it begins with other bytes");
}

static void another_major(void)
{
	struct forge f = {};

	forge_header(&f, 2, 0);
	f.start = 0;
	expect_refused(&f, "the stream is of format 2, and 1 is read here");
	forge_header(&f, 0, 9);
	f.start = 0;
	expect_refused(&f, "the stream is of format 0, and 1 is read here");
}

static void a_damaged_header(void)
{
	struct forge f = {};
	u32 crc;

	forge_header(&f, 1, 0);
	f.start = 0;
	crc = vmig_crc32c(0, f.data, 12);
	f.data[10] = 1;
	expect_refused(&f, "the header is damaged: it has CRC32C 0x%08x, and says 0x%08x",
		       vmig_crc32c(0, "\x89VFM\r\n\x1a\n\1\0\1\0", 12), crc);
}

/* forge_head() does not count its record, which never ends. */
static void head(struct forge *f, u16 type, u16 flags, u32 length)
{
	forge_head(f, type, flags, length);
	f->records++;
}

static void something_before_the_identity(void)
{
	static const u16 types[] = { 2, 3, 4, 5, 0xffff, 77 };
	struct forge f = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		forge_header(&f, 1, 0);
		head(&f, types[i], 1, 0);
		expect_refused(&f, "type %u where the identity has to be",
			       types[i]);
	}
}

static void a_second_identity(void)
{
	struct forge f = {};

	hand_begin(&f);
	head(&f, 1, 0, 40);
	expect_refused(&f, "a second identity");
}

static void unknown_records(void)
{
	struct forge f = {};

	hand_begin(&f);
	head(&f, 6, 0, 0);
	expect_refused(&f, "type 6, which is unknown and not optional");
	hand_begin(&f);
	head(&f, 0, 0, 0);
	expect_refused(&f, "type 0, which is unknown and not optional");
	hand_begin(&f);
	head(&f, 6, 3, 0);
	expect_refused(&f, "type 6 with unknown flags 0x3");
	hand_begin(&f);
	head(&f, 4, 0x8000, 0);
	expect_refused(&f, "type 4 with unknown flags 0x8000");
}

/* As soon as they are told. */
static void impossible_lengths(void)
{
	static const struct {
		u16 type;
		u32 length, min, max;
	} cases[] = {
		{ 2, 0x100001, 0, 0x100000 },
		{ 2, ~0U, 0, 0x100000 },
		{ 3, 7, 8, 0x100000 },
		{ 3, 0, 8, 0x100000 },
		{ 3, 0x100001, 8, 0x100000 },
		{ 3, 0x80000000, 8, 0x100000 },
		{ 4, 15, 16, 65536 + 16 },
		{ 4, 65536 + 17, 16, 65536 + 16 },
		{ 5, 1, 0, 0 },
		{ 0xffff, 19, 20, 20 },
		{ 0xffff, 21, 20, 20 },
		{ 99, 0x100001, 0, 0x100000 },
	};
	struct forge f = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		hand_begin(&f);
		head(&f, cases[i].type, 1, cases[i].length);
		expect_refused(&f, "type %u with %u bytes, not %u to %u",
			       cases[i].type, cases[i].length, cases[i].min,
			       cases[i].max);
	}
	forge_header(&f, 1, 0);
	head(&f, 1, 0, 65537);
	expect_refused(&f, "type 1 with 65537 bytes, not 0 to 65536");
}

/* Before a byte of it is asked for. */
static void no_room_for_the_impossible(void)
{
	static struct hearing hearing;
	struct forge f = {};

	hand_begin(&f);
	hear_begin(&hearing);
	EXPECT_EQ(hear_pieces(&hearing, f.data, f.len, 50), 0);
	forge_head(&f, 3, 0, 0x100001);
	failslab_arm(1);
	EXPECT_EQ(hear_pieces(&hearing, f.data + f.start, 8, 8), -EINVAL);
	EXPECT(!failslab_fired());
	failslab_arm(0);
	hear_end(&hearing);

	/* while this might be right */
	hear_begin(&hearing);
	EXPECT_EQ(hear_pieces(&hearing, f.data, f.start, 50), 0);
	f.len = f.start;
	forge_head(&f, 3, 0, 0x100000);
	failslab_arm(1);
	EXPECT_EQ(hear_pieces(&hearing, f.data + f.start, 8, 8), -ENOMEM);
	EXPECT(failslab_fired());
	EXPECT_STREQ(strstr(vmig_reader_reason(hearing.reader), ": "),
		     ": no memory for 1048576 bytes of payload");
	EXPECT_EQ(vmig_reader_finish(hearing.reader), -ENOMEM);
	hear_end(&hearing);
	forge_free(&f);
}

static void a_wrong_checksum(void)
{
	struct forge f = {};
	u32 crc;

	hand_begin(&f);
	hand_page(&f, 2, 0, 9);
	crc = vmig_crc32c(0, f.data + f.start, f.len - f.start - 4);
	f.data[f.len - 1] ^= 0x80;
	expect_refused(&f, "damaged: it has CRC32C 0x%08x, and says 0x%08x",
		       crc, crc ^ 0x80000000);

	/* of what is skipped, too */
	hand_begin(&f);
	hand_schemas(&f);
	crc = vmig_crc32c(0, f.data + f.start, f.len - f.start - 4);
	f.data[f.start + 20] ^= 1;
	expect_refused(&f, "damaged: it has CRC32C 0x%08x, and says 0x%08x",
		       vmig_crc32c(0, f.data + f.start,
				   f.len - f.start - 4), crc);
}

static void memory(struct forge *f, u16 area, u16 flags, u32 length, u64 offset,
		   u32 follow)
{
	static const u8 bytes[65536];

	forge_record(f, 4, 0);
	forge_number(f, 2, area);
	forge_number(f, 2, flags);
	forge_number(f, 4, length);
	forge_number(f, 8, offset);
	forge_bytes(f, bytes, follow);
	forge_record_end(f);
}

static void memory_of_no_area(void)
{
	struct forge f = {};

	hand_begin(&f);
	memory(&f, 3, 1, 4096, 0, 0);
	expect_refused(&f, "memory of area 3, which is not there");
}

static void memory_with_unknown_flags(void)
{
	struct forge f = {};

	hand_begin(&f);
	memory(&f, 2, 2, 4096, 0, 4096);
	expect_refused(&f, "memory with unknown flags 0x2");
}

static void memory_beside_the_area(void)
{
	static const struct {
		u32 length;
		u64 offset;
	} cases[] = {
		{ 0, 0 }, { 4095, 0 }, { 4097, 0 }, { 4096, 1 },
		{ 4096, 0x4000 }, { 0x5000, 0 }, { 0x2000, 0x3000 },
		{ 0xfffff000, 0 }, { 4096, 0xfffffffffffff000 },
		{ 0x2000, 0xfffffffffffff000 },
		{ 0xfffff000, 0xfffffffffffff000 },
	};
	struct forge f = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		hand_begin(&f);
		memory(&f, 2, 1, cases[i].length, cases[i].offset, 0);
		expect_refused(&f, "%u bytes at 0x%llx are no pages of area 2 (0x4000 bytes)",
			       cases[i].length, cases[i].offset);
	}
}

static void memory_of_another_length(void)
{
	struct forge f = {};

	hand_begin(&f);
	memory(&f, 2, 0, 8192, 0, 4096);
	expect_refused(&f, "memory of 8192 bytes with flags 0x0, and 4096 bytes follow");
	hand_begin(&f);
	memory(&f, 2, 0, 4096, 0, 4097);
	expect_refused(&f, "memory of 4096 bytes with flags 0x0, and 4097 bytes follow");
	hand_begin(&f);
	memory(&f, 2, 0, 4096, 0, 0);
	expect_refused(&f, "memory of 4096 bytes with flags 0x0, and 0 bytes follow");
	hand_begin(&f);
	memory(&f, 2, 1, 4096, 0, 4096);
	expect_refused(&f, "memory of 4096 bytes with flags 0x1, and 4096 bytes follow");
	hand_begin(&f);
	memory(&f, 5, 0, 0x11000, 0, 4096);
	expect_refused(&f, "memory of 69632 bytes with flags 0x0, and 4096 bytes follow");
}

static void an_end_of_another_stream(void)
{
	struct forge f = {};
	u32 crc;

	hand_begin(&f);
	hand_sections(&f);
	crc = f.crc;
	forge_wrong_end(&f, f.records + 1, f.len, crc);
	expect_refused(&f, "the stream should have 5 records before its end, and has 4");
	hand_begin(&f);
	hand_sections(&f);
	forge_wrong_end(&f, f.records, f.len - 1, crc);
	expect_refused(&f, "the stream should have %zu bytes before its end, and has %zu",
		       f.start - 1, f.start);
	hand_begin(&f);
	hand_sections(&f);
	forge_wrong_end(&f, f.records, f.len, ~crc);
	expect_refused(&f, "the records before the end should have CRC32C 0x%08x, and have 0x%08x",
		       ~crc, crc);
}

/* Each record is in order, but not the stream: two have changed places. */
static void reordered_memory(void)
{
	struct forge f = {};
	u32 want, crc;

	hand_begin(&f);
	hand_page(&f, 2, 0, 1);
	hand_page(&f, 2, 0, 2);
	hand_sections(&f);
	want = f.crc;
	forge_free(&f);
	hand_begin(&f);
	hand_page(&f, 2, 0, 2);
	hand_page(&f, 2, 0, 1);
	hand_sections(&f);
	crc = f.crc;
	forge_wrong_end(&f, f.records, f.len, want);
	expect_refused(&f, "the records before the end should have CRC32C 0x%08x, and have 0x%08x",
		       want, crc);
}

static void bytes_after_the_end(void)
{
	struct forge f = {};

	hand_begin(&f);
	hand_sections(&f);
	forge_end(&f);
	f.start = 0;
	forge_bytes(&f, "", 1);
	expect_refused(&f, "more bytes after the end of the stream at byte %zu",
		       f.len - 1);
	hand_begin(&f);
	hand_sections(&f);
	forge_end(&f);
	forge_end(&f);
	f.len = f.start + 1;
	f.start = 0;
	expect_refused(&f, "more bytes after the end of the stream at byte %zu",
		       f.len - 1);
}

static void a_missing_section(void)
{
	struct forge f = {};

	hand_begin(&f);
	hand_lamp(&f, 0);
	hand_meter(&f);
	forge_end(&f);
	expect_refused(&f, "the stream lacks section 1 (lamp) instance 1");
	hand_begin(&f);
	hand_lamp(&f, 1);
	hand_lamp(&f, 0);
	forge_end(&f);
	expect_refused(&f, "the stream lacks section 4660 (meter) instance 0");
	/* those before it do not hold */
	hand_begin(&f);
	hand_sections(&f);
	forge_empty(&f, 5, 0);
	hand_lamp(&f, 1);
	forge_end(&f);
	expect_refused(&f, "the stream lacks section 1 (lamp) instance 0");
}

static void the_end_missing(void)
{
	struct forge f = {};

	expect_incomplete(&f, "the stream breaks off after 0 bytes");
	forge_bytes(&f, "\x89VF", 3);
	expect_incomplete(&f, "the stream breaks off after 3 bytes");
	hand_begin(&f);
	hand_sections(&f);
	forge_number(&f, 1, 0xff);
	f.start = f.len - 1;
	f.records++;
	expect_incomplete(&f, "the stream breaks off after %zu bytes", f.len);
}

static void what_cannot_be_staged(void)
{
	static struct hearing hearing;
	struct forge f = {};

	hand_begin(&f);
	hand_page(&f, 2, 0x2000, 1);
	hear_begin(&hearing);
	hearing.memory.error = -EDQUOT;
	EXPECT_EQ(hear_pieces(&hearing, f.data, f.len, 50), -EDQUOT);
	EXPECT_STREQ(strstr(vmig_reader_reason(hearing.reader), ": "),
		     ": 4096 bytes at 0x2000 of area 2 cannot be staged (error -122)");
	EXPECT_EQ(vmig_reader_finish(hearing.reader), -EDQUOT);
	hear_end(&hearing);
	forge_free(&f);
}

static const struct unit_case cases[] = {
	UNIT_CASE(no_stream_at_all),
	UNIT_CASE(another_major),
	UNIT_CASE(a_damaged_header),
	UNIT_CASE(something_before_the_identity),
	UNIT_CASE(a_second_identity),
	UNIT_CASE(unknown_records),
	UNIT_CASE(impossible_lengths),
	UNIT_CASE(no_room_for_the_impossible),
	UNIT_CASE(a_wrong_checksum),
	UNIT_CASE(memory_of_no_area),
	UNIT_CASE(memory_with_unknown_flags),
	UNIT_CASE(memory_beside_the_area),
	UNIT_CASE(memory_of_another_length),
	UNIT_CASE(an_end_of_another_stream),
	UNIT_CASE(reordered_memory),
	UNIT_CASE(bytes_after_the_end),
	UNIT_CASE(a_missing_section),
	UNIT_CASE(the_end_missing),
	UNIT_CASE(what_cannot_be_staged),
	{ }
};

const struct unit_suite vmig_refuse_suite = { "vmig_refuse", cases };
