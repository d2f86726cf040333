/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Jobs of the device, and the commands that have to wait for them.
 */
#ifndef VDEV_JOBS_H
#define VDEV_JOBS_H

#include "channel.h"
#include "client.h"

/*
 * Do what has been put off, unless somebody further up is at it, or waits for
 * an answer of the client: then he does it in the end.
 */
void jobs_work(struct vdev_server *server);

/* Must this command wait until no job runs? Then it is kept for jobs_work(). */
bool jobs_hold(struct client *client, const struct message *message);

#endif /* VDEV_JOBS_H */
