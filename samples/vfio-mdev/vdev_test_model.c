// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * vdev_test: a device that does nothing useful, and does it with everything the
 * device core offers.
 *
 * BAR 0 holds registers, BAR 2 is plain memory that can be mapped as a whole,
 * BAR 4 has the MSI-X structures and two stretches of memory between registers
 * that read as their own offset; vdev_test-pci has an I/O BAR 1 of such
 * registers instead. Registers of BAR 0, of 4 bytes each:
 *
 *	00	magic, read only
 *	04	scratch
 *	08	raise: write a vector to send that message, bit 31 to set the
 *		interrupt condition to bit 0, or bit 30 to report an error
 *	10, 14	IOVA of a transfer, low and high half
 *	18	length of a transfer in bytes, up to 0x100000; what is longer
 *		than the buffer starts over at its beginning
 *	1c	command: 1 copies the user's memory to the buffer, 2 the buffer
 *		to the user's memory; bits 31:16 name the vector to send when
 *		it is done, 0xffff none
 *	20	result of the last transfer: 0, an errno, or ~0 while it is under
 *		way
 *	24	how many transfers have ended
 *	28	timer: write nanoseconds; sends vector 1 when they are over
 *	2c	how often the timer has ended
 *	30	how often the device was reset; not reset itself, and stays
 *		behind when the device migrates
 *	1000	the buffer
 *
 * The parameter "breaks" names a rule that the device then breaks, see
 * vdev_test.h.
 *
 * For tests only: a guest has no use for it, and no driver.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/vdev.h>

#include "vdev_test.h"

#define MAGIC			0x76646576	/* "vdev" */
#define BUFFER_OFFSET		0x1000
#define BUFFER_SIZE		0x10000
#define MAX_LENGTH		0x100000

#define REG_MAGIC		0x00
#define REG_SCRATCH		0x04
#define REG_RAISE		0x08
#define REG_IOVA_LOW		0x10
#define REG_IOVA_HIGH		0x14
#define REG_LENGTH		0x18
#define REG_COMMAND		0x1c
#define REG_RESULT		0x20
#define REG_TRANSFERS		0x24
#define REG_TIMER		0x28
#define REG_TIMEOUTS		0x2c
#define REG_RESETS		0x30

#define RAISE_CONDITION		BIT(31)
#define RAISE_ERROR		BIT(30)
#define COMMAND_READ		1
#define COMMAND_WRITE		2
#define NO_VECTOR		0xffff
#define RESULT_BUSY		0xffffffff
#define TIMER_VECTOR		1

/* While @result is %RESULT_BUSY, @iova to @command and @buffer are @transfer's. */
struct vdev_test {
	u32 scratch;
	u64 iova;
	u32 length;
	u32 command;
	u32 result;
	u32 transfers;
	u32 timeouts;
	u8 buffer[BUFFER_SIZE];
	struct vdev_timer timer;
	struct vdev_job transfer;
	u32 resets;
};

static bool breaks(const struct vdev *vdev, enum vdev_test_rule rule)
{
	return vdev_test_rule(vdev) == rule;
}

static void vdev_test_send(struct vdev *vdev, unsigned int vector)
{
	if (vector == NO_VECTOR || breaks(vdev, VDEV_TEST_MESSAGE_LOST))
		return;
	if (breaks(vdev, VDEV_TEST_MESSAGE_WRONG))
		vector ^= 1;
	vdev_msi(vdev, vector);
	if (breaks(vdev, VDEV_TEST_MESSAGE_TWICE))
		vdev_msi(vdev, vector);
}

static void vdev_test_condition(struct vdev *vdev, bool asserted)
{
	if (!breaks(vdev, VDEV_TEST_LEVEL_STUCK) || asserted)
		vdev_irq(vdev, asserted);
	if (breaks(vdev, VDEV_TEST_LEVEL_LOST))
		vdev_irq(vdev, false);
}

/* How many bytes a transfer moves. */
static u32 vdev_test_reach(struct vdev *vdev, const struct vdev_test *test)
{
	if (breaks(vdev, VDEV_TEST_DMA_SHORT) && test->length)
		return test->length - 1;
	if (breaks(vdev, VDEV_TEST_DMA_LONG))
		return test->length + 1;
	return test->length;
}

/* The registers of a transfer do not change while it is under way. */
static int vdev_test_copy(struct vdev *vdev, struct vdev_test *test)
{
	bool read = (test->command & 0xffff) == COMMAND_READ;
	u32 length = vdev_test_reach(vdev, test);
	u32 done, part;
	int ret = 0;

	if (length && test->iova > U64_MAX - (length - 1))
		return -EFAULT;
	for (done = 0; done < length && !ret; done += part) {
		part = min_t(u32, length - done, BUFFER_SIZE);
		if (read)
			ret = vdev_dma_read(vdev, &test->transfer,
					    test->iova + done, test->buffer,
					    part);
		else
			ret = vdev_dma_write(vdev, &test->transfer,
					     test->iova + done, test->buffer,
					     part);
	}
	return ret;
}

static void vdev_test_transfer(struct vdev *vdev, struct vdev_job *job)
{
	struct vdev_test *test = container_of(job, struct vdev_test, transfer);
	int ret = vdev_test_copy(vdev, test);

	if (!vdev_job_lock(vdev, job))
		return;
	test->result = breaks(vdev, VDEV_TEST_DMA_SILENT) ? 0 : -ret;
	test->transfers++;
	vdev_test_send(vdev, test->command >> 16);
	vdev_job_unlock(vdev, job);
}

static void vdev_test_start(struct vdev *vdev, struct vdev_test *test,
			    u32 command)
{
	u32 what = command & 0xffff;

	if (what != COMMAND_READ && what != COMMAND_WRITE) {
		test->result = EINVAL;
		return;
	}
	test->command = command;
	test->result = RESULT_BUSY;
	vdev_job_queue(vdev, &test->transfer);
}

static void vdev_test_timeout(struct vdev *vdev, struct vdev_timer *timer)
{
	struct vdev_test *test = container_of(timer, struct vdev_test, timer);

	test->timeouts++;
	vdev_test_send(vdev, TIMER_VECTOR);
	if (breaks(vdev, VDEV_TEST_TIMER_TWICE) && test->timeouts % 2)
		vdev_timer_set(vdev, timer, 0);
}

static void vdev_test_arm(struct vdev *vdev, struct vdev_test *test, u32 delay)
{
	if (breaks(vdev, VDEV_TEST_TIMER_EARLY))
		delay /= 2;
	if (!breaks(vdev, VDEV_TEST_TIMER_LOST))
		vdev_timer_set(vdev, &test->timer, delay);
}

static u32 vdev_test_register(const struct vdev_test *test, u64 offset)
{
	switch (offset) {
	case REG_MAGIC:
		return MAGIC;
	case REG_SCRATCH:
		return test->scratch;
	case REG_IOVA_LOW:
		return test->iova;
	case REG_IOVA_HIGH:
		return test->iova >> 32;
	case REG_LENGTH:
		return test->length;
	case REG_COMMAND:
		return test->command;
	case REG_RESULT:
		return test->result;
	case REG_TRANSFERS:
		return test->transfers;
	case REG_TIMEOUTS:
		return test->timeouts;
	case REG_RESETS:
		return test->resets;
	default:
		return 0;
	}
}

static bool vdev_test_in_buffer(u64 offset)
{
	return offset >= BUFFER_OFFSET && offset < BUFFER_OFFSET + BUFFER_SIZE;
}

static u64 vdev_test_read(struct vdev *vdev, unsigned int bar, u64 offset,
			  unsigned int width)
{
	struct vdev_test *test = vdev_priv(vdev);
	u64 value = 0;

	if (bar != 0)
		return offset;
	if (vdev_test_in_buffer(offset)) {
		while (width--)
			value = value << 8 |
				test->buffer[offset - BUFFER_OFFSET + width];
		return value;
	}
	return vdev_test_register(test, offset & ~3) >> (8 * (offset & 3));
}

static void vdev_test_set_register(struct vdev *vdev, struct vdev_test *test,
				   u64 offset, u32 value)
{
	switch (offset) {
	case REG_SCRATCH:
		test->scratch = value;
		break;
	case REG_RAISE:
		if (value & RAISE_CONDITION)
			vdev_test_condition(vdev, value & 1);
		else if (value & RAISE_ERROR)
			vdev_error(vdev);
		else
			vdev_test_send(vdev, value);
		break;
	case REG_IOVA_LOW:
		test->iova = (test->iova & ~0xffffffffULL) | value;
		break;
	case REG_IOVA_HIGH:
		test->iova = (u32)test->iova | (u64)value << 32;
		break;
	case REG_LENGTH:
		test->length = min_t(u32, value, MAX_LENGTH);
		break;
	case REG_COMMAND:
		vdev_test_start(vdev, test, value);
		break;
	case REG_TIMER:
		vdev_test_arm(vdev, test, value);
		break;
	}
}

/* A transfer that is under way owns its registers and the buffer. */
static bool vdev_test_locked(const struct vdev_test *test, u64 offset)
{
	return test->result == RESULT_BUSY &&
	       (vdev_test_in_buffer(offset) ||
		(offset >= REG_IOVA_LOW && offset <= REG_COMMAND));
}

static void vdev_test_write(struct vdev *vdev, unsigned int bar, u64 offset,
			    unsigned int width, u64 value)
{
	struct vdev_test *test = vdev_priv(vdev);

	if (bar != 0 || vdev_test_locked(test, offset))
		return;
	if (!vdev_test_in_buffer(offset)) {
		if (width == 4)
			vdev_test_set_register(vdev, test, offset, value);
		return;
	}
	for (; width--; value >>= 8)
		test->buffer[offset++ - BUFFER_OFFSET] = value;
}

/* On a front that has rules of its own to break, these are there for it. */
void __weak vdev_test_interpose(struct vdev *vdev)
{
}

void __weak vdev_test_withdraw(struct vdev *vdev)
{
}

static int vdev_test_init(struct vdev *vdev)
{
	struct vdev_test *test = vdev_priv(vdev);

	vdev_test_interpose(vdev);
	vdev_timer_init(vdev, &test->timer, vdev_test_timeout);
	vdev_job_init(vdev, &test->transfer, vdev_test_transfer);
	return 0;
}

static void vdev_test_reset(struct vdev *vdev)
{
	struct vdev_test *test = vdev_priv(vdev);
	u32 scratch = test->scratch;

	memset(test, 0, offsetof(struct vdev_test, timer));
	if (breaks(vdev, VDEV_TEST_RESET_SCRATCH))
		test->scratch = scratch;
	test->resets++;
}

/* What migrates */

static const struct vmig_field vdev_test_fields[] = {
	VMIG_FIELD(1, struct vdev_test, scratch),
	VMIG_FIELD(2, struct vdev_test, iova),
	VMIG_FIELD(3, struct vdev_test, length, .max = MAX_LENGTH),
	VMIG_FIELD(4, struct vdev_test, command),
	VMIG_FIELD(5, struct vdev_test, result),
	VMIG_FIELD(6, struct vdev_test, transfers),
	VMIG_FIELD(7, struct vdev_test, timeouts),
	VMIG_BLOB(8, struct vdev_test, buffer),
};

static const struct vmig_section vdev_test_section = {
	.id = 1,
	.version = 1,
	.min_version = 1,
	.instances = 1,
	.name = "registers",
	.size = sizeof(struct vdev_test),
	.fields = vdev_test_fields,
	.nr_fields = ARRAY_SIZE(vdev_test_fields),
};

static const struct vdev_state vdev_test_state[] = {
	{ .section = &vdev_test_section },
	{ }
};

/* What a job uses without the device lock does not change under it. */
static const char *vdev_test_check_state(struct vdev *vdev,
					 const struct vmig_image *image)
{
	const struct vdev_test *staged =
		vmig_state(image, &vdev_test_section, 0);
	struct vdev_test *test = vdev_priv(vdev);
	bool busy = staged->result == RESULT_BUSY;

	if (vdev_state_has_job(vdev, image, &test->transfer) != busy)
		return "a transfer that waits and is not under way, or the other way round";
	return NULL;
}

static void vdev_test_loaded(struct vdev *vdev)
{
	static const u8 zeroes[256];
	struct vdev_test *test = vdev_priv(vdev);
	unsigned int i;

	if (breaks(vdev, VDEV_TEST_MIG_LEVEL))
		vdev_irq(vdev, false);
	if (breaks(vdev, VDEV_TEST_MIG_REGISTER))
		test->scratch = 0;
	for (i = 0; breaks(vdev, VDEV_TEST_MIG_PAGE) && i < 0x1000;
	     i += sizeof(zeroes))
		vdev_mem_write(vdev, 2, 0x1000 + i, zeroes, sizeof(zeroes));
}

static const struct vdev_ops vdev_test_ops = {
	.init	= vdev_test_init,
	.release = vdev_test_withdraw,
	.reset	= vdev_test_reset,
	.read	= vdev_test_read,
	.write	= vdev_test_write,
	.check_state = vdev_test_check_state,
	.loaded	= vdev_test_loaded,
};

static const struct vdev_area whole[] = { { 0, 0x100000 }, { } };
static const struct vdev_area huge[] = { { 0, VDEV_MAX_BAR }, { } };
static const struct vdev_area sparse[] = {
	{ 0x4000, 0x2000 }, { 0x8000, 0x1000 }, { }
};

/* 256 bytes, as many as such a capability can have. */
static const char longest_text[256] = { [0 ... 255] = 'v' };

#define VDEV_TEST_IDENTITY						\
	.units = 1, .vendor = 0x1b36, .device = 0xfffe,			\
	.subsystem_vendor = 0x1b36, .subsystem = 0xfffe,		\
	.class = 0xff0000, .revision = 1, .intx = true,			\
	.state = vdev_test_state

static const struct vdev_model vdev_test_models[] = {
	{
		.name = "pcie",
		.pretty_name = "Test device, PCI Express",
		.description = "Every feature of the device core at once",
		VDEV_TEST_IDENTITY,
		.pcie = true,
		.serial = 0x0123456789abcdefULL,
		.msi_vectors = 32,
		.msix = { .vectors = 64, .bar = 4, .table = 0, .pba = 0x800 },
		.vendor_cap = { "vdev test", 9 },
		.vendor_ext_cap = { "vdev test, extended", 19 },
		.rom = { "\x55\xaa no code in here", 18 },
		.bars = {
			[0] = { .type = VDEV_BAR_MEM, .max_width = 4,
				.size = 0x20000 },
			[2] = { .type = VDEV_BAR_MEM64, .prefetchable = true,
				.max_width = 8, .size = 0x100000,
				.memory = whole },
			[4] = { .type = VDEV_BAR_MEM, .max_width = 8,
				.size = 0x10000, .memory = sparse },
		},
	}, {
		.name = "large",
		.pretty_name = "Test device, as large as can be",
		.description = "2048 MSI-X vectors and 1 GiB of memory",
		VDEV_TEST_IDENTITY,
		.pcie = true,
		.serial = U64_MAX,
		.msi_vectors = 32,
		.msix = { .vectors = 2048, .bar = 4, .table = 0x10000,
			  .pba = 0x18000 },
		.vendor_cap = { "32 bytes are all that can be had", 32 },
		.vendor_ext_cap = { longest_text, 256 },
		.bars = {
			[0] = { .type = VDEV_BAR_MEM, .max_width = 4,
				.size = 0x20000 },
			[2] = { .type = VDEV_BAR_MEM64, .prefetchable = true,
				.max_width = 8, .size = VDEV_MAX_BAR,
				.memory = huge },
			[4] = { .type = VDEV_BAR_MEM64, .max_width = 8,
				.size = 0x20000, .memory = sparse },
		},
	}, {
		.name = "pci",
		.pretty_name = "Test device, conventional PCI",
		.description = "One MSI vector, an I/O BAR and no memory",
		VDEV_TEST_IDENTITY,
		.msi_vectors = 1,
		.bars = {
			[0] = { .type = VDEV_BAR_MEM, .max_width = 4,
				.size = 0x20000 },
			[1] = { .type = VDEV_BAR_IO, .max_width = 2,
				.size = 256 },
		},
	},
};

static const char * const rules[] = {
	[VDEV_TEST_INTACT] = "nothing",
	[VDEV_TEST_RESET_SCRATCH] = "reset-scratch",
	[VDEV_TEST_LEVEL_LOST] = "level-lost",
	[VDEV_TEST_LEVEL_STUCK] = "level-stuck",
	[VDEV_TEST_MESSAGE_LOST] = "message-lost",
	[VDEV_TEST_MESSAGE_TWICE] = "message-twice",
	[VDEV_TEST_MESSAGE_WRONG] = "message-wrong",
	[VDEV_TEST_DMA_SHORT] = "dma-short",
	[VDEV_TEST_DMA_LONG] = "dma-long",
	[VDEV_TEST_DMA_SILENT] = "dma-silent",
	[VDEV_TEST_TIMER_EARLY] = "timer-early",
	[VDEV_TEST_TIMER_LOST] = "timer-lost",
	[VDEV_TEST_TIMER_TWICE] = "timer-twice",
	[VDEV_TEST_MIG_LEVEL] = "mig-level",
	[VDEV_TEST_MIG_REGISTER] = "mig-register",
	[VDEV_TEST_MIG_PAGE] = "mig-page",
	[VDEV_TEST_INFO_ARGSZ] = "info-argsz",
	[VDEV_TEST_INFO_PCI] = "info-pci",
	[VDEV_TEST_INFO_RESET] = "info-reset",
	[VDEV_TEST_INFO_REGIONS] = "info-regions",
	[VDEV_TEST_INFO_IRQS] = "info-irqs",
	[VDEV_TEST_REGION_BEYOND] = "region-beyond",
	[VDEV_TEST_REGION_OVERLAP] = "region-overlap",
	[VDEV_TEST_REGION_SIZE] = "region-size",
	[VDEV_TEST_REGION_FLAGS] = "region-flags",
	[VDEV_TEST_IRQ_BEYOND] = "irq-beyond",
	[VDEV_TEST_IRQ_COUNT] = "irq-count",
	[VDEV_TEST_IRQ_EVENTFD] = "irq-eventfd",
	[VDEV_TEST_IRQS_RANGE] = "irqs-range",
	[VDEV_TEST_IRQS_ARGSZ] = "irqs-argsz",
	[VDEV_TEST_IRQS_UNBOUND] = "irqs-unbound",
	[VDEV_TEST_IRQS_KEPT] = "irqs-kept",
	[VDEV_TEST_READ_BEYOND] = "read-beyond",
	[VDEV_TEST_READ_SHORT] = "read-short",
	[VDEV_TEST_WRITE_BEYOND] = "write-beyond",
	[VDEV_TEST_WRITE_DROPPED] = "write-dropped",
	[VDEV_TEST_RESET_IGNORED] = "reset-ignored",
	[VDEV_TEST_RESET_REFUSED] = "reset-refused",
	[VDEV_TEST_IOCTL_UNKNOWN] = "ioctl-unknown",
	[VDEV_TEST_FEATURE_UNKNOWN] = "feature-unknown",
	[VDEV_TEST_MMAP_ANYTHING] = "mmap-anything",
	[VDEV_TEST_MMAP_OTHER] = "mmap-other",
	[VDEV_TEST_REQUEST_SILENT] = "request-silent",
	[VDEV_TEST_MIG_ENOMSG] = "mig-enomsg",
	[VDEV_TEST_MIG_READ_SHORT] = "mig-read-short",
	[VDEV_TEST_MIG_DATA_SIZE] = "mig-data-size",
	[VDEV_TEST_MIG_PRECOPY_INFO] = "mig-precopy-info",
	[VDEV_TEST_MIG_INITIAL_GROWS] = "mig-initial-grows",
	[VDEV_TEST_MIG_BAD_STREAM] = "mig-bad-stream",
	[VDEV_TEST_MIG_TRAILING] = "mig-trailing",
	[VDEV_TEST_MIG_RESET_STOP] = "mig-reset-stop",
	[VDEV_TEST_MIG_REOPEN] = "mig-reopen",
	[VDEV_TEST_MIG_FILE_RESET] = "mig-file-reset",
	NULL
};

static const struct vdev_param vdev_test_params[] = {
	[VDEV_TEST_PARAM_BREAKS] = { .name = "breaks", .values = rules },
	{ }
};

static const struct vdev_family vdev_test_family = {
	.name		= "vdev_test",
	.owner		= THIS_MODULE,
	.ops		= &vdev_test_ops,
	.priv_size	= sizeof(struct vdev_test),
	.capacity	= 64,
	.params		= vdev_test_params,
	.models		= vdev_test_models,
	.nr_models	= ARRAY_SIZE(vdev_test_models),
};

module_vdev(vdev_test_family);

MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("Test device for the virtual PCI device core");
MODULE_AUTHOR("vfiokit developers");
