/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What configuration space is to do, bit by bit.
 *
 * A table says of each register's bits, most significant first:
 *
 *	0 1	hardwired
 *	w	written and read; 0 at power-on
 *	W	written and read; 1 at power-on
 *	c	cleared by writing 1
 *	i	the interrupt condition; writes are ignored
 *	f	writing 1 is power-on; reads as 0
 *	p	the two bits of the power state, of which 01 and 10 do not exist
 *
 * An underscore is for the reader, and what no row names is hardwired to 0.
 * The oracle has no code and no constant in common with the core.
 */
#ifndef _UNIT_CONFIG_ORACLE_H
#define _UNIT_CONFIG_ORACLE_H

#include <linux/types.h>

#define ORACLE_BITS	(4096 * 8)

struct config_row {
	unsigned int offset;
	const char *bits;
};

/*
 * The registers of a type of device: up to four groups of rows. A row without
 * bits ends a group. @size is that of configuration space.
 */
struct config_table {
	const char *type;
	unsigned int size;
	const struct config_row *groups[4];
};

extern const struct config_table config_tables[];
extern const unsigned int nr_config_tables;

struct config_oracle {
	const struct config_table *table;
	unsigned int size;
	char kind[ORACLE_BITS];
	bool bit[ORACLE_BITS];
};

void oracle_power_on(struct config_oracle *oracle,
		     const struct config_table *table);
void oracle_irq(struct config_oracle *oracle, bool asserted);
u32 oracle_read(const struct config_oracle *oracle, unsigned int offset,
		unsigned int width);
void oracle_write(struct config_oracle *oracle, unsigned int offset,
		  unsigned int width, u32 value);

#endif /* _UNIT_CONFIG_ORACLE_H */
