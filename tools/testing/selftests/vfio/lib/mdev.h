/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mediated devices, made and removed through sysfs. A type is named as in sysfs
 * and as after its parent, "vdev_test-pcie"; most functions are for those of
 * mtty.
 *
 * With VFIO_TEST_SERVER, vfio-user servers stand in for them, see server.h:
 * as far as what follows can tell there is no difference, except that there
 * are no attributes.
 */
#ifndef VFIO_SELFTEST_MDEV_H
#define VFIO_SELFTEST_MDEV_H

#include <limits.h>
#include <stdbool.h>

#define MDEV_PARENT	"/sys/class/mdev_bus/mtty"
#define MDEV_DEVICES	"/sys/bus/mdev/devices"
#define MDEV_UUID_LEN	36

/* run.sh sweeps up what an aborted test left behind: all with this prefix. */
#define MDEV_TEST_PREFIX "5e1f7e57-"

/* mtty-1 has one port, mtty-2 two; the number names the type here too. */
bool mdev_parent_exists(void);
int mdev_available(unsigned int ports, unsigned int *available);

/* The same for any type. */
bool mdev_type_exists(const char *type);
int mdev_create_type(const char *type, const char *uuid);

/* A UUID that no other test process uses; uuid[MDEV_UUID_LEN + 1]. */
void mdev_new_uuid(char *uuid);

int mdev_create(unsigned int ports, const char *uuid);
int mdev_remove(const char *uuid);
bool mdev_exists(const char *uuid);

/* Path of a type's or of a device's attribute; path[PATH_MAX]. */
const char *mdev_type_path(char *path, unsigned int ports, const char *attr);
const char *mdev_path(char *path, const char *uuid, const char *attr);

/* Writes params/wiring. */
int mdev_set_wiring(const char *uuid, const char *word);

#endif
