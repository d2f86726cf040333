// SPDX-License-Identifier: GPL-2.0-only
/*
 * A model with INTx, many MSI messages and more of MSI-X: which of them it
 * uses, and what becomes of a message when that changes.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/vfio.h>

#include "gadget.h"
#include "kernel_hooks.h"
#include "suites.h"
#include "unit.h"

static const s32 eight[] = {
	EVENTFD(0), EVENTFD(1), EVENTFD(2), EVENTFD(3),
	EVENTFD(4), EVENTFD(5), EVENTFD(6), EVENTFD(7),
};

/* The one eventfd that was signalled, once; or -1 if none was. */
static int signalled(struct front *front)
{
	unsigned int i, signals;
	int which = -1;

	for (i = 0; i < NR_EVENTFDS; i++) {
		signals = front_signals(front, EVENTFD(i));
		if (!signals)
			continue;
		EXPECT_EQ(signals, 1);
		EXPECT_EQ(which, -1);
		which = i;
	}
	return which;
}

/*
 * PCI 6.8.1.6: a function changes as many low bits of its message as it was
 * given, so of three vectors it can tell two apart.
 */
static void folded_into_what_was_given(void)
{
	static const unsigned int slots[] = { 0, 1, 2, 2, 4, 4, 4, 4, 8 };
	unsigned int nr, vector;

	for (nr = 1; nr <= 8; nr++) {
		struct front *front = gadget_open();

		EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSI, 0, nr, eight), 0);
		for (vector = 0; vector < 32; vector++) {
			unit_context("vector %u of %u", vector, nr);
			EXPECT(model_msi(front, vector));
			EXPECT_EQ(signalled(front), vector % slots[nr]);
		}
		EXPECT(!model_msi(front, 32));
		front_close(front);
	}
}

static void all_32(void)
{
	struct front *front = gadget_open();
	unsigned int i;
	s32 fds[32];

	for (i = 0; i < 32; i++)
		fds[i] = eight[i % 8];
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSI, 0, 32, fds), 0);
	for (i = 0; i < 32; i++) {
		EXPECT(model_msi(front, i));
		EXPECT_EQ(signalled(front), i % 8);
	}
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSI, 0, 33, fds), -EINVAL);
	front_close(front);
}

/* What is folded away waits for the vector that it is folded into. */
static void folded_and_pending(void)
{
	struct front *front = gadget_open();
	const s32 fd = EVENTFD(1);

	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSI, 0, 2, eight), 0);
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSI, 1, 1,
				 (const s32[]) { -1 }), 0);
	EXPECT(model_msi(front, 31));
	EXPECT_EQ(signalled(front), -1);
	EXPECT(model_msi(front, 30));
	EXPECT_EQ(signalled(front), 0);
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSI, 1, 1, &fd), 0);
	EXPECT_EQ(signalled(front), 1);
	front_close(front);
}

/* The two ways a model has, each at its time. */
static void messages_or_level(void)
{
	struct front *front = gadget_open();

	EXPECT(!model_msi(front, 0));
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, EVENTFD(0)), 0);
	EXPECT(!model_msi(front, 0));
	EXPECT_EQ(signalled(front), -1);
	model_irq(front, true);
	EXPECT_EQ(signalled(front), 0);
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_INTX), 0);
	EXPECT(!model_msi(front, 0));

	/* a level that holds is the first message */
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 0, 2, eight), 0);
	EXPECT_EQ(signalled(front), 0);
	EXPECT(model_msi(front, 1));
	EXPECT_EQ(signalled(front), 1);
	model_irq(front, false);
	EXPECT_EQ(signalled(front), -1);
	model_irq(front, true);
	EXPECT_EQ(signalled(front), 0);
	front_close(front);
}

static void one_mode_at_a_time(void)
{
	static const unsigned int modes[] = {
		VDEV_IRQ_INTX, VDEV_IRQ_MSI, VDEV_IRQ_MSIX,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		struct front *front = gadget_open();

		for (j = 0; j < ARRAY_SIZE(modes); j++) {
			EXPECT_EQ(irq_bind(front, modes[i], EVENTFD(0)), 0);
			EXPECT_EQ(irq_loopback(front, modes[j]),
				  i == j ? 0 : -EINVAL);
			EXPECT_EQ(irq_bind(front, modes[j], EVENTFD(1)),
				  i == j ? 0 : -EINVAL);
			EXPECT_EQ(irq_disable(front, modes[j]),
				  i == j ? 0 : -EINVAL);
			EXPECT_EQ(front->triggers, i == j ? 0 : 1);
			irq_disable(front, modes[i]);
		}
		front_close(front);
	}
}

/* From each to each, with all of them in use at their time. */
static void modes_follow_each_other(void)
{
	static const struct {
		unsigned int index;
		unsigned int nr;
	} modes[] = {
		{ VDEV_IRQ_MSIX, 8 }, { VDEV_IRQ_MSI, 2 }, { VDEV_IRQ_INTX, 1 },
		{ VDEV_IRQ_MSI, 8 }, { VDEV_IRQ_MSIX, 1 }, { VDEV_IRQ_INTX, 1 },
		{ VDEV_IRQ_MSIX, 3 }, { VDEV_IRQ_MSIX, 8 }, { VDEV_IRQ_MSI, 1 },
	};
	struct front *front = gadget_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		unit_context("mode %u", i);
		EXPECT_EQ(irq_bind_block(front, modes[i].index, 0, modes[i].nr,
					 eight), 0);
		EXPECT_EQ(front->triggers, modes[i].nr);
		EXPECT_EQ(model_msi(front, modes[i].nr - 1),
			  modes[i].index != VDEV_IRQ_INTX);
		EXPECT_EQ(signalled(front),
			  modes[i].index != VDEV_IRQ_INTX ?
			  (int)modes[i].nr - 1 : -1);
		EXPECT_EQ(irq_disable(front, modes[i].index), 0);
		EXPECT_EQ(front->triggers, 0);
	}
	front_close(front);
}

/* Of two sizes, the smaller never reaches beyond its end. */
static void pending_beyond_the_smaller(void)
{
	struct front *front = front_open("gadget-old");

	command_set(front, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, -1), 0);
	EXPECT(model_msi(front, 64));
	EXPECT(!model_msi(front, 65));
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_MSIX), 0);
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSI, 0, 8, eight), 0);
	EXPECT_EQ(signalled(front), -1);
	EXPECT(model_msi(front, 7));
	EXPECT_EQ(signalled(front), 7);
	EXPECT(!model_msi(front, 8));
	front_close(front);
}

static void pending_beyond_the_table(void)
{
	struct front *sample = front_create_type("gadget-full");
	struct vdev_model model = *sample->vdev->model;
	struct front *front;

	model.msix.vectors = 4;
	front = front_create(sample->vdev->family, &model);
	vdev_open(front->vdev);
	command_set(front, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSI, 0, 32,
				 (const s32[32]) { [0 ... 31] = -1 }), 0);
	EXPECT(model_msi(front, 31));
	EXPECT(model_msi(front, 4));
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_MSI), 0);
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 0, 4, eight), 0);
	EXPECT_EQ(signalled(front), -1);
	EXPECT_EQ(front_read(front, 2, 0x8000, 8), 0);
	EXPECT(!model_msi(front, 4));
	EXPECT(model_msi(front, 3));
	EXPECT_EQ(signalled(front), 3);
	front_close(front);
	front_destroy(sample);
}

/* A VMM that wants more vectors disables and enables: nothing is lost. */
static void kept_while_disabled(void)
{
	static const unsigned int modes[] = { VDEV_IRQ_MSI, VDEV_IRQ_MSIX };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		struct front *front = gadget_open();

		EXPECT_EQ(irq_bind(front, modes[i], -1), 0);
		EXPECT(model_msi(front, 0));
		EXPECT_EQ(irq_disable(front, modes[i]), 0);
		EXPECT_EQ(irq_bind(front, modes[i], EVENTFD(3)), 0);
		EXPECT_EQ(signalled(front), 3);
		front_close(front);
	}
}

/* A message of one kind is never sent as one of another. */
static void lost_with_their_kind(void)
{
	static const unsigned int modes[] = {
		VDEV_IRQ_INTX, VDEV_IRQ_MSI, VDEV_IRQ_MSIX,
	};
	unsigned int from, to;

	for (from = 1; from < ARRAY_SIZE(modes); from++) {
		for (to = 0; to < ARRAY_SIZE(modes); to++) {
			struct front *front = gadget_open();

			if (from == to)
				goto next;
			EXPECT_EQ(irq_bind(front, modes[from], -1), 0);
			EXPECT(model_msi(front, 0));
			EXPECT_EQ(irq_disable(front, modes[from]), 0);
			EXPECT_EQ(irq_bind(front, modes[to], EVENTFD(1)), 0);
			EXPECT_EQ(signalled(front), -1);
			EXPECT_EQ(irq_disable(front, modes[to]), 0);
			EXPECT_EQ(irq_bind(front, modes[from], EVENTFD(1)), 0);
			EXPECT_EQ(signalled(front), -1);
next:
			front_close(front);
		}
	}
}

/* The condition and a message for itself share vector 0, and no more. */
static void condition_and_message(void)
{
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, -1), 0);
	model_irq(front, true);
	EXPECT_EQ(front_read(front, 2, 0x8000, 8), 1);
	EXPECT(model_msi(front, 0));
	EXPECT_EQ(front_read(front, 2, 0x8000, 8), 1);
	model_irq(front, false);
	EXPECT_EQ(front_read(front, 2, 0x8000, 8), 1);
	model_irq(front, true);
	/* pending is a bit, not a number */
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, EVENTFD(0)), 0);
	EXPECT_EQ(signalled(front), 0);
	EXPECT_EQ(front_read(front, 2, 0x8000, 8), 0);
	model_irq(front, false);
	EXPECT_EQ(signalled(front), -1);
	front_close(front);
}

/* The pending bits are those of MSI-X. */
static void not_pending_in_other_modes(void)
{
	static const unsigned int modes[] = { VDEV_IRQ_INTX, VDEV_IRQ_MSI };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		struct front *front = gadget_open();

		EXPECT_EQ(irq_bind(front, modes[i], -1), 0);
		model_irq(front, true);
		EXPECT_EQ(model_msi(front, 1), modes[i] == VDEV_IRQ_MSI);
		EXPECT_EQ(front_read(front, 2, 0x8000, 8), 0);
		EXPECT_EQ(irq_disable(front, modes[i]), 0);
		EXPECT_EQ(front_read(front, 2, 0x8000, 8), 0);
		front_close(front);
	}
}

static void no_memory_for_triggers(void)
{
	static const unsigned int modes[] = {
		VDEV_IRQ_INTX, VDEV_IRQ_MSI, VDEV_IRQ_MSIX,
	};
	struct front *front = gadget_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		failslab_arm(1);
		EXPECT_EQ(irq_bind(front, modes[i], EVENTFD(0)), -ENOMEM);
		EXPECT(failslab_fired());
		EXPECT_EQ(front->triggers, 0);
		EXPECT_EQ(irq_disable(front, modes[i]), -EINVAL);
		EXPECT(!model_msi(front, 0));
		EXPECT_EQ(irq_bind(front, modes[i], EVENTFD(0)), 0);
		EXPECT_EQ(irq_disable(front, modes[i]), 0);
	}
	front_close(front);
}

/* Each allocation in turn: none is leaked, none is missed. */
static void no_memory_for_a_device(void)
{
	static const struct {
		const char *type;
		unsigned int allocations;
	} all[] = {
		/*
		 * device, configuration space; description, its name, two
		 * parameters, and sections
		 */
		{ "toy-bare", 2 + 5 },
		{ "toy-mem", 3 + 5 },		/* and pending messages */
		/* and table, but no parameters; areas and their names */
		{ "gadget-full", 4 + 3 + 2 },
		{ "gadget-huge", 4 + 3 },
	};
	struct front *front;
	unsigned int i, nth;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		for (nth = 1; nth <= all[i].allocations; nth++) {
			unit_context("%s: %u", all[i].type, nth);
			failslab_arm(nth);
			front = front_create_type(all[i].type);
			EXPECT(failslab_fired());
			EXPECT_EQ(PTR_ERR(front), -ENOMEM);
		}
		failslab_arm(nth);
		front = front_create_type(all[i].type);
		EXPECT(!failslab_fired());
		failslab_arm(0);
		front_destroy(front);
	}
}

static void counts(void)
{
	static const struct {
		const char *type;
		unsigned int count[VDEV_NUM_IRQS];
	} all[] = {
		{ "gadget-full", { 1, 32, 64, 1, 1 } },
		{ "gadget-huge", { 0, 0, 2048, 1, 1 } },
		{ "gadget-old", { 1, 8, 65, 1, 1 } },
	};
	unsigned int i, index;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct front *front = front_create_type(all[i].type);

		for (index = 0; index < VDEV_NUM_IRQS; index++)
			EXPECT_EQ(vdev_irq_count(front->vdev, index),
				  all[i].count[index]);
		EXPECT_EQ(vdev_irq_count(front->vdev, VDEV_NUM_IRQS), 0);
		front_destroy(front);
	}
}

static void messages_want_the_lock(void)
{
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, EVENTFD(0)), 0);
	EXPECT_ABORT(vdev_msi(front->vdev, 0), "not held");
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(folded_into_what_was_given),
	UNIT_CASE(all_32),
	UNIT_CASE(folded_and_pending),
	UNIT_CASE(messages_or_level),
	UNIT_CASE(one_mode_at_a_time),
	UNIT_CASE(modes_follow_each_other),
	UNIT_CASE(pending_beyond_the_smaller),
	UNIT_CASE(pending_beyond_the_table),
	UNIT_CASE(kept_while_disabled),
	UNIT_CASE(lost_with_their_kind),
	UNIT_CASE(condition_and_message),
	UNIT_CASE(not_pending_in_other_modes),
	UNIT_CASE(no_memory_for_triggers),
	UNIT_CASE(no_memory_for_a_device),
	UNIT_CASE(counts),
	UNIT_CASE(messages_want_the_lock),
	{ }
};

const struct unit_suite vectors_suite = { "vectors", cases };
