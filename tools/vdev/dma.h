/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Access to the client's memory, see vdev_server_dma_read().
 */
#ifndef VDEV_DMA_H
#define VDEV_DMA_H

#include "channel.h"
#include "client.h"

/*
 * Read the client's memory to @to or write what is at @from to it, one of which
 * is NULL. As vdev_server_dma_read(), and -ECANCELED after dma_cancel().
 */
int dma_access(struct vdev_server *server, u64 address, void *to,
	       const void *from, size_t len);

/* What the client is asked for fails, and whatever it says to that is ignored. */
void dma_cancel(struct client *client);

/* The client has replied to something. */
void dma_reply_received(struct client *client, const struct message *message);

#endif /* VDEV_DMA_H */
