// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a device migrate slower when others do at the same time? Prints what
 * one of CROWD takes, side "ours", beside what one alone takes, side "peer".
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "card.h"
#include "migration.h"

#define CROWD		64
#define ROUNDS		20
#define PASSES		5

#define UUID_FORMAT	"6d747479-0000-4000-8000-0000000001%02x"
#define UUID_SIZE	37

static struct card cards[CROWD];
static char uuids[CROWD][UUID_SIZE];
static pthread_barrier_t barrier;

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void migrate(struct card *card, struct stream *stream)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		save_state(card, stream);
		restore_state(card, stream);
		leave_migration(card, stream);
	}
}

static void *migrate_with_others(void *arg)
{
	struct stream *stream = new_stream();

	pthread_barrier_wait(&barrier);
	migrate(arg, stream);
	pthread_barrier_wait(&barrier);
	free(stream);
	return NULL;
}

/* Nanoseconds of one migration of one device, when @nr of them migrate. */
static double time_crowd(unsigned int nr)
{
	pthread_t threads[CROWD];
	unsigned int i;
	__u64 start;

	pthread_barrier_init(&barrier, NULL, nr + 1);
	for (i = 0; i < nr; i++)
		if (pthread_create(&threads[i], NULL, migrate_with_others,
				   &cards[i]))
			errx(EXIT_FAILURE, "cannot start %u threads", nr);
	pthread_barrier_wait(&barrier);
	start = now();
	pthread_barrier_wait(&barrier);
	start = now() - start;
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
	return (double)start / nr / ROUNDS;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void time_and_print(const char *side, unsigned int nr)
{
	double times[PASSES];
	unsigned int i;

	time_crowd(nr);
	for (i = 0; i < PASSES; i++)
		times[i] = time_crowd(nr);
	qsort(times, PASSES, sizeof(times[0]), compare);
	printf("%s migrate-crowd ns %.1f %.1f %.1f\n", side, times[PASSES / 2],
	       times[0], times[PASSES - 1]);
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < CROWD; i++) {
		snprintf(uuids[i], UUID_SIZE, UUID_FORMAT, i);
		create_mdev("mtty", "mtty-2", uuids[i]);
		open_card(&cards[i], uuids[i]);
	}
	time_and_print("peer", 1);
	time_and_print("ours", CROWD);
	for (i = 0; i < CROWD; i++) {
		close_card(&cards[i]);
		remove_mdev(uuids[i]);
	}
	return EXIT_SUCCESS;
}
