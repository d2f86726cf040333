// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The elements of a field. See field.h.
 */
#include <asm/byteorder.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "field.h"

u32 vmig_element_size(u8 type)
{
	switch (type) {
	case VMIG_U8:
	case VMIG_BOOL:
	case VMIG_BYTES:
		return 1;
	case VMIG_U16:
		return 2;
	case VMIG_U32:
		return 4;
	case VMIG_U64:
		return 8;
	default:
		return 0;
	}
}

/* Largest value of the type, whatever the field accepts. */
static u64 largest_of(u8 type)
{
	if (type == VMIG_BOOL)
		return 1;
	return U64_MAX >> (64 - 8 * vmig_element_size(type));
}

u64 vmig_element_max(const struct vmig_field *field)
{
	return field->max ? field->max : largest_of(field->type);
}

bool vmig_is_plain(const struct vmig_field *field)
{
	return field->stride == 1 && vmig_element_max(field) == U8_MAX;
}

u64 vmig_element(const struct vmig_field *field, const void *state, u32 index)
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

void vmig_set_element(const struct vmig_field *field, void *state, u32 index,
		      u64 value)
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

u32 vmig_used(const struct vmig_field *field, const void *state)
{
	if (field->used == VMIG_ALL)
		return field->count;
	return *(const u32 *)(state + field->used);
}

void vmig_set_used(const struct vmig_field *field, void *state, u32 used)
{
	if (field->used != VMIG_ALL)
		*(u32 *)(state + field->used) = used;
}

u64 vmig_stream_element(const u8 *from, u32 size)
{
	__le64 value = 0;

	memcpy(&value, from, size);
	return le64_to_cpu(value);
}

void vmig_set_stream_element(u8 *to, u32 size, u64 value)
{
	__le64 le = cpu_to_le64(value);

	memcpy(to, &le, size);
}
