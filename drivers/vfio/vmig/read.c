// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Reading the stream: its frame, and the records that have no fields.
 *
 * A stream comes in pieces of any length, and how long they are changes nothing
 * but when. Whatever it says is checked before anything depends on it; what is
 * taken in is staged, and counts only when the whole stream was in order.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "crc32c.h"
#include "read.h"

/* Of a buffer for payload: enough for the sections of small devices. */
#define SMALLEST	512U

/**
 * struct vmig_record_type - what is known of a type of record
 * @type: &vfio_mig_record.type
 * @min: least bytes of payload
 * @max: most bytes of payload
 * @take: takes it in once it is complete; or NULL: it is skipped
 */
struct vmig_record_type {
	u16 type;
	u32 min;
	u32 max;
	int (*take)(struct vmig_reader *reader);
};

int vmig_refuse(struct vmig_reader *reader, int error, const char *format, ...)
{
	const size_t size = sizeof(reader->reason);
	size_t at = 0;
	va_list args;

	if (reader->phase != VMIG_HEADER && reader->phase != VMIG_ENDED)
		at += scnprintf(reader->reason, size,
				"record %llu at byte %llu: ",
				reader->records + 1, reader->start_bytes);
	if (reader->section)
		at += scnprintf(reader->reason + at, size - at,
				"section %u (%.24s) instance %u: ",
				reader->section->id, reader->section->name,
				reader->instance);
	if (reader->field)
		at += scnprintf(reader->reason + at, size - at,
				"field %u (%.24s): ", reader->field->id,
				reader->field->name);
	va_start(args, format);
	vsnprintf(reader->reason + at, size - at, format, args);
	va_end(args);
	reader->error = error;
	return error;
}

static const struct vmig_area *find_area(const struct vmig_desc *desc, u16 id)
{
	unsigned int i;

	for (i = 0; i < desc->nr_areas; i++)
		if (desc->areas[i].id == id)
			return &desc->areas[i];
	return NULL;
}

static bool range_valid(const struct vmig_area *area, u64 offset, u64 length)
{
	return length && !(offset % VFIO_MIG_PAGE) &&
	       !(length % VFIO_MIG_PAGE) && length <= area->size &&
	       offset <= area->size - length;
}

static int take_memory(struct vmig_reader *reader)
{
	struct vfio_mig_memory memory;
	const struct vmig_area *area;
	u32 length, follow;
	u64 offset;
	u16 flags;
	int ret;

	memcpy(&memory, reader->payload, sizeof(memory));
	flags = le16_to_cpu(memory.flags);
	length = le32_to_cpu(memory.length);
	offset = le64_to_cpu(memory.offset);
	area = find_area(reader->desc, le16_to_cpu(memory.area));
	if (!area)
		return vmig_refuse(reader, -EINVAL,
				   "memory of area %u, which is not there",
				   le16_to_cpu(memory.area));
	if (flags & ~VFIO_MIG_MEMORY_ZERO)
		return vmig_refuse(reader, -EINVAL,
				   "memory with unknown flags 0x%x", flags);
	if (!range_valid(area, offset, length))
		return vmig_refuse(reader, -EINVAL,
				   "%u bytes at 0x%llx are no pages of area %u (0x%llx bytes)",
				   length, offset, area->id, area->size);
	follow = reader->length - sizeof(memory);
	if (follow != (flags & VFIO_MIG_MEMORY_ZERO ? 0 : length))
		return vmig_refuse(reader, -EINVAL,
				   "memory of %u bytes with flags 0x%x, and %u bytes follow",
				   length, flags, follow);
	ret = reader->sink.stage(reader->sink.context, area, offset,
				 follow ? reader->payload + sizeof(memory) :
				 NULL, length);
	if (ret)
		return vmig_refuse(reader, ret,
				   "%u bytes at 0x%llx of area %u cannot be staged (error %d)",
				   length, offset, area->id, ret);
	return 0;
}

static int take_restart(struct vmig_reader *reader)
{
	vmig_image_clear(reader->image);
	memset(reader->present, 0, vmig_nr_present(reader->desc));
	if (reader->sink.unstage)
		reader->sink.unstage(reader->sink.context);
	return 0;
}

static int take_end(struct vmig_reader *reader)
{
	struct vfio_mig_end end;
	u64 records, bytes;
	u32 crc;

	memcpy(&end, reader->payload, sizeof(end));
	records = le64_to_cpu(end.records);
	bytes = le64_to_cpu(end.bytes);
	crc = le32_to_cpu(end.crc);
	if (records != reader->records)
		return vmig_refuse(reader, -EINVAL,
				   "the stream should have %llu records before its end, and has %llu",
				   records, reader->records);
	if (bytes != reader->start_bytes)
		return vmig_refuse(reader, -EINVAL,
				   "the stream should have %llu bytes before its end, and has %llu",
				   bytes, reader->start_bytes);
	if (crc != reader->crc)
		return vmig_refuse(reader, -EINVAL,
				   "the records before the end should have CRC32C 0x%08x, and have 0x%08x",
				   crc, reader->crc);
	return vmig_all_present(reader);
}

/* Nothing is allocated, and nothing called, for a length not within these. */
static const struct vmig_record_type record_types[] = {
	{ VFIO_MIG_IDENTITY, 0, VFIO_MIG_MAX_IDENTITY, vmig_take_identity },
	{ VFIO_MIG_SCHEMA, 0, VFIO_MIG_MAX_PAYLOAD, NULL },
	{ VFIO_MIG_SECTION, sizeof(struct vfio_mig_section),
	  VFIO_MIG_MAX_PAYLOAD, vmig_take_section },
	{ VFIO_MIG_MEMORY, sizeof(struct vfio_mig_memory),
	  sizeof(struct vfio_mig_memory) + VFIO_MIG_MAX_MEMORY, take_memory },
	{ VFIO_MIG_RESTART, 0, 0, take_restart },
	{ VFIO_MIG_END, sizeof(struct vfio_mig_end),
	  sizeof(struct vfio_mig_end), take_end },
};

static const struct vmig_record_type unknown_type = {
	.max = VFIO_MIG_MAX_PAYLOAD,
};

static const struct vmig_record_type *find_type(u16 type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(record_types); i++)
		if (record_types[i].type == type)
			return &record_types[i];
	return NULL;
}

/* Go on with @want bytes of @phase. */
static void expect(struct vmig_reader *reader, enum vmig_phase phase, u8 *to,
		   u32 want)
{
	reader->phase = phase;
	reader->to = to;
	reader->want = want;
	reader->have = 0;
}

static void expect_record(struct vmig_reader *reader)
{
	reader->record_crc = 0;
	reader->start_bytes = reader->bytes;
	expect(reader, VMIG_RECORD, reader->small,
	       sizeof(struct vfio_mig_record));
}

static int header_done(struct vmig_reader *reader)
{
	struct vfio_mig_header header;
	u32 crc;

	memcpy(&header, reader->small, sizeof(header));
	if (memcmp(header.magic, VFIO_MIG_MAGIC, VFIO_MIG_MAGIC_SIZE))
		return vmig_refuse(reader, -EINVAL,
				   "this is no migration stream, it begins with other bytes");
	if (le16_to_cpu(header.major) != VFIO_MIG_MAJOR)
		return vmig_refuse(reader, -EINVAL,
				   "the stream is of format %u, and %u is read here",
				   le16_to_cpu(header.major), VFIO_MIG_MAJOR);
	crc = vmig_crc32c(0, &header, offsetof(struct vfio_mig_header, crc));
	if (crc != le32_to_cpu(header.crc))
		return vmig_refuse(reader, -EINVAL,
				   "the header is damaged: it has CRC32C 0x%08x, and says 0x%08x",
				   crc, le32_to_cpu(header.crc));
	reader->crc = vmig_crc32c(0, &header.crc, sizeof(header.crc));
	expect_record(reader);
	return 0;
}

/* May a record of @type be here? */
static int check_place(struct vmig_reader *reader, u16 type)
{
	if (type != VFIO_MIG_IDENTITY && !reader->identified)
		return vmig_refuse(reader, -EINVAL,
				   "type %u where the identity has to be",
				   type);
	if (type == VFIO_MIG_IDENTITY && reader->identified)
		return vmig_refuse(reader, -EINVAL, "a second identity");
	return 0;
}

static int check_record(struct vmig_reader *reader, u16 type)
{
	int ret = check_place(reader, type);

	if (ret)
		return ret;
	reader->type = find_type(type);
	if (reader->flags & ~VFIO_MIG_OPTIONAL)
		return vmig_refuse(reader, -EINVAL,
				   "type %u with unknown flags 0x%x", type,
				   reader->flags);
	if (!reader->type) {
		if (!(reader->flags & VFIO_MIG_OPTIONAL))
			return vmig_refuse(reader, -EINVAL,
					   "type %u, which is unknown and not optional",
					   type);
		reader->type = &unknown_type;
	}
	if (reader->length < reader->type->min ||
	    reader->length > reader->type->max)
		return vmig_refuse(reader, -EINVAL,
				   "type %u with %u bytes, not %u to %u",
				   type, reader->length, reader->type->min,
				   reader->type->max);
	return 0;
}

static int make_room(struct vmig_reader *reader)
{
	u32 size;

	if (reader->length <= reader->payload_size)
		return 0;
	kvfree(reader->payload);
	/* of the next ones some will be a little longer */
	size = roundup_pow_of_two(max(reader->length, SMALLEST));
	reader->payload = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!reader->payload)
		return vmig_refuse(reader, -ENOMEM,
				   "no memory for %u bytes of payload",
				   reader->length);
	reader->payload_size = size;
	return 0;
}

static int record_done(struct vmig_reader *reader)
{
	struct vfio_mig_record record;
	int ret;

	memcpy(&record, reader->small, sizeof(record));
	reader->flags = le16_to_cpu(record.flags);
	reader->length = le32_to_cpu(record.length);
	ret = check_record(reader, le16_to_cpu(record.type));
	if (!ret && reader->type->take)
		ret = make_room(reader);
	if (ret)
		return ret;
	expect(reader, VMIG_PAYLOAD,
	       reader->type->take ? reader->payload : NULL, reader->length);
	return 0;
}

static int checksum_done(struct vmig_reader *reader)
{
	__le32 crc;
	int ret;

	memcpy(&crc, reader->small, sizeof(crc));
	if (le32_to_cpu(crc) != reader->record_crc)
		return vmig_refuse(reader, -EINVAL,
				   "damaged: it has CRC32C 0x%08x, and says 0x%08x",
				   reader->record_crc, le32_to_cpu(crc));
	if (reader->type->take) {
		ret = reader->type->take(reader);
		if (ret)
			return ret;
	}
	reader->records++;
	reader->crc = vmig_crc32c(reader->crc, &crc, sizeof(crc));
	if (reader->type->type == VFIO_MIG_END)
		expect(reader, VMIG_ENDED, NULL, U32_MAX);
	else
		expect_record(reader);
	return 0;
}

/* All bytes of the phase are there. */
static int phase_done(struct vmig_reader *reader)
{
	switch (reader->phase) {
	case VMIG_HEADER:
		return header_done(reader);
	case VMIG_RECORD:
		return record_done(reader);
	case VMIG_PAYLOAD:
		expect(reader, VMIG_CHECKSUM, reader->small, sizeof(__le32));
		return 0;
	default:
		return checksum_done(reader);
	}
}

/* Take in what of @data belongs to the phase; how much that is. */
static size_t take_bytes(struct vmig_reader *reader, const u8 *data, size_t len)
{
	u32 taken = min_t(size_t, len, reader->want - reader->have);

	if (reader->to)
		memcpy(reader->to + reader->have, data, taken);
	reader->have += taken;
	reader->bytes += taken;
	if (reader->phase != VMIG_CHECKSUM)
		reader->record_crc = vmig_crc32c(reader->record_crc, data,
						 taken);
	return taken;
}

/**
 * vmig_reader_push() - take in the next bytes of a stream
 * @reader: the reader
 * @data: the bytes
 * @len: how many
 *
 * Return: 0; or a negative errno, then and ever after: the stream is refused.
 */
int vmig_reader_push(struct vmig_reader *reader, const void *data, size_t len)
{
	size_t taken;

	while (len && !reader->error) {
		if (reader->phase == VMIG_ENDED)
			return vmig_refuse(reader, -EINVAL,
					   "more bytes after the end of the stream at byte %llu",
					   reader->bytes);
		taken = take_bytes(reader, data, len);
		data += taken;
		len -= taken;
		/* no bytes at all may be a phase, too */
		while (reader->have == reader->want && !reader->error)
			phase_done(reader);
	}
	return reader->error;
}

/**
 * vmig_reader_finish() - was that a whole stream?
 * @reader: the reader
 *
 * Return: 0, or a negative errno.
 */
int vmig_reader_finish(struct vmig_reader *reader)
{
	if (reader->error || reader->phase == VMIG_ENDED)
		return reader->error;
	return vmig_refuse(reader, -EINVAL,
			   "the stream breaks off after %llu bytes",
			   reader->bytes);
}

/**
 * vmig_reader_image() - the state that a stream has brought
 * @reader: the reader
 *
 * Return: the state, which lives as long as the reader; or NULL if
 * vmig_reader_finish() would not return 0.
 */
const struct vmig_image *vmig_reader_image(const struct vmig_reader *reader)
{
	if (reader->error || reader->phase != VMIG_ENDED)
		return NULL;
	return reader->image;
}

/**
 * vmig_reader_reason() - why a stream was refused
 * @reader: the reader
 *
 * Return: a sentence with the value that was wrong, or "".
 */
const char *vmig_reader_reason(const struct vmig_reader *reader)
{
	return reader->reason;
}

static unsigned int most_fields(const struct vmig_desc *desc)
{
	unsigned int most = 0;
	unsigned int i;

	for (i = 0; i < desc->nr_sections; i++)
		most = max(most, desc->sections[i]->nr_fields);
	return most;
}

/**
 * vmig_reader_alloc() - begin to read a stream
 * @desc: of the device that the stream must be of: tables which
 *	vmig_check_desc() accepted, and which outlive the reader
 * @sink: where memory goes, and may be staged until the reader's owner unstages
 *	it; of a device without areas nothing is ever staged
 *
 * Return: a reader for vmig_reader_free(), or NULL.
 */
struct vmig_reader *vmig_reader_alloc(const struct vmig_desc *desc,
				      const struct vmig_sink *sink)
{
	struct vmig_reader *reader;
	unsigned int nr_present;

	nr_present = vmig_nr_present(desc);
	reader = kvcalloc(1, sizeof(*reader) + nr_present + most_fields(desc),
			  GFP_KERNEL_ACCOUNT);
	if (!reader)
		return NULL;
	reader->desc = desc;
	reader->sink = *sink;
	reader->present = (u8 *)(reader + 1);
	reader->seen = reader->present + nr_present;
	reader->image = vmig_image_alloc(desc);
	if (!reader->image) {
		vmig_reader_free(reader);
		return NULL;
	}
	expect(reader, VMIG_HEADER, reader->small,
	       sizeof(struct vfio_mig_header));
	return reader;
}

/**
 * vmig_reader_free() - end reading
 * @reader: the reader, or NULL
 */
void vmig_reader_free(struct vmig_reader *reader)
{
	if (!reader)
		return;
	vmig_image_free(reader->image);
	kvfree(reader->payload);
	kvfree(reader);
}
