// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every user copy of a call fails once. The call must say
 * so with a plain error, or succeed without what it could not get, and leave a
 * device that works (leaks are for kmemleak, memory errors for KASAN to tell).
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/fault.h"
#include "lib/irq.h"
#include "lib/mtty.h"
#include "lib/subject.h"
#include "lib/sysfs.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK

FIXTURE(fail_nth)
{
	struct subject subject;
	struct vfio_dev *dev;
	int event;
	int unmask;
};

FIXTURE_VARIANT(fail_nth)
{
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(fail_nth, container)
{
	.path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(fail_nth, iommufd)
{
	.path = DEV_PATH_IOMMUFD,
};

FIXTURE_SETUP(fail_nth)
{
	const char *why = fault_prepare();
	int ret;

	if (why)
		SKIP(return, "%s", why);
	ret = subject_find(&self->subject, SUBJECT_PORTS_1);
	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	why = dev_path_lacks(&self->subject.loc, variant->path);
	if (why)
		SKIP(return, "%s", why);
	self->dev = &self->subject.dev;
	self->event = event_new();
	self->unmask = event_new();
}

FIXTURE_TEARDOWN(fail_nth)
{
	close(self->event);
	close(self->unmask);
	subject_close(&self->subject);
}

/* A fresh open finds the device at power-on, and an interrupt can be had. */
static bool is_fit(struct vfio_dev *dev, int event)
{
	bool fit = config_read16(dev, PCI_COMMAND) == 0 &&
		config_read16(dev, PCI_VENDOR_ID) == MTTY_VENDOR_ID;

	event_take(event);
	if (irq_bind(dev, INTX, event))
		return false;
	mtty_decode(dev);
	mtty_raise(dev, 0);
	fit = fit && event_wait(event) == 1;
	mtty_lower(dev, 0);
	return irq_disable(dev, INTX) == 0 && dev_reset(dev) == 0 && fit;
}

/* An error only because of a fault, and then a clean one. */
static bool is_clean(int ret, bool injected)
{
	return ret >= 0 || (injected && fault_error_is_clean(ret));
}

/* Opening, by group or by cdev. */
TEST_F_TIMEOUT(fail_nth, open, 120)
{
	struct fault fault = { 0 };
	bool injected;
	int ret;

	while (fault_arm(&fault)) {
		ret = dev_open(self->dev, &self->subject.loc, variant->path);
		injected = fault_disarm(&fault);
		EXPECT_TRUE(is_clean(ret, injected)) {
			TH_LOG("fault %u: %d", fault.nth, ret);
		}
		if (ret)
			ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc,
					      variant->path));
		ASSERT_TRUE(is_fit(self->dev, self->event)) {
			TH_LOG("after fault %u", fault.nth);
		}
		dev_close(self->dev);
	}
	TH_LOG("%u faults", fault.nth - 1);
	EXPECT_LT(5, fault.nth);
}

/* Closing has nobody to tell an error; it must do without. */
TEST_F_TIMEOUT(fail_nth, close, 120)
{
	struct fault fault = { 0 };

	do {
		ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc,
				      variant->path));
		mtty_decode(self->dev);
		ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
		ASSERT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK,
					 self->unmask));
		mtty_raise(self->dev, 0);
		if (!fault_arm(&fault))
			break;
		close(self->dev->fd);
		fault_disarm(&fault);
		self->dev->fd = -1;
		dev_close(self->dev);
		ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc,
				      variant->path));
		event_take(self->event);
		ASSERT_TRUE(is_fit(self->dev, self->event));
		dev_close(self->dev);
	} while (1);
}

enum step { GET_INFO, GET_REGION_INFO, GET_IRQ_INFO, RESET, READ_CONFIG,
	    WRITE_CONFIG, READ_BAR, WRITE_BAR, BIND_INTX, BIND_UNMASK,
	    REBIND_INTX, BIND_MSI, LOOPBACK, NUM_STEPS };

static const char * const step_names[] = {
	"GET_INFO", "GET_REGION_INFO", "GET_IRQ_INFO", "RESET", "READ_CONFIG",
	"WRITE_CONFIG", "READ_BAR", "WRITE_BAR", "BIND_INTX", "BIND_UNMASK",
	"REBIND_INTX", "BIND_MSI", "LOOPBACK",
};

/* What a step needs to be there before. */
static int prepare_step(struct vfio_dev *dev, enum step step, int event)
{
	if (step >= READ_CONFIG)
		mtty_decode(dev);
	if (step == BIND_UNMASK || step == REBIND_INTX || step == LOOPBACK)
		return irq_bind(dev, INTX, event);
	return 0;
}

static int take_step(struct vfio_dev *dev, enum step step, int event,
		     int unmask)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_region_info region = { .argsz = sizeof(region) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };
	__u8 buf[64] = {};

	switch (step) {
	case GET_INFO:
		return dev_get_info(dev, &info);
	case GET_REGION_INFO:
		return dev_get_region_info(dev, &region);
	case GET_IRQ_INFO:
		return dev_get_irq_info(dev, &irq);
	case RESET:
		return dev_reset(dev);
	case READ_CONFIG:
		return dev_read(dev, VFIO_PCI_CONFIG_REGION_INDEX, buf, 64, 0);
	case WRITE_CONFIG:
		return dev_write(dev, VFIO_PCI_CONFIG_REGION_INDEX, buf, 8,
				 PCI_BASE_ADDRESS_0);
	case READ_BAR:
		return dev_read(dev, VFIO_PCI_BAR0_REGION_INDEX, buf, 8, 0);
	case WRITE_BAR:
		return dev_write(dev, VFIO_PCI_BAR0_REGION_INDEX, buf, 8, 0);
	case BIND_INTX:
	case REBIND_INTX:
		return irq_bind(dev, INTX, event);
	case BIND_UNMASK:
		return irq_eventfd(dev, INTX, UNMASK, unmask);
	case BIND_MSI:
		return irq_bind(dev, MSI, event);
	case LOOPBACK:
		return irq_none(dev, INTX, VFIO_IRQ_SET_ACTION_TRIGGER);
	default:
		return -EINVAL;
	}
}

/* Each call on an open device, on a device that was opened for it. */
TEST_F_TIMEOUT(fail_nth, ioctls_and_regions, 120)
{
	enum step step;
	bool injected;
	int ret;

	for (step = 0; step < NUM_STEPS; step++) {
		struct fault fault = { 0 };

		while (1) {
			ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc,
					      variant->path));
			/* ask for the region offsets beforehand */
			config_read8(self->dev, 0);
			dev_region(self->dev, 0);
			ASSERT_EQ(0, prepare_step(self->dev, step,
						  self->event));
			if (!fault_arm(&fault))
				break;
			ret = take_step(self->dev, step, self->event,
					self->unmask);
			injected = fault_disarm(&fault);
			EXPECT_TRUE(is_clean(ret, injected)) {
				TH_LOG("%s, fault %u: %d", step_names[step],
				       fault.nth, ret);
			}
			/* the very same call, without a fault */
			if (ret < 0)
				EXPECT_LE(0, take_step(self->dev, step,
						       self->event,
						       self->unmask));
			dev_close(self->dev);
			ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc,
					      variant->path));
			ASSERT_TRUE(is_fit(self->dev, self->event)) {
				TH_LOG("after %s, fault %u", step_names[step],
				       fault.nth);
			}
			dev_close(self->dev);
		}
		dev_close(self->dev);
		TH_LOG("%s: %u faults", step_names[step], fault.nth - 1);
	}
}

FIXTURE(fail_nth_mdev)
{
	unsigned int free;
	char uuid[MDEV_UUID_LEN + 1];
	int event;
};

FIXTURE_SETUP(fail_nth_mdev)
{
	const char *why = fault_prepare();

	if (why)
		SKIP(return, "%s", why);
	if (!mdev_parent_exists())
		SKIP(return, "no " MDEV_PARENT);
	ASSERT_EQ(0, mdev_available(1, &self->free));
	mdev_new_uuid(self->uuid);
	self->event = event_new();
}

FIXTURE_TEARDOWN(fail_nth_mdev)
{
	fault_spare(NULL);
	close(self->event);
	mdev_remove(self->uuid);
}

static bool device_is_fit(const char *uuid, int event)
{
	struct vfio_location loc;
	struct vfio_dev dev;
	bool fit;

	if (vfio_locate(&loc, uuid) || dev_open(&dev, &loc, DEV_PATH_DEFAULT))
		return false;
	fit = is_fit(&dev, event);
	dev_close(&dev);
	return fit;
}

/* Creating a device: none is left of a failure, and no port is lost. */
TEST_F_TIMEOUT(fail_nth_mdev, create, 120)
{
	struct fault fault = { 0 };
	unsigned int free;
	bool injected;
	int ret;

	/*
	 * What becomes of a group that could not be made is the core's affair
	 * (class: warning and reference left behind). The compiler may have
	 * put the function into its only caller.
	 */
	if (!fault_spare("vfio_create_group") &&
	    !fault_spare("vfio_device_set_group"))
		SKIP(return, "needs CONFIG_FAULT_INJECTION_STACKTRACE_FILTER");
	while (fault_arm(&fault)) {
		ret = mdev_create(2, self->uuid);
		injected = fault_disarm(&fault);
		EXPECT_TRUE(is_clean(ret, injected)) {
			TH_LOG("fault %u: %d", fault.nth, ret);
		}
		EXPECT_EQ(ret == 0, mdev_exists(self->uuid));
		if (!ret) {
			EXPECT_TRUE(device_is_fit(self->uuid, self->event));
			ASSERT_EQ(0, mdev_remove(self->uuid));
		}
		ASSERT_EQ(0, mdev_available(1, &free));
		ASSERT_EQ(self->free, free) TH_LOG("fault %u", fault.nth);
	}
	TH_LOG("%u faults", fault.nth - 1);
	EXPECT_LT(10, fault.nth);
}

/* Removing one: it is gone, or it is there and works. */
TEST_F_TIMEOUT(fail_nth_mdev, remove, 120)
{
	struct fault fault = { 0 };
	unsigned int free;
	bool injected;
	int ret;

	while (1) {
		if (!mdev_exists(self->uuid))
			ASSERT_EQ(0, mdev_create(1, self->uuid));
		if (!fault_arm(&fault))
			break;
		ret = mdev_remove(self->uuid);
		injected = fault_disarm(&fault);
		EXPECT_TRUE(is_clean(ret, injected)) {
			TH_LOG("fault %u: %d", fault.nth, ret);
		}
		EXPECT_EQ(ret != 0, mdev_exists(self->uuid));
		if (ret)
			EXPECT_TRUE(device_is_fit(self->uuid, self->event));
		ASSERT_EQ(0, mdev_available(1, &free));
		EXPECT_EQ(self->free - !!ret, free);
	}
}

/* Reading and writing a parameter. */
TEST_F_TIMEOUT(fail_nth_mdev, params, 120)
{
	struct fault fault = { 0 };
	char path[PATH_MAX], buf[64];
	bool injected;
	int ret;

	ASSERT_EQ(0, mdev_create(2, self->uuid));
	mdev_path(path, self->uuid, "params/wiring");
	while (fault_arm(&fault)) {
		ret = sysfs_write(path, fault.nth & 1 ? "cross" : "loopback");
		if (!ret)
			ret = sysfs_read(path, buf, sizeof(buf));
		injected = fault_disarm(&fault);
		EXPECT_TRUE(is_clean(ret, injected)) {
			TH_LOG("fault %u: %d", fault.nth, ret);
		}
		ASSERT_EQ(0, sysfs_read(path, buf, sizeof(buf)));
		EXPECT_TRUE(!strcmp(buf, "cross\n") ||
			    !strcmp(buf, "loopback\n"));
	}
	EXPECT_TRUE(device_is_fit(self->uuid, self->event));
}

TEST_HARNESS_MAIN
