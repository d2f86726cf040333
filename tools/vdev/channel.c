// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Messages on a stream socket. See channel.h.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "passed_fd.h"

#define HEADER_SIZE	sizeof(struct vfio_user_header)

int channel_open(struct channel *channel, int fd)
{
	memset(channel, 0, sizeof(*channel));
	/* so much that malloc() maps it, and only what is used costs memory */
	channel->in = malloc(MAX_MESSAGE_SIZE);
	channel->out = malloc(MAX_MESSAGE_SIZE);
	if (!channel->in || !channel->out) {
		free(channel->in);
		free(channel->out);
		return -ENOMEM;
	}
	channel->fd = fd;
	channel->out_fd = -1;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void channel_close(struct channel *channel)
{
	unsigned int i;

	for (i = 0; i < channel->nr_fds; i++)
		close_fd(channel->fds[i].fd);
	close_fd(channel->out_fd);
	free(channel->in);
	free(channel->out);
	close(channel->fd);
}

static size_t message_size(const u8 *start)
{
	struct vfio_user_header header;

	memcpy(&header, start, sizeof(header));
	return header.size;
}

/* Where in the stream the last message starts that has bytes in @in. */
static u64 last_message(const struct channel *channel)
{
	size_t start = channel->in_start;

	while (channel->in_end - start > HEADER_SIZE) {
		size_t size = message_size(channel->in + start);

		if (size < HEADER_SIZE || size >= channel->in_end - start)
			break;
		start += size;
	}
	return channel->position + (start - channel->in_start);
}

static void keep_fd(struct channel *channel, int fd, u64 message)
{
	struct channel_fd *slot = &channel->fds[channel->nr_fds];

	if (channel->nr_fds == ARRAY_SIZE(channel->fds)) {
		close_fd(fd);
		close_fd(slot[-1].fd);
		slot[-1].fd = -1;
		return;
	}
	slot->fd = fd;
	slot->message = message;
	channel->nr_fds++;
}

/*
 * No message has a use for other kinds, and some must not be kept even until
 * it is complete: while we have the client's end of the connection, we would
 * not learn of the client's death.
 */
static int acceptable(int fd)
{
	if (is_file(fd) || is_eventfd(fd))
		return fd;
	close(fd);
	return -1;
}

/*
 * File descriptors travel with bytes. The kernel ends a read with the bytes
 * they were sent with, so of several messages in one read they belong to the
 * last.
 */
static void keep_fds(struct channel *channel, struct msghdr *msg)
{
	u64 message = last_message(channel);
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		const u8 *data = CMSG_DATA(cmsg);
		size_t left = cmsg->cmsg_len - CMSG_LEN(0);
		int fd;

		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (; left >= sizeof(fd); left -= sizeof(fd)) {
			memcpy(&fd, data, sizeof(fd));
			data += sizeof(fd);
			keep_fd(channel, acceptable(fd), message);
		}
	}
	if (msg->msg_flags & MSG_CTRUNC)
		keep_fd(channel, -1, message);
}

static void make_room(struct channel *channel)
{
	size_t left = channel->in_end - channel->in_start;

	if (!channel->in_start)
		return;
	memmove(channel->in, channel->in + channel->in_start, left);
	channel->in_start = 0;
	channel->in_end = left;
}

int channel_fill(struct channel *channel)
{
	union {
		struct cmsghdr align;
		u8 room[CMSG_SPACE(CHANNEL_MAX_FDS * sizeof(int))];
	} control;
	struct iovec iov;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;

	make_room(channel);
	iov.iov_base = channel->in + channel->in_end;
	iov.iov_len = MAX_MESSAGE_SIZE - channel->in_end;
	got = recvmsg(channel->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (!got)
		return -ENODATA;
	channel->in_end += got;
	if (msg.msg_controllen || (msg.msg_flags & MSG_CTRUNC))
		keep_fds(channel, &msg);
	return 0;
}

/* Move the fds of the message at the start of @in to @message. */
static void take_fds(struct channel *channel, struct message *message)
{
	unsigned int i, left = 0;

	message->nr_fds = 0;
	message->fds_lost = false;
	for (i = 0; i < channel->nr_fds; i++) {
		struct channel_fd *slot = &channel->fds[i];

		if (slot->message != channel->position) {
			channel->fds[left++] = *slot;
		} else if (slot->fd < 0) {
			message->fds_lost = true;
		} else if (message->nr_fds < ARRAY_SIZE(message->fds)) {
			message->fds[message->nr_fds++] = slot->fd;
		} else {
			message->fds_lost = true;
			close(slot->fd);
		}
	}
	channel->nr_fds = left;
}

int channel_next(struct channel *channel, struct message *message)
{
	const u8 *start = channel->in + channel->in_start;
	size_t arrived = channel->in_end - channel->in_start;

	if (arrived < HEADER_SIZE)
		return 0;
	memcpy(&message->header, start, HEADER_SIZE);
	if (message->header.size < HEADER_SIZE ||
	    message->header.size > MAX_MESSAGE_SIZE)
		return -EPROTO;
	if (arrived < message->header.size)
		return 0;

	message->body = start + HEADER_SIZE;
	message->size = message->header.size - HEADER_SIZE;
	take_fds(channel, message);
	channel->in_start += message->header.size;
	channel->position += message->header.size;
	return 1;
}

void message_release(struct message *message)
{
	while (message->nr_fds)
		close(message->fds[--message->nr_fds]);
}

u8 *channel_body(struct channel *channel)
{
	return channel->out + HEADER_SIZE;
}

int channel_send(struct channel *channel, struct vfio_user_header *header,
		 size_t body_size)
{
	header->size = HEADER_SIZE + body_size;
	memcpy(channel->out, header, HEADER_SIZE);
	channel->out_start = 0;
	channel->out_end = header->size;
	return channel_flush(channel);
}

static ssize_t send_with_fd(struct channel *channel)
{
	union {
		struct cmsghdr align;
		u8 room[CMSG_SPACE(sizeof(int))];
	} control = { };
	struct iovec iov = { channel->out, channel->out_end };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t gone;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &channel->out_fd, sizeof(int));
	gone = sendmsg(channel->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (gone > 0) {
		close(channel->out_fd);
		channel->out_fd = -1;
	}
	return gone;
}

int channel_flush(struct channel *channel)
{
	ssize_t gone;

	if (unlikely(channel->out_fd >= 0))
		gone = send_with_fd(channel);
	else
		gone = send(channel->fd, channel->out + channel->out_start,
			    channel->out_end - channel->out_start,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (gone < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	channel->out_start += gone;
	if (channel->out_start == channel->out_end)
		channel->out_end = 0;
	return 0;
}
