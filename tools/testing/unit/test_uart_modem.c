// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modem lines and where they lead: to the port itself, to the other port, or,
 * in loop mode, nowhere. Sections are those of the PC16550D data sheet.
 */
#include <linux/kernel.h>

#include "suites.h"
#include "uart.h"
#include "unit.h"

#define DATA	(NO_ERRORS | UART_LSR_DR)

/* What MSR's upper half is for an MCR, on the wire and in the loop. */
static u8 over_the_wire(u8 mcr)
{
	return (mcr & UART_MCR_RTS ? UART_MSR_CTS : 0) |
	       (mcr & UART_MCR_DTR ? UART_MSR_DSR | UART_MSR_DCD : 0);
}

static u8 in_the_loop(u8 mcr)
{
	return (mcr & UART_MCR_RTS ? UART_MSR_CTS : 0) |
	       (mcr & UART_MCR_DTR ? UART_MSR_DSR : 0) |
	       (mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0) |
	       (mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0);
}

/* 8.9: which delta bits a change of inputs sets */
static u8 deltas(u8 from, u8 to)
{
	u8 delta = (from ^ to) >> 4 & ~UART_MSR_TERI;

	if (from & ~to & UART_MSR_RI)
		delta |= UART_MSR_TERI;
	return delta;
}

/* From each MCR to each other, with the port @watched that listens. */
static void each_change(const char *wiring, unsigned int watched, u8 loop,
			u8 (*inputs)(u8 mcr))
{
	struct front *front = uart_open("mtty-2", wiring);
	unsigned int from, to;

	for (from = 0; from < 16; from++) {
		for (to = 0; to < 16; to++) {
			unit_context("%s MCR 0x%x to 0x%x", wiring,
				     from | loop, to | loop);
			uart_write(front, 0, UART_MCR, from | loop);
			uart_read(front, watched, UART_MSR);
			EXPECT_REG(front, watched, UART_MSR, inputs(from));
			uart_write(front, 0, UART_MCR, to | loop);
			EXPECT_REG(front, watched, UART_MSR,
				   inputs(to) |
				   deltas(inputs(from), inputs(to)));
			EXPECT_REG(front, watched, UART_MSR, inputs(to));
			/* nobody else has noticed */
			EXPECT_REG(front, !watched, UART_MSR, 0);
		}
	}
	front_close(front);
}

static void loopback_wiring(void)
{
	each_change("loopback", 0, 0, over_the_wire);
}

static void cross_wiring(void)
{
	each_change("cross", 1, 0, over_the_wire);
}

static void loop_mode(void)
{
	each_change("loopback", 0, UART_MCR_LOOP, in_the_loop);
	each_change("cross", 0, UART_MCR_LOOP, in_the_loop);
}

static void cross_wiring_goes_both_ways(void)
{
	struct front *front = uart_open("mtty-2", "cross");

	uart_write(front, 0, UART_MCR, UART_MCR_RTS);
	uart_write(front, 1, UART_MCR, UART_MCR_DTR);
	EXPECT_REG(front, 0, UART_MSR, UART_MSR_DSR | UART_MSR_DCD |
		   UART_MSR_DDSR | UART_MSR_DDCD);
	EXPECT_REG(front, 1, UART_MSR, UART_MSR_CTS | UART_MSR_DCTS);
	front_close(front);
}

/* There and back: the bits tell of a change since they were last read. */
static void deltas_add_up(void)
{
	struct front *front = uart_open("mtty-1", "loopback");

	uart_write(front, 0, UART_MCR, UART_MCR_RTS);
	uart_write(front, 0, UART_MCR, 0);
	uart_write(front, 0, UART_MCR, UART_MCR_DTR);
	EXPECT_REG(front, 0, UART_MSR, UART_MSR_DSR | UART_MSR_DCD |
		   UART_MSR_DCTS | UART_MSR_DDSR | UART_MSR_DDCD);
	EXPECT_REG(front, 0, UART_MSR, UART_MSR_DSR | UART_MSR_DCD);
	front_close(front);
}

/* 8.9 bit 2: not the beginning of the ring, its end */
static void ring_tells_of_its_end(void)
{
	struct front *front = uart_open("mtty-1", "loopback");

	uart_write(front, 0, UART_IER, UART_IER_MSI);
	uart_write(front, 0, UART_MCR, UART_MCR_LOOP | UART_MCR_OUT1);
	EXPECT(!uart_interrupts(front));
	EXPECT_REG(front, 0, UART_MSR, UART_MSR_RI);
	uart_write(front, 0, UART_MCR, UART_MCR_LOOP);
	EXPECT(uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_MSI);
	EXPECT_REG(front, 0, UART_MSR, UART_MSR_TERI);
	EXPECT(!uart_interrupts(front));
	front_close(front);
}

static void other_side_interrupts(void)
{
	struct front *front = uart_open("mtty-2", "cross");

	uart_write(front, 1, UART_IER, UART_IER_MSI);
	uart_write(front, 0, UART_MCR, UART_MCR_RTS);
	EXPECT(uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT);
	EXPECT_REG(front, 1, UART_IIR, UART_IIR_MSI);
	uart_read(front, 1, UART_MSR);
	EXPECT(!uart_interrupts(front));
	front_close(front);
}

/* 8.8 bit 4: the outputs go inactive, and the other side sees it */
static void loop_mode_drops_the_outputs(void)
{
	struct front *front = uart_open("mtty-2", "cross");

	uart_write(front, 0, UART_MCR, UART_MCR_RTS | UART_MCR_DTR);
	uart_read(front, 1, UART_MSR);
	uart_write(front, 0, UART_MCR, UART_MCR_RTS | UART_MCR_DTR |
		   UART_MCR_LOOP);
	EXPECT_REG(front, 1, UART_MSR, UART_MSR_DCTS | UART_MSR_DDSR |
		   UART_MSR_DDCD);
	EXPECT_REG(front, 0, UART_MSR, UART_MSR_CTS | UART_MSR_DSR |
		   UART_MSR_DCTS | UART_MSR_DDSR);
	/* and what the other side does is not seen */
	uart_write(front, 1, UART_MCR, UART_MCR_DTR);
	EXPECT_REG(front, 0, UART_MSR, UART_MSR_CTS | UART_MSR_DSR);
	uart_write(front, 0, UART_MCR, 0);
	EXPECT_REG(front, 0, UART_MSR, UART_MSR_DSR | UART_MSR_DCD |
		   UART_MSR_DCTS | UART_MSR_DDCD);
	front_close(front);
}

/* 8.8 bit 4: what is sent is received, and goes nowhere else */
static void loop_mode_keeps_the_data_inside(void)
{
	struct front *front = uart_open("mtty-2", "cross");

	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8);
	uart_write(front, 1, UART_LCR, UART_LCR_WLEN8);
	uart_write(front, 0, UART_MCR, UART_MCR_LOOP);
	uart_send(front, 0, 0x81, 1);
	EXPECT_REG(front, 1, UART_LSR, NO_ERRORS);
	EXPECT_REG(front, 0, UART_LSR, DATA);
	uart_expect(front, 0, 0x81, 1);
	/* SIN is disconnected */
	uart_send(front, 1, 0x82, 1);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	EXPECT_REG(front, 1, UART_LSR, NO_ERRORS);
	uart_write(front, 0, UART_MCR, 0);
	uart_send(front, 0, 0x83, 1);
	uart_send(front, 1, 0x84, 1);
	EXPECT_REG(front, 0, UART_RX, 0x84);
	EXPECT_REG(front, 1, UART_RX, 0x83);
	front_close(front);
}

/* 8.2 bit 6: break acts on SOUT, and the loop is inside of that */
static void loop_mode_knows_no_break(void)
{
	struct front *front = uart_open("mtty-1", "loopback");

	uart_write(front, 0, UART_MCR, UART_MCR_LOOP);
	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	uart_send(front, 0, 0x91, 1);
	EXPECT_REG(front, 0, UART_LSR, DATA);
	uart_expect(front, 0, 0x91, 1);
	/* let out of the loop, the line breaks */
	uart_write(front, 0, UART_MCR, 0);
	EXPECT_REG(front, 0, UART_LSR, DATA | UART_LSR_BI | UART_LSR_FE);
	uart_expect(front, 0, 0, 1);
	/* and once is enough */
	uart_write(front, 0, UART_MCR, UART_MCR_DTR);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	front_close(front);
}

static void cross_wiring_carries_data(void)
{
	struct front *front = uart_open("mtty-2", "cross");
	unsigned int port;

	for (port = 0; port < 2; port++) {
		uart_write(front, port, UART_LCR, UART_LCR_WLEN8);
		uart_write(front, port, UART_FCR, FIFO_8);
	}
	for (port = 0; port < 2; port++) {
		uart_send(front, port, 0x40, 16);
		EXPECT_REG(front, port, UART_LSR, NO_ERRORS);
		uart_expect(front, !port, 0x40, 16);
		EXPECT_REG(front, !port, UART_LSR, NO_ERRORS);
	}
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(loopback_wiring),
	UNIT_CASE(cross_wiring),
	UNIT_CASE(loop_mode),
	UNIT_CASE(cross_wiring_goes_both_ways),
	UNIT_CASE(deltas_add_up),
	UNIT_CASE(ring_tells_of_its_end),
	UNIT_CASE(other_side_interrupts),
	UNIT_CASE(loop_mode_drops_the_outputs),
	UNIT_CASE(loop_mode_keeps_the_data_inside),
	UNIT_CASE(loop_mode_knows_no_break),
	UNIT_CASE(cross_wiring_carries_data),
	{ }
};

const struct unit_suite uart_modem_suite = { "uart_modem", cases };
