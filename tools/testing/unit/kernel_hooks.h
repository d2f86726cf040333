/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tools/include lets a program decide: where messages go, and which
 * allocations fail.
 */
#ifndef _UNIT_KERNEL_HOOKS_H
#define _UNIT_KERNEL_HOOKS_H

#include <linux/types.h>

/* In place of the weak ones of tools/include. */
void printk_emit(const char *message);
bool should_failslab(void);

/* Everything printed by pr_err() and the like since the last call. */
const char *printk_taken(void);

/* The @nth allocation from now fails, once: 1 is the next one, 0 is none. */
void failslab_arm(unsigned int nth);

/* Whether the armed failure has happened. */
bool failslab_fired(void);

#endif /* _UNIT_KERNEL_HOOKS_H */
