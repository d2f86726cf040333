// SPDX-License-Identifier: GPL-2.0-only
/*
 * How fast vdevd is, beside the least that any server on a socket can be: two
 * processes that send each other messages of the same sizes and do nothing.
 *
 *	bench VDEVD [FILE]
 *
 * Prints a row for each figure, and writes them to the file in JSON: "rows" is
 * an array of objects with name, ours, peer, ratio, unit and limit, the highest
 * ratio that is good enough. What there is nothing to say of is null. Times are
 * medians of a round; of several rounds, in which the two sides take turns, the
 * best counts, because what else the computer does only ever makes one slower.
 * That depends on where in memory processes happen to be, so there are several
 * pairs of them, and the pair with the median ratio counts.
 * A ratio beyond its limit is marked, and is no failure.
 */
#include <errno.h>
#include <linux/compiler.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAIRS		11
#define ROUNDS		9
#define PER_ROUND	2000
#define STARTS		30

#define VERSION		1
#define REGION_READ	9
#define CONFIG_REGION	7

struct header {
	uint16_t id;
	uint16_t command;
	uint32_t size;
	uint32_t flags;
	uint32_t error;
};

struct region_read {
	struct header header;
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};

struct version {
	struct header header;
	uint16_t major;
	uint16_t minor;
};

/* For what happens on one processor; between two the scheduler decides. */
#define LIMIT		1.15

static const char *vdevd;
static FILE *json;
static char path[sizeof(((struct sockaddr_un *)0)->sun_path)];

static void __noreturn __printf(1, 2) stop(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "bench: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void use_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		stop("cannot run on CPU %d: %s", cpu, strerror(errno));
}

/* One exchange; what comes back must be as long as it should. */
static void exchange(int sock, const void *request, size_t request_size,
		     size_t reply_size)
{
	char reply[512];

	if (send(sock, request, request_size, MSG_NOSIGNAL) !=
	    (ssize_t)request_size)
		stop("cannot send: %s", strerror(errno));
	if (recv(sock, reply, reply_size, MSG_WAITALL) != (ssize_t)reply_size)
		stop("cannot receive: %s", strerror(errno));
}

static int connect_to(const char *where)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, where, strlen(where) + 1);
	if (sock < 0)
		stop("no socket: %s", strerror(errno));
	if (!connect(sock, (struct sockaddr *)&address, sizeof(address)))
		return sock;
	close(sock);
	return -1;
}

static void negotiate(int sock)
{
	const struct version version = {
		.header = { .command = VERSION, .size = sizeof(version) },
	};

	exchange(sock, &version, sizeof(version), sizeof(version));
}

static pid_t start_vdevd(void)
{
	const char * const argv[] = {
		vdevd, "--model", "mtty-2", "--socket", path, NULL
	};
	pid_t pid;
	int error;

	error = posix_spawn(&pid, vdevd, NULL, NULL, (char **)argv, environ);
	if (error)
		stop("cannot start %s: %s", vdevd, strerror(error));
	return pid;
}

static int wait_for_vdevd(pid_t pid)
{
	int sock;

	while ((sock = connect_to(path)) < 0)
		if (waitpid(pid, NULL, WNOHANG))
			stop("%s has ended", vdevd);
	return sock;
}

static void end(pid_t pid)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

static void echo(int sock, size_t request_size, size_t reply_size)
{
	char data[512] = {};

	while (recv(sock, data, request_size, MSG_WAITALL) ==
	       (ssize_t)request_size)
		if (send(sock, data, reply_size, MSG_NOSIGNAL) < 0)
			break;
	_exit(0);
}

static pid_t start_echo(int *sock, int cpu, size_t request_size,
			size_t reply_size)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		stop("no sockets: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		stop("no process: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		use_cpu(cpu);
		echo(ends[1], request_size, reply_size);
	}
	close(ends[1]);
	*sock = ends[0];
	return pid;
}

static int compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The median of a round. */
static double round_ns(int sock, const void *request, size_t request_size,
		       size_t reply_size)
{
	static uint32_t times[PER_ROUND];
	unsigned int i;

	for (i = 0; i < PER_ROUND; i++) {
		uint64_t start = now_ns();

		exchange(sock, request, request_size, reply_size);
		times[i] = now_ns() - start;
	}
	qsort(times, PER_ROUND, sizeof(*times), compare);
	return times[PER_ROUND / 2];
}

static void json_begin_row(const char *name, const char *unit, double ours)
{
	static bool another;

	fprintf(json, "%s  {\"name\": \"vfio-user: %s\", \"unit\": \"%s\", \"ours\": %.1f, ",
		another ? ",\n" : "", name, unit, ours);
	another = true;
}

static void row(const char *name, const char *unit, double ours)
{
	printf("%-36s %10.1f %s\n", name, ours, unit);
	if (!json)
		return;
	json_begin_row(name, unit, ours);
	fprintf(json, "\"peer\": null, \"ratio\": null, \"limit\": null}");
}

/* @limit: 0 if there is none. */
static void row_beside(const char *name, const char *unit, double ours,
		       double peer, double limit)
{
	bool beyond = limit && ours / peer > limit;

	printf("%-36s %10.1f %s, bare socket %.1f, ratio %.3f", name, ours,
	       unit, peer, ours / peer);
	if (limit)
		printf(", limit %.2f%s", limit, beyond ? ": TOO SLOW" : "");
	putchar('\n');
	if (!json)
		return;
	json_begin_row(name, unit, ours);
	fprintf(json, "\"peer\": %.1f, \"ratio\": %.3f, \"limit\": ", peer,
		ours / peer);
	fprintf(json, limit ? "%.2f}" : "null}", limit);
}

static void move_vdevd(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(pid, sizeof(set), &set);
}

/* The times of a server and of its peer. */
struct pair {
	double ours;
	double peer;
};

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	double ratio = x->ours / x->peer, other = y->ours / y->peer;

	return ratio < other ? -1 : ratio > other;
}

static void measure_pair(struct pair *pair, const struct region_read *request,
			 size_t reply_size, int server_cpu)
{
	pid_t server, partner;
	int ours, peer;
	unsigned int i;

	server = start_vdevd();
	ours = wait_for_vdevd(server);
	negotiate(ours);
	move_vdevd(server, server_cpu);
	partner = start_echo(&peer, server_cpu, sizeof(*request), reply_size);
	for (i = 0; i < ROUNDS; i++) {
		double time = round_ns(ours, request, sizeof(*request),
				       reply_size);

		if (!i || time < pair->ours)
			pair->ours = time;
		time = round_ns(peer, request, sizeof(*request), reply_size);
		if (!i || time < pair->peer)
			pair->peer = time;
	}
	close(ours);
	close(peer);
	end(server);
	waitpid(partner, NULL, 0);
}

/* A read of @count bytes at @offset of @region, on the given CPUs. */
static void measure_read(const char *name, uint32_t region, uint64_t offset,
			 uint32_t count, int client_cpu, int server_cpu)
{
	struct region_read request = {
		.header = { .command = REGION_READ, .size = sizeof(request) },
		.offset = offset, .region = region, .count = count,
	};
	struct pair pairs[PAIRS], *median = &pairs[PAIRS / 2];
	unsigned int i;

	use_cpu(client_cpu);
	for (i = 0; i < PAIRS; i++)
		measure_pair(&pairs[i], &request, sizeof(request) + count,
			     server_cpu);
	qsort(pairs, PAIRS, sizeof(*pairs), compare_pairs);
	row_beside(name, "ns", median->ours, median->peer,
		   client_cpu == server_cpu ? LIMIT : 0);
}

/* From exec() to a connection that has been accepted and answered. */
static void measure_start(void)
{
	uint32_t times[STARTS];
	unsigned int i;

	for (i = 0; i < STARTS; i++) {
		uint64_t start = now_ns();
		pid_t server = start_vdevd();
		int sock = wait_for_vdevd(server);

		negotiate(sock);
		times[i] = (now_ns() - start) / 1000;
		close(sock);
		end(server);
	}
	qsort(times, STARTS, sizeof(*times), compare);
	row("start to first reply", "us", times[STARTS / 2]);
	row("start to first reply, best", "us", times[0]);
}

static double status_kib(pid_t pid, const char *field)
{
	char name[64], line[256];
	double kib = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/%s", pid,
		 strcmp(field, "Pss:") ? "status" : "smaps_rollup");
	file = fopen(name, "r");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, field, strlen(field)))
			kib = atof(line + strlen(field));
	if (file)
		fclose(file);
	return kib;
}

/* With a client that has used the device. */
static void measure_memory(void)
{
	struct region_read request = {
		.header = { .command = REGION_READ, .size = sizeof(request) },
		.region = CONFIG_REGION, .count = 256,
	};
	pid_t server = start_vdevd();
	int sock = wait_for_vdevd(server);
	unsigned int i;

	negotiate(sock);
	for (i = 0; i < 1000; i++)
		exchange(sock, &request, sizeof(request),
			 sizeof(request) + 256);
	row("resident memory", "KiB", status_kib(server, "VmRSS:"));
	row("resident memory, its own", "KiB", status_kib(server, "RssAnon:"));
	row("resident memory, its share", "KiB", status_kib(server, "Pss:"));
	close(sock);
	end(server);
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	char folder[] = "/tmp/vdevd-bench-XXXXXX";

	if (argc != 2 && argc != 3)
		stop("usage: bench VDEVD [FILE]");
	vdevd = argv[1];
	if (argc == 3) {
		json = fopen(argv[2], "we");
		if (!json)
			stop("%s: %s", argv[2], strerror(errno));
		fprintf(json, "{\"rows\": [\n");
	}
	if (!mkdtemp(folder))
		stop("no temporary directory: %s", strerror(errno));
	snprintf(path, sizeof(path), "%s/socket", folder);

	measure_start();
	measure_memory();
	measure_read("read of 4 bytes, configuration", CONFIG_REGION, 0, 4,
		     cpus - 1, cpus - 1);
	measure_read("read of 1 byte, register", 0, 7, 1, cpus - 1, cpus - 1);
	if (cpus > 1)
		measure_read("read of 4 bytes, two processors", CONFIG_REGION,
			     0, 4, cpus - 1, cpus - 2);
	if (json) {
		fprintf(json, "\n]}\n");
		fclose(json);
	}
	rmdir(folder);
	return EXIT_SUCCESS;
}
