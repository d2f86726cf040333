/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the reader of the lamps says of a stream, in pieces of several sizes.
 */
#ifndef _UNIT_HEAR_H
#define _UNIT_HEAR_H

#include <linux/compiler.h>

#include "forge.h"
#include "lamp.h"

/**
 * struct hearing - a reader, and what it has staged
 * @reader: the reader
 * @memory: where memory goes
 */
struct hearing {
	struct vmig_reader *reader;
	struct lamp_memory memory;
};

void hear_begin(struct hearing *hearing);
void hear_end(struct hearing *hearing);

/* Push in pieces of 1 to @most bytes. */
int hear_pieces(struct hearing *hearing, const u8 *data, size_t len, u32 most);

/*
 * It is refused at its last byte and not before, in whatever pieces it comes,
 * for that reason; which stands behind the number of the record and the
 * byte where it begins. The stream is freed.
 */
void __printf(2, 3) expect_refused(struct forge *forge, const char *reason, ...);

/* As that, when it ends; which is what was missing. */
void __printf(2, 3) expect_incomplete(struct forge *forge, const char *reason,
				      ...);

/* A hearing that has taken all of it in. The stream is freed. */
struct hearing *expect_accepted(struct forge *forge);

#endif /* _UNIT_HEAR_H */
