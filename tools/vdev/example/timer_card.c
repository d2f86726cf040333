// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * timer-card: a PCI device that interrupts at regular intervals.
 *
 * BAR 0 has four registers of 32 bits:
 *
 *	0x0	PERIOD	microseconds from one interrupt to the next, 0: none
 *	0x4	COUNT	periods that have passed, read only
 *	0x8	STATUS	bit 0: wants to interrupt; writing 1 clears it
 *	0xc	SCRATCH	keeps what is written
 */
#include <linux/bits.h>
#include <linux/time64.h>
#include <linux/vdev.h>

#define PERIOD		0x0
#define COUNT		0x4
#define STATUS		0x8
#define SCRATCH		0xc

#define STATUS_PENDING	BIT(0)

struct timer_card {
	u32 period;
	u32 count;
	u32 status;
	u32 scratch;
	struct vdev_timer timer;
};

static void update_irq(struct vdev *vdev, struct timer_card *card)
{
	vdev_irq(vdev, card->status & STATUS_PENDING);
}

static void period_over(struct vdev *vdev, struct vdev_timer *timer)
{
	struct timer_card *card = container_of(timer, struct timer_card, timer);

	card->count++;
	card->status |= STATUS_PENDING;
	update_irq(vdev, card);
	vdev_timer_set(vdev, timer, card->period * NSEC_PER_USEC);
}

static void set_period(struct vdev *vdev, struct timer_card *card, u32 period)
{
	card->period = period;
	if (period)
		vdev_timer_set(vdev, &card->timer, period * NSEC_PER_USEC);
	else
		vdev_timer_cancel(vdev, &card->timer);
}

static u64 card_read(struct vdev *vdev, unsigned int bar, u64 offset,
		     unsigned int width)
{
	const struct timer_card *card = vdev_priv(vdev);
	const u32 registers[] = {
		[PERIOD / 4]	= card->period,
		[COUNT / 4]	= card->count,
		[STATUS / 4]	= card->status,
		[SCRATCH / 4]	= card->scratch,
	};

	/* parts of a register can be read */
	return registers[offset / 4] >> (8 * (offset % 4));
}

static void card_write(struct vdev *vdev, unsigned int bar, u64 offset,
		       unsigned int width, u64 value)
{
	struct timer_card *card = vdev_priv(vdev);

	/* but they are written whole */
	if (width != 4)
		return;
	switch (offset) {
	case PERIOD:
		set_period(vdev, card, value);
		break;
	case STATUS:
		card->status &= ~value;
		update_irq(vdev, card);
		break;
	case SCRATCH:
		card->scratch = value;
		break;
	}
}

static int card_init(struct vdev *vdev)
{
	struct timer_card *card = vdev_priv(vdev);

	vdev_timer_init(vdev, &card->timer, period_over);
	return 0;
}

static void card_reset(struct vdev *vdev)
{
	struct timer_card *card = vdev_priv(vdev);

	card->period = 0;
	card->count = 0;
	card->status = 0;
	card->scratch = 0;
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
		.pretty_name = "Timer card",
		.description = "PCI device that interrupts at regular intervals",
		.units = 1,
		/* of nobody: a device that is more than an example has its own */
		.vendor = 0xeeee,
		.device = 0x0001,
		.class = 0x088000,	/* system peripheral, other */
		.intx = true,
		.msi_vectors = 1,
		.bars = {
			{ .type = VDEV_BAR_MEM, .size = 16, .max_width = 4 },
		},
	},
};

static const struct vdev_family card_family = {
	.name		= "timer",
	.owner		= THIS_MODULE,
	.ops		= &card_ops,
	.priv_size	= sizeof(struct timer_card),
	.capacity	= 1,
	.models		= card_models,
	.nr_models	= ARRAY_SIZE(card_models),
};

module_vdev(card_family);

MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("PCI device that interrupts at regular intervals");
MODULE_AUTHOR("vfiokit developers");
