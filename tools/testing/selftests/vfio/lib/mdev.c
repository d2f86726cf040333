// SPDX-License-Identifier: GPL-2.0-only
#include "mdev.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server.h"
#include "sysfs.h"

bool mdev_parent_exists(void)
{
	if (server_wanted())
		return server_has_type("mtty-1");
	return sysfs_exists(MDEV_PARENT "/mdev_supported_types/mtty-1/create");
}

const char *mdev_type_path(char *path, unsigned int ports, const char *attr)
{
	snprintf(path, PATH_MAX, MDEV_PARENT "/mdev_supported_types/mtty-%u/%s",
		 ports, attr);
	return path;
}

const char *mdev_path(char *path, const char *uuid, const char *attr)
{
	snprintf(path, PATH_MAX, MDEV_DEVICES "/%s/%s", uuid, attr);
	return path;
}

int mdev_available(unsigned int ports, unsigned int *available)
{
	char path[PATH_MAX];

	return sysfs_read_uint(mdev_type_path(path, ports,
					      "available_instances"),
			       available);
}

void mdev_new_uuid(char *uuid)
{
	static unsigned int serial;
	unsigned int n = __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);

	/* gettid(): threads of one test and its forks draw numbers at once */
	snprintf(uuid, MDEV_UUID_LEN + 1, MDEV_TEST_PREFIX "%04x-4%03x-8000-%012x",
		 gettid() & 0xffff, (unsigned int)gettid() >> 16 & 0xfff, n);
}

int mdev_create(unsigned int ports, const char *uuid)
{
	char path[PATH_MAX];

	if (server_wanted())
		return server_start(ports == 1 ? "mtty-1" : "mtty-2", uuid,
				    NULL);
	return sysfs_write(mdev_type_path(path, ports, "create"), uuid);
}

int mdev_remove(const char *uuid)
{
	char path[PATH_MAX];

	if (server_wanted())
		return server_stop(uuid);
	return sysfs_write(mdev_path(path, uuid, "remove"), "1");
}

/* The name of a type is its parent's, a hyphen and the model's. */
static const char *any_type_path(char *path, const char *type,
				 const char *attr)
{
	const char *hyphen = strrchr(type, '-');
	int parent = hyphen ? hyphen - type : 0;

	snprintf(path, PATH_MAX,
		 "/sys/class/mdev_bus/%.*s/mdev_supported_types/%s/%s", parent,
		 type, type, attr);
	return path;
}

bool mdev_type_exists(const char *type)
{
	char path[PATH_MAX];

	if (server_wanted())
		return server_has_type(type);
	return sysfs_exists(any_type_path(path, type, "create"));
}

int mdev_create_type(const char *type, const char *uuid)
{
	char path[PATH_MAX];

	if (server_wanted())
		return server_start(type, uuid, NULL);
	return sysfs_write(any_type_path(path, type, "create"), uuid);
}

bool mdev_exists(const char *uuid)
{
	char path[PATH_MAX];

	if (server_wanted())
		return sysfs_exists(server_path(path, uuid));
	return sysfs_exists(mdev_path(path, uuid, ""));
}

int mdev_set_wiring(const char *uuid, const char *word)
{
	char path[PATH_MAX];

	if (server_wanted())
		return server_set(uuid, "wiring", word);
	return sysfs_write(mdev_path(path, uuid, "params/wiring"), word);
}
