// SPDX-License-Identifier: GPL-2.0-only
/*
 * read() and write() of regions at, across and beyond their ends. The classes
 * of mistakes: a bound check on the wrong width of the offset, an index taken
 * for an array index, more bytes returned than filled (CVE-2025-21687 and the
 * hand-written samples).
 */
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/mtty.h"
#include "lib/must.h"
#include "lib/subject.h"

#define OFFSET_SHIFT 40		/* of mtty, as of vfio-pci */
#define CONFIG VFIO_PCI_CONFIG_REGION_INDEX
#define MAX_CONFIG 4096

FIXTURE(region)
{
	struct subject subject;
	struct vfio_dev *dev;
	unsigned int num;
};

FIXTURE_SETUP(region)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int ret = subject_open(&self->subject, SUBJECT_ANY);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
	ASSERT_EQ(0, dev_get_info(self->dev, &info));
	self->num = info.num_regions;
}

FIXTURE_TEARDOWN(region)
{
	subject_close(&self->subject);
}

static int all_are(const __u8 *buf, size_t len, __u8 byte)
{
	while (len--)
		if (*buf++ != byte)
			return 0;
	return 1;
}

/* All of configuration space; its size. */
static unsigned int read_config(struct vfio_dev *dev, __u8 *all)
{
	__u64 size = dev_region(dev, CONFIG)->size;
	ssize_t ret;

	must(size && size <= MAX_CONFIG, "configuration space of %llu bytes",
	     size);
	ret = dev_read(dev, CONFIG, all, size, 0);
	must(ret == (ssize_t)size, "read of it: %zd", ret);
	return size;
}

/* A read at or beyond the end fails, and leaves the buffer as it was. */
TEST_F(region, read_beyond_the_end)
{
	static const size_t counts[] = { 1, 2, 3, 4, 8, 64 };
	unsigned int index, i, j;
	__u8 buf[64];

	for (index = 0; index < self->num; index++) {
		const struct vfio_region_info *info = dev_region(self->dev,
								 index);
		__u64 offsets[] = {
			info->size, info->size + 1, info->size + 7, 0x100000,
			UINT_MAX, 1ULL << 32, (1ULL << 32) + 4,
			(1ULL << OFFSET_SHIFT) - 8, (1ULL << OFFSET_SHIFT) - 1,
		};

		for (i = 0; i < ARRAY_SIZE(offsets); i++) {
			if (offsets[i] < info->size)
				continue;
			for (j = 0; j < ARRAY_SIZE(counts); j++) {
				memset(buf, 0xa5, sizeof(buf));
				EXPECT_EQ(-EINVAL,
					  dev_read(self->dev, index, buf,
						   counts[j], offsets[i])) {
					TH_LOG("region %u offset 0x%llx",
					       index, offsets[i]);
				}
				EXPECT_TRUE(all_are(buf, sizeof(buf), 0xa5));
			}
		}
	}
}

/* A write there fails too, and changes nothing. */
TEST_F(region, write_beyond_the_end)
{
	const __u8 ones[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	__u8 before[CONFIG_SIZE], after[CONFIG_SIZE];
	unsigned int index, i;

	config_snapshot(self->dev, before);
	for (index = 0; index < self->num; index++) {
		const struct vfio_region_info *info = dev_region(self->dev,
								 index);
		/* These are config registers if only the low bits count. */
		__u64 offsets[] = {
			info->size, info->size + 4, (1ULL << 32) + 4,
			(1ULL << 32) + 0x10, (1ULL << 39) + 0x3c,
			(1ULL << OFFSET_SHIFT) - 8,
		};

		for (i = 0; i < ARRAY_SIZE(offsets); i++) {
			if (offsets[i] < info->size)
				continue;
			EXPECT_EQ(-EINVAL, dev_write(self->dev, index, ones, 1,
						     offsets[i]));
			EXPECT_EQ(-EINVAL, dev_write(self->dev, index, ones,
						     sizeof(ones), offsets[i]));
		}
	}
	config_snapshot(self->dev, after);
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
}

/* A read across the end is short by what lies beyond it. */
TEST_F(region, read_across_the_end)
{
	unsigned int index, left, count;
	__u8 buf[96];

	for (index = 0; index < self->num; index++) {
		const struct vfio_region_info *info = dev_region(self->dev,
								 index);

		if (!(info->flags & VFIO_REGION_INFO_FLAG_READ) ||
		    index == VFIO_PCI_ROM_REGION_INDEX ||
		    index == VFIO_PCI_VGA_REGION_INDEX)
			continue;
		for (left = 1; left <= 8 && left <= info->size; left++) {
			for (count = left; count <= 64; count++) {
				memset(buf, 0xa5, sizeof(buf));
				EXPECT_EQ(left, dev_read(self->dev, index, buf,
							 count,
							 info->size - left));
				EXPECT_TRUE(all_are(buf + left,
						    sizeof(buf) - left, 0xa5));
			}
		}
	}
}

/* What is not implemented has no first byte either. */
TEST_F(region, absent_regions)
{
	unsigned int index;
	__u8 buf[8] = {};

	for (index = 0; index < self->num; index++) {
		if (dev_region(self->dev, index)->size)
			continue;
		EXPECT_EQ(-EINVAL, dev_read(self->dev, index, buf, 1, 0));
		EXPECT_EQ(-EINVAL, dev_read(self->dev, index, buf, 8, 0));
		EXPECT_EQ(-EINVAL, dev_write(self->dev, index, buf, 1, 0));
		EXPECT_EQ(-EINVAL, dev_write(self->dev, index, buf, 8, 0));
	}
}

/* Any offset and count gives the same bytes as one read of all of it. */
TEST_F(region, config_read_is_independent_of_chunking)
{
	unsigned int offset, count, n, size;
	__u8 all[MAX_CONFIG], buf[80];

	size = read_config(self->dev, all);
	for (offset = 0; offset < size; offset++) {
		for (count = 1; count <= 64; count += 1 + (offset & 1)) {
			n = count < size - offset ? count : size - offset;
			memset(buf, 0x5a, sizeof(buf));
			ASSERT_EQ(n, dev_read(self->dev, CONFIG, buf, count,
					      offset));
			ASSERT_EQ(0, memcmp(buf, all + offset, n)) {
				TH_LOG("%u bytes at 0x%x", count, offset);
			}
			ASSERT_TRUE(all_are(buf + n, 8, 0x5a));
		}
	}
}

/* readv(2): each segment goes on where the one before it ended. */
TEST_F(region, vectors)
{
	__u8 all[CONFIG_SIZE], buf[CONFIG_SIZE] = {};
	static const unsigned int lens[] = { 1, 2, 3, 0, 5, 8, 13, 1, 64, 31 };
	struct iovec iov[ARRAY_SIZE(lens)];
	unsigned int i, sum = 0;

	if (self->dev->fd < 0)
		SKIP(return, "no device file");
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		iov[i].iov_base = buf + sum;
		iov[i].iov_len = lens[i];
		sum += lens[i];
	}
	config_snapshot(self->dev, all);
	EXPECT_EQ(sum, preadv(self->dev->fd, iov, ARRAY_SIZE(lens),
			      dev_region(self->dev, CONFIG)->offset));
	EXPECT_EQ(0, memcmp(buf, all, sum));
}

/* read(2): zero bytes are zero bytes, and no error, within a region. */
TEST_F(region, zero_count)
{
	__u8 before[CONFIG_SIZE], after[CONFIG_SIZE], byte = 0xff;
	unsigned int offset;

	config_snapshot(self->dev, before);
	for (offset = 0; offset < CONFIG_SIZE; offset += 3) {
		EXPECT_EQ(0, dev_read(self->dev, CONFIG, &byte, 0, offset));
		EXPECT_EQ(0, dev_write(self->dev, CONFIG, &byte, 0, offset));
	}
	EXPECT_EQ(0xff, byte);
	config_snapshot(self->dev, after);
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
}

/* A count as large as the system call takes still ends at the region's end. */
TEST_F(region, huge_count)
{
	static const size_t counts[] = { 1U << 20, INT_MAX, 1UL << 30 };
	/* not on the stack: the address space must go on for that long */
	static __u8 buf[2 * MAX_CONFIG];
	unsigned int i, size, left;
	__u8 all[MAX_CONFIG];

	size = read_config(self->dev, all);
	left = size - 0x10;
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		memset(buf, 0xa5, sizeof(buf));
		EXPECT_EQ(left, dev_read(self->dev, CONFIG, buf, counts[i],
					 0x10));
		EXPECT_EQ(0, memcmp(buf, all + 0x10, left));
		EXPECT_TRUE(all_are(buf + left, MAX_CONFIG, 0xa5));
	}
	/* access_ok() fails before the driver sees it; no error is worse. */
	EXPECT_GT(0, dev_read(self->dev, CONFIG, buf, SIZE_MAX, 0));
	EXPECT_GT(0, dev_write(self->dev, CONFIG, buf, SIZE_MAX, 0));
	EXPECT_GT(0, dev_read(self->dev, CONFIG, buf, SSIZE_MAX, 0));
}

FIXTURE(file)
{
	struct subject subject;
	int fd;
	__u64 config;
	size_t page;
	__u8 *map;	/* a page; the one after it is not mapped */
};

FIXTURE_SETUP(file)
{
	int ret = subject_open(&self->subject, SUBJECT_ANY);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->fd = self->subject.dev.fd;
	if (self->fd < 0) {
		subject_close(&self->subject);
		SKIP(return, "no device file");
	}
	self->config = dev_region(&self->subject.dev, CONFIG)->offset;
	self->page = sysconf(_SC_PAGESIZE);
	self->map = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->map);
	ASSERT_EQ(0, munmap(self->map + self->page, self->page));
}

FIXTURE_TEARDOWN(file)
{
	munmap(self->map, self->page);
	subject_close(&self->subject);
}

/* pread(2): a negative position is EINVAL, the largest one too. */
TEST_F(file, positions)
{
	const __s64 positions[] = {
		-1, -4096, LLONG_MIN, LLONG_MAX, LLONG_MAX - 7,
		(1LL << 62) + 8, 1LL << 56,
	};
	unsigned int i;
	__u8 buf[8] = {};

	for (i = 0; i < ARRAY_SIZE(positions); i++) {
		EXPECT_GT(0, pread(self->fd, buf, sizeof(buf), positions[i]));
		EXPECT_TRUE(errno == EINVAL || errno == EOVERFLOW);
		EXPECT_GT(0, pwrite(self->fd, buf, sizeof(buf), positions[i]));
		EXPECT_TRUE(errno == EINVAL || errno == EOVERFLOW);
	}
}

/* vfio.h: a position belongs to a region of the device or is EINVAL. */
TEST_F(file, index_out_of_range)
{
	static const __u64 indexes[] = {
		VFIO_PCI_NUM_REGIONS, VFIO_PCI_NUM_REGIONS + 1, 16, 255, 256,
		0x7fff, 0xffff, 0x100000, 0x7fffff,
	};
	static const size_t counts[] = { 1, 2, 4, 8, 64 };
	unsigned int i, j;
	__u8 buf[64] = {};

	if (!self->subject.is_mtty)
		SKIP(return, "region offsets are not those of an mtty");
	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		off_t pos = indexes[i] << OFFSET_SHIFT;

		for (j = 0; j < ARRAY_SIZE(counts); j++) {
			EXPECT_EQ(-1, pread(self->fd, buf, counts[j], pos));
			EXPECT_EQ(EINVAL, errno);
			EXPECT_EQ(-1, pwrite(self->fd, buf, counts[j], pos));
			EXPECT_EQ(EINVAL, errno);
			EXPECT_EQ(-1, pread(self->fd, buf, counts[j],
					    pos + 4));
			EXPECT_EQ(EINVAL, errno);
		}
	}
}

/* read(2): the file position advances by what was transferred. */
TEST_F(file, position_of_the_file)
{
	const __u64 size = dev_region(&self->subject.dev, 0)->size;
	unsigned int i;
	__u8 byte;

	if (!self->subject.is_mtty)
		SKIP(return, "region 0 may have side effects");
	for (i = 0; i < size; i++)
		ASSERT_EQ(1, read(self->fd, &byte, 1));
	EXPECT_EQ(-1, read(self->fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
}

/* read(2), write(2): a buffer that is not there is EFAULT. */
TEST_F(file, bad_pointers)
{
	__u8 before[CONFIG_SIZE], after[CONFIG_SIZE];
	void *bad[] = { NULL, (void *)8, self->map + self->page, (void *)-16L };
	unsigned int i, count;

	config_snapshot(&self->subject.dev, before);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (count = 1; count <= 8; count++) {
			EXPECT_EQ(-1, pread(self->fd, bad[i], count,
					    self->config));
			EXPECT_EQ(EFAULT, errno);
			EXPECT_EQ(-1, pwrite(self->fd, bad[i], count,
					     self->config + PCI_COMMAND));
			EXPECT_EQ(EFAULT, errno);
		}
	}
	ASSERT_EQ(0, mprotect(self->map, self->page, PROT_READ));
	EXPECT_EQ(-1, pread(self->fd, self->map, 4, self->config));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(0, mprotect(self->map, self->page, PROT_READ | PROT_WRITE));
	config_snapshot(&self->subject.dev, after);
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
}

/* A buffer that ends early: EFAULT, or as many bytes as there was room for. */
TEST_F(file, read_into_the_end_of_a_mapping)
{
	__u8 all[CONFIG_SIZE], *buf;
	unsigned int room, offset;
	ssize_t ret;

	config_snapshot(&self->subject.dev, all);
	for (offset = 0; offset < 4; offset++) {
		for (room = 1; room < 32; room++) {
			buf = self->map + self->page - room;
			memset(buf - 8, 0xa5, room + 8);
			ret = pread(self->fd, buf, 64, self->config + offset);
			if (ret < 0) {
				ASSERT_EQ(EFAULT, errno);
				ret = 0;
			}
			ASSERT_GE(room, ret);
			EXPECT_EQ(0, memcmp(buf, all + offset, ret));
			EXPECT_TRUE(all_are(buf - 8, 8, 0xa5));
		}
	}
}

/* The same for a write: no byte after the reported count has an effect. */
TEST_F(file, write_from_the_end_of_a_mapping)
{
	__u8 before[CONFIG_SIZE], after[CONFIG_SIZE], *buf;
	struct vfio_dev *dev = &self->subject.dev;
	unsigned int room, first, i;
	ssize_t ret;

	if (!self->subject.is_mtty)
		SKIP(return, "what is writable is known of an mtty only");
	for (room = 1; room < 16; room++) {
		/* From CLS on there is little that a 0xff would not change. */
		first = PCI_CACHE_LINE_SIZE;
		ASSERT_EQ(0, dev_reset(dev));
		config_snapshot(dev, before);
		buf = self->map + self->page - room;
		memset(buf, 0xff, room);
		ret = pwrite(self->fd, buf, 64, self->config + first);
		if (ret < 0) {
			ASSERT_EQ(EFAULT, errno);
			ret = 0;
		}
		ASSERT_GE(room, ret);
		config_snapshot(dev, after);
		for (i = first + ret; i < CONFIG_SIZE; i++) {
			EXPECT_EQ(before[i], after[i]) {
				TH_LOG("byte 0x%x", i);
			}
		}
	}
}

TEST_HARNESS_MAIN
