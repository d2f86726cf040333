// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between the ports: loopback mode of the chip, the two wirings outside of it,
 * modem lines, break. The chip's rules are those of the PC16550D data sheet.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/mdev.h"
#include "lib/mtty.h"
#include "lib/subject.h"

#define MSR_LINES (UART_MSR_CTS | UART_MSR_DSR | UART_MSR_RI | UART_MSR_DCD)

FIXTURE(line)
{
	struct subject subject;
	struct vfio_dev *dev;
};

FIXTURE_SETUP(line)
{
	int ret = subject_open(&self->subject, SUBJECT_PORTS_1);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
	mtty_decode(self->dev);
}

FIXTURE_TEARDOWN(line)
{
	subject_close(&self->subject);
}

#define IN(reg) uart_in(self->dev, 0, reg)
#define OUT(reg, val) uart_out(self->dev, 0, reg, val)

/* MCR bit 4: each output is an input, and the pins have no say. */
TEST_F(line, chip_loopback)
{
	static const struct { __u8 mcr, msr; } pairs[] = {
		{ UART_MCR_RTS, UART_MSR_CTS },
		{ UART_MCR_DTR, UART_MSR_DSR },
		{ UART_MCR_OUT1, UART_MSR_RI },
		{ UART_MCR_OUT2, UART_MSR_DCD },
	};
	unsigned int i, set;

	for (set = 0; set < 16; set++) {
		__u8 mcr = UART_MCR_LOOP, msr = 0;

		for (i = 0; i < ARRAY_SIZE(pairs); i++) {
			if (!(set & 1 << i))
				continue;
			mcr |= pairs[i].mcr;
			msr |= pairs[i].msr;
		}
		OUT(UART_MCR, mcr);
		EXPECT_EQ(msr, IN(UART_MSR) & MSR_LINES);
	}
}

/* Loopback mode receives what it sends. */
TEST_F(line, chip_loopback_data)
{
	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_MCR, UART_MCR_LOOP);
	OUT(UART_TX, 0xc3);
	EXPECT_TRUE(IN(UART_LSR) & UART_LSR_DR);
	EXPECT_EQ(0xc3, IN(UART_RX));
	EXPECT_FALSE(IN(UART_LSR) & UART_LSR_DR);
}

/* MSR bits 3:0: what changed since MSR was read; RI counts when it ends. */
TEST_F(line, deltas)
{
	OUT(UART_MCR, UART_MCR_LOOP);
	IN(UART_MSR);
	EXPECT_EQ(0, IN(UART_MSR));
	OUT(UART_MCR, UART_MCR_LOOP | UART_MCR_RTS);
	EXPECT_EQ(UART_MSR_CTS | UART_MSR_DCTS, IN(UART_MSR));
	EXPECT_EQ(UART_MSR_CTS, IN(UART_MSR));
	OUT(UART_MCR, UART_MCR_LOOP | UART_MCR_DTR);
	EXPECT_EQ(UART_MSR_DSR | UART_MSR_DDSR | UART_MSR_DCTS, IN(UART_MSR));
	OUT(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2);
	EXPECT_EQ(UART_MSR_DCD | UART_MSR_DDCD | UART_MSR_DDSR, IN(UART_MSR));
	OUT(UART_MCR, UART_MCR_LOOP);
	EXPECT_EQ(UART_MSR_DDCD, IN(UART_MSR));
	/* RI: nothing when it begins ... */
	OUT(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT1);
	EXPECT_EQ(UART_MSR_RI, IN(UART_MSR));
	/* ... TERI when it ends */
	OUT(UART_MCR, UART_MCR_LOOP);
	EXPECT_EQ(UART_MSR_TERI, IN(UART_MSR));
	EXPECT_EQ(0, IN(UART_MSR));
}

/* A line that went there and back still has its delta. */
TEST_F(line, deltas_are_sticky)
{
	OUT(UART_MCR, UART_MCR_LOOP);
	IN(UART_MSR);
	OUT(UART_MCR, UART_MCR_LOOP | UART_MCR_RTS);
	OUT(UART_MCR, UART_MCR_LOOP);
	EXPECT_EQ(UART_MSR_DCTS, IN(UART_MSR));
	/* an MCR write that changes no line has none */
	OUT(UART_MCR, UART_MCR_LOOP);
	EXPECT_EQ(0, IN(UART_MSR));
}

/* Wiring "loopback": a plug that joins RTS with CTS, DTR with DSR and DCD. */
TEST_F(line, loopback_plug)
{
	OUT(UART_MCR, UART_MCR_RTS);
	EXPECT_EQ(UART_MSR_CTS | UART_MSR_DCTS, IN(UART_MSR));
	OUT(UART_MCR, UART_MCR_DTR);
	EXPECT_EQ(UART_MSR_DSR | UART_MSR_DCD | UART_MSR_DDSR | UART_MSR_DDCD |
		  UART_MSR_DCTS, IN(UART_MSR));
	/* OUT1 and OUT2 end at the card */
	OUT(UART_MCR, UART_MCR_OUT1 | UART_MCR_OUT2);
	EXPECT_EQ(UART_MSR_DDSR | UART_MSR_DDCD, IN(UART_MSR));
	EXPECT_EQ(0, IN(UART_MSR));
}

#define LSR_RX (UART_LSR_BRK_ERROR_BITS | UART_LSR_DR)

/* LCR.SBC: a break is one zero character with BI and FE, when it begins. */
TEST_F(line, sends_break)
{
	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	EXPECT_EQ(UART_LSR_BI | UART_LSR_FE | UART_LSR_DR,
		  IN(UART_LSR) & LSR_RX);
	/* reading LSR clears the errors, the character stays */
	EXPECT_EQ(UART_LSR_DR, IN(UART_LSR) & LSR_RX);
	EXPECT_EQ(0, IN(UART_RX));
	EXPECT_EQ(0, IN(UART_LSR) & LSR_RX);
	/* going on is no second one, and neither is the end of it */
	OUT(UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	EXPECT_EQ(0, IN(UART_LSR) & LSR_RX);
	OUT(UART_LCR, UART_LCR_WLEN8);
	EXPECT_EQ(0, IN(UART_LSR) & LSR_RX);
	OUT(UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	EXPECT_TRUE(IN(UART_LSR) & UART_LSR_BI);
}

/* Data sheet 8.2: while the line is held, no character gets onto it. */
TEST_F(line, break_silences_the_transmitter)
{
	OUT(UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	IN(UART_LSR);
	IN(UART_RX);
	OUT(UART_TX, 'l');
	EXPECT_EQ(0, IN(UART_LSR) & LSR_RX);
	EXPECT_TRUE(IN(UART_LSR) & UART_LSR_THRE);
	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_TX, 'h');
	EXPECT_EQ('h', IN(UART_RX));
}

/* Data sheet 8.4: without FIFO the errors stay until LSR is read, not RBR. */
TEST_F(line, break_is_latched_without_fifo)
{
	OUT(UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	EXPECT_EQ(0, IN(UART_RX));
	EXPECT_EQ(UART_LSR_BI | UART_LSR_FE, IN(UART_LSR) & LSR_RX);
	EXPECT_EQ(0, IN(UART_LSR) & LSR_RX);
}

/* Data sheet 8.4: with FIFO the errors belong to their character. */
TEST_F(line, break_behind_characters)
{
	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_FCR, UART_FCR_ENABLE_FIFO);
	OUT(UART_TX, 'x');
	OUT(UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	EXPECT_EQ(UART_LSR_DR, IN(UART_LSR) & LSR_RX);
	EXPECT_EQ('x', IN(UART_RX));
	EXPECT_EQ(UART_LSR_BI | UART_LSR_FE | UART_LSR_DR,
		  IN(UART_LSR) & LSR_RX);
	EXPECT_EQ(0, IN(UART_RX));
	EXPECT_EQ(0, IN(UART_LSR) & LSR_RX);
}

/* Data sheet 8.2: break acts on SOUT, which chip loopback does not use. */
TEST_F(line, no_break_in_chip_loopback)
{
	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_MCR, UART_MCR_LOOP);
	OUT(UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	EXPECT_EQ(0, IN(UART_LSR) & LSR_RX);
	OUT(UART_TX, 'k');
	EXPECT_EQ(UART_LSR_DR, IN(UART_LSR) & LSR_RX);
	EXPECT_EQ('k', IN(UART_RX));
}

/* A device with one port cannot be wired to another. */
TEST_F(line, single_port_has_no_cross)
{
	if (!self->subject.own || self->subject.ports != 1)
		SKIP(return, "about a single port mdev");
	dev_close(self->dev);
	EXPECT_EQ(-EINVAL, mdev_set_wiring(self->subject.uuid, "cross"));
	EXPECT_EQ(0, mdev_set_wiring(self->subject.uuid, "loopback"));
}

FIXTURE(cross)
{
	struct subject subject;
	struct vfio_dev *dev;
};

FIXTURE_SETUP(cross)
{
	int ret = subject_find(&self->subject, SUBJECT_PORTS_2);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	if (!self->subject.own)
		SKIP(return, "the wiring of a given device is not touched");
	ret = mdev_set_wiring(self->subject.uuid, "cross");
	if (!ret)
		ret = dev_open(&self->subject.dev, &self->subject.loc,
			       DEV_PATH_DEFAULT);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
	mtty_decode(self->dev);
	uart_out(self->dev, 0, UART_LCR, UART_LCR_WLEN8);
	uart_out(self->dev, 1, UART_LCR, UART_LCR_WLEN8);
}

FIXTURE_TEARDOWN(cross)
{
	subject_close(&self->subject);
	mdev_set_wiring(self->subject.uuid, "loopback");
}

/* Wiring "cross": what one port sends the other receives, and only it. */
TEST_F(cross, characters)
{
	unsigned int from;
	__u8 buf[8];

	for (from = 0; from < 2; from++) {
		uart_out(self->dev, !from, UART_FCR, UART_FCR_ENABLE_FIFO);
		uart_send(self->dev, from, "cross", 5);
		EXPECT_EQ(0, uart_drain(self->dev, from, buf, sizeof(buf)));
		EXPECT_EQ(5, uart_drain(self->dev, !from, buf, sizeof(buf)));
		EXPECT_EQ(0, memcmp(buf, "cross", 5));
	}
}

/* A null modem cable has the modem lines in it. */
TEST_F(cross, modem_lines)
{
	unsigned int from;

	for (from = 0; from < 2; from++) {
		uart_in(self->dev, 0, UART_MSR);
		uart_in(self->dev, 1, UART_MSR);
		uart_out(self->dev, from, UART_MCR, UART_MCR_RTS);
		EXPECT_EQ(0, uart_in(self->dev, from, UART_MSR));
		EXPECT_EQ(UART_MSR_CTS | UART_MSR_DCTS,
			  uart_in(self->dev, !from, UART_MSR));
		uart_out(self->dev, from, UART_MCR, UART_MCR_DTR);
		EXPECT_EQ(UART_MSR_DSR | UART_MSR_DDSR | UART_MSR_DCD |
			  UART_MSR_DDCD | UART_MSR_DCTS,
			  uart_in(self->dev, !from, UART_MSR));
		uart_out(self->dev, from, UART_MCR, 0);
		EXPECT_EQ(0, uart_in(self->dev, from, UART_MSR));
		EXPECT_EQ(UART_MSR_DDSR | UART_MSR_DDCD,
			  uart_in(self->dev, !from, UART_MSR));
	}
}

/* Data sheet, loopback mode: SOUT is marking, outputs inactive at the pins. */
TEST_F(cross, chip_loopback_is_cut_off)
{
	uart_out(self->dev, 0, UART_MCR, UART_MCR_RTS | UART_MCR_DTR);
	uart_in(self->dev, 1, UART_MSR);
	uart_out(self->dev, 0, UART_MCR, UART_MCR_LOOP | UART_MCR_RTS |
		 UART_MCR_DTR);
	EXPECT_EQ(0, uart_in(self->dev, 1, UART_MSR) & MSR_LINES);
	uart_out(self->dev, 0, UART_TX, 'i');
	EXPECT_EQ('i', uart_in(self->dev, 0, UART_RX));
	EXPECT_FALSE(uart_in(self->dev, 1, UART_LSR) & UART_LSR_DR);
	/* and it is deaf for the other side as well */
	uart_out(self->dev, 1, UART_TX, 'o');
	EXPECT_FALSE(uart_in(self->dev, 0, UART_LSR) & UART_LSR_DR);
	uart_out(self->dev, 1, UART_MCR, UART_MCR_RTS);
	uart_out(self->dev, 0, UART_MCR, UART_MCR_LOOP);
	EXPECT_EQ(0, uart_in(self->dev, 0, UART_MSR) & MSR_LINES);
	/* back on the line, what the other side drives is there */
	uart_out(self->dev, 0, UART_MCR, 0);
	EXPECT_EQ(UART_MSR_CTS, uart_in(self->dev, 0, UART_MSR) & MSR_LINES);
}

/* Both word lengths count: what is not sent does not arrive, nor what is cut */
TEST_F(cross, word_lengths)
{
	uart_out(self->dev, 0, UART_LCR, UART_LCR_WLEN6);
	uart_out(self->dev, 0, UART_TX, 0xff);
	EXPECT_EQ(0x3f, uart_in(self->dev, 1, UART_RX));
	uart_out(self->dev, 0, UART_LCR, UART_LCR_WLEN8);
	uart_out(self->dev, 1, UART_LCR, UART_LCR_WLEN5);
	uart_out(self->dev, 0, UART_TX, 0xff);
	EXPECT_EQ(0x1f, uart_in(self->dev, 1, UART_RX));
}

/* A break goes to the other side. */
TEST_F(cross, sends_break)
{
	uart_out(self->dev, 1, UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	EXPECT_FALSE(uart_in(self->dev, 1, UART_LSR) & UART_LSR_BI);
	EXPECT_TRUE(uart_in(self->dev, 0, UART_LSR) & UART_LSR_BI);
	EXPECT_EQ(0, uart_in(self->dev, 0, UART_RX));
}

/* The receiver's FIFO is what overruns. */
TEST_F(cross, overrun_at_the_receiver)
{
	uart_out(self->dev, 1, UART_FCR, UART_FCR_ENABLE_FIFO);
	uart_send(self->dev, 0, "0123456789abcdefX", 17);
	EXPECT_FALSE(uart_in(self->dev, 0, UART_LSR) & UART_LSR_OE);
	EXPECT_TRUE(uart_in(self->dev, 1, UART_LSR) & UART_LSR_OE);
}

/* The wiring is the card's, not the chip's: a reset does not change it. */
TEST_F(cross, survives_reset_and_reopen)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, i ? subject_reopen(&self->subject) :
			  dev_reset(self->dev));
		mtty_decode(self->dev);
		uart_out(self->dev, 0, UART_LCR, UART_LCR_WLEN8);
		uart_out(self->dev, 1, UART_LCR, UART_LCR_WLEN8);
		uart_out(self->dev, 0, UART_TX, 'w');
		EXPECT_EQ('w', uart_in(self->dev, 1, UART_RX));
	}
}

TEST_HARNESS_MAIN
