// SPDX-License-Identifier: GPL-2.0-only
#include "subject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mtty.h"

#define WHY(subject, fmt, ...) \
	snprintf((subject)->why, sizeof((subject)->why), fmt, ##__VA_ARGS__)

/* Looks whether a device named by the user is an mtty. */
static int subject_identify(struct subject *subject)
{
	struct vfio_dev dev;
	int ret;

	ret = dev_open(&dev, &subject->loc, DEV_PATH_DEFAULT);
	if (ret)
		return ret;
	subject->ports = mtty_probe(&dev);
	subject->is_mtty = subject->ports != 0;
	dev_close(&dev);
	return 0;
}

static int subject_make(struct subject *subject, unsigned int ports)
{
	int ret;

	if (!mdev_parent_exists()) {
		WHY(subject, "no VFIO_TEST_DEVICE and no " MDEV_PARENT);
		return -ENODEV;
	}
	subject->is_mtty = true;
	subject->ports = ports ? ports : 1;
	mdev_new_uuid(subject->uuid);
	ret = mdev_create(subject->ports, subject->uuid);
	if (ret)
		return ret == -ENODEV ? -EIO : ret;
	subject->made = true;
	ret = vfio_locate(&subject->loc, subject->uuid);
	if (ret) {
		subject_drop(subject);
		/* It exists: -ENODEV would read as a reason to skip. */
		return -EIO;
	}
	return 0;
}

int subject_find(struct subject *subject, unsigned int ports)
{
	const char *spec = getenv("VFIO_TEST_DEVICE");
	int ret;

	memset(subject, 0, sizeof(*subject));
	subject->dev.fd = -1;
	if (!spec || !*spec)
		return subject_make(subject, ports);

	ret = vfio_locate(&subject->loc, spec);
	if (!ret)
		ret = subject_identify(subject);
	if (ret) {
		/* Named but not usable: a mistake to be told, no skip */
		fprintf(stderr, "# VFIO_TEST_DEVICE=%s: %s\n", spec,
			strerror(-ret));
		return ret == -ENODEV ? -ENXIO : ret;
	}
	if (ports > subject->ports) {
		WHY(subject, "needs an mtty with %u port(s)", ports);
		return -ENODEV;
	}
	return 0;
}

void subject_drop(struct subject *subject)
{
	if (subject->made)
		mdev_remove(subject->uuid);
	subject->made = false;
}

int subject_open(struct subject *subject, unsigned int ports)
{
	int ret;

	ret = subject_find(subject, ports);
	if (ret)
		return ret;
	ret = dev_open(&subject->dev, &subject->loc, DEV_PATH_DEFAULT);
	if (ret) {
		subject_drop(subject);
		return ret == -ENODEV ? -EIO : ret;
	}
	return 0;
}

void subject_close(struct subject *subject)
{
	dev_close(&subject->dev);
	subject_drop(subject);
}

int subject_reopen(struct subject *subject)
{
	dev_close(&subject->dev);
	return dev_open(&subject->dev, &subject->loc, DEV_PATH_DEFAULT);
}
