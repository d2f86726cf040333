// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-card as a server, with an event loop of its own:
 *
 *	dma-card --socket PATH
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <vdev/server.h>

#include "dma_card.h"

static struct vdev_server *server;

static void stop(int signal)
{
	vdev_server_stop(server);
}

int main(int argc, char **argv)
{
	int ret;

	if (argc != 3 || vdev_server_new(NULL, &server))
		return EXIT_FAILURE;
	signal(SIGTERM, stop);
	ret = vdev_server_listen(server, argv[2]);
	while (ret >= 0) {
		ret = vdev_server_dispatch(server, -1);
		dma_card_work(server);
	}
	signal(SIGTERM, SIG_IGN);
	vdev_server_free(server);
	return ret == -ESHUTDOWN ? EXIT_SUCCESS : EXIT_FAILURE;
}
