// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * vdevd: every model of this tree, as a vfio-user server. The models enter
 * themselves, see module_vdev().
 */
#include <vdev/server.h>

int main(int argc, char **argv)
{
	return vdev_serve(argc, argv);
}
