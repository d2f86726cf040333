// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer's view of vmig's stream: an input is what a lamp is to be loaded
 * from, see tools/testing/unit/lamp.h.
 *
 * In pieces of whatever length the verdict is the same, word by word. What is
 * accepted can be saved, and what is saved then is accepted and comes to
 * the same state. Without memory the stream is refused, and nothing leaks.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/lamp.h"
#include "../unit/unit.h"
#include "../../../drivers/vfio/vmig/crc32c.h"
#include "libfuzzer.h"

/* A reader, and where its memory goes. */
struct hearing {
	struct vmig_sink sink;
	struct lamp_memory memory;
	struct vmig_reader *reader;
	int verdict;
	char reason[VMIG_REASON_SIZE];
};

static unsigned int allocations_left;

/* Of tools/include: which allocation fails? */
bool should_failslab(void);
bool should_failslab(void)
{
	return allocations_left && !--allocations_left;
}

/* Of the unit tests: what they find wrong is a finding here, too. */
void unit_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
	abort();
}

void unit_context(const char *fmt, ...)
{
}

static void hear_begin(struct hearing *hearing)
{
	hearing->sink = lamp_sink(&hearing->memory);
	hearing->reader = vmig_reader_alloc(&lamp_desc, &hearing->sink);
}

/* Pieces of one byte where @most is 0. */
static void hear(struct hearing *hearing, const uint8_t *data, size_t size,
		 u32 most)
{
	size_t part;

	hear_begin(hearing);
	if (!hearing->reader) {
		hearing->verdict = -ENOMEM;
		return;
	}
	for (; size; size -= part, data += part) {
		part = most ? 1 + (data[0] * 257U + size) % most : 1;
		if (part > size)
			part = size;
		if (vmig_reader_push(hearing->reader, data, part))
			break;
	}
	hearing->verdict = vmig_reader_finish(hearing->reader);
	strcpy(hearing->reason, vmig_reader_reason(hearing->reader));
	EXPECT_EQ(!hearing->verdict, !hearing->reason[0]);
	EXPECT_EQ(!hearing->verdict, !!vmig_reader_image(hearing->reader));
}

static void hear_end(struct hearing *hearing)
{
	vmig_reader_free(hearing->reader);
	hearing->reader = NULL;
}

static void save(struct vmig_writer *writer, const struct hearing *hearing)
{
	const struct lamp_memory *memory = &hearing->memory;

	vmig_writer_init(writer, &lamp_desc);
	EXPECT_EQ(vmig_put_setup(writer), 0);
	/* where nothing was staged, all of it is zero */
	if (memory->stagings) {
		EXPECT_EQ(vmig_put_memory(writer, LAMP_FRAME, 0, memory->frame,
					  LAMP_FRAME_SIZE), 0);
		EXPECT_EQ(vmig_put_memory(writer, LAMP_STORE, 0, memory->store,
					  LAMP_STORE_SIZE), 0);
	}
	EXPECT_EQ(vmig_put_sections(writer,
				    vmig_reader_image(hearing->reader)), 0);
	EXPECT_EQ(vmig_put_end(writer), 0);
}

/* What is loaded can be saved, and loaded again. */
static void there_and_back(const struct hearing *hearing)
{
	static struct hearing again;
	struct vmig_writer writer;

	save(&writer, hearing);
	hear(&again, writer.buf, writer.len, 5000);
	EXPECT_STREQ(again.reason, "");
	expect_same_image(&lamp_desc, vmig_reader_image(again.reader),
			  vmig_reader_image(hearing->reader));
	EXPECT(!memcmp(again.memory.frame, hearing->memory.frame,
		       LAMP_FRAME_SIZE));
	EXPECT(!memcmp(again.memory.store, hearing->memory.store,
		       LAMP_STORE_SIZE));
	hear_end(&again);
	vmig_writer_destroy(&writer);
}

static void without_memory(const struct hearing *hearing, const uint8_t *data,
			   size_t size, u32 nth)
{
	static struct hearing poor;

	allocations_left = nth;
	hear(&poor, data, size, ~0U);
	/* 0 if it was among them */
	if (allocations_left)
		EXPECT_EQ(poor.verdict, hearing->verdict);
	else
		EXPECT_EQ(poor.verdict, -ENOMEM);
	allocations_left = 0;
	hear_end(&poor);
}

void unit_expect_streq(const char *file, int line, const char *what,
		       const char *got, const char *want)
{
	if (strcmp(got, want))
		unit_fail(file, line, "%s: \"%s\", not \"%s\"", what, got, want);
}

int fuzz_initialize(int *argc, char ***argv)
{
	return 0;
}

int fuzz_one_input(const uint8_t *data, size_t size)
{
	static struct hearing whole, pieces;
	u32 chance = vmig_crc32c(0, data, size);

	hear(&whole, data, size, ~0U);
	hear(&pieces, data, size, chance % 3 ? chance % 100 : 0);
	EXPECT_EQ(pieces.verdict, whole.verdict);
	EXPECT_STREQ(pieces.reason, whole.reason);
	EXPECT_EQ(pieces.memory.stagings, whole.memory.stagings);
	hear_end(&pieces);
	if (!whole.verdict)
		there_and_back(&whole);
	without_memory(&whole, data, size, 1 + chance / 128 % 12);
	hear_end(&whole);
	return 0;
}
