// SPDX-License-Identifier: GPL-2.0-only
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int sysfs_write_bytes(const char *path, const void *buf, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, buf, len);
	if (ret < 0)
		ret = -errno;
	else
		ret = (size_t)ret == len ? 0 : -EIO;
	close(fd);
	return ret;
}

int sysfs_write(const char *path, const char *text)
{
	return sysfs_write_bytes(path, text, strlen(text));
}

int sysfs_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t ret;

	if (fd < 0)
		return -errno;
	ret = read(fd, buf, size - 1);
	if (ret < 0)
		ret = -errno;
	else
		buf[ret] = '\0';
	close(fd);
	return ret < 0 ? ret : 0;
}

int sysfs_read_uint(const char *path, unsigned int *val)
{
	char buf[32], *end;
	int ret;

	ret = sysfs_read(path, buf, sizeof(buf));
	if (ret)
		return ret;
	*val = strtoul(buf, &end, 10);
	return end != buf && *end == '\n' ? 0 : -EINVAL;
}

int sysfs_link_name(const char *path, char *name, size_t size)
{
	char target[PATH_MAX];
	const char *base;
	ssize_t len;

	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	if (strlen(base) >= size)
		return -ENAMETOOLONG;
	memcpy(name, base, strlen(base) + 1);
	return 0;
}

bool sysfs_exists(const char *path)
{
	/* Out of memory, for one, is no answer; the next step will tell */
	return access(path, F_OK) == 0 ||
		(errno != ENOENT && errno != ENOTDIR);
}
