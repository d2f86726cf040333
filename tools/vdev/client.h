/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A client: one connection, from its first message to its last.
 */
#ifndef VDEV_CLIENT_H
#define VDEV_CLIENT_H

#include "channel.h"
#include "dma_table.h"
#include "loop.h"

struct transfer;
struct vdev_server;

/* A client that leaves more of them unanswered is cut off. */
#define MAX_ABANDONED	16

/**
 * struct client - who uses the device
 * @server: the server
 * @watch: looks at @channel
 * @channel: the connection
 * @dma: memory that the client lets the device access
 * @negotiated: VERSION is over and the device is open
 * @lost: the connection is no good any more, its end is near
 * @max_data_xfer_size: how much data the client takes in a message
 * @next_id: id of our next command
 * @transfer: what has been asked of the client and not been answered, or NULL
 * @abandoned: commands of ours whose answer is of no interest any more
 * @nr_abandoned: how many
 * @held: a command that waits, see jobs.c; nothing is read behind it
 * @holding: there is one
 */
struct client {
	struct vdev_server *server;
	struct watch watch;
	struct channel channel;
	struct dma_table dma;
	bool negotiated;
	bool lost;
	size_t max_data_xfer_size;
	u16 next_id;
	struct transfer *transfer;
	struct vfio_user_header abandoned[MAX_ABANDONED];
	unsigned int nr_abandoned;
	struct message held;
	bool holding;
};

/* @fd belongs to the client if this succeeds. 0 or a negative errno. */
int client_open(struct vdev_server *server, int fd);

/* The device is as nobody had used it, and nothing of the client is left. */
void client_close(struct client *client);

/* Take the command that waited, and what has come after it. */
void client_go_on(struct client *client);

/* The peer has hung up; what it sent before may not have been looked at. */
bool client_hung_up(const struct client *client);

/*
 * Nothing more is taken from this client or sent to it. It is closed as soon
 * as nobody is at work for it any more.
 */
void client_lose(struct client *client);

/* The same, because of what it did: say so. */
#define client_cut(client, fmt, ...) do {				\
	report("client cut off: " fmt, ##__VA_ARGS__);			\
	client_lose(client);						\
} while (0)

/* Send a message, see channel_send(); the client is lost if that fails. */
void client_send(struct client *client, struct vfio_user_header *header,
		 size_t body_size);

#endif /* VDEV_CLIENT_H */
