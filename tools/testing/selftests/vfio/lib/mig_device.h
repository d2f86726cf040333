/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that migrate: where tests get them from, how a test puts something
 * into one, and how it tells that the same is in another.
 */
#ifndef VFIO_SELFTEST_MIG_DEVICE_H
#define VFIO_SELFTEST_MIG_DEVICE_H

#include <stdbool.h>

#include "device.h"
#include "mdev.h"
#include "migration.h"

enum mig_kind {
	MIG_SUBJECT,	/* VFIO_TEST_DEVICE, or a mtty-1 */
	MIG_MTTY_2,
	MIG_TESTDEV,	/* a vdev_test-pcie */
	MIG_KINDS,
};

/* So many there are of a kind, told apart by number, if they can be had. */
#define MIG_NUMBERS 64

struct mig_device {
	struct vfio_location loc;
	struct vfio_dev dev;
	enum dev_path path;
	__u64 flags;			/* VFIO_MIGRATION_* */
	unsigned int ports;		/* of an mtty */
	bool is_testdev;
	char uuid[MDEV_UUID_LEN + 1];	/* empty if made by somebody else */
	char why[160];			/* reason of a -ENODEV */
};

/*
 * Opens a device that can migrate, and resets it. It was made for this program and is removed
 * when that ends; or, with VFIO_TEST_DEVICE, number 0 of MIG_SUBJECT is that
 * device, and number 1, if VFIO_TEST_PEER names one of the same type, this.
 * -ENODEV: there is none, or it cannot migrate, and ->why tells why: the test
 * is to skip.
 */
int mig_device_open(struct mig_device *mig, enum mig_kind kind,
		    unsigned int number, enum dev_path path);
int mig_device_reopen(struct mig_device *mig);
void mig_device_close(struct mig_device *mig);
/* Removes it; the next mig_device_open() makes it anew. */
int mig_device_remove(struct mig_device *mig);

/*
 * The sentence in the device's migration/last_error; "" if it has none, NULL
 * if there is no such file.
 */
const char *mig_last_error(const struct mig_device *mig);

/* What is seen of a device's state. */
#define MIG_PORTRAIT_MAX 64

struct mig_portrait {
	unsigned int len;
	struct {
		const char *what;
		__u64 value;
	} item[MIG_PORTRAIT_MAX];
};

/* Puts into a RUNNING device something that depends on @seed. */
void mig_dress(struct mig_device *mig, __u32 seed);

/* All that can be seen of a RUNNING device; it is not the same afterwards. */
void mig_portray(struct mig_device *mig, struct mig_portrait *portrait);

/* What can be seen without changing anything, in any state. */
void mig_glance(struct mig_device *mig, struct mig_portrait *portrait);

/* NULL if they are the same, or else the name of an item that is not. */
const char *mig_differs(const struct mig_portrait *one,
			const struct mig_portrait *other);

#endif
