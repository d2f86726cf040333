// SPDX-License-Identifier: GPL-2.0-only
/* Traces: what they have in common, whatever the model. */
#include "trace.h"

#include <stdlib.h>
#include <string.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "lib/must.h"

#define CONFIG VFIO_PCI_CONFIG_REGION_INDEX

const struct trace_model trace_models[] = {
	{
		.name = "mtty-1",
		.config_size = 256,
		.pm = 0x40,
		.command = PCI_COMMAND_IO,
		.vectors = 1,
		.settle = trace_mtty_settle,
		.raise = trace_mtty_raise,
		.some = trace_mtty,
	}, {
		.name = "mtty-2",
		.config_size = 256,
		.pm = 0x40,
		.command = PCI_COMMAND_IO,
		.vectors = 1,
		.settle = trace_mtty_settle,
		.raise = trace_mtty_raise,
		.some = trace_mtty,
	}, {
		.name = "vdev_test-pcie",
		.config_size = 4096,
		.pm = 0x40,
		.command = PCI_COMMAND_MEMORY,
		.vectors = 8,
		.memory = true,
		.raise = trace_vdev_test_raise,
		.some = trace_vdev_test,
	}, {
		.name = "vdev_test-pci",
		.config_size = 256,
		.pm = 0x40,
		.command = PCI_COMMAND_MEMORY | PCI_COMMAND_IO,
		.vectors = 1,
		.memory = true,
		.raise = trace_vdev_test_raise,
		.some = trace_vdev_test,
	}, { }
};

const struct trace_model *trace_find_model(const char *name)
{
	const struct trace_model *model;

	for (model = trace_models; model->name; model++)
		if (!strcmp(model->name, name))
			return model;
	return NULL;
}

/* splitmix64 */
__u32 trace_random(struct trace *trace)
{
	__u64 z = trace->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) >> 16;
}

__u32 trace_below(struct trace *trace, __u32 end)
{
	return trace_random(trace) % end;
}

__u32 trace_value(struct trace *trace)
{
	switch (trace_below(trace, 8)) {
	case 0:
		return 0;
	case 1:
		return ~0U;
	case 2:
		return 1U << trace_below(trace, 32);
	case 3:
		return ~(1U << trace_below(trace, 32));
	default:
		return trace_random(trace);
	}
}

struct step *trace_add(struct trace *trace, enum step_kind kind, __u64 offset)
{
	struct step *step;

	if (trace->nr == trace->room) {
		trace->room = trace->room ? 2 * trace->room : 64;
		trace->steps = realloc(trace->steps,
				       trace->room * sizeof(*trace->steps));
		must(trace->steps, "realloc");
	}
	step = &trace->steps[trace->nr++];
	memset(step, 0, sizeof(*step));
	step->kind = kind;
	step->offset = offset;
	return step;
}

void trace_read(struct trace *trace, unsigned int region, __u64 offset,
		unsigned int len)
{
	struct step *step = trace_add(trace, STEP_READ, offset);

	step->region = region;
	step->len = len;
}

struct step *trace_write(struct trace *trace, unsigned int region,
			 __u64 offset, unsigned int len, __u64 value)
{
	struct step *step = trace_add(trace, STEP_WRITE, offset);
	unsigned int i;

	step->region = region;
	step->len = len;
	for (i = 0; i < len; i++)
		step->data[i] = value >> 8 * (i % 8);
	return step;
}

void trace_enable(struct trace *trace, bool master)
{
	__u16 command = trace->model->command;

	if (master)
		command |= PCI_COMMAND_MASTER;
	trace_write(trace, CONFIG, trace->model->pm + PCI_PM_CTRL, 2, 0);
	trace_write(trace, CONFIG, PCI_COMMAND, 2, command);
}

/* Mostly as large as registers are, and where registers are. */
static void access_config(struct trace *trace)
{
	static const unsigned int places[] = {
		PCI_COMMAND, PCI_STATUS, PCI_BASE_ADDRESS_0,
		PCI_BASE_ADDRESS_2, PCI_ROM_ADDRESS, PCI_INTERRUPT_LINE,
	};
	static const unsigned int sizes[] = { 1, 2, 4, 4, 2, 3, 7, 16, 64 };
	unsigned int size = sizes[trace_below(trace, ARRAY_SIZE(sizes))];
	unsigned int end = trace->model->config_size;
	unsigned int where = trace_below(trace, end + 4);

	if (trace_below(trace, 3) == 0)
		where = places[trace_below(trace, ARRAY_SIZE(places))];
	else if (trace_below(trace, 2))
		where &= 0xfc;
	if (trace_below(trace, 2))
		trace_write(trace, CONFIG, where, size, trace_value(trace) |
			    (__u64)trace_value(trace) << 32);
	else
		trace_read(trace, CONFIG, where, size);
}

/* All of the descriptors, or none: the protocol cannot say anything else. */
static void choose_events(struct trace *trace, struct step *step)
{
	bool none = trace_below(trace, 4) == 0;
	unsigned int first = 0, nr = TRACE_UNMASK;
	unsigned int i;

	if (step->flags & VFIO_IRQ_SET_ACTION_UNMASK) {
		first = TRACE_UNMASK;
		nr = TRACE_EVENTS - TRACE_UNMASK;
	}
	for (i = 0; i < step->count; i++)
		step->data[i] = none ? TRACE_NO_EVENT :
				       first + trace_below(trace, nr);
}

static void set_irqs(struct trace *trace)
{
	static const __u32 types[] = {
		VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_DATA_EVENTFD,
		VFIO_IRQ_SET_DATA_NONE, VFIO_IRQ_SET_DATA_BOOL,
	};
	static const __u32 actions[] = {
		VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_ACTION_TRIGGER,
		VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_ACTION_UNMASK,
		VFIO_IRQ_SET_ACTION_UNMASK, VFIO_IRQ_SET_ACTION_MASK,
	};
	struct step *step = trace_add(trace, STEP_SET_IRQS, 0);
	unsigned int i;

	step->flags = types[trace_below(trace, ARRAY_SIZE(types))] |
		      actions[trace_below(trace, ARRAY_SIZE(actions))];
	step->index = trace_below(trace, 16) ?
		      trace_below(trace, VFIO_PCI_NUM_IRQS) :
		      trace_random(trace);
	if (trace_below(trace, 3) == 0)
		step->index = VFIO_PCI_INTX_IRQ_INDEX;
	step->count = trace_below(trace, 4) ? 1 : trace_below(trace, 8);
	if (trace_below(trace, 4) == 0)
		step->start = trace_below(trace, 8);
	if (step->flags & VFIO_IRQ_SET_DATA_EVENTFD)
		choose_events(trace, step);
	else
		for (i = 0; i < step->count; i++)
			step->data[i] = trace_below(trace, 2);
}

static void interrupts_off(struct trace *trace)
{
	struct step *step;
	unsigned int i;

	for (i = 0; i <= VFIO_PCI_MSIX_IRQ_INDEX; i++) {
		step = trace_add(trace, STEP_SET_IRQS, 0);
		step->flags = VFIO_IRQ_SET_DATA_NONE |
			      VFIO_IRQ_SET_ACTION_TRIGGER;
		step->index = i;
	}
}

/* As a driver does it: whatever was before is off, and then there is a mode. */
static void use_interrupts(struct trace *trace)
{
	unsigned int index = trace_below(trace, VFIO_PCI_MSIX_IRQ_INDEX + 1);
	struct step *step;
	unsigned int i;

	interrupts_off(trace);
	step = trace_add(trace, STEP_SET_IRQS, 0);
	step->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	step->index = index;
	step->count = index == VFIO_PCI_INTX_IRQ_INDEX ? 1 :
		      1 + trace_below(trace, trace->model->vectors);
	for (i = 0; i < step->count; i++)
		step->data[i] = trace_below(trace, TRACE_UNMASK);
	trace_enable(trace, true);
}

/* What unmasks by an eventfd does so a little later. */
static void unmask(struct trace *trace, unsigned int event)
{
	trace_add(trace, STEP_SEND, event);
	trace_add(trace, STEP_SETTLE, 3);
}

static void bind_one(struct trace *trace, unsigned int index, __u32 action,
		     unsigned int event)
{
	struct step *step = trace_add(trace, STEP_SET_IRQS, 0);

	step->flags = VFIO_IRQ_SET_DATA_EVENTFD | action;
	step->index = index;
	step->count = 1;
	step->data[0] = event;
}

/* A level that comes again when it is unmasked: by an eventfd, or not. */
static void use_level(struct trace *trace)
{
	unsigned int event = TRACE_UNMASK +
			     trace_below(trace, TRACE_EVENTS - TRACE_UNMASK);

	interrupts_off(trace);
	trace_enable(trace, trace_below(trace, 2));
	bind_one(trace, VFIO_PCI_INTX_IRQ_INDEX, VFIO_IRQ_SET_ACTION_TRIGGER,
		 trace_below(trace, TRACE_UNMASK));
	bind_one(trace, VFIO_PCI_INTX_IRQ_INDEX, VFIO_IRQ_SET_ACTION_UNMASK,
		 event);
	trace->model->raise(trace);
	unmask(trace, event);
	if (trace_below(trace, 2))
		trace->model->some(trace);
	unmask(trace, event);
}

static void power_on(struct trace *trace, enum step_kind how)
{
	trace_add(trace, how, 0);
	if (trace->model->settle)
		trace->model->settle(trace);
}

static void some_steps(struct trace *trace)
{
	switch (trace_below(trace, 64)) {
	case 0:
		power_on(trace, STEP_RESET);
		break;
	case 1:
		if (trace_below(trace, 4) == 0)
			power_on(trace, STEP_REOPEN);
		break;
	case 2:
		unmask(trace, TRACE_UNMASK +
		       trace_below(trace, TRACE_EVENTS - TRACE_UNMASK));
		break;
	case 3:
		use_level(trace);
		break;
	case 4 ... 9:
		access_config(trace);
		break;
	case 10 ... 13:
		trace_enable(trace, trace_below(trace, 4));
		break;
	case 14 ... 17:
		use_interrupts(trace);
		break;
	case 18 ... 23:
		set_irqs(trace);
		break;
	default:
		trace->model->some(trace);
	}
}

void trace_make(struct trace *trace, const struct trace_model *model,
		__u64 seed, unsigned int steps)
{
	memset(trace, 0, sizeof(*trace));
	trace->model = model;
	trace->random = seed;
	/* one after the other, seeds would begin alike */
	trace->random = (__u64)trace_random(trace) << 32 | seed;
	power_on(trace, STEP_RESET);
	while (trace->nr < steps)
		some_steps(trace);
}

void trace_free(struct trace *trace)
{
	free(trace->steps);
	memset(trace, 0, sizeof(*trace));
}
