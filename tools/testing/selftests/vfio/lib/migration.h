/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The migration uAPI of a VFIO device (VFIO_DEVICE_FEATURE_MIGRATION and what
 * belongs to it), call by call. Every call returns -errno on failure.
 */
#ifndef VFIO_SELFTEST_MIGRATION_H
#define VFIO_SELFTEST_MIGRATION_H

#include <stdbool.h>
#include <sys/types.h>

#include <linux/types.h>
#include <linux/vfio.h>

#include "device.h"

/* Short names of the states, in the order of enum vfio_device_mig_state */
#define MIG_ERROR	VFIO_DEVICE_STATE_ERROR
#define MIG_STOP	VFIO_DEVICE_STATE_STOP
#define MIG_RUNNING	VFIO_DEVICE_STATE_RUNNING
#define MIG_STOP_COPY	VFIO_DEVICE_STATE_STOP_COPY
#define MIG_RESUMING	VFIO_DEVICE_STATE_RESUMING
#define MIG_RUNNING_P2P	VFIO_DEVICE_STATE_RUNNING_P2P
#define MIG_PRE_COPY	VFIO_DEVICE_STATE_PRE_COPY
#define MIG_PRE_COPY_P2P VFIO_DEVICE_STATE_PRE_COPY_P2P
#define MIG_STATES	8

/* What data_fd is before a call that has to set it. */
#define MIG_UNTOUCHED	(-4711)

const char *mig_state_name(unsigned int state);

/* VFIO_MIGRATION_* of the device; -ENOTTY if it cannot migrate. */
int mig_flags(struct vfio_dev *dev, __u64 *flags);

/* Whether a device with these flags has the state; never of MIG_ERROR. */
bool mig_has_state(__u64 flags, unsigned int state);

/* *fd is what the device said, also when it fails. */
int mig_set_state(struct vfio_dev *dev, __u32 state, int *fd);
/* The state. That data_fd is -1 is checked: -EBADFD if not. */
int mig_get_state(struct vfio_dev *dev);
/* VFIO_DEVICE_FEATURE_MIG_DATA_SIZE */
int mig_data_size(struct vfio_dev *dev, __u64 *size);
/* VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2 */
int mig_precopy_v2(struct vfio_dev *dev);
/* VFIO_MIG_GET_PRECOPY_INFO; fills in argsz, and poisons the rest. */
int mig_precopy_info(int fd, struct vfio_precopy_info *info);

/*
 * For steps that are taken for granted: to a state, with the file that this
 * made, or -1. mig_to() is for arcs that make none, or one nobody wants.
 */
int mig_enter(struct vfio_dev *dev, __u32 state);
void mig_to(struct vfio_dev *dev, __u32 state);

/* Bytes on the way from one device to another; { } is an empty one. */
struct mig_stream {
	__u8 *data;
	size_t len;
	size_t room;
};

void mig_stream_append(struct mig_stream *stream, const void *data, size_t len);
void mig_stream_copy(struct mig_stream *stream, const struct mig_stream *from);
bool mig_stream_equal(const struct mig_stream *one,
		      const struct mig_stream *other);
void mig_stream_free(struct mig_stream *stream);

/*
 * Append what can be read, @chunk bytes at a time: 0 at the end of the stream,
 * -ENOMSG at the temporary end, or another error.
 */
int mig_read(int fd, struct mig_stream *stream, size_t chunk);
/*
 * Waits until there is something to be read; or the session is over. False if
 * nobody woke it: poll() that has waited in vain looks once more, and that does
 * not count.
 */
bool mig_poll(int fd);
/* Write, @chunk bytes at a time; 0 if all was taken. */
int mig_write(int fd, const void *data, size_t len, size_t chunk);

#define MIG_CHUNK 0x100000

/* Stops a device and takes its state; it is in STOP_COPY, *fd still open. */
void mig_save_open(struct vfio_dev *dev, struct mig_stream *stream, int *fd);
/* The same, from any state where it may; then the device is in STOP. */
void mig_save(struct vfio_dev *dev, struct mig_stream *stream);

/*
 * Loads a stream into a device that may be in any state, which then is in STOP.
 * 0; or the error of the first write() that failed or of the arc to STOP.
 */
int mig_load(struct vfio_dev *dev, const struct mig_stream *stream);

/* From one device to another that must take it; both are in STOP then. */
void mig_move(struct vfio_dev *dev, struct vfio_dev *dest);

/* To RESUMING, and all of the stream that the device takes; then its file. */
int mig_load_open(struct vfio_dev *dev, const struct mig_stream *stream);

#endif
