// SPDX-License-Identifier: GPL-2.0-only
#include "crew.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "must.h"

struct thread {
	struct crew *crew;
	int number;
	pthread_t id;
};

static pthread_mutex_t complaint_lock = PTHREAD_MUTEX_INITIALIZER;

void crew_add(struct crew *crew, crew_work work, void *arg)
{
	must(crew->num < CREW_MAX, "crew of more than %d", CREW_MAX);
	crew->member[crew->num].work = work;
	crew->member[crew->num].arg = arg;
	crew->num++;
}

void crew_achieved(struct crew *crew)
{
	__atomic_add_fetch(&crew->achieved, 1, __ATOMIC_RELAXED);
}

void crew_complain(struct crew *crew, const char *fmt, ...)
{
	va_list args;

	pthread_mutex_lock(&complaint_lock);
	if (!crew->complaints++) {
		va_start(args, fmt);
		vsnprintf(crew->first, sizeof(crew->first), fmt, args);
		va_end(args);
	}
	pthread_mutex_unlock(&complaint_lock);
}

static void *crew_thread(void *arg)
{
	struct thread *thread = arg;
	struct crew *crew = thread->crew;

	/*
	 * To start a thread changes the address space, and so does the end of
	 * one: nobody's work is to race with that.
	 */
	pthread_barrier_wait(&crew->together);
	while (!__atomic_load_n(&crew->stop, __ATOMIC_RELAXED)) {
		crew->member[thread->number].work(crew,
			crew->member[thread->number].arg);
		__atomic_add_fetch(&crew->rounds, 1, __ATOMIC_RELAXED);
	}
	pthread_barrier_wait(&crew->together);
	return NULL;
}

void crew_run(struct crew *crew, int ms)
{
	const char *wish = getenv("VFIO_TEST_RACE_MS");
	struct thread threads[CREW_MAX];
	int i;

	if (wish)
		ms = atoi(wish);
	must(!pthread_barrier_init(&crew->together, NULL, crew->num),
	     "pthread_barrier_init");
	for (i = 0; i < crew->num; i++) {
		threads[i].crew = crew;
		threads[i].number = i;
		must(!pthread_create(&threads[i].id, NULL, crew_thread,
				     &threads[i]), "pthread_create");
	}
	usleep(ms * 1000);
	__atomic_store_n(&crew->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < crew->num; i++)
		pthread_join(threads[i].id, NULL);
	pthread_barrier_destroy(&crew->together);
}
