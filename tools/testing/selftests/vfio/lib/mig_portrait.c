// SPDX-License-Identifier: GPL-2.0-only
/* What is in a device: put there, and looked at. */
#include "mig_device.h"

#include <string.h>

#include "config_space.h"
#include "mtty.h"
#include "must.h"
#include "testdev.h"

/* Bytes of an area that hold something, at its beginning and at its end. */
#define PATTERN_SIZE	64

static void note(struct mig_portrait *portrait, const char *what, __u64 value)
{
	must(portrait->len < MIG_PORTRAIT_MAX, "a portrait of too much");
	portrait->item[portrait->len].what = what;
	portrait->item[portrait->len].value = value;
	portrait->len++;
}

/* FNV-1a */
static __u64 hash(const void *data, size_t len)
{
	__u64 sum = 0xcbf29ce484222325ULL;
	const __u8 *bytes = data;

	while (len--)
		sum = (sum ^ *bytes++) * 0x100000001b3ULL;
	return sum;
}

const char *mig_differs(const struct mig_portrait *one,
			const struct mig_portrait *other)
{
	unsigned int i;

	if (one->len != other->len)
		return "how much is seen";
	for (i = 0; i < one->len; i++)
		if (one->item[i].value != other->item[i].value)
			return one->item[i].what;
	return NULL;
}

/* mtty */

/* No register that a read or write of changes others, but for the divisor. */
static void mtty_dress(struct mig_device *mig, __u32 seed)
{
	struct vfio_dev *dev = &mig->dev;
	unsigned int port;
	char text[16];

	mtty_decode(dev);
	memset(text, 'a' + seed % 26, sizeof(text));
	for (port = 0; port < mig->ports; port++) {
		uart_out(dev, port, UART_LCR, UART_LCR_WLEN8 | seed % 4 << 3);
		uart_set_divisor(dev, port, 0x100 + seed);
		uart_out(dev, port, UART_FCR, UART_FCR_ENABLE_FIFO);
		uart_out(dev, port, UART_MCR, UART_MCR_RTS | UART_MCR_LOOP);
		uart_out(dev, port, UART_SCR, 0x40 + seed + port);
		uart_out(dev, port, UART_IER, UART_IER_RLSI);
		uart_send(dev, port, text, 3 + (seed + port) % 8);
	}
}

static void mtty_glance(struct mig_device *mig, struct mig_portrait *portrait)
{
	struct vfio_dev *dev = &mig->dev;
	unsigned int port;

	for (port = 0; port < mig->ports; port++) {
		note(portrait, "LCR", uart_in(dev, port, UART_LCR));
		note(portrait, "MCR", uart_in(dev, port, UART_MCR));
		note(portrait, "IER", uart_in(dev, port, UART_IER));
		note(portrait, "SCR", uart_in(dev, port, UART_SCR));
	}
}

static void mtty_portray(struct mig_device *mig, struct mig_portrait *portrait)
{
	struct vfio_dev *dev = &mig->dev;
	unsigned int port, len;
	char text[64];
	__u8 lcr;

	mtty_glance(mig, portrait);
	for (port = 0; port < mig->ports; port++) {
		note(portrait, "IIR", uart_in(dev, port, UART_IIR));
		lcr = uart_in(dev, port, UART_LCR);
		uart_out(dev, port, UART_LCR, lcr | UART_LCR_DLAB);
		note(portrait, "DLL", uart_in(dev, port, UART_DLL));
		note(portrait, "DLM", uart_in(dev, port, UART_DLM));
		uart_out(dev, port, UART_LCR, lcr);
		len = uart_drain(dev, port, text, sizeof(text));
		note(portrait, "characters", len);
		note(portrait, "text", hash(text, len));
	}
}

/* vdev_test */

static void pattern(__u8 *bytes, size_t len, __u32 seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = seed + i + 1;
}

/* Regions and offsets of memory that holds something. */
static const struct {
	unsigned int region;
	__u64 offset;
} places[] = {
	{ TESTDEV_MEMORY, 0 },
	{ TESTDEV_MEMORY, 4096 - PATTERN_SIZE / 2 },
	{ TESTDEV_MEMORY, 0x80000 },
	{ TESTDEV_MEMORY, 0x100000 - PATTERN_SIZE },
	{ TESTDEV_MIXED, TESTDEV_AREA0_START },
	{ TESTDEV_MIXED, TESTDEV_AREA0_START + TESTDEV_AREA0_SIZE -
			 PATTERN_SIZE },
	{ TESTDEV_MIXED, TESTDEV_AREA1_START },
};

static void testdev_dress(struct mig_device *mig, __u32 seed)
{
	static __u8 buffer[TESTDEV_BUFFER_SIZE];
	struct vfio_dev *dev = &mig->dev;
	unsigned int i;

	testdev_enable(dev);
	testdev_out(dev, TESTDEV_SCRATCH, 0x5eed0000 + seed);
	testdev_out(dev, TESTDEV_IOVA_LOW, 0x1000 * seed);
	testdev_out(dev, TESTDEV_IOVA_HIGH, seed);
	testdev_out(dev, TESTDEV_LENGTH, 0x100 + seed);
	pattern(buffer, sizeof(buffer), seed);
	testdev_buffer_out(dev, buffer, sizeof(buffer));
	for (i = 0; i < ARRAY_SIZE(places); i++)
		must(dev_write(dev, places[i].region, buffer, PATTERN_SIZE,
			       places[i].offset) == PATTERN_SIZE,
		     "write of device memory");
}

static void testdev_glance(struct mig_device *mig,
			   struct mig_portrait *portrait)
{
	__u8 buffer[PATTERN_SIZE];
	struct vfio_dev *dev = &mig->dev;
	unsigned int i;

	note(portrait, "SCRATCH", testdev_in(dev, TESTDEV_SCRATCH));
	note(portrait, "IOVA_LOW", testdev_in(dev, TESTDEV_IOVA_LOW));
	note(portrait, "IOVA_HIGH", testdev_in(dev, TESTDEV_IOVA_HIGH));
	note(portrait, "LENGTH", testdev_in(dev, TESTDEV_LENGTH));
	note(portrait, "RESULT", testdev_in(dev, TESTDEV_RESULT));
	note(portrait, "TRANSFERS", testdev_in(dev, TESTDEV_TRANSFERS));
	note(portrait, "TIMEOUTS", testdev_in(dev, TESTDEV_TIMEOUTS));
	testdev_buffer_in(dev, buffer, PATTERN_SIZE);
	note(portrait, "buffer", hash(buffer, PATTERN_SIZE));
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		must(dev_read(dev, places[i].region, buffer, PATTERN_SIZE,
			      places[i].offset) == PATTERN_SIZE,
		     "read of device memory");
		note(portrait, "memory", hash(buffer, PATTERN_SIZE));
	}
}

static void testdev_portray(struct mig_device *mig,
			    struct mig_portrait *portrait)
{
	static __u8 buffer[TESTDEV_BUFFER_SIZE];

	testdev_glance(mig, portrait);
	testdev_buffer_in(&mig->dev, buffer, sizeof(buffer));
	note(portrait, "all of the buffer", hash(buffer, sizeof(buffer)));
}

/* Of any device: the head of its config space does not change. */
static void any_glance(struct mig_device *mig, struct mig_portrait *portrait)
{
	note(portrait, "ids", config_read32(&mig->dev, PCI_VENDOR_ID));
	note(portrait, "class", config_read32(&mig->dev, PCI_CLASS_REVISION));
}

void mig_dress(struct mig_device *mig, __u32 seed)
{
	if (mig->ports)
		mtty_dress(mig, seed);
	if (mig->is_testdev)
		testdev_dress(mig, seed);
}

void mig_glance(struct mig_device *mig, struct mig_portrait *portrait)
{
	portrait->len = 0;
	any_glance(mig, portrait);
	if (mig->ports)
		mtty_glance(mig, portrait);
	if (mig->is_testdev)
		testdev_glance(mig, portrait);
}

/* As QEMU does, COMMAND is set anew: it is not for the stream to carry it. */
void mig_portray(struct mig_device *mig, struct mig_portrait *portrait)
{
	portrait->len = 0;
	any_glance(mig, portrait);
	if (mig->ports) {
		mtty_decode(&mig->dev);
		mtty_portray(mig, portrait);
	}
	if (mig->is_testdev) {
		testdev_enable(&mig->dev);
		testdev_portray(mig, portrait);
	}
}
