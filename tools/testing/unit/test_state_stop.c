// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of a device that is stopped: they wait, and what the user does
 * with eventfds meanwhile makes none and loses none. And a device that is only
 * quiescent: all but its jobs goes on.
 */
#include <linux/kernel.h>

#include "gadget.h"
#include "suites.h"
#include "toy.h"
#include "unit.h"

#define USER	EVENTFD(0)
#define OTHER	EVENTFD(1)

static struct front *toy_with(unsigned int index)
{
	struct front *front = front_open("toy-mem");

	command_set(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(irq_bind(front, index, USER), 0);
	return front;
}

static void level_waits(void)
{
	struct front *front = toy_with(VDEV_IRQ_INTX);

	vdev_stop(front->vdev);
	model_irq(front, true);
	command_clear(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT(config_read(front, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void level_that_fell(void)
{
	struct front *front = toy_with(VDEV_IRQ_INTX);

	vdev_stop(front->vdev);
	model_irq(front, true);
	model_irq(front, false);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

/* The guest may not have seen it, if it is not the guest of before. */
static void level_is_signalled_again(void)
{
	struct front *front = toy_with(VDEV_IRQ_INTX);

	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	vdev_stop(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 0);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 1);
	/* and is masked as ever */
	model_irq(front, false);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void level_that_the_user_masked(void)
{
	struct front *front = toy_with(VDEV_IRQ_INTX);

	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	EXPECT_EQ(intx_mask(front), 0);
	vdev_stop(front->vdev);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void level_that_the_guest_disabled(void)
{
	struct front *front = toy_with(VDEV_IRQ_INTX);

	command_set(front, PCI_COMMAND_INTX_DISABLE);
	model_irq(front, true);
	vdev_stop(front->vdev);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 0);
	command_clear(front, PCI_COMMAND_INTX_DISABLE);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void message_of_the_condition_waits(void)
{
	struct front *front = toy_with(VDEV_IRQ_MSI);

	vdev_stop(front->vdev);
	model_irq(front, true);
	model_irq(front, false);
	EXPECT_EQ(front_signals(front, USER), 0);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 0);

	vdev_stop(front->vdev);
	model_irq(front, true);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 1);
	vdev_stop(front->vdev);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

static void messages_wait(void)
{
	const s32 fds[] = { USER, OTHER };
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 0, 2, fds), 0);
	vdev_stop(front->vdev);
	EXPECT(model_msi(front, 1));
	EXPECT(model_msi(front, 1));
	EXPECT_EQ(front_read(front, 2, 0x8000, 8), 2);
	EXPECT_EQ(front_signals(front, OTHER), 0);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, OTHER), 1);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT_EQ(front_read(front, 2, 0x8000, 8), 0);
	front_close(front);
}

/* As a VMM does that restores a guest: INTx on the way to what there was. */
static void through_other_modes(void)
{
	const s32 fds[] = { USER, OTHER };
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 0, 2, fds), 0);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	vdev_stop(front->vdev);
	EXPECT(model_msi(front, 1));
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_MSIX), 0);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, USER), 0);
	EXPECT_EQ(front_read(front, 2, 0x8000, 8), 2);
	EXPECT(model_msi(front, 5));
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_INTX), 0);
	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 0, 2, fds), 0);
	EXPECT_EQ(front_read(front, 2, 0x8000, 8), 0x22);
	vdev_run(front->vdev);
	/* the condition was told of already, the message was not */
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT_EQ(front_signals(front, OTHER), 1);
	EXPECT_EQ(front_read(front, 2, 0x8000, 8), 0x20);
	front_close(front);
}

/* The condition rises while nothing is bound. */
static void rise_between_modes(void)
{
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, USER), 0);
	vdev_stop(front->vdev);
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_MSIX), 0);
	model_irq(front, true);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, USER), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

/* To another kind for good: as if the guest had turned to it. */
static void to_another_mode(void)
{
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, USER), 0);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	vdev_stop(front->vdev);
	EXPECT(model_msi(front, 3));
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_MSIX), 0);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, OTHER), 0);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, OTHER), 1);
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_MSI), 0);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, USER), 0);
	EXPECT_EQ(front_read(front, 2, 0x8000, 8), 0);
	front_close(front);
}

static void reset_forgets(void)
{
	struct front *front = gadget_open();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, USER), 0);
	vdev_stop(front->vdev);
	model_irq(front, true);
	EXPECT(model_msi(front, 0));
	vdev_reset(front->vdev);
	vdev_run(front->vdev);
	command_set(front, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

static void closed_while_it_waits(void)
{
	struct front *front = toy_with(VDEV_IRQ_MSI);

	vdev_stop(front->vdev);
	model_irq(front, true);
	vdev_close(front->vdev);
	vdev_open(front->vdev);
	command_set(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, USER), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

/* Quiescent */

static void nothing(struct vdev *vdev, unsigned int nr)
{
}

static void quiescent_jobs_wait(void)
{
	struct front *front = gadget_open();

	gadget_of(front)->on_job = nothing;
	gadget_queue(front, 2);
	vdev_quiesce(front->vdev);
	vdev_run_jobs(front->vdev);
	EXPECT_EQ(gadget_of(front)->nr_runs, 0);
	front->kicks = 0;
	gadget_queue(front, 1);
	EXPECT_EQ(front->kicks, 0);
	/* on the way through STOP, and by a reset too, it stays so */
	vdev_stop(front->vdev);
	vdev_run(front->vdev);
	EXPECT_EQ(front->kicks, 0);
	vdev_unquiesce(front->vdev);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(gadget_of(front)->nr_runs, 2);

	vdev_quiesce(front->vdev);
	vdev_reset(front->vdev);
	gadget_queue(front, 0);
	vdev_run_jobs(front->vdev);
	EXPECT_EQ(gadget_of(front)->nr_runs, 2);
	vdev_unquiesce(front->vdev);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(gadget_of(front)->nr_runs, 3);
	front_close(front);
}

static void quiescent_is_not_stopped(void)
{
	struct front *front = toy_with(VDEV_IRQ_INTX);

	toy_timer_set(front, 0, 100);
	vdev_quiesce(front->vdev);
	front_advance(front, 100);
	EXPECT_EQ(toy_of(front)->nr_shots, 1);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	vdev_unquiesce(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT_EQ(front->kicks, 0);
	front_close(front);
}

static void the_next_user_finds_it_active(void)
{
	struct front *front = gadget_open();

	vdev_quiesce(front->vdev);
	vdev_close(front->vdev);
	vdev_open(front->vdev);
	gadget_of(front)->on_job = nothing;
	gadget_queue(front, 0);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(gadget_of(front)->nr_runs, 1);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(level_waits),
	UNIT_CASE(level_that_fell),
	UNIT_CASE(level_is_signalled_again),
	UNIT_CASE(level_that_the_user_masked),
	UNIT_CASE(level_that_the_guest_disabled),
	UNIT_CASE(message_of_the_condition_waits),
	UNIT_CASE(messages_wait),
	UNIT_CASE(through_other_modes),
	UNIT_CASE(rise_between_modes),
	UNIT_CASE(to_another_mode),
	UNIT_CASE(reset_forgets),
	UNIT_CASE(closed_while_it_waits),
	UNIT_CASE(quiescent_jobs_wait),
	UNIT_CASE(quiescent_is_not_stopped),
	UNIT_CASE(the_next_user_finds_it_active),
	{ }
};

const struct unit_suite state_stop_suite = { "state_stop", cases };
