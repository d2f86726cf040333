/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A serial card once more, from the data sheet, as plainly as can be: each
 * character received is an entry of an inbox, and time is looked at when
 * somebody looks.
 */
#ifndef _UNIT_UART_ORACLE_H
#define _UNIT_UART_ORACLE_H

#include <linux/types.h>

#define ORACLE_INBOX	16

/* A character, or a break. */
struct oracle_letter {
	u8 value;
	bool broken;
};

struct oracle_port {
	u8 ier, lcr, mcr, scr, dll, dlm;
	bool fifo;
	unsigned int trigger;
	struct oracle_letter inbox[ORACLE_INBOX];
	unsigned int letters;
	u8 last_read;
	bool lost;		/* overrun */
	bool broken;		/* break, without the FIFO */
	bool thre;
	bool line_breaks;
	u8 inputs;		/* CTS DSR RI DCD in bits 0 to 3 */
	u8 changes;
	u64 rings_at;		/* timeout, 0: not running */
	bool rang;
};

struct oracle_card {
	u64 now;
	bool cross;
	unsigned int ports;
	struct oracle_port port[2];
};

void oracle_card_power_on(struct oracle_card *card);
void oracle_card_write(struct oracle_card *card, unsigned int port,
		       unsigned int reg, u8 value);
u8 oracle_card_read(struct oracle_card *card, unsigned int port,
		    unsigned int reg);
bool oracle_card_interrupts(struct oracle_card *card);

#endif /* _UNIT_UART_ORACLE_H */
