/* SPDX-License-Identifier: GPL-2.0-only */
/* Counting what arrives on an eventfd. */
#ifndef VFIO_SELFTEST_EVENT_H
#define VFIO_SELFTEST_EVENT_H

#include <linux/types.h>

/*
 * Long enough for a work item of a loaded emulated machine to run. Only
 * failing tests wait for the whole of it.
 */
#define EVENT_SOON_MS	3000

/*
 * What a test grants a signal that must not come. A late one is not lost: the
 * count is compared again at the next step.
 */
#define EVENT_QUIET_MS	10

int event_new(void);

/* Signals since the last call, without waiting. */
__u64 event_take(int fd);

/* Waits for a signal; the number of them, 0 after EVENT_SOON_MS. */
__u64 event_wait(int fd);
__u64 event_wait_ms(int fd, int ms);

/* Signals that came although none should, after EVENT_QUIET_MS. */
__u64 event_stray(int fd);

/* Signals it as a user would. */
void event_send(int fd);

/* A descriptor that is open but no eventfd, and one that is not open. */
int event_impostor(void);
int event_closed(void);

#endif
