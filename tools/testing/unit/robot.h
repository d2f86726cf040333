/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver of a device that migrates, and a front for it: what the engine calls,
 * and in which order.
 *
 * Each hook looks whether it may be called now.
 */
#ifndef _UNIT_ROBOT_H
#define _UNIT_ROBOT_H

#include <linux/types.h>
#include <linux/vmig.h>

#include "../../../drivers/vfio/vmig/engine.h"

#define ROBOT_ARM		3	/* areas, and their pages */
#define ROBOT_ARM_PAGES		4
#define ROBOT_LEG		9
#define ROBOT_LEG_PAGES		40
#define ROBOT_PAGES		(ROBOT_ARM_PAGES + ROBOT_LEG_PAGES)

/* All that it can do */
#define ROBOT_ALL	(VMIG_CAN_STOP_COPY | VMIG_CAN_P2P | VMIG_CAN_PRE_COPY)

/* Most bytes of a stream of it */
#define ROBOT_STREAM		(ROBOT_PAGES * 4 * 4200 + 8192)

struct robot_state {
	u32 steps;
	u8 mood;
};

/**
 * struct robot - a device, its driver and its front
 * @vmig: what is tested
 * @ops: hooks, those of the robot unless a case changed them
 * @desc: with or without memory
 * @front: of the robot, unless a case changed it
 * @state: what migrates
 * @memory: likewise
 * @written: which pages count as written
 * @staged: memory that is being loaded
 * @tracking: writes are noted
 * @quiescent: as the hooks have it
 * @stopped: likewise
 * @log: a letter for each hook that was called: q u s r, S save, C load_check,
 *	L load_commit, t T track
 * @fail: fail when @log has so many letters; 0 is never
 * @fail_again: and again
 * @error: how it fails
 * @breaks: and takes the device with it
 * @arcs: what was traced, "RUNNING>STOP " and so on
 * @file: the session that has a file, or NULL
 * @files: how many sessions have one
 * @ends: how many sessions were told to be over
 * @kicks: how often a reset was to be looked after
 * @news: how often there was news
 * @v2: the user knows of initial bytes that grow
 * @no_file: what the front answers instead of making one
 */
struct robot {
	struct vmig vmig;
	struct vmig_ops ops;
	struct vmig_desc desc;
	struct vmig_front front;
	struct robot_state state;
	u8 memory[ROBOT_PAGES][4096];
	bool written[ROBOT_PAGES];
	u8 staged[ROBOT_PAGES][4096];
	bool tracking;
	bool quiescent;
	bool stopped;
	char log[64];
	unsigned int fail;
	unsigned int fail_again;
	int error;
	bool breaks;
	char arcs[256];
	struct vmig_session *file;
	unsigned int files;
	unsigned int ends;
	unsigned int kicks;
	unsigned int news;
	bool v2;
	int no_file;
};

struct robot *robot_create(u32 flags, bool memory);
void robot_destroy(struct robot *robot);

/* Any state and memory, some of it zero. */
void robot_live(struct robot *robot);
void robot_write_page(struct robot *robot, unsigned int page, u8 byte);
bool robot_same(const struct robot *a, const struct robot *b);
/* As after power-on, which is how a destination begins. */
void robot_blank(struct robot *robot);

/* vmig_set_state(), as the VFIO core would: @file is what it made, if any. */
int robot_set(struct robot *robot, u32 state);
/* It has to work. */
void robot_go(struct robot *robot, u32 state);
void robot_close_file(struct robot *robot);

ssize_t robot_read(struct robot *robot, void *buf, size_t len);
ssize_t robot_write(struct robot *robot, const void *buf, size_t len);
/* All there is, in pieces of @chunk; fails unless it ends with @end. */
size_t robot_drain(struct robot *robot, void *buf, size_t chunk, ssize_t end);
/* From RUNNING, by STOP_COPY: the stream; and to RUNNING again. */
size_t robot_save(struct robot *robot, u8 *stream);
/* Into RESUMING, in pieces of @chunk. */
void robot_load(struct robot *robot, const u8 *stream, size_t len,
		size_t chunk);

/* The log since the last call. */
const char *robot_log(struct robot *robot);
/* The sentence behind the last refusal. */
const char *robot_reason(struct robot *robot);

#endif /* _UNIT_ROBOT_H */
