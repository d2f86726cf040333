// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data files: a session's bytes and the user's pointers.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "../compat.h"
#include "front.h"
#include "trace.h"

/* After each piece let others run, and those who want to kill have their way. */
static int pause_after(size_t at)
{
	if (!at)
		return 0;
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static int to_user(void *context, size_t at, void *data, size_t len)
{
	char __user *buf = (char __user *)context;

	return pause_after(at) ?:
	       copy_to_user(buf + at, data, len) ? -EFAULT : 0;
}

static int from_user(void *context, size_t at, void *data, size_t len)
{
	const char __user *buf = (const char __user *)context;

	return pause_after(at) ?:
	       copy_from_user(data, buf + at, len) ? -EFAULT : 0;
}

static ssize_t data_read(struct file *file, char __user *buf, size_t count,
			 loff_t *ppos)
{
	struct vmig_session *session = file->private_data;
	ssize_t ret;

	ret = vmig_session_read(session, count, to_user, (__force void *)buf);
	trace_vmig_data(session_file(session)->name, true, count, ret);
	return ret;
}

static ssize_t data_write(struct file *file, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	struct vmig_session *session = file->private_data;
	ssize_t ret;

	ret = vmig_session_write(session, count, from_user,
				 (__force void *)buf);
	trace_vmig_data(session_file(session)->name, false, count, ret);
	return ret;
}

static __poll_t data_poll(struct file *file, poll_table *table)
{
	struct vmig_session *session = file->private_data;
	unsigned int events;
	__poll_t mask = 0;

	poll_wait(file, &session_file(session)->wait, table);
	events = vmig_session_poll(session);
	if (events & VMIG_POLL_READ)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (events & VMIG_POLL_WRITE)
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (events & VMIG_POLL_GONE)
		mask |= EPOLLERR | EPOLLHUP;
	return mask;
}

static long precopy_info(struct vmig_session *session, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_precopy_info, dirty_bytes);
	struct vfio_precopy_info info;
	struct vmig_precopy sizes;
	int ret;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	ret = vmig_session_precopy(session, &sizes);
	if (ret)
		return ret;
	info.flags = sizes.reinit ? VFIO_PRECOPY_INFO_REINIT : 0;
	info.initial_bytes = sizes.initial_bytes;
	info.dirty_bytes = sizes.dirty_bytes;
	if (copy_to_user(arg, &info, minsz))
		return -EFAULT;
	if (sizes.reinit)
		vmig_session_told(session, sizes.restarts);
	return 0;
}

static long data_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != VFIO_MIG_GET_PRECOPY_INFO)
		return -ENOTTY;
	return precopy_info(file->private_data, (void __user *)arg);
}

static int data_release(struct inode *inode, struct file *file)
{
	vmig_session_put(file->private_data);
	return 0;
}

static const struct file_operations saving_fops = {
	.owner		= THIS_MODULE,
	.read		= data_read,
	.poll		= data_poll,
	.unlocked_ioctl	= data_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.release	= data_release,
};

static const struct file_operations resuming_fops = {
	.owner		= THIS_MODULE,
	.write		= data_write,
	.poll		= data_poll,
	.unlocked_ioctl	= data_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.release	= data_release,
};

int vmig_vfio_attach(struct vmig *vmig, struct vmig_session *session)
{
	struct vmig_vfio_file *data = session_file(session);
	struct vmig_vfio *mig = to_vmig_vfio(vmig);
	struct file *file;

	init_waitqueue_head(&data->wait);
	strscpy(data->name, dev_name(mig->vfio->dev), sizeof(data->name));
	if (session->reads)
		file = anon_inode_getfile("[vmig-saving]", &saving_fops,
					  session, O_RDONLY);
	else
		file = anon_inode_getfile("[vmig-resuming]", &resuming_fops,
					  session, O_WRONLY);
	if (IS_ERR(file))
		return PTR_ERR(file);
	vmig_session_get(session);
	stream_open(file_inode(file), file);
	data->file = file;
	spin_lock_irq(&mig->wait_lock);
	mig->file = data;
	spin_unlock_irq(&mig->wait_lock);
	trace_vmig_file(data->name, session->reads, true, 0);
	return 0;
}

static void wait_no_more(struct vmig *vmig, struct vmig_session *session)
{
	struct vmig_vfio_file *data = session_file(session);
	struct vmig_vfio *mig = to_vmig_vfio(vmig);

	spin_lock_irq(&mig->wait_lock);
	mig->file = NULL;
	spin_unlock_irq(&mig->wait_lock);
	trace_vmig_file(data->name, session->reads, false, session->bytes);
}

void vmig_vfio_detach(struct vmig *vmig, struct vmig_session *session)
{
	wait_no_more(vmig, session);
	fput(session_file(session)->file);
}

void vmig_vfio_ended(struct vmig *vmig, struct vmig_session *session)
{
	wait_no_more(vmig, session);
	wake_up_poll(&session_file(session)->wait,
		     EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP);
}

void vmig_vfio_news(struct vmig *vmig)
{
	struct vmig_vfio *mig = to_vmig_vfio(vmig);
	unsigned long flags;

	spin_lock_irqsave(&mig->wait_lock, flags);
	if (mig->file)
		wake_up_poll(&mig->file->wait, EPOLLIN | EPOLLRDNORM);
	spin_unlock_irqrestore(&mig->wait_lock, flags);
}
