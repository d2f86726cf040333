// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core's part of a device's state: what goes along, what stays, and that it
 * does not matter what the VMM does before or after.
 */
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "gadget.h"
#include "migrate.h"
#include "suites.h"
#include "toy.h"
#include "unit.h"

#define USER		EVENTFD(0)
#define OTHER		EVENTFD(1)
#define MSIX_TABLE	0x1000
#define MSIX_PBA	0x8000
#define ALL_COMMANDS	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | \
			 PCI_COMMAND_MASTER)

/* A device that takes in the state of another, which is stopped. */
static void load(struct front *to, struct front *from)
{
	char reason[VMIG_REASON_SIZE] = "";
	struct stream stream = front_save(from);

	vdev_stop(to->vdev);
	if (front_load(to, &stream, reason))
		unit_fail(__FILE__, __LINE__, "refused: %s", reason);
	free(stream.data);
}

static void close_both(struct front *front, struct front *twin)
{
	front_close(front);
	front_close(twin);
}

/* Configuration space */

static const char * const types[] = {
	"gadget-full", "gadget-huge", "gadget-old", "toy-six", "toy-bare",
	"plain-1", "mtty-1", "mtty-2", "vdev_test-pcie", "vdev_test-large",
	"vdev_test-pci",
};

/* Whatever software can write, it writes: the pattern depends on @seed. */
static void fill_config(struct front *front, u32 seed)
{
	u32 size = vdev_region_size(front->vdev, VDEV_REGION_CONFIG);
	u32 offset;

	for (offset = 0; offset < size; offset += 4)
		if (offset < 0x44 || offset > 0x47)
			config_write(front, offset, 4,
				     (offset + seed) * 2654435761U &
				     /* no FLR */ ~(1U << 15));
}

static void expect_same_config(struct front *got, struct front *want)
{
	u32 size = vdev_region_size(want->vdev, VDEV_REGION_CONFIG);
	u32 offset;

	for (offset = 0; offset < size; offset++) {
		unit_context("offset 0x%x of %s", offset,
			     want->vdev->model->name);
		EXPECT_EQ(config_read(got, offset, 1),
			  config_read(want, offset, 1));
	}
}

static void config_goes_along(void)
{
	struct front *front, *twin;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		front = front_open(types[i]);
		twin = front_twin(front);
		fill_config(front, i);
		/* what a VMM wrote before is overridden */
		fill_config(twin, i + 7);
		vdev_stop(front->vdev);
		load(twin, front);
		expect_same_config(twin, front);
		load(twin, front);
		vdev_run(twin->vdev);
		expect_same_config(twin, front);
		close_both(front, twin);
	}
}

/* As QEMU does it: BARs are zero, COMMAND is what the guest had. */
static void config_written_after(void)
{
	struct front *front = gadget_open();
	struct front *twin = front_twin(front);
	u16 command;

	EXPECT_EQ(irq_bind(twin, VDEV_IRQ_INTX, USER), 0);
	command_set(front, ALL_COMMANDS);
	model_irq(front, true);
	command = config_read(front, PCI_COMMAND, 2);
	vdev_stop(front->vdev);
	load(twin, front);
	config_write(twin, PCI_BASE_ADDRESS_0, 4, 0);
	config_write(twin, PCI_COMMAND, 2, command);
	EXPECT_EQ(front_signals(twin, USER), 0);
	EXPECT_EQ(twin->kicks, 0);
	vdev_run(twin->vdev);
	EXPECT_EQ(front_signals(twin, USER), 1);
	EXPECT_EQ(front_read(twin, 2, 0x20, 4), front_read(front, 2, 0x20, 4));
	close_both(front, twin);
}

static void power_state_goes_along(void)
{
	struct front *front = gadget_open();
	struct front *twin = front_twin(front);

	command_set(twin, ALL_COMMANDS);
	EXPECT(twin->memory.decoding);
	power_state(front, 3);
	vdev_stop(front->vdev);
	load(twin, front);
	EXPECT_EQ(config_read(twin, 0x44, 2) & 3, 3);
	EXPECT_EQ(front_read(twin, 2, 0x20, 4), 0xffffffff);
	EXPECT(!twin->memory.decoding);
	power_state(twin, 0);
	EXPECT(twin->memory.decoding);
	EXPECT(front_read(twin, 2, 0x20, 4) != 0xffffffff);
	close_both(front, twin);
}

/* Timers */

static void timers_keep_their_time(void)
{
	struct front *front = front_open("toy-bare");
	struct front *twin;

	toy_timer_set(front, 0, 500);
	toy_timer_set(front, 1, 300);
	/* due, but not called yet */
	toy_timer_set(front, 3, 100);
	front->now += 100;
	twin = front_twin(front);
	twin->now += 123456789;
	toy_timer_set(twin, 2, 1);
	vdev_stop(front->vdev);
	load(twin, front);
	front_advance(twin, 1000000);
	EXPECT_EQ(toy_of(twin)->nr_shots, 0);

	vdev_run(twin->vdev);
	front_advance(twin, 199);
	EXPECT_EQ(toy_of(twin)->nr_shots, 1);
	EXPECT_EQ(toy_of(twin)->shots[0].timer, 3);
	front_advance(twin, 1);
	EXPECT_EQ(toy_of(twin)->nr_shots, 2);
	EXPECT_EQ(toy_of(twin)->shots[1].timer, 1);
	front_advance(twin, 199);
	EXPECT_EQ(toy_of(twin)->nr_shots, 2);
	front_advance(twin, 1);
	EXPECT_EQ(toy_of(twin)->nr_shots, 3);
	EXPECT_EQ(toy_of(twin)->shots[2].timer, 0);
	front_advance(twin, 1000000);
	EXPECT_EQ(toy_of(twin)->nr_shots, 3);
	close_both(front, twin);
}

/* Jobs */

static void nothing(struct vdev *vdev, unsigned int nr)
{
}

static void jobs_keep_their_turns(void)
{
	struct front *front = gadget_open();
	struct front *twin = front_twin(front);

	gadget_of(twin)->on_job = nothing;
	gadget_queue(front, 2);
	gadget_queue(front, 0);
	gadget_queue(twin, 1);
	twin->kicks = 0;
	vdev_quiesce(front->vdev);
	vdev_stop(front->vdev);
	vdev_quiesce(twin->vdev);
	load(twin, front);
	vdev_run_jobs(twin->vdev);
	EXPECT_EQ(twin->kicks, 0);
	EXPECT_EQ(gadget_of(twin)->nr_runs, 0);
	vdev_run(twin->vdev);
	EXPECT_EQ(twin->kicks, 0);
	vdev_unquiesce(twin->vdev);
	EXPECT(front_run_jobs(twin));
	EXPECT_EQ(gadget_of(twin)->nr_runs, 2);
	EXPECT_EQ(gadget_of(twin)->runs[0], 2);
	EXPECT_EQ(gadget_of(twin)->runs[1], 0);
	close_both(front, twin);
}

/* Interrupts: with eventfds bound before the state is loaded, and after */

static void bind(struct front *front, unsigned int index)
{
	const s32 fds[] = { USER, OTHER };

	if (index == VDEV_IRQ_INTX)
		EXPECT_EQ(irq_bind(front, index, USER), 0);
	else
		EXPECT_EQ(irq_bind_block(front, index, 0, 2, fds), 0);
}

/*
 * @front goes on as a twin, with interrupts of @index bound before or after the
 * state is there, and by way of INTx if @detour.
 */
static struct front *move(struct front *front, unsigned int index, bool before,
			  bool detour)
{
	struct front *twin = front_twin(front);

	if (before)
		bind(twin, index);
	else if (detour)
		bind(twin, VDEV_IRQ_INTX);
	vdev_stop(front->vdev);
	load(twin, front);
	if (!before && detour)
		EXPECT_EQ(irq_disable(twin, VDEV_IRQ_INTX), 0);
	if (!before)
		bind(twin, index);
	EXPECT_EQ(front_signals(twin, USER), 0);
	EXPECT_EQ(front_signals(twin, OTHER), 0);
	front_close(front);
	vdev_run(twin->vdev);
	return twin;
}

static void level_goes_along(void)
{
	unsigned int before;
	struct front *front;

	for (before = 0; before < 2; before++) {
		front = gadget_open();
		bind(front, VDEV_IRQ_INTX);
		model_irq(front, true);
		EXPECT_EQ(front_signals(front, USER), 1);
		front = move(front, VDEV_IRQ_INTX, before, false);
		EXPECT_EQ(front_signals(front, USER), 1);
		EXPECT(config_read(front, PCI_STATUS, 2) &
		       PCI_STATUS_INTERRUPT);
		model_irq(front, false);
		EXPECT_EQ(intx_unmask(front), 0);
		EXPECT_EQ(front_signals(front, USER), 0);
		front = move(front, VDEV_IRQ_INTX, before, false);
		EXPECT_EQ(front_signals(front, USER), 0);
		EXPECT(!(config_read(front, PCI_STATUS, 2) &
			 PCI_STATUS_INTERRUPT));
		front_close(front);
	}
}

static void intx_disable_goes_along(void)
{
	struct front *front = gadget_open();

	bind(front, VDEV_IRQ_INTX);
	command_set(front, PCI_COMMAND_INTX_DISABLE);
	model_irq(front, true);
	front = move(front, VDEV_IRQ_INTX, true, false);
	EXPECT_EQ(front_signals(front, USER), 0);
	command_clear(front, PCI_COMMAND_INTX_DISABLE);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

/* A message that was sent is not sent again, and the next rise sends one. */
static void sent_message(unsigned int index, bool before, bool detour)
{
	struct front *front = gadget_open();

	bind(front, index);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	front = move(front, index, before, detour);
	EXPECT_EQ(front_signals(front, USER), 0);
	model_irq(front, false);
	model_irq(front, true);
	EXPECT_EQ(front_signals(front, USER), 1);
	front_close(front);
}

/* One that could not be sent is, once it can, if the condition still holds. */
static void owed_message(unsigned int index, bool before, bool detour)
{
	struct front *front = gadget_open();

	bind(front, index);
	command_clear(front, PCI_COMMAND_MASTER);
	model_irq(front, true);
	front = move(front, index, before, detour);
	EXPECT_EQ(front_signals(front, USER), 0);
	command_set(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(front_signals(front, USER), 1);

	model_irq(front, false);
	command_clear(front, PCI_COMMAND_MASTER);
	model_irq(front, true);
	front = move(front, index, before, detour);
	model_irq(front, false);
	command_set(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(front_signals(front, USER), 0);
	front_close(front);
}

/* Pending for a vector of its own, until it is bound and may be sent. */
static void pending_message(unsigned int index, bool before, bool detour)
{
	struct front *front = gadget_open();

	bind(front, index);
	command_clear(front, PCI_COMMAND_MASTER);
	EXPECT(model_msi(front, 1));
	front = move(front, index, before, detour);
	EXPECT_EQ(front_signals(front, OTHER), 0);
	command_set(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(front_signals(front, OTHER), 1);
	EXPECT_EQ(front_signals(front, USER), 0);
	front = move(front, index, before, detour);
	EXPECT_EQ(front_signals(front, OTHER), 0);
	front_close(front);
}

static void messages_go_along(void)
{
	static const unsigned int kinds[] = { VDEV_IRQ_MSI, VDEV_IRQ_MSIX };
	unsigned int kind, way;

	for (kind = 0; kind < 2; kind++)
		for (way = 0; way < 3; way++) {
			unit_context("kind %u, way %u", kind, way);
			sent_message(kinds[kind], !way, way == 2);
			owed_message(kinds[kind], !way, way == 2);
			pending_message(kinds[kind], !way, way == 2);
		}
}

/* What the destination had before is nobody's any more. */
static void own_interrupts_are_forgotten(void)
{
	struct front *front = gadget_open();
	struct front *twin = front_twin(front);

	bind(front, VDEV_IRQ_MSIX);
	bind(twin, VDEV_IRQ_MSIX);
	model_irq(twin, true);
	EXPECT(model_msi(twin, 1));
	EXPECT(model_msi(twin, 63));
	vdev_stop(front->vdev);
	load(twin, front);
	EXPECT_EQ(front_read(twin, 2, MSIX_PBA, 8), 0);
	EXPECT(!(config_read(twin, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT));
	vdev_run(twin->vdev);
	EXPECT_EQ(front_signals(twin, USER), 0);
	EXPECT_EQ(front_signals(twin, OTHER), 0);
	close_both(front, twin);
}

static void msix_goes_along(void)
{
	struct front *front = gadget_open();
	struct front *twin = front_twin(front);
	unsigned int offset;

	bind(front, VDEV_IRQ_MSIX);
	for (offset = 0; offset < 64 * 16; offset += 8)
		front_write(front, 2, MSIX_TABLE + offset, 8,
			    offset * 0x9e3779b97f4a7c15ULL);
	EXPECT(model_msi(front, 2));
	EXPECT(model_msi(front, 63));
	vdev_stop(front->vdev);
	load(twin, front);
	for (offset = 0; offset < 64 * 16; offset += 8)
		EXPECT_EQ(front_read(twin, 2, MSIX_TABLE + offset, 8),
			  front_read(front, 2, MSIX_TABLE + offset, 8));
	EXPECT_EQ(front_read(twin, 2, MSIX_PBA, 8), 1ULL << 63 | 4);
	vdev_run(twin->vdev);
	EXPECT_EQ(front_read(twin, 2, MSIX_PBA, 8), 1ULL << 63 | 4);
	close_both(front, twin);
}

/* What is bound, and masked, is the user's business on either side. */
static void the_user_stays(void)
{
	struct front *front = gadget_open();
	struct front *twin = front_twin(front);

	bind(front, VDEV_IRQ_INTX);
	EXPECT_EQ(intx_mask(front), 0);
	EXPECT_EQ(irq_bind(twin, VDEV_IRQ_ERR, OTHER), 0);
	model_irq(front, true);
	vdev_stop(front->vdev);
	load(twin, front);
	EXPECT_EQ(twin->triggers, 1);
	EXPECT_EQ(irq_bind(twin, VDEV_IRQ_INTX, USER), 0);
	vdev_run(twin->vdev);
	EXPECT_EQ(front_signals(twin, USER), 1);
	vdev_run(front->vdev);
	EXPECT_EQ(front_signals(front, USER), 0);
	close_both(front, twin);
}

/* Memory */

static void memory_goes_along(void)
{
	struct front *front = gadget_open();
	struct front *twin = front_twin(front);
	u8 byte;

	command_set(twin, PCI_COMMAND_MEMORY);
	front_write(front, 0, 0x1ff8, 8, 0x1122334455667788ULL);
	front_write(front, 0, 0x4000, 1, 0x99);
	front_write(front, 0, 0xf000, 4, 0);
	front_write(twin, 0, 0x1ff0, 8, 0xeeeeeeeeeeeeeeeeULL);
	front_write(twin, 0, 0x7000, 8, 0xeeeeeeeeeeeeeeeeULL);
	front_write(twin, 0, 0xf000, 8, 0xeeeeeeeeeeeeeeeeULL);
	vdev_stop(front->vdev);
	load(twin, front);
	EXPECT_EQ(front_read(twin, 0, 0x1ff8, 8), 0x1122334455667788ULL);
	EXPECT_EQ(front_read(twin, 0, 0x1ff0, 8), 0);
	EXPECT_EQ(front_read(twin, 0, 0x7000, 8), 0);
	EXPECT_EQ(front_read(twin, 0, 0xf000, 8), 0);
	EXPECT(mapped_load(twin, 0, 0x4000, &byte));
	EXPECT_EQ(byte, 0x99);
	close_both(front, twin);
}

/* The device loads, and after that somebody resets it. */
static void reset_forgets_it(void)
{
	struct front *front = gadget_open();
	struct front *twin = front_twin(front);
	struct stream fresh = front_snapshot(twin), after;

	bind(front, VDEV_IRQ_MSIX);
	gadget_queue(front, 1);
	model_irq(front, true);
	EXPECT(model_msi(front, 3));
	front_write(front, 0, 0x1000, 8, 1);
	front_write(front, 2, MSIX_TABLE, 8, 0x12345670);
	vdev_stop(front->vdev);
	load(twin, front);
	vdev_reset(twin->vdev);
	after = front_save(twin);
	expect_same_stream(&after, &fresh);
	free(after.data);
	free(fresh.data);
	close_both(front, twin);
}

static const struct unit_case cases[] = {
	UNIT_CASE(config_goes_along),
	UNIT_CASE(config_written_after),
	UNIT_CASE(power_state_goes_along),
	UNIT_CASE(timers_keep_their_time),
	UNIT_CASE(jobs_keep_their_turns),
	UNIT_CASE(level_goes_along),
	UNIT_CASE(intx_disable_goes_along),
	UNIT_CASE(messages_go_along),
	UNIT_CASE(own_interrupts_are_forgotten),
	UNIT_CASE(msix_goes_along),
	UNIT_CASE(the_user_stays),
	UNIT_CASE(memory_goes_along),
	UNIT_CASE(reset_forgets_it),
	{ }
};

const struct unit_suite state_suite = { "state", cases };
