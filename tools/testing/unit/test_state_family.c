// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables of a model's state that cannot be, and what a device is called in a
 * stream.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <string.h>

#include "gadget.h"
#include "kernel_hooks.h"
#include "suites.h"
#include "uart.h"
#include "unit.h"

struct part {
	u32 value;
	u8 bytes[4];
};

struct priv {
	u64 other;
	struct part part[3];
	u32 last;
};

static const struct vmig_field fields[] = {
	VMIG_FIELD(1, struct part, value),
	VMIG_BLOB(2, struct part, bytes),
};

/* A family of one model that is fine, to be made worse. */
struct sample {
	struct vmig_section section;
	struct vmig_section other;
	struct vdev_state state[3];
	struct vdev_model model;
	struct vdev_ops ops;
	struct vdev_family family;
};

static void reset(struct vdev *vdev)
{
}

static u64 read(struct vdev *vdev, unsigned int bar, u64 offset,
		unsigned int width)
{
	return 0;
}

static void write(struct vdev *vdev, unsigned int bar, u64 offset,
		  unsigned int width, u64 value)
{
}

static void make(struct sample *sample)
{
	*sample = (struct sample) {
		.section = {
			.id = 1, .version = 1, .min_version = 1,
			.instances = 3, .name = "part",
			.size = sizeof(struct part), .fields = fields,
			.nr_fields = ARRAY_SIZE(fields),
		},
		.model = {
			.name = "1", .pretty_name = "Sample",
			.description = "A sample", .units = 1,
		},
		.ops = { .reset = reset, .read = read, .write = write },
	};
	sample->other = sample->section;
	sample->other.id = 2;
	sample->state[0] = (struct vdev_state)
		VDEV_STATE(&sample->section, struct priv, part, struct part);
	sample->model.state = sample->state;
	sample->family = (struct vdev_family) {
		.name = "sample", .ops = &sample->ops,
		.priv_size = sizeof(struct priv), .capacity = 1,
		.models = &sample->model, .nr_models = 1,
	};
}

static void expect_refused(struct sample *sample, const char *why)
{
	printk_taken();
	EXPECT_EQ(vdev_check_family(&sample->family), -EINVAL);
	EXPECT(strstr(printk_taken(), why));
}

static void tables_in_the_private_data(void)
{
	struct sample sample;

	make(&sample);
	EXPECT_EQ(vdev_check_family(&sample.family), 0);
	sample.section.instances = 5;
	expect_refused(&sample, "sample-1 declares a state");

	make(&sample);
	sample.state[0].offset = sizeof(struct priv) - 8;
	expect_refused(&sample, "declares a state");
	sample.section.instances = 1;
	EXPECT_EQ(vdev_check_family(&sample.family), 0);
	sample.state[0].offset++;
	expect_refused(&sample, "declares a state");
	sample.state[0].offset = 0xfffffff8;
	expect_refused(&sample, "declares a state");

	/* instances that lie on each other */
	make(&sample);
	sample.state[0].stride--;
	expect_refused(&sample, "declares a state");
	sample.state[0].stride = 0xffffffff;
	expect_refused(&sample, "declares a state");
}

static void ids(void)
{
	struct sample sample;

	make(&sample);
	sample.state[1] = sample.state[0];
	sample.state[1].section = &sample.other;
	EXPECT_EQ(vdev_check_family(&sample.family), 0);
	sample.other.id = 1;
	expect_refused(&sample, "declares a state");
	sample.other.id = VDEV_STATE_CORE;
	expect_refused(&sample, "declares a state");
	sample.other.id = 0xffff;
	expect_refused(&sample, "declares a state");
	sample.other.id = VDEV_STATE_CORE - 1;
	EXPECT_EQ(vdev_check_family(&sample.family), 0);
}

/* What the engine has to say of a table comes first. */
static void tables_of_the_engine(void)
{
	struct sample sample;

	make(&sample);
	sample.section.name = "";
	expect_refused(&sample, "section 1 has no valid name");
}

static void areas_of_a_bar(void)
{
	struct vdev_area areas[VDEV_MAX_AREAS + 2] = { };
	struct sample sample;
	unsigned int i;

	make(&sample);
	for (i = 0; i < VDEV_MAX_AREAS; i++)
		areas[i] = (struct vdev_area){ i * 0x2000, 0x1000 };
	sample.model.bars[0] = (struct vdev_bar) {
		.type = VDEV_BAR_MEM, .max_width = 4, .size = 0x40000,
		.memory = areas,
	};
	EXPECT_EQ(vdev_check_family(&sample.family), 0);
	areas[i] = (struct vdev_area){ i * 0x2000, 0x1000 };
	expect_refused(&sample, "a BAR");
}

/* A model that does not say what its state is makes devices that stay. */
static void without_a_state(void)
{
	struct sample sample;
	struct front *front;

	make(&sample);
	sample.model.state = NULL;
	EXPECT_EQ(vdev_check_family(&sample.family), 0);
	front = front_create(&sample.family, &sample.model);
	EXPECT(!IS_ERR(front));
	EXPECT(!vdev_state_desc(front->vdev));
	front_destroy(front);
}

/* More timers or jobs than a stream has room for */

static struct vdev_timer timers[VDEV_MAX_STATE_TIMERS + 1];
static struct vdev_job jobs[VDEV_MAX_STATE_JOBS + 1];
static unsigned int nr_timers, nr_jobs;
static unsigned int inits, releases;

static int init(struct vdev *vdev)
{
	unsigned int i;

	for (i = 0; i < nr_timers; i++)
		vdev_timer_init(vdev, &timers[i], NULL);
	for (i = 0; i < nr_jobs; i++)
		vdev_job_init(vdev, &jobs[i], NULL);
	inits++;
	return 0;
}

static void release(struct vdev *vdev)
{
	releases++;
}

static int create_with(struct sample *sample, unsigned int timers_wanted,
		       unsigned int jobs_wanted)
{
	struct front *front;

	nr_timers = timers_wanted;
	nr_jobs = jobs_wanted;
	front = front_create(&sample->family, &sample->model);
	if (!IS_ERR(front))
		front_destroy(front);
	EXPECT_EQ(releases, inits);
	return IS_ERR(front) ? PTR_ERR(front) : 0;
}

static void too_much_to_migrate(void)
{
	struct sample sample;

	make(&sample);
	sample.ops.init = init;
	sample.ops.release = release;
	EXPECT_EQ(create_with(&sample, VDEV_MAX_STATE_TIMERS,
			      VDEV_MAX_STATE_JOBS), 0);
	EXPECT_EQ(create_with(&sample, VDEV_MAX_STATE_TIMERS + 1, 0), -EINVAL);
	EXPECT_EQ(create_with(&sample, 0, VDEV_MAX_STATE_JOBS + 1), -EINVAL);
	sample.model.state = NULL;
	EXPECT_EQ(create_with(&sample, VDEV_MAX_STATE_TIMERS + 1,
			      VDEV_MAX_STATE_JOBS + 1), 0);
}

/* What the device is */

static void names_and_parameters(void)
{
	struct front *front = front_create_type("mtty-2");
	const struct vmig_desc *desc = vdev_state_desc(front->vdev);

	EXPECT_STREQ(desc->model, "vfiokit/mtty-2");
	EXPECT_STREQ(desc->version, "v1");
	EXPECT_STREQ(desc->parameters[0], "wiring=loopback");
	EXPECT(!desc->parameters[1]);
	EXPECT_EQ(vdev_set_param(front->vdev, 0, "cross\n"), 0);
	EXPECT_STREQ(desc->parameters[0], "wiring=cross");
	EXPECT_EQ(vdev_set_param(front->vdev, 0, "no such wire"), -EINVAL);
	EXPECT_STREQ(desc->parameters[0], "wiring=cross");
	EXPECT_EQ(vmig_check_desc(desc), 0);
	front_destroy(front);
}

static void areas_are_named(void)
{
	static const struct {
		u16 id;
		const char *name;
		u64 start;
		u64 size;
	} want[] = {
		{ 0, "bar0.0", 0x1000, 0x1000 },
		{ 1, "bar0.1", 0x4000, 0x4000 },
		{ 2, "bar0.2", 0xf000, 0x1000 },
	};
	struct front *front = gadget_open();
	const struct vmig_desc *desc = vdev_state_desc(front->vdev);
	unsigned int i, bar;

	EXPECT_EQ(desc->nr_areas, ARRAY_SIZE(want));
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		EXPECT_EQ(desc->areas[i].id, want[i].id);
		EXPECT_STREQ(desc->areas[i].name, want[i].name);
		EXPECT_EQ(desc->areas[i].size, want[i].size);
		EXPECT_EQ(vdev_state_area(front->vdev, &desc->areas[i], &bar),
			  want[i].start);
		EXPECT_EQ(bar, 0);
	}
	EXPECT_EQ(vmig_check_desc(desc), 0);
	front_close(front);

	front = front_open("vdev_test-pcie");
	desc = vdev_state_desc(front->vdev);
	EXPECT_EQ(desc->nr_areas, 3);
	EXPECT_EQ(desc->areas[0].id, 32);
	EXPECT_EQ(desc->areas[1].id, 64);
	EXPECT_EQ(desc->areas[2].id, 65);
	EXPECT_STREQ(desc->areas[2].name, "bar4.1");
	EXPECT_EQ(vdev_state_area(front->vdev, &desc->areas[2], &bar), 0x8000);
	EXPECT_EQ(bar, 4);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(tables_in_the_private_data),
	UNIT_CASE(ids),
	UNIT_CASE(tables_of_the_engine),
	UNIT_CASE(areas_of_a_bar),
	UNIT_CASE(without_a_state),
	UNIT_CASE(too_much_to_migrate),
	UNIT_CASE(names_and_parameters),
	UNIT_CASE(areas_are_named),
	{ }
};

const struct unit_suite state_family_suite = { "state_family", cases };
