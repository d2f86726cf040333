// SPDX-License-Identifier: GPL-2.0-only
/*
 * See uart.h.
 */
#include <linux/err.h>

#include "uart.h"
#include "unit.h"

struct front *uart_open(const char *type, const char *wiring)
{
	struct front *front = front_create_type(type);

	EXPECT(!IS_ERR(front));
	EXPECT_EQ(vdev_set_param(front->vdev, 0, wiring), 0);
	vdev_open(front->vdev);
	command_set(front, PCI_COMMAND_IO);
	return front;
}

u8 uart_read(struct front *front, unsigned int port, unsigned int reg)
{
	return front_read(front, port, reg, 1);
}

void uart_write(struct front *front, unsigned int port, unsigned int reg,
		u8 value)
{
	front_write(front, port, reg, 1, value);
}

void uart_divisor(struct front *front, unsigned int port, u16 divisor)
{
	u8 lcr = uart_read(front, port, UART_LCR);

	uart_write(front, port, UART_LCR, lcr | UART_LCR_DLAB);
	uart_write(front, port, UART_DLL, divisor & 0xff);
	uart_write(front, port, UART_DLM, divisor >> 8);
	uart_write(front, port, UART_LCR, lcr);
}

void uart_send(struct front *front, unsigned int port, u8 first,
	       unsigned int count)
{
	while (count--)
		uart_write(front, port, UART_TX, first++);
}

void uart_expect(struct front *front, unsigned int port, u8 first,
		 unsigned int count)
{
	while (count--)
		EXPECT_REG(front, port, UART_RX, first++);
}

bool uart_interrupts(struct front *front)
{
	return config_read(front, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT;
}
