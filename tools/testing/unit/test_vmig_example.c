// SPDX-License-Identifier: GPL-2.0-only
/*
 * The example of Documentation/userspace-api/vfio-mig-stream.rst: what the
 * specification has, the writer writes and the reader reads.
 */
#include <ctype.h>
#include <errno.h>
#include <linux/array_size.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "lamp.h"
#include "suites.h"
#include "unit.h"

#define PAGE_OF_IT GOLDEN "/../../../Documentation/userspace-api/vfio-mig-stream.rst"

struct pulse {
	u32 period;
	bool on;
	u32 nr_queue;
	u8 queue[16];
};

static const struct vmig_field pulse_fields[] = {
	VMIG_FIELD(1, struct pulse, period),
	VMIG_FIELD(2, struct pulse, on),
	VMIG_USED(3, struct pulse, queue, nr_queue),
};

static const struct vmig_section pulse_section = {
	.id = 1,
	.version = 1,
	.min_version = 1,
	.instances = 1,
	.name = "pulse",
	.size = sizeof(struct pulse),
	.fields = pulse_fields,
	.nr_fields = ARRAY_SIZE(pulse_fields),
};

static const struct vmig_section * const sections[] = { &pulse_section };
static const char * const parameters[] = { "edge=rising", NULL };
static const struct vmig_area areas[] = { { 0, 8192, "memory" } };

static const struct vmig_desc pulse = {
	.model = "vfiokit/pulse",
	.version = "v1",
	.parameters = parameters,
	.sections = sections,
	.nr_sections = ARRAY_SIZE(sections),
	.areas = areas,
	.nr_areas = ARRAY_SIZE(areas),
};

/* Bytes of a line, "   0010  01 00  what they are"; false if it is none. */
static bool line_bytes(struct forge *f, const char *line)
{
	char *end;
	size_t offset = strtoul(line, &end, 16);

	if (end != line + strlen("   0010") || *end != ' ')
		return false;
	EXPECT_EQ(offset, f->len);
	for (line = end + 1;
	     line[0] == ' ' && isxdigit(line[1]) && isxdigit(line[2]);
	     line += 3)
		forge_number(f, 1, strtoul(line, NULL, 16));
	return true;
}

static struct forge read_example(void)
{
	FILE *page = fopen(PAGE_OF_IT, "r");
	bool inside = false;
	struct forge f = {};
	char line[200];

	if (!page)
		unit_fail(__FILE__, __LINE__, "%s: %s", PAGE_OF_IT,
			  strerror(errno));
	while (fgets(line, sizeof(line), page)) {
		if (strstr(line, ":caption: pulse.stream"))
			inside = true;
		else if (inside && !line_bytes(&f, line) && line[0] != '\n')
			break;
	}
	fclose(page);
	return f;
}

static void it_is_written(void)
{
	struct vmig_image *image = vmig_image_alloc(&pulse);
	struct pulse *state = vmig_state(image, &pulse_section, 0);
	struct forge want = read_example();
	struct vmig_writer writer;

	EXPECT_EQ(vmig_check_desc(&pulse), 0);
	state->period = 1000;
	state->on = true;
	state->nr_queue = 2;
	state->queue[0] = 7;
	state->queue[1] = 8;
	vmig_writer_init(&writer, &pulse);
	EXPECT_EQ(vmig_put_setup(&writer), 0);
	EXPECT_EQ(vmig_put_memory(&writer, 0, 4096, NULL, 4096), 0);
	EXPECT_EQ(vmig_put_sections(&writer, image), 0);
	EXPECT_EQ(vmig_put_end(&writer), 0);
	EXPECT_EQ(writer.len, want.len);
	EXPECT(!memcmp(writer.buf, want.data, want.len));
	vmig_writer_destroy(&writer);
	vmig_image_free(image);
	forge_free(&want);
}

/* Zero is all that it has. */
static int stage(void *context, const struct vmig_area *area, u64 offset,
		 const void *pages, u64 length)
{
	EXPECT(area == areas && offset == 4096 && !pages && length == 4096);
	++*(int *)context;
	return 0;
}

static void it_is_read(void)
{
	int staged = 0;
	struct vmig_sink sink = { .stage = stage, .context = &staged };
	struct vmig_reader *reader = vmig_reader_alloc(&pulse, &sink);
	struct forge f = read_example();
	struct pulse *state;

	EXPECT_EQ(vmig_reader_push(reader, f.data, f.len), 0);
	EXPECT_EQ(vmig_reader_finish(reader), 0);
	state = vmig_state(vmig_reader_image(reader), &pulse_section, 0);
	EXPECT_EQ(state->period, 1000);
	EXPECT(state->on);
	EXPECT_EQ(state->nr_queue, 2);
	EXPECT_EQ(state->queue[0], 7);
	EXPECT_EQ(state->queue[1], 8);
	EXPECT_EQ(staged, 1);
	vmig_reader_free(reader);
	forge_free(&f);
}

static const struct unit_case cases[] = {
	UNIT_CASE(it_is_written),
	UNIT_CASE(it_is_read),
	{ }
};

const struct unit_suite vmig_example_suite = { "vmig_example", cases };
