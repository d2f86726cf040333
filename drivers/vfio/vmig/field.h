/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The elements of a field: in a section's C struct, and in the stream.
 *
 * The field is one that vmig_check_desc() accepted.
 */
#ifndef _VMIG_FIELD_H
#define _VMIG_FIELD_H

#include <linux/types.h>
#include <linux/vmig.h>

/* Bytes of an element, here and there; 0 of a type that does not exist. */
u32 vmig_element_size(u8 type);

/* Largest value that an element may have. */
u64 vmig_element_max(const struct vmig_field *field);

u64 vmig_element(const struct vmig_field *field, const void *state, u32 index);
void vmig_set_element(const struct vmig_field *field, void *state, u32 index,
		      u64 value);

/* How many elements are in use; of a driver's own state maybe too many. */
u32 vmig_used(const struct vmig_field *field, const void *state);
void vmig_set_used(const struct vmig_field *field, void *state, u32 used);

/* Are the elements bytes one after the other, each of any value? */
bool vmig_is_plain(const struct vmig_field *field);

/* An element of @size bytes as the stream has it. */
u64 vmig_stream_element(const u8 *from, u32 size);
void vmig_set_stream_element(u8 *to, u32 size, u64 value);

#endif /* _VMIG_FIELD_H */
