/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test device, samples/vfio-mdev/vdev_test_model.c: where it comes from,
 * and its registers. A failed access to one ends the test.
 */
#ifndef VFIO_SELFTEST_TESTDEV_H
#define VFIO_SELFTEST_TESTDEV_H

#include <limits.h>
#include <stdbool.h>

#include <linux/types.h>

#include "device.h"
#include "mdev.h"

/* The models, named after what they are there for. */
enum testdev_model {
	TESTDEV_PCIE,
	TESTDEV_LARGE,
	TESTDEV_PCI,
	TESTDEV_MODELS,
};

struct testdev {
	enum testdev_model model;
	struct vfio_location loc;
	struct vfio_dev dev;
	char uuid[MDEV_UUID_LEN + 1];
	char why[160];			/* reason of a -ENODEV */
};

/*
 * Finds or makes a device, without opening it: of each model there is one per
 * test program, made when a test first asks for it and removed when the
 * program ends. -ENODEV says that there is none, or no such path to it, and
 * testdev->why tells why: the test is to skip.
 */
int testdev_find(struct testdev *testdev, enum testdev_model model,
		 enum dev_path path);

/* testdev_find() and dev_open(). */
int testdev_open(struct testdev *testdev, enum testdev_model model,
		 enum dev_path path);
void testdev_close(struct testdev *testdev);

/* Regions. BAR 2 and 4 are there with memory only; -pci has an I/O BAR 1. */
#define TESTDEV_REGS		VFIO_PCI_BAR0_REGION_INDEX
#define TESTDEV_IO		VFIO_PCI_BAR1_REGION_INDEX
#define TESTDEV_MEMORY		VFIO_PCI_BAR2_REGION_INDEX
#define TESTDEV_MIXED		VFIO_PCI_BAR4_REGION_INDEX

/* Areas of memory in TESTDEV_MIXED. */
#define TESTDEV_AREA0_START	0x4000
#define TESTDEV_AREA0_SIZE	0x2000
#define TESTDEV_AREA1_START	0x8000
#define TESTDEV_AREA1_SIZE	0x1000

__u64 testdev_memory_size(enum testdev_model model);

/* Registers in TESTDEV_REGS. */
#define TESTDEV_MAGIC		0x00
#define TESTDEV_SCRATCH		0x04
#define TESTDEV_RAISE		0x08
#define TESTDEV_IOVA_LOW	0x10
#define TESTDEV_IOVA_HIGH	0x14
#define TESTDEV_LENGTH		0x18
#define TESTDEV_COMMAND		0x1c
#define TESTDEV_RESULT		0x20
#define TESTDEV_TRANSFERS	0x24
#define TESTDEV_TIMER		0x28
#define TESTDEV_TIMEOUTS	0x2c
#define TESTDEV_RESETS		0x30
#define TESTDEV_BUFFER		0x1000

#define TESTDEV_MAGIC_VALUE	0x76646576
#define TESTDEV_BUFFER_SIZE	0x10000
#define TESTDEV_RAISE_LEVEL	0x80000000	/* or-ed with 0 or 1 */
#define TESTDEV_RAISE_ERROR	0x40000000
#define TESTDEV_READ		1
#define TESTDEV_WRITE		2
#define TESTDEV_NO_VECTOR	0xffff
#define TESTDEV_BUSY		0xffffffff
#define TESTDEV_TIMER_VECTOR	1

__u32 testdev_in(struct vfio_dev *dev, unsigned int reg);
void testdev_out(struct vfio_dev *dev, unsigned int reg, __u32 val);

/* COMMAND.IO, MEM and MASTER: without them it does nothing. */
void testdev_enable(struct vfio_dev *dev);

/* The buffer of transfers, TESTDEV_BUFFER_SIZE bytes. */
void testdev_buffer_in(struct vfio_dev *dev, void *buf, size_t len);
void testdev_buffer_out(struct vfio_dev *dev, const void *buf, size_t len);

/*
 * Start a transfer, wait for its end: the errno that the device has as its
 * result. @command is TESTDEV_READ (to the buffer) or TESTDEV_WRITE.
 */
void testdev_start(struct vfio_dev *dev, unsigned int command, __u64 iova,
		   __u32 len, unsigned int vector);
int testdev_wait(struct vfio_dev *dev);
int testdev_transfer(struct vfio_dev *dev, unsigned int command, __u64 iova,
		     __u32 len);

#endif
