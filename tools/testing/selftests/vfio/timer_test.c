// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers: never early, once, and gone with the life of the device that set
 * them. How late they are is up to the host.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/clock.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/testdev.h"

#define MSIX VFIO_PCI_MSIX_IRQ_INDEX

/* Long enough to do something before it is over. */
#define DELAY_NS	(40 * MS_NS)
/* By when a timer that was not cancelled would have been seen. */
#define GONE_MS		100

FIXTURE(timer)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	int event;
};

FIXTURE_VARIANT(timer)
{
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(timer, container) { .path = DEV_PATH_CONTAINER };
FIXTURE_VARIANT_ADD(timer, iommufd) { .path = DEV_PATH_IOMMUFD };

static int bind_timer(struct vfio_dev *dev, int event)
{
	return irq_bind_vector(dev, MSIX, TESTDEV_TIMER_VECTOR, event);
}

FIXTURE_SETUP(timer)
{
	int ret = testdev_open(&self->testdev, TESTDEV_PCIE, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	self->event = event_new();
	testdev_enable(self->dev);
	ASSERT_EQ(0, bind_timer(self->dev, self->event));
}

FIXTURE_TEARDOWN(timer)
{
	close(self->event);
	testdev_close(&self->testdev);
}

static unsigned int timeouts(struct vfio_dev *dev)
{
	return testdev_in(dev, TESTDEV_TIMEOUTS);
}

/* One message when it is over, and never another. */
TEST_F(timer, once_and_not_early)
{
	static const __u32 delays[] = {
		0, 1, 1000, 1 * MS_NS, 10 * MS_NS, DELAY_NS,
	};
	unsigned int i;
	__u64 start;

	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		start = clock_ns();
		testdev_out(self->dev, TESTDEV_TIMER, delays[i]);
		EXPECT_EQ(1, event_wait(self->event));
		EXPECT_LE(delays[i], clock_ns() - start);
		EXPECT_EQ(i + 1, timeouts(self->dev));
	}
	EXPECT_EQ(0, event_wait_ms(self->event, GONE_MS));
	EXPECT_EQ(i, timeouts(self->dev));
}

/* The register is exact also for those who do not use interrupts. */
TEST_F(timer, seen_by_polling)
{
	__u64 start;

	ASSERT_EQ(0, irq_disable(self->dev, MSIX));
	start = clock_ns();
	testdev_out(self->dev, TESTDEV_TIMER, DELAY_NS);
	while (!timeouts(self->dev) &&
	       clock_ns() - start < EVENT_SOON_MS * MS_NS)
		;
	EXPECT_LE(DELAY_NS, clock_ns() - start);
	EXPECT_EQ(1, timeouts(self->dev));
}

/* A time set before is forgotten, be it earlier or later. */
TEST_F(timer, set_again)
{
	__u64 start = clock_ns();

	testdev_out(self->dev, TESTDEV_TIMER, 10 * MS_NS);
	testdev_out(self->dev, TESTDEV_TIMER, 3 * DELAY_NS);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_LE(3 * DELAY_NS, clock_ns() - start);

	testdev_out(self->dev, TESTDEV_TIMER, 0xffffffff);
	start = clock_ns();
	testdev_out(self->dev, TESTDEV_TIMER, 1 * MS_NS);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_GT(0xffffffff, clock_ns() - start);
	EXPECT_EQ(2, timeouts(self->dev));
	EXPECT_EQ(0, event_wait_ms(self->event, GONE_MS));
}

/* As a guest that pushes its watchdog away. */
TEST_F(timer, many_times_again)
{
	unsigned int i;
	__u64 start = 0;

	for (i = 0; i < 2000; i++) {
		start = clock_ns();
		testdev_out(self->dev, TESTDEV_TIMER, 2000 * MS_NS);
	}
	EXPECT_EQ(0, timeouts(self->dev));
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_LE(2000 * MS_NS, clock_ns() - start);
	EXPECT_EQ(1, timeouts(self->dev));
}

TEST_F(timer, many_timeouts)
{
	unsigned int i;

	for (i = 0; i < 500; i++) {
		testdev_out(self->dev, TESTDEV_TIMER, i * 100);
		ASSERT_EQ(1, event_wait(self->event));
	}
	EXPECT_EQ(500, timeouts(self->dev));
}

/* After it: nothing comes of a timer of before, and another one works. */
static void expect_gone(struct __test_metadata *_metadata,
			struct vfio_dev *dev, int event)
{
	testdev_enable(dev);
	EXPECT_EQ(0, event_wait_ms(event, GONE_MS));
	EXPECT_EQ(0, timeouts(dev));
	testdev_out(dev, TESTDEV_TIMER, 1);
	EXPECT_EQ(1, event_wait(event));
	EXPECT_EQ(1, timeouts(dev));
}

TEST_F(timer, reset_cancels)
{
	testdev_out(self->dev, TESTDEV_TIMER, DELAY_NS);
	ASSERT_EQ(0, dev_reset(self->dev));
	expect_gone(_metadata, self->dev, self->event);
}

TEST_F(timer, flr_cancels)
{
	testdev_out(self->dev, TESTDEV_TIMER, DELAY_NS);
	config_flr(self->dev);
	expect_gone(_metadata, self->dev, self->event);
}

TEST_F(timer, close_cancels)
{
	testdev_out(self->dev, TESTDEV_TIMER, DELAY_NS);
	testdev_close(&self->testdev);
	EXPECT_EQ(0, event_wait_ms(self->event, GONE_MS));

	ASSERT_EQ(0, dev_open(self->dev, &self->testdev.loc, variant->path));
	ASSERT_EQ(0, bind_timer(self->dev, self->event));
	expect_gone(_metadata, self->dev, self->event);
}

/* Open again before the time of the last user's timer has come. */
TEST_F(timer, next_user)
{
	testdev_out(self->dev, TESTDEV_TIMER, DELAY_NS);
	testdev_close(&self->testdev);
	ASSERT_EQ(0, dev_open(self->dev, &self->testdev.loc, variant->path));
	ASSERT_EQ(0, bind_timer(self->dev, self->event));
	expect_gone(_metadata, self->dev, self->event);
}

/* Time passes for a device that may not send; the message waits. */
TEST_F(timer, bus_master_off)
{
	config_command(self->dev, PCI_COMMAND_MASTER, 0);
	testdev_out(self->dev, TESTDEV_TIMER, 1);
	EXPECT_EQ(0, event_wait_ms(self->event, GONE_MS));
	EXPECT_EQ(1, timeouts(self->dev));
	config_command(self->dev, 0, PCI_COMMAND_MASTER);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, event_stray(self->event));
}

TEST_F(timer, d3hot)
{
	testdev_out(self->dev, TESTDEV_TIMER, DELAY_NS);
	config_power_state(self->dev, 3);
	EXPECT_EQ(0, event_wait_ms(self->event, GONE_MS));
	config_power_state(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(1, timeouts(self->dev));
}

TEST_HARNESS_MAIN
