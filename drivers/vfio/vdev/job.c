// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Jobs, and the way to the user's memory.
 *
 * Access to the user's memory sleeps, takes locks of the IOMMU layer, and may
 * fault in memory of another device that waits for its own lock: so it is
 * never done under the device lock. A job runs outside of it, in a context of
 * the front from which the user's memory can be reached whoever caused the
 * job.
 *
 * A reset must not return while a job of before it can still write. It counts
 * up the device's epoch, which makes every access and every vdev_job_lock() of
 * an older job fail, and waits for the job that runs.
 */
#include <linux/errno.h>
#include <linux/overflow.h>

#include "vdev_private.h"

/* What an IOMMU maps is mapped in these, on every host we know. */
#define IOVA_PAGE		4096ULL

/*
 * What is asked of the front at once. Between two of these the device may have
 * been reset, or told not to be master any more.
 */
#define DMA_CHUNK		65536ULL

/**
 * vdev_job_init() - make a job known, once, in &vdev_ops.init
 * @vdev: the device
 * @job: the job, in the private data of @vdev
 * @fn: what to call when it is its turn
 *
 * Context: device lock held.
 */
void vdev_job_init(struct vdev *vdev, struct vdev_job *job,
		   void (*fn)(struct vdev *vdev, struct vdev_job *job))
{
	job->fn = fn;
	job->queued = false;
	INIT_LIST_HEAD(&job->entry);
	list_add_tail(&job->known, &vdev->known_jobs);
}
EXPORT_SYMBOL_GPL(vdev_job_init);

static bool may_run(const struct vdev *vdev)
{
	return !vdev->stopped && !vdev->quiesced;
}

/* Have the jobs that wait called, unless they are to wait. */
void vdev_jobs_kick(struct vdev *vdev)
{
	if (may_run(vdev) && !list_empty(&vdev->jobs))
		vdev->front->kick(vdev);
}

/**
 * vdev_job_queue() - have a job called soon
 * @vdev: the device
 * @job: one of its jobs; if it waits already it is called once for both
 *
 * A device's jobs are called one after the other. While the device is not
 * open, or a reset waits for a job, this does nothing: else a guest that keeps
 * on queueing could keep the reset waiting, and give the job that runs the
 * epoch of its next life. While the device is quiescent or stopped the job
 * waits, see vdev_quiesce().
 *
 * Context: device lock held.
 */
void vdev_job_queue(struct vdev *vdev, struct vdev_job *job)
{
	lockdep_assert_held(&vdev->lock);
	if (!vdev->opened || vdev->resets || job->queued)
		return;
	job->queued = true;
	job->epoch = vdev->epoch;
	list_add_tail(&job->entry, &vdev->jobs);
	vdev_jobs_kick(vdev);
}
EXPORT_SYMBOL_GPL(vdev_job_queue);

/**
 * vdev_job_lock() - take the device lock in a job
 * @vdev: the device
 * @job: the job that runs
 *
 * Context: in a job, without the device lock; sleeps.
 *
 * Return: true with the device lock held; false, without it, if the device has
 * been reset since the job was queued: the job must return.
 */
bool vdev_job_lock(struct vdev *vdev, struct vdev_job *job)
{
	lockdep_assert_held(&vdev->job_gate);
	mutex_lock(&vdev->lock);
	if (job->epoch == vdev->epoch)
		return true;
	mutex_unlock(&vdev->lock);
	return false;
}
EXPORT_SYMBOL_GPL(vdev_job_lock);

/**
 * vdev_job_unlock() - give back the device lock in a job
 * @vdev: the device
 * @job: the job that runs
 *
 * Context: in a job, after vdev_job_lock() returned true.
 */
void vdev_job_unlock(struct vdev *vdev, struct vdev_job *job)
{
	mutex_unlock(&vdev->lock);
}
EXPORT_SYMBOL_GPL(vdev_job_unlock);

static struct vdev_job *next_job(struct vdev *vdev)
{
	struct vdev_job *job = NULL;

	mutex_lock(&vdev->lock);
	if (may_run(vdev))
		job = list_first_entry_or_null(&vdev->jobs, struct vdev_job,
					       entry);
	if (job) {
		list_del_init(&job->entry);
		job->queued = false;
	}
	mutex_unlock(&vdev->lock);
	return job;
}

static unsigned int count_jobs(struct vdev *vdev)
{
	struct vdev_job *job;
	unsigned int nr = 0;

	mutex_lock(&vdev->lock);
	list_for_each_entry(job, &vdev->jobs, entry)
		nr++;
	mutex_unlock(&vdev->lock);
	return nr;
}

/**
 * vdev_run_jobs() - the front's answer to &vdev_front_ops.kick
 * @vdev: the device
 *
 * Runs the jobs that are queued. Of those that are queued meanwhile the front
 * is told again: a job that queues itself must not keep a front from its other
 * work.
 *
 * Context: process context, no locks held, &vdev_front_ops.dma works from
 * here. Calls for one device are serialised by this function.
 */
void vdev_run_jobs(struct vdev *vdev)
{
	struct vdev_job *job;
	unsigned int nr;

	mutex_lock(&vdev->job_gate);
	for (nr = count_jobs(vdev); nr && (job = next_job(vdev)); nr--)
		job->fn(vdev, job);
	mutex_unlock(&vdev->job_gate);
}
EXPORT_SYMBOL_GPL(vdev_run_jobs);

/* Wait for the job that runs. Called without the device lock. */
void vdev_jobs_wait(struct vdev *vdev)
{
	mutex_lock(&vdev->job_gate);
	mutex_unlock(&vdev->job_gate);
}

/* Forget the jobs that wait, and disown the one that runs. */
void vdev_jobs_drop(struct vdev *vdev)
{
	struct vdev_job *job, *next;

	lockdep_assert_held(&vdev->lock);
	vdev->epoch++;
	list_for_each_entry_safe(job, next, &vdev->jobs, entry) {
		list_del_init(&job->entry);
		job->queued = false;
	}
}

/* May the job access the user's memory right now? */
static int dma_allowed(struct vdev *vdev, struct vdev_job *job)
{
	int ret;

	if (!vdev_job_lock(vdev, job))
		return -ECANCELED;
	ret = vdev_masters(vdev) ? 0 : -EPERM;
	vdev_job_unlock(vdev, job);
	return ret;
}

/* How much of @len bytes at @iova lies in one block of @size bytes. */
static size_t within(u64 iova, size_t len, u64 size)
{
	return min_t(u64, len, size - (iova & (size - 1)));
}

/*
 * An access that failed does not say how far it got, and in the kernel what it
 * did write is not marked dirty. So again, until a page fails; without asking
 * for permission, since some of it may be done already.
 */
static int dma_by_pages(struct vdev *vdev, u64 iova, void *buf, size_t len,
			bool write)
{
	size_t chunk;
	int ret = 0;

	for (; len && !ret; len -= chunk, iova += chunk, buf += chunk) {
		chunk = within(iova, len, IOVA_PAGE);
		ret = vdev->front->dma(vdev, iova, buf, chunk, write);
	}
	return ret;
}

static int dma(struct vdev *vdev, struct vdev_job *job, u64 iova, void *buf,
	       size_t len, bool write)
{
	size_t chunk;
	u64 last;
	int ret;

	if (len && check_add_overflow(iova, (u64)len - 1, &last))
		return -EFAULT;
	for (; len; len -= chunk, iova += chunk, buf += chunk) {
		chunk = within(iova, len, DMA_CHUNK);
		ret = dma_allowed(vdev, job);
		if (ret)
			return ret;
		ret = vdev->front->dma(vdev, iova, buf, chunk, write);
		if (ret && chunk > within(iova, len, IOVA_PAGE))
			ret = dma_by_pages(vdev, iova, buf, chunk, write);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * vdev_dma_read() - read the user's memory
 * @vdev: the device
 * @job: the job that runs
 * @iova: address as the device sees it
 * @buf: what is read
 * @len: bytes
 *
 * Context: in a job, without the device lock; sleeps.
 *
 * Return: 0; -EPERM while the device may not be bus master (COMMAND.MASTER, D0;
 * PCI 6.2.2); -EFAULT where nothing is mapped for reading: what comes before
 * that in @buf is valid, what comes after it is anything; -ECANCELED if the
 * device has been reset since the job was queued. What is under way when the
 * guest ends the device's mastery is done, at most 64 KiB, before the guest's
 * write returns.
 */
int vdev_dma_read(struct vdev *vdev, struct vdev_job *job, u64 iova, void *buf,
		  size_t len)
{
	return dma(vdev, job, iova, buf, len, false);
}
EXPORT_SYMBOL_GPL(vdev_dma_read);

/**
 * vdev_dma_write() - write the user's memory
 * @vdev: the device
 * @job: the job that runs
 * @iova: address as the device sees it
 * @buf: what to write
 * @len: bytes
 *
 * Context: in a job, without the device lock; sleeps.
 *
 * Return: as vdev_dma_read(); what lies before an unmapped page is written.
 */
int vdev_dma_write(struct vdev *vdev, struct vdev_job *job, u64 iova,
		   const void *buf, size_t len)
{
	return dma(vdev, job, iova, (void *)buf, len, true);
}
EXPORT_SYMBOL_GPL(vdev_dma_write);
