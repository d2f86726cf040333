/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One vfio-user command and its reply, for a client that waits. Numbers are
 * those of the specification, QEMU's docs/interop/vfio-user.rst.
 */
#ifndef VFIO_USER_WIRE_H
#define VFIO_USER_WIRE_H

#include <stddef.h>
#include <sys/types.h>

#define WIRE_MAX_DATA	(1024U * 1024)

/* File descriptors that we can receive with a message, and send at most */
#define WIRE_MAX_FDS	16

enum wire_command {
	WIRE_VERSION = 1,
	WIRE_DMA_MAP = 2,
	WIRE_DMA_UNMAP = 3,
	WIRE_GET_INFO = 4,
	WIRE_GET_REGION_INFO = 5,
	WIRE_GET_IRQ_INFO = 7,
	WIRE_SET_IRQS = 8,
	WIRE_REGION_READ = 9,
	WIRE_REGION_WRITE = 10,
	WIRE_RESET = 13,
	WIRE_FEATURE = 16,
};

/*
 * A socket that is connected to the server at @path, or -errno. @max_fds is how
 * many file descriptors the server takes with a message.
 */
int wire_connect(const char *path, unsigned int *max_fds);

/*
 * Send a command of two parts, with file descriptors; wait for the reply and
 * put its body into @reply, at most @room bytes. Returns how many bytes it has,
 * or -errno: the server's, or -EBADF if one of the fds is not open, -EPIPE if
 * the server has gone, -EPROTO for a reply that is none.
 */
ssize_t wire_call(int sock, enum wire_command command,
		  const void *head, size_t head_size,
		  const void *data, size_t data_size,
		  const int *fds, unsigned int nr_fds,
		  void *reply, size_t room);

/* The same, of a command without fds; @fd is what came with the reply, or -1. */
ssize_t wire_call_for_fd(int sock, enum wire_command command,
			 const void *head, size_t head_size,
			 void *reply, size_t room, int *fd);

#endif
