/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Rules that a test device can be told to break, one at a time, so that a test
 * can be seen to fail.
 */
#ifndef _VDEV_TEST_H
#define _VDEV_TEST_H

#include <linux/vdev.h>

/*
 * What the device does wrong when params/breaks is set to the word of that
 * name. The first are the model's, on any front; the others, from
 * %VDEV_TEST_INFO_ARGSZ on, are those of a driver with its device file.
 */
enum vdev_test_rule {
	VDEV_TEST_INTACT,

	/* a reset leaves the scratch register alone */
	VDEV_TEST_RESET_SCRATCH,
	/* the interrupt condition falls again as soon as it rose */
	VDEV_TEST_LEVEL_LOST,
	/* the interrupt condition never falls */
	VDEV_TEST_LEVEL_STUCK,
	/* a message is not sent, sent twice, or sent as its neighbour */
	VDEV_TEST_MESSAGE_LOST,
	VDEV_TEST_MESSAGE_TWICE,
	VDEV_TEST_MESSAGE_WRONG,
	/* a transfer leaves out the last byte, or goes one too far */
	VDEV_TEST_DMA_SHORT,
	VDEV_TEST_DMA_LONG,
	/* a transfer that failed says it did not */
	VDEV_TEST_DMA_SILENT,
	/* a timer ends after half of its time, never, or twice */
	VDEV_TEST_TIMER_EARLY,
	VDEV_TEST_TIMER_LOST,
	VDEV_TEST_TIMER_TWICE,
	/* over migration the interrupt condition falls ("mig-level") */
	VDEV_TEST_MIG_LEVEL,
	/* the scratch register becomes zero ("mig-register") */
	VDEV_TEST_MIG_REGISTER,
	/* the second page of BAR 2 becomes zero ("mig-page") */
	VDEV_TEST_MIG_PAGE,

	/* VFIO_DEVICE_GET_INFO: any argsz is enough */
	VDEV_TEST_INFO_ARGSZ,
	/* no PCI device, cannot be reset, a region or index too many */
	VDEV_TEST_INFO_PCI,
	VDEV_TEST_INFO_RESET,
	VDEV_TEST_INFO_REGIONS,
	VDEV_TEST_INFO_IRQS,
	/* VFIO_DEVICE_GET_REGION_INFO answers for any index */
	VDEV_TEST_REGION_BEYOND,
	/* all regions at one place, twice their size, not readable */
	VDEV_TEST_REGION_OVERLAP,
	VDEV_TEST_REGION_SIZE,
	VDEV_TEST_REGION_FLAGS,
	/* VFIO_DEVICE_GET_IRQ_INFO answers for any index */
	VDEV_TEST_IRQ_BEYOND,
	/* one interrupt too many, without eventfds */
	VDEV_TEST_IRQ_COUNT,
	VDEV_TEST_IRQ_EVENTFD,
	/* VFIO_DEVICE_SET_IRQS: out of range, or too short, is fine */
	VDEV_TEST_IRQS_RANGE,
	VDEV_TEST_IRQS_ARGSZ,
	/* binds nothing, unbinds nothing */
	VDEV_TEST_IRQS_UNBOUND,
	VDEV_TEST_IRQS_KEPT,
	/* reads beyond a region, or outside of all, give zeroes */
	VDEV_TEST_READ_BEYOND,
	/* reads stop short; writes go nowhere */
	VDEV_TEST_READ_SHORT,
	VDEV_TEST_WRITE_BEYOND,
	VDEV_TEST_WRITE_DROPPED,
	/* VFIO_DEVICE_RESET does nothing, or is refused */
	VDEV_TEST_RESET_IGNORED,
	VDEV_TEST_RESET_REFUSED,
	/* an ioctl or a feature that nobody knows is fine */
	VDEV_TEST_IOCTL_UNKNOWN,
	VDEV_TEST_FEATURE_UNKNOWN,
	/* mappings of anything; mappings of some other memory */
	VDEV_TEST_MMAP_ANYTHING,
	VDEV_TEST_MMAP_OTHER,
	/* the user is not asked to let go of the device */
	VDEV_TEST_REQUEST_SILENT,
	/* reading in PRE_COPY ends with 0 instead of ENOMSG ("mig-enomsg") */
	VDEV_TEST_MIG_ENOMSG,
	/* reads stop short of what there is ("mig-read-short") */
	VDEV_TEST_MIG_READ_SHORT,
	/* the stop-copy length is 0 ("mig-data-size") */
	VDEV_TEST_MIG_DATA_SIZE,
	/* VFIO_MIG_GET_PRECOPY_INFO answers in STOP_COPY ("mig-precopy-info") */
	VDEV_TEST_MIG_PRECOPY_INFO,
	/* initial_bytes is larger each time it is asked ("mig-initial-grows") */
	VDEV_TEST_MIG_INITIAL_GROWS,
	/* a stream that was refused is fine ("mig-bad-stream") */
	VDEV_TEST_MIG_BAD_STREAM,
	/* bytes after the end of a stream are fine ("mig-trailing") */
	VDEV_TEST_MIG_TRAILING,
	/* a reset leads to STOP ("mig-reset-stop") */
	VDEV_TEST_MIG_RESET_STOP,
	/* who opens it finds the state of the one before ("mig-reopen") */
	VDEV_TEST_MIG_REOPEN,
	/* data files can be read after a reset ("mig-file-reset") */
	VDEV_TEST_MIG_FILE_RESET,
};

/*
 * ioctls of the device file of a test device in the kernel, to have writes of
 * device memory tracked (argument: whether to) and to ask for what was written
 * since this was last asked: @nr pages of BAR @bar, a bit for each from page
 * @first on.
 */
#define VDEV_TEST_TRACK		_IO(';', 240)
#define VDEV_TEST_DIRTY		_IO(';', 241)
#define VDEV_TEST_DIRTY_MAX	256

struct vdev_test_dirty {
	__u64 first;
	__u32 bar;
	__u32 nr;
	__u64 dirty[VDEV_TEST_DIRTY_MAX / 64];
};

/*
 * The stream that is being saved, if one is, starts anew: vmig_restart().
 */
#define VDEV_TEST_RESTART	_IO(';', 242)

/* Index of the parameter that says which rule the device breaks. */
#define VDEV_TEST_PARAM_BREAKS	0

static inline enum vdev_test_rule vdev_test_rule(const struct vdev *vdev)
{
	return vdev_param(vdev, VDEV_TEST_PARAM_BREAKS);
}

void vdev_test_interpose(struct vdev *vdev);
void vdev_test_withdraw(struct vdev *vdev);

#endif /* _VDEV_TEST_H */
