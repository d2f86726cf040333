// SPDX-License-Identifier: GPL-2.0-only
/*
 * INTx of a device whose interrupt condition a test sets as it likes: a level,
 * which is signalled again for as long as it holds (vfio.h, AUTOMASKED).
 */
#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/testdev.h"

#define INTX	VFIO_PCI_INTX_IRQ_INDEX
#define ROUNDS	5

FIXTURE(level)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	int event;
};

FIXTURE_VARIANT(level)
{
	enum testdev_model model;
};

FIXTURE_VARIANT_ADD(level, pcie) { .model = TESTDEV_PCIE };
FIXTURE_VARIANT_ADD(level, pci) { .model = TESTDEV_PCI };

FIXTURE_SETUP(level)
{
	int ret = testdev_open(&self->testdev, variant->model,
			       DEV_PATH_DEFAULT);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	self->event = event_new();
	testdev_enable(self->dev);
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
}

FIXTURE_TEARDOWN(level)
{
	close(self->event);
	testdev_close(&self->testdev);
}

static void set_level(struct vfio_dev *dev, bool level)
{
	testdev_out(dev, TESTDEV_RAISE, TESTDEV_RAISE_LEVEL | level);
}

/* PCI 6.2.3: the bit shows the level, masked or not. */
static bool status_bit(struct vfio_dev *dev)
{
	return config_read16(dev, PCI_STATUS) & PCI_STATUS_INTERRUPT;
}

TEST_F(level, until_it_falls)
{
	unsigned int i;

	EXPECT_FALSE(status_bit(self->dev));
	set_level(self->dev, true);
	for (i = 0; i < ROUNDS; i++) {
		EXPECT_EQ(1, event_wait(self->event));
		EXPECT_TRUE(status_bit(self->dev));
		EXPECT_EQ(0, irq_unmask(self->dev));
	}
	EXPECT_EQ(1, event_wait(self->event));
	set_level(self->dev, false);
	EXPECT_FALSE(status_bit(self->dev));
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(0, event_stray(self->event));
}

/* It is a level: how often it rose while masked is of no interest. */
TEST_F(level, rises_are_not_counted)
{
	unsigned int i;

	set_level(self->dev, true);
	EXPECT_EQ(1, event_wait(self->event));
	for (i = 0; i < ROUNDS; i++) {
		set_level(self->dev, false);
		set_level(self->dev, true);
	}
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, event_stray(self->event));
}

/* A message is none of it, whatever its vector. */
TEST_F(level, not_by_messages)
{
	testdev_out(self->dev, TESTDEV_RAISE, 0);
	testdev_out(self->dev, TESTDEV_RAISE, 1);
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_FALSE(status_bit(self->dev));
}

TEST_HARNESS_MAIN
