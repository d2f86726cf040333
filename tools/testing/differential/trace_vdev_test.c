// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traces of the test device.
 *
 * Its timer and its transfers take time. No step writes their registers, but
 * for those that then wait for them.
 */
#include "trace.h"

#include <linux/vfio.h>

#include "kselftest.h"
#include "lib/testdev.h"

#define TIMER_SETTLE	4	/* 2 ms, of which almost nothing is needed */

static void out(struct trace *trace, unsigned int reg, __u32 value)
{
	trace_write(trace, TESTDEV_REGS, reg, 4, value);
}

static unsigned int size(struct trace *trace)
{
	static const unsigned int sizes[] = { 1, 2, 4, 4, 4, 8, 3, 11, 32 };

	return sizes[trace_below(trace, ARRAY_SIZE(sizes))];
}

static void read_or_write(struct trace *trace, unsigned int region,
			  __u64 offset, unsigned int len)
{
	if (trace_below(trace, 2))
		trace_read(trace, region, offset, len);
	else
		trace_write(trace, region, offset, len, trace_value(trace) |
			    (__u64)trace_value(trace) << 32);
}

static bool touches(unsigned int reg, __u64 offset, unsigned int len)
{
	return offset < reg + 4 && offset + len > reg;
}

static void access_registers(struct trace *trace)
{
	__u64 offset = trace_below(trace, 2) ? 4 * trace_below(trace, 16) :
					       trace_below(trace, 0x40);
	unsigned int len = size(trace);

	if (trace_below(trace, 4) == 0)
		offset += TESTDEV_BUFFER;
	if (touches(TESTDEV_COMMAND, offset, len) ||
	    touches(TESTDEV_TIMER, offset, len))
		trace_read(trace, TESTDEV_REGS, offset, len);
	else
		read_or_write(trace, TESTDEV_REGS, offset, len);
}

void trace_vdev_test_raise(struct trace *trace)
{
	out(trace, TESTDEV_RAISE, TESTDEV_RAISE_LEVEL | 1);
}

static void raise_something(struct trace *trace)
{
	trace_enable(trace, trace_below(trace, 4));
	if (trace_below(trace, 2))
		out(trace, TESTDEV_RAISE, trace_below(trace, 72));
	else
		out(trace, TESTDEV_RAISE,
		    TESTDEV_RAISE_LEVEL | trace_below(trace, 2));
	trace_read(trace, TESTDEV_MIXED, 0x800, 8);
}

static void time_out(struct trace *trace)
{
	trace_enable(trace, trace_below(trace, 4));
	out(trace, TESTDEV_TIMER, trace_below(trace, 1000));
	trace_add(trace, STEP_SETTLE, TIMER_SETTLE);
	trace_read(trace, TESTDEV_REGS, TESTDEV_TIMEOUTS, 4);
}

/* To and from the memory that there is, some that is not, and both. */
static void move(struct trace *trace)
{
	__u64 iova = TRACE_IOVA + trace_below(trace, TRACE_MEMORY);
	__u32 vector = trace_below(trace, 2) ? TESTDEV_NO_VECTOR :
					       trace_below(trace, 8);

	if (trace_below(trace, 8) == 0)
		iova -= 0x1000;
	trace_enable(trace, trace_below(trace, 8));
	trace_add(trace, STEP_FILL, trace_random(trace));
	trace_write(trace, TESTDEV_REGS, TESTDEV_IOVA_LOW, 8, iova);
	out(trace, TESTDEV_LENGTH, trace_below(trace, 0x3000));
	out(trace, TESTDEV_COMMAND, trace_below(trace, 4) | vector << 16);
	trace_add(trace, STEP_WAIT, 0);
	trace_read(trace, TESTDEV_REGS, TESTDEV_RESULT, 8);
	trace_read(trace, TESTDEV_REGS, TESTDEV_BUFFER, 32);
	trace_read(trace, TESTDEV_REGS,
		   TESTDEV_BUFFER + trace_below(trace, 0x3000), 32);
	trace_add(trace, STEP_MEMORY, 0);
}

/* Where there are two kinds of thing side by side, or an end. */
static void access_edges(struct trace *trace)
{
	static const struct {
		unsigned int region;
		unsigned int offset;
	} places[] = {
		{ TESTDEV_REGS, TESTDEV_BUFFER },
		{ TESTDEV_REGS, TESTDEV_BUFFER + TESTDEV_BUFFER_SIZE },
		{ TESTDEV_REGS, 0x20000 },
		{ TESTDEV_IO, 0x20 },
		{ TESTDEV_IO, 0x100 },
		{ TESTDEV_MEMORY, 0x10 },
		{ TESTDEV_MEMORY, 0x1000 },
		{ TESTDEV_MEMORY, 0x100000 },
		{ TESTDEV_MIXED, 0x10 },
		{ TESTDEV_MIXED, 0x400 },
		{ TESTDEV_MIXED, 0x800 },
		{ TESTDEV_MIXED, TESTDEV_AREA0_START },
		{ TESTDEV_MIXED, TESTDEV_AREA0_START + TESTDEV_AREA0_SIZE },
		{ TESTDEV_MIXED, TESTDEV_AREA1_START },
		{ TESTDEV_MIXED, TESTDEV_AREA1_START + TESTDEV_AREA1_SIZE },
		{ TESTDEV_MIXED, 0x10000 },
		{ VFIO_PCI_ROM_REGION_INDEX, 0x10 },
		{ VFIO_PCI_ROM_REGION_INDEX, 0x800 },
		{ VFIO_PCI_VGA_REGION_INDEX, 0x10 },
	};
	unsigned int i = trace_below(trace, ARRAY_SIZE(places));

	read_or_write(trace, places[i].region,
		      places[i].offset - 16 + trace_below(trace, 32),
		      size(trace));
}

void trace_vdev_test(struct trace *trace)
{
	switch (trace_below(trace, 16)) {
	case 0:
		if (trace_below(trace, 4) == 0)
			time_out(trace);
		break;
	case 1:
		move(trace);
		break;
	case 2 ... 4:
		raise_something(trace);
		break;
	case 5 ... 8:
		access_registers(trace);
		break;
	default:
		access_edges(trace);
	}
}
