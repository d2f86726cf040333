/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What libFuzzer calls, and what it offers, by names that the kernel's style
 * allows.
 */
#ifndef FUZZ_LIBFUZZER_H
#define FUZZ_LIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

int fuzz_initialize(int *argc, char ***argv) __asm__("LLVMFuzzerInitialize");
int fuzz_one_input(const uint8_t *data, size_t size)
	__asm__("LLVMFuzzerTestOneInput");

/* An input that is like @data, in its place; how long it is. */
size_t fuzz_mutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
	__asm__("LLVMFuzzerCustomMutator");
/* An input that is like @a and @b, at @to; how long it is. */
size_t fuzz_crossover(const uint8_t *a, size_t a_size, const uint8_t *b,
		      size_t b_size, uint8_t *to, size_t max, unsigned int seed)
	__asm__("LLVMFuzzerCustomCrossOver");

/* libFuzzer's own way to do so, which knows nothing of what @data means. */
size_t fuzz_mutate(uint8_t *data, size_t size, size_t max)
	__asm__("LLVMFuzzerMutate");

#endif /* FUZZ_LIBFUZZER_H */
