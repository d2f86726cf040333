/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One state of the lamps, and the stream that it must come to, by hand.
 */
#ifndef _UNIT_HAND_H
#define _UNIT_HAND_H

#include "forge.h"
#include "lamp.h"

/* The state, in an image that is zero. */
void hand_fill(struct vmig_image *image);

/* Header and identity. */
void hand_begin(struct forge *forge);
void hand_schemas(struct forge *forge);

/* A lamp: the record's beginning, a field of it, or all of it. */
void hand_lamp_begin(struct forge *forge, u16 version, u16 instance);
void hand_lamp_field(struct forge *forge, u16 instance, u16 id);
void hand_lamp(struct forge *forge, u16 instance);
/* All of it but one field. */
void hand_lamp_without(struct forge *forge, u16 instance, u16 id);

void hand_meter(struct forge *forge);
void hand_sections(struct forge *forge);

/* A page all of whose bytes are @fill; or @length bytes that are zero. */
void hand_page(struct forge *forge, u16 area, u64 offset, u8 fill);
void hand_zero(struct forge *forge, u16 area, u64 offset, u32 length);

#endif /* _UNIT_HAND_H */
