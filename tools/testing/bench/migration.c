// SPDX-License-Identifier: GPL-2.0-only
/*
 * See migration.h.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "card.h"
#include "migration.h"

struct stream *new_stream(void)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		err(EXIT_FAILURE, "a stream");
	stream->fd = -1;
	return stream;
}

void close_data(struct stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}

void set_state(struct card *card, struct stream *stream, unsigned int state)
{
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_feature_mig_state mig;
	} arg = {
		.feature = {
			.argsz = sizeof(arg),
			.flags = VFIO_DEVICE_FEATURE_SET |
				 VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
		},
		.mig = {
			.device_state = state,
			.data_fd = -1,
		},
	};

	if (ioctl(card->fd, VFIO_DEVICE_FEATURE, &arg))
		err(EXIT_FAILURE, "migration state %u", state);
	if (arg.mig.data_fd < 0)
		return;
	close_data(stream);
	stream->fd = arg.mig.data_fd;
}

void save_state(struct card *card, struct stream *stream)
{
	ssize_t got;

	set_state(card, stream, VFIO_DEVICE_STATE_STOP_COPY);
	stream->len = 0;
	do {
		got = read(stream->fd, stream->data + stream->len,
			   MAX_STREAM - stream->len);
		if (got < 0)
			err(EXIT_FAILURE, "reading a state");
		stream->len += got;
	} while (got);
	if (stream->len == MAX_STREAM)
		errx(EXIT_FAILURE, "a state of %zu bytes or more", stream->len);
	set_state(card, stream, VFIO_DEVICE_STATE_STOP);
}

void restore_state(struct card *card, struct stream *stream)
{
	size_t done = 0;
	ssize_t put;

	set_state(card, stream, VFIO_DEVICE_STATE_RESUMING);
	while (done < stream->len) {
		put = write(stream->fd, stream->data + done,
			    stream->len - done);
		if (put <= 0)
			err(EXIT_FAILURE, "writing a state");
		done += put;
	}
	set_state(card, stream, VFIO_DEVICE_STATE_STOP);
}

void leave_migration(struct card *card, struct stream *stream)
{
	set_state(card, stream, VFIO_DEVICE_STATE_RUNNING);
	close_data(stream);
}
