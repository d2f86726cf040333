// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams that are like other streams. Changed at random, hardly any would get
 * past its first checksum: so they are changed record by record and field by
 * field, and mostly what has to fit together is made to fit again.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../../drivers/vfio/vmig/crc32c.h"
#include "libfuzzer.h"

#define HEADER		16
#define HEAD		8	/* of a record, of a field */
#define CRC		4
#define SECTION		3
#define MEMORY		4
#define MEMORY_HEAD	16
#define END		0xffff
#define MOST_RECORDS	64

/* An input in the making, and where in it records begin. */
struct draft {
	uint8_t *data;
	size_t size;
	size_t max;
	size_t at[MOST_RECORDS + 1];	/* of the last one: where it ends */
	unsigned int nr;
};

static unsigned int seed;

static unsigned int below(unsigned int limit)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % limit;
}

static uint32_t get(const uint8_t *from, unsigned int width)
{
	uint32_t value = 0;

	while (width--)
		value = value << 8 | from[width];
	return value;
}

static void set(uint8_t *to, unsigned int width, uint64_t value)
{
	for (; width--; value >>= 8)
		*to++ = value;
}

/* Find the records; make lengths that lead outside lead to the end. */
static void find_records(struct draft *draft)
{
	size_t at = HEADER, left;

	draft->nr = 0;
	while (draft->nr < MOST_RECORDS && draft->size > at &&
	       draft->size - at >= HEAD + CRC) {
		left = draft->size - at - HEAD - CRC;
		if (get(draft->data + at + 4, 4) > left)
			set(draft->data + at + 4, 4, left);
		draft->at[draft->nr++] = at;
		at += HEAD + CRC + get(draft->data + at + 4, 4);
	}
	draft->at[draft->nr] = at;
}

/* Put @size bytes where @old bytes are. */
static void splice(struct draft *draft, size_t at, size_t old,
		   const uint8_t *bytes, size_t size)
{
	if (draft->size - old + size > draft->max)
		return;
	memmove(draft->data + at + size, draft->data + at + old,
		draft->size - at - old);
	if (size)
		memcpy(draft->data + at, bytes, size);
	draft->size += size - old;
}

/* Let checksums and the counts of the end be right. */
static void repair(struct draft *draft)
{
	static const uint8_t begin[] = {
		0x89, 'V', 'F', 'M', 13, 10, 26, 10, 1, 0, 0, 0
	};
	uint8_t *record;
	uint32_t crc, length;
	unsigned int i;

	if (draft->size < HEADER)
		return;
	memcpy(draft->data, begin, sizeof(begin));
	set(draft->data + 12, 4, vmig_crc32c(0, draft->data, 12));
	crc = vmig_crc32c(0, draft->data + 12, CRC);
	find_records(draft);
	for (i = 0; i < draft->nr; i++) {
		record = draft->data + draft->at[i];
		length = get(record + 4, 4);
		if (get(record, 2) == END && length == 20) {
			set(record + HEAD, 8, i);
			set(record + HEAD + 8, 8, draft->at[i]);
			set(record + HEAD + 16, 4, crc);
		}
		set(record + HEAD + length, 4,
		    vmig_crc32c(0, record, HEAD + length));
		crc = vmig_crc32c(crc, record + HEAD + length, CRC);
	}
}

static size_t length_of(const struct draft *draft, unsigned int nr)
{
	return draft->at[nr + 1] - draft->at[nr];
}

/* Some of the bytes become others. */
static void change_bytes(uint8_t *bytes, size_t size)
{
	static const uint8_t values[] = { 0, 1, 2, 0x7f, 0x80, 0xfe, 0xff };
	unsigned int times;

	if (!size)
		return;
	for (times = 1 + below(3); times; times--) {
		uint8_t *byte = bytes + below(size);

		switch (below(4)) {
		case 0:
			*byte = values[below(sizeof(values))];
			break;
		case 1:
			*byte ^= 1 << below(8);
			break;
		case 2:
			*byte += below(2) ? 1 : -1;
			break;
		default:
			*byte = below(256);
		}
	}
}

/* Another payload for the record. */
static void change_payload(struct draft *draft, unsigned int nr)
{
	size_t length = length_of(draft, nr) - HEAD - CRC;
	size_t most = length + 64;
	uint8_t *payload = malloc(most);
	size_t changed;

	memcpy(payload, draft->data + draft->at[nr] + HEAD, length);
	changed = fuzz_mutate(payload, length, most);
	if (draft->size - length + changed <= draft->max) {
		splice(draft, draft->at[nr] + HEAD, length, payload, changed);
		set(draft->data + draft->at[nr] + 4, 4, changed);
	}
	free(payload);
}

/* Where a field of the section begins, and its length; 0 if there is none. */
static size_t find_field(const struct draft *draft, unsigned int nr,
			 size_t *length)
{
	size_t end = draft->at[nr + 1] - CRC;
	size_t at = draft->at[nr] + 2 * HEAD;
	size_t found = 0;
	unsigned int seen = 0;

	while (at + HEAD <= end) {
		size_t size = HEAD + (size_t)get(draft->data + at + 4, 4);

		if (size > end - at)
			break;
		if (!below(++seen)) {
			found = at;
			*length = size;
		}
		at += size;
	}
	return found;
}

/* Another value, id or flag; a field less, or one twice. */
static void change_field(struct draft *draft, unsigned int nr)
{
	uint8_t *record = draft->data + draft->at[nr];
	uint8_t copy[HEAD + 256];
	size_t at, length;

	at = find_field(draft, nr, &length);
	if (!at || length > sizeof(copy))
		return;
	memcpy(copy, draft->data + at, length);
	switch (below(4)) {
	case 0:
		change_bytes(draft->data + at + HEAD, length - HEAD);
		return;
	case 1:
		change_bytes(draft->data + at, HEAD);
		return;
	case 2:
		set(record + 4, 4, get(record + 4, 4) - length);
		splice(draft, at, length, NULL, 0);
		return;
	default:
		if (draft->size + length > draft->max)
			return;
		set(record + 4, 4, get(record + 4, 4) + length);
		splice(draft, at, 0, copy, length);
	}
}

/* A record moved, less or once more; or one that was not there. */
static void change_order(struct draft *draft, unsigned int nr)
{
	static const uint8_t made[][HEAD + 16 + CRC] = {
		{ 5 },				/* restart */
		{ 6, 0, 1 },			/* unknown, optional */
		{ 4, 0, 0, 0, 16, 0, 0, 0, 5, 0, 1, 0, 0, 16 },	/* zero */
	};
	static const uint8_t sizes[] = { HEAD + CRC, HEAD + CRC, sizeof(*made) };
	size_t length = length_of(draft, nr);
	uint8_t *copy = malloc(length);
	unsigned int which = below(3);

	memcpy(copy, draft->data + draft->at[nr], length);
	switch (below(4)) {
	case 0:
		splice(draft, draft->at[nr], 0, made[which], sizes[which]);
		break;
	case 1:
		splice(draft, draft->at[nr], length, NULL, 0);
		break;
	case 2:
		splice(draft, draft->at[below(draft->nr)], 0, copy, length);
		break;
	default:
		splice(draft, draft->at[nr], length, NULL, 0);
		find_records(draft);
		if (draft->nr)
			splice(draft, draft->at[below(draft->nr)], 0, copy,
			       length);
	}
	free(copy);
}

static void change_record(struct draft *draft, unsigned int nr)
{
	uint8_t *record = draft->data + draft->at[nr];
	unsigned int type = get(record, 2);

	if (!below(4))
		change_order(draft, nr);
	else if (type == SECTION && below(3))
		change_field(draft, nr);
	else if (type == MEMORY && get(record + 4, 4) >= MEMORY_HEAD &&
		 below(3))
		change_bytes(record + HEAD, MEMORY_HEAD);
	else if (!below(3))
		change_bytes(record, HEAD);
	else
		change_payload(draft, nr);
}

size_t fuzz_mutator(uint8_t *data, size_t size, size_t max, unsigned int chance)
{
	struct draft draft = { .data = data, .size = size, .max = max };
	unsigned int times;

	seed = chance;
	for (times = 1 + below(3); times; times--) {
		find_records(&draft);
		if (!draft.nr || !below(16)) {
			draft.size = fuzz_mutate(data, draft.size, max);
			continue;
		}
		change_record(&draft, below(draft.nr));
	}
	if (below(32))
		repair(&draft);
	return draft.size;
}

/* The first records of the one, and the last of the other. */
size_t fuzz_crossover(const uint8_t *a, size_t a_size, const uint8_t *b,
		      size_t b_size, uint8_t *to, size_t max, unsigned int chance)
{
	struct draft draft = { .data = to, .size = a_size, .max = max };
	struct draft other = { .size = b_size };
	size_t from;

	seed = chance;
	if (a_size > max)
		return 0;
	memcpy(to, a, a_size);
	other.data = malloc(b_size + 1);
	memcpy(other.data, b, b_size);
	find_records(&draft);
	find_records(&other);
	if (draft.nr && other.nr) {
		draft.size = draft.at[below(draft.nr) + 1];
		from = other.at[below(other.nr)];
		splice(&draft, draft.size, 0, other.data + from, b_size - from);
	}
	free(other.data);
	repair(&draft);
	return draft.size;
}
