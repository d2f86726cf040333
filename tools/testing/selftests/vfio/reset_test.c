// SPDX-License-Identifier: GPL-2.0-only
/*
 * Function level reset (PCI Express 2.1, 7.8.4) and the other ways to a device
 * that is as after power-on.
 */
#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/testdev.h"

#define CONFIG VFIO_PCI_CONFIG_REGION_INDEX
#define CONFIG_SIZE_EXP 4096

FIXTURE(reset)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	__u8 fresh[CONFIG_SIZE_EXP];
};

FIXTURE_VARIANT(reset)
{
	enum testdev_model model;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(reset, pcie_container) {
	.model = TESTDEV_PCIE, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(reset, pcie_iommufd) {
	.model = TESTDEV_PCIE, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(reset, large) {
	.model = TESTDEV_LARGE, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(reset)
{
	int ret = testdev_open(&self->testdev, variant->model, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	ASSERT_EQ(CONFIG_SIZE_EXP, dev_read(self->dev, CONFIG, self->fresh,
					    CONFIG_SIZE_EXP, 0));
}

FIXTURE_TEARDOWN(reset)
{
	testdev_close(&self->testdev);
}

/* Something in each place that a reset clears. */
static void leave_traces(struct vfio_dev *dev)
{
	__u64 pattern = 0x1122334455667788ULL;

	testdev_enable(dev);
	testdev_out(dev, TESTDEV_SCRATCH, 0xcafe);
	testdev_out(dev, TESTDEV_RAISE, TESTDEV_RAISE_LEVEL | 1);
	dev_write(dev, TESTDEV_MEMORY, &pattern, sizeof(pattern), 0x2000);
	dev_write(dev, TESTDEV_MIXED, &pattern, sizeof(pattern),
		  TESTDEV_AREA1_START);
	config_write32(dev, PCI_BASE_ADDRESS_2, 0x80000000);
	config_write8(dev, PCI_INTERRUPT_LINE, 11);
}

/* Nothing is left of them, but that there was a reset. */
static void expect_no_traces(struct __test_metadata *_metadata,
			     struct vfio_dev *dev, const __u8 *fresh,
			     __u32 resets)
{
	__u8 bytes[CONFIG_SIZE_EXP];
	__u64 memory = ~0ULL;

	ASSERT_EQ(sizeof(bytes),
		  dev_read(dev, CONFIG, bytes, sizeof(bytes), 0));
	EXPECT_EQ(0, memcmp(bytes, fresh, sizeof(bytes)));
	EXPECT_EQ(~0U, testdev_in(dev, TESTDEV_SCRATCH));
	testdev_enable(dev);
	EXPECT_EQ(0, testdev_in(dev, TESTDEV_SCRATCH));
	EXPECT_EQ(resets, testdev_in(dev, TESTDEV_RESETS));
	EXPECT_EQ(8, dev_read(dev, TESTDEV_MEMORY, &memory, 8, 0x2000));
	EXPECT_EQ(0, memory);
	memory = ~0ULL;
	EXPECT_EQ(8, dev_read(dev, TESTDEV_MIXED, &memory, 8,
			      TESTDEV_AREA1_START));
	EXPECT_EQ(0, memory);
}

/* By a write of each width that has the bit in it, in D3hot too. */
TEST_F(reset, function_level)
{
	unsigned int devctl = config_find_cap(self->dev, PCI_CAP_ID_EXP) +
			      PCI_EXP_DEVCTL;
	unsigned int i;
	__u32 resets;

	testdev_enable(self->dev);
	resets = testdev_in(self->dev, TESTDEV_RESETS);
	for (i = 0; i < 4; i++) {
		leave_traces(self->dev);
		if (i == 3)
			config_power_state(self->dev, 3);
		if (i == 0)
			config_write8(self->dev, devctl + 1, 0x80);
		else if (i == 1)
			config_write32(self->dev, devctl, 0x8000);
		else
			config_flr(self->dev);
		EXPECT_EQ(0, PCI_EXP_DEVCTL_BCR_FLR &
			  config_read16(self->dev, devctl));
		expect_no_traces(_metadata, self->dev, self->fresh, ++resets);
	}
	/* bit 7 of the low byte is not it */
	testdev_out(self->dev, TESTDEV_SCRATCH, 0xcafe);
	config_write8(self->dev, devctl, 0x80);
	EXPECT_EQ(0xcafe, testdev_in(self->dev, TESTDEV_SCRATCH));
}

/* VFIO_DEVICE_RESET and the next open leave no more than that. */
TEST_F(reset, other_ways)
{
	__u32 resets;

	leave_traces(self->dev);
	resets = testdev_in(self->dev, TESTDEV_RESETS);
	ASSERT_EQ(0, dev_reset(self->dev));
	expect_no_traces(_metadata, self->dev, self->fresh, resets + 1);
	leave_traces(self->dev);
	testdev_close(&self->testdev);
	ASSERT_EQ(0, dev_open(self->dev, &self->testdev.loc, variant->path));
	/* one reset when it was closed, one when it was opened */
	expect_no_traces(_metadata, self->dev, self->fresh, resets + 3);
}

/* As with VFIO_DEVICE_RESET: what interrupts are bound to is the user's. */
TEST_F(reset, keeps_eventfds)
{
	int event = event_new();

	ASSERT_EQ(0, irq_bind(self->dev, VFIO_PCI_MSIX_IRQ_INDEX, event));
	config_flr(self->dev);
	testdev_enable(self->dev);
	testdev_out(self->dev, TESTDEV_RAISE, 0);
	EXPECT_EQ(1, event_wait(event));
	close(event);
}

TEST_HARNESS_MAIN
