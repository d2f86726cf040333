/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The client's commands.
 */
#ifndef VDEV_COMMANDS_H
#define VDEV_COMMANDS_H

#include "channel.h"
#include "client.h"

/**
 * struct reply - the body of a reply, while it is made
 * @body: room for %MAX_BODY_SIZE bytes
 * @size: how many of them are there
 * @fd: file descriptor that goes with it and is closed then, or -1. It is the
 *	last thing to be got hold of, since an error has none.
 */
struct reply {
	u8 *body;
	size_t size;
	int fd;
};

void reply_add(struct reply *reply, const void *data, size_t size);

/* Check a command, do it, reply to it. */
void command_received(struct client *client, const struct message *message);

/*
 * What each command does. The message has passed the table in commands.c. The
 * return value is 0, or a negative errno for the client; then it gets no body.
 */
int handle_version(struct client *client, const struct message *message,
		   struct reply *reply);
int handle_dma_map(struct client *client, const struct message *message,
		   struct reply *reply);
int handle_dma_unmap(struct client *client, const struct message *message,
		     struct reply *reply);
int handle_get_info(struct client *client, const struct message *message,
		    struct reply *reply);
int handle_get_region_info(struct client *client,
			   const struct message *message, struct reply *reply);
int handle_get_irq_info(struct client *client, const struct message *message,
			struct reply *reply);
int handle_set_irqs(struct client *client, const struct message *message,
		    struct reply *reply);
int handle_region_read(struct client *client, const struct message *message,
		       struct reply *reply);
int handle_region_write(struct client *client, const struct message *message,
			struct reply *reply);
int handle_region_write_multi(struct client *client,
			      const struct message *message,
			      struct reply *reply);
int handle_reset(struct client *client, const struct message *message,
		 struct reply *reply);
int handle_feature(struct client *client, const struct message *message,
		   struct reply *reply);

#endif /* VDEV_COMMANDS_H */
