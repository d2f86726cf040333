// SPDX-License-Identifier: GPL-2.0-only
/*
 * One mtty like the other: random traces of accesses give the same bytes, the
 * same errors and the same interrupts on the subject and on its twin, which
 * VFIO_TEST_TWIN names (forms in lib/locate.h). The twin of a mediated device is
 * a vfio-user server with the same model.
 *
 * Time passes for each of them by itself, so after each access both are given
 * enough of it for the longest time-out that the trace can set.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/mtty.h"
#include "lib/random.h"
#include "lib/subject.h"

#define PORTS		2
#define TRACES		8
#define STEPS		500

/* Four characters of 12 bits at 115200 baud, divisor 1, take 0.4 ms. */
#define SETTLE_US	2000

#define CONFIG		VFIO_PCI_CONFIG_REGION_INDEX
#define INTX		VFIO_PCI_INTX_IRQ_INDEX
#define MSI		VFIO_PCI_MSI_IRQ_INDEX

/* What one of the two answers. */
struct answer {
	ssize_t ret;
	__u8 data[8];
	__u64 signals;
};

struct side {
	struct vfio_dev *dev;
	int event;
};

/* An access, or a request; all of it is the same for both sides. */
struct step {
	enum { READ, WRITE, RESET, SET_IRQS, KINDS } kind;
	unsigned int region;
	__u64 offset;
	size_t count;
	__u8 data[8];
	__u32 flags;
	__u32 index;
	bool bind;
};

FIXTURE(trace)
{
	struct subject subject;
	struct vfio_dev twin;
	struct side sides[2];
	__u8 lcr[PORTS];
};

FIXTURE_SETUP(trace)
{
	const char *spec = getenv("VFIO_TEST_TWIN");
	struct vfio_location loc;
	unsigned int i;
	int ret;

	self->twin.sock = -1;
	if (!spec || !*spec)
		SKIP(return, "VFIO_TEST_TWIN names no device to compare with");
	ret = subject_open(&self->subject, SUBJECT_PORTS_2);
	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, vfio_locate(&loc, spec));
	ASSERT_EQ(0, dev_open(&self->twin, &loc, DEV_PATH_DEFAULT));
	ASSERT_EQ(PORTS, mtty_probe(&self->twin));
	self->sides[0].dev = &self->subject.dev;
	self->sides[1].dev = &self->twin;
	for (i = 0; i < 2; i++)
		self->sides[i].event = event_new();
	random_seed();
}

FIXTURE_TEARDOWN(trace)
{
	unsigned int i;

	subject_close(&self->subject);
	dev_close(&self->twin);
	for (i = 0; i < 2; i++)
		close(self->sides[i].event);
}

static void do_step(const struct side *side, const struct step *step,
		    struct answer *answer)
{
	struct vfio_dev *dev = side->dev;

	memset(answer, 0, sizeof(*answer));
	switch (step->kind) {
	case READ:
		answer->ret = dev_read(dev, step->region, answer->data,
				       step->count, step->offset);
		break;
	case WRITE:
		answer->ret = dev_write(dev, step->region, step->data,
					step->count, step->offset);
		break;
	case RESET:
		answer->ret = dev_reset(dev);
		break;
	default:
		if (step->flags & VFIO_IRQ_SET_DATA_EVENTFD)
			answer->ret = irq_eventfd(dev, step->index, step->flags &
						  VFIO_IRQ_SET_ACTION_TYPE_MASK,
						  step->bind ? side->event : -1);
		else
			answer->ret = irq_set_raw(dev, step->flags, step->index,
						  0, step->bind, NULL, 0);
	}
}

/* Divisors other than 1 would make time-outs of seconds. */
static void keep_divisor(struct step *step, __u8 lcr)
{
	unsigned int at;

	for (at = 0; at < step->count; at++)
		if (step->offset + at < 2 && (lcr & UART_LCR_DLAB))
			step->data[at] = step->offset + at == UART_DLL;
}

/* A write that sets LCR and the divisor at once is not made. */
static void port_step(struct step *step, __u8 *lcr)
{
	unsigned int port = random_below(PORTS);

	step->region = VFIO_PCI_BAR0_REGION_INDEX + port;
	step->offset = random_below(10);
	step->count = step->kind == READ ? 1 + random_below(8) : 1;
	if (step->kind == READ)
		return;
	if (step->offset >= UART_MCR && !random_below(4))
		step->count = 1 + random_below(4);
	keep_divisor(step, lcr[port]);
	if (step->offset == UART_LCR)
		lcr[port] = step->data[0];
}

static void config_step(struct step *step)
{
	step->region = CONFIG;
	step->offset = random_below(260);
	step->count = 1 + random_below(8);
	/* where most happens */
	if (random_below(2))
		step->offset = PCI_COMMAND;
}

static void irq_step(struct step *step)
{
	static const __u32 actions[] = {
		VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_ACTION_TRIGGER,
		VFIO_IRQ_SET_ACTION_MASK, VFIO_IRQ_SET_ACTION_UNMASK,
	};
	__u32 action = actions[random_below(4)];

	step->index = random_below(2) ? INTX : MSI;
	step->bind = random_below(4);
	step->flags = action | VFIO_IRQ_SET_DATA_NONE;
	/* an unmask eventfd would be the trigger, too */
	if (action == VFIO_IRQ_SET_ACTION_TRIGGER && random_below(4))
		step->flags = action | VFIO_IRQ_SET_DATA_EVENTFD;
}

static void next_step(struct step *step, __u8 *lcr)
{
	unsigned int i, choice = random_below(100);

	memset(step, 0, sizeof(*step));
	for (i = 0; i < sizeof(step->data); i++)
		step->data[i] = random_register_value();
	step->kind = choice & 1 ? READ : WRITE;
	if (choice == 99) {
		step->kind = RESET;
		memset(lcr, 0, PORTS);
	} else if (choice >= 90) {
		step->kind = SET_IRQS;
		irq_step(step);
	} else if (choice >= 75) {
		config_step(step);
	} else {
		port_step(step, lcr);
	}
}

static bool both_answer_alike(struct side *sides, const struct step *step,
			      struct answer *answers)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		do_step(&sides[i], step, &answers[i]);
	usleep(SETTLE_US);
	for (i = 0; i < 2; i++)
		answers[i].signals = event_take(sides[i].event);
	return !memcmp(&answers[0], &answers[1], sizeof(answers[0]));
}

static void show(const struct step *step, const struct answer *answers)
{
	unsigned int i;

	fprintf(stderr, "# kind %d region %u offset 0x%llx count %zu data %02x%02x%02x%02x\n",
		step->kind, step->region, step->offset, step->count,
		step->data[0], step->data[1], step->data[2], step->data[3]);
	fprintf(stderr, "# flags 0x%x index %u bind %d\n", step->flags,
		step->index, step->bind);
	for (i = 0; i < 2; i++)
		fprintf(stderr, "# %s: %zd, %llu signals, data 0x%016llx\n",
			i ? "twin" : "subject", answers[i].ret,
			answers[i].signals, *(__u64 *)answers[i].data);
}

/* The state that a trace begins with, whatever one before has left. */
static void begin(struct side *sides, __u8 *lcr)
{
	unsigned int i, port;

	memset(lcr, 0, PORTS);
	for (i = 0; i < 2; i++) {
		irq_disable(sides[i].dev, INTX);
		irq_disable(sides[i].dev, MSI);
		dev_reset(sides[i].dev);
		mtty_decode(sides[i].dev);
		for (port = 0; port < PORTS; port++)
			uart_set_divisor(sides[i].dev, port, 1);
		irq_bind(sides[i].dev, INTX, sides[i].event);
		event_take(sides[i].event);
	}
}

TEST_F_TIMEOUT(trace, same_answers, 300)
{
	struct answer answers[2];
	unsigned int trace, nr;
	struct step step;

	for (trace = 0; trace < TRACES; trace++) {
		begin(self->sides, self->lcr);
		for (nr = 0; nr < STEPS; nr++) {
			next_step(&step, self->lcr);
			ASSERT_TRUE(both_answer_alike(self->sides, &step,
						      answers)) {
				TH_LOG("trace %u, step %u", trace, nr);
				show(&step, answers);
			}
			/* back to where something happens, and at a known speed */
			if (step.kind == RESET || !random_below(20))
				begin(self->sides, self->lcr);
		}
	}
}

/* All of configuration space, and all registers, at power-on. */
TEST_F(trace, same_at_first)
{
	struct answer answers[2];
	struct step step = { .kind = READ, .region = CONFIG, .count = 4 };

	for (; step.offset < 256; step.offset += 4)
		EXPECT_TRUE(both_answer_alike(self->sides, &step, answers)) {
			show(&step, answers);
		}
	mtty_decode(self->sides[0].dev);
	mtty_decode(self->sides[1].dev);
	step.count = 1;
	for (step.region = 0; step.region < PORTS; step.region++)
		for (step.offset = 0; step.offset < 8; step.offset++)
			EXPECT_TRUE(both_answer_alike(self->sides, &step,
						      answers)) {
				show(&step, answers);
			}
}

TEST_HARNESS_MAIN
