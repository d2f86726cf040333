// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers: called once, in time, and not after they were taken back.
 */
#include <linux/kernel.h>

#include "suites.h"
#include "toy.h"
#include "unit.h"

static void expect_shot(struct front *front, unsigned int i,
			unsigned int timer, u64 when)
{
	EXPECT(i < toy_of(front)->nr_shots);
	EXPECT_EQ(toy_of(front)->shots[i].timer, timer);
	EXPECT_EQ(toy_of(front)->shots[i].when, when);
}

static void alarm_stands_at_the_earliest(void)
{
	struct front *front = front_open("toy-bare");
	u64 start = front->now;

	EXPECT_EQ(front->alarm, VDEV_TIME_NEVER);
	toy_timer_set(front, 1, 500);
	EXPECT_EQ(front->alarm, start + 500);
	toy_timer_set(front, 2, 300);
	EXPECT_EQ(front->alarm, start + 300);
	toy_timer_set(front, 0, 400);
	EXPECT_EQ(front->alarm, start + 300);
	/* what was set before is forgotten; an alarm too early does no harm */
	toy_timer_set(front, 2, 600);
	EXPECT(front->alarm <= start + 400);
	front_advance(front, 300);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);
	EXPECT_EQ(front->alarm, start + 400);
	front_close(front);
}

static void called_once_in_order(void)
{
	struct front *front = front_open("toy-bare");
	u64 start = front->now;

	toy_timer_set(front, 1, 500);
	toy_timer_set(front, 2, 300);
	toy_timer_set(front, 0, 400);
	front_advance(front, 299);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);
	front_advance(front, 1);
	EXPECT_EQ(toy_of(front)->nr_shots, 1);
	front_advance(front, 10000);
	EXPECT_EQ(toy_of(front)->nr_shots, 3);
	expect_shot(front, 0, 2, start + 300);
	expect_shot(front, 1, 0, start + 400);
	expect_shot(front, 2, 1, start + 500);
	EXPECT_EQ(front->alarm, VDEV_TIME_NEVER);
	front_close(front);
}

static void zero_delay_is_soon(void)
{
	struct front *front = front_open("toy-bare");

	toy_timer_set(front, 0, 0);
	EXPECT(front->alarm <= front->now + 1);
	/* not from within the call that sets it */
	EXPECT_EQ(toy_of(front)->nr_shots, 0);
	front_advance(front, 1);
	EXPECT_EQ(toy_of(front)->nr_shots, 1);
	front_close(front);
}

/* A front may be late: what came first goes first nevertheless. */
static void late_alarm_keeps_the_order(void)
{
	struct front *front = front_open("toy-bare");

	toy_timer_set(front, 0, 300);
	toy_timer_set(front, 1, 100);
	toy_timer_set(front, 2, 200);
	toy_timer_set(front, 3, 5000);
	front->now += 1000;
	vdev_alarm(front->vdev);
	EXPECT_EQ(toy_of(front)->nr_shots, 3);
	expect_shot(front, 0, 1, front->now);
	expect_shot(front, 1, 2, front->now);
	expect_shot(front, 2, 0, front->now);
	EXPECT_EQ(front->alarm, front->now + 4000);
	front_close(front);
}

static void early_alarm_does_nothing(void)
{
	struct front *front = front_open("toy-bare");
	u64 due = front->now + 100;

	vdev_alarm(front->vdev);
	toy_timer_set(front, 0, 100);
	vdev_alarm(front->vdev);
	front->now += 99;
	front->alarm = VDEV_TIME_NEVER;
	vdev_alarm(front->vdev);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);
	EXPECT_EQ(front->alarm, due);
	front_advance(front, 1);
	expect_shot(front, 0, 0, due);
	front_close(front);
}

static void cancelled_is_not_called(void)
{
	struct front *front = front_open("toy-bare");

	toy_timer_set(front, 0, 100);
	toy_timer_set(front, 1, 200);
	toy_timer_cancel(front, 0);
	toy_timer_cancel(front, 2);
	front_advance(front, 1000);
	EXPECT_EQ(toy_of(front)->nr_shots, 1);
	EXPECT_EQ(toy_of(front)->shots[0].timer, 1);
	toy_timer_set(front, 0, 100);
	front_advance(front, 100);
	EXPECT_EQ(toy_of(front)->nr_shots, 2);
	front_close(front);
}

/* timer 0 sets itself again; 1 sets 0 and cancels 2 */
static void react(struct vdev *vdev, unsigned int nr)
{
	struct toy *toy = vdev_priv(vdev);

	if (nr == 0 && toy->nr_shots < 3)
		vdev_timer_set(vdev, &toy->timer[0], 10);
	if (nr == 1) {
		vdev_timer_set(vdev, &toy->timer[0], 5);
		vdev_timer_cancel(vdev, &toy->timer[2]);
	}
}

static void set_again_inside_the_call(void)
{
	struct front *front = front_open("toy-bare");
	u64 start = front->now;

	toy_of(front)->on_timer = react;
	toy_timer_set(front, 0, 100);
	front_advance(front, 1000);
	EXPECT_EQ(toy_of(front)->nr_shots, 3);
	expect_shot(front, 0, 0, start + 100);
	expect_shot(front, 1, 0, start + 110);
	expect_shot(front, 2, 0, start + 120);
	front_close(front);
}

/* timer 0 is due again at once, for ever */
static void insist(struct vdev *vdev, unsigned int nr)
{
	struct toy *toy = vdev_priv(vdev);

	if (nr == 0)
		vdev_timer_set(vdev, &toy->timer[0], 0);
}

/* It must not keep the device locked, nor other timers waiting. */
static void set_again_without_delay(void)
{
	struct front *front = front_open("toy-bare");

	toy_of(front)->on_timer = insist;
	toy_timer_set(front, 0, 0);
	toy_timer_set(front, 1, 0);
	front->now += 10;
	vdev_alarm(front->vdev);
	EXPECT_EQ(toy_of(front)->nr_shots, 2);
	EXPECT(front->alarm > front->now);
	front_close(front);
}

static void others_set_and_cancelled_inside_the_call(void)
{
	struct front *front = front_open("toy-bare");
	u64 start = front->now;

	toy_of(front)->on_timer = react;
	toy_of(front)->nr_shots = 3;
	toy_timer_set(front, 0, 800);
	toy_timer_set(front, 1, 100);
	toy_timer_set(front, 2, 101);
	toy_timer_set(front, 3, 105);
	front_advance(front, 1000);
	EXPECT_EQ(toy_of(front)->nr_shots, 6);
	expect_shot(front, 3, 1, start + 100);
	/* 0 and 3 are due at once */
	EXPECT_EQ(toy_of(front)->shots[4].when, start + 105);
	EXPECT_EQ(toy_of(front)->shots[5].when, start + 105);
	front_close(front);
}

/* The device is locked during the call, so it can interrupt. */
static void interrupt(struct vdev *vdev, unsigned int nr)
{
	vdev_irq(vdev, nr == 0);
}

static void may_interrupt(void)
{
	struct front *front = front_open("toy-mem");

	toy_of(front)->on_timer = interrupt;
	EXPECT_EQ(irq_bind(front, VDEV_IRQ_INTX, EVENTFD(0)), 0);
	toy_timer_set(front, 0, 100);
	toy_timer_set(front, 1, 200);
	front_advance(front, 150);
	EXPECT_EQ(front_signals(front, EVENTFD(0)), 1);
	EXPECT_EQ(config_read(front, 6, 2) & 8, 8);
	front_advance(front, 100);
	EXPECT_EQ(config_read(front, 6, 2) & 8, 0);
	front_close(front);
}

static void reset_stops_timers(void)
{
	struct front *front = front_open("toy-bare");

	toy_timer_set(front, 0, 100);
	toy_timer_set(front, 1, 0);
	vdev_reset(front->vdev);
	EXPECT_EQ(front->alarm, VDEV_TIME_NEVER);
	front->now += 1000;
	vdev_alarm(front->vdev);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);
	front_close(front);
}

static void close_stops_timers(void)
{
	struct front *front = front_open("toy-bare");

	toy_timer_set(front, 0, 100);
	vdev_close(front->vdev);
	EXPECT_EQ(front->alarm, VDEV_TIME_NEVER);
	front->now += 1000;
	vdev_alarm(front->vdev);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);

	/* while it is closed, no time passes for it */
	toy_timer_set(front, 0, 100);
	EXPECT_EQ(front->alarm, VDEV_TIME_NEVER);
	vdev_open(front->vdev);
	front_advance(front, 1000);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);
	front_close(front);
}

/* Nor may a timer that is set in reset outlive the user. */
static void set_in_reset(void)
{
	struct front *front;

	toy_plan.set_timer_in_reset = true;
	front = front_create_type("toy-bare");
	EXPECT_EQ(front->alarm, VDEV_TIME_NEVER);
	vdev_open(front->vdev);
	EXPECT_EQ(front->alarm, front->now + 1000);
	front_advance(front, 500);
	vdev_reset(front->vdev);
	EXPECT_EQ(front->alarm, front->now + 1000);
	front_advance(front, 1000);
	EXPECT_EQ(toy_of(front)->nr_shots, 1);
	vdev_close(front->vdev);
	EXPECT_EQ(front->alarm, VDEV_TIME_NEVER);
	front_destroy(front);
}

/* Never is a long time, but not the past. */
static void endless_delay_does_not_wrap(void)
{
	struct front *front = front_open("toy-bare");

	toy_timer_set(front, 0, ~0ULL);
	EXPECT(front->alarm >= front->now);
	toy_timer_set(front, 0, ~0ULL - front->now + 1);
	EXPECT(front->alarm >= front->now);
	toy_timer_set(front, 0, ~0ULL - 100);
	EXPECT(front->alarm >= front->now);
	vdev_alarm(front->vdev);
	EXPECT_EQ(toy_of(front)->nr_shots, 0);
	front_close(front);
}

static void wants_the_lock(void)
{
	struct front *front = front_open("toy-bare");
	struct vdev_timer *timer = &toy_of(front)->timer[0];

	EXPECT_ABORT(vdev_timer_set(front->vdev, timer, 1), "not held");
	EXPECT_ABORT(vdev_timer_cancel(front->vdev, timer), "not held");
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(alarm_stands_at_the_earliest),
	UNIT_CASE(called_once_in_order),
	UNIT_CASE(zero_delay_is_soon),
	UNIT_CASE(late_alarm_keeps_the_order),
	UNIT_CASE(early_alarm_does_nothing),
	UNIT_CASE(cancelled_is_not_called),
	UNIT_CASE(set_again_inside_the_call),
	UNIT_CASE(set_again_without_delay),
	UNIT_CASE(others_set_and_cancelled_inside_the_call),
	UNIT_CASE(may_interrupt),
	UNIT_CASE(reset_stops_timers),
	UNIT_CASE(close_stops_timers),
	UNIT_CASE(set_in_reset),
	UNIT_CASE(endless_delay_does_not_wrap),
	UNIT_CASE(wants_the_lock),
	{ }
};

const struct unit_suite timer_suite = { "timer", cases };
