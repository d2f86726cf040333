// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state machine (linux/vfio.h, enum vfio_device_mig_state): from each state
 * to each, for whatever set of states the device has. What must happen is in a
 * table of our own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "kselftest_harness.h"
#include "lib/mig_device.h"
#include "lib/must.h"
#include "lib/random.h"

/* An arc that takes longer than this hangs. */
#define ARC_SECONDS 10
#define STEPS 200

/**
 * struct machine - a device under test
 * @mig: the device
 * @whole: a stream that it takes
 * @fd: of the session, or -1
 * @fed: @whole was written to @fd
 */
struct machine {
	struct mig_device mig;
	struct mig_stream whole;
	int fd;
	bool fed;
};

FIXTURE(arc)
{
	struct machine machine;
	struct vfio_dev *dev;
};

FIXTURE_VARIANT(arc)
{
	enum mig_kind kind;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(arc, subject_container)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(arc, subject_iommufd)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(arc, testdev)
{
	.kind = MIG_TESTDEV, .path = DEV_PATH_DEFAULT,
};

/* What is under way when the watchdog barks. */
static unsigned int watched_from, watched_to;

static void bark(int signal)
{
	(void)signal;
	dprintf(STDERR_FILENO, "# %s to %s hangs\n",
		mig_state_name(watched_from), mig_state_name(watched_to));
	abort();
}

FIXTURE_SETUP(arc)
{
	struct machine *m = &self->machine;
	int ret = mig_device_open(&m->mig, variant->kind, 0, variant->path);

	m->fd = -1;
	if (ret == -ENODEV)
		SKIP(return, "%s", m->mig.why);
	ASSERT_EQ(0, ret);
	self->dev = &m->mig.dev;
	signal(SIGALRM, bark);
	mig_save(self->dev, &m->whole);
	mig_to(self->dev, MIG_RUNNING);
	random_seed();
}

FIXTURE_TEARDOWN(arc)
{
	struct machine *m = &self->machine;

	if (m->fd >= 0)
		close(m->fd);
	mig_stream_free(&m->whole);
	mig_device_close(&m->mig);
}

/*
 * What comes of a request: refused, or done; and done with a new file, in other
 * words a session that was not there before. States that a device has not are
 * always refused. Rows are where from, columns where to, in the order of
 * enum vfio_device_mig_state.
 */
#define REFUSED	'x'
#define DONE	'.'
#define FILE_TO	'F'

static const char table[MIG_STATES][MIG_STATES + 1] = {
	/* ERROR, STOP, RUNNING, STOP_COPY, RESUMING, _P2P, PRE_COPY, _P2P */
	[MIG_ERROR]		= "xxxxxxxx",
	[MIG_STOP]		= "x..FF.FF",
	[MIG_RUNNING]		= "x..FF.FF",
	[MIG_STOP_COPY]		= "x...F.xx",
	[MIG_RESUMING]		= "x..F..FF",
	[MIG_RUNNING_P2P]	= "x..FF.FF",
	[MIG_PRE_COPY]		= "x...F...",
	[MIG_PRE_COPY_P2P]	= "x...F...",
};

static char expected(__u64 flags, unsigned int from, unsigned int to)
{
	if (to >= MIG_STATES || !mig_has_state(flags, to))
		return REFUSED;
	return table[from][to];
}

static bool is_saving(unsigned int state)
{
	return state == MIG_STOP_COPY || state == MIG_PRE_COPY ||
	       state == MIG_PRE_COPY_P2P;
}

/* The session of a state works: saving goes on, loading takes more. */
static bool session_lives(unsigned int state, int fd)
{
	struct vfio_precopy_info info;
	char byte;

	if (state == MIG_PRE_COPY || state == MIG_PRE_COPY_P2P)
		return !mig_precopy_info(fd, &info);
	if (state == MIG_STOP_COPY)
		return read(fd, &byte, 1) >= 0;
	if (state == MIG_RESUMING)
		return write(fd, &byte, 0) == 0;
	return true;
}

/* A file as it is to be: closed on exec, and for one direction. */
static bool file_is_right(unsigned int state, int fd)
{
	int flags = fcntl(fd, F_GETFD), mode = fcntl(fd, F_GETFL);

	return flags >= 0 && flags & FD_CLOEXEC &&
	       (mode & O_ACCMODE) == (state == MIG_RESUMING ? O_WRONLY :
						O_RDONLY);
}

/* Nothing leaves RESUMING but with a whole stream. */
static void feed(struct machine *m, unsigned int state)
{
	int ret;

	if (state != MIG_RESUMING || m->fed)
		return;
	ret = mig_write(m->fd, m->whole.data, m->whole.len, MIG_CHUNK);
	must(!ret, "loading: %d", ret);
	m->fed = true;
}

static void set_session(struct machine *m, int fd)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = fd;
	m->fed = false;
}

static int request(struct machine *m, unsigned int from, unsigned int to,
		   int *fd)
{
	int ret;

	watched_from = from;
	watched_to = to;
	alarm(ARC_SECONDS);
	ret = mig_set_state(&m->mig.dev, to, fd);
	alarm(0);
	return ret;
}

/* One request, and all that follows from what the table has for it. */
static void try_arc(struct __test_metadata *_metadata, struct machine *m,
		    unsigned int from, unsigned int to)
{
	char wish = expected(m->mig.flags, from, to);
	int fd, ret;

	ret = request(m, from, to, &fd);
	if (wish == REFUSED) {
		EXPECT_EQ(-EINVAL, ret);
		EXPECT_EQ(from, mig_get_state(&m->mig.dev));
		EXPECT_TRUE(session_lives(from, m->fd));
		EXPECT_GT(0, fd);
		return;
	}
	EXPECT_EQ(0, ret);
	ASSERT_EQ(to, mig_get_state(&m->mig.dev));
	if (wish == FILE_TO) {
		ASSERT_LE(0, fd);
		EXPECT_TRUE(file_is_right(to, fd));
		set_session(m, fd);
	} else {
		EXPECT_EQ(-1, fd);
		if (from != to && !(is_saving(from) && is_saving(to)))
			set_session(m, -1);
	}
	EXPECT_TRUE(session_lives(to, m->fd));
}

/* How to get to a state from RUNNING, one arc after the other. */
static const unsigned int routes[MIG_STATES][4] = {
	[MIG_STOP] = { MIG_RUNNING_P2P, MIG_STOP },
	[MIG_STOP_COPY] = { MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY },
	[MIG_RESUMING] = { MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING },
	[MIG_RUNNING_P2P] = { MIG_RUNNING_P2P },
	[MIG_PRE_COPY] = { MIG_PRE_COPY },
	[MIG_PRE_COPY_P2P] = { MIG_PRE_COPY, MIG_PRE_COPY_P2P },
};

static void walk_to(struct __test_metadata *_metadata, struct machine *m,
		    unsigned int state)
{
	unsigned int i, from = MIG_RUNNING, to;

	ASSERT_EQ(MIG_RUNNING, mig_get_state(&m->mig.dev));
	for (i = 0; from != state; i++) {
		to = routes[state][i];
		if (!mig_has_state(m->mig.flags, to))
			continue;
		try_arc(_metadata, m, from, to);
		from = to;
	}
}

static void back_to_running(struct __test_metadata *_metadata,
			    struct machine *m)
{
	int state = mig_get_state(&m->mig.dev);

	feed(m, state);
	try_arc(_metadata, m, state, MIG_RUNNING);
}

/* linux/vfio.h: STOP_COPY alone or with P2P, PRE_COPY or both; nothing else */
TEST_F(arc, flags)
{
	__u64 flags = self->machine.mig.flags;

	EXPECT_EQ(VFIO_MIGRATION_STOP_COPY, flags & VFIO_MIGRATION_STOP_COPY);
	EXPECT_EQ(0, flags & ~(VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P |
			       VFIO_MIGRATION_PRE_COPY));
}

TEST_F_TIMEOUT(arc, matrix, 120)
{
	struct machine *m = &self->machine;
	unsigned int from, to;

	for (from = 0; from < MIG_STATES; from++) {
		if (!mig_has_state(m->mig.flags, from))
			continue;
		for (to = 0; to < MIG_STATES; to++) {
			walk_to(_metadata, m, from);
			feed(m, from);
			try_arc(_metadata, m, from, to);
			if (!_metadata->exit_code) {
				back_to_running(_metadata, m);
				continue;
			}
			TH_LOG("%s to %s", mig_state_name(from),
			       mig_state_name(to));
			return;
		}
	}
}

/* What is no state at all, in each. */
TEST_F(arc, numbers_out_of_range)
{
	struct machine *m = &self->machine;
	static const __u32 numbers[] = { MIG_STATES, MIG_STATES + 1, 0x100,
					 0x10002, 0x7fffffff, 0x80000002, ~0U };
	unsigned int from, i;

	for (from = 0; from < MIG_STATES; from++) {
		if (!mig_has_state(m->mig.flags, from))
			continue;
		walk_to(_metadata, m, from);
		for (i = 0; i < ARRAY_SIZE(numbers); i++)
			try_arc(_metadata, m, from, numbers[i]);
		back_to_running(_metadata, m);
	}
}

/*
 * A session that another replaced, or that ended, is over for its file too, and
 * the one that took its place is not harmed when that is closed.
 */
TEST_F(arc, old_files_are_dead)
{
	struct mig_stream *whole = &self->machine.whole;
	int first, second;
	char byte;

	first = mig_enter(self->dev, MIG_STOP_COPY);
	mig_to(self->dev, MIG_STOP);
	EXPECT_EQ(-1, read(first, &byte, 1));
	EXPECT_EQ(ENODEV, errno);
	second = mig_enter(self->dev, MIG_STOP_COPY);
	EXPECT_EQ(-1, read(first, &byte, 1));
	EXPECT_EQ(ENODEV, errno);
	close(first);
	EXPECT_EQ(1, read(second, &byte, 1));
	first = mig_enter(self->dev, MIG_RESUMING);
	EXPECT_EQ(-1, read(second, &byte, 1));
	EXPECT_EQ(ENODEV, errno);
	close(second);
	ASSERT_EQ(0, mig_write(first, whole->data, whole->len, MIG_CHUNK));
	mig_to(self->dev, MIG_RUNNING);
	EXPECT_EQ(-1, write(first, whole->data, 1));
	EXPECT_EQ(ENODEV, errno);
	close(first);
}

/* To close the file means nothing: the session goes on until an arc ends it. */
TEST_F(arc, closed_files_do_not_matter)
{
	unsigned int state;

	for (state = 0; state < MIG_STATES; state++) {
		if (!is_saving(state) ||
		    !mig_has_state(self->machine.mig.flags, state))
			continue;
		mig_to(self->dev, state);
		EXPECT_EQ(state, mig_get_state(self->dev));
		mig_to(self->dev, MIG_RUNNING);
	}
	close(mig_load_open(self->dev, &self->machine.whole));
	EXPECT_EQ(MIG_RESUMING, mig_get_state(self->dev));
	mig_to(self->dev, MIG_RUNNING);
}

/*
 * A request that leads from one session to another says so, also if nobody had
 * the first one's file any more.
 */
TEST_F(arc, from_session_to_session)
{
	struct mig_stream *whole = &self->machine.whole;
	unsigned int i;
	int fd;

	for (i = 0; i < 20; i++) {
		mig_to(self->dev, MIG_STOP_COPY);
		fd = mig_enter(self->dev, MIG_RESUMING);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, mig_write(fd, whole->data, whole->len, MIG_CHUNK));
		close(fd);
		fd = mig_enter(self->dev, MIG_STOP_COPY);
		ASSERT_LE(0, fd);
		close(fd);
	}
}

/* Any arc from wherever the last one led to. */
TEST_F_TIMEOUT(arc, at_random, 120)
{
	struct machine *m = &self->machine;
	unsigned int i, from = MIG_RUNNING, to;

	for (i = 0; i < STEPS; i++) {
		to = random_below(MIG_STATES);
		if (from == MIG_RESUMING && to != from &&
		    expected(m->mig.flags, from, to) != REFUSED)
			feed(m, from);
		try_arc(_metadata, m, from, to);
		if (_metadata->exit_code) {
			TH_LOG("step %u, %s to %s", i, mig_state_name(from),
			       mig_state_name(to));
			return;
		}
		from = mig_get_state(self->dev);
	}
}

TEST_HARNESS_MAIN
