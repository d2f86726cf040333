// SPDX-License-Identifier: GPL-2.0-only
/*
 * See timing.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <linux/types.h>

#include "timing.h"

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void do_nothing(struct card *card)
{
}

static __u64 time_batch(const struct row *row, struct card *card)
{
	__u64 start, total = 0;
	unsigned int i;

	if (row->refresh)
		row->refresh(card);
	if (!row->after) {
		start = now();
		for (i = 0; i < row->batch; i++)
			row->once(card);
		return now() - start;
	}
	for (i = 0; i < row->batch; i++) {
		start = now();
		row->once(card);
		total += now() - start;
		row->after(card);
	}
	return total;
}

static int compare(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Fill @times with the times of all batches, shortest first. */
static void time_batches(const struct row *row, struct card *card, __u64 *times)
{
	unsigned int i;

	/* the first one meets cold caches */
	time_batch(row, card);
	for (i = 0; i < row->batches; i++)
		times[i] = time_batch(row, card);
	qsort(times, row->batches, sizeof(*times), compare);
}

/* What a batch of nothing takes. */
static __u64 overhead(const struct row *row, __u64 *times)
{
	const struct row nothing = {
		.batch = row->batch,
		.batches = row->batches,
		.once = do_nothing,
		.after = row->after ? do_nothing : NULL,
	};

	time_batches(&nothing, NULL, times);
	return times[row->batches / 2];
}

void measure(const char *label, const struct row *row, struct card *card)
{
	static __u64 times[MAX_BATCHES];
	double extra = overhead(row, times);

	if (row->prepare)
		row->prepare(card);
	time_batches(row, card, times);
	if (row->undo)
		row->undo(card);

	printf("%s %s ns %.1f %.1f %.1f\n", label, row->name,
	       (times[row->batches / 2] - extra) / row->batch,
	       (times[0] - extra) / row->batch,
	       (times[row->batches - 1] - extra) / row->batch);
	fflush(stdout);
}
