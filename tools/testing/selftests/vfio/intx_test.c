// SPDX-License-Identifier: GPL-2.0-only
/*
 * INTx as a level: vfio.h (VFIO_DEVICE_SET_IRQS, AUTOMASKED) and what
 * vfio-pci does where the header leaves it open. The interrupt condition is
 * made by the UART of port 0.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/mtty.h"
#include "lib/subject.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define MASK VFIO_IRQ_SET_ACTION_MASK
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK

FIXTURE(intx)
{
	struct subject subject;
	struct vfio_dev *dev;
	int event;
	int unmask;
};

FIXTURE_SETUP(intx)
{
	int ret = subject_open(&self->subject, SUBJECT_PORTS_1);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
	self->event = event_new();
	self->unmask = event_new();
	mtty_decode(self->dev);
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
}

FIXTURE_TEARDOWN(intx)
{
	close(self->event);
	close(self->unmask);
	subject_close(&self->subject);
}

/* AUTOMASKED: a level is signalled once, and masked by that. */
TEST_F(intx, level_signals_once)
{
	EXPECT_EQ(0, event_take(self->event));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, event_stray(self->event));
	/* falling and rising while masked is nothing new */
	mtty_lower(self->dev, 0);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(0, event_stray(self->event));
}

/* UNMASK: a level that is still there is signalled again, each time. */
TEST_F(intx, unmask_none_signals_again)
{
	unsigned int i;

	mtty_raise(self->dev, 0);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(1, event_wait(self->event));
		EXPECT_EQ(0, irq_unmask(self->dev));
	}
	EXPECT_EQ(1, event_wait(self->event));
}

/* DATA_BOOL: one unmasks, zero does not. */
TEST_F(intx, unmask_bool)
{
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, irq_bool(self->dev, INTX, UNMASK, false));
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(0, irq_bool(self->dev, INTX, UNMASK, true));
	EXPECT_EQ(1, event_wait(self->event));
}

/* UNMASK of a level that is gone signals nothing; the next rise does. */
TEST_F(intx, unmask_after_the_level_fell)
{
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	mtty_lower(self->dev, 0);
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(0, event_stray(self->event));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/* UNMASK of what is not masked: no signal of its own. */
TEST_F(intx, unmask_when_not_masked)
{
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(0, event_stray(self->event));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/* UNMASK by eventfd, the way of KVM's resamplefd. */
TEST_F(intx, unmask_eventfd)
{
	unsigned int i;

	ASSERT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, self->unmask));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	for (i = 0; i < 5; i++) {
		event_send(self->unmask);
		EXPECT_EQ(1, event_wait(self->event));
	}
	mtty_lower(self->dev, 0);
	event_send(self->unmask);
	EXPECT_EQ(0, event_stray(self->event));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	/* what was written to it was consumed */
	EXPECT_EQ(0, event_take(self->unmask));
}

/* One unmask eventfd at a time: EBUSY; -1 takes it away. */
TEST_F(intx, unmask_eventfd_is_exclusive)
{
	int other = event_new();

	ASSERT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, self->unmask));
	EXPECT_EQ(-EBUSY, irq_eventfd(self->dev, INTX, UNMASK, other));
	EXPECT_EQ(-EBUSY, irq_eventfd(self->dev, INTX, UNMASK, self->unmask));
	EXPECT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, -1));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	event_send(self->unmask);
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, -1));
	EXPECT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, other));
	event_send(other);
	EXPECT_EQ(1, event_wait(self->event));
	close(other);
}

/* An eventfd that is readable when it is bound counts at once. */
TEST_F(intx, unmask_eventfd_already_readable)
{
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	event_send(self->unmask);
	EXPECT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, self->unmask));
	EXPECT_EQ(1, event_wait(self->event));
}

/* An unmask eventfd whose last descriptor is closed unbinds itself. */
TEST_F(intx, unmask_eventfd_closed)
{
	int fd = event_new();

	ASSERT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, fd));
	close(fd);
	EXPECT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, self->unmask));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	event_send(self->unmask);
	EXPECT_EQ(1, event_wait(self->event));
}

/*
 * One eventfd in both roles unmasks itself: a loop while the level is there.
 * It must end with the level, and must not lock up.
 */
TEST_F(intx, same_eventfd_as_trigger_and_unmask)
{
	ASSERT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, self->event));
	mtty_raise(self->dev, 0);
	event_wait_ms(self->event, 50);
	mtty_lower(self->dev, 0);
	usleep(50000);
	event_take(self->event);
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, -1));
	irq_unmask(self->dev);
	event_take(self->event);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/* The same, closed while it runs. */
TEST_F(intx, same_eventfd_and_close)
{
	ASSERT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, self->event));
	mtty_raise(self->dev, 0);
	ASSERT_EQ(0, subject_reopen(&self->subject));
	mtty_decode(self->dev);
	event_take(self->event);
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/* MASK by NONE and BOOL: the level waits for UNMASK. */
TEST_F(intx, mask)
{
	EXPECT_EQ(0, irq_bool(self->dev, INTX, MASK, false));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	mtty_lower(self->dev, 0);
	EXPECT_EQ(0, irq_unmask(self->dev));

	EXPECT_EQ(0, irq_mask(self->dev));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(1, event_wait(self->event));
	mtty_lower(self->dev, 0);
	EXPECT_EQ(0, irq_unmask(self->dev));

	EXPECT_EQ(0, irq_bool(self->dev, INTX, MASK, true));
	EXPECT_EQ(0, irq_mask(self->dev));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(0, event_stray(self->event));
	/* masks do not count */
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(1, event_wait(self->event));
}

/* vfio-pci: masking by eventfd is not implemented, and says so. */
TEST_F(intx, mask_eventfd)
{
	EXPECT_EQ(-ENOTTY, irq_eventfd(self->dev, INTX, MASK, self->unmask));
	EXPECT_EQ(-ENOTTY, irq_eventfd(self->dev, INTX, MASK, -1));
}

/* The condition in STATUS bit 3 needs neither eventfd nor unmasking. */
TEST_F(intx, status_bit_is_live)
{
	EXPECT_FALSE(mtty_level(self->dev));
	mtty_raise(self->dev, 0);
	EXPECT_TRUE(mtty_level(self->dev));
	irq_mask(self->dev);
	EXPECT_TRUE(mtty_level(self->dev));
	EXPECT_EQ(0, irq_disable(self->dev, INTX));
	EXPECT_TRUE(mtty_level(self->dev));
	mtty_lower(self->dev, 0);
	EXPECT_FALSE(mtty_level(self->dev));
}

/* COMMAND.INTX_DISABLE holds it back; clearing it lets it go. */
TEST_F(intx, intx_disable)
{
	config_command(self->dev, 0, PCI_COMMAND_INTX_DISABLE);
	mtty_raise(self->dev, 0);
	EXPECT_TRUE(mtty_level(self->dev));
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(0, event_stray(self->event));
	config_command(self->dev, PCI_COMMAND_INTX_DISABLE, 0);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, event_stray(self->event));
}

/* vfio-pci: clearing INTX_DISABLE also unmasks what was masked before. */
TEST_F(intx, clearing_intx_disable_unmasks)
{
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	config_command(self->dev, 0, PCI_COMMAND_INTX_DISABLE);
	EXPECT_EQ(0, event_stray(self->event));
	config_command(self->dev, PCI_COMMAND_INTX_DISABLE, 0);
	EXPECT_EQ(1, event_wait(self->event));
	/* a write that leaves the bit clear is no clearing */
	config_command(self->dev, 0, PCI_COMMAND_PARITY);
	EXPECT_EQ(0, event_stray(self->event));
}

/* Bound while INTX_DISABLE is set, delivered when it is cleared. */
TEST_F(intx, bind_with_intx_disable)
{
	ASSERT_EQ(0, irq_disable(self->dev, INTX));
	config_command(self->dev, 0, PCI_COMMAND_INTX_DISABLE);
	mtty_raise(self->dev, 0);
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	EXPECT_EQ(0, event_stray(self->event));
	config_command(self->dev, PCI_COMMAND_INTX_DISABLE, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/* PCI PM 1.2 5.4.1: no interrupt from D3hot; it comes when D0 is back. */
TEST_F(intx, d3hot)
{
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	config_power_state(self->dev, 3);
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(0, event_stray(self->event));
	config_power_state(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/* A level that is there when the eventfd is bound is signalled. */
TEST_F(intx, bind_while_asserted)
{
	ASSERT_EQ(0, irq_disable(self->dev, INTX));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(0, event_stray(self->event));
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, event_stray(self->event));
}

/* TRIGGER/NONE with count 0 switches off; a new set-up is not masked. */
TEST_F(intx, disable)
{
	irq_mask(self->dev);
	ASSERT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, self->unmask));
	EXPECT_EQ(0, irq_disable(self->dev, INTX));
	mtty_raise(self->dev, 0);
	event_send(self->unmask);
	EXPECT_EQ(0, event_stray(self->event));
	/* not set up, so there is nothing to switch off or to mask */
	EXPECT_EQ(-EINVAL, irq_disable(self->dev, INTX));
	EXPECT_EQ(-EINVAL, irq_mask(self->dev));
	EXPECT_EQ(-EINVAL, irq_unmask(self->dev));
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	EXPECT_EQ(1, event_wait(self->event));
	/* the unmask eventfd went too: this is not EBUSY */
	event_take(self->unmask);
	EXPECT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, self->unmask));
}

/* Another eventfd takes over at once; the old one hears nothing more. */
TEST_F(intx, rebind)
{
	int other = event_new();

	ASSERT_EQ(0, irq_bind(self->dev, INTX, other));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(other));
	EXPECT_EQ(0, event_take(self->event));
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	/* masked by the delivery to the old one: that did not change */
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, event_take(other));
	close(other);
}

/* -1 binds nothing, yet INTx is set up: MSI is refused, masks work. */
TEST_F(intx, bind_nothing)
{
	ASSERT_EQ(0, irq_bind(self->dev, INTX, -1));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(-EINVAL, irq_bind(self->dev, MSI, self->event));
	EXPECT_EQ(0, irq_none(self->dev, INTX, TRIGGER));
	/* nothing was delivered, so nothing is masked */
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	EXPECT_EQ(1, event_wait(self->event));
	ASSERT_EQ(0, irq_bind(self->dev, INTX, -1));
	EXPECT_EQ(0, irq_mask(self->dev));
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(1, event_wait(self->event));
}

/* A descriptor that is no eventfd: refused, and the old one stays. */
TEST_F(intx, bind_bad_descriptor)
{
	int impostor = event_impostor();

	EXPECT_EQ(-EBADF, irq_bind(self->dev, INTX, event_closed()));
	EXPECT_EQ(-EBADF, irq_bind(self->dev, INTX, 1 << 30));
	EXPECT_EQ(-EINVAL, irq_bind(self->dev, INTX, impostor));
	EXPECT_EQ(-EBADF, irq_eventfd(self->dev, INTX, UNMASK, event_closed()));
	EXPECT_EQ(-EINVAL, irq_eventfd(self->dev, INTX, UNMASK, impostor));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	/* the failed unmask eventfds left the place free */
	EXPECT_EQ(0, irq_eventfd(self->dev, INTX, UNMASK, self->unmask));
	close(impostor);
}

/* The device holds the eventfd: closing the descriptor is harmless. */
TEST_F(intx, eventfd_closed_while_bound)
{
	int fd = event_new(), copy = dup(fd);

	ASSERT_EQ(0, irq_bind(self->dev, INTX, fd));
	close(fd);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(copy));
	close(copy);
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(0, irq_none(self->dev, INTX, TRIGGER));
	mtty_lower(self->dev, 0);
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	EXPECT_EQ(0, irq_unmask(self->dev));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/* Loopback: signals as often as it is asked to, and masks nothing. */
TEST_F(intx, loopback)
{
	EXPECT_EQ(0, irq_none(self->dev, INTX, TRIGGER));
	EXPECT_EQ(0, irq_none(self->dev, INTX, TRIGGER));
	EXPECT_EQ(0, irq_bool(self->dev, INTX, TRIGGER, true));
	EXPECT_EQ(0, irq_bool(self->dev, INTX, TRIGGER, false));
	EXPECT_EQ(3, event_wait(self->event));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	/* vfio-pci: even while masked */
	EXPECT_EQ(0, irq_none(self->dev, INTX, TRIGGER));
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, event_stray(self->event));
}

/* vfio-pci: no loopback through a set INTX_DISABLE. */
TEST_F(intx, loopback_with_intx_disable)
{
	config_command(self->dev, 0, PCI_COMMAND_INTX_DISABLE);
	EXPECT_EQ(0, irq_none(self->dev, INTX, TRIGGER));
	EXPECT_EQ(0, event_stray(self->event));
	config_command(self->dev, PCI_COMMAND_INTX_DISABLE, 0);
	EXPECT_EQ(0, event_stray(self->event));
}

/* Loopback before set-up and after switching off (CVE-2024-26812). */
TEST_F(intx, loopback_without_setup)
{
	ASSERT_EQ(0, irq_disable(self->dev, INTX));
	EXPECT_EQ(-EINVAL, irq_none(self->dev, INTX, TRIGGER));
	EXPECT_EQ(-EINVAL, irq_bool(self->dev, INTX, TRIGGER, true));
	ASSERT_EQ(0, subject_reopen(&self->subject));
	EXPECT_EQ(-EINVAL, irq_none(self->dev, INTX, TRIGGER));
	EXPECT_EQ(-EINVAL, irq_bool(self->dev, INTX, TRIGGER, true));
	EXPECT_EQ(0, event_stray(self->event));
}

/* VFIO_DEVICE_RESET: the level falls; eventfd and mask stay as they were. */
TEST_F(intx, reset)
{
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	ASSERT_EQ(0, dev_reset(self->dev));
	EXPECT_FALSE(mtty_level(self->dev));
	EXPECT_EQ(0, event_stray(self->event));
	mtty_decode(self->dev);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(0, irq_unmask(self->dev));
	EXPECT_EQ(1, event_wait(self->event));
}

/* The same with nothing masked, and with INTX_DISABLE set before. */
TEST_F(intx, reset_not_masked)
{
	ASSERT_EQ(0, dev_reset(self->dev));
	mtty_decode(self->dev);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));

	mtty_lower(self->dev, 0);
	EXPECT_EQ(0, irq_unmask(self->dev));
	config_command(self->dev, 0, PCI_COMMAND_INTX_DISABLE);
	ASSERT_EQ(0, dev_reset(self->dev));
	mtty_decode(self->dev);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/* Only one kind of interrupt at a time; each can follow the other. */
TEST_F(intx, excludes_msi)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EINVAL, irq_bind(self->dev, MSI, self->event));
		EXPECT_EQ(-EINVAL, irq_disable(self->dev, MSI));
		EXPECT_EQ(-EINVAL, irq_none(self->dev, MSI, TRIGGER));
		ASSERT_EQ(0, irq_disable(self->dev, INTX));
		ASSERT_EQ(0, irq_bind(self->dev, MSI, self->event));
		EXPECT_EQ(-EINVAL, irq_bind(self->dev, INTX, self->event));
		EXPECT_EQ(-EINVAL, irq_disable(self->dev, INTX));
		EXPECT_EQ(-EINVAL, irq_unmask(self->dev));
		ASSERT_EQ(0, irq_disable(self->dev, MSI));
		ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
		mtty_raise(self->dev, 0);
		EXPECT_EQ(1, event_wait(self->event));
		mtty_lower(self->dev, 0);
	}
}

TEST_HARNESS_MAIN
