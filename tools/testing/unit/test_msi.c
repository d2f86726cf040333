// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI: one message for each rise of the interrupt condition, sent as soon as
 * it may be, if the condition holds then.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/vfio.h>

#include "registry.h"
#include "suites.h"
#include "toy.h"
#include "unit.h"

#define USER	EVENTFD(0)
#define OTHER	EVENTFD(1)
#define MASTER	PCI_COMMAND_MASTER

static struct front *front_with_msi(void)
{
	struct front *front = front_open("toy-nointx");

	command_set(front, MASTER);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, USER), 0);
	return front;
}

static void one_message_for_a_rise(void)
{
	struct front *front = front_with_msi();
	unsigned int i;

	EXPECT_EQ(front_signals(front, USER), 0);
	for (i = 0; i < 3; i++) {
		model_irq(front, true);
		EXPECT_EQ(front_signals(front, USER), 1);
		model_irq(front, true);
		EXPECT_EQ(front_signals(front, USER), 0);
		model_irq(front, false);
		EXPECT_EQ(front_signals(front, USER), 0);
	}
	front_close(front);
}

static void owed_without_master(void)
{
	struct front *front = front_with_msi();

	command_clear(front, MASTER);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	command_set(front, MASTER);
	EXPECT_EQ(front_signals(front, USER), 1);
	command_clear(front, MASTER);
	command_set(front, MASTER);
	EXPECT_EQ(front_signals(front, USER), 0);

	/* owed no more once the condition is gone */
	model_irq(front, false);
	command_clear(front, MASTER);
	model_irq(front, true);
	model_irq(front, false);
	command_set(front, MASTER);
	EXPECT_EQ(front_signals(front, USER), 0);

	/* two rises, one message */
	command_clear(front, MASTER);
	model_irq(front, true);
	model_irq(front, false);
	model_irq(front, true);
	command_set(front, MASTER);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void owed_in_d3hot(void)
{
	struct front *front = front_with_msi();

	power_state(front, 3);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	power_state(front, 2);
	EXPECT_EQ(front_signals(front, USER), 0);
	command_clear(front, MASTER);
	power_state(front, 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	command_set(front, MASTER);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void owed_until_bound(void)
{
	struct front *front = front_open("toy-nointx");

	command_set(front, MASTER);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, -1), 0);
	model_irq(front, true);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, USER), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	/* paid */
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, OTHER), 0);
	EXPECT_EQ(front_signals(front, OTHER), 0);
	EXPECT_EQ(front->triggers, 1);
	front_close(front);
}

static void enabled_while_the_condition_holds(void)
{
	struct front *front = front_open("toy-nointx");

	command_set(front, MASTER);
	model_irq(front, true);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, USER), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_MSI), 0);
	EXPECT_EQ(front->triggers, 0);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, USER), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

/* INTX_DISABLE and the capability's enable bit are not MSI's gates. */
static void other_bits_do_not_matter(void)
{
	struct front *front = front_open("toy-mem");

	config_write(front, PCI_COMMAND, 2, MASTER | PCI_COMMAND_INTX_DISABLE);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, USER), 0);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	EXPECT_EQ(config_read(front, 0x52, 2), 0x0080);
	front_close(front);
}

static void reset_keeps_the_binding(void)
{
	struct front *front = front_with_msi();

	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	vdev_reset(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 0);
	/* power-on: no bus master */
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 0);
	/* and what was owed is not owed any more after a reset */
	vdev_reset(front->vdev);
	command_set(front, MASTER);
	EXPECT_EQ(front_signals(front, USER), 0);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

static void loopback(void)
{
	struct front *front = front_with_msi();
	u8 no = 0, yes = 1;

	EXPECT_EQ(irq_loopback(front, VDEV_IRQ_MSI), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	/* a test of the eventfd, not of the device: nothing gates it */
	command_clear(front, MASTER);
	power_state(front, 3);
	EXPECT_EQ(irq_loopback(front, VDEV_IRQ_MSI), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	EXPECT_EQ(front_set_irqs(front, VFIO_IRQ_SET_DATA_BOOL |
				 VFIO_IRQ_SET_ACTION_TRIGGER, VDEV_IRQ_MSI, 0,
				 1, &no), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	EXPECT_EQ(front_set_irqs(front, VFIO_IRQ_SET_DATA_BOOL |
				 VFIO_IRQ_SET_ACTION_TRIGGER, VDEV_IRQ_MSI, 0,
				 1, &yes), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	/* BOOL of nothing is no disabling */
	EXPECT_EQ(front_set_irqs(front, VFIO_IRQ_SET_DATA_BOOL |
				 VFIO_IRQ_SET_ACTION_TRIGGER, VDEV_IRQ_MSI, 0,
				 0, NULL), 0);
	EXPECT_EQ(irq_loopback(front, VDEV_IRQ_MSI), 0);
	EXPECT_EQ(front_signals(front, USER), 1);
	/* nobody is bound: no error */
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, -1), 0);
	EXPECT_EQ(irq_loopback(front, VDEV_IRQ_MSI), 0);
	front_close(front);
}

static void bad_fd_undoes_a_fresh_set_up(void)
{
	struct front *front = front_open("toy-mem");

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, CLOSED_FD), -EBADF);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, PLAIN_FILE_FD), -EINVAL);
	EXPECT_EQ(irq_loopback(front, VDEV_IRQ_MSI), -EINVAL);
	/* no mode is in use */
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, USER), 0);
	front_close(front);
}

/*
 * As vfio-pci, which takes the old trigger away before it looks at the new
 * one, and then undoes the whole block.
 */
static void bad_fd_unbinds_but_stays_enabled(void)
{
	struct front *front = front_with_msi();

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, CLOSED_FD), -EBADF);
	EXPECT_EQ(front->triggers, 0);
	EXPECT_EQ(irq_loopback(front, VDEV_IRQ_MSI), 0);
	EXPECT_EQ(front_signals(front, USER), 0);
	model_irq(front, true);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, OTHER), 0);
	EXPECT_EQ(front_signals(front, OTHER), 1);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, PLAIN_FILE_FD), -EINVAL);
	EXPECT_EQ(front->triggers, 0);
	front_close(front);
}

static void nothing_of_nothing(void)
{
	struct front *front = front_open("toy-nointx");
	const u32 eventfds = VFIO_IRQ_SET_DATA_EVENTFD |
			     VFIO_IRQ_SET_ACTION_TRIGGER;

	EXPECT_EQ(front_set_irqs(front, eventfds, VDEV_IRQ_MSI, 0, 0, NULL),
		  -ERANGE);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSI, USER), 0);
	EXPECT_EQ(front_set_irqs(front, eventfds, VDEV_IRQ_MSI, 0, 0, NULL),
		  0);
	EXPECT_EQ(front->triggers, 1);
	front_close(front);
}

static int bind_block(struct front *front, unsigned int start,
		      unsigned int count, const s32 *fds)
{
	return front_set_irqs(front, VFIO_IRQ_SET_DATA_EVENTFD |
			      VFIO_IRQ_SET_ACTION_TRIGGER, VDEV_IRQ_MSI, start,
			      count, fds);
}

/* How often each of the first four eventfds was signalled, as digits. */
static unsigned int signals_of_four(struct front *front)
{
	unsigned int signals = 0;
	unsigned int i;

	for (i = 0; i < 4; i++)
		signals = 10 * signals + front_signals(front, EVENTFD(i));
	return signals;
}

/*
 * No family that a front shows has more than one vector, but SET_IRQS is ready
 * for them: a block is bound whole or not at all.
 */
static void blocks_of_vectors(void)
{
	static const s32 good[] = {
		EVENTFD(0), EVENTFD(1), EVENTFD(2), EVENTFD(3),
	};
	static const s32 bad[] = { EVENTFD(0), EVENTFD(1), CLOSED_FD };
	const u32 loopback = VFIO_IRQ_SET_ACTION_TRIGGER;
	const struct vdev_family *family;
	struct vdev_model model = *vdev_find_model("toy-nointx", &family);
	static const u8 some[] = { 1, 0, 2 };
	struct front *front;

	model.msi_vectors = 4;
	front = front_create(family, &model);
	vdev_open(front->vdev);

	/* those below the first one are enabled, and bound to nothing */
	EXPECT_EQ(bind_block(front, 1, 2, good), 0);
	EXPECT_EQ(front->triggers, 2);
	EXPECT_EQ(front_set_irqs(front, loopback | VFIO_IRQ_SET_DATA_NONE,
				 VDEV_IRQ_MSI, 0, 4, NULL), 0);
	EXPECT_EQ(signals_of_four(front), 1100);
	EXPECT_EQ(bind_block(front, 0, 3, good), 0);
	EXPECT_EQ(front->triggers, 3);
	EXPECT_EQ(front_set_irqs(front, loopback | VFIO_IRQ_SET_DATA_BOOL,
				 VDEV_IRQ_MSI, 0, 3, some), 0);
	EXPECT_EQ(signals_of_four(front), 1010);

	/* NORESIZE: there are three, and what was bound before is undone */
	EXPECT_EQ(bind_block(front, 1, 3, good), -EINVAL);
	EXPECT_EQ(front->triggers, 1);
	EXPECT_EQ(bind_block(front, 0, 3, good), 0);
	EXPECT_EQ(bind_block(front, 0, 3, bad), -EBADF);
	EXPECT_EQ(front->triggers, 0);
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_MSI), 0);
	EXPECT_EQ(bind_block(front, 0, 3, bad), -EBADF);
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_MSI), -EINVAL);
	EXPECT_EQ(bind_block(front, 0, 4, good), 0);
	EXPECT_EQ(front->triggers, 4);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(one_message_for_a_rise),
	UNIT_CASE(owed_without_master),
	UNIT_CASE(owed_in_d3hot),
	UNIT_CASE(owed_until_bound),
	UNIT_CASE(enabled_while_the_condition_holds),
	UNIT_CASE(other_bits_do_not_matter),
	UNIT_CASE(reset_keeps_the_binding),
	UNIT_CASE(loopback),
	UNIT_CASE(bad_fd_undoes_a_fresh_set_up),
	UNIT_CASE(bad_fd_unbinds_but_stays_enabled),
	UNIT_CASE(nothing_of_nothing),
	UNIT_CASE(blocks_of_vectors),
	{ }
};

const struct unit_suite msi_suite = { "msi", cases };
