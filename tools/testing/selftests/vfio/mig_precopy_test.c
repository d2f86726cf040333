// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device memory that is written while it is copied (linux/vfio.h, PRE_COPY): by
 * mappings, by accesses, by the device itself. What arrives is what was there in
 * the end, and what did not change is not sent again.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib/crew.h"
#include "lib/mig_device.h"
#include "lib/must.h"
#include "lib/random.h"
#include "lib/testdev.h"

/* vdev_test.h: the stream that is being saved starts anew */
#define RESTART	_IO(';', 242)

#define SIZE	0x100000
#define PAGE	4096
#define PAGES	(SIZE / PAGE)
#define ROUNDS	200
#define RACE_MS	600

/* What a page may take in a stream, beside its bytes. */
#define PAGE_EXTRA 64

FIXTURE(precopy)
{
	struct mig_device source;
	struct mig_device target;
	struct vfio_dev *dev;
	struct vfio_dev *dest;
	struct mig_stream stream;
	__u8 *mem;		/* BAR 2 of the source */
	__u8 *dest_mem;
	int fd;
};

static __u8 *map_memory(struct vfio_dev *dev)
{
	void *mem;

	testdev_enable(dev);
	mem = dev_mmap(dev, TESTDEV_MEMORY, 0, SIZE, PROT_READ | PROT_WRITE);
	must(mem != MAP_FAILED, "mmap: %m");
	return mem;
}

FIXTURE_SETUP(precopy)
{
	int ret;

	self->fd = -1;
	ret = mig_device_open(&self->source, MIG_TESTDEV, 0,
			      DEV_PATH_DEFAULT);
	if (ret == -ENODEV)
		SKIP(return, "%s", self->source.why);
	ASSERT_EQ(0, ret);
	if (!mig_has_state(self->source.flags, MIG_PRE_COPY)) {
		mig_device_close(&self->source);
		SKIP(return, "no PRE_COPY");
	}
	ASSERT_EQ(0, mig_device_open(&self->target, MIG_TESTDEV, 1,
				     DEV_PATH_DEFAULT));
	self->dev = &self->source.dev;
	self->dest = &self->target.dev;
	self->mem = map_memory(self->dev);
	self->dest_mem = map_memory(self->dest);
	random_seed();
}

FIXTURE_TEARDOWN(precopy)
{
	if (self->fd >= 0)
		close(self->fd);
	munmap(self->mem, SIZE);
	munmap(self->dest_mem, SIZE);
	mig_stream_free(&self->stream);
	mig_device_close(&self->source);
	mig_device_close(&self->target);
}

/* Reads all there is for now; how much that was. */
static size_t drain(struct __test_metadata *_metadata, int fd,
		    struct mig_stream *stream)
{
	size_t before = stream->len;

	EXPECT_EQ(-ENOMSG, mig_read(fd, stream, MIG_CHUNK));
	return stream->len - before;
}

/* The last part, and then the destination has it and runs. */
static void finish(struct __test_metadata *_metadata, struct vfio_dev *dev,
		   struct vfio_dev *dest, int fd, struct mig_stream *stream)
{
	mig_to(dev, MIG_STOP_COPY);
	EXPECT_EQ(0, mig_read(fd, stream, MIG_CHUNK));
	EXPECT_EQ(0, mig_load(dest, stream));
	testdev_enable(dest);
	mig_to(dest, MIG_RUNNING);
}

static __u64 dirty_bytes(struct __test_metadata *_metadata, int fd)
{
	struct vfio_precopy_info info;

	EXPECT_EQ(0, mig_precopy_info(fd, &info));
	EXPECT_EQ(0, info.initial_bytes);
	return info.dirty_bytes;
}

/* After what was there at first was read, in PRE_COPY. */
static void begin(struct __test_metadata *_metadata,
		  struct _test_data_precopy *self)
{
	self->fd = mig_enter(self->dev, MIG_PRE_COPY);
	drain(_metadata, self->fd, &self->stream);
}

#define FINISH() finish(_metadata, self->dev, self->dest, self->fd, \
			&self->stream)

/* All of it, in a destination that had something else. */
TEST_F(precopy, memory_arrives)
{
	unsigned int i;

	for (i = 0; i < SIZE; i += 1000)
		self->mem[i] = 1 + i;
	memset(self->dest_mem, 0x99, SIZE);
	begin(_metadata, self);
	FINISH();
	EXPECT_EQ(0, memcmp(self->mem, self->dest_mem, SIZE));
}

/* Without pre-copy as well. */
TEST_F(precopy, memory_in_stop_copy)
{
	self->mem[0] = 1;
	self->mem[77 * PAGE + 9] = 2;
	self->mem[SIZE - 1] = 3;
	memset(self->dest_mem, 0x99, SIZE);
	mig_save(self->dev, &self->stream);
	EXPECT_GT(SIZE, self->stream.len);
	EXPECT_EQ(0, mig_load(self->dest, &self->stream));
	testdev_enable(self->dest);
	mig_to(self->dest, MIG_RUNNING);
	EXPECT_EQ(0, memcmp(self->mem, self->dest_mem, SIZE));
}

/* Stores by a mapping, in each round, to a page that was sent already. */
TEST_F(precopy, stores)
{
	unsigned int i;

	self->mem[3 * PAGE] = 1;
	begin(_metadata, self);
	EXPECT_EQ(0, dirty_bytes(_metadata, self->fd));
	for (i = 0; i < 10; i++) {
		self->mem[3 * PAGE + i] = 0x10 + i;
		self->mem[200 * PAGE + i * PAGE] = 0x20 + i;
		EXPECT_LE(2 * PAGE, dirty_bytes(_metadata, self->fd));
		drain(_metadata, self->fd, &self->stream);
		EXPECT_EQ(0, dirty_bytes(_metadata, self->fd));
	}
	self->mem[3 * PAGE + 100] = 0x55;
	FINISH();
	EXPECT_EQ(0, memcmp(self->mem, self->dest_mem, SIZE));
	EXPECT_EQ(0x55, self->dest_mem[3 * PAGE + 100]);
	EXPECT_EQ(0x29, self->dest_mem[209 * PAGE]);
}

/* Accesses of the region. */
TEST_F(precopy, accesses)
{
	__u64 value = 0x1122334455667788ULL;

	begin(_metadata, self);
	ASSERT_EQ(8, dev_write(self->dev, TESTDEV_MEMORY, &value, 8, 9 * PAGE));
	ASSERT_EQ(8, dev_write(self->dev, TESTDEV_MIXED, &value, 8,
			       TESTDEV_AREA1_START + 8));
	EXPECT_LE(2 * PAGE, dirty_bytes(_metadata, self->fd));
	drain(_metadata, self->fd, &self->stream);
	value = ~value;
	ASSERT_EQ(8, dev_write(self->dev, TESTDEV_MIXED, &value, 8,
			       TESTDEV_AREA0_START));
	FINISH();
	EXPECT_EQ(0, memcmp(self->mem, self->dest_mem, SIZE));
	ASSERT_EQ(8, dev_read(self->dest, TESTDEV_MIXED, &value, 8,
			      TESTDEV_AREA0_START));
	EXPECT_EQ(~0x1122334455667788ULL, value);
	ASSERT_EQ(8, dev_read(self->dest, TESTDEV_MIXED, &value, 8,
			      TESTDEV_AREA1_START + 8));
	EXPECT_EQ(0x1122334455667788ULL, value);
}

/* The device's own registers, which are no memory, as they were in the end. */
TEST_F(precopy, registers)
{
	testdev_out(self->dev, TESTDEV_SCRATCH, 1);
	begin(_metadata, self);
	testdev_out(self->dev, TESTDEV_SCRATCH, 2);
	FINISH();
	EXPECT_EQ(2, testdev_in(self->dest, TESTDEV_SCRATCH));
}

/* What it reads from the user's memory lands in its buffer. */
TEST_F(precopy, dma_to_buffer)
{
	__u8 *user = dev_dma_alloc(self->dev, 0x40000000, 0x10000,
				   VFIO_DMA_MAP_FLAG_READ);
	static __u8 buffer[0x10000];

	ASSERT_NE(NULL, user);
	memset(user, 0x5c, 0x10000);
	begin(_metadata, self);
	ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_READ, 0x40000000,
				      0x10000));
	FINISH();
	testdev_buffer_in(self->dest, buffer, sizeof(buffer));
	EXPECT_EQ(0, memcmp(user, buffer, sizeof(buffer)));
	EXPECT_EQ(1, testdev_in(self->dest, TESTDEV_TRANSFERS));
	dev_dma_free(self->dev, 0x40000000, 0x10000, user);
}

/* A page that was sent, and is nothing but zeroes in the end. */
TEST_F(precopy, zeroed)
{
	memset(self->mem, 0x11, 8 * PAGE);
	begin(_metadata, self);
	memset(self->mem + 2 * PAGE, 0, PAGE);
	drain(_metadata, self->fd, &self->stream);
	memset(self->mem + 5 * PAGE, 0, 2 * PAGE);
	memset(self->dest_mem, 0x99, SIZE);
	FINISH();
	EXPECT_EQ(0, memcmp(self->mem, self->dest_mem, SIZE));
	EXPECT_EQ(0, self->dest_mem[2 * PAGE]);
	EXPECT_EQ(0x11, self->dest_mem[7 * PAGE]);
}

/* Only what changed, and nothing more than that. */
TEST_F(precopy, no_more_than_changed)
{
	size_t len;

	memset(self->mem, 0x11, SIZE);
	self->fd = mig_enter(self->dev, MIG_PRE_COPY);
	EXPECT_LE(SIZE, drain(_metadata, self->fd, &self->stream));
	EXPECT_EQ(0, drain(_metadata, self->fd, &self->stream));
	/* to read is not to write */
	EXPECT_EQ(0x11, __atomic_load_n(self->mem + 8 * PAGE, __ATOMIC_RELAXED));
	EXPECT_EQ(0, dirty_bytes(_metadata, self->fd));
	self->mem[9 * PAGE] = 1;
	len = drain(_metadata, self->fd, &self->stream);
	EXPECT_LE(PAGE, len);
	EXPECT_GE(PAGE + PAGE_EXTRA, len);
	/* half of it, so that it does not fit what was told before */
	mig_to(self->dev, MIG_STOP_COPY);
	len = self->stream.len;
	EXPECT_EQ(0, mig_read(self->fd, &self->stream, MIG_CHUNK));
	EXPECT_GT(SIZE / 2, self->stream.len - len);
}

/* Memory of zeroes costs next to nothing. */
TEST_F(precopy, zeroes_are_cheap)
{
	mig_save(self->dev, &self->stream);
	EXPECT_GT(SIZE / 4, self->stream.len);
}

/* poll() tells of a write that makes more to be read. */
static void *store_soon(void *arg)
{
	usleep(20000);
	__atomic_store_n((__u8 *)arg, 1, __ATOMIC_RELAXED);
	return NULL;
}

TEST_F(precopy, poll_tells_of_writes)
{
	struct pollfd pfd = { .events = POLLIN };
	pthread_t thread;

	begin(_metadata, self);
	pfd.fd = self->fd;
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	self->mem[PAGE] = 1;
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	drain(_metadata, self->fd, &self->stream);
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, store_soon, self->mem));
	EXPECT_TRUE(mig_poll(self->fd));
	pthread_join(thread, NULL);
	EXPECT_LE(PAGE, drain(_metadata, self->fd, &self->stream));
}

/* Given up, and begun again: nothing is left of the first time. */
TEST_F(precopy, cancelled)
{
	self->mem[5 * PAGE] = 5;
	begin(_metadata, self);
	self->mem[6 * PAGE] = 6;
	mig_to(self->dev, MIG_RUNNING);
	close(self->fd);
	self->mem[7 * PAGE] = 7;
	self->stream.len = 0;
	begin(_metadata, self);
	EXPECT_LE(3 * PAGE, self->stream.len);
	FINISH();
	EXPECT_EQ(0, memcmp(self->mem, self->dest_mem, SIZE));
}

/* The destination's user has its memory mapped while it is loaded. */
TEST_F(precopy, mapped_destination)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		self->dest_mem[i * PAGE] = 0x99;
	for (i = 0; i < PAGES; i += 2)
		self->mem[i * PAGE] = i | 1;
	begin(_metadata, self);
	FINISH();
	for (i = 0; i < PAGES; i++)
		EXPECT_EQ(i % 2 ? 0 : i | 1, self->dest_mem[i * PAGE]);
	/* and that is its memory, not a copy of before */
	self->dest_mem[8 * PAGE] = 0x42;
	i = 0;
	ASSERT_EQ(1, dev_read(self->dest, TESTDEV_MEMORY, &i, 1, 8 * PAGE));
	EXPECT_EQ(0x42, i);
}

/* A stream that is refused leaves the memory alone. */
TEST_F(precopy, refused)
{
	int fd, none;

	memset(self->mem, 0x11, 16 * PAGE);
	memset(self->dest_mem, 0x99, SIZE);
	mig_save(self->dev, &self->stream);
	fd = mig_enter(self->dest, MIG_RESUMING);
	ASSERT_EQ(0, mig_write(fd, self->stream.data, self->stream.len - 1,
			       MIG_CHUNK));
	EXPECT_GT(0, mig_set_state(self->dest, MIG_STOP, &none));
	close(fd);
	EXPECT_EQ(0x99, self->dest_mem[0]);
	EXPECT_EQ(0x99, self->dest_mem[SIZE - 1]);
	ASSERT_EQ(0, dev_reset(self->dest));
	testdev_enable(self->dest);
	EXPECT_EQ(0, self->dest_mem[0]);
	EXPECT_EQ(0, self->dest_mem[SIZE - 1]);
}

/* Anything, in any order. */
TEST_F(precopy, at_random)
{
	unsigned int i, page, len;
	char buf[5000];
	ssize_t got;

	self->fd = mig_enter(self->dev, MIG_PRE_COPY);
	for (i = 0; i < ROUNDS; i++) {
		page = random_below(PAGES);
		switch (random_below(4)) {
		case 0:
			memset(self->mem + page * PAGE, i, 1 + i);
			break;
		case 1:
			ASSERT_EQ(4, dev_write(self->dev, TESTDEV_MEMORY, &i, 4,
					       page * PAGE + 8));
			break;
		case 2:
			memset(self->mem + page * PAGE, 0, PAGE);
			break;
		case 3:
			len = 1 + random_below(sizeof(buf));
			got = read(self->fd, buf, len);
			if (got > 0)
				mig_stream_append(&self->stream, buf, got);
			else
				EXPECT_EQ(ENOMSG, errno);
			break;
		}
	}
	FINISH();
	EXPECT_EQ(0, memcmp(self->mem, self->dest_mem, SIZE));
}

/* Threads that write while another copies. */
struct copying {
	__u8 *mem;
	int fd;
	struct mig_stream *stream;
	pthread_mutex_t lock;
};

static void write_pages(struct crew *crew, void *arg)
{
	struct copying *copying = arg;
	__u32 *word = (__u32 *)(copying->mem + random_below(PAGES) * PAGE);

	(void)crew;
	__atomic_add_fetch(word + random_below(PAGE / 4), 1, __ATOMIC_RELAXED);
}

static void read_pages(struct crew *crew, void *arg)
{
	struct copying *copying = arg;
	char buf[3 * PAGE + 17];
	ssize_t len;

	len = read(copying->fd, buf, sizeof(buf));
	if (len > 0)
		mig_stream_append(copying->stream, buf, len);
	else if (len == 0 || errno != ENOMSG)
		crew_complain(crew, "read: %zd, %d", len, errno);
}

TEST_F_TIMEOUT(precopy, written_while_copied, 120)
{
	struct copying copying = { .mem = self->mem, .stream = &self->stream };
	struct crew crew = { };

	self->fd = mig_enter(self->dev, MIG_PRE_COPY);
	copying.fd = self->fd;
	crew_add(&crew, write_pages, &copying);
	crew_add(&crew, write_pages, &copying);
	crew_add(&crew, read_pages, &copying);
	crew_run(&crew, RACE_MS);
	EXPECT_EQ(0, crew.complaints) {
		TH_LOG("%s", crew.first);
	}
	FINISH();
	EXPECT_EQ(0, memcmp(self->mem, self->dest_mem, SIZE));
}

/*
 * The device has the stream start anew: there is initial data again, and who
 * asked for it is told so (VFIO_PRECOPY_INFO_REINIT).
 */
TEST_F(precopy, restart)
{
	struct vfio_precopy_info info;

	if (mig_precopy_v2(self->dev))
		SKIP(return, "no VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2");
	self->mem[4 * PAGE] = 4;
	begin(_metadata, self);
	if (ioctl(self->dev->fd, RESTART))
		SKIP(return, "no way to have it start anew");
	self->mem[5 * PAGE] = 5;
	ASSERT_EQ(0, mig_precopy_info(self->fd, &info));
	EXPECT_LT(0, info.initial_bytes);
	EXPECT_EQ(0, info.dirty_bytes);
	EXPECT_EQ(VFIO_PRECOPY_INFO_REINIT, info.flags);
	EXPECT_LT(0, drain(_metadata, self->fd, &self->stream));
	EXPECT_EQ(0, dirty_bytes(_metadata, self->fd));
	ASSERT_EQ(0, mig_precopy_info(self->fd, &info));
	EXPECT_EQ(0, info.flags);
	memset(self->dest_mem, 0x99, SIZE);
	FINISH();
	EXPECT_EQ(0, memcmp(self->mem, self->dest_mem, SIZE));
}

/* Who did not ask sees that there is more, and no initial_bytes that grow. */
TEST_F(precopy, restart_untold)
{
	struct vfio_precopy_info info;

	self->mem[4 * PAGE] = 4;
	begin(_metadata, self);
	if (ioctl(self->dev->fd, RESTART))
		SKIP(return, "no way to have it start anew");
	ASSERT_EQ(0, mig_precopy_info(self->fd, &info));
	EXPECT_EQ(0, info.initial_bytes);
	EXPECT_LT(0, info.dirty_bytes);
	EXPECT_TRUE(info.flags == 0 || info.flags == 0xa5a5a5a5);
	self->mem[4 * PAGE] = 0;
	memset(self->dest_mem, 0x99, SIZE);
	FINISH();
	EXPECT_EQ(0, memcmp(self->mem, self->dest_mem, SIZE));
}

/* Asked for when it is too late: the next stream is a whole one. */
TEST_F(precopy, restart_nothing)
{
	if (!ioctl(self->dev->fd, RESTART))
		EXPECT_EQ(MIG_RUNNING, mig_get_state(self->dev));
	self->mem[4 * PAGE] = 4;
	begin(_metadata, self);
	ioctl(self->dev->fd, RESTART);
	FINISH();
	EXPECT_EQ(0, memcmp(self->mem, self->dest_mem, SIZE));
}

TEST_HARNESS_MAIN
