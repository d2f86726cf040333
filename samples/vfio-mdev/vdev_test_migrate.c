// SPDX-License-Identifier: GPL-2.0-only
/*
 * vdev_test's rules of migration: between the VFIO core and the migration engine
 * are these functions, while a device is open that breaks one.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <uapi/linux/vfio_mig_stream.h>

#include "../../drivers/vfio/compat.h"
#include "../../drivers/vfio/vdev/vdev_front.h"
#include "vdev_test.h"
#include "vdev_test_migrate.h"

#define FIRST_FILE_RULE		VDEV_TEST_MIG_ENOMSG
#define NR_FILE_RULES		(VDEV_TEST_MIG_FILE_RESET + 1 - FIRST_FILE_RULE)

/*
 * The operations of a data file under each rule; and the engine's, the same for
 * all files of a rule, since each concerns either saving or resuming.
 */
static const struct file_operations broken_fops[NR_FILE_RULES];
static const struct file_operations *intact_fops[NR_FILE_RULES];
/* protects the setting of these and of intact_ops, and what is in use of them */
static DEFINE_MUTEX(migrate_lock);

/* The engine's operations, the same for all devices; set with the first. */
static struct vfio_migration_ops intact_ops;

/* Whether the device of %VDEV_TEST_MIG_REOPEN was stopped when it was closed. */
static bool closed_stopped;

static struct vdev_vfio *to_front(struct vfio_device *vfio)
{
	return container_of(vfio, struct vdev_vfio, vfio);
}

static enum vdev_test_rule rule_of(struct vfio_device *vfio)
{
	return vdev_test_rule(to_front(vfio)->vdev);
}

static bool breaks(const struct file *file, enum vdev_test_rule rule)
{
	return file->f_op == &broken_fops[rule - FIRST_FILE_RULE];
}

static const struct file_operations *intact_of(const struct file *file)
{
	return intact_fops[file->f_op - broken_fops];
}

/* Saving */

static ssize_t broken_read(struct file *file, char __user *buf, size_t count,
			   loff_t *ppos)
{
	ssize_t ret;

	if (breaks(file, VDEV_TEST_MIG_READ_SHORT) && count > 1)
		count--;
	ret = intact_of(file)->read(file, buf, count, ppos);
	if (breaks(file, VDEV_TEST_MIG_ENOMSG) && ret == -ENOMSG)
		return 0;
	if (breaks(file, VDEV_TEST_MIG_FILE_RESET) && ret < 0 &&
	    ret != -ENOMSG)
		return clear_user(buf, count) ? -EFAULT : count;
	return ret;
}

static long broken_precopy_info(struct file *file, void __user *arg, long ret)
{
	static atomic_t asked;
	struct vfio_precopy_info info = { .argsz = sizeof(info) };

	if (breaks(file, VDEV_TEST_MIG_PRECOPY_INFO) && ret == -EINVAL)
		return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
	if (!breaks(file, VDEV_TEST_MIG_INITIAL_GROWS) || ret)
		return ret;
	if (copy_from_user(&info, arg, sizeof(info)))
		return -EFAULT;
	info.initial_bytes += atomic_inc_return(&asked) * 4096ULL;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long broken_ioctl(struct file *file, unsigned int cmd,
			 unsigned long arg)
{
	long ret = intact_of(file)->unlocked_ioctl(file, cmd, arg);

	if (cmd != VFIO_MIG_GET_PRECOPY_INFO)
		return ret;
	return broken_precopy_info(file, (void __user *)arg, ret);
}

/* Resuming */

/* How far the stream has come that %VDEV_TEST_MIG_TRAILING lets pass. */
static struct {
	u64 left;		/* of a header or payload */
	u8 head[sizeof(struct vfio_mig_record)];
	unsigned int have;	/* of @head */
	bool last;
} follow;

static void follow_begin(void)
{
	memset(&follow, 0, sizeof(follow));
	follow.left = sizeof(struct vfio_mig_header);
}

static void follow_record(void)
{
	const struct vfio_mig_record *record = (void *)follow.head;

	follow.have = 0;
	follow.left = le32_to_cpu(record->length) + sizeof(__le32);
	follow.last = le16_to_cpu(record->type) == VFIO_MIG_END;
}

/* How many of @count bytes belong to the stream. */
static size_t follow_part(const char __user *buf, size_t count)
{
	size_t at = 0, part;

	while (at < count && (follow.left || !follow.last)) {
		part = min_t(u64, follow.left, count - at);
		follow.left -= part;
		at += part;
		if (follow.left || at == count || follow.last)
			continue;
		if (get_user(follow.head[follow.have], (u8 __user *)buf + at))
			break;
		at++;
		if (++follow.have == sizeof(follow.head))
			follow_record();
	}
	return at;
}

static ssize_t broken_write(struct file *file, const char __user *buf,
			    size_t count, loff_t *ppos)
{
	size_t part = count;
	ssize_t ret;

	if (breaks(file, VDEV_TEST_MIG_TRAILING))
		part = follow_part(buf, count);
	ret = part ? intact_of(file)->write(file, buf, part, ppos) : 0;
	if (ret == part ||
	    (breaks(file, VDEV_TEST_MIG_BAD_STREAM) && ret < 0))
		return count;
	return ret;
}

/* Both */

static __poll_t broken_poll(struct file *file, poll_table *table)
{
	return intact_of(file)->poll(file, table);
}

static int broken_release(struct inode *inode, struct file *file)
{
	return intact_of(file)->release(inode, file);
}

static const struct file_operations broken_fops[NR_FILE_RULES] = {
	[0 ... NR_FILE_RULES - 1] = {
		.owner		= THIS_MODULE,
		.read		= broken_read,
		.write		= broken_write,
		.poll		= broken_poll,
		.unlocked_ioctl	= broken_ioctl,
		.compat_ioctl	= compat_ptr_ioctl,
		.release	= broken_release,
	},
};

/* States */

static bool of_a_file(enum vdev_test_rule rule)
{
	return rule >= FIRST_FILE_RULE &&
	       rule < FIRST_FILE_RULE + NR_FILE_RULES;
}

static void break_file(struct file *file, enum vdev_test_rule rule)
{
	bool resuming = rule == VDEV_TEST_MIG_BAD_STREAM ||
			rule == VDEV_TEST_MIG_TRAILING;
	unsigned int nr = rule - FIRST_FILE_RULE;

	if (resuming != !!file->f_op->write)
		return;
	mutex_lock(&migrate_lock);
	intact_fops[nr] = file->f_op;
	mutex_unlock(&migrate_lock);
	follow_begin();
	replace_fops(file, fops_get(&broken_fops[nr]));
}

static struct file *broken_set_state(struct vfio_device *vfio,
				     enum vfio_device_mig_state state)
{
	enum vdev_test_rule rule = rule_of(vfio);
	enum vfio_device_mig_state before;
	struct file *file;

	intact_ops.migration_get_state(vfio, &before);
	file = intact_ops.migration_set_state(vfio, state);
	if (rule == VDEV_TEST_MIG_BAD_STREAM && IS_ERR(file) &&
	    before == VFIO_DEVICE_STATE_RESUMING)
		return NULL;
	if (!IS_ERR_OR_NULL(file))
		break_file(file, rule);
	return file;
}

static int __maybe_unused broken_data_size(struct vfio_device *vfio,
					   unsigned long *length)
{
	*length = 0;
	return 0;
}

/**
 * vdev_test_break_migration() - a device is opened
 * @front: the device, open
 */
void vdev_test_break_migration(struct vdev_vfio *front)
{
	enum vdev_test_rule rule = vdev_test_rule(front->vdev);

	if (!front->migrates)
		return;
	mutex_lock(&migrate_lock);
	intact_ops = front->mig.mig_ops;
	mutex_unlock(&migrate_lock);
	if (rule == VDEV_TEST_MIG_REOPEN && closed_stopped)
		intact_ops.migration_set_state(&front->vfio,
					       VFIO_DEVICE_STATE_STOP);
	closed_stopped = false;
	if (of_a_file(rule))
		front->mig.mig_ops.migration_set_state = broken_set_state;
#ifdef HAVE_VFIO_MIG_DATA_SIZE
	if (rule == VDEV_TEST_MIG_DATA_SIZE)
		front->mig.mig_ops.migration_get_data_size = broken_data_size;
#endif
}

/**
 * vdev_test_mend_migration() - a device is being closed
 * @front: the device, still open
 */
void vdev_test_mend_migration(struct vdev_vfio *front)
{
	enum vfio_device_mig_state state = VFIO_DEVICE_STATE_RUNNING;

	if (!front->migrates)
		return;
	front->mig.mig_ops = intact_ops;
	intact_ops.migration_get_state(&front->vfio, &state);
	closed_stopped = state != VFIO_DEVICE_STATE_RUNNING;
}

/**
 * vdev_test_migration_feature() - a feature, of the migration engine or not
 * @front: the device
 * @intact: the device core's operation
 * @flags: as handed to &vfio_device_ops.device_feature
 * @arg: likewise
 * @argsz: likewise
 *
 * The engine knows its devices by the operations that may be broken.
 *
 * Return: what @intact does.
 */
int vdev_test_migration_feature(struct vdev_vfio *front,
				const struct vfio_device_ops *intact,
				u32 flags, void __user *arg, size_t argsz)
{
	struct vfio_device_feature_mig_data_size size = { };
	enum vdev_test_rule rule = vdev_test_rule(front->vdev);
	struct vfio_migration_ops broken;
	int ret;

	if (!front->migrates || !of_a_file(rule))
		return intact->device_feature(&front->vfio, flags, arg, argsz);
	mutex_lock(&migrate_lock);
	broken = front->mig.mig_ops;
	front->mig.mig_ops = intact_ops;
	ret = intact->device_feature(&front->vfio, flags, arg, argsz);
	front->mig.mig_ops = broken;
	mutex_unlock(&migrate_lock);
	if (ret || rule != VDEV_TEST_MIG_DATA_SIZE ||
	    (flags & VFIO_DEVICE_FEATURE_MASK) !=
		    VFIO_DEVICE_FEATURE_MIG_DATA_SIZE ||
	    !(flags & VFIO_DEVICE_FEATURE_GET))
		return ret;
	return copy_to_user(arg, &size, sizeof(size)) ? -EFAULT : 0;
}

/**
 * vdev_test_after_reset() - the device was reset
 * @front: the device
 */
void vdev_test_after_reset(struct vdev_vfio *front)
{
	if (front->migrates &&
	    vdev_test_rule(front->vdev) == VDEV_TEST_MIG_RESET_STOP)
		intact_ops.migration_set_state(&front->vfio,
					       VFIO_DEVICE_STATE_STOP);
}
