// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device memory that is mapped: which parts, and that a mapping and read() and
 * write() of the region are two ways to the same bytes.
 */
#include <errno.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/random.h"
#include "lib/testdev.h"

#define PAGE 4096
#define RW (PROT_READ | PROT_WRITE)
#define ROUNDS 3000

#define MAPPABLE (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE | \
		  VFIO_REGION_INFO_FLAG_MMAP)

FIXTURE(mmap)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	__u64 size;		/* of TESTDEV_MEMORY */
};

FIXTURE_VARIANT(mmap)
{
	enum testdev_model model;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(mmap, pcie_container) {
	.model = TESTDEV_PCIE, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(mmap, pcie_iommufd) {
	.model = TESTDEV_PCIE, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(mmap, large) {
	.model = TESTDEV_LARGE, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(mmap)
{
	int ret = testdev_open(&self->testdev, variant->model, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	self->size = testdev_memory_size(variant->model);
	testdev_enable(self->dev);
}

FIXTURE_TEARDOWN(mmap)
{
	testdev_close(&self->testdev);
}

/* What can be mapped as a whole says so, and has no list of areas. */
TEST_F(mmap, info_whole)
{
	struct {
		struct vfio_region_info info;
		__u8 rest[256];
	} arg = { .info.argsz = sizeof(arg) };

	arg.info.index = TESTDEV_MEMORY;
	ASSERT_EQ(0, dev_get_region_info(self->dev, &arg.info));
	EXPECT_EQ(MAPPABLE, arg.info.flags);
	EXPECT_EQ(self->size, arg.info.size);
	EXPECT_EQ(0, arg.info.cap_offset);
}

/* What cannot says that. */
TEST_F(mmap, info_none)
{
	static const unsigned int regions[] = {
		TESTDEV_REGS, VFIO_PCI_BAR1_REGION_INDEX,
		VFIO_PCI_BAR3_REGION_INDEX, VFIO_PCI_BAR5_REGION_INDEX,
		VFIO_PCI_ROM_REGION_INDEX, VFIO_PCI_CONFIG_REGION_INDEX,
		VFIO_PCI_VGA_REGION_INDEX,
	};
	const struct vfio_region_info *info;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(regions); i++) {
		info = dev_region(self->dev, regions[i]);
		ASSERT_NE(NULL, info);
		EXPECT_EQ(0, info->flags & (VFIO_REGION_INFO_FLAG_MMAP |
					    VFIO_REGION_INFO_FLAG_CAPS));
	}
}

/* vfio.h: who has no room is told how much it takes, and gets no offset. */
TEST_F(mmap, info_sparse)
{
	struct {
		struct vfio_region_info info;
		__u8 rest[256];
	} arg;
	const struct vfio_region_info_cap_sparse_mmap *sparse;
	__u32 argsz, needed = sizeof(arg.info) + sizeof(*sparse) +
			      2 * sizeof(sparse->areas[0]);

	for (argsz = sizeof(arg.info); argsz <= sizeof(arg); argsz++) {
		memset(&arg, 0xa5, sizeof(arg));
		arg.info.argsz = argsz;
		arg.info.index = TESTDEV_MIXED;
		ASSERT_EQ(0, dev_get_region_info(self->dev, &arg.info));
		EXPECT_EQ(MAPPABLE | VFIO_REGION_INFO_FLAG_CAPS,
			  arg.info.flags);
		if (argsz >= needed)
			break;
		EXPECT_EQ(needed, arg.info.argsz);
		EXPECT_EQ(0, arg.info.cap_offset);
		EXPECT_EQ(0xa5, arg.rest[0]);
	}
	ASSERT_EQ(needed, argsz);
	EXPECT_EQ(0xa5, arg.rest[needed - sizeof(arg.info)]);
	ASSERT_LE(sizeof(arg.info), arg.info.cap_offset);
	ASSERT_GE(argsz - sizeof(*sparse), arg.info.cap_offset);
	sparse = (void *)&arg + arg.info.cap_offset;
	EXPECT_EQ(VFIO_REGION_INFO_CAP_SPARSE_MMAP, sparse->header.id);
	EXPECT_EQ(1, sparse->header.version);
	EXPECT_EQ(0, sparse->header.next);
	ASSERT_EQ(2, sparse->nr_areas);
	EXPECT_EQ(TESTDEV_AREA0_START, sparse->areas[0].offset);
	EXPECT_EQ(TESTDEV_AREA0_SIZE, sparse->areas[0].size);
	EXPECT_EQ(TESTDEV_AREA1_START, sparse->areas[1].offset);
	EXPECT_EQ(TESTDEV_AREA1_SIZE, sparse->areas[1].size);
}

static bool can_map(struct vfio_dev *dev, unsigned int index, __u64 offset,
		    size_t size, int prot)
{
	void *map = dev_mmap(dev, index, offset, size, prot);

	if (map == MAP_FAILED)
		return false;
	munmap(map, size);
	return true;
}

/* Any part, for any use. */
TEST_F(mmap, parts)
{
	struct vfio_dev *dev = self->dev;

	EXPECT_TRUE(can_map(dev, TESTDEV_MEMORY, 0, self->size, RW));
	EXPECT_TRUE(can_map(dev, TESTDEV_MEMORY, 0, self->size, PROT_READ));
	EXPECT_TRUE(can_map(dev, TESTDEV_MEMORY, 0, self->size, PROT_NONE));
	EXPECT_TRUE(can_map(dev, TESTDEV_MEMORY, 0, 1, RW));
	EXPECT_TRUE(can_map(dev, TESTDEV_MEMORY, 3 * PAGE, 5 * PAGE, RW));
	EXPECT_TRUE(can_map(dev, TESTDEV_MEMORY, self->size - PAGE, PAGE, RW));
	EXPECT_TRUE(can_map(dev, TESTDEV_MIXED, 0x4000, 0x2000, RW));
	EXPECT_TRUE(can_map(dev, TESTDEV_MIXED, 0x4000, PAGE, RW));
	EXPECT_TRUE(can_map(dev, TESTDEV_MIXED, 0x5000, PAGE, RW));
	EXPECT_TRUE(can_map(dev, TESTDEV_MIXED, 0x8000, PAGE, RW));
}

TEST_F(mmap, not_these_parts)
{
	__u64 mixed = dev_region(self->dev, TESTDEV_MIXED)->size;
	__u64 size = self->size;
	const struct {
		unsigned int index;
		__u64 offset;
		size_t size;
	} parts[] = {
		/* beyond the end, and across it */
		{ TESTDEV_MEMORY, size, PAGE },
		{ TESTDEV_MEMORY, size - PAGE, 2 * PAGE },
		{ TESTDEV_MEMORY, 0, size + PAGE },
		{ TESTDEV_MEMORY, PAGE, size },
		{ TESTDEV_MEMORY, 1ULL << 39, PAGE },
		{ TESTDEV_MEMORY, (1ULL << 40) - PAGE, PAGE },
		/* MSI-X structures, registers, and what is no area of its own */
		{ TESTDEV_MIXED, 0, PAGE },
		{ TESTDEV_MIXED, 0, mixed },
		{ TESTDEV_MIXED, 0x3000, PAGE },
		{ TESTDEV_MIXED, 0x3000, 2 * PAGE },
		{ TESTDEV_MIXED, 0x4000, 3 * PAGE },
		{ TESTDEV_MIXED, 0x5000, 2 * PAGE },
		{ TESTDEV_MIXED, 0x4000, 5 * PAGE },
		{ TESTDEV_MIXED, 0x6000, PAGE },
		{ TESTDEV_MIXED, 0x7000, 2 * PAGE },
		{ TESTDEV_MIXED, 0x8000, 2 * PAGE },
		{ TESTDEV_MIXED, 0x9000, PAGE },
		/* regions without memory, and none at all */
		{ TESTDEV_REGS, 0, PAGE },
		{ TESTDEV_REGS, 0x1000, PAGE },
		{ VFIO_PCI_BAR1_REGION_INDEX, 0, PAGE },
		{ VFIO_PCI_BAR3_REGION_INDEX, 0, PAGE },
		{ VFIO_PCI_BAR5_REGION_INDEX, 0, PAGE },
		{ VFIO_PCI_ROM_REGION_INDEX, 0, PAGE },
		{ VFIO_PCI_CONFIG_REGION_INDEX, 0, PAGE },
		{ VFIO_PCI_VGA_REGION_INDEX, 0, PAGE },
	};
	unsigned int i;

	if (variant->model == TESTDEV_LARGE) {
		EXPECT_FALSE(can_map(self->dev, TESTDEV_MIXED, 0x10000, PAGE,
				     PROT_READ));
		EXPECT_FALSE(can_map(self->dev, TESTDEV_MIXED, 0x18000, PAGE,
				     PROT_READ));
	}
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		errno = 0;
		EXPECT_FALSE(can_map(self->dev, parts[i].index, parts[i].offset,
				     parts[i].size, RW)) {
			TH_LOG("region %u 0x%llx+0x%zx", parts[i].index,
			       parts[i].offset, parts[i].size);
		}
		EXPECT_EQ(EINVAL, errno);
	}
}

/* Nobody has written it: zeros, either way. */
TEST_F(mmap, zeros_at_first)
{
	__u8 *map = dev_mmap(self->dev, TESTDEV_MEMORY, 0, self->size, RW);
	__u64 offset, value;

	ASSERT_NE(MAP_FAILED, map);
	for (offset = 0; offset < self->size; offset += self->size / 64) {
		value = ~0ULL;
		ASSERT_EQ(8, dev_read(self->dev, TESTDEV_MEMORY, &value, 8,
				      offset));
		EXPECT_EQ(0, value);
		EXPECT_EQ(0, map[offset + 1]);
		value = ~0ULL;
		ASSERT_EQ(8, dev_read(self->dev, TESTDEV_MEMORY, &value, 8,
				      offset));
		EXPECT_EQ(0, value);
	}
	munmap(map, self->size);
}

/* Both ends and the middle; each place is one of its own. */
TEST_F(mmap, both_ends)
{
	__u8 *map = dev_mmap(self->dev, TESTDEV_MEMORY, 0, self->size, RW);
	__u8 *end = dev_mmap(self->dev, TESTDEV_MEMORY, self->size - PAGE, PAGE,
			     RW);
	__u8 byte;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_NE(MAP_FAILED, end);
	map[0] = 1;
	map[self->size / 2] = 2;
	end[PAGE - 1] = 3;
	EXPECT_EQ(3, map[self->size - 1]);
	map[self->size - PAGE] = 4;
	EXPECT_EQ(4, end[0]);
	EXPECT_EQ(1, dev_read(self->dev, TESTDEV_MEMORY, &byte, 1, 0));
	EXPECT_EQ(1, byte);
	EXPECT_EQ(1, dev_read(self->dev, TESTDEV_MEMORY, &byte, 1,
			      self->size / 2));
	EXPECT_EQ(2, byte);
	EXPECT_EQ(1, dev_read(self->dev, TESTDEV_MEMORY, &byte, 1,
			      self->size - 1));
	EXPECT_EQ(3, byte);
	munmap(map, self->size);
	munmap(end, PAGE);
}

/* The areas of the other BAR are memory of their own. */
TEST_F(mmap, areas)
{
	__u8 *low = dev_mmap(self->dev, TESTDEV_MIXED, TESTDEV_AREA0_START,
			     TESTDEV_AREA0_SIZE, RW);
	__u8 *high = dev_mmap(self->dev, TESTDEV_MIXED, TESTDEV_AREA1_START,
			      TESTDEV_AREA1_SIZE, RW);
	__u8 *memory = dev_mmap(self->dev, TESTDEV_MEMORY, TESTDEV_AREA0_START,
				TESTDEV_AREA0_SIZE, RW);
	__u8 bytes[4];

	ASSERT_NE(MAP_FAILED, low);
	ASSERT_NE(MAP_FAILED, high);
	ASSERT_NE(MAP_FAILED, memory);
	low[0] = 1;
	low[TESTDEV_AREA0_SIZE - 1] = 2;
	high[0] = 3;
	high[TESTDEV_AREA1_SIZE - 1] = 4;
	EXPECT_EQ(0, memory[0]);
	memory[0] = 5;
	EXPECT_EQ(1, low[0]);
	/* across the ends: memory here, the model's registers there */
	EXPECT_EQ(4, dev_read(self->dev, TESTDEV_MIXED, bytes, 4, 0x3ffe));
	EXPECT_EQ(0xfe, bytes[0]);
	EXPECT_EQ(0x3f, bytes[1]);
	EXPECT_EQ(1, bytes[2]);
	EXPECT_EQ(0, bytes[3]);
	EXPECT_EQ(4, dev_read(self->dev, TESTDEV_MIXED, bytes, 4, 0x5ffe));
	EXPECT_EQ(0, bytes[0]);
	EXPECT_EQ(2, bytes[1]);
	EXPECT_EQ(0x00, bytes[2]);
	EXPECT_EQ(0x60, bytes[3]);
	EXPECT_EQ(1, dev_read(self->dev, TESTDEV_MIXED, bytes, 1, 0x8000));
	EXPECT_EQ(3, bytes[0]);
	EXPECT_EQ(1, dev_read(self->dev, TESTDEV_MIXED, bytes, 1, 0x8fff));
	EXPECT_EQ(4, bytes[0]);
	munmap(low, TESTDEV_AREA0_SIZE);
	munmap(high, TESTDEV_AREA1_SIZE);
	munmap(memory, TESTDEV_AREA0_SIZE);
}

/* Every width from every place near a border of two pages. */
TEST_F(mmap, page_borders)
{
	__u8 *map = dev_mmap(self->dev, TESTDEV_MEMORY, 0, 2 * PAGE, RW);
	unsigned int start, count, i;
	__u8 bytes[16];

	ASSERT_NE(MAP_FAILED, map);
	for (start = PAGE - 9; start <= PAGE + 1; start++) {
		for (count = 1; count <= sizeof(bytes); count++) {
			memset(map + PAGE - 32, 0, 64);
			for (i = 0; i < count; i++)
				bytes[i] = random_below(255) + 1;
			ASSERT_EQ(count, dev_write(self->dev, TESTDEV_MEMORY,
						   bytes, count, start));
			EXPECT_EQ(0, memcmp(map + start, bytes, count));
			EXPECT_EQ(0, map[start - 1]);
			EXPECT_EQ(0, map[start + count]);

			for (i = 0; i < count; i++)
				map[start + i] = ~bytes[i];
			ASSERT_EQ(count, dev_read(self->dev, TESTDEV_MEMORY,
						  bytes, count, start));
			EXPECT_EQ(0, memcmp(map + start, bytes, count));
		}
	}
	munmap(map, 2 * PAGE);
}

/* Anything, anywhere in a stretch of pages, against a plain array. */
TEST_F(mmap, random_accesses)
{
	static __u8 model[16 * PAGE], bytes[2 * PAGE];
	__u64 base = self->size - sizeof(model);
	unsigned int round, at, count, i;
	__u8 *map;

	random_seed();
	map = dev_mmap(self->dev, TESTDEV_MEMORY, base, sizeof(model), RW);
	ASSERT_NE(MAP_FAILED, map);
	memset(model, 0, sizeof(model));
	for (round = 0; round < ROUNDS; round++) {
		at = random_below(sizeof(model));
		count = random_below(random_below(64) ? 32 : sizeof(bytes)) + 1;
		if (count > sizeof(model) - at)
			count = sizeof(model) - at;
		switch (random_below(4)) {
		case 0:
			for (i = 0; i < count; i++)
				bytes[i] = random_below(256);
			memcpy(model + at, bytes, count);
			ASSERT_EQ(count, dev_write(self->dev, TESTDEV_MEMORY,
						   bytes, count, base + at));
			break;
		case 1:
			for (i = 0; i < count; i++)
				model[at + i] = random_below(256);
			memcpy(map + at, model + at, count);
			break;
		case 2:
			ASSERT_EQ(count, dev_read(self->dev, TESTDEV_MEMORY,
						  bytes, count, base + at));
			ASSERT_EQ(0, memcmp(model + at, bytes, count));
			break;
		default:
			ASSERT_EQ(0, memcmp(model + at, map + at, count));
		}
	}
	EXPECT_EQ(0, memcmp(model, map, sizeof(model)));
	munmap(map, sizeof(model));
}

/* Long ones that are not aligned, and one across the end. */
TEST_F(mmap, long_transfers)
{
	static __u8 bytes[64 * PAGE], again[64 * PAGE];
	unsigned int i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = random_below(256);
	ASSERT_EQ(sizeof(bytes), dev_write(self->dev, TESTDEV_MEMORY, bytes,
					   sizeof(bytes), 3));
	ASSERT_EQ(sizeof(again), dev_read(self->dev, TESTDEV_MEMORY, again,
					  sizeof(again), 3));
	EXPECT_EQ(0, memcmp(bytes, again, sizeof(bytes)));
	/* what lies beyond the end is not read or written */
	ASSERT_EQ(5, dev_write(self->dev, TESTDEV_MEMORY, bytes, sizeof(bytes),
			       self->size - 5));
	ASSERT_EQ(5, dev_read(self->dev, TESTDEV_MEMORY, again, sizeof(again),
			      self->size - 5));
	EXPECT_EQ(0, memcmp(bytes, again, 5));
}

/*
 * The user's buffer of a read() or write() is a mapping of the same memory: the
 * page fault comes in the middle of the access, and wants its locks.
 */
TEST_F(mmap, buffer_is_device_memory)
{
	const size_t size = 8 * PAGE;
	__u8 *map = dev_mmap(self->dev, TESTDEV_MEMORY, 0, 4 * size, RW);
	__u8 *mixed = dev_mmap(self->dev, TESTDEV_MIXED, TESTDEV_AREA0_START,
			       TESTDEV_AREA0_SIZE, RW);
	__u8 expected[8 * PAGE];
	unsigned int i;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_NE(MAP_FAILED, mixed);
	/* a source nobody has touched */
	ASSERT_EQ(size, dev_write(self->dev, TESTDEV_MEMORY, map + size, size,
				  0));
	for (i = 0; i < size; i++)
		expected[i] = random_below(256);
	memcpy(map, expected, size);
	/* a target nobody has touched */
	ASSERT_EQ(size, dev_read(self->dev, TESTDEV_MEMORY, map + 2 * size,
				 size, 0));
	EXPECT_EQ(0, memcmp(expected, map + 2 * size, size));
	ASSERT_EQ(size, dev_write(self->dev, TESTDEV_MEMORY, map, size,
				  3 * size));
	EXPECT_EQ(0, memcmp(expected, map + 3 * size, size));
	/* onto itself */
	ASSERT_EQ(size, dev_write(self->dev, TESTDEV_MEMORY, map, size, 0));
	ASSERT_EQ(size, dev_read(self->dev, TESTDEV_MEMORY, map, size, 0));
	EXPECT_EQ(0, memcmp(expected, map, size));
	/* from one BAR to the other */
	ASSERT_EQ(PAGE, dev_read(self->dev, TESTDEV_MEMORY, mixed, PAGE, 0));
	EXPECT_EQ(0, memcmp(expected, mixed, PAGE));
	ASSERT_EQ(PAGE, dev_write(self->dev, TESTDEV_MIXED, map, PAGE,
				  TESTDEV_AREA1_START));
	munmap(mixed, TESTDEV_AREA0_SIZE);
	munmap(map, 4 * size);
}

/* Registers and ioctls whose arguments are in device memory. */
TEST_F(mmap, arguments_in_device_memory)
{
	__u8 *map = dev_mmap(self->dev, TESTDEV_MEMORY, 0, PAGE, RW);
	struct vfio_irq_set *set = (void *)map;
	struct vfio_irq_info *info = (void *)map + 64;
	int event = event_new();

	ASSERT_NE(MAP_FAILED, map);
	set->argsz = sizeof(*set) + sizeof(__s32);
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_MSIX_IRQ_INDEX;
	set->start = 0;
	set->count = 1;
	memcpy(set->data, &event, sizeof(__s32));
	EXPECT_EQ(0, dev_set_irqs(self->dev, set));
	info->argsz = sizeof(*info);
	info->index = VFIO_PCI_MSIX_IRQ_INDEX;
	EXPECT_EQ(0, dev_get_irq_info(self->dev, info));
	EXPECT_LE(64, info->count);
	map[128] = 0;
	EXPECT_EQ(4, dev_write(self->dev, TESTDEV_REGS, map + 128, 4,
			       TESTDEV_RAISE));
	EXPECT_EQ(1, event_wait(event));
	munmap(map, PAGE);
	close(event);
}

TEST_HARNESS_MAIN
