// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI: one message at each rise of the interrupt condition. SET_IRQS as
 * vfio-pci has it; the gates are those of PCI 3.0 (6.2.2 Bus Master, 6.8) and
 * PCI PM 1.2 (5.4.1).
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
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD
#define BOOL VFIO_IRQ_SET_DATA_BOOL

FIXTURE(msi)
{
	struct subject subject;
	struct vfio_dev *dev;
	int event;
};

FIXTURE_SETUP(msi)
{
	int ret = subject_open(&self->subject, SUBJECT_PORTS_1);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
	self->event = event_new();
	config_command(self->dev, 0, PCI_COMMAND_IO | PCI_COMMAND_MASTER);
	ASSERT_EQ(0, irq_bind(self->dev, MSI, self->event));
}

FIXTURE_TEARDOWN(msi)
{
	close(self->event);
	subject_close(&self->subject);
}

/* An edge: a message for each rise, none for a level that stays. */
TEST_F(msi, one_message_per_rise)
{
	unsigned int i;

	EXPECT_EQ(0, event_take(self->event));
	for (i = 0; i < 5; i++) {
		mtty_raise(self->dev, 0);
		EXPECT_EQ(1, event_wait(self->event));
		EXPECT_EQ(0, event_stray(self->event));
		mtty_lower(self->dev, 0);
	}
	EXPECT_EQ(0, event_stray(self->event));
}

/* Rises add up while nobody reads the eventfd. */
TEST_F(msi, messages_are_counted)
{
	unsigned int i;

	for (i = 0; i < 7; i++) {
		mtty_raise(self->dev, 0);
		mtty_lower(self->dev, 0);
	}
	usleep(EVENT_QUIET_MS * 1000);
	EXPECT_EQ(7, event_take(self->event));
}

/* A second cause while the condition holds is no second message. */
TEST_F(msi, no_message_without_a_rise)
{
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	uart_out(self->dev, 0, UART_IER, UART_IER_THRI | UART_IER_RDI);
	uart_out(self->dev, 0, UART_TX, 'a');
	EXPECT_TRUE(mtty_level(self->dev));
	EXPECT_EQ(0, event_stray(self->event));
}

/* Without Bus Master no message; it is sent when the gate opens. */
TEST_F(msi, bus_master)
{
	config_command(self->dev, PCI_COMMAND_MASTER, 0);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(0, event_stray(self->event));
	config_command(self->dev, 0, PCI_COMMAND_MASTER);
	EXPECT_EQ(1, event_wait(self->event));
	/* once: a message that was sent is not owed again */
	config_command(self->dev, PCI_COMMAND_MASTER, 0);
	config_command(self->dev, 0, PCI_COMMAND_MASTER);
	EXPECT_EQ(0, event_stray(self->event));
}

/* A condition that went away behind the gate is not told later. */
TEST_F(msi, bus_master_too_late)
{
	config_command(self->dev, PCI_COMMAND_MASTER, 0);
	mtty_raise(self->dev, 0);
	mtty_lower(self->dev, 0);
	config_command(self->dev, 0, PCI_COMMAND_MASTER);
	EXPECT_EQ(0, event_stray(self->event));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/*
 * D3hot is a gate of the same kind. With the registers out of reach the
 * condition that rises there is a character time-out: 200 ms at 200 baud.
 */
TEST_F(msi, d3hot)
{
	uart_set_divisor(self->dev, 0, 576);
	uart_out(self->dev, 0, UART_FCR, UART_FCR_ENABLE_FIFO |
		 UART_FCR_TRIGGER_14);
	uart_out(self->dev, 0, UART_LCR, UART_LCR_WLEN8);
	uart_out(self->dev, 0, UART_IER, UART_IER_RDI);
	uart_out(self->dev, 0, UART_TX, 'a');
	config_power_state(self->dev, 3);
	EXPECT_EQ(0, event_wait_ms(self->event, 400));
	EXPECT_TRUE(mtty_level(self->dev));
	config_power_state(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/* INTX_DISABLE is about INTx. */
TEST_F(msi, ignores_intx_disable)
{
	config_command(self->dev, 0, PCI_COMMAND_INTX_DISABLE);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/* A condition that holds when MSI is set up gets its message. */
TEST_F(msi, setup_while_asserted)
{
	ASSERT_EQ(0, irq_disable(self->dev, MSI));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(0, event_stray(self->event));
	ASSERT_EQ(0, irq_bind(self->dev, MSI, self->event));
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, event_stray(self->event));
}

/* TRIGGER/NONE with count 0 switches off. */
TEST_F(msi, disable)
{
	EXPECT_EQ(0, irq_disable(self->dev, MSI));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(-EINVAL, irq_disable(self->dev, MSI));
	EXPECT_EQ(-EINVAL, irq_none(self->dev, MSI, TRIGGER));
	EXPECT_EQ(-EINVAL, irq_bool(self->dev, MSI, TRIGGER, true));
}

/* EVENTFD with count 0: ERANGE as pci_alloc_irq_vectors() has it. */
TEST_F(msi, no_vectors)
{
	EXPECT_EQ(0, irq_set_raw(self->dev, EVENTFD | TRIGGER, MSI, 0, 0, NULL,
				 0));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	ASSERT_EQ(0, irq_disable(self->dev, MSI));
	EXPECT_EQ(-ERANGE, irq_set_raw(self->dev, EVENTFD | TRIGGER, MSI, 0, 0,
				       NULL, 0));
	/* and MSI is not on after that */
	EXPECT_EQ(0, irq_bind(self->dev, INTX, self->event));
}

/* BOOL and EVENTFD of no vectors, with MSI on: nothing to do, no error. */
TEST_F(msi, empty_requests)
{
	EXPECT_EQ(0, irq_set_raw(self->dev, BOOL | TRIGGER, MSI, 0, 0, NULL,
				 0));
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(0, irq_none(self->dev, MSI, TRIGGER));
	EXPECT_EQ(1, event_wait(self->event));
}

/* vfio-pci: MSI cannot be masked through VFIO. */
TEST_F(msi, no_masking)
{
	EXPECT_EQ(-ENOTTY, irq_none(self->dev, MSI, MASK));
	EXPECT_EQ(-ENOTTY, irq_none(self->dev, MSI, UNMASK));
	EXPECT_EQ(-ENOTTY, irq_bool(self->dev, MSI, MASK, true));
	EXPECT_EQ(-ENOTTY, irq_bool(self->dev, MSI, UNMASK, true));
	EXPECT_EQ(-ENOTTY, irq_eventfd(self->dev, MSI, MASK, self->event));
	EXPECT_EQ(-ENOTTY, irq_eventfd(self->dev, MSI, UNMASK, self->event));
}

/* NORESIZE, one vector: there is no second one. */
TEST_F(msi, one_vector)
{
	__s32 fds[2] = { self->event, self->event };

	EXPECT_EQ(-EINVAL, irq_set_raw(self->dev, EVENTFD | TRIGGER, MSI, 0, 2,
				       fds, sizeof(fds)));
	EXPECT_EQ(-EINVAL, irq_set_raw(self->dev, EVENTFD | TRIGGER, MSI, 1, 1,
				       fds, sizeof(fds[0])));
	EXPECT_EQ(-EINVAL, irq_set_raw(self->dev, EVENTFD | TRIGGER, MSI, 1, 0,
				       NULL, 0));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

/* Loopback by NONE and BOOL, whatever the gates. */
TEST_F(msi, loopback)
{
	EXPECT_EQ(0, irq_none(self->dev, MSI, TRIGGER));
	EXPECT_EQ(0, irq_bool(self->dev, MSI, TRIGGER, true));
	EXPECT_EQ(0, irq_bool(self->dev, MSI, TRIGGER, false));
	EXPECT_EQ(2, event_wait(self->event));
	config_command(self->dev, PCI_COMMAND_MASTER, PCI_COMMAND_INTX_DISABLE);
	EXPECT_EQ(0, irq_none(self->dev, MSI, TRIGGER));
	EXPECT_EQ(1, event_wait(self->event));
}

/* Another eventfd takes over; the condition that holds is not told twice. */
TEST_F(msi, rebind)
{
	int other = event_new();

	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	ASSERT_EQ(0, irq_bind(self->dev, MSI, other));
	EXPECT_EQ(0, event_stray(other));
	mtty_lower(self->dev, 0);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(other));
	EXPECT_EQ(0, event_take(self->event));
	close(other);
}

/* -1 takes the eventfd away; MSI stays on, and a loopback has no receiver. */
TEST_F(msi, bind_nothing)
{
	EXPECT_EQ(0, irq_bind(self->dev, MSI, -1));
	EXPECT_EQ(0, irq_none(self->dev, MSI, TRIGGER));
	EXPECT_EQ(0, irq_bool(self->dev, MSI, TRIGGER, true));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(-EINVAL, irq_bind(self->dev, INTX, self->event));
	/* a message that could not be sent is owed while its cause is there */
	EXPECT_EQ(0, irq_bind(self->dev, MSI, self->event));
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, irq_bind(self->dev, MSI, -1));
	mtty_lower(self->dev, 0);
	mtty_raise(self->dev, 0);
	mtty_lower(self->dev, 0);
	EXPECT_EQ(0, irq_bind(self->dev, MSI, self->event));
	EXPECT_EQ(0, event_stray(self->event));
}

/* -1 as the first request switches MSI on (vfio.h, EVENTFD). */
TEST_F(msi, bind_nothing_first)
{
	ASSERT_EQ(0, irq_disable(self->dev, MSI));
	EXPECT_EQ(0, irq_bind(self->dev, MSI, -1));
	EXPECT_EQ(-EINVAL, irq_bind(self->dev, INTX, self->event));
	EXPECT_EQ(0, irq_disable(self->dev, MSI));
}

/* A bad descriptor in the first request leaves everything off. */
TEST_F(msi, bad_descriptor_first)
{
	int impostor = event_impostor();

	ASSERT_EQ(0, irq_disable(self->dev, MSI));
	EXPECT_EQ(-EBADF, irq_bind(self->dev, MSI, event_closed()));
	EXPECT_EQ(-EINVAL, irq_bind(self->dev, MSI, impostor));
	EXPECT_EQ(-EINVAL, irq_none(self->dev, MSI, TRIGGER));
	EXPECT_EQ(0, irq_bind(self->dev, INTX, self->event));
	close(impostor);
}

/* vfio-pci: in a later request it leaves MSI on and the vector unbound. */
TEST_F(msi, bad_descriptor_later)
{
	int impostor = event_impostor();

	EXPECT_EQ(-EBADF, irq_bind(self->dev, MSI, event_closed()));
	EXPECT_EQ(-EINVAL, irq_bind(self->dev, MSI, impostor));
	EXPECT_EQ(0, irq_none(self->dev, MSI, TRIGGER));
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(-EINVAL, irq_bind(self->dev, INTX, self->event));
	EXPECT_EQ(0, irq_bind(self->dev, MSI, self->event));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	close(impostor);
}

/* The device holds the eventfd: closing the descriptor is harmless. */
TEST_F(msi, eventfd_closed_while_bound)
{
	int fd = event_new(), copy = dup(fd);

	ASSERT_EQ(0, irq_bind(self->dev, MSI, fd));
	close(fd);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(copy));
	close(copy);
	mtty_lower(self->dev, 0);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(0, irq_none(self->dev, MSI, TRIGGER));
	EXPECT_EQ(0, irq_disable(self->dev, MSI));
}

/* VFIO_DEVICE_RESET keeps the eventfd; Bus Master is off after it. */
TEST_F(msi, reset)
{
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	ASSERT_EQ(0, dev_reset(self->dev));
	mtty_decode(self->dev);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(0, event_stray(self->event));
	config_command(self->dev, 0, PCI_COMMAND_MASTER);
	EXPECT_EQ(1, event_wait(self->event));
}

/* From INTx to MSI with the level there, as a guest driver does it, and back */
TEST_F(msi, from_intx_and_back)
{
	int event = event_new();

	ASSERT_EQ(0, irq_disable(self->dev, MSI));
	ASSERT_EQ(0, irq_bind(self->dev, INTX, event));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(event));
	ASSERT_EQ(0, irq_disable(self->dev, INTX));
	ASSERT_EQ(0, irq_bind(self->dev, MSI, self->event));
	EXPECT_EQ(1, event_wait(self->event));
	ASSERT_EQ(0, irq_disable(self->dev, MSI));
	/* the mask of the first time is not remembered */
	ASSERT_EQ(0, irq_bind(self->dev, INTX, event));
	EXPECT_EQ(1, event_wait(event));
	EXPECT_EQ(0, event_take(self->event));
	close(event);
}

/* The MSI bits of config space keep what is written; VFIO is the switch. */
TEST_F(msi, config_bits_are_stored)
{
	unsigned int cap = config_find_cap(self->dev, PCI_CAP_ID_MSI);

	ASSERT_NE(0, cap);
	config_write16(self->dev, cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE);
	EXPECT_EQ(PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_64BIT,
		  config_read16(self->dev, cap + PCI_MSI_FLAGS));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
}

TEST_HARNESS_MAIN
