// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resets, opening and closing, and what fails: memory, files, and whatever a
 * test orders to.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <string.h>

#include "kernel_hooks.h"
#include "robot.h"
#include "suites.h"
#include "unit.h"

static u8 stream[ROBOT_STREAM], other[ROBOT_STREAM];

static struct robot *live_robot(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, true);

	robot_live(robot);
	return robot;
}

static void expect_fresh(struct robot *robot)
{
	EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_RUNNING);
	EXPECT(!robot->stopped && !robot->quiescent && !robot->tracking);
	EXPECT(!robot->vmig.session);
}

/* Where a hook that breaks it leaves a robot. */
static void enter_error(struct robot *robot)
{
	robot->breaks = true;
	robot->error = -EIO;
	robot_log(robot);
	robot->fail = 1;
	EXPECT_EQ(robot_set(robot, VMIG_STOP), -EIO);
	robot->fail = 0;
	robot->breaks = false;
	EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_ERROR);
}

static void from_every_state(void)
{
	struct robot *robot;
	u32 state;

	for (state = VMIG_ERROR; state < VMIG_NR_STATES; state++) {
		unit_context("%s", vmig_state_name(state));
		robot = live_robot();
		if (state == VMIG_ERROR)
			enter_error(robot);
		else
			robot_go(robot, state);
		if (robot->file && robot->file->reads)
			EXPECT(robot_read(robot, other, 5000) > 0);
		robot->arcs[0] = '\0';
		vmig_reset_done(&robot->vmig);
		EXPECT_EQ(robot->kicks, 1);
		/* nothing yet, but nobody can see that */
		EXPECT_STREQ(robot->arcs, "");
		if (robot->file && robot->vmig.session)
			EXPECT_EQ(vmig_session_poll(robot->file),
				  VMIG_POLL_GONE);
		vmig_reset_wait(&robot->vmig);
		expect_fresh(robot);
		/* and all works */
		robot_go(robot, VMIG_PRE_COPY);
		robot_go(robot, VMIG_STOP_COPY);
		EXPECT(robot_drain(robot, other, 4096, 0) > 0);
		robot_go(robot, VMIG_RUNNING);
		expect_fresh(robot);
		robot_destroy(robot);
	}
}

/* Nothing that was staged is kept. */
static void while_loading(void)
{
	struct robot *robot = live_robot();
	size_t len = robot_save(robot, stream);
	static u8 zeros[sizeof(robot->staged)];

	robot_load(robot, stream, len - 1, 4096);
	EXPECT(memcmp(robot->staged, zeros, sizeof(zeros)));
	vmig_reset_done(&robot->vmig);
	vmig_reset_wait(&robot->vmig);
	EXPECT(!memcmp(robot->staged, zeros, sizeof(zeros)));
	robot_destroy(robot);
}

/* Before it was ever opened, and again and again. */
static void at_any_time(void)
{
	struct robot *robot = live_robot();

	vmig_close(&robot->vmig);
	vmig_reset_done(&robot->vmig);
	vmig_reset_wait(&robot->vmig);
	vmig_reset_done(&robot->vmig);
	vmig_reset_done(&robot->vmig);
	vmig_open(&robot->vmig);
	expect_fresh(robot);
	robot_destroy(robot);
}

static int reset_in_stop(struct vmig *vmig)
{
	vmig_reset_done(vmig);
	return 0;
}

/* In the middle of a way: it ends there, and in RUNNING. */
static void on_the_way(void)
{
	struct robot *robot = live_robot();
	struct vmig_ops ops = robot->ops;
	size_t len = robot_save(robot, stream);

	robot->ops.stop = reset_in_stop;
	robot->ops.run = NULL;
	EXPECT_EQ(robot_set(robot, VMIG_RESUMING), -ECANCELED);
	EXPECT_STREQ(robot_reason(robot), "the device was reset meanwhile");
	expect_fresh(robot);
	robot->ops = ops;
	EXPECT_EQ(robot_save(robot, other), len);
	robot_destroy(robot);
}

/* A device that does not start again is lost, until a reset does better. */
static void that_does_not_help(void)
{
	struct robot *robot = live_robot();

	robot_go(robot, VMIG_STOP_COPY);
	robot_log(robot);
	robot->fail = 2;
	robot->error = -EIO;
	vmig_reset_done(&robot->vmig);
	EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_ERROR);
	EXPECT_STREQ(robot_log(robot), "Tr");
	EXPECT_STREQ(robot_reason(robot),
		     "the device did not start again (error -5)");
	EXPECT_EQ(robot_set(robot, VMIG_RUNNING), -EINVAL);
	robot->fail = 0;
	vmig_reset_done(&robot->vmig);
	expect_fresh(robot);
	robot_destroy(robot);
}

/* Opening and closing */

static void closed_in_every_state(void)
{
	static const u8 rests[VMIG_NR_STATES] = {
		[VMIG_ERROR] = VMIG_ERROR,
		[VMIG_STOP] = VMIG_STOP,
		[VMIG_RUNNING] = VMIG_RUNNING,
		[VMIG_STOP_COPY] = VMIG_STOP,
		[VMIG_RESUMING] = VMIG_STOP,
		[VMIG_RUNNING_P2P] = VMIG_RUNNING_P2P,
		[VMIG_PRE_COPY] = VMIG_RUNNING,
		[VMIG_PRE_COPY_P2P] = VMIG_RUNNING_P2P,
	};
	struct robot *robot;
	u32 state;

	for (state = VMIG_ERROR; state < VMIG_NR_STATES; state++) {
		unit_context("%s", vmig_state_name(state));
		robot = live_robot();
		if (state == VMIG_ERROR)
			enter_error(robot);
		else
			robot_go(robot, state);
		robot_log(robot);
		vmig_close(&robot->vmig);
		EXPECT(!strpbrk(robot_log(robot), "ruqs"));
		EXPECT_EQ(vmig_get_state(&robot->vmig), rests[state]);
		EXPECT(!robot->vmig.session && !robot->tracking);
		vmig_open(&robot->vmig);
		expect_fresh(robot);
		robot_destroy(robot);
	}
}

/* No file */

static void no_file(void)
{
	static const u8 states[] = {
		VMIG_PRE_COPY, VMIG_PRE_COPY_P2P, VMIG_STOP_COPY, VMIG_RESUMING
	};
	struct robot *robot = live_robot();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		robot->no_file = -EMFILE;
		EXPECT_EQ(robot_set(robot, states[i]), -EMFILE);
		EXPECT(!robot->vmig.session && !robot->tracking);
		EXPECT_STREQ(robot_reason(robot),
			     "no data file could be made (error -24)");
		robot->no_file = 0;
		robot_go(robot, states[i]);
		vmig_reset_done(&robot->vmig);
		vmig_reset_wait(&robot->vmig);
	}
	robot_destroy(robot);
}

/* The core had no descriptor, and dropped the file. */
static void nobody_has_the_file(void)
{
	struct robot *robot = live_robot();
	size_t len = robot_save(robot, stream);

	robot_go(robot, VMIG_PRE_COPY);
	robot_close_file(robot);
	robot_go(robot, VMIG_PRE_COPY_P2P);
	EXPECT(!robot->file);
	robot_go(robot, VMIG_STOP_COPY);
	EXPECT(!robot->file);
	robot_go(robot, VMIG_RESUMING);
	robot_close_file(robot);
	EXPECT(robot_set(robot, VMIG_STOP) < 0);
	EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_RESUMING);
	vmig_reset_done(&robot->vmig);
	EXPECT_EQ(robot_save(robot, other), len);
	robot_destroy(robot);
}

/* No memory */

/* A whole migration; false if something of it failed. */
static bool migrate(struct robot *source, struct robot *dest)
{
	size_t len = 0, done;
	ssize_t ret;

	if (robot_set(source, VMIG_PRE_COPY))
		return false;
	while ((ret = robot_read(source, other + len, 10000)) > 0)
		len += ret;
	if (ret != -ENOMSG)
		return false;
	robot_write_page(source, 5, 5);
	vmig_restart(&source->vmig);
	if (robot_set(source, VMIG_STOP_COPY))
		return false;
	while ((ret = robot_read(source, other + len, 10000)) > 0)
		len += ret;
	if (ret)
		return false;
	if (robot_set(dest, VMIG_RESUMING))
		return false;
	for (done = 0; done < len; done += ret) {
		ret = robot_write(dest, other + done, min_t(size_t, len - done,
							    10000));
		if (ret <= 0)
			return false;
	}
	return !robot_set(dest, VMIG_RUNNING);
}

static void every_allocation(void)
{
	struct robot *source = live_robot();
	struct robot *dest = robot_create(ROBOT_ALL, true);
	unsigned int failures = 0, nth;
	bool good;

	for (nth = 1;; nth++) {
		unit_context("allocation %u", nth);
		failslab_arm(nth);
		good = migrate(source, dest);
		if (!failslab_fired()) {
			EXPECT(good);
			break;
		}
		failslab_arm(0);
		/* or it was made up for by the next read() */
		if (good)
			EXPECT(robot_same(source, dest));
		else
			failures++;
		vmig_reset_done(&source->vmig);
		vmig_reset_done(&dest->vmig);
		robot_live(source);
		robot_blank(dest);
		EXPECT(migrate(source, dest));
		EXPECT(robot_same(source, dest));
		vmig_reset_done(&source->vmig);
	}
	failslab_arm(0);
	EXPECT(failures > 10);
	robot_destroy(source);
	robot_destroy(dest);
}

/* Where memory lacks for a moment, a second try loses nothing. */
static void once_more(void)
{
	struct robot *source = live_robot();
	struct robot *dest = robot_create(ROBOT_ALL, true);
	unsigned int nth;
	size_t len;
	ssize_t ret;

	for (nth = 1;; nth++) {
		unit_context("allocation %u", nth);
		robot_go(source, VMIG_STOP_COPY);
		failslab_arm(nth);
		len = 0;
		do {
			ret = robot_read(source, other + len, 10000);
			len += max_t(ssize_t, ret, 0);
		} while (ret && (ret > 0 || ret == -ENOMEM));
		EXPECT_EQ(ret, 0);
		robot_go(source, VMIG_RUNNING);
		if (!failslab_fired())
			break;
		failslab_arm(0);
		robot_blank(dest);
		robot_load(dest, other, len, len);
		robot_go(dest, VMIG_RUNNING);
		EXPECT(robot_same(source, dest));
	}
	failslab_arm(0);
	EXPECT(nth > 1);
	robot_destroy(source);
	robot_destroy(dest);
}

static void no_device(void)
{
	struct robot *robot = live_robot();
	struct vmig vmig;
	unsigned int nth = 0;
	int ret;

	do {
		failslab_arm(++nth);
		ret = vmig_init(&vmig, &robot->ops, &robot->desc, ROBOT_ALL,
				NULL);
		EXPECT(!ret || ret == -ENOMEM);
	} while (ret);
	failslab_arm(0);
	EXPECT(nth > 1);
	vmig_destroy(&vmig);
	robot_destroy(robot);
}

/* Without a front, as in a library */
static void no_front(void)
{
	struct robot *robot = live_robot();
	struct vmig_session *session, *none;

	robot->vmig.front = NULL;
	EXPECT_EQ(vmig_set_state(&robot->vmig, VMIG_PRE_COPY, &session), 0);
	EXPECT(session);
	EXPECT_EQ(vmig_set_state(&robot->vmig, VMIG_STOP_COPY, &none), 0);
	EXPECT(!none);
	vmig_restart(&robot->vmig);
	vmig_reset_done(&robot->vmig);
	EXPECT_EQ(vmig_session_poll(session), VMIG_POLL_GONE);
	vmig_session_put(session);
	robot_destroy(robot);
}

/* Failures on order */

static void order(struct robot *robot, enum vmig_point point,
		  unsigned int countdown)
{
	const struct vmig_fault fault = {
		.point = point, .error = EREMOTEIO, .countdown = countdown,
	};

	vmig_order_fault(&robot->vmig, &fault);
}

static void ordered_failures(void)
{
	static const struct {
		enum vmig_point point;
		u32 from, to;
	} orders[] = {
		{ VMIG_AT_ARC, VMIG_RUNNING, VMIG_STOP },
		{ VMIG_AT_QUIESCE, VMIG_RUNNING, VMIG_STOP },
		{ VMIG_AT_STOP, VMIG_RUNNING, VMIG_STOP },
		{ VMIG_AT_RUN, VMIG_STOP, VMIG_RUNNING },
		{ VMIG_AT_UNQUIESCE, VMIG_STOP, VMIG_RUNNING },
		{ VMIG_AT_TRACK, VMIG_STOP, VMIG_STOP_COPY },
		{ VMIG_AT_TRACK, VMIG_RUNNING, VMIG_PRE_COPY },
		{ VMIG_AT_SAVE, VMIG_STOP, VMIG_STOP_COPY },
		{ VMIG_AT_FILE, VMIG_STOP, VMIG_RESUMING },
		{ VMIG_AT_FILE, VMIG_STOP, VMIG_STOP_COPY },
	};
	struct robot *robot = live_robot();
	struct vmig_fault fault;
	unsigned int i;
	char reason[80];

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		unit_context("%s", vmig_point_name(orders[i].point));
		robot_go(robot, orders[i].from);
		order(robot, orders[i].point, 1);
		EXPECT_EQ(robot_set(robot, orders[i].to), -EREMOTEIO);
		snprintf(reason, sizeof(reason), "a test made \"%s\" fail",
			 vmig_point_name(orders[i].point));
		EXPECT_STREQ(robot_reason(robot), reason);
		vmig_ordered_fault(&robot->vmig, &fault);
		EXPECT_EQ(fault.point, VMIG_AT_NONE);
		robot_go(robot, orders[i].to);
		vmig_reset_done(&robot->vmig);
	}
	robot_destroy(robot);
}

static void ordered_for_files(void)
{
	struct robot *robot = live_robot();
	size_t len = robot_save(robot, stream);

	robot_go(robot, VMIG_STOP_COPY);
	order(robot, VMIG_AT_READ, 2);
	EXPECT_EQ(robot_read(robot, other, 1), 1);
	EXPECT_EQ(robot_read(robot, other + 1, 1), -EREMOTEIO);
	EXPECT_EQ(robot_read(robot, other + 1, 1), 1);
	EXPECT_EQ(robot_read(robot, other + 2, 60000), 60000);
	order(robot, VMIG_AT_TAKE, 3);
	/* what there is first, then the error, then the rest */
	EXPECT(robot_read(robot, other + 60002, len) > 0);
	robot_go(robot, VMIG_RUNNING);

	robot_load(robot, stream, 100, 10);
	order(robot, VMIG_AT_WRITE, 1);
	EXPECT_EQ(robot_write(robot, stream + 100, 1), -EREMOTEIO);
	/* that was no word about the stream */
	EXPECT_EQ(robot_write(robot, stream + 100, len - 100), len - 100);
	order(robot, VMIG_AT_LOAD_CHECK, 1);
	EXPECT_EQ(robot_set(robot, VMIG_RUNNING), -EREMOTEIO);
	EXPECT_EQ(robot_set(robot, VMIG_RUNNING), -EREMOTEIO);
	vmig_reset_done(&robot->vmig);
	robot_go(robot, VMIG_RESUMING);
	order(robot, VMIG_AT_STAGE, 1);
	EXPECT_EQ(robot_write(robot, stream, len), -EREMOTEIO);
	EXPECT_EQ(robot_write(robot, stream, len), -EREMOTEIO);
	robot_destroy(robot);
}

static void ordered_arc(void)
{
	struct vmig_fault fault = {
		.point = VMIG_AT_ARC, .from = VMIG_STOP, .to = VMIG_STOP_COPY,
		.error = EREMOTEIO, .countdown = 2,
	};
	struct robot *robot = live_robot();

	vmig_order_fault(&robot->vmig, &fault);
	robot_go(robot, VMIG_STOP_COPY);
	robot_go(robot, VMIG_RESUMING);
	vmig_reset_done(&robot->vmig);
	EXPECT_EQ(robot_set(robot, VMIG_STOP_COPY), -EREMOTEIO);
	EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_STOP);
	robot_go(robot, VMIG_STOP_COPY);
	robot_destroy(robot);
}

static const struct unit_case cases[] = {
	UNIT_CASE(from_every_state),
	UNIT_CASE(while_loading),
	UNIT_CASE(at_any_time),
	UNIT_CASE(on_the_way),
	UNIT_CASE(that_does_not_help),
	UNIT_CASE(closed_in_every_state),
	UNIT_CASE(no_file),
	UNIT_CASE(nobody_has_the_file),
	UNIT_CASE(every_allocation),
	UNIT_CASE(once_more),
	UNIT_CASE(no_device),
	UNIT_CASE(no_front),
	UNIT_CASE(ordered_failures),
	UNIT_CASE(ordered_for_files),
	UNIT_CASE(ordered_arc),
	{}
};

const struct unit_suite vmig_reset_suite = {
	.name = "vmig_reset",
	.cases = cases,
};
