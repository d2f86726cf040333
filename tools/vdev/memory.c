// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Device memory: the parts of memory BARs that clients may map. See memory.h.
 *
 * Each BAR that has memory has a file in memory, made when it is first needed:
 * what was never written takes no room in it. The client gets the file along
 * with the description of the region, see regions.c. Of what it can do with
 * that nothing must hurt the server: the size of the file is sealed, and the
 * server does not map it, so there is no access that could fail otherwise than
 * with an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "server_private.h"

void memory_init(struct vdev_server *server)
{
	unsigned int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		server->memory[bar] = -1;
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

int memory_file(struct vdev *vdev, unsigned int bar)
{
	struct vdev_server *server = vdev->front_data;
	int *fd = &server->memory[bar];

	if (*fd < 0)
		*fd = make_file(vdev_region_size(vdev, bar));
	return *fd;
}

static void drop_file(struct vdev_server *server, unsigned int bar)
{
	if (server->memory[bar] >= 0)
		close(server->memory[bar]);
	server->memory[bar] = -1;
}

void memory_drop(struct vdev_server *server)
{
	unsigned int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		drop_file(server, bar);
}

static int write_file(int fd, u64 offset, const u8 *buf, size_t len)
{
	while (len) {
		ssize_t done = pwrite(fd, buf, len, offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -ENOMEM;
		offset += done;
		buf += done;
		len -= done;
	}
	return 0;
}

static int read_file(int fd, u64 offset, u8 *buf, size_t len)
{
	while (len) {
		ssize_t done = pread(fd, buf, len, offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -ENOMEM;
		offset += done;
		buf += done;
		len -= done;
	}
	return 0;
}

int memory_copy(struct vdev *vdev, unsigned int bar, u64 offset, void *buf,
		size_t len, bool write)
{
	struct vdev_server *server = vdev->front_data;
	int fd = server->memory[bar];

	if (!write && fd < 0) {
		memset(buf, 0, len);
		return 0;
	}
	if (!write)
		return read_file(fd, offset, buf, len);
	fd = memory_file(vdev, bar);
	return fd < 0 ? -ENOMEM : write_file(fd, offset, buf, len);
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
	struct vdev_server *server = vdev->front_data;
	unsigned int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if (server->memory[bar] < 0)
			continue;
		/* or else the client keeps the old contents, and we do not */
		if (fallocate(server->memory[bar],
			      FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			      vdev_region_size(vdev, bar)))
			drop_file(server, bar);
	}
}
