/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A serial card as its driver sees it.
 */
#ifndef _UNIT_UART_H
#define _UNIT_UART_H

#include <linux/serial_reg.h>

#include "front.h"

#define FIFO_8		(UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_8)
#define FIFO_14		(UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_14)
#define NO_ERRORS	(UART_LSR_THRE | UART_LSR_TEMT)

/* An open card whose ports answer; @wiring is a word of the parameter. */
struct front *uart_open(const char *type, const char *wiring);

u8 uart_read(struct front *front, unsigned int port, unsigned int reg);
void uart_write(struct front *front, unsigned int port, unsigned int reg,
		u8 value);

/* Latch a divisor. */
void uart_divisor(struct front *front, unsigned int port, u16 divisor);

/* Send @count characters: @first, @first + 1 and so on. */
void uart_send(struct front *front, unsigned int port, u8 first,
	       unsigned int count);

/* Read and expect them. */
void uart_expect(struct front *front, unsigned int port, u8 first,
		 unsigned int count);

/* Read a register and expect a value. */
#define EXPECT_REG(front, port, reg, want)				\
	EXPECT_EQ(uart_read(front, port, reg), want)

/* Whether the card interrupts. */
bool uart_interrupts(struct front *front);

#endif /* _UNIT_UART_H */
