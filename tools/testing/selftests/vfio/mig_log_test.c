// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA logging (linux/vfio.h, VFIO_DEVICE_FEATURE_DMA_LOGGING_START and so on):
 * the device's own log of the pages it wrote. Offered it must work; on kernels
 * where it cannot it must not be offered, since a VMM then relies on it.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/mig_device.h"
#include "lib/must.h"
#include "lib/testdev.h"

#define PAGE	4096
#define IOVA	0x40000000ULL
#define PAGES	200
#define SIZE	(PAGES * PAGE)
#define WORDS	((PAGES + 63) / 64)
#define RW	(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

#define START	VFIO_DEVICE_FEATURE_DMA_LOGGING_START
#define STOP	VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP
#define REPORT	VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT

FIXTURE(log)
{
	struct mig_device mig;
	struct vfio_dev *dev;
	__u8 *mem;
};

FIXTURE_VARIANT(log)
{
	enum mig_kind kind;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(log, subject_container)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(log, subject_iommufd)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(log, testdev)
{
	.kind = MIG_TESTDEV, .path = DEV_PATH_DEFAULT,
};

/* A feature and its payload, of at most 32 bytes. */
union request {
	struct vfio_device_feature head;
	__u8 bytes[sizeof(struct vfio_device_feature) + 32];
};

static int feature(struct vfio_dev *dev, __u32 flags, const void *payload,
		   size_t len)
{
	union request request = {
		.head.argsz = sizeof(request.head) + len,
		.head.flags = flags,
	};

	if (len)
		memcpy(request.head.data, payload, len);
	return dev_feature(dev, &request.head);
}

static int probe(struct vfio_dev *dev, __u32 which)
{
	return feature(dev, VFIO_DEVICE_FEATURE_PROBE | which |
			    (which == REPORT ? VFIO_DEVICE_FEATURE_GET :
					       VFIO_DEVICE_FEATURE_SET),
		       NULL, 0);
}

static int log_start(struct vfio_dev *dev,
		     const struct vfio_device_feature_dma_logging_range *ranges,
		     unsigned int num, __u64 page_size)
{
	struct vfio_device_feature_dma_logging_control control = {
		.page_size = page_size,
		.num_ranges = num,
		.ranges = (uintptr_t)ranges,
	};

	return feature(dev, VFIO_DEVICE_FEATURE_SET | START, &control,
		       sizeof(control));
}

static int log_stop(struct vfio_dev *dev)
{
	return feature(dev, VFIO_DEVICE_FEATURE_SET | STOP, NULL, 0);
}

static int log_report(struct vfio_dev *dev, __u64 iova, __u64 length,
		      __u64 page_size, void *bitmap)
{
	struct vfio_device_feature_dma_logging_report report = {
		.iova = iova,
		.length = length,
		.page_size = page_size,
		.bitmap = (uintptr_t)bitmap,
	};

	return feature(dev, VFIO_DEVICE_FEATURE_GET | REPORT, &report,
		       sizeof(report));
}

FIXTURE_SETUP(log)
{
	int ret = mig_device_open(&self->mig, variant->kind, 0, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->mig.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->mig.dev;
	ret = probe(self->dev, START);
	if (ret == -ENOTTY) {
		EXPECT_EQ(-ENOTTY, probe(self->dev, STOP));
		EXPECT_EQ(-ENOTTY, probe(self->dev, REPORT));
		mig_device_close(&self->mig);
		SKIP(return, "DMA logging is not offered");
	}
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0, probe(self->dev, STOP));
	EXPECT_EQ(0, probe(self->dev, REPORT));
	self->mem = dev_dma_alloc(self->dev, IOVA, SIZE, RW);
	ASSERT_NE(NULL, self->mem);
}

FIXTURE_TEARDOWN(log)
{
	dev_dma_free(self->dev, IOVA, SIZE, self->mem);
	mig_device_close(&self->mig);
}

static const struct vfio_device_feature_dma_logging_range all = {
	.iova = IOVA,
	.length = SIZE,
};

/* The pages of @PAGES that are in the log, as "3-5 9 ". */
static const char *pages(struct vfio_dev *dev)
{
	__u64 bitmap[WORDS] = { };
	static char text[PAGES * 8];
	unsigned int i, first = 0, len = 0;
	bool before = false, set;
	int ret;

	ret = log_report(dev, IOVA, SIZE, PAGE, bitmap);
	if (ret) {
		snprintf(text, sizeof(text), "error %d", ret);
		return text;
	}
	text[0] = '\0';
	for (i = 0; i <= PAGES; i++) {
		set = i < PAGES && bitmap[i / 64] >> (i % 64) & 1;
		if (set && !before)
			first = i;
		if (!set && before && first == i - 1)
			len += sprintf(text + len, "%u ", first);
		else if (!set && before)
			len += sprintf(text + len, "%u-%u ", first, i - 1);
		before = set;
	}
	return text;
}

/* The first 64 of @num pages from @first on. */
static __u64 bits_of(struct vfio_dev *dev, unsigned int first, unsigned int num)
{
	__u64 bits = 0;
	int ret = log_report(dev, IOVA + first * PAGE, num * PAGE, PAGE, &bits);

	must(!ret, "report: %d", ret);
	return bits;
}

/* A transfer from the device to memory, by a device that does such a thing. */
static void dma(struct vfio_dev *dev, unsigned int offset, unsigned int len)
{
	int ret = testdev_transfer(dev, TESTDEV_WRITE, IOVA + offset, len);

	must(!ret, "DMA: %d", ret);
}

/* Nothing of what a device that does no DMA is told to do ends up in a log. */
TEST_F(log, no_dma)
{
	ASSERT_EQ(0, log_start(self->dev, &all, 1, PAGE));
	EXPECT_STREQ("", pages(self->dev));
	mig_dress(&self->mig, 3);
	memset(self->mem, 1, SIZE);
	EXPECT_STREQ("", pages(self->dev));
	EXPECT_EQ(0, log_stop(self->dev));
}

TEST_F(log, exact)
{
	if (!self->mig.is_testdev)
		SKIP(return, "a device without DMA");
	testdev_enable(self->dev);
	dma(self->dev, 3 * PAGE, 1);
	ASSERT_EQ(0, log_start(self->dev, &all, 1, PAGE));
	/* not what was before */
	EXPECT_STREQ("", pages(self->dev));
	dma(self->dev, 0, 1);
	EXPECT_STREQ("0 ", pages(self->dev));
	/* told once */
	EXPECT_STREQ("", pages(self->dev));
	dma(self->dev, PAGE - 1, 2);
	dma(self->dev, 63 * PAGE, 2 * PAGE);
	dma(self->dev, SIZE - 1, 1);
	EXPECT_STREQ("0-1 63-64 199 ", pages(self->dev));
	/* what it reads does not count */
	ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_READ, IOVA, PAGE));
	EXPECT_STREQ("", pages(self->dev));
	dma(self->dev, 5 * PAGE, PAGE);
	EXPECT_EQ(0, log_stop(self->dev));
	EXPECT_GT(0, log_report(self->dev, IOVA, SIZE, PAGE, self->mem));
	/* another start begins with nothing */
	ASSERT_EQ(0, log_start(self->dev, &all, 1, PAGE));
	EXPECT_STREQ("", pages(self->dev));
}

/* Only within what was asked for; asked for a part, the rest is kept. */
TEST_F(log, ranges)
{
	struct vfio_device_feature_dma_logging_range two[] = {
		{ .iova = IOVA + 10 * PAGE, .length = 10 * PAGE },
		{ .iova = IOVA + 100 * PAGE, .length = 2 * PAGE },
	};

	if (!self->mig.is_testdev)
		SKIP(return, "a device without DMA");
	testdev_enable(self->dev);
	ASSERT_EQ(0, log_start(self->dev, two, 2, PAGE));
	dma(self->dev, 5 * PAGE, 25 * PAGE);
	dma(self->dev, 101 * PAGE, 5 * PAGE);
	EXPECT_EQ(3, bits_of(self->dev, 12, 2));
	EXPECT_EQ(0x3f3, bits_of(self->dev, 10, 10));
	EXPECT_EQ(2, bits_of(self->dev, 100, 2));
	EXPECT_EQ(0, bits_of(self->dev, 10, 10));
	EXPECT_EQ(0, log_stop(self->dev));
}

/* Bits are set, and none is cleared. */
TEST_F(log, bitmap_is_only_added_to)
{
	__u64 bitmap[WORDS + 1];

	memset(bitmap, 0x55, sizeof(bitmap));
	ASSERT_EQ(0, log_start(self->dev, &all, 1, PAGE));
	if (self->mig.is_testdev) {
		testdev_enable(self->dev);
		dma(self->dev, PAGE, PAGE);
	}
	EXPECT_EQ(0, log_report(self->dev, IOVA, SIZE, PAGE, bitmap));
	EXPECT_EQ(0x5555555555555555ULL | (self->mig.is_testdev ? 2 : 0),
		  bitmap[0]);
	EXPECT_EQ(0x5555555555555555ULL, bitmap[1]);
	EXPECT_EQ(0x5555555555555555ULL, bitmap[WORDS]);
	EXPECT_EQ(0, log_stop(self->dev));
}

/* Asked in other pages than it was started with. */
TEST_F(log, page_sizes)
{
	__u64 bits;

	if (!self->mig.is_testdev)
		SKIP(return, "a device without DMA");
	testdev_enable(self->dev);
	ASSERT_EQ(0, log_start(self->dev, &all, 1, PAGE));
	dma(self->dev, 5 * PAGE, 1);
	bits = 0;
	EXPECT_EQ(0, log_report(self->dev, IOVA, 16 * PAGE, 4 * PAGE, &bits));
	EXPECT_EQ(2, bits);
	EXPECT_EQ(0, log_stop(self->dev));

	/* where the device may be as coarse as was asked for, and no coarser */
	ASSERT_EQ(0, log_start(self->dev, &all, 1, 4 * PAGE));
	dma(self->dev, 5 * PAGE, 1);
	bits = 0;
	EXPECT_EQ(0, log_report(self->dev, IOVA, 64 * PAGE, PAGE, &bits));
	EXPECT_EQ(1 << 5, bits & 1 << 5);
	EXPECT_EQ(0, bits & ~0xf0ULL);
	EXPECT_EQ(0, log_stop(self->dev));
}

/* What is no proper start is refused, and none is under way then. */
TEST_F(log, bad_starts)
{
	struct vfio_device_feature_dma_logging_range range = all;
	struct vfio_device_feature_dma_logging_range overlap[] = { all, all };

	EXPECT_EQ(-EINVAL, log_start(self->dev, &all, 0, PAGE));
	EXPECT_GT(0, log_start(self->dev, &all, 1, 0));
	EXPECT_GT(0, log_start(self->dev, &all, 1, PAGE + 1));
	EXPECT_GT(0, log_start(self->dev, &all, 1, 3 * PAGE));
	EXPECT_GT(0, log_start(self->dev, (void *)8, 1, PAGE));
	EXPECT_GT(0, log_start(self->dev, &all, 1000000, PAGE));
	EXPECT_GT(0, log_start(self->dev, overlap, 2, PAGE));
	range.length = 0;
	EXPECT_GT(0, log_start(self->dev, &range, 1, PAGE));
	range.length = PAGE / 2;
	EXPECT_GT(0, log_start(self->dev, &range, 1, PAGE));
	range.iova = ~0ULL - PAGE + 1;
	range.length = 2 * PAGE;
	EXPECT_GT(0, log_start(self->dev, &range, 1, PAGE));

	EXPECT_GT(0, log_report(self->dev, IOVA, SIZE, PAGE, self->mem));
	ASSERT_EQ(0, log_start(self->dev, &all, 1, PAGE));
	EXPECT_EQ(0, log_stop(self->dev));
}

/* "Another start is not allowed in the meantime." */
TEST_F(log, double_start)
{
	__u64 bitmap[WORDS] = { };

	EXPECT_GT(0, log_report(self->dev, IOVA, SIZE, PAGE, bitmap));
	ASSERT_EQ(0, log_start(self->dev, &all, 1, PAGE));
	EXPECT_GT(0, log_start(self->dev, &all, 1, PAGE));
	/* the first one is not harmed */
	if (self->mig.is_testdev) {
		testdev_enable(self->dev);
		dma(self->dev, 7 * PAGE, 1);
		EXPECT_STREQ("7 ", pages(self->dev));
	}
	EXPECT_EQ(0, log_stop(self->dev));
	EXPECT_GT(0, log_report(self->dev, IOVA, SIZE, PAGE, bitmap));
}

TEST_F(log, bad_reports)
{
	__u64 bitmap[WORDS] = { };

	ASSERT_EQ(0, log_start(self->dev, &all, 1, PAGE));
	EXPECT_GT(0, log_report(self->dev, IOVA, SIZE, 0, bitmap));
	EXPECT_GT(0, log_report(self->dev, IOVA, SIZE, 3 * PAGE, bitmap));
	EXPECT_GT(0, log_report(self->dev, ~0ULL - PAGE + 1, 2 * PAGE, PAGE,
				bitmap));
	/* what comes of this depends on whether there is a bit to set */
	log_report(self->dev, IOVA, SIZE, PAGE, (void *)8);
	EXPECT_EQ(0, log_report(self->dev, IOVA, SIZE, PAGE, bitmap));
	EXPECT_EQ(0, log_stop(self->dev));
}

/* A user's bitmap may be at any address, and end with its page. */
TEST_F(log, unaligned_bitmap)
{
	__u8 bytes[WORDS * 8 + 16];
	unsigned int i;

	if (!self->mig.is_testdev)
		SKIP(return, "a device without DMA");
	testdev_enable(self->dev);
	ASSERT_EQ(0, log_start(self->dev, &all, 1, PAGE));
	for (i = 1; i < 8; i++) {
		memset(bytes, 0, sizeof(bytes));
		dma(self->dev, 9 * PAGE, 1);
		if (log_report(self->dev, IOVA, SIZE, PAGE, bytes + i)) {
			/* that may be refused, and then nothing is lost */
			EXPECT_STREQ("9 ", pages(self->dev));
			continue;
		}
		EXPECT_EQ(2, bytes[i + 1]);
		bytes[i + 1] = 0;
		EXPECT_EQ(NULL, memchr(bytes, 2, sizeof(bytes)));
	}
	EXPECT_EQ(0, log_stop(self->dev));
}

/* The next user begins with none. */
TEST_F(log, ends)
{
	__u64 bitmap[WORDS] = { };

	ASSERT_EQ(0, log_start(self->dev, &all, 1, PAGE));
	dev_dma_free(self->dev, IOVA, SIZE, self->mem);
	ASSERT_EQ(0, mig_device_reopen(&self->mig));
	self->mem = dev_dma_alloc(self->dev, IOVA, SIZE, RW);
	ASSERT_NE(NULL, self->mem);
	EXPECT_GT(0, log_report(self->dev, IOVA, SIZE, PAGE, bitmap));
	ASSERT_EQ(0, log_start(self->dev, &all, 1, PAGE));
	EXPECT_STREQ("", pages(self->dev));
}

/* It does not depend on the state, and a migration does not stop it. */
TEST_F(log, over_a_migration)
{
	struct mig_stream stream = { };

	ASSERT_EQ(0, log_start(self->dev, &all, 1, PAGE));
	if (self->mig.is_testdev) {
		testdev_enable(self->dev);
		dma(self->dev, 42 * PAGE, 1);
	}
	mig_save(self->dev, &stream);
	if (self->mig.is_testdev)
		EXPECT_STREQ("42 ", pages(self->dev));
	EXPECT_STREQ("", pages(self->dev));
	EXPECT_EQ(0, log_stop(self->dev));
	mig_to(self->dev, MIG_RUNNING);
	mig_stream_free(&stream);
}

TEST_HARNESS_MAIN
