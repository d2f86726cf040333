/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio-user servers that stand in for mdevs: of a program such as vdevd, which
 * VFIO_TEST_SERVER names. A server is known by a UUID; how it ends is a part
 * of the test.
 */
#ifndef VFIO_SELFTEST_SERVER_H
#define VFIO_SELFTEST_SERVER_H

#include <limits.h>
#include <stdbool.h>

bool server_wanted(void);
bool server_has_type(const char *type);

/* Its socket; path[PATH_MAX]. */
const char *server_path(char *path, const char *uuid);

/*
 * Start a server; @setting is a parameter ("wiring=cross") or NULL. -EINVAL if
 * the program wants none of it.
 */
int server_start(const char *type, const char *uuid, const char *setting);

/* Start it anew with a parameter set. -EINVAL: it goes on without that. */
int server_set(const char *uuid, const char *name, const char *word);

/*
 * End a server. If it does not end well, so does the test program: this is for
 * atexit(). -ENODEV if there is none.
 */
int server_stop(const char *uuid);

#endif
