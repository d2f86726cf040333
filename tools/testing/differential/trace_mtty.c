// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traces of an mtty.
 *
 * The one thing in it that takes time is the character timeout: four character
 * times of silence at the speed that the divisor sets. The high byte of the
 * divisor is at the offset of IER, of whose bits only four exist; so every write
 * there has the two highest bits set, whichever register it goes to, and a
 * timeout takes 12 seconds or more. A short one is set up, waited for and made
 * long again without anything in between.
 */
#include "trace.h"

#include <linux/serial_reg.h>
#include <linux/vfio.h>

#include "kselftest.h"

#define LONG		0xc0
#define TIMEOUT_SETTLE	8	/* 4 ms, of which 0.4 are needed */

static unsigned int ports(const struct trace *trace)
{
	return trace->model->name[5] - '0';
}

static void out(struct trace *trace, unsigned int port, unsigned int reg,
		__u8 value)
{
	trace_write(trace, port, reg, 1, value);
}

static void set_divisor(struct trace *trace, unsigned int port, __u8 high,
			__u8 low)
{
	out(trace, port, UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8);
	out(trace, port, UART_DLL, low);
	out(trace, port, UART_DLM, high);
}

/* After power-on the divisor is a short one, but there is no FIFO either. */
void trace_mtty_settle(struct trace *trace)
{
	unsigned int port;

	trace_enable(trace, true);
	for (port = 0; port < ports(trace); port++) {
		set_divisor(trace, port, LONG | trace_random(trace),
			    trace_random(trace));
		out(trace, port, UART_LCR,
		    trace_random(trace) & ~UART_LCR_DLAB);
	}
}

static void time_out(struct trace *trace)
{
	unsigned int port, sender = trace_below(trace, ports(trace));

	trace_enable(trace, true);
	for (port = 0; port < ports(trace); port++) {
		set_divisor(trace, port, 0, 1);
		out(trace, port, UART_LCR, UART_LCR_WLEN8);
	}
	out(trace, sender, UART_TX, trace_random(trace));
	trace_add(trace, STEP_SETTLE, TIMEOUT_SETTLE);
	for (port = 0; port < ports(trace); port++) {
		set_divisor(trace, port, LONG | trace_random(trace),
			    trace_random(trace));
		out(trace, port, UART_LCR, trace_random(trace));
	}
}

/* An empty transmitter is a reason, when it begins to be one. */
void trace_mtty_raise(struct trace *trace)
{
	out(trace, 0, UART_LCR, UART_LCR_WLEN8);
	out(trace, 0, UART_IER, LONG);
	out(trace, 0, UART_IER, LONG | UART_IER_THRI);
}

/* Registers as a driver sets them, so that something happens. */
static void set_up(struct trace *trace, unsigned int port)
{
	static const __u8 modes[] = { 0x00, 0x01, 0x41, 0x81, 0xc1, 0x07 };

	out(trace, port, UART_LCR, trace_below(trace, 4) | UART_LCR_PARITY);
	out(trace, port, UART_FCR, modes[trace_below(trace,
						     ARRAY_SIZE(modes))]);
	out(trace, port, UART_IER, LONG | trace_random(trace));
	out(trace, port, UART_MCR, trace_random(trace));
}

static void access_registers(struct trace *trace)
{
	static const unsigned int sizes[] = { 1, 1, 1, 1, 1, 1, 2, 3, 4, 8 };
	/* one BAR more than there is, and one byte more */
	unsigned int port = trace_below(trace, 8) % (ports(trace) + 1);
	unsigned int reg = trace_below(trace, 4) ? trace_below(trace, 8) :
						   trace_below(trace, 10);
	unsigned int size = sizes[trace_below(trace, ARRAY_SIZE(sizes))];
	struct step *step;

	if (trace_below(trace, 2)) {
		trace_read(trace, port, reg, size);
		return;
	}
	step = trace_write(trace, port, reg, size, trace_value(trace) |
			   (__u64)trace_value(trace) << 32);
	if (reg <= UART_IER && reg + size > UART_IER)
		step->data[UART_IER - reg] |= LONG;
}

static void send_some(struct trace *trace)
{
	unsigned int port = trace_below(trace, ports(trace));
	unsigned int nr = 1 + trace_below(trace, 20);

	while (nr--)
		out(trace, port, UART_TX, trace_random(trace));
}

static void receive_some(struct trace *trace)
{
	unsigned int port = trace_below(trace, ports(trace));
	unsigned int nr = 1 + trace_below(trace, 20);

	while (nr--) {
		trace_read(trace, port, UART_LSR, 1);
		trace_read(trace, port, UART_RX, 1);
	}
	trace_read(trace, port, UART_IIR, 1);
	trace_read(trace, port, UART_MSR, 1);
}

/* Characters through the FIFO, with a look at the interrupt at each. */
static void loop_back(struct trace *trace)
{
	unsigned int port = trace_below(trace, ports(trace));
	unsigned int i, nr = 1 + trace_below(trace, 17);

	trace_enable(trace, true);
	set_up(trace, port);
	out(trace, port, UART_MCR, UART_MCR_LOOP);
	out(trace, port, UART_IER, LONG | UART_IER_RDI);
	for (i = 0; i < nr; i++) {
		out(trace, port, UART_TX, trace_random(trace));
		trace_read(trace, port, UART_IIR, 1);
	}
	for (i = 0; i < nr; i++) {
		trace_read(trace, port, UART_RX, 1);
		trace_read(trace, port, UART_IIR, 1);
	}
}

void trace_mtty(struct trace *trace)
{
	switch (trace_below(trace, 32)) {
	case 0:
		time_out(trace);
		break;
	case 1 ... 3:
		set_up(trace, trace_below(trace, ports(trace)));
		break;
	case 4 ... 5:
		send_some(trace);
		break;
	case 6 ... 7:
		receive_some(trace);
		break;
	case 8 ... 9:
		loop_back(trace);
		break;
	default:
		access_registers(trace);
	}
}
