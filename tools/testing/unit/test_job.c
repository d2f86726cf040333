// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs: called outside the device lock, one after the other, and never for a
 * device that has been reset since.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <pthread.h>
#include <sched.h>

#include "gadget.h"
#include "suites.h"
#include "unit.h"

/* The jobs that were called, as digits; 0 is called 9 here. */
static u64 calls(struct front *front)
{
	struct gadget *gadget = gadget_of(front);
	u64 digits = 0;
	unsigned int i;

	for (i = 0; i < gadget->nr_runs; i++)
		digits = 10 * digits + (gadget->runs[i] ? gadget->runs[i] : 9);
	gadget_forget(front);
	return digits;
}

static void nothing(struct vdev *vdev, unsigned int nr)
{
}

static struct front *open_with(void (*on_job)(struct vdev *, unsigned int))
{
	struct front *front = gadget_open();

	gadget_of(front)->on_job = on_job;
	return front;
}

static void in_the_order_of_queueing(void)
{
	struct front *front = open_with(nothing);

	EXPECT(!front_run_jobs(front));
	gadget_queue(front, 2);
	gadget_queue(front, 0);
	gadget_queue(front, 1);
	EXPECT_EQ(calls(front), 0);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(calls(front), 291);
	EXPECT(!front_run_jobs(front));
	vdev_run_jobs(front->vdev);
	EXPECT_EQ(calls(front), 0);
	gadget_queue(front, 1);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(calls(front), 1);
	front_close(front);
}

static void by_the_doorbell(void)
{
	struct front *front = open_with(nothing);

	front_write(front, 2, GADGET_DOORBELL, 4, 2);
	front_write(front, 2, GADGET_DOORBELL, 4, 1);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(calls(front), 21);
	front_close(front);
}

/* Once for both, at the place of the first. */
static void queued_twice(void)
{
	struct front *front = open_with(nothing);

	gadget_queue(front, 1);
	EXPECT_EQ(front->kicks, 1);
	gadget_queue(front, 2);
	gadget_queue(front, 1);
	gadget_queue(front, 1);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(calls(front), 12);
	front_close(front);
}

static void queue_three_times(struct vdev *vdev, unsigned int nr)
{
	struct gadget *gadget = vdev_priv(vdev);

	if (gadget->nr_runs > 3 || nr != 1)
		return;
	EXPECT(vdev_job_lock(vdev, &gadget->job[1]));
	/* it runs, so it is idle: this is one call more */
	vdev_job_queue(vdev, &gadget->job[1]);
	vdev_job_queue(vdev, &gadget->job[1]);
	vdev_job_unlock(vdev, &gadget->job[1]);
}

static void queued_in_a_job(void)
{
	struct front *front = open_with(queue_three_times);

	gadget_queue(front, 1);
	gadget_queue(front, 2);
	EXPECT(front_run_jobs(front));
	/* those that wait have their turn in between, and so has the front */
	EXPECT_EQ(gadget_of(front)->nr_runs, 2);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(gadget_of(front)->nr_runs, 3);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(calls(front), 1211);
	EXPECT(!front_run_jobs(front));
	front_close(front);
}

static void dropped_by_reset(void)
{
	struct front *front = open_with(nothing);

	gadget_queue(front, 0);
	gadget_queue(front, 1);
	vdev_reset(front->vdev);
	front_run_jobs(front);
	EXPECT_EQ(calls(front), 0);
	/* and can be queued again */
	gadget_queue(front, 1);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(calls(front), 1);

	gadget_queue(front, 2);
	config_write(front, 0x78, 2, 0x8000);
	front_run_jobs(front);
	EXPECT_EQ(calls(front), 0);
	front_close(front);
}

static void not_while_closed(void)
{
	struct front *front = front_create_type("gadget-full");

	gadget_of(front)->on_job = nothing;
	gadget_queue(front, 0);
	EXPECT_EQ(front->kicks, 0);
	vdev_run_jobs(front->vdev);
	EXPECT_EQ(calls(front), 0);

	vdev_open(front->vdev);
	gadget_queue(front, 0);
	EXPECT_EQ(front->kicks, 1);
	vdev_close(front->vdev);
	gadget_queue(front, 0);
	EXPECT_EQ(front->kicks, 1);
	vdev_run_jobs(front->vdev);
	vdev_open(front->vdev);
	vdev_run_jobs(front->vdev);
	EXPECT_EQ(calls(front), 0);
	vdev_close(front->vdev);
	front_destroy(front);
}

static void ask_for_a_message(struct vdev *vdev, unsigned int nr)
{
	struct gadget *gadget = vdev_priv(vdev);
	struct vdev_job *job = &gadget->job[nr];

	EXPECT(vdev_job_lock(vdev, job));
	EXPECT(vdev_msi(vdev, nr));
	EXPECT_EQ(vdev_mem_write(vdev, 0, 0x4000, "done", 4), 0);
	vdev_job_unlock(vdev, job);
}

static void device_in_a_job(void)
{
	const s32 fds[] = { EVENTFD(0), EVENTFD(1), EVENTFD(2) };
	struct front *front = open_with(ask_for_a_message);

	EXPECT_EQ(irq_bind_block(front, VDEV_IRQ_MSIX, 0, 3, fds), 0);
	gadget_queue(front, 2);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(front_signals(front, EVENTFD(2)), 1);
	EXPECT_EQ(front_read(front, 0, 0x4000, 4), 0x656e6f64);
	front_close(front);
}

/* Threads: a worker that runs jobs, a vCPU that resets. */

enum stage { STAGE_START, STAGE_IN_JOB, STAGE_RESET_DONE };

/**
 * struct scene - a job and a reset at the same time
 * @front: the device
 * @stage: how far things are, see stage_set()
 * @late: accesses to the user's memory after the reset was done
 * @refused: the running job found that it is of an earlier life
 */
struct scene {
	struct front *front;
	enum stage stage;
	unsigned int late;
	bool refused;
};

static void stage_set(struct scene *scene, enum stage stage)
{
	__atomic_store_n(&scene->stage, stage, __ATOMIC_RELEASE);
}

static enum stage stage_get(struct scene *scene)
{
	return __atomic_load_n(&scene->stage, __ATOMIC_ACQUIRE);
}

static void *worker(void *arg)
{
	struct scene *scene = arg;

	vdev_run_jobs(scene->front->vdev);
	return NULL;
}

static u64 epoch_of(struct vdev *vdev)
{
	u64 epoch;

	mutex_lock(&vdev->lock);
	epoch = vdev->epoch;
	mutex_unlock(&vdev->lock);
	return epoch;
}

static void wait_for_reset(struct vdev *vdev, u64 epoch)
{
	while (epoch_of(vdev) == epoch)
		sched_yield();
}

/* Under way when the reset begins: what it does then must come to nothing. */
static void job_that_lasts(struct vdev *vdev, unsigned int nr)
{
	struct gadget *gadget = vdev_priv(vdev);
	struct vdev_job *job = &gadget->job[nr];
	struct scene *scene = gadget->test;
	u64 epoch = epoch_of(vdev);
	u64 word = 0;

	EXPECT_EQ(vdev_dma_write(vdev, job, 0x1000, &word, 8), 0);
	stage_set(scene, STAGE_IN_JOB);
	wait_for_reset(vdev, epoch);
	EXPECT_EQ(stage_get(scene), STAGE_IN_JOB);
	EXPECT_EQ(vdev_dma_write(vdev, job, 0x1000, &word, 8), -ECANCELED);
	EXPECT_EQ(vdev_dma_read(vdev, job, 0x1000, &word, 8), -ECANCELED);
	scene->refused = !vdev_job_lock(vdev, job);
	EXPECT(scene->refused);
}

/* As that, and meanwhile another vCPU rings the doorbell. */
static void job_that_is_queued_again(struct vdev *vdev, unsigned int nr)
{
	struct gadget *gadget = vdev_priv(vdev);
	struct vdev_job *job = &gadget->job[nr];
	struct scene *scene = gadget->test;
	u64 epoch = epoch_of(vdev);
	u64 word = 0;

	stage_set(scene, STAGE_IN_JOB);
	wait_for_reset(vdev, epoch);
	mutex_lock(&vdev->lock);
	vdev_job_queue(vdev, job);
	mutex_unlock(&vdev->lock);
	EXPECT_EQ(vdev_dma_write(vdev, job, 0x1000, &word, 8), -ECANCELED);
	scene->refused = !vdev_job_lock(vdev, job);
	EXPECT(scene->refused);
}

static void note_late_access(struct front *front)
{
	struct scene *scene = gadget_of(front)->test;

	scene->late += stage_get(scene) == STAGE_RESET_DONE;
}

static void play(void (*on_job)(struct vdev *, unsigned int),
		 void (*reset)(struct front *front))
{
	struct scene scene = { .front = open_with(on_job) };
	struct front *front = scene.front;
	pthread_t thread;

	front->user.on_dma = note_late_access;
	gadget_of(front)->test = &scene;
	user_map(front, 0x1000, 0xff);
	gadget_queue(front, 1);
	EXPECT(!pthread_create(&thread, NULL, worker, &scene));
	while (stage_get(&scene) != STAGE_IN_JOB)
		sched_yield();
	reset(front);
	stage_set(&scene, STAGE_RESET_DONE);
	/* the job has returned, though its thread may not have been joined */
	EXPECT(scene.refused);
	pthread_join(thread, NULL);
	EXPECT_EQ(scene.late, 0);

	/* what was queued before the reset was done is not of this life */
	calls(front);
	vdev_run_jobs(front->vdev);
	EXPECT_EQ(calls(front), 0);
	front_close(front);
}

static void reset_by_user(struct front *front)
{
	vdev_reset(front->vdev);
}

static void reset_by_guest(struct front *front)
{
	config_write(front, 0x78, 2, 0x8000);
}

static void reset_by_closing(struct front *front)
{
	vdev_close(front->vdev);
	vdev_open(front->vdev);
}

static void reset_waits_for_the_job(void)
{
	play(job_that_lasts, reset_by_user);
	play(job_that_lasts, reset_by_guest);
	play(job_that_lasts, reset_by_closing);
}

static void queued_again_during_reset(void)
{
	play(job_that_is_queued_again, reset_by_user);
	play(job_that_is_queued_again, reset_by_guest);
	play(job_that_is_queued_again, reset_by_closing);
}

/* The guest rings on and on: without a reset the worker would never rest. */
static void ring_on(struct vdev *vdev, unsigned int nr)
{
	struct gadget *gadget = vdev_priv(vdev);

	stage_set(gadget->test, STAGE_IN_JOB);
	mutex_lock(&vdev->lock);
	vdev_job_queue(vdev, &gadget->job[nr]);
	mutex_unlock(&vdev->lock);
}

static void reset_ends_what_goes_round(void)
{
	struct scene scene = { .front = open_with(ring_on) };
	pthread_t thread;

	gadget_of(scene.front)->test = &scene;
	gadget_queue(scene.front, 0);
	EXPECT(!pthread_create(&thread, NULL, worker, &scene));
	while (stage_get(&scene) != STAGE_IN_JOB)
		sched_yield();
	vdev_reset(scene.front->vdev);
	vdev_close(scene.front->vdev);
	pthread_join(thread, NULL);
	front_destroy(scene.front);
}

/* Locks */

static void lock_in_job(struct vdev *vdev, unsigned int nr)
{
	struct gadget *gadget = vdev_priv(vdev);

	EXPECT_ABORT(vdev_job_queue(vdev, &gadget->job[0]), "not held");
	EXPECT(vdev_job_lock(vdev, &gadget->job[nr]));
	EXPECT_ABORT(vdev_job_lock(vdev, &gadget->job[nr]), "locked twice");
	EXPECT_ABORT(vdev_dma_read(vdev, &gadget->job[nr], 0x1000, &nr, 4),
		     "locked twice");
	vdev_job_unlock(vdev, &gadget->job[nr]);
	EXPECT_ABORT(vdev_job_unlock(vdev, &gadget->job[nr]),
		     "does not hold it");
	/* it would wait for itself */
	EXPECT_ABORT(vdev_reset(vdev), "locked twice");
	EXPECT_ABORT(vdev_run_jobs(vdev), "locked twice");
}

static void locks(void)
{
	struct front *front = open_with(lock_in_job);
	struct vdev *vdev = front->vdev;
	struct vdev_job *job = &gadget_of(front)->job[0];
	u32 word = 0;

	EXPECT_ABORT(vdev_job_queue(vdev, job), "not held");
	EXPECT_ABORT(vdev_job_lock(vdev, job), "job_gate: not held");
	EXPECT_ABORT(vdev_dma_read(vdev, job, 0x1000, &word, 4),
		     "job_gate: not held");
	EXPECT_ABORT(vdev_dma_write(vdev, job, 0x1000, &word, 4),
		     "job_gate: not held");
	gadget_queue(front, 1);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(calls(front), 1);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(in_the_order_of_queueing),
	UNIT_CASE(by_the_doorbell),
	UNIT_CASE(queued_twice),
	UNIT_CASE(queued_in_a_job),
	UNIT_CASE(dropped_by_reset),
	UNIT_CASE(not_while_closed),
	UNIT_CASE(device_in_a_job),
	UNIT_CASE(reset_waits_for_the_job),
	UNIT_CASE(queued_again_during_reset),
	UNIT_CASE(reset_ends_what_goes_round),
	UNIT_CASE(locks),
	{ }
};

const struct unit_suite job_suite = { "job", cases };
