// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The services that the device core asks of a front: clock, alarm, eventfds,
 * the client's memory and the device's.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "dma.h"
#include "memory.h"
#include "passed_fd.h"
#include "server_private.h"

#define NSEC_PER_SEC	1000000000ULL

static u64 front_now(struct vdev *vdev)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/*
 * An alarm that is put off goes off at the earlier time, which does no harm
 * and makes the core set it again. That saves a system call each time a model
 * does so, and models do it with every character.
 */
static void front_alarm(struct vdev *vdev, u64 deadline)
{
	struct vdev_server *server = vdev->front_data;
	struct itimerspec when = {
		.it_value.tv_sec = deadline / NSEC_PER_SEC,
		.it_value.tv_nsec = deadline % NSEC_PER_SEC,
	};

	if (deadline >= server->alarm_at)
		return;
	server->alarm_at = deadline;
	timerfd_settime(server->alarm.fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void alarm_ready(struct watch *watch, u32 events)
{
	struct vdev_server *server =
		container_of(watch, struct vdev_server, alarm);
	u64 expirations;

	if (read(watch->fd, &expirations, sizeof(expirations)) < 0)
		return;
	server->alarm_at = VDEV_TIME_NEVER;
	vdev_alarm(server->vdev);
}

/* Eventfds */

/**
 * struct vdev_trigger - an eventfd of the client that the device signals
 * @fd: a descriptor of our own
 */
struct vdev_trigger {
	int fd;
};

/* A descriptor of our own for an eventfd, or a negative errno. */
static int get_eventfd(int fd)
{
	if (fcntl(fd, F_GETFD) < 0)
		return -EBADF;
	if (!is_eventfd(fd))
		return -EINVAL;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static struct vdev_trigger *front_trigger_get(struct vdev *vdev, int fd)
{
	struct vdev_trigger *trigger;

	fd = get_eventfd(fd);
	if (fd < 0)
		return ERR_PTR(fd);
	trigger = malloc(sizeof(*trigger));
	if (!trigger) {
		close(fd);
		return ERR_PTR(-ENOMEM);
	}
	trigger->fd = fd;
	return trigger;
}

static void front_trigger_put(struct vdev_trigger *trigger)
{
	close(trigger->fd);
	free(trigger);
}

/*
 * A counter that cannot go higher is readable anyway. It is the client's own
 * doing; it must not make us wait. O_NONBLOCK says nothing about that: the client
 * can take it away at any time.
 */
static void front_trigger_signal(struct vdev_trigger *trigger)
{
	struct pollfd poll_fd = { .fd = trigger->fd, .events = POLLOUT };
	u64 one = 1;

	if (poll(&poll_fd, 1, 0) <= 0)
		return;
	if (write(trigger->fd, &one, sizeof(one)) < 0)
		return;
}

static void drop_unmask(struct vdev_server *server)
{
	loop_forget(&server->loop, &server->unmask);
	close(server->unmask.fd);
	server->unmask.fd = -1;
}

static void unmask_ready(struct watch *watch, u32 events)
{
	struct vdev_server *server =
		container_of(watch, struct vdev_server, unmask);
	u64 signals;
	struct iovec iov = { &signals, sizeof(signals) };

	/* the client may have read it in the meantime */
	if (preadv2(watch->fd, &iov, 1, -1, RWF_NOWAIT) < 0)
		return;
	vdev_intx_unmask(server->vdev);
}

static int front_unmask_bind(struct vdev *vdev, int fd)
{
	struct vdev_server *server = vdev->front_data;
	int ret;

	if (fd < 0) {
		if (server->unmask.fd >= 0)
			drop_unmask(server);
		return 0;
	}
	fd = get_eventfd(fd);
	if (fd < 0)
		return fd;
	if (server->unmask.fd >= 0) {
		close(fd);
		return -EBUSY;
	}
	server->unmask.fd = fd;
	/* EPOLLET: a semaphore would be readable as often as its count says */
	ret = loop_watch(&server->loop, &server->unmask, EPOLLIN | EPOLLET);
	if (ret)
		drop_unmask(server);
	return ret;
}

/* Jobs and the client's memory */

static void front_kick(struct vdev *vdev)
{
	struct vdev_server *server = vdev->front_data;

	server->jobs_wait = true;
}

static int front_dma(struct vdev *vdev, u64 iova, void *buf, size_t len,
		     bool write)
{
	int ret = dma_access(vdev->front_data, iova, write ? NULL : buf,
			     write ? buf : NULL, len);

	return ret && ret != -ECANCELED ? -EFAULT : ret;
}

static const struct vdev_front_ops front_ops = {
	.now		= front_now,
	.alarm		= front_alarm,
	.trigger_get	= front_trigger_get,
	.trigger_put	= front_trigger_put,
	.trigger_signal	= front_trigger_signal,
	.unmask_bind	= front_unmask_bind,
	.kick		= front_kick,
	.dma		= front_dma,
	.mem_copy	= memory_copy,
	.mem_decode	= memory_decode,
	.mem_clear	= memory_clear,
};

int front_open(struct vdev_server *server, const struct vdev_family *family,
	       const struct vdev_model *model)
{
	struct vdev *vdev;
	int ret;

	memory_init(server);
	server->unmask.fd = -1;
	server->unmask.ready = unmask_ready;
	server->alarm_at = VDEV_TIME_NEVER;
	server->alarm.ready = alarm_ready;
	server->alarm.fd = timerfd_create(CLOCK_MONOTONIC,
					  TFD_CLOEXEC | TFD_NONBLOCK);
	if (server->alarm.fd < 0)
		return -errno;
	ret = loop_watch(&server->loop, &server->alarm, EPOLLIN);
	if (ret)
		goto close_alarm;
	vdev = vdev_create(family, model, &front_ops, server);
	if (IS_ERR(vdev)) {
		ret = PTR_ERR(vdev);
		goto close_alarm;
	}
	server->vdev = vdev;
	return 0;

close_alarm:
	memory_drop(server);
	close(server->alarm.fd);
	return ret;
}

void front_close(struct vdev_server *server)
{
	close(server->alarm.fd);
	vdev_destroy(server->vdev);
	memory_drop(server);
}
