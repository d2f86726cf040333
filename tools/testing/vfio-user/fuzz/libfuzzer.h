/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What libFuzzer calls, by names that the kernel's style allows.
 */
#ifndef VFIO_USER_LIBFUZZER_H
#define VFIO_USER_LIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

int fuzz_initialize(int *argc, char ***argv) __asm__("LLVMFuzzerInitialize");
int fuzz_one_input(const uint8_t *data, size_t size)
	__asm__("LLVMFuzzerTestOneInput");

#endif /* VFIO_USER_LIBFUZZER_H */
