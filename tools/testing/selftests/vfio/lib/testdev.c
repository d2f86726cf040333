// SPDX-License-Identifier: GPL-2.0-only
/* Registers of the test device, through whatever transport there is. */
#include "testdev.h"

#include <endian.h>
#include <unistd.h>

#include "config_space.h"
#include "must.h"

/* Only failing tests wait for as long as that. */
#define TRANSFER_MS	10000

__u64 testdev_memory_size(enum testdev_model model)
{
	switch (model) {
	case TESTDEV_PCIE:
		return 0x100000;
	case TESTDEV_LARGE:
		return 0x40000000;
	default:
		return 0;
	}
}

__u32 testdev_in(struct vfio_dev *dev, unsigned int reg)
{
	ssize_t ret;
	__u32 val;

	ret = dev_read(dev, TESTDEV_REGS, &val, sizeof(val), reg);
	must(ret == sizeof(val), "read of register 0x%x: %zd", reg, ret);
	return le32toh(val);
}

void testdev_out(struct vfio_dev *dev, unsigned int reg, __u32 val)
{
	ssize_t ret;

	val = htole32(val);
	ret = dev_write(dev, TESTDEV_REGS, &val, sizeof(val), reg);
	must(ret == sizeof(val), "write of register 0x%x: %zd", reg, ret);
}

void testdev_enable(struct vfio_dev *dev)
{
	config_command(dev, 0, PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
			       PCI_COMMAND_MASTER);
}

void testdev_buffer_in(struct vfio_dev *dev, void *buf, size_t len)
{
	ssize_t ret = dev_read(dev, TESTDEV_REGS, buf, len, TESTDEV_BUFFER);

	must(ret == (ssize_t)len, "read of the buffer: %zd", ret);
}

void testdev_buffer_out(struct vfio_dev *dev, const void *buf, size_t len)
{
	ssize_t ret = dev_write(dev, TESTDEV_REGS, buf, len, TESTDEV_BUFFER);

	must(ret == (ssize_t)len, "write of the buffer: %zd", ret);
}

void testdev_start(struct vfio_dev *dev, unsigned int command, __u64 iova,
		   __u32 len, unsigned int vector)
{
	testdev_out(dev, TESTDEV_IOVA_LOW, iova);
	testdev_out(dev, TESTDEV_IOVA_HIGH, iova >> 32);
	testdev_out(dev, TESTDEV_LENGTH, len);
	testdev_out(dev, TESTDEV_COMMAND, command | vector << 16);
}

int testdev_wait(struct vfio_dev *dev)
{
	unsigned int i;
	__u32 result;

	for (i = 0; i < TRANSFER_MS * 10; i++) {
		result = testdev_in(dev, TESTDEV_RESULT);
		if (result != TESTDEV_BUSY)
			return result;
		usleep(100);
	}
	must(false, "a transfer does not end");
	return -1;
}

int testdev_transfer(struct vfio_dev *dev, unsigned int command, __u64 iova,
		     __u32 len)
{
	testdev_start(dev, command, iova, len, TESTDEV_NO_VECTOR);
	return testdev_wait(dev);
}
