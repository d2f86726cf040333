// SPDX-License-Identifier: GPL-2.0-only
/*
 * INTx: a level, masked when it is signalled, signalled again when it is
 * unmasked and still there.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/vfio.h>

#include "suites.h"
#include "toy.h"
#include "unit.h"

#define USER	EVENTFD(0)
#define OTHER	EVENTFD(1)
#define RESAMPLE EVENTFD(2)

#define DISINTX	PCI_COMMAND_INTX_DISABLE

static struct front *front_with_intx(void)
{
	struct front *front = front_open("toy-mem");

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, USER), 0);
	return front;
}

static bool status_bit(struct front *front)
{
	return config_read(front, PCI_STATUS, 2) & 0x0008;
}

static void signals_once_for_a_level(void)
{
	struct front *front = front_with_intx();

	EXPECT_EQ(front_signals(front, USER), 0);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	/* masked now: neither more of the same nor another rise is told */
	model_irq(front, true);
	model_irq(front, false);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

static void unmask_signals_what_still_holds(void)
{
	struct front *front = front_with_intx();

	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	model_irq(front, false);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void unmasking_the_unmasked_is_nothing(void)
{
	struct front *front = front_with_intx();

	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void mask_holds_back(void)
{
	struct front *front = front_with_intx();

	EXPECT_EQ(intx_mask(front), 0);
	EXPECT_EQ(intx_mask(front), 0);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT(status_bit(front));
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void status_bit_is_the_level(void)
{
	struct front *front = front_open("toy-mem");

	EXPECT(!status_bit(front));
	model_irq(front, true);
	EXPECT(status_bit(front));
	command_set(front, DISINTX);
	EXPECT(status_bit(front));
	power_state(front, 3);
	EXPECT(status_bit(front));
	model_irq(front, false);
	EXPECT(!status_bit(front));
	front_close(front);

	/* a function without a pin has no use for the bit */
	front = front_open("toy-nointx");
	model_irq(front, true);
	EXPECT(!status_bit(front));
	front_close(front);
}

static void intx_disable_holds_back(void)
{
	struct front *front = front_with_intx();

	command_set(front, DISINTX);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	command_clear(front, DISINTX);
	EXPECT_EQ(front_signals(front, USER), 1);
	/* and masked again */
	model_irq(front, false);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

/* As vfio-pci: to clear the bit is to unmask. */
static void clearing_intx_disable_unmasks(void)
{
	struct front *front = front_with_intx();

	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	command_set(front, DISINTX);
	EXPECT_EQ(front_signals(front, USER), 0);
	command_clear(front, DISINTX);
	EXPECT_EQ(front_signals(front, USER), 1);

	/* also what the user masked */
	model_irq(front, false);
	EXPECT_EQ(intx_mask(front), 0);
	command_set(front, DISINTX);
	command_clear(front, DISINTX);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);

	/* a write that leaves the bit alone unmasks nothing */
	command_clear(front, DISINTX);
	command_set(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

static void byte_write_clears_intx_disable(void)
{
	struct front *front = front_with_intx();

	config_write(front, 5, 1, 0x04);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	config_write(front, 4, 1, 0x00);
	EXPECT_EQ(front_signals(front, USER), 0);
	config_write(front, 5, 1, 0x00);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void enabled_while_intx_disable(void)
{
	struct front *front = front_open("toy-mem");

	command_set(front, DISINTX);
	model_irq(front, true);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, USER), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	command_clear(front, DISINTX);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

/* A reset clears INTX_DISABLE, with all that follows. */
static void reset_clears_intx_disable(void)
{
	struct front *front = front_open("toy-mem");

	command_set(front, DISINTX);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, USER), 0);
	vdev_reset(front->vdev);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);

	front = front_with_intx();
	EXPECT_EQ(intx_mask(front), 0);
	command_set(front, DISINTX);
	vdev_reset(front->vdev);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void reset_keeps_mask_and_binding(void)
{
	struct front *front = front_with_intx();

	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	vdev_reset(front->vdev);
	EXPECT(!status_bit(front));
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void waits_in_d3hot(void)
{
	struct front *front = front_with_intx();

	power_state(front, 3);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	power_state(front, 0);
	EXPECT_EQ(front_signals(front, USER), 1);

	/* what fell in D3hot is not told */
	model_irq(front, false);
	EXPECT_EQ(intx_unmask(front), 0);
	power_state(front, 3);
	model_irq(front, true);
	model_irq(front, false);
	power_state(front, 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

/* The level was told to nobody, so it is not masked. */
static void bound_late(void)
{
	struct front *front = front_open("toy-mem");

	model_irq(front, true);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, -1), 0);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, USER), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, OTHER), 0);
	EXPECT_EQ(front_signals(front, OTHER), 0);
	EXPECT_EQ(front->triggers, 1);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT_EQ(front_signals(front, OTHER), 1);

	/* unbound, INTx stays in use */
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, -1), 0);
	EXPECT_EQ(front->triggers, 0);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, OTHER), 0);
	EXPECT_EQ(front_signals(front, OTHER), 1);
	front_close(front);
}

static void any_negative_fd_unbinds(void)
{
	struct front *front = front_with_intx();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, -2), 0);
	EXPECT_EQ(front->triggers, 0);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, -2147483647 - 1), 0);
	EXPECT_EQ(intx_mask(front), 0);
	front_close(front);
}

static void bad_fd_leaves_all_as_it_was(void)
{
	struct front *front = front_with_intx();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, CLOSED_FD), -EBADF);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, PLAIN_FILE_FD), -EINVAL);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	EXPECT_EQ(front->triggers, 1);
	front_close(front);

	front = front_open("toy-mem");
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, CLOSED_FD), -EBADF);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, PLAIN_FILE_FD), -EINVAL);
	/* INTx is not in use */
	EXPECT_EQ(intx_mask(front), -EINVAL);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, USER), 0);
	front_close(front);
}

static void loopback_signals_without_masking(void)
{
	struct front *front = front_with_intx();

	EXPECT_EQ(irq_loopback(front, VDEV_IRQ_INTX), 0);
	EXPECT_EQ(irq_loopback(front, VDEV_IRQ_INTX), 0);
	EXPECT_EQ(front_signals(front, USER), 2);
	EXPECT_EQ(intx_mask(front), 0);
	EXPECT_EQ(irq_loopback(front, VDEV_IRQ_INTX), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	EXPECT_EQ(intx_unmask(front), 0);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);

	command_set(front, DISINTX);
	EXPECT_EQ(irq_loopback(front, VDEV_IRQ_INTX), 0);
	EXPECT_EQ(front_signals(front, USER), 0);

	/* to nobody, which is no error */
	command_clear(front, DISINTX);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, -1), 0);
	EXPECT_EQ(irq_loopback(front, VDEV_IRQ_INTX), 0);
	front_close(front);
}

static void bools_choose(void)
{
	const u32 bool_data = VFIO_IRQ_SET_DATA_BOOL;
	struct front *front = front_with_intx();
	u8 no = 0, yes = 1, also_yes = 0x80;

	EXPECT_EQ(front_set_irqs(front, bool_data |
				 VFIO_IRQ_SET_ACTION_TRIGGER, VDEV_IRQ_INTX, 0,
				 1, &no), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT_EQ(front_set_irqs(front, bool_data |
				 VFIO_IRQ_SET_ACTION_TRIGGER, VDEV_IRQ_INTX, 0,
				 1, &also_yes), 0);
	EXPECT_EQ(front_signals(front, USER), 1);

	EXPECT_EQ(front_set_irqs(front, bool_data | VFIO_IRQ_SET_ACTION_MASK,
				 VDEV_IRQ_INTX, 0, 1, &no), 0);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	EXPECT_EQ(front_set_irqs(front, bool_data | VFIO_IRQ_SET_ACTION_UNMASK,
				 VDEV_IRQ_INTX, 0, 1, &no), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT_EQ(front_set_irqs(front, bool_data | VFIO_IRQ_SET_ACTION_UNMASK,
				 VDEV_IRQ_INTX, 0, 1, &yes), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	model_irq(front, false);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_set_irqs(front, bool_data | VFIO_IRQ_SET_ACTION_MASK,
				 VDEV_IRQ_INTX, 0, 1, &yes), 0);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

static void unmask_eventfd(void)
{
	struct front *front = front_with_intx();

	EXPECT_EQ(intx_bind_unmask(front, RESAMPLE), 0);
	EXPECT_EQ(intx_bind_unmask(front, RESAMPLE), -EBUSY);
	EXPECT_EQ(intx_bind_unmask(front, OTHER), -EBUSY);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_signal_unmask(front, RESAMPLE);
	EXPECT_EQ(front_signals(front, USER), 1);
	model_irq(front, false);
	front_signal_unmask(front, RESAMPLE);
	EXPECT_EQ(front_signals(front, USER), 0);

	EXPECT_EQ(intx_bind_unmask(front, -7), 0);
	EXPECT_EQ(front->unmask_fd, -1);
	EXPECT_EQ(intx_bind_unmask(front, CLOSED_FD), -EBADF);
	EXPECT_EQ(intx_bind_unmask(front, PLAIN_FILE_FD), -EINVAL);
	EXPECT_EQ(intx_bind_unmask(front, OTHER), 0);
	front_close(front);
}

/* It belongs to INTx as it is in use now. */
static void unmask_eventfd_goes_with_intx(void)
{
	struct front *front = front_with_intx();

	EXPECT_EQ(intx_bind_unmask(front, RESAMPLE), 0);
	/* another trigger, a bad one, none: INTx stays in use */
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, OTHER), 0);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, CLOSED_FD), -EBADF);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, -1), 0);
	EXPECT_EQ(front->unmask_fd, RESAMPLE);
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_INTX), 0);
	EXPECT_EQ(front->unmask_fd, -1);
	EXPECT_EQ(front->unmask_drops, 1);

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, USER), 0);
	EXPECT_EQ(intx_bind_unmask(front, RESAMPLE), 0);
	vdev_reset(front->vdev);
	EXPECT_EQ(front->unmask_fd, RESAMPLE);
	vdev_close(front->vdev);
	EXPECT_EQ(front->unmask_fd, -1);
	EXPECT_EQ(front->unmask_drops, 2);
	front_destroy(front);
}

/* The front may be late with a call for an eventfd that is gone. */
static void unmask_out_of_place(void)
{
	struct front *front = front_open("toy-mem");

	model_irq(front, true);
	vdev_intx_unmask(front->vdev);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, USER), 0);
	vdev_intx_unmask(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

static void disabled_is_silent(void)
{
	struct front *front = front_with_intx();

	EXPECT_EQ(irq_disable(front, VDEV_IRQ_INTX), 0);
	EXPECT_EQ(front->triggers, 0);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	/* bound anew, it is not masked from before */
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, USER), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void wants_the_lock(void)
{
	struct front *front = front_with_intx();

	EXPECT_ABORT(vdev_irq(front->vdev, true), "not held");
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(signals_once_for_a_level),
	UNIT_CASE(unmask_signals_what_still_holds),
	UNIT_CASE(unmasking_the_unmasked_is_nothing),
	UNIT_CASE(mask_holds_back),
	UNIT_CASE(status_bit_is_the_level),
	UNIT_CASE(intx_disable_holds_back),
	UNIT_CASE(clearing_intx_disable_unmasks),
	UNIT_CASE(byte_write_clears_intx_disable),
	UNIT_CASE(enabled_while_intx_disable),
	UNIT_CASE(reset_clears_intx_disable),
	UNIT_CASE(reset_keeps_mask_and_binding),
	UNIT_CASE(waits_in_d3hot),
	UNIT_CASE(bound_late),
	UNIT_CASE(any_negative_fd_unbinds),
	UNIT_CASE(bad_fd_leaves_all_as_it_was),
	UNIT_CASE(loopback_signals_without_masking),
	UNIT_CASE(bools_choose),
	UNIT_CASE(unmask_eventfd),
	UNIT_CASE(unmask_eventfd_goes_with_intx),
	UNIT_CASE(unmask_out_of_place),
	UNIT_CASE(disabled_is_silent),
	UNIT_CASE(wants_the_lock),
	{ }
};

const struct unit_suite intx_suite = { "intx", cases };
