// SPDX-License-Identifier: GPL-2.0-only
/* PCI config space, register by register and as a whole. */
#include <errno.h>

#include "config_oracle.h"
#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/mtty.h"
#include "lib/random.h"
#include "lib/subject.h"

#define CONFIG	VFIO_PCI_CONFIG_REGION_INDEX
#define PM_CAP	0x40
#define MSI_CAP	0x50

FIXTURE(config)
{
	struct subject subject;
	struct vfio_dev *dev;
	struct config_oracle oracle;
};

FIXTURE_VARIANT(config)
{
	unsigned int ports;
};

FIXTURE_VARIANT_ADD(config, single)
{
	.ports = 1,
};

FIXTURE_VARIANT_ADD(config, dual)
{
	.ports = 2,
};

FIXTURE_SETUP(config)
{
	int ret = subject_open(&self->subject, variant->ports);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
	config_oracle_init(&self->oracle, self->subject.ports);
}

FIXTURE_TEARDOWN(config)
{
	subject_close(&self->subject);
}

/* True if config space is what the oracle says. */
static int agrees(struct __test_metadata *_metadata, struct vfio_dev *dev,
		  const struct config_oracle *oracle)
{
	__u8 seen[CONFIG_SIZE];
	unsigned int at;

	config_snapshot(dev, seen);
	at = config_oracle_compare(oracle, seen);
	if (at == ORACLE_SIZE)
		return 1;
	TH_LOG("0x%02x (%s): expected 0x%02x, is 0x%02x", at,
	       config_oracle_name(at), oracle->now[at], seen[at]);
	return 0;
}

/* A new device is at power-on, every byte of it. */
TEST_F(config, power_on)
{
	EXPECT_TRUE(agrees(_metadata, self->dev, &self->oracle));
}

/* Every width at every offset with random values, against the oracle. */
TEST_F(config, any_write)
{
	static const unsigned int widths[] = { 1, 2, 4 };
	unsigned int round, offset, i, w, n;
	__u8 buf[4];
	__u32 val;

	random_seed();
	for (round = 0; round < 8; round++) {
		for (i = 0; i < CONFIG_SIZE * ARRAY_SIZE(widths); i++) {
			/* In order the first time: cheap to understand */
			offset = round ? random_below(CONFIG_SIZE) :
				i / ARRAY_SIZE(widths);
			w = widths[i % ARRAY_SIZE(widths)];
			val = random_register_value();
			memcpy(buf, &val, sizeof(buf));
			n = w < CONFIG_SIZE - offset ? w : CONFIG_SIZE - offset;
			ASSERT_EQ(n, dev_write(self->dev, CONFIG, buf, w,
					       offset));
			config_oracle_write(&self->oracle, offset, buf, w);
			ASSERT_TRUE(agrees(_metadata, self->dev,
					   &self->oracle)) {
				TH_LOG("after %u bytes 0x%08x at 0x%02x", w,
				       val, offset);
			}
		}
	}
}

/* The same with writes of any length, whole config space included. */
TEST_F(config, any_long_write)
{
	unsigned int i, j, offset, len, n;
	__u8 buf[CONFIG_SIZE];

	random_seed();
	for (i = 0; i < 400; i++) {
		offset = random_below(CONFIG_SIZE);
		len = 1 + random_below(i & 1 ? CONFIG_SIZE : 24);
		for (j = 0; j < len; j++)
			buf[j] = random_register_value();
		n = len < CONFIG_SIZE - offset ? len : CONFIG_SIZE - offset;
		ASSERT_EQ(n, dev_write(self->dev, CONFIG, buf, len, offset));
		config_oracle_write(&self->oracle, offset, buf, len);
		ASSERT_TRUE(agrees(_metadata, self->dev, &self->oracle)) {
			TH_LOG("after %u bytes at 0x%02x", len, offset);
		}
	}
}

/* VFIO_DEVICE_RESET: power-on again, whatever was written before. */
TEST_F(config, reset)
{
	unsigned int i, j;
	__u8 buf[CONFIG_SIZE];

	random_seed();
	for (i = 0; i < 50; i++) {
		for (j = 0; j < sizeof(buf); j++)
			buf[j] = i ? random_u32() : 0xff;
		ASSERT_EQ(CONFIG_SIZE, dev_write(self->dev, CONFIG, buf,
						 sizeof(buf), 0));
		ASSERT_EQ(0, dev_reset(self->dev));
		ASSERT_TRUE(agrees(_metadata, self->dev, &self->oracle));
	}
}

/* A byte that is written changes; the read-only ones next to it do not. */
TEST_F(config, identity_is_read_only)
{
	config_write32(self->dev, PCI_VENDOR_ID, ~0U);
	config_write32(self->dev, PCI_CLASS_REVISION, 0);
	config_write32(self->dev, PCI_SUBSYSTEM_VENDOR_ID, ~0U);
	config_write32(self->dev, PCI_ROM_ADDRESS, ~0U);
	config_write32(self->dev, PCI_CAPABILITY_LIST, ~0U);
	config_write32(self->dev, PCI_INTERRUPT_LINE, 0xffffff0bU);
	EXPECT_EQ(0x32534348, config_read32(self->dev, PCI_VENDOR_ID));
	EXPECT_EQ(0x07000210, config_read32(self->dev, PCI_CLASS_REVISION));
	EXPECT_EQ(0x32534348, config_read32(self->dev,
					    PCI_SUBSYSTEM_VENDOR_ID));
	EXPECT_EQ(0, config_read32(self->dev, PCI_ROM_ADDRESS));
	EXPECT_EQ(0x40, config_read32(self->dev, PCI_CAPABILITY_LIST));
	EXPECT_EQ(0x10b, config_read32(self->dev, PCI_INTERRUPT_LINE));
	EXPECT_EQ(0, config_read8(self->dev, PCI_HEADER_TYPE));
}

/* PCI 3.0 6.7: the list as a reader that knows nothing of the device. */
TEST_F(config, capability_list)
{
	static const struct { __u8 id, at, len; } expected[] = {
		{ PCI_CAP_ID_PM, PM_CAP, PCI_PM_SIZEOF },
		{ PCI_CAP_ID_MSI, MSI_CAP, 14 },
	};
	__u8 used[CONFIG_SIZE] = {};
	unsigned int i, at, n = 0;

	ASSERT_TRUE(config_read16(self->dev, PCI_STATUS) & PCI_STATUS_CAP_LIST);
	at = config_read8(self->dev, PCI_CAPABILITY_LIST);
	while (at) {
		ASSERT_LE(PCI_STD_HEADER_SIZEOF, (int)at);
		ASSERT_EQ(0, at & 3);
		ASSERT_GT(ARRAY_SIZE(expected), n);
		EXPECT_EQ(expected[n].id,
			  config_read8(self->dev, at + PCI_CAP_LIST_ID));
		EXPECT_EQ(expected[n].at, at);
		for (i = 0; i < expected[n].len; i++)
			ASSERT_EQ(0, used[at + i]++) TH_LOG("overlap or loop");
		at = config_read8(self->dev, at + PCI_CAP_LIST_NEXT);
		n++;
	}
	EXPECT_EQ(ARRAY_SIZE(expected), n);
}

/* PCI 3.0 6.2.5.1: all ones written, the size is read back. */
TEST_F(config, bar_sizing)
{
	unsigned int bar;

	for (bar = 0; bar < 6; bar++) {
		unsigned int at = PCI_BASE_ADDRESS_0 + 4 * bar;
		__u32 old = config_read32(self->dev, at), size;

		config_write32(self->dev, at, ~0U);
		size = config_read32(self->dev, at);
		config_write32(self->dev, at, old);
		EXPECT_EQ(old, config_read32(self->dev, at));
		if (bar >= self->subject.ports) {
			EXPECT_EQ(0, size);
			continue;
		}
		EXPECT_EQ(PCI_BASE_ADDRESS_SPACE_IO, size & 3);
		size = ~(size & PCI_BASE_ADDRESS_IO_MASK) + 1;
		EXPECT_EQ(dev_region(self->dev, bar)->size, size);

		/* ... and byte by byte, as old firmware does */
		config_write8(self->dev, at, 0xff);
		config_write8(self->dev, at + 1, 0xe0);
		EXPECT_EQ(0xe0f9, config_read32(self->dev, at) & 0xffff);
	}
}

/* BAR addresses are the VMM's business: no value moves the registers. */
TEST_F(config, bar_address_is_only_stored)
{
	static const __u32 addresses[] = { 0, 0xc000, 0xfffffff8, 0x3f8 };
	unsigned int i;

	mtty_decode(self->dev);
	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		config_write32(self->dev, PCI_BASE_ADDRESS_0, addresses[i]);
		uart_out(self->dev, 0, UART_SCR, 0x30 + i);
		EXPECT_EQ(0x30 + i, uart_in(self->dev, 0, UART_SCR));
	}
}

/* PCI 3.0 6.2.2: bits without a function behind them stay zero. */
TEST_F(config, command_register)
{
	config_write16(self->dev, PCI_COMMAND, 0xffff);
	EXPECT_EQ(PCI_COMMAND_IO | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
		  PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE,
		  config_read16(self->dev, PCI_COMMAND));
	config_write8(self->dev, PCI_COMMAND, 0);
	EXPECT_EQ(PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE,
		  config_read16(self->dev, PCI_COMMAND));
	config_write8(self->dev, PCI_COMMAND + 1, 0);
	EXPECT_EQ(0, config_read16(self->dev, PCI_COMMAND));
}

/* PCI 3.0 6.2.3: writing STATUS sets nothing, and not the interrupt bit. */
TEST_F(config, status_register)
{
	config_write16(self->dev, PCI_STATUS, 0xffff);
	EXPECT_EQ(PCI_STATUS_CAP_LIST, config_read16(self->dev, PCI_STATUS));
	mtty_decode(self->dev);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(PCI_STATUS_CAP_LIST | PCI_STATUS_INTERRUPT,
		  config_read16(self->dev, PCI_STATUS));
	config_write16(self->dev, PCI_STATUS, 0xffff);
	config_write16(self->dev, PCI_STATUS, 0);
	EXPECT_EQ(PCI_STATUS_CAP_LIST | PCI_STATUS_INTERRUPT,
		  config_read16(self->dev, PCI_STATUS));
	mtty_lower(self->dev, 0);
	EXPECT_EQ(PCI_STATUS_CAP_LIST, config_read16(self->dev, PCI_STATUS));
}

/* PCI 3.0 6.2.3: the bit is the condition, INTX_DISABLE notwithstanding. */
TEST_F(config, status_ignores_intx_disable)
{
	config_command(self->dev, 0, PCI_COMMAND_IO | PCI_COMMAND_INTX_DISABLE);
	EXPECT_FALSE(mtty_level(self->dev));
	mtty_raise(self->dev, self->subject.ports - 1);
	EXPECT_TRUE(mtty_level(self->dev));
	mtty_lower(self->dev, self->subject.ports - 1);
	EXPECT_FALSE(mtty_level(self->dev));
}

/* PCI PM 1.2 3.2.4: a write of a state that is not supported is discarded. */
TEST_F(config, power_states)
{
	static const struct { __u8 write, then; } steps[] = {
		{ 1, 0 }, { 2, 0 }, { 3, 3 }, { 1, 3 }, { 2, 3 }, { 3, 3 },
		{ 0, 0 }, { 2, 0 }, { 3, 3 }, { 0, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		config_write16(self->dev, PM_CAP + PCI_PM_CTRL, steps[i].write);
		EXPECT_EQ(PCI_PM_CTRL_NO_SOFT_RESET | steps[i].then,
			  config_read16(self->dev, PM_CAP + PCI_PM_CTRL)) {
			TH_LOG("step %u", i);
		}
	}
}

/* PCI PM 1.2, No_Soft_Reset: what was set up is still there back in D0. */
TEST_F(config, d3hot_keeps_the_context)
{
	config_command(self->dev, 0, PCI_COMMAND_IO | PCI_COMMAND_MASTER);
	config_write32(self->dev, PCI_BASE_ADDRESS_0, 0xc000);
	config_write8(self->dev, PCI_INTERRUPT_LINE, 11);
	config_write32(self->dev, MSI_CAP + PCI_MSI_ADDRESS_LO, 0xfee00000);
	uart_out(self->dev, 0, UART_SCR, 0x5a);

	config_power_state(self->dev, 3);
	/* config space works in D3hot */
	EXPECT_EQ(MTTY_VENDOR_ID, config_read16(self->dev, PCI_VENDOR_ID));
	config_write8(self->dev, PCI_CACHE_LINE_SIZE, 16);
	config_power_state(self->dev, 0);

	EXPECT_EQ(PCI_COMMAND_IO | PCI_COMMAND_MASTER,
		  config_read16(self->dev, PCI_COMMAND));
	EXPECT_EQ(0xc001, config_read32(self->dev, PCI_BASE_ADDRESS_0));
	EXPECT_EQ(11, config_read8(self->dev, PCI_INTERRUPT_LINE));
	EXPECT_EQ(0xfee00000, config_read32(self->dev,
					    MSI_CAP + PCI_MSI_ADDRESS_LO));
	EXPECT_EQ(16, config_read8(self->dev, PCI_CACHE_LINE_SIZE));
	EXPECT_EQ(0x5a, uart_in(self->dev, 0, UART_SCR));
}

/* A reset is a way out of D3hot too (CVE-2022-49219 was about this one). */
TEST_F(config, reset_in_d3hot)
{
	config_power_state(self->dev, 3);
	ASSERT_EQ(0, dev_reset(self->dev));
	EXPECT_TRUE(agrees(_metadata, self->dev, &self->oracle));
	mtty_decode(self->dev);
	uart_out(self->dev, 0, UART_SCR, 0x33);
	EXPECT_EQ(0x33, uart_in(self->dev, 0, UART_SCR));
}

TEST_HARNESS_MAIN
