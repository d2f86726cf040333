// SPDX-License-Identifier: GPL-2.0-only
/*
 * vdev_check_family(): what model.c refuses of MSI-X, device memory, 64-bit
 * BARs, capabilities and ROM. Each rule is broken alone, by as little as can
 * be, in a model that is accepted otherwise.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "kernel_hooks.h"
#include "registry.h"
#include "suites.h"
#include "unit.h"

/* Copies of gadget-full and its family, to break. */
static struct vdev_family family;
static struct vdev_model model;

static void mend(void)
{
	const struct vdev_family *good;

	model = *vdev_find_model("gadget-full", &good);
	family = *good;
	family.models = &model;
	family.nr_models = 1;
}

static bool accepted(void)
{
	const char *message;
	int ret;

	printk_taken();
	ret = vdev_check_family(&family);
	message = printk_taken();
	if (!ret) {
		EXPECT_STREQ(message, "");
		return true;
	}
	EXPECT_EQ(ret, -EINVAL);
	EXPECT(strstr(message, "gadget-full"));
	return false;
}

static void as_it_is(void)
{
	mend();
	EXPECT(accepted());
}

static void msix_vectors(void)
{
	static const struct {
		u16 vectors;
		bool good;
	} all[] = {
		{ 0, true }, { 1, true }, { 3, true }, { 64, true },
		{ 2047, true }, { 2048, true }, { 2049, false },
		{ 4096, false }, { 65535, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		mend();
		/* room for more than there may be */
		model.bars[2].size = 0x400000;
		model.msix.table = 0x200000;
		model.msix.vectors = all[i].vectors;
		unit_context("%u vectors", all[i].vectors);
		EXPECT_EQ(accepted(), all[i].good);
	}
	/* without vectors it does not matter what the rest says */
	mend();
	model.msix = (struct vdev_msix) { .bar = 77, .table = 3, .pba = 3 };
	EXPECT(accepted());
}

/* BAR2 has 64 KiB; 64 vectors have 1 KiB of table and 8 bytes of PBA. */
static void msix_places(void)
{
	static const struct {
		u32 table;
		u32 pba;
		bool good;
	} all[] = {
		{ 0x0000, 0x0400, true },
		{ 0x0000, 0x03f8, false },
		{ 0x0008, 0x0000, true },
		{ 0x0000, 0x0000, false },
		{ 0x0008, 0x0400, false },
		{ 0xfc00, 0xfbf8, true },
		{ 0xfc00, 0xfc00, false },
		{ 0xfc08, 0x0000, false },
		{ 0x10000, 0x0000, false },
		{ 0x0000, 0xfff8, true },
		{ 0x0000, 0x10000, false },
		{ 0x0004, 0x8000, false },
		{ 0x1000, 0x8004, false },
		{ 0x1001, 0x8000, false },
		{ 0x1000, 0x8001, false },
		{ 0xfffffff8, 0x8000, false },
		{ 0x1000, 0xfffffff8, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		mend();
		model.msix.table = all[i].table;
		model.msix.pba = all[i].pba;
		unit_context("table 0x%x, PBA 0x%x", all[i].table, all[i].pba);
		EXPECT_EQ(accepted(), all[i].good);
	}
	/* 65 vectors have two words of PBA */
	mend();
	model.msix.vectors = 65;
	model.msix.pba = 0xfff0;
	EXPECT(accepted());
	model.msix.pba = 0xfff8;
	EXPECT(!accepted());
}

static void msix_bars(void)
{
	static const bool good[PCI_STD_NUM_BARS + 2] = {
		[2] = true, [4] = true,
	};
	unsigned int bar;

	for (bar = 0; bar < ARRAY_SIZE(good); bar++) {
		mend();
		model.msix.bar = bar;
		/* in BAR0 the table would be in an area of memory */
		unit_context("BAR%u", bar);
		EXPECT_EQ(accepted(), good[bar]);
	}
	mend();
	model.msix = (struct vdev_msix) { .vectors = 1, .bar = 3 };
	EXPECT(!accepted());
	model.msix = (struct vdev_msix) { .vectors = 1, .bar = 2, .pba = 16 };
	model.bars[2] = (struct vdev_bar) {
		VDEV_BAR_IO, .max_width = 1, .size = 256,
	};
	EXPECT(!accepted());
	model.bars[2].type = VDEV_BAR_MEM;
	EXPECT(accepted());
	model.msix.bar = 255;
	EXPECT(!accepted());
}

/* BAR0 has memory at 0x1000 +0x1000, 0x4000 +0x4000 and 0xf000 +0x1000. */
static void msix_beside_memory(void)
{
	static const struct {
		u32 table;
		u32 pba;
		bool good;
	} all[] = {
		{ 0x0000, 0x0ff8, true },
		{ 0x0c00, 0x0000, true },
		{ 0x0c08, 0x0000, false },
		{ 0x1ff8, 0x0000, false },
		{ 0x2000, 0x3ff8, true },
		{ 0x2000, 0x4000, false },
		{ 0x2000, 0x7ff8, false },
		{ 0x2000, 0x8000, true },
		{ 0x3c00, 0x2000, true },
		{ 0x3c08, 0x2000, false },
		{ 0xf000, 0x2000, false },
		{ 0x2000, 0xfff8, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		mend();
		model.msix.bar = 0;
		model.msix.table = all[i].table;
		model.msix.pba = all[i].pba;
		unit_context("table 0x%x, PBA 0x%x", all[i].table, all[i].pba);
		EXPECT_EQ(accepted(), all[i].good);
	}
}

static void areas(void)
{
	static const struct {
		struct vdev_area area[3];
		bool good;
	} all[] = {
		{ { { 0, 0 } }, true },
		{ { { 0, 0x10000 } }, true },
		{ { { 0, 0x1000 }, { 0x1000, 0x1000 } }, true },
		{ { { 0xf000, 0x1000 } }, true },
		{ { { 0xf000, 0x2000 } }, false },
		{ { { 0x10000, 0x1000 } }, false },
		{ { { 0, 0x11000 } }, false },
		{ { { 0, 0x800 } }, false },
		{ { { 0x800, 0x1000 } }, false },
		{ { { 0x1000, 0x1001 } }, false },
		/* not ascending, not apart */
		{ { { 0x4000, 0x1000 }, { 0x1000, 0x1000 } }, false },
		{ { { 0x1000, 0x2000 }, { 0x2000, 0x1000 } }, false },
		{ { { 0x1000, 0x1000 }, { 0x1000, 0x1000 } }, false },
		/* an end that is not what it seems */
		{ { { -0x1000ULL, 0x1000 } }, false },
		{ { { -0x1000ULL, 0x2000 } }, false },
		{ { { 0x1000, -0x1000ULL } }, false },
		{ { { 0x1000, 0x1000 }, { 0x2000, -0x2000ULL } }, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		mend();
		model.bars[0].memory = all[i].area;
		unit_context("row %u", i);
		EXPECT_EQ(accepted(), all[i].good);
	}
}

static void memory_in_memory_only(void)
{
	static const struct vdev_area area[] = { { 0, 0x1000 }, { } };

	mend();
	model.bars[3].memory = area;	/* has 16 bytes */
	EXPECT(!accepted());
	mend();
	model.bars[4].memory = area;
	EXPECT(accepted());
	mend();
	model.bars[3] = (struct vdev_bar) {
		VDEV_BAR_IO, .max_width = 1, .size = 256, .memory = area,
	};
	EXPECT(!accepted());
	/* the high half of BAR0's address */
	mend();
	model.bars[1].memory = area;
	EXPECT(!accepted());
}

static void bars_of_64_bits(void)
{
	const struct vdev_bar wide = {
		VDEV_BAR_MEM64, .max_width = 8, .size = 16,
	};
	const struct vdev_bar narrow = {
		VDEV_BAR_MEM, .max_width = 8, .size = 16,
	};
	unsigned int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		mend();
		model.msix.vectors = 0;
		memset(model.bars, 0, sizeof(model.bars));
		model.bars[bar] = wide;
		unit_context("BAR%u", bar);
		/* the last has no register left for its high half */
		EXPECT_EQ(accepted(), bar != 5);
		if (bar == 5)
			break;
		model.bars[bar + 1] = narrow;
		EXPECT(!accepted());
		model.bars[bar + 1] = wide;
		EXPECT(!accepted());
	}
}

static void sizes(void)
{
	static const struct {
		enum vdev_bar_type type;
		u64 size;
		bool good;
	} all[] = {
		{ VDEV_BAR_MEM64, 0, false },
		{ VDEV_BAR_MEM64, 8, false },
		{ VDEV_BAR_MEM64, 16, true },
		{ VDEV_BAR_MEM64, 24, false },
		{ VDEV_BAR_MEM64, 1ULL << 30, true },
		{ VDEV_BAR_MEM64, 1ULL << 31, false },
		{ VDEV_BAR_MEM64, 1ULL << 32, false },
		{ VDEV_BAR_MEM64, 1ULL << 63, false },
		{ VDEV_BAR_MEM64, ~0ULL, false },
		{ VDEV_BAR_MEM, 1ULL << 32, false },
		{ VDEV_BAR_IO, 1ULL << 32, false },
		{ VDEV_BAR_IO, (1ULL << 32) + 8, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		mend();
		model.bars[4].type = all[i].type;
		model.bars[4].size = all[i].size;
		unit_context("%u, 0x%llx", all[i].type, all[i].size);
		EXPECT_EQ(accepted(), all[i].good);
	}
}

static void prefetchable(void)
{
	mend();
	model.bars[4].prefetchable = true;
	EXPECT(accepted());
	model.bars[4] = (struct vdev_bar) {
		VDEV_BAR_IO, true, .max_width = 1, .size = 8,
	};
	EXPECT(!accepted());
	model.bars[4].prefetchable = false;
	EXPECT(accepted());
}

static void msi_vectors(void)
{
	unsigned int nr;

	for (nr = 0; nr < 256; nr++) {
		mend();
		model.msi_vectors = nr;
		unit_context("%u", nr);
		EXPECT_EQ(accepted(), nr <= 2 || nr == 4 || nr == 8 ||
			  nr == 16 || nr == 32);
	}
}

static void extended_without_express(void)
{
	mend();
	model.pcie = false;
	EXPECT(!accepted());
	model.serial = 0;
	EXPECT(!accepted());
	model.vendor_ext_cap.size = 0;
	EXPECT(accepted());
	model.serial = 1;
	EXPECT(!accepted());
}

static void blobs(void)
{
	static u8 bytes[(16 << 20) + 1];

	mend();
	model.vendor_cap = (struct vdev_blob) { bytes, 32 };
	EXPECT(accepted());
	model.vendor_cap.size = 33;
	EXPECT(!accepted());
	/* what would be a sound length, were it a byte */
	model.vendor_cap.size = 256 + 5;
	EXPECT(!accepted());

	mend();
	model.vendor_ext_cap = (struct vdev_blob) { bytes, 256 };
	EXPECT(accepted());
	model.vendor_ext_cap.size = 257;
	EXPECT(!accepted());
	model.vendor_ext_cap.size = ~0U;
	EXPECT(!accepted());

	mend();
	model.rom = (struct vdev_blob) { bytes, 16 << 20 };
	EXPECT(accepted());
	model.rom.size = sizeof(bytes);
	EXPECT(!accepted());
	model.rom.size = ~0U;
	EXPECT(!accepted());
}

/* A size of what is not there. */
static void blobs_without_bytes(void)
{
	mend();
	model.vendor_cap.data = NULL;
	EXPECT(!accepted());
	mend();
	model.vendor_ext_cap.data = NULL;
	EXPECT(!accepted());
	mend();
	model.rom.data = NULL;
	EXPECT(!accepted());
	model.rom.size = 0;
	EXPECT(accepted());
}

static const struct unit_case cases[] = {
	UNIT_CASE(as_it_is),
	UNIT_CASE(msix_vectors),
	UNIT_CASE(msix_places),
	UNIT_CASE(msix_bars),
	UNIT_CASE(msix_beside_memory),
	UNIT_CASE(areas),
	UNIT_CASE(memory_in_memory_only),
	UNIT_CASE(bars_of_64_bits),
	UNIT_CASE(sizes),
	UNIT_CASE(prefetchable),
	UNIT_CASE(msi_vectors),
	UNIT_CASE(extended_without_express),
	UNIT_CASE(blobs),
	UNIT_CASE(blobs_without_bytes),
	{ }
};

const struct unit_suite model_suite = { "model", cases };
