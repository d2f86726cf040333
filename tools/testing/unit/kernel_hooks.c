// SPDX-License-Identifier: GPL-2.0-only
/*
 * See kernel_hooks.h. The headers that have weak functions of the same names
 * cannot be included.
 */
#include <string.h>

#include "kernel_hooks.h"

static char printed[4096];
static unsigned int allocations_left;
static bool fired;

void printk_emit(const char *message)
{
	strncat(printed, message, sizeof(printed) - 1 - strlen(printed));
}

const char *printk_taken(void)
{
	static char taken[sizeof(printed)];

	strcpy(taken, printed);
	printed[0] = '\0';
	return taken;
}

void failslab_arm(unsigned int nth)
{
	allocations_left = nth;
	fired = false;
}

bool failslab_fired(void)
{
	return fired;
}

bool should_failslab(void)
{
	if (!allocations_left || --allocations_left)
		return false;
	fired = true;
	return true;
}
