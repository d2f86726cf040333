// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of config_oracle.h, one for each type of device.
 */
#include <linux/array_size.h>

#include "config_oracle.h"

/* Version 3, no PME, neither D1 nor D2; No_Soft_Reset. */
static const struct config_row pm_alone[] = {
	{ 0x34, "0100_0000" },
	{ 0x40, "0000_0001" },
	{ 0x41, "0000_0000" },
	{ 0x42, "0000_0000_0000_0011" },
	{ 0x44, "0000_0000_0000_10pp" },
	{ }
};

/* MSI: 64 bit, one message, no masking. */
static const struct config_row pm_and_msi[] = {
	{ 0x34, "0100_0000" },
	{ 0x40, "0000_0001" },
	{ 0x41, "0101_0000" },
	{ 0x42, "0000_0000_0000_0011" },
	{ 0x44, "0000_0000_0000_10pp" },
	{ 0x50, "0000_0101" },
	{ 0x51, "0000_0000" },
	{ 0x52, "0000_0000_1www_000w" },
	{ 0x54, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_ww00" },
	{ 0x58, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_wwww" },
	{ 0x5c, "wwww_wwww_wwww_wwww" },
	{ }
};

/* A function with an interrupt pin. STATUS: errors, list, level. */
static const struct config_row inta[] = {
	{ 0x06, "cccc_c00c_0001_i000" },
	{ 0x3c, "wwww_wwww" },
	{ 0x3d, "0000_0001" },
	{ }
};

static const struct config_row mtty_1[] = {
	{ 0x00, "0100_0011_0100_1000" },	/* 4348 */
	{ 0x02, "0011_0010_0101_0011" },	/* 3253 */
	{ 0x04, "0000_0w0w_0w00_0w0w" },
	{ 0x08, "0001_0000" },
	{ 0x09, "0000_0010" },
	{ 0x0a, "0000_0000" },
	{ 0x0b, "0000_0111" },
	{ 0x0c, "wwww_wwww" },
	{ 0x10, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_w001" },
	{ 0x2c, "0100_0011_0100_1000" },
	{ 0x2e, "0011_0010_0101_0011" },
	{ }
};

static const struct config_row second_port[] = {
	{ 0x14, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_w001" },
	{ }
};

static const struct config_row toy[] = {
	{ 0x00, "0001_0010_0011_0100" },	/* 1234 */
	{ 0x02, "0101_0110_0111_1000" },	/* 5678 */
	{ 0x06, "cccc_c00c_0001_0000" },
	{ 0x08, "1010_0101" },
	{ 0x09, "0011_0000" },
	{ 0x0a, "0000_0011" },
	{ 0x0b, "0000_1100" },
	{ 0x0c, "wwww_wwww" },
	{ 0x2c, "1001_1010_1011_1100" },	/* 9abc */
	{ 0x2e, "1101_1110_1111_0000" },	/* def0 */
	{ }
};

static const struct config_row toy_mem[] = {
	{ 0x04, "0000_0w0w_0w00_0ww0" },
	{ 0x18, "wwww_wwww_wwww_wwww_wwww_0000_0000_0000" },
	{ }
};

static const struct config_row toy_nomsi[] = {
	{ 0x04, "0000_0w0w_0w00_0w0w" },
	{ 0x10, "wwww_wwww_wwww_wwww_wwww_wwww_0000_0001" },
	{ }
};

static const struct config_row toy_nointx[] = {
	{ 0x04, "0000_000w_0w00_0ww0" },
	{ 0x24, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_0000" },
	{ }
};

static const struct config_row toy_six[] = {
	{ 0x04, "0000_000w_0w00_0www" },
	{ 0x10, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_ww01" },
	{ 0x14, "wwww_wwww_wwww_wwww_wwww_wwww_0000_0001" },
	{ 0x18, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_0000" },
	{ 0x1c, "wwww_wwww_wwww_wwww_wwww_0000_0000_0000" },
	{ 0x20, "wwww_wwww_wwww_wwww_wwww_wwww_www0_0001" },
	{ 0x24, "ww00_0000_0000_0000_0000_0000_0000_0000" },
	{ }
};

static const struct config_row toy_bare[] = {
	{ 0x04, "0000_000w_0w00_0w00" },
	{ }
};

static const struct config_row gadget[] = {
	{ 0x00, "0100_0010_0100_0010" },	/* 4242 */
	{ 0x02, "0001_0000_0010_0101" },	/* 1025 */
	{ 0x06, "cccc_c00c_0001_0000" },
	{ 0x08, "0000_0011" },
	{ 0x0b, "0001_0010" },
	{ 0x0c, "wwww_wwww" },
	{ 0x2c, "1000_0000_0000_0001" },	/* 8001 */
	{ 0x2e, "0111_1111_1111_1110" },	/* 7ffe */
	{ }
};

/* Version 2 endpoint at 0x70, of which every register is named. */
static const struct config_row express[] = {
	{ 0x70, "0001_0000" },
	{ 0x72, "0000_0000_0000_0010" },
	{ 0x74, "0001_0000_0000_0000_1000_0000_0000_0000" },
	{ 0x78, "fwWw_W000_wwwW_wwww" },
	{ 0x7a, "0000_0000_0000_cccc" },
	{ 0x7c, "0000_0000_0000_0000_0000_0000_0001_0001" },
	{ 0x80, "0000_0000_ww00_w0ww" },
	{ 0x82, "0000_0000_0001_0001" },
	{ 0x94, "0000_0000_0000_0000_0000_0000_0000_0000" },
	{ 0x98, "0000_0000_0000_0000" },
	{ 0xa0, "0000_0000_0000_0001" },
	{ }
};

static const struct config_row gadget_full[] = {
	{ 0x04, "0000_0w0w_0w00_0ww0" },
	{ 0x10, "wwww_wwww_wwww_wwww_0000_0000_0000_1100" },
	{ 0x14, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_wwww" },
	{ 0x18, "wwww_wwww_wwww_wwww_0000_0000_0000_0000" },
	{ 0x1c, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_1000" },
	{ 0x20, "ww00_0000_0000_0000_0000_0000_0000_0100" },
	{ 0x24, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_wwww" },
	{ 0x30, "wwww_wwww_wwww_wwww_wwww_0000_0000_000w" },
	/* PM */
	{ 0x34, "0100_0000" },
	{ 0x40, "0101_0000_0000_0001" },
	{ 0x42, "0000_0000_0000_0011" },
	{ 0x44, "0000_0000_0000_10pp" },
	/* MSI, 32 messages */
	{ 0x50, "0110_0000_0000_0101" },
	{ 0x52, "0000_0000_1www_101w" },
	{ 0x54, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_ww00" },
	{ 0x58, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_wwww" },
	{ 0x5c, "wwww_wwww_wwww_wwww" },
	/* MSI-X, 64 vectors in BAR2 */
	{ 0x60, "0111_0000_0001_0001" },
	{ 0x62, "ww00_0000_0011_1111" },
	{ 0x64, "0000_0000_0000_0000_0001_0000_0000_0010" },
	{ 0x68, "0000_0000_0000_0000_1000_0000_0000_0010" },
	/* PCI Express, then the vendor's */
	{ 0x71, "1011_0000" },
	{ 0xb0, "0000_0000_0000_1001" },
	{ 0xb2, "1101_1110_0000_1000" },
	{ 0xb4, "1011_1110_0000_0000_1010_1101" },
	{ 0xb7, "1110_1111" },
	/* serial number, low half first */
	{ 0x100, "0001_0001_0000_0001_0000_0000_0000_0011" },
	{ 0x104, "1000_1001_1010_1011_1100_1101_1110_1111" },
	{ 0x108, "0000_0001_0010_0011_0100_0101_0110_0111" },
	/* the vendor's, 19 bytes of header and payload */
	{ 0x110, "0000_0000_0000_0001_0000_0000_0000_1011" },
	{ 0x114, "0000_0001_0011_0000_0000_0000_0000_0000" },
	{ 0x118, "0100_0100_0011_0011_0010_0010_0001_0001" },
	{ 0x11c, "1000_1000_0111_0111_0110_0110_0101_0101" },
	{ 0x120, "1011_1011_1010_1010_1001_1001" },
	{ }
};

/* Here the PCI Express capability is the last, at 0x60. */
static const struct config_row gadget_huge[] = {
	{ 0x04, "0000_000w_0w00_0ww0" },
	{ 0x14, "wwww_wwww_wwww_wwww_0000_0000_0000_0100" },
	{ 0x18, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_wwww" },
	{ 0x34, "0100_0000" },
	{ 0x40, "0101_0000_0000_0001" },
	{ 0x42, "0000_0000_0000_0011" },
	{ 0x44, "0000_0000_0000_10pp" },
	/* MSI-X, 2048 vectors in BAR1, PBA in its last 256 bytes */
	{ 0x50, "0110_0000_0001_0001" },
	{ 0x52, "ww00_0111_1111_1111" },
	{ 0x54, "0000_0000_0000_0000_0000_0000_0000_0001" },
	{ 0x58, "0000_0000_0000_0000_1111_1111_0000_0001" },
	{ 0x60, "0001_0000" },
	{ 0x62, "0000_0000_0000_0010" },
	{ 0x64, "0001_0000_0000_0000_1000_0000_0000_0000" },
	{ 0x68, "fwWw_W000_wwwW_wwww" },
	{ 0x6a, "0000_0000_0000_cccc" },
	{ 0x6c, "0000_0000_0000_0000_0000_0000_0001_0001" },
	{ 0x70, "0000_0000_ww00_w0ww" },
	{ 0x72, "0000_0000_0001_0001" },
	{ 0x90, "0000_0000_0000_0001" },
	{ }
};

static const struct config_row gadget_old[] = {
	{ 0x04, "0000_0w0w_0w00_0ww0" },
	{ 0x14, "wwww_wwww_wwww_wwww_www0_0000_0000_1000" },
	{ 0x24, "wwww_wwww_wwww_wwww_wwww_0000_0000_0000" },
	{ 0x30, "wwww_wwww_wwww_wwww_wwww_w000_0000_000w" },
	{ 0x34, "0100_0000" },
	{ 0x40, "0101_0000_0000_0001" },
	{ 0x42, "0000_0000_0000_0011" },
	{ 0x44, "0000_0000_0000_10pp" },
	/* MSI, 8 messages */
	{ 0x50, "0110_0000_0000_0101" },
	{ 0x52, "0000_0000_1www_011w" },
	{ 0x54, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_ww00" },
	{ 0x58, "wwww_wwww_wwww_wwww_wwww_wwww_wwww_wwww" },
	{ 0x5c, "wwww_wwww_wwww_wwww" },
	/* MSI-X, 65 vectors in BAR5 */
	{ 0x60, "0000_0000_0001_0001" },
	{ 0x62, "ww00_0000_0100_0000" },
	{ 0x64, "0000_0000_0000_0000_0000_0000_0000_1101" },
	{ 0x68, "0000_0000_0000_0000_0000_1000_0000_0101" },
	{ }
};

const struct config_table config_tables[] = {
	{ "mtty-1", 256, { mtty_1, inta, pm_and_msi } },
	{ "mtty-2", 256, { mtty_1, inta, pm_and_msi, second_port } },
	{ "toy-mem", 256, { toy, toy_mem, inta, pm_and_msi } },
	{ "toy-nomsi", 256, { toy, toy_nomsi, inta, pm_alone } },
	{ "toy-nointx", 256, { toy, toy_nointx, pm_and_msi } },
	{ "toy-six", 256, { toy, toy_six, pm_alone } },
	{ "toy-bare", 256, { toy, toy_bare, pm_alone } },
	{ "gadget-full", 4096, { gadget, inta, gadget_full, express } },
	{ "gadget-huge", 4096, { gadget, gadget_huge } },
	{ "gadget-old", 256, { gadget, inta, gadget_old } },
};

const unsigned int nr_config_tables = ARRAY_SIZE(config_tables);
