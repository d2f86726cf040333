// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose state it is: streams of other devices are refused with the identity's
 * last byte, which is long before the device is stopped.
 */
#include <linux/array_size.h>
#include <linux/errno.h>
#include <stdlib.h>
#include <string.h>

#include "hand.h"
#include "hear.h"
#include "suites.h"
#include "unit.h"

#define NOT_THIS	"this device's is \"vfiokit/lamp-2\""
#define NOT_STORE	"this device has 5 (store) of 0x30000"

static void begin(struct forge *f)
{
	forge_header(f, 1, 0);
	forge_record(f, 1, 0);
}

static void areas(struct forge *f, u64 id, u64 size)
{
	forge_field(f, 4, 4, 0);
	forge_number(f, 8, 2);
	forge_number(f, 8, 0x4000);
	forge_number(f, 8, id);
	forge_number(f, 8, size);
	forge_field_end(f);
}

static void identity(struct forge *f, const char *model, const char *version,
		     const char *parameters)
{
	begin(f);
	if (model)
		forge_text(f, 1, model);
	if (version)
		forge_text(f, 2, version);
	if (parameters)
		forge_text(f, 3, parameters);
	areas(f, 5, 0x30000);
	forge_record_end(f);
}

static void another_model(void)
{
	struct forge f = {};
	char model[301] = "";

	identity(&f, "vfiokit/lamp-1", "v4", "lamps=2\nsocket=E27\n");
	expect_refused(&f, "the stream's model is \"vfiokit/lamp-1\", " NOT_THIS);
	identity(&f, "vfiokit/lamp", "v4", "lamps=2\nsocket=E27\n");
	expect_refused(&f, "the stream's model is \"vfiokit/lamp\", " NOT_THIS);
	identity(&f, NULL, "v4", "lamps=2\nsocket=E27\n");
	expect_refused(&f, "the stream's model is \"\", " NOT_THIS);
	memset(model, 'M', 300);
	identity(&f, model, "v4", "lamps=2\nsocket=E27\n");
	expect_refused(&f, "the stream's model is \"%.48s\", " NOT_THIS,
		       model);
}

static void another_version(void)
{
	struct forge f = {};

	identity(&f, "vfiokit/lamp-2", "v5", "lamps=2\nsocket=E27\n");
	expect_refused(&f, "the stream's version is \"v5\", this device's is \"v4\"");
	identity(&f, "vfiokit/lamp-2", NULL, "lamps=2\nsocket=E27\n");
	expect_refused(&f, "the stream's version is \"\", this device's is \"v4\"");
}

static void other_parameters(void)
{
	static const struct {
		const char *parameters;
		const char *reason;
	} cases[] = {
		{ "lamps=2\nsocket=E14\n",
		  "the stream's device has \"socket=E14\", this one has \"socket=E27\"" },
		{ "lamps=2\nsocket=E27;\n",
		  "the stream's device has \"socket=E27;\", this one has \"socket=E27\"" },
		{ "socket=E27\nlamps=2\n",
		  "the stream's device has \"socket=E27\", this one has \"lamps=2\"" },
		{ "\n",
		  "the stream's device has \"\", this one has \"lamps=2\"" },
		{ "lamps=2\nsocket=E27\nshade=red\n",
		  "the stream's device has \"shade=red\", this one has no such parameter" },
		{ "lamps=2\n",
		  "this device has \"socket=E27\", the stream's has no such parameter" },
		{ NULL,
		  "this device has \"lamps=2\", the stream's has no such parameter" },
		{ "lamps=2\nsocket=E27",
		  "the identity's last parameter is no line" },
	};
	struct forge f = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		identity(&f, "vfiokit/lamp-2", "v4", cases[i].parameters);
		expect_refused(&f, "%s", cases[i].reason);
	}
}

static void known_texts(struct forge *f)
{
	begin(f);
	forge_text(f, 1, "vfiokit/lamp-2");
	forge_text(f, 2, "v4");
	forge_text(f, 3, "lamps=2\nsocket=E27\n");
}

static void other_areas(void)
{
	struct forge f = {};

	known_texts(&f);
	areas(&f, 5, 0x31000);
	forge_record_end(&f);
	expect_refused(&f, "the stream has area 5 of 0x31000 bytes, " NOT_STORE);
	known_texts(&f);
	areas(&f, 0x10005, 0x30000);
	forge_record_end(&f);
	expect_refused(&f, "the stream has area 65541 of 0x30000 bytes, " NOT_STORE);
	known_texts(&f);
	forge_record_end(&f);
	expect_refused(&f, "the stream has 0 bytes of areas, not 32 for the 2 of this device");
	known_texts(&f);
	forge_field(&f, 4, 4, 0);
	forge_bytes(&f, "123456789012345678901234567890123", 33);
	forge_field_end(&f);
	forge_record_end(&f);
	expect_refused(&f, "the stream has 33 bytes of areas, not 32 for the 2 of this device");
}

static void no_texts(void)
{
	struct forge f = {};

	identity(&f, "vfiokit/lamp-2\n", "v4", NULL);
	expect_refused(&f, "the identity's model is no text");
	identity(&f, "vfiokit/lamp-2", "v\x80", NULL);
	expect_refused(&f, "the identity's version is no text");
	identity(&f, "vfiokit/lamp-2", "v4", "lamps=\t2\n");
	expect_refused(&f, "the identity's parameters is no text");
	identity(&f, "", "v4", NULL);
	expect_refused(&f, "the identity's model is empty");
	identity(&f, "vfiokit/lamp-2", "v4", "");
	expect_refused(&f, "the identity's parameters is empty");
	begin(&f);
	forge_text(&f, 1, "vfiokit/lamp-2");
	f.data[f.field + 2] = 6;
	forge_record_end(&f);
	expect_refused(&f, "the identity's model is of type 6, not 7");
	begin(&f);
	forge_text(&f, 4, "areas");
	forge_record_end(&f);
	expect_refused(&f, "the identity's areas is of type 7, not 4");
}

static void fields_out_of_order(void)
{
	struct forge f = {};

	begin(&f);
	forge_text(&f, 2, "v4");
	forge_text(&f, 1, "vfiokit/lamp-2");
	forge_record_end(&f);
	expect_refused(&f, "the identity has field 1 after field 2");
	begin(&f);
	forge_text(&f, 1, "vfiokit/lamp-2");
	forge_text(&f, 1, "vfiokit/lamp-2");
	forge_record_end(&f);
	expect_refused(&f, "the identity has field 1 after field 1");
}

static void unknown_fields(void)
{
	struct forge f = {};

	known_texts(&f);
	areas(&f, 5, 0x30000);
	forge_text(&f, 5, "by us");
	forge_record_end(&f);
	expect_refused(&f, "the identity has field 5, which is unknown and not optional");
	begin(&f);
	forge_text(&f, 0, "by us");
	forge_record_end(&f);
	expect_refused(&f, "the identity has field 0, which is unknown and not optional");
	begin(&f);
	forge_field(&f, 1, 7, 2);
	forge_record_end(&f);
	expect_refused(&f, "field 1 with unknown flags 0x2");

	/* but it may have more than is known */
	begin(&f);
	forge_field(&f, 0, 99, 1);
	forge_field_end(&f);
	forge_text(&f, 1, "vfiokit/lamp-2");
	forge_text(&f, 2, "v4");
	forge_text(&f, 3, "lamps=2\nsocket=E27\n");
	areas(&f, 5, 0x30000);
	forge_field(&f, 0xffff, 6, 1);
	forge_bytes(&f, "\0\1\2", 3);
	forge_field_end(&f);
	forge_record_end(&f);
	hand_sections(&f);
	forge_end(&f);
	expect_accepted(&f);
}

static void fields_beyond_the_record(void)
{
	struct forge f = {};

	begin(&f);
	forge_bytes(&f, "1234567", 7);
	forge_record_end(&f);
	expect_refused(&f, "7 bytes where a field should begin");
	begin(&f);
	forge_field_head(&f, 1, 7, 0, 6);
	forge_bytes(&f, "12345", 5);
	forge_record_end(&f);
	expect_refused(&f, "field 1 of 6 bytes where 5 are left");
	begin(&f);
	forge_field_head(&f, 1, 7, 0, 0xffffffff);
	forge_record_end(&f);
	expect_refused(&f, "field 1 of 4294967295 bytes where 0 are left");
	forge_header(&f, 1, 0);
	forge_empty(&f, 1, 0);
	expect_refused(&f, "the stream's model is \"\", " NOT_THIS);
}

/* Nothing to tell is nothing to compare; and what there is was not wanted. */
static void a_device_without_parameters(void)
{
	static const struct vmig_desc plain = {
		.model = "plain", .version = "1",
	};
	struct vmig_sink sink = {};
	struct vmig_reader *reader;
	struct forge f = {};

	begin(&f);
	forge_text(&f, 1, "plain");
	forge_text(&f, 2, "1");
	forge_record_end(&f);
	forge_end(&f);
	reader = vmig_reader_alloc(&plain, &sink);
	EXPECT_EQ(vmig_reader_push(reader, f.data, f.len), 0);
	EXPECT_EQ(vmig_reader_finish(reader), 0);
	vmig_reader_free(reader);
	forge_free(&f);

	begin(&f);
	forge_text(&f, 1, "plain");
	forge_text(&f, 2, "1");
	forge_text(&f, 3, "a=1\n");
	forge_record_end(&f);
	reader = vmig_reader_alloc(&plain, &sink);
	EXPECT_EQ(vmig_reader_push(reader, f.data, f.len), -EINVAL);
	EXPECT_STREQ(vmig_reader_reason(reader),
		     "record 1 at byte 16: the stream's device has \"a=1\", this one has no such parameter");
	vmig_reader_free(reader);
	forge_free(&f);

	/* without areas nothing is ever staged */
	begin(&f);
	forge_text(&f, 1, "plain");
	forge_text(&f, 2, "1");
	forge_record_end(&f);
	forge_empty(&f, 5, 0);
	hand_zero(&f, 0, 0, 4096);
	reader = vmig_reader_alloc(&plain, &sink);
	EXPECT_EQ(vmig_reader_push(reader, f.data, f.len), -EINVAL);
	EXPECT_STREQ(strstr(vmig_reader_reason(reader), ": "),
		     ": memory of area 0, which is not there");
	vmig_reader_free(reader);
	forge_free(&f);
}

static const struct unit_case cases[] = {
	UNIT_CASE(another_model),
	UNIT_CASE(another_version),
	UNIT_CASE(other_parameters),
	UNIT_CASE(other_areas),
	UNIT_CASE(no_texts),
	UNIT_CASE(fields_out_of_order),
	UNIT_CASE(unknown_fields),
	UNIT_CASE(fields_beyond_the_record),
	UNIT_CASE(a_device_without_parameters),
	{ }
};

const struct unit_suite vmig_identity_suite = { "vmig_identity", cases };
