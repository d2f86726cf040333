// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A server: a device of one model, and the loop that serves it.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client.h"
#include "guarded_copy.h"
#include "jobs.h"
#include "registry.h"
#include "report.h"
#include "server_private.h"

static void stop_ready(struct watch *watch, u32 events)
{
	container_of(watch, struct vdev_server, stop)->finished = true;
}

/* vdev_server_dispatch() sees to what it is about. */
static void again_ready(struct watch *watch, u32 events)
{
	u64 times;

	if (read(watch->fd, &times, sizeof(times)) < 0)
		return;
}

/* An eventfd that the server looks at. 0 or a negative errno. */
static int open_event(struct vdev_server *server, struct watch *watch,
		      void (*ready)(struct watch *watch, u32 events))
{
	int ret;

	watch->ready = ready;
	watch->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->fd < 0)
		return -errno;
	ret = loop_watch(&server->loop, watch, EPOLLIN);
	if (ret)
		close(watch->fd);
	return ret;
}

static int open_loop(struct vdev_server *server)
{
	int ret;

	ret = loop_open(&server->loop);
	if (ret)
		return ret;
	ret = open_event(server, &server->stop, stop_ready);
	if (ret)
		goto close_loop;
	ret = open_event(server, &server->again, again_ready);
	if (ret)
		goto close_stop;
	return 0;

close_stop:
	close(server->stop.fd);
close_loop:
	loop_close(&server->loop);
	return ret;
}

static void close_loop(struct vdev_server *server)
{
	close(server->again.fd);
	close(server->stop.fd);
	loop_close(&server->loop);
}

static int open_server(struct vdev_server *server, const char *type)
{
	const struct vdev_family *family;
	const struct vdev_model *model;
	int ret;

	ret = registry_find(type, &family, &model);
	if (ret)
		return ret;
	ret = guarded_copy_prepare();
	if (!ret)
		ret = open_loop(server);
	if (!ret) {
		ret = front_open(server, family, model);
		if (ret)
			close_loop(server);
	}
	if (ret)
		report("cannot make a %s-%s: %s", family->name, model->name,
		       strerror(-ret));
	return ret;
}

int vdev_server_new(const char *type, struct vdev_server **server)
{
	struct vdev_server *new;
	int ret;

	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->listener.fd = -1;
	ret = open_server(new, type);
	if (ret) {
		free(new);
		return ret;
	}
	*server = new;
	return 0;
}

void vdev_server_free(struct vdev_server *server)
{
	if (!server)
		return;
	if (server->client)
		client_close(server->client);
	listener_close(server);
	front_close(server);
	close_loop(server);
	free(server);
}

int vdev_server_set(struct vdev_server *server, const char *name,
		    const char *value)
{
	struct vdev *vdev = server->vdev;
	const struct vdev_param *param = vdev->family->params;
	unsigned int nr;
	int ret;

	for (nr = 0; param && param[nr].name; nr++) {
		if (strcmp(param[nr].name, name))
			continue;
		ret = vdev_set_param(vdev, nr, value);
		if (ret)
			report("%s cannot be set to \"%s\": %s; --list shows what it can",
			       name, value, strerror(-ret));
		return ret;
	}
	report("a %s-%s has no parameter \"%s\"; --list shows what it has",
	       vdev->family->name, vdev->model->name, name);
	return -ENOENT;
}

void vdev_server_once(struct vdev_server *server)
{
	server->once = true;
}

void vdev_server_no_mmap(struct vdev_server *server)
{
	server->no_mmap = true;
}

void vdev_server_log(struct vdev_server *server)
{
	server->log = true;
}

void vdev_server_stop(struct vdev_server *server)
{
	u64 one = 1;

	if (write(server->stop.fd, &one, sizeof(one)) < 0)
		return;
}

int vdev_server_fd(const struct vdev_server *server)
{
	return server->loop.epoll;
}

/*
 * The client is lost: see to its end, unless somebody further up waits for an
 * answer of it and looks at it yet.
 */
static void end_client(struct vdev_server *server)
{
	struct client *client = server->client;

	if (!client || !client->lost || client->transfer)
		return;
	server->client = NULL;
	client_close(client);
	if (server->once || server->listener.fd < 0)
		server->finished = true;
	else
		/* in case there was no room for another connection */
		loop_watch(&server->loop, &server->listener, EPOLLIN);
}

int vdev_server_dispatch(struct vdev_server *server, int timeout_ms)
{
	int ret;

	end_client(server);
	if (server->finished)
		return -ESHUTDOWN;
	if (server->listener.fd < 0 && !server->client) {
		report("a server without a socket has nothing to do; see vdev_server_listen()");
		return -EINVAL;
	}
	ret = loop_once(&server->loop, timeout_ms);
	if (ret < 0)
		report("the event loop fails: %s", strerror(-ret));
	jobs_work(server);
	end_client(server);
	return ret;
}

int vdev_server_run(struct vdev_server *server)
{
	int ret;

	do {
		ret = vdev_server_dispatch(server, -1);
	} while (ret >= 0);
	return ret == -ESHUTDOWN ? 0 : ret;
}
