// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_SET_IRQS: every combination of index, action, data and count, in
 * every mode, answers as vfio-pci; errors undo what they began.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/vfio.h>

#include "kernel_hooks.h"
#include "suites.h"
#include "toy.h"
#include "unit.h"

#define USER	EVENTFD(0)
#define OTHER	EVENTFD(1)

#define NONE	VFIO_IRQ_SET_DATA_NONE
#define BOOL	VFIO_IRQ_SET_DATA_BOOL
#define FD	VFIO_IRQ_SET_DATA_EVENTFD
#define MASK	VFIO_IRQ_SET_ACTION_MASK
#define UNMASK	VFIO_IRQ_SET_ACTION_UNMASK
#define TRIGGER	VFIO_IRQ_SET_ACTION_TRIGGER

#define INTX	VDEV_IRQ_INTX
#define MSI	VDEV_IRQ_MSI
#define MSIX	2
#define ERR	VDEV_IRQ_ERR
#define REQ	VDEV_IRQ_REQ

/*
 * What a call answers where no interrupts are set up, INTx is, MSI is. Data is
 * one true byte, or a good eventfd.
 */
static const struct {
	u32 flags;
	unsigned int index;
	unsigned int count;
	int idle, intx, msi;
} answers[] = {
	{ NONE | MASK,		INTX, 1, -EINVAL, 0, -EINVAL },
	{ BOOL | MASK,		INTX, 1, -EINVAL, 0, -EINVAL },
	{ FD | MASK,		INTX, 1, -EINVAL, -ENOTTY, -EINVAL },
	{ NONE | MASK,		INTX, 0, -EINVAL, -EINVAL, -EINVAL },
	{ BOOL | MASK,		INTX, 0, -EINVAL, -EINVAL, -EINVAL },
	{ FD | MASK,		INTX, 0, -EINVAL, -EINVAL, -EINVAL },
	{ NONE | UNMASK,	INTX, 1, -EINVAL, 0, -EINVAL },
	{ BOOL | UNMASK,	INTX, 1, -EINVAL, 0, -EINVAL },
	{ FD | UNMASK,		INTX, 1, -EINVAL, 0, -EINVAL },
	{ NONE | UNMASK,	INTX, 0, -EINVAL, -EINVAL, -EINVAL },
	{ BOOL | UNMASK,	INTX, 0, -EINVAL, -EINVAL, -EINVAL },
	{ FD | UNMASK,		INTX, 0, -EINVAL, -EINVAL, -EINVAL },
	{ NONE | TRIGGER,	INTX, 1, -EINVAL, 0, -EINVAL },
	{ BOOL | TRIGGER,	INTX, 1, -EINVAL, 0, -EINVAL },
	{ FD | TRIGGER,		INTX, 1, 0, 0, -EINVAL },
	{ NONE | TRIGGER,	INTX, 0, -EINVAL, 0, -EINVAL },
	{ BOOL | TRIGGER,	INTX, 0, -EINVAL, -EINVAL, -EINVAL },
	{ FD | TRIGGER,		INTX, 0, -EINVAL, -EINVAL, -EINVAL },

	{ NONE | MASK,		MSI, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ BOOL | MASK,		MSI, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ FD | MASK,		MSI, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ NONE | UNMASK,	MSI, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ BOOL | UNMASK,	MSI, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ FD | UNMASK,		MSI, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ NONE | TRIGGER,	MSI, 1, -EINVAL, -EINVAL, 0 },
	{ BOOL | TRIGGER,	MSI, 1, -EINVAL, -EINVAL, 0 },
	{ FD | TRIGGER,		MSI, 1, 0, -EINVAL, 0 },
	{ NONE | TRIGGER,	MSI, 0, -EINVAL, -EINVAL, 0 },
	{ BOOL | TRIGGER,	MSI, 0, -EINVAL, -EINVAL, 0 },
	{ FD | TRIGGER,		MSI, 0, -ERANGE, -EINVAL, 0 },

	{ NONE | TRIGGER,	MSIX, 0, -EINVAL, -EINVAL, -EINVAL },
	{ FD | TRIGGER,		MSIX, 1, -EINVAL, -EINVAL, -EINVAL },

	{ NONE | MASK,		ERR, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ FD | UNMASK,		ERR, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ NONE | TRIGGER,	ERR, 1, -EINVAL, -EINVAL, -EINVAL },
	{ BOOL | TRIGGER,	ERR, 1, 0, 0, 0 },
	{ FD | TRIGGER,		ERR, 1, 0, 0, 0 },
	{ NONE | TRIGGER,	ERR, 0, -EINVAL, -EINVAL, -EINVAL },
	{ BOOL | TRIGGER,	ERR, 0, -EINVAL, -EINVAL, -EINVAL },
	{ FD | TRIGGER,		ERR, 0, -EINVAL, -EINVAL, -EINVAL },
	{ NONE | MASK,		REQ, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ BOOL | UNMASK,	REQ, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ NONE | TRIGGER,	REQ, 1, -EINVAL, -EINVAL, -EINVAL },
	{ BOOL | TRIGGER,	REQ, 1, 0, 0, 0 },
	{ FD | TRIGGER,		REQ, 1, 0, 0, 0 },
	{ NONE | TRIGGER,	REQ, 0, -EINVAL, -EINVAL, -EINVAL },
	{ BOOL | TRIGGER,	REQ, 0, -EINVAL, -EINVAL, -EINVAL },
	{ FD | TRIGGER,		REQ, 0, -EINVAL, -EINVAL, -EINVAL },

	/* not exactly one action */
	{ FD,			INTX, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ FD,			MSI, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ FD,			REQ, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ NONE | MASK | UNMASK,	INTX, 1, -ENOTTY, -ENOTTY, -ENOTTY },
	{ NONE | MASK | TRIGGER, INTX, 0, -ENOTTY, -ENOTTY, -ENOTTY },
	{ FD | UNMASK | TRIGGER, MSI, 1, -ENOTTY, -ENOTTY, -ENOTTY },
};

static void answers_in(unsigned int mode)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		struct front *front = front_open("toy-mem");
		bool fds = answers[i].flags & FD;
		s32 fd = OTHER;
		u8 yes = 1;
		int want = answers[i].idle;

		if (mode == INTX || mode == MSI) {
			EXPECT_EQ(irq_bind(front, mode, USER), 0);
			want = mode == INTX ? answers[i].intx : answers[i].msi;
		}
		unit_context("flags 0x%x index %u count %u in mode %u",
			     answers[i].flags, answers[i].index,
			     answers[i].count, mode);
		EXPECT_EQ(front_set_irqs(front, answers[i].flags,
					 answers[i].index, 0, answers[i].count,
					 fds ? (void *)&fd : (void *)&yes),
			  want);
		front_close(front);
	}
}

static void answers_when_idle(void)
{
	answers_in(VDEV_IRQ_NONE);
}

static void answers_with_intx(void)
{
	answers_in(INTX);
}

static void answers_with_msi(void)
{
	answers_in(MSI);
}

static void counts(void)
{
	static const struct {
		const char *type;
		unsigned int count[VDEV_NUM_IRQS];
	} all[] = {
		{ "mtty-1", { 1, 1, 0, 1, 1 } },
		{ "mtty-2", { 1, 1, 0, 1, 1 } },
		{ "toy-nomsi", { 1, 0, 0, 1, 1 } },
		{ "toy-nointx", { 0, 1, 0, 1, 1 } },
		{ "toy-bare", { 0, 0, 0, 1, 1 } },
	};
	unsigned int i, index;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct front *front = front_open(all[i].type);

		for (index = 0; index < VDEV_NUM_IRQS; index++)
			EXPECT_EQ(vdev_irq_count(front->vdev, index),
				  all[i].count[index]);
		EXPECT_EQ(vdev_irq_count(front->vdev, VDEV_NUM_IRQS), 0);
		EXPECT_EQ(vdev_irq_count(front->vdev, ~0U), 0);
		front_close(front);
	}
}

/* One at a time, and the condition finds its way in each. */
static void mode_switches(void)
{
	struct front *front = front_open("toy-mem");
	unsigned int i;

	command_set(front, PCI_COMMAND_MASTER);
	model_irq(front, true);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(irq_bind(front, INTX, USER), 0);
		EXPECT_EQ(front_signals(front, USER), 1);
		EXPECT_EQ(irq_bind(front, MSI, OTHER), -EINVAL);
		EXPECT_EQ(irq_disable(front, MSI), -EINVAL);
		EXPECT_EQ(irq_disable(front, INTX), 0);
		EXPECT_EQ(irq_disable(front, INTX), -EINVAL);

		EXPECT_EQ(irq_bind(front, MSI, OTHER), 0);
		EXPECT_EQ(front_signals(front, OTHER), 1);
		EXPECT_EQ(irq_bind(front, INTX, USER), -EINVAL);
		EXPECT_EQ(intx_unmask(front), -EINVAL);
		EXPECT_EQ(irq_disable(front, INTX), -EINVAL);
		EXPECT_EQ(irq_disable(front, MSI), 0);
		EXPECT_EQ(irq_disable(front, MSI), -EINVAL);
		EXPECT_EQ(front->triggers, 0);
	}
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

static void no_memory(void)
{
	const unsigned int modes[] = { INTX, MSI };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		struct front *front = front_open("toy-mem");

		failslab_arm(1);
		EXPECT_EQ(irq_bind(front, modes[i], USER), -ENOMEM);
		EXPECT(failslab_fired());
		EXPECT_EQ(front->triggers, 0);
		EXPECT_EQ(irq_loopback(front, modes[i]), -EINVAL);
		/* nothing is left of the attempt: the other mode is free */
		EXPECT_EQ(irq_bind(front, modes[!i], USER), 0);
		EXPECT_EQ(irq_disable(front, modes[!i]), 0);
		EXPECT_EQ(irq_bind(front, modes[i], USER), 0);
		/* what is set up already needs no more */
		failslab_arm(1);
		EXPECT_EQ(irq_bind(front, modes[i], OTHER), 0);
		EXPECT_EQ(irq_disable(front, modes[i]), 0);
		EXPECT(!failslab_fired());
		failslab_arm(0);
		front_close(front);
	}
}

static void close_gives_all_back(void)
{
	const unsigned int modes[] = { INTX, MSI };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		struct front *front = front_open("toy-mem");

		EXPECT_EQ(irq_bind(front, modes[i], USER), 0);
		EXPECT_EQ(irq_bind(front, ERR, OTHER), 0);
		EXPECT_EQ(irq_bind(front, REQ, OTHER), 0);
		if (modes[i] == INTX)
			EXPECT_EQ(intx_bind_unmask(front, EVENTFD(2)), 0);
		EXPECT_EQ(front->triggers, 3);
		vdev_close(front->vdev);
		EXPECT_EQ(front->triggers, 0);
		EXPECT_EQ(front->unmask_fd, -1);

		/* the next user finds nothing set up */
		vdev_open(front->vdev);
		EXPECT_EQ(irq_loopback(front, INTX), -EINVAL);
		EXPECT_EQ(irq_loopback(front, MSI), -EINVAL);
		EXPECT_EQ(irq_loopback(front, ERR), -EINVAL);
		EXPECT(!vdev_request(front->vdev));
		front_close(front);
	}
}

static void messages_of_the_host(void)
{
	const unsigned int all[] = { ERR, REQ };
	const u32 flags = FD | TRIGGER;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct front *front = front_open("toy-bare");
		s32 fd = -2;
		u8 no = 0;

		unit_context("index %u", all[i]);
		EXPECT_EQ(irq_bind(front, all[i], USER), 0);
		EXPECT_EQ(irq_loopback(front, all[i]), 0);
		EXPECT_EQ(front_signals(front, USER), 1);
		EXPECT_EQ(front_set_irqs(front, BOOL | TRIGGER, all[i], 0, 1,
					 &no), 0);
		EXPECT_EQ(front_signals(front, USER), 0);
		/* bad ones change nothing */
		EXPECT_EQ(irq_bind(front, all[i], CLOSED_FD), -EBADF);
		EXPECT_EQ(irq_bind(front, all[i], PLAIN_FILE_FD), -EINVAL);
		EXPECT_EQ(front_set_irqs(front, flags, all[i], 0, 1, &fd),
			  -EINVAL);
		EXPECT_EQ(irq_loopback(front, all[i]), 0);
		EXPECT_EQ(front_signals(front, USER), 1);
		/* another one, none, by either of two ways */
		EXPECT_EQ(irq_bind(front, all[i], OTHER), 0);
		EXPECT_EQ(irq_loopback(front, all[i]), 0);
		EXPECT_EQ(front_signals(front, USER), 0);
		EXPECT_EQ(front_signals(front, OTHER), 1);
		EXPECT_EQ(irq_bind(front, all[i], -1), 0);
		EXPECT_EQ(irq_loopback(front, all[i]), -EINVAL);
		EXPECT_EQ(irq_bind(front, all[i], OTHER), 0);
		EXPECT_EQ(irq_disable(front, all[i]), 0);
		EXPECT_EQ(irq_disable(front, all[i]), -EINVAL);
		EXPECT_EQ(front->triggers, 0);
		front_close(front);
	}
}

static bool model_error(struct front *front)
{
	bool heard;

	mutex_lock(&front->vdev->lock);
	heard = vdev_error(front->vdev);
	mutex_unlock(&front->vdev->lock);
	return heard;
}

/* In any mode and state: whether it works is what it is about. */
static void a_device_that_failed(void)
{
	struct front *front = front_open("toy-mem");

	EXPECT(!model_error(front));
	EXPECT_EQ(irq_bind(front, ERR, USER), 0);
	EXPECT_EQ(irq_bind(front, REQ, OTHER), 0);
	EXPECT(model_error(front));
	EXPECT_EQ(irq_bind(front, MSI, EVENTFD(3)), 0);
	power_state(front, 3);
	EXPECT(model_error(front));
	EXPECT_EQ(front_signals(front, USER), 2);
	EXPECT_EQ(front_signals(front, OTHER), 0);
	EXPECT_EQ(front_signals(front, EVENTFD(3)), 0);
	EXPECT_ABORT(vdev_error(front->vdev), "not held");
	EXPECT_EQ(irq_disable(front, ERR), 0);
	EXPECT(!model_error(front));
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

/* They have nothing to do with what the device does. */
static void messages_of_the_host_in_any_mode(void)
{
	struct front *front = front_open("toy-mem");

	EXPECT(!vdev_request(front->vdev));
	EXPECT_EQ(irq_bind(front, REQ, USER), 0);
	EXPECT_EQ(irq_bind(front, ERR, OTHER), 0);
	EXPECT_EQ(irq_bind(front, INTX, EVENTFD(3)), 0);
	EXPECT_EQ(irq_disable(front, INTX), 0);
	power_state(front, 3);
	EXPECT(vdev_request(front->vdev));
	EXPECT(vdev_request(front->vdev));
	EXPECT_EQ(front_signals(front, USER), 2);
	vdev_reset(front->vdev);
	EXPECT(vdev_request(front->vdev));
	EXPECT_EQ(front_signals(front, USER), 1);
	EXPECT_EQ(front_signals(front, OTHER), 0);
	EXPECT_EQ(front->triggers, 2);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(answers_when_idle),
	UNIT_CASE(answers_with_intx),
	UNIT_CASE(answers_with_msi),
	UNIT_CASE(counts),
	UNIT_CASE(mode_switches),
	UNIT_CASE(no_memory),
	UNIT_CASE(close_gives_all_back),
	UNIT_CASE(messages_of_the_host),
	UNIT_CASE(a_device_that_failed),
	UNIT_CASE(messages_of_the_host_in_any_mode),
	{ }
};

const struct unit_suite set_irqs_suite = { "set_irqs", cases };
