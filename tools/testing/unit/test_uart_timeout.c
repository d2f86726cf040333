// SPDX-License-Identifier: GPL-2.0-only
/*
 * The character timeout: data sheet 8.11. Four character times after the last
 * arrival or read, to the nanosecond of the fake clock.
 */
#include <linux/kernel.h>

#include "suites.h"
#include "uart.h"
#include "unit.h"

#define TIMEOUT	0xcc
#define QUIET	0xc1

/*
 * A bit takes divisor * 16 / 1843200 Hz = divisor * 78125 / 9 ns. These are
 * four characters at 9600 baud (divisor 12), of eight bits without parity.
 */
#define BITS_8N1	10
#define WAIT(bits, divisor)	(4ULL * (bits) * (divisor) * 78125 / 9)
#define WAIT_8N1	WAIT(BITS_8N1, 12)

static struct front *with_fifo(u8 fcr)
{
	struct front *front = uart_open("mtty-1", "loopback");

	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8);
	uart_write(front, 0, UART_FCR, fcr);
	uart_write(front, 0, UART_IER, UART_IER_RDI);
	return front;
}

/* The timeout is @ns away, not more and not less. */
static void expect_timeout_in(struct front *front, u64 ns)
{
	front_advance(front, ns - 1);
	EXPECT(!uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, QUIET);
	front_advance(front, 1);
	EXPECT(uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, TIMEOUT);
}

static void four_characters_of_silence(void)
{
	struct front *front = with_fifo(FIFO_8);

	EXPECT_EQ(WAIT_8N1, 4166666);
	uart_send(front, 0, 0x31, 1);
	expect_timeout_in(front, WAIT_8N1);
	/* it stays until RBR is read, and reading IIR is not that */
	EXPECT_REG(front, 0, UART_IIR, TIMEOUT);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS | UART_LSR_DR);
	front_advance(front, 1000000000);
	EXPECT_REG(front, 0, UART_IIR, TIMEOUT);
	uart_expect(front, 0, 0x31, 1);
	EXPECT_REG(front, 0, UART_IIR, QUIET);
	EXPECT(!uart_interrupts(front));
	/* nothing left: no more timeouts */
	front_advance(front, 1000000000);
	EXPECT_REG(front, 0, UART_IIR, QUIET);
	EXPECT_EQ(front->alarm, VDEV_TIME_NEVER);
	front_close(front);
}

/* Word length, parity, stop bits and divisor make the character time. */
static void character_times(void)
{
	static const u16 divisors[] = { 1, 2, 3, 12, 96, 384, 2304, 65535 };
	unsigned int lcr, i;

	for (lcr = 0; lcr < 64; lcr++) {
		/* start, data, parity, stop; one and a half count as two */
		unsigned int bits = 1 + 5 + lcr % 4 + lcr / 8 % 2 +
				    (lcr & 4 ? 2 : 1);

		for (i = 0; i < ARRAY_SIZE(divisors); i++) {
			struct front *front = with_fifo(FIFO_14);

			unit_context("LCR 0x%02x divisor %u", lcr,
				     divisors[i]);
			uart_divisor(front, 0, divisors[i]);
			uart_write(front, 0, UART_LCR, lcr);
			uart_send(front, 0, 1, 1);
			expect_timeout_in(front, WAIT(bits, divisors[i]));
			front_close(front);
		}
	}
}

/* "160 ms at 300 baud with a 12-bit receive character" */
static void as_the_sheet_reckons(void)
{
	struct front *front = with_fifo(FIFO_8);

	uart_divisor(front, 0, 384);
	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8 | UART_LCR_PARITY |
		   UART_LCR_STOP);
	uart_send(front, 0, 1, 1);
	expect_timeout_in(front, 160000000);
	front_close(front);
}

/* 8.11 D */
static void arrival_begins_the_wait_anew(void)
{
	struct front *front = with_fifo(FIFO_8);

	uart_send(front, 0, 1, 1);
	front_advance(front, WAIT_8N1 - 1);
	uart_send(front, 0, 2, 1);
	expect_timeout_in(front, WAIT_8N1);
	front_close(front);
}

/* 8.11 C and D */
static void read_begins_the_wait_anew(void)
{
	struct front *front = with_fifo(FIFO_8);

	uart_send(front, 0, 1, 3);
	front_advance(front, WAIT_8N1 - 1);
	uart_expect(front, 0, 1, 1);
	expect_timeout_in(front, WAIT_8N1);
	uart_expect(front, 0, 2, 1);
	expect_timeout_in(front, WAIT_8N1);
	uart_expect(front, 0, 3, 1);
	EXPECT_REG(front, 0, UART_IIR, QUIET);
	front_close(front);
}

/* 8.11 C: only a read takes it back */
static void arrival_does_not_clear_it(void)
{
	struct front *front = with_fifo(FIFO_8);

	uart_send(front, 0, 1, 1);
	expect_timeout_in(front, WAIT_8N1);
	uart_send(front, 0, 2, 1);
	EXPECT(uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, TIMEOUT);
	/* at the trigger level the data is what is told */
	uart_send(front, 0, 3, 6);
	EXPECT_REG(front, 0, UART_IIR, 0xc4);
	uart_expect(front, 0, 1, 1);
	EXPECT_REG(front, 0, UART_IIR, QUIET);
	front_close(front);
}

static void fcr_does_not_clear_it(void)
{
	struct front *front = with_fifo(FIFO_8);

	uart_send(front, 0, 1, 1);
	expect_timeout_in(front, WAIT_8N1);
	uart_write(front, 0, UART_FCR, FIFO_8);
	EXPECT_REG(front, 0, UART_IIR, TIMEOUT);
	uart_write(front, 0, UART_FCR, FIFO_14);
	EXPECT_REG(front, 0, UART_IIR, TIMEOUT);
	/* but clearing the FIFO does */
	uart_write(front, 0, UART_FCR, FIFO_14 | UART_FCR_CLEAR_RCVR);
	EXPECT_REG(front, 0, UART_IIR, QUIET);
	front_advance(front, 1000000000);
	EXPECT_REG(front, 0, UART_IIR, QUIET);

	/* as does another mode */
	uart_send(front, 0, 1, 1);
	expect_timeout_in(front, WAIT_8N1);
	uart_write(front, 0, UART_FCR, 0);
	uart_write(front, 0, UART_FCR, FIFO_8);
	EXPECT_REG(front, 0, UART_IIR, QUIET);
	front_close(front);
}

static void same_fcr_again_does_not_delay_it(void)
{
	struct front *front = with_fifo(FIFO_8);

	uart_send(front, 0, 1, 1);
	front_advance(front, WAIT_8N1 / 2);
	uart_write(front, 0, UART_FCR, FIFO_8);
	expect_timeout_in(front, WAIT_8N1 - WAIT_8N1 / 2);
	front_close(front);
}

static void cleared_before_its_time(void)
{
	struct front *front = with_fifo(FIFO_8);

	uart_send(front, 0, 1, 3);
	front_advance(front, WAIT_8N1 - 1);
	uart_write(front, 0, UART_FCR, FIFO_8 | UART_FCR_CLEAR_RCVR);
	front_advance(front, 1000000000);
	EXPECT_REG(front, 0, UART_IIR, QUIET);

	uart_send(front, 0, 1, 2);
	uart_expect(front, 0, 1, 2);
	front_advance(front, 1000000000);
	EXPECT_REG(front, 0, UART_IIR, QUIET);
	front_close(front);
}

/* Above the trigger level the data interrupt says it all. */
static void only_below_the_trigger_level(void)
{
	struct front *front = with_fifo(FIFO_8);

	uart_send(front, 0, 1, 8);
	front_advance(front, 1000000000);
	EXPECT_REG(front, 0, UART_IIR, 0xc4);
	uart_expect(front, 0, 1, 1);
	expect_timeout_in(front, WAIT_8N1);
	front_close(front);

	/* of one: never */
	front = with_fifo(UART_FCR_ENABLE_FIFO);
	uart_send(front, 0, 1, 1);
	front_advance(front, 1000000000);
	EXPECT_REG(front, 0, UART_IIR, 0xc4);
	front_close(front);
}

static void raised_trigger_level(void)
{
	struct front *front = with_fifo(UART_FCR_ENABLE_FIFO);

	uart_send(front, 0, 1, 2);
	uart_write(front, 0, UART_FCR, FIFO_8);
	EXPECT_REG(front, 0, UART_IIR, QUIET);
	front_advance(front, WAIT_8N1);
	EXPECT_REG(front, 0, UART_IIR, TIMEOUT);
	front_close(front);
}

static void never_without_fifo(void)
{
	struct front *front = with_fifo(0);

	uart_send(front, 0, 1, 1);
	front_advance(front, 1000000000);
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_RDI);
	EXPECT_EQ(front->alarm, VDEV_TIME_NEVER);
	front_close(front);
}

/* 8.7 bit 0 enables it: disabled, it happens and is not told */
static void told_if_enabled(void)
{
	struct front *front = with_fifo(FIFO_8);

	uart_write(front, 0, UART_IER, 0x0e);
	uart_read(front, 0, UART_IIR);
	uart_send(front, 0, 1, 1);
	uart_read(front, 0, UART_IIR);
	front_advance(front, 1000000000);
	EXPECT(!uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, QUIET);
	uart_write(front, 0, UART_IER, UART_IER_RDI);
	EXPECT(uart_interrupts(front));
	EXPECT_REG(front, 0, UART_IIR, TIMEOUT);
	front_close(front);
}

static void interrupts_the_user(void)
{
	struct front *front = with_fifo(FIFO_8);

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, EVENTFD(0)), 0);
	uart_send(front, 0, 1, 1);
	front_advance(front, WAIT_8N1 - 1);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 0);
	front_advance(front, 1);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	front_close(front);
}

static void each_port_has_its_own(void)
{
	struct front *front = uart_open("mtty-2", "cross");
	unsigned int port;

	for (port = 0; port < 2; port++) {
		uart_write(front, port, UART_LCR, UART_LCR_WLEN8);
		uart_write(front, port, UART_FCR, FIFO_8);
		uart_write(front, port, UART_IER, UART_IER_RDI);
	}
	/* the receiver's divisor counts */
	uart_divisor(front, 0, 12);
	uart_divisor(front, 1, 24);
	uart_send(front, 0, 1, 1);
	uart_send(front, 1, 1, 1);
	front_advance(front, WAIT(BITS_8N1, 12));
	EXPECT_REG(front, 0, UART_IIR, TIMEOUT);
	EXPECT_REG(front, 1, UART_IIR, QUIET);
	front_advance(front, WAIT(BITS_8N1, 24) - WAIT(BITS_8N1, 12) - 1);
	EXPECT_REG(front, 1, UART_IIR, QUIET);
	front_advance(front, 1);
	EXPECT_REG(front, 1, UART_IIR, TIMEOUT);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(four_characters_of_silence),
	UNIT_CASE(character_times),
	UNIT_CASE(as_the_sheet_reckons),
	UNIT_CASE(arrival_begins_the_wait_anew),
	UNIT_CASE(read_begins_the_wait_anew),
	UNIT_CASE(arrival_does_not_clear_it),
	UNIT_CASE(fcr_does_not_clear_it),
	UNIT_CASE(same_fcr_again_does_not_delay_it),
	UNIT_CASE(cleared_before_its_time),
	UNIT_CASE(only_below_the_trigger_level),
	UNIT_CASE(raised_trigger_level),
	UNIT_CASE(never_without_fifo),
	UNIT_CASE(told_if_enabled),
	UNIT_CASE(interrupts_the_user),
	UNIT_CASE(each_port_has_its_own),
	{ }
};

const struct unit_suite uart_timeout_suite = { "uart_timeout", cases };
