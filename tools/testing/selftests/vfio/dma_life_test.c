// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transfers that are under way when something happens to the device, the
 * mapping or the process; and memory that is not the caller's own.
 *
 * Once an unmap, a reset, a close, or a write to configuration space that takes
 * the function its right to access memory has returned, no transfer of before
 * may write any more: the memory may be somebody else's by then.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/testdev.h"

#define PAGE 4096
#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define IOVA 0x40000000ULL

/* The longest transfer there is: it takes a while. */
#define SIZE 0x100000
#define ROUNDS 20

/*
 * With one processor a transfer may be over whenever the test gets its turn. It
 * goes on until it has met one that was not, but not for ever.
 */
#define MANY_ROUNDS 200

static bool again(unsigned int round, unsigned int met)
{
	return round < ROUNDS || (!met && round < MANY_ROUNDS);
}

FIXTURE(dma_life)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	__u8 *mem;
	int event;
};

FIXTURE_VARIANT(dma_life)
{
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(dma_life, container) { .path = DEV_PATH_CONTAINER };
FIXTURE_VARIANT_ADD(dma_life, iommufd) { .path = DEV_PATH_IOMMUFD };

FIXTURE_SETUP(dma_life)
{
	int ret = testdev_open(&self->testdev, TESTDEV_PCIE, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	testdev_enable(self->dev);
	self->mem = dev_dma_alloc(self->dev, IOVA, SIZE, RW);
	ASSERT_NE(NULL, self->mem) {
		TH_LOG("dev_dma_alloc: %m");
	}
	self->event = event_new();
	ASSERT_EQ(0, irq_bind(self->dev, VFIO_PCI_MSIX_IRQ_INDEX, self->event));
}

FIXTURE_TEARDOWN(dma_life)
{
	dev_dma_free(self->dev, IOVA, SIZE, self->mem);
	testdev_close(&self->testdev);
	close(self->event);
}

/* Not what the device writes: its buffer is as a reset leaves it. */
#define UNTOUCHED 0xff

static void start_writing(struct vfio_dev *dev, __u8 *mem)
{
	memset(mem, UNTOUCHED, SIZE);
	testdev_start(dev, TESTDEV_WRITE, IOVA, SIZE, 0);
}

/* How much of @mem is written, which is one piece from the start; else -1. */
static int written(const __u8 *mem)
{
	int len = 0, i;

	while (len < SIZE && !mem[len])
		len++;
	for (i = len; i < SIZE; i++)
		if (mem[i] != UNTOUCHED)
			return -1;
	return len;
}

/* No more of it is written after this. */
static bool stays(const __u8 *mem, int event)
{
	int len = written(mem);

	event_wait_ms(event, 5);
	return len >= 0 && written(mem) == len;
}

TEST_F(dma_life, all_of_it)
{
	start_writing(self->dev, self->mem);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, testdev_wait(self->dev));
	EXPECT_EQ(SIZE, written(self->mem));
}

/* Bus Master off is obeyed in the middle of a transfer. */
TEST_F(dma_life, bus_master)
{
	unsigned int i, refused = 0;
	int err, len;

	for (i = 0; again(i, refused); i++) {
		start_writing(self->dev, self->mem);
		config_command(self->dev, PCI_COMMAND_MASTER, 0);
		len = written(self->mem);
		EXPECT_LE(0, len);
		err = testdev_wait(self->dev);
		EXPECT_TRUE(!err || err == EPERM) {
			TH_LOG("result %d", err);
		}
		EXPECT_EQ(len, written(self->mem));
		EXPECT_EQ(!err, len == SIZE);
		refused += err == EPERM;
		config_command(self->dev, 0, PCI_COMMAND_MASTER);
		EXPECT_EQ(1, event_wait(self->event));
	}
	TH_LOG("%u of %u were cut off", refused, i);
}

/* As is D3hot. */
TEST_F(dma_life, d3hot)
{
	unsigned int i, refused = 0;
	int err, len, early;

	for (i = 0; again(i, refused); i++) {
		start_writing(self->dev, self->mem);
		config_power_state(self->dev, 3);
		len = written(self->mem);
		early = event_stray(self->event);
		EXPECT_EQ(len, written(self->mem));
		config_power_state(self->dev, 0);
		err = testdev_wait(self->dev);
		EXPECT_EQ(!err, written(self->mem) == SIZE);
		/* the message of one that ended in time came in time */
		if (early)
			EXPECT_EQ(0, err);
		EXPECT_EQ(1, early + (early ? 0 : event_wait(self->event)));
		refused += err == EPERM;
	}
	TH_LOG("%u of %u were cut off", refused, i);
}

TEST_F(dma_life, unmap)
{
	unsigned int i, refused = 0;
	int err, len;

	for (i = 0; again(i, refused); i++) {
		start_writing(self->dev, self->mem);
		ASSERT_EQ(0, dev_dma_unmap(self->dev, IOVA, SIZE));
		len = written(self->mem);
		EXPECT_LE(0, len);
		EXPECT_EQ(1, event_wait(self->event));
		err = testdev_wait(self->dev);
		EXPECT_TRUE(!err || err == EFAULT) {
			TH_LOG("result %d", err);
		}
		EXPECT_EQ(len, written(self->mem));
		EXPECT_EQ(!err, len == SIZE);
		refused += err == EFAULT;
		dev_dma_free(self->dev, IOVA, SIZE, self->mem);
		self->mem = dev_dma_alloc(self->dev, IOVA, SIZE, RW);
		ASSERT_NE(NULL, self->mem);
	}
	TH_LOG("%u of %u were cut off", refused, i);
}

/* After it: nothing of the transfer is left, and another one works. */
static void expect_forgotten(struct __test_metadata *_metadata,
			     struct vfio_dev *dev, __u8 *mem, int event)
{
	EXPECT_TRUE(stays(mem, event));
	testdev_enable(dev);
	EXPECT_EQ(0, testdev_in(dev, TESTDEV_RESULT));
	EXPECT_EQ(0, testdev_in(dev, TESTDEV_TRANSFERS));
	EXPECT_EQ(0, testdev_in(dev, TESTDEV_COMMAND));
	event_take(event);
	start_writing(dev, mem);
	EXPECT_EQ(1, event_wait(event));
	EXPECT_EQ(0, testdev_wait(dev));
	EXPECT_EQ(SIZE, written(mem));
}

TEST_F(dma_life, reset)
{
	unsigned int i, cut = 0;

	for (i = 0; again(i, cut); i++) {
		start_writing(self->dev, self->mem);
		ASSERT_EQ(0, dev_reset(self->dev));
		cut += written(self->mem) < SIZE;
		expect_forgotten(_metadata, self->dev, self->mem, self->event);
	}
	TH_LOG("%u of %u were cut off", cut, i);
}

TEST_F(dma_life, function_level_reset)
{
	unsigned int i, cut = 0;

	for (i = 0; again(i, cut); i++) {
		start_writing(self->dev, self->mem);
		config_flr(self->dev);
		cut += written(self->mem) < SIZE;
		expect_forgotten(_metadata, self->dev, self->mem, self->event);
	}
	TH_LOG("%u of %u were cut off", cut, i);
}

/* The transfer may be cut off; the memory is the process' alone afterwards. */
TEST_F(dma_life, close_device)
{
	unsigned int i, cut = 0;

	for (i = 0; again(i, cut); i++) {
		start_writing(self->dev, self->mem);
		testdev_close(&self->testdev);
		cut += written(self->mem) < SIZE;
		EXPECT_TRUE(stays(self->mem, self->event));
		event_take(self->event);
		dev_dma_free(self->dev, IOVA, SIZE, self->mem);
		self->mem = NULL;

		ASSERT_EQ(0, dev_open(self->dev, &self->testdev.loc,
				      variant->path));
		testdev_enable(self->dev);
		EXPECT_EQ(0, testdev_in(self->dev, TESTDEV_TRANSFERS));
		self->mem = dev_dma_alloc(self->dev, IOVA, SIZE, RW);
		ASSERT_NE(NULL, self->mem);
		ASSERT_EQ(0, irq_bind(self->dev, VFIO_PCI_MSIX_IRQ_INDEX,
				      self->event));
	}
	TH_LOG("%u of %u were cut off", cut, i);
}

/*
 * Who makes the device do it need not be who mapped the memory: a child has
 * other pages at that address. The parent's are meant.
 */
TEST_F(dma_life, from_another_process)
{
	const __u64 iova = IOVA + SIZE;
	int status, ret;
	pid_t child;
	__u8 *mem;

	mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, mem);
	mem[0] = 1;
	ret = dev_dma_map(self->dev, iova, mem, PAGE, RW);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "%s", "this transport takes only its own memory");
	ASSERT_EQ(0, ret);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		__u8 buffer[PAGE];

		memset(mem, 0xcc, PAGE);
		if (testdev_transfer(self->dev, TESTDEV_READ, iova, PAGE))
			_exit(1);
		testdev_buffer_in(self->dev, buffer, sizeof(buffer));
		if (buffer[0] != 1 || buffer[1])
			_exit(2);
		memset(buffer, 0x5a, sizeof(buffer));
		testdev_buffer_out(self->dev, buffer, sizeof(buffer));
		if (testdev_transfer(self->dev, TESTDEV_WRITE, iova, PAGE))
			_exit(3);
		_exit(mem[0] == 0xcc && mem[PAGE - 1] == 0xcc ? 0 : 4);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0x5a, mem[0]);
	EXPECT_EQ(0x5a, mem[PAGE - 1]);
	dev_dma_unmap(self->dev, iova, PAGE);
	munmap(mem, PAGE);
}

/* The process that mapped it has ended, and its memory with it. */
TEST_F(dma_life, mapper_has_gone)
{
	const __u64 iova = IOVA + SIZE;
	int status, ret;
	pid_t child;
	void *mem;

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ret = dev_dma_map(self->dev, iova, mem, PAGE, RW);
		if (!ret)
			ret = -testdev_transfer(self->dev, TESTDEV_WRITE, iova,
						PAGE);
		_exit(-ret);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	if (WEXITSTATUS(status) == EOPNOTSUPP)
		SKIP(return, "%s", "this transport takes only its own memory");
	ASSERT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(EFAULT, testdev_transfer(self->dev, TESTDEV_WRITE, iova, 1));
	EXPECT_EQ(EFAULT, testdev_transfer(self->dev, TESTDEV_READ, iova, 1));
	EXPECT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE, IOVA, 1));
}

/* Memory that was unmapped from the process, not from the device. */
TEST_F(dma_life, memory_has_gone)
{
	const __u64 iova = IOVA + SIZE;
	void *mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int ret = dev_dma_map(self->dev, iova, mem, PAGE, RW);

	if (ret == -EOPNOTSUPP)
		SKIP(return, "%s", "this transport takes only its own memory");
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0, testdev_transfer(self->dev, TESTDEV_WRITE, iova, PAGE));
	munmap(mem, PAGE);
	EXPECT_EQ(EFAULT, testdev_transfer(self->dev, TESTDEV_WRITE, iova, 1));
	EXPECT_EQ(EFAULT, testdev_transfer(self->dev, TESTDEV_READ, iova, 1));
}

/* @owner's memory is where @self->dev writes to and reads from. */
static void peer_to_peer(struct __test_metadata *_metadata,
			 struct vfio_dev *dev, struct vfio_dev *owner)
{
	const __u64 iova = IOVA + SIZE;
	__u8 buffer[4 * PAGE], again[4 * PAGE];
	__u8 *map = dev_mmap(owner, TESTDEV_MEMORY, 0, sizeof(buffer),
			     PROT_READ | PROT_WRITE);
	int ret;

	ASSERT_NE(MAP_FAILED, map);
	ret = dev_dma_map(dev, iova, map, sizeof(buffer), RW);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "%s", "this transport takes only its own memory");
	ASSERT_EQ(0, ret);

	/* pages that nobody has touched */
	memset(buffer, 0x5a, sizeof(buffer));
	testdev_buffer_out(dev, buffer, sizeof(buffer));
	EXPECT_EQ(0, testdev_transfer(dev, TESTDEV_WRITE, iova,
				      sizeof(buffer)));
	EXPECT_EQ(0, memcmp(map, buffer, sizeof(buffer)));
	ASSERT_EQ(sizeof(again), dev_read(owner, TESTDEV_MEMORY, again,
					  sizeof(again), 0));
	EXPECT_EQ(0, memcmp(again, buffer, sizeof(buffer)));
	memset(map, 0x77, sizeof(buffer));
	EXPECT_EQ(0, testdev_transfer(dev, TESTDEV_READ, iova,
				      sizeof(buffer)));
	testdev_buffer_in(dev, again, sizeof(again));
	EXPECT_EQ(0, memcmp(again, map, sizeof(again)));

	/* memory that does not answer is like memory that is not there */
	config_command(owner, PCI_COMMAND_MEMORY, 0);
	if (owner != dev) {
		EXPECT_EQ(EFAULT, testdev_transfer(dev, TESTDEV_WRITE, iova,
						   1));
		EXPECT_EQ(EFAULT, testdev_transfer(dev, TESTDEV_READ, iova,
						   1));
	}
	config_command(owner, 0, PCI_COMMAND_MEMORY);
	EXPECT_EQ(0, testdev_transfer(dev, TESTDEV_READ, iova, 1));

	/* a reset of the owner, or of both, while there is a transfer */
	testdev_start(dev, TESTDEV_WRITE, iova, sizeof(buffer),
		      TESTDEV_NO_VECTOR);
	ASSERT_EQ(0, dev_reset(owner));
	if (owner != dev)
		testdev_wait(dev);
	testdev_enable(owner);
	EXPECT_EQ(0, testdev_transfer(dev, TESTDEV_WRITE, iova, 1));
	EXPECT_EQ(0, dev_dma_unmap(dev, iova, sizeof(buffer)));
	munmap(map, sizeof(buffer));
}

TEST_F(dma_life, peer_to_peer)
{
	struct testdev peer;

	ASSERT_EQ(0, testdev_open(&peer, TESTDEV_LARGE, variant->path));
	testdev_enable(&peer.dev);
	peer_to_peer(_metadata, self->dev, &peer.dev);
	testdev_close(&peer);
}

/* The same device: its own lock must not be in its way. */
TEST_F(dma_life, to_its_own_memory)
{
	peer_to_peer(_metadata, self->dev, self->dev);
}

TEST_HARNESS_MAIN
