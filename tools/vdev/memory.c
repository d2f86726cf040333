// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Device memory: the parts of memory BARs that clients may map. See memory.h.
 *
 * Each BAR that has memory has a file in memory, made when it is first needed:
 * what was never written takes no room in it. The client gets the file along
 * with the description of the region, see regions.c. Of what it can do with
 * that nothing must hurt the server: the size of the file is sealed.
 *
 * The server maps the file as well, so that numbers change at once for those
 * who have it mapped; pread() and pwrite() may copy byte by byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guarded_copy.h"
#include "memory.h"
#include "server_private.h"

void memory_init(struct vdev_server *server)
{
	unsigned int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		server->memory[bar].fd = -1;
}

/* F_SEAL_SEAL, so that no client can forbid us to write. */
static int make_file(u64 size)
{
	int fd, ret;

	fd = memfd_create("vdev-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, size) &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static struct device_memory *memory_of(struct vdev *vdev, unsigned int bar)
{
	struct vdev_server *server = vdev->front_data;

	return &server->memory[bar];
}

int memory_file(struct vdev *vdev, unsigned int bar)
{
	struct device_memory *memory = memory_of(vdev, bar);

	if (memory->fd < 0) {
		memory->size = vdev_region_size(vdev, bar);
		memory->fd = make_file(memory->size);
	}
	return memory->fd;
}

static void drop(struct device_memory *memory)
{
	if (memory->map)
		munmap(memory->map, memory->size);
	memory->map = NULL;
	if (memory->fd >= 0)
		close(memory->fd);
	memory->fd = -1;
}

void memory_drop(struct vdev_server *server)
{
	unsigned int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		drop(&server->memory[bar]);
}

/* Our own mapping of the file, or NULL. */
static u8 *map_file(struct vdev *vdev, unsigned int bar)
{
	struct device_memory *memory = memory_of(vdev, bar);
	u8 *map;

	if (memory->map || memory_file(vdev, bar) < 0)
		return memory->map;
	map = mmap(NULL, memory->size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_NORESERVE, memory->fd, 0);
	if (map != MAP_FAILED)
		memory->map = map;
	return memory->map;
}

/* Reading what was never written must not make a page. */
static bool is_hole(int fd, u64 offset, size_t len)
{
	off_t data = lseek(fd, offset, SEEK_DATA);

	return data < 0 ? errno == ENXIO : (u64)data >= offset + len;
}

/* @len bytes, which do not cross a page. */
static int copy_part(struct vdev *vdev, unsigned int bar, u64 offset, void *buf,
		     size_t len, bool write)
{
	int fd = memory_of(vdev, bar)->fd;
	u8 *map;

	if (!write && (fd < 0 || is_hole(fd, offset, len))) {
		memset(buf, 0, len);
		return 0;
	}
	map = map_file(vdev, bar);
	if (!map)
		return -ENOMEM;
	map += offset;
	return guarded_copy(write ? map : buf, write ? buf : map, len) ?
	       -ENOMEM : 0;
}

int memory_copy(struct vdev *vdev, unsigned int bar, u64 offset, void *buf,
		size_t len, bool write)
{
	size_t part;
	int ret = 0;

	for (; len && !ret; len -= part, offset += part, buf += part) {
		part = min_t(size_t, len,
			     VDEV_MEM_ALIGN - offset % VDEV_MEM_ALIGN);
		ret = copy_part(vdev, bar, offset, buf, part, write);
	}
	return ret;
}

/*
 * What a client has mapped, a server cannot take away: it is left to the
 * client, whose own mapping it is, to have none of it answer its guest while
 * COMMAND.MEM is off. (A VMM maps a BAR where the guest has put it, and unmaps
 * it then.) Messages that access it get no answer but ones, as anywhere else.
 */
void memory_decode(struct vdev *vdev, bool enabled)
{
}

void memory_clear(struct vdev *vdev)
{
	unsigned int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		struct device_memory *memory = memory_of(vdev, bar);

		if (memory->fd < 0)
			continue;
		/* or else the client keeps the old contents, and we do not */
		if (fallocate(memory->fd,
			      FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			      memory->size))
			drop(memory);
	}
}
