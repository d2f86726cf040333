// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA moves exactly the bytes it was told to, and none where nothing is mapped
 * for it or the function may not be bus master.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/random.h"
#include "lib/testdev.h"

#define PAGE 4096
#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* Memory with room on either side of the longest transfer. */
#define IOVA 0x40000000ULL
#define SIZE (TESTDEV_BUFFER_SIZE + 2 * PAGE)

static __u8 pattern[SIZE], buffer[TESTDEV_BUFFER_SIZE];

FIXTURE(dma)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	__u8 *mem;
};

FIXTURE_VARIANT(dma)
{
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(dma, container) { .path = DEV_PATH_CONTAINER };
FIXTURE_VARIANT_ADD(dma, iommufd) { .path = DEV_PATH_IOMMUFD };

FIXTURE_SETUP(dma)
{
	int ret = testdev_open(&self->testdev, TESTDEV_PCIE, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	random_seed();
	testdev_enable(self->dev);
	self->mem = dev_dma_alloc(self->dev, IOVA, SIZE, RW);
	ASSERT_NE(NULL, self->mem) {
		TH_LOG("dev_dma_alloc: %m");
	}
}

FIXTURE_TEARDOWN(dma)
{
	dev_dma_free(self->dev, IOVA, SIZE, self->mem);
	testdev_close(&self->testdev);
}

/* Other bytes in memory than in the device, and a copy of both. */
static void refill(struct vfio_dev *dev, __u8 *mem)
{
	unsigned int i;

	for (i = 0; i < SIZE; i++)
		pattern[i] = random_below(256);
	for (i = 0; i < sizeof(buffer); i++)
		buffer[i] = random_below(256);
	memcpy(mem, pattern, SIZE);
	testdev_buffer_out(dev, buffer, sizeof(buffer));
}

/* Memory and device are as the copies say. */
static bool as_expected(struct vfio_dev *dev, const __u8 *mem)
{
	static __u8 got[TESTDEV_BUFFER_SIZE];

	testdev_buffer_in(dev, got, sizeof(got));
	return !memcmp(mem, pattern, SIZE) && !memcmp(got, buffer, sizeof(got));
}

static const struct {
	unsigned int offset;
	unsigned int len;
} transfers[] = {
	{ 0, 0 }, { 0, 1 }, { PAGE - 1, 1 }, { PAGE, 1 }, { 1, 2 }, { 3, 7 },
	{ PAGE - 1, 2 }, { PAGE - 3, 8 },
	{ 0, PAGE - 1 }, { 0, PAGE }, { 1, PAGE - 1 }, { 1, PAGE },
	{ PAGE, PAGE + 1 }, { PAGE - 1, PAGE + 2 }, { 17, 3 * PAGE },
	{ 0, TESTDEV_BUFFER_SIZE }, { 5, TESTDEV_BUFFER_SIZE },
	{ PAGE - 1, TESTDEV_BUFFER_SIZE - 1 }, { SIZE - 1, 1 },
	{ SIZE - TESTDEV_BUFFER_SIZE, TESTDEV_BUFFER_SIZE },
};

TEST_F(dma, from_memory)
{
	unsigned int i, offset, len;

	for (i = 0; i < ARRAY_SIZE(transfers); i++) {
		offset = transfers[i].offset;
		len = transfers[i].len;
		refill(self->dev, self->mem);
		EXPECT_EQ(0, testdev_transfer(self->dev, TESTDEV_READ,
					      IOVA + offset, len));
		memcpy(buffer, pattern + offset, len);
		EXPECT_TRUE(as_expected(self->dev, self->mem)) {
			TH_LOG("%u bytes at 0x%x", len, offset);
		}
	}
	EXPECT_EQ(i, testdev_in(self->dev, TESTDEV_TRANSFERS));
}

TEST_F(dma, to_memory)
{
	unsigned int i, offset, len;

	for (i = 0; i < ARRAY_SIZE(transfers); i++) {
		offset = transfers[i].offset;
		len = transfers[i].len;
		refill(self->dev, self->mem);
		EXPECT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE,
					      IOVA + offset, len));
		memcpy(pattern + offset, buffer, len);
		EXPECT_TRUE(as_expected(self->dev, self->mem)) {
			TH_LOG("%u bytes at 0x%x", len, offset);
		}
	}
	EXPECT_EQ(i, testdev_in(self->dev, TESTDEV_TRANSFERS));
}

/* Small ones, anywhere. */
TEST_F(dma, random_transfers)
{
	unsigned int round, offset, len;

	refill(self->dev, self->mem);
	for (round = 0; round < 300; round++) {
		offset = random_below(SIZE - PAGE);
		len = random_below(PAGE) + 1;
		if (random_below(2)) {
			ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_READ,
						      IOVA + offset, len));
			memcpy(buffer, pattern + offset, len);
		} else {
			ASSERT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE,
						      IOVA + offset, len));
			memcpy(pattern + offset, buffer, len);
		}
		ASSERT_EQ(0, memcmp(self->mem, pattern, SIZE));
	}
	EXPECT_TRUE(as_expected(self->dev, self->mem));
}

/* What is in the device but not in the result of a transfer that failed. */
static void expect_refused(struct __test_metadata *_metadata,
			   struct vfio_dev *dev, __u8 *mem, int err, __u64 iova,
			   unsigned int len)
{
	refill(dev, mem);
	EXPECT_EQ(err, testdev_transfer(dev, TESTDEV_READ, iova, len));
	EXPECT_TRUE(as_expected(dev, mem));
	EXPECT_EQ(err, testdev_transfer(dev, TESTDEV_WRITE, iova, len));
	EXPECT_TRUE(as_expected(dev, mem));
}

/* PCI 6.2.2: Bus Master off, no access to memory. */
TEST_F(dma, bus_master)
{
	config_command(self->dev, PCI_COMMAND_MASTER, 0);
	expect_refused(_metadata, self->dev, self->mem, EPERM, IOVA, 1);
	expect_refused(_metadata, self->dev, self->mem, EPERM, IOVA, 3 * PAGE);
	config_command(self->dev, 0, PCI_COMMAND_MASTER);
	EXPECT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE, IOVA, PAGE));
	EXPECT_EQ(0, memcmp(self->mem, buffer, PAGE));
}

/* As good as nothing is mapped there. */
TEST_F(dma, unmapped)
{
	static const __u64 places[] = {
		0, 0x1000, IOVA - PAGE, IOVA - 1, IOVA + SIZE, 1ULL << 32,
		(1ULL << 32) + IOVA, 1ULL << 63, -4096ULL, ~0ULL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		expect_refused(_metadata, self->dev, self->mem, EFAULT,
			       places[i], 1);
	expect_refused(_metadata, self->dev, self->mem, EFAULT, IOVA - PAGE,
		       2 * PAGE);
}

/* What lies before the hole is moved, nothing of what lies behind it. */
TEST_F(dma, partly_mapped)
{
	__u64 hole = IOVA + SIZE, start = hole - 2 * PAGE - 16;
	unsigned int len = 2 * PAGE + 16, offset = SIZE - len;
	__u8 *behind;

	behind = dev_dma_alloc(self->dev, hole + PAGE, PAGE, RW);
	ASSERT_NE(NULL, behind);
	memset(behind, 0x5a, PAGE);
	refill(self->dev, self->mem);
	EXPECT_EQ(EFAULT, testdev_transfer(self->dev, TESTDEV_READ, start,
					   len + 2 * PAGE));
	memcpy(buffer, pattern + offset, len);
	EXPECT_TRUE(as_expected(self->dev, self->mem));

	refill(self->dev, self->mem);
	EXPECT_EQ(EFAULT, testdev_transfer(self->dev, TESTDEV_WRITE, start,
					   len + 2 * PAGE));
	memcpy(pattern + offset, buffer, len);
	EXPECT_TRUE(as_expected(self->dev, self->mem));
	EXPECT_EQ(0x5a, behind[0]);
	dev_dma_free(self->dev, hole + PAGE, PAGE, behind);
}

/* From one mapping into the next one there is no border. */
TEST_F(dma, two_mappings)
{
	__u8 *next = dev_dma_alloc(self->dev, IOVA + SIZE, PAGE, RW);

	ASSERT_NE(NULL, next);
	refill(self->dev, self->mem);
	EXPECT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE,
				      IOVA + SIZE - 100, 200));
	memcpy(pattern + SIZE - 100, buffer, 100);
	EXPECT_TRUE(as_expected(self->dev, self->mem));
	EXPECT_EQ(0, memcmp(next, buffer + 100, 100));
	EXPECT_EQ(0, next[100]);
	dev_dma_free(self->dev, IOVA + SIZE, PAGE, next);
}

/* READ and WRITE are from the view of the device. */
TEST_F(dma, read_only)
{
	__u8 *mem = dev_dma_alloc(self->dev, IOVA + 2 * SIZE, PAGE,
				  VFIO_DMA_MAP_FLAG_READ);

	ASSERT_NE(NULL, mem);
	memset(mem, 0x5a, PAGE);
	refill(self->dev, self->mem);
	EXPECT_EQ(EFAULT, testdev_transfer(self->dev, TESTDEV_WRITE,
					   IOVA + 2 * SIZE, PAGE));
	EXPECT_EQ(0x5a, mem[0]);
	EXPECT_EQ(0x5a, mem[PAGE - 1]);
	EXPECT_EQ(0, testdev_transfer(self->dev, TESTDEV_READ, IOVA + 2 * SIZE,
				      PAGE));
	memset(buffer, 0x5a, PAGE);
	EXPECT_TRUE(as_expected(self->dev, self->mem));
	dev_dma_free(self->dev, IOVA + 2 * SIZE, PAGE, mem);
}

TEST_F(dma, write_only)
{
	__u8 *mem = dev_dma_alloc(self->dev, IOVA + 2 * SIZE, PAGE,
				  VFIO_DMA_MAP_FLAG_WRITE);

	ASSERT_NE(NULL, mem);
	memset(mem, 0x5a, PAGE);
	refill(self->dev, self->mem);
	EXPECT_EQ(EFAULT, testdev_transfer(self->dev, TESTDEV_READ,
					   IOVA + 2 * SIZE, PAGE));
	EXPECT_TRUE(as_expected(self->dev, self->mem));
	dev_dma_free(self->dev, IOVA + 2 * SIZE, PAGE, mem);
}

/* The address behind the last one is not the first. */
TEST_F(dma, top_of_the_address_space)
{
	const __u64 top = -(__u64)PAGE;
	__u8 *zero = dev_dma_alloc(self->dev, 0, PAGE, RW);
	__u8 *mem = dev_dma_alloc(self->dev, top, PAGE, RW);

	ASSERT_NE(NULL, zero);
	memset(zero, 0x5a, PAGE);
	/*
	 * An IOMMU may keep that page for itself, and a type1 of before 7.0
	 * never finds it again. The wrap can be tried all the same.
	 */
	refill(self->dev, self->mem);
	if (mem && !testdev_transfer(self->dev, TESTDEV_WRITE, ~0ULL, 1)) {
		EXPECT_EQ(buffer[0], mem[PAGE - 1]);
		EXPECT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE, top,
					      PAGE));
		EXPECT_EQ(0, memcmp(mem, buffer, PAGE));
	}
	if (mem)
		memset(mem, 0x5b, PAGE);
	expect_refused(_metadata, self->dev, self->mem, EFAULT, ~0ULL, 2);
	expect_refused(_metadata, self->dev, self->mem, EFAULT, top, 2 * PAGE);
	expect_refused(_metadata, self->dev, self->mem, EFAULT, top + 1, PAGE);
	EXPECT_EQ(0x5a, zero[0]);
	/* refused as a whole, before anything is moved */
	if (mem)
		EXPECT_EQ(0x5b, mem[PAGE - 1]);
	dev_dma_free(self->dev, top, PAGE, mem);
	dev_dma_free(self->dev, 0, PAGE, zero);
}

/* Once it is unmapped the device has no way to it. */
TEST_F(dma, unmapped_again)
{
	refill(self->dev, self->mem);
	EXPECT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE, IOVA, 1));
	ASSERT_EQ(0, dev_dma_unmap(self->dev, IOVA, SIZE));
	expect_refused(_metadata, self->dev, self->mem, EFAULT, IOVA, 1);
	expect_refused(_metadata, self->dev, self->mem, EFAULT, IOVA, 2 * PAGE);
	EXPECT_NE(0, dev_dma_unmap(self->dev, IOVA, SIZE));
}

/* Each transfer ends with its message, sent when everything is there. */
TEST_F(dma, message_at_the_end)
{
	unsigned int vector, i;
	int event = event_new();

	ASSERT_EQ(0, irq_bind_vector(self->dev, VFIO_PCI_MSIX_IRQ_INDEX, 63,
				     event));
	refill(self->dev, self->mem);
	for (i = 0; i < 100; i++) {
		self->mem[PAGE] = ~buffer[PAGE];
		testdev_start(self->dev, TESTDEV_WRITE, IOVA, PAGE + 1, 63);
		ASSERT_EQ(1, event_wait(event));
		EXPECT_EQ(buffer[PAGE], self->mem[PAGE]);
		EXPECT_EQ(0, testdev_in(self->dev, TESTDEV_RESULT));
	}
	/* one that failed too */
	testdev_start(self->dev, TESTDEV_WRITE, 0, 1, 63);
	EXPECT_EQ(1, event_wait(event));
	EXPECT_EQ(EFAULT, testdev_in(self->dev, TESTDEV_RESULT));
	/* one for which there is no message, none at all, no transfer */
	for (vector = 62; vector <= 64; vector += 2) {
		testdev_start(self->dev, TESTDEV_WRITE, IOVA, 1, vector);
		EXPECT_EQ(0, testdev_wait(self->dev));
	}
	EXPECT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE, IOVA, 1));
	testdev_out(self->dev, TESTDEV_COMMAND, 3 | 63 << 16);
	EXPECT_EQ(EINVAL, testdev_wait(self->dev));
	EXPECT_EQ(0, event_stray(event));
	close(event);
}

TEST_HARNESS_MAIN
