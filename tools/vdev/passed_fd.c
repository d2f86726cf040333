// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * File descriptors that a client passes to us. See passed_fd.h.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "passed_fd.h"

/* There is no other way to tell an eventfd from others of its kind. */
bool is_eventfd(int fd)
{
	static const char kind[] = "anon_inode:[eventfd]";
	char path[32], target[sizeof(kind)];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, target, sizeof(target)) == sizeof(kind) - 1 &&
	       !memcmp(target, kind, sizeof(kind) - 1);
}

bool is_file(int fd)
{
	struct stat status;

	return !fstat(fd, &status) &&
	       (S_ISREG(status.st_mode) || S_ISCHR(status.st_mode) ||
		S_ISBLK(status.st_mode));
}
