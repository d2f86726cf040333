/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Models made for testing the core: they write down what it asks of them.
 */
#ifndef _UNIT_TOY_H
#define _UNIT_TOY_H

#include "front.h"

#define TOY_TIMERS		4
#define TOY_LOG			64

/* One call of a read or write handler. */
struct toy_access {
	bool write;
	unsigned int bar;
	u64 offset;
	unsigned int width;
	u64 value;
};

/* One call of a timer. */
struct toy_shot {
	unsigned int timer;
	u64 when;
};

/**
 * struct toy - private data
 * @accesses: accesses to BARs since toy_forget()
 * @nr_accesses: how many
 * @shots: calls of timers since toy_forget()
 * @nr_shots: how many
 * @resets: calls of reset() since creation
 * @timer: timers
 * @on_timer: a test's own reaction to timer @nr, or NULL
 */
struct toy {
	struct toy_access accesses[TOY_LOG];
	unsigned int nr_accesses;
	struct toy_shot shots[TOY_LOG];
	unsigned int nr_shots;
	unsigned int resets;
	struct vdev_timer timer[TOY_TIMERS];
	void (*on_timer)(struct vdev *vdev, unsigned int nr);
};

/**
 * struct toy_plan - what the next device shall do, and what devices did
 * @init_error: what init() returns
 * @assert_in_reset: reset() leaves the interrupt condition high
 * @set_timer_in_reset: reset() sets timer 0 to 1000 ns
 * @cancel_in_release: release() cancels a timer, as it may under the lock
 * @released: calls of release()
 */
struct toy_plan {
	int init_error;
	bool assert_in_reset;
	bool set_timer_in_reset;
	bool cancel_in_release;
	unsigned int released;
};

extern struct toy_plan toy_plan;

/* Parameters: "size" small medium large; "colour" red green. */
enum { TOY_SIZE, TOY_COLOUR };
enum { TOY_SMALL, TOY_MEDIUM, TOY_LARGE };
enum { TOY_RED, TOY_GREEN };

/*
 * What each byte of a BAR reads as. A handler returns rubbish above the bytes
 * it was asked for.
 */
u8 toy_byte(unsigned int bar, u64 offset);

struct toy *toy_of(struct front *front);
void toy_forget(struct front *front);
void toy_timer_set(struct front *front, unsigned int nr, u64 delay);
void toy_timer_cancel(struct front *front, unsigned int nr);

/*
 * toy-mem	BAR2 memory 4096 bytes, 4 at a time; INTx, MSI
 * toy-nomsi	BAR0 I/O 256 bytes, 2 at a time; INTx
 * toy-nointx	BAR5 memory 16 bytes, 8 at a time; MSI
 * toy-six	BARs of both kinds and all widths; no interrupts
 * toy-bare	nothing but configuration space
 * plain-1	as toy-mem; no optional operations, parameters or private data
 */

#endif /* _UNIT_TOY_H */
