// SPDX-License-Identifier: GPL-2.0-only
#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/types.h>

#define REPLY		0x1
#define REPLY_ERROR	0x21

struct header {
	__u16 id;
	__u16 command;
	__u32 size;
	__u32 flags;
	__u32 error;
};

static int receive(int sock, void *buf, size_t size)
{
	ssize_t got = 0;

	/* one that asks for nothing waits for something */
	if (size)
		got = recv(sock, buf, size, MSG_WAITALL);
	if (got < 0)
		return -errno;
	return (size_t)got == size ? 0 : -EPIPE;
}

static int send_command(int sock, struct iovec *parts, int nr,
			const int *fds, unsigned int nr_fds)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(WIRE_MAX_FDS * sizeof(int))];
	} control = {};
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = nr };
	size_t size = 0;
	ssize_t sent;
	int i;

	if (nr_fds) {
		struct cmsghdr *cmsg;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(nr_fds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(nr_fds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, nr_fds * sizeof(int));
	}
	for (i = 0; i < nr; i++)
		size += parts[i].iov_len;
	/* a blocking socket takes all of it */
	sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	return (size_t)sent == size ? 0 : -EPIPE;
}

static void take_fds(struct msghdr *msg, int *fd)
{
	struct cmsghdr *cmsg;
	size_t at;
	int one;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		for (at = CMSG_LEN(0); at + sizeof(one) <= cmsg->cmsg_len;
		     at += sizeof(one)) {
			memcpy(&one, (char *)cmsg + at, sizeof(one));
			if (*fd >= 0)
				close(*fd);
			*fd = one;
		}
	}
}

/* @fd: what comes with it. */
static int receive_header(int sock, struct header *header, int *fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(WIRE_MAX_FDS * sizeof(int))];
	} control;
	struct iovec iov = { header, sizeof(*header) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(sock, &msg, MSG_WAITALL | MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (got < 0)
		return -errno;
	take_fds(&msg, fd);
	return got == sizeof(*header) ? 0 : -EPIPE;
}

static ssize_t receive_reply(int sock, const struct header *command,
			     void *reply, size_t room, int *fd)
{
	struct header header;
	size_t size, rest;
	char drop[256];
	int ret;

	ret = receive_header(sock, &header, fd);
	if (ret)
		return ret;
	if (header.id != command->id || header.command != command->command ||
	    header.size < sizeof(header))
		return -EPROTO;
	size = header.size - sizeof(header);
	if (header.flags == REPLY_ERROR)
		return size || !header.error ? -EPROTO : -(int)header.error;
	if (header.flags != REPLY)
		return -EPROTO;
	if (room > size)
		room = size;
	ret = receive(sock, reply, room);
	for (rest = size - room; rest && !ret; ) {
		size_t part = rest < sizeof(drop) ? rest : sizeof(drop);

		ret = receive(sock, drop, part);
		rest -= part;
	}
	return ret ? ret : (ssize_t)size;
}

static ssize_t call(int sock, enum wire_command command,
		    const void *head, size_t head_size,
		    const void *data, size_t data_size,
		    const int *fds, unsigned int nr_fds,
		    void *reply, size_t room, int *fd)
{
	static __u16 next_id;
	struct header header = {
		.id = next_id++,
		.command = command,
		.size = sizeof(header) + head_size + data_size,
	};
	struct iovec parts[] = {
		{ &header, sizeof(header) },
		{ (void *)head, head_size },
		{ (void *)data, data_size },
	};
	int ret;

	ret = send_command(sock, parts, 3, fds, nr_fds);
	return ret ? ret : receive_reply(sock, &header, reply, room, fd);
}

ssize_t wire_call(int sock, enum wire_command command,
		  const void *head, size_t head_size,
		  const void *data, size_t data_size,
		  const int *fds, unsigned int nr_fds,
		  void *reply, size_t room)
{
	int fd = -1;
	ssize_t ret = call(sock, command, head, head_size, data, data_size,
			   fds, nr_fds, reply, room, &fd);

	if (fd < 0)
		return ret;
	close(fd);
	return -EPROTO;
}

ssize_t wire_call_for_fd(int sock, enum wire_command command,
			 const void *head, size_t head_size,
			 void *reply, size_t room, int *fd)
{
	*fd = -1;
	return call(sock, command, head, head_size, NULL, 0, NULL, 0, reply,
		    room, fd);
}

/* One number of the capabilities, which are JSON; the protocol's default is 1. */
static unsigned int find_max_fds(const char *capabilities)
{
	static const char name[] = "\"max_msg_fds\":";
	const char *at = strstr(capabilities, name);
	unsigned long max = at ? strtoul(at + strlen(name), NULL, 10) : 1;

	return max < WIRE_MAX_FDS ? max : WIRE_MAX_FDS;
}

/* Agree on the protocol. */
static int negotiate(int sock, unsigned int *max_fds)
{
	struct {
		__u16 version[2];
		char capabilities[1024];
	} ours = { .capabilities = "{\"capabilities\":{\"max_msg_fds\":16}}" },
	  theirs = {};
	ssize_t ret;

	ret = wire_call(sock, WIRE_VERSION, &ours, sizeof(ours.version) +
			strlen(ours.capabilities) + 1, NULL, 0, NULL, 0,
			&theirs, sizeof(theirs) - 1);
	if (ret < 0)
		return ret;
	*max_fds = find_max_fds(theirs.capabilities);
	return 0;
}

int wire_connect(const char *path, unsigned int *max_fds)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock, ret;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	if (connect(sock, (struct sockaddr *)&address, sizeof(address)))
		ret = -errno;
	else
		ret = negotiate(sock, max_fds);
	if (ret < 0) {
		close(sock);
		return ret;
	}
	return sock;
}
