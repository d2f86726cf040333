// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver of a device that migrates. See robot.h.
 */
#include <linux/array_size.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "robot.h"
#include "unit.h"

static const struct vmig_field robot_fields[] = {
	VMIG_FIELD(1, struct robot_state, steps),
	VMIG_FIELD(2, struct robot_state, mood, .max = 9),
};

static const struct vmig_section robot_section = {
	.id = 1,
	.version = 1,
	.min_version = 1,
	.instances = 1,
	.name = "robot",
	.size = sizeof(struct robot_state),
	.fields = robot_fields,
	.nr_fields = ARRAY_SIZE(robot_fields),
};

static const struct vmig_section * const robot_sections[] = { &robot_section };

static const struct vmig_area robot_areas[] = {
	{ ROBOT_ARM, ROBOT_ARM_PAGES * 4096, "arm" },
	{ ROBOT_LEG, ROBOT_LEG_PAGES * 4096, "leg" },
};

static struct robot *to_robot(struct vmig *vmig)
{
	return container_of(vmig, struct robot, vmig);
}

/* Each hook begins like this. */
static int called(struct robot *robot, char letter)
{
	size_t length = strlen(robot->log);

	EXPECT(mutex_held_by_me(&robot->vmig.gate->lock));
	/* nobody has looked for long */
	if (length + 1 == sizeof(robot->log)) {
		memset(robot->log, 0, sizeof(robot->log));
		length = 0;
	}
	robot->log[length] = letter;
	if (length + 1 != robot->fail && length + 1 != robot->fail_again)
		return 0;
	if (robot->breaks)
		vmig_broken(&robot->vmig);
	return robot->error;
}

static int quiesce(struct vmig *vmig)
{
	struct robot *robot = to_robot(vmig);
	int ret = called(robot, 'q');

	EXPECT(!robot->quiescent && !robot->stopped);
	if (!ret)
		robot->quiescent = true;
	return ret;
}

static int unquiesce(struct vmig *vmig)
{
	struct robot *robot = to_robot(vmig);
	int ret = called(robot, 'u');

	EXPECT(robot->quiescent && !robot->stopped);
	if (!ret)
		robot->quiescent = false;
	return ret;
}

static int stop(struct vmig *vmig)
{
	struct robot *robot = to_robot(vmig);
	int ret = called(robot, 's');

	EXPECT(robot->quiescent && !robot->stopped);
	if (!ret)
		robot->stopped = true;
	return ret;
}

static int run(struct vmig *vmig)
{
	struct robot *robot = to_robot(vmig);
	int ret = called(robot, 'r');

	EXPECT(robot->quiescent && robot->stopped);
	if (!ret)
		robot->stopped = false;
	return ret;
}

static int save(struct vmig *vmig, struct vmig_image *image)
{
	struct robot *robot = to_robot(vmig);
	struct robot_state *state = vmig_state(image, &robot_section, 0);
	int ret = called(robot, 'S');

	EXPECT(robot->stopped);
	EXPECT(!state->steps && !state->mood);
	*state = robot->state;
	return ret;
}

static int load_check(struct vmig *vmig, const struct vmig_image *image)
{
	struct robot *robot = to_robot(vmig);
	const struct robot_state *state = vmig_state(image, &robot_section, 0);
	int ret = called(robot, 'C');

	EXPECT(robot->stopped);
	EXPECT(state->mood <= 9);
	if (!ret && state->mood == 9)
		return vmig_fail(vmig, -EDOM, "a mood of %u cannot be borne",
				 state->mood);
	return ret;
}

static void load_commit(struct vmig *vmig, const struct vmig_image *image)
{
	struct robot *robot = to_robot(vmig);
	const struct robot_state *state = vmig_state(image, &robot_section, 0);

	called(robot, 'L');
	EXPECT(robot->stopped);
	robot->state = *state;
	if (robot->desc.nr_areas)
		memcpy(robot->memory, robot->staged, sizeof(robot->memory));
}

/* Memory */

static const u8 zeros[4096];

static unsigned int first_page(const struct vmig_area *area)
{
	EXPECT(area == &robot_areas[0] || area == &robot_areas[1]);
	return area == &robot_areas[0] ? 0 : ROBOT_ARM_PAGES;
}

static int track(struct vmig *vmig, bool on)
{
	struct robot *robot = to_robot(vmig);
	unsigned int i;
	int ret = called(robot, on ? 't' : 'T');

	EXPECT(robot->tracking != on);
	if (ret && on)
		return ret;
	robot->tracking = on;
	for (i = 0; i < ROBOT_PAGES; i++)
		robot->written[i] = on && memcmp(robot->memory[i], zeros, 4096);
	return 0;
}

static u64 written(struct vmig *vmig)
{
	struct robot *robot = to_robot(vmig);
	unsigned int i;
	u64 nr = 0;

	EXPECT(mutex_held_by_me(&vmig->gate->lock));
	EXPECT(robot->tracking);
	for (i = 0; i < ROBOT_PAGES; i++)
		nr += robot->written[i];
	return nr;
}

static int take(struct vmig *vmig, const struct vmig_area *area, u64 *offset,
		void *page)
{
	struct robot *robot = to_robot(vmig);
	unsigned int first = first_page(area);
	u64 i;

	EXPECT(mutex_held_by_me(&vmig->gate->lock));
	EXPECT(robot->tracking);
	for (i = *offset / 4096; i < area->size / 4096; i++) {
		if (!robot->written[first + i])
			continue;
		robot->written[first + i] = false;
		memcpy(page, robot->memory[first + i], 4096);
		*offset = i * 4096;
		return 1;
	}
	return 0;
}

static int stage(struct vmig *vmig, const struct vmig_area *area, u64 offset,
		 const void *pages, u64 length)
{
	struct robot *robot = to_robot(vmig);
	u8 *to = robot->staged[first_page(area)] + offset;

	EXPECT(mutex_held_by_me(&vmig->gate->lock));
	EXPECT(robot->stopped);
	EXPECT(length && offset <= area->size &&
	       length <= area->size - offset);
	if (pages)
		memcpy(to, pages, length);
	else
		memset(to, 0, length);
	return 0;
}

static void unstage(struct vmig *vmig)
{
	struct robot *robot = to_robot(vmig);

	EXPECT(mutex_held_by_me(&vmig->gate->lock));
	memset(robot->staged, 0, sizeof(robot->staged));
}

static const struct vmig_memory_ops memory_ops = {
	.track = track,
	.written = written,
	.take = take,
	.stage = stage,
	.unstage = unstage,
};

static const struct vmig_ops robot_ops = {
	.quiesce = quiesce,
	.unquiesce = unquiesce,
	.stop = stop,
	.run = run,
	.save = save,
	.load_check = load_check,
	.load_commit = load_commit,
	.memory = &memory_ops,
};

/* The front */

static int attach(struct vmig *vmig, struct vmig_session *session)
{
	struct robot *robot = to_robot(vmig);

	if (robot->no_file)
		return robot->no_file;
	EXPECT(!*(u64 *)session->extra);
	*(u64 *)session->extra = 1;
	vmig_session_get(session);
	robot->files++;
	return 0;
}

static void detach(struct vmig *vmig, struct vmig_session *session)
{
	to_robot(vmig)->files--;
	vmig_session_put(session);
}

static void ended(struct vmig *vmig, struct vmig_session *session)
{
	EXPECT(!session->vmig);
	to_robot(vmig)->ends++;
}

static void news(struct vmig *vmig)
{
	__atomic_fetch_add(&to_robot(vmig)->news, 1, __ATOMIC_RELAXED);
}

static void kick(struct vmig *vmig)
{
	__atomic_fetch_add(&to_robot(vmig)->kicks, 1, __ATOMIC_RELAXED);
}

static bool precopy_v2(struct vmig *vmig)
{
	return to_robot(vmig)->v2;
}

static void trace_arc(struct vmig *vmig, enum vmig_state from,
		      enum vmig_state to, int ret)
{
	struct robot *robot = to_robot(vmig);
	size_t length = strlen(robot->arcs);

	EXPECT(mutex_held_by_me(&vmig->gate->lock));
	snprintf(robot->arcs + length, sizeof(robot->arcs) - length, "%s>%s%s ",
		 vmig_state_name(from), vmig_state_name(to), ret ? "!" : "");
}

static const struct vmig_front robot_front = {
	.extra = sizeof(u64),
	.attach = attach,
	.detach = detach,
	.ended = ended,
	.news = news,
	.kick = kick,
	.precopy_v2 = precopy_v2,
	.trace_arc = trace_arc,
};

/* What cases do */

struct robot *robot_create(u32 flags, bool memory)
{
	struct robot *robot = calloc(1, sizeof(*robot));

	robot->ops = robot_ops;
	robot->front = robot_front;
	robot->desc = (struct vmig_desc){
		.model = "vfiokit/robot",
		.version = "v1",
		.sections = robot_sections,
		.nr_sections = 1,
		.areas = memory ? robot_areas : NULL,
		.nr_areas = memory ? ARRAY_SIZE(robot_areas) : 0,
	};
	EXPECT_EQ(vmig_init(&robot->vmig, &robot->ops, &robot->desc, flags,
			    &robot->front), 0);
	vmig_open(&robot->vmig);
	robot->arcs[0] = '\0';
	return robot;
}

void robot_destroy(struct robot *robot)
{
	vmig_close(&robot->vmig);
	EXPECT(!robot->tracking);
	robot_close_file(robot);
	vmig_destroy(&robot->vmig);
	free(robot);
}

void robot_write_page(struct robot *robot, unsigned int page, u8 byte)
{
	memset(robot->memory[page], byte, 4096);
	if (robot->tracking)
		robot->written[page] = true;
}

void robot_live(struct robot *robot)
{
	unsigned int i;

	robot->state.steps = random_u64();
	robot->state.mood = random_below(9);
	if (!robot->desc.nr_areas)
		return;
	for (i = 0; i < ROBOT_PAGES; i++)
		robot_write_page(robot, i, random_one_in(3) ? 0 :
				 random_u64());
}

void robot_blank(struct robot *robot)
{
	robot->state = (struct robot_state){};
	memset(robot->memory, 0, sizeof(robot->memory));
}

bool robot_same(const struct robot *a, const struct robot *b)
{
	return a->state.steps == b->state.steps &&
	       a->state.mood == b->state.mood &&
	       !memcmp(a->memory, b->memory, sizeof(a->memory));
}

int robot_set(struct robot *robot, u32 state)
{
	struct vmig_session *session;
	int ret = vmig_set_state(&robot->vmig, state, &session);

	if (session) {
		EXPECT(!ret);
		robot_close_file(robot);
		robot->file = session;
		vmig_session_put(session);
	}
	return ret;
}

void robot_go(struct robot *robot, u32 state)
{
	EXPECT_EQ(robot_set(robot, state), 0);
	EXPECT_EQ(vmig_get_state(&robot->vmig), state);
}

void robot_close_file(struct robot *robot)
{
	if (!robot->file)
		return;
	vmig_session_put(robot->file);
	robot->file = NULL;
	robot->files--;
}

static int copy_out(void *context, size_t at, void *data, size_t len)
{
	memcpy((u8 *)context + at, data, len);
	return 0;
}

static int copy_in(void *context, size_t at, void *data, size_t len)
{
	memcpy(data, (const u8 *)context + at, len);
	return 0;
}

ssize_t robot_read(struct robot *robot, void *buf, size_t len)
{
	return vmig_session_read(robot->file, len, copy_out, buf);
}

ssize_t robot_write(struct robot *robot, const void *buf, size_t len)
{
	return vmig_session_write(robot->file, len, copy_in, (void *)buf);
}

size_t robot_drain(struct robot *robot, void *buf, size_t chunk, ssize_t end)
{
	size_t done = 0;
	ssize_t ret;

	while ((ret = robot_read(robot, buf + done, chunk)) > 0) {
		done += ret;
		EXPECT(done <= ROBOT_STREAM);
		/* a short read is the last */
		if (ret < chunk)
			EXPECT_EQ(robot_read(robot, buf + done, chunk), end);
	}
	EXPECT_EQ(ret, end);
	return done;
}

size_t robot_save(struct robot *robot, u8 *stream)
{
	size_t len;

	robot_go(robot, VMIG_STOP_COPY);
	len = robot_drain(robot, stream, ROBOT_STREAM, 0);
	robot_go(robot, VMIG_RUNNING);
	return len;
}

void robot_load(struct robot *robot, const u8 *stream, size_t len, size_t chunk)
{
	size_t done, piece;

	robot_go(robot, VMIG_RESUMING);
	for (done = 0; done < len; done += piece) {
		piece = len - done < chunk ? len - done : chunk;
		EXPECT_EQ(robot_write(robot, stream + done, piece), piece);
	}
}

const char *robot_log(struct robot *robot)
{
	static char log[sizeof(robot->log)];

	strcpy(log, robot->log);
	memset(robot->log, 0, sizeof(robot->log));
	return log;
}

const char *robot_reason(struct robot *robot)
{
	static char reason[VMIG_REASON_SIZE];

	vmig_reason(&robot->vmig, reason);
	return reason;
}
