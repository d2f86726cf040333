// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The socket that clients connect to. One client at a time: who comes while
 * there is one is told so.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "protocol.h"
#include "report.h"
#include "server_private.h"

/* What a socket is called until it is ready. */
#define EARLY	".new"

static void end_refused(struct refused *refused)
{
	if (refused->watch.fd < 0)
		return;
	loop_forget(&refused->server->loop, &refused->watch);
	close(refused->watch.fd);
	refused->watch.fd = -1;
}

/* It has asked for something: this is the answer. */
static void refused_ready(struct watch *watch, u32 events)
{
	struct refused *refused = container_of(watch, struct refused, watch);
	struct vfio_user_header header;
	u8 rest[4096];

	if (recv(watch->fd, &header, sizeof(header), MSG_DONTWAIT) ==
	    sizeof(header)) {
		header.size = sizeof(header);
		header.flags = VFIO_USER_TYPE_REPLY | VFIO_USER_ERROR;
		header.error = EBUSY;
		send(watch->fd, &header, sizeof(header),
		     MSG_DONTWAIT | MSG_NOSIGNAL);
		/* what is not read would make its read fail after all */
		recv(watch->fd, rest, sizeof(rest), MSG_DONTWAIT);
	}
	end_refused(refused);
}

static void refuse(struct vdev_server *server, int fd)
{
	struct refused *refused = &server->refused[server->next_refused];

	report("a second client was refused, there is one already; start a server for each device");
	server->next_refused = (server->next_refused + 1) % MAX_REFUSED;
	end_refused(refused);
	refused->server = server;
	refused->watch.fd = fd;
	refused->watch.ready = refused_ready;
	if (loop_watch(&server->loop, &refused->watch, EPOLLIN))
		end_refused(refused);
}

/*
 * There is no room for another connection. Whoever comes stays in the queue,
 * and the event loop must not turn idly because of that.
 */
static void wait_for_room(struct vdev_server *server, int error)
{
	report("cannot accept a client: %s; it has to wait", strerror(error));
	if (server->client)
		loop_forget(&server->loop, &server->listener);
	else
		sleep(1);
}

static void listener_ready(struct watch *watch, u32 events)
{
	struct vdev_server *server =
		container_of(watch, struct vdev_server, listener);
	int ret, fd;

	/* its messages come first, and then its end */
	if (server->client && client_hung_up(server->client))
		return;
	fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS)
			wait_for_room(server, errno);
		return;
	}
	if (server->client) {
		refuse(server, fd);
		return;
	}
	ret = client_open(server, fd);
	if (ret) {
		report("cannot serve a client: %s", strerror(-ret));
		close(fd);
	}
}

int listener_open(struct vdev_server *server, int fd)
{
	unsigned int i;

	for (i = 0; i < MAX_REFUSED; i++)
		server->refused[i].watch.fd = -1;
	server->listener.fd = fd;
	server->listener.ready = listener_ready;
	return loop_watch(&server->loop, &server->listener, EPOLLIN);
}

void listener_close(struct vdev_server *server)
{
	unsigned int i;

	if (server->listener.fd < 0)
		return;
	for (i = 0; i < MAX_REFUSED; i++)
		end_refused(&server->refused[i]);
	if (server->path)
		unlink(server->path);
	free(server->path);
	close(server->listener.fd);
}

/* Does anybody listen at an address? What is there may be a dead socket. */
static bool anybody_at(const struct sockaddr_un *address)
{
	bool somebody = true;
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return true;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)))
		somebody = errno != ECONNREFUSED;
	close(fd);
	return somebody;
}

/* Take away what a server left behind that was killed. */
static int clear_path(const struct sockaddr_un *address)
{
	struct stat status;

	if (lstat(address->sun_path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode)) {
		report("%s is there already and no socket; remove it or choose another path",
		       address->sun_path);
		return -EADDRINUSE;
	}
	if (anybody_at(address)) {
		report("a server listens at %s already; stop it or choose another path",
		       address->sun_path);
		return -EADDRINUSE;
	}
	return unlink(address->sun_path) ? -errno : 0;
}

/*
 * The socket appears at its path when it can be connected to, and not before:
 * whoever waits for it need not try twice.
 */
static int bind_and_listen(struct vdev_server *server, int fd,
			   const struct sockaddr_un *address)
{
	struct sockaddr_un early = *address;
	int ret;

	if (strlen(early.sun_path) + strlen(EARLY) < sizeof(early.sun_path))
		strcat(early.sun_path, EARLY);
	ret = clear_path(&early);
	if (ret)
		return ret;
	if (bind(fd, (const struct sockaddr *)&early, sizeof(early)))
		return -errno;
	if (listen(fd, SOMAXCONN) || rename(early.sun_path, address->sun_path)) {
		ret = -errno;
		unlink(early.sun_path);
		return ret;
	}
	server->path = strdup(address->sun_path);
	return server->path ? listener_open(server, fd) : -ENOMEM;
}

int vdev_server_listen(struct vdev_server *server, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int ret, fd;

	if (server->listener.fd >= 0 || server->client) {
		report("the server has a socket already, so it cannot listen at %s",
		       path);
		return -EBUSY;
	}
	if (!*path || strlen(path) >= sizeof(address.sun_path)) {
		report("the path of a socket has 1 to %zu characters, not %zu; choose another",
		       sizeof(address.sun_path) - 1, strlen(path));
		return -EINVAL;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	ret = clear_path(&address);
	if (ret == -EADDRINUSE)
		return ret;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		ret = -errno;
	else if (!ret)
		ret = bind_and_listen(server, fd, &address);
	if (!ret)
		return 0;
	report("cannot listen at %s: %s%s", path, strerror(-ret),
	       ret == -ENOENT ? "; make its directory first" : "");
	if (server->path)
		unlink(server->path);
	free(server->path);
	server->path = NULL;
	server->listener.fd = -1;
	if (fd >= 0)
		close(fd);
	return ret;
}

/* What kind of socket is it? 1: listening, 0: connected, or -EINVAL. */
static int is_listening(int fd)
{
	int domain, type, listening;
	socklen_t size = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size))
		return -EINVAL;
	if (domain != AF_UNIX || type != SOCK_STREAM)
		return -EINVAL;
	return listening;
}

int vdev_server_attach(struct vdev_server *server, int fd)
{
	int ret;

	if (server->listener.fd >= 0 || server->client) {
		report("the server has a socket already, so it cannot use fd %d",
		       fd);
		return -EBUSY;
	}
	ret = is_listening(fd);
	if (ret < 0) {
		report("fd %d is no AF_UNIX stream socket; pass one that listens or is connected",
		       fd);
		return ret;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	server->finished = false;
	ret = ret ? listener_open(server, fd) : client_open(server, fd);
	if (!ret)
		return 0;
	report("cannot use fd %d: %s", fd, strerror(-ret));
	server->listener.fd = -1;
	return ret;
}
