// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once: registers, config space, interrupts, reset, more files
 * of the device. What it looks for is told by KASAN, lockdep and a watchdog;
 * the test itself sees wrong errors, wrong bytes and a device that is no
 * longer fit (CVE-2024-26810, CVE-2026-46036 were races of this kind).
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/crew.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/mtty.h"
#include "lib/random.h"
#include "lib/subject.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define CONFIG VFIO_PCI_CONFIG_REGION_INDEX
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK
#define RACE_MS 800

struct race {
	struct subject subject;
	struct vfio_dev *dev;
	struct crew crew;
	int event;
	int unmask;
};

FIXTURE(race)
{
	struct race race;
};

/* Asked once, before there are threads that would do it at once. */
static void know_regions(struct vfio_dev *dev)
{
	dev_region(dev, CONFIG);
	dev_region(dev, 0);
}

FIXTURE_SETUP(race)
{
	struct race *race = &self->race;
	int ret = subject_open(&race->subject, SUBJECT_PORTS_1);

	if (ret == -ENODEV)
		SKIP(return, "%s", race->subject.why);
	ASSERT_EQ(0, ret);
	race->dev = &race->subject.dev;
	race->event = event_new();
	race->unmask = event_new();
	know_regions(race->dev);
	random_seed();
}

FIXTURE_TEARDOWN(race)
{
	close(self->race.event);
	close(self->race.unmask);
	subject_close(&self->race.subject);
}

/* What a well-formed request may be told, given what the others do. */
static void check(struct crew *crew, const char *what, int ret)
{
	if (ret < 0 && ret != -EINVAL && ret != -EBUSY)
		crew_complain(crew, "%s: %d", what, ret);
}

static void read_regions(struct crew *crew, void *arg)
{
	struct race *race = arg;
	__u8 buf[CONFIG_SIZE];
	ssize_t ret;

	ret = dev_read(race->dev, CONFIG, buf, sizeof(buf), 0);
	if (ret != sizeof(buf) || buf[0] != 0x48 || buf[1] != 0x43)
		crew_complain(crew, "config read: %zd, 0x%02x%02x", ret, buf[1],
			      buf[0]);
	ret = dev_read(race->dev, 0, buf, 8, 0);
	if (ret != 8)
		crew_complain(crew, "BAR read: %zd", ret);
}

static void write_config(struct crew *crew, void *arg)
{
	struct race *race = arg;
	__u32 val = random_register_value();
	unsigned int offset = random_below(CONFIG_SIZE - 4);
	ssize_t ret;

	if (random_below(2)) {
		offset = PCI_COMMAND;
		val |= PCI_COMMAND_IO | PCI_COMMAND_MASTER;
	}
	ret = dev_write(race->dev, CONFIG, &val, sizeof(val), offset);
	if (ret != sizeof(val))
		crew_complain(crew, "config write: %zd", ret);
}

static void write_bar(struct crew *crew, void *arg)
{
	struct race *race = arg;
	__u8 buf[8] = { 'a', random_u32(), random_u32(), random_u32() & 0x7f,
			random_u32(), 0, 0, 0 };
	ssize_t ret = dev_write(race->dev, 0, buf, 8, 0);

	if (ret != 8)
		crew_complain(crew, "BAR write: %zd", ret);
}

static void toggle_level(struct crew *crew, void *arg)
{
	struct race *race = arg;

	(void)crew;
	mtty_decode(race->dev);
	mtty_raise(race->dev, 0);
	mtty_lower(race->dev, 0);
}

static void switch_modes(struct crew *crew, void *arg)
{
	struct race *race = arg;
	unsigned int index = random_below(2) ? INTX : MSI;

	check(crew, "bind", irq_bind(race->dev, index, race->event));
	check(crew, "unmask eventfd", irq_eventfd(race->dev, INTX, UNMASK,
						  race->unmask));
	if (random_below(2))
		check(crew, "unbind", irq_bind(race->dev, index, -1));
	check(crew, "disable", irq_disable(race->dev, index));
}

static void mask_and_unmask(struct crew *crew, void *arg)
{
	struct race *race = arg;

	check(crew, "mask", irq_mask(race->dev));
	check(crew, "unmask", irq_unmask(race->dev));
	check(crew, "no unmask eventfd", irq_eventfd(race->dev, INTX, UNMASK,
						     -1));
}

static void storm(struct crew *crew, void *arg)
{
	struct race *race = arg;

	check(crew, "loopback", irq_none(race->dev, INTX, TRIGGER));
	check(crew, "loopback", irq_none(race->dev, MSI, TRIGGER));
	event_take(race->event);
}

static void send_unmask(struct crew *crew, void *arg)
{
	struct race *race = arg;

	(void)crew;
	event_send(race->unmask);
	usleep(10);
}

static void close_unmask(struct crew *crew, void *arg)
{
	struct race *race = arg;
	int fd = event_new();

	check(crew, "short-lived eventfd",
	      irq_eventfd(race->dev, INTX, UNMASK, fd));
	event_send(fd);
	close(fd);
}

static void reset_device(struct crew *crew, void *arg)
{
	struct race *race = arg;
	int ret = dev_reset(race->dev);

	if (ret)
		crew_complain(crew, "reset: %d", ret);
	usleep(100);
}

/* After it: the device can be switched off, reset and used. */
static void settle(struct __test_metadata *_metadata, struct race *race)
{
	EXPECT_EQ(0, race->crew.complaints) {
		TH_LOG("%s", race->crew.first);
	}
	EXPECT_LT(100, race->crew.rounds);
	irq_disable(race->dev, INTX);
	irq_disable(race->dev, MSI);
	ASSERT_EQ(0, dev_reset(race->dev));
	usleep(1000);
	event_take(race->event);
	event_take(race->unmask);
	mtty_decode(race->dev);
	ASSERT_EQ(0, irq_bind(race->dev, INTX, race->event));
	EXPECT_EQ(0, event_stray(race->event));
	mtty_raise(race->dev, 0);
	EXPECT_EQ(1, event_wait(race->event));
	EXPECT_EQ(0, irq_unmask(race->dev));
	EXPECT_EQ(1, event_wait(race->event));
}

/* Registers against config space against reset. */
TEST_F(race, regions_and_reset)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;

	crew_add(crew, read_regions, race);
	crew_add(crew, read_regions, race);
	crew_add(crew, write_config, race);
	crew_add(crew, write_bar, race);
	crew_add(crew, reset_device, race);
	crew_run(crew, RACE_MS);
	settle(_metadata, race);
}

/* Setting up interrupts against interrupts. */
TEST_F(race, interrupts)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;

	crew_add(crew, switch_modes, race);
	crew_add(crew, switch_modes, race);
	crew_add(crew, mask_and_unmask, race);
	crew_add(crew, storm, race);
	crew_add(crew, toggle_level, race);
	crew_add(crew, send_unmask, race);
	crew_add(crew, close_unmask, race);
	crew_run(crew, RACE_MS);
	settle(_metadata, race);
}

/* All of it. */
TEST_F(race, everything)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;

	crew_add(crew, read_regions, race);
	crew_add(crew, write_config, race);
	crew_add(crew, write_bar, race);
	crew_add(crew, switch_modes, race);
	crew_add(crew, mask_and_unmask, race);
	crew_add(crew, storm, race);
	crew_add(crew, toggle_level, race);
	crew_add(crew, send_unmask, race);
	crew_add(crew, reset_device, race);
	crew_run(crew, RACE_MS);
	settle(_metadata, race);
}

static void open_and_close(struct crew *crew, void *arg)
{
	struct race *race = arg;
	struct vfio_dev second;
	int ret = dev_open_second(race->dev, &second);

	if (ret) {
		crew_complain(crew, "second file: %d", ret);
		return;
	}
	read_regions(crew, race);
	dev_close(&second);
}

/* More files of the device, opened and closed in between. */
TEST_F(race, second_files)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;
	const char *why;

	dev_close(race->dev);
	why = dev_path_lacks(&race->subject.loc, DEV_PATH_CONTAINER);
	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, dev_open(race->dev, &race->subject.loc,
			      DEV_PATH_CONTAINER));
	know_regions(race->dev);
	crew_add(crew, open_and_close, race);
	crew_add(crew, open_and_close, race);
	crew_add(crew, switch_modes, race);
	crew_add(crew, storm, race);
	crew_add(crew, toggle_level, race);
	crew_run(crew, RACE_MS);
	settle(_metadata, race);
}

TEST_HARNESS_MAIN
