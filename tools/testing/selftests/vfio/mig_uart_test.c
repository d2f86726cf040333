// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a serial card takes along when it migrates: its characters, its timeout,
 * and the level of its interrupt.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/mig_device.h"
#include "lib/mtty.h"

#define INTX	VFIO_PCI_INTX_IRQ_INDEX

/* By when a timeout that goes on would have been seen. */
#define GONE_MS		200

static void let_time_pass(void)
{
	usleep(GONE_MS * 1000);
}

/* Two mttys, and characters on their way. */
FIXTURE(mtty)
{
	struct mig_device source;
	struct mig_device target;
	struct vfio_dev *dev;
	struct vfio_dev *dest;
	int event;
};

FIXTURE_VARIANT(mtty)
{
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(mtty, container) { .path = DEV_PATH_CONTAINER };
FIXTURE_VARIANT_ADD(mtty, iommufd) { .path = DEV_PATH_IOMMUFD };

FIXTURE_SETUP(mtty)
{
	int ret = mig_device_open(&self->source, MIG_SUBJECT, 0, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->source.why);
	ASSERT_EQ(0, ret);
	ret = mig_device_open(&self->target, MIG_SUBJECT, 1, variant->path);
	if (ret == -ENODEV || !self->source.ports) {
		mig_device_close(&self->source);
		mig_device_close(&self->target);
		SKIP(return, "needs two mttys");
	}
	ASSERT_EQ(0, ret);
	self->dev = &self->source.dev;
	self->dest = &self->target.dev;
	self->event = event_new();
	mtty_decode(self->dev);
	uart_out(self->dev, 0, UART_LCR, UART_LCR_WLEN8);
	uart_out(self->dev, 0, UART_MCR, UART_MCR_LOOP);
}

FIXTURE_TEARDOWN(mtty)
{
	close(self->event);
	mig_device_close(&self->source);
	mig_device_close(&self->target);
}

static void move(struct vfio_dev *dev, struct vfio_dev *dest)
{
	mig_move(dev, dest);
	mtty_decode(dest);
}

/* None is lost and none comes twice, however often they move. */
TEST_F(mtty, characters_move)
{
	static const char text[] = "0123456789";
	char got[16] = "";
	unsigned int i;

	uart_out(self->dev, 0, UART_FCR, UART_FCR_ENABLE_FIFO);
	uart_send(self->dev, 0, text, 4);
	move(self->dev, self->dest);
	mig_to(self->dest, MIG_RUNNING);
	uart_send(self->dest, 0, text + 4, 3);
	EXPECT_EQ('0', uart_in(self->dest, 0, UART_RX));
	for (i = 0; i < 3; i++) {
		move(self->dest, self->dev);
		move(self->dev, self->dest);
	}
	mig_to(self->dest, MIG_RUNNING);
	uart_send(self->dest, 0, text + 7, 3);
	EXPECT_EQ(9, uart_drain(self->dest, 0, got, sizeof(got)));
	EXPECT_STREQ(text + 1, got);
}

/* As many as there is room for. */
TEST_F(mtty, full_fifo)
{
	static const char text[] = "abcdefghijklmnop";
	char got[32] = "";

	uart_out(self->dev, 0, UART_FCR, UART_FCR_ENABLE_FIFO);
	uart_send(self->dev, 0, text, 16);
	move(self->dev, self->dest);
	mig_to(self->dest, MIG_RUNNING);
	EXPECT_EQ(16, uart_drain(self->dest, 0, got, sizeof(got)));
	EXPECT_STREQ(text, got);
}

/*
 * Characters below the trigger level are told of after a time (16550A, character
 * timeout), which does not pass while the device is stopped.
 */
TEST_F(mtty, timeout_waits)
{
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	uart_set_divisor(self->dev, 0, 115200 / 1200);
	uart_out(self->dev, 0, UART_FCR, UART_FCR_ENABLE_FIFO |
					 UART_FCR_TRIGGER_14);
	uart_out(self->dev, 0, UART_IER, UART_IER_RDI);
	uart_send(self->dev, 0, "x", 1);
	mig_to(self->dev, MIG_STOP);
	let_time_pass();
	if (event_take(self->event)) {
		/* it was over before, on a slow machine */
		SKIP(return, "too slow to stop it in time");
	}
	move(self->dev, self->dest);
	ASSERT_EQ(0, irq_bind(self->dest, INTX, self->event));
	let_time_pass();
	EXPECT_EQ(0, event_take(self->event));
	mig_to(self->dest, MIG_RUNNING);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ('x', uart_in(self->dest, 0, UART_RX));
}

/* The level is signalled where it went, and again where it stopped. */
TEST_F(mtty, level_moves)
{
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->event));
	mig_to(self->dev, MIG_STOP);
	EXPECT_EQ(0, event_stray(self->event));
	mig_to(self->dev, MIG_RUNNING);
	EXPECT_EQ(1, event_wait(self->event));

	move(self->dev, self->dest);
	EXPECT_EQ(0, event_stray(self->event));
	ASSERT_EQ(0, irq_bind(self->dest, INTX, self->event));
	mig_to(self->dest, MIG_RUNNING);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(UART_IIR_THRI, 0xf & uart_in(self->dest, 0, UART_IIR));
	EXPECT_EQ(0, irq_unmask(self->dest));
	EXPECT_EQ(0, event_stray(self->event));
}

TEST_HARNESS_MAIN
