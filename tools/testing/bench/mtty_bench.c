// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long an mtty takes to do things, seen by the process that uses it.
 *
 * Works on any driver that shows up as "mtty": ours and the kernel's sample.
 * Prints a line for each row: LABEL NAME ns MEDIAN MIN MAX, each of them the
 * time of one operation.
 *
 * On a machine whose clock counts instructions a time is exact but for what
 * interrupts it. So operations are timed in batches that are short beside the
 * timer tick, and it is the median batch that counts.
 */
#include <err.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/serial_reg.h>
#include <linux/types.h>
#include <linux/vfio.h>

#define TYPE_DIR	"/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2"
#define MDEV_DIR	"/sys/bus/mdev/devices"
#define CARD_UUID	"6d747479-0000-4000-8000-000000000001"
#define OTHER_UUID	"6d747479-0000-4000-8000-000000000002"

#define MAX_BATCHES	1024
#define BAR_ADDRESS	0xc000
#define PATTERN		0x5a

/* A card as a virtual machine monitor has it. */
struct card {
	int container;
	int group;
	int fd;
	int event;
	off_t config;
	off_t bar;
};

/**
 * struct row - one operation and how to time it
 * @name: of the row
 * @batch: operations in one batch
 * @batches: how many batches; at most MAX_BATCHES
 * @prepare: brings the card into the state that @once wants. Optional.
 * @once: the operation
 * @after: done after each operation and not timed. Optional; with it each
 *	operation is timed by itself, without it the batch is.
 * @undo: takes back @prepare. Optional.
 */
struct row {
	const char *name;
	unsigned int batch;
	unsigned int batches;
	void (*prepare)(struct card *card);
	void (*once)(struct card *card);
	void (*after)(struct card *card);
	void (*undo)(struct card *card);
};

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* sysfs */

static void write_file(const char *path, const char *text)
{
	ssize_t len = strlen(text);
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, len) != len)
		err(EXIT_FAILURE, "%s", path);
	close(fd);
}

static void create_mdev(const char *uuid)
{
	write_file(TYPE_DIR "/create", uuid);
}

static void remove_mdev(const char *uuid)
{
	char path[128];

	snprintf(path, sizeof(path), MDEV_DIR "/%s/remove", uuid);
	write_file(path, "1");
}

/* The device file */

static void read_exactly(struct card *card, off_t pos, void *value,
			 size_t width)
{
	if (pread(card->fd, value, width, pos) != (ssize_t)width)
		err(EXIT_FAILURE, "reading %zu bytes at %#llx", width,
		    (long long)pos);
}

static void write_exactly(struct card *card, off_t pos, const void *value,
			  size_t width)
{
	if (pwrite(card->fd, value, width, pos) != (ssize_t)width)
		err(EXIT_FAILURE, "writing %zu bytes at %#llx", width,
		    (long long)pos);
}

static __u8 read_reg(struct card *card, unsigned int reg)
{
	__u8 value;

	read_exactly(card, card->bar + reg, &value, 1);
	return value;
}

static void write_reg(struct card *card, unsigned int reg, __u8 value)
{
	write_exactly(card, card->bar + reg, &value, 1);
}

static off_t region_offset(struct card *card, unsigned int index)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = index,
	};

	if (ioctl(card->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		err(EXIT_FAILURE, "VFIO_DEVICE_GET_REGION_INFO");
	return info.offset;
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

/* Through group and container, which every kernel has. */
static void open_card(struct card *card, const char *uuid)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	__u16 command = PCI_COMMAND_IO | PCI_COMMAND_MASTER;

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

static void close_card(struct card *card)
{
	close(card->event);
	close(card->fd);
	close(card->group);
	close(card->container);
}

/* Rows: register accesses */

static void read_config(struct card *card)
{
	__u32 id;

	read_exactly(card, card->config + PCI_VENDOR_ID, &id, 4);
}

static void read_scr(struct card *card)
{
	read_reg(card, UART_SCR);
}

static void write_scr(struct card *card)
{
	write_reg(card, UART_SCR, PATTERN);
}

static void read_lsr(struct card *card)
{
	read_reg(card, UART_LSR);
}

/* A BAR that does not decode is fast, and not what anybody wants to know. */
static void check_decoding(struct card *card)
{
	write_reg(card, UART_SCR, PATTERN);
	if (read_reg(card, UART_SCR) != PATTERN)
		errx(EXIT_FAILURE, "SCR does not keep what is written to it");
}

/*
 * What firmware does before any driver sees the card. The sample is faster from
 * then on, and nothing but its removal takes that back.
 */
static void assign_bar(struct card *card)
{
	__u32 address = BAR_ADDRESS;

	write_exactly(card, card->config + PCI_BASE_ADDRESS_0, &address, 4);
	check_decoding(card);
}

/* Rows: from a register write to the eventfd */

static void prepare_uart(struct card *card)
{
	assign_bar(card);
	write_reg(card, UART_LCR, UART_LCR_WLEN8);
	write_reg(card, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR |
				  UART_FCR_TRIGGER_1);
	write_reg(card, UART_IER, UART_IER_RDI);
}

static void bind_irq(struct card *card, unsigned int index)
{
	set_irqs(card, index,
		 VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 1,
		 card->event);
}

static void unbind_irq(struct card *card, unsigned int index)
{
	set_irqs(card, index,
		 VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, -1);
	write_reg(card, UART_IER, 0);
}

static void prepare_intx(struct card *card)
{
	prepare_uart(card);
	bind_irq(card, VFIO_PCI_INTX_IRQ_INDEX);
}

static void undo_intx(struct card *card)
{
	unbind_irq(card, VFIO_PCI_INTX_IRQ_INDEX);
}

static void prepare_msi(struct card *card)
{
	prepare_uart(card);
	bind_irq(card, VFIO_PCI_MSI_IRQ_INDEX);
}

static void undo_msi(struct card *card)
{
	unbind_irq(card, VFIO_PCI_MSI_IRQ_INDEX);
}

static void send_and_be_told(struct card *card)
{
	__u64 count;

	write_reg(card, UART_TX, PATTERN);
	if (read(card->event, &count, sizeof(count)) != sizeof(count))
		err(EXIT_FAILURE, "no interrupt");
	if (count != 1)
		errx(EXIT_FAILURE, "%llu interrupts instead of one", count);
}

static void take_char(struct card *card)
{
	if (read_reg(card, UART_RX) != PATTERN)
		errx(EXIT_FAILURE, "the character did not come back");
}

static void take_char_and_unmask(struct card *card)
{
	take_char(card);
	set_irqs(card, VFIO_PCI_INTX_IRQ_INDEX,
		 VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, 1, -1);
}

/* Rows: life of a device */

static void create_and_remove(struct card *card)
{
	create_mdev(OTHER_UUID);
	remove_mdev(OTHER_UUID);
}

/* The order matters: see assign_bar(). */
static const struct row rows[] = {
	{
		.name = "config-read-4",
		.batch = 500,
		.batches = 201,
		.once = read_config,
	}, {
		.name = "bar-read-1-scr-unassigned",
		.batch = 500,
		.batches = 201,
		.prepare = check_decoding,
		.once = read_scr,
	}, {
		.name = "bar-read-1-lsr-unassigned",
		.batch = 500,
		.batches = 201,
		.prepare = check_decoding,
		.once = read_lsr,
	}, {
		.name = "bar-write-1-scr-unassigned",
		.batch = 500,
		.batches = 201,
		.prepare = check_decoding,
		.once = write_scr,
	}, {
		.name = "bar-read-1-scr",
		.batch = 500,
		.batches = 201,
		.prepare = assign_bar,
		.once = read_scr,
	}, {
		.name = "bar-read-1-lsr",
		.batch = 500,
		.batches = 201,
		.prepare = assign_bar,
		.once = read_lsr,
	}, {
		.name = "bar-write-1-scr",
		.batch = 500,
		.batches = 201,
		.prepare = assign_bar,
		.once = write_scr,
	}, {
		.name = "irq-intx",
		.batch = 100,
		.batches = 201,
		.prepare = prepare_intx,
		.once = send_and_be_told,
		.after = take_char_and_unmask,
		.undo = undo_intx,
	}, {
		.name = "irq-msi",
		.batch = 100,
		.batches = 201,
		.prepare = prepare_msi,
		.once = send_and_be_told,
		.after = take_char,
		.undo = undo_msi,
	}, {
		.name = "create-remove",
		.batch = 1,
		.batches = 61,
		.once = create_and_remove,
	},
	{ }
};

/* Timing */

static void do_nothing(struct card *card)
{
}

static __u64 time_batch(const struct row *row, struct card *card,
			void (*once)(struct card *card),
			void (*after)(struct card *card))
{
	__u64 start, total = 0;
	unsigned int i;

	if (!after) {
		start = now();
		for (i = 0; i < row->batch; i++)
			once(card);
		return now() - start;
	}
	for (i = 0; i < row->batch; i++) {
		start = now();
		once(card);
		total += now() - start;
		after(card);
	}
	return total;
}

static int compare(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Fill @times with the times of all batches, shortest first. */
static void time_batches(const struct row *row, struct card *card,
			 void (*once)(struct card *card),
			 void (*after)(struct card *card), __u64 *times)
{
	unsigned int i;

	/* the first one meets cold caches */
	time_batch(row, card, once, after);
	for (i = 0; i < row->batches; i++)
		times[i] = time_batch(row, card, once, after);
	qsort(times, row->batches, sizeof(*times), compare);
}

static double per_operation(const struct row *row, __u64 time,
			    __u64 overhead)
{
	return ((double)time - (double)overhead) / row->batch;
}

static void measure(const char *label, const struct row *row, struct card *card)
{
	static __u64 times[MAX_BATCHES];
	__u64 overhead;

	time_batches(row, card, do_nothing, row->after ? do_nothing : NULL,
		     times);
	overhead = times[row->batches / 2];

	if (row->prepare)
		row->prepare(card);
	time_batches(row, card, row->once, row->after, times);
	if (row->undo)
		row->undo(card);

	printf("%s %s ns %.1f %.1f %.1f\n", label, row->name,
	       per_operation(row, times[row->batches / 2], overhead),
	       per_operation(row, times[0], overhead),
	       per_operation(row, times[row->batches - 1], overhead));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct card card;
	const struct row *row;

	if (argc != 2)
		errx(EXIT_FAILURE, "usage: mtty_bench LABEL");

	create_mdev(CARD_UUID);
	open_card(&card, CARD_UUID);
	for (row = rows; row->name; row++)
		measure(argv[1], row, &card);
	close_card(&card);
	remove_mdev(CARD_UUID);
	return EXIT_SUCCESS;
}
