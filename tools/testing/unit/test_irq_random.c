// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts under a random user, guest and model, beside the oracle.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "irq_oracle.h"
#include "kernel_hooks.h"
#include "random.h"
#include "suites.h"
#include "toy.h"
#include "unit.h"

#define STEPS	200000

static const unsigned int index_of[] = {
	[USES_INTX] = VDEV_IRQ_INTX, [USES_MSI] = VDEV_IRQ_MSI,
};

static void bind(struct front *front, struct irq_oracle *oracle,
		 enum irq_user user)
{
	static const int fds[] = {
		-1, EVENTFD(0), EVENTFD(1), EVENTFD(2), CLOSED_FD,
		PLAIN_FILE_FD,
	};
	int fd = fds[random_below(ARRAY_SIZE(fds))];
	int error = 0;
	int ret;

	if (fd == CLOSED_FD)
		error = -EBADF;
	if (fd == PLAIN_FILE_FD)
		error = -EINVAL;
	if (random_one_in(8))
		failslab_arm(1);
	ret = irq_bind(front, index_of[user], fd);
	failslab_arm(0);
	if (ret == -ENOMEM) {
		EXPECT_EQ(oracle->user, USES_NOTHING);
		return;
	}
	EXPECT_EQ(ret, irq_oracle_bind(oracle, user, fd, error));
}

static void guest_writes_command(struct front *front,
				 struct irq_oracle *oracle)
{
	bool disintx = random_one_in(3);
	bool master = !random_one_in(3);

	config_write(front, PCI_COMMAND, 2,
		     (disintx ? PCI_COMMAND_INTX_DISABLE : 0) |
		     (master ? PCI_COMMAND_MASTER : 0));
	irq_oracle_command(oracle, disintx, master);
}

static void step(struct front *front, struct irq_oracle *oracle)
{
	enum irq_user user = random_one_in(2) ? USES_INTX : USES_MSI;
	bool on = random_one_in(2);

	switch (random_below(16)) {
	case 0:
		bind(front, oracle, user);
		break;
	case 1:
		if (!random_one_in(4))
			break;
		EXPECT_EQ(irq_disable(front, index_of[user]),
			  irq_oracle_disable(oracle, user));
		break;
	case 2:
		EXPECT_EQ(irq_loopback(front, index_of[user]),
			  irq_oracle_loopback(oracle, user));
		break;
	case 3:
		EXPECT_EQ(intx_mask(front), irq_oracle_mask(oracle));
		break;
	case 4:
	case 5:
	case 6:
		EXPECT_EQ(intx_unmask(front), irq_oracle_unmask(oracle));
		break;
	case 7:
		power_state(front, on ? 3 : 0);
		irq_oracle_sleep(oracle, on);
		break;
	case 8:
	case 9:
		guest_writes_command(front, oracle);
		break;
	case 10:
		if (!random_one_in(16))
			break;
		vdev_reset(front->vdev);
		irq_oracle_reset(oracle);
		break;
	case 11:
		if (!random_one_in(64))
			break;
		vdev_close(front->vdev);
		irq_oracle_leave(oracle);
		irq_oracle_reset(oracle);
		vdev_open(front->vdev);
		break;
	default:
		model_irq(front, on);
		irq_oracle_line(oracle, on);
	}
}

static void random_life(void)
{
	struct irq_oracle oracle = { .fd = -1 };
	struct front *front = front_open("toy-mem");
	unsigned int i, nr;

	for (i = 0; i < STEPS; i++) {
		unit_context("step %u", i);
		step(front, &oracle);
		for (nr = 0; nr < 3; nr++)
			EXPECT_EQ(front->signals[nr],
				  oracle.signals[EVENTFD(nr)]);
		EXPECT_EQ(front->triggers, oracle.fd >= 0);
	}
	/* the test is of no use if little was told */
	EXPECT(front->signals[0] > STEPS / 100);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(random_life),
	{ }
};

const struct unit_suite irq_random_suite = { "irq_random", cases };
