/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Models that have all a model can have, for testing the core.
 */
#ifndef _UNIT_GADGET_H
#define _UNIT_GADGET_H

#include "front.h"

#define GADGET_JOBS		3
#define GADGET_LOG		32

/**
 * struct gadget - private data
 * @job: jobs
 * @runs: which jobs were called since gadget_forget(), in order
 * @nr_runs: how many
 * @on_job: a test's own job @nr, or NULL
 * @test: for @on_job
 * @reads: calls of the read handler since gadget_forget()
 * @writes: calls of the write handler
 * @last: where the last of them was, in the BAR
 * @last_width: how wide
 * @last_value: what it wrote
 * @resets: calls of reset() since creation
 */
struct gadget {
	struct vdev_job job[GADGET_JOBS];
	unsigned int runs[GADGET_LOG];
	unsigned int nr_runs;
	void (*on_job)(struct vdev *vdev, unsigned int nr);
	void *test;
	unsigned int reads;
	unsigned int writes;
	u64 last;
	unsigned int last_width;
	u64 last_value;
	unsigned int resets;
};

/*
 * gadget-full	PCI Express, serial number, both vendor capabilities; INTx,
 *		MSI with 32 vectors, MSI-X with 64
 *		BAR0 64-bit prefetchable, 64 KiB, 8 at a time; memory at
 *		0x1000 +0x1000, 0x4000 +0x4000 and 0xf000 +0x1000
 *		BAR2 32-bit, 64 KiB, 4 at a time; table 0x1000, PBA 0x8000
 *		BAR3 32-bit prefetchable, 16 bytes, 1 at a time
 *		BAR4 64-bit, 1 GiB, 2 at a time; ROM of 3000 bytes
 * gadget-huge	PCI Express; MSI-X with 2048 vectors
 *		BAR1 64-bit, 64 KiB; table 0, PBA at its end
 * gadget-old	INTx, MSI with 8 vectors, MSI-X with 65; ROM of 1 byte
 *		BAR5 32-bit, 4 KiB, 8 at a time; table 8, PBA 0x800
 *		BAR1 32-bit, all of its 8 KiB memory
 */

/* BAR2 of gadget-full does what is written to it: */
#define GADGET_DOORBELL		0	/* queue a job */
#define GADGET_MESSAGE		4	/* send a message */
#define GADGET_LEVEL		8	/* the interrupt condition */

/* The devices' constants, as they are to be read. */
extern const u8 gadget_vendor_cap[5];
extern const u8 gadget_vendor_ext_cap[11];
extern u8 gadget_rom[3000];
#define GADGET_SERIAL		0x0123456789abcdefULL

struct gadget *gadget_of(struct front *front);
void gadget_forget(struct front *front);
void gadget_queue(struct front *front, unsigned int nr);

/* gadget-full, open, may be bus master and decodes memory. */
struct front *gadget_open(void);

#endif /* _UNIT_GADGET_H */
