// SPDX-License-Identifier: GPL-2.0-only
#include "locate.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server.h"
#include "sysfs.h"

#define CDEV_DIR "/dev/vfio/devices/"

/* 'x' stands for a hexadecimal digit, everything else for itself. */
static bool has_form(const char *s, const char *form)
{
	for (; *s && *form; s++, form++) {
		if (*form == 'x' ? !isxdigit((unsigned char)*s) : *s != *form)
			return false;
	}
	return *s == *form;
}

static int find_group(struct vfio_location *loc)
{
	char link[PATH_MAX + 16], number[32];

	snprintf(link, sizeof(link), "%s/iommu_group", loc->sysfs);
	if (sysfs_link_name(link, number, sizeof(number)))
		return -ENODEV;
	snprintf(loc->group, sizeof(loc->group), "/dev/vfio/%s", number);
	if (!sysfs_exists(loc->group))
		snprintf(loc->group, sizeof(loc->group),
			 "/dev/vfio/noiommu-%s", number);
	if (!sysfs_exists(loc->group))
		loc->group[0] = '\0';
	return 0;
}

static void find_cdev(struct vfio_location *loc)
{
	char dir[PATH_MAX + 16];
	struct dirent *entry;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/vfio-dev", loc->sysfs);
	d = opendir(dir);
	if (!d)
		return;
	while ((entry = readdir(d))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		snprintf(loc->cdev, sizeof(loc->cdev), CDEV_DIR "%.32s",
			 entry->d_name);
		/* vfio-dev/vfioN is there without CONFIG_VFIO_DEVICE_CDEV too */
		if (!sysfs_exists(loc->cdev))
			loc->cdev[0] = '\0';
		break;
	}
	closedir(d);
}

static int locate_sysfs(struct vfio_location *loc, const char *path)
{
	const char *name;

	if (!realpath(path, loc->sysfs))
		return -ENODEV;
	name = strrchr(loc->sysfs, '/') + 1;
	if (strlen(name) >= sizeof(loc->name))
		return -EINVAL;
	memcpy(loc->name, name, strlen(name) + 1);
	find_group(loc);
	find_cdev(loc);
	return loc->group[0] || loc->cdev[0] ? 0 : -ENODEV;
}

static int locate_cdev(struct vfio_location *loc, const char *path)
{
	char dir[PATH_MAX];
	int ret;

	snprintf(dir, sizeof(dir), "/sys/class/vfio-dev/%.64s/device",
		 path + strlen(CDEV_DIR));
	ret = locate_sysfs(loc, dir);
	if (ret)
		return ret;
	return strcmp(loc->cdev, path) ? -ENODEV : 0;
}

static int locate_group(struct vfio_location *loc, const char *path,
			const char *name)
{
	if (strlen(name) >= sizeof(loc->name) ||
	    (size_t)(name - path) > sizeof(loc->group))
		return -EINVAL;
	memcpy(loc->group, path, name - path - 1);
	memcpy(loc->name, name, strlen(name) + 1);
	return sysfs_exists(loc->group) ? 0 : -ENODEV;
}

static int locate_socket(struct vfio_location *loc, const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return -ENODEV;
	if (!S_ISSOCK(status.st_mode) || strlen(path) >= sizeof(loc->socket))
		return -EINVAL;
	memcpy(loc->socket, path, strlen(path) + 1);
	snprintf(loc->name, sizeof(loc->name), "%s", path);
	return 0;
}

int vfio_locate(struct vfio_location *loc, const char *spec)
{
	char path[PATH_MAX];
	const char *colon;

	memset(loc, 0, sizeof(*loc));

	if (has_form(spec, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")) {
		if (server_wanted())
			return locate_socket(loc, server_path(path, spec));
		snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", spec);
		return locate_sysfs(loc, path);
	}
	if (has_form(spec, "xxxx:xx:xx.x")) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", spec);
		return locate_sysfs(loc, path);
	}
	if (!strncmp(spec, "/sys/", 5))
		return locate_sysfs(loc, spec);
	if (!strncmp(spec, CDEV_DIR, strlen(CDEV_DIR)))
		return locate_cdev(loc, spec);
	colon = strchr(spec, ':');
	if (!strncmp(spec, "/dev/vfio/", 10) && colon)
		return locate_group(loc, spec, colon + 1);
	if (*spec == '/')
		return locate_socket(loc, spec);
	return -EINVAL;
}
