// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * All it takes to make a program of a device model: link this, the model and
 * libvdev.
 *
 *	cc -o timer-card main.c timer_card.c $(pkg-config --cflags --libs libvdev)
 *	./timer-card --socket /run/timer-card.sock
 */
#include <vdev/server.h>

int main(int argc, char **argv)
{
	return vdev_serve(argc, argv);
}
