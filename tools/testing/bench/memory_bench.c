// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to touch memory of a device that is mapped: pages that are
 * touched for the first time since the device was opened, and pages that exist
 * but are not mapped yet, as they are when a guest starts again.
 *
 * Works on any device with a BAR that can be mapped.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "card.h"
#include "timing.h"

#define CARD_UUID	"6d656d6f-7279-4000-8000-000000000001"

#define PAGE		4096
#define MAPPED		0x100000
/* Touched in one batch; their faults take less than a timer tick. */
#define BATCH		64

static char *memory;
static size_t touched;

static void find_memory(struct card *card, struct vfio_region_info *info)
{
	unsigned int bar;

	for (bar = 0; bar <= VFIO_PCI_BAR5_REGION_INDEX; bar++) {
		get_region(card, bar, info);
		if ((info->flags & VFIO_REGION_INFO_FLAG_MMAP) &&
		    info->size >= MAPPED)
			return;
	}
	errx(EXIT_FAILURE, "no BAR of %u bytes can be mapped", MAPPED);
}

static void map(struct card *card)
{
	struct vfio_region_info info;

	find_memory(card, &info);
	memory = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED,
		      card->fd, info.offset);
	if (memory == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	touched = 0;
}

static void unmap(struct card *card)
{
	munmap(memory, MAPPED);
}

static void map_again(struct card *card)
{
	if (touched < MAPPED)
		return;
	unmap(card);
	map(card);
}

/* A device that was closed has forgotten all its pages. */
static void open_again(struct card *card)
{
	if (touched < MAPPED)
		return;
	unmap(card);
	close_card(card);
	open_card(card, CARD_UUID);
	map(card);
}

static void write_at(size_t offset)
{
	__atomic_store_n(memory + offset, 1, __ATOMIC_RELAXED);
}

static void write_page(struct card *card)
{
	write_at(touched);
	touched += PAGE;
}

static void read_page(struct card *card)
{
	__atomic_load_n(memory + touched, __ATOMIC_RELAXED);
	touched += PAGE;
}

/* All pages exist, and none is mapped. */
static void make_pages(struct card *card)
{
	map(card);
	memset(memory, 1, MAPPED);
}

/* As a program does that looks for something here and there. */
static void write_some_page(struct card *card)
{
	size_t page = touched / PAGE * 37 % (MAPPED / PAGE);

	write_at(page * PAGE);
	touched += PAGE;
}

static const struct row rows[] = {
	{
		.name = "fault-first",
		.batch = BATCH,
		.batches = 201,
		.prepare = map,
		.refresh = open_again,
		.once = write_page,
		.undo = unmap,
	}, {
		.name = "fault-first-scattered",
		.batch = BATCH,
		.batches = 201,
		.prepare = map,
		.refresh = open_again,
		.once = write_some_page,
		.undo = unmap,
	}, {
		.name = "fault-later",
		.batch = BATCH,
		.batches = 201,
		.prepare = make_pages,
		.refresh = map_again,
		.once = write_page,
		.undo = unmap,
	}, {
		.name = "fault-later-read",
		.batch = BATCH,
		.batches = 201,
		.prepare = make_pages,
		.refresh = map_again,
		.once = read_page,
		.undo = unmap,
	},
	{ }
};

int main(int argc, char **argv)
{
	const struct row *row;
	struct card card;

	if (argc != 4)
		errx(EXIT_FAILURE, "usage: memory_bench LABEL PARENT TYPE");
	create_mdev(argv[2], argv[3], CARD_UUID);
	open_card(&card, CARD_UUID);
	for (row = rows; row->name; row++)
		measure(argv[1], row, &card);
	close_card(&card);
	remove_mdev(CARD_UUID);
	return EXIT_SUCCESS;
}
