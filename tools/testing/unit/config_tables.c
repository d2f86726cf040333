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
	{ 0x24, "w000_0000_0000_0000_0000_0000_0000_0000" },
	{ }
};

static const struct config_row toy_bare[] = {
	{ 0x04, "0000_000w_0w00_0w00" },
	{ }
};

const struct config_table config_tables[] = {
	{ "mtty-1", { mtty_1, inta, pm_and_msi } },
	{ "mtty-2", { mtty_1, inta, pm_and_msi, second_port } },
	{ "toy-mem", { toy, toy_mem, inta, pm_and_msi } },
	{ "toy-nomsi", { toy, toy_nomsi, inta, pm_alone } },
	{ "toy-nointx", { toy, toy_nointx, pm_and_msi } },
	{ "toy-six", { toy, toy_six, pm_alone } },
	{ "toy-bare", { toy, toy_bare, pm_alone } },
};

const unsigned int nr_config_tables = ARRAY_SIZE(config_tables);
