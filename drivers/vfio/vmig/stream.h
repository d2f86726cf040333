/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Writing and reading the stream, apart from who asks for it and when.
 *
 * None of this locks; each object belongs to one caller at a time.
 */
#ifndef _VMIG_STREAM_H
#define _VMIG_STREAM_H

#include <linux/types.h>
#include <linux/vmig.h>

/* image.c: the sections of a device, staged */
struct vmig_image *vmig_image_alloc(const struct vmig_desc *desc);
void vmig_image_free(struct vmig_image *image);
void vmig_image_clear(struct vmig_image *image);

/**
 * struct vmig_writer - makes a stream
 * @desc: what of
 * @buf: what was put and not taken yet begins at @buf + @taken
 * @size: bytes of @buf
 * @len: bytes put into @buf
 * @taken: bytes of these that were taken
 * @records: records put so far
 * @bytes: bytes of the stream so far
 * @crc: CRC32C of the CRCs so far, see &vfio_mig_end.crc
 */
struct vmig_writer {
	const struct vmig_desc *desc;
	u8 *buf;
	size_t size;
	size_t len;
	size_t taken;
	u64 records;
	u64 bytes;
	u32 crc;
};

/**
 * struct vmig_setup - what a stream begins with, made once
 * @records: records in it
 * @crc: &vmig_writer.crc after it
 * @length: bytes of @data
 * @data: the header and these records
 */
struct vmig_setup {
	u64 records;
	u32 crc;
	size_t length;
	u8 data[];
};

/* write.c; vmig_put_*() return 0 or a negative errno, and then put nothing */
void vmig_writer_init(struct vmig_writer *writer, const struct vmig_desc *desc);
void vmig_writer_destroy(struct vmig_writer *writer);
int vmig_put_setup(struct vmig_writer *writer);	/* header, identity, schemas */
int vmig_put_made_setup(struct vmig_writer *writer,
			const struct vmig_setup *setup);
struct vmig_setup *vmig_setup_make(const struct vmig_desc *desc);
void vmig_setup_free(struct vmig_setup *setup);
int vmig_put_restart(struct vmig_writer *writer);
int vmig_put_memory(struct vmig_writer *writer, u16 area, u64 offset,
		    const void *pages, u64 length); /* NULL or all zero: marker */
int vmig_put_sections(struct vmig_writer *writer,
		      const struct vmig_image *image);
int vmig_put_end(struct vmig_writer *writer);

static inline size_t vmig_writer_pending(const struct vmig_writer *writer)
{
	return writer->len - writer->taken;
}

/* Exact, or (sections) what they come to at most. */
u64 vmig_setup_bytes(const struct vmig_desc *desc);
u64 vmig_sections_bytes(const struct vmig_desc *desc);
#define VMIG_END_BYTES		(8 + 20 + 4)
#define VMIG_PAGE_BYTES		(8 + 16 + 4096 + 4)

/**
 * struct vmig_sink - where a reader puts memory, and reasons
 * @stage: as &vmig_memory_ops.stage
 * @unstage: as &vmig_memory_ops.unstage
 * @context: handed to both
 */
struct vmig_sink {
	int (*stage)(void *context, const struct vmig_area *area, u64 offset,
		     const void *pages, u64 length);
	void (*unstage)(void *context);
	void *context;
};

struct vmig_reader;

/* read.c */
struct vmig_reader *vmig_reader_alloc(const struct vmig_desc *desc,
				      const struct vmig_sink *sink);
void vmig_reader_free(struct vmig_reader *reader);	/* NULL is fine */
/*
 * Take in the next @len bytes. 0; or a negative errno, then and ever after:
 * the stream is refused.
 */
int vmig_reader_push(struct vmig_reader *reader, const void *data, size_t len);
/* Was that a whole stream? 0, or a negative errno. */
int vmig_reader_finish(struct vmig_reader *reader);
/* The state, complete after vmig_reader_finish() returned 0. */
const struct vmig_image *vmig_reader_image(const struct vmig_reader *reader);
/* A sentence for why it was refused, with the value that was wrong; or "". */
const char *vmig_reader_reason(const struct vmig_reader *reader);

#endif /* _VMIG_STREAM_H */
