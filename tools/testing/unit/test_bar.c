// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which accesses reach a model, and in which pieces.
 */
#include <linux/kernel.h>

#include "random.h"
#include "suites.h"
#include "toy.h"
#include "unit.h"

/* Where a model's BARs are, as toy.h lists them. */
struct place {
	const char *type;
	unsigned int bar;
	bool io;
	unsigned int max_width;
	u32 size;
};

static const struct place places[] = {
	{ "toy-mem", 2, false, 4, 4096 },
	{ "toy-nomsi", 0, true, 2, 256 },
	{ "toy-nointx", 5, false, 8, 16 },
	{ "toy-six", 0, true, 1, 4 },
	{ "toy-six", 1, true, 2, 256 },
	{ "toy-six", 2, false, 8, 16 },
	{ "toy-six", 3, false, 4, 4096 },
	{ "toy-six", 4, true, 8, 32 },
	{ "toy-six", 5, false, 1, 0x40000000 },
};

#define COMMAND_IO	0x0001
#define COMMAND_MEM	0x0002

static u64 width_mask(unsigned int width)
{
	return width == 8 ? ~0ULL : (1ULL << (8 * width)) - 1;
}

/* The last access was made of these pieces, lowest address first. */
static void expect_pieces(struct front *front, const struct place *place,
			  bool write, u32 offset, unsigned int width,
			  u64 value)
{
	unsigned int step = min(width, place->max_width);
	struct toy *toy = toy_of(front);
	unsigned int i;

	EXPECT_EQ(toy->nr_accesses, width / step);
	for (i = 0; i < width / step; i++) {
		const struct toy_access *access = &toy->accesses[i];

		EXPECT_EQ(access->write, write);
		EXPECT_EQ(access->bar, place->bar);
		EXPECT_EQ(access->offset, offset + i * step);
		EXPECT_EQ(access->width, step);
		if (write)
			EXPECT_EQ(access->value, value >> (8 * i * step) &
				  width_mask(step));
	}
	toy_forget(front);
}

static void expect_answers(struct front *front, const struct place *place,
			   u32 offset, unsigned int width)
{
	u64 written = random_u64();
	u64 want = 0;
	unsigned int i;

	for (i = 0; i < width; i++)
		want |= (u64)toy_byte(place->bar, offset + i) << (8 * i);
	EXPECT_EQ(front_read(front, place->bar, offset, width), want);
	expect_pieces(front, place, false, offset, width, 0);

	front_write(front, place->bar, offset, width, written);
	expect_pieces(front, place, true, offset, width, written);
}

static void expect_silence(struct front *front, const struct place *place,
			   u32 offset, unsigned int width)
{
	EXPECT_EQ(front_read(front, place->bar, offset, width),
		  width_mask(width));
	front_write(front, place->bar, offset, width, random_u64());
	EXPECT_EQ(toy_of(front)->nr_accesses, 0);
}

static void each_access(struct front *front, const struct place *place,
			void (*expect)(struct front *front,
				       const struct place *place,
				       u32 offset, unsigned int width))
{
	unsigned int width;
	u32 offset;

	for (width = 1; width <= min(8U, place->size); width *= 2) {
		unit_context("%s BAR %u, %u bytes", place->type, place->bar,
			     width);
		for (offset = 0; offset < min(64U, place->size);
		     offset += width)
			expect(front, place, offset, width);
		expect(front, place, place->size - width, width);
	}
}

static void splits_what_is_too_wide(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct front *front = front_open(places[i].type);

		command_set(front, COMMAND_IO | COMMAND_MEM);
		each_access(front, &places[i], expect_answers);
		front_close(front);
	}
}

static void silent_at_power_on(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct front *front = front_open(places[i].type);

		each_access(front, &places[i], expect_silence);
		front_close(front);
	}
}

static void decodes_by_kind(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		const struct place *place = &places[i];
		struct front *front = front_open(place->type);

		command_set(front, place->io ? COMMAND_MEM : COMMAND_IO);
		each_access(front, place, expect_silence);
		command_set(front, COMMAND_IO | COMMAND_MEM);
		each_access(front, place, expect_answers);
		command_clear(front, place->io ? COMMAND_MEM : COMMAND_IO);
		each_access(front, place, expect_answers);
		command_clear(front, COMMAND_IO | COMMAND_MEM);
		each_access(front, place, expect_silence);
		front_close(front);
	}
}

static void silent_in_d3hot(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct front *front = front_open(places[i].type);

		command_set(front, COMMAND_IO | COMMAND_MEM);
		power_state(front, 3);
		each_access(front, &places[i], expect_silence);
		/* neither D1 nor D2 exists: still D3hot */
		power_state(front, 1);
		each_access(front, &places[i], expect_silence);
		power_state(front, 0);
		each_access(front, &places[i], expect_answers);
		/* and from D0 there is no way to them */
		power_state(front, 2);
		each_access(front, &places[i], expect_answers);
		front_close(front);
	}
}

/* Where the guest puts a BAR is between it and its host bridge. */
static void address_does_not_matter(void)
{
	struct front *front = front_open("toy-mem");

	command_set(front, COMMAND_MEM);
	config_write(front, 0x18, 4, 0xfffff000);
	each_access(front, &places[0], expect_answers);
	config_write(front, 0x18, 4, 0);
	each_access(front, &places[0], expect_answers);
	front_close(front);
}

static void region_sizes(void)
{
	static const struct {
		const char *type;
		u32 size[VDEV_NUM_REGIONS];
	} all[] = {
		{ "mtty-1", { [0] = 8, [7] = 256 } },
		{ "mtty-2", { [0] = 8, [1] = 8, [7] = 256 } },
		{ "toy-mem", { [2] = 4096, [7] = 256 } },
		{ "toy-six", { 4, 256, 16, 4096, 32, 0x40000000, 0, 256 } },
		{ "toy-bare", { [7] = 256 } },
	};
	unsigned int i, region;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct front *front = front_open(all[i].type);

		for (region = 0; region < VDEV_NUM_REGIONS; region++)
			EXPECT_EQ(vdev_region_size(front->vdev, region),
				  all[i].size[region]);
		EXPECT_EQ(vdev_region_size(front->vdev, VDEV_NUM_REGIONS), 0);
		EXPECT_EQ(vdev_region_size(front->vdev, ~0U), 0);
		front_close(front);
	}
}

static const struct unit_case cases[] = {
	UNIT_CASE(splits_what_is_too_wide),
	UNIT_CASE(silent_at_power_on),
	UNIT_CASE(decodes_by_kind),
	UNIT_CASE(silent_in_d3hot),
	UNIT_CASE(address_does_not_matter),
	UNIT_CASE(region_sizes),
	{ }
};

const struct unit_suite bar_suite = { "bar", cases };
