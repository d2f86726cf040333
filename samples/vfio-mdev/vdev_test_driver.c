// SPDX-License-Identifier: GPL-2.0-only
/*
 * vdev_test's rules of the device file: whoever opens the device talks to these
 * operations, which pass everything on to the device core's, and do one thing
 * wrong on the way.
 */
#include <linux/bitmap.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/vmalloc.h>

#include "../../drivers/vfio/vdev/vdev_front.h"
#include "vdev_test.h"
#include "vdev_test_migrate.h"

/*
 * The core's operations, and what is put in their place. Both are the same for
 * all devices, and set with the first.
 */
static const struct vfio_device_ops *intact;
static struct vfio_device_ops broken;
static DEFINE_MUTEX(broken_lock);	/* protects the setting of both */

static struct vdev_vfio *to_front(struct vfio_device *vfio)
{
	return container_of(vfio, struct vdev_vfio, vfio);
}

static enum vdev_test_rule rule_of(struct vfio_device *vfio)
{
	return vdev_test_rule(to_front(vfio)->vdev);
}

/* Regions */

static ssize_t broken_read(struct vfio_device *vfio, char __user *buf,
			   size_t count, loff_t *ppos)
{
	enum vdev_test_rule rule = rule_of(vfio);
	ssize_t ret;

	if (rule == VDEV_TEST_READ_SHORT && count > 1)
		count--;
	ret = intact->read(vfio, buf, count, ppos);
	if (rule == VDEV_TEST_READ_BEYOND && ret == -EINVAL)
		return clear_user(buf, count) ? -EFAULT : count;
	return ret;
}

static ssize_t broken_write(struct vfio_device *vfio, const char __user *buf,
			    size_t count, loff_t *ppos)
{
	enum vdev_test_rule rule = rule_of(vfio);
	ssize_t ret;

	if (rule == VDEV_TEST_WRITE_DROPPED)
		return count;
	ret = intact->write(vfio, buf, count, ppos);
	if (rule == VDEV_TEST_WRITE_BEYOND && ret == -EINVAL)
		return count;
	return ret;
}

/* A page that is nobody's device memory; as a module's data it is vmalloc'ed. */
static u8 other_page[PAGE_SIZE] __page_aligned_bss;

static vm_fault_t other_fault(struct vm_fault *vmf)
{
	return vmf_insert_pfn(vmf->vma, vmf->address,
			      vmalloc_to_pfn(other_page));
}

static const struct vm_operations_struct other_vm_ops = {
	.fault = other_fault,
};

static int broken_mmap(struct vfio_device *vfio, struct vm_area_struct *vma)
{
	enum vdev_test_rule rule = rule_of(vfio);
	int ret = intact->mmap(vfio, vma);

	if (!ret && rule == VDEV_TEST_MMAP_OTHER)
		vma->vm_ops = &other_vm_ops;
	return rule == VDEV_TEST_MMAP_ANYTHING ? 0 : ret;
}

static int break_region_info(enum vdev_test_rule rule, int ret,
			     struct vfio_region_info *info)
{
	switch (rule) {
	case VDEV_TEST_REGION_BEYOND:
		return 0;
	case VDEV_TEST_REGION_OVERLAP:
		info->offset = 0;
		break;
	case VDEV_TEST_REGION_SIZE:
		info->size *= 2;
		break;
	case VDEV_TEST_REGION_FLAGS:
		info->flags &= ~VFIO_REGION_INFO_FLAG_READ;
		break;
	default:
		break;
	}
	return ret;
}

#ifdef HAVE_VFIO_REGION_INFO_CAPS
static int broken_region_info(struct vfio_device *vfio,
			      struct vfio_region_info *info,
			      struct vfio_info_cap *caps)
{
	int ret = intact->get_region_info_caps(vfio, info, caps);

	return break_region_info(rule_of(vfio), ret, info);
}
#endif

/* ioctls */

static long break_info(enum vdev_test_rule rule, long ret, void __user *arg)
{
	struct vfio_device_info info;
	size_t size = offsetofend(struct vfio_device_info, num_irqs);

	if (copy_from_user(&info, arg, size))
		return ret;
	switch (rule) {
	case VDEV_TEST_INFO_ARGSZ:
		return 0;
	case VDEV_TEST_INFO_PCI:
		info.flags &= ~VFIO_DEVICE_FLAGS_PCI;
		break;
	case VDEV_TEST_INFO_RESET:
		info.flags &= ~VFIO_DEVICE_FLAGS_RESET;
		break;
	case VDEV_TEST_INFO_REGIONS:
		info.num_regions++;
		break;
	case VDEV_TEST_INFO_IRQS:
		info.num_irqs++;
		break;
	default:
		return ret;
	}
	return copy_to_user(arg, &info, size) ? -EFAULT : ret;
}

static long break_region_ioctl(enum vdev_test_rule rule, long ret,
			       void __user *arg)
{
	struct vfio_region_info info;
	size_t size = offsetofend(struct vfio_region_info, offset);

	if (copy_from_user(&info, arg, size))
		return ret;
	ret = break_region_info(rule, ret, &info);
	return copy_to_user(arg, &info, size) ? -EFAULT : ret;
}

static long break_irq_info(enum vdev_test_rule rule, long ret,
			   void __user *arg)
{
	struct vfio_irq_info info;
	size_t size = offsetofend(struct vfio_irq_info, count);

	if (copy_from_user(&info, arg, size))
		return ret;
	switch (rule) {
	case VDEV_TEST_IRQ_BEYOND:
		return 0;
	case VDEV_TEST_IRQ_COUNT:
		info.count++;
		break;
	case VDEV_TEST_IRQ_EVENTFD:
		info.flags &= ~VFIO_IRQ_INFO_EVENTFD;
		break;
	default:
		return ret;
	}
	return copy_to_user(arg, &info, size) ? -EFAULT : ret;
}

/* Is this one of those requests that the device only says it did? */
static bool irqs_skipped(enum vdev_test_rule rule,
			 const struct vfio_irq_set *set)
{
	u32 data = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;

	if (rule == VDEV_TEST_IRQS_UNBOUND)
		return data == VFIO_IRQ_SET_DATA_EVENTFD;
	return rule == VDEV_TEST_IRQS_KEPT &&
	       data == VFIO_IRQ_SET_DATA_NONE && !set->count;
}

static long broken_set_irqs(struct vfio_device *vfio, enum vdev_test_rule rule,
			    unsigned long arg)
{
	const size_t size = offsetofend(struct vfio_irq_set, count);
	void __user *uarg = (void __user *)arg;
	struct vfio_irq_set set;
	long ret;

	if (copy_from_user(&set, uarg, size))
		return -EFAULT;
	if (irqs_skipped(rule, &set))
		return 0;
	ret = intact->ioctl(vfio, VFIO_DEVICE_SET_IRQS, arg);
	if (rule == VDEV_TEST_IRQS_ARGSZ && set.argsz < size)
		return 0;
	if (rule == VDEV_TEST_IRQS_RANGE && ret == -EINVAL)
		return 0;
	return ret;
}

static long broken_reset(struct vfio_device *vfio, enum vdev_test_rule rule)
{
	long ret;

	if (rule == VDEV_TEST_RESET_IGNORED)
		return 0;
	if (rule == VDEV_TEST_RESET_REFUSED)
		return -EIO;
	ret = intact->ioctl(vfio, VFIO_DEVICE_RESET, 0);
	vdev_test_after_reset(to_front(vfio));
	return ret;
}

/* What is no rule, but for tests too */

static long take_dirty(struct vdev_vfio *front, void __user *arg)
{
	DECLARE_BITMAP(bits, VDEV_TEST_DIRTY_MAX);
	struct vdev_test_dirty dirty;

	if (copy_from_user(&dirty, arg, sizeof(dirty)))
		return -EFAULT;
	if (dirty.bar >= PCI_STD_NUM_BARS || !dirty.nr ||
	    dirty.nr > VDEV_TEST_DIRTY_MAX ||
	    dirty.first > VDEV_MAX_BAR >> PAGE_SHIFT)
		return -EINVAL;
	bitmap_zero(bits, VDEV_TEST_DIRTY_MAX);
	vdev_memory_take_dirty(front, dirty.bar, dirty.first, dirty.nr, bits);
	bitmap_to_arr64(dirty.dirty, bits, VDEV_TEST_DIRTY_MAX);
	return copy_to_user(arg, &dirty, sizeof(dirty)) ? -EFAULT : 0;
}

static long restart(struct vdev_vfio *front)
{
	if (!front->migrates)
		return -ENOTTY;
	vmig_restart(&front->mig.vmig);
	return 0;
}

static long broken_ioctl(struct vfio_device *vfio, unsigned int cmd,
			 unsigned long arg)
{
	enum vdev_test_rule rule = rule_of(vfio);
	void __user *uarg = (void __user *)arg;
	long ret;

	if (cmd == VFIO_DEVICE_SET_IRQS)
		return broken_set_irqs(vfio, rule, arg);
	if (cmd == VFIO_DEVICE_RESET)
		return broken_reset(vfio, rule);
	if (cmd == VDEV_TEST_DIRTY)
		return take_dirty(to_front(vfio), uarg);
	if (cmd == VDEV_TEST_TRACK) {
		vdev_memory_track(to_front(vfio), arg, false);
		return 0;
	}
	if (cmd == VDEV_TEST_RESTART)
		return restart(to_front(vfio));

	ret = intact->ioctl(vfio, cmd, arg);
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return break_info(rule, ret, uarg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return break_region_ioctl(rule, ret, uarg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return break_irq_info(rule, ret, uarg);
	default:
		return rule == VDEV_TEST_IOCTL_UNKNOWN ? 0 : ret;
	}
}

static int broken_feature(struct vfio_device *vfio, u32 flags,
			  void __user *arg, size_t argsz)
{
	if (rule_of(vfio) == VDEV_TEST_FEATURE_UNKNOWN)
		return 0;
	if (!intact->device_feature)
		return -ENOTTY;
	return vdev_test_migration_feature(to_front(vfio), intact, flags, arg,
					   argsz);
}

static int broken_open(struct vfio_device *vfio)
{
	int ret = intact->open_device(vfio);

	if (!ret)
		vdev_test_break_migration(to_front(vfio));
	return ret;
}

static void broken_close(struct vfio_device *vfio)
{
	vdev_test_mend_migration(to_front(vfio));
	intact->close_device(vfio);
}

static void broken_request(struct vfio_device *vfio, unsigned int count)
{
	if (rule_of(vfio) != VDEV_TEST_REQUEST_SILENT)
		intact->request(vfio, count);
}

/* Called before the device is registered with VFIO. */
void vdev_test_interpose(struct vdev *vdev)
{
	struct vdev_vfio *front = vdev->front_data;

	mutex_lock(&broken_lock);
	if (!intact) {
		intact = front->vfio.ops;
		broken = *intact;
		broken.open_device = broken_open;
		broken.close_device = broken_close;
		broken.read = broken_read;
		broken.write = broken_write;
		broken.mmap = broken_mmap;
		broken.ioctl = broken_ioctl;
		broken.device_feature = broken_feature;
		broken.request = broken_request;
#ifdef HAVE_VFIO_REGION_INFO_CAPS
		broken.get_region_info_caps = broken_region_info;
#endif
	}
	mutex_unlock(&broken_lock);
	front->vfio.ops = &broken;
}

/* The VFIO device may outlive this module. */
void vdev_test_withdraw(struct vdev *vdev)
{
	struct vdev_vfio *front = vdev->front_data;

	front->vfio.ops = intact;
}
