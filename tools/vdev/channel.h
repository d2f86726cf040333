/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Messages on a stream socket.
 *
 * Nothing here waits. What the peer sends is taken as it comes, as much as
 * there is in one system call, and handed out message by message. What the
 * peer does not take yet is kept; until it is gone nothing more can be sent.
 */
#ifndef VDEV_CHANNEL_H
#define VDEV_CHANNEL_H

#include <linux/types.h>

#include "protocol.h"

/* Some more than a message may have, so that one too many is seen. */
#define CHANNEL_MAX_FDS		(MAX_MSG_FDS + 4)

/*
 * An fd that has arrived, and the place in the stream of its message. Instead
 * of one that could not be received there is a -1.
 */
struct channel_fd {
	int fd;
	u64 message;
};

/**
 * struct channel - our end of a socket
 * @fd: the socket
 * @in: what has arrived and is not handed out yet, from @in_start to @in_end
 * @in_start: see @in
 * @in_end: see @in
 * @position: place in the stream of @in_start
 * @fds: file descriptors that have arrived with messages in @in
 * @nr_fds: how many
 * @out: message to be sent
 * @out_fd: set before channel_send(), a file descriptor that goes with the
 *	message and is closed then; or -1
 * @out_start: how much of it is gone
 * @out_end: how long it is; 0 if there is none
 */
struct channel {
	int fd;
	u8 *in;
	size_t in_start;
	size_t in_end;
	u64 position;
	struct channel_fd fds[2 * CHANNEL_MAX_FDS];
	unsigned int nr_fds;
	u8 *out;
	int out_fd;
	size_t out_start;
	size_t out_end;
};

/**
 * struct message - a message that has arrived
 * @header: its header
 * @body: what follows the header, at any alignment; valid until the next
 *	channel_fill()
 * @size: of @body
 * @fds: file descriptors that came with it, see message_release()
 * @nr_fds: how many, at most %CHANNEL_MAX_FDS
 * @fds_lost: there were more, or some of a kind that no message has, or this
 *	process has no room for them
 */
struct message {
	struct vfio_user_header header;
	const u8 *body;
	size_t size;
	int fds[CHANNEL_MAX_FDS];
	unsigned int nr_fds;
	bool fds_lost;
};

/* @fd belongs to the channel if this succeeds. 0 or a negative errno. */
int channel_open(struct channel *channel, int fd);
void channel_close(struct channel *channel);

/*
 * Take what has arrived. 0, -EAGAIN if it is nothing, -ENODATA if nothing
 * will come any more, or a negative errno.
 */
int channel_fill(struct channel *channel);

/*
 * Hand out the next message. 1, 0 if it has not arrived whole, or -EPROTO if
 * this is no message, and so nobody knows where the next one starts.
 */
int channel_next(struct channel *channel, struct message *message);

/* Close what came with a message. */
void message_release(struct message *message);

/* Room for the body of a message to be sent: %MAX_BODY_SIZE bytes. */
u8 *channel_body(struct channel *channel);

/*
 * Send a message whose body is in channel_body(). Nothing may be waiting to be
 * sent. 0 or a negative errno; 0 does not say that it is gone already.
 */
int channel_send(struct channel *channel, struct vfio_user_header *header,
		 size_t body_size);

/* Send what waits to be sent, as far as the peer takes it. As channel_send() */
int channel_flush(struct channel *channel);

static inline bool channel_sending(const struct channel *channel)
{
	return channel->out_end;
}

#endif /* VDEV_CHANNEL_H */
