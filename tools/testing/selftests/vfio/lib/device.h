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
	DEV_PATH_IOMMUFD,	/* also the only path to a vfio-user server */
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
	/* As mmap() and shared; MAP_FAILED and errno if not */
	void *(*region_mmap)(struct vfio_dev *dev, unsigned int index,
			     __u64 offset, size_t size, int prot);

	/* Memory of the process, or a file: one of them, the other NULL */
	int (*dma_map)(struct vfio_dev *dev, __u64 iova, void *vaddr,
		       __u64 size, __u32 flags);
	int (*dma_map_file)(struct vfio_dev *dev, __u64 iova, int fd,
			    __u64 size, __u32 flags);
	int (*dma_unmap)(struct vfio_dev *dev, __u64 iova, __u64 size);
	/* The log of pages written by DMA; NULL where there is no such thing */
	int (*dirty)(struct vfio_dev *dev, __u32 action, __u64 iova,
		     __u64 size, __u64 *bitmap);
};

struct vfio_dev {
	const struct vfio_dev_ops *ops;
	struct vfio_location loc;
	int fd;				/* device file */
	int group_fd;
	int iommu_fd;			/* container or iommufd */
	int sock;			/* connection to a vfio-user server */
	unsigned int max_fds;		/* in a message to it */
	__u32 ioas_id;
	struct vfio_region_info region[DEV_MAX_REGIONS];
};

extern const struct vfio_dev_ops container_dev_ops;
extern const struct vfio_dev_ops iommufd_dev_ops;
extern const struct vfio_dev_ops vfio_user_dev_ops;

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

/*
 * Maps a part of a region, shared. As mmap(): MAP_FAILED and errno if that is
 * refused. munmap() ends it, and dev_close() does not.
 */
void *dev_mmap(struct vfio_dev *dev, unsigned int index, __u64 offset,
	       size_t size, int prot);

/*
 * Memory for DMA, zeroed, at @iova as the device sees it. @flags are of
 * VFIO_DMA_MAP_FLAG_READ and _WRITE, from the view of the device. NULL and
 * errno if it cannot be had. It is taken back by dev_dma_free(), before or
 * after dev_close().
 */
void *dev_dma_alloc(struct vfio_dev *dev, __u64 iova, __u64 size, __u32 flags);
void dev_dma_free(struct vfio_dev *dev, __u64 iova, __u64 size, void *mem);

/*
 * The same with any memory of the process, which stays the caller's.
 * -EOPNOTSUPP: this transport only takes memory of dev_dma_alloc().
 */
int dev_dma_map(struct vfio_dev *dev, __u64 iova, void *vaddr, __u64 size,
		__u32 flags);
/* @iova and @size are those of one mapping. */
int dev_dma_unmap(struct vfio_dev *dev, __u64 iova, __u64 size);

/*
 * The IOMMU's log of pages that devices wrote by DMA: a bit for each page of
 * DEV_DIRTY_PAGE from @iova, which together are one or more whole mappings.
 * dev_dirty_get() clears the log. -EOPNOTSUPP: no such log on this path.
 */
#define DEV_DIRTY_PAGE 4096

int dev_dirty_start(struct vfio_dev *dev);
int dev_dirty_stop(struct vfio_dev *dev);
int dev_dirty_get(struct vfio_dev *dev, __u64 iova, __u64 size, __u64 *bitmap);

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
void *file_region_mmap(struct vfio_dev *dev, unsigned int index, __u64 offset,
		       size_t size, int prot);
void file_close(struct vfio_dev *dev);

#endif
