/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * libvdev: device models as vfio-user devices of a process.
 *
 * A device model is one C file written against <linux/vdev.h>. Linked with
 * libvdev it becomes a program that a virtual machine monitor connects to:
 *
 *	#include <vdev/server.h>
 *
 *	int main(int argc, char **argv)
 *	{
 *		return vdev_serve(argc, argv);
 *	}
 *
 * The other functions are for programs with an event loop or a command line of
 * their own. They return 0 or a negative errno, and after an error a sentence
 * on standard error says what went wrong and what to do.
 *
 * One thread at a time may use a server; only vdev_server_stop() may be called
 * from anywhere.
 */
#ifndef VDEV_SERVER_H
#define VDEV_SERVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vdev_server;

/**
 * vdev_serve() - be a vfio-user server
 * @argc: of main()
 * @argv: of main()
 *
 * Everything that a server program does, from reading its command line
 * ("--help" tells) to SIGTERM.
 *
 * Return: the exit status of the program.
 */
int vdev_serve(int argc, char **argv);

/**
 * vdev_server_new() - make a device, and a server to show it
 * @type: name of the model, "mtty-2"; or NULL if the program has only one
 * @server: set to the server
 *
 * Return: 0; -ENOENT if no such model is linked into the program, -EINVAL if
 * it takes a @type to choose one; or what went wrong.
 */
int vdev_server_new(const char *type, struct vdev_server **server);

/**
 * vdev_server_free() - the end of a server, its client's connection and device
 * @server: the server, or NULL
 */
void vdev_server_free(struct vdev_server *server);

/**
 * vdev_server_set() - choose the value of a parameter of the device
 * @server: the server
 * @name: name of the parameter, "wiring"
 * @value: one of the words it can be set to, "cross"
 *
 * Return: 0; -ENOENT if the device has no such parameter, -EINVAL if it cannot
 * take that value, -EBUSY while a client uses the device.
 */
int vdev_server_set(struct vdev_server *server, const char *name,
		    const char *value);

/**
 * vdev_server_listen() - take clients that connect to a socket
 * @server: the server, which has no socket yet
 * @path: where to make the socket. A socket that a dead server left there is
 *	replaced. Who may connect is decided by the permissions of the
 *	directory and by the umask.
 *
 * Return: 0; -EADDRINUSE if something else is at @path; or what went wrong.
 */
int vdev_server_listen(struct vdev_server *server, const char *path);

/**
 * vdev_server_attach() - use a socket that is open already
 * @server: the server, which has no socket yet
 * @fd: an AF_UNIX stream socket, listening or connected to a client; belongs
 *	to the server from now on, unless this fails
 *
 * A server with a connected socket ends with that client, and can then be given
 * another.
 *
 * Return: 0; -EINVAL if @fd is something else; or what went wrong.
 */
int vdev_server_attach(struct vdev_server *server, int fd);

/**
 * vdev_server_once() - end with the first client that goes
 * @server: the server
 */
void vdev_server_once(struct vdev_server *server);

/**
 * vdev_server_no_mmap() - let clients map no memory of the device
 * @server: the server, without a client yet
 *
 * They access it by messages then, which takes longer. But no mapping answers
 * while the guest has switched the device's memory off, which a server cannot
 * see to otherwise.
 */
void vdev_server_no_mmap(struct vdev_server *server);

/**
 * vdev_server_log() - tell of every message on standard error
 * @server: the server
 */
void vdev_server_log(struct vdev_server *server);

/**
 * vdev_server_run() - serve clients until vdev_server_stop()
 * @server: the server
 *
 * Return: 0 when the server was stopped, or has nothing to wait for any more
 * (see vdev_server_once() and vdev_server_attach()); or what went wrong.
 */
int vdev_server_run(struct vdev_server *server);

/**
 * vdev_server_stop() - have vdev_server_run() return
 * @server: the server
 *
 * Context: any thread, and signal handlers.
 */
void vdev_server_stop(struct vdev_server *server);

/**
 * vdev_server_fd() - what to wait for in an event loop
 * @server: the server
 *
 * Return: a file descriptor that is readable when vdev_server_dispatch() has
 * something to do. It belongs to the server.
 */
int vdev_server_fd(const struct vdev_server *server);

/**
 * vdev_server_dispatch() - do what there is to do
 * @server: the server
 * @timeout_ms: how long to wait for something; 0: not at all, -1: for ever
 *
 * Return: 1 after something was done, 0 if there was nothing; -ESHUTDOWN where
 * vdev_server_run() would have returned 0; or what went wrong.
 */
int vdev_server_dispatch(struct vdev_server *server, int timeout_ms);

/**
 * vdev_server_dma_read() - read memory of the client
 * @server: the server
 * @iova: address, as the guest gave it to the device
 * @buf: where to put it
 * @len: how many bytes
 *
 * Memory that the client has passed a file descriptor for is read directly.
 * Other memory the client is asked for; then the server goes on serving while
 * it waits for the answer, so registers may be accessed and the device be
 * reset in the meantime.
 *
 * Context: between two calls of vdev_server_dispatch(), not in operations of
 * the model, which hold the device's lock.
 *
 * Return: 0; -EINVAL where the client has mapped nothing, -EPERM where it
 * allows no such access, -EFAULT if its memory is not there after all,
 * -ENOTCONN without a client or when it goes, -ETIMEDOUT if it does not
 * answer, -EBUSY while another transfer waits for its answer; or the error
 * the client answered with. @buf is undefined then.
 */
int vdev_server_dma_read(struct vdev_server *server, uint64_t iova, void *buf,
			 size_t len);

/**
 * vdev_server_dma_write() - write memory of the client
 * @server: the server
 * @iova: address, as the guest gave it to the device
 * @buf: what to write
 * @len: how many bytes
 *
 * Context: as vdev_server_dma_read().
 *
 * Return: as vdev_server_dma_read(). After -EINVAL and -EPERM nothing has been
 * written, after other errors a part may have been.
 */
int vdev_server_dma_write(struct vdev_server *server, uint64_t iova,
			  const void *buf, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* VDEV_SERVER_H */
