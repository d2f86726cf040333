// SPDX-License-Identifier: GPL-2.0-only
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <linux/types.h>

#include "kselftest.h"
#include "must.h"
#include "sysfs.h"

#define DEBUGFS "/sys/kernel/debug"

/* More allocations than that in one step: it does not come to an end. */
#define FAULT_LIMIT 5000

static int fail_nth_open(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth", gettid());
	return open(path, O_RDWR | O_CLOEXEC);
}

const char *fault_prepare(void)
{
	int fd = fail_nth_open();

	if (fd < 0)
		return "no fail-nth (CONFIG_FAULT_INJECTION)";
	close(fd);
	if (!sysfs_exists(DEBUGFS "/failslab"))
		mount("none", DEBUGFS, "debugfs", 0, NULL);
	if (!sysfs_exists(DEBUGFS "/failslab"))
		return "no failslab in debugfs (CONFIG_FAILSLAB)";
	/* GFP_KERNEL too, which is what a driver allocates with */
	sysfs_write(DEBUGFS "/failslab/ignore-gfp-wait", "N");
	sysfs_write(DEBUGFS "/fail_page_alloc/ignore-gfp-wait", "N");
	sysfs_write(DEBUGFS "/fail_page_alloc/ignore-gfp-highmem", "N");
	/* the log is for real splats */
	sysfs_write(DEBUGFS "/failslab/verbose", "0");
	sysfs_write(DEBUGFS "/fail_page_alloc/verbose", "0");
	sysfs_write(DEBUGFS "/fail_usercopy/verbose", "0");
	sysfs_write(DEBUGFS "/fail_iommufd/verbose", "0");
	return NULL;
}

/* The start of the symbol, and that of the one after it. */
static bool find_symbol(const char *name, __u64 *start, __u64 *end)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long long addr;
	char line[512], sym[256];

	*start = 0;
	*end = 0;
	if (!f)
		return false;
	while (!*start && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %*c %255s", &addr, sym) == 2 &&
		    !strcmp(sym, name))
			*start = addr;
	/* modules come after the kernel, and neither part need be sorted */
	rewind(f);
	while (*start && fgets(line, sizeof(line), f)) {
		addr = strtoull(line, NULL, 16);
		if (addr > *start && (!*end || addr < *end))
			*end = addr;
	}
	fclose(f);
	return *start && *end;
}

/* @which is "reject" or "require". */
static bool set_stack_filter(const char *which, __u64 start, __u64 end)
{
	static const char * const attrs[] = {
		"failslab", "fail_page_alloc", "fail_usercopy"
	};
	char path[128], val[32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		snprintf(path, sizeof(path), DEBUGFS "/%s", attrs[i]);
		if (!sysfs_exists(path))
			continue;
		snprintf(path, sizeof(path), DEBUGFS "/%s/%s-start", attrs[i],
			 which);
		snprintf(val, sizeof(val), "0x%llx", start);
		if (sysfs_write(path, val))
			return false;
		snprintf(path, sizeof(path), DEBUGFS "/%s/%s-end", attrs[i],
			 which);
		snprintf(val, sizeof(val), "0x%llx", end);
		if (sysfs_write(path, val))
			return false;
	}
	return true;
}

bool fault_spare(const char *function)
{
	__u64 start = 0, end = 0;

	if (function && !find_symbol(function, &start, &end))
		return false;
	return set_stack_filter("reject", start, end);
}

bool fault_only_under(const char *module)
{
	unsigned long long addr, size = 0, start = 0;
	char line[512], name[64];
	FILE *f;

	if (!module)
		return set_stack_filter("require", 0, ~0ULL);
	f = fopen("/proc/modules", "re");
	if (!f)
		return false;
	while (!start && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %llu %*s %*s %*s %llx", name, &size,
			   &addr) == 3 && !strcmp(name, module))
			start = addr;
	fclose(f);
	return start && set_stack_filter("require", start, start + size);
}

/*
 * The descriptor is kept: opening and closing it would be counted. One per
 * process, as a test forks no more once it injects.
 */
static int fail_nth_fd(void)
{
	static int fd = -1;
	static pid_t owner;

	if (fd < 0 || owner != gettid()) {
		fd = fail_nth_open();
		owner = gettid();
	}
	must(fd >= 0, "fail-nth: %m");
	return fd;
}

bool fault_arm(struct fault *fault)
{
	char buf[16];
	int fd, len;

	if (fault->done)
		return false;
	must(++fault->nth < FAULT_LIMIT, "no end after %u faults", fault->nth);
	fd = fail_nth_fd();
	len = snprintf(buf, sizeof(buf), "%u", fault->nth);
	must(pwrite(fd, buf, len, 0) == len, "fail-nth: %m");
	return true;
}

bool fault_disarm(struct fault *fault)
{
	int saved = errno, fd = fail_nth_fd();
	char buf[16] = "";
	ssize_t len;

	/*
	 * While it is armed the read is counted too, and may be what fails;
	 * so it was not reached before.
	 */
	len = pread(fd, buf, sizeof(buf) - 1, 0);
	must(pwrite(fd, "0", 1, 0) == 1 || pwrite(fd, "0", 1, 0) == 1,
	     "fail-nth: %m");
	fault->done = len <= 0 || atoi(buf) != 0;
	errno = saved;
	return !fault->done;
}

bool fault_error_is_clean(int err)
{
	/*
	 * EFAULT is for a user copy. With CONFIG_IOMMUFD_TEST looking up an
	 * iommufd object can be made to fail, which gives ENOENT.
	 */
	return err == -ENOMEM || err == -EFAULT || err == -ENOENT;
}
