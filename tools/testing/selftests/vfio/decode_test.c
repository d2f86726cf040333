// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the BARs answer, and how accesses wider than a register arrive at the
 * registers: one byte at a time, lowest address first.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/mtty.h"
#include "lib/subject.h"

#define BAR0 VFIO_PCI_BAR0_REGION_INDEX

FIXTURE(decode)
{
	struct subject subject;
	struct vfio_dev *dev;
};

FIXTURE_SETUP(decode)
{
	int ret = subject_open(&self->subject, SUBJECT_PORTS_1);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
}

FIXTURE_TEARDOWN(decode)
{
	subject_close(&self->subject);
}

/* Whether every read of every size gives all ones, at once and in pieces. */
static int is_deaf(struct vfio_dev *dev, unsigned int bar)
{
	static const __u8 ones[8] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
	};
	unsigned int offset, count;
	__u8 buf[8];

	for (offset = 0; offset < 8; offset++) {
		for (count = 1; count <= 8 - offset; count++) {
			memset(buf, 0, sizeof(buf));
			if (dev_read(dev, bar, buf, count, offset) != count ||
			    memcmp(buf, ones, count))
				return 0;
		}
	}
	return 1;
}

static void write_everywhere(struct vfio_dev *dev, __u8 val)
{
	__u8 buf[8];

	memset(buf, val, sizeof(buf));
	dev_write(dev, BAR0, buf, 8, 0);
	dev_write(dev, BAR0, buf, 4, 4);
	dev_write(dev, BAR0, buf, 2, 6);
	dev_write(dev, BAR0, buf, 1, 7);
}

/* PCI 3.0 6.2.2: after power-on a device answers to config accesses only. */
TEST_F(decode, off_at_power_on)
{
	EXPECT_TRUE(is_deaf(self->dev, BAR0));
	mtty_decode(self->dev);
	EXPECT_FALSE(is_deaf(self->dev, BAR0));
}

/* The same for each way that leads back to power-on. */
TEST_F(decode, off_after_reset)
{
	mtty_decode(self->dev);
	ASSERT_EQ(0, dev_reset(self->dev));
	EXPECT_TRUE(is_deaf(self->dev, BAR0));
	mtty_decode(self->dev);
	ASSERT_EQ(0, subject_reopen(&self->subject));
	EXPECT_TRUE(is_deaf(self->dev, BAR0));
}

/* COMMAND.IO off: reads of all ones, writes have no effect. */
TEST_F(decode, writes_are_dropped)
{
	mtty_decode(self->dev);
	uart_out(self->dev, 0, UART_SCR, 0x42);
	uart_out(self->dev, 0, UART_LCR, UART_LCR_WLEN8);
	config_command(self->dev, PCI_COMMAND_IO, 0);

	EXPECT_TRUE(is_deaf(self->dev, BAR0));
	write_everywhere(self->dev, 0x99);
	mtty_decode(self->dev);
	EXPECT_EQ(0x42, uart_in(self->dev, 0, UART_SCR));
	EXPECT_EQ(UART_LCR_WLEN8, uart_in(self->dev, 0, UART_LCR));
	EXPECT_EQ(0, uart_in(self->dev, 0, UART_IER));
	EXPECT_EQ(0, uart_in(self->dev, 0, UART_MCR));
	EXPECT_EQ(0, uart_in(self->dev, 0, UART_LSR) & UART_LSR_DR);
}

/* Reads that are not decoded have no side effects: RBR, IIR, LSR keep. */
TEST_F(decode, reads_have_no_side_effect)
{
	mtty_decode(self->dev);
	uart_out(self->dev, 0, UART_LCR, UART_LCR_WLEN8);
	uart_out(self->dev, 0, UART_FCR, UART_FCR_ENABLE_FIFO);
	uart_send(self->dev, 0, "0123456789abcdefX", 17);
	config_command(self->dev, PCI_COMMAND_IO, 0);
	EXPECT_TRUE(is_deaf(self->dev, BAR0));
	config_command(self->dev, 0, PCI_COMMAND_IO);
	EXPECT_TRUE(uart_in(self->dev, 0, UART_LSR) & UART_LSR_OE);
	EXPECT_EQ('0', uart_in(self->dev, 0, UART_RX));
}

/* The bit that counts is IO: MASTER or MEM do not switch an I/O BAR on. */
TEST_F(decode, only_io_decodes)
{
	config_write16(self->dev, PCI_COMMAND, 0xffff & ~PCI_COMMAND_IO);
	EXPECT_TRUE(is_deaf(self->dev, BAR0));
	config_write16(self->dev, PCI_COMMAND, PCI_COMMAND_IO);
	EXPECT_FALSE(is_deaf(self->dev, BAR0));
}

/* PCI PM 1.2 5.4.1: in D3hot a function answers config accesses only. */
TEST_F(decode, d3hot)
{
	mtty_decode(self->dev);
	uart_out(self->dev, 0, UART_SCR, 0x42);
	config_power_state(self->dev, 3);
	EXPECT_TRUE(is_deaf(self->dev, BAR0));
	write_everywhere(self->dev, 0x99);
	config_power_state(self->dev, 0);
	EXPECT_FALSE(is_deaf(self->dev, BAR0));
	EXPECT_EQ(0x42, uart_in(self->dev, 0, UART_SCR));
	EXPECT_EQ(0, uart_in(self->dev, 0, UART_IER));
	/* D1 is not supported, so it changes nothing */
	config_power_state(self->dev, 1);
	EXPECT_FALSE(is_deaf(self->dev, BAR0));
}

/* A wide read gives each register its byte. */
TEST_F(decode, wide_read)
{
	unsigned int offset, count, i;
	__u8 one[8], buf[8];

	mtty_decode(self->dev);
	uart_out(self->dev, 0, UART_LCR, UART_LCR_WLEN8 | UART_LCR_DLAB);
	uart_out(self->dev, 0, UART_DLL, 0x12);
	uart_out(self->dev, 0, UART_DLM, 0x34);
	uart_out(self->dev, 0, UART_SCR, 0x56);
	/* Nothing that is read here changes by being read. */
	uart_in(self->dev, 0, UART_MSR);
	for (i = 0; i < 8; i++)
		one[i] = uart_in(self->dev, 0, i);
	EXPECT_EQ(0x12, one[UART_DLL]);
	EXPECT_EQ(0x34, one[UART_DLM]);
	EXPECT_EQ(0x56, one[UART_SCR]);

	for (offset = 0; offset < 8; offset++) {
		for (count = 1; count <= 16; count++) {
			unsigned int n = count < 8 - offset ?
				count : 8 - offset;

			EXPECT_EQ(n, dev_read(self->dev, BAR0, buf, count,
					      offset));
			EXPECT_EQ(0, memcmp(buf, one + offset, n)) {
				TH_LOG("%u bytes at %u", count, offset);
			}
		}
	}
}

/* A wide write reaches every register, each with its own byte. */
TEST_F(decode, wide_write)
{
	/* THR or DLL, IER or DLM, FCR, LCR, MCR, LSR, MSR, SCR */
	__u8 buf[8] = { 0x41, 0x05, 0x01, 0x1b, 0x0a, 0x00, 0x00, 0x77 };

	mtty_decode(self->dev);
	EXPECT_EQ(8, dev_write(self->dev, BAR0, buf, 8, 0));
	EXPECT_EQ(0x05, uart_in(self->dev, 0, UART_IER));
	EXPECT_EQ(0xc0, uart_in(self->dev, 0, UART_IIR) & 0xc0);
	EXPECT_EQ(0x1b, uart_in(self->dev, 0, UART_LCR));
	EXPECT_EQ(0x0a, uart_in(self->dev, 0, UART_MCR));
	EXPECT_EQ(0x77, uart_in(self->dev, 0, UART_SCR));
	EXPECT_EQ(3, dev_write(self->dev, BAR0, "\x03\x00\x99", 3, 3));
	EXPECT_EQ(0x03, uart_in(self->dev, 0, UART_LCR));
	EXPECT_EQ(0x77, uart_in(self->dev, 0, UART_SCR));
}

/*
 * Lowest address first. With LCR.DLAB in the same write, bytes 0 and 1 are
 * still THR and IER; in the next one they are the divisor.
 */
TEST_F(decode, wide_write_order)
{
	__u8 buf[4] = { 'c', 0x0a, 0x00, UART_LCR_WLEN8 | UART_LCR_DLAB };

	mtty_decode(self->dev);
	uart_out(self->dev, 0, UART_LCR, UART_LCR_WLEN8);
	uart_set_divisor(self->dev, 0, 0x1234);
	EXPECT_EQ(4, dev_write(self->dev, BAR0, buf, 4, 0));
	EXPECT_EQ(0x34, uart_in(self->dev, 0, UART_DLL));
	EXPECT_EQ(0x12, uart_in(self->dev, 0, UART_DLM));

	buf[3] = UART_LCR_WLEN8;
	EXPECT_EQ(4, dev_write(self->dev, BAR0, buf, 4, 0));
	EXPECT_EQ('c', uart_in(self->dev, 0, UART_RX));
	EXPECT_EQ(0x0a, uart_in(self->dev, 0, UART_IER));
	uart_out(self->dev, 0, UART_LCR, UART_LCR_WLEN8 | UART_LCR_DLAB);
	EXPECT_EQ('c', uart_in(self->dev, 0, UART_DLL));
	EXPECT_EQ(0x0a, uart_in(self->dev, 0, UART_DLM));
}

/* A wide read takes one character, as one read of RBR does. */
TEST_F(decode, wide_read_takes_one_character)
{
	__u8 buf[8];

	mtty_decode(self->dev);
	uart_out(self->dev, 0, UART_LCR, UART_LCR_WLEN8);
	uart_out(self->dev, 0, UART_FCR, UART_FCR_ENABLE_FIFO);
	uart_send(self->dev, 0, "abc", 3);
	EXPECT_EQ(8, dev_read(self->dev, BAR0, buf, 8, 0));
	EXPECT_EQ('a', buf[UART_RX]);
	/* ... before LSR, which is at a higher address, was read */
	EXPECT_EQ(UART_LSR_DR, buf[UART_LSR] & UART_LSR_DR);
	EXPECT_EQ(4, dev_read(self->dev, BAR0, buf, 4, 0));
	EXPECT_EQ('b', buf[UART_RX]);
	EXPECT_EQ(2, dev_read(self->dev, BAR0, buf, 2, 0));
	EXPECT_EQ('c', buf[UART_RX]);
	EXPECT_EQ(0, uart_in(self->dev, 0, UART_LSR) & UART_LSR_DR);
}

/* An absent BAR stays absent with decoding on. */
TEST_F(decode, absent_bars)
{
	unsigned int bar;
	__u8 buf[8];

	config_write16(self->dev, PCI_COMMAND, 0xffff);
	for (bar = self->subject.ports; bar < 6; bar++)
		EXPECT_EQ(-EINVAL, dev_read(self->dev, bar, buf, 1, 0));
}

TEST_HARNESS_MAIN
