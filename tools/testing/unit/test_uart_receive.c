// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of a character: FIFO, overrun, break, word lengths, the
 * character timeout. Sections are those of the PC16550D data sheet.
 */
#include <linux/kernel.h>

#include "suites.h"
#include "uart.h"
#include "unit.h"

#define DATA	(NO_ERRORS | UART_LSR_DR)
#define BREAK	(UART_LSR_BI | UART_LSR_FE)

/* A port with the FIFO on, eight bits, data interrupts. */
static struct front *with_fifo(u8 fcr)
{
	struct front *front = uart_open("mtty-1", "loopback");

	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8);
	uart_write(front, 0, UART_FCR, fcr);
	uart_write(front, 0, UART_IER, UART_IER_RDI | UART_IER_RLSI);
	return front;
}

static void one_character_without_fifo(void)
{
	struct front *front = with_fifo(0);

	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	uart_send(front, 0, 0xa5, 1);
	EXPECT(uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_RDI);
	EXPECT_REG(front, 0, UART_LSR, DATA);
	uart_expect(front, 0, 0xa5, 1);
	EXPECT(!uart_interrupts(front));
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	/* it is a register: what was in it stays */
	uart_expect(front, 0, 0xa5, 1);
	front_close(front);
}

/* 8.4 bit 1: the previous character is destroyed */
static void overrun_without_fifo(void)
{
	struct front *front = with_fifo(0);

	uart_send(front, 0, 0x10, 3);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_RLSI);
	EXPECT_REG(front, 0, UART_LSR, DATA | UART_LSR_OE);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_RDI);
	EXPECT_REG(front, 0, UART_LSR, DATA);
	uart_expect(front, 0, 0x12, 1);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	EXPECT(!uart_interrupts(front));
	front_close(front);
}

/* The overrun is of the port, not of the character. */
static void overrun_outlives_the_data(void)
{
	struct front *front = with_fifo(0);

	uart_send(front, 0, 0x10, 2);
	uart_expect(front, 0, 0x11, 1);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_RLSI);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS | UART_LSR_OE);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT);
	front_close(front);
}

/* 8.4 bit 1: "not transferred to the FIFO" */
static void overrun_with_fifo(void)
{
	struct front *front = with_fifo(FIFO_14);

	uart_send(front, 0, 0x20, 16);
	EXPECT_REG(front, 0, UART_LSR, DATA);
	uart_send(front, 0, 0x99, 1);
	EXPECT_REG(front, 0, UART_LSR, DATA | UART_LSR_OE);
	EXPECT_REG(front, 0, UART_LSR, DATA);
	uart_send(front, 0, 0x9a, 2);
	uart_expect(front, 0, 0x20, 16);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS | UART_LSR_OE);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	/* and there is room again */
	uart_send(front, 0, 0x40, 16);
	EXPECT_REG(front, 0, UART_LSR, DATA);
	uart_expect(front, 0, 0x40, 16);
	front_close(front);
}

static void fifo_wraps_around(void)
{
	struct front *front = with_fifo(FIFO_14);
	unsigned int i;

	for (i = 0; i < 64; i++) {
		uart_send(front, 0, 7 * i, 13);
		uart_expect(front, 0, 7 * i, 13);
		EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	}
	front_close(front);
}

/* 8.5 bits 7:6, 8.11 A and B */
static void trigger_levels(void)
{
	static const struct {
		u8 fcr;
		unsigned int level;
	} all[] = {
		{ 0x01, 1 }, { 0x41, 4 }, { 0x81, 8 }, { 0xc1, 14 },
	};
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct front *front = with_fifo(all[i].fcr);

		for (n = 1; n <= 16; n++) {
			bool reached = n >= all[i].level;

			unit_context("level %u, character %u", all[i].level,
				     n);
			uart_send(front, 0, n, 1);
			EXPECT_EQ(uart_interrupts(front), reached);
			EXPECT_REG(front, 0, UART_IIR, 0xc0 |
				   (reached ? UART_IIR_RDI : UART_IIR_NO_INT));
		}
		for (n = 15; n; n--) {
			uart_expect(front, 0, 16 - n, 1);
			EXPECT_EQ(uart_interrupts(front), n >= all[i].level);
		}
		front_close(front);
	}
}

/* The level is compared as it is now. */
static void trigger_level_changes(void)
{
	struct front *front = with_fifo(FIFO_14);

	uart_send(front, 0, 1, 5);
	EXPECT(!uart_interrupts(front));
	uart_write(front, 0, UART_FCR, UART_FCR_ENABLE_FIFO |
		   UART_FCR_TRIGGER_4);
	EXPECT(uart_interrupts(front));
	uart_write(front, 0, UART_FCR, FIFO_8);
	EXPECT(!uart_interrupts(front));
	uart_expect(front, 0, 1, 5);
	front_close(front);
}

/* 8.5 bit 0: to change the mode is to clear */
static void mode_change_clears(void)
{
	struct front *front = with_fifo(0);

	uart_send(front, 0, 1, 1);
	uart_write(front, 0, UART_FCR, FIFO_8);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	uart_send(front, 0, 1, 9);
	EXPECT_REG(front, 0, UART_IIR, 0xc4);
	/* the same mode again clears nothing */
	uart_write(front, 0, UART_FCR, FIFO_8);
	EXPECT_REG(front, 0, UART_IIR, 0xc4);
	uart_write(front, 0, UART_FCR, UART_FCR_TRIGGER_8);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT);
	EXPECT(!uart_interrupts(front));
	front_close(front);
}

/* 8.5 bits 1 and 2 */
static void clear_bits(void)
{
	struct front *front = with_fifo(FIFO_8);

	uart_send(front, 0, 1, 9);
	/* the transmitter's FIFO is always empty: nothing to clear */
	uart_write(front, 0, UART_FCR, FIFO_8 | UART_FCR_CLEAR_XMIT);
	EXPECT_REG(front, 0, UART_IIR, 0xc4);
	uart_write(front, 0, UART_FCR, FIFO_8 | UART_FCR_CLEAR_RCVR);
	EXPECT_REG(front, 0, UART_IIR, 0xc1);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	EXPECT(!uart_interrupts(front));
	/* self-clearing */
	uart_send(front, 0, 0x31, 1);
	uart_expect(front, 0, 0x31, 1);

	/* not programmed without bit 0, and there is no FIFO to clear */
	uart_write(front, 0, UART_FCR, 0);
	uart_send(front, 0, 0x32, 1);
	uart_write(front, 0, UART_FCR, UART_FCR_CLEAR_RCVR);
	EXPECT_REG(front, 0, UART_LSR, DATA);
	uart_expect(front, 0, 0x32, 1);
	front_close(front);
}

static void clear_keeps_overrun(void)
{
	struct front *front = with_fifo(FIFO_8);

	uart_send(front, 0, 1, 17);
	uart_write(front, 0, UART_FCR, FIFO_8 | UART_FCR_CLEAR_RCVR);
	EXPECT_REG(front, 0, UART_IIR, 0xc6);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS | UART_LSR_OE);
	EXPECT(!uart_interrupts(front));
	front_close(front);
}

/* 8.2 bits 1:0, at the sender and at the receiver */
static void word_lengths(void)
{
	struct front *front = uart_open("mtty-2", "cross");
	unsigned int sender, receiver;
	static const u8 mask[] = { 0x1f, 0x3f, 0x7f, 0xff };

	for (sender = 0; sender < 4; sender++) {
		for (receiver = 0; receiver < 4; receiver++) {
			uart_write(front, 0, UART_LCR, sender);
			uart_write(front, 1, UART_LCR, receiver);
			uart_send(front, 0, 0xff, 1);
			EXPECT_REG(front, 1, UART_RX,
				   mask[sender] & mask[receiver]);
			uart_send(front, 0, 0xa5, 1);
			EXPECT_REG(front, 1, UART_RX,
				   0xa5 & mask[sender] & mask[receiver]);
		}
	}
	front_close(front);
}

/* 8.2 bit 6, 8.4 bit 4: one zero character */
static void break_is_one_character(void)
{
	struct front *front = with_fifo(FIFO_14);

	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	EXPECT_REG(front, 0, UART_IIR, 0xc6);
	EXPECT_REG(front, 0, UART_LSR, DATA | BREAK | UART_LSR_FIFOE);
	EXPECT_REG(front, 0, UART_LSR, DATA);
	/* no more of it as long as it lasts, and nothing else gets through */
	uart_write(front, 0, UART_LCR, UART_LCR_WLEN7 | UART_LCR_SBC);
	uart_send(front, 0, 0x55, 3);
	uart_expect(front, 0, 0, 1);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	uart_send(front, 0, 0x56, 1);
	uart_expect(front, 0, 0x56, 1);
	/* the next one is another */
	uart_write(front, 0, UART_LCR, UART_LCR_SBC);
	EXPECT_REG(front, 0, UART_LSR, DATA | BREAK | UART_LSR_FIFOE);
	front_close(front);
}

/* Though the line carries nothing, THR is as empty as ever. */
static void thr_empties_during_break(void)
{
	struct front *front = with_fifo(FIFO_14);

	uart_write(front, 0, UART_LCR, UART_LCR_SBC);
	uart_expect(front, 0, 0, 1);
	uart_write(front, 0, UART_IER, UART_IER_THRI);
	EXPECT_REG(front, 0, UART_IIR, 0xc2);
	EXPECT_REG(front, 0, UART_IIR, 0xc1);
	uart_send(front, 0, 1, 1);
	EXPECT_REG(front, 0, UART_IIR, 0xc2);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	front_close(front);
}

/* 8.4 bits 4 and 7: revealed when its character is the next */
static void break_in_the_middle_of_the_fifo(void)
{
	struct front *front = with_fifo(FIFO_14);

	uart_send(front, 0, 0x61, 2);
	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8);
	uart_send(front, 0, 0x71, 2);
	EXPECT_REG(front, 0, UART_IIR, 0xc1);
	EXPECT_REG(front, 0, UART_LSR, DATA | UART_LSR_FIFOE);
	/* 8.4 bit 7: reading does not clear it while the error is there */
	EXPECT_REG(front, 0, UART_LSR, DATA | UART_LSR_FIFOE);
	uart_expect(front, 0, 0x61, 2);
	EXPECT(uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, 0xc6);
	EXPECT_REG(front, 0, UART_LSR, DATA | BREAK | UART_LSR_FIFOE);
	EXPECT_REG(front, 0, UART_LSR, DATA);
	uart_expect(front, 0, 0, 1);
	EXPECT_REG(front, 0, UART_LSR, DATA);
	uart_expect(front, 0, 0x71, 2);
	front_close(front);
}

/* 8.4: without the FIFO the bits belong to the port and wait for a read */
static void break_without_fifo(void)
{
	struct front *front = with_fifo(0);

	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8);
	uart_expect(front, 0, 0, 1);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_RLSI);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS | BREAK);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);

	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8);
	uart_send(front, 0, 0x42, 1);
	EXPECT_REG(front, 0, UART_LSR, DATA | BREAK | UART_LSR_OE);
	uart_expect(front, 0, 0x42, 1);
	front_close(front);
}

static void break_across(void)
{
	struct front *front = uart_open("mtty-2", "cross");

	uart_write(front, 0, UART_LCR, UART_LCR_SBC);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	EXPECT_REG(front, 1, UART_LSR, DATA | BREAK);
	/* nobody listens */
	uart_write(front, 0, UART_LCR, 0);
	uart_read(front, 1, UART_RX);
	uart_write(front, 1, UART_MCR, UART_MCR_LOOP);
	uart_write(front, 0, UART_LCR, UART_LCR_SBC);
	EXPECT_REG(front, 1, UART_LSR, NO_ERRORS);
	front_close(front);
}

/* A full FIFO has no room for a break either. */
static void break_overruns(void)
{
	struct front *front = with_fifo(FIFO_14);

	uart_send(front, 0, 1, 16);
	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	EXPECT_REG(front, 0, UART_LSR, DATA | UART_LSR_OE);
	uart_expect(front, 0, 1, 16);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(one_character_without_fifo),
	UNIT_CASE(overrun_without_fifo),
	UNIT_CASE(overrun_outlives_the_data),
	UNIT_CASE(overrun_with_fifo),
	UNIT_CASE(fifo_wraps_around),
	UNIT_CASE(trigger_levels),
	UNIT_CASE(trigger_level_changes),
	UNIT_CASE(mode_change_clears),
	UNIT_CASE(clear_bits),
	UNIT_CASE(clear_keeps_overrun),
	UNIT_CASE(word_lengths),
	UNIT_CASE(break_is_one_character),
	UNIT_CASE(thr_empties_during_break),
	UNIT_CASE(break_in_the_middle_of_the_fifo),
	UNIT_CASE(break_without_fifo),
	UNIT_CASE(break_across),
	UNIT_CASE(break_overruns),
	{ }
};

const struct unit_suite uart_receive_suite = { "uart_receive", cases };
