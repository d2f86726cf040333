/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The subject: the device that a test runs on. It is the one named by
 * VFIO_TEST_DEVICE (forms in locate.h), or else an mtty mdev: of each kind one
 * per test program, made when a test first asks for it and removed when the
 * program ends. That each test finds it at power-on is what lifecycle_test
 * is about.
 */
#ifndef VFIO_SELFTEST_SUBJECT_H
#define VFIO_SELFTEST_SUBJECT_H

#include <stdbool.h>

#include "device.h"
#include "mdev.h"

/* Port numbers to ask for: a device of any kind, or an mtty. */
#define SUBJECT_ANY	0
#define SUBJECT_PORTS_1	1
#define SUBJECT_PORTS_2	2

struct subject {
	struct vfio_location loc;
	struct vfio_dev dev;
	bool own;	/* made here, so a test may set its parameters */
	bool is_mtty;
	unsigned int ports;		/* of an mtty */
	char uuid[MDEV_UUID_LEN + 1];	/* of an own device */
	char why[160];			/* reason of a -ENODEV */
};

/*
 * Finds or makes a subject, without opening it. -ENODEV says that there is
 * none that fits @ports, subject->why tells why: the test is to skip.
 */
int subject_find(struct subject *subject, unsigned int ports);

/* subject_find() and dev_open() on the default path. */
int subject_open(struct subject *subject, unsigned int ports);
void subject_close(struct subject *subject);

/* Closes the device and opens it again, as its next user would. */
int subject_reopen(struct subject *subject);

#endif
