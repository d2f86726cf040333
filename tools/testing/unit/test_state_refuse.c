// SPDX-License-Identifier: GPL-2.0-only
/*
 * States that no device of a model has: each is refused, with a reason, and the
 * device stays as it was.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/serial_reg.h>
#include <stdlib.h>
#include <string.h>

#include "../../../drivers/vfio/vmig/field.h"
#include "gadget.h"
#include "migrate.h"
#include "suites.h"
#include "toy.h"
#include "uart.h"
#include "unit.h"

/* A device that is stopped, and its state, to be made worse. */
struct victim {
	struct front *front;
	struct vmig_image *image;
};

static struct victim victim_of(struct front *front)
{
	struct victim victim = { .front = front };

	vdev_stop(front->vdev);
	victim.image = vmig_image_alloc(vdev_state_desc(front->vdev));
	EXPECT(victim.image);
	vdev_state_save(front->vdev, victim.image);
	return victim;
}

static void victim_end(struct victim *victim)
{
	vmig_image_free(victim->image);
	front_close(victim->front);
}

/* One element of a field, by the names that the schema has for people. */
struct place {
	const char *section;
	const char *field;
	u32 index;
};

static const struct vmig_field *find(struct victim *victim,
				     const struct place *place, void **state)
{
	const struct vmig_desc *desc = vdev_state_desc(victim->front->vdev);
	unsigned int i, j;

	for (i = 0; i < desc->nr_sections; i++) {
		const struct vmig_section *section = desc->sections[i];

		if (strcmp(section->name, place->section))
			continue;
		*state = vmig_state(victim->image, section, 0);
		for (j = 0; j < section->nr_fields; j++)
			if (!strcmp(section->fields[j].name, place->field))
				return &section->fields[j];
	}
	unit_fail(__FILE__, __LINE__, "no field %s in %s", place->field,
		  place->section);
}

static u64 change(struct victim *victim, const struct place *place, u64 value)
{
	void *state;
	const struct vmig_field *field = find(victim, place, &state);
	u64 before = vmig_element(field, state, place->index);

	vmig_set_element(field, state, place->index, value);
	return before;
}

static u32 resize(struct victim *victim, const struct place *place, u32 used)
{
	void *state;
	const struct vmig_field *field = find(victim, place, &state);
	u32 before = vmig_used(field, state);

	vmig_set_used(field, state, used);
	return before;
}

static int check(struct victim *victim, char *reason)
{
	return vdev_state_check(victim->front->vdev, victim->image, reason,
				VMIG_REASON_SIZE);
}

static void expect_refused(struct victim *victim, const struct place *place,
			   const char *why)
{
	struct stream before = front_save(victim->front), after;
	char reason[VMIG_REASON_SIZE] = "";

	unit_context("%s in %s", place->field, place->section);
	EXPECT_EQ(check(victim, reason), -EINVAL);
	if (!strstr(reason, why))
		unit_fail(__FILE__, __LINE__, "\"%s\" in place of \"%s\"",
			  reason, why);
	after = front_save(victim->front);
	expect_same_stream(&after, &before);
	free(before.data);
	free(after.data);
}

static void expect_accepted(struct victim *victim)
{
	char reason[VMIG_REASON_SIZE] = "";

	if (check(victim, reason))
		unit_fail(__FILE__, __LINE__, "refused: %s", reason);
}

/* With that value refused, with the one it had not. */
static void refuse_value(struct victim *victim, const char *section,
			 const char *field, u32 index, u64 value,
			 const char *why)
{
	struct place place = { section, field, index };
	u64 before;

	expect_accepted(victim);
	before = change(victim, &place, value);
	expect_refused(victim, &place, why);
	change(victim, &place, before);
	expect_accepted(victim);
}

static void refuse_size(struct victim *victim, const char *section,
			const char *field, u32 used, const char *why)
{
	struct place place = { section, field, 0 };
	u32 before;

	expect_accepted(victim);
	before = resize(victim, &place, used);
	expect_refused(victim, &place, why);
	resize(victim, &place, before);
	expect_accepted(victim);
}

static void config(void)
{
	struct victim victim = victim_of(gadget_open());

	/* vendor id, a reserved bit of COMMAND, a bit below a BAR's size */
	refuse_value(&victim, "config", "bits", 0, 0x42, "0x42 at 0x000");
	refuse_value(&victim, "config", "bits", 5, 0x80, "0x80 at 0x005");
	refuse_value(&victim, "config", "bits", 0x11, 1, "0x01 at 0x011");
	refuse_value(&victim, "config", "bits", 0x2c, 1, "0x01 at 0x02c");
	/* D1, D2 */
	refuse_value(&victim, "config", "bits", 0x44, 1, "power state");
	refuse_value(&victim, "config", "bits", 0x44, 2, "power state");
	refuse_size(&victim, "config", "bits", 64, "64 bytes of config");
	refuse_size(&victim, "config", "bits", 0, "0 bytes of config");
	victim_end(&victim);
}

static void interrupts(void)
{
	struct victim victim = victim_of(gadget_open());

	refuse_value(&victim, "interrupts", "kind", 0, VDEV_IRQ_ERR, "kind 3");
	refuse_value(&victim, "interrupts", "kind", 0, VDEV_IRQ_REQ, "kind 4");
	refuse_value(&victim, "interrupts", "kind", 0, 6, "kind 6");
	refuse_value(&victim, "interrupts", "kind", 0, 255, "kind 255");
	refuse_value(&victim, "interrupts", "owed", 0, 1, "message owed");
	refuse_value(&victim, "interrupts", "pending", 0, 1, "message 0");
	refuse_size(&victim, "interrupts", "pending", 7, "7 bytes");
	refuse_size(&victim, "interrupts", "pending", 9, "9 bytes");
	victim_end(&victim);

	victim = victim_of(front_open("toy-nointx"));
	refuse_value(&victim, "interrupts", "kind", 0, VDEV_IRQ_INTX, "kind 0");
	refuse_value(&victim, "interrupts", "kind", 0, VDEV_IRQ_MSIX, "kind 2");
	victim_end(&victim);
}

/* Of 64 messages MSI can send 32; of 65, none is beyond the last. */
static void pending_bits(void)
{
	struct place kind = { "interrupts", "kind", 0 };
	struct victim victim = victim_of(gadget_open());

	change(&victim, &kind, VDEV_IRQ_MSI);
	refuse_value(&victim, "interrupts", "pending", 4, 1, "message 32");
	change(&victim, &kind, VDEV_IRQ_MSIX);
	change(&victim, &(struct place){ "interrupts", "pending", 7 }, 0x80);
	expect_accepted(&victim);
	/* owed, but the condition does not hold */
	refuse_value(&victim, "interrupts", "owed", 0, 1, "message owed");
	victim_end(&victim);

	victim = victim_of(front_open("gadget-old"));
	change(&victim, &kind, VDEV_IRQ_MSIX);
	change(&victim, &(struct place){ "interrupts", "pending", 8 }, 1);
	refuse_value(&victim, "interrupts", "pending", 8, 2, "message 65");
	victim_end(&victim);
}

static void msix(void)
{
	struct victim victim = victim_of(gadget_open());

	refuse_value(&victim, "msix", "table", 0, 1, "word 0");
	refuse_value(&victim, "msix", "table", 7, 2, "word 7");
	refuse_size(&victim, "msix", "table", 255, "255 words, not 256");
	refuse_size(&victim, "msix", "table", 260, "260 words");
	victim_end(&victim);
}

static void timers(void)
{
	struct victim victim = victim_of(front_open("toy-bare"));
	struct place place = { "timers", "left", 1 };

	refuse_size(&victim, "timers", "left", TOY_TIMERS + 1, "5 timers");
	/* of an earlier version of the model, that had one */
	toy_timer_set(victim.front, 2, 100);
	resize(&victim, &place, 1);
	change(&victim, &(struct place){ "timers", "left", 0 }, 50);
	change(&victim, &place, 60);
	expect_accepted(&victim);
	vdev_state_load(victim.front->vdev, victim.image);
	vdev_run(victim.front->vdev);
	front_advance(victim.front, 1000);
	EXPECT_EQ(toy_of(victim.front)->nr_shots, 1);
	EXPECT_EQ(toy_of(victim.front)->shots[0].timer, 0);
	victim_end(&victim);
}

/* A time that never comes is fine, and nobody's clock runs over. */
static void timer_beyond_time(void)
{
	struct victim victim = victim_of(front_open("toy-bare"));

	change(&victim, &(struct place){ "timers", "left", 0 }, U64_MAX);
	expect_accepted(&victim);
	vdev_state_load(victim.front->vdev, victim.image);
	vdev_run(victim.front->vdev);
	front_advance(victim.front, U64_MAX / 2);
	EXPECT_EQ(toy_of(victim.front)->nr_shots, 0);
	victim_end(&victim);
}

static void jobs(void)
{
	struct victim victim = victim_of(gadget_open());
	struct place first = { "jobs", "turn", 0 };

	refuse_size(&victim, "jobs", "turn", GADGET_JOBS + 1, "4 jobs");
	refuse_value(&victim, "jobs", "turn", 0, 2, "none as number 1");
	refuse_value(&victim, "jobs", "turn", 0, 255, "none as number 1");
	change(&victim, &first, 1);
	refuse_value(&victim, "jobs", "turn", 2, 1, "none as number 2");
	refuse_value(&victim, "jobs", "turn", 2, 3, "none as number 2");
	victim_end(&victim);
}

static bool has_job(struct victim *victim, const struct vdev_job *job)
{
	struct vdev *vdev = victim->front->vdev;
	bool has;

	mutex_lock(&vdev->lock);
	has = vdev_state_has_job(vdev, victim->image, job);
	mutex_unlock(&vdev->lock);
	return has;
}

/* What a model asks in check_state. */
static void jobs_of_a_state(void)
{
	struct victim victim = victim_of(gadget_open());
	struct gadget *gadget = gadget_of(victim.front);
	struct vdev_job stranger;

	change(&victim, &(struct place){ "jobs", "turn", 1 }, 1);
	EXPECT(!has_job(&victim, &gadget->job[0]));
	EXPECT(has_job(&victim, &gadget->job[1]));
	EXPECT(!has_job(&victim, &gadget->job[2]));
	EXPECT(!has_job(&victim, &stranger));
	resize(&victim, &(struct place){ "jobs", "turn", 0 }, 1);
	EXPECT(!has_job(&victim, &gadget->job[1]));
	victim_end(&victim);
}

static void serial_card(void)
{
	struct victim victim = victim_of(uart_open("mtty-2", "cross"));
	struct place place = { "port", "rx_count", 0 };

	refuse_value(&victim, "port", "rx_count", 0, 2,
		     "the model refuses it: characters in a FIFO that is off");
	change(&victim, &place, 1);
	expect_accepted(&victim);
	change(&victim, &(struct place){ "port", "fcr", 0 },
	       UART_FCR_ENABLE_FIFO);
	change(&victim, &place, 16);
	expect_accepted(&victim);
	victim_end(&victim);
}

static void test_device(void)
{
	struct victim victim = victim_of(front_open("vdev_test-pcie"));
	struct place result = { "registers", "result", 0 };

	refuse_value(&victim, "registers", "result", 0, ~0U, "transfer");
	refuse_value(&victim, "jobs", "turn", 0, 1, "transfer");
	change(&victim, &result, ~0U);
	change(&victim, &(struct place){ "jobs", "turn", 0 }, 1);
	expect_accepted(&victim);
	victim_end(&victim);
}

/* What the tables say is refused by the stream's reader: the last byte of it. */
static void damaged_stream(void)
{
	struct front *front = uart_open("mtty-1", "loopback");
	struct front *twin = front_twin(front);
	struct front *other = uart_open("mtty-2", "loopback");
	char reason[VMIG_REASON_SIZE] = "";
	struct stream stream = front_snapshot(front), before, after;

	vdev_stop(twin->vdev);
	vdev_stop(other->vdev);
	before = front_save(twin);
	stream.data[stream.size - 1] ^= 1;
	EXPECT(front_load(twin, &stream, reason) < 0);
	EXPECT(*reason);
	stream.data[stream.size - 1] ^= 1;
	stream.size--;
	EXPECT(front_load(twin, &stream, reason) < 0);
	stream.size++;
	EXPECT(front_load(other, &stream, reason) < 0);
	EXPECT(strstr(reason, "vfiokit/mtty-1"));
	after = front_save(twin);
	expect_same_stream(&after, &before);
	EXPECT_EQ(front_load(twin, &stream, reason), 0);
	free(stream.data);
	free(before.data);
	free(after.data);
	front_close(front);
	front_close(twin);
	front_close(other);
}

/* As the user chose: another wiring is another device. */
static void other_parameter(void)
{
	struct front *front = uart_open("mtty-2", "loopback");
	struct front *other = uart_open("mtty-2", "cross");
	char reason[VMIG_REASON_SIZE] = "";
	struct stream stream = front_snapshot(front);

	vdev_stop(other->vdev);
	EXPECT(front_load(other, &stream, reason) < 0);
	EXPECT(strstr(reason, "wiring=loopback"));
	free(stream.data);
	front_close(front);
	front_close(other);
}

static const struct unit_case cases[] = {
	UNIT_CASE(config),
	UNIT_CASE(interrupts),
	UNIT_CASE(pending_bits),
	UNIT_CASE(msix),
	UNIT_CASE(timers),
	UNIT_CASE(timer_beyond_time),
	UNIT_CASE(jobs),
	UNIT_CASE(jobs_of_a_state),
	UNIT_CASE(serial_card),
	UNIT_CASE(test_device),
	UNIT_CASE(damaged_stream),
	UNIT_CASE(other_parameter),
	{ }
};

const struct unit_suite state_refuse_suite = { "state_refuse", cases };
