// SPDX-License-Identifier: GPL-2.0-only
/*
 * 16550A: registers and FIFO. The rules are those of the data sheet (PC16550D,
 * sections 6 to 8); transmission takes no time here, so THRE is always set.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/mtty.h"
#include "lib/subject.h"

#define FIFO_SIZE 16
#define FIFO_ON (UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | \
		 UART_FCR_CLEAR_XMIT)

FIXTURE(uart)
{
	struct subject subject;
	struct vfio_dev *dev;
	unsigned int port;
};

FIXTURE_VARIANT(uart)
{
	unsigned int port;
};

FIXTURE_VARIANT_ADD(uart, port0)
{
	.port = 0,
};

FIXTURE_VARIANT_ADD(uart, port1)
{
	.port = 1,
};

FIXTURE_SETUP(uart)
{
	int ret = subject_open(&self->subject, variant->port + 1);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
	self->port = variant->port;
	mtty_decode(self->dev);
}

FIXTURE_TEARDOWN(uart)
{
	subject_close(&self->subject);
}

#define IN(reg) uart_in(self->dev, self->port, reg)
#define OUT(reg, val) uart_out(self->dev, self->port, reg, val)
/* LSR without the bits that say nothing of reception. */
#define LSR_RX() (IN(UART_LSR) & (UART_LSR_BRK_ERROR_BITS | UART_LSR_DR))

static const struct { __u8 reg, val; } power_on[] = {
	{ UART_IER, 0 }, { UART_IIR, UART_IIR_NO_INT }, { UART_LCR, 0 },
	{ UART_MCR, 0 }, { UART_LSR, UART_LSR_THRE | UART_LSR_TEMT },
	{ UART_MSR, 0 }, { UART_SCR, 0 },
};

static void expect_power_on(struct __test_metadata *_metadata,
			    struct vfio_dev *dev, unsigned int port)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(power_on); i++) {
		EXPECT_EQ(power_on[i].val,
			  uart_in(dev, port, power_on[i].reg)) {
			TH_LOG("register %u", power_on[i].reg);
		}
	}
	uart_out(dev, port, UART_LCR, UART_LCR_DLAB);
	EXPECT_EQ(12, uart_in(dev, port, UART_DLL));
	EXPECT_EQ(0, uart_in(dev, port, UART_DLM));
	uart_out(dev, port, UART_LCR, 0);
}

/* Table of reset values; the divisor is that of 9600 baud. */
TEST_F(uart, power_on)
{
	expect_power_on(_metadata, self->dev, self->port);
}

/* SCR holds a byte and does nothing. */
TEST_F(uart, scratch)
{
	unsigned int i;

	for (i = 0; i < 256; i++) {
		OUT(UART_SCR, i);
		EXPECT_EQ(i, IN(UART_SCR));
	}
}

/* Registers keep the bits they have; those they have not read as zero. */
TEST_F(uart, register_masks)
{
	OUT(UART_IER, 0xf5);
	EXPECT_EQ(0x05, IN(UART_IER));
	OUT(UART_IER, 0);
	OUT(UART_MCR, 0xff);
	EXPECT_EQ(0x1f, IN(UART_MCR));
	OUT(UART_MCR, 0);
	EXPECT_EQ(0, IN(UART_MCR));
	OUT(UART_LCR, 0x3f);
	EXPECT_EQ(0x3f, IN(UART_LCR));
	OUT(UART_LCR, 0xbf);
	EXPECT_EQ(0xbf, IN(UART_LCR));
	OUT(UART_LCR, UART_LCR_WLEN8);
	/* LSR is for reading: THRE and TEMT cannot be written away */
	OUT(UART_LSR, 0);
	EXPECT_EQ(UART_LSR_THRE | UART_LSR_TEMT,
		  IN(UART_LSR) & (UART_LSR_THRE | UART_LSR_TEMT));
}

/* LCR.DLAB swaps the divisor for RBR, THR and IER; none disturbs another. */
TEST_F(uart, divisor_latch)
{
	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_IER, UART_IER_MSI);
	OUT(UART_LCR, UART_LCR_WLEN8 | UART_LCR_DLAB);
	OUT(UART_DLL, 0xab);
	OUT(UART_DLM, 0xcd);
	EXPECT_EQ(0xab, IN(UART_DLL));
	EXPECT_EQ(0xcd, IN(UART_DLM));
	/* each half can be written alone (the in-tree sample ORs them) */
	OUT(UART_DLL, 0x10);
	EXPECT_EQ(0x10, IN(UART_DLL));
	EXPECT_EQ(0xcd, IN(UART_DLM));
	OUT(UART_DLM, 0x02);
	EXPECT_EQ(0x10, IN(UART_DLL));
	OUT(UART_LCR, UART_LCR_WLEN8);
	EXPECT_EQ(UART_IER_MSI, IN(UART_IER));
	EXPECT_EQ(0, IN(UART_LSR) & UART_LSR_DR);
	/* ... and setting DLAB again does not clear it */
	OUT(UART_LCR, UART_LCR_WLEN8 | UART_LCR_DLAB);
	EXPECT_EQ(0x10, IN(UART_DLL));
	EXPECT_EQ(0x02, IN(UART_DLM));
}

/* With DLAB set a write to register 0 is no transmission. */
TEST_F(uart, no_transmission_with_dlab)
{
	OUT(UART_LCR, UART_LCR_WLEN8 | UART_LCR_DLAB);
	OUT(UART_DLL, 'x');
	OUT(UART_LCR, UART_LCR_WLEN8);
	EXPECT_EQ(0, IN(UART_LSR) & UART_LSR_DR);
	OUT(UART_TX, 'y');
	EXPECT_EQ(UART_LSR_DR, LSR_RX());
	EXPECT_EQ('y', IN(UART_RX));
}

/* FCR.ENABLE shows in IIR bits 7:6. */
TEST_F(uart, fifo_shows_in_iir)
{
	EXPECT_EQ(0, IN(UART_IIR) & 0xc0);
	OUT(UART_FCR, UART_FCR_ENABLE_FIFO);
	EXPECT_EQ(0xc0, IN(UART_IIR) & 0xc0);
	OUT(UART_FCR, 0);
	EXPECT_EQ(0, IN(UART_IIR) & 0xc0);
}

/* Wiring loopback: every character comes back, once and as it was. */
TEST_F(uart, echo)
{
	unsigned int i;

	OUT(UART_LCR, UART_LCR_WLEN8);
	for (i = 0; i < 256; i++) {
		OUT(UART_TX, i);
		EXPECT_EQ(UART_LSR_DR, LSR_RX());
		EXPECT_EQ(i, IN(UART_RX));
		EXPECT_EQ(0, LSR_RX());
	}
}

/* LCR.WLS: a character has as many bits as the line is set to. */
TEST_F(uart, word_length)
{
	static const __u8 mask[] = { 0x1f, 0x3f, 0x7f, 0xff };
	unsigned int wls;

	for (wls = 0; wls < 4; wls++) {
		OUT(UART_LCR, wls);
		OUT(UART_TX, 0xff);
		EXPECT_EQ(mask[wls], IN(UART_RX));
		OUT(UART_TX, 0xa5);
		EXPECT_EQ(0xa5 & mask[wls], IN(UART_RX));
	}
}

/* 16450 mode: one character; the next one takes its place, and OE says so. */
TEST_F(uart, overrun_without_fifo)
{
	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_TX, 'a');
	EXPECT_EQ(UART_LSR_DR, LSR_RX());
	OUT(UART_TX, 'b');
	EXPECT_EQ(UART_LSR_DR | UART_LSR_OE, LSR_RX());
	/* reading LSR clears the error, not the character */
	EXPECT_EQ(UART_LSR_DR, LSR_RX());
	EXPECT_EQ('b', IN(UART_RX));
	EXPECT_EQ(0, LSR_RX());
}

/* FIFO mode: 16 characters, in order. */
TEST_F(uart, fifo_order)
{
	__u8 buf[FIFO_SIZE + 1];
	unsigned int start, i;

	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_FCR, FIFO_ON);
	/* a full FIFO must not read as empty wherever it starts */
	for (start = 0; start < FIFO_SIZE + 1; start++) {
		for (i = 0; i < FIFO_SIZE; i++) {
			OUT(UART_TX, start * 16 + i);
			ASSERT_EQ(UART_LSR_DR, LSR_RX());
		}
		ASSERT_EQ(FIFO_SIZE, uart_drain(self->dev, self->port, buf,
						sizeof(buf)));
		for (i = 0; i < FIFO_SIZE; i++)
			ASSERT_EQ((__u8)(start * 16 + i), buf[i]);
		OUT(UART_TX, 0);
		IN(UART_RX);
	}
}

/* A character for a full FIFO is lost; those in the FIFO are not. */
TEST_F(uart, overrun_with_fifo)
{
	__u8 buf[32];

	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_FCR, FIFO_ON);
	uart_send(self->dev, self->port, "0123456789abcdef", FIFO_SIZE);
	EXPECT_EQ(UART_LSR_DR, LSR_RX());
	uart_send(self->dev, self->port, "XYZ", 3);
	EXPECT_EQ(UART_LSR_DR | UART_LSR_OE, LSR_RX());
	EXPECT_EQ(UART_LSR_DR, LSR_RX());
	EXPECT_EQ(FIFO_SIZE, uart_drain(self->dev, self->port, buf,
					sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "0123456789abcdef", FIFO_SIZE));
	/* room again */
	OUT(UART_TX, 'n');
	EXPECT_EQ(UART_LSR_DR, LSR_RX());
	EXPECT_EQ('n', IN(UART_RX));
}

/* Without FIFO there is one register: read again it is the same character. */
TEST_F(uart, rbr_is_one_register)
{
	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_TX, 'p');
	OUT(UART_TX, 'q');
	EXPECT_EQ('q', IN(UART_RX));
	EXPECT_EQ('q', IN(UART_RX));
	OUT(UART_TX, 'r');
	EXPECT_EQ('r', IN(UART_RX));
}

/* Reading RBR of an empty receiver changes nothing. */
TEST_F(uart, read_when_empty)
{
	unsigned int i;

	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_FCR, FIFO_ON);
	for (i = 0; i < 40; i++) {
		IN(UART_RX);
		ASSERT_EQ(0, LSR_RX());
	}
	OUT(UART_TX, 'q');
	EXPECT_EQ(UART_LSR_DR, LSR_RX());
	EXPECT_EQ('q', IN(UART_RX));
	EXPECT_EQ(0, LSR_RX());
}

/* FCR bit 1 empties the receive FIFO, bit 2 does not. */
TEST_F(uart, fifo_clear)
{
	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_FCR, FIFO_ON);
	uart_send(self->dev, self->port, "abc", 3);
	OUT(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_XMIT);
	EXPECT_EQ('a', IN(UART_RX));
	OUT(UART_FCR, UART_FCR_ENABLE_FIFO);
	EXPECT_EQ('b', IN(UART_RX));
	OUT(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	EXPECT_EQ(0, LSR_RX());
	/* the bit clears itself: what comes now stays */
	OUT(UART_TX, 'd');
	EXPECT_EQ(UART_LSR_DR, LSR_RX());
	EXPECT_EQ('d', IN(UART_RX));
}

/* Changing FCR.ENABLE empties it too, in either direction. */
TEST_F(uart, fifo_enable_clears)
{
	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_TX, 'a');
	OUT(UART_FCR, UART_FCR_ENABLE_FIFO);
	EXPECT_EQ(0, LSR_RX());
	uart_send(self->dev, self->port, "bcd", 3);
	OUT(UART_FCR, 0);
	EXPECT_EQ(0, LSR_RX());
	/* and now there is room for one */
	uart_send(self->dev, self->port, "ef", 2);
	EXPECT_EQ(UART_LSR_DR | UART_LSR_OE, LSR_RX());
	EXPECT_EQ('f', IN(UART_RX));
	EXPECT_EQ(0, LSR_RX());
}

/* VFIO_DEVICE_RESET: power-on values, and nothing left to receive. */
TEST_F(uart, reset)
{
	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_FCR, FIFO_ON | UART_FCR_TRIGGER_14);
	uart_set_divisor(self->dev, self->port, 0x1234);
	uart_send(self->dev, self->port, "0123456789abcdefX", 17);
	OUT(UART_IER, 0x0f);
	OUT(UART_MCR, 0x0b);
	OUT(UART_SCR, 0x99);
	ASSERT_EQ(0, dev_reset(self->dev));
	mtty_decode(self->dev);
	expect_power_on(_metadata, self->dev, self->port);
	OUT(UART_LCR, UART_LCR_WLEN8);
	EXPECT_EQ(0, LSR_RX());
}

FIXTURE(pair)
{
	struct subject subject;
	struct vfio_dev *dev;
};

FIXTURE_SETUP(pair)
{
	int ret = subject_open(&self->subject, SUBJECT_PORTS_2);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
	mtty_decode(self->dev);
}

FIXTURE_TEARDOWN(pair)
{
	subject_close(&self->subject);
}

/* One port knows nothing of the other. */
TEST_F(pair, ports_are_independent)
{
	unsigned int port, reg;
	__u8 before[8];

	for (port = 0; port < 2; port++) {
		ASSERT_EQ(0, dev_reset(self->dev));
		mtty_decode(self->dev);
		for (reg = 0; reg < 8; reg++)
			before[reg] = uart_in(self->dev, !port, reg);
		uart_out(self->dev, port, UART_LCR, UART_LCR_WLEN8);
		uart_set_divisor(self->dev, port, 77);
		uart_out(self->dev, port, UART_FCR, UART_FCR_ENABLE_FIFO);
		uart_out(self->dev, port, UART_IER, 0x0f);
		uart_out(self->dev, port, UART_SCR, 0x11);
		uart_out(self->dev, port, UART_MCR, UART_MCR_DTR | UART_MCR_RTS);
		uart_out(self->dev, port, UART_TX, 'z');
		for (reg = 0; reg < 8; reg++)
			EXPECT_EQ(before[reg], uart_in(self->dev, !port, reg));
		uart_out(self->dev, !port, UART_LCR, UART_LCR_DLAB);
		EXPECT_EQ(12, uart_in(self->dev, !port, UART_DLL));
	}
}

TEST_HARNESS_MAIN
