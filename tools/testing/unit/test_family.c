// SPDX-License-Identifier: GPL-2.0-only
/*
 * vdev_check_family(): what no front can show is refused, with a message that
 * names the model.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/vdev.h>

#include "kernel_hooks.h"
#include "registry.h"
#include "suites.h"
#include "unit.h"

static void do_reset(struct vdev *vdev)
{
}

static u64 do_read(struct vdev *vdev, unsigned int bar, u64 offset,
		   unsigned int width)
{
	return 0;
}

static void do_write(struct vdev *vdev, unsigned int bar, u64 offset,
		     unsigned int width, u64 value)
{
}

static const struct vdev_ops ops = {
	.reset = do_reset, .read = do_read, .write = do_write,
};

/* A sound family of two models, for each test to break. */
struct sample {
	struct vdev_ops ops;
	struct vdev_model models[2];
	struct vdev_param params[VDEV_MAX_PARAMS + 2];
	struct vdev_family family;
};

static const char * const words[] = { "yes", "no", NULL };

static struct sample *sample(void)
{
	static struct sample s;
	const struct vdev_model model = {
		.units = 1,
		.bars[1] = { VDEV_BAR_IO, .max_width = 1, .size = 8 },
		.bars[2] = { VDEV_BAR_MEM, .max_width = 4, .size = 64 },
	};

	memset(&s, 0, sizeof(s));
	s.ops = ops;
	s.models[0] = model;
	s.models[0].name = "good";
	s.models[1] = model;
	s.models[1].name = "odd";
	s.family = (struct vdev_family) {
		.name = "sample", .ops = &s.ops, .capacity = 4,
		.models = s.models, .nr_models = 2, .params = s.params,
	};
	printk_taken();
	return &s;
}

static void expect_good(struct sample *s)
{
	EXPECT_EQ(vdev_check_family(&s->family), 0);
	EXPECT_STREQ(printk_taken(), "");
}

/* Refused, and the message says who is to blame. */
static void expect_refused(struct sample *s, const char *who)
{
	const char *message;

	EXPECT_EQ(vdev_check_family(&s->family), -EINVAL);
	message = printk_taken();
	unit_context("message: %s", message);
	EXPECT(strstr(message, who));
	EXPECT(strchr(message, '\n') == message + strlen(message) - 1);
}

static void good_ones(void)
{
	struct sample *s = sample();
	unsigned int i;

	expect_good(s);
	s->family.params = NULL;
	expect_good(s);

	s = sample();
	for (i = 0; i < VDEV_MAX_PARAMS; i++)
		s->params[i] = (struct vdev_param) { "p", words };
	expect_good(s);

	s = sample();
	s->models[1].units = 4;
	s->models[1].msi_vectors = 1;
	s->models[1].intx = true;
	expect_good(s);
}

static void bars(void)
{
	static const struct {
		struct vdev_bar bar;
		bool good;
	} all[] = {
		{ { VDEV_BAR_IO, .max_width = 1, .size = 4 }, true },
		{ { VDEV_BAR_IO, .max_width = 8, .size = 256 }, true },
		{ { VDEV_BAR_IO, .max_width = 1, .size = 2 }, false },
		{ { VDEV_BAR_IO, .max_width = 1, .size = 512 }, false },
		{ { VDEV_BAR_IO, .max_width = 1, .size = 0 }, false },
		{ { VDEV_BAR_IO, .max_width = 1, .size = 12 }, false },
		{ { VDEV_BAR_IO, .max_width = 0, .size = 8 }, false },
		{ { VDEV_BAR_IO, .max_width = 3, .size = 8 }, false },
		{ { VDEV_BAR_IO, .max_width = 16, .size = 16 }, false },
		{ { VDEV_BAR_MEM, .max_width = 1, .size = 16 }, true },
		{ { VDEV_BAR_MEM, .max_width = 2, .size = 1U << 30 }, true },
		{ { VDEV_BAR_MEM, .max_width = 2, .size = 1U << 31 }, false },
		{ { VDEV_BAR_MEM, .max_width = 4, .size = 8 }, false },
		{ { VDEV_BAR_MEM, .max_width = 4, .size = 0 }, false },
		{ { VDEV_BAR_MEM, .max_width = 4, .size = 0xfff }, false },
		{ { VDEV_BAR_MEM, .max_width = 4, .size = ~0U }, false },
		{ { VDEV_BAR_MEM, .max_width = 0, .size = 16 }, false },
		{ { VDEV_BAR_MEM, .max_width = 12, .size = 16 }, false },
		{ { VDEV_BAR_MEM, .max_width = 128, .size = 256 }, false },
		{ { VDEV_BAR_NONE, .size = 16 }, false },
		{ { .type = VDEV_BAR_NONE }, true },
	};
	unsigned int i, bar;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
			struct sample *s = sample();

			unit_context("BAR %u: %u", bar, i);
			s->models[1].bars[bar] = all[i].bar;
			if (all[i].good)
				expect_good(s);
			else
				expect_refused(s, "sample-odd");
		}
	}
}

static void units(void)
{
	struct sample *s = sample();

	s->models[1].units = 0;
	expect_refused(s, "sample-odd");
	s->models[1].units = 5;
	expect_refused(s, "sample-odd");
	s = sample();
	s->family.capacity = 0;
	expect_refused(s, "sample-good");
}

static void vectors(void)
{
	struct sample *s = sample();

	s->models[0].msi_vectors = 32;
	expect_good(s);
	s->models[0].msi_vectors = 3;
	expect_refused(s, "sample-good");
	s->models[0].msi_vectors = 64;
	expect_refused(s, "sample-good");
}

static void too_many_params(void)
{
	struct sample *s = sample();
	unsigned int i;

	for (i = 0; i < VDEV_MAX_PARAMS + 1; i++)
		s->params[i] = (struct vdev_param) { "p", words };
	expect_refused(s, "sample");
}

/* Each of these would be the kernel's death the first time it is used. */
static void params_without_words(void)
{
	static const char * const none[] = { NULL };
	struct sample *s = sample();

	s->params[0] = (struct vdev_param) { "p", none };
	expect_refused(s, "sample");
	s->params[0] = (struct vdev_param) { "p", NULL };
	expect_refused(s, "sample");
}

static void missing_operations(void)
{
	struct sample *s = sample();

	s->ops.reset = NULL;
	expect_refused(s, "sample");
	s = sample();
	s->ops.read = NULL;
	expect_refused(s, "sample");
	s = sample();
	s->ops.write = NULL;
	expect_refused(s, "sample");
	s = sample();
	s->family.ops = NULL;
	expect_refused(s, "sample");
}

static void models(void)
{
	struct sample *s = sample();

	s->family.nr_models = 0;
	expect_refused(s, "sample");
	s = sample();
	s->models[1].name = s->models[0].name;
	expect_refused(s, "sample");
}

static void registered_ones_are_found(void)
{
	const struct vdev_family *family = NULL;
	const struct vdev_model *model;

	model = vdev_find_model("mtty-2", &family);
	EXPECT(model && family);
	EXPECT_STREQ(family->name, "mtty");
	EXPECT_STREQ(model->pretty_name, "Dual port serial");
	EXPECT_EQ(model->units, 2);
	EXPECT_EQ(family->capacity, 256);
	model = vdev_find_model("mtty-1", &family);
	EXPECT_STREQ(model->pretty_name, "Single port serial");
	EXPECT_EQ(model->units, 1);
	EXPECT(!vdev_find_model("mtty-3", &family));
	EXPECT(!vdev_find_model("mtty", &family));
	EXPECT(!vdev_find_model("mtt-2", &family));
}

static void bad_ones_are_not_registered(void)
{
	const struct vdev_family *family;
	struct sample *s = sample();

	s->models[0].units = 0;
	EXPECT_EQ(vdev_register(&s->family), -EINVAL);
	EXPECT(!vdev_find_model("sample-good", &family));
	s = sample();
	EXPECT_EQ(vdev_register(&s->family), 0);
	EXPECT(vdev_find_model("sample-good", &family));
	vdev_unregister(&s->family);
	EXPECT(!vdev_find_model("sample-good", &family));
}

static const struct unit_case cases[] = {
	UNIT_CASE(good_ones),
	UNIT_CASE(bars),
	UNIT_CASE(units),
	UNIT_CASE(vectors),
	UNIT_CASE(too_many_params),
	UNIT_CASE(params_without_words),
	UNIT_CASE(missing_operations),
	UNIT_CASE(models),
	UNIT_CASE(registered_ones_are_found),
	UNIT_CASE(bad_ones_are_not_registered),
	{ }
};

const struct unit_suite family_suite = { "family", cases };
