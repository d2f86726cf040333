/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VFIO device as its user sees it, whatever it is reached through.
 *
 * A test written against this header runs on any VFIO device. What differs
 * between the ways to a device is in struct vfio_dev_ops; a transport without
 * a device file (a vfio-user socket) leaves fd at -1, and the tests that are
 * about the file itself (bad pointers, file positions, mmap) skip.
 *
 * All functions return -errno on failure. Structures with an argsz go to the
 * device as they are, so that a test can pass a wrong one.
 */
#ifndef VFIO_SELFTEST_DEVICE_H
#define VFIO_SELFTEST_DEVICE_H

#include <sys/types.h>

#include <linux/types.h>
#include <linux/vfio.h>

#include "locate.h"

#define DEV_MAX_REGIONS 32

enum dev_path {
	DEV_PATH_DEFAULT,	/* VFIO_TEST_IOMMU, or what the kernel offers */
	DEV_PATH_CONTAINER,
	DEV_PATH_IOMMUFD,
};

struct vfio_dev;

struct vfio_dev_ops {
	const char *name;
	int (*open)(struct vfio_dev *dev);
	/* A second file of an open device; NULL where there is no such thing */
	int (*open_second)(struct vfio_dev *dev, struct vfio_dev *second);
	void (*close)(struct vfio_dev *dev);

	int (*get_info)(struct vfio_dev *dev, struct vfio_device_info *info);
	int (*get_region_info)(struct vfio_dev *dev,
			       struct vfio_region_info *info);
	int (*get_irq_info)(struct vfio_dev *dev, struct vfio_irq_info *info);
	int (*set_irqs)(struct vfio_dev *dev, struct vfio_irq_set *set);
	int (*reset)(struct vfio_dev *dev);
	int (*feature)(struct vfio_dev *dev,
		       struct vfio_device_feature *feature);
	ssize_t (*region_read)(struct vfio_dev *dev, unsigned int index,
			       void *buf, size_t count, __u64 offset);
	ssize_t (*region_write)(struct vfio_dev *dev, unsigned int index,
				const void *buf, size_t count, __u64 offset);
};

struct vfio_dev {
	const struct vfio_dev_ops *ops;
	struct vfio_location loc;
	int fd;				/* device file */
	int group_fd;
	int iommu_fd;			/* container or iommufd */
	__u32 ioas_id;
	struct vfio_region_info region[DEV_MAX_REGIONS];
};

extern const struct vfio_dev_ops container_dev_ops;
extern const struct vfio_dev_ops iommufd_dev_ops;

/* The path that DEV_PATH_DEFAULT stands for with this device. */
enum dev_path dev_default_path(const struct vfio_location *loc);

/* What this kernel lacks for @path to the device; NULL if nothing. */
const char *dev_path_lacks(const struct vfio_location *loc, enum dev_path path);

int dev_open(struct vfio_dev *dev, const struct vfio_location *loc,
	     enum dev_path path);
int dev_open_second(struct vfio_dev *dev, struct vfio_dev *second);
void dev_close(struct vfio_dev *dev);

int dev_get_info(struct vfio_dev *dev, struct vfio_device_info *info);
int dev_get_region_info(struct vfio_dev *dev, struct vfio_region_info *info);
int dev_get_irq_info(struct vfio_dev *dev, struct vfio_irq_info *info);
int dev_set_irqs(struct vfio_dev *dev, struct vfio_irq_set *set);
int dev_reset(struct vfio_dev *dev);
int dev_feature(struct vfio_dev *dev, struct vfio_device_feature *feature);
ssize_t dev_read(struct vfio_dev *dev, unsigned int index, void *buf,
		 size_t count, __u64 offset);
ssize_t dev_write(struct vfio_dev *dev, unsigned int index, const void *buf,
		  size_t count, __u64 offset);

/* Region info, asked of the device once; NULL for an index it has not. */
const struct vfio_region_info *dev_region(struct vfio_dev *dev,
					  unsigned int index);

/* For the transports that have a VFIO device file. */
int file_get_info(struct vfio_dev *dev, struct vfio_device_info *info);
int file_get_region_info(struct vfio_dev *dev, struct vfio_region_info *info);
int file_get_irq_info(struct vfio_dev *dev, struct vfio_irq_info *info);
int file_set_irqs(struct vfio_dev *dev, struct vfio_irq_set *set);
int file_reset(struct vfio_dev *dev);
int file_feature(struct vfio_dev *dev, struct vfio_device_feature *feature);
ssize_t file_region_read(struct vfio_dev *dev, unsigned int index, void *buf,
			 size_t count, __u64 offset);
ssize_t file_region_write(struct vfio_dev *dev, unsigned int index,
			  const void *buf, size_t count, __u64 offset);
void file_close(struct vfio_dev *dev);

#endif
