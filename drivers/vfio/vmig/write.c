// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Writing the stream.
 *
 * Each vmig_put_*() first makes room for all it is going to put, so that nothing
 * of it can fail half-way. What is put depends on the state alone.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "crc32c.h"
#include "field.h"
#include "sizes.h"
#include "stream.h"

/* Of a zero marker: whole pages, and a __le32 holds it. */
#define ZERO_MAX		0x40000000U

/* Of a buffer: what the state of a small device takes. */
#define SMALLEST	2048

/**
 * vmig_writer_init() - begin a stream
 * @writer: what vmig_writer_destroy() ends
 * @desc: one that vmig_check_desc() accepted; outlives the writer
 */
void vmig_writer_init(struct vmig_writer *writer, const struct vmig_desc *desc)
{
	*writer = (struct vmig_writer){ .desc = desc };
}

/**
 * vmig_writer_destroy() - forget what was not taken
 * @writer: the writer
 */
void vmig_writer_destroy(struct vmig_writer *writer)
{
	kvfree(writer->buf);
	writer->buf = NULL;
	writer->size = 0;
	writer->len = 0;
	writer->taken = 0;
}

/* Make room for @bytes more, where what was taken is. */
static int reserve(struct vmig_writer *writer, u64 bytes)
{
	size_t pending = vmig_writer_pending(writer);
	size_t size = max(2 * writer->size, (size_t)SMALLEST);
	u8 *buf;

	if (bytes <= writer->size - writer->len)
		return 0;
	if (bytes <= writer->size - pending) {
		memmove(writer->buf, writer->buf + writer->taken, pending);
	} else {
		size = max(size, pending + (size_t)bytes);
		buf = kvmalloc(size, GFP_KERNEL_ACCOUNT);
		if (!buf)
			return -ENOMEM;
		if (pending)
			memcpy(buf, writer->buf + writer->taken, pending);
		kvfree(writer->buf);
		writer->buf = buf;
		writer->size = size;
	}
	writer->len = pending;
	writer->taken = 0;
	return 0;
}

static inline void put(struct vmig_writer *writer, const void *data,
		       size_t length)
{
	memcpy(writer->buf + writer->len, data, length);
	writer->len += length;
}

/* What was put from @start on, of which the checksum @crc is the last part. */
static void account(struct vmig_writer *writer, size_t start, __le32 crc)
{
	writer->crc = vmig_crc32c(writer->crc, &crc, sizeof(crc));
	writer->bytes += writer->len - start;
}

/* Returns where the record starts, for end_record(). */
static size_t begin_record(struct vmig_writer *writer, u16 type, u16 flags,
			   u32 length)
{
	struct vfio_mig_record record = {
		.type = cpu_to_le16(type),
		.flags = cpu_to_le16(flags),
		.length = cpu_to_le32(length),
	};
	size_t start = writer->len;

	put(writer, &record, sizeof(record));
	return start;
}

static void end_record(struct vmig_writer *writer, size_t start)
{
	__le32 crc = cpu_to_le32(vmig_crc32c(0, writer->buf + start,
					     writer->len - start));

	put(writer, &crc, sizeof(crc));
	account(writer, start, crc);
	writer->records++;
}

static void put_field(struct vmig_writer *writer, u16 id, u8 type, u8 flags,
		      u32 length)
{
	struct vfio_mig_field field = {
		.id = cpu_to_le16(id),
		.type = type,
		.flags = flags,
		.length = cpu_to_le32(length),
	};

	put(writer, &field, sizeof(field));
}

static void put_header(struct vmig_writer *writer)
{
	struct vfio_mig_header header = {
		.major = cpu_to_le16(VFIO_MIG_MAJOR),
		.minor = cpu_to_le16(VFIO_MIG_MINOR),
	};
	size_t start = writer->len;

	memcpy(header.magic, VFIO_MIG_MAGIC, VFIO_MIG_MAGIC_SIZE);
	header.crc = cpu_to_le32(vmig_crc32c(0, &header,
					     offsetof(struct vfio_mig_header,
						      crc)));
	put(writer, &header, sizeof(header));
	account(writer, start, header.crc);
}

static void put_text(struct vmig_writer *writer, u16 id, const char *text)
{
	put_field(writer, id, VFIO_MIG_TEXT, 0, strlen(text));
	put(writer, text, strlen(text));
}

static void put_parameters(struct vmig_writer *writer)
{
	const char * const *parameter = writer->desc->parameters;
	u64 length = vmig_parameters_length(writer->desc);

	if (!length)
		return;
	put_field(writer, VFIO_MIG_ID_PARAMETERS, VFIO_MIG_TEXT, 0, length);
	for (; *parameter; parameter++) {
		put(writer, *parameter, strlen(*parameter));
		put(writer, "\n", 1);
	}
}

static void put_areas(struct vmig_writer *writer)
{
	const struct vmig_desc *desc = writer->desc;
	__le64 area[2];
	unsigned int i;

	if (!desc->nr_areas)
		return;
	put_field(writer, VFIO_MIG_ID_AREAS, VFIO_MIG_U64, 0,
		  desc->nr_areas * sizeof(area));
	for (i = 0; i < desc->nr_areas; i++) {
		area[0] = cpu_to_le64(desc->areas[i].id);
		area[1] = cpu_to_le64(desc->areas[i].size);
		put(writer, area, sizeof(area));
	}
}

static void put_identity(struct vmig_writer *writer)
{
	size_t start;

	start = begin_record(writer, VFIO_MIG_IDENTITY, 0,
			     vmig_identity_payload(writer->desc));
	put_text(writer, VFIO_MIG_ID_MODEL, writer->desc->model);
	put_text(writer, VFIO_MIG_ID_VERSION, writer->desc->version);
	put_parameters(writer);
	put_areas(writer);
	end_record(writer, start);
}

static void put_schema_field(struct vmig_writer *writer,
			     const struct vmig_field *field)
{
	struct vfio_mig_schema_field schema = {
		.id = cpu_to_le16(field->id),
		.type = field->type,
		.flags = field->flags & VMIG_OPTIONAL,
		.count = cpu_to_le32(field->count),
		.name_length = strlen(field->name),
	};

	put(writer, &schema, sizeof(schema));
	put(writer, field->name, strlen(field->name));
}

static void put_schema(struct vmig_writer *writer,
		       const struct vmig_section *section)
{
	struct vfio_mig_schema schema = {
		.section = cpu_to_le16(section->id),
		.version = cpu_to_le16(section->version),
		.instances = cpu_to_le16(section->instances),
		.fields = cpu_to_le16(section->nr_fields),
		.name_length = strlen(section->name),
	};
	unsigned int i;
	size_t start;

	start = begin_record(writer, VFIO_MIG_SCHEMA, VFIO_MIG_OPTIONAL,
			     vmig_schema_payload(section));
	put(writer, &schema, sizeof(schema));
	put(writer, section->name, strlen(section->name));
	for (i = 0; i < section->nr_fields; i++)
		put_schema_field(writer, &section->fields[i]);
	end_record(writer, start);
}

/**
 * vmig_put_setup() - put what a stream begins with
 * @writer: which nothing was put into yet
 *
 * The header, who the device is, and what its sections look like.
 *
 * Return: 0, or -ENOMEM.
 */
int vmig_put_setup(struct vmig_writer *writer)
{
	const struct vmig_desc *desc = writer->desc;
	unsigned int i;

	if (reserve(writer, vmig_setup_bytes(desc)))
		return -ENOMEM;
	put_header(writer);
	put_identity(writer);
	for (i = 0; i < desc->nr_sections; i++)
		put_schema(writer, desc->sections[i]);
	return 0;
}

/**
 * vmig_setup_make() - what vmig_put_setup() puts, to put it again and again
 * @desc: of which device
 *
 * Return: it, for vmig_setup_free(); good for as long as @desc is as it is. NULL
 * if there is no memory.
 */
struct vmig_setup *vmig_setup_make(const struct vmig_desc *desc)
{
	struct vmig_setup *setup = NULL;
	struct vmig_writer writer;

	vmig_writer_init(&writer, desc);
	if (!vmig_put_setup(&writer))
		setup = kvmalloc(sizeof(*setup) + writer.len,
				 GFP_KERNEL_ACCOUNT);
	if (setup) {
		setup->records = writer.records;
		setup->crc = writer.crc;
		setup->length = writer.len;
		memcpy(setup->data, writer.buf, writer.len);
	}
	vmig_writer_destroy(&writer);
	return setup;
}

/**
 * vmig_setup_free() - take back vmig_setup_make()
 * @setup: what that returned
 */
void vmig_setup_free(struct vmig_setup *setup)
{
	kvfree(setup);
}

/**
 * vmig_put_made_setup() - as vmig_put_setup(), but faster
 * @writer: which nothing was put into yet
 * @setup: of the same description
 *
 * Return: 0, or -ENOMEM.
 */
int vmig_put_made_setup(struct vmig_writer *writer,
			const struct vmig_setup *setup)
{
	if (reserve(writer, setup->length))
		return -ENOMEM;
	put(writer, setup->data, setup->length);
	writer->records = setup->records;
	writer->bytes = setup->length;
	writer->crc = setup->crc;
	return 0;
}

/**
 * vmig_put_restart() - take back all sections and memory put so far
 * @writer: the writer
 *
 * Return: 0, or -ENOMEM.
 */
int vmig_put_restart(struct vmig_writer *writer)
{
	if (reserve(writer, VMIG_RECORD_BYTES))
		return -ENOMEM;
	end_record(writer, begin_record(writer, VFIO_MIG_RESTART, 0, 0));
	return 0;
}

/* One record; the zero marker without @pages. */
static void put_memory(struct vmig_writer *writer, u16 area, u64 offset,
		       const void *pages, u32 length)
{
	struct vfio_mig_memory memory = {
		.area = cpu_to_le16(area),
		.flags = cpu_to_le16(pages ? 0 : VFIO_MIG_MEMORY_ZERO),
		.length = cpu_to_le32(length),
		.offset = cpu_to_le64(offset),
	};
	size_t start;

	start = begin_record(writer, VFIO_MIG_MEMORY, 0,
			     sizeof(memory) + (pages ? length : 0));
	put(writer, &memory, sizeof(memory));
	if (pages)
		put(writer, pages, length);
	end_record(writer, start);
}

static bool is_zero(const void *page)
{
	return !memchr_inv(page, 0, VFIO_MIG_PAGE);
}

/* How much of @pages is alike, zero or not, and fits into one record. */
static u32 alike(const void *pages, u64 length, bool zero)
{
	u32 most = min_t(u64, length, zero ? ZERO_MAX : VFIO_MIG_MAX_MEMORY);
	u32 done = VFIO_MIG_PAGE;

	while (done < most && is_zero(pages + done) == zero)
		done += VFIO_MIG_PAGE;
	return done;
}

/* What vmig_put_memory() puts at most. */
static u64 memory_bytes(const void *pages, u64 length)
{
	u64 overhead = VMIG_PAGE_BYTES - VFIO_MIG_PAGE;

	if (pages)
		return length / VFIO_MIG_PAGE * VMIG_PAGE_BYTES;
	return (length / ZERO_MAX + 1) * overhead;
}

/**
 * vmig_put_memory() - put memory of the device
 * @writer: the writer
 * @area: id of the area
 * @offset: of the first byte in the area, a multiple of 4096
 * @pages: what it holds; or NULL: zeroes
 * @length: bytes, a multiple of 4096
 *
 * Pages that hold nothing but zeroes become markers.
 *
 * Return: 0, or -ENOMEM.
 */
int vmig_put_memory(struct vmig_writer *writer, u16 area, u64 offset,
		    const void *pages, u64 length)
{
	u64 done = 0;
	u32 part;
	bool zero;

	if (reserve(writer, memory_bytes(pages, length)))
		return -ENOMEM;
	while (done < length) {
		zero = !pages || is_zero(pages + done);
		if (pages)
			part = alike(pages + done, length - done, zero);
		else
			part = min_t(u64, length - done, ZERO_MAX);
		put_memory(writer, area, offset + done,
			   zero ? NULL : pages + done, part);
		done += part;
	}
	return 0;
}

static void put_elements(struct vmig_writer *writer,
			 const struct vmig_field *field, const void *state)
{
	u32 size = vmig_element_size(field->type);
	u32 used = vmig_used(field, state);
	u32 i;

	put_field(writer, field->id, field->type,
		  field->flags & VMIG_OPTIONAL, size * used);
	if (vmig_is_plain(field)) {
		put(writer, state + field->offset, used);
		return;
	}
	for (i = 0; i < used; i++) {
		vmig_set_stream_element(writer->buf + writer->len, size,
					vmig_element(field, state, i));
		writer->len += size;
	}
}

/* Bytes of payload, of this state. */
static u32 state_payload(const struct vmig_section *section, const void *state)
{
	u32 length = sizeof(struct vfio_mig_section);
	const struct vmig_field *field = section->fields;
	unsigned int i;

	for (i = 0; i < section->nr_fields; i++, field++)
		length += sizeof(struct vfio_mig_field) +
			  vmig_element_size(field->type) *
			  vmig_used(field, state);
	return length;
}

static void put_section(struct vmig_writer *writer,
			const struct vmig_section *section,
			unsigned int instance, const void *state)
{
	struct vfio_mig_section head = {
		.id = cpu_to_le16(section->id),
		.version = cpu_to_le16(section->version),
		.instance = cpu_to_le16(instance),
	};
	unsigned int i;
	size_t start;

	start = begin_record(writer, VFIO_MIG_SECTION, 0,
			     state_payload(section, state));
	put(writer, &head, sizeof(head));
	for (i = 0; i < section->nr_fields; i++)
		put_elements(writer, &section->fields[i], state);
	end_record(writer, start);
}

static bool field_valid(const struct vmig_field *field, const void *state)
{
	u64 max = vmig_element_max(field);
	u32 used = vmig_used(field, state);
	u32 i;

	if (used > field->count)
		return false;
	for (i = 0; field->max && i < used; i++)
		if (vmig_element(field, state, i) > max)
			return false;
	return true;
}

/* Whatever a destination would refuse is refused here already. */
static bool state_valid(const struct vmig_section *section, const void *state)
{
	unsigned int i;

	for (i = 0; i < section->nr_fields; i++)
		if (!field_valid(&section->fields[i], state))
			return false;
	return true;
}

/* What all sections come to, or 0 if one cannot be put. */
static u64 image_bytes(const struct vmig_desc *desc,
		       const struct vmig_image *image)
{
	const struct vmig_section *section;
	unsigned int i, nr;
	u64 bytes = 0;
	void *state;

	for (i = 0; i < desc->nr_sections; i++) {
		section = desc->sections[i];
		for (nr = 0; nr < section->instances; nr++) {
			state = vmig_state(image, section, nr);
			if (!state_valid(section, state))
				return 0;
			bytes += VMIG_RECORD_BYTES +
				 state_payload(section, state);
		}
	}
	return bytes;
}

/**
 * vmig_put_sections() - put the state apart from memory
 * @writer: the writer
 * @image: the state
 *
 * Return: 0; -EINVAL if it has an element beyond its &vmig_field.max, or counts
 * more of them than there are; -ENOMEM.
 */
int vmig_put_sections(struct vmig_writer *writer,
		      const struct vmig_image *image)
{
	const struct vmig_desc *desc = writer->desc;
	u64 bytes = image_bytes(desc, image);
	unsigned int i, nr;

	if (!bytes && desc->nr_sections)
		return -EINVAL;
	if (reserve(writer, bytes))
		return -ENOMEM;
	for (i = 0; i < desc->nr_sections; i++)
		for (nr = 0; nr < desc->sections[i]->instances; nr++)
			put_section(writer, desc->sections[i], nr,
				    vmig_state(image, desc->sections[i], nr));
	return 0;
}

/**
 * vmig_put_end() - put what a stream ends with
 * @writer: which nothing is put into any more
 *
 * Return: 0, or -ENOMEM.
 */
int vmig_put_end(struct vmig_writer *writer)
{
	struct vfio_mig_end end = {
		.records = cpu_to_le64(writer->records),
		.bytes = cpu_to_le64(writer->bytes),
		.crc = cpu_to_le32(writer->crc),
	};
	size_t start;

	if (reserve(writer, VMIG_END_BYTES))
		return -ENOMEM;
	start = begin_record(writer, VFIO_MIG_END, 0, sizeof(end));
	put(writer, &end, sizeof(end));
	end_record(writer, start);
	return 0;
}
