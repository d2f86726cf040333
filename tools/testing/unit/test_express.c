// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space as a guest finds its way through it: capabilities of
 * both kinds, the sizes of BARs and ROM, function level reset.
 */
#include <linux/kernel.h>

#include "gadget.h"
#include "random.h"
#include "suites.h"
#include "unit.h"

#define MAX_CAPS	16

/* A capability that a walk has come by. */
struct found {
	unsigned int id;
	unsigned int offset;
};

/* As PCI 6.7 has it walked; returns how many there are. */
static unsigned int walk(struct front *front, struct found *found)
{
	unsigned int offset = config_read(front, 0x34, 1);
	unsigned int nr = 0;

	EXPECT(config_read(front, 0x06, 2) & 0x10);
	while (offset) {
		EXPECT(offset >= 0x40 && offset < 0x100 && offset % 4 == 0);
		EXPECT(nr < MAX_CAPS);
		found[nr].id = config_read(front, offset, 1);
		found[nr++].offset = offset;
		offset = config_read(front, offset + 1, 1);
	}
	return nr;
}

/* As PCI Express 7.9.1 has it; a header of zeroes is no capability. */
static unsigned int walk_extended(struct front *front, struct found *found)
{
	unsigned int offset = 0x100;
	unsigned int nr = 0;
	u32 header;

	while (offset) {
		EXPECT(offset >= 0x100 && offset < 0x1000 && offset % 4 == 0);
		EXPECT(nr < MAX_CAPS);
		header = config_read(front, offset, 4);
		if (!header) {
			EXPECT_EQ(offset, 0x100);
			break;
		}
		EXPECT_EQ(header >> 16 & 0xf, 1);
		found[nr].id = header & 0xffff;
		found[nr++].offset = offset;
		offset = header >> 20;
	}
	return nr;
}

static void expect_ids(const struct found *found, unsigned int nr,
		       const unsigned int *ids, unsigned int nr_ids)
{
	unsigned int i;

	EXPECT_EQ(nr, nr_ids);
	for (i = 0; i < nr; i++)
		EXPECT_EQ(found[i].id, ids[i]);
}

static void chains_of_capabilities(void)
{
	static const struct {
		const char *type;
		unsigned int nr;
		unsigned int id[6];
	} all[] = {
		{ "gadget-full", 5, { 0x01, 0x05, 0x11, 0x10, 0x09 } },
		{ "gadget-huge", 3, { 0x01, 0x11, 0x10 } },
		{ "gadget-old", 3, { 0x01, 0x05, 0x11 } },
		{ "mtty-2", 2, { 0x01, 0x05 } },
		{ "toy-bare", 1, { 0x01 } },
	};
	struct found found[MAX_CAPS];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct front *front = front_open(all[i].type);

		unit_context("%s", all[i].type);
		expect_ids(found, walk(front, found), all[i].id, all[i].nr);
		front_close(front);
	}
}

static void chains_of_extended_capabilities(void)
{
	static const unsigned int ids[] = { 0x03, 0x0b };
	struct front *front = front_open("gadget-full");
	struct found found[MAX_CAPS];

	expect_ids(found, walk_extended(front, found), ids, ARRAY_SIZE(ids));
	front_close(front);
	front = front_open("gadget-huge");
	EXPECT_EQ(walk_extended(front, found), 0);
	front_close(front);
}

/* What no other capability covers, and writes do not change. */
static void expect_bytes(struct front *front, unsigned int offset,
			 const u8 *bytes, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		EXPECT_EQ(config_read(front, offset + i, 1), bytes[i]);
		config_write(front, offset + i, 1, ~bytes[i]);
		EXPECT_EQ(config_read(front, offset + i, 1), bytes[i]);
	}
}

static void what_the_vendor_likes(void)
{
	struct front *front = front_open("gadget-full");
	struct found found[MAX_CAPS];

	EXPECT_EQ(walk(front, found), 5);
	EXPECT_EQ(config_read(front, found[4].offset + 2, 1),
		  3 + sizeof(gadget_vendor_cap));
	expect_bytes(front, found[4].offset + 3, gadget_vendor_cap,
		     sizeof(gadget_vendor_cap));

	EXPECT_EQ(walk_extended(front, found), 2);
	EXPECT_EQ(config_read(front, found[1].offset + 4, 4) >> 20,
		  8 + sizeof(gadget_vendor_ext_cap));
	expect_bytes(front, found[1].offset + 8, gadget_vendor_ext_cap,
		     sizeof(gadget_vendor_ext_cap));
	EXPECT_EQ(config_read(front, found[0].offset + 4, 4) |
		  (u64)config_read(front, found[0].offset + 8, 4) << 32,
		  GADGET_SERIAL);
	front_close(front);
}

/* The largest that are allowed, one after the other. */
static void capabilities_that_fill_the_space(void)
{
	struct front *sample = front_create_type("gadget-full");
	struct vdev_model model = *sample->vdev->model;
	struct found found[MAX_CAPS];
	static u8 bytes[256];
	struct front *front;
	unsigned int i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = 0xff - i;
	model.vendor_cap = (struct vdev_blob) { bytes, 32 };
	model.vendor_ext_cap = (struct vdev_blob) { bytes, 256 };
	front = front_create(sample->vdev->family, &model);
	vdev_open(front->vdev);

	EXPECT_EQ(walk(front, found), 5);
	EXPECT_EQ(config_read(front, found[4].offset + 2, 1), 35);
	EXPECT(found[4].offset + 35 <= 0x100);
	expect_bytes(front, found[4].offset + 3, bytes, 32);
	EXPECT_EQ(walk_extended(front, found), 2);
	EXPECT_EQ(config_read(front, found[1].offset + 4, 4), 264U << 20);
	expect_bytes(front, found[1].offset + 8, bytes, 256);
	for (i = found[1].offset + 264; i < 4096; i += 4)
		EXPECT_EQ(config_read(front, i, 4), 0);
	front_close(front);
	front_destroy(sample);
}

/* Size and flags of a BAR, by the procedure of PCI 6.2.5.1. */
static u64 size_of_bar(struct front *front, unsigned int bar, u32 *flags)
{
	unsigned int offset = 0x10 + 4 * bar;
	u32 low = config_read(front, offset, 4);
	u32 high = 0xffffffff;
	u64 mask;

	*flags = low & 0xf;
	config_write(front, offset, 4, 0xffffffff);
	mask = config_read(front, offset, 4) & ~0xfU;
	if ((*flags & 6) == 4) {
		config_write(front, offset + 4, 4, 0xffffffff);
		high = config_read(front, offset + 4, 4);
		config_write(front, offset + 4, 4, 0);
	}
	config_write(front, offset, 4, low);
	EXPECT_EQ(config_read(front, offset, 4), low);
	if (!mask)
		return 0;
	return ~((u64)high << 32 | mask) + 1;
}

static void sizes_of_bars(void)
{
	static const struct {
		const char *type;
		unsigned int bar;
		u64 size;
		u32 flags;
	} all[] = {
		{ "gadget-full", 0, 0x10000, 0xc },
		{ "gadget-full", 2, 0x10000, 0x0 },
		{ "gadget-full", 3, 16, 0x8 },
		{ "gadget-full", 4, 0x40000000, 0x4 },
		{ "gadget-huge", 0, 0, 0x0 },
		{ "gadget-huge", 1, 0x10000, 0x4 },
		{ "gadget-huge", 3, 0, 0x0 },
		{ "gadget-old", 0, 0, 0x0 },
		{ "gadget-old", 1, 0x2000, 0x8 },
		{ "gadget-old", 5, 0x1000, 0x0 },
	};
	unsigned int i;
	u32 flags;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct front *front = front_open(all[i].type);

		unit_context("%s BAR%u", all[i].type, all[i].bar);
		EXPECT_EQ(size_of_bar(front, all[i].bar, &flags), all[i].size);
		EXPECT_EQ(flags, all[i].flags);
		EXPECT_EQ(vdev_region_size(front->vdev, all[i].bar),
			  all[i].size);
		/* the high half of an address has no region of its own */
		if (flags & 4)
			EXPECT_EQ(vdev_region_size(front->vdev,
						   all[i].bar + 1), 0);
		front_close(front);
	}
}

static void address_of_64_bits(void)
{
	struct front *front = front_open("gadget-full");

	config_write(front, 0x10, 4, 0x1234ffff);
	config_write(front, 0x14, 4, 0xfedcba98);
	EXPECT_EQ(config_read(front, 0x10, 4), 0x1234000c);
	EXPECT_EQ(config_read(front, 0x14, 4), 0xfedcba98);
	config_write(front, 0x17, 1, 0);
	EXPECT_EQ(config_read(front, 0x14, 4), 0x00dcba98);
	vdev_reset(front->vdev);
	EXPECT_EQ(config_read(front, 0x10, 4), 0x0000000c);
	EXPECT_EQ(config_read(front, 0x14, 4), 0);
	front_close(front);
}

static void size_of_rom(void)
{
	static const struct {
		const char *type;
		u32 size;
	} all[] = {
		{ "gadget-full", 4096 }, { "gadget-old", 2048 },
		{ "gadget-huge", 0 }, { "toy-mem", 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct front *front = front_open(all[i].type);
		u32 mask = all[i].size ? ~(all[i].size - 1) : 0;

		config_write(front, 0x30, 4, 0xfffffffe);
		EXPECT_EQ(config_read(front, 0x30, 4), mask);
		config_write(front, 0x30, 4, 1);
		EXPECT_EQ(config_read(front, 0x30, 4), !!mask);
		EXPECT_EQ(vdev_region_size(front->vdev, VDEV_REGION_ROM),
			  all[i].size);
		front_close(front);
	}
}

/* What is behind the end of the image reads as zero; nothing is written. */
static void rom_of_every_width(void)
{
	struct front *front = front_open("gadget-full");
	unsigned int width, offset, i;
	u64 want;

	for (width = 1; width <= 8; width *= 2) {
		for (offset = 0; offset < 4096; offset += width) {
			want = 0;
			for (i = width; i--; )
				want = want << 8 | (offset + i < 3000 ?
						    gadget_rom[offset + i] : 0);
			front_write(front, VDEV_REGION_ROM, offset, width, ~0);
			EXPECT_EQ(front_read(front, VDEV_REGION_ROM, offset,
					     width), want);
		}
	}
	EXPECT_EQ(gadget_of(front)->reads + gadget_of(front)->writes, 0);
	front_close(front);
}

/* A VMM copies the ROM before the guest has switched anything on. */
static void rom_whatever_decodes(void)
{
	struct front *front = front_open("gadget-full");

	EXPECT_EQ(front_read(front, VDEV_REGION_ROM, 0, 2), 0xaa55);
	power_state(front, 3);
	EXPECT_EQ(front_read(front, VDEV_REGION_ROM, 0, 2), 0xaa55);
	power_state(front, 0);
	command_set(front, PCI_COMMAND_MEMORY);
	config_write(front, 0x30, 4, 1);
	EXPECT_EQ(front_read(front, VDEV_REGION_ROM, 0, 2), 0xaa55);
	front_close(front);
}

/* Something of each kind that a reset must undo. */
static void set_up(struct front *front)
{
	u8 byte = 0x5a;

	command_set(front, 0x0006);
	config_write(front, 0x10, 4, 0xabcd0000);
	config_write(front, 0x78, 2, 0x00ff);
	EXPECT(mapped_store(front, 0, 0x4000, byte));
	front_write(front, 2, 0x1000, 4, 0xfee00000);
}

static void expect_power_on(struct front *front, unsigned int resets)
{
	u8 byte;

	EXPECT_EQ(gadget_of(front)->resets, resets);
	EXPECT_EQ(config_read(front, 0x04, 2), 0);
	EXPECT_EQ(config_read(front, 0x10, 4), 0x0000000c);
	EXPECT_EQ(config_read(front, 0x78, 2), 0x2810);
	EXPECT(!front->memory.decoding);
	command_set(front, 0x0006);
	EXPECT(mapped_load(front, 0, 0x4000, &byte));
	EXPECT_EQ(byte, 0);
	EXPECT_EQ(front_read(front, 2, 0x1000, 4), 0);
}

static void flr_by_every_width(void)
{
	static const struct {
		unsigned int offset;
		unsigned int width;
		u32 value;
		bool resets;
	} all[] = {
		{ 0x79, 1, 0x80, true },
		{ 0x79, 1, 0xff, true },
		{ 0x78, 2, 0x8000, true },
		{ 0x78, 2, 0xffff, true },
		{ 0x78, 4, 0x00008000, true },
		{ 0x78, 4, 0xffffffff, true },
		{ 0x79, 1, 0x7f, false },
		{ 0x78, 1, 0xff, false },
		{ 0x78, 2, 0x7fff, false },
		{ 0x78, 4, 0xffff7fff, false },
		{ 0x7a, 2, 0xffff, false },
		{ 0x7b, 1, 0xff, false },
		{ 0x77, 1, 0xff, false },
		{ 0x74, 4, 0xffffffff, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct front *front = front_open("gadget-full");
		unsigned int resets = gadget_of(front)->resets;

		unit_context("0x%x to 0x%x/%u", all[i].value, all[i].offset,
			     all[i].width);
		set_up(front);
		config_write(front, all[i].offset, all[i].width, all[i].value);
		if (all[i].resets)
			expect_power_on(front, resets + 1);
		else
			EXPECT_EQ(gadget_of(front)->resets, resets);
		EXPECT_EQ(config_read(front, 0x78, 2) & 0x8000, 0);
		/* once, not for every write from now on */
		config_write(front, 0x0c, 1, 0);
		EXPECT_EQ(gadget_of(front)->resets, resets + all[i].resets);
		front_close(front);
	}
}

/* Also from D3hot, and only in a function that has it. */
static void flr_of_others(void)
{
	struct front *front = front_open("gadget-full");

	power_state(front, 3);
	config_write(front, 0x78, 2, 0x8000);
	EXPECT_EQ(config_read(front, 0x44, 2), 0x0008);
	front_close(front);

	front = front_open("gadget-huge");
	config_write(front, 0x04, 2, 0x0006);
	config_write(front, 0x78, 2, 0x8000);
	EXPECT_EQ(config_read(front, 0x04, 2), 0x0006);
	config_write(front, 0x68, 2, 0x8000);
	EXPECT_EQ(config_read(front, 0x04, 2), 0);
	front_close(front);

	/* no PCI Express capability: 0x09 is not its Device Control */
	front = front_open("gadget-old");
	config_write(front, 0x04, 2, 0x0006);
	config_write(front, 0x08, 4, 0xffffffff);
	EXPECT_EQ(config_read(front, 0x04, 2), 0x0006);
	front_close(front);
}

/* The user's bindings are not the guest's to take away. */
static void flr_keeps_bindings(void)
{
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, EVENTFD(0)), 0);
	config_write(front, 0x78, 2, 0x8000);
	EXPECT_EQ(front->triggers, 1);
	EXPECT(model_msi(front, 0));
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 0);
	command_set(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(chains_of_capabilities),
	UNIT_CASE(chains_of_extended_capabilities),
	UNIT_CASE(what_the_vendor_likes),
	UNIT_CASE(capabilities_that_fill_the_space),
	UNIT_CASE(sizes_of_bars),
	UNIT_CASE(address_of_64_bits),
	UNIT_CASE(size_of_rom),
	UNIT_CASE(rom_of_every_width),
	UNIT_CASE(rom_whatever_decodes),
	UNIT_CASE(flr_by_every_width),
	UNIT_CASE(flr_of_others),
	UNIT_CASE(flr_keeps_bindings),
	{ }
};

const struct unit_suite express_suite = { "express", cases };
