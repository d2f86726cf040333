// SPDX-License-Identifier: GPL-2.0-only
#include "subject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* One device per kind, whose names all processes of the program know. */
static char uuids[2][MDEV_UUID_LEN + 1];
static pid_t program;

static void remove_subjects(void)
{
	/* exit() of a process that a test forked is not the program's end */
	if (getpid() != program)
		return;
	mdev_remove(uuids[0]);
	mdev_remove(uuids[1]);
}

static void __attribute__((constructor)) name_subjects(void)
{
	program = getpid();
	mdev_new_uuid(uuids[0]);
	mdev_new_uuid(uuids[1]);
	atexit(remove_subjects);
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
	subject->own = true;
	memcpy(subject->uuid, uuids[subject->ports - 1], sizeof(subject->uuid));
	ret = mdev_exists(subject->uuid) ? 0 :
		mdev_create(subject->ports, subject->uuid);
	if (!ret)
		ret = vfio_locate(&subject->loc, subject->uuid);
	/* The parent exists: -ENODEV would read as a reason to skip. */
	return ret == -ENODEV ? -EIO : ret;
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

int subject_open(struct subject *subject, unsigned int ports)
{
	int ret;

	ret = subject_find(subject, ports);
	if (ret)
		return ret;
	ret = dev_open(&subject->dev, &subject->loc, DEV_PATH_DEFAULT);
	return ret == -ENODEV ? -EIO : ret;
}

void subject_close(struct subject *subject)
{
	dev_close(&subject->dev);
}

int subject_reopen(struct subject *subject)
{
	dev_close(&subject->dev);
	return dev_open(&subject->dev, &subject->loc, DEV_PATH_DEFAULT);
}
