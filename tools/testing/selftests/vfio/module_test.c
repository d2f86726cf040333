// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and unloading mtty and vdev. Runs last: if it fails half-way there
 * may be no module left for the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "lib/device.h"
#include "lib/event.h"
#include "lib/fault.h"
#include "lib/irq.h"
#include "lib/mdev.h"
#include "lib/mtty.h"
#include "lib/sysfs.h"

static int unload(const char *module)
{
	return syscall(__NR_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

/* modprobe knows where modules are and what they need; init may set no PATH */
static int load(const char *module)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		execl("/sbin/modprobe", "modprobe", module, NULL);
		execl("/usr/sbin/modprobe", "modprobe", module, NULL);
		execlp("modprobe", "modprobe", module, NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return status;
}

static bool is_loaded(const char *module)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	return sysfs_exists(path);
}

FIXTURE(module)
{
	unsigned int free;
	char uuid[MDEV_UUID_LEN + 1];
};

FIXTURE_SETUP(module)
{
	if (getenv("VFIO_TEST_DEVICE"))
		SKIP(return, "would take VFIO_TEST_DEVICE away");
	if (!is_loaded("mtty"))
		SKIP(return, "mtty is not loaded, or built in");
	if (load("mtty"))
		SKIP(return, "no modprobe that finds mtty");
	ASSERT_EQ(0, mdev_available(1, &self->free));
	mdev_new_uuid(self->uuid);
}

FIXTURE_TEARDOWN(module)
{
	unsigned int free;

	fault_only_under(NULL);
	mdev_remove(self->uuid);
	EXPECT_EQ(0, load("mtty"));
	EXPECT_TRUE(mdev_parent_exists());
	EXPECT_EQ(0, mdev_available(1, &free));
	EXPECT_EQ(self->free, free);
}

static int open_by_uuid(struct vfio_dev *dev, const char *uuid)
{
	struct vfio_location loc;
	int ret = vfio_locate(&loc, uuid);

	return ret ? ret : dev_open(dev, &loc, DEV_PATH_DEFAULT);
}

/* An open device holds the module. */
TEST_F(module, unload_while_open)
{
	struct vfio_dev dev;

	ASSERT_EQ(0, mdev_create(1, self->uuid));
	ASSERT_EQ(0, open_by_uuid(&dev, self->uuid));
	/* delete_module(2), O_NONBLOCK: what rmmod calls "in use" */
	EXPECT_EQ(-EWOULDBLOCK, unload("mtty"));
	EXPECT_EQ(-EWOULDBLOCK, unload("vdev"));
	mtty_decode(&dev);
	uart_out(&dev, 0, UART_SCR, 0x19);
	EXPECT_EQ(0x19, uart_in(&dev, 0, UART_SCR));
	dev_close(&dev);
	EXPECT_EQ(0, unload("mtty"));
}

/* Devices that nobody uses go with the module. */
TEST_F(module, unload_with_idle_devices)
{
	char uuids[20][MDEV_UUID_LEN + 1];
	struct vfio_dev dev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(uuids); i++) {
		mdev_new_uuid(uuids[i]);
		ASSERT_EQ(0, mdev_create(1 + (i & 1), uuids[i]));
	}
	/* used and closed again, a character time-out still running */
	ASSERT_EQ(0, open_by_uuid(&dev, uuids[3]));
	mtty_decode(&dev);
	uart_out(&dev, 0, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_14);
	uart_out(&dev, 0, UART_IER, UART_IER_RDI);
	uart_out(&dev, 0, UART_TX, 'a');
	dev_close(&dev);

	ASSERT_EQ(0, unload("mtty"));
	for (i = 0; i < ARRAY_SIZE(uuids); i++)
		EXPECT_FALSE(mdev_exists(uuids[i]));
	EXPECT_FALSE(sysfs_exists(MDEV_PARENT));
	EXPECT_FALSE(sysfs_exists("/sys/devices/virtual/mtty"));
	ASSERT_EQ(0, load("mtty"));
	for (i = 0; i < ARRAY_SIZE(uuids); i++)
		EXPECT_FALSE(mdev_exists(uuids[i]));
}

/* mtty needs vdev; without mtty it can go as well, and comes back with it. */
TEST_F(module, both_modules)
{
	bool test_device = is_loaded("vdev_test");

	if (!is_loaded("vdev"))
		SKIP(return, "this mtty is not built on vdev");
	if (test_device)
		ASSERT_EQ(0, unload("vdev_test"));
	EXPECT_EQ(-EWOULDBLOCK, unload("vdev"));
	ASSERT_EQ(0, unload("mtty"));
	EXPECT_EQ(0, unload("vdev"));
	EXPECT_FALSE(is_loaded("vdev"));
	ASSERT_EQ(0, load("mtty"));
	EXPECT_TRUE(is_loaded("vdev"));
	if (test_device)
		EXPECT_EQ(0, load("vdev_test"));
}

/* Path of the file that modprobe would load. */
static bool find_module(const char *module, char *path, size_t size)
{
	char command[128];
	bool found;
	FILE *f;

	snprintf(command, sizeof(command),
		 "PATH=/sbin:/usr/sbin:$PATH modinfo -F filename %s", module);
	f = popen(command, "re");
	if (!f)
		return false;
	found = fgets(path, size, f) && *path == '/';
	path[strcspn(path, "\n")] = '\0';
	return !pclose(f) && found;
}

/* The link to it in /sys/class/mdev_bus may be missing: that is no error. */
static bool parent_is_there(void)
{
	return sysfs_exists("/sys/class/mtty/mtty/mdev_supported_types");
}

/* What fault_error_is_clean() takes, or what a device without a name gets. */
static bool load_error_is_clean(int err)
{
	return fault_error_is_clean(err) || err == -EINVAL;
}

/*
 * Loading, with each allocation that vdev makes for it failing once: no
 * module, no class and no parent are left of it (the in-tree samples' error
 * paths were wrong in several places).
 */
TEST_F_TIMEOUT(module, load_with_faults, 120)
{
	const char *why = fault_prepare();
	struct fault fault = { 0 };
	char path[PATH_MAX];
	bool injected;
	int fd, ret;

	if (why)
		SKIP(return, "%s", why);
	if (!is_loaded("vdev"))
		SKIP(return, "this mtty is not built on vdev");
	if (!find_module("mtty", path, sizeof(path)))
		SKIP(return, "no modinfo that finds mtty");
	ASSERT_EQ(0, unload("mtty"));
	if (!fault_only_under("vdev"))
		SKIP(return, "needs CONFIG_FAULT_INJECTION_STACKTRACE_FILTER");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);

	while (fault_arm(&fault)) {
		ret = syscall(__NR_finit_module, fd, "", 0) ? -errno : 0;
		injected = fault_disarm(&fault);
		EXPECT_TRUE(!ret || (injected && load_error_is_clean(ret))) {
			TH_LOG("fault %u: %d", fault.nth, ret);
		}
		EXPECT_EQ(!ret, is_loaded("mtty"));
		EXPECT_EQ(!ret, parent_is_there());
		EXPECT_EQ(!ret, sysfs_exists("/sys/class/mtty"));
		if (!ret)
			ASSERT_EQ(0, unload("mtty"));
		EXPECT_FALSE(sysfs_exists("/sys/class/mtty"));
	}
	fault_only_under(NULL);
	close(fd);
	TH_LOG("%u faults", fault.nth - 1);
	EXPECT_LT(10, fault.nth);
}

/* Again and again, with a device made and used each time. */
TEST_F_TIMEOUT(module, cycles, 120)
{
	struct vfio_dev dev;
	int i, event;

	for (i = 0; i < 10; i++) {
		event = event_new();
		ASSERT_EQ(0, mdev_create(1, self->uuid));
		ASSERT_EQ(0, open_by_uuid(&dev, self->uuid));
		EXPECT_EQ(0, irq_bind(&dev, VFIO_PCI_INTX_IRQ_INDEX, event));
		mtty_decode(&dev);
		mtty_raise(&dev, 0);
		EXPECT_EQ(1, event_wait(event));
		dev_close(&dev);
		close(event);
		if (i & 1)
			EXPECT_EQ(0, mdev_remove(self->uuid));
		ASSERT_EQ(0, unload("mtty"));
		ASSERT_EQ(0, load("mtty"));
		ASSERT_TRUE(mdev_parent_exists());
	}
}

TEST_HARNESS_MAIN
