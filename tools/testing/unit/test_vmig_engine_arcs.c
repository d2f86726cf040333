// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state machine: each way of each kind of device against the rules of the
 * uAPI, and each hook failing at each place.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <string.h>

#include "robot.h"
#include "suites.h"
#include "unit.h"

static const u32 capabilities[] = {
	VMIG_CAN_STOP_COPY,
	VMIG_CAN_STOP_COPY | VMIG_CAN_P2P,
	VMIG_CAN_STOP_COPY | VMIG_CAN_PRE_COPY,
	VMIG_CAN_STOP_COPY | VMIG_CAN_P2P | VMIG_CAN_PRE_COPY,
};

/**
 * struct arc - a single arc of the uAPI
 * @from: where from
 * @to: where to
 * @with: what the device must have for it
 * @without: and not have
 * @hooks: what the driver is asked, of a device with memory
 */
struct arc {
	u32 from;
	u32 to;
	u32 with;
	u32 without;
	const char *hooks;
};

#define S	VMIG_CAN_STOP_COPY
#define P	VMIG_CAN_P2P
#define C	VMIG_CAN_PRE_COPY

static const struct arc arcs[] = {
	{ VMIG_RESUMING, VMIG_STOP, S, 0, "CL" },
	{ VMIG_STOP, VMIG_RESUMING, S, 0, "" },
	{ VMIG_STOP, VMIG_STOP_COPY, S, 0, "tS" },
	{ VMIG_STOP_COPY, VMIG_STOP, S, 0, "T" },
	{ VMIG_RUNNING, VMIG_STOP, S, P, "qs" },
	{ VMIG_STOP, VMIG_RUNNING, S, P, "ru" },
	{ VMIG_RUNNING, VMIG_RUNNING_P2P, P, 0, "q" },
	{ VMIG_RUNNING_P2P, VMIG_RUNNING, P, 0, "u" },
	{ VMIG_RUNNING_P2P, VMIG_STOP, P, 0, "s" },
	{ VMIG_STOP, VMIG_RUNNING_P2P, P, 0, "r" },
	{ VMIG_RUNNING, VMIG_PRE_COPY, C, 0, "t" },
	{ VMIG_PRE_COPY, VMIG_RUNNING, C, 0, "T" },
	{ VMIG_PRE_COPY, VMIG_STOP_COPY, C, P, "qsS" },
	{ VMIG_PRE_COPY, VMIG_PRE_COPY_P2P, C | P, 0, "q" },
	{ VMIG_PRE_COPY_P2P, VMIG_PRE_COPY, C | P, 0, "u" },
	{ VMIG_PRE_COPY_P2P, VMIG_RUNNING_P2P, C | P, 0, "T" },
	{ VMIG_RUNNING_P2P, VMIG_PRE_COPY_P2P, C | P, 0, "t" },
	{ VMIG_PRE_COPY_P2P, VMIG_STOP_COPY, C | P, 0, "sS" },
};

static bool has_arc(const struct arc *arc, u32 flags)
{
	return (flags & arc->with) == arc->with && !(flags & arc->without);
}

static bool saves(u32 state)
{
	return state == VMIG_STOP_COPY || state == VMIG_PRE_COPY ||
	       state == VMIG_PRE_COPY_P2P;
}

/*
 * The arcs of the shortest way, -1 after the last. A way from outside the saving
 * states, or to there, has none of them in its interior. False: no way.
 */
static bool find_way(u32 flags, u32 from, u32 to, int *way)
{
	bool inside = saves(from) && saves(to);
	int by[VMIG_NR_STATES];		/* the arc by which it was reached */
	int distance[VMIG_NR_STATES];
	int i, round, length;
	u32 state;

	memset(by, -1, sizeof(by));
	memset(distance, -1, sizeof(distance));
	distance[from] = 0;
	for (round = 0; round < VMIG_NR_STATES; round++) {
		for (i = 0; i < ARRAY_SIZE(arcs); i++) {
			const struct arc *arc = &arcs[i];

			if (!has_arc(arc, flags) ||
			    distance[arc->from] != round ||
			    distance[arc->to] >= 0)
				continue;
			if (saves(arc->to) != inside && arc->to != to)
				continue;
			distance[arc->to] = round + 1;
			by[arc->to] = i;
		}
	}
	length = distance[to];
	if (length <= 0)
		return false;
	way[length] = -1;
	for (state = to; state != from; state = arcs[way[length]].from)
		way[--length] = by[state];
	return true;
}

static bool offered(u32 flags, u32 state)
{
	switch (state) {
	case VMIG_ERROR:
		return false;
	case VMIG_RUNNING_P2P:
		return flags & P;
	case VMIG_PRE_COPY:
		return flags & C;
	case VMIG_PRE_COPY_P2P:
		return (flags & P) && (flags & C);
	default:
		return true;
	}
}

static u8 golden[ROBOT_STREAM];
static size_t golden_len;

static void make_golden(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, true);

	robot_live(robot);
	golden_len = robot_save(robot, golden);
	robot_destroy(robot);
}

/* A robot in a state; one in RESUMING has been given all it needs. */
static struct robot *robot_in(u32 flags, u32 state)
{
	struct robot *robot = robot_create(flags, true);

	robot_live(robot);
	if (state == VMIG_RESUMING)
		robot_load(robot, golden, golden_len, golden_len);
	else
		robot_go(robot, state);
	robot_log(robot);
	robot->arcs[0] = '\0';
	return robot;
}

static void expect_moving(struct robot *robot)
{
	u32 state = vmig_get_state(&robot->vmig);
	bool still = state == VMIG_STOP || state == VMIG_STOP_COPY ||
		     state == VMIG_RESUMING;
	bool calm;

	EXPECT_EQ(robot->stopped, still);
	calm = still || state == VMIG_RUNNING_P2P || state == VMIG_PRE_COPY_P2P;
	EXPECT_EQ(robot->quiescent, calm);
	EXPECT_EQ(robot->tracking, saves(state));
	EXPECT_EQ(!!robot->vmig.session,
		  saves(state) || state == VMIG_RESUMING);
}

static void take_way(u32 flags, u32 from, u32 to)
{
	struct robot *robot = robot_in(flags, from);
	unsigned int ends = robot->ends, files = robot->files;
	struct vmig_session *session;
	char hooks[64] = "", trace[256] = "";
	bool begins, over;
	int way[VMIG_NR_STATES];
	int i;

	if (from != to && !find_way(flags, from, to, way)) {
		EXPECT_EQ(robot_set(robot, to), -EINVAL);
		EXPECT_EQ(vmig_get_state(&robot->vmig), from);
		EXPECT(robot_reason(robot)[0]);
		goto out;
	}
	for (i = 0; from != to && way[i] >= 0; i++) {
		strcat(hooks, arcs[way[i]].hooks);
		sprintf(trace + strlen(trace), "%s>%s ",
			vmig_state_name(arcs[way[i]].from),
			vmig_state_name(arcs[way[i]].to));
	}
	EXPECT_EQ(vmig_set_state(&robot->vmig, to, &session), 0);
	EXPECT_EQ(vmig_get_state(&robot->vmig), to);
	EXPECT_STREQ(robot_log(robot), hooks);
	EXPECT_STREQ(robot->arcs, trace);
	EXPECT_STREQ(robot_reason(robot), "");

	over = (saves(from) && !saves(to)) ||
	       (from == VMIG_RESUMING && to != VMIG_RESUMING);
	begins = (saves(to) && !saves(from)) ||
		 (to == VMIG_RESUMING && from != VMIG_RESUMING);
	EXPECT_EQ(robot->ends, ends + over);
	EXPECT_EQ(robot->files, files + begins);
	EXPECT_EQ(!!session, begins);
	if (session) {
		EXPECT(session == robot->vmig.session);
		robot_close_file(robot);
		robot->file = session;
		vmig_session_put(session);
	}
	expect_moving(robot);
out:
	expect_moving(robot);
	robot_destroy(robot);
}

static void every_way(void)
{
	unsigned int i;
	u32 from, to;

	make_golden();
	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		for (from = 0; from < VMIG_NR_STATES; from++) {
			if (!offered(capabilities[i], from))
				continue;
			for (to = 0; to < VMIG_NR_STATES; to++) {
				unit_context("flags %u, %s to %s",
					     capabilities[i],
					     vmig_state_name(from),
					     vmig_state_name(to));
				take_way(capabilities[i], from, to);
			}
		}
	}
}

/* The oracle itself knows the ways that the kernel's own comment lists. */
static void ways_of_the_uapi(void)
{
	static const u8 ways[][6] = {
		{ VMIG_PRE_COPY, VMIG_PRE_COPY_P2P, VMIG_STOP_COPY },
		{ VMIG_PRE_COPY, VMIG_RUNNING, VMIG_RUNNING_P2P, VMIG_STOP,
		  VMIG_RESUMING },
		{ VMIG_PRE_COPY_P2P, VMIG_RUNNING_P2P, VMIG_RUNNING },
		{ VMIG_RESUMING, VMIG_STOP, VMIG_RUNNING_P2P, VMIG_RUNNING,
		  VMIG_PRE_COPY },
		{ VMIG_RESUMING, VMIG_STOP, VMIG_RUNNING_P2P,
		  VMIG_PRE_COPY_P2P },
		{ VMIG_RUNNING, VMIG_RUNNING_P2P, VMIG_STOP, VMIG_STOP_COPY },
		{ VMIG_STOP, VMIG_RUNNING_P2P, VMIG_RUNNING, VMIG_PRE_COPY },
		{ VMIG_STOP_COPY, VMIG_STOP, VMIG_RUNNING_P2P, VMIG_RUNNING },
	};
	int way[VMIG_NR_STATES];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		for (j = 0; ways[i][j + 1]; j++)
			;
		EXPECT(find_way(ROBOT_ALL, ways[i][0], ways[i][j], way));
		EXPECT_EQ(way[j], -1);
		while (j--) {
			EXPECT_EQ(arcs[way[j]].from, ways[i][j]);
			EXPECT_EQ(arcs[way[j]].to, ways[i][j + 1]);
		}
	}
	EXPECT(!find_way(ROBOT_ALL, VMIG_STOP_COPY, VMIG_PRE_COPY, way));
	EXPECT(!find_way(ROBOT_ALL, VMIG_STOP_COPY, VMIG_PRE_COPY_P2P, way));
}

static void what_there_is_not(void)
{
	struct robot *robot = robot_in(VMIG_CAN_STOP_COPY, VMIG_STOP_COPY);

	EXPECT_EQ(robot_set(robot, 8), -EINVAL);
	EXPECT_STREQ(robot_reason(robot), "there is no state 8");
	EXPECT_EQ(robot_set(robot, U32_MAX), -EINVAL);
	EXPECT_STREQ(robot_reason(robot), "there is no state 4294967295");
	EXPECT_EQ(robot_set(robot, VMIG_ERROR), -EINVAL);
	EXPECT_STREQ(robot_reason(robot), "nobody can ask for ERROR");
	EXPECT_EQ(robot_set(robot, VMIG_PRE_COPY), -EINVAL);
	EXPECT_STREQ(robot_reason(robot), "the device has no state PRE_COPY");
	EXPECT_STREQ(robot_log(robot), "");
	EXPECT_STREQ(robot->arcs, "");
	robot_destroy(robot);

	robot = robot_in(ROBOT_ALL, VMIG_STOP_COPY);
	EXPECT_EQ(robot_set(robot, VMIG_PRE_COPY), -EINVAL);
	EXPECT_STREQ(robot_reason(robot),
		     "there is no way from STOP_COPY to PRE_COPY");
	EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_STOP_COPY);
	robot_destroy(robot);
}

/* Hooks that fail */

/* The state in which hook number @nth of a way is called. */
static u32 state_at(const int *way, unsigned int nth)
{
	unsigned int length;

	for (; *way >= 0; way++) {
		length = strlen(arcs[*way].hooks);
		if (nth < length)
			break;
		nth -= length;
	}
	return arcs[*way].from;
}

static const char *reason_of(char hook)
{
	switch (hook) {
	case 'q':
		return "the device could not be quiesced (error -28)";
	case 'u':
		return "the device stayed quiescent (error -28)";
	case 's':
		return "the device could not be stopped (error -28)";
	case 'r':
		return "the device did not start again (error -28)";
	case 'S':
		return "the device could not tell its state (error -28)";
	case 'C':
		return "the device cannot become this (error -28)";
	default:
		return "the device cannot track its memory (error -28)";
	}
}

static void fail_hook(u32 flags, u32 from, u32 to, const int *way,
		      const char *hooks, unsigned int nth)
{
	struct robot *robot = robot_in(flags, from);
	unsigned int files = robot->files;
	u32 where = state_at(way, nth);

	robot->fail = nth + 1;
	robot->error = -ENOSPC;
	EXPECT_EQ(robot_set(robot, to), -ENOSPC);
	EXPECT_EQ(vmig_get_state(&robot->vmig), where);
	EXPECT(!strncmp(robot_log(robot), hooks, nth + 1));
	EXPECT_STREQ(robot_reason(robot), reason_of(hooks[nth]));
	/* a file that was made for nothing is gone */
	EXPECT_EQ(robot->files, files);
	expect_moving(robot);

	robot->fail = 0;
	if (hooks[nth] == 'C') {
		/* what was refused stays refused, for the same reason */
		EXPECT_EQ(robot_set(robot, to), -ENOSPC);
		EXPECT_EQ(robot_write(robot, "", 1), -ENOSPC);
		EXPECT_STREQ(robot_reason(robot), reason_of('C'));
		EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_RESUMING);
	} else {
		robot_go(robot, to);
		expect_moving(robot);
	}
	robot_destroy(robot);
}

/* And the hook that should have taken it back fails too, or says it is over. */
static void break_device(u32 flags, u32 from, u32 to, const int *way,
			 const char *hooks, unsigned int nth)
{
	struct robot *robot = robot_in(flags, from);
	char log[sizeof(robot->log)];
	size_t length;

	robot->fail = nth + 1;
	robot->fail_again = nth + 2;
	robot->error = -ENOSPC;
	EXPECT_EQ(robot_set(robot, to), -ENOSPC);
	strcpy(log, robot_log(robot));
	length = strlen(log);
	/* there was something to take back */
	if (length >= nth + 2 && strchr("qusr", log[nth + 1])) {
		EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_ERROR);
		EXPECT(!robot->vmig.session);
		EXPECT(!robot->tracking);
	}
	robot_destroy(robot);

	robot = robot_in(flags, from);
	robot->fail = nth + 1;
	robot->breaks = true;
	robot->error = nth % 2 ? -ENOSPC : 0;
	EXPECT_EQ(robot_set(robot, to), nth % 2 ? -ENOSPC : -EIO);
	EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_ERROR);
	EXPECT(!robot->vmig.session);
	EXPECT_EQ(robot_set(robot, VMIG_RUNNING), -EINVAL);
	EXPECT_EQ(robot_set(robot, VMIG_ERROR), -EINVAL);
	EXPECT_STREQ(robot_reason(robot),
		     "the device has failed, only a reset helps");
	robot_log(robot);
	robot->fail = 0;
	vmig_reset_done(&robot->vmig);
	EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_RUNNING);
	expect_moving(robot);
	robot_destroy(robot);
}

static void each_hook(void (*fail)(u32 flags, u32 from, u32 to, const int *way,
				   const char *hooks, unsigned int nth),
		      const char *which)
{
	int way[VMIG_NR_STATES];
	char hooks[64];
	unsigned int i, j;
	u32 flags, from, to;

	make_golden();
	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		flags = capabilities[i];
		for (from = 0; from < VMIG_NR_STATES; from++) {
			for (to = 0; to < VMIG_NR_STATES; to++) {
				if (!offered(flags, from) || from == to ||
				    !find_way(flags, from, to, way))
					continue;
				hooks[0] = '\0';
				for (j = 0; way[j] >= 0; j++)
					strcat(hooks, arcs[way[j]].hooks);
				for (j = 0; hooks[j]; j++) {
					unit_context("flags %u, %s to %s, %c",
						     flags,
						     vmig_state_name(from),
						     vmig_state_name(to),
						     hooks[j]);
					if (strchr(which, hooks[j]))
						fail(flags, from, to, way,
						     hooks, j);
				}
			}
		}
	}
}

static void every_hook_fails(void)
{
	each_hook(fail_hook, "qusrSCt");
}

static void every_hook_breaks_the_device(void)
{
	each_hook(break_device, "qusrSC");
}

/* The order without P2P: what worked is taken back. */
static void half_an_arc(void)
{
	struct robot *robot = robot_in(S, VMIG_RUNNING);

	robot->fail = 2;
	robot->error = -EBUSY;
	EXPECT_EQ(robot_set(robot, VMIG_STOP), -EBUSY);
	EXPECT_STREQ(robot_log(robot), "qsu");
	robot->fail = 0;
	robot_go(robot, VMIG_STOP);
	robot_log(robot);
	robot->fail = 2;
	EXPECT_EQ(robot_set(robot, VMIG_RUNNING), -EBUSY);
	EXPECT_STREQ(robot_log(robot), "rus");
	EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_STOP);
	robot_destroy(robot);
}

/* A device without memory is asked nothing of it. */
static void no_memory(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, false);

	robot_go(robot, VMIG_PRE_COPY);
	robot_go(robot, VMIG_STOP_COPY);
	robot_go(robot, VMIG_RUNNING);
	EXPECT_STREQ(robot_log(robot), "qsSru");
	robot_destroy(robot);
}

/* Hooks that are not there have nothing to do. */
static void no_hooks(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, false);

	robot->ops.quiesce = NULL;
	robot->ops.unquiesce = NULL;
	robot->ops.stop = NULL;
	robot->ops.run = NULL;
	robot->ops.load_check = NULL;
	robot_go(robot, VMIG_STOP);
	robot_go(robot, VMIG_RUNNING);
	EXPECT_STREQ(robot_log(robot), "");
	robot_destroy(robot);
}

static void bad_devices(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, true);
	struct vmig_memory_ops memory = *robot->ops.memory;
	void (*unstage)(struct vmig *vmig);
	struct vmig vmig;

#define INIT(flags)							\
	vmig_init(&vmig, &robot->ops, &robot->desc, flags, NULL)
	EXPECT_EQ(INIT(0), -EINVAL);
	EXPECT_EQ(INIT(VMIG_CAN_P2P | VMIG_CAN_PRE_COPY), -EINVAL);
	EXPECT_EQ(INIT(VMIG_CAN_STOP_COPY | BIT(3)), -EINVAL);
	robot->ops.memory = NULL;
	EXPECT_EQ(INIT(ROBOT_ALL), -EINVAL);
	robot->ops.memory = &memory;
	unstage = memory.unstage;
	memory.unstage = NULL;
	EXPECT_EQ(INIT(ROBOT_ALL), -EINVAL);
	memory.unstage = unstage;
	robot->ops.save = NULL;
	EXPECT_EQ(INIT(ROBOT_ALL), -EINVAL);
	robot_destroy(robot);
}

static const struct unit_case cases[] = {
	UNIT_CASE(ways_of_the_uapi),
	UNIT_CASE(every_way),
	UNIT_CASE(what_there_is_not),
	UNIT_CASE(every_hook_fails),
	UNIT_CASE(every_hook_breaks_the_device),
	UNIT_CASE(half_an_arc),
	UNIT_CASE(no_memory),
	UNIT_CASE(no_hooks),
	UNIT_CASE(bad_devices),
	{}
};

const struct unit_suite vmig_arcs_suite = {
	.name = "vmig_arcs",
	.cases = cases,
};
