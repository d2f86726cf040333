/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accesses to memory that may not be there. One thread at a time: the handlers
 * of SIGBUS and SIGSEGV are the process'.
 */
#ifndef VFIO_SELFTEST_PROBE_H
#define VFIO_SELFTEST_PROBE_H

#include <linux/types.h>

/* 0, or the signal that the access got. */
int probe_read(const void *addr, __u8 *val);
int probe_write(void *addr, __u8 val);

#endif
