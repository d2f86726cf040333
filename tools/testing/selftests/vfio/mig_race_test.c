// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration with everybody at it: states, data files, reset, close and remove
 * at the same time. KASAN, lockdep and a watchdog tell what goes wrong in the
 * kernel; the test sees wrong errors and a device that is no longer fit.
 */
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/crew.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/mig_device.h"
#include "lib/must.h"
#include "lib/random.h"

#define RACE_MS	600
#define FILES	4

/**
 * struct race - what the threads have in common
 * @mig: the device
 * @whole: a stream that it takes
 * @files: the last data files, whoever made them, or -1; each is closed only by
 *	who takes it out
 * @event: for interrupts
 * @kind: of @mig, to make more of
 * @path: to it
 * @crew: they
 */
struct race {
	struct mig_device mig;
	struct mig_stream whole;
	int files[FILES];
	int event;
	enum mig_kind kind;
	enum dev_path path;
	struct crew crew;
};

FIXTURE(race)
{
	struct race race;
};

FIXTURE_VARIANT(race)
{
	enum mig_kind kind;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(race, subject_container)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(race, subject_iommufd)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(race, testdev)
{
	.kind = MIG_TESTDEV, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(race)
{
	struct race *race = &self->race;
	unsigned int i;
	int ret;

	for (i = 0; i < FILES; i++)
		race->files[i] = -1;
	ret = mig_device_open(&race->mig, variant->kind, 0, variant->path);
	if (ret == -ENODEV)
		SKIP(return, "%s", race->mig.why);
	ASSERT_EQ(0, ret);
	race->event = event_new();
	race->kind = variant->kind;
	race->path = variant->path;
	mig_dress(&race->mig, 5);
	mig_save(&race->mig.dev, &race->whole);
	mig_to(&race->mig.dev, MIG_RUNNING);
	random_seed();
}

FIXTURE_TEARDOWN(race)
{
	struct race *race = &self->race;
	unsigned int i;

	for (i = 0; i < FILES; i++)
		if (race->files[i] >= 0)
			close(race->files[i]);
	close(race->event);
	mig_stream_free(&race->whole);
	mig_device_close(&race->mig);
}

static void check(struct crew *crew, const char *what, int ret,
		  const int *allowed)
{
	if (ret >= 0)
		return;
	for (; *allowed; allowed++)
		if (ret == -*allowed)
			return;
	crew_complain(crew, "%s: %d", what, ret);
}

/* What a move may be told, when the state is another by then. */
static const int move_errors[] = { EINVAL, EBADMSG, ENODATA, EPROTO, EIO,
				   EILSEQ, EMSGSIZE, EBUSY, ENODEV,
				   ECANCELED, 0 };
/* What a data file may say, whose session may be another or over. */
static const int file_errors[] = { ENODEV, EINVAL, ENOMEM, EBADF, EBADMSG, ENOMSG,
				   EPROTO, EIO, ENOSPC, ENODATA, EILSEQ, ENOTTY,
				   EMSGSIZE, 0 };

/* Put a file where all can take it; closed is the one that was there. */
static void put_file(struct race *race, int fd)
{
	int *place = &race->files[random_below(FILES)];
	int old = __atomic_exchange_n(place, fd, __ATOMIC_ACQ_REL);

	if (old >= 0)
		close(old);
}

static int borrow_file(struct race *race)
{
	int *place = &race->files[random_below(FILES)];

	return __atomic_exchange_n(place, -1, __ATOMIC_ACQ_REL);
}

static void set_states(struct crew *crew, void *arg)
{
	struct race *race = arg;
	int fd, ret;

	ret = mig_set_state(&race->mig.dev, random_below(MIG_STATES), &fd);
	check(crew, "SET_STATE", ret, move_errors);
	if (ret && fd >= 0)
		crew_complain(crew, "a file of a move that failed");
	if (!ret && fd >= 0)
		put_file(race, fd);
	else if (!ret)
		crew_achieved(crew);
}

static void get_states(struct crew *crew, void *arg)
{
	struct race *race = arg;
	int state = mig_get_state(&race->mig.dev);
	__u64 size;
	int ret;

	if (state < 0 || state >= MIG_STATES || state == MIG_ERROR)
		crew_complain(crew, "GET_STATE: %d", state);
	ret = mig_data_size(&race->mig.dev, &size);
	if (ret || !size || size > 0x40000000)
		crew_complain(crew, "MIG_DATA_SIZE: %d, %llu", ret, size);
}

static void use_files(struct crew *crew, void *arg)
{
	struct race *race = arg;
	struct vfio_precopy_info info;
	struct pollfd pfd = { .events = POLLIN | POLLOUT };
	char buf[1000];
	ssize_t ret;

	pfd.fd = borrow_file(race);
	if (pfd.fd < 0) {
		usleep(50);
		return;
	}
	ret = read(pfd.fd, buf, 1 + random_below(sizeof(buf)));
	check(crew, "read", ret < 0 ? -errno : 0, file_errors);
	ret = write(pfd.fd, race->whole.data, random_below(race->whole.len));
	check(crew, "write", ret < 0 ? -errno : 0, file_errors);
	check(crew, "PRECOPY_INFO", mig_precopy_info(pfd.fd, &info),
	      file_errors);
	ret = poll(&pfd, 1, 0);
	check(crew, "poll", ret < 0 ? -errno : 0, file_errors);
	put_file(race, pfd.fd);
}

/* A whole stream, if nobody comes in between. */
static void load(struct crew *crew, void *arg)
{
	struct race *race = arg;
	int fd, ret, none;

	if (mig_set_state(&race->mig.dev, MIG_RESUMING, &fd) || fd < 0)
		return;
	ret = mig_write(fd, race->whole.data, race->whole.len, 4096);
	check(crew, "write", ret, file_errors);
	ret = mig_set_state(&race->mig.dev, MIG_RUNNING, &none);
	check(crew, "RESUMING to RUNNING", ret, move_errors);
	if (!ret && none >= 0)
		close(none);
	close(fd);
}

static void reset_device(struct crew *crew, void *arg)
{
	struct race *race = arg;
	int ret = dev_reset(&race->mig.dev);

	if (ret)
		crew_complain(crew, "reset: %d", ret);
	usleep(200);
}

static void use_config(struct crew *crew, void *arg)
{
	struct race *race = arg;
	__u32 val;

	if (dev_read(&race->mig.dev, VFIO_PCI_CONFIG_REGION_INDEX, &val, 4,
		     PCI_VENDOR_ID) != 4)
		crew_complain(crew, "read of config space");
	val = random_u32();
	if (dev_write(&race->mig.dev, VFIO_PCI_CONFIG_REGION_INDEX, &val, 2,
		      PCI_COMMAND) != 2)
		crew_complain(crew, "write of config space");
	if (dev_read(&race->mig.dev, 0, &val, 4, 0) < 0)
		crew_complain(crew, "read of a BAR");
}

static void use_irqs(struct crew *crew, void *arg)
{
	struct race *race = arg;

	(void)crew;
	irq_bind(&race->mig.dev, VFIO_PCI_INTX_IRQ_INDEX, race->event);
	irq_disable(&race->mig.dev, VFIO_PCI_INTX_IRQ_INDEX);
}

/* After it: reset, and it migrates. */
static void settle(struct __test_metadata *_metadata, struct race *race)
{
	struct vfio_dev *dev = &race->mig.dev;
	struct mig_stream again = { };

	EXPECT_EQ(0, race->crew.complaints) {
		TH_LOG("%s", race->crew.first);
	}
	EXPECT_LT(50, race->crew.rounds);
	ASSERT_EQ(0, dev_reset(dev));
	EXPECT_EQ(MIG_RUNNING, mig_get_state(dev));
	mig_dress(&race->mig, 5);
	mig_save(dev, &again);
	EXPECT_EQ(0, mig_load(dev, &again));
	EXPECT_EQ(0, mig_load(dev, &race->whole));
	mig_to(dev, MIG_RUNNING);
	mig_stream_free(&again);
}

/* States against states against those who ask for them. */
TEST_F_TIMEOUT(race, states, 120)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;

	crew_add(crew, set_states, race);
	crew_add(crew, set_states, race);
	crew_add(crew, get_states, race);
	crew_run(crew, RACE_MS);
	EXPECT_LT(0, crew->achieved);
	settle(_metadata, race);
}

/* Data files, whose session is another's to end. */
TEST_F_TIMEOUT(race, files, 120)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;

	crew_add(crew, set_states, race);
	crew_add(crew, use_files, race);
	crew_add(crew, use_files, race);
	crew_add(crew, load, race);
	crew_run(crew, RACE_MS);
	settle(_metadata, race);
}

/* All of that while the device is reset and used. */
TEST_F_TIMEOUT(race, everything, 120)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;

	crew_add(crew, set_states, race);
	crew_add(crew, get_states, race);
	crew_add(crew, use_files, race);
	crew_add(crew, load, race);
	crew_add(crew, reset_device, race);
	crew_add(crew, use_config, race);
	crew_add(crew, use_irqs, race);
	crew_run(crew, RACE_MS);
	settle(_metadata, race);
}

/*
 * read() into memory that is not there yet, and reset: the fault takes locks
 * that a reset may hold (practitioners know it as the deferred reset).
 */
static void read_into_new_memory(struct crew *crew, void *arg)
{
	struct race *race = arg;
	void *mem = mmap(NULL, 0x4000, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = borrow_file(race);

	(void)crew;
	if (fd >= 0) {
		if (read(fd, mem, 0x4000) < 0)
			usleep(10);
		put_file(race, fd);
	}
	munmap(mem, 0x4000);
}

static void save(struct crew *crew, void *arg)
{
	struct race *race = arg;
	int fd, none;

	(void)crew;
	if (mig_set_state(&race->mig.dev, MIG_STOP_COPY, &fd) || fd < 0)
		return;
	put_file(race, fd);
	usleep(100);
	if (!mig_set_state(&race->mig.dev, MIG_RUNNING, &none) && none >= 0)
		close(none);
}

TEST_F_TIMEOUT(race, faults_and_reset, 120)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;

	crew_add(crew, read_into_new_memory, race);
	crew_add(crew, read_into_new_memory, race);
	crew_add(crew, save, race);
	crew_add(crew, reset_device, race);
	crew_run(crew, RACE_MS);
	settle(_metadata, race);
}

/* A device of a short life, some of whose files outlive it. */
static void live(struct crew *crew, void *arg)
{
	static const unsigned int states[] = { MIG_STOP_COPY, MIG_RESUMING,
					       MIG_PRE_COPY, MIG_PRE_COPY_P2P };
	unsigned int state = states[random_below(ARRAY_SIZE(states))];
	struct race *race = arg;
	struct mig_device mig;
	int fd, ret;

	ret = mig_device_open(&mig, race->kind, 1, race->path);
	if (ret) {
		crew_complain(crew, "open: %d", ret);
		return;
	}
	if (mig_has_state(mig.flags, state)) {
		ret = mig_set_state(&mig.dev, state, &fd);
		if (ret || fd < 0)
			crew_complain(crew, "SET_STATE: %d", ret);
		else
			put_file(race, fd);
	}
	usleep(random_below(500));
	mig_device_close(&mig);
	ret = mig_device_remove(&mig);
	if (ret)
		crew_complain(crew, "remove: %d", ret);
	else
		crew_achieved(crew);
}

TEST_F_TIMEOUT(race, close_and_remove, 120)
{
	struct race *race = &self->race;
	struct crew *crew = &race->crew;

	if (!race->mig.uuid[0])
		SKIP(return, "not a device of this program");
	crew_add(crew, live, race);
	crew_add(crew, use_files, race);
	crew_add(crew, use_files, race);
	crew_add(crew, use_files, race);
	crew_run(crew, RACE_MS);
	EXPECT_LT(0, crew->achieved);
	settle(_metadata, race);
}

TEST_HARNESS_MAIN
