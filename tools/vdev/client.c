// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A client: one connection, from its first message to its last.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/kernel.h>

#include "client.h"
#include "commands.h"
#include "dma.h"
#include "jobs.h"
#include "memory.h"
#include "report.h"
#include "server_private.h"

void client_lose(struct client *client)
{
	if (client->lost)
		return;
	client->lost = true;
	loop_forget(&client->server->loop, &client->watch);
	/* what was sent before can still be read */
	shutdown(client->channel.fd, SHUT_RDWR);
}

/* Take no commands while the client does not take the replies to them. */
static void watch_client(struct client *client)
{
	u32 events = channel_sending(&client->channel) ? EPOLLOUT : EPOLLIN;
	int ret;

	if (client->lost || client->holding)
		return;
	ret = loop_watch(&client->server->loop, &client->watch, events);
	if (ret)
		client_cut(client, "cannot watch its connection: %s",
			   strerror(-ret));
}

void client_send(struct client *client, struct vfio_user_header *header,
		 size_t body_size)
{
	if (client->lost)
		return;
	/* an error says no more than that the client is gone */
	if (channel_send(&client->channel, header, body_size))
		client_lose(client);
	watch_client(client);
}

static void message_received(struct client *client,
			     const struct message *message)
{
	switch (message->header.flags & VFIO_USER_TYPE_MASK) {
	case VFIO_USER_TYPE_COMMAND:
		command_received(client, message);
		break;
	case VFIO_USER_TYPE_REPLY:
		dma_reply_received(client, message);
		break;
	default:
		client_cut(client, "its message is of type %u, neither command nor reply",
			   message->header.flags & VFIO_USER_TYPE_MASK);
	}
}

static void take_messages(struct client *client)
{
	struct message message;
	int ret = 0;

	while (!client->lost && !client->holding &&
	       !channel_sending(&client->channel)) {
		ret = channel_next(&client->channel, &message);
		if (ret <= 0)
			break;
		if (jobs_hold(client, &message))
			break;
		message_received(client, &message);
		message_release(&message);
	}
	if (ret < 0)
		client_cut(client, "it claims a message of %u bytes, %zu to %zu are possible",
			   message.header.size, sizeof(message.header),
			   MAX_MESSAGE_SIZE);
}

static void client_ready(struct watch *watch, u32 events)
{
	struct client *client = container_of(watch, struct client, watch);
	int ret;

	if (channel_sending(&client->channel))
		ret = channel_flush(&client->channel);
	else if (!client->holding)
		ret = channel_fill(&client->channel);
	else
		ret = -EAGAIN;
	if (ret == -EAGAIN)
		return;
	if (ret && ret != -ENODATA && client->server->log)
		report("client's connection: %s", strerror(-ret));
	if (ret)
		client_lose(client);
	take_messages(client);
	watch_client(client);
}

void client_go_on(struct client *client)
{
	client->holding = false;
	if (!client->lost)
		message_received(client, &client->held);
	message_release(&client->held);
	take_messages(client);
	watch_client(client);
}

/* POLLHUP, which is always looked for: one that only sends no more may stay. */
bool client_hung_up(const struct client *client)
{
	struct pollfd poll_fd = { .fd = client->channel.fd };

	return client->lost || poll(&poll_fd, 1, 0) > 0;
}

int client_open(struct vdev_server *server, int fd)
{
	struct client *client;
	int ret;

	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	ret = channel_open(&client->channel, fd);
	if (ret) {
		free(client);
		return ret;
	}
	client->server = server;
	client->max_data_xfer_size = MAX_DATA_XFER_SIZE;
	client->watch.fd = fd;
	client->watch.ready = client_ready;
	server->client = client;
	watch_client(client);
	if (server->log)
		report("client connected");
	return 0;
}

void client_close(struct client *client)
{
	struct vdev_server *server = client->server;

	client_lose(client);
	if (client->holding)
		message_release(&client->held);
	if (client->negotiated)
		vdev_close(server->vdev);
	memory_drop(server);
	dma_table_clear(&client->dma);
	channel_close(&client->channel);
	free(client);
	if (server->log)
		report("client gone");
}
