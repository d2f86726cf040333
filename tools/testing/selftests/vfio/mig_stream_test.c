// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is in the bytes: a device becomes what another one was, and bytes that
 * are not a whole state of such a device change nothing. To a destination the
 * stream is what a stranger sent.
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/clock.h"
#include "lib/mig_device.h"
#include "lib/must.h"
#include "lib/random.h"

/* So many places of a stream are tried, and more while there is time. */
#define PLACES	60
#define TIME_NS	(1500 * MS_NS)
/* A stream this short may go by single bytes. */
#define SHORT	4096

FIXTURE(stream)
{
	struct mig_device source;
	struct mig_device dest;
	struct mig_stream whole;	/* of the source as it was dressed */
};

FIXTURE_VARIANT(stream)
{
	enum mig_kind kind;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(stream, subject_container)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(stream, subject_iommufd)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(stream, mtty_2)
{
	.kind = MIG_MTTY_2, .path = DEV_PATH_DEFAULT,
};

FIXTURE_VARIANT_ADD(stream, testdev)
{
	.kind = MIG_TESTDEV, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(stream)
{
	int ret;

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
	mig_dress(&self->source, 3);
	mig_save(&self->source.dev, &self->whole);
	mig_to(&self->source.dev, MIG_RUNNING);
	random_seed();
}

FIXTURE_TEARDOWN(stream)
{
	mig_stream_free(&self->whole);
	mig_device_close(&self->source);
	mig_device_close(&self->dest);
}

/* What is seen of both devices is the same. */
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

TEST_F(stream, round_trip)
{
	struct mig_portrait before, after;

	/* a device that was something else before */
	mig_dress(&self->dest, 7);
	ASSERT_EQ(0, mig_load(&self->dest.dev, &self->whole));
	EXPECT_EQ(MIG_STOP, mig_get_state(&self->dest.dev));
	mig_to(&self->dest.dev, MIG_RUNNING);
	expect_alike(_metadata, &self->source, &self->dest);

	/* it was seen that they could be different */
	mig_dress(&self->source, 3);
	mig_portray(&self->source, &before);
	mig_dress(&self->source, 4);
	mig_portray(&self->source, &after);
	if (self->source.ports || self->source.is_testdev)
		EXPECT_NE(NULL, mig_differs(&before, &after));
}

/* With pre-copy, and changes after what was read during it. */
TEST_F(stream, round_trip_with_precopy)
{
	struct mig_stream stream = { };
	struct vfio_dev *dev = &self->source.dev;
	int fd;

	if (!mig_has_state(self->source.flags, MIG_PRE_COPY))
		SKIP(return, "no PRE_COPY");
	fd = mig_enter(dev, MIG_PRE_COPY);
	mig_read(fd, &stream, 4096);
	ASSERT_EQ(0, dev_reset(dev));
	close(fd);

	stream.len = 0;
	fd = mig_enter(dev, MIG_PRE_COPY);
	mig_read(fd, &stream, 4096);
	mig_dress(&self->source, 8);
	mig_read(fd, &stream, 4096);
	mig_dress(&self->source, 9);
	mig_to(dev, MIG_STOP_COPY);
	ASSERT_EQ(0, mig_read(fd, &stream, 4096));
	close(fd);
	mig_to(dev, MIG_RUNNING);
	ASSERT_EQ(0, mig_load(&self->dest.dev, &stream));
	mig_to(&self->dest.dev, MIG_RUNNING);
	expect_alike(_metadata, &self->source, &self->dest);
	mig_stream_free(&stream);
}

/* The state that a guest without a driver leaves behind. */
TEST_F(stream, never_initialised)
{
	struct mig_stream stream = { };

	ASSERT_EQ(0, mig_device_reopen(&self->source));
	mig_save(&self->source.dev, &stream);
	mig_dress(&self->dest, 7);
	ASSERT_EQ(0, mig_load(&self->dest.dev, &stream));
	mig_to(&self->source.dev, MIG_RUNNING);
	mig_to(&self->dest.dev, MIG_RUNNING);
	expect_alike(_metadata, &self->source, &self->dest);
	mig_stream_free(&stream);
}

/* There and back again, with something done at the other place. */
TEST_F(stream, there_and_back)
{
	struct mig_stream stream = { };

	ASSERT_EQ(0, mig_load(&self->dest.dev, &self->whole));
	mig_to(&self->dest.dev, MIG_RUNNING);
	mig_dress(&self->dest, 6);
	mig_save(&self->dest.dev, &stream);
	ASSERT_EQ(0, mig_load(&self->source.dev, &stream));
	mig_to(&self->source.dev, MIG_RUNNING);
	mig_to(&self->dest.dev, MIG_RUNNING);
	expect_alike(_metadata, &self->source, &self->dest);
	mig_stream_free(&stream);
}

/* A stream can be loaded more than once, and is not used up at the source. */
TEST_F(stream, again)
{
	struct mig_stream again = { };

	ASSERT_EQ(0, mig_load(&self->dest.dev, &self->whole));
	ASSERT_EQ(0, mig_load(&self->dest.dev, &self->whole));
	mig_save(&self->dest.dev, &again);
	EXPECT_TRUE(mig_stream_equal(&self->whole, &again));
	mig_save(&self->source.dev, &again);
	mig_stream_free(&again);
}

/* A sentence for the user, where there is a place for it. */
static void expect_reason(struct __test_metadata *_metadata,
			  struct mig_device *mig)
{
	const char *why = mig_last_error(mig);

	if (!why)
		return;
	EXPECT_LT(10, strlen(why));
	EXPECT_NE(NULL, strchr(why, ' '));
}

/*
 * A stream that must be refused: by a write() or by the arc that ends it, which
 * both go on being refused. Nothing of it is in the device, and that is fit
 * again after a reset.
 */
static void expect_refused(struct __test_metadata *_metadata,
			   struct mig_device *mig,
			   const struct mig_stream *stream, size_t chunk)
{
	struct mig_portrait before, after;
	const char *what;
	int fd, none, ret;
	char byte = 0;

	fd = mig_enter(&mig->dev, MIG_RESUMING);
	ASSERT_LE(0, fd);
	mig_glance(mig, &before);
	ret = mig_write(fd, stream->data, stream->len, chunk);
	if (ret)
		EXPECT_EQ(-1, write(fd, &byte, 1));
	EXPECT_GT(0, mig_set_state(&mig->dev, MIG_STOP, &none));
	EXPECT_GT(0, none);
	expect_reason(_metadata, mig);
	EXPECT_GT(0, mig_set_state(&mig->dev, MIG_RUNNING, &none));
	ret = mig_get_state(&mig->dev);
	EXPECT_TRUE(ret == MIG_RESUMING || ret == MIG_ERROR);
	mig_glance(mig, &after);
	what = mig_differs(&before, &after);
	EXPECT_EQ(NULL, what) {
		TH_LOG("%s has changed", what);
	}
	EXPECT_EQ(0, dev_reset(&mig->dev));
	EXPECT_EQ(MIG_RUNNING, mig_get_state(&mig->dev));
	close(fd);
}

/* Afterwards the stream as it should be is taken. */
static void expect_fit(struct __test_metadata *_metadata,
		       struct _test_data_stream *self)
{
	ASSERT_EQ(0, mig_load(&self->dest.dev, &self->whole));
	mig_to(&self->dest.dev, MIG_RUNNING);
	expect_alike(_metadata, &self->source, &self->dest);
}

TEST_F(stream, nothing_at_all)
{
	struct mig_stream empty = { };

	mig_dress(&self->dest, 7);
	expect_refused(_metadata, &self->dest, &empty, 1);
	expect_fit(_metadata, self);
}

/*
 * Where to do harm the @i-th time: all places of the beginning and of the end,
 * and then what falls between; nowhere, -1, if that is enough.
 */
static ssize_t place(const struct mig_stream *stream, size_t i, __u64 start)
{
	if (i >= PLACES &&
	    (i >= stream->len || clock_ns() - start > TIME_NS))
		return -1;
	if (i < stream->len && i < PLACES / 3)
		return i;
	if (i < stream->len && i < PLACES * 2 / 3)
		return stream->len - 1 - (i - PLACES / 3);
	return random_below(stream->len);
}

TEST_F_TIMEOUT(stream, truncated, 120)
{
	struct mig_stream part = { };
	__u64 start = clock_ns();
	ssize_t len;
	size_t i;

	mig_dress(&self->dest, 7);
	for (i = 0; !_metadata->exit_code; i++) {
		len = place(&self->whole, i, start);
		if (len < 0)
			break;
		part.len = 0;
		mig_stream_append(&part, self->whole.data, len);
		expect_refused(_metadata, &self->dest, &part, MIG_CHUNK);
	}
	if (_metadata->exit_code)
		TH_LOG("with %zu bytes of %zu", part.len, self->whole.len);
	TH_LOG("%zu lengths of %zu", i, self->whole.len);
	mig_stream_free(&part);
	expect_fit(_metadata, self);
}

TEST_F_TIMEOUT(stream, flipped_bits, 120)
{
	struct mig_stream bad = { };
	__u64 start = clock_ns();
	ssize_t where;
	size_t i;

	mig_dress(&self->dest, 7);
	for (i = 0; !_metadata->exit_code; i++) {
		where = place(&self->whole, i, start);
		if (where < 0)
			break;
		mig_stream_copy(&bad, &self->whole);
		bad.data[where] ^= 1 << random_below(8);
		expect_refused(_metadata, &self->dest, &bad, MIG_CHUNK);
		if (_metadata->exit_code)
			TH_LOG("at %zd of %zu: 0x%02x instead of 0x%02x", where,
			       bad.len, bad.data[where],
			       self->whole.data[where]);
	}
	TH_LOG("%zu bytes of %zu", i, self->whole.len);
	mig_stream_free(&bad);
	expect_fit(_metadata, self);
}

TEST_F_TIMEOUT(stream, more_than_all, 120)
{
	struct mig_stream more = { };

	mig_dress(&self->dest, 7);
	mig_stream_copy(&more, &self->whole);
	mig_stream_append(&more, "", 1);
	expect_refused(_metadata, &self->dest, &more, MIG_CHUNK);
	expect_refused(_metadata, &self->dest, &more,
		       more.len <= SHORT ? 1 : 61);
	/* the same state twice */
	mig_stream_copy(&more, &self->whole);
	mig_stream_append(&more, self->whole.data, self->whole.len);
	expect_refused(_metadata, &self->dest, &more, MIG_CHUNK);
	mig_stream_free(&more);
	expect_fit(_metadata, self);
}

/* Parts left out, and parts in the wrong place. */
TEST_F_TIMEOUT(stream, out_of_order, 120)
{
	struct mig_stream bad = { };
	size_t from, to;
	unsigned int i;

	for (i = 0; i < PLACES / 3; i++) {
		from = random_below(self->whole.len - 1);
		to = from + 1 + random_below(self->whole.len - 1 - from);
		bad.len = 0;
		mig_stream_append(&bad, self->whole.data, from);
		mig_stream_append(&bad, self->whole.data + to,
				  self->whole.len - to);
		expect_refused(_metadata, &self->dest, &bad, MIG_CHUNK);
		mig_stream_append(&bad, self->whole.data + from, to - from);
		if (!mig_stream_equal(&bad, &self->whole))
			expect_refused(_metadata, &self->dest, &bad, MIG_CHUNK);
		if (_metadata->exit_code) {
			TH_LOG("without %zu to %zu", from, to);
			break;
		}
	}
	mig_stream_free(&bad);
	expect_fit(_metadata, self);
}

/* Never a device of another type: told by the first write() that shows it. */
TEST_F(stream, another_type)
{
	enum mig_kind other = variant->kind == MIG_MTTY_2 ? MIG_SUBJECT :
							    MIG_MTTY_2;
	struct mig_stream stream = { };
	struct mig_device mig;
	int fd, ret;

	ret = mig_device_open(&mig, other, 0, variant->path);
	if (ret == -ENODEV)
		SKIP(return, "%s", mig.why);
	ASSERT_EQ(0, ret);
	if (mig.ports == self->dest.ports &&
	    mig.is_testdev == self->dest.is_testdev) {
		mig_device_close(&mig);
		SKIP(return, "no device of another type");
	}
	mig_dress(&mig, 2);
	if (mig_has_state(mig.flags, MIG_PRE_COPY)) {
		fd = mig_enter(&mig.dev, MIG_PRE_COPY);
		mig_read(fd, &stream, 4096);
		EXPECT_LT(0, stream.len);
	} else {
		mig_save_open(&mig.dev, &stream, &fd);
	}
	close(fd);
	mig_to(&mig.dev, MIG_RUNNING);

	fd = mig_enter(&self->dest.dev, MIG_RESUMING);
	EXPECT_GT(0, write(fd, stream.data, stream.len));
	EXPECT_GT(0, write(fd, stream.data, 1));
	expect_reason(_metadata, &self->dest);
	close(fd);
	ASSERT_EQ(0, dev_reset(&self->dest.dev));
	expect_refused(_metadata, &self->dest, &stream, MIG_CHUNK);
	expect_refused(_metadata, &self->dest, &stream, 1);
	mig_device_close(&mig);
	mig_stream_free(&stream);
	expect_fit(_metadata, self);
}

/* One session was good; the next is judged by what it has itself. */
TEST_F(stream, judged_anew)
{
	struct mig_stream bad = { };

	ASSERT_EQ(0, mig_load(&self->dest.dev, &self->whole));
	mig_stream_copy(&bad, &self->whole);
	bad.data[0] ^= 0xff;
	expect_refused(_metadata, &self->dest, &bad, MIG_CHUNK);
	ASSERT_EQ(0, mig_load(&self->dest.dev, &self->whole));
	bad.len = 0;
	mig_stream_append(&bad, self->whole.data, self->whole.len / 2);
	expect_refused(_metadata, &self->dest, &bad, MIG_CHUNK);
	mig_stream_free(&bad);
	expect_fit(_metadata, self);
}

/* The destination failed; the source goes on as if nothing had been. */
TEST_F(stream, source_goes_on)
{
	struct mig_stream part = { };
	struct vfio_dev *dev = &self->source.dev;
	struct mig_portrait before, after;
	int fd;

	mig_dress(&self->source, 11);
	mig_glance(&self->source, &before);
	mig_save_open(dev, &part, &fd);
	part.len /= 2;
	expect_refused(_metadata, &self->dest, &part, MIG_CHUNK);
	mig_to(dev, MIG_RUNNING);
	close(fd);
	mig_glance(&self->source, &after);
	EXPECT_EQ(NULL, mig_differs(&before, &after));
	mig_stream_free(&part);
	mig_save(dev, &part);
	mig_to(dev, MIG_RUNNING);
	ASSERT_EQ(0, mig_load(&self->dest.dev, &part));
	mig_to(&self->dest.dev, MIG_RUNNING);
	expect_alike(_metadata, &self->source, &self->dest);
	mig_stream_free(&part);
}

TEST_HARNESS_MAIN
