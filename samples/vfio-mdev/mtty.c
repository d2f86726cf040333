// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * mtty: a PCI serial card with one or two 16550A ports.
 *
 * Each port is one I/O BAR of eight registers. Register and bit names are
 * those of the National Semiconductor PC16550D data sheet (June 1995), by way
 * of <linux/serial_reg.h>; comments quote its section 8.
 *
 * The line is infinitely fast: a character written to THR has arrived before
 * the write is over. So the transmitter is always empty, and a receiver that
 * is not read overruns. What takes time is silence: the character timeout
 * lasts four character times at the programmed speed.
 */
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/serial_reg.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/vdev.h>

#define MTTY_MAX_PORTS		2
#define MTTY_FIFO_SIZE		16
#define MTTY_CLOCK_HZ		1843200
#define MTTY_POWER_ON_DIVISOR	12	/* 9600 baud; the chip leaves it open */

#define MTTY_IER_MASK		(UART_IER_RDI | UART_IER_THRI |		\
				 UART_IER_RLSI | UART_IER_MSI)
#define MTTY_MCR_MASK		(UART_MCR_DTR | UART_MCR_RTS |		\
				 UART_MCR_OUT1 | UART_MCR_OUT2 | UART_MCR_LOOP)
#define MTTY_MSR_INPUTS		(UART_MSR_DCD | UART_MSR_RI |		\
				 UART_MSR_DSR | UART_MSR_CTS)
#define MTTY_IIR_FIFO		0xc0

/* where the line leads, as the user chose before opening the device */
enum { MTTY_WIRING };
enum { MTTY_LOOPBACK, MTTY_CROSS };

struct mtty_char {
	u8 data;
	u8 lsr;			/* errors that came with it */
};

struct mtty_port {
	u8 ier;
	u8 fcr;
	u8 lcr;
	u8 mcr;
	u8 lsr;			/* errors until they are read */
	u8 msr;
	u8 scr;
	u8 rbr;			/* the character read last */
	u16 divisor;
	bool thr_empty;		/* the THRE interrupt has a cause */
	bool timeout;
	u8 rx_first;
	u8 rx_count;
	struct mtty_char rx[MTTY_FIFO_SIZE];
	struct vdev_timer silence;
};

struct mtty {
	struct mtty_port port[MTTY_MAX_PORTS];
};

/* The port at the other end of the line, maybe this one. */
static struct mtty_port *mtty_peer(struct vdev *vdev, struct mtty_port *port)
{
	struct mtty *mtty = vdev_priv(vdev);

	if (vdev_param(vdev, MTTY_WIRING) == MTTY_LOOPBACK)
		return port;
	return port == &mtty->port[0] ? &mtty->port[1] : &mtty->port[0];
}

/* Receiver and its FIFO (8.4, 8.5, 8.11) */

static bool mtty_fifo_enabled(const struct mtty_port *port)
{
	return port->fcr & UART_FCR_ENABLE_FIFO;
}

static u8 mtty_trigger_level(const struct mtty_port *port)
{
	static const u8 level[] = { 1, 4, 8, 14 };

	if (!mtty_fifo_enabled(port))
		return 1;
	return level[UART_FCR_R_TRIG_BITS(port->fcr)];
}

static struct mtty_char *mtty_rx_slot(struct mtty_port *port, u8 nr)
{
	return &port->rx[(port->rx_first + nr) % MTTY_FIFO_SIZE];
}

/* 8.4: in the FIFO an error is revealed when its character is the next. */
static u8 mtty_line_errors(struct mtty_port *port)
{
	return port->lsr | (port->rx_count ? mtty_rx_slot(port, 0)->lsr : 0);
}

static u8 mtty_word_mask(const struct mtty_port *port)
{
	return 0xff >> (3 - (port->lcr & UART_LCR_WLEN8));
}

/* Start, data, parity and stop bits; one and a half of these count as two. */
static unsigned int mtty_bits_per_char(const struct mtty_port *port)
{
	return 1 + 5 + (port->lcr & UART_LCR_WLEN8) +
	       !!(port->lcr & UART_LCR_PARITY) +
	       1 + !!(port->lcr & UART_LCR_STOP);
}

/*
 * 8.11: the timeout counts from the last arrival or read. Above the trigger
 * level nobody could tell, and only a read leads below it again.
 */
static void mtty_watch_silence(struct vdev *vdev, struct mtty_port *port)
{
	u64 bits = 4 * mtty_bits_per_char(port);
	u64 divisor = port->divisor ? port->divisor : 1;

	if (!mtty_fifo_enabled(port) || !port->rx_count ||
	    port->rx_count >= mtty_trigger_level(port)) {
		vdev_timer_cancel(vdev, &port->silence);
		return;
	}
	vdev_timer_set(vdev, &port->silence,
		       div_u64(bits * divisor * 16 * NSEC_PER_SEC,
			       MTTY_CLOCK_HZ));
}

static void mtty_receive(struct vdev *vdev, struct mtty_port *port, u8 data,
			 u8 errors)
{
	bool fifo = mtty_fifo_enabled(port);

	if (port->rx_count == (fifo ? MTTY_FIFO_SIZE : 1)) {
		port->lsr |= UART_LSR_OE;
		/* 8.4: with the FIFO the newcomer is lost, else the old one */
		if (fifo)
			return;
		port->rx_count = 0;
	}
	if (!fifo)
		port->lsr |= errors;
	*mtty_rx_slot(port, port->rx_count++) = (struct mtty_char) {
		.data = data & mtty_word_mask(port),
		.lsr = fifo ? errors : 0,
	};
	mtty_watch_silence(vdev, port);
}

static u8 mtty_read_rbr(struct vdev *vdev, struct mtty_port *port)
{
	if (port->rx_count) {
		port->rbr = mtty_rx_slot(port, 0)->data;
		port->rx_first = (port->rx_first + 1) % MTTY_FIFO_SIZE;
		port->rx_count--;
	}
	port->timeout = false;
	mtty_watch_silence(vdev, port);
	return port->rbr;
}

static void mtty_clear_rx(struct vdev *vdev, struct mtty_port *port)
{
	port->rx_count = 0;
	port->timeout = false;
	mtty_watch_silence(vdev, port);
}

/* The line */

/* 8.2: break acts on the line only; the loop of 8.8 is inside of it. */
static bool mtty_breaks(const struct mtty_port *port)
{
	return (port->lcr & UART_LCR_SBC) && !(port->mcr & UART_MCR_LOOP);
}

static void mtty_send(struct vdev *vdev, struct mtty_port *port, u8 data,
		      u8 errors)
{
	struct mtty_port *peer = mtty_peer(vdev, port);

	data &= mtty_word_mask(port);
	if (port->mcr & UART_MCR_LOOP)
		mtty_receive(vdev, port, data, errors);
	else if (!(peer->mcr & UART_MCR_LOOP))
		mtty_receive(vdev, peer, data, errors);
}

/* 8.4: one zero character is received for a break, and no stop bit. */
static void mtty_break_began(struct vdev *vdev, struct mtty_port *port,
			     bool before)
{
	if (!before && mtty_breaks(port))
		mtty_send(vdev, port, 0, UART_LSR_BI | UART_LSR_FE);
}

/* Modem control outputs as seen on the other end; 8.8: none in loop mode. */
static u8 mtty_msr_inputs(struct vdev *vdev, struct mtty_port *port)
{
	struct mtty_port *peer = mtty_peer(vdev, port);
	bool loop = port->mcr & UART_MCR_LOOP;
	u8 mcr = loop ? port->mcr : peer->mcr;
	u8 msr = 0;

	if (!loop && (peer->mcr & UART_MCR_LOOP))
		return 0;
	if (mcr & UART_MCR_RTS)
		msr |= UART_MSR_CTS;
	if (mcr & UART_MCR_DTR)
		msr |= loop ? UART_MSR_DSR : UART_MSR_DSR | UART_MSR_DCD;
	if (loop && (mcr & UART_MCR_OUT1))
		msr |= UART_MSR_RI;
	if (loop && (mcr & UART_MCR_OUT2))
		msr |= UART_MSR_DCD;
	return msr;
}

/* 8.9: delta bits tell of changes, that of RI of its trailing edge only. */
static void mtty_update_msr(struct vdev *vdev, struct mtty_port *port)
{
	u8 inputs = mtty_msr_inputs(vdev, port);
	u8 changed = (port->msr ^ inputs) & MTTY_MSR_INPUTS;

	if (inputs & UART_MSR_RI)
		changed &= ~UART_MSR_RI;
	port->msr = inputs | (port->msr & UART_MSR_ANY_DELTA) | changed >> 4;
}

/* Interrupts (8.6), highest priority first */

static u8 mtty_iir(struct mtty_port *port)
{
	if ((port->ier & UART_IER_RLSI) && mtty_line_errors(port))
		return UART_IIR_RLSI;
	if ((port->ier & UART_IER_RDI) &&
	    port->rx_count >= mtty_trigger_level(port))
		return UART_IIR_RDI;
	if ((port->ier & UART_IER_RDI) && port->timeout)
		return UART_IIR_RX_TIMEOUT;
	if ((port->ier & UART_IER_THRI) && port->thr_empty)
		return UART_IIR_THRI;
	if ((port->ier & UART_IER_MSI) && (port->msr & UART_MSR_ANY_DELTA))
		return UART_IIR_MSI;
	return UART_IIR_NO_INT;
}

static void mtty_update_irq(struct vdev *vdev)
{
	struct mtty *mtty = vdev_priv(vdev);
	bool asserted = false;
	unsigned int i;

	for (i = 0; i < vdev_variant(vdev); i++)
		asserted |= mtty_iir(&mtty->port[i]) != UART_IIR_NO_INT;
	vdev_irq(vdev, asserted);
}

static void mtty_silence(struct vdev *vdev, struct vdev_timer *timer)
{
	struct mtty_port *port = container_of(timer, struct mtty_port, silence);

	port->timeout = true;
	mtty_update_irq(vdev);
}

/* Registers (8.0, table II) */

static bool mtty_dlab(const struct mtty_port *port)
{
	return port->lcr & UART_LCR_DLAB;
}

static u8 mtty_read_iir(struct mtty_port *port)
{
	u8 iir = mtty_iir(port);

	if (iir == UART_IIR_THRI)
		port->thr_empty = false;
	return mtty_fifo_enabled(port) ? iir | MTTY_IIR_FIFO : iir;
}

static u8 mtty_read_lsr(struct mtty_port *port)
{
	u8 lsr = UART_LSR_THRE | UART_LSR_TEMT | mtty_line_errors(port);
	unsigned int i;

	if (port->rx_count)
		lsr |= UART_LSR_DR;
	for (i = 0; i < port->rx_count; i++)
		if (mtty_rx_slot(port, i)->lsr)
			lsr |= UART_LSR_FIFOE;

	port->lsr = 0;
	mtty_rx_slot(port, 0)->lsr = 0;
	return lsr;
}

static u8 mtty_read_msr(struct mtty_port *port)
{
	u8 msr = port->msr;

	port->msr &= MTTY_MSR_INPUTS;
	return msr;
}

/* Registers that change when they are read, and the interrupt with them. */
static noinline u8 mtty_read_volatile(struct vdev *vdev, struct mtty_port *port,
				      u64 offset)
{
	u8 value = 0;

	switch (offset) {
	case UART_RX:
		value = mtty_dlab(port) ? port->divisor :
					  mtty_read_rbr(vdev, port);
		break;
	case UART_IIR:
		value = mtty_read_iir(port);
		break;
	case UART_LSR:
		value = mtty_read_lsr(port);
		break;
	case UART_MSR:
		value = mtty_read_msr(port);
		break;
	}
	mtty_update_irq(vdev);
	return value;
}

static u64 mtty_read(struct vdev *vdev, unsigned int bar, u64 offset,
		     unsigned int width)
{
	struct mtty *mtty = vdev_priv(vdev);
	struct mtty_port *port = &mtty->port[bar];

	switch (offset) {
	case UART_IER:
		return mtty_dlab(port) ? port->divisor >> 8 : port->ier;
	case UART_LCR:
		return port->lcr;
	case UART_MCR:
		return port->mcr;
	case UART_SCR:
		return port->scr;
	default:
		return mtty_read_volatile(vdev, port, offset);
	}
}

static void mtty_write_thr(struct vdev *vdev, struct mtty_port *port, u8 data)
{
	/* while a break is sent the line carries nothing else */
	if (!mtty_breaks(port))
		mtty_send(vdev, port, data, 0);
	port->thr_empty = true;
}

static void mtty_write_ier(struct mtty_port *port, u8 value)
{
	/* enabling the interrupt while THR is empty is a cause of it */
	if (value & ~port->ier & UART_IER_THRI)
		port->thr_empty = true;
	port->ier = value & MTTY_IER_MASK;
}

static void mtty_write_fcr(struct vdev *vdev, struct mtty_port *port, u8 value)
{
	u8 before = port->fcr;

	/* 8.5: the other bits are programmed only together with bit 0 */
	port->fcr = value & UART_FCR_ENABLE_FIFO ?
		    value & (UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_MASK) : 0;
	if (((before ^ port->fcr) & UART_FCR_ENABLE_FIFO) ||
	    (port->fcr && (value & UART_FCR_CLEAR_RCVR)))
		mtty_clear_rx(vdev, port);
	else if (before != port->fcr && !port->timeout)
		mtty_watch_silence(vdev, port);
}

static void mtty_write_lcr(struct vdev *vdev, struct mtty_port *port, u8 value)
{
	bool breaks = mtty_breaks(port);

	port->lcr = value;
	mtty_break_began(vdev, port, breaks);
}

static void mtty_write_mcr(struct vdev *vdev, struct mtty_port *port, u8 value)
{
	bool breaks = mtty_breaks(port);

	port->mcr = value & MTTY_MCR_MASK;
	mtty_break_began(vdev, port, breaks);
	mtty_update_msr(vdev, port);
	mtty_update_msr(vdev, mtty_peer(vdev, port));
}

/* Everything that may change the interrupt. */
static noinline void mtty_write_active(struct vdev *vdev,
				       struct mtty_port *port, u64 offset,
				       u8 value)
{
	switch (offset) {
	case UART_TX:
		if (mtty_dlab(port))
			port->divisor = (port->divisor & 0xff00) | value;
		else
			mtty_write_thr(vdev, port, value);
		break;
	case UART_IER:
		if (mtty_dlab(port))
			port->divisor = (port->divisor & 0x00ff) | value << 8;
		else
			mtty_write_ier(port, value);
		break;
	case UART_FCR:
		mtty_write_fcr(vdev, port, value);
		break;
	case UART_LCR:
		mtty_write_lcr(vdev, port, value);
		break;
	case UART_MCR:
		mtty_write_mcr(vdev, port, value);
		break;
	}
	mtty_update_irq(vdev);
}

static void mtty_write(struct vdev *vdev, unsigned int bar, u64 offset,
		       unsigned int width, u64 value)
{
	struct mtty *mtty = vdev_priv(vdev);
	struct mtty_port *port = &mtty->port[bar];

	if (offset == UART_SCR)
		port->scr = value;
	else
		mtty_write_active(vdev, port, offset, value);
}

/* The device */

static int mtty_init(struct vdev *vdev)
{
	struct mtty *mtty = vdev_priv(vdev);
	unsigned int i;

	for (i = 0; i < MTTY_MAX_PORTS; i++)
		vdev_timer_init(vdev, &mtty->port[i].silence, mtty_silence);
	return 0;
}

static void mtty_reset(struct vdev *vdev)
{
	struct mtty *mtty = vdev_priv(vdev);
	unsigned int i;

	for (i = 0; i < MTTY_MAX_PORTS; i++) {
		struct mtty_port *port = &mtty->port[i];

		/* everything but the timer, which is the core's */
		memset(port, 0, offsetof(struct mtty_port, silence));
		port->divisor = MTTY_POWER_ON_DIVISOR;
	}
}

static int mtty_check_param(struct vdev *vdev, unsigned int param,
			    unsigned int value)
{
	return value == MTTY_CROSS && vdev_variant(vdev) < 2 ? -EINVAL : 0;
}

/* What migrates */

static const struct vmig_field mtty_port_fields[] = {
	VMIG_FIELD(1, struct mtty_port, ier, .max = MTTY_IER_MASK),
	VMIG_FIELD(2, struct mtty_port, fcr),
	VMIG_FIELD(3, struct mtty_port, lcr),
	VMIG_FIELD(4, struct mtty_port, mcr, .max = MTTY_MCR_MASK),
	VMIG_FIELD(5, struct mtty_port, lsr, .max = UART_LSR_BRK_ERROR_BITS),
	VMIG_FIELD(6, struct mtty_port, msr),
	VMIG_FIELD(7, struct mtty_port, scr),
	VMIG_FIELD(8, struct mtty_port, rbr),
	VMIG_FIELD(9, struct mtty_port, divisor),
	VMIG_FIELD(10, struct mtty_port, thr_empty),
	VMIG_FIELD(11, struct mtty_port, timeout),
	VMIG_FIELD(12, struct mtty_port, rx_first, .max = MTTY_FIFO_SIZE - 1),
	VMIG_FIELD(13, struct mtty_port, rx_count, .max = MTTY_FIFO_SIZE),
	VMIG_COLUMN(14, struct mtty_port, rx, data),
	VMIG_COLUMN(15, struct mtty_port, rx, lsr,
		    .max = UART_LSR_BRK_ERROR_BITS),
};

#define MTTY_PORTS(_nr)							\
{									\
	.id = 1, .version = 1, .min_version = 1, .instances = (_nr),	\
	.name = "port", .size = sizeof(struct mtty_port),		\
	.fields = mtty_port_fields,					\
	.nr_fields = ARRAY_SIZE(mtty_port_fields),			\
}

static const struct vmig_section mtty_ports[] = {
	MTTY_PORTS(1), MTTY_PORTS(2),
};

static const struct vdev_state mtty_state_1[] = {
	VDEV_STATE(&mtty_ports[0], struct mtty, port, struct mtty_port), { }
};

static const struct vdev_state mtty_state_2[] = {
	VDEV_STATE(&mtty_ports[1], struct mtty, port, struct mtty_port), { }
};

/* 8.5: without the FIFO one character is all there is room for */
static const char *mtty_check_state(struct vdev *vdev,
				    const struct vmig_image *image)
{
	const struct mtty_port *port;
	unsigned int i, ports = vdev_variant(vdev);

	for (i = 0; i < ports; i++) {
		port = vmig_state(image, &mtty_ports[ports - 1], i);
		if (port->rx_count > 1 && !mtty_fifo_enabled(port))
			return "characters in a FIFO that is off";
	}
	return NULL;
}

static const struct vdev_ops mtty_ops = {
	.init		= mtty_init,
	.reset		= mtty_reset,
	.check_param	= mtty_check_param,
	.read		= mtty_read,
	.write		= mtty_write,
	.check_state	= mtty_check_state,
};

static const char * const mtty_wirings[] = {
	[MTTY_LOOPBACK]	= "loopback",
	[MTTY_CROSS]	= "cross",
	NULL
};

static const struct vdev_param mtty_params[] = {
	[MTTY_WIRING]	= { .name = "wiring", .values = mtty_wirings },
	{ }
};

#define MTTY_PORT_BAR	{ .type = VDEV_BAR_IO, .size = 8, .max_width = 1 }

/* The names and ids of the in-tree sample: guests and scripts know them. */
#define MTTY_IDENTITY							\
	.vendor = 0x4348, .device = 0x3253,				\
	.subsystem_vendor = 0x4348, .subsystem = 0x3253,		\
	.class = 0x070002, .revision = 0x10, .intx = true, .msi_vectors = 1

static const struct vdev_model mtty_models[] = {
	{
		.name = "1",
		.pretty_name = "Single port serial",
		.description = "PCI serial card with one 16550A port",
		.variant = 1,	/* the number of ports */
		.units = 1,
		.state = mtty_state_1,
		MTTY_IDENTITY,
		.bars = { MTTY_PORT_BAR },
	}, {
		.name = "2",
		.pretty_name = "Dual port serial",
		.description = "PCI serial card with two 16550A ports",
		.variant = 2,
		.units = 2,
		.state = mtty_state_2,
		MTTY_IDENTITY,
		.bars = { MTTY_PORT_BAR, MTTY_PORT_BAR },
	},
};

static const struct vdev_family mtty_family = {
	.name		= "mtty",
	.owner		= THIS_MODULE,
	.ops		= &mtty_ops,
	.priv_size	= sizeof(struct mtty),
	.capacity	= 256,
	.params		= mtty_params,
	.models		= mtty_models,
	.nr_models	= ARRAY_SIZE(mtty_models),
};

module_vdev(mtty_family);

MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("PCI serial card as a mediated device");
MODULE_AUTHOR("vfiokit developers");
