// SPDX-License-Identifier: GPL-2.0-only
/* What a device says of itself: device, region and interrupt info, features. */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib/irq.h"
#include "lib/mtty.h"
#include "lib/subject.h"

#define CANARY 0xa5
/* VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2, which older headers have not */
#define PRECOPY_INFO_V2 12

/* Room around a structure to see what the device writes beyond it. */
union answer {
	struct vfio_device_info device;
	struct vfio_region_info region;
	struct vfio_irq_info irq;
	__u32 argsz;
	__u8 byte[256];
};

struct query {
	const char *name;
	unsigned long cmd;
	__u32 minsz;		/* end of the last field every user has */
	__u32 size;
	size_t index_at;	/* of the index field, 0 if there is none */
};

static const struct query query[] = {
	{ "GET_INFO", VFIO_DEVICE_GET_INFO,
	  offsetof(struct vfio_device_info, num_irqs) + 4,
	  sizeof(struct vfio_device_info), 0 },
	{ "GET_REGION_INFO", VFIO_DEVICE_GET_REGION_INFO,
	  offsetof(struct vfio_region_info, offset) + 8,
	  sizeof(struct vfio_region_info),
	  offsetof(struct vfio_region_info, index) },
	{ "GET_IRQ_INFO", VFIO_DEVICE_GET_IRQ_INFO,
	  offsetof(struct vfio_irq_info, count) + 4,
	  sizeof(struct vfio_irq_info),
	  offsetof(struct vfio_irq_info, index) },
};

FIXTURE(info)
{
	struct subject subject;
	struct vfio_dev *dev;
	struct vfio_device_info device;
};

FIXTURE_SETUP(info)
{
	int ret = subject_open(&self->subject, SUBJECT_ANY);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
	self->device.argsz = sizeof(self->device);
	ASSERT_EQ(0, dev_get_info(self->dev, &self->device));
}

FIXTURE_TEARDOWN(info)
{
	subject_close(&self->subject);
}

static int ask(struct vfio_dev *dev, const struct query *q, union answer *a,
	       __u32 argsz, __u32 index)
{
	memset(a, CANARY, sizeof(*a));
	memset(a, 0, q->minsz);
	a->argsz = argsz;
	if (q->index_at)
		memcpy(a->byte + q->index_at, &index, sizeof(index));
	if (q->cmd == VFIO_DEVICE_GET_INFO)
		return dev_get_info(dev, &a->device);
	if (q->cmd == VFIO_DEVICE_GET_REGION_INFO)
		return dev_get_region_info(dev, &a->region);
	return dev_get_irq_info(dev, &a->irq);
}

static int untouched_from(const union answer *a, size_t from)
{
	for (; from < sizeof(*a); from++)
		if (a->byte[from] != CANARY)
			return 0;
	return 1;
}

/* vfio.h GET_INFO: flags name the kind; PCI fixes the number of indexes. */
TEST_F(info, device)
{
	const __u32 kinds = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_PLATFORM |
		VFIO_DEVICE_FLAGS_AMBA | VFIO_DEVICE_FLAGS_CCW |
		VFIO_DEVICE_FLAGS_AP | VFIO_DEVICE_FLAGS_FSL_MC |
		VFIO_DEVICE_FLAGS_CDX;

	EXPECT_EQ(1, __builtin_popcount(self->device.flags & kinds));
	if (!(self->device.flags & VFIO_DEVICE_FLAGS_PCI))
		return;
	EXPECT_LE(VFIO_PCI_NUM_REGIONS, (int)self->device.num_regions);
	EXPECT_LE(VFIO_PCI_NUM_IRQS, (int)self->device.num_irqs);
}

/* vfio.h: argsz smaller than the structure is refused, larger is allowed. */
TEST_F(info, argsz)
{
	unsigned int i;
	union answer a;

	for (i = 0; i < ARRAY_SIZE(query); i++) {
		const struct query *q = &query[i];

		EXPECT_EQ(-EINVAL, ask(self->dev, q, &a, 0, 0)) {
			TH_LOG("%s, argsz 0", q->name);
		}
		EXPECT_EQ(-EINVAL, ask(self->dev, q, &a, q->minsz - 1, 0)) {
			TH_LOG("%s, argsz %u", q->name, q->minsz - 1);
		}
		EXPECT_EQ(0, ask(self->dev, q, &a, q->minsz, 0)) {
			TH_LOG("%s, argsz %u", q->name, q->minsz);
		}
		EXPECT_TRUE(untouched_from(&a, q->minsz)) {
			TH_LOG("%s writes beyond argsz", q->name);
		}
		EXPECT_EQ(0, ask(self->dev, q, &a, q->size, 0));
		EXPECT_TRUE(untouched_from(&a, q->size));
	}
}

/* The same with an argsz far beyond what the structure will ever have. */
TEST_F(info, argsz_huge)
{
	unsigned int i;
	union answer a;

	for (i = 0; i < ARRAY_SIZE(query); i++) {
		const struct query *q = &query[i];

		EXPECT_EQ(0, ask(self->dev, q, &a, UINT_MAX, 0));
		/* A device with capabilities may write up to argsz. */
		if (self->subject.is_mtty) {
			EXPECT_TRUE(untouched_from(&a, q->size)) {
				TH_LOG("%s writes beyond it", q->name);
			}
		}
	}
}

/* vfio.h: indexes end at num_regions and num_irqs. */
TEST_F(info, index_out_of_range)
{
	const __u32 beyond[] = { 0, 1, 7, 0x100, 0x10000, INT_MAX };
	union answer a;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(beyond); i++) {
		EXPECT_EQ(-EINVAL, ask(self->dev, &query[1], &a, query[1].size,
				       self->device.num_regions + beyond[i]));
		EXPECT_EQ(-EINVAL, ask(self->dev, &query[2], &a, query[2].size,
				       self->device.num_irqs + beyond[i]));
	}
	for (i = 1; i < 3; i++) {
		EXPECT_EQ(-EINVAL, ask(self->dev, &query[i], &a, query[i].size,
				       UINT_MAX));
		EXPECT_EQ(-EINVAL, ask(self->dev, &query[i], &a, query[i].size,
				       1U << 31));
	}
}

/* vfio.h REGION_INFO: what is not implemented has size 0; no two overlap. */
TEST_F(info, regions)
{
	struct vfio_region_info all[DEV_MAX_REGIONS];
	unsigned int i, j, num = self->device.num_regions;
	union answer a;

	ASSERT_GE(DEV_MAX_REGIONS, (int)num);
	for (i = 0; i < num; i++) {
		ASSERT_EQ(0, ask(self->dev, &query[1], &a, query[1].size, i));
		all[i] = a.region;
		EXPECT_EQ(i, all[i].index);
		if (!all[i].size)
			EXPECT_EQ(0, all[i].flags & ~VFIO_REGION_INFO_FLAG_CAPS);
		if (!(all[i].flags & VFIO_REGION_INFO_FLAG_CAPS))
			EXPECT_EQ(query[1].size, all[i].argsz);
		for (j = 0; j < i; j++) {
			EXPECT_TRUE(all[i].offset + all[i].size <= all[j].offset ||
				    all[j].offset + all[j].size <= all[i].offset) {
				TH_LOG("regions %u and %u overlap", j, i);
			}
		}
	}
}

/* vfio.h: a device that claims the flag can be reset, another can not. */
TEST_F(info, reset_as_claimed)
{
	int ret = dev_reset(self->dev);

	EXPECT_EQ(!!(self->device.flags & VFIO_DEVICE_FLAGS_RESET), !ret);
}

/*
 * vfio.h: what is not readable or writable by its flags is not, and the other
 * way round. Asked of configuration space, where it does no harm.
 */
TEST_F(info, access_as_claimed)
{
	const struct vfio_region_info *config;
	__u16 vendor;
	ssize_t ret;

	if (!(self->device.flags & VFIO_DEVICE_FLAGS_PCI))
		SKIP(return, "not a PCI device");
	config = dev_region(self->dev, VFIO_PCI_CONFIG_REGION_INDEX);
	ASSERT_NE(NULL, config);
	ret = dev_read(self->dev, VFIO_PCI_CONFIG_REGION_INDEX, &vendor, 2, 0);
	EXPECT_EQ(!!(config->flags & VFIO_REGION_INFO_FLAG_READ), ret == 2);
	ret = dev_write(self->dev, VFIO_PCI_CONFIG_REGION_INDEX, &vendor, 2, 0);
	EXPECT_EQ(!!(config->flags & VFIO_REGION_INFO_FLAG_WRITE), ret == 2);
}

/*
 * vfio.h SET_IRQS: argsz covers the header, and the data that it announces.
 * Looked at before anything else, so this asks for nothing.
 */
TEST_F(info, irq_set_argsz)
{
	struct vfio_irq_set set = {
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
	};

	if (self->dev->fd < 0)
		SKIP(return, "no device file");
	for (set.argsz = 0; set.argsz < sizeof(set); set.argsz++)
		EXPECT_EQ(-EINVAL, dev_set_irqs(self->dev, &set));
}

/* Numbers that are not given to anybody. */
TEST_F(info, unknown_ioctls)
{
	__u32 arg[64] = { sizeof(arg) };
	unsigned int nr;

	if (self->dev->fd < 0)
		SKIP(return, "no device file");
	for (nr = 48; nr <= 60; nr++) {
		EXPECT_EQ(-1, ioctl(self->dev->fd,
				    _IO(VFIO_TYPE, VFIO_BASE + nr), arg));
		EXPECT_EQ(ENOTTY, errno) TH_LOG("ioctl %u", nr);
	}
}

/* What a PCI function can have of each: PCI 6.8.1.3, 6.8.2.3 */
static unsigned int most_irqs(unsigned int index)
{
	switch (index) {
	case VFIO_PCI_MSI_IRQ_INDEX:
		return 32;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return 2048;
	default:
		return index < VFIO_PCI_NUM_IRQS ? 1 : UINT_MAX;
	}
}

/* vfio.h IRQ_INFO: count 0 says that the index is not implemented. */
TEST_F(info, irqs)
{
	bool pci = self->device.flags & VFIO_DEVICE_FLAGS_PCI;
	union answer a;
	unsigned int i;

	for (i = 0; i < self->device.num_irqs; i++) {
		ASSERT_EQ(0, ask(self->dev, &query[2], &a, query[2].size, i));
		EXPECT_EQ(i, a.irq.index);
		if (!a.irq.count)
			EXPECT_EQ(0, a.irq.flags);
		if (pci)
			EXPECT_GE(most_irqs(i), a.irq.count);
		EXPECT_EQ(!!a.irq.count,
			  !!(a.irq.flags & VFIO_IRQ_INFO_EVENTFD));
		/* An interrupt that masks itself must be unmaskable. */
		if (a.irq.flags & VFIO_IRQ_INFO_AUTOMASKED)
			EXPECT_TRUE(a.irq.flags & VFIO_IRQ_INFO_MASKABLE);
	}
}

/* Every answer is the same the second time, and after a reset. */
TEST_F(info, stable)
{
	union answer before[3][DEV_MAX_REGIONS], after;
	unsigned int pass, i, j, num[3];

	num[0] = 1;
	num[1] = self->device.num_regions;
	num[2] = self->device.num_irqs;
	for (pass = 0; pass < 3; pass++) {
		for (i = 0; i < 3; i++) {
			for (j = 0; j < num[i]; j++) {
				union answer *a = pass ? &after : &before[i][j];

				ASSERT_EQ(0, ask(self->dev, &query[i], a,
						 query[i].size, j));
				EXPECT_EQ(0, memcmp(a, &before[i][j],
						    sizeof(*a)));
			}
		}
		if (pass == 1 && self->device.flags & VFIO_DEVICE_FLAGS_RESET)
			ASSERT_EQ(0, dev_reset(self->dev));
	}
}

/* ioctl(2): a pointer that cannot be read or written is EFAULT. */
TEST_F(info, bad_pointers)
{
	size_t page = sysconf(_SC_PAGESIZE);
	unsigned int i;
	__u8 *map;

	if (self->dev->fd < 0)
		SKIP(return, "no device file");
	map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));

	for (i = 0; i < ARRAY_SIZE(query); i++) {
		const struct query *q = &query[i];
		__u32 *head = (__u32 *)(map + page - 8);

		EXPECT_EQ(-1, ioctl(self->dev->fd, q->cmd, NULL));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(-1, ioctl(self->dev->fd, q->cmd, map + page));
		EXPECT_EQ(EFAULT, errno);

		/* argsz can be read, what it promises can not */
		head[0] = q->size;
		head[1] = 0;
		EXPECT_EQ(-1, ioctl(self->dev->fd, q->cmd, head));
		EXPECT_EQ(EFAULT, errno);

		/* good to read, not to write */
		memset(map, 0, q->size);
		*(__u32 *)map = q->size;
		ASSERT_EQ(0, mprotect(map, page, PROT_READ));
		EXPECT_EQ(-1, ioctl(self->dev->fd, q->cmd, map));
		EXPECT_EQ(EFAULT, errno);
		ASSERT_EQ(0, mprotect(map, page, PROT_READ | PROT_WRITE));
	}
	munmap(map, page);
}

/* vfio.h FEATURE: malformed requests are refused before any feature sees them */
TEST_F(info, feature_malformed)
{
	struct vfio_device_feature f = { .argsz = sizeof(f) };

	f.argsz = sizeof(f) - 1;
	f.flags = VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_MIGRATION;
	EXPECT_EQ(-EINVAL, dev_feature(self->dev, &f));
	f.argsz = 0;
	EXPECT_EQ(-EINVAL, dev_feature(self->dev, &f));
	f.argsz = sizeof(f);
	f.flags |= 1U << 31;
	EXPECT_EQ(-EINVAL, dev_feature(self->dev, &f));
	f.flags = VFIO_DEVICE_FEATURE_MIGRATION | VFIO_DEVICE_FEATURE_GET |
		VFIO_DEVICE_FEATURE_SET;
	EXPECT_EQ(-EINVAL, dev_feature(self->dev, &f));
}

/* vfio.h FEATURE: PROBE of what nobody knows is ENOTTY. */
TEST_F(info, feature_unknown)
{
	struct vfio_device_feature f = { .argsz = sizeof(f) };
	const __u32 how[] = { VFIO_DEVICE_FEATURE_PROBE,
			      VFIO_DEVICE_FEATURE_GET,
			      VFIO_DEVICE_FEATURE_SET };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(how); i++) {
		f.flags = how[i] | 0x7fff;
		EXPECT_EQ(-ENOTTY, dev_feature(self->dev, &f));
	}
}

FIXTURE(mtty)
{
	struct subject subject;
	struct vfio_dev *dev;
};

FIXTURE_VARIANT(mtty)
{
	unsigned int ports;
};

FIXTURE_VARIANT_ADD(mtty, single)
{
	.ports = 1,
};

FIXTURE_VARIANT_ADD(mtty, dual)
{
	.ports = 2,
};

FIXTURE_SETUP(mtty)
{
	int ret = subject_open(&self->subject, variant->ports);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
}

FIXTURE_TEARDOWN(mtty)
{
	subject_close(&self->subject);
}

/* The device as documented: PCI, resettable, the nine and five of vfio-pci. */
TEST_F(mtty, device)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	ASSERT_EQ(0, dev_get_info(self->dev, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI, info.flags);
	EXPECT_EQ(VFIO_PCI_NUM_REGIONS, info.num_regions);
	EXPECT_EQ(VFIO_PCI_NUM_IRQS, info.num_irqs);
}

/* One 8-byte I/O BAR per port and config space; nothing to mmap. */
TEST_F(mtty, regions)
{
	unsigned int i, ports = self->subject.ports;
	union answer a;

	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		__u64 size = i < ports ? MTTY_BAR_SIZE :
			i == VFIO_PCI_CONFIG_REGION_INDEX ? 256 : 0;
		__u32 flags = size ? VFIO_REGION_INFO_FLAG_READ |
			VFIO_REGION_INFO_FLAG_WRITE : 0;

		ASSERT_EQ(0, ask(self->dev, &query[1], &a, query[1].size, i));
		EXPECT_EQ(size, a.region.size);
		EXPECT_EQ(flags, a.region.flags);
		EXPECT_EQ((__u64)i << 40, a.region.offset);
		EXPECT_EQ(0, a.region.cap_offset);
	}
}

/* INTx masks itself, the others cannot be resized, MSI-X is absent. */
TEST_F(mtty, irqs)
{
	static const struct { __u32 count, flags; } expected[] = {
		[VFIO_PCI_INTX_IRQ_INDEX] = { 1, VFIO_IRQ_INFO_EVENTFD |
			VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED },
		[VFIO_PCI_MSI_IRQ_INDEX] = { 1, VFIO_IRQ_INFO_EVENTFD |
			VFIO_IRQ_INFO_NORESIZE },
		[VFIO_PCI_MSIX_IRQ_INDEX] = { 0, 0 },
		[VFIO_PCI_ERR_IRQ_INDEX] = { 1, VFIO_IRQ_INFO_EVENTFD |
			VFIO_IRQ_INFO_NORESIZE },
		[VFIO_PCI_REQ_IRQ_INDEX] = { 1, VFIO_IRQ_INFO_EVENTFD |
			VFIO_IRQ_INFO_NORESIZE },
	};
	union answer a;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		ASSERT_EQ(0, ask(self->dev, &query[2], &a, query[2].size, i));
		EXPECT_EQ(expected[i].count, a.irq.count);
		EXPECT_EQ(expected[i].flags, a.irq.flags);
	}
}

/* mmap(2) of a region without VFIO_REGION_INFO_FLAG_MMAP is EINVAL. */
TEST_F(mtty, no_mmap)
{
	size_t page = sysconf(_SC_PAGESIZE);
	__u64 i;

	for (i = 0; i <= VFIO_PCI_NUM_REGIONS; i++) {
		void *map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED,
				 self->dev->fd, i << 40);

		EXPECT_EQ(MAP_FAILED, map);
		EXPECT_EQ(EINVAL, errno);
	}
}

/* ioctl(2): what a device does not know is ENOTTY, VFIO's own or not. */
TEST_F(mtty, unknown_ioctls)
{
	__u32 arg[64];
	unsigned int nr;

	for (nr = 12; nr <= 60; nr++) {
		/* These belong to the core: FEATURE and those of the cdev. */
		if (nr >= 17 && nr <= 20)
			continue;
		memset(arg, 0, sizeof(arg));
		arg[0] = sizeof(arg);
		EXPECT_EQ(-1, ioctl(self->dev->fd,
				    _IO(VFIO_TYPE, VFIO_BASE + nr), arg));
		EXPECT_EQ(ENOTTY, errno) TH_LOG("ioctl %u", nr);
	}
	for (nr = 0; nr < 256; nr += 5) {
		EXPECT_EQ(-1, ioctl(self->dev->fd, _IO('v', nr), arg));
		EXPECT_EQ(ENOTTY, errno);
	}
}

static int probe_feature(struct vfio_dev *dev, unsigned int nr)
{
	struct vfio_device_feature f = {
		.argsz = sizeof(f),
		.flags = VFIO_DEVICE_FEATURE_PROBE | nr,
	};

	return dev_feature(dev, &f);
}

/* Is the feature one of those that come together with the one at @nr? */
static bool belongs_to(unsigned int feature, unsigned int nr)
{
	if (nr == VFIO_DEVICE_FEATURE_MIGRATION)
		return feature == VFIO_DEVICE_FEATURE_MIGRATION ||
		       feature == VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE ||
		       feature == VFIO_DEVICE_FEATURE_MIG_DATA_SIZE ||
		       feature == PRECOPY_INFO_V2;
	return feature >= VFIO_DEVICE_FEATURE_DMA_LOGGING_START &&
	       feature <= VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT;
}

/*
 * A device without migration has none of its features (CVE-2022-50117), one
 * with it has all; likewise for the logging of DMA. There are no others.
 */
TEST_F(mtty, features)
{
	bool migrates, logs;
	unsigned int nr;

	migrates = !probe_feature(self->dev, VFIO_DEVICE_FEATURE_MIGRATION);
	logs = !probe_feature(self->dev, VFIO_DEVICE_FEATURE_DMA_LOGGING_START);
	for (nr = 0; nr <= 32; nr++) {
		int ret = probe_feature(self->dev, nr);
		bool expected = false;

		if (belongs_to(nr, VFIO_DEVICE_FEATURE_MIGRATION))
			expected = migrates;
		else if (belongs_to(nr, VFIO_DEVICE_FEATURE_DMA_LOGGING_START))
			expected = logs;
		/* From 7.1 on the core answers EINVAL for this one. */
		if (nr == PRECOPY_INFO_V2 && !migrates && ret == -EINVAL)
			continue;
		EXPECT_EQ(expected ? 0 : -ENOTTY, ret)
			TH_LOG("feature %u", nr);
	}
}

/* No call needs another one first: each is the first of a fresh device. */
TEST_F(mtty, any_order)
{
	const __u64 config = (__u64)VFIO_PCI_CONFIG_REGION_INDEX << 40;
	union answer a;
	__u16 vendor;

	EXPECT_EQ(0, ask(self->dev, &query[2], &a, query[2].size,
			 VFIO_PCI_INTX_IRQ_INDEX));
	EXPECT_EQ(1, a.irq.count);

	ASSERT_EQ(0, subject_reopen(&self->subject));
	EXPECT_EQ(0, ask(self->dev, &query[1], &a, query[1].size, 0));
	EXPECT_EQ(MTTY_BAR_SIZE, a.region.size);

	ASSERT_EQ(0, subject_reopen(&self->subject));
	EXPECT_EQ(0, irq_bind(self->dev, VFIO_PCI_INTX_IRQ_INDEX, -1));
	EXPECT_EQ(0, irq_mask(self->dev));

	ASSERT_EQ(0, subject_reopen(&self->subject));
	EXPECT_EQ(0, dev_reset(self->dev));

	ASSERT_EQ(0, subject_reopen(&self->subject));
	EXPECT_EQ(2, pread(self->dev->fd, &vendor, 2, config));
	EXPECT_EQ(MTTY_VENDOR_ID, vendor);
}

TEST_HARNESS_MAIN
