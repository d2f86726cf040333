// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many devices of all types, used at random for a while. What it looks for is
 * found by the sanitizers, by the locks and by the front.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <time.h>

#include "abuse.h"
#include "kernel_hooks.h"
#include "random.h"
#include "suites.h"
#include "unit.h"

#define DEVICES		8
#define SECONDS		2

static const char * const types[] = {
	"mtty-1", "mtty-2", "mtty-2", "plain-1", "gadget-full", "gadget-full",
	"gadget-huge", "gadget-old",
};

#define NR_TYPES	ARRAY_SIZE(types)

static const char * const words[] = {
	"loopback", "cross\n", "", "loop",
};

struct monkey {
	struct front *front;
	bool open;
};

static void stop_or_go(struct vdev *vdev)
{
	switch (random_below(8)) {
	case 0:
		vdev_stop(vdev);
		break;
	case 1:
		vdev_quiesce(vdev);
		break;
	case 2:
		vdev_unquiesce(vdev);
		break;
	default:
		vdev_run(vdev);
	}
}

static void play(struct monkey *monkey)
{
	struct front *front = monkey->front;

	if (!front) {
		if (random_one_in(4))
			failslab_arm(1 + random_below(4));
		front = front_create_type(types[random_below(NR_TYPES)]);
		failslab_arm(0);
		monkey->front = IS_ERR(front) ? NULL : front;
		if (monkey->front)
			user_map(front, 0x1000, 0);
	} else if (!monkey->open) {
		if (random_one_in(4)) {
			front_destroy(front);
			monkey->front = NULL;
			return;
		}
		if (front->vdev->family->params)
			vdev_set_param(front->vdev, 0, words[random_below(4)]);
		vdev_open(front->vdev);
		monkey->open = true;
	} else if (random_one_in(2000)) {
		vdev_close(front->vdev);
		EXPECT_EQ(front->triggers, 0);
		EXPECT_EQ(front->unmask_fd, -1);
		monkey->open = false;
	} else if (random_one_in(500)) {
		vdev_reset(front->vdev);
	} else if (random_one_in(100)) {
		stop_or_go(front->vdev);
	} else {
		abuse(front);
	}
}

static u64 seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void at_play(void)
{
	struct monkey monkeys[DEVICES] = { };
	u64 end = seconds() + SECONDS;
	unsigned long plays;
	unsigned int i;

	for (plays = 0; plays % 1024 || seconds() < end; plays++) {
		unit_context("play %lu", plays);
		play(&monkeys[random_below(DEVICES)]);
	}
	for (i = 0; i < DEVICES; i++) {
		if (monkeys[i].open)
			front_close(monkeys[i].front);
		else if (monkeys[i].front)
			front_destroy(monkeys[i].front);
	}
	printf("# %lu calls\n", plays);
}

static const struct unit_case cases[] = {
	UNIT_CASE(at_play),
	{ }
};

const struct unit_suite monkey_suite = { "monkey", cases };
