/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Access to the client's memory, see vdev_server_dma_read().
 */
#ifndef VDEV_DMA_H
#define VDEV_DMA_H

#include "channel.h"
#include "client.h"

/* The client has replied to something. */
void dma_reply_received(struct client *client, const struct message *message);

#endif /* VDEV_DMA_H */
