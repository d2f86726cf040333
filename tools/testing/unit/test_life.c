// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life of a device: what it is born with, what survives whom.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "abuse.h"
#include "kernel_hooks.h"
#include "random.h"
#include "registry.h"
#include "suites.h"
#include "toy.h"
#include "unit.h"

#define ABUSES		2000
#define ROUNDS		20

/*
 * All of a device but its locks: model's data and links of timers included,
 * unless the model keeps a diary there.
 */
static size_t state_size(struct front *front)
{
	const struct vdev_family *family = front->vdev->family;
	bool diary = !strcmp(family->name, "gadget");

	return sizeof(*front->vdev) + (diary ? 0 : family->priv_size) -
	       offsetof(struct vdev, model);
}

static void *state_of(struct front *front)
{
	return (char *)front->vdev + offsetof(struct vdev, model);
}

static size_t config_size(struct front *front)
{
	return 3 * front->vdev->config_size;
}

/* With configuration space behind it. */
static void *state_saved(struct front *front)
{
	u8 *saved = malloc(state_size(front) + config_size(front));

	EXPECT(saved);
	memcpy(saved, state_of(front), state_size(front));
	memcpy(saved + state_size(front), front->vdev->config,
	       config_size(front));
	return saved;
}

static void expect_state(struct front *front, const void *saved)
{
	const u8 *now = state_of(front);
	const u8 *then = saved;
	size_t i;

	for (i = 0; i < state_size(front); i++)
		if (now[i] != then[i])
			unit_fail(__FILE__, __LINE__,
				  "byte %zu of struct vdev: 0x%02x, was 0x%02x",
				  i + offsetof(struct vdev, model), now[i],
				  then[i]);
	EXPECT(!memcmp(front->vdev->config, then + state_size(front),
		       config_size(front)));
}

static void each_round(const char *type, const char *wiring,
		       void (*end)(struct front *front))
{
	struct front *front = front_create_type(type);
	unsigned int round, i;
	void *fresh;

	if (wiring)
		EXPECT_EQ(vdev_set_param(front->vdev, 0, wiring), 0);
	vdev_open(front->vdev);
	fresh = state_saved(front);
	for (round = 0; round < ROUNDS; round++) {
		unit_context("%s %s round %u", type, wiring, round);
		for (i = 0; i < ABUSES; i++)
			abuse(front);
		end(front);
		expect_state(front, fresh);
		EXPECT_EQ(front->alarm, VDEV_TIME_NEVER);
		EXPECT_EQ(front->triggers, 0);
		EXPECT_EQ(front->unmask_fd, -1);
		EXPECT(list_empty(&front->memory.pages));
		EXPECT(!front->memory.decoding);
	}
	free(fresh);
	front_close(front);
}

static void next_user(struct front *front)
{
	vdev_close(front->vdev);
	vdev_open(front->vdev);
}

static void close_leaves_nothing_to_the_next(void)
{
	each_round("mtty-1", "loopback", next_user);
	each_round("mtty-2", "loopback", next_user);
	each_round("mtty-2", "cross", next_user);
	each_round("gadget-full", NULL, next_user);
	each_round("gadget-huge", NULL, next_user);
	each_round("gadget-old", NULL, next_user);
}

/* What interrupts are bound to is not the device's to reset. */
static void reset_all(struct front *front)
{
	struct vdev_irqs *irqs = &front->vdev->irqs;
	struct vdev_irqs bound;

	bound = *irqs;
	vdev_reset(front->vdev);
	EXPECT_EQ(irqs->mode, bound.mode);
	EXPECT_EQ(irqs->nr, bound.nr);
	EXPECT(irqs->trigger == bound.trigger);
	EXPECT(irqs->err == bound.err);
	EXPECT(irqs->req == bound.req);
	EXPECT(!irqs->asserted);
	EXPECT(!irqs->any_pending);

	irq_disable(front, VDEV_IRQ_INTX);
	irq_disable(front, VDEV_IRQ_MSI);
	irq_disable(front, VDEV_IRQ_MSIX);
	irq_disable(front, VDEV_IRQ_ERR);
	irq_disable(front, VDEV_IRQ_REQ);
	/* which kind was used last is the user's doing too */
	irqs->pending_mode = VDEV_IRQ_NONE;
}

static void reset_is_power_on(void)
{
	each_round("mtty-1", "loopback", reset_all);
	each_round("mtty-2", "loopback", reset_all);
	each_round("mtty-2", "cross", reset_all);
	each_round("gadget-full", NULL, reset_all);
	each_round("gadget-huge", NULL, reset_all);
	each_round("gadget-old", NULL, reset_all);
}

/* A device is the same before anybody opened it, and while it is closed. */
static void open_and_closed_alike(void)
{
	struct front *front = front_create_type("mtty-2");
	void *created = state_saved(front);

	vdev_open(front->vdev);
	vdev_close(front->vdev);
	expect_state(front, created);
	free(created);
	front_destroy(front);
}

static void resets_at_each_turn(void)
{
	struct front *front = front_create_type("toy-mem");
	struct toy *toy = toy_of(front);

	EXPECT_EQ(toy->resets, 1);
	vdev_open(front->vdev);
	EXPECT_EQ(toy->resets, 2);
	vdev_reset(front->vdev);
	EXPECT_EQ(toy->resets, 3);
	vdev_close(front->vdev);
	EXPECT_EQ(toy->resets, 4);
	EXPECT_EQ(vdev_set_param(front->vdev, TOY_SIZE, "medium"), 0);
	EXPECT_EQ(toy->resets, 5);
	EXPECT_EQ(toy_plan.released, 0);
	front_destroy(front);
	EXPECT_EQ(toy_plan.released, 1);
}

static void reset_may_assert(void)
{
	struct front *front;

	toy_plan.assert_in_reset = true;
	front = front_open("toy-mem");
	EXPECT(config_read(front, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, EVENTFD(0)), 0);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	vdev_reset(front->vdev);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 0);
	EXPECT_EQ(intx_unmask(front), 0);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	/* unmasked, a reset that asserts is a new level */
	model_irq(front, false);
	EXPECT_EQ(intx_unmask(front), 0);
	vdev_reset(front->vdev);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	front_close(front);
}

static void private_data(void)
{
	struct front *front = front_create_type("toy-mem");
	struct vdev *vdev = front->vdev;

	EXPECT_EQ((unsigned long)vdev_priv(vdev) % 8, 0);
	EXPECT_EQ(vdev_variant(vdev), 7);
	EXPECT(vdev->front_data == front);
	front_destroy(front);
}

/* Neither init, release, check_param nor private data. */
static void optional_operations(void)
{
	struct front *front = front_open("plain-1");

	command_set(front, PCI_COMMAND_MEMORY);
	EXPECT_EQ(front_read(front, 2, 0, 1), toy_byte(2, 0));
	front_write(front, 2, 0, 8, 0);
	vdev_reset(front->vdev);
	front_close(front);
}

static void creation_fails(void)
{
	const struct vdev_family *family;
	const struct vdev_model *model = vdev_find_model("toy-mem", &family);
	const int errors[] = { -EIO, -ENOMEM };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		toy_plan.init_error = errors[i];
		EXPECT_EQ(PTR_ERR(front_create(family, model)), errors[i]);
	}
	/* what was not set up is not undone */
	EXPECT_EQ(toy_plan.released, 0);
	toy_plan.init_error = 0;

	failslab_arm(1);
	EXPECT_EQ(PTR_ERR(front_create(family, model)), -ENOMEM);
	EXPECT(failslab_fired());
	failslab_arm(0);
	EXPECT_EQ(toy_plan.released, 0);
}

/* struct vdev_ops: all are called with the device lock held */
static void release_holds_the_lock(void)
{
	struct front *front = front_create_type("toy-mem");

	toy_plan.cancel_in_release = true;
	front_destroy(front);
}

static void params_have_defaults(void)
{
	struct front *front = front_create_type("toy-mem");

	EXPECT_STREQ(vdev_param_word(front->vdev, TOY_SIZE), "small");
	EXPECT_STREQ(vdev_param_word(front->vdev, TOY_COLOUR), "red");
	front_destroy(front);
	front = front_create_type("mtty-2");
	EXPECT_STREQ(vdev_param_word(front->vdev, 0), "loopback");
	front_destroy(front);
}

static void params_are_words(void)
{
	static const char * const bad[] = {
		"", "\n", "Medium", "medium ", " medium", "med", "mediums",
		"medium\n\n", "0", "1",
	};
	struct front *front = front_create_type("toy-mem");
	struct vdev *vdev = front->vdev;
	unsigned int i;

	EXPECT_EQ(vdev_set_param(vdev, TOY_SIZE, "medium"), 0);
	EXPECT_STREQ(vdev_param_word(vdev, TOY_SIZE), "medium");
	EXPECT_EQ(vdev_param(vdev, TOY_SIZE), TOY_MEDIUM);
	EXPECT_EQ(vdev_set_param(vdev, TOY_SIZE, "small\n"), 0);
	EXPECT_STREQ(vdev_param_word(vdev, TOY_SIZE), "small");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		unit_context("\"%s\"", bad[i]);
		EXPECT_EQ(vdev_set_param(vdev, TOY_SIZE, bad[i]), -EINVAL);
		EXPECT_STREQ(vdev_param_word(vdev, TOY_SIZE), "small");
	}
	front_destroy(front);
}

static void params_are_fixed_while_open(void)
{
	struct front *front = front_open("toy-mem");
	struct vdev *vdev = front->vdev;

	EXPECT_EQ(vdev_set_param(vdev, TOY_SIZE, "medium"), -EBUSY);
	EXPECT_EQ(vdev_set_param(vdev, TOY_SIZE, "small"), -EBUSY);
	EXPECT_EQ(vdev_set_param(vdev, TOY_SIZE, "huge"), -EINVAL);
	vdev_close(vdev);
	EXPECT_EQ(vdev_set_param(vdev, TOY_SIZE, "medium"), 0);
	/* they are the device's, not its user's */
	vdev_open(vdev);
	EXPECT_STREQ(vdev_param_word(vdev, TOY_SIZE), "medium");
	vdev_reset(vdev);
	vdev_close(vdev);
	EXPECT_STREQ(vdev_param_word(vdev, TOY_SIZE), "medium");
	front_destroy(front);
}

static void params_that_a_model_refuses(void)
{
	struct front *front = front_create_type("toy-mem");
	struct vdev *vdev = front->vdev;

	EXPECT_EQ(vdev_set_param(vdev, TOY_SIZE, "large"), -EINVAL);
	EXPECT(!vdev_param_allowed(vdev, TOY_SIZE, TOY_LARGE));
	EXPECT(vdev_param_allowed(vdev, TOY_SIZE, TOY_MEDIUM));
	/* what is allowed may depend on the other parameters */
	EXPECT(vdev_param_allowed(vdev, TOY_COLOUR, TOY_GREEN));
	EXPECT_EQ(vdev_set_param(vdev, TOY_SIZE, "medium"), 0);
	EXPECT(!vdev_param_allowed(vdev, TOY_COLOUR, TOY_GREEN));
	EXPECT_EQ(vdev_set_param(vdev, TOY_COLOUR, "green"), -EINVAL);
	front_destroy(front);

	front = front_create_type("toy-bare");
	EXPECT_EQ(vdev_set_param(front->vdev, TOY_SIZE, "large"), 0);
	front_destroy(front);
}

static void one_port_has_no_cross_wiring(void)
{
	struct front *front = front_create_type("mtty-1");

	EXPECT_EQ(vdev_set_param(front->vdev, 0, "cross"), -EINVAL);
	EXPECT(!vdev_param_allowed(front->vdev, 0, 1));
	EXPECT_EQ(vdev_set_param(front->vdev, 0, "loopback"), 0);
	front_destroy(front);
	front = front_create_type("mtty-2");
	EXPECT(vdev_param_allowed(front->vdev, 0, 1));
	EXPECT_EQ(vdev_set_param(front->vdev, 0, "cross"), 0);
	front_destroy(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(close_leaves_nothing_to_the_next),
	UNIT_CASE(reset_is_power_on),
	UNIT_CASE(open_and_closed_alike),
	UNIT_CASE(resets_at_each_turn),
	UNIT_CASE(reset_may_assert),
	UNIT_CASE(private_data),
	UNIT_CASE(optional_operations),
	UNIT_CASE(creation_fails),
	UNIT_CASE(release_holds_the_lock),
	UNIT_CASE(params_have_defaults),
	UNIT_CASE(params_are_words),
	UNIT_CASE(params_are_fixed_while_open),
	UNIT_CASE(params_that_a_model_refuses),
	UNIT_CASE(one_port_has_no_cross_wiring),
	{ }
};

const struct unit_suite life_suite = { "life", cases };
