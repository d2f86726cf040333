// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long an mtty takes to do things. Works on any driver that shows up as
 * "mtty": ours and the kernel's sample.
 */
#include <err.h>
#include <stdlib.h>

#include <linux/pci_regs.h>
#include <linux/serial_reg.h>

#include "card.h"
#include "timing.h"

#define CARD_UUID	"6d747479-0000-4000-8000-000000000001"
#define OTHER_UUID	"6d747479-0000-4000-8000-000000000002"

#define BAR_ADDRESS	0xc000
#define PATTERN		0x5a

static __u8 read_reg(struct card *card, unsigned int reg)
{
	__u8 value;

	read_exactly(card, card->bar + reg, &value, 1);
	return value;
}

static void write_reg(struct card *card, unsigned int reg, __u8 value)
{
	write_exactly(card, card->bar + reg, &value, 1);
}

/* Rows: register accesses */

static void read_config(struct card *card)
{
	__u32 id;

	read_exactly(card, card->config + PCI_VENDOR_ID, &id, 4);
}

static void read_scr(struct card *card)
{
	read_reg(card, UART_SCR);
}

static void write_scr(struct card *card)
{
	write_reg(card, UART_SCR, PATTERN);
}

static void read_lsr(struct card *card)
{
	read_reg(card, UART_LSR);
}

/* A BAR that does not decode is fast, and not what anybody wants to know. */
static void check_decoding(struct card *card)
{
	write_reg(card, UART_SCR, PATTERN);
	if (read_reg(card, UART_SCR) != PATTERN)
		errx(EXIT_FAILURE, "SCR does not keep what is written to it");
}

/*
 * What firmware does before any driver sees the card. The sample is faster from
 * then on, and nothing but its removal takes that back.
 */
static void assign_bar(struct card *card)
{
	__u32 address = BAR_ADDRESS;

	write_exactly(card, card->config + PCI_BASE_ADDRESS_0, &address, 4);
	check_decoding(card);
}

/* Rows: from a register write to the eventfd */

static void prepare_uart(struct card *card)
{
	assign_bar(card);
	write_reg(card, UART_LCR, UART_LCR_WLEN8);
	write_reg(card, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR |
				  UART_FCR_TRIGGER_1);
	write_reg(card, UART_IER, UART_IER_RDI);
}

static void unbind_uart(struct card *card, unsigned int index)
{
	unbind_irq(card, index);
	write_reg(card, UART_IER, 0);
}

static void prepare_intx(struct card *card)
{
	prepare_uart(card);
	bind_irq(card, VFIO_PCI_INTX_IRQ_INDEX);
}

static void undo_intx(struct card *card)
{
	unbind_uart(card, VFIO_PCI_INTX_IRQ_INDEX);
}

static void prepare_msi(struct card *card)
{
	prepare_uart(card);
	bind_irq(card, VFIO_PCI_MSI_IRQ_INDEX);
}

static void undo_msi(struct card *card)
{
	unbind_uart(card, VFIO_PCI_MSI_IRQ_INDEX);
}

static void send_and_be_told(struct card *card)
{
	write_reg(card, UART_TX, PATTERN);
	take_irq(card);
}

static void take_char(struct card *card)
{
	if (read_reg(card, UART_RX) != PATTERN)
		errx(EXIT_FAILURE, "the character did not come back");
}

static void take_char_and_unmask(struct card *card)
{
	take_char(card);
	unmask_intx(card);
}

/* Rows: life of a device */

static void create_and_remove(struct card *card)
{
	create_mdev("mtty", "mtty-2", OTHER_UUID);
	remove_mdev(OTHER_UUID);
}

/* The order matters: see assign_bar(). */
static const struct row rows[] = {
	{
		.name = "config-read-4",
		.batch = 500,
		.batches = 201,
		.once = read_config,
	}, {
		.name = "bar-read-1-scr-unassigned",
		.batch = 500,
		.batches = 201,
		.prepare = check_decoding,
		.once = read_scr,
	}, {
		.name = "bar-read-1-lsr-unassigned",
		.batch = 500,
		.batches = 201,
		.prepare = check_decoding,
		.once = read_lsr,
	}, {
		.name = "bar-write-1-scr-unassigned",
		.batch = 500,
		.batches = 201,
		.prepare = check_decoding,
		.once = write_scr,
	}, {
		.name = "bar-read-1-scr",
		.batch = 500,
		.batches = 201,
		.prepare = assign_bar,
		.once = read_scr,
	}, {
		.name = "bar-read-1-lsr",
		.batch = 500,
		.batches = 201,
		.prepare = assign_bar,
		.once = read_lsr,
	}, {
		.name = "bar-write-1-scr",
		.batch = 500,
		.batches = 201,
		.prepare = assign_bar,
		.once = write_scr,
	}, {
		.name = "irq-intx",
		.batch = 100,
		.batches = 201,
		.prepare = prepare_intx,
		.once = send_and_be_told,
		.after = take_char_and_unmask,
		.undo = undo_intx,
	}, {
		.name = "irq-msi",
		.batch = 100,
		.batches = 201,
		.prepare = prepare_msi,
		.once = send_and_be_told,
		.after = take_char,
		.undo = undo_msi,
	}, {
		.name = "create-remove",
		.batch = 1,
		.batches = 61,
		.once = create_and_remove,
	},
	{ }
};

int main(int argc, char **argv)
{
	struct card card;
	const struct row *row;

	if (argc != 2)
		errx(EXIT_FAILURE, "usage: mtty_bench LABEL");

	create_mdev("mtty", "mtty-2", CARD_UUID);
	open_card(&card, CARD_UUID);
	for (row = rows; row->name; row++)
		measure(argv[1], row, &card);
	close_card(&card);
	remove_mdev(CARD_UUID);
	return EXIT_SUCCESS;
}
