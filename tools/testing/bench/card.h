/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mediated device as a virtual machine monitor has it. Works on any driver;
 * what goes wrong ends the program.
 */
#ifndef _BENCH_CARD_H
#define _BENCH_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <linux/types.h>
#include <linux/vfio.h>

/**
 * struct card - a device that is open
 * @container: with the user's memory, as the device sees it
 * @group: the device's group
 * @fd: the device
 * @event: an eventfd, bound to nothing so far
 * @config: place of configuration space in @fd
 * @bar: place of BAR 0 in @fd
 */
struct card {
	int container;
	int group;
	int fd;
	int event;
	off_t config;
	off_t bar;
};

void create_mdev(const char *parent, const char *type, const char *uuid);
void remove_mdev(const char *uuid);

/* Through group and container, which every kernel has. COMMAND allows all. */
void open_card(struct card *card, const char *uuid);
void close_card(struct card *card);

void read_exactly(struct card *card, off_t pos, void *value, size_t width);
void write_exactly(struct card *card, off_t pos, const void *value,
		   size_t width);

/* Place and size of a region; @info.flags say whether it can be mapped. */
void get_region(struct card *card, unsigned int index,
		struct vfio_region_info *info);

/* Bind vector 0 of an interrupt index to the card's eventfd, or unbind it. */
void bind_irq(struct card *card, unsigned int index);
void unbind_irq(struct card *card, unsigned int index);
void unmask_intx(struct card *card);

/* Wait (or not, if @card->event does not block) for one interrupt. */
void take_irq(struct card *card);

#endif /* _BENCH_CARD_H */
