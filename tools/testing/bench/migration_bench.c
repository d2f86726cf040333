// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long migration takes an mtty: a whole state out, a whole state in, and
 * each arc of the state machine. Works on any driver that shows up as "mtty":
 * ours and the kernel's sample.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "card.h"
#include "migration.h"
#include "timing.h"

#define CARD_UUID	"6d747479-0000-4000-8000-000000000003"

/* of the one card there is */
static struct stream *stream;

static void save(struct card *card)
{
	save_state(card, stream);
}

static void restore(struct card *card)
{
	restore_state(card, stream);
}

/* States to be in before an operation, and after it again */

static void stop(struct card *card)
{
	set_state(card, stream, VFIO_DEVICE_STATE_STOP);
	close_data(stream);
}

static void run(struct card *card)
{
	leave_migration(card, stream);
}

static void quiesce(struct card *card)
{
	run(card);
	set_state(card, stream, VFIO_DEVICE_STATE_RUNNING_P2P);
}

static void pre_copy(struct card *card)
{
	run(card);
	set_state(card, stream, VFIO_DEVICE_STATE_PRE_COPY);
}

static void pre_copy_quiesce(struct card *card)
{
	pre_copy(card);
	set_state(card, stream, VFIO_DEVICE_STATE_PRE_COPY_P2P);
}

static void stop_copy(struct card *card)
{
	stop(card);
	set_state(card, stream, VFIO_DEVICE_STATE_STOP_COPY);
}

static void prepare_restore(struct card *card)
{
	stop(card);
	save(card);
	stop(card);
}

/* What was not loaded as a whole cannot be left by an arc. */
static void give_up_and_stop(struct card *card)
{
	if (ioctl(card->fd, VFIO_DEVICE_RESET))
		err(EXIT_FAILURE, "VFIO_DEVICE_RESET");
	stop(card);
}

/* Arcs */

static void to_running(struct card *card)
{
	set_state(card, stream, VFIO_DEVICE_STATE_RUNNING);
}

static void to_running_p2p(struct card *card)
{
	set_state(card, stream, VFIO_DEVICE_STATE_RUNNING_P2P);
}

static void to_stop(struct card *card)
{
	set_state(card, stream, VFIO_DEVICE_STATE_STOP);
}

static void to_stop_copy(struct card *card)
{
	set_state(card, stream, VFIO_DEVICE_STATE_STOP_COPY);
}

static void to_resuming(struct card *card)
{
	set_state(card, stream, VFIO_DEVICE_STATE_RESUMING);
}

static void to_pre_copy(struct card *card)
{
	set_state(card, stream, VFIO_DEVICE_STATE_PRE_COPY);
}

static void to_pre_copy_p2p(struct card *card)
{
	set_state(card, stream, VFIO_DEVICE_STATE_PRE_COPY_P2P);
}

/**
 * struct step - an operation that leaves the state it begins in
 * @name: of the row
 * @enter: enters that state, from any that a step leads to
 * @once: the operation
 */
struct step {
	const char *name;
	void (*enter)(struct card *card);
	void (*once)(struct card *card);
};

static const struct step steps[] = {
	{ "migrate-save", stop, save },
	{ "migrate-restore", prepare_restore, restore },
	{ "arc-running-p2p", run, to_running_p2p },
	{ "arc-p2p-running", quiesce, to_running },
	{ "arc-p2p-stop", quiesce, to_stop },
	{ "arc-stop-p2p", stop, to_running_p2p },
	{ "arc-stop-stop-copy", stop, to_stop_copy },
	{ "arc-stop-copy-stop", stop_copy, to_stop },
	{ "arc-stop-resuming", give_up_and_stop, to_resuming },
	{ "arc-running-pre-copy", run, to_pre_copy },
	{ "arc-pre-copy-running", pre_copy, to_running },
	{ "arc-pre-copy-p2p", pre_copy, to_pre_copy_p2p },
	{ "arc-pre-copy-p2p-stop-copy", pre_copy_quiesce, to_stop_copy },
	{ }
};

static void measure_step(const char *label, const struct step *step,
			 struct card *card)
{
	const struct row row = {
		.name = step->name,
		.batch = 20,
		.batches = 61,
		.prepare = step->enter,
		.once = step->once,
		.after = step->enter,
		.undo = give_up_and_stop,
	};

	measure(label, &row, card);
}

int main(int argc, char **argv)
{
	struct card card;
	const struct step *step;

	if (argc != 2)
		errx(EXIT_FAILURE, "usage: migration_bench LABEL");

	stream = new_stream();
	create_mdev("mtty", "mtty-2", CARD_UUID);
	open_card(&card, CARD_UUID);
	for (step = steps; step->name; step++)
		measure_step(argv[1], step, &card);
	close_card(&card);
	remove_mdev(CARD_UUID);
	free(stream);
	return EXIT_SUCCESS;
}
