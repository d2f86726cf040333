// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped device memory and what processes do with mappings: fork, cut them in
 * parts, move and protect them; and what holds the device.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "lib/cgroup.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/must.h"
#include "lib/probe.h"
#include "lib/testdev.h"

#define PAGE 4096UL
#define PAGES 16
#define SIZE (PAGES * PAGE)
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(mmap_file)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	__u8 *map;
};

FIXTURE_VARIANT(mmap_file)
{
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(mmap_file, container) { .path = DEV_PATH_CONTAINER };
FIXTURE_VARIANT_ADD(mmap_file, iommufd) { .path = DEV_PATH_IOMMUFD };

FIXTURE_SETUP(mmap_file)
{
	int ret = testdev_open(&self->testdev, TESTDEV_LARGE, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	if (self->dev->fd < 0)
		SKIP(return, "this transport has no device file");
	self->map = dev_mmap(self->dev, TESTDEV_MEMORY, 0, SIZE, RW);
	ASSERT_NE(MAP_FAILED, self->map);
	testdev_enable(self->dev);
}

FIXTURE_TEARDOWN(mmap_file)
{
	munmap(self->map, SIZE);
	testdev_close(&self->testdev);
}

static __u64 region_offset(struct vfio_dev *dev, unsigned int index)
{
	return dev_region(dev, index)->offset;
}

/* A private mapping would take copies of device memory for the real thing. */
TEST_F(mmap_file, not_private)
{
	__u64 offset = region_offset(self->dev, TESTDEV_MEMORY);
	void *map;

	errno = 0;
	map = mmap(NULL, PAGE, RW, MAP_PRIVATE, self->dev->fd, offset);
	EXPECT_EQ(MAP_FAILED, map);
	EXPECT_EQ(EINVAL, errno);
	map = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, self->dev->fd, offset);
	EXPECT_EQ(MAP_FAILED, map);
}

/* No part of a page, no region there is none of, no offset that wraps. */
TEST_F(mmap_file, bad_offsets)
{
	static const __u64 offsets[] = {
		9ULL << 40, 15ULL << 40, 1ULL << 62, -4096ULL, 0x7ffffffff000,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * PAGE, RW, MAP_SHARED,
					   self->dev->fd, offsets[i])) {
			TH_LOG("0x%llx", offsets[i]);
		}
}

/* A child has the same memory, and takes nothing with it when it ends. */
TEST_F(mmap_file, fork)
{
	unsigned int i;
	int status;
	pid_t child;

	for (i = 0; i < PAGES / 2; i++)
		self->map[i * PAGE] = i + 1;
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		for (i = 0; i < PAGES; i++) {
			if (self->map[i * PAGE] != (i < PAGES / 2 ? i + 1 : 0))
				_exit(1);
			self->map[i * PAGE + 1] = i + 100;
		}
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	for (i = 0; i < PAGES; i++)
		EXPECT_EQ(i + 100, self->map[i * PAGE + 1]);
	self->map[0] = 0x42;
	EXPECT_EQ(0x42, self->map[0]);
}

/* What the device takes away it takes away from all processes. */
TEST_F(mmap_file, decoding_in_a_child)
{
	int to_child[2], to_parent[2], status;
	pid_t child;
	char byte;
	__u8 val;

	ASSERT_EQ(0, pipe(to_child));
	ASSERT_EQ(0, pipe(to_parent));
	self->map[0] = 1;
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (self->map[0] != 1 ||
		    write(to_parent[1], "1", 1) != 1 ||
		    read(to_child[0], &byte, 1) != 1 ||
		    probe_read(self->map, &val) != SIGBUS ||
		    write(to_parent[1], "2", 1) != 1 ||
		    read(to_child[0], &byte, 1) != 1 ||
		    self->map[0] != 1)
			_exit(1);
		_exit(0);
	}
	ASSERT_EQ(1, read(to_parent[0], &byte, 1));
	config_command(self->dev, PCI_COMMAND_MEMORY, 0);
	ASSERT_EQ(1, write(to_child[1], "1", 1));
	ASSERT_EQ(1, read(to_parent[0], &byte, 1));
	config_command(self->dev, 0, PCI_COMMAND_MEMORY);
	ASSERT_EQ(1, write(to_child[1], "2", 1));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	close(to_child[0]);
	close(to_child[1]);
	close(to_parent[0]);
	close(to_parent[1]);
}

/* What is left of a mapping with a hole in it works as before. */
TEST_F(mmap_file, unmap_in_the_middle)
{
	unsigned int i;
	__u8 val;

	for (i = 0; i < PAGES; i++)
		self->map[i * PAGE] = i + 1;
	ASSERT_EQ(0, munmap(self->map + 4 * PAGE, 2 * PAGE));
	EXPECT_EQ(SIGSEGV, probe_read(self->map + 4 * PAGE, &val));
	EXPECT_EQ(SIGSEGV, probe_read(self->map + 6 * PAGE - 1, &val));
	EXPECT_EQ(4, self->map[3 * PAGE]);
	EXPECT_EQ(7, self->map[6 * PAGE]);
	config_command(self->dev, PCI_COMMAND_MEMORY, 0);
	EXPECT_EQ(SIGBUS, probe_read(self->map + 3 * PAGE, &val));
	EXPECT_EQ(SIGBUS, probe_read(self->map + 6 * PAGE, &val));
	config_command(self->dev, 0, PCI_COMMAND_MEMORY);
	EXPECT_EQ(4, self->map[3 * PAGE]);
	EXPECT_EQ(7, self->map[6 * PAGE]);
	/* and what was cut off is still in the device */
	EXPECT_EQ(1, dev_read(self->dev, TESTDEV_MEMORY, &val, 1, 4 * PAGE));
	EXPECT_EQ(5, val);
}

/* Grown, a mapping could reach what mmap() would have refused. */
TEST_F(mmap_file, mremap)
{
	void *map;
	__u8 val;

	self->map[0] = 1;
	self->map[7 * PAGE] = 8;
	EXPECT_EQ(MAP_FAILED, mremap(self->map, SIZE, 2 * SIZE,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(self->map, 0, 2 * SIZE, MREMAP_MAYMOVE));
	ASSERT_EQ(self->map, mremap(self->map, SIZE, SIZE / 2, 0));
	EXPECT_EQ(SIGSEGV, probe_read(self->map + SIZE / 2, &val));
	EXPECT_EQ(MAP_FAILED, mremap(self->map, SIZE / 2, SIZE,
				     MREMAP_MAYMOVE));

	/* moved it is what it was */
	map = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(map, mremap(self->map, SIZE / 2, SIZE / 2,
			      MREMAP_MAYMOVE | MREMAP_FIXED, map));
	self->map = map;
	EXPECT_EQ(1, self->map[0]);
	EXPECT_EQ(8, self->map[7 * PAGE]);
	config_command(self->dev, PCI_COMMAND_MEMORY, 0);
	EXPECT_EQ(SIGBUS, probe_read(self->map, &val));
	config_command(self->dev, 0, PCI_COMMAND_MEMORY);
	EXPECT_EQ(1, self->map[0]);
}

TEST_F(mmap_file, mprotect)
{
	__u8 *map = dev_mmap(self->dev, TESTDEV_MEMORY, 0, PAGE, PROT_READ);
	__u8 val;

	ASSERT_NE(MAP_FAILED, map);
	self->map[0] = 1;
	EXPECT_EQ(1, map[0]);
	EXPECT_EQ(SIGSEGV, probe_write(map, 2));
	EXPECT_EQ(1, self->map[0]);
	ASSERT_EQ(0, mprotect(map, PAGE, RW));
	EXPECT_EQ(0, probe_write(map, 3));
	EXPECT_EQ(3, self->map[0]);
	ASSERT_EQ(0, mprotect(map, PAGE, PROT_NONE));
	EXPECT_EQ(SIGSEGV, probe_read(map, &val));
	ASSERT_EQ(0, mprotect(map, PAGE, PROT_READ));
	EXPECT_EQ(0, probe_read(map, &val));
	EXPECT_EQ(3, val);
	EXPECT_EQ(SIGSEGV, probe_write(map, 4));
	munmap(map, PAGE);
}

struct removal {
	const char *uuid;
	int ret;
	int done;
};

static void *remove_device(void *arg)
{
	struct removal *removal = arg;

	removal->ret = mdev_remove(removal->uuid);
	event_send(removal->done);
	return NULL;
}

/* Removal asks, and waits for the last mapping as for the last descriptor. */
TEST_F(mmap_file, removed_while_mapped)
{
	struct removal removal = {
		.uuid = self->testdev.uuid,
		.done = event_new(),
	};
	int request = event_new();
	pthread_t thread;

	ASSERT_EQ(0, irq_bind(self->dev, VFIO_PCI_REQ_IRQ_INDEX, request));
	self->map[0] = 1;
	ASSERT_EQ(0, pthread_create(&thread, NULL, remove_device, &removal));
	EXPECT_LE(1, event_wait(request));
	self->map[PAGE] = 2;
	testdev_close(&self->testdev);
	EXPECT_EQ(0, event_stray(removal.done));
	EXPECT_EQ(1, self->map[0]);
	EXPECT_EQ(2, self->map[PAGE]);
	self->map[2 * PAGE] = 3;
	EXPECT_EQ(3, self->map[2 * PAGE]);

	munmap(self->map, SIZE);
	EXPECT_EQ(1, event_wait_ms(removal.done, 30000));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, removal.ret);
	EXPECT_FALSE(mdev_exists(self->testdev.uuid));
	close(request);
	close(removal.done);
}

/* Noise: the process' own pages, and what is charged in advance. */
#define CHARGE		(32ULL << 20)
#define CHARGE_NOISE	(4ULL << 20)

static bool near(__u64 val, __u64 want)
{
	return val + CHARGE_NOISE >= want && val <= want + CHARGE_NOISE;
}

/* Touches @map in @group, and says whether it was charged. */
static int touch_in_group(const char *group, __u8 *map)
{
	__u64 before, offset;

	cgroup_enter(group);
	before = cgroup_memory(group);
	for (offset = 0; offset < CHARGE; offset += PAGE)
		map[offset] = 1;
	return near(cgroup_memory(group), before + CHARGE) ? 0 : 1;
}

/* Whoever makes a page pays for it, until the device gives it back. */
TEST_F(mmap_file, charged_to_the_toucher)
{
	const char *group, *why;
	int status, child;
	__u64 before;
	__u8 *map;

	group = cgroup_make(&why);
	if (!group)
		SKIP(return, "%s", why);
	map = dev_mmap(self->dev, TESTDEV_MEMORY, 0, CHARGE, RW);
	ASSERT_NE(MAP_FAILED, map);
	before = cgroup_memory(group);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(touch_in_group(group, map));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	/* the pages are the device's, and stay when the child has gone */
	EXPECT_EQ(1, map[CHARGE - PAGE]);
	EXPECT_TRUE(near(cgroup_memory(group), before + CHARGE));
	ASSERT_EQ(0, dev_reset(self->dev));
	EXPECT_TRUE(near(cgroup_memory(group), before)) {
		TH_LOG("%llu, was %llu", cgroup_memory(group), before);
	}
	munmap(map, CHARGE);
	cgroup_remove(group);
}

/* The device itself, by DMA that ends in its own memory. */
static int fill_by_dma(struct vfio_dev *dev)
{
	const __u32 step = 0x100000;	/* the longest transfer */
	const __u64 iova = 0x40000000;
	__u64 done;
	__u8 *map;
	int ret;

	testdev_enable(dev);
	map = dev_mmap(dev, TESTDEV_MEMORY, 0, CHARGE, RW);
	if (map == MAP_FAILED)
		return -errno;
	ret = dev_dma_map(dev, iova, map, CHARGE,
			  VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
	for (done = 0; !ret && done < CHARGE; done += step)
		ret = testdev_transfer(dev, TESTDEV_WRITE, iova + done, step);
	munmap(map, CHARGE);
	return ret;
}

static int use_in_group(const char *group, struct testdev *testdev,
			enum dev_path path)
{
	__u64 before, used;

	cgroup_enter(group);
	if (dev_open(&testdev->dev, &testdev->loc, path))
		return 1;
	before = cgroup_memory(group);
	if (fill_by_dma(&testdev->dev))
		return 2;
	used = cgroup_memory(group);
	testdev_close(testdev);
	if (!near(used, before + CHARGE))
		return 3;
	return near(cgroup_memory(group), before) ? 0 : 4;
}

/* No process of the user touches these pages: whoever opened it pays. */
TEST_F(mmap_file, dma_is_charged_to_the_opener)
{
	const char *group, *why;
	int status, child;

	group = cgroup_make(&why);
	if (!group)
		SKIP(return, "%s", why);
	munmap(self->map, SIZE);
	testdev_close(&self->testdev);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(use_in_group(group, &self->testdev, variant->path));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	cgroup_remove(group);
}

TEST_HARNESS_MAIN
