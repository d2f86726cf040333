// SPDX-License-Identifier: GPL-2.0-only
/*
 * See gadget.h.
 */
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <string.h>

#include "gadget.h"
#include "toy.h"
#include "unit.h"

const u8 gadget_vendor_cap[5] = { 0xde, 0xad, 0x00, 0xbe, 0xef };
const u8 gadget_vendor_ext_cap[11] = {
	0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb,
};

u8 gadget_rom[3000];

/* No two words of it are alike. */
static void __attribute__((constructor)) fill_rom(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(gadget_rom); i++)
		gadget_rom[i] = i % 2 ? i >> 8 : i;
	gadget_rom[0] = 0x55;
	gadget_rom[1] = 0xaa;
}

static void do_job(struct vdev *vdev, struct vdev_job *job)
{
	struct gadget *gadget = vdev_priv(vdev);
	unsigned int nr = job - gadget->job;
	u64 word;

	lockdep_assert_not_held(&vdev->lock);
	lockdep_assert_held(&vdev->job_gate);
	if (vdev_job_lock(vdev, job)) {
		gadget->runs[gadget->nr_runs++ % GADGET_LOG] = nr;
		vdev_job_unlock(vdev, job);
	}
	if (gadget->on_job) {
		gadget->on_job(vdev, nr);
		return;
	}
	/* something that reaches for memory, should nobody care what */
	if (!vdev_dma_read(vdev, job, 0x1ffc, &word, sizeof(word)))
		vdev_dma_write(vdev, job, 0x2ffc, &word, sizeof(word));
	if (vdev_job_lock(vdev, job)) {
		vdev_msi(vdev, nr);
		vdev_job_unlock(vdev, job);
	}
}

static int gadget_init(struct vdev *vdev)
{
	struct gadget *gadget = vdev_priv(vdev);
	unsigned int i;

	for (i = 0; i < GADGET_JOBS; i++)
		vdev_job_init(vdev, &gadget->job[i], do_job);
	return 0;
}

static void gadget_reset(struct vdev *vdev)
{
	struct gadget *gadget = vdev_priv(vdev);
	unsigned int i;

	lockdep_assert_held(&vdev->lock);
	for (i = 0; i < GADGET_JOBS; i++)
		EXPECT(!gadget->job[i].queued);
	gadget->resets++;
}

static u64 gadget_read(struct vdev *vdev, unsigned int bar, u64 offset,
		       unsigned int width)
{
	struct gadget *gadget = vdev_priv(vdev);
	u64 value = 0;
	unsigned int i;

	lockdep_assert_held(&vdev->lock);
	EXPECT(width <= vdev->model->bars[bar].max_width);
	EXPECT(offset % width == 0);
	gadget->reads++;
	gadget->last = offset;
	gadget->last_width = width;
	for (i = width; i--; )
		value = value << 8 | toy_byte(bar, offset + i);
	return value;
}

static void gadget_write(struct vdev *vdev, unsigned int bar, u64 offset,
			 unsigned int width, u64 value)
{
	struct gadget *gadget = vdev_priv(vdev);

	lockdep_assert_held(&vdev->lock);
	EXPECT(width <= vdev->model->bars[bar].max_width);
	gadget->writes++;
	gadget->last = offset;
	gadget->last_width = width;
	gadget->last_value = value;
	if (bar != 2)
		return;
	if (offset == GADGET_DOORBELL)
		vdev_job_queue(vdev, &gadget->job[value % GADGET_JOBS]);
	else if (offset == GADGET_MESSAGE)
		vdev_msi(vdev, value);
	else if (offset == GADGET_LEVEL)
		vdev_irq(vdev, value & 1);
}

static const struct vdev_ops gadget_ops = {
	.init	= gadget_init,
	.reset	= gadget_reset,
	.read	= gadget_read,
	.write	= gadget_write,
};

static const struct vdev_area sparse[] = {
	{ 0x1000, 0x1000 },
	{ 0x4000, 0x4000 },
	{ 0xf000, 0x1000 },
	{ }
};

static const struct vdev_area all_of_it[] = {
	{ 0, 0x2000 },
	{ }
};

/* They migrate, but what they count does not. */
static const struct vdev_state no_state[] = { { } };

#define GADGET_IDENTITY							\
	.state = no_state,						\
	.pretty_name = "Gadget", .description = "A device to test with", \
	.units = 1, .vendor = 0x4242, .device = 0x1025,			\
	.subsystem_vendor = 0x8001, .subsystem = 0x7ffe,		\
	.class = 0x120000, .revision = 0x03

static const struct vdev_model gadget_models[] = {
	{
		GADGET_IDENTITY, .name = "full", .pcie = true,
		.intx = true, .msi_vectors = 32,
		.msix = { .vectors = 64, .bar = 2, .table = 0x1000,
			  .pba = 0x8000 },
		.serial = GADGET_SERIAL,
		.vendor_cap = { gadget_vendor_cap, sizeof(gadget_vendor_cap) },
		.vendor_ext_cap = { gadget_vendor_ext_cap,
				    sizeof(gadget_vendor_ext_cap) },
		.rom = { gadget_rom, sizeof(gadget_rom) },
		.bars = {
			[0] = { VDEV_BAR_MEM64, .max_width = 8, .size = 0x10000,
				.prefetchable = true, .memory = sparse },
			[2] = { VDEV_BAR_MEM, .max_width = 4, .size = 0x10000 },
			[3] = { VDEV_BAR_MEM, .max_width = 1, .size = 16,
				.prefetchable = true },
			[4] = { VDEV_BAR_MEM64, .max_width = 2,
				.size = VDEV_MAX_BAR },
		},
	}, {
		GADGET_IDENTITY, .name = "huge", .pcie = true,
		.msix = { .vectors = 2048, .bar = 1, .table = 0,
			  .pba = 0x10000 - 256 },
		.bars[1] = { VDEV_BAR_MEM64, .max_width = 8, .size = 0x10000 },
	}, {
		GADGET_IDENTITY, .name = "old", .intx = true, .msi_vectors = 8,
		.msix = { .vectors = 65, .bar = 5, .table = 8, .pba = 0x800 },
		.rom = { gadget_rom, 1 },
		.bars = {
			[1] = { VDEV_BAR_MEM, .max_width = 4, .size = 0x2000,
				.prefetchable = true, .memory = all_of_it },
			[5] = { VDEV_BAR_MEM, .max_width = 8, .size = 0x1000 },
		},
	},
};

static const struct vdev_family gadget_family = {
	.name		= "gadget",
	.owner		= THIS_MODULE,
	.ops		= &gadget_ops,
	.priv_size	= sizeof(struct gadget),
	.capacity	= 4,
	.models		= gadget_models,
	.nr_models	= ARRAY_SIZE(gadget_models),
};

module_vdev(gadget_family);

/* For tests */

struct gadget *gadget_of(struct front *front)
{
	return vdev_priv(front->vdev);
}

void gadget_forget(struct front *front)
{
	struct gadget *gadget = gadget_of(front);

	gadget->nr_runs = 0;
	gadget->reads = 0;
	gadget->writes = 0;
}

void gadget_queue(struct front *front, unsigned int nr)
{
	mutex_lock(&front->vdev->lock);
	vdev_job_queue(front->vdev, &gadget_of(front)->job[nr]);
	mutex_unlock(&front->vdev->lock);
}

struct front *gadget_open(void)
{
	struct front *front = front_open("gadget-full");

	command_set(front, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	return front;
}
