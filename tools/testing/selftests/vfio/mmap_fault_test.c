// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped device memory in the life of the device: it does not answer while the
 * BAR does not decode, keeps what is in it meanwhile, and loses it at reset.
 */
#include <signal.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/probe.h"
#include "lib/testdev.h"

#define PAGE 4096
#define PAGES 8
#define SIZE (PAGES * PAGE)
#define RW (PROT_READ | PROT_WRITE)

/* Two mappings of one BAR, and one of the other. */
FIXTURE(mmap_fault)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	__u8 *map;
	__u8 *again;
	__u8 *mixed;
};

FIXTURE_VARIANT(mmap_fault)
{
	enum testdev_model model;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(mmap_fault, pcie_container) {
	.model = TESTDEV_PCIE, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(mmap_fault, pcie_iommufd) {
	.model = TESTDEV_PCIE, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(mmap_fault, large) {
	.model = TESTDEV_LARGE, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(mmap_fault)
{
	int ret = testdev_open(&self->testdev, variant->model, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	self->map = dev_mmap(self->dev, TESTDEV_MEMORY, 0, SIZE, RW);
	self->again = dev_mmap(self->dev, TESTDEV_MEMORY, 0, SIZE, RW);
	self->mixed = dev_mmap(self->dev, TESTDEV_MIXED, TESTDEV_AREA0_START,
			       TESTDEV_AREA0_SIZE, RW);
	ASSERT_NE(MAP_FAILED, self->map);
	ASSERT_NE(MAP_FAILED, self->again);
	ASSERT_NE(MAP_FAILED, self->mixed);
	testdev_enable(self->dev);
}

FIXTURE_TEARDOWN(mmap_fault)
{
	munmap(self->map, SIZE);
	munmap(self->again, SIZE);
	munmap(self->mixed, TESTDEV_AREA0_SIZE);
	testdev_close(&self->testdev);
}

/* All of it is mapped, through every mapping, with something in it. */
static void fill(__u8 *map, __u8 *again, __u8 *mixed)
{
	unsigned int i;

	for (i = 0; i < PAGES - 1; i++) {
		map[i * PAGE] = i + 1;
		again[i * PAGE + 1] = i + 2;
	}
	mixed[0] = 0x55;
}

/* One page of it was never touched. */
static bool filled(const __u8 *map, const __u8 *mixed)
{
	unsigned int i;

	for (i = 0; i < PAGES - 1; i++)
		if (map[i * PAGE] != i + 1 || map[i * PAGE + 1] != i + 2)
			return false;
	return !map[i * PAGE] && mixed[0] == 0x55;
}

static void expect_no_answer(struct __test_metadata *_metadata, __u8 *map,
			     __u8 *again, __u8 *mixed)
{
	__u8 *places[] = { map, again, map + SIZE - PAGE, mixed };
	unsigned int i;
	__u8 val;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		EXPECT_EQ(SIGBUS, probe_read(places[i], &val));
		EXPECT_EQ(SIGBUS, probe_write(places[i], 0xee));
	}
}

/* COMMAND.MEM is off after power-on, but what can be mapped is told by then. */
TEST_F(mmap_fault, mapped_before_it_decodes)
{
	config_command(self->dev, PCI_COMMAND_MEMORY, 0);
	expect_no_answer(_metadata, self->map, self->again, self->mixed);
	config_command(self->dev, 0, PCI_COMMAND_MEMORY);
	fill(self->map, self->again, self->mixed);
	EXPECT_TRUE(filled(self->map, self->mixed));
}

/* As when a guest moves its BARs: off and on, again and again. */
TEST_F(mmap_fault, command_memory)
{
	unsigned int i;
	__u64 val;

	for (i = 0; i < 20; i++) {
		fill(self->map, self->again, self->mixed);
		config_command(self->dev, PCI_COMMAND_MEMORY, 0);
		expect_no_answer(_metadata, self->map, self->again,
				 self->mixed);
		/* a write to a BAR that is off is lost, a read gives ones */
		val = 0;
		EXPECT_EQ(8, dev_write(self->dev, TESTDEV_MEMORY, &val, 8, 0));
		EXPECT_EQ(8, dev_read(self->dev, TESTDEV_MEMORY, &val, 8, 0));
		EXPECT_EQ(~0ULL, val);
		config_command(self->dev, 0, PCI_COMMAND_MEMORY);
		EXPECT_TRUE(filled(self->map, self->mixed));
		EXPECT_TRUE(filled(self->again, self->mixed));
	}
}

TEST_F(mmap_fault, d3hot)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		fill(self->map, self->again, self->mixed);
		config_power_state(self->dev, 3);
		expect_no_answer(_metadata, self->map, self->again,
				 self->mixed);
		config_power_state(self->dev, 0);
		EXPECT_TRUE(filled(self->map, self->mixed));
	}
}

/* Both have to allow it. */
TEST_F(mmap_fault, d3hot_and_command)
{
	__u8 val;

	fill(self->map, self->again, self->mixed);
	config_power_state(self->dev, 3);
	config_command(self->dev, PCI_COMMAND_MEMORY, 0);
	config_power_state(self->dev, 0);
	EXPECT_EQ(SIGBUS, probe_read(self->map, &val));
	config_power_state(self->dev, 3);
	config_command(self->dev, 0, PCI_COMMAND_MEMORY);
	EXPECT_EQ(SIGBUS, probe_read(self->map, &val));
	config_power_state(self->dev, 0);
	EXPECT_TRUE(filled(self->map, self->mixed));
}

/* COMMAND.IO and MASTER have nothing to do with it. */
TEST_F(mmap_fault, other_bits_of_command)
{
	fill(self->map, self->again, self->mixed);
	config_command(self->dev, PCI_COMMAND_IO | PCI_COMMAND_MASTER,
		       PCI_COMMAND_INTX_DISABLE | PCI_COMMAND_SERR);
	EXPECT_TRUE(filled(self->map, self->mixed));
}

/* A read() into, or a write() from, memory that does not answer. */
TEST_F(mmap_fault, as_a_buffer)
{
	__u8 bytes[PAGE];
	__u16 command;

	fill(self->map, self->again, self->mixed);
	command = config_read16(self->dev, PCI_COMMAND);
	config_command(self->dev, PCI_COMMAND_MEMORY, 0);
	EXPECT_EQ(-EFAULT, dev_read(self->dev, VFIO_PCI_CONFIG_REGION_INDEX,
				    self->map, 64, 0));
	EXPECT_EQ(-EFAULT, dev_write(self->dev, VFIO_PCI_CONFIG_REGION_INDEX,
				     self->map, 64, 0));
	config_command(self->dev, 0, PCI_COMMAND_MEMORY);
	EXPECT_TRUE(filled(self->map, self->mixed));

	/* the very write that switches it off comes from there */
	memset(bytes, 0, sizeof(bytes));
	memcpy(self->map + PAGE, &command, sizeof(command));
	self->map[PAGE] &= ~PCI_COMMAND_MEMORY;
	EXPECT_EQ(2, dev_write(self->dev, VFIO_PCI_CONFIG_REGION_INDEX,
			       self->map + PAGE, 2, PCI_COMMAND));
	EXPECT_EQ(0, config_read16(self->dev, PCI_COMMAND) &
		     PCI_COMMAND_MEMORY);
	EXPECT_EQ(SIGBUS, probe_read(self->map + PAGE, bytes));
}

/* What each kind of reset leaves: no answer, then zeros. */
static void expect_cleared(struct __test_metadata *_metadata,
			   struct vfio_dev *dev, __u8 *map, __u8 *again,
			   __u8 *mixed)
{
	unsigned int i;

	expect_no_answer(_metadata, map, again, mixed);
	testdev_enable(dev);
	for (i = 0; i < SIZE; i += 16) {
		EXPECT_EQ(0, map[i]);
		EXPECT_EQ(0, again[i + 1]);
	}
	EXPECT_EQ(0, mixed[0]);
	fill(map, again, mixed);
	EXPECT_TRUE(filled(again, mixed));
}

TEST_F(mmap_fault, reset)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		fill(self->map, self->again, self->mixed);
		ASSERT_EQ(0, dev_reset(self->dev));
		expect_cleared(_metadata, self->dev, self->map, self->again,
			       self->mixed);
	}
}

TEST_F(mmap_fault, function_level_reset)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		fill(self->map, self->again, self->mixed);
		config_flr(self->dev);
		expect_cleared(_metadata, self->dev, self->map, self->again,
			       self->mixed);
	}
}

/* A reset asked for by a write() whose bytes are in what the reset clears. */
TEST_F(mmap_fault, reset_from_its_own_memory)
{
	unsigned int devctl = config_find_cap(self->dev, PCI_CAP_ID_EXP) +
			      PCI_EXP_DEVCTL;

	fill(self->map, self->again, self->mixed);
	self->map[1] = 0x80;
	EXPECT_EQ(1, dev_write(self->dev, VFIO_PCI_CONFIG_REGION_INDEX,
			       self->map + 1, 1, devctl + 1));
	expect_cleared(_metadata, self->dev, self->map, self->again,
		       self->mixed);
}

/*
 * A mapping is a user of the device as a descriptor is: only when both are gone
 * is it closed, and the next user finds zeros.
 */
TEST_F(mmap_fault, close_and_open)
{
	__u8 *map;

	fill(self->map, self->again, self->mixed);
	dev_close(self->dev);
	EXPECT_TRUE(filled(self->map, self->mixed));
	self->map[0] = 0x77;
	EXPECT_EQ(0x77, self->again[0]);
	munmap(self->map, SIZE);
	munmap(self->again, SIZE);
	munmap(self->mixed, TESTDEV_AREA0_SIZE);

	ASSERT_EQ(0, dev_open(self->dev, &self->testdev.loc, variant->path));
	testdev_enable(self->dev);
	map = dev_mmap(self->dev, TESTDEV_MEMORY, 0, SIZE, RW);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, map[0]);
	EXPECT_EQ(0, map[PAGE + 1]);
	munmap(map, SIZE);
}

TEST_HARNESS_MAIN
