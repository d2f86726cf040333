// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members that no field can be: with CASE 0 this compiles, with each of the
 * others it must not. See the Makefile.
 */
#include <linux/vmig.h>

struct state {
	u32 number;
	s32 less;
	char letter;
	unsigned long large;
	u32 *elsewhere;
	u32 part : 3;
	u16 used;
	u32 count;
	u16 list[4];
};

static const struct vmig_field __maybe_unused field =
#if CASE == 0
	VMIG_USED(1, struct state, list, count);
#elif CASE == 1
	VMIG_FIELD(1, struct state, less);
#elif CASE == 2
	VMIG_FIELD(1, struct state, letter);
#elif CASE == 3
	VMIG_FIELD(1, struct state, large);
#elif CASE == 4
	VMIG_FIELD(1, struct state, elsewhere);
#elif CASE == 5
	VMIG_FIELD(1, struct state, part);
#elif CASE == 6
	VMIG_FIELD(1, struct state, list);
#elif CASE == 7
	VMIG_ARRAY(1, struct state, number);
#elif CASE == 8
	VMIG_USED(1, struct state, list, used);
#elif CASE == 9
	VMIG_BLOB(1, struct state, list);
#endif
