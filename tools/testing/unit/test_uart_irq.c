// SPDX-License-Identifier: GPL-2.0-only
/*
 * A port's interrupts: what causes them, which goes first, what clears them.
 * Sections and tables are those of the PC16550D data sheet.
 */
#include <linux/kernel.h>

#include "suites.h"
#include "uart.h"
#include "unit.h"

#define LEVEL_1	UART_FCR_ENABLE_FIFO

/* All five at once, in both modes; cleared one after the other. */
static void priorities(void)
{
	static const u8 fcrs[] = { 0, LEVEL_1, FIFO_8 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fcrs); i++) {
		struct front *front = uart_open("mtty-1", "loopback");
		u8 fifo = fcrs[i] ? 0xc0 : 0;
		unsigned int room = fcrs[i] ? 16 : 1;

		unit_context("FCR 0x%02x", fcrs[i]);
		uart_write(front, 0, UART_FCR, fcrs[i]);
		uart_write(front, 0, UART_MCR, UART_MCR_DTR);
		uart_send(front, 0, 1, room + 1);
		uart_write(front, 0, UART_IER, 0x0f);
		EXPECT(uart_interrupts(front));
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_RLSI | fifo);
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_RLSI | fifo);
		uart_read(front, 0, UART_LSR);
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_RDI | fifo);
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_RDI | fifo);
		while (room--)
			uart_read(front, 0, UART_RX);
		EXPECT(uart_interrupts(front));
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_THRI | fifo);
		EXPECT(uart_interrupts(front));
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_MSI | fifo);
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_MSI | fifo);
		uart_read(front, 0, UART_MSR);
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT | fifo);
		EXPECT(!uart_interrupts(front));
		front_close(front);
	}
}

/* 8.7: disabled, the condition exists and is not told */
static void each_is_enabled_by_its_bit(void)
{
	static const struct {
		u8 ier;
		u8 iir;
	} all[] = {
		{ UART_IER_RDI, UART_IIR_RDI },
		{ UART_IER_THRI, UART_IIR_THRI },
		{ UART_IER_RLSI, UART_IIR_RLSI },
		{ UART_IER_MSI, UART_IIR_MSI },
	};
	struct front *front = uart_open("mtty-1", "loopback");
	unsigned int i;

	uart_write(front, 0, UART_MCR, UART_MCR_RTS);
	uart_send(front, 0, 1, 2);
	EXPECT(!uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT);
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		uart_write(front, 0, UART_IER, all[i].ier);
		EXPECT(uart_interrupts(front));
		EXPECT_REG(front, 0, UART_IIR, all[i].iir);
		uart_write(front, 0, UART_IER, 0x0f & ~all[i].ier);
		EXPECT(uart_interrupts(front));
		uart_write(front, 0, UART_IER, 0);
		EXPECT(!uart_interrupts(front));
	}
	front_close(front);
}

/* Table IV: cleared by reading IIR, if it is what IIR tells */
static void thre_is_cleared_by_iir(void)
{
	struct front *front = uart_open("mtty-1", "loopback");

	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8);
	uart_write(front, 0, UART_IER, UART_IER_THRI);
	EXPECT(uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_THRI);
	EXPECT(!uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT);
	/* LSR tells it for ever */
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);

	/* hidden behind data it is not cleared */
	uart_write(front, 0, UART_IER, UART_IER_THRI | UART_IER_RDI);
	uart_send(front, 0, 1, 1);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_RDI);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_RDI);
	uart_expect(front, 0, 1, 1);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_THRI);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT);
	front_close(front);
}

/* A character is gone as soon as it is written: THR is empty again. */
static void thre_after_each_character(void)
{
	struct front *front = uart_open("mtty-2", "cross");
	unsigned int i;

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, EVENTFD(0)), 0);
	uart_write(front, 0, UART_IER, UART_IER_THRI);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_THRI);
		EXPECT_EQ(intx_unmask(front), 0);
		EXPECT_EQ(front_signals(front, EVENTFD(0)), 0);
		uart_send(front, 0, i, 1);
	}
	/* written while it is pending: pending still, and once */
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_THRI);
	uart_send(front, 0, 0, 3);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_THRI);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT);
	front_close(front);
}

/* Enabling it is a cause; it being enabled already is none. */
static void thre_at_its_enabling(void)
{
	struct front *front = uart_open("mtty-1", "loopback");
	unsigned int i;

	for (i = 0; i < 3; i++) {
		uart_write(front, 0, UART_IER, UART_IER_THRI);
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_THRI);
		uart_write(front, 0, UART_IER, UART_IER_THRI);
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT);
		uart_write(front, 0, UART_IER, UART_IER_THRI | UART_IER_MSI);
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT);
		uart_write(front, 0, UART_IER, 0);
	}
	/* not by way of the divisor */
	uart_write(front, 0, UART_LCR, UART_LCR_DLAB);
	uart_write(front, 0, UART_DLM, UART_IER_THRI);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT);
	uart_write(front, 0, UART_DLL, 1);
	uart_write(front, 0, UART_LCR, 0);
	uart_write(front, 0, UART_IER, UART_IER_THRI);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_THRI);
	front_close(front);
}

/* Table IV and 8.4: reading LSR clears it, reading the data does not */
static void line_status(void)
{
	struct front *front = uart_open("mtty-1", "loopback");

	uart_write(front, 0, UART_FCR, LEVEL_1);
	uart_write(front, 0, UART_IER, UART_IER_RLSI);
	uart_send(front, 0, 1, 17);
	EXPECT(uart_interrupts(front));
	uart_read(front, 0, UART_RX);
	uart_read(front, 0, UART_IIR);
	uart_read(front, 0, UART_MSR);
	EXPECT(uart_interrupts(front));
	uart_read(front, 0, UART_LSR);
	EXPECT(!uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, 0xc1);
	front_close(front);
}

/* One card, one condition: of both ports. */
static void ports_share_the_interrupt(void)
{
	struct front *front = uart_open("mtty-2", "loopback");

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, EVENTFD(0)), 0);
	uart_write(front, 0, UART_IER, UART_IER_RDI);
	uart_write(front, 1, UART_IER, UART_IER_RDI);
	uart_send(front, 1, 1, 1);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT);
	EXPECT_REG(front, 1, UART_IIR, UART_IIR_RDI);
	uart_send(front, 0, 1, 1);
	uart_expect(front, 1, 1, 1);
	EXPECT(uart_interrupts(front));
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	uart_expect(front, 0, 1, 1);
	EXPECT(!uart_interrupts(front));
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 0);
	front_close(front);
}

/* With MSI: a message when the condition rises, not for each cause. */
static void msi_tells_of_rises(void)
{
	struct front *front = uart_open("mtty-2", "loopback");

	command_set(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, EVENTFD(0)), 0);
	uart_write(front, 0, UART_IER, UART_IER_RDI);
	uart_send(front, 0, 1, 1);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	uart_write(front, 1, UART_IER, UART_IER_THRI);
	uart_send(front, 0, 2, 1);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 0);
	uart_read(front, 1, UART_IIR);
	uart_read(front, 0, UART_RX);
	uart_send(front, 0, 3, 1);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	front_close(front);
}

/* OUT2 gates nothing, unlike on a PC's board. */
static void out2_does_not_gate(void)
{
	struct front *front = uart_open("mtty-1", "loopback");

	uart_write(front, 0, UART_IER, UART_IER_THRI);
	EXPECT(uart_interrupts(front));
	uart_write(front, 0, UART_MCR, UART_MCR_OUT2);
	EXPECT(uart_interrupts(front));
	uart_write(front, 0, UART_MCR, 0);
	EXPECT(uart_interrupts(front));
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(priorities),
	UNIT_CASE(each_is_enabled_by_its_bit),
	UNIT_CASE(thre_is_cleared_by_iir),
	UNIT_CASE(thre_after_each_character),
	UNIT_CASE(thre_at_its_enabling),
	UNIT_CASE(line_status),
	UNIT_CASE(ports_share_the_interrupt),
	UNIT_CASE(msi_tells_of_rises),
	UNIT_CASE(out2_does_not_gate),
	{ }
};

const struct unit_suite uart_irq_suite = { "uart_irq", cases };
