// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-card: a device that copies memory of the client to and from its own.
 *
 * BAR 0 has registers of 32 bits, BAR 1 is the device's memory. A transfer
 * begins with a write to COMMAND and is over when STATUS is not BUSY.
 */
#include <errno.h>
#include <linux/err.h>
#include <linux/vdev.h>
#include <string.h>
#include <vdev/server.h>

#include "dma_card.h"

#ifndef MEMORY_SIZE
#define MEMORY_SIZE	(4U * 1024 * 1024)
#endif

enum {
	ADDRESS_LOW,
	ADDRESS_HIGH,
	LENGTH,
	COMMAND,	/* 1: read the client's memory, 2: write it */
	STATUS,
	ERROR,		/* errno of the last transfer */
	SCRATCH,
	NR_REGISTERS
};

#define COMMAND_READ	1
#define COMMAND_WRITE	2
#define STATUS_BUSY	1
#define STATUS_DONE	2

struct dma_card {
	u32 reg[NR_REGISTERS];
	u8 memory[MEMORY_SIZE];
};

static struct vdev *the_card;

static u64 card_read(struct vdev *vdev, unsigned int bar, u64 offset,
		     unsigned int width)
{
	struct dma_card *card = vdev_priv(vdev);
	u64 value = 0;

	if (bar)
		memcpy(&value, card->memory + offset, width);
	else if (offset / 4 < NR_REGISTERS)
		value = card->reg[offset / 4];
	return value;
}

static void card_write(struct vdev *vdev, unsigned int bar, u64 offset,
		       unsigned int width, u64 value)
{
	struct dma_card *card = vdev_priv(vdev);

	if (bar) {
		memcpy(card->memory + offset, &value, width);
		return;
	}
	if (offset / 4 >= NR_REGISTERS)
		return;
	card->reg[offset / 4] = value;
	if (offset / 4 == COMMAND)
		card->reg[STATUS] = STATUS_BUSY;
}

static int card_init(struct vdev *vdev)
{
	the_card = vdev;
	return 0;
}

static void card_reset(struct vdev *vdev)
{
	memset(vdev_priv(vdev), 0, sizeof(struct dma_card));
}

static const struct vdev_ops card_ops = {
	.init	= card_init,
	.reset	= card_reset,
	.read	= card_read,
	.write	= card_write,
};

static const struct vdev_model card_models[] = {
	{
		.name = "card",
		.pretty_name = "DMA card",
		.description = "PCI device that copies memory",
		.units = 1,
		.vendor = 0xeeee,
		.device = 0x0002,
		.class = 0x088000,
		.bars = {
			{ .type = VDEV_BAR_MEM, .size = 32, .max_width = 4 },
			{ .type = VDEV_BAR_MEM, .size = MEMORY_SIZE,
			  .max_width = 8 },
		},
	},
};

static const struct vdev_family card_family = {
	.name		= "dma",
	.owner		= THIS_MODULE,
	.ops		= &card_ops,
	.priv_size	= sizeof(struct dma_card),
	.capacity	= 1,
	.models		= card_models,
	.nr_models	= ARRAY_SIZE(card_models),
};

module_vdev(card_family);

/* The transfer itself, outside of the device's lock. */
static int transfer(struct vdev_server *server, const struct dma_card *request,
		    u8 *memory)
{
	u64 address = (u64)request->reg[ADDRESS_HIGH] << 32 |
		      request->reg[ADDRESS_LOW];
	size_t length = request->reg[LENGTH];

	if (length > MEMORY_SIZE)
		return -EINVAL;
	if (request->reg[COMMAND] == COMMAND_READ)
		return vdev_server_dma_read(server, address, memory, length);
	return vdev_server_dma_write(server, address, memory, length);
}

void dma_card_work(struct vdev_server *server)
{
	static struct dma_card request;
	struct dma_card *card = vdev_priv(the_card);
	bool busy;
	int ret;

	mutex_lock(&the_card->lock);
	busy = card->reg[STATUS] == STATUS_BUSY;
	if (busy)
		request = *card;
	mutex_unlock(&the_card->lock);
	if (!busy)
		return;

	ret = transfer(server, &request, request.memory);

	mutex_lock(&the_card->lock);
	/* a reset in the meantime has cancelled it */
	if (card->reg[STATUS] == STATUS_BUSY) {
		if (!ret && request.reg[COMMAND] == COMMAND_READ)
			memcpy(card->memory, request.memory,
			       request.reg[LENGTH]);
		card->reg[ERROR] = -ret;
		card->reg[STATUS] = STATUS_DONE;
	}
	mutex_unlock(&the_card->lock);
}
