// SPDX-License-Identifier: GPL-2.0-only
/* Test devices as mdevs. */
#include "testdev.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

#define WHY(testdev, fmt, ...) \
	snprintf((testdev)->why, sizeof((testdev)->why), fmt, ##__VA_ARGS__)

static const char * const types[TESTDEV_MODELS] = {
	[TESTDEV_PCIE] = "vdev_test-pcie",
	[TESTDEV_LARGE] = "vdev_test-large",
	[TESTDEV_PCI] = "vdev_test-pci",
};

/* Names that all processes of the program know. */
static char uuids[TESTDEV_MODELS][MDEV_UUID_LEN + 1];
static pid_t program;

static void remove_devices(void)
{
	unsigned int i;

	/* exit() of a process that a test forked is not the program's end */
	if (getpid() != program)
		return;
	for (i = 0; i < TESTDEV_MODELS; i++)
		mdev_remove(uuids[i]);
}

static void __attribute__((constructor)) name_devices(void)
{
	unsigned int i;

	program = getpid();
	for (i = 0; i < TESTDEV_MODELS; i++)
		mdev_new_uuid(uuids[i]);
	atexit(remove_devices);
}

/* Then the tests are what is tested: at least one has to fail. */
static int break_rule(const char *uuid)
{
	const char *rule = getenv("VFIO_TEST_BREAKS");
	char path[PATH_MAX];

	if (!rule || !*rule)
		return 0;
	return sysfs_write(mdev_path(path, uuid, "params/breaks"), rule);
}

static int make(enum testdev_model model)
{
	int ret;

	if (mdev_exists(uuids[model]))
		return 0;
	ret = mdev_create_type(types[model], uuids[model]);
	return ret ? ret : break_rule(uuids[model]);
}

int testdev_find(struct testdev *testdev, enum testdev_model model,
		 enum dev_path path)
{
	const char *lacks;
	int ret;

	memset(testdev, 0, sizeof(*testdev));
	testdev->model = model;
	testdev->dev.fd = -1;
	if (!mdev_type_exists(types[model])) {
		WHY(testdev, "no %s: vdev_test is not loaded", types[model]);
		return -ENODEV;
	}
	memcpy(testdev->uuid, uuids[model], sizeof(testdev->uuid));
	ret = make(model);
	if (!ret)
		ret = vfio_locate(&testdev->loc, testdev->uuid);
	/* The type exists: -ENODEV would read as a reason to skip. */
	if (ret)
		return ret == -ENODEV ? -EIO : ret;
	lacks = dev_path_lacks(&testdev->loc, path);
	if (!lacks)
		return 0;
	WHY(testdev, "%s", lacks);
	return -ENODEV;
}

int testdev_open(struct testdev *testdev, enum testdev_model model,
		 enum dev_path path)
{
	int ret = testdev_find(testdev, model, path);

	if (ret)
		return ret;
	ret = dev_open(&testdev->dev, &testdev->loc, path);
	return ret == -ENODEV ? -EIO : ret;
}

void testdev_close(struct testdev *testdev)
{
	dev_close(&testdev->dev);
}
