// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that fails on the way (migration/fault in the device's directory):
 * the request says so, the device is where it was or in ERROR, there is a
 * sentence for the user, and what was asked for works when asked for again.
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/mig_device.h"
#include "lib/must.h"
#include "lib/sysfs.h"

/* What the driver is made to fail with: nothing else here does. */
#define ERROR	ENOSPC
#define ERROR_TEXT "28"

FIXTURE(fault)
{
	struct mig_device mig;
	struct vfio_dev *dev;
	struct mig_stream whole;
};

FIXTURE_VARIANT(fault)
{
	enum mig_kind kind;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(fault, subject_container)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(fault, subject_iommufd)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(fault, testdev)
{
	.kind = MIG_TESTDEV, .path = DEV_PATH_DEFAULT,
};

static int order(struct mig_device *mig, const char *what)
{
	char path[PATH_MAX + 32], text[64];

	snprintf(path, sizeof(path), "%s/migration/fault", mig->loc.sysfs);
	snprintf(text, sizeof(text), "%s " ERROR_TEXT, what);
	return sysfs_write(path, text);
}

static bool can_order(struct mig_device *mig)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/migration/fault", mig->loc.sysfs);
	return mig->loc.sysfs[0] && sysfs_exists(path);
}

FIXTURE_SETUP(fault)
{
	int ret = mig_device_open(&self->mig, variant->kind, 0, variant->path);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->mig.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->mig.dev;
	if (!can_order(&self->mig)) {
		mig_device_close(&self->mig);
		SKIP(return, "no migration/fault");
	}
	mig_dress(&self->mig, 5);
	mig_save(self->dev, &self->whole);
	mig_to(self->dev, MIG_RUNNING);
}

FIXTURE_TEARDOWN(fault)
{
	mig_stream_free(&self->whole);
	mig_device_close(&self->mig);
}

static void expect_reason(struct __test_metadata *_metadata,
			  struct mig_device *mig)
{
	const char *why = mig_last_error(mig);

	ASSERT_NE(NULL, why);
	EXPECT_NE(NULL, strchr(why, ' '));
}

/* The state and what is in the device are as they were; it still migrates. */
static void expect_as_before(struct __test_metadata *_metadata,
			     struct _test_data_fault *self)
{
	struct mig_stream again = { };

	EXPECT_EQ(MIG_RUNNING, mig_get_state(self->dev));
	mig_save(self->dev, &again);
	EXPECT_TRUE(mig_stream_equal(&self->whole, &again));
	mig_to(self->dev, MIG_RUNNING);
	mig_stream_free(&again);
}

/* An arc on which something fails, once. */
static void fail_arc(struct __test_metadata *_metadata,
		     struct _test_data_fault *self, const char *what,
		     unsigned int from, unsigned int to)
{
	int fd, ret;

	ret = order(&self->mig, what);
	ASSERT_EQ(0, ret) {
		TH_LOG("%s", what);
	}
	EXPECT_EQ(-ERROR, mig_set_state(self->dev, to, &fd));
	EXPECT_GT(0, fd);
	EXPECT_EQ(from, mig_get_state(self->dev));
	expect_reason(_metadata, &self->mig);
	/* again, and it works */
	EXPECT_EQ(0, mig_set_state(self->dev, to, &fd));
	EXPECT_EQ(to, mig_get_state(self->dev));
	if (fd >= 0)
		close(fd);
	if (_metadata->exit_code)
		TH_LOG("%s from %s to %s", what, mig_state_name(from),
		       mig_state_name(to));
}

/* Hooks that hold the device, or let it go. */
TEST_F(fault, holding)
{
	bool p2p = mig_has_state(self->mig.flags, MIG_RUNNING_P2P);
	unsigned int middle = p2p ? MIG_RUNNING_P2P : MIG_RUNNING;

	fail_arc(_metadata, self, "quiesce", MIG_RUNNING,
		 p2p ? MIG_RUNNING_P2P : MIG_STOP);
	mig_to(self->dev, middle);
	fail_arc(_metadata, self, "stop", middle, MIG_STOP);
	fail_arc(_metadata, self, "run", MIG_STOP, middle);
	if (p2p)
		fail_arc(_metadata, self, "unquiesce", MIG_RUNNING_P2P,
			 MIG_RUNNING);
	expect_as_before(_metadata, self);
}

/* Sessions that cannot begin: there is none, and the next one can. */
TEST_F(fault, beginning)
{
	mig_to(self->dev, MIG_STOP);
	fail_arc(_metadata, self, "file", MIG_STOP, MIG_STOP_COPY);
	mig_to(self->dev, MIG_STOP);
	fail_arc(_metadata, self, "save", MIG_STOP, MIG_STOP_COPY);
	mig_to(self->dev, MIG_STOP);
	fail_arc(_metadata, self, "arc", MIG_STOP, MIG_STOP_COPY);
	mig_to(self->dev, MIG_RUNNING);
	if (mig_has_state(self->mig.flags, MIG_PRE_COPY)) {
		fail_arc(_metadata, self, "RUNNING->PRE_COPY", MIG_RUNNING,
			 MIG_PRE_COPY);
		mig_to(self->dev, MIG_RUNNING);
		fail_arc(_metadata, self, "file", MIG_RUNNING, MIG_PRE_COPY);
		mig_to(self->dev, MIG_RUNNING);
	}
	if (self->mig.is_testdev)
		fail_arc(_metadata, self, "track", MIG_RUNNING, MIG_PRE_COPY);
	mig_to(self->dev, MIG_RUNNING);
	expect_as_before(_metadata, self);
}

/* At the switchover: the session goes on, and so does the guest. */
TEST_F(fault, switchover)
{
	static const char * const what[] = { "quiesce", "stop", "save" };
	struct mig_stream stream = { };
	int fd, none, state;
	unsigned int i;

	if (!mig_has_state(self->mig.flags, MIG_PRE_COPY))
		SKIP(return, "no PRE_COPY");
	for (i = 0; i < ARRAY_SIZE(what); i++) {
		fd = mig_enter(self->dev, MIG_PRE_COPY);
		stream.len = 0;
		mig_read(fd, &stream, 4096);
		ASSERT_EQ(0, order(&self->mig, what[i]));
		EXPECT_EQ(-ERROR, mig_set_state(self->dev, MIG_STOP_COPY,
						&none));
		state = mig_get_state(self->dev);
		EXPECT_TRUE(state == MIG_PRE_COPY || state == MIG_PRE_COPY_P2P);
		EXPECT_EQ(0, mig_set_state(self->dev, MIG_STOP_COPY, &none));
		EXPECT_EQ(0, mig_read(fd, &stream, 4096));
		mig_to(self->dev, MIG_RUNNING);
		close(fd);
		EXPECT_EQ(0, mig_load(self->dev, &stream));
		mig_to(self->dev, MIG_RUNNING);
	}
	mig_stream_free(&stream);
	expect_as_before(_metadata, self);
}

/* read() and write() that fail lose nothing. */
TEST_F(fault, reads_and_writes)
{
	struct mig_stream stream = { };
	int fd;

	fd = mig_enter(self->dev, MIG_STOP_COPY);
	ASSERT_EQ(0, order(&self->mig, "read"));
	EXPECT_EQ(-ERROR, mig_read(fd, &stream, 100));
	EXPECT_EQ(0, mig_read(fd, &stream, 100));
	EXPECT_TRUE(mig_stream_equal(&self->whole, &stream));
	close(fd);

	fd = mig_enter(self->dev, MIG_RESUMING);
	ASSERT_EQ(0, order(&self->mig, "write"));
	EXPECT_EQ(-ERROR, mig_write(fd, stream.data, stream.len, 100));
	EXPECT_EQ(0, mig_write(fd, stream.data, stream.len, 100));
	mig_to(self->dev, MIG_RUNNING);
	close(fd);
	mig_stream_free(&stream);
	expect_as_before(_metadata, self);
}

/* A page that cannot be had is not lost either; one that has no place is told. */
TEST_F(fault, pages)
{
	struct mig_stream stream = { };
	int fd, none;

	if (!self->mig.is_testdev)
		SKIP(return, "a device without memory");
	fd = mig_enter(self->dev, MIG_STOP_COPY);
	ASSERT_EQ(0, order(&self->mig, "take"));
	while (mig_read(fd, &stream, 100) == -ERROR)
		;
	EXPECT_TRUE(mig_stream_equal(&self->whole, &stream));
	mig_stream_free(&stream);
	close(fd);

	fd = mig_enter(self->dev, MIG_RESUMING);
	ASSERT_EQ(0, order(&self->mig, "stage"));
	EXPECT_GT(0, mig_write(fd, self->whole.data, self->whole.len, 100));
	EXPECT_GT(0, mig_set_state(self->dev, MIG_STOP, &none));
	expect_reason(_metadata, &self->mig);
	close(fd);
	ASSERT_EQ(0, dev_reset(self->dev));
	EXPECT_EQ(0, mig_load(self->dev, &self->whole));
	mig_to(self->dev, MIG_RUNNING);
	expect_as_before(_metadata, self);
}

/* The device does not want to become what it was sent. */
TEST_F(fault, load_check)
{
	int fd, none;

	fd = mig_load_open(self->dev, &self->whole);
	ASSERT_EQ(0, order(&self->mig, "load_check"));
	EXPECT_EQ(-ERROR, mig_set_state(self->dev, MIG_STOP, &none));
	expect_reason(_metadata, &self->mig);
	/* that is its last word */
	EXPECT_GT(0, mig_set_state(self->dev, MIG_STOP, &none));
	EXPECT_GT(0, mig_set_state(self->dev, MIG_RUNNING, &none));
	EXPECT_EQ(MIG_RESUMING, mig_get_state(self->dev));
	close(fd);
	ASSERT_EQ(0, dev_reset(self->dev));
	EXPECT_EQ(0, mig_load(self->dev, &self->whole));
	mig_to(self->dev, MIG_RUNNING);
	expect_as_before(_metadata, self);
}

/*
 * ERROR: a device that does not start again after a reset. All but a reset is
 * refused, its user can still look at it, and another reset helps.
 */
TEST_F(fault, error)
{
	unsigned int to;
	__u64 size;
	int fd;

	mig_to(self->dev, MIG_STOP);
	ASSERT_EQ(0, order(&self->mig, "run"));
	dev_reset(self->dev);
	ASSERT_EQ(MIG_ERROR, mig_get_state(self->dev));
	for (to = 0; to <= MIG_STATES; to++) {
		EXPECT_EQ(-EINVAL, mig_set_state(self->dev, to, &fd));
		EXPECT_GT(0, fd);
		EXPECT_EQ(MIG_ERROR, mig_get_state(self->dev));
	}
	expect_reason(_metadata, &self->mig);
	EXPECT_EQ(0, mig_data_size(self->dev, &size));
	EXPECT_LT(0, size);
	EXPECT_NE(~0U, config_read32(self->dev, PCI_VENDOR_ID));
	ASSERT_EQ(0, dev_reset(self->dev));
	EXPECT_EQ(MIG_RUNNING, mig_get_state(self->dev));
	EXPECT_EQ(0, mig_load(self->dev, &self->whole));
	mig_to(self->dev, MIG_RUNNING);
	expect_as_before(_metadata, self);
}

/* The next user does not find it there. */
TEST_F(fault, error_and_close)
{
	mig_to(self->dev, MIG_STOP);
	ASSERT_EQ(0, order(&self->mig, "run"));
	dev_reset(self->dev);
	EXPECT_EQ(MIG_ERROR, mig_get_state(self->dev));
	ASSERT_EQ(0, mig_device_reopen(&self->mig));
	EXPECT_EQ(MIG_RUNNING, mig_get_state(self->dev));
	EXPECT_EQ(0, mig_load(self->dev, &self->whole));
	mig_to(self->dev, MIG_RUNNING);
	expect_as_before(_metadata, self);
}

/* migration/state says what VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE says. */
TEST_F(fault, state_in_sysfs)
{
	char path[PATH_MAX + 32], text[64];
	unsigned int state;
	int fd;

	snprintf(path, sizeof(path), "%s/migration/state",
		 self->mig.loc.sysfs);
	for (state = 0; state < MIG_STATES; state++) {
		if (!mig_has_state(self->mig.flags, state))
			continue;
		fd = mig_enter(self->dev, state);
		ASSERT_EQ(0, sysfs_read(path, text, sizeof(text)));
		text[strcspn(text, "\n")] = '\0';
		EXPECT_STREQ(mig_state_name(state), text);
		if (fd >= 0)
			close(fd);
		ASSERT_EQ(0, dev_reset(self->dev));
	}
}

/* What is no order is refused, and the last one stands. */
TEST_F(fault, orders)
{
	static const char * const bad[] = {
		" ", "stop", "nothing 5", "stop x", "stop 0", "stop -5",
		"stop 5000", "stop 5 0", "stop 5 1 1", "RUNNING-> 5",
		"RUNNING->NOWHERE 5", "->STOP 5", "none 5",
	};
	char path[PATH_MAX + 32], text[64];
	unsigned int i;

	snprintf(path, sizeof(path), "%s/migration/fault", self->mig.loc.sysfs);
	ASSERT_EQ(0, sysfs_write(path, "RUNNING->PRE_COPY 5 2\n"));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, sysfs_write(path, bad[i])) {
			TH_LOG("order %u", i);
		}
	}
	ASSERT_EQ(0, sysfs_read(path, text, sizeof(text)));
	EXPECT_STREQ("RUNNING->PRE_COPY 5 2\n", text);
	ASSERT_EQ(0, sysfs_write(path, "none"));
	ASSERT_EQ(0, sysfs_read(path, text, sizeof(text)));
	EXPECT_STREQ("none\n", text);
}

TEST_HARNESS_MAIN
