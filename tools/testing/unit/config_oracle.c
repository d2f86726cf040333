// SPDX-License-Identifier: GPL-2.0-only
/*
 * See config_oracle.h.
 */
#include <linux/array_size.h>
#include <string.h>

#include "config_oracle.h"

static void lay_out(struct config_oracle *oracle, const struct config_row *row)
{
	unsigned int bit = 8 * row->offset;
	size_t i = strlen(row->bits);

	while (i--) {
		if (row->bits[i] == '_')
			continue;
		oracle->kind[bit] = row->bits[i];
		oracle->bit[bit] = strchr("1W", row->bits[i]);
		bit++;
	}
}

void oracle_power_on(struct config_oracle *oracle,
		     const struct config_table *table)
{
	const struct config_row *row;
	unsigned int i;

	oracle->table = table;
	oracle->size = table->size;
	memset(oracle->kind, '0', sizeof(oracle->kind));
	memset(oracle->bit, 0, sizeof(oracle->bit));
	for (i = 0; i < ARRAY_SIZE(table->groups); i++)
		for (row = table->groups[i]; row && row->bits; row++)
			lay_out(oracle, row);
}

void oracle_irq(struct config_oracle *oracle, bool asserted)
{
	unsigned int bit;

	for (bit = 0; bit < 8 * oracle->size; bit++)
		if (oracle->kind[bit] == 'i')
			oracle->bit[bit] = asserted;
}

u32 oracle_read(const struct config_oracle *oracle, unsigned int offset,
		unsigned int width)
{
	u32 value = 0;
	unsigned int i;

	for (i = 0; i < 8 * width; i++)
		value |= (u32)oracle->bit[8 * offset + i] << i;
	return value;
}

void oracle_write(struct config_oracle *oracle, unsigned int offset,
		  unsigned int width, u32 value)
{
	bool power_on = false;
	unsigned int i;

	for (i = 0; i < 8 * width; i++) {
		char *kind = &oracle->kind[8 * offset + i];
		bool *bit = &oracle->bit[8 * offset + i];
		bool written = value >> i & 1;

		if (*kind == 'w' || *kind == 'W') {
			*bit = written;
		} else if (*kind == 'f' && written) {
			power_on = true;
		} else if (*kind == 'c' && written) {
			*bit = false;
		} else if (*kind == 'p' && kind[1] == 'p' &&
			   written == (value >> (i + 1) & 1)) {
			bit[0] = written;
			bit[1] = written;
		}
	}
	if (power_on)
		oracle_power_on(oracle, oracle->table);
}
