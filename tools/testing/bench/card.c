// SPDX-License-Identifier: GPL-2.0-only
/*
 * See card.h.
 */
#include <err.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "card.h"

#define PARENT_DIR	"/sys/class/mdev_bus"
#define MDEV_DIR	"/sys/bus/mdev/devices"

/* sysfs */

static void write_file(const char *path, const char *text)
{
	ssize_t len = strlen(text);
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, len) != len)
		err(EXIT_FAILURE, "%s", path);
	close(fd);
}

void create_mdev(const char *parent, const char *type, const char *uuid)
{
	char path[256];

	snprintf(path, sizeof(path),
		 PARENT_DIR "/%s/mdev_supported_types/%s/create", parent, type);
	write_file(path, uuid);
}

void remove_mdev(const char *uuid)
{
	char path[128];

	snprintf(path, sizeof(path), MDEV_DIR "/%s/remove", uuid);
	write_file(path, "1");
}

/* The device file */

void read_exactly(struct card *card, off_t pos, void *value, size_t width)
{
	if (pread(card->fd, value, width, pos) != (ssize_t)width)
		err(EXIT_FAILURE, "reading %zu bytes at %#llx", width,
		    (long long)pos);
}

void write_exactly(struct card *card, off_t pos, const void *value,
		   size_t width)
{
	if (pwrite(card->fd, value, width, pos) != (ssize_t)width)
		err(EXIT_FAILURE, "writing %zu bytes at %#llx", width,
		    (long long)pos);
}

void get_region(struct card *card, unsigned int index,
		struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){
		.argsz = sizeof(*info),
		.index = index,
	};
	if (ioctl(card->fd, VFIO_DEVICE_GET_REGION_INFO, info))
		err(EXIT_FAILURE, "VFIO_DEVICE_GET_REGION_INFO");
}

static void set_irqs(struct card *card, unsigned int index, __u32 flags,
		     unsigned int count, int fd)
{
	struct {
		struct vfio_irq_set set;
		__s32 fd;
	} arg = {
		.set = {
			.argsz = sizeof(arg.set),
			.flags = flags,
			.index = index,
			.count = count,
		},
		.fd = fd,
	};

	if (flags & VFIO_IRQ_SET_DATA_EVENTFD)
		arg.set.argsz += sizeof(arg.fd);
	if (ioctl(card->fd, VFIO_DEVICE_SET_IRQS, &arg))
		err(EXIT_FAILURE, "VFIO_DEVICE_SET_IRQS index %u flags %#x",
		    index, flags);
}

void bind_irq(struct card *card, unsigned int index)
{
	set_irqs(card, index,
		 VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 1,
		 card->event);
}

void unbind_irq(struct card *card, unsigned int index)
{
	set_irqs(card, index,
		 VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, -1);
}

void unmask_intx(struct card *card)
{
	set_irqs(card, VFIO_PCI_INTX_IRQ_INDEX,
		 VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, 1, -1);
}

void take_irq(struct card *card)
{
	__u64 count;

	if (read(card->event, &count, sizeof(count)) != sizeof(count))
		err(EXIT_FAILURE, "no interrupt");
	if (count != 1)
		errx(EXIT_FAILURE, "%llu interrupts instead of one", count);
}

/* Opening */

static int open_group(const char *uuid)
{
	char path[128], target[256];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), MDEV_DIR "/%s/iommu_group", uuid);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		err(EXIT_FAILURE, "%s", path);
	target[len] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", basename(target));
	fd = open(path, O_RDWR);
	if (fd < 0)
		err(EXIT_FAILURE, "%s", path);
	return fd;
}

static off_t region_offset(struct card *card, unsigned int index)
{
	struct vfio_region_info info;

	get_region(card, index, &info);
	return info.offset;
}

void open_card(struct card *card, const char *uuid)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	__u16 command = PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
			PCI_COMMAND_MASTER;

	card->container = open("/dev/vfio/vfio", O_RDWR);
	card->group = open_group(uuid);
	if (ioctl(card->group, VFIO_GROUP_SET_CONTAINER, &card->container) ||
	    ioctl(card->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		err(EXIT_FAILURE, "setting up the container");
	card->fd = ioctl(card->group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	if (card->fd < 0)
		err(EXIT_FAILURE, "VFIO_GROUP_GET_DEVICE_FD");

	if (ioctl(card->fd, VFIO_DEVICE_GET_INFO, &info))
		err(EXIT_FAILURE, "VFIO_DEVICE_GET_INFO");
	card->config = region_offset(card, VFIO_PCI_CONFIG_REGION_INDEX);
	card->bar = region_offset(card, VFIO_PCI_BAR0_REGION_INDEX);
	card->event = eventfd(0, EFD_NONBLOCK);
	if (card->event < 0)
		err(EXIT_FAILURE, "eventfd");

	write_exactly(card, card->config + PCI_COMMAND, &command, 2);
}

void close_card(struct card *card)
{
	close(card->event);
	close(card->fd);
	close(card->group);
	close(card->container);
}
