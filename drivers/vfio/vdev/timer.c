// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Timers of a model.
 *
 * A front offers one alarm and a clock. The core keeps the model's timers and
 * has the alarm stand at the earliest of them. Models have few timers, so a
 * list is walked.
 */
#include <linux/overflow.h>

#include "vdev_private.h"

static struct vdev_timer *earliest(struct vdev *vdev)
{
	struct vdev_timer *timer, *first = NULL;

	list_for_each_entry(timer, &vdev->timers, entry)
		if (timer->deadline &&
		    (!first || timer->deadline < first->deadline))
			first = timer;
	return first;
}

/*
 * An alarm that stands earlier than it need is left there: one call that finds
 * nothing to do is cheaper than moving the alarm whenever a model starts to
 * wait anew.
 */
static void set_alarm(struct vdev *vdev)
{
	struct vdev_timer *first = earliest(vdev);

	if (!first || first->deadline >= vdev->alarm)
		return;
	vdev->alarm = first->deadline;
	vdev->front->alarm(vdev, vdev->alarm);
}

/* From now on @timer->deadline is a time, and no more a delay. */
static void start(struct vdev *vdev, struct vdev_timer *timer)
{
	if (check_add_overflow(vdev->front->now(vdev), timer->deadline,
			       &timer->deadline))
		timer->deadline = VDEV_TIME_NEVER - 1;
}

/**
 * vdev_timer_init() - make a timer known, once, in &vdev_ops.init
 * @vdev: the device
 * @timer: the timer, in the private data of @vdev
 * @fn: what to call when its time has come
 *
 * Context: device lock held.
 */
void vdev_timer_init(struct vdev *vdev, struct vdev_timer *timer,
		     void (*fn)(struct vdev *vdev, struct vdev_timer *timer))
{
	timer->fn = fn;
	timer->deadline = 0;
	list_add_tail(&timer->entry, &vdev->timers);
}
EXPORT_SYMBOL_GPL(vdev_timer_init);

/**
 * vdev_timer_set() - have a timer called @delay_ns from now
 * @vdev: the device
 * @timer: one of its timers; a time set before is forgotten
 * @delay_ns: nanoseconds, 0 counts as 1; how much later than that it is called
 *	depends on the front
 *
 * While the device is not open this does nothing: nobody could notice, and a
 * device must be able to go without waiting for its timers. While it is
 * stopped no time passes, see vdev_stop().
 *
 * Context: device lock held.
 */
void vdev_timer_set(struct vdev *vdev, struct vdev_timer *timer, u64 delay_ns)
{
	lockdep_assert_held(&vdev->lock);
	if (!vdev->opened)
		return;
	/* at least 1: a timer that sets itself lets others have their turn */
	timer->deadline = max_t(u64, delay_ns, 1);
	if (vdev->stopped)
		return;
	start(vdev, timer);
	set_alarm(vdev);
}
EXPORT_SYMBOL_GPL(vdev_timer_set);

/**
 * vdev_timer_cancel() - forget the time set for a timer
 * @vdev: the device
 * @timer: one of its timers, set or not
 *
 * Context: device lock held. Since @fn runs under it too, the timer is not
 * called after this.
 */
void vdev_timer_cancel(struct vdev *vdev, struct vdev_timer *timer)
{
	lockdep_assert_held(&vdev->lock);
	timer->deadline = 0;
}
EXPORT_SYMBOL_GPL(vdev_timer_cancel);

static void stop_alarm(struct vdev *vdev)
{
	vdev->alarm = VDEV_TIME_NEVER;
	vdev->front->alarm(vdev, VDEV_TIME_NEVER);
}

void vdev_timers_clear(struct vdev *vdev)
{
	struct vdev_timer *timer;

	list_for_each_entry(timer, &vdev->timers, entry)
		timer->deadline = 0;
	stop_alarm(vdev);
}

/* What is left of each timer is kept, at least 1: it has yet to be called. */
void vdev_timers_park(struct vdev *vdev)
{
	u64 now = vdev->front->now(vdev);
	struct vdev_timer *timer;

	list_for_each_entry(timer, &vdev->timers, entry) {
		if (!timer->deadline)
			continue;
		timer->deadline = timer->deadline > now ?
				  timer->deadline - now : 1;
	}
	stop_alarm(vdev);
}

void vdev_timers_unpark(struct vdev *vdev)
{
	struct vdev_timer *timer;

	list_for_each_entry(timer, &vdev->timers, entry)
		if (timer->deadline)
			start(vdev, timer);
	set_alarm(vdev);
}

/**
 * vdev_alarm() - the front's alarm went off
 * @vdev: the device
 *
 * Context: process context; takes the device lock. An alarm that comes too
 * early or for nothing does no harm.
 */
void vdev_alarm(struct vdev *vdev)
{
	struct vdev_timer *timer;
	u64 now;

	mutex_lock(&vdev->lock);
	/* it may have been on its way here when the device was stopped */
	if (vdev->stopped)
		goto unlock;
	/* no alarm is set on the way, but once when all have had their turn */
	vdev->alarm = 0;
	now = vdev->front->now(vdev);
	while ((timer = earliest(vdev)) && timer->deadline <= now) {
		timer->deadline = 0;
		timer->fn(vdev, timer);
	}
	vdev->alarm = VDEV_TIME_NEVER;
	set_alarm(vdev);
unlock:
	mutex_unlock(&vdev->lock);
}
EXPORT_SYMBOL_GPL(vdev_alarm);
