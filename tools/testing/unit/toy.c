// SPDX-License-Identifier: GPL-2.0-only
/*
 * See toy.h.
 */
#include <linux/errno.h>
#include <linux/lockdep.h>

#include "toy.h"
#include "unit.h"

struct toy_plan toy_plan;

u8 toy_byte(unsigned int bar, u64 offset)
{
	return 0x11 + 0x53 * bar + 0x1d * offset + (offset >> 8);
}

static u64 pattern(unsigned int bar, u64 offset, unsigned int width)
{
	u64 value = 0;
	unsigned int i;

	for (i = width; i--; )
		value = value << 8 | toy_byte(bar, offset + i);
	return value;
}

static void note(struct vdev *vdev, const struct toy_access *access)
{
	struct toy *toy = vdev_priv(vdev);

	lockdep_assert_held(&vdev->lock);
	EXPECT(toy->nr_accesses < TOY_LOG);
	toy->accesses[toy->nr_accesses++] = *access;
}

static u64 toy_read(struct vdev *vdev, unsigned int bar, u64 offset,
		    unsigned int width)
{
	struct toy_access access = {
		.bar = bar, .offset = offset, .width = width,
	};
	u64 rubbish = width == 8 ? 0 : 0xa5a5a5a5a5a5a5a5ULL << (8 * width);

	note(vdev, &access);
	return pattern(bar, offset, width) | rubbish;
}

static void toy_write(struct vdev *vdev, unsigned int bar, u64 offset,
		      unsigned int width, u64 value)
{
	struct toy_access access = {
		.write = true,
		.bar = bar, .offset = offset, .width = width, .value = value,
	};

	note(vdev, &access);
}

static void toy_timer(struct vdev *vdev, struct vdev_timer *timer)
{
	struct toy *toy = vdev_priv(vdev);
	unsigned int nr = timer - toy->timer;

	lockdep_assert_held(&vdev->lock);
	EXPECT(toy->nr_shots < TOY_LOG);
	toy->shots[toy->nr_shots++] = (struct toy_shot) {
		.timer = nr, .when = vdev->front->now(vdev),
	};
	if (toy->on_timer)
		toy->on_timer(vdev, nr);
}

static int toy_init(struct vdev *vdev)
{
	struct toy *toy = vdev_priv(vdev);
	unsigned int i;

	lockdep_assert_held(&vdev->lock);
	EXPECT_EQ(toy->resets, 0);
	for (i = 0; i < TOY_TIMERS; i++)
		vdev_timer_init(vdev, &toy->timer[i], toy_timer);
	return toy_plan.init_error;
}

static void toy_release(struct vdev *vdev)
{
	struct toy *toy = vdev_priv(vdev);

	toy_plan.released++;
	if (toy_plan.cancel_in_release)
		vdev_timer_cancel(vdev, &toy->timer[0]);
}

static void toy_reset(struct vdev *vdev)
{
	struct toy *toy = vdev_priv(vdev);
	unsigned int i;

	lockdep_assert_held(&vdev->lock);
	EXPECT(!vdev->irqs.asserted);
	for (i = 0; i < TOY_TIMERS; i++)
		EXPECT_EQ(toy->timer[i].deadline, 0);
	toy->resets++;
	if (toy_plan.assert_in_reset)
		vdev_irq(vdev, true);
	if (toy_plan.set_timer_in_reset)
		vdev_timer_set(vdev, &toy->timer[0], 1000);
}

/* toy-mem is never large, and nothing is both medium and green. */
static int toy_check_param(struct vdev *vdev, unsigned int param,
			   unsigned int value)
{
	lockdep_assert_held(&vdev->lock);
	if (param == TOY_SIZE && value == TOY_LARGE && vdev_variant(vdev) == 7)
		return -EOPNOTSUPP;
	if (param == TOY_COLOUR && value == TOY_GREEN &&
	    vdev_param(vdev, TOY_SIZE) == TOY_MEDIUM)
		return -EINVAL;
	return 0;
}

static const struct vdev_ops toy_ops = {
	.init		= toy_init,
	.release	= toy_release,
	.reset		= toy_reset,
	.check_param	= toy_check_param,
	.read		= toy_read,
	.write		= toy_write,
};

static const char * const sizes[] = { "small", "medium", "large", NULL };
static const char * const colours[] = { "red", "green", NULL };

static const struct vdev_param toy_params[] = {
	[TOY_SIZE]	= { .name = "size", .values = sizes },
	[TOY_COLOUR]	= { .name = "colour", .values = colours },
	{ }
};

/* They migrate, but what they write down does not. */
static const struct vdev_state no_state[] = { { } };

#define TOY_IDENTITY							\
	.state = no_state,						\
	.pretty_name = "Toy", .description = "A device to test with",	\
	.units = 1, .vendor = 0x1234, .device = 0x5678,			\
	.subsystem_vendor = 0x9abc, .subsystem = 0xdef0,		\
	.class = 0x0c0330, .revision = 0xa5

static const struct vdev_model toy_models[] = {
	{
		TOY_IDENTITY, .name = "mem", .variant = 7,
		.intx = true, .msi_vectors = 1,
		.bars[2] = { VDEV_BAR_MEM, .max_width = 4, .size = 4096 },
	}, {
		TOY_IDENTITY, .name = "nomsi", .intx = true,
		.bars[0] = { VDEV_BAR_IO, .max_width = 2, .size = 256 },
	}, {
		TOY_IDENTITY, .name = "nointx", .msi_vectors = 1,
		.bars[5] = { VDEV_BAR_MEM, .max_width = 8, .size = 16 },
	}, {
		TOY_IDENTITY, .name = "six",
		.bars = {
			{ VDEV_BAR_IO, .max_width = 1, .size = 4 },
			{ VDEV_BAR_IO, .max_width = 2, .size = 256 },
			{ VDEV_BAR_MEM, .max_width = 8, .size = 16 },
			{ VDEV_BAR_MEM, .max_width = 4, .size = 4096 },
			{ VDEV_BAR_IO, .max_width = 8, .size = 32 },
			{ VDEV_BAR_MEM, .max_width = 1, .size = 0x40000000 },
		},
	}, {
		TOY_IDENTITY, .name = "bare",
	},
};

static const struct vdev_family toy_family = {
	.name		= "toy",
	.owner		= THIS_MODULE,
	.ops		= &toy_ops,
	.priv_size	= sizeof(struct toy),
	.capacity	= 4,
	.params		= toy_params,
	.models		= toy_models,
	.nr_models	= ARRAY_SIZE(toy_models),
};

module_vdev(toy_family);

static void plain_reset(struct vdev *vdev)
{
	lockdep_assert_held(&vdev->lock);
}

static u64 plain_read(struct vdev *vdev, unsigned int bar, u64 offset,
		      unsigned int width)
{
	return pattern(bar, offset, width);
}

static void plain_write(struct vdev *vdev, unsigned int bar, u64 offset,
			unsigned int width, u64 value)
{
}

static const struct vdev_ops plain_ops = {
	.reset	= plain_reset,
	.read	= plain_read,
	.write	= plain_write,
};

static const struct vdev_model plain_model = {
	TOY_IDENTITY, .name = "1", .intx = true, .msi_vectors = 1,
	.bars[2] = { VDEV_BAR_MEM, .max_width = 4, .size = 4096 },
};

static const struct vdev_family plain_family = {
	.name		= "plain",
	.ops		= &plain_ops,
	.capacity	= 1,
	.models		= &plain_model,
	.nr_models	= 1,
};

module_vdev(plain_family);

/* For tests */

struct toy *toy_of(struct front *front)
{
	return vdev_priv(front->vdev);
}

void toy_forget(struct front *front)
{
	toy_of(front)->nr_accesses = 0;
	toy_of(front)->nr_shots = 0;
}

void toy_timer_set(struct front *front, unsigned int nr, u64 delay)
{
	mutex_lock(&front->vdev->lock);
	vdev_timer_set(front->vdev, &toy_of(front)->timer[nr], delay);
	mutex_unlock(&front->vdev->lock);
}

void toy_timer_cancel(struct front *front, unsigned int nr)
{
	mutex_lock(&front->vdev->lock);
	vdev_timer_cancel(front->vdev, &toy_of(front)->timer[nr]);
	mutex_unlock(&front->vdev->lock);
}
