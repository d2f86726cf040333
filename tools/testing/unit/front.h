/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A front for tests: a clock that stands still, eventfds that count, and a
 * sharp eye on how the core uses them.
 *
 * A trigger is an object of its own each time the core asks for one, so a
 * sanitizer sees its use after it was given back, and what is never given
 * back is missed at the end.
 */
#ifndef _UNIT_FRONT_H
#define _UNIT_FRONT_H

#include <linux/vdev.h>

#include "front_memory.h"

/* File descriptors of the user: some eventfds, and two that are none. */
#define EVENTFD(nr)	(10 + (nr))
#define NR_EVENTFDS	8
#define CLOSED_FD	100	/* -EBADF */
#define PLAIN_FILE_FD	101	/* -EINVAL */

/**
 * struct front - a device and what the front does for it
 * @vdev: the device
 * @now: the clock, in nanoseconds
 * @alarm: when vdev_alarm() is to be called, or %VDEV_TIME_NEVER
 * @unmask_fd: the eventfd that unmasks INTx, or -1
 * @unmask_drops: how often the core took it away
 * @signals: how often each eventfd was signalled, see front_signals()
 * @triggers: how many triggers the core holds
 * @kicks: how often the core asked for vdev_run_jobs()
 * @memory: device memory
 * @user: the user's memory
 */
struct front {
	struct vdev *vdev;
	u64 now;
	u64 alarm;
	int unmask_fd;
	unsigned int unmask_drops;
	unsigned int signals[NR_EVENTFDS];
	unsigned int triggers;
	unsigned int kicks;
	struct device_memory memory;
	struct user_memory user;
};

/* A new device of a type, "mtty-2", open; or of a model, not open. */
struct front *front_open(const char *type);
struct front *front_create(const struct vdev_family *family,
			   const struct vdev_model *model);
struct front *front_create_type(const char *type);

/* Its end. The core must have given back all it took. */
void front_close(struct front *front);
void front_destroy(struct front *front);

/* Time passes, and alarms go off when they are due. */
void front_advance(struct front *front, u64 ns);

/* The user's accesses. */
u64 front_read(struct front *front, unsigned int region, u32 offset,
	       unsigned int width);
void front_write(struct front *front, unsigned int region, u32 offset,
		 unsigned int width, u64 value);
u32 config_read(struct front *front, u32 offset, unsigned int width);
void config_write(struct front *front, u32 offset, unsigned int width,
		  u32 value);

/* The guest sets or clears bits of COMMAND. */
void command_set(struct front *front, u16 bits);
void command_clear(struct front *front, u16 bits);

/* The guest asks for power state D0 or D3hot. */
void power_state(struct front *front, unsigned int state);

/* VFIO_DEVICE_SET_IRQS, checked as the VFIO core checks it. */
int front_set_irqs(struct front *front, u32 flags, unsigned int index,
		   unsigned int start, unsigned int count, const void *data);

/* Bind @count interrupts of an index to @fds. */
int irq_bind_block(struct front *front, unsigned int index, unsigned int start,
		   unsigned int count, const s32 *fds);

/* Its usual forms, for the first interrupt of an index. */
int irq_bind(struct front *front, unsigned int index, int fd);
int irq_disable(struct front *front, unsigned int index);
int irq_loopback(struct front *front, unsigned int index);
int intx_mask(struct front *front);
int intx_unmask(struct front *front);
int intx_bind_unmask(struct front *front, int fd);

/* The user signals an eventfd: if it is bound to unmasking, INTx unmasks. */
void front_signal_unmask(struct front *front, int fd);

/* How often an eventfd was signalled since this was last asked. */
unsigned int front_signals(struct front *front, int fd);

/* What a model does: its interrupt condition holds or not; it has a message. */
void model_irq(struct front *front, bool asserted);
bool model_msi(struct front *front, unsigned int vector);

/* vdev_run_jobs(), if the core has asked for it since; says whether. */
bool front_run_jobs(struct front *front);

#endif /* _UNIT_FRONT_H */
