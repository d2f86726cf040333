// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA that is under way while its target is unmapped and mapped, while it may
 * not be done any more, and while the device is reset; also into a mapping of
 * the device's own memory, where copying takes the locks of a page fault.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/crew.h"
#include "lib/must.h"
#include "lib/random.h"
#include "lib/testdev.h"
#include "lib/touch.h"

#define RACE_MS		800
#define PAGE		4096
#define PAGES		4		/* of each of the three */
#define SIZE		(PAGES * PAGE)
#define STAYS		0x1000000	/* IOVA of memory that stays */
#define GOES		(STAYS + SIZE)	/* of memory that comes and goes */
#define OWN		(GOES + SIZE)	/* of the device's memory */
#define BOTH		(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

struct race {
	struct testdev testdev;
	struct vfio_dev *dev;
	unsigned int pm;
	__u8 *stays;
	__u8 *goes;
	__u8 *own;
	__u32 serial;
	pthread_mutex_t starting;	/* who has it may stop all transfers */
	struct crew crew;
};

FIXTURE(dma_race)
{
	struct race race;
};

FIXTURE_SETUP(dma_race)
{
	struct race *race = &self->race;
	int ret;

	ret = testdev_open(&race->testdev, TESTDEV_PCIE, DEV_PATH_DEFAULT);
	if (ret == -ENODEV)
		SKIP(return, "%s", race->testdev.why);
	ASSERT_EQ(0, ret);
	race->dev = &race->testdev.dev;
	race->pm = config_find_cap(race->dev, PCI_CAP_ID_PM);
	pthread_mutex_init(&race->starting, NULL);
	race->stays = dev_dma_alloc(race->dev, STAYS, SIZE, BOTH);
	race->goes = dev_dma_alloc(race->dev, GOES, SIZE, BOTH);
	ASSERT_NE(NULL, race->stays);
	ASSERT_NE(NULL, race->goes);
	testdev_enable(race->dev);
	race->own = dev_mmap(race->dev, TESTDEV_MEMORY, 0, SIZE,
			     PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, race->own);
	ret = dev_dma_map(race->dev, OWN, race->own, SIZE, BOTH);
	/* iommufd maps only what it could pin */
	ASSERT_TRUE(!ret || ret == -EFAULT || ret == -EINVAL) {
		TH_LOG("the device's own memory: %d", ret);
	}
	dev_region(race->dev, VFIO_PCI_CONFIG_REGION_INDEX);
	random_seed();
}

FIXTURE_TEARDOWN(dma_race)
{
	struct race *race = &self->race;

	dev_dma_unmap(race->dev, OWN, SIZE);
	munmap(race->own, SIZE);
	dev_dma_free(race->dev, GOES, SIZE, race->goes);
	dev_dma_free(race->dev, STAYS, SIZE, race->stays);
	testdev_close(&race->testdev);
}

/* A word of memory at @offset from STAYS, which runs on into what goes. */
static __u32 *word(struct race *race, unsigned int offset)
{
	return offset < SIZE ? (__u32 *)(race->stays + offset) :
			       (__u32 *)(race->goes + offset - SIZE);
}

static void buffer_out(struct race *race, unsigned int offset, __u32 val)
{
	testdev_out(race->dev, TESTDEV_BUFFER + offset, val);
}

static __u32 buffer_in(struct race *race, unsigned int offset)
{
	return testdev_in(race->dev, TESTDEV_BUFFER + offset);
}

/* One transfer: what it has as its result, or -1 if a reset came between. */
static int do_transfer(struct race *race, unsigned int command, __u64 iova,
		       unsigned int len, __u32 stamp)
{
	__u32 resets, result;

	pthread_mutex_lock(&race->starting);
	resets = testdev_in(race->dev, TESTDEV_RESETS);
	buffer_out(race, 0, stamp);
	buffer_out(race, len - 4, stamp);
	testdev_start(race->dev, command, iova, len, TESTDEV_NO_VECTOR);
	pthread_mutex_unlock(&race->starting);

	/* all ones also while nothing of the device answers */
	result = testdev_wait(race->dev);
	pthread_mutex_lock(&race->starting);
	if (testdev_in(race->dev, TESTDEV_RESETS) != resets)
		result = -1;
	pthread_mutex_unlock(&race->starting);
	return result;
}

/* From the middle of what stays, and often into what goes. */
static void write_memory(struct crew *crew, void *arg)
{
	struct race *race = arg;
	unsigned int start = 4 * random_below(SIZE / 4);
	unsigned int len = 8 + 4 * random_below(SIZE / 4 - 1);
	bool crosses = start + len > SIZE;
	__u32 stamp = ++race->serial;
	int result = do_transfer(race, TESTDEV_WRITE, STAYS + start, len,
				 stamp);

	if (result && result != -1 && result != EPERM &&
	    !(crosses && result == EFAULT))
		crew_complain(crew, "write of 0x%x to 0x%x: %d", len, start,
			      result);
	/* what is before a page that is not mapped is written */
	if ((!result || result == EFAULT) && *word(race, start) != stamp)
		crew_complain(crew, "0x%x was not written", start);
	if (!result && !crosses && *word(race, start + len - 4) != stamp)
		crew_complain(crew, "the end of 0x%x is not written", start);
}

static void read_memory(struct crew *crew, void *arg)
{
	struct race *race = arg;
	unsigned int len = 8 + 4 * random_below(SIZE / 4 - 1);
	__u32 stamp = ++race->serial;
	int result;

	pthread_mutex_lock(&race->starting);
	*word(race, 0) = stamp;
	*word(race, len - 4) = stamp;
	pthread_mutex_unlock(&race->starting);
	result = do_transfer(race, TESTDEV_READ, STAYS, len, 0);
	if (result && result != -1 && result != EPERM)
		crew_complain(crew, "read of 0x%x: %d", len, result);
	if (result)
		return;
	pthread_mutex_lock(&race->starting);
	/* unless there was a reset once more */
	if (testdev_in(race->dev, TESTDEV_TRANSFERS) &&
	    (buffer_in(race, 0) != stamp || buffer_in(race, len - 4) != stamp))
		crew_complain(crew, "0x%x bytes were not read", len);
	pthread_mutex_unlock(&race->starting);
}

static void write_own_memory(struct crew *crew, struct race *race)
{
	unsigned int command = random_below(2) ? TESTDEV_READ : TESTDEV_WRITE;
	int result = do_transfer(race, command, OWN, SIZE, ++race->serial);

	if (result && result != -1 && result != EPERM && result != EFAULT)
		crew_complain(crew, "transfer with itself: %d", result);
}

static void move_data(struct crew *crew, void *arg)
{
	switch (random_below(4)) {
	case 0:
		read_memory(crew, arg);
		break;
	case 1:
		write_own_memory(crew, arg);
		break;
	default:
		write_memory(crew, arg);
	}
}

static void dawdle(void)
{
	if (random_below(2))
		usleep(random_below(300));
	else
		sched_yield();
}

/* From when it is unmapped no device writes to it. */
static void unmap_and_map(struct crew *crew, void *arg)
{
	static __u8 copy[SIZE];
	struct race *race = arg;
	int ret = dev_dma_unmap(race->dev, GOES, SIZE);

	if (ret)
		crew_complain(crew, "unmap: %d", ret);
	memcpy(copy, race->goes, SIZE);
	dawdle();
	if (memcmp(copy, race->goes, SIZE))
		crew_complain(crew, "DMA to what is not mapped");
	ret = dev_dma_map(race->dev, GOES, race->goes, SIZE, BOTH);
	if (ret)
		crew_complain(crew, "map: %d", ret);
	dawdle();
}

/* From when a reset is done no transfer of before writes anything. */
static void cut_off(struct crew *crew, struct race *race)
{
	static __u8 copy[SIZE];
	int ret = dev_reset(race->dev);

	if (ret)
		crew_complain(crew, "reset: %d", ret);
	memcpy(copy, race->stays, SIZE);
	dawdle();
	if (memcmp(copy, race->stays, SIZE))
		crew_complain(crew, "DMA after a reset");
	testdev_enable(race->dev);
	if (testdev_in(race->dev, TESTDEV_TRANSFERS) ||
	    testdev_in(race->dev, TESTDEV_RESULT))
		crew_complain(crew, "a transfer outlived a reset");
}

static void disturb(struct crew *crew, void *arg)
{
	struct race *race = arg;

	pthread_mutex_lock(&race->starting);
	switch (random_below(4)) {
	case 0:
		cut_off(crew, race);
		break;
	case 1:
		config_command(race->dev, PCI_COMMAND_MASTER, 0);
		break;
	case 2:
		config_command(race->dev, PCI_COMMAND_MEMORY, 0);
		break;
	default:
		config_write16(race->dev, race->pm + PCI_PM_CTRL, 3);
	}
	dawdle();
	config_write16(race->dev, race->pm + PCI_PM_CTRL, 0);
	testdev_enable(race->dev);
	pthread_mutex_unlock(&race->starting);
	dawdle();
	usleep(random_below(500));
}

static void touch_own_memory(struct crew *crew, void *arg)
{
	struct race *race = arg;
	unsigned int offset, i;
	__u32 val;

	for (i = 0; i < 100; i++) {
		offset = 4 * random_below(SIZE / 4);
		if (random_below(2))
			touch_store(race->own + offset, offset);
		else if (touch_load(race->own + offset, &val))
			crew_achieved(crew);
	}
	usleep(random_below(100));
}

TEST_F_TIMEOUT(dma_race, everything, 300)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;

	crew_add(crew, move_data, race);
	crew_add(crew, unmap_and_map, race);
	crew_add(crew, disturb, race);
	crew_add(crew, touch_own_memory, race);
	crew_run(crew, RACE_MS);

	EXPECT_EQ(0, crew->complaints) {
		TH_LOG("%s", crew->first);
	}
	EXPECT_LT(20, crew->rounds);
	EXPECT_LT(0, crew->achieved);
	TH_LOG("%u rounds, %u transfers", crew->rounds, race->serial);
	ASSERT_EQ(0, dev_reset(race->dev));
	testdev_enable(race->dev);
	EXPECT_EQ(0, testdev_transfer(race->dev, TESTDEV_WRITE, STAYS, SIZE));
	EXPECT_EQ(0, race->stays[0]);
	EXPECT_EQ(0, race->stays[SIZE - 1]);
	EXPECT_EQ(0, testdev_transfer(race->dev, TESTDEV_WRITE, GOES, SIZE));
}

TEST_HARNESS_MAIN
