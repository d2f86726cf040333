// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life cycle of mtty mdevs through sysfs: Documentation/driver-api/vfio-
 * mediated-device.rst, Documentation/ABI/testing/sysfs-bus-vfio-mdev.
 */
#include <errno.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "lib/device.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/mdev.h"
#include "lib/mtty.h"
#include "lib/sysfs.h"

#define CAPACITY 256	/* ports */

FIXTURE(mdev)
{
	unsigned int free;	/* ports when the test began */
	char uuid[MDEV_UUID_LEN + 1];
};

FIXTURE_SETUP(mdev)
{
	if (!mdev_parent_exists())
		SKIP(return, "no " MDEV_PARENT);
	ASSERT_EQ(0, mdev_available(1, &self->free));
	mdev_new_uuid(self->uuid);
}

FIXTURE_TEARDOWN(mdev)
{
	unsigned int free;

	mdev_remove(self->uuid);
	/* whatever the test did, no port is lost */
	EXPECT_EQ(0, mdev_available(1, &free));
	EXPECT_EQ(self->free, free);
}

static unsigned int available(unsigned int ports)
{
	unsigned int n;

	return mdev_available(ports, &n) ? ~0U : n;
}

/* The attributes every mdev type has, with the names users know. */
TEST_F(mdev, types)
{
	static const char * const names[] = {
		"Single port serial\n", "Dual port serial\n"
	};
	char path[PATH_MAX], buf[4096];
	unsigned int ports;

	for (ports = 1; ports <= 2; ports++) {
		EXPECT_EQ(0, sysfs_read(mdev_type_path(path, ports, "name"),
					buf, sizeof(buf)));
		EXPECT_STREQ(names[ports - 1], buf);
		EXPECT_EQ(0, sysfs_read(mdev_type_path(path, ports,
						       "device_api"),
					buf, sizeof(buf)));
		EXPECT_STREQ("vfio-pci\n", buf);
		EXPECT_EQ(0, sysfs_read(mdev_type_path(path, ports,
						       "description"),
					buf, sizeof(buf)));
		EXPECT_LT(1, strlen(buf));
		EXPECT_EQ('\n', buf[strlen(buf) - 1]);
		EXPECT_TRUE(sysfs_exists(mdev_type_path(path, ports,
							"devices")));
		EXPECT_GT(0, sysfs_read(mdev_type_path(path, ports, "create"),
					buf, sizeof(buf)));
	}
	EXPECT_FALSE(sysfs_exists(mdev_type_path(path, 3, "")));
}

/* A device shows up in all the places that tools look at, and goes again. */
TEST_F(mdev, places)
{
	char path[PATH_MAX], dir[64], name[64], *end;

	ASSERT_EQ(0, mdev_create(2, self->uuid));
	EXPECT_TRUE(mdev_exists(self->uuid));
	EXPECT_EQ(0, sysfs_link_name(mdev_path(path, self->uuid, "mdev_type"),
				     name, sizeof(name)));
	EXPECT_STREQ("mtty-2", name);
	EXPECT_EQ(0, sysfs_link_name(mdev_path(path, self->uuid, "driver"),
				     name, sizeof(name)));
	snprintf(dir, sizeof(dir), "devices/%s", self->uuid);
	EXPECT_TRUE(sysfs_exists(mdev_type_path(path, 2, dir)));
	EXPECT_FALSE(sysfs_exists(mdev_type_path(path, 1, dir)));
	/* a child of the parent, in an IOMMU group of its own */
	snprintf(path, sizeof(path), MDEV_PARENT "/%s/iommu_group", self->uuid);
	EXPECT_EQ(0, sysfs_link_name(path, name, sizeof(name)));
	strtoul(name, &end, 10);
	EXPECT_EQ('\0', *end);

	EXPECT_EQ(0, mdev_remove(self->uuid));
	EXPECT_FALSE(mdev_exists(self->uuid));
	EXPECT_FALSE(sysfs_exists(mdev_type_path(path, 2, dir)));
	snprintf(path, sizeof(path), "/dev/vfio/%s", name);
	EXPECT_FALSE(sysfs_exists(path));
}

/* available_instances is what can still be made of each type. */
TEST_F(mdev, available_instances)
{
	char other[MDEV_UUID_LEN + 1];

	EXPECT_GE(CAPACITY, self->free);
	mdev_new_uuid(other);
	EXPECT_EQ(self->free / 2, available(2));
	ASSERT_EQ(0, mdev_create(2, self->uuid));
	EXPECT_EQ(self->free - 2, available(1));
	EXPECT_EQ((self->free - 2) / 2, available(2));
	ASSERT_EQ(0, mdev_create(1, other));
	EXPECT_EQ(self->free - 3, available(1));
	EXPECT_EQ((self->free - 3) / 2, available(2));
	EXPECT_EQ(0, mdev_remove(self->uuid));
	EXPECT_EQ(self->free - 1, available(1));
	EXPECT_EQ(0, mdev_remove(other));
}

/* Until there is no more: ENOSPC, and as many as were promised. */
TEST_F_TIMEOUT(mdev, to_the_limit, 120)
{
	char (*uuids)[MDEV_UUID_LEN + 1];
	unsigned int i, n;

	/* small ones at both ends, large ones in between as they are fewer */
	n = 2 + (self->free - 2) / 2 + (self->free & 1);
	uuids = calloc(n, sizeof(*uuids));
	ASSERT_NE(NULL, uuids);
	for (i = 0; i < n; i++) {
		mdev_new_uuid(uuids[i]);
		EXPECT_EQ(0, mdev_create(i && i < n - 1 - (self->free & 1) ?
					 2 : 1, uuids[i]));
	}
	EXPECT_EQ(0, available(1));
	EXPECT_EQ(0, available(2));
	EXPECT_EQ(-ENOSPC, mdev_create(1, self->uuid));
	EXPECT_EQ(-ENOSPC, mdev_create(2, self->uuid));
	EXPECT_FALSE(mdev_exists(self->uuid));
	/* one port is enough for one type and not for the other */
	EXPECT_EQ(0, mdev_remove(uuids[0]));
	EXPECT_EQ(1, available(1));
	EXPECT_EQ(0, available(2));
	EXPECT_EQ(-ENOSPC, mdev_create(2, self->uuid));
	EXPECT_EQ(0, mdev_create(1, self->uuid));
	EXPECT_EQ(0, mdev_remove(self->uuid));
	for (i = 1; i < n; i++)
		EXPECT_EQ(0, mdev_remove(uuids[i]));
	free(uuids);
}

/* A UUID names one device of the whole system. */
TEST_F(mdev, duplicate_uuid)
{
	char upper[MDEV_UUID_LEN + 1];
	unsigned int i, free;

	ASSERT_EQ(0, mdev_create(1, self->uuid));
	free = available(1);
	EXPECT_EQ(-EEXIST, mdev_create(1, self->uuid));
	EXPECT_EQ(-EEXIST, mdev_create(2, self->uuid));
	/* the case of its digits makes no other UUID of it */
	for (i = 0; i <= MDEV_UUID_LEN; i++)
		upper[i] = toupper(self->uuid[i]);
	EXPECT_EQ(-EEXIST, mdev_create(1, upper));
	EXPECT_EQ(free, available(1));
	EXPECT_EQ(0, mdev_remove(self->uuid));
	EXPECT_EQ(0, mdev_create(1, self->uuid));
}

/* What is no UUID is EINVAL; a newline after it is fine. */
TEST_F(mdev, bad_uuid)
{
	static const char * const bad[] = {
		"1", "\n", "5e1f7e57-0000-4000-8000-00000000000",
		"5e1f7e57-0000-4000-8000-00000000000g",
		"5e1f7e57-0000-4000-8000-0000000000000000",
		"5e1f7e57x0000-4000-8000-000000000000",
		"5e1f7e57000040008000000000000000",
		"{5e1f7e57-0000-4000-8000-0000000000}",
	};
	char path[PATH_MAX], line[MDEV_UUID_LEN + 2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, mdev_create(1, bad[i])) {
			TH_LOG("'%s'", bad[i]);
		}
	}
	snprintf(line, sizeof(line), "%s\n", self->uuid);
	EXPECT_EQ(0, sysfs_write(mdev_type_path(path, 1, "create"), line));
	EXPECT_TRUE(mdev_exists(self->uuid));
}

/* remove takes a number; zero means no. */
TEST_F(mdev, remove_attribute)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, mdev_create(1, self->uuid));
	mdev_path(path, self->uuid, "remove");
	EXPECT_EQ(0, sysfs_write(path, "0"));
	EXPECT_EQ(-EINVAL, sysfs_write(path, "yes"));
	EXPECT_EQ(-EINVAL, sysfs_write(path, "\n"));
	EXPECT_TRUE(mdev_exists(self->uuid));
	EXPECT_EQ(0, sysfs_write(path, "1\n"));
	EXPECT_FALSE(mdev_exists(self->uuid));
	EXPECT_EQ(-ENOENT, mdev_remove(self->uuid));
}

/* Nothing runs out. */
TEST_F_TIMEOUT(mdev, thousand_cycles, 300)
{
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, mdev_create(1 + (i & 1), self->uuid));
		ASSERT_EQ(0, mdev_remove(self->uuid));
	}
}

static int open_by_uuid(struct vfio_dev *dev, const char *uuid)
{
	struct vfio_location loc;
	int ret = vfio_locate(&loc, uuid);

	return ret ? ret : dev_open(dev, &loc, DEV_PATH_DEFAULT);
}

/* Parameters are read back as they were set; a word that is none is EINVAL. */
TEST_F(mdev, wiring)
{
	static const char * const bad[] = {
		"", "\n", "cros", "crosss", "cross loopback", "loopback cross\n",
		"CROSS", "1", "cross\nloopback",
	};
	char path[PATH_MAX], buf[64];
	unsigned int i;

	ASSERT_EQ(0, mdev_create(2, self->uuid));
	mdev_path(path, self->uuid, "params/wiring");
	EXPECT_EQ(0, sysfs_read(path, buf, sizeof(buf)));
	EXPECT_STREQ("loopback\n", buf);
	EXPECT_EQ(0, sysfs_write(path, "cross"));
	EXPECT_EQ(0, sysfs_read(path, buf, sizeof(buf)));
	EXPECT_STREQ("cross\n", buf);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		/* sysfs does not pass a write of nothing on */
		EXPECT_EQ(*bad[i] ? -EINVAL : 0, sysfs_write(path, bad[i])) {
			TH_LOG("'%s'", bad[i]);
		}
		EXPECT_EQ(0, sysfs_read(path, buf, sizeof(buf)));
		EXPECT_STREQ("cross\n", buf);
	}
	EXPECT_EQ(0, sysfs_write(path, "loopback\n"));
	EXPECT_EQ(0, sysfs_read(path, buf, sizeof(buf)));
	EXPECT_STREQ("loopback\n", buf);

	mdev_path(path, self->uuid, "params/wiring_available");
	EXPECT_EQ(0, sysfs_read(path, buf, sizeof(buf)));
	EXPECT_STREQ("loopback cross\n", buf);
	EXPECT_GT(0, sysfs_write(path, "cross"));

	/* the next device of that UUID begins at the default */
	EXPECT_EQ(0, mdev_set_wiring(self->uuid, "cross"));
	ASSERT_EQ(0, mdev_remove(self->uuid));
	ASSERT_EQ(0, mdev_create(2, self->uuid));
	mdev_path(path, self->uuid, "params/wiring");
	EXPECT_EQ(0, sysfs_read(path, buf, sizeof(buf)));
	EXPECT_STREQ("loopback\n", buf);
}

/* With one port there is one wiring. */
TEST_F(mdev, wiring_of_a_single_port)
{
	char path[PATH_MAX], buf[64];

	ASSERT_EQ(0, mdev_create(1, self->uuid));
	mdev_path(path, self->uuid, "params/wiring_available");
	EXPECT_EQ(0, sysfs_read(path, buf, sizeof(buf)));
	EXPECT_STREQ("loopback\n", buf);
	EXPECT_EQ(-EINVAL, mdev_set_wiring(self->uuid, "cross"));
	EXPECT_EQ(0, mdev_set_wiring(self->uuid, "loopback"));
}

/* Parameters hold still while the device is open. */
TEST_F(mdev, wiring_while_open)
{
	char path[PATH_MAX], buf[64];
	struct vfio_dev dev;
	int ret;

	ASSERT_EQ(0, mdev_create(2, self->uuid));
	ret = open_by_uuid(&dev, self->uuid);
	if (ret) {
		mdev_remove(self->uuid);
		ASSERT_EQ(0, ret);
	}
	EXPECT_EQ(-EBUSY, mdev_set_wiring(self->uuid, "cross"));
	EXPECT_EQ(-EBUSY, mdev_set_wiring(self->uuid, "loopback"));
	mdev_path(path, self->uuid, "params/wiring");
	EXPECT_EQ(0, sysfs_read(path, buf, sizeof(buf)));
	EXPECT_STREQ("loopback\n", buf);
	dev_close(&dev);
	EXPECT_EQ(0, mdev_set_wiring(self->uuid, "cross"));
}

/* vfio_unregister_group_dev(): removing asks (REQ) and waits for the close. */
TEST_F(mdev, remove_while_open)
{
	int status, ret, event = event_new();
	struct vfio_dev dev;
	pid_t child;

	ASSERT_EQ(0, mdev_create(1, self->uuid));
	ret = open_by_uuid(&dev, self->uuid);
	if (ret) {
		mdev_remove(self->uuid);
		ASSERT_EQ(0, ret);
	}
	EXPECT_EQ(0, irq_bind(&dev, VFIO_PCI_REQ_IRQ_INDEX, event));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		dev_close(&dev);
		_exit(mdev_remove(self->uuid) != 0);
	}
	/* the user is asked to let go (QEMU unplugs the device) */
	EXPECT_LE(1, event_wait(event));
	usleep(200000);
	EXPECT_EQ(0, waitpid(child, &status, WNOHANG));
	/* the user does not notice */
	mtty_decode(&dev);
	uart_out(&dev, 0, UART_SCR, 0x77);
	EXPECT_EQ(0x77, uart_in(&dev, 0, UART_SCR));
	EXPECT_EQ(0, dev_reset(&dev));
	dev_close(&dev);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_FALSE(mdev_exists(self->uuid));
}

TEST_HARNESS_MAIN
