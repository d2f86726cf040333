// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that are closed, removed, or lose their module while they are busy:
 * with accesses, interrupts, timers, DMA, mappings and processes that share
 * them. Whoever opens one finds it as after power-on, and from one that was
 * closed nothing is heard.
 *
 * Users are processes: a fork of one must not keep files of another open.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/crew.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/random.h"
#include "lib/sysfs.h"
#include "lib/testdev.h"

#define INTX		VFIO_PCI_INTX_IRQ_INDEX
#define MSIX		VFIO_PCI_MSIX_IRQ_INDEX
#define REQ		VFIO_PCI_REQ_IRQ_INDEX
#define UNMASK		VFIO_IRQ_SET_ACTION_UNMASK

#define RACE_MS		800
#define UNLOAD_RACE_MS	3000	/* modprobe takes its time */
#define MODULE		"vdev_test"
#define TYPE		"vdev_test-pcie"
#define USERS		3
#define LIVES		3
#define SIZE		0x100000
#define PAGE		4096
#define IOVA		0x100000
#define LENGTH		0x10000
#define DONE_VECTOR	2

struct race {
	struct crew crew;
	char uuid[USERS][MDEV_UUID_LEN + 1];
};

FIXTURE(close_race)
{
	struct race *race;	/* seen by all processes */
};

FIXTURE_SETUP(close_race)
{
	unsigned int i;

	if (!mdev_type_exists(TYPE))
		SKIP(return, "no " TYPE ": vdev_test is not loaded");
	self->race = mmap(NULL, sizeof(*self->race), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->race);
	for (i = 0; i < USERS; i++)
		mdev_new_uuid(self->race->uuid[i]);
	random_seed();
}

FIXTURE_TEARDOWN(close_race)
{
	unsigned int i;

	for (i = 0; i < USERS; i++)
		mdev_remove(self->race->uuid[i]);
	munmap(self->race, sizeof(*self->race));
}

/* One use of a device, from open to close */
struct life {
	struct crew *crew;
	struct vfio_dev dev;
	struct vfio_dev busy;		/* the same, for another thread */
	pthread_t thread;
	int signals;
	int unmask;
	__u8 *map;
	__u8 *memory;
};

static int open_device(struct vfio_dev *dev, const char *uuid)
{
	struct vfio_location loc;
	int ret = vfio_locate(&loc, uuid);

	return ret ? ret : dev_open(dev, &loc, DEV_PATH_DEFAULT);
}

static void expect_register(struct life *life, unsigned int reg, __u32 want)
{
	__u32 got = testdev_in(&life->dev, reg);

	if (got != want)
		crew_complain(life->crew, "register 0x%x is 0x%x, not 0x%x",
			      reg, got, want);
}

static void expect_new(struct life *life)
{
	__u16 command = config_read16(&life->dev, PCI_COMMAND);
	__u8 page[PAGE] = { };
	unsigned int i;

	if (command)
		crew_complain(life->crew, "COMMAND is 0x%x at first", command);
	testdev_enable(&life->dev);
	expect_register(life, TESTDEV_MAGIC, TESTDEV_MAGIC_VALUE);
	expect_register(life, TESTDEV_SCRATCH, 0);
	expect_register(life, TESTDEV_RESULT, 0);
	expect_register(life, TESTDEV_TRANSFERS, 0);
	expect_register(life, TESTDEV_TIMEOUTS, 0);
	if (config_read16(&life->dev, PCI_STATUS) & PCI_STATUS_INTERRUPT)
		crew_complain(life->crew, "it wants to interrupt at once");
	life->map = dev_mmap(&life->dev, TESTDEV_MEMORY, 0, SIZE,
			     PROT_READ | PROT_WRITE);
	if (life->map == MAP_FAILED) {
		crew_complain(life->crew, "mmap: %d", -errno);
		_exit(0);
	}
	for (i = 0; i < 8; i++)
		if (memcmp(life->map + i * PAGE, page, PAGE))
			crew_complain(life->crew, "page %u is not new", i);
}

/* All that may still be under way when the device is closed. */
static void set_going(struct life *life)
{
	struct vfio_dev *dev = &life->dev;
	unsigned int vector, index = random_below(2) ? INTX : MSIX;

	memset(life->map, 0x5a, 8 * PAGE);
	testdev_out(dev, TESTDEV_SCRATCH, 0x5a5a5a5a);
	if (irq_bind(dev, index, life->signals))
		crew_complain(life->crew, "an interrupt cannot be bound");
	if (index == MSIX)
		for (vector = 1; vector <= DONE_VECTOR; vector++)
			irq_set_raw(dev, VFIO_IRQ_SET_DATA_EVENTFD |
				    VFIO_IRQ_SET_ACTION_TRIGGER, MSIX, vector,
				    1, &life->signals, sizeof(life->signals));
	else
		irq_eventfd(dev, INTX, UNMASK, life->unmask);
	if (dev_dma_map(dev, IOVA, life->memory, LENGTH,
			VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE))
		crew_complain(life->crew, "cannot map memory for DMA");
	testdev_out(dev, TESTDEV_RAISE, TESTDEV_RAISE_LEVEL | 1);
	testdev_out(dev, TESTDEV_RAISE, random_below(64));
	testdev_out(dev, TESTDEV_TIMER, random_below(500000));
	testdev_start(dev, random_below(2) ? TESTDEV_READ : TESTDEV_WRITE,
		      IOVA, 1 + random_below(LENGTH), DONE_VECTOR);
}

/* Has the device in use while it is closed. */
static void *keep_busy(void *arg)
{
	struct life *life = arg;
	unsigned int i, rounds = random_below(20);

	for (i = 0; i < rounds; i++) {
		testdev_out(&life->busy, TESTDEV_TIMER, random_below(1000));
		testdev_out(&life->busy, TESTDEV_RAISE, random_below(64));
		irq_bind(&life->busy, MSIX, life->signals);
	}
	close(life->busy.fd);
	return NULL;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* In any order; what is left of them dev_close() closes. */
static void close_device(struct life *life)
{
	if (random_below(2))
		event_send(life->unmask);
	if (random_below(3) == 0)
		close_one(&life->dev.iommu_fd);
	if (random_below(3) == 0)
		close_one(&life->dev.group_fd);
	if (random_below(2))
		close_one(&life->dev.fd);
	if (random_below(2)) {
		munmap(life->map, SIZE);
		dev_close(&life->dev);
	} else {
		dev_close(&life->dev);
		munmap(life->map, SIZE);
	}
}

/* Has a copy of every file and mapping, and ends when it likes. */
static void child_of_user(struct life *life)
{
	life->map[random_below(SIZE)] = 1;
	testdev_out(&life->dev, TESTDEV_TIMER, random_below(1000));
	_exit(0);
}

static void end_life(struct life *life)
{
	bool forks = random_below(4) == 0;
	pid_t pid = -1;
	int status = 0;

	life->busy = life->dev;
	life->busy.fd = dup(life->dev.fd);
	if (forks)
		pid = fork();
	if (forks && !pid)
		child_of_user(life);
	if (pthread_create(&life->thread, NULL, keep_busy, life)) {
		crew_complain(life->crew, "pthread_create");
		_exit(0);
	}
	close_device(life);
	pthread_join(life->thread, NULL);
	if (forks && (waitpid(pid, &status, 0) != pid || status))
		crew_complain(life->crew, "a child ended with 0x%x", status);
}

/* From here on nobody has the device open: nothing happens any more. */
static void expect_death(struct life *life)
{
	static __u8 memory[LENGTH];
	__u64 late;

	event_take(life->signals);
	memcpy(memory, life->memory, LENGTH);
	usleep(random_below(700));
	late = event_take(life->signals);
	if (late)
		crew_complain(life->crew, "%llu signals after the close", late);
	if (memcmp(memory, life->memory, LENGTH))
		crew_complain(life->crew, "DMA after the close");
}

static void live(struct crew *crew, const char *uuid)
{
	struct life life = { .crew = crew };
	int ret = open_device(&life.dev, uuid);

	if (ret) {
		crew_complain(crew, "open: %d", ret);
		return;
	}
	life.signals = event_new();
	life.unmask = event_new();
	life.memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (life.memory == MAP_FAILED)
		_exit(1);
	expect_new(&life);
	set_going(&life);
	end_life(&life);
	expect_death(&life);
	munmap(life.memory, LENGTH);
	close(life.signals);
	close(life.unmask);
	crew_achieved(crew);
}

static void in_a_process(struct crew *crew, char *uuid,
			 void (*work)(struct crew *crew, const char *uuid))
{
	unsigned int i, skip = random_below(256);
	int status;
	pid_t pid = fork();

	if (!pid) {
		/* no two of them do the same */
		while (skip--)
			random_u32();
		for (i = 0; i < LIVES; i++)
			work(crew, uuid);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		crew_complain(crew, "a user ended with 0x%x", status);
}

static void user(struct crew *crew, void *uuid)
{
	in_a_process(crew, uuid, live);
}

static int create_and_remove(void)
{
	char uuid[MDEV_UUID_LEN + 1];
	int ret;

	mdev_new_uuid(uuid);
	ret = mdev_create_type(TYPE, uuid);
	return ret ? ret : mdev_remove(uuid);
}

/* Others come and go beside it. */
static void come_and_go(struct crew *crew, void *arg)
{
	int ret = create_and_remove();

	(void)arg;
	if (ret)
		crew_complain(crew, "a neighbour: %d", ret);
	usleep(random_below(10000));
}

static void report(struct __test_metadata *_metadata, struct crew *crew)
{
	EXPECT_EQ(0, crew->complaints) {
		TH_LOG("%s", crew->first);
	}
	EXPECT_LT(0, crew->achieved);
	TH_LOG("%u rounds, %u lives", crew->rounds, crew->achieved);
}

TEST_F_TIMEOUT(close_race, close, 300)
{
	struct crew *crew = &self->race->crew;
	unsigned int i;

	for (i = 0; i < USERS; i++) {
		ASSERT_EQ(0, mdev_create_type(TYPE, self->race->uuid[i]));
		crew_add(crew, user, self->race->uuid[i]);
	}
	crew_add(crew, come_and_go, NULL);
	crew_run(crew, RACE_MS);
	report(_metadata, crew);
}

/* A device that others take away works for as long as it is open. */
static void use_what_goes(struct crew *crew, const char *uuid)
{
	struct life life = { .crew = crew };
	unsigned int i, rounds = random_below(50);
	int wanted;

	if (open_device(&life.dev, uuid)) {
		usleep(10000);	/* whoever brings it back needs the processor */
		return;
	}
	wanted = event_new();
	if (random_below(2))
		irq_bind(&life.dev, REQ, wanted);
	testdev_enable(&life.dev);
	for (i = 0; i < rounds && !event_take(wanted); i++) {
		testdev_out(&life.dev, TESTDEV_SCRATCH, i);
		expect_register(&life, TESTDEV_SCRATCH, i);
		testdev_out(&life.dev, TESTDEV_TIMER, random_below(1000));
		if (random_below(8) == 0 && dev_reset(&life.dev))
			crew_complain(crew, "reset");
		testdev_enable(&life.dev);
	}
	dev_close(&life.dev);
	close(wanted);
	crew_achieved(crew);
}

static void visitor(struct crew *crew, void *uuid)
{
	in_a_process(crew, uuid, use_what_goes);
}

static void remove_and_create(struct crew *crew, void *uuid)
{
	int ret = mdev_remove(uuid);

	if (ret)
		crew_complain(crew, "remove: %d", ret);
	if (mdev_exists(uuid))
		crew_complain(crew, "it is still there");
	ret = mdev_create_type(TYPE, uuid);
	if (ret)
		crew_complain(crew, "create: %d", ret);
	usleep(random_below(20000));
}

TEST_F_TIMEOUT(close_race, remove, 300)
{
	struct crew *crew = &self->race->crew;
	char *uuid = self->race->uuid[0];

	ASSERT_EQ(0, mdev_create_type(TYPE, uuid));
	crew_add(crew, visitor, uuid);
	crew_add(crew, visitor, uuid);
	crew_add(crew, remove_and_create, uuid);
	crew_run(crew, RACE_MS);
	report(_metadata, crew);
}

/* modprobe knows where modules are and what they need; init may set no PATH */
static int load_module(void)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		execl("/sbin/modprobe", "modprobe", MODULE, NULL);
		execl("/usr/sbin/modprobe", "modprobe", MODULE, NULL);
		_exit(127);
	}
	return waitpid(child, &status, 0) == child ? status : -1;
}

/* A module that is always gone again gets in nobody's way. */
static void await_visit(const struct crew *crew)
{
	unsigned int before = __atomic_load_n(&crew->achieved,
					      __ATOMIC_RELAXED);

	while (!__atomic_load_n(&crew->stop, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&crew->achieved, __ATOMIC_RELAXED) == before)
		usleep(1000);
}

static void unload_and_load(struct crew *crew, void *uuid)
{
	int ret = syscall(__NR_delete_module, MODULE, O_NONBLOCK);

	if (ret) {
		if (errno != EWOULDBLOCK)
			crew_complain(crew, "unload: %d", -errno);
		usleep(random_below(2000));
		return;
	}
	if (sysfs_exists("/sys/class/mdev_bus/" MODULE) || mdev_exists(uuid))
		crew_complain(crew, "something is left of the module");
	ret = load_module();
	if (ret)
		crew_complain(crew, "modprobe: 0x%x", ret);
	ret = mdev_create_type(TYPE, uuid);
	if (ret)
		crew_complain(crew, "create: %d", ret);
	await_visit(crew);
	usleep(random_below(100000));
}

/* It may be without its module at any moment. */
static void create_if_possible(struct crew *crew, void *arg)
{
	int ret = create_and_remove();

	(void)arg;
	if (ret && ret != -ENOENT && ret != -ENODEV)
		crew_complain(crew, "create or remove: %d", ret);
	usleep(random_below(10000));
}

TEST_F_TIMEOUT(close_race, unload, 300)
{
	struct crew *crew = &self->race->crew;
	char *uuid = self->race->uuid[0];

	if (!sysfs_exists("/sys/module/" MODULE "/refcnt"))
		SKIP(return, MODULE " is built in");
	if (load_module())
		SKIP(return, "no modprobe that finds " MODULE);
	ASSERT_EQ(0, mdev_create_type(TYPE, uuid));
	crew_add(crew, visitor, uuid);
	crew_add(crew, visitor, uuid);
	crew_add(crew, create_if_possible, NULL);
	crew_add(crew, unload_and_load, uuid);
	crew_run(crew, UNLOAD_RACE_MS);
	report(_metadata, crew);
}

TEST_HARNESS_MAIN
