// SPDX-License-Identifier: GPL-2.0-only
/*
 * No file descriptor is left for the data file (RLIMIT_NOFILE): the request
 * fails with EMFILE or ENFILE, the device is in a state it may be in, and with
 * a descriptor everything works.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "lib/mig_device.h"
#include "lib/must.h"

FIXTURE(fd)
{
	struct mig_device mig;
	struct vfio_dev *dev;
	struct mig_stream whole;
};

FIXTURE_VARIANT(fd)
{
	enum mig_kind kind;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(fd, subject_container)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(fd, subject_iommufd)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(fd, testdev)
{
	.kind = MIG_TESTDEV, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(fd)
{
	int ret = mig_device_open(&self->mig, variant->kind, 0, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->mig.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->mig.dev;
	mig_dress(&self->mig, 5);
	mig_save(self->dev, &self->whole);
	mig_to(self->dev, MIG_RUNNING);
}

FIXTURE_TEARDOWN(fd)
{
	mig_stream_free(&self->whole);
	mig_device_close(&self->mig);
}

/* set_state() with no descriptor to be had. */
static int set_state_without(struct vfio_dev *dev, unsigned int state, int *fd)
{
	struct rlimit before, none;
	int ret, lowest;

	/* all below the limit are in use, the lowest free one is not below it */
	lowest = fcntl(0, F_DUPFD, 0);
	must(lowest >= 0, "dup: %m");
	close(lowest);
	must(!getrlimit(RLIMIT_NOFILE, &before), "getrlimit: %m");
	none = before;
	none.rlim_cur = lowest;
	must(!setrlimit(RLIMIT_NOFILE, &none), "setrlimit: %m");
	ret = mig_set_state(dev, state, fd);
	must(!setrlimit(RLIMIT_NOFILE, &before), "setrlimit: %m");
	return ret;
}

/* What may be seen after a request that failed: where it was, or on the way. */
static bool may_be_in(unsigned int from, unsigned int to, int state)
{
	return state == (int)from || state == (int)to || state == MIG_STOP ||
	       state == MIG_RUNNING || state == MIG_RUNNING_P2P;
}

static bool is_emfile(int ret)
{
	return ret == -EMFILE || ret == -ENFILE;
}

static void expect_usable(struct __test_metadata *_metadata,
			  struct _test_data_fd *self)
{
	struct mig_stream again = { };

	EXPECT_EQ(MIG_RUNNING, mig_get_state(self->dev));
	mig_save(self->dev, &again);
	EXPECT_TRUE(mig_stream_equal(&self->whole, &again));
	EXPECT_EQ(0, mig_load(self->dev, &again));
	mig_to(self->dev, MIG_RUNNING);
	mig_stream_free(&again);
}

/*
 * Back to RUNNING from wherever it was left. If an arc leads there, what was in
 * it still is; else a reset takes it, and it is loaded again.
 */
static void recover(struct __test_metadata *_metadata, struct vfio_dev *dev,
		    const struct mig_stream *whole)
{
	int fd;

	if (mig_get_state(dev) == MIG_RESUMING) {
		EXPECT_EQ(0, dev_reset(dev));
		EXPECT_EQ(0, mig_load(dev, whole));
	}
	EXPECT_EQ(0, mig_set_state(dev, MIG_RUNNING, &fd));
}

TEST_F_TIMEOUT(fd, none_left, 120)
{
	static const unsigned int from[] = { MIG_RUNNING, MIG_STOP,
					     MIG_RUNNING_P2P };
	static const unsigned int to[] = { MIG_STOP_COPY, MIG_RESUMING,
					   MIG_PRE_COPY, MIG_PRE_COPY_P2P };
	unsigned int i, j;
	int fd, state;

	for (i = 0; i < ARRAY_SIZE(from) * ARRAY_SIZE(to); i++) {
		j = i % ARRAY_SIZE(to);
		state = from[i / ARRAY_SIZE(to)];
		if (!mig_has_state(self->mig.flags, state) ||
		    !mig_has_state(self->mig.flags, to[j]))
			continue;
		mig_to(self->dev, state);
		EXPECT_TRUE(is_emfile(set_state_without(self->dev, to[j],
							&fd)));
		EXPECT_GT(0, fd);
		EXPECT_TRUE(may_be_in(state, to[j], mig_get_state(self->dev)));
		recover(_metadata, self->dev, &self->whole);
		expect_usable(_metadata, self);
		if (_metadata->exit_code) {
			TH_LOG("%s to %s", mig_state_name(state),
			       mig_state_name(to[j]));
			return;
		}
	}
}

/* Arcs that make no file need no descriptor. */
TEST_F(fd, none_needed)
{
	static const unsigned int to[] = {
		MIG_RUNNING_P2P, MIG_STOP, MIG_RUNNING, MIG_STOP, MIG_RUNNING,
	};
	unsigned int i;
	int fd, none;

	for (i = 0; i < ARRAY_SIZE(to); i++)
		if (mig_has_state(self->mig.flags, to[i]))
			EXPECT_EQ(0, set_state_without(self->dev, to[i], &fd));

	fd = mig_enter(self->dev, MIG_STOP_COPY);
	EXPECT_EQ(0, set_state_without(self->dev, MIG_RUNNING, &none));
	close(fd);
	if (mig_has_state(self->mig.flags, MIG_PRE_COPY)) {
		fd = mig_enter(self->dev, MIG_PRE_COPY);
		EXPECT_EQ(0, set_state_without(self->dev, MIG_STOP_COPY, &none));
		EXPECT_EQ(0, set_state_without(self->dev, MIG_RUNNING, &none));
		close(fd);
	}
	expect_usable(_metadata, self);
}

/* The same request again and again: nothing is used up. */
TEST_F_TIMEOUT(fd, many_times, 120)
{
	unsigned int i;
	int fd;

	for (i = 0; i < 40; i++) {
		EXPECT_TRUE(is_emfile(set_state_without(self->dev,
							MIG_STOP_COPY, &fd)));
		recover(_metadata, self->dev, &self->whole);
	}
	expect_usable(_metadata, self);
}

TEST_HARNESS_MAIN
