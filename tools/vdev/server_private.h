/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A server, as the files of libvdev see it.
 */
#ifndef VDEV_SERVER_PRIVATE_H
#define VDEV_SERVER_PRIVATE_H

#include <linux/vdev.h>
#include <vdev/server.h>

#include "loop.h"

struct client;

/* Somebody who is told that there is a client already, once he has asked. */
struct refused {
	struct watch watch;
	struct vdev_server *server;
};

/**
 * struct device_memory - memory of a BAR
 * @fd: the file it is in, or -1
 * @map: the same, mapped here; or NULL
 * @size: of the file
 */
struct device_memory {
	int fd;
	u8 *map;
	u64 size;
};

/* They need a moment to ask. If there are more, the oldest is cut off. */
#define MAX_REFUSED	4

/**
 * struct vdev_server - a device, and the socket it is to be had at
 * @loop: what the server waits for
 * @vdev: the device
 * @client: who uses the device, or NULL
 * @listener: the socket, unless it is a client's connection
 * @path: of the socket, if the server has made it
 * @stop: an eventfd that tells the server to stop
 * @again: an eventfd that wakes the server for jobs that wait
 * @alarm: a timerfd, the device's alarm
 * @alarm_at: what @alarm is set to
 * @unmask: the eventfd that unmasks INTx, if there is one
 * @memory: the device's memory, by BAR, see memory.c
 * @jobs_wait: the device has jobs to do
 * @jobs_run: it is doing them
 * @refused: clients in excess
 * @next_refused: which of them to use next
 * @once: one client is enough
 * @no_mmap: no client may map memory of the device
 * @log: tell of every message
 * @finished: there is nothing more to do
 */
struct vdev_server {
	struct loop loop;
	struct vdev *vdev;
	struct client *client;
	struct watch listener;
	char *path;
	struct watch stop;
	struct watch again;
	struct watch alarm;
	u64 alarm_at;
	struct watch unmask;
	struct device_memory memory[PCI_STD_NUM_BARS];
	bool jobs_wait;
	bool jobs_run;
	struct refused refused[MAX_REFUSED];
	unsigned int next_refused;
	bool once;
	bool no_mmap;
	bool log;
	bool finished;
};

/* front.c: a device for a server that has its loop. 0 or a negative errno. */
int front_open(struct vdev_server *server, const struct vdev_family *family,
	       const struct vdev_model *model);
void front_close(struct vdev_server *server);

/* listener.c: 0 or a negative errno. */
int listener_open(struct vdev_server *server, int fd);
void listener_close(struct vdev_server *server);

#endif /* VDEV_SERVER_PRIVATE_H */
