/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What the files that read the stream share with each other.
 */
#ifndef _VMIG_READ_H
#define _VMIG_READ_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <uapi/linux/vfio_mig_stream.h>

#include "stream.h"

/**
 * enum vmig_phase - what a reader takes in
 * @VMIG_HEADER: &struct vfio_mig_header
 * @VMIG_RECORD: &struct vfio_mig_record
 * @VMIG_PAYLOAD: what it has told the length of
 * @VMIG_CHECKSUM: the CRC32C of both
 * @VMIG_ENDED: nothing any more
 */
enum vmig_phase {
	VMIG_HEADER,
	VMIG_RECORD,
	VMIG_PAYLOAD,
	VMIG_CHECKSUM,
	VMIG_ENDED,
};

struct vmig_record_type;

/**
 * struct vmig_reader - takes in a stream
 * @desc: of the device which the stream must be of
 * @sink: where memory goes
 * @image: where sections go
 * @present: of each instance of each section, in their order: has it come?
 * @seen: of each field of a section, while that is taken in: has it come?
 * @phase: what is being taken in
 * @to: where to, or NULL: it is skipped
 * @want: how many bytes it has
 * @have: how many of them have come
 * @small: what is no payload goes here
 * @payload: the payload of a record, if anything looks at it
 * @payload_size: bytes there is room for
 * @type: of the record; NULL if it is skipped as unknown
 * @flags: of the record
 * @length: of its payload
 * @record_crc: CRC32C of the record so far
 * @identified: the stream is of a device like this one
 * @records: records so far
 * @bytes: bytes so far
 * @crc: as &vfio_mig_end.crc, so far
 * @start_bytes: as @bytes, where the record starts
 * @section: which section is being taken in, for the reason; or NULL
 * @instance: which one of it
 * @field: which field of it, or NULL
 * @error: why the stream was refused, or 0
 * @reason: the same as a sentence
 */
struct vmig_reader {
	const struct vmig_desc *desc;
	struct vmig_sink sink;
	struct vmig_image *image;
	u8 *present;
	u8 *seen;
	enum vmig_phase phase;
	u8 *to;
	u32 want;
	u32 have;
	u8 small[sizeof(struct vfio_mig_header)];
	u8 *payload;
	u32 payload_size;
	const struct vmig_record_type *type;
	u16 flags;
	u32 length;
	u32 record_crc;
	bool identified;
	u64 records;
	u64 bytes;
	u32 crc;
	u64 start_bytes;
	const struct vmig_section *section;
	u16 instance;
	const struct vmig_field *field;
	int error;
	char reason[VMIG_REASON_SIZE];
};

/**
 * struct vmig_taken - a field, as it stands in a payload
 * @id: &vfio_mig_field.id
 * @type: &vfio_mig_field.type
 * @flags: &vfio_mig_field.flags
 * @length: &vfio_mig_field.length, and so many bytes there are
 * @data: these
 */
struct vmig_taken {
	u16 id;
	u8 type;
	u8 flags;
	u32 length;
	const u8 *data;
};

/* read.c */

/* Refuse the stream: @error, and why. Returns @error. */
int __printf(3, 4) vmig_refuse(struct vmig_reader *reader, int error,
			       const char *format, ...);

/* read_identity.c */
int vmig_take_identity(struct vmig_reader *reader);

/* read_section.c */
int vmig_take_section(struct vmig_reader *reader);
int vmig_all_present(struct vmig_reader *reader);
unsigned int vmig_nr_present(const struct vmig_desc *desc);

/*
 * Take the field at @at of the payload, and move @at behind it. 1; 0 at the end
 * of the payload; or refused.
 */
int vmig_take_field(struct vmig_reader *reader, u32 *at,
		    struct vmig_taken *taken);

#endif /* _VMIG_READ_H */
