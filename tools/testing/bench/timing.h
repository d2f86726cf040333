/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long an operation takes, seen by the process that asks for it.
 *
 * On a machine whose clock counts instructions a time is exact but for what
 * interrupts it. So operations are timed in batches that are short beside the
 * timer tick, and it is the median batch that counts.
 */
#ifndef _BENCH_TIMING_H
#define _BENCH_TIMING_H

struct card;

#define MAX_BATCHES	1024

/**
 * struct row - one operation and how to time it
 * @name: of the row
 * @batch: operations in one batch
 * @batches: how many batches; at most MAX_BATCHES
 * @prepare: brings the card into the state that @once wants. Optional.
 * @refresh: done before each batch and not timed. Optional.
 * @once: the operation
 * @after: done after each operation and not timed. Optional; with it each
 *	operation is timed by itself, without it the batch is.
 * @undo: takes back @prepare. Optional.
 */
struct row {
	const char *name;
	unsigned int batch;
	unsigned int batches;
	void (*prepare)(struct card *card);
	void (*refresh)(struct card *card);
	void (*once)(struct card *card);
	void (*after)(struct card *card);
	void (*undo)(struct card *card);
};

/**
 * measure() - time an operation and print the result
 * @label: what it is done with
 * @row: the operation
 * @card: passed to all functions of @row
 *
 * Prints LABEL NAME ns MEDIAN MIN MAX, each of them the time of one operation.
 */
void measure(const char *label, const struct row *row, struct card *card);

#endif /* _BENCH_TIMING_H */
