// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device memory that is touched while mappings of it come and go: page faults
 * against COMMAND.MEM, power states, resets, mmap(), munmap(), fork() and
 * accesses through the file.
 *
 * Each thread has pages of its own, and knows what was last stored there. So a
 * page that is lost, mistaken for another one or seen too long is noticed at
 * once.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/crew.h"
#include "lib/random.h"
#include "lib/testdev.h"
#include "lib/touch.h"

#define BAR		TESTDEV_MEMORY
#define SIZE		0x100000
#define PAGE		4096
#define RACE_MS		800
#define OWNERS		8
#define OWN_PAGES	16
#define OWN_SIZE	(OWN_PAGES * PAGE)
#define ONES		0xffffffffU

struct race;

/* @or is what a page has unless it has @want: a write may have been dropped. */
struct owner {
	struct race *race;
	unsigned int first;		/* page */
	__u8 *view;			/* mapping of the whole BAR */
	__u32 serial;
	__u32 want[OWN_PAGES];
	__u32 or[OWN_PAGES];
};

struct race {
	struct testdev testdev;
	struct vfio_dev *dev;
	struct vfio_dev second;		/* another file of it, if fd >= 0 */
	unsigned int pm;
	unsigned int exp;
	__u8 *view[2];
	bool resets;			/* a page may become zero */
	pthread_mutex_t decoding;	/* who has it decides over it */
	bool one_by_one;
	pthread_mutex_t unmapping;	/* see begin_unmapping() */
	struct crew crew;
	struct owner owner[OWNERS];
	unsigned int owners;
};

FIXTURE(memory_race)
{
	struct race race;
};

static __u8 *map_bar(struct vfio_dev *dev, size_t size, __u64 offset)
{
	void *map = dev_mmap(dev, BAR, offset, size, PROT_READ | PROT_WRITE);

	return map == MAP_FAILED ? NULL : map;
}

static bool is_uml(void)
{
	char line[128] = "";
	FILE *file = fopen("/proc/cpuinfo", "r");
	bool uml = false;

	while (file && fgets(line, sizeof(line), file))
		uml |= !!strstr(line, "User Mode Linux");
	if (file)
		fclose(file);
	return uml;
}

/*
 * When two unmap from one address space at the same time, User Mode Linux walks
 * its VMAs without a lock (flush_tlb_mm()). There they take turns; it has one
 * processor anyway.
 */
static void begin_unmapping(struct race *race)
{
	if (race->one_by_one)
		pthread_mutex_lock(&race->unmapping);
}

static void end_unmapping(struct race *race)
{
	if (!race->one_by_one)
		return;
	pthread_mutex_unlock(&race->unmapping);
	/* who unlocks would most often be the next to lock */
	sched_yield();
}

/* Not every path to the device has a second file. */
static void open_second(struct race *race)
{
	race->second = *race->dev;
	race->second.fd = -1;
	if (race->dev->ops->open_second)
		dev_open_second(race->dev, &race->second);
}

static void decode(struct race *race)
{
	config_write16(race->dev, race->pm + PCI_PM_CTRL, 0);
	testdev_enable(race->dev);
}

FIXTURE_SETUP(memory_race)
{
	struct race *race = &self->race;
	int ret;

	ret = testdev_open(&race->testdev, TESTDEV_PCIE, DEV_PATH_DEFAULT);
	if (ret == -ENODEV)
		SKIP(return, "%s", race->testdev.why);
	ASSERT_EQ(0, ret);
	race->dev = &race->testdev.dev;
	open_second(race);
	race->one_by_one = is_uml();
	pthread_mutex_init(&race->decoding, NULL);
	pthread_mutex_init(&race->unmapping, NULL);
	race->pm = config_find_cap(race->dev, PCI_CAP_ID_PM);
	race->exp = config_find_cap(race->dev, PCI_CAP_ID_EXP);
	ASSERT_NE(0, race->pm);
	ASSERT_NE(0, race->exp);
	race->view[0] = map_bar(race->dev, SIZE, 0);
	race->view[1] = map_bar(race->second.fd >= 0 ? &race->second :
						       race->dev, SIZE, 0);
	ASSERT_NE(NULL, race->view[0]);
	ASSERT_NE(NULL, race->view[1]);
	decode(race);
	random_seed();
}

FIXTURE_TEARDOWN(memory_race)
{
	munmap(self->race.view[0], SIZE);
	munmap(self->race.view[1], SIZE);
	if (self->race.second.fd >= 0)
		close(self->race.second.fd);
	testdev_close(&self->race.testdev);
}

static struct owner *new_owner(struct race *race)
{
	struct owner *owner = &race->owner[race->owners];

	owner->race = race;
	owner->first = race->owners * OWN_PAGES;
	owner->view = race->view[race->owners % 2];
	race->owners++;
	return owner;
}

/* Where in the BAR page @i has the word that is looked at. */
static __u64 place(const struct owner *owner, unsigned int i)
{
	return (owner->first + i) * (__u64)PAGE + 68 * i;
}

/* Tells the page it is for, and is neither zero nor all ones. */
static __u32 new_value(struct owner *owner, unsigned int i)
{
	owner->serial = (owner->serial + 1) & 0xffffff;
	return (owner->first + i + 1) << 24 | owner->serial;
}

static void saw(struct owner *owner, unsigned int i, __u32 val, const char *how)
{
	bool known = val == owner->want[i] || val == owner->or[i] ||
		     (owner->race->resets && !val);

	if (!known)
		crew_complain(&owner->race->crew,
			      "%s of page %u: 0x%x, neither 0x%x nor 0x%x", how,
			      owner->first + i, val, owner->want[i],
			      owner->or[i]);
	owner->want[i] = val;
	owner->or[i] = val;
}

static void load(struct owner *owner, unsigned int i)
{
	__u32 val;

	if (touch_load(owner->view + place(owner, i), &val))
		saw(owner, i, val, "load");
	else
		crew_achieved(&owner->race->crew);
}

static void store(struct owner *owner, unsigned int i)
{
	__u32 val = new_value(owner, i);

	if (touch_store(owner->view + place(owner, i), val)) {
		owner->want[i] = val;
		owner->or[i] = val;
	} else {
		crew_achieved(&owner->race->crew);
	}
}

static void read_file(struct owner *owner, unsigned int i)
{
	__u32 val;
	ssize_t ret = dev_read(owner->race->dev, BAR, &val, sizeof(val),
			       place(owner, i));

	if (ret != sizeof(val))
		crew_complain(&owner->race->crew, "read(): %zd", ret);
	else if (val != ONES)
		saw(owner, i, val, "read()");
}

static void write_file(struct owner *owner, unsigned int i)
{
	__u32 val = new_value(owner, i);
	ssize_t ret;

	/* what of the two it has must be known before there is a third */
	if (owner->want[i] != owner->or[i])
		return;
	ret = dev_write(owner->race->dev, BAR, &val, sizeof(val),
			place(owner, i));
	if (ret != sizeof(val))
		crew_complain(&owner->race->crew, "write(): %zd", ret);
	owner->or[i] = val;
}

/* Members of the crew */

static void use_pages(struct crew *crew, void *arg)
{
	unsigned int i = random_below(OWN_PAGES);

	(void)crew;
	switch (random_below(8)) {
	case 0:
		read_file(arg, i);
		break;
	case 1:
		write_file(arg, i);
		break;
	case 2 ... 4:
		store(arg, i);
		break;
	default:
		load(arg, i);
	}
}

static __u8 *map_own_pages(struct owner *owner)
{
	struct race *race = owner->race;
	bool second = race->second.fd >= 0 && random_below(2);

	return map_bar(second ? &race->second : race->dev, OWN_SIZE,
		       owner->first * PAGE);
}

/* Splits @map in two at page @hole; what was before that goes to @room. */
static bool split_and_move(struct race *race, __u8 *map, unsigned int hole,
			   __u8 *room)
{
	bool done;

	begin_unmapping(race);
	done = !munmap(map + hole * PAGE, PAGE) &&
	       mremap(map, hole * PAGE, hole * PAGE,
		      MREMAP_MAYMOVE | MREMAP_FIXED, room) == room;
	end_unmapping(race);
	return done;
}

/* Maps its pages, loses one in the middle and moves those before. */
static void map_and_unmap(struct crew *crew, void *arg)
{
	struct owner *owner = arg;
	struct race *race = owner->race;
	unsigned int hole = 1 + random_below(OWN_PAGES - 2);
	__u8 *map = map_own_pages(owner);
	__u8 *room = mmap(NULL, OWN_SIZE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!map || room == MAP_FAILED) {
		crew_complain(crew, "mmap: %d", -errno);
		return;
	}
	owner->view = map - owner->first * PAGE;
	store(owner, 0);
	load(owner, hole);
	if (!split_and_move(race, map, hole, room))
		crew_complain(crew, "munmap or mremap: %d", -errno);
	store(owner, OWN_PAGES - 1);
	owner->view = room - owner->first * PAGE;
	load(owner, 0);
	store(owner, hole - 1);

	begin_unmapping(race);
	if (munmap(room, OWN_SIZE) ||
	    munmap(map + (hole + 1) * PAGE, OWN_SIZE - (hole + 1) * PAGE))
		crew_complain(crew, "munmap: %d", -errno);
	end_unmapping(race);
}

static void child_uses_pages(struct owner *owner)
{
	unsigned int i;

	owner->race->crew.complaints = 0;
	for (i = 0; i < OWN_PAGES; i++)
		load(owner, i);
	_exit(owner->race->crew.complaints ? 1 : 0);
}

static void fork_user(struct crew *crew, void *arg)
{
	struct owner *owner = arg;
	int status;
	pid_t pid;

	store(owner, random_below(OWN_PAGES));
	begin_unmapping(owner->race);
	pid = fork();
	if (!pid)
		child_uses_pages(owner);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		crew_complain(crew, "fork: %d", -errno);
	else if (status)
		crew_complain(crew, "a child ended with 0x%x", status);
	end_unmapping(owner->race);
}

/* Nobody answers: not in either mapping, not through the file. */
static void expect_silence(struct owner *owner)
{
	struct race *race = owner->race;
	unsigned int i, v;
	__u32 val;

	for (i = 0; i < OWN_PAGES; i++)
		for (v = 0; v < 2; v++)
			if (touch_load(race->view[v] + place(owner, i), &val) ||
			    touch_store(race->view[v] + place(owner, i), 1))
				crew_complain(&race->crew,
					      "page %u answers while it must not",
					      owner->first + i);
	dev_read(race->dev, BAR, &val, sizeof(val), place(owner, 0));
	if (val != ONES)
		crew_complain(&race->crew, "read() of 0x%x from nobody", val);
}

static void expect_answers(struct owner *owner)
{
	struct race *race = owner->race;
	unsigned int i, v;
	__u32 val;

	for (i = 0; i < OWN_PAGES; i++)
		for (v = 0; v < 2; v++)
			if (!touch_load(race->view[v] + place(owner, i), &val))
				crew_complain(&race->crew,
					      "page %u does not answer",
					      owner->first + i);
			else if (val != owner->want[i])
				crew_complain(&race->crew,
					      "page %u has 0x%x and not 0x%x",
					      owner->first + i, val,
					      owner->want[i]);
}

static void store_all(struct owner *owner)
{
	unsigned int i;

	for (i = 0; i < OWN_PAGES; i++)
		store(owner, i);
	expect_answers(owner);
}

static void dawdle(void)
{
	if (random_below(2))
		usleep(random_below(200));
}

static void close_gate(struct race *race, bool power)
{
	begin_unmapping(race);
	if (power)
		config_write16(race->dev, race->pm + PCI_PM_CTRL, 3);
	else
		config_command(race->dev, PCI_COMMAND_MEMORY, 0);
	end_unmapping(race);
}

static void reset_somehow(struct race *race)
{
	int ret = 0;

	begin_unmapping(race);
	if (random_below(2))
		ret = dev_reset(race->dev);
	else
		config_write16(race->dev, race->exp + PCI_EXP_DEVCTL,
			       PCI_EXP_DEVCTL_BCR_FLR);
	end_unmapping(race);
	if (ret)
		crew_complain(&race->crew, "reset: %d", ret);
}

/* Closes one of the two gates to memory, and opens it again. */
static void toggle_decoding(struct crew *crew, void *arg)
{
	struct owner *owner = arg;
	struct race *race = owner->race;

	(void)crew;
	pthread_mutex_lock(&race->decoding);
	store_all(owner);
	close_gate(race, random_below(2));
	expect_silence(owner);
	dawdle();
	decode(race);
	expect_answers(owner);
	pthread_mutex_unlock(&race->decoding);
	dawdle();
}

/* A reset leaves memory that is zero, and not decoded. */
static void reset_memory(struct crew *crew, void *arg)
{
	struct owner *owner = arg;
	struct race *race = owner->race;

	(void)crew;
	pthread_mutex_lock(&race->decoding);
	store_all(owner);
	reset_somehow(race);
	expect_silence(owner);
	dawdle();
	decode(race);
	memset(owner->want, 0, sizeof(owner->want));
	memset(owner->or, 0, sizeof(owner->or));
	expect_answers(owner);
	read_file(owner, random_below(OWN_PAGES));
	pthread_mutex_unlock(&race->decoding);
	dawdle();
}

/* What the two above do, without a look left or right. */
static void disturb(struct crew *crew, void *arg)
{
	struct race *race = arg;

	(void)crew;
	switch (random_below(4)) {
	case 0:
		close_gate(race, false);
		break;
	case 1:
		close_gate(race, true);
		break;
	case 2:
		reset_somehow(race);
		break;
	}
	dawdle();
	decode(race);
	dawdle();
}

/* After it: every page is what its owner left, and a reset clears them all. */
static void settle(struct __test_metadata *_metadata, struct race *race)
{
	static const __u8 zeroes[PAGE];
	unsigned int i;

	EXPECT_EQ(0, race->crew.complaints) {
		TH_LOG("%s", race->crew.first);
	}
	EXPECT_LT(20, race->crew.rounds);
	/* with one processor it is a matter of luck */
	EXPECT_TRUE(race->crew.achieved || race->one_by_one);
	TH_LOG("%u rounds, %u bus errors", race->crew.rounds,
	       race->crew.achieved);

	decode(race);
	race->crew.complaints = 0;
	for (i = 0; i < race->owners * OWN_PAGES; i++) {
		struct owner *owner = &race->owner[i / OWN_PAGES];

		read_file(owner, i % OWN_PAGES);
		owner->view = race->view[0];
		load(owner, i % OWN_PAGES);
	}
	EXPECT_EQ(0, race->crew.complaints) {
		TH_LOG("afterwards: %s", race->crew.first);
	}

	ASSERT_EQ(0, dev_reset(race->dev));
	decode(race);
	for (i = 0; i < SIZE; i += PAGE) {
		ASSERT_EQ(0, memcmp(race->view[0] + i, zeroes, PAGE)) {
			TH_LOG("page 0x%x after a reset", i);
		}
	}
}

static void add_users(struct race *race)
{
	struct crew *crew = &race->crew;

	crew_add(crew, use_pages, new_owner(race));
	crew_add(crew, use_pages, new_owner(race));
	crew_add(crew, map_and_unmap, new_owner(race));
	crew_add(crew, fork_user, new_owner(race));
}

/* Nothing is lost while decoding comes and goes. */
TEST_F_TIMEOUT(memory_race, decoding, 300)
{
	struct race *race = &self->race;

	add_users(race);
	crew_add(&race->crew, toggle_decoding, new_owner(race));
	crew_run(&race->crew, RACE_MS);
	settle(_metadata, race);
}

/* Resets too. */
TEST_F_TIMEOUT(memory_race, resets, 300)
{
	struct race *race = &self->race;

	race->resets = true;
	add_users(race);
	crew_add(&race->crew, toggle_decoding, new_owner(race));
	crew_add(&race->crew, reset_memory, new_owner(race));
	crew_run(&race->crew, RACE_MS);
	settle(_metadata, race);
}

/* Resets and decoding without any order between them. */
TEST_F_TIMEOUT(memory_race, disorder, 300)
{
	struct race *race = &self->race;

	race->resets = true;
	add_users(race);
	crew_add(&race->crew, use_pages, new_owner(race));
	crew_add(&race->crew, disturb, race);
	crew_add(&race->crew, disturb, race);
	crew_run(&race->crew, RACE_MS);
	settle(_metadata, race);
}

TEST_HARNESS_MAIN
