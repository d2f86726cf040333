// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two interrupts that are not the device's: ERR (an unrecoverable error)
 * and REQ (the device is wanted back). vfio.h, vfio_pci_set_err_trigger() and
 * vfio_pci_set_req_trigger(). Every test runs on both.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/mtty.h"
#include "lib/subject.h"

#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER

FIXTURE(request)
{
	struct subject subject;
	struct vfio_dev *dev;
	int event;
};

FIXTURE_VARIANT(request)
{
	unsigned int index;
};

FIXTURE_VARIANT_ADD(request, err)
{
	.index = VFIO_PCI_ERR_IRQ_INDEX,
};

FIXTURE_VARIANT_ADD(request, req)
{
	.index = VFIO_PCI_REQ_IRQ_INDEX,
};

FIXTURE_SETUP(request)
{
	struct vfio_irq_info info = {
		.argsz = sizeof(info), .index = variant->index,
	};
	int ret = subject_open(&self->subject, SUBJECT_ANY);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
	if (dev_get_irq_info(self->dev, &info) || !info.count) {
		subject_close(&self->subject);
		SKIP(return, "the device has no such interrupt");
	}
	self->event = event_new();
}

FIXTURE_TEARDOWN(request)
{
	close(self->event);
	subject_close(&self->subject);
}

/* Loopback by NONE and BOOL once an eventfd is bound, and only then. */
TEST_F(request, loopback)
{
	EXPECT_EQ(-EINVAL, irq_none(self->dev, variant->index, TRIGGER));
	EXPECT_EQ(0, irq_bool(self->dev, variant->index, TRIGGER, true));
	ASSERT_EQ(0, irq_bind(self->dev, variant->index, self->event));
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(0, irq_none(self->dev, variant->index, TRIGGER));
	EXPECT_EQ(0, irq_bool(self->dev, variant->index, TRIGGER, false));
	EXPECT_EQ(0, irq_bool(self->dev, variant->index, TRIGGER, true));
	EXPECT_EQ(2, event_wait(self->event));
}

/* NONE with count 0 and EVENTFD -1 take the eventfd away. */
TEST_F(request, unbind)
{
	ASSERT_EQ(0, irq_bind(self->dev, variant->index, self->event));
	EXPECT_EQ(0, irq_disable(self->dev, variant->index));
	EXPECT_EQ(-EINVAL, irq_none(self->dev, variant->index, TRIGGER));
	EXPECT_EQ(-EINVAL, irq_disable(self->dev, variant->index));
	ASSERT_EQ(0, irq_bind(self->dev, variant->index, self->event));
	EXPECT_EQ(0, irq_bind(self->dev, variant->index, -1));
	EXPECT_EQ(-EINVAL, irq_none(self->dev, variant->index, TRIGGER));
	EXPECT_EQ(0, irq_bind(self->dev, variant->index, -1));
	EXPECT_EQ(0, event_stray(self->event));
}

/* A bad descriptor is refused and the old one stays. */
TEST_F(request, bad_descriptor)
{
	int impostor = event_impostor();

	ASSERT_EQ(0, irq_bind(self->dev, variant->index, self->event));
	EXPECT_EQ(-EBADF, irq_bind(self->dev, variant->index, event_closed()));
	EXPECT_EQ(-EINVAL, irq_bind(self->dev, variant->index, impostor));
	EXPECT_EQ(-EINVAL, irq_bind(self->dev, variant->index, -2));
	EXPECT_EQ(0, irq_none(self->dev, variant->index, TRIGGER));
	EXPECT_EQ(1, event_wait(self->event));
	close(impostor);
}

/* Another eventfd takes its place; a closed one is harmless. */
TEST_F(request, rebind)
{
	int other = event_new(), copy = dup(other);

	ASSERT_EQ(0, irq_bind(self->dev, variant->index, self->event));
	ASSERT_EQ(0, irq_bind(self->dev, variant->index, other));
	close(other);
	EXPECT_EQ(0, irq_none(self->dev, variant->index, TRIGGER));
	EXPECT_EQ(1, event_wait(copy));
	EXPECT_EQ(0, event_take(self->event));
	close(copy);
	EXPECT_EQ(0, irq_none(self->dev, variant->index, TRIGGER));
	ASSERT_EQ(0, irq_bind(self->dev, variant->index, self->event));
	EXPECT_EQ(0, irq_none(self->dev, variant->index, TRIGGER));
	EXPECT_EQ(1, event_wait(self->event));
}

/* It has nothing to do with the device's own interrupts. */
TEST_F(request, beside_intx)
{
	int intx = event_new();

	if (!self->subject.is_mtty)
		SKIP(return, "needs an mtty to raise an interrupt");
	ASSERT_EQ(0, irq_bind(self->dev, variant->index, self->event));
	ASSERT_EQ(0, irq_bind(self->dev, VFIO_PCI_INTX_IRQ_INDEX, intx));
	mtty_decode(self->dev);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(intx));
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(0, irq_disable(self->dev, VFIO_PCI_INTX_IRQ_INDEX));
	EXPECT_EQ(0, irq_none(self->dev, variant->index, TRIGGER));
	EXPECT_EQ(1, event_wait(self->event));
	close(intx);
}

/* A reset keeps it, a close does not. */
TEST_F(request, reset_and_close)
{
	ASSERT_EQ(0, irq_bind(self->dev, variant->index, self->event));
	ASSERT_EQ(0, dev_reset(self->dev));
	EXPECT_EQ(0, irq_none(self->dev, variant->index, TRIGGER));
	EXPECT_EQ(1, event_wait(self->event));
	ASSERT_EQ(0, subject_reopen(&self->subject));
	EXPECT_EQ(-EINVAL, irq_none(self->dev, variant->index, TRIGGER));
	EXPECT_EQ(0, irq_bool(self->dev, variant->index, TRIGGER, true));
	EXPECT_EQ(0, event_stray(self->event));
}

TEST_HARNESS_MAIN
