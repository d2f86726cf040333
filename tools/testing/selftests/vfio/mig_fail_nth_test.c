// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every user copy of a migration fails once. Whoever asked
 * is told by a plain error; the source goes on as it was, the destination is as
 * it was or can be reset, and without a fault the migration works.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/fault.h"
#include "lib/mig_device.h"
#include "lib/must.h"

#define PRECOPY_CHUNK 0x10000

FIXTURE(fail_nth)
{
	struct mig_device source;
	struct mig_device dest;
	struct mig_stream stream;
};

FIXTURE_VARIANT(fail_nth)
{
	enum mig_kind kind;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(fail_nth, subject_container)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(fail_nth, subject_iommufd)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(fail_nth, testdev)
{
	.kind = MIG_TESTDEV, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(fail_nth)
{
	const char *why = fault_prepare();
	int ret;

	if (why)
		SKIP(return, "%s", why);
	ret = mig_device_open(&self->source, variant->kind, 0, variant->path);
	if (ret == -ENODEV)
		SKIP(return, "%s", self->source.why);
	ASSERT_EQ(0, ret);
	ret = mig_device_open(&self->dest, variant->kind, 1, variant->path);
	if (ret == -ENODEV) {
		mig_device_close(&self->source);
		SKIP(return, "%s", self->dest.why);
	}
	ASSERT_EQ(0, ret);
	/* room, so that no realloc() asks the kernel for memory in between */
	mig_save(&self->source.dev, &self->stream);
	self->stream.len = 0;
	mig_to(&self->source.dev, MIG_RUNNING);
}

FIXTURE_TEARDOWN(fail_nth)
{
	mig_stream_free(&self->stream);
	mig_device_close(&self->source);
	mig_device_close(&self->dest);
}

/* The files of a migration that is under way. */
struct files {
	int source;
	int dest;
};

/* To a state; *@file is replaced if there is a new one. */
static int step(struct vfio_dev *dev, unsigned int state, int *file)
{
	int fd, ret = mig_set_state(dev, state, &fd);

	if (ret || fd < 0)
		return ret;
	if (*file >= 0)
		close(*file);
	*file = fd;
	return 0;
}

static int read_some(int fd, struct mig_stream *stream)
{
	int ret = mig_read(fd, stream, PRECOPY_CHUNK);

	return ret == -ENOMSG ? 0 : ret;
}

/* Source and destination by turns, as a VMM has it. The first error. */
static int migrate(struct mig_device *source, struct mig_device *dest,
		   struct mig_stream *stream, struct files *files)
{
	struct vfio_precopy_info info;
	__u64 size;
	int ret = 0;

	stream->len = 0;
	ret = mig_data_size(&source->dev, &size);
	if (!ret)
		ret = step(&dest->dev, MIG_RESUMING, &files->dest);
	if (!ret && mig_has_state(source->flags, MIG_PRE_COPY)) {
		ret = step(&source->dev, MIG_PRE_COPY, &files->source);
		if (!ret)
			ret = mig_precopy_info(files->source, &info);
		if (!ret)
			ret = read_some(files->source, stream);
	}
	if (!ret && mig_has_state(source->flags, MIG_PRE_COPY_P2P))
		ret = step(&source->dev, MIG_PRE_COPY_P2P, &files->source);
	if (!ret)
		ret = step(&source->dev, MIG_STOP_COPY, &files->source);
	if (!ret)
		ret = mig_read(files->source, stream, PRECOPY_CHUNK);
	if (!ret)
		ret = mig_write(files->dest, stream->data, stream->len,
				PRECOPY_CHUNK);
	if (!ret)
		ret = step(&dest->dev, MIG_STOP, &files->dest);
	if (!ret)
		ret = step(&dest->dev, MIG_RUNNING, &files->dest);
	if (!ret)
		ret = step(&source->dev, MIG_STOP, &files->source);
	return ret;
}

static void close_files(struct files *files)
{
	if (files->source >= 0)
		close(files->source);
	if (files->dest >= 0)
		close(files->dest);
	files->source = -1;
	files->dest = -1;
}

static void expect_alike(struct __test_metadata *_metadata,
			 struct mig_device *one, struct mig_device *other)
{
	struct mig_portrait first, second;
	const char *what;

	mig_portray(one, &first);
	mig_portray(other, &second);
	what = mig_differs(&first, &second);
	EXPECT_EQ(NULL, what) {
		TH_LOG("%s is not the same", what);
	}
}

/* The source runs on with all it had, by arcs alone unless it says ERROR. */
static bool goes_on(struct mig_device *source)
{
	struct mig_portrait before, after;
	int fd;

	mig_glance(source, &before);
	if (mig_get_state(&source->dev) == MIG_ERROR ||
	    mig_set_state(&source->dev, MIG_RUNNING, &fd))
		return false;
	mig_glance(source, &after);
	return !mig_differs(&before, &after);
}

TEST_F_TIMEOUT(fail_nth, migration, 300)
{
	struct mig_device *source = &self->source, *dest = &self->dest;
	struct files files = { -1, -1 };
	struct fault fault = { 0 };
	bool injected;
	int ret;

	while (1) {
		ASSERT_EQ(0, dev_reset(&source->dev));
		ASSERT_EQ(0, dev_reset(&dest->dev));
		mig_dress(source, 3);
		mig_dress(dest, 7);
		if (!fault_arm(&fault))
			break;
		ret = migrate(source, dest, &self->stream, &files);
		injected = fault_disarm(&fault);
		EXPECT_TRUE(!ret || (injected && fault_error_is_clean(ret))) {
			TH_LOG("fault %u: %d", fault.nth, ret);
		}
		if (ret) {
			EXPECT_TRUE(goes_on(source)) {
				TH_LOG("source after fault %u", fault.nth);
			}
			close_files(&files);
			EXPECT_EQ(0, dev_reset(&dest->dev));
			EXPECT_EQ(0, migrate(source, dest, &self->stream,
					     &files));
		}
		close_files(&files);
		mig_to(&source->dev, MIG_RUNNING);
		expect_alike(_metadata, source, dest);
		if (_metadata->exit_code) {
			TH_LOG("with fault %u", fault.nth);
			break;
		}
	}
	TH_LOG("%u faults", fault.nth - 1);
	EXPECT_LT(10, fault.nth);
	close_files(&files);
}

/* A reset cannot fail for want of memory, whatever it ends. */
TEST_F_TIMEOUT(fail_nth, reset, 120)
{
	static const unsigned int states[] = { MIG_STOP_COPY, MIG_RESUMING,
					       MIG_PRE_COPY };
	struct vfio_dev *dev = &self->source.dev;
	unsigned int i;
	int fd, ret;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		struct fault fault = { 0 };

		if (!mig_has_state(self->source.flags, states[i]))
			continue;
		do {
			mig_dress(&self->source, 3);
			fd = mig_enter(dev, states[i]);
			must(fault_arm(&fault), "fail-nth");
			ret = dev_reset(dev);
			fault_disarm(&fault);
			EXPECT_EQ(0, ret);
			EXPECT_EQ(MIG_RUNNING, mig_get_state(dev));
			close(fd);
		} while (!fault.done);
	}
}

TEST_HARNESS_MAIN
