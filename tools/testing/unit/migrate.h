/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices whose state is saved and loaded, as a stream and in the order in which
 * the engine does it.
 */
#ifndef _UNIT_MIGRATE_H
#define _UNIT_MIGRATE_H

#include "../../../drivers/vfio/vmig/stream.h"
#include "front.h"

/**
 * struct stream - the state of a device
 * @data: its bytes, for free()
 * @size: how many
 */
struct stream {
	u8 *data;
	size_t size;
};

/* The state of a device that is stopped. */
struct stream front_save(struct front *front);
/* The same of any device, which is then as it was. */
struct stream front_snapshot(struct front *front);

/*
 * A device that is stopped takes in a stream, or refuses it: 0, or a negative
 * errno and why in @reason, of VMIG_REASON_SIZE bytes.
 */
int front_load(struct front *front, const struct stream *stream, char *reason);

/* An open device of the same type and parameters, at the same time of day. */
struct front *front_twin(struct front *front);

/*
 * A device goes on as another: stopped, saved, closed, and in its place a twin
 * that has its state, is bound to nothing, and runs. The user's memory and
 * counts of signals are the twin's too.
 */
struct front *front_migrate(struct front *front);

void expect_same_stream(const struct stream *got, const struct stream *want);

#endif /* _UNIT_MIGRATE_H */
