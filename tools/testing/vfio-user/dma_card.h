/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device that copies the client's memory, for the event loop of a program.
 */
#ifndef VFIO_USER_DMA_CARD_H
#define VFIO_USER_DMA_CARD_H

struct vdev_server;

/* After each vdev_server_dispatch(): do the transfer that was asked for. */
void dma_card_work(struct vdev_server *server);

#endif /* VFIO_USER_DMA_CARD_H */
