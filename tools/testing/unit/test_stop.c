// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that is stopped: it answers, and does nothing by itself.
 */
#include <linux/kernel.h>
#include <pthread.h>
#include <sched.h>

#include "gadget.h"
#include "suites.h"
#include "toy.h"
#include "unit.h"

/* Timers */

static void time_stands_still(void)
{
	struct front *front = front_open("toy-bare");

	toy_timer_set(front, 0, 500);
	toy_timer_set(front, 1, 300);
	front_advance(front, 100);
	vdev_stop(front->vdev);
	EXPECT_EQ(front->alarm, VDEV_TIME_NEVER);
	front_advance(front, 10000);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);

	vdev_run(front->vdev);
	EXPECT_EQ(front->alarm, front->now + 200);
	front_advance(front, 199);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);
	front_advance(front, 1);
	EXPECT_EQ(toy_of(front)->nr_shots, 1);
	EXPECT_EQ(toy_of(front)->shots[0].timer, 1);
	front_advance(front, 199);
	EXPECT_EQ(toy_of(front)->nr_shots, 1);
	front_advance(front, 1);
	EXPECT_EQ(toy_of(front)->nr_shots, 2);
	EXPECT_EQ(toy_of(front)->shots[1].timer, 0);
	front_close(front);
}

/* The alarm was on its way while the device was stopped: it is not lost. */
static void timer_that_was_due(void)
{
	struct front *front = front_open("toy-bare");

	toy_timer_set(front, 0, 500);
	front->now += 700;
	vdev_stop(front->vdev);
	vdev_alarm(front->vdev);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);
	vdev_run(front->vdev);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);
	front_advance(front, 1);
	EXPECT_EQ(toy_of(front)->nr_shots, 1);
	front_close(front);
}

static void timer_set_while_stopped(void)
{
	struct front *front = front_open("toy-bare");

	toy_timer_set(front, 2, 50);
	vdev_stop(front->vdev);
	toy_timer_set(front, 0, 500);
	toy_timer_set(front, 1, ~0ULL);
	toy_timer_set(front, 3, 0);
	toy_timer_cancel(front, 2);
	EXPECT_EQ(front->alarm, VDEV_TIME_NEVER);
	front_advance(front, 10000);
	vdev_run(front->vdev);
	front_advance(front, 499);
	EXPECT_EQ(toy_of(front)->nr_shots, 1);
	EXPECT_EQ(toy_of(front)->shots[0].timer, 3);
	front_advance(front, 1);
	EXPECT_EQ(toy_of(front)->nr_shots, 2);
	EXPECT_EQ(toy_of(front)->shots[1].timer, 0);
	front_advance(front, 1000000);
	EXPECT_EQ(toy_of(front)->nr_shots, 2);
	front_close(front);
}

static void stopped_and_run_twice(void)
{
	struct front *front = front_open("toy-bare");

	toy_timer_set(front, 0, 500);
	vdev_stop(front->vdev);
	front_advance(front, 300);
	vdev_stop(front->vdev);
	vdev_run(front->vdev);
	front_advance(front, 300);
	vdev_run(front->vdev);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);
	front_advance(front, 200);
	EXPECT_EQ(toy_of(front)->nr_shots, 1);
	front_close(front);
}

static void reset_leaves_it_stopped(void)
{
	struct front *front = front_open("toy-bare");

	toy_timer_set(front, 0, 500);
	vdev_stop(front->vdev);
	vdev_reset(front->vdev);
	toy_timer_set(front, 1, 100);
	front_advance(front, 1000);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);
	vdev_run(front->vdev);
	front_advance(front, 1000);
	EXPECT_EQ(toy_of(front)->nr_shots, 1);
	EXPECT_EQ(toy_of(front)->shots[0].timer, 1);
	front_close(front);
}

static void the_next_user_finds_it_running(void)
{
	struct front *front = front_open("toy-bare");

	vdev_stop(front->vdev);
	toy_timer_set(front, 0, 500);
	vdev_close(front->vdev);
	vdev_open(front->vdev);
	toy_timer_set(front, 1, 100);
	front_advance(front, 1000);
	EXPECT_EQ(toy_of(front)->nr_shots, 1);
	EXPECT_EQ(toy_of(front)->shots[0].timer, 1);
	front_close(front);
}

/* Jobs */

static void nothing(struct vdev *vdev, unsigned int nr)
{
}

static struct front *open_with(void (*on_job)(struct vdev *, unsigned int))
{
	struct front *front = gadget_open();

	gadget_of(front)->on_job = on_job;
	return front;
}

static void jobs_wait(void)
{
	struct front *front = open_with(nothing);

	gadget_queue(front, 2);
	vdev_stop(front->vdev);
	/* the front may have been about to run it */
	vdev_run_jobs(front->vdev);
	EXPECT_EQ(gadget_of(front)->nr_runs, 0);
	front->kicks = 0;
	front_write(front, 2, GADGET_DOORBELL, 4, 1);
	EXPECT_EQ(front->kicks, 0);

	vdev_run(front->vdev);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(gadget_of(front)->nr_runs, 2);
	EXPECT_EQ(gadget_of(front)->runs[0], 2);
	EXPECT_EQ(gadget_of(front)->runs[1], 1);
	front_close(front);
}

static void without_jobs_nobody_is_kicked(void)
{
	struct front *front = open_with(nothing);

	vdev_stop(front->vdev);
	vdev_run(front->vdev);
	EXPECT_EQ(front->kicks, 0);
	front_close(front);
}

static void reset_drops_what_waits(void)
{
	struct front *front = open_with(nothing);

	gadget_queue(front, 2);
	vdev_stop(front->vdev);
	vdev_reset(front->vdev);
	vdev_run(front->vdev);
	vdev_run_jobs(front->vdev);
	EXPECT_EQ(gadget_of(front)->nr_runs, 0);
	front_close(front);
}

static void accesses_are_answered(void)
{
	struct front *front = open_with(nothing);

	EXPECT_EQ(irq_bind(front, VDEV_IRQ_MSIX, EVENTFD(0)), 0);
	vdev_stop(front->vdev);
	front_write(front, 0, 0x4000, 4, 0x12345678);
	EXPECT_EQ(front_read(front, 0, 0x4000, 4), 0x12345678);
	EXPECT_EQ(config_read(front, 0, 2), front->vdev->model->vendor);
	EXPECT_EQ(irq_loopback(front, VDEV_IRQ_MSIX), 0);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	EXPECT_EQ(irq_disable(front, VDEV_IRQ_MSIX), 0);
	front_close(front);
}

/* Threads: a worker that runs jobs, and one that stops the device. */

enum stage { STAGE_START, STAGE_IN_JOB, STAGE_STOPPED };

static enum stage stage;
static bool job_returned;

static void stage_set(enum stage to)
{
	__atomic_store_n(&stage, to, __ATOMIC_RELEASE);
}

static enum stage stage_get(void)
{
	return __atomic_load_n(&stage, __ATOMIC_ACQUIRE);
}

static bool is_stopped(struct vdev *vdev)
{
	bool stopped;

	mutex_lock(&vdev->lock);
	stopped = vdev->stopped;
	mutex_unlock(&vdev->lock);
	return stopped;
}

/* Ends what it began, though the device is being stopped meanwhile. */
static void job_that_lasts(struct vdev *vdev, unsigned int nr)
{
	struct gadget *gadget = vdev_priv(vdev);
	struct vdev_job *job = &gadget->job[nr];
	u64 word = 0;

	stage_set(STAGE_IN_JOB);
	while (!is_stopped(vdev))
		sched_yield();
	EXPECT_EQ(stage_get(), STAGE_IN_JOB);
	EXPECT_EQ(vdev_dma_write(vdev, job, 0x1000, &word, 8), 0);
	EXPECT(vdev_job_lock(vdev, job));
	/* its next turn is for later */
	vdev_job_queue(vdev, job);
	job_returned = true;
	vdev_job_unlock(vdev, job);
}

static void *worker(void *arg)
{
	struct front *front = arg;

	vdev_run_jobs(front->vdev);
	return NULL;
}

static void stop_waits_for_the_job(void)
{
	struct front *front = open_with(job_that_lasts);
	pthread_t thread;

	job_returned = false;
	stage_set(STAGE_START);
	user_map(front, 0x1000, 0xff);
	gadget_queue(front, 1);
	EXPECT(!pthread_create(&thread, NULL, worker, front));
	while (stage_get() != STAGE_IN_JOB)
		sched_yield();
	vdev_stop(front->vdev);
	stage_set(STAGE_STOPPED);
	EXPECT(job_returned);
	pthread_join(thread, NULL);

	EXPECT_EQ(gadget_of(front)->nr_runs, 1);
	gadget_of(front)->on_job = nothing;
	vdev_run(front->vdev);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(gadget_of(front)->nr_runs, 2);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(time_stands_still),
	UNIT_CASE(timer_that_was_due),
	UNIT_CASE(timer_set_while_stopped),
	UNIT_CASE(stopped_and_run_twice),
	UNIT_CASE(reset_leaves_it_stopped),
	UNIT_CASE(the_next_user_finds_it_running),
	UNIT_CASE(jobs_wait),
	UNIT_CASE(without_jobs_nobody_is_kicked),
	UNIT_CASE(reset_drops_what_waits),
	UNIT_CASE(accesses_are_answered),
	UNIT_CASE(stop_waits_for_the_job),
	{ }
};

const struct unit_suite stop_suite = { "stop", cases };
