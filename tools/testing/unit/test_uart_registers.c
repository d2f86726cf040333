// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers of a port: values at power-on, bits that can be written, what
 * DLAB swaps. Sections are those of the PC16550D data sheet (June 1995).
 */
#include <linux/kernel.h>

#include "random.h"
#include "suites.h"
#include "uart.h"
#include "unit.h"

static void power_on(void)
{
	static const u8 want[8] = {
		0x00, 0x00, 0x01, 0x00, 0x00, 0x60, 0x00, 0x00,
	};
	struct front *front = uart_open("mtty-2", "loopback");
	unsigned int port, reg;

	for (port = 0; port < 2; port++) {
		for (reg = 0; reg < 8; reg++)
			EXPECT_REG(front, port, reg, want[reg]);
		uart_write(front, port, UART_LCR, UART_LCR_DLAB);
		EXPECT_REG(front, port, UART_DLL, 12);
		EXPECT_REG(front, port, UART_DLM, 0);
	}
	EXPECT(!uart_interrupts(front));
	front_close(front);
}

/* 8.7, 8.8, 8.10: reserved bits read 0. LCR has none. */
static void writable_bits(void)
{
	static const struct {
		unsigned int reg;
		u8 mask;
	} all[] = {
		{ UART_IER, 0x0f }, { UART_LCR, 0xff }, { UART_MCR, 0x1f },
		{ UART_SCR, 0xff },
	};
	struct front *front = uart_open("mtty-2", "cross");
	unsigned int i, port, value;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		for (port = 0; port < 2; port++) {
			for (value = 0; value < 256; value++) {
				uart_write(front, port, all[i].reg, value);
				EXPECT_REG(front, port, all[i].reg,
					   value & all[i].mask);
			}
			uart_write(front, port, all[i].reg, 0);
		}
	}
	front_close(front);
}

/* 8.3: the divisor is where RBR, THR and IER are while DLAB is set. */
static void dlab_swaps_two_registers(void)
{
	struct front *front = uart_open("mtty-1", "loopback");

	uart_write(front, 0, UART_IER, 0x05);
	uart_write(front, 0, UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8);
	uart_write(front, 0, UART_DLL, 0x34);
	uart_write(front, 0, UART_DLM, 0xf2);
	EXPECT_REG(front, 0, UART_DLL, 0x34);
	EXPECT_REG(front, 0, UART_DLM, 0xf2);
	/* nothing was sent */
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);

	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8);
	EXPECT_REG(front, 0, UART_IER, 0x05);
	uart_send(front, 0, 0x77, 1);
	uart_write(front, 0, UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8);
	EXPECT_REG(front, 0, UART_DLL, 0x34);
	/* the others are where they always are, the character too */
	EXPECT_REG(front, 0, UART_IIR, UART_IIR_RDI);
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS | UART_LSR_DR);
	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8);
	uart_expect(front, 0, 0x77, 1);
	front_close(front);
}

/* 8.4, 8.9: meant for reading. Here writing does nothing at all. */
static void status_registers_are_not_written(void)
{
	struct front *front = uart_open("mtty-1", "loopback");
	unsigned int value;

	uart_write(front, 0, UART_IER, 0x0f);
	uart_read(front, 0, UART_IIR);
	for (value = 0; value < 256; value++) {
		uart_write(front, 0, UART_LSR, value);
		EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
		uart_write(front, 0, UART_MSR, value);
		EXPECT_REG(front, 0, UART_MSR, 0);
		EXPECT_REG(front, 0, UART_IIR, UART_IIR_NO_INT);
	}
	front_close(front);
}

static void ports_are_separate(void)
{
	struct front *front = uart_open("mtty-2", "loopback");

	uart_write(front, 0, UART_SCR, 0x12);
	uart_write(front, 1, UART_SCR, 0x34);
	uart_write(front, 0, UART_LCR, UART_LCR_WLEN8);
	uart_write(front, 1, UART_LCR, UART_LCR_WLEN7);
	uart_divisor(front, 0, 1);
	uart_divisor(front, 1, 2);
	uart_send(front, 0, 0xc1, 1);
	uart_send(front, 1, 0xd2, 1);
	EXPECT_REG(front, 0, UART_SCR, 0x12);
	EXPECT_REG(front, 1, UART_SCR, 0x34);
	EXPECT_REG(front, 0, UART_RX, 0xc1);
	EXPECT_REG(front, 1, UART_RX, 0x52);
	EXPECT_REG(front, 0, UART_LCR, UART_LCR_WLEN8);
	EXPECT_REG(front, 1, UART_LCR, UART_LCR_WLEN7);
	front_close(front);
}

/* 8.10 */
static void scratch_controls_nothing(void)
{
	struct front *front = uart_open("mtty-1", "loopback");
	unsigned int i;

	uart_write(front, 0, UART_IER, 0x0f);
	uart_read(front, 0, UART_IIR);
	for (i = 0; i < 256; i++) {
		uart_write(front, 0, UART_SCR, i);
		EXPECT(!uart_interrupts(front));
	}
	EXPECT_REG(front, 0, UART_LSR, NO_ERRORS);
	EXPECT_REG(front, 0, UART_MSR, 0);
	front_close(front);
}

/* The core hands the model single bytes, lowest address first. */
static void wide_access_is_bytes(void)
{
	struct front *front = uart_open("mtty-2", "loopback");

	/* DLL, DLM, FCR and LCR in one go: LCR comes last, DLAB too late */
	front_write(front, 0, 0, 4, 0x83000f55);
	EXPECT_REG(front, 0, UART_LCR, 0x83);
	EXPECT_REG(front, 0, UART_DLL, 12);
	uart_write(front, 0, UART_LCR, 0x03);
	EXPECT_REG(front, 0, UART_IER, 0x0f);
	/* 0x55 went out in five bits; once it is read THRE is what is left */
	EXPECT_EQ(front_read(front, 0, 0, 8), 0x0000600003020f15ULL);
	front_close(front);
}

/* 8.3: "using a divisor of zero is not recommended", but must not hurt. */
static void divisor_zero(void)
{
	struct front *front = uart_open("mtty-1", "loopback");

	uart_divisor(front, 0, 0);
	uart_write(front, 0, UART_FCR, FIFO_8);
	uart_send(front, 0, 1, 3);
	front_advance(front, 1000000000);
	uart_write(front, 0, UART_LCR, UART_LCR_DLAB);
	EXPECT_REG(front, 0, UART_DLL, 0);
	EXPECT_REG(front, 0, UART_DLM, 0);
	front_close(front);
}

static void reset_is_power_on(void)
{
	struct front *front = uart_open("mtty-1", "loopback");
	unsigned int reg;

	for (reg = 7; reg; reg--)
		uart_write(front, 0, reg, 0x1f);
	uart_send(front, 0, 0, 20);
	vdev_reset(front->vdev);
	EXPECT_EQ(front_read(front, 0, 0, 8), ~0ULL);
	command_set(front, PCI_COMMAND_IO);
	EXPECT_EQ(front_read(front, 0, 0, 8), 0x0000600000010000ULL);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(power_on),
	UNIT_CASE(writable_bits),
	UNIT_CASE(dlab_swaps_two_registers),
	UNIT_CASE(status_registers_are_not_written),
	UNIT_CASE(ports_are_separate),
	UNIT_CASE(scratch_controls_nothing),
	UNIT_CASE(wide_access_is_bytes),
	UNIT_CASE(divisor_zero),
	UNIT_CASE(reset_is_power_on),
	{ }
};

const struct unit_suite uart_registers_suite = { "uart_registers", cases };
