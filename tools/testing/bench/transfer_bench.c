// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vdev_test does that the kernel's samples cannot: transfers to and from
 * the user's memory, and MSI-X.
 *
 * A transfer is measured from the register write that starts it to the return
 * of read() from the eventfd that says it is done. The peer copies between the
 * same pages of ours and a buffer as large as the device's, with the
 * instruction that the kernel copies with.
 */
#include <err.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card.h"
#include "timing.h"

#define CARD_UUID	"74726e73-6665-4000-8000-000000000001"

#define REG_RAISE	0x08
#define REG_IOVA_LOW	0x10
#define REG_IOVA_HIGH	0x14
#define REG_LENGTH	0x18
#define REG_COMMAND	0x1c
#define REG_RESULT	0x20

/* The vector to send is in the upper half of a command: 0. */
#define COMMAND_READ	1
#define COMMAND_WRITE	2

#define IOVA		0x100000000ULL
#define BUFFER_SIZE	0x10000
#define SMALL		4096
#define LARGE		0x100000

static char *user;
static char buffer[BUFFER_SIZE];

static void write_reg(struct card *card, unsigned int reg, __u32 value)
{
	write_exactly(card, card->bar + reg, &value, 4);
}

/* MSI-X */

static void prepare_msix(struct card *card)
{
	bind_irq(card, VFIO_PCI_MSIX_IRQ_INDEX);
}

static void raise_and_be_told(struct card *card)
{
	write_reg(card, REG_RAISE, 0);
	take_irq(card);
}

static void undo_msix(struct card *card)
{
	unbind_irq(card, VFIO_PCI_MSIX_IRQ_INDEX);
}

/* Transfers */

static void map_user_memory(struct card *card)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.iova = IOVA,
		.size = LARGE,
	};

	user = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (user == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	arg.vaddr = (__u64)(unsigned long)user;
	if (ioctl(card->container, VFIO_IOMMU_MAP_DMA, &arg))
		err(EXIT_FAILURE, "VFIO_IOMMU_MAP_DMA");
}

static void prepare_transfer(struct card *card, __u32 length)
{
	/* one that waits */
	close(card->event);
	card->event = eventfd(0, 0);
	if (card->event < 0)
		err(EXIT_FAILURE, "eventfd");
	bind_irq(card, VFIO_PCI_MSIX_IRQ_INDEX);
	write_reg(card, REG_IOVA_LOW, (__u32)IOVA);
	write_reg(card, REG_IOVA_HIGH, IOVA >> 32);
	write_reg(card, REG_LENGTH, length);
}

static void prepare_none(struct card *card)
{
	prepare_transfer(card, 0);
}

static void prepare_small(struct card *card)
{
	prepare_transfer(card, SMALL);
}

static void prepare_large(struct card *card)
{
	prepare_transfer(card, LARGE);
}

static void transfer(struct card *card, __u32 command)
{
	write_reg(card, REG_COMMAND, command);
	take_irq(card);
}

static void device_reads(struct card *card)
{
	transfer(card, COMMAND_READ);
}

static void device_writes(struct card *card)
{
	transfer(card, COMMAND_WRITE);
}

static void undo_transfer(struct card *card)
{
	__u32 result;

	read_exactly(card, card->bar + REG_RESULT, &result, sizeof(result));
	if (result)
		errx(EXIT_FAILURE, "the transfer failed: %u", result);
	unbind_irq(card, VFIO_PCI_MSIX_IRQ_INDEX);
}

/* The peer */

static void copy(char *to, const char *from, size_t len)
{
	asm volatile("rep movsb" : "+D" (to), "+S" (from), "+c" (len) ::
		     "memory");
}

static void copy_user(size_t len, bool read)
{
	size_t part = len < BUFFER_SIZE ? len : BUFFER_SIZE;
	char *place;

	for (place = user; place < user + len; place += part)
		copy(read ? buffer : place, read ? place : buffer, part);
}

static void read_small(struct card *card)
{
	copy_user(SMALL, true);
}

static void read_large(struct card *card)
{
	copy_user(LARGE, true);
}

static void write_small(struct card *card)
{
	copy_user(SMALL, false);
}

static void write_large(struct card *card)
{
	copy_user(LARGE, false);
}

static const struct row ours[] = {
	{
		.name = "irq-msix",
		.batch = 100,
		.batches = 201,
		.prepare = prepare_msix,
		.once = raise_and_be_told,
		.undo = undo_msix,
	}, {
		.name = "dma-none",
		.batch = 50,
		.batches = 201,
		.prepare = prepare_none,
		.once = device_reads,
		.undo = undo_transfer,
	}, {
		.name = "dma-read-4k",
		.batch = 50,
		.batches = 201,
		.prepare = prepare_small,
		.once = device_reads,
		.undo = undo_transfer,
	}, {
		.name = "dma-write-4k",
		.batch = 50,
		.batches = 201,
		.prepare = prepare_small,
		.once = device_writes,
		.undo = undo_transfer,
	}, {
		.name = "dma-read-1m",
		.batch = 1,
		.batches = 101,
		.prepare = prepare_large,
		.once = device_reads,
		.undo = undo_transfer,
	}, {
		.name = "dma-write-1m",
		.batch = 1,
		.batches = 101,
		.prepare = prepare_large,
		.once = device_writes,
		.undo = undo_transfer,
	},
	{ }
};

static const struct row peer[] = {
	{
		.name = "dma-read-4k",
		.batch = 50,
		.batches = 201,
		.once = read_small,
	}, {
		.name = "dma-write-4k",
		.batch = 50,
		.batches = 201,
		.once = write_small,
	}, {
		.name = "dma-read-1m",
		.batch = 1,
		.batches = 101,
		.once = read_large,
	}, {
		.name = "dma-write-1m",
		.batch = 1,
		.batches = 101,
		.once = write_large,
	},
	{ }
};

/*
 * Whether the thread that makes a transfer has its turn before we wait for it,
 * or after, is otherwise a matter of who had the processor for how long.
 */
static void come_first(void)
{
	const struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		err(EXIT_FAILURE, "sched_setscheduler");
}

int main(int argc, char **argv)
{
	const struct row *row;
	struct card card;

	come_first();
	create_mdev("vdev_test", "vdev_test-pcie", CARD_UUID);
	open_card(&card, CARD_UUID);
	map_user_memory(&card);
	for (row = ours; row->name; row++)
		measure("ours", row, &card);
	for (row = peer; row->name; row++)
		measure("peer", row, &card);
	close_card(&card);
	remove_mdev(CARD_UUID);
	return EXIT_SUCCESS;
}
