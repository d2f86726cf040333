// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer's view of the server: an input is a client's whole life.
 *
 * The first byte chooses the device and how the life begins; then come
 * records, each a byte for its kind, two for its length, and so many bytes:
 *
 *	raw	bytes as they are
 *	message	command and flags; the rest is the body, and the header fits
 *	passing	as a message, but the first byte is for file descriptors that
 *		go with it: how many, and of what kind
 *	sized	as a message, but the first 4 bytes are the size in the header
 *
 * The client says all it has to say and hangs up, before the server looks:
 * so nobody ever waits for anybody. Whatever it was, the server must come to
 * its end, answer in form, and hold nothing afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vdev/server.h>

#include "../dma_card.h"
#include "../../fuzz/libfuzzer.h"

#define HEADER_SIZE	16
#define MAX_FDS		24
#define MEMORY_SIZE	0x10000

enum { RAW, MESSAGE, PASSING, SIZED };
enum { EVENTFD, MEMORY, OTHER, MIXED };

struct input {
	const uint8_t *data;
	size_t size;
};

/* Bits of the first byte. */
#define FIRST_DMA_CARD	1
#define FIRST_VERSION	2	/* it begins with a VERSION */
#define FIRST_TEST	4	/* a vdev_test, of the other model with bit 0 */

static const char * const models[] = {
	"mtty-2", "dma-card", "vdev_test-pcie", "vdev_test-large",
};

static struct vdev_server *servers[4];
static int fd_of[3];

/* The server speaks of every strange client, and here all of them are. */
void printk_emit(const char *message)
{
}

static void must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

/* What is the next descriptor to be had? Leaks make it higher. */
static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

int fuzz_initialize(int *argc, char ***argv)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		must(!vdev_server_new(models[i], &servers[i]), models[i]);
	fd_of[EVENTFD] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	fd_of[MEMORY] = memfd_create("fuzz", MFD_CLOEXEC);
	fd_of[OTHER] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(!ftruncate(fd_of[MEMORY], MEMORY_SIZE), "there is memory");
	return 0;
}

/* At most @size bytes of the input. */
static struct input take(struct input *input, size_t size)
{
	struct input taken = { input->data, size };

	if (taken.size > input->size)
		taken.size = input->size;
	input->data += taken.size;
	input->size -= taken.size;
	return taken;
}

static unsigned int take_number(struct input *input, size_t size)
{
	struct input taken = take(input, size);
	unsigned int number = 0;

	memcpy(&number, taken.data, taken.size);
	return number;
}

static void send_bytes(int sock, const void *data, size_t size,
		       const int *fds, unsigned int nr_fds)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(MAX_FDS * sizeof(int))];
	} control = {};
	struct iovec iov = { (void *)data, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nr_fds && size) {
		struct cmsghdr *cmsg;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(nr_fds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(nr_fds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, nr_fds * sizeof(int));
	}
	/* what does not fit any more is as if the client had not said it */
	if (sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

static unsigned int choose_fds(unsigned int choice, int *fds)
{
	unsigned int kind = choice & 3, nr = choice >> 2, i;

	if (nr > MAX_FDS)
		nr = 1;
	for (i = 0; i < nr; i++)
		fds[i] = fd_of[kind == MIXED ? i % 3 : kind];
	return nr;
}

static void send_record(int sock, unsigned int kind, struct input record)
{
	static uint8_t message[HEADER_SIZE + 0x10000];
	unsigned int nr_fds = 0;
	int fds[MAX_FDS];
	uint16_t half;
	uint32_t word;

	if (kind == RAW) {
		send_bytes(sock, record.data, record.size, NULL, 0);
		return;
	}
	memset(message, 0, HEADER_SIZE);
	word = 0;
	if (kind == PASSING)
		nr_fds = choose_fds(take_number(&record, 1), fds);
	if (kind == SIZED)
		word = take_number(&record, 4);
	half = take_number(&record, 1);
	memcpy(message + 2, &half, sizeof(half));
	message[8] = take_number(&record, 1);
	if (kind != SIZED)
		word = HEADER_SIZE + record.size;
	memcpy(message + 4, &word, sizeof(word));
	memcpy(message + HEADER_SIZE, record.data, record.size);
	send_bytes(sock, message, HEADER_SIZE + record.size, fds, nr_fds);
}

/* What the server has said, of which the first messages are checked. */
static uint8_t said[4 << 20];
static size_t said_size;

/* All of it has the form of messages. The last one may not be there whole. */
static void check_answers(int sock)
{
	size_t at = 0;
	ssize_t got;

	while ((got = recv(sock, said + said_size, sizeof(said) - said_size,
			   MSG_DONTWAIT)) > 0)
		said_size += got;
	while (said_size - at >= HEADER_SIZE) {
		uint32_t length;

		memcpy(&length, said + at + 4, sizeof(length));
		must(length >= HEADER_SIZE, "a message has a header");
		if (length > said_size - at)
			break;
		/* a reply, or a command to do DMA */
		must((said[at + 8] & 0xf) == 1 || said[at + 2] == 11 ||
		     said[at + 2] == 12, "the server replies, or does DMA");
		at += length;
	}
	said_size -= at;
	memmove(said, said + at, said_size);
}

static void live(int sock, struct input input, unsigned int beginning)
{
	static const uint8_t version[] = { RAW, 20, 0, 0, 0, 1, 0, 20, 0, 0, 0 };
	uint8_t hello[20] = {};

	/* mostly it is more fruitful to be a client first */
	if (beginning & FIRST_VERSION) {
		memcpy(hello, version + 3, sizeof(version) - 3);
		send_bytes(sock, hello, sizeof(hello), NULL, 0);
	}
	while (input.size) {
		unsigned int kind = take_number(&input, 1) & 3;
		unsigned int size = take_number(&input, 2);

		send_record(sock, kind, take(&input, size));
	}
	shutdown(sock, SHUT_WR);
}

static struct vdev_server *choose_server(unsigned int beginning)
{
	return servers[(beginning & FIRST_TEST ? 2 : 0) +
		       (beginning & FIRST_DMA_CARD)];
}

int fuzz_one_input(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	unsigned int beginning = take_number(&input, 1);
	struct vdev_server *server = choose_server(beginning);
	/* libFuzzer opens files of its own now and then, but not meanwhile */
	int lowest_fd = next_fd();
	unsigned int idle = 0;
	int ends[2];
	int ret;

	said_size = 0;
	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
	     "there is a socket");
	live(ends[0], input, beginning);
	must(!vdev_server_attach(server, ends[1]), "the server takes it");
	do {
		ret = vdev_server_dispatch(server, 0);
		if (server == servers[1])
			dma_card_work(server);
		if (!ret) {
			check_answers(ends[0]);
			must(++idle < 1000, "the server gets on");
		}
	} while (ret >= 0);
	must(ret == -ESHUTDOWN, "the server ends with its client");
	check_answers(ends[0]);
	close(ends[0]);
	must(next_fd() == lowest_fd, "no file descriptor is left");
	return 0;
}
