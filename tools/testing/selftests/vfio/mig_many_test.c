// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many devices that migrate at the same time, as on a host that is emptied: each
 * on its own, and none in the way of another.
 */
#include <errno.h>
#include <pthread.h>

#include "kselftest_harness.h"
#include "lib/mig_device.h"
#include "lib/must.h"

#define ROUNDS 2
#define SOME 9

/* One of the devices, and what became of it. */
struct mover {
	struct mig_device mig;
	pthread_t thread;
	unsigned int seed;
	const char *wrong;
};

FIXTURE(many)
{
	struct mover *movers;
	unsigned int num;
};

FIXTURE_VARIANT(many)
{
	enum mig_kind kind;
	enum dev_path path;
	unsigned int num;
};

FIXTURE_VARIANT_ADD(many, subject_container)
{
	.kind = MIG_SUBJECT, .path = DEV_PATH_CONTAINER, .num = MIG_NUMBERS,
};

FIXTURE_VARIANT_ADD(many, testdev)
{
	.kind = MIG_TESTDEV, .path = DEV_PATH_DEFAULT, .num = 12,
};

FIXTURE_SETUP(many)
{
	struct mig_device *mig;
	int ret = 0;

	self->movers = calloc(MIG_NUMBERS, sizeof(*self->movers));
	ASSERT_NE(NULL, self->movers);
	for (self->num = 0; self->num < variant->num; self->num++) {
		mig = &self->movers[self->num].mig;
		ret = mig_device_open(mig, variant->kind, self->num,
				      variant->path);
		if (ret)
			break;
	}
	if (ret == -ENODEV && self->num < 2)
		SKIP(return, "%s", self->movers[self->num].mig.why);
	ASSERT_TRUE(!ret || ret == -ENODEV);
}

FIXTURE_TEARDOWN(many)
{
	while (self->num--)
		mig_device_close(&self->movers[self->num].mig);
	free(self->movers);
}

/* Each saves itself, becomes new, and is loaded again. */
static const char *move(struct mig_device *mig, unsigned int seed)
{
	struct mig_portrait before, after;
	struct mig_stream stream = { };
	const char *wrong = NULL;
	struct vfio_dev *dev = &mig->dev;
	int fd = -1;

	if (dev_reset(dev))
		return "reset";
	mig_dress(mig, seed);
	mig_glance(mig, &before);
	if (mig_has_state(mig->flags, MIG_PRE_COPY)) {
		fd = mig_enter(dev, MIG_PRE_COPY);
		mig_read(fd, &stream, 4096);
		mig_to(dev, MIG_STOP_COPY);
	} else {
		fd = mig_enter(dev, MIG_STOP_COPY);
	}
	if (mig_read(fd, &stream, 4096))
		wrong = "saving";
	close(fd);
	mig_to(dev, MIG_RUNNING);
	if (dev_reset(dev))
		wrong = "reset";
	mig_dress(mig, seed + 1);
	if (mig_load(dev, &stream))
		wrong = "loading";
	mig_stream_free(&stream);
	if (wrong)
		return wrong;
	mig_to(dev, MIG_RUNNING);
	mig_glance(mig, &after);
	return mig_differs(&before, &after);
}

static void *run(void *arg)
{
	struct mover *mover = arg;
	unsigned int i;

	for (i = 0; i < ROUNDS && !mover->wrong; i++)
		mover->wrong = move(&mover->mig, mover->seed + i);
	return NULL;
}

TEST_F_TIMEOUT(many, at_once, 180)
{
	unsigned int i;

	for (i = 0; i < self->num; i++) {
		self->movers[i].seed = i;
		ASSERT_EQ(0, pthread_create(&self->movers[i].thread, NULL, run,
					    &self->movers[i]));
	}
	for (i = 0; i < self->num; i++) {
		pthread_join(self->movers[i].thread, NULL);
		EXPECT_EQ(NULL, self->movers[i].wrong) {
			TH_LOG("device %u: %s", i, self->movers[i].wrong);
		}
	}
	TH_LOG("%u devices", self->num);
}

/* One that is held up in a state of its own is nobody else's problem. */
TEST_F_TIMEOUT(many, in_different_states, 180)
{
	static const unsigned int states[] = { MIG_STOP_COPY, MIG_RESUMING,
					       MIG_STOP, MIG_RUNNING };
	unsigned int i;

	for (i = 1; i < self->num && i < SOME; i++)
		mig_to(&self->movers[i].mig.dev, states[i % ARRAY_SIZE(states)]);
	EXPECT_EQ(NULL, move(&self->movers[0].mig, 3));
	for (i = 1; i < self->num && i < SOME; i++)
		EXPECT_EQ(states[i % ARRAY_SIZE(states)],
			  mig_get_state(&self->movers[i].mig.dev));
}

TEST_HARNESS_MAIN
