/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mtty device: a PCI serial card with one 16550A per BAR. Register names
 * come from linux/serial_reg.h. A failed access ends the test.
 */
#ifndef VFIO_SELFTEST_MTTY_H
#define VFIO_SELFTEST_MTTY_H

#include <stdbool.h>

#include <linux/serial_reg.h>
#include <linux/types.h>

#include "device.h"

#define MTTY_VENDOR_ID	0x4348
#define MTTY_DEVICE_ID	0x3253
#define MTTY_BAR_SIZE	8

/* Ports of an open mtty; 0 if the device is something else. */
unsigned int mtty_probe(struct vfio_dev *dev);

/* COMMAND.IO, without which the BARs do not decode. */
void mtty_decode(struct vfio_dev *dev);

__u8 uart_in(struct vfio_dev *dev, unsigned int port, unsigned int reg);
void uart_out(struct vfio_dev *dev, unsigned int port, unsigned int reg,
	      __u8 val);

void uart_send(struct vfio_dev *dev, unsigned int port, const void *buf,
	       unsigned int len);
/* Takes characters while LSR.DR says so; returns how many. */
unsigned int uart_drain(struct vfio_dev *dev, unsigned int port, void *buf,
			unsigned int max);
void uart_set_divisor(struct vfio_dev *dev, unsigned int port, __u16 divisor);

/*
 * The one interrupt condition that depends on nothing but IER: as the
 * transmitter is always empty, IER.THRI 0->1 raises it.
 */
void mtty_raise(struct vfio_dev *dev, unsigned int port);
void mtty_lower(struct vfio_dev *dev, unsigned int port);

/* STATUS.INTERRUPT: the level itself, whatever becomes of it. */
bool mtty_level(struct vfio_dev *dev);

#endif
