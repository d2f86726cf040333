// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The table of commands, and the one place where a command is looked at before
 * anything is done about it.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <linux/vfio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "report.h"
#include "server_private.h"

/* Structures have grown before: what is added at their end is ignored. */
#define GROWN(size)		((size) + 64)

/* Longer than any list of capabilities. */
#define MAX_CAPABILITIES	4096

/* DATA_BOOL has a byte for each interrupt, and MSI-X has up to 2048. */
#define MAX_IRQS		2048

#define IRQ_SET_SIZE		sizeof(struct vfio_irq_set)
#define ACCESS_SIZE		sizeof(struct vfio_user_region_access)

/**
 * struct command - what a command must be like
 * @name: its name
 * @min_size: fewest bytes of its body
 * @max_size: most bytes of its body
 * @max_fds: how many file descriptors may come with it
 * @flags: what its header may have besides the type
 * @first: comes first, and only then
 * @handle: does it
 */
struct command {
	const char *name;
	u32 min_size;
	u32 max_size;
	u32 max_fds;
	u32 flags;
	bool first;
	int (*handle)(struct client *client, const struct message *message,
		      struct reply *reply);
};

static const struct command commands[VFIO_USER_COMMANDS] = {
	[VFIO_USER_VERSION] = {
		.name = "VERSION",
		.min_size = sizeof(struct vfio_user_version),
		.max_size = sizeof(struct vfio_user_version) + MAX_CAPABILITIES,
		.first = true,
		.handle = handle_version,
	},
	[VFIO_USER_DMA_MAP] = {
		.name = "DMA_MAP",
		.min_size = sizeof(struct vfio_user_dma_map),
		.max_size = GROWN(sizeof(struct vfio_user_dma_map)),
		.max_fds = 1,
		.flags = VFIO_USER_NO_REPLY,
		.handle = handle_dma_map,
	},
	[VFIO_USER_DMA_UNMAP] = {
		.name = "DMA_UNMAP",
		.min_size = sizeof(struct vfio_user_dma_unmap),
		.max_size = GROWN(sizeof(struct vfio_user_dma_unmap)),
		.flags = VFIO_USER_NO_REPLY,
		.handle = handle_dma_unmap,
	},
	[VFIO_USER_DEVICE_GET_INFO] = {
		.name = "DEVICE_GET_INFO",
		.min_size = sizeof(struct vfio_user_device_info),
		.max_size = GROWN(sizeof(struct vfio_user_device_info)),
		.flags = VFIO_USER_NO_REPLY,
		.handle = handle_get_info,
	},
	[VFIO_USER_DEVICE_GET_REGION_INFO] = {
		.name = "DEVICE_GET_REGION_INFO",
		.min_size = sizeof(struct vfio_region_info),
		.max_size = GROWN(sizeof(struct vfio_region_info)),
		.flags = VFIO_USER_NO_REPLY,
		.handle = handle_get_region_info,
	},
	[VFIO_USER_DEVICE_GET_IRQ_INFO] = {
		.name = "DEVICE_GET_IRQ_INFO",
		.min_size = sizeof(struct vfio_irq_info),
		.max_size = GROWN(sizeof(struct vfio_irq_info)),
		.flags = VFIO_USER_NO_REPLY,
		.handle = handle_get_irq_info,
	},
	[VFIO_USER_DEVICE_SET_IRQS] = {
		.name = "DEVICE_SET_IRQS",
		.min_size = IRQ_SET_SIZE,
		.max_size = IRQ_SET_SIZE + MAX_IRQS,
		.max_fds = MAX_MSG_FDS,
		.flags = VFIO_USER_NO_REPLY,
		.handle = handle_set_irqs,
	},
	[VFIO_USER_REGION_READ] = {
		.name = "REGION_READ",
		.min_size = ACCESS_SIZE,
		.max_size = ACCESS_SIZE,
		.flags = VFIO_USER_NO_REPLY,
		.handle = handle_region_read,
	},
	[VFIO_USER_REGION_WRITE] = {
		.name = "REGION_WRITE",
		.min_size = ACCESS_SIZE,
		.max_size = ACCESS_SIZE + MAX_DATA_XFER_SIZE,
		.flags = VFIO_USER_NO_REPLY,
		.handle = handle_region_write,
	},
	[VFIO_USER_DEVICE_RESET] = {
		.name = "DEVICE_RESET",
		.flags = VFIO_USER_NO_REPLY,
		.handle = handle_reset,
	},
	[VFIO_USER_REGION_WRITE_MULTI] = {
		.name = "REGION_WRITE_MULTI",
		.min_size = sizeof(u64),
		.max_size = MAX_DATA_XFER_SIZE,
		.flags = VFIO_USER_NO_REPLY,
		.handle = handle_region_write_multi,
	},
	[VFIO_USER_DEVICE_FEATURE] = {
		.name = "DEVICE_FEATURE",
		.min_size = sizeof(struct vfio_device_feature),
		.max_size = MAX_DATA_XFER_SIZE,
		.flags = VFIO_USER_NO_REPLY,
		.handle = handle_feature,
	},
};

void reply_add(struct reply *reply, const void *data, size_t size)
{
	memcpy(reply->body + reply->size, data, size);
	reply->size += size;
}

static const struct command *find_command(unsigned int nr)
{
	if (nr >= ARRAY_SIZE(commands) || !commands[nr].handle)
		return NULL;
	return &commands[nr];
}

/* 0, or a negative errno for the client. */
static int check_command(const struct client *client,
			 const struct message *message)
{
	const struct vfio_user_header *header = &message->header;
	const struct command *command = find_command(header->command);

	/* as an ioctl that a device does not know */
	if (!command)
		return -ENOTTY;
	if (message->size < command->min_size ||
	    message->size > command->max_size)
		return -EINVAL;
	if (message->fds_lost || message->nr_fds > command->max_fds)
		return -EINVAL;
	if (header->flags & ~(VFIO_USER_TYPE_MASK | command->flags))
		return -EINVAL;
	if (command->first == client->negotiated)
		return -EINVAL;
	return 0;
}

static void log_command(const struct message *message, int ret)
{
	const struct command *command = find_command(message->header.command);
	bool silent = message->header.flags & VFIO_USER_NO_REPLY;

	report("%s (%u), %zu bytes, %u fds%s: %s",
	       command ? command->name : "unknown command",
	       message->header.command, message->size, message->nr_fds,
	       silent ? ", no reply" : "", ret ? strerror(-ret) : "done");
}

static void send_reply(struct client *client, const struct message *message,
		       const struct reply *reply, int ret)
{
	struct vfio_user_header header = {
		.id = message->header.id,
		.command = message->header.command,
		.flags = VFIO_USER_TYPE_REPLY,
	};

	if (message->header.flags & VFIO_USER_NO_REPLY) {
		if (reply->fd >= 0)
			close(reply->fd);
		return;
	}
	if (ret) {
		header.flags |= VFIO_USER_ERROR;
		header.error = -ret;
	}
	client->channel.out_fd = reply->fd;
	client_send(client, &header, ret ? 0 : reply->size);
}

void command_received(struct client *client, const struct message *message)
{
	struct reply reply = {
		.body = channel_body(&client->channel),
		.fd = -1,
	};
	int ret;

	ret = check_command(client, message);
	if (!ret)
		ret = find_command(message->header.command)->handle(client,
								    message,
								    &reply);
	if (client->server->log)
		log_command(message, ret);
	send_reply(client, message, &reply, ret);

	if (ret && !client->negotiated && !client->lost)
		client_cut(client,
			   "no agreement on the protocol, its first command was %u and %zu bytes long; is it a vfio-user client of version %u.x?",
			   message->header.command, message->size,
			   VFIO_USER_MAJOR);
}
