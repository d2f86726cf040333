// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The memory that a client lets its device access: DMA_MAP and DMA_UNMAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <linux/magic.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "commands.h"
#include "dma_table.h"
#include "passed_fd.h"

/* Index of the first piece that ends beyond @address. */
static size_t find_index(const struct dma_table *table, u64 address)
{
	size_t low = 0, high = table->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct dma_map *map = table->maps[middle];

		if (map->address + (map->size - 1) < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct dma_map *dma_table_find(const struct dma_table *table, u64 address)
{
	size_t index = find_index(table, address);

	if (index == table->nr || table->maps[index]->address > address)
		return NULL;
	return table->maps[index];
}

static void release_map(struct dma_map *map)
{
	if (map->memory)
		munmap(map->mapping, map->mapping_size);
	if (map->fd >= 0)
		close(map->fd);
	free(map);
}

static void remove_at(struct dma_table *table, size_t index)
{
	release_map(table->maps[index]);
	table->nr--;
	memmove(table->maps + index, table->maps + index + 1,
		(table->nr - index) * sizeof(*table->maps));
}

void dma_table_clear(struct dma_table *table)
{
	while (table->nr)
		release_map(table->maps[--table->nr]);
	free(table->maps);
	memset(table, 0, sizeof(*table));
}

static int make_room(struct dma_table *table)
{
	struct dma_map **maps;
	size_t room;

	if (table->nr == MAX_DMA_MAPS)
		return -ENOSPC;
	if (table->nr < table->room)
		return 0;
	room = table->room ? 2 * table->room : 16;
	maps = realloc(table->maps, room * sizeof(*maps));
	if (!maps)
		return -ENOMEM;
	table->maps = maps;
	table->room = room;
	return 0;
}

/* Where there is nothing else yet. 0 or a negative errno. */
static int insert(struct dma_table *table, struct dma_map *map)
{
	size_t index = find_index(table, map->address);
	int ret;

	if (index < table->nr &&
	    table->maps[index]->address <= map->address + (map->size - 1))
		return -EEXIST;
	ret = make_room(table);
	if (ret)
		return ret;
	memmove(table->maps + index + 1, table->maps + index,
		(table->nr - index) * sizeof(*table->maps));
	table->maps[index] = map;
	table->nr++;
	return 0;
}

static int check_request(const struct vfio_user_dma_map *request,
			 unsigned int nr_fds)
{
	const u32 rights = VFIO_USER_DMA_READABLE | VFIO_USER_DMA_WRITEABLE;
	const u32 modes = VFIO_USER_DMA_MMAP | VFIO_USER_DMA_FILE_IO;
	u32 mode = request->flags & modes;

	if (request->argsz < sizeof(*request) ||
	    (request->flags & ~(rights | modes)) ||
	    !(request->flags & rights))
		return -EINVAL;
	if (mode == modes || (mode && !nr_fds))
		return -EINVAL;
	if (!request->size ||
	    (request->address | request->size | request->offset) %
	    DMA_PAGE_SIZE)
		return -EINVAL;
	/* what ends beyond 2^64, in memory or in the file (2^63) */
	if (request->address + (request->size - 1) < request->address ||
	    request->size > INT64_MAX ||
	    request->offset > INT64_MAX - request->size)
		return -EINVAL;
	return 0;
}

/* What of a file can be mapped, and unmapped again: whole pages of its own. */
static u64 page_size(int fd)
{
	struct statfs status;

	if (fstatfs(fd, &status) || status.f_type != HUGETLBFS_MAGIC)
		return DMA_PAGE_SIZE;
	return status.f_bsize;
}

static int map_memory(struct dma_map *map, int fd)
{
	u64 page = page_size(fd);
	u64 before = map->offset % page;
	int protection = 0;

	if (map->flags & VFIO_USER_DMA_READABLE)
		protection |= PROT_READ;
	if (map->flags & VFIO_USER_DMA_WRITEABLE)
		protection |= PROT_WRITE;
	map->mapping_size = round_up(before + map->size, page);
	map->mapping = mmap(NULL, map->mapping_size, protection,
			    MAP_SHARED | MAP_NORESERVE, fd,
			    map->offset - before);
	if (map->mapping == MAP_FAILED)
		return -errno;
	map->memory = map->mapping + before;
	return 0;
}

/* Get hold of the memory in a way that outlives the message. */
static int get_memory(struct dma_map *map, u32 flags, int fd)
{
	if (!is_file(fd))
		return -EINVAL;
	if (!(flags & VFIO_USER_DMA_FILE_IO))
		return map_memory(map, fd);
	map->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return map->fd < 0 ? -errno : 0;
}

int handle_dma_map(struct client *client, const struct message *message,
		   struct reply *reply)
{
	struct vfio_user_dma_map request;
	struct dma_map *map;
	int ret;

	memcpy(&request, message->body, sizeof(request));
	ret = check_request(&request, message->nr_fds);
	if (ret)
		return ret;
	map = malloc(sizeof(*map));
	if (!map)
		return -ENOMEM;
	*map = (struct dma_map) {
		.address = request.address,
		.size = request.size,
		.flags = request.flags,
		.fd = -1,
		.offset = request.offset,
	};
	if (message->nr_fds)
		ret = get_memory(map, request.flags, message->fds[0]);
	if (!ret)
		ret = insert(&client->dma, map);
	if (ret)
		release_map(map);
	return ret;
}

static int unmap_all(struct dma_table *table,
		     const struct vfio_user_dma_unmap *request)
{
	if (request->address || request->size)
		return -EINVAL;
	dma_table_clear(table);
	return 0;
}

/* A piece is unmapped as it was mapped, or not at all. */
static int unmap_one(struct dma_table *table,
		     const struct vfio_user_dma_unmap *request)
{
	size_t index = find_index(table, request->address);

	if (index == table->nr ||
	    table->maps[index]->address != request->address ||
	    table->maps[index]->size != request->size)
		return -ENOENT;
	remove_at(table, index);
	return 0;
}

int handle_dma_unmap(struct client *client, const struct message *message,
		     struct reply *reply)
{
	struct vfio_user_dma_unmap request;
	int ret;

	memcpy(&request, message->body, sizeof(request));
	if (request.argsz < sizeof(request) ||
	    (request.flags & ~VFIO_DMA_UNMAP_FLAG_ALL))
		return -EINVAL;
	if (request.flags & VFIO_DMA_UNMAP_FLAG_ALL)
		ret = unmap_all(&client->dma, &request);
	else
		ret = unmap_one(&client->dma, &request);
	if (!ret)
		reply_add(reply, &request, sizeof(request));
	return ret;
}
