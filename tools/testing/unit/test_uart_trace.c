// SPDX-License-Identifier: GPL-2.0-only
/*
 * A random driver of a serial card, beside the oracle; and one whose card is
 * every now and then another, with the state of the one before.
 */
#include <linux/kernel.h>

#include "migrate.h"
#include "random.h"
#include "suites.h"
#include "uart.h"
#include "uart_oracle.h"
#include "unit.h"

#define STEPS	100000

/* A value for a register that keeps things going. */
static u8 likely_value(unsigned int reg)
{
	switch (reg) {
	case UART_IER:
		/* also DLM: short waits are over sooner */
		return random_one_in(2) ? 0 : random_u64() & 0x0f;
	case UART_FCR:
		if (random_one_in(16))
			return random_u64();
		return UART_FCR_ENABLE_FIFO | random_below(4) << 6 |
		       (random_one_in(16) ? UART_FCR_CLEAR_RCVR : 0);
	case UART_LCR:
		return random_below(4) | (random_u64() & 0x3c) |
		       (random_one_in(8) ? UART_LCR_DLAB : 0) |
		       (random_one_in(4) ? UART_LCR_SBC : 0);
	case UART_MCR:
		return random_below(16) |
		       (random_one_in(4) ? UART_MCR_LOOP : 0);
	default:
		return random_u64();
	}
}

/* Registers by how often a driver writes and reads them. */
static const u8 written[] = {
	UART_TX, UART_TX, UART_TX, UART_TX, UART_TX, UART_TX, UART_TX, UART_TX,
	UART_TX, UART_TX, UART_TX, UART_TX, UART_IER, UART_IER, UART_FCR,
	UART_LCR, UART_LCR, UART_MCR, UART_LSR, UART_MSR, UART_SCR,
};

static const u8 read[] = {
	UART_RX, UART_RX, UART_RX, UART_RX, UART_RX, UART_IER, UART_IIR,
	UART_IIR, UART_LCR, UART_MCR, UART_LSR, UART_LSR, UART_MSR, UART_SCR,
};

static void pass_time(struct front *front, struct oracle_card *card)
{
	/* waits are between 0.25 ms and the time it takes to lose patience */
	u64 ns = random_below(1000) * (random_one_in(4) ? 100000 : 1000);

	front_advance(front, ns);
	card->now += ns;
}

static void step(struct front *front, struct oracle_card *card)
{
	unsigned int port = random_below(card->ports);
	unsigned int reg, way = random_below(64);
	u8 value;

	if (way == 0) {
		if (!random_one_in(64))
			return;
		vdev_reset(front->vdev);
		command_set(front, PCI_COMMAND_IO);
		oracle_card_power_on(card);
	} else if (way < 12) {
		pass_time(front, card);
	} else if (way < 36) {
		reg = written[random_below(ARRAY_SIZE(written))];
		value = likely_value(reg);
		unit_context("write 0x%02x to register %u of port %u", value,
			     reg, port);
		uart_write(front, port, reg, value);
		oracle_card_write(card, port, reg, value);
	} else {
		reg = read[random_below(ARRAY_SIZE(read))];
		unit_context("read register %u of port %u", reg, port);
		EXPECT_EQ(uart_read(front, port, reg),
			  oracle_card_read(card, port, reg));
	}
}

/* @moves: on average a card is migrated every so many steps; 0: never */
static void trace(const char *type, const char *wiring, unsigned int ports,
		  bool cross, unsigned int moves)
{
	struct front *front = uart_open(type, wiring);
	struct oracle_card card = {
		.now = front->now, .cross = cross, .ports = ports,
	};
	unsigned int i, timeouts = 0;

	oracle_card_power_on(&card);
	for (i = 0; i < STEPS; i++) {
		if (moves && random_one_in(moves))
			front = front_migrate(front);
		step(front, &card);
		unit_context("after step %u", i);
		EXPECT_EQ(uart_interrupts(front),
			  oracle_card_interrupts(&card));
		timeouts += card.port[0].rang;
	}
	/* or else the trace has missed the best part */
	EXPECT(timeouts > STEPS / 100);
	front_close(front);
}

static void one_port(void)
{
	trace("mtty-1", "loopback", 1, false, 0);
}

static void two_ports(void)
{
	trace("mtty-2", "loopback", 2, false, 0);
}

static void two_ports_across(void)
{
	trace("mtty-2", "cross", 2, true, 0);
}

static void one_port_that_moves(void)
{
	trace("mtty-1", "loopback", 1, false, 20);
}

static void two_ports_that_move(void)
{
	trace("mtty-2", "loopback", 2, false, 20);
}

static void two_ports_across_that_move(void)
{
	trace("mtty-2", "cross", 2, true, 20);
}

static const struct unit_case cases[] = {
	UNIT_CASE(one_port),
	UNIT_CASE(two_ports),
	UNIT_CASE(two_ports_across),
	UNIT_CASE(one_port_that_moves),
	UNIT_CASE(two_ports_that_move),
	UNIT_CASE(two_ports_across_that_move),
	{ }
};

const struct unit_suite uart_trace_suite = { "uart_trace", cases };
