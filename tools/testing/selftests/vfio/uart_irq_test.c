// SPDX-License-Identifier: GPL-2.0-only
/*
 * 16550A interrupts: what IIR reports, and that an interrupt arrives for it.
 * PC16550D data sheet, sections 8.4 to 8.7, table IV.
 */
#include <errno.h>
#include <time.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/mtty.h"
#include "lib/subject.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define FIFO_ON (UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | \
		 UART_FCR_CLEAR_XMIT)
/* 200 baud: with 8N1 a character takes 50 ms, the time-out 200 ms. */
#define SLOW_DIVISOR 576
#define SLOW_TIMEOUT_MS 200

FIXTURE(uart)
{
	struct subject subject;
	struct vfio_dev *dev;
	unsigned int port;
	int event;
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
	self->event = event_new();
	mtty_decode(self->dev);
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
	uart_out(self->dev, self->port, UART_LCR, UART_LCR_WLEN8);
}

FIXTURE_TEARDOWN(uart)
{
	close(self->event);
	subject_close(&self->subject);
}

#define IN(reg) uart_in(self->dev, self->port, reg)
#define OUT(reg, val) uart_out(self->dev, self->port, reg, val)
/* IIR without the bits that only say that there is a FIFO. */
#define IIR() (IN(UART_IIR) & 0x0f)

/*
 * A level that was delivered is masked. Takes the signal and unmasks; a level
 * that is still there comes again.
 */
static __u64 acknowledge(struct vfio_dev *dev, int event)
{
	__u64 count = event_wait(event);

	irq_unmask(dev);
	return count;
}

static long ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 +
		(now.tv_nsec - start->tv_nsec) / 1000000;
}

/* THRI: raised by IER.THRI 0->1 as THR is empty; reading IIR takes it back. */
TEST_F(uart, thri_by_enabling)
{
	OUT(UART_IER, UART_IER_THRI);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_TRUE(mtty_level(self->dev));
	EXPECT_EQ(UART_IIR_THRI, IIR());
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	EXPECT_FALSE(mtty_level(self->dev));
	/* 1->1 is no edge */
	OUT(UART_IER, UART_IER_THRI);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	OUT(UART_IER, 0);
	OUT(UART_IER, UART_IER_THRI | UART_IER_MSI);
	EXPECT_EQ(UART_IIR_THRI, IIR());
}

/* THRI: a character that went out raises it. */
TEST_F(uart, thri_by_sending)
{
	OUT(UART_FCR, FIFO_ON | UART_FCR_TRIGGER_14);
	OUT(UART_IER, UART_IER_THRI);
	EXPECT_EQ(UART_IIR_THRI, IIR());
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	acknowledge(self->dev, self->event);
	OUT(UART_TX, 'a');
	EXPECT_EQ(1, event_wait(self->event));
	OUT(UART_TX, 'b');
	EXPECT_TRUE(mtty_level(self->dev));
	EXPECT_EQ(UART_IIR_THRI, IIR());
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
}

/* Without IER.THRI nobody is told; switching it on later tells. */
TEST_F(uart, thri_disabled)
{
	OUT(UART_TX, 'a');
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	EXPECT_EQ(0, event_stray(self->event));
	OUT(UART_IER, UART_IER_THRI);
	OUT(UART_IER, 0);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	EXPECT_FALSE(mtty_level(self->dev));
}

/* Reading IIR takes THRI back only if it was THRI that was reported. */
TEST_F(uart, thri_waits_for_its_turn)
{
	OUT(UART_IER, UART_IER_RDI | UART_IER_THRI);
	OUT(UART_TX, 'a');
	EXPECT_EQ(UART_IIR_RDI, IIR());
	EXPECT_EQ(UART_IIR_RDI, IIR());
	IN(UART_RX);
	EXPECT_EQ(UART_IIR_THRI, IIR());
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
}

/* RDI without FIFO: from the character's arrival until it is read. */
TEST_F(uart, rdi_without_fifo)
{
	OUT(UART_IER, UART_IER_RDI);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	OUT(UART_TX, 'a');
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(UART_IIR_RDI, IIR());
	EXPECT_EQ(UART_IIR_RDI, IIR());
	IN(UART_RX);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	EXPECT_FALSE(mtty_level(self->dev));
}

/* RDI with FIFO: at the trigger level, and no longer below it. */
TEST_F(uart, rdi_at_trigger_level)
{
	static const struct { __u8 fcr, level; } triggers[] = {
		{ UART_FCR_TRIGGER_1, 1 }, { UART_FCR_TRIGGER_4, 4 },
		{ UART_FCR_TRIGGER_8, 8 }, { UART_FCR_TRIGGER_14, 14 },
	};
	unsigned int i, n;

	/* so slow that no time-out comes in between */
	uart_set_divisor(self->dev, self->port, 0xffff);
	OUT(UART_IER, UART_IER_RDI);
	for (i = 0; i < ARRAY_SIZE(triggers); i++) {
		OUT(UART_FCR, FIFO_ON | triggers[i].fcr);
		for (n = 1; n <= 16; n++) {
			OUT(UART_TX, n);
			EXPECT_EQ(n < triggers[i].level ? UART_IIR_NO_INT :
				  UART_IIR_RDI, IIR()) {
				TH_LOG("%u characters, trigger %u", n,
				       triggers[i].level);
			}
			EXPECT_EQ(n >= triggers[i].level,
				  mtty_level(self->dev));
		}
		EXPECT_EQ(1, event_wait(self->event));
		for (n = 15; n; n--) {
			IN(UART_RX);
			EXPECT_EQ(n < triggers[i].level ? UART_IIR_NO_INT :
				  UART_IIR_RDI, IIR());
		}
		IN(UART_RX);
		irq_unmask(self->dev);
	}
}

/* The level is compared when the trigger level changes, too. */
TEST_F(uart, lowering_the_trigger_level)
{
	uart_set_divisor(self->dev, self->port, 0xffff);
	OUT(UART_IER, UART_IER_RDI);
	OUT(UART_FCR, FIFO_ON | UART_FCR_TRIGGER_14);
	uart_send(self->dev, self->port, "abcde", 5);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	OUT(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_4);
	EXPECT_EQ(UART_IIR_RDI, IIR());
	EXPECT_EQ(1, event_wait(self->event));
	OUT(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
}

/* FIFO time-out: four character times without arrival or reading. */
TEST_F(uart, character_timeout)
{
	struct timespec start;
	long ms;

	uart_set_divisor(self->dev, self->port, SLOW_DIVISOR);
	OUT(UART_IER, UART_IER_RDI);
	OUT(UART_FCR, FIFO_ON | UART_FCR_TRIGGER_8);
	clock_gettime(CLOCK_MONOTONIC, &start);
	uart_send(self->dev, self->port, "ab", 2);
	EXPECT_EQ(0, event_stray(self->event));
	EXPECT_EQ(1, event_wait(self->event));
	ms = ms_since(&start);
	EXPECT_LE(SLOW_TIMEOUT_MS - 10, ms);
	EXPECT_GT(SLOW_TIMEOUT_MS + 2000, ms);
	EXPECT_EQ(UART_IIR_RX_TIMEOUT, IIR());
	EXPECT_EQ(UART_IIR_RX_TIMEOUT, IIR());

	/* reading a character ends it, and starts the time anew */
	clock_gettime(CLOCK_MONOTONIC, &start);
	EXPECT_EQ('a', IN(UART_RX));
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	EXPECT_FALSE(mtty_level(self->dev));
	irq_unmask(self->dev);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_LE(SLOW_TIMEOUT_MS - 10, ms_since(&start));
	EXPECT_EQ(UART_IIR_RX_TIMEOUT, IIR());

	/* an empty FIFO has none */
	EXPECT_EQ('b', IN(UART_RX));
	irq_unmask(self->dev);
	EXPECT_EQ(0, event_wait_ms(self->event, SLOW_TIMEOUT_MS + 100));
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
}

/* Once there, it goes with a read of RBR, not with one more arrival. */
TEST_F(uart, character_timeout_outlasts_arrivals)
{
	uart_set_divisor(self->dev, self->port, 1);
	OUT(UART_FCR, FIFO_ON | UART_FCR_TRIGGER_14);
	OUT(UART_IER, UART_IER_RDI);
	OUT(UART_TX, 'a');
	EXPECT_EQ(1, event_wait(self->event));
	uart_set_divisor(self->dev, self->port, 0xffff);
	OUT(UART_TX, 'b');
	EXPECT_EQ(UART_IIR_RX_TIMEOUT, IIR());
	EXPECT_TRUE(mtty_level(self->dev));
	IN(UART_RX);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
}

/* At 115200 baud the time-out is there within a blink. */
TEST_F(uart, character_timeout_follows_the_divisor)
{
	uart_set_divisor(self->dev, self->port, 1);
	OUT(UART_FCR, FIFO_ON | UART_FCR_TRIGGER_14);
	OUT(UART_IER, UART_IER_RDI);
	OUT(UART_TX, 'a');
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(UART_IIR_RX_TIMEOUT, IIR());
	EXPECT_EQ('a', IN(UART_RX));
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
}

/* Each arrival starts the time anew: 4 x 75 ms are more than 200 ms. */
TEST_F(uart, character_timeout_is_restarted)
{
	struct timespec start;
	unsigned int i;

	uart_set_divisor(self->dev, self->port, SLOW_DIVISOR);
	OUT(UART_IER, UART_IER_RDI);
	OUT(UART_FCR, FIFO_ON | UART_FCR_TRIGGER_14);
	for (i = 0; i < 4; i++) {
		clock_gettime(CLOCK_MONOTONIC, &start);
		OUT(UART_TX, 'a');
		/* on a machine too slow to keep the pace it may come */
		if (event_wait_ms(self->event, 75))
			EXPECT_LE(SLOW_TIMEOUT_MS - 10, ms_since(&start));
	}
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_LE(SLOW_TIMEOUT_MS - 10, ms_since(&start));
}

/* It is a receive interrupt: without IER.RDI there is none. */
TEST_F(uart, no_character_timeout_without_rdi)
{
	uart_set_divisor(self->dev, self->port, 1);
	OUT(UART_FCR, FIFO_ON | UART_FCR_TRIGGER_14);
	OUT(UART_IER, UART_IER_RLSI | UART_IER_MSI);
	OUT(UART_TX, 'a');
	EXPECT_EQ(0, event_wait_ms(self->event, 50));
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
}

/* At the trigger level it is RDI that is reported, not the time-out. */
TEST_F(uart, no_character_timeout_at_trigger_level)
{
	uart_set_divisor(self->dev, self->port, 1);
	OUT(UART_FCR, FIFO_ON | UART_FCR_TRIGGER_4);
	OUT(UART_IER, UART_IER_RDI);
	uart_send(self->dev, self->port, "abcd", 4);
	event_wait_ms(self->event, 50);
	EXPECT_EQ(UART_IIR_RDI, IIR());
}

/* A reset takes the running time with it. */
TEST_F(uart, reset_stops_the_character_timeout)
{
	uart_set_divisor(self->dev, self->port, SLOW_DIVISOR / 4);
	OUT(UART_IER, UART_IER_RDI);
	OUT(UART_FCR, FIFO_ON | UART_FCR_TRIGGER_14);
	OUT(UART_TX, 'a');
	EXPECT_EQ(0, dev_reset(self->dev));
	EXPECT_EQ(0, event_wait_ms(self->event, SLOW_TIMEOUT_MS / 4 + 50));
	mtty_decode(self->dev);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
}

/* LSI: an overrun, until LSR is read. */
TEST_F(uart, rlsi_overrun)
{
	OUT(UART_IER, UART_IER_RLSI);
	OUT(UART_TX, 'a');
	EXPECT_EQ(0, event_stray(self->event));
	OUT(UART_TX, 'b');
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(UART_IIR_RLSI, IIR());
	EXPECT_EQ(UART_IIR_RLSI, IIR());
	EXPECT_TRUE(IN(UART_LSR) & UART_LSR_OE);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	EXPECT_FALSE(mtty_level(self->dev));
}

/* LSI: a break. */
TEST_F(uart, rlsi_break)
{
	OUT(UART_IER, UART_IER_RLSI);
	OUT(UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(UART_IIR_RLSI, IIR());
	EXPECT_TRUE(IN(UART_LSR) & UART_LSR_BI);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
}

/* MSI: a change of a modem line, until MSR is read. */
TEST_F(uart, modem_status)
{
	OUT(UART_IER, UART_IER_MSI);
	OUT(UART_MCR, UART_MCR_RTS);
	EXPECT_EQ(1, acknowledge(self->dev, self->event));
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(UART_IIR_MSI, IIR());
	EXPECT_EQ(UART_IIR_MSI, IIR());
	EXPECT_EQ(UART_MSR_CTS | UART_MSR_DCTS, IN(UART_MSR));
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	EXPECT_FALSE(mtty_level(self->dev));
	irq_unmask(self->dev);
	/* the other edge is one as well */
	OUT(UART_MCR, 0);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(UART_IIR_MSI, IIR());
}

/* A delta from before IER.MSI was set counts when it is. */
TEST_F(uart, modem_status_enabled_late)
{
	OUT(UART_MCR, UART_MCR_RTS);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	OUT(UART_IER, UART_IER_MSI);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(UART_IIR_MSI, IIR());
}

/* Table IV: the highest is reported until it is dealt with. */
TEST_F(uart, priorities)
{
	unsigned int i;

	uart_set_divisor(self->dev, self->port, 0xffff);
	OUT(UART_FCR, FIFO_ON | UART_FCR_TRIGGER_14);
	OUT(UART_MCR, UART_MCR_RTS);
	for (i = 0; i < 17; i++)
		OUT(UART_TX, i);
	OUT(UART_IER, 0x0f);
	EXPECT_EQ(UART_IIR_RLSI, IIR());
	IN(UART_LSR);
	EXPECT_EQ(UART_IIR_RDI, IIR());
	for (i = 0; i < 3; i++)
		IN(UART_RX);
	EXPECT_EQ(UART_IIR_THRI, IIR());
	EXPECT_EQ(UART_IIR_MSI, IIR());
	IN(UART_MSR);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
}

/* The time-out is of the second priority: before THRI, after LSI. */
TEST_F(uart, priority_of_the_timeout)
{
	uart_set_divisor(self->dev, self->port, 1);
	OUT(UART_FCR, FIFO_ON | UART_FCR_TRIGGER_14);
	OUT(UART_IER, UART_IER_RDI);
	OUT(UART_TX, 'a');
	EXPECT_EQ(1, event_wait(self->event));
	OUT(UART_IER, 0x0f);
	OUT(UART_MCR, UART_MCR_RTS);
	EXPECT_EQ(UART_IIR_RX_TIMEOUT, IIR());
	IN(UART_RX);
	EXPECT_EQ(UART_IIR_THRI, IIR());
	EXPECT_EQ(UART_IIR_MSI, IIR());
}

/* IER decides what of it counts, at any time. */
TEST_F(uart, ier_gates_each_source)
{
	OUT(UART_MCR, UART_MCR_RTS);
	OUT(UART_TX, 'a');
	OUT(UART_TX, 'b');
	OUT(UART_IER, UART_IER_MSI);
	EXPECT_EQ(UART_IIR_MSI, IIR());
	OUT(UART_IER, UART_IER_RDI | UART_IER_MSI);
	EXPECT_EQ(UART_IIR_RDI, IIR());
	OUT(UART_IER, UART_IER_RLSI | UART_IER_RDI | UART_IER_MSI);
	EXPECT_EQ(UART_IIR_RLSI, IIR());
	OUT(UART_IER, 0);
	EXPECT_EQ(UART_IIR_NO_INT, IIR());
	EXPECT_FALSE(mtty_level(self->dev));
}

/* OUT2 does not gate the interrupt, unlike on a PC's serial card. */
TEST_F(uart, out2_is_no_gate)
{
	OUT(UART_MCR, 0);
	OUT(UART_IER, UART_IER_THRI);
	EXPECT_EQ(1, event_wait(self->event));
}

FIXTURE(pair)
{
	struct subject subject;
	struct vfio_dev *dev;
	int event;
};

FIXTURE_SETUP(pair)
{
	int ret = subject_open(&self->subject, SUBJECT_PORTS_2);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
	self->event = event_new();
	mtty_decode(self->dev);
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
}

FIXTURE_TEARDOWN(pair)
{
	close(self->event);
	subject_close(&self->subject);
}

/* The card's interrupt is that of either port. */
TEST_F(pair, either_port)
{
	unsigned int port;

	for (port = 0; port < 2; port++) {
		mtty_raise(self->dev, port);
		EXPECT_EQ(1, event_wait(self->event));
		mtty_raise(self->dev, !port);
		mtty_lower(self->dev, port);
		EXPECT_TRUE(mtty_level(self->dev));
		/* one port has nothing to report, the other one has */
		EXPECT_EQ(UART_IIR_NO_INT, uart_in(self->dev, port, UART_IIR));
		irq_unmask(self->dev);
		EXPECT_EQ(1, event_wait(self->event));
		mtty_lower(self->dev, !port);
		EXPECT_FALSE(mtty_level(self->dev));
		irq_unmask(self->dev);
	}
}

TEST_HARNESS_MAIN
