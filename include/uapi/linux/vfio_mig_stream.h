/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR BSD-3-Clause */
/*
 * The byte stream in which a VFIO device's state migrates.
 *
 * What a device of vmig gives out by its migration data file, and takes in.
 * Documentation/userspace-api/vfio-mig-stream.rst specifies it byte by byte;
 * here are its numbers and layouts. All integers are little-endian, nothing is
 * aligned or padded.
 *
 *	stream	= header record...
 *	record	= struct vfio_mig_record, payload, __le32 CRC32C of both
 *
 * The first record is %VFIO_MIG_IDENTITY, the last is %VFIO_MIG_END.
 */
#ifndef _UAPI_LINUX_VFIO_MIG_STREAM_H
#define _UAPI_LINUX_VFIO_MIG_STREAM_H

#include <linux/types.h>

/* Not text, and no text survives as this: a lost bit 7, CR LF, or ^Z shows. */
#define VFIO_MIG_MAGIC		"\x89VFM\r\n\x1a\n"
#define VFIO_MIG_MAGIC_SIZE	8

/* A reader refuses another major; of a larger minor it skips what is optional. */
#define VFIO_MIG_MAJOR		1
#define VFIO_MIG_MINOR		0

/**
 * struct vfio_mig_header - how a stream begins
 * @magic: %VFIO_MIG_MAGIC
 * @major: %VFIO_MIG_MAJOR
 * @minor: %VFIO_MIG_MINOR
 * @crc: CRC32C of what is before it
 */
struct vfio_mig_header {
	__u8 magic[VFIO_MIG_MAGIC_SIZE];
	__le16 major;
	__le16 minor;
	__le32 crc;
};

/**
 * struct vfio_mig_record - how a record begins
 * @type: %VFIO_MIG_IDENTITY and so on
 * @flags: %VFIO_MIG_OPTIONAL or 0
 * @length: bytes of payload, at most %VFIO_MIG_MAX_PAYLOAD
 */
struct vfio_mig_record {
	__le16 type;
	__le16 flags;
	__le32 length;
};

/* payload: fields, see VFIO_MIG_ID_* */
#define VFIO_MIG_IDENTITY	1
/*
 * payload: struct vfio_mig_schema and what follows it; always optional, and
 * before all sections and memory
 */
#define VFIO_MIG_SCHEMA		2
/* payload: struct vfio_mig_section, then fields */
#define VFIO_MIG_SECTION	3
/* payload: struct vfio_mig_memory, then @length bytes unless it is zero */
#define VFIO_MIG_MEMORY		4
/* no payload: of the sections and memory so far nothing holds */
#define VFIO_MIG_RESTART	5
/* payload: struct vfio_mig_end */
#define VFIO_MIG_END		0xffff

/* In a record or field: who does not know it may go on without it. */
#define VFIO_MIG_OPTIONAL	(1 << 0)

#define VFIO_MIG_MAX_PAYLOAD	(1 << 20)
#define VFIO_MIG_MAX_IDENTITY	(1 << 16)	/* of VFIO_MIG_IDENTITY */

/**
 * struct vfio_mig_field - how a field begins
 * @id: which one, never used again for another of the same section
 * @type: of its elements, %VFIO_MIG_U8 and so on
 * @flags: %VFIO_MIG_OPTIONAL or 0
 * @length: bytes of all elements, which follow
 */
struct vfio_mig_field {
	__le16 id;
	__u8 type;
	__u8 flags;
	__le32 length;
};

#define VFIO_MIG_U8		1
#define VFIO_MIG_U16		2
#define VFIO_MIG_U32		3
#define VFIO_MIG_U64		4
#define VFIO_MIG_BOOL		5	/* a byte, 0 or 1 */
#define VFIO_MIG_BYTES		6	/* as U8, but not numbers */
#define VFIO_MIG_TEXT		7	/* printable ASCII and line feeds */

/* Fields of %VFIO_MIG_IDENTITY, in this order; those without elements absent */
#define VFIO_MIG_ID_MODEL	1	/* TEXT: what the device is; a line */
#define VFIO_MIG_ID_VERSION	2	/* TEXT: as which version it behaves; a line */
#define VFIO_MIG_ID_PARAMETERS	3	/* TEXT: lines of "name=value\n" */
#define VFIO_MIG_ID_AREAS	4	/* U64: id, ascending, and size of each area */

/**
 * struct vfio_mig_section - how the payload of %VFIO_MIG_SECTION begins
 * @id: which one
 * @version: what its fields mean; higher is later
 * @instance: which of several of a kind, from 0
 * @reserved: 0
 */
struct vfio_mig_section {
	__le16 id;
	__le16 version;
	__le16 instance;
	__le16 reserved;
};

/**
 * struct vfio_mig_schema - how the payload of %VFIO_MIG_SCHEMA begins
 * @section: &vfio_mig_section.id
 * @version: &vfio_mig_section.version
 * @instances: how many there are of the section
 * @fields: how many &struct vfio_mig_schema_field follow the name
 * @name_length: bytes of the section's name, which follow; at least 1
 */
struct vfio_mig_schema {
	__le16 section;
	__le16 version;
	__le16 instances;
	__le16 fields;
	__u8 name_length;
} __attribute__((packed));

/**
 * struct vfio_mig_schema_field - what a field is, in a schema
 * @id: &vfio_mig_field.id
 * @type: &vfio_mig_field.type
 * @flags: &vfio_mig_field.flags
 * @count: how many elements it has at most
 * @name_length: bytes of its name, which follow; at least 1
 */
struct vfio_mig_schema_field {
	__le16 id;
	__u8 type;
	__u8 flags;
	__le32 count;
	__u8 name_length;
} __attribute__((packed));

/**
 * struct vfio_mig_memory - how the payload of %VFIO_MIG_MEMORY begins
 * @area: id of the memory area
 * @flags: %VFIO_MIG_MEMORY_ZERO or 0
 * @length: bytes, a multiple of %VFIO_MIG_PAGE, at most %VFIO_MIG_MAX_MEMORY
 *	unless zero
 * @offset: where they are in the area, a multiple of %VFIO_MIG_PAGE
 *
 * Memory that no record tells of is zero. Later records override earlier ones.
 */
struct vfio_mig_memory {
	__le16 area;
	__le16 flags;
	__le32 length;
	__le64 offset;
};

#define VFIO_MIG_PAGE		4096
#define VFIO_MIG_MAX_MEMORY	65536
#define VFIO_MIG_MEMORY_ZERO	(1 << 0)	/* all of it is; no bytes follow */

/**
 * struct vfio_mig_end - the payload of %VFIO_MIG_END
 * @records: records before this one
 * @bytes: bytes of the stream before this record
 * @crc: CRC32C of the CRCs before it: the header's @crc, then the __le32 that
 *	ends each record. So each byte is summed once, and still no record can
 *	be lost, moved or taken from another stream unseen.
 */
struct vfio_mig_end {
	__le64 records;
	__le64 bytes;
	__le32 crc;
} __attribute__((packed));

#endif /* _UAPI_LINUX_VFIO_MIG_STREAM_H */
