// SPDX-License-Identifier: GPL-2.0-only
/*
 * A container's log of pages written by DMA (VFIO_IOMMU_DIRTY_PAGES) has the
 * pages that were written, all of them and no other.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/testdev.h"

#define PAGE DEV_DIRTY_PAGE
#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define IOVA 0x40000000ULL
#define PAGES 100
#define SIZE (PAGES * PAGE)

FIXTURE(dirty)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	__u8 *mem;
};

FIXTURE_SETUP(dirty)
{
	int ret = testdev_open(&self->testdev, TESTDEV_PCIE,
			       DEV_PATH_CONTAINER);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	testdev_enable(self->dev);
	self->mem = dev_dma_alloc(self->dev, IOVA, SIZE, RW);
	ASSERT_NE(NULL, self->mem);
	ret = dev_dirty_start(self->dev);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "this container has no log of dirty pages");
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(dirty)
{
	dev_dma_free(self->dev, IOVA, SIZE, self->mem);
	testdev_close(&self->testdev);
}

/* From the first dirty page to the last; -1, -2 if they are not in one piece */
static void dirty_range(struct vfio_dev *dev, int *first, int *last)
{
	__u64 bitmap[(PAGES + 63) / 64] = { 0 };
	int i, nr = 0;

	*first = -1;
	*last = -1;
	if (dev_dirty_get(dev, IOVA, SIZE, bitmap)) {
		*first = -3;
		return;
	}
	for (i = 0; i < (int)ARRAY_SIZE(bitmap) * 64; i++) {
		if (!(bitmap[i / 64] >> (i % 64) & 1))
			continue;
		if (!nr++)
			*first = i;
		*last = i;
	}
	if (nr && *last - *first + 1 != nr)
		*first = -2;
}

static void expect_dirty(struct __test_metadata *_metadata,
			 struct vfio_dev *dev, int want_first, int want_last)
{
	int first, last;

	dirty_range(dev, &first, &last);
	EXPECT_EQ(want_first, first);
	EXPECT_EQ(want_last, last);
}

static void expect_clean(struct __test_metadata *_metadata,
			 struct vfio_dev *dev)
{
	expect_dirty(_metadata, dev, -1, -1);
}

TEST_F(dirty, nothing_at_first)
{
	expect_clean(_metadata, self->dev);
	/* the CPU's own writes are not in it */
	memset(self->mem, 1, SIZE);
	expect_clean(_metadata, self->dev);
}

TEST_F(dirty, exact)
{
	static const struct {
		unsigned int offset;
		unsigned int len;
	} transfers[] = {
		{ 0, 1 }, { 0, PAGE }, { PAGE - 1, 1 }, { PAGE, 1 },
		{ PAGE, PAGE }, { PAGE - 1, 2 }, { 3 * PAGE, 2 * PAGE },
		{ 3 * PAGE + 1, 2 * PAGE }, { 3 * PAGE + 1, 2 * PAGE - 1 },
		{ 3 * PAGE - 1, 2 * PAGE + 2 }, { 62 * PAGE, 4 * PAGE },
		{ 63 * PAGE + 5, PAGE }, { 64 * PAGE, 1 },
		{ SIZE - 1, 1 }, { SIZE - PAGE, PAGE },
		{ 0, SIZE }, { 1, SIZE - 1 },
	};
	unsigned int i, offset, len;

	for (i = 0; i < ARRAY_SIZE(transfers); i++) {
		offset = transfers[i].offset;
		len = transfers[i].len;
		ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE,
					      IOVA + offset, len));
		expect_dirty(_metadata, self->dev, offset / PAGE,
			     (offset + len - 1) / PAGE);
		/* it was told, and is clean again */
		expect_clean(_metadata, self->dev);
	}
}

TEST_F(dirty, reads_are_not_in_it)
{
	ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_READ, IOVA, SIZE));
	ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_READ, IOVA + 1, 1));
	ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE, IOVA, 0));
	expect_clean(_metadata, self->dev);
}

/* What a transfer that failed has written is in it, and no more. */
TEST_F(dirty, failed_transfers)
{
	config_command(self->dev, PCI_COMMAND_MASTER, 0);
	EXPECT_EQ(EPERM, testdev_transfer(self->dev, TESTDEV_WRITE, IOVA, 1));
	expect_clean(_metadata, self->dev);
	config_command(self->dev, 0, PCI_COMMAND_MASTER);
	EXPECT_EQ(EFAULT, testdev_transfer(self->dev, TESTDEV_WRITE,
					   IOVA - 1, 2));
	expect_clean(_metadata, self->dev);
	EXPECT_EQ(EFAULT, testdev_transfer(self->dev, TESTDEV_WRITE,
					   IOVA + SIZE - 2 * PAGE, 3 * PAGE));
	expect_dirty(_metadata, self->dev, PAGES - 2, PAGES - 1);
}

/* They add up, until somebody asks. */
TEST_F(dirty, several_transfers)
{
	unsigned int i;

	for (i = 10; i < 90; i++)
		ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE,
					      IOVA + i * PAGE + i * 40, 1));
	expect_dirty(_metadata, self->dev, 10, 89);
	expect_clean(_metadata, self->dev);
	for (i = 10; i < 30; i += 3)
		ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE,
					      IOVA + i * PAGE, 1));
	/* pages with others between them */
	expect_dirty(_metadata, self->dev, -2, 28);
}

/* A log that ended knows nothing, and the next one starts empty. */
TEST_F(dirty, stop_and_start)
{
	__u64 bitmap[(PAGES + 63) / 64] = { 0 };

	ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE, IOVA, 1));
	ASSERT_EQ(0, dev_dirty_stop(self->dev));
	EXPECT_EQ(-EINVAL, dev_dirty_get(self->dev, IOVA, SIZE, bitmap));
	ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE, IOVA, 1));
	ASSERT_EQ(0, dev_dirty_start(self->dev));
	expect_clean(_metadata, self->dev);
	ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE, IOVA + PAGE,
				      1));
	expect_dirty(_metadata, self->dev, 1, 1);
}

TEST_HARNESS_MAIN
