// SPDX-License-Identifier: GPL-2.0-only
/*
 * As fail_nth_test, for what a device has that is more than registers: device
 * memory, transfers, MSI-X, capabilities of regions.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/fault.h"
#include "lib/irq.h"
#include "lib/must.h"
#include "lib/testdev.h"

#define MSIX	VFIO_PCI_MSIX_IRQ_INDEX
#define VECTORS	64
#define IOVA	0x100000

enum step {
	SPARSE_INFO, BIND, BIND_MORE, MAP, READ_MEMORY, WRITE_MEMORY, RESET,
	NUM_STEPS
};

static const char * const step_names[NUM_STEPS] = {
	"SPARSE_INFO", "BIND", "BIND_MORE", "MAP", "READ_MEMORY",
	"WRITE_MEMORY", "RESET",
};

struct rig {
	struct testdev testdev;
	struct vfio_dev *dev;
	int events[VECTORS];
	char *ram;
	size_t page;
};

FIXTURE(fail_nth)
{
	struct rig rig;
};

FIXTURE_VARIANT(fail_nth)
{
	enum testdev_model model;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(fail_nth, pcie_container)
{
	.model = TESTDEV_PCIE, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(fail_nth, large_iommufd)
{
	.model = TESTDEV_LARGE, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_SETUP(fail_nth)
{
	struct rig *rig = &self->rig;
	const char *why = fault_prepare();
	unsigned int i;
	int ret;

	if (why)
		SKIP(return, "%s", why);
	ret = testdev_find(&rig->testdev, variant->model, variant->path);
	if (ret == -ENODEV)
		SKIP(return, "%s", rig->testdev.why);
	ASSERT_EQ(0, ret);
	rig->dev = &rig->testdev.dev;
	rig->page = sysconf(_SC_PAGESIZE);
	for (i = 0; i < VECTORS; i++)
		rig->events[i] = event_new();
}

FIXTURE_TEARDOWN(fail_nth)
{
	struct rig *rig = &self->rig;
	unsigned int i;

	for (i = 0; i < VECTORS; i++)
		close(rig->events[i]);
}

static void open_device(struct rig *rig, enum testdev_model model,
			enum dev_path path)
{
	must(!testdev_open(&rig->testdev, model, path), "cannot be opened");
	testdev_enable(rig->dev);
	rig->ram = dev_dma_alloc(rig->dev, IOVA, 2 * rig->page,
				 VFIO_DMA_MAP_FLAG_READ |
				 VFIO_DMA_MAP_FLAG_WRITE);
	must(rig->ram, "no memory for DMA");
}

static void close_device(struct rig *rig)
{
	dev_dma_free(rig->dev, IOVA, 2 * rig->page, rig->ram);
	testdev_close(&rig->testdev);
}

static int sparse_info(struct vfio_dev *dev)
{
	char buf[256] = { };
	struct vfio_region_info *info = (void *)buf;

	info->argsz = sizeof(buf);
	info->index = TESTDEV_MIXED;
	return dev_get_region_info(dev, info);
}

/* As a VMM maps a BAR, and its guest touches it later. */
static int map_memory(struct vfio_dev *dev, size_t page)
{
	void *memory = dev_mmap(dev, TESTDEV_MEMORY, 0, page,
				PROT_READ | PROT_WRITE);

	if (memory == MAP_FAILED)
		return -errno;
	munmap(memory, page);
	return 0;
}

static int bind_vectors(struct vfio_dev *dev, const int *events,
			unsigned int start, unsigned int count)
{
	return irq_set_raw(dev, VFIO_IRQ_SET_DATA_EVENTFD |
				VFIO_IRQ_SET_ACTION_TRIGGER, MSIX, start,
			   count, events + start, count * sizeof(*events));
}

/* Bytes that are said to be written have been. */
static int write_memory(struct vfio_dev *dev, __u64 offset)
{
	__u64 word = 0x1234567812345678, back = 0;
	int ret = dev_write(dev, TESTDEV_MEMORY, &word, 8, offset);

	if (ret == 8 && (dev_read(dev, TESTDEV_MEMORY, &back, 8, offset) != 8 ||
			 back != word))
		return -EIO;
	return ret;
}

static int take_step(struct rig *rig, enum step step)
{
	struct vfio_dev *dev = rig->dev;
	__u64 word;

	switch (step) {
	case SPARSE_INFO:
		return sparse_info(dev);
	case BIND:
		return bind_vectors(dev, rig->events, 0, VECTORS);
	case BIND_MORE:
		return bind_vectors(dev, rig->events, 8, VECTORS - 8);
	case MAP:
		return map_memory(dev, rig->page);
	case READ_MEMORY:
		return dev_read(dev, TESTDEV_MEMORY, &word, 8, 0);
	case WRITE_MEMORY:
		return write_memory(dev, rig->page);
	case RESET:
		return dev_reset(dev);
	default:
		return -EINVAL;
	}
}

/* All of it works, on a device at power-on. */
static bool is_fit(struct rig *rig)
{
	enum step step;
	__u64 word = 0;
	int ret;

	if (dev_read(rig->dev, TESTDEV_MEMORY, &word, 8, rig->page) != 8 ||
	    word)
		return false;
	for (step = 0; step < RESET; step++) {
		ret = take_step(rig, step);
		if (ret < 0) {
			ksft_print_msg("%s: %d\n", step_names[step], ret);
			return false;
		}
	}
	if (testdev_transfer(rig->dev, TESTDEV_WRITE, IOVA, rig->page))
		return false;
	event_take(rig->events[VECTORS - 1]);
	testdev_out(rig->dev, TESTDEV_RAISE, VECTORS - 1);
	return event_wait(rig->events[VECTORS - 1]) == 1;
}

TEST_F_TIMEOUT(fail_nth, each_call, 120)
{
	struct rig *rig = &self->rig;
	enum step step;
	bool injected;
	int ret;

	for (step = 0; step < NUM_STEPS; step++) {
		struct fault fault = { 0 };

		while (1) {
			open_device(rig, variant->model, variant->path);
			dev_region(rig->dev, TESTDEV_MEMORY);
			if (step == BIND_MORE)
				ASSERT_EQ(0, bind_vectors(rig->dev,
							  rig->events, 0, 8));
			if (!fault_arm(&fault))
				break;
			ret = take_step(rig, step);
			injected = fault_disarm(&fault);
			EXPECT_TRUE(ret >= 0 || (injected &&
						 fault_error_is_clean(ret))) {
				TH_LOG("%s, fault %u: %d", step_names[step],
				       fault.nth, ret);
			}
			/* the very same call, without a fault */
			if (ret < 0)
				EXPECT_LE(0, take_step(rig, step));
			close_device(rig);
			open_device(rig, variant->model, variant->path);
			ASSERT_TRUE(is_fit(rig)) {
				TH_LOG("after %s, fault %u", step_names[step],
				       fault.nth);
			}
			close_device(rig);
		}
		close_device(rig);
		TH_LOG("%s: %u faults", step_names[step], fault.nth - 1);
	}
}

TEST_HARNESS_MAIN
