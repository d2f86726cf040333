/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device that has one of everything a table can declare: two lamps, a meter,
 * and memory. It exists on paper only; there is its state, and where a reader
 * stages its memory.
 */
#ifndef _UNIT_LAMP_H
#define _UNIT_LAMP_H

#include <linux/types.h>
#include <linux/vmig.h>

#include "../../../drivers/vfio/vmig/stream.h"

#define LAMP_FRAME		2	/* areas */
#define LAMP_STORE		5
#define LAMP_FRAME_SIZE		0x4000U
#define LAMP_STORE_SIZE		0x30000U

struct lamp_ray {
	u8 colour;
	u32 length;
};

/* Some of it does not migrate. */
struct lamp {
	bool on;
	u8 level;
	u16 angle;
	void *socket;
	u32 hours;
	u64 serial;
	u8 key[7];
	u16 steps[3];
	u32 nr_queue;
	u16 queue[5];
	u32 note_length;
	u8 note[40];
	bool switches[4];
	struct lamp_ray rays[3];
	u8 dimmer;
};

struct lamp_meter {
	u64 watts;
	u32 peak[2];
};

extern const struct vmig_section lamp_section;
extern const struct vmig_section lamp_meter_section;
extern const struct vmig_desc lamp_desc;

/* Where a reader stages memory. */
struct lamp_memory {
	u8 frame[LAMP_FRAME_SIZE];
	u8 store[LAMP_STORE_SIZE];
	unsigned int stagings;
	unsigned int unstagings;
	int error;		/* what staging answers */
};

/* For @memory, which is zero, or what another sink has left. */
struct vmig_sink lamp_sink(struct lamp_memory *memory);

/* Any memory: about half of its pages are zero. */
void lamp_random_memory(struct lamp_memory *memory);

/* Any state that the tables allow. */
void random_image(struct vmig_image *image, const struct vmig_desc *desc);

/* Fails unless all fields are the same in both. */
void expect_same_image(const struct vmig_desc *desc,
		       const struct vmig_image *got,
		       const struct vmig_image *want);

#endif /* _UNIT_LAMP_H */
