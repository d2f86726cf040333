// SPDX-License-Identifier: GPL-2.0-only
#include "cgroup.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "must.h"
#include "sysfs.h"

/* Where the hierarchy is mounted if this had to be done here. */
static char own_mount[64];
static bool mounted;
static char root[PATH_MAX], directory[PATH_MAX + 64];

static const char *path_of(const char *group, const char *file)
{
	static char path[PATH_MAX + 128];

	snprintf(path, sizeof(path), "%s/%s", group, file);
	return path;
}

static bool find_mount(void)
{
	char line[PATH_MAX + 256], type[64];
	FILE *f = fopen("/proc/self/mounts", "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*s %4095s %63s", root, type) == 2 &&
			!strcmp(type, "cgroup2");
	if (f)
		fclose(f);
	return found;
}

static bool mount_here(void)
{
	strcpy(own_mount, "/tmp/vfio-selftest-cgroup.XXXXXX");
	if (!mkdtemp(own_mount))
		return false;
	if (mount("none", own_mount, "cgroup2", 0, NULL)) {
		rmdir(own_mount);
		return false;
	}
	mounted = true;
	snprintf(root, sizeof(root), "%s", own_mount);
	return true;
}

const char *cgroup_make(const char **why)
{
	char controllers[256];

	if (!find_mount() && !mount_here()) {
		*why = "no cgroup2 file system (CONFIG_CGROUPS)";
		return NULL;
	}
	snprintf(directory, sizeof(directory), "%s/vfio-selftest-%d", root,
		 getpid());
	if (sysfs_read(path_of(root, "cgroup.controllers"), controllers,
		       sizeof(controllers)) ||
	    !strstr(controllers, "memory") ||
	    sysfs_write(path_of(root, "cgroup.subtree_control"), "+memory")) {
		*why = "no memory controller in cgroup2 (CONFIG_MEMCG)";
		directory[0] = '\0';
		cgroup_remove(directory);
		return NULL;
	}
	must(!mkdir(directory, 0755), "%s: %m", directory);
	return directory;
}

void cgroup_remove(const char *group)
{
	if (*group)
		must(!rmdir(group), "%s: %m", group);
	if (!mounted)
		return;
	umount(own_mount);
	rmdir(own_mount);
	mounted = false;
}

void cgroup_enter(const char *group)
{
	must(!sysfs_write(path_of(group, "cgroup.procs"), "0"),
	     "no way into %s", group);
}

__u64 cgroup_memory(const char *group)
{
	char text[64];

	must(!sysfs_read(path_of(group, "memory.current"), text, sizeof(text)),
	     "no memory.current in %s", group);
	return strtoull(text, NULL, 10);
}
