// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI function as configuration software sees it: both kinds of
 * configuration space, every capability to the bit, BARs of every kind, the
 * ROM.
 *
 * PCI 3.0, PCI PM 1.2 and PCI Express 2.1 say what has to be there.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/testdev.h"

#define CONFIG VFIO_PCI_CONFIG_REGION_INDEX
#define ROM VFIO_PCI_ROM_REGION_INDEX
#define CONFIG_SIZE_EXP 4096

#define EXP_SIZE 0x3c		/* of a PCI Express capability of version 2 */

static const char longest_text[257] = { [0 ... 255] = 'v' };

/* What is particular to a model. */
static const struct expected {
	unsigned int config_size;
	unsigned int msi;
	unsigned int msix;
	__u32 msix_table;
	__u32 msix_pba;
	__u64 serial;
	const char *vendor;
	const char *vendor_ext;
	/* reads back after writing ones: BARs, then the ROM */
	__u32 sized[PCI_STD_NUM_BARS + 1];
	__u64 region_size[PCI_STD_NUM_BARS];
	__u16 command;
} expected[TESTDEV_MODELS] = {
	[TESTDEV_PCIE] = {
		.config_size = 4096,
		.msi = 32,
		.msix = 64,
		.msix_table = 4,
		.msix_pba = 0x800 | 4,
		.serial = 0x0123456789abcdefULL,
		.vendor = "vdev test",
		.vendor_ext = "vdev test, extended",
		.sized = { 0xfffe0000, 0, 0xfff0000c, 0xffffffff, 0xffff0000,
			   0, 0xfffff801 },
		.region_size = { 0x20000, 0, 0x100000, 0, 0x10000, 0 },
		.command = PCI_COMMAND_MEMORY,
	},
	[TESTDEV_LARGE] = {
		.config_size = 4096,
		.msi = 32,
		.msix = 2048,
		.msix_table = 0x10000 | 4,
		.msix_pba = 0x18000 | 4,
		.serial = ~0ULL,
		.vendor = "32 bytes are all that can be had",
		.vendor_ext = longest_text,
		.sized = { 0xfffe0000, 0, 0xc000000c, 0xffffffff, 0xfffe0004,
			   0xffffffff, 0 },
		.region_size = { 0x20000, 0, 0x40000000, 0, 0x20000, 0 },
		.command = PCI_COMMAND_MEMORY,
	},
	[TESTDEV_PCI] = {
		.config_size = 256,
		.msi = 1,
		.sized = { 0xfffe0000, 0xffffff01, 0, 0, 0, 0, 0 },
		.region_size = { 0x20000, 256, 0, 0, 0, 0 },
		.command = PCI_COMMAND_MEMORY | PCI_COMMAND_IO,
	},
};

/* What every model has. */
FIXTURE(function)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	const struct expected *expected;
};

FIXTURE_VARIANT(function)
{
	enum testdev_model model;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(function, pcie_container) {
	.model = TESTDEV_PCIE, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(function, pcie_iommufd) {
	.model = TESTDEV_PCIE, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(function, large) {
	.model = TESTDEV_LARGE, .path = DEV_PATH_DEFAULT,
};

FIXTURE_VARIANT_ADD(function, pci) {
	.model = TESTDEV_PCI, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(function)
{
	int ret = testdev_open(&self->testdev, variant->model, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	self->expected = &expected[variant->model];
}

FIXTURE_TEARDOWN(function)
{
	testdev_close(&self->testdev);
}

/* What only a model with PCI Express, MSI-X and memory has. */
FIXTURE(express)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	const struct expected *expected;
};

FIXTURE_VARIANT(express)
{
	enum testdev_model model;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(express, pcie_container) {
	.model = TESTDEV_PCIE, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(express, pcie_iommufd) {
	.model = TESTDEV_PCIE, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(express, large) {
	.model = TESTDEV_LARGE, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(express)
{
	int ret = testdev_open(&self->testdev, variant->model, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	self->expected = &expected[variant->model];
}

FIXTURE_TEARDOWN(express)
{
	testdev_close(&self->testdev);
}

static void config_all(struct vfio_dev *dev, const struct expected *expected,
		       __u8 *buf)
{
	ssize_t ret = dev_read(dev, CONFIG, buf, expected->config_size, 0);

	memset(buf + expected->config_size, 0,
	       CONFIG_SIZE_EXP - expected->config_size);
	if (ret != (ssize_t)expected->config_size)
		memset(buf, 0xa5, CONFIG_SIZE_EXP);
}

/* A byte string at @offset, and nothing but that. */
static bool config_has(struct vfio_dev *dev, unsigned int offset,
		       const char *bytes)
{
	char buf[256] = "";

	return dev_read(dev, CONFIG, buf, strlen(bytes), offset) ==
	       (ssize_t)strlen(bytes) && !memcmp(buf, bytes, strlen(bytes));
}

TEST_F(function, config_size)
{
	const struct vfio_region_info *info = dev_region(self->dev, CONFIG);
	unsigned int size = self->expected->config_size;
	__u8 buf[16];

	ASSERT_NE(NULL, info);
	EXPECT_EQ(size, info->size);
	EXPECT_EQ(4, dev_read(self->dev, CONFIG, buf, 4, size - 4));
	EXPECT_EQ(4, dev_read(self->dev, CONFIG, buf, 16, size - 4));
	EXPECT_EQ(-EINVAL, dev_read(self->dev, CONFIG, buf, 4, size));
	EXPECT_EQ(-EINVAL, dev_write(self->dev, CONFIG, buf, 4, size));
	EXPECT_EQ(-EINVAL, dev_read(self->dev, CONFIG, buf, 1, 4096));
}

/* The ids, in the order of the list, which ends. */
TEST_F(function, list_of_capabilities)
{
	static const __u8 ids[] = {
		PCI_CAP_ID_PM, PCI_CAP_ID_MSI, PCI_CAP_ID_MSIX, PCI_CAP_ID_EXP,
		PCI_CAP_ID_VNDR,
	};
	unsigned int nr = variant->model == TESTDEV_PCI ? 2 : ARRAY_SIZE(ids);
	unsigned int i, pos = config_read8(self->dev, PCI_CAPABILITY_LIST);

	EXPECT_EQ(PCI_STATUS_CAP_LIST, config_read16(self->dev, PCI_STATUS));
	for (i = 0; i < nr; i++) {
		ASSERT_LE(0x40, pos);
		EXPECT_EQ(0, pos & 3);
		EXPECT_EQ(ids[i],
			  config_read8(self->dev, pos + PCI_CAP_LIST_ID));
		pos = config_read8(self->dev, pos + PCI_CAP_LIST_NEXT);
	}
	EXPECT_EQ(0, pos);
}

TEST_F(function, power_management)
{
	unsigned int cap = config_find_cap(self->dev, PCI_CAP_ID_PM);

	ASSERT_NE(0, cap);
	/* version 3, D0 and D3hot only, no PME */
	EXPECT_EQ(3, config_read16(self->dev, cap + PCI_PM_PMC));
	EXPECT_EQ(PCI_PM_CTRL_NO_SOFT_RESET,
		  config_read16(self->dev, cap + PCI_PM_CTRL));
	EXPECT_EQ(0, config_read16(self->dev, cap + 6));
}

TEST_F(function, msi)
{
	unsigned int cap = config_find_cap(self->dev, PCI_CAP_ID_MSI);
	__u16 control;

	ASSERT_NE(0, cap);
	control = config_read16(self->dev, cap + PCI_MSI_FLAGS);
	EXPECT_EQ(PCI_MSI_FLAGS_64BIT, control & ~PCI_MSI_FLAGS_QMASK);
	EXPECT_EQ(self->expected->msi,
		  1U << ((control & PCI_MSI_FLAGS_QMASK) >> 1));
	EXPECT_EQ(0, config_read32(self->dev, cap + PCI_MSI_ADDRESS_LO));
	EXPECT_EQ(0, config_read32(self->dev, cap + PCI_MSI_ADDRESS_HI));
	EXPECT_EQ(0, config_read16(self->dev, cap + PCI_MSI_DATA_64));
}

TEST_F(express, msix)
{
	unsigned int cap = config_find_cap(self->dev, PCI_CAP_ID_MSIX);

	ASSERT_NE(0, cap);
	EXPECT_EQ(self->expected->msix - 1,
		  config_read16(self->dev, cap + PCI_MSIX_FLAGS));
	EXPECT_EQ(self->expected->msix_table,
		  config_read32(self->dev, cap + PCI_MSIX_TABLE));
	EXPECT_EQ(self->expected->msix_pba,
		  config_read32(self->dev, cap + PCI_MSIX_PBA));
}

/* An endpoint that can be reset, behind a link of one lane. */
TEST_F(express, pci_express)
{
	unsigned int cap = config_find_cap(self->dev, PCI_CAP_ID_EXP);
	unsigned int pos;

	ASSERT_NE(0, cap);
	EXPECT_EQ(2 | PCI_EXP_TYPE_ENDPOINT << 4,
		  config_read16(self->dev, cap + PCI_EXP_FLAGS));
	EXPECT_EQ(PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR,
		  config_read32(self->dev, cap + PCI_EXP_DEVCAP));
	/* PCIe 7.8.4: the defaults of Enable Relaxed Ordering and No Snoop */
	EXPECT_EQ(PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN |
		  PCI_EXP_DEVCTL_READRQ_512B,
		  config_read16(self->dev, cap + PCI_EXP_DEVCTL));
	EXPECT_EQ(0, config_read16(self->dev, cap + PCI_EXP_DEVSTA));
	EXPECT_EQ(PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4,
		  config_read32(self->dev, cap + PCI_EXP_LNKCAP));
	EXPECT_EQ(0, config_read16(self->dev, cap + PCI_EXP_LNKCTL));
	EXPECT_EQ(PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1,
		  config_read16(self->dev, cap + PCI_EXP_LNKSTA));
	for (pos = 0x14; pos < EXP_SIZE; pos += 4)
		EXPECT_EQ(pos == PCI_EXP_LNKCTL2 ? PCI_EXP_LNKCTL2_TLS_2_5GT : 0,
			  config_read32(self->dev, cap + pos));
}

TEST_F(express, vendor_specific)
{
	unsigned int cap = config_find_cap(self->dev, PCI_CAP_ID_VNDR);
	const char *text = self->expected->vendor;

	ASSERT_NE(0, cap);
	EXPECT_EQ(3 + strlen(text),
		  config_read8(self->dev, cap + PCI_CAP_FLAGS));
	EXPECT_TRUE(config_has(self->dev, cap + 3, text));
}

/* DSN, then a vendor's. The first is where PCIe 7.9.1 wants it. */
TEST_F(express, extended_capabilities)
{
	const struct expected *want = self->expected;
	unsigned int pos = PCI_CFG_SPACE_SIZE;
	__u32 header;

	header = config_read32(self->dev, pos);
	EXPECT_EQ(PCI_EXT_CAP_ID_DSN, PCI_EXT_CAP_ID(header));
	EXPECT_EQ(1, PCI_EXT_CAP_VER(header));
	EXPECT_EQ((__u32)want->serial, config_read32(self->dev, pos + 4));
	EXPECT_EQ(want->serial >> 32, config_read32(self->dev, pos + 8));

	pos = PCI_EXT_CAP_NEXT(header);
	if (!want->vendor_ext) {
		EXPECT_EQ(0, pos);
		return;
	}
	ASSERT_LT(PCI_CFG_SPACE_SIZE, pos);
	EXPECT_EQ(0, pos & 3);
	header = config_read32(self->dev, pos);
	EXPECT_EQ(PCI_EXT_CAP_ID_VNDR, PCI_EXT_CAP_ID(header));
	EXPECT_EQ(1, PCI_EXT_CAP_VER(header));
	EXPECT_EQ(0, PCI_EXT_CAP_NEXT(header));
	EXPECT_EQ((8 + strlen(want->vendor_ext)) << 20,
		  config_read32(self->dev, pos + PCI_VNDR_HEADER));
	EXPECT_TRUE(config_has(self->dev, pos + 8, want->vendor_ext));
}

/* Bits that software sets, as the specifications have them. */
static void allow(__u8 *map, unsigned int offset, unsigned int width,
		  __u32 bits)
{
	for (; width--; bits >>= 8)
		map[offset++] = bits;
}

static void writable_bits(struct vfio_dev *dev, const struct expected *want,
			  __u8 *map)
{
	unsigned int i, pm, msi, msix, exp;

	memset(map, 0, CONFIG_SIZE_EXP);
	allow(map, PCI_COMMAND, 2, want->command | PCI_COMMAND_MASTER |
	      PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
	allow(map, PCI_CACHE_LINE_SIZE, 1, 0xff);
	allow(map, PCI_INTERRUPT_LINE, 1, 0xff);
	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		allow(map, PCI_BASE_ADDRESS_0 + 4 * i, 4, want->sized[i] & ~15);
	allow(map, PCI_ROM_ADDRESS, 4, want->sized[PCI_STD_NUM_BARS]);
	/* I/O addresses count from bit 2 */
	if (want->sized[1] & PCI_BASE_ADDRESS_SPACE_IO)
		allow(map, PCI_BASE_ADDRESS_1, 4, want->sized[1] & ~3);
	/* the upper half of an address */
	for (i = 1; i < PCI_STD_NUM_BARS; i++)
		if (want->sized[i] == 0xffffffff)
			allow(map, PCI_BASE_ADDRESS_0 + 4 * i, 4, 0xffffffff);

	pm = config_find_cap(dev, PCI_CAP_ID_PM);
	allow(map, pm + PCI_PM_CTRL, 2, PCI_PM_CTRL_STATE_MASK);
	msi = config_find_cap(dev, PCI_CAP_ID_MSI);
	allow(map, msi + PCI_MSI_FLAGS, 2,
	      PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	allow(map, msi + PCI_MSI_ADDRESS_LO, 4, 0xfffffffc);
	allow(map, msi + PCI_MSI_ADDRESS_HI, 4, 0xffffffff);
	allow(map, msi + PCI_MSI_DATA_64, 2, 0xffff);
	msix = config_find_cap(dev, PCI_CAP_ID_MSIX);
	if (msix)
		allow(map, msix + PCI_MSIX_FLAGS, 2,
		      PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	exp = config_find_cap(dev, PCI_CAP_ID_EXP);
	if (!exp)
		return;
	/* no extended tags, no phantom functions, no auxiliary power */
	allow(map, exp + PCI_EXP_DEVCTL, 2, 0x78ff);
	allow(map, exp + PCI_EXP_LNKCTL, 2, 0x00cb);
}

/*
 * Every byte there is, one by one: ones and zeros reach the bits that software
 * may set and no other. Status bits that writing 1 clears are zero.
 */
TEST_F(function, every_bit)
{
	__u8 before[CONFIG_SIZE_EXP], after[CONFIG_SIZE_EXP];
	unsigned int flr = ~0U, offset;
	__u8 map[CONFIG_SIZE_EXP];
	__u8 was;

	config_all(self->dev, self->expected, before);
	writable_bits(self->dev, self->expected, map);
	if (config_find_cap(self->dev, PCI_CAP_ID_EXP))
		flr = config_find_cap(self->dev, PCI_CAP_ID_EXP) +
		      PCI_EXP_DEVCTL + 1;
	for (offset = 0; offset < self->expected->config_size; offset++) {
		was = before[offset];
		config_write8(self->dev, offset,
			      offset == flr ? 0x7f : 0xff);
		EXPECT_EQ(was | map[offset], config_read8(self->dev, offset)) {
			TH_LOG("ones to 0x%x", offset);
		}
		config_write8(self->dev, offset, 0);
		EXPECT_EQ(was & ~map[offset], config_read8(self->dev, offset)) {
			TH_LOG("zeros to 0x%x", offset);
		}
		config_write8(self->dev, offset, was);
	}
	config_all(self->dev, self->expected, after);
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
}

/* Capabilities that are said to be there, and zeros between them. */
TEST_F(function, nothing_else)
{
	const struct expected *want = self->expected;
	unsigned int pos, len, last = 0x40;
	__u8 bytes[CONFIG_SIZE_EXP];

	config_all(self->dev, want, bytes);
	for (pos = bytes[PCI_CAPABILITY_LIST]; pos;
	     pos = bytes[pos + PCI_CAP_LIST_NEXT]) {
		for (; last < pos; last++)
			EXPECT_EQ(0, bytes[last]);
		switch (bytes[pos]) {
		case PCI_CAP_ID_VNDR:
			len = bytes[pos + PCI_CAP_FLAGS];
			break;
		case PCI_CAP_ID_EXP:
			len = EXP_SIZE;
			break;
		case PCI_CAP_ID_MSI:
			len = PCI_MSI_DATA_64 + 2;
			break;
		default:
			len = bytes[pos] == PCI_CAP_ID_PM ? 8 : 12;
		}
		last = pos + len;
	}
	for (; last < PCI_CFG_SPACE_SIZE; last++)
		EXPECT_EQ(0, bytes[last]);
	if (want->config_size == PCI_CFG_SPACE_SIZE)
		return;
	last += PCI_EXT_CAP_DSN_SIZEOF;
	if (want->vendor_ext)
		last = (bytes[0x103] << 4 | bytes[0x102] >> 4) + 8 +
		       strlen(want->vendor_ext);
	for (; last < CONFIG_SIZE_EXP; last++)
		EXPECT_EQ(0, bytes[last]);
}

/* One access of a width is as the bytes of it. */
TEST_F(function, widths)
{
	unsigned int size = self->expected->config_size, offset;
	__u8 bytes[CONFIG_SIZE_EXP];

	config_all(self->dev, self->expected, bytes);
	for (offset = 0; offset < size; offset += 2)
		EXPECT_EQ(bytes[offset] | bytes[offset + 1] << 8,
			  config_read16(self->dev, offset));
	for (offset = 0; offset < size; offset += 4)
		EXPECT_EQ(bytes[offset] | bytes[offset + 1] << 8 |
			  bytes[offset + 2] << 16 |
			  (__u32)bytes[offset + 3] << 24,
			  config_read32(self->dev, offset));
}

/* PCI 6.2.5.1: ones to all, and the size is in what sticks. */
TEST_F(function, bar_sizes)
{
	const struct vfio_region_info *info;
	unsigned int i, offset;

	for (i = 0; i <= PCI_STD_NUM_BARS; i++) {
		offset = i < PCI_STD_NUM_BARS ? PCI_BASE_ADDRESS_0 + 4 * i :
						PCI_ROM_ADDRESS;
		config_write32(self->dev, offset, 0xffffffff);
		EXPECT_EQ(self->expected->sized[i],
			  config_read32(self->dev, offset)) {
			TH_LOG("BAR %u", i);
		}
		/* an address the host gives it is kept, aligned to the size */
		config_write32(self->dev, offset, 0x55555555);
		EXPECT_EQ(0x55555555 & self->expected->sized[i] & ~15,
			  config_read32(self->dev, offset) & ~15);
	}
	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		info = dev_region(self->dev, i);
		ASSERT_NE(NULL, info);
		EXPECT_EQ(self->expected->region_size[i], info->size);
	}
}

/* 55 aa, the text, zeros up to 2 KiB; whatever COMMAND and the BAR say. */
TEST_F(function, rom)
{
	static const char image[] = "\x55\xaa no code in here";
	const struct vfio_region_info *info = dev_region(self->dev, ROM);
	__u8 bytes[2048], again[2048];
	unsigned int i;

	ASSERT_NE(NULL, info);
	if (!self->expected->sized[PCI_STD_NUM_BARS]) {
		EXPECT_EQ(0, info->size);
		EXPECT_EQ(0, info->flags);
		EXPECT_EQ(-EINVAL, dev_read(self->dev, ROM, bytes, 1, 0));
		return;
	}
	EXPECT_EQ(sizeof(bytes), info->size);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ, info->flags);
	ASSERT_EQ(sizeof(bytes),
		  dev_read(self->dev, ROM, bytes, sizeof(bytes), 0));
	EXPECT_EQ(0, memcmp(bytes, image, strlen(image)));
	for (i = strlen(image); i < sizeof(bytes); i++)
		EXPECT_EQ(0, bytes[i]);

	memset(again, 0xff, sizeof(again));
	EXPECT_EQ(-EINVAL, dev_write(self->dev, ROM, again, 64, 0));
	testdev_enable(self->dev);
	config_write32(self->dev, PCI_ROM_ADDRESS, PCI_ROM_ADDRESS_ENABLE);
	EXPECT_EQ(-EINVAL, dev_write(self->dev, ROM, again, 64, 0));
	for (i = 0; i < sizeof(again); i++)
		ASSERT_EQ(1, dev_read(self->dev, ROM, &again[i], 1, i));
	EXPECT_EQ(0, memcmp(bytes, again, sizeof(bytes)));
	EXPECT_EQ(-EINVAL, dev_read(self->dev, ROM, again, 1, sizeof(bytes)));
	EXPECT_EQ(3, dev_read(self->dev, ROM, again, 8, sizeof(bytes) - 3));
}

/* Registers of every width that read as their own offset. */
static __u64 offsets_as_read(__u64 offset, unsigned int width,
			     unsigned int max_width)
{
	unsigned int step = width < max_width ? width : max_width;
	unsigned int done;
	__u64 value = 0;

	for (done = 0; done < width; done += step)
		value |= ((offset + done) & (~0ULL >> (64 - 8 * step))) <<
			 (8 * done);
	return value;
}

TEST(io_bar)
{
	struct testdev testdev;
	struct vfio_dev *dev = &testdev.dev;
	unsigned int width, offset;
	__u64 value;
	int ret;

	ret = testdev_open(&testdev, TESTDEV_PCI, DEV_PATH_DEFAULT);
	if (ret == -ENODEV)
		SKIP(return, "%s", testdev.why);
	ASSERT_EQ(0, ret);
	config_command(dev, 0, PCI_COMMAND_MEMORY);
	value = 0;
	EXPECT_EQ(2, dev_read(dev, TESTDEV_IO, &value, 2, 4));
	EXPECT_EQ(0xffff, value);
	config_command(dev, PCI_COMMAND_MEMORY, PCI_COMMAND_IO);
	for (width = 1; width <= 8; width *= 2) {
		for (offset = 0; offset < 256; offset += width) {
			value = 0;
			EXPECT_EQ(width, dev_read(dev, TESTDEV_IO, &value,
						  width, offset));
			EXPECT_EQ(offsets_as_read(offset, width, 2), value);
		}
	}
	EXPECT_EQ(-EINVAL, dev_read(dev, TESTDEV_IO, &value, 1, 256));
	/* a memory BAR beside it does not answer */
	EXPECT_EQ(~0U, testdev_in(dev, TESTDEV_MAGIC));
	testdev_close(&testdev);
}

/* Registers beside memory and MSI-X structures are the model's. */
TEST_F(express, registers_beside_memory)
{
	static const unsigned int places[] = {
		0x3ff8, 0x6000, 0x7ff8, 0x9000, 0xfff8,
	};
	unsigned int width, i;
	__u64 value;

	config_command(self->dev, 0, PCI_COMMAND_MEMORY);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		for (width = 1; width <= 8; width *= 2) {
			value = 0;
			EXPECT_EQ(width,
				  dev_read(self->dev, TESTDEV_MIXED, &value,
					   width, places[i]));
			EXPECT_EQ(offsets_as_read(places[i], width, 8), value);
		}
	}
}

TEST_F(function, interrupt_counts)
{
	const struct expected *want = self->expected;
	struct vfio_irq_info info = { .argsz = sizeof(info) };

	info.index = VFIO_PCI_INTX_IRQ_INDEX;
	ASSERT_EQ(0, dev_get_irq_info(self->dev, &info));
	EXPECT_EQ(1, info.count);
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
		  VFIO_IRQ_INFO_AUTOMASKED, info.flags);
	info.index = VFIO_PCI_MSI_IRQ_INDEX;
	ASSERT_EQ(0, dev_get_irq_info(self->dev, &info));
	EXPECT_EQ(want->msi, info.count);
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, info.flags);
	info.index = VFIO_PCI_MSIX_IRQ_INDEX;
	ASSERT_EQ(0, dev_get_irq_info(self->dev, &info));
	EXPECT_EQ(want->msix, info.count);
	/* since 6.5 Linux can add vectors: no NORESIZE */
	EXPECT_EQ(want->msix ? VFIO_IRQ_INFO_EVENTFD : 0, info.flags);
}

TEST_HARNESS_MAIN
