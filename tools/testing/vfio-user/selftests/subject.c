// SPDX-License-Identifier: GPL-2.0-only
/*
 * lib/subject.h over vfio-user. The "mdevs" are servers, of the program that
 * VDEVD names. They start and end with the test program, and how they end is
 * a part of the test. Wired differently, an mtty is another server.
 */
#include "lib/subject.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/must.h"
#include "servers.h"

#define START_MS	20000
#define CROSS		2	/* index of that server */

static struct {
	const char *model;
	const char *setting;
	pid_t pid;
	char path[108];
} servers[] = {
	{ .model = "mtty-1", .setting = "wiring=loopback" },
	{ .model = "mtty-2", .setting = "wiring=loopback" },
	{ .model = "mtty-2", .setting = "wiring=cross" },
};

static pid_t program;
static const char *vdevd;
static bool crossed;

static pid_t start(const char *model, const char *path, const char *setting)
{
	pid_t pid = fork();

	must(pid >= 0, "fork: %m");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(vdevd, vdevd, "--model", model, "--socket", path,
		      "--set", setting, NULL);
		_exit(127);
	}
	return pid;
}

static void wait_for(const char *path, pid_t pid)
{
	struct stat status;
	unsigned int ms;

	for (ms = 0; ms < START_MS; ms++) {
		if (!stat(path, &status))
			return;
		must(waitpid(pid, NULL, WNOHANG) != pid, "a server ended");
		usleep(1000);
	}
	must(false, "a server does not come up");
}

/* Also after a failed test; what it prints is for whoever reads that. */
static void stop_servers(void)
{
	bool failed = false;
	unsigned int i;
	int status;

	/* exit() of a process that a test forked is not the program's end */
	if (getpid() != program)
		return;
	for (i = 0; i < ARRAY_SIZE(servers); i++) {
		kill(servers[i].pid, SIGTERM);
		if (waitpid(servers[i].pid, &status, 0) != servers[i].pid ||
		    status) {
			printf("# server %s ended with status 0x%x\n",
			       servers[i].model, status);
			failed = true;
		}
		if (!access(servers[i].path, F_OK)) {
			printf("# it left %s behind\n", servers[i].path);
			failed = true;
		}
	}
	fflush(stdout);
	if (failed)
		_exit(KSFT_FAIL);
}

static void __attribute__((constructor)) start_servers(void)
{
	const char *folder = getenv("TMPDIR");
	unsigned int i;

	program = getpid();
	vdevd = getenv("VDEVD");
	if (!vdevd)
		return;
	for (i = 0; i < ARRAY_SIZE(servers); i++) {
		snprintf(servers[i].path, sizeof(servers[i].path),
			 "%s/server-%d-%u", folder ? folder : "/tmp", program,
			 i);
		servers[i].pid = start(servers[i].model, servers[i].path,
				       servers[i].setting);
	}
	for (i = 0; i < ARRAY_SIZE(servers); i++)
		wait_for(servers[i].path, servers[i].pid);
	atexit(stop_servers);
}

const char *server_path(const char *model)
{
	if (crossed)
		return servers[CROSS].path;
	return servers[strcmp(model, "mtty-1") ? 1 : 0].path;
}

int subject_find(struct subject *subject, unsigned int ports)
{
	memset(subject, 0, sizeof(*subject));
	subject->dev.fd = -1;
	if (!vdevd) {
		snprintf(subject->why, sizeof(subject->why),
			 "VDEVD does not name a server program");
		return -ENODEV;
	}
	subject->own = true;
	subject->is_mtty = true;
	subject->ports = ports ? ports : 1;
	/* the uuid is what a test gives mdev_set_wiring() */
	snprintf(subject->uuid, sizeof(subject->uuid), "mtty-%u",
		 subject->ports);
	memcpy(subject->loc.name, subject->uuid, sizeof(subject->uuid));
	return 0;
}

int subject_open(struct subject *subject, unsigned int ports)
{
	int ret = subject_find(subject, ports);

	return ret ? ret : dev_open(&subject->dev, &subject->loc,
				    DEV_PATH_DEFAULT);
}

void subject_close(struct subject *subject)
{
	dev_close(&subject->dev);
}

int subject_reopen(struct subject *subject)
{
	dev_close(&subject->dev);
	return dev_open(&subject->dev, &subject->loc, DEV_PATH_DEFAULT);
}

/* What an mdev is told in sysfs, a server is told when it is started. */
int mdev_set_wiring(const char *uuid, const char *word)
{
	char path[128], setting[32];
	int status;

	if (!strcmp(word, "loopback")) {
		crossed = false;
		return 0;
	}
	if (!strcmp(uuid, "mtty-2") && !strcmp(word, "cross")) {
		crossed = true;
		return 0;
	}
	snprintf(path, sizeof(path), "%s.never", servers[0].path);
	snprintf(setting, sizeof(setting), "wiring=%s", word);
	waitpid(start(uuid, path, setting), &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE ?
		-EINVAL : 0;
}
