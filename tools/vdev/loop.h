/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The event loop: file descriptors, and what to call when they are ready.
 */
#ifndef VDEV_LOOP_H
#define VDEV_LOOP_H

#include <linux/types.h>
#include <sys/epoll.h>

/**
 * struct watch - a file descriptor that the loop looks at
 * @fd: the file descriptor
 * @events: EPOLLIN and the like; 0: not watched
 * @ready: what to call; it may remove this watch or any other
 */
struct watch {
	int fd;
	u32 events;
	void (*ready)(struct watch *watch, u32 events);
};

struct loop {
	int epoll;
};

int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* @watch->fd and @watch->ready are set. 0 or a negative errno. */
int loop_watch(struct loop *loop, struct watch *watch, u32 events);
void loop_forget(struct loop *loop, struct watch *watch);

/*
 * Wait until a watch is ready, and call it: one at a time, so that none is
 * called which another one has just removed. 1 if one was called, 0 after
 * @timeout_ms or a signal, or a negative errno.
 */
int loop_once(struct loop *loop, int timeout_ms);

#endif /* VDEV_LOOP_H */
