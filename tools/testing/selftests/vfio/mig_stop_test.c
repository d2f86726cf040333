// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that is told to stop stops (linux/vfio.h, RUNNING_P2P -> STOP): in
 * STOP, STOP_COPY and RESUMING nothing in it changes by itself and nobody hears
 * of it. What waits goes on once it is RUNNING, here or at the destination.
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/clock.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/mig_device.h"
#include "lib/must.h"
#include "lib/testdev.h"

#define INTX	VFIO_PCI_INTX_IRQ_INDEX
#define MSI	VFIO_PCI_MSI_IRQ_INDEX
#define MSIX	VFIO_PCI_MSIX_IRQ_INDEX

#define RW	(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define IOVA	0x40000000ULL
#define SIZE	0x100000

#define DONE_VECTOR	2	/* of a transfer */

/* Long enough to do something before it is over. */
#define DELAY_NS	(150 * MS_NS)
/* By when a timer that goes on would have been seen. */
#define GONE_MS		200

/* A device of any kind. */
FIXTURE(any)
{
	struct mig_device mig;
	struct vfio_dev *dev;
	struct mig_stream whole;
};

FIXTURE_VARIANT(any)
{
	enum mig_kind kind;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(any, subject_container)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(any, subject_iommufd)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(any, testdev)
{
	.kind = MIG_TESTDEV, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(any)
{
	int ret = mig_device_open(&self->mig, variant->kind, 0, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->mig.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->mig.dev;
	mig_dress(&self->mig, 5);
	mig_save(self->dev, &self->whole);
	mig_to(self->dev, MIG_RUNNING);
}

FIXTURE_TEARDOWN(any)
{
	mig_stream_free(&self->whole);
	mig_device_close(&self->mig);
}

/* Config space is read and written in every state (PCI ids, Interrupt Line). */
TEST_F(any, config_space)
{
	unsigned int state;
	__u32 ids = config_read32(self->dev, PCI_VENDOR_ID);
	int fd;

	for (state = 0; state < MIG_STATES; state++) {
		if (!mig_has_state(self->mig.flags, state))
			continue;
		fd = mig_enter(self->dev, state);
		EXPECT_EQ(ids, config_read32(self->dev, PCI_VENDOR_ID));
		config_write8(self->dev, PCI_INTERRUPT_LINE, 0x40 + state);
		EXPECT_EQ(0x40 + state, config_read8(self->dev,
						     PCI_INTERRUPT_LINE));
		config_command(self->dev, PCI_COMMAND_IO, 0);
		EXPECT_EQ(0, PCI_COMMAND_IO &
			     config_read16(self->dev, PCI_COMMAND));
		config_command(self->dev, 0, PCI_COMMAND_IO);
		EXPECT_EQ(state, mig_get_state(self->dev));
		if (fd >= 0)
			close(fd);
		ASSERT_EQ(0, dev_reset(self->dev));
	}
}

static unsigned int count_of(struct vfio_dev *dev, unsigned int index)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };

	return dev_get_irq_info(dev, &info) ? 0 : info.count;
}

/* As a VMM at the destination does it: before the device runs. */
TEST_F(any, set_irqs)
{
	static const unsigned int indexes[] = { INTX, MSI, MSIX };
	unsigned int state, i;
	int fd, event = event_new();

	for (state = 0; state < MIG_STATES; state++) {
		if (!mig_has_state(self->mig.flags, state))
			continue;
		fd = mig_enter(self->dev, state);
		for (i = 0; i < ARRAY_SIZE(indexes); i++) {
			if (!count_of(self->dev, indexes[i]))
				continue;
			EXPECT_EQ(0, irq_bind(self->dev, indexes[i], event));
			EXPECT_EQ(0, irq_disable(self->dev, indexes[i]));
		}
		EXPECT_EQ(0, event_stray(event));
		EXPECT_EQ(state, mig_get_state(self->dev));
		if (fd >= 0)
			close(fd);
		ASSERT_EQ(0, dev_reset(self->dev));
	}
	close(event);
}

/* Looked at twice, it is the same, and that is what the stream has. */
TEST_F(any, does_not_change)
{
	struct mig_stream one = { }, other = { };
	struct mig_portrait before, after;

	mig_glance(&self->mig, &before);
	mig_save(self->dev, &one);
	usleep(GONE_MS * 1000);
	mig_glance(&self->mig, &after);
	EXPECT_EQ(NULL, mig_differs(&before, &after));
	mig_save(self->dev, &other);
	EXPECT_TRUE(mig_stream_equal(&one, &other));
	mig_stream_free(&one);
	mig_stream_free(&other);
}

/* Two test devices, and what one needs to do everything it can. */
FIXTURE(testdev)
{
	struct mig_device source;
	struct mig_device target;
	struct vfio_dev *dev;		/* the source */
	struct vfio_dev *dest;
	int event;
	__u8 *mem;			/* of the source's DMA, at IOVA */
	__u8 *dest_mem;
};

FIXTURE_VARIANT(testdev)
{
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(testdev, container) { .path = DEV_PATH_CONTAINER };
FIXTURE_VARIANT_ADD(testdev, iommufd) { .path = DEV_PATH_IOMMUFD };

FIXTURE_SETUP(testdev)
{
	int ret = mig_device_open(&self->source, MIG_TESTDEV, 0, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->source.why);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, mig_device_open(&self->target, MIG_TESTDEV, 1,
				     variant->path));
	self->dev = &self->source.dev;
	self->dest = &self->target.dev;
	self->event = event_new();
	testdev_enable(self->dev);
	self->mem = dev_dma_alloc(self->dev, IOVA, SIZE, RW);
	ASSERT_NE(NULL, self->mem);
	self->dest_mem = dev_dma_alloc(self->dest, IOVA, SIZE, RW);
	ASSERT_NE(NULL, self->dest_mem);
}

FIXTURE_TEARDOWN(testdev)
{
	dev_dma_free(self->dev, IOVA, SIZE, self->mem);
	dev_dma_free(self->dest, IOVA, SIZE, self->dest_mem);
	close(self->event);
	mig_device_close(&self->source);
	mig_device_close(&self->target);
}

/* From one to the other, which is left in STOP as before its VMM set it up. */
static void move(struct vfio_dev *dev, struct vfio_dev *dest)
{
	mig_move(dev, dest);
	testdev_enable(dest);
}

static unsigned int timeouts(struct vfio_dev *dev)
{
	return testdev_in(dev, TESTDEV_TIMEOUTS);
}

/* By then a timer that goes on would be over. */
static void let_time_pass(void)
{
	usleep(GONE_MS * 1000);
}

/*
 * A timer of which some time is left, in a device that is in @state, entered by
 * *fd. How much time has passed for it, at most; UINT64_MAX if it was over.
 */
static __u64 stop_with_timer(struct vfio_dev *dev, unsigned int state, int *fd)
{
	__u64 start = clock_ns();

	testdev_out(dev, TESTDEV_TIMER, DELAY_NS);
	*fd = mig_enter(dev, state);
	start = clock_ns() - start;
	return start < DELAY_NS ? start : UINT64_MAX;
}

TEST_F(testdev, timer_waits)
{
	static const unsigned int states[] = { MIG_STOP, MIG_STOP_COPY };
	__u64 start, passed;
	unsigned int i;
	int fd;

	ASSERT_EQ(0, irq_bind_vector(self->dev, MSIX, TESTDEV_TIMER_VECTOR,
				     self->event));
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		passed = stop_with_timer(self->dev, states[i], &fd);
		if (passed == UINT64_MAX)
			SKIP(return, "too slow to stop it in time");
		let_time_pass();
		EXPECT_EQ(i, timeouts(self->dev));
		EXPECT_EQ(0, event_take(self->event));
		start = clock_ns();
		mig_to(self->dev, MIG_RUNNING);
		EXPECT_EQ(1, event_wait(self->event));
		EXPECT_LE(DELAY_NS, passed + clock_ns() - start);
		EXPECT_EQ(i + 1, timeouts(self->dev));
		if (fd >= 0)
			close(fd);
	}
}

/* Set while it is stopped: time begins when it runs. */
TEST_F(testdev, timer_set_in_stop)
{
	__u64 start;

	ASSERT_EQ(0, irq_bind_vector(self->dev, MSIX, TESTDEV_TIMER_VECTOR,
				     self->event));
	mig_to(self->dev, MIG_STOP);
	testdev_out(self->dev, TESTDEV_TIMER, DELAY_NS);
	let_time_pass();
	EXPECT_EQ(0, timeouts(self->dev));
	start = clock_ns();
	mig_to(self->dev, MIG_RUNNING);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_LE(DELAY_NS, clock_ns() - start);
}

/* What is left of its time goes with the device. */
TEST_F(testdev, timer_moves)
{
	__u64 start, passed;
	int fd;

	passed = stop_with_timer(self->dev, MIG_STOP, &fd);
	if (passed == UINT64_MAX)
		SKIP(return, "too slow to stop it in time");
	move(self->dev, self->dest);
	ASSERT_EQ(0, irq_bind_vector(self->dest, MSIX, TESTDEV_TIMER_VECTOR,
				     self->event));
	let_time_pass();
	EXPECT_EQ(0, timeouts(self->dest));
	EXPECT_EQ(0, event_take(self->event));
	start = clock_ns();
	mig_to(self->dest, MIG_RUNNING);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_LE(DELAY_NS, passed + clock_ns() - start);
	EXPECT_EQ(1, timeouts(self->dest));
	/* the source has its own still, and nothing was heard of it */
	EXPECT_EQ(0, timeouts(self->dev));
}

/* A timer that ran in a destination before it was one is gone. */
TEST_F(testdev, timer_of_before)
{
	testdev_enable(self->dest);
	testdev_out(self->dest, TESTDEV_TIMER, DELAY_NS);
	move(self->dev, self->dest);
	mig_to(self->dest, MIG_RUNNING);
	let_time_pass();
	EXPECT_EQ(0, timeouts(self->dest));
}

/* RUNNING_P2P: it begins no DMA, and all else goes on. */
TEST_F(testdev, p2p)
{
	if (!mig_has_state(self->source.flags, MIG_RUNNING_P2P))
		SKIP(return, "no RUNNING_P2P");
	ASSERT_EQ(0, irq_bind_vector(self->dev, MSIX, TESTDEV_TIMER_VECTOR,
				     self->event));
	mig_to(self->dev, MIG_RUNNING_P2P);
	testdev_out(self->dev, TESTDEV_SCRATCH, 0xcafe);
	EXPECT_EQ(0xcafe, testdev_in(self->dev, TESTDEV_SCRATCH));
	testdev_out(self->dev, TESTDEV_TIMER, 1);
	EXPECT_EQ(1, event_wait(self->event));
	testdev_start(self->dev, TESTDEV_READ, IOVA, 4096, TESTDEV_NO_VECTOR);
	let_time_pass();
	EXPECT_EQ(TESTDEV_BUSY, testdev_in(self->dev, TESTDEV_RESULT));
	mig_to(self->dev, MIG_RUNNING);
	EXPECT_EQ(0, testdev_wait(self->dev));
}

/* Also while it is being saved. */
TEST_F(testdev, precopy_p2p)
{
	int fd;

	if (!mig_has_state(self->source.flags, MIG_PRE_COPY_P2P))
		SKIP(return, "no PRE_COPY_P2P");
	fd = mig_enter(self->dev, MIG_PRE_COPY);
	EXPECT_EQ(0, testdev_transfer(self->dev, TESTDEV_READ, IOVA, 4096));
	mig_to(self->dev, MIG_PRE_COPY_P2P);
	testdev_start(self->dev, TESTDEV_READ, IOVA, 4096, TESTDEV_NO_VECTOR);
	let_time_pass();
	EXPECT_EQ(TESTDEV_BUSY, testdev_in(self->dev, TESTDEV_RESULT));
	mig_to(self->dev, MIG_PRE_COPY);
	EXPECT_EQ(0, testdev_wait(self->dev));
	close(fd);
}

/* No byte of the user's memory changes once STOP was reached. */
TEST_F(testdev, dma_is_over)
{
	__u8 pattern[256], *copy = malloc(SIZE);
	unsigned int i;

	for (i = 0; i < 20; i++) {
		memset(pattern, 0x40 + i, sizeof(pattern));
		testdev_buffer_out(self->dev, pattern, sizeof(pattern));
		testdev_start(self->dev, TESTDEV_WRITE, IOVA, SIZE,
			      TESTDEV_NO_VECTOR);
		mig_to(self->dev, MIG_STOP);
		memcpy(copy, self->mem, SIZE);
		usleep(5000);
		EXPECT_EQ(0, memcmp(copy, self->mem, SIZE));
		mig_to(self->dev, MIG_RUNNING);
		EXPECT_EQ(0, testdev_wait(self->dev));
		EXPECT_EQ(0x40 + i, self->mem[0]);
		EXPECT_EQ(0x40 + i, self->mem[SIZE - TESTDEV_BUFFER_SIZE]);
	}
	free(copy);
}

/* A transfer that was asked for and not made is made at the destination. */
TEST_F(testdev, dma_moves)
{
	__u8 byte;

	memset(self->dest_mem, 0x77, SIZE);
	mig_to(self->dev, MIG_STOP);
	testdev_start(self->dev, TESTDEV_READ, IOVA, 4096, DONE_VECTOR);
	let_time_pass();
	EXPECT_EQ(TESTDEV_BUSY, testdev_in(self->dev, TESTDEV_RESULT));
	move(self->dev, self->dest);
	ASSERT_EQ(0, irq_bind_vector(self->dest, MSIX, DONE_VECTOR,
				     self->event));
	EXPECT_EQ(TESTDEV_BUSY, testdev_in(self->dest, TESTDEV_RESULT));
	EXPECT_EQ(0, event_stray(self->event));
	mig_to(self->dest, MIG_RUNNING);
	EXPECT_EQ(1, event_wait(self->event));
	EXPECT_EQ(0, testdev_wait(self->dest));
	EXPECT_EQ(1, testdev_in(self->dest, TESTDEV_TRANSFERS));
	testdev_buffer_in(self->dest, &byte, 1);
	EXPECT_EQ(0x77, byte);
}

TEST_HARNESS_MAIN
