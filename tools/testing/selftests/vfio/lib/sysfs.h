/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading and writing sysfs attributes; every call returns 0 or -errno. */
#ifndef VFIO_SELFTEST_SYSFS_H
#define VFIO_SELFTEST_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

/* Writes exactly len bytes in one write(), as the tests of bad input need. */
int sysfs_write_bytes(const char *path, const void *buf, size_t len);
int sysfs_write(const char *path, const char *text);

/* Reads the whole attribute, trailing newline included. */
int sysfs_read(const char *path, char *buf, size_t size);
int sysfs_read_uint(const char *path, unsigned int *val);

/* The last component of what the link points to. */
int sysfs_link_name(const char *path, char *name, size_t size);

/* False only if there is no such file. */
bool sysfs_exists(const char *path);

#endif
