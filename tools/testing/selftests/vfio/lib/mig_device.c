// SPDX-License-Identifier: GPL-2.0-only
#include "mig_device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_space.h"
#include "mtty.h"
#include "must.h"
#include "sysfs.h"
#include "testdev.h"

#define WHY(mig, fmt, ...) \
	snprintf((mig)->why, sizeof((mig)->why), fmt, ##__VA_ARGS__)

#define TESTDEV_ID 0xfffe1b36

static const char * const types[MIG_KINDS] = {
	[MIG_SUBJECT] = "mtty-1",
	[MIG_MTTY_2] = "mtty-2",
	[MIG_TESTDEV] = "vdev_test-pcie",
};

/* Names that all processes of the program know. */
static char uuids[MIG_KINDS][MIG_NUMBERS][MDEV_UUID_LEN + 1];
static pid_t program;

static void remove_devices(void)
{
	unsigned int kind, number;

	/* exit() of a process that a test forked is not the program's end */
	if (getpid() != program)
		return;
	for (kind = 0; kind < MIG_KINDS; kind++)
		for (number = 0; number < MIG_NUMBERS; number++)
			if (mdev_exists(uuids[kind][number]))
				mdev_remove(uuids[kind][number]);
}

static void __attribute__((constructor)) name_devices(void)
{
	unsigned int kind, number;

	program = getpid();
	for (kind = 0; kind < MIG_KINDS; kind++)
		for (number = 0; number < MIG_NUMBERS; number++)
			mdev_new_uuid(uuids[kind][number]);
	atexit(remove_devices);
}

/* Then the tests are what is tested: at least one has to fail. */
static int break_rule(enum mig_kind kind, const char *uuid)
{
	const char *rule = getenv("VFIO_TEST_BREAKS");
	char path[PATH_MAX];

	if (kind != MIG_TESTDEV || !rule || !*rule)
		return 0;
	return sysfs_write(mdev_path(path, uuid, "params/breaks"), rule);
}

static int make(struct mig_device *mig, enum mig_kind kind, unsigned int number)
{
	int ret = 0;

	if (!mdev_type_exists(types[kind])) {
		WHY(mig, "no %s to be had", types[kind]);
		return -ENODEV;
	}
	memcpy(mig->uuid, uuids[kind][number], sizeof(mig->uuid));
	if (!mdev_exists(mig->uuid)) {
		ret = mdev_create_type(types[kind], mig->uuid);
		if (ret == -ENOSPC || ret == -EUSERS) {
			WHY(mig, "no more than %u %s", number, types[kind]);
			return -ENODEV;
		}
		if (!ret)
			ret = break_rule(kind, mig->uuid);
	}
	if (!ret)
		ret = vfio_locate(&mig->loc, mig->uuid);
	/* The type exists: -ENODEV would read as a reason to skip. */
	return ret == -ENODEV ? -EIO : ret;
}

static int find(struct mig_device *mig, enum mig_kind kind, unsigned int number)
{
	const char *named = getenv("VFIO_TEST_DEVICE");
	int ret;

	if (!named || !*named || kind != MIG_SUBJECT)
		return make(mig, kind, number);
	if (number == 1)
		named = getenv("VFIO_TEST_PEER");
	if (number > 1 || !named || !*named) {
		WHY(mig, "no VFIO_TEST_PEER to migrate to");
		return -ENODEV;
	}
	ret = vfio_locate(&mig->loc, named);
	if (ret)
		fprintf(stderr, "# %s: %s\n", named, strerror(-ret));
	/* Named but not usable: a mistake to be told, no skip */
	return ret == -ENODEV ? -ENXIO : ret;
}

static void identify(struct mig_device *mig)
{
	mig->ports = mtty_probe(&mig->dev);
	mig->is_testdev = config_read32(&mig->dev, PCI_VENDOR_ID) == TESTDEV_ID;
}

int mig_device_open(struct mig_device *mig, enum mig_kind kind,
		    unsigned int number, enum dev_path path)
{
	const char *lacks;
	int ret;

	must(number < MIG_NUMBERS, "device %u", number);
	memset(mig, 0, sizeof(*mig));
	mig->dev.fd = -1;
	mig->path = path;
	ret = find(mig, kind, number);
	if (ret)
		return ret;
	lacks = dev_path_lacks(&mig->loc, path);
	if (lacks) {
		WHY(mig, "%s", lacks);
		return -ENODEV;
	}
	ret = dev_open(&mig->dev, &mig->loc, path);
	if (ret)
		return ret == -ENODEV ? -EIO : ret;
	ret = mig_flags(&mig->dev, &mig->flags);
	if (ret == -ENOTTY) {
		WHY(mig, "the device cannot migrate");
		mig_device_close(mig);
		return -ENODEV;
	}
	/* As every VMM does: what the last user left behind is another test's. */
	dev_reset(&mig->dev);
	identify(mig);
	return ret;
}

void mig_device_close(struct mig_device *mig)
{
	dev_close(&mig->dev);
}

int mig_device_reopen(struct mig_device *mig)
{
	dev_close(&mig->dev);
	return dev_open(&mig->dev, &mig->loc, mig->path);
}

int mig_device_remove(struct mig_device *mig)
{
	return mig->uuid[0] ? mdev_remove(mig->uuid) : -EPERM;
}

const char *mig_last_error(const struct mig_device *mig)
{
	static char text[512];
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/migration/last_error", mig->loc.sysfs);
	if (!mig->loc.sysfs[0] || !sysfs_exists(path))
		return NULL;
	must(!sysfs_read(path, text, sizeof(text)), "%s", path);
	return text;
}

