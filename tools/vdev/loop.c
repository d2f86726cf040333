// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The event loop, over epoll. See loop.h.
 */
#include <errno.h>
#include <unistd.h>

#include "loop.h"

int loop_open(struct loop *loop)
{
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? -errno : 0;
}

void loop_close(struct loop *loop)
{
	close(loop->epoll);
}

int loop_watch(struct loop *loop, struct watch *watch, u32 events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (events == watch->events)
		return 0;
	if (epoll_ctl(loop->epoll,
		      watch->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
		      watch->fd, &event))
		return -errno;
	watch->events = events;
	return 0;
}

void loop_forget(struct loop *loop, struct watch *watch)
{
	if (!watch->events)
		return;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->events = 0;
}

int loop_once(struct loop *loop, int timeout_ms)
{
	struct epoll_event event;
	struct watch *watch;
	int nr;

	nr = epoll_wait(loop->epoll, &event, 1, timeout_ms);
	if (nr < 0)
		return errno == EINTR ? 0 : -errno;
	if (!nr)
		return 0;
	watch = event.data.ptr;
	watch->ready(watch, event.events);
	return 1;
}
