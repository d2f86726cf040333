// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams of our models that are kept: a device that is brought to the same
 * point gives the same bytes for ever, and becomes what they say.
 *
 * With GOLDEN_WRITE in the environment they are written anew instead; see
 * tools/testing/golden/models/README.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <linux/serial_reg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migrate.h"
#include "suites.h"
#include "uart.h"
#include "unit.h"

#define USER			EVENTFD(0)
#define TEST_SCRATCH		0x04
#define TEST_RAISE		0x08
#define TEST_IOVA		0x10
#define TEST_LENGTH		0x18
#define TEST_COMMAND		0x1c
#define TEST_TIMER		0x28
#define TEST_BUFFER		0x1000

/* As it is when it is opened. */
static void leave(struct front *front)
{
}

/* Full FIFOs, an overrun, a break, a wait for silence, interrupts pending. */
static void busy_card(struct front *front)
{
	unsigned int port, ports = vdev_variant(front->vdev);

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, USER), 0);
	command_set(front, PCI_COMMAND_IO);
	config_write(front, PCI_INTERRUPT_LINE, 1, 11);
	for (port = 0; port < ports; port++) {
		uart_divisor(front, port, 0x0180 + port);
		uart_write(front, port, UART_LCR, UART_LCR_WLEN8);
		uart_write(front, port, UART_FCR, FIFO_14);
		uart_write(front, port, UART_SCR, 0x5a + port);
		uart_write(front, port, UART_MCR, UART_MCR_RTS);
	}
	uart_send(front, 0, 'a', 20);
	/* a ring that does not begin at its beginning */
	port = ports - 1;
	uart_send(front, port, 'A', 12);
	uart_expect(front, port, ports == 1 ? 'a' : 'A', 9);
	uart_write(front, port, UART_LCR, UART_LCR_WLEN8 | UART_LCR_SBC);
	uart_write(front, port, UART_LCR, UART_LCR_WLEN8);
	front_advance(front, 1000000);
	for (port = 0; port < ports; port++)
		uart_write(front, port, UART_IER, 0x0f);
}

/* A transfer, a timer and messages that wait; memory with three pages of it. */
static void busy_test_device(struct front *front)
{
	unsigned int i;

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, USER), 0);
	command_set(front, PCI_COMMAND_MEMORY);
	front_write(front, 0, TEST_SCRATCH, 4, 0x01234567);
	for (i = 0; i < 64; i += 4)
		front_write(front, 0, TEST_BUFFER + i, 4, i * 0x01010101);
	front_write(front, 0, TEST_IOVA, 4, 0x89abc000);
	front_write(front, 0, TEST_IOVA + 4, 4, 1);
	front_write(front, 0, TEST_LENGTH, 4, 0x2345);
	front_write(front, 0, TEST_COMMAND, 4, 3 << 16 | 2);
	front_write(front, 0, TEST_TIMER, 4, 1000000);
	front_advance(front, 400000);
	front_write(front, 0, TEST_RAISE, 4, 1U << 31 | 1);
	front_write(front, 0, TEST_RAISE, 4, 63);
	front_write(front, 4, 0x10, 8, 0xfee0000000000000ULL);
	front_write(front, 4, 0x18, 8, 0x0000000000004041ULL);
	front_write(front, 2, 0x2000, 8, 0x1122334455667788ULL);
	front_write(front, 2, 0xff000, 8, 1);
	front_write(front, 4, 0x8ff8, 8, 2);
}

static const struct golden {
	const char *name;
	const char *type;
	void (*prepare)(struct front *front);
} goldens[] = {
	{ "mtty-1-power-on", "mtty-1", leave },
	{ "mtty-1-busy", "mtty-1", busy_card },
	{ "mtty-2-power-on", "mtty-2", leave },
	{ "mtty-2-busy", "mtty-2", busy_card },
	{ "vdev_test-pci-power-on", "vdev_test-pci", leave },
	{ "vdev_test-pcie-busy", "vdev_test-pcie", busy_test_device },
};

static FILE *open_golden(const struct golden *golden, const char *mode)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), GOLDEN "/models/%s.bin", golden->name);
	file = fopen(path, mode);
	if (!file)
		unit_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	return file;
}

static struct stream read_golden(const struct golden *golden)
{
	FILE *file = open_golden(golden, "r");
	struct stream stream = { };

	EXPECT_EQ(fseek(file, 0, SEEK_END), 0);
	stream.size = ftell(file);
	rewind(file);
	stream.data = malloc(stream.size);
	EXPECT(stream.data);
	EXPECT_EQ(fread(stream.data, 1, stream.size, file), stream.size);
	fclose(file);
	return stream;
}

static void write_golden(const struct golden *golden,
			 const struct stream *stream)
{
	FILE *file = open_golden(golden, "w");

	EXPECT_EQ(fwrite(stream->data, 1, stream->size, file), stream->size);
	EXPECT_EQ(fclose(file), 0);
}

static void kept_as_they_are(void)
{
	struct stream stream, kept;
	struct front *front;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(goldens); i++) {
		unit_context("%s", goldens[i].name);
		front = front_open(goldens[i].type);
		goldens[i].prepare(front);
		stream = front_snapshot(front);
		if (getenv("GOLDEN_WRITE"))
			write_golden(&goldens[i], &stream);
		kept = read_golden(&goldens[i]);
		expect_same_stream(&stream, &kept);
		free(stream.data);
		free(kept.data);
		front_close(front);
	}
}

/* A device that takes one in, and is stopped. */
static struct front *load(const struct golden *golden)
{
	struct front *front = front_open(golden->type);
	struct stream kept = read_golden(golden), again;
	char reason[VMIG_REASON_SIZE] = "";

	unit_context("%s", golden->name);
	vdev_stop(front->vdev);
	if (front_load(front, &kept, reason))
		unit_fail(__FILE__, __LINE__, "refused: %s", reason);
	again = front_save(front);
	expect_same_stream(&again, &kept);
	free(again.data);
	free(kept.data);
	return front;
}

static void loaded(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(goldens); i++)
		front_close(load(&goldens[i]));
}

static void card_goes_on(void)
{
	struct front *front = load(&goldens[3]);

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, USER), 0);
	vdev_run(front->vdev);
	EXPECT(uart_interrupts(front));
	EXPECT_REG(front, 0, UART_SCR, 0x5a);
	EXPECT_REG(front, 1, UART_SCR, 0x5b);
	EXPECT_REG(front, 0, UART_IIR, 0xc0 | UART_IIR_RLSI);
	EXPECT_REG(front, 0, UART_LSR,
		   NO_ERRORS | UART_LSR_DR | UART_LSR_OE);
	uart_expect(front, 0, 'a', 16);
	uart_expect(front, 1, 'A' + 9, 3);
	EXPECT_REG(front, 1, UART_LSR, NO_ERRORS | UART_LSR_DR |
		   UART_LSR_BI | UART_LSR_FE | UART_LSR_FIFOE);
	EXPECT_REG(front, 1, UART_RX, 0);
	EXPECT_REG(front, 1, UART_LSR, NO_ERRORS);
	front_close(front);
}

static void test_device_goes_on(void)
{
	struct front *front = load(&goldens[5]);
	struct user_page *page[4];
	unsigned int i;
	const s32 fds[4] = { USER, EVENTFD(1), EVENTFD(2), EVENTFD(3) };

	for (i = 0; i < 4; i++)
		page[i] = user_map(front, 0x189abc000ULL + i * PAGE, 0xff);
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 0, 4, fds), 0);
	EXPECT_EQ(front_read(front, 4, 0x800, 8), 1ULL << 63 | 1);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 0);
	command_set(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_advance(front, 599999);
	EXPECT_EQ(front_signals(front, EVENTFD(1)), 0);
	front_advance(front, 1);
	EXPECT_EQ(front_signals(front, EVENTFD(1)), 1);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(front_signals(front, EVENTFD(3)), 1);
	EXPECT_EQ(page[0]->data[60], 60);
	EXPECT_EQ(page[2]->data[0x344], 0);
	EXPECT_EQ(page[2]->data[0x345], 0xff);
	EXPECT_EQ(front_read(front, 2, 0x2000, 8), 0x1122334455667788ULL);
	EXPECT_EQ(front_read(front, 2, 0xff000, 8), 1);
	EXPECT_EQ(front_read(front, 4, 0x8ff8, 8), 2);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(kept_as_they_are),
	UNIT_CASE(loaded),
	UNIT_CASE(card_goes_on),
	UNIT_CASE(test_device_goes_on),
	{ }
};

const struct unit_suite state_golden_suite = { "state_golden", cases };
