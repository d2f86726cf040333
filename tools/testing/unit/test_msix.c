// SPDX-License-Identifier: GPL-2.0-only
/*
 * The MSI-X table and pending bits in their BAR, and who is told of a message.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/vfio.h>
#include <string.h>

#include "gadget.h"
#include "random.h"
#include "suites.h"
#include "unit.h"

#define STEPS		20000

/* Where the models of gadget.h have their structures. */
struct place {
	const char *type;
	unsigned int bar;
	u32 size;
	u32 table;
	u32 pba;
	unsigned int vectors;
};

static const struct place places[] = {
	{ "gadget-full", 2, 0x10000, 0x1000, 0x8000, 64 },
	{ "gadget-huge", 1, 0x10000, 0, 0xff00, 2048 },
	{ "gadget-old", 5, 0x1000, 8, 0x800, 65 },
};

static struct front *open_place(const struct place *place)
{
	struct front *front = front_open(place->type);

	command_set(front, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	return front;
}

static u32 pba_bytes(const struct place *place)
{
	return (place->vectors + 63) / 64 * 8;
}

/* Which bits of byte @i of the table software sets, see PCI 6.8.2. */
static u8 writable(unsigned int i)
{
	if (i % 16 == 0)
		return 0xfc;
	if (i % 16 >= 12)
		return i % 16 == 12 ? 0x01 : 0;
	return 0xff;
}

/* Every vector is masked at power-on, and nothing else is set. */
static void table_at_power_on(void)
{
	unsigned int p, i;

	for (p = 0; p < ARRAY_SIZE(places); p++) {
		const struct place *place = &places[p];
		struct front *front = open_place(place);

		for (i = 0; i < 16 * place->vectors; i++)
			EXPECT_EQ(front_read(front, place->bar,
					     place->table + i, 1),
				  i % 16 == 12);
		for (i = 0; i < pba_bytes(place); i += 8)
			EXPECT_EQ(front_read(front, place->bar,
					     place->pba + i, 8), 0);
		front_close(front);
	}
}

static u64 value_of(const u8 *bytes, unsigned int width)
{
	u64 value = 0;

	while (width--)
		value = value << 8 | bytes[width];
	return value;
}

/* A table kept beside, byte by byte. */
static void table_of_every_width(void)
{
	static u8 table[2048 * 16];
	unsigned int p, step, i;

	for (p = 0; p < ARRAY_SIZE(places); p++) {
		const struct place *place = &places[p];
		struct front *front = open_place(place);
		u32 bytes = 16 * place->vectors;

		memset(table, 0, sizeof(table));
		for (i = 12; i < bytes; i += 16)
			table[i] = 1;
		for (step = 0; step < STEPS; step++) {
			unsigned int width = 1 << random_below(4);
			u64 value = random_value();
			u32 at = place->table +
				 random_below(bytes / 8) * 8 +
				 (random_below(8) & ~(width - 1));
			u8 *byte = &table[at - place->table];

			unit_context("%s: 0x%llx to 0x%x/%u", place->type,
				     value, at, width);
			front_write(front, place->bar, at, width, value);
			for (i = 0; i < width; i++)
				byte[i] = value >> (8 * i) &
					  writable(byte + i - table);
			at = place->table + random_below(bytes / 8) * 8;
			at += random_below(8) & ~(width - 1);
			EXPECT_EQ(front_read(front, place->bar, at, width),
				  value_of(&table[at - place->table], width));
		}
		for (i = 0; i < bytes; i += 8)
			EXPECT_EQ(front_read(front, place->bar,
					     place->table + i, 8),
				  value_of(&table[i], 8));
		EXPECT_EQ(gadget_of(front)->reads + gadget_of(front)->writes,
			  0);
		front_close(front);
	}
}

/* The model sees all of its BAR but the two, to the byte. */
static void the_rest_is_the_models(void)
{
	unsigned int p;

	for (p = 0; p < ARRAY_SIZE(places); p++) {
		const struct place *place = &places[p];
		struct front *front = open_place(place);
		u32 at;

		for (at = 0; at < place->size; at++) {
			bool core = (at >= place->table &&
				     at < place->table + 16 * place->vectors) ||
				    (at >= place->pba &&
				     at < place->pba + pba_bytes(place));

			unit_context("%s 0x%x", place->type, at);
			gadget_forget(front);
			front_read(front, place->bar, at, 1);
			EXPECT_EQ(gadget_of(front)->reads, !core);
			if (at % 8 == 0) {
				front_read(front, place->bar, at, 8);
				EXPECT_EQ(!gadget_of(front)->reads, core);
			}
		}
		front_close(front);
	}
}

static void pending_bits_of_every_width(void)
{
	unsigned int p, i;

	for (p = 0; p < ARRAY_SIZE(places); p++) {
		const struct place *place = &places[p];
		struct front *front = open_place(place);
		u32 bytes = pba_bytes(place);
		u8 pba[2048 / 8] = { };
		unsigned int width, at;

		EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, -1), 0);
		for (i = 0; i < 40; i++) {
			unsigned int vector = i ? random_below(place->vectors) :
						  place->vectors - 1;

			EXPECT(model_msi(front, vector));
			pba[vector / 8] |= 1 << vector % 8;
		}
		for (width = 1; width <= 8; width *= 2)
			for (at = 0; at < bytes; at += width) {
				/* and they are not to be written */
				front_write(front, place->bar, place->pba + at,
					    width, random_value());
				EXPECT_EQ(front_read(front, place->bar,
						     place->pba + at, width),
					  value_of(&pba[at], width));
			}
		front_close(front);
	}
}

/* Neither answers where the BAR does not. */
static void silent_while_not_decoding(void)
{
	struct front *front = open_place(&places[0]);

	front_write(front, 2, 0x1000, 4, 0x1234);
	command_clear(front, PCI_COMMAND_MEMORY);
	EXPECT_EQ(front_read(front, 2, 0x1000, 4), 0xffffffff);
	EXPECT_EQ(front_read(front, 2, 0x8000, 8), ~0ULL);
	front_write(front, 2, 0x1000, 4, 0x5678);
	command_set(front, PCI_COMMAND_MEMORY);
	EXPECT_EQ(front_read(front, 2, 0x1000, 4), 0x1234);
	power_state(front, 3);
	EXPECT_EQ(front_read(front, 2, 0x1000, 1), 0xff);
	power_state(front, 0);
	EXPECT_EQ(front_read(front, 2, 0x1000, 4), 0x1234);
	front_close(front);
}

static u64 pending(struct front *front)
{
	return front_read(front, 2, 0x8000, 8);
}

/* Neither the table nor the capability decides: SET_IRQS does. */
static void table_decides_nothing(void)
{
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, EVENTFD(0)), 0);
	/* masked in the table, by the function, and not enabled */
	config_write(front, 0x62, 2, 0x4000);
	EXPECT(model_msi(front, 0));
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	front_write(front, 2, 0x100c, 4, 0);
	config_write(front, 0x62, 2, 0x8000);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 0);
	EXPECT_EQ(pending(front), 0);
	front_close(front);
}

static void each_vector_its_eventfd(void)
{
	static const s32 fds[] = { EVENTFD(1), -1, EVENTFD(3) };
	struct front *front = gadget_open();
	unsigned int i;

	EXPECT(!model_msi(front, 0));
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 61, 3, fds), 0);
	EXPECT_EQ(front->triggers, 2);
	for (i = 0; i < 64; i++) {
		EXPECT(model_msi(front, i));
		EXPECT_EQ(front_signals(front, EVENTFD(1)), i == 61);
		EXPECT_EQ(front_signals(front, EVENTFD(3)), i == 63);
	}
	EXPECT_EQ(pending(front), ~0ULL & ~BIT_ULL(61) & ~BIT_ULL(63));
	EXPECT(!model_msi(front, 64));
	EXPECT(!model_msi(front, ~0U));
	EXPECT_EQ(pending(front), ~0ULL & ~BIT_ULL(61) & ~BIT_ULL(63));
	front_close(front);
}

static void pending_until_bound(void)
{
	const s32 fd = EVENTFD(2);
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, -1), 0);
	EXPECT(model_msi(front, 5));
	EXPECT(model_msi(front, 5));
	EXPECT(model_msi(front, 6));
	EXPECT_EQ(pending(front), 0x60);
	/* those that come late are as good as those of the first call */
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 5, 1, &fd), 0);
	EXPECT_EQ(front_signals(front, fd), 1);
	EXPECT_EQ(pending(front), 0x40);
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 6, 1, &fd), 0);
	EXPECT_EQ(front_signals(front, fd), 1);
	EXPECT_EQ(pending(front), 0);
	/* paid */
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 5, 1, &fd), 0);
	EXPECT_EQ(front_signals(front, fd), 0);
	front_close(front);
}

static void pending_until_bus_master(void)
{
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, EVENTFD(0)), 0);
	command_clear(front, PCI_COMMAND_MASTER);
	EXPECT(model_msi(front, 0));
	EXPECT(model_msi(front, 0));
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 0);
	EXPECT_EQ(pending(front), 1);
	command_set(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	EXPECT_EQ(pending(front), 0);
	front_close(front);
}

static void pending_until_awake(void)
{
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, EVENTFD(0)), 0);
	power_state(front, 3);
	EXPECT(model_msi(front, 0));
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 0);
	command_clear(front, PCI_COMMAND_MASTER);
	power_state(front, 0);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 0);
	EXPECT_EQ(pending(front), 1);
	command_set(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	front_close(front);
}

/* A binding that all three gates hold back, opened in every order. */
static void gates_in_every_order(void)
{
	static const unsigned int orders[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	const s32 fd = EVENTFD(4);
	unsigned int o, i;

	for (o = 0; o < ARRAY_SIZE(orders); o++) {
		struct front *front = gadget_open();

		EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, -1), 0);
		command_clear(front, PCI_COMMAND_MASTER);
		power_state(front, 3);
		EXPECT(model_msi(front, 63));
		for (i = 0; i < 3; i++) {
			EXPECT_EQ(front_signals(front, fd), 0);
			if (orders[o][i] == 0)
				EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX,
							 63, 1, &fd), 0);
			else if (orders[o][i] == 1)
				command_set(front, PCI_COMMAND_MASTER);
			else
				power_state(front, 0);
		}
		EXPECT_EQ(front_signals(front, fd), 1);
		front_close(front);
	}
}

static void reset_owes_nothing(void)
{
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, -1), 0);
	EXPECT(model_msi(front, 0));
	EXPECT(model_msi(front, 63));
	front_write(front, 2, 0x1000, 8, ~0ULL);
	vdev_reset(front->vdev);
	command_set(front, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	EXPECT_EQ(pending(front), 0);
	EXPECT_EQ(front_read(front, 2, 0x1000, 8), 0);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, EVENTFD(0)), 0);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 0);
	front_close(front);
}

/* Loopback tests the eventfds, and goes by the range that was asked for. */
static void loopback_of_a_range(void)
{
	static const s32 fds[] = { EVENTFD(0), EVENTFD(1), -1, EVENTFD(3) };
	static const u8 some[] = { 0, 1, 1, 1 };
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 10, 4, fds), 0);
	command_clear(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(front_set_irqs(front, VFIO_IRQ_SET_DATA_BOOL |
				 VFIO_IRQ_SET_ACTION_TRIGGER, VDEV_IRQ_MSIX,
				 10, 4, some), 0);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 0);
	EXPECT_EQ(front_signals(front, EVENTFD(1)), 1);
	EXPECT_EQ(front_signals(front, EVENTFD(3)), 1);
	EXPECT_EQ(front_set_irqs(front, VFIO_IRQ_SET_DATA_NONE |
				 VFIO_IRQ_SET_ACTION_TRIGGER, VDEV_IRQ_MSIX,
				 0, 64, NULL), 0);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	EXPECT_EQ(front_signals(front, EVENTFD(1)), 1);
	EXPECT_EQ(front_signals(front, EVENTFD(3)), 1);
	EXPECT_EQ(pending(front), 0);
	/* masking is for the table, which is the VMM's */
	EXPECT_EQ(front_set_irqs(front, VFIO_IRQ_SET_DATA_NONE |
				 VFIO_IRQ_SET_ACTION_MASK, VDEV_IRQ_MSIX, 10,
				 1, NULL), -ENOTTY);
	front_close(front);
}

static void all_2048(void)
{
	struct front *front = open_place(&places[1]);
	s32 fds[2048];
	unsigned int i;

	for (i = 0; i < 2048; i++)
		fds[i] = EVENTFD(i % NR_EVENTFDS);
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 0, 2048, fds), 0);
	EXPECT_EQ(front->triggers, 2048);
	for (i = 0; i < 2048; i++) {
		EXPECT(model_msi(front, i));
		EXPECT_EQ(front_signals(front, fds[i]), 1);
	}
	EXPECT(!model_msi(front, 2048));
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 1, 2048, fds), -EINVAL);
	/* one that is bad at the very end undoes the block */
	fds[2047] = CLOSED_FD;
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 1, 2047, &fds[1]),
		  -EBADF);
	EXPECT_EQ(front->triggers, 1);
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_MSIX), 0);
	EXPECT_EQ(front->triggers, 0);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(table_at_power_on),
	UNIT_CASE(table_of_every_width),
	UNIT_CASE(the_rest_is_the_models),
	UNIT_CASE(pending_bits_of_every_width),
	UNIT_CASE(silent_while_not_decoding),
	UNIT_CASE(table_decides_nothing),
	UNIT_CASE(each_vector_its_eventfd),
	UNIT_CASE(pending_until_bound),
	UNIT_CASE(pending_until_bus_master),
	UNIT_CASE(pending_until_awake),
	UNIT_CASE(gates_in_every_order),
	UNIT_CASE(reset_owes_nothing),
	UNIT_CASE(loopback_of_a_range),
	UNIT_CASE(all_2048),
	{ }
};

const struct unit_suite msix_suite = { "msix", cases };
