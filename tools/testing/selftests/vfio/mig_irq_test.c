// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts and migration: nobody is interrupted by a device that is stopped,
 * a level that holds is signalled again when it runs, and a message that was not
 * delivered is delivered once, here or at the destination.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/mig_device.h"
#include "lib/testdev.h"

#define INTX	VFIO_PCI_INTX_IRQ_INDEX
#define MSI	VFIO_PCI_MSI_IRQ_INDEX
#define MSIX	VFIO_PCI_MSIX_IRQ_INDEX
#define VECTOR	2

FIXTURE(testdev)
{
	struct mig_device source;
	struct mig_device target;
	struct vfio_dev *dev;		/* the source */
	struct vfio_dev *dest;
	int event;
};

FIXTURE_SETUP(testdev)
{
	int ret = mig_device_open(&self->source, MIG_TESTDEV, 0,
				  DEV_PATH_DEFAULT);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->source.why);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, mig_device_open(&self->target, MIG_TESTDEV, 1,
				     DEV_PATH_DEFAULT));
	self->dev = &self->source.dev;
	self->dest = &self->target.dev;
	self->event = event_new();
	testdev_enable(self->dev);
}

FIXTURE_TEARDOWN(testdev)
{
	close(self->event);
	mig_device_close(&self->source);
	mig_device_close(&self->target);
}

/* From one to the other, which is left in STOP as before its VMM set it up. */
static void move(struct vfio_dev *dev, struct vfio_dev *dest)
{
	mig_move(dev, dest);
	testdev_enable(dest);
}

static void set_level(struct vfio_dev *dev, bool level)
{
	testdev_out(dev, TESTDEV_RAISE, TESTDEV_RAISE_LEVEL | level);
}

/*
 * A VMM has no other way to learn of it: a level that holds is signalled again
 * whenever the device begins to run, and once.
 */
TEST_F(testdev, level_again)
{
	unsigned int i;

	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	set_level(self->dev, true);
	EXPECT_EQ(1, event_wait(self->event));
	for (i = 0; i < 3; i++) {
		mig_to(self->dev, MIG_STOP);
		EXPECT_EQ(0, event_stray(self->event));
		mig_to(self->dev, MIG_RUNNING);
		EXPECT_EQ(1, event_wait(self->event));
		EXPECT_EQ(0, event_stray(self->event));
	}
	/* it is a level still */
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(1, event_wait(self->event));
	set_level(self->dev, false);
	mig_to(self->dev, MIG_STOP);
	mig_to(self->dev, MIG_RUNNING);
	EXPECT_EQ(0, event_stray(self->event));
}

TEST_F(testdev, level_moves)
{
	int dest_event = event_new();

	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	set_level(self->dev, true);
	EXPECT_EQ(1, event_wait(self->event));
	move(self->dev, self->dest);
	ASSERT_EQ(0, irq_bind(self->dest, INTX, dest_event));
	EXPECT_EQ(0, event_stray(dest_event));
	mig_to(self->dest, MIG_RUNNING);
	EXPECT_EQ(1, event_wait(dest_event));
	EXPECT_EQ(0, irq_unmask(self->dest));
	EXPECT_EQ(1, event_wait(dest_event));
	set_level(self->dest, false);
	EXPECT_EQ(0, irq_unmask(self->dest));
	EXPECT_EQ(0, event_stray(dest_event));
	EXPECT_EQ(0, event_stray(self->event));
	close(dest_event);
}

/* Raised, and lowered again, while it is stopped. */
TEST_F(testdev, level_in_stop)
{
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	mig_to(self->dev, MIG_STOP);
	set_level(self->dev, true);
	EXPECT_EQ(0, event_stray(self->event));
	mig_to(self->dev, MIG_RUNNING);
	EXPECT_EQ(1, event_wait(self->event));
	mig_to(self->dev, MIG_STOP);
	set_level(self->dev, false);
	mig_to(self->dev, MIG_RUNNING);
	EXPECT_EQ(0, event_stray(self->event));
}

/* A level that its guest does not want to hear of: Interrupt Disable. */
TEST_F(testdev, level_disabled)
{
	ASSERT_EQ(0, irq_bind(self->dest, INTX, self->event));
	config_command(self->dev, 0, PCI_COMMAND_INTX_DISABLE);
	set_level(self->dev, true);
	move(self->dev, self->dest);
	config_command(self->dest, 0, PCI_COMMAND_INTX_DISABLE);
	mig_to(self->dest, MIG_RUNNING);
	EXPECT_EQ(0, event_stray(self->event));
	config_command(self->dest, PCI_COMMAND_INTX_DISABLE, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/* VECTOR to @event, with so many others that MSI has it too. */
static int bind_message(struct vfio_dev *dev, unsigned int index, int event)
{
	const int fds[] = { -1, -1, event, -1 };

	return irq_set_raw(dev, VFIO_IRQ_SET_DATA_EVENTFD |
			   VFIO_IRQ_SET_ACTION_TRIGGER, index, 0,
			   ARRAY_SIZE(fds), fds, sizeof(fds));
}

/* A message sent while it is stopped waits, and is sent once. */
TEST_F(testdev, message_in_stop)
{
	static const unsigned int indexes[] = { MSI, MSIX };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		ASSERT_EQ(0, bind_message(self->dev, indexes[i], self->event));
		mig_to(self->dev, MIG_STOP);
		testdev_out(self->dev, TESTDEV_RAISE, VECTOR);
		EXPECT_EQ(0, event_stray(self->event));
		mig_to(self->dev, MIG_RUNNING);
		EXPECT_EQ(1, event_wait(self->event));
		EXPECT_EQ(0, event_stray(self->event));
		/* one that was delivered is not delivered again */
		mig_to(self->dev, MIG_STOP);
		mig_to(self->dev, MIG_RUNNING);
		EXPECT_EQ(0, event_stray(self->event));
		ASSERT_EQ(0, irq_disable(self->dev, indexes[i]));
	}
}

/* Not delivered at the source: delivered at the destination. */
static void message_moves(struct __test_metadata *_metadata,
			  struct _test_data_testdev *self, unsigned int index)
{
	ASSERT_EQ(0, bind_message(self->dev, index, self->event));
	mig_to(self->dev, MIG_STOP);
	testdev_out(self->dev, TESTDEV_RAISE, VECTOR);
	EXPECT_EQ(0, event_stray(self->event));
	move(self->dev, self->dest);
	ASSERT_EQ(0, bind_message(self->dest, index, self->event));
	EXPECT_EQ(0, event_stray(self->event));
	mig_to(self->dest, MIG_RUNNING);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, event_stray(self->event));
}

TEST_F(testdev, msi_moves)
{
	message_moves(_metadata, self, MSI);
}

TEST_F(testdev, msix_moves)
{
	message_moves(_metadata, self, MSIX);
}

/*
 * A vector that its guest masked is to a VMM one that is bound to nothing: its
 * message waits there, and here, until it is bound.
 */
static void masked_moves(struct __test_metadata *_metadata,
			 struct _test_data_testdev *self, unsigned int index)
{
	ASSERT_EQ(0, bind_message(self->dev, index, -1));
	testdev_out(self->dev, TESTDEV_RAISE, VECTOR);
	move(self->dev, self->dest);
	ASSERT_EQ(0, bind_message(self->dest, index, -1));
	mig_to(self->dest, MIG_RUNNING);
	EXPECT_EQ(0, event_stray(self->event));
	ASSERT_EQ(0, bind_message(self->dest, index, self->event));
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, event_stray(self->event));
}

TEST_F(testdev, masked_msi_moves)
{
	masked_moves(_metadata, self, MSI);
}

TEST_F(testdev, masked_msix_moves)
{
	masked_moves(_metadata, self, MSIX);
}

/* Not bound when it was sent, and bound where it went. */
TEST_F(testdev, unbound_message)
{
	mig_to(self->dev, MIG_STOP);
	testdev_out(self->dev, TESTDEV_RAISE, VECTOR);
	mig_to(self->dev, MIG_RUNNING);
	move(self->dev, self->dest);
	ASSERT_EQ(0, irq_bind_vector(self->dest, MSIX, VECTOR, self->event));
	mig_to(self->dest, MIG_RUNNING);
	/* with or without it, the next one arrives, and once */
	event_stray(self->event);
	testdev_out(self->dest, TESTDEV_RAISE, VECTOR);
	EXPECT_EQ(1, event_wait(self->event));
}

TEST_HARNESS_MAIN
