// SPDX-License-Identifier: GPL-2.0-only
/*
 * See uart_oracle.h. Numbers, not names: nothing here is to share a slip with
 * the model.
 */
#include <linux/array_size.h>
#include <string.h>

#include "uart_oracle.h"

static struct oracle_port *other_end(struct oracle_card *card,
				     struct oracle_port *port)
{
	if (!card->cross)
		return port;
	return &card->port[port == &card->port[0]];
}

static bool dlab(const struct oracle_port *port)
{
	return port->lcr & 0x80;
}

static bool loops(const struct oracle_port *port)
{
	return port->mcr & 0x10;
}

static unsigned int character_bits(const struct oracle_port *port)
{
	unsigned int bits = 1;		/* start */

	bits += 5 + (port->lcr & 3);
	if (port->lcr & 8)
		bits += 1;		/* parity */
	bits += port->lcr & 4 ? 2 : 1;	/* stop */
	return bits;
}

static u8 trimmed(const struct oracle_port *port, u8 value)
{
	return value & ((1 << (5 + (port->lcr & 3))) - 1);
}

/* Time */

static void tick(struct oracle_card *card)
{
	unsigned int i;

	for (i = 0; i < card->ports; i++) {
		struct oracle_port *port = &card->port[i];

		if (port->rings_at && card->now >= port->rings_at) {
			port->rings_at = 0;
			port->rang = true;
		}
	}
}

static void wait_from_now(struct oracle_card *card, struct oracle_port *port)
{
	u64 divisor = port->dlm * 256 + port->dll;

	port->rings_at = 0;
	if (!port->fifo || !port->letters || port->letters >= port->trigger)
		return;
	if (!divisor)
		divisor = 1;
	/* four characters; a bit takes 78125 / 9 ns at divisor 1 */
	port->rings_at = card->now +
			 4 * character_bits(port) * divisor * 78125 / 9;
}

/* Characters */

static void deliver(struct oracle_card *card, struct oracle_port *to,
		    u8 value, bool broken)
{
	if (to->fifo && to->letters == ORACLE_INBOX) {
		to->lost = true;
		return;
	}
	if (!to->fifo && to->letters) {
		to->lost = true;
		to->letters = 0;
	}
	if (!to->fifo && broken) {
		to->broken = true;
		broken = false;
	}
	to->inbox[to->letters].value = trimmed(to, value);
	to->inbox[to->letters].broken = broken;
	to->letters++;
	wait_from_now(card, to);
}

static void transmit(struct oracle_card *card, struct oracle_port *from,
		     u8 value)
{
	value = trimmed(from, value);
	from->thre = true;
	if (loops(from))
		deliver(card, from, value, false);
	else if (!from->line_breaks && !loops(other_end(card, from)))
		deliver(card, other_end(card, from), value, false);
}

static u8 take(struct oracle_card *card, struct oracle_port *port)
{
	if (port->letters) {
		port->last_read = port->inbox[0].value;
		port->letters--;
		memmove(&port->inbox[0], &port->inbox[1],
			port->letters * sizeof(port->inbox[0]));
	}
	port->rang = false;
	wait_from_now(card, port);
	return port->last_read;
}

static void empty(struct oracle_port *port)
{
	port->letters = 0;
	port->rang = false;
	port->rings_at = 0;
}

/* Wires: break and modem lines, after LCR or MCR was written */

static void settle_break(struct oracle_card *card, struct oracle_port *port)
{
	bool breaks = (port->lcr & 0x40) && !loops(port);

	if (breaks && !port->line_breaks && !loops(other_end(card, port)))
		deliver(card, other_end(card, port), 0, true);
	port->line_breaks = breaks;
}

static u8 inputs_now(struct oracle_card *card, struct oracle_port *port)
{
	struct oracle_port *other = other_end(card, port);
	bool dtr = other->mcr & 1;
	bool rts = other->mcr & 2;

	if (loops(port))
		return (port->mcr & 2) >> 1 | (port->mcr & 1) << 1 |
		       (port->mcr & 0x0c);
	if (loops(other))
		return 0;
	return rts | dtr << 1 | dtr << 3;
}

static void settle_inputs(struct oracle_card *card)
{
	unsigned int i, line;

	for (i = 0; i < card->ports; i++) {
		struct oracle_port *port = &card->port[i];
		u8 inputs = inputs_now(card, port);

		for (line = 0; line < 4; line++) {
			bool before = port->inputs >> line & 1;
			bool after = inputs >> line & 1;

			/* the ring tells of its end only */
			if (line == 2 ? before && !after : before != after)
				port->changes |= 1 << line;
		}
		port->inputs = inputs;
	}
}

/* Interrupts */

static bool has_line_errors(const struct oracle_port *port)
{
	return port->lost || port->broken ||
	       (port->letters && port->inbox[0].broken);
}

static u8 highest(const struct oracle_port *port)
{
	const struct {
		bool pending;
		u8 enable;
		u8 id;
	} causes[] = {
		{ has_line_errors(port), 4, 0x06 },
		{ port->letters >= port->trigger, 1, 0x04 },
		{ port->rang, 1, 0x0c },
		{ port->thre, 2, 0x02 },
		{ port->changes, 8, 0x00 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(causes); i++)
		if (causes[i].pending && (port->ier & causes[i].enable))
			return causes[i].id;
	return 0x01;
}

bool oracle_card_interrupts(struct oracle_card *card)
{
	unsigned int i;

	tick(card);
	for (i = 0; i < card->ports; i++)
		if (highest(&card->port[i]) != 0x01)
			return true;
	return false;
}

/* Registers */

static u8 line_status(struct oracle_port *port)
{
	u8 lsr = 0x60;
	unsigned int i;

	if (port->letters)
		lsr |= 0x01;
	if (port->lost)
		lsr |= 0x02;
	if (port->broken || (port->letters && port->inbox[0].broken))
		lsr |= 0x18;
	for (i = 0; i < port->letters; i++)
		if (port->inbox[i].broken)
			lsr |= 0x80;
	port->lost = false;
	port->broken = false;
	port->inbox[0].broken = false;
	return lsr;
}

static void fifo_control(struct oracle_card *card, struct oracle_port *port,
			 u8 value)
{
	static const unsigned int levels[] = { 1, 4, 8, 14 };
	bool fifo = value & 1;
	unsigned int trigger = fifo ? levels[value >> 6] : 1;

	if (fifo != port->fifo || (fifo && (value & 2)))
		empty(port);
	if (fifo == port->fifo && trigger == port->trigger)
		return;
	port->fifo = fifo;
	port->trigger = trigger;
	/* a wait that goes on begins anew at another level */
	if (!port->rang)
		wait_from_now(card, port);
}

void oracle_card_power_on(struct oracle_card *card)
{
	unsigned int i;

	memset(card->port, 0, sizeof(card->port));
	for (i = 0; i < 2; i++) {
		card->port[i].dll = 12;
		card->port[i].trigger = 1;
	}
}

void oracle_card_write(struct oracle_card *card, unsigned int nr,
		       unsigned int reg, u8 value)
{
	struct oracle_port *port = &card->port[nr];

	tick(card);
	switch (reg) {
	case 0:
		if (dlab(port))
			port->dll = value;
		else
			transmit(card, port, value);
		break;
	case 1:
		if (dlab(port)) {
			port->dlm = value;
		} else {
			if (!(port->ier & 2) && (value & 2))
				port->thre = true;
			port->ier = value & 0x0f;
		}
		break;
	case 2:
		fifo_control(card, port, value);
		break;
	case 3:
		port->lcr = value;
		settle_break(card, port);
		break;
	case 4:
		port->mcr = value & 0x1f;
		settle_break(card, port);
		settle_inputs(card);
		break;
	case 7:
		port->scr = value;
		break;
	}
}

u8 oracle_card_read(struct oracle_card *card, unsigned int nr,
		    unsigned int reg)
{
	struct oracle_port *port = &card->port[nr];
	u8 value;

	tick(card);
	switch (reg) {
	case 0:
		return dlab(port) ? port->dll : take(card, port);
	case 1:
		return dlab(port) ? port->dlm : port->ier;
	case 2:
		value = highest(port);
		if (value == 0x02)
			port->thre = false;
		return value | (port->fifo ? 0xc0 : 0);
	case 3:
		return port->lcr;
	case 4:
		return port->mcr;
	case 5:
		return line_status(port);
	case 6:
		value = port->inputs << 4 | port->changes;
		port->changes = 0;
		return value;
	default:
		return port->scr;
	}
}
