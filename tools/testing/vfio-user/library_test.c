// SPDX-License-Identifier: GPL-2.0-only
/*
 * libvdev's functions as a program calls them, and what becomes of a client
 * when memory or file descriptors run out. Each case is a process of its own;
 * results are KTAP, of which "library_test plan" is only the beginning.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/array_size.h>
#include <linux/compiler.h>
#include <linux/vdev.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vdev/server.h>

#define CASE_SECONDS	60

#define EXPECT(condition) expect(condition, #condition, __LINE__)
#define EXPECT_EQ(got, want) expect_eq(got, want, #got, __LINE__)

static void expect(bool good, const char *what, int line)
{
	if (good)
		return;
	printf("# line %d: not so: %s\n", line, what);
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

static void expect_eq(long got, long want, const char *what, int line)
{
	if (got == want)
		return;
	printf("# line %d: %s: expected %ld, got %ld\n", line, what, want, got);
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

/* Allocations that fail: the linker has malloc() and its like come here. */
static unsigned int allocations_left;	/* 0: as many as are wanted */
static bool allocation_failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool fails(void)
{
	if (!allocations_left || --allocations_left)
		return false;
	allocation_failed = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t nr, size_t size)
{
	return fails() ? NULL : __real_calloc(nr, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static struct vdev_server *new_server(void)
{
	struct vdev_server *server;

	EXPECT_EQ(vdev_server_new("mtty-2", &server), 0);
	return server;
}

/* A client that says all it has to say, and hangs up. */

static void say(int sock, uint16_t command, const void *body, size_t size,
		int fd)
{
	struct {
		uint16_t id;
		uint16_t command;
		uint32_t size;
		uint32_t flags;
		uint32_t error;
		uint8_t body[64];
	} message = { .command = command, .size = 16 + size };
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct iovec iov = { &message, message.size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	memcpy(message.body, body, size);
	if (fd >= 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	}
	EXPECT_EQ(sendmsg(sock, &msg, MSG_NOSIGNAL), message.size);
}

static int event_fd, memory_fd;

static void live(int sock)
{
	static const uint64_t shared[] = { 32 | 3ULL << 32, 0, 0, 4096 };
	static const uint64_t file[] = { 32 | 11ULL << 32, 0, 8192, 4096 };
	static const uint64_t other[] = { 32 | 3ULL << 32, 0, 16384, 4096 };
	static const uint32_t bind_intx[] = { 20, 0x24, 0, 0, 1 };
	static const uint32_t bind_unmask[] = { 20, 0x14, 0, 0, 1 };
	static const uint32_t bind_err[] = { 20, 0x24, 3, 0, 1 };
	static const uint32_t info[4] = { 16 };
	char version[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":2}}";

	say(sock, 1, version, sizeof(version), -1);
	say(sock, 2, shared, sizeof(shared), memory_fd);
	say(sock, 2, file, sizeof(file), memory_fd);
	say(sock, 2, other, sizeof(other), -1);
	say(sock, 8, bind_intx, sizeof(bind_intx), event_fd);
	say(sock, 8, bind_unmask, sizeof(bind_unmask), event_fd);
	say(sock, 8, bind_err, sizeof(bind_err), event_fd);
	say(sock, 4, info, sizeof(info), -1);
	say(sock, 13, "", 0, -1);
	shutdown(sock, SHUT_WR);
}

static void make_fds(void)
{
	event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	memory_fd = memfd_create("test", MFD_CLOEXEC);
	EXPECT(event_fd >= 0 && memory_fd >= 0);
	EXPECT_EQ(ftruncate(memory_fd, 4096), 0);
}

/* Replies that are errors, of those that have come. */
static unsigned int count_errors(int sock)
{
	unsigned int errors = 0;
	uint32_t header[4];
	char body[512];

	while (recv(sock, header, sizeof(header), MSG_DONTWAIT) ==
	       sizeof(header)) {
		EXPECT((header[2] & 0xf) == 1);
		EXPECT(header[1] >= 16 && header[1] - 16 <= sizeof(body));
		if (header[2] & 0x20)
			errors++;
		if (header[1] > 16)
			recv(sock, body, header[1] - 16, MSG_DONTWAIT);
	}
	return errors;
}

static void serve(struct vdev_server *server)
{
	int ret;

	do {
		ret = vdev_server_dispatch(server, 0);
	} while (ret > 0);
	EXPECT_EQ(ret, -ESHUTDOWN);
}

/* A whole client; the number of its commands that failed. */
static unsigned int serve_client(struct vdev_server *server)
{
	unsigned int errors;
	int ends[2];
	int ret;

	EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	live(ends[0]);
	ret = vdev_server_attach(server, ends[1]);
	if (ret) {
		close(ends[1]);
		errors = 1;
	} else {
		serve(server);
		errors = count_errors(ends[0]);
	}
	close(ends[0]);
	return errors;
}

static void test_new(void)
{
	struct vdev_server *server = NULL;

	EXPECT_EQ(vdev_server_new("nothing", &server), -ENOENT);
	EXPECT_EQ(vdev_server_new("mtty-3", &server), -ENOENT);
	EXPECT_EQ(vdev_server_new("", &server), -ENOENT);
	EXPECT_EQ(vdev_server_new(NULL, &server), -EINVAL);
	EXPECT(!server);
	vdev_server_free(NULL);
	vdev_server_free(new_server());
}

static void test_set(void)
{
	struct vdev_server *server = new_server();
	uint32_t hello[] = { 1 << 16, 20, 0, 0, 0 };
	int ends[2];

	EXPECT_EQ(vdev_server_set(server, "wiring", "cross"), 0);
	EXPECT_EQ(vdev_server_set(server, "wiring", "loopback"), 0);
	EXPECT_EQ(vdev_server_set(server, "wiring", "wrong"), -EINVAL);
	EXPECT_EQ(vdev_server_set(server, "speed", "1"), -ENOENT);

	EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	EXPECT_EQ(vdev_server_attach(server, ends[1]), 0);
	EXPECT_EQ(vdev_server_set(server, "wiring", "cross"), 0);
	EXPECT_EQ(write(ends[0], hello, sizeof(hello)), sizeof(hello));
	EXPECT_EQ(vdev_server_dispatch(server, 1000), 1);
	EXPECT_EQ(vdev_server_set(server, "wiring", "loopback"), -EBUSY);
	close(ends[0]);
	serve(server);
	EXPECT_EQ(vdev_server_set(server, "wiring", "loopback"), 0);
	vdev_server_free(server);
}

static void test_sockets(void)
{
	struct vdev_server *server = new_server();
	char path[] = "/tmp/library-test-XXXXXX", file[64];
	int ends[2];

	EXPECT_EQ(vdev_server_dispatch(server, 0), -EINVAL);
	EXPECT_EQ(vdev_server_run(server), -EINVAL);
	EXPECT(mkdtemp(path));
	snprintf(file, sizeof(file), "%s/socket", path);
	EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);

	EXPECT_EQ(vdev_server_listen(server, file), 0);
	EXPECT_EQ(vdev_server_listen(server, file), -EBUSY);
	EXPECT_EQ(vdev_server_attach(server, ends[1]), -EBUSY);
	EXPECT_EQ(vdev_server_dispatch(server, 0), 0);
	vdev_server_free(server);
	EXPECT_EQ(access(file, F_OK), -1);

	server = new_server();
	EXPECT_EQ(vdev_server_attach(server, -1), -EINVAL);
	EXPECT_EQ(vdev_server_attach(server, 0), -EINVAL);
	EXPECT_EQ(vdev_server_attach(server, ends[1]), 0);
	EXPECT_EQ(vdev_server_attach(server, ends[0]), -EBUSY);
	EXPECT_EQ(vdev_server_listen(server, file), -EBUSY);
	vdev_server_free(server);
	close(ends[0]);
	rmdir(path);
}

/* What could not be attached is the caller's still. */
static void test_attach_fails(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct vdev_server *server = new_server();
	struct epoll_event event = { .events = EPOLLIN };
	int fd;

	/* an abstract name, of which the kernel thinks */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	EXPECT_EQ(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)),
		  0);
	EXPECT_EQ(listen(fd, 1), 0);
	/* the server cannot watch what is watched already */
	EXPECT_EQ(epoll_ctl(vdev_server_fd(server), EPOLL_CTL_ADD, fd, &event),
		  0);
	EXPECT_EQ(vdev_server_attach(server, fd), -EEXIST);
	EXPECT_EQ(epoll_ctl(vdev_server_fd(server), EPOLL_CTL_DEL, fd, NULL),
		  0);
	vdev_server_free(server);
	EXPECT(fcntl(fd, F_GETFD) >= 0);

	server = new_server();
	EXPECT_EQ(vdev_server_attach(server, fd), 0);
	vdev_server_free(server);
	EXPECT_EQ(fcntl(fd, F_GETFD), -1);
}

static void test_poll(void)
{
	struct vdev_server *server = new_server();
	struct pollfd poll_fd = { .events = POLLIN };
	int ends[2];

	poll_fd.fd = vdev_server_fd(server);
	EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	EXPECT_EQ(vdev_server_attach(server, ends[1]), 0);
	EXPECT_EQ(poll(&poll_fd, 1, 0), 0);
	EXPECT_EQ(write(ends[0], "x", 1), 1);
	EXPECT_EQ(poll(&poll_fd, 1, 1000), 1);
	EXPECT_EQ(vdev_server_dispatch(server, 0), 1);
	EXPECT_EQ(poll(&poll_fd, 1, 0), 0);
	EXPECT_EQ(vdev_server_dispatch(server, 0), 0);
	close(ends[0]);
	EXPECT_EQ(poll(&poll_fd, 1, 1000), 1);
	serve(server);
	vdev_server_free(server);
}

static void *stop_later(void *server)
{
	usleep(20000);
	vdev_server_stop(server);
	return NULL;
}

static void test_stop(void)
{
	struct vdev_server *server = new_server();
	pthread_t thread;
	int ends[2];

	EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	EXPECT_EQ(vdev_server_attach(server, ends[1]), 0);
	EXPECT_EQ(pthread_create(&thread, NULL, stop_later, server), 0);
	EXPECT_EQ(vdev_server_run(server), 0);
	pthread_join(thread, NULL);
	EXPECT_EQ(vdev_server_dispatch(server, 0), -ESHUTDOWN);
	EXPECT_EQ(vdev_server_run(server), 0);
	close(ends[0]);
	vdev_server_free(server);
}

static void test_one_after_the_other(void)
{
	struct vdev_server *server = new_server();
	int lowest;
	int i;

	make_fds();
	lowest = next_fd();
	for (i = 0; i < 5; i++)
		EXPECT_EQ(serve_client(server), 0);
	EXPECT_EQ(next_fd(), lowest);
	vdev_server_free(server);
}

static void test_dma_without_client(void)
{
	struct vdev_server *server = new_server();
	char byte;
	int ends[2];

	EXPECT_EQ(vdev_server_dma_read(server, 0, &byte, 1), -ENOTCONN);
	EXPECT_EQ(vdev_server_dma_write(server, 0, &byte, 1), -ENOTCONN);
	EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	EXPECT_EQ(vdev_server_attach(server, ends[1]), 0);
	/* a connection, but no agreement yet */
	EXPECT_EQ(vdev_server_dma_read(server, 0, &byte, 1), -ENOTCONN);
	close(ends[0]);
	vdev_server_free(server);
}

/* A device with a job that queues itself, from a write to its register on. */

static struct {
	struct vdev_job job;
	unsigned int runs;
} busy;

static u64 busy_read(struct vdev *vdev, unsigned int bar, u64 offset,
		     unsigned int width)
{
	return busy.runs;
}

static void busy_write(struct vdev *vdev, unsigned int bar, u64 offset,
		       unsigned int width, u64 value)
{
	vdev_job_queue(vdev, &busy.job);
}

static void busy_work(struct vdev *vdev, struct vdev_job *job)
{
	if (!vdev_job_lock(vdev, job))
		return;
	busy.runs++;
	vdev_job_queue(vdev, job);
	vdev_job_unlock(vdev, job);
}

static int busy_init(struct vdev *vdev)
{
	vdev_job_init(vdev, &busy.job, busy_work);
	return 0;
}

static void busy_reset(struct vdev *vdev)
{
	busy.runs = 0;
}

static const struct vdev_ops busy_ops = {
	.init	= busy_init,
	.reset	= busy_reset,
	.read	= busy_read,
	.write	= busy_write,
};

static const struct vdev_model busy_models[] = {
	{
		.name = "card", .units = 1, .vendor = 0xeeee, .device = 3,
		.class = 0x088000, .bars = {
			{ .type = VDEV_BAR_MEM, .size = 16, .max_width = 4 },
		},
	},
};

static const struct vdev_family busy_family = {
	.name		= "busy",
	.owner		= THIS_MODULE,
	.ops		= &busy_ops,
	.capacity	= 1,
	.models		= busy_models,
	.nr_models	= ARRAY_SIZE(busy_models),
};

module_vdev(busy_family);

static void test_busy_job(void)
{
	static const uint32_t decode[] = { 4, 0, 7, 2, 2 };
	static const uint32_t start[] = { 0, 0, 0, 4, 0 };
	struct vdev_server *server;
	struct pollfd poll_fd = { .events = POLLIN };
	unsigned int runs;
	int ends[2], i;

	EXPECT_EQ(vdev_server_new("busy-card", &server), 0);
	poll_fd.fd = vdev_server_fd(server);
	EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	EXPECT_EQ(vdev_server_attach(server, ends[1]), 0);
	say(ends[0], 1, "\0\0\0", 4, -1);
	say(ends[0], 10, decode, 18, -1);
	say(ends[0], 10, start, sizeof(start), -1);
	/* it goes on by itself, for whoever waits in a loop of his own */
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(poll(&poll_fd, 1, 1000), 1);
		EXPECT(vdev_server_dispatch(server, 0) >= 0);
	}
	EXPECT(busy.runs > 50 && busy.runs < 200);
	/* and the client is heard */
	say(ends[0], 13, "", 0, -1);
	for (i = 0; i < 10; i++)
		vdev_server_dispatch(server, 0);
	EXPECT_EQ(count_errors(ends[0]), 0);
	runs = busy.runs;
	EXPECT_EQ(poll(&poll_fd, 1, 0), 0);
	EXPECT_EQ(vdev_server_dispatch(server, 0), 0);
	EXPECT_EQ(busy.runs, runs);
	EXPECT_EQ(runs, 0);
	close(ends[0]);
	serve(server);
	vdev_server_free(server);
}

/* Whichever allocation fails, the client is told or cut off, and that is it. */
static void test_no_memory(void)
{
	unsigned int nth, failed_sessions = 0;
	struct vdev_server *server;
	int lowest, ret;

	make_fds();
	lowest = next_fd();
	for (nth = 1; ; nth++) {
		allocation_failed = false;
		allocations_left = nth;
		ret = vdev_server_new("mtty-2", &server);
		if (!ret) {
			if (serve_client(server))
				failed_sessions++;
			allocations_left = 0;
			/* it was that client's misfortune only */
			EXPECT_EQ(serve_client(server), 0);
			vdev_server_free(server);
		}
		allocations_left = 0;
		EXPECT(!ret || ret == -ENOMEM);
		EXPECT_EQ(next_fd(), lowest);
		if (!allocation_failed)
			break;
	}
	printf("# %u allocations\n", nth - 1);
	EXPECT(nth > 10 && failed_sessions > 5);
}

/* The same with file descriptors. */
static void test_no_fds(void)
{
	struct rlimit before, limit;
	struct vdev_server *server;
	unsigned int errors = 1;
	int lowest, room, ret;

	make_fds();
	lowest = next_fd();
	EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	/* two for the connection, which is ours to begin with */
	for (room = 2; errors; room++) {
		EXPECT(room < 40);
		limit = before;
		limit.rlim_cur = lowest + room;
		EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
		ret = vdev_server_new("mtty-2", &server);
		if (!ret) {
			limit.rlim_cur = lowest + room + 2;
			EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
			errors = serve_client(server);
			EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
			EXPECT_EQ(serve_client(server), 0);
			vdev_server_free(server);
		}
		EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
		EXPECT(!ret || ret == -EMFILE);
		EXPECT_EQ(next_fd(), lowest);
	}
	printf("# %d file descriptors\n", room - 1);
}

/* While there is no room for a client it waits, and is then served. */
static void test_no_fds_to_accept(void)
{
	struct vdev_server *server = new_server();
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct rlimit before, limit;
	char path[] = "/tmp/library-test-XXXXXX";
	int first, second, i;

	EXPECT(mkdtemp(path));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", path);
	EXPECT_EQ(vdev_server_listen(server, address.sun_path), 0);
	first = socket(AF_UNIX, SOCK_STREAM, 0);
	second = socket(AF_UNIX, SOCK_STREAM, 0);
	EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = next_fd();

	/* without any client: it tries again, not too often */
	EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	EXPECT_EQ(connect(first, (void *)&address, sizeof(address)), 0);
	EXPECT_EQ(vdev_server_dispatch(server, 1000), 1);
	EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
	EXPECT_EQ(vdev_server_dispatch(server, 1000), 1);

	/* beside a client: when that is gone */
	limit.rlim_cur = next_fd();
	EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	EXPECT_EQ(connect(second, (void *)&address, sizeof(address)), 0);
	EXPECT_EQ(vdev_server_dispatch(server, 1000), 1);
	EXPECT_EQ(vdev_server_dispatch(server, 0), 0);
	EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
	close(first);
	for (i = 0; i < 3; i++)
		vdev_server_dispatch(server, 0);
	make_fds();
	live(second);
	for (i = 0; i < 20; i++)
		vdev_server_dispatch(server, 0);
	EXPECT_EQ(count_errors(second), 0);
	close(second);
	vdev_server_free(server);
	rmdir(path);
}

/* SIGBUS that is not the library's goes where it went before. */

static void our_handler(int signal)
{
	_exit(EXIT_SUCCESS);
}

static void our_sigaction(int signal, siginfo_t *info, void *context)
{
	_exit(info->si_addr ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void touch_nothing(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	char *memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	EXPECT(memory != MAP_FAILED);
	/* a file without a byte: there is none to compare */
	EXPECT_EQ(*memory, -1);
}

static void test_bus_error_handler(void)
{
	signal(SIGBUS, our_handler);
	new_server();
	touch_nothing();
}

static void test_bus_error_sigaction(void)
{
	const struct sigaction action = {
		.sa_sigaction = our_sigaction, .sa_flags = SA_SIGINFO,
	};

	sigaction(SIGBUS, &action, NULL);
	new_server();
	touch_nothing();
}

static void test_bus_error_default(void)
{
	int status;
	pid_t pid;

	signal(SIGBUS, SIG_DFL);
	pid = fork();
	if (!pid) {
		new_server();
		touch_nothing();
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "new", test_new },
	{ "set", test_set },
	{ "sockets", test_sockets },
	{ "attach_fails", test_attach_fails },
	{ "poll", test_poll },
	{ "stop", test_stop },
	{ "one_after_the_other", test_one_after_the_other },
	{ "dma_without_client", test_dma_without_client },
	{ "busy_job", test_busy_job },
	{ "no_memory", test_no_memory },
	{ "no_fds", test_no_fds },
	{ "no_fds_to_accept", test_no_fds_to_accept },
	{ "bus_error_handler", test_bus_error_handler },
	{ "bus_error_sigaction", test_bus_error_sigaction },
	{ "bus_error_default", test_bus_error_default },
};

static bool run(unsigned int nr)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(CASE_SECONDS);
		cases[nr].run();
		exit(EXIT_SUCCESS);
	}
	if (waitpid(pid, &status, 0) != pid)
		return false;
	if (WIFSIGNALED(status))
		printf("# killed by signal %d\n", WTERMSIG(status));
	return !status;
}

int main(int argc, char **argv)
{
	unsigned int failed = 0;
	unsigned int i;

	printf("KTAP version 1\n1..%zu\n", ARRAY_SIZE(cases));
	if (argc > 1)
		return EXIT_SUCCESS;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bool good = run(i);

		failed += !good;
		printf("%s %u %s\n", good ? "ok" : "not ok", i + 1,
		       cases[i].name);
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
