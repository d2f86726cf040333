// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device model behind a VFIO device file.
 *
 * What userspace hands in is checked here: positions, sizes, pointers, file
 * descriptors. Beyond this file a device sees only accesses that lie inside
 * its regions.
 */
#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../compat.h"
#include "access.h"
#include "vdev_front.h"

#define REGION_OFFSET_MASK	(BIT_ULL(VDEV_REGION_SHIFT) - 1)

static_assert(VDEV_REGION_ROM == VFIO_PCI_ROM_REGION_INDEX);
static_assert(VDEV_REGION_CONFIG == VFIO_PCI_CONFIG_REGION_INDEX);
static_assert(VDEV_NUM_REGIONS == VFIO_PCI_NUM_REGIONS);
static_assert(VDEV_IRQ_INTX == VFIO_PCI_INTX_IRQ_INDEX);
static_assert(VDEV_IRQ_MSI == VFIO_PCI_MSI_IRQ_INDEX);
static_assert(VDEV_IRQ_MSIX == VFIO_PCI_MSIX_IRQ_INDEX);
static_assert(VDEV_IRQ_ERR == VFIO_PCI_ERR_IRQ_INDEX);
static_assert(VDEV_IRQ_REQ == VFIO_PCI_REQ_IRQ_INDEX);
static_assert(VDEV_NUM_IRQS == VFIO_PCI_NUM_IRQS);

static struct vdev_vfio *to_front(struct vfio_device *vfio)
{
	return container_of(vfio, struct vdev_vfio, vfio);
}

/* Services: clock and alarm */

/*
 * The alarm's callback takes no lock, so cancelling it under the device lock
 * waits for nobody; its work takes the device lock, and is waited for only
 * where that is not held.
 */

static u64 front_now(struct vdev *vdev)
{
	return ktime_get_ns();
}

static void front_alarm(struct vdev *vdev, u64 deadline)
{
	struct vdev_vfio *front = vdev->front_data;

	if (deadline == VDEV_TIME_NEVER)
		hrtimer_cancel(&front->alarm);
	else
		hrtimer_start(&front->alarm,
			      min_t(u64, deadline, KTIME_MAX),
			      HRTIMER_MODE_ABS);
}

static enum hrtimer_restart alarm_expired(struct hrtimer *timer)
{
	struct vdev_vfio *front = container_of(timer, struct vdev_vfio, alarm);

	compat_queue_unbound(&front->alarm_work);
	return HRTIMER_NORESTART;
}

static void alarm_work(struct work_struct *work)
{
	struct vdev_vfio *front =
		container_of(work, struct vdev_vfio, alarm_work);

	vdev_alarm(front->vdev);
}

/* Services: eventfds. A &struct vdev_trigger is an eventfd context. */

static struct vdev_trigger *front_trigger_get(struct vdev *vdev, int fd)
{
	return (struct vdev_trigger *)eventfd_ctx_fdget(fd);
}

static void front_trigger_put(struct vdev_trigger *trigger)
{
	eventfd_ctx_put((struct eventfd_ctx *)trigger);
}

static void front_trigger_signal(struct vdev_trigger *trigger)
{
	compat_eventfd_signal((struct eventfd_ctx *)trigger);
}

/*
 * Runs inside the wait queue of the unmask eventfd, atomic, and possibly
 * inside a signal of our own trigger: all it does is ask for the thread.
 */
static int unmask_wakeup(void *opaque, void *unused)
{
	return 1;
}

static void unmask_thread(void *opaque, void *unused)
{
	vdev_intx_unmask(opaque);
}

static int front_unmask_bind(struct vdev *vdev, int fd)
{
	struct vdev_vfio *front = vdev->front_data;

	lockdep_assert_held(&front->irq_gate);
	if (fd >= 0)
		return vfio_virqfd_enable(vdev, unmask_wakeup, unmask_thread,
					  NULL, &front->unmask, fd);
	vfio_virqfd_disable(&front->unmask);
	return 0;
}

/* Services: jobs and the user's memory */

static void front_kick(struct vdev *vdev)
{
	struct vdev_vfio *front = vdev->front_data;

	compat_queue_unbound(&front->job_work);
}

static void job_work(struct work_struct *work)
{
	struct vdev_vfio *front =
		container_of(work, struct vdev_vfio, job_work);

	vdev_run_jobs(front->vdev);
}

/*
 * A kernel thread has no memory of its own, and so gets that of whoever mapped
 * the IOVA, whichever process made the device do this.
 */
static int front_dma(struct vdev *vdev, u64 iova, void *buf, size_t len,
		     bool write)
{
	struct vdev_vfio *front = vdev->front_data;
	int ret;

	ret = vfio_dma_rw(&front->vfio, iova, buf, len, write) ? -EFAULT : 0;
	/* what failed may have been done in part */
	if (write)
		vdev_migrate_dirty(front, iova, len);
	return ret;
}

static const struct vdev_front_ops vdev_vfio_front_ops = {
	.now		= front_now,
	.alarm		= front_alarm,
	.trigger_get	= front_trigger_get,
	.trigger_put	= front_trigger_put,
	.trigger_signal	= front_trigger_signal,
	.unmask_bind	= front_unmask_bind,
	.kick		= front_kick,
	.dma		= front_dma,
	.mem_copy	= vdev_memory_copy,
	.mem_decode	= vdev_memory_decode,
	.mem_clear	= vdev_memory_clear,
	.was_reset	= vdev_migrate_was_reset,
	.jobs_apart	= true,
};

/* Region access */

/* One naturally aligned access that lies inside a region. */
struct access {
	unsigned int region;
	u64 offset;
	unsigned int width;
};

/*
 * The widest access at file position @pos that takes at most @count bytes, of
 * which there is at least one. False if @pos lies in no region.
 *
 * Always inline: this is a good part of what a small access costs.
 */
static __always_inline bool find_access(const struct vdev *vdev, u64 pos,
					size_t count, struct access *access)
{
	u64 region = pos >> VDEV_REGION_SHIFT;
	u64 offset = pos & REGION_OFFSET_MASK;
	u64 size, bits;

	if (region >= VDEV_NUM_REGIONS)
		return false;
	size = vdev_region_size(vdev, region);
	if (offset >= size)
		return false;

	access->region = region;
	access->offset = offset;
	/*
	 * What is aligned to this width, and no wider than region and core
	 * allow: the lowest bit of all, since a size is a power of two
	 * (bar_valid()).
	 */
	bits = offset | size | 8;
	access->width = bits & -bits;
	if (access->width > count)
		access->width = rounddown_pow_of_two(count);
	else if (access->width == 8 && region == VDEV_REGION_CONFIG)
		access->width = 4;
	return true;
}

static int value_to_user(void __user *buf, u64 value, unsigned int width)
{
	switch (width) {
	case 1:
		return put_user((u8)value, (u8 __user *)buf);
	case 2:
		return put_user(cpu_to_le16(value), (__le16 __user *)buf);
	case 4:
		return put_user(cpu_to_le32(value), (__le32 __user *)buf);
	default:
		return put_user(cpu_to_le64(value), (__le64 __user *)buf);
	}
}

static int value_from_user(u64 *value, const void __user *buf,
			   unsigned int width)
{
	__le16 le16 = 0;
	__le32 le32 = 0;
	__le64 le64 = 0;
	u8 byte = 0;
	int ret;

	switch (width) {
	case 1:
		ret = get_user(byte, (const u8 __user *)buf);
		*value = byte;
		break;
	case 2:
		ret = get_user(le16, (const __le16 __user *)buf);
		*value = le16_to_cpu(le16);
		break;
	case 4:
		ret = get_user(le32, (const __le32 __user *)buf);
		*value = le32_to_cpu(le32);
		break;
	default:
		ret = get_user(le64, (const __le64 __user *)buf);
		*value = le64_to_cpu(le64);
	}
	return ret;
}

/*
 * After each page of a long transfer, let others run, and those who want to
 * kill the caller have their way.
 */
static bool interrupted(ssize_t done)
{
	if (likely(done & (PAGE_SIZE - 1)))
		return false;
	cond_resched();
	return fatal_signal_pending(current);
}

static ssize_t vdev_vfio_read(struct vfio_device *vfio, char __user *buf,
			      size_t count, loff_t *ppos)
{
	struct vdev *vdev = to_front(vfio)->vdev;
	struct access access;
	ssize_t done = 0;
	u64 value;

	while (count) {
		if (!find_access(vdev, *ppos, count, &access))
			return done ?: -EINVAL;
		value = vdev_access_read(vdev, access.region, access.offset,
					 access.width);
		if (value_to_user(buf + done, value, access.width))
			return done ?: -EFAULT;
		count -= access.width;
		done += access.width;
		*ppos += access.width;
		if (interrupted(done))
			break;
	}
	return done;
}

static ssize_t vdev_vfio_write(struct vfio_device *vfio,
			       const char __user *buf, size_t count,
			       loff_t *ppos)
{
	struct vdev *vdev = to_front(vfio)->vdev;
	struct access access;
	ssize_t done = 0;
	u64 value;
	int ret;

	while (count) {
		if (!find_access(vdev, *ppos, count, &access))
			return done ?: -EINVAL;
		if (value_from_user(&value, buf + done, access.width))
			return done ?: -EFAULT;
		ret = vdev_access_write(vdev, access.region, access.offset,
					access.width, value);
		if (unlikely(ret))
			return done ?: ret;
		count -= access.width;
		done += access.width;
		*ppos += access.width;
		if (interrupted(done))
			break;
	}
	return done;
}

/* ioctls */

static long get_info(struct vdev *vdev, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info = { };

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	/* no capabilities: say so to those who know the field */
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VDEV_NUM_REGIONS;
	info.num_irqs = VDEV_NUM_IRQS;
	return copy_to_user(arg, &info, min_t(size_t, info.argsz,
					      sizeof(info))) ? -EFAULT : 0;
}

static bool covers(const struct vdev_bar *bar)
{
	return !bar->memory->offset && bar->memory->size == bar->size;
}

/* Which parts of a BAR can be mapped, where that is not all of it. */
static int add_sparse_cap(const struct vdev_bar *bar,
			  struct vfio_info_cap *caps)
{
	struct vfio_region_info_cap_sparse_mmap *sparse;
	const struct vdev_area *area;
	unsigned int nr = 0;
	size_t size;
	int ret;

	for (area = bar->memory; area->size; area++)
		nr++;
	size = struct_size(sparse, areas, nr);
	sparse = kzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!sparse)
		return -ENOMEM;
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = nr;
	while (nr--) {
		sparse->areas[nr].offset = bar->memory[nr].offset;
		sparse->areas[nr].size = bar->memory[nr].size;
	}
	ret = vfio_info_add_capability(caps, &sparse->header, size);
	kfree(sparse);
	return ret;
}

static int fill_region_info(struct vfio_device *vfio,
			    struct vfio_region_info *info,
			    struct vfio_info_cap *caps)
{
	struct vdev *vdev = to_front(vfio)->vdev;
	const struct vdev_bar *bar;

	if (info->index >= VDEV_NUM_REGIONS)
		return -EINVAL;
	info->size = vdev_region_size(vdev, info->index);
	info->offset = (u64)info->index << VDEV_REGION_SHIFT;
	info->flags = info->size ? VFIO_REGION_INFO_FLAG_READ : 0;
	info->cap_offset = 0;
	if (info->size && info->index != VDEV_REGION_ROM)
		info->flags |= VFIO_REGION_INFO_FLAG_WRITE;
	if (info->index >= PCI_STD_NUM_BARS)
		return 0;
	bar = &vdev->model->bars[array_index_nospec(info->index,
						    PCI_STD_NUM_BARS)];
	if (!bar->memory)
		return 0;
	info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	return covers(bar) ? 0 : add_sparse_cap(bar, caps);
}

static long get_irq_info(struct vdev *vdev, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VDEV_NUM_IRQS)
		return -EINVAL;
	info.count = vdev_irq_count(vdev, info.index);
	info.flags = info.count ? VFIO_IRQ_INFO_EVENTFD : 0;
	if (info.count && info.index == VDEV_IRQ_INTX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE |
			      VFIO_IRQ_INFO_AUTOMASKED;
	else if (info.count && info.index != VDEV_IRQ_MSIX)
		info.flags |= VFIO_IRQ_INFO_NORESIZE;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long set_irqs(struct vdev_vfio *front, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_irq_set, count);
	struct vfio_irq_set hdr;
	void *data = NULL;
	size_t data_size;
	int nr_irqs;
	long ret;

	if (copy_from_user(&hdr, arg, minsz))
		return -EFAULT;
	nr_irqs = vdev_irq_count(front->vdev, hdr.index);
	ret = vfio_set_irqs_validate_and_prepare(&hdr, nr_irqs, VDEV_NUM_IRQS,
						 &data_size);
	if (ret)
		return ret;
	if (data_size) {
		data = memdup_user(arg + minsz, data_size);
		if (IS_ERR(data))
			return PTR_ERR(data);
	}

	mutex_lock(&front->irq_gate);
	ret = vdev_set_irqs(front->vdev, hdr.flags, hdr.index, hdr.start,
			    hdr.count, data);
	mutex_unlock(&front->irq_gate);

	kfree(data);
	return ret;
}

static long vdev_vfio_ioctl(struct vfio_device *vfio, unsigned int cmd,
			    unsigned long arg)
{
	struct vdev_vfio *front = to_front(vfio);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(front->vdev, uarg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return compat_get_region_info(vfio, uarg, fill_region_info);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info(front->vdev, uarg);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(front, uarg);
	case VFIO_DEVICE_RESET:
		vdev_reset(front->vdev);
		return 0;
	default:
		return -ENOTTY;
	}
}

/* Life */

static int vdev_vfio_open(struct vfio_device *vfio)
{
	struct vdev_vfio *front = to_front(vfio);

	vdev_memory_open(front);
	vdev_open(front->vdev);
	vdev_migrate_open(front);
	return 0;
}

static void vdev_vfio_close(struct vfio_device *vfio)
{
	struct vdev_vfio *front = to_front(vfio);

	vdev_migrate_close(front);
	vdev_memory_track(front, false, false);
	mutex_lock(&front->irq_gate);
	vdev_close(front->vdev);
	mutex_unlock(&front->irq_gate);
	vdev_memory_close(front);
}

/* Called again every few seconds until the device is closed. */
static void vdev_vfio_request(struct vfio_device *vfio, unsigned int count)
{
	if (!vdev_request(to_front(vfio)->vdev) && !count)
		dev_notice(vfio->dev,
			   "its user takes no requests: removal waits until the device is closed\n");
}

static int vdev_vfio_init(struct vfio_device *vfio)
{
	struct vdev_vfio *front = to_front(vfio);

	mutex_init(&front->irq_gate);
	INIT_WORK(&front->alarm_work, alarm_work);
	INIT_WORK(&front->job_work, job_work);
	compat_hrtimer_setup(&front->alarm, alarm_expired, CLOCK_MONOTONIC,
			     HRTIMER_MODE_ABS);
	/* Left to registration, this could fail without creation failing. */
	return vfio_assign_device_set(vfio, vfio);
}

static void vdev_vfio_release(struct vfio_device *vfio)
{
	mutex_destroy(&to_front(vfio)->irq_gate);
}

static const struct vfio_device_ops vdev_vfio_ops = {
	.name		= "vfio-vdev",
	.init		= vdev_vfio_init,
	.release	= vdev_vfio_release,
	.open_device	= vdev_vfio_open,
	.close_device	= vdev_vfio_close,
	.read		= vdev_vfio_read,
	.write		= vdev_vfio_write,
	.mmap		= vdev_memory_mmap,
	.ioctl		= vdev_vfio_ioctl,
	.request	= vdev_vfio_request,
	.device_feature	= vdev_migrate_feature,
	COMPAT_VFIO_REGION_INFO_OP(fill_region_info)
	COMPAT_VFIO_IOMMUFD_EMULATED_OPS
};

/**
 * vdev_vfio_create() - make a device of a model, not registered with VFIO yet
 * @dev: what it hangs off, bound to a driver whose owner is the model's module
 * @family: the model's family
 * @model: one of its models
 *
 * Return: what vdev_vfio_destroy() ends, or ERR_PTR.
 */
struct vdev_vfio *vdev_vfio_create(struct device *dev,
				   const struct vdev_family *family,
				   const struct vdev_model *model)
{
	struct vdev_vfio *front;
	int ret;

	front = vfio_alloc_device(vdev_vfio, vfio, dev, &vdev_vfio_ops);
	if (IS_ERR(front))
		return front;
	ret = vdev_memory_init(front);
	if (ret)
		goto err_put;
	front->vdev = vdev_create(family, model, &vdev_vfio_front_ops, front);
	if (IS_ERR(front->vdev)) {
		ret = PTR_ERR(front->vdev);
		goto err_memory;
	}
	ret = vdev_migrate_init(front);
	if (ret)
		goto err_vdev;
	return front;

err_vdev:
	vdev_destroy(front->vdev);
err_memory:
	vdev_memory_destroy(front);
err_put:
	vfio_put_device(&front->vfio);
	return ERR_PTR(ret);
}

/**
 * vdev_vfio_destroy() - the end of a device that is not registered with VFIO
 * @front: the device
 *
 * The memory of @front may live on for as long as somebody holds a reference
 * on its struct device. The model's device does not: when this returns, the
 * model's module may go.
 */
void vdev_vfio_destroy(struct vdev_vfio *front)
{
	/* not open, so nothing sets the alarm again */
	hrtimer_cancel(&front->alarm);
	cancel_work_sync(&front->alarm_work);
	cancel_work_sync(&front->job_work);
	vdev_migrate_destroy(front);
	vdev_destroy(front->vdev);
	vdev_memory_destroy(front);
	vfio_put_device(&front->vfio);
}
