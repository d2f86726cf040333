// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data file of a migration (linux/vfio.h, VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE
 * and VFIO_MIG_GET_PRECOPY_INFO): what it lets its user do, and when it ends.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "lib/crew.h"
#include "lib/mig_device.h"
#include "lib/must.h"
#include "lib/random.h"

/* No device here has more. */
#define STREAM_MAX 0x40000000

FIXTURE(file)
{
	struct mig_device mig;
	struct vfio_dev *dev;
	struct mig_stream whole;
	void *nowhere;		/* an address that cannot be accessed */
};

FIXTURE_VARIANT(file)
{
	enum mig_kind kind;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(file, subject_container)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(file, subject_iommufd)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(file, testdev)
{
	.kind = MIG_TESTDEV, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(file)
{
	int ret = mig_device_open(&self->mig, variant->kind, 0, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->mig.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->mig.dev;
	mig_dress(&self->mig, 5);
	mig_save(self->dev, &self->whole);
	mig_to(self->dev, MIG_RUNNING);
	self->nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	ASSERT_NE(MAP_FAILED, self->nowhere);
	random_seed();
}

FIXTURE_TEARDOWN(file)
{
	munmap(self->nowhere, 4096);
	mig_stream_free(&self->whole);
	mig_device_close(&self->mig);
}

static bool has(const struct mig_device *mig, unsigned int state)
{
	return mig_has_state(mig->flags, state);
}

/* poll() at once; what it says, without what was not asked for. */
static short poll_now(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&pfd, 1, 0) < 0 ? -errno : pfd.revents;
}

/* A saving file is for read() only, and from where the last one ended. */
TEST_F(file, saving_modes)
{
	struct iovec vec[2];
	char buf[16];
	int fd = mig_enter(self->dev, MIG_STOP_COPY);

	EXPECT_EQ(-1, write(fd, buf, 1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pread(fd, buf, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, ioctl(fd, _IO(';', 99), 0));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(0, read(fd, buf, 0));
	/* none of which took anything away */
	vec[0].iov_base = buf;
	vec[0].iov_len = 3;
	vec[1].iov_base = buf + 3;
	vec[1].iov_len = 5;
	ASSERT_EQ(8, readv(fd, vec, 2));
	EXPECT_EQ(0, memcmp(buf, self->whole.data, 8));
	close(fd);
}

/* A resuming file is for write() only, one after the other. */
TEST_F(file, resuming_modes)
{
	struct vfio_precopy_info info;
	char buf[16] = { };
	int fd = mig_enter(self->dev, MIG_RESUMING);

	EXPECT_EQ(-1, read(fd, buf, 1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pwrite(fd, buf, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_GT(0, mig_precopy_info(fd, &info));
	EXPECT_EQ(0, write(fd, buf, 0));
	EXPECT_EQ(POLLOUT, poll_now(fd) & (POLLOUT | POLLERR));
	/* and it is still the beginning */
	EXPECT_EQ(0, mig_write(fd, self->whole.data, self->whole.len,
			       MIG_CHUNK));
	mig_to(self->dev, MIG_STOP);
	close(fd);
}

/* A buffer that is not there: EFAULT, and the bytes are not lost. */
TEST_F(file, bad_buffers)
{
	struct mig_stream again = { };
	int fd = mig_enter(self->dev, MIG_STOP_COPY);

	EXPECT_EQ(-1, read(fd, self->nowhere, 16));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, mig_read(fd, &again, MIG_CHUNK));
	EXPECT_TRUE(mig_stream_equal(&again, &self->whole));
	mig_stream_free(&again);
	close(fd);

	fd = mig_enter(self->dev, MIG_RESUMING);
	EXPECT_EQ(-1, write(fd, self->nowhere, 16));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, mig_write(fd, self->whole.data, self->whole.len,
			       MIG_CHUNK));
	mig_to(self->dev, MIG_STOP);
	close(fd);
}

/* The end of STOP_COPY is one for good, and told as one of a file. */
TEST_F(file, stop_copy_ends)
{
	struct mig_stream again = { };
	int fd = mig_enter(self->dev, MIG_STOP_COPY);
	char byte;

	EXPECT_EQ(POLLIN, poll_now(fd) & (POLLIN | POLLERR));
	EXPECT_EQ(0, mig_read(fd, &again, 64));
	EXPECT_EQ(0, read(fd, &byte, 1));
	EXPECT_EQ(0, read(fd, &byte, 1));
	EXPECT_EQ(POLLIN, poll_now(fd) & (POLLIN | POLLERR));
	mig_stream_free(&again);
	close(fd);
}

/* A byte at a time, but for the middle of what is long. */
#define FINELY	0
#define ENDS	2048

static int read_finely(int fd, struct mig_stream *stream, size_t whole)
{
	size_t middle = whole > 2 * ENDS ? whole - 2 * ENDS : 0, done;
	__u8 *buf = malloc(middle + 1);
	ssize_t len;

	for (done = 0; done < whole; done += len) {
		len = read(fd, buf, middle && done == ENDS ? middle : 1);
		if (len <= 0)
			break;
		mig_stream_append(stream, buf, len);
	}
	free(buf);
	/* the end, or whatever went wrong */
	return mig_read(fd, stream, 1);
}

static int write_finely(int fd, const struct mig_stream *stream)
{
	size_t ends = stream->len > 2 * ENDS ? ENDS : stream->len / 2;
	int ret = mig_write(fd, stream->data, ends, 1);

	if (!ret)
		ret = mig_write(fd, stream->data + ends, stream->len - 2 * ends,
				MIG_CHUNK);
	return ret ? ret : mig_write(fd, stream->data + stream->len - ends,
				     ends, 1);
}

/* However much is asked for at a time, the bytes are the same. */
TEST_F_TIMEOUT(file, chunks_of_reads, 120)
{
	static const size_t chunks[] = { FINELY, 61, 4095, 4097, 65536,
					 8 << 20 };
	struct mig_stream again = { };
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		fd = mig_enter(self->dev, MIG_STOP_COPY);
		again.len = 0;
		EXPECT_EQ(0, chunks[i] == FINELY ?
			     read_finely(fd, &again, self->whole.len) :
			     mig_read(fd, &again, chunks[i]));
		EXPECT_TRUE(mig_stream_equal(&again, &self->whole)) {
			TH_LOG("%zu at a time: %zu bytes instead of %zu",
			       chunks[i], again.len, self->whole.len);
		}
		mig_to(self->dev, MIG_STOP);
		close(fd);
	}
	mig_stream_free(&again);
}

/* A read gives all that was asked for, up to the end. */
TEST_F(file, no_short_reads)
{
	struct mig_stream *whole = &self->whole;
	size_t first = whole->len / 3 + 1, rest = whole->len - first;
	char *buf = malloc(whole->len + 4096);
	int fd = mig_enter(self->dev, MIG_STOP_COPY);

	EXPECT_EQ(first, read(fd, buf, first));
	EXPECT_EQ(rest, read(fd, buf, whole->len + 4096));
	free(buf);
	close(fd);
}

/* However the bytes are cut, the device takes them, and is what they say. */
TEST_F_TIMEOUT(file, chunks_of_writes, 120)
{
	static const size_t chunks[] = { FINELY, 61, 4095, 4097, 65536,
					 8 << 20 };
	struct mig_stream *whole = &self->whole, again = { };
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		ASSERT_EQ(0, dev_reset(self->dev));
		fd = mig_enter(self->dev, MIG_RESUMING);
		EXPECT_EQ(0, chunks[i] == FINELY ? write_finely(fd, whole) :
			     mig_write(fd, whole->data, whole->len, chunks[i]));
		mig_to(self->dev, MIG_STOP);
		close(fd);
		again.len = 0;
		mig_save(self->dev, &again);
		EXPECT_TRUE(mig_stream_equal(whole, &again)) {
			TH_LOG("%zu at a time", chunks[i]);
		}
	}
	mig_stream_free(&again);
}

/* Pieces of any length, for both. */
TEST_F_TIMEOUT(file, chunks_at_random, 120)
{
	struct mig_stream *whole = &self->whole, again = { };
	size_t done, len;
	__u8 *buf = malloc(whole->len);
	ssize_t ret;
	int fd;

	fd = mig_enter(self->dev, MIG_STOP_COPY);
	do {
		len = 1 + random_below(random_below(2) ? 100 : whole->len);
		ret = read(fd, buf, len);
		ASSERT_LE(0, ret);
		mig_stream_append(&again, buf, ret);
	} while (ret);
	EXPECT_TRUE(mig_stream_equal(whole, &again));
	close(fd);

	fd = mig_enter(self->dev, MIG_RESUMING);
	for (done = 0; done < whole->len; done += ret) {
		len = 1 + random_below(random_below(2) ? 100 : whole->len);
		if (len > whole->len - done)
			len = whole->len - done;
		ret = write(fd, whole->data + done, len);
		ASSERT_LT(0, ret);
	}
	mig_to(self->dev, MIG_STOP);
	close(fd);
	free(buf);
	mig_stream_free(&again);
}

/* PRECOPY_INFO outside of PRE_COPY, and with what is no such structure. */
TEST_F(file, precopy_info_states)
{
	struct vfio_precopy_info info;
	int fd;

	if (has(&self->mig, MIG_PRE_COPY)) {
		fd = mig_enter(self->dev, MIG_PRE_COPY);
		EXPECT_EQ(0, mig_precopy_info(fd, &info));
		if (has(&self->mig, MIG_PRE_COPY_P2P)) {
			mig_to(self->dev, MIG_PRE_COPY_P2P);
			EXPECT_EQ(0, mig_precopy_info(fd, &info));
		}
		mig_to(self->dev, MIG_STOP_COPY);
		EXPECT_EQ(-EINVAL, mig_precopy_info(fd, &info));
		mig_to(self->dev, MIG_STOP);
		EXPECT_GT(0, mig_precopy_info(fd, &info));
		mig_to(self->dev, MIG_RUNNING);
		EXPECT_GT(0, mig_precopy_info(fd, &info));
		close(fd);
	}
	/* a session without pre-copy */
	fd = mig_enter(self->dev, MIG_STOP_COPY);
	EXPECT_EQ(-EINVAL, mig_precopy_info(fd, &info));
	close(fd);
	mig_to(self->dev, MIG_STOP);

	fd = mig_enter(self->dev, MIG_RESUMING);
	EXPECT_GT(0, mig_precopy_info(fd, &info));
	ASSERT_EQ(0, dev_reset(self->dev));
	EXPECT_GT(0, mig_precopy_info(fd, &info));
	close(fd);
}

TEST_F(file, precopy_info_argument)
{
	struct vfio_precopy_info info, before;
	__u8 bytes[64];
	int fd;

	if (!has(&self->mig, MIG_PRE_COPY))
		SKIP(return, "no PRE_COPY");
	fd = mig_enter(self->dev, MIG_PRE_COPY);

	/* too short */
	memset(&info, 0x5a, sizeof(info));
	for (info.argsz = 0; info.argsz < sizeof(info); info.argsz++) {
		before = info;
		EXPECT_EQ(-1, ioctl(fd, VFIO_MIG_GET_PRECOPY_INFO, &info));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(0, memcmp(&before, &info, sizeof(info)));
	}
	/* longer: what is there is filled in, and nothing else */
	memset(bytes, 0x5a, sizeof(bytes));
	memcpy(&info, bytes, sizeof(info));
	info.argsz = sizeof(bytes);
	memcpy(bytes, &info, sizeof(info));
	EXPECT_EQ(0, ioctl(fd, VFIO_MIG_GET_PRECOPY_INFO, bytes));
	EXPECT_EQ(0x5a, bytes[sizeof(info)]);
	EXPECT_EQ(0x5a, bytes[sizeof(bytes) - 1]);
	EXPECT_EQ(-1, ioctl(fd, VFIO_MIG_GET_PRECOPY_INFO, self->nowhere));
	EXPECT_EQ(EFAULT, errno);
	close(fd);
}

/*
 * Flags are for the device to say: poison in them does not survive once the
 * user asked for them (VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2), and means
 * nothing before.
 */
TEST_F(file, precopy_info_flags)
{
	struct vfio_precopy_info info;
	int fd, ret;

	if (!has(&self->mig, MIG_PRE_COPY))
		SKIP(return, "no PRE_COPY");
	ret = mig_precopy_v2(self->dev);
	if (ret == -ENOTTY)
		SKIP(return, "no VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2");
	EXPECT_EQ(0, ret);
	fd = mig_enter(self->dev, MIG_PRE_COPY);
	EXPECT_EQ(0, mig_precopy_info(fd, &info));
	EXPECT_EQ(0, info.flags);
	close(fd);
	/* again is no mistake */
	EXPECT_EQ(0, mig_precopy_v2(self->dev));
}

/* initial_bytes is there at first and falls to 0; dirty_bytes begins at 0. */
TEST_F(file, precopy_info_counts)
{
	struct vfio_precopy_info info;
	__u64 before;
	ssize_t len;
	char buf[16];
	int fd, error;

	if (!has(&self->mig, MIG_PRE_COPY))
		SKIP(return, "no PRE_COPY");
	fd = mig_enter(self->dev, MIG_PRE_COPY);
	ASSERT_EQ(0, mig_precopy_info(fd, &info));
	EXPECT_LT(0, info.initial_bytes);
	EXPECT_GT(STREAM_MAX, info.initial_bytes);
	EXPECT_EQ(0, info.dirty_bytes);
	do {
		before = info.initial_bytes;
		len = read(fd, buf, sizeof(buf));
		error = len < 0 ? errno : 0;
		ASSERT_EQ(0, mig_precopy_info(fd, &info));
		if (len > 0)
			EXPECT_GE(before, info.initial_bytes);
	} while (len > 0);
	EXPECT_EQ(ENOMSG, error);
	EXPECT_EQ(0, info.initial_bytes);
	EXPECT_EQ(0, info.dirty_bytes);
	close(fd);
}

/*
 * The end of what there is in PRE_COPY is one for now: ENOMSG, also in
 * PRE_COPY_P2P, and poll() waits. STOP_COPY brings more, and the real end.
 */
TEST_F(file, precopy_ends_for_now)
{
	struct mig_stream stream = { };
	char byte;
	int fd;

	if (!has(&self->mig, MIG_PRE_COPY))
		SKIP(return, "no PRE_COPY");
	fd = mig_enter(self->dev, MIG_PRE_COPY);
	EXPECT_EQ(POLLIN, poll_now(fd) & (POLLIN | POLLERR));
	EXPECT_EQ(-ENOMSG, mig_read(fd, &stream, 4096));
	EXPECT_LT(0, stream.len);
	EXPECT_EQ(0, poll_now(fd));
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(ENOMSG, errno);
	if (has(&self->mig, MIG_PRE_COPY_P2P)) {
		mig_to(self->dev, MIG_PRE_COPY_P2P);
		EXPECT_EQ(-ENOMSG, mig_read(fd, &stream, 4096));
	}
	mig_to(self->dev, MIG_STOP_COPY);
	EXPECT_EQ(POLLIN, poll_now(fd) & (POLLIN | POLLERR));
	EXPECT_EQ(0, mig_read(fd, &stream, 4096));
	mig_to(self->dev, MIG_STOP);
	close(fd);
	/* together it is a stream that a device takes */
	EXPECT_EQ(0, mig_load(self->dev, &stream));
	mig_stream_free(&stream);
}

/* Who waits for more is woken when STOP_COPY has it, or when it is all over. */
struct waiter {
	struct vfio_dev *dev;
	unsigned int to;
};

static void *change_state(void *arg)
{
	struct waiter *waiter = arg;

	usleep(20000);
	mig_to(waiter->dev, waiter->to);
	return NULL;
}

TEST_F(file, poll_wakes)
{
	static const unsigned int ends[] = { MIG_STOP_COPY, MIG_RUNNING,
					     MIG_STOP };
	struct waiter waiter = { .dev = self->dev };
	struct mig_stream stream = { };
	pthread_t thread;
	unsigned int i;
	int fd;

	if (!has(&self->mig, MIG_PRE_COPY))
		SKIP(return, "no PRE_COPY");
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		fd = mig_enter(self->dev, MIG_PRE_COPY);
		ASSERT_EQ(-ENOMSG, mig_read(fd, &stream, 4096));
		waiter.to = ends[i];
		ASSERT_EQ(0, pthread_create(&thread, NULL, change_state,
					    &waiter));
		EXPECT_TRUE(mig_poll(fd));
		pthread_join(thread, NULL);
		close(fd);
		mig_to(self->dev, MIG_RUNNING);
	}
	mig_stream_free(&stream);
}

/*
 * VFIO_DEVICE_FEATURE_MIG_DATA_SIZE in each state: never nothing (QEMU would
 * have no buffer), never a negative number seen as a large one.
 */
static void expect_size(struct __test_metadata *_metadata,
			struct vfio_dev *dev, __u64 least)
{
	__u64 size = 0;

	EXPECT_EQ(0, mig_data_size(dev, &size));
	EXPECT_LT(0, size);
	EXPECT_GT(INT64_MAX, size);
	EXPECT_LE(least, size) {
		TH_LOG("in %s", mig_state_name(mig_get_state(dev)));
	}
}

TEST_F(file, data_size)
{
	struct mig_stream stream = { };
	unsigned int state;
	int fd, ret;

	for (state = 0; state < MIG_STATES; state++) {
		if (!has(&self->mig, state))
			continue;
		fd = mig_enter(self->dev, state);
		expect_size(_metadata, self->dev, 1);
		if (state == MIG_RESUMING)
			ASSERT_EQ(0, mig_write(fd, self->whole.data,
					       self->whole.len, MIG_CHUNK));
		expect_size(_metadata, self->dev, 1);
		mig_to(self->dev, MIG_RUNNING);
		if (fd >= 0)
			close(fd);
	}
	/* what it says at first is not less than what comes */
	expect_size(_metadata, self->dev, self->whole.len);
	if (!has(&self->mig, MIG_PRE_COPY))
		return;
	fd = mig_enter(self->dev, MIG_PRE_COPY);
	expect_size(_metadata, self->dev, 1);
	ret = mig_read(fd, &stream, 4096);
	EXPECT_TRUE(!ret || ret == -ENOMSG);
	stream.len = 0;
	mig_to(self->dev, MIG_STOP_COPY);
	mig_read(fd, &stream, 4096);
	expect_size(_metadata, self->dev, 1);
	close(fd);
	mig_stream_free(&stream);
}

/* After the rest was told, the rest is not more than that. */
TEST_F(file, data_size_is_enough)
{
	struct mig_stream stream = { };
	__u64 size;
	int fd;

	mig_dress(&self->mig, 9);
	if (has(&self->mig, MIG_PRE_COPY)) {
		fd = mig_enter(self->dev, MIG_PRE_COPY);
		mig_read(fd, &stream, 4096);
		stream.len = 0;
		EXPECT_EQ(0, mig_data_size(self->dev, &size));
		mig_to(self->dev, MIG_STOP_COPY);
	} else {
		EXPECT_EQ(0, mig_data_size(self->dev, &size));
		fd = mig_enter(self->dev, MIG_STOP_COPY);
	}
	EXPECT_EQ(0, mig_read(fd, &stream, 4096));
	EXPECT_LE(stream.len, size);
	mig_stream_free(&stream);
	close(fd);
}

/* Several threads at one file: each byte goes to one of them. */
struct share {
	int fd;
	const struct mig_stream *whole;
	size_t bytes;
	__u64 sum;
};

static void read_share(struct crew *crew, void *arg)
{
	struct share *share = arg;
	__u64 sum = 0;
	ssize_t len, i;
	__u8 buf[61];

	len = read(share->fd, buf, sizeof(buf));
	if (len < 0) {
		crew_complain(crew, "read: %d", errno);
		usleep(1000);
		return;
	}
	if (!len) {
		usleep(100);
		return;
	}
	for (i = 0; i < len; i++)
		sum += buf[i];
	__atomic_add_fetch(&share->bytes, len, __ATOMIC_RELAXED);
	__atomic_add_fetch(&share->sum, sum, __ATOMIC_RELAXED);
}

TEST_F(file, concurrent_readers)
{
	struct share share = { .whole = &self->whole };
	struct crew crew = { };
	__u64 sum = 0;
	__u8 byte;
	size_t i;

	for (i = 0; i < self->whole.len; i++)
		sum += self->whole.data[i];
	share.fd = mig_enter(self->dev, MIG_STOP_COPY);
	for (i = 0; i < 4; i++)
		crew_add(&crew, read_share, &share);
	crew_run(&crew, 300);
	EXPECT_EQ(0, crew.complaints) {
		TH_LOG("%s", crew.first);
	}
	/* a slow machine may not be through yet */
	while (read(share.fd, &byte, 1) == 1) {
		share.bytes++;
		share.sum += byte;
	}
	EXPECT_EQ(self->whole.len, share.bytes);
	EXPECT_EQ(sum, share.sum);
	close(share.fd);
}

static void write_share(struct crew *crew, void *arg)
{
	struct share *share = arg;
	ssize_t len;

	(void)crew;
	len = write(share->fd, share->whole->data, share->whole->len);
	if (len > 0)
		__atomic_add_fetch(&share->bytes, len, __ATOMIC_RELAXED);
	else
		usleep(100);
}

/* No more is taken than one stream; what comes of it is one, or nothing. */
TEST_F(file, concurrent_writers)
{
	struct share share = { .whole = &self->whole };
	struct crew crew = { };
	int fd, ret, i;

	share.fd = mig_enter(self->dev, MIG_RESUMING);
	for (i = 0; i < 4; i++)
		crew_add(&crew, write_share, &share);
	crew_run(&crew, 300);
	EXPECT_GE(self->whole.len, share.bytes);
	ret = mig_set_state(self->dev, MIG_STOP, &fd);
	if (ret)
		EXPECT_EQ(0, dev_reset(self->dev));
	close(share.fd);
	mig_to(self->dev, MIG_RUNNING);
}

TEST_HARNESS_MAIN
