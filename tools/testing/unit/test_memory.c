// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device memory: one set of bytes behind the region, the model and mappings;
 * there while the BAR decodes, gone with a reset.
 */
#include <asm/byteorder.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <string.h>

#include "gadget.h"
#include "random.h"
#include "suites.h"
#include "toy.h"
#include "unit.h"

#define STEPS		20000
#define BAR_SIZE	0x10000U

static const struct vdev_area areas[] = {
	{ 0x1000, 0x1000 }, { 0x4000, 0x4000 }, { 0xf000, 0x1000 },
};

static bool is_memory(u32 offset)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(areas); i++)
		if (offset >= areas[i].offset &&
		    offset < areas[i].offset + areas[i].size)
			return true;
	return false;
}

static u64 value_of(const u8 *bytes, unsigned int width)
{
	u64 value = 0;

	while (width--)
		value = value << 8 | bytes[width];
	return value;
}

static int model_read(struct front *front, u64 offset, void *buf, size_t len)
{
	int ret;

	mutex_lock(&front->vdev->lock);
	ret = vdev_mem_read(front->vdev, 0, offset, buf, len);
	mutex_unlock(&front->vdev->lock);
	return ret;
}

static int model_write(struct front *front, u64 offset, const void *buf,
		       size_t len)
{
	int ret;

	mutex_lock(&front->vdev->lock);
	ret = vdev_mem_write(front->vdev, 0, offset, buf, len);
	mutex_unlock(&front->vdev->lock);
	return ret;
}

/* A place in memory with room for @len, often at the end of its area. */
static u32 random_place(u32 len)
{
	const struct vdev_area *area = &areas[random_below(ARRAY_SIZE(areas))];

	if (random_one_in(4))
		return area->offset + area->size - len;
	return area->offset + random_below(area->size - len + 1);
}

static void use_region(struct front *front, u8 *bytes)
{
	unsigned int width = 1 << random_below(4);
	u32 at = random_place(8) & ~(width - 1);
	u64 value = random_u64();
	unsigned int i;

	if (random_one_in(2)) {
		EXPECT_EQ(front_read(front, 0, at, width),
			  value_of(&bytes[at], width));
		return;
	}
	front_write(front, 0, at, width, value);
	for (i = 0; i < width; i++)
		bytes[at + i] = value >> (8 * i);
}

static void use_as_model(struct front *front, u8 *bytes)
{
	u8 buf[600];
	u32 len = 1 + random_below(sizeof(buf));
	u32 at = random_place(len);
	unsigned int i;

	if (random_one_in(2)) {
		EXPECT_EQ(model_read(front, at, buf, len), 0);
		EXPECT(!memcmp(buf, &bytes[at], len));
		return;
	}
	for (i = 0; i < len; i++)
		buf[i] = random_u64();
	memcpy(&bytes[at], buf, len);
	EXPECT_EQ(model_write(front, at, buf, len), 0);
}

static void use_mapping(struct front *front, u8 *bytes)
{
	u32 at = random_place(1);
	u8 byte = random_u64();

	if (random_one_in(2)) {
		EXPECT(mapped_load(front, 0, at, &byte));
		EXPECT_EQ(byte, bytes[at]);
		return;
	}
	EXPECT(mapped_store(front, 0, at, byte));
	bytes[at] = byte;
}

/* Every way in, against an array. */
static void one_set_of_bytes(void)
{
	void (*const uses[])(struct front *front, u8 *bytes) = {
		use_region, use_as_model, use_mapping,
	};
	struct front *front = gadget_open();
	static u8 bytes[BAR_SIZE];
	unsigned int step;

	for (step = 0; step < STEPS; step++) {
		unit_context("step %u", step);
		uses[random_below(ARRAY_SIZE(uses))](front, bytes);
	}
	EXPECT_EQ(gadget_of(front)->reads + gadget_of(front)->writes, 0);
	front_close(front);
}

static void zero_until_written(void)
{
	struct front *front = gadget_open();
	u32 at;

	for (at = 0; at < BAR_SIZE; at += 8)
		if (is_memory(at))
			EXPECT_EQ(front_read(front, 0, at, 8), 0);
	EXPECT(list_empty(&front->memory.pages));
	front_close(front);
}

/* What lies between areas is the model's, at each width and to the byte. */
static void registers_between_areas(void)
{
	struct front *front = gadget_open();
	unsigned int width;
	u32 at;

	for (width = 1; width <= 8; width *= 2) {
		for (at = 0; at < BAR_SIZE; at += width) {
			gadget_forget(front);
			front_read(front, 0, at, width);
			front_write(front, 0, at, width, ~0ULL);
			if (gadget_of(front)->reads != !is_memory(at) ||
			    gadget_of(front)->writes != !is_memory(at))
				unit_fail(__FILE__, __LINE__, "0x%x/%u", at,
					  width);
		}
	}
	EXPECT_EQ(front_read(front, 0, 0x2000, 1), toy_byte(0, 0x2000));
	front_close(front);
}

static void model_is_kept_inside(void)
{
	static const struct {
		u64 offset;
		size_t len;
		int ret;
	} all[] = {
		{ 0x1000, 0x1000, 0 },
		{ 0x1000, 0x1001, -EINVAL },
		{ 0x0fff, 1, -EINVAL },
		{ 0x0fff, 2, -EINVAL },
		{ 0x1fff, 1, 0 },
		{ 0x1fff, 2, -EINVAL },
		{ 0x2000, 1, -EINVAL },
		{ 0x4000, 0x4000, 0 },
		{ 0x4fff, 2, 0 },
		{ 0x5000, 0x3001, -EINVAL },
		{ 0xffff, 1, 0 },
		{ 0xffff, 2, -EINVAL },
		{ 0x10000, 1, -EINVAL },
		{ 0x1001, ~0UL, -EINVAL },
		{ ~0ULL, 1, -EINVAL },
		{ ~0ULL, 2, -EINVAL },
		{ 0x100001000, 1, -EINVAL },
		{ 0x1000, 0, 0 },
		{ 0x2000, 0, -EINVAL },
	};
	struct front *front = gadget_open();
	static u8 buf[0x4000];
	unsigned int i, bar;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		unit_context("0x%llx, %zu", all[i].offset, all[i].len);
		EXPECT_EQ(model_read(front, all[i].offset, buf, all[i].len),
			  all[i].ret);
		EXPECT_EQ(model_write(front, all[i].offset, buf, all[i].len),
			  all[i].ret);
	}
	mutex_lock(&front->vdev->lock);
	for (bar = 1; bar < 10; bar++)
		EXPECT_EQ(vdev_mem_read(front->vdev, bar, 0x1000, buf, 1),
			  -EINVAL);
	EXPECT_EQ(vdev_mem_read(front->vdev, ~0U, 0x1000, buf, 1), -EINVAL);
	mutex_unlock(&front->vdev->lock);
	front_close(front);
}

static void models_way_does_not_decode(void)
{
	struct front *front = front_open("gadget-full");
	u32 word = 0x12345678;

	EXPECT_EQ(model_write(front, 0x4000, &word, 4), 0);
	EXPECT_EQ(front_read(front, 0, 0x4000, 4), 0xffffffff);
	front_write(front, 0, 0x4000, 4, 0);
	power_state(front, 3);
	word = 0;
	EXPECT_EQ(model_read(front, 0x4000, &word, 4), 0);
	EXPECT_EQ(word, 0x12345678);
	front_close(front);
}

/* Memory outlasts what only takes it out of sight. */
static void decoding_keeps_memory(void)
{
	struct front *front = gadget_open();
	u8 byte;

	front_write(front, 0, 0xf000, 2, 0xbeef);
	command_clear(front, PCI_COMMAND_MEMORY);
	EXPECT(!mapped_load(front, 0, 0xf000, &byte));
	EXPECT_EQ(front_read(front, 0, 0xf000, 2), 0xffff);
	front_write(front, 0, 0xf000, 2, 0);
	command_set(front, PCI_COMMAND_MEMORY);
	EXPECT(mapped_load(front, 0, 0xf001, &byte));
	EXPECT_EQ(byte, 0xbe);
	power_state(front, 3);
	EXPECT(!mapped_load(front, 0, 0xf000, &byte));
	power_state(front, 0);
	EXPECT_EQ(front_read(front, 0, 0xf000, 2), 0xbeef);
	front_close(front);
}

/* The front is told of each change, and of nothing else. */
static void front_is_told_of_changes(void)
{
	static const struct {
		unsigned int offset;
		unsigned int width;
		u32 value;
		unsigned int calls;
		bool decoding;
	} steps[] = {
		{ 0x04, 2, 0x0004, 0, false },
		{ 0x04, 2, 0x0002, 1, true },
		{ 0x04, 2, 0x0002, 0, true },
		{ 0x04, 2, 0x0506, 0, true },
		{ 0x04, 1, 0x00, 1, false },
		{ 0x05, 1, 0xff, 0, false },
		{ 0x04, 4, 0xffffffff, 1, true },
		{ 0x44, 2, 0x0001, 0, true },	/* no D1 */
		{ 0x44, 2, 0x0003, 1, false },
		{ 0x44, 2, 0x0003, 0, false },
		{ 0x44, 1, 0x02, 0, false },	/* no D2 */
		{ 0x04, 2, 0x0000, 0, false },
		{ 0x44, 4, 0x0000, 0, false },
		{ 0x04, 2, 0x0002, 1, true },
		{ 0x44, 1, 0x03, 1, false },
		{ 0x04, 2, 0x0000, 0, false },
		{ 0x04, 2, 0x0002, 0, false },
		{ 0x44, 1, 0x00, 1, true },
		{ 0x10, 4, 0xffffffff, 0, true },
		{ 0x30, 4, 0x00000001, 0, true },
	};
	struct front *front = front_open("gadget-full");
	unsigned int i, calls;

	EXPECT(!front->memory.decoding);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		unit_context("step %u", i);
		calls = front->memory.decode_calls;
		config_write(front, steps[i].offset, steps[i].width,
			     steps[i].value);
		EXPECT_EQ(front->memory.decode_calls - calls, steps[i].calls);
		EXPECT_EQ(front->memory.decoding, steps[i].decoding);
	}
	front_close(front);
}

static void front_is_told_at_random(void)
{
	struct front *front = front_open("gadget-full");
	unsigned int i, calls;
	bool was, decodes;

	for (i = 0; i < STEPS; i++) {
		unsigned int width = 1 << random_below(3);
		u32 at = random_one_in(2) ? 0x04 : 0x44;

		was = front->memory.decoding;
		calls = front->memory.decode_calls;
		config_write(front, (at + random_below(4)) & ~(width - 1),
			     width, random_value());
		decodes = (config_read(front, 0x04, 1) & 2) &&
			  !(config_read(front, 0x44, 1) & 3);
		EXPECT_EQ(front->memory.decoding, decodes);
		EXPECT_EQ(front->memory.decode_calls - calls, was != decodes);
	}
	front_close(front);
}

static void no_memory_no_calls(void)
{
	struct front *front = front_open("gadget-huge");

	command_set(front, PCI_COMMAND_MEMORY);
	vdev_reset(front->vdev);
	EXPECT_EQ(front->memory.decode_calls, 0);
	EXPECT_EQ(front->memory.clears, 0);
	EXPECT_EQ(front->memory.copies, 0);
	front_close(front);
}

static void by_flr(struct front *front)
{
	config_write(front, 0x78, 2, 0x8000);
}

static void by_reset(struct front *front)
{
	vdev_reset(front->vdev);
}

static void by_next_user(struct front *front)
{
	vdev_close(front->vdev);
	/* nor does it hold memory while nobody uses it */
	EXPECT(list_empty(&front->memory.pages));
	EXPECT(!front->memory.decoding);
	vdev_open(front->vdev);
}

static void gone_with_its_user(void)
{
	void (*const ends[])(struct front *front) = {
		by_flr, by_reset, by_next_user,
	};
	unsigned int i, clears;
	u32 at;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		struct front *front = gadget_open();

		for (at = 0; at < BAR_SIZE; at += 64)
			front_write(front, 0, at, 8, ~0ULL);
		clears = front->memory.clears;
		ends[i](front);
		EXPECT(front->memory.clears > clears);
		EXPECT(!front->memory.decoding);
		command_set(front, PCI_COMMAND_MEMORY);
		for (at = 0; at < BAR_SIZE; at += 64)
			if (is_memory(at))
				EXPECT_EQ(front_read(front, 0, at, 8), 0);
		front_close(front);
	}
}

/* A write that finds no page is lost; a read that cannot be gives ones. */
static void front_without_memory(void)
{
	struct front *front = gadget_open();
	__le32 word = cpu_to_le32(0x12345678);

	front_write(front, 0, 0x1000, 4, 0x12345678);
	front->memory.exhausted = true;
	EXPECT_EQ(model_write(front, 0x4000, &word, 4), -ENOMEM);
	EXPECT_EQ(vdev_write(front->vdev, 0, 0x4000, 8, ~0ULL), -ENOMEM);
	EXPECT_EQ(front_read(front, 0, 0x4000, 8), 0);
	EXPECT_EQ(vdev_write(front->vdev, 0, 0x1000, 4, 0x12345678), 0);
	EXPECT_EQ(vdev_write(front->vdev, 0, 0, 4, 0x12345678), 0);
	command_clear(front, PCI_COMMAND_MEMORY);
	EXPECT_EQ(vdev_write(front->vdev, 0, 0x4000, 8, ~0ULL), 0);
	command_set(front, PCI_COMMAND_MEMORY);
	EXPECT_EQ(model_write(front, 0x1000, &word, 4), 0);

	front->memory.broken = true;
	EXPECT_EQ(model_read(front, 0x1000, &word, 4), -ENOMEM);
	EXPECT_EQ(front_read(front, 0, 0x1000, 1), 0xff);
	EXPECT_EQ(front_read(front, 0, 0x1000, 2), 0xffff);
	EXPECT_EQ(front_read(front, 0, 0x1000, 4), 0xffffffff);
	EXPECT_EQ(front_read(front, 0, 0x1000, 8), ~0ULL);
	front->memory.broken = false;
	EXPECT_EQ(front_read(front, 0, 0x1000, 4), 0x12345678);
	front_close(front);
}

/* A BAR that is memory from end to end. */
static void all_of_a_bar(void)
{
	struct front *front = front_open("gadget-old");

	command_set(front, PCI_COMMAND_MEMORY);
	front_write(front, 1, 0, 4, 0x11111111);
	front_write(front, 1, 0x1ff8, 8, 0x2222222222222222);
	EXPECT_EQ(front_read(front, 1, 0, 8), 0x11111111);
	EXPECT_EQ(front_read(front, 1, 0x1ffc, 4), 0x22222222);
	EXPECT_EQ(gadget_of(front)->writes, 0);
	front_close(front);
}

static void memory_wants_the_lock(void)
{
	struct front *front = gadget_open();
	u8 byte = 0;

	EXPECT_ABORT(vdev_mem_read(front->vdev, 0, 0x1000, &byte, 1),
		     "not held");
	EXPECT_ABORT(vdev_mem_write(front->vdev, 0, 0x1000, &byte, 1),
		     "not held");
	front_close(front);
}

/* A front that keeps no memory cannot show a model that has some. */
static void needs_a_front_that_keeps_it(void)
{
	static const char * const types[] = { "gadget-full", "gadget-old" };
	struct vdev_front_ops ops;
	struct front *front;
	struct vdev *vdev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		front = front_create_type(types[i]);
		vdev = front->vdev;
		ops = *vdev->front;
		ops.mem_decode = NULL;
		EXPECT_EQ(PTR_ERR(vdev_create(vdev->family, vdev->model, &ops,
					      front)), -EOPNOTSUPP);
		front_destroy(front);
	}

	front = front_create_type("mtty-2");
	ops = *front->vdev->front;
	ops.mem_copy = NULL;
	ops.mem_decode = NULL;
	ops.mem_clear = NULL;
	vdev = vdev_create(front->vdev->family, front->vdev->model, &ops,
			   front);
	EXPECT(!IS_ERR(vdev));
	vdev_destroy(vdev);
	front_destroy(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(one_set_of_bytes),
	UNIT_CASE(zero_until_written),
	UNIT_CASE(registers_between_areas),
	UNIT_CASE(model_is_kept_inside),
	UNIT_CASE(models_way_does_not_decode),
	UNIT_CASE(decoding_keeps_memory),
	UNIT_CASE(front_is_told_of_changes),
	UNIT_CASE(front_is_told_at_random),
	UNIT_CASE(no_memory_no_calls),
	UNIT_CASE(gone_with_its_user),
	UNIT_CASE(front_without_memory),
	UNIT_CASE(all_of_a_bar),
	UNIT_CASE(memory_wants_the_lock),
	UNIT_CASE(needs_a_front_that_keeps_it),
	{ }
};

const struct unit_suite memory_suite = { "memory", cases };
