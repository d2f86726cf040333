/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Migration of a card, as a virtual machine monitor does it. What goes wrong
 * ends the program.
 */
#ifndef _BENCH_MIGRATION_H
#define _BENCH_MIGRATION_H

#include <stddef.h>

struct card;

#define MAX_STREAM	(64 << 10)

/**
 * struct stream - a state, and the file it comes from or goes to
 * @fd: migration data file, or -1
 * @len: bytes in @data
 * @data: the state
 */
struct stream {
	int fd;
	size_t len;
	char data[MAX_STREAM];
};

struct stream *new_stream(void);

/* An arc, or several; a file that comes of it replaces @stream->fd. */
void set_state(struct card *card, struct stream *stream, unsigned int state);

/* From any state that is not RESUMING to STOP, with the state in @stream. */
void save_state(struct card *card, struct stream *stream);
/* From STOP to STOP, with the state that is in @stream. */
void restore_state(struct card *card, struct stream *stream);
/* To RUNNING, without a file. */
void leave_migration(struct card *card, struct stream *stream);
void close_data(struct stream *stream);

#endif /* _BENCH_MIGRATION_H */
