// SPDX-License-Identifier: GPL-2.0-only
/* The ways to a device, and what is refused before there is one. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/iommufd.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/subject.h"

FIXTURE(way)
{
	struct subject subject;
};

FIXTURE_VARIANT(way)
{
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(way, container)
{
	.path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(way, iommufd)
{
	.path = DEV_PATH_IOMMUFD,
};

FIXTURE_SETUP(way)
{
	int ret = subject_find(&self->subject, SUBJECT_ANY);
	const char *why;

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	why = dev_path_lacks(&self->subject.loc, variant->path);
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(way)
{
}

static int works(struct vfio_dev *dev)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	return dev_get_info(dev, &info);
}

/* A device is found by its sysfs path as well as by its own name. */
TEST_F(way, by_sysfs_path)
{
	struct vfio_location loc;
	struct vfio_dev dev;

	if (!self->subject.loc.sysfs[0])
		SKIP(return, "the subject was named without a sysfs path");
	ASSERT_EQ(0, vfio_locate(&loc, self->subject.loc.sysfs));
	EXPECT_STREQ(self->subject.loc.name, loc.name);
	ASSERT_EQ(0, dev_open(&dev, &loc, variant->path));
	EXPECT_EQ(0, works(&dev));
	dev_close(&dev);
}

/* ... by its group and name, or by its cdev. */
TEST_F(way, by_device_node)
{
	struct vfio_location loc;
	struct vfio_dev dev;
	char spec[256];

	if (variant->path == DEV_PATH_CONTAINER)
		snprintf(spec, sizeof(spec), "%s:%s", self->subject.loc.group,
			 self->subject.loc.name);
	else
		snprintf(spec, sizeof(spec), "%s", self->subject.loc.cdev);
	ASSERT_EQ(0, vfio_locate(&loc, spec));
	ASSERT_EQ(0, dev_open(&dev, &loc, variant->path));
	EXPECT_EQ(0, works(&dev));
	dev_close(&dev);
}

/* vfio.h: every successful open is balanced by the close, a hundred times. */
TEST_F(way, again_and_again)
{
	struct vfio_dev dev;
	int i;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, dev_open(&dev, &self->subject.loc, variant->path));
		ASSERT_EQ(0, works(&dev));
		dev_close(&dev);
	}
}

/* A group has one user; what is open by cdev is not to be had by group. */
TEST_F(way, excludes_the_other_path)
{
	struct vfio_dev dev, other;

	ASSERT_EQ(0, dev_open(&dev, &self->subject.loc, variant->path));
	if (!dev_path_lacks(&self->subject.loc, DEV_PATH_CONTAINER))
		EXPECT_EQ(-EBUSY, dev_open(&other, &self->subject.loc,
					   DEV_PATH_CONTAINER));
	if (!dev_path_lacks(&self->subject.loc, DEV_PATH_IOMMUFD)) {
		int expected = variant->path == DEV_PATH_CONTAINER ?
			-EBUSY : -EINVAL;

		EXPECT_EQ(expected, dev_open(&other, &self->subject.loc,
					     DEV_PATH_IOMMUFD));
	}
	EXPECT_EQ(0, works(&dev));
	dev_close(&dev);
	/* ... and the refusals left nothing behind. */
	EXPECT_EQ(0, dev_open(&dev, &self->subject.loc, variant->path));
	dev_close(&dev);
}

FIXTURE(cdev)
{
	struct subject subject;
};

FIXTURE_SETUP(cdev)
{
	int ret = subject_find(&self->subject, SUBJECT_ANY);
	const char *why;

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	why = dev_path_lacks(&self->subject.loc, DEV_PATH_IOMMUFD);
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(cdev)
{
}

/* vfio.h BIND_IOMMUFD: no access to the device before the bind. */
TEST_F(cdev, shut_until_bound)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	__u8 buf[16] = {};
	int fd;

	fd = open(self->subject.loc.cdev, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, ioctl(fd, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(fd, VFIO_DEVICE_RESET));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pread(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
}

/* vfio.h ATTACH/DETACH: with and without an IOAS the registers work. */
TEST_F(cdev, detach_and_attach)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
	};
	struct vfio_device_detach_iommufd_pt detach = {
		.argsz = sizeof(detach),
	};
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct vfio_dev dev;

	ASSERT_EQ(0, dev_open(&dev, &self->subject.loc, DEV_PATH_IOMMUFD));
	EXPECT_EQ(0, ioctl(dev.fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach));
	EXPECT_EQ(0, works(&dev));
	attach.pt_id = dev.ioas_id;
	EXPECT_EQ(0, ioctl(dev.fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach));
	/* Replacing the IOAS of an attached device is allowed. */
	ASSERT_EQ(0, ioctl(dev.iommu_fd, IOMMU_IOAS_ALLOC, &alloc));
	attach.pt_id = alloc.out_ioas_id;
	EXPECT_EQ(0, ioctl(dev.fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach));
	EXPECT_EQ(0, works(&dev));
	dev_close(&dev);
}

FIXTURE(group)
{
	struct subject subject;
};

FIXTURE_SETUP(group)
{
	int ret = subject_find(&self->subject, SUBJECT_ANY);
	const char *why;

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	why = dev_path_lacks(&self->subject.loc, DEV_PATH_CONTAINER);
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(group)
{
}

/* VFIO_GROUP_GET_DEVICE_FD needs a container and the right name. */
TEST_F(group, needs_container_and_name)
{
	int group, fd;

	group = open(self->subject.loc.group, O_RDWR);
	ASSERT_LE(0, group);
	fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, self->subject.loc.name);
	EXPECT_EQ(-1, fd);
	EXPECT_EQ(EINVAL, errno);
	fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "no-such-device");
	EXPECT_EQ(-1, fd);
	EXPECT_EQ(ENODEV, errno);
	/* The group is still to be had by one file only. */
	EXPECT_EQ(-1, open(self->subject.loc.group, O_RDWR));
	EXPECT_EQ(EBUSY, errno);
	close(group);
}

/* The device layer itself: what has none of the documented forms. */
TEST(bad_names)
{
	static const char * const bad[] = {
		"", "x", "0000:00:00", "83b8f4f2-509f-382f-3c1e", "/dev/null",
		"83b8f4f2-509f-382f-3c1e-e6bfe0fa100g",
	};
	static const char * const absent[] = {
		"00000000-0000-0000-0000-000000000000", "ffff:ff:1f.7",
		"/sys/no/such/device", "/dev/vfio/devices/vfio99999",
		"/dev/vfio/99999:name",
	};
	struct vfio_location loc;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, vfio_locate(&loc, bad[i]));
	for (i = 0; i < ARRAY_SIZE(absent); i++)
		EXPECT_EQ(-ENODEV, vfio_locate(&loc, absent[i]));
}

TEST_HARNESS_MAIN
