/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The elements of a field: in a section's C struct, and in the stream.
 *
 * The field is one that vmig_check_desc() accepted. All inline: a small state
 * is little else than these, a few hundred times.
 */
#ifndef _VMIG_FIELD_H
#define _VMIG_FIELD_H

#include <asm/byteorder.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/vmig.h>

/* Bytes of an element, here and there; 0 of a type that does not exist. */
static inline u32 vmig_element_size(u8 type)
{
	if (type >= VMIG_U8 && type <= VMIG_U64)
		return 1 << (type - VMIG_U8);
	return type == VMIG_BOOL || type == VMIG_BYTES;
}

/* Largest value that an element may have. */
static inline u64 vmig_element_max(const struct vmig_field *field)
{
	if (field->max)
		return field->max;
	if (field->type == VMIG_BOOL)
		return 1;
	return U64_MAX >> (64 - 8 * vmig_element_size(field->type));
}

static inline u64 vmig_element(const struct vmig_field *field,
			       const void *state, u32 index)
{
	const void *at = state + field->offset + (size_t)field->stride * index;

	switch (field->type) {
	case VMIG_BOOL:
		return *(const bool *)at;
	case VMIG_U16:
		return *(const u16 *)at;
	case VMIG_U32:
		return *(const u32 *)at;
	case VMIG_U64:
		return *(const u64 *)at;
	default:
		return *(const u8 *)at;
	}
}

static inline void vmig_set_element(const struct vmig_field *field, void *state,
				    u32 index, u64 value)
{
	void *at = state + field->offset + (size_t)field->stride * index;

	switch (field->type) {
	case VMIG_BOOL:
		*(bool *)at = value;
		break;
	case VMIG_U16:
		*(u16 *)at = value;
		break;
	case VMIG_U32:
		*(u32 *)at = value;
		break;
	case VMIG_U64:
		*(u64 *)at = value;
		break;
	default:
		*(u8 *)at = value;
	}
}

/* How many elements are in use; of a driver's own state maybe too many. */
static inline u32 vmig_used(const struct vmig_field *field, const void *state)
{
	if (field->used == VMIG_ALL)
		return field->count;
	return *(const u32 *)(state + field->used);
}

static inline void vmig_set_used(const struct vmig_field *field, void *state,
				 u32 used)
{
	if (field->used != VMIG_ALL)
		*(u32 *)(state + field->used) = used;
}

/* Are the elements bytes one after the other, each of any value? */
static inline bool vmig_is_plain(const struct vmig_field *field)
{
	return field->stride == 1 &&
	       (field->type == VMIG_U8 || field->type == VMIG_BYTES) &&
	       (!field->max || field->max == U8_MAX);
}

/* An element of @size bytes as the stream has it. */
static inline u64 vmig_stream_element(const u8 *from, u32 size)
{
	__le64 le64;
	__le32 le32;
	__le16 le16;

	switch (size) {
	case 1:
		return *from;
	case 2:
		memcpy(&le16, from, sizeof(le16));
		return le16_to_cpu(le16);
	case 4:
		memcpy(&le32, from, sizeof(le32));
		return le32_to_cpu(le32);
	default:
		memcpy(&le64, from, sizeof(le64));
		return le64_to_cpu(le64);
	}
}

static inline void vmig_set_stream_element(u8 *to, u32 size, u64 value)
{
	__le64 le64 = cpu_to_le64(value);
	__le32 le32 = cpu_to_le32(value);
	__le16 le16 = cpu_to_le16(value);

	switch (size) {
	case 1:
		*to = value;
		break;
	case 2:
		memcpy(to, &le16, sizeof(le16));
		break;
	case 4:
		memcpy(to, &le32, sizeof(le32));
		break;
	default:
		memcpy(to, &le64, sizeof(le64));
	}
}

#endif /* _VMIG_FIELD_H */
