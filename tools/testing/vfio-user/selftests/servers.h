/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_USER_SERVERS_H
#define VFIO_USER_SERVERS_H

/* Socket of the server that shows a model, "mtty-2". */
const char *server_path(const char *model);

#endif
