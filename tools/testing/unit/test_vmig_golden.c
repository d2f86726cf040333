// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams that are kept: what is written stays what it is, and what was written
 * once can be read for ever. And whatever happens to them on their way, a
 * byte lost or a bit turned over, is found.
 *
 * With GOLDEN_WRITE in the environment they are written anew instead; see
 * tools/testing/golden/vmig/README.
 */
#include <errno.h>
#include <linux/array_size.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hand.h"
#include "hear.h"
#include "random.h"
#include "suites.h"
#include "unit.h"

#define PAGE	4096U

/* As a device that is stopped at once gives it out. */
static void make_stopped(struct forge *f)
{
	hand_begin(f);
	hand_schemas(f);
	hand_page(f, LAMP_STORE, 0x5000, 0xa5);
	hand_zero(f, LAMP_FRAME, 0, LAMP_FRAME_SIZE);
	hand_sections(f);
	forge_end(f);
}

/* One that gives out memory while it runs, and begins again. */
static void make_running(struct forge *f)
{
	hand_begin(f);
	hand_schemas(f);
	hand_page(f, LAMP_FRAME, 0x1000, 0x11);
	forge_empty(f, 5, 0);
	hand_page(f, LAMP_FRAME, 0x2000, 0x22);
	hand_zero(f, LAMP_FRAME, 0x2000, PAGE);
	hand_sections(f);
	forge_end(f);
}

/* Sections of an older version, which lack a field; and no schemas. */
static void make_older(struct forge *f)
{
	unsigned int nr, i;

	hand_begin(f);
	for (nr = 0; nr < 2; nr++) {
		hand_lamp_begin(f, 2, nr);
		for (i = 1; i <= 12; i++)
			hand_lamp_field(f, nr, i);
		forge_record_end(f);
	}
	hand_meter(f);
	forge_end(f);
}

/* Records and fields of a later minor, which can be skipped. */
static void make_later(struct forge *f)
{
	hand_begin(f);
	forge_record(f, 0x123, 1);
	forge_bytes(f, "of a later minor", 16);
	forge_record_end(f);
	hand_sections(f);
	forge_end(f);
}

static const struct golden {
	const char *name;
	void (*make)(struct forge *f);
	u8 dimmer;
	u8 store;	/* the byte at 0x5000 */
} goldens[] = {
	{ "stopped", make_stopped, 9, 0xa5 },
	{ "running", make_running, 9, 0 },
	{ "older", make_older, 7, 0 },
	{ "later", make_later, 9, 0 },
};

static FILE *open_golden(const struct golden *golden, const char *mode)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), GOLDEN "/vmig/%s.bin", golden->name);
	file = fopen(path, mode);
	if (!file)
		unit_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	return file;
}

static void read_golden(const struct golden *golden, struct forge *f)
{
	FILE *file = open_golden(golden, "r");
	u8 bytes[PAGE];
	size_t got;

	*f = (struct forge){};
	while ((got = fread(bytes, 1, sizeof(bytes), file)))
		forge_bytes(f, bytes, got);
	fclose(file);
}

static void write_golden(const struct golden *golden)
{
	FILE *file = open_golden(golden, "w");
	struct forge f = {};

	golden->make(&f);
	EXPECT_EQ(fwrite(f.data, 1, f.len, file), f.len);
	EXPECT_EQ(fclose(file), 0);
	forge_free(&f);
}

static void expect_equal(const void *got, size_t got_len, const void *want,
			 size_t want_len)
{
	EXPECT_EQ(got_len, want_len);
	EXPECT(!memcmp(got, want, want_len));
}

/* What is written by hand, and what the files have. */
static void kept_as_they_are(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(goldens); i++) {
		struct forge want = {}, kept;

		if (getenv("GOLDEN_WRITE"))
			write_golden(&goldens[i]);
		unit_context("%s", goldens[i].name);
		goldens[i].make(&want);
		read_golden(&goldens[i], &kept);
		expect_equal(kept.data, kept.len, want.data, want.len);
		forge_free(&kept);
		forge_free(&want);
	}
}

static void put_stopped(struct vmig_writer *writer)
{
	static u8 page[PAGE];

	memset(page, 0xa5, PAGE);
	EXPECT_EQ(vmig_put_memory(writer, LAMP_STORE, 0x5000, page, PAGE), 0);
	EXPECT_EQ(vmig_put_memory(writer, LAMP_FRAME, 0, NULL,
				  LAMP_FRAME_SIZE), 0);
}

static void put_running(struct vmig_writer *writer)
{
	static u8 page[PAGE];

	memset(page, 0x11, PAGE);
	EXPECT_EQ(vmig_put_memory(writer, LAMP_FRAME, 0x1000, page, PAGE), 0);
	EXPECT_EQ(vmig_put_restart(writer), 0);
	memset(page, 0x22, PAGE);
	EXPECT_EQ(vmig_put_memory(writer, LAMP_FRAME, 0x2000, page, PAGE), 0);
	memset(page, 0, PAGE);
	EXPECT_EQ(vmig_put_memory(writer, LAMP_FRAME, 0x2000, page, PAGE), 0);
}

/* What the writer makes of the same state. */
static void written(void)
{
	static void (* const puts[])(struct vmig_writer *) = {
		put_stopped, put_running,
	};
	struct vmig_image *image = vmig_image_alloc(&lamp_desc);
	unsigned int i;

	hand_fill(image);
	for (i = 0; i < ARRAY_SIZE(puts); i++) {
		struct vmig_writer writer;
		struct forge kept;

		unit_context("%s", goldens[i].name);
		read_golden(&goldens[i], &kept);
		vmig_writer_init(&writer, &lamp_desc);
		EXPECT_EQ(vmig_put_setup(&writer), 0);
		puts[i](&writer);
		EXPECT_EQ(vmig_put_sections(&writer, image), 0);
		EXPECT_EQ(vmig_put_end(&writer), 0);
		expect_equal(writer.buf, writer.len, kept.data, kept.len);
		vmig_writer_destroy(&writer);
		forge_free(&kept);
	}
	vmig_image_free(image);
}

static void read(void)
{
	struct vmig_image *image = vmig_image_alloc(&lamp_desc);
	struct hearing *hearing;
	struct forge kept;
	unsigned int i, nr;

	hand_fill(image);
	for (i = 0; i < ARRAY_SIZE(goldens); i++) {
		for (nr = 0; nr < 2; nr++) {
			struct lamp *lamp = vmig_state(image, &lamp_section,
						       nr);

			lamp->dimmer = goldens[i].dimmer;
		}
		read_golden(&goldens[i], &kept);
		hearing = expect_accepted(&kept);
		expect_same_image(&lamp_desc,
				  vmig_reader_image(hearing->reader), image);
		EXPECT_EQ(hearing->memory.store[0x5000], goldens[i].store);
		EXPECT_EQ(hearing->memory.frame[0x2000], 0);
	}
	vmig_image_free(image);
}

/* Nothing of it counts, and a reason is told; maybe only when it ends. */
static void expect_broken(struct forge *f)
{
	u32 most = random_one_in(16) ? 40 : 1 << 23;
	static struct hearing hearing;
	int ret;

	hear_begin(&hearing);
	ret = hear_pieces(&hearing, f->data, f->len, most);
	EXPECT(!ret || ret == -EINVAL);
	EXPECT_EQ(vmig_reader_finish(hearing.reader), -EINVAL);
	EXPECT(!vmig_reader_image(hearing.reader));
	EXPECT(vmig_reader_reason(hearing.reader)[0]);
	hear_end(&hearing);
}

static void cut_anywhere(void)
{
	struct forge kept;
	size_t len;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(goldens); i++) {
		read_golden(&goldens[i], &kept);
		len = kept.len;
		for (kept.len = 0; kept.len < len; kept.len++) {
			unit_context("%s, byte %zu", goldens[i].name,
				     kept.len);
			expect_broken(&kept);
		}
		forge_free(&kept);
	}
}

/* Of the bytes from @first to before @end, which may be beyond it. */
static void any_bit_turned_over(const struct golden *golden, size_t first,
				size_t end)
{
	struct forge kept;
	size_t bit;

	read_golden(golden, &kept);
	if (end > kept.len)
		end = kept.len;
	for (bit = 8 * first; bit < 8 * end; bit++) {
		unit_context("%s, bit %zu of byte %zu", golden->name, bit % 8,
			     bit / 8);
		kept.data[bit / 8] ^= 1 << bit % 8;
		expect_broken(&kept);
		kept.data[bit / 8] ^= 1 << bit % 8;
	}
	forge_free(&kept);
}

static void any_bit_of_stopped(void)
{
	any_bit_turned_over(&goldens[0], 0, SIZE_MAX);
}

/* In two cases, because on a busy machine it takes long. */
static void any_bit_of_running(void)
{
	any_bit_turned_over(&goldens[1], 0, 5000);
}

static void any_bit_of_running_after_5000(void)
{
	any_bit_turned_over(&goldens[1], 5000, SIZE_MAX);
}

static void any_bit_of_older_and_later(void)
{
	any_bit_turned_over(&goldens[2], 0, SIZE_MAX);
	any_bit_turned_over(&goldens[3], 0, SIZE_MAX);
}

/* The bytes of @from from @start up to @end. */
static void add(struct forge *to, const struct forge *from, size_t start,
		size_t end)
{
	forge_bytes(to, from->data + start, end - start);
}

/* Where records begin, and the last one ends; how many there are. */
static unsigned int find_records(const struct forge *f, size_t *starts)
{
	const u8 *length;
	unsigned int nr = 0;
	size_t at = 16;

	while (at < f->len) {
		starts[nr++] = at;
		length = f->data + at + 4;
		at += 12 + (length[0] | length[1] << 8 | length[2] << 16);
	}
	EXPECT_EQ(at, f->len);
	starts[nr] = at;
	return nr;
}

/* One record is lost, there twice, or where another should be. */
static void records_of_a_stream(void)
{
	struct forge kept = {}, f = {};
	unsigned int nr, a, b;
	size_t at[32];

	make_running(&kept);
	nr = find_records(&kept, at);
	for (a = 0; a < nr; a++) {
		for (b = 0; b < nr; b++) {
			unit_context("records %u and %u", a, b);
			f.len = 0;
			add(&f, &kept, 0, at[a]);
			if (b != a)
				add(&f, &kept, at[b], at[b + 1]);
			add(&f, &kept, at[a + 1], kept.len);
			expect_broken(&f);
			f.len = 0;
			add(&f, &kept, 0, at[a]);
			add(&f, &kept, at[b], at[b + 1]);
			add(&f, &kept, at[a], kept.len);
			expect_broken(&f);
		}
	}
	for (a = 0; a + 1 < nr; a++) {
		unit_context("record %u after the next one", a);
		f.len = 0;
		add(&f, &kept, 0, at[a]);
		add(&f, &kept, at[a + 1], at[a + 2]);
		add(&f, &kept, at[a], at[a + 1]);
		add(&f, &kept, at[a + 2], kept.len);
		expect_broken(&f);
	}
	forge_free(&f);
	forge_free(&kept);
}

static const struct unit_case cases[] = {
	UNIT_CASE(kept_as_they_are),
	UNIT_CASE(written),
	UNIT_CASE(read),
	UNIT_CASE(cut_anywhere),
	UNIT_CASE(any_bit_of_stopped),
	UNIT_CASE(any_bit_of_running),
	UNIT_CASE(any_bit_of_running_after_5000),
	UNIT_CASE(any_bit_of_older_and_later),
	UNIT_CASE(records_of_a_stream),
	{ }
};

const struct unit_suite vmig_golden_suite = { "vmig_golden", cases };
