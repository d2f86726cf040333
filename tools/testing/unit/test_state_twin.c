// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device at random moments, and another that was given its state: nobody can
 * tell one from the other, whatever is done to both.
 */
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "abuse.h"
#include "migrate.h"
#include "random.h"
#include "suites.h"
#include "unit.h"

#define ROUNDS		150
#define STEPS		60

/* vdev_test's count of resets, which is of the device and not of its state */
#define TEST_RESETS	0x30

static const char * const types[] = {
	"mtty-1", "mtty-2", "plain-1", "gadget-full", "gadget-huge",
	"gadget-old", "vdev_test-pcie", "vdev_test-pci", "toy-bare",
};

struct pair {
	struct front *front;
	struct front *twin;
};

/* The user's part, alike on both: bound to nothing, then to what is in use. */
static void bind_alike(struct front *front, unsigned int kind)
{
	s32 fds[] = { EVENTFD(0), EVENTFD(1), EVENTFD(2) };
	unsigned int nr = vdev_irq_count(front->vdev, kind);
	unsigned int i;

	if (front->vdev->irqs.mode != VDEV_IRQ_NONE)
		EXPECT_EQ(irq_disable(front, front->vdev->irqs.mode), 0);
	if (kind != VDEV_IRQ_NONE)
		EXPECT_EQ(irq_bind_block(front, kind, 0, min(nr, 3U), fds), 0);
	for (i = 0; i < NR_EVENTFDS; i++)
		front->signals[i] = 0;
}

/* A device that answers, and what is likely to be a register of it. */
static void use_registers(struct front *front)
{
	unsigned int i;
	u32 offset;

	command_set(front, 7);
	power_state(front, 0);
	for (i = 0; i < STEPS / 4; i++) {
		offset = 4 * random_below(16);
		if (offset < vdev_region_size(front->vdev, 0))
			front_write(front, 0, offset, 4, random_value());
	}
}

/* The twin may have had a life before. */
static void make_pair(struct pair *pair, const char *type)
{
	char reason[VMIG_REASON_SIZE] = "";
	struct stream stream, again;
	unsigned int i;

	pair->front = front_open(type);
	pair->twin = front_twin(pair->front);
	for (i = random_below(STEPS); i--; )
		abuse(pair->front);
	if (random_one_in(2))
		use_registers(pair->front);
	for (i = random_below(STEPS); i--; )
		abuse(pair->twin);

	vdev_stop(pair->front->vdev);
	vdev_stop(pair->twin->vdev);
	stream = front_save(pair->front);
	if (front_load(pair->twin, &stream, reason))
		unit_fail(__FILE__, __LINE__, "refused: %s", reason);
	again = front_save(pair->twin);
	expect_same_stream(&again, &stream);
	free(again.data);
	free(stream.data);
	pair->twin->now = pair->front->now;
}

static void expect_same(struct pair *pair)
{
	struct stream front = front_snapshot(pair->front);
	struct stream twin = front_snapshot(pair->twin);

	expect_same_stream(&twin, &front);
	free(front.data);
	free(twin.data);
}

static void expect_same_signals(struct pair *pair)
{
	unsigned int i;

	for (i = 0; i < NR_EVENTFDS; i++)
		EXPECT_EQ(front_signals(pair->twin, EVENTFD(i)),
			  front_signals(pair->front, EVENTFD(i)));
}

static bool stays_behind(const struct front *front, unsigned int region,
			 u32 offset)
{
	return !strcmp(front->vdev->family->name, "vdev_test") && !region &&
	       (offset & ~3U) == TEST_RESETS;
}

static void access_both(struct pair *pair)
{
	unsigned int region = random_one_in(3) ? 0 :
			      random_below(VDEV_NUM_REGIONS);
	u32 size = vdev_region_size(pair->front->vdev, region);
	unsigned int width = 1 << random_below(3);
	u64 value = random_value();
	u32 offset;

	if (width > size)
		return;
	offset = random_below(random_one_in(2) ? size : min(size, 0x80U));
	offset &= ~(width - 1);
	if (stays_behind(pair->front, region, offset))
		return;
	if (random_one_in(2)) {
		front_write(pair->front, region, offset, width, value);
		front_write(pair->twin, region, offset, width, value);
	} else {
		EXPECT_EQ(front_read(pair->twin, region, offset, width),
			  front_read(pair->front, region, offset, width));
	}
}

static void step(struct pair *pair)
{
	u64 ns;

	switch (random_below(8)) {
	case 0:
		ns = random_u64() >> (30 + random_below(34));
		front_advance(pair->front, ns);
		front_advance(pair->twin, ns);
		break;
	case 1:
		vdev_run_jobs(pair->front->vdev);
		vdev_run_jobs(pair->twin->vdev);
		break;
	case 2:
		vdev_intx_unmask(pair->front->vdev);
		vdev_intx_unmask(pair->twin->vdev);
		break;
	case 3:
		command_set(pair->front, 7);
		command_set(pair->twin, 7);
		power_state(pair->front, 0);
		power_state(pair->twin, 0);
		break;
	default:
		access_both(pair);
	}
}

static void round_of(const char *type)
{
	struct pair pair;
	unsigned int i, kind;

	make_pair(&pair, type);
	kind = pair.front->vdev->irqs.pending_mode;
	bind_alike(pair.front, kind);
	bind_alike(pair.twin, kind);
	vdev_run(pair.front->vdev);
	vdev_run(pair.twin->vdev);
	for (i = 0; i < STEPS; i++) {
		expect_same_signals(&pair);
		step(&pair);
	}
	expect_same_signals(&pair);
	expect_same(&pair);
	front_close(pair.front);
	front_close(pair.twin);
}

static void nobody_can_tell(void)
{
	unsigned int i, type;

	for (type = 0; type < ARRAY_SIZE(types); type++)
		for (i = 0; i < ROUNDS; i++) {
			unit_context("%s, round %u", types[type], i);
			round_of(types[type]);
		}
}

static const struct unit_case cases[] = {
	UNIT_CASE(nobody_can_tell),
	{ }
};

const struct unit_suite state_twin_suite = { "state_twin", cases };
