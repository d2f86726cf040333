/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What config space of an mtty must hold after any sequence of writes. It
 * works bit by bit from a table and shares nothing with the device's code.
 */
#ifndef VFIO_SELFTEST_CONFIG_ORACLE_H
#define VFIO_SELFTEST_CONFIG_ORACLE_H

#include <linux/types.h>

#define ORACLE_SIZE 256

struct config_oracle {
	__u8 now[ORACLE_SIZE];
	__u8 reset[ORACLE_SIZE];
	__u8 writable[ORACLE_SIZE];	/* mask per byte */
	__u8 write_1_clears[ORACLE_SIZE];
	unsigned int power_state_at;	/* byte of PMCSR.PowerState */
};

void config_oracle_init(struct config_oracle *oracle, unsigned int ports);
void config_oracle_reset(struct config_oracle *oracle);
void config_oracle_write(struct config_oracle *oracle, unsigned int where,
			 const __u8 *buf, unsigned int len);

/* First byte in which @seen differs, ORACLE_SIZE if there is none. */
unsigned int config_oracle_compare(const struct config_oracle *oracle,
				   const __u8 *seen);

/* Name of the register that holds the byte. */
const char *config_oracle_name(unsigned int where);

#endif
