// SPDX-License-Identifier: GPL-2.0-only
/*
 * See abuse.h.
 */
#include <linux/kernel.h>
#include <linux/vfio.h>

#include "abuse.h"
#include "kernel_hooks.h"
#include "random.h"
#include "unit.h"

#define MAX_BLOCK	9	/* vectors that are set up at once */

static void random_access(struct front *front)
{
	unsigned int region = random_below(VDEV_NUM_REGIONS);
	u32 size = vdev_region_size(front->vdev, region);
	unsigned int width = 1 << random_below(4);
	u32 offset;
	u64 value;

	if (region == VDEV_REGION_CONFIG)
		width = min(width, 4U);
	if (width > size)
		return;
	/* most registers are at the beginning */
	offset = random_below(random_one_in(2) ? size : min(size, 0x80U));
	offset &= ~(width - 1);
	if (random_one_in(3)) {
		value = front_read(front, region, offset, width);
		EXPECT(width == 8 || value < 1ULL << (8 * width));
	} else {
		front_write(front, region, offset, width, random_value());
	}
}

static void random_set_irqs(struct front *front)
{
	static const int fds[] = {
		-1, -2, EVENTFD(0), EVENTFD(1), EVENTFD(7), CLOSED_FD,
		PLAIN_FILE_FD,
	};
	static const u32 types[] = {
		VFIO_IRQ_SET_DATA_NONE, VFIO_IRQ_SET_DATA_BOOL,
		VFIO_IRQ_SET_DATA_EVENTFD,
	};
	u32 actions = random_below(8) << 3;
	u32 flags = types[random_below(3)] | actions;
	unsigned int index = random_below(VDEV_NUM_IRQS);
	unsigned int nr = vdev_irq_count(front->vdev, index);
	unsigned int start = random_one_in(2) ? random_below(nr + 1) : 0;
	unsigned int count = !random_one_in(4);
	bool eventfds = flags & VFIO_IRQ_SET_DATA_EVENTFD;
	u8 answer[MAX_BLOCK];
	s32 fd[MAX_BLOCK];
	unsigned int i;

	if (random_one_in(4))
		count = random_below(MAX_BLOCK + 1);
	for (i = 0; i < MAX_BLOCK; i++) {
		fd[i] = fds[random_below(ARRAY_SIZE(fds))];
		answer[i] = random_one_in(2);
	}
	if (random_one_in(16))
		failslab_arm(1);
	front_set_irqs(front, flags, index, start, count,
		       eventfds ? (void *)fd : (void *)answer);
	failslab_arm(0);
}

void abuse(struct front *front)
{
	switch (random_below(32)) {
	case 0:
	case 1:
	case 2:
	case 3:
		random_set_irqs(front);
		break;
	case 4:
		vdev_intx_unmask(front->vdev);
		break;
	case 5:
	case 6:
		front_advance(front, random_u64() >> (20 + random_below(44)));
		break;
	case 7:
		vdev_alarm(front->vdev);
		break;
	case 8:
		vdev_request(front->vdev);
		break;
	case 9:
		front_run_jobs(front);
		break;
	case 10:
	case 11:
		/* or else little gets through to the registers */
		command_set(front, 7);
		power_state(front, 0);
		break;
	default:
		random_access(front);
	}
}
