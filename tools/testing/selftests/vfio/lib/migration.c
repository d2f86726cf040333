// SPDX-License-Identifier: GPL-2.0-only
#include "migration.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "must.h"

/* MIG_DATA_SIZE and MIG_PRECOPY_INFOv2, which older headers have not */
#define DATA_SIZE	9
#define PRECOPY_INFO_V2	12

/* Only failing tests wait for as long as that. */
#define POLL_MS 5000

/* A feature and its payload, of at most 16 bytes. */
union request {
	struct vfio_device_feature head;
	__u8 bytes[sizeof(struct vfio_device_feature) + 16];
};

static int feature(struct vfio_dev *dev, __u32 flags, void *payload, size_t len)
{
	union request request = {
		.head.argsz = sizeof(request.head) + len,
		.head.flags = flags,
	};
	int ret;

	memcpy(request.head.data, payload, len);
	ret = dev_feature(dev, &request.head);
	memcpy(payload, request.head.data, len);
	return ret;
}

const char *mig_state_name(unsigned int state)
{
	static const char * const names[MIG_STATES] = {
		[MIG_ERROR] = "ERROR",
		[MIG_STOP] = "STOP",
		[MIG_RUNNING] = "RUNNING",
		[MIG_STOP_COPY] = "STOP_COPY",
		[MIG_RESUMING] = "RESUMING",
		[MIG_RUNNING_P2P] = "RUNNING_P2P",
		[MIG_PRE_COPY] = "PRE_COPY",
		[MIG_PRE_COPY_P2P] = "PRE_COPY_P2P",
	};

	return state < MIG_STATES ? names[state] : "no state";
}

int mig_flags(struct vfio_dev *dev, __u64 *flags)
{
	*flags = 0;
	return feature(dev, VFIO_DEVICE_FEATURE_GET |
			    VFIO_DEVICE_FEATURE_MIGRATION,
		       flags, sizeof(*flags));
}

bool mig_has_state(__u64 flags, unsigned int state)
{
	switch (state) {
	case MIG_STOP:
	case MIG_RUNNING:
	case MIG_STOP_COPY:
	case MIG_RESUMING:
		return flags & VFIO_MIGRATION_STOP_COPY;
	case MIG_RUNNING_P2P:
		return flags & VFIO_MIGRATION_P2P;
	case MIG_PRE_COPY:
		return flags & VFIO_MIGRATION_PRE_COPY;
	case MIG_PRE_COPY_P2P:
		return flags & VFIO_MIGRATION_P2P &&
		       flags & VFIO_MIGRATION_PRE_COPY;
	default:
		return false;
	}
}

int mig_set_state(struct vfio_dev *dev, __u32 state, int *fd)
{
	struct vfio_device_feature_mig_state mig = {
		.device_state = state,
		.data_fd = MIG_UNTOUCHED,
	};
	int ret = feature(dev, VFIO_DEVICE_FEATURE_SET |
			       VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
			  &mig, sizeof(mig));

	*fd = mig.data_fd;
	return ret;
}

int mig_get_state(struct vfio_dev *dev)
{
	struct vfio_device_feature_mig_state mig = {
		.device_state = ~0U,
		.data_fd = MIG_UNTOUCHED,
	};
	int ret = feature(dev, VFIO_DEVICE_FEATURE_GET |
			       VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
			  &mig, sizeof(mig));

	if (ret)
		return ret;
	return mig.data_fd == -1 ? (int)mig.device_state : -EBADFD;
}

int mig_data_size(struct vfio_dev *dev, __u64 *size)
{
	*size = 0;
	return feature(dev, VFIO_DEVICE_FEATURE_GET | DATA_SIZE, size,
		       sizeof(*size));
}

int mig_precopy_v2(struct vfio_dev *dev)
{
	return feature(dev, VFIO_DEVICE_FEATURE_SET | PRECOPY_INFO_V2, NULL, 0);
}

int mig_precopy_info(int fd, struct vfio_precopy_info *info)
{
	memset(info, 0xa5, sizeof(*info));
	info->argsz = sizeof(*info);
	return ioctl(fd, VFIO_MIG_GET_PRECOPY_INFO, info) ? -errno : 0;
}

int mig_enter(struct vfio_dev *dev, __u32 state)
{
	int from = mig_get_state(dev);
	int fd, ret;

	ret = mig_set_state(dev, state, &fd);
	must(!ret, "%s to %s: %d", mig_state_name(from), mig_state_name(state),
	     ret);
	return fd;
}

void mig_to(struct vfio_dev *dev, __u32 state)
{
	int fd = mig_enter(dev, state);

	if (fd >= 0)
		close(fd);
}

void mig_stream_append(struct mig_stream *stream, const void *data, size_t len)
{
	if (stream->room - stream->len < len) {
		stream->room = 2 * (stream->len + len);
		stream->data = realloc(stream->data, stream->room);
		must(stream->data, "%zu bytes of memory", stream->room);
	}
	memcpy(stream->data + stream->len, data, len);
	stream->len += len;
}

void mig_stream_copy(struct mig_stream *stream, const struct mig_stream *from)
{
	stream->len = 0;
	mig_stream_append(stream, from->data, from->len);
}

bool mig_stream_equal(const struct mig_stream *one,
		      const struct mig_stream *other)
{
	return one->len == other->len &&
	       !memcmp(one->data, other->data, one->len);
}

void mig_stream_free(struct mig_stream *stream)
{
	free(stream->data);
	memset(stream, 0, sizeof(*stream));
}

int mig_read(int fd, struct mig_stream *stream, size_t chunk)
{
	void *buf = malloc(chunk);
	ssize_t len;

	must(buf, "%zu bytes of memory", chunk);
	do {
		len = read(fd, buf, chunk);
		if (len > 0)
			mig_stream_append(stream, buf, len);
	} while (len > 0);
	free(buf);
	return len ? -errno : 0;
}

bool mig_poll(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	__u64 start = clock_ns();

	return poll(&pfd, 1, POLL_MS) == 1 &&
	       clock_ns() - start < POLL_MS * MS_NS;
}

int mig_write(int fd, const void *data, size_t len, size_t chunk)
{
	const __u8 *bytes = data;
	ssize_t done;

	while (len) {
		done = write(fd, bytes, len < chunk ? len : chunk);
		if (done < 0)
			return -errno;
		if (!done)
			return -EIO;
		bytes += done;
		len -= done;
	}
	return 0;
}

void mig_save_open(struct vfio_dev *dev, struct mig_stream *stream, int *fd)
{
	int ret;

	*fd = mig_enter(dev, MIG_STOP_COPY);
	must(*fd >= 0, "STOP_COPY makes no file");
	ret = mig_read(*fd, stream, MIG_CHUNK);
	must(!ret, "saving: %d", ret);
}

void mig_save(struct vfio_dev *dev, struct mig_stream *stream)
{
	int fd;

	mig_save_open(dev, stream, &fd);
	mig_to(dev, MIG_STOP);
	close(fd);
}

int mig_load_open(struct vfio_dev *dev, const struct mig_stream *stream)
{
	int fd = mig_enter(dev, MIG_RESUMING);
	int ret;

	must(fd >= 0, "RESUMING makes no file");
	ret = mig_write(fd, stream->data, stream->len, MIG_CHUNK);
	must(!ret, "loading: %d", ret);
	return fd;
}

int mig_load(struct vfio_dev *dev, const struct mig_stream *stream)
{
	int fd = mig_enter(dev, MIG_RESUMING);
	int ret, none;

	must(fd >= 0, "RESUMING makes no file");
	ret = mig_write(fd, stream->data, stream->len, MIG_CHUNK);
	if (!ret)
		ret = mig_set_state(dev, MIG_STOP, &none);
	close(fd);
	return ret;
}

void mig_move(struct vfio_dev *dev, struct vfio_dev *dest)
{
	struct mig_stream stream = { };
	int ret;

	mig_save(dev, &stream);
	ret = mig_load(dest, &stream);
	must(!ret, "loading: %d", ret);
	mig_stream_free(&stream);
}
