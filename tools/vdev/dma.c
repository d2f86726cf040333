// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Access to the client's memory: as mapped, or in a file, or by asking the
 * client.
 *
 * While the client is asked, the event loop goes on, because a client may
 * well answer only after it has had an answer itself: QEMU's processor waits
 * for a register while it holds the lock that its main loop needs to look at
 * us.
 */
#include <errno.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <string.h>
#include <unistd.h>

#include "dma.h"
#include "guarded_copy.h"
#include "jobs.h"
#include "report.h"
#include "server_private.h"

/* As long as QEMU waits for us. */
#define ANSWER_NS	5000000000ULL

/**
 * struct transfer - what the client has been asked for
 * @id: of our command
 * @command: %VFIO_USER_DMA_READ or %VFIO_USER_DMA_WRITE
 * @address: in the client's memory
 * @count: bytes
 * @buf: where to put what is read
 * @result: 0 or a negative errno, when @done
 * @asked: the client has been sent it
 * @done: the client has answered, or nobody waits for that
 */
struct transfer {
	u16 id;
	u16 command;
	u64 address;
	size_t count;
	void *buf;
	int result;
	bool asked;
	bool done;
};

/* The reply to a read repeats what was asked, and has the data. */
static bool take_data(const struct transfer *transfer,
		      const struct message *message)
{
	struct vfio_user_dma_access access;

	if (message->size != sizeof(access) + transfer->count)
		return false;
	memcpy(&access, message->body, sizeof(access));
	if (access.address != transfer->address ||
	    access.count != transfer->count)
		return false;
	memcpy(transfer->buf, message->body + sizeof(access), access.count);
	return true;
}

/*
 * The reply to a write repeats the address and the count in the protocol, the
 * latter in 4 bytes or in 8. QEMU's has no body.
 */
static bool check_written(const struct transfer *transfer,
			  const struct message *message)
{
	u64 count = 0;

	if (!message->size)
		return true;
	if (message->size != 12 && message->size != 16)
		return false;
	memcpy(&count, message->body + 8, message->size - 8);
	return count == transfer->count;
}

void dma_cancel(struct client *client)
{
	struct transfer *transfer = client->transfer;

	if (!transfer || transfer->done)
		return;
	transfer->result = -ECANCELED;
	transfer->done = true;
	if (!transfer->asked)
		return;
	if (client->nr_abandoned == MAX_ABANDONED) {
		client_cut(client, "it does not answer DMA requests, %u of them",
			   MAX_ABANDONED);
		return;
	}
	client->abandoned[client->nr_abandoned++] = (struct vfio_user_header) {
		.id = transfer->id,
		.command = transfer->command,
	};
}

/* Is that the answer to a request which nobody waits for any more? */
static bool was_abandoned(struct client *client,
			  const struct vfio_user_header *reply)
{
	unsigned int i;

	for (i = 0; i < client->nr_abandoned; i++) {
		struct vfio_user_header *one = &client->abandoned[i];

		if (one->id != reply->id || one->command != reply->command)
			continue;
		*one = client->abandoned[--client->nr_abandoned];
		return true;
	}
	return false;
}

void dma_reply_received(struct client *client, const struct message *message)
{
	const struct vfio_user_header *header = &message->header;
	struct transfer *transfer = client->transfer;
	bool good;

	if (was_abandoned(client, header))
		return;
	if (!transfer || transfer->done || header->id != transfer->id ||
	    header->command != transfer->command) {
		client_cut(client, "it was not asked what it replies to (command %u, id %u)",
			   header->command, header->id);
		return;
	}
	transfer->done = true;
	if (header->flags & VFIO_USER_ERROR) {
		transfer->result = header->error && header->error <= MAX_ERRNO ?
				   -(int)header->error : -EIO;
		return;
	}
	good = transfer->command == VFIO_USER_DMA_READ ?
	       take_data(transfer, message) : check_written(transfer, message);
	if (!good)
		client_cut(client, "not what it was asked for: %zu bytes in reply to command %u",
			   message->size, header->command);
}

/*
 * Serve until @done is set or, if that is NULL, until nothing waits to be
 * sent. 0 or a negative errno.
 */
static int serve_until(struct client *client, const bool *done)
{
	struct vdev_server *server = client->server;
	u64 end = server->vdev->front->now(server->vdev) + ANSWER_NS;

	while (!client->lost &&
	       (done ? !*done : channel_sending(&client->channel))) {
		u64 now = server->vdev->front->now(server->vdev);

		if (now >= end) {
			client_cut(client, "no answer to a DMA request in %llu s",
				   ANSWER_NS / 1000000000);
			return -ETIMEDOUT;
		}
		if (vdev_server_dispatch(server, (end - now) / 1000000 + 1) < 0)
			return -ENOTCONN;
	}
	return client->lost ? -ENOTCONN : 0;
}

static void send_request(struct client *client, const struct transfer *transfer,
			 const void *data)
{
	struct vfio_user_dma_access access = {
		.address = transfer->address,
		.count = transfer->count,
	};
	struct vfio_user_header header = {
		.id = transfer->id,
		.command = transfer->command,
		.flags = VFIO_USER_TYPE_COMMAND,
	};
	u8 *body = channel_body(&client->channel);
	size_t size = sizeof(access);

	memcpy(body, &access, sizeof(access));
	if (data) {
		memcpy(body + size, data, transfer->count);
		size += transfer->count;
	}
	client_send(client, &header, size);
}

/* Ask the client to read into @to, or to write what is at @from. */
static int ask(struct client *client, u64 address, void *to, const void *from,
	       size_t count)
{
	struct transfer transfer = {
		.id = client->next_id++,
		.command = from ? VFIO_USER_DMA_WRITE : VFIO_USER_DMA_READ,
		.address = address,
		.count = count,
		.buf = to,
	};
	int ret;

	client->transfer = &transfer;
	/* a reply may be on its way out */
	ret = serve_until(client, NULL);
	if (!ret && !transfer.done) {
		transfer.asked = true;
		send_request(client, &transfer, from);
		ret = serve_until(client, &transfer.done);
	}
	client->transfer = NULL;
	return ret ? ret : transfer.result;
}

static int copy_file(const struct dma_map *map, u64 offset, u8 *to,
		     const u8 *from, size_t count)
{
	while (count) {
		ssize_t done = to ? pread(map->fd, to, count, offset) :
				    pwrite(map->fd, from, count, offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -EFAULT;
		offset += done;
		count -= done;
		if (to)
			to += done;
		else
			from += done;
	}
	return 0;
}

static int copy_piece(struct client *client, const struct dma_map *map,
		      u64 address, u8 *to, const u8 *from, size_t count)
{
	u64 offset = address - map->address;

	if (map->memory)
		return guarded_copy(to ? to : map->memory + offset,
				    to ? map->memory + offset : from, count);
	if (map->fd >= 0)
		return copy_file(map, map->offset + offset, to, from, count);
	return ask(client, address, to, from, count);
}

/* How much of @len bytes at @address one copy can take; 0 if not mapped. */
static size_t piece_size(const struct client *client,
			 const struct dma_map *map, u64 address, size_t len)
{
	size_t size = min_t(u64, len, map->size - (address - map->address));

	if (!map->memory && map->fd < 0)
		size = min(size, client->max_data_xfer_size);
	return size;
}

/* May the device do that? 0, -EINVAL or -EPERM. */
static int check_access(const struct client *client, u64 address, size_t len,
			u32 right)
{
	while (len) {
		const struct dma_map *map = dma_table_find(&client->dma,
							   address);
		size_t size;

		if (!map)
			return -EINVAL;
		if (!(map->flags & right))
			return -EPERM;
		size = piece_size(client, map, address, len);
		address += size;
		len -= size;
		if (len && !address)
			return -EINVAL;
	}
	return 0;
}

int dma_access(struct vdev_server *server, u64 address, void *to,
	       const void *from, size_t len)
{
	u32 right = to ? VFIO_USER_DMA_READABLE : VFIO_USER_DMA_WRITEABLE;
	struct client *client = server->client;
	int ret;

	if (!client || client->lost || !client->negotiated)
		return -ENOTCONN;
	if (client->transfer)
		return -EBUSY;
	if (client->holding)
		return -ECANCELED;
	ret = check_access(client, address, len, right);
	while (!ret && len) {
		/*
		 * Looked up anew: while we wait the client may unmap it, or
		 * map something else there that we cannot access so.
		 */
		const struct dma_map *map = dma_table_find(&client->dma,
							   address);
		size_t size;

		if (!map || !(map->flags & right))
			return -EFAULT;
		size = piece_size(client, map, address, len);
		ret = copy_piece(client, map, address, to, from, size);
		address += size;
		len -= size;
		if (to)
			to += size;
		else
			from += size;
	}
	return ret;
}

int vdev_server_dma_read(struct vdev_server *server, uint64_t iova, void *buf,
			 size_t len)
{
	int ret = dma_access(server, iova, buf, NULL, len);

	jobs_work(server);
	return ret;
}

int vdev_server_dma_write(struct vdev_server *server, uint64_t iova,
			  const void *buf, size_t len)
{
	int ret = dma_access(server, iova, NULL, buf, len);

	jobs_work(server);
	return ret;
}
