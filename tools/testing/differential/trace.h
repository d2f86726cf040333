/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trace: what a user does to a device, step by step. It is made from a seed
 * and nothing else, so that two devices can be given the same one.
 *
 * What a device answers must not depend on when a step comes. So no time that a
 * trace sets is short enough to be over while the trace runs, but for those
 * that a step waits for at once (STEP_SETTLE, STEP_WAIT).
 */
#ifndef DIFFERENTIAL_TRACE_H
#define DIFFERENTIAL_TRACE_H

#include <stdbool.h>

#include <linux/types.h>

#define TRACE_DATA	64		/* bytes of one access, at most */
#define TRACE_EVENTS	6		/* eventfds */
#define TRACE_UNMASK	4		/* the first of those that unmask */
#define TRACE_NO_EVENT	0xff		/* the descriptor -1 */
#define TRACE_IOVA	0x40000000ULL	/* of the memory for DMA */
#define TRACE_MEMORY	0x8000		/* its size */

enum step_kind {
	STEP_READ,	/* @len bytes of @region from @offset */
	STEP_WRITE,	/* @data */
	STEP_SET_IRQS,
	STEP_RESET,
	STEP_REOPEN,	/* close it, and open it as the next user would */
	STEP_SEND,	/* signal event @offset */
	STEP_SETTLE,	/* let what may take @offset half milliseconds happen */
	STEP_FILL,	/* the memory for DMA, with something made of @offset */
	STEP_MEMORY,	/* what is in it */
	STEP_WAIT,	/* for the end of vdev_test's transfer */
};

/* For STEP_SET_IRQS, @data is bools, or numbers of events. */
struct step {
	enum step_kind kind;
	unsigned int region;
	__u64 offset;
	unsigned int len;
	__u32 flags;
	__u32 index;
	__u32 start;
	__u32 count;
	__u8 data[TRACE_DATA];
};

struct trace {
	__u64 random;
	const struct trace_model *model;
	unsigned int nr;
	unsigned int room;
	struct step *steps;
};

/**
 * struct trace_model - what traces of a device are made of
 * @name: as the device's type is called
 * @config_size: of its configuration space
 * @pm: where its power management capability is
 * @command: bits of COMMAND that its BARs want
 * @vectors: at most so many messages are bound at once
 * @memory: whether it does DMA
 * @settle: steps that follow power-on, or NULL
 * @raise: has the device want to interrupt
 * @some: adds a few steps of its own
 */
struct trace_model {
	const char *name;
	unsigned int config_size;
	unsigned int pm;
	__u16 command;
	unsigned int vectors;
	bool memory;
	void (*settle)(struct trace *trace);
	void (*raise)(struct trace *trace);
	void (*some)(struct trace *trace);
};

extern const struct trace_model trace_models[];
const struct trace_model *trace_find_model(const char *name);

/* At least @steps steps for @model; trace_free() takes them back. */
void trace_make(struct trace *trace, const struct trace_model *model,
		__u64 seed, unsigned int steps);
void trace_free(struct trace *trace);

/* What models make their steps with */
__u32 trace_random(struct trace *trace);
__u32 trace_below(struct trace *trace, __u32 end);
__u32 trace_value(struct trace *trace);	/* often at the edge of something */
struct step *trace_add(struct trace *trace, enum step_kind kind,
		       __u64 offset);
void trace_read(struct trace *trace, unsigned int region, __u64 offset,
		unsigned int len);
/* The low @len bytes of @value, or those of @value again and again. */
struct step *trace_write(struct trace *trace, unsigned int region,
			 __u64 offset, unsigned int len, __u64 value);
/* Has the device answer, and send messages if @master. */
void trace_enable(struct trace *trace, bool master);

/* Models */
void trace_mtty_settle(struct trace *trace);
void trace_mtty_raise(struct trace *trace);
void trace_mtty(struct trace *trace);
void trace_vdev_test_raise(struct trace *trace);
void trace_vdev_test(struct trace *trace);

#endif
