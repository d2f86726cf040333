// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts that are raised while VFIO_DEVICE_SET_IRQS binds, unbinds, masks
 * and switches: by registers, by a timer and by DMA, to 64 and to 2048 vectors.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/crew.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/must.h"
#include "lib/random.h"
#include "lib/testdev.h"

#define INTX		VFIO_PCI_INTX_IRQ_INDEX
#define MSI		VFIO_PCI_MSI_IRQ_INDEX
#define MSIX		VFIO_PCI_MSIX_IRQ_INDEX
#define TRIGGER		VFIO_IRQ_SET_ACTION_TRIGGER
#define UNMASK		VFIO_IRQ_SET_ACTION_UNMASK

#define RACE_MS		800
#define MSI_VECTORS	32
#define MAX_VECTORS	2048
#define OWNERS		3
#define IOVA		0x100000
#define LENGTH		0x3000

/* Vectors that are not an owner's. */
#define RISE_VECTOR	0
#define DONE_VECTOR	2
#define FIRST_OWNED	3

struct race;

struct owner {
	struct race *race;
	unsigned int first;
	unsigned int count;
	int fd[2];
};

struct race {
	struct testdev testdev;
	struct vfio_dev *dev;
	unsigned int pm;
	unsigned int vectors;
	void *memory;
	struct crew crew;
	struct owner owner[OWNERS];
	int rise;		/* eventfds of the vectors that nobody owns */
	int timeout;
	int done;
	int unmask;
	__u64 timeouts;		/* signals of it so far */
	bool wanted;		/* the level is to be seen */
};

FIXTURE(irq_race)
{
	struct race race;
};

FIXTURE_VARIANT(irq_race)
{
	enum testdev_model model;
	unsigned int vectors;
};

FIXTURE_VARIANT_ADD(irq_race, pcie)
{
	.model = TESTDEV_PCIE,
	.vectors = 64,
};

FIXTURE_VARIANT_ADD(irq_race, large)
{
	.model = TESTDEV_LARGE,
	.vectors = MAX_VECTORS,
};

/* Binds @count vectors to one and the same @fd. */
static int bind_range(struct vfio_dev *dev, unsigned int index,
		      unsigned int start, unsigned int count, int fd)
{
	struct vfio_irq_set *set;
	size_t size = sizeof(*set) + count * sizeof(__s32);
	unsigned int i;
	int ret;

	set = calloc(1, size);
	must(set, "calloc");
	set->argsz = size;
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | TRIGGER;
	set->index = index;
	set->start = start;
	set->count = count;
	for (i = 0; i < count; i++)
		memcpy(set->data + i * sizeof(__s32), &fd, sizeof(__s32));
	ret = dev_set_irqs(dev, set);
	free(set);
	return ret;
}

static void enable(struct race *race)
{
	config_write16(race->dev, race->pm + PCI_PM_CTRL, 0);
	testdev_enable(race->dev);
}

static void raise_vector(struct race *race, unsigned int vector)
{
	testdev_out(race->dev, TESTDEV_RAISE, vector);
}

static void set_level(struct race *race, bool level)
{
	testdev_out(race->dev, TESTDEV_RAISE, TESTDEV_RAISE_LEVEL | level);
}

static void share_vectors(struct race *race)
{
	unsigned int each = (race->vectors - FIRST_OWNED) / OWNERS;
	unsigned int i;

	for (i = 0; i < OWNERS; i++) {
		race->owner[i].race = race;
		race->owner[i].first = FIRST_OWNED + i * each;
		race->owner[i].count = each;
		race->owner[i].fd[0] = event_new();
		race->owner[i].fd[1] = event_new();
	}
}

FIXTURE_SETUP(irq_race)
{
	struct race *race = &self->race;
	int ret;

	ret = testdev_open(&race->testdev, variant->model, DEV_PATH_DEFAULT);
	if (ret == -ENODEV)
		SKIP(return, "%s", race->testdev.why);
	ASSERT_EQ(0, ret);
	race->dev = &race->testdev.dev;
	race->vectors = variant->vectors;
	race->pm = config_find_cap(race->dev, PCI_CAP_ID_PM);
	ASSERT_NE(0, race->pm);
	race->memory = dev_dma_alloc(race->dev, IOVA, LENGTH,
				     VFIO_DMA_MAP_FLAG_READ |
				     VFIO_DMA_MAP_FLAG_WRITE);
	ASSERT_NE(NULL, race->memory);
	race->rise = event_new();
	race->timeout = event_new();
	race->done = event_new();
	race->unmask = event_new();
	share_vectors(race);
	enable(race);
	/* asked once, before there are threads that would do it at once */
	dev_region(race->dev, 0);
	dev_region(race->dev, VFIO_PCI_CONFIG_REGION_INDEX);
	random_seed();
}

FIXTURE_TEARDOWN(irq_race)
{
	struct race *race = &self->race;
	unsigned int i;

	dev_dma_free(race->dev, IOVA, LENGTH, race->memory);
	testdev_close(&race->testdev);
	for (i = 0; i < OWNERS; i++) {
		close(race->owner[i].fd[0]);
		close(race->owner[i].fd[1]);
	}
	close(race->rise);
	close(race->timeout);
	close(race->done);
	close(race->unmask);
}

/* Counting, exactly, while others bind and unbind vectors beside */

static void expect_ok(struct crew *crew, const char *what, int ret)
{
	if (ret)
		crew_complain(crew, "%s: %d", what, ret);
}

static void expect_signals(struct crew *crew, const char *what, int fd,
			   __u64 want)
{
	__u64 got = event_take(fd);

	if (got != want)
		crew_complain(crew, "%s: %llu signals and not %llu", what, got,
			      want);
}

/* What is raised is counted; what is raised unbound is sent when bound. */
static void own_vector(struct crew *crew, void *arg)
{
	struct owner *owner = arg;
	struct vfio_dev *dev = owner->race->dev;
	unsigned int vector = owner->first + random_below(owner->count);
	unsigned int i, times = 1 + random_below(3);

	expect_ok(crew, "bind", bind_range(dev, MSIX, vector, 1, owner->fd[0]));
	for (i = 0; i < times; i++)
		raise_vector(owner->race, vector);
	expect_signals(crew, "a vector", owner->fd[0], times);

	expect_ok(crew, "unbind", bind_range(dev, MSIX, vector, 1, -1));
	raise_vector(owner->race, vector);
	sched_yield();
	expect_signals(crew, "a vector that is not bound", owner->fd[0], 0);

	expect_ok(crew, "bind", bind_range(dev, MSIX, vector, 1, owner->fd[0]));
	expect_signals(crew, "a pending vector", owner->fd[0], 1);
	expect_ok(crew, "rebind",
		  bind_range(dev, MSIX, vector, 1, owner->fd[1]));
	raise_vector(owner->race, vector);
	expect_signals(crew, "the old eventfd", owner->fd[0], 0);
	expect_signals(crew, "the new eventfd", owner->fd[1], 1);
	expect_ok(crew, "unbind", bind_range(dev, MSIX, vector, 1, -1));
}

static void own_range(struct crew *crew, void *arg)
{
	struct owner *owner = arg;
	struct vfio_dev *dev = owner->race->dev;
	unsigned int count = 1 + random_below(owner->count);
	unsigned int start = owner->first +
			     random_below(owner->count - count + 1);
	unsigned int i, times = 1 + random_below(8);

	expect_ok(crew, "bind many",
		  bind_range(dev, MSIX, start, count, owner->fd[0]));
	for (i = 0; i < times; i++)
		raise_vector(owner->race, start + random_below(count));
	expect_signals(crew, "many vectors", owner->fd[0], times);
	expect_ok(crew, "unbind many", bind_range(dev, MSIX, start, count, -1));
	own_vector(crew, owner);
}

/* An interrupt condition is a message each time that it begins to hold. */
static void rise_and_fall(struct crew *crew, void *arg)
{
	struct race *race = arg;

	set_level(race, true);
	set_level(race, true);
	set_level(race, false);
	expect_signals(crew, "a condition that came to hold", race->rise, 1);
}

/* A time set anew is forgotten: the device says how many were not. */
static void set_timer(struct crew *crew, void *arg)
{
	struct race *race = arg;

	(void)crew;
	testdev_out(race->dev, TESTDEV_TIMER, random_below(200000));
	if (random_below(2))
		usleep(random_below(300));
	race->timeouts += event_take(race->timeout);
}

static void move_data(struct crew *crew, void *arg)
{
	struct race *race = arg;
	unsigned int command = random_below(2) ? TESTDEV_READ : TESTDEV_WRITE;

	testdev_start(race->dev, command, IOVA, 1 + random_below(LENGTH),
		      DONE_VECTOR);
	if (event_wait(race->done) != 1)
		crew_complain(crew, "a transfer's end is not told");
	else if (testdev_in(race->dev, TESTDEV_RESULT))
		crew_complain(crew, "transfer: %u",
			      testdev_in(race->dev, TESTDEV_RESULT));
}

static void expect_content(struct __test_metadata *_metadata,
			   struct race *race)
{
	EXPECT_EQ(0, race->crew.complaints) {
		TH_LOG("%s", race->crew.first);
	}
	EXPECT_LT(20, race->crew.rounds);
	TH_LOG("%u rounds", race->crew.rounds);
}

/* Nothing is lost, doubled, or sent to whom it is not for. */
TEST_F_TIMEOUT(irq_race, vectors, 300)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;
	unsigned int i;

	ASSERT_EQ(0, bind_range(race->dev, MSIX, RISE_VECTOR, 1, race->rise));
	ASSERT_EQ(0, bind_range(race->dev, MSIX, TESTDEV_TIMER_VECTOR, 1,
				race->timeout));
	ASSERT_EQ(0, bind_range(race->dev, MSIX, DONE_VECTOR, 1, race->done));
	for (i = 0; i < OWNERS; i++)
		crew_add(crew, i ? own_vector : own_range, &race->owner[i]);
	crew_add(crew, rise_and_fall, race);
	crew_add(crew, set_timer, race);
	crew_add(crew, move_data, race);
	crew_run(crew, RACE_MS);
	expect_content(_metadata, race);

	/* the last of them, so that none is on its way any more */
	testdev_out(race->dev, TESTDEV_TIMER, 1);
	for (i = 0; i < 3000 && testdev_in(race->dev, TESTDEV_TIMEOUTS) !=
			       race->timeouts; i++) {
		usleep(1000);
		race->timeouts += event_take(race->timeout);
	}
	EXPECT_EQ(testdev_in(race->dev, TESTDEV_TIMEOUTS), race->timeouts);
	EXPECT_LT(0, race->timeouts);
	for (i = 0; i < OWNERS; i++) {
		EXPECT_EQ(0, event_stray(race->owner[i].fd[0]));
		EXPECT_EQ(0, event_stray(race->owner[i].fd[1]));
	}
}

/* A level that is never missed, whatever is done around it */

/* Waits for the level, takes its cause away, and is ready for the next. */
static void serve_level(struct crew *crew, void *arg)
{
	struct race *race = arg;
	struct pollfd fds[2] = {
		{ .fd = race->owner[0].fd[0], .events = POLLIN },
		{ .fd = race->owner[0].fd[1], .events = POLLIN },
	};

	if (!__atomic_load_n(&race->wanted, __ATOMIC_ACQUIRE)) {
		__atomic_store_n(&race->wanted, true, __ATOMIC_RELEASE);
		set_level(race, true);
	}
	if (poll(fds, 2, EVENT_SOON_MS) <= 0) {
		crew_complain(crew, "the level was lost");
		return;
	}
	event_take(fds[0].fd);
	event_take(fds[1].fd);
	set_level(race, false);
	__atomic_store_n(&race->wanted, false, __ATOMIC_RELEASE);
	if (random_below(2))
		expect_ok(crew, "unmask", irq_unmask(race->dev));
	else
		event_send(race->unmask);
}

static void move_intx(struct crew *crew, void *arg)
{
	struct race *race = arg;

	expect_ok(crew, "rebind INTx",
		  irq_bind(race->dev, INTX,
			   race->owner[0].fd[random_below(2)]));
	usleep(random_below(100));
}

static void mask_and_unmask(struct crew *crew, void *arg)
{
	struct race *race = arg;

	expect_ok(crew, "mask", irq_mask(race->dev));
	usleep(random_below(100));
	expect_ok(crew, "unmask", irq_unmask(race->dev));
	usleep(random_below(100));
}

static void toggle_disable(struct crew *crew, void *arg)
{
	struct race *race = arg;

	(void)crew;
	config_command(race->dev, 0, PCI_COMMAND_INTX_DISABLE);
	usleep(random_below(100));
	config_command(race->dev, PCI_COMMAND_INTX_DISABLE, 0);
	usleep(random_below(100));
}

TEST_F_TIMEOUT(irq_race, level, 300)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;

	ASSERT_EQ(0, irq_bind(race->dev, INTX, race->owner[0].fd[0]));
	ASSERT_EQ(0, irq_eventfd(race->dev, INTX, UNMASK, race->unmask));
	crew_add(crew, serve_level, race);
	crew_add(crew, move_intx, race);
	crew_add(crew, mask_and_unmask, race);
	crew_add(crew, toggle_disable, race);
	crew_run(crew, RACE_MS);
	expect_content(_metadata, race);
}

/* Everything at once */

/* What a well-formed request may be told, given what the others do. */
static void check(struct crew *crew, const char *what, int ret)
{
	if (ret && ret != -EINVAL)
		crew_complain(crew, "%s: %d", what, ret);
}

/*
 * Nobody else binds this eventfd. When an index is off that it was bound to,
 * whoever has switched it off, no signal comes any more.
 */
static void use_index(struct crew *crew, struct owner *owner,
		      unsigned int index)
{
	struct race *race = owner->race;
	unsigned int count = 1 + random_below(4);
	unsigned int start = 0;

	if (index == MSIX)
		start = random_below(race->vectors - count);
	if (index == INTX)
		count = 1;
	check(crew, "bind", bind_range(race->dev, index, start, count,
				       owner->fd[0]));
	raise_vector(race, start + random_below(count));
	if (random_below(2))
		check(crew, "loopback", irq_none(race->dev, index, TRIGGER));
	if (random_below(2))
		check(crew, "unbind", bind_range(race->dev, index, start,
						 count, -1));
	check(crew, "disable", irq_disable(race->dev, index));
	event_take(owner->fd[0]);
	sched_yield();
	expect_signals(crew, "an index that is off", owner->fd[0], 0);
}

static void switch_modes(struct crew *crew, void *arg)
{
	static const unsigned int index[] = { INTX, MSI, MSIX };

	use_index(crew, arg, index[random_below(ARRAY_SIZE(index))]);
}

static void bind_all(struct crew *crew, void *arg)
{
	struct race *race = arg;
	int fd = event_new();

	check(crew, "bind all", bind_range(race->dev, MSIX, 0, race->vectors,
					   fd));
	close(fd);
	check(crew, "bind all", bind_range(race->dev, MSI, 0, MSI_VECTORS,
					   race->done));
	usleep(random_below(100));
}

static void raise_all(struct crew *crew, void *arg)
{
	struct race *race = arg;

	(void)crew;
	raise_vector(race, random_below(race->vectors));
	set_level(race, random_below(2));
	event_take(race->done);
}

static void close_unmask(struct crew *crew, void *arg)
{
	struct race *race = arg;
	int fd = event_new(), ret;

	ret = irq_eventfd(race->dev, INTX, UNMASK, fd);
	if (ret && ret != -EINVAL && ret != -EBUSY)
		crew_complain(crew, "unmask eventfd: %d", ret);
	event_send(fd);
	close(fd);
	check(crew, "unmask", irq_unmask(race->dev));
}

static void disturb(struct crew *crew, void *arg)
{
	struct race *race = arg;

	switch (random_below(8)) {
	case 0:
		expect_ok(crew, "reset", dev_reset(race->dev));
		break;
	case 1:
		config_write16(race->dev, race->pm + PCI_PM_CTRL, 3);
		break;
	case 2 ... 4:
		config_command(race->dev, PCI_COMMAND_MASTER, 0);
		break;
	default:
		config_command(race->dev, 0, PCI_COMMAND_INTX_DISABLE);
	}
	usleep(random_below(100));
	config_command(race->dev, PCI_COMMAND_INTX_DISABLE, 0);
	enable(race);
	usleep(random_below(300));
}

static void go_off(struct crew *crew, void *arg)
{
	struct race *race = arg;

	(void)crew;
	testdev_out(race->dev, TESTDEV_TIMER, random_below(100000));
	testdev_start(race->dev, TESTDEV_READ, IOVA, LENGTH,
		      random_below(race->vectors));
	usleep(random_below(200));
}

/* The device is as fit as ever: each interrupt arrives, and once. */
static void expect_fit(struct __test_metadata *_metadata, struct race *race)
{
	int fd = event_new();
	unsigned int i;

	irq_disable(race->dev, INTX);
	irq_disable(race->dev, MSI);
	irq_disable(race->dev, MSIX);
	ASSERT_EQ(0, dev_reset(race->dev));
	enable(race);
	ASSERT_EQ(0, irq_bind(race->dev, INTX, fd));
	EXPECT_EQ(0, event_stray(fd));
	set_level(race, true);
	EXPECT_EQ(1, event_wait(fd));
	EXPECT_EQ(0, irq_unmask(race->dev));
	EXPECT_EQ(1, event_wait(fd));
	set_level(race, false);
	ASSERT_EQ(0, irq_disable(race->dev, INTX));

	ASSERT_EQ(0, bind_range(race->dev, MSI, 0, MSI_VECTORS, fd));
	for (i = 0; i < MSI_VECTORS; i++)
		raise_vector(race, i);
	EXPECT_EQ(MSI_VECTORS, event_wait(fd));
	ASSERT_EQ(0, irq_disable(race->dev, MSI));

	ASSERT_EQ(0, bind_range(race->dev, MSIX, 0, race->vectors, fd));
	for (i = 0; i < race->vectors; i++)
		raise_vector(race, i);
	EXPECT_EQ(race->vectors, event_wait(fd));
	ASSERT_EQ(0, irq_disable(race->dev, MSIX));
	EXPECT_EQ(0, event_stray(fd));
	close(fd);
}

TEST_F_TIMEOUT(irq_race, everything, 300)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;

	crew_add(crew, switch_modes, &race->owner[0]);
	crew_add(crew, switch_modes, &race->owner[1]);
	crew_add(crew, bind_all, race);
	crew_add(crew, raise_all, race);
	crew_add(crew, close_unmask, race);
	crew_add(crew, disturb, race);
	crew_add(crew, go_off, race);
	crew_run(crew, RACE_MS);
	expect_content(_metadata, race);
	expect_fit(_metadata, race);
}

TEST_HARNESS_MAIN
