// SPDX-License-Identifier: GPL-2.0-only
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "must.h"
#include "sysfs.h"

#define START_MS	20000
#define END_MS		20000

static const char *server_program(void)
{
	return getenv("VFIO_TEST_SERVER");
}

bool server_wanted(void)
{
	return server_program();
}

/*
 * A test is a process of its own and may be the one that starts a server,
 * which is there for the tests after it too. That the server ends is seen by
 * the program.
 */
static void __attribute__((constructor)) adopt_servers(void)
{
	if (server_wanted())
		prctl(PR_SET_CHILD_SUBREAPER, 1);
}

bool server_has_type(const char *type)
{
	char command[PATH_MAX + 16], line[256];
	size_t len = strlen(type);
	bool found = false;
	FILE *list;

	snprintf(command, sizeof(command), "'%s' --list", server_program());
	list = popen(command, "re");
	while (list && fgets(line, sizeof(line), list))
		found |= !strncmp(line, type, len) && line[len] == '\t';
	return list && !pclose(list) && found;
}

const char *server_path(char *path, const char *uuid)
{
	const char *folder = getenv("TMPDIR");

	snprintf(path, PATH_MAX, "%s/vfio-%s", folder ? folder : "/tmp", uuid);
	return path;
}

static pid_t spawn(const char *type, const char *path, const char *setting)
{
	pid_t pid = fork();

	must(pid >= 0, "fork: %m");
	if (pid)
		return pid;
	execl(server_program(), server_program(), "--model", type, "--socket",
	      path, setting ? "--set" : NULL, setting, NULL);
	_exit(127);
}

int server_start(const char *type, const char *uuid, const char *setting)
{
	char path[PATH_MAX];
	unsigned int ms;
	pid_t pid;

	pid = spawn(type, server_path(path, uuid), setting);
	for (ms = 0; ms < START_MS; ms++) {
		if (sysfs_exists(path))
			return 0;
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return -EINVAL;
		usleep(1000);
	}
	must(false, "a server does not come up");
	return -ETIMEDOUT;
}

/* Whose socket is that? -1 if nobody listens there any more. */
static pid_t find_server(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer = { .pid = -1 };
	socklen_t size = sizeof(peer);
	int sock;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!connect(sock, (struct sockaddr *)&address, sizeof(address)))
		getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	close(sock);
	return peer.pid;
}

/* Its model, as it was told on its command line. */
static void find_type(pid_t pid, char *type, size_t size)
{
	char path[64], line[1024];
	const char *word;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = read(fd, line, sizeof(line) - 1);
	close(fd);
	must(len > 0, "%s: %m", path);
	line[len] = '\0';
	for (word = line; word < line + len; word += strlen(word) + 1)
		if (!strcmp(word, "--model"))
			snprintf(type, size, "%s", word + strlen(word) + 1);
}

/* It takes its socket away when it ends, but it may be gone later than that. */
static void wait_for_end(const char *path)
{
	unsigned int ms;

	for (ms = 0; sysfs_exists(path); ms++) {
		must(ms < END_MS, "a server does not end");
		usleep(1000);
	}
}

int server_set(const char *uuid, const char *name, const char *word)
{
	char path[PATH_MAX], type[64] = "", setting[64];
	pid_t pid = find_server(server_path(path, uuid));
	int ret;

	if (pid < 0)
		return -ENODEV;
	find_type(pid, type, sizeof(type));
	kill(pid, SIGTERM);
	wait_for_end(path);
	snprintf(setting, sizeof(setting), "%s=%s", name, word);
	ret = server_start(type, uuid, setting);
	if (ret)
		must(!server_start(type, uuid, NULL), "no server without it");
	return ret;
}

static void __noreturn fail(const char *path, const char *what, int status)
{
	printf("# server %s %s (status 0x%x)\n", path, what, status);
	fflush(stdout);
	_exit(KSFT_FAIL);
}

int server_stop(const char *uuid)
{
	char path[PATH_MAX];
	int status = -1;
	pid_t pid;

	if (!sysfs_exists(server_path(path, uuid)))
		return -ENODEV;
	pid = find_server(path);
	if (pid < 0)
		fail(path, "has died", status);
	kill(pid, SIGTERM);
	if (waitpid(pid, &status, 0) != pid || status)
		fail(path, "did not end well", status);
	if (sysfs_exists(path))
		fail(path, "left its socket", status);
	return 0;
}
