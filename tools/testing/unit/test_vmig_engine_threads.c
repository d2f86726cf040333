// SPDX-License-Identifier: GPL-2.0-only
/*
 * A migrating device in the hands of several threads: who moves it from state to
 * state, who reads and writes its data files, whoever resets it.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "robot.h"
#include "suites.h"
#include "unit.h"

#define ROUNDS		4000
#define MOST_READ	20000

/**
 * struct arena - what the threads share
 * @robot: the device
 * @lock: protects @session
 * @session: that of the newest file, or NULL
 * @moves: how often it went where it was told to
 */
struct arena {
	struct robot *robot;
	struct mutex lock;	/* protects session */
	struct vmig_session *session;
	unsigned int moves;
};

static u8 stream[ROBOT_STREAM];
static size_t stream_len;

static void put_session(struct arena *arena, struct vmig_session *session)
{
	struct vmig_session *old;

	mutex_lock(&arena->lock);
	old = arena->session;
	arena->session = session;
	mutex_unlock(&arena->lock);
	if (old)
		vmig_session_put(old);
}

static struct vmig_session *get_session(struct arena *arena)
{
	struct vmig_session *session;

	mutex_lock(&arena->lock);
	session = arena->session;
	if (session)
		vmig_session_get(session);
	mutex_unlock(&arena->lock);
	return session;
}

static void *mover(void *context)
{
	struct arena *arena = context;
	struct vmig_session *session;
	unsigned int i;
	u32 state;

	random_seed((unsigned long)pthread_self());
	for (i = 0; i < ROUNDS; i++) {
		state = random_below(VMIG_NR_STATES + 1);
		if (!vmig_set_state(&arena->robot->vmig, state, &session))
			__atomic_fetch_add(&arena->moves, 1, __ATOMIC_RELAXED);
		if (session) {
			/* the file's own use of it is what is kept */
			vmig_session_put(session);
			put_session(arena, session);
		}
		vmig_get_state(&arena->robot->vmig);
	}
	return NULL;
}

static int copy_out(void *context, size_t at, void *data, size_t len)
{
	memcpy(context + at, data, len);
	return random_one_in(20) ? -EFAULT : 0;
}

static int copy_in(void *context, size_t at, void *data, size_t len)
{
	memcpy(data, context + at, len);
	return 0;
}

static void use(struct vmig_session *session, u8 *buf)
{
	struct vmig_precopy info;

	switch (random_below(5)) {
	case 0:
		vmig_session_poll(session);
		break;
	case 1:
		if (!vmig_session_precopy(session, &info))
			vmig_session_told(session, info.restarts);
		break;
	default:
		if (vmig_session_read(session, random_below(MOST_READ),
				      copy_out, buf) == -EBADF)
			vmig_session_write(session,
					   random_one_in(2) ? stream_len :
					   random_below(stream_len), copy_in,
					   stream);
	}
}

static void *user(void *context)
{
	u8 *buf = calloc(1, MOST_READ);
	struct arena *arena = context;
	struct vmig_session *session;
	unsigned int i;

	random_seed((unsigned long)pthread_self());
	for (i = 0; i < ROUNDS; i++) {
		session = get_session(arena);
		if (!session)
			continue;
		use(session, buf);
		vmig_session_put(session);
	}
	free(buf);
	return NULL;
}

static void *resetter(void *context)
{
	struct arena *arena = context;
	struct vmig *vmig = &arena->robot->vmig;
	char reason[VMIG_REASON_SIZE];
	unsigned int i;

	random_seed((unsigned long)pthread_self());
	for (i = 0; i < ROUNDS; i++) {
		switch (random_below(20)) {
		case 0:
			vmig_reset_done(vmig);
			break;
		case 1:
			vmig_reset_done(vmig);
			vmig_reset_wait(vmig);
			break;
		case 2:
			vmig_restart(vmig);
			break;
		case 3:
			vmig_reason(vmig, reason);
			EXPECT(strlen(reason) < sizeof(reason));
			break;
		default:
			EXPECT(vmig_data_size(vmig) > 0);
		}
	}
	return NULL;
}

static void share_a_device(void)
{
	void *(*const runs[])(void *) = { mover, mover, user, user, resetter };
	struct arena arena = { .robot = robot_create(ROBOT_ALL, true) };
	pthread_t threads[ARRAY_SIZE(runs)];
	unsigned int i;

	mutex_init(&arena.lock);
	robot_live(arena.robot);
	stream_len = robot_save(arena.robot, stream);
	robot_close_file(arena.robot);
	for (i = 0; i < ARRAY_SIZE(runs); i++)
		EXPECT(!pthread_create(&threads[i], NULL, runs[i], &arena));
	for (i = 0; i < ARRAY_SIZE(runs); i++)
		pthread_join(threads[i], NULL);
	EXPECT(arena.moves > ROUNDS / 20);

	/* the last file outlives the device */
	robot_destroy(arena.robot);
	if (arena.session) {
		EXPECT_EQ(vmig_session_poll(arena.session), VMIG_POLL_GONE);
		vmig_session_put(arena.session);
	}
	mutex_destroy(&arena.lock);
}

static const struct unit_case cases[] = {
	UNIT_CASE(share_a_device),
	{}
};

const struct unit_suite vmig_threads_suite = {
	.name = "vmig_threads",
	.cases = cases,
};
