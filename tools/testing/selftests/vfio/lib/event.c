// SPDX-License-Identifier: GPL-2.0-only
#include "event.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "must.h"

int event_new(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	must(fd >= 0, "eventfd: %m");
	return fd;
}

__u64 event_take(int fd)
{
	__u64 count;
	ssize_t ret = read(fd, &count, sizeof(count));

	if (ret < 0 && errno == EAGAIN)
		return 0;
	must(ret == sizeof(count), "read of an eventfd: %m");
	return count;
}

__u64 event_wait_ms(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int ret;

	do {
		ret = poll(&pfd, 1, ms);
	} while (ret < 0 && errno == EINTR);
	must(ret >= 0, "poll of an eventfd: %m");
	return ret ? event_take(fd) : 0;
}

__u64 event_wait(int fd)
{
	return event_wait_ms(fd, EVENT_SOON_MS);
}

__u64 event_stray(int fd)
{
	return event_wait_ms(fd, EVENT_QUIET_MS);
}

void event_send(int fd)
{
	__u64 one = 1;

	must(write(fd, &one, sizeof(one)) == sizeof(one),
	     "write of an eventfd: %m");
}

int event_impostor(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	must(fd >= 0, "/dev/null: %m");
	return fd;
}

int event_closed(void)
{
	int fd = event_new();

	close(fd);
	return fd;
}
