// SPDX-License-Identifier: GPL-2.0-only
#include "config_oracle.h"

#include <string.h>

#include "kselftest.h"

/*
 * One row per register that is not all zero and read-only. Numbers, not names
 * of linux/pci_regs.h: a name that is used wrongly on both sides agrees.
 */
static const struct reg {
	unsigned int where, bytes;
	__u32 reset, writable, write_1_clears;
	const char *name;
} regs[] = {
	/* PCI 3.0 section 6.2 */
	{ 0x00, 2, 0x4348, 0, 0, "Vendor ID" },
	{ 0x02, 2, 0x3253, 0, 0, "Device ID" },
	/* IO, MASTER, PARITY, SERR, INTX_DISABLE; no MEM: no memory BAR */
	{ 0x04, 2, 0x0000, 0x0545, 0, "Command" },
	{ 0x06, 2, 0x0010, 0, 0xf900, "Status" },
	{ 0x08, 1, 0x10, 0, 0, "Revision ID" },
	{ 0x09, 3, 0x070002, 0, 0, "Class Code" },
	{ 0x0c, 1, 0x00, 0xff, 0, "Cache Line Size" },
	{ 0x10, 4, 0x00000001, 0xfffffff8, 0, "BAR 0" },
	{ 0x14, 4, 0x00000001, 0xfffffff8, 0, "BAR 1" },
	{ 0x2c, 2, 0x4348, 0, 0, "Subsystem Vendor ID" },
	{ 0x2e, 2, 0x3253, 0, 0, "Subsystem ID" },
	{ 0x34, 1, 0x40, 0, 0, "Capabilities Pointer" },
	{ 0x3c, 1, 0x00, 0xff, 0, "Interrupt Line" },
	{ 0x3d, 1, 0x01, 0, 0, "Interrupt Pin" },
	/* PCI PM 1.2 section 3.2 */
	{ 0x40, 2, 0x5001, 0, 0, "PM Capability" },
	{ 0x42, 2, 0x0003, 0, 0, "PMC" },
	{ 0x44, 2, 0x0008, 0x0003, 0, "PMCSR" },
	/* PCI 3.0 section 6.8.1 */
	{ 0x50, 2, 0x0005, 0, 0, "MSI Capability" },
	{ 0x52, 2, 0x0080, 0x0071, 0, "MSI Message Control" },
	{ 0x54, 4, 0x00000000, 0xfffffffc, 0, "MSI Address" },
	{ 0x58, 4, 0x00000000, 0xffffffff, 0, "MSI Upper Address" },
	{ 0x5c, 2, 0x0000, 0xffff, 0, "MSI Data" },
};

void config_oracle_init(struct config_oracle *oracle, unsigned int ports)
{
	unsigned int i, j;

	memset(oracle, 0, sizeof(*oracle));
	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		const struct reg *reg = &regs[i];

		if (reg->where == 0x14 && ports < 2)
			continue;
		for (j = 0; j < reg->bytes; j++) {
			unsigned int at = reg->where + j, shift = 8 * j;

			oracle->reset[at] = reg->reset >> shift;
			oracle->writable[at] = reg->writable >> shift;
			oracle->write_1_clears[at] =
				reg->write_1_clears >> shift;
		}
	}
	oracle->power_state_at = 0x44;
	config_oracle_reset(oracle);
}

void config_oracle_reset(struct config_oracle *oracle)
{
	memcpy(oracle->now, oracle->reset, sizeof(oracle->now));
}

void config_oracle_write(struct config_oracle *oracle, unsigned int where,
			 const __u8 *buf, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len && where + i < ORACLE_SIZE; i++) {
		unsigned int at = where + i;
		__u8 mask = oracle->writable[at];

		/* PCI PM 1.2 3.2.4: an unsupported state is discarded */
		if (at == oracle->power_state_at &&
		    ((buf[i] & 3) == 1 || (buf[i] & 3) == 2))
			mask &= ~3;
		oracle->now[at] &= ~(buf[i] & oracle->write_1_clears[at]);
		oracle->now[at] = (oracle->now[at] & ~mask) | (buf[i] & mask);
	}
}

unsigned int config_oracle_compare(const struct config_oracle *oracle,
				   const __u8 *seen)
{
	unsigned int i;

	for (i = 0; i < ORACLE_SIZE; i++)
		if (oracle->now[i] != seen[i])
			break;
	return i;
}

const char *config_oracle_name(unsigned int where)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(regs); i++)
		if (where >= regs[i].where &&
		    where < regs[i].where + regs[i].bytes)
			return regs[i].name;
	return "reserved";
}
