// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's reader says of streams: standard input has streams, each
 * after a __u32 with its length; for each there is a line with the verdict, which
 * is 0 or a negative errno, and the reason. The device is a lamp, see
 * tools/testing/unit/lamp.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/lamp.h"
#include "../unit/unit.h"

/* Of the unit tests, some of which lamp.c has. */
void unit_fail(const char *file, int line, const char *fmt, ...)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, fmt);
	abort();
}

void unit_context(const char *fmt, ...)
{
}

static void judge(const void *stream, u32 length)
{
	static struct lamp_memory memory;
	struct vmig_sink sink = lamp_sink(&memory);
	struct vmig_reader *reader = vmig_reader_alloc(&lamp_desc, &sink);
	int verdict = vmig_reader_push(reader, stream, length);

	if (!verdict)
		verdict = vmig_reader_finish(reader);
	printf("%d %s\n", verdict, vmig_reader_reason(reader));
	vmig_reader_free(reader);
}

int main(void)
{
	u32 length;
	void *stream;

	while (fread(&length, sizeof(length), 1, stdin) == 1) {
		stream = malloc(length ? length : 1);
		if (!stream || fread(stream, 1, length, stdin) != length)
			return 1;
		judge(stream, length);
		free(stream);
	}
	return 0;
}
