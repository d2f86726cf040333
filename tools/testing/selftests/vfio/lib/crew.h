/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A crew of threads that do what they can to one device for a while. The
 * harness' assertions are not for threads; a worker reports what it did not
 * expect, and the test asks for it afterwards.
 */
#ifndef VFIO_SELFTEST_CREW_H
#define VFIO_SELFTEST_CREW_H

#include <pthread.h>
#include <stdbool.h>

#include "kselftest.h"

#define CREW_MAX 16

struct crew;

/* One round of work; called again until the time is over. */
typedef void (*crew_work)(struct crew *crew, void *arg);

struct crew {
	bool stop;
	unsigned int rounds;
	unsigned int achieved;	/* what crew_achieved() counted */
	unsigned int complaints;
	char first[160];	/* the first complaint */
	pthread_barrier_t together;
	int num;
	struct {
		crew_work work;
		void *arg;
	} member[CREW_MAX];
};

void crew_add(struct crew *crew, crew_work work, void *arg);

/* Runs all of them for VFIO_TEST_RACE_MS, or for @ms. */
void crew_run(struct crew *crew, int ms);

/* For a worker whose work often fails by design: this time it did not. */
void crew_achieved(struct crew *crew);

void __printf(2, 3) crew_complain(struct crew *crew, const char *fmt, ...);

#endif
