// SPDX-License-Identifier: GPL-2.0-only
#include "mtty.h"

#include "config_space.h"
#include "must.h"

unsigned int mtty_probe(struct vfio_dev *dev)
{
	const struct vfio_region_info *bar1;

	if (!dev_region(dev, VFIO_PCI_CONFIG_REGION_INDEX) ||
	    config_read32(dev, PCI_VENDOR_ID) !=
	    (MTTY_DEVICE_ID << 16 | MTTY_VENDOR_ID))
		return 0;
	bar1 = dev_region(dev, VFIO_PCI_BAR1_REGION_INDEX);
	return bar1 && bar1->size ? 2 : 1;
}

void mtty_decode(struct vfio_dev *dev)
{
	config_command(dev, 0, PCI_COMMAND_IO);
}

__u8 uart_in(struct vfio_dev *dev, unsigned int port, unsigned int reg)
{
	__u8 val;
	ssize_t ret = dev_read(dev, VFIO_PCI_BAR0_REGION_INDEX + port, &val, 1,
			       reg);

	must(ret == 1, "read of register %u of port %u: %zd", reg, port, ret);
	return val;
}

void uart_out(struct vfio_dev *dev, unsigned int port, unsigned int reg,
	      __u8 val)
{
	ssize_t ret = dev_write(dev, VFIO_PCI_BAR0_REGION_INDEX + port, &val, 1,
				reg);

	must(ret == 1, "write of register %u of port %u: %zd", reg, port, ret);
}

void uart_send(struct vfio_dev *dev, unsigned int port, const void *buf,
	       unsigned int len)
{
	const __u8 *chars = buf;

	while (len--)
		uart_out(dev, port, UART_TX, *chars++);
}

unsigned int uart_drain(struct vfio_dev *dev, unsigned int port, void *buf,
			unsigned int max)
{
	unsigned int len = 0;
	__u8 *chars = buf;

	while (len < max && uart_in(dev, port, UART_LSR) & UART_LSR_DR)
		chars[len++] = uart_in(dev, port, UART_RX);
	return len;
}

void uart_set_divisor(struct vfio_dev *dev, unsigned int port, __u16 divisor)
{
	__u8 lcr = uart_in(dev, port, UART_LCR);

	uart_out(dev, port, UART_LCR, lcr | UART_LCR_DLAB);
	uart_out(dev, port, UART_DLL, divisor & 0xff);
	uart_out(dev, port, UART_DLM, divisor >> 8);
	uart_out(dev, port, UART_LCR, lcr & ~UART_LCR_DLAB);
}

void mtty_raise(struct vfio_dev *dev, unsigned int port)
{
	uart_out(dev, port, UART_IER, 0);
	uart_out(dev, port, UART_IER, UART_IER_THRI);
}

void mtty_lower(struct vfio_dev *dev, unsigned int port)
{
	uart_out(dev, port, UART_IER, 0);
}

bool mtty_level(struct vfio_dev *dev)
{
	return config_read16(dev, PCI_STATUS) & PCI_STATUS_INTERRUPT;
}
