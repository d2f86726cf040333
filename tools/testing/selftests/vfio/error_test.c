// SPDX-License-Identifier: GPL-2.0-only
/*
 * ERR and REQ when there is a reason for them: a device that has failed, and
 * one that is to be removed. What any device does with these indexes is in
 * err_req_test.
 */
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/testdev.h"

#define ERR	VFIO_PCI_ERR_IRQ_INDEX
#define REQ	VFIO_PCI_REQ_IRQ_INDEX
#define MSIX	VFIO_PCI_MSIX_IRQ_INDEX

FIXTURE(error)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	int event;
};

FIXTURE_SETUP(error)
{
	int ret = testdev_open(&self->testdev, TESTDEV_PCIE, DEV_PATH_DEFAULT);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	self->event = event_new();
	testdev_enable(self->dev);
}

FIXTURE_TEARDOWN(error)
{
	close(self->event);
	testdev_close(&self->testdev);
}

static void fail(struct vfio_dev *dev)
{
	testdev_out(dev, TESTDEV_RAISE, TESTDEV_RAISE_ERROR);
}

/* Each time, and nobody else hears of it. */
TEST_F(error, is_told)
{
	int req = event_new(), message = event_new();

	ASSERT_EQ(0, irq_bind(self->dev, ERR, self->event));
	ASSERT_EQ(0, irq_bind(self->dev, REQ, req));
	ASSERT_EQ(0, irq_bind(self->dev, MSIX, message));
	EXPECT_EQ(0, event_stray(self->event));
	fail(self->dev);
	EXPECT_EQ(1, event_wait(self->event));
	fail(self->dev);
	fail(self->dev);
	EXPECT_EQ(2, event_wait(self->event));
	EXPECT_EQ(0, event_stray(req));
	EXPECT_EQ(0, event_stray(message));
	close(req);
	close(message);
}

/* It is no message of the bus: what those need it does not. */
TEST_F(error, is_told_without_bus_master)
{
	ASSERT_EQ(0, irq_bind(self->dev, ERR, self->event));
	config_command(self->dev, PCI_COMMAND_MASTER, 0);
	fail(self->dev);
	EXPECT_EQ(1, event_wait(self->event));
}

/* Nobody was there to hear: who comes later is not told of it. */
TEST_F(error, is_not_kept)
{
	fail(self->dev);
	ASSERT_EQ(0, irq_bind(self->dev, ERR, self->event));
	EXPECT_EQ(0, event_stray(self->event));
	ASSERT_EQ(0, irq_disable(self->dev, ERR));
	fail(self->dev);
	EXPECT_EQ(0, event_stray(self->event));
}

/* The user is asked to let go, and the device is there until he does. */
TEST_F(error, removal_asks)
{
	const char *uuid = self->testdev.uuid;
	pid_t child;
	int status;

	if (!mdev_exists(uuid))
		SKIP(return, "not a mediated device");
	ASSERT_EQ(0, irq_bind(self->dev, REQ, self->event));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		testdev_close(&self->testdev);
		_exit(mdev_remove(uuid) != 0);
	}
	EXPECT_LE(1, event_wait(self->event));
	EXPECT_EQ(0, waitpid(child, &status, WNOHANG));
	testdev_out(self->dev, TESTDEV_SCRATCH, 0x12345678);
	EXPECT_EQ(0x12345678, testdev_in(self->dev, TESTDEV_SCRATCH));
	testdev_close(&self->testdev);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_FALSE(mdev_exists(uuid));
}

TEST_HARNESS_MAIN
