// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the reader says of a stream. See hear.h.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "hear.h"
#include "random.h"
#include "unit.h"

void hear_begin(struct hearing *hearing)
{
	struct vmig_sink sink = lamp_sink(&hearing->memory);

	hearing->reader = vmig_reader_alloc(&lamp_desc, &sink);
	EXPECT(hearing->reader);
	EXPECT(!vmig_reader_image(hearing->reader));
}

void hear_end(struct hearing *hearing)
{
	vmig_reader_free(hearing->reader);
	hearing->reader = NULL;
}

int hear_pieces(struct hearing *hearing, const u8 *data, size_t len, u32 most)
{
	size_t part;
	int ret = 0;

	while (len && !ret) {
		part = 1 + random_below(most);
		if (part > len)
			part = len;
		ret = vmig_reader_push(hearing->reader, data, part);
		data += part;
		len -= part;
	}
	return ret;
}

/* Whatever else comes, it stays refused, and for that reason. */
static void expect_final(struct hearing *hearing, const char *reason)
{
	static const u8 more[64];

	EXPECT_STREQ(vmig_reader_reason(hearing->reader), reason);
	EXPECT_EQ(vmig_reader_push(hearing->reader, more, 0), -EINVAL);
	EXPECT_EQ(vmig_reader_push(hearing->reader, more, sizeof(more)),
		  -EINVAL);
	EXPECT_EQ(vmig_reader_finish(hearing->reader), -EINVAL);
	EXPECT(!vmig_reader_image(hearing->reader));
	EXPECT_STREQ(vmig_reader_reason(hearing->reader), reason);
}

static void refused_byte_by_byte(struct hearing *hearing,
				 const struct forge *forge)
{
	size_t i;

	for (i = 0; i + 1 < forge->len; i++) {
		unit_context("byte %zu: %s", i,
			     vmig_reader_reason(hearing->reader));
		EXPECT_EQ(vmig_reader_push(hearing->reader, forge->data + i,
					   1), 0);
	}
	EXPECT_EQ(vmig_reader_push(hearing->reader, forge->data + i, 1),
		  -EINVAL);
}

static const char *with_place(const struct forge *forge, const char *format,
			      va_list args)
{
	/* the header, and what comes after the end, are no records */
	bool record = forge->start && forge->len > forge->start;
	static char reason[400];
	int at = 0;

	if (record)
		at = sprintf(reason, "record %llu at byte %zu: ",
			     forge->records, forge->start);
	vsnprintf(reason + at, sizeof(reason) - at, format, args);
	return reason;
}

void expect_refused(struct forge *forge, const char *format, ...)
{
	static struct hearing hearing;
	const char *reason;
	va_list args;

	va_start(args, format);
	reason = with_place(forge, format, args);
	va_end(args);

	hear_begin(&hearing);
	refused_byte_by_byte(&hearing, forge);
	expect_final(&hearing, reason);
	hear_end(&hearing);

	/* what comes behind it in the same piece changes nothing */
	forge_bytes(forge, "and some more bytes", 19);
	hear_begin(&hearing);
	EXPECT_EQ(vmig_reader_push(hearing.reader, forge->data, forge->len),
		  -EINVAL);
	expect_final(&hearing, reason);
	hear_end(&hearing);

	hear_begin(&hearing);
	EXPECT_EQ(hear_pieces(&hearing, forge->data, forge->len, 90), -EINVAL);
	expect_final(&hearing, reason);
	hear_end(&hearing);
	forge_free(forge);
}

void expect_incomplete(struct forge *forge, const char *format, ...)
{
	static struct hearing hearing;
	const char *reason;
	va_list args;

	va_start(args, format);
	reason = with_place(forge, format, args);
	va_end(args);

	hear_begin(&hearing);
	EXPECT_EQ(hear_pieces(&hearing, forge->data, forge->len, 90), 0);
	EXPECT_STREQ(vmig_reader_reason(hearing.reader), "");
	EXPECT(!vmig_reader_image(hearing.reader));
	EXPECT_EQ(vmig_reader_finish(hearing.reader), -EINVAL);
	expect_final(&hearing, reason);
	hear_end(&hearing);
	forge_free(forge);
}

struct hearing *expect_accepted(struct forge *forge)
{
	static struct hearing hearing;
	static const u32 most[] = { 1, 90, 1 << 23 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(most); i++) {
		hear_end(&hearing);
		hear_begin(&hearing);
		hear_pieces(&hearing, forge->data, forge->len, most[i]);
		EXPECT_STREQ(vmig_reader_reason(hearing.reader), "");
		EXPECT_EQ(vmig_reader_finish(hearing.reader), 0);
		EXPECT(vmig_reader_image(hearing.reader));
	}
	forge_free(forge);
	return &hearing;
}
