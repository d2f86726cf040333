// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A whole server program: its command line, and the signals that end it.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <vdev/server.h>

#include "registry.h"
#include "report.h"

#define EXIT_USAGE	2

/* The program can have one server, since it has one command line. */
static struct vdev_server *server;

struct options {
	const char *model;
	const char *socket;
	int fd;
	bool once;
	bool no_mmap;
	bool log;
};

enum {
	OPTION_MODEL,
	OPTION_SOCKET,
	OPTION_FD,
	OPTION_SET,
	OPTION_ONCE,
	OPTION_NO_MMAP,
	OPTION_LOG,
	OPTION_LIST,
	OPTION_HELP,
};

/* --socket-path and --fd are conventions of vfio-user's specification. */
static const struct option long_options[] = {
	{ "model",	 required_argument, NULL, OPTION_MODEL },
	{ "socket",	 required_argument, NULL, OPTION_SOCKET },
	{ "socket-path", required_argument, NULL, OPTION_SOCKET },
	{ "fd",		 required_argument, NULL, OPTION_FD },
	{ "set",	 required_argument, NULL, OPTION_SET },
	{ "once",	 no_argument,	    NULL, OPTION_ONCE },
	{ "no-mmap",	 no_argument,	    NULL, OPTION_NO_MMAP },
	{ "log",	 no_argument,	    NULL, OPTION_LOG },
	{ "list",	 no_argument,	    NULL, OPTION_LIST },
	{ "help",	 no_argument,	    NULL, OPTION_HELP },
	{ }
};

static const char usage[] =
"usage: %s [--model MODEL] {--socket PATH | --fd N} [--set NAME=VALUE]...\n"
"\n"
"Shows a virtual PCI device to a vfio-user client, such as QEMU's\n"
"vfio-user-pci.\n"
"\n"
"  --model MODEL     which device; --list shows the models there are\n"
"  --socket PATH     listen here for a client (also: --socket-path)\n"
"  --fd N            use this socket, listening or connected to the client\n"
"  --set NAME=VALUE  choose a parameter of the device\n"
"  --once            end with the first client\n"
"  --no-mmap         let the client map no memory of the device\n"
"  --log             tell of every message\n"
"  --list            list models and their parameters, and end\n"
"  --help            this\n"
"\n"
"One client at a time. When it goes the device is reset and waits for the\n"
"next. SIGTERM and SIGINT end the server.\n";

static int parse_fd(const char *text)
{
	char *end;
	long fd;

	errno = 0;
	fd = strtol(text, &end, 10);
	if (errno || end == text || *end || fd < 0 || fd > INT_MAX) {
		report("--fd %s: not the number of a file descriptor", text);
		return -1;
	}
	return fd;
}

/* -1: go on, or the exit status. --set waits until there is a device. */
static int parse_options(int argc, char **argv, struct options *options)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		switch (option) {
		case OPTION_MODEL:
			options->model = optarg;
			break;
		case OPTION_SOCKET:
			options->socket = optarg;
			break;
		case OPTION_FD:
			options->fd = parse_fd(optarg);
			if (options->fd < 0)
				return EXIT_USAGE;
			break;
		case OPTION_SET:
			break;
		case OPTION_ONCE:
			options->once = true;
			break;
		case OPTION_NO_MMAP:
			options->no_mmap = true;
			break;
		case OPTION_LOG:
			options->log = true;
			break;
		case OPTION_LIST:
			registry_list();
			return EXIT_SUCCESS;
		case OPTION_HELP:
			printf(usage, program_invocation_short_name);
			return EXIT_SUCCESS;
		default:
			report("--help shows what is possible");
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		report("\"%s\" is no option; --help shows what is possible",
		       argv[optind]);
		return EXIT_USAGE;
	}
	if ((options->socket && options->fd >= 0) ||
	    (!options->socket && options->fd < 0)) {
		report("give either --socket PATH or --fd N");
		return EXIT_USAGE;
	}
	return -1;
}

/* NAME=VALUE; the value may be anything, the name may not contain a "=". */
static int set_param(char *text)
{
	char *value = strchr(text, '=');

	if (!value) {
		report("--set %s: want NAME=VALUE; --list shows what there is",
		       text);
		return -EINVAL;
	}
	*value++ = '\0';
	return vdev_server_set(server, text, value);
}

static int set_params(int argc, char **argv)
{
	int option, ret = 0;

	optind = 1;
	while (!ret &&
	       (option = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
		if (option == OPTION_SET)
			ret = set_param(optarg);
	return ret;
}

static void end_server(int signal)
{
	vdev_server_stop(server);
}

/* Without SA_RESTART: whatever the server waits in is to return. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = end_server };

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

static void ignore_signals(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
}

/*
 * A device with MSI-X takes an eventfd for each of up to 2048 vectors, which is
 * more than a process has at first. Whoever may set a limit sets the hard one.
 */
static void take_all_fds(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int vdev_serve(int argc, char **argv)
{
	struct options options = { .fd = -1 };
	int ret;

	ret = parse_options(argc, argv, &options);
	if (ret >= 0)
		return ret;
	take_all_fds();
	if (vdev_server_new(options.model, &server))
		return EXIT_FAILURE;
	if (options.once)
		vdev_server_once(server);
	if (options.no_mmap)
		vdev_server_no_mmap(server);
	if (options.log)
		vdev_server_log(server);
	catch_signals();

	ret = set_params(argc, argv);
	if (!ret && options.socket)
		ret = vdev_server_listen(server, options.socket);
	else if (!ret)
		ret = vdev_server_attach(server, options.fd);
	if (!ret)
		ret = vdev_server_run(server);

	/* it is about to end anyway, and the handler needs a server */
	ignore_signals();
	vdev_server_free(server);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
