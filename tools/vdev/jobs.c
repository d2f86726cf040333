// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Jobs of the device, and the commands that have to wait for them.
 *
 * A job that accesses the client's memory may have to ask the client for it,
 * and while it waits for the answer the client is served: see dma.c. But a
 * reset must not be over while a job of before goes on, and the client may not
 * answer the job before it has its answer to the reset. So when a reset is
 * asked for, what the job waits for fails, and the job, and those behind it,
 * come to their end first.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "dma.h"
#include "jobs.h"
#include "server_private.h"

static bool busy(const struct vdev_server *server)
{
	return server->jobs_run ||
	       (server->client && server->client->transfer);
}

static void run_jobs(struct vdev_server *server)
{
	server->jobs_wait = false;
	server->jobs_run = true;
	vdev_run_jobs(server->vdev);
	server->jobs_run = false;
}

/* There is more to do, but others have to have their turn. */
static void come_again(struct vdev_server *server)
{
	u64 one = 1;

	if (write(server->again.fd, &one, sizeof(one)) < 0)
		return;
}

void jobs_work(struct vdev_server *server)
{
	if (busy(server))
		return;
	if (server->jobs_wait)
		run_jobs(server);
	if (server->client && server->client->holding)
		client_go_on(server->client);
	if (server->jobs_wait)
		come_again(server);
}

/* Is that a write which asks for a function level reset? */
static bool starts_flr(const struct vdev *vdev,
		       const struct vfio_user_region_access *access,
		       const u8 *data)
{
	unsigned int bit_at = vdev->pcie_cap + PCI_EXP_DEVCTL + 1;

	return vdev->pcie_cap && access->region == VDEV_REGION_CONFIG &&
	       access->offset <= bit_at &&
	       bit_at - access->offset < access->count &&
	       (data[bit_at - access->offset] & (PCI_EXP_DEVCTL_BCR_FLR >> 8));
}

static bool write_resets(const struct vdev *vdev, const struct message *message)
{
	struct vfio_user_region_access access;

	if (message->size < sizeof(access))
		return false;
	memcpy(&access, message->body, sizeof(access));
	return access.count == message->size - sizeof(access) &&
	       starts_flr(vdev, &access, message->body + sizeof(access));
}

static bool writes_reset(const struct vdev *vdev, const struct message *message)
{
	struct vfio_user_write_one one;
	size_t at;

	for (at = sizeof(u64); at + sizeof(one) <= message->size;
	     at += sizeof(one)) {
		memcpy(&one, message->body + at, sizeof(one));
		if (one.access.count <= sizeof(one.data) &&
		    starts_flr(vdev, &one.access, one.data))
			return true;
	}
	return false;
}

static bool resets(const struct vdev *vdev, const struct message *message)
{
	switch (message->header.command) {
	case VFIO_USER_DEVICE_RESET:
		return true;
	case VFIO_USER_REGION_WRITE:
		return write_resets(vdev, message);
	case VFIO_USER_REGION_WRITE_MULTI:
		return writes_reset(vdev, message);
	default:
		return false;
	}
}

bool jobs_hold(struct client *client, const struct message *message)
{
	struct vdev_server *server = client->server;

	if (!server->jobs_run || !resets(server->vdev, message))
		return false;
	client->held = *message;
	client->holding = true;
	dma_cancel(client);
	return true;
}
