// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ends a migration: reset, by each of its ways and in each state, and close.
 * Afterwards the device is RUNNING, new, and ready for the next migration; files
 * of before are harmless, and dead (linux/vfio.h, VFIO_DEVICE_RESET).
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/mig_device.h"
#include "lib/must.h"

/**
 * struct subject - a device under test
 * @mig: the device
 * @whole: its state when it has something in it
 * @dressed: what is seen then
 * @fresh: what is seen when it is new
 */
struct subject {
	struct mig_device mig;
	struct mig_stream whole;
	struct mig_portrait dressed;
	struct mig_portrait fresh;
};

FIXTURE(reset)
{
	struct subject subject;
	struct vfio_dev *dev;
};

FIXTURE_VARIANT(reset)
{
	enum mig_kind kind;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(reset, subject_container)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(reset, subject_iommufd)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(reset, testdev)
{
	.kind = MIG_TESTDEV, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(reset)
{
	struct subject *s = &self->subject;
	int ret = mig_device_open(&s->mig, variant->kind, 0, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", s->mig.why);
	ASSERT_EQ(0, ret);
	self->dev = &s->mig.dev;
	mig_portray(&s->mig, &s->fresh);
	ASSERT_EQ(0, dev_reset(self->dev));
	mig_dress(&s->mig, 5);
	mig_save(self->dev, &s->whole);
	mig_to(self->dev, MIG_RUNNING);
	mig_portray(&s->mig, &s->dressed);
	ASSERT_EQ(0, dev_reset(self->dev));
}

FIXTURE_TEARDOWN(reset)
{
	mig_stream_free(&self->subject.whole);
	mig_device_close(&self->subject.mig);
}

/*
 * Into a state, with something in the device and something done in the state.
 * Its file, or -1.
 */
static int go_to(struct subject *s, unsigned int state)
{
	char buf[8];
	int fd;

	mig_dress(&s->mig, 12);
	fd = mig_enter(&s->mig.dev, state);
	if (state == MIG_RESUMING)
		must(!mig_write(fd, s->whole.data, s->whole.len / 2,
				MIG_CHUNK), "loading");
	else if (fd >= 0)
		must(read(fd, buf, sizeof(buf)) > 0, "saving");
	return fd;
}

/* Whatever is done with it: ENODEV, and no harm. */
static void expect_dead(struct __test_metadata *_metadata, int fd,
			bool resuming)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };
	struct vfio_precopy_info info;
	char byte = 0;
	int i;

	if (fd < 0)
		return;
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-1, resuming ? write(fd, &byte, 1) :
					 read(fd, &byte, 1));
		EXPECT_EQ(ENODEV, errno);
		EXPECT_GT(0, mig_precopy_info(fd, &info));
		EXPECT_LT(0, poll(&pfd, 1, 0));
	}
}

static void expect_seen(struct __test_metadata *_metadata,
			struct mig_device *mig,
			const struct mig_portrait *wanted)
{
	struct mig_portrait portrait;
	const char *what;

	EXPECT_EQ(MIG_RUNNING, mig_get_state(&mig->dev));
	mig_portray(mig, &portrait);
	what = mig_differs(wanted, &portrait);
	EXPECT_EQ(NULL, what) {
		TH_LOG("%s is not as it should be", what);
	}
}

/* The next migrations, to it and from it. */
static void expect_fit(struct __test_metadata *_metadata, struct subject *s)
{
	struct vfio_dev *dev = &s->mig.dev;
	struct mig_stream again = { };

	EXPECT_EQ(0, mig_load(dev, &s->whole));
	mig_to(dev, MIG_RUNNING);
	expect_seen(_metadata, &s->mig, &s->dressed);
	mig_save(dev, &again);
	EXPECT_LT(0, again.len);
	mig_to(dev, MIG_RUNNING);
	mig_stream_free(&again);
}

static void try_each_state(struct __test_metadata *_metadata,
			   struct subject *s,
			   void (*reset)(struct vfio_dev *dev))
{
	unsigned int state;
	int fd;

	for (state = 0; state < MIG_STATES; state++) {
		if (!mig_has_state(s->mig.flags, state))
			continue;
		fd = go_to(s, state);
		reset(&s->mig.dev);
		expect_dead(_metadata, fd, state == MIG_RESUMING);
		expect_seen(_metadata, &s->mig, &s->fresh);
		expect_fit(_metadata, s);
		expect_dead(_metadata, fd, state == MIG_RESUMING);
		if (fd >= 0)
			close(fd);
		EXPECT_EQ(MIG_RUNNING, mig_get_state(&s->mig.dev));
		EXPECT_EQ(0, dev_reset(&s->mig.dev));
		if (_metadata->exit_code) {
			TH_LOG("reset in %s", mig_state_name(state));
			return;
		}
	}
}

static void by_ioctl(struct vfio_dev *dev)
{
	must(!dev_reset(dev), "reset");
}

TEST_F_TIMEOUT(reset, in_each_state, 120)
{
	try_each_state(_metadata, &self->subject, by_ioctl);
}

static void by_function_level(struct vfio_dev *dev)
{
	config_flr(dev);
}

TEST_F_TIMEOUT(reset, function_level, 120)
{
	unsigned int cap = config_find_cap(self->dev, PCI_CAP_ID_EXP);

	if (!cap || !(config_read32(self->dev, cap + PCI_EXP_DEVCAP) &
		      PCI_EXP_DEVCAP_FLR))
		SKIP(return, "no function level reset");
	try_each_state(_metadata, &self->subject, by_function_level);
}

/* A session that was refused something is over as well. */
TEST_F(reset, after_refusal)
{
	static const char nonsense[64] = "this is no stream of any device\n";
	int fd, none;

	fd = mig_enter(self->dev, MIG_RESUMING);
	mig_write(fd, nonsense, sizeof(nonsense), 64);
	EXPECT_GT(0, mig_set_state(self->dev, MIG_STOP, &none));
	ASSERT_EQ(0, dev_reset(self->dev));
	expect_dead(_metadata, fd, true);
	close(fd);
	expect_seen(_metadata, &self->subject.mig, &self->subject.fresh);
	expect_fit(_metadata, &self->subject);
}

/* Who waits in poll() is told that it is over. */
struct waiter {
	struct vfio_dev *dev;
	int ret;
};

static void *reset_soon(void *arg)
{
	struct waiter *waiter = arg;

	usleep(20000);
	waiter->ret = dev_reset(waiter->dev);
	return NULL;
}

TEST_F(reset, wakes_poll)
{
	struct waiter waiter = { .dev = self->dev };
	struct mig_stream stream = { };
	pthread_t thread;
	int fd;

	if (!mig_has_state(self->subject.mig.flags, MIG_PRE_COPY))
		SKIP(return, "no PRE_COPY");
	fd = mig_enter(self->dev, MIG_PRE_COPY);
	ASSERT_EQ(-ENOMSG, mig_read(fd, &stream, 4096));
	ASSERT_EQ(0, pthread_create(&thread, NULL, reset_soon, &waiter));
	EXPECT_TRUE(mig_poll(fd));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, waiter.ret);
	expect_dead(_metadata, fd, false);
	close(fd);
	mig_stream_free(&stream);
}

/* The next user finds a RUNNING device, and nothing of the last one's. */
TEST_F_TIMEOUT(reset, close_in_each_state, 120)
{
	struct subject *s = &self->subject;
	unsigned int state;
	int fd;

	for (state = 0; state < MIG_STATES; state++) {
		if (!mig_has_state(s->mig.flags, state))
			continue;
		fd = go_to(s, state);
		mig_device_close(&s->mig);
		expect_dead(_metadata, fd, state == MIG_RESUMING);
		ASSERT_EQ(0, mig_device_reopen(&s->mig));
		expect_seen(_metadata, &s->mig, &s->fresh);
		expect_fit(_metadata, s);
		expect_dead(_metadata, fd, state == MIG_RESUMING);
		if (fd >= 0)
			close(fd);
		ASSERT_EQ(0, dev_reset(self->dev));
		if (_metadata->exit_code) {
			TH_LOG("closed in %s", mig_state_name(state));
			return;
		}
	}
}

/* What the last user agreed on is not the next one's business. */
TEST_F(reset, close_ends_precopy_v2)
{
	struct vfio_precopy_info info;
	int fd;

	if (!mig_has_state(self->subject.mig.flags, MIG_PRE_COPY))
		SKIP(return, "no PRE_COPY");
	if (mig_precopy_v2(self->dev))
		SKIP(return, "no VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2");
	ASSERT_EQ(0, mig_device_reopen(&self->subject.mig));
	fd = mig_enter(self->dev, MIG_PRE_COPY);
	EXPECT_EQ(0, mig_precopy_info(fd, &info));
	/* without it the field is reserved: as the user left it, or nothing */
	EXPECT_TRUE(info.flags == 0xa5a5a5a5 || info.flags == 0);
	close(fd);
}

/* The device is removed: its files are all that is left, and do no harm. */
TEST_F(reset, removed)
{
	static const unsigned int states[] = { MIG_STOP_COPY, MIG_RESUMING,
					       MIG_PRE_COPY };
	struct subject *s = &self->subject;
	unsigned int i;
	int fd;

	if (!s->mig.uuid[0])
		SKIP(return, "not a device of this program");
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		if (!mig_has_state(s->mig.flags, states[i]))
			continue;
		fd = go_to(s, states[i]);
		mig_device_close(&s->mig);
		ASSERT_EQ(0, mig_device_remove(&s->mig));
		expect_dead(_metadata, fd, states[i] == MIG_RESUMING);
		ASSERT_EQ(0, mig_device_open(&s->mig, variant->kind, 0,
					     variant->path));
		expect_fit(_metadata, s);
		expect_dead(_metadata, fd, states[i] == MIG_RESUMING);
		close(fd);
		ASSERT_EQ(0, dev_reset(self->dev));
	}
}

TEST_HARNESS_MAIN
