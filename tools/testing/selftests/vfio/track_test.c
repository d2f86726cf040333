// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages of device memory were written: what migration will ask for. The
 * test device in the kernel answers, samples/vfio-mdev/vdev_test.h.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/crew.h"
#include "lib/must.h"
#include "lib/random.h"
#include "lib/testdev.h"

#define TRACK	_IO(';', 240)
#define DIRTY	_IO(';', 241)

#define PAGES	256
#define STEPS	2000

/* What the threads of a race do in one round, and for how long all of them. */
#define BURST	16
#define TAKES	8
#define RACE_MS	3000

struct dirty {
	__u64 first;
	__u32 bar;
	__u32 nr;
	__u64 bits[PAGES / 64];
};

FIXTURE(track)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	char *memory;
	size_t page;
};

FIXTURE_SETUP(track)
{
	int ret = testdev_open(&self->testdev, TESTDEV_PCIE, DEV_PATH_DEFAULT);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	self->page = sysconf(_SC_PAGESIZE);
	if (self->dev->fd < 0) {
		testdev_close(&self->testdev);
		SKIP(return, "no device file");
	}
	testdev_enable(self->dev);
	self->memory = dev_mmap(self->dev, TESTDEV_MEMORY, 0,
				PAGES * self->page, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, self->memory);
}

FIXTURE_TEARDOWN(track)
{
	munmap(self->memory, PAGES * self->page);
	testdev_close(&self->testdev);
}

static void track(struct vfio_dev *dev, bool on)
{
	must(!ioctl(dev->fd, TRACK, on), "tracking: %d", errno);
}

static void take(struct vfio_dev *dev, struct dirty *dirty, __u64 first,
		 __u32 nr)
{
	memset(dirty, 0xff, sizeof(*dirty));
	dirty->bar = TESTDEV_MEMORY;
	dirty->first = first;
	dirty->nr = nr;
	must(!ioctl(dev->fd, DIRTY, dirty), "dirty pages: %d", errno);
}

static bool is_dirty(const struct dirty *dirty, unsigned int page)
{
	page -= dirty->first;
	return dirty->bits[page / 64] & 1ULL << page % 64;
}

/* The dirty page, if it is one; or -1 for none, -2 for more. */
static int the_dirty_page(struct vfio_dev *dev)
{
	struct dirty dirty;
	int page, which = -1;

	take(dev, &dirty, 0, PAGES);
	for (page = 0; page < PAGES; page++)
		if (is_dirty(&dirty, page))
			which = which == -1 ? page : -2;
	return which;
}

TEST_F(track, writes_and_nothing_else)
{
	char byte = 1;

	self->memory[3 * self->page] = 1;
	track(self->dev, true);
	EXPECT_EQ(-1, the_dirty_page(self->dev));

	/* a page that was there, one that was not, one that is only read */
	self->memory[3 * self->page] = 2;
	EXPECT_EQ(3, the_dirty_page(self->dev));
	self->memory[200 * self->page + 7] = 2;
	EXPECT_EQ(200, the_dirty_page(self->dev));
	EXPECT_EQ(2, self->memory[3 * self->page]);
	EXPECT_EQ(0, self->memory[4 * self->page]);
	EXPECT_EQ(-1, the_dirty_page(self->dev));

	/* without the mapping */
	EXPECT_EQ(1, dev_write(self->dev, TESTDEV_MEMORY, &byte, 1,
			       9 * self->page));
	EXPECT_EQ(9, the_dirty_page(self->dev));
	EXPECT_EQ(1, dev_read(self->dev, TESTDEV_MEMORY, &byte, 1,
			      10 * self->page));
	EXPECT_EQ(-1, the_dirty_page(self->dev));
}

/* Each is told once, and again after the next write. */
TEST_F(track, again_and_again)
{
	unsigned int i;

	track(self->dev, true);
	for (i = 0; i < 20; i++) {
		self->memory[5 * self->page]++;
		EXPECT_EQ(5, the_dirty_page(self->dev));
		EXPECT_EQ(-1, the_dirty_page(self->dev));
	}
	EXPECT_EQ(20, self->memory[5 * self->page]);
}

/* Asked for a part, it answers for that, and keeps the rest. */
TEST_F(track, parts)
{
	struct dirty dirty;
	unsigned int page;

	track(self->dev, true);
	for (page = 0; page < PAGES; page += 5)
		self->memory[page * self->page] = 1;
	take(self->dev, &dirty, 65, 70);
	for (page = 65; page < 135; page++)
		EXPECT_EQ(page % 5 == 0, is_dirty(&dirty, page));
	take(self->dev, &dirty, 0, PAGES);
	for (page = 0; page < PAGES; page++)
		EXPECT_EQ(page % 5 == 0 && (page < 65 || page >= 135),
			  is_dirty(&dirty, page));
}

/* Zeroes are written by a reset, where there was something. */
TEST_F(track, reset)
{
	struct dirty dirty;

	self->memory[7 * self->page] = 1;
	track(self->dev, true);
	ASSERT_EQ(0, dev_reset(self->dev));
	EXPECT_EQ(7, the_dirty_page(self->dev));
	EXPECT_EQ(-1, the_dirty_page(self->dev));
	testdev_enable(self->dev);
	EXPECT_EQ(0, self->memory[7 * self->page]);
	EXPECT_EQ(-1, the_dirty_page(self->dev));

	/* one that is written again after it was cleared */
	self->memory[8 * self->page] = 1;
	ASSERT_EQ(0, dev_reset(self->dev));
	testdev_enable(self->dev);
	EXPECT_EQ(0, self->memory[8 * self->page]);
	self->memory[8 * self->page] = 2;
	take(self->dev, &dirty, 0, PAGES);
	EXPECT_TRUE(is_dirty(&dirty, 8));
	EXPECT_FALSE(is_dirty(&dirty, 9));
	EXPECT_EQ(-1, the_dirty_page(self->dev));
	EXPECT_EQ(2, self->memory[8 * self->page]);
}

/* Off, and with the next user, nothing is left of it. */
TEST_F(track, ends)
{
	track(self->dev, true);
	self->memory[1 * self->page] = 1;
	track(self->dev, false);
	self->memory[2 * self->page] = 1;
	track(self->dev, true);
	EXPECT_EQ(-1, the_dirty_page(self->dev));
	self->memory[3 * self->page] = 1;
	ASSERT_EQ(0, dev_reset(self->dev));
	munmap(self->memory, PAGES * self->page);
	testdev_close(&self->testdev);

	ASSERT_EQ(0, testdev_open(&self->testdev, TESTDEV_PCIE,
				  DEV_PATH_DEFAULT));
	testdev_enable(self->dev);
	self->memory = dev_mmap(self->dev, TESTDEV_MEMORY, 0,
				PAGES * self->page, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, self->memory);
	EXPECT_EQ(-1, the_dirty_page(self->dev));
	self->memory[4 * self->page] = 1;
	EXPECT_EQ(-1, the_dirty_page(self->dev));
}

/* All ways in any order, against a list of one's own. */
TEST_F(track, at_random)
{
	bool expected[PAGES] = { };
	struct dirty dirty;
	unsigned int i, page;
	char byte;

	random_seed();
	track(self->dev, true);
	for (i = 0; i < STEPS; i++) {
		page = random_below(PAGES);
		switch (random_below(5)) {
		case 0:
			self->memory[page * self->page] = i;
			expected[page] = true;
			break;
		case 1:
			byte = i;
			ASSERT_EQ(1, dev_write(self->dev, TESTDEV_MEMORY, &byte,
					       1, page * self->page + 1));
			expected[page] = true;
			break;
		case 2:
			ASSERT_EQ(1, dev_read(self->dev, TESTDEV_MEMORY, &byte,
					      1, page * self->page));
			EXPECT_EQ(byte, self->memory[page * self->page]);
			break;
		case 3:
			config_command(self->dev, PCI_COMMAND_MEMORY, 0);
			config_command(self->dev, 0, PCI_COMMAND_MEMORY);
			break;
		case 4:
			take(self->dev, &dirty, page, 1);
			ASSERT_EQ(expected[page], is_dirty(&dirty, page)) {
				TH_LOG("page %u in step %u", page, i);
			}
			expected[page] = false;
			break;
		}
	}
	take(self->dev, &dirty, 0, PAGES);
	for (page = 0; page < PAGES; page++)
		EXPECT_EQ(expected[page], is_dirty(&dirty, page));
}

/**
 * struct copying - memory that is copied while it is written
 * @dev: the device
 * @word: what is written, in page 0
 * @copy: as it was when its page was last said to be dirty
 * @writing: held while @word is written
 */
struct copying {
	struct vfio_dev *dev;
	__u64 *word;
	__u64 copy;
	pthread_mutex_t writing;
};

/* Each of these is an access, whatever comes before and after it. */
static __u64 load(const struct copying *copying)
{
	return __atomic_load_n(copying->word, __ATOMIC_RELAXED);
}

static void store(struct copying *copying, __u64 value)
{
	__atomic_store_n(copying->word, value, __ATOMIC_RELAXED);
}

static void write_burst(struct crew *crew, void *arg)
{
	struct copying *copying = arg;
	unsigned int i;

	(void)crew;
	pthread_mutex_lock(&copying->writing);
	for (i = 0; i < BURST; i++)
		store(copying, load(copying) + 1);
	pthread_mutex_unlock(&copying->writing);
	sched_yield();
}

static void read_word(struct crew *crew, void *arg)
{
	struct copying *copying = arg;

	(void)crew;
	load(copying);
	sched_yield();
}

static bool copy_if_dirty(struct copying *copying)
{
	struct dirty dirty;

	take(copying->dev, &dirty, 0, 1);
	if (!is_dirty(&dirty, 0))
		return false;
	copying->copy = load(copying);
	return true;
}

/* With the writer held off, what is not dirty is as it was copied. */
static void copy_word(struct crew *crew, void *arg)
{
	struct copying *copying = arg;
	unsigned int i;

	for (i = 0; i < TAKES; i++)
		copy_if_dirty(copying);
	pthread_mutex_lock(&copying->writing);
	if (copy_if_dirty(copying))
		crew_achieved(crew);
	else if (copying->copy != load(copying))
		crew_complain(crew, "%llu is written, %llu was copied",
			      load(copying), copying->copy);
	pthread_mutex_unlock(&copying->writing);
}

/* Others map the page for reading again just when it is about to be written. */
TEST_F(track, nothing_lost_in_a_race)
{
	struct copying copying = {
		.dev = self->dev,
		.word = (__u64 *)self->memory,
		.writing = PTHREAD_MUTEX_INITIALIZER,
	};
	struct crew crew = { };

	track(self->dev, true);
	crew_add(&crew, write_burst, &copying);
	crew_add(&crew, copy_word, &copying);
	crew_add(&crew, read_word, &copying);
	crew_run(&crew, RACE_MS);
	EXPECT_LT(0, crew.achieved);
	EXPECT_EQ(0, crew.complaints) {
		TH_LOG("%s", crew.first);
	}
}

TEST_HARNESS_MAIN
