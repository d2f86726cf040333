// SPDX-License-Identifier: GPL-2.0-only
/* Creating, removing, opening and configuring mdevs, all at the same time. */
#include <errno.h>
#include <pthread.h>

#include "kselftest_harness.h"
#include "lib/crew.h"
#include "lib/device.h"
#include "lib/mdev.h"
#include "lib/mtty.h"
#include "lib/sysfs.h"

#define RACE_MS 800

FIXTURE(mdev_race)
{
	struct crew crew;
	unsigned int free;
	char uuid[MDEV_UUID_LEN + 1];
};

FIXTURE_SETUP(mdev_race)
{
	if (!mdev_parent_exists())
		SKIP(return, "no " MDEV_PARENT);
	ASSERT_EQ(0, mdev_available(1, &self->free));
	mdev_new_uuid(self->uuid);
}

FIXTURE_TEARDOWN(mdev_race)
{
	unsigned int free;

	mdev_remove(self->uuid);
	EXPECT_FALSE(mdev_exists(self->uuid));
	EXPECT_EQ(0, self->crew.complaints) {
		TH_LOG("%s", self->crew.first);
	}
	EXPECT_LT(4, self->crew.rounds);
	EXPECT_EQ(0, mdev_available(1, &free));
	EXPECT_EQ(self->free, free);
}

/*
 * The mdev core wants no remove before create has returned. So those who
 * create and those who remove take turns, each with as many as there are.
 */
struct turns {
	pthread_mutex_t lock;
	pthread_cond_t change;
	int creating;
	int removing;
};

static struct turns turns = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.change = PTHREAD_COND_INITIALIZER,
};

static void take_turn(int *mine, const int *others)
{
	pthread_mutex_lock(&turns.lock);
	while (*others)
		pthread_cond_wait(&turns.change, &turns.lock);
	++*mine;
	pthread_mutex_unlock(&turns.lock);
}

static void end_turn(int *mine)
{
	pthread_mutex_lock(&turns.lock);
	--*mine;
	pthread_cond_broadcast(&turns.change);
	pthread_mutex_unlock(&turns.lock);
}

static void create_device(struct crew *crew, void *arg)
{
	int ret;

	take_turn(&turns.creating, &turns.removing);
	ret = mdev_create(2, arg);
	end_turn(&turns.creating);
	if (ret && ret != -EEXIST)
		crew_complain(crew, "create: %d", ret);
}

static void drop(struct crew *crew, void *arg)
{
	int ret;

	take_turn(&turns.removing, &turns.creating);
	ret = mdev_remove(arg);
	end_turn(&turns.removing);
	if (ret && ret != -ENOENT && ret != -ENODEV)
		crew_complain(crew, "remove: %d", ret);
}

static void own_device(struct crew *crew, void *arg)
{
	char uuid[MDEV_UUID_LEN + 1];
	int ret;

	(void)arg;
	mdev_new_uuid(uuid);
	ret = mdev_create(1, uuid);
	if (!ret)
		ret = mdev_remove(uuid);
	if (ret)
		crew_complain(crew, "own device: %d", ret);
}

/* It may be gone, or not be there yet, at any moment; or it works. */
static void use(struct crew *crew, void *arg)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_location loc;
	struct vfio_dev dev;
	int ret;

	if (vfio_locate(&loc, arg) ||
	    dev_open(&dev, &loc, DEV_PATH_DEFAULT))
		return;
	ret = dev_get_info(&dev, &info);
	if (ret)
		crew_complain(crew, "GET_INFO: %d", ret);
	mtty_decode(&dev);
	uart_out(&dev, 0, UART_SCR, 0x5a);
	if (uart_in(&dev, 0, UART_SCR) != 0x5a)
		crew_complain(crew, "scratch register");
	crew_achieved(crew);
	dev_close(&dev);
}

static void configure(struct crew *crew, void *arg)
{
	char path[PATH_MAX], buf[64];
	int ret;

	ret = mdev_set_wiring(arg, "cross");
	if (ret && ret != -ENOENT && ret != -ENODEV && ret != -EBUSY)
		crew_complain(crew, "wiring: %d", ret);
	mdev_path(path, arg, "params/wiring");
	ret = sysfs_read(path, buf, sizeof(buf));
	if (!ret && strcmp(buf, "cross\n") && strcmp(buf, "loopback\n"))
		crew_complain(crew, "wiring reads '%s'", buf);
}

/* Several create and remove one and the same device. */
TEST_F(mdev_race, one_uuid)
{
	crew_add(&self->crew, create_device, self->uuid);
	crew_add(&self->crew, create_device, self->uuid);
	crew_add(&self->crew, drop, self->uuid);
	crew_add(&self->crew, drop, self->uuid);
	crew_run(&self->crew, RACE_MS);
}

/* Each with a device of its own: none is in another's way. */
TEST_F(mdev_race, many_uuids)
{
	int i;

	for (i = 0; i < 4; i++)
		crew_add(&self->crew, own_device, NULL);
	crew_run(&self->crew, RACE_MS);
}

/* Opening what is being removed (340cdfccf094 was of this kind). */
TEST_F(mdev_race, open_and_remove)
{
	crew_add(&self->crew, create_device, self->uuid);
	crew_add(&self->crew, drop, self->uuid);
	crew_add(&self->crew, use, self->uuid);
	crew_add(&self->crew, use, self->uuid);
	crew_run(&self->crew, RACE_MS);
	EXPECT_LT(0, self->crew.achieved);
}

/* Setting parameters of what is being opened and removed. */
TEST_F(mdev_race, configure_open_and_remove)
{
	crew_add(&self->crew, create_device, self->uuid);
	crew_add(&self->crew, drop, self->uuid);
	crew_add(&self->crew, use, self->uuid);
	crew_add(&self->crew, configure, self->uuid);
	crew_run(&self->crew, RACE_MS);
	EXPECT_LT(0, self->crew.achieved);
}

/* Parameters against open alone: EBUSY or done, never while it is open. */
TEST_F(mdev_race, configure_and_open)
{
	ASSERT_EQ(0, mdev_create(2, self->uuid));
	crew_add(&self->crew, use, self->uuid);
	crew_add(&self->crew, configure, self->uuid);
	crew_add(&self->crew, configure, self->uuid);
	crew_run(&self->crew, RACE_MS);
	EXPECT_LT(0, self->crew.achieved);
}

TEST_HARNESS_MAIN
