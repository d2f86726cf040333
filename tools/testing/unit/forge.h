/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Streams byte by byte, right ones and wrong ones, by hand: nothing of the code
 * that writes streams is used here, so that what it writes can be compared.
 */
#ifndef _UNIT_FORGE_H
#define _UNIT_FORGE_H

#include <linux/types.h>

/**
 * struct forge - a stream in the making
 * @data: its bytes
 * @len: how many
 * @size: for how many there is room
 * @start: where the last record begins
 * @records: complete records
 * @crc: CRC32C of the checksums so far
 * @field: where the field that is being made begins
 */
struct forge {
	u8 *data;
	size_t len;
	size_t size;
	size_t start;
	u64 records;
	u32 crc;
	size_t field;
};

void forge_free(struct forge *forge);

void forge_bytes(struct forge *forge, const void *bytes, size_t len);
/* @width bytes, the lowest first. */
void forge_number(struct forge *forge, unsigned int width, u64 value);

void forge_header(struct forge *forge, u16 major, u16 minor);

/* Only the 8 bytes with which a record begins. */
void forge_head(struct forge *forge, u16 type, u16 flags, u32 length);
/* A record with what comes between the two as payload. */
void forge_record(struct forge *forge, u16 type, u16 flags);
void forge_record_end(struct forge *forge);
/* A record without payload. */
void forge_empty(struct forge *forge, u16 type, u16 flags);

/* Only the 8 bytes with which a field begins. */
void forge_field_head(struct forge *forge, u16 id, u8 type, u8 flags,
		      u32 length);
/* Fields: with what comes between the two; of one number; of a text. */
void forge_field(struct forge *forge, u16 id, u8 type, u8 flags);
void forge_field_end(struct forge *forge);
void forge_value(struct forge *forge, u16 id, u8 type, u64 value);
void forge_text(struct forge *forge, u16 id, const char *text);

/* With the numbers that are right where it stands. */
void forge_end(struct forge *forge);
void forge_wrong_end(struct forge *forge, u64 records, u64 bytes, u32 crc);

#endif /* _UNIT_FORGE_H */
